//! What a drawn file says, as JSON beside it: what a perfect reading would find.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::draw::Page;
use super::invent::{Block, Letter};

/// The truth about one case: one or more files.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Truth {
    /// Always true: nothing here is real.
    pub invented: bool,
    /// The day on which the letter is read.
    pub today: Date,
    /// One per terminal, in printed order.
    pub sheets: Vec<Sheet>,
    /// Pages that carry none.
    pub pages_without_notice: Vec<PageWithoutNotice>,
}

/// One terminal's block and where it stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sheet {
    /// The file's name.
    pub source: String,
    /// Page in the file, from 1.
    pub page: u32,
    /// Block on the page, from 1.
    pub index: u32,
    /// 発行者
    pub issuer: String,
    /// 発行先
    pub institution_code: String,
    /// 端末名称
    pub terminal_name: String,
    /// リクエストID
    pub request_id: String,
    /// リファレンスID
    pub reference_id: String,
    /// 有効期間, first day
    pub valid_from: Date,
    /// 有効期間, last day
    pub valid_to: Date,
    /// ダウンロードサイト有効期限
    pub retrieval_deadline: Date,
}

/// A page without a notice.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PageWithoutNotice {
    /// The file's name.
    pub source: String,
    /// Page in the file, from 1.
    pub page: u32,
    /// `cover`, `blank`, …
    pub kind: String,
}

impl Truth {
    /// A truth that says nothing yet.
    pub fn on(today: Date) -> Self {
        Self {
            invented: true,
            today,
            sheets: Vec::new(),
            pages_without_notice: Vec::new(),
        }
    }

    /// Adds the blocks of a drawn page that is number `number` of `source`.
    pub fn add_page(&mut self, source: &str, number: u32, letter: &Letter, page: &Page) {
        for (i, block) in letter.blocks[page.blocks.clone()].iter().enumerate() {
            self.sheets
                .push(Sheet::of(block, source, number, i as u32 + 1));
        }
    }

    /// Adds a page that carries no notice.
    pub fn add_other(&mut self, source: &str, number: u32, kind: &str) {
        self.pages_without_notice.push(PageWithoutNotice {
            source: source.to_owned(),
            page: number,
            kind: kind.to_owned(),
        });
    }
}

impl Sheet {
    fn of(block: &Block, source: &str, page: u32, index: u32) -> Self {
        Self {
            source: source.to_owned(),
            page,
            index,
            issuer: block.issuer.as_str().to_owned(),
            institution_code: block.institution_code.to_string(),
            terminal_name: block.terminal_name.to_string(),
            request_id: block.request_id.to_string(),
            // Invented; the truth exists to be compared with.
            reference_id: block.reference_id.expose().to_owned(),
            valid_from: block.valid_from,
            valid_to: block.valid_to,
            retrieval_deadline: block.retrieval_deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Font, Style, draw};
    use super::*;
    use crate::config::Rules;

    #[test]
    fn the_truth_survives_its_json_and_keeps_the_printed_order() {
        let today = Date::constant(2026, 11, 21);
        let letter = Letter::invent(2, 3, today, &Rules::default());
        let mut truth = Truth::on(today);
        truth.add_other("a.pdf", 1, "cover");
        let pages = draw(&letter, &Style::plain(), &Font::embedded(), 60);
        for (i, page) in pages.iter().enumerate() {
            truth.add_page("a.pdf", i as u32 + 2, &letter, page);
        }
        let places: Vec<_> = truth.sheets.iter().map(|s| (s.page, s.index)).collect();
        assert_eq!(places, [(2, 1), (2, 2), (3, 1)]);
        let json = serde_json::to_string(&truth).unwrap();
        assert!(json.contains("\"today\":\"2026-11-21\""));
        assert_eq!(serde_json::from_str::<Truth>(&json).unwrap(), truth);
    }
}
