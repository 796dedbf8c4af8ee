//! `demo` and `practice`: the whole job against an invented site, with invented letters of today.
//!
//! Nothing real is touched (design rule 10): the data folder is a scratch folder, the site runs inside this
//! program on 127.0.0.1, and the certificates go into stores of their own below the scratch folder.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::config::Config;
use crate::custody::backup::medium::Medium;
use crate::custody::{WorkFactor, files};
use crate::domain::{
    Crop, Field, Issuance, IssuanceReading, Status, Text, hexadecimal, japan_date,
};
use crate::installer::{InstallError, Proof};
use crate::intake::{Input, Source};
use crate::ledger::{Ledger, RecordId, SiteKind};
use crate::practice::authority::{Authority, Encoding};
use crate::practice::letters::{
    Font, Grade, Letter, PdfPage, Scan, Style, Truth, cover_page, draw, encode_pdf,
};
use crate::practice::site::{self, PracticeSite, Running};
use crate::retrieval::{self, Site, SiteOptions};

use super::backing_up::Target;
use super::error::Error;
use super::installing::Destination;
use super::person::{Person, PersonError, Progress, Question};
use super::retrieving::{SiteChoice, runtime};
use super::seal::open_ledger;
use super::stop::Stop;
use super::{Desk, Outcome};

/// What a practice site needs to be used: its address and the files beside it.
#[derive(Clone, Debug)]
pub struct PracticeFiles {
    /// Address of its retrieval page.
    pub url: String,
    /// Its authority, as PEM.
    pub ca_file: PathBuf,
    /// An invented letter that it knows, as a scan with a cover page.
    pub letter: PathBuf,
    /// The same letter as `noticert.issuances/1`.
    pub issuances: PathBuf,
}

/// A practice site that runs until it is dropped.
pub struct OpenPractice {
    /// Its files.
    pub files: PracticeFiles,
    /// What its letter says, for the rehearsed person.
    truth: Truth,
    running: Running,
    runtime: Runtime,
}

impl OpenPractice {
    /// Submissions that it has received.
    pub fn submissions(&self) -> usize {
        self.running.submissions()
    }

    /// Serves until `stop` is asked, and tells of every submission.
    pub fn serve_until(&self, stop: &Stop, progress: &dyn Progress) {
        let mut told = 0;
        while !stop.is_wanted() {
            let submissions = self.submissions();
            if submissions != told {
                told = submissions;
                progress.step(&Text::new(
                    format!("送信を受けました（これまでに{submissions}回）"),
                    format!("A submission came ({submissions} so far)"),
                ));
            }
            self.runtime
                .block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
        }
    }
}

/// What practice is wanted.
#[derive(Clone, Debug)]
pub struct PracticeWish {
    /// Terminals of the letter.
    pub terminals: usize,
    /// Where the site listens.
    pub listen: SocketAddr,
    /// How it misbehaves.
    pub faults: Vec<site::Fault>,
    /// Equal seeds make equal letters, but for the dates; `None`: a new letter each time.
    pub seed: Option<u64>,
}

/// Invents a letter and an authority, writes both into `folder`, and starts the site that knows them.
pub fn open_practice(
    folder: &Path,
    wish: PracticeWish,
    config: &Config,
    now: jiff::Timestamp,
) -> Result<OpenPractice, Error> {
    let today = japan_date(now);
    let seed = wish.seed.unwrap_or(now.as_millisecond().unsigned_abs());
    let letter = Letter::invent(seed, wish.terminals, today, &config.rules);
    let issuances = letter
        .blocks
        .iter()
        .map(|block| block.issuance())
        .collect::<Result<Vec<Issuance>, _>>()
        .map_err(|_| Error::Misread)?;
    files::create_dir(folder, crate::custody::PathKind::DataFolder)?;

    let (scans, truth) = scan_of(&letter, seed, today);
    let letter_file = folder.join(LETTER);
    let pages: Vec<PdfPage> = scans
        .into_iter()
        .map(|scan| PdfPage::Jpeg(scan, 80))
        .collect();
    write(&letter_file, &encode_pdf(&pages)?)?;
    let issuances_file = folder.join("issuances.json");
    write(&issuances_file, issuances_json(&issuances).as_bytes())?;

    let authority = Arc::new(Authority::invent(now)?);
    let ca_file = folder.join("practice-ca.pem");
    write(&ca_file, authority.ca_pem().as_bytes())?;
    let runtime = runtime()?;
    let grants = issuances
        .into_iter()
        .enumerate()
        .map(|(at, issuance)| site::Grant {
            issuance,
            encoding: match at % 2 {
                0 => Encoding::Legacy,
                _ => Encoding::Modern,
            },
        })
        .collect();
    let running = runtime.block_on(PracticeSite::start(site::Options {
        authority,
        grants,
        bind: wish.listen,
        now,
        faults: wish.faults,
    }))?;
    Ok(OpenPractice {
        files: PracticeFiles {
            url: running.url().to_owned(),
            ca_file,
            letter: letter_file,
            issuances: issuances_file,
        },
        truth,
        running,
        runtime,
    })
}

