//! One NSS database, opened through softoken, NSS's own PKCS#11 module.
//!
//! Softoken has one state for the whole process, so one database is open at a time and others wait for
//! their turn. The library stays loaded once it was: NSPR, which it brings, leaves destructors behind that
//! would run in unmapped memory when a thread ends.
//!
//! The database is named in `pReserved` of `CK_C_INITIALIZE_ARGS`, which NSS reads as its own
//! `LibraryParameters`; Java's SunPKCS11 provider opens NSS in the same way. This is the one `unsafe` of this
//! file: the safe interface of the crate has no other way to say which database.
//!
//! Parameters: <https://firefox-source-docs.mozilla.org/security/nss/legacy/pkcs11/module_specs/index.html>

#![expect(
    unsafe_code,
    reason = "the name of the database is handed over by pointer"
)]

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::Ulong;
use rsa::pkcs8::PrivateKeyInfo;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use crate::installer::InstallError;
use crate::installer::challenge::Scheme;

/// An open database. Dropping it closes the database.
pub(super) struct Token {
    // Fields are dropped in this order: the session before the module's state, the turn last.
    session: Session,
    asks: bool,
    _state: State,
    _turn: MutexGuard<'static, ()>,
}

/// What a database is opened for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A certificate as the database has it.
pub(super) struct StoredCertificate {
    pub(super) der: Vec<u8>,
    /// The nickname.
    pub(super) label: String,
    /// What it shares with its key.
    pub(super) id: Vec<u8>,
    /// DER of the subject's name.
    pub(super) subject: Vec<u8>,
    handle: ObjectHandle,
}

/// A private key in the database.
pub(super) struct StoredKey(ObjectHandle);

impl Token {
    /// Opens the database in `directory`, which exists, with `password` where it has one.
    pub(super) fn open(
        directory: &Path,
        access: Access,
        password: Option<&SecretString>,
    ) -> Result<Self, InstallError> {
        let module = module()?;
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let state = State::initialize(module, directory, access)?;
        let slot = module
            .get_slots_with_token()
            .map_err(refused("list its slots"))?
            .into_iter()
            .find(|slot| slot.id() == DATABASE_SLOT)
            .ok_or_else(|| InstallError::Refused {
                operation: "open its database",
                source: "softoken has no slot for a database".into(),
            })?;
        let session = match access {
            Access::Read => module.open_ro_session(slot),
            Access::Write => module.open_rw_session(slot),
        }
        .map_err(refused("open a session"))?;
        let token = module
            .get_token_info(slot)
            .map_err(refused("describe its database"))?;
        let asks = token.login_required();
        if asks {
            log_in(&session, directory, password)?;
        }
        Ok(Self {
            session,
            asks,
            _state: state,
            _turn: turn,
        })
    }

    /// Every certificate in the database.
    pub(super) fn certificates(&self) -> Result<Vec<StoredCertificate>, InstallError> {
        let template = [
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::Token(true),
        ];
        let handles = self
            .session
            .find_objects(&template)
            .map_err(refused("list its certificates"))?;
        handles
            .into_iter()
            .map(|handle| self.certificate(handle))
            .collect()
    }

    fn certificate(&self, handle: ObjectHandle) -> Result<StoredCertificate, InstallError> {
        let wanted = [
            AttributeType::Value,
            AttributeType::Label,
            AttributeType::Id,
            AttributeType::Subject,
        ];
        let mut certificate = StoredCertificate {
            der: Vec::new(),
            label: String::new(),
            id: Vec::new(),
            subject: Vec::new(),
            handle,
        };
        let attributes = self
            .session
            .get_attributes(handle, &wanted)
            .map_err(refused("read a certificate"))?;
        for attribute in attributes {
            match attribute {
                Attribute::Value(der) => certificate.der = der,
                Attribute::Label(label) => {
                    certificate.label = String::from_utf8_lossy(&label).into_owned();
                }
                Attribute::Id(id) => certificate.id = id,
                Attribute::Subject(subject) => certificate.subject = subject,
                _ => {}
            }
        }
        Ok(certificate)
    }

    /// The private key that shares `id` with its certificate.
    pub(super) fn private_key(&self, id: &[u8]) -> Result<Option<StoredKey>, InstallError> {
        let keys = self.keys(ObjectClass::PRIVATE_KEY, id)?;
        Ok(keys.into_iter().next().map(StoredKey))
    }

