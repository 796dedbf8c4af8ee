//! `pack`: records of one clinic leave in a case, and `pack --take-back`: a person's word that the case will not come.
//!
//! What leaves is lent before the case exists: a crash in between leaves records that wait for a case, never two places
//! that submit the same pair.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::case::{Case, Content, Line, Manifest, ReadMe, Value};
use crate::custody::WorkFactor;
use crate::domain::{InstitutionCode, Text, japan_date};
use crate::ledger::{
    Actor, CaseId, IssuanceState, Lending, Portable, Record, RecordId, ValueContent,
};
use crate::platform;

use super::error::Error;
use super::person::{Person, PersonError, Question};
use super::seal::keyed_twice;
use super::{Desk, name_of};

/// What is packed, and where to.
pub struct Packing<'a> {
    /// The terminals that were named; every one that waits, when none was.
    pub terminals: &'a [String],
    /// The clinic, where several have something to pack.
    pub institution: Option<&'a str>,
    /// The folder or stick.
    pub to: &'a Path,
    /// Who takes the case along.
    pub holder: Option<&'a str>,
    /// The passphrase of the case, from a file.
    pub passphrase: Option<SecretString>,
    /// How much work trying a passphrase costs.
    pub work: WorkFactor,
}

/// A case that was packed.
#[derive(Debug)]
pub struct Packed {
    /// Its file.
    pub path: PathBuf,
    /// The sheet beside it.
    pub read_me: PathBuf,
    /// The terminals in it.
    pub names: Vec<Text>,
    /// Whether it goes back to the ledger that lent them.
    pub goes_back: bool,
}

/// Why nothing was packed or taken back.
#[derive(Debug, Error)]
pub enum PackError {
    /// A case is for one clinic.
    #[error("{} institutions have something to pack", codes.len())]
    SeveralInstitutions {
        /// Theirs.
        codes: Vec<InstitutionCode>,
    },
    /// The person did not say the word.
    #[error("nothing was taken back")]
    NotTakenBack,
}

impl Desk<'_> {
    /// Packs a case: lends the records, then writes them sealed to `packing.to`.
    pub fn pack(&mut self, packing: Packing<'_>) -> Result<Packed, Error> {
        let records = self.to_pack(packing.terminals, packing.institution)?;
        let Some(institution_code) = one_institution(&records)? else {
            // Away already, perhaps in a case that a crash kept from being written: which one, and what to do, is told.
            if packing.institution.is_none() {
                for record in self.ledger.records()? {
                    self.ledger.require_at_home(record.id)?;
                }
            }
            return Err(Error::NothingWaits {
                wanted: Text::new("確定済みの端末", "a confirmed terminal"),
            });
        };
        let mut goes_back = false;
        for record in &records {
            self.ledger.require_at_home(record.id)?;
            if matches!(record.state, IssuanceState::Submitting { .. }) {
                return Err(Error::WrongState {
                    state: record.state.name(),
                    wanted: "confirmed",
                });
            }
            goes_back |= self.ledger.is_borrowed(record.id)?;
        }
        let passphrase = match packing.passphrase {
            Some(passphrase) => passphrase,
            None => choose_passphrase(self.person)?,
        };
        let now = self.now();
        let case = self.ledger.new_case(now)?;
        let name = file_name(&institution_code, now, case);
        let lending = Lending {
            case,
            name: name.clone(),
            lender: self.ledger.id()?,
            holder: holder(packing.holder, &institution_code, goes_back),
            at: now,
        };
        // What is retrieved already cannot be submitted twice, so it need not wait for the case.
        let lent: Vec<RecordId> = records
            .iter()
            .filter(|record| record.state.credential().is_none())
            .map(|record| record.id)
            .collect();
        self.ledger.lend(&lent, &lending, now)?;
        let read_me = ReadMe {
            case: name.clone(),
            institution_code: institution_code.to_string(),
            terminals: records.len(),
            packed_on: japan_date(now),
            deadline: records
                .iter()
                .filter(|record| record.state.credential().is_none())
                .filter_map(|record| record.retrieval_deadline)
                .min(),
            goes_back,
        };
        let written = self
            .case_of(&records, case, &institution_code)
            .and_then(|case| Ok(case.write(packing.to, &name, &passphrase, packing.work)?))
            .and_then(|path| Ok((path, read_me.write(packing.to)?)));
        match written {
            Ok((path, read_me)) => Ok(Packed {
                path,
                read_me,
                names: records.iter().map(name_of).collect(),
                goes_back,
            }),
            Err(error) => {
                // The case never came to be, so nothing is away.
                let _half_a_case = std::fs::remove_file(packing.to.join(&name));
                for record in lent {
                    self.ledger.take_back(record, Actor::Program, self.now())?;
                }
                Err(error)
            }
        }
    }

    /// Ends the lending of `ids` by a person's word, who was told what may happen.
    pub fn take_back(&mut self, ids: &[RecordId]) -> Result<Vec<Text>, Error> {
        let mut lent = Vec::new();
        for id in ids {
            if let Some(lending) = self.ledger.lent(*id)? {
                lent.push((self.ledger.record(*id)?, lending));
            }
        }
        if lent.is_empty() {
            return Err(Error::NothingWaits {
                wanted: Text::new("貸し出し中の端末", "a terminal that is lent"),
            });
        }
        let ja = "ケースが端末で使われていると、同じIDが二度送信され、再申請（1,500円＋郵送753円、約1週間）になることがあります。\nケースを失くしたか、一度も使っていないことを確かめましたか？ 取り戻すなら「取り戻す」と入力:";
        let en = "If the case is in use at the terminal, the same pair may be sent twice, which may cost a new application (1,500 + 753 yen, about a week).\nAre you sure that the case is lost or was never used? Type “take back”:";
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: Text::new(ja, en),
                cure: Text::new(
                    "人が画面の前で実行してください。--yes では取り戻しません。",
                    "A person has to run this at a terminal; --yes never takes back.",
                ),
            }));
        }
        for (record, lending) in &lent {
            let name = name_of(record);
            let day = japan_date(lending.at);
            self.person.tell(&Text::new(
                format!(
                    "  {}: ケース「{}」 {day} {}",
                    name.ja, lending.name, lending.holder
                ),
                format!(
                    "  {}: case “{}” {day} {}",
                    name.en, lending.name, lending.holder
                ),
            ));
        }
        let typed = self.person.key(&Question::plain(ja, en))?;
        // Exposed to be compared with a word.
        if !matches!(
            typed.expose_secret().trim(),
            "取り戻す" | "「取り戻す」" | "take back"
        ) {
            return Err(PackError::NotTakenBack.into());
        }
        let mut names = Vec::new();
        for (record, _) in lent {
            let now = self.now();
            self.ledger.take_back(record.id, Actor::Person, now)?;
            names.push(name_of(&record));
        }
        Ok(names)
    }

    /// The named records, else those that wait here to be retrieved or came here in a case.
    fn to_pack(
        &self,
        terminals: &[String],
        institution: Option<&str>,
    ) -> Result<Vec<Record>, Error> {
        let mut records = Vec::new();
        for id in self.chosen(terminals, |_| true)? {
            let record = self.ledger.record(id)?;
            let is_named = !terminals.is_empty();
            let of_institution = institution.is_none_or(|code| {
                record
                    .institution_code
                    .as_ref()
                    .is_some_and(|own| own.as_str() == crate::domain::fold_typed(code))
            });
            if is_named {
                // What nobody confirmed is of no use at the terminal, and is named.
                self.ledger.rebuild_reviewed(id)?;
                records.push(record);
            } else if of_institution && self.waits_here(&record)? {
                records.push(record);
            }
        }
        Ok(records)
    }

    fn waits_here(&self, record: &Record) -> Result<bool, Error> {
        if self.ledger.lent(record.id)?.is_some() {
            return Ok(false);
        }
        let confirmed = matches!(record.state, IssuanceState::Confirmed { .. });
        Ok(confirmed || self.ledger.is_borrowed(record.id)?)
    }

    fn case_of(
        &self,
        records: &[Record],
        case: CaseId,
        institution_code: &InstitutionCode,
    ) -> Result<Case, Error> {
        let ids: Vec<RecordId> = records.iter().map(|record| record.id).collect();
        let Portable { events, values } = self.ledger.portable(&ids)?;
        Ok(Case {
            manifest: Manifest {
                case: case.to_string(),
                made_at: self.now(),
                made_on: platform::computer_name(),
                ledger: self.ledger.id()?.to_string(),
                institution_code: institution_code.to_string(),
                site: self.ledger.site_kind()?.map(|kind| kind.name().to_owned()),
                lines: events
                    .into_iter()
                    .map(|event| Line {
                        id: event.id.to_string(),
                        record: event.record.to_string(),
                        at: event.at,
                        actor: event.actor.name().to_owned(),
                        payload: event.payload,
                    })
                    .collect(),
            },
            values: values
                .into_iter()
                .map(|value| Value {
                    id: value.id.to_string(),
                    record: value.record.to_string(),
                    field: value.field,
                    content: match value.content {
                        ValueContent::Open(plaintext) => Content::Open(plaintext),
                        ValueContent::Wiped(at) => Content::Wiped(at),
                    },
                })
                .collect(),
        })
    }
}

