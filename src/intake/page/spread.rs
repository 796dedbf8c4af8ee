//! Several sheets on one picture: two letters side by side on an A3 glass, or one below the other in a long picture.
//!
//! A letter stands upright on its sheet and its lines run along the short side. Where lines run along the long side,
//! or where the picture is far too long, and a white gutter runs through just where sheets would meet, the picture is
//! cut there. Whether the parts are letters only their labels can say: a page that is not is read as a whole.

use crate::intake::page::{Mask, Turn};

/// Where a picture is cut into sheets.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Whether the sheets lie along the picture's rows.
    pub along_rows: bool,
    /// First pixel and past the last pixel of each sheet, in mask pixels.
    pub parts: Vec<(usize, usize)>,
}

impl Spread {
    /// Whether sheets that stand upright after `turn` lie beside each other (otherwise one above the other), and
    /// whether the last one of the picture is the first one to be read.
    pub fn as_read(&self, turn: Turn) -> (bool, bool) {
        let quarter = matches!(turn, Turn::Right | Turn::Left);
        let reversed = match (self.along_rows, turn) {
            (_, Turn::None) | (true, Turn::Right) | (false, Turn::Left) => false,
            (_, Turn::Over) | (true, Turn::Left) | (false, Turn::Right) => true,
        };
        (self.along_rows != quarter, reversed)
    }
}

/// The cuts of a picture whose print runs along its rows or its columns; `None` for a single sheet.
pub(super) fn spread(ink: &Mask, print_along_rows: bool, dpi: f32) -> Option<Spread> {
    let count = sheets(ink.width(), ink.height(), print_along_rows)?;
    let along_rows = ink.width() >= ink.height();
    match along_rows {
        true => cuts(&ink.transposed(), count, dpi),
        false => cuts(ink, count, dpi),
    }
    .map(|parts| Spread { along_rows, parts })
}

/// Whether a picture of this shape, with print that runs along its rows or its columns, could hold several sheets.
pub(super) fn may_be_spread(width: usize, height: usize, print_along_rows: bool) -> bool {
    sheets(width, height, print_along_rows).is_some()
}

/// How many upright sheets beside each other, or one above the other, have the shape of the picture.
fn sheets(width: usize, height: usize, print_along_rows: bool) -> Option<usize> {
    let (long, short) = (width.max(height) as f32, width.min(height).max(1) as f32);
    let ratio = long / short;
    let sheets = match (width >= height) == print_along_rows {
        true => ratio * A4_RATIO,
        false => ratio / A4_RATIO,
    };
    let count = sheets.round();
    let whole = (sheets - count).abs() <= MOST_UNLIKE;
    (whole && (2.0..=MOST_SHEETS).contains(&count)).then_some(count as usize)
}

/// Cuts a picture from top to bottom into `count` parts.
fn cuts(ink: &Mask, count: usize, dpi: f32) -> Option<Vec<(usize, usize)>> {
    let height = ink.height();
    let reach = height / count / SEARCHED;
    let band = ((dpi / 25.4 * GUTTER_MM) as usize).max(1);
    let dark: Vec<usize> = (0..height)
        .map(|y| ink.row(y).iter().filter(|ink| **ink).count())
        .collect();
    let mut ends = vec![0];
    for cut in 1..count {
        let middle = height * cut / count;
        let from = middle.saturating_sub(reach);
        let places = from..(middle + reach).min(height.saturating_sub(band));
        let of_band = |top: usize| dark[top..top + band].iter().sum::<usize>();
        // Of equally white places the one nearest to the middle.
        let best = places.min_by_key(|top| (of_band(*top), (top + band / 2).abs_diff(middle)))?;
        let white = of_band(best) * 100 <= ink.width() * band * MOST_INK_PERCENT;
        if !white || crossings(ink, best, band) > MOST_CROSSINGS {
            return None;
        }
        ends.push(best + band / 2);
    }
    ends.push(height);
    let parts: Vec<(usize, usize)> = ends.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let printed = |(from, to): &(usize, usize)| dark[*from..*to].iter().any(|ink| *ink > 0);
    parts.iter().all(printed).then_some(parts)
}

