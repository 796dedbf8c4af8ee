//! An NSS database: the store of Chromium and Edge on Linux, and of Firefox profiles.
//!
//! `pk12util` imports the file as received, or, where that holds certificates of others, its own part of it;
//! everything else goes through softoken, NSS's own PKCS#11 module,
//! because it addresses a certificate by its bytes. The tools address it by its nickname, and NSS gives all
//! certificates of one subject the same one: the terminals of one clinic, or an old and a renewed
//! certificate, could not be told apart.
//!
//! Which database browsers use: `~/.pki/nssdb` where it exists, else `~/.local/share/pki/nssdb`
//! (Chromium 146 and later).

mod profiles;
mod softoken;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use self::profiles::{browsers_directories, has_database, is_of_browsers};
use self::softoken::{Access, StoredCertificate, Token};
use self::tools::Tools;
use super::chain::chain_among;
use super::challenge::{self, Form};
use super::{CertificateStore, Exported, InstallError, InstalledCertificate, KeyRules, Proof};
use crate::custody::{DiskError, PathKind};
use crate::domain::{
    CertificateFacts, Fingerprint, KeyMaterial, TerminalName, Text, VerifiedCredential,
};
use crate::platform;

/// One NSS database.
#[derive(Clone, Debug)]
pub struct NssStore {
    directory: PathBuf,
    is_of_browsers: bool,
    password_file: Option<PathBuf>,
    tools: Tools,
}

impl NssStore {
    /// The database that the browsers of `home`'s owner use; made by the first import where there is none.
    pub fn of_browsers(home: &Path) -> Self {
        let [legacy, current] = browsers_directories(home);
        let directory = match has_database(&legacy) {
            true => legacy,
            false => current,
        };
        Self::at(directory, true)
    }

    /// Every database that a browser of `home`'s owner uses: Chromium's, and those of Firefox profiles and of packaged
    /// browsers.
    pub fn found(home: &Path) -> Vec<Self> {
        profiles::databases(home)
            .into_iter()
            .map(|directory| Self::at(directory, true))
            .collect()
    }

    /// The database in `directory`, named by a person. It counts as the browsers' when it is one of theirs.
    pub fn named(directory: impl Into<PathBuf>, home: Option<&Path>) -> Self {
        let directory = directory.into();
        let is_of_browsers = home.is_some_and(|home| is_of_browsers(&directory, home));
        Self::at(directory, is_of_browsers)
    }

    /// The same database, unlocked by the first line of `password_file`.
    pub fn unlocked_by(self, password_file: impl Into<PathBuf>) -> Self {
        Self {
            password_file: Some(password_file.into()),
            ..self
        }
    }

    /// The same database, with NSS's programs taken from `folder` instead of the search path.
    pub fn with_tools_in(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            tools: Tools::in_folder(folder.into()),
            ..self
        }
    }

    /// Where the database lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn at(directory: PathBuf, is_of_browsers: bool) -> Self {
        Self {
            directory,
            is_of_browsers,
            password_file: None,
            tools: Tools::default(),
        }
    }

    fn create_where_missing(&self) -> Result<(), InstallError> {
        if has_database(&self.directory) {
            return Ok(());
        }
        platform::create_owner_only_dir(&self.directory).map_err(|error| self.disk(error))?;
        self.tools
            .create_database(&self.directory, self.password_file.as_deref())
    }

    fn open(&self, access: Access) -> Result<Token, InstallError> {
        let password = self.password()?;
        if access == Access::Read && has_journal(&self.directory) {
            // A program that was killed while it wrote left its journal: only one that may write takes it back, and
            // until then the database cannot be read at all.
            drop(Token::open(
                &self.directory,
                Access::Write,
                password.as_ref(),
            )?);
        }
        Token::open(&self.directory, access, password.as_ref())
    }

    /// The database, where there is one that could hold the certificate.
    fn open_existing(&self, fingerprint: Fingerprint) -> Result<Token, InstallError> {
        match has_database(&self.directory) {
            true => self.open(Access::Read),
            false => Err(InstallError::NotFound { fingerprint }),
        }
    }

    fn password(&self) -> Result<Option<SecretString>, InstallError> {
        let Some(path) = &self.password_file else {
            return Ok(None);
        };
        let text = fs::read_to_string(path).map_err(|error| InstallError::Disk {
            source: DiskError::new(PathKind::SavedFile, path, error),
        })?;
        let text = Zeroizing::new(text);
        let line = text.lines().next().unwrap_or_default();
        Ok(Some(SecretString::from(line)))
    }

    fn disk(&self, error: std::io::Error) -> InstallError {
        InstallError::Disk {
            source: DiskError::new(PathKind::SavedFile, &self.directory, error),
        }
    }
}

impl CertificateStore for NssStore {
    fn describe(&self) -> Text {
        let directory = self.directory.display();
        match self.is_of_browsers {
            true => Text::new(
                format!("ブラウザーの証明書データベース {directory}"),
                format!("the browsers' certificate database {directory}"),
            ),
            false => Text::new(
                format!("証明書データベース {directory}"),
                format!("the certificate database {directory}"),
            ),
        }
    }

    fn is_system(&self) -> bool {
        self.is_of_browsers
    }

