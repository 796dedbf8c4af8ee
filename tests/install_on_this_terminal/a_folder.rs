//! Into a folder of PEM files.

use super::*;

#[test]
#[ignore = "needs openssl"]
fn it_holds_what_other_programs_read_and_nobody_else_may() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("certificates");
    let mut store = FolderStore::new(&root);
    let credential = credential("aes-256-sha256");

    let installed = install(&mut store, &credential, &name("受付1号機")).unwrap();

    assert_eq!(installed, signed(&credential));
    let folder = only_entry(&root);
    assert!(file_name(&folder).starts_with("受付1号機-"));
    let certificate = folder.join("certificate.pem");
    assert_eq!(openssl_fingerprint(&certificate), fingerprint(&credential));
    assert_eq!(
        openssl(&["pkey", "-pubout", "-in", text(&folder.join("key.pem"))]),
        openssl(&["x509", "-pubkey", "-noout", "-in", text(&certificate)]),
    );
    openssl(&[
        "verify",
        "-partial_chain",
        "-no_check_time",
        "-CAfile",
        text(&folder.join("chain.pem")),
        text(&certificate),
    ]);
    #[cfg(unix)]
    for path in [&root, &folder, &folder.join("key.pem"), &certificate] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
#[ignore = "needs openssl"]
fn a_certificate_comes_out_with_its_key_and_chain() {
    for file in ["aes-256-sha256", "elliptic-curve"] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = FolderStore::new(dir.path());
        let credential = credential(file);
        // A character beyond UCS-2 in the name does not stop it.
        install(&mut store, &credential, &name("𠮷田1号機")).unwrap();
        let fingerprint = credential.facts().fingerprint;

        let exported = written(store.export(&fingerprint).unwrap(), "7391");

        let (certificates, key) = opened_by_openssl(&exported, "7391");
        assert_eq!(certificates, fingerprints(&credential), "{file}");
        assert_eq!(key, public_key(&credential), "{file}");
        assert_eq!(
            store.key_rules(&fingerprint).unwrap(),
            KeyRules {
                exportable: Some(true),
                asks: Some(false),
                trusted: None
            }
        );
    }
}

#[test]
fn installing_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FolderStore::new(dir.path());
    let credential = credential("3des-sha1");
    let terminal = name("受付1号機");

    let first = install(&mut store, &credential, &terminal).unwrap();
    let again = install(&mut store, &credential, &terminal).unwrap();

    assert!(!first.already && again.already);
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(
        store.list().unwrap()[0].facts.friendly_name.as_deref(),
        Some("受付1号機")
    );
}

#[test]
fn a_key_that_was_swapped_is_found_by_its_signature() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FolderStore::new(dir.path());
    let credential = credential("aes-256-sha256");
    install(&mut store, &credential, &name("受付")).unwrap();
    let key = only_entry(dir.path()).join("key.pem");
    for other in [another_rsa_key(), "no key at all".to_owned()] {
        fs::write(&key, other).unwrap();
        let error = store.prove(&credential.facts().fingerprint).unwrap_err();
        assert!(matches!(error, InstallError::WrongKey { .. }), "{error:?}");
    }

    fs::remove_file(&key).unwrap();
    let error = store.prove(&credential.facts().fingerprint).unwrap_err();
    assert!(matches!(error, InstallError::NoKey { .. }), "{error:?}");
}

fn another_rsa_key() -> String {
    use rsa::pkcs8::EncodePrivateKey;
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    key.to_pkcs8_pem(Default::default()).unwrap().to_string()
}

#[test]
fn a_certificate_that_lost_its_key_is_installed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FolderStore::new(dir.path());
    let credential = credential("aes-256-sha256");
    install(&mut store, &credential, &name("受付")).unwrap();
    fs::remove_file(only_entry(dir.path()).join("key.pem")).unwrap();

    let installed = install(&mut store, &credential, &name("受付")).unwrap();

    assert_eq!(installed, signed(&credential));
}

#[test]
fn what_an_interrupted_import_left_is_wiped_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let left = dir.path().join(".partial-0123456789abcdef");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("key.pem"), "a key").unwrap();
    let mut store = FolderStore::new(dir.path());
    assert_eq!(store.list().unwrap(), []);

    install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap();

    assert!(!left.exists());
}

#[test]
fn removing_takes_the_key_and_leaves_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FolderStore::new(dir.path());
    let (one, two) = (credential("aes-256-sha256"), credential("elliptic-curve"));
    install(&mut store, &one, &name("受付")).unwrap();
    install(&mut store, &two, &name("受付")).unwrap();

    store.remove(&one.facts().fingerprint).unwrap();

    let left = store.list().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].facts.fingerprint, two.facts().fingerprint);
    assert_eq!(
        store.prove(&two.facts().fingerprint).unwrap(),
        Proof::Signed
    );
    let error = store.remove(&one.facts().fingerprint).unwrap_err();
    assert!(matches!(error, InstallError::NotFound { .. }), "{error:?}");
}

#[test]
fn a_hostile_terminal_name_stays_inside() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let mut store = FolderStore::new(&root);
    install(&mut store, &credential("no-name"), &name("../../受付/:*?")).unwrap();
    assert_eq!(only_entry(dir.path()), root);
    assert_eq!(only_entry(&root).parent(), Some(root.as_path()));
}

#[test]
fn a_key_that_cannot_sign_here_is_installed_and_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FolderStore::new(dir.path());
    let installed = install(&mut store, &credential("weak-key"), &name("受付")).unwrap();
    assert!(matches!(installed.proof, Proof::CannotProve(_)));
}

#[test]
fn a_file_in_its_place_is_a_typed_error() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    fs::write(&root, "a file").unwrap();
    let error = install(
        &mut FolderStore::new(&root),
        &credential("no-name"),
        &name("受付"),
    )
    .unwrap_err();
    assert!(matches!(error, InstallError::Disk { .. }), "{error:?}");
    assert_eq!(fs::read(&root).unwrap(), b"a file");
}
