//! The blocks of a page in no known form: its labels are looked for wherever print stands, and each takes what looks
//! like its value behind it, beside it or below it.
//!
//! The form of two columns is read without a look at any value. Here what a value looks like (fifteen digits, a date)
//! says which neighbour is meant, since labels may head columns, stand over their values or on one line with them.
//! What is taken is only a place: every value is read and judged from there as on any other page.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::LabelReader;
use super::blocks::{blocks, has_another, is_of_a_row, unclaimed};
use super::item::Item;
use super::joining::{become_one, join_labels, spread_runs};
use crate::intake::fields::Label;
use crate::intake::fields::blocks::BlockLayout;
use crate::intake::layout::Segment;
use crate::intake::reader::{Alphabet, LineReading, ReadCharacter, ReaderError};
use crate::intake::values::closed_up;

impl LabelReader<'_> {
    /// The labelled blocks of the page, whatever its form, in reading order. A request ID that no label led to makes a
    /// block of its own.
    pub fn blocks_anywhere(&mut self) -> Result<Vec<BlockLayout>, ReaderError> {
        let segments = self.layout.segments();
        if segments.len() > MOST_SEGMENTS {
            return Ok(Vec::new());
        }
        let mut items = Vec::new();
        for segment in segments {
            // Prose holds no value; a label with its value is shorter than its lines.
            if segment.line.area.width() <= LONGEST * self.layout.em() {
                self.read(segment, &mut items)?;
            }
        }
        self.read_spread_labels(&mut items)?;
        join_labels(&mut items, |text| self.find_label(text));
        let mut blocks = blocks(&items);
        blocks.retain(|block| block.rows.len() >= FEWEST_ROWS);
        blocks.extend(unclaimed(&items, &blocks));
        Ok(blocks)
    }

    /// Request IDs outside of every block as blocks of their own, and whether there is any that is none of a block, be it
    /// between its rows. Only what has as many narrow pieces of ink is read.
    pub fn unclaimed(
        &mut self,
        blocks: &[BlockLayout],
    ) -> Result<(Vec<BlockLayout>, bool), ReaderError> {
        let mut items = Vec::new();
        let numbers = self.layout.numbers(SHORTEST_REQUEST_ID).into_iter();
        // What a block's rows consist of is known without being read.
        let unknown = numbers.filter(|segment| !is_of_a_row(&segment.line.area, blocks));
        for segment in unknown.take(MOST_SEGMENTS) {
            self.read(segment, &mut items)?;
        }
        Ok((unclaimed(&items, blocks), has_another(&items, blocks)))
    }

    fn read(&mut self, segment: Segment, items: &mut Vec<Item>) -> Result<(), ReaderError> {
        let image = self.image(segment.line.area, &segment.line);
        let reading = self.reader.read_line(&image, Alphabet::Any)?;
        self.take(segment, &reading, items);
        Ok(())
    }

    /// One run of print as what it consists of: labels, values, a label with its value behind it.
    fn take(&self, segment: Segment, reading: &LineReading, items: &mut Vec<Item>) {
        let mut left = &reading.characters[..];
        // Between the character before a place and the one behind it.
        let area = segment.line.area;
        let column = |last: &ReadCharacter, first: &ReadCharacter| {
            let place = (last.right + first.left) as f32 / 2.0 / reading.width.max(1) as f32;
            (area.left as f32 - 1.0 + place * (area.width() + 2) as f32) as usize
        };
        let mut rest = Some(segment);
        while let Some(segment) = rest.take() {
            let at = self.end_of_label(left).or_else(|| start_of_number(left));
            // A bracket behind a label stands close to it, and may be read as a 1.
            let is_apart = |(first, behind): &(Segment, Segment)| {
                let gap = behind.line.area.left.saturating_sub(first.line.area.right);
                gap * 4 > self.layout.em()
            };
            let parts = at.and_then(|at| {
                let parts = segment.split_at(column(&left[at - 1], &left[at]))?;
                (is_colon(&left[at - 1]) || is_apart(&parts)).then_some((at, parts))
            });
            let (first, end) = match parts {
                Some((at, (first, behind))) => {
                    rest = Some(behind);
                    (first, at)
                }
                None => (segment, left.len()),
            };
            let text = text_of(&left[..end]);
            let label = self.find_label(&text);
            items.push(Item::new(first, text, label));
            left = &left[end..];
        }
    }

    /// Where the value begins on a line that begins with a label: behind a colon; or where a label ends that was read
    /// to the letter.
    fn end_of_label(&self, characters: &[ReadCharacter]) -> Option<usize> {
        let text = |end: usize| text_of(&characters[..end]);
        if self.find_label(&text(characters.len())).is_some() {
            return None;
        }
        let ends = 1..characters.len();
        let colon = ends.clone().find(|end| {
            is_colon(&characters[end - 1])
                && !is_colon(&characters[*end])
                && self.find_label(&text(*end)).is_some()
        });
        let is_spelled_out = |end: &usize| {
            let (label, _) = parted_at_brackets(&text(*end));
            characters[*end].character.is_ascii_alphanumeric() && self.labels.is_spelled_out(&label)
        };
        colon.or_else(|| ends.rev().find(is_spelled_out))
    }

    /// Reads characters as one label that stand far from each other to fill their cell, as Japanese forms set them.
    fn read_spread_labels(&mut self, items: &mut [Item]) -> Result<(), ReaderError> {
        for run in spread_runs(items) {
            let segments: Vec<&Segment> = run.iter().map(|at| &items[*at].segment).collect();
            let Some(whole) = Segment::joined(&segments) else {
                continue;
            };
            let image = closed_up(&self.image(whole.line.area, &whole.line));
            let text = text_of(&self.reader.read_line(&image, Alphabet::Any)?.characters);
            if let Some(label) = self.find_label(&text) {
                become_one(items, &run, Item::new(whole, text, Some(label)));
            }
        }
        Ok(())
    }

    /// The label that a text is, be it explained in brackets or by another of its spellings.
    fn find_label(&self, text: &str) -> Option<Label> {
        let (outside, inside) = parted_at_brackets(text);
        let find = |text: &str| {
            let found = self.labels.find(text);
            found.or_else(|| self.labels.find_as_seen(text))
        };
        find(&outside)
            .or_else(|| self.labels.find_said_twice(&outside))
            // ID（リクエスト）
            .or_else(|| find(&format!("{inside}{outside}")).filter(|_| !inside.is_empty()))
    }
}

