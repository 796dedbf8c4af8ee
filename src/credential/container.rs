//! Opens a PKCS#12 container: its frame, its check value, then what the password unlocks.
//!
//! The bytes are never changed. What is handed to `p12-keystore`, which reads strict DER only, is a copy: unlocked,
//! re-written from the tree that [`super::ber`] read, one element at a time and without the check value, which was
//! verified before over the bytes as sent. The copy lives in memory that is wiped.
//!
//! A wrong password and an altered file fail the same check. They are told apart by trying to unlock each
//! element: where one opens, the password was right. A file without a check value is judged by that alone.
//!
//! Structure: RFC 7292 §4; encrypted parts: RFC 5652 §8; their parameters: RFC 7292 appendix C, RFC 8018.

use std::borrow::Cow;

use p12_keystore::Pkcs12Archive;
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use super::ber::{self, BerError, INTEGER, Node, OCTET_STRING, SEQUENCE};
use super::cipher::Scheme;
use super::mac::{MacData, MacScheme};
use super::password::FilePassword;
use super::{CredentialError, FoundInstead, Part};

/// What the password unlocked.
pub(super) struct Container {
    pub(super) keys: Vec<KeyBag>,
    pub(super) certificates: Vec<CertificateBag>,
    /// How the check value that held is made; `None` where the file has none.
    pub(super) mac: Option<MacScheme>,
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
    password: &FilePassword,
    rounds: u32,
) -> Result<Container, CredentialError> {
    let frame = frame(bytes, rounds)?;
    let elements = elements(&frame.content, rounds)?;
    let opens_any = || elements.iter().any(|element| element.opens_with(password));
    match &frame.mac {
        Some(mac) if mac.holds(&frame.content, password) => {}
        Some(_) if opens_any() => return Err(CredentialError::Altered),
        Some(_) => return Err(CredentialError::WrongPassword),
        None if !elements.iter().any(Element::is_locked) => return Err(CredentialError::NoMac),
        None if opens_any() => {}
        None => return Err(CredentialError::WrongPassword),
    }
    let mut container = Container {
        keys: Vec::new(),
        certificates: Vec::new(),
        mac: frame.mac.map(|mac| mac.scheme().clone()),
        ciphers: Vec::new(),
        trailing: frame.trailing,
    };
    for element in elements {
        container.take(element.unlock(password, rounds)?)?;
    }
    Ok(container)
}

/// How the parts of a container are shut, as far as it tells without the password.
pub(super) fn schemes(
    bytes: &[u8],
    rounds: u32,
) -> Result<(Option<MacScheme>, Vec<String>), CredentialError> {
    let frame = frame(bytes, rounds)?;
    let elements = elements(&frame.content, rounds)?;
    let ciphers = elements.iter().flat_map(Element::ciphers).cloned();
    let ciphers = ciphers.collect();
    Ok((frame.mac.map(|mac| mac.scheme().clone()), ciphers))
}

impl Container {
    fn take(&mut self, unlocked: Unlocked) -> Result<(), CredentialError> {
        let archive = unlocked
            .decode()
            .map_err(|source| CredentialError::Undecodable { source })?;
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
        for name in unlocked.ciphers {
            if !self.ciphers.contains(&name) {
                self.ciphers.push(name);
            }
        }
        Ok(())
    }
}

/// What tells whether a password is the file's, to try many.
pub(super) struct Lock<'a> {
    frame: Frame<'a>,
    elements: Vec<Element>,
}

impl<'a> Lock<'a> {
    /// The lock of `bytes`, believing at most `rounds` rounds of key derivation.
    pub(super) fn of(bytes: &'a [u8], rounds: u32) -> Result<Self, CredentialError> {
        let frame = frame(bytes, rounds)?;
        let elements = match &frame.mac {
            Some(_) => Vec::new(),
            None => elements(&frame.content, rounds)?,
        };
        if frame.mac.is_none() && !elements.iter().any(Element::is_locked) {
            return Err(CredentialError::NoMac);
        }
        Ok(Self { frame, elements })
    }

    /// Whether the check value holds with `password`, or, in a file without one, whether something opens.
    pub(super) fn opens_with(&self, password: &FilePassword) -> bool {
        match &self.frame.mac {
            Some(mac) => mac.holds(&self.frame.content, password),
            None => self.elements.iter().any(|e| e.opens_with(password)),
        }
    }
}

