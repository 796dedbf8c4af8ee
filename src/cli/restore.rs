//! `noticert restore FILE|DIR`

use crate::domain::Text;
use crate::workflow::{Error, RestoreRequest};

use super::args::RestoreArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, install, open};

pub fn run(session: &Session, arguments: &RestoreArguments) -> Result<ExitCode, Error> {
    if session.common.json {
        return Err(Error::NoJson { command: "restore" });
    }
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let passphrase = open::secret_of(arguments.backup_passphrase_file.as_deref())?;
    let password = open::secret_of(arguments.password_file.as_deref())?;
    let ledger = open::ledger(session, &mut person)?;
    let destination = open::destination(&arguments.store)?;
    let mut desk = session.desk(ledger, &mut person);
    let run = desk.restore(RestoreRequest {
        from: &arguments.from,
        terminal: arguments.terminal.as_deref(),
        password,
        passphrase,
        destination: &destination,
    })?;
    session.progress.clear();
    session.say(&match &run.from_store {
        None => Text::new(
            format!("{} を使います。", run.copy.display()),
            format!("Taking {}.", run.copy.display()),
        ),
        Some(store) => Text::new(
            format!(
                "{} は開けないまま残し、{}から書き出した電子証明書を使います。新しいパスワードのバックアップを noticert backup で作ってください。",
                run.copy.display(),
                store.ja
            ),
            format!(
                "{} stayed shut; taking what {} gave out. Back it up under its new password with noticert backup.",
                run.copy.display(),
                store.en
            ),
        ),
    });
    if !run.others.is_empty() {
        session.say(&Text::new(
            "ほかにある控え:",
            "The other copies of this back-up:",
        ));
        for other in &run.others {
            session.say(&Text::new(
                format!("  {}", other.ja),
                format!("  {}", other.en),
            ));
        }
    }
    for check in &run.checks {
        session.say(&Text::new(
            format!("    {} {}", check.outcome.mark(), check.text.ja),
            format!("    {} {}", check.outcome.mark(), check.text.en),
        ));
    }
    println!("{}", run.kept.display());
    if run.lacks_paper {
        session.say(&Text::new(
            "! パスワードの控えなし: 4桁がこのパソコンの外にもあることを確かめていません。人が画面の前で noticert backup --to DIR を実行すると、控えを確かめるか、4桁を表示して紙に書き写せます。",
            "! The password is not known to be anywhere but on this PC: noticert backup --to DIR at a terminal asks for the paper, or shows the digits to be written down.",
        ));
    }
    Ok(install::finish(session, &mut desk, vec![run.installed]))
}
