//! Where a person's files and sticks are on Windows.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use windows_sys::Win32::Storage::FileSystem::{GetDriveTypeW, GetLogicalDrives};

pub(in crate::platform) fn personal_folders(
    lookup: &dyn Fn(&str) -> Option<OsString>,
) -> Vec<PathBuf> {
    let Some(home) = lookup("USERPROFILE")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    else {
        return Vec::new();
    };
    USUAL.iter().map(|name| home.join(name)).collect()
}

pub(in crate::platform) fn removable_drives() -> Vec<PathBuf> {
    // SAFETY: the call takes nothing.
    let present = unsafe { GetLogicalDrives() };
    (0_u8..26)
        .filter(|letter| present & (1 << letter) != 0)
        .map(|letter| format!("{}:\\", char::from(b'A' + letter)))
        .filter(|root| is_removable(root))
        .map(PathBuf::from)
        .collect()
}

fn is_removable(root: &str) -> bool {
    let Ok(name) = super::wide(OsStr::new(root)) else {
        return false;
    };
    // SAFETY: `name` ends with NUL and outlives the call.
    unsafe { GetDriveTypeW(name.as_ptr()) == DRIVE_REMOVABLE }
}

/// WinBase.h: a floppy, stick or card.
const DRIVE_REMOVABLE: u32 = 2;

/// Below the profile; OneDrive moves desktop and documents into its own folder.
const USUAL: [&str; 7] = [
    "Downloads",
    "Desktop",
    "Documents",
    "OneDrive\\Desktop",
    "OneDrive\\Documents",
    "OneDrive\\デスクトップ",
    "OneDrive\\ドキュメント",
];
