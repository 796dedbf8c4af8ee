//! Refuses what is broken, each for its own reason and without losing a page in silence.

#[path = "support/documents.rs"]
mod documents;

use std::fs;
use std::io::{self, Read};

use documents::{fixture, formats, name, open, open_bytes, picture, refusal};
use image::GrayImage;
use noticert::config::Limits;
use noticert::intake::document::{Document, DocumentError, OtherKind};

#[test]
fn every_broken_file_is_refused_for_its_own_reason() {
    use DocumentError as E;
    assert!(matches!(
        refusal("broken/truncated.png"),
        E::Truncated { .. }
    ));
    assert!(matches!(
        refusal("broken/truncated.jpg"),
        E::Truncated { .. }
    ));
    assert!(matches!(
        refusal("broken/truncated.pdf"),
        E::Truncated { page: None }
    ));
    assert!(matches!(
        refusal("broken/truncated.tiff"),
        E::Truncated { page: Some(2) }
    ));
    assert!(matches!(refusal("broken/encrypted.pdf"), E::Encrypted));
    assert!(matches!(refusal("formats/locked-rc4.pdf"), E::Encrypted));
    assert!(matches!(refusal("broken/empty.png"), E::Empty));
    assert!(matches!(
        refusal("broken/not-an-image.png"),
        E::UnknownKind {
            looks_like: Some(OtherKind::Text)
        }
    ));
    assert!(matches!(
        refusal("broken/no-such-kind.bin"),
        E::UnknownKind { looks_like: None }
    ));
    assert!(matches!(
        refusal("broken/bomb.png"),
        E::PageTooLarge {
            page: 1,
            megapixels: 900,
            limit: 120
        }
    ));
    assert!(matches!(refusal("broken"), E::IsDirectory));
    let E::Unreadable { source } = refusal("broken/no-such-file.png") else {
        panic!("a missing file has another reason");
    };
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
}

#[test]
fn whole_pages_before_a_cut_are_still_read() {
    let document = open("broken/truncated.tiff").unwrap();
    assert_eq!(document.page_count(), 2);
    assert!(document.page(1).is_ok());
    assert!(document.page(2).is_err());
}

/// Cuts each file at many places. A cut may go unnoticed only where it takes nothing of the picture.
#[test]
fn no_cut_gives_half_a_page_in_silence() {
    for path in formats() {
        let whole = fs::read(&path).unwrap();
        if open_bytes(whole.clone()).is_err() {
            continue;
        }
        let pages: Vec<GrayImage> = open_bytes(whole.clone())
            .unwrap()
            .pages()
            .map(|page| page.unwrap().image)
            .collect();
        let step = (whole.len() / 97).max(1);
        for length in (0..whole.len())
            .step_by(step)
            .chain(whole.len() - 8..whole.len())
        {
            let Ok(document) = open_bytes(whole[..length].to_vec()) else {
                continue;
            };
            let mut read = 0;
            let mut failed = false;
            for (page, expected) in document.pages().zip(&pages) {
                match page {
                    Ok(page) => {
                        assert!(page.image == *expected, "{} cut at {length}", name(&path));
                        read += 1;
                    }
                    Err(_) => failed = true,
                }
            }
            assert!(
                failed || read == pages.len(),
                "{} lost a page at {length}",
                name(&path)
            );
        }
    }
}

/// The PDF is whole, but the image in it is not: what the renderer would fill with white is an error.
#[test]
fn an_image_cut_short_within_a_whole_pdf_is_an_error() {
    let picture = picture();
    for name in [
        "fax",
        "stencil",
        "jpeg",
        "flate",
        "plain",
        "jbig2",
        "jpeg2000",
        "searchable",
        "small-image-and-lines",
    ] {
        let whole = fs::read(fixture(&format!("formats/{name}.pdf"))).unwrap();
        for percent in [5, 30, 60, 90] {
            let cut = with_shorter_image(&whole, percent);
            let result = open_bytes(cut).and_then(|document| document.page(1));
            assert!(
                result.is_err() || result.is_ok_and(|page| page.image == picture),
                "{name} with {percent} % of its image was read"
            );
        }
    }
}

/// Ends the image's stream early, without moving any other byte of the file.
fn with_shorter_image(pdf: &[u8], percent: usize) -> Vec<u8> {
    let find = |from: usize, what: &[u8]| {
        let at = pdf[from..]
            .windows(what.len())
            .position(|window| window == what);
        from + at.unwrap()
    };
    let image = find(0, b"/Subtype /Image");
    let object = pdf[..image]
        .windows(4)
        .rposition(|window| window == b" obj")
        .unwrap();
    let start = find(image, b"stream\n") + 7;
    let end = find(start, b"endstream");
    let kept = (end - start) * percent / 100;
    let mut cut = pdf.to_vec();
    let digits = find(object, b"/Length ") + 8;
    let width = pdf[digits..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    cut[digits..digits + width].copy_from_slice(format!("{kept:0width$}").as_bytes());
    let ending = b"\nendstream\nendobj\n";
    cut[start + kept..end].fill(b' ');
    cut[start + kept..start + kept + ending.len()].copy_from_slice(ending);
    cut
}

/// Other people's files must never end the program, whatever is in them.
#[test]
fn damaged_bytes_are_errors_and_never_panics() {
    let limits = Limits {
        // Damage makes sizes up; none of them may be believed for long.
        megapixels_per_page: 4,
        ..Limits::default()
    };
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = move |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound.max(1) as u64) as usize
    };
    for path in formats() {
        let whole = fs::read(&path).unwrap();
        for _ in 0..12 {
            let mut bytes = whole.clone();
            for _ in 0..=random(6) {
                // Half of the hits go where headers and tables are.
                let reach = if random(2) == 0 {
                    bytes.len()
                } else {
                    bytes.len().min(400)
                };
                let at = random(reach);
                bytes[at] = random(256) as u8;
            }
            if let Ok(document) = Document::from_bytes(bytes, name(&path), &limits) {
                for page in document.pages().take(5).flatten() {
                    assert!(!page.image.is_empty());
                }
            }
        }
    }
}

