//! From a `.p12` to a proven credential: files of other programs, broken files, files of somebody else.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::date;
use noticert::config::Config;
use noticert::credential::{
    Check, CredentialError, Examination, Expected, FoundInstead, Outcome, Part, examine,
};
use noticert::domain::{CertificatePassword, Fingerprint, Issuance, Pkcs12, Validity};
use p12_keystore::{
    Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain,
};
use proptest::prelude::*;

#[test]
fn files_of_every_program_become_the_same_credential() {
    let fingerprint = Fingerprint::of(&fixture("certificate-alone.cer"));
    for name in [
        "rc2-40-sha1",
        "rc2-128",
        "3des-sha1",
        "aes-256-sha256",
        "aes-128-mac-sha1",
        "pbmac1",
        "mac-sha384",
        "mac-sha512",
        "certificates-in-clear",
        "key-in-clear",
        "one-round",
        "nss",
        "nss-3des",
        "in-pieces",
        "in-pieces-3des",
        "no-name",
    ] {
        let bytes = fixture(&format!("{name}.p12"));
        let examination = examined(bytes.clone()).unwrap();
        assert!(examination.passed(), "{name}: {:?}", examination.checks);
        assert_eq!(examination.problems(), [], "{name}");
        let credential = examination.into_verified().unwrap();
        assert_eq!(credential.facts().fingerprint, fingerprint, "{name}");
        assert_eq!(credential.material().chain.len(), 1, "{name}");
        assert_eq!(credential.pkcs12().expose(), bytes, "kept as received");
        let friendly_name = credential.facts().friendly_name.as_deref();
        let expected = (name != "no-name").then_some("受付1号機");
        assert_eq!(friendly_name, expected, "{name}");
    }
}

/// Every fixture with every sentence that a person would see; a new file needs no new code.
#[test]
fn every_fixture_is_judged_as_recorded() {
    insta::glob!("../fixtures", "credentials/*.p12", |path| {
        let verdict = match examined(fs::read(path).unwrap()) {
            Ok(examination) => examination.checks.iter().map(line).collect(),
            Err(error) => format!("{error}\n"),
        };
        insta::assert_snapshot!(verdict);
    });
}

#[test]
fn a_file_without_its_issuer_is_a_credential_with_a_problem() {
    let examination = examined(fixture("no-issuer.p12")).unwrap();
    let problems = examination.problems();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "no-issuer");
    let credential = examination.into_verified().unwrap();
    assert!(credential.material().chain.is_empty());
}

#[test]
fn a_file_without_check_value_is_a_credential_with_a_problem() {
    let examination = examined(fixture("no-mac.p12")).unwrap();
    let problems = examination.problems();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "no-mac");
    examination.into_verified().unwrap();
    let wrong = open_with(fixture("no-mac.p12"), "2469");
    assert!(
        matches!(wrong, Err(CredentialError::WrongPassword)),
        "{wrong:?}"
    );
}

