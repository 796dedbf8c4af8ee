//! How the parts of a `.p12` are locked: which schemes are known, how much work they ask for, and unlocking.
//!
//! A scheme is read before anything is derived, so that a file cannot keep the machine busy for hours and an
//! unknown scheme is named instead of being taken for a wrong password.
//!
//! Sources: RFC 7292 appendix C (PKCS#12 schemes), RFC 8018 appendix A (PBES2, PBKDF2).

use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use des::{TdesEde2, TdesEde3};
use pkcs5::EncryptionScheme;
use rc2::Rc2;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::ber::{self, Node, SEQUENCE};
use super::derivation::{Purpose, derive};
use super::password::FilePassword;
use super::{CredentialError, Part};

/// A scheme that can be unlocked.
pub(super) struct Scheme {
    /// Its usual name, for people.
    pub(super) name: String,
    lock: Lock,
}

enum Lock {
    /// A derivation and a cipher of PKCS#12 itself.
    Pkcs12 {
        cipher: Pkcs12Cipher,
        salt: Vec<u8>,
        rounds: u32,
    },
    /// DER of the whole AlgorithmIdentifier.
    Pbes2(Vec<u8>),
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Pkcs12Cipher {
    TripleDes,
    TwoKeyTripleDes,
    Rc2With128Bits,
    Rc2With40Bits,
}

impl Scheme {
    /// Reads an AlgorithmIdentifier, believing at most `limit` rounds of key derivation.
    pub(super) fn read(algorithm: &Node<'_>, limit: u32) -> Result<Self, CredentialError> {
        let damaged = || CredentialError::Damaged {
            part: "AlgorithmIdentifier",
        };
        let identifier = identifier(algorithm).ok_or_else(damaged)?;
        let cipher = match identifier.as_str() {
            PBES2 => {
                return Ok(Self {
                    name: pbes2(parameters(algorithm).ok_or_else(damaged)?, limit)?,
                    lock: Lock::Pbes2(algorithm.to_der()),
                });
            }
            "1.2.840.113549.1.12.1.3" => Pkcs12Cipher::TripleDes,
            "1.2.840.113549.1.12.1.4" => Pkcs12Cipher::TwoKeyTripleDes,
            "1.2.840.113549.1.12.1.5" => Pkcs12Cipher::Rc2With128Bits,
            "1.2.840.113549.1.12.1.6" => Pkcs12Cipher::Rc2With40Bits,
            _ => return Err(unsupported(Part::Encryption, identifier)),
        };
        let damaged = || CredentialError::Damaged { part: "PBE" };
        let Some([salt, rounds]) = parameters(algorithm) else {
            return Err(damaged());
        };
        Ok(Self {
            name: format!("SHA-1 {}", cipher.name()),
            lock: Lock::Pkcs12 {
                cipher,
                salt: salt.octets().ok_or_else(damaged)?.into_owned(),
                rounds: believed(rounds.unsigned().ok_or_else(damaged)?, limit)?,
            },
        })
    }

    /// What `password` makes of `locked`. `None` where it makes no whole SEQUENCE of it, which is what both a key and
    /// a list of bags are: padding alone looks right after one wrong password in 256.
    pub(super) fn unlock(
        &self,
        locked: &[u8],
        password: &FilePassword,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let is_whole = |opened: &Zeroizing<Vec<u8>>| matches!(ber::parse(opened), Ok((node, 0)) if node.tag == SEQUENCE);
        match &self.lock {
            Lock::Pkcs12 {
                cipher,
                salt,
                rounds,
            } => password
                .utf16()
                .iter()
                .filter_map(|form| cipher.decrypt(form, salt, *rounds, locked))
                .find(is_whole),
            Lock::Pbes2(algorithm) => EncryptionScheme::try_from(algorithm.as_slice())
                .map(|scheme| scheme.decrypt(password.utf8(), locked))
                .ok()?
                .ok()
                .map(Zeroizing::new)
                .filter(is_whole),
        }
    }
}

impl Pkcs12Cipher {
    fn name(self) -> &'static str {
        match self {
            Self::TripleDes => "3DES",
            Self::TwoKeyTripleDes => "3DES-112",
            Self::Rc2With128Bits => "RC2-128",
            Self::Rc2With40Bits => "RC2-40",
        }
    }

