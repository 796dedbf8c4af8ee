//! `restore`: from a back-up to an installed certificate on a PC that has neither the letter nor the ledger.
//!
//! The newest valid copy of the terminal is opened and held against itself, kept in the data folder as a retrieved file
//! is, and installed with the same checks and the same proof. Where the four digits are lost, what else may bring
//! them is offered before a new application is.

mod candidates;
mod taking_in;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::credential;
use crate::custody::backup;
use crate::domain::{Pkcs12, Text, VerifiedCredential, fold_typed, japan_date};
use crate::ledger::{Actor, BackedUp, Event, FileHash, Remark, RestoredFrom};
use crate::platform;

use super::error::Error;
use super::installing::{Destination, Installation};
use super::person::{Question, given_or_keyed};
use super::unlocking::{Locked, Means, Sought, Unlocked};
use super::{Desk, Outcome};
use candidates::{Candidate, Candidates};

/// What is restored, and where to.
pub struct RestoreRequest<'a> {
    /// A back-up's folder, or one file of it.
    pub from: &'a Path,
    /// The terminal, where the back-up holds several.
    pub terminal: Option<&'a str>,
    /// The certificate password, from a file.
    pub password: Option<SecretString>,
    /// The passphrase of the sealed copies, from a file.
    pub passphrase: Option<SecretString>,
    /// The store.
    pub destination: &'a Destination,
}

/// What came back.
#[derive(Debug)]
pub struct RestoreRun {
    /// The copy that was taken.
    pub copy: PathBuf,
    /// The store that gave the certificate out instead, under a new password, because the copy stayed shut.
    pub from_store: Option<Text>,
    /// The others of the back-up.
    pub others: Vec<Text>,
    /// The kept file.
    pub kept: PathBuf,
    /// What was checked, for people.
    pub checks: Vec<credential::Check>,
    /// Its installation.
    pub installed: Outcome<Installation>,
}

/// Why nothing can be restored.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// There is neither a copy nor an index.
    #[error("no back-up was found in {}", path.display())]
    NoBackup {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The back-up has nothing for the terminal that was named or that this PC is.
    #[error("the back-up has no copy for {terminal:?}")]
    NotForTerminal {
        /// The terminal.
        terminal: String,
        /// What it has.
        there: Vec<String>,
    },
    /// Several terminals could be meant.
    #[error("the back-up has copies of {} terminals", there.len())]
    SeveralTerminals {
        /// Theirs.
        there: Vec<String>,
    },
    /// Every copy has expired.
    #[error("the newest copy expired on {last}")]
    AllExpired {
        /// The last day of the newest.
        last: jiff::civil::Date,
    },
    /// No password opens the copy, and everything that was offered was declined or failed.
    #[error("no password for the copy is at hand")]
    NoPassword {
        /// The copy.
        path: PathBuf,
    },
    /// The certificate names no institution, so that it belongs to no terminal.
    #[error("the certificate names no institution")]
    NoInstitution {
        /// What it names.
        name: String,
    },
}

