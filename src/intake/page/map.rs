//! Places on the upright page to places on the scan.

use image::GrayImage;

use super::Turn;

/// A place on the scan in parts of a pixel: whole numbers, because a line of print is some ten thousand places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed {
    pub x: i64,
    pub y: i64,
}

impl std::ops::Add for Fixed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            x: self.x + other.x,
            y: self.y + other.y,
        }
    }
}

/// From places on the upright page to places on the page as scanned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    origin: (f64, f64),
    pub right: (f64, f64),
    down: (f64, f64),
}

impl Map {
    /// The map of a page that is `size` after the quarter turn and leans by `slope`; with the size that holds all of it.
    pub(super) fn new(turn: Turn, slope: f64, size: (f64, f64)) -> (Self, usize, usize) {
        let angle = slope.atan();
        let (sin, cos) = angle.sin_cos();
        let (width, height) = size;
        let level_width = (width * cos + height * sin.abs()).ceil();
        let level_height = (height * cos + width * sin.abs()).ceil();
        // Level to turned: rotate about the middles. Pixels are meant by their centres.
        let middle = ((width - 1.0) / 2.0, (height - 1.0) / 2.0);
        let level_middle = ((level_width - 1.0) / 2.0, (level_height - 1.0) / 2.0);
        let turned = |x: f64, y: f64| {
            let (x, y) = (x - level_middle.0, y - level_middle.1);
            (middle.0 + x * cos - y * sin, middle.1 + x * sin + y * cos)
        };
        let scanned = |(u, v): (f64, f64)| match turn {
            Turn::None => (u, v),
            Turn::Right => (v, width - 1.0 - u),
            Turn::Over => (width - 1.0 - u, height - 1.0 - v),
            Turn::Left => (height - 1.0 - v, u),
        };
        let origin = scanned(turned(0.0, 0.0));
        let step = |(x, y): (f64, f64)| (x - origin.0, y - origin.1);
        let map = Self {
            origin,
            right: step(scanned(turned(1.0, 0.0))),
            down: step(scanned(turned(0.0, 1.0))),
        };
        (map, level_width as usize, level_height as usize)
    }

    pub(super) fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.origin.0 + x * self.right.0 + y * self.down.0,
            self.origin.1 + x * self.right.1 + y * self.down.1,
        )
    }

    /// A place on the scan, as a whole number of parts of a pixel.
    pub(super) fn fixed(&self, x: f64, y: f64) -> Fixed {
        let (x, y) = self.apply(x, y);
        Fixed {
            x: (x * FIXED_ONE) as i64,
            y: (y * FIXED_ONE) as i64,
        }
    }

    /// Where to look around a place that stands for `reach` pixels of the scan.
    pub(super) fn taps(&self, reach: f64) -> Vec<Fixed> {
        let taps = reach.ceil().clamp(1.0, 4.0) as u32;
        let shift = |tap: u32| ((f64::from(tap) + 0.5) / f64::from(taps) - 0.5) * reach;
        let shifts = (0..taps).flat_map(|row| (0..taps).map(move |column| (column, row)));
        let around = shifts.map(|(column, row)| {
            let (x, y) = match taps {
                1 => (0.0, 0.0),
                _ => (shift(column), shift(row)),
            };
            Fixed {
                x: ((x * self.right.0 + y * self.down.0) * FIXED_ONE) as i64,
                y: ((x * self.right.1 + y * self.down.1) * FIXED_ONE) as i64,
            }
        });
        around.collect()
    }

    /// The nearest pixel of the scan, clamped to it.
    pub(super) fn pixel(&self, x: f64, y: f64, image: &GrayImage) -> (usize, usize) {
        let (x, y) = self.apply(x, y);
        let clamp =
            |at: f64, size: u32| (at.max(0.0) as usize).min(size.saturating_sub(1) as usize);
        (clamp(x, image.width()), clamp(y, image.height()))
    }
}

pub(super) const FIXED_BITS: u32 = 16;
const FIXED_ONE: f64 = 65_536.0;
