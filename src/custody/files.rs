//! Files that are their owner's alone and appear whole or not at all.
//!
//! A file is written under a temporary name in its own folder, synced, renamed, and the folder synced, so
//! that a crash at any point leaves the old state or the new one. What a crash leaves behind is a
//! temporary file, which [`remove_leftovers`] clears at the next start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::platform;

/// The disk refused something.
#[derive(Debug, Error)]
#[error("{trouble} at {}", path.display())]
pub struct DiskError {
    /// What was to be read or written.
    pub kind: PathKind,
    /// In which way it refused.
    pub trouble: DiskTrouble,
    /// Where.
    pub path: PathBuf,
    /// What the operating system says.
    #[source]
    pub source: io::Error,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathKind {
    /// The data folder or one below it.
    DataFolder,
    /// The wrapped data key.
    KeyFile,
    /// The ledger or its lock.
    Ledger,
    /// A file kept for the person: a `.p12`, an export.
    SavedFile,
    /// An answer of the site, as it arrives.
    Answer,
    /// A back-up on another medium.
    Backup,
    /// The scan of a letter, or the folder that takes scans.
    Scan,
}

/// In which way a disk refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DiskTrouble {
    /// No room, or the user's share of it is used up.
    Full,
    /// Nothing may be written there at all.
    ReadOnly,
    /// This account may not.
    Denied,
    /// It is not there: a stick pulled out, a folder moved.
    Missing,
    /// The name cannot be a file's.
    BadName,
    /// Anything else.
    Failed,
}

impl DiskError {
    /// Says what the operating system's error means for a person.
    pub fn new(kind: PathKind, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self {
            kind,
            trouble: DiskTrouble::of(&source),
            path: path.into(),
            source,
        }
    }
}

impl DiskTrouble {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Self::BadName,
            _ => Self::Failed,
        }
    }
}

impl std::fmt::Display for DiskTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full => "no space is left",
            Self::ReadOnly => "the disk is read-only",
            Self::Denied => "permission is denied",
            Self::Missing => "there is nothing",
            Self::BadName => "the name is not possible",
            Self::Failed => "the disk failed",
        })
    }
}

/// Creates a folder and its missing parents for their owner alone.
pub fn create_dir(path: &Path, kind: PathKind) -> Result<(), DiskError> {
    platform::create_owner_only_dir(path).map_err(|error| DiskError::new(kind, path, error))
}

/// Writes a file that nobody else may read, without ever replacing one.
///
/// When the name is taken by the same bytes, that file is the answer; by other bytes, both are kept and the
/// new one is named `name (2).ext`, `name (3).ext`, ….
pub fn write_new_owner_only_atomic(
    dir: &Path,
    name: &str,
    bytes: &[u8],
) -> Result<PathBuf, DiskError> {
    for number in 1..=MOST_BESIDE {
        let name = numbered(name, number);
        let path = dir.join(&name);
        if write_if_absent(dir, &name, bytes, PathKind::SavedFile)? || holds(&path, bytes)? {
            return Ok(path);
        }
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(DiskError::new(PathKind::SavedFile, dir.join(name), taken))
}

/// Overwrites a file and removes it.
///
/// On a disk that writes in place the bytes are gone. SSDs, USB sticks, snapshots and journalling file systems may
/// keep older copies that no program can reach: against those only disk encryption helps.
pub fn wipe(path: &Path) -> Result<Wiped, DiskError> {
    let failed = |error| DiskError::new(PathKind::SavedFile, path, error);
    let is_file = fs::symlink_metadata(path).map_err(failed)?.is_file();
    let wiped = match is_file && overwrite(path).is_ok() {
        true => Wiped::Overwritten,
        false => Wiped::RemovedOnly,
    };
    fs::remove_file(path).map_err(failed)?;
    platform::sync_dir(folder_of(path)).map_err(failed)?;
    Ok(wiped)
}

/// How a file was wiped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wiped {
    /// Its bytes were overwritten, then it was removed.
    Overwritten,
    /// It was removed; its bytes could not be overwritten (a link, a read-only file).
    RemovedOnly,
}

