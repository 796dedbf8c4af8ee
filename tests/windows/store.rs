//! Into the current user's store, and out of it.

use std::cell::Cell;
use std::rc::Rc;

use noticert::domain::{CertificatePassword, KeyMaterial, Pkcs12, Pkcs12Form, VerifiedCredential};
use noticert::installer::{
    CertificateStore, ImportOptions, InstallError, Installed, KeyRules, Pkcs12Writer, Proof,
    WindowsStore, WriteError, install,
};
use noticert::workflow::CredentialWriter;

use super::support::invented::hundred_certificates;
use super::{credential, name, openssl, plain, store, support, turn, verified};

#[test]
fn an_installed_certificate_is_there_with_its_name_and_its_key_signs() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let installed = install(&mut store(), &credential, &name()).unwrap();
    assert_eq!(
        installed,
        Installed {
            fingerprint: credential.facts().fingerprint,
            already: false,
            proof: Proof::Signed,
        }
    );
    let der = &credential.material().end_entity;
    let stored = plain::in_store("MY", der).unwrap();
    assert_eq!(stored.friendly_name.as_deref(), Some("受付1号機"));
    assert!(plain::exists(&stored.key.unwrap()));
    assert!(openssl_verifies(der, "signed by the store"));
    assert_eq!(plain::everything_in("MY").len(), 1);
}

#[test]
fn every_form_that_sites_send_goes_in() {
    let _turn = turn();
    for file in [
        "rc2-40-sha1",
        "3des-sha1",
        "aes-256-sha256",
        "certificates-in-clear",
        "in-pieces-3des",
    ] {
        let credential = credential(file);
        let mut store = store();
        // These carry the mark of practice, which `install` refuses; the import itself does not look at it.
        store
            .import(&credential, &name())
            .unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let fingerprint = credential.facts().fingerprint;
        let stored = plain::in_store("MY", &credential.material().end_entity);
        let key = stored.unwrap().key.unwrap();
        assert_eq!(store.prove(&fingerprint).unwrap(), Proof::Signed, "{file}");
        store.remove(&fingerprint).unwrap();
        assert!(plain::everything_in("MY").is_empty(), "{file}");
        assert!(!plain::exists(&key), "{file}");
    }
}

#[test]
fn a_practice_certificate_does_not_enter() {
    let _turn = turn();
    let error = install(&mut store(), &credential("aes-256-sha256"), &name()).unwrap_err();
    assert!(matches!(error, InstallError::PracticeCertificate));
    assert!(plain::everything_in("MY").is_empty());
}

#[test]
fn installing_twice_changes_nothing() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    install(&mut store(), &credential, &name()).unwrap();
    let before = plain::everything_in("MY");
    let again = install(&mut store(), &credential, &"another".parse().unwrap()).unwrap();
    assert!(again.already);
    assert_eq!(plain::everything_in("MY"), before);
}

#[test]
fn a_certificate_whose_key_is_gone_is_listed_so_and_gets_it_again() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let fingerprint = credential.facts().fingerprint;
    install(&mut store(), &credential, &name()).unwrap();
    let stored = plain::in_store("MY", &credential.material().end_entity).unwrap();
    plain::delete(&stored.key.unwrap());

    let listed = store().list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].facts.fingerprint, fingerprint);
    assert_eq!(listed[0].facts.friendly_name.as_deref(), Some("受付1号機"));
    assert!(!listed[0].has_key);
    assert!(matches!(
        store().prove(&fingerprint),
        Err(InstallError::NoKey { .. })
    ));

    let installed = install(&mut store(), &credential, &name()).unwrap();
    assert!(!installed.already);
    assert!(store().list().unwrap()[0].has_key);
    assert!(openssl_verifies(
        &credential.material().end_entity,
        "signed anew"
    ));
}

#[test]
fn removal_takes_the_certificate_and_its_key_and_nothing_else() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let fingerprint = credential.facts().fingerprint;
    install(&mut store(), &credential, &name()).unwrap();
    let key = plain::everything_in("MY").remove(0).key.unwrap();
    store().remove(&fingerprint).unwrap();
    assert!(plain::everything_in("MY").is_empty());
    assert!(!plain::exists(&key));
    assert!(matches!(
        store().remove(&fingerprint),
        Err(InstallError::NotFound { .. })
    ));
}

