//! The only place that knows the order of the steps.
//!
//! ```text
//! read → review → retrieve → verify → install → record
//! ```
//!
//! Each step takes the last one's proof and leaves an event in the ledger. One terminal's failure never
//! stops the others: steps over several terminals return one outcome each.

mod adding;
mod binding;
mod drafts;
mod installing;
mod person;
mod reading;
mod rehearsal;
mod retrieving;
mod reviewing;
mod seal;
mod settling;
mod whole_job;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;
use thiserror::Error;

use crate::config::{Config, ConfigError};
use crate::credential::CredentialError;
use crate::custody::CustodyError;
use crate::domain::{Text, japan_date};
use crate::installer::InstallError;
use crate::intake::{DocumentError, IntakeError};
use crate::ledger::{Ledger, LedgerError, RecordId};
use crate::practice::PracticeError;
use crate::retrieval::RetrievalError;

pub use adding::Added;
pub use drafts::{Draft, DraftsError, RowError};
pub use installing::{Destination, InstallOutcome};
pub use person::{Person, PersonError, Progress};
pub use reading::ReadOutcome;
pub use rehearsal::{Rehearsal, RehearsalError};
pub use retrieving::{PasswordGiven, RetrieveOutcome};
pub use reviewing::Reviewed;
pub use seal::open_ledger;
pub use whole_job::WholeJob;
