//! Values read twice: by the project's own network and by Tesseract, which share neither pixels' treatment nor training.
//!
//! The network (`reader::GlyphnetReader`) reads first, Tesseract's `eng` second. Tesseract reads digits of 15 to 26
//! pixels best and gets worse above 35, so its lines are made small, not large.
//!
//! When the two differ, more passes are made with other tones and scales; a text stands only when most of them
//! agree on it and both readers are among those. Without Tesseract nothing is accepted: one reader vouches for nothing.

mod glyphs;
mod names;
mod shapes;
pub mod specimens;
mod vote;

use std::path::Path;

use image::GrayImage;
use zeroize::Zeroizing;

use crate::domain::BoundingBox;
use crate::intake::fields::blocks::RowLayout;
use crate::intake::fields::{Label, dates};
use crate::intake::layout::{Area, Layout, PrintLine};
use crate::intake::look_alikes;
use crate::intake::page::{Tone, Upright};
#[cfg(feature = "tesseract")]
use crate::intake::reader::TesseractReader;
use crate::intake::reader::{
    Alphabet, GlyphnetReader, LineReader, LineReading, PRINT_HEIGHT, ReaderError,
};
use glyphs::Sighting;
pub use shapes::closed_up;
use specimens::Specimens;
use vote::{merged, take_majority, with_alternatives};

/// The recognisers that read each value.
pub struct Readers {
    /// The project's own: labels and the first reading of every value.
    pub glyphs: Box<dyn LineReader + Send>,
    /// The second reading of every value; `None` in a build without Tesseract.
    pub latin: Option<Box<dyn LineReader + Send>>,
    /// Free Japanese text; `None` in a build without Tesseract.
    pub japanese: Option<Box<dyn LineReader + Send>>,
}

/// Whether this build has the second reader, without whom nothing is accepted.
pub const READS_TWICE: bool = cfg!(feature = "tesseract");

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
    /// They agree but for characters that look alike.
    AgreedButForLookAlikes,
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
    /// For each character of the first reading whether its look-alikes are ruled out; empty when nobody looked.
    pub settled: Vec<bool>,
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

