//! The drawn fixtures are what their generator makes, byte for byte, and their truth is what stands on them.

#![allow(
    dead_code,
    reason = "the generator's main function is not part of this"
)]

#[path = "../examples/make-fixtures/broken.rs"]
mod broken;
#[path = "../examples/make-fixtures/cases.rs"]
mod cases;
#[path = "../examples/make-fixtures/fonts.rs"]
mod fonts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fonts::{Face, Fonts};
use noticert::config::Limits;
use noticert::intake::document::Document;
use noticert::practice::letters::Truth;

/// One file, its path relative to `fixtures/`.
struct Fixture {
    path: String,
    bytes: Vec<u8>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn truth(case: &str) -> Truth {
    let text = fs::read_to_string(folder().join("notices").join(case).join("truth.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn assert_committed(fixture: &Fixture) {
    let committed = fs::read(folder().join(&fixture.path)).unwrap_or_default();
    assert!(
        committed == fixture.bytes,
        "{} differs from what `cargo run --example make-fixtures` writes",
        fixture.path
    );
}

/// Draws `case` anew and compares it; a font that is not installed leaves it out, except the embedded one.
fn redraw(case: &cases::Case) -> bool {
    let fonts = Fonts::default();
    if let Err(missing) = fonts.load(case.face) {
        assert_ne!(case.face, Face::BizUdGothic);
        eprintln!("{} left out: {missing}", case.name);
        return false;
    }
    let files = cases::draw(case, &fonts).unwrap();
    files.iter().for_each(assert_committed);
    true
}

#[test]
fn letters_are_redrawn_byte_for_byte() {
    let redrawn = cases::ALL.iter().filter(|case| redraw(case)).count();
    assert!(redrawn >= 8, "{redrawn}");
}

#[test]
fn foreign_and_broken_files_are_remade_byte_for_byte() {
    let fonts = Fonts::default();
    cases::foreign(&fonts)
        .unwrap()
        .iter()
        .for_each(assert_committed);
    broken::all(&fonts)
        .unwrap()
        .iter()
        .for_each(assert_committed);
}

#[test]
fn every_page_is_accounted_for_in_the_truth() {
    for case in cases::ALL {
        let truth = truth(case.name);
        assert!(truth.invented && truth.today == cases::TODAY);
        assert_eq!(truth.sheets.len(), case.terminals, "{}", case.name);
        let mut places = BTreeSet::new();
        for sheet in &truth.sheets {
            places.insert((sheet.source.clone(), sheet.page));
            assert!(sheet.retrieval_deadline > truth.today);
        }
        for other in &truth.pages_without_notice {
            places.insert((other.source.clone(), other.page));
        }
        let mut pages = BTreeSet::new();
        for entry in fs::read_dir(folder().join("notices").join(case.name)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name != "truth.json" {
                let document = Document::open(&path, &name, &Limits::default()).unwrap();
                pages.extend((1..=document.page_count()).map(|page| (name.clone(), page)));
            }
        }
        assert_eq!(places, pages, "{}", case.name);
    }
}

#[test]
fn every_drawn_page_opens_at_its_own_resolution() {
    for case in cases::ALL {
        let truth = truth(case.name);
        for sheet in truth.sheets.iter().filter(|sheet| sheet.index == 1) {
            let path = folder().join("notices").join(case.name).join(&sheet.source);
            let document = Document::open(&path, &sheet.source, &Limits::default()).unwrap();
            let page = document.page(sheet.page).unwrap();
            let (across, down) = page.dpi.unwrap();
            let long_side = page.image.width().max(page.image.height());
            let inches = long_side as f32 / across;
            assert!(
                (inches - 11.69).abs() < 0.05 && across == down,
                "{}",
                case.name
            );
            assert!(!page.incomplete);
        }
    }
}

#[test]
fn letters_use_at_least_four_fonts_and_all_sizes_in_all_forms() {
    let faces: BTreeSet<String> = cases::ALL.iter().map(|c| format!("{:?}", c.face)).collect();
    assert!(faces.len() >= 4, "{faces:?}");
    for terminals in [1, 2, 3, 12] {
        let forms: BTreeSet<usize> = cases::ALL
            .iter()
            .filter(|case| case.terminals == terminals)
            .map(|case| match case.form {
                cases::Form::Clean => 0,
                cases::Form::Office(_) => 1,
                cases::Form::Fax(_) => 2,
                cases::Form::Pdf => 3,
            })
            .collect();
        assert_eq!(forms.len(), 4, "{terminals}");
    }
}
