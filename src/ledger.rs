//! What happened to each issuance: an append-only log of events, states folded from it, secrets sealed beside it.
//!
//! One writer at a time, named when a second one comes. Events are written once and hold no secret; sealed values lie in
//! a table of their own. So two copies of a ledger can be merged by union, and what a
//! terminal brings back never overwrites what the office knows.

mod code_changes;
mod custody_events;
mod event;
mod find;
mod fold;
mod forms;
mod ids;
mod inventory;
mod lending;
mod lock;
mod portable;
mod reading;
mod record;
mod removal;
mod scans;
mod secrets;
mod state;
mod store;
mod submission;
mod words;

use std::cell::Cell;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use crate::custody::files;
use crate::custody::{CustodyError, DiskError, KeyId, PathKind, Vault};

pub use code_changes::CodeChange;
pub use custody_events::{BackedUp, Origin as RestoredFrom, PasswordPlace, Removing, Restored};
pub use event::{
    Actor, ByHand, Confirmed, Event, Lending, LoggedEvent, RelativePath, RelativePathError,
    Retrieved, Sheet, SheetField, Submitting,
};
pub use find::{Binding, Candidate};
pub use ids::{AttemptId, CaseId, EventId, LedgerId, RecordId, SealedId};
pub use inventory::SealedKind;
pub use lock::Holder;
pub use portable::{Merged, Portable, PortableEvent, PortableValue, ValueContent};
pub use reading::{Origin, Recorded};
pub use record::Record;
pub use removal::Removal;
pub use scans::{Keep, KnownLetter, LetterOutcome, ScanLeft, WatchedFolder};
pub use state::{
    Attempt, Backup, Downloaded, Installation, IssuanceState, KeptAnswer, RefusedReason,
    StopReason, UnclearReason,
};
pub use submission::{ByHandRequest, Confirmation, SubmissionRequest};
pub use words::{FieldName, FileHash, PerField, Remark};

