//! What the workflow does with the account's store over its ledger: `remove-old`, `undo-remove`,
//! `backup --from-store`. The ledger is sealed for the account by DPAPI, as on a terminal.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use noticert::config::Config;
use noticert::credential::{self, Expected};
use noticert::custody::WorkFactor;
use noticert::domain::{CertificatePassword, Crop, Pkcs12Form, Text, VerifiedCredential};
use noticert::installer::{ImportOptions, install};
use noticert::workflow::{
    BackupRequest, Desk, Destination, Error, Person, PersonError, Progress, Question, RemoveError,
    Standing, Stop, WaitsFor, open_ledger,
};
use secrecy::{ExposeSecret, SecretString};

use super::store::openssl_verifies;
use super::{credential, name, openssl, plain, stick, store, turn};

#[test]
fn a_valid_certificate_goes_by_a_typed_word_alone_and_comes_back_with_its_key() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let credential = credential("without-the-mark");
    let der = &credential.material().end_entity;
    let fingerprint = credential.facts().fingerprint.to_string();
    let named = [fingerprint[..16].to_owned()];
    install(&mut store(), &credential, &name()).unwrap();
    let before = plain::in_store("MY", der).unwrap();

    let unforced = at_the_desk(folder.path(), &[], |desk, to| {
        desk.remove_old(to, &named, false)
            .unwrap()
            .outcomes
            .remove(0)
    });
    assert!(matches!(
        unforced,
        Err(Error::Remove(RemoveError::StillValid { .. }))
    ));
    let declined = at_the_desk(folder.path(), &["y"], |desk, to| {
        desk.remove_old(to, &named, true)
            .unwrap()
            .outcomes
            .remove(0)
    });
    assert!(matches!(
        declined,
        Err(Error::Remove(RemoveError::Declined))
    ));
    assert_eq!(plain::everything_in("MY"), [before.clone()]);

    let removed = at_the_desk(folder.path(), &["削除する"], |desk, to| {
        desk.remove_old(to, &named, true)
            .unwrap()
            .outcomes
            .remove(0)
    });
    assert_eq!(removed.unwrap().fingerprint, credential.facts().fingerprint);
    assert!(plain::everything_in("MY").is_empty());
    assert!(!plain::exists(before.key.as_ref().unwrap()));

    let back = at_the_desk(folder.path(), &[], |desk, to| desk.undo_remove(to, None));
    assert_eq!(back.unwrap().fingerprint, credential.facts().fingerprint);
    let after = plain::in_store("MY", der).unwrap();
    assert_eq!(after.friendly_name.as_deref(), Some("受付1号機"));
    assert!(plain::exists(&after.key.unwrap()));
    assert!(openssl_verifies(der, "signed after it came back"));
    let again = at_the_desk(folder.path(), &[], |desk, to| desk.undo_remove(to, None));
    assert!(matches!(
        again,
        Err(Error::Remove(RemoveError::NothingToUndo))
    ));
}

#[test]
fn an_expired_certificate_goes_after_the_new_one_is_backed_up_and_comes_back() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let new = credential("without-the-mark");
    let old = expired_with_the_key_of(&new);
    let (old_der, new_der) = (&old.material().end_entity, &new.material().end_entity);
    // Wine keeps all imported keys in one container, so two certificates are usable at once on one key only.
    install(&mut store(), &old, &"古い端末".parse().unwrap()).unwrap();

    // Alone it stays: no valid one is there.
    let standing = at_the_desk(folder.path(), &[], |desk, to| {
        let run = desk.remove_old(to, &[], false).unwrap();
        assert!(run.outcomes.is_empty(), "{:?}", run.outcomes);
        run.found[0].standing.clone()
    });
    assert_eq!(standing, Standing::Waits(WaitsFor::Successor));
    install(&mut store(), &new, &name()).unwrap();
    let standing = at_the_desk(folder.path(), &[], |desk, to| {
        desk.remove_old(to, &[], false).unwrap().found[0]
            .standing
            .clone()
    });
    assert_eq!(standing, Standing::Waits(WaitsFor::Backup));
    assert_eq!(plain::everything_in("MY").len(), 2);

    back_up_from_the_store(folder.path());
    let outcomes = at_the_desk(folder.path(), &["y"], |desk, to| {
        desk.remove_old(to, &[], false).unwrap().outcomes
    });
    let removed = outcomes.into_iter().next().unwrap().unwrap();
    assert_eq!(removed.fingerprint, old.facts().fingerprint);
    assert!(plain::in_store("MY", old_der).is_none());
    assert!(openssl_verifies(new_der, "the new one signs all the same"));

    let back = at_the_desk(folder.path(), &[], |desk, to| desk.undo_remove(to, None));
    assert_eq!(back.unwrap().fingerprint, old.facts().fingerprint);
    let after = plain::in_store("MY", old_der).unwrap();
    assert_eq!(after.friendly_name.as_deref(), Some("古い端末"));
    assert!(openssl_verifies(old_der, "and the old one again"));
}

