//! How the parts of a `.p12` are locked: which schemes are known, and how much work they ask for.
//!
//! This is read before anything is derived, so that a file cannot keep the machine busy for hours and an
//! unknown scheme is named instead of being taken for a wrong password.
//!
//! Sources: RFC 7292 appendix C (PKCS#12 schemes), RFC 8018 appendix A (PBES2, PBKDF2).

use super::ber::{Node, SEQUENCE};
use super::{CredentialError, Part};

/// The object identifier of an AlgorithmIdentifier.
pub(super) fn identifier(algorithm: &Node<'_>) -> Option<String> {
    algorithm.children(SEQUENCE)?.first()?.object_identifier()
}

/// A number of rounds that is neither none nor beyond `limit`.
pub(super) fn believed(rounds: u64, limit: u32) -> Result<u32, CredentialError> {
    match u32::try_from(rounds) {
        Ok(0) => Err(CredentialError::Damaged {
            part: "key-derivation rounds",
        }),
        Ok(rounds) if rounds <= limit => Ok(rounds),
        _ => Err(CredentialError::TooManyRounds {
            found: rounds,
            limit,
        }),
    }
}

/// The usual name of an encryption scheme that can be opened, for people.
pub(super) fn name_of_supported(
    algorithm: &Node<'_>,
    limit: u32,
) -> Result<String, CredentialError> {
    let damaged = || CredentialError::Damaged {
        part: "AlgorithmIdentifier",
    };
    let identifier = identifier(algorithm).ok_or_else(damaged)?;
    let parameters = algorithm
        .children(SEQUENCE)
        .and_then(|parts| parts.get(1))
        .and_then(|parameters| parameters.children(SEQUENCE))
        .ok_or_else(damaged);
    let limit = limit.min(MAX_ROUNDS);
    match identifier.as_str() {
        PBES2 => pbes2(parameters?, limit),
        PKCS12_3DES => pkcs12(parameters?, limit, "SHA-1 3DES"),
        PKCS12_RC2_40 => pkcs12(parameters?, limit, "SHA-1 RC2-40"),
        _ => Err(unsupported(identifier)),
    }
}

fn pkcs12(
    parameters: &[Node<'_>],
    limit: u32,
    name: &'static str,
) -> Result<String, CredentialError> {
    let [_salt, rounds] = parameters else {
        return Err(CredentialError::Damaged { part: "PBE" });
    };
    let rounds = rounds
        .unsigned()
        .ok_or(CredentialError::Damaged { part: "PBE" })?;
    believed(rounds, limit)?;
    Ok(name.to_owned())
}

fn pbes2(parameters: &[Node<'_>], limit: u32) -> Result<String, CredentialError> {
    let damaged = || CredentialError::Damaged { part: "PBES2" };
    let [derivation, encryption] = parameters else {
        return Err(damaged());
    };
    let derivation_id = identifier(derivation).ok_or_else(damaged)?;
    if derivation_id != PBKDF2 {
        return Err(unsupported(derivation_id));
    }
    let inside = derivation
        .children(SEQUENCE)
        .and_then(|parts| parts.get(1))
        .and_then(|parameters| parameters.children(SEQUENCE))
        .ok_or_else(damaged)?;
    let (_salt, rounds, rest) = match inside {
        [salt, rounds, rest @ ..] => (salt, rounds, rest),
        _ => return Err(damaged()),
    };
    believed(rounds.unsigned().ok_or_else(damaged)?, limit)?;
    // HMAC-SHA-1 is what stands where no function is written.
    let function = match rest.iter().find_map(identifier) {
        Some(identifier) => known(&FUNCTIONS, identifier)?,
        None => "HMAC-SHA-1",
    };
    let encryption = known(&CIPHERS, identifier(encryption).ok_or_else(damaged)?)?;
    Ok(format!("PBES2 {encryption} {function}"))
}

fn known(
    table: &[(&str, &'static str)],
    identifier: String,
) -> Result<&'static str, CredentialError> {
    table
        .iter()
        .find(|(known, _)| *known == identifier)
        .map(|(_, name)| *name)
        .ok_or_else(|| unsupported(identifier))
}

fn unsupported(identifier: String) -> CredentialError {
    CredentialError::Unsupported {
        part: Part::Encryption,
        identifier,
    }
}

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const PKCS12_3DES: &str = "1.2.840.113549.1.12.1.3";
const PKCS12_RC2_40: &str = "1.2.840.113549.1.12.1.6";
const FUNCTIONS: [(&str, &str); 5] = [
    ("1.2.840.113549.2.7", "HMAC-SHA-1"),
    ("1.2.840.113549.2.8", "HMAC-SHA-224"),
    ("1.2.840.113549.2.9", "HMAC-SHA-256"),
    ("1.2.840.113549.2.10", "HMAC-SHA-384"),
    ("1.2.840.113549.2.11", "HMAC-SHA-512"),
];
const CIPHERS: [(&str, &str); 4] = [
    ("1.2.840.113549.3.7", "3DES"),
    ("2.16.840.1.101.3.4.1.2", "AES-128"),
    ("2.16.840.1.101.3.4.1.22", "AES-192"),
    ("2.16.840.1.101.3.4.1.42", "AES-256"),
];
/// What `p12-keystore` believes at most.
const MAX_ROUNDS: u32 = 1_000_000;
