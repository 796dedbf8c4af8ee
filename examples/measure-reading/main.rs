//! Draws invented letters by seed, reads them, and counts what was right, wrong or left to a person.
//!
//! ```text
//! cargo run --release --example measure-reading -- --pages 500 --seed 1 [--jobs N]
//!     [--unusual | --ids-apart] [--fonts latin] [--font NAME] [--grade photo] [--askew DEGREES] [--two]
//!     [--wrong] [--keep DIR] [--crops DIR] [--without-names] [--remember FILE] [--mislead]
//! ```
//!
//! `--ids-apart` sets IDs and issuer in fonts, weights, sizes and spacing of their own; `--fonts latin` takes fonts of
//! Latin print, with the embedded font for what they lack. Fonts that are not on this machine are left out and named.
//!
//! `--wrong` lists every field that was not accepted or not right, with what was read: everything is invented, so
//! nothing secret is printed. `--remember FILE` keeps what the readers said about each line, so that a change behind
//! them is measured on the same pages without reading these again.
//!
//! `--crops` writes the picture of every number and ID that was not accepted, named by its seed, block and field.
//! `--without-names` leaves out the reader of Japanese text: terminal names take most of the time and decide nothing.
//!
//! `--mislead` makes both readers take every second look-alike of an ID for another of its group: what the page then
//! settles wrong would be wrong in silence whenever both readers err alike. It measures safety, not acceptance.

mod case;
mod fonts;
mod options;
mod readers;
mod tally;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::civil::{Date, date};
use noticert::config::Config;
use noticert::intake::sheet::SheetReader;

use case::Case;
use options::Options;
use readers::{Bench, Page};
use tally::Tally;

const TODAY: Date = date(2026, 11, 21);

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    let fonts = fonts::here(&options);
    let config = Config::default();
    let bench = Bench::new(&options)?;
    let tally = Mutex::new(Tally::default());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let mut threads = Vec::new();
        for _ in 0..options.jobs {
            let page = Page::default();
            let mut reader = SheetReader::new(&config, TODAY, bench.readers(&page)?);
            let (fonts, options, config, tally, next) = (&fonts, &options, &config, &tally, &next);
            threads.push(scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= options.pages {
                        return Ok(());
                    }
                    let seed = options.seed + number as u64;
                    let case = Case::draw(seed, fonts, options, config);
                    page.turn_to(seed);
                    let result = case.read(&mut reader, config).map_err(|e| e.to_string())?;
                    if let Some(folder) = &options.crops {
                        result
                            .keep_crops(folder, &case)
                            .map_err(|e| e.to_string())?;
                    }
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.add(&case, &result, options.wrong);
                }
            }));
        }
        for thread in threads {
            thread
                .join()
                .map_err(|_| "a measuring thread panicked")?
                .map_err(|error: String| error)?;
        }
        Ok(())
    })?;
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.print();
    Ok(())
}
