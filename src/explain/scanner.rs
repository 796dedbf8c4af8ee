//! A network scanner, in words.

use crate::domain::Text;
use crate::intake::scanner::{AddressProblem, FeederTrouble, ScannerError};

use super::{ExitKind, Explanation};

pub fn explain(error: &ScannerError) -> Explanation {
    let (what, next) = match error {
        ScannerError::BadAddress { problem } => (
            match problem {
                AddressProblem::Unreadable => Text::new(
                    "スキャナーのアドレスが正しくありません。",
                    "The address of the scanner cannot be read.",
                ),
                AddressProblem::Scheme => Text::new(
                    "スキャナーのアドレスは http:// か https:// で始めてください。",
                    "The address of a scanner begins with http:// or https://.",
                ),
                AddressProblem::Credentials => Text::new(
                    "スキャナーのアドレスに利用者名やパスワードは書けません。",
                    "The address of a scanner takes no user and no password.",
                ),
            },
            find_address(),
        ),
        ScannerError::Unreachable(source) => (
            Text::new(
                format!("スキャナーにつながりません（{}）。", innermost(source)),
                format!("The scanner cannot be reached ({}).", innermost(source)),
            ),
            Text::new(
                "スキャナーの電源と、同じネットワークにつながっていることを確かめてください。アドレスが変わっていることもあります（スキャナーの操作画面のネットワーク設定で確かめられます）。",
                "See whether it is switched on and in the same network. Its address may have changed: its panel shows it under network settings.",
            ),
        ),
        ScannerError::Untrusted(_) => (
            Text::new(
                "スキャナーの証明書を確かめられません（多くのスキャナーは自分で作った証明書を使います）。",
                "The scanner's certificate is not trusted: many scanners make their own.",
            ),
            Text::new(
                "院内のネットワークだけを通るなら http:// のアドレスを使ってください。そうでないときは、スキャナーの保存先をフォルダーにして noticert watch DIR を使ってください。",
                "Within your own network, use its http:// address. Otherwise let it save to a folder and use noticert watch DIR.",
            ),
        ),
        ScannerError::NotAScanner { status } => (
            Text::new(
                format!("このアドレスに eSCL のスキャナーはありません（応答 {status}）。"),
                format!("There is no eSCL scanner at this address (status {status})."),
            ),
            Text::new(
                "アドレスの終わりが /eSCL であること、スキャナーの設定で AirScan / AirPrint スキャン / eSCL が有効であることを確かめてください。対応していない機種は、保存先をフォルダーにして noticert watch DIR を使ってください。",
                "See that the address ends with /eSCL and that AirScan (AirPrint scanning, eSCL) is switched on there. A device without it can save to a folder: noticert watch DIR.",
            ),
        ),
        ScannerError::BadXml(_) => (
            Text::new(
                "スキャナーの応答を読めません。",
                "The scanner's answer cannot be read.",
            ),
            Text::new(
                "スキャナーの電源を入れ直してください。続くときは、保存先をフォルダーにして noticert watch DIR を使ってください。",
                "Switch it off and on. If it goes on, let it save to a folder and use noticert watch DIR.",
            ),
        ),
        ScannerError::NothingUsable => (
            Text::new(
                "このスキャナーは、読める形式（JPEG・PDF、グレー、150 dpi 以上）で渡せません。",
                "This scanner offers no JPEG or PDF in grey at 150 dots per inch or more.",
            ),
            Text::new(
                "スキャナーの保存先をフォルダーにして noticert watch DIR を使ってください。",
                "Let it save to a folder and use noticert watch DIR.",
            ),
        ),
        ScannerError::Busy => (
            Text::new(
                "スキャナーはほかの作業中です。",
                "The scanner does something else.",
            ),
            Text::new(
                "終わるのを待って、もう一度実行してください。",
                "Wait for it and run the command again.",
            ),
        ),
        ScannerError::NotReady => (
            Text::new(
                "スキャナーが使える状態ではありません。",
                "The scanner is not ready.",
            ),
            Text::new(
                "スキャナーの画面の表示に従ってから、もう一度実行してください。",
                "Do what its panel says, then run the command again.",
            ),
        ),
        ScannerError::Empty => (
            Text::new(
                "スキャナーに紙がありません。",
                "No sheet lies in the scanner.",
            ),
            Text::new(
                "通知書を給紙台に置いて、もう一度実行してください。",
                "Put the letters into the feeder and run the command again.",
            ),
        ),
        ScannerError::Feeder { trouble } => (
            match trouble {
                FeederTrouble::Jam => Text::new(
                    "スキャナーで紙が詰まりました。",
                    "A sheet is stuck in the scanner.",
                ),
                FeederTrouble::TwoSheets => Text::new(
                    "スキャナーが紙を2枚重ねて送りました。",
                    "The scanner drew two sheets at once.",
                ),
                FeederTrouble::Open => Text::new(
                    "スキャナーのカバーが開いています。",
                    "The scanner's cover is open.",
                ),
                FeederTrouble::Other => Text::new(
                    "スキャナーの給紙が途中で止まりました。",
                    "The scanner's feeder stopped.",
                ),
            },
            Text::new(
                "紙を取り除き、まだ読んでいない紙から、もう一度実行してください（同じ通知書を二度読んでも、記録は一つになります）。",
                "Take the sheets out and run it again from the first that was not read. A letter that is read twice has one record.",
            ),
        ),
        ScannerError::Refused { status } => (
            Text::new(
                format!("スキャナーが断りました（応答 {status}）。"),
                format!("The scanner refused (status {status})."),
            ),
            Text::new(
                "スキャナーの画面を見て、もう一度実行してください。続くときは、保存先をフォルダーにして noticert watch DIR を使ってください。",
                "Look at its panel and run the command again. If it goes on, let it save to a folder and use noticert watch DIR.",
            ),
        ),
        ScannerError::BrokenOff(source) => (
            Text::new(
                format!(
                    "スキャナーとの通信が途中で切れました（{}）。",
                    innermost(source)
                ),
                format!(
                    "The connection to the scanner broke off ({}).",
                    innermost(source)
                ),
            ),
            Text::new(
                "スキャナーの画面と、残っている紙を見てください。届いていない紙から、もう一度実行してください。",
                "Look at its panel and at the sheets. Run it again from the first sheet that did not arrive.",
            ),
        ),
        ScannerError::TooMuch { limit } => (
            Text::new(
                format!("一度に受け取れる量（{limit}）を超えました。"),
                format!("More than {limit} came at once."),
            ),
            Text::new(
                "紙を分けて、残りからもう一度実行してください。",
                "Run it again with the sheets that are left, in parts.",
            ),
        ),
        ScannerError::Interrupted => (
            Text::new("中断しました。", "Interrupted."),
            Text::new(
                "紙を置き直して、もう一度実行してください。",
                "Put the sheets back and run the command again.",
            ),
        ),
    };
    Explanation::new(
        what,
        Text::new(
            "届かなかった紙は読んでいません。届いた分の読み取りは上のとおりです。",
            "Sheets that did not arrive were not read. What arrived is told above.",
        ),
        next,
    )
}

pub fn exit_kind(error: &ScannerError) -> ExitKind {
    match error {
        ScannerError::BadAddress { .. } => ExitKind::Usage,
        ScannerError::Unreachable(_)
        | ScannerError::Untrusted(_)
        | ScannerError::NotAScanner { .. }
        | ScannerError::BadXml(_)
        | ScannerError::BrokenOff(_) => ExitKind::Network,
        ScannerError::NothingUsable
        | ScannerError::Busy
        | ScannerError::NotReady
        | ScannerError::Empty
        | ScannerError::Feeder { .. }
        | ScannerError::Refused { .. }
        | ScannerError::TooMuch { .. } => ExitKind::PersonMustLook,
        ScannerError::Interrupted => ExitKind::Interrupted,
    }
}

fn find_address() -> Text {
    Text::new(
        "例: --scanner http://192.0.2.7/eSCL （アドレスは、スキャナーの操作画面のネットワーク設定か、設定を印刷した紙にあります）",
        "For instance: --scanner http://192.0.2.7/eSCL (its panel shows the address under network settings)",
    )
}

/// The cause at the bottom says what the system says.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
