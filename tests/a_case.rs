//! A case: from the office to the terminal and back, and never two places that submit the same pair.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use noticert::custody::{Vault, WorkFactor, envelope};
use noticert::ledger::{Ledger, SiteKind};
use secrecy::SecretString;
use support::screen::AtTheScreen;
use support::{PASSPHRASE, PracticeSite, Ran, Workplace, with};

struct Journey {
    office: Workplace,
    terminal: Workplace,
    site: PracticeSite,
}

impl Journey {
    /// The office knows the letter, the terminal nothing.
    fn begin(terminals: usize) -> Self {
        let (office, terminal) = (Workplace::new(), Workplace::new());
        let site = PracticeSite::start(&office.path("practice"), terminals);
        let added = office.confirm(&site.issuances);
        assert_eq!(added.code, 0, "{}", added.stderr);
        for place in [&office, &terminal] {
            place.write("case passphrase", "ｃａｓｅ passphrase");
        }
        Self {
            office,
            terminal,
            site,
        }
    }

    fn retrieve(&self, place: &Workplace) -> Ran {
        place.retrieve_all(&self.site)
    }
}

fn pack(place: &Workplace, stick: &Path, more: &[&str]) -> Ran {
    let passphrase = place.path("case passphrase");
    let mut arguments = vec![
        "pack",
        "--to",
        stick.to_str().unwrap(),
        "--case-passphrase-file",
        passphrase.to_str().unwrap(),
    ];
    arguments.extend(more);
    place.run(arguments)
}

fn unpack(place: &Workplace, case: &Path) -> Ran {
    let passphrase = place.path("case passphrase");
    place.run([
        "unpack",
        case.to_str().unwrap(),
        "--case-passphrase-file",
        passphrase.to_str().unwrap(),
    ])
}

fn packed(ran: &Ran) -> PathBuf {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    PathBuf::from(ran.stdout.trim())
}

