//! Reading what rests: a batch on all cores, each letter recorded whole or not at all.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::custody::sealed_letter;
use crate::domain::{Text, japan_date};
use crate::intake::document::DocumentError;
use crate::intake::judge::Judge;
use crate::intake::sheet::PageOutcome;
use crate::intake::tally::Tally;
use crate::intake::{self, Delivery, FileNotRead, Input, Intake, IntakeError, Reading, Source};
use crate::ledger::{KnownLetter, LetterOutcome};
use crate::platform;
use crate::workflow::reading::{Recorded, record_sheet};

use super::away::{self, Scan};
use super::folder::{Seen, shown};
use super::{Desk, Error, NotTaken, TRIES, TRIES_WHILE_WAITING, Watch, WatchedLetter};

/// A letter, and what it adds to the tally.
pub(super) struct Judged {
    pub file: OsString,
    pub letter: WatchedLetter,
    pub tally: Tally,
    pub request_ids: BTreeSet<String>,
}

/// A file that is read.
struct Candidate {
    file: OsString,
    name: String,
    path: PathBuf,
    seen: Seen,
    sha256: [u8; 32],
}

impl Desk<'_> {
    /// Reads these files and puts each away; what is known already is not read again.
    pub(super) fn take_batch(
        &mut self,
        watch: &mut Watch<'_, '_>,
        batch: &[(OsString, Seen)],
    ) -> Result<(), Error> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut sources = Vec::new();
        for (file, seen) in batch {
            let Some((candidate, input)) = self.candidate(watch, file, *seen) else {
                continue;
            };
            if let Some(known) = self.ledger.letter(candidate.sha256)? {
                self.put_known_away(watch, &candidate, known);
                continue;
            }
            // The same letter twice in a batch: the second is known when its turn comes.
            if candidates
                .iter()
                .any(|other| other.sha256 == candidate.sha256)
            {
                continue;
            }
            sources.push(Source {
                name: candidates.len().to_string(),
                input,
            });
            candidates.push(candidate);
        }
        match sources.is_empty() {
            true => Ok(()),
            false => self.read_batch(watch, &candidates, sources),
        }
    }

    /// The file, hashed; `None` when it is not taken now.
    fn candidate(
        &self,
        watch: &mut Watch<'_, '_>,
        file: &OsString,
        seen: Seen,
    ) -> Option<(Candidate, Input)> {
        let path = watch.folder.join(file);
        let limit = self.config.limits.megabytes_per_file;
        if seen.bytes > u64::from(limit) << 20 {
            let error = DocumentError::FileTooLarge { limit }.into();
            let why = NotTaken::Unfit(whole(&shown(file), error));
            watch.hold(file, seen, &why, None);
            return None;
        }
        if seen.bytes == 0 {
            watch.hold(file, seen, &NotTaken::Empty, None);
            return None;
        }
        if sealed_letter::is_sealed(&path) {
            watch.hold(file, seen, &NotTaken::Sealed, None);
            return None;
        }
        let opened = platform::open_plain(&path).and_then(|opened| {
            let has_other_names = platform::has_other_names(&opened)?;
            let contents = contents(&mut BufReader::new(opened), &path, seen.bytes)?;
            Ok((has_other_names, contents))
        });
        match opened {
            Ok((true, _)) => {
                let tries = watch.tries(file, seen) + 1;
                watch.hold(file, seen, &NotTaken::OtherNames, Some(tries));
                None
            }
            // It changed since the look: the next one sees it move.
            Ok((false, contents)) if contents.bytes != seen.bytes => None,
            Ok((false, contents)) => {
                let candidate = Candidate {
                    file: file.clone(),
                    name: shown(file),
                    path,
                    seen,
                    sha256: contents.sha256,
                };
                Some((candidate, contents.input))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let tries = watch.tries(file, seen) + 1;
                watch.hold(file, seen, &NotTaken::Locked(error), Some(tries));
                None
            }
        }
    }

    fn put_known_away(
        &mut self,
        watch: &mut Watch<'_, '_>,
        candidate: &Candidate,
        known: KnownLetter,
    ) {
        let kept = away::put_away(
            &self.ledger,
            &candidate.path,
            &candidate.scan(known.outcome),
            watch.keep,
        );
        let judged = Judged {
            file: candidate.file.clone(),
            letter: WatchedLetter {
                name: candidate.name.clone(),
                outcome: known.outcome,
                known_as: Some(known.name),
                recorded: Vec::new(),
                unread: Vec::new(),
                without_notice: 0,
                kept,
            },
            tally: Tally::default(),
            request_ids: BTreeSet::new(),
        };
        watch.letter(judged, candidate.seen);
    }

    fn read_batch(
        &mut self,
        watch: &mut Watch<'_, '_>,
        candidates: &[Candidate],
        sources: Vec<Source>,
    ) -> Result<(), Error> {
        let (config, progress, stop) = (self.config, self.progress, self.stop);
        let today = japan_date(self.now());
        let jobs = watch.request.jobs.get();
        let what = Text::new("読み取り中", "reading");
        let on_page = |at: intake::Progress| {
            progress.count(at.pages_done as usize, Some(at.pages_known as usize), &what);
        };
        let judge = Judge { config, today };
        let mut under_way: Option<(usize, Reading)> = None;
        let mut failed = None;
        let mut finish = |desk: &mut Self, (at, mut reading): (usize, Reading)| {
            if failed.is_none()
                && let Some(candidate) = candidates.get(at)
            {
                judge.sheets(&mut reading.sheets);
                failed = desk.settle(watch, candidate, reading).err();
            }
        };
        // Deliveries come in the order of files, so a file is whole when the next one begins.
        let is_whole = Intake::new(config, today)
            .read_each(sources, jobs, &on_page, stop.flag(), &mut |delivery| {
                let at = number_of(&delivery);
                if under_way.as_ref().is_some_and(|(before, _)| *before != at)
                    && let Some(before) = under_way.take()
                {
                    finish(self, before);
                }
                let (_, reading) = under_way.get_or_insert_with(|| (at, Reading::default()));
                reading.take(delivery);
            })
            .map_err(IntakeError::from)?;
        if let Some(last) = under_way.filter(|_| is_whole) {
            finish(self, last);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Records a letter and puts it away, or leaves it where it is.
    fn settle(
        &mut self,
        watch: &mut Watch<'_, '_>,
        candidate: &Candidate,
        mut reading: Reading,
    ) -> Result<(), Error> {
        name_sources(&mut reading, &candidate.name);
        let tries = watch.tries(&candidate.file, candidate.seen) + 1;
        if let Some(at) = reading.files_not_read.iter().position(is_unfit) {
            let why = NotTaken::Unfit(reading.files_not_read.swap_remove(at));
            watch.hold(&candidate.file, candidate.seen, &why, None);
            return Ok(());
        }
        let broken = reading.files_not_read.iter().position(may_not_be_whole);
        let patience = match watch.request.once {
            true => TRIES,
            false => TRIES_WHILE_WAITING,
        };
        if let Some(at) = broken.filter(|_| tries < patience) {
            let why = NotTaken::NotWhole(reading.files_not_read.swap_remove(at));
            watch.hold(&candidate.file, candidate.seen, &why, Some(tries));
            return Ok(());
        }
        let tally = Tally::of(&reading);
        let request_ids = request_ids(&reading);
        let (outcome, recorded) = self.record(candidate, &mut reading)?;
        let scan = candidate.scan(outcome);
        let kept = away::put_away(&self.ledger, &candidate.path, &scan, watch.keep);
        let letter = WatchedLetter {
            name: candidate.name.clone(),
            outcome,
            known_as: None,
            recorded,
            without_notice: reading.pages_without_notice.len(),
            unread: reading.files_not_read,
            kept,
        };
        let judged = Judged {
            file: candidate.file.clone(),
            letter,
            tally,
            request_ids,
        };
        watch.letter(judged, candidate.seen);
        Ok(())
    }

    /// Writes every sheet, and that the letter was read, as one: a kill leaves all of it or nothing.
    fn record(
        &mut self,
        candidate: &Candidate,
        reading: &mut Reading,
    ) -> Result<(LetterOutcome, Vec<Recorded>), Error> {
        let (config, clock) = (self.config, self.clock);
        self.ledger.all_or_nothing(|ledger| {
            let mut recorded = Vec::new();
            for sheet in &mut reading.sheets {
                recorded.push(record_sheet(ledger, config, sheet, clock())?);
            }
            let is_done = reading.is_complete()
                && !recorded.is_empty()
                && recorded.iter().all(|sheet| sheet.settled);
            let outcome = match is_done {
                true => LetterOutcome::Done,
                false => LetterOutcome::Doubtful,
            };
            let letter = KnownLetter {
                name: candidate.name.clone(),
                at: clock(),
                outcome,
            };
            ledger.remember_letter(candidate.sha256, &letter)?;
            Ok((outcome, recorded))
        })
    }
}

impl Candidate {
    fn scan(&self, outcome: LetterOutcome) -> Scan<'_> {
        Scan {
            sha256: self.sha256,
            bytes: self.seen.bytes,
            name: &self.name,
            outcome,
        }
    }
}

