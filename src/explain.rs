//! Every error in the words of people: what happened, what was not done, what to do now.
//!
//! Each match is full, without a `_` arm: a new error does not compile until it has its sentences in both
//! languages. Sentences never hold a secret.

mod backup;
mod by_hand;
mod case;
mod credential;
mod custody;
mod doctor;
mod installer;
mod intake;
mod ledger;
pub mod page;
mod restoring;
mod retrieval;
mod scanner;
mod store;
mod watch;

use crate::config::ConfigError;
use crate::domain::{CertificatePasswordError, Field, Text};
use crate::ledger::RefusedReason;
use crate::workflow::{DraftsError, Error, PersonError, RowError};

pub use doctor::{Told, tell};
pub use intake::file_not_read;
pub use retrieval::why_stopped;
pub use watch::{letter as letter_trouble, not_taken};

/// One error, for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What happened.
    pub what: Text,
    /// What was not done because of it, or stays as it was.
    pub not_done: Text,
    /// What to do now.
    pub next: Text,
}

impl Explanation {
    fn new(what: Text, not_done: Text, next: Text) -> Self {
        Self {
            what,
            not_done,
            next,
        }
    }
}

/// The kinds of end that scripts tell apart by exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExitKind {
    /// A fault of noticert itself.
    Internal,
    /// Wrong options, or an answer that nobody was there to give.
    Usage,
    /// A person must look.
    PersonMustLook,
    /// The site refused.
    SiteRefused,
    /// Network, TLS or maintenance.
    Network,
    /// Not a valid credential.
    InvalidCredential,
    /// Store or disk failed.
    StoreOrDisk,
    /// Another noticert holds the ledger.
    InUse,
    /// Wrong passphrase.
    WrongPassphrase,
    /// Interrupted by the person.
    Interrupted,
}

