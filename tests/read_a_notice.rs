//! From a scanned letter to its fields, with Tesseract and its English and Japanese data.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::{Date, date};
use noticert::config::Config;
use noticert::domain::{FieldReading, IssuanceReading, Status};
use noticert::intake::reader::ReaderError;
use noticert::intake::{Intake, IntakeError, Reading, Source};
use noticert::practice::letters::{
    Font, Grade, Letter, OtherForm, PdfPage, Rules, Scan, Sheet, Style, Truth, Turn, blank_page,
    cover_page, draw, draw_in_other_form, encode_pdf, encode_png, invoice, kaigo_letter,
    masked_sample, old_authority_letter, turn,
};

const TODAY: Date = date(2026, 11, 21);

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn a_clean_letter_is_read_field_for_field() {
    let (pages, truth) = letter(7, 2, &Style::plain());
    let reading = read(&pages);
    assert_eq!(reading.sheets.len(), 2);
    for (sheet, truth) in reading.sheets.iter().zip(&truth) {
        expect_numbers_accepted(sheet, truth);
        let name = sheet.terminal_name.value.as_ref().unwrap();
        assert_eq!(name.as_str(), truth.terminal_name);
        assert!(sheet.request_id.crop.is_some() && sheet.request_id.bounding_box.is_some());
        assert_eq!(sheet.request_id.characters.len(), 15);
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn a_letter_scanned_in_any_direction_reads_the_same() {
    let (pages, truth) = letter(11, 1, &Style::plain());
    for way in [Turn::Left, Turn::Half, Turn::Right] {
        let reading = read(&[turn(&pages[0], way)]);
        assert_eq!(reading.sheets.len(), 1, "{way:?}");
        expect_numbers_accepted(&reading.sheets[0], &truth[0]);
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn a_letter_in_another_form_is_read_by_what_its_values_look_like() {
    for (form, seed) in OtherForm::ALL.into_iter().zip(2300..) {
        let letter = Letter::invent(seed, 2, TODAY, &Config::default().rules);
        let style = Style::plain();
        let scan = draw_in_other_form(&letter, form, &style, &Font::embedded(), 300);
        let reading = read(&[Grade::Office.apply(&scan, seed)]);
        assert_eq!(reading.sheets.len(), 2, "{form:?}");
        for (sheet, block) in reading.sheets.iter().zip(&letter.blocks) {
            let request = sheet.request_id.value.as_ref().map(|id| id.as_str());
            assert_eq!(request, Some(block.request_id.as_str()), "{form:?}");
            let reference = sheet.reference_id.value.as_ref().map(|id| id.expose());
            assert_eq!(reference, Some(block.reference_id.expose()), "{form:?}");
            let code = sheet.institution_code.value.as_ref().map(|id| id.as_str());
            assert_eq!(code, Some(block.institution_code.as_str()), "{form:?}");
            assert_eq!(sheet.valid_from.value, Some(block.valid_from), "{form:?}");
            assert_eq!(sheet.valid_to.value, Some(block.valid_to), "{form:?}");
        }
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn a_page_with_the_letters_title_that_cannot_be_read_is_no_foreign_page() {
    let (mut pages, _) = letter(2310, 1, &Style::plain());
    let mut bare = Letter::invent(2311, 1, TODAY, &Config::default().rules);
    bare.blocks.clear();
    let style = Style::plain();
    pages.push(draw_in_other_form(
        &bare,
        OtherForm::OneLine,
        &style,
        &Font::embedded(),
        300,
    ));
    let reading = read(&pages);
    assert_eq!(reading.sheets.len(), 1);
    let codes: Vec<&str> = reading
        .pages_without_notice
        .iter()
        .map(|page| page.code)
        .collect();
    assert_eq!(codes, ["unread-notice"]);
    assert!(!reading.is_complete(), "one letter read hides no other");
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn a_letter_without_rules_is_read_by_its_columns() {
    for rules in [Rules::Horizontal, Rules::Absent] {
        let mut style = Style::plain();
        style.rules = rules;
        let (pages, truth) = letter(13, 2, &style);
        let reading = read(&pages);
        assert_eq!(reading.sheets.len(), 2, "{rules:?}");
        for (sheet, truth) in reading.sheets.iter().zip(&truth) {
            expect_numbers_accepted(sheet, truth);
        }
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn twelve_terminals_keep_their_own_values() {
    let (pages, truth) = letter(17, 12, &Style::plain());
    assert!(pages.len() > 1);
    let reading = read(&pages);
    let found: Vec<(Option<&str>, u32, u32)> = reading
        .sheets
        .iter()
        .map(|sheet| {
            let id = sheet.request_id.value.as_ref();
            (id.map(|id| id.as_str()), sheet.page, sheet.index)
        })
        .collect();
    let printed: Vec<(Option<&str>, u32, u32)> = truth
        .iter()
        .map(|sheet| (Some(sheet.request_id.as_str()), sheet.page, sheet.index))
        .collect();
    assert_eq!(found, printed);
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn nothing_wrong_is_accepted_from_office_scans_and_faxes() {
    for seed in 0..4 {
        for grade in [Grade::Office, Grade::FaxFine, Grade::FaxNormal] {
            let (pages, truth) = letter(seed, 2, &Style::varied(seed));
            let pages: Vec<Scan> = pages.iter().map(|page| grade.apply(page, seed)).collect();
            for sheet in &read(&pages).sheets {
                let printed = truth
                    .iter()
                    .find(|truth| (truth.page, truth.index) == (sheet.page, sheet.index));
                // A rule that a fax lost may leave a fragment of a block: it goes to a person, never further.
                let Some(printed) = printed else {
                    assert_eq!(sheet.status, Status::Review, "seed {seed}, {grade:?}");
                    continue;
                };
                expect_nothing_wrong_accepted(sheet, printed);
            }
        }
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn pages_without_a_notice_are_named_and_never_read_as_one() {
    let (style, font) = (Style::plain(), Font::embedded());
    let invented = Letter::invent(3, 1, TODAY, &Config::default().rules);
    let pages = [
        ("cover", cover_page(&invented, &style, &font, 200)),
        ("foreign", invoice(3, TODAY, &style, &font, 200)),
        ("blank", blank_page(200)),
        ("masked", masked_sample(&invented, &style, &font, 200)),
        (
            "other-authority",
            old_authority_letter(&invented, &style, &font, 200),
        ),
        (
            "other-authority",
            kaigo_letter(&invented, &style, &font, 200),
        ),
    ];
    let scans: Vec<Scan> = pages.iter().map(|(_, scan)| scan.clone()).collect();
    let reading = read(&scans);
    assert!(reading.sheets.is_empty());
    let found: Vec<(&str, u32)> = reading
        .pages_without_notice
        .iter()
        .map(|page| (page.code, page.page))
        .collect();
    let expected: Vec<(&str, u32)> = pages.iter().map(|(code, _)| *code).zip(1..).collect();
    assert_eq!(found, expected);
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn results_keep_the_order_of_files_however_many_threads_read() {
    let (first, _) = letter(19, 3, &Style::plain());
    let (second, _) = letter(23, 1, &Style::plain());
    let places = |jobs| {
        let sources = vec![
            Source::bytes("a.pdf", pdf(&first)),
            Source::bytes("broken.png", b"\x89PNG\r\n\x1a\nnothing more".to_vec()),
            Source::bytes("b.pdf", pdf(&second)),
        ];
        let reading = read_sources(sources, jobs);
        assert_eq!(reading.files_not_read.len(), 1);
        assert_eq!(reading.files_not_read[0].source, "broken.png");
        let error = &reading.files_not_read[0].error;
        assert!(matches!(error, IntakeError::Document(_)), "{error}");
        let sheets = reading.sheets.iter();
        let places = sheets.map(|sheet| (sheet.source.clone(), sheet.page, sheet.index));
        places.collect::<Vec<_>>()
    };
    let alone = places(1);
    assert_eq!(alone.len(), 4);
    assert_eq!(places(4), alone);
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn reading_the_same_letter_twice_is_noticed() {
    let (pages, _) = letter(29, 1, &Style::plain());
    let sources = ["one.pdf", "two.pdf"].map(|name| Source::bytes(name, pdf(&pages)));
    let reading = read_sources(sources.into(), 2);
    let has_duplicate = |sheet: &IssuanceReading| {
        let mut problems = sheet.problems.iter();
        problems.any(|problem| problem.code == "duplicate")
    };
    assert!(!has_duplicate(&reading.sheets[0]));
    assert!(has_duplicate(&reading.sheets[1]));
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn an_interrupted_read_keeps_what_it_has_and_says_so() {
    let (pages, _) = letter(31, 8, &Style::plain());
    let config = Config::default();
    let cancelled = AtomicBool::new(false);
    let told = Mutex::new(Vec::new());
    let reading = Intake::new(&config, TODAY)
        .read_files(
            vec![Source::bytes("long.pdf", pdf(&pages))],
            1,
            &|progress| {
                cancelled.store(true, Ordering::Relaxed);
                told.lock().unwrap().push(progress.pages_done);
            },
            &cancelled,
        )
        .unwrap();
    assert!(reading.cancelled);
    assert!(reading.pages >= 1 && (reading.pages as usize) < pages.len());
    assert_eq!(told.into_inner().unwrap()[0], 1);
}

#[test]
fn without_language_data_nothing_is_read_and_the_data_is_named() {
    let config = Config::default();
    let mut intake = Intake::new(&config, TODAY);
    intake.tessdata = Some(Path::new("/nowhere").to_owned());
    let result = intake.read_files(Vec::new(), 1, &|_| {}, &AtomicBool::new(false));
    let error = result.err().unwrap();
    assert!(
        matches!(error, ReaderError::NoLanguageData { .. }),
        "{error}"
    );
}

/// An invented letter in the embedded font, with its truth as pages 1, 2, … of one file.
fn letter(seed: u64, terminals: usize, style: &Style) -> (Vec<Scan>, Vec<Sheet>) {
    let invented = Letter::invent(seed, terminals, TODAY, &Config::default().rules);
    let pages = draw(&invented, style, &Font::embedded(), 300);
    let mut truth = Truth::on(TODAY);
    for (page, number) in pages.iter().zip(1..) {
        truth.add_page("letter.pdf", number, &invented, page);
    }
    let scans = pages.into_iter().map(|page| page.scan);
    (scans.collect(), truth.sheets)
}

fn read(pages: &[Scan]) -> Reading {
    let reading = match pages {
        [page] => {
            let png = encode_png(page).unwrap();
            read_sources(vec![Source::bytes("letter.pdf", png)], 1)
        }
        pages => read_sources(vec![Source::bytes("letter.pdf", pdf(pages))], 2),
    };
    assert!(
        reading.files_not_read.is_empty(),
        "{:?}",
        reading.files_not_read
    );
    reading
}

fn read_sources(sources: Vec<Source>, jobs: usize) -> Reading {
    let config = Config::default();
    let intake = Intake::new(&config, TODAY);
    let cancelled = AtomicBool::new(false);
    intake
        .read_files(sources, jobs, &|_| {}, &cancelled)
        .unwrap()
}

fn pdf(pages: &[Scan]) -> Vec<u8> {
    let pages: Vec<PdfPage> = pages
        .iter()
        .map(|page| PdfPage::Jpeg(page.clone(), 90))
        .collect();
    encode_pdf(&pages).unwrap()
}

fn expect_numbers_accepted(sheet: &IssuanceReading, truth: &Sheet) {
    let request_id = sheet.request_id.value.as_ref().unwrap();
    assert_eq!(request_id.as_str(), truth.request_id);
    let code = sheet.institution_code.value.as_ref().unwrap();
    assert_eq!(code.as_str(), truth.institution_code);
    assert_eq!(sheet.valid_from.value, Some(truth.valid_from));
    assert_eq!(sheet.valid_to.value, Some(truth.valid_to));
    let deadline = sheet.retrieval_deadline.value;
    assert_eq!(deadline, Some(truth.retrieval_deadline));
    let statuses = [
        sheet.request_id.status,
        sheet.institution_code.status,
        sheet.valid_from.status,
        sheet.valid_to.status,
        sheet.retrieval_deadline.status,
    ];
    assert_eq!(statuses, [Status::Accepted; 5], "{sheet:?}");
}

fn expect_nothing_wrong_accepted(sheet: &IssuanceReading, truth: &Sheet) {
    right_or_doubted(&sheet.request_id, |id| id.as_str() == truth.request_id);
    right_or_doubted(&sheet.institution_code, |code| {
        code.as_str() == truth.institution_code
    });
    // Invented, and compared with the truth only.
    right_or_doubted(&sheet.reference_id, |id| id.expose() == truth.reference_id);
    right_or_doubted(&sheet.terminal_name, |name| {
        name.as_str() == truth.terminal_name
    });
    right_or_doubted(&sheet.issuer, |issuer| *issuer == truth.issuer);
    right_or_doubted(&sheet.valid_from, |date| *date == truth.valid_from);
    right_or_doubted(&sheet.valid_to, |date| *date == truth.valid_to);
    right_or_doubted(&sheet.retrieval_deadline, |date| {
        *date == truth.retrieval_deadline
    });
}

fn right_or_doubted<T>(field: &FieldReading<T>, right: impl FnOnce(&T) -> bool) {
    let right = field.value.as_ref().is_some_and(right);
    assert!(field.status != Status::Accepted || right);
}
