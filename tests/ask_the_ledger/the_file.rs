//! The file on the disk: who may write it, what it refuses, what it is not.

use std::fs;

use noticert::custody::Vault;
use noticert::ledger::{Actor, Event, Ledger, LedgerError};

use crate::support::{
    Desk, append, confirmed, copy_of, database, now, passphrase, sqlite, state_of, submit,
};

#[test]
fn the_log_can_neither_be_changed_nor_shortened() {
    let desk = Desk::new();
    confirmed(&mut desk.ledger());
    let connection = sqlite(desk.path());
    for statement in [
        "UPDATE events SET actor = 'person'",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events (id, record, at, actor, payload) \
         SELECT id, record, at, actor, '{\"kind\":\"service-confirmed\"}' FROM events LIMIT 1",
        "UPDATE meta SET value = 'real'",
        "INSERT OR REPLACE INTO meta (key, value) SELECT key, 'other' FROM meta LIMIT 1",
        "DELETE FROM meta",
        "DELETE FROM sealed",
        "UPDATE sealed SET record = '00000000-0000-0000-0000-000000000000'",
        "UPDATE sealed SET box = NULL",
    ] {
        assert!(connection.execute(statement, []).is_err(), "{statement}");
    }
}

#[test]
fn a_line_of_another_form_does_not_enter_the_log() {
    let desk = Desk::new();
    confirmed(&mut desk.ledger());
    let connection = sqlite(desk.path());
    let insert = |at: &str, actor: &str, payload: &str| {
        connection.execute(
            "INSERT INTO events (id, record, at, actor, payload) \
             SELECT '00000000-0000-7000-8000-000000000000', record, ?1, ?2, ?3 FROM events LIMIT 1",
            [at, actor, payload],
        )
    };
    let (at, event) = ("2026-11-21T03:00:00Z", "{\"kind\":\"service-confirmed\"}");
    assert!(insert("yesterday", "person", event).is_err());
    assert!(insert(at, "somebody", event).is_err());
    for payload in ["", "[]", "{}", "{\"kind\":null}", "{\"kind\":\"cut"] {
        assert!(insert(at, "person", payload).is_err(), "{payload}");
    }
    assert_eq!(insert(at, "person", event), Ok(1));
}

#[test]
fn a_second_writer_is_told_who_holds_the_ledger_and_a_reader_is_not_kept_out() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let LedgerError::InUse { holder } = Ledger::open(desk.path(), None, now()).unwrap_err() else {
        panic!("two writers");
    };
    let holder = holder.unwrap();
    assert_eq!((holder.pid, holder.since), (std::process::id(), now()));

    let mut reader = Ledger::open_read_only(desk.path()).unwrap();
    assert_eq!(state_of(&reader, record), "confirmed");
    assert!(matches!(
        reader.new_record(now()),
        Err(LedgerError::ReadOnly)
    ));
    assert!(matches!(
        reader.append(record, now(), Actor::Person, Event::ServiceConfirmed),
        Err(LedgerError::ReadOnly)
    ));
    submit(&mut ledger, record, false);
    assert_eq!(state_of(&reader, record), "submitting");
    drop(ledger);
    drop(desk.ledger());
}

#[test]
fn a_newer_ledger_is_refused_and_left_untouched() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    confirmed(&mut ledger);
    sqlite(desk.path())
        .pragma_update(None, "user_version", 3)
        .unwrap();
    // The newer version's last words are still in the write-ahead file.
    let crashed = copy_of(desk.path());
    let log_path = crashed.path().join("ledger.sqlite-wal");
    let main_before = fs::read(database(crashed.path())).unwrap();
    let log_before = fs::read(&log_path).unwrap();
    assert!(!log_before.is_empty());
    for _ in 0..2 {
        let vault = Vault::open(crashed.path(), &passphrase()).unwrap();
        assert!(matches!(
            Ledger::open(crashed.path(), Some(vault), now()),
            Err(LedgerError::Newer {
                found: 3,
                known: 2,
                ..
            })
        ));
        assert!(matches!(
            Ledger::open_read_only(crashed.path()),
            Err(LedgerError::Newer { found: 3, .. })
        ));
    }
    assert_eq!(fs::read(database(crashed.path())).unwrap(), main_before);
    assert_eq!(fs::read(log_path).unwrap(), log_before);
}

#[test]
fn a_file_that_is_no_ledger_is_refused_and_left_untouched() {
    let text = b"not a database, but long enough to be looked at".repeat(9);
    for content in [text, vec![0; 4096]] {
        let desk = Desk::new();
        fs::write(database(desk.path()), &content).unwrap();
        let error = Ledger::open(desk.path(), None, now()).unwrap_err();
        assert!(matches!(error, LedgerError::NotALedger { .. }), "{error:?}");
        assert_eq!(fs::read(database(desk.path())).unwrap(), content);
    }
    let desk = Desk::new();
    let theirs = sqlite(desk.path());
    theirs.execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(
        Ledger::open(desk.path(), None, now()),
        Err(LedgerError::NotALedger { .. })
    ));
}

#[test]
fn a_ledger_that_is_not_there_yet_is_told_from_a_folder_that_cannot_hold_one() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Ledger::open_read_only(dir.path()),
        Err(LedgerError::NoLedger { .. })
    ));
    fs::write(database(dir.path()), b"").unwrap();
    assert!(matches!(
        Ledger::open_read_only(dir.path()),
        Err(LedgerError::NoLedger { .. })
    ));
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(matches!(
        Ledger::open(&file.join("data"), None, now()),
        Err(LedgerError::Disk(_))
    ));
}

#[test]
fn damaged_pages_are_an_error_and_not_a_panic() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    for _ in 0..20 {
        let record = ledger.new_record(now()).unwrap();
        let note = Some("x".repeat(900));
        append(&mut ledger, record, Event::ServiceFailed { note });
    }
    drop(ledger);
    let whole = fs::read(database(desk.path())).unwrap();
    let mut noticed = 0;
    for at in (100..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        let end = (at + 64).min(damaged.len());
        damaged[at..end].fill(0xa5);
        fs::write(database(desk.path()), &damaged).unwrap();
        let looked =
            Ledger::open_read_only(desk.path()).and_then(|ledger| ledger.records().map(drop));
        noticed += usize::from(looked.is_err());
    }
    assert!(noticed > 0);
}
