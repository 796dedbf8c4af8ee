//! Secrets of a record: sealing them, and rebuilding proofs from them.
//!
//! This is the only place besides the proving functions that makes a [`ReviewedIssuance`], and only from a
//! `confirmed` event in force (design, section 3).

use jiff::Timestamp;
use secrecy::{SecretBox, SecretString};

use super::event::{Actor, Confirmed, Event};
use super::fold::{Fold, Pair};
use super::ids::{RecordId, SealedId};
use super::words::FileHash;
use super::{Ledger, LedgerError};
use crate::custody::{Plaintext, Vault};
use crate::domain::{CertificatePassword, Issuance, ReferenceId, ReviewedIssuance, Validity};

impl Ledger {
    /// Seals a password for a record and writes that it was chosen.
    pub fn seal_password(
        &mut self,
        record: RecordId,
        password: &CertificatePassword,
        at: Timestamp,
    ) -> Result<SealedId, LedgerError> {
        self.require_writer()?;
        self.store.in_transaction(|| {
            let id = self.seal(record, PASSWORD, &Plaintext::from(password), at)?;
            let event = Event::PasswordSealed { password: id };
            self.write(record, at, Actor::Person, &event)?;
            Ok(id)
        })
    }

    /// What was confirmed for `record`, with its reference ID unsealed.
    pub fn rebuild_reviewed(&self, record: RecordId) -> Result<ReviewedIssuance, LedgerError> {
        let (head, fold) = self.head_of(record)?;
        readable(head, &fold)?;
        let Some(confirmed) = &fold.confirmed else {
            return Err(LedgerError::NotConfirmed {
                record: head,
                state: fold.state().name(),
            });
        };
        self.reviewed(head, confirmed)
    }

    /// The password of `record`: that of the file with this hash, else the one chosen last (design rule 11).
    pub fn rebuild_password(
        &self,
        record: RecordId,
        file: Option<[u8; 32]>,
    ) -> Result<CertificatePassword, LedgerError> {
        let (head, fold) = self.head_of(record)?;
        let of_file = |hash: [u8; 32]| {
            fold.password_of_file
                .iter()
                .rev()
                .find(|(known, _)| *known == FileHash(hash))
                .map(|(_, id)| *id)
        };
        let id = match file {
            Some(hash) => of_file(hash),
            None => fold.password,
        };
        self.password(id.ok_or(LedgerError::NoPassword { record: head })?)
    }

    /// A sealed password.
    pub fn password(&self, id: SealedId) -> Result<CertificatePassword, LedgerError> {
        self.parsed(id, PASSWORD)
    }

    /// The reference ID as read, for comparing with what a person keys; it may be none of that form.
    pub fn reference_as_read(&self, record: RecordId) -> Result<Option<SecretString>, LedgerError> {
        let (_, fold) = self.head_of(record)?;
        match fold.sheet.and_then(|sheet| sheet.reference_id) {
            Some(id) => match self.unseal(id)?.text() {
                Some(text) => Ok(Some(text)),
                None => Err(self.unfit(id, REFERENCE_ID)),
            },
            None => Ok(None),
        }
    }

    /// Every reference ID and password in the ledger, as they are looked for where none may be.
    pub fn every_secret(&self) -> Result<Vec<Plaintext>, LedgerError> {
        self.vault()?;
        let mut secrets = Vec::new();
        for record in self.records()? {
            for (_, fold) in self.group_of(record.id)? {
                for id in fold.secrets {
                    match self.unseal(id) {
                        Err(LedgerError::Wiped { .. }) => {}
                        unsealed => secrets.push(unsealed?),
                    }
                }
            }
        }
        Ok(secrets)
    }

    /// A cut-out of the page, as it was handed over to be sealed.
    pub fn crop(&self, id: SealedId) -> Result<SecretBox<Vec<u8>>, LedgerError> {
        self.unseal(id).map(Plaintext::into_secret)
    }

