//! Errors on stderr: what happened, what was not done, what to do now.

use std::error::Error as _;

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
