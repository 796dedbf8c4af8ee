//! TIFF of many pages, as scanners and fax servers write it.
//!
//! Directories and fax strips are read here, because the `tiff` crate refuses Group 3, run-length and
//! bit-reversed faxes and palettes; it does the rest (LZW, deflate, PackBits, JPEG, tiles).
//!
//! Format: TIFF 6.0; BigTIFF as libtiff defines it.

mod directory;
mod fax;
mod patched;
mod samples;

use std::collections::HashSet;
use std::io;

use image::metadata::Orientation;

use self::directory::{ByteLayout, Directory};
use super::contents::Contents;
use super::luma::{self, Density};
use super::{DocumentError, RawPage};
use crate::config::Limits;

/// An opened TIFF.
pub(super) struct TiffFile {
    contents: Contents,
    layout: ByteLayout,
    /// Where each page's directory stands; `None` for one that the file promises but does not have.
    pages: Vec<Option<u64>>,
}

/// What every way of decoding needs to know of a page.
struct PageInfo<'a> {
    number: u32,
    contents: &'a Contents,
    layout: &'a ByteLayout,
    directory: &'a Directory,
    width: u32,
    height: u32,
    photometric: u64,
    compression: u64,
}

impl TiffFile {
    /// Walks the chain of directories.
    pub(super) fn open(contents: Contents) -> Result<Self, DocumentError> {
        let (layout, first) = ByteLayout::read(&contents).map_err(whole_file)?;
        let pages = walk(&contents, &layout, first);
        match pages.first() {
            Some(Some(_)) => Ok(Self {
                contents,
                layout,
                pages,
            }),
            Some(None) => Err(DocumentError::Truncated { page: None }),
            None => Err(DocumentError::NoPages),
        }
    }

    /// Pages in the file; previews and masks are none.
    pub(super) fn page_count(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    /// Decodes one page.
    pub(super) fn page(&self, number: u32, limits: &Limits) -> Result<RawPage, DocumentError> {
        let cut_off = DocumentError::Truncated { page: Some(number) };
        let place = self.pages.get(number as usize - 1).copied().flatten();
        let place = place.ok_or(cut_off)?;
        let reading = |source| DocumentError::reading(number, source);
        let directory = Directory::read(&self.contents, &self.layout, place).map_err(reading)?;
        let one = |tag, default| {
            let value = directory.number(&self.contents, &self.layout, tag);
            value.map(|value| value.unwrap_or(default)).map_err(reading)
        };
        let page = PageInfo {
            number,
            contents: &self.contents,
            layout: &self.layout,
            directory: &directory,
            width: one(tag::WIDTH, 0)?.try_into().unwrap_or(u32::MAX),
            height: one(tag::HEIGHT, 0)?.try_into().unwrap_or(u32::MAX),
            photometric: one(tag::PHOTOMETRIC, 0)?,
            compression: one(tag::COMPRESSION, 1)?,
        };
        luma::check_size(number, (page.width, page.height), limits)?;
        let (image, incomplete) = match page.compression {
            2..=4 => fax::decode(&page)?,
            _ => (samples::decode(&page, limits)?, false),
        };
        let density = density(&self.contents, &self.layout, &directory).map_err(reading)?;
        let turned = one(tag::ORIENTATION, 1)? as u8;
        let orientation = Orientation::from_exif(turned).unwrap_or(Orientation::NoTransforms);
        let (image, density) = luma::upright(image, density, orientation);
        let page = luma::equalise(number, image, density, limits)?;
        Ok(RawPage { incomplete, ..page })
    }
}

impl PageInfo<'_> {
    fn numbers(&self, tag: u16) -> Result<Option<Vec<u64>>, DocumentError> {
        self.directory
            .numbers(self.contents, self.layout, tag)
            .map_err(|source| DocumentError::reading(self.number, source))
    }

    fn number_or(&self, tag: u16, default: u64) -> Result<u64, DocumentError> {
        let numbers = self.numbers(tag)?;
        Ok(numbers
            .and_then(|numbers| numbers.first().copied())
            .unwrap_or(default))
    }

    fn unsupported(&self, feature: &'static str) -> DocumentError {
        DocumentError::Unsupported {
            page: self.number,
            feature,
        }
    }
}

/// The resolution in an EXIF block, which is a TIFF without pixels.
pub(super) fn density_of_exif(exif: Vec<u8>) -> Option<Density> {
    let contents = Contents::InMemory(exif.into());
    let (layout, first) = ByteLayout::read(&contents).ok()?;
    let directory = Directory::read(&contents, &layout, first).ok()?;
    density(&contents, &layout, &directory).ok()?
}

fn density(
    contents: &Contents,
    layout: &ByteLayout,
    directory: &Directory,
) -> io::Result<Option<Density>> {
    let across = directory.fraction(contents, layout, tag::X_RESOLUTION)?;
    let down = directory.fraction(contents, layout, tag::Y_RESOLUTION)?;
    let unit = directory.number(contents, layout, tag::RESOLUTION_UNIT)?;
    let (Some(across), Some(down)) = (across, down) else {
        return Ok(None);
    };
    Ok(Some(match unit {
        Some(1) => Density {
            across,
            down,
            per_inch: false,
        },
        Some(3) => Density::dpi(across * 2.54, down * 2.54),
        _ => Density::dpi(across, down),
    }))
}

/// Every page's place in order. The chain ends at 0, at a place already seen, or where the file is cut off.
fn walk(contents: &Contents, layout: &ByteLayout, first: u64) -> Vec<Option<u64>> {
    let mut pages = Vec::new();
    let mut others = Vec::new();
    let mut seen = HashSet::new();
    let mut next = first;
    while next != 0 && seen.insert(next) && seen.len() <= MOST_DIRECTORIES {
        let Ok(directory) = Directory::read(contents, layout, next) else {
            pages.push(None);
            break;
        };
        let subtype = directory.number(contents, layout, tag::SUBTYPE);
        match subtype.ok().flatten().unwrap_or(0) & PREVIEW_OR_MASK {
            0 => pages.push(Some(next)),
            _ => others.push(Some(next)),
        }
        next = directory.next();
    }
    if pages.is_empty() { others } else { pages }
}

fn whole_file(source: io::Error) -> DocumentError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => DocumentError::Truncated { page: None },
        _ => DocumentError::Unreadable { source },
    }
}

/// Tags of TIFF 6.0.
mod tag {
    pub const SUBTYPE: u16 = 254;
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_LENGTHS: u16 = 279;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const PLANES: u16 = 284;
    pub const T4_OPTIONS: u16 = 292;
    pub const RESOLUTION_UNIT: u16 = 296;
    pub const COLOUR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_LENGTHS: u16 = 325;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const JPEG_TABLES: u16 = 347;
}

/// Bits of the subfile type: a reduced copy of another image, a mask of another image.
const PREVIEW_OR_MASK: u64 = 0b101;
/// More directories than any batch of paper has.
const MOST_DIRECTORIES: usize = 100_000;
