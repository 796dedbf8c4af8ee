//! `watch`: letters that a scanner drops into a folder are read, recorded and put away.
//!
//! A letter is a bearer credential: whoever holds the scan can fetch the certificate. So what was read does not stay
//! readable in the folder. A letter whose every issuance is confirmed goes to `done`, sealed, or is deleted, as a
//! person chose once for the folder; any other goes to `doubtful`, always sealed, because nothing may be lost that a
//! person still has to look at.
//!
//! The folder is polled: shares of a network tell nobody what changes on them, and two looks tell when a file is whole.
//! The ledger is let go while nothing is to be done, so that a person can review and retrieve meanwhile.

mod away;
mod folder;
mod letter;

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use thiserror::Error;

use crate::custody::sealed_letter::SealedLetterError;
use crate::custody::{DiskError, PathKind, files};
use crate::domain::Text;
use crate::intake::FileNotRead;
use crate::intake::tally::Tally;
use crate::ledger::{Keep, LedgerError, LetterOutcome};

use super::error::Error;
use super::person::{PersonError, Question};
use super::reading::Recorded;
use super::{Desk, Stop};

use away::FolderLock;
use folder::{Looks, Seen};
use letter::Judged;

pub(super) use folder::{is_passed_over, may_be_letter};

/// Which folder is watched, and how.
#[derive(Clone, Debug)]
pub struct WatchRequest {
    /// The folder.
    pub folder: PathBuf,
    /// What becomes of letters that were read whole; what was chosen before, where not given.
    pub keep: Option<Keep>,
    /// Time between two looks.
    pub every: Duration,
    /// Ends when nothing is left to be read.
    pub once: bool,
    /// Pages read at a time.
    pub jobs: NonZeroUsize,
}

