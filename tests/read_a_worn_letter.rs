//! Letters that were stamped, folded, marked, copied, written on or photographed: every terminal is found, whichever
//! way the sheet lies, and nothing wrong is accepted.

use std::sync::atomic::AtomicBool;

use jiff::civil::{Date, date};
use noticert::config::Config;
use noticert::domain::{FieldReading, IssuanceReading, Status};
use noticert::intake::{Intake, Reading, Source};
use noticert::practice::letters::{
    Font, Grade, Letter, Scan, Sheet, Style, Truth, Turn, draw, encode_png, turn,
};

const TODAY: Date = date(2026, 11, 21);

const WORN: [Grade; 9] = [
    Grade::PhotoClose,
    Grade::PhotoCurled,
    Grade::Stamped,
    Grade::Folded,
    Grade::Marked,
    Grade::Coloured,
    Grade::Copied,
    Grade::Written,
    Grade::SeenThrough,
];

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn every_terminal_of_a_worn_letter_is_found_and_nothing_wrong_is_accepted() {
    // A fold through the tables of several terminals can make two blocks of one; both then go to a person.
    for grade in WORN.into_iter().filter(|grade| *grade != Grade::Folded) {
        let (sheet, truth) = letter(61, 2);
        let reading = read(&grade.apply(&sheet, 61));
        expect_nothing_lost_or_wrong(&reading, &truth, &format!("{grade:?}"));
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn whichever_way_a_worn_letter_lies_it_is_found() {
    let ways = [Turn::Right, Turn::Half, Turn::Left];
    for (grade, way) in WORN.into_iter().zip(ways.into_iter().cycle()) {
        let (sheet, truth) = letter(62, 1);
        let reading = read(&turn(&grade.apply(&sheet, 62), way));
        expect_nothing_lost_or_wrong(&reading, &truth, &format!("{grade:?} {way:?}"));
    }
}

fn letter(seed: u64, terminals: usize) -> (Scan, Vec<Sheet>) {
    let invented = Letter::invent(seed, terminals, TODAY, &Config::default().rules);
    let page = draw(&invented, &Style::plain(), &Font::embedded(), 200).remove(0);
    let mut truth = Truth::on(TODAY);
    truth.add_page("worn.png", 1, &invented, &page);
    (page.scan, truth.sheets)
}

fn read(scan: &Scan) -> Reading {
    let config = Config::default();
    let source = Source::bytes("worn.png", encode_png(scan).unwrap());
    Intake::new(&config, TODAY)
        .read_files(vec![source], 1, &|_| {}, &AtomicBool::new(false))
        .unwrap()
}

fn expect_nothing_lost_or_wrong(reading: &Reading, truth: &[Sheet], what: &str) {
    assert_eq!(reading.sheets.len(), truth.len(), "{what}");
    for (sheet, truth) in reading.sheets.iter().zip(truth) {
        expect_nothing_wrong(sheet, truth, what);
    }
}

fn expect_nothing_wrong(sheet: &IssuanceReading, truth: &Sheet, what: &str) {
    fn right_or_doubted<T>(field: &FieldReading<T>, right: impl FnOnce(&T) -> bool) -> bool {
        field.status != Status::Accepted || field.value.as_ref().is_some_and(right)
    }
    let checks = [
        right_or_doubted(&sheet.request_id, |id| id.as_str() == truth.request_id),
        // Invented, and compared with the truth only.
        right_or_doubted(&sheet.reference_id, |id| id.expose() == truth.reference_id),
        right_or_doubted(&sheet.institution_code, |code| {
            code.as_str() == truth.institution_code
        }),
        right_or_doubted(&sheet.valid_from, |date| *date == truth.valid_from),
        right_or_doubted(&sheet.valid_to, |date| *date == truth.valid_to),
        right_or_doubted(&sheet.retrieval_deadline, |date| {
            *date == truth.retrieval_deadline
        }),
    ];
    assert_eq!(checks, [true; 6], "{what}");
}
