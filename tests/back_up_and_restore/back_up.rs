//! `backup --to DIR`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::scene::{
    BACKUP_PASSPHRASE, Stick, TERMINALS, back_up, back_up_sealed, certificate_in, empty, name,
    renewed, retrieved, states, typed,
};
use super::support::{PASSWORD, PracticeSite, Ran};

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
    // The program too, one wrong try, then the right digits in full width.
    let ran = typed(&workplace, &arguments, &["y", "1111", "４８２６"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("実行ファイルも入れておきますか"),
        "{}",
        ran.stdout
    );
    let brought = fs::read(stick.root().join("noticert")).unwrap();
    assert!(brought == fs::read(workplace.command([""]).get_program()).unwrap());
    assert!(ran.stdout.contains("\u{1b}[2J\u{1b}[3J"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(PASSWORD), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("封印してあるパスワードと違います"),
        "{}",
        ran.stdout
    );
    assert_eq!(states(&workplace), ["backed-up", "retrieved"]);
    // Nothing is open any more: neither the paper nor the program, which is there.
    let again = typed(&workplace, &arguments, &[]);
    assert_eq!(again.code, 0, "{}", again.stdout);
}

/// Digits that nobody has on paper are shown on a page that goes away, and count once they were typed from the paper.
#[test]
fn without_a_paper_the_digits_can_be_written_down() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let arguments = ["backup", "--to", stick.text()];
    let ran = typed(&workplace, &arguments, &["", "", "y", "", "4826"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(shown_on_its_own_page(&ran.stdout), 1, "{}", ran.stdout);
    assert!(
        !ran.stdout.contains("パスワードの控えなし"),
        "{}",
        ran.stdout
    );
    let problem = workplace.terminals()[0]["problem"].clone();
    assert!(problem.is_null(), "{problem}");
}

/// Whoever stops the program at the digits leaves none on the screen.
#[test]
fn the_page_with_the_digits_goes_when_the_program_is_stopped() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let arguments = ["backup", "--to", stick.text()];
    let ran = typed(&workplace, &arguments, &["", "", "y", "\u{3}"]);
    assert_eq!(ran.code, 130, "{}", ran.stdout);
    assert_eq!(shown_on_its_own_page(&ran.stdout), 1, "{}", ran.stdout);
    let problem = workplace.terminals()[0]["problem"].clone();
    assert!(problem.as_str().unwrap().contains("控えなし"), "{problem}");
}

/// How often the digits stand on the screen, each time on the page that is taken off.
pub fn shown_on_its_own_page(screen: &str) -> usize {
    let mut shown = 0;
    for part in screen.split("\u{1b}[?1049h").skip(1) {
        let (page, after) = part.split_once("\u{1b}[?1049l").unwrap();
        shown += usize::from(page.contains(PASSWORD));
        assert!(!after.contains(PASSWORD), "{screen}");
    }
    let (before, _) = screen.split_once("\u{1b}[?1049h").unwrap_or((screen, ""));
    assert!(!before.contains(PASSWORD), "{screen}");
    shown
}

#[test]
fn a_wrong_paper_is_no_paper() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let arguments = ["backup", "--to", stick.text()];
    let ran = typed(&workplace, &arguments, &["n", "1111", "2222", "3333", "n"]);
    assert!(!stick.root().join("noticert").exists());
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
    // Also one step down is it seen.
    let case = stick
        .path()
        .join("事務所/noticert-0110113719-20261122-abcdef.age");
    fs::create_dir(case.parent().unwrap()).unwrap();
    fs::write(case, b"case").unwrap();
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
    // The ledger's password opens the clear copies; nobody opened the sealed ones.
    let half = back_up(&workplace, &stick, &["--check"]);
    assert_eq!(half.code, 10, "{}", half.stderr);
    assert_eq!(half.stdout.matches("✓").count(), TERMINALS);
    assert_eq!(half.stdout.matches("復元できます").count(), TERMINALS);
    assert_eq!(half.stdout.matches("! 封印した控え").count(), TERMINALS);
    assert!(!half.stderr.contains("✓"), "{}", half.stderr);

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
    elsewhere.write("backup-passphrase", "another\n");
    let ran = back_up(&elsewhere, &stick, &file);
    assert_eq!(ran.code, 16, "{}\n{}", ran.stdout, ran.stderr);
    assert!(
        !ran.stderr.contains("バックアップはできていません"),
        "{}",
        ran.stderr
    );

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
fn whoever_sits_at_the_drill_is_asked_for_passphrase_and_digits() {
    let (workplace, sealed, clear) = (retrieved(), Stick::new(), Stick::new());
    back_up_sealed(&workplace, &sealed);
    back_up(&workplace, &clear, &[]);
    let elsewhere = empty();
    let drill = |stick: &Stick, lines: &[&str]| {
        let arguments = ["backup", "--check", "--to", stick.text()];
        typed(&elsewhere, &arguments, lines)
    };
    let ran = drill(&sealed, &["wrong", BACKUP_PASSPHRASE]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(
        ran.stdout.matches("封印した控えも開けます").count(),
        TERMINALS
    );
    // Typed once, they open both terminals' copies.
    let ran = drill(&clear, &["1111", "4826"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("復元できます").count(), TERMINALS);
    let ran = drill(&clear, &["", ""]);
    assert_eq!(ran.code, 10, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("開いていません").count(), TERMINALS);
}

/// A damaged copy that was made anew, and one that is gone and not missed, do not spoil the drill for good.
#[test]
fn what_was_copied_again_or_is_not_missed_does_not_fail_the_drill_for_good() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let passphrase = workplace.path("backup-passphrase");
    let check = [
        "--check",
        "--backup-passphrase-file",
        passphrase.to_str().unwrap(),
    ];
    back_up_sealed(&workplace, &stick);
    fs::write(stick.files(".p12").remove(0), b"broken").unwrap();
    assert_eq!(back_up(&workplace, &stick, &check).code, 14);
    back_up(&workplace, &stick, &[]);
    let copies = stick.index()["copies"].as_array().unwrap().clone();
    assert_eq!(copies.len(), TERMINALS);
    // What was sealed beside the broken file is not forgotten with it.
    assert!(copies.iter().all(|copy| copy["sealed"].is_object()));
    let ran = back_up(&workplace, &stick, &check);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);

    let stick = Stick::new();
    back_up(&workplace, &stick, &[]);
    let (older, newer) = renewed(&stick);
    fs::remove_file(&older).unwrap();
    let ran = back_up(&workplace, &stick, &["--check"]);
    assert_eq!(ran.code, 14, "{}\n{}", ran.stdout, ran.stderr);
    let arguments = ["backup", "--check", "--to", stick.text()];
    let kept = typed(&workplace, &arguments, &["n"]);
    assert_eq!(kept.code, 14, "{}", kept.stdout);
    let dropped = typed(&workplace, &arguments, &["y"]);
    assert_eq!(dropped.code, 0, "{}", dropped.stdout);
    assert_eq!(back_up(&workplace, &stick, &["--check"]).code, 0);
    assert_eq!(stick.index()["copies"].as_array().unwrap().len(), 1);

    // The last copy of a terminal is missed: nothing is offered.
    fs::remove_file(&newer).unwrap();
    let missed = typed(&workplace, &arguments, &[]);
    assert_eq!(missed.code, 14, "{}", missed.stdout);
    assert_eq!(stick.index()["copies"].as_array().unwrap().len(), 1);
}

#[test]
fn results_without_a_form_in_json_are_refused_before_anything_is_done() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let ran = back_up(&workplace, &stick, &["--json"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("JSON の形はありません"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_dir(stick.path()).unwrap().count(), 0);
    assert_eq!(workplace.run(["restore", stick.text(), "--json"]).code, 2);
}

/// The program that lies beside the clinic's back-ups travels nowhere; one that lies elsewhere on the stick does.
#[test]
fn a_program_beside_the_back_ups_is_no_reason_to_ask() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let ran = back_up(&workplace, &stick, &["--with-program"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let from = |program: PathBuf| {
        let known = workplace.command(["backup", "--to", stick.text()]);
        let output = Command::new(program)
            .args(known.get_args())
            .stdin(std::process::Stdio::null())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .output()
            .unwrap();
        Ran::of(output)
    };
    let ran = from(stick.root().join("noticert"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(workplace.terminals()[0]["backups"][0]["counts"], true);

    let elsewhere = stick.path().join("noticert");
    fs::copy(stick.root().join("noticert"), &elsewhere).unwrap();
    let ran = from(elsewhere);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("お持ち帰り用では？"), "{}", ran.stderr);
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
