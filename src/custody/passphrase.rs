//! A passphrase as an age recipient whose work needs little memory.
//!
//! age's own scrypt stanza asks for 128 MiB in one piece at the least that OWASP recommends. A terminal works beside
//! the software of the counter, so here the same work is done in several passes over [`MEMORY`] bytes, which
//! OWASP's table rates alike (N = 2^15, p = 3 is on a level with N = 2^17, p = 1). age writes and reads the file;
//! its stanza is ours:
//!
//! ```text
//! -> noticert.scrypt <salt, 16 bytes in base64> <work factor>
//! <file key, 16 bytes, sealed by ChaCha20-Poly1305>
//! ```
//!
//! Sources: <https://c2sp.org/age#scrypt-recipient-stanza>, RFC 7914, the OWASP Password Storage Cheat Sheet.

use std::collections::HashSet;
use std::io;

use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{aead_decrypt, aead_encrypt};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use scrypt::Params;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::key_file::{MAX_WORK, WorkFactor};
use super::sealing::fill_random;

/// Wraps a file key by a passphrase.
pub(super) struct PassphraseRecipient {
    pub(super) passphrase: SecretString,
    pub(super) work: WorkFactor,
}

/// Unwraps what [`PassphraseRecipient`] wrapped with the same passphrase.
pub(super) struct PassphraseIdentity {
    pub(super) passphrase: SecretString,
}

impl age::Recipient for PassphraseRecipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let mut salt = [0; SALT_LENGTH];
        fill_random(&mut salt)
            .map_err(|error| EncryptError::Io(io::Error::other(error.to_string())))?;
        let key = stretched(&self.passphrase, &salt, self.work);
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![BASE64_STANDARD_NO_PAD.encode(salt), self.work.0.to_string()],
            // The file key leaves memory sealed.
            body: aead_encrypt(&key, file_key.expose_secret()),
        };
        Ok((vec![stanza], HashSet::new()))
    }
}

impl age::Identity for PassphraseIdentity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        (stanza.tag == TAG).then(|| self.unwrap_own(stanza))
    }
}

impl PassphraseIdentity {
    fn unwrap_own(&self, stanza: &Stanza) -> Result<FileKey, DecryptError> {
        let [salt, work] = stanza.args.as_slice() else {
            return Err(DecryptError::InvalidHeader);
        };
        let salt = BASE64_STANDARD_NO_PAD.decode(salt).ok();
        let salt = salt.and_then(|salt| <[u8; SALT_LENGTH]>::try_from(salt).ok());
        // As it is written: no sign, no leading zero.
        let written = |number: &u8| number.to_string() == *work && *number > 0;
        let work = work.parse().ok().filter(written);
        let (Some(salt), Some(required)) = (salt, work) else {
            return Err(DecryptError::InvalidHeader);
        };
        if required > MAX_WORK {
            return Err(DecryptError::ExcessiveWork {
                required,
                target: MAX_WORK,
            });
        }
        let key = stretched(&self.passphrase, &salt, WorkFactor(required));
        let opened = aead_decrypt(&key, FILE_KEY_BYTES, &stanza.body)
            .map(Zeroizing::new)
            .map_err(|_mismatch| DecryptError::DecryptionFailed)?;
        FileKey::try_init_with_mut(|file_key| match opened.len() == FILE_KEY_BYTES {
            true => {
                file_key.copy_from_slice(&opened);
                Ok(())
            }
            false => Err(DecryptError::DecryptionFailed),
        })
    }
}

/// The key that a passphrase stands for.
fn stretched(
    passphrase: &SecretString,
    salt: &[u8; SALT_LENGTH],
    work: WorkFactor,
) -> Zeroizing<[u8; 32]> {
    let in_one_pass = work.0.min(MOST_IN_ONE_PASS);
    let passes = 1 << (work.0 - in_one_pass);
    let params = Params::new(in_one_pass, BLOCK, passes, 32)
        .expect("scrypt takes every N up to 2^15 with r = 8, and up to 32 passes of it");
    let label_and_salt = [LABEL, salt].concat();
    let mut key = Zeroizing::new([0; 32]);
    // The passphrase has to be seen to be stretched.
    let typed = passphrase.expose_secret().as_bytes();
    scrypt::scrypt(typed, &label_and_salt, &params, key.as_mut())
        .expect("a key of 32 bytes is of a length that scrypt makes");
    key
}

