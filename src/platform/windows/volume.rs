//! Disks and shares: which is which, and what is really on them.
//!
//! A drive letter or a share stands at the beginning of a full path, so no call of Win32 is needed.

use std::fs;
use std::io;
use std::path::{Component, Path, Prefix};

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

/// Files were flushed to the medium when they were written; Windows keeps sticks without a write cache.
pub(in crate::platform) fn read_back(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// Flushing a whole volume asks for administrator rights; each file and each rename was written through.
pub(in crate::platform) fn sync_volume(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}
