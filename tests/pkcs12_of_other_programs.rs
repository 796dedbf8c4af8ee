//! Files of other programs: the public PKCS#12 vectors, and what OpenSSL makes of every scheme that it writes.
//!
//! The vectors are those of PyPI's `cryptography-vectors`, which `.ci/setup test` installs below `target/`: the ones
//! that pyca/cryptography collected from OpenSSL, Java and its own writer, and the 405 of NIST's PKITS.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use noticert::credential::{
    CredentialError, Examination, Expected, FilePassword, Outcome, examine, name_of,
};
use noticert::domain::Pkcs12;

/// Every file of the folder `pkcs12` with its password and its fate. The certificates signed themselves, which fails
/// `chain`; three of them in one file are too many.
const COLLECTED: [(&str, &str, &str); 31] = [
    ("cert-aes256cbc-no-key", "cryptography", "one-key"),
    ("cert-key-aes256cbc", "cryptography", "chain"),
    ("cert-none-key-none", "cryptography", "chain"),
    ("cert-rc2-key-3des", "cryptography", "chain"),
    ("java-truststore", "", "one-key"),
    ("name-1-no-pwd", "", "one-certificate chain"),
    ("name-1-pwd", "password", "one-certificate chain"),
    ("name-2-3-no-pwd", "", "one-certificate chain"),
    ("name-2-3-pwd", "password", "one-certificate chain"),
    ("name-2-no-pwd", "", "one-certificate chain"),
    ("name-2-pwd", "password", "one-certificate chain"),
    ("name-3-no-pwd", "", "one-certificate chain"),
    ("name-3-pwd", "password", "one-certificate chain"),
    ("name-all-no-pwd", "", "one-certificate chain"),
    ("name-all-pwd", "password", "one-certificate chain"),
    ("name-unicode-no-pwd", "", "one-certificate chain"),
    ("name-unicode-pwd", "password", "one-certificate chain"),
    ("no-cert-key-aes256cbc", "cryptography", "one-certificate"),
    ("no-cert-name-2-no-pwd", "", "one-key"),
    ("no-cert-name-2-pwd", "password", "one-key"),
    ("no-cert-name-3-no-pwd", "", "one-key"),
    ("no-cert-name-3-pwd", "password", "one-key"),
    ("no-cert-name-all-no-pwd", "", "one-key"),
    ("no-cert-name-all-pwd", "password", "one-key"),
    ("no-cert-name-unicode-no-pwd", "", "one-key"),
    ("no-cert-name-unicode-pwd", "password", "one-key"),
    ("no-cert-no-name-no-pwd", "", "one-key"),
    ("no-cert-no-name-pwd", "password", "one-key"),
    ("no-name-no-pwd", "", "one-certificate chain"),
    ("no-name-pwd", "password", "one-certificate chain"),
    ("no-password", "", "chain"),
];

/// The files of NIST's PKITS that do not simply open: dates that the suite made wrong on purpose, keys for DSA, and
/// certificates that name themselves as issuer. Each file brings its certificate without the issuer's, so the rest of
/// what the suite made wrong does not show in the file alone.
const PKITS_EXCEPTIONS: &[(&str, &str)] = &[
    ("BadnotAfterDateCACert", "dates"),
    ("BadnotBeforeDateCACert", "dates"),
    ("BasicSelfIssuedCRLSigningKeyCRLCert", "chain"),
    ("BasicSelfIssuedNewKeyOldWithNewCACert", "chain"),
    ("BasicSelfIssuedOldKeyNewWithOldCACert", "chain"),
    ("DSACACert", "private key: DSA"),
    ("DSAParametersInheritedCACert", "private key: DSA"),
    ("InvalidDNnameConstraintsTest20EE", "chain"),
    ("InvalidDSASignatureTest6EE", "private key: DSA"),
    ("InvalidEEnotAfterDateTest6EE", "dates"),
    ("InvalidEEnotBeforeDateTest2EE", "dates"),
    ("InvalidSelfIssuedinhibitAnyPolicyTest10EE", "chain"),
    ("Invalidpre2000UTCEEnotAfterDateTest7EE", "dates"),
    ("TrustAnchorRootCertificate", "chain"),
    ("ValidDSAParameterInheritanceTest5EE", "private key: DSA"),
    ("ValidDSASignaturesTest4EE", "private key: DSA"),
    ("inhibitAnyPolicy1SelfIssuedCACert", "chain"),
    ("inhibitAnyPolicy1SelfIssuedsubCA2Cert", "chain"),
    ("inhibitPolicyMapping1P1SelfIssuedCACert", "chain"),
    ("inhibitPolicyMapping1P1SelfIssuedsubCACert", "chain"),
    ("nameConstraintsDN1SelfIssuedCACert", "chain"),
    ("pathLenConstraint0SelfIssuedCACert", "chain"),
    ("pathLenConstraint1SelfIssuedCACert", "chain"),
    ("pathLenConstraint1SelfIssuedsubCACert", "chain"),
    ("requireExplicitPolicy2SelfIssuedCACert", "chain"),
    ("requireExplicitPolicy2SelfIssuedsubCACert", "chain"),
];

