//! What a back-up has to offer: the copies that its index lists, or the files that lie where there is no index.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::RestoreError;
use crate::custody::backup;
use crate::custody::backup::index::{self, Entry};
use crate::custody::backup::medium::Medium;
use crate::domain::{CertificateFacts, CertificatePassword, Fingerprint, Text, japan_date};
use crate::workflow::Error;
use crate::workflow::unlocking::Means;

/// Every copy that may be restored.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) all: Vec<Candidate>,
    /// Copies beside the one file that was named.
    beside: Vec<Candidate>,
}

/// One copy.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// What was named, or what the index lists; it may be gone.
    named: PathBuf,
    /// The `.p12` in clear, where it is there.
    pub(super) p12: Option<PathBuf>,
    /// The sealed one.
    pub(super) sealed: Option<PathBuf>,
    /// The sealed password.
    pub(super) password_file: Option<PathBuf>,
    /// What the index says of it.
    pub(super) entry: Option<Entry>,
    /// What was found inside, where no index tells.
    pub(super) inside: Option<Inside>,
    /// The medium, where it has an index.
    pub(super) medium: Option<OfMedium>,
}

/// What a file that no index lists turned out to be when it was opened.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    /// Its password, and what brought it.
    pub(super) opened_by: (CertificatePassword, Means),
    institution: String,
    /// The name that the file itself gives to its certificate.
    terminal: Option<String>,
    not_after: Timestamp,
    fingerprint: Fingerprint,
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
        let found = match from.is_dir() {
            true => match Medium::with_backups(from).map_err(Error::CopyUnread)? {
                Some(medium) => Self::of(listed(&medium)),
                None => Self::of(loose(from, DEEPEST)),
            },
            false if from.is_file() => alone(from),
            false => Self::of(Vec::new()),
        };
        match found.all.is_empty() {
            true => Err(RestoreError::NoBackup {
                path: from.to_owned(),
            }
            .into()),
            false => Ok(found),
        }
    }

    fn of(all: Vec<Candidate>) -> Self {
        Self {
            all,
            beside: Vec::new(),
        }
    }

    /// Whether they are several files of which nothing is known until they are opened.
    pub(super) fn are_loose(&self) -> bool {
        self.all.len() > 1 && self.all.iter().all(|one| one.entry.is_none())
    }

    /// The others than `chosen` and than those that are of no use, for people.
    pub(super) fn besides(&self, chosen: Option<&Candidate>, unfit: &[PathBuf]) -> Vec<Text> {
        self.all
            .iter()
            .chain(&self.beside)
            .filter(|other| {
                chosen.is_none_or(|chosen| chosen.path() != other.path())
                    && other.is_there()
                    && !unfit.iter().any(|path| path == other.path())
            })
            .map(|other| match other.not_after() {
                Some(_) => other.label(),
                None => {
                    let label = other.label();
                    Text::new(
                        format!("{}（開いていません）", label.ja),
                        format!("{} (not opened)", label.en),
                    )
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
        let there = self.p12.as_ref().or(self.sealed.as_ref());
        there.unwrap_or(&self.named)
    }

    /// Whether there is a file of it at all.
    fn is_there(&self) -> bool {
        self.p12.is_some() || self.sealed.is_some()
    }

    /// What people call its terminal; its file where nothing is known.
    pub(super) fn name(&self) -> String {
        match (&self.entry, &self.inside) {
            (Some(entry), _) => entry.name(),
            (None, Some(inside)) => match &inside.terminal {
                Some(name) => format!("{} 「{name}」", inside.institution),
                None => inside.institution.clone(),
            },
            (None, None) => self.path().display().to_string(),
        }
    }

    /// The same with its last day and its file.
    pub(super) fn label(&self) -> Text {
        let file = self.path().display();
        match self.not_after() {
            Some(end) => Text::new(
                format!("{}　有効期限 {}（{file}）", self.name(), japan_date(end)),
                format!("{}, valid to {} ({file})", self.name(), japan_date(end)),
            ),
            None => Text::new(file.to_string(), file.to_string()),
        }
    }

    /// 端末名称
    pub(super) fn terminal(&self) -> Option<&str> {
        self.entry.as_ref()?.terminal_name.as_deref()
    }

    /// The end of its validity, where it is known.
    pub(super) fn not_after(&self) -> Option<Timestamp> {
        match (&self.entry, &self.inside) {
            (Some(entry), _) => Some(entry.not_after),
            (None, inside) => inside.as_ref().map(|inside| inside.not_after),
        }
    }

    /// Its certificate, where it is known.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        match (&self.entry, &self.inside) {
            (Some(entry), _) => entry.fingerprint.parse().ok(),
            (None, inside) => inside.as_ref().map(|inside| inside.fingerprint),
        }
    }

    /// Whether the index or the file itself calls its terminal so. What says nothing answers to nothing.
    pub(super) fn answers_to(&self, wanted: &str) -> bool {
        let folded = |text: &str| text.nfkc().collect::<String>().trim().to_owned();
        let wanted = folded(wanted);
        self.own_name().map(folded) == Some(wanted.clone()) || folded(&self.name()) == wanted
    }

    /// The terminal's own name, which a file need not give.
    pub(super) fn own_name(&self) -> Option<&str> {
        match (&self.entry, &self.inside) {
            (Some(entry), _) => entry.terminal_name.as_deref(),
            (None, inside) => inside.as_ref()?.terminal.as_deref(),
        }
    }
}

