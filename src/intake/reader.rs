//! One line of print to characters: the seam behind which every recogniser stands.
//!
//! A reader sees a line image and nothing else: no page, no label, no expected value. What a field may
//! hold is told by its [`Alphabet`] only, so a reader cannot talk itself into the value that the rules
//! would like to see.

use std::fmt;
use std::path::PathBuf;

use image::GrayImage;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

mod glyphnet;
#[cfg(feature = "tesseract")]
mod tesseract;

pub use glyphnet::{GlyphnetReader, OTHER, PRINT_HEIGHT, knows as glyphnet_knows};
#[cfg(feature = "tesseract")]
pub use tesseract::TesseractReader;

/// What a line may hold.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Alphabet {
    /// `0-9` only.
    Digits,
    /// Digits and the marks between parts of dates.
    DateMarks,
    /// `0-9A-Za-z`, case matters.
    Alphanumeric,
    /// A line of Latin print: letters, digits, punctuation.
    Latin,
    /// Whatever the reader's language data knows.
    Any,
}

/// One character as a reader saw it.
#[derive(Clone, PartialEq)]
pub struct ReadCharacter {
    /// The character.
    pub character: char,
    /// 0 to 1, as the reader says of itself.
    pub confidence: f32,
    /// 0 to 1: that it is this character or one that looks like it. As `confidence` where the reader cannot tell.
    pub kin: f32,
    /// Other characters that the reader considered, likeliest first.
    pub alternatives: Vec<char>,
    /// Left edge in the line image.
    pub left: u32,
    /// Right edge in the line image.
    pub right: u32,
    /// Whether a blank was seen before it.
    pub after_blank: bool,
}

/// The characters of one line from left to right. May hold a secret: never printed, wiped when dropped.
#[derive(Clone, Default, PartialEq)]
pub struct LineReading {
    /// Characters without blanks.
    pub characters: Vec<ReadCharacter>,
    /// Width of the line image; 0 for readings put together of several.
    pub width: u32,
}

/// Reads single lines of print.
pub trait LineReader {
    /// Reads `line`: dark print on light paper, one line, a few pixels of margin.
    fn read_line(
        &mut self,
        line: &GrayImage,
        alphabet: Alphabet,
    ) -> Result<LineReading, ReaderError>;
}

/// Why a reader cannot be had or cannot read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReaderError {
    /// The language data is not on this machine.
    #[error("language data {language} not found")]
    NoLanguageData {
        /// Name of the data, for instance `jpn`.
        language: String,
        /// Folders looked into.
        looked_in: Vec<PathBuf>,
    },
    /// The language data is there but Tesseract does not take it.
    #[error("language data {language} cannot be used")]
    UnusableLanguageData {
        /// Name of the data.
        language: String,
    },
    /// Tesseract gave no answer for a line.
    #[error("the line reader {language} gave no answer")]
    NoAnswer {
        /// Name of the data.
        language: String,
    },
}

impl LineReading {
    /// The characters as one text. Callers treat it as the secret that it may be.
    pub fn text(&self) -> String {
        self.characters.iter().map(|c| c.character).collect()
    }

    /// The characters one by one. As secret as the text: wiped when dropped.
    pub fn characters(&self) -> Zeroizing<Vec<char>> {
        Zeroizing::new(self.characters.iter().map(|c| c.character).collect())
    }

    /// The characters with a blank where the reader saw one.
    pub fn text_with_blanks(&self) -> String {
        let blank = |c: &ReadCharacter| c.after_blank.then_some(' ');
        let characters = self.characters.iter();
        let spaced = characters.flat_map(|c| blank(c).into_iter().chain([c.character]));
        spaced.collect::<String>().trim_start().to_owned()
    }

    /// The least sure character; 0 for an empty line.
    pub fn confidence(&self) -> f32 {
        self.characters
            .iter()
            .map(|c| c.confidence)
            .reduce(f32::min)
            .unwrap_or(0.0)
    }

    /// Where the last character ends, as a share of the line.
    pub fn end(&self) -> f32 {
        let last = self.characters.iter().map(|c| c.right).max().unwrap_or(0);
        last as f32 / self.width.max(1) as f32
    }
}

#[cfg(test)]
impl ReadCharacter {
    /// A character seen in `columns`, its reader as sure of it as of its look-alikes.
    pub(super) fn seen(character: char, confidence: f32, columns: std::ops::Range<u32>) -> Self {
        Self {
            character,
            confidence,
            kin: confidence,
            alternatives: Vec::new(),
            left: columns.start,
            right: columns.end,
            after_blank: false,
        }
    }
}

impl Drop for LineReading {
    fn drop(&mut self) {
        for character in &mut self.characters {
            character.character.zeroize();
            character.alternatives.zeroize();
        }
    }
}

impl fmt::Debug for LineReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineReading({} characters)", self.characters.len())
    }
}

impl fmt::Debug for ReadCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadCharacter({:.3})", self.confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> LineReading {
        let characters = text.chars().zip(0..).map(|(character, i)| {
            let columns = i * 10..i * 10 + 8;
            ReadCharacter::seen(character, 0.9 - i as f32 / 100.0, columns)
        });
        LineReading {
            characters: characters.collect(),
            width: 100,
        }
    }

    #[test]
    fn a_reading_does_not_print_its_characters() {
        let printed = format!("{:?} {:?}", reading("Q7"), reading("Q7").characters);
        assert!(!printed.contains('Q'), "{printed}");
    }

    #[test]
    fn the_least_sure_character_speaks_for_the_line() {
        assert!((reading("123").confidence() - 0.88).abs() < 1e-6);
        assert_eq!(reading("").confidence(), 0.0);
    }
}
