//! Whom to trust: the system's roots, the usual public roots and a file given by hand, or that file alone.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::retrieval::error::{CaProblem, RetrievalError};

pub(super) fn trusted(
    ca_file: Option<&[u8]>,
    ca_only: bool,
) -> Result<RootCertStore, RetrievalError> {
    let bad = |problem| RetrievalError::BadCaFile { problem };
    let mut trust = RootCertStore::empty();
    if let Some(file) = ca_file {
        for certificate in certificates(file)? {
            trust
                .add(certificate)
                .map_err(|_| bad(CaProblem::Unreadable))?;
        }
    }
    match ca_only {
        true if trust.is_empty() => return Err(bad(CaProblem::Missing)),
        true => return Ok(trust),
        false => {}
    }
    trust.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // A root of the system that cannot be read is one root less, not a reason to stop.
    trust.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(trust)
}

fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, RetrievalError> {
    let bad = |problem| RetrievalError::BadCaFile { problem };
    if file.first() == Some(&0x30) {
        return Ok(vec![CertificateDer::from(file.to_vec())]);
    }
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(file)
        .collect::<Result<_, _>>()
        .map_err(|_| bad(CaProblem::Unreadable))?;
    match found.is_empty() {
        true => Err(bad(CaProblem::NoCertificate)),
        false => Ok(found),
    }
}
