//! Whether a page after the submission speaks of a closed door and of nothing else.
//!
//! A closed site and a session that is over let the same pair be sent again, so a page that names them is believed only
//! when it cannot come from a submission that was taken: one sentence says plainly that the door is closed now, and
//! every other is about the door too. A single sentence of something made, taken, broken or still under way leaves
//! that open, also when it is the very one that names the session; so does one that the table does not know.

use serde::Deserialize;

use super::{MOST_SENTENCES, Phrases, contains_any, fold_label, fold_sentence};

/// The words by which a closed door is told from one that closed behind the submission.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoorWords {
    /// Names that contain words of the work without speaking of it.
    names: Vec<String>,
    /// Whole headings that say no more than that something is wrong.
    headings: Vec<String>,
    /// Words of the work that a submission starts, of its failing, and of what a second submission is told.
    work: Vec<String>,
    /// What else a closed site says.
    beside: Vec<String>,
    /// Words of another day than today.
    other_day: Vec<String>,
    /// Words of this moment.
    now: Vec<String>,
}

impl Phrases {
    /// Whether these sentences, all that a page says beyond the words of the form page, prove that nothing was taken.
    pub(crate) fn speak_of_a_closed_door_only(&self, sentences: &[String]) -> bool {
        sentences.len() <= MOST_SENTENCES
            && sentences.iter().any(|sentence| self.closes_now(sentence))
            && sentences
                .iter()
                .all(|sentence| self.closes_now(sentence) || self.stands_beside(sentence))
    }

    /// Whether a sentence says that the session is over or that the site is closed now: not perhaps, not if, not one day.
    fn closes_now(&self, sentence: &str) -> bool {
        let folded = fold_sentence(sentence);
        let names_it = self
            .meaning(sentence)
            .is_some_and(|(understood, hedged)| !hedged && understood.lets_send_again());
        let names_another_day = contains_any(&folded, &self.door.other_day) || names_a_day(&folded);
        names_it
            && !self.speaks_of_the_work(&folded)
            && !contains_any(&folded, &self.hedged.any)
            && !contains_any(&folded, &self.conditional.any)
            && (!names_another_day || contains_any(&folded, &self.door.now))
    }

    /// Whether a sentence may stand beside a closed door: advice, an apology, hours, a heading.
    fn stands_beside(&self, sentence: &str) -> bool {
        let folded = fold_sentence(sentence);
        let is_heading = self.door.headings.contains(&fold_label(sentence));
        is_heading
            || !self.speaks_of_the_work(&folded)
                && (contains_any(&folded, &self.door.beside) || is_a_name_or_a_time(&folded))
    }

    fn speaks_of_the_work(&self, folded: &str) -> bool {
        let without_names = self
            .door
            .names
            .iter()
            .fold(folded.to_owned(), |text, name| text.replace(name, " "));
        contains_any(&without_names, &self.door.work)
    }
}

/// Whether a day of a month is named.
fn names_a_day(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    characters
        .windows(2)
        .any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], '月' | '日' | '/'))
}

/// Words in kanji and katakana, and numbers: they name something, and say nothing of it.
fn is_a_name_or_a_time(folded: &str) -> bool {
    let says_something =
        |c: char| c.is_ascii_alphabetic() || ('ぁ'..='ん').contains(&c) && c != 'の';
    !folded.contains(says_something)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proves(page: &str) -> bool {
        let sentences: Vec<String> = page.split_inclusive('。').map(str::to_owned).collect();
        Phrases::standard().speak_of_a_closed_door_only(&sentences)
    }

    #[test]
    fn a_page_that_says_no_more_than_that_the_door_is_closed_proves_it() {
        for page in [
            "画面の有効期限が切れました。最初の画面からやり直してください。",
            "セッションの有効期限が切れました。恐れ入りますが、再度ログインしてください。",
            "エラー。一定時間操作が行われなかったため、セッションがタイムアウトしました。",
            "ただいまメンテナンス中のため、ご利用いただけません。終了予定は明朝8時です。",
            "ただ今、サービスメンテナンス中です。期間：11月22日 1:00～8:00。ご不便をおかけします。",
            "現在、11月22日のメンテナンスのためサービスを停止しています。",
            "電子証明書ダウンロードサイト。ご利用時間外です。サービス提供時間 平日 8:00～21:00",
            "メンテナンスのため、証明書を取得できません。しばらくお待ちください。",
            "Your session has expired. Please log in again.",
            "The service is under maintenance.",
        ] {
            assert!(proves(page), "{page}");
        }
    }

    #[test]
    fn a_page_that_says_anything_else_proves_nothing() {
        for page in [
            "証明書は発行されましたが、セッションが切れたためダウンロードできませんでした。",
            "セッションの有効期限が切れました。証明書をお渡ししました。",
            "セッションの有効期限が切れました。受付番号 12345",
            "二重に送信されたため、セッションが無効です。",
            "トークンが不正です。",
            "不正な画面遷移です。",
            "サーバとの通信がタイムアウトしました。セッションを終了しました。",
            "11月29日はメンテナンスのためご利用いただけません。",
            "明日はメンテナンスのためサービスを停止しています。",
            "アクセスが集中しているか、メンテナンス中です。",
            "メンテナンス中の可能性があります。",
            "ただいまメンテナンス中です。(E-1002)",
            "ただいまメンテナンス中です。別の画面をごらんください。",
            "Your session has expired before the download.",
            "Your certificate was generated. Your session has expired.",
            "ご不便をおかけします。",
            "",
        ] {
            assert!(!proves(page), "{page}");
        }
    }
}
