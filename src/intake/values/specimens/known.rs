//! Glyphs whose characters are known, and how far others lie from them.

use std::collections::BTreeMap;

use crate::intake::values::glyphs::Glyph;

/// Specimens of one font, by their characters.
#[derive(Default)]
pub(super) struct Known(BTreeMap<char, Vec<Glyph>>);

impl Known {
    /// Takes one more, unless there are enough.
    pub(super) fn add(&mut self, character: char, glyph: Glyph) {
        let known = self.0.entry(character).or_default();
        if known.len() < MOST_SPECIMENS {
            known.push(glyph);
        }
    }

    /// The specimens of `character`.
    pub(super) fn of(&self, character: char) -> &[Glyph] {
        self.0.get(&character).map_or(&[], |known| known)
    }

    /// How far `glyph` is from the nearest specimen of `character`; `None` without one.
    pub(super) fn nearest(&self, glyph: &Glyph, character: char) -> Option<f32> {
        let known = self.of(character).iter();
        known.map(|other| glyph.distance(other)).reduce(f32::min)
    }

    /// How far `glyph` is from the nearest specimen of any character.
    pub(super) fn nearest_of_any(&self, glyph: &Glyph) -> Option<f32> {
        let known = self.0.values().flatten();
        known.map(|other| glyph.distance(other)).reduce(f32::min)
    }

    /// Three of four glyphs have a specimen of the same character nearer than this; `None` where too few have another.
    pub(super) fn noise(&self) -> Option<f32> {
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
    pub(super) fn rise(&self) -> Option<f32> {
        let mut rises: Vec<f32> = self.0.values().flatten().map(Glyph::rise).collect();
        rises.sort_by(f32::total_cmp);
        rises.get(rises.len() / 2).copied()
    }

    /// How far the heights of two equal characters lie apart at most.
    pub(super) fn unevenness(&self) -> f32 {
        let spread = |glyphs: &Vec<Glyph>| {
            let rises = || glyphs.iter().map(Glyph::rise);
            let (lowest, highest) = (rises().reduce(f32::min), rises().reduce(f32::max));
            highest.unwrap_or_default() - lowest.unwrap_or_default()
        };
        self.0.values().map(spread).fold(0.0, f32::max)
    }

    /// Whether `others` are printed like these, where equal glyphs differ by `noise`: none is far from its specimen, and
    /// most are near. Nothing can be said of fewer than three.
    pub(super) fn is_font_of(&self, others: &[(char, Glyph)], noise: f32) -> bool {
        let mut distances: Vec<f32> = others
            .iter()
            .filter_map(|(character, glyph)| self.nearest(glyph, *character))
            .map(|distance| distance / noise)
            .collect();
        distances.sort_by(f32::total_cmp);
        let middle = distances.get(distances.len() / 2);
        distances.len() >= FEWEST_OF_A_FONT
            && middle.is_some_and(|middle| *middle <= USUAL)
            && distances.last().is_some_and(|most| *most <= OTHER_FONT)
    }
}

/// Specimens kept of one character.
const MOST_SPECIMENS: usize = 6;
/// Fewer pairs of equal glyphs say nothing about a page.
const FEWEST_PAIRS: usize = 6;
/// Fewer common characters say nothing about a font.
const FEWEST_OF_A_FONT: usize = 3;
/// In units of the page's noise: what the middle one of equal glyphs is not above.
const USUAL: f32 = 1.4;
/// Equal characters that differ more, in the same units, are of two fonts.
pub(super) const OTHER_FONT: f32 = 3.0;
