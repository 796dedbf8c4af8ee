//! Whether a sentence speaks of nothing but the download that was asked for: an allow-list of words.
//!
//! What a button of an unknown page would agree to cannot be told by a list of bad words, because the next site has
//! another. So a sentence is plain only when every word of it is listed, is a number, is one of the values that were
//! submitted, or stands behind a listed label.

use unicode_normalization::UnicodeNormalization;

use super::caption::Vocabulary;
use crate::config::FormLabels;
use crate::retrieval::phrases::{FormWords, fold_label};

/// The words of a page that asks for nothing new.
pub(super) struct PlainWords<'a> {
    vocabulary: &'a Vocabulary,
    /// Words in Japanese script, longest first.
    japanese: Vec<String>,
    /// Words in Western letters, each a whole one.
    western: Vec<String>,
    /// Labels of the form and of the issuance.
    labels: Vec<String>,
    /// Marks of a question.
    question: &'a [String],
    /// Marks of a statement of what the press of a button brings with it.
    consequence: &'a [String],
    /// What was submitted, and may be shown again.
    values: [&'a str; 3],
    /// What the page's buttons and links say: named in quotation marks they are no words of a sentence.
    captions: Vec<String>,
}

impl<'a> PlainWords<'a> {
    pub(super) fn new(
        vocabulary: &'a Vocabulary,
        labels: &FormLabels,
        words: &'a FormWords,
        values: [&'a str; 3],
        captions: Vec<String>,
    ) -> Self {
        let of_the_form = [
            &labels.request_id,
            &labels.reference_id,
            &labels.password,
            &labels.password_again,
        ];
        let labels: Vec<&String> = of_the_form
            .into_iter()
            .flatten()
            .chain(&words.value_label)
            .collect();
        let mut japanese = Vec::new();
        let mut western = Vec::new();
        for word in labels.iter().copied().chain(&words.plain) {
            for run in runs(&lower(word)) {
                match is_western(&run) {
                    true => western.push(run),
                    false => japanese.push(run),
                }
            }
        }
        Self {
            vocabulary,
            japanese,
            western,
            labels: labels.iter().map(|label| fold_label(label)).collect(),
            question: &words.question,
            consequence: &words.consequence,
            values,
            captions: captions
                .iter()
                .map(|caption| fold_label(caption))
                .filter(|caption| !caption.is_empty())
                .collect(),
        }
    }

    /// The first of a page's new sentences that is not plain; each is given with whether it is new.
    ///
    /// A page of more new sentences than any that only leads on is not plain either.
    pub(super) fn first_other<'s>(
        &self,
        sentences: impl Iterator<Item = (&'s str, bool)>,
    ) -> Option<&'s str> {
        let mut behind_a_label = false;
        let mut new = 0;
        for (sentence, is_new) in sentences {
            new += usize::from(is_new);
            let is_value = behind_a_label && self.is_value(sentence);
            behind_a_label = self.is_label(sentence);
            if is_new && (new > MOST_SENTENCES || !is_value && !self.is_plain(sentence)) {
                return Some(sentence);
            }
        }
        None
    }

    /// Whether a sentence speaks of nothing but the download.
    pub(super) fn is_plain(&self, sentence: &str) -> bool {
        if sentence.chars().count() > LONGEST_SENTENCE {
            return false;
        }
        let text = lower(&self.without_captions(sentence));
        if self.vocabulary.speaks_of_cost(sentence) || self.vocabulary.speaks_of_loss(&text) {
            return false;
        }
        self.is_made_of_words(&text) || self.is_labelled_value(&text) || self.is_imprint(&text)
    }

    /// Whether a sentence is a question, or asks for a decision.
    pub(super) fn is_question(&self, sentence: &str) -> bool {
        let text = lower(sentence);
        self.question
            .iter()
            .any(|mark| text.contains(mark.as_str()))
    }

    /// Whether a sentence says what pressing the button brings with it, beyond the download.
    pub(super) fn tells_a_consequence(&self, sentence: &str) -> bool {
        let text = lower(sentence);
        self.consequence
            .iter()
            .any(|mark| text.contains(mark.as_str()))
            && !self.is_plain(sentence)
    }

    fn is_made_of_words(&self, text: &str) -> bool {
        runs(text).iter().all(|run| match is_western(run) {
            true => self.is_western_word(run),
            false => self.is_made_of_japanese(run),
        })
    }

    /// A listed word, with or without a number at its end; a number; a part of what was submitted.
    fn is_western_word(&self, run: &str) -> bool {
        let word = run.trim_matches(|c: char| c.is_ascii_digit());
        let listed = |word: &str| self.western.iter().any(|known| known == word);
        word.is_empty()
            || listed(run)
            || listed(word)
            || self.values.iter().any(|v| repeats(v, run))
    }

    /// Whether listed words, one behind the other, are all of a run of Japanese script.
    fn is_made_of_japanese(&self, run: &str) -> bool {
        let mut reached = vec![false; run.len() + 1];
        reached[0] = true;
        for at in 0..run.len() {
            if !reached[at] {
                continue;
            }
            for word in self
                .japanese
                .iter()
                .filter(|word| run[at..].starts_with(word.as_str()))
            {
                reached[at + word.len()] = true;
            }
        }
        reached[run.len()]
    }

