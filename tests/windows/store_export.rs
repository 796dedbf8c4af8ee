//! Out of the store as a file, shown by OpenSSL.

use noticert::domain::{CertificatePassword, Pkcs12, Pkcs12Form};
use noticert::installer::{CertificateStore, Exported, InstallError, install};

use super::{credential, name, openssl, plain, store, turn};

#[test]
fn an_exported_file_opens_elsewhere_with_the_same_certificate_and_key() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let fingerprint = credential.facts().fingerprint;
    install(&mut store(), &credential, &name()).unwrap();
    let chosen: CertificatePassword = "9753".parse().unwrap();
    let exported = written(store().export(&fingerprint).unwrap(), &chosen);

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("exported.p12"), exported.expose()).unwrap();
    std::fs::write(
        folder.path().join("certificate.der"),
        &credential.material().end_entity,
    )
    .unwrap();
    let openssl = |arguments: &[&str]| openssl(folder.path(), arguments);
    let open = [
        "pkcs12",
        "-in",
        "exported.p12",
        "-legacy",
        "-passin",
        "pass:9753",
    ];
    openssl(&[&open[..], &["-nodes", "-out", "opened.pem"]].concat());
    // The key's own public half, and the certificate's.
    let of_key = openssl(&["pkey", "-in", "opened.pem", "-pubout"]);
    let of_certificate = [
        "x509",
        "-in",
        "certificate.der",
        "-inform",
        "DER",
        "-noout",
        "-pubkey",
    ];
    assert_eq!(of_key, openssl(&of_certificate));
    let printed = |file: &str, form: &str| {
        openssl(&[
            "x509",
            "-in",
            file,
            "-inform",
            form,
            "-noout",
            "-fingerprint",
            "-sha256",
        ])
    };
    assert_eq!(
        printed("opened.pem", "PEM"),
        printed("certificate.der", "DER")
    );
    // OpenSSL prints the name in its own fashion.
    let opened = std::fs::read(folder.path().join("opened.pem")).unwrap();
    let opened = String::from_utf8_lossy(&opened);
    assert!(opened.contains("friendlyName:"), "{opened}");
}

#[test]
fn what_was_exported_can_be_installed_again() {
    let _turn = turn();
    let first = credential("without-the-mark");
    let fingerprint = first.facts().fingerprint;
    install(&mut store(), &first, &name()).unwrap();
    let chosen: CertificatePassword = "9753".parse().unwrap();
    let exported = written(store().export(&fingerprint).unwrap(), &chosen);
    store().remove(&fingerprint).unwrap();
    assert!(plain::everything_in("MY").is_empty());

    let config = noticert::config::Config::default();
    let expected = noticert::credential::Expected {
        letter: None,
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: config.limits.key_derivation_rounds,
    };
    let now = "2026-11-21T03:00:00Z".parse().unwrap();
    let again = noticert::credential::examine(exported, &chosen, &expected, now)
        .unwrap()
        .into_verified()
        .unwrap();
    assert_eq!(again.facts().friendly_name.as_deref(), Some("受付1号機"));
    let installed = install(&mut store(), &again, &name()).unwrap();
    assert_eq!(installed.fingerprint, fingerprint);
    assert!(!installed.already);
}

/// As the program writes what a store gave out.
fn written(exported: Exported, password: &CertificatePassword) -> Pkcs12 {
    let Exported { material, name } = exported;
    noticert::credential::write(&material, &name, password, Pkcs12Form::Legacy).unwrap()
}

#[test]
fn nothing_is_exported_that_is_not_there() {
    let _turn = turn();
    let fingerprint = credential("without-the-mark").facts().fingerprint;
    let error = store().export(&fingerprint).unwrap_err();
    assert!(matches!(error, InstallError::NotFound { .. }));
}
