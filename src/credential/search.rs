//! The four digits of a file whose holder lost them: all ten thousand are tried on its lock.
//!
//! Only a file that lies here is ever tried, never a site. With the 2,000 rounds that authorities write it takes
//! seconds, which is why such a file counts as clear text.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use super::CredentialError;
use super::container;
use super::password::OpensFile;
use crate::domain::{CertificatePassword, Pkcs12};

/// How a search ended.
#[derive(Debug)]
pub struct Searched {
    /// Passwords that were tried.
    pub tried: u32,
    /// The one that opens the file.
    pub found: Option<CertificatePassword>,
}

/// Tries every four-digit password on `pkcs12`, until one fits or `goes_on` says no.
///
/// `goes_on` hears how many were tried, from several threads. `rounds` is the most that is believed of the file.
pub fn search_password(
    pkcs12: &Pkcs12,
    rounds: u32,
    goes_on: &(dyn Fn(u32) -> bool + Sync),
) -> Result<Searched, CredentialError> {
    // The bytes are read where they are.
    let lock = container::Lock::of(pkcs12.expose(), rounds)?;
    let (next, tried) = (AtomicU32::new(0), AtomicU32::new(0));
    let is_over = AtomicBool::new(false);
    let found = Mutex::new(None);
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(password) = numbered(number) else {
                        break;
                    };
                    if lock.opens_with(&password.file_password()) {
                        is_over.store(true, Ordering::Relaxed);
                        *found.lock().unwrap_or_else(|broken| broken.into_inner()) = Some(password);
                    }
                    let count = tried.fetch_add(1, Ordering::Relaxed) + 1;
                    if count.is_multiple_of(HEARD_EVERY) && !goes_on(count) {
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    Ok(Searched {
        tried: tried.into_inner(),
        found: found
            .into_inner()
            .unwrap_or_else(|broken| broken.into_inner()),
    })
}

fn numbered(number: u32) -> Option<CertificatePassword> {
    match number < PASSWORDS {
        true => format!("{number:04}").parse().ok(),
        false => None,
    }
}

/// 0000 to 9999.
pub const PASSWORDS: u32 = 10_000;
const HEARD_EVERY: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Pkcs12 {
        let bytes = include_bytes!("../../fixtures/credentials/one-round.p12");
        Pkcs12::received(bytes.to_vec())
    }

    #[test]
    fn the_one_password_is_found_and_a_no_ends_the_search() {
        let searched = search_password(&file(), 10_000, &|_| true).unwrap();
        assert_eq!(searched.found, Some("2468".parse().unwrap()));
        let ended = search_password(&file(), 10_000, &|_| false).unwrap();
        assert_eq!(ended.found, None);
        assert!(ended.tried < 2_468, "{}", ended.tried);
    }

    #[test]
    fn what_is_no_container_is_not_searched() {
        let error = search_password(&Pkcs12::received(b"<html>".to_vec()), 10_000, &|_| true);
        assert!(matches!(error, Err(CredentialError::NotPkcs12 { .. })));
    }
}
