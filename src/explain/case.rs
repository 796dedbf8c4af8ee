//! Cases, in words.

use crate::case::CaseError;
use crate::domain::Text;
use crate::workflow::PackError;

use super::{ExitKind, Explanation, custody, nothing_changed};

pub fn explain(error: &CaseError) -> Explanation {
    let (what, not_done, next) = match error {
        CaseError::Unreadable { path, source } => (
            Text::new(
                format!("{} を読めません（{source}）。", path.display()),
                format!("{} cannot be read ({source}).", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "USB が挿さっているか、ファイルの名前と場所を確かめてください。",
                "See that the stick is in and the name and place are right.",
            ),
        ),
        CaseError::NotACase { path } => (
            Text::new(
                format!("{} は noticert のケースではありません。", path.display()),
                format!("{} is not a case of noticert.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "はじめに.txt に書かれたファイルを指定してください。",
                "Name the file that はじめに.txt tells.",
            ),
        ),
        CaseError::WrongPassphrase { path } => (
            Text::new(
                format!(
                    "このパスフレーズではケース {} が開きません（ファイルの先頭が壊れている場合もあります）。",
                    path.display()
                ),
                format!(
                    "The passphrase does not open the case {} (or its beginning is damaged).",
                    path.display()
                ),
            ),
            nothing_changed(),
            Text::new(
                "ケースを作った人にパスフレーズを確かめてください。大文字・小文字は区別します（全角・半角は区別しません）。",
                "Ask whoever packed the case. Upper and lower case differ; full and half width do not.",
            ),
        ),
        CaseError::Damaged { path, .. } => (
            Text::new(
                format!("ケース {} が壊れています。", path.display()),
                format!("The case {} is damaged.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "元のファイルからもう一度コピーするか、貸し出した側で作り直してください（noticert pack --take-back のあとで noticert pack）。",
                "Copy it again from the original, or have it packed anew (noticert pack --take-back, then noticert pack).",
            ),
        ),
        CaseError::Newer { path, .. } => (
            Text::new(
                format!(
                    "ケース {} は新しい版の noticert のものです。",
                    path.display()
                ),
                format!("A newer noticert packed the case {}.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "新しい版の noticert を使ってください。",
                "Use the newer noticert.",
            ),
        ),
        CaseError::NotReadBack { path } => (
            Text::new(
                format!(
                    "{} に書いたケースを読み戻すと、内容が違います。",
                    path.display()
                ),
                format!(
                    "The case at {} does not read back as written.",
                    path.display()
                ),
            ),
            not_lent(),
            Text::new(
                "別の USB かフォルダーに、もう一度作ってください。",
                "Pack it again onto another stick or folder.",
            ),
        ),
        CaseError::NotWritable { source } => (
            Text::new(
                format!("ケースを作れません（{source}）。"),
                format!("The case cannot be written ({source})."),
            ),
            not_lent(),
            Text::new(
                "-v を付けてもう一度実行し、表示された内容を知らせてください。",
                "Run it again with -v and report what it prints.",
            ),
        ),
        CaseError::Custody(error) => return custody::explain(error),
        CaseError::Disk(error) => return custody::disk(error),
    };
    Explanation::new(what, not_done, next)
}

pub fn exit_kind(error: &CaseError) -> ExitKind {
    match error {
        CaseError::Unreadable { .. }
        | CaseError::NotACase { .. }
        | CaseError::Damaged { .. }
        | CaseError::Newer { .. } => ExitKind::PersonMustLook,
        CaseError::WrongPassphrase { .. } => ExitKind::WrongPassphrase,
        CaseError::NotReadBack { .. } | CaseError::Disk(_) => ExitKind::StoreOrDisk,
        CaseError::NotWritable { .. } => ExitKind::Internal,
        CaseError::Custody(error) => custody::exit_kind(error),
    }
}

pub fn packing(error: &PackError) -> Explanation {
    let (what, not_done, next) = match error {
        PackError::SeveralInstitutions { codes } => {
            let list: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
            (
                Text::new(
                    format!("発行先が{}つあります: {}", codes.len(), list.join("、")),
                    format!(
                        "There are {} institutions: {}",
                        codes.len(),
                        list.join(", ")
                    ),
                ),
                not_lent(),
                Text::new(
                    "ケースは発行先ごとに作ります: noticert pack --institution CODE --to DIR",
                    "A case is for one institution: noticert pack --institution CODE --to DIR",
                ),
            )
        }
        PackError::NotTakenBack => (
            Text::new("貸し出しはそのままです。", "The records stay lent."),
            nothing_changed(),
            Text::new(
                "ケースが戻ったら noticert unpack FILE",
                "When the case is back: noticert unpack FILE",
            ),
        ),
    };
    Explanation::new(what, not_done, next)
}

pub fn packing_exit_kind(error: &PackError) -> ExitKind {
    match error {
        PackError::SeveralInstitutions { .. } => ExitKind::Usage,
        PackError::NotTakenBack => ExitKind::PersonMustLook,
    }
}

fn not_lent() -> Text {
    Text::new(
        "ケースは作っていません。端末は貸し出し中になっていません。",
        "No case was made, and nothing is lent.",
    )
}
