//! Two letters on one glass: each is found, in the order in which a person reads them.

use std::sync::atomic::AtomicBool;

use jiff::civil::{Date, date};
use noticert::config::Config;
use noticert::domain::Part;
use noticert::intake::tally::Tally;
use noticert::intake::{Intake, Reading, Source};
use noticert::practice::letters::{
    Font, Grade, Letter, Scan, Style, Turn, blank_page, cover_page, draw, encode_png, invoice,
    one_above_other, side_by_side, turn,
};

const TODAY: Date = date(2026, 11, 21);

fn invent(seed: u64) -> Letter {
    Letter::invent(seed, 1, TODAY, &Config::default().rules)
}

fn drawn(letter: &Letter) -> Scan {
    let mut pages = draw(letter, &Style::plain(), &Font::embedded(), 200);
    pages.remove(0).scan
}

fn read(scan: &Scan) -> Reading {
    let config = Config::default();
    let source = Source::bytes("a3.png", encode_png(scan).unwrap());
    let reading = Intake::new(&config, TODAY)
        .read_files(vec![source], 1, &|_| {}, &AtomicBool::new(false))
        .unwrap();
    assert!(
        reading.files_not_read.is_empty(),
        "{:?}",
        reading.files_not_read
    );
    reading
}

/// The request IDs in the order of reading, with the sheet and the number that each is told by.
fn found(reading: &Reading) -> Vec<(String, Option<Part>, u32)> {
    let sheets = reading.sheets.iter();
    sheets
        .map(|sheet| {
            let id = sheet.request_id.value.as_ref().map(ToString::to_string);
            assert_eq!((sheet.source.as_str(), sheet.page), ("a3.png", 1));
            (id.unwrap_or_default(), sheet.part, sheet.index)
        })
        .collect()
}

fn expected(letters: [&Letter; 2], beside: bool) -> Vec<(String, Option<Part>, u32)> {
    let numbered = letters.into_iter().zip(1..);
    numbered
        .map(|(letter, number)| {
            let part = Part {
                number,
                of: 2,
                beside,
            };
            (letter.blocks[0].request_id.to_string(), Some(part), number)
        })
        .collect()
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn side_by_side_the_left_one_comes_first_however_the_sheet_lies() {
    let (one, other) = (invent(41), invent(42));
    let both = side_by_side(&drawn(&one), &drawn(&other));
    let reading = read(&both);
    assert_eq!(found(&reading), expected([&one, &other], true));
    let tally = Tally::of(&reading);
    assert_eq!((tally.pages, tally.notices, tally.terminals), (2, 2, 2));
    for way in [Turn::Right, Turn::Half, Turn::Left] {
        let reading = read(&turn(&both, way));
        assert_eq!(found(&reading), expected([&one, &other], true), "{way:?}");
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn one_above_the_other_the_upper_one_comes_first() {
    let (one, other) = (invent(43), invent(44));
    let both = one_above_other(&drawn(&one), &drawn(&other));
    assert_eq!(found(&read(&both)), expected([&one, &other], false));
    let turned = read(&turn(&both, Turn::Half));
    assert_eq!(found(&turned), expected([&one, &other], false));
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn scanned_in_an_office_both_are_still_found() {
    let (one, other) = (invent(45), invent(46));
    let both = Grade::Office.apply(&side_by_side(&drawn(&one), &drawn(&other)), 7);
    let reading = read(&both);
    assert_eq!(reading.sheets.len(), 2);
    for (sheet, letter) in reading.sheets.iter().zip([&one, &other]) {
        let id = sheet.request_id.value.as_ref().map(ToString::to_string);
        assert_eq!(id, Some(letter.blocks[0].request_id.to_string()));
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn what_lies_beside_a_letter_is_named_and_bare_glass_is_not() {
    let letter = invent(47);
    let (style, font) = (Style::plain(), Font::embedded());
    let sheet = drawn(&letter);
    let cover = read(&side_by_side(
        &cover_page(&letter, &style, &font, 200),
        &sheet,
    ));
    assert_eq!(cover.sheets.len(), 1);
    let [page] = &cover.pages_without_notice[..] else {
        panic!("{:?}", cover.pages_without_notice);
    };
    assert_eq!(page.code, "cover");
    assert_eq!(page.part.map(|part| part.name()).as_deref(), Some("left"));
    let part = cover.sheets[0].part.unwrap();
    assert_eq!((part.name().as_str(), cover.sheets[0].index), ("right", 1));
    assert!(
        cover.sheets[0]
            .problems
            .iter()
            .any(|p| p.code == "one-of-several")
    );

    let alone = read(&side_by_side(&sheet, &blank_page(200)));
    assert_eq!(alone.sheets.len(), 1);
    assert_eq!(alone.sheets[0].part, None);
    assert!(alone.pages_without_notice.is_empty());
    assert_eq!(Tally::of(&alone).pages, 1);
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn two_pages_of_something_else_are_one_page_without_a_notice() {
    let (style, font) = (Style::plain(), Font::embedded());
    let bill = |seed| invoice(seed, TODAY, &style, &font, 200);
    let reading = read(&side_by_side(&bill(1), &bill(2)));
    assert!(reading.sheets.is_empty());
    assert_eq!(reading.pages_without_notice.len(), 1);
    assert_eq!(reading.pages_without_notice[0].part, None);
}
