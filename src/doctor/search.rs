//! Looking through folders for files, with an end: so deep, so many entries, no links followed.

use std::fs;
use std::path::{Path, PathBuf};

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Folders below the first.
    pub(super) depth: usize,
    /// Entries looked at.
    pub(super) entries: usize,
}

/// Everything below `folder` that fits, folders too, in the order of names.
pub(super) fn search(folder: &Path, reach: Reach, fits: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = reach.entries;
    walk(folder, reach.depth, &mut left, fits, &mut found);
    found.sort();
    found
}

fn walk(
    folder: &Path,
    depth: usize,
    left: &mut usize,
    fits: &dyn Fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
) {
    // A folder that cannot be read holds nothing that this account could use.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let path = entry.path();
        if fits(&path) {
            found.push(path.clone());
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 0 {
            walk(&path, depth - 1, left, fits, found);
        }
    }
}