/// Strokes that run through the whole band: rules of a table that is wider than a sheet.
fn crossings(ink: &Mask, top: usize, band: usize) -> usize {
    let through = |x: &usize| (top..top + band).all(|y| ink.at(*x, y));
    let mut last = None;
    (0..ink.width())
        .filter(through)
        .filter(|x| last.replace(*x).is_none_or(|before: usize| x - before > 1))
        .count()
}

const A4_RATIO: f32 = std::f32::consts::SQRT_2;
const MOST_SHEETS: f32 = 4.0;
/// How far the shape may be from that of whole sheets: margins cut off, a fax line above.
const MOST_UNLIKE: f32 = 0.3;
/// The gutter is looked for so far from where sheets would meet: a part of a sheet.
const SEARCHED: usize = 7;
const GUTTER_MM: f32 = 4.0;
const MOST_INK_PERCENT: usize = 1;
/// Scratches of a drum run through; the rules of a table are more.
const MOST_CROSSINGS: usize = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sheets of 400 × 566 with lines of print side by side.
    fn two() -> Mask {
        let mut mask = Mask::blank(800, 566);
        for y in (60..500).filter(|y| y % 20 < 8) {
            for left in [40, 440] {
                for x in (left..left + 320).filter(|x| x % 4 != 0) {
                    mask.row_mut(y)[x] = true;
                }
            }
        }
        mask
    }

    #[test]
    fn two_sheets_side_by_side_are_cut_between_them() {
        let spread = spread(&two(), true, 50.0).unwrap();
        assert!(spread.along_rows);
        let [(0, end), (start, 800)] = spread.parts[..] else {
            panic!("{:?}", spread.parts);
        };
        assert_eq!(start, end);
        assert!((365..435).contains(&end), "{end}");
    }

    #[test]
    fn turned_by_a_quarter_they_lie_one_above_the_other_on_the_picture() {
        let spread = spread(&two().transposed(), false, 50.0).unwrap();
        assert!(!spread.along_rows);
        assert_eq!(spread.parts.len(), 2);
    }

    #[test]
    fn a_letter_laid_sideways_is_one_sheet() {
        assert_eq!(spread(&two(), false, 50.0), None);
    }

    #[test]
    fn a_table_across_the_middle_is_one_sheet() {
        let mut mask = two();
        for y in [100, 200, 300] {
            mask.row_mut(y)[40..760].fill(true);
        }
        assert_eq!(spread(&mask, true, 50.0), None);
    }

    #[test]
    fn a_sheet_beside_bare_glass_is_one_sheet() {
        let mut mask = two();
        for y in 0..mask.height() {
            mask.row_mut(y)[400..].fill(false);
        }
        assert_eq!(spread(&mask, true, 50.0), None);
    }

    #[test]
    fn a_long_picture_of_three_sheets_is_cut_twice() {
        let mut mask = Mask::blank(400, 3 * 566);
        for y in (0..mask.height()).filter(|y| y % 20 < 8 && (60..500).contains(&(y % 566))) {
            for x in (40..360).filter(|x| x % 4 != 0) {
                mask.row_mut(y)[x] = true;
            }
        }
        let spread = spread(&mask, true, 50.0).unwrap();
        assert_eq!(spread.parts.len(), 3);
        assert!(!spread.along_rows);
    }

    #[test]
    fn the_order_of_reading_is_that_of_the_upright_sheets() {
        let beside = Spread {
            along_rows: true,
            parts: Vec::new(),
        };
        assert_eq!(beside.as_read(Turn::None), (true, false));
        assert_eq!(beside.as_read(Turn::Over), (true, true));
        // A quarter to the right brings the left side up.
        assert_eq!(beside.as_read(Turn::Right), (false, false));
        let above = Spread {
            along_rows: false,
            parts: Vec::new(),
        };
        assert_eq!(above.as_read(Turn::None), (false, false));
        assert_eq!(above.as_read(Turn::Right), (true, true));
        assert_eq!(above.as_read(Turn::Left), (true, false));
    }
}
