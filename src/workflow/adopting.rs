//! `adopt`: a file that a person fetched becomes `retrieved`, after the same checks as one that noticert fetched.
//!
//! Whatever goes wrong, the file that was found stays where it is: it is wiped only when the kept copy was read back,
//! and only because a person wants it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use secrecy::SecretString;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::credential;
use crate::custody::files::{self, Wiped};
use crate::custody::{DiskError, PathKind};
use crate::domain::{CertificateFacts, CertificatePassword, Pkcs12, Text, japan_date};
use crate::ledger::{Actor, AttemptId, FileHash, Record, RecordId, Retrieved, SealedId, SiteKind};

use super::error::Error;
use super::installing::Destination;
use super::person::Question;
use super::retrieving::{ProvenFile, Retrieval, file_name_of, is_yes, proven};
use super::unlocking::{Locked, Means, Sought, Unlocked};
use super::{Desk, name_of};

/// A file that was taken.
#[derive(Debug)]
pub struct Adopted {
    /// The record that it belongs to.
    pub record: RecordId,
    /// What people call its terminal.
    pub name: Text,
    /// The file that was found.
    pub file: PathBuf,
    /// The kept file.
    pub kept: Retrieval,
    /// What became of the file that was found.
    pub found: FoundCopy,
}

/// What became of the file that was found.
#[derive(Debug)]
pub enum FoundCopy {
    /// It is the kept file itself.
    IsKept,
    /// It lies where it lay: a second copy in clear.
    Left,
    /// It was wiped.
    Wiped(Wiped),
    /// It stayed shut, so that nobody knows whether it is the same key; another file was taken in its place.
    StayedShut,
    /// It was to be wiped, and the disk refused.
    NotWiped(DiskError),
}

/// Why a file that a person fetched cannot be taken.
#[derive(Debug, Error)]
pub enum AdoptError {
    /// No confirmed record has this name and validity.
    #[error("no confirmed record has the certificate's name and validity")]
    NoTerminalFits {
        /// The certificate's name.
        name: String,
        /// First day of its validity.
        from: Date,
        /// Last day of its validity.
        to: Date,
    },
    /// Several records have this name and validity.
    #[error("{} records have the certificate's name and validity", candidates.len())]
    SeveralFit {
        /// Each with its name.
        candidates: Vec<(RecordId, Text)>,
    },
    /// Another record holds this very certificate.
    #[error("another record holds this certificate")]
    HeldByAnother {
        /// What people call its terminal.
        name: Text,
    },
    /// The file is far larger than any `.p12`.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// No password opens the file, and everything that was offered was declined or failed.
    #[error("no password for the file is at hand")]
    NoPassword {
        /// The file.
        path: PathBuf,
    },
    /// The person ended the watch; nothing was sent, by that person's word.
    #[error("retrieving by hand was put off")]
    PutOff,
    /// The watch ended, and nobody said what came of it.
    #[error("retrieving by hand was left without an outcome")]
    LeftOpen,
}

/// What is adopted, and how.
pub struct AdoptRequest<'a> {
    /// The file that was found.
    pub file: &'a Path,
    /// The terminal; else the only one that the file fits.
    pub terminal: Option<&'a str>,
    /// The certificate password, from a file.
    pub password: Option<SecretString>,
    /// Where the certificate may be installed already, should its password be lost.
    pub destination: Option<&'a Destination>,
    /// The person wants the found copy gone; otherwise somebody who is there is asked.
    pub wipe: bool,
}