#[test]
fn a_certificate_that_the_ledger_does_not_know_is_backed_up_from_the_store() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let credential = credential("without-the-mark");
    install(&mut store(), &credential, &name()).unwrap();
    let copy = back_up_from_the_store(folder.path());

    // OpenSSL opens the copy with the password that was chosen, and finds the certificate and its key.
    fs::copy(copy, folder.path().join("copy.p12")).unwrap();
    let printed = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        openssl(folder.path(), &arguments)
    };
    printed("pkcs12 -in copy.p12 -legacy -passin pass:7391 -nodes -out opened.pem");
    fs::write(
        folder.path().join("certificate.der"),
        &credential.material().end_entity,
    )
    .unwrap();
    assert_eq!(
        printed("x509 -in opened.pem -noout -fingerprint -sha256"),
        printed("x509 -in certificate.der -inform DER -noout -fingerprint -sha256")
    );
    assert_eq!(
        printed("pkey -in opened.pem -pubout"),
        printed("x509 -in certificate.der -inform DER -noout -pubkey")
    );
    // Known now: there is nothing more to take.
    let again = at_the_desk(folder.path(), &[], |desk, to| {
        desk.take_from_store(to, Some("7391".into()))
    });
    assert!(
        matches!(again, Err(Error::NothingWaits { .. })),
        "{again:?}"
    );
}

/// Takes what the ledger does not know out of the store and onto an empty stick; its password is on paper. Gives
/// the copy.
fn back_up_from_the_store(data: &Path) -> std::path::PathBuf {
    let stick = stick();
    at_the_desk(data, &["7391"], |desk, from| {
        let taken = desk.take_from_store(from, Some("7391".into())).unwrap();
        assert_eq!(taken.len(), 1);
        let request = BackupRequest {
            terminals: &[],
            to: &stick,
            sealed: false,
            passphrase: None,
            work: WorkFactor::RANDOM_PASSPHRASE,
            home: None,
            program: None,
            with_program: false,
        };
        let mut run = desk.back_up(request).unwrap();
        assert_eq!((run.aside.is_none(), run.without_paper), (true, 0));
        run.outcomes.remove(0).result.unwrap().p12
    })
}

/// A certificate of the same terminal on the same key that expired, from an authority of its own.
fn expired_with_the_key_of(credential: &VerifiedCredential) -> VerifiedCredential {
    let named = |common_name: &str| {
        let mut params = rcgen::CertificateParams::default();
        let name = &mut params.distinguished_name;
        *name = rcgen::DistinguishedName::new();
        name.push(rcgen::DnType::CountryName, "JP");
        name.push(rcgen::DnType::OrganizationName, "架空の認証局");
        name.push(rcgen::DnType::CommonName, common_name);
        params.not_before = rcgen::date_time_ymd(2023, 8, 20);
        params
    };
    let mut root = named("Online Billing NW Common Root CA");
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.not_after = rcgen::date_time_ymd(2040, 1, 1);
    let root_key = rcgen::KeyPair::generate().unwrap();
    let root = rcgen::CertifiedIssuer::self_signed(root, root_key).unwrap();
    let facts = credential.facts();
    let mut leaf = named(facts.subject_common_name.as_deref().unwrap());
    leaf.not_after = rcgen::date_time_ymd(2026, 11, 20);
    leaf.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    // Exposed to certify its public half.
    let pkcs8 = credential.material().private_key.expose_secret();
    let key = rcgen::KeyPair::try_from(pkcs8.as_slice()).unwrap();
    let leaf = leaf.signed_by(&key, &root).unwrap();
    let mut material = credential.material().clone();
    material.end_entity = leaf.der().to_vec();
    material.chain = vec![root.der().to_vec()];
    let password: CertificatePassword = "2468".parse().unwrap();
    let written = credential::write(&material, "", &password, Pkcs12Form::Legacy).unwrap();
    let config = Config::default();
    let expected = Expected {
        letter: None,
        issuer_family: &config.certificate.issuer_family,
        key_derivation_rounds: config.limits.key_derivation_rounds,
    };
    let then = "2025-11-21T03:00:00Z".parse().unwrap();
    credential::examine(written, &password, &expected, then)
        .unwrap()
        .into_verified()
        .unwrap()
}

/// Lets `act` work with the ledger in `data` and the account's store, while a person types `lines`, each of them.
fn at_the_desk<T>(
    data: &Path,
    lines: &[&str],
    act: impl FnOnce(&mut Desk<'_>, &Destination) -> T,
) -> T {
    let data = data.join("data");
    let config = Config::default();
    let mut person = Typing(lines.iter().map(|&line| line.to_owned()).collect());
    let work = WorkFactor::RANDOM_PASSPHRASE;
    let ledger = open_ledger(&data, None, work, &mut person, now()).unwrap();
    let stop = Stop::default();
    let mut desk = Desk {
        ledger,
        config: &config,
        person: &mut person,
        progress: &Silent,
        clock: &now,
        stop: &stop,
    };
    let destination = Destination::Browsers {
        home: data,
        options: ImportOptions::WithoutExtendedProperties,
    };
    let done = act(&mut desk, &destination);
    drop(desk);
    assert!(person.0.is_empty(), "nobody asked for {:?}", person.0);
    done
}

/// The day of the fixtures.
fn now() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

/// Types what was laid down, whatever is asked.
struct Typing(VecDeque<String>);

impl Typing {
    fn next(&mut self) -> Result<SecretString, PersonError> {
        let typed = self.0.pop_front().ok_or(PersonError::BrokenOff)?;
        Ok(typed.into())
    }
}

impl Person for Typing {
    fn is_present(&self) -> bool {
        true
    }

    fn tell(&mut self, _message: &Text) {}

    fn key(&mut self, _question: &Question) -> Result<SecretString, PersonError> {
        self.next()
    }

    fn key_hidden(&mut self, _prompt: &Text) -> Result<SecretString, PersonError> {
        self.next()
    }

    fn show(&mut self, _crop: &Crop, _caption: &Text) {}
}

struct Silent;

impl Progress for Silent {
    fn step(&self, _message: &Text) {}

    fn count(&self, _done: usize, _total: Option<usize>, _what: &Text) {}
}
