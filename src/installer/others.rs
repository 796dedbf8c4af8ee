//! What stands for an NSS database where there is none.

use std::path::{Path, PathBuf};

use super::{CertificateStore, Exported, InstallError, InstalledCertificate, KeyRules, Proof};
use crate::domain::{Fingerprint, TerminalName, Text, VerifiedCredential};

/// Refuses everything: this system has no NSS databases.
#[derive(Clone, Debug)]
pub struct NssStore {
    directory: PathBuf,
}

impl NssStore {
    /// The same call as where NSS exists.
    pub fn of_browsers(home: &Path) -> Self {
        Self {
            directory: home.to_owned(),
        }
    }

    /// The same call as where NSS exists.
    pub fn named(directory: impl Into<PathBuf>, _home: Option<&Path>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// There is none.
    pub fn found(_home: &Path) -> Vec<Self> {
        Vec::new()
    }

    /// The same call as where NSS exists.
    pub fn unlocked_by(self, _password_file: impl Into<PathBuf>) -> Self {
        self
    }

    /// The same call as where NSS exists.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl CertificateStore for NssStore {
    fn describe(&self) -> Text {
        Text::new("NSS データベース", "an NSS database")
    }

    fn is_system(&self) -> bool {
        true
    }

    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
        Err(UNSUPPORTED)
    }

    fn import(
        &mut self,
        _credential: &VerifiedCredential,
        _name: &TerminalName,
    ) -> Result<(), InstallError> {
        Err(UNSUPPORTED)
    }

    fn remove(&mut self, _fingerprint: &Fingerprint) -> Result<(), InstallError> {
        Err(UNSUPPORTED)
    }

    fn prove(&mut self, _fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
        Err(UNSUPPORTED)
    }

    fn export(&mut self, _fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
        Err(UNSUPPORTED)
    }

    fn key_rules(&mut self, _fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
        Err(UNSUPPORTED)
    }
}

const UNSUPPORTED: InstallError = InstallError::Unsupported {
    store: "NSS database",
};
