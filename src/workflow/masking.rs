//! Text from outside with everything struck out that could be an ID, a password or a token.
//!
//! What is kept is what a helper needs: words, labels, the skeleton of a page. What has the form of a secret goes,
//! known or not.

/// `text` without values of attributes, numbers of four digits and more, and long runs that no word is.
pub fn masked(text: &str) -> String {
    let without_values = without_values(text);
    let mut kept = String::with_capacity(without_values.len());
    let mut run = String::new();
    for c in without_values.chars() {
        if is_of_a_run(c) {
            run.push(c);
        } else {
            kept.push_str(&run_or_mark(&run));
            run.clear();
            if !c.is_control() || matches!(c, '\n' | '\t') {
                kept.push(c);
            }
        }
    }
    kept.push_str(&run_or_mark(&run));
    kept
}

/// Letters, digits and what joins them in encoded values.
fn is_of_a_run(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '+' | '/' | '=' | '%' | '_' | '-' | '&' | '#' | ';')
        || ('\u{ff10}'..='\u{ff5a}').contains(&c)
}

fn run_or_mark(run: &str) -> String {
    let digits = run
        .chars()
        .filter(|c| c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(c))
        .count();
    let length = run.chars().count();
    let is_value = digits >= MOST_DIGITS || (length >= LONG && !is_markup(run));
    match is_value {
        true => format!("［伏字{length}］"),
        false => run.to_owned(),
    }
}

/// Attribute names and paths of a page are long and harmless: no digits, no mixture of cases.
fn is_markup(run: &str) -> bool {
    let is_upper = |c: char| c.is_ascii_uppercase();
    !run.chars().any(|c| c.is_ascii_digit()) && run.chars().filter(|c| is_upper(*c)).count() <= 2
}

/// What stands in `value="…"` is struck out whole.
fn without_values(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut done = 0;
    for (at, word) in lower.match_indices("value") {
        let Some(from) = value_after(text, at + word.len()).filter(|_| at >= done) else {
            continue;
        };
        let rest = &text[from..];
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let from = from + quote.map_or(0, char::len_utf8);
        let rest = &text[from..];
        let end = match quote {
            Some(quote) => rest.find(quote),
            None => rest.find(|c: char| c.is_whitespace() || c == '>'),
        };
        let end = from + end.unwrap_or(rest.len());
        kept.push_str(&text[done..from]);
        if end > from {
            kept.push_str("［値］");
        }
        done = end;
    }
    kept.push_str(&text[done..]);
    kept
}

/// Where the value begins, when what follows an attribute's name is its equals sign.
fn value_after(text: &str, name_end: usize) -> Option<usize> {
    let after = text[name_end..].trim_start().strip_prefix('=')?;
    Some(text.len() - after.trim_start().len())
}

const MOST_DIGITS: usize = 4;
const LONG: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn words_and_the_skeleton_stay_and_values_go() {
        let page = r#"<form action="/p/rcd" method=POST><input name="refid" VALUE = "Kx7mPq2Rtz"><input type=hidden value=abc>リクエストID 123456789012345 は不正です。 token=QmFzZTY0Rm9ybU9mU29tZXRoaW5n １２３４"#;
        let masked = masked(page);
        for kept in ["/p/rcd", "refid", "リクエストID", "は不正です"] {
            assert!(masked.contains(kept), "{masked}");
        }
        for gone in ["Kx7mPq2Rtz", "abc", "12345", "QmFzZTY0", "１２３４"] {
            assert!(!masked.contains(gone), "{gone}: {masked}");
        }
    }

    proptest! {
        #[test]
        fn no_number_of_four_digits_is_left_in_any_text(text: String) {
            let masked = masked(&text);
            let longest = masked
                .split(|c: char| !c.is_ascii_digit())
                .map(str::len)
                .max();
            assert!(longest < Some(4), "{masked}");
        }
    }
}
