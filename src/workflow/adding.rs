//! `add`: issuances that no scanner has seen, from a list or typed by hand.
//!
//! They go through the same record as a scan. By hand, each ID is keyed twice without seeing the first entry;
//! the equal second entry is the second reading of design rule 1.

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{
    ConfirmedBy, Doubt, Field, FieldReading, Issuance, IssuanceReading, Problem, ReviewedIssuance,
    Status, Text, japan_date,
};
use crate::ledger::{Confirmation, IssuanceState, Origin, RecordId};

use super::drafts::{Draft, RowError};
use super::error::Error;
use super::person::{About, PersonError};
use super::settling::{OpenField, Settled, settle};
use super::{Desk, pictures};

/// What became of a list.
#[derive(Debug, Default)]
pub struct Added {
    /// Records that the list brought, in its order.
    pub records: Vec<RecordId>,
    /// Of these, how many may be submitted.
    pub confirmed: usize,
    /// Of these, how many wait for a person.
    pub waiting: usize,
    /// Of these, how many the site refused with exactly this pair.
    pub still_refused: usize,
    /// Rows that are no issuance.
    pub refused_rows: Vec<RowError>,
    /// Remarks on rows that were taken.
    pub problems: Vec<(usize, Problem)>,
}

impl Desk<'_> {
    /// Takes a JSON or CSV list. `confirmed`: a person vouches for every row.
    pub fn add_list(
        &mut self,
        source: &str,
        bytes: &[u8],
        confirmed: bool,
    ) -> Result<Added, Error> {
        let mut added = Added::default();
        for (at, draft) in Draft::parse_list(bytes)?.iter().enumerate() {
            let row = at + 1;
            match draft.parse(row, &self.config.rules) {
                Ok(issuance) => {
                    let problems = self.problems_of(&issuance);
                    self.add_row(source, row, issuance, confirmed, &problems, &mut added)?;
                    added
                        .problems
                        .extend(problems.into_iter().map(|problem| (row, problem)));
                }
                Err(error) => added.refused_rows.push(error),
            }
        }
        Ok(added)
    }

    fn add_row(
        &mut self,
        source: &str,
        row: usize,
        issuance: Issuance,
        confirmed: bool,
        problems: &[Problem],
        added: &mut Added,
    ) -> Result<(), Error> {
        let now = self.now();
        let reading = as_reading(source, row, &issuance, problems);
        if let Some(other) = self.ledger.contradicted_by(&issuance)?
            && matches!(
                self.ledger.record(other)?.state,
                IssuanceState::Confirmed { .. }
            )
        {
            // Two lists that disagree about one request ID: a person has to look at the paper.
            self.contradict(other, &reading, now)?;
            added.records.push(other);
            added.waiting += 1;
            return Ok(());
        }
        let known = self.ledger.find_by_request_id(&issuance.request_id)?;
        let record = match known {
            Some(record) if confirmed => record,
            _ => self
                .ledger
                .record_reading(&reading, Origin::Added, &pictures::encode, now)?
                .record(),
        };
        if !added.records.contains(&record) {
            added.records.push(record);
        }
        if !confirmed {
            added.waiting += 1;
            return Ok(());
        }
        let reviewed = ReviewedIssuance::attest(issuance, ConfirmedBy::Person);
        match self.ledger.confirm(record, &reviewed, now)? {
            Confirmation::Confirmed(_)
            | Confirmation::AlreadyConfirmed(_)
            | Confirmation::AlreadySubmitted(_) => added.confirmed += 1,
            Confirmation::Differs(other) => {
                self.contradict(other, &reading, now)?;
                added.waiting += 1;
            }
            Confirmation::StillRefused(_) => added.still_refused += 1,
        }
        Ok(())
    }

    /// Holds a row against `record`, which says something else of the same request ID: a person decides.
    fn contradict(
        &mut self,
        record: RecordId,
        reading: &IssuanceReading,
        at: Timestamp,
    ) -> Result<(), Error> {
        let encode = &pictures::encode;
        self.ledger
            .record_reading_onto(record, reading, Origin::Added, encode, at)?;
        Ok(())
    }

    /// Takes one issuance from a person's keys; `None` when the person puts it off.
    pub fn add_by_hand(&mut self) -> Result<Option<RecordId>, Error> {
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: Text::new("通知書の内容", "what the letter says"),
                cure: Text::new(
                    "--from FILE に JSON か CSV を指定してください（- は標準入力）。",
                    "Give a JSON or CSV file with --from FILE (- is standard input).",
                ),
            }));
        }
        let mut typed = Vec::new();
        for field in [
            Field::InstitutionCode,
            Field::TerminalName,
            Field::RequestId,
            Field::ReferenceId,
            Field::ValidFrom,
            Field::ValidTo,
        ] {
            let open = OpenField {
                about: About {
                    source: String::new(),
                    page: 0,
                    index: 1,
                    field,
                },
                reading: None,
                doubtful: Vec::new(),
                reasons: Vec::new(),
                crop: None,
            };
            match settle(self.person, &open)? {
                Settled::Value(value) => typed.push(value),
                // A letter without a terminal name is still an issuance.
                Settled::PutOff if field == Field::TerminalName => {
                    typed.push(SecretString::from(""));
                }
                Settled::PutOff => return Ok(None),
            }
        }
        // Exposed to be parsed into the values' own types.
        let text = |at: usize| typed[at].expose_secret().to_owned();
        let draft = Draft::typed(
            text(0),
            text(1),
            text(2),
            SecretString::from(text(3)),
            text(4),
            text(5),
        );
        let issuance = match draft.parse(1, &self.config.rules) {
            Ok(issuance) => issuance,
            // Each value had its form when it was keyed; only the two dates can still disagree.
            Err(_) => {
                self.person.tell(&Text::new(
                    "有効期間の終了日が開始日より後ではありません。用紙を確かめて、もう一度 add してください。",
                    "The validity does not end after it starts. Check the paper and add it again.",
                ));
                return Ok(None);
            }
        };
        let problems = self.problems_of(&issuance);
        for problem in &problems {
            self.person.tell(&problem.text);
        }
        let mut added = Added::default();
        self.add_row("", 1, issuance, true, &problems, &mut added)?;
        Ok(added.records.first().copied())
    }

    /// The same rules that a scan is held against.
    fn problems_of(&self, issuance: &Issuance) -> Vec<Problem> {
        let rules = &self.config.rules;
        let from = issuance.validity.from();
        let mut problems = Vec::new();
        let mut note = |holds: bool, code, ja: &str, en: &str| {
            if !holds {
                problems.push(Problem {
                    code,
                    text: Text::new(ja, en),
                });
            }
        };
        note(
            rules.retrieval_deadline(from) == Some(issuance.retrieval_deadline),
            "deadline-rule",
            "ダウンロードサイト有効期限が、有効期間の開始日＋180日と合いません。用紙を確かめてください。",
            "The retrieval deadline is not the start of validity + 180 days. Check the paper.",
        );
        note(
            rules.validity_end(from) == Some(issuance.validity.to()),
            "validity-rule",
            "有効期間が3年3か月ではありません。用紙を確かめてください。",
            "The validity is not 3 years 3 months. Check the paper.",
        );
        note(
            issuance.institution_code.luhn_holds(),
            "luhn",
            "発行先の検査数字が合いません。用紙を確かめてください。",
            "The institution code's check digit does not hold. Check the paper.",
        );
        note(
            issuance.institution_code.has_known_prefecture()
                && issuance.institution_code.has_known_fee_schedule(),
            "institution-code",
            "発行先の都道府県または点数表の数字が見慣れないものです。用紙を確かめてください。",
            "The institution code's prefecture or fee schedule is unusual. Check the paper.",
        );
        note(
            japan_date(self.now()) <= issuance.retrieval_deadline,
            "deadline-passed",
            "ダウンロードサイト有効期限を過ぎています。",
            "The retrieval deadline has passed.",
        );
        problems
    }
}

