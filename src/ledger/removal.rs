//! Removals from stores: each with a sealed copy, so that it can be undone; and pictures that are no longer needed.

use jiff::Timestamp;

use super::custody_events::Removing;
use super::event::{Actor, Event};
use super::ids::{EventId, RecordId};
use super::{Ledger, LedgerError};
use crate::custody::Plaintext;
use crate::domain::{CertificatePassword, Fingerprint, Pkcs12};

/// A removal that was not undone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removal {
    /// The line of the log.
    pub event: EventId,
    /// The record that it is written under.
    pub record: RecordId,
    /// When.
    pub at: Timestamp,
    /// What was taken out.
    pub removing: Removing,
}

impl Ledger {
    /// Seals an undo copy and writes that its certificate is about to be removed; when this returns, both are on disk.
    ///
    /// `removing` makes the event's words from the ids under which copy and password are sealed.
    pub fn begin_removal(
        &mut self,
        record: RecordId,
        copy: &Pkcs12,
        password: &CertificatePassword,
        at: Timestamp,
        removing: impl FnOnce(super::SealedId, super::SealedId) -> Removing,
    ) -> Result<EventId, LedgerError> {
        self.require_writer()?;
        self.store.in_transaction(|| {
            let undo = self.seal(record, UNDO_COPY, &Plaintext::from(copy), at)?;
            let password = self.seal(record, UNDO_PASSWORD, &Plaintext::from(password), at)?;
            let event = Event::Removing(removing(undo, password));
            self.write(record, at, Actor::Person, &event)
        })
    }

    /// The removals from `store` that nothing undid, latest first.
    pub fn removals(&self, store: &str) -> Result<Vec<Removal>, LedgerError> {
        let mut open: Vec<Removal> = Vec::new();
        for logged in self.store.events()? {
            match logged.event {
                Some(Event::Removing(removing)) if removing.store == store => open.push(Removal {
                    event: logged.id,
                    record: logged.record,
                    at: logged.at,
                    removing,
                }),
                Some(Event::PutBack {
                    store: other,
                    fingerprint,
                }) if other == store => {
                    open.retain(|removal| removal.removing.fingerprint != fingerprint);
                }
                _ => {}
            }
        }
        open.reverse();
        Ok(open)
    }

    /// The undo copy of a removal with its password.
    pub fn undo_copy(
        &self,
        removal: &Removal,
    ) -> Result<(Pkcs12, CertificatePassword), LedgerError> {
        let copy = Pkcs12::from(self.unseal(removal.removing.undo)?);
        let password = self.unseal(removal.removing.password)?;
        let password = password.parse().ok_or(LedgerError::UnfitSecret {
            record: removal.record,
            field: UNDO_PASSWORD.to_owned(),
        })?;
        Ok((copy, password))
    }

    /// The record whose certificate this is, current or superseded.
    pub fn holder_of(&self, fingerprint: &Fingerprint) -> Result<Option<RecordId>, LedgerError> {
        Ok(self
            .records()?
            .into_iter()
            .find(|record| {
                record
                    .state
                    .credential()
                    .is_some_and(|kept| kept.fingerprint == *fingerprint)
            })
            .map(|record| record.id))
    }

    /// Wipes every cut-out of the page that is sealed for `record`; returns how many there were.
    pub fn wipe_crops(&mut self, record: RecordId, at: Timestamp) -> Result<usize, LedgerError> {
        self.require_writer()?;
        let mut wiped = 0;
        for (member, _) in self.group_of(record)? {
            for id in self.store.sealed_of(member)? {
                let is_crop = self
                    .store
                    .sealed(id)?
                    .is_some_and(|row| row.field.starts_with(CROP));
                if is_crop && self.store.wipe_sealed(id, at)? {
                    wiped += 1;
                }
            }
        }
        if wiped > 0 {
            // Older pages would keep the boxes in the write-ahead file until its next turn.
            self.store.checkpoint()?;
        }
        Ok(wiped)
    }
}

const UNDO_COPY: &str = "undo_copy";
const UNDO_PASSWORD: &str = "undo_password";
/// What `reading` names the fields of cut-outs with.
const CROP: &str = "crop/";
