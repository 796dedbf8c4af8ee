//! Windows' certificate stores and contexts as owned values: opened once, closed once.

use std::ffi::c_void;
use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{CRYPT_E_EXISTS, CRYPT_E_NOT_FOUND};
use windows_sys::Win32::Security::Cryptography::{
    CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL, CERT_CHAIN_CONTEXT, CERT_CHAIN_PARA, CERT_CONTEXT,
    CERT_FRIENDLY_NAME_PROP_ID, CERT_STORE_ADD_NEW, CERT_STORE_ADD_REPLACE_EXISTING,
    CERT_STORE_CTRL_COMMIT, CERT_STORE_CTRL_COMMIT_FORCE_FLAG, CERT_STORE_PROV_SYSTEM_W,
    CERT_SYSTEM_STORE_CURRENT_USER, CERT_TRUST_IS_PARTIAL_CHAIN, CERT_TRUST_IS_UNTRUSTED_ROOT,
    CRYPT_INTEGER_BLOB, CRYPT_KEY_FLAGS, CertAddCertificateContextToStore,
    CertAddEncodedCertificateToStore, CertCloseStore, CertControlStore,
    CertDeleteCertificateFromStore, CertDuplicateCertificateContext, CertEnumCertificatesInStore,
    CertFreeCertificateChain, CertFreeCertificateContext, CertGetCertificateChain,
    CertGetCertificateContextProperty, CertOpenStore, CertSetCertificateContextProperty,
    HCERTSTORE, PFXImportCertStore, X509_ASN_ENCODING,
};
use windows_sys::core::{PCWSTR, w};
use zeroize::Zeroizing;

use crate::domain::Fingerprint;

/// A store of the current user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Name {
    /// 個人: certificates with their keys.
    My,
    /// 中間証明機関
    Ca,
    /// 信頼されたルート証明機関, this computer's and Windows' own included.
    Root,
}

/// An open certificate store.
pub(super) struct Store(HCERTSTORE);

/// A certificate in a store, or alone.
pub(super) struct Certificate(*const CERT_CONTEXT);

/// Whether a certificate was put in or was there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Added {
    /// It is new.
    New,
    /// It was there, and nothing was changed.
    WasThere,
}

impl Store {
    /// Opens a store of the current user, which exists in every profile.
    pub(super) fn open(name: Name) -> io::Result<Self> {
        let name: PCWSTR = match name {
            Name::My => w!("MY"),
            Name::Ca => w!("CA"),
            Name::Root => w!("ROOT"),
        };
        // SAFETY: the provider takes a name that ends with NUL, and this one is static.
        let handle = unsafe {
            CertOpenStore(
                CERT_STORE_PROV_SYSTEM_W,
                0,
                0,
                CERT_SYSTEM_STORE_CURRENT_USER,
                name.cast::<c_void>(),
            )
        };
        Self::owned(handle)
    }

    /// Lets Windows unpack a `.p12`: its keys are kept from then on, its certificates are in this store only.
    pub(super) fn from_pkcs12(
        bytes: &[u8],
        password: &str,
        flags: CRYPT_KEY_FLAGS,
    ) -> io::Result<Self> {
        let password: Zeroizing<Vec<u16>> =
            Zeroizing::new(password.encode_utf16().chain([0]).collect());
        let blob = CRYPT_INTEGER_BLOB {
            cbData: length(bytes)?,
            pbData: bytes.as_ptr().cast_mut(),
        };
        // SAFETY: `blob` points to `bytes`, which the call only reads; `password` ends with NUL.
        let handle = unsafe { PFXImportCertStore(&blob, password.as_ptr(), flags) };
        Self::owned(handle)
    }

    fn owned(handle: HCERTSTORE) -> io::Result<Self> {
        match handle.is_null() {
            true => Err(io::Error::last_os_error()),
            false => Ok(Self(handle)),
        }
    }

