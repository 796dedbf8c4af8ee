//! `seal change | lock | status`: what opens the seal of the ledger, and what lies under it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::SecretString;

use crate::custody::{BadPlace, KeyId, Vault, Ways, WorkFactor};
use crate::ledger::{Ledger, LedgerError, SealedKind};
use crate::platform;

use super::error::Error;
use super::person::Person;
use super::seal::{choose, open_vault};

/// Into what the way is changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SealWay {
    /// A passphrase, in place of an earlier one.
    Passphrase,
    /// The account that is logged on.
    Account,
}

/// How the seal of a data folder stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealStatus {
    /// The data folder.
    pub data: PathBuf,
    /// What opens it.
    pub ways: Ways,
    /// What lies under it.
    pub kinds: Vec<SealedKind>,
    /// Kept `.p12` files, guarded by four digits only.
    pub in_clear: Vec<PathBuf>,
    /// Whether nobody else may read the folder.
    pub is_private: bool,
    /// What speaks against the folder's place.
    pub bad_place: Option<BadPlace>,
}

/// Changes what opens the seal of `data`; returns what opens it now.
///
/// `given` opens it, `new` is the new passphrase, each from a file; without them a person is asked.
pub fn change_seal(
    data: &Path,
    way: SealWay,
    given: Option<SecretString>,
    new: Option<SecretString>,
    work: WorkFactor,
    person: &mut dyn Person,
    now: Timestamp,
) -> Result<(KeyId, Ways), Error> {
    // The lock keeps others from sealing while the key file changes.
    let _ledger = existing(data, now)?;
    let vault = open_vault(data, given, person)?;
    match way {
        SealWay::Account => vault.open_to_account(data)?,
        SealWay::Passphrase => {
            let passphrase = match new {
                Some(passphrase) => passphrase,
                None => choose(person)?,
            };
            vault.shut_with_passphrase(data, &passphrase, work)?;
        }
    }
    Ok((vault.key_id(), Vault::ways(data)))
}

/// From now on a passphrase is asked each time. Returns whether the account opened it before.
pub fn lock_seal(data: &Path, now: Timestamp) -> Result<bool, Error> {
    let _ledger = existing(data, now)?;
    Ok(Vault::lock(data)?)
}

/// How the seal of `data` stands; needs neither passphrase nor lock.
pub fn seal_status(data: &Path) -> Result<SealStatus, Error> {
    let (kinds, in_clear) = match Ledger::open_read_only(data) {
        Ok(ledger) => (ledger.sealed_kinds()?, kept_files(&ledger)?),
        Err(LedgerError::NoLedger { .. }) => (Vec::new(), Vec::new()),
        Err(error) => return Err(error.into()),
    };
    Ok(SealStatus {
        data: data.to_owned(),
        ways: Vault::ways(data),
        kinds,
        in_clear,
        is_private: platform::is_owner_only(data).unwrap_or(false),
        bad_place: BadPlace::of(data),
    })
}

fn existing(data: &Path, now: Timestamp) -> Result<Ledger, Error> {
    // A seal is made with the first ledger, never by looking for one.
    drop(Ledger::open_read_only(data)?);
    Ok(Ledger::open(data, None, now)?)
}

fn kept_files(ledger: &Ledger) -> Result<Vec<PathBuf>, Error> {
    Ok(ledger
        .records()?
        .iter()
        .filter_map(|record| record.state.credential())
        .map(|kept| kept.p12.under(ledger.dir()))
        .filter(|path| path.exists())
        .collect())
}
