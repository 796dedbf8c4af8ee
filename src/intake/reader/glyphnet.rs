//! The project's own reader of lines: a small convolutional network, trained by `models/glyphnet`, run by rten.
//!
//! It knows digits, letters, the marks of dates and the characters of the letter's labels; any other character it
//! names [`OTHER`], so that free Japanese text never becomes a label. One frame of four columns yields a likelihood
//! for every class (CTC): the likeliest classes in a row, equal neighbours counted once, are the text. The model lies in the
//! executable; reading needs no file and no C.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use image::GrayImage;
use rten::{Model, ModelOptions, RunOptions, ThreadPool, ValueOrView, op_registry};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use zeroize::Zeroizing;

use crate::intake::look_alikes::are_look_alikes;
use crate::intake::reader::{Alphabet, LineReader, LineReading, ReadCharacter, ReaderError};

/// Height of the print that the network was trained on, in pixels: callers scale their lines to it.
pub const PRINT_HEIGHT: f32 = 24.0;
/// What stands for a character that the network does not know.
pub const OTHER: char = '〓';

/// A [`LineReader`] on the embedded model, for one thread.
pub struct GlyphnetReader {
    network: &'static Network,
    /// rten spreads one line over all cores unless told otherwise; noticert reads pages side by side already.
    pool: Arc<ThreadPool>,
}

/// The model and its classes, opened once for all threads.
struct Network {
    model: Model,
    /// Class 0, CTC's blank, is not among them.
    classes: Vec<char>,
}

impl GlyphnetReader {
    /// Opens the embedded model; the first call takes some milliseconds, later ones none.
    pub fn open() -> Result<Self, ReaderError> {
        Ok(Self {
            network: Network::get()?,
            pool: Arc::new(ThreadPool::with_num_threads(1)),
        })
    }
}

impl LineReader for GlyphnetReader {
    fn read_line(
        &mut self,
        line: &GrayImage,
        alphabet: Alphabet,
    ) -> Result<LineReading, ReaderError> {
        let frames = self.network.frames(line, &self.pool)?;
        let mut reading = decode(&frames, &self.network.classes, alphabet);
        reading.width = line.width();
        for character in &mut reading.characters {
            character.right = character.right.min(line.width());
        }
        Ok(reading)
    }
}

/// Whether the network has a class for a character; it names all others [`OTHER`].
pub fn knows(character: char) -> bool {
    CLASSES.trim_end().contains(character)
}

/// Scores (logits) of every class in every frame, frame by frame. They hold what a secret looks like: wiped when dropped.
struct Frames {
    logits: Zeroizing<Vec<f32>>,
    classes: usize,
}

impl Frames {
    fn len(&self) -> usize {
        self.logits.len() / self.classes.max(1)
    }

    fn at(&self, frame: usize) -> &[f32] {
        &self.logits[frame * self.classes..][..self.classes]
    }
}

impl Network {
    fn get() -> Result<&'static Self, ReaderError> {
        static NETWORK: OnceLock<Option<Network>> = OnceLock::new();
        let network = NETWORK.get_or_init(Self::open);
        network.as_ref().ok_or_else(no_model)
    }

    fn open() -> Option<Self> {
        // Only what the network is made of: the other operators would be megabytes of the program.
        let operators = op_registry!(Add, Conv, MaxPool, Relu, Squeeze);
        let model = ModelOptions::with_ops(operators)
            .load_static_slice(MODEL)
            .ok()?;
        Some(Self {
            model,
            classes: CLASSES.trim_end().chars().collect(),
        })
    }

    /// Runs the network over `line`, set in the middle of a band as high as those it was trained on.
    fn frames(&self, line: &GrayImage, pool: &Arc<ThreadPool>) -> Result<Frames, ReaderError> {
        let width = (line.width() as usize).next_multiple_of(FRAME).max(FRAME);
        let mut input = NdTensor::<f32, 4>::zeros([1, 1, LINE_HEIGHT, width]);
        let paper = median(line);
        let lowered = (LINE_HEIGHT as i64 - i64::from(line.height())).div_euclid(2);
        for (x, y, pixel) in line.enumerate_pixels() {
            if let Ok(row) = usize::try_from(i64::from(y) + lowered)
                && row < LINE_HEIGHT
            {
                input[[0, 0, row, x as usize]] = (paper - f32::from(pixel.0[0])) / CONTRAST;
            }
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let output = self
            .model
            .run_one(ValueOrView::from(input.view()), Some(options))
            .map_err(|_| no_model())?;
        let scores: NdTensor<f32, 3> = output.try_into().map_err(|_| no_model())?;
        let [_, classes, frames] = scores.shape();
        if classes != self.classes.len() + 1 {
            return Err(no_model());
        }
        let mut logits = Zeroizing::new(Vec::with_capacity(classes * frames));
        for frame in 0..frames {
            let of_frame = (0..classes).map(|class| scores[[0, class, frame]]);
            logits.extend(of_frame);
        }
        Ok(Frames { logits, classes })
    }
}

