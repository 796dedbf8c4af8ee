//! What a person is asked while retrieving: the password, and words that the program may not take for granted.

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use super::super::Desk;
use super::super::error::Error;
use super::super::person::{Person, PersonError, Question, given_or_keyed};
use crate::credential::{FilePassword, OpensFile};
use crate::domain::{CertificatePassword, Text, fold_typed};
use crate::ledger::{Downloaded, IssuanceState};

/// The certificate password of a file that exists: from a file, or asked once.
pub fn known_password(
    given: Option<SecretString>,
    person: &mut dyn Person,
) -> Result<CertificatePassword, Error> {
    let prompt = Text::new(
        "証明書パスワード（数字4桁）:",
        "Certificate password (4 digits):",
    );
    let typed = given_or_keyed(given, person, &prompt, nobody_for_the_password)?;
    // Exposed to be folded and parsed into the password's own type.
    Ok(fold_typed(typed.expose_secret()).parse()?)
}

/// The password of a `.p12` from anywhere, which need not be the site's four digits.
///
/// What looks like the four digits is folded as theirs is; anything else is taken as it was typed, because another
/// program shut the file with exactly that.
pub fn file_password(
    given: Option<SecretString>,
    person: &mut dyn Person,
) -> Result<FilePassword, Error> {
    let prompt = Text::new(
        "ファイルのパスワード（数字4桁。別のプログラムで書き出したものなら、そのパスワード）:",
        "Password of the file (4 digits; or what another program shut it with):",
    );
    let typed = given_or_keyed(given, person, &prompt, nobody_for_the_password)?;
    // Exposed to see whether it is four digits, however they were typed.
    match fold_typed(typed.expose_secret()).parse::<CertificatePassword>() {
        Ok(digits) => Ok(digits.file_password()),
        Err(_) => Ok(FilePassword::new(typed)),
    }
}

fn nobody_for_the_password() -> Error {
    Error::Person(PersonError::Absent {
        question: Text::new(
            "証明書パスワード（数字4桁）",
            "the certificate password (4 digits)",
        ),
        cure: Text::new(
            "--password-file FILE を付けるか、環境変数 NOTICERT_PASSWORD_FILE にファイルを指定してください。",
            "Give --password-file FILE, or name the file in NOTICERT_PASSWORD_FILE.",
        ),
    })
}

/// Whether a person typed yes.
pub(in crate::workflow) fn is_yes(typed: &SecretString) -> bool {
    // Exposed to be compared with a letter.
    matches!(typed.expose_secret().trim(), "y" | "Y" | "ｙ" | "はい")
}

