//! What a look at the folder sees: which files rest, which still change, which are none that a scanner writes.
//!
//! A file counts as whole when two looks in a row see the same size and time. Scanners, browsers and copiers write
//! under another name first; those names are passed over.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::custody::names::safe_file_name;
use crate::domain::hexadecimal;
use crate::ledger::LetterOutcome;

use super::NotTaken;

/// What one look sees of a file.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Seen {
    /// Its length.
    pub bytes: u64,
    /// When it was changed last, where the disk says.
    pub modified: Option<SystemTime>,
}

/// A folder and the last look at it.
pub(super) struct Looks {
    folder: PathBuf,
    files: HashMap<OsString, File>,
    odd: Vec<(OsString, Oddity)>,
    claims: Vec<PathBuf>,
}

struct File {
    seen: Seen,
    /// Looks in a row that saw it change, its first among them.
    moving: u32,
    /// Looks in a row that saw it as it is.
    same: u32,
}

#[derive(Clone, Copy)]
enum Oddity {
    Link,
    Folder,
    Special,
}

impl Looks {
    pub(super) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            files: HashMap::new(),
            odd: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Looks once more. After a failure everything is new.
    pub(super) fn look(&mut self) -> io::Result<()> {
        let before = std::mem::take(&mut self.files);
        self.odd.clear();
        self.claims.clear();
        let mut files = HashMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_claim(&name) {
                self.claims.push(entry.path());
                continue;
            }
            if is_passed_over(&name) {
                continue;
            }
            // A file that vanishes between two calls is simply not there. The entry's own data follow no link.
            let Ok(metadata) = fs::symlink_metadata(entry.path()) else {
                continue;
            };
            let kind = metadata.file_type();
            let oddity = match () {
                () if kind.is_symlink() => Oddity::Link,
                () if kind.is_dir() && is_own_folder(&name) => continue,
                () if kind.is_dir() => Oddity::Folder,
                () if !kind.is_file() => Oddity::Special,
                () => {
                    let seen = Seen {
                        bytes: metadata.len(),
                        modified: metadata.modified().ok(),
                    };
                    let file = File::after(before.get(&name), seen);
                    files.insert(name, file);
                    continue;
                }
            };
            self.odd.push((name, oddity));
        }
        self.files = files;
        self.odd.sort_by(|one, other| one.0.cmp(&other.0));
        self.claims.sort();
        Ok(())
    }

    /// The files that rest.
    pub(super) fn resting(&self) -> impl Iterator<Item = (&OsString, &Seen)> {
        self.files
            .iter()
            .filter(|(_, file)| file.same > 1)
            .map(|(name, file)| (name, &file.seen))
    }

    /// The files that still change, each with the looks that saw it change.
    pub(super) fn moving(&self) -> impl Iterator<Item = (&OsString, u32)> {
        self.files
            .iter()
            .filter(|(_, file)| file.same <= 1)
            .map(|(name, file)| (name, file.moving))
    }

    /// What is no file.
    pub(super) fn odd(&self) -> Vec<(OsString, NotTaken)> {
        self.odd
            .iter()
            .map(|(name, oddity)| {
                let why = match oddity {
                    Oddity::Link => NotTaken::Link,
                    Oddity::Folder => NotTaken::Folder,
                    Oddity::Special => NotTaken::Special,
                };
                (name.clone(), why)
            })
            .collect()
    }

    /// Scans that an earlier run claimed and did not put away.
    pub(super) fn claims(&self) -> &[PathBuf] {
        &self.claims
    }

    pub(super) fn is_there(&self, name: &OsStr) -> bool {
        self.files.contains_key(name)
            || self.odd.iter().any(|(odd, _)| odd == name)
            || self
                .claims
                .iter()
                .any(|claim| claim.file_name() == Some(name))
    }
}

impl File {
    fn after(before: Option<&Self>, seen: Seen) -> Self {
        match before {
            Some(before) if before.seen == seen => Self {
                seen,
                moving: 0,
                same: before.same + 1,
            },
            _ => Self {
                seen,
                moving: before.map_or(0, |before| before.moving) + 1,
                same: 1,
            },
        }
    }
}