/// The letter as an office scanner delivers it: a cover page, then the letter's pages, slightly skewed.
fn scan_of(letter: &Letter, seed: u64, today: jiff::civil::Date) -> (Vec<Scan>, Truth) {
    let font = Font::embedded();
    let style = Style::varied(seed);
    let mut truth = Truth::on(today);
    let mut scans = vec![Grade::Office.apply(&cover_page(letter, &style, &font, DPI), seed)];
    truth.add_other(LETTER, 1, "cover");
    for (at, page) in draw(letter, &style, &font, DPI).iter().enumerate() {
        let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(2);
        truth.add_page(LETTER, number, letter, page);
        scans.push(Grade::Office.apply(&page.scan, seed.wrapping_add(u64::from(number))));
    }
    (scans, truth)
}

fn issuances_json(issuances: &[Issuance]) -> String {
    let rows: Vec<_> = issuances
        .iter()
        .map(|issuance| {
            json!({
                "issuer": issuance.issuer,
                "institution_code": issuance.institution_code.as_str(),
                "terminal_name": issuance.terminal_name.as_ref().map(|name| name.as_str()),
                "request_id": issuance.request_id.as_str(),
                // Invented, and written so that practice can be rehearsed without a scanner.
                "reference_id": issuance.reference_id.expose(),
                "valid_from": issuance.validity.from().to_string(),
                "valid_to": issuance.validity.to().to_string(),
                "retrieval_deadline": issuance.retrieval_deadline.to_string(),
            })
        })
        .collect();
    format!(
        "{:#}\n",
        json!({"schema": "noticert.issuances/1", "invented": true, "issuances": rows})
    )
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Error::Unwritable {
        path: path.to_owned(),
        source,
    })
}

/// The demo: every step of the job, shown as it happens.
pub struct Rehearsal<'a> {
    /// The scratch folder.
    pub data: &'a Path,
    /// Hosts, labels, rules, limits.
    pub config: &'a Config,
    /// Who sees the steps.
    pub progress: &'a dyn Progress,
    /// The time.
    pub clock: &'a (dyn Fn() -> jiff::Timestamp + Sync),
    /// Whether the person asked to stop.
    pub stop: &'a Stop,
}

