//! Opens a PKCS#12 container: its frame, its check value, then what the password unlocks.
//!
//! The bytes are never changed. What is handed to `p12-keystore`, which reads strict DER only, is a copy
//! re-written from the tree that [`super::ber`] read, one element at a time and without the check value:
//! that was verified before over the bytes as sent.
//!
//! A wrong password and an altered file fail the same check. They are told apart by trying to unlock each
//! element: where one opens, the password was right.
//!
//! Structure: RFC 7292 §4; encrypted parts: RFC 5652 §8; their parameters: RFC 7292 appendix C, RFC 8018.

use std::borrow::Cow;

use p12_keystore::Pkcs12Archive;
use secrecy::{ExposeSecret, SecretBox};

use super::ber::{self, BerError, INTEGER, Node, OCTET_STRING, SEQUENCE};
use super::cipher;
use super::mac::{MacAlgorithm, MacData};
use super::{CredentialError, FoundInstead, Part};
use crate::domain::CertificatePassword;

/// What the password unlocked.
pub(super) struct Container {
    pub(super) keys: Vec<KeyBag>,
    pub(super) certificates: Vec<CertificateBag>,
    pub(super) mac: MacAlgorithm,
    /// Names of the encryption schemes, each once.
    pub(super) ciphers: Vec<String>,
    /// Bytes after the container's end.
    pub(super) trailing: usize,
}

/// One private key.
pub(super) struct KeyBag {
    pub(super) pkcs8: SecretBox<Vec<u8>>,
    pub(super) friendly_name: Option<String>,
}

/// One certificate.
pub(super) struct CertificateBag {
    pub(super) der: Vec<u8>,
    pub(super) friendly_name: Option<String>,
}

/// Opens `bytes` with `password`, believing at most `rounds` rounds of key derivation.
pub(super) fn open(
    bytes: &[u8],
    password: &CertificatePassword,
    rounds: u32,
) -> Result<Container, CredentialError> {
    let frame = frame(bytes, rounds)?;
    let elements = elements(&frame.content, rounds)?;
    if !frame.mac.holds(&frame.content, password) {
        return Err(match elements.iter().any(|e| e.opens_with(password)) {
            true => CredentialError::Altered,
            false => CredentialError::WrongPassword,
        });
    }
    let mut container = Container {
        keys: Vec::new(),
        certificates: Vec::new(),
        mac: frame.mac.algorithm,
        ciphers: Vec::new(),
        trailing: frame.trailing,
    };
    for element in elements {
        let archive = element
            .decode(password)
            .map_err(|source| CredentialError::Undecodable { source })?;
        container.take(archive);
        for name in element.ciphers {
            if !container.ciphers.contains(&name) {
                container.ciphers.push(name);
            }
        }
    }
    Ok(container)
}

/// How the parts of a container are shut, as far as it tells without the password.
pub(super) fn schemes(
    bytes: &[u8],
    rounds: u32,
) -> Result<(MacAlgorithm, Vec<String>), CredentialError> {
    let frame = frame(bytes, rounds)?;
    let elements = elements(&frame.content, rounds)?;
    let ciphers = elements.into_iter().flat_map(|e| e.ciphers).collect();
    Ok((frame.mac.algorithm, ciphers))
}

impl Container {
    fn take(&mut self, archive: Pkcs12Archive) {
        for bag in archive.keys {
            // Some writers put one key beside each certificate; the same key twice is one key.
            let is_known = |known: &KeyBag| known.pkcs8.expose_secret() == bag.key.as_der();
            if !self.keys.iter().any(is_known) {
                self.keys.push(KeyBag {
                    pkcs8: SecretBox::new(Box::new(bag.key.as_der().to_vec())),
                    friendly_name: bag.friendly_name,
                });
            }
        }
        self.certificates
            .extend(archive.certs.into_iter().map(|bag| CertificateBag {
                der: bag.cert.as_der().to_vec(),
                friendly_name: bag.friendly_name,
            }));
    }
}

/// The check value of a file, to try passwords on.
pub(super) struct Lock<'a>(Frame<'a>);

