//! What a person types finds one record or says why not.

use noticert::domain::Status;
use noticert::ledger::{Actor, Event, Ledger, LedgerError, RecordId};

use crate::support::{
    Desk, REQUEST, append, confirmed, issuance, now, reading_of, record_reading, rejected, sqlite,
    state_of, the_issuance,
};

#[test]
fn a_terminal_is_found_by_id_request_id_or_name() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let texts = [
        record.to_string(),
        REQUEST.to_owned(),
        "３００００ ０００００-００００１".to_owned(),
        "受付１号機".to_owned(),
        " 受付1号機 ".to_owned(),
    ];
    for text in texts {
        assert_eq!(ledger.find(&text).unwrap(), record, "{text}");
    }
    for text in ["受付", "", " ", "%", "300000000000002"] {
        assert!(
            matches!(ledger.find(text), Err(LedgerError::NotFound { text: named }) if named == text)
        );
    }
}

#[test]
fn a_name_that_two_terminals_have_is_answered_with_both() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let first = confirmed(&mut ledger);
    let twin = issuance("300000000000009", "Zt9wVb4Ngc", "受付1号機");
    let second = record_reading(&mut ledger, &reading_of(&twin, 2, Status::Accepted)).record();
    let LedgerError::Ambiguous { candidates, .. } = ledger.find("受付1号機").unwrap_err()
    else {
        panic!("one of two was taken");
    };
    let records: Vec<RecordId> = candidates
        .iter()
        .map(|candidate| candidate.record)
        .collect();
    assert_eq!(records, [first, second]);

    append(&mut ledger, second, rejected());
    assert_eq!(ledger.find("受付1号機").unwrap(), first);
    assert_eq!(state_of(&ledger, second), "rejected");
}

#[test]
fn a_pc_is_bound_to_one_terminal_per_institution_by_the_last_word() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = ledger.new_record(now()).unwrap();
    let bind = |ledger: &mut Ledger, code: &str, name: &str| {
        let event = Event::BoundToThisPc {
            institution_code: code.parse().unwrap(),
            terminal_name: Some(name.parse().unwrap()),
            computer_name: "ONS01".to_owned(),
        };
        ledger.append(record, now(), Actor::Person, event).unwrap();
    };
    bind(&mut ledger, "0110113719", "受付1号機");
    bind(&mut ledger, "0110113727", "旧コード");
    bind(&mut ledger, "0110113719", "受付2号機");
    let bindings = ledger.bindings().unwrap();
    let names: Vec<&str> = bindings
        .iter()
        .filter_map(|binding| binding.terminal_name.as_ref())
        .map(|name| name.as_str())
        .collect();
    assert_eq!(names, ["旧コード", "受付2号機"]);
    assert!(ledger.records().unwrap().is_empty());
}

#[test]
fn ten_thousand_terminals_are_listed_in_order() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let reading = reading_of(&the_issuance(), 1, Status::Accepted);
    let record = record_reading(&mut ledger, &reading).record();
    drop(ledger);
    // Written by SQL, because ten thousand synced transactions would measure the disk. Three events each.
    sqlite(desk.path())
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000), \
                  k(j) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2) \
             INSERT INTO events (id, record, at, actor, payload) \
             SELECT printf('10000000-%04d-7000-8000-%012d', j, i), \
                    printf('10000000-0000-7000-8000-%012d', i), at, actor, \
                    json_set(payload, '$.fields.request_id.value', printf('%015d', i)) \
             FROM n, k, events WHERE record = ?1",
            [record.to_string()],
        )
        .unwrap();
    let started = std::time::Instant::now();
    let ledger = Ledger::open_read_only(desk.path()).unwrap();
    let records = ledger.records().unwrap();
    println!("{} records in {:?}", records.len(), started.elapsed());
    assert_eq!(records.len(), 10_001);
    assert!(records.is_sorted_by_key(|record| record.id));
    let found = ledger.find("000000000009999").unwrap();
    assert_eq!(found.to_string(), "10000000-0000-7000-8000-000000009999");
}
