//! The rules of a batch: a pause between terminals, the site's Retry-After, and when to stop for all.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::RecordId;
use crate::retrieval::{RefusalReason, RetrievalError, RetryAfter};

use super::super::error::Error;
use super::Retrieval;

/// The terminals of one run that still wait for their turn.
#[derive(Debug)]
pub(super) struct Batch {
    waiting: VecDeque<RecordId>,
    of: usize,
    taken_up: usize,
    rest: Duration,
    bad_pairs_in_a_row: usize,
    repeated: Vec<RecordId>,
    /// Whether the last outcome made it wait.
    has_waited: bool,
    stopped: Option<BatchStop>,
}

/// Why a batch stopped before its last terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BatchStop {
    /// The site refused so many pairs in a row.
    BadPairs,
    /// The site locked a pair, or this place.
    Locked,
    /// The site is closed, or asks for a longer rest than a batch waits for.
    Closed,
    /// The site is not reached.
    Network,
    /// The site's TLS is not trusted.
    Tls,
    /// The site's form is not understood.
    FormNotRecognised,
    /// The site asks something that a person has to see.
    NeedsAttention,
    /// The site handed out a certificate that another terminal holds.
    SameCertificate,
    /// Something here failed: the disk, the ledger, a question that nobody answered.
    Here,
}

/// How a batch goes on after an outcome.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// As planned, or not at all.
    GoOn,
    /// After so long.
    Wait(Duration),
    /// After so long, with the same terminal: nothing of it was submitted.
    WaitAndRepeat(Duration),
}

impl Batch {
    pub(super) fn of(ids: &[RecordId]) -> Self {
        Self {
            waiting: ids.iter().copied().collect(),
            of: ids.len(),
            taken_up: 0,
            rest: Duration::ZERO,
            bad_pairs_in_a_row: 0,
            repeated: Vec::new(),
            has_waited: false,
            stopped: None,
        }
    }

    /// How many terminals may be under way at once: no more than may be wrong before the batch stops, since what has
    /// left cannot be called back.
    pub(super) fn room(&self) -> usize {
        MOST_BAD_PAIRS.saturating_sub(self.bad_pairs_in_a_row)
    }

    /// Why terminals were left out, when some were.
    pub(super) fn stopped(&self) -> Option<BatchStop> {
        self.stopped
    }

    /// The next terminal, when one waits and the pause is over.
    pub(super) fn next(&mut self) -> Option<RecordId> {
        if !self.rest.is_zero() {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.taken_up += 1;
        Some(next)
    }

    /// Whether a terminal waits for the end of a pause.
    pub(super) fn is_resting(&self) -> bool {
        !self.waiting.is_empty() && !self.rest.is_zero()
    }

    /// The number of the terminal taken up last, and of all.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.taken_up, self.of)
    }

    /// Asks for a pause before the next terminal; a longer one that was asked for stays.
    pub(super) fn rest(&mut self, pause: Duration) {
        self.rest = self.rest.max(pause);
    }

    /// So much of the pause is over.
    pub(super) fn rested(&mut self, time: Duration) {
        self.rest = self.rest.saturating_sub(time);
    }

    /// What an outcome means for the terminals after it. `begun`: something of it was submitted.
    pub(super) fn after(
        &mut self,
        id: RecordId,
        result: &Result<Retrieval, Error>,
        begun: bool,
        now: Timestamp,
    ) -> Next {
        let Err(error) = result else {
            self.bad_pairs_in_a_row = 0;
            self.has_waited = false;
            return Next::GoOn;
        };
        match error {
            Error::Retrieval(error) if error.reason() == Some("bad-ids") => {
                self.bad_pairs_in_a_row += 1;
            }
            _ => self.bad_pairs_in_a_row = 0,
        }
        // A terminal that was under way when the batch stopped changes nothing any more.
        if self.stopped.is_some() {
            return Next::GoOn;
        }
        let asked = asked_wait(error, now);
        let wait = asked.filter(|wait| self.of > 1 && *wait <= LONGEST_WAIT);
        match wait {
            Some(wait) if !begun && !self.repeated.contains(&id) => {
                self.repeated.push(id);
                self.waiting.push_front(id);
                self.taken_up -= 1;
                self.rest(wait);
                return Next::WaitAndRepeat(wait);
            }
            // What asks for a rest after each submission in turn would spend them all.
            Some(wait) if begun && !self.waiting.is_empty() && !self.has_waited => {
                self.has_waited = true;
                self.rest(wait);
                return Next::Wait(wait);
            }
            _ => self.has_waited = false,
        }
        // A third wrong pair could lock the place out.
        let why = match self.bad_pairs_in_a_row {
            MOST_BAD_PAIRS.. => Some(BatchStop::BadPairs),
            _ => ends_batch(error).or(asked.is_some().then_some(BatchStop::Closed)),
        };
        if why.is_some() && !self.waiting.is_empty() {
            self.waiting.clear();
            self.stopped = why;
        }
        Next::GoOn
    }
}

/// How long the site asks to wait: a closed one, or one that answers the submission with a page that nobody knows.
fn asked_wait(error: &Error, now: Timestamp) -> Option<Duration> {
    let Error::Retrieval(
        RetrievalError::Closed { retry_after, .. }
        | RetrievalError::Refused {
            reason: RefusalReason::Unknown,
            retry_after,
            ..
        },
    ) = error
    else {
        return None;
    };
    Some(RetryAfter::parse(retry_after.as_deref()?)?.from(now))
}

/// Why the terminals after this one would fail alike, or would do harm; `None` when they would not.
fn ends_batch(error: &Error) -> Option<BatchStop> {
    match error {
        Error::Retrieval(
            RetrievalError::IntentNotWritten { .. } | RetrievalError::AnswerNotWritten { .. },
        )
        | Error::Disk(_)
        | Error::Ledger(_)
        | Error::Custody(_)
        | Error::Person(_) => Some(BatchStop::Here),
        // Too many requests, or a site that is not there: the next one fares no better.
        Error::Retrieval(RetrievalError::Refused {
            reason: RefusalReason::Unknown,
            status: Some(429 | 503),
            ..
        }) => Some(BatchStop::Closed),
        Error::Retrieval(error) => match error.reason()? {
            "locked" => Some(BatchStop::Locked),
            "maintenance" => Some(BatchStop::Closed),
            "network-error" => Some(BatchStop::Network),
            "tls-refused" => Some(BatchStop::Tls),
            "form-not-recognised" => Some(BatchStop::FormNotRecognised),
            "needs-attention" => Some(BatchStop::NeedsAttention),
            _ => None,
        },
        // A site that mixes terminals up would spend the letters of all that wait.
        Error::SameCertificate { .. } => Some(BatchStop::SameCertificate),
        Error::FormChanged => Some(BatchStop::NeedsAttention),
        _ => None,
    }
}

/// Refused pairs in a row after which a batch stops.
const MOST_BAD_PAIRS: usize = 2;

/// A site that is closed for longer is asked by a later run.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
