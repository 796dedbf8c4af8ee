//! What scanners and fax machines do to a page.

use image::{GrayImage, Luma, imageops};

use super::Scan;
use super::canvas::{Canvas, Type};
use super::font::Font;
use super::photo::{close_photo, curled_photo, photo};
use super::random::Random;
use super::wear;

/// How a page reached the reader.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Grade {
    /// As drawn.
    Clean,
    /// A document scanner at 200 dpi, grey.
    Office,
    /// A document scanner at 300 dpi, black and white.
    Bilevel,
    /// A fax in fine mode: 204 by 196 dpi, black and white.
    FaxFine,
    /// A fax in normal mode: 204 by 98 dpi. Small print is lost on it, as in life.
    FaxNormal,
    /// A phone's picture of the sheet on a table.
    Photo,
    /// A phone's picture so close that no edge of the sheet shows.
    PhotoClose,
    /// A phone's picture of a sheet that bends.
    PhotoCurled,
    /// Stamps and seals over rules, labels and values.
    Stamped,
    /// Folded in three or in four, and not quite flat again.
    Folded,
    /// Values marked by a highlighter.
    Marked,
    /// Coloured or recycled paper, weak print.
    Coloured,
    /// A copy of a copy.
    Copied,
    /// Handwriting beside the values.
    Written,
    /// The print of the back shows through.
    SeenThrough,
}

impl Grade {
    /// Every grade: scanners and faxes, best first, then pictures and worn sheets.
    pub const ALL: [Self; 15] = [
        Self::Clean,
        Self::Office,
        Self::Bilevel,
        Self::FaxFine,
        Self::FaxNormal,
        Self::Photo,
        Self::PhotoClose,
        Self::PhotoCurled,
        Self::Stamped,
        Self::Folded,
        Self::Marked,
        Self::Coloured,
        Self::Copied,
        Self::Written,
        Self::SeenThrough,
    ];

    /// The page as it arrives.
    pub fn apply(self, scan: &Scan, seed: u64) -> Scan {
        match self {
            Self::Clean => scan.clone(),
            Self::Office => office(scan, seed),
            Self::Bilevel => bilevel(scan, seed),
            Self::FaxFine => fax(scan, seed, FINE),
            Self::FaxNormal => fax(scan, seed, NORMAL),
            Self::Photo => photo(scan, seed),
            Self::PhotoClose => close_photo(scan, seed),
            Self::PhotoCurled => curled_photo(scan, seed),
            Self::Stamped => laid_on_the_glass(&wear::stamped(scan, seed), seed),
            Self::Folded => laid_on_the_glass(&wear::folded(scan, seed), seed),
            Self::Marked => laid_on_the_glass(&wear::marked(scan, seed), seed),
            Self::Coloured => laid_on_the_glass(&wear::coloured(scan, seed), seed),
            Self::Copied => laid_on_the_glass(&wear::copied(scan, seed), seed),
            Self::Written => laid_on_the_glass(&wear::written(scan, seed), seed),
            Self::SeenThrough => laid_on_the_glass(&wear::seen_through(scan, seed), seed),
        }
    }
}

/// A worn sheet as an office scans it: in grey mostly, now and then in black and white.
fn laid_on_the_glass(scan: &Scan, seed: u64) -> Scan {
    match Random::fork(seed, "glass").one_in(5) {
        true => bilevel(scan, seed),
        false => office(scan, seed),
    }
}

/// A quarter turn or two, as a sheet lies on the glass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// Clockwise.
    Right,
    /// Upside down.
    Half,
    /// Anticlockwise.
    Left,
}

/// The page laid the other way.
pub fn turn(scan: &Scan, turn: Turn) -> Scan {
    let (across, down) = scan.dpi;
    let image = &scan.image;
    match turn {
        Turn::Right => Scan {
            image: imageops::rotate90(image),
            dpi: (down, across),
        },
        Turn::Half => Scan {
            image: imageops::rotate180(image),
            dpi: scan.dpi,
        },
        Turn::Left => Scan {
            image: imageops::rotate270(image),
            dpi: (down, across),
        },
    }
}

