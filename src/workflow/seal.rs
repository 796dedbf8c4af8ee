//! Opening the ledger with its seal: the lock first, then the passphrase.

use std::path::Path;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::custody::{BadPlace, CustodyError, Vault, WorkFactor};
use crate::domain::Text;
use crate::ledger::{Ledger, LedgerError};

use super::error::Error;
use super::person::{Person, PersonError};
use super::retrieving::wipe_settled_answers;

/// Opens the ledger of `data` for writing, with its seal; makes both where there are none.
///
/// `given` is the passphrase from a file; without it the person is asked, twice the first time. The lock is
/// taken before anybody types anything.
pub fn open_ledger(
    data: &Path,
    given: Option<SecretString>,
    work: WorkFactor,
    person: &mut dyn Person,
    now: Timestamp,
) -> Result<Ledger, Error> {
    check_place(data, person)?;
    let locked = Ledger::open(data, None, now)?;
    let vault = if Vault::exists(data) {
        open_vault(data, given, person)?
    } else if locked.is_sealed()? {
        // A new key would open nothing that is there.
        return Err(CustodyError::KeyMissing {
            path: data.to_owned(),
        }
        .into());
    } else {
        create_vault(data, given, work, person)?
    };
    let ledger = locked.with_vault(vault)?;
    wipe_settled_answers(&ledger)?;
    Ok(ledger)
}

/// Says what speaks against the place of a data folder; a new one is not made in a folder of downloads.
fn check_place(data: &Path, person: &mut dyn Person) -> Result<(), Error> {
    let Some(bad) = BadPlace::of(data) else {
        return Ok(());
    };
    // What is there already stays within reach.
    let is_new = !Vault::exists(data)
        && matches!(
            Ledger::open_read_only(data),
            Err(LedgerError::NoLedger { .. })
        );
    if bad == BadPlace::Downloads && is_new {
        return Err(Error::DataInDownloads {
            path: data.to_owned(),
        });
    }
    person.tell(&bad_place(data, bad));
    Ok(())
}

/// What speaks against the place of a data folder, for people.
pub fn bad_place(data: &Path, bad: BadPlace) -> Text {
    let data = data.display();
    match bad {
        BadPlace::Shared => Text::new(
            format!(
                "! データフォルダー {data} は共有されているか、クラウドに同期されます。本人だけのフォルダーに移し、--data で指定してください。"
            ),
            format!(
                "! The data folder {data} is shared or synchronised to a cloud. Move it to a folder of your own and name that with --data."
            ),
        ),
        BadPlace::Downloads => Text::new(
            format!(
                "! データフォルダー {data} は「ダウンロード」の中にあり、ほかの端末やプログラムの目に触れます。本人だけのフォルダーに移し、--data で指定してください。"
            ),
            format!(
                "! The data folder {data} lies in the downloads folder, into which others look. Move it to a folder of your own and name that with --data."
            ),
        ),
    }
}

/// Opens the seal: as the account that is logged on where that is set up, else by its passphrase.
pub(super) fn open_vault(
    data: &Path,
    given: Option<SecretString>,
    person: &mut dyn Person,
) -> Result<Vault, Error> {
    if let Some(vault) = Vault::open_as_account(data)? {
        return Ok(vault);
    }
    let passphrase = match given {
        Some(passphrase) => passphrase,
        None => {
            require_somebody(person)?;
            person.key_hidden(&known_prompt())?
        }
    };
    Ok(Vault::open(data, &passphrase)?)
}

/// A new seal: by the passphrase that was given, else for the account where the system can, else by one that is chosen.
fn create_vault(
    data: &Path,
    given: Option<SecretString>,
    work: WorkFactor,
    person: &mut dyn Person,
) -> Result<Vault, Error> {
    if let Some(passphrase) = given {
        return Ok(Vault::create(data, &passphrase, work)?);
    }
    match Vault::create_for_account(data) {
        Err(CustodyError::NoAccountKeys) => Ok(Vault::create(data, &choose(person)?, work)?),
        Err(error) => Err(error.into()),
        Ok(vault) => {
            person.tell(&Text::new(
                "台帳の秘密は、いまサインインしているアカウントで封印しました（パスフレーズは尋ねません）。アカウントを失うと開けません。パスフレーズも決めるには noticert seal change",
                "The secrets of the ledger are sealed for the account that is logged on, without a passphrase. With the account lost they stay shut. To add a passphrase: noticert seal change",
            ));
            Ok(vault)
        }
    }
}

pub(super) fn choose(person: &mut dyn Person) -> Result<SecretString, Error> {
    require_somebody(person)?;
    person.tell(&Text::new(
        "台帳の秘密を封印するパスフレーズを決めてください。忘れると、封印した値は誰にも開けません。紙に書いて鍵のかかる所に保管してください。",
        "Choose a passphrase for the seal of this ledger. Nobody can open the sealed values without it: write it down and lock it away.",
    ));
    keyed_twice(person, &Text::new("新しいパスフレーズ:", "New passphrase:"))
}

/// A passphrase that a person who is there keys twice.
pub(super) fn keyed_twice(person: &mut dyn Person, prompt: &Text) -> Result<SecretString, Error> {
    let first = person.key_hidden(prompt)?;
    let second = person.key_hidden(&Text::new("もう一度:", "Once more:"))?;
    // Exposed to compare the two entries.
    match first.expose_secret() == second.expose_secret() {
        true => Ok(first),
        false => Err(Error::PassphrasesDiffer),
    }
}

fn require_somebody(person: &dyn Person) -> Result<(), Error> {
    match person.is_present() {
        true => Ok(()),
        false => Err(Error::Person(PersonError::Absent {
            question: Text::new("封印のパスフレーズ", "the passphrase of the seal"),
            cure: Text::new(
                "--passphrase-file FILE を付けるか、環境変数 NOTICERT_PASSPHRASE_FILE にファイルを指定してください。",
                "Give --passphrase-file FILE, or name the file in NOTICERT_PASSPHRASE_FILE.",
            ),
        })),
    }
}

fn known_prompt() -> Text {
    Text::new("封印のパスフレーズ:", "Passphrase of the seal:")
}
