//! Readings into the log: public values as they are, the reference ID and the cut-outs sealed.

use jiff::Timestamp;

use super::event::{Actor, Event, Sheet, SheetField};
use super::fold::Fold;
use super::ids::{RecordId, SealedId};
use super::secrets::REFERENCE_ID;
use super::words::{FieldName, PerField, Remark};
use super::{Ledger, LedgerError};
use crate::custody::Plaintext;
use crate::domain::{Crop, Field, FieldReading, IssuanceReading, ReferenceId, Status};

/// Where a sheet came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A scan.
    Read,
    /// A person's keys, or a list.
    Added,
}

/// Where a reading went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recorded {
    /// Into a record of its own.
    New(RecordId),
    /// Into the record of the same letter, which was known.
    SeenAgain(RecordId),
}

impl Recorded {
    /// The record, new or known.
    pub fn record(self) -> RecordId {
        match self {
            Self::New(record) | Self::SeenAgain(record) => record,
        }
    }
}

/// Makes the bytes that are sealed of a cut-out, for instance a PNG.
pub type Encode<'a> = &'a dyn Fn(&Crop) -> Vec<u8>;

impl Ledger {
    /// Writes a reading: into a new record, or as seen again where the same letter is known.
    ///
    /// Known is what was accepted with a request ID in the ledger, or was read the same before, doubts and all.
    pub fn record_reading(
        &mut self,
        reading: &IssuanceReading,
        origin: Origin,
        encode: Encode<'_>,
        at: Timestamp,
    ) -> Result<Recorded, LedgerError> {
        self.require_writer()?;
        self.store.in_transaction(|| {
            if let Some((record, differs)) = self.known(reading)? {
                let event = Event::SeenAgain {
                    source: reading.source.clone(),
                    page: reading.page,
                    index: reading.index,
                    differs: differs
                        .iter()
                        .map(|field| field.name().to_owned())
                        .collect(),
                };
                self.write(record, at, origin.actor(), &event)?;
                return Ok(Recorded::SeenAgain(record));
            }
            let record = RecordId::new(self.next_id(at)?);
            self.write_sheet(record, reading, origin, encode, at)?;
            Ok(Recorded::New(record))
        })
    }

    /// Writes a reading into a record that is known, as when a list brings another value for it.
    ///
    /// A record that was confirmed and not submitted then waits for a person again.
    pub fn record_reading_onto(
        &mut self,
        record: RecordId,
        reading: &IssuanceReading,
        origin: Origin,
        encode: Encode<'_>,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.require_writer()?;
        self.store
            .in_transaction(|| self.write_sheet(record, reading, origin, encode, at))
    }

    fn write_sheet(
        &self,
        record: RecordId,
        reading: &IssuanceReading,
        origin: Origin,
        encode: Encode<'_>,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let sheet = Sheet {
            source: reading.source.clone(),
            page: reading.page,
            index: reading.index,
            status: reading.status,
            fields: fields_of(reading),
            reference_id: self.seal_reference_id(record, reading, at)?,
            crops: self.seal_crops(record, reading, encode, at)?,
            problems: reading.problems.iter().map(Remark::from).collect(),
        };
        let event = match origin {
            Origin::Read => Event::Read(sheet),
            Origin::Added => Event::Added(sheet),
        };
        self.write(record, at, origin.actor(), &event).map(drop)
    }

    /// The record of the same letter, with the fields that were read otherwise.
    fn known(
        &self,
        reading: &IssuanceReading,
    ) -> Result<Option<(RecordId, Vec<Field>)>, LedgerError> {
        let Some(request_id) = &reading.request_id.value else {
            return Ok(None);
        };
        let mut candidates = self.store.confirmed_with(request_id.as_str())?;
        candidates.extend(self.store.read_with(request_id.as_str())?);
        candidates.sort_unstable();
        candidates.dedup();
        for candidate in candidates {
            let (head, fold) = self.head_of(candidate)?;
            let differs = self.differences(&fold, reading)?;
            if differs.is_empty() || is_same_letter(&fold, reading, &differs) {
                return Ok(Some((head, differs)));
            }
        }
        Ok(None)
    }

    /// The fields of `reading` that have another value than the record's.
    fn differences(
        &self,
        fold: &Fold,
        reading: &IssuanceReading,
    ) -> Result<Vec<Field>, LedgerError> {
        let mut differs: Vec<Field> = public_values(reading)
            .into_iter()
            .filter(|(field, value)| value.is_some() && *value != fold.value(*field))
            .map(|(field, _)| field)
            .collect();
        let sealed = match (&fold.confirmed, &fold.sheet) {
            (Some(confirmed), _) => Some(confirmed.reference_id),
            (None, Some(sheet)) => sheet.reference_id,
            (None, None) => None,
        };
        let known = sealed.map(|id| self.unseal(id)).transpose()?;
        if known != reference_as_printed(&reading.reference_id) {
            differs.push(Field::ReferenceId);
        }
        Ok(differs)
    }

    fn seal_reference_id(
        &self,
        record: RecordId,
        reading: &IssuanceReading,
        at: Timestamp,
    ) -> Result<Option<SealedId>, LedgerError> {
        reference_as_printed(&reading.reference_id)
            .map(|printed| self.seal(record, REFERENCE_ID, &printed, at))
            .transpose()
    }

    /// Seals the cut-outs that a person may have to look at: the two IDs, and whatever was not accepted.
    fn seal_crops(
        &self,
        record: RecordId,
        reading: &IssuanceReading,
        encode: Encode<'_>,
        at: Timestamp,
    ) -> Result<PerField<SealedId>, LedgerError> {
        crops_of(reading)
            .into_iter()
            .filter_map(|(field, crop)| crop.map(|crop| (field, crop)))
            .map(|(field, crop)| {
                let picture = Plaintext::new(encode(crop));
                let id = self.seal(record, &format!("crop/{}", field.name()), &picture, at)?;
                Ok((FieldName(field), id))
            })
            .collect()
    }
}

