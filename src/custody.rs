//! Secrets at rest: a data key per data folder, sealed values, owner-only files.
//!
//! Thirty-two random bytes per data folder seal every secret value; a passphrase wraps them in `key.age`. So
//! changing the passphrase touches one small file, and a value copied into another folder, another record or
//! another field stays shut.
//!
//! Sources: <https://age-encryption.org/v1>, draft-irtf-cfrg-xchacha, the OWASP Password Storage Cheat Sheet.

mod account_key;
pub mod backup;
pub mod envelope;
pub mod files;
mod key_file;
pub mod names;
mod passphrase;
mod place;
mod plaintext;
pub mod sealed_letter;
mod sealing;
pub mod spool;
pub mod traces;

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;

use account_key::{AccountKeys, SystemAccount};

use crate::domain::hexadecimal;

pub use files::{DiskError, DiskTrouble, PathKind};
pub use key_file::WorkFactor;
pub use place::BadPlace;
pub use plaintext::Plaintext;
pub use sealing::Sealed;

/// Why a secret cannot be sealed or unsealed.
#[derive(Debug, Error)]
pub enum CustodyError {
    /// The data key does not open with this passphrase.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The key file.
        path: PathBuf,
    },
    /// A passphrase without a character.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The data folder has no key file.
    #[error("there is no key file {}", path.display())]
    KeyMissing {
        /// Where it would be.
        path: PathBuf,
    },
    /// The data folder has a key file already; replacing it would shut every sealed value for good.
    #[error("the key file {} exists already", path.display())]
    KeyExists {
        /// The key file.
        path: PathBuf,
    },
    /// The key file is not as it was written.
    #[error("the key file {} is damaged", path.display())]
    KeyDamaged {
        /// The key file.
        path: PathBuf,
        /// What age says, where it got so far.
        #[source]
        source: Option<age::DecryptError>,
    },
    /// The key file asks for more memory and time than any that noticert writes.
    #[error("the key file {} asks for scrypt work 2^{required}, more than 2^{accepted}", path.display())]
    KeyTooCostly {
        /// The key file.
        path: PathBuf,
        /// Power of two that it asks for.
        required: u8,
        /// Largest taken.
        accepted: u8,
    },
    /// The data key cannot be wrapped.
    #[error("the key file cannot be written")]
    KeyNotWrapped {
        /// What age says.
        #[source]
        source: age::EncryptError,
    },
    /// This system wraps no keys for an account.
    #[error("this system wraps no keys for an account")]
    NoAccountKeys,
    /// The system does not unwrap the data key: it is another account's, or another computer's.
    #[error("the system does not unwrap {} for this account", path.display())]
    AccountRefused {
        /// The key file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Nothing else would open the seal.
    #[error("{} is the only way into the seal", path.display())]
    OnlyWay {
        /// The key file.
        path: PathBuf,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoRandomness {
        /// Why.
        #[source]
        source: getrandom::Error,
    },
    /// The value is longer than one sealing may be (256 GiB).
    #[error("{field} is too long to be sealed")]
    TooLong {
        /// The field.
        field: String,
    },
    /// The value was sealed in another data folder.
    #[error("{field} was sealed with key {sealed_with}, not with this folder's {present}")]
    OtherKey {
        /// The field asked for.
        field: String,
        /// Id of the key that sealed it.
        sealed_with: KeyId,
        /// Id of this folder's key.
        present: KeyId,
    },
    /// The value was changed, or sealed for another record or field.
    #[error("the sealed {field} is damaged or belongs elsewhere")]
    NotUnsealed {
        /// The field asked for.
        field: String,
    },
    /// A newer noticert sealed it in a form unknown here, or it is no sealed value.
    #[error("the sealed {field} has a form unknown to this version")]
    UnknownForm {
        /// The field asked for.
        field: String,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Names a data key without telling anything about it.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct KeyId([u8; KeyId::LENGTH]);

impl KeyId {
    const LENGTH: usize = 8;

    fn of(key: &DataKey) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"noticert data key id 1\0");
        // The id is a part of a hash of the key, which is random: nothing leads back.
        digest.update(key.expose_secret());
        let mut id = [0; Self::LENGTH];
        id.copy_from_slice(&digest.finalize()[..Self::LENGTH]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The data key of one data folder, unwrapped: what seals and unseals.
pub struct Vault {
    key: DataKey,
    id: KeyId,
}

impl Vault {
    /// Makes a data key for `dir` and wraps it with a passphrase. An existing key is never replaced.
    pub fn create(
        dir: &Path,
        passphrase: &SecretString,
        work: WorkFactor,
    ) -> Result<Self, CustodyError> {
        let mut key = SecretBox::new(Box::new([0; KEY_LENGTH]));
        sealing::fill_random(secrecy::ExposeSecretMut::expose_secret_mut(&mut key))?;
        key_file::write(dir, passphrase, work, &key)?;
        Ok(Self::holding(key))
    }

    /// Unwraps the data key of `dir`.
    pub fn open(dir: &Path, passphrase: &SecretString) -> Result<Self, CustodyError> {
        key_file::read(dir, passphrase).map(Self::holding)
    }

    /// Makes a data key for `dir` and has the system wrap it for the present account.
    ///
    /// [`CustodyError::NoAccountKeys`] where the system has no such service.
    pub fn create_for_account(dir: &Path) -> Result<Self, CustodyError> {
        Self::create_with(dir, &SystemAccount)
    }

    fn create_with(dir: &Path, account: &dyn AccountKeys) -> Result<Self, CustodyError> {
        if Self::exists(dir) {
            return Err(CustodyError::KeyExists {
                path: account_key::path(dir),
            });
        }
        let mut key = SecretBox::new(Box::new([0; KEY_LENGTH]));
        sealing::fill_random(secrecy::ExposeSecretMut::expose_secret_mut(&mut key))?;
        account_key::write(dir, &key, account)?;
        Ok(Self::holding(key))
    }

    /// Unwraps the data key of `dir` as the present account; `None` where only a passphrase does.
    ///
    /// Where the system refuses and there is a passphrase, that one is the way.
    pub fn open_as_account(dir: &Path) -> Result<Option<Self>, CustodyError> {
        Self::open_with(dir, &SystemAccount)
    }

    fn open_with(dir: &Path, account: &dyn AccountKeys) -> Result<Option<Self>, CustodyError> {
        match account_key::read(dir, account) {
            Err(_) if Self::ways(dir).passphrase => Ok(None),
            opened => Ok(opened?.map(Self::holding)),
        }
    }

    /// Shuts the seal of `dir` with `passphrase`, in place of an earlier one. What is sealed stays as it is.
    pub fn shut_with_passphrase(
        &self,
        dir: &Path,
        passphrase: &SecretString,
        work: WorkFactor,
    ) -> Result<(), CustodyError> {
        key_file::replace(dir, passphrase, work, &self.key)
    }

    /// Lets the present account open the seal of `dir` without a passphrase.
    pub fn open_to_account(&self, dir: &Path) -> Result<(), CustodyError> {
        account_key::write(dir, &self.key, &SystemAccount)
    }

    /// Takes away the way by the account, where a passphrase is left. Returns whether there was one.
    pub fn lock(dir: &Path) -> Result<bool, CustodyError> {
        let ways = Self::ways(dir);
        match (ways.account, ways.passphrase) {
            (false, _) => Ok(false),
            (true, false) => Err(CustodyError::OnlyWay {
                path: account_key::path(dir),
            }),
            (true, true) => account_key::remove(dir, &SystemAccount).map(|()| true),
        }
    }

    /// Takes away the way by a passphrase, where the account's is left.
    pub fn forget_passphrase(dir: &Path) -> Result<(), CustodyError> {
        match Self::ways(dir).account {
            true => key_file::remove(dir),
            false => Err(CustodyError::OnlyWay {
                path: key_file::path(dir),
            }),
        }
    }

    /// Whether `dir` has a data key.
    pub fn exists(dir: &Path) -> bool {
        let ways = Self::ways(dir);
        ways.passphrase || ways.account
    }

    /// What opens the seal of `dir`.
    pub fn ways(dir: &Path) -> Ways {
        Ways {
            passphrase: key_file::path(dir).exists(),
            account: account_key::path(dir).exists(),
        }
    }

    /// Names the key, so that a ledger notices a key that is not its own.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// Seals `plaintext` so that it opens only as this `field` of this `record`.
    pub fn seal(
        &self,
        record: &str,
        field: &str,
        plaintext: &[u8],
    ) -> Result<Sealed, CustodyError> {
        sealing::seal(&self.key, self.id, record, field, plaintext)
    }

    /// Opens what [`Self::seal`] made for the same record and field.
    pub fn unseal(
        &self,
        record: &str,
        field: &str,
        sealed: &Sealed,
    ) -> Result<SecretBox<Vec<u8>>, CustodyError> {
        self.unseal_secret(record, field, sealed)
            .map(Plaintext::into_secret)
    }

    /// As [`Self::seal`], without showing what is sealed.
    pub fn seal_secret(
        &self,
        record: &str,
        field: &str,
        secret: &Plaintext,
    ) -> Result<Sealed, CustodyError> {
        self.seal(record, field, secret.bytes())
    }

    /// As [`Self::unseal`], without showing what was sealed.
    pub fn unseal_secret(
        &self,
        record: &str,
        field: &str,
        sealed: &Sealed,
    ) -> Result<Plaintext, CustodyError> {
        sealing::unseal(&self.key, self.id, record, field, sealed)
    }

    fn holding(key: DataKey) -> Self {
        let id = KeyId::of(&key);
        Self { key, id }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({})", self.id)
    }
}

/// What opens a seal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ways {
    /// A passphrase.
    pub passphrase: bool,
    /// The account that is logged on.
    pub account: bool,
}

type DataKey = SecretBox<[u8; KEY_LENGTH]>;

const KEY_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn passphrase(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn vault_in(dir: &Path) -> Vault {
        Vault::create(
            dir,
            &passphrase("invented passphrase"),
            WorkFactor::RANDOM_PASSPHRASE,
        )
        .unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_the_same_passphrase_later() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault_in(dir.path());
        let sealed = vault.seal("record", "reference_id", b"Ab3dE6gH9k").unwrap();
        let reopened = Vault::open(dir.path(), &passphrase("invented passphrase")).unwrap();
        assert_eq!(reopened.key_id(), vault.key_id());
        let opened = reopened.unseal("record", "reference_id", &sealed).unwrap();
        assert_eq!(opened.expose_secret(), b"Ab3dE6gH9k");
    }

    #[test]
    fn a_wrong_passphrase_is_told_from_a_damaged_key() {
        let dir = tempfile::tempdir().unwrap();
        vault_in(dir.path());
        let wrong = Vault::open(dir.path(), &passphrase("another")).unwrap_err();
        assert!(
            matches!(wrong, CustodyError::WrongPassphrase { .. }),
            "{wrong}"
        );

        let path = dir.path().join("key.age");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x04;
            fs::write(&path, &damaged).unwrap();
            let error = Vault::open(dir.path(), &passphrase("invented passphrase")).unwrap_err();
            let told = matches!(
                error,
                CustodyError::KeyDamaged { .. } | CustodyError::KeyTooCostly { .. }
            );
            assert!(told, "byte {at}: {error}");
        }
        for length in [0, 1, 20, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            let error = Vault::open(dir.path(), &passphrase("invented passphrase")).unwrap_err();
            assert!(
                matches!(error, CustodyError::KeyDamaged { .. }),
                "{length}: {error}"
            );
        }
    }

    #[test]
    fn an_existing_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let first = vault_in(dir.path());
        let again = Vault::create(
            dir.path(),
            &passphrase("another"),
            WorkFactor::RANDOM_PASSPHRASE,
        );
        assert!(matches!(again, Err(CustodyError::KeyExists { .. })));
        let kept = Vault::open(dir.path(), &passphrase("invented passphrase")).unwrap();
        assert_eq!(kept.key_id(), first.key_id());
    }

    /// Wraps by turning bits over, for one account.
    struct FakeAccount(u8);

    impl AccountKeys for FakeAccount {
        fn wrap(&self, key: &[u8]) -> std::io::Result<Vec<u8>> {
            let turned = key.iter().map(|byte| byte ^ 0x55);
            Ok(std::iter::once(self.0).chain(turned).collect())
        }

        fn unwrap(&self, wrapped: &[u8]) -> std::io::Result<zeroize::Zeroizing<Vec<u8>>> {
            match wrapped.split_first() {
                Some((owner, rest)) if *owner == self.0 => Ok(zeroize::Zeroizing::new(
                    rest.iter().map(|byte| byte ^ 0x55).collect(),
                )),
                _ => Err(std::io::Error::other("another account")),
            }
        }
    }

    #[test]
    fn an_account_and_a_passphrase_open_the_same_seal() {
        let dir = tempfile::tempdir().unwrap();
        let (mine, others) = (FakeAccount(1), FakeAccount(2));
        let vault = Vault::create_with(dir.path(), &mine).unwrap();
        let again = Vault::create_with(dir.path(), &mine);
        assert!(matches!(again, Err(CustodyError::KeyExists { .. })));
        let opened = Vault::open_with(dir.path(), &mine).unwrap().unwrap();
        assert_eq!(opened.key_id(), vault.key_id());
        let refused = Vault::open_with(dir.path(), &others).unwrap_err();
        assert!(matches!(refused, CustodyError::AccountRefused { .. }));
        // Nothing would be left.
        assert!(matches!(
            Vault::lock(dir.path()),
            Err(CustodyError::OnlyWay { .. })
        ));

        let work = WorkFactor::RANDOM_PASSPHRASE;
        let spoken = passphrase("invented passphrase");
        vault
            .shut_with_passphrase(dir.path(), &spoken, work)
            .unwrap();
        assert!(Vault::open_with(dir.path(), &others).unwrap().is_none());
        assert!(Vault::lock(dir.path()).unwrap());
        assert!(!Vault::lock(dir.path()).unwrap());
        assert!(Vault::open_with(dir.path(), &mine).unwrap().is_none());
        let opened = Vault::open(dir.path(), &spoken).unwrap();
        assert_eq!(opened.key_id(), vault.key_id());
        assert!(matches!(
            Vault::forget_passphrase(dir.path()),
            Err(CustodyError::OnlyWay { .. })
        ));
    }

    #[test]
    fn another_passphrase_takes_the_place_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault_in(dir.path());
        let work = WorkFactor::RANDOM_PASSPHRASE;
        let next = passphrase("the next passphrase");
        vault.shut_with_passphrase(dir.path(), &next, work).unwrap();
        assert_eq!(
            Vault::open(dir.path(), &next).unwrap().key_id(),
            vault.key_id()
        );
        let first = Vault::open(dir.path(), &passphrase("invented passphrase")).unwrap_err();
        assert!(matches!(first, CustodyError::WrongPassphrase { .. }));
        // Killed before the check came back: the key opens, and a wrong passphrase is called wrong.
        fs::remove_file(dir.path().join("key.age.sha256")).unwrap();
        let wrong = Vault::open(dir.path(), &passphrase("another")).unwrap_err();
        assert!(matches!(wrong, CustodyError::WrongPassphrase { .. }));
    }

    #[test]
    fn full_width_and_half_width_passphrases_are_the_same() {
        let dir = tempfile::tempdir().unwrap();
        Vault::create(
            dir.path(),
            &passphrase("ｐａｓｓ１２３ﾊﾟ"),
            WorkFactor::RANDOM_PASSPHRASE,
        )
        .unwrap();
        assert!(Vault::open(dir.path(), &passphrase("pass123パ")).is_ok());
    }

    #[test]
    fn a_folder_without_a_key_and_an_empty_passphrase_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Vault::open(dir.path(), &passphrase("any")).unwrap_err();
        assert!(matches!(missing, CustodyError::KeyMissing { .. }));
        assert!(!Vault::exists(dir.path()));
        let empty = Vault::create(dir.path(), &passphrase(""), WorkFactor::RANDOM_PASSPHRASE);
        assert!(matches!(empty, Err(CustodyError::EmptyPassphrase)));
        assert!(!Vault::exists(dir.path()));
    }

    #[test]
    fn another_record_field_or_folder_does_not_open_it() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let vault = vault_in(here.path());
        let sealed = vault.seal("record", "password", b"8051").unwrap();
        for (record, field) in [
            ("other", "password"),
            ("record", "reference_id"),
            ("recordp", "assword"),
        ] {
            let error = vault.unseal(record, field, &sealed).unwrap_err();
            assert!(matches!(error, CustodyError::NotUnsealed { .. }), "{error}");
        }
        let foreign = vault_in(there.path()).unseal("record", "password", &sealed);
        assert!(matches!(foreign, Err(CustodyError::OtherKey { .. })));
    }

    #[test]
    fn neither_key_nor_plaintext_shows() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault_in(dir.path());
        let sealed = vault.seal("record", "field", b"Ab3dE6gH9k").unwrap();
        let printed = format!("{vault:?} {sealed:?}");
        assert!(!printed.contains("Ab3dE6gH9k"));
        let contains = |needle: &[u8]| {
            sealed
                .as_bytes()
                .windows(needle.len())
                .any(|window| window == needle)
        };
        assert!(!contains(b"Ab3dE6gH9k"));
        assert!(crate::platform::is_owner_only(&dir.path().join("key.age")).unwrap());
    }
}
