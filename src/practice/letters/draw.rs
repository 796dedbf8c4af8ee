//! A letter on A4: title, date, one ruled label/value table per terminal, notes, small print.

pub(super) mod table;

use std::ops::Range;

use self::table::{Row, Table, Value};
use super::canvas::{A4, Canvas, Type};
use super::font::Font;
use super::invent::{Block, Letter};
use super::style::Style;
use super::{Scan, random::Random};
use crate::domain::grouped;

/// One drawn page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What a scanner sees.
    pub scan: Scan,
    /// Which blocks of the letter stand on it.
    pub blocks: Range<usize>,
}

/// Draws `letter` at `dpi`, as many pages as its blocks need.
pub fn draw(letter: &Letter, style: &Style, font: &Font, dpi: u32) -> Vec<Page> {
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
    draw_tables(&tables, &wording, style, font, dpi)
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
        Row::new(&["発行者"], Value::Words(block.issuer.as_str().to_owned())),
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
        ),
        Row::new(
            REFERENCE_LABEL,
            // Invented, and the purpose of this page is to show it.
            Value::Unbroken(printed_id(block.reference_id.expose(), style)),
        ),
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
        true => widened(&grouped(id), style),
        false => widened(id, style),
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
pub(super) fn draw_tables(
    tables: &[Table],
    wording: &Wording,
    style: &Style,
    font: &Font,
    dpi: u32,
) -> Vec<Page> {
    let ranges = paginate(tables, wording, style, font);
    let count = ranges.len();
    ranges
        .into_iter()
        .enumerate()
        .map(|(i, blocks)| {
            let mut sheet = Sheet::new(style, font, dpi);
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
fn paginate(tables: &[Table], wording: &Wording, style: &Style, font: &Font) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let mut start = 0;
    loop {
        // The head is measured by drawing it: a sheet is cheap and nothing can disagree with itself.
        let mut sheet = Sheet::new(style, font, MEASURING_DPI);
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

/// A page being filled from the top.
pub(super) struct Sheet<'a> {
    pub canvas: Canvas,
    pub style: &'a Style,
    pub font: &'a Font,
    /// The lower edge of what is drawn so far, in points.
    pub y: f32,
}

impl<'a> Sheet<'a> {
    /// An empty page.
    pub(super) fn new(style: &'a Style, font: &'a Font, dpi: u32) -> Self {
        Self {
            canvas: Canvas::a4(dpi),
            style,
            font,
            y: style.end_margin,
        }
    }

    /// Width between the margins.
    pub(super) fn measure(&self) -> f32 {
        A4.0 - 2.0 * self.style.side_margin
    }

    fn room(&self) -> f32 {
        A4.1 - self.style.end_margin - FOOT - self.y
    }

    fn head(&mut self, wording: &Wording, first: bool) {
        let size = self.style.text_size;
        self.right(&wording.date, size);
        if let (true, Some(addressee)) = (first, &wording.addressee) {
            self.left(addressee, size * 1.15);
            for line in &wording.sender {
                self.right(line, size);
            }
        }
        self.y += size;
        self.centred(&wording.title, self.style.title_size);
        self.y += size * 0.6;
        if first {
            self.paragraph(&wording.lead, size);
        }
        self.y += size * 0.4;
    }

    fn notes_height(&self, notes: &[String]) -> f32 {
        let size = self.style.text_size * NOTE_SIZE;
        let lines: usize = notes
            .iter()
            .map(|note| self.broken(note, size, self.measure()).len())
            .sum();
        GAP + lines as f32 * size * LEADING
    }

    fn notes(&mut self, notes: &[String]) {
        self.y += GAP / 2.0;
        for note in notes {
            self.paragraph(note, self.style.text_size * NOTE_SIZE);
        }
    }

    /// Page number and the statement that nothing here is real.
    pub(super) fn foot(&mut self, (number, count): (usize, usize)) {
        let bottom = A4.1 - self.style.end_margin.min(48.0) + 12.0;
        let kind = Type {
            tone: 70,
            ..Type::of(7.5)
        };
        let start = (self.style.side_margin, bottom);
        self.canvas.text(self.font, SMALL_PRINT, start, kind);
        if self.style.page_numbers {
            let text = format!("{number}/{count}");
            let kind = Type::of(9.0);
            let width = self.canvas.measure(self.font, &text, kind);
            let start = (A4.0 - self.style.side_margin - width, bottom);
            self.canvas.text(self.font, &text, start, kind);
        }
    }

    /// A line at the left margin.
    pub(super) fn left(&mut self, text: &str, size: f32) {
        self.line(text, size, |_, _| 0.0);
    }

    /// A line that ends at the right margin.
    pub(super) fn right(&mut self, text: &str, size: f32) {
        self.line(text, size, |room, width| room - width);
    }

    /// A line in the middle.
    pub(super) fn centred(&mut self, text: &str, size: f32) {
        self.line(text, size, |room, width| (room - width) / 2.0);
    }

    /// Text that is broken where the line ends.
    pub(super) fn paragraph(&mut self, text: &str, size: f32) {
        for line in self.broken(text, size, self.measure()) {
            self.left(&line, size);
        }
    }

    fn line(&mut self, text: &str, size: f32, indent: impl Fn(f32, f32) -> f32) {
        let kind = Type::of(size);
        let width = self.canvas.measure(self.font, text, kind);
        let x = self.style.side_margin + indent(self.measure(), width).max(0.0);
        self.y += size * LEADING;
        let baseline = self.y - size * (LEADING - ASCENT);
        self.canvas.text(self.font, text, (x, baseline), kind);
    }

    /// Breaks `text` into lines of at most `width` points, between any two characters as Japanese may.
    pub(super) fn broken(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let kind = Type::of(size);
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        for c in text.chars() {
            let advance = self
                .canvas
                .measure(self.font, c.encode_utf8(&mut [0; 4]), kind);
            if used + advance > width && used > 0.0 {
                lines.push(String::new());
                used = 0.0;
            }
            used += advance;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
        lines
    }
}

/// Ems from one baseline to the next in running text.
const LEADING: f32 = 1.6;
/// Ems from the top of a line to its baseline.
const ASCENT: f32 = 1.1;
/// Points between tables.
const GAP: f32 = 14.0;
/// Points kept free for the foot.
const FOOT: f32 = 14.0;
/// Size of the notes against the text.
const NOTE_SIZE: f32 = 0.86;
/// Text widths in points hardly depend on the resolution; a small page is enough to count lines on.
const MEASURING_DPI: u32 = 72;

/// 取得に関する情報: the page's title (domain fact 11).
pub(super) const TITLE: &str = "電子証明書取得に関する情報";
pub(super) const REQUEST_LABEL: &[&str] = &["電子証明書ダウンロードサイト", " ", "リクエストID"];
pub(super) const REFERENCE_LABEL: &[&str] =
    &["電子証明書ダウンロードサイト", " ", "リファレンスID"];
pub(super) const DEADLINE_LABEL: &[&str] = &["電子証明書ダウンロードサイト", "", "有効期限"];

pub(super) const SMALL_PRINT: &str =
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
        style.grouped_ids = true;
        assert_eq!(printed_id("123456789012345", &style), "12345 67890 12345");
        style.full_width = true;
        assert_eq!(printed_id("1234567", &style), "１２３４５　６７");
    }
}
