//! How a person's Ctrl-C reaches the steps.

use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between the handler of Ctrl-C and the steps.
#[derive(Debug, Default)]
pub struct Stop {
    wanted: AtomicBool,
    submitting: AtomicBool,
    leaves_by_itself: AtomicBool,
}

impl Stop {
    /// Asks the steps to take up nothing new; says whether this was asked for the first time.
    pub fn ask(&self) -> bool {
        !self.wanted.swap(true, Ordering::SeqCst)
    }

    /// Whether the person asked to stop.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }

    /// The flag itself, for steps that poll it on other threads.
    pub fn flag(&self) -> &AtomicBool {
        &self.wanted
    }

    /// Whether an answer of the site is awaited: the one time at which stopping waits.
    pub fn is_submitting(&self) -> bool {
        self.submitting.load(Ordering::SeqCst)
    }

    /// Whether the step under way notices the wish to stop and ends by itself: it has something to put away first.
    pub fn leaves_by_itself(&self) -> bool {
        self.leaves_by_itself.load(Ordering::SeqCst)
    }

    pub(super) fn set_leaves_by_itself(&self, leaves: bool) {
        self.leaves_by_itself.store(leaves, Ordering::SeqCst);
    }

    pub(super) fn set_submitting(&self, submitting: bool) {
        self.submitting.store(submitting, Ordering::SeqCst);
    }
}
