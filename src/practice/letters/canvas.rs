//! Paper to draw on: measured in points from the upper left corner, kept in pixels.

use image::{GrayImage, Luma};

use super::Scan;
use super::font::Font;

/// An A4 page at some resolution.
pub(super) struct Canvas {
    image: GrayImage,
    dpi: u32,
}

/// How a line of text is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    /// Size in points per em.
    pub size: f32,
    /// Space added to each character, in ems.
    pub spacing: f32,
    /// 0 is black.
    pub tone: u8,
    /// Struck twice, a little apart: what printers do where a font has no bold.
    pub bold: bool,
}

impl Type {
    /// Black, without added space.
    pub(super) fn of(size: f32) -> Self {
        Self {
            size,
            spacing: 0.0,
            tone: 0,
            bold: false,
        }
    }
}

impl Canvas {
    /// A white A4 page.
    pub(super) fn a4(dpi: u32) -> Self {
        let dpi = dpi.clamp(LOWEST_DPI, HIGHEST_DPI);
        let pixels = |points: f32| (points * dpi as f32 / 72.0).round() as u32;
        Self {
            image: GrayImage::from_pixel(pixels(A4.0), pixels(A4.1), Luma([255])),
            dpi,
        }
    }

    /// The finished page.
    pub(super) fn into_scan(self) -> Scan {
        Scan {
            image: self.image,
            dpi: (self.dpi, self.dpi),
        }
    }

    /// Width of a line of text in points.
    pub(super) fn measure(&self, font: &Font, text: &str, kind: Type) -> f32 {
        font.width(text, self.pixels(kind.size), kind.spacing) / self.pixels(1.0)
    }

    /// A line of text whose baseline starts at `(x, y)`.
    pub(super) fn text(&mut self, font: &Font, text: &str, (x, y): (f32, f32), kind: Type) {
        let origin = (self.pixels(x), self.pixels(y));
        let em = self.pixels(kind.size);
        let image = &mut self.image;
        let mut strike = |(x, y)| {
            font.outline(text, (x, y), em, kind.spacing, |x, y, coverage| {
                darken(image, x, y, coverage, kind.tone);
            });
        };
        strike(origin);
        if kind.bold {
            strike((origin.0 + em * SECOND_STRIKE, origin.1));
        }
    }

    /// A filled rectangle that is darkened to `tone`.
    pub(super) fn shade(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), tone: u8) {
        let (left, right) = (self.edge(x), self.edge(x + width));
        let (top, bottom) = (self.edge(y), self.edge(y + height));
        for row in top..bottom.min(self.image.height()) {
            for column in left..right.min(self.image.width()) {
                let Luma([pixel]) = self.image.get_pixel_mut(column, row);
                *pixel = (*pixel).min(tone);
            }
        }
    }

    /// A horizontal rule centred on `y`.
    pub(super) fn horizontal(&mut self, (x, y): (f32, f32), length: f32, weight: f32) {
        let weight = self.at_least_a_pixel(weight);
        let start = (x - weight / 2.0, y - weight / 2.0);
        self.shade(start, (length + weight, weight), 0);
    }

    /// A vertical rule centred on `x`.
    pub(super) fn vertical(&mut self, (x, y): (f32, f32), length: f32, weight: f32) {
        let weight = self.at_least_a_pixel(weight);
        let start = (x - weight / 2.0, y - weight / 2.0);
        self.shade(start, (weight, length + weight), 0);
    }

    fn at_least_a_pixel(&self, weight: f32) -> f32 {
        // A hair more than a pixel, so that rounding both edges never leaves none.
        weight.max(72.5 / self.dpi as f32)
    }

    fn pixels(&self, points: f32) -> f32 {
        points * self.dpi as f32 / 72.0
    }

    fn edge(&self, points: f32) -> u32 {
        self.pixels(points).round().max(0.0) as u32
    }
}

fn darken(image: &mut GrayImage, x: i32, y: i32, coverage: f32, tone: u8) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
        return;
    };
    if let Some(Luma([pixel])) = image.get_pixel_mut_checked(x, y) {
        let coverage = coverage.clamp(0.0, 1.0);
        let inked = f32::from(*pixel) * (1.0 - coverage) + f32::from(tone) * coverage;
        *pixel = inked.round() as u8;
    }
}

/// A4 in points.
pub(super) const A4: (f32, f32) = (595.28, 841.89);

/// Ems from the first strike of a bold character to the second.
const SECOND_STRIKE: f32 = 0.035;
const LOWEST_DPI: u32 = 50;
const HIGHEST_DPI: u32 = 1_200;