/// Wipes the temporary files that an interrupted write left in `dir` and the folders below it.
///
/// Only the one writer of a data folder may call this: another's unfinished file looks the same.
pub fn remove_leftovers(dir: &Path) -> Result<usize, DiskError> {
    leftovers(dir, DEEPEST)?
        .iter()
        .try_fold(0, |count, path| wipe(path).map(|_| count + 1))
}

/// Writes a file unless one of that name exists. Returns whether it wrote.
pub(super) fn write_if_absent(
    dir: &Path,
    name: &str,
    bytes: &[u8],
    kind: PathKind,
) -> Result<bool, DiskError> {
    let path = place(dir, name, kind)?;
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let temporary = Temporary::write(dir, bytes, kind)?;
    match platform::rename_without_replacing(&temporary.path, &path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        outcome => temporary.moved(outcome, &path).map(|()| true),
    }
}

/// Writes a file that nobody else may read over what may be there: the old bytes or the new, never a part.
pub fn replace_owner_only_atomic(
    dir: &Path,
    name: &str,
    bytes: &[u8],
    kind: PathKind,
) -> Result<(), DiskError> {
    let path = place(dir, name, kind)?;
    let temporary = Temporary::write(dir, bytes, kind)?;
    let outcome = platform::replace_file(&temporary.path, &path);
    temporary.moved(outcome, &path)
}

/// Where the file `name` of `dir` lies; a name that leads elsewhere is refused.
pub(super) fn place(dir: &Path, name: &str, kind: PathKind) -> Result<PathBuf, DiskError> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only.len() == name.len() => Ok(dir.join(name)),
        _ => {
            let refused = io::Error::from(io::ErrorKind::InvalidFilename);
            Err(DiskError::new(kind, dir.join(name), refused))
        }
    }
}

/// A written file under its temporary name; dropped, it is removed.
pub(super) struct Temporary {
    path: PathBuf,
    kind: PathKind,
}

impl Temporary {
    fn write(dir: &Path, bytes: &[u8], kind: PathKind) -> Result<Self, DiskError> {
        let (temporary, mut file) = Self::create(dir, kind)?;
        let failed = |error| DiskError::new(kind, &temporary.path, error);
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(temporary)
    }

