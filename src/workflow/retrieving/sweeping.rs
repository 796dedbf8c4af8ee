//! Wiping what a crash kept from being wiped, and what nothing needs any more: answers of submissions that are settled
//! or never left, pages of attempts that a later one put right.
//!
//! An answer may hold a whole `.p12`, which counts as clear text: once the file is saved under its own name, the
//! answer is a second copy that nobody watches over. A page is kept without its secrets, for a person, until the
//! terminal has its file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::custody::{DiskError, PathKind, files};
use crate::ledger::{Event, IssuanceState, Ledger, LoggedEvent, RecordId};

use super::super::error::Error;
use super::answers::PAGE;

/// Wipes the answers and pages that nothing needs any more. Only the one writer of the data folder may call this.
///
/// What a submission left whose outcome is open stays, and so does the page of one that brought no file yet. A page that
/// came before anything was submitted stays until the site has handed a file out since, and only the newest few.
pub(in crate::workflow) fn wipe_settled_answers(ledger: &Ledger) -> Result<(), Error> {
    let left = left_in(&ledger.dir().join("answers"))?;
    if left.is_empty() {
        return Ok(());
    }
    let log = ledger.log()?;
    let submitted = submitted_in(&log);
    let last_file = log.iter().rev().find_map(|logged| match &logged.event {
        Some(Event::Retrieved(kept)) if kept.attempt.is_some() => Some(logged.id.to_string()),
        _ => None,
    });
    let mut pages_before = 0;
    for path in left.into_iter().rev() {
        let attempt = attempt_of(&path);
        let state = match submitted.get(attempt) {
            Some(record) => Some(ledger.record(*record)?.state),
            None => None,
        };
        let is_needed = match (is_page(&path), state) {
            (true, Some(state)) => state.credential().is_none(),
            (true, None) => {
                pages_before += 1;
                // Names are given in the order of time, to attempts as to events.
                let is_newer = last_file.as_deref().is_none_or(|file| attempt > file);
                is_newer && pages_before <= MOST_PAGES_BEFORE
            }
            (false, Some(state)) => matches!(
                state,
                IssuanceState::Submitting { .. } | IssuanceState::Unclear { .. }
            ),
            // An attempt that the log does not know was written down before its submission could leave.
            (false, None) => false,
        };
        if !is_needed {
            files::wipe(&path)?;
        }
    }
    Ok(())
}

/// The record of each attempt that was about to be sent.
fn submitted_in(log: &[LoggedEvent]) -> HashMap<String, RecordId> {
    log.iter()
        .filter_map(|logged| match &logged.event {
            Some(Event::Submitting(submitting)) => {
                Some((submitting.attempt.to_string(), logged.record))
            }
            _ => None,
        })
        .collect()
}

/// Answers, talks and pages in the folder, the oldest first.
fn left_in(folder: &Path) -> Result<Vec<PathBuf>, DiskError> {
    let failed = |error| DiskError::new(PathKind::Answer, folder, error);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut left = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let ending = path.extension().unwrap_or_default();
        if ending == "bin" || ending == "talk" || is_page(&path) {
            left.push(path);
        }
    }
    left.sort();
    Ok(left)
}

fn is_page(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.ends_with(PAGE))
}

/// The attempt that a file's name begins with.
fn attempt_of(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.split('.').next()).unwrap_or("")
}

/// Pages kept of attempts that stopped before anything was submitted: as many as a report takes.
const MOST_PAGES_BEFORE: usize = 8;
