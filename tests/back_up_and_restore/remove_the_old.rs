//! `remove-old` and `undo-remove`, in real NSS databases.

use std::path::PathBuf;

use super::scene::{Stick, back_up_sealed, name, output, retrieved, typed};
use super::support::{Workplace, fixture};

/// A PC with its new certificate installed, and an expired one beside it.
fn with_an_old_one() -> (Workplace, PathBuf) {
    let workplace = retrieved();
    let nss = workplace.path("nss");
    let ran = workplace.run([
        "install",
        &name(&workplace, 0),
        "--nss",
        nss.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    import(&nss, "expired.p12");
    (workplace, nss)
}

fn import(nss: &std::path::Path, file: &str) {
    let path = fixture("credentials").join(file);
    let database = format!("sql:{}", nss.display());
    output(
        "pk12util",
        &[
            "-i",
            path.to_str().unwrap(),
            "-d",
            &database,
            "-W",
            "2468",
            "-K",
            "",
        ],
    );
}

/// What certutil lists with a key: `u` among the trust flags.
fn with_keys(nss: &std::path::Path) -> usize {
    let listing = output("certutil", &["-L", "-d", &format!("sql:{}", nss.display())]);
    listing
        .lines()
        .filter(|line| line.trim_end().ends_with("u,u,u"))
        .count()
}

#[test]
#[ignore = "needs libnss3-tools"]
fn an_expired_certificate_goes_only_after_the_new_one_is_backed_up_and_comes_back() {
    let (workplace, nss) = with_an_old_one();
    let store = ["--nss", nss.to_str().unwrap()];
    assert_eq!(with_keys(&nss), 2);

    let ran = workplace.run(["remove-old", store[0], store[1], "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("バックアップがまだ"), "{}", ran.stdout);
    assert_eq!(with_keys(&nss), 2);

    let stick = Stick::new();
    assert_eq!(back_up_sealed(&workplace, &stick).code, 0);
    // --yes never deletes, and nobody is there to ask.
    let ran = workplace.run(["remove-old", store[0], store[1], "--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(with_keys(&nss), 2);

    let arguments = ["remove-old", store[0], store[1]];
    let declined = typed(&workplace, &arguments, &["n"]);
    assert_eq!(declined.code, 10, "{}", declined.stdout);
    assert_eq!(with_keys(&nss), 2);
    let removed = typed(&workplace, &arguments, &["y"]);
    assert_eq!(removed.code, 0, "{}", removed.stdout);
    assert_eq!(with_keys(&nss), 1);

    let back = workplace.run(["undo-remove", store[0], store[1]]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    assert_eq!(with_keys(&nss), 2);
    let nothing = workplace.run(["undo-remove", store[0], store[1]]);
    assert_eq!(nothing.code, 10, "{}", nothing.stderr);
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_valid_certificate_stays_without_force_and_a_typed_word() {
    let (workplace, nss) = with_an_old_one();
    import(&nss, "aes-256-sha256.p12");
    let store = ["--nss", nss.to_str().unwrap()];
    let valid = workplace.terminals()[0]["fingerprint"].as_str().unwrap()[..16].to_owned();

    let plain = workplace.run(["remove-old", &valid, store[0], store[1], "--yes"]);
    assert_eq!(plain.code, 10, "{}", plain.stderr);
    assert!(plain.stderr.contains("まで有効です"), "{}", plain.stderr);
    let forced = workplace.run(["remove-old", &valid, store[0], store[1], "--force", "--yes"]);
    assert_eq!(forced.code, 2, "{}", forced.stderr);
    let arguments = ["remove-old", &valid, store[0], store[1], "--force"];
    let wrong_word = typed(&workplace, &arguments, &["y"]);
    assert_eq!(wrong_word.code, 10, "{}", wrong_word.stdout);
    assert_eq!(with_keys(&nss), 3);
    let word = typed(&workplace, &arguments, &["削除する"]);
    assert_eq!(word.code, 0, "{}", word.stdout);
    assert_eq!(with_keys(&nss), 2);

    // Too short to name one, and one that is not there.
    for text in ["12", "0000000000"] {
        let ran = workplace.run(["remove-old", text, store[0], store[1]]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
    let named = workplace.run(["undo-remove", &valid, store[0], store[1]]);
    assert_eq!(named.code, 0, "{}", named.stderr);
    assert_eq!(with_keys(&nss), 3);
}
