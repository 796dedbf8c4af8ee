//! From events to a state: total over any sequence, because merged ledgers interleave.
//!
//! The rules are made so that no order of events asks for a second submission: a kept `.p12` outlives every
//! later answer, a submission without an outcome outlives the answer to another one, and an unclear
//! one stays so until a person's word (`again`) or a file settles it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::custody_events::{BackedUp, Origin, Restored};
use super::event::{
    ByHand, Confirmed, Event, Lending, LoggedEvent, RelativePath, Retrieved, Sheet, Submitting,
};
use super::ids::{AttemptId, CaseId, LedgerId, RecordId, SealedId};
use super::state::{
    Attempt, Backup, Installation, IssuanceState, KeptAnswer, RefusedReason, StopReason,
    UnclearReason,
};
use super::words::{FieldName, FileHash, Remark};
use crate::domain::{Field, Fingerprint, InstitutionCode, RequestId, Status, TerminalName};

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
    rejected: Option<Remark>,
    stopped: Option<StopReason>,
    asked: bool,
    open: Vec<Sent>,
    unclear: Vec<(UnclearReason, Option<Sent>)>,
    refused: Option<(RefusedReason, Option<String>)>,
    credentials: Vec<Retrieved>,
    installations: BTreeMap<Fingerprint, Installation>,
    service: BTreeMap<Fingerprint, Service>,
    /// What a certificate without a letter says of its terminal.
    pub(super) unlettered: Option<(InstitutionCode, Option<TerminalName>)>,
    backups: Vec<Backup>,
    /// Files whose password is elsewhere too.
    elsewhere: Vec<FileHash>,
    /// Certificates from a back-up that no later back-up holds.
    restored: BTreeSet<Fingerprint>,
    superseded: Option<RecordId>,
    lendings: BTreeMap<CaseId, Lending>,
    closed_cases: BTreeSet<CaseId>,
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
    pub(super) fn of(events: Vec<LoggedEvent>) -> Self {
        let mut fold = Self::default();
        events.into_iter().for_each(|event| fold.apply(event));
        fold
    }

    /// Takes the next event.
    pub(super) fn apply(&mut self, logged: LoggedEvent) {
        self.changed_at = self.changed_at.max(Some(logged.at));
        let Some(event) = logged.event else {
            self.unreadable.get_or_insert(logged.kind);
            return;
        };
        match event {
            Event::Read(sheet) | Event::Added(sheet) => self.take_sheet(sheet),
            Event::SeenAgain { differs, .. } if !differs.is_empty() => {
                self.problems.push(differing(&differs));
            }
            Event::SeenAgain { .. }
            | Event::BoundToThisPc { .. }
            | Event::CodeChanged { .. }
            | Event::FormSeen { .. } => {}
            Event::Confirmed(confirmed) => self.confirm(confirmed),
            Event::RejectedSheet { reason } => self.rejected = Some(reason),
            Event::Linked { other } => self.links.push(other),
            Event::PasswordSealed { password } => {
                self.password = Some(password);
                self.secrets.push(password);
            }
            Event::Submitting(submitting) => self.submit(submitting, logged.at),
            Event::SubmittingByHand(by_hand) => self.show(by_hand, logged.at),
            Event::AnswerKept {
                attempt,
                bytes,
                sha256,
            } => self.keep_answer(attempt, KeptAnswer { bytes, sha256 }),
            Event::NotSubmitted { attempt, reason } => {
                self.asked |= attempt.is_some() && reason == StopReason::NeedsAttention;
                self.close(attempt);
                self.stopped = Some(reason);
            }
            Event::Refused {
                attempt,
                reason,
                sentence,
            } => self.refuse(attempt, reason, sentence),
            Event::Unclear { attempt, reason } => {
                let sent = self.close(attempt);
                self.unclear.push((reason, sent));
            }
            Event::Retrieved(retrieved) => self.retrieve(retrieved),
            Event::Installed {
                store,
                fingerprint,
                proved,
            } => {
                let at = logged.at;
                let installation = Installation { store, proved, at };
                self.installations.insert(fingerprint, installation);
            }
            Event::ServiceConfirmed => self.serve(Service::Opened),
            Event::ServiceFailed { note } => self.serve(Service::Failed(note)),
            Event::Lent(lending) => {
                self.lendings.insert(lending.case, lending);
            }
            Event::Returned { case } => {
                // What came home brought the password of its file along.
                self.elsewhere
                    .extend(self.credentials.last().map(|credential| credential.sha256));
                self.closed_cases.insert(case);
            }
            Event::TakenBack { case } => {
                self.closed_cases.insert(case);
            }
            Event::BackedUp(backed_up) => self.back_up(backed_up, logged.at),
            Event::PasswordElsewhere { sha256, .. } => self.elsewhere.push(sha256),
            Event::Restored(restored) => self.restore(restored),
            Event::Superseded { by } => self.superseded = Some(by),
            Event::PasswordSearched { .. } | Event::Removing(_) | Event::PutBack { .. } => {}
        }
    }

    /// The cases with which `lender` let this record go, and which are not back; oldest first.
    pub(super) fn lent_by(&self, lender: LedgerId) -> impl Iterator<Item = &Lending> {
        self.lendings.values().filter(move |lending| {
            lending.lender == lender && !self.closed_cases.contains(&lending.case)
        })
    }

    /// Whether another ledger than `here` lent this record, so that it is expected back there.
    pub(super) fn is_borrowed(&self, here: LedgerId) -> bool {
        self.lendings
            .values()
            .any(|lending| lending.lender != here && !self.closed_cases.contains(&lending.case))
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
            if let (None, Some((code, name))) = (&self.sheet, &self.unlettered) {
                return match field {
                    Field::InstitutionCode => Some(code.to_string()),
                    Field::TerminalName => name.as_ref().map(ToString::to_string),
                    _ => None,
                };
            }
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
                reason: Some(reason.clone()),
            };
        }
        match (&self.confirmed, &self.sheet) {
            (Some(confirmed), _) => IssuanceState::Confirmed {
                confirmed: confirmed.clone(),
                stopped: self.stopped,
                asked: self.asked,
            },
            (None, Some(sheet)) => state_of_sheet(sheet),
            (None, None) => IssuanceState::Review,
        }
    }

    fn state_of(&self, credential: &Retrieved) -> IssuanceState {
        let credential = credential.clone();
        let fingerprint = credential.fingerprint;
        if let Some(by) = self.superseded {
            return IssuanceState::Superseded { credential, by };
        }
        let Some(installation) = self.installations.get(&fingerprint).cloned() else {
            return IssuanceState::Retrieved { credential };
        };
        match self.service.get(&fingerprint) {
            None if self.restored.contains(&fingerprint) => IssuanceState::Restored {
                credential,
                installation,
            },
            None if self.is_backed_up() => IssuanceState::BackedUp {
                credential,
                installation,
            },
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
    fn take_sheet(&mut self, sheet: Sheet) {
        self.secrets.extend(sheet.reference_id);
        self.sheet = Some(sheet);
        self.rejected = None;
        if !self.was_submitted() {
            self.confirmed = None;
        }
    }

    fn confirm(&mut self, confirmed: Confirmed) {
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
        self.confirmed = Some(confirmed);
    }

    fn submit(&mut self, submitting: Submitting, at: Timestamp) {
        self.password = Some(submitting.password);
        self.secrets
            .extend([submitting.password, submitting.reference_id]);
        if submitting.again {
            self.open.clear();
            self.unclear.clear();
            self.refused = None;
        }
        self.stopped = None;
        self.asked = false;
        self.open.push(Sent {
            attempt: Attempt {
                id: submitting.attempt,
                host: submitting.host,
                password: submitting.password,
                answer_file: submitting.answer_file,
                answer: None,
                begun: at,
            },
            pair: Pair {
                request_id: submitting.request_id,
                reference_id: submitting.reference_id,
            },
        });
    }

    /// What a person may have sent is unclear from the moment it is shown; no earlier outcome is forgotten for it.
    fn show(&mut self, by_hand: ByHand, at: Timestamp) {
        self.password = Some(by_hand.password);
        self.secrets
            .extend([by_hand.password, by_hand.reference_id]);
        let sent = Sent {
            attempt: Attempt {
                id: by_hand.attempt,
                host: by_hand.host,
                password: by_hand.password,
                answer_file: RelativePath::answer(by_hand.attempt),
                answer: None,
                begun: at,
            },
            pair: Pair {
                request_id: by_hand.request_id,
                reference_id: by_hand.reference_id,
            },
        };
        self.unclear.push((UnclearReason::ByHand, Some(sent)));
    }

    fn keep_answer(&mut self, attempt: AttemptId, answer: KeptAnswer) {
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
            let password = sent.attempt.password;
            sent.attempt.answer = Some(answer);
            self.password_of_file.push((answer.sha256, password));
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

    fn retrieve(&mut self, retrieved: Retrieved) {
        self.close(retrieved.attempt);
        self.secrets.push(retrieved.password);
        self.password_of_file
            .push((retrieved.sha256, retrieved.password));
        self.problems.extend(retrieved.problem.clone());
        self.credentials.push(retrieved);
    }

    fn back_up(&mut self, backed_up: BackedUp, at: Timestamp) {
        if backed_up.aside.is_none() {
            self.restored.remove(&backed_up.fingerprint);
        }
        self.backups.push(Backup {
            medium: backed_up.medium,
            place: backed_up.place,
            at,
            sha256: backed_up.sha256,
            fingerprint: backed_up.fingerprint,
            sealed: backed_up.sealed,
            aside: backed_up.aside,
        });
    }

    fn restore(&mut self, restored: Restored) {
        if restored.from == Origin::Backup {
            self.restored.insert(restored.credential.fingerprint);
        }
        self.unlettered = Some((restored.institution_code, restored.terminal_name));
        self.retrieve(restored.credential);
    }

    /// The copies of the certificate in use, one for each medium and file, as last seen there.
    pub(super) fn backups(&self) -> Vec<Backup> {
        let mut shown: Vec<Backup> = Vec::new();
        let Some(credential) = self.credentials.last() else {
            return shown;
        };
        for backup in &self.backups {
            if backup.fingerprint == credential.fingerprint {
                shown
                    .retain(|known| known.medium != backup.medium || known.sha256 != backup.sha256);
                shown.push(backup.clone());
            }
        }
        shown
    }

    /// Whether the password of the file in use is elsewhere than on this PC too.
    pub(super) fn password_is_elsewhere(&self) -> bool {
        self.credentials
            .last()
            .is_some_and(|credential| self.elsewhere.contains(&credential.sha256))
    }

    /// Design rule 11.
    fn is_backed_up(&self) -> bool {
        self.password_is_elsewhere() && self.backups().iter().any(Backup::counts)
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

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use proptest::sample::select;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ConfirmedBy;
    use crate::ledger::custody_events::PasswordPlace;
    use crate::ledger::event::Actor;
    use crate::ledger::ids::EventId;
    use crate::ledger::record::records_of;

    fn id(number: u8) -> Uuid {
        Uuid::from_bytes([number; 16])
    }

    fn attempt() -> impl Strategy<Value = AttemptId> {
        (1..4_u8).prop_map(|number| AttemptId::new(id(number)))
    }

    fn fingerprint() -> impl Strategy<Value = Fingerprint> {
        (0..2_u8).prop_map(|number| Fingerprint::of(&[number]))
    }

    fn remark() -> Remark {
        Remark::new("test", "試験", "test")
    }

    fn sheet(status: Status) -> Sheet {
        Sheet {
            source: "letter.pdf".to_owned(),
            page: 1,
            index: 1,
            status,
            fields: BTreeMap::new(),
            reference_id: Some(SealedId::new(id(7))),
            crops: BTreeMap::new(),
            problems: vec![remark()],
        }
    }

    fn confirmation(rekeyed: bool) -> Confirmed {
        Confirmed {
            by: ConfirmedBy::Person,
            issuer: None,
            institution_code: "0110113719".parse().unwrap(),
            terminal_name: None,
            request_id: "300000000000001".parse().unwrap(),
            reference_id: SealedId::new(id(7)),
            valid_from: Date::constant(2026, 11, 16),
            valid_to: Date::constant(2030, 2, 16),
            retrieval_deadline: Date::constant(2027, 5, 15),
            rekeyed,
        }
    }

    fn submission(attempt: AttemptId, again: bool) -> Submitting {
        Submitting {
            attempt,
            host: "cert.example.test".to_owned(),
            password: SealedId::new(id(8)),
            request_id: "300000000000001".parse().unwrap(),
            reference_id: SealedId::new(id(7)),
            answer_file: "answers/a.bin".parse().unwrap(),
            again,
            downloaded: None,
        }
    }

    fn by_hand(attempt: AttemptId) -> ByHand {
        ByHand {
            attempt,
            host: "cert.example.test".to_owned(),
            password: SealedId::new(id(8)),
            request_id: "300000000000001".parse().unwrap(),
            reference_id: SealedId::new(id(7)),
            downloaded: None,
        }
    }

    fn retrieval(attempt: Option<AttemptId>, fingerprint: Fingerprint) -> Retrieved {
        Retrieved {
            attempt,
            p12: "a.p12".parse().unwrap(),
            sha256: FileHash([1; 32]),
            password: SealedId::new(id(8)),
            fingerprint,
            serial_number: "01".to_owned(),
            issuer_common_name: None,
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            problem: Some(remark()),
        }
    }

    fn backed_up(fingerprint: Fingerprint, counts: bool) -> BackedUp {
        BackedUp {
            medium: match counts {
                true => "the clinic's".to_owned(),
                false => "to take home".to_owned(),
            },
            place: "/media/stick".to_owned(),
            sha256: FileHash([1; 32]),
            fingerprint,
            sealed: false,
            aside: (!counts).then(remark),
        }
    }

    fn restored(fingerprint: Fingerprint) -> Restored {
        Restored {
            from: Origin::Backup,
            institution_code: "0110113719".parse().unwrap(),
            terminal_name: None,
            credential: retrieval(None, fingerprint),
        }
    }

    fn installed(fingerprint: Fingerprint) -> Event {
        Event::Installed {
            store: "store".to_owned(),
            fingerprint,
            proved: true,
        }
    }

    fn refusal() -> impl Strategy<Value = Event> {
        let attempt = proptest::option::of(attempt());
        let reason = select(RefusedReason::ALL);
        (attempt, reason).prop_map(|(attempt, reason)| Event::Refused {
            attempt,
            reason,
            sentence: None,
        })
    }

    fn event() -> impl Strategy<Value = Event> {
        let status = select(&[Status::Accepted, Status::Review, Status::Rejected][..]);
        let optional = || proptest::option::of(attempt());
        prop_oneof![
            status.prop_map(|status| Event::Read(sheet(status))),
            any::<bool>().prop_map(|rekeyed| Event::Confirmed(confirmation(rekeyed))),
            Just(Event::RejectedSheet { reason: remark() }),
            (1..5_u8).prop_map(|number| Event::Linked {
                other: RecordId::new(id(number))
            }),
            (attempt(), any::<bool>())
                .prop_map(|(attempt, again)| Event::Submitting(submission(attempt, again))),
            attempt().prop_map(|attempt| Event::SubmittingByHand(by_hand(attempt))),
            attempt().prop_map(|attempt| Event::AnswerKept {
                attempt,
                bytes: 1,
                sha256: FileHash([1; 32])
            }),
            (optional(), select(StopReason::ALL))
                .prop_map(|(attempt, reason)| Event::NotSubmitted { attempt, reason }),
            refusal(),
            optional().prop_map(|attempt| Event::Unclear {
                attempt,
                reason: UnclearReason::NoWholeAnswer
            }),
            (optional(), fingerprint())
                .prop_map(|(attempt, it)| Event::Retrieved(retrieval(attempt, it))),
            fingerprint().prop_map(|fingerprint| Event::Installed {
                store: "store".to_owned(),
                fingerprint,
                proved: false
            }),
            Just(Event::ServiceConfirmed),
            Just(Event::CodeChanged {
                old: "0110113719".parse().unwrap(),
                new: "1310411114".parse().unwrap(),
                on: Date::constant(2026, 11, 1),
            }),
            Just(Event::ServiceFailed { note: None }),
            (fingerprint(), any::<bool>())
                .prop_map(|(it, counts)| Event::BackedUp(backed_up(it, counts))),
            Just(Event::PasswordElsewhere {
                sha256: FileHash([1; 32]),
                place: PasswordPlace::Paper,
            }),
            fingerprint().prop_map(|it| Event::Restored(restored(it))),
            (1..5_u8).prop_map(|number| Event::Superseded {
                by: RecordId::new(id(number))
            }),
        ]
    }

    /// An event of one of four records; one in ten cannot be read.
    fn logged() -> impl Strategy<Value = LoggedEvent> {
        let event = proptest::option::weighted(0.9, event());
        (1..5_u8, event).prop_map(|(record, event)| LoggedEvent {
            id: EventId::new(id(9)),
            record: RecordId::new(id(record)),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Program,
            kind: "test".to_owned(),
            event,
        })
    }

    /// The submissions that no outcome and no later word of a person settled.
    fn unsettled(events: &[Event]) -> usize {
        let mut open: Vec<AttemptId> = Vec::new();
        for event in events {
            match event {
                Event::Submitting(submitting) => {
                    if submitting.again {
                        open.clear();
                    }
                    open.push(submitting.attempt);
                }
                Event::NotSubmitted { attempt, .. }
                | Event::Refused { attempt, .. }
                | Event::Unclear { attempt, .. } => {
                    if let Some(at) = open.iter().position(|one| Some(*one) == *attempt) {
                        open.remove(at);
                    }
                }
                _ => {}
            }
        }
        open.len()
    }

    proptest! {
        #[test]
        fn any_log_gives_every_issuance_once(log in vec(logged(), 0..60)) {
            let shown = records_of(log.clone());
            let mut members: Vec<RecordId> = shown
                .iter()
                .flat_map(|record| std::iter::once(record.id).chain(record.also.clone()))
                .collect();
            members.sort_unstable();
            let issuances = members.len();
            members.dedup();
            assert_eq!(members.len(), issuances);
            for logged in log {
                let tells = matches!(
                    logged.event,
                    None | Some(Event::Read(_) | Event::Retrieved(_))
                );
                assert!(!tells || members.contains(&logged.record));
            }
        }

        #[test]
        fn a_kept_file_outlives_whatever_follows(
            before in vec(event(), 0..20),
            after in vec(event(), 0..20),
            fingerprint in fingerprint(),
        ) {
            let kept = Event::Retrieved(retrieval(None, fingerprint));
            let state = state_after(before.into_iter().chain([kept]).chain(after));
            assert!(state.credential().is_some(), "{state:?}");
        }

        #[test]
        fn an_unsettled_submission_is_never_offered_for_sending(events in vec(event(), 0..40)) {
            let is_unsettled = unsettled(&events) > 0;
            let state = state_after(events);
            if is_unsettled {
                let submitted = matches!(state, IssuanceState::Submitting { .. });
                assert!(submitted || state.credential().is_some(), "{state:?}");
            }
        }

        #[test]
        fn an_unclear_outcome_stays_so_until_a_persons_word_or_a_file(
            before in vec(event(), 0..20),
            after in vec(quiet_event(), 0..20),
        ) {
            let lost = [
                Event::Submitting(submission(AttemptId::new(id(6)), false)),
                Event::Unclear {
                    attempt: Some(AttemptId::new(id(6))),
                    reason: UnclearReason::NoWholeAnswer,
                },
            ];
            let state = state_after(before.into_iter().chain(lost).chain(after));
            assert!(state.was_submitted(), "{state:?}");
            assert_ne!(state.name(), "refused");
        }
    }

    #[test]
    fn what_was_shown_for_typing_is_unclear_until_a_word_or_a_file_and_hides_no_earlier_outcome() {
        let attempt = AttemptId::new(id(6));
        let begun = [
            Event::Confirmed(confirmation(false)),
            Event::Refused {
                attempt: None,
                reason: RefusedReason::Unknown,
                sentence: None,
            },
            Event::SubmittingByHand(by_hand(attempt)),
        ];
        let state = state_after(begun.clone());
        assert_eq!((state.name(), state.reason()), ("unclear", Some("by-hand")));
        let put_off = Event::NotSubmitted {
            attempt: Some(attempt),
            reason: StopReason::ByHand,
        };
        assert_eq!(
            state_after(begun.clone().into_iter().chain([put_off])).name(),
            "refused"
        );
        let found = Event::Retrieved(retrieval(Some(attempt), Fingerprint::of(&[1])));
        assert_eq!(
            state_after(begun.into_iter().chain([found])).name(),
            "retrieved"
        );
    }

    #[test]
    fn it_takes_a_counting_copy_and_the_password_elsewhere_to_be_backed_up() {
        let certificate = Fingerprint::of(&[1]);
        let begun = [
            Event::Retrieved(retrieval(None, certificate)),
            installed(certificate),
        ];
        let copy = Event::BackedUp(backed_up(certificate, true));
        let paper = Event::PasswordElsewhere {
            sha256: FileHash([1; 32]),
            place: PasswordPlace::Paper,
        };
        let take_home = Event::BackedUp(backed_up(certificate, false));
        let of_another = Event::BackedUp(backed_up(Fingerprint::of(&[0]), true));
        let state = |more: &[&Event]| {
            let events = begun.iter().chain(more.iter().copied()).cloned();
            state_after(events).name()
        };
        assert_eq!(state(&[&copy]), "installed");
        assert_eq!(state(&[&paper]), "installed");
        assert_eq!(state(&[&take_home, &paper]), "installed");
        assert_eq!(state(&[&of_another, &paper]), "installed");
        assert_eq!(state(&[&paper, &copy]), "backed-up");
        assert_eq!(state(&[&copy, &paper, &take_home]), "backed-up");
    }

    #[test]
    fn what_came_from_a_back_up_is_restored_until_it_is_backed_up_itself() {
        let certificate = Fingerprint::of(&[1]);
        let back = [
            Event::BackedUp(backed_up(certificate, true)),
            Event::Restored(restored(certificate)),
            Event::PasswordElsewhere {
                sha256: FileHash([1; 32]),
                place: PasswordPlace::Paper,
            },
        ];
        let state = |more: Vec<Event>| state_after(back.iter().cloned().chain(more)).name();
        assert_eq!(state(vec![]), "retrieved");
        assert_eq!(state(vec![installed(certificate)]), "restored");
        let copy = Event::BackedUp(backed_up(certificate, true));
        assert_eq!(state(vec![installed(certificate), copy]), "backed-up");
        let by = RecordId::new(id(3));
        assert_eq!(state(vec![Event::Superseded { by }]), "superseded");
    }

    #[test]
    fn a_case_that_came_home_brought_the_password() {
        let certificate = Fingerprint::of(&[1]);
        let case = CaseId::new(id(3));
        let events = [
            Event::Retrieved(retrieval(None, certificate)),
            Event::Returned { case },
        ];
        assert!(folded(events.clone()).password_is_elsewhere());
        let [retrieved, returned] = events;
        assert!(!folded([returned, retrieved]).password_is_elsewhere());
    }

    #[test]
    fn a_lent_record_is_back_whatever_the_order_of_the_words() {
        let (here, there) = (LedgerId::new(id(1)), LedgerId::new(id(2)));
        let case = CaseId::new(id(3));
        let lent = Event::Lent(Lending {
            case,
            name: "a.age".to_owned(),
            lender: here,
            holder: "受付".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        });
        let back = Event::Returned { case };
        let fold = folded([lent.clone()]);
        assert_eq!(fold.lent_by(here).count(), 1);
        assert_eq!(fold.lent_by(there).count(), 0);
        assert!(fold.is_borrowed(there) && !fold.is_borrowed(here));
        assert_eq!(
            folded([lent.clone(), back.clone()]).lent_by(here).count(),
            0
        );
        assert_eq!(folded([back, lent]).lent_by(here).count(), 0);
    }

    /// Anything but a person's word to send again.
    fn quiet_event() -> impl Strategy<Value = Event> {
        event().prop_filter(
            "no word to send again",
            |event| !matches!(event, Event::Submitting(submitting) if submitting.again),
        )
    }

    fn state_after(events: impl IntoIterator<Item = Event>) -> IssuanceState {
        folded(events).state()
    }

    fn folded(events: impl IntoIterator<Item = Event>) -> Fold {
        let mut fold = Fold::default();
        for event in events {
            fold.apply(LoggedEvent {
                id: EventId::new(id(9)),
                record: RecordId::new(id(1)),
                at: Timestamp::UNIX_EPOCH,
                actor: Actor::Program,
                kind: "test".to_owned(),
                event: Some(event),
            });
        }
        fold
    }
}
