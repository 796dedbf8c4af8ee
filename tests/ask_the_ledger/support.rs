//! An invented letter, and a data folder to record it in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use noticert::custody::{Vault, WorkFactor};
use noticert::domain::{
    CertificatePassword, CharacterReading, ConfirmedBy, Crop, FieldReading, Fingerprint, Issuance,
    IssuanceReading, ReviewedIssuance, Status, Validity,
};
use noticert::ledger::{
    Actor, Confirmation, Event, FileHash, Ledger, LedgerError, Origin, RecordId, Recorded,
    RefusedReason, Remark, Retrieved, SiteKind, SubmissionRequest,
};
use secrecy::SecretString;

pub const REQUEST: &str = "300000000000001";
pub const REFERENCE: &str = "Kx7mPq2Rtz";
/// Begins with a digit that no group of a UUID of this time begins with.
pub const PASSWORD: &str = "4051";

pub fn now() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

pub fn later(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + seconds).unwrap()
}

/// A data folder with its key, and the ledger in it.
pub struct Desk {
    _scratch: tempfile::TempDir,
    data: PathBuf,
}

impl Desk {
    pub fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let data = scratch.path().join("data");
        Vault::create(&data, &passphrase(), WorkFactor::RANDOM_PASSPHRASE).unwrap();
        Self {
            _scratch: scratch,
            data,
        }
    }

    pub fn path(&self) -> &Path {
        &self.data
    }

    pub fn ledger(&self) -> Ledger {
        open(self.path())
    }
}

pub fn passphrase() -> SecretString {
    SecretString::from("invented passphrase")
}

/// The ledger of `dir`. A program that another test is just starting holds a copy of the lock until it runs.
pub fn open(dir: &Path) -> Ledger {
    for _ in 0..500 {
        let vault = Vault::open(dir, &passphrase()).unwrap();
        match Ledger::open(dir, Some(vault), now()) {
            Err(LedgerError::InUse {
                holder: Some(holder),
            }) if holder.pid == process::id() => {
                thread::sleep(Duration::from_millis(20));
            }
            opened => return opened.unwrap(),
        }
    }
    panic!("this process still holds the ledger");
}

pub fn issuance(request: &str, reference: &str, terminal: &str) -> Issuance {
    Issuance {
        issuer: Some("Online Billing NW Common Root CA-G1".to_owned()),
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: Some(terminal.parse().unwrap()),
        request_id: request.parse().unwrap(),
        reference_id: reference.parse().unwrap(),
        validity: Validity::new(Date::constant(2026, 11, 16), Date::constant(2030, 2, 16)).unwrap(),
        retrieval_deadline: Date::constant(2027, 5, 15),
    }
}

pub fn the_issuance() -> Issuance {
    issuance(REQUEST, REFERENCE, "受付1号機")
}

pub fn by_person(issuance: Issuance) -> ReviewedIssuance {
    ReviewedIssuance::attest(issuance, ConfirmedBy::Person)
}

/// A field read as `printed`, with a crop whose pixels are those characters.
pub fn read_as<T>(value: T, printed: &str, status: Status) -> FieldReading<T> {
    FieldReading {
        value: Some(value),
        confidence: 0.98,
        status,
        characters: printed
            .chars()
            .map(|character| CharacterReading {
                character,
                confidence: 0.98,
                alternatives: vec!['O'],
            })
            .collect(),
        doubts: Vec::new(),
        bounding_box: None,
        crop: Crop::new(8, 4, printed.bytes().cycle().take(32).collect()),
    }
}

