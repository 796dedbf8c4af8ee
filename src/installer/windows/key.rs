//! The key that Windows keeps for a certificate: whether it signs, how it is kept, and how it goes away.
//!
//! Windows has two kinds of places for keys, and a certificate says in which its own lies. CryptoAPI
//! providers are what a PFX import fills by default; CNG is where elliptic curves and keys of newer programs
//! are. Both are asked without user interface: a key that wants a password says so instead of showing a window.
//!
//! Sources: <https://learn.microsoft.com/windows/win32/api/wincrypt/nf-wincrypt-cryptacquirecertificateprivatekey>,
//! <https://learn.microsoft.com/windows/win32/api/ncrypt/nf-ncrypt-ncryptexportkey>.

use std::ffi::c_void;
use std::io;
use std::ptr;

use secrecy::SecretBox;
use sha2::{Digest, Sha256, Sha384};
use windows_sys::Win32::Foundation::{
    CRYPT_E_NO_KEY_PROPERTY, NTE_BAD_ALGID, NTE_BAD_KEY_STATE, NTE_BAD_KEYSET, NTE_KEYSET_NOT_DEF,
    NTE_NO_KEY, NTE_NOT_FOUND, NTE_NOT_SUPPORTED, NTE_PERM, NTE_SILENT_CONTEXT,
};
use windows_sys::Win32::Security::Cryptography::{
    ALG_ID, AT_KEYEXCHANGE, AT_SIGNATURE, BCRYPT_PAD_PKCS1, BCRYPT_PKCS1_PADDING_INFO,
    BCRYPT_SHA256_ALGORITHM, BCryptBuffer, BCryptBufferDesc, CALG_SHA_256, CALG_SHA1,
    CERT_KEY_PROV_INFO_PROP_ID, CERT_NCRYPT_KEY_SPEC, CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG,
    CRYPT_ACQUIRE_SILENT_FLAG, CRYPT_DELETEKEYSET, CRYPT_EXPORT, CRYPT_IMPL_SOFTWARE,
    CRYPT_KEY_PROV_INFO, CRYPT_MACHINE_KEYSET, CRYPT_PKCS12_PBE_PARAMS, CRYPT_SILENT,
    CryptAcquireCertificatePrivateKey, CryptAcquireContextW, CryptCreateHash, CryptDestroyHash,
    CryptDestroyKey, CryptExportKey, CryptGetKeyParam, CryptGetProvParam, CryptGetUserKey,
    CryptHashData, CryptReleaseContext, CryptSignHashW, KP_PERMISSIONS, NCRYPT_ALLOW_EXPORT_FLAG,
    NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG, NCRYPT_EXPORT_POLICY_PROPERTY, NCRYPT_IMPL_SOFTWARE_FLAG,
    NCRYPT_IMPL_TYPE_PROPERTY, NCRYPT_MACHINE_KEY_FLAG, NCRYPT_PKCS8_PRIVATE_KEY_BLOB,
    NCRYPT_SILENT_FLAG, NCRYPTBUFFER_PKCS_ALG_OID, NCRYPTBUFFER_PKCS_ALG_PARAM,
    NCRYPTBUFFER_PKCS_SECRET, NCRYPTBUFFER_VERSION, NCryptDeleteKey, NCryptExportKey,
    NCryptFreeObject, NCryptGetProperty, NCryptOpenKey, NCryptOpenStorageProvider, NCryptSignHash,
    PP_IMPTYPE, PRIVATEKEYBLOB, szOID_PKCS_12_pbeWithSHA1And3KeyTripleDES,
};
use windows_sys::core::PCWSTR;
use zeroize::Zeroizing;

use super::blob;
use super::system::{Certificate, length, succeeded};
use crate::domain::hexadecimal;
use crate::installer::answer::Answer;
use crate::installer::challenge::{self, Form, Scheme};

/// Where a certificate says that its key is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    container: Vec<u16>,
    provider: Vec<u16>,
    /// 0 for CNG.
    provider_type: u32,
    flags: u32,
    /// Which of a container's two keys; a CNG container has one.
    spec: u32,
}

/// A key, ready to be used.
pub(super) enum Key {
    /// In a CryptoAPI provider.
    Legacy {
        provider: usize,
        spec: u32,
        /// Some handles belong to the certificate's context.
        is_ours: bool,
    },
    /// In CNG.
    Cng { key: usize, is_ours: bool },
}