fn one_institution(records: &[Record]) -> Result<Option<InstitutionCode>, Error> {
    let mut codes: Vec<InstitutionCode> = Vec::new();
    for code in records.iter().filter_map(|r| r.institution_code.as_ref()) {
        if !codes.contains(code) {
            codes.push(code.clone());
        }
    }
    match codes.len() {
        0 | 1 => Ok(codes.pop()),
        _ => Err(PackError::SeveralInstitutions { codes }.into()),
    }
}

/// A name that tells two cases of one day apart.
fn file_name(code: &InstitutionCode, now: jiff::Timestamp, case: CaseId) -> String {
    let day = japan_date(now).strftime("%Y%m%d").to_string();
    let id = case.to_string();
    let tail: String = id.chars().skip(id.len().saturating_sub(6)).collect();
    format!("noticert-{code}-{day}-{tail}.age")
}

fn holder(named: Option<&str>, code: &InstitutionCode, goes_back: bool) -> String {
    match (named, goes_back) {
        (Some(name), _) => name.to_owned(),
        (None, true) => "貸し出した元のパソコン".to_owned(),
        (None, false) => format!("{code} の端末"),
    }
}

fn choose_passphrase(person: &mut dyn Person) -> Result<SecretString, Error> {
    if !person.is_present() {
        return Err(nobody_for_the_passphrase());
    }
    person.tell(&Text::new(
        "ケースのパスフレーズを決めてください。ケースと一緒に持ち運ばず、電話などで伝えてください。",
        "Choose a passphrase for the case. Do not carry it with the case: tell it by phone.",
    ));
    keyed_twice(
        person,
        &Text::new("ケースのパスフレーズ:", "Passphrase of the case:"),
    )
}

pub(super) fn nobody_for_the_passphrase() -> Error {
    Error::Person(PersonError::Absent {
        question: Text::new("ケースのパスフレーズ", "the passphrase of the case"),
        cure: Text::new(
            "--case-passphrase-file FILE を付けてください。",
            "Give --case-passphrase-file FILE.",
        ),
    })
}