/// The unencrypted outside: what is protected, and its check value.
struct Frame<'a> {
    content: Cow<'a, [u8]>,
    mac: Option<MacData>,
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
    let (content_info, mac) = match root.children(SEQUENCE) {
        Some([_version, content_info, mac]) => (content_info, Some(mac)),
        Some([_version, content_info]) => (content_info, None),
        _ => return Err(CredentialError::Damaged { part: "PFX" }),
    };
    Ok(Frame {
        content: data(content_info)?,
        mac: mac.map(|mac| MacData::read(mac, rounds)).transpose()?,
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

/// One part of the content, as it is locked.
enum Element {
    /// A list of bags under one lock.
    Locked { scheme: Scheme, locked: Vec<u8> },
    /// Bags in clear; the keys among them are usually locked one by one.
    Bags(Vec<Bag>),
}

/// One bag of a list.
enum Bag {
    /// In clear; its DER.
    Open(Zeroizing<Vec<u8>>),
    /// A key under a lock of its own; the attributes are DER.
    LockedKey {
        scheme: Scheme,
        locked: Vec<u8>,
        attributes: Vec<u8>,
    },
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
            bags(&safe_contents, rounds).map(Element::Bags)
        }
        ENCRYPTED_DATA => encrypted_element(content, rounds),
        _ => Err(CredentialError::Unsupported {
            part: Part::Container,
            identifier,
        }),
    }
}

fn bags(safe_contents: &[u8], rounds: u32) -> Result<Vec<Bag>, CredentialError> {
    let (list, _) = ber::parse(safe_contents).map_err(|_| damaged_bags())?;
    bags_of(&list, rounds)
}

fn bags_of(list: &Node<'_>, rounds: u32) -> Result<Vec<Bag>, CredentialError> {
    let mut bags = Vec::new();
    for bag in list.children(SEQUENCE).ok_or_else(damaged_bags)? {
        let Some([kind, value, attributes @ ..]) = bag.children(SEQUENCE) else {
            return Err(damaged_bags());
        };
        let value = value.explicit();
        match kind.object_identifier().as_deref() {
            Some(SHROUDED_KEY_BAG) => {
                let parts = value.and_then(|value| value.children(SEQUENCE));
                let Some([algorithm, locked]) = parts else {
                    return Err(damaged_bags());
                };
                bags.push(Bag::LockedKey {
                    scheme: Scheme::read(algorithm, rounds)?,
                    locked: locked.octets().ok_or_else(damaged_bags)?.into_owned(),
                    attributes: attributes.iter().flat_map(Node::to_der).collect(),
                });
            }
            // A list within the list (RFC 7292 §4.2.6); how deep these go was bounded when the bytes were read.
            Some(SAFE_CONTENTS_BAG) => {
                bags.extend(bags_of(value.ok_or_else(damaged_bags)?, rounds)?);
            }
            _ => bags.push(Bag::Open(Zeroizing::new(bag.to_der()))),
        }
    }
    Ok(bags)
}

fn encrypted_element(content: &Node<'_>, rounds: u32) -> Result<Element, CredentialError> {
    let damaged = || CredentialError::Damaged {
        part: "EncryptedData",
    };
    let Some([_version, info, ..]) = content.children(SEQUENCE) else {
        return Err(damaged());
    };
    let Some([_kind, algorithm, locked]) = info.children(SEQUENCE) else {
        return Err(damaged());
    };
    Ok(Element::Locked {
        scheme: Scheme::read(algorithm, rounds)?,
        locked: locked.implicit_octets().ok_or_else(damaged)?.into_owned(),
    })
}

impl Element {
    fn is_locked(&self) -> bool {
        self.ciphers().next().is_some()
    }

    fn ciphers(&self) -> impl Iterator<Item = &String> {
        let (whole, bags) = match self {
            Self::Locked { scheme, .. } => (Some(&scheme.name), [].as_slice()),
            Self::Bags(bags) => (None, bags.as_slice()),
        };
        whole.into_iter().chain(bags.iter().filter_map(Bag::cipher))
    }

    /// Whether something that was locked opens.
    fn opens_with(&self, password: &FilePassword) -> bool {
        match self {
            Self::Locked { scheme, locked } => scheme.unlock(locked, password).is_some(),
            Self::Bags(bags) => bags.iter().any(|bag| match bag {
                Bag::Open(_) => false,
                Bag::LockedKey { scheme, locked, .. } => scheme.unlock(locked, password).is_some(),
            }),
        }
    }

    /// Opens every lock of this element.
    fn unlock(self, password: &FilePassword, rounds: u32) -> Result<Unlocked, CredentialError> {
        let mut ciphers: Vec<String> = self.ciphers().cloned().collect();
        let bags = match self {
            Self::Bags(bags) => bags,
            Self::Locked { scheme, locked } => {
                let opened = scheme.unlock(&locked, password);
                let inside = bags(&opened.ok_or(CredentialError::ShutOtherwise)?, rounds)?;
                ciphers.extend(inside.iter().filter_map(Bag::cipher).cloned());
                inside
            }
        };
        let opened: Vec<_> = bags
            .into_iter()
            .map(|bag| bag.unlock(password))
            .collect::<Result<_, _>>()?;
        let opened: Vec<&[u8]> = opened.iter().map(|bag| bag.as_slice()).collect();
        Ok(Unlocked {
            safe_contents: Zeroizing::new(ber::sequence(&opened)),
            ciphers,
        })
    }
}