impl<'a> Lock<'a> {
    /// The check value of `bytes`, believing at most `rounds` rounds of key derivation.
    pub(super) fn of(bytes: &'a [u8], rounds: u32) -> Result<Self, CredentialError> {
        frame(bytes, rounds).map(Self)
    }

    /// Whether the check value holds with `password`.
    pub(super) fn opens_with(&self, password: &CertificatePassword) -> bool {
        self.0.mac.holds(&self.0.content, password)
    }
}

/// The unencrypted outside: what is protected, and its check value.
struct Frame<'a> {
    content: Cow<'a, [u8]>,
    mac: MacData,
    trailing: usize,
}

fn frame(bytes: &[u8], rounds: u32) -> Result<Frame<'_>, CredentialError> {
    match prefix(bytes) {
        Prefix::Container => {}
        Prefix::CutOff => return Err(CredentialError::Truncated { found: bytes.len() }),
        Prefix::Other => {
            return Err(CredentialError::NotPkcs12 {
                found: FoundInstead::in_bytes(bytes),
            });
        }
    }
    let (root, trailing) = ber::parse(bytes).map_err(|error| match error {
        BerError::Truncated => CredentialError::Truncated { found: bytes.len() },
        _ => CredentialError::Damaged { part: "PFX" },
    })?;
    let (content_info, mac_data) = match root.children(SEQUENCE) {
        Some([_version, content_info, mac_data]) => (content_info, mac_data),
        Some([_version, content_info]) => {
            data(content_info)?;
            return Err(CredentialError::NoMac);
        }
        _ => return Err(CredentialError::Damaged { part: "PFX" }),
    };
    Ok(Frame {
        content: data(content_info)?,
        mac: mac(mac_data, rounds)?,
        trailing,
    })
}

/// What the first bytes say: SEQUENCE, any length, INTEGER 3.
enum Prefix {
    Container,
    CutOff,
    Other,
}

fn prefix(bytes: &[u8]) -> Prefix {
    const VERSION_3: &[u8] = &[INTEGER, 1, 3];
    let (&[tag, length], after) = match bytes {
        [] => return Prefix::Other,
        [SEQUENCE] => return Prefix::CutOff,
        [_] => return Prefix::Other,
        [tag, length, after @ ..] => (&[*tag, *length], after),
    };
    let length_bytes = match length {
        0..=0x80 => 0,
        _ => usize::from(length & 0x7f),
    };
    let version = after.get(length_bytes..).unwrap_or_default();
    if tag != SEQUENCE || length_bytes > size_of::<usize>() {
        Prefix::Other
    } else if version.starts_with(VERSION_3) {
        Prefix::Container
    } else if version.len() < VERSION_3.len() && VERSION_3.starts_with(version) {
        Prefix::CutOff
    } else {
        Prefix::Other
    }
}

/// The bytes inside a ContentInfo of type data.
fn data<'a>(content_info: &Node<'a>) -> Result<Cow<'a, [u8]>, CredentialError> {
    let (identifier, content) = typed_content(content_info)?;
    if identifier != DATA {
        return Err(CredentialError::Unsupported {
            part: Part::Container,
            identifier,
        });
    }
    content.octets().ok_or(CredentialError::Damaged {
        part: "ContentInfo",
    })
}

fn typed_content<'n, 'a>(
    content_info: &'n Node<'a>,
) -> Result<(String, &'n Node<'a>), CredentialError> {
    let damaged = CredentialError::Damaged {
        part: "ContentInfo",
    };
    let Some([kind, content]) = content_info.children(SEQUENCE) else {
        return Err(damaged);
    };
    match (kind.object_identifier(), content.explicit()) {
        (Some(identifier), Some(content)) => Ok((identifier, content)),
        _ => Err(damaged),
    }
}

