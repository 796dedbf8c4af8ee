//! Where the browsers of a person keep their NSS databases.
//!
//! Chromium and Edge share one for each person; every profile of Firefox has its own, and packaged browsers (snap,
//! Flatpak) have theirs below a home of their own.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether `directory` holds a database.
pub(super) fn has_database(directory: &Path) -> bool {
    directory.join("cert9.db").exists()
}

/// Chromium's two places below a home, the older one first.
pub(super) fn browsers_directories(home: &Path) -> [PathBuf; 2] {
    [home.join(".pki/nssdb"), home.join(".local/share/pki/nssdb")]
}

/// Whether a browser of `home`'s owner looks there: Chromium's two places, and profiles of Firefox and of
/// packaged browsers.
pub(super) fn is_of_browsers(directory: &Path, home: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = real(directory);
    let is_chromiums = browsers_directories(home)
        .iter()
        .any(|known| real(known) == directory);
    is_chromiums
        || PROFILES
            .iter()
            .any(|profiles| directory.starts_with(real(&home.join(profiles))))
}

/// Every database in these places, each once.
pub(super) fn databases(home: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = browsers_directories(home)
        .into_iter()
        .filter(|directory| has_database(directory))
        .collect();
    for profiles in PROFILES {
        collect(&home.join(profiles), DEEPEST, &mut found);
    }
    let mut seen = Vec::new();
    found.retain(|directory| {
        let real = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    found
}

/// Adds every folder below `folder` that holds a database. What cannot be read is nobody's profile here.
fn collect(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) {
    if has_database(folder) {
        found.push(folder.to_owned());
    }
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let mut below: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        // A link may lead round in a circle, or out of the home.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|name| NEVER.iter().any(|n| name == *n))
        })
        .collect();
    below.sort();
    for folder in below {
        collect(&folder, depth, found);
    }
}

/// Folders of profiles below a home.
const PROFILES: [&str; 5] = [
    ".mozilla",
    ".thunderbird",
    ".config/mozilla",
    "snap",
    ".var/app",
];
/// `snap/firefox/common/.mozilla/firefox/NAME` is the deepest known.
const DEEPEST: u32 = 5;
/// Large, and never a profile.
const NEVER: [&str; 4] = ["cache", "Cache", "cache2", "storage"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_browsers_database_is_found_once() {
        let home = tempfile::tempdir().unwrap();
        let places = [
            ".pki/nssdb",
            ".mozilla/firefox/abcd.default-release",
            "snap/firefox/common/.mozilla/firefox/efgh.default",
            ".var/app/org.mozilla.firefox/.mozilla/firefox/ijkl.default",
        ];
        for place in places {
            let folder = home.path().join(place);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cert9.db"), b"").unwrap();
            assert!(is_of_browsers(&folder, home.path()), "{place}");
        }
        fs::create_dir_all(home.path().join("documents")).unwrap();
        fs::write(home.path().join("documents/cert9.db"), b"").unwrap();
        let expected: Vec<PathBuf> = places.iter().map(|place| home.path().join(place)).collect();
        assert_eq!(databases(home.path()), expected);
    }
}