    fn decrypt(
        self,
        password: &[u8],
        salt: &[u8],
        rounds: u32,
        locked: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let derived = |purpose, length| derive::<Sha1>(password, salt, rounds, purpose, length);
        let key = |length| derived(Purpose::EncryptionKey, length);
        let initial = derived(Purpose::InitialValue, BLOCK);
        match self {
            Self::TripleDes => decrypt::<TdesEde3>(&key(24), &initial, locked),
            Self::TwoKeyTripleDes => decrypt::<TdesEde2>(&key(16), &initial, locked),
            Self::Rc2With128Bits => decrypt::<Rc2>(&key(16), &initial, locked),
            Self::Rc2With40Bits => decrypt::<Rc2>(&key(5), &initial, locked),
        }
    }
}

fn decrypt<C: KeyInit + BlockCipherDecrypt>(
    key: &[u8],
    initial: &[u8],
    locked: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slice(key).ok()?;
    Decryptor::<C>::inner_iv_slice_init(cipher, initial)
        .ok()?
        .decrypt_padded_vec::<Pkcs7>(locked)
        .ok()
        .map(Zeroizing::new)
}

/// The object identifier of an AlgorithmIdentifier.
pub(super) fn identifier(algorithm: &Node<'_>) -> Option<String> {
    algorithm.children(SEQUENCE)?.first()?.object_identifier()
}

fn parameters<'n, 'a>(algorithm: &'n Node<'a>) -> Option<&'n [Node<'a>]> {
    algorithm.children(SEQUENCE)?.get(1)?.children(SEQUENCE)
}

/// A number of rounds that is neither none nor beyond `limit`.
pub(super) fn believed(rounds: u64, limit: u32) -> Result<u32, CredentialError> {
    match u32::try_from(rounds) {
        Ok(0) => Err(CredentialError::Damaged {
            part: "key-derivation rounds",
        }),
        Ok(rounds) if rounds <= limit => Ok(rounds),
        _ => Err(CredentialError::TooManyRounds {
            found: rounds,
            limit,
        }),
    }
}

/// The parameters of PBKDF2.
pub(super) struct Pbkdf2 {
    pub(super) salt: Vec<u8>,
    pub(super) rounds: u32,
    /// In bytes, where it is written.
    pub(super) key_length: Option<u64>,
    /// Object identifier of its HMAC.
    pub(super) function: String,
}

impl Pbkdf2 {
    /// Reads an AlgorithmIdentifier that must be PBKDF2; another derivation is named as `part`'s.
    pub(super) fn read(
        algorithm: &Node<'_>,
        limit: u32,
        part: Part,
    ) -> Result<Self, CredentialError> {
        let damaged = || CredentialError::Damaged { part: "PBKDF2" };
        let identifier = identifier(algorithm).ok_or_else(damaged)?;
        if identifier != PBKDF2 {
            return Err(unsupported(part, identifier));
        }
        let (salt, rounds, rest) = match parameters(algorithm) {
            Some([salt, rounds, rest @ ..]) => (salt, rounds, rest),
            _ => return Err(damaged()),
        };
        // HMAC-SHA-1 is what stands where no function is written.
        let function = rest.iter().find_map(self::identifier);
        Ok(Self {
            salt: salt.octets().ok_or_else(damaged)?.into_owned(),
            rounds: believed(rounds.unsigned().ok_or_else(damaged)?, limit)?,
            key_length: rest.first().and_then(Node::unsigned),
            function: function.unwrap_or_else(|| HMAC_SHA1.to_owned()),
        })
    }
}

