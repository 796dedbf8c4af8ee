//! Back-ups on another medium: copies that are read back, an index without secrets, a list of hashes, a sheet.
//!
//! Everything lies in one folder of the medium, with a folder for each terminal below it. The `.p12` lies there as the
//! official procedure wants it, so that it opens on a bare replacement PC with its four digits; beside it, where that is
//! wished, the same file sealed by a passphrase and the four digits sealed by the same passphrase. Both are plain age.
//!
//! A copy counts once its bytes came back from the medium. Nothing is ever replaced but the index and the list, so an
//! older certificate stays beside the newer one.

pub mod index;
pub mod medium;
pub mod sheet;

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::envelope::{self, EnvelopeError};
use super::files::{self, DiskError, PathKind};
use super::{CustodyError, Plaintext, WorkFactor};
use crate::domain::{CertificatePassword, Pkcs12, hexadecimal};
use crate::platform;

/// Why a back-up cannot be written or read.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The folder or stick is not there. It is never made: a missing stick would become a folder of the system disk.
    #[error("{} is not there", path.display())]
    NoMedium {
        /// Where it would be.
        path: PathBuf,
    },
    /// The folder is the data folder or one below it.
    #[error("{} lies inside the data folder", path.display())]
    InsideData {
        /// The folder.
        path: PathBuf,
    },
    /// The index is not as it was written.
    #[error("the index {} is damaged", path.display())]
    IndexDamaged {
        /// The index.
        path: PathBuf,
    },
    /// A newer noticert wrote the index.
    #[error("the index {} has the form {found}", path.display())]
    IndexNewer {
        /// The index.
        path: PathBuf,
        /// Its form.
        found: String,
    },
    /// The medium gave other bytes back than it took.
    #[error("{} was not read back as written", path.display())]
    NotReadBack {
        /// The file.
        path: PathBuf,
    },
    /// A sealed copy does not open again.
    #[error("{} does not open", path.display())]
    NotOpened {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<EnvelopeError>,
    },
    /// Sealing failed.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// How copies are sealed.
#[derive(Debug)]
pub struct Sealing {
    /// The passphrase.
    pub passphrase: SecretString,
    /// How much work trying another one costs.
    pub work: WorkFactor,
}

/// A copy of a `.p12` in the folder `dir`, read back from the medium.
pub fn copy(dir: &Path, name: &str, pkcs12: &Pkcs12) -> Result<PathBuf, BackupError> {
    // The second clear copy that the official procedure asks for.
    write(dir, name, Plaintext::from(pkcs12).bytes())
}

/// A `.p12` and its password, each sealed into a file of its own beside the clear copy, read back and opened again.
///
/// `name` is the clear copy's.
pub fn seal(
    dir: &Path,
    name: &str,
    pkcs12: &Pkcs12,
    password: &CertificatePassword,
    sealing: &Sealing,
) -> Result<(PathBuf, PathBuf), BackupError> {
    let file = write_sealed(
        dir,
        &format!("{name}.age"),
        &Plaintext::from(pkcs12),
        sealing,
    )?;
    let recovery = write_sealed(
        dir,
        &format!("{name}{PASSWORD_SUFFIX}"),
        &Plaintext::from(password),
        sealing,
    )?;
    Ok((file, recovery))
}

/// What [`seal`] wrote into one file, opened.
pub fn open(path: &Path, passphrase: &SecretString) -> Result<Plaintext, BackupError> {
    let sealed = read(path)?;
    let opened =
        envelope::open(passphrase, &sealed, LARGEST).map_err(|source| BackupError::NotOpened {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
    Ok(Plaintext::new(opened.to_vec()))
}

/// The bytes of a file of a back-up, no more than any `.p12` has.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let failed = |error| DiskError::new(PathKind::Backup, path, error);
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST {
        return Err(BackupError::NotReadBack {
            path: path.to_owned(),
        });
    }
    Ok(Zeroizing::new(platform::read_back(path).map_err(failed)?))
}

/// The same of a file whose hash is known; a file with another one is not what was backed up.
pub fn read_whole(path: &Path, sha256: &str) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let bytes = read(path)?;
    match hash(&bytes) == sha256 {
        true => Ok(bytes),
        false => Err(BackupError::NotReadBack {
            path: path.to_owned(),
        }),
    }
}

/// The name of the file that holds the password beside the copy `name`.
pub fn recovery_name(name: &str) -> String {
    format!("{name}{PASSWORD_SUFFIX}")
}

fn write_sealed(
    dir: &Path,
    name: &str,
    secret: &Plaintext,
    sealing: &Sealing,
) -> Result<PathBuf, BackupError> {
    // What an earlier run sealed with the same passphrase is not sealed again under another name.
    let present = dir.join(name);
    if present.exists() && open(&present, &sealing.passphrase).is_ok_and(|opened| opened == *secret)
    {
        return Ok(present);
    }
    let sealed = envelope::seal(&sealing.passphrase, sealing.work, secret.bytes())?;
    let path = write(dir, name, &sealed)?;
    match open(&path, &sealing.passphrase)? == *secret {
        true => Ok(path),
        false => Err(BackupError::NotReadBack { path }),
    }
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, BackupError> {
    let of_backup = |error: DiskError| DiskError {
        kind: PathKind::Backup,
        ..error
    };
    files::create_dir(dir, PathKind::Backup)?;
    let path = files::write_new_owner_only_atomic(dir, name, bytes).map_err(of_backup)?;
    match read(&path)?.as_slice() == bytes {
        true => Ok(path),
        false => Err(BackupError::NotReadBack { path }),
    }
}

pub(crate) fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

const PASSWORD_SUFFIX: &str = ".password.age";
/// Far more than any `.p12` has.
const LARGEST: u64 = 64 * 1024 * 1024;
