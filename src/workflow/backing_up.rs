//! `backup`: copies of the kept files on another medium, and the word that their password is not on this PC alone.
//!
//! A copy is written, synced, read back from the medium and entered in its index before the ledger hears of it, so a
//! stick that is pulled or a program that is killed leaves a terminal that is not called backed up.

mod check;
mod from_store;
mod paper;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::config::CropPolicy;
use crate::custody::WorkFactor;
use crate::custody::backup::index::{self, Entry, SealedEntry};
use crate::custody::backup::medium::{Doubt, Medium, Surroundings};
use crate::custody::backup::{self, BackupError, Sealing};
use crate::custody::names::safe_file_name;
use crate::domain::{Pkcs12, Text, japan_date};
use crate::ledger::{Actor, BackedUp, Event, PasswordPlace, Record, RecordId, Remark, Retrieved};
use crate::platform;

use super::error::Error;
use super::person::{PersonError, Question};
use super::retrieving::{file_name_of, is_yes};
use super::seal::keyed_twice;
use super::{Desk, Outcome, name_of};

pub(super) use check::whole;
pub use check::{CheckedCopy, CopyState, Drill, SealedState, Verdict};

/// What is backed up, and where to.
pub struct BackupRequest<'a> {
    /// The terminals; none for every one whose file is here.
    pub terminals: &'a [String],
    /// The folder or stick.
    pub to: &'a Path,
    /// Whether copies sealed by a passphrase are written beside the official ones.
    pub sealed: bool,
    /// The passphrase for them, from a file.
    pub passphrase: Option<SecretString>,
    /// How much work trying a passphrase costs.
    pub work: WorkFactor,
    /// The person's home, which tells the system disk.
    pub home: Option<&'a Path>,
    /// The running program.
    pub program: Option<&'a Path>,
    /// Whether the program is copied beside the back-ups unasked; else somebody who is there is asked.
    pub with_program: bool,
}

/// What lies on the medium now.
#[derive(Debug)]
pub struct BackupRun {
    /// The folder of the back-ups.
    pub folder: PathBuf,
    /// Why it is not the clinic's back-up, where a person wanted it all the same.
    pub aside: Option<Text>,
    /// Each terminal.
    pub outcomes: Vec<Outcome<Copied>>,
    /// Whether the medium keeps nobody out, as FAT does.
    pub is_open: bool,
    /// Whether the folder is shared or carried into a cloud.
    pub is_shared: bool,
    /// The program, where it was copied.
    pub program: Option<PathBuf>,
    /// Terminals whose password is known to be on this PC alone.
    pub without_paper: usize,
}

/// One terminal's copies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Copied {
    /// The official copy.
    pub p12: PathBuf,
    /// The sealed one.
    pub sealed: Option<PathBuf>,
    /// The last day of the certificate.
    pub valid_to: jiff::civil::Date,
}

/// The medium with what was settled about it.
pub(super) struct Target {
    pub(super) medium: Medium,
    pub(super) aside: Option<Remark>,
    pub(super) sealing: Option<Sealing>,
}

