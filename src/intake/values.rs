//! Values read twice: other language data, other scale, other threshold.
//!
//! Until the project has a reader of its own, two passes of Tesseract stand in for two readers. On clean and
//! office lines `eng` errs least, on faxes `jpn` does, and where they err they err differently (7→1 the one,
//! 8→6 and 0→9 the other). Both read digits of 15 to 26 pixels best and get worse above 35, so lines are made
//! small, not large.
//!
//! When the two passes differ, more are made with other tones and scales; a text stands only when most of them
//! agree on it and both kinds of reader are among those.

mod shapes;

use std::path::Path;

use image::GrayImage;

use crate::domain::BoundingBox;
use crate::intake::fields::blocks::RowLayout;
use crate::intake::fields::dates;
use crate::intake::layout::{Area, Layout, PrintLine};
use crate::intake::page::{Tone, Upright};
#[cfg(feature = "tesseract")]
use crate::intake::reader::TesseractReader;
use crate::intake::reader::{Alphabet, LineReader, LineReading, ReaderError};

/// The two recognisers that read each value.
pub struct Readers {
    /// Best at Latin letters and digits.
    pub latin: Box<dyn LineReader + Send>,
    /// Reads Japanese, and digits differently enough.
    pub japanese: Box<dyn LineReader + Send>,
}

impl Readers {
    /// Opens both on Tesseract's data.
    #[cfg(feature = "tesseract")]
    pub fn open(tessdata: Option<&Path>) -> Result<Self, ReaderError> {
        let open = |language| TesseractReader::open(tessdata, language);
        Ok(Self {
            latin: Box::new(open("eng")?),
            japanese: Box::new(open("jpn")?),
        })
    }

    /// There is no reader in this build.
    #[cfg(not(feature = "tesseract"))]
    pub fn open(_tessdata: Option<&Path>) -> Result<Self, ReaderError> {
        Err(ReaderError::NotBuiltIn)
    }
}

/// What two readings of one value gave.
#[derive(Clone, Debug)]
pub struct TwoReadings {
    /// The reading that is shown; its characters' alternatives name what the other saw.
    pub first: LineReading,
    /// The other.
    pub second: LineReading,
    /// Whether they agree on every character.
    pub agreed: bool,
    /// Separate pieces of ink from left to right, counted without any reader.
    pub strokes: usize,
    /// Whether every character of this value is one piece of ink, so that counting them means something.
    pub counts_strokes: bool,
    /// Whether print goes on behind the last character read.
    pub cut_short: bool,
    /// Circles or blots where characters should be: a masked value.
    pub masked: bool,
    /// Where the value stands.
    pub bounding_box: BoundingBox,
}

/// Reads the values of one page.
pub struct ValueReader<'a> {
    /// The page.
    pub page: &'a Upright<'a>,
    /// Its print.
    pub layout: &'a Layout,
    /// The two recognisers.
    pub readers: &'a mut Readers,
}

/// One way to read a line.
#[derive(Clone, Copy)]
struct Pass {
    latin: bool,
    tone: Tone,
    height: f32,
}

