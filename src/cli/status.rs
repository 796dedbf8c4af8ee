//! `noticert status`: a table for people, `noticert.status/1` for programs. Needs neither passphrase nor lock.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde_json::{Value, json};

use crate::domain::{Language, Text, japan_date};
use crate::ledger::{Backup, Ledger, LedgerError};
use crate::workflow::{Error, ScansInClear, TerminalStatus};

use super::exit::ExitCode;
use super::{Session, now, open};

pub fn run(session: &Session) -> Result<ExitCode, Error> {
    let data = open::data_folder(&session.common)?;
    match Ledger::open_read_only(&data) {
        Ok(ledger) => show(session, &ledger)?,
        // Nothing was read or added yet.
        Err(LedgerError::NoLedger { .. }) => print(session, &[], &[]),
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::Done)
}

/// Prints every terminal of a ledger as asked, and where scans of letters lie in clear.
pub fn show(session: &Session, ledger: &Ledger) -> Result<(), Error> {
    let terminals = TerminalStatus::all(ledger, now())?;
    print(session, &terminals, &ScansInClear::all(ledger)?);
    Ok(())
}

fn print(session: &Session, terminals: &[TerminalStatus], scans: &[ScansInClear]) {
    if session.common.json {
        let rows: Vec<Value> = terminals
            .iter()
            .map(|terminal| row_json(terminal, session.language))
            .collect();
        println!(
            "{:#}",
            json!({
                "schema": "noticert.status/1",
                "terminals": rows,
                "scans_in_clear": scans.iter().map(scans_json).collect::<Vec<_>>(),
            })
        );
        return;
    }
    if terminals.is_empty() {
        let text = Text::new(
            "台帳にはまだ端末がありません。noticert read FILES… で通知書を読み取ってください。",
            "The ledger has no terminals yet. Read a letter with noticert read FILES….",
        );
        println!("{}", session.text(&text));
        show_scans(session, scans);
        return;
    }
    println!("{}", table(session, terminals));
    show_copies_in_clear(session, terminals);
    show_scans(session, scans);
}

/// Where certificates lie with nothing but four digits around them (design rule 6).
fn show_copies_in_clear(session: &Session, terminals: &[TerminalStatus]) {
    let mut any = false;
    for terminal in terminals {
        let name = terminal.terminal_name.as_deref().unwrap_or("—");
        let kept = terminal.p12.iter().map(|path| path.display().to_string());
        let copies = terminal.backups.iter().map(|backup| {
            let (place, day) = (&backup.place, japan_date(backup.at));
            let text = Text::new(
                format!("控え {place}（{day}）"),
                format!("copy at {place} ({day})"),
            );
            session.text(&text).to_owned()
        });
        for place in kept.chain(copies) {
            any = true;
            println!("{name}: {place}");
        }
    }
    if any {
        let text = Text::new(
            "上の .p12 は4桁のパスワードだけで守られています。鍵そのものと同じに扱ってください。",
            "The .p12 files above are protected by four digits only: treat them as keys in clear.",
        );
        println!("{}", session.text(&text));
    }
}

fn show_scans(session: &Session, scans: &[ScansInClear]) {
    for place in scans {
        let folder = place.folder.display();
        let text = match (place.files, place.watched) {
            (None, _) => Text::new(
                format!("! 見張りのフォルダーを確かめられません（つながっていません）: {folder}"),
                format!("! The watched folder is not to be seen: {folder}"),
            ),
            (Some(files), true) => Text::new(
                format!("! 読めるままの通知書のスキャン {files}件: {folder} → noticert watch"),
                format!("! {files} readable scans: {folder} (noticert watch takes them)"),
            ),
            (Some(files), false) => Text::new(
                format!(
                    "! 読めるままの通知書のスキャン {files}件: {folder} → 取得が済んだら消してください"
                ),
                format!(
                    "! {files} readable scans of letters: {folder} (delete them once they are not needed)"
                ),
            ),
        };
        println!("{}", session.text(&text));
    }
}

fn scans_json(place: &ScansInClear) -> Value {
    json!({
        "folder": place.folder.display().to_string(),
        "files": place.files,
        "watched": place.watched,
    })
}

fn table(session: &Session, terminals: &[TerminalStatus]) -> Table {
    let mut table = Table::new();
    // ASCII lines: box drawing is two cells wide on Japanese consoles.
    table
        .load_style(presets::ASCII_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled);
    let heads = [
        Text::new("発行先", "institution"),
        Text::new("端末名称", "terminal"),
        Text::new("リクエストID", "request ID"),
        Text::new("状態", "state"),
        Text::new("有効期限", "valid to"),
        Text::new("取得期限", "deadline"),
    ];
    table.set_header(heads.iter().map(|head| session.text(head).to_owned()));
    for terminal in terminals {
        let mut state = session.text(&terminal.words()).to_owned();
        if let Some(reason) = terminal.reason {
            state.push_str(&format!(" ({reason})"));
        }
        let day =
            |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |day| day.to_string());
        table.add_row([
            Cell::new(terminal.institution_code.as_deref().unwrap_or("—")),
            Cell::new(terminal.terminal_name.as_deref().unwrap_or("—")),
            Cell::new(terminal.request_id.as_deref().unwrap_or("—")),
            Cell::new(state),
            Cell::new(day(terminal.valid_to)),
            Cell::new(day(terminal.retrieval_deadline)),
        ]);
    }
    table
}

fn backup_json(backup: &Backup) -> Value {
    json!({
        "medium": backup.medium,
        "place": backup.place,
        "at": backup.at.to_string(),
        "sha256": backup.sha256.to_string(),
        "sealed": backup.sealed,
        "counts": backup.counts(),
    })
}

fn row_json(terminal: &TerminalStatus, language: Language) -> Value {
    json!({
        "id": terminal.id,
        "institution_code": terminal.institution_code,
        "terminal_name": terminal.terminal_name,
        "request_id": terminal.request_id,
        "state": terminal.state,
        "reason": terminal.reason,
        "problem": terminal.problem.as_ref().map(|text| text.in_language(language)),
        "p12": terminal.p12.as_ref().map(|path| path.display().to_string()),
        "fingerprint": terminal.fingerprint,
        "valid_to": terminal.valid_to.map(|day| day.to_string()),
        "retrieval_deadline": terminal.retrieval_deadline.map(|day| day.to_string()),
        "lent": terminal.lent.as_ref().map(|lent| json!({
            "case": lent.name,
            "date": japan_date(lent.at).to_string(),
            "holder": lent.holder,
        })),
        "backed_up": terminal.is_backed_up,
        "backups": terminal.backups.iter().map(backup_json).collect::<Vec<_>>(),
    })
}