impl Bag {
    fn cipher(&self) -> Option<&String> {
        match self {
            Self::Open(_) => None,
            Self::LockedKey { scheme, .. } => Some(&scheme.name),
        }
    }

    /// This bag in clear: a key becomes a key bag with the same attributes.
    fn unlock(self, password: &FilePassword) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        match self {
            Self::Open(der) => Ok(der),
            Self::LockedKey {
                scheme,
                locked,
                attributes,
            } => {
                let key = scheme.unlock(&locked, password);
                let key = key.ok_or(CredentialError::ShutOtherwise)?;
                let value = Zeroizing::new(ber::tagged(ber::CONTEXT_0_CONSTRUCTED, &key));
                Ok(Zeroizing::new(ber::sequence(&[
                    &ber::tagged(ber::OBJECT_IDENTIFIER, KEY_BAG_DER),
                    &value,
                    &attributes,
                ])))
            }
        }
    }
}

/// A list of bags without locks, in DER, and what had locked it.
struct Unlocked {
    safe_contents: Zeroizing<Vec<u8>>,
    ciphers: Vec<String>,
}

impl Unlocked {
    /// Reads the bags, in a container made for them alone.
    fn decode(&self) -> Result<Pkcs12Archive, p12_keystore::error::Error> {
        let data = |content: &[u8]| {
            let string = Zeroizing::new(ber::tagged(OCTET_STRING, content));
            Zeroizing::new(ber::sequence(&[
                &ber::tagged(ber::OBJECT_IDENTIFIER, DATA_DER),
                &Zeroizing::new(ber::tagged(ber::CONTEXT_0_CONSTRUCTED, &string)),
            ]))
        };
        let safe = Zeroizing::new(ber::sequence(&[&data(&self.safe_contents)]));
        let file = ber::sequence(&[&ber::tagged(INTEGER, &[3]), &data(&safe)]);
        // Nothing in it is locked any more.
        Pkcs12Archive::from_pkcs12(&Zeroizing::new(file), "")
    }
}

fn damaged_bags() -> CredentialError {
    CredentialError::Damaged {
        part: "SafeContents",
    }
}

const DATA: &str = "1.2.840.113549.1.7.1";
const DATA_DER: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const KEY_BAG_DER: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01,
];
const SHROUDED_KEY_BAG: &str = "1.2.840.113549.1.12.10.1.2";
const SAFE_CONTENTS_BAG: &str = "1.2.840.113549.1.12.10.1.6";
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

    fn password() -> FilePassword {
        FilePassword::new("2468".into())
    }

    /// Everything after the check value, which a changed file would not pass.
    fn opened_without_mac(content: &[u8]) -> Result<Container, CredentialError> {
        let mut container = Container {
            keys: Vec::new(),
            certificates: Vec::new(),
            mac: None,
            ciphers: Vec::new(),
            trailing: 0,
        };
        for element in elements(content, 10_000)? {
            container.take(element.unlock(&password(), 10_000)?)?;
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
        for element in elements(&content(0), 10_000).unwrap() {
            container
                .take(element.unlock(&password(), 10_000).unwrap())
                .unwrap();
        }
        assert_eq!(container.keys.len(), 1);
    }

    /// As `openssl pkcs12 -twopass` makes them, and as somebody does who puts two files together.
    #[test]
    fn a_part_under_another_password_is_no_wrong_password() {
        let policy = p12_keystore::Pkcs12ImportPolicy::Relaxed;
        let other = p12_keystore::KeyStore::from_pkcs12(FILES[3], "2468", policy).unwrap();
        let other = other.writer("1357").write().unwrap();
        let parts = [FILES[3], &other].map(|file| {
            let content = frame(file, 10_000).unwrap().content.into_owned();
            let (list, _) = ber::parse(&content).unwrap();
            list.children(SEQUENCE).unwrap()[0].to_der()
        });
        let safe = ber::tagged(OCTET_STRING, &ber::sequence(&[&parts[0], &parts[1]]));
        let content = ber::sequence(&[
            &ber::tagged(ber::OBJECT_IDENTIFIER, DATA_DER),
            &ber::tagged(ber::CONTEXT_0_CONSTRUCTED, &safe),
        ]);
        let file = ber::sequence(&[&ber::tagged(INTEGER, &[3]), &content]);
        let opened = |text: &str| open(&file, &FilePassword::new(text.into()), 1_000_000).err();
        assert!(matches!(
            opened("2468"),
            Some(CredentialError::ShutOtherwise)
        ));
        assert!(matches!(
            opened("9999"),
            Some(CredentialError::WrongPassword)
        ));
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
