//! The whole journey with the real parts: scan, Tesseract, TLS, PKCS#12, NSS, ledger.

mod support;

use std::process::Command;

use support::{PASSWORD, PracticeSite, Ran, Workplace, program, with};

/// Every certificate that an NSS database holds, as NSS's own tool lists them.
fn nss_listing(folder: &std::path::Path) -> String {
    let output = Command::new("certutil")
        .args(["-L", "-d"])
        .arg(format!("sql:{}", folder.display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs Tesseract and libnss3-tools"]
fn demo_ends_with_three_terminals_installed_and_backed_up_and_touches_no_system_store() {
    let workplace = Workplace::untouched();
    let home = workplace.path("home");
    let system = home.join(".pki/nssdb");
    std::fs::create_dir_all(&system).unwrap();
    let made = Command::new("certutil")
        .args(["-N", "--empty-password", "-d"])
        .arg(format!("sql:{}", system.display()))
        .status()
        .unwrap();
    assert!(made.success());
    let before = (nss_listing(&system), files_of(&home));

    let output = program()
        .args(["demo", "--data"])
        .arg(workplace.data())
        .env("HOME", &home)
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);

    let status = Ran::of(
        program()
            .args(["status", "--json", "--data"])
            .arg(workplace.data())
            .output()
            .unwrap(),
    );
    let terminals = status.json()["terminals"].as_array().unwrap().clone();
    assert_eq!(terminals.len(), 3);
    assert!(
        terminals
            .iter()
            .all(|terminal| terminal["state"] == "backed-up"),
        "{terminals:?}"
    );
    assert_eq!((nss_listing(&system), files_of(&home)), before);
}

fn files_of(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
#[ignore = "needs Tesseract"]
fn twelve_terminals_are_retrieved_and_verified_in_one_run() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 12);
    // A person vouches for the IDs; the scan of the same letter links to them.
    workplace.confirm(&site.issuances);
    let letter = site.letter.display().to_string();
    let store = workplace.path("pem").display().to_string();
    let mut arguments = with(
        &["run", &letter, "--folder", &store],
        site.options(&workplace),
    );
    arguments.push("--yes".to_owned());
    let ran = workplace.run(arguments);
    let terminals = workplace.terminals();
    assert_eq!(terminals.len(), 12, "{}", ran.stderr);
    for terminal in &terminals {
        let state = terminal["state"].as_str().unwrap();
        assert!(
            ["retrieved", "installed"].contains(&state),
            "{terminal}\n{}",
            ran.stderr
        );
        let p12 = terminal["p12"].as_str().unwrap();
        let opened = openssl_opens(p12);
        assert!(
            opened.contains(terminal["institution_code"].as_str().unwrap()),
            "{opened}"
        );
    }
}

/// `run --backup-to`: what the run brought lies on the stick too, and opens there.
#[test]
#[ignore = "needs Tesseract, openssl"]
fn the_whole_job_ends_on_the_stick_that_was_named() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 2);
    workplace.confirm(&site.issuances);
    // A file system of its own, as a stick is.
    let stick = tempfile::tempdir_in("/dev/shm").unwrap();
    let (letter, store) = (site.letter.display().to_string(), workplace.path("pem"));
    let arguments = [
        "run",
        &letter,
        "--folder",
        store.to_str().unwrap(),
        "--backup-to",
        stick.path().to_str().unwrap(),
        "--json",
    ];
    let ran = workplace.run(with(&arguments, site.options(&workplace)));
    // Nothing else stands on the standard output.
    assert_eq!(ran.json()["schema"], "noticert.status/1");
    // Whether a drawn letter is read without a person's eye is not what this is about.
    let terminals = workplace.terminals();
    let brought: Vec<_> = terminals
        .iter()
        .filter(|terminal| !terminal["p12"].is_null())
        .collect();
    assert!(!brought.is_empty(), "{}", ran.stderr);
    for terminal in brought {
        let copy = &terminal["backups"][0];
        assert!(!copy.is_null(), "{terminal}\n{}", ran.stderr);
    }
    let checked = workplace.run(["backup", "--to", stick.path().to_str().unwrap(), "--check"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    // A stick that is not there is told, and the rest is done.
    let gone = workplace.path("gone");
    let arguments = [&arguments[..5], &[gone.to_str().unwrap()]].concat();
    let again = workplace.run(with(&arguments, site.options(&workplace)));
    assert!(!gone.exists(), "{}", again.stderr);
}

/// What OpenSSL, an independent reader, sees in a `.p12`.
fn openssl_opens(p12: &str) -> String {
    let output = Command::new("openssl")
        .args(["pkcs12", "-legacy", "-nokeys", "-in", p12, "-passin"])
        .arg(format!("pass:{PASSWORD}"))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_certificate_goes_into_an_nss_database_once_however_often_it_is_installed() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    let retrieved = workplace.retrieve_all(&site);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
    let store = workplace.path("nss");
    for _ in 0..2 {
        let ran = workplace.run(["install", "--all", "--nss", store.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    assert_eq!(workplace.terminals()[0]["state"], "installed");
    let listing = nss_listing(&store);
    assert_eq!(listing.matches("u,u,u").count(), 1, "{listing}");
}

#[test]
fn a_practice_certificate_is_refused_by_the_system_store() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    workplace.retrieve_all(&site);
    let request_id = workplace.terminals()[0]["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let bound = workplace.run(["bind", &request_id, "--yes"]);
    assert_eq!(bound.code, 0, "{}", bound.stderr);
    let output = workplace
        .command(["install", &request_id])
        .env("HOME", workplace.path("home"))
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("練習用"), "{}", ran.stderr);
}

#[test]
fn two_terminals_of_one_institution_never_share_a_store() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 2);
    workplace.confirm(&site.issuances);
    workplace.retrieve_all(&site);
    let store = workplace.path("pem").display().to_string();
    let ids: Vec<String> = workplace
        .terminals()
        .iter()
        .map(|terminal| terminal["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        workplace.run(["install", &ids[0], "--folder", &store]).code,
        0
    );
    let second = workplace.run(["install", &ids[1], "--folder", &store]);
    assert_eq!(second.code, 10, "{}", second.stderr);
    assert!(second.stderr.contains("用です"), "{}", second.stderr);
    let states: Vec<_> = workplace
        .terminals()
        .iter()
        .map(|t| t["state"].clone())
        .collect();
    assert_eq!(states, ["installed", "retrieved"]);
}

#[test]
#[ignore = "needs Tesseract"]
fn without_a_route_run_stops_after_review_and_says_what_to_do_at_the_terminal() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    let letter = site.letter.display().to_string();
    let mut options = site.options(&workplace);
    drop(site);
    // The site is gone: nobody listens on its port any more.
    options.insert(0, letter);
    let ran = workplace.run(with(&["run"], options));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("ここまで完了。次は端末で"), "{said}");
    assert_eq!(workplace.terminals()[0]["state"], "confirmed");
}

