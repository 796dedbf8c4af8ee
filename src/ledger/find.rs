//! Finding a record by what a person types, by its request ID, and the terminal that a PC is bound to.

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use super::event::Event;
use super::ids::RecordId;
use super::record::Record;
use super::state::IssuanceState;
use super::{Ledger, LedgerError};
use crate::domain::{InstitutionCode, RequestId, TerminalName, fold_typed};

/// One of several records that a text may mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// Its id, which names it alone.
    pub record: RecordId,
    /// 発行先
    pub institution_code: Option<InstitutionCode>,
    /// 端末名称
    pub terminal_name: Option<TerminalName>,
    /// リクエストID
    pub request_id: Option<RequestId>,
    /// Its state's name.
    pub state: &'static str,
}

/// A PC bound to a terminal of an institution (design rule 9).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The record that it was bound by.
    pub record: RecordId,
    /// The institution.
    pub institution_code: InstitutionCode,
    /// The terminal.
    pub terminal_name: Option<TerminalName>,
    /// The PC.
    pub computer_name: String,
    /// Since when.
    pub at: Timestamp,
}

impl Ledger {
    /// The record that a person means: its id, its request ID, or a terminal name that exactly one record has.
    pub fn find(&self, text: &str) -> Result<RecordId, LedgerError> {
        let typed = text.trim();
        if let Ok(id) = typed.parse::<RecordId>()
            && let Ok(record) = self.record(id)
        {
            return Ok(record.id);
        }
        let records = self.records()?;
        if let Ok(request_id) = fold_typed(typed).parse::<RequestId>()
            && let Some(known) = self.find_by_request_id(&request_id)?
        {
            return Ok(known);
        }
        let found: Vec<&Record> = records
            .iter()
            .filter(|record| answers_to(record, typed))
            .collect();
        match found.as_slice() {
            [] => Err(LedgerError::NotFound {
                text: text.to_owned(),
            }),
            [only] => Ok(only.id),
            several => Err(LedgerError::Ambiguous {
                text: text.to_owned(),
                candidates: several.iter().map(|record| Candidate::of(record)).collect(),
            }),
        }
    }

    /// The record that is confirmed with this request ID now.
    pub fn find_by_request_id(
        &self,
        request_id: &RequestId,
    ) -> Result<Option<RecordId>, LedgerError> {
        for candidate in self.store.confirmed_with(request_id.as_str())? {
            let (head, fold) = self.head_of(candidate)?;
            let confirmed = fold.confirmed.map(|confirmed| confirmed.request_id);
            if confirmed.as_ref() == Some(request_id) {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Which PCs are bound to which terminals: the last word for each PC and institution.
    pub fn bindings(&self) -> Result<Vec<Binding>, LedgerError> {
        let mut bindings: Vec<Binding> = Vec::new();
        for logged in self.store.bindings()? {
            let Some(Event::BoundToThisPc {
                institution_code,
                terminal_name,
                computer_name,
            }) = logged.event
            else {
                continue;
            };
            bindings.retain(|known| {
                known.computer_name != computer_name || known.institution_code != institution_code
            });
            bindings.push(Binding {
                record: logged.record,
                institution_code,
                terminal_name,
                computer_name,
                at: logged.at,
            });
        }
        Ok(bindings)
    }
}

impl Candidate {
    fn of(record: &Record) -> Self {
        Self {
            record: record.id,
            institution_code: record.institution_code.clone(),
            terminal_name: record.terminal_name.clone(),
            request_id: record.request_id.clone(),
            state: record.state.name(),
        }
    }
}

/// Whether a person who typed this may mean the record; what is no issuance answers to its id alone.
fn answers_to(record: &Record, typed: &str) -> bool {
    if matches!(record.state, IssuanceState::Rejected { .. }) {
        return false;
    }
    let read_id = record.request_id.as_ref().map(RequestId::as_str);
    let name = record.terminal_name.as_ref().map(TerminalName::as_str);
    read_id == Some(fold_typed(typed).as_str()) || name.is_some_and(|name| same_name(name, typed))
}

/// Names are compared as people see them: width and doubled blanks do not matter.
fn same_name(one: &str, other: &str) -> bool {
    let seen = |name: &str| {
        let folded: String = name.nfkc().collect();
        folded.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let one = seen(one);
    !one.is_empty() && one == seen(other)
}