/// The sentences for `error`.
pub fn explain(error: &Error) -> Explanation {
    let (what, not_done, next) = match error {
        Error::Config(error) => config(error),
        Error::Custody(error) => return custody::explain(error),
        Error::Disk(error) => return custody::disk(error),
        Error::Ledger(error) => return ledger::explain(error),
        Error::Retrieval(error) => return retrieval::explain(error),
        Error::Credential(error) => return credential::explain(error),
        Error::Install(error) => return installer::explain(error),
        Error::Store { doing, source } => return store::explain(*doing, source),
        Error::Account(error) => return installer::account(error),
        Error::Intake(error) => return intake::explain(error),
        Error::Adopt(error) => return by_hand::explain(error),
        Error::Case(error) => return case::explain(error),
        Error::Pack(error) => return case::packing(error),
        Error::Backup(error) => return backup::explain(error),
        Error::CopyUnread(error) => return backup::unread(error),
        Error::Restore(error) => return restoring::restoring(error),
        Error::Remove(error) => return restoring::removing(error),
        Error::Scanner(error) => return scanner::explain(error),
        Error::Watch(error) => return watch::explain(error),
        Error::MediumDeclined => (
            Text::new(
                "この媒体には書き込みませんでした。",
                "Nothing was written to this medium.",
            ),
            nothing_changed(),
            Text::new(
                "医療機関に置くUSBを挿して、もう一度 noticert backup --to DIR を実行してください。",
                "Plug in the stick that stays at the clinic and run noticert backup --to DIR again.",
            ),
        ),
        Error::Person(error) => person(error),
        Error::Drafts(error) => drafts(error),
        Error::Row(error) => row(error),
        Error::Password(error) => password(error),
        Error::Unreadable { path, source } => (
            Text::new(
                format!("{} を読めません（{source}）。", path.display()),
                format!("{} cannot be read ({source}).", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "ファイルの名前と場所、読み取りの権限を確かめてください。",
                "Check the file's name, place and read permission.",
            ),
        ),
        Error::NotText { path } => (
            Text::new(
                format!("{} は文字のファイルではありません。", path.display()),
                format!("{} is not a text file.", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "UTF-8 の文字だけのファイルにしてください。",
                "Save it as plain UTF-8 text.",
            ),
        ),
        Error::PassphrasesDiffer => (
            Text::new(
                "二回のパスフレーズが違います。",
                "The two passphrases differ.",
            ),
            Text::new("封印は作っていません。", "No seal was made."),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
        Error::PasswordsDiffer => (
            Text::new(
                "二回の証明書パスワードが違います。",
                "The two certificate passwords differ.",
            ),
            nothing_sent(),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
        Error::DeadlinePassed { deadline } => (
            Text::new(
                format!("ダウンロードサイト有効期限 {deadline} を過ぎています。"),
                format!("The retrieval deadline {deadline} has passed."),
            ),
            nothing_sent(),
            Text::new(
                "用紙の日付を確かめてください。過ぎているときは新しく発行を申請します（総合ポータル 0800-080-4583）。",
                "Check the date on the paper. If it has passed, apply for a new certificate (portal: 0800-080-4583).",
            ),
        ),
        Error::WrongState { state, wanted } => wrong_state(state, wanted),
        Error::WasRefused { reason } => retrieval::was_refused(*reason),
        Error::OutcomeUnknown => (
            Text::new(
                "前の送信の結果が分かっていません。証明書は発行済みかもしれません。",
                "The outcome of the earlier submission is not known: the certificate may have been handed out.",
            ),
            Text::new("もう一度の送信はしていません。", "Nothing was sent again."),
            Text::new(
                "ファイルがあれば noticert adopt FILE.p12。なければ、インターネットのパソコンかスマートフォンで 電子証明書申請状況照会 を開き、このリクエストIDの ダウンロード有無 を確かめてください。そのうえで noticert retrieve --again TERMINAL（ブラウザーで入力するなら --by-hand TERMINAL）",
                "If there is a file: noticert adopt FILE.p12. Else open 電子証明書申請状況照会 on an internet PC or phone and read ダウンロード有無 for this request ID. Then: noticert retrieve --again TERMINAL (or --by-hand TERMINAL to type it into the browser)",
            ),
        ),
        Error::PairRefused => (
            Text::new(
                "取得サイトは、このリクエストIDとリファレンスIDの組み合わせを前に断っています。",
                "The site refused this pair of request ID and reference ID before.",
            ),
            Text::new(
                "同じ組み合わせは送り直しません（ロックを避けるため）。何も送信していません。",
                "The same pair is never sent again, lest the place is locked out. Nothing was sent.",
            ),
            Text::new(
                "用紙を見て noticert review で二つのIDを入力し直してください。違う組になれば noticert retrieve TERMINAL で送信できます。",
                "Key both IDs again from the paper: noticert review. Once the pair is another: noticert retrieve TERMINAL",
            ),
        ),
        Error::NotSentAgain => (
            Text::new(
                "「送る」と入力されなかったので、送り直しをやめました。",
                "The word “send” was not typed, so nothing is sent again.",
            ),
            Text::new(
                "何も送信していません。端末の記録は前のままです。",
                "Nothing was sent. The record stays as it was.",
            ),
            Text::new(
                "ファイルがあれば noticert adopt FILE.p12。なければ、電子証明書申請状況照会で ダウンロード有無 を確かめてから noticert retrieve --again TERMINAL",
                "If there is a file: noticert adopt FILE.p12. Else read ダウンロード有無 in 電子証明書申請状況照会, then noticert retrieve --again TERMINAL",
            ),
        ),
        Error::FormChanged => (
            Text::new(
                "取得サイトの画面の構造が、前に取得できたときと変わっています。",
                "The structure of the site's page has changed since it last worked.",
            ),
            Text::new(
                "IDもパスワードも送信していません。端末の記録は「確定済み」のままです。",
                "Neither the IDs nor the password were sent. The record stays confirmed.",
            ),
            Text::new(
                "ブラウザーで取得の画面を見て、間違いなければ、人が画面の前で --yes を付けずに noticert retrieve を実行し、質問に y と答えてください。",
                "Look at the page in a browser. If it is right, run noticert retrieve at a terminal without --yes and answer y.",
            ),
        ),
        Error::InvalidP12 { path, source } => {
            let inner = credential::explain(source);
            (
                Text::new(
                    format!(
                        "サイトから届いたファイルは、この通知書の電子証明書として正しくありません。{}",
                        inner.what.ja
                    ),
                    format!(
                        "The file that the site sent is not the credential of this letter. {}",
                        inner.what.en
                    ),
                ),
                Text::new(
                    format!(
                        "インストールも再送もしていません。ファイルは {} に残してあります。",
                        path.display()
                    ),
                    format!(
                        "Nothing was installed or sent again. The file is kept at {}.",
                        path.display()
                    ),
                ),
                Text::new(
                    "ファイルを消さずに、電子証明書申請状況照会で状況を確かめ、総合ポータル（0800-080-4583）に問い合わせてください。",
                    "Keep the file, look the application up in 電子証明書申請状況照会, and ask the portal (0800-080-4583).",
                ),
            )
        }
        Error::SameCertificate { path, holder } => (
            Text::new(
                format!(
                    "サイトから届いた電子証明書は、{}のものとして記録済みの電子証明書と同じです。端末ごとに別の電子証明書が届くはずです。",
                    holder.ja
                ),
                format!(
                    "The certificate that the site sent is the one recorded for {}. Each terminal is to get its own.",
                    holder.en
                ),
            ),
            Text::new(
                format!(
                    "この端末の取得済みとは記録していません。インストールも再送もしていません。ファイルは {} に残してあります。",
                    path.display()
                ),
                format!(
                    "It was not recorded for this terminal; nothing was installed or sent again. The file is kept at {}.",
                    path.display()
                ),
            ),
            Text::new(
                "ファイルを消さず、二台分の通知書の端末名称とリクエストIDを見比べてください。電子証明書申請状況照会で両方の ダウンロード有無 を確かめ、総合ポータル（0800-080-4583）に問い合わせてください。",
                "Keep the file and compare both terminals' names and request IDs on the letters. Read ダウンロード有無 of both in 電子証明書申請状況照会, and ask the portal (0800-080-4583).",
            ),
        ),
        Error::KeptFileChanged { path } => (
            Text::new(
                format!(
                    "{} は取得したときのファイルではありません。",
                    path.display()
                ),
                format!("{} is not the file that was retrieved.", path.display()),
            ),
            Text::new("インストールしていません。", "Nothing was installed."),
            Text::new(
                "元のファイルをバックアップから同じ場所に戻してください。",
                "Put the original back from your back-up.",
            ),
        ),
        Error::NotBound { institution_code } => (
            Text::new(
                format!("このパソコンが {institution_code} のどの端末かが決まっていません。"),
                format!("It is not settled which terminal of {institution_code} this computer is."),
            ),
            Text::new("インストールしていません。", "Nothing was installed."),
            Text::new(
                "noticert status で端末名称を見て、noticert bind TERMINAL を実行してください。",
                "Look at noticert status, then run noticert bind TERMINAL.",
            ),
        ),
        Error::OtherTerminal { certificate, place } => (
            Text::new(
                format!(
                    "この証明書は{}用です。ここは{}です。",
                    certificate.ja, place.ja
                ),
                format!(
                    "This certificate is for {}. This place is {}.",
                    certificate.en, place.en
                ),
            ),
            Text::new(
                "インストールしていません。取得した証明書は残っています。",
                "Nothing was installed. The retrieved certificate is kept.",
            ),
            Text::new(
                "その端末でインストールしてください。このパソコンの決め方が違うときは noticert bind TERMINAL",
                "Install it on that terminal. If this computer is bound wrongly: noticert bind TERMINAL",
            ),
        ),
        Error::SeveralForOneStore {
            institution_code,
            count,
        } => (
            Text::new(
                format!(
                    "{institution_code} の{count}台分の証明書を一つのストアに入れることはできません。"
                ),
                format!("{count} certificates of {institution_code} cannot go into one store."),
            ),
            Text::new(
                "インストールしていません。取得した証明書は残っています。",
                "Nothing was installed. The retrieved certificates are kept.",
            ),
            Text::new(
                "この端末を一つだけ指定してください: noticert install TERMINAL",
                "Name the one terminal: noticert install TERMINAL",
            ),
        ),
        Error::NothingWaits { wanted } => (
            Text::new(
                format!("対象がありません（{}がありません）。", wanted.ja),
                format!("There is nothing to do: there is not {}.", wanted.en),
            ),
            nothing_changed(),
            Text::new(
                "noticert status で状態を確かめてください。",
                "Look at noticert status.",
            ),
        ),
        Error::Interrupted => (
            Text::new("中断しました。", "Interrupted."),
            Text::new(
                "記録済みの内容は失われていません。",
                "Nothing recorded is lost.",
            ),
            Text::new(
                "同じ命令をもう一度実行すると続きから行います。",
                "Run the same command again to go on.",
            ),
        ),
        Error::DataInDownloads { path } => (
            Text::new(
                format!(
                    "{} は「ダウンロード」の中です。ブラウザーやほかの端末の目に触れる場所に、台帳と鍵は置けません。",
                    path.display()
                ),
                format!(
                    "{} lies in the downloads folder, into which browsers and other terminals look: no place for ledger and keys.",
                    path.display()
                ),
            ),
            nothing_changed(),
            Text::new(
                "--data で本人だけが使う別のフォルダーを指定するか、--data を付けずに実行してください。",
                "Name another folder of your own with --data, or leave --data out.",
            ),
        ),
        Error::NoDataFolder => (
            Text::new(
                "データを置くフォルダーが分かりません。",
                "It is not known where data should lie.",
            ),
            nothing_changed(),
            Text::new("--data DIR を付けてください。", "Give --data DIR."),
        ),
        Error::NoDownloadsFolder => (
            Text::new(
                "ブラウザーがファイルを保存するフォルダーが分かりません。",
                "It is not known where the browser saves files.",
            ),
            nothing_changed(),
            Text::new(
                "--downloads DIR を付けてください。",
                "Give --downloads DIR.",
            ),
        ),
        Error::NoJson { command } => (
            Text::new(
                format!("noticert {command} の結果に JSON の形はありません。"),
                format!("The results of noticert {command} have no form in JSON."),
            ),
            nothing_changed(),
            Text::new(
                "--json を外して実行してください。端末ごとの状態は、そのあと noticert status --json で分かります。",
                "Leave --json out. How each terminal stands afterwards: noticert status --json",
            ),
        ),
        Error::NoTerminalNamed => (
            Text::new("端末が指定されていません。", "No terminal was named."),
            nothing_changed(),
            Text::new(
                "端末名称（または ID）を書くか、--all を付けてください。",
                "Name a terminal, or give --all.",
            ),
        ),
        Error::FolderNotEmpty { path } => (
            Text::new(
                format!("{} は空のフォルダーではありません。", path.display()),
                format!("{} is not an empty folder.", path.display()),
            ),
            Text::new("実演は始めていません。", "The demo did not start."),
            Text::new(
                "新しいフォルダーを --data に指定するか、--data を省いてください。",
                "Name a new folder with --data, or leave --data out.",
            ),
        ),
        Error::Unwritable { path, source } => (
            Text::new(
                format!("{} に書き込めません（{source}）。", path.display()),
                format!("{} cannot be written ({source}).", path.display()),
            ),
            nothing_changed(),
            Text::new(
                "書き込める場所と空き容量を確かめてください。",
                "Check that the place is writable and has room.",
            ),
        ),
        Error::Runtime(source) => internal(&source.to_string()),
        Error::Authority(source) => internal(&source.to_string()),
        Error::Practice(source) => internal(&source.to_string()),
        Error::Encode(source) => internal(&source.to_string()),
        Error::Font(source) => internal(&source.to_string()),
        Error::Misread => internal("the practice letter was misread"),
    };
    Explanation::new(what, not_done, next)
}

/// The kind of end that `error` means.
pub fn exit_kind(error: &Error) -> ExitKind {
    match error {
        Error::Config(_)
        | Error::Password(_)
        | Error::Drafts(_)
        | Error::NotText { .. }
        | Error::Unreadable { .. }
        | Error::PassphrasesDiffer
        | Error::PasswordsDiffer
        | Error::NoDataFolder
        | Error::DataInDownloads { .. }
        | Error::NoDownloadsFolder
        | Error::NoTerminalNamed
        | Error::NoJson { .. }
        | Error::FolderNotEmpty { .. } => ExitKind::Usage,
        Error::Person(error) => match error {
            PersonError::Absent { .. } => ExitKind::Usage,
            PersonError::BrokenOff => ExitKind::Interrupted,
            PersonError::Terminal(_) => ExitKind::Internal,
        },
        Error::Adopt(error) => by_hand::exit_kind(error),
        Error::Case(error) => case::exit_kind(error),
        Error::Pack(error) => case::packing_exit_kind(error),
        Error::Backup(error) | Error::CopyUnread(error) => backup::exit_kind(error),
        Error::Restore(error) => restoring::restoring_exit_kind(error),
        Error::Remove(error) => restoring::removing_exit_kind(error),
        Error::Scanner(error) => scanner::exit_kind(error),
        Error::Watch(error) => watch::exit_kind(error),
        Error::Custody(error) => custody::exit_kind(error),
        Error::Disk(_) | Error::Unwritable { .. } | Error::KeptFileChanged { .. } => {
            ExitKind::StoreOrDisk
        }
        Error::Ledger(error) => ledger::exit_kind(error),
        Error::Retrieval(error) => retrieval::exit_kind(error),
        Error::WasRefused {
            reason:
                RefusedReason::BadIds
                | RefusedReason::AlreadyIssued
                | RefusedReason::Expired
                | RefusedReason::Locked
                | RefusedReason::PasswordFormat,
        } => ExitKind::SiteRefused,
        Error::Credential(_) | Error::InvalidP12 { .. } | Error::SameCertificate { .. } => {
            ExitKind::InvalidCredential
        }
        Error::PairRefused => ExitKind::SiteRefused,
        Error::Install(_) => ExitKind::StoreOrDisk,
        Error::Store { source, .. } => store::exit_kind(source),
        Error::Row(_)
        | Error::Account(_)
        | Error::DeadlinePassed { .. }
        | Error::WrongState { .. }
        | Error::WasRefused {
            reason: RefusedReason::Unknown,
        }
        | Error::OutcomeUnknown
        | Error::NotSentAgain
        | Error::FormChanged
        | Error::NotBound { .. }
        | Error::OtherTerminal { .. }
        | Error::SeveralForOneStore { .. }
        | Error::NothingWaits { .. }
        | Error::MediumDeclined => ExitKind::PersonMustLook,
        Error::Interrupted => ExitKind::Interrupted,
        Error::Intake(error) => intake::exit_kind(error),
        Error::Runtime(_)
        | Error::Authority(_)
        | Error::Practice(_)
        | Error::Encode(_)
        | Error::Font(_)
        | Error::Misread => ExitKind::Internal,
    }
}

type Sentences = (Text, Text, Text);

fn config(error: &ConfigError) -> Sentences {
    let what = match error {
        ConfigError::Unreadable { path, source } => Text::new(
            format!("設定ファイル {} を読めません（{source}）。", path.display()),
            format!(
                "The configuration {} cannot be read ({source}).",
                path.display()
            ),
        ),
        ConfigError::Invalid { suggestion, source } => {
            let hint = suggestion
                .as_ref()
                .map_or_else(String::new, |key| format!(" → {key} ?"));
            Text::new(
                format!("設定ファイルが正しくありません: {}{hint}", source.message()),
                format!(
                    "The configuration is not usable: {}{hint}",
                    source.message()
                ),
            )
        }
    };
    (
        what,
        nothing_changed(),
        Text::new(
            "設定ファイルを直すか、--config を外してください。",
            "Mend the configuration or leave --config out.",
        ),
    )
}

fn person(error: &PersonError) -> Sentences {
    match error {
        PersonError::Absent { question, cure } => (
            Text::new(
                format!("答える人が画面の前にいません: {}", question.ja),
                format!("Nobody is at the terminal to answer: {}", question.en),
            ),
            nothing_changed(),
            cure.clone(),
        ),
        PersonError::BrokenOff => (
            Text::new("入力が途中で終わりました。", "The input broke off."),
            Text::new(
                "ここまでに確定した分だけを記録しました。",
                "Only what was settled before is recorded.",
            ),
            Text::new("もう一度実行してください。", "Run the command again."),
        ),
        PersonError::Terminal(source) => (
            Text::new(
                format!("画面での入力ができません（{source}）。"),
                format!("The terminal failed ({source})."),
            ),
            nothing_changed(),
            Text::new(
                "別の端末ソフトで実行してください。",
                "Try another terminal program.",
            ),
        ),
    }
}

fn drafts(error: &DraftsError) -> Sentences {
    let what = match error {
        DraftsError::NotText => Text::new(
            "一覧が文字のファイルではありません。",
            "The list is not text.",
        ),
        DraftsError::Json(source) => Text::new(
            format!("一覧の JSON が正しくありません（{}行目）。", source.line()),
            format!(
                "The list is not JSON of a known shape (line {}).",
                source.line()
            ),
        ),
        DraftsError::UnknownSchema { schema } => Text::new(
            format!("この形の一覧は知りません: {schema}"),
            format!("This kind of list is not known: {schema}"),
        ),
        DraftsError::Csv(source) => {
            let line = source.position().map_or(0, csv::Position::line);
            Text::new(
                format!("一覧の CSV が正しくありません（{line}行目）。"),
                format!("The list is not CSV (line {line})."),
            )
        }
        DraftsError::MissingColumn { column } => Text::new(
            format!("一覧に列 {column} がありません。"),
            format!("The list has no column {column}."),
        ),
        DraftsError::Empty => Text::new("一覧に中身がありません。", "The list holds nothing."),
    };
    (
        what,
        Text::new("何も加えていません。", "Nothing was added."),
        Text::new(
            "noticert.issuances/1 の JSON か、request_id,reference_id,institution_code,valid_from,valid_to を見出しに持つ CSV にしてください。",
            "Give noticert.issuances/1 as JSON, or CSV with the columns request_id, reference_id, institution_code, valid_from, valid_to.",
        ),
    )
}

fn row(error: &RowError) -> Sentences {
    let title = |field: &Field| field.title();
    let what = match error {
        RowError::Missing { row, field } => Text::new(
            format!("{row}行目: {}がありません。", title(field).ja),
            format!("Row {row}: the {} is missing.", title(field).en),
        ),
        RowError::WrongForm { row, field, reason } => Text::new(
            format!("{row}行目: {}の形が違います（{reason}）。", title(field).ja),
            format!(
                "Row {row}: the {} has the wrong form ({reason}).",
                title(field).en
            ),
        ),
    };
    (
        what,
        Text::new(
            "この行は加えていません。ほかの行は加えました。",
            "This row was not added; the others were.",
        ),
        Text::new(
            "この行を直して、もう一度加えてください。",
            "Mend this row and add it again.",
        ),
    )
}

fn password(error: &CertificatePasswordError) -> Sentences {
    let what = match error {
        CertificatePasswordError::Length { found } => Text::new(
            format!("証明書パスワードは数字4桁です（{found}文字ありました）。"),
            format!("A certificate password has 4 digits ({found} characters were given)."),
        ),
        CertificatePasswordError::NotADigit { at } => Text::new(
            format!("証明書パスワードは数字4桁です（{at}文字目が数字ではありません）。"),
            format!("A certificate password has 4 digits (character {at} is none)."),
        ),
    };
    (
        what,
        nothing_sent(),
        Text::new(
            "数字4桁を決めて、もう一度実行してください。",
            "Choose 4 digits and run the command again.",
        ),
    )
}

fn wrong_state(state: &str, wanted: &str) -> Sentences {
    let next = match state {
        "read" | "review" => Text::new(
            "先に noticert review で確定してください。",
            "Confirm it first: noticert review.",
        ),
        "confirmed" => Text::new(
            "先に noticert retrieve で取得してください。",
            "Retrieve it first: noticert retrieve.",
        ),
        "submitting" => Text::new(
            "先に noticert retrieve TERMINAL を実行してください。前の送信の続きを、送り直さずに片付けます。",
            "Run noticert retrieve TERMINAL first: it finishes the earlier submission without sending again.",
        ),
        _ => Text::new(
            "noticert status で状態を確かめてください。",
            "Look at noticert status.",
        ),
    };
    (
        Text::new(
            format!("この端末の状態は {state} です（{wanted} が必要です）。"),
            format!("This terminal is {state}; it has to be {wanted}."),
        ),
        nothing_changed(),
        next,
    )
}

fn internal(what: &str) -> Sentences {
    (
        Text::new(
            format!("noticert の中で思わぬことが起きました（{what}）。"),
            format!("Something went wrong inside noticert ({what})."),
        ),
        Text::new(
            "記録済みの内容は失われていません。",
            "Nothing recorded is lost.",
        ),
        Text::new(
            "-v を付けてもう一度実行し、表示された内容を添えて知らせてください。",
            "Run it again with -v and report what it prints.",
        ),
    )
}

fn nothing_changed() -> Text {
    Text::new("何も変更していません。", "Nothing was changed.")
}

fn nothing_sent() -> Text {
    Text::new("何も送信していません。", "Nothing was sent.")
}
