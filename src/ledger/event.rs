//! What may happen to an issuance, as it is written in the log.
//!
//! An event never holds a secret, only the id of a sealed value. Events are never edited; a new kind is a new
//! variant, and a kind that this version does not know stays in the log and stops submissions.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::custody_events::{BackedUp, PasswordPlace, Removing, Restored};
use super::ids::{AttemptId, CaseId, EventId, LedgerId, RecordId, SealedId};
use super::state::{Downloaded, RefusedReason, StopReason, UnclearReason};
use super::words::{
    ConfirmedByWord, FieldName, FileHash, PerField, Remark, StatusWord, as_optional_text, as_text,
};
use crate::domain::{
    ConfirmedBy, Field, Fingerprint, InstitutionCode, RequestId, Status, TerminalName,
};

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// Its place in the log.
    pub id: EventId,
    /// The issuance that it is about.
    pub record: RecordId,
    /// When it was written.
    pub at: Timestamp,
    /// Whose word it is.
    pub actor: Actor,
    /// The kind's name, also of kinds unknown here.
    pub kind: String,
    /// What happened; `None` when this version cannot read it.
    pub event: Option<Event>,
}

/// Whose word an event is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// A person's.
    Person,
    /// The judge's: two readings and the rules.
    Judge,
    /// The program's own observation.
    Program,
}

impl Actor {
    /// The name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Judge => "judge",
            Self::Program => "program",
        }
    }

    /// Whose name this is in the log; `None` for another word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Person, Self::Judge, Self::Program]
            .into_iter()
            .find(|actor| actor.name() == name)
    }
}