/// An office scanner: 200 dpi, up to 1.5° askew, softened, grey paper, noise.
pub fn office(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "office");
    let dpi = (OFFICE_DPI, OFFICE_DPI);
    let size = (scaled(scan, 0, dpi), scaled(scan, 1, dpi));
    let place = Placement {
        degrees: random.within(-1.5, 1.5),
        shift: (random.within(-6.0, 6.0), random.within(-6.0, 6.0)),
    };
    let mut image = resample(scan, dpi, size, &place);
    soften(&mut image, random.within(0.02, 0.2));
    let paper = random.within(236.0, 252.0);
    let ink = random.within(18.0, 70.0);
    let lean = (random.within(-5.0, 5.0), random.within(-5.0, 5.0));
    let grain = random.within(1.0, 3.0);
    let (width, height) = (image.width() as f32, image.height() as f32);
    for (x, y, Luma([pixel])) in image.enumerate_pixels_mut() {
        let light = lean.0 * (x as f32 / width - 0.5) + lean.1 * (y as f32 / height - 0.5);
        let tone = ink + (paper - ink) * f32::from(*pixel) / 255.0;
        *pixel = to_byte(tone + light + grain * random.normal());
    }
    Scan { image, dpi }
}

/// A sheet laid down carelessly: turned by `degrees`, on a larger sheet that holds all of it.
pub fn askew(scan: &Scan, degrees: f32) -> Scan {
    let (sin, cos) = degrees.to_radians().abs().sin_cos();
    let (width, height) = (scan.image.width() as f32, scan.image.height() as f32);
    let size = (width * cos + height * sin, width * sin + height * cos);
    let place = Placement {
        degrees,
        shift: ((size.0 - width) / 2.0, (size.1 - height) / 2.0),
    };
    let size = (size.0.ceil() as u32, size.1.ceil() as u32);
    Scan {
        image: resample(scan, scan.dpi, size, &place),
        dpi: scan.dpi,
    }
}

/// A scanner's black-and-white mode: 300 dpi, up to 1° askew, hard edges.
pub fn bilevel(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "bilevel");
    let dpi = (BILEVEL_DPI, BILEVEL_DPI);
    let size = (scaled(scan, 0, dpi), scaled(scan, 1, dpi));
    let place = Placement {
        degrees: random.within(-1.0, 1.0),
        shift: (random.within(-8.0, 8.0), random.within(-8.0, 8.0)),
    };
    let mut image = resample(scan, dpi, size, &place);
    soften(&mut image, random.within(0.05, 0.25));
    let ragged = random.within(3.0, 12.0);
    harden(
        &mut image,
        random.within(105.0, 165.0),
        ragged,
        100_000,
        &mut random,
    );
    Scan { image, dpi }
}

/// A fax: black and white, unequal resolution, ragged edges, specks, the receiver's line on top.
pub fn fax(scan: &Scan, seed: u64, dpi: (u32, u32)) -> Scan {
    let mut random = Random::fork(seed, "fax");
    let size = (FAX_WIDTH, scaled(scan, 1, dpi));
    // The sheet is narrower than the 215 mm that a fax line scans.
    let side = (FAX_WIDTH as f32 - scaled(scan, 0, dpi) as f32) / 2.0;
    let place = Placement {
        degrees: random.within(-0.8, 0.8),
        shift: (side + random.within(-5.0, 5.0), random.within(-5.0, 5.0)),
    };
    let mut image = resample(scan, dpi, size, &place);
    let threshold = random.within(118.0, 178.0);
    let ragged = random.within(6.0, 22.0);
    let specks = random.pick(&[100_000, 20_000, 5_000]);
    harden(&mut image, threshold, ragged, specks, &mut random);
    print_receivers_line(&mut image, dpi, &mut random);
    Scan { image, dpi }
}

/// Grey to black and white at a threshold that trembles, with one speck in `specks` pixels.
fn harden(image: &mut GrayImage, threshold: f32, ragged: f32, specks: u32, random: &mut Random) {
    for Luma([pixel]) in image.pixels_mut() {
        let speck = random.one_in(specks);
        let dark = f32::from(*pixel) + ragged * random.normal() < threshold;
        *pixel = if dark != speck { 0 } else { 255 };
    }
}

fn print_receivers_line(image: &mut GrayImage, dpi: (u32, u32), random: &mut Random) {
    let mut strip = Canvas::a4(LINE_DPI);
    let text = format!(
        "FROM : RENSHU FAX (PRACTICE)   TEL : 000-000-{:04}   P.{:02}/{:02}",
        random.below(10_000),
        random.between(1, 3),
        random.between(3, 9),
    );
    strip.text(&Font::embedded(), &text, (30.0, 11.0), Type::of(8.5));
    let strip = strip.into_scan();
    let rows = dpi.1 * 14 / 72;
    let line = resample(&strip, dpi, (image.width(), rows), &Placement::STRAIGHT);
    for (x, y, Luma([pixel])) in line.enumerate_pixels() {
        if *pixel < 128 && y < image.height() {
            image.put_pixel(x, y, Luma([0]));
        }
    }
}

