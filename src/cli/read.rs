//! `noticert read FILES…` and `noticert read --scanner URL`

use crate::domain::{
    Field, FieldReading, IssuanceReading, Part, RequestId, Status, Text, UnreadFile, japan_date,
};
use crate::explain::file_not_read;
use crate::intake::Source;
use crate::intake::scanner::ScannerError;
use crate::intake::tally::{Expectation, Tally};
use crate::intake::values::READS_TWICE;
use crate::workflow::{Error, ReadOutcome, Scanning, read_only, scan};

use super::args::ReadArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::read_json::read_json;
use super::{Session, now, open};

pub fn run(session: &Session, arguments: &ReadArguments) -> Result<ExitCode, Error> {
    let jobs = open::jobs(arguments.jobs);
    let (outcome, trouble) = if arguments.no_record {
        let (sources, trouble) = sources(session, arguments)?;
        let today = japan_date(now());
        let outcome = read_only(
            &session.config,
            today,
            sources,
            jobs,
            &session.progress,
            &session.stop,
        )?;
        (outcome, trouble)
    } else {
        let mut person = TerminalPerson::new(session.language, session.common.yes);
        // The passphrase is asked before anything is read, so that nobody waits in front of the screen.
        let ledger = open::ledger(session, &mut person)?;
        let (sources, trouble) = sources(session, arguments)?;
        let mut desk = session.desk(ledger, &mut person);
        (desk.read(sources, jobs)?, trouble)
    };
    session.progress.clear();
    show(session, &outcome, arguments.mask);
    let expectation = Expectation {
        notices: arguments.expect_notices,
        terminals: arguments.expect_terminals,
    };
    let differences = expectation.differences(&Tally::of(&outcome.reading));
    for difference in &differences {
        eprintln!("✗ {}", session.text(difference));
    }
    let code = match differences.is_empty() {
        true => code(&outcome),
        false => ExitCode::PersonMustLook,
    };
    Ok(match trouble {
        Some(trouble) => code.and(session.report(&trouble.into())),
        None => code,
    })
}

/// The files that were named, or what the scanner hands over, with why it is not more where it broke off.
fn sources(
    session: &Session,
    arguments: &ReadArguments,
) -> Result<(Vec<Source>, Option<ScannerError>), Error> {
    let Some(address) = &arguments.scanner else {
        return Ok((open::sources(&arguments.files)?, None));
    };
    let Scanning { sources, trouble } =
        scan(address, &session.config, &session.progress, &session.stop)?;
    session.progress.clear();
    session.say(&Text::new(
        format!("スキャナーから {}件 受け取りました。", sources.len()),
        format!("The scanner handed over {} documents.", sources.len()),
    ));
    Ok((sources, trouble))
}

/// 0 when every sheet is accepted and every file was read, else 10.
pub fn code(outcome: &ReadOutcome) -> ExitCode {
    match outcome.all_accepted() {
        true => ExitCode::Done,
        false => ExitCode::PersonMustLook,
    }
}