impl From<ConfirmedBy> for Actor {
    fn from(by: ConfirmedBy) -> Self {
        match by {
            ConfirmedBy::Person => Self::Person,
            ConfirmedBy::Judge => Self::Judge,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// A block of a scanned letter was read.
    Read(Sheet),
    /// A block was typed by hand or came in a list.
    Added(Sheet),
    /// The same block was read or added again.
    SeenAgain {
        /// The file as named by the caller.
        source: String,
        /// Page in the file, from 1.
        page: u32,
        /// Block on the page, from 1.
        index: u32,
        /// Fields that were read otherwise than before.
        differs: Vec<String>,
    },
    /// A person or the judge states the values that may be submitted.
    Confirmed(Confirmed),
    /// A person says that the sheet is no issuance.
    RejectedSheet {
        /// Why.
        reason: Remark,
    },
    /// This record and another are the same issuance: equal confirmed request IDs.
    Linked {
        /// The other record.
        other: RecordId,
    },
    /// A certificate password was chosen, and is sealed.
    PasswordSealed {
        /// The sealed password.
        password: SealedId,
    },
    /// The pair is about to be sent: written and synced before the POST.
    Submitting(Submitting),
    /// The pair is about to be shown to a person, who types it into the site's page: written and synced before.
    SubmittingByHand(ByHand),
    /// The whole answer is on disk, synced, and not yet interpreted.
    AnswerKept {
        /// The submission that it answers.
        attempt: AttemptId,
        /// Its length.
        bytes: u64,
        /// Its hash.
        #[serde(with = "as_text")]
        sha256: FileHash,
    },
    /// Nothing was submitted, or the answer says that nothing was processed.
    NotSubmitted {
        /// The submission that was answered so; none when it stopped before.
        #[serde(default)]
        attempt: Option<AttemptId>,
        /// Why.
        reason: StopReason,
    },
    /// The site refused.
    Refused {
        /// The submission.
        #[serde(default)]
        attempt: Option<AttemptId>,
        /// Why, as classified.
        reason: RefusedReason,
        /// The site's own sentence, with secrets that it repeats struck out.
        sentence: Option<String>,
    },
    /// It was submitted, and what came of it is not known.
    Unclear {
        /// The submission.
        #[serde(default)]
        attempt: Option<AttemptId>,
        /// Why.
        reason: UnclearReason,
    },
    /// A `.p12` is kept that opens and agrees with the letter.
    Retrieved(Retrieved),
    /// The certificate is in a store.
    Installed {
        /// The store, as it names itself.
        store: String,
        /// The certificate.
        #[serde(with = "as_text")]
        fingerprint: Fingerprint,
        /// Whether it signed a challenge there.
        proved: bool,
    },
    /// A person bound this PC to a terminal (design rule 9).
    BoundToThisPc {
        /// The institution.
        #[serde(with = "as_text")]
        institution_code: InstitutionCode,
        /// The terminal.
        #[serde(with = "as_optional_text", default)]
        terminal_name: Option<TerminalName>,
        /// What the PC calls itself.
        computer_name: String,
    },
    /// A person says that another institution code took the place of this one.
    CodeChanged {
        /// The earlier code.
        #[serde(with = "as_text")]
        old: InstitutionCode,
        /// The code since then.
        #[serde(with = "as_text")]
        new: InstitutionCode,
        /// The first day of the new one.
        on: Date,
    },
    /// The site's form with which this file was retrieved; the next run notices when it has changed.
    FormSeen {
        /// The site.
        host: String,
        /// The form's structure.
        fingerprint: String,
    },
    /// A person opened the service with the certificate.
    ServiceConfirmed,
    /// A person could not open the service with it.
    ServiceFailed {
        /// What the person saw.
        #[serde(default)]
        note: Option<String>,
    },
    /// The record left in a case: the ledger that lent it submits nothing until the case is back.
    Lent(Lending),
    /// The case came back.
    Returned {
        /// The case.
        case: CaseId,
    },
    /// A person took the record back by word, without the case.
    TakenBack {
        /// The case.
        case: CaseId,
    },
    /// A copy of the file lies on another medium.
    BackedUp(BackedUp),
    /// The password of a file is known to be elsewhere than on this PC.
    PasswordElsewhere {
        /// The file that it opens.
        #[serde(with = "as_text")]
        sha256: FileHash,
        /// Where.
        place: PasswordPlace,
    },
    /// The four-digit passwords were tried on a file that lies here, by its holder's word.
    PasswordSearched {
        /// The file.
        #[serde(with = "as_text")]
        sha256: FileHash,
        /// How many were tried.
        tried: u32,
        /// Whether one opened it.
        found: bool,
    },
    /// The certificate came here without its letter.
    Restored(Restored),
    /// A newer certificate of the same terminal took its place.
    Superseded {
        /// The record of the newer one.
        by: RecordId,
    },
    /// A certificate is about to be taken out of a store.
    Removing(Removing),
    /// It was put back.
    PutBack {
        /// The store, as the ledger knows it.
        store: String,
        /// The certificate.
        #[serde(with = "as_text")]
        fingerprint: Fingerprint,
    },
}

/// One block as read or typed, before anybody confirmed it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sheet {
    /// The file as named by the caller.
    pub source: String,
    /// Page in the file, from 1; 0 when there is no page.
    pub page: u32,
    /// Block on the page, from 1.
    pub index: u32,
    /// Where the sheet stands.
    #[serde(with = "StatusWord")]
    pub status: Status,
    /// Every field; the reference ID's without its value.
    pub fields: PerField<SheetField>,
    /// The reference ID as read, sealed.
    #[serde(default)]
    pub reference_id: Option<SealedId>,
    /// Cut-outs of the page, sealed.
    #[serde(default)]
    pub crops: PerField<SealedId>,
    /// Remarks on the sheet.
    #[serde(default)]
    pub problems: Vec<Remark>,
}

/// One field of a [`Sheet`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SheetField {
    /// The value in the letter's form; what was read, where that is no value; none for the reference ID.
    pub value: Option<String>,
    /// 0 to 1: the least sure character.
    pub confidence: f32,
    /// Where it stands.
    #[serde(with = "StatusWord")]
    pub status: Status,
    /// 0 to 1 for each character as printed.
    #[serde(default)]
    pub characters: Vec<f32>,
    /// Why it was not accepted.
    #[serde(default)]
    pub doubts: Vec<Remark>,
}

