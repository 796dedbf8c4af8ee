//! Tesseract through leptess: the only file that names it.
//!
//! One instance per thread and per language data. Pixels go over as 8-bit grey in memory, so no temporary
//! file ever shows a secret. The answer is taken as hOCR because only there Tesseract gives a box and a
//! confidence for each character. Dictionaries are of no use for numbers, but they cannot be left out
//! through leptess; the white list keeps them from adding letters to digits.
//!
//! Pages are read side by side already, so Tesseract's own threads only wait for each other: they are switched off.
//!
//! Sources: Tesseract manual (`--psm 7`, `tessedit_char_whitelist`, `hocr_char_boxes`), hOCR 1.2 (`x_conf`,
//! `x_bboxes`).

use std::ffi::CString;
use std::path::{Path, PathBuf};

use image::GrayImage;
use leptess::Variable;
use leptess::tesseract::TessApi;
use zeroize::Zeroizing;

use crate::intake::reader::{Alphabet, LineReader, LineReading, ReadCharacter, ReaderError};

/// A [`LineReader`] on one set of Tesseract's language data.
pub struct TesseractReader {
    folder: PathBuf,
    language: String,
    started: Option<Started>,
}

/// Tesseract with its data in memory.
struct Started {
    api: TessApi,
    alphabet: Option<Alphabet>,
}

impl TesseractReader {
    /// Finds `language` (for instance `jpn`) in `tessdata`, or where distributions put it. The data is loaded when
    /// the first line is read: it takes longer than a line does, and not every page needs it.
    pub fn open(tessdata: Option<&Path>, language: &str) -> Result<Self, ReaderError> {
        Ok(Self {
            folder: language_folder(tessdata, language)?,
            language: language.to_owned(),
            started: None,
        })
    }

    /// Tesseract, started where it is not yet, with the white list of `alphabet`.
    fn started(&mut self, alphabet: Alphabet) -> Result<&mut TessApi, ReaderError> {
        let started = match self.started.take() {
            Some(started) => started,
            None => self.start()?,
        };
        let no_answer = self.no_answer();
        let started = self.started.insert(started);
        if started.alphabet != Some(alphabet) {
            set(
                &mut started.api,
                Variable::TesseditCharWhitelist,
                white_list(alphabet),
            )
            .ok_or(no_answer)?;
            started.alphabet = Some(alphabet);
        }
        Ok(&mut started.api)
    }

    fn start(&self) -> Result<Started, ReaderError> {
        let unusable = || ReaderError::UnusableLanguageData {
            language: self.language.clone(),
        };
        let folder = self.folder.to_str().ok_or_else(unusable)?;
        let mut api = TessApi::new(Some(folder), &self.language).map_err(|_| unusable())?;
        for (variable, value) in SETTINGS {
            set(&mut api, variable, value).ok_or_else(unusable)?;
        }
        Ok(Started {
            api,
            alphabet: None,
        })
    }

    fn no_answer(&self) -> ReaderError {
        ReaderError::NoAnswer {
            language: self.language.clone(),
        }
    }
}

impl LineReader for TesseractReader {
    fn read_line(
        &mut self,
        line: &GrayImage,
        alphabet: Alphabet,
    ) -> Result<LineReading, ReaderError> {
        openmp::stay_on_this_thread();
        let (Ok(width), Ok(height)) = (line.width().try_into(), line.height().try_into()) else {
            return Err(self.no_answer());
        };
        let no_answer = self.no_answer();
        let api = self.started(alphabet)?;
        let image_set = api.raw.set_image(line.as_raw(), width, height, 1, width);
        let answer = image_set.ok().and_then(|()| api.raw.get_hocr_text(0).ok());
        let answer = answer.ok_or(no_answer)?;
        // The hOCR text may hold a reference ID.
        let hocr = Zeroizing::new(answer.as_ref().to_string_lossy().into_owned());
        let mut reading = parse_hocr(&hocr);
        reading.width = line.width();
        Ok(reading)
    }
}

fn set(api: &mut TessApi, variable: Variable, value: &str) -> Option<()> {
    let value = CString::new(value).ok()?;
    api.raw.set_variable(variable.as_cstr(), &value).ok()
}

/// Tesseract asks OpenMP for four threads a line. `OMP_THREAD_LIMIT` is read before `main` and cannot help from
/// here; OpenMP's own switch can, for the calling thread.
#[cfg(target_os = "linux")]
mod openmp {
    use std::ffi::c_int;

    #[expect(
        unsafe_code,
        reason = "leptess has no call for it; libtesseract brings libgomp along"
    )]
    #[link(name = "gomp")]
    // SAFETY: declared as in omp.h (OpenMP 3.0, section 3.2.14); it sets a variable of the calling thread.
    unsafe extern "C" {
        safe fn omp_set_max_active_levels(levels: c_int);
    }

    pub(super) fn stay_on_this_thread() {
        omp_set_max_active_levels(0);
    }
}

/// Elsewhere Tesseract is built without OpenMP.
#[cfg(not(target_os = "linux"))]
mod openmp {
    pub(super) fn stay_on_this_thread() {}
}

