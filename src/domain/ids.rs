//! The identifiers of the letter and of the site, right by construction.
//!
//! `FromStr` takes the exact form only; what a person typed goes through [`fold_typed`] first
//! (NFKC, blanks and hyphens dropped), because with Japanese input on, full-width digits are normal.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Folds what a person typed: NFKC, without blanks and hyphens of any kind.
pub fn fold_typed(typed: &str) -> String {
    typed
        .nfkc()
        .filter(|c| !c.is_whitespace() && !is_hyphen(*c))
        .collect()
}

/// Shows an ID in groups of five, as people read it aloud.
pub fn grouped(id: &str) -> String {
    in_groups(id, 5)
}

/// An ID in groups of `length` characters, at least one, with a blank between them.
pub fn in_groups(id: &str, length: usize) -> String {
    let characters: Vec<char> = id.chars().collect();
    let groups = characters.chunks(length.max(1)).map(String::from_iter);
    groups.collect::<Vec<_>>().join(" ")
}

/// リクエストID: the number on the letter that names one issuance.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(String);

/// Why a text is no [`RequestId`].
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum RequestIdError {
    /// The length differs from the letter's.
    #[error("a request ID has {expected} digits, found {found} characters")]
    Length {
        /// What the letter prints.
        expected: usize,
        /// Characters found.
        found: usize,
    },
    /// A character is no half-width digit; `at` counts from 1.
    #[error("character {at} of the request ID is not a digit")]
    NotADigit {
        /// Position from 1.
        at: usize,
    },
}

impl RequestId {
    /// Digits on the letter (domain fact 13).
    pub const LENGTH: usize = 15;

    /// The fifteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first three and last three digits, for logs and lists that may be seen by others.
    pub fn masked(&self) -> String {
        format!("{}*********{}", &self.0[..3], &self.0[Self::LENGTH - 3..])
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let found = s.chars().count();
        if found != Self::LENGTH {
            return Err(RequestIdError::Length {
                expected: Self::LENGTH,
                found,
            });
        }
        match first_non_digit(s) {
            Some(at) => Err(RequestIdError::NotADigit { at }),
            None => Ok(Self(s.to_owned())),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// リファレンスID: the secret half of the pair. `Debug` never prints it.
#[derive(Clone, Debug)]
pub struct ReferenceId(SecretString);

/// Why a text is no [`ReferenceId`]. Holds no character of it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReferenceIdError {
    /// Shorter or longer than any reference ID may be.
    #[error("a reference ID has {min} to {max} characters, found {found}")]
    Length {
        /// Shortest accepted.
        min: usize,
        /// Longest accepted.
        max: usize,
        /// Characters found.
        found: usize,
    },
    /// A character outside `0-9A-Za-z_`; `at` counts from 1.
    #[error("character {at} of the reference ID is neither a letter nor a digit")]
    NotAlphanumeric {
        /// Position from 1.
        at: usize,
    },
}

impl ReferenceId {
    /// The length on the sample letter; its alphabet is published nowhere.
    pub const EXPECTED_LENGTH: usize = 10;
    /// Shortest length taken.
    pub const MIN_LENGTH: usize = 8;
    /// Longest length taken.
    pub const MAX_LENGTH: usize = 16;

    /// The characters themselves; callers are listed in `tests/layers.rs`.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for ReferenceId {
    type Err = ReferenceIdError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let found = s.chars().count();
        if !(Self::MIN_LENGTH..=Self::MAX_LENGTH).contains(&found) {
            return Err(ReferenceIdError::Length {
                min: Self::MIN_LENGTH,
                max: Self::MAX_LENGTH,
                found,
            });
        }
        match s
            .chars()
            .position(|c| !(c.is_ascii_alphanumeric() || c == '_'))
        {
            Some(at) => Err(ReferenceIdError::NotAlphanumeric { at: at + 1 }),
            None => Ok(Self(SecretString::from(s))),
        }
    }
}

impl PartialEq for ReferenceId {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for ReferenceId {}

/// 証明書パスワード: the four digits that a person chooses; they open the `.p12`.
#[derive(Clone, Debug)]
pub struct CertificatePassword(SecretString);

/// Why a text is no [`CertificatePassword`]. Holds no character of it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CertificatePasswordError {
    /// Not four characters.
    #[error("a certificate password has 4 digits, found {found} characters")]
    Length {
        /// Characters found.
        found: usize,
    },
    /// A character is no digit; `at` counts from 1.
    #[error("character {at} of the certificate password is not a digit")]
    NotADigit {
        /// Position from 1.
        at: usize,
    },
}

impl CertificatePassword {
    /// Digits that the site asks for.
    pub const LENGTH: usize = 4;

    /// The digits themselves; callers are listed in `tests/layers.rs`.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for CertificatePassword {
    type Err = CertificatePasswordError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let found = s.chars().count();
        if found != Self::LENGTH {
            return Err(CertificatePasswordError::Length { found });
        }
        match first_non_digit(s) {
            Some(at) => Err(CertificatePasswordError::NotADigit { at }),
            None => Ok(Self(SecretString::from(s))),
        }
    }
}

impl PartialEq for CertificatePassword {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for CertificatePassword {}

/// 発行先: the ten digits of a 医療機関等コード (prefecture 2, 点数表 1, number 7), or the eight of an insurer.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct InstitutionCode(String);

/// Why a text is no [`InstitutionCode`].
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum InstitutionCodeError {
    /// Neither ten nor eight digits.
    #[error("an institution code has 10 digits (8 for an insurer), found {found} characters")]
    Length {
        /// Characters found.
        found: usize,
    },
    /// A character is no half-width digit; `at` counts from 1.
    #[error("character {at} of the institution code is not a digit")]
    NotADigit {
        /// Position from 1.
        at: usize,
    },
}

impl InstitutionCode {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the first two digits are a prefecture (01 to 47). Insurers' codes have none.
    pub fn has_known_prefecture(&self) -> bool {
        self.0.len() != 10 || matches!(self.0[..2].parse(), Ok(1..=47_u8))
    }

