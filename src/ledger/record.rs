//! One issuance as people see it: its public values, its state, its problems.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::event::{LoggedEvent, Sheet};
use super::fold::Fold;
use super::ids::{RecordId, SealedId};
use super::state::{Backup, IssuanceState, RefusedReason};
use super::words::Remark;
use crate::domain::{Field, InstitutionCode, RequestId, TerminalName, japan_date};

/// One issuance. Values are the confirmed ones, else what was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Other records of the same issuance, shown as this one.
    pub also: Vec<RecordId>,
    /// 発行者
    pub issuer: Option<String>,
    /// 発行先
    pub institution_code: Option<InstitutionCode>,
    /// 端末名称
    pub terminal_name: Option<TerminalName>,
    /// リクエストID
    pub request_id: Option<RequestId>,
    /// First day of validity.
    pub valid_from: Option<Date>,
    /// Last day of validity.
    pub valid_to: Option<Date>,
    /// Last day on which the site hands the file out.
    pub retrieval_deadline: Option<Date>,
    /// Where it stands, whatever the day; [`Self::state_at`] minds the deadline.
    pub state: IssuanceState,
    /// What is odd without being wrong.
    pub problems: Vec<Remark>,
    /// The last reading.
    pub sheet: Option<Sheet>,
    /// The password chosen last, sealed.
    pub password: Option<SealedId>,
    /// Copies of its certificate's file on other media.
    pub backups: Vec<Backup>,
    /// Whether the password of its file is elsewhere than on this PC too.
    pub password_is_elsewhere: bool,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// A doubtful reading of the deadline lets nothing expire.
    deadline_is_sure: bool,
}

impl Record {
    /// Where it stands at `now`: what waits to be submitted expires with its deadline, in Japan's calendar.
    pub fn state_at(&self, now: Timestamp) -> IssuanceState {
        let waits = matches!(
            self.state,
            IssuanceState::Read | IssuanceState::Review | IssuanceState::Confirmed { .. }
        );
        match self.retrieval_deadline {
            Some(deadline) if waits && self.deadline_is_sure && japan_date(now) > deadline => {
                IssuanceState::Expired
            }
            _ => self.state.clone(),
        }
    }

    /// Whether a person has to look at the sheet: nobody confirmed it yet, or the site does not know the pair.
    pub fn awaits_review(&self) -> bool {
        matches!(
            self.state,
            IssuanceState::Read
                | IssuanceState::Review
                | IssuanceState::Refused {
                    reason: RefusedReason::BadIds,
                    ..
                }
        )
    }

    /// A public value in the letter's form; none for the reference ID.
    pub fn value(&self, field: Field) -> Option<String> {
        match field {
            Field::Issuer => self.issuer.clone(),
            Field::InstitutionCode => self.institution_code.as_ref().map(ToString::to_string),
            Field::TerminalName => self.terminal_name.as_ref().map(ToString::to_string),
            Field::RequestId => self.request_id.as_ref().map(ToString::to_string),
            Field::ReferenceId => None,
            Field::ValidFrom => self.valid_from.map(|day| day.to_string()),
            Field::ValidTo => self.valid_to.map(|day| day.to_string()),
            Field::RetrievalDeadline => self.retrieval_deadline.map(|day| day.to_string()),
        }
    }

    /// The first thing that is odd, for the `problem` of `status`.
    pub fn problem(&self) -> Option<&Remark> {
        self.problems.first()
    }

    /// Whether its certificate has a copy that counts, and its password is elsewhere too (design rule 11).
    pub fn is_backed_up(&self) -> bool {
        self.password_is_elsewhere && self.backups.iter().any(Backup::counts)
    }

