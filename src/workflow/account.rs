//! Whose certificate store an installation fills (facts 27, 36).
//!
//! A certificate in a user's store serves that account alone. An administrator's window of another account
//! looks the same and fills the wrong store, and then the terminal's daily account cannot connect.

use thiserror::Error;

use super::Desk;
use super::error::Error;
use crate::domain::Text;
use crate::platform;

/// Why nothing goes into this account's store.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum AccountError {
    /// The program runs as another account than the one that logged on.
    #[error("runs as {running}, but {desktop} is logged on")]
    AnotherIsLoggedOn {
        /// Whose store would be filled.
        running: String,
        /// Who uses this desktop.
        desktop: String,
    },
    /// The configuration names other accounts.
    #[error("runs as {running}, which the configuration does not name")]
    NotNamed {
        /// Whose store would be filled.
        running: String,
        /// The configured ones.
        accounts: Vec<String>,
    },
    /// The person said that it is the wrong account.
    #[error("{running} is not the account that uses the certificate")]
    Declined {
        /// Whose store would have been filled.
        running: String,
    },
}

/// What is to be done about an account.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Verdict {
    Fits,
    Ask,
    Refused(AccountError),
}

impl Desk<'_> {
    /// Settles that the present account is the one that uses the certificates.
    pub(super) fn check_account(&mut self) -> Result<(), Error> {
        if !platform::IS_WINDOWS {
            return Ok(());
        }
        let running = platform::account_name();
        let desktop = platform::desktop_account();
        let accounts = &self.config.install.accounts;
        let usual = self.config.doctor.account.clone();
        match verdict(&running, desktop.as_deref(), accounts, &usual) {
            Verdict::Fits => Ok(()),
            Verdict::Refused(error) => Err(error.into()),
            Verdict::Ask => {
                self.person.tell(&Text::new(
                    format!(
                        "いまのアカウント: {running}\n証明書は、このアカウントでだけ使えるようになります。オンライン資格確認の端末では、ふつう {usual} です。"
                    ),
                    format!(
                        "Present account: {running}\nThe certificate will work for this account alone. On an online-qualification terminal that is usually {usual}."
                    ),
                ));
                let is_right = self.agrees(
                    "このアカウントで証明書を使いますか？ [y/N]",
                    "Is this the account that uses the certificate? [y/N]",
                    "noticert install --yes",
                )?;
                match is_right {
                    true => Ok(()),
                    false => Err(AccountError::Declined { running }.into()),
                }
            }
        }
    }
}

/// Windows' account names do not tell upper from lower case.
fn verdict(running: &str, desktop: Option<&str>, accounts: &[String], usual: &str) -> Verdict {
    let is_running = |name: &str| name.eq_ignore_ascii_case(running);
    if let Some(desktop) = desktop.filter(|desktop| !is_running(desktop)) {
        return Verdict::Refused(AccountError::AnotherIsLoggedOn {
            running: running.to_owned(),
            desktop: desktop.to_owned(),
        });
    }
    if accounts.iter().any(|name| is_running(name)) {
        return Verdict::Fits;
    }
    match (accounts.is_empty(), is_running(usual)) {
        (false, _) => Verdict::Refused(AccountError::NotNamed {
            running: running.to_owned(),
            accounts: accounts.to_vec(),
        }),
        (true, true) => Verdict::Fits,
        (true, false) => Verdict::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_fits_is_asked_about_or_refused() {
        let named = ["Reception".to_owned()];
        for (running, desktop, accounts, expected) in [
            ("OQSComApp", Some("oqscomapp"), &[][..], Verdict::Fits),
            ("OQSComApp", None, &[], Verdict::Fits),
            ("user", Some("user"), &[], Verdict::Ask),
            ("reception", Some("Reception"), &named, Verdict::Fits),
            (
                "OQSComApp",
                None,
                &named,
                Verdict::Refused(AccountError::NotNamed {
                    running: "OQSComApp".to_owned(),
                    accounts: named.to_vec(),
                }),
            ),
            (
                "Administrator",
                Some("OQSComApp"),
                &[],
                Verdict::Refused(AccountError::AnotherIsLoggedOn {
                    running: "Administrator".to_owned(),
                    desktop: "OQSComApp".to_owned(),
                }),
            ),
        ] {
            assert_eq!(
                verdict(running, desktop, accounts, "OQSComApp"),
                expected,
                "{running} at the desktop of {desktop:?}"
            );
        }
    }
}