impl Desk<'_> {
    /// Copies each terminal's file to the medium, reads it back, and asks whether its password is on paper.
    pub fn back_up(&mut self, request: BackupRequest<'_>) -> Result<BackupRun, Error> {
        let ids = self.to_back_up(request.terminals)?;
        let mut codes = Vec::new();
        for id in &ids {
            codes.extend(
                self.ledger
                    .record(*id)?
                    .institution_code
                    .map(|code| code.to_string()),
            );
        }
        let medium = Medium::at(request.to)?;
        let around = Surroundings {
            data: self.ledger.dir(),
            home: request.home,
            program: request.program,
        };
        let doubts = medium.doubts(request.to, around, &codes)?;
        let aside = self.settle_doubts(&doubts)?;
        let sealing = match request.sealed {
            true => Some(Sealing {
                passphrase: self.backup_passphrase(request.passphrase)?,
                work: request.work,
            }),
            false => None,
        };
        let mut target = Target {
            medium,
            aside,
            sealing,
        };
        let mut run = self.copy_onto(&mut target, &ids)?;
        if let Some(program) = request.program
            && (request.with_program || self.wants_program(&target, &run, program)?)
        {
            run.program = Some(target.medium.take_program(program)?);
        }
        target.medium.settle()?;
        let copied: Vec<RecordId> = done(&run.outcomes);
        if run.aside.is_none() {
            self.ask_for_paper(&copied)?;
        }
        self.forget_pictures(&copied)?;
        for id in copied {
            let record = self.ledger.record(id)?;
            run.without_paper += usize::from(!record.password_is_elsewhere);
        }
        Ok(run)
    }

    /// Writes the copies; one terminal's failure does not stop the others.
    pub(super) fn copy_onto(
        &mut self,
        target: &mut Target,
        ids: &[RecordId],
    ) -> Result<BackupRun, Error> {
        target.medium.prepare()?;
        let mut run = BackupRun {
            folder: target.medium.root().to_owned(),
            aside: target.aside.as_ref().map(Remark::text),
            outcomes: Vec::new(),
            is_open: false,
            is_shared: target.medium.is_shared(),
            program: None,
            without_paper: 0,
        };
        for (at, id) in ids.iter().enumerate() {
            if self.stop.is_wanted() {
                return Err(Error::Interrupted);
            }
            let record = self.ledger.record(*id)?;
            let name = name_of(&record);
            self.progress
                .count(at, Some(ids.len()), &Text::new("バックアップ", "back-ups"));
            let result = self.copy_one(target, &record);
            if let Ok(copied) = &result {
                run.is_open |= !target.medium.keeps_others_out(&copied.p12);
            }
            run.outcomes.push(Outcome {
                record: *id,
                name,
                result,
            });
        }
        Ok(run)
    }

    fn copy_one(&mut self, target: &mut Target, record: &Record) -> Result<Copied, Error> {
        let Some(kept) = record.state.credential().cloned() else {
            return Err(Error::WrongState {
                state: record.state.name(),
                wanted: "retrieved",
            });
        };
        let path = kept.p12.under(self.data());
        let pkcs12 = self.kept_file(&kept, &path)?;
        let folder = target.medium.root().join(folder_name(record));
        let copy = backup::copy(&folder, &file_name_of(&path), &pkcs12)?;
        let sealed = match &target.sealing {
            None => None,
            Some(sealing) => {
                let password = self
                    .ledger
                    .rebuild_password(record.id, Some(kept.sha256.0))?;
                let name = file_name_of(&copy);
                Some(backup::seal(&folder, &name, &pkcs12, &password, sealing)?)
            }
        };
        self.enter(target, record, &kept, &copy, sealed.as_ref())?;
        let now = self.now();
        let event = Event::BackedUp(BackedUp {
            medium: target.medium.id().to_owned(),
            place: target.medium.root().display().to_string(),
            sha256: kept.sha256,
            fingerprint: kept.fingerprint,
            sealed: sealed.is_some(),
            aside: target.aside.clone(),
        });
        self.ledger.append(record.id, now, Actor::Program, event)?;
        if sealed.is_some() && target.aside.is_none() {
            let event = Event::PasswordElsewhere {
                sha256: kept.sha256,
                place: PasswordPlace::RecoveryFile,
            };
            self.ledger.append(record.id, now, Actor::Program, event)?;
        }
        Ok(Copied {
            p12: copy,
            sealed: sealed.map(|(file, _)| file),
            valid_to: japan_date(kept.not_after),
        })
    }

    fn enter(
        &self,
        target: &mut Target,
        record: &Record,
        kept: &Retrieved,
        copy: &Path,
        sealed: Option<&(PathBuf, PathBuf)>,
    ) -> Result<(), Error> {
        let root = target.medium.root().to_owned();
        let file = index::relative(&root, copy);
        let copies = target.medium.copies();
        let known = copies
            .iter()
            .find(|entry| entry.file == file)
            .or_else(|| copies.iter().find(|entry| is_replaced(entry, kept, &root)));
        let sealed = match sealed {
            Some((file, password)) => Some(SealedEntry::of(&root, file, password)?),
            // What an earlier run sealed beside the same file, or beside one that broke, is still there.
            None => known.and_then(|entry| entry.sealed.clone()),
        };
        target.medium.take(Entry {
            institution_code: record
                .institution_code
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            terminal_name: record.terminal_name.as_ref().map(ToString::to_string),
            fingerprint: kept.fingerprint.to_string(),
            serial_number: kept.serial_number.clone(),
            not_before: kept.not_before,
            not_after: kept.not_after,
            file,
            sha256: kept.sha256.to_string(),
            sealed,
            made_at: self.now(),
            made_on: platform::computer_name(),
        })?;
        Ok(())
    }

    /// The kept file with the bytes that were retrieved.
    fn kept_file(&self, kept: &Retrieved, path: &Path) -> Result<Pkcs12, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let pkcs12 = Pkcs12::received(bytes);
        match pkcs12.sha256() == kept.sha256.0 {
            true => Ok(pkcs12),
            false => Err(Error::KeptFileChanged {
                path: path.to_owned(),
            }),
        }
    }

    /// The named records, else every current one whose file lies here.
    fn to_back_up(&self, terminals: &[String]) -> Result<Vec<RecordId>, Error> {
        let ids = self.chosen(terminals, |record| {
            record.state.is_current()
                && record
                    .state
                    .credential()
                    .is_some_and(|kept| kept.p12.under(self.data()).exists())
        })?;
        match ids.is_empty() {
            true => Err(Error::NothingWaits {
                wanted: Text::new("取得済みの端末", "a retrieved terminal"),
            }),
            false => Ok(ids),
        }
    }

    /// Asks about each doubt; a yes to some of them makes a copy that is not the clinic's back-up.
    fn settle_doubts(&mut self, doubts: &[Doubt]) -> Result<Option<Remark>, Error> {
        let mut aside = None;
        for doubt in doubts {
            let words = words_of(doubt);
            let (ja, en) = match doubt.sets_aside() {
                true => (
                    "それでも書き込みますか？（控えの数には入れません） [y/N]",
                    "Write there all the same? It will not count as the clinic's back-up. [y/N]",
                ),
                false => (
                    "このUSBで間違いありませんか？ [y/N]",
                    "Is this the right stick? [y/N]",
                ),
            };
            let is_harmless = *doubt == Doubt::SameDisk && self.person.assumes_yes();
            if !is_harmless && !self.person.is_present() {
                return Err(Error::Person(PersonError::Absent {
                    question: words,
                    cure: Text::new(
                        "この医療機関のためのUSBを --to DIR に指定してください。",
                        "Name the stick that is kept for this clinic with --to DIR.",
                    ),
                }));
            }
            self.person.tell(&words);
            if !is_harmless && !is_yes(&self.person.key(&Question::plain(ja, en))?) {
                return Err(Error::MediumDeclined);
            }
            if doubt.sets_aside() && aside.is_none() {
                aside = Some(Remark::new(code_of(doubt), &words.ja, &words.en));
            }
        }
        Ok(aside)
    }

    /// Whether a person wants the program on the medium too, where it is not there yet.
    fn wants_program(
        &mut self,
        target: &Target,
        run: &BackupRun,
        program: &Path,
    ) -> Result<bool, Error> {
        let has_copy = run.outcomes.iter().any(|outcome| outcome.result.is_ok());
        let is_asked = self.person.is_present() && !self.person.assumes_yes();
        if !is_asked || !has_copy || target.aside.is_some() || target.medium.has_program(program) {
            return Ok(false);
        }
        let question = Question::plain(
            "このUSBに noticert の実行ファイルも入れておきますか？（新しいパソコンですぐ復元できます） [y/N]",
            "Put the program noticert on this stick too, at hand for a replacement PC? [y/N]",
        );
        match self.person.key(&question) {
            Err(PersonError::BrokenOff) => Ok(false),
            answer => Ok(is_yes(&answer?)),
        }
    }

    fn backup_passphrase(&mut self, given: Option<SecretString>) -> Result<SecretString, Error> {
        if let Some(passphrase) = given {
            return Ok(passphrase);
        }
        if !self.person.is_present() {
            return Err(nobody_for_the_backup_passphrase());
        }
        self.person.tell(&Text::new(
            "バックアップを封印するパスフレーズを決めてください（16文字以上をお勧めします）。USBとは別の所に控えてください。",
            "Choose a passphrase that seals the back-up, better sixteen characters. Keep it apart from the stick.",
        ));
        keyed_twice(
            self.person,
            &Text::new("バックアップのパスフレーズ:", "Passphrase of the back-up:"),
        )
    }

    /// Retention: pictures of the letter are not needed once the certificate is backed up.
    pub(super) fn forget_pictures(&mut self, ids: &[RecordId]) -> Result<usize, Error> {
        let mut wiped = 0;
        if self.config.custody.crops == CropPolicy::Always {
            return Ok(wiped);
        }
        for id in ids {
            if self.ledger.record(*id)?.is_backed_up() {
                wiped += self.ledger.wipe_crops(*id, self.now())?;
            }
        }
        Ok(wiped)
    }
}

