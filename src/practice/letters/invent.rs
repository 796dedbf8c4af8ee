//! Invented letters: clinics, terminals, codes and IDs that belong to nobody.

use jiff::Span;
use jiff::civil::Date;

use super::random::Random;
use crate::config::Rules;
use crate::domain::{
    InstitutionCode, Issuance, ReferenceId, RequestId, TerminalName, Validity, ValidityError,
};

/// One letter to one institution.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// The seed it was invented from.
    pub seed: u64,
    /// The day printed at the upper right.
    pub printed: Date,
    /// The institution's invented name.
    pub institution: String,
    /// One per terminal, in printed order.
    pub blocks: Vec<Block>,
}

/// What the letter says about one terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// 発行者 as printed.
    pub issuer: Issuer,
    /// 発行先
    pub institution_code: InstitutionCode,
    /// 端末名称
    pub terminal_name: TerminalName,
    /// リクエストID
    pub request_id: RequestId,
    /// リファレンスID
    pub reference_id: ReferenceId,
    /// 有効期間, first day
    pub valid_from: Date,
    /// 有効期間, last day
    pub valid_to: Date,
    /// ダウンロードサイト有効期限
    pub retrieval_deadline: Date,
}

/// The ways in which the 発行者 line is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Issuer {
    /// With the generation.
    Generation1,
    /// Without it.
    Plain,
    /// With the misprint of the official sample.
    Misprinted,
}

impl Issuer {
    /// The line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generation1 => "Online Billing NW Common Root CA-G1",
            Self::Plain => "Online Billing NW Common Root CA",
            Self::Misprinted => "Onlien Billing NW Common Root CA-G1",
        }
    }
}

impl Letter {
    /// A letter for `terminals` terminals that arrived a few days before `today`.
    pub fn invent(seed: u64, terminals: usize, today: Date, rules: &Rules) -> Self {
        let mut random = Random::fork(seed, "letter");
        let valid_from = days_before(today, random.pick(&[2, 3, 4, 5, 6, 7, 8, 9]));
        let printed = valid_from.tomorrow().unwrap_or(valid_from);
        let fee_schedule = random.pick(&[1, 3, 4, 6]);
        let institution = institution_name(fee_schedule, &mut random);
        let template = Template {
            issuer: random.pick(&[Issuer::Generation1, Issuer::Plain, Issuer::Misprinted]),
            code: institution_code(fee_schedule, &mut random),
            alphabet: random.pick(&[MIXED_CASE, UPPER_CASE, DIGITS]),
            valid_from,
            rules,
        };
        let blocks = terminal_names(&institution, fee_schedule, terminals, &mut random)
            .into_iter()
            .map(|name| template.block(name, &mut random))
            .collect();
        Self {
            seed,
            printed,
            institution,
            blocks,
        }
    }
}

impl Block {
    /// The block as an issuance, for whoever plays the authority.
    pub fn issuance(&self) -> Result<Issuance, ValidityError> {
        Ok(Issuance {
            issuer: Some(self.issuer.as_str().to_owned()),
            institution_code: self.institution_code.clone(),
            terminal_name: Some(self.terminal_name.clone()),
            request_id: self.request_id.clone(),
            reference_id: self.reference_id.clone(),
            validity: Validity::new(self.valid_from, self.valid_to)?,
            retrieval_deadline: self.retrieval_deadline,
        })
    }
}

/// What all blocks of a letter share.
struct Template<'a> {
    issuer: Issuer,
    code: InstitutionCode,
    alphabet: &'static [u8],
    valid_from: Date,
    rules: &'a Rules,
}

impl Template<'_> {
    fn block(&self, terminal_name: TerminalName, random: &mut Random) -> Block {
        let from = self.valid_from;
        Block {
            issuer: self.issuer,
            institution_code: self.code.clone(),
            terminal_name,
            request_id: drawn(DIGITS, RequestId::LENGTH, random)
                .parse()
                .expect("fifteen digits are a request ID"),
            reference_id: drawn(self.alphabet, ReferenceId::EXPECTED_LENGTH, random)
                .parse()
                .expect("ten letters and digits are a reference ID"),
            valid_from: from,
            valid_to: self.rules.validity_end(from).unwrap_or(Date::MAX),
            retrieval_deadline: self.rules.retrieval_deadline(from).unwrap_or(Date::MAX),
        }
    }
}

fn drawn(alphabet: &[u8], length: usize, random: &mut Random) -> String {
    (0..length)
        .map(|_| char::from(random.pick(alphabet)))
        .collect()
}

/// `days` before `day`; `day` itself at the beginning of the calendar.
fn days_before(day: Date, days: u8) -> Date {
    day.checked_sub(Span::new().days(days)).unwrap_or(day)
}

/// Prefecture, 点数表, six digits and the Luhn digit over them.
fn institution_code(fee_schedule: u32, random: &mut Random) -> InstitutionCode {
    let prefecture = random.between(1, 47);
    let number = random.below(1_000_000);
    let stem = format!("{prefecture:02}{fee_schedule}{number:06}");
    format!("{stem}{}", luhn_digit(&stem))
        .parse()
        .expect("two, one, six and one digits are an institution code")
}