/// A file as it was opened.
struct Contents {
    sha256: [u8; 32],
    bytes: u64,
    input: Input,
}

/// The hash of a file, and its bytes where they are few: then exactly those are read.
fn contents(file: &mut dyn Read, path: &Path, length: u64) -> io::Result<Contents> {
    if length > HELD_IN_MEMORY {
        let (sha256, bytes) = away::hash(file)?;
        let input = Input::Path(path.to_owned());
        return Ok(Contents {
            sha256,
            bytes,
            input,
        });
    }
    let mut held = Vec::with_capacity(length as usize);
    file.take(HELD_IN_MEMORY + 1).read_to_end(&mut held)?;
    let (sha256, bytes) = away::hash(&mut held.as_slice())?;
    let input = Input::Bytes(held);
    Ok(Contents {
        sha256,
        bytes,
        input,
    })
}

/// Which candidate a delivery is of: sources are named by their number, so no two share a name.
fn number_of(delivery: &Delivery) -> usize {
    let name = match delivery {
        Delivery::Page(PageOutcome::Notice(sheets)) => {
            sheets.first().map(|sheet| sheet.source.as_str())
        }
        Delivery::Page(PageOutcome::WithoutNotice(page)) => Some(page.source.as_str()),
        Delivery::NotRead(file) => Some(file.source.as_str()),
    };
    name.and_then(|name| name.parse().ok())
        .unwrap_or(usize::MAX)
}

