//! `read --scanner`: pages from a network scanner, in memory only.

use crate::config::Config;
use crate::domain::Text;
use crate::intake::Source;
use crate::intake::scanner::{Limits, Scanner, ScannerError};

use super::error::Error;
use super::person::Progress;
use super::stop::Stop;

/// What a scanner handed over.
#[derive(Debug)]
pub struct Scanning {
    /// Its documents, in the order of the sheets; never none.
    pub sources: Vec<Source>,
    /// Why there are no more, where more were to come: what came before counts all the same.
    pub trouble: Option<ScannerError>,
}

/// Scans what lies in the scanner at `address`.
pub fn scan(
    address: &str,
    config: &Config,
    progress: &dyn Progress,
    stop: &Stop,
) -> Result<Scanning, Error> {
    let limits = Limits {
        documents: config.limits.pages_per_file as usize,
        bytes: MOST_BYTES.min(u64::from(config.limits.megabytes_per_file) << 20),
    };
    let scanner = Scanner::at(address, limits)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let what = Text::new("スキャン中", "scanning");
    let told = |documents: usize| progress.count(documents, None, &what);
    stop.set_leaves_by_itself(true);
    let job = runtime.block_on(scanner.scan(&told, &|| stop.is_wanted()));
    stop.set_leaves_by_itself(false);
    match job.trouble {
        // Somebody who stops it takes the sheets out again: what came is not read.
        Some(ScannerError::Interrupted) => Err(Error::Interrupted),
        Some(trouble) if job.documents.is_empty() => Err(trouble.into()),
        trouble => Ok(Scanning {
            sources: job
                .documents
                .into_iter()
                .zip(1..)
                .map(|(document, number)| {
                    let name = format!("scanner-{number}.{}", document.ending);
                    Source::bytes(name, document.bytes)
                })
                .collect(),
            trouble,
        }),
    }
}

/// What a scanner's job may take of memory: some hundred pages in grey.
const MOST_BYTES: u64 = 256 << 20;
