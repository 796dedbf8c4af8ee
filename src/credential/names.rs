//! What people call the schemes that noticert names when it cannot read them.
//!
//! Sources: RFC 7292 appendix C, RFC 8018 appendix A.3 and B, RFC 8410, RFC 3279, SEC 2, RFC 5639, RFC 5652.

/// The usual name of an object identifier; `None` for one that is not in the list.
pub fn name_of(identifier: &str) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(known, _)| *known == identifier)
        .map(|(_, name)| *name)
}

/// What a `.p12` of some program may hold and noticert does not read.
const NAMES: &[(&str, &str)] = &[
    // Containers: integrity or privacy by somebody's public key instead of a password.
    ("1.2.840.113549.1.7.2", "SignedData"),
    ("1.2.840.113549.1.7.3", "EnvelopedData"),
    // Encryption.
    ("1.2.840.113549.1.5.1", "PBES1 MD2 DES"),
    ("1.2.840.113549.1.5.3", "PBES1 MD5 DES"),
    ("1.2.840.113549.1.5.4", "PBES1 MD2 RC2"),
    ("1.2.840.113549.1.5.6", "PBES1 MD5 RC2"),
    ("1.2.840.113549.1.5.10", "PBES1 SHA-1 DES"),
    ("1.2.840.113549.1.5.11", "PBES1 SHA-1 RC2"),
    ("1.2.840.113549.1.12.1.1", "SHA-1 RC4-128"),
    ("1.2.840.113549.1.12.1.2", "SHA-1 RC4-40"),
    ("1.2.840.113549.3.2", "RC2"),
    ("1.2.840.113549.3.9", "RC5"),
    ("1.3.14.3.2.7", "DES"),
    ("1.3.6.1.4.1.11591.4.11", "scrypt"),
    ("1.2.392.200011.61.1.1.1.2", "Camellia-128"),
    ("1.2.392.200011.61.1.1.1.3", "Camellia-192"),
    ("1.2.392.200011.61.1.1.1.4", "Camellia-256"),
    ("2.16.840.1.101.3.4.1.6", "AES-128-GCM"),
    ("2.16.840.1.101.3.4.1.26", "AES-192-GCM"),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
    ("1.2.156.10197.1.104.2", "SM4"),
    // Check values.
    ("1.2.840.113549.2.2", "MD2"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.2.840.113549.2.12", "HMAC-SHA-512/224"),
    ("1.2.840.113549.2.13", "HMAC-SHA-512/256"),
    ("2.16.840.1.101.3.4.2.7", "SHA3-224"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
    ("2.16.840.1.101.3.4.2.9", "SHA3-384"),
    ("2.16.840.1.101.3.4.2.10", "SHA3-512"),
    ("1.2.156.10197.1.401", "SM3"),
    // Keys and curves.
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10046.2.1", "Diffie-Hellman"),
    ("1.2.840.113549.1.1.7", "RSA-OAEP"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.2.156.10197.1.301", "SM2"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_identifier_has_one_name() {
        let identifiers: BTreeSet<_> = NAMES.iter().map(|(identifier, _)| identifier).collect();
        assert_eq!(identifiers.len(), NAMES.len());
        assert_eq!(name_of("1.3.101.112"), Some("Ed25519"));
        assert_eq!(name_of("1.2.3"), None);
    }
}
