//! `noticert install [TERMINAL…|--all]`

use crate::domain::Text;
use crate::installer::Proof;
use crate::workflow::{Error, Installation, Outcome};

use super::args::InstallArguments;
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
    let outcomes = desk.install(&ids, &destination)?;
    Ok(show(session, outcomes))
}

/// One line per terminal, and the errors in full.
pub fn show(session: &Session, outcomes: Vec<Outcome<Installation>>) -> ExitCode {
    let mut code = ExitCode::Done;
    let mut any = false;
    for outcome in outcomes {
        let name = session.text(&outcome.name).to_owned();
        match outcome.result {
            Ok(installed) => {
                any = true;
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
                println!("✓ {name} → {store}: {}", session.text(&how));
            }
            Err(error) => {
                eprintln!("{name}:");
                code = code.and(session.report(&error));
            }
        }
    }
    if any {
        session.say(&Text::new(
            "ブラウザーの窓をすべて閉じてから、オンライン資格確認（請求）のページを開き、有効期限の新しい証明書を選んで、使えることを確かめてください。",
            "Close every browser window, open the service, choose the certificate with the later expiry, and see that it works.",
        ));
    }
    code
}
