//! Pixels of any kind to 8-bit grey with equal resolution across and down.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};

use super::{DocumentError, RawPage};
use crate::config::Limits;

/// What a file says about its resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Density {
    pub across: f32,
    pub down: f32,
    /// Whether the numbers are dots per inch; otherwise only their ratio counts.
    pub per_inch: bool,
}

impl Density {
    /// Dots per inch.
    pub(super) fn dpi(across: f32, down: f32) -> Self {
        Self {
            across,
            down,
            per_inch: true,
        }
    }

    /// After a quarter turn.
    pub(super) fn turned(self) -> Self {
        Self {
            across: self.down,
            down: self.across,
            ..self
        }
    }
}

/// Refuses a page of more pixels than the limits allow, before it is decoded.
pub(super) fn check_size(
    page: u32,
    (width, height): (u32, u32),
    limits: &Limits,
) -> Result<(), DocumentError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > u64::from(limits.megapixels_per_page) * 1_000_000 {
        return Err(DocumentError::PageTooLarge {
            page,
            megapixels: pixels.div_ceil(1_000_000),
            limit: limits.megapixels_per_page,
        });
    }
    if pixels == 0 {
        return Err(DocumentError::inconsistent(page));
    }
    Ok(())
}

/// Grey of a colour: the weights of ITU-R BT.601 in 256ths.
pub(super) fn grey_of(red: u8, green: u8, blue: u8) -> u8 {
    ((77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue)) >> 8) as u8
}

