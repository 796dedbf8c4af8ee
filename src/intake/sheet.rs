//! One page to what is on it: the notice's blocks, or the reason why there is none.
//!
//! Where the notice's values stand is found by `finding`; each is read, judged and cut out for people. A page
//! without a notice is named by what its title and first cells say.

mod finding;
mod settling;

use std::ops::Range;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::config::Config;
use crate::domain::{
    Crop, InstitutionCode, IssuanceReading, PageWithoutNotice, Part, Problem, Status, Text,
};
use crate::intake::document::RawPage;
use crate::intake::fields::blocks::{BlockLayout, RowLayout};
use crate::intake::fields::{Label, Labels};
use crate::intake::judge::{Evidence, Judge, Place, Seen};
use crate::intake::layout::{Layout, PrintLine, Streaks};
use crate::intake::page::{Page, Spread, Tone, Trouble, Turn, Upright};
use crate::intake::reader::{Alphabet, PRINT_HEIGHT, ReaderError};
use crate::intake::sheet::finding::{Finder, Found};
use crate::intake::values::{Readers, TwoReadings, ValueReader};

/// What a page turned out to be.
#[derive(Clone, Debug)]
pub enum PageOutcome {
    /// The notice's blocks, one per terminal, in reading order.
    Notice(Vec<IssuanceReading>),
    /// No notice, and why.
    WithoutNotice(PageWithoutNotice),
}

/// Reads pages, one after another, with one set of readers.
pub struct SheetReader<'a> {
    labels: Labels,
    judge: Judge<'a>,
    readers: Readers,
}

impl PageOutcome {
    /// Whether nothing is known about the page but that no notice was found.
    fn may_be_a_notice(&self) -> bool {
        matches!(self, Self::WithoutNotice(page) if page.code == FOREIGN || page.may_be_a_notice())
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::WithoutNotice(page) if page.code == BLANK)
    }

    /// Says on which of a page's sheets it stands. Blocks are counted through the page: `before` is how many there
    /// are so far.
    fn put_on(&mut self, part: Part, before: &mut u32) {
        match self {
            Self::Notice(sheets) => {
                for sheet in sheets {
                    *before += 1;
                    sheet.index = *before;
                    sheet.part = Some(part);
                    sheet.problems.push(one_of_several(part));
                }
            }
            Self::WithoutNotice(page) => page.part = Some(part),
        }
    }
}

/// Where a page comes from.
struct Origin<'a> {
    source: &'a str,
    number: u32,
    incomplete: bool,
    grain: f32,
}

impl<'a> SheetReader<'a> {
    /// A reader of sheets by `config`, on the day `today`.
    pub fn new(config: &'a Config, today: Date, readers: Readers) -> Self {
        Self {
            labels: Labels::new(&config.letter),
            judge: Judge { config, today },
            readers,
        }
    }

    /// Reads one page of the file `source`: one outcome, or one for each sheet where the page shows several.
    pub fn read(&mut self, source: &str, page: RawPage) -> Result<Vec<PageOutcome>, ReaderError> {
        let origin = Origin {
            source,
            number: page.number,
            incomplete: page.incomplete,
            grain: page.grain,
        };
        let page = Page::examine(page.image, page.dpi);
        if let Some(spread) = page.spread()
            && let Some(outcomes) = self.read_sheets(&origin, &page, &spread)?
        {
            return Ok(outcomes);
        }
        let (outcome, _) = match self.read_sheet(&origin, &page)? {
            (unread, None) if unread.may_be_a_notice() => match page.straightened() {
                Some(straight) => self.read_sheet(&origin, &straight)?,
                None => (unread, None),
            },
            read => read,
        };
        Ok(vec![outcome])
    }