#[test]
fn a_wrong_password_is_told_from_a_damaged_file_in_every_encoding() {
    for name in [
        "rc2-40-sha1",
        "3des-sha1",
        "aes-256-sha256",
        "nss",
        "in-pieces",
    ] {
        let bytes = fixture(&format!("{name}.p12"));
        let wrong = open_with(bytes.clone(), "2469");
        assert!(
            matches!(wrong, Err(CredentialError::WrongPassword)),
            "{name}: {wrong:?}"
        );
        let mut altered = bytes;
        // The check value is the last thing in the file but for its salt and rounds.
        let at = altered.len() - 30;
        altered[at] ^= 1;
        let error = open_with(altered, "2468").unwrap_err();
        assert!(
            matches!(
                error,
                CredentialError::Altered | CredentialError::Damaged { .. }
            ),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn a_cut_file_says_so_wherever_it_was_cut() {
    for name in ["aes-256-sha256.p12", "nss.p12", "in-pieces.p12"] {
        let bytes = fixture(name);
        for end in (1..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            let error = examined(bytes[..end].to_vec()).unwrap_err();
            assert!(
                matches!(error, CredentialError::Truncated { found } if found == end),
                "{name} at {end}: {error:?}"
            );
        }
    }
}

#[test]
fn what_is_no_pkcs12_is_named() {
    let found = |bytes: &[u8]| match examined(bytes.to_vec()).unwrap_err() {
        CredentialError::NotPkcs12 { found } => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(b""), FoundInstead::Nothing);
    assert_eq!(
        found("<!DOCTYPE html><html lang=\"ja\"><p>認証に失敗".as_bytes()),
        FoundInstead::Page
    );
    assert_eq!(found(b"-----BEGIN PRIVATE KEY-----\n"), FoundInstead::Pem);
    assert_eq!(
        found(&fixture("certificate-alone.cer")),
        FoundInstead::Certificate
    );
    assert_eq!(found("0123 メモ".as_bytes()), FoundInstead::Text);
    assert_eq!(found(b"\x89PNG\r\n\x1a\n\0\0"), FoundInstead::OtherBytes);
}

#[test]
fn schemes_that_cannot_be_read_are_named() {
    let unsupported = |name: &str| match examined(fixture(name)).unwrap_err() {
        CredentialError::Unsupported { part, identifier } => (part, identifier),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        unsupported("edwards-curve.p12"),
        (Part::Key, "1.3.101.112".to_owned())
    );
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_before_any_of_it() {
    let config = Config::default();
    let expected = Expected {
        letter: None,
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: 599_999,
    };
    let error = examine(
        Pkcs12::received(fixture("nss.p12")),
        &password("2468"),
        &expected,
        now(),
    )
    .unwrap_err();
    assert!(matches!(
        error,
        CredentialError::TooManyRounds {
            found: 600_000,
            limit: 599_999
        }
    ));
}

#[test]
fn bytes_after_the_end_are_remarked_and_kept() {
    let mut bytes = fixture("aes-256-sha256.p12");
    bytes.extend(b"\r\n");
    let examination = examined(bytes.clone()).unwrap();
    assert_eq!(examination.problems()[0].code, "trailing-bytes");
    let credential = examination.into_verified().unwrap();
    assert_eq!(credential.pkcs12().expose(), bytes);
}

#[test]
fn the_letter_decides_name_and_validity() {
    let of_another_clinic = Issuance {
        institution_code: "1310112345".parse().unwrap(),
        ..letter()
    };
    assert_eq!(failures(&of_another_clinic), ["name"]);
    let of_another_year = Issuance {
        validity: Validity::new(date(2025, 11, 20), date(2029, 2, 20)).unwrap(),
        ..letter()
    };
    assert_eq!(failures(&of_another_year), ["validity"]);
    let a_day_later = Issuance {
        validity: Validity::new(date(2026, 11, 20), date(2030, 2, 21)).unwrap(),
        ..letter()
    };
    assert_eq!(failures(&a_day_later), ["validity"]);
}

#[test]
fn a_key_that_belongs_to_another_certificate_is_refused() {
    let good = opened("aes-256-sha256.p12");
    let other = opened("elliptic-curve.p12");
    let file = packed(&[(&other.keys[0].key, &good)]);
    let examination = examined(file).unwrap();
    assert_eq!(failed(&examination), ["key-matches"]);
    let error = examination.into_verified().unwrap_err();
    let CredentialError::ChecksFailed { failed } = error else {
        panic!("{error:?}");
    };
    assert_eq!(failed[0].code, "key-matches");
}

#[test]
fn two_keys_or_two_certificates_are_one_too_many() {
    let (good, other) = (opened("aes-256-sha256.p12"), opened("elliptic-curve.p12"));
    let two_keys = packed(&[(&good.keys[0].key, &good), (&other.keys[0].key, &other)]);
    assert_eq!(failed(&examined(two_keys).unwrap()), ["one-key"]);

    let mut store = KeyStore::new();
    let mut certificates: Vec<Certificate> = certificates(&good);
    certificates.push(other.certs[0].cert.clone());
    let chain = PrivateKeyChain::new("1", good.keys[0].key.clone(), certificates);
    store.add_entry("受付1号機", KeyStoreEntry::PrivateKeyChain(chain));
    let two_certificates = store.writer("2468").write().unwrap();
    assert_eq!(
        failed(&examined(two_certificates).unwrap()),
        ["one-certificate"]
    );
    assert_eq!(
        failed(&examined(fixture("no-key.p12")).unwrap()),
        ["one-key"]
    );
}

#[test]
fn a_failed_examination_never_becomes_a_credential() {
    for name in [
        "expired",
        "not-yet-valid",
        "other-authority",
        "forged-issuer",
        "no-key",
    ] {
        let examination = examined(fixture(&format!("{name}.p12"))).unwrap();
        assert!(!examination.passed(), "{name}");
        assert!(
            matches!(
                examination.into_verified(),
                Err(CredentialError::ChecksFailed { failed }) if !failed.is_empty()
            ),
            "{name}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened to a file on its way, it is refused or it is still the same key and certificate.
    #[test]
    fn a_changed_byte_never_makes_another_credential(
        name in prop::sample::select(vec!["3des-sha1.p12", "aes-256-sha256.p12", "in-pieces.p12"]),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let mut bytes = fixture(name);
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(credential) = examined(bytes).and_then(Examination::into_verified) {
            let fingerprint = Fingerprint::of(&fixture("certificate-alone.cer"));
            prop_assert_eq!(credential.facts().fingerprint, fingerprint);
        }
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/credentials");
    fs::read(folder.join(name)).unwrap()
}

fn now() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

fn password(digits: &str) -> CertificatePassword {
    digits.parse().unwrap()
}

fn letter() -> Issuance {
    Issuance {
        issuer: None,
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: None,
        request_id: "123456789012345".parse().unwrap(),
        reference_id: "Ab3dE6gH9k".parse().unwrap(),
        validity: Validity::new(date(2026, 11, 20), date(2030, 2, 20)).unwrap(),
        retrieval_deadline: date(2027, 5, 19),
    }
}

fn examined(bytes: Vec<u8>) -> Result<Examination, CredentialError> {
    open_with(bytes, "2468")
}

fn open_with(bytes: Vec<u8>, digits: &str) -> Result<Examination, CredentialError> {
    examined_against(bytes, digits, &letter())
}

fn examined_against(
    bytes: Vec<u8>,
    digits: &str,
    letter: &Issuance,
) -> Result<Examination, CredentialError> {
    let config = Config::default();
    let expected = Expected {
        letter: Some(letter),
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: config.limits.key_derivation_rounds,
    };
    examine(Pkcs12::received(bytes), &password(digits), &expected, now())
}

fn failures(letter: &Issuance) -> Vec<&'static str> {
    failed(&examined_against(fixture("aes-256-sha256.p12"), "2468", letter).unwrap())
}

fn failed(examination: &Examination) -> Vec<&'static str> {
    examination
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .map(|check| check.code)
        .collect()
}

fn line(check: &Check) -> String {
    let mark = match check.outcome {
        Outcome::Passed => '✓',
        Outcome::Failed => '✗',
        Outcome::Noted => '!',
    };
    format!(
        "{mark} {}: {} {}\n",
        check.code, check.text.ja, check.text.en
    )
}

fn opened(name: &str) -> Pkcs12Archive {
    Pkcs12Archive::from_pkcs12(&fixture(name), "2468").unwrap()
}

fn certificates(archive: &Pkcs12Archive) -> Vec<Certificate> {
    archive.certs.iter().map(|bag| bag.cert.clone()).collect()
}

fn packed(parts: &[(&PrivateKey, &Pkcs12Archive)]) -> Vec<u8> {
    let mut store = KeyStore::new();
    for (index, (key, archive)) in parts.iter().enumerate() {
        let id = index.to_string();
        let chain = PrivateKeyChain::new(id.as_str(), (*key).clone(), certificates(archive));
        store.add_entry(&id, KeyStoreEntry::PrivateKeyChain(chain));
    }
    store.writer("2468").write().unwrap()
}
