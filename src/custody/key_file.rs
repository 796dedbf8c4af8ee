//! The data key wrapped by a passphrase: `key.age`, one per data folder.
//!
//! age cannot tell a wrong passphrase from a damaged stanza, so `key.age.sha256` lies beside it, in the form
//! that `sha256sum -c` reads: a file that is not as written is called damaged, and nobody tries
//! passphrases in vain.
//!
//! A file whose stanza is age's own for passphrases, as earlier versions wrote it, opens as well.
//!
//! Source: <https://c2sp.org/age#scrypt-recipient-stanza>.

use std::fs::{self, File};
use std::io::{self, Read};
use std::iter;
use std::path::{Path, PathBuf};

use age::{DecryptError, Decryptor, scrypt};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::files::{self, DiskError, PathKind};
use super::passphrase::{PassphraseIdentity, PassphraseRecipient};
use super::{CustodyError, DataKey, KEY_LENGTH};
use crate::domain::hexadecimal;

/// How much work scrypt asks of whoever tries a passphrase: 2 to this power.
///
/// Fixed, not measured as age does: a machine that is busy for a moment would get a weak key for good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WorkFactor(pub(super) u8);

impl WorkFactor {
    /// OWASP's least for scrypt with r = 8, about half a second. A file that `age` itself shall open takes 128 MiB
    /// for it; the data key takes a quarter of that.
    pub const STANDARD: Self = Self(17);

    /// Hardly any work: for a passphrase that was drawn at random, as the demo's and the tests' are.
    pub const RANDOM_PASSPHRASE: Self = Self(4);
}

/// Where the key file of `dir` is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// Wraps `key` and writes it, unless there is a key file already.
pub(super) fn write(
    dir: &Path,
    passphrase: &SecretString,
    work: WorkFactor,
    key: &DataKey,
) -> Result<(), CustodyError> {
    let wrapped = wrap(&folded(passphrase)?, work, key)?;
    files::create_dir(dir, PathKind::DataFolder)?;
    if !files::write_if_absent(dir, NAME, &wrapped, PathKind::KeyFile)? {
        return Err(CustodyError::KeyExists { path: path(dir) });
    }
    write_check(dir, &wrapped)
}

/// Wraps `key` anew and writes it over the key file that may be there.
///
/// The check goes first and comes back last: a crash in between leaves a key file that opens, and no check that
/// would call it damaged.
pub(super) fn replace(
    dir: &Path,
    passphrase: &SecretString,
    work: WorkFactor,
    key: &DataKey,
) -> Result<(), CustodyError> {
    let wrapped = wrap(&folded(passphrase)?, work, key)?;
    let check_path = dir.join(CHECK_NAME);
    match fs::remove_file(&check_path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(DiskError::new(PathKind::KeyFile, check_path, error).into());
        }
        _ => {}
    }
    files::replace_owner_only_atomic(dir, NAME, &wrapped, PathKind::KeyFile)?;
    write_check(dir, &wrapped)
}

/// Takes the key file away.
pub(super) fn remove(dir: &Path) -> Result<(), CustodyError> {
    for name in [CHECK_NAME, NAME] {
        match files::wipe(&dir.join(name)) {
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => {}
            outcome => {
                outcome?;
            }
        }
    }
    Ok(())
}

/// Reads and unwraps the key of `dir`.
pub(super) fn read(dir: &Path, passphrase: &SecretString) -> Result<DataKey, CustodyError> {
    let path = path(dir);
    let wrapped = read_bounded(&path)?;
    unwrap(&folded(passphrase)?, &wrapped).map_err(|error| match error {
        // A changed file often looks like a wrong passphrase; the check beside it knows better.
        DecryptError::DecryptionFailed if is_as_written(dir, &wrapped) => {
            CustodyError::WrongPassphrase { path }
        }
        DecryptError::ExcessiveWork { required, .. } => CustodyError::KeyTooCostly {
            path,
            required,
            accepted: MAX_WORK,
        },
        other => CustodyError::KeyDamaged {
            path,
            source: Some(other),
        },
    })
}

