//! A store that is a folder: one sub-folder of PEM files for each certificate.
//!
//! For programs that read a certificate and its key from files (domain fact 49). The key lies there in
//! clear, for its owner alone; [`FolderStore::describe`] says so.
//!
//! A certificate's files appear together: they are written into a hidden folder that is then renamed.
//! What an interrupted import left is wiped by the next one.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ::rsa::pkcs8::der::pem::{LineEnding, encode_string};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, RSA_PKCS1_SHA256,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use super::chain::chain_among;
use super::challenge::{self, Form, Scheme};
use super::{CertificateStore, Exported, InstallError, InstalledCertificate, KeyRules, Proof};
use crate::custody::files::wipe;
use crate::custody::names::safe_file_name;
use crate::custody::{DiskError, PathKind};
use crate::domain::{
    CertificateFacts, Fingerprint, KeyMaterial, TerminalName, Text, VerifiedCredential,
};
use crate::platform;

/// A folder of certificates.
#[derive(Clone, Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// The store in `root`, which is made by the first import.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folders that hold `fingerprint`.
    fn entries_of(&self, fingerprint: &Fingerprint) -> Result<Vec<Entry>, InstallError> {
        let mut entries = self.entries()?;
        entries.retain(|entry| entry.facts.fingerprint == *fingerprint);
        match entries.is_empty() {
            true => Err(InstallError::NotFound {
                fingerprint: *fingerprint,
            }),
            false => Ok(entries),
        }
    }

    fn entry_with_key(&self, fingerprint: &Fingerprint) -> Result<Entry, InstallError> {
        self.entries_of(fingerprint)?
            .into_iter()
            .find(Entry::has_key)
            .ok_or(InstallError::NoKey {
                fingerprint: *fingerprint,
            })
    }

    /// Every sub-folder with a readable certificate, in order of names.
    fn entries(&self) -> Result<Vec<Entry>, InstallError> {
        let mut folders = self.folders(|name| !is_partial(name))?;
        folders.sort();
        Ok(folders.into_iter().filter_map(Entry::read).collect())
    }

    fn folders(&self, wanted: impl Fn(&OsStr) -> bool) -> Result<Vec<PathBuf>, InstallError> {
        let failed = |error| disk(&self.root, error);
        let listing = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.map_err(failed)?,
        };
        let mut folders = Vec::new();
        for entry in listing {
            let entry = entry.map_err(failed)?;
            // A link is not followed: what it points to is not this store's.
            if entry.file_type().map_err(failed)?.is_dir() && wanted(&entry.file_name()) {
                folders.push(entry.path());
            }
        }
        Ok(folders)
    }

    /// Another import into the same folder at the same moment would fail and could be repeated.
    fn wipe_partial(&self) -> Result<(), InstallError> {
        for folder in self.folders(is_partial)? {
            wipe_folder(&folder)?;
        }
        Ok(())
    }

    fn publish(&self, partial: &Path, name: &str) -> Result<(), InstallError> {
        for number in 1..=MOST_OF_ONE_NAME {
            let folder = self.root.join(match number {
                1 => name.to_owned(),
                _ => format!("{name} ({number})"),
            });
            match platform::rename_without_replacing(partial, &folder) {
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(disk(&folder, error)),
                Ok(()) => {
                    return platform::sync_dir(&self.root).map_err(|error| disk(&self.root, error));
                }
            }
        }
        let taken = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(disk(&self.root.join(name), taken))
    }
}

impl CertificateStore for FolderStore {
    fn describe(&self) -> Text {
        let root = self.root.display();
        Text::new(
            format!("フォルダー {root}(鍵は暗号化されていません)"),
            format!("the folder {root} (its keys are not encrypted)"),
        )
    }

