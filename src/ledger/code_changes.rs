//! Which institution codes took the place of which: by a person's word alone.
//!
//! Two codes on one PC may as well be two institutions under one roof (医科 and 歯科), and no certificate tells them apart
//! from a change of code.

use jiff::civil::Date;

use super::event::Event;
use super::{Ledger, LedgerError};
use crate::domain::InstitutionCode;

/// A code that another took the place of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodeChange {
    /// The earlier code.
    pub old: InstitutionCode,
    /// The code since then.
    pub new: InstitutionCode,
    /// The first day of the new one.
    pub on: Date,
}

impl Ledger {
    /// The changes of code that people told of: the last word for each earlier code.
    pub fn code_changes(&self) -> Result<Vec<CodeChange>, LedgerError> {
        let mut changes: Vec<CodeChange> = Vec::new();
        for logged in self.store.code_changes()? {
            let Some(Event::CodeChanged { old, new, on }) = logged.event else {
                continue;
            };
            changes.retain(|known| known.old != old);
            changes.push(CodeChange { old, new, on });
        }
        Ok(changes)
    }
}