impl Sheet {
    /// Whether a field was accepted.
    pub fn accepted(&self, field: Field) -> bool {
        self.fields
            .get(&FieldName(field))
            .is_some_and(|reading| reading.status == Status::Accepted)
    }

    /// A public field's value, where it has that field's form.
    pub fn value<T: FromStr>(&self, field: Field) -> Option<T> {
        self.fields
            .get(&FieldName(field))?
            .value
            .as_ref()?
            .parse()
            .ok()
    }
}

/// The values that may be submitted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Confirmed {
    /// Who confirmed them.
    #[serde(with = "ConfirmedByWord")]
    pub by: ConfirmedBy,
    /// 発行者
    pub issuer: Option<String>,
    /// 発行先
    #[serde(with = "as_text")]
    pub institution_code: InstitutionCode,
    /// 端末名称
    #[serde(with = "as_optional_text", default)]
    pub terminal_name: Option<TerminalName>,
    /// リクエストID
    #[serde(with = "as_text")]
    pub request_id: RequestId,
    /// リファレンスID, sealed.
    pub reference_id: SealedId,
    /// First day of validity.
    pub valid_from: Date,
    /// Last day of validity.
    pub valid_to: Date,
    /// Last day on which the site hands the file out.
    pub retrieval_deadline: Date,
    /// Whether the site had refused another pair before: this one is known to differ from every such pair.
    #[serde(default)]
    pub rekeyed: bool,
}

/// A submission about to leave.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Submitting {
    /// Names the submission.
    pub attempt: AttemptId,
    /// The site.
    pub host: String,
    /// The password sent with it, sealed.
    pub password: SealedId,
    /// The request ID sent.
    #[serde(with = "as_text")]
    pub request_id: RequestId,
    /// The reference ID sent, sealed.
    pub reference_id: SealedId,
    /// Where its answer is kept.
    pub answer_file: RelativePath,
    /// Whether a person asked to send again after an answer that settled nothing or refused.
    #[serde(default)]
    pub again: bool,
    /// What that person read under ダウンロード有無 before; none where nothing was asked.
    #[serde(default)]
    pub downloaded: Option<Downloaded>,
}

/// A pair about to be shown to a person at the screen.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ByHand {
    /// Names the submission that the person may make.
    pub attempt: AttemptId,
    /// The site.
    pub host: String,
    /// The password that the person types there, sealed.
    pub password: SealedId,
    /// The request ID shown.
    #[serde(with = "as_text")]
    pub request_id: RequestId,
    /// The reference ID shown, sealed.
    pub reference_id: SealedId,
    /// What the person read under ダウンロード有無 before; none where nothing was asked.
    #[serde(default)]
    pub downloaded: Option<Downloaded>,
}

/// A record away in a case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Lending {
    /// The case.
    pub case: CaseId,
    /// Its file's name.
    pub name: String,
    /// The ledger that lent the record, and submits nothing meanwhile.
    pub lender: LedgerId,
    /// Who or what has the case.
    pub holder: String,
    /// When it left.
    pub at: Timestamp,
}

/// A `.p12` that was kept and found right.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Retrieved {
    /// The submission that brought it; none when a person found it (`adopt`).
    #[serde(default)]
    pub attempt: Option<AttemptId>,
    /// The saved file.
    pub p12: RelativePath,
    /// Its hash; the password belongs to it (design rule 11).
    #[serde(with = "as_text")]
    pub sha256: FileHash,
    /// The password that opens it, sealed.
    pub password: SealedId,
    /// The certificate.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Its serial number, lower-case hexadecimal.
    pub serial_number: String,
    /// Common name of its issuer, whose numbers are its own; none in ledgers of earlier versions.
    #[serde(default)]
    pub issuer_common_name: Option<String>,
    /// First instant of its validity.
    pub not_before: Timestamp,
    /// Last instant of its validity.
    pub not_after: Timestamp,
    /// What is odd about it without being wrong: it brought no issuer.
    #[serde(default)]
    pub problem: Option<Remark>,
}

/// A path inside the data folder, with `/` between its parts on every system.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelativePath(String);

