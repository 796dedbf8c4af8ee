//! The letters: 1, 2, 3 and 12 terminals, each as clean scan, office scan, fax and scanner PDF, and the pages
//! that are none.

use std::error::Error;

use jiff::civil::Date;
use noticert::config::Rules;
use noticert::practice::letters::{
    Grade, Letter, Page, PdfPage, Scan, Style, Truth, Turn, blank_page, cover_page, encode_jpeg,
    encode_pdf, encode_png, encode_tiff_g4, invoice, kaigo_letter, masked_sample,
    old_authority_letter, turn,
};

use crate::Fixture;
use crate::fonts::{Face, Fonts};

/// The day on which all fixtures are read.
pub const TODAY: Date = Date::constant(2026, 11, 21);
/// Dots per inch of what is drawn, before any damage.
pub const DPI: u32 = 300;

/// One letter in one form.
pub struct Case {
    pub name: &'static str,
    pub seed: u64,
    pub terminals: usize,
    pub form: Form,
    pub face: Face,
}

/// In which form a letter arrives.
#[derive(Clone, Copy)]
pub enum Form {
    /// A PNG per page, as drawn.
    Clean,
    /// A JPEG per page, from an office scanner, laid on the glass this way.
    Office(Option<Turn>),
    /// One TIFF.
    Fax(Grade),
    /// One PDF whose first page is a cover.
    Pdf,
}

const fn case(name: &'static str, seed: u64, terminals: usize, form: Form, face: Face) -> Case {
    Case {
        name,
        seed,
        terminals,
        form,
        face,
    }
}

pub const ALL: &[Case] = &[
    case("one-clean", 101, 1, Form::Clean, Face::BizUdGothic),
    case("one-office", 102, 1, Form::Office(None), Face::BizUdMincho),
    case(
        "one-fax",
        103,
        1,
        Form::Fax(Grade::FaxFine),
        Face::IpaExGothic,
    ),
    case("one-pdf", 104, 1, Form::Pdf, Face::NotoSans),
    case("two-clean", 105, 2, Form::Clean, Face::IpaMincho),
    case("two-office", 106, 2, Form::Office(None), Face::BizUdGothic),
    case(
        "two-fax",
        107,
        2,
        Form::Fax(Grade::FaxFine),
        Face::BizUdGothic,
    ),
    case("two-pdf", 108, 2, Form::Pdf, Face::VlGothic),
    case("three-clean", 109, 3, Form::Clean, Face::NotoSerif),
    case(
        "three-office",
        110,
        3,
        Form::Office(None),
        Face::IpaExGothic,
    ),
    case(
        "three-fax",
        111,
        3,
        Form::Fax(Grade::FaxFine),
        Face::VlGothic,
    ),
    case("three-pdf", 112, 3, Form::Pdf, Face::BizUdGothic),
    case("twelve-clean", 113, 12, Form::Clean, Face::BizUdGothic),
    case("twelve-office", 114, 12, Form::Office(None), Face::NotoSans),
    case(
        "twelve-fax",
        115,
        12,
        Form::Fax(Grade::FaxFine),
        Face::BizUdGothic,
    ),
    case("twelve-pdf", 116, 12, Form::Pdf, Face::BizUdGothic),
    case(
        "one-office-sideways",
        117,
        1,
        Form::Office(Some(Turn::Right)),
        Face::BizUdGothic,
    ),
    case(
        "two-office-upside-down",
        118,
        2,
        Form::Office(Some(Turn::Half)),
        Face::VlGothic,
    ),
    case(
        "one-fax-coarse",
        119,
        1,
        Form::Fax(Grade::FaxNormal),
        Face::BizUdGothic,
    ),
];

