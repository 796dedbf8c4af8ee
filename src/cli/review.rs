//! `noticert review`

use crate::domain::Text;
use crate::workflow::Error;

use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let mut desk = session.desk(ledger, &mut person);
    let reviewed = desk.review()?;
    let waiting = desk.review_queue()?.len();
    let text = Text::new(
        format!(
            "確定 {}、通知書ではない {}、残り {waiting}",
            reviewed.confirmed, reviewed.rejected
        ),
        format!(
            "{} confirmed, {} no notice, {waiting} left",
            reviewed.confirmed, reviewed.rejected
        ),
    );
    println!("{}", session.text(&text));
    Ok(match waiting {
        0 => ExitCode::Done,
        _ => ExitCode::PersonMustLook,
    })
}
