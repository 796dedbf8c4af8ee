//! Back-ups, in words.

use crate::custody::backup::BackupError;
use crate::custody::envelope::EnvelopeError;
use crate::custody::{DiskError, DiskTrouble};
use crate::domain::Text;

use super::{ExitKind, Explanation, custody};

pub fn explain(error: &BackupError) -> Explanation {
    let (what, next) = match error {
        BackupError::NoMedium { path } => (
            Text::new(
                format!("バックアップ先 {} がありません。", path.display()),
                format!("There is no {}.", path.display()),
            ),
            Text::new(
                "USBメモリーが挿さっているか、フォルダーの名前を確かめてください。フォルダーは自分で作っておきます（抜けたUSBの代わりにこのパソコンへ書かないためです）。",
                "See that the stick is in and the name is right. Make the folder yourself: a missing stick must not become a folder of this PC.",
            ),
        ),
        BackupError::InsideData { path } => (
            Text::new(
                format!(
                    "{} はこのパソコンのデータフォルダーの中です。バックアップになりません。",
                    path.display()
                ),
                format!(
                    "{} lies inside the data folder: that is no back-up.",
                    path.display()
                ),
            ),
            Text::new(
                "USBメモリーなど、別の媒体を --to DIR に指定してください。",
                "Name another medium, a stick, with --to DIR.",
            ),
        ),
        BackupError::IndexDamaged { path } => (
            Text::new(
                format!("バックアップの目録 {} が壊れています。", path.display()),
                format!("The index {} is damaged.", path.display()),
            ),
            Text::new(
                "このUSBを疑ってください。目録の名前を変えれば、この媒体に新しい目録でバックアップできます（.p12 は残ります）。復元は noticert restore FILE.p12 でできます。",
                "Doubt this stick. Rename the index to back up with a new one; the .p12 files stay. To restore: noticert restore FILE.p12",
            ),
        ),
        BackupError::IndexNewer { path, found } => (
            Text::new(
                format!(
                    "バックアップの目録 {} は新しい版の noticert のものです（{found}）。",
                    path.display()
                ),
                format!("The index {} has the newer form {found}.", path.display()),
            ),
            Text::new(
                "新しい版の noticert を使ってください。",
                "Use a newer noticert.",
            ),
        ),
        BackupError::NotReadBack { path } => (
            Text::new(
                format!(
                    "{} を読み直したところ、書いた内容と違いました。",
                    path.display()
                ),
                format!("{} did not come back as it was written.", path.display()),
            ),
            Text::new(
                "このUSBは壊れています。使わずに、別のUSBで noticert backup をもう一度実行してください。",
                "This stick is broken. Take another one and run noticert backup again.",
            ),
        ),
        BackupError::NotOpened { path, source } => match source.as_ref() {
            EnvelopeError::WrongPassphrase => (
                Text::new(
                    format!("このパスフレーズでは {} が開きません。", path.display()),
                    format!("The passphrase does not open {}.", path.display()),
                ),
                Text::new(
                    "バックアップを封印したときのパスフレーズを確かめてください（大文字・小文字は区別します。全角・半角は区別しません）。",
                    "Look up the passphrase of the back-up. Capitals matter, full and half width do not.",
                ),
            ),
            EnvelopeError::Foreign
            | EnvelopeError::Damaged { .. }
            | EnvelopeError::TooCostly
            | EnvelopeError::Custody(_) => (
                Text::new(
                    format!("封印したファイル {} が壊れています。", path.display()),
                    format!("The sealed file {} is damaged.", path.display()),
                ),
                Text::new(
                    "別の媒体の控えを使い、この媒体には noticert backup をやり直してください。",
                    "Use the copy on another medium, and back up to this one anew.",
                ),
            ),
        },
        BackupError::Custody(error) => return custody::explain(error),
        BackupError::Disk(error) => return custody::disk(error),
    };
    Explanation::new(what, not_counted(), next)
}

