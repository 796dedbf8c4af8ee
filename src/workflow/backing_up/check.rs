//! `backup --check`: the restore drill. Every copy is read and opened as a restore would, and nothing is installed.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::credential::{self, Examination};
use crate::custody::backup::index::{self, Entry};
use crate::custody::backup::medium::Medium;
use crate::custody::backup::{self, BackupError};
use crate::domain::{CertificatePassword, Pkcs12, Text, hexadecimal, japan_date};

use super::super::Desk;
use super::super::error::Error;
use super::super::retrieving::known_password;

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
    /// Whether the sealed files beside it opened; `None` where there are none or no passphrase was at hand.
    pub sealed: Option<Result<(), Error>>,
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
}

impl Drill {
    /// Whether every copy would come back.
    pub fn passed(&self) -> bool {
        !self.copies.is_empty() && self.copies.iter().all(CheckedCopy::passed)
    }
}

impl CheckedCopy {
    /// Whether it would come back.
    pub fn passed(&self) -> bool {
        let is_well = matches!(self.state, CopyState::Restorable | CopyState::Expired);
        is_well && !matches!(self.sealed, Some(Err(_)))
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
        passphrase: Option<&SecretString>,
    ) -> Result<Drill, Error> {
        let Some(medium) = Medium::with_backups(to)? else {
            return Err(Error::NothingWaits {
                wanted: Text::new(
                    format!("{} のバックアップ", to.display()),
                    format!("a back-up on {}", to.display()),
                ),
            });
        };
        let given = given
            .map(|text| known_password(Some(text), self.person))
            .transpose()?;
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
            let sealed = self.check_sealed(medium.root(), entry, passphrase);
            let password = self.password_for(medium.root(), entry, passphrase, given.as_ref());
            drill.copies.push(CheckedCopy {
                name: entry.name(),
                valid_to: japan_date(entry.not_after),
                state: self.check_copy(entry, &file, password.as_ref()),
                file,
                sealed,
            });
        }
        Ok(drill)
    }

    fn check_copy(
        &self,
        entry: &Entry,
        file: &Path,
        password: Option<&CertificatePassword>,
    ) -> CopyState {
        let bytes = match whole(file, &entry.sha256) {
            Ok(bytes) => bytes,
            Err(error) => return CopyState::Broken(error),
        };
        let Some(password) = password else {
            return CopyState::Unopened;
        };
        let examined = self.examined_as_of(bytes, password, entry);
        match examined.and_then(|examined| Ok(examined.into_verified()?)) {
            Ok(verified) if verified.facts().fingerprint.to_string() != entry.fingerprint => {
                CopyState::Broken(Error::KeptFileChanged {
                    path: file.to_owned(),
                })
            }
            Ok(_) if self.now() > entry.not_after => CopyState::Expired,
            Ok(_) => CopyState::Restorable,
            Err(error) => CopyState::Broken(error),
        }
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

    /// The password of a copy: sealed in the ledger, else in the file beside it, else the one given.
    fn password_for(
        &self,
        root: &Path,
        entry: &Entry,
        passphrase: Option<&SecretString>,
        given: Option<&CertificatePassword>,
    ) -> Option<CertificatePassword> {
        self.sealed_password(&entry.sha256)
            .or_else(|| {
                let file = &entry.sealed.as_ref()?.password_file;
                let opened = backup::open(&index::absolute(root, file), passphrase?).ok()?;
                opened.parse()
            })
            .or_else(|| given.cloned())
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
    ) -> Option<Result<(), Error>> {
        let sealed = entry.sealed.as_ref()?;
        let check = || -> Result<(), Error> {
            for (file, sha256) in [
                (&sealed.file, &sealed.sha256),
                (&sealed.password_file, &sealed.password_sha256),
            ] {
                whole(&index::absolute(root, file), sha256)?;
            }
            let Some(passphrase) = passphrase else {
                return Ok(());
            };
            let file = index::absolute(root, &sealed.file);
            let pkcs12 = Pkcs12::from(backup::open(&file, passphrase)?);
            let password = backup::open(&index::absolute(root, &sealed.password_file), passphrase)?;
            let password: CertificatePassword = password
                .parse()
                .ok_or(BackupError::NotReadBack { path: file })?;
            self.examined_as_of(pkcs12, &password, entry)?
                .into_verified()?;
            Ok(())
        };
        Some(check())
    }
}

/// The bytes of a file whose hash is known.
fn whole(path: &Path, sha256: &str) -> Result<Pkcs12, Error> {
    let pkcs12 = Pkcs12::received(backup::read(path)?.to_vec());
    match hexadecimal(&pkcs12.sha256()) == sha256 {
        true => Ok(pkcs12),
        false => Err(BackupError::NotReadBack {
            path: path.to_owned(),
        }
        .into()),
    }
}
