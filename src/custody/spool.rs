//! An answer's body on disk while it arrives, so that no whole answer is ever lost (design rule 3).

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::files::{self, DiskError, PathKind};
use crate::platform;

/// A new owner-only file that takes bytes in order. It counts as clear text: it may hold a `.p12`.
#[derive(Debug)]
pub struct Spool {
    file: File,
    path: PathBuf,
    bytes: u64,
    digest: Sha256,
}

/// A finished spool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spooled {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl Spool {
    /// Creates the file and makes its name durable. An existing file is an error.
    ///
    /// Room for `room` bytes is taken at once where the disk can, so that a full one shows before anything is sent and
    /// another program's files cannot crowd the answer out.
    pub fn create(dir: &Path, name: &str, room: u64) -> Result<Self, DiskError> {
        let path = files::place(dir, name, PathKind::Answer)?;
        let failed = |error| DiskError::new(PathKind::Answer, &path, error);
        files::create_dir(dir, PathKind::DataFolder)?;
        if platform::free_space(dir).map_err(failed)? < room {
            return Err(failed(io::Error::from(io::ErrorKind::StorageFull)));
        }
        let file = platform::create_owner_only(&path).map_err(failed)?;
        platform::reserve(&file, room).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        platform::sync_dir(dir).map_err(failed)?;
        Ok(Self {
            file,
            path,
            bytes: 0,
            digest: Sha256::new(),
        })
    }

    /// Appends what arrived. A killed program keeps it; a power cut may not until [`Self::finish`].
    pub fn append(&mut self, chunk: &[u8]) -> Result<(), DiskError> {
        self.file
            .write_all(chunk)
            .map_err(|error| DiskError::new(PathKind::Answer, &self.path, error))?;
        self.bytes += chunk.len() as u64;
        self.digest.update(chunk);
        Ok(())
    }

    /// Makes every byte durable. Only now may the answer be interpreted.
    pub fn finish(self) -> Result<Spooled, DiskError> {
        // Gives back the room that was not needed; where that fails, it is given back with the file.
        let _kept = self.file.set_len(self.bytes);
        self.file
            .sync_all()
            .map_err(|error| DiskError::new(PathKind::Answer, &self.path, error))?;
        Ok(Spooled {
            path: self.path,
            bytes: self.bytes,
            sha256: self.digest.finalize().into(),
        })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::custody::DiskTrouble;

    #[test]
    fn chunks_are_on_disk_in_order_before_the_answer_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::create(dir.path(), "answer.bin", 1).unwrap();
        spool.append(b"first ").unwrap();
        assert_eq!(fs::read(spool.path()).unwrap(), b"first ");
        spool.append(b"second").unwrap();
        let path = spool.path().to_owned();
        assert!(platform::is_owner_only(&path).unwrap());
        let spooled = spool.finish().unwrap();
        assert_eq!(spooled.bytes, 12);
        assert_eq!(
            spooled.sha256,
            <[u8; 32]>::from(Sha256::digest(b"first second"))
        );
        assert_eq!(fs::read(path).unwrap(), b"first second");
    }

    #[test]
    fn an_earlier_answer_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        Spool::create(dir.path(), "answer.bin", 0)
            .unwrap()
            .append(b"kept")
            .unwrap();
        assert!(Spool::create(dir.path(), "answer.bin", 0).is_err());
        assert_eq!(fs::read(dir.path().join("answer.bin")).unwrap(), b"kept");
    }

    #[test]
    fn too_little_room_shows_before_anything_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let error = Spool::create(dir.path(), "answer.bin", u64::MAX).unwrap_err();
        assert_eq!(
            (error.trouble, error.kind),
            (DiskTrouble::Full, PathKind::Answer)
        );
        assert!(!dir.path().join("answer.bin").exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_fills_up_is_named() {
        let mut spool = Spool {
            file: File::options().write(true).open("/dev/full").unwrap(),
            path: "/dev/full".into(),
            bytes: 0,
            digest: Sha256::new(),
        };
        assert_eq!(spool.append(b"x").unwrap_err().trouble, DiskTrouble::Full);
    }
}
