//! The issuer's name held against the names that the configuration knows.
//!
//! Print may show it as configured or as the official sample misprints it, with or without its generation; the line
//! may also be misread. Only a name that is right letter by letter is accepted, but one that is nearly right says
//! whose letter this is.

use crate::domain::{Field, FieldReading, edit_distance};
use crate::intake::values::TwoReadings;

use super::doubts;
use super::field::{demote, text_field};
use super::{Judge, Seen};

impl Judge<'_> {
    /// The issuer is free text to the readers, but a known name to the letter: only that name is accepted.
    pub(super) fn issuer(&self, seen: Option<&Seen>) -> FieldReading<String> {
        let mut field = text_field(Field::Issuer, seen, |line| {
            readable(&line.text_with_blanks())
        });
        if !field
            .value
            .as_ref()
            .is_some_and(|text| self.is_known_issuer(text))
        {
            demote(&mut field, doubts::look_alike());
        }
        field
    }

    /// The words that an issuer's line shows if it is of the configured family to one of the readers, in all spellings that it
    /// may have: `?` where the sample's misprint differs, and for the generation's number. None if it is not.
    pub fn spellings_shown(&self, issuer: &TwoReadings) -> Vec<Vec<String>> {
        let shown = [&issuer.first, &issuer.second].map(|reading| reading.text());
        let families = self.config.certificate.issuer_family.iter();
        let shown = families.filter(|family| shown.iter().any(|text| is_of(family, text)));
        let spellings = shown.flat_map(|family| {
            let misprint = misprinted(family);
            let words = family.split(' ').zip(misprint.split(' '));
            let words: Vec<String> = words
                .map(|(word, misprint)| common(word, misprint))
                .collect();
            AUTHORITIES.map(|authority| {
                let authority = authority.split(' ').map(str::to_owned);
                words.iter().cloned().chain(authority).collect()
            })
        });
        spellings.collect()
    }

    /// Whether an issuer's name holds one of the configured names, give or take a misprint or misread.
    pub fn is_of_the_family(&self, issuer: &str) -> bool {
        let mut families = self.config.certificate.issuer_family.iter();
        families.any(|family| is_of(family, issuer))
    }

    /// Whether `issuer` is, letter by letter, a name that the configuration knows.
    fn is_known_issuer(&self, issuer: &str) -> bool {
        let families = &self.config.certificate.issuer_family;
        families.iter().any(|family| is_name_of(issuer, family))
    }
}

/// Whether `issuer` begins with the family's name, give or take a misprint or misread.
fn is_of(family: &str, issuer: &str) -> bool {
    let (family, issuer) = (letters_of(family), letters_of(issuer));
    let start = &issuer[..issuer.len().min(family.len())];
    !family.is_empty() && edit_distance(start, &family) <= family.len() / 6 + 1
}

/// The family's name, as configured or with the sample's misprint, and what follows it: `CA`, `CA-G1`. The name
/// alone is likelier a line that lost its end.
fn is_name_of(text: &str, family: &str) -> bool {
    let names = [family, &misprinted(family)];
    let Some(rest) = names.iter().find_map(|name| text.strip_prefix(name)) else {
        return false;
    };
    let Some(authority) = rest.strip_prefix(" CA") else {
        return false;
    };
    let mut dashes = ["-G", " - G"].into_iter();
    let generation = dashes.find_map(|dash| authority.strip_prefix(dash));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    authority.is_empty() || generation.is_some_and(is_number)
}

/// The name as the official sample misprints it.
fn misprinted(family: &str) -> String {
    family.replace("Online", "Onlien")
}

/// What two spellings of a word have in common; `?` where they differ.
fn common(word: &str, other: &str) -> String {
    let pairs = word.chars().zip(other.chars());
    pairs
        .map(|(one, other)| if one == other { one } else { '?' })
        .collect()
}

fn letters_of(text: &str) -> Vec<char> {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Blanks only between Latin words: Japanese print has none, though readers see some.
fn readable(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let kept = characters.iter().enumerate().filter(|(i, c)| {
        let neighbour = |at: Option<usize>| at.and_then(|at| characters.get(at));
        let ascii = |at: Option<usize>| neighbour(at).is_some_and(char::is_ascii);
        !c.is_whitespace() || (ascii(i.checked_sub(1)) && ascii(Some(i + 1)))
    });
    kept.map(|(_, c)| *c).collect()
}

/// How a certificate names the authority behind the family's name: without, with and with a spaced generation.
const AUTHORITIES: [&str; 3] = ["CA", "CA-G#", "CA - G#"];

#[cfg(test)]
mod tests {

    use super::*;
    use crate::config::Config;
    use crate::intake::judge::tests::{judge_of, judged, problems, seen, sure};

    #[test]
    fn an_issuers_line_is_spelled_where_it_is_of_the_family() {
        let config = Config::default();
        let judge = judge_of(&config);
        let spellings = |text: &str| {
            let readings = seen(text).unwrap().readings;
            let spellings = judge.spellings_shown(&readings).into_iter();
            spellings.map(|words| words.join(" ")).collect::<Vec<_>>()
        };
        // What both spellings of the first word have in common.
        assert_eq!(
            spellings("0nlienBilIingNWCommonRootCA-G1")[1],
            "Onli?? Billing NW Common Root CA-G#"
        );
        assert!(spellings("OnlineBillingSystemCA").is_empty());
    }

    #[test]
    fn only_the_known_issuer_is_accepted() {
        let family = "Online Billing NW Common Root";
        for name in [
            "Online Billing NW Common Root CA",
            "Online Billing NW Common Root CA-G1",
            "Online Billing NW Common Root CA - G2",
            "Onlien Billing NW Common Root CA-G1",
        ] {
            assert!(is_name_of(name, family), "{name}");
        }
        for name in [
            "Online Billing NW Common Root",
            "Online Billing NW Common Root CA-Gl",
            "Online Billing NW Common Root CA G1",
            "Online Bi11ing NW Common Root CA",
        ] {
            assert!(!is_name_of(name, family), "{name}");
        }
        let mut evidence = sure();
        evidence.issuer = seen("Another Authority CA");
        assert!(problems(&judged(&evidence)).contains(&"issuer-differs"));
    }

    #[test]
    fn blanks_stay_between_latin_words_only() {
        assert_eq!(readable("Common Root CA"), "Common Root CA");
        assert_eq!(readable("受付 1 号 機"), "受付1号機");
    }
}
