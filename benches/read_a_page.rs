//! What each step of reading costs per page, and how it grows with the number of terminals on it.
//!
//! `cargo bench`: as in the release that people run.

use divan::{Bencher, black_box};
use image::{GrayImage, Luma};
use jiff::civil::Date;
use noticert::config::Config;
use noticert::intake::Intake;
use noticert::intake::document::{Document, RawPage};
use noticert::intake::layout::{Framing, Layout};
use noticert::intake::page::{Page, Turn};
use noticert::intake::reader::{Alphabet, GlyphnetReader, LineReader, TesseractReader};
use noticert::practice::letters::{Font, Grade, Letter, Style, draw, encode_jpeg};

const TODAY: Date = Date::constant(2026, 11, 21);

fn main() {
    divan::main();
}

/// A letter's first page as an office scanner sends it, and the number of terminals on it.
fn scanned(terminals: usize) -> Vec<u8> {
    let config = Config::default();
    let letter = Letter::invent(1, terminals, TODAY, &config.rules);
    let style = Style {
        blocks_per_page: terminals,
        ..Style::plain()
    };
    let page = &draw(&letter, &style, &Font::embedded(), 300)[0];
    encode_jpeg(&Grade::Clean.apply(&page.scan, 1), 80).expect("a drawn page can be encoded")
}

fn page_of(bytes: &[u8]) -> RawPage {
    let config = Config::default();
    Document::from_bytes(bytes.to_vec(), "letter.jpg", &config.limits)
        .and_then(|document| document.page(1))
        .expect("the page was just encoded")
}

#[divan::bench]
fn decode(bencher: Bencher) {
    let bytes = scanned(1);
    bencher.bench_local(|| black_box(page_of(&bytes)));
}

/// Light, ink and lean.
#[divan::bench]
fn examine(bencher: Bencher) {
    let page = page_of(&scanned(1));
    bencher
        .with_inputs(|| page.image.clone())
        .bench_local_values(|image| black_box(Page::examine(image, page.dpi)));
}

/// Turned and levelled.
#[divan::bench]
fn upright(bencher: Bencher) {
    let page = page_of(&scanned(1));
    let page = Page::examine(page.image, page.dpi);
    bencher.bench_local(|| black_box(page.upright(Turn::None)));
}

/// Rules, cells and lines of print.
#[divan::bench]
fn layout(bencher: Bencher) {
    let page = page_of(&scanned(1));
    let page = Page::examine(page.image, page.dpi);
    let upright = page.upright(Turn::None);
    bencher.bench_local(|| black_box(Layout::of(&upright, Framing::Rules)));
}

/// A line 24 pixels high, by the project's own reader.
#[divan::bench(args = [120, 240, 480])]
fn line_by_glyphnet(bencher: Bencher, width: u32) {
    let line = GrayImage::from_fn(width, 40, |x, y| {
        Luma([if x % 9 < 3 && y > 10 { 0 } else { 255 }])
    });
    let mut reader = GlyphnetReader::open().expect("the model is compiled in");
    bencher.bench_local(|| black_box(reader.read_line(&line, Alphabet::Digits).is_ok()));
}

/// The same by Tesseract.
#[divan::bench(args = [120, 240, 480])]
fn line_by_tesseract(bencher: Bencher, width: u32) {
    let line = GrayImage::from_fn(width, 40, |x, y| {
        Luma([if x % 9 < 3 && y > 10 { 0 } else { 255 }])
    });
    let mut reader = TesseractReader::open(None, "eng").expect("the language data is installed");
    bencher.bench_local(|| black_box(reader.read_line(&line, Alphabet::Digits).is_ok()));
}

#[divan::bench(args = [1, 2, 3], sample_count = 10)]
fn read(bencher: Bencher, terminals: usize) {
    let config = Config::default();
    let page = page_of(&scanned(terminals));
    let mut reader = Intake::new(&config, TODAY)
        .sheet_reader()
        .expect("the language data is installed");
    bencher
        .with_inputs(|| page.clone())
        .bench_local_values(|page| black_box(reader.read("letter.jpg", page).is_ok()));
}
