//! The bytes of a file: left on disk or held in memory.

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DocumentError;
use super::kind::HEAD;
use crate::config::Limits;

/// Where the bytes are.
pub(super) enum Contents {
    /// Opened anew for each page, so that a file of many pages costs no memory.
    OnDisk { path: PathBuf, length: u64 },
    /// Standard input, or a caller's.
    InMemory(Arc<Vec<u8>>),
}

/// A reader that can jump.
pub(super) trait Jumping: Read + Seek {}

impl<T: Read + Seek> Jumping for T {}

impl Contents {
    /// Looks at the file without reading it.
    pub(super) fn open(path: &Path, limits: &Limits) -> Result<Self, DocumentError> {
        let unreadable = |source| DocumentError::Unreadable { source };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(DocumentError::IsDirectory);
        }
        let file = File::open(path).map_err(unreadable)?;
        if !metadata.is_file() {
            // A pipe or a device tells no length and cannot be opened twice.
            return Self::read(file, limits);
        }
        let length = metadata.len();
        check_length(length, limits)?;
        Ok(Self::OnDisk {
            path: path.to_owned(),
            length,
        })
    }

    /// Takes bytes.
    pub(super) fn from_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Self, DocumentError> {
        check_length(bytes.len() as u64, limits)?;
        Ok(Self::InMemory(Arc::new(bytes)))
    }

    /// Reads to the end, but never much more than the limit.
    pub(super) fn read(reader: impl Read, limits: &Limits) -> Result<Self, DocumentError> {
        let mut bytes = Vec::new();
        reader
            .take(largest(limits) + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| DocumentError::Unreadable { source })?;
        Self::from_bytes(bytes, limits)
    }

    /// The first bytes.
    pub(super) fn head(&self) -> Result<Vec<u8>, DocumentError> {
        let mut head = Vec::new();
        self.reader()
            .and_then(|reader| reader.take(HEAD as u64).read_to_end(&mut head))
            .map_err(|source| DocumentError::Unreadable { source })?;
        Ok(head)
    }

    /// All bytes.
    pub(super) fn bytes(&self) -> Result<Arc<Vec<u8>>, DocumentError> {
        match self {
            Self::InMemory(bytes) => Ok(Arc::clone(bytes)),
            Self::OnDisk { path, .. } => fs::read(path)
                .map(Arc::new)
                .map_err(|source| DocumentError::Unreadable { source }),
        }
    }

    /// A reader of its own for the caller.
    pub(super) fn reader(&self) -> io::Result<Box<dyn Jumping + '_>> {
        match self {
            Self::InMemory(bytes) => Ok(Box::new(Cursor::new(bytes.as_slice()))),
            Self::OnDisk { path, .. } => Ok(Box::new(BufReader::new(File::open(path)?))),
        }
    }

    /// The number of bytes when the file was opened.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::InMemory(bytes) => bytes.len() as u64,
            Self::OnDisk { length, .. } => *length,
        }
    }

    /// `length` bytes from `offset` on; an unexpected end where the file has fewer.
    pub(super) fn slice(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        // Before the allocation: a length is only believed if the file has that many bytes.
        let inside = offset
            .checked_add(length)
            .is_some_and(|end| end <= self.length());
        if !inside {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut reader = self.reader()?;
        reader.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

fn check_length(length: u64, limits: &Limits) -> Result<(), DocumentError> {
    match length {
        0 => Err(DocumentError::Empty),
        _ if length > largest(limits) => Err(DocumentError::FileTooLarge {
            limit: limits.megabytes_per_file,
        }),
        _ => Ok(()),
    }
}

fn largest(limits: &Limits) -> u64 {
    u64::from(limits.megabytes_per_file) * 1_000_000
}