impl Desk<'_> {
    /// Restores the newest valid copy of one terminal and installs it.
    pub fn restore(&mut self, request: RestoreRequest<'_>) -> Result<RestoreRun, Error> {
        let found = Candidates::at(request.from)?;
        let candidate = self.choose_copy(&found, &request)?;
        let others = found.besides(&candidate);
        let pkcs12 = self.locked_copy(&candidate, request.passphrase.as_ref())?;
        let Some(Unlocked {
            pkcs12,
            password,
            means,
        }) = self.unlock(Locked {
            pkcs12,
            given: request.password,
            recovery: candidate.password_file.as_deref(),
            passphrase: request.passphrase.as_ref(),
            sought: Sought::Listed(candidate.fingerprint()),
            destination: Some(request.destination),
        })?
        else {
            return Err(RestoreError::NoPassword {
                path: candidate.path().to_owned(),
            }
            .into());
        };
        let sha256 = FileHash(pkcs12.sha256());
        let expected = self.of_the_file_alone();
        let examined = credential::examine(pkcs12, &password, &expected, self.now())?;
        let checks = examined.checks.clone();
        let verified = examined.into_verified()?;
        let place = means.place();
        let (medium, from_store) = match means {
            // The store wrote a file of its own, which no medium has yet.
            Means::Store(store) => (None, Some(store)),
            Means::Seal(_) | Means::Given | Means::Typed | Means::RecoveryFile | Means::Search => {
                let medium = copy_on_medium(&candidate, &verified, sha256, self.data());
                (medium, None)
            }
        };
        let taken = self.take_without_letter(
            &verified,
            candidate.terminal(),
            match from_store {
                Some(_) => RestoredFrom::Store,
                None => RestoredFrom::Backup,
            },
            medium,
        )?;
        if let Some(place) = place {
            let event = Event::PasswordElsewhere { sha256, place };
            self.ledger
                .append(taken.record, self.now(), Actor::Person, event)?;
        }
        let installed = self
            .install(&[taken.record], request.destination)?
            .pop()
            .ok_or(RestoreError::NoBackup {
                path: request.from.to_owned(),
            })?;
        Ok(RestoreRun {
            copy: candidate.path().to_owned(),
            from_store,
            others,
            kept: taken.kept,
            checks,
            installed,
        })
    }

    /// The newest valid copy of the terminal that is meant.
    fn choose_copy(
        &mut self,
        found: &Candidates,
        request: &RestoreRequest<'_>,
    ) -> Result<Candidate, Error> {
        let now = self.now();
        let here = platform::computer_name();
        let bound: Vec<String> = self
            .ledger
            .bindings()?
            .into_iter()
            .filter(|binding| binding.computer_name == here)
            .filter_map(|binding| binding.terminal_name)
            .map(|name| name.to_string())
            .collect();
        let mut fitting: Vec<&Candidate> = found
            .all
            .iter()
            .filter(|candidate| match request.terminal {
                Some(named) => candidate.answers_to(named),
                None => bound.is_empty() || bound.iter().any(|name| candidate.answers_to(name)),
            })
            .collect();
        if fitting.is_empty() {
            return Err(RestoreError::NotForTerminal {
                terminal: request
                    .terminal
                    .map_or_else(|| bound.join("、"), ToOwned::to_owned),
                there: found.names(),
            }
            .into());
        }
        let names = candidates::names_of(&fitting);
        if names.len() > 1 {
            let chosen = self.which_of(&names)?;
            fitting.retain(|candidate| candidate.name() == chosen);
        }
        fitting.sort_by_key(|candidate| candidate.not_after());
        match fitting.pop() {
            Some(newest) if newest.not_after().is_none_or(|end| end > now) => Ok(newest.clone()),
            Some(newest) => Err(RestoreError::AllExpired {
                last: japan_date(newest.not_after().unwrap_or(Timestamp::UNIX_EPOCH)),
            }
            .into()),
            None => Err(RestoreError::NoBackup {
                path: request.from.to_owned(),
            }
            .into()),
        }
    }

    fn which_of(&mut self, names: &[String]) -> Result<String, Error> {
        if !self.person.is_present() {
            return Err(RestoreError::SeveralTerminals {
                there: names.to_vec(),
            }
            .into());
        }
        self.person.tell(&Text::new(
            "このパソコンはどの端末ですか？",
            "Which terminal is this computer?",
        ));
        for (at, name) in names.iter().enumerate() {
            let line = format!("  {}: {name}", at + 1);
            self.person.tell(&Text::new(&line, &line));
        }
        let question = Question::plain("番号:", "Number:");
        let typed = self.person.key(&question)?;
        // Exposed to be read as a number.
        fold_typed(typed.expose_secret())
            .parse::<usize>()
            .ok()
            .and_then(|number| names.get(number.checked_sub(1)?).cloned())
            .ok_or_else(|| {
                RestoreError::SeveralTerminals {
                    there: names.to_vec(),
                }
                .into()
            })
    }

    /// The bytes of the `.p12`, unsealed where only a sealed copy is there.
    fn locked_copy(
        &mut self,
        candidate: &Candidate,
        passphrase: Option<&SecretString>,
    ) -> Result<Pkcs12, Error> {
        if let Some(p12) = &candidate.p12 {
            return Ok(Pkcs12::received(backup::read(p12)?.to_vec()));
        }
        let sealed = candidate.path();
        let prompt = Text::new("バックアップのパスフレーズ:", "Passphrase of the back-up:");
        let nobody = super::backing_up::nobody_for_the_backup_passphrase;
        let passphrase = given_or_keyed(passphrase.cloned(), self.person, &prompt, nobody)?;
        Ok(Pkcs12::from(backup::open(sealed, &passphrase)?))
    }
}

/// The medium that the copy came from is a back-up of this PC too; on this PC's own disk it does not count.
fn copy_on_medium(
    candidate: &Candidate,
    verified: &VerifiedCredential,
    sha256: FileHash,
    data: &Path,
) -> Option<BackedUp> {
    let medium = candidate.medium.as_ref()?;
    let is_own = platform::is_same_volume(candidate.path(), data).unwrap_or(false);
    let aside = is_own.then(|| {
        Remark::new(
            "same-disk",
            "このパソコンと同じディスクにあります。",
            "it lies on this PC's own disk",
        )
    });
    Some(BackedUp {
        medium: medium.id.clone(),
        place: medium.place.clone(),
        sha256,
        fingerprint: verified.facts().fingerprint,
        sealed: candidate.sealed.is_some(),
        aside,
    })
}
