//! `backup --check`: the restore drill. Every copy is read and opened as a restore would, and nothing is installed.
//!
//! Only what was opened is called restorable. Whoever sits at the terminal is asked for what opens the copies; and
//! whether copies that are lost for good, and not missed, leave the index.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::credential::{self, CredentialError, Examination};
use crate::custody::DiskTrouble;
use crate::custody::backup::index::{self, Entry};
use crate::custody::backup::medium::Medium;
use crate::custody::backup::{self, BackupError};
use crate::domain::{CertificatePassword, Pkcs12, Text, japan_date};

use super::super::Desk;
use super::super::error::Error;
use super::super::person::{PersonError, Question};
use super::super::retrieving::{is_yes, known_password};
use super::super::unlocking::recovered;

/// What the drill found on a medium.
#[derive(Debug)]
pub struct Drill {
    /// The folder of the back-ups.
    pub folder: PathBuf,
    /// Every copy of the index.
    pub copies: Vec<CheckedCopy>,
}

/// One copy after the drill.
#[derive(Debug)]
pub struct CheckedCopy {
    /// What people call its terminal.
    pub name: String,
    /// The `.p12`.
    pub file: PathBuf,
    /// The last day of the certificate.
    pub valid_to: jiff::civil::Date,
    /// How it stands.
    pub state: CopyState,
    /// How the sealed files beside it stand, where there are any.
    pub sealed: Option<SealedState>,
}

/// How a copy stands.
#[derive(Debug)]
pub enum CopyState {
    /// It opens, and would install.
    Restorable,
    /// Its bytes are right, and no password was at hand to open it.
    Unopened,
    /// It opens, and is no longer valid.
    Expired,
    /// It would not come back.
    Broken(Error),
    /// It was broken or gone, was not needed, and left the index by a person's word.
    Dropped,
}

/// How the sealed files of a copy stand.
#[derive(Debug)]
pub enum SealedState {
    /// They open, and hold file and password.
    Opened,
    /// Their bytes are right, and no passphrase was at hand to open them.
    Unopened,
    /// They would not come back.
    Broken(Error),
}

/// How the copies of a medium stand together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Every copy was opened.
    AllOpen,
    /// None is broken, and some were not opened.
    SomeUnopened,
    /// Some would not come back, or there is none.
    SomeBroken,
}

impl Drill {
    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let is_broken = |copy: &CheckedCopy| {
            matches!(copy.state, CopyState::Broken(_))
                || matches!(copy.sealed, Some(SealedState::Broken(_)))
        };
        let is_unopened = |copy: &CheckedCopy| {
            matches!(copy.state, CopyState::Unopened)
                || matches!(copy.sealed, Some(SealedState::Unopened))
        };
        if self.copies.is_empty() || self.copies.iter().any(is_broken) {
            Verdict::SomeBroken
        } else if self.copies.iter().any(is_unopened) {
            Verdict::SomeUnopened
        } else {
            Verdict::AllOpen
        }
    }
}

impl CheckedCopy {
    /// Whether its `.p12` is broken or gone.
    fn is_lost(&self) -> bool {
        match &self.state {
            CopyState::Broken(Error::CopyUnread(BackupError::NotReadBack { .. })) => true,
            CopyState::Broken(Error::CopyUnread(BackupError::Disk(error))) => {
                error.trouble == DiskTrouble::Missing
            }
            _ => false,
        }
    }

    fn is_whole(&self) -> bool {
        !matches!(self.state, CopyState::Broken(_) | CopyState::Dropped)
    }
}

