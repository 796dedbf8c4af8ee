//! A watched folder and sealed letters, in words.

use crate::custody::sealed_letter::SealedLetterError;
use crate::custody::{DiskError, DiskTrouble};
use crate::domain::Text;
use crate::workflow::{NotTaken, WatchError};

use super::{ExitKind, Explanation, custody, intake, nothing_changed};

pub fn explain(error: &WatchError) -> Explanation {
    let (what, next) = match error {
        WatchError::NotAFolder { path } => (
            Text::new(
                format!("{} というフォルダーはありません。", path.display()),
                format!("{} is not a folder.", path.display()),
            ),
            Text::new(
                "スキャナーの保存先のフォルダーを指定してください。共有フォルダーなら、エクスプローラーで開けるか確かめてください。",
                "Name the folder that the scanner saves to. If it is a share, see whether it can be opened.",
            ),
        ),
        WatchError::OwnData { path } => (
            Text::new(
                format!(
                    "{} は noticert のデータフォルダーと重なっています。",
                    path.display()
                ),
                format!("{} holds noticert's own data.", path.display()),
            ),
            Text::new(
                "スキャナーの保存先には別のフォルダーを使ってください。",
                "Let the scanner save to another folder.",
            ),
        ),
        WatchError::NameNotText { path } => (
            Text::new(
                format!(
                    "フォルダーの名前に読めない文字があります（{}）。",
                    path.display()
                ),
                format!("The name of the folder is no text ({}).", path.display()),
            ),
            Text::new(
                "フォルダーの名前を変えてください。",
                "Give the folder another name.",
            ),
        ),
        WatchError::Watched { path } => (
            Text::new(
                format!("別の noticert が {} を見張っています。", path.display()),
                format!("Another noticert watches {}.", path.display()),
            ),
            Text::new(
                "もう一方の画面で続けてください。見当たらないときは、ほかのパソコンが同じ共有フォルダーを見張っていないか確かめてください。",
                "Go on in the other window. If there is none, see whether another computer watches the same share.",
            ),
        ),
        WatchError::ToTheScreen => (
            Text::new(
                "封印を開けた通知書は画面には出しません。",
                "An opened letter is not written to the screen.",
            ),
            Text::new(
                "もう一度読み取るなら: noticert read FILE（封印のまま指定できます）。中身が要るときは cmd で: noticert seal open FILE > 通知書.pdf（PowerShell 5 の > は中身を壊すので使わないでください。使い終わったら消してください）",
                "To read it again: noticert read FILE, sealed as it is. If you need what is in it, in cmd: noticert seal open FILE > letter.pdf (not in PowerShell 5, whose > changes the bytes; delete it afterwards)",
            ),
        ),
        WatchError::Letter(error) => return letter(error),
    };
    Explanation::new(what, nothing_changed(), next)
}

pub fn exit_kind(error: &WatchError) -> ExitKind {
    match error {
        WatchError::NotAFolder { .. }
        | WatchError::OwnData { .. }
        | WatchError::NameNotText { .. }
        | WatchError::ToTheScreen => ExitKind::Usage,
        WatchError::Watched { .. } => ExitKind::InUse,
        WatchError::Letter(error) => match error {
            SealedLetterError::Changed
            | SealedLetterError::Unreadable(_)
            | SealedLetterError::NotSealed { .. } => ExitKind::PersonMustLook,
            SealedLetterError::Damaged { .. } | SealedLetterError::Disk(_) => ExitKind::StoreOrDisk,
            SealedLetterError::NotHandedOn(_) => ExitKind::StoreOrDisk,
            SealedLetterError::NoKey => ExitKind::Internal,
            SealedLetterError::Custody(error) => custody::exit_kind(error),
        },
    }
}