/// Why a folder cannot be watched.
#[derive(Debug, Error)]
pub enum WatchError {
    /// There is no such folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// The data folder, or one in it, or one around it: what is sealed there would be taken for letters.
    #[error("{} holds noticert's own data", path.display())]
    OwnData {
        /// What was named.
        path: PathBuf,
    },
    /// The folder's name is no text, so it cannot be remembered.
    #[error("the name of {} is no text", path.display())]
    NameNotText {
        /// The folder.
        path: PathBuf,
    },
    /// Another noticert watches it.
    #[error("another noticert watches {}", path.display())]
    Watched {
        /// The folder.
        path: PathBuf,
    },
    /// An opened letter is bytes, and secret: no screen takes it.
    #[error("an opened letter is not written to a screen")]
    ToTheScreen,
    /// A letter cannot be sealed or opened.
    #[error(transparent)]
    Letter(#[from] SealedLetterError),
}

/// Something that a person wants to hear while a folder is watched.
#[derive(Debug)]
pub enum WatchNews<'a> {
    /// The watch began.
    Began {
        /// The folder, from the root.
        folder: &'a Path,
        /// What becomes of letters that were read whole.
        keep: Keep,
    },
    /// A letter was read, or was known.
    Letter(&'a WatchedLetter),
    /// A file stays where it is.
    NotTaken {
        /// The file.
        name: &'a str,
        /// Why.
        why: &'a NotTaken,
    },
    /// The folder is not to be seen.
    Gone(&'a io::Error),
    /// The folder is there again.
    Back,
    /// Another noticert writes to the ledger; the letters wait.
    LedgerBusy,
    /// Nothing is left to be done for now.
    Quiet(&'a Tally),
}

/// What came of one letter.
#[derive(Debug)]
pub struct WatchedLetter {
    /// Its file's name.
    pub name: String,
    /// What came of it.
    pub outcome: LetterOutcome,
    /// What its file was called when it was read, where it was known: it was not read again.
    pub known_as: Option<String>,
    /// Where each sheet went.
    pub recorded: Vec<Recorded>,
    /// Pages that could not be read.
    pub unread: Vec<FileNotRead>,
    /// Pages without a notice.
    pub without_notice: usize,
    /// Where the scan is now.
    pub kept: Result<Kept, SealedLetterError>,
}

/// Where the scan of a letter is now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kept {
    /// Sealed, here.
    Sealed(PathBuf),
    /// Nowhere.
    Deleted,
    /// Where it was: its contents changed while it was read, so it will be read again.
    GivenBack,
}

/// Why a file stays where it is.
#[derive(Debug)]
pub enum NotTaken {
    /// It is a link.
    Link,
    /// It is a folder.
    Folder,
    /// It is a pipe, a device or the like.
    Special,
    /// It has other names, under which it would stay readable.
    OtherNames,
    /// It holds no byte.
    Empty,
    /// It is a sealed letter.
    Sealed,
    /// It still grows.
    Growing,
    /// It cannot be opened yet.
    Locked(io::Error),
    /// It is broken, or not whole yet; it is looked at again.
    NotWhole(FileNotRead),
    /// It cannot be read as it is; a person has to do something with it.
    Unfit(FileNotRead),
    /// A claimed scan of an earlier run cannot be put away.
    LeftOver(SealedLetterError),
}

/// What a watch came to.
#[derive(Debug, Default)]
pub struct Watched {
    /// All pages.
    pub tally: Tally,
    /// Letters of which nothing waits for a person.
    pub done: usize,
    /// Letters that a person must look at.
    pub doubtful: usize,
    /// Files that were not taken.
    pub not_taken: usize,
    /// Letters that were read and could not be put away.
    pub in_clear: usize,
    /// Whether a person ended it.
    pub stopped: bool,
    request_ids: BTreeSet<String>,
}

impl Desk<'_> {
    /// Watches a folder until the person stops it, or until nothing is left where that was asked.
    pub fn watch(
        &mut self,
        request: &WatchRequest,
        hear: &mut dyn FnMut(&WatchNews<'_>),
    ) -> Result<Watched, Error> {
        let (folder, name) = self.folder_to_watch(&request.folder)?;
        let lock = FolderLock::take(&folder)?;
        away::prepare(&folder)?;
        let keep = self.kept_how(&name, request.keep)?;
        hear(&WatchNews::Began {
            folder: &folder,
            keep,
        });
        self.stop.set_leaves_by_itself(true);
        let mut watch = Watch {
            looks: Looks::at(&folder),
            folder,
            keep,
            request,
            lock: Some(lock),
            held: HashMap::new(),
            look: 0,
            told: 0,
            busy: false,
            sum: Watched::default(),
            hear,
        };
        let ended = self.watch_on(&mut watch);
        self.stop.set_leaves_by_itself(false);
        let Watch { mut sum, held, .. } = watch;
        ended?;
        sum.not_taken = held.values().filter(|held| held.counts).count();
        sum.in_clear = held.values().filter(|held| held.was_read).count();
        sum.stopped = self.stop.is_wanted();
        Ok(sum)
    }

    fn watch_on(&mut self, watch: &mut Watch<'_, '_>) -> Result<(), Error> {
        while !self.stop.is_wanted() {
            let is_quiet = match watch.see() {
                Ok(()) => self.take_what_rests(watch)?,
                Err(error) if watch.request.once => {
                    return Err(DiskError::new(PathKind::Scan, &watch.folder, error).into());
                }
                Err(_) => false,
            };
            if is_quiet {
                if watch.told != watch.sum.tally.pages && !watch.request.once {
                    watch.told = watch.sum.tally.pages;
                    (watch.hear)(&WatchNews::Quiet(&watch.sum.tally));
                }
                if watch.request.once {
                    return Ok(());
                }
                self.ledger.let_go()?;
            }
            wait(watch.request.every, self.stop);
        }
        Ok(())
    }

    /// Reads and puts away what rests. Returns whether nothing is left to wait for.
    fn take_what_rests(&mut self, watch: &mut Watch<'_, '_>) -> Result<bool, Error> {
        let gave_back = self.finish_claims(watch);
        let mut is_quiet = !gave_back && watch.looks.moving().next().is_none();
        let due = watch.due();
        if !due.is_empty() && !self.become_writer(watch)? {
            return Ok(false);
        }
        for batch in due.chunks(BATCH) {
            if self.stop.is_wanted() {
                return Ok(false);
            }
            self.take_batch(watch, batch)?;
        }
        // What was given back, or is tried again soon, is not waited for in vain.
        is_quiet &= !watch.held.values().any(Held::is_soon_due);
        is_quiet &= watch.looks.resting().all(|(name, seen)| {
            let held = watch.held.get(name);
            held.is_some_and(|held| held.seen == *seen) || !watch.folder.join(name).exists()
        });
        Ok(is_quiet)
    }

    fn become_writer(&mut self, watch: &mut Watch<'_, '_>) -> Result<bool, Error> {
        match self.ledger.take_again(self.now()) {
            Ok(()) => {
                watch.busy = false;
                Ok(true)
            }
            Err(LedgerError::InUse { .. }) if !watch.request.once => {
                if !std::mem::replace(&mut watch.busy, true) {
                    (watch.hear)(&WatchNews::LedgerBusy);
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The folder from the root, with its name as text.
    fn folder_to_watch(&self, folder: &Path) -> Result<(PathBuf, String), WatchError> {
        let not_a_folder = || WatchError::NotAFolder {
            path: folder.to_owned(),
        };
        let path = std::fs::canonicalize(folder).map_err(|_| not_a_folder())?;
        if !path.is_dir() {
            return Err(not_a_folder());
        }
        let own = std::fs::canonicalize(self.data()).unwrap_or_else(|_| self.data().to_owned());
        if own.starts_with(&path) || path.starts_with(&own) {
            return Err(WatchError::OwnData { path });
        }
        match path.to_str() {
            Some(name) => Ok((path.clone(), name.to_owned())),
            None => Err(WatchError::NameNotText { path }),
        }
    }

    /// What becomes of letters here: as asked now, as chosen before, else a person is asked, once.
    fn kept_how(&mut self, folder: &str, asked: Option<Keep>) -> Result<Keep, Error> {
        let folders = self.ledger.watched_folders()?;
        let before = folders
            .iter()
            .find(|known| known.path == Path::new(folder))
            .map(|known| known.keep);
        let keep = match asked.or(before) {
            Some(keep) => keep,
            // Nothing is lost by sealing, so this may be answered unasked.
            None if self.person.assumes_yes() => Keep::Seal,
            None => self.ask_how_to_keep()?,
        };
        if before != Some(keep) {
            let now = self.now();
            self.ledger.remember_folder(folder, keep, now)?;
        }
        Ok(keep)
    }

    fn ask_how_to_keep(&mut self) -> Result<Keep, Error> {
        let question = Question::plain(
            "通知書のスキャンは、それだけで証明書を受け取れる大切なものです。読み取りがすべて済んだスキャンをどうしますか？\n  1 封印して done に残す（このデータフォルダーの封印でだけ開けます）\n  2 消去する\n1 か 2:",
            "With the scan of a letter anyone can fetch its certificate. What becomes of a scan that was read whole?\n  1 it is sealed and kept in done (only the seal of this data folder opens it)\n  2 it is deleted\n1 or 2:",
        );
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: Text::new(
                    "読み取りの済んだスキャンを封印して残すか、消去するか",
                    "whether scans that were read are sealed or deleted",
                ),
                cure: Text::new(
                    "--keep seal（封印して残す）か --keep delete（消去する）を付けてください。",
                    "Give --keep seal or --keep delete.",
                ),
            }));
        }
        for _ in 0..TIMES_ASKED {
            let typed = self.person.key(&question)?;
            // Exposed to be compared with the choices.
            match typed.expose_secret().trim() {
                "1" | "１" | "seal" => return Ok(Keep::Seal),
                "2" | "２" | "delete" => return Ok(Keep::Delete),
                _ => {}
            }
        }
        Err(Error::Person(PersonError::BrokenOff))
    }
}

/// A watch under way.
struct Watch<'a, 'h> {
    folder: PathBuf,
    keep: Keep,
    request: &'a WatchRequest,
    /// Given up with a folder that vanishes.
    lock: Option<FolderLock>,
    looks: Looks,
    held: HashMap<OsString, Held>,
    look: u64,
    /// Pages in the tally when it was told last.
    told: usize,
    busy: bool,
    sum: Watched,
    hear: &'h mut dyn FnMut(&WatchNews<'_>),
}

/// A file that was looked at and stays where it is.
struct Held {
    seen: Seen,
    tries: u32,
    /// The look at which it is tried again; `None` while it stays as it is.
    next: Option<u64>,
    /// Whether it counts as not taken.
    counts: bool,
    /// Whether it was read and could not be put away.
    was_read: bool,
}

impl Held {
    /// Whether a run that ends by itself still waits for it.
    fn is_soon_due(&self) -> bool {
        self.next.is_some() && self.tries < TRIES
    }
}

impl Watch<'_, '_> {
    /// Looks at the folder; says what is odd, what grows, and when it vanishes or comes back.
    fn see(&mut self) -> io::Result<()> {
        self.look += 1;
        let seen = self.looks.look().and_then(|()| self.lock_again());
        if let Err(error) = seen {
            if self.lock.take().is_some() {
                (self.hear)(&WatchNews::Gone(&error));
            }
            return Err(error);
        }
        for (name, oddity) in self.looks.odd() {
            let is_news = !self.held.contains_key(&name);
            if is_news {
                self.hold(&name, Seen::default(), &oddity, None);
            }
        }
        let slow: Vec<OsString> = self
            .looks
            .moving()
            .filter(|(_, looks)| *looks == LOOKS_UNTIL_TOLD)
            .map(|(name, _)| name.clone())
            .collect();
        for name in slow {
            self.tell_not_taken(&name, &NotTaken::Growing);
        }
        let looks = &self.looks;
        self.held.retain(|name, _| looks.is_there(name));
        Ok(())
    }