impl Origin {
    fn actor(self) -> Actor {
        match self {
            Self::Read => Actor::Program,
            Self::Added => Actor::Person,
        }
    }
}

/// Whether a reading that is not quite the same is of the letter that the record knows.
///
/// The request ID names the letter, where both are sure of it. When both are sure of reference IDs that
/// differ, one request ID is wrong, and no letter may vanish behind another.
fn is_same_letter(fold: &Fold, reading: &IssuanceReading, differs: &[Field]) -> bool {
    let is_known = |field: Field| {
        fold.confirmed.is_some()
            || fold
                .sheet
                .as_ref()
                .is_some_and(|sheet| sheet.accepted(field))
    };
    let contradicts = differs.contains(&Field::ReferenceId)
        && reading.reference_id.status == Status::Accepted
        && is_known(Field::ReferenceId);
    !differs.contains(&Field::RequestId)
        && reading.request_id.status == Status::Accepted
        && is_known(Field::RequestId)
        && !contradicts
}

fn fields_of(reading: &IssuanceReading) -> PerField<SheetField> {
    let mut values = public_values(reading);
    values.push((Field::ReferenceId, None));
    values
        .into_iter()
        .map(|(field, value)| (FieldName(field), sheet_field(reading, field, value)))
        .collect()
}

fn sheet_field(reading: &IssuanceReading, field: Field, value: Option<String>) -> SheetField {
    match field {
        Field::Issuer => of_reading(&reading.issuer, value),
        Field::InstitutionCode => of_reading(&reading.institution_code, value),
        Field::TerminalName => of_reading(&reading.terminal_name, value),
        Field::RequestId => of_reading(&reading.request_id, value),
        Field::ReferenceId => of_reading(&reading.reference_id, None),
        Field::ValidFrom => of_reading(&reading.valid_from, value),
        Field::ValidTo => of_reading(&reading.valid_to, value),
        Field::RetrievalDeadline => of_reading(&reading.retrieval_deadline, value),
    }
}

fn of_reading<T>(reading: &FieldReading<T>, value: Option<String>) -> SheetField {
    SheetField {
        value,
        confidence: share(reading.confidence),
        status: reading.status,
        characters: reading
            .characters
            .iter()
            .map(|character| share(character.confidence))
            .collect(),
        doubts: reading.doubts.iter().map(Remark::from).collect(),
    }
}

/// Every public value, as the letter prints it; what was read instead, where that has not the field's form.
fn public_values(reading: &IssuanceReading) -> Vec<(Field, Option<String>)> {
    vec![
        (Field::Issuer, public(&reading.issuer)),
        (Field::InstitutionCode, public(&reading.institution_code)),
        (Field::TerminalName, public(&reading.terminal_name)),
        (Field::RequestId, public(&reading.request_id)),
        (Field::ValidFrom, public(&reading.valid_from)),
        (Field::ValidTo, public(&reading.valid_to)),
        (
            Field::RetrievalDeadline,
            public(&reading.retrieval_deadline),
        ),
    ]
}

fn public<T: ToString>(field: &FieldReading<T>) -> Option<String> {
    match &field.value {
        Some(value) => Some(value.to_string()),
        None if field.characters.is_empty() => None,
        None => Some(characters(field).collect()),
    }
}

/// The reference ID as read, of whatever form.
fn reference_as_printed(field: &FieldReading<ReferenceId>) -> Option<Plaintext> {
    match &field.value {
        Some(value) => Some(Plaintext::from(value)),
        None if field.characters.is_empty() => None,
        None => Some(Plaintext::of_characters(characters(field))),
    }
}

fn characters<T>(field: &FieldReading<T>) -> impl ExactSizeIterator<Item = char> {
    field.characters.iter().map(|reading| reading.character)
}

fn crops_of(reading: &IssuanceReading) -> Vec<(Field, Option<&Crop>)> {
    fn doubtful<T>(field: &FieldReading<T>) -> Option<&Crop> {
        match field.status {
            Status::Accepted => None,
            Status::Review | Status::Rejected => field.crop.as_ref(),
        }
    }
    vec![
        (Field::Issuer, doubtful(&reading.issuer)),
        (Field::InstitutionCode, doubtful(&reading.institution_code)),
        (Field::TerminalName, doubtful(&reading.terminal_name)),
        (Field::RequestId, reading.request_id.crop.as_ref()),
        (Field::ReferenceId, reading.reference_id.crop.as_ref()),
        (Field::ValidFrom, doubtful(&reading.valid_from)),
        (Field::ValidTo, doubtful(&reading.valid_to)),
        (
            Field::RetrievalDeadline,
            doubtful(&reading.retrieval_deadline),
        ),
    ]
}

/// A share of one in thousandths; what is no number is none, because JSON has no word for it.
fn share(confidence: f32) -> f32 {
    match confidence.is_finite() {
        true => (confidence.clamp(0.0, 1.0) * 1000.0).round() / 1000.0,
        false => 0.0,
    }
}