fn wrap(
    passphrase: &SecretString,
    work: WorkFactor,
    key: &DataKey,
) -> Result<Vec<u8>, CustodyError> {
    let recipient = PassphraseRecipient {
        passphrase: passphrase.clone(),
        work,
    };
    let mut plaintext = Zeroizing::new(Vec::with_capacity(HEADER.len() + KEY_LENGTH));
    plaintext.extend(HEADER);
    // The key goes into age, which wraps it: the one place where it leaves memory.
    plaintext.extend(key.expose_secret());
    age::encrypt(&recipient, &plaintext).map_err(|source| CustodyError::KeyNotWrapped { source })
}

fn unwrap(passphrase: &SecretString, wrapped: &[u8]) -> Result<DataKey, DecryptError> {
    let decryptor = Decryptor::new(wrapped)?;
    let identity: Box<dyn age::Identity> = match decryptor.is_scrypt() {
        true => {
            let mut identity = scrypt::Identity::new(passphrase.clone());
            identity.set_max_work_factor(MAX_WORK);
            Box::new(identity)
        }
        false => Box::new(PassphraseIdentity {
            passphrase: passphrase.clone(),
        }),
    };
    let mut reader = decryptor.decrypt(iter::once(identity.as_ref()))?;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(HEADER.len() + KEY_LENGTH + 1));
    reader
        .by_ref()
        .take((HEADER.len() + KEY_LENGTH + 1) as u64)
        .read_to_end(&mut plaintext)?;
    plaintext
        .strip_prefix(HEADER)
        .and_then(|key| <[u8; KEY_LENGTH]>::try_from(key).ok())
        .map(|key| SecretBox::new(Box::new(key)))
        .ok_or(DecryptError::UnknownFormat)
}

/// NFKC, so that a passphrase typed with Japanese input on is the same passphrase (design rule 12).
pub(super) fn folded(passphrase: &SecretString) -> Result<SecretString, CustodyError> {
    // The typed passphrase has to be seen to be folded; both copies are wiped.
    let typed = passphrase.expose_secret();
    let mut folded = Zeroizing::new(String::with_capacity(typed.len() * NFKC_GROWTH));
    folded.extend(typed.nfkc());
    match folded.is_empty() {
        true => Err(CustodyError::EmptyPassphrase),
        false => Ok(SecretString::from(folded.as_str())),
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, CustodyError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => CustodyError::KeyMissing {
            path: path.to_owned(),
        },
        _ => DiskError::new(PathKind::KeyFile, path, source).into(),
    })
}

/// Writes the hash of the key file beside it, as `sha256sum` does.
fn write_check(dir: &Path, wrapped: &[u8]) -> Result<(), CustodyError> {
    let check = format!("{}  {NAME}\n", hex_digest(wrapped));
    files::replace_owner_only_atomic(dir, CHECK_NAME, check.as_bytes(), PathKind::KeyFile)?;
    Ok(())
}

/// Whether the check beside the key file agrees, or is not there to disagree.
fn is_as_written(dir: &Path, wrapped: &[u8]) -> bool {
    match fs::read_to_string(dir.join(CHECK_NAME)) {
        Ok(check) => check.split_whitespace().next() == Some(&hex_digest(wrapped)),
        Err(_) => true,
    }
}

fn hex_digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

const NAME: &str = "key.age";
const CHECK_NAME: &str = "key.age.sha256";
const HEADER: &[u8] = b"noticert data key 1\n";
/// Eight times what [`WorkFactor::STANDARD`] asks for; one GiB of memory where age does the work.
pub(super) const MAX_WORK: u8 = 20;
/// Far more than a wrapped key takes.
const MAX_FILE: u64 = 64 * 1024;
/// The most that NFKC lengthens UTF-8 (UAX #15), so that no half-grown copy is left in memory.
const NFKC_GROWTH: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_of_ages_own_form_still_opens() {
        let passphrase = SecretString::from("invented passphrase");
        let mut recipient = scrypt::Recipient::new(passphrase.clone());
        recipient.set_work_factor(WorkFactor::RANDOM_PASSPHRASE.0);
        let plaintext = [HEADER, &[9; KEY_LENGTH]].concat();
        let wrapped = age::encrypt(&recipient, &plaintext).unwrap();
        let key = unwrap(&passphrase, &wrapped).unwrap();
        assert_eq!(*key.expose_secret(), [9; KEY_LENGTH]);
        let wrong = unwrap(&SecretString::from("another"), &wrapped).unwrap_err();
        assert!(matches!(wrong, DecryptError::DecryptionFailed));
    }
}
