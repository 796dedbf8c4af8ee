//! `seal change | lock | status`.

use std::process::Command;

use super::scene::retrieved;
use super::support::{PASSPHRASE, Ran, Workplace};

/// `seal change` to the passphrase in a file.
fn change(workplace: &Workplace, new: &str) -> Command {
    let file = workplace.write("next", format!("{new}\n"));
    let file = file.to_str().unwrap();
    workplace.command(["seal", "change", "--new-passphrase-file", file])
}

/// Whether a sealed password opens with the passphrase in the file `passphrase`.
fn opens(workplace: &Workplace, passphrase: &str) -> i32 {
    workplace.write("passphrase", format!("{passphrase}\n"));
    let pem = workplace.path("pem");
    let name = super::scene::name(workplace, 0);
    let ran = workplace.run(["install", &name, "--folder", pem.to_str().unwrap()]);
    ran.code
}

const FIRST: &str = PASSPHRASE;

#[test]
fn another_passphrase_opens_the_same_seal_and_the_first_no_longer_does() {
    let workplace = retrieved();
    let ran = Ran::of(change(&workplace, "the next one").output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(opens(&workplace, FIRST), 16);
    assert_eq!(opens(&workplace, "the next one"), 0);
    let key = std::fs::read(workplace.data().join("key.age")).unwrap();
    // Nothing of the first passphrase is left beside the new one's stanza.
    let header = String::from_utf8_lossy(&key);
    assert!(header.starts_with("age-encryption.org/"), "{header}");
    assert_eq!(header.matches("-> noticert.scrypt ").count(), 1, "{header}");
}

#[test]
fn a_wrong_passphrase_changes_nothing_and_without_a_ledger_no_seal_is_made() {
    let workplace = retrieved();
    workplace.write("passphrase", "wrong\n");
    let ran = Ran::of(change(&workplace, "the next one").output().unwrap());
    assert_eq!(ran.code, 16, "{}", ran.stderr);
    assert_eq!(opens(&workplace, FIRST), 0);

    let nothing = Workplace::untouched();
    let ran = Ran::of(change(&nothing, "the next one").output().unwrap());
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    assert!(!nothing.data().exists());
}

#[test]
#[ignore = "needs strace"]
fn killed_at_any_rename_the_seal_opens_with_one_of_the_two() {
    for at in 1..=2 {
        let workplace = retrieved();
        let change = change(&workplace, "the next one");
        let output = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e"])
            .arg(format!("inject=rename,renameat2:signal=KILL:when={at}"))
            .arg(change.get_program())
            .args(change.get_args())
            .output()
            .unwrap();
        assert!(!output.status.success());
        let codes = [opens(&workplace, "the next one"), opens(&workplace, FIRST)];
        assert!(codes == [0, 16] || codes == [16, 0], "{at}: {codes:?}");
    }
}

#[test]
fn status_tells_what_opens_the_seal_and_what_lies_in_clear() {
    let workplace = retrieved();
    let ran = workplace.run(["seal", "status", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let status = ran.json();
    assert_eq!(status["schema"], "noticert.seal/1");
    assert_eq!(
        (&status["passphrase"], &status["account"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        status["in_clear"].as_array().unwrap().len(),
        super::scene::TERMINALS
    );
    assert_eq!(status["private"], true);
    let fields: Vec<_> = status["sealed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["field"].clone())
        .collect();
    assert!(
        fields.contains(&"certificate_password".into()),
        "{fields:?}"
    );
    // Where nothing opens by the account there is nothing to lock, and no way to make it so here.
    assert_eq!(workplace.run(["seal", "lock"]).code, 0);
    let ran = workplace.run(["seal", "change", "--opener", "account"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(opens(&workplace, FIRST), 0);
}
