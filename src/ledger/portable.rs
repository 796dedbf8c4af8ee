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
        let Some(other) = self.other_confirmed(record, reviewed.issuance())? else {
            return Ok(());
        };
        let (_, fold) = self.head_of(other)?;
        let same = match &fold.confirmed {
            Some(confirmed) => self.same_essentials(confirmed, reviewed.issuance())?,
            None => false,
        };
        match same {
            true => self
                .write(record, at, Actor::Program, &Event::Linked { other })
                .map(drop),
            false => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
    use proptest::sample::Index;
    use secrecy::SecretString;
    use tempfile::TempDir;

    use super::*;
    use crate::custody::{Vault, WorkFactor};
    use crate::domain::{ConfirmedBy, Issuance, ReviewedIssuance, Validity};
    use crate::ledger::{LoggedEvent, RefusedReason, StopReason};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn empty() -> (TempDir, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = SecretString::from("invented");
        let vault = Vault::create(dir.path(), &passphrase, WorkFactor::RANDOM_PASSPHRASE).unwrap();
        let ledger = Ledger::open(dir.path(), Some(vault), at(0)).unwrap();
        (dir, ledger)
    }

    fn issuance(number: u8) -> Issuance {
        Issuance {
            issuer: None,
            institution_code: "0110113719".parse().unwrap(),
            terminal_name: Some(format!("受付{number}").parse().unwrap()),
            request_id: format!("30000000000000{number}").parse().unwrap(),
            reference_id: format!("Kx7mPq2Rt{number}").parse().unwrap(),
            validity: Validity::new(Date::constant(2026, 11, 16), Date::constant(2030, 2, 16))
                .unwrap(),
            retrieval_deadline: Date::constant(2027, 5, 15),
        }
    }

    fn reviewed(issuance: Issuance) -> ReviewedIssuance {
        ReviewedIssuance::attest(issuance, ConfirmedBy::Person)
    }

    fn confirm(ledger: &mut Ledger, number: u8, second: i64) -> RecordId {
        let record = ledger.new_record(at(second)).unwrap();
        ledger
            .confirm(record, &reviewed(issuance(number)), at(second))
            .unwrap();
        record
    }

    /// One thing that a person or the program does to a record.
    #[derive(Clone, Debug)]
    struct Deed {
        what: u8,
        which: Index,
        second: i64,
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let deed = (0..7_u8, any::<Index>(), 0..100_i64).prop_map(|(what, which, second)| Deed {
            what,
            which,
            second,
        });
        vec(deed, 0..8)
    }

    fn do_to(ledger: &mut Ledger, deed: &Deed) {
        let records: Vec<RecordId> = ledger.records().unwrap().iter().map(|r| r.id).collect();
        let record = records[deed.which.index(records.len())];
        let now = at(deed.second);
        let event = match deed.what {
            0 => {
                let password = "4051".parse().unwrap();
                ledger.seal_password(record, &password, now).unwrap();
                return;
            }
            1 => {
                let values = ledger.store.sealed_of(record).unwrap();
                ledger
                    .wipe_sealed(values[deed.which.index(values.len())], now)
                    .unwrap();
                return;
            }
            2 => {
                confirm(ledger, 3 + deed.which.index(5) as u8, deed.second);
                return;
            }
            3 => Event::NotSubmitted {
                attempt: None,
                reason: StopReason::Maintenance,
            },
            4 => Event::Refused {
                attempt: None,
                reason: RefusedReason::Unknown,
                sentence: None,
            },
            5 => Event::ServiceFailed { note: None },
            _ => Event::TakenBack {
                case: ledger.new_case(now).unwrap(),
            },
        };
        ledger.write(record, now, Actor::Person, &event).unwrap();
    }

    fn everything(ledger: &Ledger) -> Portable {
        let records: Vec<RecordId> = ledger.records().unwrap().iter().map(|r| r.id).collect();
        ledger.portable(&records).unwrap()
    }

    fn unite(ledger: &mut Ledger, portable: &Portable) -> Merged {
        let case = ledger.new_case(at(0)).unwrap();
        ledger.unite(portable, case, None, at(200)).unwrap()
    }

    /// The log, and every sealed value as it opens.
    fn contents(ledger: &Ledger) -> (Vec<LoggedEvent>, Vec<String>) {
        let mut values: Vec<String> = everything(ledger)
            .values
            .iter()
            .map(|value| {
                let content = match &value.content {
                    ValueContent::Open(plaintext) => plaintext.struck_out_of("Kx7mPq2Rt1 4051"),
                    ValueContent::Wiped(_) => "wiped".to_owned(),
                };
                format!("{} {} {content}", value.id, value.field)
            })
            .collect();
        values.sort();
        // A link is a conclusion that either side draws for itself.
        let log = ledger.log().unwrap().into_iter();
        (
            log.filter(|logged| logged.kind != "linked").collect(),
            values,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_union_of_two_diverged_ledgers_knows_no_order_and_repeating_it_changes_nothing(
            here in deeds(),
            there in deeds(),
        ) {
            let (_a, mut office) = empty();
            let (_b, mut terminal) = empty();
            confirm(&mut office, 1, 0);
            confirm(&mut office, 2, 0);
            unite(&mut terminal, &everything(&office));
            here.iter().for_each(|deed| do_to(&mut office, deed));
            there.iter().for_each(|deed| do_to(&mut terminal, deed));
            let (of_office, of_terminal) = (everything(&office), everything(&terminal));

            unite(&mut office, &of_terminal);
            unite(&mut terminal, &of_office);
            assert_eq!(contents(&office), contents(&terminal));
            let (_c, mut one_way) = empty();
            let (_d, mut other_way) = empty();
            unite(&mut one_way, &of_office);
            unite(&mut one_way, &of_terminal);
            unite(&mut other_way, &of_terminal);
            unite(&mut other_way, &of_office);
            assert_eq!(contents(&one_way), contents(&office));
            assert_eq!(contents(&other_way), contents(&office));
            let states = |ledger: &Ledger| {
                let records = ledger.records().unwrap().into_iter();
                records.map(|r| (r.id, r.also, r.state)).collect::<Vec<_>>()
            };
            assert_eq!(states(&one_way), states(&other_way));

            let log = office.log().unwrap();
            for portable in [&of_terminal, &of_office] {
                assert_eq!(unite(&mut office, portable).new_events, 0);
            }
            assert_eq!(office.log().unwrap(), log);
        }
    }

    #[test]
    fn what_was_written_after_a_union_stands_behind_all_that_came() {
        let (_a, mut office) = empty();
        let (_b, mut terminal) = empty();
        // The terminal's clock is a day ahead.
        let record = confirm(&mut terminal, 1, 86_400);
        unite(&mut office, &everything(&terminal));
        let event = Event::ServiceFailed { note: None };
        let id = office.append(record, at(0), Actor::Person, event).unwrap();
        assert_eq!(office.log().unwrap().last().unwrap().id, id);
    }

    #[test]
    fn another_text_under_a_known_id_changes_nothing_at_all() {
        let (_a, mut office) = empty();
        let (_b, mut terminal) = empty();
        confirm(&mut office, 1, 0);
        let mut altered = everything(&office);
        unite(&mut terminal, &everything(&office));
        confirm(&mut office, 2, 1);
        let mut more = everything(&office);
        altered.events[0].payload = r#"{"kind":"service-confirmed"}"#.to_owned();
        more.events.push(altered.events.swap_remove(0));
        let before = terminal.log().unwrap();
        let case = terminal.new_case(at(2)).unwrap();
        let error = terminal
            .unite(&more, case, Some(SiteKind::Real), at(2))
            .unwrap_err();
        assert!(matches!(error, LedgerError::Contradicts { .. }), "{error}");
        assert_eq!(terminal.log().unwrap(), before);
        assert_eq!(terminal.site_kind().unwrap(), None);
    }

    #[test]
    fn an_issuance_read_on_both_sides_is_shown_as_one() {
        let (_a, mut office) = empty();
        let (_b, mut terminal) = empty();
        confirm(&mut office, 1, 0);
        confirm(&mut terminal, 1, 1);
        unite(&mut terminal, &everything(&office));
        assert_eq!(terminal.records().unwrap().len(), 1);
        let log = terminal.log().unwrap().len();
        unite(&mut terminal, &everything(&office));
        assert_eq!(terminal.log().unwrap().len(), log);
    }
}
