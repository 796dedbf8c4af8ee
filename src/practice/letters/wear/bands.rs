//! Where values stand on a drawn sheet, so that pens and stamps land where people put them.

use image::GrayImage;

/// A line of print with white between its label and its value, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// First row.
    pub top: u32,
    /// Past the last row.
    pub bottom: u32,
    /// First column of the label.
    pub label: u32,
    /// First column of the value.
    pub left: u32,
    /// Past the value's last column.
    pub right: u32,
}

impl Line {
    pub(super) fn middle(&self) -> f32 {
        (self.top + self.bottom) as f32 / 2.0
    }

    pub(super) fn height(&self) -> f32 {
        (self.bottom - self.top) as f32
    }
}

/// The lines of label and value on a freshly drawn sheet, from top to bottom.
///
/// A line is a run of rows that cross many strokes; a rule is one stroke along a row, so it parts lines.
pub(super) fn lines(image: &GrayImage, dpi: u32) -> Vec<Line> {
    let pixels = |millimetres: f32| (millimetres * dpi as f32 / 25.4) as u32;
    let rows: Vec<bool> = image
        .rows()
        .map(|row| strokes(row) >= FEWEST_STROKES)
        .collect();
    let mut found = Vec::new();
    let mut top = None;
    for (y, print) in (0..).zip(rows.into_iter().chain([false])) {
        match (print, top) {
            (true, None) => top = Some(y),
            (false, Some(from)) => {
                top = None;
                if y - from >= pixels(LOWEST_MM) {
                    found.extend(line(image, (from, y), pixels(GAP_MM), pixels(RULE_MM)));
                }
            }
            _ => {}
        }
    }
    found
}

fn strokes<'a>(row: impl Iterator<Item = &'a image::Luma<u8>>) -> usize {
    let mut before = false;
    let mut strokes = 0;
    for pixel in row {
        let ink = pixel.0[0] < 128;
        strokes += usize::from(ink && !before);
        before = ink;
    }
    strokes
}

/// The print of some rows, when a wide gap parts it into label and value.
fn line(image: &GrayImage, (top, bottom): (u32, u32), gap: u32, rule: u32) -> Option<Line> {
    let inked = |x: u32| {
        (top..bottom)
            .filter(|y| image.get_pixel(x, *y).0[0] < 128)
            .count()
    };
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for x in 0..image.width() {
        let ink = inked(x);
        // A rule down is inked from top to bottom.
        if ink == 0 || ink as u32 == bottom - top {
            continue;
        }
        match runs.last_mut() {
            Some((_, to)) if x - *to < rule => *to = x + 1,
            _ => runs.push((x, x + 1)),
        }
    }
    let gaps = runs.windows(2).filter(|pair| pair[1].0 - pair[0].1 >= gap);
    let value = gaps.max_by_key(|pair| pair[1].0 - pair[0].1)?[1].0;
    Some(Line {
        top,
        bottom,
        label: runs.first()?.0,
        left: value,
        right: runs.last()?.1,
    })
}

const FEWEST_STROKES: usize = 8;
const LOWEST_MM: f32 = 1.6;
/// White between a label and its value.
const GAP_MM: f32 = 4.5;
/// White within a character.
const RULE_MM: f32 = 0.6;

#[cfg(test)]
mod tests {
    use super::super::super::{Font, Letter, Style, draw};
    use super::*;
    use crate::config::Rules;
    use jiff::civil::Date;

    #[test]
    fn the_values_of_a_drawn_letter_are_found() {
        let today = Date::constant(2026, 11, 21);
        let letter = Letter::invent(5, 1, today, &Rules::default());
        let page = &draw(&letter, &Style::plain(), &Font::embedded(), 200)[0];
        let found = lines(&page.scan.image, 200);
        assert!(found.len() >= 6, "{found:?}");
        for line in &found {
            assert!(line.label < line.left && line.left < line.right, "{line:?}");
        }
    }
}
