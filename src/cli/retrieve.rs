//! `noticert retrieve [TERMINAL…|--all]`

use secrecy::SecretString;

use crate::domain::Text;
use crate::explain;
use crate::workflow::{BatchStop, ByHand, Desk, Error, Outcome, Retrieval, SiteChoice};

use super::args::RetrieveArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::secret_screen::OtherPage;
use super::{Session, adopt, downloads, open, status};

pub fn run(session: &Session, arguments: &RetrieveArguments) -> Result<ExitCode, Error> {
    if arguments.terminals.terminals.is_empty() && !arguments.terminals.all {
        return Err(Error::NoTerminalNamed);
    }
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let ledger = open::ledger(session, &mut person)?;
    let choice = SiteChoice {
        jobs: arguments.jobs,
        ..open::site(session, &arguments.site, arguments.pause)?
    };
    let given = open::password(&arguments.site)?;
    let mut desk = session.desk(ledger, &mut person);
    if arguments.by_hand {
        let code = by_hand(session, &mut desk, &choice, given, arguments)?;
        return with_status(session, &desk, code);
    }
    let ids = desk.chosen(&arguments.terminals.terminals, |record| {
        desk.waits_for_retrieval(record)
    })?;
    if ids.is_empty() {
        return Err(Error::NothingWaits {
            wanted: Text::new("確定済みの端末", "a confirmed terminal"),
        });
    }
    let password = desk.choose_password(given)?;
    let retrieved = desk.retrieve(&ids, &choice, &password, arguments.again)?;
    let left = ids.len() - retrieved.outcomes.len();
    let summary = summary(&retrieved.outcomes, left);
    let mut code = show(session, retrieved.outcomes);
    if ids.len() > 1 {
        session.say(&summary);
    }
    if session.stop.is_wanted() {
        code = code.and(ExitCode::Interrupted);
    }
    tell_of_the_rest(session, left, retrieved.stopped);
    with_status(session, &desk, code)
}

/// With `--json` every terminal as it stands now, as `status --json` prints it.
fn with_status(session: &Session, desk: &Desk<'_>, code: ExitCode) -> Result<ExitCode, Error> {
    if session.common.json {
        status::show(session, &desk.ledger)?;
    }
    Ok(code)
}

/// Says of the terminals whose turn did not come why that is so.
pub fn tell_of_the_rest(session: &Session, left: usize, stopped: Option<BatchStop>) {
    if left == 0 {
        return;
    }
    let why = stopped.map_or_else(|| Text::new("", ""), explain::why_stopped);
    session.say(&Text::new(
        format!("{}残り {left}台は送信していません。原因を片付けてから、もう一度同じ命令を実行してください。", why.ja),
        format!("{}{left} terminals were not submitted. Settle the cause, then run the same command again.", why.en),
    ));
}

/// The whole run in one line.
fn summary(outcomes: &[Outcome<Retrieval>], left: usize) -> Text {
    let kept = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let already = kept
        .clone()
        .filter(|outcome| matches!(&outcome.result, Ok(kept) if kept.already))
        .count();
    let new = kept.count() - already;
    let failed = outcomes.len() - new - already;
    Text::new(
        format!(
            "まとめ: {}台のうち 取得 {new} / 取得済み {already} / 取得できず {failed} / 送信せず {left}",
            outcomes.len() + left
        ),
        format!(
            "In all: {} terminals, {new} retrieved, {already} were there, {failed} failed, {left} not submitted",
            outcomes.len() + left
        ),
    )
}

fn by_hand(
    session: &Session,
    desk: &mut Desk<'_>,
    choice: &SiteChoice,
    password: Option<SecretString>,
    arguments: &RetrieveArguments,
) -> Result<ExitCode, Error> {
    let [terminal] = arguments.terminals.terminals.as_slice() else {
        return Err(Error::NoTerminalNamed);
    };
    let id = desk.ledger.find(terminal)?;
    let downloads = downloads::folder(arguments.downloads.as_deref())?;
    let mut screen = OtherPage::new(session.language);
    let adopted = desk.retrieve_by_hand(
        id,
        ByHand {
            choice,
            downloads: &downloads,
            password,
            wipe: arguments.wipe,
        },
        &mut screen,
    )?;
    Ok(adopt::show(session, adopted))
}

/// One line per terminal with its checks, and the errors in full.
pub fn show(session: &Session, outcomes: Vec<Outcome<Retrieval>>) -> ExitCode {
    let mut code = ExitCode::Done;
    for outcome in outcomes {
        let name = session.text(&outcome.name).to_owned();
        match outcome.result {
            Ok(kept) => {
                session.result(&format!("✓ {name} → {}", kept.p12.display()));
                for check in &kept.checks {
                    session.say(&Text::new(
                        format!("    {} {}", check.outcome.mark(), check.text.ja),
                        format!("    {} {}", check.outcome.mark(), check.text.en),
                    ));
                }
            }
            Err(error) => {
                eprintln!("{name}:");
                code = code.and(session.report(&error));
            }
        }
    }
    code
}
