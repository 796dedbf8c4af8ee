//! `remove-old` and `undo-remove`, in real NSS databases.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use noticert::config::Config;
use noticert::credential::{Expected, examine};
use noticert::domain::{InstitutionCode, Pkcs12, Validity};
use noticert::installer::{self, FolderStore};
use noticert::practice::authority::{Authority, Encoding, Grant};

use super::scene::{Stick, back_up_sealed, name, output, retrieved, typed};
use super::support::{Ran, Workplace, fixture};

/// The password of certificates that these tests issue.
const PASSWORD: &str = "2468";
/// The code of another institution than the letter's.
const OTHER_CODE: &str = "0110113719";

/// A PC with its new certificate installed, and an expired one of the same institution beside it.
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
    let old = workplace.write("old.p12", issued(&code(&workplace), past()));
    import(&nss, &old);
    (workplace, nss)
}

/// The institution of the scene's letter.
fn code(workplace: &Workplace) -> String {
    workplace.terminals()[0]["institution_code"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn past() -> Validity {
    Validity::new(Date::constant(2020, 1, 10), Date::constant(2023, 4, 10)).unwrap()
}

/// From last year to long after every other certificate here.
fn lasting() -> Validity {
    Validity::new(Date::constant(2025, 1, 10), Date::constant(2045, 4, 10)).unwrap()
}

/// A `.p12` of the service's family for an institution.
fn issued(code: &str, validity: Validity) -> Vec<u8> {
    let authority = Authority::invent("2025-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let grant = Grant {
        institution_code: code.parse::<InstitutionCode>().unwrap(),
        terminal_name: Some("よその端末".parse().unwrap()),
        validity,
        request_id: "300000000000009".parse().unwrap(),
    };
    let password = PASSWORD.parse().unwrap();
    authority
        .issue(&grant, &password, Encoding::Legacy)
        .unwrap()
}

/// Puts such a certificate into a folder, as another program would have; returns its fingerprint.
fn put(folder: &Path, code: &str, validity: Validity) -> String {
    let config = Config::default();
    let expected = Expected {
        letter: None,
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: config.limits.key_derivation_rounds,
    };
    let within = format!("{}T03:00:00Z", validity.from().tomorrow().unwrap());
    let credential = examine(
        Pkcs12::received(issued(code, validity)),
        &PASSWORD.parse().unwrap(),
        &expected,
        within.parse::<Timestamp>().unwrap(),
    )
    .unwrap()
    .into_verified()
    .unwrap();
    let name = "よその端末".parse().unwrap();
    installer::install(&mut FolderStore::new(folder), &credential, &name).unwrap();
    credential.facts().fingerprint.to_string()
}

/// The certificates that are in a folder with their keys.
fn in_folder(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().path().join("key.pem").exists())
        .count()
}

fn import(nss: &Path, path: &Path) {
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
fn with_keys(nss: &Path) -> usize {
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
    import(&nss, &fixture("credentials/aes-256-sha256.p12"));
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

/// 医科 and 歯科 on one PC are two institutions, not one whose code changed.
#[test]
fn another_institutions_certificate_is_neither_old_nor_does_it_take_anothers_place() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let store = ["--folder", pem.to_str().unwrap()];
    workplace.run(["install", &name(&workplace, 0), store[0], store[1]]);
    assert_eq!(back_up_sealed(&workplace, &Stick::new()).code, 0);
    put(&pem, OTHER_CODE, past());
    put(
        &pem,
        OTHER_CODE,
        Validity::new(lasting().from(), Date::constant(2027, 6, 10)).unwrap(),
    );

    let listed = workplace.run(["remove-old", store[0], store[1]]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert!(
        listed.stdout.contains("別の医療機関コード"),
        "{}",
        listed.stdout
    );
    assert!(
        !listed.stdout.contains("古い医療機関コード"),
        "{}",
        listed.stdout
    );
    assert!(
        listed.stderr.contains("いま削除できる"),
        "{}",
        listed.stderr
    );
    let audited = workplace.run(["audit", store[0], store[1]]);
    assert!(
        audited.stdout.contains("別の医療機関コード"),
        "{}",
        audited.stdout
    );
    assert_eq!(in_folder(&pem), 3);
}

/// The expired one is of an institution that has no valid one here, whatever another institution has.
#[test]
fn an_expired_certificate_waits_for_one_of_its_own_institution_or_for_a_persons_word_on_the_code() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let store = ["--folder", pem.to_str().unwrap()];
    workplace.run(["install", &name(&workplace, 0), store[0], store[1]]);
    assert_eq!(back_up_sealed(&workplace, &Stick::new()).code, 0);
    let expired = put(&pem, OTHER_CODE, past());

    let plain = workplace.run(["remove-old", store[0], store[1]]);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    assert!(plain.stdout.contains("同じ医療機関"), "{}", plain.stdout);
    let named = workplace.run(["remove-old", &expired[..16], store[0], store[1]]);
    assert_eq!(named.code, 10, "{}", named.stderr);
    assert!(named.stderr.contains("--old-code"), "{}", named.stderr);

    let new_code = code(&workplace);
    let word = |workplace: &Workplace| -> Ran {
        typed(
            workplace,
            &[
                "remove-old",
                store[0],
                store[1],
                "--old-code",
                OTHER_CODE,
                "--new-code",
                &new_code,
                "--changed-on",
                "2023-01-05",
            ],
            &["y"],
        )
    };
    let removed = word(&workplace);
    assert_eq!(removed.code, 0, "{}", removed.stdout);
    assert!(
        removed.stdout.contains("削除しました"),
        "{}",
        removed.stdout
    );
    assert_eq!(in_folder(&pem), 1);
    // The word alone, without its day or its new code, is none.
    let half = workplace.run(["remove-old", "--old-code", OTHER_CODE, store[0], store[1]]);
    assert_eq!(half.code, 2, "{}", half.stderr);
}

#[test]
fn an_old_code_is_needed_for_120_days_or_until_it_expires() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let store = ["--folder", pem.to_str().unwrap()];
    put(&pem, OTHER_CODE, lasting());
    let new_code = code(&workplace);
    let listed_after = |day: &str| {
        workplace.run([
            "remove-old",
            store[0],
            store[1],
            "--old-code",
            OTHER_CODE,
            "--new-code",
            &new_code,
            "--changed-on",
            day,
        ])
    };
    let listed = listed_after("2026-11-01");
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert!(
        listed.stdout.contains("2027-03-01 まで"),
        "{}",
        listed.stdout
    );
    // The last word counts; nothing is needed after its own expiry.
    let listed = listed_after("2045-04-01");
    assert!(
        listed.stdout.contains("2045-04-10 まで"),
        "{}",
        listed.stdout
    );
    assert!(!listed.stdout.contains("2027-03-01"), "{}", listed.stdout);
}

/// It is told before anybody is asked for a word.
#[test]
fn what_cannot_be_put_back_is_not_removed_whatever_is_said() {
    let workplace = retrieved();
    let pem = workplace.path("pem");
    let store = ["--folder", pem.to_str().unwrap()];
    let fingerprint = put(&pem, OTHER_CODE, lasting());
    let entry = fs::read_dir(&pem).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(entry.join("key.pem")).unwrap();

    let ran = workplace.run([
        "remove-old",
        &fingerprint[..16],
        "--force",
        store[0],
        store[1],
    ]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("鍵がなく"), "{}", ran.stderr);
    assert!(ran.stderr.contains("削除していません"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("インストール"), "{}", ran.stderr);
    assert!(entry.join("certificate.pem").exists());
}