impl Rehearsal<'_> {
    /// Does the whole job; returns the ledger, whose terminals are all installed and backed up.
    pub fn run(&self) -> Result<Ledger, Error> {
        let now = (self.clock)();
        self.say(
            "■ 1/7 架空の通知書（3台分）を今日の日付で描き、練習用サイトを起動します",
            "■ 1/7 Drawing an invented letter (3 terminals) with today's dates, starting the practice site",
        );
        let wish = PracticeWish {
            terminals: TERMINALS,
            listen: loopback(),
            faults: Vec::new(),
            seed: None,
        };
        let practice = open_practice(self.data, wish, self.config, now)?;
        self.say(
            &format!(
                "  ✓ {}  サイト {}",
                practice.files.letter.display(),
                practice.files.url
            ),
            &format!(
                "  ✓ {}  site {}",
                practice.files.letter.display(),
                practice.files.url
            ),
        );

        let (passphrase, password) = secrets()?;
        let passphrase_file = self.data.join("passphrase.txt");
        write_owner_only(&passphrase_file, &passphrase)?;
        let mut person = RehearsedPerson {
            truth: practice.truth.clone(),
            password: password.clone(),
            progress: self.progress,
        };
        let ledger = open_ledger(
            self.data,
            Some(SecretString::from(passphrase)),
            WorkFactor::RANDOM_PASSPHRASE,
            &mut person,
            now,
        )?;
        let mut desk = Desk {
            ledger,
            config: self.config,
            person: &mut person,
            progress: self.progress,
            clock: self.clock,
            stop: self.stop,
        };
        self.read(&mut desk, &practice)?;
        self.review(&mut desk)?;
        let ids = self.retrieve(&mut desk, &practice, password)?;
        self.install(&mut desk, &ids)?;
        self.back_up(&mut desk, &ids)?;
        self.say(
            &format!(
                "■ 7/7 記録: 送信は {} 回（1台に1回）。秘密は封印して {} に置きました",
                practice.submissions(),
                self.data.display()
            ),
            &format!(
                "■ 7/7 Record: {} submissions (one per terminal). Secrets lie sealed in {}",
                practice.submissions(),
                self.data.display()
            ),
        );
        Ok(desk.ledger)
    }

    fn read(&self, desk: &mut Desk<'_>, practice: &OpenPractice) -> Result<(), Error> {
        self.say("■ 2/7 通知書を読み取ります", "■ 2/7 Reading the letter");
        let source = Source {
            name: LETTER.to_owned(),
            input: Input::Path(practice.files.letter.clone()),
        };
        let outcome = desk.read(vec![source], jobs())?;
        for page in &outcome.reading.pages_without_notice {
            self.say(
                &format!("  - {}枚目: {}", page.page, page.reason.ja),
                &format!("  - page {}: {}", page.page, page.reason.en),
            );
        }
        for sheet in &outcome.reading.sheets {
            check_against(&practice.truth, sheet)?;
            let name = sheet
                .terminal_name
                .value
                .as_ref()
                .map_or("?", |name| name.as_str());
            let (ja, en) = summary(sheet);
            self.say(
                &format!("  ✓ {}枚目 {}番目「{name}」 {ja}", sheet.page, sheet.index),
                &format!(
                    "  ✓ page {} block {} “{name}” {en}",
                    sheet.page, sheet.index
                ),
            );
        }
        Ok(())
    }

    fn review(&self, desk: &mut Desk<'_>) -> Result<(), Error> {
        self.say(
            "■ 3/7 疑わしい項目だけを、練習の人が用紙から入力します（読み取り値は見ません）",
            "■ 3/7 The rehearsed person keys only what is doubtful, from the paper, blind",
        );
        let reviewed = desk.review()?;
        self.say(
            &format!("  ✓ {}台分を確定しました", reviewed.confirmed),
            &format!("  ✓ {} terminals confirmed", reviewed.confirmed),
        );
        Ok(())
    }

    fn retrieve(
        &self,
        desk: &mut Desk<'_>,
        practice: &OpenPractice,
        password: SecretString,
    ) -> Result<Vec<RecordId>, Error> {
        self.say(
            "■ 4/7 練習用サイトから電子証明書を受け取り、通知書と照らし合わせます",
            "■ 4/7 Retrieving the certificates from the practice site and holding them against the letter",
        );
        let ca = std::fs::read(&practice.files.ca_file).map_err(|source| Error::Unreadable {
            path: practice.files.ca_file.clone(),
            source,
        })?;
        let options = SiteOptions {
            url: Some(practice.files.url.clone()),
            ca_file_pem: Some(ca),
            ca_only: true,
            ..SiteOptions::default()
        };
        let choice = SiteChoice {
            site: Site::new(options, self.config)?,
            kind: SiteKind::Practice,
            pause: Duration::ZERO,
            jobs: NonZeroUsize::MIN,
        };
        runtime()?.block_on(retrieval::reach(&choice.site))?;
        let password = desk.choose_password(Some(password))?;
        let ids = desk.chosen(&[], |_| true)?;
        let outcomes = desk.retrieve(&ids, &choice, &password, false)?.outcomes;
        let mut shown = false;
        for outcome in each_done(outcomes)? {
            self.say(
                &format!("  ✓ {} → {}", outcome.1.ja, outcome.2.p12.display()),
                &format!("  ✓ {} → {}", outcome.1.en, outcome.2.p12.display()),
            );
            // The checks of every file are alike: one list tells them all.
            if !std::mem::replace(&mut shown, true) {
                for check in &outcome.2.checks {
                    let mark = check.outcome.mark();
                    self.say(
                        &format!("      {mark} {}", check.text.ja),
                        &format!("      {mark} {}", check.text.en),
                    );
                }
            }
        }
        Ok(ids)
    }

    fn install(&self, desk: &mut Desk<'_>, ids: &[RecordId]) -> Result<(), Error> {
        self.say(
            "■ 5/7 三つの別々のストアに入れ、入れた鍵に署名させて確かめます",
            "■ 5/7 Installing into three separate stores; each stored key signs a challenge",
        );
        for (at, id) in ids.iter().enumerate() {
            let folder = self
                .data
                .join("stores")
                .join(format!("terminal-{}", at + 1));
            let pem = Destination::Folder(folder.join("pem"));
            let store = match crate::platform::IS_WINDOWS {
                // Its only other store is the account's own, which nothing practised enters.
                true => pem.clone(),
                false => Destination::Nss {
                    folder: folder.join("nssdb"),
                    home: None,
                },
            };
            let mut outcomes = desk.install(&[*id], &store)?;
            if let Some(Outcome {
                result: Err(Error::Install(InstallError::ToolMissing { tool, package })),
                ..
            }) = outcomes.first()
            {
                self.say(
                    &format!(
                        "  - {tool} がないので（{package} パッケージ）、PEMフォルダーに入れます"
                    ),
                    &format!(
                        "  - {tool} is missing (package {package}); using a folder of PEM files"
                    ),
                );
                outcomes = desk.install(&[*id], &pem)?;
            }
            for (_, name, installed) in each_done(outcomes)? {
                let (ja, en) = match &installed.proof {
                    Proof::Signed => ("鍵で署名できました".to_owned(), "its key signed".to_owned()),
                    Proof::CannotProve(text) => (text.ja.clone(), text.en.clone()),
                };
                self.say(
                    &format!("  ✓ {} → {}（{ja}）", name.ja, installed.store.ja),
                    &format!("  ✓ {} → {} ({en})", name.en, installed.store.en),
                );
            }
        }
        Ok(())
    }

    /// The stick is a folder of the scratch folder, which no rule about media is asked of.
    fn back_up(&self, desk: &mut Desk<'_>, ids: &[RecordId]) -> Result<(), Error> {
        self.say(
            "■ 6/7 USBの代わりのフォルダーにバックアップし、読み直します。紙の控えの4桁は練習の人が入力します",
            "■ 6/7 Backing up to a folder that stands for a stick, reading back; the rehearsed person types the digits from paper",
        );
        let stick = self.data.join("stick");
        files::create_dir(&stick, crate::custody::PathKind::Backup)?;
        let mut target = Target {
            medium: Medium::at(&stick)?,
            aside: None,
            sealing: None,
        };
        let run = desk.copy_onto(&mut target, ids)?;
        target.medium.settle()?;
        for (_, name, copied) in each_done(run.outcomes)? {
            self.say(
                &format!("  ✓ {} → {}", name.ja, copied.p12.display()),
                &format!("  ✓ {} → {}", name.en, copied.p12.display()),
            );
        }
        desk.ask_for_paper(ids)?;
        desk.forget_pictures(ids)?;
        Ok(())
    }

    fn say(&self, ja: &str, en: &str) {
        self.progress.step(&Text::new(ja, en));
    }
}

