//! Wiping what a crash kept from being wiped: answers of submissions that are settled, or that never left.
//!
//! An answer may hold a whole `.p12`, which counts as clear text: once the file is saved under its own name, the
//! answer is a second copy that nobody watches over.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::custody::{DiskError, PathKind, files};
use crate::ledger::{Event, IssuanceState, Ledger, RecordId};

use super::super::error::Error;

/// Wipes the answers that nothing needs any more. Only the one writer of the data folder may call this.
///
/// What a submission left whose outcome is open stays, and so do the masked pages that a person may want to see.
pub(in crate::workflow) fn wipe_settled_answers(ledger: &Ledger) -> Result<(), Error> {
    let left = left_in(&ledger.dir().join("answers"))?;
    if left.is_empty() {
        return Ok(());
    }
    let submitted: HashMap<String, RecordId> = ledger
        .log()?
        .into_iter()
        .filter_map(|logged| match logged.event {
            Some(Event::Submitting(submitting)) => {
                Some((submitting.attempt.to_string(), logged.record))
            }
            _ => None,
        })
        .collect();
    for path in left {
        let record = submitted.get(attempt_of(&path));
        // An attempt that the log does not know was written down before its submission could leave.
        let is_open = match record {
            Some(record) => matches!(
                ledger.record(*record)?.state,
                IssuanceState::Submitting { .. } | IssuanceState::Unclear { .. }
            ),
            None => false,
        };
        if !is_open {
            files::wipe(&path)?;
        }
    }
    Ok(())
}

/// Answers and talks in the folder, the masked pages aside.
fn left_in(folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let failed = |error| DiskError::new(PathKind::Answer, folder, error);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut left = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let ending = path.extension().unwrap_or_default();
        if ending == "bin" || ending == "talk" {
            left.push(path);
        }
    }
    Ok(left)
}

/// The attempt that a file's name begins with.
fn attempt_of(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.split('.').next()).unwrap_or("")
}
