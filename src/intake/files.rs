//! Many files on all cores, delivered in order.
//!
//! Threads take the next page from one queue; the calling thread puts what comes back into order. A thread
//! that is far ahead of the slowest page waits, so the pages held are bounded by the number of threads.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::config::Limits;
use crate::intake::document::{Document, RawPage};
use crate::intake::reader::ReaderError;
use crate::intake::sheet::SheetReader;
use crate::intake::{Delivery, FileNotRead, Input, Intake, IntakeError, Progress, Source};

/// See [`Intake::read_each`].
pub fn read_each(
    intake: &Intake<'_>,
    sources: Vec<Source>,
    jobs: usize,
    progress: &(dyn Fn(Progress) + Sync),
    cancelled: &AtomicBool,
    deliver: &mut dyn FnMut(Delivery),
) -> Result<bool, ReaderError> {
    let jobs = jobs.max(1);
    let queue = Queue::new(sources, jobs, &intake.config.limits, cancelled);
    // The first reader is opened here: without language data no thread needs to start.
    let first = intake.sheet_reader()?;
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        let mut first = Some(first);
        for _ in 0..jobs {
            let reader = first.take();
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                let _close = CloseOnDrop(queue);
                work(intake, queue, reader, &sender);
            });
        }
        drop(sender);
        in_order(&queue, &receiver, progress, deliver);
    });
    match queue.into_failure() {
        Some(failure) => Err(failure),
        None => Ok(!cancelled.load(Ordering::Relaxed)),
    }
}

/// One thread: pages from the queue to the receiver, until there are no more.
fn work<'a>(
    intake: &Intake<'a>,
    queue: &Queue<'_>,
    mut reader: Option<SheetReader<'a>>,
    sender: &Sender<Done>,
) {
    while let Some(task) = queue.next() {
        let open = match &mut reader {
            Some(open) => open,
            // A thread that never gets a page never loads a model.
            none => match intake.sheet_reader() {
                Ok(opened) => none.insert(opened),
                Err(failure) => return queue.fail(failure),
            },
        };
        let (at, source) = (task.at, task.source.clone());
        let page = match &task.work {
            Work::Page(_, number) => Some(*number),
            Work::Report(page, _) => *page,
        };
        // A fault on one page must not lose the others. The reader may be half way through a line: it is not
        // used again.
        let read = catch_unwind(AssertUnwindSafe(|| read(open, task)));
        let deliveries = read.unwrap_or_else(|_| {
            reader = None;
            vec![Delivery::NotRead(FileNotRead {
                source: source.clone(),
                page,
                error: IntakeError::BrokeOff,
            })]
        });
        let done = Done {
            at,
            source,
            deliveries,
        };
        if sender.send(done).is_err() {
            return;
        }
    }
}

/// What a task came to: of a page that shows several sheets one delivery for each.
fn read(reader: &mut SheetReader<'_>, task: Task) -> Vec<Delivery> {
    let not_read = |page, error| {
        vec![Delivery::NotRead(FileNotRead {
            source: task.source.clone(),
            page,
            error,
        })]
    };
    let (document, number) = match task.work {
        Work::Page(document, number) => (document, number),
        Work::Report(page, error) => return not_read(page, error),
    };
    let raw: RawPage = match document.page(number) {
        Ok(raw) => raw,
        Err(error) => return not_read(Some(number), error.into()),
    };
    // The page's pixels are all that is needed from here on.
    drop(document);
    match reader.read(&task.source, raw) {
        Ok(outcomes) => outcomes.into_iter().map(Delivery::Page).collect(),
        Err(error) => not_read(Some(number), error.into()),
    }
}

/// Puts deliveries into order and hands them on.
fn in_order(
    queue: &Queue<'_>,
    receiver: &Receiver<Done>,
    progress: &(dyn Fn(Progress) + Sync),
    deliver: &mut dyn FnMut(Delivery),
) {
    let mut early: BTreeMap<u64, Done> = BTreeMap::new();
    let mut next = 0;
    let mut pages_done = 0;
    for done in receiver {
        let source = done.source.clone();
        early.insert(done.at, done);
        while let Some(done) = early.remove(&next) {
            next += 1;
            pages_done += u32::from(matches!(done.deliveries[..], [Delivery::Page(_), ..]));
            done.deliveries.into_iter().for_each(&mut *deliver);
        }
        progress(queue.delivered(next, source, pages_done));
    }
}

