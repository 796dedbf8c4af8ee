//! `restore`: from a back-up to an installed certificate on a PC that has neither the letter nor the ledger.
//!
//! The newest valid copy of the terminal is opened and held against itself, kept in the data folder as a retrieved file
//! is, and installed with the same checks and the same proof. A copy that is broken or gone is told, and the next one is
//! taken. Where the four digits are lost, what else may bring them is offered before a new application is.

mod candidates;
mod choosing;
mod opening;
mod taking_in;

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use thiserror::Error;

use crate::credential;
use crate::domain::{Text, VerifiedCredential};
use crate::ledger::{Actor, BackedUp, Event, FileHash, Remark, RestoredFrom};
use crate::platform;

use super::error::Error;
use super::installing::{Destination, Installation};
use super::unlocking::Means;
use super::{Desk, Outcome};
use candidates::{Candidate, Candidates};
use opening::{Opened, why_unfit};

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
    /// Whether its password is known to be on this PC alone.
    pub lacks_paper: bool,
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
    /// Several files without an index could be meant.
    #[error("{} files could be this computer's certificate", there.len())]
    SeveralFiles {
        /// Each with what is known of it.
        there: Vec<Text>,
    },
    /// The copies are broken or gone, all of them.
    #[error("none of {} copies can be used", unfit.len())]
    NoneUsable {
        /// Each with the reason.
        unfit: Vec<(Text, Text)>,
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
    /// Restores the newest valid copy of one terminal that can be used, and installs it.
    pub fn restore(&mut self, request: RestoreRequest<'_>) -> Result<RestoreRun, Error> {
        let mut found = Candidates::at(request.from)?;
        if found.are_loose() {
            self.look_into(&mut found, &request)?;
        }
        let copies = self.choose_copies(&found, &request)?;
        let is_one_file = found.all.len() == 1 && copies.iter().all(|one| one.entry.is_none());
        let (mut unfit, mut unfit_paths) = (Vec::new(), Vec::new());
        for candidate in &copies {
            let error = match self.open_copy(candidate, &request) {
                Ok(opened) => {
                    let others = found.besides(Some(candidate), &unfit_paths);
                    return self.restore_opened(candidate, opened, others, request.destination);
                }
                Err(error) => error,
            };
            match why_unfit(&error) {
                Some(why) if !is_one_file => {
                    unfit.push(self.leave_out(candidate, why));
                    unfit_paths.push(candidate.path().to_owned());
                }
                _ => {
                    self.tell_others(&found.besides(Some(candidate), &unfit_paths));
                    return Err(error);
                }
            }
        }
        self.tell_others(&found.besides(None, &unfit_paths));
        Err(RestoreError::NoneUsable { unfit }.into())
    }

    fn restore_opened(
        &mut self,
        candidate: &Candidate,
        opened: Opened,
        others: Vec<Text>,
        destination: &Destination,
    ) -> Result<RestoreRun, Error> {
        let Opened {
            verified,
            means,
            checks,
        } = opened;
        let sha256 = FileHash(verified.pkcs12().sha256());
        let place = means.place();
        let was_searched = means == Means::Search;
        let (medium, from_store) = match means {
            // The store wrote a file of its own, which no medium has yet.
            Means::Store(store) => (None, Some(store)),
            Means::Seal(_) | Means::Given | Means::Typed | Means::RecoveryFile | Means::Search => {
                let medium = copy_on_medium(candidate, &verified, sha256, self.data());
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
        if was_searched {
            self.offer_for_paper(&[taken.record])?;
        }
        let installed =
            self.install(&[taken.record], destination)?
                .pop()
                .ok_or(RestoreError::NoBackup {
                    path: candidate.path().to_owned(),
                })?;
        Ok(RestoreRun {
            copy: candidate.path().to_owned(),
            from_store,
            others,
            kept: taken.kept,
            checks,
            installed,
            lacks_paper: !self.ledger.record(taken.record)?.password_is_elsewhere,
        })
    }

    /// What else the back-up has, where one copy did not come back.
    fn tell_others(&mut self, others: &[Text]) {
        if others.is_empty() {
            return;
        }
        self.person.tell(&Text::new(
            "ほかにある控え（ファイルを指定すれば使えます: noticert restore FILE）:",
            "Other copies (name one to take it: noticert restore FILE):",
        ));
        for other in others {
            self.person.tell(&Text::new(
                format!("  {}", other.ja),
                format!("  {}", other.en),
            ));
        }
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
