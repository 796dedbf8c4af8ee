//! Names of terminals: free Japanese text, which only Tesseract's `jpn` knows.
//!
//! Nothing vouches for a name, and no safety hangs on it; but folders, lists and the certificate store show it, so it
//! is worth some care. An unsure line is read again in other sizes. A name in Latin letters is read by the readers of
//! IDs too, for `jpn` takes a struck zero for a nine. Blanks are measured in the ink: `jpn` passes over them.

use std::ops::Range;

use super::{
    Agreement, DIGIT_PASSES, LATIN_PASSES, Pass, TwoReadings, ValueReader, shapes, tesseract,
};
use crate::intake::fields::blocks::RowLayout;
use crate::intake::page::Tone;
use crate::intake::reader::{Alphabet, LineReading, OTHER, ReadCharacter, ReaderError};

impl ValueReader<'_> {
    /// Reads a name. There is no second reader, so the readings agree with each other for what they are worth. Without
    /// Tesseract a name of the network's own characters can be read, no other.
    pub fn name(&mut self, row: &RowLayout) -> Result<Option<TwoReadings>, ReaderError> {
        let Some(area) = row.value_area() else {
            return Ok(None);
        };
        let name = match self.japanese_name(row)? {
            Some(name) if is_latin(&name) => self.latin_name(row, name)?,
            Some(mut name) => {
                self.take_own_digits(row, &mut name)?;
                self.measure_blanks(row, &mut name);
                name
            }
            None => {
                let own = self.lines(&row.value, Alphabet::Any, DIGIT_PASSES[0])?;
                own.filter(|reading| !reading.text().contains(OTHER))
                    .unwrap_or_default()
            }
        };
        Ok(Some(self.evidence(
            row,
            area,
            name,
            LineReading::default(),
            Agreement::Agreed,
            Alphabet::Any,
        )))
    }

    /// What `jpn` reads: at once where it is sure, else what two sizes agree on, else what it is surest of.
    fn japanese_name(&mut self, row: &RowLayout) -> Result<Option<LineReading>, ReaderError> {
        let mut seen: Vec<LineReading> = Vec::new();
        for pass in NAME_PASSES {
            let Some(reading) = self.lines(&row.value, Alphabet::Any, pass)? else {
                return Ok(None);
            };
            let is_second = seen.iter().any(|other| other.text() == reading.text());
            if reading.confidence() >= SURE || is_second {
                return Ok(Some(reading));
            }
            seen.push(reading);
        }
        let surer = |one: &LineReading, other: &LineReading| {
            one.confidence().total_cmp(&other.confidence())
        };
        Ok(seen.into_iter().max_by(surer))
    }

    /// A name in Latin letters as both readers of Latin see it; as `jpn` saw it where they differ.
    fn latin_name(
        &mut self,
        row: &RowLayout,
        japanese: LineReading,
    ) -> Result<LineReading, ReaderError> {
        let [other, own, ..] = LATIN_PASSES;
        let other = self.lines(&row.value, Alphabet::Latin, other)?;
        let own = self.lines(&row.value, Alphabet::Latin, own)?;
        let mut name = match (other, own) {
            (Some(other), Some(own)) if other.text() == own.text() && is_latin(&other) => other,
            _ => japanese,
        };
        // Print of one pitch has wide gaps around a hyphen.
        let text = name.characters();
        for (at, character) in name.characters.iter_mut().enumerate() {
            let beside_hyphen = at > 0 && (text[at - 1] == '-' || text[at] == '-');
            character.after_blank &= !beside_hyphen;
        }
        Ok(name)
    }

    /// Digits as the network sees them, where it is sure: `jpn` takes a struck zero for a nine.
    fn take_own_digits(
        &mut self,
        row: &RowLayout,
        name: &mut LineReading,
    ) -> Result<(), ReaderError> {
        let has_digits = name.characters.iter().any(|c| c.character.is_ascii_digit());
        if row.value.len() != 1 || !has_digits {
            return Ok(());
        }
        if let Some(own) = self.lines(&row.value, Alphabet::Any, DIGIT_PASSES[0])? {
            take_digits(name, &own);
        }
        Ok(())
    }

    /// Puts blanks where the ink of a line shows them.
    fn measure_blanks(&self, row: &RowLayout, name: &mut LineReading) {
        let text = name.characters();
        for (at, character) in name.characters.iter_mut().enumerate() {
            // Between Latin words `jpn` sees blanks well enough.
            character.after_blank &= at > 0 && text[at - 1].is_ascii() && text[at].is_ascii();
        }
        let [line] = row.value.as_slice() else {
            return;
        };
        let [pass, ..] = NAME_PASSES;
        let spans = shapes::spans(&self.image(line, pass), INK);
        for at in blanks(&spans, &text, pass.height / CAP_HEIGHT) {
            name.characters[at].after_blank = true;
        }
    }
}