impl Desk<'_> {
    /// Reads and opens every copy on the medium at `to`.
    ///
    /// `given`: the certificate password from a file; `passphrase`: that of the sealed copies, from a file.
    pub fn drill(
        &mut self,
        to: &Path,
        given: Option<SecretString>,
        passphrase: Option<SecretString>,
    ) -> Result<Drill, Error> {
        let Some(mut medium) = Medium::with_backups(to).map_err(Error::CopyUnread)? else {
            return Err(Error::NothingWaits {
                wanted: Text::new(
                    format!("{} のバックアップ", to.display()),
                    format!("a back-up on {}", to.display()),
                ),
            });
        };
        let mut known: Vec<CertificatePassword> = Vec::new();
        if given.is_some() {
            known.push(known_password(given, self.person)?);
        }
        let passphrase = match passphrase {
            Some(passphrase) => Some(passphrase),
            None => self.passphrase_for(&medium)?,
        };
        let mut drill = Drill {
            folder: medium.root().to_owned(),
            copies: Vec::new(),
        };
        for (at, entry) in medium.copies().iter().enumerate() {
            self.progress.count(
                at,
                Some(medium.copies().len()),
                &Text::new("控えの点検", "copies checked"),
            );
            let file = index::absolute(medium.root(), &entry.file);
            let sealed = self.check_sealed(medium.root(), entry, passphrase.as_ref());
            let recovered = self.recovered_beside(medium.root(), entry, passphrase.as_ref());
            drill.copies.push(CheckedCopy {
                name: entry.name(),
                valid_to: japan_date(entry.not_after),
                state: self.check_copy(entry, &file, recovered, &mut known)?,
                file,
                sealed,
            });
        }
        self.offer_to_drop(&mut medium, &mut drill)?;
        Ok(drill)
    }

    /// The passphrase of the sealed copies as a person types it, held against one of them; `None` where there are none,
    /// where nobody is there, and for an empty answer.
    fn passphrase_for(&mut self, medium: &Medium) -> Result<Option<SecretString>, Error> {
        let sealed: Vec<PathBuf> = medium
            .copies()
            .iter()
            .filter_map(|entry| Some((entry, entry.sealed.as_ref()?)))
            .map(|(_, sealed)| index::absolute(medium.root(), &sealed.password_file))
            .collect();
        if sealed.is_empty() || !self.person.is_present() {
            return Ok(None);
        }
        for _ in 0..MOST_ASKED {
            let typed = self.person.key_hidden(&Text::new(
                "封印した控えも開いて確かめます。バックアップのパスフレーズ（なければ Enter）:",
                "The sealed copies are opened too. Passphrase of the back-up (Enter for none):",
            ))?;
            // Exposed to see whether anything was typed.
            if typed.expose_secret().is_empty() {
                return Ok(None);
            }
            if sealed.iter().any(|file| backup::open(file, &typed).is_ok()) {
                return Ok(Some(typed));
            }
            self.person.tell(&Text::new(
                "このパスフレーズで開く控えはありません。",
                "This passphrase opens none of them.",
            ));
        }
        Ok(None)
    }

    fn check_copy(
        &mut self,
        entry: &Entry,
        file: &Path,
        recovered: Option<CertificatePassword>,
        known: &mut Vec<CertificatePassword>,
    ) -> Result<CopyState, Error> {
        let pkcs12 = match whole(file, &entry.sha256) {
            Ok(pkcs12) => pkcs12,
            Err(error) => return Ok(CopyState::Broken(error)),
        };
        let password = match self.sealed_password(&entry.sha256).or(recovered) {
            Some(password) => Some(password),
            None => match self.known_or_typed(entry, &pkcs12, known) {
                // What is wrong with the file is the answer to the drill; what is wrong with the asking ends it.
                Err(error @ Error::Credential(_)) => return Ok(CopyState::Broken(error)),
                password => password?,
            },
        };
        let Some(password) = password else {
            return Ok(CopyState::Unopened);
        };
        let examined = self.examined_as_of(pkcs12, &password, entry);
        Ok(
            match examined.and_then(|examined| Ok(examined.into_verified()?)) {
                Ok(verified) if verified.facts().fingerprint.to_string() != entry.fingerprint => {
                    CopyState::Broken(Error::CopyUnread(BackupError::NotReadBack {
                        path: file.to_owned(),
                    }))
                }
                Ok(_) if self.now() > entry.not_after => CopyState::Expired,
                Ok(_) => CopyState::Restorable,
                Err(error) => CopyState::Broken(error),
            },
        )
    }

    /// The password among those that were given or typed, else one that a person types for this copy.
    fn known_or_typed(
        &mut self,
        entry: &Entry,
        pkcs12: &Pkcs12,
        known: &mut Vec<CertificatePassword>,
    ) -> Result<Option<CertificatePassword>, Error> {
        for password in known.iter() {
            if self.opens(pkcs12, password)? {
                return Ok(Some(password.clone()));
            }
        }
        if !self.person.is_present() {
            return match known.is_empty() {
                true => Ok(None),
                false => Err(CredentialError::WrongPassword.into()),
            };
        }
        let last = japan_date(entry.not_after);
        self.person.tell(&Text::new(
            format!("{}　有効期限 {last}", entry.name()),
            format!("{}, valid to {last}", entry.name()),
        ));
        let typed = self.typed_for(pkcs12)?;
        known.extend(typed.clone());
        Ok(typed)
    }

    /// An expired copy is examined as of its last day: whether it is whole is one question, its age another.
    fn examined_as_of(
        &self,
        pkcs12: Pkcs12,
        password: &CertificatePassword,
        entry: &Entry,
    ) -> Result<Examination, Error> {
        let expected = credential::Expected {
            letter: None,
            issuer_family: &self.config.certificate.issuer_family,
            key_derivation_rounds: self.config.limits.key_derivation_rounds,
        };
        let day = self.now().min(entry.not_after);
        Ok(credential::examine(pkcs12, password, &expected, day)?)
    }

    /// The password in the sealed file beside a copy.
    fn recovered_beside(
        &self,
        root: &Path,
        entry: &Entry,
        passphrase: Option<&SecretString>,
    ) -> Option<CertificatePassword> {
        let file = &entry.sealed.as_ref()?.password_file;
        recovered(Some(&index::absolute(root, file)), passphrase?)
    }

    /// The password that the ledger has for the file with this hash.
    pub(in crate::workflow) fn sealed_password(&self, sha256: &str) -> Option<CertificatePassword> {
        let records = self.ledger.records().ok()?;
        records.iter().find_map(|record| {
            let kept = record.state.credential()?;
            (kept.sha256.to_string() == sha256).then(|| {
                self.ledger
                    .rebuild_password(record.id, Some(kept.sha256.0))
                    .ok()
            })?
        })
    }

    fn check_sealed(
        &self,
        root: &Path,
        entry: &Entry,
        passphrase: Option<&SecretString>,
    ) -> Option<SealedState> {
        let sealed = entry.sealed.as_ref()?;
        let check = || -> Result<SealedState, Error> {
            let file = index::absolute(root, &sealed.file);
            let password_file = index::absolute(root, &sealed.password_file);
            whole(&file, &sealed.sha256)?;
            whole(&password_file, &sealed.password_sha256)?;
            let Some(passphrase) = passphrase else {
                return Ok(SealedState::Unopened);
            };
            let open = |path: &Path| backup::open(path, passphrase).map_err(Error::CopyUnread);
            let pkcs12 = Pkcs12::from(open(&file)?);
            let password: CertificatePassword = open(&password_file)?
                .parse()
                .ok_or(BackupError::NotReadBack { path: file })
                .map_err(Error::CopyUnread)?;
            self.examined_as_of(pkcs12, &password, entry)?
                .into_verified()?;
            Ok(SealedState::Opened)
        };
        Some(check().unwrap_or_else(SealedState::Broken))
    }

    /// Lost copies that nobody misses leave the index, where a person wants that: else the medium would never pass a
    /// drill again. No file is removed.
    fn offer_to_drop(&mut self, medium: &mut Medium, drill: &mut Drill) -> Result<(), Error> {
        if !self.person.is_present() {
            return Ok(());
        }
        let lost: Vec<usize> = (0..drill.copies.len())
            .filter(|at| {
                drill.copies[*at].is_lost() && is_not_missed(*at, medium, drill, self.now())
            })
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        self.person.tell(&Text::new(
            "目録にある次の控えは、ファイルがないか壊れています。期限が切れているか、同じ端末のもっと新しい控えがあるので、なくて困りません。",
            "These copies of the index are gone or broken. They expired, or a newer one of the terminal is here: they are not missed.",
        ));
        for at in &lost {
            let copy = &drill.copies[*at];
            let line = format!("  {} {}  {}", copy.name, copy.valid_to, copy.file.display());
            self.person.tell(&Text::new(&line, &line));
        }
        let question = Question::plain(
            "目録から外しますか？（ファイルは消しません） [y/N]",
            "Take them off the index? (No file is removed.) [y/N]",
        );
        let answer = match self.person.key(&question) {
            // What was found is told all the same.
            Err(PersonError::BrokenOff) => return Ok(()),
            answer => answer?,
        };
        if !is_yes(&answer) {
            return Ok(());
        }
        let files: Vec<String> = lost
            .iter()
            .map(|at| medium.copies()[*at].file.clone())
            .collect();
        medium.forget(&files)?;
        for at in lost {
            let copy = &mut drill.copies[at];
            copy.state = CopyState::Dropped;
            copy.sealed = None;
        }
        Ok(())
    }
}

/// Whether the copy at this place expired, or a whole one of the same terminal ends no earlier.
fn is_not_missed(at: usize, medium: &Medium, drill: &Drill, now: jiff::Timestamp) -> bool {
    let lost = &medium.copies()[at];
    let is_newer = |(other, checked): (&Entry, &CheckedCopy)| {
        checked.is_whole() && other.is_of_terminal(lost) && other.not_after >= lost.not_after
    };
    lost.not_after < now || medium.copies().iter().zip(&drill.copies).any(is_newer)
}

/// The bytes of a file whose hash is known.
pub(in crate::workflow) fn whole(path: &Path, sha256: &str) -> Result<Pkcs12, Error> {
    backup::read_whole(path, sha256)
        .map(|bytes| Pkcs12::received(bytes.to_vec()))
        .map_err(Error::CopyUnread)
}

/// Times that the passphrase is asked for.
const MOST_ASKED: u32 = 3;
