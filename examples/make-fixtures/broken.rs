//! Files that must be refused, each for its own reason.

use std::error::Error;

use noticert::config::Rules;
use noticert::practice::letters::{
    Grade, Letter, PdfPage, Style, blank_page, draw, encode_jpeg, encode_pdf, encode_png,
    encode_tiff_g4,
};

use crate::Fixture;
use crate::cases::TODAY;
use crate::fonts::{Face, Fonts};

/// All but `encrypted.pdf`, which was made once with another program (see `fixtures/README.md`).
pub fn all(fonts: &Fonts) -> Result<Vec<Fixture>, Box<dyn Error>> {
    let font = fonts.load(Face::BizUdGothic)?;
    let letter = Letter::invent(301, 2, TODAY, &Rules::default());
    let pages = draw(&letter, &Style::plain(), &font, 150);
    let page = &pages[0].scan;
    let faxed = Grade::FaxFine.apply(page, 301);
    let files: [(&str, Vec<u8>); 8] = [
        ("truncated.png", cut(encode_png(page)?, 60)),
        ("truncated.jpg", cut(encode_jpeg(page, 60)?, 60)),
        // The second page's strip lies in the last third.
        (
            "truncated.tiff",
            cut(encode_tiff_g4(&[faxed.clone(), faxed.clone()])?, 80),
        ),
        (
            "truncated.pdf",
            cut(
                encode_pdf(&[PdfPage::Fax(faxed.clone()), PdfPage::Fax(faxed)])?,
                70,
            ),
        ),
        (
            "not-an-image.png",
            "これは画像ではありません。(not an image; invented)\n".into(),
        ),
        ("empty.png", Vec::new()),
        ("bomb.png", bomb(encode_png(&blank_page(72))?)),
        (
            "no-such-kind.bin",
            (0..=255).cycle().skip(1).take(1_000).collect(),
        ),
    ];
    Ok(files
        .into_iter()
        .map(|(name, bytes)| Fixture {
            path: format!("broken/{name}"),
            bytes,
        })
        .collect())
}

fn cut(mut bytes: Vec<u8>, percent: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() * percent / 100);
    bytes
}

/// A small file that claims 30000 by 30000 pixels, check sum and all.
fn bomb(mut png: Vec<u8>) -> Vec<u8> {
    png[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let check = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&check.to_be_bytes());
    // The first rows are there and end well.
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}
