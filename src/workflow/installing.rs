//! `install`: the kept file, checked once more, into a certificate store.
//!
//! A PC is one terminal per institution code (design rule 9). The store that browsers use is guarded by the
//! PC's binding; a store named by its folder belongs to the first terminal of an institution that goes into it.

use std::path::{Path, PathBuf};

use crate::credential::{self, Examination, FOREIGN_CERTIFICATES, RevocationStatus, WhyUnknown};
use crate::custody::names::safe_file_name;
use crate::domain::{
    CertificatePassword, Fingerprint, KeyMaterial, Pkcs12, Pkcs12Form, TerminalName, Text,
};
use crate::installer::{
    self, CertificateStore, Exported, FolderStore, ImportOptions, InstallError, NssStore,
    Pkcs12Writer, Proof, WriteError,
};
use crate::ledger::{Actor, Event, LedgerError, Record, RecordId, Retrieved};

use super::error::Error;
use super::revocation::Revocations;
use super::{Desk, Outcome, name_of};

/// Where certificates go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// The store that browsers use for the present account: on Windows the current user's, elsewhere an NSS
    /// database in this home folder.
    Browsers {
        /// The home folder.
        home: PathBuf,
        /// How Windows keeps the keys.
        options: ImportOptions,
    },
    /// The NSS database in a named folder.
    Nss {
        /// Its folder.
        folder: PathBuf,
        /// The home folder, to notice that the named one is the browsers'.
        home: Option<PathBuf>,
    },
    /// PEM files in a named folder.
    Folder(PathBuf),
}

/// A certificate that is in a store now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    /// Its certificate.
    pub fingerprint: Fingerprint,
    /// The store, for people.
    pub store: Text,
    /// Whether it was there before.
    pub already: bool,
    /// Whether its stored key signed a challenge; why not, where the store cannot.
    pub proof: Proof,
}

impl Destination {
    /// The store itself.
    pub fn open(&self) -> Box<dyn CertificateStore> {
        match self {
            Self::Browsers { home, options } => {
                installer::system_store(home, *options, Box::new(CredentialWriter))
            }
            Self::Nss { folder, home } => Box::new(NssStore::named(folder, home.as_deref())),
            Self::Folder(folder) => Box::new(FolderStore::new(folder)),
        }
    }

    /// Every store that is meant, with the name under which the ledger knows it: browsers have several.
    pub(super) fn every(&self) -> Vec<(String, Box<dyn CertificateStore>)> {
        let mut all: Vec<(String, Box<dyn CertificateStore>)> = Vec::new();
        if let Self::Browsers { home, .. } = self {
            for store in NssStore::found(home) {
                let id = format!("nss:{}", store.directory().display());
                all.push((id, Box::new(store)));
            }
        }
        if all.is_empty()
            || (matches!(self, Self::Browsers { .. }) && !installer::SYSTEM_STORE_IS_NSS)
        {
            all.push((self.id(), self.open()));
        }
        all
    }

    /// The name under which the ledger knows the store.
    pub(super) fn id(&self) -> String {
        let full = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match self {
            Self::Browsers { home, .. } => installer::system_store_id(home),
            Self::Nss { folder, .. } => format!("nss:{}", full(folder).display()),
            Self::Folder(folder) => format!("folder:{}", full(folder).display()),
        }
    }
}

