//! One value sealed: XChaCha20-Poly1305 under a fresh random nonce, bound to its record and field.
//!
//! Bytes: form (1), key id (8), nonce (24), ciphertext and tag. The associated data names the form, the key, the
//! record and the field, each text after its length, so no two pairs of texts encode alike. Random nonces of
//! 192 bits do not meet (draft-irtf-cfrg-xchacha, section 3.1).

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::ExposeSecret;

use super::{CustodyError, DataKey, KeyId, Plaintext};

/// A sealed value: safe to store anywhere, opened only by [`super::Vault::unseal`].
#[derive(Clone, Eq, PartialEq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes bytes that were stored; whether they open shows at unsealing.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

pub(super) fn seal(
    key: &DataKey,
    id: KeyId,
    record: &str,
    field: &str,
    plaintext: &[u8],
) -> Result<Sealed, CustodyError> {
    let mut nonce = [0; NONCE_LENGTH];
    fill_random(&mut nonce)?;
    let payload = Payload {
        msg: plaintext,
        aad: &associated_data(id, record, field),
    };
    let ciphertext = cipher(key)
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_too_long| CustodyError::TooLong {
            field: field.to_owned(),
        })?;
    let mut bytes = vec![FORM];
    bytes.extend(id.0);
    bytes.extend(nonce);
    bytes.extend(ciphertext);
    Ok(Sealed(bytes))
}

pub(super) fn unseal(
    key: &DataKey,
    id: KeyId,
    record: &str,
    field: &str,
    sealed: &Sealed,
) -> Result<Plaintext, CustodyError> {
    let parts = Parts::of(&sealed.0).ok_or_else(|| CustodyError::UnknownForm {
        field: field.to_owned(),
    })?;
    if parts.key_id != id {
        return Err(CustodyError::OtherKey {
            field: field.to_owned(),
            sealed_with: parts.key_id,
            present: id,
        });
    }
    let payload = Payload {
        msg: parts.ciphertext,
        aad: &associated_data(id, record, field),
    };
    cipher(key)
        .decrypt(XNonce::from_slice(parts.nonce), payload)
        .map(Plaintext::new)
        .map_err(|_mismatch| CustodyError::NotUnsealed {
            field: field.to_owned(),
        })
}

/// Fills `bytes` from the operating system's source.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), CustodyError> {
    getrandom::fill(bytes).map_err(|source| CustodyError::NoRandomness { source })
}

struct Parts<'a> {
    key_id: KeyId,
    nonce: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        let (key_id, rest) = rest.split_first_chunk::<{ KeyId::LENGTH }>()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        (*form == FORM).then_some(Self {
            key_id: KeyId(*key_id),
            nonce,
            ciphertext,
        })
    }
}

fn cipher(key: &DataKey) -> XChaCha20Poly1305 {
    // The cipher needs the key itself; it wipes its copy when dropped.
    XChaCha20Poly1305::new(Key::from_slice(key.expose_secret()))
}

fn associated_data(id: KeyId, record: &str, field: &str) -> Vec<u8> {
    let mut data = b"noticert sealed value\0".to_vec();
    data.push(FORM);
    data.extend(id.0);
    for text in [record, field] {
        data.extend((text.len() as u64).to_le_bytes());
        data.extend(text.as_bytes());
    }
    data
}

const FORM: u8 = 1;
const NONCE_LENGTH: usize = 24;

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use secrecy::SecretBox;

    use super::*;

    fn key() -> (DataKey, KeyId) {
        let key = SecretBox::new(Box::new([7; 32]));
        let id = KeyId::of(&key);
        (key, id)
    }

    proptest! {
        #[test]
        fn any_bytes_survive_sealing(plaintext: Vec<u8>, record: String, field: String) {
            let (key, id) = key();
            let sealed = seal(&key, id, &record, &field, &plaintext).unwrap();
            let opened = unseal(&key, id, &record, &field, &sealed).unwrap();
            assert_eq!(opened.bytes(), plaintext);
        }

        #[test]
        fn any_changed_bit_is_noticed(at in any::<proptest::sample::Index>(), bit in 0..8_u8) {
            let (key, id) = key();
            let mut bytes = seal(&key, id, "record", "field", b"Ab3dE6gH9k").unwrap().0;
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            assert!(unseal(&key, id, "record", "field", &Sealed(bytes)).is_err());
        }

        #[test]
        fn any_other_bytes_are_refused(bytes: Vec<u8>) {
            let (key, id) = key();
            assert!(unseal(&key, id, "record", "field", &Sealed(bytes)).is_err());
        }
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let (key, id) = key();
        let one = seal(&key, id, "record", "field", b"8051").unwrap();
        assert_ne!(one, seal(&key, id, "record", "field", b"8051").unwrap());
    }
}