    fn new(id: RecordId, fold: Fold, also: Vec<RecordId>) -> Self {
        let state = fold.state();
        let (code, name) = fold.unlettered.clone().unzip();
        let mut record = Self {
            id,
            also,
            issuer: None,
            institution_code: code,
            terminal_name: name.flatten(),
            request_id: None,
            valid_from: None,
            valid_to: None,
            retrieval_deadline: None,
            state,
            problems: fold
                .unreadable
                .as_deref()
                .map(unreadable)
                .into_iter()
                .collect(),
            sheet: None,
            password: fold.password,
            backups: fold.backups(),
            password_is_elsewhere: fold.password_is_elsewhere(),
            changed_at: fold.changed_at.unwrap_or(Timestamp::UNIX_EPOCH),
            deadline_is_sure: false,
        };
        record.problems.extend(fold.problems);
        if let Some(sheet) = &fold.sheet {
            record.show_sheet(sheet);
        }
        if let Some(confirmed) = fold.confirmed {
            record.issuer = confirmed.issuer;
            record.institution_code = Some(confirmed.institution_code);
            record.terminal_name = confirmed.terminal_name;
            record.request_id = Some(confirmed.request_id);
            record.valid_from = Some(confirmed.valid_from);
            record.valid_to = Some(confirmed.valid_to);
            record.retrieval_deadline = Some(confirmed.retrieval_deadline);
            record.deadline_is_sure = true;
        }
        record.sheet = fold.sheet;
        record
    }

    fn show_sheet(&mut self, sheet: &Sheet) {
        self.issuer = sheet.value(Field::Issuer);
        self.institution_code = sheet.value(Field::InstitutionCode);
        self.terminal_name = sheet.value(Field::TerminalName);
        self.request_id = sheet.value(Field::RequestId);
        self.valid_from = sheet.value(Field::ValidFrom);
        self.valid_to = sheet.value(Field::ValidTo);
        self.retrieval_deadline = sheet.value(Field::RetrievalDeadline);
        self.deadline_is_sure = sheet.accepted(Field::RetrievalDeadline);
    }
}

/// Folds a whole log, given in order, into records: linked ones become one, oldest first.
pub(super) fn records_of(events: impl IntoIterator<Item = LoggedEvent>) -> Vec<Record> {
    let mut folds: BTreeMap<RecordId, Fold> = BTreeMap::new();
    for event in events {
        folds.entry(event.record).or_default().apply(event);
    }
    folds.retain(|_, fold| fold.is_issuance() || !fold.links.is_empty());
    groups(&folds)
        .into_iter()
        .filter_map(|group| {
            let members = group
                .into_iter()
                .filter_map(|id| folds.remove(&id).map(|fold| (id, fold)))
                .collect();
            shown(members)
        })
        .collect()
}

/// One record for a group of linked ones: the one that came furthest, the oldest of these.
pub(super) fn shown(members: Vec<(RecordId, Fold)>) -> Option<Record> {
    let head = head_of(&members)?;
    let also = members
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| *id != head)
        .collect();
    let (id, fold) = members.into_iter().find(|(id, _)| *id == head)?;
    Some(Record::new(id, fold, also))
}

/// Which of linked records stands for all.
pub(super) fn head_of(members: &[(RecordId, Fold)]) -> Option<RecordId> {
    members
        .iter()
        .filter(|(_, fold)| fold.is_issuance())
        .map(|(id, fold)| (std::cmp::Reverse(fold.state().standing()), *id))
        .min()
        .map(|(_, id)| id)
}

/// The sets of records that links hold together, each and all in order of age.
fn groups(folds: &BTreeMap<RecordId, Fold>) -> Vec<Vec<RecordId>> {
    let mut neighbours: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
    for (id, fold) in folds {
        for other in fold.links.iter().filter(|other| folds.contains_key(other)) {
            neighbours.entry(*id).or_default().push(*other);
            neighbours.entry(*other).or_default().push(*id);
        }
    }
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    for id in folds.keys() {
        let mut group = BTreeSet::new();
        let mut waiting = vec![*id];
        while let Some(next) = waiting.pop() {
            if seen.insert(next) {
                group.insert(next);
                waiting.extend(neighbours.get(&next).into_iter().flatten());
            }
        }
        if !group.is_empty() {
            groups.push(group.into_iter().collect());
        }
    }
    groups
}

fn unreadable(kind: &str) -> Remark {
    Remark::new(
        "unreadable-event",
        &format!(
            "この版の noticert では読めない記録「{kind}」があります。新しい版で開いてください。"
        ),
        &format!("an event '{kind}' cannot be read by this version; open it with a newer one"),
    )
}