    /// The sheets of a page that shows several; `None` when none of them is a notice, so that the page is one sheet
    /// in another form.
    fn read_sheets(
        &mut self,
        origin: &Origin<'_>,
        page: &Page,
        spread: &Spread,
    ) -> Result<Option<Vec<PageOutcome>>, ReaderError> {
        let mut found = Vec::new();
        for sheet in page.sheets(spread) {
            found.push(self.read_sheet(origin, &sheet)?);
        }
        let Some(turn) = found.iter().find_map(|(_, turn)| *turn) else {
            return Ok(None);
        };
        let (beside, reversed) = spread.as_read(turn);
        if reversed {
            found.reverse();
        }
        let mut outcomes: Vec<PageOutcome> =
            found.into_iter().map(|(outcome, _)| outcome).collect();
        // Bare glass beside a letter is no page.
        outcomes.retain(|outcome| !outcome.is_blank());
        if let [_, _, ..] = outcomes[..] {
            let of = outcomes.len() as u32;
            let mut before = 0;
            for (outcome, number) in outcomes.iter_mut().zip(1..) {
                outcome.put_on(Part { number, of, beside }, &mut before);
            }
        }
        Ok(Some(outcomes))
    }

    /// Reads one sheet; with the turn that brought a notice upright.
    fn read_sheet(
        &mut self,
        origin: &Origin<'_>,
        page: &Page,
    ) -> Result<(PageOutcome, Option<Turn>), ReaderError> {
        let (source, number, incomplete) = (origin.source, origin.number, origin.incomplete);
        let without = |code, reason| {
            let page = PageWithoutNotice {
                source: source.to_owned(),
                page: number,
                part: None,
                code,
                reason,
            };
            (PageOutcome::WithoutNotice(page), None)
        };
        let mut finder = Finder {
            labels: &self.labels,
            reader: self.readers.glyphs.as_mut(),
        };
        let (upright, layout, blocks) = match finder.find(page)? {
            Found::Notice(upright, layout, blocks) => (upright, layout, blocks),
            Found::Blank => return Ok(without(BLANK, blank())),
            Found::Other(turns, has_ids) => {
                let (code, reason) = self.name_page(&turns, has_ids)?;
                // What is readable enough to be named is named; the rest may be a notice that is not.
                return Ok(match page.trouble() {
                    Some(trouble) if code == FOREIGN => {
                        without(POOR_PICTURE, poor_picture(number, trouble))
                    }
                    _ => without(code, reason),
                });
            }
        };
        let mut all = Vec::new();
        let streaks = layout.streaks(&upright, columns_of_values(&blocks));
        for block in &blocks {
            all.push(self.evidence(&upright, &layout, &streaks, block)?);
        }
        let values = ValueReader {
            page: &upright,
            layout: &layout,
            readers: &mut self.readers,
        };
        settling::settle(&values, &self.judge, &blocks, origin.grain, &mut all);
        let mut sheets = Vec::new();
        for ((block, index), evidence) in blocks.iter().zip(1..).zip(all) {
            if self.is_of_the_old_authority(&upright, &layout, block, &evidence)? {
                return Ok(without("other-authority", other_authority()));
            }
            let place = Place {
                source,
                page: number,
                index,
            };
            let mut sheet = self.judge.block(place, &evidence);
            if incomplete {
                self.judge.incomplete(&mut sheet);
            }
            sheets.push(sheet);
        }
        if sheets.iter().all(is_masked) {
            return Ok(without("masked", masked()));
        }
        self.judge.page(&mut sheets);
        Ok((PageOutcome::Notice(sheets), Some(upright.turn())))
    }

    fn evidence(
        &mut self,
        page: &Upright<'_>,
        layout: &Layout,
        streaks: &Streaks,
        block: &BlockLayout,
    ) -> Result<Evidence, ReaderError> {
        let mut values = ValueReader {
            page,
            layout,
            readers: &mut self.readers,
        };
        let mut evidence = Evidence::default();
        for row in &block.rows {
            let (place, readings) = match row.label {
                Label::Issuer => (&mut evidence.issuer, values.latin(row)?),
                Label::InstitutionCode => {
                    let mut readings = values.digits(row)?;
                    // A wrong check digit is a remark only, but one that asks for a closer look.
                    if readings.as_ref().is_some_and(has_wrong_check_digit) {
                        readings = values.digits_of_one_voice(row)?;
                    }
                    (&mut evidence.institution_code, readings)
                }
                Label::TerminalName => (&mut evidence.terminal_name, values.name(row)?),
                Label::RequestId => (&mut evidence.request_id, values.digits(row)?),
                Label::ReferenceId => (&mut evidence.reference_id, values.alphanumeric(row)?),
                Label::Validity => (&mut evidence.validity, values.dates(row, 2)?),
                Label::RetrievalDeadline => {
                    (&mut evidence.retrieval_deadline, values.dates(row, 1)?)
                }
            };
            let streaked = row.value.iter().any(|line| streaks.cross(&line.area));
            *place = readings.map(|readings| seen(page, readings, streaked));
        }
        Ok(evidence)
    }

