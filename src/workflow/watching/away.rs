//! Putting a scan away: claimed by a rename, sealed and synced, and only then taken out of the clear.
//!
//! What is claimed is held against the hash of what was read, so that a letter that the scanner wrote meanwhile under
//! the same name is given back, never deleted. A kill leaves the scan under its own name or claimed; the next run
//! finishes what was claimed.

use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Desk, Error, Keep, Kept, NotTaken, Seen, Watch, WatchError, files};
use crate::custody::sealed_letter::{self, SealedLetterError};
use crate::custody::{DiskError, PathKind};
use crate::ledger::{Ledger, LetterOutcome};
use crate::platform;

use super::folder;

/// The right to empty a folder; given back when dropped.
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(LOCK_NAME);
        let failed = |error| DiskError::new(PathKind::Scan, folder, error);
        let file = platform::open_or_create_owner_only(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(WatchError::Watched {
                path: folder.to_owned(),
            }
            .into()),
            // Some shares know no locks: then the claims alone keep two watchers apart.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                Ok(Self { _file: file })
            }
            Err(TryLockError::Error(error)) => Err(failed(error).into()),
        }
    }
}

/// Makes the folders that take letters, and clears what an interrupted sealing left in them.
pub(super) fn prepare(folder: &Path) -> Result<(), DiskError> {
    for outcome in [LetterOutcome::Done, LetterOutcome::Doubtful] {
        let place = folder.join(outcome.name());
        files::create_dir(&place, PathKind::Scan)?;
        files::remove_leftovers(&place)?;
    }
    Ok(())
}

/// A scan and what is known of it.
pub(super) struct Scan<'a> {
    pub sha256: [u8; 32],
    pub bytes: u64,
    /// What its sealed copy is named for.
    pub name: &'a str,
    pub outcome: LetterOutcome,
}

/// Puts the scan at `path` away as its outcome and the person's choice want it.
pub(super) fn put_away(
    ledger: &Ledger,
    path: &Path,
    scan: &Scan<'_>,
    keep: Keep,
) -> Result<Kept, SealedLetterError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let claimed = folder.join(folder::claim_of(scan.sha256));
    platform::rename_without_replacing(path, &claimed)
        .map_err(|error| DiskError::new(PathKind::Scan, path, error))?;
    match finish(ledger, &claimed, scan, keep) {
        Err(SealedLetterError::Changed) => give_back(&claimed, path).map(|()| Kept::GivenBack),
        Err(error) => {
            // Its own name shows a person what it is; where even that fails, the claim is finished later.
            let _claimed = give_back(&claimed, path);
            Err(error)
        }
        Ok(kept) => Ok(kept),
    }
}

/// Seals, where that is wanted, and takes the claimed scan out of the clear.
fn finish(
    ledger: &Ledger,
    claimed: &Path,
    scan: &Scan<'_>,
    keep: Keep,
) -> Result<Kept, SealedLetterError> {
    let file = platform::open_plain(claimed).map_err(SealedLetterError::Unreadable)?;
    let mut letter = BufReader::new(file);
    let kept = match (scan.outcome, keep) {
        (LetterOutcome::Done, Keep::Delete) => {
            let (sha256, bytes) = hash(&mut letter).map_err(SealedLetterError::Unreadable)?;
            if (sha256, bytes) != (scan.sha256, scan.bytes) {
                return Err(SealedLetterError::Changed);
            }
            Kept::Deleted
        }
        (LetterOutcome::Done, Keep::Seal) | (LetterOutcome::Doubtful, _) => {
            let folder = claimed.parent().unwrap_or(Path::new(""));
            let place = folder.join(scan.outcome.name());
            let name = sealed_letter::name_of(scan.name);
            // The folder may have been cleared away by somebody who wanted to tidy up.
            files::create_dir(&place, PathKind::Scan)?;
            let sealed = ledger.seal_letter(&mut letter, scan.bytes, scan.sha256, &place, &name)?;
            Kept::Sealed(sealed)
        }
    };
    drop(letter);
    files::wipe(claimed).map_err(|error| DiskError {
        kind: PathKind::Scan,
        ..error
    })?;
    Ok(kept)
}

/// The claimed scan under a name of its own again, beside what took that name meanwhile.
fn give_back(claimed: &Path, path: &Path) -> Result<(), SealedLetterError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for number in 1..=MOST_NAMES {
        let to = match number {
            1 => path.to_owned(),
            number => folder.join(files::numbered(&name, number)),
        };
        match platform::rename_without_replacing(claimed, &to) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => {
                return outcome.map_err(|error| DiskError::new(PathKind::Scan, path, error).into());
            }
        }
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(DiskError::new(PathKind::Scan, path, taken).into())
}

/// SHA-256 and length of what is left of `reader`.
pub(super) fn hash(reader: &mut dyn Read) -> io::Result<([u8; 32], u64)> {
    let mut digest = Sha256::new();
    let bytes = io::copy(reader, &mut digest)?;
    Ok((digest.finalize().into(), bytes))
}

impl Desk<'_> {
    /// Finishes what an earlier run claimed: put away where it was read, given back where it was not. Returns whether
    /// anything was given back, which the next look sees.
    pub(super) fn finish_claims(&self, watch: &mut Watch<'_, '_>) -> bool {
        let mut gave_back = false;
        for claimed in watch.looks.claims().to_vec() {
            let name = claimed.file_name().unwrap_or_default().to_owned();
            if watch.waits(&name) {
                continue;
            }
            let error = match self.finish_claim(&claimed, watch.keep) {
                Ok(given_back) => {
                    gave_back |= given_back;
                    continue;
                }
                Err(error) => error,
            };
            let tries = watch.tries(&name, Seen::default()) + 1;
            watch.hold(
                &name,
                Seen::default(),
                &NotTaken::LeftOver(error),
                Some(tries),
            );
        }
        gave_back
    }

    fn finish_claim(&self, claimed: &Path, keep: Keep) -> Result<bool, SealedLetterError> {
        let file = platform::open_plain(claimed).map_err(SealedLetterError::Unreadable)?;
        let (sha256, bytes) =
            hash(&mut BufReader::new(file)).map_err(SealedLetterError::Unreadable)?;
        // A ledger that cannot be read tells so at the next letter.
        let known = self.ledger.letter(sha256).ok().flatten();
        let Some(known) = known else {
            let own = folder::claim_of(sha256);
            let digits = own.trim_start_matches('.').trim_end_matches(".taken");
            return give_back(claimed, &claimed.with_file_name(digits)).map(|()| true);
        };
        let scan = Scan {
            sha256,
            bytes,
            name: &known.name,
            outcome: known.outcome,
        };
        finish(&self.ledger, claimed, &scan, keep).map(|_| false)
    }
}

const LOCK_NAME: &str = ".noticert-watch.lock";
const MOST_NAMES: u32 = 99;
