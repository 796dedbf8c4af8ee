//! What a read came to, page by page: a double feed loses a letter in silence, and only counting shows it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Text;
use crate::intake::Reading;

/// The pages of a read by what they are, and what stands on them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Pages looked at, those that could not be read among them; a page that shows several sheets counts as those.
    pub pages: usize,
    /// Pages with a notice.
    pub notices: usize,
    /// White pages.
    pub blank: usize,
    /// Cover pages.
    pub covers: usize,
    /// Other pages without a notice, samples among them.
    pub others: usize,
    /// Pages that could not be read, those that may be notices among them.
    pub unread: usize,
    /// Terminals, each request ID counted once.
    pub terminals: usize,
    /// For each institution code the number of pages that it stands on.
    pub institutions: BTreeMap<String, usize>,
}

/// What the person who fed the scanner knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Expectation {
    /// Pages with a notice.
    pub notices: Option<usize>,
    /// Terminals.
    pub terminals: Option<usize>,
}

impl Tally {
    /// Counts `reading`.
    pub fn of(reading: &Reading) -> Self {
        let of_code = |code: &str| {
            let pages = reading.pages_without_notice.iter();
            pages.filter(|page| page.code == code).count()
        };
        let mut notices = BTreeSet::new();
        let mut institutions: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        let mut request_ids = BTreeSet::new();
        let mut without_id = 0;
        for sheet in &reading.sheets {
            let page = (sheet.source.clone(), sheet.page, sheet.part);
            notices.insert(page.clone());
            if let Some(code) = &sheet.institution_code.value {
                let pages = institutions.entry(code.to_string()).or_default();
                pages.insert(page);
            }
            match &sheet.request_id.value {
                Some(id) => _ = request_ids.insert(id.to_string()),
                None => without_id += 1,
            }
        }
        let unread = reading.files_not_read.iter();
        let unread = unread.filter(|file| file.page.is_some()).count();
        let pages = reading.pages_without_notice.iter();
        let doubtful = pages.filter(|page| page.may_be_a_notice()).count();
        let (blank, covers) = (of_code("blank"), of_code("cover"));
        let without_notice = reading.pages_without_notice.len();
        Self {
            pages: notices.len() + without_notice + unread,
            notices: notices.len(),
            blank,
            covers,
            others: without_notice - blank - covers - doubtful,
            unread: unread + doubtful,
            terminals: request_ids.len() + without_id,
            institutions: institutions
                .into_iter()
                .map(|(code, pages)| (code, pages.len()))
                .collect(),
        }
    }

    /// Adds another read's pages. Terminals are added as they are: a request ID on both counts twice.
    pub fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.notices += other.notices;
        self.blank += other.blank;
        self.covers += other.covers;
        self.others += other.others;
        self.unread += other.unread;
        self.terminals += other.terminals;
        for (code, pages) in &other.institutions {
            *self.institutions.entry(code.clone()).or_default() += pages;
        }
    }

    /// The tally in words, one line for the pages and one for the institutions.
    pub fn lines(&self) -> Vec<Text> {
        let mut lines = vec![Text::new(
            format!(
                "ページ {} = 通知書 {} + 送付状 {} + 白紙 {} + その他 {} + 読めない {}。端末 {}台",
                self.pages,
                self.notices,
                self.covers,
                self.blank,
                self.others,
                self.unread,
                self.terminals
            ),
            format!(
                "{} pages = {} notices + {} covers + {} blank + {} others + {} not readable; {} terminals",
                self.pages,
                self.notices,
                self.covers,
                self.blank,
                self.others,
                self.unread,
                self.terminals
            ),
        )];
        if self.institutions.len() > 1 {
            let each = |unit: &str| -> Vec<String> {
                let institutions = self.institutions.iter();
                institutions
                    .map(|(code, pages)| format!("{code}: {pages}{unit}"))
                    .collect()
            };
            lines.push(Text::new(
                format!("医療機関等コード別: {}", each("枚").join("、")),
                format!("by institution code: {}", each(" pages").join(", ")),
            ));
        }
        lines
    }
}

impl Expectation {
    /// What differs between `tally` and what was expected, each with what to do; empty when all is there.
    pub fn differences(&self, tally: &Tally) -> Vec<Text> {
        let of_notices = self
            .notices
            .filter(|expected| *expected != tally.notices)
            .map(|expected| difference(("通知書", "枚", "notices"), expected, tally.notices));
        let of_terminals = self
            .terminals
            .filter(|expected| *expected != tally.terminals)
            .map(|expected| difference(("端末", "台", "terminals"), expected, tally.terminals));
        of_notices.into_iter().chain(of_terminals).collect()
    }
}

