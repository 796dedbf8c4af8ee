//! The program as a person starts it.

use std::os::windows::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use super::support::{PracticeSite, Ran, Workplace, fixture, program};
use super::{openssl, plain, turn};

#[test]
fn it_says_its_version_and_its_help() {
    let ran = Ran::of(program().arg("--version").output().unwrap());
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stdout.trim(),
        format!("noticert {}", env!("CARGO_PKG_VERSION"))
    );
    let ran = Ran::of(program().args(["--help", "--lang", "ja"]).output().unwrap());
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("install"), "{}", ran.stdout);
}

/// What is redirected is UTF-8 whatever the console's code page is; a console itself gets UTF-16.
#[test]
fn redirected_japanese_is_utf_8_in_every_code_page() {
    for code_page in ["932", "65001"] {
        let workplace = Workplace::new();
        let mut command = Command::new("cmd.exe");
        let program = program();
        let line = format!(
            "/d /c chcp {code_page} >nul & {} doctor --lang ja --data {} > {} 2>&1",
            windows_path(&PathBuf::from(program.get_program())).display(),
            workplace.data().display(),
            workplace.path("printed").display(),
        );
        command.raw_arg(line).status().unwrap();
        let printed = std::fs::read(workplace.path("printed")).unwrap();
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.contains("アカウント"), "{code_page}: {printed}");
    }
}

#[test]
fn the_doctor_knows_the_account_and_the_store() {
    let _turn = turn();
    let workplace = Workplace::new();
    let ran = workplace.run(["doctor"]);
    // Neither the line nor the site are there.
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("証明書ストア"), "{}", ran.stdout);
}

#[test]
fn an_invented_letter_becomes_a_certificate_in_a_folder_and_not_in_the_store() {
    let _turn = turn();
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let added = workplace.confirm(&site.issuances);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let retrieved = workplace.retrieve_all(&site);
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
    let terminal = workplace.terminals().remove(0);
    assert_eq!(terminal["state"], "retrieved");

    let target = workplace.path("store");
    let folder = target.to_str().unwrap();
    let installed = workplace.run(["install", "--all", "--folder", folder]);
    assert_eq!(installed.code, 0, "{}", installed.stderr);
    assert_eq!(workplace.terminals()[0]["state"], "installed");
    let entry = std::fs::read_dir(&target).unwrap().next().unwrap().unwrap();
    let of_key = openssl(&entry.path(), &["pkey", "-in", "key.pem", "-pubout"]);
    let of_certificate = ["x509", "-in", "certificate.pem", "-noout", "-pubkey"];
    assert_eq!(of_key, openssl(&entry.path(), &of_certificate));

    let name = terminal["terminal_name"].as_str().unwrap();
    assert_eq!(workplace.run(["bind", name, "--yes"]).code, 0);
    let refused = workplace.run(["install", "--all", "--yes"]);
    assert_eq!(refused.code, 14, "{}", refused.stderr);
    assert!(refused.stderr.contains("練習用"), "{}", refused.stderr);
    assert!(plain::everything_in("MY").is_empty());
}

#[test]
fn a_letter_read_here_goes_to_review_and_the_person_is_told_why() {
    let workplace = Workplace::new();
    // A clean letter, and not kept: it is slow to read in this build, and its dates pass.
    let letter = fixture("notices/one-clean/letter.png");
    let ran = workplace.run(["read", letter.to_str().unwrap(), "--no-record"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stdout.contains("読み手が一つ"), "{}", ran.stdout);
    assert!(ran.stdout.contains("0540596277"), "{}", ran.stdout);
    assert!(ran.stdout.contains("要確認 1"), "{}", ran.stdout);
}

/// A path of the system below, as Windows has it.
fn windows_path(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap()
}