/// The characters of `alphabet` that the frames show. Classes that the alphabet could not be confused with stay in
/// the reckoning: a label under a number's mask is an unsure number, not a sure one.
fn decode(frames: &Frames, classes: &[char], alphabet: Alphabet) -> LineReading {
    let scope = Scope {
        classes,
        weighed: classes.iter().map(|c| is_weighed(*c, alphabet)).collect(),
        allowed: classes.iter().map(|c| is_allowed(*c, alphabet)).collect(),
    };
    let sure: Vec<Shares> = (0..frames.len())
        .map(|frame| scope.shares(frames.at(frame)))
        .collect();
    let runs = runs_of(&sure);
    let peaks: Vec<usize> = runs.iter().map(|run| peak(&sure, run)).collect();
    let mut characters = Vec::with_capacity(runs.len());
    for (i, (run, at)) in runs.iter().zip(&peaks).enumerate() {
        let left = i
            .checked_sub(1)
            .map_or(0, |before| (peaks[before] + at).div_ceil(2));
        let right = peaks
            .get(i + 1)
            .map_or(sure.len(), |next| (at + next).div_ceil(2));
        // A class that almost stood between this one and a neighbour may be a character that was passed over.
        let before = i.checked_sub(1).map(|before| &runs[before]);
        let after = runs.get(i + 1);
        let gap_before = before.map_or(0, |before| before.end)..run.start;
        let gap_after = run.end..after.map_or(sure.len(), |after| after.start);
        let passed_over = |same: &dyn Fn(usize, usize) -> bool| {
            let ahead = hidden(&sure, gap_before.clone(), [before, Some(run)], same);
            ahead.max(hidden(&sure, gap_after.clone(), [Some(run), after], same))
        };
        let (left, right) = tight(left..right, *at, run);
        let best = sure[*at].best;
        let logits = frames.at(*at);
        let kin = scope.kin(logits, best);
        characters.push(ReadCharacter {
            character: classes[best - 1],
            confidence: sure[*at]
                .share
                .min(1.0 - passed_over(&|one, other| one == other)),
            kin: kin.min(1.0 - passed_over(&|one, other| scope.look_alike(one, other))),
            alternatives: scope.others(logits, best),
            left: (left * FRAME) as u32,
            right: (right * FRAME) as u32,
            after_blank: false,
        });
    }
    LineReading {
        characters,
        width: 0,
    }
}

/// Which classes take part in reading a line. A class's number is its place among the classes plus 1; 0 is the blank.
struct Scope<'a> {
    classes: &'a [char],
    /// Those that a character of the alphabet may be mistaken for.
    weighed: Vec<bool>,
    /// Those of the alphabet.
    allowed: Vec<bool>,
}

/// What one frame says: its likeliest class and how likely it is among those weighed.
struct Shares {
    /// 0 for the blank.
    best: usize,
    share: f32,
    /// The likeliest class that is no blank, and its share.
    ink: usize,
    ink_share: f32,
}

