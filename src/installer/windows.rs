//! The current user's certificate store on Windows: what Edge, Chrome and the MPKI client use.
//!
//! The file goes to Windows whole, with the options of the official procedure (domain fact 27), and is placed
//! as 'automatic selection' places it: the certificate with its key in `MY`, its root in `ROOT`, anything
//! between in `CA`. Only `MY` is listed: the other two hold the whole world's authorities.
//!
//! Nothing here needs administrator rights, and nothing asks the person but Windows itself, once, before it
//! trusts a root that it does not know; [`CertificateStore::forewarn`] says so before.
//!
//! Source: <https://learn.microsoft.com/windows/win32/api/wincrypt/nf-wincrypt-pfximportcertstore>.

#![expect(unsafe_code, reason = "CryptoAPI has no safe calls")]

mod blob;
mod dialogue;
mod import;
mod issuers;
mod key;
mod system;

use std::borrow::Cow;
use std::io;

use windows_sys::Win32::Foundation::NTE_SILENT_CONTEXT;
use windows_sys::Win32::Security::Cryptography::{
    CRYPT_EXPORTABLE, CRYPT_KEY_FLAGS, CRYPT_USER_KEYSET, PKCS12_INCLUDE_EXTENDED_PROPERTIES,
};

pub(super) use self::issuers::is_trusted_root;

use self::import::{Import, prove};
use self::issuers::{Issuers, roots_to_trust};
use self::key::{Key, Place};
use self::system::{Certificate, Name, Store};
use super::answer::Answer;
use super::{
    CertificateStore, Exported, ImportOptions, InstallError, InstalledCertificate, KeyRules,
    Pkcs12Writer, Proof,
};
use crate::domain::{
    CertificateFacts, Fingerprint, KeyMaterial, Pkcs12, Pkcs12Form, TerminalName, Text,
    VerifiedCredential,
};
use crate::platform;

impl ImportOptions {
    fn flags(self) -> CRYPT_KEY_FLAGS {
        let common = CRYPT_EXPORTABLE | CRYPT_USER_KEYSET;
        match self {
            Self::Official => common | PKCS12_INCLUDE_EXTENDED_PROPERTIES,
            Self::WithoutExtendedProperties => common,
        }
    }
}

/// The certificate store of the account that runs this program.
pub struct WindowsStore {
    options: ImportOptions,
    writer: Box<dyn Pkcs12Writer>,
    reads_aes: bool,
    /// What the last import put in above its certificate.
    issuers: Issuers,
}

impl WindowsStore {
    /// The current user's store. `writer` makes the files that have to be made anew.
    pub fn of_current_user(options: ImportOptions, writer: Box<dyn Pkcs12Writer>) -> Self {
        Self {
            options,
            writer,
            reads_aes: platform::windows_build().is_none_or(|build| build >= READS_AES),
            issuers: Issuers::default(),
        }
    }

    /// The same as on Windows before 10 1709, which cannot read AES.
    pub fn as_before_1709(self) -> Self {
        Self {
            reads_aes: false,
            ..self
        }
    }

    /// The file as it came from its checks, or in the form that this Windows reads. The second is in memory only.
    fn readable<'a>(
        &self,
        credential: &'a VerifiedCredential,
    ) -> Result<Cow<'a, Pkcs12>, InstallError> {
        match self.must_rewrite(credential) {
            false => Ok(Cow::Borrowed(credential.own_file())),
            true => {
                let name = credential.facts().friendly_name.as_deref();
                self.writer
                    .write(
                        credential.material(),
                        name.unwrap_or_default(),
                        credential.password(),
                        Pkcs12Form::Legacy,
                    )
                    .map(Cow::Owned)
                    .map_err(|source| InstallError::NotWritten { source })
            }
        }
    }

    fn must_rewrite(&self, credential: &VerifiedCredential) -> bool {
        match self.writer.form_of(credential.own_file()) {
            Some(Pkcs12Form::Legacy) => false,
            Some(Pkcs12Form::Modern) => !self.reads_aes,
            // A check value that Windows does not know, or none: it would call the password wrong.
            None => true,
        }
    }
}

impl CertificateStore for WindowsStore {
    fn describe(&self) -> Text {
        let account = platform::account_name();
        Text::new(
            format!("Windows の証明書ストア（現在のユーザー {account}・個人）"),
            format!("the Windows certificate store (current user {account}, personal)"),
        )
    }

