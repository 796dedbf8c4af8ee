//! Certificate stores, in words.

use crate::domain::Text;
use crate::installer::InstallError;
use crate::workflow::AccountError;

use super::{Explanation, custody};

pub fn explain(error: &InstallError) -> Explanation {
    let (what, next) = match error {
        InstallError::PracticeCertificate => (
            Text::new(
                "練習用の証明書は、ブラウザーが使うストアには入れられません。",
                "A practice certificate does not go into a store that browsers use.",
            ),
            Text::new(
                "練習では --nss DIR か --folder DIR で別の場所を指定してください。",
                "For practice name another place with --nss DIR or --folder DIR.",
            ),
        ),
        InstallError::ToolMissing { tool, package } => (
            Text::new(
                format!("{tool} がありません。"),
                format!("{tool} is missing."),
            ),
            Text::new(
                format!("sudo apt-get install {package} を実行してください。"),
                format!("Run: sudo apt-get install {package}"),
            ),
        ),
        InstallError::ToolFailed { tool, said, .. } => (
            Text::new(
                format!("{tool} が失敗しました: {said}"),
                format!("{tool} failed: {said}"),
            ),
            Text::new(
                "ブラウザーをすべて閉じて、もう一度実行してください。",
                "Close every browser window and try again.",
            ),
        ),
        InstallError::Refused { operation, source } => (
            Text::new(
                format!("ストアが操作（{operation}）を断りました: {source}"),
                format!("The store refused to {operation}: {source}"),
            ),
            Text::new(
                "ブラウザーをすべて閉じて、もう一度実行してください。",
                "Close every browser window and try again.",
            ),
        ),
        InstallError::Locked { path } => (
            Text::new(
                format!(
                    "ストア {} には独自のパスワードがかかっています。",
                    path.display()
                ),
                format!(
                    "The store {} is locked with its own password.",
                    path.display()
                ),
            ),
            Text::new(
                "ブラウザーの設定でマスターパスワードを外すか、別の場所を --nss DIR で指定してください。",
                "Take the master password off in the browser, or name another place with --nss DIR.",
            ),
        ),
        InstallError::WrongStorePassword { path } => (
            Text::new(
                format!("ストア {} のパスワードが違います。", path.display()),
                format!("The password of the store {} is wrong.", path.display()),
            ),
            Text::new(
                "正しいパスワードを確かめてください。",
                "Look up the right password.",
            ),
        ),
        InstallError::Disk { source } => return custody::disk(source),
        InstallError::NotFound { fingerprint } => (
            Text::new(
                format!("ストアに証明書 {fingerprint} がありません。"),
                format!("The store has no certificate {fingerprint}."),
            ),
            Text::new(
                "noticert install でもう一度入れてください。",
                "Install it again with noticert install.",
            ),
        ),
        InstallError::NoKey { fingerprint } => (
            Text::new(
                format!("ストアに証明書 {fingerprint} の鍵がありません。"),
                format!("The store has no key for certificate {fingerprint}."),
            ),
            Text::new(
                "noticert install でもう一度入れてください。",
                "Install it again with noticert install.",
            ),
        ),
        InstallError::NotThereAfterImport { fingerprint } => (
            Text::new(
                format!(
                    "取り込みは成功と報告されましたが、証明書 {fingerprint} と鍵が見つかりません。"
                ),
                format!(
                    "The import reported success, but certificate {fingerprint} with its key is not there."
                ),
            ),
            Text::new(
                "ブラウザーをすべて閉じて、もう一度実行してください。",
                "Close every browser window and try again.",
            ),
        ),
        InstallError::WrongKey { fingerprint } => (
            Text::new(
                format!("証明書 {fingerprint} とストアの鍵が合いません。"),
                format!("The key stored for certificate {fingerprint} does not belong to it."),
            ),
            Text::new(
                "この証明書では接続できません。別のストアに入れ直してください。",
                "It will not connect. Install it into another store.",
            ),
        ),
        InstallError::NotExportable { fingerprint } => (
            Text::new(
                format!(
                    "ストアは証明書 {fingerprint} の鍵を取り出させません（エクスポート不可で入れられています）。"
                ),
                format!("The store does not let the key of certificate {fingerprint} out."),
            ),
            Text::new(
                "この証明書のバックアップは、取得したときの .p12 からしか作れません。.p12 を探し、なければ更新か新しい発行を申請してください。",
                "It can be backed up from the retrieved .p12 only: look for that file, else renew or apply anew.",
            ),
        ),
        InstallError::Random { source } => (
            Text::new(
                format!("このパソコンから乱数を得られません（{source}）。"),
                format!("This computer gives no random numbers ({source})."),
            ),
            Text::new(
                "再起動してからもう一度実行してください。",
                "Restart the computer and try again.",
            ),
        ),
        InstallError::NotUndone { first, then } => {
            let first = explain(first);
            (
                Text::new(
                    format!(
                        "{} 途中まで入ったものを取り除くこともできませんでした（{then}）。",
                        first.what.ja
                    ),
                    format!(
                        "{} What it left could not be removed either ({then}).",
                        first.what.en
                    ),
                ),
                Text::new(
                    "ブラウザーの証明書の管理で、この端末の証明書を削除してから、もう一度実行してください。",
                    "Remove this terminal's certificate in the browser's certificate manager, then try again.",
                ),
            )
        }
        InstallError::RootNotAccepted => (
            Text::new(
                "認証局を信頼するかというシステムの問いに「はい」が押されませんでした（画面のない接続でも同じです）。入れかけたものは取り除きました。",
                "The question whether to trust the authority was not answered with Yes (a session without a desktop ends so too). What had been put in was taken out again.",
            ),
            Text::new(
                "この PC の画面の前でもう一度実行し、「セキュリティ警告」で「はい」を押してください（Mac では「証明書信頼設定」の変更を許可）。",
                "Run it again at this PC's own screen and answer the security warning with Yes (on a Mac: allow the change of trust settings).",
            ),
        ),
        InstallError::KeyAsks { fingerprint } => (
            Text::new(
                format!("証明書 {fingerprint} の鍵は、使うたびにパスワードを求める設定です。"),
                format!("The key of certificate {fingerprint} asks for a password at each use."),
            ),
            Text::new(
                "certmgr.msc（Mac ではキーチェーンアクセス）の書き出しで、そのパスワードを入れて取り出してください。",
                "Take it out with the export of certmgr.msc (Keychain Access on a Mac), which can ask for that password.",
            ),
        ),
        InstallError::NotWritten { source } => (
            Text::new(
                format!("証明書を .p12 の形に書き出せません（{source}）。"),
                format!("The certificate cannot be written as .p12 ({source})."),
            ),
            Text::new(
                "noticert support で資料を作り、送ってください。",
                "Make a report with noticert support and send it.",
            ),
        ),
        InstallError::Unsupported { store } => (
            Text::new(
                format!("このシステムには {store} がありません。"),
                format!("This system has no {store}."),
            ),
            Text::new("--folder DIR を使ってください。", "Use --folder DIR."),
        ),
    };
    Explanation::new(
        what,
        Text::new(
            "インストールは完了していません。取得した証明書のファイルは残っています。",
            "It is not installed. The retrieved file is kept.",
        ),
        next,
    )
}