impl Desk<'_> {
    /// Takes the file for the record that is named, else for the only one that it fits.
    pub fn adopt(&mut self, request: AdoptRequest<'_>) -> Result<Adopted, Error> {
        let (file, wipe) = (request.file, request.wipe);
        let bytes = self.read_found(file)?;
        let named = match request.terminal {
            Some(text) => Some(self.ledger.record(self.ledger.find(text)?)?),
            None => None,
        };
        let (record, kept, means) = match self.kept_already(&bytes)? {
            Some((record, kept)) => {
                refuse_other(named.as_ref(), &record)?;
                (record, kept, None)
            }
            None => {
                let (record, kept, means) = self.open_and_take(&bytes, named, request)?;
                (record, kept, Some(means))
            }
        };
        if means == Some(Means::Search) {
            self.offer_for_paper(&[record.id])?;
        }
        let found = match means {
            Some(Means::Store(_)) => FoundCopy::StayedShut,
            _ => self.put_away(file, &kept.p12, &bytes, wipe)?,
        };
        Ok(Adopted {
            record: record.id,
            name: name_of(&record),
            file: file.to_owned(),
            kept,
            found,
        })
    }

    /// The file's bytes, as far as any `.p12` reaches.
    pub(super) fn read_found(&self, file: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
        let limit = u64::from(self.config.limits.answer_kilobytes) * 1024;
        let mut bytes = Zeroizing::new(Vec::new());
        File::open(file)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
            .map_err(|source| Error::Unreadable {
                path: file.to_owned(),
                source,
            })?;
        match bytes.len() as u64 > limit {
            true => Err(AdoptError::TooLarge {
                path: file.to_owned(),
                limit,
            }
            .into()),
            false => Ok(bytes),
        }
    }

    /// Holds the bytes against the letter of `record`, saves them and writes `retrieved`.
    ///
    /// `sealed`: the password, where the ledger has it already.
    pub(super) fn take_in(
        &mut self,
        bytes: &[u8],
        record: &Record,
        password: &CertificatePassword,
        sealed: Option<SealedId>,
        attempt: Option<AttemptId>,
    ) -> Result<Retrieval, Error> {
        let reviewed = self.ledger.rebuild_reviewed(record.id)?;
        let expected = credential::Expected {
            letter: Some(reviewed.issuance()),
            ..self.of_the_file_alone()
        };
        let pkcs12 = Pkcs12::received(bytes.to_vec());
        let sha256 = pkcs12.sha256();
        let examined = credential::examine(pkcs12, password, &expected, self.now());
        let proven = examined.and_then(proven)?;
        let facts = &proven.0;
        if let Some(holder) = self.other_holder_of(facts, record.id)? {
            return Err(AdoptError::HeldByAnother {
                name: name_of(&holder),
            }
            .into());
        }
        self.ledger.bind_site(match facts.is_practice() {
            true => SiteKind::Practice,
            false => SiteKind::Real,
        })?;
        let sealed = match sealed {
            Some(sealed) => sealed,
            None => {
                let now = self.now();
                self.ledger.seal_password(record.id, password, now)?
            }
        };
        let file = ProvenFile {
            attempt,
            path: self.save(record, reviewed.issuance(), bytes)?,
            sha256: FileHash(sha256),
            password: sealed,
            proven,
        };
        self.note_retrieved(record.id, Actor::Person, file)
    }

    /// Wipes the found copy where a person wants that, after the kept one was read back.
    pub(super) fn put_away(
        &mut self,
        found: &Path,
        kept: &Path,
        bytes: &[u8],
        wipe: bool,
    ) -> Result<FoundCopy, Error> {
        if is_same_file(found, kept) {
            return Ok(FoundCopy::IsKept);
        }
        if !wipe && !self.wants_it_wiped(found)? {
            return Ok(FoundCopy::Left);
        }
        if !holds(kept, bytes) {
            return Err(Error::KeptFileChanged {
                path: kept.to_owned(),
            });
        }
        let wiped = match files::wipe(found) {
            Ok(wiped) => FoundCopy::Wiped(wiped),
            Err(error) => FoundCopy::NotWiped(error),
        };
        if !holds(kept, bytes) {
            // Two names of one file: what was overwritten under the one is written again under the other.
            let folder = kept.parent().unwrap_or(Path::new(""));
            let name = file_name_of(kept);
            files::replace_owner_only_atomic(folder, &name, bytes, PathKind::SavedFile)?;
        }
        Ok(wiped)
    }

    /// Opens the file, or has the store write one in its place, and takes that for the record it belongs to.
    fn open_and_take(
        &mut self,
        bytes: &[u8],
        named: Option<Record>,
        request: AdoptRequest<'_>,
    ) -> Result<(Record, Retrieval, Means), Error> {
        let Some(Unlocked {
            pkcs12,
            password,
            means,
        }) = self.unlock(Locked {
            pkcs12: Pkcs12::received(bytes.to_vec()),
            given: request.password,
            recovery: None,
            passphrase: None,
            sought: Sought::OnLetter(named.as_ref()),
            destination: request.destination,
        })?
        else {
            return Err(AdoptError::NoPassword {
                path: request.file.to_owned(),
            }
            .into());
        };
        let facts = self.facts_of(pkcs12.clone(), &password)?;
        let record = match named {
            Some(record) => record,
            None => self.record_for(&facts)?,
        };
        // A password that another record sealed is sealed for this one anew.
        let sealed = match &means {
            Means::Seal(sealed) => sealed.filter(|_| record.password == *sealed),
            Means::Given | Means::Typed | Means::RecoveryFile | Means::Store(_) | Means::Search => {
                None
            }
        };
        // Exposed to be kept as it came.
        let kept = self.take_in(pkcs12.expose(), &record, &password, sealed, None)?;
        Ok((record, kept, means))
    }

    fn facts_of(
        &self,
        pkcs12: Pkcs12,
        password: &CertificatePassword,
    ) -> Result<CertificateFacts, Error> {
        let expected = self.of_the_file_alone();
        let examined = credential::examine(pkcs12, password, &expected, self.now())?;
        let (facts, _, _) = proven(examined)?;
        Ok(facts)
    }

    pub(super) fn of_the_file_alone(&self) -> credential::Expected<'_> {
        credential::Expected {
            letter: None,
            issuer_family: &self.config.certificate.issuer_family,
            key_derivation_rounds: self.config.limits.key_derivation_rounds,
        }
    }

    /// The record whose kept file has these bytes already.
    fn kept_already(&self, bytes: &[u8]) -> Result<Option<(Record, Retrieval)>, Error> {
        let sha256 = FileHash(Pkcs12::received(bytes.to_vec()).sha256());
        for record in self.ledger.records()? {
            let Some(kept) = record.state.credential() else {
                continue;
            };
            let p12 = kept.p12.under(self.data());
            if kept.sha256 == sha256 && holds(&p12, bytes) {
                return Ok(Some((record, Retrieval::already(p12))));
            }
        }
        Ok(None)
    }

    fn holder_of(&self, facts: &CertificateFacts) -> Result<Option<Record>, Error> {
        Ok(self
            .ledger
            .records()?
            .into_iter()
            .find(|record| is_held_by(record, facts)))
    }

    /// Another record that holds this certificate, or one of the same issuer under the same serial number: a certificate
    /// is issued for one letter. Linked records are one.
    pub(super) fn other_holder_of(
        &self,
        facts: &CertificateFacts,
        record: RecordId,
    ) -> Result<Option<Record>, Error> {
        let own = self.ledger.record(record)?.id;
        Ok(self
            .ledger
            .records()?
            .into_iter()
            .find(|other| other.id != own && is_held_by(other, facts)))
    }

    /// The record that the certificate was issued for: by itself, else by name and validity.
    fn record_for(&self, facts: &CertificateFacts) -> Result<Record, Error> {
        if let Some(holder) = self.holder_of(facts)? {
            return Ok(holder);
        }
        let mut fitting = Vec::new();
        for record in self.ledger.records()? {
            if record.state.credential().is_some() {
                continue;
            }
            let fits = self
                .ledger
                .rebuild_reviewed(record.id)
                .is_ok_and(|reviewed| credential::fits(facts, reviewed.issuance()));
            if fits {
                fitting.push(record);
            }
        }
        match fitting.len() {
            1 => Ok(fitting.swap_remove(0)),
            0 => Err(AdoptError::NoTerminalFits {
                name: facts.subject_common_name.clone().unwrap_or_default(),
                from: japan_date(facts.not_before),
                to: japan_date(facts.not_after),
            }
            .into()),
            _ => Err(AdoptError::SeveralFit {
                candidates: fitting
                    .iter()
                    .map(|record| (record.id, name_of(record)))
                    .collect(),
            }
            .into()),
        }
    }

    /// Deleting is never answered by `--yes`.
    fn wants_it_wiped(&mut self, found: &Path) -> Result<bool, Error> {
        if !self.person.is_present() {
            return Ok(false);
        }
        let question = Question::plain(
            format!(
                "元のファイル {} を消去しますか？（4桁のパスワードは数秒で破られます） [y/N]",
                found.display()
            ),
            format!(
                "Wipe the file that was found, {}? (Four digits are broken in seconds.) [y/N]",
                found.display()
            ),
        );
        Ok(is_yes(&self.person.key(&question)?))
    }
}

