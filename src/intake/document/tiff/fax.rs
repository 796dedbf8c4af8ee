//! Fax-coded pages: Group 3 in one and two dimensions, Group 4, and run lengths without frills.
//!
//! Lines are counted: a strip that gives fewer than its directory promises is an error. A line that breaks
//! the code but can be passed over leaves the page marked as incomplete.
//!
//! Codes: ITU-T T.4 and T.6; TIFF 6.0, sections 10 and 11.

use hayro_ccitt::{DecodeError, DecodeSettings, Decoder, DecoderContext, EncodingMode};
use image::GrayImage;

use super::super::DocumentError;
use super::{PageInfo, tag};

/// Decodes a page; the second value says whether lines were passed over.
pub(super) fn decode(page: &PageInfo<'_>) -> Result<(GrayImage, bool), DocumentError> {
    let one_bit = page.number_or(tag::BITS, 1)? == 1 && page.number_or(tag::SAMPLES, 1)? == 1;
    if !one_bit {
        return Err(DocumentError::inconsistent(page.number));
    }
    let code = Code::of(page)?;
    let mut image = GrayImage::from_pixel(page.width, page.height, image::Luma([255]));
    let mut incomplete = false;
    for chunk in chunks(page)? {
        let bytes = page
            .contents
            .slice(chunk.offset, chunk.length)
            .map_err(|source| DocumentError::reading(page.number, source))?;
        incomplete |= code.decode(bytes, &chunk, &mut image, page.number)?;
    }
    Ok((image, incomplete))
}

/// How the lines are coded.
struct Code {
    settings: DecodeSettings,
    reversed: bool,
    /// Tone of a black run.
    black: u8,
}

/// A strip, or a tile, and where it goes.
struct Chunk {
    offset: u64,
    length: u64,
    x: u32,
    y: u32,
    columns: u32,
    rows: u32,
}

impl Code {
    fn of(page: &PageInfo<'_>) -> Result<Self, DocumentError> {
        let two_dimensional = page.number_or(tag::T4_OPTIONS, 0)? & 1 == 1;
        let encoding = match page.compression {
            4 => EncodingMode::Group4,
            3 if two_dimensional => EncodingMode::Group3_2D,
            _ => EncodingMode::Group3_1D,
        };
        let run_lengths_only = page.compression == 2;
        Ok(Self {
            settings: DecodeSettings {
                columns: 0,
                rows: 0,
                end_of_block: !run_lengths_only,
                // Found by looking: not every Group 3 file has them.
                end_of_line: false,
                rows_are_byte_aligned: run_lengths_only,
                encoding,
                strict: true,
            },
            reversed: page.number_or(tag::FILL_ORDER, 1)? == 2,
            // Photometric 1: what the code calls black is shown white.
            black: if page.photometric == 1 { 255 } else { 0 },
        })
    }

    /// Decodes one chunk into `image`; true when lines had to be passed over.
    fn decode(
        &self,
        mut bytes: Vec<u8>,
        chunk: &Chunk,
        image: &mut GrayImage,
        page: u32,
    ) -> Result<bool, DocumentError> {
        if self.reversed {
            for byte in &mut bytes {
                *byte = byte.reverse_bits();
            }
        }
        let mut attempt = |strict| {
            let settings = DecodeSettings {
                columns: chunk.columns,
                rows: chunk.rows,
                strict,
                ..self.settings
            };
            let mut lines = Lines {
                image: &mut *image,
                chunk,
                black: self.black,
                done: 0,
            };
            let result =
                hayro_ccitt::decode(&bytes, &mut lines, &mut DecoderContext::new(settings));
            (result, lines.done)
        };
        if let (Ok(_), done) = attempt(true)
            && done >= chunk.rows
        {
            return Ok(false);
        }
        match attempt(false) {
            (_, done) if done >= chunk.rows => Ok(true),
            (Err(error @ DecodeError::InvalidCode), _) => Err(DocumentError::damaged(page, error)),
            _ => Err(DocumentError::Truncated { page: Some(page) }),
        }
    }
}

