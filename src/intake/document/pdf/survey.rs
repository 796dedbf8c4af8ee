//! Looks at what a page draws, before anything is drawn: is it one scan?

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps,
    InterpreterCache, InterpreterSettings, Paint, SoftMask, TransformExt, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect};
use image::GrayImage;
use image::metadata::Orientation;

use super::super::DocumentError;
use super::super::luma::{self, Density, grey_of, over_white};
use super::image_stream;
use crate::config::Limits;

/// What a page draws.
pub(super) struct Survey<'l> {
    page: u32,
    limits: &'l Limits,
    bounds: Rect,
    /// The page's only image, if nothing is drawn over it and it fills the page.
    scan: Option<(GrayImage, Option<Density>)>,
    images: Vec<Placed>,
    /// Something besides images: text, lines.
    marks: bool,
    /// A clip, a transparency or a blend: only the renderer knows what comes of it.
    special: bool,
    problem: Option<DocumentError>,
}

/// An image on the page.
struct Placed {
    /// Share of the page that it covers.
    share: f64,
    /// The finer of its two resolutions.
    dpi: f32,
}

impl<'l> Survey<'l> {
    /// Interprets the page without drawing it.
    pub(super) fn of(
        page: &Page<'_>,
        number: u32,
        settings: &InterpreterSettings,
        limits: &'l Limits,
    ) -> Result<Self, DocumentError> {
        let (width, height) = page.render_dimensions();
        let bounds = Rect::new(0.0, 0.0, width.into(), height.into());
        let mut survey = Self {
            page: number,
            limits,
            bounds,
            scan: None,
            images: Vec::new(),
            marks: false,
            special: false,
            problem: None,
        };
        let cache = InterpreterCache::new();
        let start = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(start, bounds, &cache, page.xref(), settings.clone());
        interpret_page(page, &mut context, &mut survey);
        match survey.problem.take() {
            Some(problem) => Err(problem),
            None => Ok(survey),
        }
    }

    /// Dots per inch at which to draw the page.
    pub(super) fn resolution(&self) -> f32 {
        let covered: f64 = self.images.iter().map(|image| image.share).sum();
        let finest = self
            .images
            .iter()
            .filter(|image| image.share > SMALL_SHARE)
            .map(|image| image.dpi)
            .fold(LOWEST_DPI, f32::max)
            .min(HIGHEST_DPI);
        match covered > MOST_OF_A_PAGE && !self.marks {
            true => finest,
            false => finest.max(USUAL_DPI),
        }
    }

    /// The one scan that is the page.
    pub(super) fn into_scan(self) -> Option<(GrayImage, Option<Density>)> {
        self.scan
    }

    fn see(&mut self, image: &Image<'_, '_>, transform: Affine) -> Result<(), DocumentError> {
        let size = (image.width(), image.height());
        luma::check_size(self.page, size, self.limits)?;
        image_stream::check(image, self.page, self.limits)?;
        let [a, b, c, d, ..] = transform.as_coeffs();
        let per_inch = |x: f64, y: f64| (72.0 / x.hypot(y).max(1e-9)) as f32;
        let (across, down) = (per_inch(a, b), per_inch(c, d));
        let whole = Rect::new(0.0, 0.0, size.0.into(), size.1.into());
        let placed = transform.transform_rect_bbox(whole);
        let share = placed.intersect(self.bounds).area() / self.bounds.area().max(1.0);
        let only = self.images.is_empty() && !self.special;
        self.images.push(Placed {
            share,
            dpi: across.max(down),
        });
        let fills = share
            >= if self.marks {
                ALL_OF_A_PAGE
            } else {
                MOST_OF_A_SCAN
            };
        let tolerated = self.bounds.inflate(
            self.bounds.width() * OVERHANG,
            self.bounds.height() * OVERHANG,
        );
        self.scan = None;
        let turned = orientation([a, b, c, d]).filter(|_| only && fills);
        let turned = turned.filter(|_| tolerated.contains_rect(placed));
        let scan = turned.and_then(|orientation| Some((pixels(image)?, orientation)));
        if scan.is_none() || image_stream::is_packed(image) {
            image_stream::check_samples(image, self.page)?;
        }
        if let Some((grey, orientation)) = scan {
            let density = Some(Density::dpi(across, down));
            self.scan = Some(luma::upright(grey, density, orientation));
            // What was drawn before lies under the scan.
            self.marks = false;
        }
        Ok(())
    }

