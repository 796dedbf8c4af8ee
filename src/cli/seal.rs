//! `noticert seal change | open | lock | status`

use std::io::{self, IsTerminal};
use std::path::Path;

use serde_json::json;

use crate::custody::{BadPlace, Ways, WorkFactor};
use crate::domain::Text;
use crate::workflow::{
    Error, SealStatus, SealWay, WatchError, bad_place, change_seal, lock_seal, seal_status,
};

use super::args::{SealArguments, SealCommand, SealOpener};
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, now, open};

pub fn run(session: &Session, arguments: &SealArguments) -> Result<ExitCode, Error> {
    let data = open::data_folder(&session.common)?;
    match &arguments.command {
        SealCommand::Change {
            opener,
            new_passphrase_file,
        } => {
            let mut person = TerminalPerson::new(session.language, session.common.yes);
            let given = open::secret_of(session.common.passphrase_file.as_deref())?;
            let new = open::secret_of(new_passphrase_file.as_deref())?;
            let way = match opener {
                SealOpener::Passphrase => SealWay::Passphrase,
                SealOpener::Account => SealWay::Account,
            };
            let work = WorkFactor::STANDARD;
            let (_, ways) = change_seal(&data, way, given, new, work, &mut person, now())?;
            println!("✓ {}", session.text(&words(ways)));
            if way == SealWay::Passphrase {
                session.say(&Text::new(
                    "前のパスフレーズでは、もう開きません。古いデータフォルダーの写しは前のパスフレーズのままです。",
                    "The earlier passphrase no longer opens it. Older copies of the data folder keep the earlier one.",
                ));
            }
        }
        SealCommand::Open { file } => open_letter(session, file)?,
        SealCommand::Lock => {
            let text = match lock_seal(&data, now())? {
                true => Text::new(
                    "✓ これからは毎回パスフレーズを尋ねます。元に戻す: noticert seal change --opener account",
                    "✓ From now on a passphrase is asked each time. To go back: noticert seal change --opener account",
                ),
                false => Text::new(
                    "✓ もともと毎回パスフレーズを尋ねます。",
                    "✓ A passphrase is asked each time already.",
                ),
            };
            println!("{}", session.text(&text));
        }
        SealCommand::Status => show(session, &seal_status(&data)?),
    }
    Ok(ExitCode::Done)
}

/// Writes an opened letter to standard output, for a pipe or a file of the person's own making.
fn open_letter(session: &Session, file: &Path) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        return Err(WatchError::ToTheScreen.into());
    }
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    session
        .desk(ledger, &mut person)
        .open_letter(file, &mut stdout)
}

fn show(session: &Session, status: &SealStatus) {
    if session.common.json {
        let kinds: Vec<_> = status
            .kinds
            .iter()
            .map(|kind| json!({"field": kind.field, "sealed": kind.sealed, "wiped": kind.wiped}))
            .collect();
        let in_clear: Vec<_> = status
            .in_clear
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        println!(
            "{:#}",
            json!({
                "schema": "noticert.seal/1",
                "data": status.data.display().to_string(),
                "passphrase": status.ways.passphrase,
                "account": status.ways.account,
                "sealed": kinds,
                "in_clear": in_clear,
                "private": status.is_private,
                "shared": status.bad_place == Some(BadPlace::Shared),
                "downloads": status.bad_place == Some(BadPlace::Downloads),
            })
        );
        return;
    }
    println!("{}", status.data.display());
    println!("  {}", session.text(&words(status.ways)));
    for kind in &status.kinds {
        println!(
            "  {}",
            session.text(&Text::new(
                format!(
                    "封印: {} {}件（消去済み {}件）",
                    kind.field, kind.sealed, kind.wiped
                ),
                format!(
                    "sealed: {} {} (wiped {})",
                    kind.field, kind.sealed, kind.wiped
                ),
            ))
        );
    }
    for path in &status.in_clear {
        println!(
            "  {}",
            session.text(&Text::new(
                format!("! 4桁だけで守られているファイル: {}", path.display()),
                format!("! guarded by four digits only: {}", path.display()),
            ))
        );
    }
    if !status.is_private {
        session.say(&Text::new(
            "! このフォルダーはほかの利用者も読めます。",
            "! Others can read this folder.",
        ));
    }
    if let Some(bad) = status.bad_place {
        session.say(&bad_place(&status.data, bad));
    }
}

fn words(ways: Ways) -> Text {
    match (ways.passphrase, ways.account) {
        (true, true) => Text::new(
            "封印は、サインインしているアカウントで開きます（パスフレーズでも開きます）",
            "The seal opens for the account that is logged on, and with a passphrase",
        ),
        (true, false) => Text::new(
            "封印は、パスフレーズで開きます",
            "The seal opens with a passphrase",
        ),
        (false, true) => Text::new(
            "封印は、サインインしているアカウントで開きます（パスフレーズはありません）",
            "The seal opens for the account that is logged on; there is no passphrase",
        ),
        (false, false) => Text::new("封印はまだありません", "There is no seal yet"),
    }
}