/// Grey `tone` of opacity `alpha` on white paper.
pub(super) fn over_white(tone: u8, alpha: u8) -> u8 {
    let (tone, alpha) = (u32::from(tone), u32::from(alpha));
    ((tone * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// A decoded picture as grey.
pub(super) fn grey(image: DynamicImage) -> GrayImage {
    let (width, height) = (image.width(), image.height());
    let pixels = match image {
        DynamicImage::ImageLuma8(grey) => return grey,
        DynamicImage::ImageRgb8(rgb) => each(rgb.as_raw(), |[r, g, b]| grey_of(r, g, b)),
        other if other.color().has_alpha() => each(other.into_rgba8().as_raw(), |[r, g, b, a]| {
            over_white(grey_of(r, g, b), a)
        }),
        DynamicImage::ImageLuma16(wide) => wide.as_raw().iter().map(|v| (v >> 8) as u8).collect(),
        other => each(other.into_rgb8().as_raw(), |[r, g, b]| grey_of(r, g, b)),
    };
    // Each arm made one byte per pixel.
    GrayImage::from_raw(width, height, pixels).unwrap_or_default()
}

fn each<const N: usize>(samples: &[u8], grey: impl Fn([u8; N]) -> u8) -> Vec<u8> {
    let (pixels, _) = samples.as_chunks::<N>();
    pixels.iter().map(|pixel| grey(*pixel)).collect()
}

/// Turns the image as its file asks for.
pub(super) fn upright(
    image: GrayImage,
    density: Option<Density>,
    orientation: Orientation,
) -> (GrayImage, Option<Density>) {
    let transposes = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let mut image = DynamicImage::ImageLuma8(image);
    image.apply_orientation(orientation);
    let density = match transposes {
        true => density.map(Density::turned),
        false => density,
    };
    (grey(image), density)
}

/// The page, its coarser axis stretched, as of a fax, until both have the finer one's resolution. As far as this tells, it
/// is complete.
pub(super) fn equalise(
    page: u32,
    image: GrayImage,
    density: Option<Density>,
    limits: &Limits,
) -> Result<RawPage, DocumentError> {
    let Some(density) = density.filter(|d| believable_ratio(d.across, d.down)) else {
        return Ok(RawPage {
            number: page,
            incomplete: false,
            image,
            dpi: None,
            grain: 1.0,
        });
    };
    let ratio = density.across / density.down;
    let (width, height) = image.dimensions();
    let stretched = |pixels: u32, factor: f32| (pixels as f32 * factor).round() as u32;
    let size = match ratio {
        _ if (ratio - 1.0).abs() < SAME => (width, height),
        _ if ratio > 1.0 => (width, stretched(height, ratio)),
        _ => (stretched(width, 1.0 / ratio), height),
    };
    check_size(page, size, limits)?;
    let finer = density.across.max(density.down);
    let (image, grain) = match size == (width, height) {
        true => (image, 1.0),
        false => (stretch(&image, size), ratio.max(1.0 / ratio)),
    };
    let believed = density.per_inch && believable_size(image.dimensions(), finer);
    Ok(RawPage {
        number: page,
        incomplete: false,
        image,
        dpi: believed.then_some((finer, finer)),
        grain,
    })
}

/// Enlarges along one axis or both by linear interpolation in 256ths; some milliseconds for a fax page.
fn stretch(image: &GrayImage, (width, height): (u32, u32)) -> GrayImage {
    let columns = taps(image.width(), width);
    let source = image.as_raw();
    let row_at = |y: usize| &source[y * image.width() as usize..][..image.width() as usize];
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    let mut row = Vec::with_capacity(image.width() as usize);
    for (upper, lower, share) in taps(image.height(), height) {
        row.clear();
        let pairs = row_at(upper).iter().zip(row_at(lower));
        row.extend(pairs.map(|(a, b)| blend(*a, *b, share)));
        match columns.len() == row.len() {
            true => pixels.extend_from_slice(&row),
            false => pixels.extend(
                columns
                    .iter()
                    .map(|(l, r, share)| blend(row[*l], row[*r], *share)),
            ),
        }
    }
    GrayImage::from_raw(width, height, pixels).unwrap_or_default()
}

/// For each of `to` positions its two neighbours among `from`, and the second one's share in 256ths.
fn taps(from: u32, to: u32) -> Vec<(usize, usize, u32)> {
    let last = from.saturating_sub(1) as usize;
    let step = f64::from(from) / f64::from(to.max(1));
    let place = |i: u32| ((f64::from(i) + 0.5) * step - 0.5).max(0.0);
    (0..to)
        .map(|i| {
            let left = (place(i) as usize).min(last);
            let share = (place(i).fract() * 256.0) as u32;
            (left, (left + 1).min(last), share)
        })
        .collect()
}

fn blend(a: u8, b: u8, share: u32) -> u8 {
    ((u32::from(a) * (256 - share) + u32::from(b) * share) >> 8) as u8
}

fn believable_ratio(across: f32, down: f32) -> bool {
    let ratio = across / down;
    across > 0.0 && down > 0.0 && (1.0 / WORST_RATIO..=WORST_RATIO).contains(&ratio)
}

/// Photographs say 72 dpi and mean nothing by it: a page of two metres is not believed.
fn believable_size((width, height): (u32, u32), dpi: f32) -> bool {
    let inches = width.min(height) as f32 / dpi;
    (SMALLEST_INCHES..=LARGEST_INCHES).contains(&inches)
}

/// Resolutions this near to each other are the same.
const SAME: f32 = 0.01;
/// The most unequal resolution of real machines is that of coarse faxes, about 2; more is nonsense.
const WORST_RATIO: f32 = 4.5;
/// Short side of a page: from a card to A3 and a little.
const SMALLEST_INCHES: f32 = 1.5;
const LARGEST_INCHES: f32 = 14.0;

#[cfg(test)]
mod tests {
    use image::{Luma, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    #[test]
    fn colours_become_grey_and_clear_becomes_paper() {
        let red = DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb([255, 0, 0])));
        assert_eq!(grey(red).into_raw(), [76]);
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(1, 1, Rgba([0, 0, 0, 0])));
        assert_eq!(grey(clear).into_raw(), [255]);
        let black = DynamicImage::ImageRgba8(RgbaImage::from_pixel(1, 1, Rgba([0, 0, 0, 255])));
        assert_eq!(grey(black).into_raw(), [0]);
    }

    #[test]
    fn a_fax_is_stretched_to_equal_resolution() {
        let image = GrayImage::from_pixel(1_728, 1_146, Luma([255]));
        let fax = Some(Density::dpi(204.0, 98.0));
        let page = equalise(1, image, fax, &Limits::default()).unwrap();
        assert_eq!(page.image.dimensions(), (1_728, 2_386));
        assert_eq!(page.dpi, Some((204.0, 204.0)));
        assert!((page.grain - 2.08).abs() < 0.01);
    }

    #[test]
    fn stretching_keeps_ink_where_it_was() {
        let image = GrayImage::from_fn(6, 4, |x, y| Luma([if x == 1 && y == 3 { 0 } else { 255 }]));
        let tall = stretch(&image, (6, 8));
        assert_eq!(tall.get_pixel(1, 7).0, [0]);
        assert_eq!(tall.get_pixel(1, 6).0, [63]);
        assert_eq!(tall.get_pixel(2, 7).0, [255]);
        let wide = stretch(&image, (12, 4));
        assert_eq!(wide.get_pixel(2, 3).0, [63]);
        assert_eq!(wide.get_pixel(3, 3).0, [63]);
        assert_eq!(wide.get_pixel(5, 3).0, [255]);
    }

    #[test]
    fn a_ratio_alone_stretches_but_says_nothing_about_size() {
        let image = GrayImage::from_pixel(100, 50, Luma([255]));
        let ratio = Density {
            across: 2.0,
            down: 1.0,
            per_inch: false,
        };
        let page = equalise(1, image, Some(ratio), &Limits::default()).unwrap();
        assert_eq!((page.image.dimensions(), page.dpi), ((100, 100), None));
    }

    #[test]
    fn claims_that_no_scanner_makes_are_ignored() {
        for (across, down) in [(0.0, 0.0), (300.0, 1.0), (f32::NAN, 300.0), (72.0, 72.0)] {
            let photograph = GrayImage::new(3_000, 4_000);
            let claim = Some(Density::dpi(across, down));
            let page = equalise(1, photograph, claim, &Limits::default()).unwrap();
            let seen = (page.image.dimensions(), page.dpi, page.grain);
            assert_eq!(seen, ((3_000, 4_000), None, 1.0));
        }
    }

    #[test]
    fn stretching_obeys_the_limits_too() {
        let limits = Limits {
            megapixels_per_page: 1,
            ..Limits::default()
        };
        let image = GrayImage::new(1_000, 900);
        let claim = Some(Density::dpi(400.0, 100.0));
        assert!(matches!(
            equalise(3, image, claim, &limits),
            Err(DocumentError::PageTooLarge { page: 3, .. })
        ));
    }
}
