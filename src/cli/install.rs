//! `noticert install [TERMINAL…|--all]`

use crate::domain::Text;
use crate::installer::Proof;
use crate::ledger::RecordId;
use crate::workflow::{Desk, Error, Installation, Outcome, ServiceWord};

use super::args::{InstallArguments, YesNo};
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &InstallArguments) -> Result<ExitCode, Error> {
    if arguments.terminals.terminals.is_empty() && !arguments.terminals.all {
        return Err(Error::NoTerminalNamed);
    }
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let destination = open::destination(&arguments.store)?;
    let mut desk = session.desk(ledger, &mut person);
    let ids = desk.chosen(&arguments.terminals.terminals, |record| {
        record.state.is_current()
    })?;
    if ids.is_empty() {
        return Err(Error::NothingWaits {
            wanted: Text::new("取得済みの端末", "a retrieved terminal"),
        });
    }
    if let Some(word) = arguments.service_works {
        for id in ids {
            let told = desk.note_service(id, word == YesNo::Yes)?;
            println!("{}", session.text(&told));
        }
        return Ok(ExitCode::Done);
    }
    let outcomes = desk.install(&ids, &destination)?;
    Ok(finish(session, &mut desk, outcomes))
}

/// Shows what became of an installation, then asks how the service goes with it.
pub fn finish(
    session: &Session,
    desk: &mut Desk<'_>,
    outcomes: Vec<Outcome<Installation>>,
) -> ExitCode {
    let installed = installed(&outcomes);
    let shown = show(session, outcomes);
    shown.and(ask_about_service(session, desk, &installed))
}

/// The records whose certificate is in a store now.
pub fn installed(outcomes: &[Outcome<Installation>]) -> Vec<RecordId> {
    outcomes
        .iter()
        .filter(|outcome| outcome.result.is_ok())
        .map(|outcome| outcome.record)
        .collect()
}

/// Tells for each record how to see whether the service opens, and takes the answer where somebody is there to give it.
pub fn ask_about_service(
    session: &Session,
    desk: &mut Desk<'_>,
    installed: &[RecordId],
) -> ExitCode {
    session.progress.clear();
    installed
        .iter()
        .map(|id| match desk.ask_about_service(*id) {
            Ok(ServiceWord::Opens | ServiceWord::Later) => ExitCode::Done,
            Ok(ServiceWord::Fails) => ExitCode::PersonMustLook,
            Err(error) => session.report(&error),
        })
        .fold(ExitCode::Done, ExitCode::and)
}

/// One line per terminal, and the errors in full.
pub fn show(session: &Session, outcomes: Vec<Outcome<Installation>>) -> ExitCode {
    let mut code = ExitCode::Done;
    for outcome in outcomes {
        let name = session.text(&outcome.name).to_owned();
        match outcome.result {
            Ok(installed) => {
                let store = session.text(&installed.store).to_owned();
                let how = match (installed.already, &installed.proof) {
                    (true, Proof::Signed) => Text::new(
                        "入っていました。鍵で署名できます",
                        "was there; its key signs",
                    ),
                    (false, Proof::Signed) => {
                        Text::new("入れました。鍵で署名できます", "installed; its key signs")
                    }
                    (_, Proof::CannotProve(why)) => why.clone(),
                };
                session.result(&format!("✓ {name} → {store}: {}", session.text(&how)));
            }
            Err(error) => {
                eprintln!("{name}:");
                code = code.and(session.report(&error));
            }
        }
    }
    code
}
