//! The table of phrases by which a page of the site is understood, and how a sentence is held against it.
//!
//! The table is data (`phrases.toml`), because nobody outside the closed network knows the site's wording and
//! a correction must not need a programmer. A sentence about what would happen (場合は, "if you") never counts;
//! one that offers several causes counts only when nothing plainer was said.

mod door;

use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::config::{Meaning, Phrase};
use door::DoorWords;

/// The words for forms and the classes of messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrases {
    /// Words on a form beside its labels.
    pub(crate) form: FormWords,
    conditional: Words,
    hedged: Words,
    trouble: Words,
    door: DoorWords,
    class: Vec<Class>,
}

/// Words on a form beside its labels, which the configuration holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormWords {
    /// Marks of the password's second entry.
    pub(crate) confirm: Vec<String>,
    /// Captions that mean the certificate password when two fields carry one.
    pub(crate) password: Vec<String>,
    /// Words that explain a label without changing it.
    pub(crate) hint: Vec<String>,
    /// Marks of a field that must be filled.
    pub(crate) required: Vec<String>,
    /// Marks of a field that may stay empty.
    pub(crate) optional: Vec<String>,
    /// Words of a tick that gives consent.
    pub(crate) consent: Vec<String>,
    /// Words of consent to what the page itself shows.
    pub(crate) acknowledge: Vec<String>,
    /// Words of consent to something beyond the page.
    pub(crate) beyond: Vec<String>,
    /// Words of buttons that are never the download.
    pub(crate) other_button: Vec<String>,
    /// Captions under which a form's only button is taken for the download.
    pub(crate) lone_button: Vec<String>,
    /// What the page speaks of on which such a button is the download.
    pub(crate) purpose: Vec<String>,
    /// Other things that a form, a button or a link may be for.
    pub(crate) other_purpose: Vec<String>,
    /// Words of what costs money.
    pub(crate) cost: Vec<String>,
    /// Words of what takes something away from a person.
    pub(crate) loss: Vec<String>,
    /// Words by which a loss is one that only may come, some day.
    pub(crate) some_day: Vec<String>,
    /// How a sentence begins to say what pressing the button brings with it.
    pub(crate) consequence: Vec<String>,
    /// Marks of a question.
    pub(crate) question: Vec<String>,
    /// Labels behind which a page shows a value of the issuance.
    pub(crate) value_label: Vec<String>,
    /// All words of a page that asks for nothing new.
    pub(crate) plain: Vec<String>,
    /// Words of a choice against what is wanted.
    pub(crate) declines: Vec<String>,
    /// Captions of buttons that go on from a page which asks for nothing.
    pub(crate) carry_on: Vec<String>,
    /// Captions of links that lead away from the file.
    pub(crate) other_link: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    any: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    reason: Meaning,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    either: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    mild: bool,
}

/// A message's meaning with the site's own words for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Understood {
    /// The class.
    pub(crate) meaning: Meaning,
    /// The sentence that said so, as it stands.
    pub(crate) sentence: String,
    /// Whether a page that goes on would say the same.
    pub(crate) is_mild: bool,
}

impl Understood {
    /// Whether it is a word for a door that is closed: what was not let in may be sent again.
    pub(crate) fn lets_send_again(&self) -> bool {
        matches!(self.meaning, Meaning::SessionTimeout | Meaning::Maintenance)
    }
}