    fn is_label(&self, text: &str) -> bool {
        let folded = fold_label(text);
        self.labels.contains(&folded)
    }

    /// `発行先：…` on one line.
    fn is_labelled_value(&self, text: &str) -> bool {
        text.char_indices()
            .filter(|(_, c)| !c.is_alphanumeric())
            .any(|(at, _)| self.is_label(&text[..at]) && self.is_value(&text[at..]))
    }

    /// Whether a text may be what a label announces: a name or a number, and no statement about anything.
    pub(super) fn is_value(&self, text: &str) -> bool {
        let folded = fold_label(text);
        text.chars().count() <= LONGEST_VALUE
            && !STATES.iter().any(|state| folded.contains(state))
            && !self.is_question(text)
            && !self.vocabulary.speaks_of_cost(text)
            && !self.vocabulary.speaks_of_loss(text)
            && !self.vocabulary.names_something_else(text)
            && !self.vocabulary.goes_beyond(text)
    }

    /// The line at a page's foot that says whose it is.
    fn is_imprint(&self, text: &str) -> bool {
        let text = text.trim_start();
        ["©", "copyright", "(c)"]
            .iter()
            .any(|mark| text.starts_with(mark))
            && self.is_value(text)
    }

    /// A sentence without the captions of the page that it names in quotation marks.
    fn without_captions(&self, sentence: &str) -> String {
        let mut kept = String::new();
        let mut rest = sentence;
        while let Some(at) = rest.find(|c| OPENING.contains(c)) {
            let (before, quoted) = rest.split_at(at);
            kept.push_str(before);
            let inner = quoted.trim_start_matches(|c| OPENING.contains(c));
            let (inside, after) = match inner.find(|c| CLOSING.contains(c)) {
                Some(end) => inner.split_at(end),
                None => (inner, ""),
            };
            kept.push(' ');
            if !self.captions.contains(&fold_label(inside)) {
                kept.push_str(inside);
            }
            kept.push(' ');
            rest = after.trim_start_matches(|c| CLOSING.contains(c));
        }
        kept + rest
    }
}

/// Runs of letters and digits, each in one script.
fn runs(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .flat_map(|part| {
            let characters: Vec<char> = part.chars().collect();
            characters
                .chunk_by(|a, b| a.is_ascii() == b.is_ascii())
                .map(|run| run.iter().collect())
                .collect::<Vec<String>>()
        })
        .collect()
}

fn is_western(run: &str) -> bool {
    run.is_ascii()
}

fn lower(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Whether a run is a part of a value, in any case; of one letter it says nothing.
fn repeats(value: &str, run: &str) -> bool {
    let (value, run) = (value.as_bytes(), run.as_bytes());
    run.len() > 1
        && value
            .windows(run.len())
            .any(|part| part.eq_ignore_ascii_case(run))
}

/// What makes a statement of a name.
const STATES: [&str; 16] = [
    "ます",
    "ません",
    "です",
    "する",
    "した",
    "して",
    "され",
    "ください",
    "下さい",
    "よろし",
    "せよ",
    "なる",
    "なり",
    "なく",
    "こと",
    "を",
];

/// Quotation marks in which a page names its buttons.
const OPENING: &str = "「『［[【〔“";

/// Their other halves.
const CLOSING: &str = "」』］]】〕”";

/// Characters of a plain sentence at most.
const LONGEST_SENTENCE: usize = 300;

/// Characters of a value at most.
const LONGEST_VALUE: usize = 60;

/// New sentences of a page that only leads on.
const MOST_SENTENCES: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::phrases::Phrases;

    fn is_plain(sentence: &str) -> bool {
        let labels = FormLabels::default();
        let words = &Phrases::standard().form;
        let vocabulary = Vocabulary::new(&labels, words);
        let captions = vec!["確定する".to_owned(), "取り消す".to_owned()];
        let values = ["123456789012345", "Ab3dE6gH9k", "4071"];
        PlainWords::new(&vocabulary, &labels, words, values, captions).is_plain(sentence)
    }

    #[test]
    fn what_is_made_of_listed_words_numbers_and_submitted_values_is_plain() {
        for sentence in [
            "以下の内容で証明書を取得します。",
            "ＩＤ：Ab3dE6gH9k（１２３４５ ６７８９０ １２３４５）",
            "リファレンスID Ab3*****",
            "「確定する」を押してください。取り消す場合は［取り消す］を押してください。"
                .split_inclusive('。')
                .next()
                .unwrap(),
            "端末名称：受付１号機",
            "Please check the following.",
            "",
        ] {
            assert!(is_plain(sentence), "{sentence}");
        }
    }

    #[test]
    fn one_word_more_is_not_plain() {
        for sentence in [
            "以下の内容で2枚の証明書を取得します。",
            "証明書を再発行します。",
            "以前の証明書を取得します。",
            "「取得を取り消す」を押してください。",
            "取り消すを押してください。",
            "千円",
            "端末名称：1,500円",
            "端末名称：すべて停止します",
            "ファイル名：端末を初期状態に戻す",
            "¥3,300",
            "オプション：受付１号機",
            "Please pay the following.",
            "Copyright fee of 1,500円",
        ] {
            assert!(!is_plain(sentence), "{sentence}");
        }
        assert!(!is_plain(&"証明書".repeat(200)));
    }
}
