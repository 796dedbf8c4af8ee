//! Imports that fail half-way leave nothing behind.

use noticert::domain::{CertificatePassword, Pkcs12, VerifiedCredential};
use noticert::installer::{CertificateStore, InstallError, Proof, install};

use super::store::with_intermediate;
use super::{credential, name, plain, store, support, turn};

/// A credential whose file is another than its checks saw: what a broken disk or a hostile hand could make of it.
fn with_file(credential: &VerifiedCredential, file: &str, password: &str) -> VerifiedCredential {
    let bytes = std::fs::read(support::fixture(&format!("credentials/{file}.p12"))).unwrap();
    let password: CertificatePassword = password.parse().unwrap();
    VerifiedCredential::attest(
        Pkcs12::received(bytes),
        password,
        credential.facts().clone(),
        credential.material().clone(),
    )
}

#[test]
fn a_file_that_windows_cannot_open_leaves_nothing() {
    let _turn = turn();
    let good = credential("without-the-mark");
    let broken = with_file(&good, "without-the-mark", "1111");
    let error = install(&mut store(), &broken, &name()).unwrap_err();
    assert!(matches!(error, InstallError::Refused { .. }), "{error:?}");
    assert!(plain::everything_in("MY").is_empty());
    assert!(plain::everything_in("CA").is_empty());
}

#[test]
fn a_file_with_another_certificate_leaves_neither_it_nor_its_key() {
    let _turn = turn();
    // To learn where Wine puts keys.
    let good = credential("without-the-mark");
    store().import(&good, &name()).unwrap();
    let key = plain::everything_in("MY").remove(0).key.unwrap();
    store().remove(&good.facts().fingerprint).unwrap();
    assert!(!plain::exists(&key));

    let swapped = with_file(&good, "3des-sha1", "2468");
    let error = install(&mut store(), &swapped, &name()).unwrap_err();
    assert!(
        matches!(error, InstallError::NotThereAfterImport { .. }),
        "{error:?}"
    );
    assert!(plain::everything_in("MY").is_empty());
    assert!(
        !plain::exists(&key),
        "the key that came with it was left behind"
    );
}

#[test]
fn the_certificate_that_worked_before_works_after_a_failed_import() {
    let _turn = turn();
    let old = credential("without-the-mark");
    install(&mut store(), &old, &name()).unwrap();
    let new = with_file(&credential("3des-sha1"), "aes-256-sha256", "1111");
    store().import(&new, &name()).unwrap_err();
    assert_eq!(plain::everything_in("MY").len(), 1);
    assert_eq!(
        store().prove(&old.facts().fingerprint).unwrap(),
        Proof::Signed
    );
}

/// A credential whose chain breaks between what goes to `CA` and its root.
fn with_broken_chain(credential: &VerifiedCredential) -> VerifiedCredential {
    let mut material = credential.material().clone();
    material.chain.insert(1, b"no certificate".to_vec());
    VerifiedCredential::attest(
        credential.pkcs12().clone(),
        credential.password().clone(),
        credential.facts().clone(),
        material,
    )
}

#[test]
fn a_chain_that_fails_half_way_is_taken_back_and_the_certificate_that_was_there_stays() {
    let _turn = turn();
    let good = credential("without-the-mark");
    let broken = with_broken_chain(&with_intermediate(&good));
    let fingerprint = good.facts().fingerprint;

    let error = install(&mut store(), &broken, &name()).unwrap_err();
    assert!(matches!(error, InstallError::Refused { .. }), "{error:?}");
    assert!(plain::everything_in("MY").is_empty());
    assert!(plain::everything_in("CA").is_empty());

    install(&mut store(), &good, &name()).unwrap();
    let error = install(&mut store(), &broken, &name()).unwrap_err();
    let InstallError::NotCompleted { first } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(*first, InstallError::Refused { .. }), "{first:?}");
    assert!(plain::everything_in("CA").is_empty());
    assert_eq!(store().prove(&fingerprint).unwrap(), Proof::Signed);
}
