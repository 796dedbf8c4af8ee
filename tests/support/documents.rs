//! The files of `fixtures/` and what opening them gives, for the tests of documents.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};

use image::GrayImage;
use noticert::config::Limits;
use noticert::intake::document::{Document, DocumentError, RawPage};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

pub fn formats() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(fixture("formats"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e != "py"))
        .collect();
    files.sort();
    files
}

pub fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

pub fn open(name: &str) -> Result<Document, DocumentError> {
    Document::open(&fixture(name), name, &Limits::default())
}

pub fn open_bytes(bytes: Vec<u8>) -> Result<Document, DocumentError> {
    Document::from_bytes(bytes, "-", &Limits::default())
}

/// The first error that opening or any page gives.
pub fn refusal(name: &str) -> DocumentError {
    match open(name) {
        Err(error) => error,
        Ok(document) => document
            .pages()
            .find_map(Result::err)
            .unwrap_or_else(|| panic!("{name} was read")),
    }
}

pub fn only_page(name: &str) -> RawPage {
    let document = open(name).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert_eq!(document.page_count(), 1, "{name}");
    document
        .page(1)
        .unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

pub fn picture() -> GrayImage {
    image::open(fixture("formats/grey.png"))
        .unwrap()
        .into_luma8()
}

/// Mean difference in grey levels.
pub fn difference(a: &GrayImage, b: &GrayImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}
