//! `noticert pack --to DIR` and `noticert pack --take-back TERMINAL…`

use crate::custody::WorkFactor;
use crate::domain::Text;
use crate::workflow::{Error, Packing};

use super::args::PackArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &PackArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let passphrase = open::secret_of(arguments.case_passphrase_file.as_deref())?;
    let ledger = open::ledger(session, &mut person)?;
    let mut desk = session.desk(ledger, &mut person);
    let Some(to) = &arguments.to else {
        let ids = desk.chosen(&arguments.terminals, |_| true)?;
        for name in desk.take_back(&ids)? {
            println!("✓ {}", session.text(&name));
        }
        session.say(&Text::new(
            "取り戻しました。次は noticert retrieve",
            "Taken back. Next: noticert retrieve",
        ));
        return Ok(ExitCode::Done);
    };
    let packed = desk.pack(Packing {
        terminals: &arguments.terminals,
        institution: arguments.institution.as_deref(),
        to,
        holder: arguments.holder.as_deref(),
        passphrase,
        work: WorkFactor::STANDARD,
    })?;
    for name in &packed.names {
        session.say(&Text::new(
            format!("  {}", name.ja),
            format!("  {}", name.en),
        ));
    }
    println!("{}", packed.path.display());
    session.say(&match packed.goes_back {
        true => Text::new(
            format!("✓ {}台の結果をケースに入れました。元のパソコンで noticert unpack してください（.p12 はこのパソコンに残ります）。", packed.names.len()),
            format!("✓ What became of {} terminals is in the case: unpack it where it came from. The .p12 files stay here.", packed.names.len()),
        ),
        false => Text::new(
            format!("✓ {}台をケースに入れました。手順は {} にあります。ケースが戻るまで、ここからは送信しません。", packed.names.len(), packed.read_me.display()),
            format!("✓ {} terminals are in the case; {} tells how to go on. Until it is back, nothing of them is sent from here.", packed.names.len(), packed.read_me.display()),
        ),
    });
    Ok(ExitCode::Done)
}