#[test]
fn a_key_that_another_certificate_uses_stays() {
    let _turn = turn();
    let mut store = store();
    // Wine keeps all imported keys in one container, as an MPKI renewal with the same key would.
    let (first, second) = (credential("aes-256-sha256"), credential("without-the-mark"));
    store.import(&first, &name()).unwrap();
    store.import(&second, &name()).unwrap();
    let keys: Vec<_> = plain::everything_in("MY")
        .into_iter()
        .map(|stored| stored.key.unwrap())
        .collect();
    assert_eq!(
        keys[0], keys[1],
        "this test needs two certificates on one key"
    );
    store.remove(&first.facts().fingerprint).unwrap();
    assert!(plain::exists(&keys[0]));
    assert_eq!(
        store.prove(&second.facts().fingerprint).unwrap(),
        Proof::Signed
    );
}

/// Wine keeps all imported keys in one container, so a second import puts its key in the place of the first.
#[test]
fn another_key_in_the_place_of_the_certificates_own_is_found_out() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let fingerprint = credential.facts().fingerprint;
    let installed = install(&mut store(), &credential, &name()).unwrap();
    assert_eq!(installed.proof, Proof::Signed);
    let other = std::fs::read(support::fixture("credentials/weak-key.p12")).unwrap();
    plain::import_key(&other, "2468");
    let error = store().prove(&fingerprint).unwrap_err();
    assert!(
        matches!(&error, InstallError::WrongKey { fingerprint: of } if *of == fingerprint),
        "{error:?}"
    );
}

#[test]
fn how_the_key_is_kept_is_told() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    install(&mut store(), &credential, &name()).unwrap();
    let rules = store().key_rules(&credential.facts().fingerprint).unwrap();
    assert_eq!(
        rules,
        KeyRules {
            exportable: Some(true),
            asks: Some(false),
            trusted: Some(true),
        }
    );
}

#[test]
fn the_question_about_the_root_is_announced_and_an_intermediate_goes_to_its_own_store() {
    let _turn = turn();
    let credential = with_intermediate(&credential("without-the-mark"));
    let words = store().forewarn(&credential).unwrap();
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words[0].ja.contains("セキュリティ警告"), "{}", words[0].ja);
    assert!(words[0].ja.contains("Online Billing NW Common Root CA"));

    let root = credential.material().chain.last().unwrap();
    assert!(plain::in_store("ROOT", root).is_none());
    store().import(&credential, &name()).unwrap();
    // Wine asks nobody, and forgets the root when this process ends.
    assert!(plain::in_store("ROOT", root).is_some());
    assert!(store().forewarn(&credential).unwrap().is_empty());
    let intermediate = &credential.material().chain[0];
    assert!(plain::in_store("CA", intermediate).is_some());
    assert!(plain::in_store("MY", intermediate).is_none());
    assert!(plain::in_store("CA", root).is_none());
    assert!(plain::in_store("MY", root).is_none());
}

#[test]
fn of_a_hundred_certificates_only_its_own_path_goes_in() {
    let _turn = turn();
    let credential = verified(hundred_certificates());
    let [root] = credential.material().chain.as_slice() else {
        panic!("one root, no intermediate");
    };
    let roots = || -> Vec<Vec<u8>> {
        let all = plain::everything_in("ROOT").into_iter();
        all.map(|stored| stored.der).collect()
    };
    let before = roots();
    assert_eq!(store().forewarn(&credential).unwrap().len(), 1);
    install(&mut store(), &credential, &name()).unwrap();
    let new: Vec<_> = roots()
        .into_iter()
        .filter(|der| !before.contains(der))
        .collect();
    assert_eq!(new, [root.clone()]);
    assert!(plain::everything_in("CA").is_empty());
    assert_eq!(plain::everything_in("MY").len(), 1);
    assert_eq!(
        store().prove(&credential.facts().fingerprint).unwrap(),
        Proof::Signed
    );
}