    fn is_system(&self) -> bool {
        true
    }

    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        let installed = my.certificates().into_iter().filter_map(|certificate| {
            let der = certificate.der().to_vec();
            // What is no X.509 certificate is none of ours, and is left alone.
            let facts = CertificateFacts::parse(&der, certificate.friendly_name()).ok()?;
            Some(InstalledCertificate {
                facts,
                der,
                has_key: has_key(&certificate),
            })
        });
        Ok(installed.collect())
    }

    fn forewarn(&mut self, credential: &VerifiedCredential) -> Result<Vec<Text>, InstallError> {
        let mut words = Vec::new();
        let roots = roots_to_trust(&credential.material().chain)?;
        for root in &roots {
            let facts = CertificateFacts::parse(root, None);
            let name = facts
                .ok()
                .and_then(|facts| facts.subject_common_name)
                .unwrap_or_default();
            words.push(Text::new(
                format!(
                    "これから「セキュリティ警告」の画面が出ます（認証局「{name}」を信頼するかどうか）。「はい」を押してください。「いいえ」を押すと、インストールは取り消されます。"
                ),
                format!(
                    "Windows will now show a security warning that asks whether to trust the authority '{name}'. Answer Yes; No takes the installation back."
                ),
            ));
        }
        if self.must_rewrite(credential) {
            words.push(Text::new(
                "この Windows（10 バージョン 1709 より前）は、このファイルの暗号（AES）を読めません。同じ中身を古い形式に直して取り込みます。取得したファイルはそのまま残ります。",
                "This Windows (before 10 version 1709) cannot read the file's encryption (AES). The same contents are imported in the older form; the retrieved file stays as it is.",
            ));
        }
        Ok(words)
    }

    fn import(
        &mut self,
        credential: &VerifiedCredential,
        name: &TerminalName,
    ) -> Result<(), InstallError> {
        self.issuers = Issuers::default();
        let file = self.readable(credential)?;
        self.issuers = Import::of(credential)?.run(&file, credential, name, self.options)?;
        Ok(())
    }

    fn take_back(&mut self) -> Result<(), InstallError> {
        let issuers = std::mem::take(&mut self.issuers);
        issuers.take_back().map_err(refused("undo the import"))
    }

    fn complete(&mut self, credential: &VerifiedCredential) -> Result<(), InstallError> {
        let mut issuers = Issuers::default();
        issuers
            .place(&credential.material().chain)
            .map_err(|first| match issuers.take_back() {
                Ok(()) => first,
                Err(then) => InstallError::NotUndone {
                    first: Box::new(first),
                    then: Box::new(refused("undo the import")(then)),
                },
            })
    }

    fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError> {
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        let certificate = find(&my, fingerprint)?;
        if let Some(place) = Place::of(&certificate) {
            let is_shared = my
                .certificates()
                .iter()
                .filter(|other| other.fingerprint() != *fingerprint)
                .filter_map(Place::of)
                .any(|other| other.is_container_of(&place));
            // The key goes first: an interruption leaves a certificate without a key, which is seen and can be
            // removed, and not a key without a certificate, which nobody ever finds.
            if !is_shared {
                place.destroy().map_err(refused("delete the key"))?;
            }
        }
        certificate
            .delete()
            .map_err(refused("delete the certificate"))
    }

    fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        prove(&find(&my, fingerprint)?)?.proof(
            *fingerprint,
            Text::new(
                "この鍵は使うたびにパスワードを求める設定なので、署名による確認をしていません。",
                "This key asks for a password at each use, so it was not made to sign.",
            ),
        )
    }

    fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
        let fingerprint = *fingerprint;
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        let certificate = find(&my, &fingerprint)?;
        let key = Key::of(&certificate).and_then(|key| match key {
            Some(key) => key.export().map(Some),
            None => Ok(None),
        });
        let private_key = match key {
            Ok(Some(Some(private_key))) => private_key,
            Ok(Some(None)) => return Err(InstallError::NotExportable { fingerprint }),
            Ok(None) => return Err(InstallError::NoKey { fingerprint }),
            Err(error) if asks(&error) => return Err(InstallError::KeyAsks { fingerprint }),
            Err(error) => return Err(refused("export the key")(error)),
        };
        let (chain, _is_trusted) = certificate.chain().map_err(refused("build the chain"))?;
        Ok(Exported {
            material: KeyMaterial {
                end_entity: certificate.der().to_vec(),
                chain,
                private_key,
            },
            name: certificate.friendly_name().unwrap_or_default(),
        })
    }

    fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        let certificate = find(&my, fingerprint)?;
        let exportable = match Key::of(&certificate) {
            Ok(key) => key.and_then(|key| key.is_exportable()),
            Err(error) if asks(&error) => None,
            Err(error) => return Err(refused("open the key")(error)),
        };
        let asks = Answer::asks(prove(&certificate))?;
        let trusted = certificate.chain().ok().map(|(_, is_trusted)| is_trusted);
        Ok(KeyRules {
            exportable,
            asks,
            trusted,
        })
    }
}

fn find(my: &Store, fingerprint: &Fingerprint) -> Result<Certificate, InstallError> {
    my.find(fingerprint).ok_or(InstallError::NotFound {
        fingerprint: *fingerprint,
    })
}

/// Whether there is a key for it. One that cannot be opened now, as of a card that is not in its reader, is one.
fn has_key(certificate: &Certificate) -> bool {
    Place::of(certificate).is_some() && !matches!(Key::of(certificate), Ok(None))
}

/// Whether an error says that the key would ask a person.
fn asks(error: &io::Error) -> bool {
    error.raw_os_error() == Some(NTE_SILENT_CONTEXT)
}

/// An error of the system's, with what was asked.
fn refused(operation: &'static str) -> impl Fn(io::Error) -> InstallError {
    move |source| InstallError::Refused {
        operation,
        source: Box::new(source),
    }
}

/// The build of Windows 10 1709, the first that reads a PKCS#12 file in AES.
const READS_AES: u32 = 16_299;
