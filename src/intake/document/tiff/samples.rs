//! Pages of samples: grey, palette, RGB, CMYK, YCbCr, of 1 to 16 bits, in every compression that the `tiff`
//! crate undoes.

use image::GrayImage;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits as CodecLimits};

use super::super::luma::{grey_of, over_white};
use super::super::{DocumentError, jpeg};
use super::patched::Patched;
use super::{PageInfo, tag};
use crate::config::Limits;

/// Decodes a page to grey.
pub(super) fn decode(page: &PageInfo<'_>, limits: &Limits) -> Result<GrayImage, DocumentError> {
    if page.compression == OLD_JPEG {
        return Err(page.unsupported("old-style JPEG in TIFF"));
    }
    check_strips(page)?;
    let samples = Samples::read(page, limits)?;
    let tone = Tone::of(page, &samples)?;
    let count = page.width as usize * page.height as usize;
    let pixels: Vec<u8> = (0..count).map(|i| tone.of_pixel(&samples, i)).collect();
    GrayImage::from_raw(page.width, page.height, pixels)
        .ok_or_else(|| DocumentError::inconsistent(page.number))
}

/// Every strip must lie in the file, and a JPEG strip must have its end: its decoder would invent the rest.
fn check_strips(page: &PageInfo<'_>) -> Result<(), DocumentError> {
    let (offsets, lengths) = match page.numbers(tag::TILE_OFFSETS)? {
        Some(offsets) => (offsets, page.numbers(tag::TILE_LENGTHS)?),
        None => (
            page.numbers(tag::STRIP_OFFSETS)?.unwrap_or_default(),
            page.numbers(tag::STRIP_LENGTHS)?,
        ),
    };
    let cut_off = || DocumentError::Truncated {
        page: Some(page.number),
    };
    let has_tables = page.numbers(tag::JPEG_TABLES)?.is_some();
    for (offset, length) in offsets.into_iter().zip(lengths.unwrap_or_default()) {
        let inside = offset
            .checked_add(length)
            .is_some_and(|end| end <= page.contents.length());
        if !inside {
            return Err(cut_off());
        }
        if page.compression == JPEG {
            let strip = page
                .contents
                .slice(offset, length)
                .map_err(|source| DocumentError::reading(page.number, source))?;
            let survey = jpeg::survey(&strip);
            // An abbreviated stream has its tables elsewhere but an end of its own.
            if !survey.complete || (survey.frame.is_none() && !has_tables) {
                return Err(cut_off());
            }
        }
    }
    Ok(())
}

/// The page's samples, 8 bits each.
struct Samples {
    bytes: Vec<u8>,
    per_pixel: usize,
    /// Distance from one sample of a pixel to the next, and from one pixel to the next.
    steps: (usize, usize),
}

impl Samples {
    fn read(page: &PageInfo<'_>, limits: &Limits) -> Result<Self, DocumentError> {
        let failed = |error| undecodable(page, error);
        let mut decoder = decoder(page, limits)?;
        let mut result = DecodingResult::U8(Vec::new());
        decoder.read_image_to_buffer(&mut result).map_err(failed)?;
        let (width, height) = (page.width as usize, page.height as usize);
        let bits = page.number_or(tag::BITS, 1)?;
        let bytes = match result {
            DecodingResult::U8(bytes) if bits < 8 => unpack(&bytes, bits, width, height),
            DecodingResult::U8(bytes) => bytes,
            DecodingResult::U16(wide) => wide.iter().map(|sample| (sample >> 8) as u8).collect(),
            _ => return Err(page.unsupported("samples that are no 1 to 16 bit numbers")),
        };
        let count = width * height;
        let per_pixel = bytes.len() / count.max(1);
        if per_pixel == 0 || bytes.len() % count != 0 {
            return Err(DocumentError::inconsistent(page.number));
        }
        let separate_planes = page.number_or(tag::PLANES, 1)? == 2;
        Ok(Self {
            bytes,
            per_pixel,
            steps: match separate_planes {
                true => (count, 1),
                false => (1, per_pixel),
            },
        })
    }

    fn get(&self, pixel: usize, sample: usize) -> u8 {
        self.bytes[pixel * self.steps.1 + sample * self.steps.0]
    }
}

/// The crate's decoder, standing at this page and told to take any grey or palette for plain grey.
fn decoder<'a>(
    page: &PageInfo<'a>,
    limits: &Limits,
) -> Result<Decoder<Patched<Box<dyn super::super::contents::Jumping + 'a>>>, DocumentError> {
    let reading = |source| DocumentError::reading(page.number, source);
    let layout = page.layout;
    let mut patches = vec![(
        layout.first_directory_field(),
        layout.offset_bytes(page.directory.place()),
    )];
    if matches!(page.photometric, WHITE_IS_ZERO | PALETTE)
        && let Some(field) = page.directory.field_of(tag::PHOTOMETRIC)
    {
        patches.push((field, layout.short_bytes(BLACK_IS_ZERO)));
    }
    let reader = page.contents.reader().map_err(reading)?;
    let reader = Patched::new(reader, patches).map_err(reading)?;
    let decoder = Decoder::new(reader).map_err(|error| undecodable(page, error))?;
    let mut codec = CodecLimits::default();
    // Four samples of 16 bits.
    codec.decoding_buffer_size = limits.megapixels_per_page as usize * 8_000_000;
    codec.intermediate_buffer_size = codec.decoding_buffer_size;
    codec.ifd_value_size = 16_000_000;
    Ok(decoder.with_limits(codec))
}

