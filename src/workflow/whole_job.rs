//! `run`: the whole job in one go, asking only what it must.

use std::num::NonZeroUsize;

use secrecy::SecretString;

use crate::domain::Text;
use crate::intake::Source;
use crate::ledger::{IssuanceState, Record, RecordId};
use crate::retrieval;

use super::error::Error;
use super::installing::{Destination, Installation};
use super::reading::ReadOutcome;
use super::retrieving::{Retrievals, SiteChoice, runtime};
use super::reviewing::Reviewed;
use super::{Desk, Outcome};

/// Whether the site could be reached.
#[derive(Debug)]
pub enum Route {
    /// Its form was found; nothing was sent.
    Reached,
    /// There is no route: the job goes on at the terminal.
    None(Error),
    /// Nothing had to be retrieved.
    NotNeeded,
}

/// What became of the whole job.
#[derive(Debug)]
pub struct WholeJob {
    /// What was read.
    pub read: ReadOutcome,
    /// What was settled; `None` when nothing waited or nobody was there.
    pub reviewed: Option<Reviewed>,
    /// Sheets that still wait for a person.
    pub waiting: usize,
    /// Whether the site was reached.
    pub route: Route,
    /// Each terminal's retrieval.
    pub retrieved: Retrievals,
    /// Terminals whose turn to be retrieved did not come.
    pub left: usize,
    /// Each installation that was tried.
    pub installed: Vec<Outcome<Installation>>,
}

impl Desk<'_> {
    /// Reads, reviews, retrieves, verifies and installs what `sources` hold.
    ///
    /// Reachability is tested before a password is asked. Without a route it ends after the review.
    pub fn whole_job(
        &mut self,
        sources: Vec<Source>,
        jobs: NonZeroUsize,
        choice: &SiteChoice,
        password: Option<SecretString>,
        destination: &Destination,
    ) -> Result<WholeJob, Error> {
        let read = self.read(sources, jobs)?;
        let mut job = WholeJob {
            reviewed: None,
            waiting: 0,
            route: Route::NotNeeded,
            retrieved: Retrievals::none(),
            left: 0,
            installed: Vec::new(),
            read,
        };
        if !self.review_queue()?.is_empty() && self.person.is_present() {
            job.reviewed = Some(self.review()?);
        }
        job.waiting = self.review_queue()?.len();

        let mut mine: Vec<RecordId> = Vec::new();
        for recorded in &job.read.recorded {
            let head = self.ledger.record(recorded.record)?.id;
            if !mine.contains(&head) {
                mine.push(head);
            }
        }
        let open = self.of_these(&mine, |record| self.waits_for_retrieval(record))?;
        if !open.is_empty() {
            self.progress.step(&Text::new(
                format!("取得サイト {} に届くか確かめています…", choice.site.host()),
                format!("Checking the way to {} …", choice.site.host()),
            ));
            job.route = match runtime()?.block_on(retrieval::reach(&choice.site)) {
                Ok(_) => Route::Reached,
                Err(error) => Route::None(error.into()),
            };
            if matches!(job.route, Route::None(_)) {
                return Ok(job);
            }
            let password = self.choose_password(password)?;
            job.retrieved = self.retrieve(&open, choice, &password, false)?;
            job.left = open.len() - job.retrieved.outcomes.len();
        }
        let retrieved = self.of_these(&mine, |record| {
            matches!(record.state, IssuanceState::Retrieved { .. })
        })?;
        if !retrieved.is_empty() {
            job.installed = self.install(&retrieved, destination)?;
        }
        Ok(job)
    }

    fn of_these(
        &self,
        ids: &[RecordId],
        fits: impl Fn(&Record) -> bool,
    ) -> Result<Vec<RecordId>, Error> {
        let mut fitting = Vec::new();
        for id in ids {
            let record = self.ledger.record(*id)?;
            if fits(&record) {
                fitting.push(record.id);
            }
        }
        Ok(fitting)
    }
}
