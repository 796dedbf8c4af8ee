//! Into and out of certificate stores.
//!
//! [`install`] is the one way in: look by fingerprint, import, look again, let the stored key sign a fresh
//! challenge. An import that does not stand all of this is undone, and running it twice changes nothing.
//!
//! A store that browsers use refuses practice certificates (design rule 10).

#[cfg(any(windows, target_os = "macos"))]
mod answer;
mod chain;
mod challenge;
mod folder;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(unix)]
mod nss;
#[cfg(not(unix))]
mod others;
#[cfg(windows)]
mod windows;

pub use folder::FolderStore;
#[cfg(target_os = "macos")]
pub use macos::KeychainStore;
#[cfg(unix)]
pub use nss::NssStore;
#[cfg(not(unix))]
pub use others::NssStore;
#[cfg(windows)]
pub use windows::WindowsStore;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::custody::DiskError;
use crate::domain::{
    CertificateFacts, CertificatePassword, Fingerprint, KeyMaterial, Pkcs12, Pkcs12Form,
    TerminalName, Text, VerifiedCredential,
};

/// How Windows is told to keep an imported key; other systems have no such choice. Strong protection is never asked
/// for, an existing key never overwritten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportOptions {
    /// The official procedure's: exportable, with all extended properties, for the current user (fact 27).
    Official,
    /// The same without the extended properties, which Wine 8 cannot import.
    WithoutExtendedProperties,
}

/// A place that keeps certificates with their keys.
pub trait CertificateStore {
    /// Which store this is, for people.
    fn describe(&self) -> Text;

    /// Whether browsers or the operating system use it, so that nothing practised may enter.
    fn is_system(&self) -> bool;

    /// Every certificate in it, with and without a key. A store that does not exist yet is empty.
    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError>;

    /// Whether what an import needs beside the store is there. Changes nothing.
    fn ready(&self) -> Result<(), InstallError> {
        Ok(())
    }

    /// Puts the credential in, named for its terminal. Only [`install`] calls this.
    fn import(
        &mut self,
        credential: &VerifiedCredential,
        name: &TerminalName,
    ) -> Result<(), InstallError>;

    /// Takes a certificate out, and its key unless another certificate uses it.
    fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError>;

    /// Lets the key that is stored for a certificate sign a fresh challenge.
    fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError>;

    /// What a person should hear before [`install`], because the system will ask or the file will be re-written.
    fn forewarn(&mut self, _credential: &VerifiedCredential) -> Result<Vec<Text>, InstallError> {
        Ok(Vec::new())
    }

    /// Takes back what the last import of this value put in beside the certificate: those above it, and the trust in
    /// its root. What was there before stays.
    fn take_back(&mut self) -> Result<(), InstallError> {
        Ok(())
    }

    /// Puts beside a certificate that is there already what an interrupted import left out. The certificate and its
    /// key stay whatever becomes of it.
    fn complete(&mut self, _credential: &VerifiedCredential) -> Result<(), InstallError> {
        Ok(())
    }

    /// The certificate with its key and chain, to be written as a file by whoever knows PKCS#12.
    fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError>;

    /// How the store keeps the key of a certificate.
    fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError>;
}

/// Writes PKCS#12 files. [`crate::credential`] knows how; the workflow brings it to the stores that need it.
pub trait Pkcs12Writer {
    /// Key, certificate and chain as a file, with `name` for people.
    fn write(
        &self,
        material: &KeyMaterial,
        name: &str,
        password: &CertificatePassword,
        form: Pkcs12Form,
    ) -> Result<Pkcs12, WriteError>;

    /// The form of a file; `None` for one that few stores can read.
    fn form_of(&self, pkcs12: &Pkcs12) -> Option<Pkcs12Form>;

    /// Key, certificate and chain of a file that a store itself wrote.
    fn read(
        &self,
        pkcs12: &Pkcs12,
        password: &CertificatePassword,
    ) -> Result<KeyMaterial, WriteError>;
}

/// Why a PKCS#12 file cannot be written or read; whoever fills [`Pkcs12Writer`] knows more.
pub type WriteError = Box<dyn std::error::Error + Send + Sync>;

/// What a store gave out.
#[derive(Debug)]
pub struct Exported {
    /// Certificate, key and chain.
    pub material: KeyMaterial,
    /// The store's name for it; empty where it has none.
    pub name: String,
}

/// One certificate in a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InstalledCertificate {
    /// What it says; `friendly_name` is the store's name for it.
    pub facts: CertificateFacts,
    /// Its DER.
    pub der: Vec<u8>,
    /// Whether the store holds its key.
    pub has_key: bool,
}

