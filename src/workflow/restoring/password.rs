//! The four digits of a copy: from the seal, from paper, from the recovery file; and what else is left when all fail.
//!
//! The order is that of their cost: what is sealed, what a person knows, a new file out of a store that has the key,
//! and at last all ten thousand passwords on the file that lies here. A new application comes after these.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret, SecretString};

use super::candidates::Candidate;
use super::{ON_PAPER, RestoreError, RestoreRequest, only_a_person};
use crate::credential::{self, PASSWORDS};
use crate::custody::backup;
use crate::domain::{CertificatePassword, Fingerprint, Pkcs12, Text, fold_typed};
use crate::installer::CertificateStore;
use crate::ledger::{Actor, Event, FileHash, PasswordPlace, RecordId};
use crate::workflow::installing::exported_file;
use crate::workflow::person::Question;
use crate::workflow::retrieving::{is_yes, known_password};
use crate::workflow::{Desk, Error};

/// A file with the password that opens it.
pub(super) struct Known {
    pub(super) pkcs12: Pkcs12,
    pub(super) password: CertificatePassword,
    /// Where the password is besides this PC, as far as it showed.
    pub(super) place: Option<PasswordPlace>,
}

impl Desk<'_> {
    /// Brings the password of a copy from where it can be had first.
    pub(super) fn password_for_copy(
        &mut self,
        candidate: &Candidate,
        pkcs12: Pkcs12,
        request: &RestoreRequest<'_>,
    ) -> Result<Known, Error> {
        let known = |pkcs12: Pkcs12, password, place| Known {
            pkcs12,
            password,
            place,
        };
        if let Some(given) = request.password.clone() {
            let password = known_password(Some(given), self.person)?;
            return Ok(known(pkcs12, password, None));
        }
        let hash = FileHash(pkcs12.sha256());
        if let Some(password) = self.sealed_password(&hash.to_string()) {
            return Ok(known(pkcs12, password, None));
        }
        if let Some(passphrase) = &request.passphrase
            && let Some(password) = recovered(candidate, passphrase)
        {
            return Ok(known(pkcs12, password, Some(PasswordPlace::RecoveryFile)));
        }
        if !self.person.is_present() {
            return Ok(known(pkcs12, known_password(None, self.person)?, None));
        }
        if let Some(password) = self.typed_for(&pkcs12)? {
            return Ok(known(pkcs12, password, ON_PAPER));
        }
        if candidate.password_file.is_some()
            && let Some(password) = self.recovered_by_passphrase(candidate)?
        {
            return Ok(known(pkcs12, password, Some(PasswordPlace::RecoveryFile)));
        }
        let mut store = request.destination.open();
        if let Some(fingerprint) = candidate.fingerprint()
            && let Some((pkcs12, password)) = self.exported(store.as_mut(), &fingerprint)?
        {
            return Ok(known(pkcs12, password, None));
        }
        match self.searched(&pkcs12, None)? {
            Some(password) => Ok(known(pkcs12, password, None)),
            None => Err(RestoreError::NoPassword {
                path: candidate.path().to_owned(),
            }
            .into()),
        }
    }

    /// The digits as a person types them, held against the file; `None` for an empty answer.
    pub(in crate::workflow) fn typed_for(
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

    fn opens(&self, pkcs12: &Pkcs12, password: &CertificatePassword) -> Result<bool, Error> {
        let expected = self.of_the_file_alone();
        match credential::examine(pkcs12.clone(), password, &expected, self.now()) {
            Ok(_) => Ok(true),
            Err(credential::CredentialError::WrongPassword) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn recovered_by_passphrase(
        &mut self,
        candidate: &Candidate,
    ) -> Result<Option<CertificatePassword>, Error> {
        let passphrase = self.person.key_hidden(&Text::new(
            "4桁はパスフレーズで封印した控えにもあります。バックアップのパスフレーズ（なければ Enter）:",
            "The digits are sealed by a passphrase too. Passphrase of the back-up (Enter for none):",
        ))?;
        // Exposed to see whether anything was typed.
        match passphrase.expose_secret().is_empty() {
            true => Ok(None),
            false => Ok(recovered(candidate, &passphrase)),
        }
    }

    /// The same certificate out of a store that lets its key go, under a password that is chosen now.
    pub(in crate::workflow) fn exported(
        &mut self,
        store: &mut dyn CertificateStore,
        fingerprint: &Fingerprint,
    ) -> Result<Option<(Pkcs12, CertificatePassword)>, Error> {
        let is_installed = store.list().is_ok_and(|all| {
            all.iter()
                .any(|c| c.has_key && c.facts.fingerprint == *fingerprint)
        });
        if !is_installed
            || store
                .key_rules(fingerprint)
                .map_or(true, |rules| rules.exportable == Some(false))
        {
            return Ok(None);
        }
        let name = store.describe();
        let question = Question::plain(
            format!(
                "同じ証明書が{}に入っています。新しいパスワードを決めて、そこから書き出しますか？ [y/N]",
                name.ja
            ),
            format!(
                "The same certificate is in {}. Export it from there under a new password? [y/N]",
                name.en
            ),
        );
        if !is_yes(&self.person.key(&question)?) {
            return Ok(None);
        }
        let password = self.choose_password(None)?;
        let pkcs12 = exported_file(store, fingerprint, &password)?;
        Ok(Some((pkcs12, password)))
    }

    /// All ten thousand passwords on the file that lies here, after its holder typed the word for it.
    ///
    /// `record`: where the search is written down; an entry of its own where the file belongs to no record yet.
    pub(in crate::workflow) fn searched(
        &mut self,
        pkcs12: &Pkcs12,
        record: Option<RecordId>,
    ) -> Result<Option<CertificatePassword>, Error> {
        let ja = "4桁のパスワードは1万通りしかありません。このパソコンの中だけで全部試せます（サイトには何も送りません。ふつう数秒から数分）。\nこの証明書の正当な持ち主（その医療機関か、頼まれた人）であるときだけ行ってください。試すなら「全部試す」と入力（やめるなら Enter）:";
        let en = "There are only ten thousand passwords of four digits. All can be tried here (nothing goes to the site; seconds to minutes).\nDo this only as the certificate's rightful holder, or asked by them. Type “try all” (Enter to leave it):";
        if !self.person.is_present() {
            return Err(only_a_person(ja, en));
        }
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
fn recovered(candidate: &Candidate, passphrase: &SecretString) -> Option<CertificatePassword> {
    let file = candidate.password_file.as_ref()?;
    backup::open(file, passphrase).ok()?.parse()
}

/// Times that the digits are asked for.
const MOST_ASKED: u32 = 3;