fn states(place: &Workplace) -> Vec<String> {
    place
        .terminals()
        .iter()
        .map(|terminal| terminal["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_case_goes_to_the_terminal_and_back_and_only_the_terminal_submits() {
    let journey = Journey::begin(2);
    let stick = journey.office.path("stick");
    let case = packed(&pack(&journey.office, &stick, &["--holder", "佐藤"]));
    let sheet = fs::read_to_string(stick.join("はじめに.txt")).unwrap();
    let name = case.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(sheet.contains(&name), "{sheet}");

    // The office lent both, and says with which case, since when and to whom.
    let refused = journey.retrieve(&journey.office);
    assert_eq!(refused.code, 10, "{}", refused.stderr);
    for told in [name.as_str(), "佐藤", "unpack"] {
        assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
    }
    assert_eq!(states(&journey.office), ["confirmed", "confirmed"]);
    let lent = &journey.office.terminals()[0]["lent"];
    assert_eq!(lent["holder"], "佐藤");
    assert!(journey.office.run(["status"]).stdout.contains("貸し出し中"));

    // The full-width passphrase of the office is the half-width one of the terminal.
    journey.terminal.write("case passphrase", "case passphrase");
    let taken = unpack(&journey.terminal, &case);
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    assert!(
        taken.stderr.trim_end().ends_with("noticert retrieve --all"),
        "{}",
        taken.stderr
    );
    let retrieved = journey.retrieve(&journey.terminal);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);

    let back = packed(&pack(&journey.terminal, &stick, &[]));
    assert_ne!(back, case);
    let sheet = fs::read_to_string(stick.join("はじめに.txt")).unwrap();
    assert!(sheet.contains("持ち帰る"), "{sheet}");
    let home = unpack(&journey.office, &back);
    assert_eq!(home.code, 0, "{}", home.stderr);
    assert_eq!(states(&journey.office), ["retrieved", "retrieved"]);
    let terminal = &journey.office.terminals()[0];
    assert!(terminal["lent"].is_null() && terminal["p12"].is_null());
    assert!(
        terminal["problem"]
            .as_str()
            .unwrap()
            .contains("このパソコンにありません")
    );

    // Nothing secret travelled in clear.
    let list = fs::read_to_string(&journey.site.issuances).unwrap();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    for issuance in list["issuances"].as_array().unwrap() {
        for field in ["request_id", "reference_id"] {
            let value = issuance[field].as_str().unwrap().as_bytes();
            for entry in fs::read_dir(&stick).unwrap() {
                let bytes = fs::read(entry.unwrap().path()).unwrap();
                assert!(!bytes.windows(value.len()).any(|window| window == value));
            }
        }
    }
}

#[test]
fn what_the_terminal_did_not_retrieve_may_be_retrieved_where_the_case_came_home_and_nowhere_else() {
    let journey = Journey::begin(1);
    let stick = journey.office.path("stick");
    let case = packed(&pack(&journey.office, &stick, &[]));
    assert_eq!(unpack(&journey.terminal, &case).code, 0);
    // Twice is as once, and one's own case is not the one that comes back.
    let again = unpack(&journey.terminal, &case);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let own = unpack(&journey.office, &case);
    assert_eq!(own.code, 0, "{}", own.stderr);
    assert!(own.stderr.contains("ここで作った"), "{}", own.stderr);
    assert_eq!(journey.retrieve(&journey.office).code, 10);

    let back = packed(&pack(&journey.terminal, &stick, &[]));
    let lent_there = journey.retrieve(&journey.terminal);
    assert_eq!(lent_there.code, 10, "{}", lent_there.stderr);
    let home = unpack(&journey.office, &back);
    assert!(home.stderr.contains("戻りました"), "{}", home.stderr);
    let retrieved = journey.retrieve(&journey.office);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
    assert_eq!(states(&journey.terminal), ["confirmed"]);
}

#[test]
fn a_case_that_cannot_be_taken_changes_nothing() {
    let journey = Journey::begin(1);
    let case = packed(&pack(&journey.office, &journey.office.path("stick"), &[]));
    let whole = fs::read(&case).unwrap();
    let before = journey.terminal.data_files();
    let refused = |name: &str, bytes: &[u8], code: i32| {
        let file = journey.terminal.write(name, bytes);
        let ran = unpack(&journey.terminal, &file);
        assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
        let after = journey.terminal.data_files();
        assert_eq!(after, before, "{name} left a ledger");
    };
    let mut flipped = whole.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    refused("flipped.age", &flipped, 10);
    refused("cut.age", &whole[..whole.len() - 20], 10);
    refused("empty.age", b"", 10);
    refused("other.age", b"PK\x03\x04 something else", 10);
    let sealed = |contents: &[u8]| {
        let passphrase = SecretString::from("case passphrase");
        envelope::seal(&passphrase, WorkFactor::RANDOM_PASSPHRASE, contents).unwrap()
    };
    refused("future.age", &sealed(b"noticert case 2\n{}"), 10);
    refused("foreign.age", &sealed(b"somebody's diary"), 10);
    assert_eq!(
        unpack(&journey.terminal, &journey.terminal.path("gone.age")).code,
        10
    );
    journey.terminal.write("case passphrase", "another");
    refused("whole.age", &whole, 16);
}

#[test]
fn a_practice_case_never_enters_a_ledger_for_the_real_site() {
    let journey = Journey::begin(2);
    // One submission binds the office's ledger to the practice site.
    let first = journey.office.terminals()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let site = journey.site.options(&journey.office);
    let retrieved = journey.office.run(with(&["retrieve", &first], site));
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
    let case = packed(&pack(&journey.office, &journey.office.path("stick"), &[]));
    let data = journey.terminal.data();
    let passphrase = SecretString::from(PASSPHRASE);
    let vault = Vault::open(&data, &passphrase).unwrap();
    let mut ledger = Ledger::open(&data, Some(vault), Timestamp::UNIX_EPOCH).unwrap();
    ledger.bind_site(SiteKind::Real).unwrap();
    drop(ledger);
    let ran = unpack(&journey.terminal, &case);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(journey.terminal.terminals().is_empty());
}

#[test]
fn a_case_that_could_not_be_written_lends_nothing() {
    let journey = Journey::begin(1);
    let file = journey.office.write("no folder", "");
    let ran = pack(&journey.office, &file, &[]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(journey.office.terminals()[0]["lent"].is_null());
    let retrieved = journey.retrieve(&journey.office);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
    let nothing = pack(&journey.office, &journey.office.path("stick"), &[]);
    assert_eq!(nothing.code, 10, "{}", nothing.stderr);
}

#[test]
fn a_case_is_for_one_clinic() {
    let journey = Journey::begin(1);
    let other = Journey::begin(1);
    journey.office.confirm(&other.site.issuances);
    let stick = journey.office.path("stick");
    let codes: Vec<String> = journey
        .office
        .terminals()
        .iter()
        .map(|terminal| terminal["institution_code"].as_str().unwrap().to_owned())
        .collect();
    assert_ne!(codes[0], codes[1], "two invented clinics");
    let both = pack(&journey.office, &stick, &[]);
    assert_eq!(both.code, 2, "{}", both.stderr);
    assert!(both.stderr.contains(&codes[0]) && both.stderr.contains(&codes[1]));
    let one = packed(&pack(
        &journey.office,
        &stick,
        &["--institution", &codes[1]],
    ));
    assert_eq!(unpack(&journey.terminal, &one).code, 0);
    assert_eq!(journey.terminal.terminals().len(), 1);
    assert_eq!(
        journey.terminal.terminals()[0]["institution_code"],
        codes[1]
    );
}

#[test]
fn a_lost_case_is_taken_back_by_a_persons_word_only() {
    let journey = Journey::begin(1);
    packed(&pack(&journey.office, &journey.office.path("stick"), &[]));
    let id = journey.office.terminals()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let unattended = journey.office.run(["pack", "--take-back", &id, "--yes"]);
    assert_eq!(unattended.code, 2, "{}", unattended.stderr);
    let refused = typed(&journey.office, &["pack", "--take-back", &id], "y");
    assert_eq!(refused.code, 10, "{}", refused.stdout);
    assert_eq!(journey.retrieve(&journey.office).code, 10);
    let taken = typed(&journey.office, &["pack", "--take-back", &id], "取り戻す");
    assert_eq!(taken.code, 0, "{}", taken.stdout);
    let retrieved = journey.retrieve(&journey.office);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
}

/// Runs noticert in a real terminal and types one line.
fn typed(place: &Workplace, arguments: &[&str], line: &str) -> Ran {
    let mut screen = AtTheScreen::start(&place.command(arguments));
    screen.types(&format!("{line}\n"));
    screen.ends()
}
