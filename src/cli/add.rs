//! `noticert add`

use serde_json::json;

use crate::domain::Text;
use crate::workflow::{Added, Desk, Error};

use super::args::AddArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &AddArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    // The ledger is held before the list is read: a list from standard input may take its time.
    let ledger = open::ledger(session, &mut person)?;
    let bytes = arguments.from.as_deref().map(open::bytes_of).transpose()?;
    let mut desk = session.desk(ledger, &mut person);
    match (&arguments.from, bytes) {
        (Some(path), Some(bytes)) => {
            let source = path.display().to_string();
            let added = desk.add_list(&source, &bytes, arguments.confirmed)?;
            Ok(show(session, added))
        }
        _ => by_hand(session, &mut desk),
    }
}

fn by_hand(session: &Session, desk: &mut Desk<'_>) -> Result<ExitCode, Error> {
    match desk.add_by_hand()? {
        Some(_) => {
            session.say(&Text::new(
                "✓ 台帳に加え、確定しました。次は noticert retrieve",
                "✓ Added and confirmed. Next: noticert retrieve",
            ));
            Ok(ExitCode::Done)
        }
        None => {
            session.say(&Text::new(
                "途中でやめました。何も加えていません。",
                "Put off. Nothing was added.",
            ));
            Ok(ExitCode::PersonMustLook)
        }
    }
}

fn show(session: &Session, added: Added) -> ExitCode {
    for (row, problem) in &added.problems {
        session.say(&Text::new(
            format!("! {row}行目: {}", problem.text.ja),
            format!("! row {row}: {}", problem.text.en),
        ));
    }
    let mut code = ExitCode::Done;
    for row in added.refused_rows {
        code = code.and(session.report(&row.into()));
    }
    if added.still_refused > 0 {
        session.say(&Text::new(
            format!(
                "✗ {}件は、取得サイトが拒否した組み合わせのままです。再送はしません。",
                added.still_refused
            ),
            format!(
                "✗ {} are exactly the pairs that the site refused; they are not sent again.",
                added.still_refused
            ),
        ));
        code = code.and(ExitCode::PersonMustLook);
    }
    if session.common.json {
        let ids: Vec<String> = added.records.iter().map(ToString::to_string).collect();
        println!(
            "{:#}",
            json!({"schema": "noticert.added/1", "records": ids, "confirmed": added.confirmed, "waiting": added.waiting})
        );
    } else {
        let text = Text::new(
            format!(
                "計 {}件: 確定 {}、確認待ち {}",
                added.records.len(),
                added.confirmed,
                added.waiting
            ),
            format!(
                "{} issuances: {} confirmed, {} to review",
                added.records.len(),
                added.confirmed,
                added.waiting
            ),
        );
        println!("{}", session.text(&text));
    }
    code
}
