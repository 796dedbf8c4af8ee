//! Values read twice: by the project's own network and by Tesseract, which share neither pixels' treatment nor training.
//!
//! The network (`reader::GlyphnetReader`) reads first, Tesseract's `eng` second. Tesseract reads digits of 15 to 26
//! pixels best and gets worse above 35, so its lines are made small, not large.
//!
//! When the two differ, more passes are made with other tones and scales; a text stands only when most of them
//! agree on it and both readers are among those. Without Tesseract nothing is accepted: one reader vouches for nothing.

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
use crate::intake::reader::{
    Alphabet, GlyphnetReader, LineReader, LineReading, OTHER, PRINT_HEIGHT, ReaderError,
};

/// The recognisers that read each value.
pub struct Readers {
    /// The project's own: labels and the first reading of every value.
    pub glyphs: Box<dyn LineReader + Send>,
    /// The second reading of every value; `None` in a build without Tesseract.
    pub latin: Option<Box<dyn LineReader + Send>>,
    /// Free Japanese text; `None` in a build without Tesseract.
    pub japanese: Option<Box<dyn LineReader + Send>>,
}

impl Readers {
    /// Takes the embedded network, and Tesseract on the data in `tessdata`. Tesseract is started when it is first
    /// needed; that its data is there is looked for now.
    #[cfg(feature = "tesseract")]
    pub fn open(tessdata: Option<&Path>) -> Result<Self, ReaderError> {
        Ok(Self {
            glyphs: Box::new(GlyphnetReader::open()?),
            latin: Some(Box::new(TesseractReader::open(tessdata, "eng")?)),
            japanese: Some(Box::new(TesseractReader::open(tessdata, "jpn")?)),
        })
    }

    /// Takes the embedded network; there is no other reader in this build.
    #[cfg(not(feature = "tesseract"))]
    pub fn open(_tessdata: Option<&Path>) -> Result<Self, ReaderError> {
        Ok(Self {
            glyphs: Box::new(GlyphnetReader::open()?),
            latin: None,
            japanese: None,
        })
    }
}

/// What holding two readings against each other gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Agreement {
    /// They agree on every character.
    Agreed,
    /// They do not.
    Differ,
    /// There was no second reader.
    Alone,
}

/// What two readings of one value gave.
#[derive(Clone, Debug)]
pub struct TwoReadings {
    /// The reading that is shown; its characters' alternatives name what the other saw.
    pub first: LineReading,
    /// The other.
    pub second: LineReading,
    /// Whether they agree.
    pub agreement: Agreement,
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
    /// The recognisers.
    pub readers: &'a mut Readers,
}

/// One way to read a line.
#[derive(Clone, Copy)]
struct Pass {
    by: By,
    tone: Tone,
    /// Height of the print, in pixels.
    height: f32,
}