    /// An empty one; whoever fills it syncs it too.
    pub(super) fn create(dir: &Path, kind: PathKind) -> Result<(Self, File), DiskError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| DiskError::new(kind, dir, io::Error::other(error)))?;
        let name = format!("{PREFIX}{:016x}{SUFFIX}", u64::from_le_bytes(random));
        let path = dir.join(name);
        let failed = |error| DiskError::new(kind, &path, error);
        let file = platform::create_owner_only(&path).map_err(failed)?;
        let temporary = Self {
            path: path.clone(),
            kind,
        };
        Ok((temporary, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn moved(self, outcome: io::Result<()>, to: &Path) -> Result<(), DiskError> {
        let failed = |error| DiskError::new(self.kind, to, error);
        outcome.map_err(failed)?;
        platform::sync_dir(folder_of(to)).map_err(failed)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a successful rename there is nothing left of that name.
        let _gone = fs::remove_file(&self.path);
    }
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let zeros = [0; 16 * 1024];
    let mut left = file.metadata()?.len();
    while left > 0 {
        let part = left.min(zeros.len() as u64);
        file.write_all(&zeros[..part as usize])?;
        left -= part;
    }
    file.sync_all()
}

/// Whether a file holds exactly these bytes.
fn holds(path: &Path, bytes: &[u8]) -> Result<bool, DiskError> {
    let failed = |error| DiskError::new(PathKind::SavedFile, path, error);
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if !metadata.is_file() || metadata.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut present = Vec::with_capacity(bytes.len());
    File::open(path)
        .and_then(|file| file.take(metadata.len() + 1).read_to_end(&mut present))
        .map_err(failed)?;
    Ok(present == bytes)
}

fn leftovers(dir: &Path, depth: u32) -> Result<Vec<PathBuf>, DiskError> {
    let failed = |error| DiskError::new(PathKind::DataFolder, dir, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_file() && is_temporary(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        } else if kind.is_dir() && depth > 0 {
            found.extend(leftovers(&entry.path(), depth - 1)?);
        }
    }
    Ok(found)
}

fn is_temporary(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .is_some_and(|middle| middle.len() == 16 && middle.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The name of the `number`th file that wants to be called `name`: `name (2).ext` and so on.
pub fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (1, _) => name.to_owned(),
        (_, Some((stem, extension))) if !stem.is_empty() => {
            format!("{stem} ({number}).{extension}")
        }
        _ => format!("{name} ({number})"),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

const PREFIX: &str = ".noticert-";
const SUFFIX: &str = ".tmp";
/// Files of one name with different bytes; a folder per terminal sees two or three in its life.
pub(super) const MOST_BESIDE: u32 = 999;
/// Folders below the data folder in which files are written.
const DEEPEST: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_with_other_bytes_is_kept_beside_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let write =
            |bytes: &[u8]| write_new_owner_only_atomic(dir.path(), "受付.p12", bytes).unwrap();
        assert_eq!(write(b"one"), dir.path().join("受付.p12"));
        assert_eq!(write(b"two"), dir.path().join("受付 (2).p12"));
        assert_eq!(write(b"two"), dir.path().join("受付 (2).p12"));
        assert_eq!(write(b"one"), dir.path().join("受付.p12"));
        assert_eq!(fs::read(dir.path().join("受付.p12")).unwrap(), b"one");
        assert_eq!(names_in(dir.path()), ["受付 (2).p12", "受付.p12"]);
        assert!(platform::is_owner_only(&dir.path().join("受付 (2).p12")).unwrap());
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["../up", "/etc/x", "a/b", "", ".", "..", "a/"] {
            let error = write_new_owner_only_atomic(dir.path(), name, b"x").unwrap_err();
            assert_eq!(error.trouble, DiskTrouble::BadName, "{name}");
        }
        assert!(names_in(dir.path()).is_empty());
    }

    #[test]
    fn a_folder_that_takes_no_file_is_told_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("pulled out");
        let error = write_new_owner_only_atomic(&missing, "a.p12", b"x").unwrap_err();
        assert_eq!(error.trouble, DiskTrouble::Missing);
        assert!(error.path.starts_with(&missing));
    }

    #[test]
    fn troubles_are_told_apart() {
        let trouble = |kind: io::ErrorKind| {
            DiskError::new(PathKind::Answer, "x", io::Error::from(kind)).trouble
        };
        assert_eq!(trouble(io::ErrorKind::StorageFull), DiskTrouble::Full);
        assert_eq!(trouble(io::ErrorKind::QuotaExceeded), DiskTrouble::Full);
        assert_eq!(
            trouble(io::ErrorKind::ReadOnlyFilesystem),
            DiskTrouble::ReadOnly
        );
        assert_eq!(
            trouble(io::ErrorKind::PermissionDenied),
            DiskTrouble::Denied
        );
        assert_eq!(trouble(io::ErrorKind::TimedOut), DiskTrouble::Failed);
    }

    #[test]
    fn an_interrupted_write_is_cleared_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("terminal");
        fs::create_dir(&below).unwrap();
        for name in [
            ".noticert-0123456789abcdef.tmp",
            ".noticert-mine.tmp",
            "a.p12",
        ] {
            fs::write(below.join(name), b"x").unwrap();
        }
        assert_eq!(remove_leftovers(dir.path()).unwrap(), 1);
        assert_eq!(names_in(&below), [".noticert-mine.tmp", "a.p12"]);
    }

    #[test]
    fn a_wiped_file_is_overwritten_before_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other_name) = (dir.path().join("a.p12"), dir.path().join("same bytes"));
        fs::write(&path, vec![7; 40_000]).unwrap();
        fs::hard_link(&path, &other_name).unwrap();
        assert_eq!(wipe(&path).unwrap(), Wiped::Overwritten);
        assert!(!path.exists());
        assert_eq!(fs::read(&other_name).unwrap(), vec![0; 40_000]);
        assert_eq!(wipe(&path).unwrap_err().trouble, DiskTrouble::Missing);
    }
}