/// The files of one case and their truth.
pub fn draw(case: &Case, fonts: &Fonts) -> Result<Vec<Fixture>, Box<dyn Error>> {
    let font = fonts.load(case.face)?;
    let letter = Letter::invent(case.seed, case.terminals, TODAY, &Rules::default());
    let style = style(case);
    let pages = noticert::practice::letters::draw(&letter, &style, &font, DPI);
    let mut truth = Truth::on(TODAY);
    let mut files = match case.form {
        Form::Clean => separate(&pages, &letter, &mut truth, "letter", "png", |i| {
            Ok(encode_png(&pages[i].scan)?)
        })?,
        Form::Office(turned) => separate(&pages, &letter, &mut truth, "page", "jpg", |i| {
            let scan = Grade::Office.apply(&pages[i].scan, case.seed + i as u64);
            let scan = turned.map_or(scan.clone(), |way| turn(&scan, way));
            Ok(encode_jpeg(&scan, OFFICE_QUALITY)?)
        })?,
        Form::Fax(grade) => {
            let mut scans = Vec::new();
            for (i, page) in pages.iter().enumerate() {
                scans.push(grade.apply(&page.scan, case.seed + i as u64));
                truth.add_page("fax.tiff", i as u32 + 1, &letter, page);
            }
            vec![("fax.tiff".to_owned(), encode_tiff_g4(&scans)?)]
        }
        Form::Pdf => {
            let cover = cover_page(&letter, &style, &font, DPI);
            truth.add_other("scan.pdf", 1, "cover");
            for (i, page) in pages.iter().enumerate() {
                truth.add_page("scan.pdf", i as u32 + 2, &letter, page);
            }
            let scans = std::iter::once(&cover).chain(pages.iter().map(|page| &page.scan));
            vec![(
                "scan.pdf".to_owned(),
                encode_pdf(&pdf_pages(scans, case.seed))?,
            )]
        }
    };
    let truth = serde_json::to_string_pretty(&truth)? + "\n";
    files.push(("truth.json".to_owned(), truth.into_bytes()));
    Ok(files
        .into_iter()
        .map(|(name, bytes)| Fixture {
            path: format!("notices/{}/{name}", case.name),
            bytes,
        })
        .collect())
}

fn style(case: &Case) -> Style {
    let mut style = Style::varied(case.seed);
    if case.terminals > 3 {
        // Four blocks on a page keep the long letters at three pages.
        style.blocks_per_page = 4;
        style.text_size = 9.0;
        style.row_height = 16.0;
        style.wrap_labels = false;
        style.label_share = 0.5;
        style.end_margin = 44.0;
    }
    style
}

/// A file's name within its case, and its bytes.
type NamedFile = (String, Vec<u8>);

/// A file per page: `letter.png`, or `letter-1.png` and so on.
fn separate(
    pages: &[Page],
    letter: &Letter,
    truth: &mut Truth,
    stem: &str,
    extension: &str,
    encode: impl Fn(usize) -> Result<Vec<u8>, Box<dyn Error>>,
) -> Result<Vec<NamedFile>, Box<dyn Error>> {
    let mut files = Vec::new();
    for (i, page) in pages.iter().enumerate() {
        let name = match pages.len() {
            1 => format!("{stem}.{extension}"),
            _ => format!("{stem}-{}.{extension}", i + 1),
        };
        truth.add_page(&name, 1, letter, page);
        files.push((name, encode(i)?));
    }
    Ok(files)
}

/// Scanners mix grey and black-and-white pages when they choose by themselves.
fn pdf_pages<'a>(scans: impl Iterator<Item = &'a Scan>, seed: u64) -> Vec<PdfPage> {
    scans
        .enumerate()
        .map(|(i, scan)| match i % 3 {
            1 => PdfPage::Jpeg(Grade::Office.apply(scan, seed + i as u64), OFFICE_QUALITY),
            _ => PdfPage::Fax(Grade::Bilevel.apply(scan, seed + i as u64)),
        })
        .collect()
}

/// Pages that must never be read as a notice.
pub fn foreign(fonts: &Fonts) -> Result<Vec<Fixture>, Box<dyn Error>> {
    let font = fonts.load(Face::BizUdGothic)?;
    let letter = |seed, terminals| Letter::invent(seed, terminals, TODAY, &Rules::default());
    let style = Style::varied;
    let pages = [
        (
            "invoice",
            invoice(201, TODAY, &style(201), &font, FOREIGN_DPI),
        ),
        ("blank", blank_page(FOREIGN_DPI)),
        (
            "masked-sample",
            masked_sample(&letter(202, 2), &style(202), &font, FOREIGN_DPI),
        ),
        (
            "masked-ids",
            masked_sample(&letter(203, 1), &style(203), &font, FOREIGN_DPI),
        ),
        (
            "old-authority",
            old_authority_letter(&letter(204, 2), &style(204), &font, FOREIGN_DPI),
        ),
        (
            "kaigo",
            kaigo_letter(&letter(205, 1), &style(205), &font, FOREIGN_DPI),
        ),
        (
            "cover",
            cover_page(&letter(206, 3), &style(206), &font, FOREIGN_DPI),
        ),
    ];
    pages
        .into_iter()
        .map(|(name, scan)| {
            Ok(Fixture {
                path: format!("foreign/{name}.png"),
                bytes: encode_png(&scan)?,
            })
        })
        .collect()
}

const OFFICE_QUALITY: u8 = 60;
const FOREIGN_DPI: u32 = 200;
