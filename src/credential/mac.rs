//! The integrity check over a `.p12`: an HMAC under a key that is derived from the password.
//!
//! There are two ways to that key: the one of PKCS#12 itself, and PBMAC1 with PBKDF2, which newer writers use.
//! It is computed over the bytes as sent, which is why it cannot be left to a reader of re-written DER.
//!
//! Sources: RFC 7292 §4 (MacData) and appendix B.4; RFC 9879 §4 (PBMAC1, formerly RFC 9579).

use std::num::NonZeroU32;

use hmac::SimpleHmac;
use hmac::digest::core_api::BlockSizeUser;
use hmac::{Mac, digest::Digest};
use ring::pbkdf2;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use super::ber::{Node, SEQUENCE};
use super::cipher::{self, HMAC_SHA1, HMAC_SHA224, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use super::derivation::{Purpose, derive};
use super::password::FilePassword;
use super::{CredentialError, Part};

/// What a file says about its check value.
pub(super) struct MacData {
    scheme: MacScheme,
    digest: Vec<u8>,
}

/// How the key of the check value is derived, and what it is used with.
#[derive(Clone)]
pub(super) enum MacScheme {
    /// The derivation of PKCS#12 itself.
    Pkcs12 {
        hash: Hash,
        salt: Vec<u8>,
        rounds: u32,
    },
    /// PBMAC1: PBKDF2 with `derivation`, then HMAC with `hash`.
    Pbmac1 {
        derivation: pbkdf2::Algorithm,
        salt: Vec<u8>,
        rounds: NonZeroU32,
        key_length: usize,
        hash: Hash,
    },
}

/// The hash functions in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512t224,
    Sha512t256,
}

impl MacData {
    /// Reads MacData, believing at most `limit` rounds.
    pub(super) fn read(node: &Node<'_>, limit: u32) -> Result<Self, CredentialError> {
        let (digest_info, rest) = match node.children(SEQUENCE) {
            Some([digest_info, rest @ ..]) => (digest_info, rest),
            _ => return Err(damaged()),
        };
        let Some([algorithm, digest]) = digest_info.children(SEQUENCE) else {
            return Err(damaged());
        };
        let identifier = cipher::identifier(algorithm).ok_or_else(damaged)?;
        let scheme = match identifier.as_str() {
            PBMAC1 => pbmac1(algorithm, limit)?,
            _ => pkcs12(identifier, rest, limit)?,
        };
        Ok(Self {
            scheme,
            digest: digest.octets().ok_or_else(damaged)?.into_owned(),
        })
    }

    /// How the check value is made.
    pub(super) fn scheme(&self) -> &MacScheme {
        &self.scheme
    }

    /// Whether the check value holds for `content` under `password`.
    pub(super) fn holds(&self, content: &[u8], password: &FilePassword) -> bool {
        match &self.scheme {
            MacScheme::Pkcs12 { hash, salt, rounds } => password.utf16().iter().any(|form| {
                let key = hash.derive(form, salt, *rounds);
                hash.mac_holds(&key, content, &self.digest)
            }),
            MacScheme::Pbmac1 {
                derivation,
                salt,
                rounds,
                key_length,
                hash,
            } => {
                let mut key = Zeroizing::new(vec![0; *key_length]);
                pbkdf2::derive(*derivation, *rounds, salt, password.utf8(), &mut key);
                hash.mac_holds(&key, content, &self.digest)
            }
        }
    }
}

impl MacScheme {
    /// For people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Pkcs12 { hash, .. } => format!("HMAC {}", hash.name()),
            Self::Pbmac1 { hash, .. } => format!("PBMAC1, HMAC {}", hash.name()),
        }
    }
}