    fn lock_again(&mut self) -> io::Result<()> {
        if self.lock.is_some() {
            return Ok(());
        }
        let lock = FolderLock::take(&self.folder).map_err(io::Error::other)?;
        away::prepare(&self.folder).map_err(io::Error::other)?;
        self.lock = Some(lock);
        (self.hear)(&WatchNews::Back);
        Ok(())
    }

    /// What rests and is not held, in the order of names.
    fn due(&self) -> Vec<(OsString, Seen)> {
        let mut due: Vec<_> = self
            .looks
            .resting()
            .filter(|(name, seen)| match self.held.get(*name) {
                Some(held) if held.seen == **seen => {
                    held.next.is_some_and(|next| next <= self.look)
                }
                _ => true,
            })
            .map(|(name, seen)| (name.clone(), *seen))
            .collect();
        due.sort();
        due
    }

    /// Leaves a file where it is and says why, once. `again`: it is tried again by and by.
    fn hold(&mut self, name: &OsString, seen: Seen, why: &NotTaken, again: Option<u32>) {
        let is_news = self
            .held
            .get(name)
            .is_none_or(|held| held.seen != seen || again.is_none() && held.next.is_some());
        self.held.insert(
            name.clone(),
            Held {
                seen,
                tries: again.unwrap_or(0),
                next: again.map(|tries| self.look + (1 << tries.min(LONGEST_WAIT))),
                counts: !matches!(why, NotTaken::Folder | NotTaken::Sealed),
                was_read: false,
            },
        );
        if is_news {
            self.tell_not_taken(name, why);
        }
    }