    fn ready(&self) -> Result<(), InstallError> {
        self.tools.are_there()
    }

    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
        if !has_database(&self.directory) {
            return Ok(Vec::new());
        }
        let token = self.open(Access::Read)?;
        let mut installed = Vec::new();
        for certificate in token.certificates()? {
            let has_key = token.private_key(&certificate.id)?.is_some();
            // What is no X.509 certificate is none of ours, and is left alone.
            if let Ok(facts) = CertificateFacts::parse(&certificate.der, Some(certificate.label)) {
                installed.push(InstalledCertificate {
                    facts,
                    der: certificate.der,
                    has_key,
                });
            }
        }
        Ok(installed)
    }

    fn import(
        &mut self,
        credential: &VerifiedCredential,
        name: &TerminalName,
    ) -> Result<(), InstallError> {
        self.create_where_missing()?;
        // A locked or broken database is told apart here, before a program says less about it.
        drop(self.open(Access::Write)?);
        self.tools
            .import(&self.directory, credential, self.password_file.as_deref())?;
        let token = self.open(Access::Write)?;
        let fingerprint = credential.facts().fingerprint;
        rename(&token, &fingerprint, name)
    }

    fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError> {
        let not_found = InstallError::NotFound {
            fingerprint: *fingerprint,
        };
        if !has_database(&self.directory) {
            return Err(not_found);
        }
        let token = self.open(Access::Write)?;
        let (of_this, others): (Vec<_>, Vec<_>) = token
            .certificates()?
            .into_iter()
            .partition(|certificate| is(certificate, fingerprint));
        if of_this.is_empty() {
            return Err(not_found);
        }
        for certificate in of_this {
            let is_shared = others.iter().any(|other| other.id == certificate.id);
            if !is_shared {
                token.destroy_keys(&certificate.id)?;
            }
            token.destroy(&certificate)?;
        }
        Ok(())
    }

    fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
        let fingerprint = *fingerprint;
        if !has_database(&self.directory) {
            return Err(InstallError::NotFound { fingerprint });
        }
        let token = self.open(Access::Read)?;
        let certificates = token.certificates()?;
        let Some(certificate) = certificates.iter().find(|c| is(c, &fingerprint)) else {
            return Err(InstallError::NotFound { fingerprint });
        };
        let Some(key) = token.private_key(&certificate.id)? else {
            return Err(InstallError::NoKey { fingerprint });
        };
        let Some(scheme) = challenge::scheme(&certificate.der) else {
            return Ok(Proof::CannotProve(Text::new(
                "この種類の鍵では、署名による確認ができません。",
                "A key of this kind cannot be made to sign here.",
            )));
        };
        let challenge = challenge::fresh()?;
        let signature = token.sign(&key, scheme, &challenge)?;
        let der = &certificate.der;
        match challenge::is_signed(der, scheme, Form::Fixed, &challenge, &signature) {
            true => Ok(Proof::Signed),
            false => Err(InstallError::WrongKey { fingerprint }),
        }
    }

    /// Built from the certificate's own bytes: `pk12util -o` takes a nickname, which several may share.
    fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
        let fingerprint = *fingerprint;
        let token = self.open_existing(fingerprint)?;
        let (mut of_this, others): (Vec<_>, Vec<_>) = token
            .certificates()?
            .into_iter()
            .partition(|certificate| is(certificate, &fingerprint));
        let Some(certificate) = of_this.pop() else {
            return Err(InstallError::NotFound { fingerprint });
        };
        let Some(key) = token.private_key(&certificate.id)? else {
            return Err(InstallError::NoKey { fingerprint });
        };
        if !token.is_extractable(&key)? {
            return Err(InstallError::NotExportable { fingerprint });
        }
        let others: Vec<Vec<u8>> = others.into_iter().map(|other| other.der).collect();
        Ok(Exported {
            material: KeyMaterial {
                chain: chain_among(&certificate.der, &others),
                private_key: token.exported(&key)?,
                end_entity: certificate.der,
            },
            name: certificate.label,
        })
    }

    /// NSS marks trust by purpose, and none of its purposes is to show a certificate to a site: it cannot tell.
    fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
        let fingerprint = *fingerprint;
        let token = self.open_existing(fingerprint)?;
        let certificates = token.certificates()?;
        let Some(certificate) = certificates.iter().find(|c| is(c, &fingerprint)) else {
            return Err(InstallError::NotFound { fingerprint });
        };
        let Some(key) = token.private_key(&certificate.id)? else {
            return Err(InstallError::NoKey { fingerprint });
        };
        Ok(KeyRules {
            exportable: Some(token.is_extractable(&key)?),
            asks: Some(token.asks()),
            trusted: None,
        })
    }
}

/// Gives the certificate the terminal's name where NSS allows it; the name is for people, so another is no error.
fn rename(
    token: &Token,
    fingerprint: &Fingerprint,
    name: &TerminalName,
) -> Result<(), InstallError> {
    let certificates = token.certificates()?;
    let Some(certificate) = certificates.iter().find(|c| is(c, fingerprint)) else {
        return Ok(());
    };
    // NSS keeps one nickname for all certificates of a subject: the first one's stays.
    let shares_its_subject = certificates
        .iter()
        .any(|other| other.subject == certificate.subject && other.der != certificate.der);
    if shares_its_subject {
        return Ok(());
    }
    let is_taken = |label: &str| {
        certificates
            .iter()
            .any(|other| other.label == label && other.subject != certificate.subject)
    };
    let free = (1..=MOST_OF_ONE_NAME)
        .map(|number| match number {
            1 => name.to_string(),
            _ => format!("{name} ({number})"),
        })
        .find(|label| !is_taken(label));
    if let Some(label) = free.filter(|label| *label != certificate.label) {
        // Refused names leave the one from the file, by which a person finds it too.
        let _ = token.rename(certificate, &label);
    }
    Ok(())
}

/// Whether a program is writing the database, or was interrupted while it did.
fn has_journal(directory: &Path) -> bool {
    ["cert9.db-journal", "key4.db-journal"]
        .iter()
        .any(|name| directory.join(name).exists())
}

fn is(certificate: &StoredCertificate, fingerprint: &Fingerprint) -> bool {
    Fingerprint::of(&certificate.der) == *fingerprint
}

const MOST_OF_ONE_NAME: u32 = 99;