fn name_sources(reading: &mut Reading, name: &str) {
    for sheet in &mut reading.sheets {
        name.clone_into(&mut sheet.source);
    }
    for page in &mut reading.pages_without_notice {
        name.clone_into(&mut page.source);
    }
    for file in &mut reading.files_not_read {
        name.clone_into(&mut file.source);
    }
}

fn request_ids(reading: &Reading) -> BTreeSet<String> {
    reading
        .sheets
        .iter()
        .filter_map(|sheet| sheet.request_id.value.as_ref())
        .map(ToString::to_string)
        .collect()
}

fn whole(name: &str, error: IntakeError) -> FileNotRead {
    FileNotRead {
        source: name.to_owned(),
        page: None,
        error,
    }
}

/// Whether a person has to do something with the file itself before it can be read.
fn is_unfit(file: &FileNotRead) -> bool {
    matches!(
        &file.error,
        IntakeError::Document(
            DocumentError::UnknownKind { .. }
                | DocumentError::Encrypted
                | DocumentError::FileTooLarge { .. }
                | DocumentError::IsDirectory
        )
    )
}

/// Whether a file that still arrives would look like this.
fn may_not_be_whole(file: &FileNotRead) -> bool {
    matches!(
        &file.error,
        IntakeError::Document(
            DocumentError::Truncated { .. }
                | DocumentError::Damaged { .. }
                | DocumentError::Empty
                | DocumentError::NoPages
                | DocumentError::Unreadable { .. }
        )
    )
}

/// Files up to this length are read once from the disk.
const HELD_IN_MEMORY: u64 = 8 << 20;
