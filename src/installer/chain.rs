//! The chain of a certificate among others that lie beside it, for stores that keep them all in one heap.

use x509_parser::prelude::{FromDer, X509Certificate};

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

/// Whether a certificate is its own issuer by name: a root.
#[cfg(any(windows, target_os = "macos"))]
pub(super) fn is_self_issued(der: &[u8]) -> bool {
    X509Certificate::from_der(der)
        .is_ok_and(|(_, certificate)| certificate.subject() == certificate.issuer())
}

/// Whether `issuer`'s key signed `certificate`.
fn is_issued_by(certificate: &[u8], issuer: &[u8]) -> bool {
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
