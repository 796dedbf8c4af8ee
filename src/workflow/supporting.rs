//! `support`: one file with what a helper needs, and no secret in it.
//!
//! Ledger and pages are told in words of this program's own choosing, IDs masked; text from outside goes through
//! [`masking`]. Then the finished text is searched for every secret that the ledger holds, in every
//! form, and a part that holds one is left out. Without the passphrase the secrets are not known, so the pages of the
//! site are left out altogether.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use encoding_rs::{EUC_JP, ISO_2022_JP, SHIFT_JIS};
use jiff::Timestamp;

use crate::custody::files;
use crate::custody::traces::Traces;
use crate::custody::{PathKind, Vault};
use crate::domain::{Field, japan_date};
use crate::ledger::{Downloaded, Event, Ledger, LedgerError, LoggedEvent, Record};
use crate::platform;

use super::error::Error;
use super::masking::masked;

/// What the report is made of.
pub struct SupportRequest<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// Opens the seal, so that secrets are known and pages can be searched for them.
    pub vault: Option<Vault>,
    /// The configuration as written, where there is a file.
    pub configuration: Option<&'a str>,
    /// The folder that takes the report.
    pub to: &'a Path,
    /// The time.
    pub now: Timestamp,
}

/// The report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Support {
    /// Where it lies.
    pub path: PathBuf,
    /// Parts that were left out: no passphrase, or a secret in them.
    pub left_out: Vec<&'static str>,
}

/// Writes the report. It is written whatever state the ledger is in.
pub fn support(request: SupportRequest<'_>) -> Result<Support, Error> {
    let mut knows_secrets = request.vault.is_some();
    let mut parts = vec![(
        "このパソコン / computer",
        this_computer(request.data, request.now),
    )];
    let mut traces = Traces::default();
    match open(request.data, request.vault) {
        Ok(ledger) => {
            traces = secrets_of(&ledger)?;
            parts.push(("台帳 / ledger", of_ledger(&ledger, request.now)?));
        }
        Err(error) => {
            knows_secrets = false;
            parts.push(("台帳 / ledger", masked(&error.to_string())));
        }
    }
    if let Some(text) = request.configuration {
        parts.push(("設定 / configuration", masked(text)));
    }
    let mut left_out = Vec::new();
    match knows_secrets {
        true => parts.extend(
            pages(request.data)
                .into_iter()
                .map(|page| ("サイトの画面 / page", page)),
        ),
        false => left_out.push("サイトの画面 / page"),
    }
    let mut text = String::new();
    for (title, part) in parts {
        match traces.lie_in(part.as_bytes()) {
            true => left_out.push(title),
            false => {
                let _never_fails = write!(text, "## {title}\n\n{}\n\n", part.trim_end());
            }
        }
    }
    for title in &left_out {
        let _never_fails = writeln!(text, "## {title}: 含めていません / left out\n");
    }
    files::create_dir(request.to, PathKind::SavedFile)?;
    let day = japan_date(request.now).strftime("%Y%m%d").to_string();
    let name = format!("noticert-support-{day}.txt");
    let path = files::write_new_owner_only_atomic(request.to, &name, text.as_bytes())?;
    Ok(Support { path, left_out })
}

fn open(data: &Path, vault: Option<Vault>) -> Result<Ledger, LedgerError> {
    let ledger = Ledger::open_read_only(data)?;
    match vault {
        Some(vault) => ledger.with_vault(vault),
        None => Ok(ledger),
    }
}

