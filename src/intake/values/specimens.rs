//! Look-alikes of an ID, held against characters of the same page of which there is no doubt.
//!
//! Whether a ring is `0` or `O` cannot be told from one glyph; beside the zeros of the request ID and the `O` of the
//! issuer's name it often can. [`Specimens`] are those glyphs. A look-alike is settled by its build (small `c` and
//! large `C` differ in nothing but size, a `D` is straight where an `O` is round), or by being plainly one of
//! the specimens and plainly none of the others. How far equal glyphs of this very page differ is the measure of
//! "plainly", so a bad fax settles little and a font whose `0` is its `O` nothing.
//!
//! Specimens vouch only for an ID in their own font and size, which characters that both have must show. Of the page's
//! numbers the request IDs are the specimens: one hand fills in both IDs. Other numbers count where they are
//! printed like those, the issuer's letters where they are like the ID's.

use std::cell::{Cell, OnceCell};

use image::GrayImage;

use crate::intake::look_alikes::{are_look_alikes, group_of, has_look_alikes};

use super::glyphs::{Glyph, Sighting, glyphs_of, glyphs_of_words};

mod known;
mod structure;

use known::{Known, OTHER_FONT};
use structure::{Bars, Digit, has_build_of, may_be, usual_size};

/// Glyphs of one page whose characters are beyond doubt.
pub struct Specimens {
    /// Height of a digit in dots of the file.
    dots: f32,
    digits: Known,
    letters: Known,
    no_small_letters: bool,
    /// Whether an ID has shown that digits and letters are of one font.
    one_font: Cell<bool>,
    /// Measured when it is first asked for: every ID of the page needs it.
    scale: OnceCell<Option<Scale>>,
}

/// An ID's glyphs, what the two readers took them for, and what is known of them.
struct Line<'a> {
    glyphs: Vec<Glyph>,
    first: &'a [char],
    second: &'a [char],
    known: Vec<Option<char>>,
}

/// What equal glyphs of this page have in common.
#[derive(Clone, Copy)]
struct Scale {
    /// How far two of them lie apart.
    noise: f32,
    /// How high a digit is.
    digit: Digit,
}

/// Which specimens are of an ID's font.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Vouching {
    digits: bool,
    letters: bool,
}

impl Specimens {
    /// None yet, of a page whose digits are `dots` dots of the file high.
    pub fn of_digits(dots: f32) -> Self {
        Self {
            dots,
            digits: Known::default(),
            letters: Known::default(),
            no_small_letters: false,
            one_font: Cell::default(),
            scale: OnceCell::new(),
        }
    }

    /// Takes the digits of a request ID, first of all. Nothing when they run together.
    pub fn add_request_id(&mut self, line: &GrayImage, seen: &Sighting) {
        self.scale.take();
        for (character, glyph) in digits_of(line, seen) {
            self.digits.add(character, glyph);
        }
    }

    /// Takes the digits of another number, marks between them left out, if they are printed like those of the request IDs.
    pub fn add_number(&mut self, line: &GrayImage, seen: &Sighting) {
        let Some(scale) = self.scale() else { return };
        let digits = digits_of(line, seen);
        if self.digits.is_font_of(&digits, scale.noise) {
            for (character, glyph) in digits {
                self.digits.add(character, glyph);
            }
        }
    }

    /// Takes the glyphs of the issuer's name, of those words whose letters stand apart and have the build of such letters. In
    /// `spellings`, `?` is a letter and [`GENERATION`] a digit that is not known.
    /// `lines` are what the value is printed on; of several spellings, the one that shows most letters.
    pub fn add_words(&mut self, lines: &[GrayImage], spellings: &[Vec<String>]) {
        let Some(scale) = self.scale() else { return };
        let shown = spellings
            .iter()
            .flat_map(|words| partitions(words, lines.len()))
            .map(|parts| {
                let lines = lines.iter().zip(parts);
                let words = lines.flat_map(|(line, words)| glyphs_of_words(line, &words));
                let built = words.filter(|word| {
                    word.iter()
                        .filter(|(character, _)| character.is_ascii_alphanumeric())
                        .all(|(character, glyph)| has_build_of(*character, glyph, scale.digit))
                });
                built.flatten().collect::<Vec<_>>()
            });
        for (character, glyph) in shown.max_by_key(Vec::len).unwrap_or_default() {
            if character.is_ascii_alphanumeric() || character == GENERATION {
                self.letters.add(character, glyph);
            }
        }
    }

