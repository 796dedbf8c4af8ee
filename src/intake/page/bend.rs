//! A sheet whose lines of print do not run in parallel: photographed from a slant without its edges, or curled.
//!
//! From a slant lines fan out, on a curled sheet they bow, the more the further from the lens. The lean of print is
//! measured in a few cells of the page; a line's slope is then a surface of four numbers, which are sharpened on all feet of strokes at once, as
//! [`super::skew`] does with a single lean. The same is done along columns. The picture is sampled once through the
//! map that makes both straight. Measured only on pictures that are no scanner's, or where nothing was found.

use image::{GrayImage, Luma};

use super::flatten::between;
use super::mask::Mask;
use super::skew::{feet, lean_near, sides};

/// How lines of print run: down per step to the right at each place, measured from the page's middle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Lines {
    /// In the middle.
    slope: f64,
    /// More for each step to the next line.
    fan: f64,
    /// More for each step along a line, halved.
    bow: f64,
    /// More of that for each step to the next line.
    swell: f64,
}

impl Lines {
    /// How far a line has come down at `along`, near the line `across`.
    fn shift(&self, along: f64, across: f64) -> f64 {
        along * (self.slope + self.fan * across + (self.bow + self.swell * across) * along)
    }
}

/// The map that straightens a page, in mask pixels from its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bend {
    rows: Lines,
    columns: Lines,
}

impl Bend {
    /// How the print of `mask` runs, when its lines or its columns are clearly not in parallel.
    pub(super) fn of(mask: &Mask, lean: (f64, f64)) -> Option<Self> {
        let (width, height) = (mask.width() as f64, mask.height() as f64);
        let (feet, sides) = (feet(mask), sides(mask));
        let rows = |may_bow| measured(&feet, (width, height), lean.0, may_bow);
        let columns = |may_bow| measured(&sides, (height, width), lean.1, may_bow);
        // Which of both is print shows by its bow: straightened, it piles up more than long straight rules do.
        let gain = |lines: Option<(Lines, f64)>| lines.map_or(1.0, |(_, gain)| gain);
        let (bowed_rows, bowed_columns) = (rows(true), columns(true));
        let (rows, columns) = match gain(bowed_rows) >= gain(bowed_columns) {
            true => (bowed_rows, columns(false)),
            false => (rows(false), bowed_columns),
        };
        let (rows, columns) = (
            rows.map(|(lines, _)| lines),
            columns.map(|(lines, _)| lines),
        );
        if rows.is_none() && columns.is_none() {
            return None;
        }
        let parallel = |slope: f64| Lines {
            slope,
            ..Lines::default()
        };
        let rows = rows.unwrap_or(parallel(lean.0));
        // Columns about which little is known stand upright on their lines.
        Some(Self {
            rows,
            columns: columns.unwrap_or(parallel(-rows.slope)),
        })
    }

    /// The place of the picture that belongs to a place of the straight page.
    fn source(&self, x: f64, y: f64) -> (f64, f64) {
        let mut at = (x, y);
        for _ in 0..ROUNDS {
            at = (
                x + self.columns.shift(at.1, at.0),
                y + self.rows.shift(at.0, at.1),
            );
        }
        at
    }

    /// The picture made straight; `step` is its pixels per mask pixel.
    pub(super) fn straightened(&self, image: &GrayImage, step: usize) -> GrayImage {
        let (width, height) = image.dimensions();
        let step = step as f64;
        let middle = (f64::from(width) / 2.0, f64::from(height) / 2.0);
        let source = |x: u32, y: u32| {
            let (u, v) = self.source(
                (f64::from(x) - middle.0) / step,
                (f64::from(y) - middle.1) / step,
            );
            (u * step + middle.0, v * step + middle.1)
        };
        let mut straight = GrayImage::new(width, height);
        for y in 0..height {
            // Between two places so near the map is a straight line.
            let mut from = source(0, y);
            for left in (0..width).step_by(STRAIGHT) {
                let to = source(left + STRAIGHT as u32, y);
                for x in left..(left + STRAIGHT as u32).min(width) {
                    let share = f64::from(x - left) / STRAIGHT as f64;
                    let at = (
                        from.0 + (to.0 - from.0) * share,
                        from.1 + (to.1 - from.1) * share,
                    );
                    straight.put_pixel(x, y, Luma([between(image, at.0, at.1)]));
                }
                from = to;
            }
        }
        straight
    }
}

