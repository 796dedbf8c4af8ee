//! `remove-old` and `undo-remove`: expired certificates leave a store, and come back where that was wrong.
//!
//! An expired certificate is offered only after the new one signed a challenge in the same store and its back-up was
//! read back; a valid one never is (design rule 5). Before anything is taken out, a copy with its key is sealed in the
//! ledger, and where the new certificate no longer signs afterwards, the old one is put back at once.

use secrecy::ExposeSecret;
use thiserror::Error;

use crate::credential;
use crate::domain::{CertificatePassword, Fingerprint, Pkcs12, TerminalName, Text, japan_date};
use crate::installer::{self, CertificateStore, InstallError, Proof};
use crate::ledger::{Actor, Event, Removal, Removing};

use super::Desk;
use super::error::{Error, StoreStep};
use super::installing::{Destination, exported_file};
use super::person::{PersonError, Question};
use super::retrieving::is_yes;
use super::surveying::{Standing, Surveyed, WaitsFor, label, survey};

/// Why nothing was removed or put back.
#[derive(Debug, Error)]
pub enum RemoveError {
    /// It is valid.
    #[error("the certificate is valid until {last}")]
    StillValid {
        /// What it is called.
        name: String,
        /// Its last day.
        last: jiff::civil::Date,
    },
    /// It expired, and something has to be done before it goes.
    #[error("the certificate stays for now")]
    Waits {
        /// What it is called.
        name: String,
        /// What it waits for.
        what: WaitsFor,
    },
    /// No copy that undoes the removal can be made, so that it is not removed.
    #[error("no copy of the certificate can be made")]
    NoUndoCopy {
        /// What it is called.
        name: String,
        /// Why.
        #[source]
        source: InstallError,
    },
    /// No certificate of the service in the store begins with this fingerprint, or several do.
    #[error("{matches} certificates of the service answer to {text:?}")]
    NotOne {
        /// What was typed.
        text: String,
        /// How many.
        matches: usize,
    },
    /// The person did not say the word.
    #[error("nothing was removed")]
    Declined,
    /// The new certificate stopped signing after the old one was gone; the old one was put back.
    #[error("the new certificate no longer signs; the old one was put back")]
    PutBack {
        /// What the new one is called.
        name: String,
    },
    /// There is no removal from this store to undo.
    #[error("there is nothing to put back")]
    NothingToUndo,
}

/// A certificate that was removed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Removed {
    /// What it was called.
    pub name: String,
    /// Its last day.
    pub last: jiff::civil::Date,
    /// The certificate.
    pub fingerprint: Fingerprint,
}

/// What `remove-old` found and did.
#[derive(Debug)]
pub struct RemovalRun {
    /// The store, for people.
    pub store: Text,
    /// Every certificate of the service before anything was removed.
    pub found: Vec<Surveyed>,
    /// What was tried, each with its outcome.
    pub outcomes: Vec<Result<Removed, Error>>,
}

