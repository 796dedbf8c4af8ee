//! Where a person's files and sticks are: XDG user folders, and what is mounted from removable media.
//!
//! Sources: the xdg-user-dirs file format; proc(5) on mounts; sysfs-block(5) on `removable`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

pub(in crate::platform) fn personal_folders(
    lookup: &dyn Fn(&str) -> Option<OsString>,
) -> Vec<PathBuf> {
    let place = |name: &str| {
        lookup(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let Some(home) = place("HOME") else {
        return Vec::new();
    };
    let settings = place("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    let named = fs::read_to_string(settings.join("user-dirs.dirs")).unwrap_or_default();
    let mut folders = user_dirs(&named, &home);
    folders.extend(USUAL.iter().map(|name| home.join(name)));
    folders
}

pub(in crate::platform) fn removable_drives() -> Vec<PathBuf> {
    match cfg!(target_vendor = "apple") {
        true => volumes(Path::new("/Volumes")),
        false => {
            let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
            mounted(&mounts, &|device| is_removable(device))
        }
    }
}

/// The folders that the file names for downloads, desktop and documents. A folder that is the home itself means none.
fn user_dirs(text: &str, home: &Path) -> Vec<PathBuf> {
    text.lines()
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(name, _)| WANTED.contains(name))
        .filter_map(|(_, value)| {
            let value = value.trim().trim_matches('"');
            match value.strip_prefix("$HOME/") {
                Some(below) => Some(home.join(below.trim_end_matches('/'))),
                None => Some(PathBuf::from(value)).filter(|path| path.is_absolute()),
            }
        })
        .filter(|folder| folder != home)
        .collect()
}

/// Where the devices that fit are mounted.
fn mounted(mounts: &str, fits: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut parts = line.split(' ');
            let device = parts.next()?.strip_prefix("/dev/")?;
            let at = parts.next()?;
            fits(device).then(|| PathBuf::from(unescaped(at)))
        })
        .collect()
}

/// Blank, tab, backslash and newline are written as three octal digits.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

/// Whether a block device, or the disk that a partition lies on, can be pulled out.
fn is_removable(device: &str) -> bool {
    let Ok(place) = fs::canonicalize(Path::new("/sys/class/block").join(device)) else {
        return false;
    };
    let says_so = |folder: &Path| {
        fs::read_to_string(folder.join("removable")).is_ok_and(|text| text.trim() == "1")
    };
    // A stick that calls itself fixed still hangs on USB.
    place
        .components()
        .any(|part| part.as_os_str().to_string_lossy().starts_with("usb"))
        || says_so(&place)
        || place.parent().is_some_and(says_so)
}

/// Every volume that is no link: the system's own is linked there.
fn volumes(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

const WANTED: [&str; 3] = ["XDG_DOWNLOAD_DIR", "XDG_DESKTOP_DIR", "XDG_DOCUMENTS_DIR"];
const USUAL: [&str; 6] = [
    "Downloads",
    "Desktop",
    "Documents",
    "ダウンロード",
    "デスクトップ",
    "ドキュメント",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_the_persons_language_are_found() {
        let text = "# written by xdg-user-dirs-update\nXDG_DOWNLOAD_DIR=\"$HOME/ダウンロード\"\nXDG_MUSIC_DIR=\"$HOME/音楽\"\nXDG_DESKTOP_DIR=\"$HOME/\"\nXDG_DOCUMENTS_DIR=\"/srv/papers\"\n";
        let found = user_dirs(text, Path::new("/home/clinic"));
        let expected = ["/home/clinic/ダウンロード", "/srv/papers"].map(PathBuf::from);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_stick_is_found_where_it_is_mounted_even_with_a_blank_in_its_name() {
        let mounts = "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/clinic/USB\\040KEY vfat rw 0 0\n";
        let found = mounted(mounts, &|device| device == "sdb1");
        assert_eq!(found, [PathBuf::from("/media/clinic/USB KEY")]);
    }
}
