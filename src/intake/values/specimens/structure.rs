//! What a glyph's build says of its character in every font: how high it is, where it hangs below the line, whether it is
//! its own mirror image, what stands at its edges.
//!
//! Between "it may" and "it cannot" lies a gap that no glyph of our fonts falls into when it is printed well; a
//! glyph in the gap may be either. The figures are shares of a digit's height, or of the glyph's own ink, measured on
//! letters of the generator in fifteen Japanese fonts (300 pages, 1st and 99th percentiles in brackets below).

use std::ops::RangeInclusive;

use crate::intake::look_alikes::has_look_alikes;
use crate::intake::values::glyphs::Glyph;

/// A page's ones and ls, by which `1`, `I` and `l` are told from each other; none where they vouch for nothing.
pub(super) struct Bars<'a> {
    pub ones: &'a [Glyph],
    pub ls: &'a [Glyph],
    /// How far equal glyphs of the page lie apart.
    pub noise: f32,
}

/// How high a page's digits are.
#[derive(Clone, Copy)]
pub(super) struct Digit {
    /// In pixels.
    pub height: f32,
    /// Whether sizes can be told: digits of enough dots, equal ones equally high. Those of a standard fax have ten.
    pub tells_size: bool,
}

impl Digit {
    /// Of digits `height` high, of which equal ones differ in height by `unevenness`, both in pixels; scanned with so many
    /// `dots`.
    pub(super) fn new(height: f32, unevenness: f32, dots: f32) -> Self {
        Self {
            height,
            tells_size: dots >= FEWEST_DOTS && unevenness < UNEVEN * height,
        }
    }

    fn is_tall(self, rise: f32) -> bool {
        self.tells_size && rise > LOWEST_CAPITAL * self.height
    }

    fn is_small(self, rise: f32) -> bool {
        self.tells_size && rise < HIGHEST_SMALL * self.height
    }
}

/// Whether `glyph` may be `character`, beside such digits. Where it is in between, it may.
pub(super) fn may_be(character: char, glyph: &Glyph, digit: Digit, bars: &Bars<'_>) -> bool {
    let fall = glyph.fall() / digit.height;
    let left_fall = glyph.fall_at_left() / digit.height;
    let (tall, small) = (digit.is_tall(glyph.rise()), digit.is_small(glyph.rise()));
    let tall_at_right = digit.is_tall(glyph.rise_at_right());
    let hangs = fall > SHORTEST_TAIL;
    let sits = fall < LONGEST_OVERSHOOT;
    let round = glyph.left_side() < STRAIGHT;
    let straight = glyph.left_side() > ROUND;
    let flag_alone = tall_at_right && has_no_foot(glyph, digit);
    match character {
        'o' | 's' | 'z' | 'c' | 'v' | 'w' | 'x' | 'u' => !tall && !hangs,
        'p' | 'y' => !tall && !sits,
        'g' => !tall && !sits && left_fall > NO_HOOK,
        'q' => !tall && !sits && left_fall < HOOK,
        'i' => !small && glyph.is_dotted(),
        'j' => !small && glyph.is_dotted() && !sits,
        'k' | 'b' => !small && !hangs && !tall_at_right,
        'K' | 'G' => !small && !hangs && !digit.is_small(glyph.rise_at_right()),
        // Plain, dotted or slashed, a zero turned by half a turn is a zero.
        '0' => !small && !hangs && round && glyph.turned() < TAIL,
        'O' => !small && !hangs && round && glyph.imbalance() < TAIL,
        'D' => !small && !hangs && straight && glyph.imbalance() < TAIL,
        // The tail of most Qs goes below the line, that of others crosses the ring.
        'Q' => !small && round && glyph.imbalance() > NO_TAIL,
        '8' => !small && !hangs && glyph.left_side() < STRAIGHT_AND_BOLD,
        'B' => !small && !hangs && straight,
        '1' => is_upright(glyph, small, hangs) && are_built_like(bars.ones, glyph, digit.height),
        // Its serifs may be worn off: only a plain flag says that it is none.
        'I' => {
            let is_a_ones = is_flagged(glyph) || flag_alone || is_uneven(glyph, bars.noise);
            is_upright(glyph, small, hangs) && !is_a_ones
        }
        // A flag without a foot is a one's; with a foot it may be an l's too.
        'l' => {
            is_upright(glyph, small, hangs)
                && (!tall_at_right || !is_flagged(glyph))
                && !flag_alone
                && are_built_like(bars.ls, glyph, digit.height)
        }
        'S' => !small && !hangs && glyph.turned() < NOT_TURNED,
        '5' => !small && !hangs && glyph.turned() > TURNED,
        'Z' => !small && !hangs && glyph.turned() < NOT_TURNED,
        '2' => !small && !hangs && glyph.turned() > TURNED,
        // The tail of a Mincho J goes below the line.
        'J' => !small && !glyph.is_dotted(),
        _ => !small && !hangs,
    }
}

