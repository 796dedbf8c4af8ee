//! The data key wrapped by the system for one account: `key.account`, beside `key.age` or instead of it.
//!
//! Whoever is logged on needs no passphrase then, and nobody else has any use for the file. Another account, another PC
//! or an account whose log-on secret was reset gets nothing, so a passphrase beside it is the way back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use super::files::{self, DiskError, PathKind};
use super::{CustodyError, DataKey, KEY_LENGTH};
use crate::platform;

/// What wraps keys for an account.
pub(super) trait AccountKeys {
    /// `Unsupported` where the system has no such service.
    fn wrap(&self, key: &[u8]) -> io::Result<Vec<u8>>;
    /// What [`Self::wrap`] wrapped.
    fn unwrap(&self, wrapped: &[u8]) -> io::Result<Zeroizing<Vec<u8>>>;
    /// Takes away what is kept elsewhere for it.
    fn forget(&self, _wrapped: &[u8]) {}
}

/// The system's own service: DPAPI on Windows, the desktop's key store elsewhere.
pub(super) struct SystemAccount;

impl AccountKeys for SystemAccount {
    fn wrap(&self, key: &[u8]) -> io::Result<Vec<u8>> {
        platform::wrap_key(key, PURPOSE)
    }

    fn unwrap(&self, wrapped: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        platform::unwrap_key(wrapped, PURPOSE)
    }

    fn forget(&self, wrapped: &[u8]) {
        platform::forget_key(wrapped);
    }
}

/// Where the wrapped key of `dir` is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// Wraps `key` and writes it.
pub(super) fn write(
    dir: &Path,
    key: &DataKey,
    account: &dyn AccountKeys,
) -> Result<(), CustodyError> {
    // The key goes to the system, which wraps it.
    let wrapped = account
        .wrap(key.expose_secret())
        .map_err(|source| no_account(dir, source))?;
    let earlier = fs::read(path(dir)).ok();
    let written = files::create_dir(dir, PathKind::DataFolder)
        .and_then(|()| files::replace_owner_only_atomic(dir, NAME, &wrapped, PathKind::KeyFile));
    // Of two wrappings one is of no use now: the one that the file does not hold.
    match (&written, &earlier) {
        (Ok(_), Some(earlier)) => account.forget(earlier),
        (Ok(_), None) => {}
        (Err(_), _) => account.forget(&wrapped),
    }
    written?;
    Ok(())
}

/// Reads and unwraps the key of `dir`; `None` where there is no such file.
pub(super) fn read(dir: &Path, account: &dyn AccountKeys) -> Result<Option<DataKey>, CustodyError> {
    let wrapped = match fs::read(path(dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| DiskError::new(PathKind::KeyFile, path(dir), error))?,
    };
    let key = account
        .unwrap(&wrapped)
        .map_err(|source| no_account(dir, source))?;
    <[u8; KEY_LENGTH]>::try_from(key.as_slice())
        .map(|key| Some(SecretBox::new(Box::new(key))))
        .map_err(|_| CustodyError::KeyDamaged {
            path: path(dir),
            source: None,
        })
}

/// Takes the wrapped key away.
pub(super) fn remove(dir: &Path, account: &dyn AccountKeys) -> Result<(), CustodyError> {
    let wrapped = fs::read(path(dir));
    match files::wipe(&path(dir)) {
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => {
            outcome?;
            if let Ok(wrapped) = wrapped {
                account.forget(&wrapped);
            }
            Ok(())
        }
    }
}

fn no_account(dir: &Path, source: io::Error) -> CustodyError {
    match source.kind() {
        io::ErrorKind::Unsupported => CustodyError::NoAccountKeys,
        _ => CustodyError::AccountRefused {
            path: path(dir),
            source,
        },
    }
}

const NAME: &str = "key.account";
const PURPOSE: &[u8] = b"noticert data key 1";
