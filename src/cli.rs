//! How a person asks for the job: arguments in, results to stdout, everything else to stderr, an exit code.
//!
//! Here, and only here, the clock, the environment and the terminal are read.

mod add;
mod adopt;
mod args;
mod audit;
mod backup;
mod bind;
mod demo;
mod doctor;
mod double_click;
mod downloads;
mod exit;
mod form;
mod install;
mod interrupt;
mod large;
mod network;
mod open;
mod pack;
mod person;
mod practice;
mod progress;
mod read;
mod read_json;
mod remove_old;
mod report;
mod restore;
mod retrieve;
mod review;
mod run;
mod seal;
mod secret_screen;
mod status;
mod support;
mod unpack;
mod verify;
mod watch;

use std::env;
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::Arc;

use clap::Parser;
use clap::error::ErrorKind;
use jiff::Timestamp;

use crate::config::Config;
use crate::domain::{Language, Text};
use crate::ledger::Ledger;
use crate::platform;
use crate::workflow::{Desk, Error, Stop};

use args::{Arguments, Command, Common, Lang};
use exit::ExitCode;
use person::TerminalPerson;
use progress::ConsoleProgress;

/// Runs one command and says how it ended.
pub fn main(arguments: impl Iterator<Item = OsString>) -> process::ExitCode {
    // First of all, before anything is loaded. Every Windows since 8 obeys; an older one starts no such program.
    let _refused = platform::guard_libraries();
    let arguments: Vec<OsString> = arguments.collect();
    let code = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => run_to_its_end(arguments),
        Err(_) if double_click::is_one(arguments.len()) => double_click::serve(),
        Err(error) => usage(&error),
    };
    process::ExitCode::from(code.number())
}

/// What every command needs.
struct Session {
    common: Common,
    language: Language,
    config: Config,
    progress: ConsoleProgress,
    stop: Arc<Stop>,
}

/// A fault of the program itself ends with a word and a code like everything else.
fn run_to_its_end(arguments: Arguments) -> ExitCode {
    let language = language_of(&arguments.common);
    // Nothing is used afterwards of what the fault may have left in between.
    panic::catch_unwind(AssertUnwindSafe(|| run(arguments)))
        .unwrap_or_else(|_told_by_the_hook| report::internal(language))
}

fn language_of(common: &Common) -> Language {
    match common.lang {
        Lang::Ja => Language::Ja,
        Lang::En => Language::En,
    }
}

fn run(arguments: Arguments) -> ExitCode {
    // Other crates of the build could bring a second provider; which one is used must not be chance.
    // It is already set only when this function is called twice in one process, as tests may do.
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    let language = language_of(&arguments.common);
    let stop = Arc::new(Stop::default());
    if let Err(source) = interrupt::listen(Arc::clone(&stop), language) {
        return report::error(&Error::Runtime(source), language, true);
    }
    let config = match open::config(&arguments.common) {
        Ok(config) => config,
        Err(error) => return report::error(&error, language, arguments.common.verbose),
    };
    if !matches!(arguments.command, Command::Demo | Command::Practice(_)) {
        platform::allow_key_store(env::var_os("DBUS_SESSION_BUS_ADDRESS"));
    }
    let session = Session {
        progress: ConsoleProgress::new(language, arguments.common.quiet),
        common: arguments.common,
        language,
        config,
        stop,
    };
    let ended = match arguments.command {
        Command::Read(arguments) => read::run(&session, &arguments),
        Command::Add(arguments) => add::run(&session, &arguments),
        Command::Review => review::run(&session),
        Command::Retrieve(arguments) => retrieve::run(&session, &arguments),
        Command::Adopt(arguments) => adopt::run(&session, &arguments),
        Command::Verify(arguments) => verify::run(&session, &arguments),
        Command::Install(arguments) => install::run(&session, &arguments),
        Command::Backup(arguments) => backup::run(&session, &arguments),
        Command::Restore(arguments) => restore::run(&session, &arguments),
        Command::RemoveOld(arguments) => remove_old::run(&session, &arguments),
        Command::UndoRemove(arguments) => remove_old::undo(&session, &arguments),
        Command::Audit(arguments) => audit::run(&session, &arguments),
        Command::Seal(arguments) => seal::run(&session, &arguments),
        Command::Bind(arguments) => bind::run(&session, &arguments),
        Command::Pack(arguments) => pack::run(&session, &arguments),
        Command::Unpack(arguments) => unpack::run(&session, &arguments),
        Command::Support(arguments) => support::run(&session, &arguments),
        Command::Status => status::run(&session),
        Command::Doctor(arguments) => doctor::run(&session, &arguments),
        Command::Watch(arguments) => watch::run(&session, &arguments),
        Command::Run(arguments) => run::run(&session, &arguments),
        Command::Demo => demo::run(&session),
        Command::Practice(arguments) => practice::run(&session, &arguments),
    };
    session.progress.clear();
    match ended {
        Ok(code) => code,
        Err(error) => session.report(&error),
    }
}

impl Session {
    /// The workflow's desk over an open ledger.
    fn desk<'a>(&'a self, ledger: Ledger, person: &'a mut TerminalPerson) -> Desk<'a> {
        Desk {
            ledger,
            config: &self.config,
            person,
            progress: &self.progress,
            clock: &now,
            stop: &self.stop,
        }
    }

    /// Prints a line of the result: on standard output, where with `--json` the JSON stands alone and it goes beside it.
    fn result(&self, line: &str) {
        match self.common.json {
            true => self.say(&Text::new(line, line)),
            false => println!("{line}"),
        }
    }

    fn say(&self, text: &Text) {
        if !self.common.quiet {
            eprintln!("{}", text.in_language(self.language));
        }
    }

    /// Tells an error on stderr and gives its exit code.
    fn report(&self, error: &Error) -> ExitCode {
        report::error(error, self.language, self.common.verbose)
    }

    fn text<'a>(&self, text: &'a Text) -> &'a str {
        text.in_language(self.language)
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nothing can be done about a closed standard output.
            let _closed = error.print();
            ExitCode::Done
        }
        _ => {
            let _closed = error.print();
            eprintln!(
                "\n使い方が正しくありません。何も実行していません。noticert --help で命令と指定の一覧を見てください。"
            );
            ExitCode::Usage
        }
    }
}