/// The results, or the first failure: the demo shows a job in which nothing goes wrong.
fn each_done<T>(outcomes: Vec<Outcome<T>>) -> Result<Vec<(RecordId, Text, T)>, Error> {
    outcomes
        .into_iter()
        .map(|outcome| Ok((outcome.record, outcome.name, outcome.result?)))
        .collect()
}

/// Every accepted value must be what the letter prints: the demo is also a check of the reader.
fn check_against(truth: &Truth, sheet: &IssuanceReading) -> Result<(), Error> {
    let printed = truth
        .sheets
        .iter()
        .find(|printed| (printed.page, printed.index) == (sheet.page, sheet.index))
        .ok_or(Error::Misread)?;
    let right = |status: Status, read: Option<String>, printed: &str| {
        status != Status::Accepted || read.as_deref() == Some(printed)
    };
    let all = right(
        sheet.request_id.status,
        sheet.request_id.value.as_ref().map(ToString::to_string),
        &printed.request_id,
    ) && right(
        sheet.reference_id.status,
        // Compared with the invented letter.
        sheet
            .reference_id
            .value
            .as_ref()
            .map(|id| id.expose().to_owned()),
        &printed.reference_id,
    ) && right(
        sheet.institution_code.status,
        sheet
            .institution_code
            .value
            .as_ref()
            .map(ToString::to_string),
        &printed.institution_code,
    );
    match all {
        true => Ok(()),
        false => Err(Error::Misread),
    }
}

