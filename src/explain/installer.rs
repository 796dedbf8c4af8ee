//! Certificate stores, in words.

use std::io;

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
        InstallError::Refused { operation, source } if is_denied(source.as_ref()) => (
            Text::new(
                format!(
                    "このPCの設定（管理者の決めたポリシーなど）が、{}を許していません（{source}）。",
                    in_japanese(operation)
                ),
                format!(
                    "The settings of this PC (a policy of its administrator, for one) do not allow to {operation} ({source})."
                ),
            ),
            Text::new(
                "このPCの管理者か保守業者に、いまのアカウントで証明書とルート証明書を証明書ストアに入れられる設定かを確かめてください。設定が変わってから、もう一度実行してください。",
                "Ask the administrator of this PC whether the present account may put certificates and a root certificate into its store. Try again when that was changed.",
            ),
        ),
        InstallError::Refused { operation, source } => (
            Text::new(
                format!(
                    "ストアが断りました: {}ができません（{source}）。",
                    in_japanese(operation)
                ),
                format!("The store refused to {operation} ({source})."),
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
        InstallError::NotUndone { first, then } => (
            not_removed(first, then),
            Text::new(
                "ブラウザーの証明書の管理で、この端末の証明書を削除してから、もう一度実行してください。",
                "Remove this terminal's certificate in the browser's certificate manager, then try again.",
            ),
        ),
        InstallError::NotCompleted { first } => return not_completed(first),
        InstallError::RootNotAccepted => (
            Text::new(
                "認証局を信頼するかというシステムの問いに「はい」が押されませんでした（画面のない接続でも同じです）。",
                "The question whether to trust the authority was not answered with Yes (a session without a desktop ends so too).",
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
    Explanation::new(what, not_done(error), next)
}

fn not_done(error: &InstallError) -> Text {
    match error {
        // Whatever could not be taken out again comes as another error, around this one.
        InstallError::RootNotAccepted => Text::new(
            "インストールしていません。入れかけたものは取り除きました。取得した証明書のファイルは残っています。",
            "It is not installed; what had been put in was taken out again. The retrieved file is kept.",
        ),
        _ => Text::new(
            "インストールは完了していません。取得した証明書のファイルは残っています。",
            "It is not installed. The retrieved file is kept.",
        ),
    }
}

/// What went wrong first, and that its remains are there.
fn not_removed(first: &InstallError, then: &InstallError) -> Text {
    let (first, then) = (explain(first).what, explain(then).what);
    Text::new(
        format!(
            "{} 途中まで入ったものを取り除くこともできませんでした: {}",
            first.ja, then.ja
        ),
        format!(
            "{} What it left could not be removed either: {}",
            first.en, then.en
        ),
    )
}

/// The certificate was installed before; only what stands above it is missing.
fn not_completed(first: &InstallError) -> Explanation {
    let (what, next) = match first {
        InstallError::NotUndone { first, then } => (
            not_removed(first, then),
            Text::new(
                "証明書の管理（Windows では certmgr.msc）の「信頼されたルート証明機関」と「中間証明機関」を確かめてから、もう一度実行してください。この端末の証明書は消さないでください。",
                "Look through the trusted roots and the intermediate authorities in the certificate manager (certmgr.msc on Windows), then try again. Leave this terminal's certificate there.",
            ),
        ),
        first => {
            let first = explain(first);
            (first.what, first.next)
        }
    };
    Explanation::new(
        what,
        Text::new(
            "端末の証明書と鍵は前から入っており、そのままです。その上の認証局の証明書がそろっていません。",
            "The terminal's certificate and key were there before and stay. The authorities' certificates above it are not all in place.",
        ),
        next,
    )
}

/// Whether the system itself said that this account may not do it, rather than that it failed.
fn is_denied(source: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    source.downcast_ref::<io::Error>().is_some_and(|error| {
        let code = error.raw_os_error().map(i32::cast_unsigned);
        error.kind() == io::ErrorKind::PermissionDenied
            || code.is_some_and(|code| DENIALS.contains(&code))
    })
}

/// What stores are asked to do, as a noun.
fn in_japanese(operation: &str) -> &'static str {
    OPERATIONS
        .iter()
        .find(|(english, _)| *english == operation)
        .map_or("この操作", |(_, japanese)| *japanese)
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

/// ERROR_ACCESS_DISABLED_BY_POLICY; the same and E_ACCESSDENIED as HRESULTs; NTE_PERM.
const DENIALS: [u32; 4] = [1_260, 0x8007_04ec, 0x8007_0005, 0x8009_0010];

const OPERATIONS: &[(&str, &str)] = &[
    ("add the chain", "発行者の証明書の登録"),
    ("add to CA", "「中間証明機関」への登録"),
    ("add to MY", "「個人」への登録"),
    ("add to ROOT", "「信頼されたルート証明機関」への登録"),
    ("build the chain", "発行者の証明書の確認"),
    ("delete the certificate", "証明書の削除"),
    ("delete the key", "鍵の削除"),
    ("describe a key", "鍵の設定の確認"),
    ("describe its database", "データベースの確認"),
    ("export the key", "鍵の取り出し"),
    ("find a key", "鍵の検索"),
    ("find the key", "鍵の検索"),
    ("import the file", "ファイルの取り込み"),
    ("judge the root", "ルート証明書の確認"),
    ("keep the keychain from asking", "キーチェーンの問いの抑止"),
    ("let a key out", "鍵の取り出し"),
    ("list its certificates", "証明書の一覧"),
    ("list its slots", "データベースの確認"),
    ("make a wrapping key", "鍵の取り出しの準備"),
    ("name the certificate", "証明書の名前付け"),
    ("open CA", "「中間証明機関」を開くこと"),
    ("open MY", "「個人」を開くこと"),
    ("open ROOT", "「信頼されたルート証明機関」を開くこと"),
    ("open a session", "データベースを開くこと"),
    ("open its database", "データベースを開くこと"),
    ("open the key", "鍵を開くこと"),
    ("open the login keychain", "ログインキーチェーンを開くこと"),
    ("read a certificate", "証明書の読み取り"),
    ("remove a certificate", "証明書の削除"),
    ("remove a key", "鍵の削除"),
    ("rename a certificate", "証明書の名前の変更"),
    ("sign", "鍵での署名"),
    ("sign with the key", "鍵での署名"),
    ("trust the root", "ルート証明書の信頼"),
    ("undo the import", "入れかけたものの取り除き"),
    ("unlock its database", "データベースの解錠"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn everything_that_a_store_can_refuse_has_a_japanese_word() {
        let mut operations = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        collect(&source.join("installer"), &mut operations);
        assert!(operations.len() > 30, "{operations:?}");
        for operation in operations {
            assert_ne!(in_japanese(&operation), "この操作", "{operation}");
        }
    }

    /// What stands in `refused("…")` and `operation: "…"` of every file below `folder`.
    fn collect(folder: &Path, operations: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, operations);
                continue;
            }
            let code = fs::read_to_string(&path).unwrap();
            for mark in ["refused(\"", "operation: \""] {
                let named = code.split(mark).skip(1);
                operations.extend(named.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }

    fn refusal(source: io::Error) -> InstallError {
        InstallError::Refused {
            operation: "add to ROOT",
            source: Box::new(source),
        }
    }

    #[test]
    fn a_policy_is_named_as_one_and_no_browser_is_to_be_closed() {
        let denied = explain(&refusal(io::ErrorKind::PermissionDenied.into()));
        assert!(denied.what.ja.contains("ポリシー"), "{}", denied.what.ja);
        assert!(
            denied
                .what
                .ja
                .contains("「信頼されたルート証明機関」への登録"),
            "{}",
            denied.what.ja
        );
        assert!(!denied.what.ja.contains("add to"), "{}", denied.what.ja);
        assert!(denied.next.ja.contains("管理者"), "{}", denied.next.ja);
        assert!(!denied.next.ja.contains("閉じて"), "{}", denied.next.ja);
        for code in [1_260, 0x8007_0005_u32.cast_signed()] {
            let error = refusal(io::Error::from_raw_os_error(code));
            assert!(explain(&error).what.ja.contains("ポリシー"), "{code}");
        }
        let busy = explain(&refusal(io::ErrorKind::ResourceBusy.into()));
        assert!(!busy.what.ja.contains("ポリシー"), "{}", busy.what.ja);
        assert!(busy.next.ja.contains("閉じて"), "{}", busy.next.ja);
    }

    #[test]
    fn only_what_was_taken_out_is_said_to_be() {
        let (taken_out, stays) = ("取り除きました", "そのままです");
        let said = |error: &InstallError| {
            let told = explain(error);
            format!("{} {} {}", told.what.ja, told.not_done.ja, told.next.ja)
        };
        let declined = || Box::new(InstallError::RootNotAccepted);
        assert!(said(&declined()).contains(taken_out));
        let not_undone = || {
            Box::new(InstallError::NotUndone {
                first: declined(),
                then: Box::new(refusal(io::ErrorKind::PermissionDenied.into())),
            })
        };
        assert!(!said(&not_undone()).contains(taken_out));
        for first in [declined(), not_undone()] {
            let told = said(&InstallError::NotCompleted { first });
            assert!(!told.contains(taken_out), "{told}");
            assert!(told.contains(stays), "{told}");
            assert!(!told.contains("証明書を削除"), "{told}");
        }
    }
}
