//! Labels to fields, and the forms that values are written in.
//!
//! Labels are matched by edit distance against the spellings of the configuration, because scans damage
//! them; but two labels that differ by one character (発行者/発行先, 有効期間/有効期限) are never guessed
//! between: a tie is no match. Often only the end of a label is read, which tells the seven apart as well.

use unicode_normalization::UnicodeNormalization;

use crate::config::LetterLabels;
use crate::domain::edit_distance;
use crate::intake::reader::{OTHER, glyphnet_knows};

pub mod blocks;
pub mod dates;

/// The rows of the letter. A row may hold two fields (有効期間).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Label {
    /// 発行者
    Issuer,
    /// 発行先
    InstitutionCode,
    /// 端末名称
    TerminalName,
    /// リクエストID
    RequestId,
    /// リファレンスID
    ReferenceId,
    /// 有効期間
    Validity,
    /// 有効期限
    RetrievalDeadline,
}

/// The known spellings of every label, folded.
pub struct Labels {
    spellings: Vec<(Label, Vec<char>)>,
    /// As the network sees them, of those that it knows most characters of.
    seen: Vec<(Label, Vec<char>)>,
}

impl Labels {
    /// Takes the spellings of the configuration.
    pub fn new(letter: &LetterLabels) -> Self {
        let all = [
            (Label::Issuer, &letter.issuer),
            (Label::InstitutionCode, &letter.institution_code),
            (Label::TerminalName, &letter.terminal_name),
            (Label::RequestId, &letter.request_id),
            (Label::ReferenceId, &letter.reference_id),
            (Label::Validity, &letter.validity),
            (Label::RetrievalDeadline, &letter.retrieval_deadline),
        ];
        let spellings = all.into_iter().flat_map(|(label, spellings)| {
            spellings.iter().map(move |text| (label, fold_label(text)))
        });
        let spellings: Vec<_> = spellings.filter(|(_, text)| !text.is_empty()).collect();
        let seen = spellings.iter().filter_map(|(label, text)| {
            let seen: Vec<char> = text.iter().map(|c| as_seen(*c)).collect();
            let unknown = seen.iter().filter(|c| **c == OTHER).count();
            (unknown > 0 && unknown * 3 <= seen.len()).then_some((*label, seen))
        });
        Self {
            seen: seen.collect(),
            spellings,
        }
    }

    /// The label that `text`, or a label ending in `text`, is; `None` when it is none or could be two.
    pub fn find(&self, text: &str) -> Option<Label> {
        let text = fold_label(text);
        if text.len() < SHORTEST_LABEL {
            return None;
        }
        let mut nearest: Vec<(Label, usize)> = Vec::new();
        for (label, spelling) in &self.spellings {
            let distance = distance_to_end(&text, spelling);
            match nearest.iter_mut().find(|(known, _)| known == label) {
                Some((_, best)) => *best = (*best).min(distance),
                None => nearest.push((*label, distance)),
            }
        }
        nearest.sort_by_key(|(_, distance)| *distance);
        let (label, best) = *nearest.first()?;
        let second = nearest.get(1).map_or(usize::MAX, |(_, distance)| *distance);
        // Damage could have turned one label into the other unless a second character speaks against it.
        let margin = if best == 0 { 1 } else { 2 };
        (best <= text.len() / 4 && second >= best.saturating_add(margin)).then_some(label)
    }

    /// The label whose spelling the network would see as just this `text`, with its mark for characters that it does
    /// not know.
    pub fn find_as_seen(&self, text: &str) -> Option<Label> {
        let text = folded(text, &['ー', OTHER]);
        let mut found = self.seen.iter().filter(|(_, seen)| *seen == text);
        let (label, _) = found.next()?;
        found.all(|(other, _)| other == label).then_some(*label)
    }

    /// The label that `text` names by two of its spellings: 発行先 医療機関コード.
    pub fn find_said_twice(&self, text: &str) -> Option<Label> {
        let text = fold_label(text);
        let spelled = |part: &[char]| {
            let mut known = self.spellings.iter();
            known
                .find(|(_, spelling)| *spelling == part)
                .map(|(label, _)| *label)
        };
        (1..text.len()).find_map(|at| {
            let (first, second) = text.split_at(at);
            spelled(first).filter(|label| spelled(second) == Some(*label))
        })
    }

    /// Whether `text` is one of the spellings, to the letter.
    pub fn is_spelled_out(&self, text: &str) -> bool {
        let text = fold_label(text);
        self.spellings.iter().any(|(_, spelling)| *spelling == text)
    }
}

/// NFKC without blanks, marks and brackets; Latin letters as capitals.
fn fold_label(text: &str) -> Vec<char> {
    folded(text, &['ー'])
}

/// NFKC in capitals, of which letters, digits and `marks` are left.
fn folded(text: &str, marks: &[char]) -> Vec<char> {
    let kept = |c: &char| c.is_alphanumeric() || marks.contains(c);
    text.nfkc()
        .flat_map(char::to_uppercase)
        .filter(kept)
        .collect()
}

fn as_seen(c: char) -> char {
    match glyphnet_knows(c) {
        true => c,
        false => OTHER,
    }
}

/// How far `text` is from `spelling`, or from as much of its end as was read.
fn distance_to_end(text: &[char], spelling: &[char]) -> usize {
    let whole = edit_distance(text, spelling);
    let end = &spelling[spelling.len().saturating_sub(text.len())..];
    // An end needs three characters to say which label it is.
    match text.len() >= SHORTEST_END {
        true => whole.min(edit_distance(text, end)),
        false => whole,
    }
}

/// 発行者 has three characters; two could be anything.
const SHORTEST_LABEL: usize = 3;
const SHORTEST_END: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Option<Label> {
        Labels::new(&LetterLabels::default()).find(text)
    }

    #[test]
    fn labels_are_found_through_damage() {
        let cases = [
            ("発行者", Label::Issuer),
            ("発 行 先", Label::InstitutionCode),
            ("端末名称：", Label::TerminalName),
            ("端未名称", Label::TerminalName),
            (
                "電子証明書ダウンロードサイリファレンスID",
                Label::ReferenceId,
            ),
            (
                "電子証明書ダウンロードサイトリクエストＩＤ",
                Label::RequestId,
            ),
            ("電子証朋書ダウンロードサイトリクエストTD", Label::RequestId),
            ("リクエストID", Label::RequestId),
            ("エストID", Label::RequestId),
            ("レンスID", Label::ReferenceId),
            ("電子証明書有効期間", Label::Validity),
            ("書有効期間", Label::Validity),
            ("サイト有効期限", Label::RetrievalDeadline),
            (
                "電子証明書ダウンロードサイト有効期限",
                Label::RetrievalDeadline,
            ),
        ];
        for (text, label) in cases {
            assert_eq!(find(text), Some(label), "{text}");
        }
    }

    #[test]
    fn what_could_be_two_labels_is_none() {
        for text in [
            "発行耆",
            "発行",
            "有郊期間",
            "電子証明書ダウンロードサイト",
            "ID",
            "",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn other_letters_labels_are_none() {
        for text in [
            "受付番号",
            "仮パスワード",
            "ユーザID",
            "利用開始日",
            "請求金額",
            "事業所番号",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
