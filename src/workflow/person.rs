//! The person at the screen, as the workflow knows them: questions, typed answers, pictures.
//!
//! The terminal, the demo's rehearsed person and the tests each fill this trait; the workflow decides
//! what is asked, never how it looks.

use secrecy::SecretString;
use thiserror::Error;

use super::error::Error;
use crate::domain::{CertificatePassword, Crop, Field, Text};

/// Why a person could not be asked.
#[derive(Debug, Error)]
pub enum PersonError {
    /// Nobody is there: no terminal.
    #[error("nobody is at the terminal to answer")]
    Absent {
        /// What would have been asked.
        question: Text,
        /// How to give the answer without a terminal.
        cure: Text,
    },
    /// The input ended or was interrupted.
    #[error("the answer was broken off")]
    BrokenOff,
    /// The terminal failed.
    #[error("the terminal failed")]
    Terminal(#[source] std::io::Error),
}

/// Which value on which letter a question is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// The scan.
    pub source: String,
    /// Page from 1.
    pub page: u32,
    /// Block on the page from 1.
    pub index: u32,
    /// Which value.
    pub field: Field,
}

/// A question that is answered by typing.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub prompt: Text,
    /// Where on paper the answer stands; `None` for what no letter prints.
    pub about: Option<About>,
}

impl Question {
    /// A question about nothing printed.
    pub fn plain(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            prompt: Text::new(ja, en),
            about: None,
        }
    }
}

/// Somebody who answers questions.
pub trait Person {
    /// Whether anybody is there to be asked.
    fn is_present(&self) -> bool;

    /// Whether questions that cannot spend, send again, trust or delete are answered with yes unasked.
    fn assumes_yes(&self) -> bool {
        false
    }

    /// Says something that needs no answer.
    fn tell(&mut self, message: &Text);

    /// Takes a line as typed, shown while typing.
    fn key(&mut self, question: &Question) -> Result<SecretString, PersonError>;

    /// Takes a line as typed, hidden while typing.
    fn key_hidden(&mut self, prompt: &Text) -> Result<SecretString, PersonError>;

    /// Takes what was shown so far off the screen, so that an answer cannot be read there.
    fn clear(&mut self) {}

    /// Shows a password on a page of its own until the person goes on, and takes it off again. Returns `false` where
    /// the screen would keep it: then nothing was shown.
    ///
    /// `whose`: the terminals that have it.
    fn show_password(
        &mut self,
        _whose: &Text,
        _password: &CertificatePassword,
    ) -> Result<bool, PersonError> {
        Ok(false)
    }

    /// Shows a cut-out of the page.
    fn show(&mut self, crop: &Crop, caption: &Text);
}

/// What was given beforehand, or what a person keys unseen; `nobody` says that there is neither.
pub(super) fn given_or_keyed(
    given: Option<SecretString>,
    person: &mut dyn Person,
    prompt: &Text,
    nobody: fn() -> Error,
) -> Result<SecretString, Error> {
    match given {
        Some(secret) => Ok(secret),
        None if person.is_present() => Ok(person.key_hidden(prompt)?),
        None => Err(nobody()),
    }
}

/// Hears how a long step goes on.
pub trait Progress: Sync {
    /// A step began or went on: a line for people.
    fn step(&self, message: &Text);

    /// `done` of `total` pages or terminals.
    fn count(&self, done: usize, total: Option<usize>, what: &Text);
}
