//! `retrieve`: one submission per terminal, everything that comes back kept before it is believed.
//!
//! Order per terminal: password sealed → answer's place reserved → intent written and synced → POST → body
//! written as it arrives, synced → judged → opened and held against the letter → saved → `retrieved`. After a
//! crash at any point a plain re-run finishes from what is on disk and never submits again (design rule 3).

mod answers;
mod attempt;
mod batch;
mod forms;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Runtime;

use crate::credential::{self, CredentialError, Examination};
use crate::custody::PathKind;
use crate::custody::files;
use crate::custody::names::safe_file_name;
use crate::domain::{
    CertificateFacts, CertificatePassword, Pkcs12, Problem, ReviewedIssuance, Text, fold_typed,
    japan_date,
};
use crate::ledger::{
    Actor, Attempt, AttemptId, Event, FileHash, IssuanceState, Record, RecordId, RefusedReason,
    RelativePath, Remark, Retrieved, SealedId, SiteKind, StopReason, SubmissionRequest,
    UnclearReason,
};
use crate::retrieval::{self, Effect, RetrievalError, Site};

use super::error::Error;
use super::installing::terminal_folder;
use super::person::{Person, PersonError, Question};
use super::{Desk, Outcome, name_of};
use answers::{Answers, Kept};
use attempt::{Ask, Asked, Ended, Reply, Task, Turn};
use batch::{Batch, Next};
use forms::Forms;

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
    was_unclear: bool,
}

/// What a record's turn comes to.
enum Prepared {
    /// A conversation with the site.
    Turn(Box<Turn>),
    /// Nothing: its file is there.
    Already(Retrieval),
}

/// The certificate password of a file that exists: from a file, or asked once.
pub fn known_password(
    given: Option<SecretString>,
    person: &mut dyn Person,
) -> Result<CertificatePassword, Error> {
    let typed = match given {
        Some(text) => text,
        None if person.is_present() => person.key_hidden(&Text::new(
            "証明書パスワード（数字4桁）:",
            "Certificate password (4 digits):",
        ))?,
        None => return Err(nobody_for_the_password()),
    };
    // Exposed to be folded and parsed into the password's own type.
    Ok(fold_typed(typed.expose_secret()).parse()?)
}

fn nobody_for_the_password() -> Error {
    Error::Person(PersonError::Absent {
        question: Text::new(
            "証明書パスワード（数字4桁）",
            "the certificate password (4 digits)",
        ),
        cure: Text::new(
            "--password-file FILE を付けるか、環境変数 NOTICERT_PASSWORD_FILE にファイルを指定してください。",
            "Give --password-file FILE, or name the file in NOTICERT_PASSWORD_FILE.",
        ),
    })
}

