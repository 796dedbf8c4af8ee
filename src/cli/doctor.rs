//! `noticert doctor`: is everything ready? One line per check, `noticert.doctor/1` for programs.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::doctor::{self, Finding, Mark, PageFinding, Surroundings};
use crate::domain::Text;
use crate::explain::{Told, tell};
use crate::platform;
use crate::retrieval::Site;
use crate::workflow::Error;

use super::args::StoreArguments;
use super::exit::ExitCode;
use super::network::{NetworkArguments, environment_proxies};
use super::{Session, form, now, open};

/// `doctor`
#[derive(Args, Debug)]
pub struct DoctorArguments {
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(flatten)]
    pub store: StoreArguments,
    /// 取得画面のフォームをどう読み取ったかも表示する（値は伏せる）
    #[arg(long)]
    pub show_form: bool,
}

pub fn run(session: &Session, arguments: &DoctorArguments) -> Result<ExitCode, Error> {
    let site = Site::new(arguments.network.options(session)?, &session.config)?;
    let data = open::data_folder(&session.common)?;
    let mut store = open::destination(&arguments.store)?.open();
    let surroundings = Surroundings {
        site: &site,
        config: &session.config,
        data: &data,
        store: store.as_mut(),
        account: platform::account_name(),
        is_elevated: platform::is_elevated(),
        is_windows: platform::IS_WINDOWS,
        personal_folders: personal_folders(),
        drives: platform::removable_drives(),
        environment_proxies: environment_proxies(),
        system_proxies: platform::system_proxies(),
        clock: &now,
    };
    let mut shown = Shown::new(session);
    let mut findings = Vec::new();
    let examined = doctor::examine(surroundings, &mut |finding| {
        shown.line(&finding);
        findings.push(finding);
    });
    examined.map_err(Error::Runtime)?;
    let wrong = findings
        .iter()
        .filter(|finding| finding.mark() == Mark::Wrong)
        .count();
    if session.common.json {
        print(&format!("{:#}", report(session, &findings, wrong)));
    } else {
        if arguments.show_form {
            show_form(session, &findings);
        }
        print(&format!("\n{}", session.text(&conclusion(wrong))));
    }
    Ok(match wrong {
        0 => ExitCode::Done,
        _ => ExitCode::PersonMustLook,
    })
}

fn personal_folders() -> Vec<PathBuf> {
    platform::personal_folders(&|name| std::env::var_os(name))
}

/// What stands on the screen so far.
struct Shown<'a> {
    session: &'a Session,
    part: Option<Text>,
    advice: Option<Text>,
}

impl<'a> Shown<'a> {
    fn new(session: &'a Session) -> Self {
        Self {
            session,
            part: None,
            advice: None,
        }
    }

    /// Prints a line as soon as it is found: the network's silence takes its time.
    fn line(&mut self, finding: &Finding) {
        if self.session.common.json {
            return;
        }
        let Told {
            part,
            title,
            found,
            next,
        } = tell(finding);
        let text = |text: &Text| self.session.text(text).to_owned();
        if self.part.as_ref() != Some(&part) {
            let gap = if self.part.is_some() { "\n" } else { "" };
            print(&format!("{gap}■ {}", text(&part)));
        }
        let title = text(&title);
        let room = TITLE_WIDTH.saturating_sub(title.width());
        let (mark, found) = (mark(finding), text(&found));
        print(&format!("{mark} {title}{:room$} {found}", ""));
        if let Some(cause) = finding.cause().filter(|_| self.session.common.verbose) {
            let cause = Text::new(format!("原因: {cause}"), format!("cause: {cause}"));
            print(&format!("    {}", text(&cause)));
        }
        // The same advice for line after line would bury the others.
        if let Some(next) = next
            .as_ref()
            .filter(|next| self.advice.as_ref() != Some(next))
        {
            print(&format!("    → {}", text(next)));
        }
        self.advice = next;
        self.part = Some(part);
    }
}

/// Prints a line. Nothing can be done about a closed standard output, which `| head` leaves behind.
pub(super) fn print(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}

fn mark(finding: &Finding) -> &'static str {
    match finding.mark() {
        Mark::Good => "✓",
        Mark::Wrong => "✗",
        Mark::Aside => "–",
    }
}

fn conclusion(wrong: usize) -> Text {
    match wrong {
        0 => Text::new("準備はできています。", "Everything is ready."),
        wrong => Text::new(
            format!(
                "✗ が {wrong}件あります。→ の手順を上から順に行い、もう一度 noticert doctor を実行してください。"
            ),
            format!(
                "{wrong} lines are ✗. Follow the → steps from the top, then run noticert doctor again."
            ),
        ),
    }
}

fn report(session: &Session, findings: &[Finding], wrong: usize) -> Value {
    let lines: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let told = tell(finding);
            json!({
                "check": finding.check(),
                "mark": match finding.mark() {
                    Mark::Good => "good",
                    Mark::Wrong => "wrong",
                    Mark::Aside => "aside",
                },
                "title": session.text(&told.title),
                "found": session.text(&told.found),
                "cause": finding.cause(),
                "next": told.next.as_ref().map(|next| session.text(next)),
            })
        })
        .collect();
    json!({
        "schema": "noticert.doctor/1",
        "ready": wrong == 0,
        "lines": lines,
        "form": page_of(findings).and_then(form::json),
        "form_seen": page_of(findings).and_then(form::seen_json),
    })
}

fn show_form(session: &Session, findings: &[Finding]) {
    if let Some(page) = page_of(findings) {
        print("");
        form::show(session, page);
    }
}

fn page_of(findings: &[Finding]) -> Option<&PageFinding> {
    findings.iter().find_map(|finding| match finding {
        Finding::Page(page) => Some(page),
        _ => None,
    })
}

/// Columns of the longest title.
const TITLE_WIDTH: usize = 24;
