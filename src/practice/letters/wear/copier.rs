//! A copy of a copy: thinner or fatter strokes, specks, dark margins, scratches of the drum.

use image::Luma;

use super::super::Scan;
use super::super::damage::{Placement, resample, soften, to_byte};
use super::super::random::Random;
use super::{darken, lay, millimetres};

/// A sheet that went through a copier twice.
pub fn copied(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "copier");
    let mut copy = scan.clone();
    for _ in 0..2 {
        copy = generation(&copy, &mut random);
    }
    copy
}

fn generation(scan: &Scan, random: &mut Random) -> Scan {
    let size = scan.image.dimensions();
    let place = Placement {
        degrees: random.within(-0.7, 0.7),
        shift: (random.within(-12.0, 12.0), random.within(-12.0, 12.0)),
    };
    let mut image = resample(scan, scan.dpi, size, &place);
    soften(&mut image, random.within(0.1, 0.3));
    if scan.dpi.0 > 250 {
        soften(&mut image, random.within(0.1, 0.3));
    }
    // Below `black` all is toner, above `white` none: a low pair eats strokes, a high one fattens them.
    let middle = random.within(85.0, 190.0);
    let spread = random.within(25.0, 70.0);
    let (black, white) = (middle - spread, middle + spread);
    for Luma([pixel]) in image.pixels_mut() {
        *pixel = to_byte((f32::from(*pixel) - black) * 255.0 / (white - black));
    }
    let mut copy = Scan { image, ..*scan };
    specks(&mut copy, random);
    margins(&mut copy, random);
    if random.one_in(3) {
        scratch(&mut copy, random);
    }
    copy
}

fn specks(scan: &mut Scan, random: &mut Random) {
    let (width, height) = scan.image.dimensions();
    for _ in 0..random.pick(&[60, 250, 900]) {
        let at = (
            i64::from(random.below(width)),
            i64::from(random.below(height)),
        );
        let radius = millimetres(scan, random.within(0.04, 0.2));
        let tone = random.within(0.0, 150.0);
        let reach = radius.ceil() as i64;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let away = ((dx * dx + dy * dy) as f32).sqrt();
                let covered = (radius - away + 0.5).clamp(0.0, 1.0);
                lay(&mut scan.image, (at.0 + dx, at.1 + dy), tone, covered);
            }
        }
    }
}

/// The lid was open, or the sheet lay off the edge: toner along one or two sides.
fn margins(scan: &mut Scan, random: &mut Random) {
    for _ in 0..random.below(3) {
        let side = random.below(4);
        let deep = millimetres(scan, random.within(1.0, 7.0));
        let soft = millimetres(scan, random.within(0.3, 4.0));
        let tone = random.within(5.0, 110.0);
        let lean = random.within(-0.012, 0.012);
        let (width, height) = (scan.image.width() as f32, scan.image.height() as f32);
        for (x, y, Luma([pixel])) in scan.image.enumerate_pixels_mut() {
            let (x, y) = (x as f32, y as f32);
            let (from_edge, along) = match side {
                0 => (x, y),
                1 => (width - x, y),
                2 => (y, x),
                _ => (height - y, x),
            };
            let covered = ((deep + lean * along + soft - from_edge) / soft).clamp(0.0, 1.0);
            if covered > 0.0 {
                darken(pixel, tone, covered);
            }
        }
    }
}

/// A hairline from top to bottom, wherever the drum is scratched.
fn scratch(scan: &mut Scan, random: &mut Random) {
    let (width, height) = scan.image.dimensions();
    let x = f32::from(u16::try_from(width).unwrap_or(u16::MAX)) * random.within(0.05, 0.95);
    let (tone, thick) = (
        random.within(60.0, 190.0),
        millimetres(scan, random.within(0.05, 0.2)),
    );
    for y in 0..height {
        for dx in 0..=thick as i64 {
            lay(&mut scan.image, (x as i64 + dx, i64::from(y)), tone, 0.9);
        }
    }
}
