//! The four digits of a `.p12`: from the seal, from paper, from the recovery file; and what else is left when all fail.
//!
//! `adopt` and `restore` go this one way. Its order is that of the cost: what is sealed, what a person knows, a new
//! file out of a store that has the key, and at last all ten thousand passwords on the file that lies here. A new
//! application comes after these.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret, SecretString};

use super::Desk;
use super::error::Error;
use super::installing::{Destination, exported_file};
use super::person::Question;
use super::retrieving::{is_yes, known_password};
use crate::credential::{self, PASSWORDS};
use crate::custody::backup;
use crate::domain::{
    CertificateFacts, CertificatePassword, Fingerprint, Pkcs12, Text, fold_typed, japan_date,
};
use crate::installer::{CertificateStore, InstallError, InstalledCertificate};
use crate::ledger::{Actor, Event, FileHash, PasswordPlace, Record, RecordId, SealedId};

/// A file whose password is wanted, and what may bring it.
pub(super) struct Locked<'a> {
    /// The file.
    pub(super) pkcs12: Pkcs12,
    /// What the caller was given as its password.
    pub(super) given: Option<SecretString>,
    /// The sealed password beside a back-up.
    pub(super) recovery: Option<&'a Path>,
    /// The passphrase of that, where it was given.
    pub(super) passphrase: Option<&'a SecretString>,
    /// The certificate that must be in the file.
    pub(super) sought: Sought<'a>,
    /// Where the certificate may be installed already.
    pub(super) destination: Option<&'a Destination>,
}

/// How the certificate of a file that is still shut is known.
pub(super) enum Sought<'a> {
    /// The back-up's index names it; `None` where there is no index.
    Listed(Option<Fingerprint>),
    /// It was issued on the letter of this record, or of any that waits for its file.
    OnLetter(Option<&'a Record>),
}

/// A file with the password that opens it.
pub(super) struct Unlocked {
    /// The file; another one than was asked about where it came [`Means::Store`].
    pub(super) pkcs12: Pkcs12,
    /// Its password.
    pub(super) password: CertificatePassword,
    /// What brought them.
    pub(super) means: Means,
}

/// What brought a password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Means {
    /// The seal of the ledger; the value's id, where a record waits for the file with it.
    Seal(Option<SealedId>),
    /// A file that the caller named.
    Given,
    /// A person, who has it on paper or by heart.
    Typed,
    /// The passphrase-sealed recovery file of a back-up.
    RecoveryFile,
    /// The store that has the certificate: it wrote a file of its own under a new password. Its name for people.
    Store(Text),
    /// All ten thousand were tried.
    Search,
}

impl Means {
    /// Where the password shows to be kept besides this PC.
    pub(super) fn place(&self) -> Option<PasswordPlace> {
        match self {
            Self::Typed => Some(PasswordPlace::Paper),
            Self::RecoveryFile => Some(PasswordPlace::RecoveryFile),
            Self::Seal(_) | Self::Given | Self::Store(_) | Self::Search => None,
        }
    }
}

