//! Into real NSS databases.

use std::os::unix::fs::PermissionsExt;

use noticert::installer::NssStore;

use super::*;

#[test]
#[ignore = "needs libnss3-tools"]
fn files_of_every_program_go_in_and_nss_shows_them() {
    for file in [
        "rc2-40-sha1",
        "3des-sha1",
        "aes-256-sha256",
        "aes-128-mac-sha1",
        "mac-sha384",
        "mac-sha512",
        "certificates-in-clear",
        "key-in-clear",
        "nss",
        "nss-3des",
        "in-pieces",
        "in-pieces-3des",
        "elliptic-curve",
        "no-issuer",
        "no-name",
        "weak-key",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = NssStore::named(dir.path().join("db"), None);
        let credential = credential(file);

        let installed = install(&mut store, &credential, &name("受付1号機")).unwrap();

        assert_eq!(installed, signed(&credential), "{file}");
        let database = store.directory();
        assert_eq!(
            certutil_fingerprints(database, "受付1号機"),
            BTreeSet::from([fingerprint(&credential)]),
            "{file}"
        );
        assert_eq!(keys(database), 1, "{file}");
    }
}

/// NSS exports slowly (600,000 rounds), so one file of each kind of key stands for all.
#[test]
#[ignore = "needs libnss3-tools, openssl"]
fn the_key_comes_out_as_it_went_in() {
    for file in ["in-pieces", "elliptic-curve"] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = NssStore::named(dir.path(), None);
        let credential = credential(file);
        install(&mut store, &credential, &name("受付1号機")).unwrap();
        assert_eq!(
            exported_public_key(dir.path(), "受付1号機"),
            public_key(&credential),
            "{file}"
        );
    }
}

#[test]
#[ignore = "needs libnss3-tools, openssl"]
fn a_certificate_comes_out_with_its_key_and_chain_and_goes_in_again() {
    for file in ["rc2-40-sha1", "in-pieces", "elliptic-curve", "no-issuer"] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = NssStore::named(dir.path(), None);
        let credential = credential(file);
        install(&mut store, &credential, &name("受付1号機")).unwrap();
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

/// Two terminals of one clinic share a nickname; each gives out its own key.
#[test]
#[ignore = "needs libnss3-tools, openssl"]
fn of_one_subject_each_certificate_comes_out_with_its_own_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = NssStore::named(dir.path(), None);
    for file in ["aes-256-sha256", "elliptic-curve"] {
        install(&mut store, &credential(file), &name("受付1号機")).unwrap();
    }
    for file in ["aes-256-sha256", "elliptic-curve"] {
        let credential = credential(file);
        let exported = store.export(&credential.facts().fingerprint).unwrap();
        let exported = written(exported, "7391");
        let (certificates, key) = opened_by_openssl(&exported, "7391");
        assert_eq!(certificates, fingerprints(&credential), "{file}");
        assert_eq!(key, public_key(&credential), "{file}");
    }
    let unknown = Fingerprint::of(b"unknown");
    let error = store.export(&unknown).unwrap_err();
    assert!(matches!(error, InstallError::NotFound { .. }), "{error:?}");
}

#[test]
#[ignore = "needs libnss3-tools"]
fn installing_twice_leaves_the_database_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = NssStore::named(dir.path(), None);
    let credential = credential("aes-256-sha256");
    install(&mut store, &credential, &name("受付1号機")).unwrap();
    let listing = certutil(dir.path(), &["-L"]) + &certutil(dir.path(), &["-K"]);

    let again = install(&mut store, &credential, &name("別の名前")).unwrap();

    assert!(again.already);
    assert_eq!(again.proof, Proof::Signed);
    let after = certutil(dir.path(), &["-L"]) + &certutil(dir.path(), &["-K"]);
    assert_eq!(after, listing);
}

/// Two terminals of one clinic have the same subject, so NSS shows them under one nickname.
#[test]
#[ignore = "needs libnss3-tools"]
fn certificates_of_one_subject_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = NssStore::named(dir.path(), None);
    let (one, two) = (credential("aes-256-sha256"), credential("elliptic-curve"));
    install(&mut store, &one, &name("受付1号機")).unwrap();
    install(&mut store, &two, &name("診察室")).unwrap();
    for credential in [&one, &two] {
        let proof = store.prove(&credential.facts().fingerprint).unwrap();
        assert_eq!(proof, Proof::Signed);
    }

    store.remove(&one.facts().fingerprint).unwrap();

    assert_eq!(keys(dir.path()), 1);
    let left = with_keys(&mut store);
    assert_eq!(left, [two.facts().fingerprint]);
    let proof = store.prove(&two.facts().fingerprint).unwrap();
    assert_eq!(proof, Proof::Signed);
    let error = store.prove(&one.facts().fingerprint).unwrap_err();
    assert!(matches!(error, InstallError::NotFound { .. }), "{error:?}");
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_certificate_without_its_key_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = dir.path().join("certificate.der");
    let credential = credential("aes-256-sha256");
    fs::write(&certificate, &credential.material().end_entity).unwrap();
    let database = dir.path().join("db");
    fs::create_dir(&database).unwrap();
    certutil(&database, &["-N", "--empty-password"]);
    certutil(
        &database,
        &["-A", "-n", "古い名前", "-t", ",,", "-i", text(&certificate)],
    );
    let mut store = NssStore::named(&database, None);
    assert!(!store.list().unwrap()[0].has_key);

    let installed = install(&mut store, &credential, &name("受付")).unwrap();

    assert_eq!(installed, signed(&credential));
    assert_eq!(keys(&database), 1);
}