/// How high a character is that nothing else looks like, in heights of a digit; `None` for those between small and
/// large.
pub(super) fn usual_size(character: char) -> Option<RangeInclusive<f32>> {
    match character {
        'a' | 'e' | 'm' | 'n' | 'r' => Some(SMALL),
        't' => None,
        'd' | 'f' | 'h' => Some(TALL),
        'A'..='Z' | '0'..='9' => Some(LARGE),
        _ => None,
    }
}

fn is_upright(glyph: &Glyph, small: bool, hangs: bool) -> bool {
    !small && !hangs && !glyph.is_dotted()
}

/// An I is its own mirror image, left for right and upside down.
fn is_flagged(glyph: &Glyph) -> bool {
    glyph.asymmetry() > FLAG || glyph.imbalance() > FLAG
}

/// Whether a flag stands at the upper left and nothing below it, the upright being at the right. An I stands on both sides or
/// on its whole width. What lost a hairline at the lower left has its upright in the middle and is nearly even.
fn has_no_foot(glyph: &Glyph, digit: Digit) -> bool {
    glyph.fall_at_left() < -HIGH_ABOVE_LINE * digit.height && glyph.asymmetry() > FLAG_ALONE
}

/// Whether it differs both from its mirror image and from its reflection in water by more than a lost hairline, and by more
/// than equal glyphs of the page differ: a flag at the upper left and a foot as thick as the upright.
fn is_uneven(glyph: &Glyph, noise: f32) -> bool {
    glyph.asymmetry() > UNEVEN_ACROSS.max(CLEAR_OF_NOISE * noise)
        && glyph.imbalance() > UNEVEN_DOWN.max(CLEAR_OF_NOISE * noise)
}

/// Whether the upper right of `glyph` is as that of one of `specimens`, or the whole so near that only a hairline may be
/// lost; of no specimens every glyph is.
fn are_built_like(specimens: &[Glyph], glyph: &Glyph, digit: f32) -> bool {
    let alike = |other: &Glyph| {
        let apart = (other.rise_at_right() - glyph.rise_at_right()).abs() / digit;
        apart < OTHERWISE_BUILT || glyph.distance(other) < HAIRLINE
    };
    specimens.is_empty() || specimens.iter().any(alike)
}

/// Whether `glyph` has the size and build of `character` beside digits `digit` high: what a specimen must have, or the
/// line was cut into other pieces than its letters.
pub(super) fn has_build_of(character: char, glyph: &Glyph, digit: Digit) -> bool {
    let rise = glyph.rise() / digit.height;
    let of_size = usual_size(character).is_none_or(|usual| usual.contains(&rise));
    let nothing = Bars {
        ones: &[],
        ls: &[],
        noise: 0.0,
    };
    of_size && (!has_look_alikes(character) || may_be(character, glyph, digit, &nothing))
}