    fn is_system(&self) -> bool {
        false
    }

    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
        let installed = self.entries()?.into_iter().map(|entry| {
            let has_key = entry.has_key();
            InstalledCertificate {
                facts: entry.facts,
                der: entry.der,
                has_key,
            }
        });
        Ok(installed.collect())
    }

    fn import(
        &mut self,
        credential: &VerifiedCredential,
        name: &TerminalName,
    ) -> Result<(), InstallError> {
        platform::create_owner_only_dir(&self.root).map_err(|error| disk(&self.root, error))?;
        self.wipe_partial()?;
        let fingerprint = credential.facts().fingerprint.to_string();
        let folder = format!("{}-{}", safe_file_name(name.as_str()), &fingerprint[..16]);
        let partial = self.root.join(format!("{PARTIAL}{}", &fingerprint[..16]));
        let written = write_files(&partial, credential.material(), name)
            .and_then(|()| self.publish(&partial, &folder));
        if written.is_err() {
            // The first error is the one to tell; the next import wipes what this could not.
            let _ = wipe_folder(&partial);
        }
        written
    }

    fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError> {
        for entry in self.entries_of(fingerprint)? {
            wipe_folder(&entry.folder)?;
        }
        Ok(())
    }

    fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
        let entry = self.entry_with_key(fingerprint)?;
        let Some(scheme) = challenge::scheme(&entry.der).filter(can_sign) else {
            return Ok(Proof::CannotProve(Text::new(
                "この種類の鍵では、署名による確認ができません。",
                "A key of this kind cannot be made to sign here.",
            )));
        };
        let challenge = challenge::fresh()?;
        let signature = sign(&entry.folder.join(KEY), scheme, &challenge)?;
        let is_signed = signature.is_some_and(|signature| {
            challenge::is_signed(&entry.der, scheme, Form::Asn1, &challenge, &signature)
        });
        match is_signed {
            true => Ok(Proof::Signed),
            false => Err(InstallError::WrongKey {
                fingerprint: *fingerprint,
            }),
        }
    }

    fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
        let entry = self.entry_with_key(fingerprint)?;
        let path = entry.folder.join(KEY);
        let pem = Zeroizing::new(fs::read(&path).map_err(|error| disk(&path, error))?);
        let Ok(key) = PrivatePkcs8KeyDer::from_pem_slice(&pem) else {
            return Err(InstallError::WrongKey {
                fingerprint: *fingerprint,
            });
        };
        let key = SecretBox::new(Box::new(key.secret_pkcs8_der().to_vec()));
        // A chain that somebody took away or edited is left out: the key is what has to be saved.
        let chain: Vec<Vec<u8>> = CertificateDer::pem_file_iter(entry.folder.join(CHAIN))
            .map(|all| all.flatten().map(|der| der.to_vec()).collect())
            .unwrap_or_default();
        Ok(Exported {
            material: KeyMaterial {
                chain: chain_among(&entry.der, &chain),
                end_entity: entry.der,
                private_key: key,
            },
            name: entry.facts.friendly_name.unwrap_or_default(),
        })
    }

    /// Files can always be copied and ask for nothing; a folder trusts no root.
    fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
        self.entry_with_key(fingerprint)?;
        Ok(KeyRules {
            exportable: Some(true),
            asks: Some(false),
            trusted: None,
        })
    }
}

/// One certificate's folder.
struct Entry {
    folder: PathBuf,
    der: Vec<u8>,
    facts: CertificateFacts,
}

impl Entry {
    fn has_key(&self) -> bool {
        self.folder.join(KEY).is_file()
    }

    /// `None` for a folder that holds something else.
    fn read(folder: PathBuf) -> Option<Self> {
        let der = CertificateDer::from_pem_file(folder.join(CERTIFICATE)).ok()?;
        let name = fs::read_to_string(folder.join(NAME)).ok();
        let name = name.map(|name| name.trim_end().to_owned());
        let facts = CertificateFacts::parse(&der, name).ok()?;
        Some(Self {
            folder,
            der: der.to_vec(),
            facts,
        })
    }
}

fn write_files(
    partial: &Path,
    material: &KeyMaterial,
    name: &TerminalName,
) -> Result<(), InstallError> {
    platform::create_owner_only_dir(partial).map_err(|error| disk(partial, error))?;
    let chain: String = material
        .chain
        .iter()
        .map(|der| certificate_pem(der))
        .collect();
    write(
        partial,
        CERTIFICATE,
        certificate_pem(&material.end_entity).as_bytes(),
    )?;
    write(partial, CHAIN, chain.as_bytes())?;
    write(partial, NAME, format!("{name}\n").as_bytes())?;
    // This store is for programs that read the key from a file.
    let key = Zeroizing::new(pem("PRIVATE KEY", material.private_key.expose_secret()));
    write(partial, KEY, key.as_bytes())?;
    platform::sync_dir(partial).map_err(|error| disk(partial, error))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), InstallError> {
    let path = folder.join(name);
    let written = platform::create_owner_only(&path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| disk(&path, error))
}

