//! By how much the lines of print lean, along rows and along columns.
//!
//! Feet of strokes are projected at each angle; at the right one they pile up on few lines, so the sum of
//! squares of the pile heights peaks. Coarse steps over few feet first, then fine ones around the best: the
//! work of 46 passes over at most [`POINTS`] feet, whatever the size of the page.

use crate::intake::page::mask::Mask;

/// The lean of lines of print.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lean {
    /// Down per step to the right (for columns: right per step down).
    pub slope: f64,
    /// How sharply the feet pile up there.
    pub sharpness: f64,
}

/// The best lean of print that runs along the rows of `mask`.
pub fn along_rows(mask: &Mask) -> Lean {
    best_lean(&feet(mask), mask.height())
}

/// The best lean of print that runs along the columns.
pub fn along_columns(mask: &Mask) -> Lean {
    best_lean(&sides(mask), mask.width())
}

/// Ink with paper below it, as (along the line, across the lines).
pub(super) fn feet(mask: &Mask) -> Vec<(i32, i32)> {
    let mut feet = Vec::new();
    for y in 0..mask.height().saturating_sub(1) {
        let pairs = mask.row(y).iter().zip(mask.row(y + 1));
        for (x, (upper, lower)) in pairs.enumerate() {
            if *upper && !*lower {
                feet.push((x as i32, y as i32));
            }
        }
    }
    thinned(feet)
}

/// Ink with paper to its right, as (along the column, across the columns).
pub(super) fn sides(mask: &Mask) -> Vec<(i32, i32)> {
    let mut sides = Vec::new();
    for y in 0..mask.height() {
        for (x, pair) in mask.row(y).windows(2).enumerate() {
            if pair[0] && !pair[1] {
                sides.push((y as i32, x as i32));
            }
        }
    }
    thinned(sides)
}

fn thinned(places: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let step = places.len().div_ceil(POINTS).max(1);
    places.into_iter().step_by(step).collect()
}

fn best_lean(feet: &[(i32, i32)], height: usize) -> Lean {
    let lean_at = |feet: &[(i32, i32)], slope: f64| Lean {
        slope,
        sharpness: sharpness(feet, height, slope),
    };
    let few: Vec<(i32, i32)> = feet.iter().copied().step_by(COARSELY).collect();
    let coarse = (-STEPS..=STEPS).map(|step| f64::from(step) * COARSE);
    let best = sharpest(&few, height, coarse, lean_at(&few, 0.0));
    let best = lean_at(feet, best.slope);
    let fine = (-8..=8).map(|step| best.slope + f64::from(step) * COARSE / 8.0);
    let best = sharpest(feet, height, fine, best);
    let finest = (-4..=4).map(|step| best.slope + f64::from(step) * COARSE / 32.0);
    sharpest(feet, height, finest, best)
}

/// The lean of some feet near `lean`, and how clearly it stands out from the others looked at.
pub(super) fn lean_near(feet: &[(i32, i32)], height: usize, lean: f64) -> (f64, f64) {
    let coarse = (-NEAR..=NEAR).map(|step| lean + f64::from(step) * COARSE);
    let leans: Vec<Lean> = coarse
        .map(|slope| Lean {
            slope,
            sharpness: sharpness(feet, height, slope),
        })
        .collect();
    let mean = leans.iter().map(|lean| lean.sharpness).sum::<f64>() / leans.len() as f64;
    let start = Lean {
        slope: lean,
        sharpness: 0.0,
    };
    let best = leans
        .into_iter()
        .fold(start, |best, lean| match lean.sharpness > best.sharpness {
            true => lean,
            false => best,
        });
    let fine = (-4..=4).map(|step| best.slope + f64::from(step) * COARSE / 4.0);
    let best = sharpest(feet, height, fine, best);
    (best.slope, best.sharpness / mean.max(1e-9))
}

fn sharpest(
    feet: &[(i32, i32)],
    height: usize,
    slopes: impl Iterator<Item = f64>,
    start: Lean,
) -> Lean {
    slopes.fold(start, |best, slope| {
        let sharpness = sharpness(feet, height, slope);
        match sharpness > best.sharpness {
            true => Lean { slope, sharpness },
            false => best,
        }
    })
}

/// Mean pile height that a foot sees.
fn sharpness(feet: &[(i32, i32)], height: usize, slope: f64) -> f64 {
    let slope = (slope * 65_536.0) as i64;
    let offset = height as i64;
    let mut piles = vec![0_u32; 3 * height + 1];
    for (x, y) in feet {
        let at = i64::from(*y) - ((i64::from(*x) * slope) >> 16) + offset;
        if let Some(pile) = usize::try_from(at).ok().and_then(|at| piles.get_mut(at)) {
            *pile += 1;
        }
    }
    let squares: f64 = piles.iter().map(|pile| f64::from(*pile).powi(2)).sum();
    squares / feet.len().max(1) as f64
}

const POINTS: usize = 24_000;
/// The coarse steps look at every so many feet.
const COARSELY: usize = 4;
/// 0.4° a step; 42 steps are 16.4°.
const COARSE: f64 = 0.007;
const STEPS: i32 = 42;
/// Steps to either side of a page's lean in which that of one of its cells lies: 8°.
const NEAR: i32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_with_slope(slope: f64) -> Mask {
        let mut mask = Mask::blank(1200, 1700);
        for line in 0..20 {
            for x in 150..1000 {
                // Strokes of letters, not a drawn line: every third column is paper.
                let y = 200.0 + f64::from(line) * 55.0 + slope * x as f64;
                if x % 3 != 0 {
                    for dy in 0..14 {
                        let row = (y.round() as usize + dy).min(1699);
                        mask.row_mut(row)[x] = true;
                    }
                }
            }
        }
        mask
    }

    #[test]
    fn a_lean_of_up_to_fifteen_degrees_is_found_to_a_tenth() {
        for degrees in [-15.0_f64, -5.0, -2.3, -0.4, 0.0, 0.1, 1.5, 5.0, 11.7] {
            let slope = degrees.to_radians().tan();
            let found = along_rows(&lines_with_slope(slope)).slope;
            let error = (found - slope).atan().to_degrees().abs();
            assert!(
                error < 0.1,
                "{degrees}: found {}",
                found.atan().to_degrees()
            );
        }
    }

    #[test]
    fn print_along_rows_piles_up_along_rows() {
        let mask = lines_with_slope(0.02);
        assert!(along_rows(&mask).sharpness > 2.0 * along_columns(&mask).sharpness);
        let turned = mask.transposed();
        assert!(along_columns(&turned).sharpness > 2.0 * along_rows(&turned).sharpness);
        assert!((along_columns(&turned).slope - 0.02).abs() < 0.001);
    }
}
