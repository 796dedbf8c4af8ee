//! From events to a state: total over any sequence, because merged ledgers interleave.
//!
//! The rules are made so that no order of events asks for a second submission: a kept `.p12` outlives every
//! later answer, a submission without an outcome outlives the answer to another one, and an unclear
//! one stays so until a person's word (`again`) or a file settles it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::event::{Confirmed, Event, LoggedEvent, Retrieved, Sheet, Submitting};
use super::ids::{AttemptId, RecordId, SealedId};
use super::state::{
    Attempt, Installation, IssuanceState, KeptAnswer, RefusedReason, StopReason, UnclearReason,
};
use super::words::{FieldName, FileHash, Remark};
use crate::domain::{Field, Fingerprint, RequestId, Status};

/// What the events of one record add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Fold {
    pub(super) sheet: Option<Sheet>,
    pub(super) confirmed: Option<Confirmed>,
    /// Every sealed reference ID, password: what a site's sentence must not repeat.
    pub(super) secrets: Vec<SealedId>,
    /// The password chosen last.
    pub(super) password: Option<SealedId>,
    /// Each password with the hash of the file that it opens, as far as known.
    pub(super) password_of_file: Vec<(FileHash, SealedId)>,
    /// Pairs that the site did not know.
    pub(super) refused_pairs: Vec<Pair>,
    pub(super) links: Vec<RecordId>,
    pub(super) problems: Vec<Remark>,
    /// An event that this version cannot read: nothing may be submitted past it.
    pub(super) unreadable: Option<String>,
    pub(super) changed_at: Option<Timestamp>,
    rejected: Option<Option<Remark>>,
    stopped: Option<StopReason>,
    open: Vec<Sent>,
    unclear: Vec<(UnclearReason, Option<Sent>)>,
    refused: Option<(RefusedReason, Option<String>)>,
    credentials: Vec<Retrieved>,
    installations: BTreeMap<Fingerprint, Installation>,
    service: BTreeMap<Fingerprint, Service>,
}

/// What is sent to the site.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pair {
    pub(super) request_id: RequestId,
    pub(super) reference_id: SealedId,
}

#[derive(Clone, Debug)]
struct Sent {
    attempt: Attempt,
    pair: Pair,
}

#[derive(Clone, Debug)]
enum Service {
    Opened,
    Failed(Option<String>),
}