impl Desk<'_> {
    /// The certificate password to choose: from a file, or asked twice.
    pub fn choose_password(
        &mut self,
        given: Option<SecretString>,
    ) -> Result<CertificatePassword, Error> {
        if let Some(text) = given {
            // Exposed to be folded and parsed into the password's own type.
            return Ok(fold_typed(text.expose_secret()).parse()?);
        }
        if !self.person.is_present() {
            return Err(nobody_for_the_password());
        }
        self.person.tell(&Text::new(
            "証明書パスワード（数字4桁）を決めてください。忘れると再申請（1,500円＋郵送753円、約1週間）になります。紙にも控えてください。",
            "Choose the certificate password (4 digits). Forgetting it means a new application (1,500 + 753 yen, about a week): write it down too.",
        ));
        let first = self
            .person
            .key_hidden(&Text::new("証明書パスワード:", "Certificate password:"))?;
        // Exposed to be folded and parsed.
        let first: CertificatePassword = fold_typed(first.expose_secret()).parse()?;
        let second = self
            .person
            .key_hidden(&Text::new("もう一度（確認用）:", "Once more:"))?;
        match fold_typed(second.expose_secret()).parse() {
            Ok(second) if first == second => Ok(first),
            _ => Err(Error::PasswordsDiffer),
        }
    }

    pub(in crate::workflow) fn insists_after(&mut self, deadline: Date) -> Result<bool, Error> {
        if !self.person.is_present() {
            return Ok(false);
        }
        let question = Question::plain(
            format!(
                "取得期限 {deadline} を過ぎています。サイトはおそらく渡しません。それでも送信しますか？ [y/N]"
            ),
            format!(
                "The deadline {deadline} has passed; the site will hardly hand it out. Submit all the same? [y/N]"
            ),
        );
        Ok(is_yes(&self.person.key(&question)?))
    }

    /// Asks what became of the earlier submission, then for the word that lets it go again.
    ///
    /// Nobody is asked twice in one breath: what the site says comes first, because it may end the matter.
    pub(in crate::workflow) fn consent_to_again(
        &mut self,
        state: &IssuanceState,
    ) -> Result<Downloaded, Error> {
        let before = outcome_before(state);
        let looked_up = Question::plain(
            format!(
                "{}\nインターネットのパソコンかスマートフォンで「電子証明書申請状況照会」を開き、このリクエストIDの ダウンロード有無 を見てください。\nダウンロード有無は？ [1: 有 / 2: 無 / 3: 分からない]:",
                before.ja
            ),
            format!(
                "{}\nOpen 電子証明書申請状況照会 on an internet PC or phone and read ダウンロード有無 for this request ID.\nWhat does it say? [1: 有 (yes) / 2: 無 (no) / 3: not known]:",
                before.en
            ),
        );
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: looked_up.prompt,
                cure: Text::new(
                    "人が画面の前で noticert retrieve --again を実行してください。--yes では送り直しません。",
                    "A person has to run noticert retrieve --again at a terminal; --yes never sends again.",
                ),
            }));
        }
        let downloaded = loop {
            let typed = self.person.key(&looked_up)?;
            // Exposed to be compared with words.
            if let Some(said) = downloaded(&fold_typed(typed.expose_secret())) {
                break said;
            }
        };
        let meaning = what_it_means(downloaded);
        let question = Question::plain(
            format!("{}送り直しますか？ 送るなら「送る」と入力:", meaning.ja),
            format!("{} To send again, type “send”:", meaning.en),
        );
        let typed = self.person.key(&question)?;
        // Exposed to be compared with a word.
        match typed.expose_secret().trim() {
            "送る" | "send" => Ok(downloaded),
            _ => Err(Error::NotSentAgain),
        }
    }
}

/// What is known of the earlier submission.
fn outcome_before(state: &IssuanceState) -> Text {
    match state {
        IssuanceState::Refused { reason, .. } => Text::new(
            format!("取得サイトは前の送信を断りました（{}）。", reason.name()),
            format!(
                "The site refused the earlier submission ({}).",
                reason.name()
            ),
        ),
        _ => Text::new(
            "前の送信の結果が分かっていません。",
            "The outcome of the earlier submission is not known.",
        ),
    }
}

/// The answer that was typed; `None` when it is none of the three.
fn downloaded(typed: &str) -> Option<Downloaded> {
    match typed.trim().to_lowercase().as_str() {
        "1" | "有" | "有り" | "あり" | "yes" => Some(Downloaded::Yes),
        "2" | "無" | "無し" | "なし" | "no" => Some(Downloaded::No),
        "3" | "分からない" | "わからない" | "notknown" | "unknown" => {
            Some(Downloaded::NotKnown)
        }
        _ => None,
    }
}

/// What the answer lets expect of a second submission.
fn what_it_means(downloaded: Downloaded) -> Text {
    match downloaded {
        Downloaded::Yes => Text::new(
            "「有」なら証明書は渡されています。この端末や USB に .p12 が残っていれば noticert adopt FILE.p12 で足ります。送り直しても、サイトは取得済みとして断る見込みです。\n",
            "With 有 it was handed out. If the .p12 is on this terminal or a stick, noticert adopt FILE.p12 is enough; the site will probably refuse a second time.\n",
        ),
        Downloaded::No => Text::new(
            "「無」なら証明書はまだ渡されていません。\n",
            "With 無 it was not handed out yet.\n",
        ),
        Downloaded::NotKnown => Text::new(
            "証明書は渡されているかもしれません。送り直すと、サイトが取得済みとして断ることがあります。\n",
            "It may have been handed out; the site may then refuse a second time.\n",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_answers_are_known_however_they_are_typed() {
        for (typed, expected) in [
            ("有", Some(Downloaded::Yes)),
            ("１", Some(Downloaded::Yes)),
            (" なし ", Some(Downloaded::No)),
            ("NO", Some(Downloaded::No)),
            ("分からない", Some(Downloaded::NotKnown)),
            ("Not known", Some(Downloaded::NotKnown)),
            ("", None),
            ("送る", None),
            ("はい", None),
        ] {
            assert_eq!(downloaded(&fold_typed(typed)), expected, "{typed}");
        }
    }
}
