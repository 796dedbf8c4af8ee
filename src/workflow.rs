//! The only place that knows the order of the steps.
//!
//! ```text
//! read → review → retrieve → verify → install → back up → remove the old → record
//! ```
//!
//! Each step takes the last one's proof and leaves an event in the ledger. One terminal's failure never
//! stops the others: steps over several terminals return one outcome each.

mod account;
mod adding;
mod adopting;
mod auditing;
mod backing_up;
mod binding;
mod by_hand;
mod downloads;
mod drafts;
mod error;
mod installing;
mod masking;
mod packing;
mod person;
mod pictures;
mod reading;
mod rehearsal;
mod removing;
mod restoring;
mod retrieving;
mod reviewing;
mod revocation;
mod scanning;
mod scans;
mod seal;
mod sealing;
mod service;
mod settling;
mod status;
mod stop;
mod supporting;
mod surveying;
mod unlocking;
mod unpacking;
mod watching;
mod whole_job;

use std::path::Path;

use jiff::Timestamp;

use crate::config::Config;
use crate::domain::Text;
use crate::ledger::{Ledger, Record, RecordId};

pub use account::AccountError;
pub use adding::Added;
pub use adopting::{AdoptError, AdoptRequest, Adopted, FoundCopy};
pub use auditing::{Audited, AuditedStore, Fault, audit};
pub use backing_up::{
    BackupRequest, BackupRun, CheckedCopy, Copied, CopyState, Drill, SealedState, Verdict,
};
pub use by_hand::{ByHand, SecretScreen};
pub use drafts::{Draft, DraftsError, RowError};
pub use error::{Error, StoreStep};
pub use installing::{CredentialWriter, Destination, Installation};
pub use packing::{PackError, Packed, Packing};
pub use person::{About, Person, PersonError, Progress, Question};
pub use reading::{ReadOutcome, Recorded, read_only};
pub use rehearsal::{PracticeFiles, PracticeWish, Rehearsal, open_practice};
pub use removing::{RemovalRun, RemoveError, Removed};
pub use restoring::{RestoreError, RestoreRequest, RestoreRun};
pub use retrieving::{BatchStop, Retrieval, Retrievals, SiteChoice, file_password, known_password};
pub use reviewing::Reviewed;
pub use revocation::Revocations;
pub use scanning::{Scanning, scan};
pub use scans::ScansInClear;
pub use seal::{bad_place, open_ledger};
pub use sealing::{SealStatus, SealWay, change_seal, lock_seal, seal_status};
pub use service::ServiceWord;
pub use status::TerminalStatus;
pub use stop::Stop;
pub use supporting::{Support, SupportRequest, support};
pub use surveying::{Family, Standing, Surveyed, WaitsFor};
pub use unpacking::{Unpacked, read_case};
pub use watching::{Kept, NotTaken, WatchError, WatchNews, WatchRequest, Watched, WatchedLetter};
pub use whole_job::{Route, WholeJob};

/// Everything a step needs: the ledger, the configuration, the person, the clock.
pub struct Desk<'a> {
    /// The record of every terminal.
    pub ledger: Ledger,
    /// Hosts, labels, rules, limits.
    pub config: &'a Config,
    /// Who answers questions.
    pub person: &'a mut dyn Person,
    /// Who hears how it goes on.
    pub progress: &'a dyn Progress,
    /// The time, read anew for every event.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Whether the person asked to stop.
    pub stop: &'a Stop,
}

/// What became of one terminal in a step over several.
#[derive(Debug)]
pub struct Outcome<T> {
    /// Its record.
    pub record: RecordId,
    /// What people call it.
    pub name: Text,
    /// How it ended.
    pub result: Result<T, Error>,
}

impl Desk<'_> {
    /// The data folder.
    pub fn data(&self) -> &Path {
        self.ledger.dir()
    }

    /// The records that `terminals` name, or every one that `fits` when none is named.
    pub fn chosen(
        &self,
        terminals: &[String],
        fits: impl Fn(&Record) -> bool,
    ) -> Result<Vec<RecordId>, Error> {
        if terminals.is_empty() {
            let records = self.ledger.records()?;
            return Ok(records.iter().filter(|r| fits(r)).map(|r| r.id).collect());
        }
        let mut chosen = Vec::new();
        for text in terminals {
            let id = self.ledger.find(text)?;
            if !chosen.contains(&id) {
                chosen.push(id);
            }
        }
        Ok(chosen)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// What people call the terminal of a record: its name, else its request ID.
pub fn name_of(record: &Record) -> Text {
    match (&record.terminal_name, &record.request_id) {
        (Some(name), _) => Text::new(format!("「{name}」"), format!("“{name}”")),
        (None, Some(id)) => Text::new(
            format!("リクエストID {} の端末", id.masked()),
            format!("the terminal of request ID {}", id.masked()),
        ),
        (None, None) => Text::new(
            format!("記録 {}", record.id),
            format!("record {}", record.id),
        ),
    }
}