/// The passphrase was asked of nobody.
pub(super) fn nobody_for_the_backup_passphrase() -> Error {
    Error::Person(PersonError::Absent {
        question: Text::new(
            "バックアップのパスフレーズ",
            "the passphrase of the back-up",
        ),
        cure: Text::new(
            "--backup-passphrase-file FILE を付けてください。",
            "Give --backup-passphrase-file FILE.",
        ),
    })
}

/// The folder of a terminal on a medium: named for the clinic and the terminal.
fn folder_name(record: &Record) -> String {
    let code = record
        .institution_code
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let name = match (&record.terminal_name, &record.request_id) {
        (Some(name), _) => name.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => record.id.to_string(),
    };
    safe_file_name(&format!("{code}_{name}"))
}

/// Whether an entry is a broken copy of the same bytes, whose place a new one takes.
fn is_replaced(entry: &Entry, kept: &Retrieved, root: &Path) -> bool {
    entry.sha256 == kept.sha256.to_string() && !entry.is_whole(root)
}

fn done<T>(outcomes: &[Outcome<T>]) -> Vec<RecordId> {
    outcomes
        .iter()
        .filter(|outcome| outcome.result.is_ok())
        .map(|outcome| outcome.record)
        .collect()
}

fn words_of(doubt: &Doubt) -> Text {
    match doubt {
        Doubt::SameDisk => Text::new(
            "バックアップ先は、このパソコンが使っているディスクです。壊れると元のファイルと一緒に失われます。USBメモリーなどにしてください。",
            "This is the disk that this PC works from: one fault takes original and copy. Use a stick.",
        ),
        Doubt::HoldsCase { path } => Text::new(
            format!(
                "このUSBはお持ち帰り用では？ noticert のケース（{}）が入っています。医療機関のバックアップは、医療機関に置くUSBに作ります。",
                path.display()
            ),
            format!(
                "Is this stick one to take home? A case lies on it ({}). The clinic's back-up belongs on a stick that stays.",
                path.display()
            ),
        ),
        Doubt::HoldsData { path } => Text::new(
            format!(
                "このUSBはお持ち帰り用では？ noticert の台帳（{}）が入っています。",
                path.display()
            ),
            format!(
                "Is this stick one to take home? A ledger of noticert lies on it ({}).",
                path.display()
            ),
        ),
        Doubt::HoldsProgram => Text::new(
            "このUSBはお持ち帰り用では？ いま動いている noticert はこのUSBのものです。",
            "Is this stick one to take home? The running noticert was started from it.",
        ),
        Doubt::OtherClinic { codes } => Text::new(
            format!(
                "このUSBには別の医療機関（{}）のバックアップが入っています。",
                codes.join("、")
            ),
            format!(
                "Back-ups of another institution ({}) lie on this stick.",
                codes.join(", ")
            ),
        ),
    }
}

fn code_of(doubt: &Doubt) -> &'static str {
    match doubt {
        Doubt::SameDisk => "same-disk",
        Doubt::HoldsCase { .. } => "holds-case",
        Doubt::HoldsData { .. } => "holds-data",
        Doubt::HoldsProgram => "holds-program",
        Doubt::OtherClinic { .. } => "other-clinic",
    }
}

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Disk(error) => Self::Disk(error),
            other => Self::Backup(other),
        }
    }
}
