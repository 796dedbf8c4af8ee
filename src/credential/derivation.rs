//! Keys out of a password, as PKCS#12 itself derives them.
//!
//! Source: RFC 7292 appendix B.2; B.3 names the purposes.

use hmac::digest::Digest;
use hmac::digest::core_api::BlockSizeUser;
use zeroize::Zeroizing;

/// What the bytes are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    EncryptionKey = 1,
    InitialValue = 2,
    MacKey = 3,
}

/// `length` bytes for `purpose` out of `password`, which has the form that [`super::password`] gives it.
pub(super) fn derive<D: Digest + BlockSizeUser>(
    password: &[u8],
    salt: &[u8],
    rounds: u32,
    purpose: Purpose,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = D::block_size();
    let diversifier = vec![purpose as u8; block];
    let mut input = filled(salt, block);
    input.extend_from_slice(&filled(password, block));
    let mut derived = Zeroizing::new(Vec::with_capacity(length + <D as Digest>::output_size()));
    loop {
        let first = D::new()
            .chain_update(&diversifier)
            .chain_update(input.as_slice());
        let mut hash = Zeroizing::new(first.finalize().to_vec());
        for _ in 1..rounds {
            let next = D::digest(hash.as_slice());
            hash.copy_from_slice(&next);
        }
        derived.extend_from_slice(&hash);
        if derived.len() >= length {
            derived.truncate(length);
            return derived;
        }
        let addend: Zeroizing<Vec<u8>> =
            Zeroizing::new(hash.iter().copied().cycle().take(block).collect());
        for number in input.chunks_exact_mut(block) {
            add_with_one(number, &addend);
        }
    }
}

/// Step 6C: `number` + `addend` + 1, big-endian, without what runs over.
fn add_with_one(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (byte, add) in number.iter_mut().zip(addend).rev() {
        let [over, rest] = (u16::from(*byte) + u16::from(*add) + carry).to_be_bytes();
        *byte = rest;
        carry = u16::from(over);
    }
}

/// `bytes` repeated up to a whole number of blocks; nothing stays nothing.
fn filled(bytes: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = bytes.len().div_ceil(block) * block;
    Zeroizing::new(bytes.iter().copied().cycle().take(length).collect())
}

#[cfg(test)]
mod tests {
    use sha1::Sha1;
    use sha2::{Sha256, Sha512};

    use super::*;
    use crate::domain::hexadecimal;

    fn key<D: Digest + BlockSizeUser>(rounds: u32, purpose: Purpose, length: usize) -> String {
        let password = [0, b'1', 0, b'2', 0, b'3', 0, b'4', 0, 0];
        let salt: Vec<u8> = (1..=8).collect();
        hexadecimal(&derive::<D>(&password, &salt, rounds, purpose, length))
    }

    /// Values of `openssl kdf … -kdfopt hexpass:00310032003300340000 -kdfopt hexsalt:0102030405060708
    /// -kdfopt id:3 PKCS12KDF`, OpenSSL 3.0.
    #[test]
    fn keys_are_those_of_openssl() {
        let mac = Purpose::MacKey;
        assert_eq!(
            key::<Sha1>(1, mac, 20),
            "1c2901d34e7083e6e53dc0a757b28f4646784344"
        );
        assert_eq!(
            key::<Sha1>(2048, mac, 20),
            "1e5a7aa988a4391a79d06a91330ad2f3e0ba4b59"
        );
        assert_eq!(
            key::<Sha256>(2048, mac, 32),
            "53f6acb9c815e3f87c275f071b144a4fa171971cd2aaf5c9acc575ebce103efa"
        );
        assert_eq!(
            key::<Sha512>(2048, mac, 64),
            "f62fd0d2aec05cc427be525752b3bcd94486714a7114a629bb1b9139ca11fd6f\
             4ef6af7e155b9f96d8b751d3189119402fe787d075fe6226e9fb650ebe66ca18"
        );
    }

    /// The same command with `id:1` and `id:2`; 24 bytes of 3DES are more than one SHA-1.
    #[test]
    fn longer_keys_and_initial_values_are_those_of_openssl() {
        assert_eq!(
            key::<Sha1>(2048, Purpose::EncryptionKey, 24),
            "c23bdaefadbb74db28509f3d74886887a9a217b10e4c9bf1"
        );
        assert_eq!(
            key::<Sha1>(2048, Purpose::InitialValue, 8),
            "c572e2960f7c4688"
        );
    }
}