/// Why a letter cannot be sealed or opened.
pub fn letter(error: &SealedLetterError) -> Explanation {
    let (what, next) = match error {
        SealedLetterError::Changed => (
            Text::new(
                "読み取っている間にファイルが変わりました。",
                "The file changed while it was read.",
            ),
            Text::new(
                "次に見たときに、もう一度読みます。",
                "It is read again at the next look.",
            ),
        ),
        SealedLetterError::Unreadable(source) => (
            Text::new(
                format!("スキャンを読めません（{source}）。"),
                format!("The scan cannot be read ({source})."),
            ),
            Text::new(
                "ほかのプログラムで開いていれば閉じてください。",
                "Close it where another program has it open.",
            ),
        ),
        SealedLetterError::NotSealed { path } => (
            Text::new(
                format!("{} は封印した通知書ではありません。", path.display()),
                format!("{} is no sealed letter.", path.display()),
            ),
            Text::new(
                "done か doubtful の .sealed ファイルを指定してください。",
                "Name a .sealed file of done or doubtful.",
            ),
        ),
        SealedLetterError::Damaged { path } => (
            Text::new(
                format!("封印した通知書 {} が壊れています。", path.display()),
                format!("The sealed letter {} is damaged.", path.display()),
            ),
            Text::new(
                "紙の通知書から読み取り直すか、noticert add で入力してください。",
                "Scan the paper again, or key it with noticert add.",
            ),
        ),
        SealedLetterError::NotHandedOn(source) => (
            Text::new(
                format!("開けた通知書を渡せません（{source}）。"),
                format!("The opened letter cannot be handed on ({source})."),
            ),
            Text::new(
                "出力先の空きと権限を確かめてください。",
                "Check the room and the rights where it is to go.",
            ),
        ),
        SealedLetterError::NoKey => (
            Text::new(
                "封印の鍵を開けずに台帳を開いています。",
                "The ledger is open without its key.",
            ),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
        SealedLetterError::Custody(error) => return custody::explain(error),
        SealedLetterError::Disk(error) => return custody::disk(error),
    };
    Explanation::new(what, nothing_changed(), next)
}

/// A scan, or a folder of scans, that the disk does not let change.
pub fn disk(error: &DiskError) -> Explanation {
    let (ja, en, next) = match error.trouble {
        DiskTrouble::Full => (
            "空き容量がありません",
            "no space is left",
            Text::new(
                "空き容量を作ってください。見張っている間は、できしだい自動で続けます。",
                "Make room. While the folder is watched, it goes on by itself then.",
            ),
        ),
        DiskTrouble::ReadOnly => (
            "読み取り専用です",
            "it is read-only",
            Text::new(
                "書き込めるフォルダーにスキャンを保存してください（読み取った通知書は封印して移すので、書き込みの権限が要ります）。",
                "Let the scanner save to a folder that can be written: letters that were read are sealed and moved.",
            ),
        ),
        DiskTrouble::Denied => (
            "書き込む権限がないか、ほかのプログラムが使っています",
            "permission is denied, or another program uses it",
            Text::new(
                "フォルダーの権限を確かめ、ファイルを開いているプログラムがあれば閉じてください。",
                "Check the rights of the folder, and close the program that has the file open.",
            ),
        ),
        DiskTrouble::Missing => (
            "見つかりません",
            "it is gone",
            Text::new(
                "共有フォルダーやUSBメモリーがつながっているか確かめてください。",
                "See whether the share or the stick is connected.",
            ),
        ),
        DiskTrouble::BadName => (
            "この名前では書き込めません",
            "the name is not possible",
            Text::new(
                "ファイルの名前を短くしてください。",
                "Shorten the file's name.",
            ),
        ),
        DiskTrouble::Failed => (
            "読み書きに失敗しました",
            "it failed",
            Text::new(
                "共有フォルダーやUSBメモリーの接続とディスクの状態を確かめてください。",
                "Check the connection of the share or stick, and the disk.",
            ),
        ),
    };
    Explanation::new(
        Text::new(
            format!("スキャン: {ja}（{}）。", error.path.display()),
            format!("The scan: {en} ({}).", error.path.display()),
        ),
        Text::new(
            "スキャンは読めるまま残っています。読み取った内容の記録は失われていません。",
            "The scan lies there readable. Nothing recorded is lost.",
        ),
        next,
    )
}

/// Why a file of a watched folder stays where it is, and what to do.
pub fn not_taken(why: &NotTaken) -> Text {
    match why {
        NotTaken::Link => Text::new(
            "リンクなので読みません。元のファイルをこのフォルダーに入れてください。",
            "A link is not followed. Put the file itself here.",
        ),
        NotTaken::Folder => Text::new(
            "中のフォルダーは見ません。ファイルをこのフォルダーに直接入れてください。",
            "Folders within are not looked into. Put the files here.",
        ),
        NotTaken::Special => Text::new(
            "ふつうのファイルではないので読みません。",
            "It is no plain file and is not read.",
        ),
        NotTaken::OtherNames => Text::new(
            "別の名前でも置かれているファイル（ハードリンク）なので読みません。コピーを入れてください。",
            "The file has another name too (a hard link), under which it would stay readable. Put a copy here.",
        ),
        NotTaken::Empty => Text::new(
            "空のファイルです（0バイト）。中身が書かれれば読みます。",
            "The file is empty. It is read once something is written to it.",
        ),
        NotTaken::Sealed => Text::new(
            "封印した通知書です。もう一度読むなら: noticert read FILE",
            "It is a sealed letter. To read it again: noticert read FILE",
        ),
        NotTaken::Growing => Text::new(
            "まだ書き込まれています。書き終わるまで待ちます。",
            "It is still being written. It is read when that ends.",
        ),
        NotTaken::Locked(source) => Text::new(
            format!(
                "まだ開けません（{source}）。スキャナーやほかのプログラムが手を離すのを待ちます。"
            ),
            format!(
                "It cannot be opened yet ({source}). It is tried again when the scanner or another program lets it go."
            ),
        ),
        NotTaken::NotWhole(file) => {
            let reason = intake::explain(&file.error).what;
            Text::new(
                format!(
                    "{}まだ書き込みの途中かもしれないので、しばらくしてもう一度読みます。",
                    reason.ja
                ),
                format!(
                    "{} It may not be whole yet and is read again by and by.",
                    reason.en
                ),
            )
        }
        NotTaken::Unfit(file) => {
            let reason = intake::file_not_read(file);
            Text::new(
                format!("{}ファイルはそのままです。", reason.ja),
                format!("{} The file stays as it is.", reason.en),
            )
        }
        NotTaken::LeftOver(error) => {
            let reason = letter(error);
            Text::new(
                format!(
                    "前回の途中のスキャンを片付けられません。{}{}",
                    reason.what.ja, reason.next.ja
                ),
                format!(
                    "A scan of an earlier run cannot be put away. {} {}",
                    reason.what.en, reason.next.en
                ),
            )
        }
    }
}
