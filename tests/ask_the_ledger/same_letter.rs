//! One letter read twice is one record; two letters never become one in silence.

use noticert::domain::Status;
use noticert::ledger::{Confirmation, LedgerError, Origin, Recorded};

use crate::support::{
    Desk, REQUEST, by_person, confirmed, issuance, now, pixels_of, reading_of, record_reading,
    request, state_of, submit, the_issuance,
};

#[test]
fn a_letter_read_twice_is_one_record() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let again = reading_of(&the_issuance(), 7, Status::Accepted);
    assert_eq!(
        record_reading(&mut ledger, &again),
        Recorded::SeenAgain(record)
    );
    let doubtful = reading_of(&the_issuance(), 8, Status::Review);
    assert_eq!(
        record_reading(&mut ledger, &doubtful),
        Recorded::SeenAgain(record)
    );
    assert_eq!(ledger.records().unwrap().len(), 1);
    assert_eq!(state_of(&ledger, record), "confirmed");
    let reviewed = again.accept(None).unwrap();
    let outcome = ledger.confirm(record, &reviewed, now()).unwrap();
    assert_eq!(outcome, Confirmation::AlreadyConfirmed(record));
}

#[test]
fn a_letter_in_doubt_read_twice_the_same_is_one_record() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let mut reading = reading_of(&the_issuance(), 1, Status::Review);
    reading.request_id.status = Status::Review;
    let record = record_reading(&mut ledger, &reading).record();
    assert_eq!(
        record_reading(&mut ledger, &reading),
        Recorded::SeenAgain(record)
    );
    assert_eq!(ledger.records().unwrap().len(), 1);
}

#[test]
fn a_better_scan_confirms_the_record_that_was_in_doubt() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let faint = issuance(REQUEST, "Kx7mPq2RtO", "受付1号機");
    let record = record_reading(&mut ledger, &reading_of(&faint, 1, Status::Review)).record();
    let sharp = reading_of(&the_issuance(), 1, Status::Accepted);
    assert_eq!(
        record_reading(&mut ledger, &sharp),
        Recorded::SeenAgain(record)
    );
    assert_eq!(
        ledger.record(record).unwrap().problem().unwrap().code,
        "reading-differs"
    );
    let reviewed = sharp.accept(None).unwrap();
    let outcome = ledger.confirm(record, &reviewed, now()).unwrap();
    assert_eq!(outcome, Confirmation::Confirmed(record));
    assert_eq!(ledger.rebuild_reviewed(record).unwrap(), reviewed);
}

#[test]
fn two_sure_readings_that_contradict_each_other_both_stay_until_a_person_decides() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let other = issuance(REQUEST, "Zt9wVb4Ngc", "診察室2");
    let reading = reading_of(&other, 1, Status::Accepted);
    let Recorded::New(second) = record_reading(&mut ledger, &reading) else {
        panic!("a sheet vanished behind another");
    };
    assert_eq!(ledger.contradicted_by(&other).unwrap(), Some(record));
    let reviewed = reading.accept(None).unwrap();
    let outcome = ledger.confirm(second, &reviewed, now()).unwrap();
    assert_eq!(outcome, Confirmation::Differs(record));
    assert_eq!(ledger.records().unwrap().len(), 2);
    assert!(ledger.record(second).unwrap().awaits_review());

    let decided = by_person(other);
    let outcome = ledger.confirm(second, &decided, now()).unwrap();
    assert_eq!(outcome, Confirmation::Confirmed(record));
    assert_eq!(ledger.records().unwrap().len(), 1);
    assert_eq!(ledger.rebuild_reviewed(second).unwrap(), decided);
    assert_eq!(ledger.record(second).unwrap().also, [second]);
}

#[test]
fn two_sheets_confirmed_with_one_request_id_are_linked_and_sent_once() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    submit(&mut ledger, record, false);
    let mut smudged = reading_of(&the_issuance(), 1, Status::Review);
    smudged.request_id.value = Some("300000000000007".parse().unwrap());
    smudged.request_id.status = Status::Review;
    let Recorded::New(second) = record_reading(&mut ledger, &smudged) else {
        panic!("a doubtful request ID proves nothing");
    };
    let keyed = by_person(the_issuance());
    let outcome = ledger.confirm(second, &keyed, now()).unwrap();
    assert_eq!(outcome, Confirmation::AlreadySubmitted(record));
    let shown = ledger.records().unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (shown[0].id, shown[0].also.as_slice()),
        (record, [second].as_slice())
    );
    let request = request(&mut ledger, second, false);
    assert!(matches!(
        ledger.begin_submission(second, request, now()),
        Err(LedgerError::NotSubmittable {
            state: "submitting",
            ..
        })
    ));
}

#[test]
fn a_list_with_another_value_sends_a_confirmed_record_back_to_review() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let other = issuance(REQUEST, "Zt9wVb4Ngc", "受付1号機");
    let other = reading_of(&other, 0, Status::Review);
    ledger
        .record_reading_onto(record, &other, Origin::Added, &pixels_of, now())
        .unwrap();
    assert_eq!(state_of(&ledger, record), "review");
    let request = request(&mut ledger, record, false);
    assert!(ledger.begin_submission(record, request, now()).is_err());
}
