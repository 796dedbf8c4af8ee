//! `noticert bind [TERMINAL]`

use crate::domain::Text;
use crate::platform;
use crate::workflow::Error;

use super::args::BindArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &BindArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let Some(terminal) = &arguments.terminal else {
        let here = platform::computer_name();
        for binding in ledger.bindings()? {
            let mark = if binding.computer_name == here {
                '*'
            } else {
                ' '
            };
            let name = binding
                .terminal_name
                .map_or_else(String::new, |name| name.to_string());
            println!(
                "{mark} {}  {}  {name}",
                binding.computer_name, binding.institution_code
            );
        }
        return Ok(ExitCode::Done);
    };
    let mut desk = session.desk(ledger, &mut person);
    let id = desk.ledger.find(terminal)?;
    let bound = desk.bind(id)?;
    let text = match bound {
        true => Text::new(
            "✓ 決まりました。次は noticert install",
            "✓ Bound. Next: noticert install",
        ),
        false => Text::new("決めていません。", "Not bound."),
    };
    println!("{}", session.text(&text));
    Ok(match bound {
        true => ExitCode::Done,
        false => ExitCode::PersonMustLook,
    })
}
