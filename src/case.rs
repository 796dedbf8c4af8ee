//! A clinic's work in one sealed file, to the terminal and back.
//!
//! A case carries lines of a ledger's log and the values that they name, and says which ledger lent them. It knows
//! neither what a line means nor how a ledger unites with another: workflow carries one to the other.
//!
//! Bytes inside the envelope: `noticert case 1` and a line end, the length of the manifest (8 bytes, little-endian),
//! the manifest as JSON, the values one after the other. A secret is never JSON.

mod error;
mod readme;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::custody::envelope::{self, EnvelopeError};
use crate::custody::{DiskError, PathKind, Plaintext, WorkFactor, files};

pub use error::CaseError;
pub use readme::{README_NAME, ReadMe};

/// What a case says of itself, and the lines that it carries.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Manifest {
    /// Names the case.
    pub case: String,
    /// When it was packed.
    pub made_at: Timestamp,
    /// On which computer.
    pub made_on: String,
    /// The ledger that packed it.
    pub ledger: String,
    /// The clinic.
    pub institution_code: String,
    /// The kind of site that its records go to, once that is settled.
    pub site: Option<String>,
    /// Lines of the log.
    pub lines: Vec<Line>,
}

/// One line of a ledger's log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// The record.
    pub record: String,
    /// When it was written.
    pub at: Timestamp,
    /// Whose word it is.
    pub actor: String,
    /// The event, as the ledger wrote it.
    pub payload: String,
}

/// One value that lines name.
#[derive(Debug, Eq, PartialEq)]
pub struct Value {
    /// Its id.
    pub id: String,
    /// The record.
    pub record: String,
    /// What it is.
    pub field: String,
    /// The value, or when it was wiped.
    pub content: Content,
}

/// What there is of a value.
#[derive(Debug, Eq, PartialEq)]
pub enum Content {
    /// The value.
    Open(Plaintext),
    /// It was taken away for good then.
    Wiped(Timestamp),
}

/// An open case.
#[derive(Debug, Eq, PartialEq)]
pub struct Case {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The values.
    pub values: Vec<Value>,
}

impl Case {
    /// Seals the case into a new file `name` of `dir`, and reads it back.
    pub fn write(
        &self,
        dir: &Path,
        name: &str,
        passphrase: &SecretString,
        work: WorkFactor,
    ) -> Result<PathBuf, CaseError> {
        let sealed = envelope::seal(passphrase, work, &self.to_bytes()?)?;
        files::create_dir(dir, PathKind::SavedFile)?;
        let path = files::write_new_owner_only_atomic(dir, name, &sealed)?;
        // A stick may take what it does not give back.
        match std::fs::read(&path) {
            Ok(read) if read == sealed => Ok(path),
            Ok(_) => Err(CaseError::NotReadBack { path }),
            Err(error) => Err(DiskError::new(PathKind::SavedFile, path, error).into()),
        }
    }

    /// Opens the case in `path`; nothing but reading happens.
    pub fn read(path: &Path, passphrase: &SecretString) -> Result<Self, CaseError> {
        let mut sealed = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut sealed))
            .map_err(|source| CaseError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        let plaintext =
            envelope::open(passphrase, &sealed, LARGEST).map_err(|error| match error {
                EnvelopeError::Foreign => CaseError::NotACase {
                    path: path.to_owned(),
                },
                EnvelopeError::WrongPassphrase => CaseError::WrongPassphrase {
                    path: path.to_owned(),
                },
                EnvelopeError::Damaged { source } => CaseError::Damaged {
                    path: path.to_owned(),
                    source,
                },
                EnvelopeError::TooCostly => CaseError::NotACase {
                    path: path.to_owned(),
                },
                EnvelopeError::Custody(error) => error.into(),
            })?;
        Self::from_bytes(&plaintext, path)
    }

    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, CaseError> {
        let entries: Vec<Entry> = self.values.iter().map(Entry::of).collect();
        let head = Head {
            manifest: self.manifest.clone(),
            values: entries,
        };
        let json = serde_json::to_vec(&head).map_err(|source| CaseError::NotWritable { source })?;
        let carried: usize = self.values.iter().map(Value::length).sum();
        let capacity = PREFIX.len() + VERSION.len() + 1 + LENGTH + json.len() + carried;
        // Room for all of it at once, so that no half-grown copy is left in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        bytes.extend(PREFIX);
        bytes.extend(VERSION);
        bytes.push(b'\n');
        bytes.extend((json.len() as u64).to_le_bytes());
        bytes.extend(&json);
        for value in &self.values {
            if let Content::Open(plaintext) = &value.content {
                plaintext.append_to(&mut bytes);
            }
        }
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, CaseError> {
        let damaged = || CaseError::Damaged {
            path: path.to_owned(),
            source: None,
        };
        let Some(rest) = bytes.strip_prefix(PREFIX) else {
            return Err(CaseError::NotACase {
                path: path.to_owned(),
            });
        };
        let line_end = rest.iter().position(|b| *b == b'\n').ok_or_else(damaged)?;
        let (version, rest) = rest.split_at(line_end);
        if version != VERSION {
            return Err(CaseError::Newer {
                path: path.to_owned(),
                found: String::from_utf8_lossy(version).chars().take(20).collect(),
            });
        }
        let (length, rest) = rest[1..]
            .split_first_chunk::<LENGTH>()
            .ok_or_else(damaged)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged())?;
        let (json, mut rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let head: Head = serde_json::from_slice(json).map_err(|_| damaged())?;
        let mut values = Vec::with_capacity(head.values.len());
        for entry in head.values {
            let content = match (entry.length, entry.wiped_at) {
                (Some(length), None) => {
                    let length = usize::try_from(length).map_err(|_| damaged())?;
                    let (value, after) = rest.split_at_checked(length).ok_or_else(damaged)?;
                    rest = after;
                    Content::Open(Plaintext::new(value.to_vec()))
                }
                (None, Some(at)) => Content::Wiped(at),
                _ => return Err(damaged()),
            };
            values.push(Value {
                id: entry.id,
                record: entry.record,
                field: entry.field,
                content,
            });
        }
        match rest {
            [] => Ok(Self {
                manifest: head.manifest,
                values,
            }),
            _ => Err(damaged()),
        }
    }
}

