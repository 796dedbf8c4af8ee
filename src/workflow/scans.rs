//! Scans of letters on this computer: sealed ones opened again, readable ones named until they are gone.
//!
//! A sealed letter is never unsealed into a file (design rule 6): it is read from memory, or handed to whoever asked.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::custody::sealed_letter;
use crate::intake::document::may_be_scan;
use crate::intake::{Input, Reading, Source};
use crate::ledger::{Ledger, LetterOutcome};

use super::Desk;
use super::error::Error;
use super::watching::{WatchError, is_passed_over, may_be_letter};

/// Readable scans in one folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScansInClear {
    /// The folder, from the root.
    pub folder: PathBuf,
    /// How many; `None` where the folder cannot be looked into.
    pub files: Option<usize>,
    /// Whether `watch` takes them when it runs.
    pub watched: bool,
}

impl ScansInClear {
    /// The folders in which scans of letters lie readable: watched ones, and where `read` found a notice.
    pub fn all(ledger: &Ledger) -> Result<Vec<Self>, Error> {
        let watched = ledger.watched_folders()?;
        let mut found: Vec<Self> = watched
            .iter()
            .map(|watched| Self {
                folder: watched.path.clone(),
                files: in_watched(&watched.path),
                watched: true,
            })
            .filter(|folder| folder.files != Some(0))
            .collect();
        let mut left: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for scan in ledger.scans_left()? {
            let folder = scan.path.parent().unwrap_or(Path::new(""));
            let is_counted = watched.iter().any(|watched| watched.path == folder);
            let is_there = fs::symlink_metadata(&scan.path)
                .is_ok_and(|data| data.is_file() && data.len() == scan.bytes);
            if is_there && !is_counted {
                *left.entry(folder.to_owned()).or_default() += 1;
            }
        }
        found.extend(left.into_iter().map(|(folder, files)| Self {
            folder,
            files: Some(files),
            watched: false,
        }));
        Ok(found)
    }
}

impl Desk<'_> {
    /// Hands the contents of a sealed letter on.
    pub fn open_letter(&self, path: &Path, into: &mut dyn Write) -> Result<(), Error> {
        self.ledger
            .open_letter(path, into)
            .map_err(|error| WatchError::from(error).into())
    }

    /// The same sources, with the contents of sealed letters in their place.
    pub(super) fn with_letters_opened(&self, sources: Vec<Source>) -> Result<Vec<Source>, Error> {
        let opened = |source: Source| match &source.input {
            Input::Path(path) if sealed_letter::is_sealed(path) => {
                let mut bytes = Vec::new();
                self.open_letter(path, &mut bytes)?;
                Ok(Source::bytes(source.name, bytes))
            }
            Input::Path(_) | Input::Bytes(_) => Ok(source),
        };
        sources.into_iter().map(opened).collect()
    }

    /// Remembers where scans with a notice lie readable, and forgets those that are gone.
    pub(super) fn remember_scans_left(&mut self, reading: &Reading) -> Result<(), Error> {
        let now = self.now();
        for scan in self.ledger.scans_left()? {
            // A stick that is not in may come back with it.
            let is_gone = !scan.path.exists() && scan.path.parent().is_some_and(Path::exists);
            if let Some(path) = scan.path.to_str().filter(|_| is_gone) {
                self.ledger.forget_scan(path)?;
            }
        }
        let sources: BTreeSet<&str> = reading
            .sheets
            .iter()
            .map(|sheet| sheet.source.as_str())
            .collect();
        for source in sources {
            let path = Path::new(source);
            if sealed_letter::is_sealed(path) {
                continue;
            }
            // Standard input, a pipe, or a name that is no text leave nothing to be named.
            let place = fs::canonicalize(path).ok();
            let place = place.as_deref().and_then(Path::to_str);
            if let (Some(place), Ok(data)) = (place, fs::metadata(path))
                && data.is_file()
            {
                self.ledger.remember_scan(place, data.len(), now)?;
            }
        }
        Ok(())
    }
}

/// Readable scans in a watched folder and in those below it that should hold sealed ones only.
fn in_watched(folder: &Path) -> Option<usize> {
    let mut files = files_in(folder, may_be_letter)?;
    for outcome in [LetterOutcome::Done, LetterOutcome::Doubtful] {
        let below = files_in(&folder.join(outcome.name()), |name| !is_passed_over(name));
        files.extend(below.unwrap_or_default());
    }
    Some(files.iter().filter(|path| may_be_scan(path)).count())
}

fn files_in(folder: &Path, fits: impl Fn(&OsStr) -> bool) -> Option<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).ok()?;
    let files = entries
        .flatten()
        .filter(|entry| fits(&entry.file_name()))
        .map(|entry| entry.path())
        .collect();
    Some(files)
}
