//! Whatever stops the program, what it acknowledged is there and the next one can go on.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use noticert::ledger::{Actor, Event, Ledger, LedgerError};

use crate::support::{Desk, confirmed, copy_of, later, now, open, rejected, state_of, submit};

#[test]
fn a_power_cut_keeps_every_event_that_was_acknowledged() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    submit(&mut ledger, record, false);
    let cut = copy_of(desk.path());
    let survivor = open(cut.path());
    assert_eq!(state_of(&survivor, record), "submitting");
    assert_eq!(survivor.log().unwrap(), ledger.log().unwrap());
}

#[test]
fn a_torn_write_loses_at_most_what_was_not_acknowledged() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    submit(&mut ledger, record, false);
    let whole = ledger.log().unwrap();
    let log = fs::read(desk.path().join("ledger.sqlite-wal")).unwrap();
    let mut shortest = usize::MAX;
    for length in (0..=log.len()).rev().step_by(1_500) {
        let torn = copy_of(desk.path());
        fs::remove_file(torn.path().join("ledger.sqlite-shm")).unwrap();
        fs::write(torn.path().join("ledger.sqlite-wal"), &log[..length]).unwrap();
        let survivor = open(torn.path());
        let kept = survivor.log().unwrap();
        assert_eq!(
            kept,
            whole[..kept.len()],
            "cut at {length} of {}",
            log.len()
        );
        for shown in survivor.records().unwrap() {
            // A reading and its sealed values are one: never an event without its box.
            survivor.reference_as_read(shown.id).unwrap();
        }
        shortest = shortest.min(kept.len());
    }
    assert_eq!(shortest, 0);
}

#[test]
fn a_killed_program_leaves_its_events_and_no_lock() {
    let desk = Desk::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "after_a_crash::the_program_that_is_killed"])
        .args(["--ignored", "--nocapture"])
        .env(KILLED_IN, desk.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let acknowledged: Vec<String> = BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .map(Result::unwrap)
        .filter_map(|line| line.split_once("event ").map(|(_, id)| id.to_owned()))
        .take(25)
        .collect();
    assert!(matches!(
        Ledger::open(desk.path(), None, now()),
        Err(LedgerError::InUse { holder: Some(holder) }) if holder.pid == child.id()
    ));
    child.kill().unwrap();
    child.wait().unwrap();

    let ledger = desk.ledger();
    let log = ledger.log().unwrap();
    let kept: Vec<String> = log.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(acknowledged.len(), 25);
    assert_eq!(kept[..25], acknowledged);
}

const KILLED_IN: &str = "NOTICERT_TEST_KILLED_IN";

#[test]
#[ignore = "needs the test above, which starts it and kills it"]
fn the_program_that_is_killed() {
    let Some(dir) = std::env::var_os(KILLED_IN) else {
        return;
    };
    let mut ledger = open(Path::new(&dir));
    let record = ledger.new_record(now()).unwrap();
    loop {
        let note = Some("x".repeat(100));
        let event = Event::ServiceFailed { note };
        let id = ledger.append(record, now(), Actor::Program, event).unwrap();
        println!("event {id}");
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn a_clock_set_back_does_not_turn_the_log_around() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let yesterday = later(-86_400);
    ledger
        .append(record, yesterday, Actor::Person, rejected())
        .unwrap();
    drop(ledger);
    let ledger = desk.ledger();
    assert_eq!(state_of(&ledger, record), "rejected");
    assert_eq!(ledger.log().unwrap().last().unwrap().at, yesterday);
}
