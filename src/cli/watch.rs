//! `noticert watch DIR`: a line per letter on stdout, all else on stderr, until Ctrl-C.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::Text;
use crate::explain::{file_not_read, letter_trouble, not_taken};
use crate::ledger::{Keep, LetterOutcome};
use crate::workflow::{Error, Kept, WatchNews, WatchRequest, Watched, WatchedLetter};

use super::args::WatchArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &WatchArguments) -> Result<ExitCode, Error> {
    let request = WatchRequest {
        folder: arguments.folder.clone(),
        keep: arguments.keep,
        every: Duration::try_from_secs_f64(arguments.every).unwrap_or(Duration::ZERO),
        once: arguments.once,
        jobs: open::jobs(arguments.jobs),
    };
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let mut desk = session.desk(ledger, &mut person);
    let watched = desk.watch(&request, &mut |news| tell(session, news))?;
    session.progress.clear();
    if watched.stopped || request.once {
        summary(session, &watched);
    }
    Ok(code(&watched))
}

/// 130 where a person ended it; else 14 when a letter that was read lies in clear, 10 when a person must look.
fn code(watched: &Watched) -> ExitCode {
    match watched {
        Watched { stopped: true, .. } => ExitCode::Interrupted,
        Watched { in_clear: 1.., .. } => ExitCode::StoreOrDisk,
        Watched { doubtful: 1.., .. } | Watched { not_taken: 1.., .. } => ExitCode::PersonMustLook,
        _ => ExitCode::Done,
    }
}

fn tell(session: &Session, news: &WatchNews<'_>) {
    session.progress.clear();
    match news {
        WatchNews::Began { folder, keep } => {
            session.say(&began(&folder.display().to_string(), *keep))
        }
        WatchNews::Letter(letter) => tell_letter(session, letter),
        WatchNews::NotTaken { name, why } => {
            let text = not_taken(why);
            match session.common.json {
                true => print_line(&json!({
                    "schema": SCHEMA, "file": name, "outcome": "not-taken", "text": session.text(&text),
                })),
                false => println!("- {name}: {}", session.text(&text)),
            }
        }
        WatchNews::Gone(error) => session.say(&Text::new(
            format!("! フォルダーが見えなくなりました（{error}）。戻るのを待ちます。"),
            format!("! The folder is not to be seen ({error}). Waiting for it."),
        )),
        WatchNews::Back => session.say(&Text::new(
            "フォルダーが戻りました。続けます。",
            "The folder is there again. Going on.",
        )),
        WatchNews::LedgerBusy => session.say(&Text::new(
            "! 別の noticert が台帳に書いています。終わるまで、届いた通知書はこのまま待たせます。",
            "! Another noticert writes to the ledger. The letters wait where they are.",
        )),
        WatchNews::Quiet(tally) => {
            for line in tally.lines() {
                session.say(&line);
            }
        }
    }
}

fn began(folder: &str, keep: Keep) -> Text {
    let (ja, en) = match keep {
        Keep::Seal => (
            "読み取りの済んだ通知書は封印して done に、確認が要るものは封印して doubtful に移します",
            "Letters that were read whole are sealed into done, doubtful ones into doubtful",
        ),
        Keep::Delete => (
            "読み取りの済んだ通知書は消去し、確認が要るものは封印して doubtful に移します",
            "Letters that were read whole are deleted, doubtful ones sealed into doubtful",
        ),
    };
    Text::new(
        format!("{folder} を見張っています（終了は Ctrl-C）。{ja}（変えるには --keep）。"),
        format!("Watching {folder} (Ctrl-C ends it). {en} (--keep changes that)."),
    )
}

fn tell_letter(session: &Session, letter: &WatchedLetter) {
    if session.common.json {
        return print_line(&letter_json(session, letter));
    }
    let mark = match (&letter.kept, letter.outcome) {
        (Err(_), _) => '✗',
        (Ok(_), LetterOutcome::Done) => '✓',
        (Ok(_), LetterOutcome::Doubtful) => '?',
    };
    let came = session.text(&what_came(letter)).to_owned();
    let put = session.text(&where_put(letter)).to_owned();
    println!("{mark} {}: {came}{put}", letter.name);
    for file in &letter.unread {
        println!("    {}", session.text(&file_not_read(file)));
    }
}

