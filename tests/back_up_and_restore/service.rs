//! Whether the service opens with what was installed: asked, recorded, and answered later.

use super::scene::{Stick, back_up, empty, name, retrieved, states, typed};
use super::support::{Ran, Workplace};

/// `install` of the first terminal into a folder, at a real terminal.
fn install(workplace: &Workplace, answer: &str) -> Ran {
    let pem = workplace.path("pem");
    let first = name(workplace, 0);
    let arguments = ["install", &first, "--folder", pem.to_str().unwrap()];
    typed(workplace, &arguments, &[answer])
}

fn state(workplace: &Workplace) -> String {
    states(workplace).remove(0)
}

fn status(workplace: &Workplace) -> String {
    workplace.run(["status"]).stdout
}

#[test]
fn a_person_at_the_screen_says_whether_the_service_opens() {
    let workplace = retrieved();
    let last = workplace.terminals()[0]["valid_to"]
        .as_str()
        .unwrap()
        .to_owned();

    let later = install(&workplace, "");
    assert_eq!(later.code, 0, "{}", later.stdout);
    let certificate = format!("有効期限 {last} の証明書");
    assert!(later.stdout.contains(&certificate), "{}", later.stdout);
    assert!(later.stdout.contains("使えましたか"), "{}", later.stdout);
    assert!(later.stdout.contains("--service-works"), "{}", later.stdout);
    assert_eq!(state(&workplace), "installed");

    let failed = install(&workplace, "n");
    assert_eq!(failed.code, 10, "{}", failed.stdout);
    assert!(failed.stdout.contains("0800-080-4583"), "{}", failed.stdout);
    assert_eq!(state(&workplace), "service-failed");
    let shown = status(&workplace);
    assert!(
        shown.contains("利用できず（パスワードの控えなし） → audit"),
        "{shown}"
    );

    // With Japanese input on, the letter comes full width.
    let opened = install(&workplace, "ｙ");
    assert_eq!(opened.code, 0, "{}", opened.stdout);
    assert_eq!(state(&workplace), "service-confirmed");
    let shown = status(&workplace);
    assert!(shown.contains("利用確認済み"), "{shown}");
    // It is no back-up.
    assert!(shown.contains("→ backup"), "{shown}");
    assert_eq!(workplace.terminals()[0]["backed_up"], false);

    let known = install(&workplace, "n");
    assert_eq!(known.code, 0, "{}", known.stdout);
    assert!(!known.stdout.contains("使えましたか"), "{}", known.stdout);
}

#[test]
fn where_nobody_is_there_nothing_waits_and_the_answer_comes_later() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let first = name(&workplace, 0);
    let answer = |word: &str| workplace.run(["install", &first, "--service-works", word]);
    // What is not installed cannot have been used.
    assert_eq!(answer("yes").code, 10);
    assert_eq!(state(&workplace), "retrieved");

    let ran = workplace.run(["install", &first, "--folder", pem.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stderr.contains("使えましたか"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--service-works"), "{}", ran.stderr);
    assert_eq!(state(&workplace), "installed");

    let failed = answer("no");
    assert_eq!(failed.code, 0, "{}", failed.stderr);
    assert!(failed.stdout.contains("0120-220-571"), "{}", failed.stdout);
    assert_eq!(state(&workplace), "service-failed");
    assert_eq!(answer("yes").code, 0);
    assert_eq!(state(&workplace), "service-confirmed");
    let of_a_person: String = rusqlite::Connection::open(workplace.data().join("ledger.sqlite"))
        .unwrap()
        .query_row(
            "SELECT actor FROM events WHERE kind = 'service-confirmed'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(of_a_person, "person");

    for unfit in [
        &["install", "--service-works", "yes"][..],
        &["install", "--all", "--service-works", "yes"],
        &["install", &first, "--service-works", "maybe"],
    ] {
        assert_eq!(workplace.run(unfit).code, 2, "{unfit:?}");
    }
}

#[test]
fn what_came_back_from_a_back_up_is_asked_about_too_and_its_copies_are_named() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let first = name(&old, 0);
    let (pem, password) = (new.path("pem"), new.path("password"));
    let arguments = [
        "restore",
        stick.text(),
        "--terminal",
        &first,
        "--folder",
        pem.to_str().unwrap(),
        "--password-file",
        password.to_str().unwrap(),
    ];
    let later = typed(&new, &arguments, &[""]);
    assert_eq!(later.code, 0, "{}", later.stdout);
    assert_eq!(state(&new), "restored");
    let shown = status(&new);
    // The four digits came from a file of this PC: nothing shows that they are anywhere else.
    assert!(
        shown.contains("復元済み（パスワードの控えなし） → backup"),
        "{shown}"
    );
    let place = new.terminals()[0]["backups"][0]["place"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(shown.contains(&format!("控え {place}")), "{shown}");

    let opened = typed(&new, &arguments, &["y"]);
    assert_eq!(opened.code, 0, "{}", opened.stdout);
    assert_eq!(state(&new), "service-confirmed");
}