/// Writes decoded lines into their place.
struct Lines<'a> {
    image: &'a mut GrayImage,
    chunk: &'a Chunk,
    black: u8,
    done: u32,
}

impl Decoder for Lines<'_> {
    fn push_row(&mut self, changes: &[u32]) {
        let y = self.chunk.y.saturating_add(self.done);
        self.done += 1;
        if y >= self.image.height() {
            return;
        }
        let width = self.image.width();
        let left = self.chunk.x.min(width);
        let right = self.chunk.x.saturating_add(self.chunk.columns).min(width);
        let start = y as usize * width as usize;
        let row = start + left as usize..start + right as usize;
        let Some(row) = self.image.as_flat_samples_mut().samples.get_mut(row) else {
            return;
        };
        row.fill(!self.black);
        for run in changes.chunks(2) {
            let end = run.get(1).copied().unwrap_or(self.chunk.columns);
            let end = (end as usize).min(row.len());
            if let Some(run) = row.get_mut(run[0] as usize..end) {
                run.fill(self.black);
            }
        }
    }
}

fn chunks(page: &PageInfo<'_>) -> Result<Vec<Chunk>, DocumentError> {
    match page.numbers(tag::TILE_OFFSETS)? {
        Some(offsets) => tiles(page, &offsets),
        None => strips(page),
    }
}

fn strips(page: &PageInfo<'_>) -> Result<Vec<Chunk>, DocumentError> {
    let missing = || DocumentError::inconsistent(page.number);
    let offsets = page.numbers(tag::STRIP_OFFSETS)?.ok_or_else(missing)?;
    let lengths = page.numbers(tag::STRIP_LENGTHS)?;
    let rows = page.number_or(tag::ROWS_PER_STRIP, u64::from(page.height))?;
    let rows = u32::try_from(rows).unwrap_or(page.height).min(page.height);
    if rows == 0 || offsets.len() < page.height.div_ceil(rows) as usize {
        return Err(missing());
    }
    let starts = (0..page.height).step_by(rows as usize);
    starts
        .zip(&offsets)
        .enumerate()
        .map(|(i, (y, &offset))| {
            // Old writers leave the lengths out; then the strip may reach to the end of the file.
            let rest = page.contents.length().saturating_sub(offset);
            let length = match &lengths {
                Some(lengths) => *lengths.get(i).ok_or_else(missing)?,
                None => rest,
            };
            Ok(Chunk {
                offset,
                length,
                x: 0,
                y,
                columns: page.width,
                rows: rows.min(page.height - y),
            })
        })
        .collect()
}

fn tiles(page: &PageInfo<'_>, offsets: &[u64]) -> Result<Vec<Chunk>, DocumentError> {
    let missing = || DocumentError::inconsistent(page.number);
    let lengths = page.numbers(tag::TILE_LENGTHS)?.ok_or_else(missing)?;
    let side = |tag| -> Result<u32, DocumentError> {
        let side = u32::try_from(page.number_or(tag, 0)?).unwrap_or(0);
        // A tile is never much larger than its page.
        Some(side)
            .filter(|side| (1..=LARGEST_TILE).contains(side))
            .ok_or_else(missing)
    };
    let (columns, rows) = (side(tag::TILE_WIDTH)?, side(tag::TILE_HEIGHT)?);
    let across = page.width.div_ceil(columns);
    let count = across as usize * page.height.div_ceil(rows) as usize;
    if offsets.len() < count || lengths.len() < count {
        return Err(missing());
    }
    let tiles = offsets.iter().zip(&lengths).take(count).enumerate();
    Ok(tiles
        .map(|(i, (&offset, &length))| Chunk {
            offset,
            length,
            x: i as u32 % across * columns,
            y: i as u32 / across * rows,
            columns,
            rows,
        })
        .collect())
}

const LARGEST_TILE: u32 = 65_536;
