//! The public half of a private key, to hold against a certificate's.

use p521::elliptic_curve::sec1::{FromEncodedPoint, ModulusSize, ToEncodedPoint};
use p521::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, SecretKey};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{AssociatedOid, DecodePrivateKey, PrivateKeyInfo};
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
        EC => ec_public_key(&info),
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

fn ec_public_key(info: &PrivateKeyInfo<'_>) -> Result<PublicKey, CredentialError> {
    let curve = info.algorithm.parameters_oid().map_err(|_| damaged())?;
    let bytes = match curve.to_string().as_str() {
        "1.2.840.10045.3.1.7" => on_curve::<p256::NistP256>(info)?,
        "1.3.132.0.34" => on_curve::<p384::NistP384>(info)?,
        "1.3.132.0.35" => on_curve::<p521::NistP521>(info)?,
        identifier => {
            return Err(CredentialError::Unsupported {
                part: Part::Key,
                identifier: identifier.to_owned(),
            });
        }
    };
    Ok(PublicKey {
        bytes,
        rsa_bits: None,
    })
}

/// The point, uncompressed, as certificates carry it. It is computed from the secret number: what a file says of its
/// own point is held against it while the key is read.
fn on_curve<C>(info: &PrivateKeyInfo<'_>) -> Result<Vec<u8>, CredentialError>
where
    C: CurveArithmetic + AssociatedOid,
    AffinePoint<C>: FromEncodedPoint<C> + ToEncodedPoint<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let key = SecretKey::<C>::try_from(info.clone()).map_err(|_| damaged())?;
    let point = key.public_key().to_encoded_point(false);
    Ok(point.as_bytes().to_vec())
}

fn damaged() -> CredentialError {
    CredentialError::Damaged {
        part: "PrivateKeyInfo",
    }
}

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