/// The account that runs the program, and the store that it would fill.
pub fn account(error: &AccountError) -> Explanation {
    let (what, next) = match error {
        AccountError::AnotherIsLoggedOn { running, desktop } => (
            Text::new(
                format!(
                    "いま {desktop} がログオンしていますが、このプログラムは {running} として動いています。このままでは {running} の証明書ストアに入ります。"
                ),
                format!(
                    "{desktop} is logged on, but this program runs as {running} and would fill {running}'s certificate store."
                ),
            ),
            Text::new(
                "「管理者として実行」をやめ、ふつうに開いた画面で実行してください。管理者の権限は要りません。",
                "Do not run it as administrator: open an ordinary window and run it there. No administrator rights are needed.",
            ),
        ),
        AccountError::NotNamed { running, accounts } => (
            Text::new(
                format!(
                    "いまのアカウント {running} は、設定で決められたもの（{}）ではありません。",
                    accounts.join("、")
                ),
                format!(
                    "The present account {running} is not one that the configuration names ({}).",
                    accounts.join(", ")
                ),
            ),
            Text::new(
                "設定のアカウントでログオンし直すか、設定ファイルの [install] accounts を直してください。",
                "Log on as one of them, or mend [install] accounts in the configuration.",
            ),
        ),
        AccountError::Declined { running } => (
            Text::new(
                format!("証明書を使うのは、いまのアカウント {running} ではないとのことです。"),
                format!("The present account {running} is not the one that uses the certificate."),
            ),
            Text::new(
                "証明書を使うアカウント（オンライン資格確認の端末では、ふつう OQSComApp）でログオンして、もう一度実行してください。",
                "Log on as the account that uses it (OQSComApp on most terminals) and run it again.",
            ),
        ),
    };
    Explanation::new(
        what,
        Text::new(
            "インストールしていません。取得した証明書のファイルは残っています。",
            "Nothing was installed. The retrieved file is kept.",
        ),
        next,
    )
}
