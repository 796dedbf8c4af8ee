//! Progress on stderr: a bar where somebody watches, plain lines where nobody does.

use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::domain::{Language, Text};
use crate::workflow::Progress;

/// Shows steps and counts unless asked to be quiet.
pub struct ConsoleProgress {
    language: Language,
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
    watched: bool,
}

impl ConsoleProgress {
    /// `quiet` shows nothing.
    pub fn new(language: Language, quiet: bool) -> Self {
        Self {
            language,
            quiet,
            bar: Mutex::new(None),
            watched: std::io::stderr().is_terminal(),
        }
    }

    /// Takes the bar off the screen, so that what is printed next stands alone.
    pub fn clear(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

impl Progress for ConsoleProgress {
    fn step(&self, message: &Text) {
        self.clear();
        if !self.quiet {
            eprintln!("{}", message.in_language(self.language));
        }
    }

    fn count(&self, done: usize, total: Option<usize>, what: &Text) {
        if self.quiet || !self.watched {
            return;
        }
        let Ok(mut bar) = self.bar.lock() else {
            return;
        };
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {elapsed}")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        if let Some(total) = total {
            bar.set_length(total as u64);
        }
        bar.set_message(what.in_language(self.language).to_owned());
        bar.set_position(done as u64);
        if total == Some(done) {
            bar.finish_and_clear();
        }
    }
}