impl Fold {
    /// Folds events in the order of the log.
    pub(super) fn of<'a>(events: impl IntoIterator<Item = &'a LoggedEvent>) -> Self {
        let mut fold = Self::default();
        events.into_iter().for_each(|event| fold.apply(event));
        fold
    }

    /// Takes the next event.
    pub(super) fn apply(&mut self, logged: &LoggedEvent) {
        self.changed_at = self.changed_at.max(Some(logged.at));
        let Some(event) = &logged.event else {
            self.unreadable.get_or_insert_with(|| logged.kind.clone());
            return;
        };
        match event {
            Event::Read(sheet) | Event::Added(sheet) => self.take_sheet(sheet),
            Event::SeenAgain { differs, .. } if !differs.is_empty() => {
                self.problems.push(differing(differs));
            }
            Event::SeenAgain { .. } | Event::BoundToThisPc { .. } => {}
            Event::Confirmed(confirmed) => self.confirm(confirmed),
            Event::RejectedSheet { reason } => self.rejected = Some(Some(reason.clone())),
            Event::Linked { other } => self.links.push(*other),
            Event::PasswordSealed { password } => {
                self.password = Some(*password);
                self.secrets.push(*password);
            }
            Event::Submitting(submitting) => self.submit(submitting, logged.at),
            Event::AnswerKept {
                attempt,
                bytes,
                sha256,
            } => self.keep_answer(*attempt, *bytes, *sha256),
            Event::NotSubmitted { attempt, reason } => {
                self.close(*attempt);
                self.stopped = Some(*reason);
            }
            Event::Refused {
                attempt,
                reason,
                sentence,
            } => self.refuse(*attempt, *reason, sentence.clone()),
            Event::Unclear { attempt, reason } => {
                let sent = self.close(*attempt);
                self.unclear.push((*reason, sent));
            }
            Event::Retrieved(retrieved) => self.retrieve(retrieved),
            Event::Installed {
                store,
                fingerprint,
                proved,
            } => {
                let installation = Installation {
                    store: store.clone(),
                    proved: *proved,
                    at: logged.at,
                };
                self.installations.insert(*fingerprint, installation);
            }
            Event::ServiceConfirmed => self.serve(Service::Opened),
            Event::ServiceFailed { note } => self.serve(Service::Failed(note.clone())),
        }
    }

    /// Whether it is an issuance at all, and not just a remark about this PC.
    pub(super) fn is_issuance(&self) -> bool {
        self.sheet.is_some()
            || self.confirmed.is_some()
            || self.unreadable.is_some()
            || !self.credentials.is_empty()
    }

    /// A public value in the letter's form: the confirmed one, else what was read.
    pub(super) fn value(&self, field: Field) -> Option<String> {
        let Some(confirmed) = &self.confirmed else {
            let read = self.sheet.as_ref()?.fields.get(&FieldName(field))?;
            return read.value.clone();
        };
        match field {
            Field::Issuer => confirmed.issuer.clone(),
            Field::InstitutionCode => Some(confirmed.institution_code.to_string()),
            Field::TerminalName => confirmed.terminal_name.as_ref().map(ToString::to_string),
            Field::RequestId => Some(confirmed.request_id.to_string()),
            Field::ReferenceId => None,
            Field::ValidFrom => Some(confirmed.valid_from.to_string()),
            Field::ValidTo => Some(confirmed.valid_to.to_string()),
            Field::RetrievalDeadline => Some(confirmed.retrieval_deadline.to_string()),
        }
    }

    /// Where it stands.
    pub(super) fn state(&self) -> IssuanceState {
        if let Some(credential) = self.credentials.last() {
            return self.state_of(credential);
        }
        if let Some(sent) = self.open.last() {
            return IssuanceState::Submitting {
                attempt: sent.attempt.clone(),
            };
        }
        if let Some((reason, sent)) = self.unclear.last() {
            return IssuanceState::Unclear {
                reason: *reason,
                attempt: sent.as_ref().map(|sent| sent.attempt.clone()),
            };
        }
        if let Some((reason, sentence)) = &self.refused {
            return IssuanceState::Refused {
                reason: *reason,
                sentence: sentence.clone(),
            };
        }
        if let Some(reason) = &self.rejected {
            return IssuanceState::Rejected {
                reason: reason.clone(),
            };
        }
        match (&self.confirmed, &self.sheet) {
            (Some(confirmed), _) => IssuanceState::Confirmed {
                confirmed: confirmed.clone(),
                stopped: self.stopped,
            },
            (None, Some(sheet)) => state_of_sheet(sheet),
            (None, None) => IssuanceState::Review,
        }
    }

    fn state_of(&self, credential: &Retrieved) -> IssuanceState {
        let credential = credential.clone();
        let fingerprint = credential.fingerprint;
        let Some(installation) = self.installations.get(&fingerprint).cloned() else {
            return IssuanceState::Retrieved { credential };
        };
        match self.service.get(&fingerprint) {
            None => IssuanceState::Installed {
                credential,
                installation,
            },
            Some(Service::Opened) => IssuanceState::ServiceConfirmed {
                credential,
                installation,
            },
            Some(Service::Failed(note)) => IssuanceState::ServiceFailed {
                credential,
                installation,
                note: note.clone(),
            },
        }
    }

    /// A sheet after a confirmation says something else: that waits for a person, unless it was submitted.
    fn take_sheet(&mut self, sheet: &Sheet) {
        self.secrets.extend(sheet.reference_id);
        self.sheet = Some(sheet.clone());
        self.rejected = None;
        if !self.was_submitted() {
            self.confirmed = None;
        }
    }

    fn confirm(&mut self, confirmed: &Confirmed) {
        self.secrets.push(confirmed.reference_id);
        let is_refused_pair = matches!(self.refused, Some((RefusedReason::BadIds, _)));
        // What an open submission or a kept file was made with stays what they are held against.
        if !self.open.is_empty()
            || !self.credentials.is_empty()
            || (is_refused_pair && !confirmed.rekeyed)
        {
            return;
        }
        if is_refused_pair {
            self.refused = None;
        }
        self.rejected = None;
        self.stopped = None;
        self.confirmed = Some(confirmed.clone());
    }

    fn submit(&mut self, submitting: &Submitting, at: Timestamp) {
        self.password = Some(submitting.password);
        self.secrets
            .extend([submitting.password, submitting.reference_id]);
        if submitting.again {
            self.open.clear();
            self.unclear.clear();
            self.refused = None;
        }
        self.stopped = None;
        self.open.push(Sent {
            attempt: Attempt {
                id: submitting.attempt,
                host: submitting.host.clone(),
                password: submitting.password,
                answer_file: submitting.answer_file.clone(),
                answer: None,
                begun: at,
            },
            pair: Pair {
                request_id: submitting.request_id.clone(),
                reference_id: submitting.reference_id,
            },
        });
    }

    fn keep_answer(&mut self, attempt: AttemptId, bytes: u64, sha256: FileHash) {
        let unclear = self
            .unclear
            .iter_mut()
            .filter_map(|(_, sent)| sent.as_mut());
        let answered = self
            .open
            .iter_mut()
            .chain(unclear)
            .find(|sent| sent.attempt.id == attempt);
        if let Some(sent) = answered {
            sent.attempt.answer = Some(KeptAnswer { bytes, sha256 });
            self.password_of_file.push((sha256, sent.attempt.password));
        }
    }

    fn refuse(
        &mut self,
        attempt: Option<AttemptId>,
        reason: RefusedReason,
        sentence: Option<String>,
    ) {
        let sent = self.close(attempt).map(|sent| sent.pair);
        let in_force = self.confirmed.as_ref().map(|confirmed| Pair {
            request_id: confirmed.request_id.clone(),
            reference_id: confirmed.reference_id,
        });
        if reason == RefusedReason::BadIds {
            self.refused_pairs.extend(sent.or(in_force));
        }
        self.refused = Some((reason, sentence));
    }

    fn retrieve(&mut self, retrieved: &Retrieved) {
        self.close(retrieved.attempt);
        self.secrets.push(retrieved.password);
        self.password_of_file
            .push((retrieved.sha256, retrieved.password));
        self.problems.extend(retrieved.problem.clone());
        self.credentials.push(retrieved.clone());
    }

    /// The word of a person is about the certificate that is in use now.
    fn serve(&mut self, service: Service) {
        if let Some(credential) = self.credentials.last() {
            self.service.insert(credential.fingerprint, service);
        }
    }

    /// Takes a submission off those without an outcome.
    fn close(&mut self, attempt: Option<AttemptId>) -> Option<Sent> {
        let attempt = attempt?;
        let is_it = |sent: &Sent| sent.attempt.id == attempt;
        if let Some(at) = self.open.iter().position(is_it) {
            return Some(self.open.remove(at));
        }
        let at = self
            .unclear
            .iter()
            .position(|(_, sent)| sent.as_ref().is_some_and(is_it))?;
        self.unclear.remove(at).1
    }

    fn was_submitted(&self) -> bool {
        !self.open.is_empty()
            || !self.unclear.is_empty()
            || self.refused.is_some()
            || !self.credentials.is_empty()
    }
}

fn state_of_sheet(sheet: &Sheet) -> IssuanceState {
    match sheet.status {
        Status::Accepted => IssuanceState::Read,
        Status::Review => IssuanceState::Review,
        Status::Rejected => IssuanceState::Rejected {
            reason: sheet.problems.first().cloned(),
        },
    }
}

fn differing(fields: &[String]) -> Remark {
    let names = fields.join(", ");
    Remark::new(
        "reading-differs",
        &format!("同じ通知書の別の読み取りと一致しない項目があります（{names}）。"),
        &format!("another reading of the same letter differs in: {names}"),
    )
}