fn pbes2(parameters: &[Node<'_>], limit: u32) -> Result<String, CredentialError> {
    let damaged = || CredentialError::Damaged { part: "PBES2" };
    let [derivation, encryption] = parameters else {
        return Err(damaged());
    };
    let derivation = Pbkdf2::read(derivation, limit, Part::Encryption)?;
    let function = known(&FUNCTIONS, derivation.function)?;
    let encryption = known(&CIPHERS, identifier(encryption).ok_or_else(damaged)?)?;
    Ok(format!("PBES2 {encryption} {function}"))
}

fn known(
    table: &[(&str, &'static str)],
    identifier: String,
) -> Result<&'static str, CredentialError> {
    table
        .iter()
        .find(|(known, _)| *known == identifier)
        .map(|(_, name)| *name)
        .ok_or_else(|| unsupported(Part::Encryption, identifier))
}

fn unsupported(part: Part, identifier: String) -> CredentialError {
    CredentialError::Unsupported { part, identifier }
}

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
pub(super) const HMAC_SHA1: &str = "1.2.840.113549.2.7";
pub(super) const HMAC_SHA224: &str = "1.2.840.113549.2.8";
pub(super) const HMAC_SHA256: &str = "1.2.840.113549.2.9";
pub(super) const HMAC_SHA384: &str = "1.2.840.113549.2.10";
pub(super) const HMAC_SHA512: &str = "1.2.840.113549.2.11";
const FUNCTIONS: [(&str, &str); 5] = [
    (HMAC_SHA1, "HMAC-SHA-1"),
    (HMAC_SHA224, "HMAC-SHA-224"),
    (HMAC_SHA256, "HMAC-SHA-256"),
    (HMAC_SHA384, "HMAC-SHA-384"),
    (HMAC_SHA512, "HMAC-SHA-512"),
];
const CIPHERS: [(&str, &str); 4] = [
    ("1.2.840.113549.3.7", "3DES"),
    ("2.16.840.1.101.3.4.1.2", "AES-128"),
    ("2.16.840.1.101.3.4.1.22", "AES-192"),
    ("2.16.840.1.101.3.4.1.42", "AES-256"),
];
/// Bytes of a block, of 3DES and of RC2 alike.
const BLOCK: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// What OpenSSL makes of a key with each function of PBKDF2; `openssl pkcs12` has no option for them.
    #[test]
    fn every_function_of_pbkdf2_unlocks() {
        for (name, file) in [
            (
                "HMAC-SHA-1",
                include_bytes!("../../fixtures/credentials/key-pbkdf2-SHA1.der").as_slice(),
            ),
            (
                "HMAC-SHA-224",
                include_bytes!("../../fixtures/credentials/key-pbkdf2-SHA224.der"),
            ),
            (
                "HMAC-SHA-256",
                include_bytes!("../../fixtures/credentials/key-pbkdf2-SHA256.der"),
            ),
            (
                "HMAC-SHA-384",
                include_bytes!("../../fixtures/credentials/key-pbkdf2-SHA384.der"),
            ),
            (
                "HMAC-SHA-512",
                include_bytes!("../../fixtures/credentials/key-pbkdf2-SHA512.der"),
            ),
        ] {
            let (node, _) = ber::parse(file).unwrap();
            let Some([algorithm, locked]) = node.children(SEQUENCE) else {
                panic!("{name}: no EncryptedPrivateKeyInfo");
            };
            let scheme = Scheme::read(algorithm, 1_000_000).unwrap();
            assert_eq!(scheme.name, format!("PBES2 AES-256 {name}"));
            let locked = locked.octets().unwrap();
            let unlock = |text: &str| scheme.unlock(&locked, &FilePassword::new(text.into()));
            assert!(unlock("2468").is_some(), "{name}");
            assert!(unlock("2469").is_none(), "{name}");
        }
    }
}