#[test]
fn pages_beyond_the_limit_are_counted_and_not_read() {
    let limits = Limits {
        pages_per_file: 2,
        ..Limits::default()
    };
    let document = Document::open(&fixture("formats/three-pages.tif"), "t", &limits).unwrap();
    assert_eq!((document.page_count(), document.skipped_pages()), (2, 1));
    assert_eq!(document.pages().count(), 2);
    assert!(document.page(3).is_err());
}

#[test]
fn a_file_beyond_the_limit_is_not_read_into_memory() {
    let limits = Limits {
        megabytes_per_file: 1,
        ..Limits::default()
    };
    let endless = io::repeat(b'a');
    let error = Document::from_reader(endless, "-", &limits).err().unwrap();
    assert!(matches!(error, DocumentError::FileTooLarge { limit: 1 }));
    let bytes = io::repeat(0).take(1_000_001);
    assert!(Document::from_reader(bytes, "-", &limits).is_err());
}

#[test]
fn sizes_are_refused_before_anything_is_allocated_for_them() {
    let too_large = |bytes: Vec<u8>| {
        let result = open_bytes(bytes).and_then(|document| document.page(1));
        matches!(result, Err(DocumentError::PageTooLarge { page: 1, .. }))
    };
    // A JPEG frame of 65500 by 65500.
    let mut jpeg = fs::read(fixture("formats/grey.jpg")).unwrap();
    let frame = jpeg
        .windows(2)
        .position(|marker| marker == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert!(too_large(jpeg));
    // A TIFF of 2^31 rows: the tag 257 of the first directory.
    let mut tiff = fs::read(fixture("formats/gs-tiffg4.tif")).unwrap();
    let tag = tiff
        .windows(4)
        .position(|tag| matches!(tag, [1, 1, 3 | 4, 0]))
        .unwrap();
    tiff[tag + 2..tag + 12].copy_from_slice(&[4, 0, 1, 0, 0, 0, 0, 0, 0, 0x80]);
    assert!(too_large(tiff));
    // A PDF image of 90301 by 90203.
    let pdf = fs::read(fixture("formats/flate.pdf")).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("/Width 301"));
    let pdf = replaced(
        &replaced(&pdf, b"/Width 301", b"/Width 90301"),
        b"/Height 203",
        b"/Height 90203",
    );
    assert!(too_large(pdf));
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn a_vast_page_of_a_pdf_is_drawn_small_enough() {
    let pdf = fs::read(fixture("formats/small-image-and-lines.pdf")).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    let start = text.find("/MediaBox").unwrap();
    let end = start + text[start..].find(']').unwrap() + 1;
    let vast = [&pdf[..start], b"/MediaBox [0 0 14400 14400]", &pdf[end..]].concat();
    let page = open_bytes(vast).unwrap().page(1).unwrap();
    let pixels = u64::from(page.image.width()) * u64::from(page.image.height());
    assert!(pixels <= 120_000_000, "{pixels}");
}

#[test]
fn a_pdf_that_lost_pages_says_so() {
    let pdf = fs::read(fixture("formats/flate.pdf")).unwrap();
    let document = open_bytes(replaced(&pdf, b"/Count 1", b"/Count 3")).unwrap();
    assert_eq!(document.page(1).unwrap().image, picture());
    let lost = document.pages().filter(Result::is_err).count();
    assert_eq!(lost, 1, "one error stands for what is missing");
}

#[test]
fn a_fax_line_that_breaks_the_code_marks_the_page() {
    let whole = fs::read(fixture("formats/g3-1d.tif")).unwrap();
    let mut marked = 0;
    for at in (60..whole.len() - 400).step_by(37) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x18;
        let Ok(page) = open_bytes(bytes).and_then(|document| document.page(1)) else {
            continue;
        };
        if page.image != picture() && page.incomplete {
            marked += 1;
        }
    }
    assert!(marked > 5, "{marked}");
}

#[test]
fn photographs_from_telephones_are_named() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let error = open_bytes(heic).err().unwrap();
    assert!(matches!(
        error,
        DocumentError::UnknownKind {
            looks_like: Some(OtherKind::Heic)
        }
    ));
}