    fn mark(&mut self) {
        self.marks = true;
        self.scan = None;
    }
}

impl<'a> Device<'a> for Survey<'_> {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, mode: &DrawMode) {
        if !matches!(mode, DrawMode::Invisible) {
            self.mark();
        }
    }

    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, mode: &DrawMode) {
        // Searchable scans carry their text invisibly.
        if !matches!(mode, DrawMode::Invisible) {
            self.mark();
        }
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        // Clips that cut nothing off are not reported.
        self.special = true;
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        blend_mode: BlendMode,
    ) {
        self.special |= opacity < 1.0 || mask.is_some() || blend_mode != BlendMode::Normal;
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        if self.problem.is_none() {
            self.special |= props.soft_mask.is_some() || props.blend_mode != BlendMode::Normal;
            self.problem = self.see(&image, props.transform).err();
        }
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

/// How an image that is placed by this matrix must be turned; `None` when it stands askew.
fn orientation([a, b, c, d]: [f64; 4]) -> Option<Orientation> {
    let small = |part: f64, whole: f64| part.abs() < whole.abs() * 1e-3;
    if small(b, a) && small(c, d) {
        return Some(match (a > 0.0, d > 0.0) {
            (true, true) => Orientation::NoTransforms,
            (false, false) => Orientation::Rotate180,
            (false, true) => Orientation::FlipHorizontal,
            (true, false) => Orientation::FlipVertical,
        });
    }
    if small(a, b) && small(d, c) {
        return Some(match (b > 0.0, c > 0.0) {
            (true, false) => Orientation::Rotate90,
            (false, true) => Orientation::Rotate270,
            (true, true) => Orientation::Rotate90FlipH,
            (false, false) => Orientation::Rotate270FlipH,
        });
    }
    None
}

/// The image's own pixels as grey; `None` where it takes the renderer (masks, patterns, wrong sizes).
fn pixels(image: &Image<'_, '_>) -> Option<GrayImage> {
    let size = (image.width(), image.height());
    let mut grey = None;
    match image {
        Image::Raster(raster) => raster.with_rgba(
            |data, alpha| {
                if alpha.is_none() && (data.width(), data.height()) == size {
                    grey = Some(match data {
                        ImageData::Luma(luma) => luma.data,
                        ImageData::Rgb(rgb) => {
                            let (pixels, _) = rgb.data.as_chunks::<3>();
                            pixels.iter().map(|[r, g, b]| grey_of(*r, *g, *b)).collect()
                        }
                    });
                }
            },
            None,
        ),
        Image::Stencil(stencil) => stencil.with_stencil(
            |cover, paint| {
                if let Paint::Color(colour) = paint
                    && (cover.width, cover.height) == size
                {
                    let [r, g, b, opacity] = colour.to_rgba().to_rgba8();
                    let tone = over_white(grey_of(r, g, b), opacity);
                    let inked = cover.data.iter().map(|alpha| over_white(tone, *alpha));
                    grey = Some(inked.collect());
                }
            },
            None,
        ),
    }
    GrayImage::from_raw(size.0, size.1, grey?)
}

/// Share of the page that an image must fill to be the page.
const MOST_OF_A_SCAN: f64 = 0.9;
/// The same where something lies under it.
const ALL_OF_A_PAGE: f64 = 0.995;
/// How far a scan may hang over the page's edge, in page widths.
const OVERHANG: f64 = 0.02;
/// Images smaller than this, as seals, do not set the resolution.
const SMALL_SHARE: f64 = 0.05;
/// Images that together fill this much set the resolution alone.
const MOST_OF_A_PAGE: f64 = 0.5;
const LOWEST_DPI: f32 = 150.0;
const USUAL_DPI: f32 = 300.0;
const HIGHEST_DPI: f32 = 600.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_says_how_an_image_is_turned() {
        assert_eq!(
            orientation([2.0, 0.0, 0.0, 2.0]),
            Some(Orientation::NoTransforms)
        );
        assert_eq!(
            orientation([-2.0, 0.0, 0.0, -2.0]),
            Some(Orientation::Rotate180)
        );
        assert_eq!(
            orientation([0.0, 2.0, -2.0, 0.0]),
            Some(Orientation::Rotate90)
        );
        assert_eq!(
            orientation([0.0, -2.0, 2.0, 0.0]),
            Some(Orientation::Rotate270)
        );
        assert_eq!(orientation([2.0, 0.1, -0.1, 2.0]), None);
    }
}