#[test]
fn what_an_import_put_in_above_the_certificate_is_taken_back_and_nothing_that_was_there() {
    let _turn = turn();
    let credential = with_intermediate(&credential("without-the-mark"));
    let chain = credential.material().chain.clone();
    let (intermediate, root) = (&chain[0], &chain[1]);
    let mut first = store();
    first.import(&credential, &name()).unwrap();
    assert!(plain::in_store("ROOT", root).is_some());
    assert!(plain::in_store("CA", intermediate).is_some());
    first.take_back().unwrap();
    assert!(plain::in_store("ROOT", root).is_none());
    assert!(plain::in_store("CA", intermediate).is_none());
    assert_eq!(plain::everything_in("MY").len(), 1);

    // Now trusted by another import, they are not the second one's to take out.
    first.complete(&credential).unwrap();
    first.remove(&credential.facts().fingerprint).unwrap();
    let mut second = store();
    second.import(&credential, &name()).unwrap();
    second.take_back().unwrap();
    assert!(plain::in_store("ROOT", root).is_some());
    assert!(plain::in_store("CA", intermediate).is_some());
}

#[test]
fn a_windows_that_cannot_read_aes_gets_the_older_form_and_the_person_a_word() {
    let _turn = turn();
    let written = Rc::new(Cell::new(0));
    let old = || {
        let writer = Counting(Rc::clone(&written));
        WindowsStore::of_current_user(ImportOptions::WithoutExtendedProperties, Box::new(writer))
            .as_before_1709()
    };
    let aes = credential("without-the-mark");
    let words = old().forewarn(&aes).unwrap();
    assert!(
        words.iter().any(|word| word.ja.contains("AES")),
        "{words:?}"
    );
    let installed = install(&mut old(), &aes, &name()).unwrap();
    assert_eq!(installed.proof, Proof::Signed);
    assert_eq!(written.get(), 1);
    old().remove(&aes.facts().fingerprint).unwrap();

    let triple_des = credential("3des-sha1");
    assert!(
        !old()
            .forewarn(&triple_des)
            .unwrap()
            .iter()
            .any(|word| word.ja.contains("AES"))
    );
    old().import(&triple_des, &name()).unwrap();
    assert_eq!(written.get(), 1, "an older file goes in as received");
}

/// Counts the files that had to be written anew.
struct Counting(Rc<Cell<u32>>);

impl Pkcs12Writer for Counting {
    fn write(
        &self,
        material: &KeyMaterial,
        name: &str,
        password: &CertificatePassword,
        form: Pkcs12Form,
    ) -> Result<Pkcs12, WriteError> {
        assert_eq!(form, Pkcs12Form::Legacy);
        self.0.set(self.0.get() + 1);
        CredentialWriter.write(material, name, password, form)
    }

    fn form_of(&self, pkcs12: &Pkcs12) -> Option<Pkcs12Form> {
        CredentialWriter.form_of(pkcs12)
    }

    fn read(
        &self,
        pkcs12: &Pkcs12,
        password: &CertificatePassword,
    ) -> Result<KeyMaterial, WriteError> {
        CredentialWriter.read(pkcs12, password)
    }
}

/// The same credential with an invented authority between its own and itself.
pub fn with_intermediate(credential: &VerifiedCredential) -> VerifiedCredential {
    let mut params = rcgen::CertificateParams::default();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "invented intermediate");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root_key = rcgen::KeyPair::generate().unwrap();
    let root = rcgen::CertifiedIssuer::self_signed(
        {
            let mut params = rcgen::CertificateParams::default();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, "another invented root");
            params
        },
        root_key,
    )
    .unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let intermediate = params.signed_by(&key, &root).unwrap();
    let mut material = credential.material().clone();
    material.chain.insert(0, intermediate.der().to_vec());
    VerifiedCredential::attest(
        credential.pkcs12().clone(),
        credential.password().clone(),
        credential.facts().clone(),
        material,
    )
}

/// Whether OpenSSL finds that the stored key belongs to its certificate.
pub fn openssl_verifies(certificate: &[u8], message: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("certificate.der"), certificate).unwrap();
    std::fs::write(path("message"), message).unwrap();
    std::fs::write(
        path("signature"),
        plain::signature(certificate, message.as_bytes()),
    )
    .unwrap();
    let openssl = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        openssl(folder.path(), &arguments)
    };
    openssl("x509 -in certificate.der -inform DER -noout -pubkey -out key.pem");
    openssl("dgst -sha1 -verify key.pem -signature signature message").contains("Verified OK")
}
