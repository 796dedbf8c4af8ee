//! Writes what a store gives back as PKCS#12, in the form that every Windows, macOS and NSS reads.
//!
//! 3DES with SHA-1 is what Windows itself exported until 1709 and what macOS still insists on. Four digits are the
//! weaker part of the lock by far, so a stronger cipher would only shut the file out of a bare replacement PC.

use p12_keystore::error::Error;
use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use secrecy::{ExposeSecret, SecretBox};
use sha1::{Digest, Sha1};

use super::InstallError;
use crate::domain::{CertificatePassword, Pkcs12};

/// What goes into the file.
pub(super) struct Parts<'a> {
    /// DER of the certificate.
    pub(super) end_entity: &'a [u8],
    /// DER of the others, issuer first.
    pub(super) chain: &'a [Vec<u8>],
    /// PKCS#8 DER.
    pub(super) private_key: &'a SecretBox<Vec<u8>>,
    /// The store's name for it.
    pub(super) friendly_name: &'a str,
}

/// The parts as one file, shut with `password`.
pub(super) fn write(
    parts: &Parts<'_>,
    password: &CertificatePassword,
) -> Result<Pkcs12, InstallError> {
    // The key goes from the store straight into the file that is shut here.
    let key = p12_keystore::PrivateKey::from_der(parts.private_key.expose_secret());
    let chain = std::iter::once(parts.end_entity)
        .chain(parts.chain.iter().map(Vec::as_slice))
        .map(p12_keystore::Certificate::from_der)
        .collect::<Result<Vec<_>, Error>>();
    let written = key.and_then(|key| {
        let id = Sha1::digest(parts.end_entity).to_vec();
        let entry = PrivateKeyChain::new(id, key, chain?);
        let mut store = KeyStore::new();
        store.add_entry(
            &in_ucs2(parts.friendly_name),
            KeyStoreEntry::PrivateKeyChain(entry),
        );
        store
            // The password that shuts the file.
            .writer(password.expose())
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
            .encryption_iterations(ROUNDS)
            .mac_algorithm(MacAlgorithm::HmacSha1)
            .mac_iterations(ROUNDS)
            .write()
    });
    written
        .map(Pkcs12::received)
        .map_err(|source| InstallError::NotExported {
            source: Box::new(source),
        })
}

/// The chain of a certificate among `others`, issuer first, each once; up to where the issuer is missing.
pub(super) fn chain_among(end_entity: &[u8], others: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut chain: Vec<Vec<u8>> = Vec::new();
    let mut last = end_entity.to_vec();
    while let Some(issuer) = others
        .iter()
        .find(|other| **other != last && is_issued_by(&last, other))
    {
        if chain.contains(issuer) || issuer == end_entity {
            break;
        }
        chain.push(issuer.clone());
        last.clone_from(issuer);
    }
    chain
}

/// Whether `issuer`'s key signed `certificate`.
fn is_issued_by(certificate: &[u8], issuer: &[u8]) -> bool {
    use x509_parser::prelude::{FromDer, X509Certificate};

    let (Ok((_, certificate)), Ok((_, issuer))) = (
        X509Certificate::from_der(certificate),
        X509Certificate::from_der(issuer),
    ) else {
        return false;
    };
    certificate.issuer() == issuer.subject()
        && certificate
            .verify_signature(Some(issuer.public_key()))
            .is_ok()
}

/// PKCS#12 writes names in UCS-2; a character beyond it (𠮷) becomes the geta mark of Japanese typesetting.
fn in_ucs2(name: &str) -> String {
    name.chars()
        .map(|c| if u32::from(c) > 0xffff { '〓' } else { c })
        .collect()
}

/// What Windows writes.
const ROUNDS: u32 = 2_000;
