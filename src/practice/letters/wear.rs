//! What happens to a sheet between the printer and the glass: stamps, folds, pens, copiers, coloured paper.
//!
//! Each function takes the sheet as drawn and gives the sheet as it is laid on the glass; what the scanner adds is
//! for [`super::damage`]. Ink laid over ink darkens it by the product of both, as on paper.

mod bands;
mod copier;
mod fold;
mod pen;
mod stamp;

pub use copier::copied;
pub use fold::folded;
pub use pen::{marked, written};
pub use stamp::stamped;

use image::{GrayImage, Luma, imageops};

use super::Scan;
use super::damage::{soften, to_byte};
use super::random::Random;

/// Coloured or recycled paper and a printer that runs out of toner: paper and print closer together, and fibres.
pub fn coloured(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "coloured paper");
    let paper = random.within(150.0, 215.0);
    let ink = random.within(25.0, 95.0);
    let fibres = Clouds::new(random.bits(), millimetres(scan, 1.1));
    let patches = Clouds::new(random.bits(), millimetres(scan, 45.0));
    let (fibre, patch) = (random.within(2.0, 9.0), random.within(0.0, 12.0));
    let mut image = scan.image.clone();
    for (x, y, Luma([pixel])) in image.enumerate_pixels_mut() {
        let tone = ink + (paper - ink) * f32::from(*pixel) / 255.0;
        let uneven = fibre * (fibres.at(x, y) - 0.5) + patch * (patches.at(x, y) - 0.5);
        *pixel = to_byte(tone + uneven);
    }
    Scan { image, ..*scan }
}

/// Thin paper printed on both sides: the back shows through, mirrored and soft.
pub fn seen_through(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "back");
    let mut back = imageops::flip_horizontal(&scan.image);
    if random.one_in(3) {
        back = imageops::rotate180(&back);
    }
    for _ in 0..3 {
        soften(&mut back, 0.3);
    }
    let strength = random.within(0.1, 0.34);
    let shift = (
        random.between(0, millimetres(scan, 6.0) as u32),
        random.between(0, millimetres(scan, 14.0) as u32),
    );
    let mut image = scan.image.clone();
    for (x, y, Luma([pixel])) in image.enumerate_pixels_mut() {
        if let Some(Luma([through])) = back.get_pixel_checked(x + shift.0, y + shift.1) {
            darken(pixel, f32::from(*through), strength);
        }
    }
    Scan { image, ..*scan }
}

/// Pixels in a length on paper.
fn millimetres(scan: &Scan, length: f32) -> f32 {
    length * scan.dpi.0 as f32 / 25.4
}

/// Lays ink of `tone` over a pixel; outside the sheet nothing happens.
fn lay(image: &mut GrayImage, (x, y): (i64, i64), tone: f32, coverage: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
        return;
    };
    if let Some(Luma([pixel])) = image.get_pixel_mut_checked(x, y) {
        darken(pixel, tone, coverage.clamp(0.0, 1.0));
    }
}

/// Ink of `tone` over a pixel, of which it covers the share `coverage`, 0 to 1.
fn darken(pixel: &mut u8, tone: f32, coverage: f32) {
    let passed = 255.0 - coverage * (255.0 - tone);
    *pixel = to_byte(f32::from(*pixel) * passed / 255.0);
}

/// Soft unevenness over a sheet, between 0 and 1: chance at the corners of squares, smooth between them.
struct Clouds {
    seed: u64,
    square: f32,
}

impl Clouds {
    /// `square` is the side of a square in pixels.
    fn new(seed: u64, square: f32) -> Self {
        Self {
            seed,
            square: square.max(1.0),
        }
    }

    fn at(&self, x: u32, y: u32) -> f32 {
        let (u, v) = (x as f32 / self.square, y as f32 / self.square);
        let (column, row) = (u as u32, v as u32);
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (du, dv) = (ease(u - column as f32), ease(v - row as f32));
        let upper = self.corner(column, row) * (1.0 - du) + self.corner(column + 1, row) * du;
        let lower =
            self.corner(column, row + 1) * (1.0 - du) + self.corner(column + 1, row + 1) * du;
        upper * (1.0 - dv) + lower * dv
    }

    fn corner(&self, column: u32, row: u32) -> f32 {
        let place = (u64::from(column) << 32) | u64::from(row);
        Random::new(self.seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)).fraction()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Font, Letter, Style, draw};
    use super::*;
    use crate::config::Rules;
    use jiff::civil::Date;

    fn letter() -> Scan {
        let today = Date::constant(2026, 11, 21);
        let letter = Letter::invent(5, 1, today, &Rules::default());
        let mut pages = draw(&letter, &Style::plain(), &Font::embedded(), 150);
        pages.remove(0).scan
    }

    fn mean(scan: &Scan) -> f32 {
        let sum: u64 = scan.image.pixels().map(|pixel| u64::from(pixel.0[0])).sum();
        sum as f32 / scan.image.len() as f32
    }

    type Wear = fn(&Scan, u64) -> Scan;

    #[test]
    fn every_wear_is_the_seeds_and_keeps_the_sheets_size() {
        let sheet = letter();
        let wears: [(&str, Wear); 7] = [
            ("stamped", stamped),
            ("folded", folded),
            ("marked", marked),
            ("coloured", coloured),
            ("copied", copied),
            ("written", written),
            ("seen through", seen_through),
        ];
        for (name, wear) in wears {
            let worn = wear(&sheet, 8);
            assert_eq!(worn, wear(&sheet, 8), "{name}");
            assert_ne!(worn, wear(&sheet, 9), "{name}");
            assert_ne!(worn, sheet, "{name}");
            assert_eq!(worn.image.dimensions(), sheet.image.dimensions(), "{name}");
        }
    }

    #[test]
    fn ink_laid_on_a_sheet_never_makes_it_lighter() {
        let sheet = letter();
        let wears: [Wear; 4] = [stamped, marked, written, seen_through];
        for wear in wears {
            for seed in 0..6 {
                let worn = wear(&sheet, seed);
                let mut pairs = sheet.image.pixels().zip(worn.image.pixels());
                assert!(pairs.all(|(before, after)| after.0[0] <= before.0[0]));
                assert!(mean(&worn) < mean(&sheet) - 0.05, "seed {seed}");
            }
        }
    }

    #[test]
    fn clouds_stay_between_nothing_and_all_and_change_slowly() {
        let clouds = Clouds::new(3, 20.0);
        let row: Vec<f32> = (0..400).map(|x| clouds.at(x, 7)).collect();
        assert!(row.iter().all(|cloud| (0.0..=1.0).contains(cloud)));
        let steepest = row.windows(2).map(|pair| (pair[0] - pair[1]).abs());
        assert!(steepest.fold(0.0, f32::max) < 0.1);
        assert!(row.iter().any(|c| *c > 0.6) && row.iter().any(|c| *c < 0.4));
    }
}
