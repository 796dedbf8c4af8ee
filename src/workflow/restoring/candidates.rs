//! What a back-up has to offer: the copies that its index lists, or the files that lie where there is no index.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::RestoreError;
use crate::custody::backup::index::{self, Entry};
use crate::custody::backup::medium::Medium;
use crate::custody::backup::{self};
use crate::domain::{Fingerprint, Text, japan_date};
use crate::workflow::Error;

/// Every copy that may be restored.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) all: Vec<Candidate>,
}

/// One copy.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The `.p12` in clear, where it is there.
    pub(super) p12: Option<PathBuf>,
    /// The sealed one.
    pub(super) sealed: Option<PathBuf>,
    /// The sealed password.
    pub(super) password_file: Option<PathBuf>,
    /// What the index says of it.
    entry: Option<Entry>,
    /// The medium, where it has an index.
    pub(super) medium: Option<OfMedium>,
}

/// A medium as the ledger names it.
#[derive(Clone, Debug)]
pub(super) struct OfMedium {
    pub(super) id: String,
    pub(super) place: String,
}

impl Candidates {
    /// The copies at `from`: a folder or a file.
    pub(super) fn at(from: &Path) -> Result<Self, Error> {
        let all = match from.is_dir() {
            true => match Medium::with_backups(from)? {
                Some(medium) => listed(&medium),
                None => loose(from, DEEPEST),
            },
            false if from.is_file() => vec![alone(from)],
            false => Vec::new(),
        };
        match all.is_empty() {
            true => Err(RestoreError::NoBackup {
                path: from.to_owned(),
            }
            .into()),
            false => Ok(Self { all }),
        }
    }

    /// The others, for people.
    pub(super) fn besides(&self, chosen: &Candidate) -> Vec<Text> {
        self.all
            .iter()
            .filter(|other| other.path() != chosen.path())
            .map(|other| {
                let file = other.path().display();
                match other.not_after() {
                    Some(end) => Text::new(
                        format!("{}　有効期限 {}（{file}）", other.name(), japan_date(end)),
                        format!("{}, valid to {} ({file})", other.name(), japan_date(end)),
                    ),
                    None => Text::new(file.to_string(), file.to_string()),
                }
            })
            .collect()
    }

    /// The terminals that have a copy.
    pub(super) fn names(&self) -> Vec<String> {
        names_of(&self.all.iter().collect::<Vec<_>>())
    }
}

impl Candidate {
    /// The file that is opened.
    pub(super) fn path(&self) -> &Path {
        match (&self.p12, &self.sealed) {
            (Some(path), _) | (None, Some(path)) => path,
            (None, None) => Path::new(""),
        }
    }

    /// What people call its terminal; its file where there is no index.
    pub(super) fn name(&self) -> String {
        match &self.entry {
            Some(entry) => entry.name(),
            None => self.path().display().to_string(),
        }
    }

    /// 端末名称
    pub(super) fn terminal(&self) -> Option<&str> {
        self.entry.as_ref()?.terminal_name.as_deref()
    }

    /// The end of its validity, where the index tells.
    pub(super) fn not_after(&self) -> Option<Timestamp> {
        self.entry.as_ref().map(|entry| entry.not_after)
    }

    /// Its certificate, where the index tells.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        self.entry.as_ref()?.fingerprint.parse().ok()
    }

    /// Whether a person who names a terminal may mean it. What has no index answers to everything.
    pub(super) fn answers_to(&self, named: &str) -> bool {
        let Some(entry) = &self.entry else {
            return true;
        };
        let folded = |text: &str| text.nfkc().collect::<String>().trim().to_owned();
        let named = folded(named);
        entry.terminal_name.as_deref().map(folded) == Some(named.clone())
            || folded(&entry.name()) == named
    }
}

/// Each name once, in order.
pub(super) fn names_of(candidates: &[&Candidate]) -> Vec<String> {
    let mut names: Vec<String> = candidates.iter().map(|one| one.name()).collect();
    names.sort();
    names.dedup();
    names
}

fn listed(medium: &Medium) -> Vec<Candidate> {
    medium
        .copies()
        .iter()
        .map(|entry| {
            let place = |file: &str| {
                let path = index::absolute(medium.root(), file);
                path.is_file().then_some(path)
            };
            let sealed = entry.sealed.as_ref();
            Candidate {
                p12: place(&entry.file),
                sealed: sealed.and_then(|sealed| place(&sealed.file)),
                password_file: sealed.and_then(|sealed| place(&sealed.password_file)),
                entry: Some(entry.clone()),
                medium: Some(OfMedium {
                    id: medium.id().to_owned(),
                    place: medium.root().display().to_string(),
                }),
            }
        })
        .filter(|candidate| candidate.p12.is_some() || candidate.sealed.is_some())
        .collect()
}

/// One file that a person named. A back-up's own file is what its index says.
fn alone(file: &Path) -> Candidate {
    let of_index = file
        .ancestors()
        .skip(1)
        .take(2)
        .filter_map(|folder| Medium::with_backups(folder).ok().flatten())
        .flat_map(|medium| listed(&medium))
        .find(|candidate| {
            candidate.p12.as_deref() == Some(file) || candidate.sealed.as_deref() == Some(file)
        });
    if let Some(candidate) = of_index {
        return match candidate.sealed.as_deref() == Some(file) {
            // A person who names the sealed copy wants that one opened.
            true => Candidate {
                p12: None,
                ..candidate
            },
            false => candidate,
        };
    }
    let is_sealed = has_ending(file, ".age");
    let name = file.to_string_lossy();
    let clear = name.strip_suffix(".age").unwrap_or(&name);
    let beside = PathBuf::from(backup::recovery_name(clear));
    Candidate {
        p12: (!is_sealed).then(|| file.to_owned()),
        sealed: is_sealed.then(|| file.to_owned()),
        password_file: beside.is_file().then_some(beside),
        entry: None,
        medium: None,
    }
}

/// The certificate files in a folder without an index, and those below it.
fn loose(folder: &Path, depth: u32) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if let Some(depth) = depth.checked_sub(1) {
                found.extend(loose(&path, depth));
            }
        } else if [".p12", ".pfx", ".p12.age", ".pfx.age"]
            .iter()
            .any(|ending| has_ending(&path, ending))
        {
            found.push(alone(&path));
        }
    }
    found
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.to_string_lossy().to_lowercase().ends_with(ending)
}

/// Folders below the one that was named.
const DEEPEST: u32 = 3;