    /// Says that small letters do not occur in the IDs of this page.
    pub fn rule_out_small_letters(&mut self) {
        self.no_small_letters = true;
    }

    /// What each character of an ID is: one in doubt by none of the evidence, `None` where it stays open.
    ///
    /// `line` is scaled as the specimens' lines were; `seen` and `second` are what the readers took its characters for.
    pub fn settle(&self, line: &GrayImage, seen: &Sighting, second: &[char]) -> Vec<Option<char>> {
        let first = seen.text.as_slice();
        let same =
            |(one, other): (&char, &char)| (one == other && !has_look_alikes(*one)).then_some(*one);
        let plain: Vec<Option<char>> = first.iter().zip(second).map(same).collect();
        let (Some(scale), Some(glyphs)) = (self.scale(), glyphs_of(line, seen)) else {
            return plain;
        };
        let mut line = Line {
            glyphs,
            first,
            second,
            known: plain,
        };
        let digits = self.digits_vouch_for(&line, scale);
        // Size and build are told in heights of a digit of the request ID: the ID must be of that size.
        if digits == Some(false) || !line.is_of_usual_size(scale, digits == Some(true)) {
            return line.known;
        }
        let mut vouching = Vouching {
            digits: digits == Some(true),
            letters: false,
        };
        line.known = self.settled(&line, scale, vouching);
        vouching.letters = self.letters_vouch_for(&line, scale, vouching);
        if vouching.letters {
            line.known = self.settled(&line, scale, vouching);
        }
        line.known
    }

    fn settled(&self, line: &Line<'_>, scale: Scale, vouching: Vouching) -> Vec<Option<char>> {
        let all = line.known.iter().enumerate();
        all.map(|(at, known)| known.or_else(|| self.settle_one(line, at, scale, vouching)))
            .collect()
    }

    fn settle_one(
        &self,
        line: &Line<'_>,
        at: usize,
        scale: Scale,
        vouching: Vouching,
    ) -> Option<char> {
        let (first, second, glyph) = (line.first[at], line.second[at], &line.glyphs[at]);
        if !are_look_alikes(first, second) {
            return None;
        }
        let possible = self.possible(first, glyph, scale, vouching);
        let distance = |c: char| {
            let known = match c.is_ascii_digit() {
                // Of an ID without digits the request ID's are at least no letters of its font.
                true => (vouching.digits || vouching.letters).then_some(&self.digits),
                false => vouching.letters.then_some(&self.letters),
            };
            let nearest = known.and_then(|known| known.nearest(glyph, c));
            nearest.map(|distance| distance / scale.noise)
        };
        let candidate = candidate(&possible, [first, second], distance)?;
        let own = distance(candidate);
        // Whatever its build lets it be, what is far from the specimens of a character is not that character.
        if own.is_some_and(|own| own > OTHER_FONT) {
            return None;
        }
        let excluded = |rival: &char| {
            let unseen = ![first, second].contains(rival);
            let own = own.filter(|_| vouching.digits || !candidate.is_ascii_digit());
            let far = match vouching.digits {
                _ if *rival == 'l' && candidate == 'I' => f32::INFINITY,
                true if is_bar(candidate) => FAR_OF_BARS,
                true => FAR,
                false if "01".contains(*rival) => f32::INFINITY,
                false => FAR_IN_ANY_FONT,
            };
            match (own, distance(*rival)) {
                (Some(own), Some(other)) => {
                    let margin = if unseen { CLEARLY } else { CLEARLY_AGAINST };
                    own <= OWN_BESIDE_RIVAL
                        && other >= own.max(LEAST_OWN) * margin
                        && other >= own + LEAST_GAP
                }
                (None, Some(other)) => unseen && other >= far,
                // A rival that neither reader saw and that no font draws alike needs no specimen of its own.
                (Some(own), None) => {
                    unseen
                        && own <= OWN_ALONE
                        && differs_in_every_font(candidate, *rival)
                        && (vouching.letters || self.another_digit_vouches(line, at, scale))
                }
                (None, None) => false,
            }
        };
        let rivals = possible.iter().filter(|c| **c != candidate);
        rivals.into_iter().all(excluded).then_some(candidate)
    }

