//! What one caption says: which of the four fields it names, if any.
//!
//! A caption is rarely the bare label: it carries colons, 必須, hints such as 半角数字15桁, or is a whole sentence.
//! Two roles in one caption name none, because a guess here would put a secret into the wrong field.

use unicode_normalization::UnicodeNormalization;

use super::Role;
use crate::config::FormLabels;
use crate::retrieval::phrases::{FormWords, fold_label};

/// What a caption says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Said {
    /// It names this field. `loosely` when only the form as a whole can make sure of it.
    Role {
        /// The field.
        role: Role,
        /// A bare パスワード, which might be another password.
        loosely: bool,
    },
    /// A sentence that mentions one field: a caption only when nothing better is there.
    Mention(Role),
    /// It marks the second entry of something named elsewhere.
    Confirm,
    /// Blank or a hint on how to type.
    Nothing,
    /// It names several fields.
    Several,
    /// It names something else.
    Other(String),
}

/// The labels and words by which captions are read, folded once.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    roles: Vec<(Role, Vec<String>)>,
    submit: Vec<String>,
    never: Vec<String>,
    confirm: Vec<String>,
    password: Vec<String>,
    hint: Vec<String>,
    required: Vec<String>,
    optional: Vec<String>,
    consent: Vec<String>,
    acknowledge: Vec<String>,
    beyond: Vec<String>,
    other_button: Vec<String>,
    lone_button: Vec<String>,
    purpose: Vec<String>,
    other_purpose: Vec<String>,
    cost: Vec<String>,
    loss: Vec<String>,
    some_day: Vec<String>,
    declines: Vec<String>,
    carry_on: Vec<String>,
    other_link: Vec<String>,
}

/// How well a button fits the download.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fit {
    /// It is something else.
    No,
    /// Only because no other is there.
    IfAlone,
    /// It says so among other words.
    Says,
    /// It says just that.
    Exactly,
}

impl Vocabulary {
    /// The configured labels with the words of the phrase table.
    pub(crate) fn new(labels: &FormLabels, words: &FormWords) -> Self {
        let folded = |words: &[String]| -> Vec<String> {
            let mut folded: Vec<String> = words.iter().map(|word| fold_label(word)).collect();
            folded.retain(|word| !word.is_empty());
            folded.sort_by_key(|word| std::cmp::Reverse(word.len()));
            folded
        };
        Self {
            roles: vec![
                (Role::RequestId, folded(&labels.request_id)),
                (Role::ReferenceId, folded(&labels.reference_id)),
                (Role::PasswordAgain, folded(&labels.password_again)),
                (Role::Password, folded(&labels.password)),
            ],
            submit: folded(&labels.submit),
            never: folded(&labels.never),
            confirm: folded(&words.confirm),
            password: folded(&words.password),
            hint: folded(&words.hint),
            required: folded(&words.required),
            optional: folded(&words.optional),
            consent: folded(&words.consent),
            other_button: folded(&words.other_button),
            lone_button: folded(&words.lone_button),
            purpose: folded(&words.purpose),
            other_purpose: folded(&words.other_purpose),
            cost: folded(&words.cost),
            loss: folded(&words.loss),
            some_day: folded(&words.some_day),
            declines: folded(&words.declines),
            acknowledge: folded(&words.acknowledge),
            beyond: folded(&words.beyond),
            carry_on: folded(&words.carry_on),
            other_link: folded(&words.other_link),
        }
    }

    /// Reads one caption.
    pub(crate) fn read(&self, caption: &str) -> Said {
        let whole = fold_label(caption);
        if whole.is_empty() {
            return Said::Nothing;
        }
        let outside = fold_label(&without_brackets(caption));
        let mut roles = self.roles_in(&outside);
        if roles.is_empty() {
            roles = self.roles_in(&whole);
        }
        let again = self.marks_second_entry(caption, &outside, &whole);
        match roles.as_slice() {
            [] => self.read_without_role(caption, &whole, again),
            [role] => {
                let role = match role {
                    Role::Password if again => Role::PasswordAgain,
                    role => *role,
                };
                match is_sentence(caption) {
                    true => Said::Mention(role),
                    false => Said::Role {
                        role,
                        loosely: false,
                    },
                }
            }
            _ => Said::Several,
        }
    }