impl Place {
    /// Where `certificate` says that its key is; `None` for one without a key.
    pub(super) fn of(certificate: &Certificate) -> Option<Self> {
        let property = certificate.property(CERT_KEY_PROV_INFO_PROP_ID)?;
        let info: *const CRYPT_KEY_PROV_INFO = property.as_ptr().cast();
        // SAFETY: Windows filled `property`, which is aligned for it, with this structure; the names that it
        // points to lie behind it and end with NUL.
        unsafe {
            Some(Self {
                container: with_nul((*info).pwszContainerName),
                provider: with_nul((*info).pwszProvName),
                provider_type: (*info).dwProvType,
                flags: (*info).dwFlags & CRYPT_MACHINE_KEYSET,
                spec: (*info).dwKeySpec,
            })
        }
    }

    /// Whether both are the same container, whichever of its keys is meant.
    pub(super) fn is_container_of(&self, other: &Self) -> bool {
        (&self.container, &self.provider) == (&other.container, &other.provider)
    }

    /// Deletes the container with the key. A card's or a chip's key is left alone: it is not ours to delete.
    pub(super) fn destroy(&self) -> io::Result<()> {
        match self.provider_type {
            0 => self.destroy_cng(),
            _ => self.destroy_legacy(),
        }
    }

    fn destroy_legacy(&self) -> io::Result<()> {
        let open = |flags| {
            let mut provider = 0;
            // SAFETY: both names end with NUL and outlive the call; `provider` is writable.
            let done = unsafe {
                CryptAcquireContextW(
                    &mut provider,
                    self.container.as_ptr(),
                    self.provider.as_ptr(),
                    self.provider_type,
                    self.flags | CRYPT_SILENT | flags,
                )
            };
            succeeded(done).map(|()| provider)
        };
        let key = match open(0) {
            Err(error) if is_absent(&error) => return Ok(()),
            opened => Key::Legacy {
                provider: opened?,
                spec: self.spec,
                is_ours: true,
            },
        };
        match key.is_software() {
            // With this flag the call deletes and opens nothing.
            true => {
                drop(key);
                open(CRYPT_DELETEKEYSET).map(drop)
            }
            false => Ok(()),
        }
    }

    fn destroy_cng(&self) -> io::Result<()> {
        let mut storage = 0;
        // SAFETY: the name ends with NUL; `storage` is writable.
        done(unsafe { NCryptOpenStorageProvider(&mut storage, self.provider.as_ptr(), 0) })?;
        let mut handle = 0;
        // SAFETY: `storage` is open; the name ends with NUL; `handle` is writable.
        let opened = done(unsafe {
            NCryptOpenKey(
                storage,
                &mut handle,
                self.container.as_ptr(),
                0,
                self.machine_flag() | NCRYPT_SILENT_FLAG,
            )
        });
        // SAFETY: the provider is closed once; the key does not need it.
        unsafe { NCryptFreeObject(storage) };
        match opened {
            Err(error) if is_absent(&error) => return Ok(()),
            opened => opened?,
        }
        let key = Key::Cng {
            key: handle,
            is_ours: true,
        };
        if !key.is_software() {
            return Ok(());
        }
        // Deleting frees the handle as well.
        std::mem::forget(key);
        // SAFETY: `handle` is open and used nowhere else.
        done(unsafe { NCryptDeleteKey(handle, NCRYPT_SILENT_FLAG) })
    }

    fn machine_flag(&self) -> u32 {
        match self.flags & CRYPT_MACHINE_KEYSET {
            0 => 0,
            _ => NCRYPT_MACHINE_KEY_FLAG,
        }
    }
}

impl Key {
    /// Opens the key of `certificate`, asking nobody; `None` where there is none.
    pub(super) fn of(certificate: &Certificate) -> io::Result<Option<Self>> {
        let (mut handle, mut spec, mut is_ours) = (0, 0, 0);
        // SAFETY: the certificate is open; the three answers are writable.
        let opened = unsafe {
            CryptAcquireCertificatePrivateKey(
                certificate.as_ptr(),
                CRYPT_ACQUIRE_SILENT_FLAG | CRYPT_ACQUIRE_ALLOW_NCRYPT_KEY_FLAG,
                ptr::null(),
                &mut handle,
                &mut spec,
                &mut is_ours,
            )
        };
        match succeeded(opened) {
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
            Ok(()) if spec == CERT_NCRYPT_KEY_SPEC => Ok(Some(Self::Cng {
                key: handle,
                is_ours: is_ours != 0,
            })),
            Ok(()) => {
                let key = Self::Legacy {
                    provider: handle,
                    spec: spec_in(handle, spec),
                    is_ours: is_ours != 0,
                };
                Ok(Some(key))
            }
        }
    }

