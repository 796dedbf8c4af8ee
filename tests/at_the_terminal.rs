//! What a person types: `add` by hand and `review`, through a real pseudo-terminal.

mod support;

use serde_json::Value;
use support::screen::AtTheScreen;
use support::{PASSPHRASE, PracticeSite, Ran, Workplace, program};

/// Runs noticert in a real terminal and types `lines`.
fn typed(workplace: &Workplace, arguments: &[&str], lines: &[&str]) -> Ran {
    let home = workplace.path("home");
    let mut screen = AtTheScreen::start_at_home(&workplace.command(arguments), &home);
    for line in lines {
        screen.types(&format!("{line}\n"));
    }
    screen.ends()
}

/// A workplace whose person keys every ID, also those that both readers are sure of: some letters have no doubtful one.
fn blind() -> Workplace {
    let workplace = Workplace::new();
    workplace.write("config.toml", "[policy]\nreview = \"blind-all\"\n");
    workplace
}

/// The only issuance that an invented letter of today grants.
fn granted(site: &PracticeSite) -> Value {
    let list = std::fs::read(&site.issuances).unwrap();
    let list: Value = serde_json::from_slice(&list).unwrap();
    list["issuances"][0].clone()
}

#[test]
fn a_letter_typed_by_hand_takes_each_id_twice_and_is_confirmed() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let issuance = granted(&site);
    let value = |name: &str| issuance[name].as_str().unwrap().to_owned();
    let (id, reference) = (value("request_id"), value("reference_id"));
    let grouped = format!("{} {} {}", &id[..5], &id[5..10], &id[10..]);
    let hyphened = format!("{}-{}", &reference[..5], &reference[5..]);
    let (code, name) = (value("institution_code"), value("terminal_name"));
    let (from, to) = (value("valid_from").replace('-', "/"), value("valid_to"));
    let lines = [
        &code, &name, &grouped, &id, &hyphened, &reference, &from, &to,
    ];
    let ran = typed(&workplace, &["add"], &lines.map(String::as_str));
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let terminal = workplace.terminals().remove(0);
    assert_eq!(terminal["state"], "confirmed");
    for field in [
        "request_id",
        "institution_code",
        "terminal_name",
        "retrieval_deadline",
    ] {
        assert_eq!(terminal[field], issuance[field]);
    }
    let retrieved = workplace.retrieve_all(&site);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
}

#[test]
#[ignore = "needs Tesseract"]
fn a_doubtful_reference_id_is_keyed_blind_and_confirmed() {
    let workplace = blind();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.run(["read", site.letter.to_str().unwrap()]);
    assert_ne!(workplace.terminals()[0]["state"], "confirmed");
    let issuance = granted(&site);
    let request = issuance["request_id"].as_str().unwrap();
    let reference = issuance["reference_id"].as_str().unwrap();

    // A mismatch shows the picture and asks again. Two entries of the person that agree settle it, whether or
    // not the reading was right.
    let ran = typed(
        &workplace,
        &["review"],
        &["", request, "WRONG23456", reference, reference, ""],
    );
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("一致しません"), "{}", ran.stdout);
    assert!(ran.stdout.contains('█'), "the picture: {}", ran.stdout);
    assert_eq!(workplace.terminals()[0]["state"], "confirmed");
    let retrieved = workplace.retrieve_all(&site);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
}

#[test]
#[ignore = "needs Tesseract"]
fn a_sheet_may_be_put_off_or_called_no_issuance() {
    let workplace = blind();
    let site = PracticeSite::start(&workplace.path("practice"), 2);
    workplace.run(["read", site.letter.to_str().unwrap()]);
    let ran = typed(&workplace, &["review"], &["s", "x"]);
    assert_eq!(ran.code, 10, "{}", ran.stdout);
    let terminals = workplace.terminals();
    let in_state = |states: &[&str]| {
        let states_of = terminals.iter().map(|one| one["state"].as_str().unwrap());
        states_of.filter(|state| states.contains(state)).count()
    };
    assert_eq!(
        (in_state(&["rejected"]), in_state(&["read", "review"])),
        (1, 1)
    );
}

#[test]
fn a_person_picks_by_number_which_terminal_this_computer_is() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 3);
    workplace.confirm(&site.issuances);
    workplace.retrieve_all(&site);
    // Practice certificates do not enter the browsers' store, but the binding is settled before that.
    let ran = typed(&workplace, &["install", "--all"], &["2", "y"]);
    assert_eq!(ran.code, 14, "{}", ran.stdout);
    assert!(ran.stdout.contains("練習用"), "{}", ran.stdout);
    assert!(ran.stdout.contains("用です"), "{}", ran.stdout);
    let second = workplace.terminals()[1]["terminal_name"]
        .as_str()
        .unwrap()
        .to_owned();
    let bound = workplace.run(["bind"]);
    assert!(bound.stdout.contains(&second), "{}", bound.stdout);
}

/// The whole job ends with the question how the service goes.
#[test]
#[ignore = "needs Tesseract"]
fn the_whole_job_asks_at_its_end_whether_the_service_opens() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    let pem = workplace.path("pem");
    let mut arguments = vec![
        "run".to_owned(),
        site.letter.display().to_string(),
        "--folder".to_owned(),
        pem.display().to_string(),
    ];
    arguments.extend(site.options(&workplace));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = typed(&workplace, &arguments, &["n"]);
    assert_eq!(ran.code, 10, "{}", ran.stdout);
    let (asked, listed) = (
        ran.stdout.find("使えましたか"),
        ran.stdout.find("利用できず"),
    );
    assert!(asked.is_some() && asked < listed, "{}", ran.stdout);
    assert_eq!(workplace.terminals()[0]["state"], "service-failed");
}

#[test]
fn the_first_run_takes_a_passphrase_twice_and_shuts_the_seal_at_full_strength() {
    let workplace = Workplace::untouched();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let mut asking = program();
    asking.args(["add", "--confirmed", "--from"]);
    asking.arg(&site.issuances);
    asking.arg("--data").arg(workplace.data());

    let mut screen = AtTheScreen::start_at_home(&asking, &workplace.path("home"));
    screen.types_slowly(&["an invented phrase", "another"]);
    let differing = screen.ends();
    assert_eq!(differing.code, 2, "{}", differing.stdout);
    assert!(workplace.terminals().is_empty());
    assert!(!workplace.data().join("key.age").exists());

    let mut screen = AtTheScreen::start_at_home(&asking, &workplace.path("home"));
    screen.types_slowly(&[PASSPHRASE, PASSPHRASE]);
    let ran = screen.ends();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(!ran.stdout.contains(PASSPHRASE), "{}", ran.stdout);
    // The stanza of a key file: -> noticert.scrypt SALT WORK
    let key = std::fs::read(workplace.data().join("key.age")).unwrap();
    let stanza = String::from_utf8_lossy(&key);
    let stanza = stanza.lines().nth(1).unwrap();
    assert!(
        stanza.starts_with("-> noticert.scrypt ") && stanza.ends_with(" 17"),
        "{stanza}"
    );

    let again = workplace.retrieve_all(&site);
    assert_eq!(again.code, 0, "{}", again.stderr);
}