/// How a sheet lies: askew by `degrees`, moved by `shift` pixels of the result.
pub(super) struct Placement {
    pub degrees: f32,
    pub shift: (f32, f32),
}

impl Placement {
    const STRAIGHT: Self = Self {
        degrees: 0.0,
        shift: (0.0, 0.0),
    };
}

/// Pixels along `axis` (0 across, 1 down) that `scan` has at `dpi`.
fn scaled(scan: &Scan, axis: usize, dpi: (u32, u32)) -> u32 {
    let (pixels, from, to) = match axis {
        0 => (scan.image.width(), scan.dpi.0, dpi.0),
        _ => (scan.image.height(), scan.dpi.1, dpi.1),
    };
    (pixels as f32 * to as f32 / from.max(1) as f32).round() as u32
}

/// `scan` at another resolution on a white sheet of `size` pixels.
///
/// Every pixel of the result is the mean of a grid of samples. Along a row each sample moves by the same
/// step, so the inner loop only adds.
pub(super) fn resample(
    scan: &Scan,
    dpi: (u32, u32),
    size: (u32, u32),
    place: &Placement,
) -> GrayImage {
    let scale = (
        scan.dpi.0 as f32 / dpi.0.max(1) as f32,
        scan.dpi.1 as f32 / dpi.1.max(1) as f32,
    );
    let (sine, cosine) = small_angle(place.degrees);
    let middle = (
        scan.image.width() as f32 / scale.0 / 2.0,
        scan.image.height() as f32 / scale.1 / 2.0,
    );
    let aspect = dpi.0 as f32 / dpi.1.max(1) as f32;
    // Turned in equal units, then back into this page's unequal ones.
    let source = |x: f32, y: f32| {
        let u = x - place.shift.0 - middle.0;
        let v = y - place.shift.1 - middle.1;
        (
            (u * cosine + v * aspect * sine + middle.0) * scale.0 - 0.5,
            (v * cosine - u / aspect * sine + middle.1) * scale.1 - 0.5,
        )
    };
    let step = (cosine * scale.0, -sine / aspect * scale.1);
    let (columns, rows) = (samples(scale.0), samples(scale.1));
    let share = 1.0 / (columns * rows) as f32;
    let mut pixels = Vec::with_capacity(size.0 as usize * size.1 as usize);
    let mut sums = vec![0.0; size.0 as usize];
    for y in 0..size.1 {
        sums.fill(0.0);
        for (i, j) in (0..columns).flat_map(|i| (0..rows).map(move |j| (i, j))) {
            let start = source(
                (i as f32 + 0.5) / columns as f32,
                y as f32 + (j as f32 + 0.5) / rows as f32,
            );
            for (x, sum) in sums.iter_mut().enumerate() {
                let x = x as f32;
                *sum += bilinear(&scan.image, (start.0 + x * step.0, start.1 + x * step.1));
            }
        }
        pixels.extend(sums.iter().map(|sum| to_byte(sum * share)));
    }
    GrayImage::from_raw(size.0, size.1, pixels).unwrap_or_default()
}

/// Samples per pixel and axis, so that no source pixel is skipped.
fn samples(scale: f32) -> u32 {
    (scale.ceil() as u32).clamp(1, 8)
}

/// The grey between four pixels; white outside.
pub(super) fn bilinear(image: &GrayImage, (x, y): (f32, f32)) -> f32 {
    // Everything beyond -1 is white like -1 itself, and down to there truncation after adding one is `floor`.
    let (x, y) = (x.max(-1.0), y.max(-1.0));
    let (left, top) = ((x + 1.0) as i32 - 1, (y + 1.0) as i32 - 1);
    let (dx, dy) = (x - left as f32, y - top as f32);
    let width = image.width() as usize;
    let inside = left >= 0
        && top >= 0
        && left as usize + 1 < width
        && (top as usize) + 1 < image.height() as usize;
    let [a, b, c, d] = if inside {
        let at = top as usize * width + left as usize;
        let raw = image.as_raw();
        [raw[at], raw[at + 1], raw[at + width], raw[at + width + 1]]
    } else {
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| pixel(image, left + i, top + j))
    };
    let upper = f32::from(a) * (1.0 - dx) + f32::from(b) * dx;
    let lower = f32::from(c) * (1.0 - dx) + f32::from(d) * dx;
    upper * (1.0 - dy) + lower * dy
}

