//! Records away in a case: what was lent is not submitted here until it is back.
//!
//! Lending is relative to the ledger that lent. The borrower reads the same event and is free to submit, so one rule
//! serves both directions: whoever packs a case lends what is in it.

use jiff::Timestamp;

use super::event::{Actor, Event, Lending};
use super::ids::{CaseId, RecordId};
use super::{Ledger, LedgerError};

impl Ledger {
    /// A name for a case that is about to be packed.
    pub fn new_case(&mut self, at: Timestamp) -> Result<CaseId, LedgerError> {
        self.require_writer()?;
        self.next_id(at).map(CaseId::new)
    }

    /// Writes that `records` leave in the case of `lending`: all of them, or none.
    pub fn lend(
        &mut self,
        records: &[RecordId],
        lending: &Lending,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.require_writer()?;
        self.store.in_transaction(|| {
            for record in records {
                let (head, _) = self.head_of(*record)?;
                self.write(head, at, Actor::Person, &Event::Lent(lending.clone()))?;
            }
            Ok(())
        })
    }

    /// Ends every lending of `record` by a person's word, or because its case never came to be.
    pub fn take_back(
        &mut self,
        record: RecordId,
        actor: Actor,
        at: Timestamp,
    ) -> Result<usize, LedgerError> {
        self.require_writer()?;
        self.store.in_transaction(|| {
            let (head, _) = self.head_of(record)?;
            let open = self.lendings(record)?;
            for lending in &open {
                let event = Event::TakenBack { case: lending.case };
                self.write(head, at, actor, &event)?;
            }
            Ok(open.len())
        })
    }

    /// The case with which this ledger let `record` go and which is not back: the latest of several.
    pub fn lent(&self, record: RecordId) -> Result<Option<Lending>, LedgerError> {
        Ok(self.lendings(record)?.pop())
    }

    /// Whether `record` came in a case of another ledger, which waits for it.
    pub fn is_borrowed(&self, record: RecordId) -> Result<bool, LedgerError> {
        let here = self.id()?;
        let group = self.group_of(record)?;
        Ok(group.iter().any(|(_, fold)| fold.is_borrowed(here)))
    }

    /// Refuses a record that is away in a case.
    pub fn require_at_home(&self, record: RecordId) -> Result<(), LedgerError> {
        match self.lent(record)? {
            None => Ok(()),
            Some(lending) => Err(LedgerError::Lent { record, lending }),
        }
    }

    /// Every open lending of `record` by this ledger, oldest first.
    pub(super) fn lendings(&self, record: RecordId) -> Result<Vec<Lending>, LedgerError> {
        let here = self.id()?;
        let group = self.group_of(record)?;
        let mut open: Vec<Lending> = group
            .iter()
            .flat_map(|(_, fold)| fold.lent_by(here))
            .cloned()
            .collect();
        open.sort_by_key(|lending| lending.case);
        open.dedup_by_key(|lending| lending.case);
        Ok(open)
    }
}
