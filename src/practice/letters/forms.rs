//! The letter's content in other forms than its own: what another printer of the same letter might set.

use super::canvas::Type;
use super::draw::Sheet;
use super::font::Font;
use super::invent::{Block, Letter};
use super::style::Style;
use super::{Scan, draw::TITLE};

/// How labels and values stand to each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OtherForm {
    /// リクエストID：123…, a line each.
    OneLine,
    /// Each value below its label.
    Below,
    /// One ruled row for each terminal, labels as heads; the institution's code once above.
    Rows,
    /// Label, value, label, value on one ruled line.
    FourColumns,
}

impl OtherForm {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::OneLine, Self::Below, Self::Rows, Self::FourColumns];
}

/// Draws `letter` on one page.
pub fn draw_in_other_form(
    letter: &Letter,
    form: OtherForm,
    style: &Style,
    font: &Font,
    dpi: u32,
) -> Scan {
    let mut sheet = Sheet::new(style, font, dpi);
    sheet.right(&style.printed_date.write(letter.printed), style.text_size);
    sheet.y += style.text_size;
    sheet.centred(TITLE, style.title_size);
    sheet.y += 2.0 * style.text_size;
    if form == OtherForm::Rows {
        rows(&mut sheet, letter);
    } else {
        for block in &letter.blocks {
            match form {
                OtherForm::OneLine => one_line(&mut sheet, block),
                OtherForm::Below => below(&mut sheet, block),
                _ => four_columns(&mut sheet, block),
            }
            sheet.y += 2.0 * style.text_size;
        }
    }
    sheet.foot((1, 1));
    sheet.canvas.into_scan()
}

/// Labels with their values, in an order of its own.
fn fields(block: &Block, style: &Style) -> [(&'static str, String); 6] {
    let date = |date| style.dates.write(date);
    [
        ("端末名称", block.terminal_name.as_str().to_owned()),
        ("医療機関コード", block.institution_code.as_str().to_owned()),
        ("リクエストID", block.request_id.as_str().to_owned()),
        // Invented, and the purpose of this page is to show it.
        ("リファレンスID", block.reference_id.expose().to_owned()),
        ("有効期間", validity(block, style)),
        ("取得期限", date(block.retrieval_deadline)),
    ]
}

fn validity(block: &Block, style: &Style) -> String {
    let (from, to) = (block.valid_from, block.valid_to);
    format!("{}～{}", style.dates.write(from), style.dates.write(to))
}

fn one_line(sheet: &mut Sheet<'_>, block: &Block) {
    let size = sheet.style.text_size;
    for (label, value) in fields(block, sheet.style) {
        sheet.left(&format!("{label}：{value}"), size);
        sheet.y += size * 0.5;
    }
}

fn below(sheet: &mut Sheet<'_>, block: &Block) {
    let size = sheet.style.text_size;
    for (label, value) in fields(block, sheet.style) {
        sheet.left(label, size * 0.85);
        sheet.left(&value, size * 1.1);
        sheet.y += size * 0.8;
    }
}

fn rows(sheet: &mut Sheet<'_>, letter: &Letter) {
    let size = sheet.style.text_size;
    if let Some(block) = letter.blocks.first() {
        let code = format!("医療機関コード：{}", block.institution_code.as_str());
        sheet.left(&code, size);
        sheet.y += size;
    }
    const SHARES: [f32; 5] = [0.18, 0.23, 0.18, 0.27, 0.14];
    let heads = [
        "端末名称",
        "リクエストID",
        "リファレンスID",
        "有効期間",
        "取得期限",
    ];
    row(sheet, &SHARES, &heads.map(str::to_owned));
    for block in &letter.blocks {
        let [name, _, request, reference, validity, deadline] =
            fields(block, sheet.style).map(|(_, value)| value);
        row(
            sheet,
            &SHARES,
            &[name, request, reference, validity, deadline],
        );
    }
}

fn four_columns(sheet: &mut Sheet<'_>, block: &Block) {
    const SHARES: [f32; 4] = [0.18, 0.32, 0.18, 0.32];
    for pair in fields(block, sheet.style).chunks(2) {
        let cells: Vec<String> = pair
            .iter()
            .flat_map(|(label, value)| [(*label).to_owned(), value.clone()])
            .collect();
        row(sheet, &SHARES, &cells);
    }
}

/// One ruled row, its text as small as its narrowest cell demands.
fn row(sheet: &mut Sheet<'_>, shares: &[f32], cells: &[String]) {
    let (left, width) = (sheet.style.side_margin, sheet.measure());
    let (top, height) = (sheet.y, sheet.style.row_height);
    let mut x = left;
    for (share, text) in shares.iter().zip(cells) {
        let room = width * share - 2.0 * PADDING;
        let usual = Type::of(sheet.style.text_size * 0.9);
        let needed = sheet.canvas.measure(sheet.font, text, usual);
        let size = usual.size * (room / needed).min(1.0);
        let baseline = top + (height + size * 0.7) / 2.0;
        let start = (x + PADDING, baseline);
        sheet.canvas.text(sheet.font, text, start, Type::of(size));
        sheet.canvas.vertical((x, top), height, RULE);
        x += width * share;
    }
    sheet.canvas.vertical((x, top), height, RULE);
    sheet.canvas.horizontal((left, top), width, RULE);
    sheet.canvas.horizontal((left, top + height), width, RULE);
    sheet.y += height;
}

/// Points between a rule and the print beside it.
const PADDING: f32 = 4.0;
/// Points.
const RULE: f32 = 0.6;
