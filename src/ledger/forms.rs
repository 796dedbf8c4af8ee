//! The site's form as it was when a file last came through it.

use super::event::Event;
use super::{Ledger, LedgerError};

impl Ledger {
    /// The structure of the form at `host` with which a file was retrieved last.
    pub fn known_form(&self, host: &str) -> Result<Option<String>, LedgerError> {
        let log = self.store.events()?;
        Ok(log.into_iter().rev().find_map(|logged| match logged.event {
            Some(Event::FormSeen {
                host: seen_at,
                fingerprint,
            }) if seen_at == host => Some(fingerprint),
            _ => None,
        }))
    }
}