fn is_held_by(record: &Record, facts: &CertificateFacts) -> bool {
    let kept = record.state.credential();
    kept.is_some_and(|kept| is_of_the_same_issue(kept, facts))
}

/// Whether both are one certificate, or two of one issuer under one serial number, which no authority issues.
fn is_of_the_same_issue(kept: &Retrieved, facts: &CertificateFacts) -> bool {
    // Numbers of two authorities may be equal, and a ledger of an earlier version does not know whose they are.
    let is_of_the_same_issuer =
        kept.issuer_common_name.is_some() && kept.issuer_common_name == facts.issuer_common_name;
    kept.fingerprint == facts.fingerprint
        || is_of_the_same_issuer && kept.serial_number == facts.serial_number
}

/// A kept file belongs to its record, whatever terminal was named.
fn refuse_other(named: Option<&Record>, holder: &Record) -> Result<(), Error> {
    match named {
        Some(named) if named.id != holder.id => Err(AdoptError::HeldByAnother {
            name: name_of(holder),
        }
        .into()),
        _ => Ok(()),
    }
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    std::fs::read(path).is_ok_and(|present| Zeroizing::new(present).as_slice() == bytes)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fingerprint;
    use jiff::Timestamp;

    #[test]
    fn a_serial_number_is_one_certificates_of_one_issuer() {
        let facts = |der: &[u8], issuer: &str, serial: &str| CertificateFacts {
            fingerprint: Fingerprint::of(der),
            subject_common_name: None,
            issuer_common_name: Some(issuer.to_owned()),
            organizations: Vec::new(),
            serial_number: serial.to_owned(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            friendly_name: None,
        };
        let kept = |issuer: Option<&str>| Retrieved {
            attempt: None,
            p12: "a.p12".parse().unwrap(),
            sha256: FileHash([1; 32]),
            password: "0192d3e4-0000-7000-8000-000000000000".parse().unwrap(),
            fingerprint: Fingerprint::of(b"one"),
            serial_number: "01ab".to_owned(),
            issuer_common_name: issuer.map(str::to_owned),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            problem: None,
        };
        let same = |issuer, facts: &CertificateFacts| is_of_the_same_issue(&kept(issuer), facts);
        assert!(same(Some("Root"), &facts(b"one", "Root", "01ab")));
        assert!(same(Some("Root"), &facts(b"two", "Root", "01ab")));
        assert!(same(None, &facts(b"one", "Root", "01ab")));
        assert!(!same(Some("Root"), &facts(b"two", "Root", "01ac")));
        assert!(!same(Some("Root"), &facts(b"two", "Other", "01ab")));
        assert!(!same(None, &facts(b"two", "Root", "01ab")));
    }
}
