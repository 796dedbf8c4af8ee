//! A key wrapped for one account by the key store of its desktop: the Secret Service on Linux, the login keychain on
//! macOS.
//!
//! For each wrapping the store keeps a fresh key of its own, and the file holds what that one encrypted. So whoever
//! listens on the bus or reads the store has nothing without the file, and the file opens nothing without the store.
//!
//! No store is touched before [`allow`] was called: practice, the demo and unit tests never call it (design rule 10).
//!
//! Wrapped bytes: form (1), id of the item (16), nonce (24), ciphertext and tag. Form, id and purpose are bound to it.

use std::ffi::OsString;
use std::io;
use std::sync::OnceLock;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::domain::hexadecimal;

#[cfg(target_os = "macos")]
use super::login_keychain as store;
#[cfg(target_os = "linux")]
use super::secret_service as store;

/// Lets this process use the account's key store. `bus`: the address of the desktop session's bus, as the session
/// names it; without one there is no key store on Linux.
pub(in crate::platform) fn allow(bus: Option<OsString>) {
    // A second call in one process says the same.
    let _already_said = ALLOWED.set(bus.and_then(|bus| bus.into_string().ok()));
}

/// `Unsupported` where the store is not there, is locked, or did not take the key: nobody is asked to unlock it.
pub(in crate::platform) fn wrap_key(key: &[u8], purpose: &[u8]) -> io::Result<Vec<u8>> {
    let bus = allowed()?;
    let mut id = [0; ID];
    let mut nonce = [0; NONCE];
    let mut wrapping = Zeroizing::new([0; KEY]);
    for bytes in [&mut id[..], &mut nonce[..], &mut wrapping[..]] {
        getrandom::fill(bytes).map_err(io::Error::other)?;
    }
    let name = hexadecimal(&id);
    store::keep(bus, &name, &wrapping[..]).map_err(not_there)?;
    // What the store does not give back would shut the seal for good.
    match store::find(bus, &name) {
        Ok(Some(kept)) if *kept == wrapping[..] => {}
        other => {
            let _nothing_to_tell = store::forget(bus, &name);
            return Err(not_there(other.err().unwrap_or_else(missing)));
        }
    }
    let mut wrapped = vec![FORM];
    wrapped.extend(id);
    wrapped.extend(nonce);
    let payload = Payload {
        msg: key,
        aad: &bound_to(&id, purpose),
    };
    let sealed = XChaCha20Poly1305::new(Key::from_slice(&wrapping[..]))
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_too_long| io::Error::from(io::ErrorKind::InvalidInput))?;
    wrapped.extend(sealed);
    Ok(wrapped)
}

pub(in crate::platform) fn unwrap_key(
    wrapped: &[u8],
    purpose: &[u8],
) -> io::Result<Zeroizing<Vec<u8>>> {
    let parts = Parts::of(wrapped).ok_or_else(damaged)?;
    let bus = allowed().map_err(|error| io::Error::new(io::ErrorKind::NotConnected, error))?;
    let wrapping = store::find(bus, &hexadecimal(parts.id))?.ok_or_else(missing)?;
    if wrapping.len() != KEY {
        return Err(damaged());
    }
    let payload = Payload {
        msg: parts.sealed,
        aad: &bound_to(parts.id, purpose),
    };
    XChaCha20Poly1305::new(Key::from_slice(&wrapping))
        .decrypt(XNonce::from_slice(parts.nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_altered| damaged())
}

/// Takes the store's part of a wrapping away. A store that is not there keeps it: alone it opens nothing.
pub(in crate::platform) fn forget_key(wrapped: &[u8]) {
    if let (Some(parts), Ok(bus)) = (Parts::of(wrapped), allowed()) {
        let _nothing_to_tell = store::forget(bus, &hexadecimal(parts.id));
    }
}

struct Parts<'a> {
    id: &'a [u8],
    nonce: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(wrapped: &'a [u8]) -> Option<Self> {
        let (&form, rest) = wrapped.split_first()?;
        let (id, rest) = rest.split_at_checked(ID)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE)?;
        (form == FORM).then_some(Self { id, nonce, sealed })
    }
}

fn allowed() -> io::Result<Option<&'static str>> {
    ALLOWED
        .get()
        .map(Option::as_deref)
        .ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "no key store may be used here"))
}

fn bound_to(id: &[u8], purpose: &[u8]) -> Vec<u8> {
    [&[FORM], id, purpose].concat()
}

fn not_there(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, error)
}

fn missing() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        "the key store of this account has no key for this file",
    )
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the wrapped key is of another system, or damaged",
    )
}

/// What [`allow`] said.
static ALLOWED: OnceLock<Option<String>> = OnceLock::new();
/// The first byte of what this version writes.
const FORM: u8 = 1;
const ID: usize = 16;
const NONCE: usize = 24;
const KEY: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit tests never allow it, so nothing of the person who runs them is reached.
    #[test]
    fn without_leave_no_store_is_touched() {
        let error = wrap_key(b"a data key", b"seal").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        let whole = [&[FORM][..], &[7; ID + NONCE + 16]].concat();
        let error = unwrap_key(&whole, b"seal").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotConnected);
        forget_key(&whole);
    }

    #[test]
    fn what_another_system_wrote_is_told_from_a_store_that_is_not_there() {
        for bytes in [&b""[..], b"\x01", &[FORM; ID], &[0; 200]] {
            let error = unwrap_key(bytes, b"seal").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }
}