/// A sheet that reads as `issuance`; its reference ID is as sure as the sheet.
pub fn reading_of(issuance: &Issuance, page: u32, status: Status) -> IssuanceReading {
    let sure = Status::Accepted;
    let day = |day: Date| read_as(day, &day.to_string(), sure);
    let name = issuance.terminal_name.clone().unwrap();
    let issuer = issuance.issuer.clone().unwrap();
    let code = issuance.institution_code.clone();
    let request = issuance.request_id.clone();
    let reference = issuance.reference_id.clone();
    IssuanceReading {
        source: "letter.pdf".to_owned(),
        page,
        part: None,
        index: 1,
        status,
        issuer: read_as(issuer.clone(), &issuer, sure),
        institution_code: read_as(code.clone(), code.as_str(), sure),
        terminal_name: read_as(name.clone(), name.as_str(), sure),
        request_id: read_as(request.clone(), request.as_str(), sure),
        reference_id: read_as(reference.clone(), reference.expose(), status),
        valid_from: day(issuance.validity.from()),
        valid_to: day(issuance.validity.to()),
        retrieval_deadline: day(issuance.retrieval_deadline),
        problems: Vec::new(),
    }
}

/// Stands in for an image encoder.
pub fn pixels_of(crop: &Crop) -> Vec<u8> {
    crop.expose().to_vec()
}

pub fn record_reading(ledger: &mut Ledger, reading: &IssuanceReading) -> Recorded {
    ledger
        .record_reading(reading, Origin::Read, &pixels_of, now())
        .unwrap()
}

/// The letter's record, confirmed by the judge.
pub fn confirmed(ledger: &mut Ledger) -> RecordId {
    let reading = reading_of(&the_issuance(), 1, Status::Accepted);
    let record = record_reading(ledger, &reading).record();
    let reviewed = reading.accept(None).unwrap();
    let outcome = ledger.confirm(record, &reviewed, now()).unwrap();
    assert_eq!(outcome, Confirmation::Confirmed(record));
    record
}

pub fn request(ledger: &mut Ledger, record: RecordId, again: bool) -> SubmissionRequest {
    let password: CertificatePassword = PASSWORD.parse().unwrap();
    let password = ledger.seal_password(record, &password, now()).unwrap();
    let (attempt, answer_file) = ledger.new_attempt(now()).unwrap();
    SubmissionRequest {
        attempt,
        answer_file,
        host: "cert.example.test".to_owned(),
        site: SiteKind::Practice,
        password,
        again,
        downloaded: None,
    }
}

/// Begins a submission and returns what was asked for.
pub fn submit(ledger: &mut Ledger, record: RecordId, again: bool) -> SubmissionRequest {
    let request = request(ledger, record, again);
    ledger
        .begin_submission(record, request.clone(), now())
        .unwrap();
    request
}

pub fn append(ledger: &mut Ledger, record: RecordId, event: Event) {
    ledger.append(record, now(), Actor::Program, event).unwrap();
}

pub fn retrieved(request: &SubmissionRequest) -> Event {
    Event::Retrieved(Retrieved {
        attempt: Some(request.attempt),
        p12: "0110113719/受付1号機/受付1号機.p12".parse().unwrap(),
        sha256: FileHash([9; 32]),
        password: request.password,
        fingerprint: Fingerprint::of(b"invented certificate"),
        serial_number: "01ab".to_owned(),
        issuer_common_name: None,
        not_before: now(),
        not_after: later(3 * 365 * 86_400),
        problem: None,
    })
}

pub fn refused(request: &SubmissionRequest, reason: RefusedReason, sentence: &str) -> Event {
    Event::Refused {
        attempt: Some(request.attempt),
        reason,
        sentence: Some(sentence.to_owned()),
    }
}

pub fn rejected() -> Event {
    Event::RejectedSheet {
        reason: Remark {
            code: "not-an-issuance".to_owned(),
            ja: "通知書ではありません。".to_owned(),
            en: "this is no notice".to_owned(),
        },
    }
}

pub fn state_of(ledger: &Ledger, record: RecordId) -> &'static str {
    ledger.record(record).unwrap().state.name()
}

/// The files of a folder as they are at this moment, whoever has them open: what a power cut leaves.
pub fn copy_of(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        // Windows lets nobody copy a locked file, and a crash leaves no lock.
        if entry.file_type().unwrap().is_file() && entry.file_name() != "ledger.lock" {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

pub fn database(dir: &Path) -> PathBuf {
    dir.join("ledger.sqlite")
}

/// Another program's view of the ledger's file.
pub fn sqlite(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(database(dir)).unwrap()
}
