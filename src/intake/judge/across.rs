//! What is read held against what else was read: blocks of one page, sheets of one run.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::domain::{IssuanceReading, RequestId};

use super::field::demote;
use super::{Judge, doubts, settle};

impl Judge<'_> {
    /// Holds the blocks of one page against each other.
    pub fn page(&self, blocks: &mut [IssuanceReading]) {
        let codes: Vec<_> = blocks
            .iter()
            .filter_map(|block| block.institution_code.value.clone())
            .collect();
        if codes.windows(2).any(|pair| pair[0] != pair[1]) {
            for block in blocks {
                block.problems.push(doubts::institution_differs());
            }
        }
    }

    /// Holds all sheets of one read against each other: a request ID names one issuance.
    pub fn sheets(&self, sheets: &mut [IssuanceReading]) {
        let mut first: HashMap<RequestId, usize> = HashMap::new();
        for at in 0..sheets.len() {
            let Some(id) = sheets[at].request_id.value.clone() else {
                continue;
            };
            match first.get(&id) {
                None => {
                    first.insert(id, at);
                }
                Some(before) => {
                    let same = same_issuance(&sheets[*before], &sheets[at]);
                    sheets[at].problems.push(doubts::duplicate());
                    if !same {
                        for sheet in [*before, at] {
                            demote(&mut sheets[sheet].request_id, doubts::same_request_id());
                            settle(&mut sheets[sheet]);
                        }
                    }
                }
            }
        }
    }
}

fn same_issuance(one: &IssuanceReading, other: &IssuanceReading) -> bool {
    let differ =
        |one: Option<Date>, other: Option<Date>| one.is_some() && other.is_some() && one != other;
    let codes = (&one.institution_code.value, &other.institution_code.value);
    let references = (&one.reference_id.value, &other.reference_id.value);
    !differ(one.valid_from.value, other.valid_from.value)
        && !differ(one.valid_to.value, other.valid_to.value)
        && !matches!(codes, (Some(one), Some(other)) if one != other)
        && !matches!(references, (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::domain::Status;
    use crate::intake::judge::tests::{PLACE, judge_of, problems, seen, sure};

    #[test]
    fn a_second_sheet_with_the_same_request_id_is_named_and_settled_by_a_person_when_it_differs() {
        let config = Config::default();
        let judge = judge_of(&config);
        let first = judge.block(PLACE, &sure());
        let mut same = [first.clone(), first.clone()];
        judge.sheets(&mut same);
        assert_eq!(same[0].status, Status::Accepted);
        assert!(problems(&same[1]).contains(&"duplicate"));
        let mut other = sure();
        other.reference_id = seen("347AEFHLMR");
        let mut differing = [first, judge.block(PLACE, &other)];
        judge.sheets(&mut differing);
        assert_eq!(differing[0].request_id.status, Status::Review);
        assert_eq!(differing[1].request_id.status, Status::Review);
    }

    #[test]
    fn blocks_of_one_page_name_one_institution() {
        let config = Config::default();
        let judge = judge_of(&config);
        let mut other = sure();
        other.institution_code = seen("1311234564");
        let mut blocks = [judge.block(PLACE, &sure()), judge.block(PLACE, &other)];
        judge.page(&mut blocks);
        assert!(problems(&blocks[1]).contains(&"institution-differs"));
    }
}
