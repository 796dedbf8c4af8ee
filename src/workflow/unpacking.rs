//! `unpack`: what came in a case is united with this ledger, all of it or nothing.

use std::path::Path;
use std::str::FromStr;

use secrecy::SecretString;

use crate::case::{Case, CaseError, Content};
use crate::domain::Text;
use crate::ledger::{
    Actor, CaseId, IssuanceState, Merged, Portable, PortableEvent, PortableValue, SiteKind,
    ValueContent,
};

use super::error::Error;
use super::packing::nobody_for_the_passphrase;
use super::person::{Person, given_or_keyed};
use super::{Desk, name_of};

/// A case that was taken.
#[derive(Debug)]
pub struct Unpacked {
    /// What was new.
    pub merged: Merged,
    /// Whether this very ledger packed it.
    pub is_own: bool,
    /// Each terminal in it, with its state here.
    pub terminals: Vec<(Text, &'static str)>,
    /// The one command that comes next.
    pub next: &'static str,
}

/// Opens the case in `path`, before any ledger is touched.
pub fn read_case(
    path: &Path,
    given: Option<SecretString>,
    person: &mut dyn Person,
) -> Result<Case, Error> {
    let prompt = Text::new("ケースのパスフレーズ:", "Passphrase of the case:");
    let passphrase = given_or_keyed(given, person, &prompt, nobody_for_the_passphrase)?;
    Ok(Case::read(path, &passphrase)?)
}

impl Desk<'_> {
    /// Unites the ledger with `case`; `path` is what it is called.
    pub fn unpack(&mut self, case: Case, path: &Path) -> Result<Unpacked, Error> {
        let damaged = || {
            Error::Case(CaseError::Damaged {
                path: path.to_owned(),
                source: None,
            })
        };
        let manifest = &case.manifest;
        let id: CaseId = manifest.case.parse().map_err(|_| damaged())?;
        let site = match manifest.site.as_deref() {
            None => None,
            Some(name) => Some(SiteKind::named(name).ok_or_else(damaged)?),
        };
        let is_own = manifest.ledger == self.ledger.id()?.to_string();
        let portable = portable(case).ok_or_else(damaged)?;
        let now = self.now();
        let merged = self.ledger.unite(&portable, id, site, now)?;
        let mut terminals = Vec::new();
        let (mut waits, mut kept_here) = (false, false);
        for record in &merged.records {
            let lent = self.ledger.lent(*record)?.is_some();
            let record = self.ledger.record(*record)?;
            waits |= !lent && matches!(record.state, IssuanceState::Confirmed { .. });
            kept_here |= matches!(&record.state, IssuanceState::Retrieved { credential }
                if credential.p12.under(self.data()).exists());
            terminals.push((name_of(&record), record.state_at(now).name()));
        }
        let next = match (waits && merged.returned.is_empty(), kept_here) {
            (true, _) => "noticert retrieve --all",
            (false, true) => "noticert install",
            (false, false) => "noticert status",
        };
        Ok(Unpacked {
            merged,
            is_own,
            terminals,
            next,
        })
    }
}

/// The ledger's own words for what a case carries; `None` when something is no such word.
fn portable(case: Case) -> Option<Portable> {
    let mut portable = Portable::default();
    for line in case.manifest.lines {
        let actor = Actor::named(&line.actor)?;
        let payload: serde_json::Value = serde_json::from_str(&line.payload).ok()?;
        payload.get("kind")?.as_str()?;
        portable.events.push(PortableEvent {
            id: parsed(&line.id)?,
            record: parsed(&line.record)?,
            at: line.at,
            actor,
            payload: line.payload,
        });
    }
    for value in case.values {
        if value.field.is_empty() {
            return None;
        }
        portable.values.push(PortableValue {
            id: parsed(&value.id)?,
            record: parsed(&value.record)?,
            field: value.field,
            content: match value.content {
                Content::Open(plaintext) => ValueContent::Open(plaintext),
                Content::Wiped(at) => ValueContent::Wiped(at),
            },
        });
    }
    Some(portable)
}

/// An id in exactly the form that ledgers write, or two spellings would be two ids.
fn parsed<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|id| id.to_string() == text)
}
