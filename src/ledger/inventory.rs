//! How many values of each kind are sealed, and how many were wiped: for `seal status`, without a key.

use super::{Ledger, LedgerError};

/// The sealed values of one kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedKind {
    /// What they are.
    pub field: String,
    /// How many are there.
    pub sealed: u32,
    /// How many were taken away for good.
    pub wiped: u32,
}

impl Ledger {
    /// Every kind of sealed value, by name; cut-outs of pages are one kind.
    pub fn sealed_kinds(&self) -> Result<Vec<SealedKind>, LedgerError> {
        Ok(self
            .store
            .sealed_counts()?
            .into_iter()
            .map(|(field, sealed, wiped)| SealedKind {
                field,
                sealed,
                wiped,
            })
            .collect())
    }
}