/// A renewed certificate may keep its key: removing the old one must not take it.
#[test]
#[ignore = "needs libnss3-tools"]
fn a_key_that_another_certificate_uses_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = NssStore::named(dir.path(), None);
    let (old, new) = (credential("dates-in-utc"), credential("aes-256-sha256"));
    install(&mut store, &old, &name("受付1号機")).unwrap();
    install(&mut store, &new, &name("受付1号機")).unwrap();

    store.remove(&old.facts().fingerprint).unwrap();

    let proof = store.prove(&new.facts().fingerprint).unwrap();
    assert_eq!(proof, Proof::Signed);
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_nickname_of_another_clinic_is_not_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = NssStore::named(dir.path(), None);
    let (one, other) = (credential("aes-256-sha256"), credential("without-the-mark"));
    install(&mut store, &one, &name("受付1号機")).unwrap();
    install(&mut store, &other, &name("受付1号機")).unwrap();

    assert_eq!(
        certutil_fingerprints(dir.path(), "受付1号機"),
        BTreeSet::from([fingerprint(&one)])
    );
    assert_eq!(
        certutil_fingerprints(dir.path(), "受付1号機 (2)"),
        BTreeSet::from([fingerprint(&other)])
    );
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_locked_database_opens_with_its_own_password() {
    let dir = tempfile::tempdir().unwrap();
    let (right, wrong) = (dir.path().join("right"), dir.path().join("wrong"));
    fs::write(&right, "store password\n").unwrap();
    fs::write(&wrong, "another\n").unwrap();
    let database = dir.path().join("db");
    fs::create_dir(&database).unwrap();
    certutil(&database, &["-N", "-f", text(&right)]);
    let credential = credential("aes-256-sha256");
    let store = || NssStore::named(&database, None);
    let install = |mut store: NssStore| install(&mut store, &credential, &name("受付1号機"));

    let error = install(store()).unwrap_err();
    assert!(matches!(error, InstallError::Locked { .. }), "{error:?}");
    let error = install(store().unlocked_by(&wrong)).unwrap_err();
    assert!(
        matches!(error, InstallError::WrongStorePassword { .. }),
        "{error:?}"
    );
    let installed = install(store().unlocked_by(&right)).unwrap();
    assert_eq!(installed, signed(&credential));
    let listing = certutil(&database, &["-L"]);
    assert!(listing.contains("受付1号機"), "{listing}");
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_new_database_of_browsers_takes_the_real_and_refuses_practice() {
    let home = tempfile::tempdir().unwrap();
    let mut store = NssStore::of_browsers(home.path());
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(matches!(error, InstallError::PracticeCertificate));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

    let real = credential("without-the-mark");
    install(&mut store, &real, &name("受付")).unwrap();

    let database = home.path().join(".local/share/pki/nssdb");
    assert_eq!(
        certutil_fingerprints(&database, "受付"),
        BTreeSet::from([fingerprint(&real)])
    );
    for path in [&database, &database.join("key4.db")] {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn the_older_database_counts_where_it_exists() {
    let home = tempfile::tempdir().unwrap();
    let legacy = home.path().join(".pki/nssdb");
    fs::create_dir_all(&legacy).unwrap();
    fs::write(legacy.join("cert9.db"), "").unwrap();
    assert_eq!(NssStore::of_browsers(home.path()).directory(), legacy);
}

#[test]
fn a_database_of_browsers_is_known_by_whatever_name_it_is_called() {
    let home = tempfile::tempdir().unwrap();
    let database = home.path().join(".pki/nssdb");
    fs::create_dir_all(&database).unwrap();
    let link = home.path().join("link");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    for directory in [
        database.clone(),
        link,
        database.join("../nssdb"),
        home.path().join(".mozilla/firefox/abc.default"),
    ] {
        let store = NssStore::named(&directory, Some(home.path()));
        assert!(store.is_system(), "{}", directory.display());
    }
    assert!(!NssStore::named(home.path().join("own"), Some(home.path())).is_system());
}

#[test]
#[ignore = "needs libnss3-tools"]
fn several_databases_are_filled_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let credential = credential("aes-256-sha256");
    std::thread::scope(|scope| {
        for number in 1..=3 {
            let (dir, credential) = (dir.path(), &credential);
            scope.spawn(move || {
                let mut store = NssStore::named(dir.join(number.to_string()), None);
                let installed = install(&mut store, credential, &name("受付")).unwrap();
                assert_eq!(installed, signed(credential));
            });
        }
    });
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_folder_with_quotes_and_blanks_is_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = NssStore::named(dir.path().join("院長's \\ \"db\" 受付"), None);
    let credential = credential("aes-256-sha256");
    let installed = install(&mut store, &credential, &name("受付")).unwrap();
    assert_eq!(installed, signed(&credential));
}

#[test]
#[ignore = "needs libnss3-tools"]
fn no_secret_is_in_an_argument_the_environment_or_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let (tools, database) = (dir.path().join("tools"), dir.path().join("db"));
    let seen = dir.path().join("seen");
    // What pk12util is given, and every file beside the database while it runs.
    fake(
        &tools,
        "pk12util",
        &format!(
            "tr '\\0' '\\n' < /proc/$$/cmdline > {seen}; env >> {seen}; \
             ls -A {db} > {seen}.files; exec pk12util \"$@\"",
            seen = text(&seen),
            db = text(&database)
        ),
    );
    fake(&tools, "certutil", "exec certutil \"$@\"");
    let mut store = NssStore::named(&database, None).with_tools_in(&tools);
    install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap();

    let seen_by_it = fs::read_to_string(&seen).unwrap();
    assert!(seen_by_it.contains("/dev/stdin"));
    assert!(!seen_by_it.contains("2468"), "{seen_by_it}");
    let files = fs::read_to_string(seen.with_extension("files")).unwrap();
    let files: BTreeSet<&str> = files.lines().collect();
    assert_eq!(files, BTreeSet::from(["cert9.db", "key4.db", "pkcs11.txt"]));
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_program_that_fails_after_its_work_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    let (tools, database) = (dir.path().join("tools"), dir.path().join("db"));
    fake(&tools, "certutil", "exec certutil \"$@\"");
    fake(
        &tools,
        "pk12util",
        "pk12util \"$@\"; echo 'SEC_ERROR_TEST: broken' >&2; exit 9",
    );
    let mut store = NssStore::named(&database, None).with_tools_in(&tools);

    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();

    let InstallError::ToolFailed { tool, status, said } = error else {
        panic!("{error:?}");
    };
    assert_eq!((tool, status), ("pk12util", Some(9)));
    assert!(said.contains("SEC_ERROR_TEST"), "{said}");
    assert_eq!(keys(&database), 0);
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn a_missing_program_is_named_with_its_package() {
    let dir = tempfile::tempdir().unwrap();
    let mut store =
        NssStore::named(dir.path().join("db"), None).with_tools_in(dir.path().join("none"));
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(
        matches!(
            error,
            InstallError::ToolMissing {
                tool: "certutil",
                package: "libnss3-tools"
            }
        ),
        "{error:?}"
    );
}

#[test]
#[ignore = "needs libnss3-tools"]
fn a_broken_database_is_a_typed_error_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["cert9.db", "key4.db"] {
        fs::write(dir.path().join(file), "not a database").unwrap();
    }
    let mut store = NssStore::named(dir.path(), None);
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(matches!(error, InstallError::Refused { .. }), "{error:?}");
    assert_eq!(
        fs::read(dir.path().join("cert9.db")).unwrap(),
        b"not a database"
    );
}

/// Certificates with their keys, as the store lists them.
fn with_keys(store: &mut NssStore) -> Vec<Fingerprint> {
    let listed = store.list().unwrap().into_iter();
    let with_keys = listed.filter(|certificate| certificate.has_key);
    with_keys
        .map(|certificate| certificate.facts.fingerprint)
        .collect()
}

fn certutil(database: &Path, arguments: &[&str]) -> String {
    let directory = format!("sql:{}", text(database));
    let mut all = vec!["-d", directory.as_str()];
    all.extend(arguments);
    output("certutil", &all)
}

/// SHA-256 of every certificate that certutil knows by this nickname.
fn certutil_fingerprints(database: &Path, nickname: &str) -> BTreeSet<String> {
    certutil(database, &["-L", "-n", nickname])
        .split("Fingerprint (SHA-256):")
        .skip(1)
        .map(|after| after.trim_start().lines().next().unwrap().replace(':', ""))
        .map(|hex| hex.to_lowercase())
        .collect()
}

fn keys(database: &Path) -> usize {
    let output = Command::new("certutil")
        .args(["-K", "-d", &format!("sql:{}", text(database))])
        .output()
        .unwrap();
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    listing.lines().filter(|line| line.starts_with('<')).count()
}

/// What NSS gives out again, read by openssl.
fn exported_public_key(database: &Path, nickname: &str) -> String {
    let file = database.join("exported.p12");
    output(
        "pk12util",
        &[
            "-o",
            text(&file),
            "-n",
            nickname,
            "-d",
            &format!("sql:{}", text(database)),
            "-W",
            "out",
            "-K",
            "",
        ],
    );
    let key = database.join("exported.pem");
    openssl(&[
        "pkcs12",
        "-in",
        text(&file),
        "-passin",
        "pass:out",
        "-nocerts",
        "-nodes",
        "-out",
        text(&key),
    ]);
    openssl(&["pkey", "-pubout", "-in", text(&key)])
}

fn fake(folder: &Path, tool: &str, script: &str) {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(tool);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
}
