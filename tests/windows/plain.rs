//! CryptoAPI as its manual has it, with nothing of noticert's in between.

use std::process::Command;
use std::ptr;

use windows_sys::Win32::Foundation::{GetLastError, NTE_BAD_KEYSET};
use windows_sys::Win32::Security::Cryptography::{
    AT_KEYEXCHANGE, CALG_SHA1, CERT_CONTEXT, CERT_FRIENDLY_NAME_PROP_ID,
    CERT_KEY_PROV_INFO_PROP_ID, CERT_STORE_CTRL_COMMIT, CERT_STORE_CTRL_COMMIT_FORCE_FLAG,
    CERT_STORE_PROV_SYSTEM_W, CERT_SYSTEM_STORE_CURRENT_USER, CRYPT_DELETEKEYSET,
    CRYPT_INTEGER_BLOB, CRYPT_KEY_PROV_INFO, CRYPT_USER_KEYSET, CertCloseStore, CertControlStore,
    CertDeleteCertificateFromStore, CertDuplicateCertificateContext, CertEnumCertificatesInStore,
    CertFreeCertificateContext, CertGetCertificateContextProperty, CertOpenStore,
    CryptAcquireCertificatePrivateKey, CryptAcquireContextW, CryptCreateHash, CryptHashData,
    CryptReleaseContext, CryptSignHashW, PFXImportCertStore,
};

/// A certificate as it lies in a store of the current user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stored {
    pub der: Vec<u8>,
    pub friendly_name: Option<String>,
    pub key: Option<Container>,
}

/// Where a key lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Container {
    name: Vec<u16>,
    provider: Vec<u16>,
    kind: u32,
}

/// Everything in the store `name`.
pub fn everything_in(name: &str) -> Vec<Stored> {
    let mut found = Vec::new();
    each(name, |context| {
        found.push(Stored {
            der: der(context),
            friendly_name: text_property(context, CERT_FRIENDLY_NAME_PROP_ID),
            key: container(context),
        });
    });
    found
}

/// The certificate of these bytes in the store `name`.
pub fn in_store(name: &str, der: &[u8]) -> Option<Stored> {
    everything_in(name)
        .into_iter()
        .find(|stored| stored.der == der)
}

/// Takes everything out of the store `name`, keys included. The profile's own list goes as well: Wine brings
/// back from it what was replaced before it was deleted.
pub fn empty(name: &str) {
    each(name, |context| {
        if let Some(container) = container(context) {
            delete(&container);
        }
        take_out(context);
    });
    let list = format!(r"HKCU\Software\Microsoft\SystemCertificates\{name}\Certificates");
    let mut gone = Command::new("reg.exe");
    gone.args(["delete", &list, "/f"]);
    // Where there is no list, there is nothing to delete.
    let _ended = gone.output().unwrap();
}

/// Takes the invented roots of the fixtures out of the roots that this process sees.
pub fn forget_invented_roots() {
    each("ROOT", |context| {
        let der = der(context);
        if der.windows(17).any(|part| part == b"Online Billing NW") {
            take_out(context);
        }
    });
}

/// Takes a certificate out of its store. Wine writes that down only when it is told.
fn take_out(context: *const CERT_CONTEXT) {
    // SAFETY: the context is valid and its store open; the call frees the duplicate that it is given.
    unsafe {
        let store = (*context).hCertStore;
        CertDeleteCertificateFromStore(CertDuplicateCertificateContext(context));
        CertControlStore(
            store,
            CERT_STORE_CTRL_COMMIT_FORCE_FLAG,
            CERT_STORE_CTRL_COMMIT,
            ptr::null(),
        );
    }
}

/// Lets Windows unpack a file and throws the certificates in it away; its keys are kept.
pub fn import_key(pkcs12: &[u8], password: &str) {
    let password: Vec<u16> = password.encode_utf16().chain([0]).collect();
    let blob = CRYPT_INTEGER_BLOB {
        cbData: pkcs12.len() as u32,
        pbData: pkcs12.as_ptr().cast_mut(),
    };
    // SAFETY: the file is only read; the password ends with NUL; the store is closed once.
    unsafe {
        let store = PFXImportCertStore(&blob, password.as_ptr(), CRYPT_USER_KEYSET);
        assert!(!store.is_null());
        CertCloseStore(store, 0);
    }
}

/// Whether the container is there.
pub fn exists(container: &Container) -> bool {
    let mut provider = 0;
    // SAFETY: both names end with NUL.
    let opened = unsafe {
        CryptAcquireContextW(
            &mut provider,
            container.name.as_ptr(),
            container.provider.as_ptr(),
            container.kind,
            0,
        )
    };
    if opened == 0 {
        // SAFETY: the call takes nothing.
        assert_eq!(unsafe { GetLastError() }.cast_signed(), NTE_BAD_KEYSET);
        return false;
    }
    // SAFETY: the handle was opened above.
    unsafe { CryptReleaseContext(provider, 0) };
    true
}

