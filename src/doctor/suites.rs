//! The cipher suites that rustls no longer speaks and old servers still do, in the order in which they are offered.
//!
//! Numbers and names: the IANA registry 'TLS Cipher Suites'.

/// One cipher suite.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Suite {
    /// Its number.
    pub number: u16,
    /// Its name in the registry.
    pub name: &'static str,
}

/// What makes a suite too old.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OldPart {
    /// The key is sent under the server's RSA key: whoever gets that key later reads everything.
    RsaKeyExchange,
    /// Diffie-Hellman over a prime that the server chooses.
    FiniteFieldDiffieHellman,
    /// Blocks chained and padded, sealed in the wrong order.
    Cbc,
    /// The broken stream cipher.
    Rc4,
    /// Blocks of eight bytes.
    TripleDes,
}

impl Suite {
    /// The one of that number, if it was offered.
    pub(super) fn numbered(number: u16) -> Option<Self> {
        OFFERED.iter().copied().find(|suite| suite.number == number)
    }

    /// What is too old about it.
    pub fn old_parts(self) -> Vec<OldPart> {
        let has = |part: &str| self.name.contains(part);
        let parts = [
            (has("TLS_RSA_"), OldPart::RsaKeyExchange),
            (has("TLS_DHE_"), OldPart::FiniteFieldDiffieHellman),
            (has("_CBC_"), OldPart::Cbc),
            (has("_RC4_"), OldPart::Rc4),
            (has("_3DES_"), OldPart::TripleDes),
        ];
        let present = parts.into_iter().filter(|(is_there, _)| *is_there);
        present.map(|(_, part)| part).collect()
    }
}

const fn suite(number: u16, name: &'static str) -> Suite {
    Suite { number, name }
}

/// Offered from the better to the worse.
pub(super) const OFFERED: [Suite; 34] = [
    suite(0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    suite(0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    suite(0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    suite(0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    suite(0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    suite(0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    suite(0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    suite(0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    suite(0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    suite(0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    suite(0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    suite(0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    suite(0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    suite(0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    suite(0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    suite(0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    suite(0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    suite(0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    suite(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    suite(0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    // Made in Japan, and preferred by servers there for years.
    suite(0xC077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384"),
    suite(0xC076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"),
    suite(0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    suite(0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    suite(0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    suite(0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    suite(0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    suite(0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    suite(0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    suite(0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    suite(0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    suite(0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    suite(0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    suite(0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_offered_that_rustls_speaks_itself_and_everything_has_its_reason() {
        let provider = rustls::crypto::ring::default_provider();
        for (at, suite) in OFFERED.iter().enumerate() {
            let is_spoken =
                |known: &rustls::SupportedCipherSuite| u16::from(known.suite()) == suite.number;
            assert!(
                !provider.cipher_suites.iter().any(is_spoken),
                "{}",
                suite.name
            );
            assert!(!suite.old_parts().is_empty(), "{}", suite.name);
            let same = |other: &Suite| other.number == suite.number || other.name == suite.name;
            assert!(!OFFERED[at + 1..].iter().any(same), "{}", suite.name);
        }
    }
}
