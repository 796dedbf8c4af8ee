//! The public half of a private key, to hold against a certificate's.

use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{DecodePrivateKey, PrivateKeyInfo};
use rsa::traits::PublicKeyParts;

use super::{CredentialError, Part};

/// A public key as it stands in a certificate: the content of its BIT STRING.
pub(super) struct PublicKey {
    pub(super) bytes: Vec<u8>,
    /// Bits of an RSA modulus.
    pub(super) rsa_bits: Option<usize>,
}

/// Derives the public key from PKCS#8; a key whose own numbers disagree is damaged.
pub(super) fn public_key(pkcs8: &[u8]) -> Result<PublicKey, CredentialError> {
    let info = PrivateKeyInfo::try_from(pkcs8).map_err(|_| damaged())?;
    match info.algorithm.oid.to_string().as_str() {
        RSA => rsa_public_key(pkcs8),
        EC => ec_public_key(pkcs8),
        identifier => Err(CredentialError::Unsupported {
            part: Part::Key,
            identifier: identifier.to_owned(),
        }),
    }
}

fn rsa_public_key(pkcs8: &[u8]) -> Result<PublicKey, CredentialError> {
    let key = RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(|_| damaged())?;
    key.validate().map_err(|_| damaged())?;
    let public = key.to_public_key();
    let der = public.to_pkcs1_der().map_err(|_| damaged())?;
    Ok(PublicKey {
        bytes: der.as_bytes().to_vec(),
        rsa_bits: Some(public.n().bits()),
    })
}

fn ec_public_key(pkcs8: &[u8]) -> Result<PublicKey, CredentialError> {
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    };
    let random = ring::rand::SystemRandom::new();
    [
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &ECDSA_P384_SHA384_ASN1_SIGNING,
    ]
    .into_iter()
    .find_map(|curve| EcdsaKeyPair::from_pkcs8(curve, pkcs8, &random).ok())
    .map(|key| PublicKey {
        bytes: key.public_key().as_ref().to_vec(),
        rsa_bits: None,
    })
    .ok_or_else(|| CredentialError::Unsupported {
        part: Part::Key,
        identifier: EC.to_owned(),
    })
}

fn damaged() -> CredentialError {
    CredentialError::Damaged {
        part: "PrivateKeyInfo",
    }
}

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