impl Desk<'_> {
    /// Installs each record's certificate into `destination`, as far as it belongs there.
    pub fn install(
        &mut self,
        ids: &[RecordId],
        destination: &Destination,
    ) -> Result<Vec<Outcome<Installation>>, Error> {
        let records = ids
            .iter()
            .map(|id| self.ledger.record(*id))
            .collect::<Result<Vec<_>, _>>()?;
        if destination.open().is_system() {
            self.check_account()?;
            if self.person.is_present() && !self.person.assumes_yes() {
                self.settle_bindings(&records)?;
            }
        }
        let mut revocations = Revocations::of_one_run();
        let mut outcomes = Vec::new();
        for record in &records {
            if self.stop.is_wanted() {
                return Err(Error::Interrupted);
            }
            self.progress.step(&Text::new(
                format!("{} をインストールしています…", name_of(record).ja),
                format!("Installing {} …", name_of(record).en),
            ));
            outcomes.push(Outcome {
                record: record.id,
                name: name_of(record),
                result: self.install_one(record, &records, destination, &mut revocations),
            });
        }
        Ok(outcomes)
    }

    fn install_one(
        &mut self,
        record: &Record,
        chosen: &[Record],
        destination: &Destination,
        revocations: &mut Revocations,
    ) -> Result<Installation, Error> {
        let Some(kept) = record.state.credential().cloned() else {
            return Err(Error::WrongState {
                state: record.state.name(),
                wanted: "retrieved",
            });
        };
        let mut store = destination.open();
        self.check_place(record, chosen, destination, store.is_system())?;
        let mut examined = self.examined_again(record.id, &kept)?;
        self.tell_of_others(&examined);
        self.check_revocation(&mut examined, revocations);
        let credential = examined.into_verified()?;
        let name = store_name(record)?;
        installer::check_practice(store.as_ref(), &credential)?;
        for word in store.forewarn(&credential)? {
            self.person.tell(&word);
        }
        let installed = installer::install(store.as_mut(), &credential, &name)?;
        let event = Event::Installed {
            store: destination.id(),
            fingerprint: installed.fingerprint,
            proved: installed.proof == Proof::Signed,
        };
        let known = record.state.installation();
        let is_news = known.is_none_or(|known| {
            known.store != destination.id() || known.proved != (installed.proof == Proof::Signed)
        });
        if is_news {
            self.ledger
                .append(record.id, self.now(), Actor::Program, event)?;
        }
        Ok(Installation {
            fingerprint: installed.fingerprint,
            store: store.describe(),
            already: installed.already,
            proof: installed.proof,
        })
    }

    /// Design rule 9: only the certificate that belongs to this place goes in.
    fn check_place(
        &mut self,
        record: &Record,
        chosen: &[Record],
        destination: &Destination,
        is_system: bool,
    ) -> Result<(), Error> {
        let same_institution = |other: &&Record| {
            other.institution_code == record.institution_code && other.id != record.id
        };
        if is_system {
            return self.check_binding(record);
        }
        let store = destination.id();
        let now = self.now();
        let owner = self
            .ledger
            .records()?
            .into_iter()
            .filter(|other| same_institution(&other))
            .find(|other| {
                other.terminal_name != record.terminal_name
                    && other.state.installation().is_some_and(|i| i.store == store)
                    && other.state.credential().is_some_and(|c| c.not_after > now)
            });
        if let Some(owner) = owner {
            return Err(Error::OtherTerminal {
                certificate: name_of(record),
                place: name_of(&owner),
            });
        }
        let rivals = chosen
            .iter()
            .filter(same_institution)
            .filter(|other| other.terminal_name != record.terminal_name)
            .count();
        let is_owner = record
            .state
            .installation()
            .is_some_and(|i| i.store == store);
        match (&record.institution_code, rivals) {
            (Some(institution_code), 1..) if !is_owner => Err(Error::SeveralForOneStore {
                institution_code: institution_code.clone(),
                count: rivals + 1,
            }),
            _ => Ok(()),
        }
    }

    fn check_binding(&mut self, record: &Record) -> Result<(), Error> {
        let Some(bound) = self.binding_for(record)? else {
            return match record.institution_code.clone() {
                Some(institution_code) => Err(Error::NotBound { institution_code }),
                None => Err(Error::WrongState {
                    state: record.state.name(),
                    wanted: "confirmed",
                }),
            };
        };
        let same = match (&bound.terminal_name, &record.terminal_name) {
            (Some(bound), Some(name)) => bound == name,
            _ => bound.record == record.id,
        };
        match same {
            true => Ok(()),
            false => Err(Error::OtherTerminal {
                certificate: name_of(record),
                place: match bound.terminal_name {
                    Some(name) => Text::new(format!("「{name}」"), format!("“{name}”")),
                    None => Text::new("別の端末", "another terminal"),
                },
            }),
        }
    }

    /// One line about certificates in the file that do not go in.
    fn tell_of_others(&mut self, examined: &Examination) {
        let problems = examined.problems();
        for problem in problems.iter().filter(|p| p.code == FOREIGN_CERTIFICATES) {
            self.person.tell(&problem.text);
        }
    }

    /// Adds what the authority's list says to the checks; one calm line where the list could not be had or believed.
    fn check_revocation(&mut self, examined: &mut Examination, revocations: &mut Revocations) {
        let Some(status) = revocations.of_file(examined, self.now()) else {
            return;
        };
        match status {
            // Where nothing could be asked there is nothing to say before an installation.
            RevocationStatus::Unknown(WhyUnknown::NoAddress | WhyUnknown::NoIssuer) => {}
            RevocationStatus::Unknown(_) => self.person.tell(&status.check().text),
            RevocationStatus::Good { .. } | RevocationStatus::Revoked { .. } => {
                examined.checks.push(status.check());
            }
        }
    }

    /// The kept file, held against its record and the letter once more.
    fn examined_again(&self, id: RecordId, kept: &Retrieved) -> Result<Examination, Error> {
        let path = kept.p12.under(self.data());
        let bytes = std::fs::read(&path).map_err(|source| Error::Unreadable {
            path: path.clone(),
            source,
        })?;
        let pkcs12 = Pkcs12::received(bytes);
        if pkcs12.sha256() != kept.sha256.0 {
            return Err(Error::KeptFileChanged { path });
        }
        let password = self.ledger.rebuild_password(id, Some(kept.sha256.0))?;
        let reviewed = match self.ledger.rebuild_reviewed(id) {
            Ok(reviewed) => Some(reviewed),
            // What came out of a back-up or a store has no letter here; it was held against itself alone.
            Err(LedgerError::NotConfirmed { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let expected = credential::Expected {
            letter: reviewed.as_ref().map(|reviewed| reviewed.issuance()),
            issuer_family: &self.config.certificate.issuer_family,
            key_derivation_rounds: self.config.limits.key_derivation_rounds,
        };
        Ok(credential::examine(
            pkcs12,
            &password,
            &expected,
            self.now(),
        )?)
    }
}

/// Brings what [`credential`] knows of PKCS#12 to the stores.
#[derive(Clone, Copy, Debug)]
pub struct CredentialWriter;

impl Pkcs12Writer for CredentialWriter {
    fn write(
        &self,
        material: &KeyMaterial,
        name: &str,
        password: &CertificatePassword,
        form: Pkcs12Form,
    ) -> Result<Pkcs12, WriteError> {
        Ok(credential::write(material, name, password, form)?)
    }

    fn form_of(&self, pkcs12: &Pkcs12) -> Option<Pkcs12Form> {
        credential::form_of(pkcs12)
    }

    fn read(
        &self,
        pkcs12: &Pkcs12,
        password: &CertificatePassword,
    ) -> Result<KeyMaterial, WriteError> {
        Ok(credential::contents(pkcs12, password)?)
    }
}

/// A certificate of a store with key and chain as a file, in the form that opens on any PC of the field: Windows' own
/// export writes it, and macOS reads no other.
pub(super) fn exported_file(
    store: &mut dyn CertificateStore,
    fingerprint: &Fingerprint,
    password: &CertificatePassword,
) -> Result<Pkcs12, InstallError> {
    let Exported { material, name } = store.export(fingerprint)?;
    credential::write(&material, &name, password, Pkcs12Form::Legacy).map_err(|source| {
        InstallError::NotWritten {
            source: Box::new(source),
        }
    })
}

/// The friendly name in the store: the terminal's, else its request ID.
fn store_name(record: &Record) -> Result<TerminalName, Error> {
    let name = match (&record.terminal_name, &record.request_id) {
        (Some(name), _) => return Ok(name.clone()),
        (None, Some(id)) => id.to_string(),
        (None, None) => record.id.to_string(),
    };
    name.parse().map_err(|_| Error::WrongState {
        state: record.state.name(),
        wanted: "confirmed",
    })
}

/// The folder of a terminal below the data folder.
pub(super) fn terminal_folder(data: &Path, record: &Record) -> PathBuf {
    let name = match (&record.terminal_name, &record.request_id) {
        (Some(name), _) => name.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => record.id.to_string(),
    };
    let code = record
        .institution_code
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), ToString::to_string);
    data.join("terminals")
        .join(safe_file_name(&code))
        .join(safe_file_name(&name))
}