impl Desk<'_> {
    /// The certificate password to choose: from a file, or asked twice.
    pub fn choose_password(
        &mut self,
        given: Option<SecretString>,
    ) -> Result<CertificatePassword, Error> {
        if let Some(text) = given {
            // Exposed to be folded and parsed into the password's own type.
            return Ok(fold_typed(text.expose_secret()).parse()?);
        }
        if !self.person.is_present() {
            return Err(nobody_for_the_password());
        }
        self.person.tell(&Text::new(
            "証明書パスワード（数字4桁）を決めてください。忘れると再申請（1,500円＋郵送753円、約1週間）になります。紙にも控えてください。",
            "Choose the certificate password (4 digits). Forgetting it means a new application (1,500 + 753 yen, about a week): write it down too.",
        ));
        let first = self
            .person
            .key_hidden(&Text::new("証明書パスワード:", "Certificate password:"))?;
        // Exposed to be folded and parsed.
        let first: CertificatePassword = fold_typed(first.expose_secret()).parse()?;
        let second = self
            .person
            .key_hidden(&Text::new("もう一度（確認用）:", "Once more:"))?;
        match fold_typed(second.expose_secret()).parse() {
            Ok(second) if first == second => Ok(first),
            _ => Err(Error::PasswordsDiffer),
        }
    }

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
    ) -> Result<Vec<Outcome<Retrieval>>, Error> {
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
                let may_start = run.under_way.len() < choice.jobs.get() && !self.stop.is_wanted();
                if may_start && let Some(id) = run.batch.next() {
                    if let Some(turn) = self.take_up(id, &mut run, choice, password, again)? {
                        let (desk, runtime) = (desk.clone(), runtime.handle().clone());
                        scope.spawn(move || attempt::hold(turn, &choice.site, &runtime, &desk));
                    }
                    run.batch.rest(choice.pause);
                    continue;
                }
                let is_resting = may_start && run.batch.is_resting();
                if run.under_way.is_empty() && !is_resting {
                    return Ok(());
                }
                match asked.recv_timeout(BREATH) {
                    Ok(question) => self.answer(question, &mut run, choice)?,
                    Err(_) => run.batch.rested(BREATH),
                }
            }
        })
        .map(|()| run.outcomes)
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
                    was_unclear: matches!(record.state, IssuanceState::Unclear { .. }) && !again,
                    record,
                };
                run.under_way.insert(turn.record, going);
                Ok(Some(*turn))
            }
            Ok(Prepared::Already(kept)) => {
                self.conclude(run, id, name, Ok(kept), false);
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
            IssuanceState::Unclear { .. }
            | IssuanceState::Confirmed { .. }
            | IssuanceState::Refused { .. }
                if again =>
            {
                self.consent_to_again()?;
            }
            state => {
                if let Some(kept) = state.credential() {
                    return Ok(Prepared::Already(Retrieval {
                        p12: kept.p12.under(self.data()),
                        facts: None,
                        checks: Vec::new(),
                        problems: Vec::new(),
                        already: true,
                    }));
                }
                return Err(Error::WrongState {
                    state: state.name(),
                    wanted: "confirmed",
                });
            }
        }
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
            task: Task::Finish(kept),
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

    /// Writes down how a conversation ended.
    fn settle_turn(
        &mut self,
        going: &Going,
        ended: Ended,
        forms: &mut Forms,
        choice: &SiteChoice,
    ) -> Result<Retrieval, Error> {
        let attempt = going.answers.was_begun().then_some(going.attempt);
        match ended {
            Ended::File { file, form } => {
                let kept = self.keep(going, attempt, file)?;
                if let Some(form) = form {
                    self.note_form(going.record.id, form, forms, choice)?;
                }
                Ok(kept)
            }
            Ended::FormDeclined => {
                let event = Event::NotSubmitted {
                    attempt: None,
                    reason: StopReason::NeedsAttention,
                };
                self.ledger
                    .append(going.record.id, self.now(), Actor::Program, event)?;
                Err(Error::FormChanged)
            }
            Ended::Failed(RetrievalError::AnswerNotWritten {
                source,
                rescued: Some(file),
            }) => {
                // The journal failed but the file is whole in memory: saving it comes before everything.
                match self.keep(going, attempt, file) {
                    Ok(kept) => Ok(kept),
                    Err(_) => {
                        let error = RetrievalError::AnswerNotWritten {
                            source,
                            rescued: None,
                        };
                        self.note_failure(going, attempt, &error)?;
                        Err(error.into())
                    }
                }
            }
            Ended::Failed(error) => {
                self.note_failure(going, attempt, &error)?;
                self.forget_answer(going)?;
                Err(error.into())
            }
        }
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
                "取得サイトは休止中です。サイトの案内（Retry-After）に従い、{seconds}秒待って続けます。中断は Ctrl-C（送信済みのものはありません）。"
            ),
            format!(
                "The site is closed. As it asks (Retry-After), going on in {seconds} s. Ctrl-C stops (nothing is under way)."
            ),
        ));
    }

    /// Opens the file, holds it against the letter, saves it and writes `retrieved`.
    fn keep(
        &mut self,
        going: &Going,
        attempt: Option<AttemptId>,
        pkcs12: Pkcs12,
    ) -> Result<Retrieval, Error> {
        let (record, issuance) = (&going.record, going.reviewed.issuance());
        let folder = terminal_folder(self.data(), record);
        let name = format!("{}_{}.p12", file_name_of(&folder), issuance.validity.to());
        let name = safe_file_name(&name);
        let sha256 = pkcs12.sha256();
        files::create_dir(&folder, PathKind::SavedFile)?;
        // Saved before it is judged: even a file that fails its checks may be all there is.
        let path = files::write_new_owner_only_atomic(&folder, &name, pkcs12.expose())?;
        let expected = credential::Expected {
            letter: Some(issuance),
            issuer_family: &self.config.certificate.issuer_family,
            key_derivation_rounds: self.config.limits.key_derivation_rounds,
        };
        let examined = credential::examine(pkcs12, &going.password, &expected, self.now());
        match examined.and_then(proven) {
            Ok((facts, checks, problems)) => {
                let event = Event::Retrieved(Retrieved {
                    attempt,
                    p12: RelativePath::inside(self.data(), &path)
                        .map_err(|_| Error::KeptFileChanged { path: path.clone() })?,
                    sha256: FileHash(sha256),
                    password: going.sealed,
                    fingerprint: facts.fingerprint,
                    serial_number: facts.serial_number.clone(),
                    not_before: facts.not_before,
                    not_after: facts.not_after,
                    problem: problems.first().map(Remark::from),
                });
                self.ledger
                    .append(record.id, self.now(), Actor::Program, event)?;
                self.forget_answer(going)?;
                Ok(Retrieval {
                    p12: path,
                    facts: Some(facts),
                    checks,
                    problems,
                    already: false,
                })
            }
            Err(source) => {
                let event = Event::Unclear {
                    attempt,
                    reason: UnclearReason::InvalidP12,
                };
                self.ledger
                    .append(record.id, self.now(), Actor::Program, event)?;
                Err(Error::InvalidP12 { path, source })
            }
        }
    }

    fn note_failure(
        &mut self,
        going: &Going,
        attempt: Option<AttemptId>,
        error: &RetrievalError,
    ) -> Result<(), Error> {
        let event = match error.effect() {
            Effect::StaysConfirmed => {
                let Some(reason) = error.reason().and_then(StopReason::named) else {
                    return Ok(());
                };
                Event::NotSubmitted { attempt, reason }
            }
            Effect::Refused => Event::Refused {
                attempt,
                reason: error
                    .reason()
                    .and_then(RefusedReason::named)
                    .unwrap_or(RefusedReason::Unknown),
                sentence: match error {
                    RetrievalError::Refused { sentence, .. } => sentence.clone(),
                    _ => None,
                },
            },
            // What was unclear and is so still needs no second word.
            Effect::Unclear if going.was_unclear => return Ok(()),
            Effect::Unclear => Event::Unclear {
                attempt,
                reason: match error {
                    RetrievalError::InvalidFile { .. } => UnclearReason::InvalidP12,
                    _ => UnclearReason::NoWholeAnswer,
                },
            },
        };
        self.ledger
            .append(going.record.id, self.now(), Actor::Program, event)?;
        Ok(())
    }

    /// Wipes the kept answer once its content is saved under its own name or understood as a refusal. A page that
    /// was not understood stays without the secrets that it repeats.
    ///
    /// An answer that settled nothing stays as it is: it may be all there is.
    fn forget_answer(&mut self, going: &Going) -> Result<(), Error> {
        let state = self.ledger.record(going.record.id)?.state;
        let is_not_understood = matches!(
            state,
            IssuanceState::Refused {
                reason: RefusedReason::Unknown,
                ..
            } | IssuanceState::Confirmed { asked: true, .. }
        );
        match state {
            IssuanceState::Unclear { .. } | IssuanceState::Submitting { .. } => return Ok(()),
            _ if is_not_understood && going.answers.was_begun() => {
                let kept = going.answers.kept()?;
                let content_type = kept.end.as_ref().and_then(|end| end.content_type.as_deref());
                let issuance = going.reviewed.issuance();
                let page =
                    retrieval::masked_page(&kept.bytes, content_type, issuance, &going.password);
                going.answers.keep_page(&page)?;
            }
            _ => {}
        }
        going.answers.wipe()?;
        Ok(())
    }

    fn insists_after(&mut self, deadline: jiff::civil::Date) -> Result<bool, Error> {
        if !self.person.is_present() {
            return Ok(false);
        }
        let question = Question::plain(
            format!(
                "取得期限 {deadline} を過ぎています。サイトはおそらく渡しません。それでも送信しますか？ [y/N]"
            ),
            format!(
                "The deadline {deadline} has passed; the site will hardly hand it out. Submit all the same? [y/N]"
            ),
        );
        // Exposed to be compared with a letter.
        let typed = self.person.key(&question)?;
        Ok(matches!(typed.expose_secret().trim(), "y" | "Y" | "はい"))
    }

    fn consent_to_again(&mut self) -> Result<(), Error> {
        let ja = "前の送信の結果が分かっていません（または拒否されました）。先に、インターネットのパソコンかスマートフォンで「電子証明書申請状況照会」を開き、\nこのリクエストIDの ダウンロード有無 を確かめてください。もう一度送信すると、サイトが取得済みとして断ることがあります。送り直しますか？ 送るなら「送る」と入力:";
        let en = "The outcome of the earlier submission is unknown (or it was refused). First open 電子証明書申請状況照会 on an internet PC or phone\nand read ダウンロード有無 for this request ID. Sending again may be answered as already retrieved. To send again, type “send”:";
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: Text::new(ja, en),
                cure: Text::new(
                    "人が画面の前で noticert retrieve --again を実行してください。--yes では送り直しません。",
                    "A person has to run noticert retrieve --again at a terminal; --yes never sends again.",
                ),
            }));
        }
        let typed = self.person.key(&Question::plain(ja, en))?;
        // Exposed to be compared with a word.
        match typed.expose_secret().trim() {
            "送る" | "send" => Ok(()),
            _ => Err(Error::OutcomeUnknown),
        }
    }
}

fn proven(
    examination: Examination,
) -> Result<(CertificateFacts, Vec<credential::Check>, Vec<Problem>), CredentialError> {
    let checks = examination.checks.clone();
    let problems = examination.problems();
    let verified = examination.into_verified()?;
    Ok((verified.facts().clone(), checks, problems))
}

pub(super) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Runtime)
}

fn file_name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// How long the desk listens before it looks whether something else is due.
const BREATH: Duration = Duration::from_millis(100);
