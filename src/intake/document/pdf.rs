//! PDF, as scanners make it: mostly one image per page, sometimes text and drawing.
//!
//! A page that is one image gives that image's own pixels. Everything else is drawn by hayro at the
//! resolution of the images on it, or 300 dpi. A file whose end is missing is refused, because the renderer
//! would rebuild what it can and lose pages in silence.

mod endings;
mod image_stream;
mod survey;
mod unpacking;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hayro::hayro_interpret::font::{FallbackFontQuery, FontData, FontQuery};
use hayro::hayro_interpret::hayro_cmap::CidFamily;
use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning};
use hayro::hayro_syntax::object::Dict;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::GrayImage;

use self::survey::Survey;
use super::luma::{self, Density};
use super::{DocumentError, RawPage};
use crate::config::Limits;
use crate::fonts;

/// An opened PDF.
pub(super) struct PdfFile {
    pdf: Pdf,
    /// Pages that the file says it has; any that cannot be found are reported when they are asked for.
    pages: u32,
}

impl PdfFile {
    /// Opens a PDF whose end is there and that needs no password.
    pub(super) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DocumentError> {
        check_end(&bytes)?;
        unpacking::check(&bytes, limits)?;
        let pdf = Pdf::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(_) => DocumentError::Encrypted,
            LoadPdfError::Invalid => DocumentError::Damaged {
                page: None,
                source: None,
            },
        })?;
        let found = u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX);
        // One page stands for all that are missing: how many they are is known to nobody.
        let missing = u32::from(declared_pages(&pdf).is_some_and(|declared| declared > found));
        match found + missing {
            0 => Err(DocumentError::NoPages),
            pages => Ok(Self { pdf, pages }),
        }
    }

    /// Pages, and one more when some are missing.
    pub(super) fn page_count(&self) -> u32 {
        self.pages
    }

    /// Decodes one page.
    pub(super) fn page(&self, number: u32, limits: &Limits) -> Result<RawPage, DocumentError> {
        let Some(page) = self.pdf.pages().get(number as usize - 1) else {
            return Err(DocumentError::inconsistent(number));
        };
        let warnings = Arc::new(Warnings::default());
        let settings = settings(&warnings);
        let survey = Survey::of(page, number, &settings, limits)?;
        let resolution = survey.resolution();
        let (image, density) = match survey.into_scan() {
            Some(scan) => scan,
            None => draw(page, resolution, &settings, limits),
        };
        if warnings.image.load(Ordering::Relaxed) {
            return Err(DocumentError::inconsistent(number));
        }
        luma::check_size(number, image.dimensions(), limits)?;
        let page = luma::equalise(number, image, density, limits)?;
        Ok(RawPage {
            incomplete: warnings.font.load(Ordering::Relaxed),
            ..page
        })
    }
}

/// What the interpreter complained about.
#[derive(Default)]
struct Warnings {
    image: AtomicBool,
    font: AtomicBool,
}

fn settings(warnings: &Arc<Warnings>) -> InterpreterSettings {
    let warnings = Arc::clone(warnings);
    InterpreterSettings {
        font_resolver: Arc::new(stand_in),
        warning_sink: Arc::new(move |warning| match warning {
            InterpreterWarning::ImageDecodeFailure => {
                warnings.image.store(true, Ordering::Relaxed);
            }
            // An unsupported font, an annotation without its picture: text may be missing.
            _ => warnings.font.store(true, Ordering::Relaxed),
        }),
        ..InterpreterSettings::default()
    }
}

/// A font for one that the file names but does not bring.
fn stand_in(query: &FontQuery) -> Option<(FontData, u32)> {
    match query {
        FontQuery::Standard(font) => Some(font.get_font_data()),
        FontQuery::Fallback(font) if is_japanese(font) => {
            Some((Arc::new(fonts::biz_ud_gothic()), 0))
        }
        FontQuery::Fallback(font) => Some(font.pick_standard_font().get_font_data()),
    }
}

fn is_japanese(font: &FallbackFontQuery) -> bool {
    let by_collection = font
        .character_collection
        .as_ref()
        .is_some_and(|collection| {
            matches!(
                collection.family,
                CidFamily::AdobeJapan1
                    | CidFamily::AdobeGB1
                    | CidFamily::AdobeCNS1
                    | CidFamily::AdobeKorea1
            )
        });
    let names = [&font.post_script_name, &font.font_name, &font.font_family];
    let by_name = names.into_iter().flatten().any(|name| {
        JAPANESE_NAMES
            .iter()
            .any(|part| name.to_lowercase().contains(part))
    });
    by_collection || by_name
}

