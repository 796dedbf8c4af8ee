//! Why a case cannot be written or taken.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::custody::{CustodyError, DiskError};

/// Why a case cannot be written or taken. A case that is not taken changes nothing.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is not a case", path.display())]
    NotACase {
        /// The file.
        path: PathBuf,
    },
    /// Another passphrase sealed it, or its first bytes are damaged.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// It was changed or cut off.
    #[error("the case {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What age says, where it is age that notices.
        #[source]
        source: Option<age::DecryptError>,
    },
    /// A newer noticert packed it.
    #[error("the case {} has form {found}, which is newer", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its form.
        found: String,
    },
    /// What lies on the disk after writing is not what was written.
    #[error("the case {} does not read back as written", path.display())]
    NotReadBack {
        /// The file.
        path: PathBuf,
    },
    /// The manifest cannot be put into words.
    #[error("the case cannot be written")]
    NotWritable {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Sealing failed.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}
