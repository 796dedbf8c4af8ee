//! Confirming a record and letting it be sent: the two steps that the rules guard.

use jiff::Timestamp;

use super::event::{ByHand, Confirmed, Event, RelativePath, Submitting};
use super::fold::Fold;
use super::ids::{AttemptId, RecordId, SealedId};
use super::secrets::{REFERENCE_ID, readable};
use super::state::{Downloaded, IssuanceState, RefusedReason};
use super::{Actor, Ledger, LedgerError, SiteKind};
use crate::custody::Plaintext;
use crate::domain::{ConfirmedBy, Issuance, ReviewedIssuance, japan_date};

/// What became of a confirmation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Confirmation {
    /// These values are in force: they may be submitted, with a person's word where an answer came before.
    Confirmed(RecordId),
    /// These values were confirmed already.
    AlreadyConfirmed(RecordId),
    /// It was submitted already; the values it was submitted with stay.
    AlreadySubmitted(RecordId),
    /// The judge read other values than were confirmed before: a person must look.
    Differs(RecordId),
    /// The site refused exactly this pair, so it stays refused (design rule 2).
    StillRefused(RecordId),
}

/// What is written down before a submission leaves.
#[derive(Clone, Debug)]
pub struct SubmissionRequest {
    /// Its name, from [`Ledger::new_attempt`].
    pub attempt: AttemptId,
    /// Where its answer will be kept, from [`Ledger::new_attempt`].
    pub answer_file: RelativePath,
    /// The site.
    pub host: String,
    /// The kind of site.
    pub site: SiteKind,
    /// The password to be sent, from [`Ledger::seal_password`].
    pub password: SealedId,
    /// Whether a person asks to send again what was refused or is unclear.
    pub again: bool,
    /// What that person read under ダウンロード有無.
    pub downloaded: Option<Downloaded>,
}

/// What is written down before a pair is shown for typing.
#[derive(Clone, Debug)]
pub struct ByHandRequest {
    /// Its name, from [`Ledger::new_attempt`].
    pub attempt: AttemptId,
    /// The site.
    pub host: String,
    /// The kind of site.
    pub site: SiteKind,
    /// The password to be typed, from [`Ledger::seal_password`].
    pub password: SealedId,
    /// Whether the person knows that an earlier outcome is unknown or a refusal.
    pub again: bool,
    /// What the person read under ダウンロード有無, where that was asked.
    pub downloaded: Option<Downloaded>,
}

impl Ledger {
    /// Confirms `record` with these values, minding what is known of their request ID.
    ///
    /// A person's word replaces an earlier one; the judge's never contradicts one.
    pub fn confirm(
        &mut self,
        record: RecordId,
        reviewed: &ReviewedIssuance,
        at: Timestamp,
    ) -> Result<Confirmation, LedgerError> {
        self.require_writer()?;
        self.store.in_transaction(|| {
            let Some(other) = self.other_confirmed(record, reviewed.issuance())? else {
                let (head, fold) = self.head_of(record)?;
                return self.confirm_head(head, &fold, reviewed, at);
            };
            let (head, fold) = self.head_of(other)?;
            let outcome = self.confirm_head(head, &fold, reviewed, at)?;
            // Linked records are shown as one, so what differs stays on its own until a person looked.
            if !matches!(outcome, Confirmation::Differs(_)) {
                let link = Event::Linked { other };
                self.write(record, at, Actor::from(reviewed.by()), &link)?;
            }
            Ok(outcome)
        })
    }

    /// The record whose confirmed values contradict these: the same request ID, another essential value.
    pub fn contradicted_by(&self, issuance: &Issuance) -> Result<Option<RecordId>, LedgerError> {
        let Some(record) = self.find_by_request_id(&issuance.request_id)? else {
            return Ok(None);
        };
        let (_, fold) = self.head_of(record)?;
        match &fold.confirmed {
            Some(confirmed) if !self.same_values(confirmed, issuance)? => Ok(Some(record)),
            _ => Ok(None),
        }
    }

    /// A name for a submission and a place for its answer, so that the place can be made before anything is sent.
    pub fn new_attempt(&mut self, at: Timestamp) -> Result<(AttemptId, RelativePath), LedgerError> {
        self.require_writer()?;
        let attempt = AttemptId::new(self.next_id(at)?);
        let path = RelativePath::answer(attempt);
        Ok((attempt, path))
    }

