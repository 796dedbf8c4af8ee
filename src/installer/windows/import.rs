//! One import: the file, its chain, its name, and everything taken back when a part of it fails.
//!
//! The order matters. The key is tried before anything is trusted, and the root, about which Windows asks
//! the person, comes last: whoever answers No has nothing to take back but the certificate and its key.

use std::io;

use super::issuers::Issuers;
use super::key::{Key, Place};
use super::system::{Certificate, Name, Store};
use super::{ImportOptions, refused};
use crate::domain::{CertificatePassword, Fingerprint, Pkcs12, TerminalName, VerifiedCredential};
use crate::installer::answer::Answer;
use crate::installer::{InstallError, challenge};

/// What an import has changed so far.
pub(super) struct Import {
    my: Store,
    fingerprint: Fingerprint,
    /// The certificate without its key, as it was there before.
    bare: Option<Vec<u8>>,
    /// Whether the certificate in `MY` is this import's.
    is_placed: bool,
    /// Where Windows keeps the keys that this import brought.
    places: Vec<Place>,
    /// The certificates above it that were not there before.
    issuers: Issuers,
}

impl Import {
    /// Looks at what is there; changes nothing.
    pub(super) fn of(credential: &VerifiedCredential) -> Result<Self, InstallError> {
        let my = Store::open(Name::My).map_err(refused("open MY"))?;
        let fingerprint = credential.facts().fingerprint;
        let bare = my.find(&fingerprint).map(|found| found.der().to_vec());
        Ok(Self {
            my,
            fingerprint,
            bare,
            is_placed: false,
            places: Vec::new(),
            issuers: Issuers::default(),
        })
    }

    /// Imports `file` and its chain, and gives what of the chain is new; what fails half-way is taken back.
    pub(super) fn run(
        mut self,
        file: &Pkcs12,
        credential: &VerifiedCredential,
        name: &TerminalName,
        options: ImportOptions,
    ) -> Result<Issuers, InstallError> {
        let imported = self
            .take_certificate(file, credential.password(), name, options)
            .and_then(|()| self.issuers.place(&credential.material().chain));
        match imported {
            Ok(()) => Ok(self.issuers),
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

    /// Takes back what this import changed. A key that another certificate uses stays: Windows gives each import
    /// a container of its own, and where that is not so, the key was not this import's alone.
    fn undo(&self) -> io::Result<()> {
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
        self.issuers.take_back()
    }
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
