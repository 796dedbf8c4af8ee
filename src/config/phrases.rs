//! Sentences of the retrieval site that a technician adds to the table that comes with the program.
//!
//! The site's true wording is known only inside the closed network (facts list, section 3), so an unknown answer
//! can be named on the spot:
//!
//! ```toml
//! [[phrases]]
//! reason = "bad-ids"
//! any = ["E-5001"]
//! ```

use serde::Deserialize;

/// Words by which one sentence of the site is understood.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// What the sentence means.
    pub reason: Meaning,
    /// Words that stand in it together.
    #[serde(default)]
    pub all: Vec<String>,
    /// Words of which one stands in it.
    #[serde(default)]
    pub any: Vec<String>,
    /// Words that do not stand in it.
    #[serde(default)]
    pub not: Vec<String>,
}

/// What a sentence of the site can mean, by the names of the contract.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The pair of IDs is not accepted.
    BadIds,
    /// The certificate was handed out before.
    AlreadyIssued,
    /// The retrieval deadline or the validity is over.
    Expired,
    /// Too many wrong attempts.
    Locked,
    /// The site does not like the form of the password.
    PasswordFormat,
    /// The session or the page is too old; nothing was processed. In answer to a submission it is believed only where
    /// every other sentence of the page is of that too.
    SessionTimeout,
    /// Maintenance or out of hours; nothing was processed. In answer to a submission it is believed as above.
    Maintenance,
}
