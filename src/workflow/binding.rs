//! `bind`: which terminal this PC is (design rule 9).

use crate::domain::{Text, fold_typed};
use crate::ledger::{Actor, Binding, Event, Record, RecordId};
use crate::platform;

use secrecy::ExposeSecret;

use super::error::Error;
use super::person::{PersonError, Question};
use super::{Desk, name_of};

impl Desk<'_> {
    /// This PC's binding for the institution of `record`, once there is one.
    pub(super) fn binding_for(&self, record: &Record) -> Result<Option<Binding>, Error> {
        let here = platform::computer_name();
        Ok(self.ledger.bindings()?.into_iter().find(|binding| {
            binding.computer_name == here
                && Some(&binding.institution_code) == record.institution_code.as_ref()
        }))
    }

    /// Binds this PC, after a person saw terminal name and computer name side by side.
    ///
    /// Returns whether it is bound now.
    pub fn bind(&mut self, id: RecordId) -> Result<bool, Error> {
        let record = self.ledger.record(id)?;
        let Some(institution_code) = record.institution_code.clone() else {
            return Err(Error::WrongState {
                state: record.state.name(),
                wanted: "confirmed",
            });
        };
        let computer = platform::computer_name();
        let name = name_of(&record);
        let mut ja = format!("端末名称: {}\nこのパソコンの名前: {computer}", name.ja);
        let mut en = format!("Terminal: {}\nThis computer: {computer}", name.en);
        if let Some(bound) = self.binding_for(&record)? {
            if bound.terminal_name == record.terminal_name {
                return Ok(true);
            }
            let old = bound
                .terminal_name
                .map_or_else(String::new, |name| name.to_string());
            ja.push_str(&format!(
                "\nこのパソコンは今「{old}」に決まっています。変更しますか？"
            ));
            en.push_str(&format!(
                "\nThis computer is bound to “{old}” now. Change that?"
            ));
        }
        self.person.tell(&Text::new(ja, en));
        if !self.agrees(
            "このパソコンはこの端末で間違いありませんか？ [y/N]",
            "Is this computer this terminal? [y/N]",
            "noticert bind TERMINAL --yes",
        )? {
            return Ok(false);
        }
        let event = Event::BoundToThisPc {
            institution_code,
            terminal_name: record.terminal_name.clone(),
            computer_name: computer,
        };
        self.ledger.append(id, self.now(), Actor::Person, event)?;
        Ok(true)
    }

    /// Asks once per institution which of `records` this PC is, where that is not settled yet.
    pub(super) fn settle_bindings(&mut self, records: &[Record]) -> Result<(), Error> {
        let mut asked = Vec::new();
        for record in records {
            let code = &record.institution_code;
            if asked.contains(&code) || self.binding_for(record)?.is_some() {
                continue;
            }
            asked.push(code);
            let candidates: Vec<&Record> = records
                .iter()
                .filter(|other| other.institution_code == *code)
                .collect();
            if let Some(mine) = self.pick(&candidates)? {
                self.bind(mine)?;
            }
        }
        Ok(())
    }

    /// The one of several terminals that this PC is; `None` when it is none of them.
    fn pick(&mut self, candidates: &[&Record]) -> Result<Option<RecordId>, Error> {
        if let [only] = candidates {
            return Ok(Some(only.id));
        }
        self.person.tell(&Text::new(
            "このパソコンはどの端末ですか？",
            "Which terminal is this computer?",
        ));
        for (at, record) in candidates.iter().enumerate() {
            let name = name_of(record);
            self.person.tell(&Text::new(
                format!("  {}: {}", at + 1, name.ja),
                format!("  {}: {}", at + 1, name.en),
            ));
        }
        let question = Question::plain(
            "番号（どれでもなければ Enter）:",
            "Number (Enter for none):",
        );
        let typed = self.person.key(&question)?;
        // Exposed to be read as a number.
        let number: Option<usize> = fold_typed(typed.expose_secret()).parse().ok();
        Ok(number
            .and_then(|number| number.checked_sub(1))
            .and_then(|at| candidates.get(at))
            .map(|record| record.id))
    }

    /// Asks for a yes; `--yes` gives it where nobody is there.
    pub(super) fn agrees(&mut self, ja: &str, en: &str, cure: &str) -> Result<bool, Error> {
        if self.person.assumes_yes() {
            return Ok(true);
        }
        if !self.person.is_present() {
            return Err(Error::Person(PersonError::Absent {
                question: Text::new(ja, en),
                cure: Text::new(
                    format!("確かめたうえで {cure} を実行してください。"),
                    format!("Make sure, then run {cure}."),
                ),
            }));
        }
        let typed = self.person.key(&Question::plain(ja, en))?;
        // Exposed to be compared with a letter.
        let typed = typed.expose_secret().trim().to_ascii_lowercase();
        Ok(matches!(typed.as_str(), "y" | "yes" | "はい" | "ｙ"))
    }
}
