//! The data folder: there or to be made, for its owner alone, writable, with room.

use std::io;
use std::path::{Path, PathBuf};

use super::Mark;
use crate::custody::{BadPlace, DiskError, PathKind};
use crate::platform;

/// Where the ledger and its files lie.
#[derive(Debug)]
pub enum DataFolder {
    /// It is there, writable, and its owner's alone.
    Ready {
        /// The folder.
        path: PathBuf,
    },
    /// It is not there yet and can be made.
    ToBeMade {
        /// The folder.
        path: PathBuf,
    },
    /// Others can read it.
    OpenToOthers {
        /// The folder.
        path: PathBuf,
    },
    /// It is, or would be, where others look.
    BadPlace {
        /// The folder.
        path: PathBuf,
        /// What speaks against it.
        bad: BadPlace,
    },
    /// It cannot be written.
    Refused(DiskError),
}

/// Room for the ledger and its files.
#[derive(Debug)]
pub enum FreeSpace {
    /// Enough.
    Enough {
        /// Bytes.
        free: u64,
    },
    /// Too little.
    Little {
        /// Bytes.
        free: u64,
    },
    /// The system does not say.
    Unknown,
}

impl DataFolder {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Ready { .. } | Self::ToBeMade { .. } => Mark::Good,
            Self::OpenToOthers { .. } | Self::BadPlace { .. } | Self::Refused(_) => Mark::Wrong,
        }
    }
}

impl FreeSpace {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Enough { .. } => Mark::Good,
            Self::Little { .. } => Mark::Wrong,
            Self::Unknown => Mark::Aside,
        }
    }
}

/// Looks by writing a probe file, because rights alone say too little: a disk may be read-only, full or gone.
pub(super) fn look(path: &Path) -> DataFolder {
    let there = nearest(path);
    if let Err(error) = probe(there) {
        return DataFolder::Refused(DiskError::new(PathKind::DataFolder, there, error));
    }
    let path = path.to_owned();
    if let Some(bad) = BadPlace::of(&path) {
        return DataFolder::BadPlace { path, bad };
    }
    match there == path {
        false => DataFolder::ToBeMade { path },
        true => match platform::is_owner_only(&path) {
            Ok(true) => DataFolder::Ready { path },
            Ok(false) => DataFolder::OpenToOthers { path },
            Err(error) => DataFolder::Refused(DiskError::new(PathKind::DataFolder, path, error)),
        },
    }
}

pub(super) fn room(path: &Path) -> FreeSpace {
    match platform::free_space(nearest(path)) {
        Ok(free) if free >= LEAST_ROOM => FreeSpace::Enough { free },
        Ok(free) => FreeSpace::Little { free },
        Err(_) => FreeSpace::Unknown,
    }
}

/// The folder itself, or the nearest one above it that exists.
fn nearest(path: &Path) -> &Path {
    path.ancestors()
        .filter(|folder| !folder.as_os_str().is_empty())
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("."))
}

fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".noticert-doctor-{}", std::process::id()));
    drop(platform::create_owner_only(&path)?);
    std::fs::remove_file(path)
}

/// Bytes that ledger, answers and a batch of files need with much to spare.
const LEAST_ROOM: u64 = 100 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_judged_without_leaving_anything_in_it() {
        let scratch = tempfile::tempdir().unwrap();
        let missing = scratch.path().join("a").join("b");
        assert!(matches!(look(&missing), DataFolder::ToBeMade { .. }));
        assert!(!missing.exists());
        platform::create_owner_only_dir(&missing).unwrap();
        assert!(matches!(look(&missing), DataFolder::Ready { .. }));
        assert_eq!(std::fs::read_dir(&missing).unwrap().count(), 0);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_where_others_look_is_told_whether_or_not_it_is_there() {
        let scratch = tempfile::tempdir().unwrap();
        for (name, expected) in [
            ("OneDrive", BadPlace::Shared),
            ("Downloads", BadPlace::Downloads),
        ] {
            let folder = scratch.path().join(name);
            for exists in [false, true] {
                if exists {
                    platform::create_owner_only_dir(&folder).unwrap();
                }
                let found = look(&folder);
                assert_eq!(found.mark(), Mark::Wrong);
                assert!(
                    matches!(found, DataFolder::BadPlace { bad, .. } if bad == expected),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("file");
        std::fs::write(&file, b"").unwrap();
        assert!(matches!(look(&file), DataFolder::Refused(_)));
    }
}