fn pixel(image: &GrayImage, x: i32, y: i32) -> u8 {
    match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => image
            .get_pixel_checked(x, y)
            .map_or(255, |pixel| pixel.0[0]),
        _ => 255,
    }
}

/// A three-pixel blur along both axes; `edge` is the weight of each neighbour.
pub(super) fn soften(image: &mut GrayImage, edge: f32) {
    let original = image.clone();
    let (width, height) = original.dimensions();
    let kept = 1.0 - 2.0 * edge;
    let across = GrayImage::from_fn(width, height, |x, y| {
        let at = |x: u32| f32::from(original.get_pixel(x, y).0[0]);
        let sides = at(x.saturating_sub(1)) + at((x + 1).min(width - 1));
        Luma([to_byte(kept * at(x) + edge * sides)])
    });
    *image = GrayImage::from_fn(width, height, |x, y| {
        let at = |y: u32| f32::from(across.get_pixel(x, y).0[0]);
        let sides = at(y.saturating_sub(1)) + at((y + 1).min(height - 1));
        Luma([to_byte(kept * at(y) + edge * sides)])
    });
}

/// Sine and cosine of a small angle by their series: the same bits on every machine.
pub(super) fn small_angle(degrees: f32) -> (f32, f32) {
    let x = degrees * (std::f32::consts::PI / 180.0);
    let square = x * x;
    let sine = x * (1.0 - square / 6.0 * (1.0 - square / 20.0));
    let cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0);
    (sine, cosine)
}

/// The nearest grey; the cast cuts off what lies outside.
pub(super) fn to_byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

/// Fine mode of a Group 3 fax (ITU-T T.4): dots per inch across and down.
pub(super) const FINE: (u32, u32) = (204, 196);
/// Normal mode.
pub(super) const NORMAL: (u32, u32) = (204, 98);
/// Dots of a Group 3 fax line.
const FAX_WIDTH: u32 = 1_728;
const OFFICE_DPI: u32 = 200;
const BILEVEL_DPI: u32 = 300;
const LINE_DPI: u32 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a black bar whose upper edge is level.
    fn barred() -> Scan {
        let mut canvas = Canvas::a4(150);
        canvas.horizontal((100.0, 400.0), 400.0, 20.0);
        canvas.into_scan()
    }

    fn ink(scan: &Scan) -> f32 {
        let dark = scan.image.pixels().filter(|p| p.0[0] < 128).count();
        dark as f32 / scan.image.len() as f32
    }

    #[test]
    fn every_scanner_keeps_the_ink_and_its_own_resolution() {
        let page = barred();
        for grade in &Grade::ALL[..5] {
            let damaged = grade.apply(&page, 3);
            let share = ink(&damaged) / ink(&page);
            assert!((0.8..1.3).contains(&share), "{grade:?} {share}");
            let inches = damaged.image.height() as f32 / damaged.dpi.1 as f32;
            assert!((inches - 11.69).abs() < 0.02, "{grade:?} {inches}");
        }
        assert_eq!(Grade::FaxFine.apply(&page, 3).image.width(), FAX_WIDTH);
    }

    #[test]
    fn a_fax_is_black_and_white() {
        let fax = Grade::FaxFine.apply(&barred(), 9);
        assert!(fax.image.pixels().all(|p| p.0[0] == 0 || p.0[0] == 255));
    }

    #[test]
    fn the_same_seed_does_the_same_damage() {
        let page = barred();
        assert_eq!(office(&page, 4), office(&page, 4));
        assert_ne!(office(&page, 4), office(&page, 5));
    }

    #[test]
    fn turning_there_and_back_changes_nothing() {
        let page = Grade::FaxFine.apply(&barred(), 1);
        assert_eq!(turn(&turn(&page, Turn::Right), Turn::Left), page);
        assert_eq!(turn(&turn(&page, Turn::Half), Turn::Half), page);
    }

    #[test]
    fn the_series_are_the_functions() {
        for degrees in [-2.0_f32, -0.3, 0.0, 1.5] {
            let (sine, cosine) = small_angle(degrees);
            assert!((sine - degrees.to_radians().sin()).abs() < 1e-6);
            assert!((cosine - degrees.to_radians().cos()).abs() < 1e-6);
        }
    }
}
