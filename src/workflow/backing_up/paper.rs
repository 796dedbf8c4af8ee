//! The four digits on the clinic's paper: typed by a person who cannot see them on the screen.

use secrecy::ExposeSecret;

use super::super::Desk;
use super::super::error::Error;
use super::super::name_of;
use super::super::person::PersonError;
use crate::domain::{CertificatePassword, Text, fold_typed};
use crate::ledger::{Actor, Event, FileHash, PasswordPlace, RecordId};

/// Terminals that share a password, which is on one paper.
struct Shared {
    password: CertificatePassword,
    files: Vec<(RecordId, FileHash)>,
    names: Vec<Text>,
}

impl Desk<'_> {
    /// Asks for the digits of every terminal that is not known to have them elsewhere, once for each password.
    ///
    /// Without anybody to ask, or with an empty answer, the terminals stay without.
    pub(in crate::workflow) fn ask_for_paper(&mut self, ids: &[RecordId]) -> Result<(), Error> {
        if !self.person.is_present() || self.person.assumes_yes() {
            return Ok(());
        }
        for shared in self.without_paper(ids)? {
            self.person.clear();
            let ja: Vec<&str> = shared.names.iter().map(|name| name.ja.as_str()).collect();
            let en: Vec<&str> = shared.names.iter().map(|name| name.en.as_str()).collect();
            self.person.tell(&Text::new(
                format!(
                    "バックアップは、4桁のパスワードが紙などに控えてあって初めて役に立ちます。\n{} の控えを見て、4桁を入力してください（控えがなければ Enter）。",
                    ja.join("、")
                ),
                format!(
                    "A back-up is of use only with its four digits on paper.\nRead those of {} from the paper and type them (Enter if there is none).",
                    en.join(", ")
                ),
            ));
            if self.typed_from_paper(&shared.password)? {
                for (record, sha256) in shared.files {
                    let event = Event::PasswordElsewhere {
                        sha256,
                        place: PasswordPlace::Paper,
                    };
                    self.ledger
                        .append(record, self.now(), Actor::Person, event)?;
                }
            }
        }
        Ok(())
    }

    fn typed_from_paper(&mut self, password: &CertificatePassword) -> Result<bool, Error> {
        for _ in 0..MOST_ASKED {
            let asked = Text::new("控えの4桁:", "The four digits on the paper:");
            let typed = match self.person.key_hidden(&asked) {
                // The copies are written: without an answer they stay what they are.
                Err(PersonError::BrokenOff) => return Ok(false),
                typed => typed?,
            };
            // Exposed to be folded and parsed into the password's own type.
            let typed = fold_typed(typed.expose_secret());
            if typed.is_empty() {
                return Ok(false);
            }
            if typed
                .parse()
                .is_ok_and(|typed: CertificatePassword| typed == *password)
            {
                return Ok(true);
            }
            self.person.tell(&Text::new(
                "封印してあるパスワードと違います。控えをもう一度確かめてください。",
                "That is not the sealed password. Look at the paper once more.",
            ));
        }
        self.person.tell(&Text::new(
            "控えが正しくありません。noticert backup --sealed でパスフレーズによる控えを作れます。",
            "The paper is wrong. noticert backup --sealed keeps the digits by a passphrase.",
        ));
        Ok(false)
    }

    fn without_paper(&self, ids: &[RecordId]) -> Result<Vec<Shared>, Error> {
        let mut all: Vec<Shared> = Vec::new();
        for id in ids {
            let record = self.ledger.record(*id)?;
            let Some(kept) = record.state.credential() else {
                continue;
            };
            if record.password_is_elsewhere {
                continue;
            }
            let password = self.ledger.rebuild_password(*id, Some(kept.sha256.0))?;
            let file = (*id, kept.sha256);
            match all.iter_mut().find(|shared| shared.password == password) {
                Some(shared) => {
                    shared.files.push(file);
                    shared.names.push(name_of(&record));
                }
                None => all.push(Shared {
                    password,
                    files: vec![file],
                    names: vec![name_of(&record)],
                }),
            }
        }
        Ok(all)
    }
}

/// Times that the digits are asked for.
const MOST_ASKED: u32 = 3;
