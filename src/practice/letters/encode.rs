//! Scans to files: PNG, JPEG, multi-page TIFF and PDF, each carrying its resolution.

mod pdf;
mod tiff;

use std::io::Cursor;

use image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};
use thiserror::Error;

pub use self::pdf::{PdfPage, encode_pdf};
pub use self::tiff::encode_tiff_g4;
use super::Scan;

/// Why a scan cannot be written in a format.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// The codec refused it.
    #[error("cannot encode a page of {width} by {height} pixels")]
    Codec {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Why.
        #[source]
        source: ImageError,
    },
    /// Wider than a fax line, or a file larger than its format counts.
    #[error("a page of {width} by {height} pixels is too large for the format")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A file has at least one page.
    #[error("no page to encode")]
    NoPage,
}

/// A grey PNG with its resolution in a `pHYs` chunk.
pub fn encode_png(scan: &Scan) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive)
        .write_image(
            scan.image.as_raw(),
            scan.image.width(),
            scan.image.height(),
            ExtendedColorType::L8,
        )
        .map_err(|source| codec(scan, source))?;
    // image's encoder does not write the resolution. The chunk belongs between IHDR and IDAT.
    let physical = physical_dimensions(scan.dpi);
    bytes.splice(AFTER_IHDR..AFTER_IHDR, physical);
    Ok(bytes)
}

/// A grey JPEG with its resolution in the JFIF header; `quality` is 1 to 100.
pub fn encode_jpeg(scan: &Scan, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.set_pixel_density(PixelDensity {
        density: (scan.dpi.0 as u16, scan.dpi.1 as u16),
        unit: PixelDensityUnit::Inches,
    });
    encoder
        .encode_image(&scan.image)
        .map_err(|source| codec(scan, source))?;
    Ok(bytes.into_inner())
}

fn codec(scan: &Scan, source: ImageError) -> EncodeError {
    EncodeError::Codec {
        width: scan.image.width(),
        height: scan.image.height(),
        source,
    }
}

/// The `pHYs` chunk: pixels per metre, both ways (PNG specification 11.3.4.3).
fn physical_dimensions(dpi: (u32, u32)) -> Vec<u8> {
    let per_metre = |dpi: u32| (f64::from(dpi) / 0.0254).round() as u32;
    let mut body = b"pHYs".to_vec();
    body.extend(per_metre(dpi.0).to_be_bytes());
    body.extend(per_metre(dpi.1).to_be_bytes());
    body.push(1);
    let mut chunk = (body.len() as u32 - 4).to_be_bytes().to_vec();
    let check = crc32(&body);
    chunk.append(&mut body);
    chunk.extend(check.to_be_bytes());
    chunk
}

/// The check sum of PNG (ISO 3309), bit by bit: it runs over 13 bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, &byte| {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xedb8_8320;
            }
        }
        crc
    })
}

/// Signature (8 bytes) and the IHDR chunk (25).
const AFTER_IHDR: usize = 33;

#[cfg(test)]
mod tests {
    use image::GrayImage;

    use super::*;

    fn scan() -> Scan {
        Scan {
            image: GrayImage::from_fn(37, 23, |x, y| image::Luma([(x * 5 + y) as u8])),
            dpi: (300, 300),
        }
    }

    #[test]
    fn the_check_sum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_png_gives_its_pixels_and_its_resolution_back() {
        let bytes = encode_png(&scan()).unwrap();
        let read = image::load_from_memory(&bytes).unwrap().into_luma8();
        assert_eq!(read, scan().image);
        // 300 dpi are 11811 pixels per metre.
        let chunk = [b"pHYs".as_slice(), &11_811_u32.to_be_bytes()].concat();
        assert!(bytes.windows(8).any(|window| window == chunk));
    }

    #[test]
    fn a_jpeg_carries_its_resolution() {
        let bytes = encode_jpeg(&scan(), 80).unwrap();
        assert_eq!(bytes[6..11], *b"JFIF\0");
        assert_eq!(bytes[13..18], [1, 1, 44, 1, 44]);
    }
}
