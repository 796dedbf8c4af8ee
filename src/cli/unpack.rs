//! `noticert unpack FILE`

use crate::domain::Text;
use crate::workflow::{Error, read_case};

use super::args::UnpackArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &UnpackArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let passphrase = open::secret_of(arguments.case_passphrase_file.as_deref())?;
    // A case that does not open makes no ledger.
    let case = read_case(&arguments.file, passphrase, &mut person)?;
    let ledger = open::ledger(session, &mut person)?;
    let mut desk = session.desk(ledger, &mut person);
    let unpacked = desk.unpack(case, &arguments.file)?;
    for (name, state) in &unpacked.terminals {
        println!("✓ {}  {state}", session.text(name));
    }
    let (count, back) = (unpacked.merged.new_events, unpacked.merged.returned.len());
    session.say(&match (unpacked.is_own, count, back) {
        (true, 0, _) => Text::new(
            "このケースはここで作ったものです。端末に持って行って unpack してください。",
            "This case was packed here: take it to the terminal.",
        ),
        (_, 0, 0) => Text::new(
            "このケースはもう取り込んであります。何も変わっていません。",
            "This case was taken before; nothing changed.",
        ),
        (_, _, 0) => Text::new(
            format!("{}台を取り込みました。", unpacked.terminals.len()),
            format!("{} terminals were taken.", unpacked.terminals.len()),
        ),
        _ => Text::new(
            format!(
                "{}台を取り込みました。貸し出していた {back}台が戻りました。",
                unpacked.terminals.len()
            ),
            format!(
                "{} terminals were taken; {back} that were lent are back.",
                unpacked.terminals.len()
            ),
        ),
    });
    session.say(&Text::new(
        format!("次は: {}", unpacked.next),
        format!("Next: {}", unpacked.next),
    ));
    Ok(ExitCode::Done)
}
