//! The folder that a browser saves to, watched for a certificate file.
//!
//! A browser writes under another name or into an empty file first, so a file counts when two looks in a row see the
//! same size and time; whether it is whole shows when it is opened.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What one look sees of a file.
type Seen = (u64, Option<SystemTime>);

/// A folder and what lay in it when the watch began.
pub(super) struct Downloads {
    folder: PathBuf,
    judged: HashMap<PathBuf, Seen>,
    last: HashMap<PathBuf, Seen>,
}

impl Downloads {
    /// Begins to watch: what lies there already is not news.
    pub(super) fn watch(folder: &Path) -> io::Result<Self> {
        let present = certificate_files(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            last: present.clone(),
            judged: present,
        })
    }

    /// The files that came or changed, and rest since the last look; each is named once as it is.
    pub(super) fn look(&mut self) -> io::Result<Vec<PathBuf>> {
        let present = certificate_files(&self.folder)?;
        let mut resting: Vec<PathBuf> = present
            .iter()
            .filter(|(path, seen)| {
                seen.0 > 0
                    && self.last.get(*path) == Some(seen)
                    && self.judged.get(*path) != Some(seen)
            })
            .map(|(path, _)| path.clone())
            .collect();
        resting.sort();
        for path in &resting {
            if let Some(seen) = present.get(path) {
                self.judged.insert(path.clone(), *seen);
            }
        }
        self.last = present;
        Ok(resting)
    }
}

fn certificate_files(folder: &Path) -> io::Result<HashMap<PathBuf, Seen>> {
    let mut found = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_certificate = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("p12") || extension.eq_ignore_ascii_case("pfx")
        });
        // A file that vanishes between two calls is simply not there.
        if is_certificate
            && let Ok(metadata) = std::fs::metadata(&path)
            && metadata.is_file()
        {
            found.insert(path, (metadata.len(), metadata.modified().ok()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_comes_after_the_start_and_rests_is_named_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("old.p12"), b"old").unwrap();
        let mut downloads = Downloads::watch(folder.path()).unwrap();
        fs::write(file("new.P12"), b"be").unwrap();
        fs::write(file("empty.pfx"), b"").unwrap();
        fs::write(file("new.p12.crdownload"), b"part").unwrap();
        assert!(downloads.look().unwrap().is_empty(), "seen once only");
        fs::write(file("new.P12"), b"begun").unwrap();
        assert!(downloads.look().unwrap().is_empty(), "still growing");
        assert_eq!(downloads.look().unwrap(), [file("new.P12")]);
        assert!(downloads.look().unwrap().is_empty());
        fs::write(file("old.p12"), b"other content").unwrap();
        downloads.look().unwrap();
        assert_eq!(downloads.look().unwrap(), [file("old.p12")]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(Downloads::watch(Path::new("/no/such/folder")).is_err());
    }
}