    /// Lets a key sign; the caller verifies.
    pub(super) fn sign(
        &self,
        key: &StoredKey,
        scheme: Scheme,
        challenge: &[u8],
    ) -> Result<Vec<u8>, InstallError> {
        let mechanism = match scheme {
            Scheme::Rsa { .. } => Mechanism::Sha256RsaPkcs,
            Scheme::P256 => Mechanism::EcdsaSha256,
            Scheme::P384 => Mechanism::EcdsaSha384,
        };
        self.session
            .sign(&mechanism, key.0, challenge)
            .map_err(refused("sign"))
    }

    /// Whether the key may leave the database.
    pub(super) fn is_extractable(&self, key: &StoredKey) -> Result<bool, InstallError> {
        let attributes = self
            .session
            .get_attributes(key.0, &[AttributeType::Extractable])
            .map_err(refused("describe a key"))?;
        Ok(attributes.contains(&Attribute::Extractable(true)))
    }

    /// The key as PKCS#8.
    ///
    /// The database lets a key out only wrapped, so it is wrapped with a key that lives as long as this session and
    /// unwrapped by the same one.
    pub(super) fn exported(&self, key: &StoredKey) -> Result<SecretBox<Vec<u8>>, InstallError> {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(false),
            Attribute::Wrap(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(Ulong::from(WRAPPING_KEY_LENGTH)),
        ];
        let wrapping = self
            .session
            .generate_key(&Mechanism::AesKeyGen, &template)
            .map_err(refused("make a wrapping key"))?;
        // One message under one key: its initial vector need not vary.
        let mechanism = Mechanism::AesCbcPad([0; 16]);
        let key = self
            .session
            .wrap_key(&mechanism, wrapping, key.0)
            .map_err(refused("let a key out"))
            .and_then(|wrapped| self.unwrapped(&mechanism, wrapping, &wrapped));
        // It ends with the session anyway.
        let _ = self.session.destroy_object(wrapping);
        key
    }

    /// Softoken asks for more room than it fills and the crate does not say how much it filled: the end that gives a
    /// whole key is the right one.
    fn unwrapped(
        &self,
        mechanism: &Mechanism,
        wrapping: ObjectHandle,
        wrapped: &[u8],
    ) -> Result<SecretBox<Vec<u8>>, InstallError> {
        (0..=MOST_UNFILLED)
            .filter_map(|blocks| (wrapped.len() / BLOCK).checked_sub(blocks))
            .map(|blocks| &wrapped[..blocks * BLOCK])
            .filter_map(|filled| self.session.decrypt(mechanism, wrapping, filled).ok())
            .map(|key| SecretBox::new(Box::new(key)))
            // Looked at to see whether it is a key from end to end.
            .find(|key| PrivateKeyInfo::try_from(key.expose_secret().as_slice()).is_ok())
            .ok_or_else(|| InstallError::Refused {
                operation: "let a key out",
                source: "what it gave is no key".into(),
            })
    }

    /// Whether the database has a password of its own.
    pub(super) fn asks(&self) -> bool {
        self.asks
    }

    /// Gives a certificate another nickname, and its key the same.
    pub(super) fn rename(
        &self,
        certificate: &StoredCertificate,
        label: &str,
    ) -> Result<(), InstallError> {
        let label = [Attribute::Label(label.as_bytes().to_vec())];
        let keys = self.keys(ObjectClass::PRIVATE_KEY, &certificate.id)?;
        for handle in std::iter::once(certificate.handle).chain(keys) {
            self.session
                .update_attributes(handle, &label)
                .map_err(refused("rename a certificate"))?;
        }
        Ok(())
    }

    /// Takes a certificate out.
    pub(super) fn destroy(&self, certificate: &StoredCertificate) -> Result<(), InstallError> {
        self.session
            .destroy_object(certificate.handle)
            .map_err(refused("remove a certificate"))
    }

