//! Private keys as Windows hands them out, turned into PKCS#8.
//!
//! Sources: <https://learn.microsoft.com/windows/win32/seccrypto/rsa-schannel-key-blobs> (PRIVATEKEYBLOB: numbers
//! with their lowest byte first), RFC 5958 §3 (EncryptedPrivateKeyInfo), RFC 7292 §4 (the container around it).

use p12_keystore::Pkcs12Archive;
use rsa::pkcs8::EncodePrivateKey;
use rsa::{BigUint, RsaPrivateKey};
use secrecy::SecretBox;

/// An RSA key out of a CryptoAPI provider's PRIVATEKEYBLOB.
pub(super) fn pkcs8_of_blob(blob: &[u8]) -> Option<SecretBox<Vec<u8>>> {
    let [PRIVATE_KEY_BLOB, VERSION_2, _, _, _, _, _, _, rest @ ..] = blob else {
        return None;
    };
    let rest = rest.strip_prefix(b"RSA2")?;
    let (bits, rest) = rest.split_first_chunk::<4>()?;
    let (exponent, rest) = rest.split_first_chunk::<4>()?;
    let whole = usize::try_from(u32::from_le_bytes(*bits)).ok()? / 8;
    let half = whole / 2;
    let (modulus, rest) = rest.split_at_checked(whole)?;
    let (first_prime, rest) = rest.split_at_checked(half)?;
    let (second_prime, rest) = rest.split_at_checked(half)?;
    // Two exponents and a coefficient follow, which the primes give as well.
    let (_, rest) = rest.split_at_checked(3 * half)?;
    let (private_exponent, _) = rest.split_at_checked(whole)?;
    let number = BigUint::from_bytes_le;
    let key = RsaPrivateKey::from_components(
        number(modulus),
        number(exponent),
        number(private_exponent),
        vec![number(first_prime), number(second_prime)],
    );
    let der = key.ok()?.to_pkcs8_der().ok()?;
    Some(SecretBox::new(Box::new(der.as_bytes().to_vec())))
}

/// A key that CNG gave out encrypted under `password`: it gives most keys out in no other form.
pub(super) fn pkcs8_of_encrypted(
    encrypted_key_info: &[u8],
    password: &str,
) -> Option<SecretBox<Vec<u8>>> {
    // PKCS#12 is the container whose reader is at hand; one key bag makes a whole file.
    let bag = sequence(&[SHROUDED_KEY_BAG, &element(CONTEXT_0, &[encrypted_key_info])]);
    let safe = content_info(&element(OCTET_STRING, &[&sequence(&[&bag])]));
    let content = content_info(&element(OCTET_STRING, &[&sequence(&[&safe])]));
    let file = sequence(&[VERSION_3, &content]);
    let archive = Pkcs12Archive::from_pkcs12(&file, password).ok()?;
    let key = archive.keys.into_iter().next()?;
    Some(SecretBox::new(Box::new(key.key.as_der().to_vec())))
}

fn content_info(content: &[u8]) -> Vec<u8> {
    sequence(&[DATA, &element(CONTEXT_0, &[content])])
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![tag];
    match content.len() {
        0..=0x7f => der.extend(u8::try_from(content.len())),
        // A length takes at most eight bytes.
        _ => {
            der.push(0x80 | length.len() as u8);
            der.extend(length);
        }
    }
    der.extend(content);
    der
}

const PRIVATE_KEY_BLOB: u8 = 7;
const VERSION_2: u8 = 2;
const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const CONTEXT_0: u8 = 0xa0;
/// INTEGER 3
const VERSION_3: &[u8] = &[0x02, 0x01, 0x03];
/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01,
];
/// 1.2.840.113549.1.12.10.1.2
const SHROUDED_KEY_BAG: &[u8] = &[
    0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02,
];

#[cfg(test)]
mod tests {
    use rsa::pkcs8::DecodePrivateKey;
    use rsa::rand_core::OsRng;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};
    use secrecy::ExposeSecret;

    use super::*;

    fn blob(key: &RsaPrivateKey) -> Vec<u8> {
        let mut blob = vec![7, 2, 0, 0, 0, 0xa4, 0, 0];
        blob.extend(b"RSA2");
        blob.extend(2048_u32.to_le_bytes());
        blob.extend(65_537_u32.to_le_bytes());
        let mut number = |value: &BigUint, length: usize| {
            let mut bytes = value.to_bytes_le();
            bytes.resize(length, 0);
            blob.extend(bytes);
        };
        number(key.n(), 256);
        number(&key.primes()[0], 128);
        number(&key.primes()[1], 128);
        (0..3).for_each(|_| number(&BigUint::from(0_u8), 128));
        number(key.d(), 256);
        blob
    }

    #[test]
    fn a_blob_becomes_the_key_it_was_made_of() {
        let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
        let pkcs8 = pkcs8_of_blob(&blob(&key)).unwrap();
        let read = RsaPrivateKey::from_pkcs8_der(pkcs8.expose_secret()).unwrap();
        assert_eq!(read, key);
    }

    #[test]
    fn a_blob_of_something_else_or_cut_off_gives_no_key() {
        let whole = blob(&RsaPrivateKey::new(&mut OsRng, 2048).unwrap());
        for length in [0, 7, 20, 300, whole.len() - 1] {
            assert!(pkcs8_of_blob(&whole[..length]).is_none(), "{length}");
        }
        let mut public = whole;
        public[0] = 6;
        assert!(pkcs8_of_blob(&public).is_none());
    }

    /// `openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -iter 2048 -passout pass:out-of-cng -outform DER`, P-256.
    #[test]
    fn a_key_encrypted_as_cng_does_opens() {
        let encrypted = include_bytes!("../../../fixtures/credentials/key-as-cng.der");
        let pkcs8 = pkcs8_of_encrypted(encrypted, "out-of-cng").unwrap();
        let random = ring::rand::SystemRandom::new();
        let algorithm = &ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        ring::signature::EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.expose_secret(), &random)
            .unwrap();
        assert!(pkcs8_of_encrypted(encrypted, "another").is_none());
    }
}