impl Phrases {
    /// The table that comes with the program.
    pub(crate) fn standard() -> &'static Self {
        static STANDARD: LazyLock<Phrases> = LazyLock::new(|| {
            // The text is compiled in and `the_table_is_readable` parses this very file.
            toml::from_str(include_str!("phrases.toml"))
                .expect("a test parses the compiled-in table")
        });
        &STANDARD
    }

    /// The table with the configuration's own sentences, which are asked first.
    pub(crate) fn with(own: &[Phrase]) -> Self {
        let mut phrases = Self::standard().clone();
        let own = own
            .iter()
            .map(Class::from)
            .filter(|class| class.says_something());
        phrases.class.splice(0..0, own);
        phrases
    }

    /// What these sentences say together.
    ///
    /// 'Locked' wins wherever it stands, because going on would make it worse. A refusal wins over session
    /// and maintenance, because those let the same pair be sent again; for that reason they count only where nothing
    /// else of the page speaks of an error or of something done.
    pub(crate) fn understand(&self, sentences: &[String]) -> Option<Understood> {
        let (plain, hedged): (Vec<_>, Vec<_>) = sentences
            .iter()
            .take(MOST_SENTENCES)
            .filter_map(|sentence| self.meaning(sentence))
            .partition(|(_, hedged)| !hedged);
        [plain, hedged]
            .into_iter()
            .filter_map(|found| most_careful(found.into_iter().map(|(understood, _)| understood)))
            .next()
            .filter(|understood| !understood.lets_send_again() || !self.is_in_trouble(sentences))
            .map(|understood| with_its_times(understood, sentences))
    }

    /// Whether a sentence that no class knows speaks of an error, or of something done.
    fn is_in_trouble(&self, sentences: &[String]) -> bool {
        sentences.iter().take(MOST_SENTENCES).any(|sentence| {
            let folded = fold_sentence(sentence);
            contains_any(&folded, &self.trouble.any)
                && !contains_any(&folded, &self.conditional.any)
                && self.meaning(sentence).is_none()
        })
    }

    /// The class of one sentence, and whether it names it only as a possibility.
    ///
    /// What stands in brackets is said apart: it often warns of what would happen next. A lock counts also there, and
    /// a bare word that the certificate was handed out is the cause of what stands before it.
    fn meaning(&self, sentence: &str) -> Option<(Understood, bool)> {
        let (outside, inside) = brackets_apart(sentence);
        let cause = self.meaning_of_part(&inside, sentence);
        if let Some((understood, false)) = &cause {
            let is_cause = match understood.meaning {
                Meaning::Locked => true,
                Meaning::AlreadyIssued => inside.chars().count() <= LONGEST_CAUSE,
                _ => false,
            };
            if is_cause {
                return cause;
            }
        }
        [outside.as_str(), inside.as_str(), sentence]
            .into_iter()
            .find_map(|part| self.meaning_of_part(part, sentence))
    }

    fn meaning_of_part(&self, part: &str, sentence: &str) -> Option<(Understood, bool)> {
        let folded = fold_sentence(part);
        if contains_any(&folded, &self.conditional.any) {
            return None;
        }
        let class = self.class.iter().find(|class| class.fits(&folded))?;
        let understood = Understood {
            meaning: class.reason,
            sentence: sentence.to_owned(),
            is_mild: class.mild,
        };
        Some((understood, contains_any(&folded, &self.hedged.any)))
    }
}

impl From<&Phrase> for Class {
    fn from(phrase: &Phrase) -> Self {
        let folded = |words: &[String]| -> Vec<String> {
            let folded = words
                .iter()
                .map(|word| fold_sentence(word).trim().to_owned());
            folded.filter(|word| !word.is_empty()).collect()
        };
        Self {
            reason: phrase.reason,
            all: folded(&phrase.all),
            any: folded(&phrase.any),
            either: Vec::new(),
            not: folded(&phrase.not),
            mild: false,
        }
    }
}

impl Class {
    /// A class without words would fit every sentence.
    fn says_something(&self) -> bool {
        !self.all.is_empty() || !self.any.is_empty()
    }

    fn fits(&self, folded: &str) -> bool {
        self.all.iter().all(|word| folded.contains(word.as_str()))
            && (self.any.is_empty() || contains_any(folded, &self.any))
            && (self.either.is_empty() || contains_any(folded, &self.either))
            && !contains_any(folded, &self.not)
    }
}

/// A closed site's sentence with those that say when: they often stand apart from it.
fn with_its_times(mut understood: Understood, sentences: &[String]) -> Understood {
    if understood.meaning == Meaning::Maintenance {
        let others = sentences
            .iter()
            .filter(|sentence| **sentence != understood.sentence && names_a_time(sentence))
            .take(MOST_TIMES);
        let times: Vec<&str> = others.map(String::as_str).collect();
        for time in times {
            understood.sentence.push_str(time);
        }
    }
    understood
}

/// Whether a sentence names a time of day or a date.
fn names_a_time(sentence: &str) -> bool {
    let folded = fold_sentence(sentence);
    let characters: Vec<char> = folded.chars().collect();
    characters.windows(2).any(|pair| {
        pair[0].is_ascii_digit() && matches!(pair[1], '時' | '日' | '月' | '分' | ':' | '/')
    })
}

fn most_careful(found: impl Iterator<Item = Understood>) -> Option<Understood> {
    let found: Vec<_> = found.collect();
    let rank = |understood: &Understood| match understood.meaning {
        Meaning::Locked => 0,
        Meaning::BadIds | Meaning::AlreadyIssued | Meaning::Expired | Meaning::PasswordFormat => 1,
        Meaning::SessionTimeout | Meaning::Maintenance => 2,
    };
    found
        .into_iter()
        .min_by_key(|understood| (rank(understood), understood.is_mild))
}

