//! Errors on stderr: what happened, what was not done, what to do now.

use std::error::Error as _;
use std::io::{self, Write};

use crate::domain::{Language, Text};
use crate::explain::{ExitKind, Explanation, exit_kind, explain};
use crate::workflow::Error;

use super::exit::ExitCode;

/// Prints the explanation of `error` and returns its exit code; `verbose` adds the chain of causes.
pub fn error(error: &Error, language: Language, verbose: bool) -> ExitCode {
    let Explanation {
        what,
        not_done,
        next,
    } = explain(error);
    eprintln!(
        "{} {}",
        word("✗", "✗", language),
        what.in_language(language)
    );
    eprintln!(
        "  {} {}",
        word("していないこと:", "Not done:", language),
        not_done.in_language(language)
    );
    eprintln!(
        "  {} {}",
        word("次にすること:", "What to do:", language),
        next.in_language(language)
    );
    if verbose {
        eprintln!("  {} {error}", word("原因:", "Cause:", language));
        let mut cause = error.source();
        while let Some(source) = cause {
            eprintln!("    ← {source}");
            cause = source.source();
        }
    }
    code_of(error)
}

/// Says that the program itself failed; what exactly, Rust has said already.
pub fn internal(language: Language) -> ExitCode {
    let (what, not_done, next) = match language {
        Language::Ja => (
            "noticert の中で予期しない誤りが起きて、途中で止まりました（上の行が内容です）。表示の送り先（パイプやファイル）に書けないときにも起こります。",
            "していないこと: 止まったところから先は行っていません。そこまでの結果は台帳に残っています。",
            "次にすること: noticert status で状態を確かめ、同じ操作をもう一度行ってください。また起こるときは noticert support で資料を作り、送ってください。",
        ),
        Language::En => (
            "noticert failed in a way that it does not know, and stopped (the lines above say how). This also happens when what it prints to (a pipe, a file) cannot be written.",
            "Not done: nothing was done from there on. What was done before is in the ledger.",
            "What to do: see noticert status and do the same again. If it happens again, make a report with noticert support and send it.",
        ),
    };
    // Where nothing can be printed at all, the code is what is left.
    let _closed = writeln!(io::stderr(), "✗ {what}\n  {not_done}\n  {next}");
    ExitCode::Internal
}

/// The exit code of an error.
pub fn code_of(error: &Error) -> ExitCode {
    match exit_kind(error) {
        ExitKind::Internal => ExitCode::Internal,
        ExitKind::Usage => ExitCode::Usage,
        ExitKind::PersonMustLook => ExitCode::PersonMustLook,
        ExitKind::SiteRefused => ExitCode::SiteRefused,
        ExitKind::Network => ExitCode::Network,
        ExitKind::InvalidCredential => ExitCode::InvalidCredential,
        ExitKind::StoreOrDisk => ExitCode::StoreOrDisk,
        ExitKind::InUse => ExitCode::InUse,
        ExitKind::WrongPassphrase => ExitCode::WrongPassphrase,
        ExitKind::Interrupted => ExitCode::Interrupted,
    }
}

fn word(ja: &str, en: &str, language: Language) -> String {
    Text::new(ja, en).in_language(language).to_owned()
}