    /// Whether the third digit is a known 点数表: 1 医科, 3 歯科, 4 調剤, 6 訪問看護.
    pub fn has_known_fee_schedule(&self) -> bool {
        self.0.len() != 10 || matches!(self.0.as_bytes()[2], b'1' | b'3' | b'4' | b'6')
    }

    /// Whether the Luhn check digit holds. Evidence only: the official sample's own placeholder fails it.
    pub fn luhn_holds(&self) -> bool {
        let sum: u32 = self
            .0
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, b)| {
                let digit = u32::from(b - b'0');
                match (i % 2, digit) {
                    (0, d) => d,
                    (_, d) if d > 4 => 2 * d - 9,
                    (_, d) => 2 * d,
                }
            })
            .sum();
        sum.is_multiple_of(10)
    }
}

impl Hash for InstitutionCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl FromStr for InstitutionCode {
    type Err = InstitutionCodeError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let found = s.chars().count();
        if found != 10 && found != 8 {
            return Err(InstitutionCodeError::Length { found });
        }
        match first_non_digit(s) {
            Some(at) => Err(InstitutionCodeError::NotADigit { at }),
            None => Ok(Self(s.to_owned())),
        }
    }
}

impl fmt::Display for InstitutionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 端末名称: what the applicant called the PC. Free text, trimmed, one line, never empty.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TerminalName(String);

/// Why a text is no [`TerminalName`].
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum TerminalNameError {
    /// Nothing but blanks.
    #[error("the terminal name is empty")]
    Empty,
    /// Longer than any letter prints.
    #[error("the terminal name has {found} characters, more than {max}")]
    TooLong {
        /// Longest taken.
        max: usize,
        /// Characters found.
        found: usize,
    },
}

impl TerminalName {
    /// Longest name taken, in characters.
    pub const MAX_LENGTH: usize = 100;

    /// The name as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TerminalName {
    type Err = TerminalNameError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let one_line: String = s
            .split(|c: char| c.is_control())
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let found = one_line.chars().count();
        match found {
            0 => Err(TerminalNameError::Empty),
            _ if found > Self::MAX_LENGTH => Err(TerminalNameError::TooLong {
                max: Self::MAX_LENGTH,
                found,
            }),
            _ => Ok(Self(one_line)),
        }
    }
}

impl fmt::Display for TerminalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn first_non_digit(s: &str) -> Option<usize> {
    s.chars().position(|c| !c.is_ascii_digit()).map(|at| at + 1)
}

fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff70}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_digits_are_folded_only_where_a_person_typed() {
        assert!("１２３４".parse::<CertificatePassword>().is_err());
        let folded = fold_typed("１２ ３-４");
        assert_eq!(
            folded.parse::<CertificatePassword>().unwrap().expose(),
            "1234"
        );
    }

    #[test]
    fn a_password_of_another_form_is_refused_with_its_reason() {
        let refused = |s: &str| s.parse::<CertificatePassword>().unwrap_err();
        assert_eq!(
            refused("123"),
            CertificatePasswordError::Length { found: 3 }
        );
        assert_eq!(
            refused("12345"),
            CertificatePasswordError::Length { found: 5 }
        );
        assert_eq!(
            refused("12a4"),
            CertificatePasswordError::NotADigit { at: 3 }
        );
    }

    #[test]
    fn a_request_id_has_fifteen_digits() {
        assert!("123456789012345".parse::<RequestId>().is_ok());
        assert_eq!(
            "１２３４５６７８９０".parse::<RequestId>().unwrap_err(),
            RequestIdError::Length {
                expected: 15,
                found: 10
            }
        );
        assert_eq!(
            "12345678901234O".parse::<RequestId>().unwrap_err(),
            RequestIdError::NotADigit { at: 15 }
        );
    }

    #[test]
    fn luhn_catches_every_single_digit_misread() {
        let code: InstitutionCode = "0110113719".parse().unwrap();
        assert!(code.luhn_holds());
        for at in 0..10 {
            for wrong in b'0'..=b'9' {
                let mut digits = code.as_str().as_bytes().to_vec();
                if digits[at] == wrong {
                    continue;
                }
                digits[at] = wrong;
                let misread: InstitutionCode = String::from_utf8(digits).unwrap().parse().unwrap();
                assert!(!misread.luhn_holds(), "{misread}");
            }
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let reference: ReferenceId = "Ab3dE6gH9k".parse().unwrap();
        let password: CertificatePassword = "8051".parse().unwrap();
        let printed = format!("{reference:?} {password:?}");
        assert!(!printed.contains("Ab3dE6gH9k") && !printed.contains("8051"));
    }

    #[test]
    fn ids_are_shown_in_groups_of_five() {
        assert_eq!(grouped("123456789012345"), "12345 67890 12345");
        assert_eq!(grouped("ABCDEFGH"), "ABCDE FGH");
    }

    #[test]
    fn a_terminal_name_is_one_trimmed_line() {
        assert_eq!(
            " 受付\n1号機 ".parse::<TerminalName>().unwrap().as_str(),
            "受付 1号機"
        );
        assert_eq!(
            "　\n".parse::<TerminalName>(),
            Err(TerminalNameError::Empty)
        );
    }
}