/// Draws the whole page.
fn draw(
    page: &Page<'_>,
    resolution: f32,
    settings: &InterpreterSettings,
    limits: &Limits,
) -> (GrayImage, Option<Density>) {
    let (width, height) = page.render_dimensions();
    let resolution = resolution.min(largest_resolution(width, height, limits));
    // A quarter of a pixel more than needed: the renderer cuts fractions off.
    let scale = |points: f32| ((points * resolution / 72.0).round().max(1.0) + 0.25) / points;
    let pixmap = hayro::render(
        page,
        &RenderCache::new(),
        settings,
        &RenderSettings::default(),
        &PixmapSettings {
            x_scale: scale(width),
            y_scale: scale(height),
            bg_color: WHITE,
        },
    );
    let (columns, rows) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let (pixels, _) = pixmap.data_as_u8_slice().as_chunks::<4>();
    // The background is white, so nothing is clear.
    let grey = pixels.iter().map(|[r, g, b, _]| luma::grey_of(*r, *g, *b));
    let image = GrayImage::from_raw(columns, rows, grey.collect()).unwrap_or_default();
    (image, Some(Density::dpi(resolution, resolution)))
}

/// The finest resolution at which a page of this many points stays within the limits.
fn largest_resolution(width: f32, height: f32, limits: &Limits) -> f32 {
    let by_side = LONGEST_SIDE * 72.0 / width.max(height);
    let pixels = limits.megapixels_per_page as f32 * 1e6 * 0.98;
    let by_area = (pixels / (width * height)).sqrt() * 72.0;
    by_side.min(by_area)
}

/// The catalogue's own count of pages.
fn declared_pages(pdf: &Pdf) -> Option<u32> {
    let catalogue = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    catalogue.get::<Dict<'_>>("Pages")?.get::<u32>("Count")
}

/// Looks for the mark that ends every PDF, near the end.
fn check_end(bytes: &[u8]) -> Result<(), DocumentError> {
    // Mail gateways and tapes fill up with zeros and line ends.
    let padding = |byte: &&u8| matches!(**byte, 0 | b' ' | b'\r' | b'\n' | b'\t');
    let length = bytes.len() - bytes.iter().rev().take_while(padding).count();
    let tail = &bytes[length.saturating_sub(END_WITHIN)..length];
    let has_end = tail.windows(END.len()).any(|window| window == END);
    // A linearised file carries a first end near its beginning, but also its own length.
    let is_long_enough = linearised_length(bytes).is_none_or(|whole| whole <= bytes.len() as u64);
    match has_end && is_long_enough {
        true => Ok(()),
        false => Err(DocumentError::Truncated { page: None }),
    }
}

/// The length that a linearised file states in its first object.
fn linearised_length(bytes: &[u8]) -> Option<u64> {
    let head = &bytes[..bytes.len().min(END_WITHIN / 2)];
    let start = head
        .windows(11)
        .position(|window| window == b"/Linearized")?;
    let object = &head[start..];
    let object = &object[..object.windows(2).position(|window| window == b">>")?];
    let entry = object
        .windows(3)
        .position(|window| matches!(window, [b'/', b'L', b' ' | b'\r' | b'\n' | b'\t']))?;
    let digits = object[entry + 2..].trim_ascii_start();
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    std::str::from_utf8(&digits[..count]).ok()?.parse().ok()
}

const END: &[u8] = b"%%EOF";
/// Readers look for the end in the last kilobyte; twice that for those who append a little.
const END_WITHIN: usize = 2_048;
/// Pixels; the renderer counts in 16 bits and allocates without asking.
const LONGEST_SIDE: f32 = 10_000.0;
/// Parts of the names under which Japanese fonts go.
const JAPANESE_NAMES: &[&str] = &[
    "gothic",
    "mincho",
    "meiryo",
    "heisei",
    "ryumin",
    "kozuka",
    "kozgo",
    "kozmin",
    "hiragino",
    "yugo",
    "yumin",
    "notosanscjk",
    "notoserifcjk",
    "ipaex",
    "biz",
];
