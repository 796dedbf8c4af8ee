//! `backup --to DIR`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::scene::{
    BACKUP_PASSPHRASE, Stick, TERMINALS, back_up, back_up_sealed, certificate_in, empty, name,
    retrieved, states, typed,
};
use super::support::{PASSWORD, PracticeSite};

#[test]
#[ignore = "needs openssl"]
fn every_terminal_has_a_copy_that_opens_with_its_digits_alone() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let ran = back_up(&workplace, &stick, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("抜いて構いません"), "{}", ran.stderr);

    let copies = stick.files(".p12");
    assert_eq!(copies.len(), TERMINALS);
    for (terminal, copy) in workplace.terminals().iter().zip(&copies) {
        let certificate = certificate_in(copy, PASSWORD);
        assert_eq!(terminal["fingerprint"], certificate);
        let folder = copy.parent().unwrap().file_name().unwrap();
        let folder = folder.to_str().unwrap();
        assert!(folder.contains(terminal["institution_code"].as_str().unwrap()));
        assert!(folder.contains(terminal["terminal_name"].as_str().unwrap()));
        let mode = fs::metadata(copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    let checked = Command::new("sha256sum")
        .args(["-c", "--strict", "SHA256SUMS.txt"])
        .current_dir(stick.root())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let sheet = fs::read_to_string(stick.root().join("復元のしかた.txt")).unwrap();
    assert!(
        sheet.contains("noticert restore") && sheet.contains("2030-"),
        "{sheet}"
    );
}

/// Rule 11: four digits that are on this PC alone open nothing once it is gone.
#[test]
fn without_the_digits_elsewhere_a_terminal_is_not_called_backed_up() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let pem = workplace.path("pem");
    let first = name(&workplace, 0);
    workplace.run(["install", &first, "--folder", pem.to_str().unwrap()]);
    let ran = back_up(&workplace, &stick, &[]);
    assert!(
        ran.stderr.contains("パスワードの控えなし"),
        "{}",
        ran.stderr
    );
    let terminal = &workplace.terminals()[0];
    assert_eq!(terminal["state"], "installed");
    assert_eq!(terminal["backups"][0]["counts"], true);
    assert!(terminal["problem"].as_str().unwrap().contains("控えなし"));

    let ran = back_up_sealed(&workplace, &stick);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("パスワードの控えなし"),
        "{}",
        ran.stderr
    );
    assert_eq!(states(&workplace), ["backed-up", "retrieved"]);
    assert_eq!(
        workplace.terminals()[0]["backups"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn the_sealed_copies_open_with_the_passphrase_and_nothing_is_sealed_twice() {
    let (workplace, stick) = (retrieved(), Stick::new());
    back_up_sealed(&workplace, &stick);
    let before = stick.files(".age");
    assert_eq!(before.len(), 2 * TERMINALS);
    let again = back_up_sealed(&workplace, &stick);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(stick.files(".age"), before);
    for (clear, sealed) in stick.files(".p12").iter().zip(stick.files(".p12.age")) {
        assert_eq!(opened(&sealed, BACKUP_PASSPHRASE), fs::read(clear).unwrap());
        let recovery = clear.to_str().unwrap().to_owned() + ".password.age";
        let digits = opened(recovery.as_ref(), BACKUP_PASSPHRASE);
        assert_eq!(digits, PASSWORD.as_bytes());
    }
}

/// Plain age, by the library alone.
fn opened(path: &std::path::Path, passphrase: &str) -> Vec<u8> {
    let passphrase = secrecy::SecretString::from(passphrase);
    let identity = age::scrypt::Identity::new(passphrase);
    age::decrypt(&identity, &fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_person_types_the_digits_from_the_paper_on_a_cleared_screen() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let pem = workplace.path("pem");
    let first = name(&workplace, 0);
    workplace.run(["install", &first, "--folder", pem.to_str().unwrap()]);
    let arguments = ["backup", "--to", stick.text()];
    // One wrong try, then the right digits in full width.
    let ran = typed(&workplace, &arguments, &["1111", "４８２６"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("\u{1b}[2J\u{1b}[3J"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(PASSWORD), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("封印してあるパスワードと違います"),
        "{}",
        ran.stdout
    );
    assert_eq!(states(&workplace), ["backed-up", "retrieved"]);
}

#[test]
fn a_wrong_paper_is_no_paper() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let arguments = ["backup", "--to", stick.text()];
    let ran = typed(&workplace, &arguments, &["1111", "2222", "3333"]);
    assert!(
        ran.stdout.contains("控えが正しくありません"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("パスワードの控えなし"),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_own_disk_the_data_folder_and_a_missing_stick_are_no_back_up() {
    let workplace = retrieved();
    let missing = workplace.path("not plugged in");
    let ran = workplace.run(["backup", "--to", missing.to_str().unwrap()]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(!missing.exists());

    let inside = workplace.data().join("terminals");
    let ran = workplace.run(["backup", "--to", inside.to_str().unwrap(), "--yes"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);

    let beside = workplace.path("beside");
    fs::create_dir(&beside).unwrap();
    let to = beside.to_str().unwrap();
    assert_eq!(workplace.run(["backup", "--to", to]).code, 2);
    assert_eq!(fs::read_dir(&beside).unwrap().count(), 0);
    let ran = workplace.run(["backup", "--to", to, "--yes"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let backups = workplace.terminals()[0]["backups"].clone();
    assert_eq!(backups[0]["counts"], false, "{backups}");
}

#[test]
fn a_stick_to_take_home_is_asked_about_and_does_not_count() {
    let (workplace, stick) = (retrieved(), Stick::new());
    fs::write(
        stick.path().join("noticert-0110113719-20261122-abcdef.age"),
        b"case",
    )
    .unwrap();
    let ran = back_up(&workplace, &stick, &["--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("お持ち帰り用では？"), "{}", ran.stderr);
    assert!(stick.files(".p12").is_empty());

    let arguments = ["backup", "--to", stick.text()];
    let declined = typed(&workplace, &arguments, &["n"]);
    assert_eq!(declined.code, 10, "{}", declined.stdout);
    assert!(stick.files(".p12").is_empty());
    let agreed = typed(&workplace, &arguments, &["y"]);
    assert_eq!(agreed.code, 10, "{}", agreed.stdout);
    assert_eq!(stick.files(".p12").len(), TERMINALS);
    assert_eq!(workplace.terminals()[0]["backups"][0]["counts"], false);
}

#[test]
fn another_clinics_stick_is_asked_about_and_its_copies_stay() {
    let (workplace, stick) = (retrieved(), Stick::new());
    back_up(&workplace, &stick, &[]);
    let path = stick.root().join("noticert-backup.json");
    let index = fs::read_to_string(&path).unwrap();
    let own = stick.index()["copies"][0]["institution_code"].clone();
    let other = index.replace(
        &format!("\"institution_code\": {own}"),
        "\"institution_code\": \"9999999999\"",
    );
    fs::write(&path, &other).unwrap();

    let ran = back_up(&workplace, &stick, &["--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("別の医療機関"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), other);
}

#[test]
fn an_older_file_of_the_same_name_is_kept_and_two_sticks_are_told_apart() {
    let (workplace, one, two) = (retrieved(), Stick::new(), Stick::new());
    back_up(&workplace, &one, &[]);
    let copy = one.files(".p12").remove(0);
    fs::write(&copy, b"an older certificate").unwrap();
    let ran = back_up(&workplace, &one, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(fs::read(&copy).unwrap(), b"an older certificate");
    assert_eq!(one.files(".p12").len(), TERMINALS + 1);

    back_up(&workplace, &two, &[]);
    let media: Vec<_> = workplace.terminals()[0]["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backup| backup["medium"].clone())
        .collect();
    assert_eq!(
        media,
        [one.index()["medium"].clone(), two.index()["medium"].clone()]
    );
}

#[test]
fn the_drill_opens_every_copy_and_names_the_broken_one() {
    let (workplace, stick) = (retrieved(), Stick::new());
    back_up_sealed(&workplace, &stick);
    let whole = back_up(&workplace, &stick, &["--check"]);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert_eq!(whole.stdout.matches("復元できます").count(), TERMINALS);

    // Another PC knows no password; the passphrase brings it.
    let elsewhere = empty();
    let ran = back_up(&elsewhere, &stick, &["--check"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let passphrase = elsewhere.path("backup-passphrase");
    let file = [
        "--check",
        "--backup-passphrase-file",
        passphrase.to_str().unwrap(),
    ];
    let ran = back_up(&elsewhere, &stick, &file);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);

    let copy = stick.files(".p12").remove(0);
    let mut bytes = fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&copy, bytes).unwrap();
    let ran = back_up(&workplace, &stick, &["--check"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert_eq!(ran.stdout.matches("✗").count(), 1, "{}", ran.stdout);
    fs::write(&copy, b"").unwrap();
    assert_eq!(back_up(&workplace, &stick, &["--check"]).code, 14);
}

#[test]
#[ignore = "needs Tesseract"]
fn pictures_of_the_letter_go_once_the_certificate_is_backed_up() {
    let stick = Stick::new();
    // A reading that differs from what a person adds waits for a person with its pictures: some drawn letters are
    // read so.
    let (workplace, site) = loop {
        let workplace = empty();
        let site = PracticeSite::start(&workplace.path("practice"), 1);
        let read = workplace.run(["read", "--json", site.letter.to_str().unwrap()]);
        let list: serde_json::Value =
            serde_json::from_slice(&fs::read(&site.issuances).unwrap()).unwrap();
        let fields = &read.json()["sheets"][0]["fields"];
        let same = |name: &str| fields[name]["value"] == list["issuances"][0][name];
        if same("request_id") && same("reference_id") {
            break (workplace, site);
        }
    };
    workplace.confirm(&site.issuances);
    workplace.retrieve_all(&site);
    let pictures = || -> u32 {
        let ledger = rusqlite::Connection::open(workplace.data().join("ledger.sqlite")).unwrap();
        let query = "SELECT count(*) FROM sealed WHERE field LIKE 'crop/%' AND box IS NOT NULL";
        ledger.query_row(query, [], |row| row.get(0)).unwrap()
    };
    assert!(pictures() > 0);
    // A copy whose digits are on this PC alone is no reason to let anything go.
    back_up(&workplace, &stick, &[]);
    assert!(pictures() > 0);
    back_up_sealed(&workplace, &stick);
    assert_eq!(pictures(), 0);
}