impl ValueReader<'_> {
    /// A number: digits only.
    pub fn digits(&mut self, row: &RowLayout) -> Result<Option<TwoReadings>, ReaderError> {
        self.twice(row, Alphabet::Digits, &DIGIT_PASSES)
    }

    /// A number about which there is a doubt from elsewhere: every pass must see the same.
    pub fn digits_of_one_voice(
        &mut self,
        row: &RowLayout,
    ) -> Result<Option<TwoReadings>, ReaderError> {
        let Some(mut readings) = self.digits(row)? else {
            return Ok(None);
        };
        for pass in DIGIT_PASSES {
            let other = self.lines(&row.value, Alphabet::Digits, pass)?;
            readings.agreed &= other.text() == readings.first.text();
            readings.first = with_alternatives(readings.first, &other);
        }
        Ok(Some(readings))
    }

    /// Letters and digits, case as printed.
    pub fn alphanumeric(&mut self, row: &RowLayout) -> Result<Option<TwoReadings>, ReaderError> {
        self.twice(row, Alphabet::Alphanumeric, &DIGIT_PASSES)
    }

    /// A line of Latin print.
    pub fn latin(&mut self, row: &RowLayout) -> Result<Option<TwoReadings>, ReaderError> {
        self.twice(row, Alphabet::Latin, &LATIN_PASSES)
    }

    /// Free Japanese text, read once: only one set of language data knows it.
    pub fn japanese(&mut self, row: &RowLayout) -> Result<Option<TwoReadings>, ReaderError> {
        let Some(area) = row.value_area() else {
            return Ok(None);
        };
        let only = self.lines(&row.value, Alphabet::Any, JAPANESE_PASS)?;
        let none = LineReading::default();
        Ok(Some(self.evidence(
            row,
            area,
            only,
            none,
            true,
            Alphabet::Any,
        )))
    }

    fn twice(
        &mut self,
        row: &RowLayout,
        alphabet: Alphabet,
        passes: &[Pass],
    ) -> Result<Option<TwoReadings>, ReaderError> {
        let Some(area) = row.value_area() else {
            return Ok(None);
        };
        let mut readings = Vec::new();
        for pass in &passes[..2] {
            readings.push((pass.latin, self.lines(&row.value, alphabet, *pass)?));
        }
        let mut agreed = readings[0].1.text() == readings[1].1.text();
        if !agreed {
            for pass in &passes[2..] {
                readings.push((pass.latin, self.lines(&row.value, alphabet, *pass)?));
            }
            agreed = take_majority(&mut readings);
        }
        let readings: Vec<LineReading> = readings.into_iter().map(|(_, reading)| reading).collect();
        let (first, second) = merged(&readings);
        Ok(Some(
            self.evidence(row, area, first, second, agreed, alphabet),
        ))
    }

    /// Dates. The marks between the numbers are left to the first reading: the second sees digits only, on a
    /// line from which the marks were cut out, because no data reads slashes or 年月日 as well as digits.
    pub fn dates(
        &mut self,
        row: &RowLayout,
        expected: usize,
    ) -> Result<Option<TwoReadings>, ReaderError> {
        let Some(area) = row.value_area() else {
            return Ok(None);
        };
        let mut best: Option<(LineReading, LineReading)> = None;
        for (marks, digits) in DATE_PASSES {
            let first = self.lines(&row.value, DATES, marks)?;
            if dates::count(&first.text()) != expected {
                best.get_or_insert_with(|| (first, LineReading::default()));
                continue;
            }
            let second = self.digits_without_marks(&row.value, &first, marks, digits)?;
            if digits_of(&first) == second.text() {
                let first = with_alternatives(first, &second);
                return Ok(Some(self.evidence(row, area, first, second, true, DATES)));
            }
            let known = best
                .as_ref()
                .is_some_and(|(_, second)| !second.characters.is_empty());
            if !known {
                best = Some((first, second));
            }
        }
        let (first, second) = best.unwrap_or_default();
        Ok(Some(self.evidence(row, area, first, second, false, DATES)))
    }

    fn digits_without_marks(
        &mut self,
        lines: &[PrintLine],
        first: &LineReading,
        marks: Pass,
        digits: Pass,
    ) -> Result<LineReading, ReaderError> {
        let mut all = LineReading::default();
        let mut start = 0;
        for line in lines {
            // Characters of the next line start again at the left.
            let rest = &first.characters[start..];
            let wraps = rest.windows(2).position(|pair| pair[1].left < pair[0].left);
            let length = wraps.map_or(rest.len(), |at| at + 1);
            let seen = self.image(line, marks);
            let image = shapes::without_marks(&self.image(line, digits), &seen, &rest[..length]);
            let reader = self.reader(digits);
            let reading = reader.read_line(&image, Alphabet::Digits)?;
            all.characters.extend(reading.characters.iter().cloned());
            start += length;
        }
        Ok(all)
    }

    fn evidence(
        &self,
        row: &RowLayout,
        area: Area,
        first: LineReading,
        second: LineReading,
        agreed: bool,
        alphabet: Alphabet,
    ) -> TwoReadings {
        let plain = Pass {
            latin: true,
            tone: Tone::Grey,
            height: DIGIT_HEIGHT,
        };
        let (mut strokes, mut rings, mut cut_short) = (0, 0, false);
        for line in &row.value {
            let shapes = shapes::Shapes::of(&self.image(line, plain));
            strokes += shapes.strokes();
            rings += shapes.rings;
            if alphabet == Alphabet::Latin && first.width > 0 {
                cut_short = shapes.end() - first.end() > LONGEST_TAIL;
            }
        }
        TwoReadings {
            first,
            second,
            agreed,
            strokes,
            cut_short,
            counts_strokes: matches!(alphabet, Alphabet::Digits | Alphabet::Alphanumeric),
            masked: rings >= FEWEST_RINGS && rings * 2 >= strokes,
            bounding_box: self.layout.on_page(area, MARGIN_FOR_PEOPLE),
        }
    }

    fn lines(
        &mut self,
        lines: &[PrintLine],
        alphabet: Alphabet,
        pass: Pass,
    ) -> Result<LineReading, ReaderError> {
        let mut all = LineReading::default();
        for line in lines {
            // Of several lines no width is known; of one it is that of its image.
            let mut image = self.image(line, pass);
            if matches!(alphabet, Alphabet::Digits | Alphabet::Alphanumeric) {
                image = shapes::closed_up(&image);
            }
            let reading = self.reader(pass).read_line(&image, alphabet)?;
            all.width = if lines.len() == 1 { reading.width } else { 0 };
            all.characters.extend(reading.characters.iter().cloned());
        }
        Ok(all)
    }

    fn reader(&mut self, pass: Pass) -> &mut dyn LineReader {
        match pass.latin {
            true => self.readers.latin.as_mut(),
            false => self.readers.japanese.as_mut(),
        }
    }

    fn image(&self, line: &PrintLine, pass: Pass) -> GrayImage {
        // Where tall marks stand between digits, the digits are what most pieces are.
        let mostly_tall = line.typical * 3 >= line.glyph * 2;
        let glyph = if mostly_tall {
            line.typical
        } else {
            line.glyph
        };
        let pixels = (glyph as u32 * self.layout.step).max(1);
        let scale = pass.height / pixels as f32;
        self.page
            .line(self.layout.on_page(line.area, MARGIN), scale, pass.tone)
    }
}