    /// Whether this pair is one that the site refused as unknown; it is never sent again unchanged.
    pub fn same_pair(&self, record: RecordId, issuance: &Issuance) -> Result<bool, LedgerError> {
        for (_, fold) in self.group_of(record)? {
            for pair in &fold.refused_pairs {
                if self.is_pair(pair, issuance)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Takes a sealed value away for good; that it was there stays known. Returns whether it still was.
    pub fn wipe_sealed(&mut self, id: SealedId, at: Timestamp) -> Result<bool, LedgerError> {
        self.require_writer()?;
        let wiped = self.store.wipe_sealed(id, at)?;
        // Older pages would keep the box in the write-ahead file until its next turn.
        self.store.checkpoint()?;
        Ok(wiped)
    }

    pub(super) fn seal(
        &self,
        record: RecordId,
        field: &str,
        secret: &Plaintext,
        at: Timestamp,
    ) -> Result<SealedId, LedgerError> {
        let id = SealedId::new(self.next_id(at)?);
        let sealed = self
            .vault()?
            .seal_secret(&record.to_string(), &place(field, id), secret)?;
        self.store.write_sealed(id, record, field, &sealed)?;
        Ok(id)
    }

    /// The record that stands for `record` and all linked with it.
    pub(super) fn head_of(&self, record: RecordId) -> Result<(RecordId, Fold), LedgerError> {
        let unknown = LedgerError::UnknownRecord { record };
        let mut group = self.group_of(record)?;
        let Some(head) = super::record::head_of(&group) else {
            return Err(unknown);
        };
        match group.iter().position(|(id, _)| *id == head) {
            Some(at) => Ok(group.swap_remove(at)),
            None => Err(unknown),
        }
    }

    pub(super) fn reviewed(
        &self,
        record: RecordId,
        confirmed: &Confirmed,
    ) -> Result<ReviewedIssuance, LedgerError> {
        let validity = Validity::new(confirmed.valid_from, confirmed.valid_to).map_err(|_| {
            LedgerError::UnreadableEvent {
                record,
                kind: "confirmed".to_owned(),
            }
        })?;
        let issuance = Issuance {
            issuer: confirmed.issuer.clone(),
            institution_code: confirmed.institution_code.clone(),
            terminal_name: confirmed.terminal_name.clone(),
            request_id: confirmed.request_id.clone(),
            reference_id: self.reference_id(confirmed.reference_id)?,
            validity,
            retrieval_deadline: confirmed.retrieval_deadline,
        };
        Ok(ReviewedIssuance::attest(issuance, confirmed.by))
    }

    pub(super) fn reference_id(&self, id: SealedId) -> Result<ReferenceId, LedgerError> {
        self.parsed(id, REFERENCE_ID)
    }

    pub(super) fn is_pair(&self, pair: &Pair, issuance: &Issuance) -> Result<bool, LedgerError> {
        Ok(pair.request_id == issuance.request_id
            && self.reference_id(pair.reference_id)? == issuance.reference_id)
    }

    /// Strikes out of a site's sentence what it repeats of the record's secrets.
    pub(super) fn without_secrets(
        &self,
        record: RecordId,
        event: Event,
    ) -> Result<Event, LedgerError> {
        let Event::Refused {
            attempt,
            reason,
            sentence: Some(sentence),
        } = event
        else {
            return Ok(event);
        };
        let mut secrets = Vec::new();
        for (_, fold) in self.group_of(record)? {
            for id in fold.secrets {
                match self.unseal(id) {
                    Err(LedgerError::Wiped { .. }) => {}
                    unsealed => secrets.push(unsealed?),
                }
            }
        }
        let sentence = secrets
            .iter()
            .fold(sentence, |sentence, secret| secret.struck_out_of(&sentence));
        Ok(Event::Refused {
            attempt,
            reason,
            sentence: Some(sentence),
        })
    }

    fn parsed<T: std::str::FromStr>(&self, id: SealedId, field: &str) -> Result<T, LedgerError> {
        self.unseal(id)?
            .parse()
            .ok_or_else(|| self.unfit(id, field))
    }

    pub(super) fn unseal(&self, id: SealedId) -> Result<Plaintext, LedgerError> {
        let row = self
            .store
            .sealed(id)?
            .ok_or(LedgerError::UnknownSealed { id })?;
        let Some(sealed) = &row.sealed else {
            return Err(LedgerError::Wiped {
                record: row.record,
                field: row.field,
            });
        };
        let record = row.record.to_string();
        Ok(self
            .vault()?
            .unseal_secret(&record, &place(&row.field, id), sealed)?)
    }

    fn unfit(&self, id: SealedId, field: &str) -> LedgerError {
        match self.store.sealed(id) {
            Ok(Some(row)) => LedgerError::UnfitSecret {
                record: row.record,
                field: field.to_owned(),
            },
            _ => LedgerError::UnknownSealed { id },
        }
    }

    pub(super) fn vault(&self) -> Result<&Vault, LedgerError> {
        self.vault.as_ref().ok_or(LedgerError::NoKey)
    }
}

/// Refuses a record with an event that this version cannot read.
pub(super) fn readable(record: RecordId, fold: &Fold) -> Result<(), LedgerError> {
    match &fold.unreadable {
        Some(kind) => Err(LedgerError::UnreadableEvent {
            record,
            kind: kind.clone(),
        }),
        None => Ok(()),
    }
}

/// The place that a box is bound to: two boxes of one field cannot be swapped either.
pub(super) fn place(field: &str, id: SealedId) -> String {
    format!("{field}/{id}")
}

pub(super) const REFERENCE_ID: &str = "reference_id";
const PASSWORD: &str = "certificate_password";
