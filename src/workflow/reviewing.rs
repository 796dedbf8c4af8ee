//! `review`: every doubtful field of every waiting sheet, settled with a person.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::config::ReviewPolicy;
use crate::domain::{
    ConfirmedBy, Field, Issuance, ReviewedIssuance, Status, Text, Validity, japan_date,
};
use crate::ledger::{
    Actor, Confirmation, Event, FieldName, IssuanceState, Record, RecordId, Remark, Sheet,
};

use super::error::Error;
use super::person::{About, PersonError, Question};
use super::settling::{OpenField, Settled, settle};
use super::{Desk, name_of, pictures};

/// What a review left behind.
#[derive(Debug, Default)]
pub struct Reviewed {
    /// Sheets that may be submitted now.
    pub confirmed: usize,
    /// Sheets that a person called no issuance.
    pub rejected: usize,
    /// Sheets that still wait.
    pub put_off: usize,
}

/// What a person wants to do with a sheet.
enum Wish {
    Settle,
    PutOff,
    Reject,
}

impl Desk<'_> {
    /// The records that wait for a person.
    pub fn review_queue(&self) -> Result<Vec<RecordId>, Error> {
        let blind_all = self.config.policy.review == ReviewPolicy::BlindAll;
        Ok(self
            .ledger
            .records()?
            .iter()
            .filter(|record| {
                record.awaits_review() || (blind_all && matches!(record.state, IssuanceState::Read))
            })
            .map(|record| record.id)
            .collect())
    }

    /// Goes through the queue with the person.
    pub fn review(&mut self) -> Result<Reviewed, Error> {
        let queue = self.review_queue()?;
        let mut reviewed = Reviewed::default();
        if queue.is_empty() {
            return Ok(reviewed);
        }
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: Text::new(
                    format!("{}台分の疑わしい項目", queue.len()),
                    format!("the doubtful fields of {} terminals", queue.len()),
                ),
                cure: Text::new(
                    "用紙を手元に置いて、画面のある所で noticert review を実行してください。",
                    "Run noticert review at a terminal, with the paper at hand.",
                ),
            }));
        }
        let total = queue.len();
        for (at, id) in queue.into_iter().enumerate() {
            if self.stop.is_wanted() {
                return Err(Error::Interrupted);
            }
            match self.review_one(id, at + 1, total)? {
                Wish::Settle => reviewed.confirmed += 1,
                Wish::PutOff => reviewed.put_off += 1,
                Wish::Reject => reviewed.rejected += 1,
            }
        }
        Ok(reviewed)
    }

    fn review_one(&mut self, id: RecordId, at: usize, total: usize) -> Result<Wish, Error> {
        let record = self.ledger.record(id)?;
        let Some(sheet) = record.sheet.clone() else {
            return Ok(Wish::PutOff);
        };
        let open = self.open_fields(&record, &sheet)?;
        self.introduce(&record, &sheet, &open, at, total);
        match self.wish()? {
            Wish::Settle => {}
            Wish::PutOff => return Ok(Wish::PutOff),
            Wish::Reject => {
                let reason = Remark::new(
                    "not-an-issuance",
                    "発行通知書ではないと判断されました。",
                    "A person said that this is no issuance.",
                );
                let event = Event::RejectedSheet { reason };
                self.ledger.append(id, self.now(), Actor::Person, event)?;
                return Ok(Wish::Reject);
            }
        }
        let mut settled = BTreeMap::new();
        for field in &open {
            match settle(self.person, field)? {
                Settled::Value(value) => {
                    settled.insert(field.about.field, value);
                }
                Settled::PutOff if field.about.field.is_essential() => return Ok(Wish::PutOff),
                Settled::PutOff => {}
            }
        }
        let Some(issuance) = self.assemble(&record, &settled)? else {
            self.person.tell(&Text::new(
                "有効期間の終了日が開始日より前になっています。用紙を確かめて、もう一度 review してください。",
                "The validity ends before it starts. Check the paper and review again.",
            ));
            return Ok(Wish::PutOff);
        };
        self.warn_of_rules(&issuance);
        let reviewed = ReviewedIssuance::attest(issuance, ConfirmedBy::Person);
        let confirmation = self.ledger.confirm(id, &reviewed, self.now())?;
        self.say(confirmation);
        Ok(match confirmation {
            Confirmation::Confirmed(_)
            | Confirmation::AlreadyConfirmed(_)
            | Confirmation::AlreadySubmitted(_) => Wish::Settle,
            Confirmation::Differs(_) | Confirmation::StillRefused(_) => Wish::PutOff,
        })
    }

    /// What a person has to settle, the two IDs first because they matter most.
    fn open_fields(&self, record: &Record, sheet: &Sheet) -> Result<Vec<OpenField>, Error> {
        let refused = matches!(record.state, IssuanceState::Refused { .. });
        let blind_all = self.config.policy.review == ReviewPolicy::BlindAll;
        let mut open = Vec::new();
        for field in [
            Field::RequestId,
            Field::ReferenceId,
            Field::InstitutionCode,
            Field::ValidFrom,
            Field::ValidTo,
            Field::TerminalName,
        ] {
            let read = sheet.fields.get(&FieldName(field));
            let is_id = matches!(field, Field::RequestId | Field::ReferenceId);
            let accepted = read.is_some_and(|field| field.status == Status::Accepted);
            // No safety hangs on the terminal's name: a clear reading of it troubles nobody.
            let is_clear_name = field == Field::TerminalName
                && read.is_some_and(|read| read.value.is_some() && read.confidence >= SURE);
            if is_clear_name || (accepted && !(is_id && (refused || blind_all))) {
                continue;
            }
            let reading = match (field, refused) {
                // The site does not know this pair, so the earlier values vouch for nothing.
                (Field::RequestId | Field::ReferenceId, true) => None,
                (Field::ReferenceId, false) => self.ledger.reference_as_read(record.id)?,
                _ => read
                    .and_then(|field| field.value.clone())
                    .map(SecretString::from),
            };
            let crop = match sheet.crops.get(&FieldName(field)) {
                Some(sealed) => pictures::decode(&self.ledger.crop(*sealed)?),
                None => None,
            };
            open.push(OpenField {
                about: About {
                    source: sheet.source.clone(),
                    page: sheet.page,
                    index: sheet.index,
                    field,
                },
                reading,
                doubtful: read.map_or_else(Vec::new, |field| unsure(&field.characters)),
                reasons: read.map_or_else(Vec::new, |field| {
                    field.doubts.iter().map(Remark::text).collect()
                }),
                crop,
            });
        }
        Ok(open)
    }

    fn introduce(
        &mut self,
        record: &Record,
        sheet: &Sheet,
        open: &[OpenField],
        at: usize,
        total: usize,
    ) {
        let name = name_of(record);
        let place_ja = match sheet.page {
            0 => format!("{} の{}件目", sheet.source, sheet.index),
            page => format!("{} {page}枚目の{}番目", sheet.source, sheet.index),
        };
        let place_en = match sheet.page {
            0 => format!("{}, row {}", sheet.source, sheet.index),
            page => format!("{}, page {page}, block {}", sheet.source, sheet.index),
        };
        let titles = |pick: fn(&Text) -> &str| {
            open.iter()
                .map(|open| pick(&open.about.field.title()).to_owned())
                .collect::<Vec<_>>()
        };
        self.person.tell(&Text::new(
            format!(
                "\n■ 確認 {at}/{total}: {}（{place_ja}）\n  用紙から入力する項目: {}",
                name.ja,
                titles(|text| &text.ja).join("、")
            ),
            format!(
                "\n■ Review {at}/{total}: {} ({place_en})\n  To key from the paper: {}",
                name.en,
                titles(|text| &text.en).join(", ")
            ),
        ));
    }

    fn wish(&mut self) -> Result<Wish, Error> {
        let question = Question::plain(
            "Enter=入力する  s=後回し  x=通知書ではない :",
            "Enter=key it  s=put off  x=not a notice :",
        );
        loop {
            let typed = self.person.key(&question)?;
            // Exposed to be compared with three letters.
            match typed.expose_secret().trim().to_ascii_lowercase().as_str() {
                "" => return Ok(Wish::Settle),
                "s" => return Ok(Wish::PutOff),
                "x" => return Ok(Wish::Reject),
                _ => {}
            }
        }
    }

    /// The issuance that settled and accepted values make; `None` when the dates cannot be.
    fn assemble(
        &self,
        record: &Record,
        settled: &BTreeMap<Field, SecretString>,
    ) -> Result<Option<Issuance>, Error> {
        let value = |field: Field| -> Option<String> {
            match settled.get(&field) {
                // Exposed to be parsed into the value's own type; the form was checked when it was keyed.
                Some(value) => Some(value.expose_secret().to_owned()),
                None => record.value(field),
            }
        };
        let reference = match settled.get(&Field::ReferenceId) {
            Some(value) => Some(value.clone()),
            None => self.ledger.reference_as_read(record.id)?,
        };
        let parsed = || -> Option<Issuance> {
            let from = value(Field::ValidFrom)?.parse().ok()?;
            let validity = Validity::new(from, value(Field::ValidTo)?.parse().ok()?).ok()?;
            let printed = record
                .sheet
                .as_ref()
                .and_then(|sheet| sheet.fields.get(&FieldName(Field::RetrievalDeadline)))
                .filter(|field| field.status == Status::Accepted)
                .and(record.retrieval_deadline);
            Some(Issuance {
                issuer: record.issuer.clone(),
                institution_code: value(Field::InstitutionCode)?.parse().ok()?,
                terminal_name: value(Field::TerminalName).and_then(|name| name.parse().ok()),
                request_id: value(Field::RequestId)?.parse().ok()?,
                // Exposed to be parsed into the secret's own type.
                reference_id: reference.as_ref()?.expose_secret().parse().ok()?,
                validity,
                retrieval_deadline: printed
                    .or_else(|| self.config.rules.retrieval_deadline(from))?,
            })
        };
        Ok(parsed())
    }

    fn warn_of_rules(&mut self, issuance: &Issuance) {
        let rules = &self.config.rules;
        if rules.validity_end(issuance.validity.from()) != Some(issuance.validity.to()) {
            self.person.tell(&Text::new(
                "ご注意: 有効期間が3年3か月ではありません。用紙と合っていれば問題ありません。",
                "Note: the validity is not 3 years 3 months. Fine if the paper says so.",
            ));
        }
        if japan_date(self.now()) > issuance.retrieval_deadline {
            self.person.tell(&Text::new(
                "ご注意: ダウンロードサイト有効期限を過ぎています。",
                "Note: the retrieval deadline has passed.",
            ));
        }
    }

    fn say(&mut self, confirmation: Confirmation) {
        let said = match confirmation {
            Confirmation::Confirmed(_) => Text::new("✓ 確定しました。", "✓ Confirmed."),
            Confirmation::AlreadyConfirmed(_) => {
                Text::new("✓ 確定済みです。", "✓ It was confirmed before.")
            }
            Confirmation::AlreadySubmitted(_) => Text::new(
                "✓ 同じリクエストIDは送信済みでした。その記録に結び付けました。",
                "✓ This request ID was submitted before; linked to that record.",
            ),
            Confirmation::Differs(_) => Text::new(
                "✗ 同じリクエストIDが別の内容で確定しています。二枚の用紙を見比べてください。",
                "✗ This request ID is confirmed with other values. Compare the two papers.",
            ),
            Confirmation::StillRefused(_) => Text::new(
                "✗ この組み合わせは取得サイトが受け付けませんでした。同じ値は再送しません。用紙を確かめてください。",
                "✗ The site refused exactly this pair; it is not sent again. Check the paper.",
            ),
        };
        self.person.tell(&said);
    }
}

/// Positions of the characters that a person should look at: those below the others' certainty.
fn unsure(characters: &[f32]) -> Vec<usize> {
    characters
        .iter()
        .enumerate()
        .filter(|(_, confidence)| **confidence < SURE)
        .map(|(at, _)| at)
        .collect()
}

/// Below this a character is marked; marking decides nothing.
const SURE: f32 = 0.9;