/// The digits of a reading.
pub fn digits_of(reading: &LineReading) -> String {
    let characters = reading.characters.iter().map(|c| c.character);
    characters.filter(char::is_ascii_digit).collect()
}

/// Puts the readings of the text that most agree on in front; false when there is no such text, or when only
/// one kind of reader saw it.
fn take_majority(readings: &mut Vec<(bool, LineReading)>) -> bool {
    let texts: Vec<(bool, String)> = readings
        .iter()
        .map(|(latin, reading)| (*latin, reading.text()))
        .collect();
    let votes = |text: &String| texts.iter().filter(|(_, other)| other == text).count();
    let Some((_, winner)) = texts
        .iter()
        .find(|(_, text)| votes(text) * 2 > texts.len() && !text.is_empty())
    else {
        return false;
    };
    let saw = |latin: bool| {
        texts
            .iter()
            .any(|(by, text)| *by == latin && text == winner)
    };
    let both = saw(true) && saw(false);
    // Stable: readings of the winning text come first, in their order; the two kinds of reader lead them.
    let mut marked: Vec<(bool, (bool, LineReading))> = texts
        .iter()
        .map(|(_, text)| text != winner)
        .zip(readings.drain(..))
        .collect();
    marked.sort_by_key(|(loser, _)| *loser);
    readings.extend(marked.into_iter().map(|(_, reading)| reading));
    let first_kind = readings.first().map(|(latin, _)| *latin);
    let other = readings
        .iter()
        .position(|(latin, _)| Some(*latin) != first_kind);
    if let (true, Some(other)) = (both, other) {
        readings.swap(1, other);
    }
    both
}

/// The first two readings; every character of the first carries what any other reading saw in its place.
fn merged(readings: &[LineReading]) -> (LineReading, LineReading) {
    let mut first = readings.first().cloned().unwrap_or_default();
    for other in readings.iter().skip(1) {
        first = with_alternatives(first, other);
    }
    (first, readings.get(1).cloned().unwrap_or_default())
}