fn secrets_of(ledger: &Ledger) -> Result<Traces, Error> {
    let secrets = match ledger.every_secret() {
        Ok(secrets) => secrets,
        // Not opened: the pages, which alone could hold them, are left out.
        Err(LedgerError::NoKey) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut traces = Traces::of(&secrets);
    for record in ledger.records()? {
        if let Some(id) = &record.request_id {
            traces.add(id.as_str().as_bytes());
        }
    }
    Ok(traces)
}

fn this_computer(data: &Path, now: Timestamp) -> String {
    let mut text = String::new();
    let free = platform::free_space(data).map_or(0, |bytes| bytes / (1024 * 1024));
    let free = digits_apart(free);
    let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let _never_fails = write!(
        text,
        "noticert {}\n{} {}\n時刻 / time: {second}\nアカウント / account: {}\n管理者権限 / elevated: {}\n空き / free: {free} MiB\n鍵ファイル / key file: {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        masked(&platform::account_name()),
        platform::is_elevated(),
        Vault::exists(data),
    );
    text
}

fn of_ledger(ledger: &Ledger, now: Timestamp) -> Result<String, Error> {
    let mut text = String::new();
    let site = ledger.site_kind()?.map_or("-", |kind| kind.name());
    let _never_fails = writeln!(text, "サイト / site: {site}");
    let log = ledger.log()?;
    for (at, record) in ledger.records()?.iter().enumerate() {
        of_record(&mut text, at + 1, record, now);
        let members: Vec<_> = std::iter::once(record.id)
            .chain(record.also.iter().copied())
            .collect();
        for logged in log.iter().filter(|logged| members.contains(&logged.record)) {
            let second = Timestamp::from_second(logged.at.as_second()).unwrap_or(logged.at);
            let _never_fails = writeln!(
                text,
                "    {second} {} {}{}",
                logged.actor.name(),
                masked(&logged.kind),
                detail(logged)
            );
        }
    }
    Ok(text)
}

fn of_record(text: &mut String, number: usize, record: &Record, now: Timestamp) {
    let state = record.state_at(now);
    let request_id = record
        .request_id
        .as_ref()
        .map_or_else(|| "-".to_owned(), |id| id.masked());
    let name = record
        .value(Field::TerminalName)
        .map_or_else(|| "-".to_owned(), |name| masked(&name));
    let reason = state.reason().unwrap_or("-");
    let deadline = record
        .retrieval_deadline
        .map_or_else(|| "-".to_owned(), |day| day.to_string());
    let _never_fails = writeln!(
        text,
        "\n{number}. {name}  {request_id}  {} ({reason})  {deadline}",
        state.name()
    );
    for problem in &record.problems {
        let _never_fails = writeln!(text, "    ! {}: {}", problem.code, masked(&problem.ja));
    }
}

/// What is public about an event and tells a helper something.
fn detail(logged: &LoggedEvent) -> String {
    match &logged.event {
        Some(Event::Submitting(sent)) => {
            format!(
                " host={} again={}{}",
                without_port(&sent.host),
                sent.again,
                by_word(sent.downloaded)
            )
        }
        Some(Event::SubmittingByHand(shown)) => format!(
            " host={}{}",
            without_port(&shown.host),
            by_word(shown.downloaded)
        ),
        Some(Event::AnswerKept { bytes, .. }) => format!(" bytes={}", digits_apart(*bytes)),
        Some(Event::NotSubmitted { reason, .. }) => format!(" reason={}", reason.name()),
        Some(Event::Refused {
            reason, sentence, ..
        }) => format!(
            " reason={} 「{}」",
            reason.name(),
            masked(sentence.as_deref().unwrap_or_default())
        ),
        Some(Event::Unclear { reason, .. }) => {
            format!(" reason={}", reason.name().unwrap_or("-"))
        }
        Some(Event::Retrieved(kept)) => format!(
            " until={} problem={}",
            japan_date(kept.not_after),
            kept.problem.as_ref().map_or("-", |remark| &remark.code)
        ),
        Some(Event::FormSeen { host, fingerprint }) => {
            format!(" host={} form={}", without_port(host), apart(fingerprint))
        }
        Some(Event::Installed { proved, .. }) => format!(" proved={proved}"),
        Some(_) => String::new(),
        None => " ?".to_owned(),
    }
}

/// What a person read under ダウンロード有無.
fn by_word(downloaded: Option<Downloaded>) -> String {
    downloaded.map_or_else(String::new, |said| format!(" downloaded={}", said.name()))
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// The start of a hash in groups of three, for the same reason as [`digits_apart`].
fn apart(hash: &str) -> String {
    let characters: Vec<char> = hash.chars().take(FINGERPRINT_SHOWN).collect();
    let groups: Vec<String> = characters
        .chunks(3)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// Groups of three, so that no number in the report has four digits in a row.
fn digits_apart(number: u64) -> String {
    let digits: Vec<char> = number.to_string().chars().rev().collect();
    let groups: Vec<String> = digits
        .chunks(3)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(",").chars().rev().collect()
}

/// What is left of the site's answers and form pages, newest first; certificate files are no pages.
fn pages(data: &Path) -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("answers"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    files.sort();
    files
        .iter()
        .rev()
        .take(MOST_PAGES)
        .filter_map(|path| {
            let bytes = std::fs::read(path).ok()?;
            let kind = path.extension()?.to_string_lossy().into_owned();
            let text = match text_of(&bytes) {
                Some(text) => masked(&text),
                None => "（文字ではありません / not text）".to_owned(),
            };
            Some(format!(
                "{kind}, {} bytes\n\n{text}",
                digits_apart(bytes.len() as u64)
            ))
        })
        .collect()
}

/// The page as text, as far as it is one.
fn text_of(bytes: &[u8]) -> Option<String> {
    let bytes = &bytes[..bytes.len().min(LONGEST_PAGE)];
    if bytes.contains(&0) || bytes.starts_with(&[0x30]) {
        return None;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    let head = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let encoding = match () {
        () if head.contains("euc-jp") => EUC_JP,
        () if head.contains("iso-2022-jp") => ISO_2022_JP,
        () => SHIFT_JIS,
    };
    Some(encoding.decode(bytes).0.into_owned())
}

/// Enough to tell two forms apart.
const FINGERPRINT_SHOWN: usize = 15;
const MOST_PAGES: usize = 8;
const LONGEST_PAGE: usize = 256 * 1024;
