//! A multi-page Group 4 TIFF, as fax servers store them.
//!
//! The `tiff` crate writes no Group 4, so the container (TIFF 6.0, little-endian, one strip per page) is
//! written here and the strips by the `fax` crate.

use fax::encoder::Encoder;
use fax::{Color, VecWriter};

use super::{EncodeError, Scan};

/// All pages in one file; a pixel darker than half is black.
pub fn encode_tiff_g4(scans: &[Scan]) -> Result<Vec<u8>, EncodeError> {
    if scans.is_empty() {
        return Err(EncodeError::NoPage);
    }
    let mut file = b"II\x2a\0".to_vec();
    let mut link = file.len();
    file.extend([0; 4]);
    for (number, scan) in scans.iter().enumerate() {
        let strip = encode_g4(scan)?;
        let page = Directory {
            scan,
            number: (number as u16, scans.len() as u16),
            strip: (offset(&file, scan)?, strip.len() as u32),
        };
        file.extend(strip);
        // A directory starts on an even byte.
        file.resize(file.len().next_multiple_of(2), 0);
        let start = offset(&file, scan)?;
        file[link..link + 4].copy_from_slice(&start.to_le_bytes());
        link = page.append_to(&mut file, start);
    }
    Ok(file)
}

/// One page as a Group 4 stream with its end-of-block mark.
pub(super) fn encode_g4(scan: &Scan) -> Result<Vec<u8>, EncodeError> {
    let (width, height) = scan.image.dimensions();
    let columns = u16::try_from(width).map_err(|_| EncodeError::TooLarge { width, height })?;
    let mut encoder = Encoder::new(VecWriter::new());
    for row in scan.image.rows() {
        let colours = row.map(|pixel| match pixel.0[0] {
            0..128 => Color::Black,
            128.. => Color::White,
        });
        let Ok(()) = encoder.encode_line(colours, columns);
    }
    let Ok(writer) = encoder.finish();
    Ok(writer.finish())
}

fn offset(file: &[u8], scan: &Scan) -> Result<u32, EncodeError> {
    u32::try_from(file.len()).map_err(|_| EncodeError::TooLarge {
        width: scan.image.width(),
        height: scan.image.height(),
    })
}

/// One page's directory.
struct Directory<'a> {
    scan: &'a Scan,
    number: (u16, u16),
    /// Offset and length.
    strip: (u32, u32),
}

impl Directory<'_> {
    /// Writes it at `start` and returns where the link to the next one stands.
    fn append_to(&self, file: &mut Vec<u8>, start: u32) -> usize {
        let (width, height) = self.scan.image.dimensions();
        let count: u16 = 15;
        let behind = start + 2 + u32::from(count) * 12 + 4;
        let entries: [(u16, u16, u32, u32); 15] = [
            (254, LONG, 1, 2),              // NewSubfileType: a page of several
            (256, LONG, 1, width),          // ImageWidth
            (257, LONG, 1, height),         // ImageLength
            (258, SHORT, 1, 1),             // BitsPerSample
            (259, SHORT, 1, 4),             // Compression: Group 4
            (262, SHORT, 1, 0),             // Photometric: 0 is white
            (273, LONG, 1, self.strip.0),   // StripOffsets
            (277, SHORT, 1, 1),             // SamplesPerPixel
            (278, LONG, 1, height),         // RowsPerStrip
            (279, LONG, 1, self.strip.1),   // StripByteCounts
            (282, RATIONAL, 1, behind),     // XResolution
            (283, RATIONAL, 1, behind + 8), // YResolution
            (293, LONG, 1, 0),              // T6Options
            (296, SHORT, 1, 2),             // ResolutionUnit: inch
            (297, SHORT, 2, self.page_number()),
        ];
        file.extend(count.to_le_bytes());
        for (tag, kind, values, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(values.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        let link = file.len();
        file.extend([0; 4]);
        for value in [self.scan.dpi.0, 1, self.scan.dpi.1, 1] {
            file.extend(value.to_le_bytes());
        }
        link
    }

    /// Two 16-bit values in one field: this page from 0, and the count.
    fn page_number(&self) -> u32 {
        u32::from(self.number.0) | u32::from(self.number.1) << 16
    }
}

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
