//! Bytes sealed by a passphrase for a journey: plain age, which the `age` program opens too.
//!
//! The passphrase is folded by NFKC at both ends (design rule 12).

use std::io::{self, Read};
use std::iter;

use age::{DecryptError, Decryptor, scrypt};
use secrecy::SecretString;
use thiserror::Error;
use zeroize::Zeroizing;

use super::key_file::{MAX_WORK, folded};
use super::{CustodyError, WorkFactor};

/// Why an envelope does not open.
#[derive(Debug, Error)]
pub enum EnvelopeError {
    /// These are no bytes of age, or they are sealed for keys instead of a passphrase.
    #[error("the bytes are not sealed by a passphrase")]
    Foreign,
    /// Another passphrase sealed it; age cannot tell that from a damaged beginning.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// It was changed or cut off after it was sealed.
    #[error("the sealed bytes are damaged")]
    Damaged {
        /// What age says, where it got so far.
        #[source]
        source: Option<DecryptError>,
    },
    /// It asks for more work, or holds more, than anything noticert writes.
    #[error("the sealed bytes ask for too much")]
    TooCostly,
    /// The passphrase cannot be used.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

/// Seals `plaintext`.
pub fn seal(
    passphrase: &SecretString,
    work: WorkFactor,
    plaintext: &[u8],
) -> Result<Vec<u8>, CustodyError> {
    let mut recipient = scrypt::Recipient::new(folded(passphrase)?);
    recipient.set_work_factor(work.0);
    age::encrypt(&recipient, plaintext).map_err(|source| CustodyError::KeyNotWrapped { source })
}

/// Opens what [`seal`] made, up to `limit` bytes of it.
pub fn open(
    passphrase: &SecretString,
    sealed: &[u8],
    limit: u64,
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let decryptor = Decryptor::new(sealed).map_err(|error| match sealed.starts_with(MAGIC) {
        true => EnvelopeError::Damaged {
            source: Some(error),
        },
        false => EnvelopeError::Foreign,
    })?;
    if !decryptor.is_scrypt() {
        return Err(EnvelopeError::Foreign);
    }
    let mut identity = scrypt::Identity::new(folded(passphrase)?);
    identity.set_max_work_factor(MAX_WORK);
    let reader = decryptor
        .decrypt(iter::once(&identity as &dyn age::Identity))
        .map_err(|error| match error {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
                EnvelopeError::WrongPassphrase
            }
            DecryptError::ExcessiveWork { .. } => EnvelopeError::TooCostly,
            other => EnvelopeError::Damaged {
                source: Some(other),
            },
        })?;
    // Room for all of it at once, so that no half-grown copy is left in memory.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader
        .take(limit + 1)
        .read_to_end(&mut plaintext)
        .map_err(|error: io::Error| EnvelopeError::Damaged {
            source: Some(DecryptError::Io(error)),
        })?;
    match plaintext.len() as u64 > limit {
        true => Err(EnvelopeError::TooCostly),
        false => Ok(plaintext),
    }
}

const MAGIC: &[u8] = b"age-encryption.org/";

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<u8> {
        let passphrase = SecretString::from("ｐａｓｓ１２３ﾊﾟ");
        seal(&passphrase, WorkFactor::RANDOM_PASSPHRASE, b"contents").unwrap()
    }

    fn opened(bytes: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        open(&SecretString::from(passphrase), bytes, 1000)
    }

    #[test]
    fn full_width_and_half_width_passphrases_open_the_same_envelope() {
        assert_eq!(*opened(&sealed(), "pass123パ").unwrap(), b"contents");
        let wrong = opened(&sealed(), "other").unwrap_err();
        assert!(matches!(wrong, EnvelopeError::WrongPassphrase));
    }

    #[test]
    fn any_changed_or_missing_byte_is_refused() {
        let whole = sealed();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x04;
            assert!(opened(&damaged, "pass123パ").is_err(), "byte {at}");
        }
        for length in 0..whole.len() {
            assert!(opened(&whole[..length], "pass123パ").is_err(), "{length}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(opened(&longer, "pass123パ").is_err());
    }

    #[test]
    fn what_holds_more_than_allowed_is_refused() {
        let passphrase = SecretString::from("pass123パ");
        let error = open(&passphrase, &sealed(), 4).unwrap_err();
        assert!(matches!(error, EnvelopeError::TooCostly));
        let error = opened(b"PK\x03\x04", "any").unwrap_err();
        assert!(matches!(error, EnvelopeError::Foreign));
    }
}
