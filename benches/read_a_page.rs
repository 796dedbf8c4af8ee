//! What each step of reading costs per page, and how it grows with the number of terminals on it.
//!
//! `cargo bench --profile dev`: the profile of `make demo`, in which everything that works on pixels is optimised.

use divan::{Bencher, black_box};
use jiff::civil::Date;
use noticert::config::Config;
use noticert::intake::Intake;
use noticert::intake::document::{Document, RawPage};
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