/// A path that is not inside the data folder.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("a path in the ledger stays inside the data folder")]
pub struct RelativePathError;

impl RelativePath {
    /// The path of `path` inside `dir`.
    pub fn inside(dir: &Path, path: &Path) -> Result<Self, RelativePathError> {
        let inside = path.strip_prefix(dir).map_err(|_| RelativePathError)?;
        let parts: Option<Vec<&str>> = inside
            .components()
            .map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        parts.ok_or(RelativePathError)?.join("/").parse()
    }

    /// Where the answer to a submission is kept.
    pub fn answer(attempt: AttemptId) -> Self {
        Self(format!("answers/{attempt}.bin"))
    }

    /// Where it lies when the data folder is `dir`.
    pub fn under(&self, dir: &Path) -> PathBuf {
        self.0
            .split('/')
            .fold(dir.to_owned(), |path, part| path.join(part))
    }

    /// The text in the log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RelativePath {
    type Err = RelativePathError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        // A ledger may come from another system, so what any of them reads as a way out is refused.
        let harmless = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && !part.contains(|c: char| c == '\\' || c == ':' || c.is_control())
        };
        match s.split('/').all(harmless) {
            true => Ok(Self(s.to_owned())),
            false => Err(RelativePathError),
        }
    }
}

impl TryFrom<String> for RelativePath {
    type Error = RelativePathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RelativePath> for String {
    fn from(path: RelativePath) -> Self {
        path.0
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_of_the_data_folder_is_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../up",
            "a/../b",
            "a//b",
            "C:/x",
            "a\\..\\b",
            "a/",
            "./a",
        ] {
            assert_eq!(
                path.parse::<RelativePath>(),
                Err(RelativePathError),
                "{path}"
            );
        }
        let path: RelativePath = "0110113719/受付/受付.p12".parse().unwrap();
        let full = path.under(Path::new("data"));
        assert_eq!(RelativePath::inside(Path::new("data"), &full), Ok(path));
        assert!(RelativePath::inside(Path::new("data"), Path::new("elsewhere/a")).is_err());
        assert!(RelativePath::inside(Path::new("data"), Path::new("data")).is_err());
    }

    #[test]
    fn a_value_of_another_form_is_refused_without_being_repeated() {
        let json = r#"{"kind":"installed","store":"s","fingerprint":"Ab3dE6gH9k","proved":true}"#;
        let error = serde_json::from_str::<Event>(json).unwrap_err().to_string();
        assert!(!error.contains("Ab3dE6gH9k"), "{error}");
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read() {
        let id = "0192d3e4-0000-7000-8000-000000000000";
        let earlier = format!(
            r#"{{"kind":"submitting","attempt":"{id}","host":"h","password":"{id}","request_id":"300000000000001",
                "reference_id":"{id}","answer_file":"answers/a.bin","again":true}}"#
        );
        let Event::Submitting(sent) = serde_json::from_str(&earlier).unwrap() else {
            panic!("{earlier}");
        };
        assert_eq!((sent.again, sent.downloaded), (true, None));
        let now = Event::Submitting(Submitting {
            downloaded: Some(Downloaded::No),
            ..sent
        });
        let json = serde_json::to_string(&now).unwrap();
        assert!(json.contains(r#""downloaded":"no""#), "{json}");
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), now);
    }

    #[test]
    fn kinds_are_written_as_the_log_names_them() {
        let json = serde_json::to_string(&Event::ServiceConfirmed).unwrap();
        assert_eq!(json, r#"{"kind":"service-confirmed"}"#);
        let note = Event::ServiceFailed { note: None };
        let json = serde_json::to_string(&note).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), note);
        let changed = Event::CodeChanged {
            old: "0110113719".parse().unwrap(),
            new: "1310411114".parse().unwrap(),
            on: Date::constant(2026, 11, 1),
        };
        let json = serde_json::to_string(&changed).unwrap();
        assert_eq!(
            json,
            r#"{"kind":"code-changed","old":"0110113719","new":"1310411114","on":"2026-11-01"}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), changed);
    }
}