    /// Whether a caption belongs to a form that is never submitted (失効), unless it speaks of the download too.
    pub(crate) fn is_never(&self, caption: &str) -> bool {
        let folded = fold_label(caption);
        contains_any(&folded, &self.never) && !contains_any(&folded, &self.submit)
    }

    /// Whether a text is about the download: also beside other things, but not only as a part of their names (再発行).
    pub(crate) fn speaks_of_the_download(&self, text: &str) -> bool {
        let mut folded = fold_label(text);
        for word in &self.other_purpose {
            folded = folded.replace(word.as_str(), "|");
        }
        contains_any(&folded, &self.submit) || contains_any(&folded, &self.purpose)
    }

    /// Whether a text is about something else that may ask for the same values (更新, 取消), and not about the download.
    pub(crate) fn is_for_something_else(&self, text: &str) -> bool {
        self.names_something_else(text) && !self.speaks_of_the_download(text)
    }

    /// Whether a text names something else, whatever it says beside it.
    pub(crate) fn names_something_else(&self, text: &str) -> bool {
        contains_any(&fold_label(text), &self.other_purpose)
    }

    /// Whether a text speaks of money.
    pub(crate) fn speaks_of_cost(&self, text: &str) -> bool {
        contains_any(&fold_label(text), &self.cost) || names_a_sum(text)
    }

    /// Whether a text says that something is taken away from a person now.
    pub(crate) fn speaks_of_loss(&self, text: &str) -> bool {
        let folded = fold_label(text);
        contains_any(&folded, &self.loss) && !contains_any(&folded, &self.some_day)
    }

    /// Whether a text names what a person alone may consent to.
    pub(crate) fn goes_beyond(&self, text: &str) -> bool {
        contains_any(&fold_label(text), &self.beyond)
    }

    /// Whether a choice that stands there beforehand is one against what is wanted.
    pub(crate) fn declines(&self, text: &str) -> bool {
        let folded = fold_label(text);
        contains_any(&folded, &self.declines)
            && !["p12", "pfx", "pkcs12"]
                .iter()
                .any(|file| folded.contains(file))
    }

    /// Whether a caption says that its field must be filled.
    pub(crate) fn says_required(&self, caption: &str) -> bool {
        contains_any(&fold_label(caption), &self.required) || caption.nfkc().any(|c| c == '*')
    }

    /// Whether a caption says that its field may stay empty.
    pub(crate) fn says_optional(&self, caption: &str) -> bool {
        contains_any(&fold_label(caption), &self.optional)
    }

    /// Whether a tick's caption asks for consent.
    pub(crate) fn asks_consent(&self, caption: &str) -> bool {
        contains_any(&fold_label(caption), &self.consent)
    }

    /// Whether these captions of one tick only ask a person to have seen what the page shows.
    pub(crate) fn only_acknowledges(&self, captions: &[String]) -> bool {
        let says = |words: &[String]| {
            captions
                .iter()
                .any(|caption| contains_any(&fold_label(caption), words))
        };
        says(&self.acknowledge) && !says(&self.beyond) && !says(&self.never)
    }

    /// Whether a button goes on from a page that asks for nothing.
    pub(crate) fn carries_on(&self, caption: &str) -> bool {
        let folded = fold_label(caption);
        contains_any(&folded, &self.carry_on)
            && !contains_any(&folded, &self.never)
            && !contains_any(&folded, &self.other_purpose)
            && !contains_any(&folded, &self.other_button)
            && !contains_any(&folded, &self.beyond)
    }

    /// Whether a link leads away from the file.
    pub(crate) fn leads_away(&self, caption: &str) -> bool {
        let folded = fold_label(caption);
        [
            &self.never,
            &self.other_button,
            &self.other_link,
            &self.other_purpose,
        ]
        .into_iter()
        .any(|words| contains_any(&folded, words))
    }