/// A sentence without its brackets, and what stood in them.
fn brackets_apart(sentence: &str) -> (String, String) {
    let mut outside = String::new();
    let mut inside = String::new();
    let mut depth = 0_usize;
    for c in sentence.chars() {
        match c {
            '(' | '（' | '【' | '[' | '［' => depth += 1,
            ')' | '）' | '】' | ']' | '］' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(c),
            _ => inside.push(c),
        }
    }
    (outside, inside)
}

fn contains_any(folded: &str, words: &[String]) -> bool {
    words.iter().any(|word| folded.contains(word.as_str()))
}

/// NFKC in lower case; blanks stay only between two Western words, with one at each end of the sentence.
fn fold_sentence(sentence: &str) -> String {
    let text: String = sentence.nfkc().flat_map(char::to_lowercase).collect();
    let mut folded = String::from(" ");
    for word in text.split_whitespace() {
        let western = |c: Option<char>| c.is_some_and(|c| c.is_ascii());
        if western(folded.chars().last()) && western(word.chars().next()) && !folded.ends_with(' ')
        {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded.push(' ');
    folded.replace('’', "'")
}

/// NFKC in lower case without blanks, marks and colons: how labels are compared.
pub(crate) fn fold_label(label: &str) -> String {
    label
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// Characters of a cause that stands in brackets; what is longer is advice.
const LONGEST_CAUSE: usize = 12;

/// Sentences that say when a closed site opens.
const MOST_TIMES: usize = 2;

/// A message is among the first sentences of a page or nowhere.
const MOST_SENTENCES: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(message: &str) -> Option<Meaning> {
        let sentences: Vec<String> = message.split_inclusive('。').map(str::to_owned).collect();
        Phrases::standard()
            .understand(&sentences)
            .map(|understood| understood.meaning)
    }

    #[test]
    fn the_table_is_readable() {
        assert!(Phrases::standard().class.len() > 10);
    }

    #[test]
    fn a_sentence_of_the_configuration_is_asked_first() {
        let config = crate::config::Config::parse(
            "[[phrases]]\nreason = \"bad-ids\"\nany = [\"Ｅ－５００１\"]\n\
             [[phrases]]\nreason = \"maintenance\"\nall = [\"取得済\", \"準備中\"]\n\
             [[phrases]]\nreason = \"locked\"\n",
        )
        .unwrap();
        let phrases = Phrases::with(&config.phrases);
        for (sentence, expected) in [
            ("システムエラー (e-5001)", Some(Meaning::BadIds)),
            ("取得済みの証明書は準備中です。", Some(Meaning::Maintenance)),
            ("この証明書は取得済みです。", Some(Meaning::AlreadyIssued)),
            ("何も起きていません。", None),
        ] {
            let understood = phrases.understand(&[sentence.to_owned()]);
            assert_eq!(understood.map(|u| u.meaning), expected, "{sentence}");
        }
    }

    #[test]
    fn a_closed_site_is_quoted_with_its_times() {
        let sentences = [
            "証明書の取得",
            "ただいまメンテナンス中です。",
            "期間は１１月２２日 １：００から８：００までです。",
            "ご不便をおかけします。",
        ]
        .map(str::to_owned);
        let understood = Phrases::standard().understand(&sentences).unwrap();
        assert_eq!(
            understood.sentence,
            "ただいまメンテナンス中です。期間は１１月２２日 １：００から８：００までです。"
        );
    }

    #[test]
    fn labels_are_compared_without_width_blanks_and_marks() {
        for label in ["リクエスト ＩＤ：", "ﾘｸｴｽﾄID", "※リクエストＩＤ *"]
        {
            assert_eq!(fold_label(label), "リクエストid");
        }
        assert_eq!(
            fold_label("ＲＥＱＵＥＳＴ　ＩＤ"),
            fold_label("Request-ID:")
        );
    }

    #[test]
    fn each_message_has_its_meaning() {
        use Meaning::{
            AlreadyIssued, BadIds, Expired, Locked, Maintenance, PasswordFormat, SessionTimeout,
        };
        for (message, expected) in [
            ("認証に失敗しました。", Some(BadIds)),
            (
                "リクエストIDまたはリファレンスIDが正しくありません。",
                Some(BadIds),
            ),
            (
                "端末の認証に失敗しました。入力内容を確認してください。改善しない場合は管理者にお問い合わせください。",
                Some(BadIds),
            ),
            ("該当する証明書がありません。", Some(BadIds)),
            ("リクエスト ＩＤ は 15 桁で入力してください。", Some(BadIds)),
            ("Authentication failed.", Some(BadIds)),
            ("The Request ID or Reference ID is incorrect.", Some(BadIds)),
            ("この証明書は既に取得済みです。", Some(AlreadyIssued)),
            (
                "証明書が作成されていないか、もしくは既に証明書を取得済みです。",
                Some(AlreadyIssued),
            ),
            (
                "The certificate has already been downloaded.",
                Some(AlreadyIssued),
            ),
            ("証明書の取得期限が過ぎています。", Some(Expired)),
            ("ダウンロードサイト有効期限が切れています。", Some(Expired)),
            ("取得可能期間を過ぎました。", Some(Expired)),
            ("The download period has expired.", Some(Expired)),
            ("規定回数を超えたため、ロックされました。", Some(Locked)),
            (
                "認証に失敗しました。アカウントがロックされています。",
                Some(Locked),
            ),
            (
                "認証に失敗しました。5回失敗するとロックされます。",
                Some(BadIds),
            ),
            ("Too many attempts. Try again in 30 minutes.", Some(Locked)),
            (
                "証明書パスワードは半角数字4桁で入力してください。",
                Some(PasswordFormat),
            ),
            (
                "証明書パスワードと確認用の値が一致しません。",
                Some(PasswordFormat),
            ),
            ("Passwords do not match.", Some(PasswordFormat)),
            ("画面の有効期限が切れました。", Some(SessionTimeout)),
            (
                "セッションの有効期限が切れました。最初からやり直してください。",
                Some(SessionTimeout),
            ),
            ("Your session has expired.", Some(SessionTimeout)),
            (
                "ただ今、サービスメンテナンス中のためご利用いただけません。",
                Some(Maintenance),
            ),
            ("ただいまの時間は受付時間外です。", Some(Maintenance)),
            ("The service is under maintenance.", Some(Maintenance)),
            (
                "認証に失敗しました（5回失敗した場合はロックされます）",
                Some(BadIds),
            ),
            (
                "証明書パスワード（確認用）が一致しません。",
                Some(PasswordFormat),
            ),
            ("ダウンロード可能回数を超えています。", Some(AlreadyIssued)),
            (
                "ダウンロードの上限回数に達しています。",
                Some(AlreadyIssued),
            ),
            ("このリクエストIDは無効です（取得済）", Some(AlreadyIssued)),
            (
                "リクエストIDが正しくありません（取得済みの証明書は再取得できません）",
                Some(BadIds),
            ),
            ("認証に失敗しました（ロックされています）", Some(Locked)),
            ("30分間ロックします。", Some(Locked)),
            ("誤りが続くとロックします。", None),
            ("認証情報が正しくありません。", Some(BadIds)),
            ("入力された値が不正です。", Some(BadIds)),
            ("ご入力の情報に誤りがございます。", Some(BadIds)),
            ("ご入力いただいた内容に間違いがあります。", Some(BadIds)),
            ("ご入力の内容に誤りがないかご確認ください。", None),
            ("入力されたパスワードの値が不正です。", Some(PasswordFormat)),
            (
                "ログインに3回失敗したため、30分間ご利用いただけません。",
                Some(Locked),
            ),
            ("取得可能期間（180日間）を超過しました。", Some(Expired)),
            ("リクエストIDの有効期限が切れています。", Some(Expired)),
            ("存在しないリクエストIDです。", Some(BadIds)),
            ("IDまたはパスワードが違います。", Some(BadIds)),
            ("一致する情報が見つかりませんでした。", Some(BadIds)),
            (
                "長時間操作がなかったため、最初からやり直してください。",
                Some(SessionTimeout),
            ),
            // What might be, what would be, and what nobody foresaw.
            ("有効期限が切れた場合は、新規発行申請が必要です。", None),
            ("二重送信されました。", None),
            ("システムエラーが発生しました。(E-5001)", None),
            ("入力内容をご確認のうえ、ボタンを押してください。", None),
            (
                "取得済みの可能性があります。リクエストIDが存在しません。",
                Some(BadIds),
            ),
        ] {
            assert_eq!(meaning(message), expected, "{message}");
        }
    }
}