impl TwoReadings {
    /// Whether the two readings agree on every character, or take one glyph for two look-alikes.
    pub fn agree_but_for_look_alikes(&self) -> bool {
        matches!(
            self.agreement,
            Agreement::Agreed | Agreement::AgreedButForLookAlikes
        )
    }
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
        // Two readers that took one glyph for two look-alikes do not differ about the ink.
        let text = |reading: &LineReading| match alphabet {
            Alphabet::Alphanumeric => reading.text().chars().map(look_alikes::folded).collect(),
            _ => reading.text(),
        };
        let mut agreement = match readings.as_slice() {
            [(_, first), (_, second)] if text(first) == text(second) => Agreement::Agreed,
            [_, _] => {
                readings.extend(self.passes(row, alphabet, &passes[2..])?);
                match take_majority(&mut readings, text) {
                    true => Agreement::Agreed,
                    false => Agreement::Differ,
                }
            }
            _ => Agreement::Alone,
        };
        let readings: Vec<LineReading> = readings.into_iter().map(|(_, reading)| reading).collect();
        let (first, second) = merged(&readings);
        if agreement == Agreement::Agreed && first.text() != second.text() {
            agreement = Agreement::AgreedButForLookAlikes;
        }
        Ok(Some(
            self.evidence(row, area, first, second, agreement, alphabet),
        ))
    }

    /// Adds the glyphs of a request ID of which there is no doubt to `specimens`, before any other. `digit` is the height of
    /// the page's digits in its ink's pixels.
    pub fn show_request_id(
        &self,
        row: &RowLayout,
        readings: &TwoReadings,
        digit: usize,
        specimens: &mut Specimens,
    ) {
        if let Some(line) = self.specimen_line(row, digit) {
            specimens.add_request_id(&line, &sighting(&readings.first));
        }
    }

    /// Adds the glyphs of another number of which there is no doubt.
    pub fn show_number(
        &self,
        row: &RowLayout,
        readings: &TwoReadings,
        digit: usize,
        specimens: &mut Specimens,
    ) {
        if let Some(line) = self.specimen_line(row, digit) {
            specimens.add_number(&line, &sighting(&readings.first));
        }
    }

    /// Adds the glyphs of the issuer's name to `specimens`, which is known to be one of `spellings`.
    pub fn show_words(
        &self,
        row: &RowLayout,
        spellings: &[Vec<String>],
        digit: usize,
        specimens: &mut Specimens,
    ) {
        let lines = row.value.iter();
        let lines: Vec<GrayImage> = lines
            .map(|line| self.line_of_specimens(line, digit))
            .collect();
        specimens.add_words(&lines, spellings);
    }

    /// Rules out the look-alikes of an ID, as far as `specimens` can; `line` is its [`Self::specimen_line`].
    pub fn settle(line: &GrayImage, readings: &mut TwoReadings, specimens: &Specimens) {
        let (seen, second) = (sighting(&readings.first), readings.second.characters());
        let settled = Zeroizing::new(specimens.settle(line, &seen, &second));
        let characters = readings.first.characters.iter_mut();
        for (character, settled) in characters.zip(settled.iter()) {
            let Some(settled) = settled else { continue };
            // As sure as the reader was of the glyph, whichever of its look-alikes it named.
            character.confidence = character.kin;
            character.character = *settled;
            character
                .alternatives
                .retain(|other| !look_alikes::are_look_alikes(*settled, *other));
        }
        readings.settled = settled.iter().map(Option::is_some).collect();
        let open = |at: usize| !readings.settled.get(at).copied().unwrap_or(false);
        let differ = |(one, other): (&char, &char)| one != other;
        let differing = seen.text.iter().zip(second.iter()).map(differ);
        if !differing.enumerate().any(|(at, differ)| differ && open(at)) {
            readings.agreement = Agreement::Agreed;
        }
    }

    /// A value's line for comparing glyphs; `None` for values of several lines.
    pub fn specimen_line(&self, row: &RowLayout, digit: usize) -> Option<GrayImage> {
        let [line] = row.value.as_slice() else {
            return None;
        };
        let line = self.line_of_specimens(line, digit);
        // Closed up where the readers' line was, so that characters stand where they were read.
        let is_id = matches!(
            row.label,
            Label::RequestId | Label::ReferenceId | Label::InstitutionCode
        );
        Some(if is_id { closed_up(&line) } else { line })
    }

    fn line_of_specimens(&self, line: &PrintLine, digit: usize) -> GrayImage {
        let pixels = (digit as u32 * self.layout.step).max(1) as f32;
        let area = self.layout.on_page(line.area, MARGIN);
        let scale = glyphs::SPECIMEN_HEIGHT / pixels;
        shapes::levelled(self.page.line(area, scale, Tone::Grey))
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
            let seen = self.image_of_value(line, marks);
            let image = self.image_of_value(line, digits);
            let image = shapes::without_marks(&image, &seen, &rest[..length]);
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
            settled: Vec::new(),
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
            let image = match alphabet {
                Alphabet::Any => self.image(line, pass),
                Alphabet::DateMarks | Alphabet::Latin => self.image_of_value(line, pass),
                Alphabet::Digits | Alphabet::Alphanumeric => {
                    closed_up(&self.image_of_value(line, pass))
                }
            };
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

    /// The line of a number, an ID or Latin words: thin print as dark as any.
    fn image_of_value(&self, line: &PrintLine, pass: Pass) -> GrayImage {
        let image = self.image(line, pass);
        match pass.tone {
            Tone::Grey => shapes::levelled(image),
            Tone::Crisp => image,
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

/// What `reading` saw, and where. Both images have the same margin, so shares of the whole width are near enough.
fn sighting(reading: &LineReading) -> Sighting {
    let width = reading.width.max(1) as f32;
    let characters = reading.characters.iter();
    let middles = characters.map(|c| (c.left + c.right) as f32 / 2.0 / width);
    Sighting {
        text: reading.characters(),
        middles: middles.collect(),
    }
}

/// The digits of a reading.
pub fn digits_of(reading: &LineReading) -> String {
    let characters = reading.characters.iter().map(|c| c.character);
    characters.filter(char::is_ascii_digit).collect()
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
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use image::Luma;

    use super::*;
    use crate::intake::fields::Label;
    use crate::intake::layout::Framing;
    use crate::intake::page::{Page, Turn};
    use crate::intake::reader::ReadCharacter;

    /// Says what it was told to say, line after line, and then the last again.
    #[derive(Clone, Default)]
    struct Scripted(Arc<Mutex<(VecDeque<&'static str>, usize)>>);

    impl Scripted {
        fn saying(texts: &[&'static str]) -> Self {
            Self(Arc::new(Mutex::new((texts.iter().copied().collect(), 0))))
        }

        fn lines_read(&self) -> usize {
            self.0.lock().unwrap().1
        }
    }

    impl LineReader for Scripted {
        fn read_line(&mut self, line: &GrayImage, _: Alphabet) -> Result<LineReading, ReaderError> {
            let mut script = self.0.lock().unwrap();
            script.1 += 1;
            let text = match script.0.len() {
                0 => "",
                1 => script.0[0],
                _ => script.0.pop_front().unwrap_or_default(),
            };
            let step = line.width() / (text.len() as u32).max(2);
            let characters = text.chars().zip(0..).map(|(character, i)| {
                let columns = i * step..i * step + step;
                ReadCharacter::seen(character, 0.99, columns)
            });
            Ok(LineReading {
                characters: characters.collect(),
                width: line.width(),
            })
        }
    }

    /// Reads a line of three bars of ink, far from each other, with `read`.
    fn read<T>(
        ours: &Scripted,
        other: Option<&Scripted>,
        read: impl FnOnce(&mut ValueReader<'_>, &RowLayout) -> T,
    ) -> T {
        let bars = [100..112, 130..142, 160..172];
        let image = GrayImage::from_fn(1240, 1754, |x, y| {
            let ink = bars.iter().any(|bar| bar.contains(&x)) && (200..220).contains(&y);
            Luma([if ink { 0 } else { 255 }])
        });
        let page = Page::examine(image, Some((150.0, 150.0)));
        let upright = page.upright(Turn::None);
        let layout = Layout::of(&upright, Framing::None);
        let area = Area {
            left: 100,
            top: 200,
            right: 172,
            bottom: 220,
        };
        let row = RowLayout {
            label: Label::RequestId,
            label_area: area,
            value: vec![PrintLine {
                area,
                glyph: 20,
                typical: 20,
            }],
        };
        let boxed = |reader: &Scripted| Box::new(reader.clone()) as Box<dyn LineReader + Send>;
        let mut readers = Readers {
            glyphs: boxed(ours),
            latin: other.map(boxed),
            japanese: None,
        };
        let mut values = ValueReader {
            page: &upright,
            layout: &layout,
            readers: &mut readers,
        };
        read(&mut values, &row)
    }

    fn digits(ours: &Scripted, other: Option<&Scripted>) -> TwoReadings {
        read(ours, other, |values, row| {
            values.digits(row).unwrap().unwrap()
        })
    }

    #[test]
    fn two_readers_that_agree_are_asked_once() {
        let (ours, other) = (Scripted::saying(&["123"]), Scripted::saying(&["123"]));
        let readings = digits(&ours, Some(&other));
        assert_eq!(readings.agreement, Agreement::Agreed);
        assert_eq!(
            (readings.first.text(), readings.strokes),
            ("123".to_owned(), 3)
        );
        assert_eq!((ours.lines_read(), other.lines_read()), (1, 1));
    }

    #[test]
    fn where_they_differ_more_passes_decide_and_what_was_seen_otherwise_is_named() {
        let (ours, other) = (
            Scripted::saying(&["128", "123"]),
            Scripted::saying(&["123"]),
        );
        let readings = digits(&ours, Some(&other));
        assert_eq!(readings.agreement, Agreement::Agreed);
        assert_eq!(readings.first.text(), "123");
        assert_eq!(readings.first.characters[2].alternatives, ['8']);
        assert_eq!((ours.lines_read(), other.lines_read()), (3, 3));
    }

    #[test]
    fn readers_that_each_stay_with_their_own_text_differ() {
        let (ours, other) = (Scripted::saying(&["128"]), Scripted::saying(&["123"]));
        assert_eq!(digits(&ours, Some(&other)).agreement, Agreement::Differ);
    }

    #[test]
    fn one_reader_alone_agrees_with_nobody() {
        let ours = Scripted::saying(&["123"]);
        assert_eq!(digits(&ours, None).agreement, Agreement::Alone);
        let dates = read(&ours, None, |values, row| values.dates(row, 0));
        assert_eq!(dates.unwrap().unwrap().agreement, Agreement::Alone);
    }

    #[test]
    fn a_number_in_doubt_needs_every_pass_to_see_the_same() {
        let one_voice = |ours: &Scripted, other: &Scripted| {
            read(ours, Some(other), |values, row| {
                values.digits_of_one_voice(row).unwrap().unwrap().agreement
            })
        };
        let same = Scripted::saying(&["123"]);
        assert_eq!(
            one_voice(&same, &Scripted::saying(&["123"])),
            Agreement::Agreed
        );
        let wavering = Scripted::saying(&["123", "123", "124", "123"]);
        assert_eq!(one_voice(&same, &wavering), Agreement::Differ);
    }

    #[test]
    fn print_behind_the_last_character_read_is_told() {
        let cut_short = |text: &'static str| {
            let (ours, other) = (Scripted::saying(&[text]), Scripted::saying(&[text]));
            read(&ours, Some(&other), |values, row| {
                values.latin(row).unwrap().unwrap().cut_short
            })
        };
        // Scripted characters share the line: fifteen reach its end, a single one its middle.
        assert!(!cut_short("OnlineBillingNW"));
        assert!(cut_short("O"));
    }
}