    /// Lets the key sign a fresh challenge and holds the answer against `certificate`.
    pub(super) fn answer(&self, certificate: &Certificate, challenge: &[u8]) -> io::Result<Answer> {
        let Some(scheme) = challenge::scheme(certificate.der()) else {
            return Ok(Answer::UnknownKind);
        };
        let der = certificate.der();
        let verified = match self {
            Self::Legacy { .. } => self.sign_legacy(challenge).map(|signed| match signed {
                (CALG_SHA1, signature) => {
                    challenge::is_signed_with_sha1(der, challenge, &signature)
                }
                (_, signature) => {
                    challenge::is_signed(der, scheme, Form::Asn1, challenge, &signature)
                }
            }),
            Self::Cng { key, .. } => sign_cng(*key, scheme, challenge).map(|signature| {
                challenge::is_signed(der, scheme, Form::Fixed, challenge, &signature)
            }),
        };
        match verified {
            Ok(true) => Ok(Answer::Signed),
            Ok(false) => Ok(Answer::NotIts),
            Err(error) if error.raw_os_error() == Some(NTE_SILENT_CONTEXT) => Ok(Answer::Asks),
            Err(error) => Err(error),
        }
    }

    /// The key as PKCS#8; `None` where its keeper lets nobody have it.
    pub(super) fn export(&self) -> io::Result<Option<SecretBox<Vec<u8>>>> {
        let exported = match self {
            Self::Legacy { provider, spec, .. } => export_legacy(*provider, *spec),
            Self::Cng { key, .. } => export_cng(*key),
        };
        match exported {
            Err(error) if is_kept(&error) => Ok(None),
            exported => exported,
        }
    }

    /// Whether the key may be taken out; `None` where its keeper does not tell.
    pub(super) fn is_exportable(&self) -> Option<bool> {
        match self {
            Self::Legacy { provider, spec, .. } => {
                let key = LegacyKey::open(*provider, *spec).ok()?;
                let mut permissions = 0_u32;
                let mut size = size_of::<u32>() as u32;
                // SAFETY: the key is open; the answer is one u32.
                let known = unsafe {
                    CryptGetKeyParam(
                        key.0,
                        KP_PERMISSIONS,
                        (&raw mut permissions).cast(),
                        &mut size,
                        0,
                    )
                };
                (known != 0).then_some(permissions & CRYPT_EXPORT != 0)
            }
            Self::Cng { key, .. } => {
                number_property(*key, NCRYPT_EXPORT_POLICY_PROPERTY).map(|policy| {
                    policy & (NCRYPT_ALLOW_EXPORT_FLAG | NCRYPT_ALLOW_PLAINTEXT_EXPORT_FLAG) != 0
                })
            }
        }
    }

    /// Whether the key lies in files of this profile, not in a card or chip. What does not tell counts as a card.
    fn is_software(&self) -> bool {
        match self {
            Self::Legacy { provider, .. } => {
                let mut kind = 0_u32;
                let mut size = size_of::<u32>() as u32;
                // SAFETY: the provider is open; the answer is one u32.
                let known = unsafe {
                    CryptGetProvParam(*provider, PP_IMPTYPE, (&raw mut kind).cast(), &mut size, 0)
                };
                known != 0 && kind == CRYPT_IMPL_SOFTWARE
            }
            Self::Cng { key, .. } => number_property(*key, NCRYPT_IMPL_TYPE_PROPERTY)
                .is_some_and(|kind| kind & NCRYPT_IMPL_SOFTWARE_FLAG != 0),
        }
    }

    /// The signature, lowest byte last as everybody else has it, and the hash that was signed.
    fn sign_legacy(&self, challenge: &[u8]) -> io::Result<(ALG_ID, Vec<u8>)> {
        let Self::Legacy { provider, spec, .. } = self else {
            unreachable!("the caller matched the kind");
        };
        let (algorithm, hash) = match LegacyHash::create(*provider, CALG_SHA_256) {
            // Providers of type PROV_RSA_FULL, which many imports use, know no newer hash.
            Err(error) if error.raw_os_error() == Some(NTE_BAD_ALGID) => {
                (CALG_SHA1, LegacyHash::create(*provider, CALG_SHA1)?)
            }
            created => (CALG_SHA_256, created?),
        };
        // SAFETY: the hash is open; `challenge` is only read.
        let hashed = unsafe { CryptHashData(hash.0, challenge.as_ptr(), length(challenge)?, 0) };
        succeeded(hashed)?;
        let mut signature = sized(|room, size| {
            // SAFETY: the hash is open; `room` is null or has `size` bytes.
            succeeded(unsafe { CryptSignHashW(hash.0, *spec, ptr::null(), 0, room, size) })
        })?;
        signature.reverse();
        Ok((algorithm, signature.to_vec()))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        match self {
            Self::Legacy {
                provider,
                is_ours: true,
                ..
            } => {
                // SAFETY: the handle is ours and released once.
                unsafe { CryptReleaseContext(*provider, 0) };
            }
            Self::Cng { key, is_ours: true } => {
                // SAFETY: as above.
                unsafe { NCryptFreeObject(*key) };
            }
            Self::Legacy { .. } | Self::Cng { .. } => {}
        }
    }
}