    /// The look-alikes of `read` that the glyph's build lets it be.
    fn possible(&self, read: char, glyph: &Glyph, scale: Scale, vouching: Vouching) -> Vec<char> {
        let bars = Bars {
            ones: self.digits.of(if vouching.digits { '1' } else { '?' }),
            ls: self.letters.of(if vouching.letters { 'l' } else { '?' }),
            noise: scale.noise,
        };
        let group = group_of(read).into_iter();
        group
            // Ink above any other character is a speck, or a neighbour's arm, and makes it as high as it is not.
            .filter(|c| glyph.is_dotted() == matches!(c, 'i' | 'j'))
            .filter(|c| may_be(*c, glyph, scale.digit, &bars))
            .filter(|c| !(self.no_small_letters && c.is_ascii_lowercase()))
            .collect()
    }

    /// Whether the ID's digits are the specimens' font; `None` where it has none.
    fn digits_vouch_for(&self, line: &Line<'_>, scale: Scale) -> Option<bool> {
        let agreed = (0..line.first.len()).filter(|at| line.first[*at] == line.second[*at]);
        let digits = agreed.filter(|at| line.first[*at].is_ascii_digit());
        let distances: Vec<f32> = digits
            .filter_map(|at| self.digits.nearest(&line.glyphs[at], line.first[at]))
            .map(|distance| distance / scale.noise)
            .collect();
        if distances.is_empty() {
            return None;
        }
        Some(
            distances.iter().any(|distance| *distance <= OWN_ALONE)
                && distances.iter().all(|distance| *distance <= OTHER_FONT),
        )
    }

    /// Whether a digit other than that at `at` is near its specimen: a B taken for an 8 must not vouch for itself.
    fn another_digit_vouches(&self, line: &Line<'_>, at: usize, scale: Scale) -> bool {
        (0..line.first.len())
            .filter(|other| *other != at && line.first[*other] == line.second[*other])
            .filter(|other| line.first[*other].is_ascii_digit())
            .filter_map(|other| self.digits.nearest(&line.glyphs[other], line.first[other]))
            .any(|distance| distance / scale.noise <= OWN_ALONE)
    }

    /// Whether the issuer's letters are of the ID's font: a character that both have, and of which there is no doubt, is
    /// near its specimen, and none is far. What vouches for one ID vouches for every other that has its digits.
    fn letters_vouch_for(&self, line: &Line<'_>, scale: Scale, vouching: Vouching) -> bool {
        let of_line = line.known.iter().zip(&line.glyphs);
        let of_line = of_line.filter_map(|(known, glyph)| self.letters.nearest(glyph, (*known)?));
        // The number of `CA-G1` against the digits.
        let generation = self.letters.of(GENERATION).iter();
        let generation = generation.filter_map(|glyph| self.digits.nearest_of_any(glyph));
        let distances: Vec<f32> = of_line
            .chain(generation.filter(|_| vouching.digits))
            .map(|distance| distance / scale.noise)
            .collect();
        let near = distances.iter().any(|distance| *distance <= OWN_ALONE);
        let far = distances.iter().any(|distance| *distance > OTHER_FONT);
        if near && !far && vouching.digits {
            self.one_font.set(true);
        }
        !far && (near || vouching.digits && self.one_font.get())
    }

    /// What the digits say; `None` on a page with too few of them, or too blurred.
    fn scale(&self) -> Option<Scale> {
        *self.scale.get_or_init(|| {
            let noise = self.digits.noise()?;
            let digit = Digit::new(self.digits.rise()?, self.digits.unevenness(), self.dots);
            (noise <= NOISIEST).then_some(Scale {
                noise: noise.max(LEAST_NOISE),
                digit,
            })
        })
    }
}

