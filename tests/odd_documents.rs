//! Documents that no scanner makes but that people hand in: tiny and vast pages, PDFs with forms, notes, lost
//! tables, thousands of pages, hidden text that says something else.

#[path = "support/documents.rs"]
mod documents;

use std::fs;
use std::sync::atomic::AtomicBool;

use documents::{difference, fixture, open_bytes, picture};
use image::{GrayImage, Luma};
use jiff::civil::{Date, date};
use noticert::config::{Config, Limits};
use noticert::intake::document::{Document, DocumentError};
use noticert::intake::{Intake, IntakeError, Reading, Source};
use noticert::practice::letters::{Font, Letter, PdfPage, Style, draw, encode_pdf, encode_png};

const TODAY: Date = date(2026, 11, 21);

/// A file of the given objects, the first of which is the catalogue; with a right table of their places.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        bytes.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    bytes.extend(trailer.bytes());
    bytes
}

/// A page of 200 by 100 points with `more` in its dictionary, followed by other objects from number 4.
fn one_page(catalogue: &str, more: &str, others: &[&str]) -> Vec<u8> {
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalogue} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] {more} >>"),
    ];
    objects.extend(others.iter().map(|object| (*object).to_owned()));
    pdf(&objects)
}

fn stream(dictionary: &str, content: &str) -> String {
    format!(
        "<< {dictionary} /Length {} >>\nstream\n{content}\nendstream",
        content.len()
    )
}

fn tone_at(image: &GrayImage, across: f32, down: f32) -> u8 {
    let x = (image.width() as f32 * across) as u32;
    let y = (image.height() as f32 * down) as u32;
    image.get_pixel(x, y).0[0]
}

#[test]
fn what_was_typed_into_a_form_is_on_the_page() {
    let look = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 80 20]",
        "0 0 0 rg 0 0 80 20 re f",
    );
    let field = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (typed) /F 4 \
                 /Rect [100 40 180 60] /P 3 0 R /AP << /N 5 0 R >> >>";
    let bytes = one_page(
        "/AcroForm << /Fields [4 0 R] >>",
        "/Annots [4 0 R]",
        &[field, &look],
    );
    let page = open_bytes(bytes).unwrap().page(1).unwrap();
    assert!(tone_at(&page.image, 0.7, 0.5) < 60, "the field");
    assert!(tone_at(&page.image, 0.2, 0.5) > 200, "beside it");
}

#[test]
fn a_stamp_laid_over_a_scan_is_on_the_page() {
    let look = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 100 50]",
        "0 0 0 rg 0 0 100 50 re f",
    );
    let note = "<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 0 100 50] /AP << /N 6 0 R >> >>";
    let scan = stream(
        "/Type /XObject /Subtype /Image /Width 2 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 \
         /Filter /ASCIIHexDecode",
        "FFFF>",
    );
    let content = stream("", "q 200 0 0 100 0 0 cm /S Do Q");
    let bytes = one_page(
        "",
        "/Annots [4 0 R] /Contents 5 0 R /Resources << /XObject << /S 7 0 R >> >>",
        &[note, &content, &look, &scan],
    );
    let page = open_bytes(bytes).unwrap().page(1).unwrap();
    assert!(tone_at(&page.image, 0.25, 0.75) < 60, "the stamp");
    assert!(tone_at(&page.image, 0.75, 0.25) > 200, "the scan");
}

#[test]
fn a_file_whose_table_of_places_is_lost_is_whole_or_refused() {
    let whole = fs::read(fixture("formats/flate.pdf")).unwrap();
    let at = |text: &[u8]| {
        whole
            .windows(text.len())
            .rposition(|part| part == text)
            .unwrap()
    };
    let start = at(b"startxref") + 10;
    let mut wrong_place = whole.clone();
    wrong_place[start..start + 2].copy_from_slice(b"99");
    let mut no_table = whole.clone();
    let table = at(b"\nxref");
    no_table[table..table + 5].copy_from_slice(b"\nlost");
    let mut wrong_rows = whole.clone();
    for byte in &mut wrong_rows[table + 30..table + 60] {
        if byte.is_ascii_digit() {
            *byte = b'7';
        }
    }
    for (name, bytes) in [
        ("wrong place", wrong_place),
        ("no table", no_table),
        ("wrong rows", wrong_rows),
    ] {
        match open_bytes(bytes).and_then(|document| document.page(1)) {
            Ok(page) => {
                assert_eq!(page.image.dimensions(), picture().dimensions(), "{name}");
                assert!(difference(&page.image, &picture()) < 1.0, "{name}");
            }
            Err(error) => assert!(
                matches!(
                    error,
                    DocumentError::Damaged { .. }
                        | DocumentError::NoPages
                        | DocumentError::Truncated { .. }
                ),
                "{name}: {error:?}"
            ),
        }
    }
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn of_five_thousand_pages_the_first_two_thousand_are_read_and_the_rest_is_named() {
    let count = 5_000;
    let kids: Vec<String> = (0..count).map(|page| format!("{} 0 R", page + 3)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!(
            "<< /Type /Pages /Kids [{}] /Count {count} /MediaBox [0 0 9 9] >>",
            kids.join(" ")
        ),
    ];
    objects.extend((0..count).map(|_| "<< /Type /Page /Parent 2 0 R >>".to_owned()));
    let bytes = pdf(&objects);
    let document = Document::from_bytes(bytes.clone(), "stack.pdf", &Limits::default()).unwrap();
    assert_eq!(
        (document.page_count(), document.skipped_pages()),
        (2_000, 3_000)
    );
    assert!(document.page(2_000).is_ok());
    // Read to the end with a smaller limit: the pages left out are named, none is read as another.
    let mut config = Config::default();
    config.limits.pages_per_file = 3;
    let reading = read(&config, Source::bytes("stack.pdf", bytes));
    assert_eq!(reading.pages_without_notice.len(), 3);
    let [rest] = &reading.files_not_read[..] else {
        panic!("{:?}", reading.files_not_read);
    };
    assert!(matches!(
        rest.error,
        IntakeError::TooManyPages {
            read: 3,
            skipped: 4_997
        }
    ));
}

#[test]
fn twenty_thousand_by_twenty_thousand_is_refused_before_it_is_decoded() {
    // All chunks and no pixels: a decoder that looked further would find too few.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend(20_000_u32.to_be_bytes());
    png.extend(20_000_u32.to_be_bytes());
    png.extend([8, 0, 0, 0, 0]);
    let check = crc32(&png[12..]);
    png.extend(check.to_be_bytes());
    let data = png.len() + 4;
    png.extend(b"\0\0\0\x10IDAT\x78\x9c");
    png.extend([0; 14]);
    let check = crc32(&png[data..]);
    png.extend(check.to_be_bytes());
    png.extend(b"\0\0\0\0IEND\xaeB`\x82");
    let error = open_bytes(png).and_then(|document| document.page(1)).err();
    assert!(
        matches!(
            error,
            Some(DocumentError::PageTooLarge {
                page: 1,
                megapixels: 400,
                limit: 120
            })
        ),
        "{error:?}"
    );
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    })
}

