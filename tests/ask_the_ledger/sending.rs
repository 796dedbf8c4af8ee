//! Never twice, never unconfirmed, never to the wrong kind of site.

use noticert::ledger::{
    Confirmation, Event, IssuanceState, LedgerError, RefusedReason, SiteKind, StopReason,
    Submitting, UnclearReason,
};

use crate::support::{
    Desk, PASSWORD, REFERENCE, REQUEST, append, by_person, confirmed, issuance, now, reading_of,
    record_reading, refused, request, retrieved, sqlite, state_of, submit, the_issuance,
};
use noticert::domain::Status;

/// Whether the ledger lets a record go, and else whether a person's word would help.
fn lets_go(
    ledger: &mut noticert::ledger::Ledger,
    record: noticert::ledger::RecordId,
    again: bool,
) -> Result<(), (&'static str, bool)> {
    let request = request(ledger, record, again);
    match ledger.begin_submission(record, request, now()) {
        Ok(_) => Ok(()),
        Err(LedgerError::NotSubmittable {
            state, again_helps, ..
        }) => Err((state, again_helps)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_unconfirmed_record_is_not_sent() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let reading = reading_of(&the_issuance(), 1, Status::Accepted);
    let record = record_reading(&mut ledger, &reading).record();
    assert_eq!(lets_go(&mut ledger, record, false), Err(("read", false)));
    assert_eq!(lets_go(&mut ledger, record, true), Err(("read", false)));
}

#[test]
fn an_open_submission_is_not_sent_again_without_a_persons_word() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let first = submit(&mut ledger, record, false);
    drop(ledger);

    let mut ledger = desk.ledger();
    assert_eq!(
        lets_go(&mut ledger, record, false),
        Err(("submitting", true))
    );
    let unclear = Event::Unclear {
        attempt: Some(first.attempt),
        reason: UnclearReason::NoWholeAnswer,
    };
    append(&mut ledger, record, unclear);
    let state = ledger.record(record).unwrap().state;
    assert_eq!((state.name(), state.reason()), ("unclear", None));
    assert_eq!(lets_go(&mut ledger, record, false), Err(("unclear", true)));
    assert_eq!(lets_go(&mut ledger, record, true), Ok(()));
    assert_eq!(state_of(&ledger, record), "submitting");
}

#[test]
fn a_retrieved_file_is_never_asked_for_again() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let first = submit(&mut ledger, record, false);
    append(&mut ledger, record, retrieved(&first));
    assert_eq!(
        lets_go(&mut ledger, record, false),
        Err(("retrieved", false))
    );
    assert_eq!(
        lets_go(&mut ledger, record, true),
        Err(("retrieved", false))
    );
}

#[test]
fn an_answer_that_processed_nothing_leaves_the_record_confirmed_with_its_reason() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let request = submit(&mut ledger, record, false);
    let stopped = Event::NotSubmitted {
        attempt: Some(request.attempt),
        reason: StopReason::Maintenance,
    };
    append(&mut ledger, record, stopped);
    let state = ledger.record(record).unwrap().state;
    assert_eq!(
        (state.name(), state.reason()),
        ("confirmed", Some("maintenance"))
    );
    assert_eq!(lets_go(&mut ledger, record, false), Ok(()));
}

#[test]
fn an_answer_to_one_submission_does_not_settle_another() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let first = submit(&mut ledger, record, false);
    let sent = ledger
        .history(record)
        .unwrap()
        .into_iter()
        .find_map(|logged| match logged.event {
            Some(Event::Submitting(submitting)) => Some(submitting),
            _ => None,
        })
        .unwrap();
    // As two merged ledgers have it: the office and the terminal sent the same pair.
    let (attempt, answer_file) = ledger.new_attempt(now()).unwrap();
    let second = Event::Submitting(Submitting {
        attempt,
        answer_file,
        ..sent
    });
    append(&mut ledger, record, second);
    let stopped = Event::NotSubmitted {
        attempt: Some(attempt),
        reason: StopReason::Maintenance,
    };
    append(&mut ledger, record, stopped);
    assert_eq!(state_of(&ledger, record), "submitting");

    append(&mut ledger, record, retrieved(&first));
    let late = Event::Refused {
        attempt: Some(attempt),
        reason: RefusedReason::AlreadyIssued,
        sentence: None,
    };
    append(&mut ledger, record, late);
    assert_eq!(state_of(&ledger, record), "retrieved");
}

