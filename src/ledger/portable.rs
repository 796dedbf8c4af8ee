//! A part of a ledger on its way to another one, and the union of the two.
//!
//! Lines of the log travel in the words in which they were written, so that what this version cannot read arrives
//! whole. Sealed values travel opened, inside whatever seals the journey, and are sealed anew for the folder they
//! arrive in. The union knows neither first nor second: events and values are the same under the same id, and a
//! value wiped on one side is wiped on both.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::event::{Actor, Event};
use super::ids::{CaseId, EventId, RecordId, SealedId};
use super::secrets::place;
use super::{Ledger, LedgerError, SiteKind};
use crate::custody::Plaintext;

/// Some records with everything that belongs to them.
#[derive(Debug, Default)]
pub struct Portable {
    /// Their lines of the log.
    pub events: Vec<PortableEvent>,
    /// Their sealed values, opened.
    pub values: Vec<PortableValue>,
}

/// One line of the log, in the words in which it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PortableEvent {
    /// Its place in the log.
    pub id: EventId,
    /// The record.
    pub record: RecordId,
    /// When it was written.
    pub at: Timestamp,
    /// Whose word it is.
    pub actor: Actor,
    /// The event as JSON.
    pub payload: String,
}

/// One sealed value, opened.
#[derive(Debug)]
pub struct PortableValue {
    /// Its name in events.
    pub id: SealedId,
    /// The record.
    pub record: RecordId,
    /// What it is.
    pub field: String,
    /// The value, or when it was wiped.
    pub content: ValueContent,
}

/// What there is of a sealed value.
#[derive(Debug)]
pub enum ValueContent {
    /// The value.
    Open(Plaintext),
    /// It was taken away for good then.
    Wiped(Timestamp),
}

/// What a union brought.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Merged {
    /// Lines of the log that were not here.
    pub new_events: usize,
    /// The records that came, as they are shown here.
    pub records: Vec<RecordId>,
    /// Those of them that were lent from here and are back.
    pub returned: Vec<RecordId>,
}

impl Ledger {
    /// Everything of `records` and of the records linked with them.
    pub fn portable(&self, records: &[RecordId]) -> Result<Portable, LedgerError> {
        let mut members = BTreeSet::new();
        for record in records {
            members.extend(self.group_of(*record)?.into_iter().map(|(id, _)| id));
        }
        let mut portable = Portable::default();
        for record in members {
            for logged in self.store.events_of(record)? {
                let payload = self.store.line(logged.id)?;
                portable.events.push(PortableEvent {
                    id: logged.id,
                    record,
                    at: logged.at,
                    actor: logged.actor,
                    payload: payload.ok_or_else(|| self.damaged())?,
                });
            }
            for id in self.store.sealed_of(record)? {
                portable.values.push(self.opened(id)?);
            }
        }
        Ok(portable)
    }

    /// Unites this ledger with what came in `case`: all of it, or nothing.
    ///
    /// What this ledger had lent and is among it is back, unless the case is the one that it left with.
    pub fn unite(
        &mut self,
        portable: &Portable,
        case: CaseId,
        site: Option<SiteKind>,
        at: Timestamp,
    ) -> Result<Merged, LedgerError> {
        self.require_writer()?;
        self.vault()?;
        let last = self.last_id.get();
        let united = self.store.in_transaction(|| {
            if let Some(site) = site {
                self.bind_within(site)?;
            }
            let mut merged = Merged::default();
            for event in &portable.events {
                merged.new_events += usize::from(self.unite_event(event)?);
            }
            for value in &portable.values {
                self.unite_value(value)?;
            }
            // Whatever is written from here on stands behind all that came.
            self.last_id.set(last.max(self.store.last_id()?));
            let came: BTreeSet<RecordId> = portable.events.iter().map(|e| e.record).collect();
            for record in &came {
                self.link_same_issuance(*record, at)?;
            }
            let lent_there = cases_in(portable);
            for record in came {
                let Ok((head, _)) = self.head_of(record) else {
                    continue;
                };
                if merged.records.contains(&head) {
                    continue;
                }
                merged.records.push(head);
                for lending in self.lendings(head)? {
                    if lending.case != case && lent_there.contains(&lending.case) {
                        let event = Event::Returned { case: lending.case };
                        self.write(head, at, Actor::Program, &event)?;
                        merged.returned.push(head);
                    }
                }
            }
            Ok(merged)
        });
        if united.is_err() {
            self.last_id.set(last);
        }
        united
    }

    fn opened(&self, id: SealedId) -> Result<PortableValue, LedgerError> {
        let row = self
            .store
            .sealed(id)?
            .ok_or(LedgerError::UnknownSealed { id })?;
        let content = match row.wiped_at {
            Some(at) => ValueContent::Wiped(at),
            None => ValueContent::Open(self.unseal(id)?),
        };
        Ok(PortableValue {
            id,
            record: row.record,
            field: row.field,
            content,
        })
    }

    /// Writes a line that is not here yet; says whether it wrote.
    fn unite_event(&self, event: &PortableEvent) -> Result<bool, LedgerError> {
        match self.store.line(event.id)? {
            Some(known) if known == event.payload => Ok(false),
            Some(_) => Err(LedgerError::Contradicts {
                id: event.id.to_string(),
            }),
            None => self
                .store
                .write_line(
                    event.id,
                    event.record,
                    event.at,
                    event.actor,
                    &event.payload,
                )
                .map(|()| true),
        }
    }

    fn unite_value(&self, value: &PortableValue) -> Result<(), LedgerError> {
        let Some(known) = self.store.sealed(value.id)? else {
            return match &value.content {
                ValueContent::Wiped(at) => {
                    self.store
                        .write_wiped(value.id, value.record, &value.field, *at)
                }
                ValueContent::Open(plaintext) => {
                    let place = place(&value.field, value.id);
                    let sealed =
                        self.vault()?
                            .seal_secret(&value.record.to_string(), &place, plaintext)?;
                    self.store
                        .write_sealed(value.id, value.record, &value.field, &sealed)
                }
            };
        };
        if known.record != value.record || known.field != value.field {
            return Err(LedgerError::Contradicts {
                id: value.id.to_string(),
            });
        }
        if let ValueContent::Wiped(at) = value.content {
            self.store.wipe_sealed(value.id, at)?;
        }
        Ok(())
    }

    /// Equal confirmed values on both sides are one issuance, read twice.
    fn link_same_issuance(&self, record: RecordId, at: Timestamp) -> Result<(), LedgerError> {
        let reviewed = match self.rebuild_reviewed(record) {
            Ok(reviewed) => reviewed,
            // Not confirmed, wiped or not readable here: nothing to compare.
            Err(_) => return Ok(()),
        };
        let issuance = reviewed.issuance();
        for other in self.store.confirmed_with(issuance.request_id.as_str())? {
            let group = self.group_of(record)?;
            if group.iter().any(|(member, _)| *member == other) {
                continue;
            }
            let (_, fold) = self.head_of(other)?;
            let same = match &fold.confirmed {
                Some(confirmed) => self.same_values(confirmed, issuance)?,
                None => false,
            };
            if same {
                let link = Event::Linked { other };
                self.write(record, at, Actor::Program, &link)?;
            }
        }
        Ok(())
    }
}

/// The cases that the lines say something left with.
fn cases_in(portable: &Portable) -> BTreeSet<CaseId> {
    portable
        .events
        .iter()
        .filter_map(|event| match serde_json::from_str(&event.payload) {
            Ok(Event::Lent(lending)) => Some(lending.case),
            _ => None,
        })
        .collect()
}