/// Replaces the digits of `name` by those that `own` saw and is sure of, where both saw as many.
fn take_digits(name: &mut LineReading, own: &LineReading) {
    let is_digit = |c: &&ReadCharacter| c.character.is_ascii_digit();
    let own_digits: Vec<&ReadCharacter> = own.characters.iter().filter(is_digit).collect();
    let digits = name.characters.iter_mut();
    let digits: Vec<&mut ReadCharacter> = digits.filter(|c| c.character.is_ascii_digit()).collect();
    if digits.len() != own_digits.len() {
        return;
    }
    for (digit, own) in digits.into_iter().zip(own_digits) {
        if own.kin >= SURE {
            digit.character = own.character;
        }
    }
}

fn is_latin(name: &LineReading) -> bool {
    let characters = || name.characters.iter().map(|c| c.character);
    characters().all(|c| c.is_ascii_graphic()) && characters().any(|c| c.is_ascii_alphabetic())
}

/// The characters of `text` that stand behind a blank, as its ink's columns show; `em` is the width of a full-width
/// character in pixels.
fn blanks(spans: &[Range<u32>], text: &[char], em: f32) -> Vec<usize> {
    let ems = |pixels: u32| pixels as f32 / em;
    let gaps: Vec<f32> = spans
        .windows(2)
        .map(|pair| ems(pair[1].start - pair[0].end))
        .collect();
    // What stands between all characters, spaced out or not, is no blank. Parts of kanji stand closer than that.
    let mut usual = gaps.clone();
    usual.sort_by(f32::total_cmp);
    let usual = usual
        .get(usual.len().saturating_sub(1) * 3 / 5)
        .copied()
        .unwrap_or(0.0);
    let usual = usual.max(LEAST_GAP);
    let wider = |gap: f32| gap - usual;
    let at_kanji = match usual > SPACED_OUT {
        true => BLANK,
        false => BLANK_AT_KANJI,
    };
    // White that no character accounts for does not count when places are compared.
    let ink: Vec<f32> = spans
        .iter()
        .map(|span| ems(span.end - span.start))
        .collect();
    let steps = ink
        .iter()
        .zip(gaps.iter().map(|gap| gap.min(usual)).chain([0.0]));
    let ends: Vec<f32> = steps
        .scan(0.0, |end, (ink, gap)| {
            *end += ink + gap;
            Some(*end)
        })
        .collect();
    let places: Vec<f32> = text
        .iter()
        .scan(0.0, |end, c| {
            *end += width(*c);
            Some(*end)
        })
        .collect();
    let (Some(all), Some(whole)) = (ends.last(), places.last()) else {
        return Vec::new();
    };
    let wide = gaps.iter().enumerate();
    let wide = wide.filter(|(_, gap)| wider(**gap) >= at_kanji);
    let found = wide.filter_map(|(i, gap)| {
        let target = ends[i] / all * whole;
        let nearest = (1..text.len()).min_by(|one, other| {
            let off = |at: usize| (places[at - 1] - target).abs();
            off(*one).total_cmp(&off(*other))
        })?;
        let kanji = is_kanji(text[nearest - 1]) && is_kanji(text[nearest]);
        let latin = text[nearest - 1].is_ascii() && text[nearest].is_ascii();
        let least = if kanji { at_kanji } else { BLANK };
        (wider(*gap) >= least && !latin).then_some(nearest)
    });
    found.collect()
}

fn is_kanji(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}')
}

/// In ems, about.
fn width(character: char) -> f32 {
    if character.is_ascii() { 0.6 } else { 1.0 }
}

