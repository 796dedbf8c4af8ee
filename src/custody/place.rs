//! Where secrets should not lie: folders that other people or programs look into.

use std::path::{Component, Path};

use super::backup::medium;

/// What speaks against a folder as the data folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadPlace {
    /// It is shared by network or carried into a cloud by another program.
    Shared,
    /// Browsers save there, and kits of terminals share it on their network.
    Downloads,
}

impl BadPlace {
    /// What speaks against `folder`, which need not exist yet.
    pub fn of(folder: &Path) -> Option<Self> {
        let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        // A link may lead there too.
        let real = full.ancestors().find_map(|place| place.canonicalize().ok());
        let places = || std::iter::once(&full).chain(&real);
        if places().any(|place| place.components().any(is_downloads)) {
            Some(Self::Downloads)
        } else if places().any(|place| medium::is_shared(place)) {
            Some(Self::Shared)
        } else {
            None
        }
    }
}

fn is_downloads(part: Component<'_>) -> bool {
    let part = part.as_os_str().to_string_lossy().to_lowercase();
    DOWNLOADS.contains(&part.as_str())
}

/// Windows and macOS call it `Downloads` on the disk in every language; a Japanese Linux desktop does not.
const DOWNLOADS: [&str; 2] = ["downloads", "ダウンロード"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_look_into_is_a_bad_place_and_its_neighbour_is_none() {
        let scratch = tempfile::tempdir().unwrap();
        let found = |name: &str| BadPlace::of(&scratch.path().join(name));
        assert_eq!(found("data"), None);
        assert_eq!(found("downloads-of-2026/data"), None);
        assert_eq!(found("Downloads/data"), Some(BadPlace::Downloads));
        assert_eq!(found("ダウンロード"), Some(BadPlace::Downloads));
        assert_eq!(found("OneDrive - 医院/data"), Some(BadPlace::Shared));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_into_downloads_is_followed() {
        let scratch = tempfile::tempdir().unwrap();
        let downloads = scratch.path().join("Downloads");
        std::fs::create_dir(&downloads).unwrap();
        let link = scratch.path().join("data");
        std::os::unix::fs::symlink(&downloads, &link).unwrap();
        assert_eq!(
            BadPlace::of(&link.join("noticert")),
            Some(BadPlace::Downloads)
        );
    }
}
