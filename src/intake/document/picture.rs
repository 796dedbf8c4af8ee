//! Files of one picture: PNG, JPEG, WebP, BMP.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageResult};

use super::kind::Kind;
use super::luma::{self, Density};
use super::{DocumentError, RawPage, jpeg, tiff};
use crate::config::Limits;

/// Decodes the one page of `bytes`.
pub(super) fn page(bytes: &[u8], kind: Kind, limits: &Limits) -> Result<RawPage, DocumentError> {
    let reader = Cursor::new(bytes);
    let (decoder, density) = match kind {
        Kind::Png => {
            check_png_is_whole(bytes)?;
            // `no_limits` inside: sizes are checked below, before the pixels are decoded.
            let decoder = boxed(PngDecoder::new(reader))?;
            (decoder, png_density(bytes))
        }
        Kind::Jpeg => {
            let survey = jpeg::survey(bytes);
            if !survey.complete {
                return Err(CUT_OFF);
            }
            if let Some(frame) = survey.frame {
                luma::check_size(PAGE, frame, limits)?;
            }
            let mut decoder = boxed(JpegDecoder::new(reader))?;
            let density = survey.density.filter(|density| density.per_inch);
            let density = density.or_else(|| exif_density(&mut *decoder));
            (decoder, density.or(survey.density))
        }
        Kind::WebP => {
            check_riff_is_whole(bytes)?;
            (boxed(WebPDecoder::new(reader))?, None)
        }
        _ => {
            let decoder = boxed(BmpDecoder::new(reader))?;
            (decoder, bmp_density(bytes))
        }
    };
    finish(decoder, density, limits)
}

fn boxed<'a>(
    decoder: ImageResult<impl ImageDecoder + 'a>,
) -> Result<Box<dyn ImageDecoder + 'a>, DocumentError> {
    match decoder {
        Ok(decoder) => Ok(Box::new(decoder)),
        Err(error) => Err(undecodable(error)),
    }
}

fn finish(
    mut decoder: Box<dyn ImageDecoder + '_>,
    density: Option<Density>,
    limits: &Limits,
) -> Result<RawPage, DocumentError> {
    luma::check_size(PAGE, decoder.dimensions(), limits)?;
    decoder
        .set_limits(codec_limits(limits))
        .map_err(undecodable)?;
    // Only photographs and some scanners say how they were held; a file that says nothing lies as it is.
    let orientation = decoder
        .orientation()
        .unwrap_or(image::metadata::Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    let (image, density) = luma::upright(luma::grey(image), density, orientation);
    luma::equalise(PAGE, image, density, limits)
}

/// Enough for the widest pixel (four samples of 16 bits) twice over, and no more.
fn codec_limits(limits: &Limits) -> image::Limits {
    let mut codec = image::Limits::no_limits();
    codec.max_alloc = Some(u64::from(limits.megapixels_per_page) * 1_000_000 * 16 + 16_000_000);
    codec
}

fn undecodable(error: ImageError) -> DocumentError {
    match error {
        ImageError::IoError(source) => DocumentError::reading(PAGE, source),
        ImageError::Unsupported(_) => DocumentError::Unsupported {
            page: PAGE,
            feature: "colour type or compression",
        },
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => {
            DocumentError::Unsupported {
                page: PAGE,
                feature: "needs more memory than its size explains",
            }
        }
        other => DocumentError::damaged(PAGE, other),
    }
}

/// Walks the chunks to the last one; the decoder stops once it has seen all rows or none.
fn check_png_is_whole(bytes: &[u8]) -> Result<(), DocumentError> {
    png_chunks(bytes)
        .any(|(name, _)| name == *b"IEND")
        .then_some(())
        .ok_or(CUT_OFF)
}

/// Name and body of each chunk that lies wholly in the file.
fn png_chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (name, tail) = tail.split_first_chunk::<4>()?;
        let (body, tail) = tail.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let (_check, tail) = tail.split_first_chunk::<4>()?;
        rest = tail;
        Some((*name, body))
    })
}

/// The `pHYs` chunk: pixels per metre, or only a ratio.
fn png_density(bytes: &[u8]) -> Option<Density> {
    let (_, body) = png_chunks(bytes)
        .take_while(|(name, _)| name != b"IDAT")
        .find(|(name, _)| name == b"pHYs")?;
    let (across, body) = body.split_first_chunk::<4>()?;
    let (down, unit) = body.split_first_chunk::<4>()?;
    let per_inch = unit == [1];
    let number = |bytes: [u8; 4]| {
        let pixels = u32::from_be_bytes(bytes) as f32;
        if per_inch { pixels * 0.0254 } else { pixels }
    };
    Some(Density {
        across: number(*across),
        down: number(*down),
        per_inch,
    })
}

fn check_riff_is_whole(bytes: &[u8]) -> Result<(), DocumentError> {
    let declared = bytes
        .get(4..8)
        .and_then(|length| length.first_chunk::<4>())
        .map_or(u64::MAX, |length| u64::from(u32::from_le_bytes(*length)));
    match bytes.len() as u64 >= declared.saturating_add(8) {
        true => Ok(()),
        false => Err(CUT_OFF),
    }
}

/// Pixels per metre in the header that follows the file header.
fn bmp_density(bytes: &[u8]) -> Option<Density> {
    let header = *bytes.get(14)?;
    let number = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(i32::from_le_bytes(*bytes) as f32 * 0.0254)
    };
    match header {
        // The oldest header has no such fields.
        12 => None,
        _ => Some(Density::dpi(number(38)?, number(42)?)),
    }
}

/// EXIF is a small TIFF within the file.
fn exif_density(decoder: &mut dyn ImageDecoder) -> Option<Density> {
    let exif = decoder.exif_metadata().ok()??;
    tiff::density_of_exif(exif)
}

/// These files have one page.
const PAGE: u32 = 1;
const CUT_OFF: DocumentError = DocumentError::Truncated { page: Some(PAGE) };
