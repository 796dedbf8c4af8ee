//! The medium of a back-up: where its folder is, and what speaks against using it.

use std::path::{Path, PathBuf};

use super::index::{Entry, Index, NAME};
use super::{BackupError, sheet};
use crate::custody::Vault;
use crate::custody::files::{self, DiskError, PathKind};
use crate::platform;

/// A medium whose index was read.
#[derive(Debug)]
pub struct Medium {
    /// The folder that holds the index and the terminals' folders.
    root: PathBuf,
    index: Index,
}

/// What stands around a back-up on this PC.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The person's home, which tells the system disk.
    pub home: Option<&'a Path>,
    /// The running program.
    pub program: Option<&'a Path>,
}

/// What speaks against a medium.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Doubt {
    /// It is the disk that this PC works from, or the one that holds the originals: one fault takes both.
    SameDisk,
    /// A case lies there: whoever brought it takes it home again.
    HoldsCase {
        /// The case.
        path: PathBuf,
    },
    /// Data of noticert lies there, which travels.
    HoldsData {
        /// Its folder.
        path: PathBuf,
    },
    /// The running program was started from there.
    HoldsProgram,
    /// Only other clinics' certificates lie there.
    OtherClinic {
        /// Theirs.
        codes: Vec<String>,
    },
}

impl Doubt {
    /// Whether a copy there is no back-up for the clinic, even where a person wants it.
    pub fn sets_aside(&self) -> bool {
        match self {
            Self::SameDisk
            | Self::HoldsCase { .. }
            | Self::HoldsData { .. }
            | Self::HoldsProgram => true,
            Self::OtherClinic { .. } => false,
        }
    }
}

impl Medium {
    /// The medium at `target`, which has to be there: its folder of back-ups, or the folder above that.
    pub fn at(target: &Path) -> Result<Self, BackupError> {
        let root = Self::root_at(target)?;
        let index = Index::read_or_new(&root)?;
        Ok(Self { root, index })
    }

    /// The medium at `target`, where there is a back-up on it.
    pub fn with_backups(target: &Path) -> Result<Option<Self>, BackupError> {
        let root = Self::root_at(target)?;
        Ok(Index::read(&root)?.map(|index| Self { root, index }))
    }

    fn root_at(target: &Path) -> Result<PathBuf, BackupError> {
        if !target.is_dir() {
            return Err(BackupError::NoMedium {
                path: target.to_owned(),
            });
        }
        Ok(match target.join(NAME).exists() {
            true => target.to_owned(),
            false => target.join(FOLDER),
        })
    }

    /// The folder of the back-ups.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Names the medium.
    pub fn id(&self) -> &str {
        &self.index.medium
    }

    /// Every copy on it, oldest first.
    pub fn copies(&self) -> &[Entry] {
        &self.index.copies
    }

    /// Makes the folder, where it is missing, and clears what an interrupted run left there.
    pub fn prepare(&self) -> Result<(), BackupError> {
        files::create_dir(&self.root, PathKind::Backup)?;
        files::remove_leftovers(&self.root).map_err(|error| DiskError {
            kind: PathKind::Backup,
            ..error
        })?;
        Ok(())
    }

    /// Writes a copy into the index, the list of hashes and the sheet for whoever restores.
    pub fn take(&mut self, entry: Entry) -> Result<(), BackupError> {
        let root = &self.root;
        self.index.take(entry, |known| known.is_whole(root));
        self.write()
    }

    /// Takes the entries of these files out of the index, the list and the sheet. The files stay.
    pub fn forget(&mut self, files: &[String]) -> Result<(), BackupError> {
        self.index
            .copies
            .retain(|known| !files.contains(&known.file));
        self.write()
    }

    fn write(&self) -> Result<(), BackupError> {
        self.index.write(&self.root)?;
        sheet::write(&self.root, &self.index.copies)
    }

    /// Makes all of it durable: afterwards the medium may be taken out.
    pub fn settle(&self) -> Result<(), BackupError> {
        platform::sync_volume(&self.root)
            .map_err(|error| DiskError::new(PathKind::Backup, &self.root, error))?;
        Ok(())
    }

