//! Coming back and going away: restoring certificates and removing old ones, in words.

use crate::domain::Text;
use crate::installer::InstallError;
use crate::workflow::{RemoveError, RestoreError, WaitsFor};

use super::{ExitKind, Explanation, nothing_changed};

pub fn restoring(error: &RestoreError) -> Explanation {
    let (what, next) = match error {
        RestoreError::NoBackup { path } => (
            Text::new(
                format!("{} にバックアップが見つかりません。", path.display()),
                format!("No back-up was found in {}.", path.display()),
            ),
            Text::new(
                "USBメモリーが挿さっているか確かめ、「電子証明書バックアップ」フォルダーか .p12 ファイルを指定してください。",
                "See that the stick is in, and name the folder 電子証明書バックアップ or a .p12 file.",
            ),
        ),
        RestoreError::NotForTerminal { terminal, there } => (
            Text::new(
                format!(
                    "このバックアップに「{terminal}」の控えはありません。あるのは {} です。",
                    there.join("、")
                ),
                format!(
                    "The back-up has no copy for “{terminal}”. It has {}.",
                    there.join(", ")
                ),
            ),
            Text::new(
                "別のUSBを探すか、--terminal 端末名称 で端末を、または .p12 ファイルそのものを指定してください。",
                "Look for another stick, or name the terminal with --terminal NAME, or the .p12 file itself.",
            ),
        ),
        RestoreError::SeveralTerminals { there } => (
            Text::new(
                format!(
                    "このバックアップには{}台分の控えがあります: {}",
                    there.len(),
                    there.join("、")
                ),
                format!(
                    "The back-up has copies of {} terminals: {}",
                    there.len(),
                    there.join(", ")
                ),
            ),
            Text::new(
                "このパソコンの端末を --terminal 端末名称 で指定してください。",
                "Name the one that this computer is: --terminal NAME",
            ),
        ),
        RestoreError::SeveralFiles { there } => (
            Text::new(
                format!(
                    "どのファイルがこのパソコンの電子証明書か決められません:{}",
                    list(there.iter().map(|one| one.ja.as_str()))
                ),
                format!(
                    "It is not clear which file is this computer's certificate:{}",
                    list(there.iter().map(|one| one.en.as_str()))
                ),
            ),
            Text::new(
                "フォルダーではなく、このパソコンの端末のファイルを FILE に指定してください: noticert restore FILE",
                "Name the file of this computer's terminal instead of the folder: noticert restore FILE",
            ),
        ),
        RestoreError::NoneUsable { unfit } => (
            Text::new(
                format!(
                    "使える控えがありません:{}",
                    list(
                        unfit
                            .iter()
                            .map(|(copy, why)| format!("{}: {}", copy.ja, why.ja))
                    )
                ),
                format!(
                    "No copy can be used:{}",
                    list(
                        unfit
                            .iter()
                            .map(|(copy, why)| format!("{}: {}", copy.en, why.en))
                    )
                ),
            ),
            Text::new(
                "別のUSBの控えを探してください。元の端末が動くなら、そこで noticert backup をもう一度実行すると作り直せます（台帳になければ noticert backup --from-store）。",
                "Look for another stick. Where the original terminal still runs, noticert backup makes the copies anew (noticert backup --from-store where its ledger has none).",
            ),
        ),
        RestoreError::AllExpired { last } => (
            Text::new(
                format!("いちばん新しい控えの有効期限（{last}）が過ぎています。"),
                format!("The newest copy expired on {last}."),
            ),
            Text::new(
                "もっと新しいUSBを探してください。なければ新しく発行を申請します（総合ポータル 0800-080-4583）。",
                "Look for a newer stick, else apply for a new certificate (portal: 0800-080-4583).",
            ),
        ),
        RestoreError::NoPassword { path } => (
            Text::new(
                format!("{} を開くパスワードがありません。", path.display()),
                format!("No password for {} is at hand.", path.display()),
            ),
            Text::new(
                "紙の控え、別のUSBの .password.age、元の端末の台帳を探してください。元の端末が動くなら noticert backup --from-store で作り直せます。それもだめなら新しく発行を申請します。",
                "Look for the paper, for .password.age on another stick, for the ledger of the old terminal. Where that still runs: noticert backup --from-store. Only then apply anew.",
            ),
        ),
        RestoreError::NoInstitution { name } => (
            Text::new(
                format!("証明書の名前「{name}」は医療機関コードではありません。"),
                format!("The certificate's name “{name}” is no institution code."),
            ),
            Text::new(
                "このサービスの電子証明書かどうか、noticert verify FILE で確かめてください。",
                "See with noticert verify FILE whether it is a certificate of this service.",
            ),
        ),
    };
    Explanation::new(
        what,
        Text::new(
            "インストールしていません。バックアップはそのままです。",
            "Nothing was installed. The back-up is untouched.",
        ),
        next,
    )
}

/// Each on a line of its own.
fn list(lines: impl Iterator<Item = impl std::fmt::Display>) -> String {
    lines.map(|line| format!("\n    {line}")).collect()
}

pub fn restoring_exit_kind(error: &RestoreError) -> ExitKind {
    match error {
        RestoreError::SeveralTerminals { .. } | RestoreError::SeveralFiles { .. } => {
            ExitKind::Usage
        }
        RestoreError::NoBackup { .. } | RestoreError::NoneUsable { .. } => ExitKind::StoreOrDisk,
        RestoreError::NotForTerminal { .. } => ExitKind::PersonMustLook,
        RestoreError::AllExpired { .. }
        | RestoreError::NoPassword { .. }
        | RestoreError::NoInstitution { .. } => ExitKind::InvalidCredential,
    }
}

