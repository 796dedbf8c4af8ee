//! `noticert remove-old` and `noticert undo-remove`

use crate::domain::{Text, japan_date};
use crate::ledger::CodeChange;
use crate::workflow::{Error, Family, RemovalRun, Standing, Surveyed};

use super::args::{RemoveOldArguments, UndoRemoveArguments};
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &RemoveOldArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let destination = open::destination(&arguments.store)?;
    let mut desk = session.desk(ledger, &mut person);
    if let (Some(old), Some(new), Some(on)) = (
        arguments.old_code.clone(),
        arguments.new_code.clone(),
        arguments.changed_on,
    ) {
        let noted = Text::new(
            format!("✓ {on} に医療機関コードが {old} から {new} に変わった、と台帳に記録しました"),
            format!("✓ recorded: the institution code changed from {old} to {new} on {on}"),
        );
        desk.note_code_change(CodeChange { old, new, on })?;
        println!("{}", session.text(&noted));
    }
    if arguments.fingerprints.is_empty() {
        let (store, found) = desk.survey(&destination)?;
        println!("{}", session.text(&store));
        for certificate in &found {
            println!("{}", line(session, certificate));
        }
    }
    let run = desk.remove_old(&destination, &arguments.fingerprints, arguments.force)?;
    Ok(show(session, run))
}

pub fn undo(session: &Session, arguments: &UndoRemoveArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let destination = open::destination(&arguments.store)?;
    let mut desk = session.desk(ledger, &mut person);
    let back = desk.undo_remove(&destination, arguments.fingerprint.as_deref())?;
    println!(
        "✓ {}",
        session.text(&Text::new(
            format!(
                "「{}」（有効期限 {}）を元に戻しました",
                back.name, back.last
            ),
            format!("“{}” (to {}) was put back", back.name, back.last),
        ))
    );
    Ok(ExitCode::Done)
}

fn show(session: &Session, run: RemovalRun) -> ExitCode {
    let mut code = ExitCode::Done;
    let tried = run.outcomes.len();
    for outcome in run.outcomes {
        match outcome {
            Ok(removed) => println!(
                "✓ {}",
                session.text(&Text::new(
                    format!(
                        "「{}」（有効期限 {}）を削除しました。元に戻す: noticert undo-remove {}",
                        removed.name,
                        removed.last,
                        &removed.fingerprint.to_string()[..SHOWN]
                    ),
                    format!(
                        "“{}” (to {}) was removed. To put it back: noticert undo-remove {}",
                        removed.name,
                        removed.last,
                        &removed.fingerprint.to_string()[..SHOWN]
                    ),
                ))
            ),
            Err(error) => {
                code = code.and(session.report(&error));
            }
        }
    }
    if tried == 0 {
        session.say(&Text::new(
            "いま削除できる古い証明書はありません。",
            "There is no old certificate to remove now.",
        ));
    }
    code
}

fn line(session: &Session, certificate: &Surveyed) -> String {
    let facts = &certificate.facts;
    let mark = match certificate.standing {
        Standing::InUse | Standing::OtherCode | Standing::OldCode { .. } => "✓",
        Standing::Removable { .. } => "×",
        Standing::Waits(_) => "-",
    };
    let family = match certificate.family {
        Family::Present => String::new(),
        Family::Former => session
            .text(&Text::new("（旧・専用認証局）", " (former authority)"))
            .to_owned(),
    };
    let key = match certificate.has_key {
        true => Text::new("鍵あり", "with key"),
        false => Text::new("鍵なし", "no key"),
    };
    let ledger = match certificate.record {
        Some(_) => Text::new("台帳あり", "in the ledger"),
        None => Text::new("台帳なし", "not in the ledger"),
    };
    format!(
        "{mark} {} {}{family} {}〜{} {} {}\n    {}",
        &facts.fingerprint.to_string()[..SHOWN],
        facts.subject_common_name.as_deref().unwrap_or("—"),
        japan_date(facts.not_before),
        japan_date(facts.not_after),
        session.text(&key),
        session.text(&ledger),
        session.text(&certificate.why()),
    )
}

/// Digits of a fingerprint that name it.
const SHOWN: usize = 16;
