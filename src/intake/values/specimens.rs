//! Look-alikes of an ID, held against characters of the same page of which there is no doubt.
//!
//! Whether a ring is `0` or `O` cannot be told from one glyph; beside the zeros of the dates and the `O` of the
//! issuer's name it often can. [`Specimens`] are those glyphs. A look-alike is settled by its size (small `c` and
//! large `C` differ in nothing else), by its symmetry (a `1` has its flag on one side), or by being plainly one of
//! the specimens and plainly none of the others. How far equal glyphs of this very page differ is the measure of
//! "plainly", so a bad fax settles little and a font whose `0` is its `O` nothing.
//!
//! Letters vouch only when the issuer's line is set in the ID's font, which a character that both have must show.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use image::GrayImage;

use crate::intake::look_alikes::{are_look_alikes, group_of, has_look_alikes};

use super::glyphs::{Glyph, Sighting, glyphs_of, glyphs_of_words};

/// Glyphs of one page whose characters are beyond doubt.
#[derive(Default)]
pub struct Specimens {
    digits: Known,
    letters: Known,
    no_small_letters: bool,
    /// Measured when it is first asked for: every ID of the page needs it.
    scale: OnceCell<Option<Scale>>,
}

#[derive(Default)]
struct Known(BTreeMap<char, Vec<Glyph>>);

/// An ID's glyphs and what the two readers took them for.
struct Line<'a> {
    glyphs: Vec<Glyph>,
    first: &'a [char],
    second: &'a [char],
}

/// What equal glyphs of this page have in common.
#[derive(Clone, Copy)]
struct Scale {
    /// How far two of them lie apart.
    noise: f32,
    /// How high a digit is.
    digit: f32,
}

impl Specimens {
    /// Takes the glyphs of a line of digits, marks between them included. Nothing when they run together.
    pub fn add_digits(&mut self, line: &GrayImage, seen: &Sighting) {
        let glyphs = glyphs_of(line, seen).into_iter().flatten();
        self.scale.take();
        for (character, glyph) in seen.text.iter().zip(glyphs) {
            if character.is_ascii_digit() {
                self.digits.add(*character, glyph);
            }
        }
    }

