//! A letter on A4: title, date, one ruled label/value table per terminal, notes, small print.

mod sheet;
pub(super) mod table;

use std::ops::Range;

use self::sheet::GAP;
pub(super) use self::sheet::Sheet;
use self::table::{Face, Row, Table, Value};
use super::font::Faces;
use super::invent::{Block, Letter};
use super::style::Style;
use super::{Scan, random::Random};
use crate::domain::in_groups;

/// One drawn page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What a scanner sees.
    pub scan: Scan,
    /// Which blocks of the letter stand on it.
    pub blocks: Range<usize>,
}

/// Draws `letter` at `dpi`, as many pages as its blocks need, in one font or several.
pub fn draw<'a>(
    letter: &Letter,
    style: &Style,
    faces: impl Into<Faces<'a>>,
    dpi: u32,
) -> Vec<Page> {
    let tables: Vec<Table> = letter
        .blocks
        .iter()
        .enumerate()
        .map(|(i, block)| {
            let caption = style.captions.then(|| format!("{}台目", i + 1));
            Table::new(caption, block_rows(block, style))
        })
        .collect();
    let wording = Wording::of_letter(letter, style);
    draw_tables(&tables, &wording, style, faces, dpi)
}

/// The words around the tables.
pub(super) struct Wording {
    pub date: String,
    pub addressee: Option<String>,
    pub sender: Vec<String>,
    pub title: String,
    pub lead: String,
    pub notes: Vec<String>,
}

impl Wording {
    fn of_letter(letter: &Letter, style: &Style) -> Self {
        let mut random = Random::fork(letter.seed, "wording");
        let addressed = style.addressed;
        Self {
            date: style.printed_date.write(letter.printed),
            addressee: addressed.then(|| format!("{}　御中", letter.institution)),
            sender: match addressed {
                true => vec![random.pick(SENDERS).to_owned()],
                false => Vec::new(),
            },
            title: TITLE.to_owned(),
            lead: random.pick(LEADS).to_owned(),
            notes: vec![
                format!("注1　{}", random.pick(FIRST_NOTES)),
                format!("注2　{}", random.pick(SECOND_NOTES)),
            ],
        }
    }
}

/// The seven rows of one terminal, labels as on the letter (domain fact 12).
fn block_rows(block: &Block, style: &Style) -> Vec<Row> {
    let date = |date| style.dates.write(date);
    vec![
        Row::new(&["発行者"], Value::Words(block.issuer.as_str().to_owned())).set_in(Face::Issuer),
        Row::new(
            &["発行先"],
            Value::Unbroken(widened(block.institution_code.as_str(), style)),
        ),
        Row::new(
            &["端末名称"],
            Value::Text(block.terminal_name.as_str().to_owned()),
        ),
        Row::new(
            REQUEST_LABEL,
            Value::Unbroken(printed_id(block.request_id.as_str(), style)),
        )
        .set_in(Face::Ids),
        Row::new(
            REFERENCE_LABEL,
            // Invented, and the purpose of this page is to show it.
            Value::Unbroken(printed_id(block.reference_id.expose(), style)),
        )
        .set_in(Face::Ids),
        Row::new(
            &["電子証明書有効期間"],
            range(&date(block.valid_from), &date(block.valid_to), style),
        ),
        Row::new(
            DEADLINE_LABEL,
            Value::Unbroken(date(block.retrieval_deadline)),
        ),
    ]
}

/// First and last day with the style's sign between them.
pub(super) fn range(from: &str, to: &str, style: &Style) -> Value {
    let blank = if style.spaced_range { " " } else { "" };
    Value::Range(
        format!("{from}{blank}{}", style.range_sign),
        format!("{blank}{to}"),
    )
}

fn printed_id(id: &str, style: &Style) -> String {
    match style.grouped_ids {
        Some(length) => widened(&in_groups(id, length), style),
        None => widened(id, style),
    }
}

fn widened(text: &str, style: &Style) -> String {
    if !style.full_width {
        return text.to_owned();
    }
    let wide = |c: char| match c {
        ' ' => '　',
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(wide).collect()
}

/// Any tables with any words around them, over as many pages as they need.
pub(super) fn draw_tables<'a>(
    tables: &[Table],
    wording: &Wording,
    style: &Style,
    faces: impl Into<Faces<'a>>,
    dpi: u32,
) -> Vec<Page> {
    let faces = faces.into();
    let ranges = paginate(tables, wording, style, faces);
    let count = ranges.len();
    ranges
        .into_iter()
        .enumerate()
        .map(|(i, blocks)| {
            let mut sheet = Sheet::new(style, faces, dpi);
            sheet.head(wording, i == 0);
            for table in &tables[blocks.clone()] {
                sheet.table(table);
            }
            if i + 1 == count {
                sheet.notes(&wording.notes);
            }
            sheet.foot((i + 1, count));
            Page {
                scan: sheet.canvas.into_scan(),
                blocks,
            }
        })
        .collect()
}

/// Which tables stand on which page.
fn paginate(
    tables: &[Table],
    wording: &Wording,
    style: &Style,
    faces: Faces<'_>,
) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let mut start = 0;
    loop {
        // The head is measured by drawing it: a sheet is cheap and nothing can disagree with itself.
        let mut sheet = Sheet::new(style, faces, MEASURING_DPI);
        sheet.head(wording, pages.is_empty());
        let room = sheet.room() - sheet.notes_height(&wording.notes);
        let mut used = 0.0;
        let fitting = tables[start..]
            .iter()
            .take(style.blocks_per_page.max(1))
            .take_while(|table| {
                used += table.height(&sheet) + GAP;
                used <= room
            })
            .count();
        let end = (start + fitting.max(1)).min(tables.len());
        pages.push(start..end);
        start = end;
        if start >= tables.len() {
            return pages;
        }
    }
}

