//! Which copy is restored: the terminal's, newest first, and never one whose terminal is a guess.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::candidates::{Candidate, Candidates, names_of};
use super::{RestoreError, RestoreRequest};
use crate::domain::{Text, fold_typed, japan_date};
use crate::platform;
use crate::workflow::person::Question;
use crate::workflow::{Desk, Error};

impl Desk<'_> {
    /// The valid copies of the terminal that is meant, newest first; there is one at least.
    pub(super) fn choose_copies(
        &mut self,
        found: &Candidates,
        request: &RestoreRequest<'_>,
    ) -> Result<Vec<Candidate>, Error> {
        let wanted = match request.terminal {
            Some(named) => vec![named.to_owned()],
            None => self.bound_here()?,
        };
        match found.are_loose() {
            true => self.choose_loose(found, &wanted),
            false => self.choose_listed(found, &wanted),
        }
    }

    /// The terminals that this PC is bound to.
    fn bound_here(&self) -> Result<Vec<String>, Error> {
        let here = platform::computer_name();
        Ok(self
            .ledger
            .bindings()?
            .into_iter()
            .filter(|binding| binding.computer_name == here)
            .filter_map(|binding| binding.terminal_name)
            .map(|name| name.to_string())
            .collect())
    }

    fn choose_listed(
        &mut self,
        found: &Candidates,
        wanted: &[String],
    ) -> Result<Vec<Candidate>, Error> {
        let mut fitting: Vec<&Candidate> = found
            .all
            .iter()
            // A file that was named for itself is meant, whatever is in it.
            .filter(|one| one.entry.is_none() || is_wanted(one, wanted))
            .collect();
        if fitting.is_empty() {
            return Err(not_there(found, wanted));
        }
        let names = names_of(&fitting);
        if names.len() > 1 {
            let asked = Text::new(
                "このパソコンはどの端末ですか？",
                "Which terminal is this computer?",
            );
            let at = self.number_of(&asked, &names)?;
            let chosen = at.and_then(|at| names.get(at)).ok_or_else(|| {
                Error::from(RestoreError::SeveralTerminals {
                    there: names.clone(),
                })
            })?;
            fitting.retain(|candidate| candidate.name() == *chosen);
        }
        valid_ones(&fitting, self.now())
    }

    /// Of files without an index only what was opened is known; the newest of one terminal is taken, and between
    /// terminals a person chooses.
    fn choose_loose(
        &mut self,
        found: &Candidates,
        wanted: &[String],
    ) -> Result<Vec<Candidate>, Error> {
        let opened: Vec<&Candidate> = found
            .all
            .iter()
            .filter(|one| one.inside.is_some())
            .collect();
        if opened.is_empty() {
            let shut: Vec<&Candidate> = found.all.iter().collect();
            return match self.person.is_present() {
                true => Ok(vec![self.which_file(&shut)?]),
                // The first one says for all of them what is missing.
                false => Ok(found.all.iter().take(1).cloned().collect()),
            };
        }
        let of = |fits: &dyn Fn(&Candidate) -> bool| -> Vec<&Candidate> {
            opened.iter().copied().filter(|one| fits(one)).collect()
        };
        let mut fitting = of(&|one| is_wanted(one, wanted));
        if fitting.is_empty() {
            // A file that gives no name may be the terminal's all the same.
            fitting = of(&|one| one.own_name().is_none());
        }
        if fitting.is_empty() {
            // The name in a file need not be the terminal's either: whoever made it chose it.
            let valid = valid_ones(&opened, self.now())?;
            return Ok(vec![self.which_file(&valid.iter().collect::<Vec<_>>())?]);
        }
        let valid = valid_ones(&fitting, self.now())?;
        let mut certificates: Vec<_> = valid.iter().map(Candidate::fingerprint).collect();
        certificates.dedup();
        let is_one_terminal = names_of(&valid.iter().collect::<Vec<_>>()).len() == 1
            && valid.iter().all(|one| one.own_name().is_some());
        match certificates.len() == 1 || is_one_terminal {
            true => Ok(valid),
            false => Ok(vec![self.which_file(&valid.iter().collect::<Vec<_>>())?]),
        }
    }

    fn which_file(&mut self, files: &[&Candidate]) -> Result<Candidate, Error> {
        let labels: Vec<Text> = files.iter().map(|one| one.label()).collect();
        let lines: Vec<String> = labels.iter().map(|label| label.ja.clone()).collect();
        let asked = Text::new(
            "このパソコンの電子証明書はどれですか？",
            "Which certificate is this computer's?",
        );
        let at = self.number_of(&asked, &lines)?;
        at.and_then(|at| files.get(at))
            .map(|one| (*one).clone())
            .ok_or_else(|| RestoreError::SeveralFiles { there: labels }.into())
    }

    /// The place in `lines` whose number a person typed; `None` where nobody is there, and for anything else typed.
    fn number_of(&mut self, asked: &Text, lines: &[String]) -> Result<Option<usize>, Error> {
        if !self.person.is_present() {
            return Ok(None);
        }
        self.person.tell(asked);
        for (at, line) in lines.iter().enumerate() {
            let line = format!("  {}: {line}", at + 1);
            self.person.tell(&Text::new(&line, &line));
        }
        let typed = self.person.key(&Question::plain("番号:", "Number:"))?;
        // Exposed to be read as a number.
        let number = fold_typed(typed.expose_secret()).parse::<usize>().ok();
        Ok(number.and_then(|number| number.checked_sub(1)))
    }
}

fn is_wanted(candidate: &Candidate, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| candidate.answers_to(name))
}

fn not_there(found: &Candidates, wanted: &[String]) -> Error {
    RestoreError::NotForTerminal {
        terminal: wanted.join("、"),
        there: found.names(),
    }
    .into()
}

/// What is valid still, newest first; of an unknown end it is believed.
fn valid_ones(candidates: &[&Candidate], now: Timestamp) -> Result<Vec<Candidate>, Error> {
    let mut valid: Vec<Candidate> = candidates
        .iter()
        .filter(|one| one.not_after().is_none_or(|end| end > now))
        .map(|one| (*one).clone())
        .collect();
    valid.sort_by_key(|one| std::cmp::Reverse(one.not_after()));
    let last = candidates.iter().filter_map(|one| one.not_after()).max();
    match valid.is_empty() {
        true => Err(RestoreError::AllExpired {
            last: japan_date(last.unwrap_or(Timestamp::UNIX_EPOCH)),
        }
        .into()),
        false => Ok(valid),
    }
}
