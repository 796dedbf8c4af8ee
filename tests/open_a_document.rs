//! Opens every format that scanners, faxes and offices produce.
//!
//! `fixtures/formats` holds one small picture in other encoders' hands; whatever its format, it must come
//! out as the same grey pixels.

#[path = "support/documents.rs"]
mod documents;

use std::fs;

use documents::{difference, fixture, formats, name, only_page, open, open_bytes, picture};
use image::{GrayImage, imageops};
use noticert::config::Limits;
use noticert::intake::document::{Document, DocumentError};

#[test]
fn one_picture_is_the_same_in_every_format() {
    let picture = picture();
    let other_sizes = [
        "japanese-font-not-embedded.pdf",
        "small-image-and-lines.pdf",
        "unequal.tif",
    ];
    let mut seen = 0;
    for path in formats() {
        let name = name(&path);
        if other_sizes.contains(&name) || name.starts_with("locked") || name.starts_with("three") {
            continue;
        }
        let page = only_page(&format!("formats/{name}"));
        let expected = match name {
            "rotate90.pdf" => imageops::rotate90(&picture),
            "rotate180.pdf" => imageops::rotate180(&picture),
            "rotate270.pdf" => imageops::rotate270(&picture),
            _ => picture.clone(),
        };
        // Only JPEG may differ at all.
        let lossy = name.ends_with("jpg") || name.contains("jpeg");
        let difference = difference(&page.image, &expected);
        assert!(
            difference <= if lossy { 0.5 } else { 0.0 },
            "{name}: {difference}"
        );
        assert!(!page.incomplete, "{name}");
        seen += 1;
    }
    assert!(seen > 60, "only {seen} files");
}

#[test]
fn the_resolution_comes_from_the_file() {
    for path in formats() {
        let name = name(&path);
        // These say nothing about it: no field in the format, none written, or a page drawn anew.
        let silent = ["grey.webp", "sixteen.png", "japanese-font-not-embedded.pdf"];
        if name.starts_with("locked") || silent.contains(&name) {
            continue;
        }
        let expected = if name.starts_with("small") {
            300.0
        } else {
            100.0
        };
        let page = open(&format!("formats/{name}")).unwrap().page(1).unwrap();
        let (across, down) = page.dpi.unwrap_or_else(|| panic!("{name} has no dpi"));
        assert!(
            (across - expected).abs() < 0.5 && across == down,
            "{name}: {across} {down}"
        );
    }
}

#[test]
fn a_coarse_fax_is_stretched_until_its_dots_are_square() {
    let page = only_page("formats/unequal.tif");
    assert_eq!(page.image.dimensions(), (301, 204));
    let expected = imageops::resize(&picture(), 301, 204, imageops::FilterType::Triangle);
    let difference = difference(&page.image, &expected);
    assert!(difference < 8.0, "{difference}");
}

#[test]
fn pages_come_in_order_and_one_at_a_time() {
    let document = open("formats/three-pages.tif").unwrap();
    assert_eq!(document.page_count(), 3);
    let numbers: Vec<u32> = document.pages().map(|page| page.unwrap().number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(document.page(2).unwrap().image, picture());
    for number in [0, 4] {
        let error = document.page(number).unwrap_err();
        assert!(
            matches!(error, DocumentError::NoSuchPage { pages: 3, .. }),
            "{error:?}"
        );
    }
}

#[test]
fn pages_may_be_taken_from_several_threads() {
    let document = open("notices/twelve-pdf/scan.pdf").unwrap();
    let alone: Vec<GrayImage> = document.pages().map(|page| page.unwrap().image).collect();
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (1..=document.page_count())
            .map(|number| {
                let document = &document;
                scope.spawn(move || document.page(number).unwrap().image)
            })
            .collect();
        for (task, expected) in tasks.into_iter().zip(&alone) {
            assert!(task.join().unwrap() == *expected);
        }
    });
}

#[test]
fn text_in_a_font_that_the_file_does_not_bring_is_drawn() {
    let page = only_page("formats/japanese-font-not-embedded.pdf");
    let ink = page.image.iter().filter(|pixel| **pixel < 128).count();
    // Six characters of 30 points at 300 dpi; without a font nothing or boxes would be there.
    assert!((8_000..40_000).contains(&ink), "{ink}");
    assert!(!page.incomplete);
}

#[test]
fn drawing_beside_an_image_is_not_lost() {
    let page = only_page("formats/small-image-and-lines.pdf");
    // The frame around the image: 5 points from the left, at 300 dpi.
    let left = 5 * 300 / 72;
    let dark = (0..page.image.height())
        .filter(|y| page.image.get_pixel(left, *y).0[0] < 128)
        .count();
    assert!(dark > 200, "{dark}");
}

#[test]
fn the_same_bytes_may_come_from_memory_or_a_pipe() {
    let bytes = fs::read(fixture("formats/three-pages.tif")).unwrap();
    let limits = Limits::default();
    let piped = Document::from_reader(bytes.as_slice(), "-", &limits).unwrap();
    assert_eq!((piped.name(), piped.page_count()), ("-", 3));
    assert_eq!(piped.page(3).unwrap().image, picture());
    assert_eq!(open_bytes(bytes).unwrap().page(3).unwrap().image, picture());
}

#[test]
fn the_name_of_a_file_decides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.pdf");
    fs::copy(fixture("formats/g4.tif"), &path).unwrap();
    let document = Document::open(&path, "letter.pdf", &Limits::default()).unwrap();
    assert_eq!(document.page(1).unwrap().image, picture());
}
