//! `noticert run FILES…`: the whole job.

use std::path::Path;

use crate::custody::WorkFactor;
use crate::domain::Text;
use crate::workflow::{BackupRequest, Desk, Error, Recorded, Route};

use super::args::RunArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, backup, install, open, read, report, retrieve, status};

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
    code = code.and(retrieve::show(session, job.retrieved.outcomes));
    retrieve::tell_of_the_rest(session, job.left, job.retrieved.stopped);
    let installed = install::installed(&job.installed);
    code = code.and(install::show(session, job.installed));
    let kept = kept_of(&desk, &job.read.recorded)?;
    if !kept.is_empty() && !session.stop.is_wanted() {
        code = code.and(back_up(
            session,
            &mut desk,
            kept,
            arguments.backup_to.as_deref(),
        ));
    }
    match session.stop.is_wanted() {
        true => code = code.and(ExitCode::Interrupted),
        // Last, so that nothing waits for whoever goes and looks.
        false => code = code.and(install::ask_about_service(session, &mut desk, &installed)),
    }
    status::show(session, &desk.ledger)?;
    Ok(code)
}

/// The records of this run that have a certificate.
fn kept_of(desk: &Desk<'_>, recorded: &[Recorded]) -> Result<Vec<String>, Error> {
    let mut kept = Vec::new();
    for recorded in recorded {
        let record = desk.ledger.record(recorded.record)?;
        let id = record.id.to_string();
        if record.state.is_current() && !record.is_backed_up() && !kept.contains(&id) {
            kept.push(id);
        }
    }
    Ok(kept)
}

/// The back-up where a stick was named, else the word that it comes next: `run` asks for no stick by itself.
fn back_up(
    session: &Session,
    desk: &mut Desk<'_>,
    terminals: Vec<String>,
    to: Option<&Path>,
) -> ExitCode {
    let Some(to) = to else {
        session.say(&Text::new(
            "次はバックアップです。USBを挿して noticert backup --to DIR を実行してください。",
            "Next is the back-up: plug in a stick and run noticert backup --to DIR.",
        ));
        return ExitCode::Done;
    };
    let home = open::home();
    let program = std::env::current_exe().ok();
    let run = desk.back_up(BackupRequest {
        terminals: &terminals,
        to,
        sealed: false,
        passphrase: None,
        work: WorkFactor::STANDARD,
        home: home.as_deref(),
        program: program.as_deref(),
        with_program: false,
    });
    session.progress.clear();
    match run {
        Ok(run) => backup::show(session, run),
        Err(error) => session.report(&error),
    }
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
