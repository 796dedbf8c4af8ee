//! The login keychain on macOS: what Safari, Chrome and Edge use there.
//!
//! Apple's reader takes the older form of PKCS#12 only and calls the password of a newer file wrong
//! (security-framework issue 216), so the file is written anew in memory, in that form and named for its terminal;
//! the retrieved file stays as it is. A file that leaves the keychain goes the same way back.
//!
//! The keychain of files is used although Apple calls its functions deprecated: the newer one is open only to
//! programs with an entitlement from Apple (TN3137), and browsers find client certificates in this one.
//!
//! This file is type-checked for macOS and was never run there.
//!
//! Sources: <https://developer.apple.com/documentation/technotes/tn3137-on-mac-keychains>,
//! <https://developer.apple.com/documentation/security/secitemimport>.

#![expect(
    unsafe_code,
    reason = "security-framework has no call for an export, the attributes of a key and the end of trust"
)]

mod issuers;
mod keychain;

use security_framework::base::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

pub(super) use self::issuers::is_trusted_root;

use self::issuers::{Issuers, roots_to_trust};
use self::keychain::{Identity, Item, Keychain, asks, is_trusted, silence};
use super::answer::Answer;
use super::chain::chain_among;
use super::challenge::{self, Form};
use super::{
    CertificateStore, Exported, InstallError, InstalledCertificate, KeyRules, Pkcs12Writer, Proof,
};
use crate::domain::{
    CertificateFacts, CertificatePassword, Fingerprint, KeyMaterial, Pkcs12Form, TerminalName,
    Text, VerifiedCredential,
};
use crate::platform;

/// The login keychain of the account that runs this program.
pub struct KeychainStore {
    writer: Box<dyn Pkcs12Writer>,
    /// What the last import put in above its certificate.
    issuers: Issuers,
}

impl KeychainStore {
    /// The keychain of the present account. `writer` makes the files that Apple reads, and reads the ones that it
    /// makes.
    pub fn of_login(writer: Box<dyn Pkcs12Writer>) -> Self {
        Self {
            writer,
            issuers: Issuers::default(),
        }
    }

    /// What an import puts in first: the key and the certificate, with what the system takes of the chain.
    fn import_file(
        &self,
        login: &Keychain,
        credential: &VerifiedCredential,
        name: &TerminalName,
    ) -> Result<(), InstallError> {
        let (material, password) = (credential.material(), credential.password());
        let file = self
            .writer
            .write(material, name.as_str(), password, Pkcs12Form::Legacy)
            .map_err(|source| InstallError::NotWritten { source })?;
        login
            .import(&file, password)
            .map_err(refused("import the file"))?;
        let fingerprint = credential.facts().fingerprint;
        let item = find(&certificates(login)?, &fingerprint)
            .map_err(|_| InstallError::NotThereAfterImport { fingerprint })?;
        prove(login, &item)?.unless_anothers(fingerprint)
    }
}

impl CertificateStore for KeychainStore {
    fn describe(&self) -> Text {
        let account = platform::account_name();
        Text::new(
            format!("macOS のログインキーチェーン（アカウント {account}）"),
            format!("the login keychain of macOS (account {account})"),
        )
    }

