//! Why a field is not accepted and what is remarked on a sheet, in words for people.
//!
//! Codes are stable. No text holds a character of a value, because the value may be a secret.

use crate::domain::{Doubt, Field, Problem, Text};

/// The label, or a value beside it, is not there.
pub fn not_found(field: Field) -> Doubt {
    let title = field.title();
    doubt(
        "not-found",
        format!("「{}」の欄が見つからないか、空です。", title.ja),
        format!("no value was found for the {}", title.en),
    )
}

/// 〇 where characters should be.
pub fn masked() -> Doubt {
    doubt(
        "masked",
        "伏せ字（〇など）です。値ではありません。",
        "the value is masked, not printed",
    )
}

/// The two readings are not the same.
pub fn readings_differ() -> Doubt {
    doubt(
        "readings-differ",
        "2回の読み取りの結果が一致しません。",
        "the two readings differ",
    )
}

/// A character is not sure enough.
pub fn low_confidence() -> Doubt {
    doubt(
        "low-confidence",
        "読み取りに自信のない文字があります。",
        "a character was read with low confidence",
    )
}

/// There are more pieces of ink than characters read.
pub fn ink_left_over() -> Doubt {
    doubt(
        "ink-left-over",
        "読み取った文字数より多くの文字が印字されているようです。",
        "there seems to be more print than characters read",
    )
}

/// A line of the scanner goes through the characters.
pub fn streaked() -> Doubt {
    doubt(
        "streaked",
        "縦の筋（印字や読み取りの汚れ）が文字を横切っています。筋で8が3に見えることなどがあります。紙面を見て確かめてください。",
        "a vertical streak goes through the characters, which can make a 3 of an 8: look at the paper",
    )
}

/// The form is not the one that this field has.
pub fn form(expected: Text) -> Doubt {
    doubt(
        "form",
        format!("形式が合いません（{}）。", expected.ja),
        format!("the form does not fit ({})", expected.en),
    )
}

/// An ID that is not of the alphabet that the configuration names.
pub fn other_alphabet() -> Doubt {
    doubt(
        "other-alphabet",
        "設定ファイルの reference_id_alphabet にない文字があります。紙面を見て確かめてください。設定が違うときは直してください。",
        "a character that reference_id_alphabet in the configuration rules out: look at the paper, and correct the setting if it is wrong",
    )
}

/// A character that other characters look like.
pub fn look_alike() -> Doubt {
    doubt(
        "look-alike",
        "0とO、1とIとl、大文字と小文字など、形の似た文字を含みます。紙面を見て確かめてください。",
        "it has characters that look alike (0/O, 1/I/l, upper and lower case): check the paper",
    )
}

/// The first two digits are no prefecture, or the third no 点数表.
pub fn unknown_code_parts() -> Doubt {
    doubt(
        "code-parts",
        "都道府県番号（01〜47）または点数表番号（1・3・4・6）として正しくない数字です。",
        "its first digits are no known prefecture or fee schedule",
    )
}

/// The rule between start and end is broken.
pub fn validity_rule() -> Doubt {
    doubt(
        "validity-rule",
        "有効期間の開始日と終了日の間隔が、発行の規則（3年3か月）と合いません。",
        "first and last day of validity are not as far apart as the rule says",
    )
}

/// The rule between start and deadline is broken.
pub fn deadline_rule() -> Doubt {
    doubt(
        "deadline-rule",
        "ダウンロードサイト有効期限が、有効期間の開始日からの日数（180日）と合いません。",
        "the retrieval deadline does not follow from the first day of validity",
    )
}

/// The dates that this one follows from were not read.
pub fn uncorroborated() -> Doubt {
    doubt(
        "uncorroborated",
        "ほかの日付が読めないため、規則と照らし合わせられません。",
        "the other dates were not read, so no rule confirms this one",
    )
}

/// Two blocks claim the same request ID.
pub fn same_request_id() -> Doubt {
    doubt(
        "duplicate",
        "同じリクエストIDの欄がほかにもあり、内容が異なります。",
        "another block has the same request ID but other values",
    )
}

/// Only one reader knows Japanese, so nothing confirms what it read.
pub fn one_reader() -> Doubt {
    doubt(
        "one-reader",
        "日本語の文字は1種類の方法でしか読み取っていません。紙面と見比べてください。",
        "Japanese text was read in one way only: compare it with the paper",
    )
}

/// This build has no second reader.
pub fn no_second_reader() -> Doubt {
    doubt(
        "no-second-reader",
        "このプログラムには2つ目の読み取り方法が組み込まれていません。紙面と見比べてください。",
        "this program was built without a second reader: compare it with the paper",
    )
}

/// A doubt that is also worth a remark on the sheet.
pub fn as_problem(doubt: &Doubt) -> Problem {
    Problem {
        code: doubt.code,
        text: doubt.text.clone(),
    }
}

/// A doubt about a field that does not keep the sheet from being accepted.
pub fn field_in_doubt(field: Field) -> Problem {
    let title = field.title();
    let code = match field {
        Field::Issuer => "issuer-doubtful",
        Field::TerminalName => "terminal-name-doubtful",
        Field::RetrievalDeadline => "deadline-doubtful",
        Field::InstitutionCode
        | Field::RequestId
        | Field::ReferenceId
        | Field::ValidFrom
        | Field::ValidTo => "field-doubtful",
    };
    problem(
        code,
        format!("「{}」の読み取りを確かめてください。", title.ja),
        format!("check the reading of the {}", title.en),
    )
}

/// The check digit of 発行先 does not hold.
pub fn luhn() -> Problem {
    problem(
        "luhn",
        "発行先の検査数字が合いません。医療機関等コードを紙面と見比べてください。",
        "the check digit of the institution code does not hold: compare it with the paper",
    )
}

/// The retrieval site will not give the certificate any more.
pub fn deadline_passed() -> Problem {
    problem(
        "deadline-passed",
        "ダウンロードサイト有効期限を過ぎています。取得できない場合は、新しい発行申請が必要です。",
        "the retrieval deadline has passed: a new application may be needed",
    )
}

/// 発行者 is not of the configured family.
pub fn issuer_differs() -> Problem {
    problem(
        "issuer-differs",
        "発行者の欄が、想定している認証局の名前と異なります。",
        "the issuer is not the expected authority",
    )
}

/// Blocks of one page name different institutions.
pub fn institution_differs() -> Problem {
    problem(
        "institution-differs",
        "同じページのほかの欄と発行先が異なります。",
        "other blocks of the page name another institution",
    )
}

/// The same issuance was read before in this run.
pub fn duplicate() -> Problem {
    problem(
        "duplicate",
        "同じリクエストIDの書面をすでに読み取っています。",
        "a notice with the same request ID was read before",
    )
}

/// The scan ends before the page does.
pub fn incomplete_page() -> Problem {
    problem(
        "incomplete-page",
        "画像が途中で切れています。ページの下の方が読めていない可能性があります。",
        "the image is cut off: the lower part of the page may be missing",
    )
}

fn doubt(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Doubt {
    Doubt {
        code,
        text: Text::new(ja, en),
    }
}

fn problem(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Problem {
    Problem {
        code,
        text: Text::new(ja, en),
    }
}
