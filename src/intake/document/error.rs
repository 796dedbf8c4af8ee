//! Why a file, or a page of it, cannot be read.

use std::error::Error;
use std::io;

use thiserror::Error;

use super::kind::OtherKind;

/// Why a file, or a page of it, cannot be read. `page` is `None` where the whole file is meant.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The system does not give the file out.
    #[error("the file cannot be read")]
    Unreadable {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A folder was named.
    #[error("this is a folder, not a file")]
    IsDirectory,
    /// The file holds no byte.
    #[error("the file is empty")]
    Empty,
    /// The bytes are no format that is read here.
    #[error("the file is no image, TIFF or PDF")]
    UnknownKind {
        /// What it is instead, where that is plain.
        looks_like: Option<OtherKind>,
    },
    /// The file ends before its contents do.
    #[error("the file ends too early")]
    Truncated {
        /// The page that is cut off.
        page: Option<u32>,
    },
    /// The contents contradict themselves.
    #[error("the contents are damaged")]
    Damaged {
        /// The page.
        page: Option<u32>,
        /// What the decoder says.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A password or a key is needed.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// The file is larger than the configured limit.
    #[error("the file has more than {limit} MB")]
    FileTooLarge {
        /// `limits.megabytes_per_file`.
        limit: u32,
    },
    /// A page has more pixels than the configured limit.
    #[error("page {page} has {megapixels} megapixels, more than {limit}")]
    PageTooLarge {
        /// The page.
        page: u32,
        /// What it has.
        megapixels: u64,
        /// `limits.megapixels_per_page`.
        limit: u32,
    },
    /// A part of the file is small only because it is packed.
    #[error("a stream of the file unpacks to more than {limit} MB")]
    UnpacksTooLarge {
        /// Four bytes for each pixel of the largest page.
        limit: u32,
    },
    /// The page is stored in a way that is not read here.
    #[error("page {page} is stored in a way that is not supported: {feature}")]
    Unsupported {
        /// The page.
        page: u32,
        /// Which way.
        feature: &'static str,
    },
    /// The file is whole but has no page.
    #[error("the file has no page")]
    NoPages,
    /// A page was asked for that the file does not have.
    #[error("there is no page {number}, the file has {pages}")]
    NoSuchPage {
        /// Asked for.
        number: u32,
        /// Pages that are read.
        pages: u32,
    },
}

impl DocumentError {
    /// Damage that a decoder describes.
    pub(super) fn damaged(page: u32, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Damaged {
            page: Some(page),
            source: Some(Box::new(source)),
        }
    }

    /// Damage found by counting.
    pub(super) fn inconsistent(page: u32) -> Self {
        Self::Damaged {
            page: Some(page),
            source: None,
        }
    }

    /// A read that failed while decoding page `page`: the end of the file, or the system.
    pub(super) fn reading(page: u32, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { page: Some(page) },
            _ => Self::Unreadable { source },
        }
    }
}
