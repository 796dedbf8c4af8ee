//! The ledger, in words.

use crate::domain::{Text, japan_date};
use crate::ledger::{LedgerError, SiteKind};

use super::{ExitKind, Explanation, custody, nothing_changed, nothing_sent};

pub fn explain(error: &LedgerError) -> Explanation {
    let (what, not_done, next) = match error {
        LedgerError::InUse { holder } => {
            let who = holder
                .as_ref()
                .map_or_else(String::new, |holder| format!("（{holder}）"));
            (
                Text::new(
                    format!("別の noticert が台帳を使っています{who}。"),
                    format!("Another noticert is working with the ledger{who}."),
                ),
                nothing_changed(),
                Text::new(
                    "そちらが終わるのを待って、もう一度実行してください。",
                    "Wait until it ends, then run the command again.",
                ),
            )
        }
        LedgerError::NoLedger { path } => (
            Text::new(
                format!("台帳がまだありません（{}）。", path.display()),
                format!("There is no ledger yet ({}).", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "noticert read FILES… で通知書を読み取ってください。別の場所なら --data DIR",
                "Read a letter with noticert read FILES…, or name the place with --data DIR.",
            ),
        ),
        LedgerError::Newer { path, .. } => (
            Text::new(
                format!("台帳 {} は新しい版の noticert のものです。", path.display()),
                format!("A newer noticert wrote the ledger {}.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "新しい版の noticert を使ってください。",
                "Use the newer noticert.",
            ),
        ),
        LedgerError::NotMigrated { path, .. } => (
            Text::new(
                format!("台帳 {} は古い版の形のままです。", path.display()),
                format!("The ledger {} still has an older form.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "一度 noticert review を実行すると新しい形になります。",
                "Running noticert review once brings it up to date.",
            ),
        ),
        LedgerError::NotALedger { path } => (
            Text::new(
                format!("{} は noticert の台帳ではありません。", path.display()),
                format!("{} is not a ledger of noticert.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "別の場所を --data DIR で指定してください。",
                "Name another place with --data DIR.",
            ),
        ),
        LedgerError::Damaged { path, .. } => (
            Text::new(
                format!("台帳 {} が壊れています。", path.display()),
                format!("The ledger {} is damaged.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "フォルダーごと写しを取ってから、バックアップの台帳に戻してください。",
                "Copy the whole folder first, then restore the ledger from your back-up.",
            ),
        ),
        LedgerError::NotWritable { source, .. } => (
            Text::new(
                format!("出来事を台帳に書けません（{source}）。"),
                format!("An event cannot be written ({source})."),
            ),
            nothing_changed(),
            Text::new(
                "-v を付けてもう一度実行し、表示された内容を知らせてください。",
                "Run it again with -v and report what it prints.",
            ),
        ),
        LedgerError::ReadOnly => (
            Text::new(
                "台帳を見るだけで開いています。",
                "The ledger is open for reading only.",
            ),
            nothing_changed(),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
        LedgerError::NoKey => (
            Text::new(
                "台帳の封印が開いていません。",
                "The seal of the ledger is not open.",
            ),
            nothing_changed(),
            Text::new(
                "パスフレーズを指定してください（--passphrase-file FILE）。",
                "Give the passphrase (--passphrase-file FILE).",
            ),
        ),
        LedgerError::OtherKey { .. } => (
            Text::new(
                "台帳と封印の鍵ファイルが別のデータフォルダーのものです。",
                "Ledger and key file come from different data folders.",
            ),
            nothing_changed(),
            Text::new(
                "ledger.sqlite と key.age を同じバックアップから戻してください。",
                "Restore ledger.sqlite and key.age from the same back-up.",
            ),
        ),
        LedgerError::OtherSite { bound, asked } => {
            let name = |kind: &SiteKind| match kind {
                SiteKind::Real => Text::new("本物のサイト", "the real site"),
                SiteKind::Practice => Text::new("練習用サイト", "the practice site"),
            };
            (
                Text::new(
                    format!(
                        "この台帳は{}用です。{}には送りません。",
                        name(bound).ja,
                        name(asked).ja
                    ),
                    format!(
                        "This ledger is for {}; nothing goes to {}.",
                        name(bound).en,
                        name(asked).en
                    ),
                ),
                nothing_sent(),
                Text::new(
                    "練習と本番は別のデータフォルダー（--data DIR）で行ってください。",
                    "Keep practice and real work in different data folders (--data DIR).",
                ),
            )
        }
        LedgerError::UnknownRecord { record } => (
            Text::new(
                format!("記録 {record} は台帳にありません。"),
                format!("The ledger has no record {record}."),
            ),
            nothing_changed(),
            see_status(),
        ),
        LedgerError::NotFound { text } => (
            Text::new(
                format!("「{text}」に合う端末が台帳にありません。"),
                format!("No terminal in the ledger matches “{text}”."),
            ),
            nothing_changed(),
            see_status(),
        ),
        LedgerError::Ambiguous { text, candidates } => {
            let list: Vec<String> = candidates
                .iter()
                .map(|candidate| {
                    format!(
                        "{} {} {}",
                        candidate.record,
                        candidate
                            .institution_code
                            .as_ref()
                            .map_or("—", |code| code.as_str()),
                        candidate
                            .terminal_name
                            .as_ref()
                            .map_or("—", |name| name.as_str()),
                    )
                })
                .collect();
            (
                Text::new(
                    format!(
                        "「{text}」に合う端末が{}台あります:\n    {}",
                        candidates.len(),
                        list.join("\n    ")
                    ),
                    format!(
                        "“{text}” matches {} terminals:\n    {}",
                        candidates.len(),
                        list.join("\n    ")
                    ),
                ),
                nothing_changed(),
                Text::new(
                    "左の ID で一つを指定してください。",
                    "Name one by its id on the left.",
                ),
            )
        }
        LedgerError::NotConfirmed { state, .. } => (
            Text::new(
                format!("この端末はまだ確定していません（{state}）。"),
                format!("This terminal is {state}, not confirmed."),
            ),
            nothing_sent(),
            Text::new(
                "先に noticert review で確定してください。",
                "Confirm it first: noticert review.",
            ),
        ),
        LedgerError::NotSubmittable {
            state, again_helps, ..
        } => (
            Text::new(
                format!("この端末の状態は {state} なので送信しません。"),
                format!("This terminal is {state} and is not submitted."),
            ),
            nothing_sent(),
            match again_helps {
                true => Text::new(
                    "電子証明書申請状況照会で状況を確かめたうえで、noticert retrieve --again TERMINAL",
                    "Look the application up in 電子証明書申請状況照会, then noticert retrieve --again TERMINAL",
                ),
                false => Text::new(
                    "用紙を確かめ、noticert review で正しい値を入力してください。",
                    "Check the paper and key the right values: noticert review.",
                ),
            },
        ),
        LedgerError::Lent { lending, .. } => {
            let day = japan_date(lending.at);
            (
                Text::new(
                    format!(
                        "この端末はケース「{}」で {day} に貸し出し中です（渡した先: {}）。",
                        lending.name, lending.holder
                    ),
                    format!(
                        "This terminal left in the case “{}” on {day} (holder: {}).",
                        lending.name, lending.holder
                    ),
                ),
                Text::new(
                    "二重に送信しないよう、ここからは何も送信していません。",
                    "Nothing was sent from here, so that nothing is sent twice.",
                ),
                Text::new(
                    "ケースが戻ったら noticert unpack FILE。ケースを失くした・使わなかったと確かめたときだけ noticert pack --take-back TERMINAL",
                    "When the case is back: noticert unpack FILE. Only if it is lost or was never used: noticert pack --take-back TERMINAL",
                ),
            )
        }
        LedgerError::Contradicts { .. } => (
            Text::new(
                "同じ番号の記録の内容が、二つの台帳で違います。どちらかが書き換えられています。",
                "Two copies of the ledger differ under the same number: one of them was altered.",
            ),
            nothing_changed(),
            Text::new(
                "このケースは使わず、貸し出した側で作り直してください。",
                "Do not use this case: have it packed anew.",
            ),
        ),
        LedgerError::UnreadableEvent { kind, .. } => (
            Text::new(
                format!("この端末の記録に、この版の知らない出来事（{kind}）があります。"),
                format!(
                    "This terminal's record has an event ({kind}) that this version does not know."
                ),
            ),
            nothing_sent(),
            Text::new(
                "新しい版の noticert を使ってください。",
                "Use a newer noticert.",
            ),
        ),
        LedgerError::NoPassword { .. } => (
            Text::new(
                "この端末の証明書パスワードが台帳にありません。",
                "The ledger has no certificate password for this terminal.",
            ),
            nothing_changed(),
            Text::new(
                "紙の控えを確かめてください。",
                "Look for the note on paper.",
            ),
        ),
        LedgerError::UnknownSealed { .. } => (
            Text::new(
                "封印した値が台帳に見つかりません。",
                "A sealed value is not in the ledger.",
            ),
            nothing_changed(),
            Text::new(
                "台帳をバックアップから戻してください。",
                "Restore the ledger from your back-up.",
            ),
        ),
        LedgerError::Wiped { field, .. } => (
            Text::new(
                format!("封印した値（{field}）は消去済みです。"),
                format!("The sealed {field} was wiped."),
            ),
            nothing_changed(),
            Text::new(
                "用紙から noticert add で入力し直してください。",
                "Key it again from the paper with noticert add.",
            ),
        ),
        LedgerError::UnfitSecret { field, .. } => (
            Text::new(
                format!("封印した値（{field}）の形が違います。"),
                format!("The sealed {field} has another form."),
            ),
            nothing_changed(),
            Text::new(
                "台帳をバックアップから戻してください。",
                "Restore the ledger from your back-up.",
            ),
        ),
        LedgerError::Custody(error) => return custody::explain(error),
        LedgerError::Disk(error) => return custody::disk(error),
    };
    Explanation::new(what, not_done, next)
}

pub fn exit_kind(error: &LedgerError) -> ExitKind {
    match error {
        LedgerError::InUse { .. } => ExitKind::InUse,
        LedgerError::NotFound { .. }
        | LedgerError::Ambiguous { .. }
        | LedgerError::NoLedger { .. } => ExitKind::Usage,
        LedgerError::Newer { .. }
        | LedgerError::NotMigrated { .. }
        | LedgerError::NotALedger { .. }
        | LedgerError::Damaged { .. }
        | LedgerError::OtherKey { .. }
        | LedgerError::UnknownSealed { .. }
        | LedgerError::Wiped { .. }
        | LedgerError::UnfitSecret { .. }
        | LedgerError::Disk(_) => ExitKind::StoreOrDisk,
        LedgerError::OtherSite { .. }
        | LedgerError::UnknownRecord { .. }
        | LedgerError::NotConfirmed { .. }
        | LedgerError::NotSubmittable { .. }
        | LedgerError::UnreadableEvent { .. }
        | LedgerError::Lent { .. }
        | LedgerError::Contradicts { .. }
        | LedgerError::NoPassword { .. } => ExitKind::PersonMustLook,
        LedgerError::NotWritable { .. } | LedgerError::ReadOnly | LedgerError::NoKey => {
            ExitKind::Internal
        }
        LedgerError::Custody(error) => custody::exit_kind(error),
    }
}

fn see_status() -> Text {
    Text::new(
        "noticert status で端末名称とIDを確かめてください。",
        "Look at noticert status for names and ids.",
    )
}
