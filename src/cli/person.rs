//! The person at this terminal: questions on stderr, answers from the keyboard, crops as block pictures.
//!
//! A crop is drawn with half-block characters, so that it can be judged in any terminal and over remote
//! help without a readable copy of the letter ever lying in a file.

use std::io::{self, BufRead, IsTerminal, Write};

use secrecy::SecretString;

use crate::domain::{CertificatePassword, Crop, Language, Text};
use crate::platform;
use crate::workflow::{Person, PersonError, Question, SecretScreen};

use super::secret_screen::OtherPage;

/// Whoever sits at the terminal that started noticert.
pub struct TerminalPerson {
    language: Language,
    assume_yes: bool,
}

impl TerminalPerson {
    /// `assume_yes` answers the questions that cannot spend, send again, trust or delete.
    pub fn new(language: Language, assume_yes: bool) -> Self {
        Self {
            language,
            assume_yes,
        }
    }

    fn line(&mut self, prompt: &Text) -> Result<SecretString, PersonError> {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{} ", prompt.in_language(self.language)).map_err(PersonError::Terminal)?;
        stderr.flush().map_err(PersonError::Terminal)?;
        let mut typed = String::new();
        match io::stdin().lock().read_line(&mut typed) {
            Ok(0) => Err(PersonError::BrokenOff),
            Ok(_) => Ok(SecretString::from(
                typed.trim_end_matches(['\r', '\n']).to_owned(),
            )),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(PersonError::BrokenOff),
            Err(error) => Err(PersonError::Terminal(error)),
        }
    }
}

impl Person for TerminalPerson {
    fn is_present(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn assumes_yes(&self) -> bool {
        self.assume_yes
    }

    fn tell(&mut self, message: &Text) {
        eprintln!("{}", message.in_language(self.language));
    }

    fn key(&mut self, question: &Question) -> Result<SecretString, PersonError> {
        self.line(&question.prompt)
    }

    fn key_hidden(&mut self, prompt: &Text) -> Result<SecretString, PersonError> {
        let prompt = format!("{} ", prompt.in_language(self.language));
        rpassword::prompt_password(prompt)
            .map(SecretString::from)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::Interrupted => PersonError::BrokenOff,
                _ => PersonError::Terminal(error),
            })
    }

    fn clear(&mut self) {
        if io::stderr().is_terminal() && platform::obeys_escapes() {
            eprint!("{CLEAR}");
        }
    }

    fn show_password(
        &mut self,
        whose: &Text,
        password: &CertificatePassword,
    ) -> Result<bool, PersonError> {
        let mut page = OtherPage::new(self.language);
        if !page.can_show() {
            return Ok(false);
        }
        page.show_password(whose, password)?;
        let gone_on = self.line(&Text::new(
            "紙に書いたら Enter（この画面は消えます）:",
            "Enter when it is on paper (this page goes away):",
        ));
        page.clear();
        gone_on.map(|_| true)
    }

    fn show(&mut self, crop: &Crop, caption: &Text) {
        eprintln!("{}", caption.in_language(self.language));
        // The person must see the value in order to settle it.
        for strip in half_blocks(crop.width, crop.height, crop.expose(), COLUMNS) {
            eprintln!("{strip}");
        }
    }
}

/// The picture in strips of at most `columns` characters, each row of text two rows of pixels.
fn half_blocks(width: u32, height: u32, pixels: &[u8], columns: usize) -> Vec<String> {
    if width == 0 || height == 0 {
        return Vec::new();
    }
    let (width, height) = (width as usize, height as usize);
    let rows = height.min(ROWS * 2);
    let scale = height as f64 / rows as f64;
    let scaled_width = ((width as f64 / scale) as usize).max(1);
    let threshold = ink_threshold(pixels);
    let dark = |column: usize, row: usize| -> bool {
        if row >= rows || column >= scaled_width {
            return false;
        }
        let mean = mean_of(pixels, width, height, scale, column, row);
        mean < threshold
    };
    let mut lines = Vec::new();
    for start in (0..scaled_width).step_by(columns) {
        let end = (start + columns).min(scaled_width);
        for row in (0..rows).step_by(2) {
            let line: String = (start..end)
                .map(|column| match (dark(column, row), dark(column, row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                })
                .collect();
            lines.push(line.trim_end().to_owned());
        }
        lines.push("─".repeat(columns));
    }
    lines
}

/// Midway between the darkest and the lightest pixel.
fn ink_threshold(pixels: &[u8]) -> f64 {
    let darkest = pixels.iter().min().copied().unwrap_or(0);
    let lightest = pixels.iter().max().copied().unwrap_or(255);
    (f64::from(darkest) + f64::from(lightest)) / 2.0
}

/// Mean grey of the square of source pixels behind one scaled pixel.
fn mean_of(
    pixels: &[u8],
    width: usize,
    height: usize,
    scale: f64,
    column: usize,
    row: usize,
) -> f64 {
    let range = |at: usize, limit: usize| {
        let from = ((at as f64 * scale) as usize).min(limit - 1);
        let to = (((at + 1) as f64 * scale).ceil() as usize).clamp(from + 1, limit);
        from..to
    };
    let (mut sum, mut count) = (0.0, 0.0);
    for y in range(row, height) {
        for x in range(column, width) {
            sum += f64::from(pixels[y * width + x]);
            count += 1.0;
        }
    }
    sum / count
}

/// Wipes the screen and what was scrolled off it.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";
/// Characters per strip: fits the narrowest common terminal.
const COLUMNS: usize = 78;
/// Text rows per strip: enough to tell 0 from O.
const ROWS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_cut_into_strips_that_fit_the_terminal() {
        let (width, height) = (400_u32, 24_u32);
        let pixels: Vec<u8> = (0..width * height)
            .map(|i| if i % width < width / 2 { 0 } else { 255 })
            .collect();
        let lines = half_blocks(width, height, &pixels, 78);
        assert!(lines.iter().all(|line| line.chars().count() <= 78));
        assert!(lines[0].chars().all(|c| c == '█'));
        assert_eq!(lines.iter().filter(|line| line.starts_with('─')).count(), 6);
    }

    #[test]
    fn an_empty_picture_is_no_picture() {
        assert!(half_blocks(0, 10, &[], 78).is_empty());
    }
}
