//! `retrieve`: one submission per terminal, everything that comes back kept before it is believed.
//!
//! Order per terminal: password sealed → answer's place reserved → intent written and synced → POST → body
//! written as it arrives, synced → judged → opened and held against the letter → saved → `retrieved`. After a
//! crash at any point a plain re-run finishes from what is on disk and never submits again (design rule 3).

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::credential::{self, CredentialError, Examination};
use crate::custody::PathKind;
use crate::custody::files;
use crate::custody::names::safe_file_name;
use crate::custody::spool::Spool;
use crate::domain::{
    CertificateFacts, CertificatePassword, Issuance, Pkcs12, Problem, Text, fold_typed, japan_date,
};
use crate::ledger::{
    Actor, Attempt, AttemptId, Event, FileHash, IssuanceState, Ledger, Record, RecordId,
    RefusedReason, RelativePath, Remark, Retrieved, SealedId, SiteKind, StopReason,
    SubmissionRequest, UnclearReason,
};
use crate::retrieval::{
    self, AnswerEnd, Effect, Intent, Journal, JournalError, KeptAnswer, RetrievalError, Site,
};

use super::error::Error;
use super::installing::terminal_folder;
use super::person::{Person, PersonError, Question};
use super::stop::Stop;
use super::{Desk, Outcome, name_of};

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

    /// Retrieves for each record in turn; one terminal's failure does not stop the others.
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
        let mut outcomes: Vec<Outcome<Retrieval>> = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let record = self.ledger.record(*id)?;
            let name = name_of(&record);
            if self.stop.is_wanted() {
                return Ok(outcomes);
            }
            if at > 0 && !choice.pause.is_zero() {
                std::thread::sleep(choice.pause);
            }
            self.progress.step(&Text::new(
                format!("[{}/{}] {} を取得しています…", at + 1, ids.len(), name.ja),
                format!("[{}/{}] Retrieving {} …", at + 1, ids.len(), name.en),
            ));
            let result = self.retrieve_one(&runtime, &record, choice, password, again);
            let ends_batch = result
                .as_ref()
                .is_err_and(|error| ends_batch(error) || two_bad_pairs(&outcomes, error));
            outcomes.push(Outcome {
                record: *id,
                name,
                result,
            });
            if ends_batch {
                break;
            }
        }
        Ok(outcomes)
    }

    fn retrieve_one(
        &mut self,
        runtime: &Runtime,
        record: &Record,
        choice: &SiteChoice,
        password: &CertificatePassword,
        again: bool,
    ) -> Result<Retrieval, Error> {
        match &record.state {
            IssuanceState::Submitting { attempt } => {
                let attempt = attempt.clone();
                return self.finish_from_disk(record, &attempt, &choice.site);
            }
            IssuanceState::Confirmed { .. } => {}
            IssuanceState::Unclear { .. } if !again => return Err(Error::OutcomeUnknown),
            IssuanceState::Unclear { .. } | IssuanceState::Refused { .. } if again => {
                self.ledger.require_at_home(record.id)?;
                self.consent_to_again()?;
            }
            state => {
                if let Some(kept) = state.credential() {
                    return Ok(Retrieval {
                        p12: kept.p12.under(self.data()),
                        facts: None,
                        checks: Vec::new(),
                        problems: Vec::new(),
                        already: true,
                    });
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
        let mut journal = AttemptJournal {
            record: record.id,
            attempt,
            answer_file,
            password: sealed,
            kind: choice.kind,
            again,
            room: u64::from(self.config.limits.answer_kilobytes) * 1024,
            spool: None,
            clock: self.clock,
            stop: self.stop,
            ledger: &mut self.ledger,
        };
        let answered = runtime.block_on(retrieval::retrieve(
            &choice.site,
            &reviewed,
            password,
            &mut journal,
        ));
        let begun = journal.spool_was_opened();
        self.stop.set_submitting(false);
        let attempt = begun.then_some(attempt);
        match answered {
            Ok(pkcs12) => self.keep(
                record,
                reviewed.issuance(),
                attempt,
                pkcs12,
                password,
                sealed,
            ),
            Err(RetrievalError::AnswerNotWritten {
                source,
                rescued: Some(pkcs12),
            }) => {
                // The journal failed but the file is whole in memory: saving it comes before everything.
                match self.keep(
                    record,
                    reviewed.issuance(),
                    attempt,
                    pkcs12,
                    password,
                    sealed,
                ) {
                    Ok(kept) => Ok(kept),
                    Err(_) => {
                        let error = RetrievalError::AnswerNotWritten {
                            source,
                            rescued: None,
                        };
                        self.note_failure(record.id, attempt, &error)?;
                        Err(error.into())
                    }
                }
            }
            Err(error) => {
                self.note_failure(record.id, attempt, &error)?;
                self.forget_answer(record.id, attempt)?;
                Err(error.into())
            }
        }
    }

    /// Goes on after a crash: judges the answer that is on disk, or says that the outcome is not known.
    fn finish_from_disk(
        &mut self,
        record: &Record,
        attempt: &Attempt,
        site: &Site,
    ) -> Result<Retrieval, Error> {
        let path = attempt.answer_file.under(self.data());
        // A file that was never made is an answer that never began.
        let bytes = Zeroizing::new(read_if_there(&path)?);
        let form_text = String::from_utf8_lossy(&read_if_there(&form_file(&path))?).into_owned();
        let reviewed = self.ledger.rebuild_reviewed(record.id)?;
        let password = self.ledger.password(attempt.password)?;
        let kept = KeptAnswer {
            bytes: &bytes,
            form_text: &form_text,
            end: None,
        };
        match retrieval::judge_kept(&kept, reviewed.issuance(), &password, site) {
            Ok(pkcs12) => self.keep(
                record,
                reviewed.issuance(),
                Some(attempt.id),
                pkcs12,
                &password,
                attempt.password,
            ),
            Err(error) => {
                self.note_failure(record.id, Some(attempt.id), &error)?;
                Err(error.into())
            }
        }
    }

    /// Opens the file, holds it against the letter, saves it and writes `retrieved`.
    fn keep(
        &mut self,
        record: &Record,
        issuance: &Issuance,
        attempt: Option<AttemptId>,
        pkcs12: Pkcs12,
        password: &CertificatePassword,
        sealed: SealedId,
    ) -> Result<Retrieval, Error> {
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
        let examined = credential::examine(pkcs12, password, &expected, self.now());
        match examined.and_then(proven) {
            Ok((facts, checks, problems)) => {
                let event = Event::Retrieved(Retrieved {
                    attempt,
                    p12: RelativePath::inside(self.data(), &path)
                        .map_err(|_| Error::KeptFileChanged { path: path.clone() })?,
                    sha256: FileHash(sha256),
                    password: sealed,
                    fingerprint: facts.fingerprint,
                    serial_number: facts.serial_number.clone(),
                    not_before: facts.not_before,
                    not_after: facts.not_after,
                    problem: problems.first().map(Remark::from),
                });
                self.ledger
                    .append(record.id, self.now(), Actor::Program, event)?;
                self.forget_answer(record.id, attempt)?;
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
        id: RecordId,
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
            Effect::Unclear => Event::Unclear {
                attempt,
                reason: match error {
                    RetrievalError::InvalidFile { .. } => UnclearReason::InvalidP12,
                    _ => UnclearReason::NoWholeAnswer,
                },
            },
        };
        self.ledger.append(id, self.now(), Actor::Program, event)?;
        Ok(())
    }

    /// Wipes the kept answer once its content is saved under its own name or understood as a refusal.
    ///
    /// An answer that settled nothing stays: it may be all there is.
    fn forget_answer(&mut self, id: RecordId, attempt: Option<AttemptId>) -> Result<(), Error> {
        let Some(attempt) = attempt else {
            return Ok(());
        };
        let state = self.ledger.record(id)?.state;
        if matches!(
            state,
            IssuanceState::Unclear { .. } | IssuanceState::Submitting { .. }
        ) {
            return Ok(());
        }
        let path = RelativePath::answer(attempt).under(self.data());
        for path in [form_file(&path), path] {
            if path.exists() {
                files::wipe(&path)?;
            }
        }
        Ok(())
    }

    pub(super) fn insists_after(&mut self, deadline: jiff::civil::Date) -> Result<bool, Error> {
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

    pub(super) fn consent_to_again(&mut self) -> Result<(), Error> {
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

pub(super) fn proven(
    examination: Examination,
) -> Result<(CertificateFacts, Vec<credential::Check>, Vec<Problem>), CredentialError> {
    let checks = examination.checks.clone();
    let problems = examination.problems();
    let verified = examination.into_verified()?;
    Ok((verified.facts().clone(), checks, problems))
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
        Error::Disk(_) | Error::Ledger(_) | Error::Custody(_) | Error::Person(_) => true,
        _ => false,
    }
}

/// Two refused pairs in a row: a third could lock the place out.
fn two_bad_pairs(outcomes: &[Outcome<Retrieval>], error: &Error) -> bool {
    let is_bad = |error: &Error| matches!(error, Error::Retrieval(error) if error.reason() == Some("bad-ids"));
    is_bad(error)
        && outcomes
            .last()
            .is_some_and(|last| last.result.as_ref().is_err_and(is_bad))
}

pub(super) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::Runtime)
}

/// The file's bytes, none when it was never made. A file that cannot be read now may hold the certificate: that is
/// an error which leaves the record as it is, so that the next run finishes from it.
fn read_if_there(path: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Where the text of the form page lies, beside the answer to it.
fn form_file(answer: &Path) -> PathBuf {
    answer.with_extension("form.txt")
}

pub(super) fn file_name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> JournalError {
    JournalError {
        source: Box::new(source),
    }
}

/// Writes one submission down: the intent before it leaves, the answer as it arrives.
struct AttemptJournal<'a> {
    record: RecordId,
    attempt: AttemptId,
    answer_file: RelativePath,
    password: SealedId,
    kind: SiteKind,
    again: bool,
    room: u64,
    spool: Option<Spool>,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    stop: &'a Stop,
    ledger: &'a mut Ledger,
}

impl AttemptJournal<'_> {
    fn spool_was_opened(&self) -> bool {
        self.answer_file.under(self.ledger.dir()).exists()
    }
}

impl Journal for AttemptJournal<'_> {
    fn intent(&mut self, intent: &Intent<'_>) -> Result<(), JournalError> {
        let path = self.answer_file.under(self.ledger.dir());
        let folder = path.parent().unwrap_or(Path::new("."));
        let name = file_name_of(&path);
        self.spool = Some(Spool::create(folder, &name, self.room).map_err(failed)?);
        // What the form page said is needed to judge the answer after a crash.
        let form = file_name_of(&form_file(&path));
        files::write_new_owner_only_atomic(folder, &form, intent.form_text.as_bytes())
            .map_err(failed)?;
        let request = SubmissionRequest {
            attempt: self.attempt,
            answer_file: self.answer_file.clone(),
            host: intent.host.to_owned(),
            site: self.kind,
            password: self.password,
            again: self.again,
        };
        self.ledger
            .begin_submission(self.record, request, (self.clock)())
            .map_err(failed)?;
        self.stop.set_submitting(true);
        Ok(())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        match &mut self.spool {
            Some(spool) => spool.append(bytes).map_err(failed),
            None => Ok(()),
        }
    }

    fn done(&mut self, _: &AnswerEnd) -> Result<(), JournalError> {
        let Some(spool) = self.spool.take() else {
            return Ok(());
        };
        let spooled = spool.finish().map_err(failed)?;
        let event = Event::AnswerKept {
            attempt: self.attempt,
            bytes: spooled.bytes,
            sha256: FileHash(spooled.sha256),
        };
        self.ledger
            .append(self.record, (self.clock)(), Actor::Program, event)
            .map(drop)
            .map_err(failed)
    }
}
