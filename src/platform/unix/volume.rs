//! Disks and shares: which is which, and what is really on them.
//!
//! Sources: stat(2) on `st_dev`; statfs(2) on magic numbers; posix_fadvise(2); syncfs(2).

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(in crate::platform) fn is_same_volume(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::metadata(one)?.dev() == fs::metadata(other)?.dev())
}

#[cfg(target_os = "linux")]
pub(in crate::platform) fn is_network_share(path: &Path) -> io::Result<bool> {
    let kind = rustix::fs::statfs(path)?.f_type as u64 & 0xffff_ffff;
    Ok(NETWORK.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
pub(in crate::platform) fn is_network_share(path: &Path) -> io::Result<bool> {
    fs::metadata(path).map(|_| false)
}

/// Asks the system to forget what it remembers of the file first, so that the medium itself is read.
pub(in crate::platform) fn read_back(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Advice, fadvise};
        // Where it cannot forget, what it remembers was synced before.
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(target_os = "linux")]
pub(in crate::platform) fn sync_volume(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}

#[cfg(not(target_os = "linux"))]
pub(in crate::platform) fn sync_volume(path: &Path) -> io::Result<()> {
    super::sync_dir(path)
}

/// NFS, SMB, CIFS and SMB 2.
#[cfg(target_os = "linux")]
const NETWORK: [u64; 4] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42];
