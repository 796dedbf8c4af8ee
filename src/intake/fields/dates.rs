//! Dates as letters print them: 2026/11/21, 2026-11-21, 2026年11月21日, 令和8年11月21日.
//!
//! What stands between the numbers is read badly on a fax (a slash becomes a 1, a range sign vanishes), so the
//! numbers are taken by their lengths, and a text that fits no form is no date: nothing is repaired by guess.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

/// The one date that `text` is.
pub fn one_date(text: &str) -> Option<Date> {
    match dates(text)[..] {
        [date] => Some(date),
        _ => None,
    }
}

/// The two dates that `text` is, with anything that is no digit between them.
pub fn two_dates(text: &str) -> Option<(Date, Date)> {
    match dates(text)[..] {
        [from, to] => Some((from, to)),
        _ => None,
    }
}

/// How many dates `text` is made of.
pub fn count(text: &str) -> usize {
    dates(text).len()
}

/// Every date of `text`; empty as soon as a number is left over.
fn dates(text: &str) -> Vec<Date> {
    let text: Vec<char> = text.nfkc().filter(|c| !c.is_whitespace()).collect();
    let mut rest = &text[..];
    let mut dates = Vec::new();
    loop {
        let Some(start) = rest.iter().position(|c| c.is_ascii_digit() || is_era(*c)) else {
            return dates;
        };
        let Some((date, after)) = date_at(&rest[start..]) else {
            return Vec::new();
        };
        dates.push(date);
        rest = after;
    }
}

fn date_at(text: &[char]) -> Option<(Date, &[char])> {
    let (year, text) = year_at(text)?;
    let (month, text) = number(skip_mark(text)?, 2)?;
    let (day, text) = number(skip_mark(text)?, 2)?;
    let text = text.strip_prefix(&['日']).unwrap_or(text);
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some((date, text))
}

/// Four digits, or 令和 with its year.
fn year_at(text: &[char]) -> Option<(i16, &[char])> {
    let Some(text) = text.strip_prefix(&['令', '和']) else {
        let (year, rest) = number(text, 4)?;
        return (year >= FIRST_YEAR).then_some((year, rest));
    };
    match text.strip_prefix(&['元']) {
        Some(rest) => Some((REIWA + 1, rest)),
        None => number(text, 2).map(|(year, rest)| (REIWA + year, rest)),
    }
}

fn is_era(c: char) -> bool {
    c == '令'
}

/// One mark between the parts of a date.
fn skip_mark(text: &[char]) -> Option<&[char]> {
    let (mark, rest) = text.split_first()?;
    matches!(mark, '/' | '-' | '.' | '年' | '月' | '‐' | '–' | '−').then_some(rest)
}

/// Up to `longest` digits.
fn number(text: &[char], longest: usize) -> Option<(i16, &[char])> {
    let digits = text
        .iter()
        .take(longest)
        .take_while(|c| c.is_ascii_digit())
        .count();
    let value: String = text[..digits].iter().collect();
    Some((value.parse().ok()?, &text[digits..]))
}

/// 令和1年 is 2019.
const REIWA: i16 = 2018;
/// The authority began in 2020; a year before 2000 is a misread.
const FIRST_YEAR: i16 = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printed_form_is_read() {
        let expected = Some(Date::constant(2026, 3, 9));
        for text in [
            "2026/03/09",
            "2026-03-09",
            "2026年3月9日",
            "2026年03月09日",
            "令和8年3月9日",
            "２０２６／０３／０９",
            " 2026 / 03 / 09",
        ] {
            assert_eq!(one_date(text), expected, "{text}");
        }
        assert_eq!(one_date("令和元年5月1日"), Some(Date::constant(2019, 5, 1)));
    }

    #[test]
    fn ranges_are_read_whatever_their_sign() {
        let expected = Some((Date::constant(2026, 11, 17), Date::constant(2030, 2, 17)));
        for sign in ["~", "～", "〜", "-", "–", " - ", "から", ""] {
            let text = format!("2026/11/17{sign}2030/02/17");
            assert_eq!(two_dates(&text), expected, "{text}");
            let text = format!("2026年11月17日{sign}2030年2月17日");
            assert_eq!(two_dates(&text), expected, "{text}");
        }
        assert_eq!(two_dates("令和8年11月17日～令和12年2月17日"), expected);
        assert_eq!(two_dates("2026-11-17-2030-02-17"), expected);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2026/13/01",
            "2026/02/30",
            "20〇〇/〇〇/〇〇",
            "2026/11707",
            "2026/11/17/5",
            "0000/00/00",
            "12/03/09",
            "2026/1/",
            "令和年3月1日",
        ] {
            assert_eq!(one_date(text), None, "{text}");
        }
        assert_eq!(two_dates("2026/11/17~2030/02"), None);
        assert_eq!(one_date("2026/11/17~2030/02/17"), None);
    }
}