/// How the lines run whose feet are given as (along the line, across the lines), and how much sharper they are for it;
/// `None` when they are in parallel.
fn measured(
    feet: &[(i32, i32)],
    size: (f64, f64),
    lean: f64,
    may_bow: bool,
) -> Option<(Lines, f64)> {
    let middle = (size.0 / 2.0, size.1 / 2.0);
    let cells = cells(feet, size, lean);
    let start = surface(&cells, middle, may_bow)?;
    let parallel = Lines {
        slope: lean,
        ..Lines::default()
    };
    let best = sharpened(feet, size, start, may_bow);
    let bow = best.bow.abs() + (best.swell * middle.1).abs();
    let away = (best.fan * middle.0 * middle.1).abs() + bow * middle.0 * middle.0;
    let gain = sharpness(feet, size, &best) / sharpness(feet, size, &parallel).max(1e-9);
    (away >= LEAST_AWAY && gain >= LEAST_GAIN).then_some((best, gain))
}

/// The lean in a cell of the page, about whose middle it is known, and how much it counts.
struct Cell {
    along: f64,
    across: f64,
    slope: f64,
    weight: f64,
}

fn cells(feet: &[(i32, i32)], size: (f64, f64), lean: f64) -> Vec<Cell> {
    let (width, height) = (size.0 / CELLS.0 as f64, size.1 / CELLS.1 as f64);
    let mut dealt = vec![Vec::new(); CELLS.0 * CELLS.1];
    for (along, across) in feet {
        let column = ((f64::from(*along) / width) as usize).min(CELLS.0 - 1);
        let row = ((f64::from(*across) / height) as usize).min(CELLS.1 - 1);
        dealt[row * CELLS.0 + column].push((*along, *across));
    }
    let known = dealt.iter().filter(|feet| feet.len() >= FEWEST_FEET);
    let measured = known.filter_map(|feet| {
        let (slope, clearly) = lean_near(feet, size.1 as usize, lean);
        let count = feet.len() as f64;
        let sum = feet.iter().fold((0.0, 0.0), |sum, foot| {
            (sum.0 + f64::from(foot.0), sum.1 + f64::from(foot.1))
        });
        (clearly >= CLEARLY).then_some(Cell {
            along: sum.0 / count,
            across: sum.1 / count,
            slope,
            weight: count * (clearly - 1.0),
        })
    });
    measured.collect()
}

/// The surface of slopes that lies nearest to those of the cells (weighted least squares).
fn surface(cells: &[Cell], middle: (f64, f64), may_bow: bool) -> Option<Lines> {
    if cells.len() < FEWEST_CELLS {
        return None;
    }
    let terms = if may_bow { NUMBERS } else { 2 };
    let mut sums = [[0.0; NUMBERS + 1]; NUMBERS];
    for cell in cells {
        let (along, across) = (
            (cell.along - middle.0) / middle.0,
            (cell.across - middle.1) / middle.1,
        );
        let values = [1.0, across, along, along * across, cell.slope];
        for row in 0..terms {
            for column in (0..terms).chain([NUMBERS]) {
                sums[row][column] += cell.weight * values[row] * values[column];
            }
        }
    }
    let weight = sums[0][0];
    for (at, row) in sums.iter_mut().enumerate() {
        // What the cells do not show is taken for straight.
        row[at] += if at < terms { weight * STIFFNESS } else { 1.0 };
    }
    let [slope, fan, bow, swell] = solved(sums)?;
    Some(Lines {
        slope,
        fan: fan / middle.1,
        bow: bow / middle.0 / 2.0,
        swell: swell / middle.0 / middle.1 / 2.0,
    })
}

/// Gauss's elimination; the last column holds the right-hand sides.
fn solved(mut rows: [[f64; NUMBERS + 1]; NUMBERS]) -> Option<[f64; NUMBERS]> {
    for at in 0..NUMBERS {
        let greatest = (at..NUMBERS)
            .max_by(|one, other| rows[*one][at].abs().total_cmp(&rows[*other][at].abs()))?;
        rows.swap(at, greatest);
        if rows[at][at].abs() < 1e-12 {
            return None;
        }
        for other in (0..NUMBERS).filter(|other| *other != at) {
            let share = rows[other][at] / rows[at][at];
            let of = rows[at];
            for (value, taken) in rows[other].iter_mut().zip(of) {
                *value -= share * taken;
            }
        }
    }
    Some(std::array::from_fn(|at| rows[at][NUMBERS] / rows[at][at]))
}

/// The numbers near `start` at which feet pile up on the fewest lines: each in turn, in ever smaller steps.
fn sharpened(feet: &[(i32, i32)], size: (f64, f64), start: Lines, may_bow: bool) -> Lines {
    let mut best = start;
    let mut highest = sharpness(feet, size, &best);
    let (along, across) = (size.0 / 2.0, size.1 / 2.0);
    for step in STEPS {
        for number in 0..if may_bow { NUMBERS } else { 2 } {
            for direction in [-1.0, 1.0] {
                // A few steps in a direction, as long as they help.
                for _ in 0..MOST_STEPS {
                    let mut next = best;
                    match number {
                        0 => next.slope += direction * step,
                        1 => next.fan += direction * step / across,
                        2 => next.bow += direction * step / along / 2.0,
                        _ => next.swell += direction * step / along / across / 2.0,
                    }
                    let sharp = sharpness(feet, size, &next);
                    if sharp <= highest {
                        break;
                    }
                    (best, highest) = (next, sharp);
                }
            }
        }
    }
    best
}

