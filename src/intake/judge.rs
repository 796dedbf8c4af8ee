//! Two readings and the rules of the letter to `accepted`, `review` or `rejected`.
//!
//! Accepting is the exception that must be earned: both readings agree on every character, each is sure, no
//! ink is left over, the form is right and the rules between the fields hold. In an ID that may hold letters,
//! a character that others look like is never accepted: one glyph alone does not say which it is. Nothing here reads a pixel or repairs a
//! value.

use jiff::civil::Date;

use crate::config::{Config, ReferenceIdAlphabet};
use crate::domain::{
    Crop, Doubt, Field, FieldReading, InstitutionCode, IssuanceReading, ReferenceId, RequestId,
    Status, TerminalName, Text,
};
use crate::intake::fields::dates::{one_date, two_dates};
use crate::intake::look_alikes;
use crate::intake::reader::LineReading;
use crate::intake::values::TwoReadings;

use field::{date_field, demote, parsed, text_field};

mod across;
mod dates;
pub mod doubts;
mod field;
mod issuer;

/// One value with its picture.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How it was read.
    pub readings: TwoReadings,
    /// How it looks.
    pub crop: Option<Crop>,
    /// Whether a streak of the scanner goes through it.
    pub streaked: bool,
}

/// Everything that was seen of one block.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// 発行者
    pub issuer: Option<Seen>,
    /// 発行先
    pub institution_code: Option<Seen>,
    /// 端末名称
    pub terminal_name: Option<Seen>,
    /// リクエストID
    pub request_id: Option<Seen>,
    /// リファレンスID
    pub reference_id: Option<Seen>,
    /// 有効期間
    pub validity: Option<Seen>,
    /// 有効期限
    pub retrieval_deadline: Option<Seen>,
}

/// Where a block stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file as named by the caller.
    pub source: &'a str,
    /// Page in the file, from 1.
    pub page: u32,
    /// Block on the page, from 1.
    pub index: u32,
}

/// Judges readings by the configuration, on one day.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// Rules and expected names.
    pub config: &'a Config,
    /// Today in Japan.
    pub today: Date,
}

impl Judge<'_> {
    /// Judges one block.
    pub fn block(&self, place: Place<'_>, evidence: &Evidence) -> IssuanceReading {
        let validity = evidence.validity.as_ref();
        let dates = validity.and_then(|seen| two_dates(&seen.readings.first.text()));
        let mut reading = IssuanceReading {
            source: place.source.to_owned(),
            page: place.page,
            index: place.index,
            part: None,
            status: Status::Review,
            issuer: self.issuer(evidence.issuer.as_ref()),
            institution_code: institution_code(evidence.institution_code.as_ref()),
            terminal_name: terminal_name(evidence.terminal_name.as_ref()),
            request_id: request_id(evidence.request_id.as_ref()),
            reference_id: self.reference_id(evidence.reference_id.as_ref()),
            valid_from: date_field(Field::ValidFrom, validity, dates.map(|(from, _)| from)),
            valid_to: date_field(Field::ValidTo, validity, dates.map(|(_, to)| to)),
            retrieval_deadline: deadline(evidence.retrieval_deadline.as_ref()),
            problems: Vec::new(),
        };
        self.hold_dates_against_rules(&mut reading);
        self.remark(&mut reading);
        settle(&mut reading);
        reading
    }

    /// Lets nothing pass unseen of a page of which something may be missing.
    pub fn incomplete(&self, reading: &mut IssuanceReading) {
        let problem = doubts::incomplete_page();
        let doubt = Doubt {
            code: problem.code,
            text: problem.text.clone(),
        };
        demote(&mut reading.institution_code, doubt.clone());
        demote(&mut reading.request_id, doubt.clone());
        demote(&mut reading.reference_id, doubt.clone());
        demote(&mut reading.valid_from, doubt.clone());
        demote(&mut reading.valid_to, doubt.clone());
        demote(&mut reading.retrieval_deadline, doubt.clone());
        demote(&mut reading.issuer, doubt.clone());
        demote(&mut reading.terminal_name, doubt);
        reading.problems.push(problem);
        settle(reading);
    }

    /// What is worth saying though it decides nothing.
    fn remark(&self, reading: &mut IssuanceReading) {
        let from = reading.valid_from.value;
        let follows = from.and_then(|from| self.config.rules.retrieval_deadline(from));
        let deadline = reading.retrieval_deadline.value.or(follows);
        let mut problems = Vec::new();
        if deadline.is_some_and(|deadline| deadline < self.today) {
            problems.push(doubts::deadline_passed());
        }
        if reading
            .institution_code
            .value
            .as_ref()
            .is_some_and(|code| !code.luhn_holds())
        {
            problems.push(doubts::luhn());
        }
        if reading
            .issuer
            .value
            .as_ref()
            .is_some_and(|issuer| !self.is_of_the_family(issuer))
        {
            problems.push(doubts::issuer_differs());
        }
        reading.problems.extend(problems);
    }

    fn reference_id(&self, seen: Option<&Seen>) -> FieldReading<ReferenceId> {
        let expected = Text::new("10文字の英数字", "10 letters and digits");
        let mut field: FieldReading<ReferenceId> =
            parsed(Field::ReferenceId, seen, expected.clone());
        if field.characters.len() != ReferenceId::EXPECTED_LENGTH && field.value.is_some() {
            demote(&mut field, doubts::form(expected));
        }
        if !self.is_of_the_alphabet(&field) {
            demote(&mut field, doubts::other_alphabet());
        }
        let all_digits = field
            .characters
            .iter()
            .all(|c| c.character.is_ascii_digit());
        if field.status == Status::Accepted && all_digits {
            // Ten digits to two readers: an alphabet with letters gives that once in a million IDs, and then a letter
            // would have to pass for a digit with both.
            return field;
        }
        let settled = seen.map_or(&[][..], |seen| &seen.readings.settled);
        let mut open = false;
        for (at, character) in field.characters.iter_mut().enumerate() {
            let settled = settled.get(at).is_some_and(|settled| *settled);
            open |= !settled && look_alikes::name_look_alikes(character);
        }
        if open {
            demote(&mut field, doubts::look_alike());
        }
        field
    }

    /// Whether an ID consists of what the configuration says that the site's IDs consist of.
    fn is_of_the_alphabet(&self, id: &FieldReading<ReferenceId>) -> bool {
        let mut characters = id.characters.iter().map(|c| c.character);
        match self.config.letter.reference_id_alphabet {
            ReferenceIdAlphabet::Unknown => true,
            ReferenceIdAlphabet::CapitalsAndDigits => characters.all(|c| !c.is_ascii_lowercase()),
        }
    }
}

