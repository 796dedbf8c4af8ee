//! `read`: scans into the ledger. What the judge accepts is confirmed, the rest waits for a person.

use std::num::NonZeroUsize;

use jiff::Timestamp;

use crate::config::{Config, ReviewPolicy};
use crate::domain::{IssuanceReading, Problem, Status, Text, japan_date};
use crate::intake::{self, Intake, IntakeError, Reading, Source};
use crate::ledger::{self, Confirmation, Ledger, Origin, RecordId};

use super::error::Error;
use super::person::Progress;
use super::stop::Stop;
use super::{Desk, pictures};

/// What `read` found and where it went.
#[derive(Debug)]
pub struct ReadOutcome {
    /// Everything that was read, in the order of files and pages.
    pub reading: Reading,
    /// Where each sheet went, in the same order; empty when nothing was recorded.
    pub recorded: Vec<Recorded>,
}

/// Where one sheet went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Recorded {
    /// Its record.
    pub record: RecordId,
    /// Whether the same letter was known before.
    pub seen_again: bool,
    /// Whether it may be submitted.
    pub confirmed: bool,
    /// Whether nothing of it waits for a person: confirmed, or submitted already.
    pub settled: bool,
}

impl ReadOutcome {
    /// Whether every page of every file was read and every sheet accepted.
    pub fn all_accepted(&self) -> bool {
        self.reading.is_complete()
            && !self.reading.sheets.is_empty()
            && self
                .reading
                .sheets
                .iter()
                .all(|sheet| sheet.status == Status::Accepted)
    }
}

/// Reads without touching the ledger.
pub fn read_only(
    config: &Config,
    today: jiff::civil::Date,
    sources: Vec<Source>,
    jobs: NonZeroUsize,
    progress: &dyn Progress,
    stop: &Stop,
) -> Result<ReadOutcome, Error> {
    let what = Text::new("読み取り中", "reading");
    let on_page = |at: intake::Progress| {
        progress.count(at.pages_done as usize, Some(at.pages_known as usize), &what);
    };
    let reading = Intake::new(config, today)
        .read_files(sources, jobs.get(), &on_page, stop.flag())
        .map_err(IntakeError::from)?;
    if reading.cancelled {
        return Err(Error::Interrupted);
    }
    Ok(ReadOutcome {
        reading,
        recorded: Vec::new(),
    })
}

impl Desk<'_> {
    /// Reads and records: every sheet leaves an event, its reference ID and cut-outs sealed.
    pub fn read(&mut self, sources: Vec<Source>, jobs: NonZeroUsize) -> Result<ReadOutcome, Error> {
        let today = japan_date(self.now());
        let sources = self.with_letters_opened(sources)?;
        let mut outcome = read_only(self.config, today, sources, jobs, self.progress, self.stop)?;
        for sheet in &mut outcome.reading.sheets {
            let now = (self.clock)();
            let recorded = record_sheet(&mut self.ledger, self.config, sheet, now)?;
            outcome.recorded.push(recorded);
        }
        self.remember_scans_left(&outcome.reading)?;
        Ok(outcome)
    }
}

/// Writes one sheet into the ledger, and confirms what the judge accepted where the policy lets it.
pub(super) fn record_sheet(
    ledger: &mut Ledger,
    config: &Config,
    sheet: &mut IssuanceReading,
    now: Timestamp,
) -> Result<Recorded, Error> {
    let recorded = ledger.record_reading(sheet, Origin::Read, &pictures::encode, now)?;
    let record = recorded.record();
    let seen_again = matches!(recorded, ledger::Recorded::SeenAgain(_));
    if seen_again {
        sheet.problems.push(duplicate());
    }
    let deadline = sheet
        .valid_from
        .value
        .and_then(|from| config.rules.retrieval_deadline(from));
    let accepted = match config.policy.review {
        ReviewPolicy::Exceptions => sheet.accept(deadline),
        ReviewPolicy::BlindAll => None,
    };
    let confirmation = accepted
        .map(|reviewed| ledger.confirm(record, &reviewed, now))
        .transpose()?;
    let (confirmed, settled) = match confirmation {
        Some(Confirmation::Confirmed(_) | Confirmation::AlreadyConfirmed(_)) => (true, true),
        Some(Confirmation::AlreadySubmitted(_)) => (false, true),
        Some(Confirmation::Differs(_) | Confirmation::StillRefused(_)) | None => (false, false),
    };
    Ok(Recorded {
        record,
        seen_again,
        confirmed,
        settled,
    })
}

fn duplicate() -> Problem {
    Problem {
        code: "duplicate",
        text: Text::new(
            "この通知書は前にも読み取っています。同じ記録に結び付けました。",
            "This letter was read before; it is linked to its record.",
        ),
    }
}
