//! `audit`: what is installed, and whether it could be lost.

use super::scene::{Stick, back_up, back_up_sealed, name, retrieved};
use super::support::fixture;

#[test]
fn an_installed_certificate_without_a_back_up_is_named_until_it_has_one() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let store = ["--folder", pem.to_str().unwrap()];
    let nothing = workplace.run(["audit", store[0], store[1]]);
    assert_eq!(nothing.code, 0, "{}", nothing.stderr);

    workplace.run(["install", &name(&workplace, 0), store[0], store[1]]);
    let audit = || workplace.run(["audit", "--json", store[0], store[1]]);
    let problems =
        |ran: &super::support::Ran| ran.json()["stores"][0]["certificates"][0]["problems"].clone();
    let ran = audit();
    assert_eq!(ran.code, 10);
    assert_eq!(ran.json()["schema"], "noticert.audit/1");
    assert_eq!(problems(&ran), serde_json::json!(["no-backup"]));
    let certificate = ran.json()["stores"][0]["certificates"][0].clone();
    assert_eq!(
        certificate["fingerprint"],
        workplace.terminals()[0]["fingerprint"]
    );
    assert_eq!(certificate["exportable"], true);
    assert_eq!(certificate["record"], workplace.terminals()[0]["id"]);

    let stick = Stick::new();
    back_up(&workplace, &stick, &[]);
    let ran = audit();
    assert_eq!(ran.code, 10);
    assert_eq!(problems(&ran), serde_json::json!(["password-here-only"]));

    back_up_sealed(&workplace, &stick);
    let ran = audit();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(
        ran.json()["stores"][0]["certificates"][0]["backed_up"],
        true
    );
}

/// A database with a password of its own asks at each use.
#[test]
#[ignore = "needs libnss3-tools"]
fn what_asks_for_a_password_at_each_use_is_named() {
    let workplace = retrieved();
    let home = workplace.path("home");
    let nss = home.join(".pki/nssdb");
    std::fs::create_dir_all(&nss).unwrap();
    let database = format!("sql:{}", nss.display());
    workplace.write("master", "invented-master-1\n");
    let master = workplace.path("master");
    let master = master.to_str().unwrap();
    super::scene::output("certutil", &["-N", "-d", &database, "-f", master]);
    let file = fixture("credentials/without-the-mark.p12");
    super::scene::output(
        "pk12util",
        &[
            "-i",
            file.to_str().unwrap(),
            "-d",
            &database,
            "-W",
            "2468",
            "-k",
            master,
        ],
    );
    let mut command = workplace.command(["audit"]);
    let output = command.env("HOME", &home).output().unwrap();
    let ran = super::support::Ran::of(output);
    // Locked, so that nothing in it can be told: a person has to look.
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("パスワード"), "{}", ran.stderr);
    assert!(ran.stderr.contains("点検できていません"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("インストールは完了"), "{}", ran.stderr);
    let mut command = workplace.command(["audit", "--json"]);
    let ran = super::support::Ran::of(command.env("HOME", &home).output().unwrap());
    assert_eq!(ran.code, 10, "{}", ran.stderr);
}

#[test]
fn a_valid_certificate_without_its_key_is_a_fault() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let store = ["--folder", pem.to_str().unwrap()];
    workplace.run(["install", &name(&workplace, 0), store[0], store[1]]);
    let entry = std::fs::read_dir(&pem).unwrap().next().unwrap().unwrap();
    std::fs::remove_file(entry.path().join("key.pem")).unwrap();

    let ran = workplace.run(["audit", "--json", store[0], store[1]]);
    assert_eq!(ran.code, 10, "{}", ran.stdout);
    let certificate = &ran.json()["stores"][0]["certificates"][0];
    assert_eq!(certificate["valid"], true);
    assert_eq!(certificate["problems"], serde_json::json!(["no-key"]));
    let ran = workplace.run(["audit", store[0], store[1]]);
    assert_eq!(ran.code, 10);
    assert!(ran.stdout.contains("✗ 鍵がないので"), "{}", ran.stdout);
}