impl Desk<'_> {
    /// Lists the service's certificates in a store.
    pub fn survey(&self, destination: &Destination) -> Result<(Text, Vec<Surveyed>), Error> {
        let mut store = destination.open();
        let found = survey(store.as_mut(), Some(&self.ledger), self.config, self.now())?;
        Ok((store.describe(), found))
    }

    /// Offers the expired certificates, or removes those whose fingerprints begin as named.
    ///
    /// `force` lets a named one go that is valid or waits for something, after a typed word.
    pub fn remove_old(
        &mut self,
        destination: &Destination,
        named: &[String],
        force: bool,
    ) -> Result<RemovalRun, Error> {
        let (store, found) = self.survey(destination)?;
        let mut outcomes = self.finish_removals(destination, &found)?;
        let chosen: Vec<Result<&Surveyed, Error>> = match named.is_empty() {
            true => found
                .iter()
                .filter(|one| matches!(one.standing, Standing::Removable { .. }))
                .map(Ok)
                .collect(),
            false => named.iter().map(|text| named_among(&found, text)).collect(),
        };
        for certificate in chosen {
            if self.stop.is_wanted() {
                return Err(Error::Interrupted);
            }
            outcomes.push(
                certificate
                    .and_then(|certificate| self.remove_one(destination, certificate, force)),
            );
        }
        Ok(RemovalRun {
            store,
            found,
            outcomes,
        })
    }

    /// Takes out what an interrupted removal left without its key. A person said yes to it, and its copy is sealed.
    fn finish_removals(
        &mut self,
        destination: &Destination,
        found: &[Surveyed],
    ) -> Result<Vec<Result<Removed, Error>>, Error> {
        let is_half_gone = |one: &&Surveyed| one.standing == Standing::Waits(WaitsFor::Key);
        let half_gone: Vec<&Surveyed> = found.iter().filter(is_half_gone).collect();
        if half_gone.is_empty() {
            return Ok(Vec::new());
        }
        let begun = self.ledger.removals(&destination.id())?;
        let mut store = destination.open();
        Ok(half_gone
            .into_iter()
            .map(|one| &one.facts)
            .filter(|facts| {
                begun
                    .iter()
                    .any(|removal| removal.removing.fingerprint == facts.fingerprint)
            })
            .map(|facts| {
                store
                    .remove(&facts.fingerprint)
                    .map_err(|source| Error::store(StoreStep::Removing, source))?;
                Ok(Removed {
                    name: label(facts),
                    last: japan_date(facts.not_after),
                    fingerprint: facts.fingerprint,
                })
            })
            .collect())
    }

    fn remove_one(
        &mut self,
        destination: &Destination,
        certificate: &Surveyed,
        force: bool,
    ) -> Result<Removed, Error> {
        let (name, last) = (
            label(&certificate.facts),
            japan_date(certificate.facts.not_after),
        );
        match &certificate.standing {
            Standing::InUse | Standing::OtherCode | Standing::OldCode { .. } if !force => {
                return Err(RemoveError::StillValid { name, last }.into());
            }
            Standing::Waits(what) if !force => {
                return Err(RemoveError::Waits { name, what: *what }.into());
            }
            _ => {}
        }
        let mut store = destination.open();
        let fingerprint = certificate.facts.fingerprint;
        // Before anybody is asked: what cannot be put back is not removed, whatever they say.
        let (copy, password) = undo_copy(store.as_mut(), &fingerprint, &name)?;
        let successor = match &certificate.standing {
            Standing::Removable { successor } => {
                self.consent(&name, last)?;
                Some(*successor)
            }
            _ => {
                self.consent_by_word(certificate, &name, last)?;
                None
            }
        };
        self.seal_undo_copy((&copy, &password), destination, certificate, &name)?;
        store
            .remove(&fingerprint)
            .map_err(|source| Error::store(StoreStep::Removing, source))?;
        if let Some(successor) = successor
            && !matches!(store.prove(&successor), Ok(Proof::Signed))
        {
            self.undo_remove(destination, Some(&fingerprint.to_string()))?;
            return Err(RemoveError::PutBack { name }.into());
        }
        Ok(Removed {
            name,
            last,
            fingerprint,
        })
    }

    fn seal_undo_copy(
        &mut self,
        (copy, password): (&Pkcs12, &CertificatePassword),
        destination: &Destination,
        certificate: &Surveyed,
        name: &str,
    ) -> Result<(), Error> {
        let facts = &certificate.facts;
        let now = self.now();
        let record = match &certificate.record {
            Some(record) => record.id,
            // A line of its own: what the ledger never held is still a removal of this PC.
            None => self.ledger.new_record(now)?,
        };
        self.ledger
            .begin_removal(record, copy, password, now, |undo, password| Removing {
                store: destination.id(),
                fingerprint: facts.fingerprint,
                name: name.to_owned(),
                issuer: facts.issuer_common_name.clone().unwrap_or_default(),
                not_after: facts.not_after,
                undo,
                password,
            })?;
        Ok(())
    }

    /// Puts back what was removed last from a store, or the one whose fingerprint begins as named.
    pub fn undo_remove(
        &mut self,
        destination: &Destination,
        named: Option<&str>,
    ) -> Result<Removed, Error> {
        let store_id = destination.id();
        let removals = self.ledger.removals(&store_id)?;
        let removal = removals
            .into_iter()
            .find(|removal| named.is_none_or(|named| begins(&removal.removing.fingerprint, named)));
        let Some(removal) = removal else {
            return Err(RemoveError::NothingToUndo.into());
        };
        self.put_back(destination, &removal)?;
        let Removing {
            name,
            fingerprint,
            not_after,
            ..
        } = removal.removing;
        let event = Event::PutBack {
            store: store_id,
            fingerprint,
        };
        self.ledger
            .append(removal.record, self.now(), Actor::Person, event)?;
        Ok(Removed {
            name,
            last: japan_date(not_after),
            fingerprint,
        })
    }

    fn put_back(&mut self, destination: &Destination, removal: &Removal) -> Result<(), Error> {
        let removing = &removal.removing;
        let (copy, password) = self.ledger.undo_copy(removal)?;
        // It goes back as it was: judged by its own issuer, on the last day on which it was valid.
        let issuer = [removing.issuer.clone()];
        let expected = credential::Expected {
            letter: None,
            issuer_family: &issuer,
            key_derivation_rounds: self.config.limits.key_derivation_rounds,
        };
        let day = self.now().min(removing.not_after);
        let verified = credential::examine(copy, &password, &expected, day)?.into_verified()?;
        let name: TerminalName = removing
            .name
            .parse()
            .or_else(|_| removing.fingerprint.to_string().parse())
            .map_err(|_| RemoveError::NothingToUndo)?;
        installer::install(destination.open().as_mut(), &verified, &name)
            .map_err(|source| Error::store(StoreStep::PuttingBack, source))?;
        Ok(())
    }

    /// `--yes` never deletes.
    fn consent(&mut self, name: &str, last: jiff::civil::Date) -> Result<(), Error> {
        let (ja, en) = (
            format!(
                "有効期限 {last} の古い証明書「{name}」を削除しますか？（元に戻すには noticert undo-remove） [y/N]"
            ),
            format!(
                "Remove the old certificate “{name}”, expired on {last}? (noticert undo-remove puts it back.) [y/N]"
            ),
        );
        if !self.person.is_present() {
            return Err(only_a_person(&ja, &en));
        }
        match is_yes(&self.person.key(&Question::plain(ja, en))?) {
            true => Ok(()),
            false => Err(RemoveError::Declined.into()),
        }
    }

    fn consent_by_word(
        &mut self,
        certificate: &Surveyed,
        name: &str,
        last: jiff::civil::Date,
    ) -> Result<(), Error> {
        let why = certificate.why();
        let ja = format!(
            "証明書「{name}」（有効期限 {last}）: {} 削除すると、この証明書では接続できなくなります。\n削除するなら「削除する」と入力:",
            why.ja
        );
        let en = format!(
            "The certificate “{name}” (to {last}): {} Once removed, it connects nowhere from here.\nTo remove it, type “remove”:",
            why.en
        );
        if !self.person.is_present() {
            return Err(only_a_person(&ja, &en));
        }
        let typed = self.person.key(&Question::plain(ja, en))?;
        // Exposed to be compared with a word.
        match typed.expose_secret().trim() {
            "削除する" | "「削除する」" | "remove" => Ok(()),
            _ => Err(RemoveError::Declined.into()),
        }
    }
}

