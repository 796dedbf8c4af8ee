//! `noticert run FILES…`: the whole job.

use crate::domain::Text;
use crate::workflow::{Error, Route, TerminalStatus};

use super::args::RunArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, install, now, open, read, report, retrieve, status};

pub fn run(session: &Session, arguments: &RunArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let choice = open::site(session, &arguments.site, arguments.pause)?;
    let password = open::password(&arguments.site)?;
    let destination = open::destination(&arguments.store)?;
    let sources = open::sources(&arguments.files)?;
    let mut desk = session.desk(ledger, &mut person);
    let job = desk.whole_job(sources, open::jobs(None), &choice, password, &destination)?;
    session.progress.clear();

    let mut code = ExitCode::Done;
    if !session.common.json {
        read::show(session, &job.read, true);
    }
    if !job.read.reading.files_not_read.is_empty() || job.waiting > 0 {
        code = code.and(ExitCode::PersonMustLook);
    }
    if job.waiting > 0 {
        session.say(&Text::new(
            format!("確認が必要な端末が {}台あります。用紙を手元に noticert review を実行してください。", job.waiting),
            format!("{} terminals need a review: run noticert review with the paper at hand.", job.waiting),
        ));
    }
    if let Route::None(error) = &job.route {
        say_next_at_the_terminal(session, error);
    }
    code = code.and(retrieve::show(session, job.retrieved));
    code = code.and(install::show(session, job.installed));
    if session.stop.is_wanted() {
        code = code.and(ExitCode::Interrupted);
    }
    status::show(session, &TerminalStatus::all(&desk.ledger, now())?);
    Ok(code)
}

fn say_next_at_the_terminal(session: &Session, error: &Error) {
    let what = crate::explain::explain(error).what;
    session.say(&Text::new(
        format!(
            "ここまで完了。次は端末で:\n  このパソコンからは取得サイトに届きません（{}）。何も送信していません。\n  オンライン資格確認（請求）の端末で、このデータフォルダーを使って noticert retrieve --all、続けて noticert install を実行してください。",
            what.ja
        ),
        format!(
            "Done so far. Next, at the terminal:\n  This computer has no way to the retrieval site ({}). Nothing was sent.\n  On the terminal, with this data folder, run noticert retrieve --all, then noticert install.",
            what.en
        ),
    ));
    if session.common.verbose {
        report::error(error, session.language, true);
    }
}