/// The sheet's own status and the remarks on fields that do not decide it.
fn settle(reading: &mut IssuanceReading) {
    let essential = [
        reading.institution_code.status,
        reading.request_id.status,
        reading.reference_id.status,
        reading.valid_from.status,
        reading.valid_to.status,
    ];
    let ids = [reading.request_id.status, reading.reference_id.status];
    reading.status = if ids.contains(&Status::Rejected) {
        Status::Rejected
    } else if essential.iter().all(|status| *status == Status::Accepted) {
        Status::Accepted
    } else {
        Status::Review
    };
    // That no name is ever accepted is not worth a remark on every sheet.
    let name = &reading.terminal_name.doubts;
    let others = [
        (Field::Issuer, reading.issuer.status != Status::Accepted),
        (
            Field::TerminalName,
            name.iter().any(|doubt| *doubt != doubts::one_reader()),
        ),
        (
            Field::RetrievalDeadline,
            reading.retrieval_deadline.status != Status::Accepted,
        ),
    ];
    for (field, doubtful) in others {
        let remark = doubts::field_in_doubt(field);
        if doubtful && !reading.problems.contains(&remark) {
            reading.problems.push(remark);
        }
    }
}

fn request_id(seen: Option<&Seen>) -> FieldReading<RequestId> {
    let expected = Text::new("15桁の数字", "15 digits");
    parsed(Field::RequestId, seen, expected)
}

fn institution_code(seen: Option<&Seen>) -> FieldReading<InstitutionCode> {
    let expected = Text::new("10桁の数字", "10 digits");
    let mut field: FieldReading<InstitutionCode> =
        parsed(Field::InstitutionCode, seen, expected.clone());
    if let Some(code) = &field.value {
        let known = code.has_known_prefecture() && code.has_known_fee_schedule();
        let usual = code.as_str().len() == USUAL_CODE_LENGTH;
        if !usual {
            // An insurer's eight digits are possible; two lost digits are likelier.
            demote(&mut field, doubts::form(expected));
        } else if !known {
            demote(&mut field, doubts::unknown_code_parts());
        }
    }
    field
}