/// The one certificate whose fingerprint begins with `text`.
fn named_among<'a>(found: &'a [Surveyed], text: &str) -> Result<&'a Surveyed, Error> {
    let matching: Vec<&Surveyed> = found
        .iter()
        .filter(|one| begins(&one.facts.fingerprint, text))
        .collect();
    match matching.as_slice() {
        [one] => Ok(one),
        several => Err(RemoveError::NotOne {
            text: text.to_owned(),
            matches: several.len(),
        }
        .into()),
    }
}

fn begins(fingerprint: &Fingerprint, text: &str) -> bool {
    let text = text.replace([':', ' '], "").to_lowercase();
    text.len() >= SHORTEST && fingerprint.to_string().starts_with(&text)
}

/// The certificate with its key, shut with four digits of its own.
fn undo_copy(
    store: &mut dyn CertificateStore,
    fingerprint: &Fingerprint,
    name: &str,
) -> Result<(Pkcs12, CertificatePassword), Error> {
    let password = drawn_password()?;
    match exported_file(store, fingerprint, &password) {
        Ok(copy) => Ok((copy, password)),
        Err(
            source @ (InstallError::NoKey { .. }
            | InstallError::NotExportable { .. }
            | InstallError::KeyAsks { .. }),
        ) => Err(RemoveError::NoUndoCopy {
            name: name.to_owned(),
            source,
        }
        .into()),
        Err(source) => Err(Error::store(StoreStep::Copying, source)),
    }
}