/// The parts beside the algorithm: salt and rounds; the latter are 1 where they are not written.
fn pkcs12(
    identifier: String,
    parameters: &[Node<'_>],
    limit: u32,
) -> Result<MacScheme, CredentialError> {
    let Some(hash) = Hash::from_digest(&identifier) else {
        return Err(unsupported(identifier));
    };
    let (salt, rounds) = match parameters {
        [salt, rounds] => (salt, rounds.unsigned().ok_or_else(damaged)?),
        [salt] => (salt, 1),
        _ => return Err(damaged()),
    };
    Ok(MacScheme::Pkcs12 {
        hash,
        salt: salt.octets().ok_or_else(damaged)?.into_owned(),
        rounds: cipher::believed(rounds, limit)?,
    })
}

/// RFC 9879 §4: everything is in the algorithm's parameters, and the key's length must be among them. What stands
/// beside it is for readers that do not know PBMAC1.
fn pbmac1(algorithm: &Node<'_>, limit: u32) -> Result<MacScheme, CredentialError> {
    let parameters = algorithm.children(SEQUENCE).and_then(|parts| parts.get(1));
    let Some([derivation, mac]) = parameters.and_then(|node| node.children(SEQUENCE)) else {
        return Err(damaged());
    };
    let derivation = cipher::Pbkdf2::read(derivation, limit, Part::Mac)?;
    let function = match derivation.function.as_str() {
        HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
        HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(unsupported(derivation.function)),
    };
    let mac = cipher::identifier(mac).ok_or_else(damaged)?;
    let Some(hash) = Hash::from_hmac(&mac) else {
        return Err(unsupported(mac));
    };
    let key_length = derivation
        .key_length
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| KEY_LENGTHS.contains(length))
        .ok_or_else(damaged)?;
    Ok(MacScheme::Pbmac1 {
        derivation: function,
        salt: derivation.salt,
        rounds: NonZeroU32::new(derivation.rounds).ok_or_else(damaged)?,
        key_length,
        hash,
    })
}

impl Hash {
    fn from_digest(identifier: &str) -> Option<Self> {
        Some(match identifier {
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.4" => Self::Sha224,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            "2.16.840.1.101.3.4.2.5" => Self::Sha512t224,
            "2.16.840.1.101.3.4.2.6" => Self::Sha512t256,
            _ => return None,
        })
    }

    fn from_hmac(identifier: &str) -> Option<Self> {
        Some(match identifier {
            HMAC_SHA1 => Self::Sha1,
            HMAC_SHA224 => Self::Sha224,
            HMAC_SHA256 => Self::Sha256,
            HMAC_SHA384 => Self::Sha384,
            HMAC_SHA512 => Self::Sha512,
            "1.2.840.113549.2.12" => Self::Sha512t224,
            "1.2.840.113549.2.13" => Self::Sha512t256,
            _ => return None,
        })
    }

    /// Its usual name.
    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha512t224 => "SHA-512/224",
            Self::Sha512t256 => "SHA-512/256",
        }
    }

    /// A key as long as this hash.
    fn derive(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Sha1 => mac_key::<Sha1>(password, salt, rounds),
            Self::Sha224 => mac_key::<Sha224>(password, salt, rounds),
            Self::Sha256 => mac_key::<Sha256>(password, salt, rounds),
            Self::Sha384 => mac_key::<Sha384>(password, salt, rounds),
            Self::Sha512 => mac_key::<Sha512>(password, salt, rounds),
            Self::Sha512t224 => mac_key::<Sha512_224>(password, salt, rounds),
            Self::Sha512t256 => mac_key::<Sha512_256>(password, salt, rounds),
        }
    }

    fn mac_holds(self, key: &[u8], content: &[u8], digest: &[u8]) -> bool {
        match self {
            Self::Sha1 => hmac_holds::<Sha1>(key, content, digest),
            Self::Sha224 => hmac_holds::<Sha224>(key, content, digest),
            Self::Sha256 => hmac_holds::<Sha256>(key, content, digest),
            Self::Sha384 => hmac_holds::<Sha384>(key, content, digest),
            Self::Sha512 => hmac_holds::<Sha512>(key, content, digest),
            Self::Sha512t224 => hmac_holds::<Sha512_224>(key, content, digest),
            Self::Sha512t256 => hmac_holds::<Sha512_256>(key, content, digest),
        }
    }
}

fn mac_key<D: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    rounds: u32,
) -> Zeroizing<Vec<u8>> {
    let length = <D as Digest>::output_size();
    derive::<D>(password, salt, rounds, Purpose::MacKey, length)
}

fn hmac_holds<D: Digest + BlockSizeUser>(key: &[u8], content: &[u8], digest: &[u8]) -> bool {
    <SimpleHmac<D> as Mac>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(content).verify_slice(digest).is_ok())
}

fn damaged() -> CredentialError {
    CredentialError::Damaged { part: "MacData" }
}

fn unsupported(identifier: String) -> CredentialError {
    CredentialError::Unsupported {
        part: Part::Mac,
        identifier,
    }
}

const PBMAC1: &str = "1.2.840.113549.1.5.14";
/// In bytes: RFC 9879 §4 asks for 20 at least, and no HMAC uses more than one block of its hash.
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 20..=128;