/// One piece of work, numbered in the order of files and pages.
struct Task {
    at: u64,
    source: String,
    work: Work,
}

enum Work {
    /// Read this page.
    Page(Arc<Document>, u32),
    /// Nothing to read: report this.
    Report(Option<u32>, IntakeError),
}

struct Done {
    at: u64,
    source: String,
    deliveries: Vec<Delivery>,
}

/// The work still to be done.
struct Queue<'a> {
    state: Mutex<State>,
    moved: Condvar,
    limits: &'a Limits,
    cancelled: &'a AtomicBool,
    ahead: u64,
}

struct State {
    sources: VecDeque<Source>,
    open: Option<(String, Arc<Document>, u32)>,
    taken: u64,
    delivered: u64,
    pages_known: u32,
    files_opened: usize,
    files: usize,
    closed: bool,
    failure: Option<ReaderError>,
}

impl<'a> Queue<'a> {
    fn new(
        sources: Vec<Source>,
        jobs: usize,
        limits: &'a Limits,
        cancelled: &'a AtomicBool,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                files: sources.len(),
                sources: sources.into(),
                open: None,
                taken: 0,
                delivered: 0,
                pages_known: 0,
                files_opened: 0,
                closed: false,
                failure: None,
            }),
            moved: Condvar::new(),
            limits,
            cancelled,
            ahead: jobs as u64 * PAGES_AHEAD,
        }
    }

    /// The next piece of work; waits while too much of it lies undelivered.
    fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.closed || self.cancelled.load(Ordering::Relaxed) {
                return None;
            }
            if state.taken < state.delivered + self.ahead {
                return state.take(self.limits);
            }
            state = self
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn delivered(&self, delivered: u64, source: String, pages_done: u32) -> Progress {
        let mut state = self.lock();
        state.delivered = delivered;
        self.moved.notify_all();
        Progress {
            source,
            pages_done,
            pages_known: state.pages_known,
            files_opened: state.files_opened,
            files: state.files,
        }
    }

    fn fail(&self, failure: ReaderError) {
        let mut state = self.lock();
        state.failure.get_or_insert(failure);
        state.closed = true;
        self.moved.notify_all();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.moved.notify_all();
    }

    fn into_failure(self) -> Option<ReaderError> {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).failure
    }

    /// A thread that panicked left the counters whole: each is changed in one step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the other threads go when one ends, by panic too, once the queue is empty or broken.
struct CloseOnDrop<'a, 'q>(&'a Queue<'q>);

impl Drop for CloseOnDrop<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

impl State {
    fn take(&mut self, limits: &Limits) -> Option<Task> {
        loop {
            if let Some((source, document, page)) = &mut self.open {
                *page += 1;
                let (source, number) = (source.clone(), *page);
                let document = Arc::clone(document);
                let (pages, skipped) = (document.page_count(), document.skipped_pages());
                if number <= pages {
                    return Some(self.task(source, Work::Page(document, number)));
                }
                self.open = None;
                if skipped > 0 {
                    let read = pages;
                    let error = IntakeError::TooManyPages { read, skipped };
                    return Some(self.task(source, Work::Report(None, error)));
                }
            }
            let source = self.sources.pop_front()?;
            self.files_opened += 1;
            let opened = match source.input {
                Input::Path(path) => Document::open(&path, &source.name, limits),
                Input::Bytes(bytes) => Document::from_bytes(bytes, &source.name, limits),
            };
            match opened {
                Ok(document) => {
                    self.pages_known += document.page_count();
                    self.open = Some((source.name, Arc::new(document), 0));
                }
                Err(error) => {
                    return Some(self.task(source.name, Work::Report(None, error.into())));
                }
            }
        }
    }

    fn task(&mut self, source: String, work: Work) -> Task {
        let at = self.taken;
        self.taken += 1;
        Task { at, source, work }
    }
}

/// Pages that one thread may be ahead of the delivery.
const PAGES_AHEAD: u64 = 4;
