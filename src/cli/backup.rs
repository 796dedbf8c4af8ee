//! `noticert backup --to DIR`, with `--check` the restore drill, with `--from-store` what a store alone has.

use crate::custody::WorkFactor;
use crate::domain::Text;
use crate::workflow::{
    BackupRequest, BackupRun, CheckedCopy, CopyState, Drill, Error, SealedState, Verdict,
};

use super::args::BackupArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, open};

pub fn run(session: &Session, arguments: &BackupArguments) -> Result<ExitCode, Error> {
    if session.common.json {
        return Err(Error::NoJson { command: "backup" });
    }
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let passphrase = open::secret_of(arguments.backup_passphrase_file.as_deref())?;
    let password = open::secret_of(arguments.password_file.as_deref())?;
    let ledger = open::ledger(session, &mut person)?;
    let mut desk = session.desk(ledger, &mut person);
    if arguments.check {
        let drill = desk.drill(&arguments.to, password, passphrase)?;
        session.progress.clear();
        return Ok(show_drill(session, drill));
    }
    let mut terminals = arguments.terminals.clone();
    if arguments.from_store {
        let destination = open::destination(&arguments.store)?;
        let taken = desk.take_from_store(&destination, password)?;
        terminals = taken.iter().map(ToString::to_string).collect();
    }
    let home = open::home();
    let program = std::env::current_exe().ok();
    let run = desk.back_up(BackupRequest {
        terminals: &terminals,
        to: &arguments.to,
        sealed: arguments.sealed,
        passphrase,
        work: WorkFactor::STANDARD,
        home: home.as_deref(),
        program: program.as_deref(),
        with_program: arguments.with_program,
    })?;
    session.progress.clear();
    Ok(show(session, run))
}

/// One line per terminal, then what the medium is worth.
pub fn show(session: &Session, run: BackupRun) -> ExitCode {
    let mut code = ExitCode::Done;
    let mut copied = 0;
    for outcome in run.outcomes {
        let name = session.text(&outcome.name).to_owned();
        match outcome.result {
            Ok(done) => {
                copied += 1;
                session.result(&format!("✓ {name} → {}", done.p12.display()));
                if let Some(sealed) = done.sealed {
                    session.result(&format!("  {}", sealed.display()));
                }
            }
            Err(error) => {
                eprintln!("{name}:");
                code = code.and(session.report(&error));
            }
        }
    }
    if copied == 0 {
        return code;
    }
    if let Some(program) = run.program {
        session.result(&format!("✓ {}", program.display()));
    }
    say_what_it_is_worth(session, run.is_open, run.is_shared);
    if let Some(why) = run.aside {
        session.say(&Text::new(
            format!("! これは医療機関のバックアップの数に入れません: {}", why.ja),
            format!("! This does not count as the clinic's back-up: {}", why.en),
        ));
        return code.and(ExitCode::PersonMustLook);
    }
    if run.without_paper > 0 {
        session.say(&Text::new(
            format!(
                "! パスワードの控えなし: {}台は、4桁がこのパソコンの外にもあることを確かめていません。人が画面の前で noticert backup を実行して控えの4桁を入力するか（控えがなければ、そこで表示して紙に書き写せます）、--sealed を付けてください。",
                run.without_paper
            ),
            format!(
                "! For {} terminals the password is not known to be anywhere but on this PC: run noticert backup at a terminal and type it from the paper (without one it can be shown there and written down), or add --sealed.",
                run.without_paper
            ),
        ));
    }
    session.say(&Text::new(
        "✓ 書き込んで読み直しました。USBを抜いて構いません。鍵のかかる所に保管してください。",
        "✓ Written and read back. You may take the stick now. Lock it away.",
    ));
    code
}

fn say_what_it_is_worth(session: &Session, is_open: bool, is_shared: bool) {
    session.say(&Text::new(
        "  .p12 は4桁のパスワードだけで守られています（1万通りは数秒で試せます）。鍵そのものと同じに扱ってください。",
        "  The .p12 is guarded by four digits only, broken in seconds: treat it as the key itself.",
    ));
    if is_open {
        session.say(&Text::new(
            "  この媒体はファイルの持ち主を区別しません（FAT など）。挿せば誰でも読めます。",
            "  This medium knows no owners (FAT): whoever plugs it in can read it.",
        ));
    }
    if is_shared {
        session.say(&Text::new(
            "! バックアップ先は共有フォルダーか、クラウドに同期されるフォルダーです。ほかの人が読めないか確かめてください。",
            "! This folder is shared or synchronised to a cloud: see that nobody else can read it.",
        ));
    }
}

fn show_drill(session: &Session, drill: Drill) -> ExitCode {
    let mut code = ExitCode::Done;
    println!("{}", drill.folder.display());
    let verdict = drill.verdict();
    for copy in drill.copies {
        code = code.and(show_copy(session, copy));
    }
    session.say(&match verdict {
        Verdict::AllOpen => Text::new(
            "✓ すべての控えが開けます。何もインストールしていません。",
            "✓ Every copy opens. Nothing was installed.",
        ),
        Verdict::SomeUnopened => Text::new(
            "! 開いて確かめていない控えがあります。何もインストールしていません。人が画面の前で実行すると、4桁とパスフレーズを尋ねます。",
            "! Some copy was not opened. Nothing was installed. At a terminal the digits and the passphrase are asked for.",
        ),
        Verdict::SomeBroken => Text::new(
            "✗ 復元できない控えがあります。何もインストールしていません。",
            "✗ Some copy would not come back. Nothing was installed.",
        ),
    });
    match verdict {
        Verdict::AllOpen => code,
        Verdict::SomeUnopened | Verdict::SomeBroken => code.and(ExitCode::PersonMustLook),
    }
}

fn show_copy(session: &Session, copy: CheckedCopy) -> ExitCode {
    let mut code = ExitCode::Done;
    let line = |mark: &str, words: Text| {
        println!(
            "{mark} {} {}: {}\n    {}",
            copy.name,
            copy.valid_to,
            session.text(&words),
            copy.file.display()
        );
    };
    match &copy.state {
        CopyState::Restorable => line("✓", Text::new("復元できます", "would come back")),
        CopyState::Expired => line(
            "-",
            Text::new("期限切れ（ファイルは無事）", "expired, and whole"),
        ),
        CopyState::Unopened => line(
            "!",
            Text::new(
                "ファイルは無事。パスワードがないので開いていません（--password-file か --backup-passphrase-file）",
                "whole, not opened for want of a password (--password-file or --backup-passphrase-file)",
            ),
        ),
        CopyState::Dropped => line("-", Text::new("目録から外しました", "taken off the index")),
        CopyState::Broken(error) => {
            line("✗", Text::new("復元できません", "would not come back"));
            code = code.and(session.report(error));
        }
    }
    let sealed = |words: Text| println!("    {}", session.text(&words));
    match &copy.sealed {
        None => {}
        Some(SealedState::Opened) => sealed(Text::new(
            "✓ 封印した控えも開けます",
            "✓ the sealed copy opens too",
        )),
        Some(SealedState::Unopened) => sealed(Text::new(
            "! 封印した控え: ファイルは無事。パスフレーズがないので開いていません（--backup-passphrase-file）",
            "! sealed copy: whole, not opened for want of the passphrase (--backup-passphrase-file)",
        )),
        Some(SealedState::Broken(error)) => {
            sealed(Text::new(
                "✗ 封印した控えは復元できません",
                "✗ the sealed copy would not come back",
            ));
            code = code.and(session.report(error));
        }
    }
    code
}