    /// Whether the issuer's line names the authority before the present one (domain fact 3).
    fn is_of_the_old_authority(
        &mut self,
        page: &Upright<'_>,
        layout: &Layout,
        block: &BlockLayout,
        evidence: &Evidence,
    ) -> Result<bool, ReaderError> {
        let (Some(row), Some(issuer)) = (block.row(Label::Issuer), &evidence.issuer) else {
            return Ok(false);
        };
        if self.judge.is_of_the_family(&issuer.readings.first.text()) {
            return Ok(false);
        }
        for by in [By::Network, By::Tesseract] {
            let text = self.texts(page, layout, &row.value, by)?;
            if OTHER_AUTHORITIES.iter().any(|name| text.contains(name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says what a page without a notice is. The network looks first, which knows the words looked for; Tesseract
    /// where it sees none of them.
    fn name_page(
        &mut self,
        turns: &[(Upright<'_>, Layout)],
        has_ids: bool,
    ) -> Result<(&'static str, Text), ReaderError> {
        let mut is_the_letter = has_ids;
        for by in [By::Network, By::Tesseract] {
            for (page, layout) in turns {
                let text = self.texts(page, layout, &lines_that_name(layout), by)?;
                let names = |words: &[&str]| words.iter().any(|word| text.contains(word));
                if names(&COVERS) {
                    return Ok(("cover", cover()));
                }
                if names(&OTHER_AUTHORITIES) {
                    return Ok(("other-authority", other_authority()));
                }
                is_the_letter |= text.contains(TITLE);
            }
        }
        match is_the_letter {
            true => Ok((UNREAD_NOTICE, unread_notice())),
            false => Ok((FOREIGN, foreign())),
        }
    }

    /// What stands on `lines`, folded, without blanks. Never used for a value.
    fn texts(
        &mut self,
        page: &Upright<'_>,
        layout: &Layout,
        lines: &[PrintLine],
        by: By,
    ) -> Result<String, ReaderError> {
        let mut text = String::new();
        let reader = match by {
            By::Network => Some(self.readers.glyphs.as_mut()),
            By::Tesseract => self.readers.japanese.as_deref_mut(),
        };
        let Some(reader) = reader else {
            return Ok(text);
        };
        for line in lines {
            let pixels = (line.glyph as u32 * layout.step).max(1) as f32;
            let image = page.line(
                layout.on_page(line.area, 1),
                PRINT_HEIGHT / pixels,
                Tone::Grey,
            );
            let reading = reader.read_line(&image, Alphabet::Any)?;
            text.extend(reading.text().nfkc());
            text.push('\n');
        }
        Ok(text)
    }
}

/// A page's title and its first cells.
fn lines_that_name(layout: &Layout) -> Vec<PrintLine> {
    let cells = layout.tables.iter().flat_map(|table| &table.bands);
    let cells = cells
        .flat_map(|band| &band.cells)
        .flat_map(|cell| &cell.lines);
    // The title is what is printed largest, wherever the layout put it.
    let mut lines: Vec<PrintLine> = layout.loose.iter().chain(cells.clone()).cloned().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.glyph));
    lines.truncate(TITLES_READ);
    lines.extend(cells.take(CELLS_READ).cloned());
    lines
}

/// Who reads what a page is.
#[derive(Clone, Copy)]
enum By {
    Network,
    Tesseract,
}

fn seen(page: &Upright<'_>, readings: TwoReadings, streaked: bool) -> Seen {
    let crop: Option<Crop> = page.crop(readings.bounding_box);
    Seen {
        readings,
        crop,
        streaked,
    }
}

/// From the first to the last column in which a value stands.
fn columns_of_values(blocks: &[BlockLayout]) -> Range<usize> {
    let rows = blocks.iter().flat_map(|block| &block.rows);
    let areas = rows.filter_map(RowLayout::value_area);
    let all = areas.reduce(|sum, area| sum.with(&area));
    all.map_or(0..0, |all| all.left..all.right)
}

fn has_wrong_check_digit(readings: &TwoReadings) -> bool {
    let code: Result<InstitutionCode, _> = readings.first.text().parse();
    code.is_ok_and(|code| !code.luhn_holds())
}

/// A sheet whose secret half is a mask: a sample from a guide.
fn is_masked(sheet: &IssuanceReading) -> bool {
    [sheet.request_id.status, sheet.reference_id.status].contains(&Status::Rejected)
}

/// Tells the person who holds the paper which of the sheets it is.
fn one_of_several(part: Part) -> Problem {
    let (of, place) = (part.of, part.place());
    Problem {
        code: "one-of-several",
        text: Text::new(
            format!(
                "{of}枚の紙が1ページに写っています。これはその{}です。",
                place.ja
            ),
            format!(
                "the page shows {of} sheets; this is the one on: {}",
                place.en
            ),
        ),
    }
}

fn blank() -> Text {
    Text::new("白紙です。", "the page is blank")
}

fn masked() -> Text {
    Text::new(
        "IDが伏せ字（〇など）の見本です。実際の通知書を読み取ってください。",
        "a sample with masked IDs: scan the real notice",
    )
}

fn cover() -> Text {
    Text::new(
        "送付状です。通知書ではありません。",
        "a cover page, not a notice",
    )
}

fn other_authority() -> Text {
    Text::new(
        "別の認証局または別のサービスの書面です。電子証明書発行通知書ではありません。",
        "a letter of another authority or service, not this notice",
    )
}

fn poor_picture(page: u32, trouble: Trouble) -> Text {
    match trouble {
        Trouble::Coarse(dpi) => Text::new(
            format!(
                "{page}枚目は画素が粗すぎて読めません（約{dpi}dpi）。スキャナーの設定を300dpiにして、もう一度読み取ってください。"
            ),
            format!(
                "page {page} is too coarse to read (about {dpi} dpi): scan it again at 300 dpi"
            ),
        ),
        Trouble::Dark => Text::new(
            format!(
                "{page}枚目が暗すぎて読めません。明るい所で撮り直すか、スキャナーの濃度を下げて、もう一度読み取ってください。"
            ),
            format!("page {page} is too dark to read: scan it again, lighter"),
        ),
        Trouble::Pale => Text::new(
            format!(
                "{page}枚目は文字が薄すぎて読めません。スキャナーの濃度を上げて、もう一度読み取ってください。"
            ),
            format!("the print on page {page} is too pale to read: scan it again, darker"),
        ),
        Trouble::Blurred => Text::new(
            format!(
                "{page}枚目はぼやけていて読めません。紙を平らに置き、ピントを合わせて、もう一度読み取ってください。"
            ),
            format!("page {page} is too blurred to read: lay it flat, focus, and scan it again"),
        ),
    }
}

fn unread_notice() -> Text {
    Text::new(
        "通知書のようですが、項目の並びを読み取れませんでした。まっすぐ、はっきり読み取り直してください。だめなら noticert add で手入力してください。",
        "it looks like the notice, but its fields could not be made out: scan it again, straight and sharp, or type it in with add",
    )
}

fn foreign() -> Text {
    Text::new(
        "電子証明書発行通知書の項目が見つかりません。別の書面であれば問題ありません。通知書であれば、まっすぐ、はっきり読み取り直してください。",
        "no fields of the notice were found: if it is the notice, scan it again, straight and sharp",
    )
}

/// The authority before the present one, and services that send letters of their own (domain facts 3 and 50).
const OTHER_AUTHORITIES: [&str; 6] = [
    "専用認証局",
    "介護",
    "電子請求受付",
    "HPKI",
    "マイナ在宅",
    "マイナ資格確認アプリ",
];
const COVERS: [&str; 6] = [
    "送付",
    "送信票",
    "送信状",
    "送り状",
    "FAX送信",
    "カバーレター",
];
/// The title of the page that holds the IDs (domain fact 11); the letter's other pages have another.
const TITLE: &str = "取得に関する情報";
const BLANK: &str = "blank";
const FOREIGN: &str = "foreign";
const UNREAD_NOTICE: &str = "unread-notice";
const POOR_PICTURE: &str = "poor-picture";
const TITLES_READ: usize = 4;
const CELLS_READ: usize = 6;