/// A typed issuance as a reading that waits for a person.
fn as_reading(
    source: &str,
    row: usize,
    issuance: &Issuance,
    problems: &[Problem],
) -> IssuanceReading {
    fn typed<T>(value: T) -> FieldReading<T> {
        FieldReading {
            value: Some(value),
            confidence: 1.0,
            status: Status::Review,
            characters: Vec::new(),
            doubts: vec![Doubt {
                code: "typed",
                text: Text::new("一覧からの入力です。", "It came in a list."),
            }],
            bounding_box: None,
            crop: None,
        }
    }
    fn optional<T>(value: Option<T>) -> FieldReading<T> {
        match value {
            Some(value) => typed(value),
            None => FieldReading::missing(Doubt {
                code: "missing",
                text: Text::new("入力がありません。", "Nothing was given."),
            }),
        }
    }
    let day = |day: Date| typed(day);
    IssuanceReading {
        source: source.to_owned(),
        page: 0,
        index: u32::try_from(row).unwrap_or(u32::MAX),
        part: None,
        status: Status::Review,
        issuer: optional(issuance.issuer.clone()),
        institution_code: typed(issuance.institution_code.clone()),
        terminal_name: optional(issuance.terminal_name.clone()),
        request_id: typed(issuance.request_id.clone()),
        reference_id: typed(issuance.reference_id.clone()),
        valid_from: day(issuance.validity.from()),
        valid_to: day(issuance.validity.to()),
        retrieval_deadline: day(issuance.retrieval_deadline),
        problems: problems.to_vec(),
    }
}
