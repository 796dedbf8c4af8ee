//! What happens to a certificate after it is installed, as it is written in the log: copies, returns, removals.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Retrieved;
use super::ids::SealedId;
use super::words::{FileHash, Remark, as_optional_text, as_text};
use crate::domain::{Fingerprint, InstitutionCode, TerminalName};

/// A copy of a certificate's file on another medium, read back from there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BackedUp {
    /// Names the medium, as its index does.
    pub medium: String,
    /// Where the medium was, for people.
    pub place: String,
    /// Hash of the file.
    #[serde(with = "as_text")]
    pub sha256: FileHash,
    /// The certificate.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Whether a copy sealed by a passphrase lies beside it.
    pub sealed: bool,
    /// Why a person wanted it on this medium all the same, though it is not the clinic's back-up there.
    #[serde(default)]
    pub aside: Option<Remark>,
}

/// Where else than on this PC the password of a file is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordPlace {
    /// A person typed it from the clinic's paper.
    Paper,
    /// A file sealed by a passphrase, written and read back.
    RecoveryFile,
}

/// A certificate that came here without its letter.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Restored {
    /// Where from.
    pub from: Origin,
    /// The institution, as the certificate names it.
    #[serde(with = "as_text")]
    pub institution_code: InstitutionCode,
    /// The terminal.
    #[serde(with = "as_optional_text", default)]
    pub terminal_name: Option<TerminalName>,
    /// The kept file.
    pub credential: Retrieved,
}

/// Where a certificate without a letter came from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A back-up.
    Backup,
    /// A certificate store, into which another program had put it.
    Store,
}

/// A certificate about to be taken out of a store: written and synced before.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Removing {
    /// The store, as the ledger knows it.
    pub store: String,
    /// The certificate.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Its name in the store, for people.
    pub name: String,
    /// The common name of its issuer.
    pub issuer: String,
    /// Last instant of its validity.
    pub not_after: Timestamp,
    /// The certificate with its key, as PKCS#12, sealed.
    pub undo: SealedId,
    /// The password of that file, sealed.
    pub password: SealedId,
}