/// Deletes a container with its key.
pub fn delete(container: &Container) {
    let mut provider = 0;
    // SAFETY: both names end with NUL.
    unsafe {
        CryptAcquireContextW(
            &mut provider,
            container.name.as_ptr(),
            container.provider.as_ptr(),
            container.kind,
            CRYPT_DELETEKEYSET,
        )
    };
}

/// What the stored key of a certificate in `MY` signs with PKCS#1 v1.5 and SHA-1, all that the provider of an import
/// knows. Wine does not say which of a container's keys it is, and it is the first.
pub fn signature(certificate: &[u8], message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; 1024];
    each("MY", |context| {
        if der(context) != certificate {
            return;
        }
        let (mut provider, mut spec, mut is_ours, mut hash) = (0, 0, 0, 0);
        let mut length = signature.len() as u32;
        // SAFETY: every handle is the answer of the call before; all lengths are the buffers'.
        unsafe {
            assert_ne!(
                CryptAcquireCertificatePrivateKey(
                    context,
                    0,
                    ptr::null(),
                    &mut provider,
                    &mut spec,
                    &mut is_ours
                ),
                0
            );
            assert_ne!(CryptCreateHash(provider, CALG_SHA1, 0, 0, &mut hash), 0);
            let (start, size) = (message.as_ptr(), message.len() as u32);
            assert_ne!(CryptHashData(hash, start, size, 0), 0);
            let room = signature.as_mut_ptr();
            assert_ne!(
                CryptSignHashW(hash, AT_KEYEXCHANGE, ptr::null(), 0, room, &mut length),
                0
            );
        }
        signature.truncate(length as usize);
    });
    signature.reverse();
    signature
}

fn each(name: &str, mut look: impl FnMut(*const CERT_CONTEXT)) {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: `name` ends with NUL.
    let store = unsafe {
        CertOpenStore(
            CERT_STORE_PROV_SYSTEM_W,
            0,
            0,
            CERT_SYSTEM_STORE_CURRENT_USER,
            name.as_ptr().cast(),
        )
    };
    assert!(!store.is_null());
    // Taken down first, because `look` may take some out.
    let mut contexts = Vec::new();
    let mut last = ptr::null_mut();
    loop {
        // SAFETY: the store is open; the call frees `last`.
        last = unsafe { CertEnumCertificatesInStore(store, last) };
        if last.is_null() {
            break;
        }
        // SAFETY: `last` is valid.
        contexts.push(unsafe { CertDuplicateCertificateContext(last) });
    }
    for context in contexts {
        look(context);
        // SAFETY: the duplicate made above.
        unsafe { CertFreeCertificateContext(context) };
    }
    // SAFETY: the store opened above.
    unsafe { CertCloseStore(store, 0) };
}

fn der(context: *const CERT_CONTEXT) -> Vec<u8> {
    // SAFETY: the context is valid and says how long its bytes are.
    unsafe {
        std::slice::from_raw_parts((*context).pbCertEncoded, (*context).cbCertEncoded as usize)
            .to_vec()
    }
}

fn property(context: *const CERT_CONTEXT, id: u32) -> Option<Vec<u64>> {
    let mut size = 0;
    // SAFETY: the context is valid; the second call has the room that the first one asked for.
    unsafe {
        if CertGetCertificateContextProperty(context, id, ptr::null_mut(), &mut size) == 0 {
            return None;
        }
        let mut bytes = vec![0_u64; (size as usize).div_ceil(8)];
        let room = bytes.as_mut_ptr().cast();
        (CertGetCertificateContextProperty(context, id, room, &mut size) != 0).then_some(bytes)
    }
}

fn text_property(context: *const CERT_CONTEXT, id: u32) -> Option<String> {
    let bytes = property(context, id)?;
    // SAFETY: the property is text that ends with NUL.
    let units = unsafe { units(bytes.as_ptr().cast()) };
    Some(String::from_utf16(&units[..units.len() - 1]).unwrap())
}

fn container(context: *const CERT_CONTEXT) -> Option<Container> {
    let bytes = property(context, CERT_KEY_PROV_INFO_PROP_ID)?;
    let info: *const CRYPT_KEY_PROV_INFO = bytes.as_ptr().cast();
    // SAFETY: the property is this structure, with its texts behind it.
    unsafe {
        Some(Container {
            name: units((*info).pwszContainerName),
            provider: units((*info).pwszProvName),
            kind: (*info).dwProvType,
        })
    }
}

/// # Safety
///
/// `text` ends with NUL.
unsafe fn units(text: *const u16) -> Vec<u16> {
    // SAFETY: the caller's promise.
    let length = (0..)
        .take_while(|at| unsafe { *text.add(*at) } != 0)
        .count();
    // SAFETY: counted above, with the NUL.
    unsafe { std::slice::from_raw_parts(text, length + 1).to_vec() }
}
