//! From the bytes of a `.p12` to a credential that is proven to be the one on the letter.
//!
//! [`examine`] opens the file and looks at everything before it judges, so that a person sees every check
//! with ✓ or ✗ and not only the first that failed. [`Examination::into_verified`] is the one place that
//! proves a [`VerifiedCredential`].
//!
//! The bytes are kept as received; whatever has to be re-written to be read is a copy.

mod ber;
mod checks;
mod cipher;
mod container;
mod derivation;
mod key;
mod mac;
mod names;
mod password;
mod revocation;
mod search;
mod writing;

pub use names::name_of;
pub use password::{FilePassword, OpensFile};
pub use revocation::{REVOKED, Reason, RevocationStatus, WhyUnknown, judge_list, list_addresses};
pub use writing::{WriteError, form_of, write};

use jiff::Timestamp;
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{
    CertificateFacts, CertificatePassword, Issuance, KeyMaterial, Pkcs12, Pkcs12Form, Problem,
    Text, VerifiedCredential,
};

pub use search::{PASSWORDS, Searched, search_password};

/// What the certificate is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The block of the letter it was issued on; without one only the file itself is judged.
    pub letter: Option<&'a Issuance>,
    /// Substrings of the issuer's common name, one of which must be there.
    pub issuer_family: &'a [String],
    /// Key-derivation rounds that are still believed.
    pub key_derivation_rounds: u32,
}

/// A `.p12` that opened, with what was found in it. Only one that the four digits of the site opened can become a
/// credential.
#[derive(Debug)]
pub struct Examination<P = CertificatePassword> {
    /// Every check, in the order a person would make them.
    pub checks: Vec<Check>,
    /// What the end-entity certificate says, where there is one.
    pub facts: Option<CertificateFacts>,
    pkcs12: Pkcs12,
    password: P,
    material: Option<KeyMaterial>,
    has_others: bool,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// Stable, for scripts and tests.
    pub code: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// For people.
    pub text: Text,
}

/// How a check went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// The file is not the credential it should be.
    Failed,
    /// Usable, but a person should know.
    Noted,
}

/// Why a file is no credential.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The bytes are something else.
    #[error("not a PKCS#12 file but {found}")]
    NotPkcs12 {
        /// What they look like.
        found: FoundInstead,
    },
    /// The file ends before its own end.
    #[error("the PKCS#12 file is cut off after {found} bytes")]
    Truncated {
        /// Bytes that are there.
        found: usize,
    },
    /// The structure is broken.
    #[error("the PKCS#12 file is damaged in its {part}")]
    Damaged {
        /// Which part, in the words of RFC 7292.
        part: &'static str,
    },
    /// The password is right, but the file was changed after it was made.
    #[error("the PKCS#12 file was altered: its check value does not hold")]
    Altered,
    /// The password does not open the file.
    #[error("the certificate password does not open the PKCS#12 file")]
    WrongPassword,
    /// There is neither check value nor encryption, so no password opens the file: it stands open.
    #[error("the PKCS#12 file carries neither check value nor encryption")]
    NoMac,
    /// One part opens with the password and another does not.
    #[error("a part of the PKCS#12 file is shut with another password")]
    ShutOtherwise,
    /// A scheme that noticert cannot read.
    #[error("the PKCS#12 file uses {identifier} for its {part}, which is not supported")]
    Unsupported {
        /// What it is used for.
        part: Part,
        /// Its object identifier.
        identifier: String,
    },
    /// Opening would take unreasonably long.
    #[error("the PKCS#12 file asks for {found} key-derivation rounds, more than {limit}")]
    TooManyRounds {
        /// Rounds written in the file.
        found: u64,
        /// Rounds believed.
        limit: u32,
    },
    /// The file is whole and the password right, but what it holds cannot be read.
    #[error("the contents of the PKCS#12 file cannot be read")]
    Undecodable {
        /// Why.
        #[source]
        source: p12_keystore::error::Error,
    },
    /// It opened, but it is not the credential it should be.
    #[error("the credential failed {}", codes(failed))]
    ChecksFailed {
        /// The failed checks.
        failed: Vec<Check>,
    },
}

/// What bytes look like that are no PKCS#12.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FoundInstead {
    /// No bytes at all.
    Nothing,
    /// A web page.
    Page,
    /// A certificate or key in PEM.
    Pem,
    /// A certificate without its key.
    Certificate,
    /// Some text.
    Text,
    /// Anything else.
    OtherBytes,
}

/// The part of a container that uses an unsupported scheme.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// The container's own type.
    Container,
    /// The check value.
    Mac,
    /// The encryption.
    Encryption,
    /// The private key.
    Key,
}

