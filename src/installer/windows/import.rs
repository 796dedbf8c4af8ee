//! One import: the file, its chain, its name, and everything taken back when a part of it fails.
//!
//! The order matters. The key is tried before anything is trusted, and the root, about which Windows asks
//! the person, comes last: whoever answers No has nothing to take back but the certificate and its key.

use std::io;

use windows_sys::Win32::Foundation::ERROR_CANCELLED;

use super::dialogue;
use super::key::{Key, Place};
use super::system::{Added, Certificate, Name, Store};
use super::{ImportOptions, refused};
use crate::domain::{CertificatePassword, Fingerprint, Pkcs12, TerminalName, VerifiedCredential};
use crate::installer::answer::Answer;
use crate::installer::chain::is_self_issued;
use crate::installer::{InstallError, challenge};

/// What an import has changed so far.
pub(super) struct Import {
    my: Store,
    ca: Store,
    fingerprint: Fingerprint,
    /// The certificate without its key, as it was there before.
    bare: Option<Vec<u8>>,
    /// Whether the certificate in `MY` is this import's.
    is_placed: bool,
    /// Where Windows keeps the keys that this import brought.
    places: Vec<Place>,
    /// Intermediates that were not there before.
    intermediates: Vec<Fingerprint>,
}

impl Import {
    /// Looks at what is there; changes nothing.
    pub(super) fn of(credential: &VerifiedCredential) -> Result<Self, InstallError> {
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        let ca = Store::open(Name::Ca).map_err(refused("open CA"))?;
        let fingerprint = credential.facts().fingerprint;
        let bare = my.find(&fingerprint).map(|found| found.der().to_vec());
        Ok(Self {
            my,
            ca,
            fingerprint,
            bare,
            is_placed: false,
            places: Vec::new(),
            intermediates: Vec::new(),
        })
    }

    /// Imports `file` and its chain; what fails half-way is taken back.
    pub(super) fn run(
        mut self,
        file: &Pkcs12,
        credential: &VerifiedCredential,
        name: &TerminalName,
        options: ImportOptions,
    ) -> Result<(), InstallError> {
        let imported = self
            .take_certificate(file, credential.password(), name, options)
            .and_then(|()| self.place_chain(&credential.material().chain));
        match imported {
            Ok(()) => Ok(()),
            Err(first) => match self.undo() {
                Ok(()) => Err(first),
                Err(source) => Err(InstallError::NotUndone {
                    first: Box::new(first),
                    then: Box::new(refused("undo the import")(source)),
                }),
            },
        }
    }

    fn take_certificate(
        &mut self,
        file: &Pkcs12,
        password: &CertificatePassword,
        name: &TerminalName,
        options: ImportOptions,
    ) -> Result<(), InstallError> {
        // Windows unpacks the file itself, as the official procedure has it, and needs its password for that.
        let unpacked = Store::from_pkcs12(file.expose(), password.expose(), options.flags())
            .map_err(refused("import the file"))?;
        self.places = unpacked
            .certificates()
            .iter()
            .filter_map(Place::of)
            .collect();
        let fingerprint = self.fingerprint;
        let certificate = unpacked
            .find(&fingerprint)
            .filter(|certificate| Place::of(certificate).is_some())
            .ok_or(InstallError::NotThereAfterImport { fingerprint })?;
        let stored = self.my.put(&certificate).map_err(refused("add to MY"))?;
        self.is_placed = true;
        stored
            .set_friendly_name(name.as_str())
            .map_err(refused("name the certificate"))?;
        prove(&stored)?.unless_anothers(fingerprint)
    }

    /// Puts the certificates of the file's chain where 'automatic selection' puts them, as far as they are not
    /// there. The import brings them too, but not with every file and not on every system.
    pub(super) fn place_chain(&mut self, chain: &[Vec<u8>]) -> Result<(), InstallError> {
        let (roots, intermediates): (Vec<_>, Vec<_>) =
            chain.iter().partition(|der| is_self_issued(der));
        for der in intermediates {
            let added = self.ca.put_der(der).map_err(refused("add to CA"))?;
            if added == Added::New {
                self.intermediates.push(Fingerprint::of(der));
            }
        }
        for der in roots {
            if !is_trusted_root(der)? {
                trust(der)?;
            }
        }
        Ok(())
    }

    /// Takes back what this import changed. A key that another certificate uses stays: Windows gives each import
    /// a container of its own, and where that is not so, the key was not this import's alone.
    pub(super) fn undo(&self) -> io::Result<()> {
        let others: Vec<Place> = self
            .my
            .certificates()
            .iter()
            .filter(|other| other.fingerprint() != self.fingerprint)
            .filter_map(Place::of)
            .collect();
        // Keys first: an interruption here leaves a certificate without a key, which the next import mends.
        for place in &self.places {
            if !others.iter().any(|other| other.is_container_of(place)) {
                place.destroy()?;
            }
        }
        if self.is_placed
            && let Some(stored) = self.my.find(&self.fingerprint)
        {
            stored.delete()?;
        }
        if let Some(bare) = self.bare.as_ref().filter(|_| self.is_placed) {
            self.my.put_der(bare)?;
        }
        for fingerprint in &self.intermediates {
            if let Some(intermediate) = self.ca.find(fingerprint) {
                intermediate.delete()?;
            }
        }
        Ok(())
    }
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

/// Lets the certificate's key sign a fresh challenge.
pub(super) fn prove(certificate: &Certificate) -> Result<Answer, InstallError> {
    let fingerprint = certificate.fingerprint();
    let key = match Key::of(certificate) {
        Ok(key) => key.ok_or(InstallError::NoKey { fingerprint })?,
        Err(error) if super::asks(&error) => return Ok(Answer::Asks),
        Err(error) => return Err(refused("open the key")(error)),
    };
    let challenge = challenge::fresh()?;
    key.answer(certificate, &challenge)
        .map_err(refused("sign with the key"))
}

fn trust(root: &[u8]) -> Result<(), InstallError> {
    let store = Store::open(Name::Root).map_err(refused("open ROOT"))?;
    match dialogue::in_front(|| store.put_der(root)) {
        Ok(Added::New | Added::WasThere) => Ok(()),
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

/// Whether this user's roots hold it, this computer's and Windows' own included.
fn is_trusted_root(der: &[u8]) -> Result<bool, InstallError> {
    let roots = Store::open(Name::Root).map_err(refused("open ROOT"))?;
    Ok(roots.find(&Fingerprint::of(der)).is_some())
}
