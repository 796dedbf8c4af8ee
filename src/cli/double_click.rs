//! `noticert.exe` opened with a double click: nothing was typed, and the window would close at once.
//!
//! Says what this is, how far this PC is and which commands come next, runs the commands that are typed, and stays
//! until Enter alone.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::Command;

use unicode_width::UnicodeWidthStr;

use crate::custody::backup::medium;
use crate::ledger::{Ledger, LedgerError};
use crate::platform;
use crate::workflow::TerminalStatus;

use super::exit::ExitCode;
use super::now;

/// Whether a person opened the program from the desktop and named no command.
pub fn is_one(arguments: usize) -> bool {
    arguments <= 1 && platform::console_is_its_own() && io::stdin().is_terminal()
}

/// Serves the person at the window until they close it.
pub fn serve() -> ExitCode {
    let data = platform::default_data_dir(&|name| env::var_os(name));
    loop {
        println!("{}", page(data.as_deref()));
        match typed() {
            Ok(Some(words)) => run(&words),
            // An input that ended is as good as Enter.
            Ok(None) | Err(_) => return ExitCode::Done,
        }
    }
}

/// What is shown: in Japanese, since nobody had a chance to choose.
fn page(data: Option<&Path>) -> String {
    let mut lines = vec![
        format!(
            "noticert {} ── 通知書から電子証明書を取得し、この端末に入れて、控えをとるプログラムです。",
            env!("CARGO_PKG_VERSION")
        ),
        String::new(),
    ];
    let known = match data.map(Ledger::open_read_only) {
        Some(Ok(ledger)) => TerminalStatus::all(&ledger, now()).map_err(|error| error.to_string()),
        Some(Err(LedgerError::NoLedger { .. })) | None => Ok(Vec::new()),
        Some(Err(error)) => Err(error.to_string()),
    };
    match known {
        Ok(terminals) => {
            for terminal in &terminals {
                let name = terminal.terminal_name.as_deref().unwrap_or("—");
                lines.push(format!("  {name}  {}", terminal.words().ja));
            }
            let states: Vec<&str> = terminals.iter().map(|terminal| terminal.state).collect();
            let awaits_backup = terminals.iter().any(TerminalStatus::awaits_backup);
            lines.push("次にすること（左のとおりに入力して Enter）:".to_owned());
            lines.extend(
                next(&states, awaits_backup, copies().as_deref())
                    .iter()
                    .map(|(typed, what)| {
                        let gap = COLUMN.saturating_sub(typed.width());
                        format!("  {typed}{:gap$}{what}", "")
                    }),
            );
        }
        // The command that is proposed tells the reason in full.
        Err(error) => lines.push(format!(
            "台帳を読めません: {error}\n  status                  理由とすることを表示する"
        )),
    }
    lines.join("\n")
}

/// Which commands come next, for terminals in these states, with a stick that holds back-ups where one is in.
fn next(states: &[&str], awaits_backup: bool, copies: Option<&str>) -> Vec<(String, &'static str)> {
    let has = |wanted: &[&str]| states.iter().any(|state| wanted.contains(state));
    let mut found: Vec<(String, &'static str)> = Vec::new();
    let mut add = |typed: &str, what: &'static str| found.push((typed.to_owned(), what));
    if has(&["read", "review"]) {
        add("review", "読み取った値を、用紙を見ながら確かめる");
    }
    if has(&["confirmed", "submitting"]) {
        add("retrieve --all", "電子証明書を取得する");
    }
    if has(&["retrieved"]) {
        add("install", "取得した電子証明書をこの端末に入れる");
    }
    if awaits_backup {
        add(r"backup --to E:\", "USBメモリー（E: のとき）に控えをとる");
    }
    match copies {
        Some(drive) => add(
            &format!("restore {drive}"),
            "USBメモリーの控えから、電子証明書をこの端末に入れる",
        ),
        None if states.is_empty() => add(
            r"restore E:\",
            "USBメモリー（E: のとき）の控えから、電子証明書をこの端末に入れる",
        ),
        None => {}
    }
    if states.is_empty() {
        add(
            r"run 通知書.pdf",
            "通知書のスキャンから、取得して入れるまで（ファイルはこの窓に重ねて落とせます）",
        );
        add(
            "unpack ケース.age",
            "ほかのパソコンで用意したケースを取り込む",
        );
    } else {
        add("audit", "この端末に入っている電子証明書を点検する");
    }
    add("doctor", "この端末で使えるかを調べる（何も変えません）");
    found
}

/// A drive with back-ups on it, where one is in.
fn copies() -> Option<String> {
    let mut drives = platform::removable_drives().into_iter();
    drives
        .find(|drive| drive.join(medium::FOLDER).is_dir())
        .map(|drive| drive.display().to_string())
}

/// The words of the line that was typed; `None` for an empty one.
fn typed() -> io::Result<Option<Vec<String>>> {
    print!("\n何も入力せずに Enter を押すと閉じます。\nnoticert> ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let mut words = words(&line);
    // People repeat the name of the program.
    if words
        .first()
        .is_some_and(|word| matches!(word.as_str(), "noticert" | "noticert.exe"))
    {
        words.remove(0);
    }
    Ok((!words.is_empty()).then_some(words))
}

/// The words of a line; quotes hold one together, as around a path that was dropped on the window.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            // The wide blank of Japanese keyboards among them.
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Runs the program once more, in this window, and waits for its end.
fn run(words: &[String]) {
    let ran = env::current_exe().and_then(|program| Command::new(program).args(words).status());
    // How it ended, the command said itself.
    if let Err(error) = ran {
        eprintln!("実行できません: {error}");
    }
    println!();
}

/// Cells of the screen that a proposed command may take.
const COLUMN: usize = 24;

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Arguments;

    #[test]
    fn what_is_proposed_can_be_typed() {
        for states in [
            &[][..],
            &["read", "review"],
            &["confirmed"],
            &["retrieved", "service-confirmed"],
            &["backed-up"],
        ] {
            for copies in [None, Some(r"E:\")] {
                for (typed, _) in next(states, true, copies) {
                    let line = std::iter::once("noticert".to_owned()).chain(words(&typed));
                    assert!(Arguments::try_parse_from(line).is_ok(), "{typed}");
                }
            }
        }
    }

    #[test]
    fn a_pc_without_anything_is_shown_the_ways_in() {
        let typed = |states: &[&str], copies| -> Vec<String> {
            next(states, false, copies)
                .into_iter()
                .map(|(typed, _)| typed)
                .collect()
        };
        assert_eq!(
            typed(&[], None),
            [
                r"restore E:\",
                "run 通知書.pdf",
                "unpack ケース.age",
                "doctor"
            ]
        );
        assert_eq!(typed(&[], Some(r"F:\"))[0], r"restore F:\");
        assert_eq!(typed(&["retrieved"], None), ["install", "audit", "doctor"]);
        assert_eq!(typed(&["backed-up"], None), ["audit", "doctor"]);
    }

    #[test]
    fn the_page_says_how_far_this_pc_is() {
        let folder = tempfile::tempdir().unwrap();
        let page = page(Some(&folder.path().join("data")));
        assert!(
            page.contains("通知書") && page.contains("restore"),
            "{page}"
        );
    }

    #[test]
    fn quotes_hold_a_path_together() {
        assert_eq!(
            words("read  \"C:\\スキャン 1\\通知書.pdf\"\u{3000}--yes\r\n"),
            ["read", r"C:\スキャン 1\通知書.pdf", "--yes"]
        );
        assert_eq!(words(" \r\n"), Vec::<String>::new());
        assert_eq!(words("\"\""), [""]);
    }
}