    /// Writes, and syncs, that `record` is about to be sent, and returns exactly what may be sent.
    ///
    /// Refused unless the record is confirmed and nothing is open, or a person asks to send `again` what
    /// was refused or is unclear. A pair that the site does not know is never let go.
    pub fn begin_submission(
        &mut self,
        record: RecordId,
        request: SubmissionRequest,
        at: Timestamp,
    ) -> Result<ReviewedIssuance, LedgerError> {
        self.bind_site(request.site)?;
        self.store.in_transaction(|| {
            let (head, confirmed, reviewed) =
                self.ready_to_send(record, request.again, request.password, at)?;
            let event = Event::Submitting(Submitting {
                attempt: request.attempt,
                host: request.host.clone(),
                password: request.password,
                request_id: confirmed.request_id.clone(),
                reference_id: confirmed.reference_id,
                answer_file: request.answer_file.clone(),
                again: request.again,
                downloaded: request.downloaded,
            });
            let actor = match request.again {
                true => Actor::Person,
                false => Actor::Program,
            };
            self.write(head, at, actor, &event)?;
            Ok(reviewed)
        })
    }

    /// Writes that `record`'s pair is about to be shown for typing, and gives what to show.
    ///
    /// `again`: the person was told what may happen where an outcome is not known or was a refusal.
    pub fn begin_by_hand(
        &mut self,
        record: RecordId,
        request: ByHandRequest,
        at: Timestamp,
    ) -> Result<ReviewedIssuance, LedgerError> {
        self.bind_site(request.site)?;
        self.store.in_transaction(|| {
            let (head, confirmed, reviewed) =
                self.ready_to_send(record, request.again, request.password, at)?;
            let event = Event::SubmittingByHand(ByHand {
                attempt: request.attempt,
                host: request.host.clone(),
                password: request.password,
                request_id: confirmed.request_id.clone(),
                reference_id: confirmed.reference_id,
                downloaded: request.downloaded,
            });
            self.write(head, at, Actor::Person, &event)?;
            Ok(reviewed)
        })
    }

    /// What may be sent for `record`, after every rule that could forbid it.
    fn ready_to_send(
        &self,
        record: RecordId,
        again: bool,
        password: SealedId,
        at: Timestamp,
    ) -> Result<(RecordId, Confirmed, ReviewedIssuance), LedgerError> {
        let (head, fold) = self.head_of(record)?;
        readable(head, &fold)?;
        self.require_at_home(head)?;
        let confirmed = submittable(head, &fold, again, at)?;
        let reviewed = self.reviewed(head, &confirmed)?;
        if self.same_pair(head, reviewed.issuance())? {
            return Err(refused(head, fold.state().name(), false));
        }
        // Unsealing it now shows that the answer will open later.
        self.password(password)?;
        Ok((head, confirmed, reviewed))
    }

    fn confirm_head(
        &self,
        head: RecordId,
        fold: &Fold,
        reviewed: &ReviewedIssuance,
        at: Timestamp,
    ) -> Result<Confirmation, LedgerError> {
        let issuance = reviewed.issuance();
        if self.same_pair(head, issuance)? {
            return Ok(Confirmation::StillRefused(head));
        }
        let bad_ids = is_bad_ids(fold);
        match (fold.state(), reviewed.by()) {
            (IssuanceState::Confirmed { confirmed, .. }, by) => {
                let same = self.same_values(&confirmed, issuance)?;
                match by {
                    ConfirmedBy::Judge if !same => return Ok(Confirmation::Differs(head)),
                    ConfirmedBy::Person if !same || !same_remainder(&confirmed, issuance) => {}
                    _ => return Ok(Confirmation::AlreadyConfirmed(head)),
                }
            }
            // A person may correct the values before asking to send again.
            (
                IssuanceState::Refused { .. } | IssuanceState::Unclear { .. },
                ConfirmedBy::Person,
            ) => {}
            (state, _) if state.was_submitted() && !bad_ids => {
                return Ok(Confirmation::AlreadySubmitted(head));
            }
            _ => {}
        }
        let event = self.confirmed_event(head, reviewed, bad_ids, at)?;
        self.write(head, at, Actor::from(reviewed.by()), &event)?;
        Ok(Confirmation::Confirmed(head))
    }

