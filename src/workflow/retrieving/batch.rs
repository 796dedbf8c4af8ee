//! The rules of a batch: a pause between terminals, the site's Retry-After, and when to stop for all.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::RecordId;
use crate::retrieval::{RetrievalError, RetryAfter};

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
        }
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
            return Next::GoOn;
        };
        match error {
            Error::Retrieval(error) if error.reason() == Some("bad-ids") => {
                self.bad_pairs_in_a_row += 1;
            }
            _ => self.bad_pairs_in_a_row = 0,
        }
        let wait = self.asked_wait(error, now);
        match wait {
            Some(wait) if !begun && !self.repeated.contains(&id) => {
                self.repeated.push(id);
                self.waiting.push_front(id);
                self.taken_up -= 1;
                self.rest(wait);
                return Next::WaitAndRepeat(wait);
            }
            Some(wait) if begun && !self.waiting.is_empty() => {
                self.rest(wait);
                return Next::Wait(wait);
            }
            _ => {}
        }
        // A third wrong pair could lock the place out.
        if self.bad_pairs_in_a_row >= MOST_BAD_PAIRS || ends_batch(error) {
            self.waiting.clear();
        }
        Next::GoOn
    }

    /// How long a closed site asks to wait, when several terminals make that worth while.
    fn asked_wait(&self, error: &Error, now: Timestamp) -> Option<Duration> {
        let Error::Retrieval(RetrievalError::Closed {
            retry_after: Some(after),
            ..
        }) = error
        else {
            return None;
        };
        let wait = RetryAfter::parse(after)?.from(now);
        (self.of > 1 && wait <= LONGEST_WAIT).then_some(wait)
    }
}

/// Whether the terminals after this one would fail alike, or would do harm.
fn ends_batch(error: &Error) -> bool {
    match error {
        Error::Retrieval(error) => {
            matches!(
                error.reason(),
                Some(
                    "locked"
                        | "maintenance"
                        | "network-error"
                        | "tls-refused"
                        | "form-not-recognised"
                        | "needs-attention"
                )
            ) || matches!(
                error,
                RetrievalError::IntentNotWritten { .. } | RetrievalError::AnswerNotWritten { .. }
            )
        }
        Error::Disk(_)
        | Error::Ledger(_)
        | Error::Custody(_)
        | Error::Person(_)
        | Error::FormChanged => true,
        _ => false,
    }
}

/// Refused pairs in a row after which a batch stops.
const MOST_BAD_PAIRS: usize = 2;

/// A site that is closed for longer is asked by a later run.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
