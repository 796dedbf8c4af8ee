//! A certificate without its letter becomes a record: kept, sealed, written down, and older ones called superseded.

use std::path::PathBuf;

use super::RestoreError;
use crate::custody::PathKind;
use crate::custody::files;
use crate::custody::names::safe_file_name;
use crate::domain::{
    CertificateFacts, InstitutionCode, TerminalName, VerifiedCredential, japan_date,
};
use crate::ledger::{
    Actor, BackedUp, Event, FileHash, Record, RecordId, RelativePath, Restored, RestoredFrom,
    Retrieved, SiteKind,
};
use crate::platform;
use crate::workflow::retrieving::file_name_of;
use crate::workflow::{Desk, Error};

/// A certificate that is a record now.
#[derive(Debug)]
pub(in crate::workflow) struct TakenIn {
    /// The record.
    pub(in crate::workflow) record: RecordId,
    /// The kept file.
    pub(in crate::workflow) kept: PathBuf,
}

impl Desk<'_> {
    /// Keeps the file, seals its password and writes that it came `from` there.
    ///
    /// `medium`: the back-up that it lies on; written first, because what comes later ends `restored`.
    pub(in crate::workflow) fn take_without_letter(
        &mut self,
        verified: &VerifiedCredential,
        terminal: Option<&str>,
        from: RestoredFrom,
        medium: Option<BackedUp>,
    ) -> Result<TakenIn, Error> {
        let facts = verified.facts();
        self.ledger.bind_site(match facts.is_practice() {
            true => SiteKind::Practice,
            false => SiteKind::Real,
        })?;
        let institution_code = institution_of(facts)?;
        let terminal_name = self.terminal_of(&institution_code, terminal, facts)?;
        let now = self.now();
        let record = match self.ledger.holder_of(&facts.fingerprint)? {
            Some(record) => record,
            None => self.ledger.new_record(now)?,
        };
        let kept = self.keep_without_letter(verified, &institution_code, terminal_name.as_ref())?;
        let password = self
            .ledger
            .seal_password(record, verified.password(), now)?;
        if let Some(medium) = medium {
            self.ledger
                .append(record, now, Actor::Program, Event::BackedUp(medium))?;
        }
        let p12 = RelativePath::inside(self.data(), &kept)
            .map_err(|_| Error::KeptFileChanged { path: kept.clone() })?;
        let event = Event::Restored(Restored {
            from,
            institution_code,
            terminal_name,
            credential: Retrieved {
                attempt: None,
                p12,
                sha256: FileHash(verified.pkcs12().sha256()),
                password,
                fingerprint: facts.fingerprint,
                serial_number: facts.serial_number.clone(),
                issuer_common_name: facts.issuer_common_name.clone(),
                not_before: facts.not_before,
                not_after: facts.not_after,
                problem: None,
            },
        });
        self.ledger.append(record, now, Actor::Person, event)?;
        let record = self.ledger.record(record)?;
        self.supersede_older(&record)?;
        Ok(TakenIn {
            record: record.id,
            kept,
        })
    }

    /// Calls every older certificate of the same terminal superseded.
    pub(in crate::workflow) fn supersede_older(&mut self, newer: &Record) -> Result<(), Error> {
        let Some(kept) = newer.state.credential() else {
            return Ok(());
        };
        for older in self.ledger.records()? {
            let is_older = older.state.is_current()
                && older
                    .state
                    .credential()
                    .is_some_and(|other| other.not_after < kept.not_after);
            if older.id != newer.id
                && is_older
                && older.institution_code == newer.institution_code
                && older.terminal_name == newer.terminal_name
            {
                let event = Event::Superseded { by: newer.id };
                self.ledger
                    .append(older.id, self.now(), Actor::Program, event)?;
            }
        }
        Ok(())
    }

    /// The terminal: as the back-up names it, else the one that this PC is bound to, else the name in the certificate's
    /// file.
    fn terminal_of(
        &self,
        code: &InstitutionCode,
        named: Option<&str>,
        facts: &CertificateFacts,
    ) -> Result<Option<TerminalName>, Error> {
        if let Some(name) = named.and_then(|name| name.parse().ok()) {
            return Ok(Some(name));
        }
        let here = platform::computer_name();
        let bound = self
            .ledger
            .bindings()?
            .into_iter()
            .find(|binding| binding.computer_name == here && binding.institution_code == *code)
            .and_then(|binding| binding.terminal_name);
        Ok(bound.or_else(|| facts.friendly_name.as_deref()?.parse().ok()))
    }

    fn keep_without_letter(
        &self,
        verified: &VerifiedCredential,
        code: &InstitutionCode,
        terminal: Option<&TerminalName>,
    ) -> Result<PathBuf, Error> {
        let facts = verified.facts();
        let name = terminal.map_or(facts.serial_number.as_str(), TerminalName::as_str);
        let folder = self
            .data()
            .join("terminals")
            .join(safe_file_name(code.as_str()))
            .join(safe_file_name(name));
        let last = japan_date(facts.not_after);
        let name = safe_file_name(&format!("{}_{last}.p12", file_name_of(&folder)));
        files::create_dir(&folder, PathKind::SavedFile)?;
        // The file is kept as it came, as a retrieved one is.
        let bytes = verified.pkcs12().expose();
        Ok(files::write_new_owner_only_atomic(&folder, &name, bytes)?)
    }
}

fn institution_of(facts: &CertificateFacts) -> Result<InstitutionCode, Error> {
    let name = facts.subject_common_name.clone().unwrap_or_default();
    name.parse()
        .map_err(|_| RestoreError::NoInstitution { name }.into())
}
