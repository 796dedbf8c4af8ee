//! One writer per data folder: a lock that the operating system drops when its holder dies.
//!
//! Who holds it stands in a file of its own beside the lock, because Windows lets nobody read a locked file.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::custody::files;
use crate::custody::{DiskError, PathKind};
use crate::platform;

/// Who holds a ledger.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} since {}", self.pid, self.since)
    }
}

/// The right to write; given back when dropped.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
}

impl WriterLock {
    pub(super) fn take(dir: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        let path = dir.join(LOCK_NAME);
        let failed = |error| LedgerError::Disk(DiskError::new(PathKind::Ledger, &path, error));
        let file = platform::open_or_create_owner_only(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::InUse {
                    holder: holder(dir),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let holder = Holder {
            pid: std::process::id(),
            since: now,
        };
        let text = serde_json::to_vec(&holder).map_err(|error| failed(io::Error::other(error)))?;
        files::replace_owner_only_atomic(dir, HOLDER_NAME, &text, PathKind::Ledger)?;
        Ok(Self { _file: file })
    }
}

/// Who took the lock last; what cannot be read is nobody.
fn holder(dir: &Path) -> Option<Holder> {
    let text = std::fs::read(dir.join(HOLDER_NAME)).ok()?;
    serde_json::from_slice(&text).ok()
}

const LOCK_NAME: &str = "ledger.lock";
const HOLDER_NAME: &str = "ledger.holder";