#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn pages_of_a_pixel_or_of_a_line_of_pixels_are_pages_without_a_notice() {
    let config = Config::default();
    for (width, height) in [
        (1, 1),
        (2, 3),
        (1, 4_000),
        (4_000, 1),
        (7, 900),
        (3_000, 40),
    ] {
        for tone in [0, 128, 255] {
            let image = GrayImage::from_pixel(width, height, Luma([tone]));
            let scan = noticert::practice::letters::Scan {
                image,
                dpi: (300, 300),
            };
            let reading = read(
                &config,
                Source::bytes("dot.png", encode_png(&scan).unwrap()),
            );
            assert!(reading.sheets.is_empty(), "{width} {height}");
            assert!(reading.files_not_read.is_empty(), "{width} {height}");
            assert_eq!(reading.pages_without_notice.len(), 1, "{width} {height}");
        }
    }
}

/// A scanner's own text recognition errs; what it wrote under the picture must decide nothing.
#[test]
#[ignore = "needs Tesseract with eng and jpn"]
fn hidden_text_that_says_something_else_changes_nothing() {
    let letter = Letter::invent(31, 1, TODAY, &Config::default().rules);
    let page = &draw(&letter, &Style::plain(), &Font::embedded(), 200)[0];
    let plain = encode_pdf(&[PdfPage::Jpeg(page.scan.clone(), 90)]).unwrap();
    let hidden = with_hidden_text(&plain, "999999999999999 ZZZZZZZZZZ");
    let config = Config::default();
    let (one, other) = (
        read(&config, Source::bytes("letter.pdf", plain)),
        read(&config, Source::bytes("letter.pdf", hidden)),
    );
    assert_eq!((one.sheets.len(), other.sheets.len()), (1, 1));
    let (one, other) = (&one.sheets[0], &other.sheets[0]);
    let printed = letter.blocks[0].request_id.as_str();
    assert_eq!(other.request_id.value.as_ref().unwrap().as_str(), printed);
    assert_eq!(one.request_id.status, other.request_id.status);
    assert_eq!(one.status, other.status);
    assert_eq!(one.problems, other.problems);
}

/// The file with invisible text added to its only page's content.
fn with_hidden_text(pdf: &[u8], text: &str) -> Vec<u8> {
    let find = |from: usize, what: &[u8]| {
        from + pdf[from..]
            .windows(what.len())
            .position(|part| part == what)
            .unwrap()
    };
    // The page's content is the stream that draws the image.
    let draws = find(0, b" Do");
    let object = pdf[..draws]
        .windows(4)
        .rposition(|part| part == b" obj")
        .unwrap();
    let (start, end) = (find(object, b"stream") + 7, find(object, b"endstream"));
    let content = &pdf[start..end];
    let font = "/Type /Font /Subtype /Type1 /BaseFont /Helvetica";
    let shown = format!("\nBT 3 Tr /Hidden 12 Tf 100 400 Td ({text}) Tj ET\n");
    let content = [content, shown.as_bytes()].concat();
    let head = &pdf[..object];
    let number = head
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let mut changed = pdf[..number].to_vec();
    changed.extend(&pdf[number..object + 4]);
    changed.extend(format!("\n<< /Length {} >>\nstream\n", content.len()).bytes());
    changed.extend(&content);
    changed.extend(b"endstream");
    changed.extend(&pdf[end + 9..]);
    let resources = b"/Resources";
    let at = changed
        .windows(resources.len())
        .position(|part| part == resources)
        .unwrap();
    let open = at
        + changed[at..]
            .windows(2)
            .position(|part| part == b"<<")
            .unwrap()
        + 2;
    changed.splice(
        open..open,
        format!(" /Font << /Hidden << {font} >> >> ").bytes(),
    );
    // The places have moved: readers find the objects themselves.
    changed
}

fn read(config: &Config, source: Source) -> Reading {
    let cancelled = AtomicBool::new(false);
    Intake::new(config, TODAY)
        .read_files(vec![source], 1, &|_| {}, &cancelled)
        .unwrap()
}
