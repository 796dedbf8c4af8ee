//! The integrity check over a `.p12`: HMAC under a key that PKCS#12 derives from the password.
//!
//! It is computed over the bytes as sent, which is why it cannot be left to a reader of re-written DER.
//!
//! Sources: RFC 7292 §4 (MacData) and appendix B (derivation; B.4: ID 3 is the key of a MAC).

use hmac::SimpleHmac;
use hmac::digest::core_api::BlockSizeUser;
use hmac::{Mac, digest::Digest};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use crate::domain::CertificatePassword;

/// What a file says about its check value.
pub(super) struct MacData {
    pub(super) algorithm: MacAlgorithm,
    pub(super) digest: Vec<u8>,
    pub(super) salt: Vec<u8>,
    pub(super) rounds: u32,
}

/// The hash functions in use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum MacAlgorithm {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512t224,
    Sha512t256,
}

impl MacAlgorithm {
    /// The algorithm of a digest's object identifier.
    pub(super) fn from_object_identifier(identifier: &str) -> Option<Self> {
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

    /// Its usual name.
    pub(super) fn name(self) -> &'static str {
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
}

impl MacData {
    /// Whether the check value holds for `content` under `password`.
    pub(super) fn holds(&self, content: &[u8], password: &CertificatePassword) -> bool {
        match self.algorithm {
            MacAlgorithm::Sha1 => self.holds_with::<Sha1>(content, password),
            MacAlgorithm::Sha224 => self.holds_with::<Sha224>(content, password),
            MacAlgorithm::Sha256 => self.holds_with::<Sha256>(content, password),
            MacAlgorithm::Sha384 => self.holds_with::<Sha384>(content, password),
            MacAlgorithm::Sha512 => self.holds_with::<Sha512>(content, password),
            MacAlgorithm::Sha512t224 => self.holds_with::<Sha512_224>(content, password),
            MacAlgorithm::Sha512t256 => self.holds_with::<Sha512_256>(content, password),
        }
    }

    fn holds_with<D: Digest + BlockSizeUser>(
        &self,
        content: &[u8],
        password: &CertificatePassword,
    ) -> bool {
        let key = mac_key::<D>(password, &self.salt, self.rounds);
        let Ok(mac) = <SimpleHmac<D> as Mac>::new_from_slice(&key) else {
            return false;
        };
        mac.chain_update(content).verify_slice(&self.digest).is_ok()
    }
}

/// RFC 7292 B.2 for an output of exactly one hash, where its loop runs once.
fn mac_key<D: Digest + BlockSizeUser>(
    password: &CertificatePassword,
    salt: &[u8],
    rounds: u32,
) -> Zeroizing<Vec<u8>> {
    const MAC_KEY_ID: u8 = 3;
    let block = D::block_size();
    // The derivation takes the password itself, as UCS-2 with a closing zero.
    let password = password.expose().encode_utf16().chain([0]);
    let password: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.flat_map(u16::to_be_bytes).collect());
    let first = D::new()
        .chain_update(vec![MAC_KEY_ID; block])
        .chain_update(filled(salt, block))
        .chain_update(filled(&password, block))
        .finalize();
    let mut key = Zeroizing::new(first.to_vec());
    for _ in 1..rounds {
        let next = D::digest(key.as_slice());
        key.copy_from_slice(&next);
    }
    key
}

/// `bytes` repeated up to a whole number of blocks; nothing stays nothing.
fn filled(bytes: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = bytes.len().div_ceil(block) * block;
    Zeroizing::new(bytes.iter().copied().cycle().take(length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<D: Digest + BlockSizeUser>(rounds: u32) -> String {
        let password = "1234".parse().unwrap();
        let salt: Vec<u8> = (1..=8).collect();
        mac_key::<D>(&password, &salt, rounds)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Values of `openssl kdf … -kdfopt hexpass:00310032003300340000 -kdfopt hexsalt:0102030405060708
    /// -kdfopt id:3 PKCS12KDF`, OpenSSL 3.0.
    #[test]
    fn keys_are_those_of_openssl() {
        assert_eq!(key::<Sha1>(1), "1c2901d34e7083e6e53dc0a757b28f4646784344");
        assert_eq!(
            key::<Sha1>(2048),
            "1e5a7aa988a4391a79d06a91330ad2f3e0ba4b59"
        );
        assert_eq!(
            key::<Sha256>(2048),
            "53f6acb9c815e3f87c275f071b144a4fa171971cd2aaf5c9acc575ebce103efa"
        );
        assert_eq!(
            key::<Sha512>(2048),
            "f62fd0d2aec05cc427be525752b3bcd94486714a7114a629bb1b9139ca11fd6f\
             4ef6af7e155b9f96d8b751d3189119402fe787d075fe6226e9fb650ebe66ca18"
        );
    }
}
