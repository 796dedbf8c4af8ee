//! Certificate files that lie about: one of them may be the certificate that is being missed (facts 21, 30, 39).

use std::path::{Path, PathBuf};

use super::Mark;
use super::search::{Reach, search};

/// Certificate files that lie about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FoundFiles {
    /// The first of them.
    pub files: Vec<PathBuf>,
    /// How many more there are.
    pub more: usize,
}

impl FoundFiles {
    pub(super) fn mark(&self) -> Mark {
        match self.files.is_empty() {
            true => Mark::Good,
            false => Mark::Aside,
        }
    }
}

/// Looks through downloads, desktop, documents and sticks; what noticert keeps itself is left out.
pub(super) fn look<'a>(folders: impl Iterator<Item = &'a PathBuf>, own: &Path) -> FoundFiles {
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| search(folder, REACH, &is_certificate_file))
        .filter(|path| !path.starts_with(own))
        .collect();
    files.sort();
    files.dedup();
    let more = files.len().saturating_sub(MOST_SHOWN);
    files.truncate(MOST_SHOWN);
    FoundFiles { files, more }
}

fn is_certificate_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    }) && path.is_file()
}

const ENDINGS: [&str; 2] = ["p12", "pfx"];
const MOST_SHOWN: usize = 20;
const REACH: Reach = Reach {
    depth: 2,
    entries: 20_000,
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_found_by_their_ending_and_not_in_noticerts_own_folder() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        fs::create_dir_all(at("backup/2023")).unwrap();
        fs::create_dir_all(at("own/x")).unwrap();
        fs::create_dir_all(at("folder.p12")).unwrap();
        for name in [
            "1234.p12",
            "backup/2023/OLD.PFX",
            "own/x/kept.p12",
            "p12.txt",
        ] {
            fs::write(at(name), b"").unwrap();
        }
        let folders = [scratch.path().to_owned(), at("backup"), at("missing")];
        let found = look(folders.iter(), &at("own"));
        assert_eq!(found.files, [at("1234.p12"), at("backup/2023/OLD.PFX")]);
        assert_eq!(found.more, 0);
    }
}