impl Line<'_> {
    /// Whether every character of which there is no doubt is as high as such a character is beside digits. Without one,
    /// whether its digits were `compared`.
    fn is_of_usual_size(&self, scale: Scale, compared: bool) -> bool {
        let known = self.known.iter().zip(&self.glyphs);
        let mut sizes = known
            .filter_map(|(known, glyph)| {
                Some((usual_size((*known)?)?, glyph.rise() / scale.digit.height))
            })
            .peekable();
        match sizes.peek() {
            Some(_) => sizes.all(|(usual, rise)| usual.contains(&rise)),
            None => compared,
        }
    }
}

/// All ways to set `words` on so many lines.
fn partitions(words: &[String], lines: usize) -> Vec<Vec<Vec<&str>>> {
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    match lines {
        1 => vec![vec![all]],
        2 => (1..all.len())
            .map(|at| vec![all[..at].to_vec(), all[at..].to_vec()])
            .collect(),
        // Nobody sets six words on three lines.
        _ => Vec::new(),
    }
}

/// The digits of a number with their glyphs; none when they run together.
fn digits_of(line: &GrayImage, seen: &Sighting) -> Vec<(char, Glyph)> {
    let glyphs = glyphs_of(line, seen).into_iter().flatten();
    let all = seen.text.iter().copied().zip(glyphs);
    all.filter(|(character, _)| character.is_ascii_digit())
        .collect()
}

/// The one character that may be meant: the one that size leaves, or what a reader saw.
fn candidate(
    possible: &[char],
    [first, second]: [char; 2],
    distance: impl Fn(char) -> Option<f32>,
) -> Option<char> {
    // A reader that saw the other size saw the same shape.
    let other_size = |read: char| read.eq_ignore_ascii_case(possible.first()?).then_some(());
    if let ([only], Some(())) = (possible, other_size(first).or_else(|| other_size(second))) {
        return Some(*only);
    }
    match (possible.contains(&first), possible.contains(&second)) {
        (true, true) if first == second => Some(first),
        // Of two that were seen, the one whose specimen is near.
        (true, true) => match (distance(first), distance(second)) {
            (Some(one), Some(other)) if one < other => Some(first),
            (Some(_), Some(_)) => Some(second),
            _ => None,
        },
        (true, false) => Some(first),
        (false, true) => Some(second),
        (false, false) => None,
    }
}

/// Characters of little ink: half a pixel is much of it. An I is told from an l by its build only.
fn is_bar(character: char) -> bool {
    matches!(character, 'I' | 'l' | '1' | 'i')
}

/// Pairs that no face draws alike, though a bad picture may.
fn differs_in_every_font(one: char, other: char) -> bool {
    // A bold 8 on a coarse scan is as straight as a B: between the two only specimens of both decide.
    let open = ["0O", "1I", "1l", "Il", "8B"];
    !open
        .iter()
        .any(|pair| pair.contains(one) && pair.contains(other))
}

