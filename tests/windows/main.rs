//! On Windows: the certificate store, DPAPI, access lists, and the program itself.
//!
//! `make test-windows` runs this under Wine, whose certificate store is a real one with gaps (see
//! `tests/README.md`). What noticert did is shown by `plain`, which calls CryptoAPI with nothing of noticert's in
//! between, and by OpenSSL, not by the code under test.
//!
//! The store belongs to the whole account, so these tests take turns.

#![cfg(windows)]
#![expect(unsafe_code, reason = "the independent reader calls Windows itself")]

#[path = "../support/mod.rs"]
mod support;

mod killed;
mod out_and_back;
mod plain;
mod platform;
mod program;
mod store;
mod store_export;
mod store_failures;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use noticert::config::Config;
use noticert::credential::{Expected, examine};
use noticert::domain::{Pkcs12, TerminalName, VerifiedCredential};
use noticert::installer::{ImportOptions, WindowsStore};
use noticert::workflow::CredentialWriter;

/// A turn at the account's store, which is empty at its beginning.
fn turn() -> MutexGuard<'static, ()> {
    static STORE: Mutex<()> = Mutex::new(());
    let turn = STORE.lock().unwrap_or_else(PoisonError::into_inner);
    for name in ["MY", "CA"] {
        plain::empty(name);
    }
    plain::forget_invented_roots();
    turn
}

/// The account's store. Wine cannot import extended properties, and everything else is as the program has it.
fn store() -> WindowsStore {
    WindowsStore::of_current_user(
        ImportOptions::WithoutExtendedProperties,
        Box::new(CredentialWriter),
    )
}

/// A credential of `fixtures/credentials`, verified.
fn credential(file: &str) -> VerifiedCredential {
    verified(fs::read(support::fixture(&format!("credentials/{file}.p12"))).unwrap())
}

/// What the checks make of a file that opens with the password of the fixtures.
fn verified(bytes: Vec<u8>) -> VerifiedCredential {
    let config = Config::default();
    let expected = Expected {
        letter: None,
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: config.limits.key_derivation_rounds,
    };
    let now = "2026-11-21T03:00:00Z".parse().unwrap();
    examine(
        Pkcs12::received(bytes),
        &"2468".parse().unwrap(),
        &expected,
        now,
    )
    .unwrap()
    .into_verified()
    .unwrap()
}

/// Runs the OpenSSL of the system below Wine in `folder` and gives what it prints.
///
/// Wine starts programs of the system below, but neither passes pipes to them nor tells how they ended. So a
/// shell writes both into files.
fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let path = |name: &str| folder.join(name);
    let words: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
    let line = format!(
        "openssl {} >printed 2>&1 </dev/null; echo $? >code.new; mv code.new code",
        words.join(" ")
    );
    let _ = fs::remove_file(path("code"));
    fs::write(path("line"), line).unwrap();
    Command::new(r"Z:\bin\sh")
        .arg("line")
        .current_dir(folder)
        .spawn()
        .expect("Wine starts programs of the system below");
    let code = (0..200).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        fs::read_to_string(path("code")).ok()
    });
    let printed = fs::read_to_string(path("printed")).unwrap_or_default();
    let code = code.expect("OpenSSL ends within ten seconds");
    assert_eq!(code.trim(), "0", "openssl {arguments:?}: {printed}");
    printed
}

/// An empty stick: a drive of its own, which `under-wine` lays down.
fn stick() -> PathBuf {
    let stick = PathBuf::from(r"S:\");
    for entry in fs::read_dir(&stick).expect("drive S is there") {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }
    stick
}

fn name() -> TerminalName {
    "受付1号機".parse().unwrap()
}