const TAG: &str = "noticert.scrypt";
const LABEL: &[u8] = b"noticert data key/v1/scrypt";
const SALT_LENGTH: usize = 16;
/// scrypt's r.
const BLOCK: u32 = 8;
/// N = 2^15: 32 MiB, with r = 8.
const MOST_IN_ONE_PASS: u8 = 15;

#[cfg(test)]
mod tests {
    use age::{Decryptor, Identity, Recipient};

    use super::*;

    fn stanza(work: u8) -> Stanza {
        let recipient = PassphraseRecipient {
            passphrase: SecretString::from("invented passphrase"),
            work: WorkFactor(work),
        };
        let key = FileKey::new(Box::new([5; FILE_KEY_BYTES]));
        recipient.wrap_file_key(&key).unwrap().0.remove(0)
    }

    fn unwrapped(stanza: &Stanza, passphrase: &str) -> Option<Result<FileKey, DecryptError>> {
        let passphrase = SecretString::from(passphrase);
        PassphraseIdentity { passphrase }.unwrap_stanza(stanza)
    }

    #[test]
    fn the_key_comes_back_by_its_passphrase_alone() {
        // 16: more than one pass.
        for work in [4, 16] {
            let stanza = stanza(work);
            let key = unwrapped(&stanza, "invented passphrase").unwrap().unwrap();
            assert_eq!(*key.expose_secret(), [5; FILE_KEY_BYTES]);
            let wrong = unwrapped(&stanza, "another").unwrap().err().unwrap();
            assert!(matches!(wrong, DecryptError::DecryptionFailed));
        }
    }

    #[test]
    fn a_stanza_that_asks_for_too_much_or_is_of_another_form_is_refused() {
        let told = |args: [&str; 2]| {
            let mut changed = stanza(4);
            changed.args = args.map(str::to_owned).to_vec();
            unwrapped(&changed, "invented passphrase")
                .unwrap()
                .err()
                .unwrap()
        };
        let salt = stanza(4).args[0].clone();
        assert!(matches!(
            told([&salt, "21"]),
            DecryptError::ExcessiveWork { required: 21, .. }
        ));
        for args in [
            [salt.as_str(), "0"],
            [&salt, "04"],
            [&salt, "+4"],
            ["AAAA", "4"],
        ] {
            assert!(
                matches!(told(args), DecryptError::InvalidHeader),
                "{args:?}"
            );
        }
        let mut other = stanza(4);
        other.tag = "scrypt".to_owned();
        assert!(unwrapped(&other, "invented passphrase").is_none());
    }

    /// OpenSSL 3's scrypt with the same parameters: `openssl kdf -keylen 32 -kdfopt pass:p -kdfopt hexsalt:… -kdfopt
    /// n:32768 -kdfopt r:8 -kdfopt p:4 SCRYPT`.
    #[test]
    fn the_passphrase_is_stretched_as_others_stretch_it() {
        let key = stretched(&SecretString::from("p"), &[7; SALT_LENGTH], WorkFactor(17));
        assert_eq!(
            crate::domain::hexadecimal(&*key),
            "23e092e40d1a0db127186aa19dc925b37105c9bf3e7fb6c7d35a837bebda57bf"
        );
    }

    #[test]
    fn age_writes_and_reads_the_file() {
        let recipient = PassphraseRecipient {
            passphrase: SecretString::from("invented passphrase"),
            work: WorkFactor::RANDOM_PASSPHRASE,
        };
        let sealed = age::encrypt(&recipient, b"contents").unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> noticert.scrypt "));
        assert!(!Decryptor::new(&sealed[..]).unwrap().is_scrypt());
        let passphrase = SecretString::from("invented passphrase");
        let opened = age::decrypt(&PassphraseIdentity { passphrase }, &sealed).unwrap();
        assert_eq!(opened, b"contents");
    }
}
