//! The fuzzing targets over their corpus and the fixtures, and over some thousand mutations that are the same each time.
//!
//! This is the short run of `make test`. For hours by hand see `tests/fuzz/Cargo.toml`.

mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Runs a target over its corpus, the seeds, and `rounds` mutations of each.
fn try_out(name: &str, target: fn(&[u8]), seeds: &[&str], rounds: usize) {
    let mut inputs: Vec<PathBuf> = files_in(&root().join("tests/fuzz/corpus").join(name));
    for seeds in seeds {
        inputs.extend(files_in(&root().join("fixtures").join(seeds)));
    }
    assert!(!inputs.is_empty(), "{name} has no seeds");
    let mut dice = Dice(0x006e_6f74_6963_6572);
    let texts: Vec<Vec<u8>> = inputs.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, bytes) in inputs.iter().zip(&texts) {
        let told = path.display().to_string();
        in_time(&told, target, bytes);
        if bytes.len() > LONGEST {
            continue;
        }
        for round in 0..rounds {
            let other = &texts[dice.below(texts.len())];
            let mutated = dice.mutate(bytes, other);
            in_time(&format!("{told}, mutation {round}"), target, &mutated);
        }
    }
}

/// Runs a target on one input; a panic is told with the input, a slow one is a failure.
fn in_time(told: &str, target: fn(&[u8]), bytes: &[u8]) {
    let begun = Instant::now();
    let ended = std::panic::catch_unwind(|| target(bytes));
    let taken = begun.elapsed();
    if ended.is_err() || taken > SLOWEST {
        let kept = std::env::temp_dir().join("noticert-fuzz-input");
        fs::write(&kept, bytes).unwrap();
        panic!("{told}: {taken:?}; the input is kept as {}", kept.display());
    }
}

/// Numbers that look thrown and are the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }

    /// A few changes of the kinds that parsers stumble over.
    fn mutate(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let to = (at + 1 + self.below(64)).min(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..to)),
                2 => {
                    let piece = bytes[at..to].to_vec();
                    for _ in 0..self.below(200) {
                        bytes.splice(at..at, piece.iter().copied());
                    }
                }
                3 => {
                    let from = self.below(other.len());
                    let piece = &other[from..(from + 200).min(other.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                4 => {
                    const EDGES: [u8; 6] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = EDGES[self.below(EDGES.len())];
                    }
                }
                5 => {
                    let bit = self.below(8);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << bit;
                    }
                }
                _ => {
                    let edge = [0xff; 4];
                    let to = (at + 4).min(bytes.len());
                    bytes.splice(at..to, edge);
                }
            }
        }
        bytes
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn no_page_makes_the_page_reader_panic_or_hang() {
    try_out("page", targets::page, &["site/forms"], 60);
}

#[test]
fn no_answer_makes_the_judge_panic_or_hang() {
    try_out(
        "answer",
        targets::answer,
        &["site/forms", "site/answers", "credentials"],
        30,
    );
}

#[test]
fn no_file_makes_the_pfx_reader_panic_or_hang() {
    try_out("pfx", targets::pfx, &["credentials"], 60);
}

#[test]
fn no_text_makes_the_configuration_panic_or_hang() {
    try_out("config", targets::config, &[], 500);
}

#[test]
fn no_scan_makes_the_intake_panic_or_hang() {
    try_out("document", targets::document, &["formats", "broken"], 10);
}

/// Longer seeds are tried as they are.
const LONGEST: usize = 64 * 1_024;

/// No honest input of these sizes takes a tenth of it, also on a busy machine.
const SLOWEST: Duration = Duration::from_secs(20);
