//! The scan of a letter, sealed as a file: it lies where the scan lay and opens with this data folder's key alone.
//!
//! Bytes: a line that names the form, the letter's SHA-256 (32), its length (8, little-endian), then pieces of at most
//! a mebibyte, each after its sealed length (4, little-endian). A piece is sealed for the letter's hash, its number
//! and the number of pieces, so none can be left out, swapped or taken from another letter. A letter may have
//! hundreds of pages: it goes through memory piece by piece.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::files::{self, Temporary};
use super::{CustodyError, DiskError, PathKind, Sealed, Vault};
use crate::domain::hexadecimal;
use crate::platform;

/// Why a letter cannot be sealed, or a sealed one not opened.
#[derive(Debug, Error)]
pub enum SealedLetterError {
    /// The letter is not the one that was read: it changed meanwhile.
    #[error("the letter changed since it was read")]
    Changed,
    /// The letter cannot be read.
    #[error("the letter cannot be read")]
    Unreadable(#[source] io::Error),
    /// The file is no sealed letter.
    #[error("{} is no sealed letter", path.display())]
    NotSealed {
        /// The file.
        path: PathBuf,
    },
    /// The file was changed or cut off after it was sealed.
    #[error("the sealed letter {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The opened letter cannot be handed on.
    #[error("the opened letter cannot be handed on")]
    NotHandedOn(#[source] io::Error),
    /// The ledger was opened without its key.
    #[error("the ledger is open without its key")]
    NoKey,
    /// Sealing or unsealing failed.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Seals a letter of `length` bytes into `dir`, owner-only, and returns where it lies, synced.
///
/// Nothing is replaced: a file of that name that is this letter sealed is the answer, beside any other the new one
/// is numbered. [`SealedLetterError::Changed`], and nothing written, where the bytes have another hash or length.
pub fn seal(
    vault: &Vault,
    letter: &mut dyn Read,
    length: u64,
    sha256: [u8; 32],
    dir: &Path,
    name: &str,
) -> Result<PathBuf, SealedLetterError> {
    let mut free = None;
    for number in 1..=files::MOST_BESIDE {
        let path = files::place(dir, &files::numbered(name, number), PathKind::Scan)?;
        if path.symlink_metadata().is_err() {
            free = Some(path);
            break;
        }
        if holds(vault, &path, sha256) {
            return Ok(path);
        }
    }
    let failed = |path: &Path, error| DiskError::new(PathKind::Scan, path, error);
    let Some(path) = free else {
        let taken = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(failed(&dir.join(name), taken).into());
    };
    let (temporary, file) = Temporary::create(dir, PathKind::Scan)?;
    let mut file = BufWriter::new(file);
    write(vault, letter, length, sha256, &mut file).map_err(|error| match error {
        WriteError::Disk(error) => failed(&path, error).into(),
        WriteError::Letter(error) => error,
    })?;
    let file = file
        .into_inner()
        .map_err(|error| failed(&path, error.into_error()))?;
    file.sync_all().map_err(|error| failed(&path, error))?;
    drop(file);
    let outcome = platform::rename_without_replacing(temporary.path(), &path);
    temporary.moved(outcome, &path)?;
    Ok(path)
}

/// Opens what [`seal`] wrote. Every piece is checked before it is handed on, the whole at the end.
pub fn open(vault: &Vault, path: &Path, into: &mut dyn Write) -> Result<(), SealedLetterError> {
    let damaged = || SealedLetterError::Damaged {
        path: path.to_owned(),
    };
    let unreadable = |error| DiskError::new(PathKind::Scan, path, error);
    let file = File::open(path).map_err(unreadable)?;
    let mut file = BufReader::new(file);
    let head = Head::read(&mut file, path)?;
    let mut digest = Sha256::new();
    let mut left = head.length;
    for number in 0..head.pieces() {
        let mut length = [0; 4];
        file.read_exact(&mut length).map_err(|_short| damaged())?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_SEALED {
            return Err(damaged());
        }
        let mut sealed = vec![0; length];
        file.read_exact(&mut sealed).map_err(|_short| damaged())?;
        let piece = vault.unseal_secret(
            &record(head.sha256),
            &field(number, head.pieces()),
            &Sealed::from_bytes(sealed),
        )?;
        // On its way to the reader, or to where a person's word leads it.
        let bytes = piece.bytes();
        digest.update(bytes);
        left = left.checked_sub(bytes.len() as u64).ok_or_else(damaged)?;
        into.write_all(bytes)
            .map_err(SealedLetterError::NotHandedOn)?;
    }
    let at_the_end = file.read(&mut [0]).map_err(unreadable)? == 0;
    match at_the_end && left == 0 && digest.finalize()[..] == head.sha256 {
        true => into.flush().map_err(SealedLetterError::NotHandedOn),
        false => Err(damaged()),
    }
}

/// Whether the file at `path` begins as a sealed letter does.
pub fn is_sealed(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    // A pipe would wait for a writer, and a link leads elsewhere.
    path.symlink_metadata().is_ok_and(|data| data.is_file())
        && File::open(path)
            .and_then(|mut file| file.read_exact(&mut head))
            .is_ok()
        && head == *MAGIC
}

/// The name of the sealed copy of a file called `name`.
pub fn name_of(name: &str) -> String {
    format!("{}{EXTENSION}", super::names::safe_file_name(name))
}

/// Whether `path` is the letter with this hash, sealed and whole.
fn holds(vault: &Vault, path: &Path, sha256: [u8; 32]) -> bool {
    let of_this = File::open(path)
        .ok()
        .and_then(|file| Head::read(&mut BufReader::new(file), path).ok())
        .is_some_and(|head| head.sha256 == sha256);
    of_this && open(vault, path, &mut io::sink()).is_ok()
}

/// Which side failed: the disk that takes the sealed copy, or the letter.
enum WriteError {
    Disk(io::Error),
    Letter(SealedLetterError),
}

fn write(
    vault: &Vault,
    letter: &mut dyn Read,
    length: u64,
    sha256: [u8; 32],
    file: &mut impl Write,
) -> Result<(), WriteError> {
    let head = Head { sha256, length };
    file.write_all(&head.bytes()).map_err(WriteError::Disk)?;
    let mut digest = Sha256::new();
    let mut piece = Zeroizing::new(vec![0; PIECE as usize]);
    let mut left = length;
    for number in 0..head.pieces() {
        let part = &mut piece[..left.min(PIECE) as usize];
        letter
            .read_exact(part)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => WriteError::Letter(SealedLetterError::Changed),
                _ => WriteError::Letter(SealedLetterError::Unreadable(error)),
            })?;
        left -= part.len() as u64;
        digest.update(&part);
        let sealed = vault
            .seal(&record(sha256), &field(number, head.pieces()), part)
            .map_err(|error| WriteError::Letter(error.into()))?;
        let bytes = sealed.as_bytes();
        file.write_all(&(bytes.len() as u32).to_le_bytes())
            .and_then(|()| file.write_all(bytes))
            .map_err(WriteError::Disk)?;
    }
    let longer = letter
        .read(&mut [0])
        .map_err(|error| WriteError::Letter(SealedLetterError::Unreadable(error)))?;
    match longer == 0 && digest.finalize()[..] == sha256 {
        true => Ok(()),
        false => Err(WriteError::Letter(SealedLetterError::Changed)),
    }
}

struct Head {
    sha256: [u8; 32],
    length: u64,
}

impl Head {
    fn read(file: &mut impl Read, path: &Path) -> Result<Self, SealedLetterError> {
        let foreign = |_short| SealedLetterError::NotSealed {
            path: path.to_owned(),
        };
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).map_err(foreign)?;
        if magic != *MAGIC {
            return Err(SealedLetterError::NotSealed {
                path: path.to_owned(),
            });
        }
        let cut_off = |_short| SealedLetterError::Damaged {
            path: path.to_owned(),
        };
        let (mut sha256, mut length) = ([0; 32], [0; 8]);
        file.read_exact(&mut sha256).map_err(cut_off)?;
        file.read_exact(&mut length).map_err(cut_off)?;
        Ok(Self {
            sha256,
            length: u64::from_le_bytes(length),
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.sha256);
        bytes.extend(self.length.to_le_bytes());
        bytes
    }