/// A copy that was to be restored or checked: nothing was being written.
pub fn unread(error: &BackupError) -> Explanation {
    let (what, next) = match error {
        BackupError::NotReadBack { path } => (
            Text::new(
                format!(
                    "控え {} は、バックアップしたときの内容ではありません（壊れているか、書き換えられています）。",
                    path.display()
                ),
                format!("The copy {} is not what was backed up.", path.display()),
            ),
            Text::new(
                "ほかの控えか、別のUSBを使ってください。元の端末で noticert backup をもう一度実行すると、作り直した控えに置き換わります。",
                "Take another copy or stick. noticert backup on the original PC makes the copy anew in its place.",
            ),
        ),
        BackupError::Disk(error) if error.trouble == DiskTrouble::Missing => (
            Text::new(
                format!("目録にある控え {} が見つかりません。", error.path.display()),
                format!("The copy {} of the index is gone.", error.path.display()),
            ),
            Text::new(
                "USBメモリーが抜けていないか確かめてください。ファイルが消えたのなら、元の端末で noticert backup をもう一度実行すると作り直します。",
                "See whether the stick was pulled. If the file is gone, noticert backup on the original PC makes it anew.",
            ),
        ),
        other => {
            let told = explain(other);
            (told.what, told.next)
        }
    };
    Explanation::new(
        what,
        Text::new(
            "インストールしていません。バックアップも、このパソコンのファイルも変えていません。",
            "Nothing was installed. Neither the back-up nor a file of this PC was changed.",
        ),
        next,
    )
}

pub fn exit_kind(error: &BackupError) -> ExitKind {
    match error {
        BackupError::NotOpened { source, .. }
            if matches!(**source, EnvelopeError::WrongPassphrase) =>
        {
            ExitKind::WrongPassphrase
        }
        BackupError::Custody(error) => custody::exit_kind(error),
        BackupError::NoMedium { .. }
        | BackupError::InsideData { .. }
        | BackupError::IndexDamaged { .. }
        | BackupError::IndexNewer { .. }
        | BackupError::NotReadBack { .. }
        | BackupError::NotOpened { .. }
        | BackupError::Disk(_) => ExitKind::StoreOrDisk,
    }
}

/// The medium refused.
pub fn disk(error: &DiskError) -> Explanation {
    let (ja, en, next) = match error.trouble {
        DiskTrouble::Full => (
            "空き容量がありません",
            "no space is left",
            Text::new(
                "空きのあるUSBメモリーで、もう一度実行してください。",
                "Take a stick with room and run it again.",
            ),
        ),
        DiskTrouble::ReadOnly => (
            "読み取り専用です",
            "it is read-only",
            Text::new(
                "USBメモリーの書き込み禁止スイッチを外すか、別のUSBを使ってください。",
                "Take off the write protection, or use another stick.",
            ),
        ),
        DiskTrouble::Denied => (
            "書き込む権限がありません",
            "permission is denied",
            Text::new(
                "自分の権限で書き込める媒体を --to DIR に指定してください。",
                "Name a medium that you may write with --to DIR.",
            ),
        ),
        DiskTrouble::Missing => (
            "見つかりません",
            "it is gone",
            Text::new(
                "USBメモリーが抜けていないか確かめ、挿し直してもう一度実行してください。",
                "See whether the stick was pulled, put it back and run it again.",
            ),
        ),
        DiskTrouble::BadName => (
            "この名前では書き込めません",
            "the name is not possible",
            Text::new("別の媒体を指定してください。", "Name another medium."),
        ),
        DiskTrouble::Failed => (
            "読み書きに失敗しました",
            "it failed",
            Text::new(
                "USBメモリーが抜けたか、壊れています。挿し直すか、別のUSBでもう一度実行してください。",
                "The stick was pulled or is broken. Put it back, or take another, and run it again.",
            ),
        ),
    };
    Explanation::new(
        Text::new(
            format!("バックアップ先: {ja}（{}）。", error.path.display()),
            format!("The back-up: {en} ({}).", error.path.display()),
        ),
        not_counted(),
        next,
    )
}

fn not_counted() -> Text {
    Text::new(
        "この端末のバックアップはできていません。このパソコンの元のファイルはそのままです。",
        "This terminal is not backed up there. The original on this PC is untouched.",
    )
}
