//! The certificates above a terminal's own: anything between in `CA`, the root in `ROOT`, as 'automatic selection'
//! places them.
//!
//! What is put in is remembered, so that all of it can be taken out again and nothing that was there before. Windows
//! asks the person before it trusts a root, and once more before it takes one out.

use std::io;

use windows_sys::Win32::Foundation::ERROR_CANCELLED;

use super::system::{Added, Name, Store};
use super::{dialogue, refused};
use crate::domain::Fingerprint;
use crate::installer::InstallError;
use crate::installer::chain::is_self_issued;

/// The certificates above a terminal's own that were not there before.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    intermediates: Vec<Fingerprint>,
    roots: Vec<Fingerprint>,
}

impl Issuers {
    /// Puts the certificates of `chain` where they belong, as far as they are not there. The import brings them too,
    /// but not with every file and not on every system. What a failure leaves is for [`Self::take_back`].
    pub(super) fn place(&mut self, chain: &[Vec<u8>]) -> Result<(), InstallError> {
        let ca = Store::open(Name::Ca).map_err(refused("open CA"))?;
        for der in chain.iter().filter(|der| !is_self_issued(der)) {
            if ca.put_der(der).map_err(refused("add to CA"))? == Added::New {
                self.intermediates.push(Fingerprint::of(der));
            }
        }
        // The root, about which Windows asks, comes last: a No leaves the least to take back.
        for root in roots_to_trust(chain)? {
            if trust(root)? == Added::New {
                self.roots.push(Fingerprint::of(root));
            }
        }
        Ok(())
    }

    /// Takes out again what [`Self::place`] put in. One that cannot be taken out does not keep the others in.
    pub(super) fn take_back(&self) -> io::Result<()> {
        let roots = take_out(Name::Root, &self.roots);
        take_out(Name::Ca, &self.intermediates).and(roots)
    }
}

fn take_out(name: Name, fingerprints: &[Fingerprint]) -> io::Result<()> {
    let mut outcome = Ok(());
    for fingerprint in fingerprints {
        // Opened anew each time: a deletion may have left an open store behind the times.
        if let Some(found) = Store::open(name)?.find(fingerprint) {
            outcome = outcome.and(dialogue::in_front(|| found.delete()));
        }
    }
    outcome
}

/// The roots of `chain` about which Windows would ask.
pub(super) fn roots_to_trust(chain: &[Vec<u8>]) -> Result<Vec<&[u8]>, InstallError> {
    let mut unknown = Vec::new();
    for der in chain.iter().filter(|der| is_self_issued(der)) {
        if !is_trusted_root(der)? {
            unknown.push(der.as_slice());
        }
    }
    Ok(unknown)
}

/// Whether this user's roots hold it, this computer's and Windows' own included.
pub(in crate::installer) fn is_trusted_root(der: &[u8]) -> Result<bool, InstallError> {
    let roots = Store::open(Name::Root).map_err(refused("open ROOT"))?;
    Ok(roots.find(&Fingerprint::of(der)).is_some())
}

fn trust(root: &[u8]) -> Result<Added, InstallError> {
    let store = Store::open(Name::Root).map_err(refused("open ROOT"))?;
    match dialogue::in_front(|| store.put_der(root)) {
        Ok(added) => Ok(added),
        // 'No', a closed window, and a session without a desktop all end so.
        Err(error) if is_cancelled(&error) => Err(InstallError::RootNotAccepted),
        Err(error) => Err(refused("add to ROOT")(error)),
    }
}

fn is_cancelled(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(i32::cast_unsigned);
    // The same as an HRESULT, which some versions set.
    matches!(code, Some(ERROR_CANCELLED | 0x8007_04c7))
}