    /// Takes the keys out that share `id`.
    pub(super) fn destroy_keys(&self, id: &[u8]) -> Result<(), InstallError> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            for key in self.keys(class, id)? {
                self.session
                    .destroy_object(key)
                    .map_err(refused("remove a key"))?;
            }
        }
        Ok(())
    }

    fn keys(&self, class: ObjectClass, id: &[u8]) -> Result<Vec<ObjectHandle>, InstallError> {
        // An empty identifier would match keys that belong to nothing.
        if id.is_empty() {
            return Ok(Vec::new());
        }
        let template = [
            Attribute::Class(class),
            Attribute::Token(true),
            Attribute::Id(id.to_vec()),
        ];
        self.session
            .find_objects(&template)
            .map_err(refused("find a key"))
    }
}

/// Softoken between its initialisation and its end.
struct State {
    module: Pkcs11,
}

impl State {
    fn initialize(module: &Pkcs11, directory: &Path, access: Access) -> Result<Self, InstallError> {
        let parameters = parameters(directory, access)?;
        // A pointer into `parameters`, which is never null.
        let pointer = NonNull::from(parameters.as_bytes_with_nul()).cast();
        // SAFETY: softoken takes pReserved for a pointer to a C string of parameters, which `parameters` is; it copies
        // what it needs during the call below, and `parameters` lives until the end of this function.
        let arguments =
            unsafe { CInitializeArgs::new_with_reserved(CInitializeFlags::OS_LOCKING_OK, pointer) };
        module
            .initialize(arguments)
            .map_err(refused("open its database"))?;
        Ok(Self {
            module: module.clone(),
        })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Nothing can be done about a module that does not end; the next initialisation will say so.
        let _ = self.module.clone().finalize();
    }
}

fn parameters(directory: &Path, access: Access) -> Result<CString, InstallError> {
    let mut text = b"configdir='sql:".to_vec();
    for &byte in directory.as_os_str().as_bytes() {
        if matches!(byte, b'\'' | b'\\') {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text.extend_from_slice(b"' certPrefix='' keyPrefix='' secmod='secmod.db' flags=noModDB");
    if access == Access::Read {
        text.extend_from_slice(b",readOnly");
    }
    CString::new(text).map_err(|error| InstallError::Refused {
        operation: "open its database",
        source: error.into(),
    })
}

fn log_in(
    session: &Session,
    directory: &Path,
    password: Option<&SecretString>,
) -> Result<(), InstallError> {
    let Some(password) = password else {
        return Err(InstallError::Locked {
            path: directory.to_owned(),
        });
    };
    match session.login(UserType::User, Some(password)) {
        Err(Error::Pkcs11(RvError::PinIncorrect, _)) => Err(InstallError::WrongStorePassword {
            path: directory.to_owned(),
        }),
        // The login is softoken's, not the session's.
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        outcome => outcome.map_err(refused("unlock its database")),
    }
}

/// The loaded library, loaded at its first use.
fn module() -> Result<&'static Pkcs11, InstallError> {
    static MODULE: OnceLock<Pkcs11> = OnceLock::new();
    if let Some(module) = MODULE.get() {
        return Ok(module);
    }
    let loaded = LIBRARIES.iter().find_map(|path| Pkcs11::new(path).ok());
    let loaded = loaded.ok_or(InstallError::ToolMissing {
        tool: LIBRARIES[0],
        package: "libnss3",
    })?;
    Ok(MODULE.get_or_init(|| loaded))
}

fn refused(operation: &'static str) -> impl Fn(Error) -> InstallError {
    move |error| InstallError::Refused {
        operation,
        source: Box::new(error),
    }
}

static TURN: Mutex<()> = Mutex::new(());
/// Slot 1 is softoken's own arithmetic, slot 2 the database.
const DATABASE_SLOT: u64 = 2;
/// Bytes of an AES block.
const BLOCK: usize = 16;
/// Blocks that a wrapped key may be shorter than the room for it.
const MOST_UNFILLED: usize = 3;
/// AES-256.
const WRAPPING_KEY_LENGTH: u64 = 32;
/// Where distributions put it, the loader's own search first.
#[cfg(not(target_os = "macos"))]
const LIBRARIES: [&str; 4] = [
    "libsoftokn3.so",
    "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
    "/usr/lib/aarch64-linux-gnu/nss/libsoftokn3.so",
    "/usr/lib64/libsoftokn3.so",
];
#[cfg(target_os = "macos")]
const LIBRARIES: [&str; 3] = [
    "libsoftokn3.dylib",
    "/opt/homebrew/lib/libsoftokn3.dylib",
    "/usr/local/lib/libsoftokn3.dylib",
];
