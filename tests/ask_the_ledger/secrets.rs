//! No secret in clear in any file; a sealed value opens in its own place alone.

use std::fs;

use noticert::custody::Vault;
use noticert::domain::{CertificatePassword, Status};
use noticert::ledger::{Ledger, LedgerError, Origin, RefusedReason};
use noticert::platform;

use crate::support::{
    Desk, PASSWORD, append, confirmed, issuance, now, passphrase, pixels_of, reading_of,
    record_reading, refused, request, sqlite, state_of, submit, the_issuance,
};

#[test]
fn no_file_of_the_data_folder_holds_a_secret_in_clear() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    for number in 0..40 {
        let request_id = format!("3000000000{number:05}");
        let reference = format!("SECRETx{number:03}");
        let issuance = issuance(&request_id, &reference, &format!("端末{number}"));
        let reading = reading_of(&issuance, 1, Status::Accepted);
        let record = record_reading(&mut ledger, &reading).record();
        let reviewed = reading.accept(None).unwrap();
        ledger.confirm(record, &reviewed, now()).unwrap();
        let request = submit(&mut ledger, record, false);
        let sentence = format!("{reference} {PASSWORD}");
        append(
            &mut ledger,
            record,
            refused(&request, RefusedReason::Unknown, &sentence),
        );
    }
    assert!(files_without_secrets(&desk).contains(&"ledger.sqlite-wal".to_owned()));
    drop(ledger);
    assert!(files_without_secrets(&desk).contains(&"ledger.sqlite".to_owned()));
}

/// The names of the folder's files, after a search through their bytes.
fn files_without_secrets(desk: &Desk) -> Vec<String> {
    assert!(platform::is_owner_only(desk.path()).unwrap());
    let mut names = Vec::new();
    for entry in fs::read_dir(desk.path()).unwrap() {
        let path = entry.unwrap().path();
        // Windows lets nobody read the locked file, which is empty.
        let bytes = match path.ends_with("ledger.lock") {
            true => Vec::new(),
            false => fs::read(&path).unwrap(),
        };
        let count = |needle: &[u8]| bytes.windows(needle.len()).filter(|w| *w == needle).count();
        assert_eq!(count(b"SECRETx"), 0, "{}", path.display());
        assert_eq!(count(b"invented passphrase"), 0, "{}", path.display());
        assert_eq!(passwords_in(&bytes), 0, "{}", path.display());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // SQLite makes its two companions itself; on Windows they are guarded by the folder's list.
        assert!(name != "ledger.lock" || fs::metadata(&path).unwrap().len() == 0);
        let is_companion = name.starts_with("ledger.sqlite-");
        let private = platform::is_owner_only(&path).unwrap();
        assert!(private || (cfg!(windows) && is_companion), "{name}");
        names.push(name);
    }
    names
}

/// How often the password stands alone. Inside of ids, four digits turn up by chance.
fn passwords_in(bytes: &[u8]) -> usize {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes
        .windows(PASSWORD.len())
        .enumerate()
        .filter(|(at, window)| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            let after = bytes.get(at + PASSWORD.len());
            *window == PASSWORD.as_bytes() && !is_word(before) && !is_word(after)
        })
        .count()
}

#[test]
fn the_search_for_secrets_would_find_one() {
    let leak = format!("{{\"password\":\"{PASSWORD}\"}} {PASSWORD}");
    assert_eq!(passwords_in(leak.as_bytes()), 2);
    assert_eq!(
        passwords_in(format!("a{PASSWORD} {PASSWORD}0").as_bytes()),
        0
    );
}

#[test]
fn a_wiped_secret_is_gone_and_known_to_be() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let request = request(&mut ledger, record, false);
    assert!(ledger.wipe_sealed(request.password, now()).unwrap());
    assert!(!ledger.wipe_sealed(request.password, now()).unwrap());
    assert!(matches!(
        ledger.password(request.password),
        Err(LedgerError::Wiped { field, .. }) if field == "certificate_password"
    ));
    assert!(matches!(
        ledger.begin_submission(record, request, now()),
        Err(LedgerError::Wiped { .. })
    ));
    assert_eq!(state_of(&ledger, record), "confirmed");
}

#[test]
fn a_key_of_another_folder_is_refused_and_without_a_key_nothing_is_read_in() {
    let (desk, other) = (Desk::new(), Desk::new());
    drop(desk.ledger());
    let foreign = Vault::open(other.path(), &passphrase()).unwrap();
    assert!(matches!(
        Ledger::open(desk.path(), Some(foreign), now()),
        Err(LedgerError::OtherKey { .. })
    ));
    let mut keyless = Ledger::open(desk.path(), None, now()).unwrap();
    let reading = reading_of(&the_issuance(), 1, Status::Accepted);
    assert!(matches!(
        keyless.record_reading(&reading, Origin::Read, &pixels_of, now()),
        Err(LedgerError::NoKey)
    ));
    assert!(keyless.log().unwrap().is_empty());
}

#[test]
fn a_box_moved_to_another_place_does_not_open() {
    let desk = Desk::new();
    let mut ledger = desk.ledger();
    let record = confirmed(&mut ledger);
    let mine = request(&mut ledger, record, false).password;
    let second: CertificatePassword = "1234".parse().unwrap();
    let other = ledger.seal_password(record, &second, now()).unwrap();
    drop(ledger);
    sqlite(desk.path())
        .execute(
            "UPDATE sealed SET box = (SELECT box FROM sealed WHERE id = ?1) WHERE id = ?2",
            [other.to_string(), mine.to_string()],
        )
        .unwrap();
    assert!(matches!(
        desk.ledger().password(mine),
        Err(LedgerError::Custody(_))
    ));
}