fn what_came(letter: &WatchedLetter) -> Text {
    if let Some(name) = &letter.known_as {
        return Text::new(
            format!("前に読んだ {name} と同じ内容なので、もう一度は読みません。"),
            format!("the same as {name}, which was read before; not read again. "),
        );
    }
    let terminals = letter.recorded.len();
    let settled = letter.recorded.iter().filter(|sheet| sheet.settled).count();
    match (letter.outcome, terminals) {
        (LetterOutcome::Done, _) => Text::new(
            format!("端末 {terminals}台を確定しました（次は retrieve）。"),
            format!("{terminals} terminals confirmed (next: retrieve). "),
        ),
        (LetterOutcome::Doubtful, 0) => Text::new(
            format!(
                "通知書が見つかりません（通知書ではないページ {}、読めないページ {}）。",
                letter.without_notice,
                letter.unread.len()
            ),
            format!(
                "no notice found ({} other pages, {} not readable). ",
                letter.without_notice,
                letter.unread.len()
            ),
        ),
        (LetterOutcome::Doubtful, _) => Text::new(
            format!(
                "端末 {terminals}台のうち {}台に確認が要ります（次は review）。",
                terminals - settled
            ),
            format!(
                "{} of {terminals} terminals need a person (next: review). ",
                terminals - settled
            ),
        ),
    }
}

fn where_put(letter: &WatchedLetter) -> Text {
    match &letter.kept {
        Ok(Kept::Sealed(path)) => {
            let folder = letter.outcome.name();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Text::new(
                format!("封印して {folder} に移しました: {name}"),
                format!("Sealed into {folder}: {name}"),
            )
        }
        Ok(Kept::Deleted) => Text::new("スキャンは消去しました。", "The scan was deleted."),
        Ok(Kept::GivenBack) => Text::new(
            "読み取っている間にファイルが変わったので、もう一度読みます。",
            "The file changed meanwhile and is read again.",
        ),
        Err(error) => {
            let told = letter_trouble(error);
            Text::new(
                format!(
                    "スキャンを片付けられません。{}{}{}",
                    told.what.ja, told.not_done.ja, told.next.ja
                ),
                format!(
                    "The scan cannot be put away. {} {} {}",
                    told.what.en, told.not_done.en, told.next.en
                ),
            )
        }
    }
}

fn letter_json(session: &Session, letter: &WatchedLetter) -> Value {
    let (kept, sealed, trouble) = match &letter.kept {
        Ok(Kept::Sealed(path)) => ("sealed", Some(path.display().to_string()), None),
        Ok(Kept::Deleted) => ("deleted", None, None),
        Ok(Kept::GivenBack) => ("given-back", None, None),
        Err(error) => ("in-clear", None, Some(letter_trouble(error).what)),
    };
    let terminals: Vec<Value> = letter
        .recorded
        .iter()
        .map(|sheet| {
            json!({
                "id": sheet.record.to_string(),
                "confirmed": sheet.confirmed,
                "seen_again": sheet.seen_again,
            })
        })
        .collect();
    let unread: Vec<String> = letter
        .unread
        .iter()
        .map(|file| session.text(&file_not_read(file)).to_owned())
        .collect();
    json!({
        "schema": SCHEMA,
        "file": letter.name,
        "outcome": letter.outcome.name(),
        "known_as": letter.known_as,
        "terminals": terminals,
        "pages_without_notice": letter.without_notice,
        "not_read": unread,
        "scan": kept,
        "sealed": sealed,
        "trouble": trouble.as_ref().map(|text| session.text(text)),
    })
}

/// One object per line, so that a program can follow.
fn print_line(value: &Value) {
    println!("{value}");
}

fn summary(session: &Session, watched: &Watched) {
    session.say(&Text::new(
        format!(
            "計: 済み {}、要確認 {}、そのまま {}、片付けられない {}",
            watched.done, watched.doubtful, watched.not_taken, watched.in_clear
        ),
        format!(
            "{} done, {} doubtful, {} not taken, {} not put away",
            watched.done, watched.doubtful, watched.not_taken, watched.in_clear
        ),
    ));
    for line in watched.tally.lines() {
        session.say(&line);
    }
}

const SCHEMA: &str = "noticert.watch/1";
