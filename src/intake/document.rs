//! Files to pages: PNG, JPEG, WebP, BMP, TIFF of many pages, PDF.
//!
//! The bytes decide what a file is, never its name. A page is decoded when it is asked for, so a file of
//! many pages never lies in memory as pixels. What is cut off or damaged is an error and never half a
//! page in silence: a value missing at the foot of a page would otherwise pass for a letter without it.
//!
//! Sizes are checked against the limits before anything is allocated for them.

mod contents;
mod error;
mod jpeg;
mod kind;
mod luma;
mod pdf;
mod picture;
mod tiff;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::GrayImage;

use self::contents::Contents;
pub use self::error::DocumentError;
use self::kind::Kind;
pub use self::kind::OtherKind;
use self::pdf::PdfFile;
use self::tiff::TiffFile;
use crate::config::Limits;
use crate::platform;

/// One page as it lies in the file: not yet upright, not yet level.
#[derive(Clone, Debug)]
pub struct RawPage {
    /// Page in the file, from 1.
    pub number: u32,
    /// 8-bit grey, 0 is ink; as many dots per inch across as down.
    pub image: GrayImage,
    /// Dots per inch across and down (equal), where the file says something believable.
    pub dpi: Option<(f32, f32)>,
    /// Pixels of the image to one dot of the file, where the file is coarser along one axis and was stretched, else 1: a
    /// standard fax has 2.08.
    pub grain: f32,
    /// Something of the page may be missing (a damaged fax line, a font that cannot be drawn): nothing on
    /// it is to be accepted unseen.
    pub incomplete: bool,
}

/// An opened file. Pages may be taken from several threads at once.
pub struct Document {
    name: String,
    form: Form,
    limits: Limits,
}

enum Form {
    Picture(Contents, Kind),
    Tiff(TiffFile),
    Pdf(Box<PdfFile>),
}

impl Document {
    /// Opens the file at `path`; `name` is what the caller calls it.
    pub fn open(path: &Path, name: &str, limits: &Limits) -> Result<Self, DocumentError> {
        let contents = Contents::open(path, limits)?;
        Self::of(contents, name, limits)
    }

    /// Opens bytes that are already here, as from standard input.
    pub fn from_bytes(bytes: Vec<u8>, name: &str, limits: &Limits) -> Result<Self, DocumentError> {
        let contents = Contents::from_bytes(bytes, limits)?;
        Self::of(contents, name, limits)
    }

    /// Reads all of `reader` and opens it, without taking more than the limits allow.
    pub fn from_reader(
        reader: impl Read,
        name: &str,
        limits: &Limits,
    ) -> Result<Self, DocumentError> {
        let contents = Contents::read(reader, limits)?;
        Self::of(contents, name, limits)
    }

    fn of(contents: Contents, name: &str, limits: &Limits) -> Result<Self, DocumentError> {
        let kind = kind::of(&contents.head()?)?;
        let form = match kind {
            Kind::Png | Kind::Jpeg | Kind::WebP | Kind::Bmp => Form::Picture(contents, kind),
            Kind::Tiff => Form::Tiff(TiffFile::open(contents)?),
            Kind::Pdf => {
                let bytes = contents.bytes()?;
                Form::Pdf(Box::new(guarded(None, || PdfFile::open(bytes, limits))?))
            }
        };
        Ok(Self {
            name: name.to_owned(),
            form,
            limits: limits.clone(),
        })
    }

    /// The file as the caller called it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Pages that are read: those of the file, but no more than the limits allow.
    pub fn page_count(&self) -> u32 {
        self.pages_in_file().min(self.limits.pages_per_file)
    }

    /// Pages at the end of the file that are left unread because of the limits.
    pub fn skipped_pages(&self) -> u32 {
        self.pages_in_file() - self.page_count()
    }

    /// Decodes page `number`, counted from 1.
    pub fn page(&self, number: u32) -> Result<RawPage, DocumentError> {
        let pages = self.page_count();
        if number == 0 || number > pages {
            return Err(DocumentError::NoSuchPage { number, pages });
        }
        guarded(Some(number), || match &self.form {
            Form::Picture(contents, kind) => picture::page(&contents.bytes()?, *kind, &self.limits),
            Form::Tiff(file) => file.page(number, &self.limits),
            Form::Pdf(file) => file.page(number, &self.limits),
        })
    }

    /// All pages in order, each decoded when its turn comes.
    pub fn pages(&self) -> impl Iterator<Item = Result<RawPage, DocumentError>> + '_ {
        (1..=self.page_count()).map(|number| self.page(number))
    }

    fn pages_in_file(&self) -> u32 {
        match &self.form {
            Form::Picture(..) => 1,
            Form::Tiff(file) => file.page_count(),
            Form::Pdf(file) => file.page_count(),
        }
    }
}

/// Whether the file at `path` begins as a scan may: in a format that is read here, or as a telephone's photograph.
pub fn may_be_scan(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = platform::open_plain(path)
        .and_then(|file| file.take(kind::HEAD as u64).read_to_end(&mut head));
    read.is_ok()
        && match kind::of(&head) {
            Ok(_) => true,
            Err(DocumentError::UnknownKind { looks_like }) => looks_like == Some(OtherKind::Heic),
            Err(_) => false,
        }
}

/// Turns a decoder's panic into an error: other people's files must not end the program.
fn guarded<T>(
    page: Option<u32>,
    decode: impl FnOnce() -> Result<T, DocumentError>,
) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or(Err(DocumentError::Damaged { page, source: None }))
}
