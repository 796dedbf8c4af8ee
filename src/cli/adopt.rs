//! `noticert adopt FILE.p12 [TERMINAL]`

use crate::custody::files::Wiped;
use crate::domain::Text;
use crate::workflow::{AdoptRequest, Adopted, Error, FoundCopy, Outcome};

use super::args::{AdoptArguments, StoreArguments};
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open, retrieve};

pub fn run(session: &Session, arguments: &AdoptArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let given = open::secret_of(arguments.password_file.as_deref())?;
    let ledger = open::ledger(session, &mut person)?;
    // Without a home folder there is no store to look at; the file is taken all the same.
    let destination = open::destination(&StoreArguments {
        nss: arguments.nss.clone(),
        folder: None,
    })
    .ok();
    let mut desk = session.desk(ledger, &mut person);
    let adopted = desk.adopt(AdoptRequest {
        file: &arguments.file,
        terminal: arguments.terminal.as_deref(),
        password: given,
        destination: destination.as_ref(),
        wipe: arguments.wipe,
    })?;
    Ok(show(session, adopted))
}

/// The kept file with its checks, and what became of the found one.
pub fn show(session: &Session, adopted: Adopted) -> ExitCode {
    let already = adopted.kept.already;
    let name = adopted.name.clone();
    let code = retrieve::show(
        session,
        vec![Outcome {
            record: adopted.record,
            name: adopted.name,
            result: Ok(adopted.kept),
        }],
    );
    if already {
        session.say(&Text::new(
            "    このファイルは前から保存してあります。",
            "    This file was kept before.",
        ));
    }
    let found = adopted.file.display();
    let text = match adopted.found {
        FoundCopy::IsKept => Text::new(
            "    指定されたのは保存してあるファイルそのものです。",
            "    The file named is the kept one itself.",
        ),
        FoundCopy::Left => Text::new(
            format!(
                "! 元のファイル {found} が残っています。鍵そのものと同じです。--wipe を付けると消去します。"
            ),
            format!(
                "! The file {found} is still there, as good as a key in clear. --wipe removes it."
            ),
        ),
        FoundCopy::StayedShut => Text::new(
            format!(
                "! 元のファイル {found} は開けないまま残っています。代わりにストアの電子証明書を新しいパスワードで保存しました。"
            ),
            format!(
                "! {found} stayed shut and is still there. The store's certificate was kept in its place, under the new password."
            ),
        ),
        FoundCopy::Wiped(Wiped::Overwritten) => Text::new(
            format!("    元のファイル {found} は上書きして消去しました。"),
            format!("    The file {found} was overwritten and removed."),
        ),
        FoundCopy::Wiped(Wiped::RemovedOnly) => Text::new(
            format!("    元のファイル {found} は削除しました（上書きはできませんでした）。"),
            format!("    The file {found} was removed; it could not be overwritten."),
        ),
        FoundCopy::NotWiped(error) => {
            eprintln!(
                "{}",
                session.text(&Text::new(
                    format!("! 元のファイル {found} は消去できませんでした。手で消してください。"),
                    format!("! The file {found} could not be wiped: remove it by hand."),
                ))
            );
            return code.and(session.report(&Error::Disk(error)));
        }
    };
    session.say(&text);
    session.say(&Text::new(
        format!("次は noticert install（{}）", name.ja),
        format!("Next: noticert install ({})", name.en),
    ));
    code
}
