//! One field judged by itself: whether two readings agree on it, are sure of it and leave no ink over.

use std::str::FromStr;

use jiff::civil::Date;

use crate::domain::{CharacterReading, Doubt, Field, FieldReading, Status, Text};
use crate::intake::look_alikes;
use crate::intake::reader::LineReading;
use crate::intake::values::{Agreement, TwoReadings};

use super::{Seen, doubts};

/// A field whose value parses itself out of the characters read.
pub(super) fn parsed<T: FromStr>(
    field: Field,
    seen: Option<&Seen>,
    expected: Text,
) -> FieldReading<T> {
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

pub(super) fn text_field(
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

pub(super) fn date_field(
    field: Field,
    seen: Option<&Seen>,
    date: Option<Date>,
) -> FieldReading<Date> {
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

pub(super) fn demote<T>(reading: &mut FieldReading<T>, doubt: Doubt) {
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
    if seen.streaked {
        demote(&mut reading, doubts::streaked());
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

fn digit_confidences(reading: &LineReading) -> Vec<f32> {
    let characters = reading.characters.iter();
    let digits = characters.filter(|c| c.character.is_ascii_digit());
    digits.map(|c| c.confidence).collect()
}

fn all_equal(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first)
}

/// The lower of what the two readers say of themselves. Below it, every tenth of Tesseract's characters is wrong on a fax;
/// the network is rarely as unsure of a character that it reads right.
const LOWEST_CONFIDENCE: f32 = 0.80;
/// So many equal characters are a mask, not an ID.
const FEWEST_EQUAL: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::judge::tests::{change, doubts_of, judged, seen, sure};

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
    fn what_a_streak_crosses_is_looked_at_by_a_person() {
        let mut evidence = sure();
        if let Some(seen) = &mut evidence.reference_id {
            seen.streaked = true;
        }
        let reading = judged(&evidence);
        assert_eq!(doubts_of(&reading.reference_id), ["streaked"]);
        assert_eq!(reading.reference_id.status, Status::Review);
        assert_eq!(reading.request_id.status, Status::Accepted);
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
}
