//! What a conversation's end means: the file kept and proven, or the failure written down.

use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::super::installing::terminal_folder;
use super::super::{Desk, name_of};
use super::attempt::Ended;
use super::forms::Forms;
use super::{Going, Retrieval, SiteChoice};
use crate::credential::{self, CredentialError, Examination};
use crate::custody::names::safe_file_name;
use crate::custody::{PathKind, files};
use crate::domain::{CertificateFacts, Issuance, Pkcs12, Problem, Text};
use crate::ledger::{
    Actor, AttemptId, Event, FileHash, IssuanceState, Record, RecordId, RefusedReason,
    RelativePath, Remark, Retrieved, SealedId, StopReason, UnclearReason,
};
use crate::retrieval::{self, Effect, RetrievalError};

impl Desk<'_> {
    /// Writes down how a conversation ended.
    pub(super) fn settle_turn(
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
            Ended::Failed(mut error) => {
                // First, so that a crash right after the event leaves the page for a person and its clear text to be
                // wiped.
                let page = keep_page(going, &mut error);
                self.note_failure(going, attempt, &error)?;
                if is_not_understood(&error) {
                    self.tell_of_page(&page);
                }
                // The only copy of a page that was not kept stays where it is until the next run.
                if page.is_ok() {
                    self.forget_answer(going)?;
                }
                Err(error.into())
            }
        }
    }

    /// Opens the file, holds it against the letter, saves it and writes `retrieved`.
    fn keep(
        &mut self,
        going: &Going,
        attempt: Option<AttemptId>,
        pkcs12: Pkcs12,
    ) -> Result<Retrieval, Error> {
        let (record, issuance) = (&going.record, going.reviewed.issuance());
        let sha256 = pkcs12.sha256();
        // Saved before it is judged: even a file that fails its checks may be all there is.
        let path = self.save(record, issuance, pkcs12.expose())?;
        let expected = credential::Expected {
            letter: Some(issuance),
            issuer_family: &self.config.certificate.issuer_family,
            key_derivation_rounds: self.config.limits.key_derivation_rounds,
        };
        let examined = credential::examine(pkcs12, &going.password, &expected, self.now());
        match examined.and_then(proven) {
            Ok(proven) => {
                if let Some(holder) = self.other_letter_of(&proven.0, record.id)? {
                    self.note_invalid(record.id, attempt)?;
                    return Err(Error::SameCertificate {
                        path,
                        holder: name_of(&holder),
                    });
                }
                let file = ProvenFile {
                    attempt,
                    path,
                    sha256: FileHash(sha256),
                    password: going.sealed,
                    proven,
                };
                let kept = self.note_retrieved(record.id, Actor::Program, file)?;
                self.forget_answer(going)?;
                Ok(kept)
            }
            Err(source) => {
                self.note_invalid(record.id, attempt)?;
                Err(Error::InvalidP12 { path, source })
            }
        }
    }

    /// The record of another letter that holds this certificate already.
    ///
    /// A record without a letter came from a back-up of this very terminal, so it contradicts nothing.
    fn other_letter_of(
        &self,
        facts: &CertificateFacts,
        record: RecordId,
    ) -> Result<Option<Record>, Error> {
        let holder = self.other_holder_of(facts, record)?;
        Ok(holder.filter(|holder| holder.request_id.is_some()))
    }

    /// Writes that a whole file came which is not this letter's.
    fn note_invalid(&mut self, record: RecordId, attempt: Option<AttemptId>) -> Result<(), Error> {
        let event = Event::Unclear {
            attempt,
            reason: UnclearReason::InvalidP12,
        };
        self.ledger
            .append(record, self.now(), Actor::Program, event)?;
        Ok(())
    }

    /// Saves a certificate file in its terminal's folder, under a name that says until when it is valid.
    pub(in crate::workflow) fn save(
        &self,
        record: &Record,
        issuance: &Issuance,
        bytes: &[u8],
    ) -> Result<PathBuf, Error> {
        let folder = terminal_folder(self.data(), record);
        let name = format!("{}_{}.p12", file_name_of(&folder), issuance.validity.to());
        files::create_dir(&folder, PathKind::SavedFile)?;
        let name = safe_file_name(&name);
        Ok(files::write_new_owner_only_atomic(&folder, &name, bytes)?)
    }

    /// Writes `retrieved` for a file that is saved and passed its checks.
    pub(in crate::workflow) fn note_retrieved(
        &mut self,
        record: RecordId,
        actor: Actor,
        file: ProvenFile,
    ) -> Result<Retrieval, Error> {
        let (facts, checks, problems) = file.proven;
        let p12 =
            RelativePath::inside(self.data(), &file.path).map_err(|_| Error::KeptFileChanged {
                path: file.path.clone(),
            })?;
        let event = Event::Retrieved(Retrieved {
            attempt: file.attempt,
            p12,
            sha256: file.sha256,
            password: file.password,
            fingerprint: facts.fingerprint,
            serial_number: facts.serial_number.clone(),
            issuer_common_name: facts.issuer_common_name.clone(),
            not_before: facts.not_before,
            not_after: facts.not_after,
            problem: problems.first().map(Remark::from),
        });
        self.ledger.append(record, self.now(), actor, event)?;
        Ok(Retrieval {
            p12: file.path,
            facts: Some(facts),
            checks,
            problems,
            already: false,
        })
    }

    fn note_failure(
        &mut self,
        going: &Going,
        attempt: Option<AttemptId>,
        error: &RetrievalError,
    ) -> Result<(), Error> {
        let event = match error.effect() {
            // That this one was not processed says nothing of the one before it, so a plain re-run stays off.
            Effect::StaysConfirmed if was_turned_away(error) && leaves_doubt(going) => {
                Event::Refused {
                    attempt,
                    reason: RefusedReason::Unknown,
                    sentence: None,
                }
            }
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

    fn tell_of_page(&mut self, page: &Result<PageCopy, Error>) {
        let told = match page {
            Ok(PageCopy::None) => return,
            Ok(PageCopy::Kept(path)) => Text::new(
                format!(
                    "画面の写し（IDとパスワードは伏せ字）を残しました: {}。相談するときは noticert support --to DIR",
                    path.display()
                ),
                format!(
                    "A copy of the page, IDs and password struck out, is kept: {}. To ask for help: noticert support --to DIR",
                    path.display()
                ),
            ),
            Ok(PageCopy::LeftOut) => Text::new(
                "画面にIDかパスワードが伏せきれない形で含まれているため、画面の写しは残していません。",
                "No copy of the page is kept: an ID or the password lies in it in a form that cannot be struck out.",
            ),
            Err(_) => Text::new(
                "画面の写しを書けませんでした（空き容量と書き込みの権限を確かめてください）。",
                "The copy of the page could not be written: check free space and permissions.",
            ),
        };
        self.person.tell(&told);
    }

    /// Wipes the kept answer once its content is saved under its own name or understood as a refusal.
    ///
    /// An answer that settled nothing stays as it is: it may be all there is.
    fn forget_answer(&mut self, going: &Going) -> Result<(), Error> {
        match self.ledger.record(going.record.id)?.state {
            IssuanceState::Unclear { .. } | IssuanceState::Submitting { .. } => Ok(()),
            _ => Ok(going.answers.wipe()?),
        }
    }
}

/// Whether the submission was answered by a closed door.
fn was_turned_away(error: &RetrievalError) -> bool {
    matches!(
        error,
        RetrievalError::Closed {
            submitted: true,
            ..
        } | RetrievalError::SessionTimeout {
            submitted: true,
            ..
        }
    )
}

/// Whether it was sent again, by a person's word, while nobody knew what came of the submission before.
fn leaves_doubt(going: &Going) -> bool {
    let is_open = match &going.record.state {
        IssuanceState::Unclear { .. } | IssuanceState::Confirmed { asked: true, .. } => true,
        IssuanceState::Refused { reason, .. } => *reason == RefusedReason::Unknown,
        _ => false,
    };
    going.again && is_open
}

/// Whether a page came that nobody recognised, so that a person has to look at it.
fn is_not_understood(error: &RetrievalError) -> bool {
    let reason = error.reason();
    match error.effect() {
        Effect::Refused => reason
            .and_then(RefusedReason::named)
            .is_none_or(|reason| reason == RefusedReason::Unknown),
        Effect::StaysConfirmed => matches!(
            reason.and_then(StopReason::named),
            Some(StopReason::NeedsAttention | StopReason::FormNotRecognised)
        ),
        Effect::Unclear => false,
    }
}

/// What became of a page.
enum PageCopy {
    /// It lies there, without the secrets.
    Kept(PathBuf),
    /// A secret lies in it that cannot be struck out.
    LeftOut,
    /// There is none.
    None,
}

/// Keeps the page that ended the attempt without the secrets that it repeats: also one that was understood, because it
/// may have been misunderstood. An answer whose outcome is open stays as it is.
fn keep_page(going: &Going, error: &mut RetrievalError) -> Result<PageCopy, Error> {
    let page = match error.take_page() {
        Some(page) => page,
        None if going.answers.was_begun() && error.effect() != Effect::Unclear => {
            going.answers.kept()?.page()
        }
        None => return Ok(PageCopy::None),
    };
    if page.bytes.is_empty() {
        return Ok(PageCopy::None);
    }
    match retrieval::masked_page(&page, going.reviewed.issuance(), &going.password) {
        Some(masked) => Ok(PageCopy::Kept(going.answers.keep_page(&masked)?)),
        None => Ok(PageCopy::LeftOut),
    }
}

/// What a certificate says, what was checked, and what is odd about it.
type Proven = (CertificateFacts, Vec<credential::Check>, Vec<Problem>);

/// A saved file that passed its checks.
pub(in crate::workflow) struct ProvenFile {
    /// The submission that it answers.
    pub(in crate::workflow) attempt: Option<AttemptId>,
    /// Where it is saved.
    pub(in crate::workflow) path: PathBuf,
    /// Its hash.
    pub(in crate::workflow) sha256: FileHash,
    /// The password that opens it.
    pub(in crate::workflow) password: SealedId,
    /// What its checks gave.
    pub(in crate::workflow) proven: Proven,
}

pub(in crate::workflow) fn proven(examination: Examination) -> Result<Proven, CredentialError> {
    let checks = examination.checks.clone();
    let problems = examination.problems();
    let verified = examination.into_verified()?;
    Ok((verified.facts().clone(), checks, problems))
}

pub(in crate::workflow) fn file_name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
