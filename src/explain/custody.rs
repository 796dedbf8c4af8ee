//! The seal and the disk, in words.

use crate::custody::{CustodyError, DiskError, DiskTrouble, PathKind};
use crate::domain::Text;

use super::{ExitKind, Explanation, backup, nothing_changed, watch};

pub fn explain(error: &CustodyError) -> Explanation {
    let (what, next) = match error {
        CustodyError::WrongPassphrase { path } => (
            Text::new(
                format!("パスフレーズが違います（{}）。", path.display()),
                format!("The passphrase does not open {}.", path.display()),
            ),
            Text::new(
                "紙の控えを確かめて、もう一度入力してください（大文字・小文字、かな入力に注意）。--passphrase-file のときはファイルの中身を確かめてください。",
                "Check your note and try again (mind capitals and Japanese input); with --passphrase-file check the file.",
            ),
        ),
        CustodyError::EmptyPassphrase => (
            Text::new("パスフレーズが空です。", "The passphrase is empty."),
            Text::new(
                "1文字以上（できれば16文字以上）にしてください。",
                "Use at least one character, better sixteen.",
            ),
        ),
        CustodyError::KeyMissing { path } => (
            Text::new(
                format!("封印の鍵ファイル {} がありません。", path.display()),
                format!("The key file {} is missing.", path.display()),
            ),
            Text::new(
                "データフォルダーをバックアップから戻してください。",
                "Restore the data folder from your back-up.",
            ),
        ),
        CustodyError::KeyExists { path } => (
            Text::new(
                format!("封印の鍵ファイル {} は既にあります。", path.display()),
                format!("The key file {} exists already.", path.display()),
            ),
            Text::new(
                "そのパスフレーズで開いてください。",
                "Open it with its passphrase.",
            ),
        ),
        CustodyError::KeyDamaged { path, source: _ } => (
            Text::new(
                format!("封印の鍵ファイル {} が壊れています。", path.display()),
                format!("The key file {} is damaged.", path.display()),
            ),
            Text::new(
                "鍵ファイルをバックアップから戻してください。",
                "Restore the key file from your back-up.",
            ),
        ),
        CustodyError::KeyTooCostly {
            path,
            required,
            accepted,
        } => (
            Text::new(
                format!(
                    "封印の鍵ファイル {} は、開くのに必要な計算量が大きすぎます（2^{required}、上限 2^{accepted}）。",
                    path.display()
                ),
                format!(
                    "The key file {} asks for too much work (2^{required}, at most 2^{accepted}).",
                    path.display()
                ),
            ),
            Text::new(
                "noticert が作った鍵ファイルか確かめてください。",
                "Check that noticert made this file.",
            ),
        ),
        CustodyError::KeyNotWrapped { source } => (
            Text::new(
                format!("封印の鍵を包めません（{source}）。"),
                format!("The data key cannot be wrapped ({source})."),
            ),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
        CustodyError::NoAccountKeys => (
            Text::new(
                "サインインしているアカウントで鍵を守る仕組みが、いまここにはありません（Linux では、デスクトップのキーリングが開いているときだけ使えます）。",
                "Nothing here keeps keys for the account that is logged on just now (on Linux: only an unlocked keyring of the desktop does).",
            ),
            Text::new(
                "パスフレーズで封印してください（noticert seal change）。",
                "Seal with a passphrase (noticert seal change).",
            ),
        ),
        CustodyError::AccountRefused { path, source } => (
            Text::new(
                format!(
                    "封印の鍵ファイル {} を、このアカウントでは開けません（{source}）。別のアカウントか別のパソコンのもの、アカウントのパスワードが管理者に再設定された、またはデスクトップのキーリングが閉じています。",
                    path.display()
                ),
                format!(
                    "The key file {} does not open for this account ({source}): it is another account's or PC's, the account's password was reset, or the desktop's keyring is locked.",
                    path.display()
                ),
            ),
            Text::new(
                "作ったときのアカウントで、画面の前でサインインしてください。それができなければ、証明書はバックアップから noticert restore で戻せます。",
                "Log on at the desktop as the account that made it. Else restore the certificates from a back-up: noticert restore",
            ),
        ),
        CustodyError::OnlyWay { path } => (
            Text::new(
                format!("{} は封印を開く唯一の手段です。", path.display()),
                format!("{} is the only way into the seal.", path.display()),
            ),
            Text::new(
                "先にもう一つの開け方を作ってください（noticert seal change）。",
                "Make another way first (noticert seal change).",
            ),
        ),
        CustodyError::NoRandomness { source } => (
            Text::new(
                format!("このパソコンから乱数を得られません（{source}）。"),
                format!("This computer gives no random numbers ({source})."),
            ),
            Text::new(
                "再起動してからもう一度実行してください。",
                "Restart the computer and try again.",
            ),
        ),
        CustodyError::TooLong { field } => (
            Text::new(
                format!("封印する値（{field}）が大きすぎます。"),
                format!("The value to be sealed ({field}) is too large."),
            ),
            Text::new("読み取る画像を小さくしてください。", "Use a smaller scan."),
        ),
        CustodyError::OtherKey { field, .. } => (
            Text::new(
                format!("封印した値（{field}）は別のデータフォルダーの鍵のものです。"),
                format!("The sealed {field} belongs to the key of another data folder."),
            ),
            Text::new(
                "元のデータフォルダーで実行してください。",
                "Use the data folder that it came from.",
            ),
        ),
        CustodyError::NotUnsealed { field } => (
            Text::new(
                format!("封印した値（{field}）が壊れているか、別の場所のものです。"),
                format!("The sealed {field} is damaged or belongs elsewhere."),
            ),
            Text::new(
                "台帳をバックアップから戻してください。",
                "Restore the ledger from your back-up.",
            ),
        ),
        CustodyError::UnknownForm { field } => (
            Text::new(
                format!("封印した値（{field}）の形式をこの版は知りません。"),
                format!("The sealed {field} has a form unknown to this version."),
            ),
            Text::new(
                "新しい版の noticert を使ってください。",
                "Use a newer noticert.",
            ),
        ),
        CustodyError::Disk(error) => return disk(error),
    };
    Explanation::new(what, nothing_changed(), next)
}

pub fn exit_kind(error: &CustodyError) -> ExitKind {
    match error {
        CustodyError::WrongPassphrase { .. } => ExitKind::WrongPassphrase,
        CustodyError::EmptyPassphrase
        | CustodyError::NoAccountKeys
        | CustodyError::OnlyWay { .. } => ExitKind::Usage,
        CustodyError::AccountRefused { .. } => ExitKind::WrongPassphrase,
        CustodyError::KeyMissing { .. }
        | CustodyError::KeyExists { .. }
        | CustodyError::KeyDamaged { .. }
        | CustodyError::KeyTooCostly { .. }
        | CustodyError::OtherKey { .. }
        | CustodyError::NotUnsealed { .. }
        | CustodyError::UnknownForm { .. }
        | CustodyError::TooLong { .. }
        | CustodyError::Disk(_) => ExitKind::StoreOrDisk,
        CustodyError::KeyNotWrapped { .. } | CustodyError::NoRandomness { .. } => {
            ExitKind::Internal
        }
    }
}

pub fn disk(error: &DiskError) -> Explanation {
    let (kind_ja, kind_en) = match error.kind {
        PathKind::DataFolder => ("データフォルダー", "the data folder"),
        PathKind::KeyFile => ("封印の鍵ファイル", "the key file"),
        PathKind::Ledger => ("台帳", "the ledger"),
        PathKind::SavedFile => ("保存するファイル", "the file"),
        PathKind::Answer => ("サイトの応答", "the site's answer"),
        PathKind::Backup => return backup::disk(error),
        PathKind::Scan => return watch::disk(error),
    };
    let (trouble_ja, trouble_en, next) = match error.trouble {
        DiskTrouble::Full => (
            "空き容量がないため書き込めません",
            "no space is left",
            Text::new(
                "空き容量を作ってから、同じ命令をもう一度実行してください。",
                "Make room, then run the same command again.",
            ),
        ),
        DiskTrouble::ReadOnly => (
            "読み取り専用のため書き込めません",
            "the disk is read-only",
            Text::new(
                "書き込める場所を --data DIR で指定してください。",
                "Name a writable place with --data DIR.",
            ),
        ),
        DiskTrouble::Denied => (
            "書き込む権限がありません",
            "permission is denied",
            Text::new(
                "自分の権限で書き込める場所を --data DIR で指定してください。",
                "Name a place of your own with --data DIR.",
            ),
        ),
        DiskTrouble::Missing => (
            "場所が見つからず書き込めません",
            "the place is gone",
            Text::new(
                "USBメモリーが抜けていないか、フォルダーが移動していないか確かめてください。",
                "See whether a stick was pulled or a folder moved.",
            ),
        ),
        DiskTrouble::BadName => (
            "この名前では書き込めません",
            "the name is not possible",
            Text::new("別の名前の場所を指定してください。", "Name another place."),
        ),
        DiskTrouble::Failed => (
            "ディスクの誤りで書き込めません",
            "the disk failed",
            Text::new(
                "ディスクの状態を確かめ、別の場所でもう一度実行してください。",
                "Check the disk, or try another place.",
            ),
        ),
    };
    Explanation::new(
        Text::new(
            format!("{kind_ja}: {trouble_ja}（{}）。", error.path.display()),
            format!("{kind_en}: {trouble_en} ({}).", error.path.display()),
        ),
        Text::new(
            "この先の処理は行っていません。記録済みの内容は失われていません。",
            "Nothing further was done. What was recorded before is not lost.",
        ),
        next,
    )
}