impl Desk<'_> {
    /// Brings the password of a file from where it can be had first; `None` when every way was tried or declined.
    pub(super) fn unlock(&mut self, locked: Locked<'_>) -> Result<Option<Unlocked>, Error> {
        let Locked {
            pkcs12,
            given,
            recovery,
            passphrase,
            sought,
            destination,
        } = locked;
        let unlocked = |pkcs12, password, means| {
            Ok(Some(Unlocked {
                pkcs12,
                password,
                means,
            }))
        };
        if let Some((password, sealed)) = self.sealed_for(&pkcs12, &sought)? {
            return unlocked(pkcs12, password, Means::Seal(sealed));
        }
        if given.is_some() {
            let password = known_password(given, self.person)?;
            return unlocked(pkcs12, password, Means::Given);
        }
        if let Some(password) = passphrase.and_then(|with| recovered(recovery, with)) {
            return unlocked(pkcs12, password, Means::RecoveryFile);
        }
        if !self.person.is_present() {
            // Nobody to ask: says how the password is given without a person.
            let password = known_password(None, self.person)?;
            return unlocked(pkcs12, password, Means::Given);
        }
        if let Some(password) = self.typed_for(&pkcs12)? {
            return unlocked(pkcs12, password, Means::Typed);
        }
        if recovery.is_some()
            && let Some(password) = self.recovered_by_passphrase(recovery)?
        {
            return unlocked(pkcs12, password, Means::RecoveryFile);
        }
        if let Some(destination) = destination
            && let Some(exported) = self.exported_for(&sought, destination)?
        {
            return Ok(Some(exported));
        }
        let record = match sought {
            Sought::OnLetter(named) => named.map(|record| record.id),
            Sought::Listed(_) => None,
        };
        match self.searched(&pkcs12, record)? {
            Some(password) => unlocked(pkcs12, password, Means::Search),
            None => Ok(None),
        }
    }

    /// The password that was sealed for this very file, else one that a record sealed while it waits for its file.
    pub(super) fn sealed_for(
        &self,
        pkcs12: &Pkcs12,
        sought: &Sought<'_>,
    ) -> Result<Option<(CertificatePassword, Option<SealedId>)>, Error> {
        if let Some(password) = self.sealed_password(&FileHash(pkcs12.sha256()).to_string())
            && self.opens(pkcs12, &password)?
        {
            return Ok(Some((password, None)));
        }
        for record in self.waiting(sought)? {
            if let Some(sealed) = record.password
                && let Ok(password) = self.ledger.password(sealed)
                && self.opens(pkcs12, &password)?
            {
                return Ok(Some((password, Some(sealed))));
            }
        }
        Ok(None)
    }

    /// The records whose letter the file may answer.
    fn waiting(&self, sought: &Sought<'_>) -> Result<Vec<Record>, Error> {
        match sought {
            Sought::Listed(_) => Ok(Vec::new()),
            Sought::OnLetter(Some(record)) => Ok(vec![(*record).clone()]),
            Sought::OnLetter(None) => {
                let mut records = self.ledger.records()?;
                records.retain(|record| record.state.credential().is_none());
                Ok(records)
            }
        }
    }

    /// The digits as a person types them, held against the file; `None` for an empty answer.
    pub(super) fn typed_for(
        &mut self,
        pkcs12: &Pkcs12,
    ) -> Result<Option<CertificatePassword>, Error> {
        for _ in 0..MOST_ASKED {
            let typed = self.person.key_hidden(&Text::new(
                "証明書パスワード（数字4桁。分からなければ Enter）:",
                "Certificate password (4 digits; Enter if it is lost):",
            ))?;
            // Exposed to be folded and parsed into the password's own type.
            let typed = fold_typed(typed.expose_secret());
            if typed.is_empty() {
                return Ok(None);
            }
            if let Ok(password) = typed.parse::<CertificatePassword>()
                && self.opens(pkcs12, &password)?
            {
                return Ok(Some(password));
            }
            self.person.tell(&Text::new(
                "このパスワードでは開きません。",
                "This password does not open it.",
            ));
        }
        Ok(None)
    }

    /// Whether the password opens the file; an error where no password would.
    pub(super) fn opens(
        &self,
        pkcs12: &Pkcs12,
        password: &CertificatePassword,
    ) -> Result<bool, Error> {
        let expected = self.of_the_file_alone();
        match credential::examine(pkcs12.clone(), password, &expected, self.now()) {
            Ok(_) => Ok(true),
            Err(credential::CredentialError::WrongPassword) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn recovered_by_passphrase(
        &mut self,
        recovery: Option<&Path>,
    ) -> Result<Option<CertificatePassword>, Error> {
        let passphrase = self.person.key_hidden(&Text::new(
            "4桁はパスフレーズで封印した控えにもあります。バックアップのパスフレーズ（なければ Enter）:",
            "The digits are sealed by a passphrase too. Passphrase of the back-up (Enter for none):",
        ))?;
        // Exposed to see whether anything was typed.
        match passphrase.expose_secret().is_empty() {
            true => Ok(None),
            false => Ok(recovered(recovery, &passphrase)),
        }
    }

    /// The certificate out of a store that lets its key go, under a password that is chosen now.
    ///
    /// A store that cannot be asked, or that keeps the key, is no way; the next one is offered then.
    fn exported_for(
        &mut self,
        sought: &Sought<'_>,
        destination: &Destination,
    ) -> Result<Option<Unlocked>, Error> {
        let mut store = destination.open();
        let installed = store.list().unwrap_or_default();
        for certificate in self.found_in(installed, sought)? {
            let fingerprint = certificate.facts.fingerprint;
            let keeps_it = store
                .key_rules(&fingerprint)
                .map_or(true, |rules| rules.exportable == Some(false));
            if keeps_it || !self.wants_export(store.as_ref(), &certificate.facts)? {
                continue;
            }
            let password = self.choose_password(None)?;
            match exported_file(store.as_mut(), &fingerprint, &password) {
                Ok(pkcs12) => {
                    return Ok(Some(Unlocked {
                        pkcs12,
                        password,
                        means: Means::Store(store.describe()),
                    }));
                }
                // Some stores tell only when they are asked for the key itself.
                Err(InstallError::NotExportable { .. }) => self.person.tell(&Text::new(
                    "ストアがこの鍵の書き出しを認めません。",
                    "The store does not let this key out.",
                )),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// The certificates with a key that may be the one in the file.
    fn found_in(
        &self,
        mut installed: Vec<InstalledCertificate>,
        sought: &Sought<'_>,
    ) -> Result<Vec<InstalledCertificate>, Error> {
        installed.retain(|certificate| certificate.has_key);
        match sought {
            Sought::Listed(listed) => {
                installed.retain(|certificate| Some(certificate.facts.fingerprint) == *listed);
            }
            Sought::OnLetter(_) => {
                let mut letters = Vec::new();
                for record in self.waiting(sought)? {
                    // Only a confirmed letter says whose certificate it is.
                    letters.extend(self.ledger.rebuild_reviewed(record.id).ok());
                }
                let mut fitting = Vec::new();
                for certificate in installed {
                    let facts = &certificate.facts;
                    if letters
                        .iter()
                        .any(|letter| credential::fits(facts, letter.issuance()))
                        && self.ledger.holder_of(&facts.fingerprint)?.is_none()
                    {
                        fitting.push(certificate);
                    }
                }
                installed = fitting;
            }
        }
        Ok(installed)
    }

    fn wants_export(
        &mut self,
        store: &dyn CertificateStore,
        facts: &CertificateFacts,
    ) -> Result<bool, Error> {
        let place = store.describe();
        let name = facts.friendly_name.as_deref().unwrap_or_default();
        let (from, to) = (japan_date(facts.not_before), japan_date(facts.not_after));
        let question = Question::plain(
            format!(
                "同じ電子証明書「{name}」（有効期間 {from} ～ {to}）が{}に入っています。新しいパスワードを決めて、そこから書き出しますか？ [y/N]",
                place.ja
            ),
            format!(
                "The same certificate “{name}” (valid {from} to {to}) is in {}. Export it from there under a new password? [y/N]",
                place.en
            ),
        );
        Ok(is_yes(&self.person.key(&question)?))
    }

    /// All ten thousand passwords on the file that lies here, after its holder typed the word for it.
    ///
    /// `record`: where the search is written down; an entry of its own where the file belongs to no record yet.
    fn searched(
        &mut self,
        pkcs12: &Pkcs12,
        record: Option<RecordId>,
    ) -> Result<Option<CertificatePassword>, Error> {
        let ja = "4桁のパスワードは1万通りしかありません。このパソコンの中だけで全部試せます（サイトには何も送りません。ふつう数秒から数分）。\nこの証明書の正当な持ち主（その医療機関か、頼まれた人）であるときだけ行ってください。試すなら「全部試す」と入力（やめるなら Enter）:";
        let en = "There are only ten thousand passwords of four digits. All can be tried here (nothing goes to the site; seconds to minutes).\nDo this only as the certificate's rightful holder, or asked by them. Type “try all” (Enter to leave it):";
        let typed = self.person.key(&Question::plain(ja, en))?;
        // Exposed to be compared with a word.
        if !matches!(
            typed.expose_secret().trim(),
            "全部試す" | "「全部試す」" | "try all"
        ) {
            return Ok(None);
        }
        let rounds = self.config.limits.key_derivation_rounds;
        let (progress, stop) = (self.progress, self.stop);
        let shown = Mutex::new(());
        let most = AtomicU32::new(0);
        let searched = credential::search_password(pkcs12, rounds, &|tried| {
            let _one_at_a_time = shown.lock();
            let tried = tried.max(most.fetch_max(tried, Ordering::Relaxed));
            progress.count(
                tried as usize,
                Some(PASSWORDS as usize),
                &Text::new("4桁のパスワード", "four-digit passwords"),
            );
            !stop.is_wanted()
        })?;
        let now = self.now();
        let record = match record {
            Some(record) => record,
            None => self.ledger.new_record(now)?,
        };
        let event = Event::PasswordSearched {
            sha256: FileHash(pkcs12.sha256()),
            tried: searched.tried,
            found: searched.found.is_some(),
        };
        self.ledger.append(record, now, Actor::Person, event)?;
        match self.stop.is_wanted() && searched.found.is_none() {
            true => Err(Error::Interrupted),
            false => Ok(searched.found),
        }
    }
}

/// The password in the file beside the copy.
pub(super) fn recovered(
    recovery: Option<&Path>,
    passphrase: &SecretString,
) -> Option<CertificatePassword> {
    backup::open(recovery?, passphrase).ok()?.parse()
}

/// Times that the digits are asked for.
const MOST_ASKED: u32 = 3;