fn mac(node: &Node<'_>, limit: u32) -> Result<MacData, CredentialError> {
    let damaged = || CredentialError::Damaged { part: "MacData" };
    let (digest_info, salt, rounds) = match node.children(SEQUENCE) {
        Some([digest_info, salt, rounds]) => {
            (digest_info, salt, rounds.unsigned().ok_or_else(damaged)?)
        }
        // The number of rounds is 1 where it is not written.
        Some([digest_info, salt]) => (digest_info, salt, 1),
        _ => return Err(damaged()),
    };
    let Some([algorithm, digest]) = digest_info.children(SEQUENCE) else {
        return Err(damaged());
    };
    let identifier = cipher::identifier(algorithm).ok_or_else(damaged)?;
    let Some(algorithm) = MacAlgorithm::from_object_identifier(&identifier) else {
        return Err(CredentialError::Unsupported {
            part: Part::Mac,
            identifier,
        });
    };
    Ok(MacData {
        algorithm,
        digest: digest.octets().ok_or_else(damaged)?.into_owned(),
        salt: salt.octets().ok_or_else(damaged)?.into_owned(),
        rounds: cipher::believed(rounds, limit)?,
    })
}

/// One part of the content, re-written in DER, and how it is locked.
struct Element {
    content_info: Vec<u8>,
    ciphers: Vec<String>,
}

fn elements(content: &[u8], rounds: u32) -> Result<Vec<Element>, CredentialError> {
    let damaged = || CredentialError::Damaged {
        part: "AuthenticatedSafe",
    };
    let (safe, _) = ber::parse(content).map_err(|_| damaged())?;
    let content_infos = safe.children(SEQUENCE).ok_or_else(damaged)?;
    if content_infos.len() > MAX_ELEMENTS {
        return Err(damaged());
    }
    content_infos
        .iter()
        .map(|content_info| element(content_info, rounds))
        .collect()
}

fn element(content_info: &Node<'_>, rounds: u32) -> Result<Element, CredentialError> {
    let (identifier, content) = typed_content(content_info)?;
    match identifier.as_str() {
        DATA => {
            let safe_contents = content.octets().ok_or(CredentialError::Damaged {
                part: "ContentInfo",
            })?;
            plain_element(&safe_contents, rounds)
        }
        ENCRYPTED_DATA => encrypted_element(content, rounds),
        _ => Err(CredentialError::Unsupported {
            part: Part::Container,
            identifier,
        }),
    }
}

/// Bags in clear; the keys among them are usually locked one by one.
fn plain_element(safe_contents: &[u8], rounds: u32) -> Result<Element, CredentialError> {
    let damaged = || CredentialError::Damaged {
        part: "SafeContents",
    };
    let (node, _) = ber::parse(safe_contents).map_err(|_| damaged())?;
    let bags = node.children(SEQUENCE).ok_or_else(damaged)?;
    let mut ciphers = Vec::new();
    for bag in bags {
        let Some([kind, value, ..]) = bag.children(SEQUENCE) else {
            return Err(damaged());
        };
        if kind.object_identifier().as_deref() == Some(SHROUDED_KEY_BAG) {
            let locked = value.explicit().and_then(|node| node.children(SEQUENCE));
            let Some([algorithm, _]) = locked else {
                return Err(damaged());
            };
            ciphers.push(cipher::name_of_supported(algorithm, rounds)?);
        }
    }
    let content = ber::tagged(OCTET_STRING, &node.to_der());
    Ok(Element {
        content_info: content_info(DATA_DER, &content),
        ciphers,
    })
}

fn encrypted_element(content: &Node<'_>, rounds: u32) -> Result<Element, CredentialError> {
    let damaged = || CredentialError::Damaged {
        part: "EncryptedData",
    };
    let Some([version, info, ..]) = content.children(SEQUENCE) else {
        return Err(damaged());
    };
    let Some([kind, algorithm, encrypted]) = info.children(SEQUENCE) else {
        return Err(damaged());
    };
    let name = cipher::name_of_supported(algorithm, rounds)?;
    let encrypted = encrypted.implicit_octets().ok_or_else(damaged)?;
    let info = ber::sequence(&[
        &kind.to_der(),
        &algorithm.to_der(),
        &ber::tagged(ber::CONTEXT_0, &encrypted),
    ]);
    let content = ber::sequence(&[&version.to_der(), &info]);
    Ok(Element {
        content_info: content_info(ENCRYPTED_DATA_DER, &content),
        ciphers: vec![name],
    })
}

fn content_info(identifier: &[u8], content: &[u8]) -> Vec<u8> {
    ber::sequence(&[
        &ber::tagged(ber::OBJECT_IDENTIFIER, identifier),
        &ber::tagged(ber::CONTEXT_0_CONSTRUCTED, content),
    ])
}