#[test]
fn a_refused_pair_stays_refused_until_another_pair_is_keyed() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let first = submit(&mut ledger, record, false);
    let sentence = "認証に失敗しました。";
    append(
        &mut ledger,
        record,
        refused(&first, RefusedReason::BadIds, sentence),
    );
    let shown = ledger.record(record).unwrap();
    assert_eq!(shown.state.reason(), Some("bad-ids"));
    assert!(shown.awaits_review());

    let same = by_person(the_issuance());
    assert!(ledger.same_pair(record, same.issuance()).unwrap());
    let outcome = ledger.confirm(record, &same, now()).unwrap();
    assert_eq!(outcome, Confirmation::StillRefused(record));
    assert_eq!(lets_go(&mut ledger, record, false), Err(("refused", false)));
    assert_eq!(lets_go(&mut ledger, record, true), Err(("refused", false)));

    let other = by_person(issuance(REQUEST, "Kx7mPq2RtZ", "受付1号機"));
    let outcome = ledger.confirm(record, &other, now()).unwrap();
    assert_eq!(outcome, Confirmation::Confirmed(record));
    assert_eq!(state_of(&ledger, record), "confirmed");
    // Keyed back by mistake, the first pair is still known to be refused.
    let outcome = ledger.confirm(record, &same, now()).unwrap();
    assert_eq!(outcome, Confirmation::StillRefused(record));
    assert_eq!(lets_go(&mut ledger, record, false), Ok(()));
}

#[test]
fn another_refusal_is_sent_again_only_on_a_persons_word() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let first = submit(&mut ledger, record, false);
    append(
        &mut ledger,
        record,
        refused(&first, RefusedReason::Unknown, "？"),
    );
    assert_eq!(lets_go(&mut ledger, record, false), Err(("refused", true)));
    assert_eq!(lets_go(&mut ledger, record, true), Ok(()));
}

#[test]
fn a_site_that_repeats_a_secret_does_not_bring_it_into_the_log() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let request = submit(&mut ledger, record, false);
    let sentence = format!("入力値（{REFERENCE}、{PASSWORD}）に誤りがあります。");
    append(
        &mut ledger,
        record,
        refused(&request, RefusedReason::BadIds, &sentence),
    );
    let IssuanceState::Refused { sentence, .. } = ledger.record(record).unwrap().state else {
        panic!("not refused");
    };
    let kept = "入力値（［伏字］、［伏字］）に誤りがあります。";
    assert_eq!(sentence.as_deref(), Some(kept));
}

#[test]
fn nothing_is_sent_past_an_event_that_cannot_be_read() {
    let desk = Desk::new();
    let record = confirmed(&mut desk.ledger());
    let id = "0fffffff-ffff-7fff-8fff-ffffffffffff";
    sqlite(desk.path())
        .execute(
            "INSERT INTO events (id, record, at, actor, payload) \
             VALUES (?1, ?2, '2027-01-01T00:00:00Z', 'person', '{\"kind\":\"teleported\"}')",
            [id, &record.to_string()],
        )
        .unwrap();
    let mut ledger = desk.ledger();
    let shown = ledger.record(record).unwrap();
    assert_eq!(shown.problem().unwrap().code, "unreadable-event");
    assert!(matches!(
        ledger.rebuild_reviewed(record),
        Err(LedgerError::UnreadableEvent { kind, .. }) if kind == "teleported"
    ));
    let request = request(&mut ledger, record, true);
    assert!(matches!(
        ledger.begin_submission(record, request, now()),
        Err(LedgerError::UnreadableEvent { .. })
    ));
    let log = ledger.log().unwrap();
    assert!(log.iter().any(|logged| logged.kind == "teleported"));
}

#[test]
fn practice_and_real_records_never_meet() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    submit(&mut ledger, record, false);
    drop(ledger);
    let mut ledger = desk.ledger();
    assert_eq!(ledger.site_kind().unwrap(), Some(SiteKind::Practice));
    assert!(matches!(
        ledger.bind_site(SiteKind::Real),
        Err(LedgerError::OtherSite {
            bound: SiteKind::Practice,
            asked: SiteKind::Real
        })
    ));
    let mut request = request(&mut ledger, record, true);
    request.site = SiteKind::Real;
    assert!(matches!(
        ledger.begin_submission(record, request, now()),
        Err(LedgerError::OtherSite { .. })
    ));
}