    /// Takes the glyphs of the issuer's name, of those words whose letters stand apart.
    pub fn add_words(&mut self, line: &GrayImage, words: &[&str]) {
        for (character, glyph) in glyphs_of_words(line, words) {
            if character.is_ascii_alphanumeric() {
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
        let line = Line {
            glyphs,
            first,
            second,
        };
        let letters = self.letters.is_font_of(&line, self, scale);
        if !letters && !self.digits.is_font_of(&line, self, scale) {
            return plain;
        }
        let settled = |(at, plain): (usize, &Option<char>)| {
            plain.or_else(|| self.settle_one(&line, at, scale, letters))
        };
        plain.iter().enumerate().map(settled).collect()
    }

    fn settle_one(&self, line: &Line<'_>, at: usize, scale: Scale, letters: bool) -> Option<char> {
        let (first, second, glyph) = (line.first[at], line.second[at], &line.glyphs[at]);
        if !are_look_alikes(first, second) {
            return None;
        }
        let possible: Vec<char> = group_of(first)
            .into_iter()
            .filter(|c| may_be(*c, glyph, scale))
            .filter(|c| !(self.no_small_letters && c.is_ascii_lowercase()))
            .collect();
        let distance = |c: char| {
            let known = match c.is_ascii_digit() {
                true => Some(&self.digits),
                false => letters.then_some(&self.letters),
            };
            let nearest = known.and_then(|known| known.nearest(glyph, c));
            nearest.map(|distance| distance / scale.noise)
        };
        let candidate = candidate(&possible, [first, second], distance)?;
        let own = distance(candidate);
        let excluded = |rival: &char| {
            if let Some(by_flag) = self.by_its_flag(candidate, *rival, glyph, scale) {
                return by_flag;
            }
            let unseen = ![first, second].contains(rival);
            match (own, distance(*rival)) {
                (Some(own), Some(other)) => {
                    let margin = if unseen { CLEARLY } else { CLEARLY_AGAINST };
                    own <= OWN_BESIDE_RIVAL && other >= own.max(LEAST_OWN) * margin
                }
                (None, Some(other)) => unseen && other >= FAR,
                // A rival that neither reader saw and that no font draws alike needs no specimen of its own.
                (Some(own), None) => {
                    unseen && own <= OWN_ALONE && differs_in_every_font(candidate, *rival)
                }
                (None, None) => unseen && differs_in_every_font(candidate, *rival),
            }
        };
        let rivals = possible.iter().filter(|c| **c != candidate);
        rivals.into_iter().all(excluded).then_some(candidate)
    }

    /// Whether the flag that a `1` has on its left tells it from `I`; `None` for other pairs, and where no flag is known.
    ///
    /// The page's ones show it; an `I` is its own mirror image in every font.
    fn by_its_flag(
        &self,
        candidate: char,
        rival: char,
        glyph: &Glyph,
        scale: Scale,
    ) -> Option<bool> {
        if !matches!((candidate, rival), ('1', 'I') | ('I', '1')) {
            return None;
        }
        let flags = self.digits.0.get(&'1')?.iter().map(Glyph::asymmetry);
        let flag = flags.reduce(f32::min)?;
        let mine = glyph.asymmetry();
        // A bar half a pixel off its own mirror image differs from it by a fifth.
        let shows = flag >= FLAG_SHOWS.max(scale.noise * FLAG_IN_NOISE);
        Some(match candidate {
            '1' => shows && mine >= flag * MOST_OF_A_FLAG,
            _ => shows && mine <= flag * NO_FLAG,
        })
    }

    /// What the digits say; `None` on a page with too few of them, or too blurred.
    fn scale(&self) -> Option<Scale> {
        *self.scale.get_or_init(|| {
            let noise = self.digits.noise()?;
            let digit = self.digits.rise()?;
            (noise <= NOISIEST).then_some(Scale {
                noise: noise.max(LEAST_NOISE),
                digit,
            })
        })
    }
}

impl Known {
    fn add(&mut self, character: char, glyph: Glyph) {
        let known = self.0.entry(character).or_default();
        if known.len() < MOST_SPECIMENS {
            known.push(glyph);
        }
    }

    fn nearest(&self, glyph: &Glyph, character: char) -> Option<f32> {
        let known = self.0.get(&character)?.iter();
        known.map(|other| glyph.distance(other)).reduce(f32::min)
    }

    /// Three of four glyphs have a specimen of the same character nearer than this.
    fn noise(&self) -> Option<f32> {
        let mut nearest = Vec::new();
        for glyphs in self.0.values() {
            for (i, glyph) in glyphs.iter().enumerate() {
                let others = glyphs.iter().enumerate().filter(|(at, _)| *at != i);
                nearest.extend(
                    others
                        .map(|(_, other)| glyph.distance(other))
                        .reduce(f32::min),
                );
            }
        }
        if nearest.len() < FEWEST_PAIRS {
            return None;
        }
        nearest.sort_by(f32::total_cmp);
        nearest.get(nearest.len() * 3 / 4).copied()
    }

    /// The usual height of its glyphs.
    fn rise(&self) -> Option<f32> {
        let mut rises: Vec<f32> = self.0.values().flatten().map(Glyph::rise).collect();
        rises.sort_by(f32::total_cmp);
        rises.get(rises.len() / 2).copied()
    }

    /// Whether these glyphs are of the font of `line`: a character that both have, and of which there is no doubt, is
    /// near its specimen, and none is far. The digits vouch for the line, or for the issuer's `G1`.
    fn is_font_of(&self, line: &Line<'_>, all: &Specimens, scale: Scale) -> bool {
        let doubtless = |at: usize| {
            let (first, second) = (line.first[at], line.second[at]);
            first == second && (first.is_ascii_digit() || !has_look_alikes(first))
        };
        let of_line = (0..line.first.len())
            .filter(|at| doubtless(*at))
            .map(|at| self.nearest(&line.glyphs[at], line.first[at]));
        let issuers_one = self
            .0
            .get(&'1')
            .filter(|_| !std::ptr::eq(self, &all.digits));
        let of_digits = issuers_one
            .into_iter()
            .flatten()
            .map(|glyph| all.digits.nearest(glyph, '1'));
        let distances: Vec<f32> = of_line
            .chain(of_digits)
            .flatten()
            .map(|distance| distance / scale.noise)
            .collect();
        distances.iter().any(|distance| *distance <= OWN_ALONE)
            && distances.iter().all(|distance| *distance <= OTHER_FONT)
    }
}

/// The one character that may be meant: the one that size leaves, or what a reader saw.
fn candidate(
    possible: &[char],
    [first, second]: [char; 2],
    distance: impl Fn(char) -> Option<f32>,
) -> Option<char> {
    // A reader that saw the other size saw the same shape.
    if let [only] = possible {
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

/// Whether the size, the dot and the upper right of `glyph` let it be `character`. Where they are in between, it may.
fn may_be(character: char, glyph: &Glyph, scale: Scale) -> bool {
    let rise = glyph.rise() / scale.digit;
    let fall = glyph.fall() / scale.digit;
    let tall = rise > LOWEST_CAPITAL;
    let small = rise < HIGHEST_SMALL;
    let hangs = fall > SHORTEST_TAIL;
    let sits = fall < LONGEST_OVERSHOOT;
    match character {
        'o' | 's' | 'z' | 'c' | 'v' | 'w' | 'x' | 'u' => !tall && !hangs,
        'p' | 'q' | 'g' | 'y' => !tall && !sits,
        'i' => !small && glyph.is_dotted(),
        'j' => !small && glyph.is_dotted() && !sits,
        'k' => !small && glyph.rise_at_right() / scale.digit < LOWEST_CAPITAL,
        'K' => !small && glyph.rise_at_right() / scale.digit > HIGHEST_SMALL,
        'l' | 'I' | '1' => !small && !hangs && !glyph.is_dotted(),
        // The tail of a Mincho J and of most Qs goes below the line.
        'J' => !small && !glyph.is_dotted(),
        'Q' => !small,
        _ => !small && !hangs,
    }
}

/// Pairs that no face draws alike, though a bad picture may.
fn differs_in_every_font(one: char, other: char) -> bool {
    let open = ["0O", "1I", "1l", "Il"];
    !open
        .iter()
        .any(|pair| pair.contains(one) && pair.contains(other))
}

/// Specimens kept of one character.
const MOST_SPECIMENS: usize = 6;
/// Fewer pairs of equal glyphs say nothing about a page.
const FEWEST_PAIRS: usize = 6;
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
/// A rival's specimen that is further says that this is none, in units of the page's noise.
const FAR: f32 = 2.2;
/// Equal characters that differ more, in the same units, are of two fonts.
const OTHER_FONT: f32 = 3.0;
/// A flag on one side, as difference from the mirror image: at least, and in units of the page's noise.
const FLAG_SHOWS: f32 = 0.35;
const FLAG_IN_NOISE: f32 = 1.8;
/// As shares of the flag that the page's ones have.
const MOST_OF_A_FLAG: f32 = 0.75;
const NO_FLAG: f32 = 0.4;
/// In units of a digit's height: small letters end below, capitals above.
const HIGHEST_SMALL: f32 = 0.82;
const LOWEST_CAPITAL: f32 = 0.90;
/// In units of a digit's height, below the baseline.
const LONGEST_OVERSHOOT: f32 = 0.05;
const SHORTEST_TAIL: f32 = 0.10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::values::glyphs::drawn::{line_of, sighting};

    const APART: f32 = 4.0;

    /// A page with every digit, and with the issuer's name where `issuer` is its size.
    fn page(issuer: Option<f32>) -> Specimens {
        let mut specimens = Specimens::default();
        for number in ["202611170", "203002163", "458914567"] {
            let line = line_of(number, 1.0, APART);
            specimens.add_digits(&line, &sighting(&line, number, number));
        }
        if let Some(size) = issuer {
            let name = "Online Billing NW Common Root CA";
            let words: Vec<&str> = name.split(' ').collect();
            specimens.add_words(&line_of(name, size, APART), &words);
        }
        specimens
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
        assert_eq!(settled(&page, "A0RO37", "A0R037", "A0R037"), "A0R?37");
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
    fn a_flag_tells_one_from_i() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "A1RN37", "A1RN37", "A1RN37"), "A1RN37");
        assert_eq!(settled(&page, "A1RI37", "A1R137", "A1R137"), "A1R?37");
    }

    #[test]
    fn digits_that_letters_resemble_in_no_font_need_no_letter_to_compare_with() {
        let page = page(None);
        assert_eq!(settled(&page, "5S2Z37", "5S2Z37", "5S2Z37"), "5S2Z37");
        // A five that looks like none of the page's fives: wrong, or of another font. Nothing is settled.
        assert_eq!(settled(&page, "5S2Z37", "S52Z37", "S52Z37"), "????37");
    }

    #[test]
    fn a_page_on_which_equal_digits_differ_settles_nothing() {
        let mut specimens = Specimens::default();
        for (number, every) in [("202611170", 3), ("203002163", 4), ("458914567", 5)] {
            let mut line = line_of(number, 1.0, APART);
            let seen = sighting(&line, number, number);
            let damaged = line.pixels_mut().enumerate();
            for (i, pixel) in damaged.filter(|(i, _)| (i / 7) % every == 0) {
                pixel.0[0] = if i % 2 == 0 { 255 } else { pixel.0[0] };
            }
            specimens.add_digits(&line, &seen);
        }
        assert_eq!(settled(&specimens, "5S2Z37", "5S2Z37", "5S2Z37"), "????37");
    }

    #[test]
    fn readings_that_differ_in_more_than_look_alikes_stay_open() {
        let page = page(Some(1.0));
        assert_eq!(settled(&page, "A4R537", "A4R537", "AHR537"), "A?R537");
    }
}
