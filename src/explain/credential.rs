//! What is wrong with a `.p12`, in words.

use crate::credential::{Check, CredentialError, FoundInstead, Part, REVOKED, name_of};
use crate::domain::Text;

use super::Explanation;

pub fn explain(error: &CredentialError) -> Explanation {
    let (what, next) = match error {
        CredentialError::NotPkcs12 { found } => {
            let (ja, en) = match found {
                FoundInstead::Nothing => ("中身のないファイル", "an empty file"),
                FoundInstead::Page => ("Webページ", "a web page"),
                FoundInstead::Pem => ("PEM形式の文字ファイル", "PEM text"),
                FoundInstead::Certificate => ("鍵のない証明書", "a certificate without its key"),
                FoundInstead::Text => ("文字のファイル", "text"),
                FoundInstead::OtherBytes => ("別の種類のファイル", "something else"),
            };
            (
                Text::new(
                    format!("電子証明書のファイル（.p12）ではなく、{ja}です。"),
                    format!("This is {en}, not a .p12 file."),
                ),
                Text::new(
                    "取得サイトから受け取った .p12 ファイルか、そのバックアップを指定してください。",
                    "Name the .p12 file that the site sent, or a back-up of it.",
                ),
            )
        }
        CredentialError::Truncated { found } => (
            Text::new(
                format!("ファイルが途中で切れています（{found}バイト）。"),
                format!("The file is cut off after {found} bytes."),
            ),
            Text::new(
                "コピーし直すか、別の写しを使ってください。",
                "Copy it again, or use another copy.",
            ),
        ),
        CredentialError::Damaged { part } => (
            Text::new(
                format!("ファイルが壊れています（{part}）。"),
                format!("The file is damaged in its {part}."),
            ),
            Text::new("別の写しを使ってください。", "Use another copy."),
        ),
        CredentialError::Altered => (
            Text::new(
                "ファイルの検査値が合いません。作られた後で変わっています。",
                "The file was altered: its check value does not hold.",
            ),
            Text::new("別の写しを使ってください。", "Use another copy."),
        ),
        CredentialError::WrongPassword => (
            Text::new(
                "証明書パスワードが違うため、ファイルを開けません。",
                "The certificate password does not open the file.",
            ),
            Text::new(
                "紙の控えを確かめてください。このファイルを取得したときに決めた数字4桁です。",
                "Check your note: it is the 4 digits chosen when this file was retrieved.",
            ),
        ),
        CredentialError::NoMac => (
            Text::new(
                "ファイルに検査値も暗号もありません。誰でも開け、書き換えられるファイルです。",
                "The file carries neither check value nor encryption: anybody can open and change it.",
            ),
            Text::new(
                "取得サイトから受け取った元のファイルを使ってください。",
                "Use the file as the site sent it.",
            ),
        ),
        CredentialError::ShutOtherwise => (
            Text::new(
                "証明書パスワードは合っていますが、ファイルの一部が別のパスワードで閉じてあります。",
                "The certificate password is right, but a part of the file is shut with another one.",
            ),
            Text::new(
                "取得サイトから受け取った元のファイルを使うか、全体を同じ数字4桁で書き出し直してください。",
                "Use the file as the site sent it, or export it anew with the same 4 digits throughout.",
            ),
        ),
        CredentialError::Unsupported { part, identifier } => {
            let scheme = match name_of(identifier) {
                Some(name) => format!("{name}, {identifier}"),
                None => identifier.clone(),
            };
            let (ja, en) = match part {
                Part::Container => ("入れ物", "container"),
                Part::Mac => ("検査値", "check value"),
                Part::Encryption => ("暗号", "encryption"),
                Part::Key => ("鍵", "key"),
            };
            (
                Text::new(
                    format!("ファイルの{ja}の方式（{scheme}）を noticert は読めません。"),
                    format!("The file's {en} uses {scheme}, which noticert cannot read."),
                ),
                Text::new(
                    "取得サイトから受け取った元のファイルを使ってください。",
                    "Use the file as the site sent it.",
                ),
            )
        }
        CredentialError::TooManyRounds { found, limit } => (
            Text::new(
                format!("開くのに必要な計算の回数（{found}回）が多すぎます（上限 {limit}回）。"),
                format!("Opening asks for {found} key-derivation rounds, more than {limit}."),
            ),
            Text::new(
                "正しいファイルなら、設定の limits.key_derivation_rounds を上げてください。",
                "If the file is right, raise limits.key_derivation_rounds in the configuration.",
            ),
        ),
        CredentialError::Undecodable { source } => (
            Text::new(
                format!("パスワードは合っていますが、中身を読めません（{source}）。"),
                format!("The password is right, but the contents cannot be read ({source})."),
            ),
            Text::new("別の写しを使ってください。", "Use another copy."),
        ),
        CredentialError::ChecksFailed { failed } => {
            let list = |pick: fn(&Text) -> &str| {
                failed
                    .iter()
                    .map(|check| format!("\n    ✗ {}", pick(&check.text)))
                    .collect::<String>()
            };
            (
                Text::new(
                    format!(
                        "開けましたが、求める電子証明書ではありません:{}",
                        list(|text| &text.ja)
                    ),
                    format!(
                        "It opens, but it is not the credential it should be:{}",
                        list(|text| &text.en)
                    ),
                ),
                after_failed(failed),
            )
        }
    };
    Explanation::new(
        what,
        Text::new(
            "インストールしていません。ファイルはそのまま残っています。",
            "Nothing was installed. The file is untouched.",
        ),
        next,
    )
}

/// What to do about a file that opened and is not the credential it should be.
fn after_failed(failed: &[Check]) -> Text {
    let is_about = |code: &str| failed.iter().any(|check| check.code == code);
    if is_about(REVOKED) {
        Text::new(
            "この証明書ではつながりません。新しい証明書がもうあるなら、そちらを使ってください。なければ新しい発行を申請してください。覚えのない失効は、発行元の窓口に理由を尋ねてください。",
            "It will not connect. If there is a newer certificate, use that; else apply anew. If nobody asked for the revocation, ask the authority why.",
        )
    } else if is_about("one-key") {
        Text::new(
            "鍵の入った .p12 ファイル（取得サイトから受け取ったもの）か、そのバックアップを使ってください。",
            "Use the .p12 file with its key, as the site sent it, or a back-up of it.",
        )
    } else if is_about("dates") {
        Text::new(
            "期限の切れた電子証明書は使えません。もっと新しいファイルやUSBを探し、なければ新しく発行を申請します（総合ポータル 0800-080-4583）。まだ始まっていないときは、このパソコンの日付を確かめてください。",
            "An expired certificate is of no use: look for a newer file or stick, else apply for a new one (portal: 0800-080-4583). If it is not valid yet, check this PC's date.",
        )
    } else {
        Text::new(
            "別の端末・別の医療機関のファイルでないか確かめてください。",
            "See whether it belongs to another terminal or institution.",
        )
    }
}