/// Text widths in points hardly depend on the resolution; a small page is enough to count lines on.
const MEASURING_DPI: u32 = 72;

/// 取得に関する情報: the page's title (domain fact 11).
pub(super) const TITLE: &str = "電子証明書取得に関する情報";
pub(super) const REQUEST_LABEL: &[&str] = &["電子証明書ダウンロードサイト", " ", "リクエストID"];
pub(super) const REFERENCE_LABEL: &[&str] =
    &["電子証明書ダウンロードサイト", " ", "リファレンスID"];
pub(super) const DEADLINE_LABEL: &[&str] = &["電子証明書ダウンロードサイト", "", "有効期限"];

const SMALL_PRINT: &str =
    "これは練習用の架空の書面です。実在の機関とは関係ありません。(invented for practice)";

const SENDERS: &[&str] = &[
    "架空認証事務局（練習用）",
    "練習用証明書発行センター",
    "架空ネットワーク認証窓口（練習用）",
];

const LEADS: &[&str] = &[
    "お申し込みの証明書を発行しましたので、取得に必要な情報をお知らせします。",
    "発行した証明書の取得に使う情報は次の表のとおりです。端末ごとに取得してください。",
    "このたび発行した証明書について、下記のとおりご案内いたします。",
];

const FIRST_NOTES: &[&str] = &[
    "取得した証明書は大切に保管し、USBメモリ等の別の媒体にも控えを作成してください。",
    "証明書のファイルは控えを取り、鍵のかかる場所で保管してください。",
    "この用紙と取得したファイルは、紛失しないよう保管をお願いします。",
];

const SECOND_NOTES: &[&str] = &[
    "どの端末の証明書か分かるよう、端末本体に端末名称のラベルを貼ってください。",
    "証明書は表に記された端末で使用します。端末に名称を表示してください。",
    "端末を取り違えないよう、名称を機器に明示してください。",
];

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::super::canvas::A4;
    use super::super::font::Font;
    use super::*;
    use crate::config;

    fn letter(terminals: usize) -> Letter {
        let today = Date::constant(2026, 11, 21);
        Letter::invent(5, terminals, today, &config::Rules::default())
    }

    #[test]
    fn every_block_is_drawn_once_and_in_order() {
        let font = Font::embedded();
        for terminals in [1, 2, 3, 12] {
            for seed in 0..12 {
                let pages = draw(&letter(terminals), &Style::varied(seed), &font, 60);
                let blocks: Vec<usize> =
                    pages.iter().flat_map(|page| page.blocks.clone()).collect();
                assert_eq!(blocks, (0..terminals).collect::<Vec<_>>(), "style {seed}");
            }
        }
    }

    #[test]
    fn the_resolution_does_not_move_a_block_to_another_page() {
        let font = Font::embedded();
        let style = Style::varied(8);
        let blocks = |dpi| -> Vec<_> {
            let pages = draw(&letter(12), &style, &font, dpi);
            pages.into_iter().map(|page| page.blocks).collect()
        };
        assert_eq!(blocks(72), blocks(300));
    }

    #[test]
    fn the_same_letter_is_drawn_with_the_same_pixels() {
        let font = Font::embedded();
        let drawn = || draw(&letter(2), &Style::plain(), &font, 100);
        assert_eq!(drawn(), drawn());
    }

    #[test]
    fn nothing_is_printed_in_the_margins_and_no_table_runs_into_the_foot() {
        let font = Font::embedded();
        for seed in 0..40 {
            let today = Date::constant(2026, 11, 21);
            let letter = Letter::invent(seed, 5, today, &config::Rules::default());
            for style in [Style::varied(seed), Style::unusual(seed)] {
                for page in draw(&letter, &style, &font, 72) {
                    let image = &page.scan.image;
                    let inked = |x: u32, y: u32| image.get_pixel(x, y).0[0] < 200;
                    let side = style.side_margin as u32 - 2;
                    let right = image.width() - side;
                    for y in 0..image.height() {
                        let outside = (0..side).chain(right..image.width());
                        let stray = outside.into_iter().find(|x| inked(*x, y));
                        assert_eq!(stray, None, "seed {seed}, row {y}");
                    }
                    // Between the last line and the small print a strip stays white.
                    let foot = (A4.1 - style.end_margin.min(48.0)) as u32;
                    let strip = foot + 1..foot + 4;
                    let stray = strip
                        .clone()
                        .find(|y| (0..image.width()).any(|x| inked(x, *y)));
                    assert_eq!(stray, None, "seed {seed}, {strip:?}");
                }
            }
        }
    }

    #[test]
    fn full_width_and_grouping_change_what_is_printed() {
        let mut style = Style::plain();
        assert_eq!(printed_id("123456789012345", &style), "123456789012345");
        style.grouped_ids = Some(5);
        assert_eq!(printed_id("123456789012345", &style), "12345 67890 12345");
        style.full_width = true;
        assert_eq!(printed_id("1234567", &style), "１２３４５　６７");
    }
}