pub fn removing(error: &RemoveError) -> Explanation {
    let (what, next) = match error {
        RemoveError::StillValid { name, last } => (
            Text::new(
                format!("証明書「{name}」は {last} まで有効です。"),
                format!("The certificate “{name}” is valid until {last}."),
            ),
            Text::new(
                "有効な証明書は消しません。それでも消すなら、人が画面の前で --force を付けて実行します。",
                "A valid certificate stays. To remove it all the same, a person runs this with --force.",
            ),
        ),
        RemoveError::Waits { name, what } => (
            match what {
                WaitsFor::Successor => Text::new(
                    format!("「{name}」に代わる有効な証明書が、このストアにありません。"),
                    format!("No valid certificate in this store took the place of “{name}”."),
                ),
                WaitsFor::Proof => Text::new(
                    format!(
                        "「{name}」に代わる証明書の鍵が、このストアで使えることを確かめられません。"
                    ),
                    format!("What took the place of “{name}” did not sign in this store."),
                ),
                WaitsFor::Backup => Text::new(
                    format!("「{name}」に代わる証明書のバックアップがまだです。"),
                    format!("What took the place of “{name}” is not backed up."),
                ),
                WaitsFor::Key => Text::new(
                    format!("「{name}」には鍵がなく、元に戻す写しを作れません。"),
                    format!("“{name}” has no key, so that no copy to put back can be made."),
                ),
            },
            match what {
                WaitsFor::Successor => Text::new(
                    "先に新しい証明書を noticert install で入れてください。医療機関コードが変わったのなら、その日を noticert remove-old --old-code 前のコード --new-code 今のコード --changed-on 年-月-日 で台帳に記録してください。",
                    "Install the new one first: noticert install. Where the institution code changed, record the day: noticert remove-old --old-code OLD --new-code NEW --changed-on YYYY-MM-DD",
                ),
                WaitsFor::Proof => Text::new(
                    "先に新しい証明書を noticert install で入れてください。",
                    "Install the new one first: noticert install",
                ),
                WaitsFor::Backup => Text::new(
                    "先に noticert backup --to DIR を実行し、4桁の控えを確かめてください。",
                    "First noticert backup --to DIR, with the four digits on paper.",
                ),
                WaitsFor::Key => Text::new(
                    "消す必要があれば、ブラウザーの証明書の管理で消してください。",
                    "If it has to go, remove it in the browser's certificate manager.",
                ),
            },
        ),
        RemoveError::NoUndoCopy { name, source } => return no_undo_copy(name, source),
        RemoveError::NotOne { text, matches } => (
            Text::new(
                format!("「{text}」に当たるこのサービスの証明書は{matches}枚です。"),
                format!("{matches} certificates of the service answer to “{text}”."),
            ),
            Text::new(
                "noticert audit で拇印（SHA-256）の先頭8桁以上を見て指定してください。",
                "Give at least eight digits of its SHA-256, as noticert audit shows it.",
            ),
        ),
        RemoveError::Declined => (
            Text::new("削除しませんでした。", "Nothing was removed."),
            Text::new("そのままで構いません。", "It can stay as it is."),
        ),
        RemoveError::PutBack { name } => (
            Text::new(
                format!(
                    "「{name}」を削除したところ、新しい証明書の鍵が使えなくなりました。元に戻しました。"
                ),
                format!(
                    "After “{name}” was removed, the new certificate no longer signed. It was put back."
                ),
            ),
            Text::new(
                "ブラウザーをすべて閉じて noticert install をもう一度実行し、noticert audit を見てください。",
                "Close every browser window, run noticert install again and look at noticert audit.",
            ),
        ),
        RemoveError::NothingToUndo => (
            Text::new(
                "このストアから noticert が削除した証明書はありません。",
                "noticert removed nothing from this store that could be put back.",
            ),
            Text::new(
                "別のストアなら --nss DIR か --folder DIR で指定してください。",
                "Name another store with --nss DIR or --folder DIR.",
            ),
        ),
    };
    Explanation::new(what, nothing_changed(), next)
}

fn no_undo_copy(name: &str, why: &InstallError) -> Explanation {
    let what = match why {
        InstallError::NoKey { .. } => Text::new(
            format!("「{name}」には鍵がなく、元に戻すための写しを作れません。"),
            format!("“{name}” has no key, so that no copy to put back can be made."),
        ),
        _ => Text::new(
            format!(
                "「{name}」の鍵はこのストアから取り出せず（エクスポート不可、または使うたびに確認する設定）、元に戻すための写しを作れません。"
            ),
            format!(
                "The key of “{name}” does not leave this store, so that no copy to put back can be made."
            ),
        ),
    };
    Explanation::new(
        what,
        Text::new(
            "削除していません。noticert が削除するのは、元に戻せるものだけです（--force でも同じです）。",
            "It was not removed. noticert removes only what it can put back, also with --force.",
        ),
        Text::new(
            "そのままで構いません。どうしても消すなら、もう要らないことを確かめてから、ブラウザーの証明書の管理（Windows は certmgr.msc）で消してください。元には戻せません。",
            "It can stay. If it has to go, make sure that nobody needs it and remove it in the browser's certificate manager (certmgr.msc on Windows): that cannot be undone.",
        ),
    )
}

pub fn removing_exit_kind(error: &RemoveError) -> ExitKind {
    match error {
        RemoveError::NotOne { .. } => ExitKind::Usage,
        RemoveError::PutBack { .. } => ExitKind::StoreOrDisk,
        RemoveError::StillValid { .. }
        | RemoveError::Waits { .. }
        | RemoveError::NoUndoCopy { .. }
        | RemoveError::Declined
        | RemoveError::NothingToUndo => ExitKind::PersonMustLook,
    }
}