fn certificate_pem(der: &[u8]) -> String {
    pem("CERTIFICATE", der)
}

fn pem(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der)
        .expect("a label of capital letters and any bytes in memory can be written as PEM")
}

/// Whether `ring` makes signatures of this kind.
fn can_sign(scheme: &Scheme) -> bool {
    match scheme {
        Scheme::Rsa { bits } => (2048..=4096).contains(bits),
        Scheme::P256 | Scheme::P384 => true,
    }
}

/// `None` where the file holds another kind of key than the certificate's.
fn sign(path: &Path, scheme: Scheme, challenge: &[u8]) -> Result<Option<Vec<u8>>, InstallError> {
    let pem = Zeroizing::new(fs::read(path).map_err(|error| disk(path, error))?);
    let Ok(key) = PrivatePkcs8KeyDer::from_pem_slice(&pem) else {
        return Ok(None);
    };
    let key = key.secret_pkcs8_der();
    Ok(match scheme {
        Scheme::Rsa { .. } => sign_rsa(key, challenge),
        Scheme::P256 => sign_ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, key, challenge),
        Scheme::P384 => sign_ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING, key, challenge),
    })
}

fn sign_rsa(pkcs8: &[u8], challenge: &[u8]) -> Option<Vec<u8>> {
    let key = rsa::KeyPair::from_pkcs8(pkcs8).ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        challenge,
        &mut signature,
    )
    .ok()?;
    Some(signature)
}

fn sign_ecdsa(
    algorithm: &'static EcdsaSigningAlgorithm,
    pkcs8: &[u8],
    challenge: &[u8],
) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &random).ok()?;
    let signature = key.sign(&random, challenge).ok()?;
    Some(signature.as_ref().to_vec())
}

/// Wipes the files of a folder that this store made, then the folder.
///
/// The key goes first, and at once: an interruption leaves a certificate with its whole key or without one, never
/// with half of one, and never a key without its certificate.
fn wipe_folder(folder: &Path) -> Result<(), InstallError> {
    let leaving = folder.join(KEY_LEAVING);
    wipe_if_there(&leaving)?;
    if let Some(()) = if_there(fs::rename(folder.join(KEY), &leaving), folder)? {
        platform::sync_dir(folder).map_err(|error| disk(folder, error))?;
        wipe_if_there(&leaving)?;
    }
    for name in [NAME, CHAIN, CERTIFICATE] {
        let path = folder.join(name);
        if_there(fs::remove_file(&path), &path)?;
    }
    let removed = match fs::remove_dir(folder) {
        // Somebody's own files beside ours stay, and their folder with them.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        outcome => outcome,
    };
    if_there(removed, folder)?;
    Ok(())
}

fn wipe_if_there(path: &Path) -> Result<(), InstallError> {
    match wipe(path) {
        Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => {
            outcome?;
            Ok(())
        }
    }
}

/// `None` where there is nothing to do it to.
fn if_there<T>(outcome: io::Result<T>, path: &Path) -> Result<Option<T>, InstallError> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some).map_err(|error| disk(path, error)),
    }
}

fn is_partial(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PARTIAL))
}

/// A folder with files is in the way under either name, depending on the system.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty
    )
}

fn disk(path: &Path, error: io::Error) -> InstallError {
    InstallError::Disk {
        source: DiskError::new(PathKind::SavedFile, path, error),
    }
}

const CERTIFICATE: &str = "certificate.pem";
const CHAIN: &str = "chain.pem";
const KEY: &str = "key.pem";
/// A key that is being wiped.
const KEY_LEAVING: &str = ".leaving-key.pem";
const NAME: &str = "name.txt";
const PARTIAL: &str = ".partial-";
const MOST_OF_ONE_NAME: u32 = 99;