/// Grey first: strokes of kanji run together when they are made crisp.
const NAME_PASSES: [Pass; 3] = [
    tesseract(26.0, Tone::Grey),
    tesseract(34.0, Tone::Grey),
    tesseract(22.0, Tone::Crisp),
];
/// Of a name that was right, `jpn` is surer than this of every character.
const SURE: f32 = 0.9;
/// Half a half-width blank: kanji bring little white of their own.
const BLANK_AT_KANJI: f32 = 0.16;
/// Kana and full-width digits bring up to 0.45 em of white along.
const BLANK: f32 = 0.4;
/// Characters further apart than this are spaced out, and not evenly once their parts are counted.
const SPACED_OUT: f32 = 0.22;
/// White between characters that are not spaced out.
const LEAST_GAP: f32 = 0.1;
/// The print's height in ems.
const CAP_HEIGHT: f32 = 0.92;
/// Darker is ink, in an evenly lit line. Thin strokes of a Mincho are pale, and without them there is white where there
/// is none.
const INK: u8 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of ink of characters this wide, each with this much white before it; an em is 100 pixels.
    fn ink(parts: &[(u32, u32)]) -> Vec<Range<u32>> {
        let mut x = 0;
        parts
            .iter()
            .map(|(white, width)| {
                let start = x + white;
                x = start + width;
                start..x
            })
            .collect()
    }

    const NONE: [usize; 0] = [];

    fn text(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn a_blank_between_kanji_is_measured() {
        // 1階受付 端末1, the blank a quarter of an em; 付 and 端 fall into two columns of ink each.
        let spans = ink(&[
            (0, 30),
            (15, 90),
            (10, 90),
            (10, 30),
            (8, 52),
            (35, 30),
            (8, 52),
            (10, 90),
            (15, 30),
        ]);
        assert_eq!(blanks(&spans, &text("1階受付端末1"), 100.0), [4]);
    }

    #[test]
    fn the_white_around_full_width_digits_and_kana_is_no_blank() {
        // 窓口１, レセコン１
        let spans = ink(&[(0, 90), (10, 70), (44, 20)]);
        assert_eq!(blanks(&spans, &text("窓口1"), 100.0), NONE);
        let spans = ink(&[(0, 70), (25, 80), (30, 70), (20, 80), (42, 20)]);
        assert_eq!(blanks(&spans, &text("レセコン1"), 100.0), NONE);
    }

    #[test]
    fn characters_that_are_spaced_out_have_no_blanks_between_them() {
        // 受付1号機
        let spaced = [
            (0, 90),
            (45, 30),
            (8, 52),
            (55, 20),
            (55, 85),
            (45, 30),
            (8, 52),
        ];
        assert_eq!(blanks(&ink(&spaced), &text("受付1号機"), 100.0), NONE);
    }

    #[test]
    fn a_full_width_blank_before_a_digit_is_one() {
        let spans = ink(&[(0, 90), (10, 90), (120, 20)]);
        assert_eq!(blanks(&spans, &text("受付1"), 100.0), [2]);
    }

    fn reading(characters: &[(char, f32)]) -> LineReading {
        let characters = characters
            .iter()
            .map(|(character, kin)| ReadCharacter::seen(*character, *kin, 0..0));
        LineReading {
            characters: characters.collect(),
            width: 100,
        }
    }

    #[test]
    fn digits_are_taken_from_the_network_where_it_is_sure_and_saw_as_many() {
        let japanese = [('端', 0.9), ('9', 0.9), ('1', 0.9)];
        let taken = |own: &[(char, f32)]| {
            let mut name = reading(&japanese);
            take_digits(&mut name, &reading(own));
            name.text()
        };
        assert_eq!(taken(&[(OTHER, 0.9), ('0', 0.99), ('1', 0.99)]), "端01");
        assert_eq!(taken(&[(OTHER, 0.9), ('0', 0.5), ('7', 0.99)]), "端97");
        assert_eq!(taken(&[(OTHER, 0.9), ('0', 0.99)]), "端91");
    }

    #[test]
    fn no_ink_and_no_text_have_no_blanks() {
        assert_eq!(blanks(&[], &text("受付"), 100.0), NONE);
        assert_eq!(blanks(&ink(&[(0, 90)]), &[], 100.0), NONE);
    }
}
