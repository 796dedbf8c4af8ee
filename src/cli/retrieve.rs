//! `noticert retrieve [TERMINAL…|--all]`

use secrecy::SecretString;

use crate::domain::Text;
use crate::workflow::{ByHand, Desk, Error, Outcome, Retrieval, SiteChoice};

use super::args::RetrieveArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::secret_screen::OtherPage;
use super::{Session, adopt, downloads, open};

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
        return by_hand(session, &mut desk, &choice, given, arguments);
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
    let outcomes = desk.retrieve(&ids, &choice, &password, arguments.again)?;
    let left = ids.len() - outcomes.len();
    let summary = summary(&outcomes, left);
    let mut code = show(session, outcomes);
    if ids.len() > 1 {
        session.say(&summary);
    }
    if session.stop.is_wanted() {
        code = code.and(ExitCode::Interrupted);
    }
    if left > 0 {
        session.say(&Text::new(
            format!("残り {left}台は送信していません。原因を片付けてから、もう一度同じ命令を実行してください。"),
            format!("{left} terminals were not submitted. Settle the cause, then run the same command again."),
        ));
    }
    Ok(code)
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
                println!("✓ {name} → {}", kept.p12.display());
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