impl Inside {
    pub(super) fn new(opened_by: (CertificatePassword, Means), facts: &CertificateFacts) -> Self {
        let institution = facts.subject_common_name.clone().unwrap_or_default();
        let name = facts.friendly_name.clone();
        Self {
            opened_by,
            // The institution once more says nothing of the terminal.
            terminal: name.filter(|name| *name != institution),
            institution,
            not_after: facts.not_after,
            fingerprint: facts.fingerprint,
        }
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
                named: index::absolute(medium.root(), &entry.file),
                p12: place(&entry.file),
                sealed: sealed.and_then(|sealed| place(&sealed.file)),
                password_file: sealed.and_then(|sealed| place(&sealed.password_file)),
                entry: Some(entry.clone()),
                inside: None,
                medium: Some(OfMedium {
                    id: medium.id().to_owned(),
                    place: medium.root().display().to_string(),
                }),
            }
        })
        .collect()
}

/// One file that a person named. A back-up's own file is what its index says.
fn alone(file: &Path) -> Candidates {
    let is_of = |candidate: &Candidate| {
        candidate.p12.as_deref() == Some(file) || candidate.sealed.as_deref() == Some(file)
    };
    let mut beside: Vec<Candidate> = file
        .ancestors()
        .skip(1)
        .take(2)
        .filter_map(|folder| Medium::with_backups(folder).ok().flatten())
        .map(|medium| listed(&medium))
        .find(|copies| copies.iter().any(is_of))
        .unwrap_or_default();
    let Some(at) = beside.iter().position(is_of) else {
        return Candidates::of(vec![unlisted(file)]);
    };
    let candidate = beside.remove(at);
    let named = match candidate.sealed.as_deref() == Some(file) {
        // A person who names the sealed copy wants that one opened.
        true => Candidate {
            p12: None,
            ..candidate
        },
        false => candidate,
    };
    Candidates {
        all: vec![named],
        beside,
    }
}

fn unlisted(file: &Path) -> Candidate {
    let is_sealed = has_ending(file, SEALED);
    let beside = PathBuf::from(backup::recovery_name(&clear_name(file)));
    Candidate {
        named: file.to_owned(),
        p12: (!is_sealed).then(|| file.to_owned()),
        sealed: is_sealed.then(|| file.to_owned()),
        password_file: beside.is_file().then_some(beside),
        entry: None,
        inside: None,
        medium: None,
    }
}

/// The certificate files in a folder without an index, and those below it; a sealed one only where the clear one is
/// not beside it.
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
            let has_clear = has_ending(&path, SEALED) && Path::new(&clear_name(&path)).is_file();
            if !has_clear {
                found.push(unlisted(&path));
            }
        }
    }
    found
}

/// The name of the clear copy beside which a sealed one lies.
fn clear_name(file: &Path) -> String {
    let name = file.to_string_lossy();
    name.strip_suffix(SEALED).unwrap_or(&name).to_owned()
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.to_string_lossy().to_lowercase().ends_with(ending)
}

/// How a sealed copy ends.
const SEALED: &str = ".age";
/// Folders below the one that was named.
const DEEPEST: u32 = 3;