/// Opens `pkcs12` and makes every check.
///
/// Fails only where the file cannot be opened and understood; what is found wrong in an opened file is a
/// [`Check`].
pub fn examine<P: OpensFile>(
    pkcs12: Pkcs12,
    password: &P,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Examination<P>, CredentialError> {
    let opener = password.file_password();
    // The bytes are read here and stay where they are.
    let container = container::open(pkcs12.expose(), &opener, expected.key_derivation_rounds)?;
    let findings = checks::check(&container, expected, now)?;
    Ok(Examination {
        checks: findings.checks,
        facts: findings.facts,
        pkcs12,
        password: password.clone(),
        material: findings.material,
        has_others: findings.has_others,
    })
}

/// Key, certificate and chain of a file that a store of this system wrote a moment ago, unjudged.
pub fn contents(
    pkcs12: &Pkcs12,
    password: &CertificatePassword,
) -> Result<KeyMaterial, CredentialError> {
    // The bytes are read here and stay where they are.
    let container = container::open(pkcs12.expose(), &password.file_password(), SYSTEM_ROUNDS)?;
    let unjudged = Expected {
        letter: None,
        issuer_family: &[],
        key_derivation_rounds: SYSTEM_ROUNDS,
    };
    checks::check(&container, &unjudged, Timestamp::UNIX_EPOCH)?
        .material
        .ok_or(CredentialError::Damaged { part: "key" })
}

/// Whether name and validity of a certificate are those of a letter.
pub fn fits(facts: &CertificateFacts, letter: &Issuance) -> bool {
    checks::of_letter(facts, letter)
        .iter()
        .all(|check| check.outcome != Outcome::Failed)
}

impl<P> Examination<P> {
    /// Whether nothing failed.
    pub fn passed(&self) -> bool {
        self.failed().next().is_none() && self.facts.is_some() && self.material.is_some()
    }

    /// What may accompany a success: every check that is [`Outcome::Noted`].
    pub fn problems(&self) -> Vec<Problem> {
        self.checks
            .iter()
            .filter(|check| check.outcome == Outcome::Noted)
            .map(|check| Problem {
                code: check.code,
                text: check.text.clone(),
            })
            .collect()
    }

    /// Certificate, key and the certificates above it, where they were found.
    pub fn material(&self) -> Option<&KeyMaterial> {
        self.material.as_ref()
    }

    /// DER of the root at the end of the file's own chain, where the file brings it.
    pub fn root(&self) -> Option<&[u8]> {
        let last = self.material.as_ref()?.chain.last()?;
        let (_, certificate) = X509Certificate::from_der(last).ok()?;
        let is_root = certificate.subject().as_raw() == certificate.issuer().as_raw();
        is_root.then_some(last)
    }

    /// Nothing, when nothing failed; else what failed.
    pub fn verdict(&self) -> Result<(), CredentialError> {
        match self.passed() {
            true => Ok(()),
            false => Err(CredentialError::ChecksFailed {
                failed: self.failed().cloned().collect(),
            }),
        }
    }

    fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|check| check.outcome == Outcome::Failed)
    }
}

impl Examination {
    /// The proof, when nothing failed.
    pub fn into_verified(self) -> Result<VerifiedCredential, CredentialError> {
        self.verdict()?;
        let (Some(facts), Some(material)) = (self.facts, self.material) else {
            return Err(CredentialError::ChecksFailed { failed: Vec::new() });
        };
        let own_file = match self.has_others {
            true => Some(own_file(&self.pkcs12, &self.password, &facts, &material)?),
            false => None,
        };
        let verified = VerifiedCredential::attest(self.pkcs12, self.password, facts, material);
        Ok(match own_file {
            Some(own_file) => verified.with_own_file(own_file),
            None => verified,
        })
    }
}

/// A file like `received` that holds `material` alone: what stores unpack themselves must bring nobody else's
/// certificates.
fn own_file(
    received: &Pkcs12,
    password: &CertificatePassword,
    facts: &CertificateFacts,
    material: &KeyMaterial,
) -> Result<Pkcs12, CredentialError> {
    let name = facts
        .friendly_name
        .as_deref()
        .or(facts.subject_common_name.as_deref());
    let form = form_of(received).unwrap_or(Pkcs12Form::Legacy);
    write(material, name.unwrap_or_default(), password, form).map_err(|error| match error {
        WriteError::Key(source) | WriteError::Certificate(source) | WriteError::File(source) => {
            CredentialError::Undecodable { source }
        }
    })
}

impl Outcome {
    /// The mark that people see beside a check.
    pub fn mark(self) -> char {
        match self {
            Self::Passed => '✓',
            Self::Failed => '✗',
            Self::Noted => '!',
        }
    }
}

impl FoundInstead {
    /// A guess from the first bytes, for the message.
    fn in_bytes(bytes: &[u8]) -> Self {
        let start = bytes.trim_ascii_start();
        if bytes.is_empty() {
            Self::Nothing
        } else if start.starts_with(b"-----BEGIN") {
            Self::Pem
        } else if CertificateFacts::parse(bytes, None).is_ok() {
            Self::Certificate
        } else if start.starts_with(b"<") {
            Self::Page
        } else if is_text(bytes) {
            Self::Text
        } else {
            Self::OtherBytes
        }
    }
}

/// Printable throughout; Japanese pages and texts are not always UTF-8, so high bytes count as letters.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}

impl std::fmt::Display for FoundInstead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "an empty file",
            Self::Page => "a web page",
            Self::Pem => "PEM text",
            Self::Certificate => "a certificate without its key",
            Self::Text => "text",
            Self::OtherBytes => "other bytes",
        })
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Container => "contents",
            Self::Mac => "check value",
            Self::Encryption => "encryption",
            Self::Key => "private key",
        })
    }
}

fn codes(failed: &[Check]) -> String {
    let codes: Vec<&str> = failed.iter().map(|check| check.code).collect();
    codes.join(", ")
}

/// The code of the check that counts certificates which no store gets.
pub const FOREIGN_CERTIFICATES: &str = "foreign-certificates";
/// More key-derivation rounds than any system's own export asks for.
const SYSTEM_ROUNDS: u32 = 10_000_000;