    fn confirmed_event(
        &self,
        record: RecordId,
        reviewed: &ReviewedIssuance,
        rekeyed: bool,
        at: Timestamp,
    ) -> Result<Event, LedgerError> {
        let issuance = reviewed.issuance();
        let secret = Plaintext::from(&issuance.reference_id);
        let reference_id = self.seal(record, REFERENCE_ID, &secret, at)?;
        Ok(Event::Confirmed(Confirmed {
            by: reviewed.by(),
            issuer: issuance.issuer.clone(),
            institution_code: issuance.institution_code.clone(),
            terminal_name: issuance.terminal_name.clone(),
            request_id: issuance.request_id.clone(),
            reference_id,
            valid_from: issuance.validity.from(),
            valid_to: issuance.validity.to(),
            retrieval_deadline: issuance.retrieval_deadline,
            rekeyed,
        }))
    }

    /// The oldest record outside `record`'s group that is confirmed with the same request ID.
    fn other_confirmed(
        &self,
        record: RecordId,
        issuance: &Issuance,
    ) -> Result<Option<RecordId>, LedgerError> {
        let group = self.group_of(record)?;
        Ok(self
            .find_by_request_id(&issuance.request_id)?
            .filter(|other| group.iter().all(|(member, _)| member != other)))
    }

    /// As [`Self::same_essentials`]; a value that was wiped is equal to nothing.
    pub(super) fn same_values(
        &self,
        confirmed: &Confirmed,
        issuance: &Issuance,
    ) -> Result<bool, LedgerError> {
        match self.same_essentials(confirmed, issuance) {
            Err(LedgerError::Wiped { .. }) => Ok(false),
            same => same,
        }
    }

    /// Whether a confirmation says the same in every field that a sheet is accepted by.
    pub(super) fn same_essentials(
        &self,
        confirmed: &Confirmed,
        issuance: &Issuance,
    ) -> Result<bool, LedgerError> {
        Ok(confirmed.request_id == issuance.request_id
            && confirmed.institution_code == issuance.institution_code
            && confirmed.valid_from == issuance.validity.from()
            && confirmed.valid_to == issuance.validity.to()
            && self.reference_id(confirmed.reference_id)? == issuance.reference_id)
    }
}

fn same_remainder(confirmed: &Confirmed, issuance: &Issuance) -> bool {
    confirmed.terminal_name == issuance.terminal_name
        && confirmed.issuer == issuance.issuer
        && confirmed.retrieval_deadline == issuance.retrieval_deadline
}

/// The values to send, where the record's state lets them go.
fn submittable(
    record: RecordId,
    fold: &Fold,
    again: bool,
    at: Timestamp,
) -> Result<Confirmed, LedgerError> {
    let Some(confirmed) = &fold.confirmed else {
        return Err(refused(record, fold.state().name(), false));
    };
    match fold.state() {
        IssuanceState::Confirmed { .. } if japan_date(at) > confirmed.retrieval_deadline => {
            with_a_word(record, IssuanceState::Expired.name(), again, confirmed)
        }
        state @ IssuanceState::Confirmed { asked: true, .. } => {
            with_a_word(record, state.name(), again, confirmed)
        }
        IssuanceState::Confirmed { .. } => Ok(confirmed.clone()),
        state @ (IssuanceState::Unclear { .. } | IssuanceState::Submitting { .. }) => {
            with_a_word(record, state.name(), again, confirmed)
        }
        state @ IssuanceState::Refused { reason, .. } if reason != RefusedReason::BadIds => {
            with_a_word(record, state.name(), again, confirmed)
        }
        state => Err(refused(record, state.name(), false)),
    }
}

fn with_a_word(
    record: RecordId,
    state: &'static str,
    again: bool,
    confirmed: &Confirmed,
) -> Result<Confirmed, LedgerError> {
    match again {
        true => Ok(confirmed.clone()),
        false => Err(refused(record, state, true)),
    }
}

fn refused(record: RecordId, state: &'static str, again_helps: bool) -> LedgerError {
    LedgerError::NotSubmittable {
        record,
        state,
        again_helps,
    }
}

fn is_bad_ids(fold: &Fold) -> bool {
    matches!(
        fold.state(),
        IssuanceState::Refused {
            reason: RefusedReason::BadIds,
            ..
        }
    )
}
