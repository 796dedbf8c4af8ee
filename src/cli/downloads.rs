//! Where the browser of this account saves files.

use std::path::{Path, PathBuf};

use crate::workflow::Error;

/// The folder that was named, else the desktop's, else the first of the usual ones that exists.
pub fn folder(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let home = etcetera::home_dir().map_err(|_| Error::NoDownloadsFolder)?;
    let settings = std::fs::read_to_string(home.join(".config/user-dirs.dirs")).ok();
    settings
        .and_then(|text| of_desktop(&text, &home))
        .into_iter()
        .chain(USUAL.iter().map(|name| home.join(name)))
        .find(|folder| folder.is_dir())
        .ok_or(Error::NoDownloadsFolder)
}

/// What a Linux desktop has set. <https://www.freedesktop.org/wiki/Software/xdg-user-dirs/>
fn of_desktop(settings: &str, home: &Path) -> Option<PathBuf> {
    let value = settings
        .lines()
        .find_map(|line| line.trim().strip_prefix("XDG_DOWNLOAD_DIR="))?
        .trim_matches('"');
    match value.strip_prefix("$HOME/") {
        Some(below) => Some(home.join(below)),
        None => Some(PathBuf::from(value)).filter(|path| path.is_absolute()),
    }
}

/// Windows and macOS call it `Downloads` on the disk in every language; a Japanese Linux desktop does not.
const USUAL: [&str; 2] = ["Downloads", "ダウンロード"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desktops_own_setting_is_read() {
        let home = Path::new("/home/clinic");
        let read = |line: &str| of_desktop(line, home);
        assert_eq!(
            read("# c\nXDG_DOWNLOAD_DIR=\"$HOME/ダウンロード\"\n"),
            Some(home.join("ダウンロード"))
        );
        // A path from the root, as the system that runs this has it.
        let elsewhere = if cfg!(windows) { r"D:\" } else { "/mnt/d" };
        assert_eq!(
            read(&format!("XDG_DOWNLOAD_DIR=\"{elsewhere}\"")),
            Some(PathBuf::from(elsewhere))
        );
        assert_eq!(read("XDG_DOWNLOAD_DIR=\"relative\""), None);
        assert_eq!(read(""), None);
    }
}
