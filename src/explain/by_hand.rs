//! A file that a person fetches by hand, in words.

use crate::domain::Text;
use crate::workflow::AdoptError;

use super::{ExitKind, Explanation, nothing_changed};

pub fn explain(error: &AdoptError) -> Explanation {
    let (what, not_done, next) = match error {
        AdoptError::NoTerminalFits { name, from, to } => (
            Text::new(
                format!(
                    "この電子証明書（名前 {name}、有効期間 {from}～{to}）に合う確定済みの端末がありません。"
                ),
                format!(
                    "No confirmed terminal fits this certificate (name {name}, valid {from} to {to})."
                ),
            ),
            not_taken(),
            Text::new(
                "noticert status で発行先と有効期間を確かめてください。通知書がまだなら noticert read か noticert add のあとで、もう一度。",
                "Compare with noticert status. If the letter is not recorded yet: noticert read or noticert add first.",
            ),
        ),
        AdoptError::SeveralFit { candidates } => {
            let list = |language: fn(&Text) -> &str| {
                candidates
                    .iter()
                    .map(|(id, name)| format!("{id} {}", language(name)))
                    .collect::<Vec<_>>()
                    .join("\n    ")
            };
            (
                Text::new(
                    format!(
                        "同じ発行先・有効期間の端末が{}台あり、どの端末のものか証明書だけでは決まりません:\n    {}",
                        candidates.len(),
                        list(|name| &name.ja)
                    ),
                    format!(
                        "{} terminals have this name and validity; the certificate alone does not tell whose it is:\n    {}",
                        candidates.len(),
                        list(|name| &name.en)
                    ),
                ),
                not_taken(),
                Text::new(
                    "どのリクエストIDで受け取ったかを確かめ、端末を指定してください: noticert adopt FILE.p12 TERMINAL",
                    "Find out with which request ID it was fetched, and name the terminal: noticert adopt FILE.p12 TERMINAL",
                ),
            )
        }
        AdoptError::HeldByAnother { name } => (
            Text::new(
                format!(
                    "この電子証明書は、すでに{}のものとして記録されています。",
                    name.ja
                ),
                format!("This certificate is recorded for {} already.", name.en),
            ),
            not_taken(),
            Text::new(
                "端末の指定を確かめてください。",
                "Check which terminal is meant.",
            ),
        ),
        AdoptError::TooLarge { path, limit } => (
            Text::new(
                format!("{} は大きすぎます（{limit}バイトまで）。", path.display()),
                format!("{} is too large (at most {limit} bytes).", path.display()),
            ),
            not_taken(),
            Text::new(
                "取得サイトから受け取った .p12 を指定してください。",
                "Name the .p12 that came from the site.",
            ),
        ),
        AdoptError::NoPassword { path } => (
            Text::new(
                format!("{} を開くパスワードがありません。", path.display()),
                format!("No password for {} is at hand.", path.display()),
            ),
            not_taken(),
            Text::new(
                "紙の控えを探し、もう一度 noticert adopt を実行してください。ほかのパソコンに同じ電子証明書が入っていれば、そこで noticert backup --from-store で作り直せます。それもだめなら新しく発行を申請します。",
                "Look for the paper and run noticert adopt again. Where another PC has the same certificate: noticert backup --from-store there. Only then apply anew.",
            ),
        ),
        AdoptError::PutOff => (
            Text::new(
                "手作業を取りやめました（何も送信していないとのことです）。",
                "Retrieving by hand was put off; nothing was sent, as you say.",
            ),
            nothing_changed(),
            Text::new(
                "続けるときは noticert retrieve --by-hand TERMINAL",
                "To go on: noticert retrieve --by-hand TERMINAL",
            ),
        ),
        AdoptError::LeftOpen => (
            Text::new(
                "手作業を途中でやめました。送信されたかどうかは記録上「結果不明」です。",
                "Retrieving by hand was left; whether anything was sent is not known.",
            ),
            Text::new(
                "ファイルは受け取っていません。noticert が自分から送信することはありません。",
                "No file was taken. noticert will not submit on its own.",
            ),
            Text::new(
                "ファイルがあれば noticert adopt FILE.p12 TERMINAL。なければ noticert retrieve --by-hand TERMINAL でやり直せます。",
                "If there is a file: noticert adopt FILE.p12 TERMINAL. Else start over: noticert retrieve --by-hand TERMINAL.",
            ),
        ),
    };
    Explanation::new(what, not_done, next)
}

pub fn exit_kind(error: &AdoptError) -> ExitKind {
    match error {
        AdoptError::NoTerminalFits { .. }
        | AdoptError::SeveralFit { .. }
        | AdoptError::HeldByAnother { .. }
        | AdoptError::TooLarge { .. } => ExitKind::PersonMustLook,
        AdoptError::NoPassword { .. } => ExitKind::InvalidCredential,
        AdoptError::PutOff | AdoptError::LeftOpen => ExitKind::Interrupted,
    }
}

fn not_taken() -> Text {
    Text::new(
        "台帳もファイルもそのままです。",
        "Ledger and file stay as they were.",
    )
}