    /// Every certificate in it.
    pub(super) fn certificates(&self) -> Vec<Certificate> {
        let mut found = Vec::new();
        let mut last: *mut CERT_CONTEXT = ptr::null_mut();
        loop {
            // SAFETY: the store is open; `last` is null or what this call gave before, which it frees.
            last = unsafe { CertEnumCertificatesInStore(self.0, last) };
            if last.is_null() {
                return found;
            }
            // SAFETY: `last` is valid; the duplicate is freed by its own owner.
            found.push(Certificate(unsafe {
                CertDuplicateCertificateContext(last)
            }));
        }
    }

    /// The certificates with this fingerprint; a store can hold one only.
    pub(super) fn find(&self, fingerprint: &Fingerprint) -> Option<Certificate> {
        self.certificates()
            .into_iter()
            .find(|certificate| certificate.fingerprint() == *fingerprint)
    }

    /// Puts in a certificate with what it knows of its key. One of the same bytes is replaced: callers have
    /// seen that it has no key.
    pub(super) fn put(&self, certificate: &Certificate) -> io::Result<Certificate> {
        let mut stored = ptr::null_mut();
        // SAFETY: store and certificate are open; `stored` receives a context that this function's caller owns.
        let done = unsafe {
            CertAddCertificateContextToStore(
                self.0,
                certificate.0,
                CERT_STORE_ADD_REPLACE_EXISTING,
                &mut stored,
            )
        };
        succeeded(done)?;
        Ok(Certificate(stored))
    }

