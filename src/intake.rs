//! From scans to readings.
//!
//! Files, and what a network scanner hands over ([`scanner`]), become pages ([`document`]), pages stand upright and level ([`page`]), their print is found
//! ([`layout`]), labels say which value is which ([`fields`]), each value is read twice ([`values`],
//! [`reader`]) and judged ([`judge`]). Pages are the unit of work: threads share them, results come back in the
//! order of files and pages, and no more than a few pages per thread are ever held.

pub mod document;
pub mod fields;
mod files;
pub mod judge;
mod labelling;
pub mod layout;
pub mod look_alikes;
pub mod page;
pub mod reader;
pub mod scanner;
pub mod sheet;
pub mod tally;
pub mod values;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use jiff::civil::Date;
use thiserror::Error;

use crate::config::Config;
use crate::domain::{IssuanceReading, PageWithoutNotice};

use document::DocumentError;
use judge::Judge;
use reader::ReaderError;
use sheet::{PageOutcome, SheetReader};
use values::Readers;

/// Reads files of scanned letters.
#[derive(Clone, Debug)]
pub struct Intake<'a> {
    /// Labels, rules and limits.
    pub config: &'a Config,
    /// Today in Japan.
    pub today: Date,
    /// Folder of Tesseract's language data, where it is not the distribution's.
    pub tessdata: Option<PathBuf>,
}

/// One file to read.
#[derive(Clone, Debug)]
pub struct Source {
    /// What the caller calls it; readings carry this name.
    pub name: String,
    /// Where its bytes are.
    pub input: Input,
}

/// Where the bytes of a file are.
#[derive(Clone)]
pub enum Input {
    /// In a file.
    Path(PathBuf),
    /// Already here (standard input).
    Bytes(Vec<u8>),
}

/// What was read from some files, in the order of files and pages.
#[derive(Debug, Default)]
pub struct Reading {
    /// One per terminal block.
    pub sheets: Vec<IssuanceReading>,
    /// Pages without a notice.
    pub pages_without_notice: Vec<PageWithoutNotice>,
    /// Files, or pages of them, that could not be read.
    pub files_not_read: Vec<FileNotRead>,
    /// Pages looked at; a page that shows several sheets counts as those.
    pub pages: u32,
    /// Whether reading stopped before the end because it was asked to.
    pub cancelled: bool,
}

/// A file, or a page of it, that could not be read.
#[derive(Debug)]
pub struct FileNotRead {
    /// The file as named by the caller.
    pub source: String,
    /// The page, from 1; `None` for the whole file.
    pub page: Option<u32>,
    /// Why.
    pub error: IntakeError,
}

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// The file is not readable as pages.
    #[error("the file cannot be read as pages")]
    Document(#[from] DocumentError),
    /// There is no reader for lines of print.
    #[error("lines of print cannot be read")]
    Reader(#[from] ReaderError),
    /// Reading the page broke off at a fault of this program; the other pages were read.
    #[error("reading the page broke off")]
    BrokeOff,
    /// The file has more pages than the limits allow; the first ones were read.
    #[error("{skipped} pages beyond the limit of {read} were not read")]
    TooManyPages {
        /// Pages read.
        read: u32,
        /// Pages left out.
        skipped: u32,
    },
}

/// How far reading has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Progress {
    /// The file last finished with a page.
    pub source: String,
    /// Pages done.
    pub pages_done: u32,
    /// Pages of the files opened so far.
    pub pages_known: u32,
    /// Files opened so far.
    pub files_opened: usize,
    /// Files in all.
    pub files: usize,
}

/// One delivery of [`Intake::read_each`], in order.
#[derive(Debug)]
pub enum Delivery {
    /// A page was read, or one of the sheets that it shows.
    Page(PageOutcome),
    /// A file or page was not.
    NotRead(FileNotRead),
}

impl<'a> Intake<'a> {
    /// An intake that takes Tesseract's data from where the distribution puts it.
    pub fn new(config: &'a Config, today: Date) -> Self {
        Self {
            config,
            today,
            tessdata: None,
        }
    }

    /// A reader of single pages: one set of recognisers, for one thread.
    pub fn sheet_reader(&self) -> Result<SheetReader<'a>, ReaderError> {
        let readers = Readers::open(self.tessdata.as_deref())?;
        Ok(SheetReader::new(self.config, self.today, readers))
    }

    /// Reads all files on `jobs` threads and keeps everything.
    pub fn read_files(
        &self,
        sources: Vec<Source>,
        jobs: usize,
        progress: &(dyn Fn(Progress) + Sync),
        cancelled: &AtomicBool,
    ) -> Result<Reading, ReaderError> {
        let mut reading = Reading::default();
        let done = self.read_each(sources, jobs, progress, cancelled, &mut |delivery| {
            reading.take(delivery);
        })?;
        reading.cancelled = !done;
        let judge = Judge {
            config: self.config,
            today: self.today,
        };
        judge.sheets(&mut reading.sheets);
        Ok(reading)
    }

    /// Reads all files on `jobs` threads and hands each page over in order, so that nothing piles up however
    /// many pages there are. False when `cancelled` ended it. Sheets are not held against those of other
    /// pages: that is [`Judge::sheets`].
    pub fn read_each(
        &self,
        sources: Vec<Source>,
        jobs: usize,
        progress: &(dyn Fn(Progress) + Sync),
        cancelled: &AtomicBool,
        deliver: &mut dyn FnMut(Delivery),
    ) -> Result<bool, ReaderError> {
        files::read_each(self, sources, jobs, progress, cancelled, deliver)
    }
}

impl Reading {
    /// Whether no page and no file is left of which nobody can say that it held no notice.
    pub fn is_complete(&self) -> bool {
        let mut pages = self.pages_without_notice.iter();
        self.files_not_read.is_empty() && !pages.any(PageWithoutNotice::may_be_a_notice)
    }

    /// Adds a delivery.
    pub fn take(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Page(PageOutcome::Notice(sheets)) => {
                self.pages += 1;
                self.sheets.extend(sheets);
            }
            Delivery::Page(PageOutcome::WithoutNotice(page)) => {
                self.pages += 1;
                self.pages_without_notice.push(page);
            }
            Delivery::NotRead(file) => self.files_not_read.push(file),
        }
    }
}

impl Source {
    /// The file at `path`, named as it was given.
    pub fn path(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            input: Input::Path(path.to_owned()),
        }
    }

    /// Bytes that are already here.
    pub fn bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            input: Input::Bytes(bytes),
        }
    }
}

impl std::fmt::Debug for Input {
    /// The bytes show letters: never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => write!(f, "Path({})", path.display()),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
        }
    }
}
