//! Into stores and out of them: real NSS databases, folders, and stores that fail on purpose.
//!
//! What is in a store is shown by other programs (certutil, pk12util, openssl), not by the code under test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../support/mod.rs"]
mod support;

mod a_folder;
mod a_revoked_certificate;
mod a_store_that_fails;
#[cfg(unix)]
mod an_nss_database;
mod certificates_of_others;

use noticert::config::Config;
use noticert::credential::{self, Examination, Expected, examine};
use noticert::domain::{Fingerprint, Pkcs12, Pkcs12Form, TerminalName, Text, VerifiedCredential};
use noticert::installer::{
    CertificateStore, Exported, FolderStore, InstallError, Installed, InstalledCertificate,
    KeyRules, Proof, install,
};

fn credential(file: &str) -> VerifiedCredential {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/credentials");
    let bytes = fs::read(folder.join(format!("{file}.p12"))).unwrap();
    examined(bytes).into_verified().unwrap()
}

/// A file that opens with the password of the fixtures, held against itself alone.
fn examined(bytes: Vec<u8>) -> Examination {
    examined_at(bytes, "2026-11-21T03:00:00Z".parse().unwrap())
}

fn examined_at(bytes: Vec<u8>, now: jiff::Timestamp) -> Examination {
    let config = Config::default();
    let expected = Expected {
        letter: None,
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: config.limits.key_derivation_rounds,
    };
    examine(
        Pkcs12::received(bytes),
        &"2468".parse().unwrap(),
        &expected,
        now,
    )
    .unwrap()
}

fn name(name: &str) -> TerminalName {
    name.parse().unwrap()
}

fn signed(credential: &VerifiedCredential) -> Installed {
    Installed {
        fingerprint: credential.facts().fingerprint,
        already: false,
        proof: Proof::Signed,
    }
}

fn fingerprint(credential: &VerifiedCredential) -> String {
    credential.facts().fingerprint.to_string()
}

fn openssl_fingerprint(certificate: &Path) -> String {
    let printed = openssl(&[
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        text(certificate),
    ]);
    let (_, hex) = printed.trim().split_once('=').unwrap();
    hex.replace(':', "").to_lowercase()
}

fn openssl(arguments: &[&str]) -> String {
    output("openssl", arguments)
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Certificates and the public half of the key in what a store gave out, as openssl reads it.
/// As the program writes what a store gave out.
fn written(exported: Exported, password: &str) -> Pkcs12 {
    let password = password.parse().unwrap();
    let Exported { material, name } = exported;
    credential::write(&material, &name, &password, Pkcs12Form::Legacy).unwrap()
}

fn opened_by_openssl(exported: &Pkcs12, password: &str) -> (Vec<String>, String) {
    let dir = tempfile::tempdir().unwrap();
    let (file, pem) = (dir.path().join("a.p12"), dir.path().join("a.pem"));
    fs::write(&file, exported.expose()).unwrap();
    let password = format!("pass:{password}");
    let read = |more: &[&str]| {
        let mut arguments = vec!["pkcs12", "-in", text(&file), "-passin", &password];
        arguments.extend(more);
        arguments.extend(["-out", text(&pem)]);
        openssl(&arguments);
        // openssl prints names of its own making around the blocks, not all of them UTF-8.
        String::from_utf8_lossy(&fs::read(&pem).unwrap()).into_owned()
    };
    let certificates = read(&["-nokeys"])
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| {
            let block = format!("-----BEGIN CERTIFICATE-----{block}");
            fs::write(dir.path().join("one.pem"), block).unwrap();
            openssl_fingerprint(&dir.path().join("one.pem"))
        })
        .collect();
    let key = read(&["-nocerts", "-nodes"]);
    let at = key.find("-----BEGIN").unwrap();
    fs::write(&pem, &key[at..]).unwrap();
    (
        certificates,
        openssl(&["pkey", "-pubout", "-in", text(&pem)]),
    )
}

fn public_key(credential: &VerifiedCredential) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("certificate.der");
    fs::write(&file, &credential.material().end_entity).unwrap();
    openssl(&[
        "x509",
        "-inform",
        "DER",
        "-pubkey",
        "-noout",
        "-in",
        text(&file),
    ])
}

/// Certificate and chain, as [`opened_by_openssl`] lists them.
fn fingerprints(credential: &VerifiedCredential) -> Vec<String> {
    let material = credential.material();
    std::iter::once(&material.end_entity)
        .chain(&material.chain)
        .map(|der| Fingerprint::of(der).to_string())
        .collect()
}

fn only_entry(folder: &Path) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(folder).unwrap().collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.into_iter().next().unwrap().unwrap().path()
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