    /// Puts in a certificate without a key, unless it is there. For [`Name::Root`] Windows asks the person.
    pub(super) fn put_der(&self, der: &[u8]) -> io::Result<Added> {
        // SAFETY: the store is open; `der` is only read; no context is wanted back.
        let done = unsafe {
            CertAddEncodedCertificateToStore(
                self.0,
                X509_ASN_ENCODING,
                der.as_ptr(),
                length(der)?,
                CERT_STORE_ADD_NEW,
                ptr::null_mut(),
            )
        };
        match succeeded(done) {
            Ok(()) => Ok(Added::New),
            Err(error) if error.raw_os_error() == Some(CRYPT_E_EXISTS) => Ok(Added::WasThere),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the handle is closed once; contexts that were taken from it keep what they need.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

impl Certificate {
    /// Its DER.
    pub(super) fn der(&self) -> &[u8] {
        // SAFETY: a context is not changed while it is open, and its bytes live as long as it does.
        unsafe {
            std::slice::from_raw_parts((*self.0).pbCertEncoded, (*self.0).cbCertEncoded as usize)
        }
    }

    /// SHA-256 of its DER.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.der())
    }

    /// The store's name for it, if it has one.
    pub(super) fn friendly_name(&self) -> Option<String> {
        let bytes = self.property(CERT_FRIENDLY_NAME_PROP_ID)?;
        let units: Vec<u16> = bytes
            .iter()
            .flat_map(|part| {
                let part = part.to_ne_bytes();
                [0, 2, 4, 6].map(|at| u16::from_ne_bytes([part[at], part[at + 1]]))
            })
            .take_while(|unit| *unit != 0)
            .collect();
        Some(String::from_utf16_lossy(&units)).filter(|name| !name.is_empty())
    }

    /// Gives it a name in its store.
    pub(super) fn set_friendly_name(&self, name: &str) -> io::Result<()> {
        let mut units: Vec<u16> = name.encode_utf16().chain([0]).collect();
        let blob = CRYPT_INTEGER_BLOB {
            cbData: u32::try_from(units.len() * size_of::<u16>()).map_err(io::Error::other)?,
            pbData: units.as_mut_ptr().cast(),
        };
        // SAFETY: the context is open; this property takes a blob, which the call copies.
        let done = unsafe {
            CertSetCertificateContextProperty(
                self.0,
                CERT_FRIENDLY_NAME_PROP_ID,
                0,
                (&raw const blob).cast(),
            )
        };
        succeeded(done)
    }

    /// A property's bytes, in memory aligned for any structure that they may be.
    pub(super) fn property(&self, id: u32) -> Option<Vec<u64>> {
        let mut size = 0_u32;
        // SAFETY: the context is open; with no room given, the call only writes how much it needs.
        let known =
            unsafe { CertGetCertificateContextProperty(self.0, id, ptr::null_mut(), &mut size) };
        if known == 0 {
            return None;
        }
        let mut bytes = vec![0_u64; (size as usize).div_ceil(size_of::<u64>())];
        // SAFETY: `bytes` has at least `size` bytes.
        let done = unsafe {
            CertGetCertificateContextProperty(self.0, id, bytes.as_mut_ptr().cast(), &mut size)
        };
        (done != 0).then_some(bytes)
    }

    /// Takes it out of the store that it was found in.
    pub(super) fn delete(self) -> io::Result<()> {
        // SAFETY: the context is open and names the store that it was found in, which outlives it.
        let store = unsafe { (*self.0).hCertStore };
        // SAFETY: the call frees the context in any case, so it is not freed again below.
        let done = unsafe { CertDeleteCertificateFromStore(self.0) };
        let deleted = succeeded(done);
        std::mem::forget(self);
        // Windows has written it down by now; Wine does so only when it is told, and otherwise forgets it.
        // SAFETY: the store is open while its owner deletes from it.
        let _written = unsafe {
            CertControlStore(
                store,
                CERT_STORE_CTRL_COMMIT_FORCE_FLAG,
                CERT_STORE_CTRL_COMMIT,
                ptr::null(),
            )
        };
        match deleted {
            // Somebody else was quicker.
            Err(error) if error.raw_os_error() == Some(CRYPT_E_NOT_FOUND) => Ok(()),
            outcome => outcome,
        }
    }

    /// The certificates from this one's issuer upwards, as far as Windows finds them here, and whether it
    /// trusts the last. Nothing is fetched from the network.
    pub(super) fn chain(&self) -> io::Result<(Vec<Vec<u8>>, bool)> {
        let wanted = CERT_CHAIN_PARA {
            cbSize: size_of::<CERT_CHAIN_PARA>() as u32,
            ..CERT_CHAIN_PARA::default()
        };
        let mut chain: *mut CERT_CHAIN_CONTEXT = ptr::null_mut();
        // SAFETY: the context is open, null means the default engine, the time now and no other store.
        let done = unsafe {
            CertGetCertificateChain(
                ptr::null_mut(),
                self.0,
                ptr::null(),
                ptr::null_mut(),
                &wanted,
                CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL,
                ptr::null(),
                &mut chain,
            )
        };
        succeeded(done)?;
        let chain = Chain(chain);
        Ok((chain.above(), chain.is_trusted()))
    }

    /// The context for a call that only reads it.
    pub(super) fn as_ptr(&self) -> *const CERT_CONTEXT {
        self.0
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: each context is freed once by whoever owns it.
        unsafe { CertFreeCertificateContext(self.0) };
    }
}

/// A chain that Windows built.
struct Chain(*const CERT_CHAIN_CONTEXT);

impl Chain {
    fn above(&self) -> Vec<Vec<u8>> {
        // SAFETY: the chain lives in `self`; each pointer is valid as far as its count says.
        unsafe {
            let Some(first) = (*self.0).rgpChain.as_ref().filter(|_| (*self.0).cChain > 0) else {
                return Vec::new();
            };
            (1..(**first).cElement as usize)
                .map(|at| (**(**first).rgpElement.add(at)).pCertContext)
                .map(|context| {
                    let length = (*context).cbCertEncoded as usize;
                    std::slice::from_raw_parts((*context).pbCertEncoded, length).to_vec()
                })
                .collect()
        }
    }

    fn is_trusted(&self) -> bool {
        // SAFETY: the chain lives in `self`.
        let errors = unsafe { (*self.0).TrustStatus.dwErrorStatus };
        errors & (CERT_TRUST_IS_UNTRUSTED_ROOT | CERT_TRUST_IS_PARTIAL_CHAIN) == 0
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // SAFETY: a chain is freed once.
        unsafe { CertFreeCertificateChain(self.0) };
    }
}

/// The result of a call that sets the last error.
pub(super) fn succeeded(done: i32) -> io::Result<()> {
    match done {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// A length as Windows takes it.
pub(super) fn length(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(bytes.len()).map_err(io::Error::other)
}