    fn is_system(&self) -> bool {
        true
    }

    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
        let login = login()?;
        let mut installed = Vec::new();
        for item in certificates(&login)? {
            let identity = identity(&login, &item)?;
            let name = identity.as_ref().and_then(Identity::label);
            // What is no X.509 certificate is none of ours, and is left alone.
            if let Ok(facts) = CertificateFacts::parse(&item.der, name) {
                installed.push(InstalledCertificate {
                    facts,
                    der: item.der,
                    has_key: identity.is_some(),
                });
            }
        }
        Ok(installed)
    }

    fn forewarn(&mut self, credential: &VerifiedCredential) -> Result<Vec<Text>, InstallError> {
        let mut words = Vec::new();
        for root in roots_to_trust(&credential.material().chain)? {
            let name = CertificateFacts::parse(root, None)
                .ok()
                .and_then(|facts| facts.subject_common_name)
                .unwrap_or_default();
            words.push(Text::new(
                format!(
                    "これから「証明書信頼設定」を変更する画面が出ます（認証局「{name}」を信頼するかどうか）。この Mac のパスワードを入力して許可してください。キャンセルすると、インストールは取り消されます。"
                ),
                format!(
                    "macOS will now ask to change the certificate trust settings (whether to trust the authority '{name}'). Allow it with the password of this Mac; Cancel takes the installation back."
                ),
            ));
        }
        words.push(Text::new(
            "ブラウザーが初めてこの電子証明書を使うとき、キーチェーンのパスワード（この Mac のパスワード）を求められます。「常に許可」を押してください。",
            "When a browser uses the certificate for the first time, macOS asks for the keychain's password (that of this Mac): answer Always Allow.",
        ));
        Ok(words)
    }

    fn import(
        &mut self,
        credential: &VerifiedCredential,
        name: &TerminalName,
    ) -> Result<(), InstallError> {
        let login = login()?;
        // The key is tried before anything is trusted, and the root, about which macOS asks the person, comes last.
        // What a failure leaves behind is taken out by the caller, who knows what was there before.
        self.issuers = Issuers::default();
        self.import_file(&login, credential, name)?;
        self.issuers.place(&login, &credential.material().chain)
    }

    fn take_back(&mut self) -> Result<(), InstallError> {
        std::mem::take(&mut self.issuers).take_back(&login()?)
    }

    fn complete(&mut self, credential: &VerifiedCredential) -> Result<(), InstallError> {
        let login = login()?;
        let mut issuers = Issuers::default();
        issuers
            .place(&login, &credential.material().chain)
            .map_err(|first| match issuers.take_back(&login) {
                Ok(()) => first,
                Err(then) => InstallError::NotUndone {
                    first: Box::new(first),
                    then: Box::new(then),
                },
            })
    }

    fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError> {
        let login = login()?;
        let all = certificates(&login)?;
        let item = find(&all, fingerprint)?;
        let is_shared = all
            .iter()
            .any(|other| other.fingerprint != *fingerprint && has_same_key(&other.der, &item.der));
        // The key goes first: an interruption leaves a certificate without a key, which is seen and can be removed,
        // and not a key without a certificate, which nobody ever finds.
        if let Some(identity) = identity(&login, &item)?
            && !is_shared
        {
            identity.delete_key().map_err(refused("delete the key"))?;
        }
        item.delete().map_err(refused("delete the certificate"))
    }

    fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
        let login = login()?;
        let item = find(&certificates(&login)?, fingerprint)?;
        prove(&login, &item)?.proof(
            *fingerprint,
            Text::new(
                "この鍵は、使うときにキーチェーンのパスワードを求める設定なので、署名による確認をしていません。",
                "The keychain asks for its password when this key is used, so it was not made to sign.",
            ),
        )
    }

    fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
        let fingerprint = *fingerprint;
        let login = login()?;
        let all = certificates(&login)?;
        let item = find(&all, &fingerprint)?;
        let identity = identity(&login, &item)?.ok_or(InstallError::NoKey { fingerprint })?;
        if identity.is_extractable() == Some(false) {
            return Err(InstallError::NotExportable { fingerprint });
        }
        // The keychain lets a key out only in a file that is shut. This one never leaves the memory.
        let password = passing_password()?;
        let file = identity
            .export(&password)
            .map_err(|error| match asks(&error) {
                true => InstallError::KeyAsks { fingerprint },
                false => refused("export the key")(error),
            })?;
        let material = self
            .writer
            .read(&file, &password)
            .map_err(|source| InstallError::NotWritten { source })?;
        let others: Vec<Vec<u8>> = all.into_iter().map(|other| other.der).collect();
        Ok(Exported {
            material: KeyMaterial {
                chain: chain_among(&item.der, &others),
                end_entity: item.der,
                private_key: material.private_key,
            },
            name: identity.label().unwrap_or_default(),
        })
    }

    fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
        let login = login()?;
        let all = certificates(&login)?;
        let item = find(&all, fingerprint)?;
        let exportable = identity(&login, &item)?.and_then(|identity| identity.is_extractable());
        let asks = Answer::asks(prove(&login, &item))?;
        let others: Vec<Vec<u8>> = all.iter().map(|other| other.der.clone()).collect();
        let chain = chain_among(&item.der, &others);
        let whole: Vec<&[u8]> = std::iter::once(item.der.as_slice())
            .chain(chain.iter().map(Vec::as_slice))
            .collect();
        Ok(KeyRules {
            exportable,
            asks,
            trusted: is_trusted(&whole).ok(),
        })
    }
}

/// Lets a certificate's key sign a fresh challenge, without a window that would wait for a person.
fn prove(login: &Keychain, item: &Item) -> Result<Answer, InstallError> {
    let Some(scheme) = challenge::scheme(&item.der) else {
        return Ok(Answer::UnknownKind);
    };
    let fingerprint = item.fingerprint;
    let identity = identity(login, item)?.ok_or(InstallError::NoKey { fingerprint })?;
    let challenge = challenge::fresh()?;
    let _silence = silence().map_err(refused("keep the keychain from asking"))?;
    match identity.sign(scheme, &challenge) {
        Ok(signature) => {
            match challenge::is_signed(&item.der, scheme, Form::Asn1, &challenge, &signature) {
                true => Ok(Answer::Signed),
                false => Ok(Answer::NotIts),
            }
        }
        Err(error) if asks(&error) => Ok(Answer::Asks),
        Err(error) => Err(refused("sign with the key")(error)),
    }
}

fn login() -> Result<Keychain, InstallError> {
    Keychain::of_login().map_err(refused("open the login keychain"))
}

fn certificates(login: &Keychain) -> Result<Vec<Item>, InstallError> {
    login
        .certificates()
        .map_err(refused("list its certificates"))
}

fn identity(login: &Keychain, item: &Item) -> Result<Option<Identity>, InstallError> {
    login.identity(item).map_err(refused("find the key"))
}

fn find(all: &[Item], fingerprint: &Fingerprint) -> Result<Item, InstallError> {
    all.iter()
        .find(|item| item.fingerprint == *fingerprint)
        .cloned()
        .ok_or(InstallError::NotFound {
            fingerprint: *fingerprint,
        })
}

fn has_same_key(one: &[u8], other: &[u8]) -> bool {
    match (
        X509Certificate::from_der(one),
        X509Certificate::from_der(other),
    ) {
        (Ok((_, one)), Ok((_, other))) => one.public_key().raw == other.public_key().raw,
        _ => false,
    }
}

/// Four digits that shut a file for the moment between two calls.
fn passing_password() -> Result<CertificatePassword, InstallError> {
    let drawn = challenge::fresh()?;
    let number = u16::from_be_bytes([drawn[0], drawn[1]]) % 10_000;
    let password = format!("{number:04}").parse();
    Ok(password.expect("a number below 10,000 has four digits"))
}

/// An error of the system's, with what was asked.
fn refused(operation: &'static str) -> impl Fn(Error) -> InstallError {
    move |source| InstallError::Refused {
        operation,
        source: Box::new(source),
    }
}
