//! The ledger's promises: nothing lost, nothing sent twice, nothing secret in its files.
//!
//! Every name, code and ID here is invented.

#[path = "ask_the_ledger/after_a_crash.rs"]
mod after_a_crash;
#[path = "ask_the_ledger/finding.rs"]
mod finding;
#[path = "ask_the_ledger/same_letter.rs"]
mod same_letter;
#[path = "ask_the_ledger/secrets.rs"]
mod secrets;
#[path = "ask_the_ledger/sending.rs"]
mod sending;
#[path = "ask_the_ledger/support.rs"]
mod support;
#[path = "ask_the_ledger/the_file.rs"]
mod the_file;

use jiff::Timestamp;
use jiff::civil::Date;
use noticert::domain::{Field, Fingerprint, RequestId, Status};
use noticert::ledger::{Event, FileHash, IssuanceState, LedgerError};
use secrecy::ExposeSecret;
use support::{
    Desk, PASSWORD, REFERENCE, REQUEST, append, confirmed, now, reading_of, record_reading,
    request, retrieved, state_of, submit, the_issuance,
};

#[test]
fn a_letter_goes_from_reading_to_service_in_the_states_of_the_design() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let reading = reading_of(&the_issuance(), 2, Status::Accepted);
    let record = record_reading(&mut ledger, &reading).record();
    assert_eq!(state_of(&ledger, record), "read");

    let reviewed = reading.accept(None).unwrap();
    ledger.confirm(record, &reviewed, now()).unwrap();
    assert_eq!(state_of(&ledger, record), "confirmed");
    assert_eq!(ledger.rebuild_reviewed(record).unwrap(), reviewed);

    let request = submit(&mut ledger, record, false);
    assert_eq!(state_of(&ledger, record), "submitting");
    let answer = Event::AnswerKept {
        attempt: request.attempt,
        bytes: 2_048,
        sha256: FileHash([9; 32]),
    };
    append(&mut ledger, record, answer);
    append(&mut ledger, record, retrieved(&request));
    assert_eq!(state_of(&ledger, record), "retrieved");

    let fingerprint = Fingerprint::of(b"invented certificate");
    let installed = Event::Installed {
        store: "NSS".to_owned(),
        fingerprint,
        proved: true,
    };
    append(&mut ledger, record, installed);
    assert_eq!(state_of(&ledger, record), "installed");
    append(&mut ledger, record, Event::ServiceFailed { note: None });
    assert_eq!(state_of(&ledger, record), "service-failed");
    append(&mut ledger, record, Event::ServiceConfirmed);

    drop(ledger);
    let ledger = desk.ledger();
    let shown = ledger.record(record).unwrap();
    assert_eq!(shown.state.name(), "service-confirmed");
    assert_eq!(shown.state.credential().unwrap().fingerprint, fingerprint);
    assert!(shown.state.installation().unwrap().proved);
    assert_eq!(shown.request_id.unwrap().as_str(), REQUEST);
    assert_eq!(shown.retrieval_deadline, Some(Date::constant(2027, 5, 15)));
    let password = ledger.rebuild_password(record, Some([9; 32])).unwrap();
    assert_eq!(password.expose(), PASSWORD);
    assert!(matches!(
        ledger.rebuild_password(record, Some([1; 32])),
        Err(LedgerError::NoPassword { .. })
    ));
}

#[test]
fn a_doubtful_sheet_waits_for_a_person_who_sees_what_was_read() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let reading = reading_of(&the_issuance(), 1, Status::Review);
    let record = record_reading(&mut ledger, &reading).record();
    let shown = ledger.record(record).unwrap();
    assert!(shown.awaits_review());
    assert_eq!(shown.state, IssuanceState::Review);
    assert!(matches!(
        ledger.rebuild_reviewed(record),
        Err(LedgerError::NotConfirmed {
            state: "review",
            ..
        })
    ));

    let read = ledger.reference_as_read(record).unwrap().unwrap();
    assert_eq!(read.expose_secret(), REFERENCE);
    let sheet = shown.sheet.unwrap();
    let request_id: RequestId = sheet.value(Field::RequestId).unwrap();
    assert_eq!(request_id.as_str(), REQUEST);
    let crop = sheet
        .crops
        .iter()
        .find(|(field, _)| field.0 == Field::ReferenceId)
        .map(|(_, id)| *id)
        .unwrap();
    let pixels = ledger.crop(crop).unwrap();
    assert_eq!(&pixels.expose_secret()[..10], REFERENCE.as_bytes());
}

#[test]
fn what_was_read_survives_even_where_it_is_no_reference_id() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let mut reading = reading_of(&the_issuance(), 1, Status::Review);
    reading.reference_id.value = None;
    reading.reference_id.confidence = f32::NAN;
    reading.reference_id.characters[3].character = '〇';
    let record = record_reading(&mut ledger, &reading).record();
    let read = ledger.reference_as_read(record).unwrap().unwrap();
    assert_eq!(read.expose_secret(), "Kx7〇Pq2Rtz");
    assert_eq!(state_of(&ledger, record), "review");
}

#[test]
fn what_waits_expires_with_its_deadline_in_japan() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let shown = ledger.record(record).unwrap();
    let last_second = "2027-05-15T14:59:59Z".parse().unwrap();
    let next_day: Timestamp = "2027-05-15T15:00:00Z".parse().unwrap();
    assert_eq!(shown.state_at(last_second).name(), "confirmed");
    assert_eq!(shown.state_at(next_day).name(), "expired");

    let request = request(&mut ledger, record, false);
    let late = ledger
        .begin_submission(record, request, next_day)
        .unwrap_err();
    assert!(matches!(
        late,
        LedgerError::NotSubmittable {
            state: "expired",
            again_helps: true,
            ..
        }
    ));
}

#[test]
fn a_doubtful_deadline_lets_nothing_expire() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let mut reading = reading_of(&the_issuance(), 1, Status::Review);
    reading.retrieval_deadline.value = Some(Date::constant(2021, 5, 15));
    reading.retrieval_deadline.status = Status::Review;
    let record = record_reading(&mut ledger, &reading).record();
    let shown = ledger.record(record).unwrap();
    assert_eq!(shown.state_at(now()).name(), "review");
}
