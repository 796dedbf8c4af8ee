//! Two readings and the rules of the letter to `accepted`, `review` or `rejected`.
//!
//! Accepting is the exception that must be earned: both readings agree on every character, each is sure, no
//! ink is left over, the form is right and the rules between the fields hold. In an ID that may hold letters,
//! a character that others look like is never accepted: one glyph alone does not say which it is. Nothing here reads a pixel or repairs a
//! value.

use std::collections::HashMap;
use std::str::FromStr;

use jiff::civil::Date;

use crate::config::{Config, ReferenceIdAlphabet};
use crate::domain::{
    CharacterReading, Crop, Doubt, Field, FieldReading, InstitutionCode, IssuanceReading,
    ReferenceId, RequestId, Status, TerminalName, Text, edit_distance,
};
use crate::intake::fields::dates::{one_date, two_dates};
use crate::intake::look_alikes;
use crate::intake::reader::LineReading;
use crate::intake::values::{Agreement, TwoReadings};

pub mod doubts;

/// One value with its picture.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How it was read.
    pub readings: TwoReadings,
    /// How it looks.
    pub crop: Option<Crop>,
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
        self.hold_against_rules(&mut reading);
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

    /// Holds the blocks of one page against each other.
    pub fn page(&self, blocks: &mut [IssuanceReading]) {
        let codes: Vec<_> = blocks
            .iter()
            .filter_map(|block| block.institution_code.value.clone())
            .collect();
        if codes.windows(2).any(|pair| pair[0] != pair[1]) {
            for block in blocks {
                block.problems.push(doubts::institution_differs());
            }
        }
    }

    /// Holds all sheets of one read against each other: a request ID names one issuance.
    pub fn sheets(&self, sheets: &mut [IssuanceReading]) {
        let mut first: HashMap<RequestId, usize> = HashMap::new();
        for at in 0..sheets.len() {
            let Some(id) = sheets[at].request_id.value.clone() else {
                continue;
            };
            match first.get(&id) {
                None => {
                    first.insert(id, at);
                }
                Some(before) => {
                    let same = same_issuance(&sheets[*before], &sheets[at]);
                    sheets[at].problems.push(doubts::duplicate());
                    if !same {
                        for sheet in [*before, at] {
                            demote(&mut sheets[sheet].request_id, doubts::same_request_id());
                            settle(&mut sheets[sheet]);
                        }
                    }
                }
            }
        }
    }

    fn hold_against_rules(&self, reading: &mut IssuanceReading) {
        let rules = &self.config.rules;
        let Some(from) = reading.valid_from.value else {
            // The deadline alone has no other date to vouch for it.
            if reading.retrieval_deadline.value.is_some() {
                demote(&mut reading.retrieval_deadline, doubts::uncorroborated());
            }
            return;
        };
        let end = rules.validity_end(from);
        let limit = rules.retrieval_deadline(from);
        let dates = (reading.valid_to.value, reading.retrieval_deadline.value);
        if end.is_some() && limit.is_some() && dates == (end, limit) {
            // Three dates that two readings agree on and that follow from each other: doubt about a single
            // character is settled.
            settle_confidence(&mut reading.valid_from);
            settle_confidence(&mut reading.valid_to);
            settle_confidence(&mut reading.retrieval_deadline);
            return;
        }
        if reading
            .valid_to
            .value
            .is_some_and(|to| rules.validity_end(from) != Some(to))
        {
            let doubt = doubts::validity_rule();
            reading.problems.push(doubts::as_problem(&doubt));
            demote(&mut reading.valid_from, doubt.clone());
            demote(&mut reading.valid_to, doubt);
        }
        let deadline = reading.retrieval_deadline.value;
        if deadline.is_some_and(|date| rules.retrieval_deadline(from) != Some(date)) {
            let doubt = doubts::deadline_rule();
            reading.problems.push(doubts::as_problem(&doubt));
            demote(&mut reading.valid_from, doubt.clone());
            demote(&mut reading.retrieval_deadline, doubt);
        }
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

    /// The issuer is free text to the readers, but a known name to the letter: only that name is accepted.
    fn issuer(&self, seen: Option<&Seen>) -> FieldReading<String> {
        let mut field = text_field(Field::Issuer, seen, |line| {
            readable(&line.text_with_blanks())
        });
        if !field
            .value
            .as_ref()
            .is_some_and(|text| self.is_known_issuer(text))
        {
            demote(&mut field, doubts::look_alike());
        }
        field
    }

    /// Whether `issuer` is, letter by letter, a name that the configuration knows.
    fn is_known_issuer(&self, issuer: &str) -> bool {
        let families = &self.config.certificate.issuer_family;
        families.iter().any(|family| is_name_of(issuer, family))
    }

    /// The words that an issuer's line shows if it is of the configured family to one of the readers, in all spellings that it
    /// may have: `?` where the sample's misprint differs, and for the generation's number. None if it is not.
    pub fn spellings_shown(&self, issuer: &TwoReadings) -> Vec<Vec<String>> {
        let shown = [&issuer.first, &issuer.second].map(|reading| reading.text());
        let families = self.config.certificate.issuer_family.iter();
        let shown = families.filter(|family| shown.iter().any(|text| is_of(family, text)));
        let spellings = shown.flat_map(|family| {
            let words = family.split(' ').zip(
                misprinted(family)
                    .split(' ')
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            );
            let words: Vec<String> = words
                .map(|(word, misprint)| common(word, &misprint))
                .collect();
            AUTHORITIES.map(|authority| {
                let authority = authority.split(' ').map(str::to_owned);
                words.iter().cloned().chain(authority).collect()
            })
        });
        spellings.collect()
    }

    /// Whether an issuer's name holds one of the configured names, give or take a misprint or misread.
    pub fn is_of_the_family(&self, issuer: &str) -> bool {
        let mut families = self.config.certificate.issuer_family.iter();
        families.any(|family| is_of(family, issuer))
    }
}