impl Scope<'_> {
    fn shares(&self, logits: &[f32]) -> Shares {
        let best_allowed = self
            .allowed_classes()
            .max_by(|one, other| logits[*one].total_cmp(&logits[*other]));
        let ink = best_allowed.unwrap_or(0);
        let best = if logits[0] >= logits[ink] { 0 } else { ink };
        let share = self.share(logits);
        Shares {
            best,
            share: share(best),
            ink,
            ink_share: share(ink),
        }
    }

    /// How likely each class is among those weighed.
    fn share(&self, logits: &[f32]) -> impl Fn(usize) -> f32 {
        let played = || (0..logits.len()).filter(|class| *class == 0 || self.weighed[class - 1]);
        let highest = played().map(|class| logits[class]).fold(f32::MIN, f32::max);
        let sum: f32 = played().map(|class| (logits[class] - highest).exp()).sum();
        move |class| (logits[class] - highest).exp() / sum
    }

    /// Other characters of the alphabet of some likelihood, likeliest first.
    fn others(&self, logits: &[f32], best: usize) -> Vec<char> {
        let share = self.share(logits);
        let mut others: Vec<(usize, f32)> = self
            .allowed_classes()
            .map(|class| (class, share(class)))
            .filter(|(class, share)| *class != best && *share >= LEAST_ALTERNATIVE)
            .collect();
        others.sort_by(|one, other| other.1.total_cmp(&one.1));
        let others = others.into_iter().take(MOST_ALTERNATIVES);
        others.map(|(class, _)| self.classes[class - 1]).collect()
    }

    /// How likely it is that the frame shows `best` or one of its look-alikes.
    fn kin(&self, logits: &[f32], best: usize) -> f32 {
        let share = self.share(logits);
        let kin = self
            .allowed_classes()
            .filter(|class| self.look_alike(*class, best));
        kin.map(share).sum::<f32>().min(1.0)
    }

    fn look_alike(&self, one: usize, other: usize) -> bool {
        are_look_alikes(self.classes[one - 1], self.classes[other - 1])
    }

    fn allowed_classes(&self) -> impl Iterator<Item = usize> {
        (1..=self.allowed.len()).filter(|class| self.allowed[class - 1])
    }
}

/// How likely it is that a character stands in frames taken for blank, other than the two that they lie between: those
/// begin and end softly. `same` says which classes count as one of those two.
fn hidden(
    frames: &[Shares],
    gap: Range<usize>,
    between: [Option<&Range<usize>>; 2],
    same: &dyn Fn(usize, usize) -> bool,
) -> f32 {
    let known = between.map(|run| run.map_or(0, |run| frames[run.start].best));
    let is_known = |class: usize| known.iter().any(|known| *known != 0 && same(*known, class));
    frames[gap]
        .iter()
        .filter(|frame| frame.ink != 0 && !is_known(frame.ink))
        .map(|frame| frame.ink_share)
        .fold(0.0, f32::max)
}