#[test]
#[ignore = "needs PyPI's cryptography-vectors, which .ci/setup test installs"]
fn every_public_vector_opens_or_is_refused_with_its_reason() {
    let folder = vectors().join("pkcs12");
    let mut expected: BTreeMap<String, (&str, &str)> = COLLECTED
        .into_iter()
        .map(|(name, password, fate)| (format!("{name}.p12"), (password, fate)))
        .collect();
    let mut wrong = Vec::new();
    for name in files_of(&folder) {
        let found = |password: &str| fate(&open(&folder.join(&name), password));
        let Some((password, fate)) = expected.remove(&name) else {
            wrong.push(format!("{name} is new: {}", found("password")));
            continue;
        };
        let found_fate = found(password);
        if found_fate != fate {
            wrong.push(format!("{name}: {found_fate}"));
        }
        let with_another = open(&folder.join(&name), "1357");
        if !matches!(with_another, Err(CredentialError::WrongPassword)) {
            wrong.push(format!("{name} with another password: {with_another:?}"));
        }
    }
    wrong.extend(expected.into_keys().map(|name| format!("{name} is gone")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "needs PyPI's cryptography-vectors, which .ci/setup test installs"]
fn every_vector_of_pkits_opens_or_is_refused_with_its_reason() {
    let folder = vectors().join("x509/PKITS_data/pkcs12");
    let files = files_of(&folder);
    assert_eq!(files.len(), 405);
    let mut exceptions: BTreeMap<String, &str> = PKITS_EXCEPTIONS
        .iter()
        .map(|(name, fate)| (format!("{name}.p12"), *fate))
        .collect();
    let mut wrong = Vec::new();
    for name in files {
        let fate_of_it = fate(&open(&folder.join(&name), "password"));
        if fate_of_it != exceptions.remove(&name).unwrap_or(OPENS) {
            wrong.push(format!("{name}: {fate_of_it}"));
        }
    }
    wrong.extend(exceptions.into_keys().map(|name| format!("{name} is gone")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What becomes of a file: `opens`, the codes of what fails when it is open, or what it holds that is not read.
fn fate(examined: &Result<Examination<FilePassword>, CredentialError>) -> String {
    let examination = match examined {
        Ok(examination) => examination,
        Err(CredentialError::Unsupported { part, identifier }) => {
            let name = name_of(identifier).unwrap_or("a scheme without a name");
            return format!("{part}: {name}");
        }
        Err(error) => return format!("{error:?}"),
    };
    let failed: Vec<&str> = examination
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .map(|check| check.code)
        .collect();
    match failed.is_empty() {
        true => OPENS.to_owned(),
        false => failed.join(" "),
    }
}

/// Opens a file and looks at nothing but itself: any issuer will do.
fn open(path: &Path, password: &str) -> Result<Examination<FilePassword>, CredentialError> {
    open_on("2026-11-21T03:00:00Z", path, password)
}

fn open_on(
    now: &str,
    path: &Path,
    password: &str,
) -> Result<Examination<FilePassword>, CredentialError> {
    let any_issuer = [String::new()];
    let expected = Expected {
        letter: None,
        issuer_family: &any_issuer,
        key_derivation_rounds: 1_000_000,
    };
    let now: Timestamp = now.parse().unwrap();
    let pkcs12 = Pkcs12::received(fs::read(path).unwrap());
    examine(pkcs12, &FilePassword::new(password.into()), &expected, now)
}

/// Every cipher and check value that OpenSSL writes, and every kind of key, opened by its own password and by no
/// other; the password is Japanese text, which the two derivations read in two writings.
#[test]
#[ignore = "needs OpenSSL with its legacy ciphers"]
fn whatever_openssl_writes_opens_or_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    for (name, algorithm) in KEYS {
        let key = format!("{name}.key");
        let generate = ["genpkey", "-quiet", "-out", &key];
        openssl(&[generate.as_slice(), algorithm].concat());
        let certificate = format!("{name}.pem");
        let subject = "/CN=架空";
        openssl(&[
            "req",
            "-x509",
            "-utf8",
            "-key",
            &key,
            "-subj",
            subject,
            "-days",
            "36500",
            "-out",
            &certificate,
        ]);
    }
    let pack = |key: &str, options: &[&str]| {
        let (key, certificate) = (format!("{key}.key"), format!("{key}.pem"));
        let shut = [
            "-name",
            "受付",
            "-passout",
            PASSWORD_ARGUMENT,
            "-out",
            "file.p12",
        ];
        let basic = [
            "pkcs12",
            "-export",
            "-legacy",
            "-inkey",
            &key,
            "-in",
            &certificate,
        ];
        openssl(&[&basic, shut.as_slice(), options].concat());
        folder.path().join("file.p12")
    };
    let mut wrong = Vec::new();
    let mut expect = |path: &Path, what: String, expected: &str| {
        // OpenSSL starts a validity at the machine's own time; a hundred years later it has started everywhere.
        let found = fate(&open_on("2100-01-01T00:00:00Z", path, PASSWORD));
        if found != expected {
            wrong.push(format!("{what}: {found}"));
        }
        if expected != "chain" {
            return;
        }
        let another = open(path, "ひみつ鍵𠮷");
        if !matches!(another, Err(CredentialError::WrongPassword)) {
            wrong.push(format!("{what} with another password: {another:?}"));
        }
    };
    for cipher in CIPHERS {
        for mac in [
            ["-macalg", "sha1"],
            ["-macalg", "sha384"],
            ["-nomac", "-nomac"],
        ] {
            let path = pack(
                "rsa",
                &["-certpbe", cipher, "-keypbe", cipher, mac[0], mac[1]],
            );
            expect(&path, format!("{cipher} {mac:?}"), "chain");
        }
    }
    for mac in ["sha224", "sha256", "sha512"] {
        let path = pack("rsa", &["-macalg", mac]);
        expect(&path, mac.to_owned(), "chain");
    }
    // The mark that Windows sets on a key, and its name for the key's provider.
    let provider = [
        "-keyex",
        "-CSP",
        "Microsoft Enhanced RSA and AES Cryptographic Provider",
    ];
    expect(
        &pack("rsa", &provider),
        "as Windows exports".to_owned(),
        "chain",
    );
    for (name, _) in KEYS {
        let expected = match *name {
            "ed25519" => "private key: Ed25519",
            "secp256k1" => "private key: secp256k1",
            _ => "chain",
        };
        expect(&pack(name, &[]), (*name).to_owned(), expected);
    }
    for (cipher, expected) in [
        ("PBE-SHA1-RC4-128", "encryption: SHA-1 RC4-128"),
        ("PBE-SHA1-RC4-40", "encryption: SHA-1 RC4-40"),
        ("PBE-MD5-DES", "encryption: PBES1 MD5 DES"),
    ] {
        let path = pack("rsa", &["-certpbe", cipher]);
        expect(&path, cipher.to_owned(), expected);
    }
    let path = pack("rsa", &["-macalg", "md5"]);
    expect(&path, "md5".to_owned(), "check value: MD5");
    let path = pack("rsa", &["-certpbe", "NONE", "-keypbe", "NONE", "-nomac"]);
    expect(&path, "nothing shut".to_owned(), "NoMac");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn files_of(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".p12"))
        .collect();
    names.sort();
    names
}

/// The folder of the installed package.
fn vectors() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python3");
    for python in [own.as_path(), Path::new("python3")] {
        let output = Command::new(python)
            .args([
                "-c",
                "import cryptography_vectors as v; print(v.__path__[0])",
            ])
            .output();
        if let Ok(output) = output
            && output.status.success()
        {
            return PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end());
        }
    }
    panic!("the Python package cryptography-vectors is not installed: run .ci/setup test");
}

const OPENS: &str = "opens";
const PASSWORD: &str = "ひみつ𠮷";
const PASSWORD_ARGUMENT: &str = "pass:ひみつ𠮷";
const CIPHERS: [&str; 7] = [
    "PBE-SHA1-RC2-40",
    "PBE-SHA1-RC2-128",
    "PBE-SHA1-2DES",
    "PBE-SHA1-3DES",
    "AES-128-CBC",
    "AES-192-CBC",
    "AES-256-CBC",
];
/// Names, and how OpenSSL makes a key of the kind.
const KEYS: &[(&str, &[&str])] = &[
    ("rsa", &["-algorithm", "RSA"]),
    (
        "p256",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ),
    (
        "p384",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    ),
    (
        "p521",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    ),
    (
        "secp256k1",
        &[
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:secp256k1",
        ],
    ),
    ("ed25519", &["-algorithm", "ED25519"]),
];