/// The digit that makes `stem` pass the Luhn rule.
fn luhn_digit(stem: &str) -> u32 {
    let sum: u32 = stem
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, byte)| match (i % 2, u32::from(byte - b'0')) {
            (0, digit) if digit > 4 => 2 * digit - 9,
            (0, digit) => 2 * digit,
            (_, digit) => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

fn institution_name(fee_schedule: u32, random: &mut Random) -> String {
    let place = random.pick(PLACES);
    let kind = match fee_schedule {
        1 => random.pick(&["内科クリニック", "医院", "整形外科", "小児科", "記念病院"]),
        3 => random.pick(&["歯科医院", "歯科クリニック", "デンタルクリニック"]),
        4 => random.pick(&["薬局", "調剤薬局", "ファーマシー"]),
        _ => random.pick(&["訪問看護ステーション", "訪問看護センター"]),
    };
    format!("{place}{kind}")
}

/// One name per terminal, all different.
fn terminal_names(
    institution: &str,
    fee_schedule: u32,
    terminals: usize,
    random: &mut Random,
) -> Vec<TerminalName> {
    let scheme = random.below(6);
    (1..=terminals)
        .map(|n| {
            let name = match scheme {
                0 => format!("{institution}{n}号機"),
                1 => format!("受付{n}号機"),
                2 => format!("資格確認端末{n:02}"),
                3 => format!("{}-PC{n:02}", LATIN[fee_schedule as usize % LATIN.len()]),
                4 => format!("{}階受付 端末{n}", n.div_ceil(4)),
                _ => format!("{}{n}", random.pick(&["レセコン", "会計窓口", "事務室PC"])),
            };
            name.parse()
                .expect("a name of a few characters is a terminal name")
        })
        .collect()
}

/// Places that no map shows.
const PLACES: &[&str] = &[
    "花見沢",
    "月見野東",
    "風早坂",
    "星ヶ森",
    "若葉ヶ浜",
    "みどり峰",
    "ひなた台",
    "すみれ原",
    "夕凪町",
    "白鷺野",
    "あかね丘",
    "こもれび",
    "虹ノ瀬",
    "雲雀島",
    "さくら岬",
    "青嵐",
];

const LATIN: &[&str] = &["ONS", "CLINIC", "RECEPTION", "DENTAL", "PHARMACY"];

const DIGITS: &[u8] = b"0123456789";
const UPPER_CASE: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MIXED_CASE: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 21);

    #[test]
    fn every_invented_code_obeys_the_rules_of_real_ones() {
        for seed in 0..500 {
            let letter = Letter::invent(seed, 1, TODAY, &Rules::default());
            let code = &letter.blocks[0].institution_code;
            assert!(code.luhn_holds(), "{code}");
            assert!(code.has_known_prefecture() && code.has_known_fee_schedule());
        }
    }

    #[test]
    fn the_dates_obey_the_letters_own_rules() {
        let rules = Rules::default();
        for seed in 0..200 {
            let letter = Letter::invent(seed, 2, TODAY, &rules);
            for block in &letter.blocks {
                assert!(block.valid_from < TODAY);
                assert!(letter.printed <= TODAY);
                assert_eq!(Some(block.valid_to), rules.validity_end(block.valid_from));
                assert!(block.retrieval_deadline > TODAY);
                assert!(block.issuance().is_ok());
            }
        }
    }

    #[test]
    fn no_two_terminals_of_a_letter_share_a_name_or_an_id() {
        for seed in 0..100 {
            let letter = Letter::invent(seed, 12, TODAY, &Rules::default());
            let names: HashSet<_> = letter.blocks.iter().map(|b| &b.terminal_name).collect();
            let requests: HashSet<_> = letter.blocks.iter().map(|b| &b.request_id).collect();
            assert_eq!((names.len(), requests.len()), (12, 12));
        }
    }

    #[test]
    fn all_alphabets_and_issuer_lines_occur() {
        let letters: Vec<_> = (0..60)
            .map(|seed| Letter::invent(seed, 1, TODAY, &Rules::default()))
            .collect();
        let ids: Vec<&str> = letters
            .iter()
            .map(|letter| letter.blocks[0].reference_id.expose())
            .collect();
        assert!(ids.iter().any(|id| id.bytes().all(|b| b.is_ascii_digit())));
        assert!(
            ids.iter()
                .any(|id| id.bytes().any(|b| b.is_ascii_lowercase()))
        );
        for issuer in [Issuer::Generation1, Issuer::Plain, Issuer::Misprinted] {
            assert!(letters.iter().any(|l| l.blocks[0].issuer == issuer));
        }
    }

    #[test]
    fn the_calendars_ends_do_not_break_it() {
        for today in [Date::MIN, Date::MAX] {
            Letter::invent(1, 1, today, &Rules::default());
        }
    }
}