/// Equal glyphs that differ more than this are too blurred to compare.
const NOISIEST: f32 = 0.22;
/// On the sharpest page a difference of this much is chance.
const LEAST_NOISE: f32 = 0.10;
/// A glyph's distance from the nearest specimen of its own character, in units of the page's noise, where the rival
/// has specimens too, and where it has none.
const OWN_BESIDE_RIVAL: f32 = 2.5;
const OWN_ALONE: f32 = 1.9;
/// Nearer than this is as near.
const LEAST_OWN: f32 = 0.8;
/// How many times further the rival's specimen must be, when no reader saw the rival, and when one did.
const CLEARLY: f32 = 1.4;
const CLEARLY_AGAINST: f32 = 1.8;
/// What stands for an unknown digit in the spellings of the issuer's name.
pub const GENERATION: char = '#';
/// And how much further at least, in units of the page's noise.
const LEAST_GAP: f32 = 0.8;
/// A rival's specimen that is further says that this is none, in units of the page's noise.
const FAR: f32 = 2.2;
/// The same of a one, for a glyph that may be a bar.
const FAR_OF_BARS: f32 = 3.0;
/// The same of a digit that need not be of the ID's font.
const FAR_IN_ANY_FONT: f32 = 4.0;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::values::glyphs::drawn::{line_of, sighting};

    const APART: f32 = 4.0;

    /// A page with every digit, and with the issuer's name where `issuer` is its size.
    fn page(issuer: Option<f32>) -> Specimens {
        let mut specimens = Specimens::of_digits(30.0);
        for number in ["202611170", "203002163", "458914567"] {
            let line = line_of(number, 1.0, APART);
            specimens.add_request_id(&line, &sighting(&line, number, number));
        }
        if let Some(size) = issuer {
            let name = "Online Billing NW Common Root CA";
            specimens.add_words(&[line_of(name, size, APART)], &[words(name)]);
        }
        specimens
    }

    fn words(name: &str) -> Vec<String> {
        name.split(' ').map(str::to_owned).collect()
    }

    /// What the page settles of an ID printed `printed` and read `first` and `second`; `?` where it stays open.
    fn settled(page: &Specimens, printed: &str, first: &str, second: &str) -> String {
        let line = line_of(printed, 1.0, APART);
        let second: Vec<char> = second.chars().collect();
        let settled = page.settle(&line, &sighting(&line, printed, first), &second);
        settled.into_iter().map(|c| c.unwrap_or('?')).collect()
    }

    #[test]
    fn a_ring_is_told_by_the_zeros_and_the_o_of_the_page() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "A0RO37", "A0RO37", "A0RO37"), "A0RO37");
        assert_eq!(settled(&page, "A0RO37", "AOR037", "A0RO37"), "A0RO37");
    }

    #[test]
    fn what_both_readers_took_for_another_character_is_not_settled_as_that() {
        let page = page(Some(1.0));
        // A zero that is none of the page's zeros: wrong, or of another font. Nothing is settled.
        assert_eq!(settled(&page, "A0RO37", "A0R037", "A0R037"), "A?R?37");
        assert_eq!(settled(&page, "A8RB37", "ABR837", "ABR837"), "A?R?37");
    }

    #[test]
    fn without_an_o_to_compare_with_a_ring_stays_open() {
        // That it is none of the page's zeros can be seen, that it is one of them says nothing.
        assert_eq!(settled(&page(None), "A0RO37", "A0RO37", "A0RO37"), "A?RO37");
    }

    #[test]
    fn letters_of_another_size_or_font_vouch_for_nothing() {
        let page = page(Some(1.3));
        assert_eq!(settled(&page, "A0RO37", "A0RO37", "A0RO37"), "A?RO37");
    }

    #[test]
    fn size_tells_small_letters_from_capitals_whatever_was_read() {
        let page = page(None);
        assert_eq!(
            settled(&page, "cCzZ37vVxX", "CCzZ37VvxX", "cczz37vvxx"),
            "cCzZ37vVxX"
        );
        assert_eq!(
            settled(&page, "pPkK34jJyY", "pPkK34jJyY", "pPKk34jJYY"),
            "pPkK34jJyY"
        );
    }

    #[test]
    fn on_a_page_whose_equal_digits_differ_in_height_size_tells_nothing() {
        let mut page = page(None);
        let lower = line_of("458914567", 0.9, APART);
        page.add_request_id(&lower, &sighting(&lower, "458914567", "458914567"));
        let second = "CcZz37VvXx";
        assert_eq!(settled(&page, "cCzZ37vVxX", second, second), "????37????");
    }

    #[test]
    fn on_a_coarse_page_size_tells_nothing() {
        let mut page = page(None);
        page.dots = 9.6;
        let second = "CcZz37VvXx";
        assert_eq!(settled(&page, "cCzZ37vVxX", second, second), "????37????");
    }

    #[test]
    fn an_i_is_none_of_the_ones_and_a_one_without_a_foot_is_no_i() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "A1RN37", "A1RN37", "A1RN37"), "A1RN37");
        assert_eq!(settled(&page, "A1RI37", "A1R137", "A1R137"), "A?R?37");
        assert_eq!(settled(&page, "A1RI37", "A1RI37", "A1RI37"), "A1RI37");
    }

    #[test]
    fn digits_that_letters_resemble_in_no_font_need_no_letter_to_compare_with() {
        let page = page(None);
        assert_eq!(settled(&page, "5S2Z37", "5S2Z37", "5S2Z37"), "5S2Z37");
        // A five that looks like none of the page's fives: wrong, or of another font. Nothing is settled.
        assert_eq!(settled(&page, "5S2Z37", "S52Z37", "S52Z37"), "????37");
    }

    #[test]
    fn what_both_readers_take_for_a_look_alike_is_never_settled_as_that() {
        for page in [page(Some(1.0)), page(None)] {
            for printed in [
                "A0RO37QD", "A1RI37lB", "A8RB37Gb", "A5RS37Z2", "A6R937gq", "cCkK37vV",
            ] {
                let all = printed.chars().enumerate();
                let wrong = all
                    .flat_map(|(at, c)| group_of(c).into_iter().map(move |other| (at, c, other)));
                for (at, c, other) in wrong.filter(|(_, c, other)| c != other) {
                    let mut read: Vec<char> = printed.chars().collect();
                    read[at] = other;
                    let read: String = read.into_iter().collect();
                    let settled = settled(&page, printed, &read, &read);
                    let settled = settled.chars().nth(at).unwrap();
                    assert!(
                        settled == '?' || settled == c,
                        "{printed} read {read}: {settled}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_id_that_shares_no_letter_with_the_issuer_has_its_font_shown_by_another() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "5053H7", "5053H7", "5053H7"), "5?53H7");
        assert_eq!(settled(&page, "A0RO37", "A0RO37", "A0RO37"), "A0RO37");
        assert_eq!(settled(&page, "5053H7", "5053H7", "5053H7"), "5053H7");
    }

    #[test]
    fn letters_without_a_digit_are_told_from_digits_by_build_or_by_far() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "ARSNZtB", "ARSNZtB", "ARSNZtB"), "ARSNZtB");
    }

    #[test]
    fn a_number_of_another_size_is_no_specimen() {
        let mut page = page(None);
        let before = page.digits.rise();
        for number in ["2026111745", "4589145673"] {
            let line = line_of(number, 1.3, APART);
            page.add_number(&line, &sighting(&line, number, number));
        }
        assert_eq!(page.digits.rise(), before);
        assert_eq!(settled(&page, "cCzZ37", "CCzZ37", "CCzZ37"), "cCzZ37");
    }

    #[test]
    fn an_id_of_another_size_than_the_request_id_stays_open() {
        let page = page(None);
        let line = line_of("cnRH37", 1.4, APART);
        let seen = sighting(&line, "cnRH37", "CnRH37");
        let second: Vec<char> = "CnRH37".chars().collect();
        assert_eq!(page.settle(&line, &seen, &second)[0], None);
    }

    #[test]
    fn a_name_on_two_lines_shows_its_letters_too() {
        let mut page = page(None);
        let lines =
            ["Online Billing NW", "Common Root CA-G1"].map(|part| line_of(part, 1.0, APART));
        page.add_words(
            &lines,
            &[
                words("Onli?? Billing NW Common Root CA"),
                words("Onli?? Billing NW Common Root CA-G#"),
            ],
        );
        assert_eq!(page.letters.of('O').len(), 1);
        assert_eq!(page.letters.of(GENERATION).len(), 1);
        assert_eq!(settled(&page, "A0RO37", "A0RO37", "A0RO37"), "A0RO37");
    }

    #[test]
    fn a_page_on_which_equal_digits_differ_settles_nothing() {
        let mut specimens = Specimens::of_digits(30.0);
        for (number, every) in [("202611170", 3), ("203002163", 4), ("458914567", 5)] {
            let mut line = line_of(number, 1.0, APART);
            let seen = sighting(&line, number, number);
            let damaged = line.pixels_mut().enumerate();
            for (i, pixel) in damaged.filter(|(i, _)| (i / 7) % every == 0) {
                pixel.0[0] = if i % 2 == 0 { 255 } else { pixel.0[0] };
            }
            specimens.add_request_id(&line, &seen);
        }
        assert_eq!(settled(&specimens, "5S2Z37", "5S2Z37", "5S2Z37"), "????37");
    }

    #[test]
    fn readings_that_differ_in_more_than_look_alikes_stay_open() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "A4R537", "A4R537", "AHR537"), "A?R537");
    }
}