/// Which of a container's two keys is meant. A certificate can name both at once (Wine 8 writes 3); then it is the
/// one that is there. Whether it is the certificate's, its signature shows.
fn spec_in(provider: usize, named: u32) -> u32 {
    [named, AT_KEYEXCHANGE, AT_SIGNATURE]
        .into_iter()
        .find(|spec| LegacyKey::open(provider, *spec).is_ok())
        .unwrap_or(named)
}

struct LegacyKey(usize);

impl LegacyKey {
    fn open(provider: usize, spec: u32) -> io::Result<Self> {
        let mut key = 0;
        // SAFETY: the provider is open; `key` is writable.
        succeeded(unsafe { CryptGetUserKey(provider, spec, &mut key) })?;
        Ok(Self(key))
    }
}

impl Drop for LegacyKey {
    fn drop(&mut self) {
        // SAFETY: the handle is destroyed once; the key itself stays.
        unsafe { CryptDestroyKey(self.0) };
    }
}

struct LegacyHash(usize);

impl LegacyHash {
    fn create(provider: usize, algorithm: ALG_ID) -> io::Result<Self> {
        let mut hash = 0;
        // SAFETY: the provider is open; `hash` is writable.
        succeeded(unsafe { CryptCreateHash(provider, algorithm, 0, 0, &mut hash) })?;
        Ok(Self(hash))
    }
}

impl Drop for LegacyHash {
    fn drop(&mut self) {
        // SAFETY: the handle is destroyed once.
        unsafe { CryptDestroyHash(self.0) };
    }
}

fn sign_cng(key: usize, scheme: Scheme, challenge: &[u8]) -> io::Result<Vec<u8>> {
    let (digest, padding, flags) = match scheme {
        Scheme::Rsa { .. } => {
            let padding = BCRYPT_PKCS1_PADDING_INFO {
                pszAlgId: BCRYPT_SHA256_ALGORITHM,
            };
            let digest = Sha256::digest(challenge).to_vec();
            (digest, Some(padding), BCRYPT_PAD_PKCS1)
        }
        Scheme::P256 => (Sha256::digest(challenge).to_vec(), None, 0),
        Scheme::P384 => (Sha384::digest(challenge).to_vec(), None, 0),
    };
    let padding: *const c_void = padding
        .as_ref()
        .map_or(ptr::null(), |padding| ptr::from_ref(padding).cast());
    let digest_length = length(&digest)?;
    let signature = sized(|room, size| {
        // SAFETY: the key is open; `padding` is null or lives in this function; `room` is null or has `size` bytes.
        done(unsafe {
            NCryptSignHash(
                key,
                padding,
                digest.as_ptr(),
                digest_length,
                room,
                *size,
                size,
                flags | NCRYPT_SILENT_FLAG,
            )
        })
    })?;
    Ok(signature.to_vec())
}

fn export_legacy(provider: usize, spec: u32) -> io::Result<Option<SecretBox<Vec<u8>>>> {
    let key = LegacyKey::open(provider, spec)?;
    let blob = sized(|room, size| {
        // SAFETY: the key is open; `room` is null or has `size` bytes.
        succeeded(unsafe { CryptExportKey(key.0, 0, PRIVATEKEYBLOB, 0, room, size) })
    })?;
    let pkcs8 = blob::pkcs8_of_blob(&blob);
    pkcs8.map(Some).ok_or_else(not_understood)
}

