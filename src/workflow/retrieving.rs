//! `retrieve`: one submission per terminal, everything that comes back kept before it is believed.
//!
//! Order per terminal: password sealed → answer's place reserved → intent written and synced → POST → body
//! written as it arrives, synced → judged → opened and held against the letter → saved → `retrieved`. After a
//! crash at any point a plain re-run finishes from what is on disk and never submits again (design rule 3).

mod answers;
mod asking;
mod attempt;
mod batch;
mod forms;
mod outcome;
mod sweeping;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::credential;
use crate::domain::{
    CertificateFacts, CertificatePassword, Problem, ReviewedIssuance, Text, japan_date,
};
use crate::ledger::{
    Actor, Attempt, AttemptId, Downloaded, Event, IssuanceState, Record, RecordId, RefusedReason,
    RelativePath, SealedId, SiteKind, SubmissionRequest, UnclearReason,
};
use crate::retrieval::Site;

use super::error::Error;
use super::{Desk, Outcome, name_of};
use answers::{Answers, Kept};
pub(super) use asking::is_yes;
pub use asking::{file_password, known_password};
use attempt::{Ask, Asked, Ended, Reply, Task, Turn};
pub use batch::BatchStop;
use batch::{Batch, Next};
use forms::Forms;
pub(super) use outcome::{ProvenFile, file_name_of, proven};
pub(super) use sweeping::wipe_settled_answers;

/// A certificate file that is kept now.
#[derive(Debug)]
pub struct Retrieval {
    /// The file.
    pub p12: PathBuf,
    /// What its certificate says.
    pub facts: Option<CertificateFacts>,
    /// What was checked, for people.
    pub checks: Vec<credential::Check>,
    /// What is odd about it without being wrong.
    pub problems: Vec<Problem>,
    /// Whether it was there before, so that nothing was submitted.
    pub already: bool,
}

impl Retrieval {
    /// A file that was there before.
    pub(super) fn already(p12: PathBuf) -> Self {
        Self {
            p12,
            facts: None,
            checks: Vec::new(),
            problems: Vec::new(),
            already: true,
        }
    }
}

/// What came of one run over several terminals.
#[derive(Debug)]
pub struct Retrievals {
    /// Of each terminal whose turn came.
    pub outcomes: Vec<Outcome<Retrieval>>,
    /// Why the others had none, when the site or this computer was the reason.
    pub stopped: Option<BatchStop>,
}

impl Retrievals {
    /// Of a run that had nothing to retrieve.
    pub(super) fn none() -> Self {
        Self {
            outcomes: Vec::new(),
            stopped: None,
        }
    }
}

/// The site with what a batch needs to know about it.
pub struct SiteChoice {
    /// The site.
    pub site: Site,
    /// Whether it is the practice site (design rule 10).
    pub kind: SiteKind,
    /// Rest between two terminals.
    pub pause: Duration,
    /// How many terminals may be under way at once.
    pub jobs: NonZeroUsize,
}

/// One run over several terminals.
struct Run {
    batch: Batch,
    outcomes: Vec<Outcome<Retrieval>>,
    under_way: HashMap<RecordId, Going>,
    forms: Forms,
}

/// A terminal whose conversation is under way, as the desk knows it.
struct Going {
    name: Text,
    record: Record,
    reviewed: ReviewedIssuance,
    password: CertificatePassword,
    sealed: SealedId,
    attempt: AttemptId,
    answers: Answers,
    again: bool,
    downloaded: Option<Downloaded>,
    was_unclear: bool,
}

/// What a record's turn comes to.
enum Prepared {
    /// A conversation with the site.
    Turn(Box<Turn>),
    /// Nothing: its file is there.
    Already(Box<Retrieval>),
}