impl Element {
    /// Unlocks this element alone, in a container made for it.
    fn decode(
        &self,
        password: &CertificatePassword,
    ) -> Result<Pkcs12Archive, p12_keystore::error::Error> {
        let safe = ber::sequence(&[&self.content_info]);
        let version = ber::tagged(INTEGER, &[3]);
        let content = content_info(DATA_DER, &ber::tagged(OCTET_STRING, &safe));
        let file = ber::sequence(&[&version, &content]);
        // The file is locked with exactly this password.
        Pkcs12Archive::from_pkcs12(&file, password.expose())
    }

    /// Whether something that was locked opens: a guess at padding does not make a key or a certificate.
    fn opens_with(&self, password: &CertificatePassword) -> bool {
        !self.ciphers.is_empty()
            && self
                .decode(password)
                .is_ok_and(|archive| !archive.keys.is_empty() || !archive.certs.is_empty())
    }
}

const DATA: &str = "1.2.840.113549.1.7.1";
const DATA_DER: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const ENCRYPTED_DATA_DER: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
const SHROUDED_KEY_BAG: &str = "1.2.840.113549.1.12.10.1.2";
/// NSS writes one element for each key and each certificate.
const MAX_ELEMENTS: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::credential::{Expected, checks};

    const FILES: [&[u8]; 4] = [
        include_bytes!("../../fixtures/credentials/key-in-clear.p12"),
        include_bytes!("../../fixtures/credentials/certificates-in-clear.p12"),
        include_bytes!("../../fixtures/credentials/one-round.p12"),
        include_bytes!("../../fixtures/credentials/3des-sha1.p12"),
    ];

    fn password() -> CertificatePassword {
        "2468".parse().unwrap()
    }

    /// Everything after the check value, which a changed file would not pass.
    fn opened_without_mac(content: &[u8]) -> Result<Container, CredentialError> {
        let mut container = Container {
            keys: Vec::new(),
            certificates: Vec::new(),
            mac: MacAlgorithm::Sha1,
            ciphers: Vec::new(),
            trailing: 0,
        };
        for element in elements(content, 10_000)? {
            let archive = element
                .decode(&password())
                .map_err(|source| CredentialError::Undecodable { source })?;
            container.take(archive);
        }
        Ok(container)
    }

    fn content(file: usize) -> Vec<u8> {
        frame(FILES[file], 10_000).unwrap().content.into_owned()
    }

    #[test]
    fn rewriting_for_the_library_changes_nothing_that_it_reads() {
        for (file, bytes) in FILES.iter().enumerate() {
            let whole = Pkcs12Archive::from_pkcs12(bytes, "2468").unwrap();
            let ours = opened_without_mac(&content(file)).unwrap();
            let certificates: Vec<&[u8]> =
                whole.certs.iter().map(|bag| bag.cert.as_der()).collect();
            let read: Vec<&[u8]> = ours.certificates.iter().map(|bag| &*bag.der).collect();
            assert_eq!(read, certificates);
            assert_eq!(
                ours.keys[0].pkcs8.expose_secret(),
                whole.keys[0].key.as_der()
            );
        }
    }

    #[test]
    fn the_same_key_twice_is_one_key() {
        let mut container = opened_without_mac(&content(0)).unwrap();
        container.take(Pkcs12Archive::from_pkcs12(FILES[0], "2468").unwrap());
        assert_eq!(container.keys.len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// Somebody who knows the password can make a file whose check value holds: what is inside must not
        /// bring the program down either.
        #[test]
        fn hostile_contents_never_panic(
            file in 0..FILES.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut content = content(file);
            for (at, to) in changes {
                let at = at.index(content.len());
                content[at] = to;
            }
            if let Some(cut) = cut {
                content.truncate(cut.index(content.len()));
            }
            if let Ok(container) = opened_without_mac(&content) {
                let expected = Expected {
                    letter: None,
                    issuer_family: &[],
                    key_derivation_rounds: 10_000,
                };
                let now = jiff::Timestamp::UNIX_EPOCH;
                let _ = checks::check(&container, &expected, now);
            }
        }
    }
}