/// A colon, or one of the dots that lead from a label to its value.
fn is_colon(c: &ReadCharacter) -> bool {
    matches!(c.character, ':' | '：' | '.')
}

fn text_of(characters: &[ReadCharacter]) -> Zeroizing<String> {
    let text = characters.iter().map(|c| c.character);
    Zeroizing::new(text.nfkc().collect())
}

/// Where a number begins behind something else: 医療機関コード）1312345678.
fn start_of_number(characters: &[ReadCharacter]) -> Option<usize> {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | '~');
    let last = characters.iter().rev();
    let behind = last.take_while(|c| is_of_it(c.character)).count();
    let mut start = characters.len() - behind;
    let is_mark = |c: &ReadCharacter| !c.character.is_ascii_alphanumeric();
    while characters.get(start).is_some_and(is_mark) {
        start += 1;
    }
    let is_number = characters.len() - start >= SHORTEST_NUMBER;
    (start > 0 && is_number).then_some(start)
}

/// A label without what explains it, and that: リクエストID and 15桁.
fn parted_at_brackets(text: &str) -> (String, String) {
    let mut depth = 0_usize;
    let (mut outside, mut inside) = (String::new(), String::new());
    for c in text.nfkc() {
        match c {
            '(' | '[' | '〔' | '【' => depth += 1,
            ')' | ']' | '〕' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(c),
            _ => inside.push(c),
        }
    }
    // Brackets all around, or one whose end was not read, explain nothing.
    match outside.is_empty() || depth > 0 {
        true => (text.to_owned(), String::new()),
        false => (outside, inside),
    }
}

/// A label with a value by itself may be a word in a note.
const FEWEST_ROWS: usize = 2;
/// A page with more runs of print is no letter, and would cost too much to read.
const MOST_SEGMENTS: usize = 300;
/// Characters of a label with its value on one line.
const LONGEST: usize = 45;
/// Digits of a request ID, one of which may touch the next.
const SHORTEST_REQUEST_ID: usize = 14;
/// What is shorter may be part of a name.
const SHORTEST_NUMBER: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_explains_a_label_is_left_out() {
        for (text, label) in [
            ("リクエストID（15桁）", "リクエストID"),
            ("【リクエストID】", "【リクエストID】"),
            ("リクエスト(ID", "リクエスト(ID"),
            ("発行者", "発行者"),
        ] {
            assert_eq!(parted_at_brackets(text).0, label, "{text}");
        }
    }
}