impl Desk<'_> {
    /// Whether `retrieve --all` has something to do for a record: to submit, or to finish what was begun.
    pub fn waits_for_retrieval(&self, record: &Record) -> bool {
        match &record.state {
            IssuanceState::Confirmed { .. } | IssuanceState::Submitting { .. } => true,
            IssuanceState::Unclear {
                reason: UnclearReason::NoWholeAnswer,
                attempt: Some(attempt),
            } => {
                let answers = Answers::of(&attempt.answer_file, self.data());
                answers.kept().is_ok_and(|kept| kept.leads_on())
            }
            _ => false,
        }
    }

    /// Retrieves for each record in turn, several at once where the choice says so; one terminal's failure does
    /// not stop the others.
    ///
    /// `again`: a person asks to send again what was refused or is unclear.
    pub fn retrieve(
        &mut self,
        ids: &[RecordId],
        choice: &SiteChoice,
        password: &CertificatePassword,
        again: bool,
    ) -> Result<Retrievals, Error> {
        let runtime = runtime()?;
        let (desk, asked) = channel();
        let mut run = Run {
            batch: Batch::of(ids),
            outcomes: Vec::new(),
            under_way: HashMap::new(),
            forms: Forms::default(),
        };
        std::thread::scope(|scope| {
            // Dropped at the end whatever ends it, so that no conversation waits for an answer in vain.
            let asked = asked;
            loop {
                let places = choice.jobs.get().min(run.batch.room());
                let may_start = run.under_way.len() < places && !self.stop.is_wanted();
                if may_start && let Some(id) = run.batch.next() {
                    if let Some(turn) = self.take_up(id, &mut run, choice, password, again)? {
                        let (desk, runtime) = (desk.clone(), runtime.handle().clone());
                        scope.spawn(move || attempt::hold(turn, &choice.site, &runtime, &desk));
                        run.batch.rest(choice.pause);
                    }
                    continue;
                }
                let is_resting = may_start && run.batch.is_resting();
                if run.under_way.is_empty() && !is_resting {
                    return Ok(());
                }
                match asked.recv_timeout(BREATH) {
                    Ok(question) => self.answer(question, &mut run, choice)?,
                    // A pause lies between two conversations, so it does not run while all places are taken.
                    Err(_) if is_resting => run.batch.rested(BREATH),
                    Err(_) => {}
                }
            }
        })
        .map(|()| Retrievals {
            stopped: run.batch.stopped(),
            outcomes: run.outcomes,
        })
    }

    /// Prepares a record's turn; one that ends before any conversation is an outcome already.
    fn take_up(
        &mut self,
        id: RecordId,
        run: &mut Run,
        choice: &SiteChoice,
        password: &CertificatePassword,
        again: bool,
    ) -> Result<Option<Turn>, Error> {
        let record = self.ledger.record(id)?;
        let name = name_of(&record);
        let (at, of) = run.batch.place();
        self.progress.step(&Text::new(
            format!("[{at}/{of}] {} を取得しています…", name.ja),
            format!("[{at}/{of}] Retrieving {} …", name.en),
        ));
        match self.prepare(&record, choice, password, again) {
            Ok(Prepared::Turn(turn)) => {
                let going = Going {
                    name,
                    reviewed: self.ledger.rebuild_reviewed(record.id)?,
                    password: turn.password.clone(),
                    sealed: turn.sealed,
                    attempt: turn.attempt,
                    answers: Answers::of(&turn.answer_file, self.data()),
                    again,
                    downloaded: turn.downloaded,
                    was_unclear: matches!(record.state, IssuanceState::Unclear { .. }) && !again,
                    record,
                };
                run.under_way.insert(turn.record, going);
                Ok(Some(*turn))
            }
            Ok(Prepared::Already(kept)) => {
                self.conclude(run, id, name, Ok(*kept), false);
                Ok(None)
            }
            Err(error) => {
                self.conclude(run, id, name, Err(error), false);
                Ok(None)
            }
        }
    }

    fn prepare(
        &mut self,
        record: &Record,
        choice: &SiteChoice,
        password: &CertificatePassword,
        again: bool,
    ) -> Result<Prepared, Error> {
        let mut downloaded = None;
        match &record.state {
            IssuanceState::Submitting { attempt } => {
                let kept = Answers::of(&attempt.answer_file, self.data()).kept()?;
                return self.prepare_finishing(record, attempt, kept);
            }
            IssuanceState::Unclear {
                reason: UnclearReason::NoWholeAnswer,
                attempt: Some(attempt),
            } if !again => {
                let kept = Answers::of(&attempt.answer_file, self.data()).kept()?;
                return match kept.leads_on() {
                    true => self.prepare_finishing(record, attempt, kept),
                    false => Err(Error::OutcomeUnknown),
                };
            }
            IssuanceState::Confirmed { asked: false, .. } => {}
            IssuanceState::Unclear { .. } | IssuanceState::Confirmed { .. } if !again => {
                return Err(Error::OutcomeUnknown);
            }
            // Nothing that a person could answer would let it go.
            IssuanceState::Refused {
                reason: RefusedReason::BadIds,
                ..
            } => return Err(Error::PairRefused),
            state @ (IssuanceState::Unclear { .. }
            | IssuanceState::Confirmed { .. }
            | IssuanceState::Refused { .. })
                if again =>
            {
                self.ledger.require_at_home(record.id)?;
                downloaded = Some(self.consent_to_again(state)?);
            }
            IssuanceState::Refused { reason, .. } => {
                return Err(Error::WasRefused { reason: *reason });
            }
            state => {
                if let Some(kept) = state.credential() {
                    let p12 = kept.p12.under(self.data());
                    return Ok(Prepared::Already(Box::new(Retrieval::already(p12))));
                }
                return Err(Error::WrongState {
                    state: state.name(),
                    wanted: "confirmed",
                });
            }
        }
        self.ledger.require_at_home(record.id)?;
        let reviewed = self.ledger.rebuild_reviewed(record.id)?;
        let deadline = reviewed.issuance().retrieval_deadline;
        if japan_date(self.now()) > deadline && !self.insists_after(deadline)? {
            return Err(Error::DeadlinePassed { deadline });
        }
        self.ledger.bind_site(choice.kind)?;
        let now = self.now();
        let sealed = self.ledger.seal_password(record.id, password, now)?;
        let (attempt, answer_file) = self.ledger.new_attempt(now)?;
        Ok(Prepared::Turn(Box::new(Turn {
            record: record.id,
            reviewed,
            password: password.clone(),
            sealed,
            attempt,
            answer_file,
            data: self.data().to_owned(),
            room: self.room(),
            downloaded,
            task: Task::Submit,
        })))
    }

    /// What an earlier run began is finished from disk, or from where the site led; nothing is submitted.
    fn prepare_finishing(
        &self,
        record: &Record,
        attempt: &Attempt,
        kept: Kept,
    ) -> Result<Prepared, Error> {
        Ok(Prepared::Turn(Box::new(Turn {
            record: record.id,
            reviewed: self.ledger.rebuild_reviewed(record.id)?,
            password: self.ledger.password(attempt.password)?,
            sealed: attempt.password,
            attempt: attempt.id,
            answer_file: attempt.answer_file.clone(),
            data: self.data().to_owned(),
            room: self.room(),
            downloaded: None,
            task: Task::Finish(Box::new(kept)),
        })))
    }

    fn room(&self) -> u64 {
        u64::from(self.config.limits.answer_kilobytes) * 1024
    }

    /// Does for a conversation what only the desk can: the ledger, the person, the end.
    fn answer(&mut self, asked: Asked, run: &mut Run, choice: &SiteChoice) -> Result<(), Error> {
        let Asked { record, ask, reply } = asked;
        let Some(going) = run.under_way.get(&record) else {
            return Ok(());
        };
        let answer = match ask {
            Ask::Form(form) => self.judge_form(&form, &mut run.forms, choice)?,
            Ask::Begin { host } => {
                let request = SubmissionRequest {
                    attempt: going.attempt,
                    answer_file: RelativePath::answer(going.attempt),
                    host,
                    site: choice.kind,
                    password: going.sealed,
                    again: going.again,
                    downloaded: going.downloaded,
                };
                let now = self.now();
                match self.ledger.begin_submission(record, request, now) {
                    Ok(_) => {
                        self.stop.set_submitting(true);
                        Reply::Done
                    }
                    Err(error) => Reply::Failed(attempt::failed(error)),
                }
            }
            Ask::Kept { bytes, sha256 } => {
                let event = Event::AnswerKept {
                    attempt: going.attempt,
                    bytes,
                    sha256,
                };
                let written = self
                    .ledger
                    .append(record, self.now(), Actor::Program, event);
                written.map_or_else(|e| Reply::Failed(attempt::failed(e)), |_| Reply::Done)
            }
            Ask::Over(ended) => {
                self.finish_turn(record, ended, run, choice);
                return Ok(());
            }
        };
        if let Some(reply) = reply {
            // A conversation that no longer listens says so by its end.
            let _gone = reply.send(answer);
        }
        Ok(())
    }

    fn finish_turn(&mut self, id: RecordId, ended: Ended, run: &mut Run, choice: &SiteChoice) {
        let Some(going) = run.under_way.remove(&id) else {
            return;
        };
        if run.under_way.is_empty() {
            self.stop.set_submitting(false);
        }
        let begun = going.answers.was_begun();
        let result = self.settle_turn(&going, ended, &mut run.forms, choice);
        self.conclude(run, id, going.name, result, begun);
    }

    /// Takes an outcome down and lets it decide how the batch goes on.
    fn conclude(
        &mut self,
        run: &mut Run,
        id: RecordId,
        name: Text,
        result: Result<Retrieval, Error>,
        begun: bool,
    ) {
        match run.batch.after(id, &result, begun, self.now()) {
            Next::GoOn => {}
            Next::Wait(wait) => self.tell_of_waiting(wait),
            Next::WaitAndRepeat(wait) => {
                self.tell_of_waiting(wait);
                return;
            }
        }
        run.outcomes.push(Outcome {
            record: id,
            name,
            result,
        });
    }

    fn tell_of_waiting(&mut self, wait: Duration) {
        let seconds = wait.as_secs();
        self.person.tell(&Text::new(
            format!(
                "取得サイトの案内（Retry-After）に従い、{seconds}秒待って次へ進みます。やめるときは Ctrl-C"
            ),
            format!(
                "As the site asks (Retry-After), going on in {seconds} s. Ctrl-C stops."
            ),
        ));
    }
}

pub(super) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Runtime)
}

/// How long the desk listens before it looks whether something else is due.
const BREATH: Duration = Duration::from_millis(100);
