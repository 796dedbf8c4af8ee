//! From a reviewed issuance to PKCS#12 bytes: the exchange with the retrieval site.

pub mod page;
mod phrases;

pub use phrases::Meaning;