/// Whether `issuer` begins with the family's name, give or take a misprint or misread.
fn is_of(family: &str, issuer: &str) -> bool {
    let (family, issuer) = (letters_of(family), letters_of(issuer));
    let start = &issuer[..issuer.len().min(family.len())];
    !family.is_empty() && edit_distance(start, &family) <= family.len() / 6 + 1
}

/// What two spellings of a word have in common; `?` where they differ.
fn common(word: &str, other: &str) -> String {
    let pairs = word.chars().zip(other.chars());
    pairs
        .map(|(one, other)| if one == other { one } else { '?' })
        .collect()
}

/// The family's name, as configured or with the sample's misprint, and what follows it: `CA`, `CA-G1`. The name
/// alone is likelier a line that lost its end.
fn is_name_of(text: &str, family: &str) -> bool {
    let names = names_of(family);
    let rest = names
        .iter()
        .find_map(|name| text.strip_prefix(name.as_str()));
    let Some(rest) = rest else {
        return false;
    };
    let Some(authority) = rest.strip_prefix(" CA") else {
        return false;
    };
    let mut dashes = ["-G", " - G"].into_iter();
    let generation = dashes.find_map(|dash| authority.strip_prefix(dash));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    authority.is_empty() || generation.is_some_and(is_number)
}

/// The name as configured, and as the official sample misprints it.
fn names_of(family: &str) -> [String; 2] {
    [family.to_owned(), misprinted(family)]
}

