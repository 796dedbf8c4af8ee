//! The index of a back-up medium: which certificate lies where, until when it is valid, and its hash. No secret.
//!
//! Beside it lies `SHA256SUMS.txt` in the form that `sha256sum -c` reads, so that anybody can check a stick without
//! noticert.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupError, hash};
use crate::custody::files::{self, DiskError, PathKind};
use crate::custody::sealing::fill_random;
use crate::domain::hexadecimal;

/// What lies on a medium.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Index {
    /// The form of this file.
    schema: String,
    /// Names the medium, so that two sticks of one label are told apart.
    pub medium: String,
    /// Every copy, oldest first.
    pub copies: Vec<Entry>,
}

/// One copy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// 発行先
    pub institution_code: String,
    /// 端末名称
    pub terminal_name: Option<String>,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// Its serial number.
    pub serial_number: String,
    /// First instant of its validity.
    pub not_before: Timestamp,
    /// Last instant of its validity.
    pub not_after: Timestamp,
    /// The `.p12`, as a path from the index with `/` between its parts.
    pub file: String,
    /// SHA-256 of the `.p12`.
    pub sha256: String,
    /// The same, sealed by a passphrase.
    #[serde(default)]
    pub sealed: Option<SealedEntry>,
    /// When it was written.
    pub made_at: Timestamp,
    /// On which computer.
    pub made_on: String,
}

/// The sealed files of a copy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SealedEntry {
    /// The sealed `.p12`.
    pub file: String,
    /// SHA-256 of the sealed file.
    pub sha256: String,
    /// The sealed password.
    pub password_file: String,
    /// SHA-256 of the sealed password.
    pub password_sha256: String,
}

impl Index {
    /// The index in `root`; a new one where there is none.
    pub fn read_or_new(root: &Path) -> Result<Self, BackupError> {
        match Self::read(root)? {
            Some(index) => Ok(index),
            None => {
                let mut random = [0; 16];
                fill_random(&mut random)?;
                Ok(Self {
                    schema: SCHEMA.to_owned(),
                    medium: hexadecimal(&random),
                    copies: Vec::new(),
                })
            }
        }
    }

    /// The index in `root`, where there is one.
    pub fn read(root: &Path) -> Result<Option<Self>, BackupError> {
        let path = root.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(BackupError::IndexDamaged { path });
            }
            read => read.map_err(|error| DiskError::new(PathKind::Backup, &path, error))?,
        };
        let schema = serde_json::from_str::<Form>(&text).map(|form| form.schema);
        match schema {
            Ok(schema) if schema == SCHEMA => {}
            Ok(found) => return Err(BackupError::IndexNewer { path, found }),
            Err(_) => return Err(BackupError::IndexDamaged { path }),
        }
        match serde_json::from_str::<Self>(&text) {
            Ok(index) if index.copies.iter().all(Entry::stays_inside) => Ok(Some(index)),
            _ => Err(BackupError::IndexDamaged { path }),
        }
    }

    /// Takes a copy, in place of an entry for the same file and of broken copies of the same bytes.
    ///
    /// `is_whole`: whether the file of an entry is there as it was written.
    pub fn take(&mut self, entry: Entry, is_whole: impl Fn(&Entry) -> bool) {
        self.copies.retain(|known| {
            known.file != entry.file && (known.sha256 != entry.sha256 || is_whole(known))
        });
        self.copies.push(entry);
    }

    /// Writes the index and the list of hashes into `root`.
    pub fn write(&self, root: &Path) -> Result<(), BackupError> {
        let json = serde_json::to_string_pretty(self)
            .expect("an index of texts and instants can always be written as JSON");
        let sums: String = self
            .copies
            .iter()
            .flat_map(Entry::files)
            .map(|(file, sum)| format!("{sum}  {file}\n"))
            .collect();
        for (name, text) in [(SUMS, sums), (NAME, format!("{json}\n"))] {
            files::replace_owner_only_atomic(root, name, text.as_bytes(), PathKind::Backup)?;
        }
        Ok(())
    }
}

impl Entry {
    /// Every file of the copy with its hash.
    pub fn files(&self) -> Vec<(&str, &str)> {
        let mut files = vec![(self.file.as_str(), self.sha256.as_str())];
        if let Some(sealed) = &self.sealed {
            files.push((&sealed.file, &sealed.sha256));
            files.push((&sealed.password_file, &sealed.password_sha256));
        }
        files
    }

    /// Whether its `.p12` lies below `root` as it was written.
    pub fn is_whole(&self, root: &Path) -> bool {
        super::read_whole(&absolute(root, &self.file), &self.sha256).is_ok()
    }