/// The name under which a scan is claimed before it is put away: nobody else writes to it under that.
pub(super) fn claim_of(sha256: [u8; 32]) -> String {
    let digits = hexadecimal(&sha256[..8]);
    format!("{CLAIM_PREFIX}{digits}{CLAIM_SUFFIX}")
}

fn is_claim(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name.strip_prefix(CLAIM_PREFIX)
            .and_then(|rest| rest.strip_suffix(CLAIM_SUFFIX))
            .is_some_and(|digits| {
                digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
    })
}

/// Whether a file of the folder may hold a letter: neither passed over nor put away, or claimed.
pub(in crate::workflow) fn may_be_letter(name: &OsStr) -> bool {
    is_claim(name) || !is_passed_over(name)
}

/// Whether the name is one under which something is still being written, or that no scanner gives.
pub(in crate::workflow) fn is_passed_over(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    // Dot files, AppleDouble (`._scan.pdf`), Office's and editors' own.
    name.starts_with(['.', '~'])
        || name.ends_with('~')
        || UNFINISHED.iter().any(|ending| name.ends_with(ending))
        || OF_SYSTEMS.contains(&name.as_str())
}

fn is_own_folder(name: &OsStr) -> bool {
    [LetterOutcome::Done, LetterOutcome::Doubtful]
        .iter()
        .any(|outcome| name == outcome.name())
}

/// A name as it may be printed: a scanner, or whoever sends it files, must not move the cursor.
pub(super) fn shown(name: &OsStr) -> String {
    safe_file_name(&name.to_string_lossy())
}

const UNFINISHED: [&str; 10] = [
    ".tmp",
    ".temp",
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".download",
    ".opdownload",
    ".lock",
    ".lck",
];
const OF_SYSTEMS: [&str; 4] = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"];
const CLAIM_PREFIX: &str = ".noticert-";
const CLAIM_SUFFIX: &str = ".taken";

#[cfg(test)]
mod tests {
    use super::*;

    fn resting(looks: &Looks) -> Vec<String> {
        let mut names: Vec<String> = looks.resting().map(|(name, _)| shown(name)).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_rests_when_two_looks_see_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scan.pdf");
        let mut looks = Looks::at(folder.path());
        looks.look().unwrap();
        fs::write(&file, b"be").unwrap();
        looks.look().unwrap();
        assert!(resting(&looks).is_empty(), "seen once only");
        fs::write(&file, b"begun").unwrap();
        looks.look().unwrap();
        assert_eq!(looks.moving().map(|(_, looks)| looks).max(), Some(2));
        looks.look().unwrap();
        assert_eq!(resting(&looks), ["scan.pdf"]);
        fs::write(&file, b"and more").unwrap();
        looks.look().unwrap();
        assert!(resting(&looks).is_empty());
    }

    #[test]
    fn a_folder_that_came_back_is_new() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("share");
        let make = || {
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("scan.pdf"), b"same").unwrap();
        };
        make();
        let mut looks = Looks::at(&folder);
        looks.look().unwrap();
        looks.look().unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(looks.look().is_err());
        make();
        looks.look().unwrap();
        assert!(resting(&looks).is_empty());
    }

    #[test]
    fn unfinished_and_foreign_names_are_passed_over() {
        for name in [
            "scan.pdf.tmp",
            "SCAN.PART",
            "a.crdownload",
            "~$a.docx",
            "a.pdf~",
            ".hidden",
            "._scan.pdf",
            "Thumbs.db",
            "desktop.ini",
            ".noticert-watch.lock",
        ] {
            assert!(is_passed_over(OsStr::new(name)), "{name}");
            assert!(!may_be_letter(OsStr::new(name)), "{name}");
        }
        for name in ["scan.pdf", "通知書.tif", "tmp", "part.png", "a"] {
            assert!(!is_passed_over(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_claimed_scan_is_known_by_its_name() {
        let claim = claim_of([0xab; 32]);
        assert_eq!(claim, ".noticert-abababababababab.taken");
        assert!(is_claim(OsStr::new(&claim)) && may_be_letter(OsStr::new(&claim)));
        for other in [".noticert-abab.taken", ".noticert-abababababababab.tmp"] {
            assert!(!is_claim(OsStr::new(other)), "{other}");
        }
    }
}
