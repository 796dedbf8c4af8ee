//! `support`: what a helper needs, and no secret in any form.

#[path = "support/forms.rs"]
mod forms;
mod support;

use std::fs;
use std::path::PathBuf;

use forms::{forms, holds};
use support::{PracticeSite, Workplace};

/// Unusual enough to be found by chance nowhere.
const REFERENCE: &str = "ZqXv83WkJt";
const REQUEST: &str = "719350284617398";
const PASSWORD: &str = "9517";

/// A workplace whose answers and configuration hold the secrets in every form.
fn careless() -> (Workplace, PracticeSite) {
    let workplace = Workplace::new();
    workplace.write("password", PASSWORD);
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let list = fs::read_to_string(&site.issuances).unwrap();
    let granted: serde_json::Value = serde_json::from_str(&list).unwrap();
    let value = |name: &str| granted["issuances"][0][name].as_str().unwrap().to_owned();
    let list = list
        .replace(&value("reference_id"), REFERENCE)
        .replace(&value("request_id"), REQUEST)
        .replace(&value("terminal_name"), &format!("受付 {PASSWORD}"));
    let list = workplace.write("list.json", list);
    workplace.confirm(&list);
    // The site does not know the pair and says so; the password is sealed now.
    let refused = workplace.retrieve_all(&site);
    assert_eq!(refused.code, 11, "{}", refused.stderr);

    let answers = workplace.data().join("answers");
    fs::create_dir_all(&answers).unwrap();
    let mut config = String::new();
    for (at, secret) in [REFERENCE, REQUEST, PASSWORD].iter().enumerate() {
        for (form, bytes) in forms(secret).into_iter().enumerate() {
            let mut page = b"<html><body><p>\xe3\x82\xa8\xe3\x83\xa9\xe3\x83\xbc ".to_vec();
            page.extend(&bytes);
            page.extend(b" </p><input name=token value='");
            page.extend(&bytes);
            page.extend(b"'></body></html>");
            fs::write(answers.join(format!("{at}-{form}.html")), page).unwrap();
            if let Ok(text) = String::from_utf8(bytes) {
                let text = text.replace('\0', "");
                config.push_str(&format!("# {text}\n"));
            }
        }
    }
    workplace.write("config.toml", config);
    (workplace, site)
}

fn report(workplace: &Workplace) -> Vec<u8> {
    let to = workplace.path("for the helper");
    let ran = workplace.run(["support", "--to", to.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    fs::read(PathBuf::from(ran.stdout.trim())).unwrap()
}

#[test]
fn the_report_holds_no_secret_in_any_form() {
    let (workplace, _site) = careless();
    // Every page is looked at in turn, however many the report takes.
    let answers = workplace.data().join("answers");
    let mut pages: Vec<PathBuf> = fs::read_dir(&answers)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    while !pages.is_empty() {
        let report = report(&workplace);
        for secret in [REFERENCE, REQUEST, PASSWORD] {
            for (form, bytes) in forms(secret).iter().enumerate() {
                assert!(
                    !holds(&report, bytes),
                    "{secret} in form {form}:\n{}",
                    String::from_utf8_lossy(&report)
                );
            }
        }
        pages.sort();
        for seen in pages.split_off(pages.len().saturating_sub(8)) {
            fs::remove_file(seen).unwrap();
        }
    }
}

#[test]
fn the_report_tells_a_helper_what_happened() {
    let (workplace, _site) = careless();
    let report = String::from_utf8(report(&workplace)).unwrap();
    for told in [
        env!("CARGO_PKG_VERSION"),
        "refused (bad-ids)",
        "submitting host=127.0.0.1",
        "受付",
        "エラー",
        "practice",
    ] {
        assert!(report.contains(told), "{told}:\n{report}");
    }
}

#[test]
fn without_a_passphrase_the_pages_are_left_out_and_the_rest_is_written() {
    let (workplace, _site) = careless();
    let to = workplace.path("out");
    let ran = support::Ran::of(
        support::program()
            .args(["support", "--to", to.to_str().unwrap(), "--data"])
            .arg(workplace.data())
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = fs::read_to_string(ran.stdout.trim()).unwrap();
    assert!(report.contains("refused (bad-ids)"), "{report}");
    assert!(!report.contains("エラー"), "{report}");
    let empty = Workplace::new();
    let ran = empty.run(["support", "--to", to.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "no ledger yet: {}", ran.stderr);
}