    /// How well a button's caption fits the download.
    pub(crate) fn button(&self, caption: &str) -> Fit {
        let folded = fold_label(caption);
        let not_it = [&self.never, &self.other_button, &self.other_purpose];
        if not_it.into_iter().any(|words| contains_any(&folded, words)) {
            Fit::No
        } else if self.submit.contains(&folded) {
            Fit::Exactly
        } else if contains_any(&folded, &self.submit) {
            Fit::Says
        } else if folded.is_empty() || self.lone_button.contains(&folded) {
            Fit::IfAlone
        } else {
            Fit::No
        }
    }

    fn roles_in(&self, folded: &str) -> Vec<Role> {
        let mut found: Vec<Role> = self
            .roles
            .iter()
            .filter(|(_, labels)| contains_any(folded, labels))
            .map(|(role, _)| *role)
            .collect();
        // The label of the second entry contains that of the first.
        if found.contains(&Role::PasswordAgain) {
            found.retain(|role| *role != Role::Password);
        }
        found
    }

    fn marks_second_entry(&self, caption: &str, outside: &str, whole: &str) -> bool {
        contains_any(whole, &self.confirm)
            || outside.ends_with(CONFIRM)
            || bracketed(caption).any(|inside| fold_label(&inside) == CONFIRM)
    }

    fn read_without_role(&self, caption: &str, whole: &str, again: bool) -> Said {
        let mut rest = whole.to_owned();
        let words = self.confirm.iter().chain(&self.hint);
        for word in words {
            rest = rest.replace(word.as_str(), "");
        }
        let rest = rest
            .trim_end_matches(CONFIRM)
            .trim_matches(|c: char| c.is_numeric() || PARTICLES.contains(c));
        if self.password.iter().any(|word| word == rest) {
            let role = match again {
                true => Role::PasswordAgain,
                false => Role::Password,
            };
            return Said::Role {
                role,
                loosely: true,
            };
        }
        let left = rest.chars().count();
        if again && left <= LONGEST_REST {
            return Said::Confirm;
        }
        match left == 0 || is_sentence(caption) || whole.starts_with(EXAMPLE) {
            true => Said::Nothing,
            false => Said::Other(caption.to_owned()),
        }
    }
}

/// Whether a number of yen stands in a text: 1,500円, ¥1,500, 千五百円.
fn names_a_sum(text: &str) -> bool {
    let is_number = |c: char| c.is_numeric() || "〇一二三四五六七八九十百千万".contains(c);
    let characters: Vec<char> = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    characters.windows(2).any(|pair| {
        is_number(pair[0]) && pair[1] == '円' || "¥$".contains(pair[0]) && is_number(pair[1])
    })
}

fn contains_any(folded: &str, words: &[String]) -> bool {
    words.iter().any(|word| folded.contains(word.as_str()))
}

/// A sentence explains; a label names.
fn is_sentence(caption: &str) -> bool {
    let caption = caption.trim();
    let end = caption.trim_end_matches(|c: char| !c.is_alphanumeric());
    caption.contains('。')
        || caption.contains(". ")
        || caption.ends_with('.')
        || ["ください", "下さい", "です", "ます"]
            .iter()
            .any(|word| end.ends_with(word))
        || caption.chars().count() > LONGEST_LABEL
}