impl Value {
    fn length(&self) -> usize {
        match &self.content {
            Content::Open(plaintext) => plaintext.length(),
            Content::Wiped(_) => 0,
        }
    }
}

/// The part of a case that is JSON.
#[derive(Deserialize, Serialize)]
struct Head {
    manifest: Manifest,
    values: Vec<Entry>,
}

/// A value without the value.
#[derive(Deserialize, Serialize)]
struct Entry {
    id: String,
    record: String,
    field: String,
    /// Bytes among the values; none once wiped.
    length: Option<u64>,
    wiped_at: Option<Timestamp>,
}

impl Entry {
    fn of(value: &Value) -> Self {
        let (length, wiped_at) = match &value.content {
            Content::Open(plaintext) => (Some(plaintext.length() as u64), None),
            Content::Wiped(at) => (None, Some(*at)),
        };
        Self {
            id: value.id.clone(),
            record: value.record.clone(),
            field: value.field.clone(),
            length,
            wiped_at,
        }
    }
}

const PREFIX: &[u8] = b"noticert case ";
const VERSION: &[u8] = b"1";
const LENGTH: usize = 8;
/// Far more than the crops of a clinic's terminals take.
const LARGEST: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case {
            manifest: Manifest {
                case: "case".to_owned(),
                made_at: Timestamp::UNIX_EPOCH,
                made_on: "office".to_owned(),
                ledger: "ledger".to_owned(),
                institution_code: "0110113719".to_owned(),
                site: Some("practice".to_owned()),
                lines: vec![Line {
                    id: "1".to_owned(),
                    record: "2".to_owned(),
                    at: Timestamp::UNIX_EPOCH,
                    actor: "person".to_owned(),
                    payload: "{}".to_owned(),
                }],
            },
            values: [
                Content::Open(Plaintext::new(b"Ab3dE6gH9k".to_vec())),
                Content::Wiped(Timestamp::UNIX_EPOCH),
                Content::Open(Plaintext::new(Vec::new())),
            ]
            .into_iter()
            .map(|content| Value {
                id: "3".to_owned(),
                record: "2".to_owned(),
                field: "reference_id".to_owned(),
                content,
            })
            .collect(),
        }
    }

    fn passphrase() -> SecretString {
        SecretString::from("invented passphrase")
    }

    #[test]
    fn what_was_packed_comes_out_and_no_secret_lies_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = case()
            .write(
                dir.path(),
                "a.age",
                &passphrase(),
                WorkFactor::RANDOM_PASSPHRASE,
            )
            .unwrap();
        assert_eq!(Case::read(&path, &passphrase()).unwrap(), case());
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"Ab3dE6gH9k"));
        let wrong = Case::read(&path, &SecretString::from("other")).unwrap_err();
        assert!(matches!(wrong, CaseError::WrongPassphrase { .. }));
    }

    #[test]
    fn foreign_future_and_damaged_contents_are_told_apart() {
        let path = Path::new("a.age");
        let whole = case().to_bytes().unwrap();
        let read = |bytes: &[u8]| Case::from_bytes(bytes, path);
        assert_eq!(read(&whole).unwrap(), case());
        assert!(matches!(
            read(b"noticert data key 1\n"),
            Err(CaseError::NotACase { .. })
        ));
        assert!(matches!(
            read(b"noticert case 2\nanything"),
            Err(CaseError::Newer { found, .. }) if found == "2"
        ));
        for length in PREFIX.len()..whole.len() {
            let error = read(&whole[..length]).unwrap_err();
            assert!(
                matches!(error, CaseError::Damaged { .. }),
                "{length}: {error}"
            );
        }
        let mut longer = whole.to_vec();
        longer.push(0);
        assert!(matches!(read(&longer), Err(CaseError::Damaged { .. })));
    }
}