    /// At least one, so that an empty letter is sealed too.
    fn pieces(&self) -> u64 {
        self.length.div_ceil(PIECE).max(1)
    }
}

fn record(sha256: [u8; 32]) -> String {
    format!("letter {}", hexadecimal(&sha256))
}

fn field(number: u64, of: u64) -> String {
    format!("piece {number} of {of}")
}

const MAGIC: &[u8; 26] = b"noticert sealed letter 1\r\n";
const EXTENSION: &str = ".sealed";
const PIECE: u64 = 1 << 20;
/// A piece with what sealing adds to it, and room to spare.
const LONGEST_SEALED: usize = PIECE as usize + 1_024;

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::SecretString;

    use super::*;
    use crate::custody::WorkFactor;

    fn vault(dir: &Path) -> Vault {
        let passphrase = SecretString::from("invented");
        Vault::create(dir, &passphrase, WorkFactor::RANDOM_PASSPHRASE).unwrap()
    }

    fn hash(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    fn sealed(
        vault: &Vault,
        bytes: &[u8],
        dir: &Path,
        name: &str,
    ) -> Result<PathBuf, SealedLetterError> {
        let mut letter = bytes;
        seal(
            vault,
            &mut letter,
            bytes.len() as u64,
            hash(bytes),
            dir,
            name,
        )
    }

    fn opened(vault: &Vault, path: &Path) -> Result<Vec<u8>, SealedLetterError> {
        let mut bytes = Vec::new();
        open(vault, path, &mut bytes).map(|()| bytes)
    }

    #[test]
    fn letters_of_any_length_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path());
        let piece = PIECE as usize;
        for length in [0, 1, piece - 1, piece, piece + 1, 2 * piece + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let path = sealed(&vault, &bytes, dir.path(), "a.pdf.sealed").unwrap();
            assert!(is_sealed(&path) && platform::is_owner_only(&path).unwrap());
            assert_eq!(opened(&vault, &path).unwrap(), bytes, "{length}");
        }
    }

    #[test]
    fn any_changed_or_missing_part_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path());
        let path = sealed(&vault, b"a letter", dir.path(), "a.sealed").unwrap();
        let whole = fs::read(&path).unwrap();
        let other = dir.path().join("changed");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x04;
            fs::write(&other, &changed).unwrap();
            assert!(opened(&vault, &other).is_err(), "byte {at}");
            fs::write(&other, &whole[..at]).unwrap();
            assert!(opened(&vault, &other).is_err(), "cut at {at}");
        }
        fs::write(&other, [&whole[..], b"x"].concat()).unwrap();
        assert!(opened(&vault, &other).is_err());
    }

    #[test]
    fn a_letter_that_changed_is_not_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path());
        for (bytes, length) in [(&b"longer"[..], 5), (b"short", 6), (b"other", 5)] {
            let outcome = seal(
                &vault,
                &mut &bytes[..],
                length,
                hash(b"which"),
                dir.path(),
                "a",
            );
            assert!(matches!(outcome, Err(SealedLetterError::Changed)));
        }
        let names = fs::read_dir(dir.path()).unwrap();
        for name in names.map(|entry| entry.unwrap().file_name()) {
            let is_key = name.to_string_lossy().starts_with("key.age");
            assert!(is_key, "{name:?} is left");
        }
    }

    #[test]
    fn the_same_letter_is_sealed_once_and_another_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path());
        let one = sealed(&vault, b"one", dir.path(), "a.pdf.sealed").unwrap();
        let two = sealed(&vault, b"two", dir.path(), "a.pdf.sealed").unwrap();
        assert_eq!(two, dir.path().join("a.pdf (2).sealed"));
        for (bytes, path) in [(b"one", &one), (b"two", &two)] {
            let again = sealed(&vault, bytes, dir.path(), "a.pdf.sealed").unwrap();
            assert_eq!(again, *path);
        }
        // A damaged copy is no copy.
        fs::write(&one, b"noticert sealed letter 1\r\n").unwrap();
        let anew = sealed(&vault, b"one", dir.path(), "a.pdf.sealed").unwrap();
        assert_eq!(opened(&vault, &anew).unwrap(), b"one");
    }
}
