//! Disks and shares: which is which, and what is really on them.
//!
//! A drive letter or a share stands at the beginning of a full path, so no call of Win32 is needed.
//!
//! Source: Microsoft Learn, "File Buffering".

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Component, Path, Prefix};

use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_NO_BUFFERING;
use zeroize::Zeroizing;

pub(in crate::platform) fn is_same_volume(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::canonicalize(one)?, fs::canonicalize(other)?);
    Ok(one.components().next() == other.components().next())
}

pub(in crate::platform) fn is_network_share(path: &Path) -> io::Result<bool> {
    let path = fs::canonicalize(path)?;
    Ok(matches!(
        path.components().next(),
        Some(Component::Prefix(prefix))
            if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
    ))
}

/// From the medium itself; a file system that gives nothing past its cache is read as usual.
pub(in crate::platform) fn read_back(path: &Path) -> io::Result<Vec<u8>> {
    past_the_cache(path).or_else(|_| fs::read(path))
}

fn past_the_cache(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(FILE_FLAG_NO_BUFFERING)
        .open(path)?;
    read_in_sectors(&file)
}

/// Whole sectors into memory that begins where a sector's could: what Windows asks of whoever reads past its cache.
fn read_in_sectors(mut file: &File) -> io::Result<Vec<u8>> {
    let mut room = Zeroizing::new(vec![0; SECTORS + SECTOR]);
    let begin = room.as_ptr().align_offset(SECTOR);
    let sectors = &mut room[begin..][..SECTORS];
    let mut bytes = Vec::new();
    loop {
        let count = file.read(sectors)?;
        bytes.extend_from_slice(&sectors[..count]);
        if count < SECTORS {
            break;
        }
    }
    // Only the end of the file ends within the room.
    match bytes.len() as u64 == file.metadata()?.len() {
        true => Ok(bytes),
        false => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
    }
}

/// Flushing a whole volume asks for administrator rights; each file and each rename was written through.
pub(in crate::platform) fn sync_volume(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}

/// The largest sector of today's media, in bytes.
const SECTOR: usize = 4_096;
/// What is read at once: whole sectors.
const SECTORS: usize = 16 * SECTOR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_past_the_cache() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("copy");
        for length in [0, SECTOR, SECTORS, SECTORS + 1] {
            fs::write(&path, vec![7; length]).unwrap();
            assert!(
                past_the_cache(&path).unwrap() == vec![7; length],
                "{length}"
            );
        }
    }
}