/// The caption outside of all brackets.
fn without_brackets(caption: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for c in caption.nfkc() {
        match c {
            _ if OPENING.contains(c) => depth += 1,
            _ if CLOSING.contains(c) => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// What stands in each pair of brackets.
fn bracketed(caption: &str) -> impl Iterator<Item = String> {
    let caption: String = caption.nfkc().collect();
    let inside: Vec<String> = caption
        .split(|c| OPENING.contains(c))
        .skip(1)
        .filter_map(|rest| rest.split(|c| CLOSING.contains(c)).next())
        .map(str::to_owned)
        .collect();
    inside.into_iter()
}

/// On its own this word also means 'please check'; in brackets or at the end it marks the second entry.
const CONFIRM: &str = "確認";

/// Opening brackets after NFKC.
const OPENING: &str = "([{【〔〈《「『<";

/// Closing brackets after NFKC.
const CLOSING: &str = ")]}】〕〉》」』>";

/// A caption that begins so shows how a value looks.
const EXAMPLE: &str = "例";

/// What may be left beside a second-entry mark: 同上, 欄.
const LONGEST_REST: usize = 2;

/// What is left between hints.
const PARTICLES: &str = "のをはがでにともへず";

/// No label is longer than this many characters.
const LONGEST_LABEL: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::phrases::Phrases;

    fn vocabulary() -> Vocabulary {
        Vocabulary::new(&FormLabels::default(), &Phrases::standard().form)
    }

    #[test]
    fn a_caption_names_its_field_whatever_surrounds_the_label() {
        use Role::{Password, PasswordAgain, ReferenceId, RequestId};
        for (caption, role) in [
            ("リクエストID", RequestId),
            ("■ ＲＥＱＵＥＳＴ　ＩＤ ： ＊必須", RequestId),
            ("リクエストＩＤ（半角数字15桁）", RequestId),
            ("電子証明書ダウンロードサイト リファレンスID", ReferenceId),
            ("リファレンスID（リクエストIDではありません）", ReferenceId),
            ("証明書パスワード（任意の半角数字4桁）", Password),
            ("証明書パスワード(確認用)", PasswordAgain),
            ("証明書パスワード【確認】", PasswordAgain),
            ("証明書パスワード（確認のためもう一度）", PasswordAgain),
            ("証明書パスワード再入力", PasswordAgain),
            ("確認用証明書パスワード", PasswordAgain),
            ("Certificate password (again)", PasswordAgain),
        ] {
            let expected = Said::Role {
                role,
                loosely: false,
            };
            assert_eq!(vocabulary().read(caption), expected, "{caption}");
        }
    }

    #[test]
    fn hints_sentences_and_other_labels_name_nothing() {
        for (caption, expected) in [
            ("（半角数字15桁で入力）", Said::Nothing),
            ("※必須", Said::Nothing),
            ("例：123456789012345", Said::Nothing),
            ("通知書に記載の番号です。", Said::Nothing),
            ("(確認用)", Said::Confirm),
            ("確認のためもう一度入力してください", Said::Confirm),
            ("同上（確認用）", Said::Confirm),
            ("例) 通知書の右上の番号", Said::Nothing),
            (
                "メール（確認用）",
                Said::Other("メール（確認用）".to_owned()),
            ),
            (
                "リクエストIDを入力してください。",
                Said::Mention(Role::RequestId),
            ),
            ("リクエストIDとリファレンスID", Said::Several),
            ("電話番号", Said::Other("電話番号".to_owned())),
            (
                "ログインパスワード",
                Said::Other("ログインパスワード".to_owned()),
            ),
        ] {
            assert_eq!(vocabulary().read(caption), expected, "{caption}");
        }
        let loosely = |role| Said::Role {
            role,
            loosely: true,
        };
        assert_eq!(
            vocabulary().read("パスワード（4桁）"),
            loosely(Role::Password)
        );
        assert_eq!(
            vocabulary().read("パスワード（再入力）"),
            loosely(Role::PasswordAgain)
        );
    }

    #[test]
    fn buttons_are_told_apart() {
        for (caption, fit) in [
            ("ダウンロード", Fit::Exactly),
            ("証明書をダウンロードする", Fit::Says),
            ("送信", Fit::IfAlone),
            ("", Fit::IfAlone),
            ("失効", Fit::No),
            ("マニュアルのダウンロード", Fit::No),
            ("取得をやめる", Fit::No),
            ("検索", Fit::No),
        ] {
            assert_eq!(vocabulary().button(caption), fit, "{caption}");
        }
    }
}
