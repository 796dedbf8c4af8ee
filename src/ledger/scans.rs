//! Which scans were read, and where scans lie: what keeps a letter from being read twice or forgotten in clear.
//!
//! These are facts about files of this computer, so they stand beside the log: no case carries them and no merge
//! brings them. A letter is known by its hash; what it says stands in the log of its records.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::words::FileHash;
use super::{Ledger, LedgerError};
use crate::custody::sealed_letter::{self, SealedLetterError};

/// A letter that was read before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownLetter {
    /// What its file was called then.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: LetterOutcome,
}

/// What came of a letter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LetterOutcome {
    /// Every issuance on it is confirmed: the scan is not needed any more.
    Done,
    /// A person must look.
    Doubtful,
}

impl LetterOutcome {
    /// The name in the ledger, and of the folder that takes such letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Doubtful => "doubtful",
        }
    }

    /// The outcome of that name; `None` for another word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Done, Self::Doubtful]
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// What becomes of the scan of a letter that was read whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// A sealed copy is kept.
    Seal,
    /// Nothing is kept.
    Delete,
}

impl Keep {
    /// The name in the ledger and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Delete => "delete",
        }
    }

    /// The choice of that name; `None` for another word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Seal, Self::Delete]
            .into_iter()
            .find(|keep| keep.name() == name)
    }
}

/// A folder that a scanner fills.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WatchedFolder {
    /// Where, from the root.
    pub path: PathBuf,
    /// What becomes of letters that were read whole.
    pub keep: Keep,
}

/// A scan with a notice that was read and left where it lay.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScanLeft {
    /// Where, from the root.
    pub path: PathBuf,
    /// Its length then.
    pub bytes: u64,
}

impl Ledger {
    /// What is known of the letter with this SHA-256; `None` when it was never read whole.
    pub fn letter(&self, sha256: [u8; 32]) -> Result<Option<KnownLetter>, LedgerError> {
        self.store.letter(FileHash(sha256))
    }

    /// Writes that a letter was read. Belongs into one transaction with its records.
    pub fn remember_letter(
        &mut self,
        sha256: [u8; 32],
        letter: &KnownLetter,
    ) -> Result<(), LedgerError> {
        self.require_writer()?;
        self.store.write_letter(FileHash(sha256), letter)
    }

    /// The folders that were ever watched.
    pub fn watched_folders(&self) -> Result<Vec<WatchedFolder>, LedgerError> {
        self.store.watched_folders()
    }

    /// Remembers what a person chose for a folder.
    pub fn remember_folder(
        &mut self,
        path: &str,
        keep: Keep,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.require_writer()?;
        self.store.write_watched_folder(path, keep, at)
    }

    /// The scans that were read and left where they lay; some may be gone by now.
    pub fn scans_left(&self) -> Result<Vec<ScanLeft>, LedgerError> {
        self.store.scans_left()
    }

    /// Remembers that a scan with a notice lies in clear.
    pub fn remember_scan(
        &mut self,
        path: &str,
        bytes: u64,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.require_writer()?;
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.store.write_scan_left(path, bytes, at)
    }

    /// Forgets a scan that is gone.
    pub fn forget_scan(&mut self, path: &str) -> Result<(), LedgerError> {
        self.require_writer()?;
        self.store.forget_scan_left(path)
    }

    /// Seals a letter of `length` bytes into `dir`, synced; see [`sealed_letter::seal`].
    pub fn seal_letter(
        &self,
        letter: &mut dyn Read,
        length: u64,
        sha256: [u8; 32],
        dir: &Path,
        name: &str,
    ) -> Result<PathBuf, SealedLetterError> {
        let vault = self.vault.as_ref().ok_or(SealedLetterError::NoKey)?;
        sealed_letter::seal(vault, letter, length, sha256, dir, name)
    }

    /// Opens a sealed letter into `into`; see [`sealed_letter::open`].
    pub fn open_letter(&self, path: &Path, into: &mut dyn Write) -> Result<(), SealedLetterError> {
        let vault = self.vault.as_ref().ok_or(SealedLetterError::NoKey)?;
        sealed_letter::open(vault, path, into)
    }
}