    /// Whether it is of the same terminal.
    pub fn is_of_terminal(&self, other: &Self) -> bool {
        self.institution_code == other.institution_code && self.terminal_name == other.terminal_name
    }

    /// What people call its terminal.
    pub fn name(&self) -> String {
        match &self.terminal_name {
            Some(name) => format!("{} 「{name}」", self.institution_code),
            None => self.institution_code.clone(),
        }
    }

    /// A path that leads out of the medium was not written by noticert.
    fn stays_inside(&self) -> bool {
        self.files().iter().all(|(file, _)| {
            file.split('/').all(|part| {
                !part.is_empty() && part != ".." && part != "." && !part.contains(['\\', ':', '\0'])
            })
        })
    }
}

impl SealedEntry {
    /// The entry for files that lie below `root`.
    pub fn of(root: &Path, file: &Path, password_file: &Path) -> Result<Self, BackupError> {
        Ok(Self {
            file: relative(root, file),
            sha256: hash(&super::read(file)?),
            password_file: relative(root, password_file),
            password_sha256: hash(&super::read(password_file)?),
        })
    }
}

/// The path of `file` from `root`, with `/` between its parts on every system.
pub fn relative(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).unwrap_or(file);
    let parts: Vec<String> = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

/// Where `file` of an index lies when the index lies in `root`.
pub fn absolute(root: &Path, file: &str) -> PathBuf {
    file.split('/')
        .fold(root.to_owned(), |path, part| path.join(part))
}

/// The part that every form of the index has.
#[derive(Deserialize)]
struct Form {
    schema: String,
}

/// The index.
pub const NAME: &str = "noticert-backup.json";
/// The list of hashes.
pub const SUMS: &str = "SHA256SUMS.txt";
const SCHEMA: &str = "noticert.backup/1";

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: &str) -> Entry {
        Entry {
            institution_code: "0110113719".to_owned(),
            terminal_name: Some("受付".to_owned()),
            fingerprint: "00".repeat(32),
            serial_number: "01".to_owned(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            file: file.to_owned(),
            sha256: "11".repeat(32),
            sealed: None,
            made_at: Timestamp::UNIX_EPOCH,
            made_on: "office".to_owned(),
        }
    }

    #[test]
    fn an_index_comes_back_and_two_media_differ() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Index::read(dir.path()).unwrap(), None);
        let mut index = Index::read_or_new(dir.path()).unwrap();
        for file in ["a/a.p12", "a/b.p12", "a/a.p12"] {
            index.take(entry(file), |_| true);
        }
        index.write(dir.path()).unwrap();
        assert_eq!(Index::read_or_new(dir.path()).unwrap(), index);
        assert_eq!(index.copies.len(), 2);
        let sums = std::fs::read_to_string(dir.path().join(SUMS)).unwrap();
        assert_eq!(sums.lines().count(), 2);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(
            Index::read_or_new(other.path()).unwrap().medium,
            index.medium
        );
    }

    #[test]
    fn a_copy_made_anew_takes_the_place_of_a_broken_one_and_of_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut index = Index::read_or_new(dir.path()).unwrap();
        let older = Entry {
            sha256: "22".repeat(32),
            ..entry("a/older.p12")
        };
        index.take(older, |_| true);
        index.take(entry("a/a.p12"), |_| true);
        index.take(entry("b/a.p12"), |_| true);
        index.take(entry("a/a (2).p12"), |known| known.file == "b/a.p12");
        let files: Vec<&str> = index.copies.iter().map(|copy| copy.file.as_str()).collect();
        assert_eq!(files, ["a/older.p12", "b/a.p12", "a/a (2).p12"]);
    }

    #[test]
    fn an_index_of_another_form_or_with_a_way_out_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        std::fs::write(&path, r#"{"schema":"noticert.backup/2"}"#).unwrap();
        assert!(matches!(
            Index::read(dir.path()),
            Err(BackupError::IndexNewer { found, .. }) if found == "noticert.backup/2"
        ));
        for text in [
            "",
            "{",
            "{}",
            r#"{"schema":"noticert.backup/1"}"#,
            "\u{fffd}",
        ] {
            std::fs::write(&path, text).unwrap();
            let read = Index::read(dir.path());
            assert!(
                matches!(read, Err(BackupError::IndexDamaged { .. })),
                "{text}"
            );
        }
        for file in ["../up.p12", "/etc/passwd", "a/../b", "C:/x", "a\\b"] {
            let mut index = Index {
                schema: SCHEMA.to_owned(),
                medium: "m".to_owned(),
                copies: vec![entry(file)],
            };
            index.write(dir.path()).unwrap();
            let read = Index::read(dir.path());
            assert!(
                matches!(read, Err(BackupError::IndexDamaged { .. })),
                "{file}"
            );
            index.copies.clear();
        }
    }
}
