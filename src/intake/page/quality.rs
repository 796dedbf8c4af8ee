//! Why a page may be too poor to read: a plain instruction beats a guess.
//!
//! Asked only where no notice was found, so that ordinary pages cost nothing.

use image::GrayImage;

use super::light::Light;

/// What is wrong with a page's picture, worst first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Too few pixels: about this many to the inch.
    Coarse(u32),
    /// The paper itself is dark.
    Dark,
    /// The print hardly differs from the paper.
    Pale,
    /// No edge is sharp.
    Blurred,
}

/// What stands in the way of reading `image`, if anything does.
pub(super) fn trouble(image: &GrayImage, dpi: f32, light: &Light) -> Option<Trouble> {
    let contrast = 255 - light.threshold(0);
    if dpi < COARSEST_DPI {
        Some(Trouble::Coarse(dpi.round() as u32))
    } else if light.paper() < DARKEST_PAPER {
        Some(Trouble::Dark)
    } else if contrast < PALEST_CONTRAST {
        Some(Trouble::Pale)
    } else {
        let steepest = steepest_edges(image) * 255.0 / f32::from(light.paper().max(1));
        (steepest < contrast as f32 * SOFTEST_EDGE).then_some(Trouble::Blurred)
    }
}

/// The usual step between two pixels along a row where print begins or ends, as a grey level.
fn steepest_edges(image: &GrayImage) -> f32 {
    let mut counts = [0_u32; 256];
    let rows = image.as_raw().chunks_exact(image.width().max(1) as usize);
    for row in rows.step_by(ROWS_APART) {
        for pair in row.windows(2) {
            counts[usize::from(pair[0].abs_diff(pair[1]))] += 1;
        }
    }
    let total: u32 = counts.iter().sum();
    // Print covers a few hundredths of a page; its edges are the steepest of all.
    let mut above = 0;
    for (step, count) in counts.iter().enumerate().rev() {
        above += count;
        if above * EDGE_SHARE > total {
            return step as f32;
        }
    }
    0.0
}

const COARSEST_DPI: f32 = 120.0;
const DARKEST_PAPER: u8 = 80;
const PALEST_CONTRAST: u32 = 90;
/// The steepest step of a stroke's edge, as a share of the contrast between print and paper.
const SOFTEST_EDGE: f32 = 0.16;
/// One pair of pixels in so many is looked at as an edge.
const EDGE_SHARE: u32 = 500;
const ROWS_APART: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Luma, imageops};

    /// A page of 200 dpi with strokes of print.
    fn page(paper: u8, ink: u8) -> GrayImage {
        GrayImage::from_fn(1654, 2339, |x, y| {
            let on_line = y % 60 < 22 && (200..2100).contains(&y);
            let on_stroke = x % 30 < 10 && (200..1400).contains(&x);
            Luma([if on_line && on_stroke { ink } else { paper }])
        })
    }

    fn trouble_of(image: &GrayImage, dpi: f32) -> Option<Trouble> {
        trouble(image, dpi, &Light::measure(image, 40))
    }

    #[test]
    fn an_ordinary_page_has_no_trouble() {
        assert_eq!(trouble_of(&page(250, 20), 200.0), None);
        assert_eq!(trouble_of(&page(180, 60), 200.0), None);
        let soft = imageops::blur(&page(250, 20), 1.0);
        assert_eq!(trouble_of(&soft, 200.0), None);
    }

    #[test]
    fn each_trouble_is_named() {
        assert_eq!(trouble_of(&page(250, 20), 75.0), Some(Trouble::Coarse(75)));
        assert_eq!(trouble_of(&page(60, 10), 200.0), Some(Trouble::Dark));
        assert_eq!(trouble_of(&page(250, 195), 200.0), Some(Trouble::Pale));
        let blurred = imageops::blur(&page(250, 20), 5.0);
        assert_eq!(trouble_of(&blurred, 200.0), Some(Trouble::Blurred));
    }
}