fn misprinted(family: &str) -> String {
    family.replace("Online", "Onlien")
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

fn settle_confidence(date: &mut FieldReading<Date>) {
    if date.doubts == [doubts::low_confidence()] {
        date.doubts.clear();
        date.status = Status::Accepted;
    }
}

fn same_issuance(one: &IssuanceReading, other: &IssuanceReading) -> bool {
    let differ =
        |one: Option<Date>, other: Option<Date>| one.is_some() && other.is_some() && one != other;
    let codes = (&one.institution_code.value, &other.institution_code.value);
    let references = (&one.reference_id.value, &other.reference_id.value);
    !differ(one.valid_from.value, other.valid_from.value)
        && !differ(one.valid_to.value, other.valid_to.value)
        && !matches!(codes, (Some(one), Some(other)) if one != other)
        && !matches!(references, (Some(one), Some(other)) if one != other)
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

fn date_field(field: Field, seen: Option<&Seen>, date: Option<Date>) -> FieldReading<Date> {
    let Some(seen) = seen else {
        return FieldReading::missing(doubts::not_found(field));
    };
    let mut reading = with_value(seen, date);
    // Between the numbers any mark will do: only the numbers must be sure. Beside a range sign, or beside the
    // white where one was, readers doubt what they see: the surer of two equal readings counts.
    let first = digit_confidences(&seen.readings.first);
    let second = digit_confidences(&seen.readings.second).into_iter();
    let second = second.chain(std::iter::repeat(0.0));
    let pairs = first.into_iter().zip(second);
    let surer = pairs.map(|(one, other)| one.max(other));
    reading.confidence = surer.reduce(f32::min).unwrap_or(0.0);
    demote_when_unsure(&mut reading);
    if reading.value.is_none() && reading.status != Status::Rejected {
        let expected = Text::new("年月日", "a date");
        demote(&mut reading, doubts::form(expected));
    }
    reading
}

fn digit_confidences(reading: &LineReading) -> Vec<f32> {
    let characters = reading.characters.iter();
    let digits = characters.filter(|c| c.character.is_ascii_digit());
    digits.map(|c| c.confidence).collect()
}

fn text_field(
    field: Field,
    seen: Option<&Seen>,
    readable: impl Fn(&LineReading) -> String,
) -> FieldReading<String> {
    let Some(seen) = seen else {
        return FieldReading::missing(doubts::not_found(field));
    };
    let text = readable(&seen.readings.first);
    let value = (!text.is_empty()).then_some(text);
    let mut reading = with_value(seen, value);
    demote_when_unsure(&mut reading);
    if reading.value.is_none() {
        demote(&mut reading, doubts::not_found(field));
    }
    reading
}

/// A field whose value parses itself out of the characters read.
fn parsed<T: FromStr>(field: Field, seen: Option<&Seen>, expected: Text) -> FieldReading<T> {
    let Some(seen) = seen else {
        return FieldReading::missing(doubts::not_found(field));
    };
    let text = seen.readings.first.text();
    let mut reading = with_value(seen, text.parse().ok());
    demote_when_unsure(&mut reading);
    if text.chars().count() >= FEWEST_EQUAL && all_equal(&text) {
        reading.status = Status::Rejected;
        reading.value = None;
        reading.doubts.push(doubts::masked());
    }
    if reading.value.is_none() && reading.status != Status::Rejected {
        demote(&mut reading, doubts::form(expected));
    }
    reading
}

/// The judgement that needs no knowledge of the field: agreement, confidence, left-over ink, masks.
fn with_value<T>(seen: &Seen, value: Option<T>) -> FieldReading<T> {
    let readings = &seen.readings;
    let characters = characters_of(readings);
    let confidence = characters
        .iter()
        .map(|c| c.confidence)
        .reduce(f32::min)
        .unwrap_or(0.0);
    let mut reading = FieldReading {
        value,
        confidence,
        status: Status::Accepted,
        characters,
        doubts: Vec::new(),
        bounding_box: Some(readings.bounding_box),
        crop: seen.crop.clone(),
    };
    if readings.masked {
        reading.status = Status::Rejected;
        reading.value = None;
        reading.doubts.push(doubts::masked());
        return reading;
    }
    match readings.agreement {
        Agreement::Agreed => {}
        Agreement::AgreedButForLookAlikes | Agreement::Differ => {
            demote(&mut reading, doubts::readings_differ())
        }
        Agreement::Alone => demote(&mut reading, doubts::no_second_reader()),
    }
    let left_over = readings.counts_strokes && readings.strokes > reading.characters.len();
    if left_over || readings.cut_short {
        demote(&mut reading, doubts::ink_left_over());
    }
    reading
}

/// The first reading's characters; where the second has the same, the lower confidence of the two.
fn characters_of(readings: &TwoReadings) -> Vec<CharacterReading> {
    let mut second = readings.second.characters.iter().peekable();
    let mut characters = Vec::new();
    for (at, first) in readings.first.characters.iter().enumerate() {
        // What the specimens of the page settled, no reader's own doubt reopens.
        let settled = readings.settled.get(at).is_some_and(|settled| *settled);
        // The second reading of a date has its digits only.
        let same = second
            .next_if(|c| settled || c.character == first.character)
            .filter(|c| !settled || !look_alikes::has_look_alikes(c.character));
        let confidence = same.map_or(first.confidence, |c| c.confidence.min(first.confidence));
        characters.push(CharacterReading {
            character: first.character,
            confidence,
            alternatives: first.alternatives.clone(),
        });
    }
    characters
}

fn demote<T>(reading: &mut FieldReading<T>, doubt: Doubt) {
    if reading.status == Status::Accepted {
        reading.status = Status::Review;
    }
    if !reading.doubts.contains(&doubt) {
        reading.doubts.push(doubt);
    }
}

fn demote_when_unsure<T>(reading: &mut FieldReading<T>) {
    if reading.confidence < LOWEST_CONFIDENCE {
        demote(reading, doubts::low_confidence());
    }
}

fn all_equal(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first)
}

/// Blanks only between Latin words: Japanese print has none, though readers see some.
fn readable(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let kept = characters.iter().enumerate().filter(|(i, c)| {
        let neighbour = |at: Option<usize>| at.and_then(|at| characters.get(at));
        let ascii = |at: Option<usize>| neighbour(at).is_some_and(char::is_ascii);
        !c.is_whitespace() || (ascii(i.checked_sub(1)) && ascii(Some(i + 1)))
    });
    kept.map(|(_, c)| *c).collect()
}

fn letters_of(text: &str) -> Vec<char> {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// How a certificate names the authority behind the family's name: without, with and with a spaced generation.
const AUTHORITIES: [&str; 3] = ["CA", "CA-G#", "CA - G#"];
/// The lower of what the two readers say of themselves. Below it, every tenth of Tesseract's characters is wrong on a fax;
/// the network is rarely as unsure of a character that it reads right.
const LOWEST_CONFIDENCE: f32 = 0.80;
/// So many equal characters are a mask, not an ID.
const FEWEST_EQUAL: usize = 6;
const USUAL_CODE_LENGTH: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BoundingBox;
    use crate::intake::reader::ReadCharacter;

    fn line(text: &str) -> LineReading {
        let characters = text.chars().map(|character| ReadCharacter {
            character,
            confidence: 0.99,
            kin: 0.99,
            alternatives: Vec::new(),
            left: 0,
            right: 0,
            after_blank: false,
        });
        LineReading {
            characters: characters.collect(),
            width: 0,
        }
    }

    fn seen(text: &str) -> Option<Seen> {
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
        let crop = None;
        Some(Seen { readings, crop })
    }

    fn date(text: &str) -> Option<Seen> {
        let mut seen = seen(text)?;
        seen.readings.counts_strokes = false;
        seen.readings.second = line(&text.replace(|c: char| !c.is_ascii_digit(), ""));
        Some(seen)
    }

    /// Invented, with characters that nothing else looks like.
    fn sure() -> Evidence {
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

    const PLACE: Place<'static> = Place {
        source: "letter.png",
        page: 1,
        index: 1,
    };

    fn judged(evidence: &Evidence) -> IssuanceReading {
        judged_on(evidence, Date::constant(2026, 11, 21))
    }

    fn judged_on(evidence: &Evidence, today: Date) -> IssuanceReading {
        let config = Config::default();
        let judge = Judge {
            config: &config,
            today,
        };
        judge.block(PLACE, evidence)
    }

    fn change(seen: &mut Option<Seen>, change: impl FnOnce(&mut TwoReadings)) {
        change(&mut seen.as_mut().unwrap().readings);
    }

    fn problems(reading: &IssuanceReading) -> Vec<&'static str> {
        reading
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect()
    }

    fn doubts_of<T>(field: &FieldReading<T>) -> Vec<&'static str> {
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
    fn readings_that_differ_go_to_review_with_both_characters() {
        let mut evidence = sure();
        change(&mut evidence.request_id, |readings| {
            readings.agreement = Agreement::Differ;
            readings.first.characters[3].alternatives.push('7');
        });
        let reading = judged(&evidence);
        assert_eq!(reading.request_id.status, Status::Review);
        assert_eq!(doubts_of(&reading.request_id), ["readings-differ"]);
        assert_eq!(reading.request_id.characters[3].alternatives, ['7']);
        assert_eq!(reading.status, Status::Review);
    }

    #[test]
    fn what_only_one_reader_read_goes_to_review() {
        let mut evidence = sure();
        change(&mut evidence.request_id, |readings| {
            readings.agreement = Agreement::Alone;
            readings.second = LineReading::default();
        });
        let reading = judged(&evidence);
        assert_eq!(doubts_of(&reading.request_id), ["no-second-reader"]);
        assert_eq!(reading.request_id.status, Status::Review);
    }

    #[test]
    fn one_unsure_character_sends_its_field_to_review() {
        let mut evidence = sure();
        change(&mut evidence.institution_code, |readings| {
            readings.second.characters[9].confidence = 0.4;
        });
        let reading = judged(&evidence);
        assert_eq!(doubts_of(&reading.institution_code), ["low-confidence"]);
        assert!((reading.institution_code.confidence - 0.4).abs() < 1e-6);
    }

    #[test]
    fn ink_that_no_character_accounts_for_is_a_doubt() {
        let mut evidence = sure();
        change(&mut evidence.request_id, |readings| readings.strokes = 16);
        assert_eq!(doubts_of(&judged(&evidence).request_id), ["ink-left-over"]);
    }

    #[test]
    fn a_number_of_another_length_has_no_value() {
        let mut evidence = sure();
        evidence.request_id = seen("11122233344455");
        let reading = judged(&evidence);
        assert_eq!(reading.request_id.value, None);
        assert_eq!(doubts_of(&reading.request_id), ["form"]);
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
    fn a_broken_rule_sends_the_fields_that_it_speaks_of_to_review_and_no_others() {
        let mut evidence = sure();
        evidence.retrieval_deadline = date("2027/05/15");
        let reading = judged(&evidence);
        assert_eq!(reading.valid_from.status, Status::Review);
        assert_eq!(reading.retrieval_deadline.status, Status::Review);
        assert_eq!(reading.valid_to.status, Status::Accepted);
        assert_eq!(reading.request_id.status, Status::Accepted);
        assert!(problems(&reading).contains(&"deadline-rule"));

        let mut evidence = sure();
        evidence.validity = date("2026/11/17~2030/02/16");
        let reading = judged(&evidence);
        assert_eq!(reading.valid_from.status, Status::Review);
        assert_eq!(reading.valid_to.status, Status::Review);
        assert_eq!(reading.retrieval_deadline.status, Status::Accepted);
        assert!(problems(&reading).contains(&"validity-rule"));
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
            let judge = Judge {
                config: &config,
                today: Date::constant(2026, 11, 21),
            };
            doubts_of(&judge.block(PLACE, &evidence).reference_id)
        };
        let capitals = ReferenceIdAlphabet::CapitalsAndDigits;
        assert!(judged("347AEFHLMN", capitals).is_empty());
        assert_eq!(judged("347AEFHLMn", capitals), ["other-alphabet"]);
        assert!(judged("347AEFHLMn", ReferenceIdAlphabet::Unknown).is_empty());
    }

    #[test]
    fn an_issuers_line_is_spelled_where_it_is_of_the_family() {
        let config = Config::default();
        let judge = Judge {
            config: &config,
            today: Date::constant(2026, 11, 21),
        };
        let spellings = |text: &str| {
            let readings = seen(text).unwrap().readings;
            let spellings = judge.spellings_shown(&readings).into_iter();
            spellings.map(|words| words.join(" ")).collect::<Vec<_>>()
        };
        // What both spellings of the first word have in common.
        assert_eq!(
            spellings("0nlienBilIingNWCommonRootCA-G1")[1],
            "Onli?? Billing NW Common Root CA-G#"
        );
        assert!(spellings("OnlineBillingSystemCA").is_empty());
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
    fn masks_are_rejected_and_never_read_as_zeros() {
        let mut evidence = sure();
        change(&mut evidence.reference_id, |readings| {
            readings.masked = true
        });
        let reading = judged(&evidence);
        assert_eq!(reading.reference_id.status, Status::Rejected);
        assert!(reading.reference_id.value.is_none());
        assert_eq!(reading.status, Status::Rejected);
        evidence.reference_id = seen("0000000000");
        assert_eq!(judged(&evidence).status, Status::Rejected);
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
    fn a_deadline_that_no_other_date_vouches_for_is_looked_at() {
        let mut evidence = sure();
        evidence.validity = None;
        let reading = judged(&evidence);
        assert_eq!(doubts_of(&reading.retrieval_deadline), ["uncorroborated"]);
    }

    #[test]
    fn a_past_deadline_is_remarked() {
        let reading = judged_on(&sure(), Date::constant(2027, 5, 17));
        assert!(problems(&reading).contains(&"deadline-passed"));
        let reading = judged_on(&sure(), Date::constant(2027, 5, 16));
        assert!(!problems(&reading).contains(&"deadline-passed"));
    }

    #[test]
    fn only_the_known_issuer_is_accepted() {
        let family = "Online Billing NW Common Root";
        for name in [
            "Online Billing NW Common Root CA",
            "Online Billing NW Common Root CA-G1",
            "Online Billing NW Common Root CA - G2",
            "Onlien Billing NW Common Root CA-G1",
        ] {
            assert!(is_name_of(name, family), "{name}");
        }
        for name in [
            "Online Billing NW Common Root",
            "Online Billing NW Common Root CA-Gl",
            "Online Billing NW Common Root CA G1",
            "Online Bi11ing NW Common Root CA",
        ] {
            assert!(!is_name_of(name, family), "{name}");
        }
        let mut evidence = sure();
        evidence.issuer = seen("Another Authority CA");
        assert!(problems(&judged(&evidence)).contains(&"issuer-differs"));
    }

    #[test]
    fn a_second_sheet_with_the_same_request_id_is_named_and_settled_by_a_person_when_it_differs() {
        let config = Config::default();
        let judge = Judge {
            config: &config,
            today: Date::constant(2026, 11, 21),
        };
        let first = judge.block(PLACE, &sure());
        let mut same = [first.clone(), first.clone()];
        judge.sheets(&mut same);
        assert_eq!(same[0].status, Status::Accepted);
        assert!(problems(&same[1]).contains(&"duplicate"));
        let mut other = sure();
        other.reference_id = seen("347AEFHLMR");
        let mut differing = [first, judge.block(PLACE, &other)];
        judge.sheets(&mut differing);
        assert_eq!(differing[0].request_id.status, Status::Review);
        assert_eq!(differing[1].request_id.status, Status::Review);
    }

    #[test]
    fn blocks_of_one_page_name_one_institution() {
        let config = Config::default();
        let judge = Judge {
            config: &config,
            today: Date::constant(2026, 11, 21),
        };
        let mut other = sure();
        other.institution_code = seen("1311234564");
        let mut blocks = [judge.block(PLACE, &sure()), judge.block(PLACE, &other)];
        judge.page(&mut blocks);
        assert!(problems(&blocks[1]).contains(&"institution-differs"));
    }

    #[test]
    fn of_a_page_that_is_cut_off_nothing_is_accepted() {
        let config = Config::default();
        let judge = Judge {
            config: &config,
            today: Date::constant(2026, 11, 21),
        };
        let mut reading = judge.block(PLACE, &sure());
        judge.incomplete(&mut reading);
        assert_eq!(reading.status, Status::Review);
        assert_eq!(reading.request_id.status, Status::Review);
    }

    #[test]
    fn blanks_stay_between_latin_words_only() {
        assert_eq!(readable("Common Root CA"), "Common Root CA");
        assert_eq!(readable("受付 1 号 機"), "受付1号機");
    }
}