/// In units of a digit's height: where equal digits differ by this much, the gap between small letters and capitals is gone.
/// Clean and office scans stay below 0.07, a third of standard faxes is above 0.09.
const UNEVEN: f32 = 0.08;
/// In digits of fewer dots one dot, and a speck beside it, is that gap. Digits of 10 points have 20 dots on an office scan and a fine
/// fax, 15 at 150 dpi, 10 on a standard fax.
const FEWEST_DOTS: f32 = 16.0;
/// In units of a digit's height: small letters end below, capitals above.
const HIGHEST_SMALL: f32 = 0.82;
const LOWEST_CAPITAL: f32 = 0.90;
/// Small letters (0.62 to 0.77), capitals and digits (0.93 to 1.03), letters with an ascender (0.94 to 1.07).
const SMALL: RangeInclusive<f32> = 0.58..=HIGHEST_SMALL;
const LARGE: RangeInclusive<f32> = LOWEST_CAPITAL..=1.08;
const TALL: RangeInclusive<f32> = LOWEST_CAPITAL..=1.18;
/// In units of a digit's height, below the baseline.
const LONGEST_OVERSHOOT: f32 = 0.05;
const SHORTEST_TAIL: f32 = 0.10;
/// What comes back at the left below the line: a g's hook (0.09 to 0.34) or nothing (a q: -0.10 to 0.00).
const NO_HOOK: f32 = 0.02;
const HOOK: f32 = 0.07;
/// Share of the height that the left edge spans: D and B (0.94 to 1.00); O, Q, 0 and 8 (0.53 to 0.88).
const ROUND: f32 = 0.88;
const STRAIGHT: f32 = 0.92;
/// A bold 8 on a coarse scan spans up to 0.93.
const STRAIGHT_AND_BOLD: f32 = 0.97;
/// Difference from the own reflection: Q (0.38 to 1.26), O and D (0.01 to 0.18).
const NO_TAIL: f32 = 0.22;
const TAIL: f32 = 0.36;
/// Difference from a mirror image: an I has 0.00 to 0.15, and more where a coarse scan wore off a serif; a one without a
/// foot has 0.55 and more. A one with a foot may be an I as far as this goes.
const FLAG: f32 = 0.50;
/// Difference from itself turned by half a turn: S and Z (0.06 to 0.54), 5 and 2 (0.36 to 1.10).
const TURNED: f32 = 0.27;
const NOT_TURNED: f32 = 0.60;
/// The same of a one without a foot, whose left side ends high above the line (0.37 to 1.1). An I and an l that stand there
/// for a lost hairline have 0.05 to 0.31.
const FLAG_ALONE: f32 = 0.33;
/// In units of a digit's height: where the left side of such a one ends (0.69 to 0.87).
const HIGH_ABOVE_LINE: f32 = 0.5;
/// Difference from the mirror image and from the reflection: a one with a foot in a Gothic face (0.22 to 0.25, 0.31 to 0.41),
/// in a Mincho face (0.09 to 0.31, 0.10 to 0.24); an I (0.03 to 0.18, 0.02 to 0.10), an l (0.07 to 0.27, 0.02 to 0.17).
const UNEVEN_ACROSS: f32 = 0.20;
const UNEVEN_DOWN: f32 = 0.28;
/// In units of the page's noise.
const CLEAR_OF_NOISE: f32 = 2.0;
/// The upper right of a one with a foot is low, that of a bar high: there is nothing between.
const OTHERWISE_BUILT: f32 = 0.4;
/// Distance of an l that lost its foot from others.
const HAIRLINE: f32 = 0.15;

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};
    use zeroize::Zeroizing;

    use super::*;
    use crate::intake::values::glyphs::{Sighting, glyphs_of};

    const DIGIT: Digit = Digit {
        height: 32.0,
        tells_size: true,
    };

    /// A glyph of so many black rectangles, each `left, top, right, bottom`; the line is at 32.
    fn drawn(parts: &[[u32; 4]]) -> Glyph {
        let mut line = GrayImage::from_pixel(120, 48, Luma([255]));
        for copy in 0..3 {
            for [left, top, right, bottom] in parts {
                for (x, y) in (*left..*right).flat_map(|x| (*top..*bottom).map(move |y| (x, y))) {
                    line.put_pixel(10 + copy * 36 + x, 8 + y, Luma([0]));
                }
            }
        }
        let middle = parts.iter().map(|part| part[2]).max().unwrap() as f32 / 2.0;
        let seen = Sighting {
            text: Zeroizing::new(vec!['7'; 3]),
            middles: [10.0, 46.0, 82.0].map(|x| (x + middle) / 120.0).to_vec(),
        };
        glyphs_of(&line, &seen).unwrap().remove(0)
    }

    fn bars(noise: f32) -> Bars<'static> {
        Bars {
            ones: &[],
            ls: &[],
            noise,
        }
    }

    /// Which of `1`, `I` and `l` the glyph may be on a page of so much noise.
    fn may_be_of_bars(glyph: &Glyph, noise: f32) -> String {
        let may = |c: &char| may_be(*c, glyph, DIGIT, &bars(noise));
        "1Il".chars().filter(may).collect()
    }

    const UPRIGHT: [u32; 4] = [6, 0, 10, 32];

    #[test]
    fn a_flag_above_nothing_is_a_ones() {
        let one = drawn(&[[10, 0, 14, 32], [6, 2, 10, 6], [3, 5, 7, 9]]);
        assert_eq!(may_be_of_bars(&one, 0.1), "1");
    }

    #[test]
    fn a_flag_and_a_thick_foot_are_no_i() {
        let one = drawn(&[UPRIGHT, [2, 2, 6, 6], [1, 28, 15, 32]]);
        assert_eq!(may_be_of_bars(&one, 0.1), "1l");
        assert_eq!(may_be_of_bars(&one, 0.3), "1Il", "chance, on such a page");
    }

    #[test]
    fn what_lost_a_hairline_may_be_an_i() {
        let whole = [UPRIGHT, [1, 0, 15, 1], [1, 31, 15, 32]];
        let without_upper_right = [UPRIGHT, [1, 0, 10, 1], [1, 31, 15, 32]];
        let without_lower_left = [UPRIGHT, [1, 0, 15, 1], [6, 31, 15, 32]];
        let bar = [UPRIGHT];
        for parts in [&whole[..], &without_upper_right, &without_lower_left, &bar] {
            let may = may_be_of_bars(&drawn(parts), 0.1);
            assert!(may.contains('I'), "{parts:?}: {may}");
        }
    }

    #[test]
    fn a_ring_with_a_tail_is_no_zero() {
        let ring = [
            [4, 0, 14, 3],
            [0, 4, 3, 28],
            [1, 2, 6, 6],
            [12, 2, 17, 6],
            [15, 4, 18, 28],
            [1, 26, 6, 30],
            [12, 26, 17, 30],
            [4, 29, 14, 32],
        ];
        let tailed = [&ring[..], &[[9, 20, 13, 27], [12, 24, 20, 32]]].concat();
        let may = |parts: &[[u32; 4]], c| may_be(c, &drawn(parts), DIGIT, &bars(0.1));
        assert!(may(&ring, '0') && may(&ring, 'O') && !may(&ring, 'Q'));
        assert!(!may(&tailed, '0') && !may(&tailed, 'O') && may(&tailed, 'Q'));
    }
}