/// Runs of frames with the same class that is no blank.
fn runs_of(frames: &[Shares]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        if frame.best == 0 {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.end == at && frames[at - 1].best == frame.best => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The surest frame of a run.
fn peak(frames: &[Shares], run: &Range<usize>) -> usize {
    let surest = run
        .clone()
        .max_by(|one, other| frames[*one].share.total_cmp(&frames[*other].share));
    surest.unwrap_or(run.start)
}

/// A character's own columns: half the way to its neighbours, but no further on one side than on the other.
fn tight(reach: Range<usize>, at: usize, run: &Range<usize>) -> (usize, usize) {
    let side = (at + 1 - reach.start)
        .min(reach.end.saturating_sub(at))
        .max(1);
    let left = reach
        .start
        .max((at + 1).saturating_sub(side))
        .min(run.start);
    let right = reach.end.min(at + side).max(run.end);
    (left, right)
}

/// What may stand in a field.
fn is_allowed(c: char, alphabet: Alphabet) -> bool {
    match alphabet {
        Alphabet::Digits => c.is_ascii_digit(),
        Alphabet::DateMarks => c.is_ascii_digit() || DATE_MARKS.contains(c),
        Alphabet::Alphanumeric => c.is_ascii_alphanumeric(),
        Alphabet::Latin => c.is_ascii(),
        Alphabet::Any => true,
    }
}

/// What is reckoned with when the sureness of a character is told. Letters are left out of numbers: an O there is a
/// zero, by the form of the field. All else counts.
fn is_weighed(c: char, alphabet: Alphabet) -> bool {
    match alphabet {
        Alphabet::Digits | Alphabet::DateMarks => !c.is_ascii_alphabetic(),
        Alphabet::Alphanumeric | Alphabet::Latin | Alphabet::Any => true,
    }
}

/// The paper's tone: most of a line is paper.
fn median(line: &GrayImage) -> f32 {
    let mut counts = [0_usize; 256];
    for pixel in line.pixels() {
        counts[usize::from(pixel.0[0])] += 1;
    }
    let half = line.as_raw().len() / 2;
    let mut seen = 0;
    let tone = counts.iter().position(|count| {
        seen += count;
        seen > half
    });
    tone.unwrap_or(255) as f32
}

fn no_model() -> ReaderError {
    ReaderError::NoAnswer {
        language: "glyphnet".to_owned(),
    }
}

const MODEL: &[u8] = include_bytes!("../../../models/glyphnet/glyphnet.onnx");
const CLASSES: &str = include_str!("../../../models/glyphnet/classes.txt");
/// Rows of the network's input.
const LINE_HEIGHT: usize = 32;
/// Columns to a frame.
const FRAME: usize = 4;
/// Grey levels between paper and an ink of 1, as in training.
const CONTRAST: f32 = 128.0;
const DATE_MARKS: &str = "/-~.年月日令和元";
const LEAST_ALTERNATIVE: f32 = 0.02;
const MOST_ALTERNATIVES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES_HERE: [char; 5] = ['1', '7', 'O', '電', OTHER];

    /// Frames in which `text` stands, each character for one frame, `-` for a blank; `share` of the likelihood goes to
    /// the first of a pair, the rest to the second.
    fn frames(text: &[(&str, f32)]) -> Frames {
        let class = |c: char| {
            CLASSES_HERE
                .iter()
                .position(|known| *known == c)
                .map_or(0, |at| at + 1)
        };
        let mut logits = Vec::new();
        for (pair, share) in text {
            let mut row = [-20.0; CLASSES_HERE.len() + 1];
            let mut characters = pair.chars();
            let first = characters.next().map_or(0, class);
            let second = characters.next().map(class);
            if let Some(second) = second {
                row[second] = (1.0 - share).ln();
            }
            row[first] = share.ln();
            logits.extend(row);
        }
        Frames {
            logits: Zeroizing::new(logits),
            classes: CLASSES_HERE.len() + 1,
        }
    }

    fn read(text: &[(&str, f32)], alphabet: Alphabet) -> LineReading {
        decode(&frames(text), &CLASSES_HERE, alphabet)
    }

    #[test]
    fn equal_neighbours_are_one_character_and_a_blank_parts_two() {
        let sure = 1.0;
        let line = [
            ("-", sure),
            ("1", sure),
            ("1", sure),
            ("-", sure),
            ("1", sure),
            ("7", sure),
        ];
        let reading = read(&line, Alphabet::Digits);
        assert_eq!(reading.text(), "117");
        assert!(reading.confidence() > 0.99);
        let edges: Vec<(u32, u32)> = reading
            .characters
            .iter()
            .map(|c| (c.left, c.right))
            .collect();
        assert!(edges.iter().all(|(left, right)| left < right), "{edges:?}");
        assert!(
            edges.windows(2).all(|pair| pair[0].1 <= pair[1].0),
            "{edges:?}"
        );
    }

    #[test]
    fn a_character_that_almost_stood_between_two_others_makes_them_unsure() {
        let line = [("1", 1.0), ("-", 1.0), ("-7", 0.6), ("-", 1.0), ("1", 1.0)];
        let reading = read(&line, Alphabet::Digits);
        assert_eq!(reading.text(), "11");
        assert!(reading.confidence() < 0.61, "{}", reading.confidence());
    }

    #[test]
    fn a_character_that_begins_softly_is_as_sure_as_its_best_frame() {
        let line = [("1", 1.0), ("-7", 0.6), ("7", 1.0), ("-7", 0.7), ("-", 1.0)];
        let reading = read(&line, Alphabet::Digits);
        assert_eq!(reading.text(), "17");
        assert!(reading.confidence() > 0.99, "{}", reading.confidence());
    }

    #[test]
    fn letters_take_no_part_in_numbers_but_do_in_ids() {
        let line = [("O1", 0.7)];
        let number = read(&line, Alphabet::Digits);
        assert_eq!(number.text(), "1");
        assert!(number.confidence() > 0.99);
        let id = read(&line, Alphabet::Alphanumeric);
        assert_eq!(id.text(), "O");
        assert!((id.confidence() - 0.7).abs() < 0.01);
        assert_eq!(id.characters[0].alternatives, ['1']);
    }

    #[test]
    fn a_label_where_a_number_should_be_is_an_unsure_number() {
        let reading = read(&[("電7", 0.9)], Alphabet::Digits);
        assert_eq!(reading.text(), "7");
        assert!(reading.confidence() < 0.2, "{}", reading.confidence());
    }

    #[test]
    fn the_embedded_model_reads_nothing_on_white_paper() {
        let mut reader = GlyphnetReader::open().unwrap();
        let white = GrayImage::from_pixel(301, 40, image::Luma([250]));
        let reading = reader.read_line(&white, Alphabet::Any).unwrap();
        assert_eq!(reading.text(), "");
        assert_eq!(reading.width, 301);
    }

    #[test]
    fn a_line_of_one_pixel_is_no_failure() {
        let mut reader = GlyphnetReader::open().unwrap();
        let speck = GrayImage::from_pixel(1, 1, image::Luma([0]));
        assert!(reader.read_line(&speck, Alphabet::Digits).is_ok());
    }
}
