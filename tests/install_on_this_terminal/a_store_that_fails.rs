//! Stores that fail on purpose: what `install` makes of them.

use super::*;

#[test]
fn an_import_that_failed_halfway_is_undone() {
    for fault in [Fault::AfterCertificate, Fault::AfterKey, Fault::NoProof] {
        let mut store = FailingStore::with(fault);
        let error = install(&mut store, &credential("aes-256-sha256"), &name("受付"));
        assert!(error.is_err(), "{fault:?}");
        assert_eq!(store.held, before(), "{fault:?}");
    }
}

#[test]
fn what_an_import_put_in_above_the_certificate_is_taken_back_when_the_key_does_not_sign() {
    let mut store = FailingStore::with(Fault::NoProof);
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(matches!(error, InstallError::WrongKey { .. }), "{error:?}");
    assert!(!store.has_root);
    // And when the certificate itself cannot be taken out, its root is all the same.
    let mut store = FailingStore::with(Fault::NoProof);
    store.refuses_removal = true;
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(matches!(error, InstallError::NotUndone { .. }), "{error:?}");
    assert!(!store.has_root);
}

#[test]
fn a_certificate_that_was_there_stays_when_it_cannot_be_completed() {
    let mut store = FailingStore::with(Fault::Nothing);
    let error = install(&mut store, &credential("elliptic-curve"), &name("受付")).unwrap_err();
    let InstallError::NotCompleted { first } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(*first, InstallError::RootNotAccepted));
    assert_eq!(store.held, before());
}

#[test]
fn an_import_that_only_says_it_worked_is_not_believed() {
    let mut store = FailingStore::with(Fault::Nothing);
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(
        matches!(error, InstallError::NotThereAfterImport { .. }),
        "{error:?}"
    );
}

#[test]
fn remains_that_cannot_be_removed_are_told_with_the_first_error() {
    let mut store = FailingStore::with(Fault::AfterCertificate);
    store.refuses_removal = true;
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    let InstallError::NotUndone { first, .. } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(*first, InstallError::ToolFailed { .. }));
}

#[test]
fn a_store_of_browsers_refuses_practice_before_anything_happens() {
    let mut store = FailingStore::with(Fault::AfterKey);
    store.is_system = true;
    let error = install(&mut store, &credential("aes-256-sha256"), &name("受付")).unwrap_err();
    assert!(matches!(error, InstallError::PracticeCertificate));
    assert!(!store.was_asked);
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Says that it worked and does nothing.
    Nothing,
    AfterCertificate,
    AfterKey,
    NoProof,
}

/// Holds fingerprints; true where the key is there too.
struct FailingStore {
    held: Vec<(Fingerprint, bool)>,
    certificates: Vec<InstalledCertificate>,
    fault: Fault,
    is_system: bool,
    refuses_removal: bool,
    was_asked: bool,
    /// Whether the root of an import is trusted.
    has_root: bool,
}

fn before() -> Vec<(Fingerprint, bool)> {
    vec![(credential("elliptic-curve").facts().fingerprint, true)]
}

fn installed(credential: &VerifiedCredential, has_key: bool) -> InstalledCertificate {
    InstalledCertificate {
        facts: credential.facts().clone(),
        der: credential.material().end_entity.clone(),
        has_key,
    }
}

impl FailingStore {
    fn with(fault: Fault) -> Self {
        Self {
            held: before(),
            certificates: vec![installed(&credential("elliptic-curve"), true)],
            fault,
            is_system: false,
            refuses_removal: false,
            was_asked: false,
            has_root: false,
        }
    }
}

impl CertificateStore for FailingStore {
    fn describe(&self) -> Text {
        Text::new("壊れた保管場所", "a broken store")
    }

    fn is_system(&self) -> bool {
        self.is_system
    }

    fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
        self.was_asked = true;
        Ok(self.certificates.clone())
    }

    fn import(
        &mut self,
        credential: &VerifiedCredential,
        _name: &TerminalName,
    ) -> Result<(), InstallError> {
        let has_key = match self.fault {
            Fault::Nothing => return Ok(()),
            Fault::AfterCertificate => false,
            Fault::AfterKey | Fault::NoProof => true,
        };
        self.held.push((credential.facts().fingerprint, has_key));
        self.certificates.push(installed(credential, has_key));
        match self.fault {
            Fault::NoProof => {
                self.has_root = true;
                Ok(())
            }
            _ => Err(InstallError::ToolFailed {
                tool: "a broken program",
                status: Some(1),
                said: "pulled out".to_owned(),
            }),
        }
    }

    fn take_back(&mut self) -> Result<(), InstallError> {
        self.has_root = false;
        Ok(())
    }

    fn complete(&mut self, _credential: &VerifiedCredential) -> Result<(), InstallError> {
        Err(InstallError::RootNotAccepted)
    }

    fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError> {
        if self.refuses_removal {
            return Err(InstallError::NoKey {
                fingerprint: *fingerprint,
            });
        }
        self.held.retain(|(held, _)| held != fingerprint);
        self.certificates
            .retain(|held| held.facts.fingerprint != *fingerprint);
        Ok(())
    }

    fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
        Err(InstallError::WrongKey {
            fingerprint: *fingerprint,
        })
    }

    fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
        Err(InstallError::NotExportable {
            fingerprint: *fingerprint,
        })
    }

    fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
        Err(InstallError::NoKey {
            fingerprint: *fingerprint,
        })
    }
}