/// Why the ledger does not do what was asked.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Another noticert writes to it.
    #[error("another noticert holds the ledger{}", holder.map(|h| format!(" ({h})")).unwrap_or_default())]
    InUse {
        /// Who, where that can be read.
        holder: Option<Holder>,
    },
    /// There is no ledger yet.
    #[error("there is no ledger {}", path.display())]
    NoLedger {
        /// Where it would be.
        path: PathBuf,
    },
    /// A newer noticert wrote it; it was left untouched.
    #[error("the ledger {} has schema {found}, newer than {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// An older noticert wrote it, and opening it to read does not change it.
    #[error("the ledger {} has schema {found}, older than {known}", path.display())]
    NotMigrated {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The schema needed.
        known: u32,
    },
    /// The file is something else.
    #[error("{} is not a ledger", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// The file is broken, or holds what no noticert writes.
    #[error("the ledger {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says, where it is SQLite that notices.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// An event cannot be put into words.
    #[error("an event of record {record} cannot be written")]
    NotWritable {
        /// The record.
        record: RecordId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It was opened to read only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// It was opened without its data key.
    #[error("the ledger is open without its key")]
    NoKey,
    /// The data key is that of another folder.
    #[error("the ledger is sealed with key {bound}, not with {present}")]
    OtherKey {
        /// The key that the ledger is bound to.
        bound: String,
        /// The key given.
        present: KeyId,
    },
    /// Practice records never go to a real site, nor real ones to the practice site (design rule 10).
    #[error("the ledger is bound to {bound} sites, not to {asked} ones")]
    OtherSite {
        /// What it is bound to.
        bound: SiteKind,
        /// What was asked for.
        asked: SiteKind,
    },
    /// No record has this id.
    #[error("the ledger has no record {record}")]
    UnknownRecord {
        /// The id.
        record: RecordId,
    },
    /// Nothing matches what a person typed.
    #[error("nothing in the ledger matches {text:?}")]
    NotFound {
        /// What was typed.
        text: String,
    },
    /// Several records match what a person typed.
    #[error("{text:?} matches {} records", candidates.len())]
    Ambiguous {
        /// What was typed.
        text: String,
        /// What it may mean.
        candidates: Vec<Candidate>,
    },
    /// The record's values are not confirmed.
    #[error("record {record} is {state}, not confirmed")]
    NotConfirmed {
        /// The record.
        record: RecordId,
        /// Its state.
        state: &'static str,
    },
    /// The record must not be sent in its state (design rules 2 and 3).
    #[error("record {record} is {state} and is not sent")]
    NotSubmittable {
        /// The record.
        record: RecordId,
        /// Its state.
        state: &'static str,
        /// Whether a person's word (`--again`) would let it go.
        again_helps: bool,
    },
    /// The record is away in a case, so nothing of it is sent from here.
    #[error("record {record} is away in the case {}", lending.name)]
    Lent {
        /// The record.
        record: RecordId,
        /// Which case, since when, with whom.
        lending: Lending,
    },
    /// Another copy of the ledger says something else under the same id: one of them was tampered with.
    #[error("the entry {id} differs between two copies of the ledger")]
    Contradicts {
        /// The event or sealed value.
        id: String,
    },
    /// The record has an event that this version cannot read, so nothing is sent past it.
    #[error("record {record} has an event {kind:?} that this version cannot read")]
    UnreadableEvent {
        /// The record.
        record: RecordId,
        /// The event's kind.
        kind: String,
    },
    /// No password is sealed for the record, or none for that file.
    #[error("no password is sealed for record {record}")]
    NoPassword {
        /// The record.
        record: RecordId,
    },
    /// The sealed value is not in this ledger.
    #[error("the ledger has no sealed value {id}")]
    UnknownSealed {
        /// Its id.
        id: SealedId,
    },
    /// The sealed value was wiped.
    #[error("the sealed {field} of record {record} was wiped")]
    Wiped {
        /// The record.
        record: RecordId,
        /// What it was.
        field: String,
    },
    /// A sealed value opens, but is not what its place says.
    #[error("the sealed {field} of record {record} has another form")]
    UnfitSecret {
        /// The record.
        record: RecordId,
        /// What it should be.
        field: String,
    },
    /// Sealing or unsealing failed.
    #[error(transparent)]
    Custody(#[from] CustodyError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The kind of site that a ledger's records go to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SiteKind {
    /// The retrieval site.
    Real,
    /// The practice site.
    Practice,
}

impl SiteKind {
    /// The name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Practice => "practice",
        }
    }

    /// The kind of that name; `None` for another word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Real, Self::Practice]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

impl std::fmt::Display for SiteKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The record of every issuance of one data folder.
#[derive(Debug)]
pub struct Ledger {
    store: store::Store,
    vault: Option<Vault>,
    dir: PathBuf,
    last_id: Cell<Uuid>,
    // Last, so that the database is closed before the next writer may come.
    lock: Option<lock::WriterLock>,
}

impl Ledger {
    /// Opens the ledger of `dir` for writing, creating folder and file; `now` tells others since when.
    ///
    /// Without a vault it takes events that hold no sealed value. A vault is bound to the ledger the first time.
    pub fn open(dir: &Path, vault: Option<Vault>, now: Timestamp) -> Result<Self, LedgerError> {
        files::create_dir(dir, PathKind::DataFolder)?;
        let lock = lock::WriterLock::take(dir, now)?;
        let store = store::Store::open(dir)?;
        // What an interrupted write left is not worth failing for: the next start tries again.
        let _cleared = files::remove_leftovers(dir);
        let ledger = Self {
            last_id: Cell::new(store.last_id()?),
            store,
            vault,
            dir: dir.to_owned(),
            lock: Some(lock),
        };
        ledger.bind(now)?;
        Ok(ledger)
    }

