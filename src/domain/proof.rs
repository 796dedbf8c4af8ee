//! The chain of proofs: `IssuanceReading → ReviewedIssuance → Pkcs12 → VerifiedCredential → Fingerprint`.
//!
//! Each step of the job takes the last step's proof, so the wrong order does not compile. A proof is
//! made by the one function that proves it; besides that only the ledger may rebuild one, from a
//! `confirmed` or later event. `tests/layers.rs` lists these callers.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    CertificatePassword, InstitutionCode, ReferenceId, RequestId, TerminalName, Validity,
    hexadecimal,
};

/// One certificate granted on a letter: one block, one terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuance {
    /// 発行者 as printed. The official sample misprints it, so it is never relied on.
    pub issuer: Option<String>,
    /// 発行先
    pub institution_code: InstitutionCode,
    /// 端末名称; free text that OCR may miss.
    pub terminal_name: Option<TerminalName>,
    /// リクエストID
    pub request_id: RequestId,
    /// リファレンスID
    pub reference_id: ReferenceId,
    /// 有効期間
    pub validity: Validity,
    /// ダウンロードサイト有効期限: the last day on which the site hands the file out.
    pub retrieval_deadline: Date,
}

/// Who confirmed an issuance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConfirmedBy {
    /// A person, at the screen or by vouching for a list.
    Person,
    /// Two independent readings and the rules.
    Judge,
}

/// An issuance that may be submitted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReviewedIssuance {
    issuance: Issuance,
    by: ConfirmedBy,
}

impl ReviewedIssuance {
    /// States that `by` confirmed `issuance`.
    pub fn attest(issuance: Issuance, by: ConfirmedBy) -> Self {
        Self { issuance, by }
    }

    /// What was confirmed.
    pub fn issuance(&self) -> &Issuance {
        &self.issuance
    }

    /// Who confirmed it.
    pub fn by(&self) -> ConfirmedBy {
        self.by
    }
}

/// The bytes of a `.p12` exactly as received. They hold a private key, so they are a secret.
pub struct Pkcs12(SecretBox<Vec<u8>>);

impl Pkcs12 {
    /// Takes bytes that an answer or a file brought.
    pub fn received(bytes: Vec<u8>) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The bytes; callers are listed in `tests/layers.rs`.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// SHA-256 of the file, to tell copies apart and to bind a password to its file.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.expose()).into()
    }
}

impl Clone for Pkcs12 {
    fn clone(&self) -> Self {
        Self::received(self.expose().to_vec())
    }
}

impl fmt::Debug for Pkcs12 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs12({} bytes)", self.expose().len())
    }
}

/// How a `.p12` that noticert writes is shut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pkcs12Form {
    /// 3DES and SHA-1, as Windows itself exports; every system reads it.
    Legacy,
    /// AES-256 and SHA-256; Windows before 10 1709 calls its password wrong.
    Modern,
}

/// SHA-256 over a certificate's DER.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint([u8; 32]);

/// A text that is no SHA-256 in hexadecimal.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("a fingerprint has 64 hexadecimal digits")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of a certificate.
    pub fn of(certificate_der: &[u8]) -> Self {
        Self(Sha256::digest(certificate_der).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let digits: String = s.chars().filter(|c| *c != ':').collect();
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(FingerprintError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| FingerprintError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| FingerprintError)?;
        }
        Ok(Self(bytes))
    }
}

/// What the end-entity certificate says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateFacts {
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// Common name of the subject.
    pub subject_common_name: Option<String>,
    /// Common name of the issuer.
    pub issuer_common_name: Option<String>,
    /// Organisation names of subject and issuer; practice certificates carry 練習用 here.
    pub organizations: Vec<String>,
    /// Serial number, lower-case hexadecimal.
    pub serial_number: String,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
    /// Friendly name in the `.p12`.
    pub friendly_name: Option<String>,
}

impl CertificateFacts {
    /// The organisation name that every practice certificate carries (design rule 10).
    pub const PRACTICE_ORGANIZATION: &'static str = "練習用";

    /// Whether this certificate came from the practice site.
    pub fn is_practice(&self) -> bool {
        self.organizations
            .iter()
            .any(|name| name == Self::PRACTICE_ORGANIZATION)
    }
}

/// Certificate, key and chain, taken out of the `.p12`.
pub struct KeyMaterial {
    /// DER of the end-entity certificate.
    pub end_entity: Vec<u8>,
    /// DER of the certificates above it, issuer first.
    pub chain: Vec<Vec<u8>>,
    /// PKCS#8 DER of the private key.
    pub private_key: SecretBox<Vec<u8>>,
}

impl Clone for KeyMaterial {
    fn clone(&self) -> Self {
        Self {
            end_entity: self.end_entity.clone(),
            chain: self.chain.clone(),
            private_key: SecretBox::new(Box::new(self.private_key.expose_secret().clone())),
        }
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "KeyMaterial(1 key, 1 + {} certificates)",
            self.chain.len()
        )
    }
}

/// A `.p12` that was opened and found right: the only thing that an installer takes.
#[derive(Clone, Debug)]
pub struct VerifiedCredential {
    pkcs12: Pkcs12,
    /// What stores get instead, where the file holds certificates of others.
    own_file: Option<Pkcs12>,
    password: CertificatePassword,
    facts: CertificateFacts,
    material: KeyMaterial,
}

impl VerifiedCredential {
    /// States that `credential` checked these parts against each other and against the letter.
    pub fn attest(
        pkcs12: Pkcs12,
        password: CertificatePassword,
        facts: CertificateFacts,
        material: KeyMaterial,
    ) -> Self {
        Self {
            pkcs12,
            own_file: None,
            password,
            facts,
            material,
        }
    }

    /// The same with a file for stores that holds its key, its certificate and those above it, and nothing else. It
    /// opens with the same password.
    pub fn with_own_file(self, own_file: Pkcs12) -> Self {
        Self {
            own_file: Some(own_file),
            ..self
        }
    }

    /// The file as received.
    pub fn pkcs12(&self) -> &Pkcs12 {
        &self.pkcs12
    }

    /// The file for stores, in which nothing is another's: as received where that is so.
    pub fn own_file(&self) -> &Pkcs12 {
        self.own_file.as_ref().unwrap_or(&self.pkcs12)
    }

    /// The password that opens it.
    pub fn password(&self) -> &CertificatePassword {
        &self.password
    }

    /// What its certificate says.
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// What it holds.
    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_survives_its_text() {
        let fingerprint = Fingerprint::of(b"certificate");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert!("12".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn key_bytes_do_not_print() {
        let printed = format!("{:?}", Pkcs12::received(b"secret-key-bytes".to_vec()));
        assert_eq!(printed, "Pkcs12(16 bytes)");
    }
}