fn summary(sheet: &IssuanceReading) -> (String, String) {
    let word = |status: Status| match status {
        Status::Accepted => ("採用", "accepted"),
        Status::Review => ("要確認", "review"),
        Status::Rejected => ("使えない", "rejected"),
    };
    let (request, reference) = (
        word(sheet.request_id.status),
        word(sheet.reference_id.status),
    );
    let (code, from) = (
        word(sheet.institution_code.status),
        word(sheet.valid_from.status),
    );
    (
        format!(
            "リクエストID={} リファレンスID={} 発行先={} 有効期間={}",
            request.0, reference.0, code.0, from.0
        ),
        format!(
            "request ID={} reference ID={} institution={} validity={}",
            request.1, reference.1, code.1, from.1
        ),
    )
}

/// Someone who looks at the paper: knows what the letter prints and types it when asked.
struct RehearsedPerson<'a> {
    truth: Truth,
    /// As it is written on the paper.
    password: SecretString,
    progress: &'a dyn Progress,
}

impl Person for RehearsedPerson<'_> {
    fn is_present(&self) -> bool {
        true
    }

    fn tell(&mut self, message: &Text) {
        for (ja, en) in message.ja.lines().zip(message.en.lines()) {
            if !ja.trim().is_empty() {
                self.progress
                    .step(&Text::new(format!("  {ja}"), format!("  {en}")));
            }
        }
    }

    fn key(&mut self, question: &Question) -> Result<SecretString, PersonError> {
        let Some(about) = &question.about else {
            return Ok(SecretString::from(""));
        };
        let printed = self
            .truth
            .sheets
            .iter()
            .find(|sheet| (sheet.page, sheet.index) == (about.page, about.index))
            .ok_or(PersonError::BrokenOff)?;
        let value = match about.field {
            Field::Issuer => printed.issuer.clone(),
            Field::InstitutionCode => printed.institution_code.clone(),
            Field::TerminalName => printed.terminal_name.clone(),
            Field::RequestId => printed.request_id.clone(),
            Field::ReferenceId => printed.reference_id.clone(),
            Field::ValidFrom => printed.valid_from.to_string(),
            Field::ValidTo => printed.valid_to.to_string(),
            Field::RetrievalDeadline => printed.retrieval_deadline.to_string(),
        };
        let title = about.field.title();
        self.progress.step(&Text::new(
            format!("    {}: 用紙から入力しました", title.ja),
            format!("    {}: keyed from the paper", title.en),
        ));
        Ok(SecretString::from(value))
    }

    fn key_hidden(&mut self, _: &Text) -> Result<SecretString, PersonError> {
        Ok(self.password.clone())
    }

    fn show(&mut self, _: &Crop, _: &Text) {}
}

/// A passphrase and a certificate password for this one rehearsal.
fn secrets() -> Result<(String, SecretString), Error> {
    let mut random = [0_u8; 24];
    getrandom::fill(&mut random)
        .map_err(|source| crate::custody::CustodyError::NoRandomness { source })?;
    let passphrase = hexadecimal(&random[..16]);
    let digits = u32::from_le_bytes([random[16], random[17], random[18], random[19]]) % 10_000;
    Ok((passphrase, SecretString::from(format!("{digits:04}"))))
}

fn write_owner_only(path: &Path, text: &str) -> Result<(), Error> {
    use std::io::Write;

    let unwritable = |source| Error::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut file = crate::platform::create_owner_only(path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)
}

fn jobs() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

const TERMINALS: usize = 3;
const DPI: u32 = 300;
const LETTER: &str = "tsuchisho.pdf";