fn undecodable(page: &PageInfo<'_>, error: TiffError) -> DocumentError {
    match error {
        TiffError::IoError(source) => DocumentError::reading(page.number, source),
        TiffError::UnsupportedError(_) => page.unsupported("colour model or compression"),
        TiffError::LimitsExceeded => page.unsupported("needs more memory than its size explains"),
        other => DocumentError::damaged(page.number, other),
    }
}

/// From samples to grey.
enum Tone {
    /// The first sample; `negative` when white is zero.
    Grey {
        negative: bool,
        largest: u8,
    },
    /// As grey, with an opacity in the second sample.
    GreyAlpha {
        negative: bool,
    },
    Palette(Vec<u8>),
    Rgb,
    Rgba,
    Cmyk,
}

impl Tone {
    fn of(page: &PageInfo<'_>, samples: &Samples) -> Result<Self, DocumentError> {
        let negative = page.photometric == WHITE_IS_ZERO;
        let bits = page.number_or(tag::BITS, 1)?;
        // 1 and 2 are opacities, 0 is anything else.
        let alpha = matches!(page.number_or(tag::EXTRA_SAMPLES, 0)?, 1 | 2);
        let palette = page.numbers(tag::COLOUR_MAP)?;
        match (page.photometric, samples.per_pixel) {
            (WHITE_IS_ZERO | 1, 2..) if alpha => Ok(Self::GreyAlpha { negative }),
            (WHITE_IS_ZERO | 1, _) => Ok(Self::Grey {
                negative,
                largest: if bits < 8 { (1 << bits) - 1 } else { 255 },
            }),
            (PALETTE, _) => palette
                .and_then(|map| grey_palette(&map))
                .map(Self::Palette)
                .ok_or_else(|| DocumentError::inconsistent(page.number)),
            (2, 4..) if alpha => Ok(Self::Rgba),
            (2, 3..) => Ok(Self::Rgb),
            (5, 4..) => Ok(Self::Cmyk),
            // Luminance comes first in YCbCr and in Lab.
            (6 | 9, 3..) => Ok(Self::Grey {
                negative: false,
                largest: 255,
            }),
            _ => Err(page.unsupported("colour model")),
        }
    }

    fn of_pixel(&self, samples: &Samples, i: usize) -> u8 {
        let sample = |n| samples.get(i, n);
        let grey = |negative: bool, tone: u8| if negative { !tone } else { tone };
        match self {
            Self::Grey { negative, largest } => {
                let tone = u16::from(sample(0)) * 255 / u16::from(*largest);
                grey(*negative, tone as u8)
            }
            Self::GreyAlpha { negative } => over_white(grey(*negative, sample(0)), sample(1)),
            Self::Palette(tones) => tones.get(usize::from(sample(0))).copied().unwrap_or(0),
            Self::Rgb => grey_of(sample(0), sample(1), sample(2)),
            Self::Rgba => over_white(grey_of(sample(0), sample(1), sample(2)), sample(3)),
            Self::Cmyk => {
                let light = |n| u16::from(255 - sample(n));
                let printed = |n| (light(n) * light(3) / 255) as u8;
                grey_of(printed(0), printed(1), printed(2))
            }
        }
    }
}

/// All reds, all greens, all blues, of 16 bits each; writers that used 8 bits are recognised.
fn grey_palette(map: &[u64]) -> Option<Vec<u8>> {
    let count = map.len() / 3;
    let shift = if map.iter().all(|v| *v < 256) { 0 } else { 8 };
    let (reds, rest) = map.split_at_checked(count)?;
    let (greens, blues) = rest.split_at_checked(count)?;
    let tone = |value: &u64| (value >> shift) as u8;
    let tones = reds.iter().zip(greens).zip(blues);
    let tones: Vec<u8> = tones
        .map(|((r, g), b)| grey_of(tone(r), tone(g), tone(b)))
        .collect();
    (!tones.is_empty()).then_some(tones)
}

/// One byte per sample from rows of packed bits.
fn unpack(bytes: &[u8], bits: u64, width: usize, height: usize) -> Vec<u8> {
    let bits = bits.clamp(1, 7) as usize;
    let per_byte = 8 / bits;
    let mask = (1_u8 << bits) - 1;
    let row_bytes = width.div_ceil(per_byte);
    bytes
        .chunks(row_bytes.max(1))
        .take(height)
        .flat_map(|row| {
            (0..width).map(move |x| {
                let byte = row.get(x / per_byte).copied().unwrap_or(0);
                byte >> (8 - bits * (x % per_byte + 1)) & mask
            })
        })
        .collect()
}

const WHITE_IS_ZERO: u64 = 0;
const BLACK_IS_ZERO: u16 = 1;
const PALETTE: u64 = 3;
const OLD_JPEG: u64 = 6;
const JPEG: u64 = 7;