#[test]
fn a_wrong_pair_is_refused_once_and_not_sent_again() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let right = std::fs::read_to_string(&site.issuances).unwrap();
    let value: serde_json::Value = serde_json::from_str(&right).unwrap();
    let reference = value["issuances"][0]["reference_id"].as_str().unwrap();
    let wrong = workplace.write("wrong.json", right.replace(reference, "WRONGPA1RX"));
    workplace.confirm(&wrong);
    let first = workplace.retrieve_all(&site);
    assert_eq!(first.code, 11, "{}", first.stderr);
    let terminal = workplace.terminals().remove(0);
    assert_eq!(
        (&terminal["state"], &terminal["reason"]),
        (&"refused".into(), &"bad-ids".into())
    );

    // The same pair confirmed again stays refused; the right one is confirmed and retrieved.
    workplace.confirm(&wrong);
    assert_eq!(workplace.terminals()[0]["state"], "refused");
    let added = workplace.confirm(&site.issuances);
    assert_eq!(
        workplace.terminals()[0]["state"],
        "confirmed",
        "{}",
        added.stderr
    );
    let second = workplace.retrieve_all(&site);
    assert_eq!(second.code, 0, "{}", second.stderr);
}

#[test]
fn an_unreachable_site_leaves_the_record_confirmed() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    let options = site.options(&workplace);
    drop(site);
    let ran = workplace.run(with(&["retrieve", "--all"], options));
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    let terminal = workplace.terminals().remove(0);
    assert_eq!(terminal["state"], "confirmed");
    assert_eq!(terminal["reason"], "network-error");
}

#[test]
fn no_secret_lies_in_clear_in_the_data_folder_or_in_what_was_printed() {
    let workplace = Workplace::new();
    workplace.write("password", "7391");
    let site = PracticeSite::start(&workplace.path("practice"), 2);
    let list = std::fs::read_to_string(&site.issuances).unwrap();
    let value: serde_json::Value = serde_json::from_str(&list).unwrap();
    let mut printed = String::new();
    for arguments in [
        vec![
            "add".to_owned(),
            "--from".to_owned(),
            site.issuances.display().to_string(),
            "--confirmed".to_owned(),
        ],
        with(&["retrieve", "--all"], site.options(&workplace)),
        vec!["status".to_owned(), "--json".to_owned()],
        vec!["status".to_owned()],
    ] {
        let ran = workplace.run(arguments);
        printed.push_str(&ran.stdout);
        printed.push_str(&ran.stderr);
    }
    let secrets: Vec<String> = value["issuances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issuance| issuance["reference_id"].as_str().unwrap().to_owned())
        .collect();
    for secret in &secrets {
        assert!(!printed.contains(secret.as_str()));
        for file in workplace.data_files() {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a reference ID", file.display());
        }
    }
    let p12s = workplace
        .data_files()
        .into_iter()
        .filter(|file| std::fs::read(file).unwrap().starts_with(&[0x30, 0x82]))
        .count();
    assert_eq!(
        p12s,
        2,
        "one copy of each certificate, no left-over answer: {:?}",
        workplace.data_files()
    );
}
