//! The login keychain of macOS as a key store: one generic password for each wrapping.
//!
//! This file is type-checked for macOS and was never run there.
//!
//! Source: <https://developer.apple.com/documentation/security/keychain_services>.

use std::io;

use security_framework::base::Error;
use security_framework::os::macos::keychain::SecKeychain;
use security_framework::passwords::{
    delete_generic_password, get_generic_password, set_generic_password,
};
use zeroize::Zeroizing;

/// Puts `secret` into the keychain under `name`.
pub(super) fn keep(_bus: Option<&str>, name: &str, secret: &[u8]) -> io::Result<()> {
    let _silence = SecKeychain::disable_user_interaction().map_err(failed)?;
    set_generic_password(SERVICE, name, secret).map_err(failed)
}

/// What [`keep`] put there.
pub(super) fn find(_bus: Option<&str>, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let _silence = SecKeychain::disable_user_interaction().map_err(failed)?;
    match get_generic_password(SERVICE, name) {
        Ok(secret) => Ok(Some(Zeroizing::new(secret))),
        Err(error) if error.code() == NOT_FOUND => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Takes it out again.
pub(super) fn forget(_bus: Option<&str>, name: &str) -> io::Result<()> {
    let _silence = SecKeychain::disable_user_interaction().map_err(failed)?;
    delete_generic_password(SERVICE, name).map_err(failed)
}

fn failed(error: Error) -> io::Error {
    io::Error::other(error)
}

const SERVICE: &str = "noticert";
/// errSecItemNotFound
const NOT_FOUND: i32 = -25_300;
