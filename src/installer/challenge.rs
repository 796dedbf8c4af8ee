//! A fresh challenge, and whether a signature over it is the certificate's.
//!
//! A challenge is random, so no earlier signature answers it.

#[cfg(windows)]
use ring::signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_FIXED, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
    VerificationAlgorithm,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::InstallError;

/// Bytes that nobody has signed before.
pub(super) fn fresh() -> Result<[u8; 32], InstallError> {
    let mut challenge = [0; 32];
    getrandom::fill(&mut challenge).map_err(|source| InstallError::Random { source })?;
    Ok(challenge)
}

/// How a certificate's key signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scheme {
    /// RSA, PKCS#1 v1.5, SHA-256.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
}

/// How two halves of an ECDSA signature are joined; RSA has one form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// An ASN.1 sequence.
    Asn1,
    /// Side by side, as PKCS#11 and CNG have it.
    Fixed,
}

/// The scheme of a certificate's key, where it is known.
pub(super) fn scheme(certificate_der: &[u8]) -> Option<Scheme> {
    let (_, certificate) = X509Certificate::from_der(certificate_der).ok()?;
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Some(Scheme::Rsa {
            bits: key.key_size(),
        }),
        PublicKey::EC(point) => match point.key_size() {
            256 => Some(Scheme::P256),
            384 => Some(Scheme::P384),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `signature` over `challenge` was made with the certificate's key.
pub(super) fn is_signed(
    certificate_der: &[u8],
    scheme: Scheme,
    form: Form,
    challenge: &[u8],
    signature: &[u8],
) -> bool {
    let algorithm: &'static dyn VerificationAlgorithm = match (scheme, form) {
        (Scheme::Rsa { .. }, _) => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Scheme::P256, Form::Asn1) => &ECDSA_P256_SHA256_ASN1,
        (Scheme::P256, Form::Fixed) => &ECDSA_P256_SHA256_FIXED,
        (Scheme::P384, Form::Asn1) => &ECDSA_P384_SHA384_ASN1,
        (Scheme::P384, Form::Fixed) => &ECDSA_P384_SHA384_FIXED,
    };
    verifies(certificate_der, algorithm, challenge, signature)
}

/// The same for RSA with SHA-1, which is all that a Windows provider of type PROV_RSA_FULL signs. A fresh
/// challenge asks nothing of the hash that SHA-1 has lost.
#[cfg(windows)]
pub(super) fn is_signed_with_sha1(
    certificate_der: &[u8],
    challenge: &[u8],
    signature: &[u8],
) -> bool {
    let algorithm = &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY;
    verifies(certificate_der, algorithm, challenge, signature)
}

fn verifies(
    certificate_der: &[u8],
    algorithm: &'static dyn VerificationAlgorithm,
    challenge: &[u8],
    signature: &[u8],
) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate_der) else {
        return false;
    };
    let key = &certificate.public_key().subject_public_key.data;
    UnparsedPublicKey::new(algorithm, key)
        .verify(challenge, signature)
        .is_ok()
}
