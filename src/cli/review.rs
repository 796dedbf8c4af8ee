//! `noticert review`

use crate::domain::Text;
use crate::workflow::{Desk, Error};

use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, now, open};

pub fn run(session: &Session) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let mut desk = Desk {
        ledger,
        config: &session.config,
        person: &mut person,
        progress: &session.progress,
        clock: &now,
        stop: &session.stop,
    };
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
