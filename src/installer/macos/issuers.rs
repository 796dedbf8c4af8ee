//! The certificates above a terminal's own: all of them in the keychain, the root trusted by this account.
//!
//! What is put in is remembered, so that all of it can be taken out again and nothing that was there before. macOS asks
//! the person before it trusts a root, and once more before it no longer does.

use super::keychain::{Keychain, distrust, is_declined, is_trusted, trust};
use super::{certificates, refused};
use crate::domain::Fingerprint;
use crate::installer::InstallError;
use crate::installer::chain::is_self_issued;

/// The certificates above a terminal's own that were not there, or not trusted, before.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    intermediates: Vec<Fingerprint>,
    trusted: Vec<Vec<u8>>,
}

impl Issuers {
    /// Puts in what of `chain` is not there. The import brings it too, but not with every file and not on every
    /// system. What a failure leaves is for [`Self::take_back`].
    pub(super) fn place(
        &mut self,
        login: &Keychain,
        chain: &[Vec<u8>],
    ) -> Result<(), InstallError> {
        for der in chain.iter().filter(|der| !is_self_issued(der)) {
            if login.add(der).map_err(refused("add the chain"))? {
                self.intermediates.push(Fingerprint::of(der));
            }
        }
        // The root, about which macOS asks, comes last: a No leaves the least to take back.
        for root in roots_to_trust(chain)? {
            match trust(root) {
                Err(error) if is_declined(&error) => return Err(InstallError::RootNotAccepted),
                outcome => outcome.map_err(refused("trust the root"))?,
            }
            self.trusted.push(root.to_vec());
        }
        Ok(())
    }

    /// Takes out again what [`Self::place`] put in. One that cannot be taken out does not keep the others in.
    pub(super) fn take_back(&self, login: &Keychain) -> Result<(), InstallError> {
        let mut outcome = Ok(());
        for root in &self.trusted {
            outcome = outcome.and(distrust(root).map_err(refused("undo the import")));
        }
        for item in certificates(login)? {
            if self.intermediates.contains(&item.fingerprint) {
                outcome = outcome.and(item.delete().map_err(refused("undo the import")));
            }
        }
        outcome
    }
}

/// The roots of `chain` about which macOS would ask.
pub(super) fn roots_to_trust(chain: &[Vec<u8>]) -> Result<Vec<&[u8]>, InstallError> {
    let mut unknown = Vec::new();
    for root in chain.iter().filter(|der| is_self_issued(der)) {
        if !is_trusted_root(root)? {
            unknown.push(root.as_slice());
        }
    }
    Ok(unknown)
}

/// Whether this account trusts `root`.
pub(in crate::installer) fn is_trusted_root(root: &[u8]) -> Result<bool, InstallError> {
    is_trusted(&[root]).map_err(refused("judge the root"))
}
