//! The dates of a block held against each other and against the rules of the letter.

use jiff::civil::Date;

use crate::domain::{FieldReading, IssuanceReading, Status};

use super::field::demote;
use super::{Judge, doubts};

impl Judge<'_> {
    /// Puts dates that break a rule to a person, and lets the rules vouch for dates that follow from each other.
    pub(super) fn hold_dates_against_rules(&self, reading: &mut IssuanceReading) {
        let rules = &self.config.rules;
        let Some(from) = reading.valid_from.value else {
            // The deadline alone has no other date to vouch for it.
            if reading.retrieval_deadline.value.is_some() {
                demote(&mut reading.retrieval_deadline, doubts::uncorroborated());
            }
            return;
        };
        let end = rules.validity_end(from);
        let limit = rules.retrieval_deadline(from);
        let dates = (reading.valid_to.value, reading.retrieval_deadline.value);
        if end.is_some() && limit.is_some() && dates == (end, limit) {
            // Three dates that two readings agree on and that follow from each other: doubt about a single
            // character is settled.
            settle_confidence(&mut reading.valid_from);
            settle_confidence(&mut reading.valid_to);
            settle_confidence(&mut reading.retrieval_deadline);
            return;
        }
        let (valid_to, deadline) = dates;
        if valid_to.is_some() && valid_to != end {
            let doubt = doubts::validity_rule();
            reading.problems.push(doubts::as_problem(&doubt));
            demote(&mut reading.valid_from, doubt.clone());
            demote(&mut reading.valid_to, doubt);
        }
        if deadline.is_some() && deadline != limit {
            let doubt = doubts::deadline_rule();
            reading.problems.push(doubts::as_problem(&doubt));
            demote(&mut reading.valid_from, doubt.clone());
            demote(&mut reading.retrieval_deadline, doubt);
        }
    }
}

fn settle_confidence(date: &mut FieldReading<Date>) {
    if date.doubts == [doubts::low_confidence()] {
        date.doubts.clear();
        date.status = Status::Accepted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::judge::tests::{date, doubts_of, judged, problems, sure};

    #[test]
    fn a_broken_rule_sends_the_fields_that_it_speaks_of_to_review_and_no_others() {
        let mut evidence = sure();
        evidence.retrieval_deadline = date("2027/05/15");
        let reading = judged(&evidence);
        assert_eq!(reading.valid_from.status, Status::Review);
        assert_eq!(reading.retrieval_deadline.status, Status::Review);
        assert_eq!(reading.valid_to.status, Status::Accepted);
        assert_eq!(reading.request_id.status, Status::Accepted);
        assert!(problems(&reading).contains(&"deadline-rule"));

        let mut evidence = sure();
        evidence.validity = date("2026/11/17~2030/02/16");
        let reading = judged(&evidence);
        assert_eq!(reading.valid_from.status, Status::Review);
        assert_eq!(reading.valid_to.status, Status::Review);
        assert_eq!(reading.retrieval_deadline.status, Status::Accepted);
        assert!(problems(&reading).contains(&"validity-rule"));
    }

    #[test]
    fn a_deadline_that_no_other_date_vouches_for_is_looked_at() {
        let mut evidence = sure();
        evidence.validity = None;
        let reading = judged(&evidence);
        assert_eq!(doubts_of(&reading.retrieval_deadline), ["uncorroborated"]);
    }
}
