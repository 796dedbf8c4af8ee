//! The look-alikes of a page's reference IDs, held against what is sure on the same page.
//!
//! Sure are the numbers and dates that both readers saw, and the issuer's name where it is one that the configuration
//! knows.

use image::GrayImage;

use crate::config::ReferenceIdAlphabet;
use crate::intake::fields::Label;
use crate::intake::fields::blocks::BlockLayout;
use crate::intake::judge::{Evidence, Judge, Seen};
use crate::intake::values::specimens::Specimens;
use crate::intake::values::{Agreement, ValueReader};

/// Settles in `all`, the evidence of `blocks`, what can be settled. `grain` is the page's, see
/// [`RawPage::grain`](crate::intake::document::RawPage::grain).
pub(super) fn settle(
    values: &ValueReader<'_>,
    judge: &Judge<'_>,
    blocks: &[BlockLayout],
    grain: f32,
    all: &mut [Evidence],
) {
    // Cutting out the specimens is most of the work.
    if !all.iter().any(|of_block| {
        let seen = of_block.reference_id.as_ref();
        seen.is_some_and(|seen| seen.readings.agree_but_for_look_alikes())
    }) {
        return;
    }
    let numbers = blocks
        .iter()
        .filter_map(|block| block.row(Label::RequestId));
    let heights = numbers.flat_map(|row| &row.value).map(|line| line.typical);
    let Some(digit) = heights.max() else {
        return;
    };
    let dots = digit as f32 * values.layout.step as f32 / grain;
    let mut specimens = Specimens::of_digits(dots);
    show(values, judge, digit, blocks, all, &mut specimens);
    let alphabet = judge.config.letter.reference_id_alphabet;
    if alphabet == ReferenceIdAlphabet::CapitalsAndDigits {
        specimens.rule_out_small_letters();
    }
    let lines: Vec<Option<GrayImage>> = blocks
        .iter()
        .zip(&*all)
        .map(|(block, evidence)| line_to_settle(values, digit, block, evidence))
        .collect();
    // Twice: what vouches for one ID vouches for those settled before it.
    settle_by(&specimens, &lines, all);
    settle_by(&specimens, &lines, all);
    let ids = all
        .iter()
        .filter_map(|of_block| of_block.reference_id.as_ref());
    if has_no_small_letters(ids) {
        specimens.rule_out_small_letters();
        settle_by(&specimens, &lines, all);
    }
}

/// The line of a block's reference ID, where its readers differ in no more than look-alikes.
fn line_to_settle(
    values: &ValueReader<'_>,
    digit: usize,
    block: &BlockLayout,
    evidence: &Evidence,
) -> Option<GrayImage> {
    let row = block.row(Label::ReferenceId)?;
    let readings = &evidence.reference_id.as_ref()?.readings;
    match readings.agree_but_for_look_alikes() {
        true => values.specimen_line(row, digit),
        false => None,
    }
}

/// Shows `specimens` what is sure on the page.
fn show(
    values: &ValueReader<'_>,
    judge: &Judge<'_>,
    digit: usize,
    blocks: &[BlockLayout],
    all: &[Evidence],
    specimens: &mut Specimens,
) {
    let blocks = || blocks.iter().zip(all);
    for (block, evidence) in blocks() {
        if let (Some(row), Some(seen)) = (block.row(Label::RequestId), &evidence.request_id)
            && seen.readings.agreement == Agreement::Agreed
        {
            values.show_request_id(row, &seen.readings, digit, specimens);
        }
    }
    for (block, evidence) in blocks() {
        let numbers = [
            (Label::InstitutionCode, &evidence.institution_code),
            (Label::Validity, &evidence.validity),
            (Label::RetrievalDeadline, &evidence.retrieval_deadline),
        ];
        for (label, seen) in numbers {
            if let (Some(row), Some(seen)) = (block.row(label), seen)
                && seen.readings.agreement == Agreement::Agreed
            {
                values.show_number(row, &seen.readings, digit, specimens);
            }
        }
        if let (Some(row), Some(seen)) = (block.row(Label::Issuer), &evidence.issuer) {
            let spellings = judge.spellings_shown(&seen.readings);
            values.show_words(row, &spellings, digit, specimens);
        }
    }
}

/// `lines` are those of the blocks of `all`.
fn settle_by(specimens: &Specimens, lines: &[Option<GrayImage>], all: &mut [Evidence]) {
    for (line, evidence) in lines.iter().zip(all) {
        if let (Some(line), Some(seen)) = (line, &mut evidence.reference_id) {
            ValueReader::settle(line, &mut seen.readings, specimens);
        }
    }
}

/// Whether so many characters of the page's IDs are settled, none of them a small letter, that the IDs have none: of an
/// alphabet with small letters, one page in twenty thousand looks like that.
fn has_no_small_letters<'a>(ids: impl Iterator<Item = &'a Seen>) -> bool {
    let mut capitals = 0;
    for seen in ids {
        let readings = &seen.readings;
        for (character, settled) in readings.first.characters.iter().zip(&readings.settled) {
            if *settled && character.character.is_ascii_lowercase() {
                return false;
            }
            capitals += usize::from(*settled);
        }
    }
    capitals >= CHARACTERS_OF_AN_ALPHABET
}

/// Two IDs less what stays open in them.
const CHARACTERS_OF_AN_ALPHABET: usize = 18;