/// Who reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Glyphnet,
    Tesseract,
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
            let Some(other) = self.lines(&row.value, Alphabet::Digits, pass)? else {
                continue;
            };
            if other.text() != readings.first.text() && readings.agreement == Agreement::Agreed {
                readings.agreement = Agreement::Differ;
            }
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

    /// Free Japanese text, read once: no second reader knows it. Without Tesseract a name of the network's own
    /// characters can be read, no other.
    pub fn name(&mut self, row: &RowLayout) -> Result<Option<TwoReadings>, ReaderError> {
        let Some(area) = row.value_area() else {
            return Ok(None);
        };
        let only = match self.lines(&row.value, Alphabet::Any, NAME_PASS)? {
            Some(reading) => reading,
            None => {
                let own = self.lines(&row.value, Alphabet::Any, DIGIT_PASSES[0])?;
                own.filter(|reading| !reading.text().contains(OTHER))
                    .unwrap_or_default()
            }
        };
        let none = LineReading::default();
        let agreement = Agreement::Agreed;
        Ok(Some(self.evidence(
            row,
            area,
            only,
            none,
            agreement,
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
        let mut readings = self.passes(row, alphabet, &passes[..2])?;
        let agreement = match readings.as_slice() {
            [(_, first), (_, second)] if first.text() == second.text() => Agreement::Agreed,
            [_, _] => {
                readings.extend(self.passes(row, alphabet, &passes[2..])?);
                match take_majority(&mut readings) {
                    true => Agreement::Agreed,
                    false => Agreement::Differ,
                }
            }
            _ => Agreement::Alone,
        };
        let readings: Vec<LineReading> = readings.into_iter().map(|(_, reading)| reading).collect();
        let (first, second) = merged(&readings);
        Ok(Some(
            self.evidence(row, area, first, second, agreement, alphabet),
        ))
    }

    /// The readings of those passes whose reader there is.
    fn passes(
        &mut self,
        row: &RowLayout,
        alphabet: Alphabet,
        passes: &[Pass],
    ) -> Result<Vec<(By, LineReading)>, ReaderError> {
        let mut readings = Vec::new();
        for pass in passes {
            if let Some(reading) = self.lines(&row.value, alphabet, *pass)? {
                readings.push((pass.by, reading));
            }
        }
        Ok(readings)
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
        let mut alone = false;
        for (marks, digits) in DATE_PASSES {
            let Some(first) = self.lines(&row.value, DATES, marks)? else {
                continue;
            };
            if dates::count(&first.text()) != expected {
                best.get_or_insert_with(|| (first, LineReading::default()));
                continue;
            }
            let Some(second) = self.digits_without_marks(&row.value, &first, marks, digits)? else {
                alone = true;
                best = Some((first, LineReading::default()));
                break;
            };
            if digits_of(&first) == second.text() {
                let first = with_alternatives(first, &second);
                let agreement = Agreement::Agreed;
                return Ok(Some(
                    self.evidence(row, area, first, second, agreement, DATES),
                ));
            }
            let known = best
                .as_ref()
                .is_some_and(|(_, second)| !second.characters.is_empty());
            if !known {
                best = Some((first, second));
            }
        }
        let (first, second) = best.unwrap_or_default();
        let agreement = match alone {
            true => Agreement::Alone,
            false => Agreement::Differ,
        };
        Ok(Some(
            self.evidence(row, area, first, second, agreement, DATES),
        ))
    }

    fn digits_without_marks(
        &mut self,
        lines: &[PrintLine],
        first: &LineReading,
        marks: Pass,
        digits: Pass,
    ) -> Result<Option<LineReading>, ReaderError> {
        let mut all = LineReading::default();
        let mut start = 0;
        for line in lines {
            // Characters of the next line start again at the left.
            let rest = &first.characters[start..];
            let wraps = rest.windows(2).position(|pair| pair[1].left < pair[0].left);
            let length = wraps.map_or(rest.len(), |at| at + 1);
            let seen = self.image(line, marks);
            let image = shapes::without_marks(&self.image(line, digits), &seen, &rest[..length]);
            let Some(reader) = self.reader(digits.by) else {
                return Ok(None);
            };
            let reading = reader.read_line(&image, Alphabet::Digits)?;
            all.characters.extend(reading.characters.iter().cloned());
            start += length;
        }
        Ok(Some(all))
    }

    fn evidence(
        &self,
        row: &RowLayout,
        area: Area,
        first: LineReading,
        second: LineReading,
        agreement: Agreement,
        alphabet: Alphabet,
    ) -> TwoReadings {
        let plain = Pass {
            by: By::Glyphnet,
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
            agreement,
            strokes,
            cut_short,
            counts_strokes: matches!(alphabet, Alphabet::Digits | Alphabet::Alphanumeric),
            masked: rings >= FEWEST_RINGS && rings * 2 >= strokes,
            bounding_box: self.layout.on_page(area, MARGIN_FOR_PEOPLE),
        }
    }

    /// One pass over the lines of a value; `None` where its reader is not in this build.
    fn lines(
        &mut self,
        lines: &[PrintLine],
        alphabet: Alphabet,
        pass: Pass,
    ) -> Result<Option<LineReading>, ReaderError> {
        let mut all = LineReading::default();
        for line in lines {
            // Of several lines no width is known; of one it is that of its image.
            let mut image = self.image(line, pass);
            if matches!(alphabet, Alphabet::Digits | Alphabet::Alphanumeric) {
                image = shapes::closed_up(&image);
            }
            let reader = match alphabet {
                Alphabet::Any if pass.by == By::Tesseract => self.readers.japanese.as_deref_mut(),
                _ => self.reader(pass.by),
            };
            let Some(reader) = reader else {
                return Ok(None);
            };
            let reading = reader.read_line(&image, alphabet)?;
            all.width = if lines.len() == 1 { reading.width } else { 0 };
            all.characters.extend(reading.characters.iter().cloned());
        }
        Ok(Some(all))
    }

    fn reader(&mut self, by: By) -> Option<&mut (dyn LineReader + Send + 'static)> {
        match by {
            By::Glyphnet => Some(self.readers.glyphs.as_mut()),
            By::Tesseract => self.readers.latin.as_deref_mut(),
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
/// one reader saw it.
fn take_majority(readings: &mut Vec<(By, LineReading)>) -> bool {
    let texts: Vec<(By, String)> = readings
        .iter()
        .map(|(by, reading)| (*by, reading.text()))
        .collect();
    let votes = |text: &String| texts.iter().filter(|(_, other)| other == text).count();
    let Some((_, winner)) = texts
        .iter()
        .find(|(_, text)| votes(text) * 2 > texts.len() && !text.is_empty())
    else {
        return false;
    };
    let saw = |who: By| texts.iter().any(|(by, text)| *by == who && text == winner);
    let both = saw(By::Glyphnet) && saw(By::Tesseract);
    // Stable: readings of the winning text come first, in their order; the two readers lead them.
    let mut marked: Vec<(bool, (By, LineReading))> = texts
        .iter()
        .map(|(_, text)| text != winner)
        .zip(readings.drain(..))
        .collect();
    marked.sort_by_key(|(loser, _)| *loser);
    readings.extend(marked.into_iter().map(|(_, reading)| reading));
    let first = readings.first().map(|(by, _)| *by);
    let other = readings.iter().position(|(by, _)| Some(*by) != first);
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

const fn glyphnet(height: f32, tone: Tone) -> Pass {
    let by = By::Glyphnet;
    Pass { by, tone, height }
}

const fn tesseract(height: f32, tone: Tone) -> Pass {
    let by = By::Tesseract;
    Pass { by, tone, height }
}

/// The first two are the readings; the others settle where those differ.
const DIGIT_PASSES: [Pass; 6] = [
    glyphnet(PRINT_HEIGHT, Tone::Grey),
    tesseract(22.0, Tone::Crisp),
    tesseract(16.0, Tone::Grey),
    glyphnet(PRINT_HEIGHT * 0.88, Tone::Crisp),
    tesseract(26.0, Tone::Grey),
    glyphnet(PRINT_HEIGHT * 1.1, Tone::Grey),
];
/// Only Tesseract tells where the blanks are.
const LATIN_PASSES: [Pass; 4] = [
    tesseract(24.0, Tone::Grey),
    glyphnet(PRINT_HEIGHT, Tone::Grey),
    tesseract(28.0, Tone::Crisp),
    glyphnet(PRINT_HEIGHT * 0.88, Tone::Crisp),
];
const NAME_PASS: Pass = tesseract(26.0, Tone::Grey);
/// Who reads the marks, who reads the digits.
const DATE_PASSES: [(Pass, Pass); 4] = [
    (DIGIT_PASSES[0], DIGIT_PASSES[1]),
    (DIGIT_PASSES[1], DIGIT_PASSES[0]),
    (DIGIT_PASSES[3], DIGIT_PASSES[2]),
    (DIGIT_PASSES[5], DIGIT_PASSES[4]),
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

    use By::{Glyphnet as G, Tesseract as T};

    fn by(readers: [By; 4], texts: [&str; 4]) -> Vec<(By, LineReading)> {
        readers.into_iter().zip(texts.map(reading)).collect()
    }

    #[test]
    fn what_only_one_reader_saw_is_no_agreement() {
        let mut readings = by([G, G, G, T], ["17", "17", "17", "71"]);
        assert!(!take_majority(&mut readings));
    }

    #[test]
    fn three_of_four_readings_make_a_text_and_two_do_not() {
        let mut readings = by([G, T, G, T], ["17", "71", "71", "71"]);
        assert!(take_majority(&mut readings));
        let readers: Vec<By> = readings.iter().take(2).map(|(by, _)| *by).collect();
        assert_eq!(readers, [T, G]);
        let readings: Vec<LineReading> = readings.into_iter().map(|(_, r)| r).collect();
        let (first, second) = merged(&readings);
        assert_eq!((first.text(), second.text()), ("71".into(), "71".into()));
        assert_eq!(first.characters[0].alternatives, ['1']);
        assert!(!take_majority(&mut by(
            [G, T, G, T],
            ["17", "71", "71", "17"]
        )));
    }
}