fn with_alternatives(mut first: LineReading, other: &LineReading) -> LineReading {
    if first.characters.len() == other.characters.len() {
        for (mine, theirs) in first.characters.iter_mut().zip(&other.characters) {
            let seen = theirs.character;
            if seen != mine.character && !mine.alternatives.contains(&seen) {
                mine.alternatives.insert(0, seen);
            }
        }
    }
    first
}

const DATES: Alphabet = Alphabet::DateMarks;
const DIGIT_HEIGHT: f32 = 22.0;

const fn latin(height: f32, tone: Tone) -> Pass {
    Pass {
        latin: true,
        tone,
        height,
    }
}

const fn japanese(height: f32, tone: Tone) -> Pass {
    Pass {
        latin: false,
        tone,
        height,
    }
}

/// The first two are the readings; the others settle where those differ.
const DIGIT_PASSES: [Pass; 6] = [
    latin(22.0, Tone::Crisp),
    japanese(20.0, Tone::Grey),
    latin(16.0, Tone::Grey),
    japanese(26.0, Tone::Crisp),
    japanese(17.0, Tone::Grey),
    latin(26.0, Tone::Grey),
];
const LATIN_PASSES: [Pass; 4] = [
    latin(24.0, Tone::Grey),
    japanese(24.0, Tone::Crisp),
    latin(28.0, Tone::Crisp),
    japanese(28.0, Tone::Grey),
];
const JAPANESE_PASS: Pass = japanese(26.0, Tone::Grey);
/// Who reads the marks, who reads the digits. `eng` knows slashes best, only `jpn` knows 年月日.
const DATE_PASSES: [(Pass, Pass); 4] = [
    (DIGIT_PASSES[0], DIGIT_PASSES[1]),
    (DIGIT_PASSES[1], DIGIT_PASSES[0]),
    (DIGIT_PASSES[2], DIGIT_PASSES[3]),
    (DIGIT_PASSES[3], DIGIT_PASSES[2]),
];
/// Of a line of 30 characters, one may be overlooked at its end.
const LONGEST_TAIL: f32 = 0.03;
/// Mask pixels around a line, so that no stroke is cut.
const MARGIN: usize = 2;
/// Mask pixels around the picture that a person sees.
const MARGIN_FOR_PEOPLE: usize = 6;
/// Fewer circles may be letters.
const FEWEST_RINGS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::reader::ReadCharacter;

    fn reading(text: &str) -> LineReading {
        let characters = text.chars().zip(0..).map(|(character, i)| ReadCharacter {
            character,
            confidence: 0.9,
            alternatives: Vec::new(),
            left: 10 + i * 20,
            right: 10 + i * 20 + 14,
            after_blank: false,
        });
        LineReading {
            characters: characters.collect(),
            width: 0,
        }
    }

    #[test]
    fn what_only_one_kind_of_reader_saw_is_no_agreement() {
        let kinds = [true, true, true, false];
        let texts = ["17", "17", "17", "71"].map(reading);
        let mut readings: Vec<(bool, LineReading)> = kinds.into_iter().zip(texts).collect();
        assert!(!take_majority(&mut readings));
    }

    #[test]
    fn three_of_four_readings_make_a_text_and_two_do_not() {
        let by = |texts: [&str; 4]| -> Vec<(bool, LineReading)> {
            let kinds = [true, false, true, false];
            kinds.into_iter().zip(texts.map(reading)).collect()
        };
        let mut readings = by(["17", "71", "71", "71"]);
        assert!(take_majority(&mut readings));
        let kinds: Vec<bool> = readings.iter().take(2).map(|(latin, _)| *latin).collect();
        assert_eq!(kinds, [false, true]);
        let readings: Vec<LineReading> = readings.into_iter().map(|(_, r)| r).collect();
        let (first, second) = merged(&readings);
        assert_eq!((first.text(), second.text()), ("71".into(), "71".into()));
        assert_eq!(first.characters[0].alternatives, ['1']);
        assert!(!take_majority(&mut by(["17", "71", "71", "17"])));
    }
}
