//! Two copies of a ledger that went their own ways, and their union.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use noticert::custody::{Vault, WorkFactor};
use noticert::domain::{ConfirmedBy, Issuance, ReviewedIssuance, Status, Validity};
use noticert::ledger::{
    Actor, Event, Ledger, LedgerError, LoggedEvent, Merged, Portable, RecordId, RefusedReason,
    Sheet, SiteKind, StopReason, ValueContent,
};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::sample::Index;
use secrecy::SecretString;
use tempfile::TempDir;

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
        validity: Validity::new(Date::constant(2026, 11, 16), Date::constant(2030, 2, 16)).unwrap(),
        retrieval_deadline: Date::constant(2027, 5, 15),
    }
}

fn reviewed(issuance: Issuance) -> ReviewedIssuance {
    ReviewedIssuance::attest(issuance, ConfirmedBy::Person)
}

fn confirm(ledger: &mut Ledger, number: u8, second: i64) -> RecordId {
    let record = ledger.new_record(at(second)).unwrap();
    let sheet = Sheet {
        source: "list.csv".to_owned(),
        page: 0,
        index: 1,
        status: Status::Accepted,
        fields: BTreeMap::new(),
        reference_id: None,
        crops: BTreeMap::new(),
        problems: Vec::new(),
    };
    ledger
        .append(record, at(second), Actor::Person, Event::Added(sheet))
        .unwrap();
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
            let values = ledger.portable(&[record]).unwrap().values;
            let value = &values[deed.which.index(values.len())];
            ledger.wipe_sealed(value.id, now).unwrap();
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
    ledger.append(record, now, Actor::Person, event).unwrap();
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
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
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

#[test]
fn a_pair_keyed_again_after_its_reference_id_was_wiped_is_confirmed_anew() {
    let (_a, mut ledger) = empty();
    let record = confirm(&mut ledger, 1, 0);
    for value in ledger.portable(&[record]).unwrap().values {
        ledger.wipe_sealed(value.id, at(1)).unwrap();
    }
    confirm(&mut ledger, 1, 2);
    let records = ledger.records().unwrap();
    assert_eq!(records.len(), 1, "shown as one");
    let again = ledger.rebuild_reviewed(records[0].id).unwrap();
    assert_eq!(again.issuance().request_id, issuance(1).request_id);
}