/// How a store keeps a key; `None` where it cannot tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyRules {
    /// Whether the key can be taken out again, for a back-up.
    pub exportable: Option<bool>,
    /// Whether each use asks for a password.
    pub asks: Option<bool>,
    /// Whether the chain ends in a root that this store trusts.
    pub trusted: Option<bool>,
}

/// What a store could show about a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proof {
    /// The stored key signed a challenge and the certificate verified it.
    Signed,
    /// The store has the key and no means to let it sign.
    CannotProve(Text),
}

/// A credential that is in a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installed {
    /// Its certificate.
    pub fingerprint: Fingerprint,
    /// It was there before, so nothing was changed.
    pub already: bool,
    /// What the store could show about its key.
    pub proof: Proof,
}

/// Why a certificate is not in a store, or not out of it.
#[derive(Debug, Error)]
pub enum InstallError {
    /// A practice certificate does not enter a store that browsers use.
    #[error("a practice certificate does not go into a store that browsers use")]
    PracticeCertificate,
    /// A program that the store needs is not installed.
    #[error("{tool} is missing; the package {package} brings it")]
    ToolMissing {
        /// The program or library.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A program of the store failed.
    #[error("{tool} failed: {said}")]
    ToolFailed {
        /// The program.
        tool: &'static str,
        /// Its exit status, where it ended by itself.
        status: Option<i32>,
        /// The end of what it said.
        said: String,
    },
    /// The store's own module refused an operation.
    #[error("the store refused to {operation}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// Its own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store is locked with a password of its own.
    #[error("the store {} is locked with its own password", path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The store's own password is wrong.
    #[error("the password of the store {} is wrong", path.display())]
    WrongStorePassword {
        /// The store.
        path: PathBuf,
    },
    /// The disk refused.
    #[error("the store's files cannot be used")]
    Disk {
        /// Why.
        #[source]
        source: DiskError,
    },
    /// The store has no such certificate.
    #[error("the store has no certificate {fingerprint}")]
    NotFound {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// The store has the certificate without its key.
    #[error("the store has no key for certificate {fingerprint}")]
    NoKey {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// The import reported success, but the certificate or its key is not there.
    #[error("the import left no certificate {fingerprint} with its key")]
    NotThereAfterImport {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// The stored key made a signature that its certificate does not verify.
    #[error("the key stored for certificate {fingerprint} does not belong to it")]
    WrongKey {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// The store does not let the key out.
    #[error("the store does not let the key of certificate {fingerprint} out")]
    NotExportable {
        /// Which.
        fingerprint: Fingerprint,
    },
    /// No random numbers for a challenge.
    #[error("no random numbers from the operating system")]
    Random {
        /// Why.
        #[source]
        source: getrandom::Error,
    },
    /// An import failed and what it left could not be taken out again.
    #[error("the import failed and its remains could not be removed")]
    NotUndone {
        /// Why the import failed.
        #[source]
        first: Box<InstallError>,
        /// Why its remains stayed.
        then: Box<InstallError>,
    },
    /// The person answered No to the question whether to trust the authority, or nobody could be asked.
    #[error("the root certificate was not accepted")]
    RootNotAccepted,
    /// The certificate was there before with its key and stays, and what an interrupted import had left out could not
    /// be put beside it.
    #[error("the certificates above the installed one could not be put in")]
    NotCompleted {
        /// Why.
        #[source]
        first: Box<InstallError>,
    },
    /// Each use of the key asks for a password.
    #[error("the key of certificate {fingerprint} asks for a password at each use")]
    KeyAsks {
        /// Which certificate.
        fingerprint: Fingerprint,
    },
    /// The certificate with its key could not be written as PKCS#12.
    #[error("the certificate cannot be written as PKCS#12")]
    NotWritten {
        /// Why.
        #[source]
        source: WriteError,
    },
    /// This system has no such store.
    #[error("this system has no {store}")]
    Unsupported {
        /// Which store.
        store: &'static str,
    },
}

/// Puts `credential` into `store` under `name`, or finds it there.
pub fn install(
    store: &mut dyn CertificateStore,
    credential: &VerifiedCredential,
    name: &TerminalName,
) -> Result<Installed, InstallError> {
    check_practice(store, credential)?;
    let fingerprint = credential.facts().fingerprint;
    let before = store.list()?;
    if has_with_key(&before, &fingerprint) {
        store
            .complete(credential)
            .map_err(|first| InstallError::NotCompleted {
                first: Box::new(first),
            })?;
        return Ok(Installed {
            fingerprint,
            already: true,
            proof: store.prove(&fingerprint)?,
        });
    }
    match import_and_prove(store, credential, name) {
        Ok(proof) => Ok(Installed {
            fingerprint,
            already: false,
            proof,
        }),
        Err(first) => Err(undo(store, &before, first)),
    }
}

/// Nothing practised enters a store that browsers use (design rule 10).
pub fn check_practice(
    store: &dyn CertificateStore,
    credential: &VerifiedCredential,
) -> Result<(), InstallError> {
    match store.is_system() && credential.facts().is_practice() {
        true => Err(InstallError::PracticeCertificate),
        false => Ok(()),
    }
}

/// The store that browsers use for the present account; `home` is its folder.
#[cfg(not(any(windows, target_os = "macos")))]
pub fn system_store(
    home: &Path,
    _options: ImportOptions,
    _writer: Box<dyn Pkcs12Writer>,
) -> Box<dyn CertificateStore> {
    Box::new(NssStore::of_browsers(home))
}

/// The store that browsers use for the present account; `home` is its folder.
#[cfg(windows)]
pub fn system_store(
    _home: &Path,
    options: ImportOptions,
    writer: Box<dyn Pkcs12Writer>,
) -> Box<dyn CertificateStore> {
    Box::new(WindowsStore::of_current_user(options, writer))
}

/// The store that browsers use for the present account; `home` is its folder.
#[cfg(target_os = "macos")]
pub fn system_store(
    _home: &Path,
    _options: ImportOptions,
    writer: Box<dyn Pkcs12Writer>,
) -> Box<dyn CertificateStore> {
    Box::new(KeychainStore::of_login(writer))
}

/// Whether this account trusts `root`, as far as the system can be asked: `None` where it has no store of roots for
/// client certificates, as with NSS.
#[cfg(not(any(windows, target_os = "macos")))]
pub fn trusts_root(_root: &[u8]) -> Result<Option<bool>, InstallError> {
    Ok(None)
}

/// Whether this account trusts `root`.
#[cfg(windows)]
pub fn trusts_root(root: &[u8]) -> Result<Option<bool>, InstallError> {
    windows::is_trusted_root(root).map(Some)
}

/// Whether this account trusts `root`.
#[cfg(target_os = "macos")]
pub fn trusts_root(root: &[u8]) -> Result<Option<bool>, InstallError> {
    macos::is_trusted_root(root).map(Some)
}

/// Whether [`system_store`] is one of the NSS databases that [`NssStore::found`] finds.
pub const SYSTEM_STORE_IS_NSS: bool = cfg!(not(any(windows, target_os = "macos")));

/// The name under which the ledger knows [`system_store`].
#[cfg(target_os = "macos")]
pub fn system_store_id(_home: &Path) -> String {
    "macos:login-keychain".to_owned()
}

/// The name under which the ledger knows [`system_store`].
#[cfg(not(any(windows, target_os = "macos")))]
pub fn system_store_id(home: &Path) -> String {
    format!("nss:{}", NssStore::of_browsers(home).directory().display())
}

/// The name under which the ledger knows [`system_store`].
#[cfg(windows)]
pub fn system_store_id(_home: &Path) -> String {
    r"windows:CurrentUser\MY".to_owned()
}

fn import_and_prove(
    store: &mut dyn CertificateStore,
    credential: &VerifiedCredential,
    name: &TerminalName,
) -> Result<Proof, InstallError> {
    let fingerprint = credential.facts().fingerprint;
    store.import(credential, name)?;
    match has_with_key(&store.list()?, &fingerprint) {
        true => store.prove(&fingerprint),
        false => Err(InstallError::NotThereAfterImport { fingerprint }),
    }
}

/// Takes out whatever was not there before; what is returned is the error that made it necessary.
fn undo(
    store: &mut dyn CertificateStore,
    before: &[InstalledCertificate],
    first: InstallError,
) -> InstallError {
    let removed = store.list().and_then(|after| {
        after
            .iter()
            .map(|certificate| certificate.facts.fingerprint)
            .filter(|fingerprint| !has(before, fingerprint))
            .try_for_each(|fingerprint| store.remove(&fingerprint))
    });
    // Both are tried: what one could not take out is no reason to leave the other's.
    let taken_back = store.take_back();
    match removed.and(taken_back) {
        Ok(()) => first,
        Err(then) => InstallError::NotUndone {
            first: Box::new(first),
            then: Box::new(then),
        },
    }
}

fn has(certificates: &[InstalledCertificate], fingerprint: &Fingerprint) -> bool {
    certificates
        .iter()
        .any(|certificate| certificate.facts.fingerprint == *fingerprint)
}

fn has_with_key(certificates: &[InstalledCertificate], fingerprint: &Fingerprint) -> bool {
    certificates
        .iter()
        .any(|certificate| certificate.has_key && certificate.facts.fingerprint == *fingerprint)
}

impl From<DiskError> for InstallError {
    fn from(source: DiskError) -> Self {
        Self::Disk { source }
    }
}