    /// Lets other noticerts write until [`Self::take_again`]; meanwhile this one only reads, and keeps its key.
    pub fn let_go(&mut self) -> Result<(), LedgerError> {
        if self.lock.is_none() {
            return Ok(());
        }
        self.store = store::Store::open_read_only(&self.dir)?;
        self.lock = None;
        Ok(())
    }

    /// Becomes the writer again; [`LedgerError::InUse`] while another one is.
    pub fn take_again(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        if self.lock.is_some() {
            return Ok(());
        }
        let lock = lock::WriterLock::take(&self.dir, now)?;
        // Opened anew: another noticert may have put a copy in place of the file.
        self.store = store::Store::open(&self.dir)?;
        self.last_id.set(self.store.last_id()?);
        self.bind(now)?;
        self.lock = Some(lock);
        Ok(())
    }

    /// Does `work` as one: all that it writes is kept, or nothing of it.
    pub fn all_or_nothing<T, E: From<LedgerError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.require_writer()?;
        self.store.begin()?;
        let outcome = work(self).and_then(|value| {
            self.store.commit()?;
            Ok(value)
        });
        if outcome.is_err() {
            self.store.roll_back();
        }
        outcome
    }

    /// Gives a ledger that was opened without one its vault: the lock is held while the passphrase is typed.
    pub fn with_vault(mut self, vault: Vault) -> Result<Self, LedgerError> {
        self.vault = Some(vault);
        self.bind_key()?;
        Ok(self)
    }

    /// Whether values were sealed for this ledger already, so that only their key will do.
    pub fn is_sealed(&self) -> Result<bool, LedgerError> {
        Ok(self.store.meta(KEY_ID)?.is_some())
    }

    /// Opens the ledger of `dir` to look at it, while another noticert may be writing.
    pub fn open_read_only(dir: &Path) -> Result<Self, LedgerError> {
        let store = store::Store::open_read_only(dir)?;
        Ok(Self {
            last_id: Cell::new(Uuid::nil()),
            store,
            vault: None,
            dir: dir.to_owned(),
            lock: None,
        })
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Binds the ledger to a kind of site, once for all (design rule 10).
    pub fn bind_site(&mut self, asked: SiteKind) -> Result<(), LedgerError> {
        self.bind_within(asked)
    }

    fn bind_within(&self, asked: SiteKind) -> Result<(), LedgerError> {
        match self.site_kind()? {
            Some(bound) if bound == asked => Ok(()),
            Some(bound) => Err(LedgerError::OtherSite { bound, asked }),
            None => {
                self.require_writer()?;
                self.store.write_meta(SITE_KIND, asked.name())
            }
        }
    }

    /// The kind of site that the ledger is bound to, once it is.
    pub fn site_kind(&self) -> Result<Option<SiteKind>, LedgerError> {
        let Some(name) = self.store.meta(SITE_KIND)? else {
            return Ok(None);
        };
        SiteKind::named(&name)
            .map(Some)
            .ok_or_else(|| self.damaged())
    }

    /// Which ledger this is, among those that exchange cases.
    pub fn id(&self) -> Result<LedgerId, LedgerError> {
        self.store
            .meta(LEDGER_ID)?
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.damaged())
    }

    /// A name for an issuance that is not in the ledger yet.
    pub fn new_record(&mut self, at: Timestamp) -> Result<RecordId, LedgerError> {
        self.require_writer()?;
        self.next_id(at).map(RecordId::new)
    }

    /// Writes an event; when this returns, it is on the disk.
    ///
    /// Confirming and submitting have methods of their own, which hold the rules: [`Self::confirm`],
    /// [`Self::begin_submission`].
    pub fn append(
        &mut self,
        record: RecordId,
        at: Timestamp,
        actor: Actor,
        event: Event,
    ) -> Result<EventId, LedgerError> {
        let event = self.without_secrets(record, event)?;
        // Of linked records, one carries what happens.
        let record = match self.head_of(record) {
            Err(LedgerError::UnknownRecord { .. }) => record,
            head => head?.0,
        };
        self.write(record, at, actor, &event)
    }

    /// Every issuance, oldest first; linked records are shown as one.
    pub fn records(&self) -> Result<Vec<Record>, LedgerError> {
        Ok(record::records_of(self.store.events()?))
    }

    /// The issuance that `id` belongs to.
    pub fn record(&self, id: RecordId) -> Result<Record, LedgerError> {
        record::shown(self.group_of(id)?).ok_or(LedgerError::UnknownRecord { record: id })
    }

    /// The events of one record, oldest first; those of linked records are not among them.
    pub fn history(&self, record: RecordId) -> Result<Vec<LoggedEvent>, LedgerError> {
        self.store.events_of(record)
    }

    /// The whole log, oldest first.
    pub fn log(&self) -> Result<Vec<LoggedEvent>, LedgerError> {
        self.store.events()
    }

    /// Moves everything into the one main file, as before copying it.
    pub fn settle(&mut self) -> Result<(), LedgerError> {
        self.require_writer()?;
        self.store.checkpoint()
    }

    fn write(
        &self,
        record: RecordId,
        at: Timestamp,
        actor: Actor,
        event: &Event,
    ) -> Result<EventId, LedgerError> {
        self.require_writer()?;
        let id = EventId::new(self.next_id(at)?);
        self.store.write_event(id, record, at, actor, event)?;
        Ok(id)
    }

    /// The folds of `id` and of every record linked with it.
    fn group_of(&self, id: RecordId) -> Result<Vec<(RecordId, fold::Fold)>, LedgerError> {
        let mut group: Vec<(RecordId, fold::Fold)> = Vec::new();
        let mut waiting = vec![id];
        while let Some(next) = waiting.pop() {
            if group.iter().any(|(member, _)| *member == next) {
                continue;
            }
            let fold = fold::Fold::of(self.store.events_of(next)?);
            waiting.extend(&fold.links);
            waiting.extend(self.store.linked_to(next)?);
            group.push((next, fold));
        }
        group.sort_by_key(|(member, _)| *member);
        Ok(group)
    }

    fn next_id(&self, at: Timestamp) -> Result<Uuid, LedgerError> {
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|source| CustodyError::NoRandomness { source })?;
        let id = ids::next_after(self.last_id.get(), at, random);
        self.last_id.set(id);
        Ok(id)
    }

    fn damaged(&self) -> LedgerError {
        LedgerError::Damaged {
            path: self.dir.clone(),
            source: None,
        }
    }

    fn require_writer(&self) -> Result<(), LedgerError> {
        match &self.lock {
            Some(_) => Ok(()),
            None => Err(LedgerError::ReadOnly),
        }
    }

    fn bind(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.bind_once(LEDGER_ID, || {
            Ok(LedgerId::new(self.next_id(now)?).to_string())
        })?;
        self.bind_key()
    }

    fn bind_key(&self) -> Result<(), LedgerError> {
        let Some(vault) = &self.vault else {
            return Ok(());
        };
        let present = vault.key_id();
        let bound = self.bind_once(KEY_ID, || Ok(present.to_string()))?;
        match bound == present.to_string() {
            true => Ok(()),
            false => Err(LedgerError::OtherKey { bound, present }),
        }
    }

    fn bind_once(
        &self,
        key: &str,
        value: impl FnOnce() -> Result<String, LedgerError>,
    ) -> Result<String, LedgerError> {
        if let Some(bound) = self.store.meta(key)? {
            return Ok(bound);
        }
        let value = value()?;
        self.store.write_meta(key, &value)?;
        Ok(value)
    }
}

const LEDGER_ID: &str = "ledger_id";
const SITE_KIND: &str = "site_kind";
const KEY_ID: &str = "key_id";