fn difference((what, unit, english): (&str, &str, &str), expected: usize, found: usize) -> Text {
    let (ja, en) = match found < expected {
        true => (
            format!(
                "{}{unit}足りません。2枚重ねて送られた紙、スキャンし忘れた紙がないか、原本と数を確かめ、足りない分を読み取り直してください。",
                expected - found
            ),
            format!(
                "{} are missing: look for sheets fed together or not scanned, and read those",
                expected - found
            ),
        ),
        false => (
            format!(
                "{}{unit}多くあります。ほかの医療機関の書面が混ざっていないか、原本と確かめてください。",
                found - expected
            ),
            format!(
                "{} too many: look for letters of somebody else among them",
                found - expected
            ),
        ),
    };
    Text::new(
        format!("{what}は{expected}{unit}のはずですが、{found}{unit}でした。{ja}"),
        format!("{expected} {english} were expected and {found} found. {en}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Doubt, Field, FieldReading, IssuanceReading, PageWithoutNotice, Status};

    fn sheet(page: u32, request_id: &str, code: &str) -> IssuanceReading {
        fn missing<T>() -> FieldReading<T> {
            let nothing = Doubt {
                code: "not-found",
                text: Text::new(Field::Issuer.name(), Field::Issuer.name()),
            };
            FieldReading::missing(nothing)
        }
        let mut sheet = IssuanceReading {
            source: "stack.pdf".to_owned(),
            page,
            index: 1,
            part: None,
            status: Status::Review,
            issuer: missing(),
            institution_code: missing(),
            terminal_name: missing(),
            request_id: missing(),
            reference_id: missing(),
            valid_from: missing(),
            valid_to: missing(),
            retrieval_deadline: missing(),
            problems: Vec::new(),
        };
        sheet.request_id.value = request_id.parse().ok();
        sheet.institution_code.value = code.parse().ok();
        sheet
    }

    fn without(page: u32, code: &'static str) -> PageWithoutNotice {
        PageWithoutNotice {
            source: "stack.pdf".to_owned(),
            page,
            part: None,
            code,
            reason: Text::new("", ""),
        }
    }

    fn stack() -> Tally {
        Tally::of(&Reading {
            sheets: vec![
                sheet(2, "111222333444551", "0110113719"),
                sheet(2, "111222333444552", "0110113719"),
                sheet(4, "111222333444553", "1310111117"),
                // The same letter a second time, and one whose ID nobody could read.
                sheet(5, "111222333444553", "1310111117"),
                sheet(6, "?", "?"),
            ],
            pages_without_notice: vec![
                without(1, "cover"),
                without(3, "blank"),
                without(7, "foreign"),
            ],
            files_not_read: Vec::new(),
            pages: 7,
            cancelled: false,
        })
    }

    #[test]
    fn every_page_is_counted_once() {
        let tally = stack();
        assert_eq!(tally.pages, 7);
        assert_eq!(
            tally.notices + tally.covers + tally.blank + tally.others + tally.unread,
            tally.pages
        );
        assert_eq!(
            (tally.notices, tally.covers, tally.blank, tally.others),
            (4, 1, 1, 1)
        );
        assert_eq!(
            tally.terminals, 4,
            "a request ID is one terminal, an unread one too"
        );
        let institutions: Vec<usize> = tally.institutions.values().copied().collect();
        assert_eq!(institutions, [1, 2]);
        assert_eq!(tally.lines().len(), 2);
    }

    #[test]
    fn what_is_missing_or_too_many_is_said() {
        let tally = stack();
        let expect = |notices, terminals| {
            let expectation = Expectation { notices, terminals };
            expectation.differences(&tally)
        };
        assert!(expect(None, None).is_empty());
        assert!(expect(Some(4), Some(4)).is_empty());
        let missing = expect(Some(6), Some(4));
        assert_eq!(missing.len(), 1);
        assert!(missing[0].ja.contains("2枚足りません"), "{}", missing[0].ja);
        let more = expect(Some(4), Some(3));
        assert!(more[0].ja.contains("1台多く"), "{}", more[0].ja);
    }
}
