//! Who runs this program: certificates go into the store of that account (facts 27, 36).

use super::{Mark, Surroundings};

/// Who runs this program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// The account.
    pub name: String,
    /// Whether it has administrator rights, which are never needed.
    pub is_elevated: bool,
    /// The account of an オンライン資格確認 terminal, where this could be one and the account is another.
    pub expected: Option<String>,
}

impl Account {
    /// An administrator's window of another account would fill that account's store: only that is wrong for sure.
    pub(super) fn mark(&self) -> Mark {
        match (&self.expected, self.is_elevated) {
            (Some(_), true) => Mark::Wrong,
            (None, false) => Mark::Good,
            _ => Mark::Aside,
        }
    }
}

pub(super) fn look(here: &Surroundings<'_>) -> Account {
    let expected = &here.config.doctor.account;
    let is_another = here.is_windows && !here.account.eq_ignore_ascii_case(expected);
    Account {
        name: here.account.clone(),
        is_elevated: here.is_elevated,
        expected: is_another.then(|| expected.clone()),
    }
}