/// CNG gives a key out in clear only where its policy says so; an import allows it encrypted.
fn export_cng(key: usize) -> io::Result<Option<SecretBox<Vec<u8>>>> {
    let in_clear = export_cng_as(key, ptr::null());
    match in_clear {
        Ok(pkcs8) => return Ok(Some(SecretBox::new(Box::new(pkcs8.to_vec())))),
        Err(error) if is_kept(&error) => {}
        Err(error) => return Err(error),
    }
    let mut secret = [0_u8; 16];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let secret = Zeroizing::new(hexadecimal(&secret));
    let mut wide: Zeroizing<Vec<u16>> = Zeroizing::new(secret.encode_utf16().chain([0]).collect());
    let mut parameters = Vec::new();
    let rounds = CRYPT_PKCS12_PBE_PARAMS {
        iIterations: ROUNDS,
        cbSalt: 8,
    };
    parameters.extend(rounds.iIterations.to_ne_bytes());
    parameters.extend(rounds.cbSalt.to_ne_bytes());
    let mut salt = [0_u8; 8];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    parameters.extend(salt);
    let mut buffers = [
        BCryptBuffer {
            BufferType: NCRYPTBUFFER_PKCS_SECRET,
            cbBuffer: (wide.len() * size_of::<u16>()) as u32,
            pvBuffer: wide.as_mut_ptr().cast(),
        },
        BCryptBuffer {
            BufferType: NCRYPTBUFFER_PKCS_ALG_OID,
            cbBuffer: "1.2.840.113549.1.12.1.3\0".len() as u32,
            pvBuffer: szOID_PKCS_12_pbeWithSHA1And3KeyTripleDES.cast_mut().cast(),
        },
        BCryptBuffer {
            BufferType: NCRYPTBUFFER_PKCS_ALG_PARAM,
            cbBuffer: length(&parameters)?,
            pvBuffer: parameters.as_mut_ptr().cast(),
        },
    ];
    let description = BCryptBufferDesc {
        ulVersion: NCRYPTBUFFER_VERSION,
        cBuffers: buffers.len() as u32,
        pBuffers: buffers.as_mut_ptr(),
    };
    let encrypted = export_cng_as(key, &description)?;
    let pkcs8 = blob::pkcs8_of_encrypted(&encrypted, &secret);
    pkcs8.map(Some).ok_or_else(not_understood)
}

fn export_cng_as(
    key: usize,
    parameters: *const BCryptBufferDesc,
) -> io::Result<Zeroizing<Vec<u8>>> {
    sized(|room, size| {
        // SAFETY: the key is open; `parameters` is null or valid; `room` is null or has `size` bytes.
        done(unsafe {
            NCryptExportKey(
                key,
                0,
                NCRYPT_PKCS8_PRIVATE_KEY_BLOB,
                parameters,
                room,
                *size,
                size,
                NCRYPT_SILENT_FLAG,
            )
        })
    })
}

fn number_property(key: usize, name: PCWSTR) -> Option<u32> {
    let mut value = 0_u32;
    let mut written = 0;
    // SAFETY: the key is open; the answer is one u32.
    let status = unsafe {
        NCryptGetProperty(
            key,
            name,
            (&raw mut value).cast(),
            size_of::<u32>() as u32,
            &mut written,
            NCRYPT_SILENT_FLAG,
        )
    };
    (status == 0 && written as usize == size_of::<u32>()).then_some(value)
}

/// Calls twice, as Windows has it: once for the size, once for the bytes.
fn sized(
    mut call: impl FnMut(*mut u8, &mut u32) -> io::Result<()>,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut size = 0;
    call(ptr::null_mut(), &mut size)?;
    let mut bytes = Zeroizing::new(vec![0; size as usize]);
    call(bytes.as_mut_ptr(), &mut size)?;
    bytes.truncate(size as usize);
    Ok(bytes)
}

fn done(status: i32) -> io::Result<()> {
    match status {
        0 => Ok(()),
        _ => Err(io::Error::from_raw_os_error(status)),
    }
}

/// Whether an error says that there is no key, not that it cannot be used now.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            CRYPT_E_NO_KEY_PROPERTY
                | NTE_BAD_KEYSET
                | NTE_KEYSET_NOT_DEF
                | NTE_NO_KEY
                | NTE_NOT_FOUND
        )
    )
}

/// Whether an error says that the key is not given out.
fn is_kept(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(NTE_BAD_KEY_STATE | NTE_NOT_SUPPORTED | NTE_PERM)
    )
}

fn not_understood() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the key came out in an unknown form",
    )
}

/// The text that starts at `text` with its closing NUL; nothing but the NUL where there is no text.
///
/// # Safety
///
/// `text` is null or ends with NUL.
unsafe fn with_nul(text: PCWSTR) -> Vec<u16> {
    let mut units = Vec::new();
    if !text.is_null() {
        // SAFETY: the caller promises a NUL, and nothing is read behind it.
        while unsafe { *text.add(units.len()) } != 0 {
            units.push(unsafe { *text.add(units.len()) });
        }
    }
    units.push(0);
    units
}

const ROUNDS: i32 = 2_000;