    /// Copies the running program beside the back-ups, so that a replacement PC has it at hand.
    pub fn take_program(&self, program: &Path) -> Result<PathBuf, BackupError> {
        let failed = |error| DiskError::new(PathKind::Backup, &self.root, error);
        let name = name_of_program(program);
        let bytes = std::fs::read(program).map_err(failed)?;
        files::replace_owner_only_atomic(&self.root, &name, &bytes, PathKind::Backup)?;
        let path = self.root.join(name);
        // A stick that knows rights takes those of the program, so that it can be started there.
        if let Ok(metadata) = std::fs::metadata(program) {
            let _without_rights = std::fs::set_permissions(&path, metadata.permissions());
        }
        match platform::read_back(&path).map_err(failed)? == bytes {
            true => Ok(path),
            false => Err(BackupError::NotReadBack { path }),
        }
    }

    /// Whether the program lies beside the back-ups.
    pub fn has_program(&self, program: &Path) -> bool {
        self.root.join(name_of_program(program)).is_file()
    }

    /// Whether the running program is the one that [`Self::take_program`] left beside back-ups: such a stick stays.
    fn brought(&self, program: &Path) -> bool {
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        let folder = real(program).and_then(|program| program.parent().map(Path::to_owned));
        !self.copies().is_empty() && folder.is_some() && folder == real(&self.root)
    }

    /// Whether the medium keeps files from other accounts; FAT keeps nobody out.
    pub fn keeps_others_out(&self, file: &Path) -> bool {
        platform::is_owner_only(file).unwrap_or(false)
    }

    /// Whether the folder is shared by network or carried into a cloud by another program.
    pub fn is_shared(&self) -> bool {
        is_shared(&self.root)
    }

    /// What speaks against this medium for certificates of `codes`.
    pub fn doubts(
        &self,
        target: &Path,
        around: Surroundings<'_>,
        codes: &[String],
    ) -> Result<Vec<Doubt>, BackupError> {
        let failed = |error| DiskError::new(PathKind::Backup, target, error);
        let real = std::fs::canonicalize(target).map_err(failed)?;
        let data = std::fs::canonicalize(around.data).map_err(failed)?;
        if real.starts_with(&data) {
            return Err(BackupError::InsideData {
                path: target.to_owned(),
            });
        }
        let with = |place: &Path| platform::is_same_volume(&real, place).unwrap_or(false);
        let is_system = around.home.is_some_and(with);
        let mut doubts = Vec::new();
        if is_system || with(&data) {
            doubts.push(Doubt::SameDisk);
        } else if around
            .program
            .is_some_and(|program| with(program) && !self.brought(program))
        {
            doubts.push(Doubt::HoldsProgram);
        }
        // Above the folder as far as the medium reaches; on the system disk only the folder itself.
        let places: Vec<&Path> = real
            .ancestors()
            .enumerate()
            .take_while(|(above, place)| *above == 0 || (!is_system && with(place)))
            .map(|(_, place)| place)
            .collect();
        doubts.extend(
            places
                .iter()
                .find_map(|place| case_in(place))
                .or_else(|| case_below(&real))
                .map(|path| Doubt::HoldsCase { path }),
        );
        doubts.extend(
            places
                .iter()
                .find(|place| Vault::exists(place) && place.join("ledger.sqlite").exists())
                .map(|place| Doubt::HoldsData {
                    path: place.to_path_buf(),
                }),
        );
        let mut others: Vec<String> = self
            .copies()
            .iter()
            .map(|copy| copy.institution_code.clone())
            .collect();
        others.sort();
        others.dedup();
        if !others.is_empty() && !others.iter().any(|other| codes.contains(other)) {
            doubts.push(Doubt::OtherClinic { codes: others });
        }
        Ok(doubts)
    }
}

/// Whether a folder is shared by network or carried into a cloud by another program.
pub fn is_shared(folder: &Path) -> bool {
    let existing = folder.ancestors().find(|place| place.exists());
    let is_share = existing.is_some_and(|place| platform::is_network_share(place).unwrap_or(false));
    let is_synced = folder.components().any(|part| {
        let part = part.as_os_str().to_string_lossy().to_lowercase();
        SYNCED.iter().any(|name| part.starts_with(name))
    });
    is_share || is_synced
}

/// A case of noticert one step below `folder`.
fn case_below(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .find_map(|below| case_in(&below))
}

/// A case of noticert in `folder`.
fn case_in(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| {
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            name.starts_with("noticert-") && name.ends_with(".age")
        })
}

fn name_of_program(program: &Path) -> String {
    program.file_name().map_or_else(
        || "noticert".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// The folder of back-ups on a medium.
pub const FOLDER: &str = "電子証明書バックアップ";
/// How folders begin that a program carries into a cloud.
const SYNCED: [&str; 5] = [
    "onedrive",
    "dropbox",
    "google drive",
    "googledrive",
    "icloud",
];