/// Prints what was read: JSON, or a block of lines per terminal.
pub fn show(session: &Session, outcome: &ReadOutcome, mask: bool) {
    let reading = &outcome.reading;
    let files_not_read: Vec<UnreadFile> = reading
        .files_not_read
        .iter()
        .map(|file| UnreadFile {
            source: file.source.clone(),
            reason: file_not_read(file),
        })
        .collect();
    if session.common.json {
        let json = read_json(
            &reading.sheets,
            &reading.pages_without_notice,
            &files_not_read,
            mask,
            session.language,
        );
        println!("{json:#}");
        return;
    }
    for (at, sheet) in reading.sheets.iter().enumerate() {
        show_sheet(session, sheet);
        if let Some(recorded) = outcome.recorded.get(at) {
            let text = match (recorded.confirmed, recorded.seen_again) {
                (true, _) => Text::new(
                    "  → 確定しました。次は retrieve",
                    "  → Confirmed. Next: retrieve",
                ),
                (false, true) => Text::new("  → 記録済みの通知書です", "  → Already in the ledger"),
                (false, false) => Text::new(
                    "  → 確認が必要です。次は review",
                    "  → Needs review. Next: review",
                ),
            };
            println!("{}", session.text(&text));
        }
    }
    for page in &reading.pages_without_notice {
        println!(
            "- {} p.{}{}: {}",
            page.source,
            page.page,
            side(session, page.part),
            session.text(&page.reason)
        );
    }
    for file in &files_not_read {
        eprintln!("✗ {}: {}", file.source, session.text(&file.reason));
    }
    if !READS_TWICE && !reading.sheets.is_empty() {
        println!(
            "{}",
            session.text(&Text::new(
                "この版の noticert は読み手が一つなので、読み取ったものはすべて人の確認に回ります。",
                "This build of noticert has one reader, so everything it reads goes to a person's review.",
            ))
        );
    }
    let accepted = reading
        .sheets
        .iter()
        .filter(|sheet| sheet.status == Status::Accepted)
        .count();
    println!(
        "{}",
        session.text(&Text::new(
            format!(
                "計 {}台: 採用 {accepted}、要確認 {}。読めないファイル {}",
                reading.sheets.len(),
                reading.sheets.len() - accepted,
                reading.files_not_read.len()
            ),
            format!(
                "{} terminals: {accepted} accepted, {} to review. {} files not read",
                reading.sheets.len(),
                reading.sheets.len() - accepted,
                reading.files_not_read.len()
            ),
        ))
    );
    for line in Tally::of(reading).lines() {
        println!("{}", session.text(&line));
    }
}

/// Where on the page, when it shows several sheets.
fn side(session: &Session, part: Option<Part>) -> String {
    part.map_or_else(String::new, |part| {
        format!(" {}", session.text(&part.place()))
    })
}

fn show_sheet(session: &Session, sheet: &IssuanceReading) {
    println!(
        "■ {} p.{}{} #{}  {}",
        sheet.source,
        sheet.page,
        side(session, sheet.part),
        sheet.index,
        session.text(&status_word(sheet.status))
    );
    show_field(session, Field::Issuer, &sheet.issuer, String::clone);
    show_field(
        session,
        Field::InstitutionCode,
        &sheet.institution_code,
        ToString::to_string,
    );
    show_field(
        session,
        Field::TerminalName,
        &sheet.terminal_name,
        ToString::to_string,
    );
    show_field(
        session,
        Field::RequestId,
        &sheet.request_id,
        RequestId::masked,
    );
    show_field(session, Field::ReferenceId, &sheet.reference_id, |_| {
        "**********".to_owned()
    });
    show_field(
        session,
        Field::ValidFrom,
        &sheet.valid_from,
        ToString::to_string,
    );
    show_field(
        session,
        Field::ValidTo,
        &sheet.valid_to,
        ToString::to_string,
    );
    show_field(
        session,
        Field::RetrievalDeadline,
        &sheet.retrieval_deadline,
        ToString::to_string,
    );
    for problem in &sheet.problems {
        println!("  ! {}", session.text(&problem.text));
    }
}

fn show_field<T>(
    session: &Session,
    field: Field,
    reading: &FieldReading<T>,
    shown: impl Fn(&T) -> String,
) {
    let mark = match reading.status {
        Status::Accepted => '✓',
        Status::Review => '?',
        Status::Rejected => '✗',
    };
    let value = reading.value.as_ref().map(shown);
    println!(
        "  {mark} {}: {}",
        session.text(&field.title()),
        value.unwrap_or_else(|| "—".to_owned())
    );
}

fn status_word(status: Status) -> Text {
    match status {
        Status::Accepted => Text::new("採用", "accepted"),
        Status::Review => Text::new("要確認", "review"),
        Status::Rejected => Text::new("使えません", "rejected"),
    }
}