/// Mean pile height that a foot sees when lines run like `lines`.
fn sharpness(feet: &[(i32, i32)], size: (f64, f64), lines: &Lines) -> f64 {
    let middle = (size.0 / 2.0, size.1 / 2.0);
    let mut piles = vec![0_u32; size.1 as usize * 3 + 1];
    for (along, across) in feet {
        let (u, v) = (f64::from(*along) - middle.0, f64::from(*across) - middle.1);
        let at = f64::from(*across) - lines.shift(u, v) + size.1;
        if let Some(pile) = piles.get_mut(at.max(0.0) as usize) {
            *pile += 1;
        }
    }
    let squares: f64 = piles.iter().map(|pile| f64::from(*pile).powi(2)).sum();
    squares / feet.len().max(1) as f64
}

/// Cells along a line and across the lines.
const CELLS: (usize, usize) = (3, 4);
/// Numbers that say how lines run.
const NUMBERS: usize = 4;
const STIFFNESS: f64 = 0.002;
const FEWEST_FEET: usize = 120;
const FEWEST_CELLS: usize = 5;
/// By how much a cell's lean must stand out from others.
const CLEARLY: f64 = 1.2;
/// Mask pixels by which the end of a line must be off before the picture is sampled anew.
const LEAST_AWAY: f64 = 2.0;
const LEAST_GAIN: f64 = 1.12;
/// Slopes at the page's edge.
const STEPS: [f64; 4] = [0.008, 0.004, 0.002, 0.001];
const MOST_STEPS: usize = 6;
/// The map is nearly the identity: so many rounds settle it.
const ROUNDS: usize = 4;
const STRAIGHT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of strokes that run as `lines` say.
    fn printed(lines: Lines) -> Mask {
        let (width, height) = (1240, 1754);
        let mut mask = Mask::blank(width, height);
        for line in 0..34 {
            let level = 160.0 + f64::from(line) * 42.0 - height as f64 / 2.0;
            for x in (120..1120).filter(|x| x % 5 < 3) {
                let u = x as f64 - width as f64 / 2.0;
                let mut v = level;
                for _ in 0..6 {
                    v = level + lines.shift(u, v);
                }
                let top = (v + height as f64 / 2.0).round() as usize;
                // Columns stand upright on lines that lean.
                let column = (x as f64 - lines.slope * v).round() as usize;
                for y in top..(top + 12).min(height) {
                    mask.row_mut(y)[column.min(width - 1)] = true;
                }
            }
        }
        mask
    }

    fn page_of(mask: &Mask) -> GrayImage {
        GrayImage::from_fn(mask.width() as u32, mask.height() as u32, |x, y| {
            Luma([if mask.at(x as usize, y as usize) {
                20
            } else {
                230
            }])
        })
    }

    /// Rows without any ink between the first and the last line: many on a straight page.
    fn white_rows(image: &GrayImage) -> usize {
        let inked: Vec<bool> = image
            .rows()
            .map(|mut row| row.any(|p| p.0[0] < 120))
            .collect();
        let first = inked.iter().position(|ink| *ink).unwrap();
        let last = inked.iter().rposition(|ink| *ink).unwrap();
        inked[first..last].iter().filter(|ink| !**ink).count()
    }

    #[test]
    fn lines_that_fan_out_or_bow_are_made_parallel() {
        for lines in [
            Lines {
                slope: 0.01,
                fan: 0.00006,
                ..Lines::default()
            },
            Lines {
                slope: -0.02,
                fan: -0.00003,
                bow: 0.00003,
                swell: 0.00000003,
            },
        ] {
            let mask = printed(lines);
            let page = page_of(&mask);
            let lean = super::super::skew::along_rows(&mask).slope;
            let bend = Bend::of(&mask, (lean, 0.0)).expect("the lines are not in parallel");
            let straight = bend.straightened(&page, 1);
            // 34 lines stand 42 rows apart and are 12 high.
            let (before, after) = (white_rows(&page), white_rows(&straight));
            assert!(before < 500 && after > 850, "{before} {after} {bend:?}");
        }
    }

    #[test]
    fn a_page_that_merely_leans_is_left_alone() {
        for slope in [0.0, 0.03, -0.08] {
            let mask = printed(Lines {
                slope,
                ..Lines::default()
            });
            let lean = super::super::skew::along_rows(&mask).slope;
            assert_eq!(Bend::of(&mask, (lean, 0.0)), None, "{slope}");
        }
    }
}