    fn tell_not_taken(&mut self, name: &OsString, why: &NotTaken) {
        let name = folder::shown(name);
        (self.hear)(&WatchNews::NotTaken { name: &name, why });
    }

    /// Whether it is not yet time to try the file again.
    fn waits(&self, name: &OsString) -> bool {
        let next = self.held.get(name).and_then(|held| held.next);
        next.is_some_and(|next| next > self.look)
    }

    /// How often the file was tried as it is now.
    fn tries(&self, name: &OsString, seen: Seen) -> u32 {
        match self.held.get(name) {
            Some(held) if held.seen == seen => held.tries,
            _ => 0,
        }
    }

    /// Counts a letter and tells of it.
    fn letter(&mut self, judged: Judged, seen: Seen) {
        let Judged {
            file,
            letter,
            tally,
            request_ids,
        } = judged;
        let before = self.held.remove(&file).filter(|held| held.seen == seen);
        let was_read = before.as_ref().is_some_and(|held| held.was_read);
        if letter.kept.is_err() {
            let tries = before.map_or(0, |held| held.tries) + 1;
            let held = Held {
                seen,
                tries,
                next: Some(self.look + (1 << tries.min(LONGEST_WAIT))),
                counts: false,
                was_read: true,
            };
            self.held.insert(file, held);
            if was_read {
                return;
            }
        }
        if !was_read && !matches!(letter.kept, Ok(Kept::GivenBack)) {
            self.count(letter.outcome, tally, request_ids);
        }
        (self.hear)(&WatchNews::Letter(&letter));
    }

    fn count(&mut self, outcome: LetterOutcome, mut tally: Tally, request_ids: BTreeSet<String>) {
        let without_id = tally.terminals.saturating_sub(request_ids.len());
        let before = self.sum.request_ids.len();
        self.sum.request_ids.extend(request_ids);
        tally.terminals = without_id + self.sum.request_ids.len() - before;
        self.sum.tally.add(&tally);
        match outcome {
            LetterOutcome::Done => self.sum.done += 1,
            LetterOutcome::Doubtful => self.sum.doubtful += 1,
        }
    }
}

/// Sleeps, but not past a wish to stop.
fn wait(time: Duration, stop: &Stop) {
    let mut left = time;
    while !left.is_zero() && !stop.is_wanted() {
        let part = left.min(SLICE);
        std::thread::sleep(part);
        left -= part;
    }
}

/// Files read as one: enough to keep every core busy, few enough to be told soon.
const BATCH: usize = 16;
/// Looks at a file that grows before that is said.
const LOOKS_UNTIL_TOLD: u32 = 15;
/// Times that a file is tried before it counts as what it is now, in a run that ends by itself.
const TRIES: u32 = 3;
/// The same in one that goes on: two minutes at two seconds a look, for a scanner that waits for the next sheet.
const TRIES_WHILE_WAITING: u32 = 6;
/// The pause before a file is tried again doubles up to this power of two, in looks.
const LONGEST_WAIT: u32 = 5;
const TIMES_ASKED: u32 = 3;
const SLICE: Duration = Duration::from_millis(50);
