//! `status`: every terminal with its state, as people and programs read it.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::domain::{Field, Text, japan_date};
use crate::ledger::{Backup, Ledger, Lending, Record};

use super::error::Error;

/// One terminal's line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TerminalStatus {
    /// The record.
    pub id: String,
    /// 発行先
    pub institution_code: Option<String>,
    /// 端末名称
    pub terminal_name: Option<String>,
    /// リクエストID
    pub request_id: Option<String>,
    /// The state's stable name.
    pub state: &'static str,
    /// Why, in the states that have a reason.
    pub reason: Option<&'static str>,
    /// What is odd about it.
    pub problem: Option<Text>,
    /// The kept file.
    pub p12: Option<PathBuf>,
    /// SHA-256 of the certificate.
    pub fingerprint: Option<String>,
    /// Last day of the certificate, or of the letter while there is none.
    pub valid_to: Option<Date>,
    /// Last day on which the site hands the file out.
    pub retrieval_deadline: Option<Date>,
    /// Copies on other media.
    pub backups: Vec<Backup>,
    /// Whether it could be restored on another PC (design rule 11).
    pub is_backed_up: bool,
    /// Whether the password of its file is known to be on this PC alone.
    pub lacks_paper: bool,
    /// The store that it is installed in.
    pub store: Option<String>,
    /// The case with which it is away, so that nothing of it is sent from here.
    pub lent: Option<Lending>,
}

impl TerminalStatus {
    /// Every terminal of the ledger at `now`, oldest first.
    pub fn all(ledger: &Ledger, now: jiff::Timestamp) -> Result<Vec<Self>, Error> {
        ledger
            .records()?
            .iter()
            .map(|record| Self::of(record, ledger, now))
            .collect()
    }

    fn of(record: &Record, ledger: &Ledger, now: jiff::Timestamp) -> Result<Self, Error> {
        let state = record.state_at(now);
        let credential = state.credential();
        let p12 = credential.map(|kept| kept.p12.under(ledger.dir()));
        let lacks_paper = state.is_current() && !record.password_is_elsewhere;
        let has_copy = record.backups.iter().any(Backup::counts);
        // A case brings the record, never the file: that stays at the terminal.
        let is_elsewhere = p12.as_ref().is_some_and(|path| !path.exists());
        Ok(Self {
            id: record.id.to_string(),
            institution_code: record.value(Field::InstitutionCode),
            terminal_name: record.value(Field::TerminalName),
            request_id: record.value(Field::RequestId),
            state: state.name(),
            reason: state.reason(),
            problem: record
                .problem()
                .map(|remark| remark.text())
                .or_else(|| is_elsewhere.then(kept_elsewhere))
                .or_else(|| (lacks_paper && has_copy).then(no_paper)),
            backups: record.backups.clone(),
            is_backed_up: record.is_backed_up(),
            lacks_paper,
            p12: p12.filter(|_| !is_elsewhere),
            fingerprint: credential.map(|kept| kept.fingerprint.to_string()),
            valid_to: credential
                .map(|kept| japan_date(kept.not_after))
                .or(record.valid_to),
            retrieval_deadline: record.retrieval_deadline,
            store: state
                .installation()
                .map(|installed| installed.store.clone()),
            lent: ledger.lent(record.id)?,
        })
    }

    /// What people call the state, with what to do next.
    pub fn words(&self) -> Text {
        if let Some(lent) = &self.lent {
            let day = japan_date(lent.at);
            return Text::new(
                format!("貸し出し中（{} {day} {}）", lent.name, lent.holder),
                format!("lent ({} {day} {})", lent.name, lent.holder),
            );
        }
        if self.reason == Some("by-hand") {
            return match self.state {
                "unclear" => Text::new(
                    "手作業の途中（結果不明）→ adopt FILE",
                    "typed by hand, outcome unknown: adopt FILE",
                ),
                _ => Text::new(
                    "手作業は取りやめ（未送信）→ retrieve",
                    "by hand was put off, nothing sent: retrieve",
                ),
            };
        }
        let (ja, en) = match self.state {
            "read" => ("読み取り済み（未確定）", "read, not confirmed"),
            "review" => ("要確認 → review", "needs review"),
            "confirmed" => ("確定済み → retrieve", "confirmed, to be retrieved"),
            "submitting" => ("送信中断 → retrieve で続き", "submission broken off"),
            "retrieved" => ("取得済み", "retrieved"),
            "installed" => ("インストール済み", "installed"),
            "backed-up" => ("バックアップ済み", "backed up"),
            "restored" => ("復元済み", "restored"),
            "superseded" => ("新しい証明書に交代済み", "superseded"),
            "service-confirmed" => ("利用確認済み", "service confirmed"),
            "service-failed" => ("利用できず", "service failed"),
            "refused" => ("サイトが拒否", "refused by the site"),
            "unclear" => ("結果不明", "outcome unclear"),
            "rejected" => ("通知書ではない", "not a notice"),
            "expired" => ("取得期限切れ", "deadline passed"),
            other => (other, other),
        };
        let (paper_ja, paper_en) = match self.lacks_paper {
            true => ("（パスワードの控えなし）", ", its password not on paper"),
            false => ("", ""),
        };
        let next = self.next();
        let arrow = next.map_or_else(String::new, |next| format!(" → {next}"));
        let colon = next.map_or_else(String::new, |next| format!(": {next}"));
        Text::new(
            format!("{ja}{paper_ja}{arrow}"),
            format!("{en}{paper_en}{colon}"),
        )
    }

    /// Whether its certificate is installed and could not be restored on another PC.
    pub fn awaits_backup(&self) -> bool {
        self.store.is_some() && !self.is_backed_up
    }

    /// The command that a kept certificate waits for.
    fn next(&self) -> Option<&'static str> {
        match self.state {
            "retrieved" => Some("install"),
            "service-failed" => Some("audit"),
            _ if self.awaits_backup() => Some("backup"),
            _ => None,
        }
    }
}

fn no_paper() -> Text {
    Text::new(
        "パスワードの控えなし: 4桁がこのパソコンの外にもあることを確かめていません（noticert backup）。",
        "The password is not known to be anywhere but on this PC (noticert backup).",
    )
}

fn kept_elsewhere() -> Text {
    Text::new(
        "ファイルはこのパソコンにありません（取得した端末にあるか、移動されています）。",
        "The file is not on this computer: it is at the terminal that retrieved it, or was moved.",
    )
}
