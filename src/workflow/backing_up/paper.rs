//! The four digits on the clinic's paper: typed by a person who cannot see them on the screen.
//!
//! Where there is no paper yet they are shown once, to be written down, and typed from there.

use secrecy::ExposeSecret;

use super::super::Desk;
use super::super::error::Error;
use super::super::name_of;
use super::super::person::{PersonError, Question};
use super::super::retrieving::is_yes;
use crate::domain::{CertificatePassword, Text, fold_typed};
use crate::ledger::{Actor, Event, FileHash, PasswordPlace, RecordId};

/// Terminals that share a password, which is on one paper.
struct Shared {
    password: CertificatePassword,
    files: Vec<(RecordId, FileHash)>,
    names: Vec<Text>,
}

impl Shared {
    /// Whose password it is.
    fn whose(&self) -> Text {
        let ja: Vec<&str> = self.names.iter().map(|name| name.ja.as_str()).collect();
        let en: Vec<&str> = self.names.iter().map(|name| name.en.as_str()).collect();
        Text::new(ja.join("、"), en.join(", "))
    }
}

impl Desk<'_> {
    /// Asks for the digits of every terminal that is not known to have them elsewhere, once for each password. Where
    /// they are on no paper they are offered to be written down.
    ///
    /// Without anybody to ask, or with empty answers, the terminals stay without.
    pub(in crate::workflow) fn ask_for_paper(&mut self, ids: &[RecordId]) -> Result<(), Error> {
        for shared in self.to_ask_for(ids)? {
            self.person.clear();
            let whose = shared.whose();
            self.person.tell(&Text::new(
                format!(
                    "バックアップは、4桁のパスワードが紙などに控えてあって初めて役に立ちます。\n{} の控えを見て、4桁を入力してください（控えがなければ Enter）。",
                    whose.ja
                ),
                format!(
                    "A back-up is of use only with its four digits on paper.\nRead those of {} from the paper and type them (Enter if there is none).",
                    whose.en
                ),
            ));
            if self.typed_from_paper(&shared.password)? || self.written_down(&shared)? {
                self.note_paper(&shared)?;
            }
        }
        Ok(())
    }

    /// Offers digits that nobody has on paper, because the program found them, to be written down now.
    pub(in crate::workflow) fn offer_for_paper(&mut self, ids: &[RecordId]) -> Result<(), Error> {
        for shared in self.to_ask_for(ids)? {
            if self.written_down(&shared)? {
                self.note_paper(&shared)?;
            }
        }
        Ok(())
    }

    /// What a person can be asked about now.
    fn to_ask_for(&self, ids: &[RecordId]) -> Result<Vec<Shared>, Error> {
        match self.person.is_present() && !self.person.assumes_yes() {
            true => self.without_paper(ids),
            false => Ok(Vec::new()),
        }
    }

    fn note_paper(&mut self, shared: &Shared) -> Result<(), Error> {
        for (record, sha256) in &shared.files {
            let event = Event::PasswordElsewhere {
                sha256: *sha256,
                place: PasswordPlace::Paper,
            };
            self.ledger
                .append(*record, self.now(), Actor::Person, event)?;
        }
        Ok(())
    }

    /// Shows the digits once to whoever wants to write them down; whether they were then typed from the paper.
    fn written_down(&mut self, shared: &Shared) -> Result<bool, Error> {
        let whose = shared.whose();
        let question = Question::plain(
            format!(
                "{} の4桁を一度だけ画面に表示して、紙に書き写しますか？（ほかの人に見えない所で、紙とペンを用意して） [y/N]",
                whose.ja
            ),
            format!(
                "Show the four digits of {} once, to be written on paper? (With pen and paper, and nobody looking.) [y/N]",
                whose.en
            ),
        );
        let answer = match self.person.key(&question) {
            Err(PersonError::BrokenOff) => return Ok(false),
            answer => answer?,
        };
        if !is_yes(&answer) {
            return Ok(false);
        }
        let is_shown = match self.person.show_password(&whose, &shared.password) {
            Err(PersonError::BrokenOff) => return Ok(false),
            shown => shown?,
        };
        if !is_shown {
            self.person.tell(&Text::new(
                "表示を消せない画面なので、出していません。ふつうの端末の画面で noticert backup をもう一度実行するか、--sealed を付けてください。",
                "Nothing was shown: this screen could not be wiped. Run noticert backup at a terminal that can, or add --sealed.",
            ));
            return Ok(false);
        }
        self.person.tell(&Text::new(
            "書き写した紙を見て、4桁を入力してください。",
            "Read the four digits from the paper and type them.",
        ));
        self.typed_from_paper(&shared.password)
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