/// Four digits for a copy that is sealed as a whole anyway.
fn drawn_password() -> Result<CertificatePassword, Error> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|source| crate::custody::CustodyError::NoRandomness { source })?;
    Ok(format!("{:04}", u32::from_le_bytes(random) % 10_000).parse()?)
}

fn only_a_person(ja: &str, en: &str) -> Error {
    Error::Person(PersonError::Absent {
        question: Text::new(ja, en),
        cure: Text::new(
            "人が画面の前で noticert remove-old を実行してください。--yes では削除しません。",
            "A person has to run noticert remove-old at a terminal; --yes never deletes.",
        ),
    })
}

/// Digits of a fingerprint that are enough to name it.
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::VerifiedCredential;
    use crate::explain::explain;
    use crate::installer::{Exported, InstalledCertificate, KeyRules};

    /// A store that gives nothing out, for a reason.
    struct Shut(fn(Fingerprint) -> InstallError);

    impl CertificateStore for Shut {
        fn describe(&self) -> Text {
            Text::new("開かないストア", "a shut store")
        }

        fn is_system(&self) -> bool {
            false
        }

        fn list(&mut self) -> Result<Vec<InstalledCertificate>, InstallError> {
            Ok(Vec::new())
        }

        fn import(
            &mut self,
            credential: &VerifiedCredential,
            _name: &TerminalName,
        ) -> Result<(), InstallError> {
            Err(self.0(credential.facts().fingerprint))
        }

        fn remove(&mut self, fingerprint: &Fingerprint) -> Result<(), InstallError> {
            Err(self.0(*fingerprint))
        }

        fn prove(&mut self, fingerprint: &Fingerprint) -> Result<Proof, InstallError> {
            Err(self.0(*fingerprint))
        }

        fn export(&mut self, fingerprint: &Fingerprint) -> Result<Exported, InstallError> {
            Err(self.0(*fingerprint))
        }

        fn key_rules(&mut self, fingerprint: &Fingerprint) -> Result<KeyRules, InstallError> {
            Err(self.0(*fingerprint))
        }
    }

    #[test]
    fn a_key_that_stays_in_its_store_makes_no_copy_and_is_told_in_words_of_a_removal() {
        let reasons: [fn(Fingerprint) -> InstallError; 4] = [
            |fingerprint| InstallError::NoKey { fingerprint },
            |fingerprint| InstallError::NotExportable { fingerprint },
            |fingerprint| InstallError::KeyAsks { fingerprint },
            |_| InstallError::ToolFailed {
                tool: "a program",
                status: Some(1),
                said: "no".to_owned(),
            },
        ];
        for (at, reason) in reasons.into_iter().enumerate() {
            let error =
                undo_copy(&mut Shut(reason), &Fingerprint::of(b"a"), "古い端末").unwrap_err();
            let is_refusal = matches!(error, Error::Remove(RemoveError::NoUndoCopy { .. }));
            assert_eq!(is_refusal, at < 3, "{error:?}");
            let told = explain(&error);
            assert!(told.not_done.ja.contains("削除していません"), "{told:?}");
            assert!(!told.next.ja.contains("noticert install"), "{told:?}");
        }
    }
}