fn terminal_name(seen: Option<&Seen>) -> FieldReading<TerminalName> {
    let mut text = text_field(Field::TerminalName, seen, LineReading::text_with_blanks);
    // A name may hold any character there is, and one that the language data lacks is read as another with
    // confidence: nothing vouches for it but a person.
    if text.value.is_some() {
        demote(&mut text, doubts::one_reader());
    }
    let value = text.value.as_deref().and_then(|name| name.parse().ok());
    FieldReading {
        value,
        confidence: text.confidence,
        status: text.status,
        characters: text.characters,
        doubts: text.doubts,
        bounding_box: text.bounding_box,
        crop: text.crop,
    }
}

fn deadline(seen: Option<&Seen>) -> FieldReading<Date> {
    let date = seen.and_then(|seen| one_date(&seen.readings.first.text()));
    date_field(Field::RetrievalDeadline, seen, date)
}

const USUAL_CODE_LENGTH: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BoundingBox;
    use crate::intake::reader::ReadCharacter;
    use crate::intake::values::Agreement;

    fn line(text: &str) -> LineReading {
        let characters = text
            .chars()
            .map(|character| ReadCharacter::seen(character, 0.99, 0..0));
        LineReading {
            characters: characters.collect(),
            width: 0,
        }
    }

    pub(super) fn seen(text: &str) -> Option<Seen> {
        let readings = TwoReadings {
            settled: Vec::new(),
            first: line(text),
            second: line(text),
            agreement: Agreement::Agreed,
            strokes: text.chars().count(),
            counts_strokes: true,
            cut_short: false,
            masked: false,
            bounding_box: BoundingBox::default(),
        };
        Some(Seen {
            readings,
            crop: None,
            streaked: false,
        })
    }

    pub(super) fn date(text: &str) -> Option<Seen> {
        let mut seen = seen(text)?;
        seen.readings.counts_strokes = false;
        seen.readings.second = line(&text.replace(|c: char| !c.is_ascii_digit(), ""));
        Some(seen)
    }

    /// Invented, with characters that nothing else looks like.
    pub(super) fn sure() -> Evidence {
        Evidence {
            issuer: seen("OnlineBillingNWCommonRootCA-G1"),
            institution_code: seen("0110113719"),
            terminal_name: seen("受付1号機"),
            request_id: seen("111222333444555"),
            reference_id: seen("347AEFHLMN"),
            validity: date("2026/11/17~2030/02/17"),
            retrieval_deadline: date("2027/05/16"),
        }
    }

    pub(super) const PLACE: Place<'static> = Place {
        source: "letter.png",
        page: 1,
        index: 1,
    };

    pub(super) fn judged(evidence: &Evidence) -> IssuanceReading {
        judged_on(evidence, Date::constant(2026, 11, 21))
    }

    /// A judge by `config` on the day of the fixtures.
    pub(super) fn judge_of(config: &Config) -> Judge<'_> {
        let today = Date::constant(2026, 11, 21);
        Judge { config, today }
    }

    fn judged_on(evidence: &Evidence, today: Date) -> IssuanceReading {
        let config = Config::default();
        let judge = Judge {
            config: &config,
            today,
        };
        judge.block(PLACE, evidence)
    }

    pub(super) fn change(seen: &mut Option<Seen>, change: impl FnOnce(&mut TwoReadings)) {
        change(&mut seen.as_mut().unwrap().readings);
    }

    pub(super) fn problems(reading: &IssuanceReading) -> Vec<&'static str> {
        reading
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect()
    }

    pub(super) fn doubts_of<T>(field: &FieldReading<T>) -> Vec<&'static str> {
        field.doubts.iter().map(|doubt| doubt.code).collect()
    }

    #[test]
    fn what_two_readings_and_the_rules_agree_on_is_accepted() {
        let reading = judged(&sure());
        assert_eq!(reading.status, Status::Accepted, "{reading:?}");
        assert_eq!(
            reading.request_id.value.as_ref().unwrap().as_str(),
            "111222333444555"
        );
        assert_eq!(problems(&reading), ["issuer-doubtful"]);
    }

    #[test]
    fn eight_digits_may_be_an_insurer_or_two_lost_digits() {
        let mut evidence = sure();
        evidence.institution_code = seen("01101137");
        let reading = judged(&evidence);
        assert_eq!(reading.institution_code.status, Status::Review);
        assert!(reading.institution_code.value.is_some());
    }

    #[test]
    fn a_code_without_a_prefecture_is_a_doubt_and_luhn_only_a_remark() {
        let mut evidence = sure();
        evidence.institution_code = seen("9910113719");
        assert_eq!(
            doubts_of(&judged(&evidence).institution_code),
            ["code-parts"]
        );
        evidence.institution_code = seen("0110113718");
        let reading = judged(&evidence);
        assert_eq!(reading.institution_code.status, Status::Accepted);
        assert!(problems(&reading).contains(&"luhn"));
    }

    #[test]
    fn an_id_of_digits_alone_has_no_look_alikes() {
        let mut evidence = sure();
        evidence.reference_id = seen("3051182690");
        assert_eq!(judged(&evidence).reference_id.status, Status::Accepted);
        change(&mut evidence.reference_id, |readings| {
            readings.agreement = Agreement::AgreedButForLookAlikes;
        });
        let reading = judged(&evidence);
        assert_eq!(
            doubts_of(&reading.reference_id),
            ["readings-differ", "look-alike"]
        );
    }

    #[test]
    fn look_alikes_that_the_page_settled_are_accepted() {
        let mut evidence = sure();
        evidence.reference_id = seen("347AEFHLM0");
        change(&mut evidence.reference_id, |readings| {
            readings.settled = vec![true; 10];
            // What either reader said of it no longer counts.
            readings.second.characters[9].character = 'O';
            readings.second.characters[9].confidence = 0.3;
        });
        assert_eq!(judged(&evidence).reference_id.status, Status::Accepted);
        change(&mut evidence.reference_id, |readings| {
            readings.settled[9] = false;
        });
        assert_eq!(judged(&evidence).reference_id.status, Status::Review);
    }

    #[test]
    fn a_settled_look_alike_does_not_make_its_neighbours_sure() {
        let mut evidence = sure();
        evidence.reference_id = seen("347AEFHLM0");
        change(&mut evidence.reference_id, |readings| {
            readings.settled = vec![true; 10];
            readings.second.characters[3].confidence = 0.3;
        });
        assert_eq!(
            doubts_of(&judged(&evidence).reference_id),
            ["low-confidence"]
        );
    }

    #[test]
    fn an_id_of_another_alphabet_than_the_site_named_goes_to_review() {
        let mut evidence = sure();
        let mut config = Config::default();
        let mut judged = |id: &str, alphabet| {
            evidence.reference_id = seen(id);
            config.letter.reference_id_alphabet = alphabet;
            let judge = judge_of(&config);
            doubts_of(&judge.block(PLACE, &evidence).reference_id)
        };
        let capitals = ReferenceIdAlphabet::CapitalsAndDigits;
        assert!(judged("347AEFHLMN", capitals).is_empty());
        assert_eq!(judged("347AEFHLMn", capitals), ["other-alphabet"]);
        assert!(judged("347AEFHLMn", ReferenceIdAlphabet::Unknown).is_empty());
    }

    #[test]
    fn look_alikes_are_never_accepted_in_the_reference_id() {
        for text in ["347AEFHLM0", "347AEFHLMO", "3471112S90", "347AEFHLMv"] {
            let mut evidence = sure();
            evidence.reference_id = seen(text);
            let reading = judged(&evidence);
            assert_eq!(reading.reference_id.status, Status::Review, "{text}");
            assert_eq!(reading.status, Status::Review, "{text}");
            assert!(reading.reference_id.value.is_some(), "{text}");
        }
    }

    #[test]
    fn a_zero_in_a_number_is_no_letter() {
        assert!(doubts_of(&judged(&sure()).institution_code).is_empty());
    }

    #[test]
    fn a_missing_deadline_does_not_hold_the_sheet_back() {
        let mut evidence = sure();
        evidence.retrieval_deadline = None;
        let reading = judged(&evidence);
        assert_eq!(reading.status, Status::Accepted);
        assert!(problems(&reading).contains(&"deadline-doubtful"));
    }

    #[test]
    fn a_past_deadline_is_remarked() {
        let reading = judged_on(&sure(), Date::constant(2027, 5, 17));
        assert!(problems(&reading).contains(&"deadline-passed"));
        let reading = judged_on(&sure(), Date::constant(2027, 5, 16));
        assert!(!problems(&reading).contains(&"deadline-passed"));
    }

    #[test]
    fn of_a_page_that_is_cut_off_nothing_is_accepted() {
        let config = Config::default();
        let judge = judge_of(&config);
        let mut reading = judge.block(PLACE, &sure());
        judge.incomplete(&mut reading);
        assert_eq!(reading.status, Status::Review);
        assert_eq!(reading.request_id.status, Status::Review);
    }
}
