//! `backup --from-store`: certificates that another program put into a store, above all one that the authority's own
//! client renewed. They come out under a new password, are read back, and take the place of older ones.

use secrecy::SecretString;

use crate::credential;
use crate::domain::{CertificatePassword, Text, japan_date};
use crate::installer::{CertificateStore, InstalledCertificate, Proof};
use crate::ledger::{Actor, Event, RecordId, RestoredFrom};

use super::super::Desk;
use super::super::error::Error;
use super::super::installing::{Destination, exported_file};

impl Desk<'_> {
    /// Takes every valid certificate of the service that has its key in `destination` and is in no record.
    pub fn take_from_store(
        &mut self,
        destination: &Destination,
        given: Option<SecretString>,
    ) -> Result<Vec<RecordId>, Error> {
        let mut store = destination.open();
        let mut unknown = Vec::new();
        for certificate in store.list()? {
            if self.is_of_service(&certificate)
                && certificate.has_key
                && certificate.facts.not_after > self.now()
                && self
                    .ledger
                    .holder_of(&certificate.facts.fingerprint)?
                    .is_none()
            {
                unknown.push(certificate);
            }
        }
        if unknown.is_empty() {
            return Err(Error::NothingWaits {
                wanted: Text::new(
                    "ストアにあって台帳にない、有効な電子証明書",
                    "a valid certificate in the store that the ledger does not know",
                ),
            });
        }
        for certificate in &unknown {
            let name = certificate.facts.friendly_name.clone().unwrap_or_default();
            let last = japan_date(certificate.facts.not_after);
            self.person.tell(&Text::new(
                format!("  ストアの証明書「{name}」有効期限 {last}"),
                format!("  certificate “{name}” in the store, valid to {last}"),
            ));
        }
        let password = self.choose_password(given)?;
        unknown
            .iter()
            .map(|certificate| self.take_one(store.as_mut(), destination, certificate, &password))
            .collect()
    }

    fn take_one(
        &mut self,
        store: &mut dyn CertificateStore,
        destination: &Destination,
        certificate: &InstalledCertificate,
        password: &CertificatePassword,
    ) -> Result<RecordId, Error> {
        let fingerprint = certificate.facts.fingerprint;
        let exported = exported_file(store, &fingerprint, password)?;
        // What was written is read as a restore would read it.
        let expected = self.of_the_file_alone();
        let verified =
            credential::examine(exported, password, &expected, self.now())?.into_verified()?;
        let proof = store.prove(&fingerprint)?;
        let taken = self.take_without_letter(&verified, None, RestoredFrom::Store, None)?;
        let event = Event::Installed {
            store: destination.id(),
            fingerprint,
            proved: proof == Proof::Signed,
        };
        self.ledger
            .append(taken.record, self.now(), Actor::Program, event)?;
        Ok(taken.record)
    }

    /// Whether a certificate is one of the service's authority.
    pub(in crate::workflow) fn is_of_service(&self, certificate: &InstalledCertificate) -> bool {
        let issuer = certificate.facts.issuer_common_name.as_deref();
        let families = &self.config.certificate.issuer_family;
        issuer.is_some_and(|issuer| {
            families
                .iter()
                .any(|family| issuer.contains(family.as_str()))
        })
    }
}