/// The folder that holds `language`, or where it was looked for.
fn language_folder(tessdata: Option<&Path>, language: &str) -> Result<PathBuf, ReaderError> {
    let looked_in: Vec<PathBuf> = match tessdata {
        Some(folder) => vec![folder.to_owned()],
        None => USUAL_FOLDERS.iter().map(PathBuf::from).collect(),
    };
    let file = format!("{language}.traineddata");
    let found = looked_in.iter().find(|folder| folder.join(&file).is_file());
    found.cloned().ok_or_else(|| ReaderError::NoLanguageData {
        language: language.to_owned(),
        looked_in: looked_in.clone(),
    })
}

fn white_list(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Digits => "0123456789",
        Alphabet::DateMarks => "0123456789/-.~〜～–年月日令和元",
        Alphabet::Alphanumeric => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        Alphabet::Latin | Alphabet::Any => "",
    }
}

/// The characters of Tesseract's hOCR: every `ocrx_cinfo` span that has a box, with the choices listed before it.
fn parse_hocr(hocr: &str) -> LineReading {
    let mut characters = Vec::new();
    let mut alternatives = Vec::new();
    let mut after_blank = false;
    for span in hocr.split("<span class='").skip(1) {
        if span.starts_with("ocrx_word") {
            after_blank = true;
        }
        let Some((attributes, character)) = character_span(span) else {
            continue;
        };
        match character_box(attributes) {
            Some((left, right, confidence)) => {
                alternatives.retain(|other| *other != character);
                characters.push(ReadCharacter {
                    character,
                    confidence,
                    kin: confidence,
                    alternatives: std::mem::take(&mut alternatives),
                    left,
                    right,
                    after_blank: std::mem::take(&mut after_blank),
                });
            }
            None if attributes.contains("x_confs") => alternatives.push(character),
            None => {}
        }
    }
    LineReading {
        characters,
        width: 0,
    }
}

/// The attributes and the text of an `ocrx_cinfo` span that holds a text.
fn character_span(span: &str) -> Option<(&str, char)> {
    let (attributes, rest) = span.strip_prefix("ocrx_cinfo")?.split_once('>')?;
    let text = unescape(rest.split('<').next()?);
    Some((
        attributes,
        text.chars().next().filter(|c| !c.is_whitespace())?,
    ))
}

/// `x_bboxes left top right bottom; x_conf percent`
fn character_box(attributes: &str) -> Option<(u32, u32, f32)> {
    let (_, numbers) = attributes.split_once("x_bboxes ")?;
    let (corners, rest) = numbers.split_once(';')?;
    let corners: Vec<u32> = corners
        .split_whitespace()
        .map_while(|number| number.parse().ok())
        .collect();
    let (_, percent) = rest.split_once("x_conf ")?;
    let percent: f32 = percent.trim_end_matches(['\'', ' ']).parse().ok()?;
    match corners[..] {
        [left, _, right, _] => Some((left, right, (percent / 100.0).clamp(0.0, 1.0))),
        _ => None,
    }
}

/// The five characters that hOCR must escape.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// Page mode 7 is "a single text line"; the resolution only keeps Tesseract from guessing one.
const SETTINGS: [(Variable, &str); 4] = [
    (Variable::DebugFile, "/dev/null"),
    (Variable::TesseditPagesegMode, "7"),
    (Variable::UserDefinedDpi, "300"),
    (Variable::HocrCharBoxes, "1"),
];

const USUAL_FOLDERS: [&str; 6] = [
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "C:/Program Files/Tesseract-OCR/tessdata",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_language_data_is_named_with_where_it_was_looked_for() {
        let folder = Path::new("/nowhere");
        let error = TesseractReader::open(Some(folder), "jpn").err();
        assert_eq!(
            error,
            Some(ReaderError::NoLanguageData {
                language: "jpn".to_owned(),
                looked_in: vec![folder.to_owned()],
            })
        );
    }

    #[test]
    fn hocr_gives_each_character_with_its_box_and_choices() {
        let hocr = "<span class='ocrx_word' id='word_1_1' title='bbox 1 2 3 4; x_wconf 96'>\
            <span class='ocrx_cinfo' id='lstm_choices_1_1_1'>\
            <span class='ocrx_cinfo' id='choice_1_1_1' title='x_confs 90'>9</span>\
            <span class='ocrx_cinfo' id='choice_1_1_2' title='x_confs 34'>O</span></span>\
            <span class='ocrx_cinfo' title='x_bboxes 43 22 61 55; x_conf 99.5'>9</span>\
            <span class='ocrx_cinfo' title='x_bboxes 65 22 83 55; x_conf 80'>&amp;</span></span>";
        let reading = parse_hocr(hocr);
        assert_eq!(reading.text(), "9&");
        assert_eq!(reading.characters[0].alternatives, ['O']);
        assert_eq!(
            (reading.characters[0].left, reading.characters[0].right),
            (43, 61)
        );
        assert!((reading.characters[1].confidence - 0.8).abs() < 1e-6);
    }

    #[test]
    fn text_that_is_no_hocr_gives_no_characters() {
        assert_eq!(parse_hocr("").characters, []);
        assert_eq!(
            parse_hocr("<span class='ocrx_cinfo' title='x_bboxes 1 2").characters,
            []
        );
    }
}
