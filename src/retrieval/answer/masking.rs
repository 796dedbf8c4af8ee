//! What a page repeats of what was submitted, struck out: before it is quoted, and before it is kept.
//!
//! A page may repeat a value in disguise: in pieces between tags, as character references, as escapes of a script or of
//! an address, in base64 or hexadecimal. Each disguise is taken off with the place of every character remembered, so
//! that what is found is struck out where it stands, and the page around it stays. What a browser would put together
//! otherwise is found by a last look, and such a page is not kept at all.

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::custody::traces::Traces;
use crate::domain::{CertificatePassword, Issuance};
use crate::retrieval::page::{self, printable};

/// What must not be repeated.
pub(super) struct Mask {
    secrets: Vec<Secret>,
}

struct Secret {
    /// In lower case.
    text: Zeroizing<String>,
    /// Whether it means something wherever it stands, whatever stands between its characters.
    is_long: bool,
}

impl Mask {
    /// The reference ID and the password.
    pub(super) fn new(issuance: &Issuance, password: &CertificatePassword) -> Self {
        // Read only to be struck out of what a page repeats.
        let secrets = [issuance.reference_id.expose(), password.expose()];
        Self {
            secrets: secrets.into_iter().map(Secret::new).collect(),
        }
    }

    /// Both IDs and the password: the request ID is no secret by itself, but half of what opens the certificate, and a page
    /// that is handed on does without it.
    pub(super) fn for_keeping(issuance: &Issuance, password: &CertificatePassword) -> Self {
        let mut mask = Self::new(issuance, password);
        mask.secrets.push(Secret::new(issuance.request_id.as_str()));
        mask
    }

    /// The first sentences, shortened, without the secrets; `None` when there is none.
    pub(super) fn quote(&self, sentences: &[String]) -> Option<String> {
        let text = printable(
            &sentences
                .iter()
                .take(MOST_SENTENCES)
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" "),
        );
        let quoted: String = self.strike_out(&text).chars().take(LONGEST_QUOTE).collect();
        (!quoted.is_empty()).then_some(quoted)
    }

    /// The page without the secrets, as long as any page for people; `None` when one still lies in it.
    pub(super) fn page(&self, source: &str) -> Option<String> {
        // What the end would cut in two is seen whole first.
        let source: String = source.chars().take(LONGEST_PAGE + BEYOND).collect();
        let masked: String = self
            .strike_out(&source)
            .chars()
            .take(LONGEST_PAGE)
            .collect();
        (!self.still_lies_in(&masked)).then_some(masked)
    }

    /// Secrets are found in any width and case, with blanks or hyphens between their characters, and in every disguise.
    fn strike_out(&self, text: &str) -> String {
        let characters: Vec<char> = text.chars().collect();
        let mut struck = vec![false; characters.len()];
        for view in views(&characters) {
            for found in self.found_in(&view) {
                found.for_each(|at| struck[view[at].from..view[at].to].fill(true));
            }
            for run in runs(&view) {
                if self.lies_encoded_in(&view[run.clone()], NESTED) {
                    run.for_each(|at| struck[view[at].from..view[at].to].fill(true));
                }
            }
        }
        characters
            .iter()
            .zip(struck)
            .map(|(c, struck)| if struck { '＊' } else { *c })
            .collect()
    }

    /// Looks at a masked page as a browser and a helper would: what it shows, its lines put together, its bytes.
    fn still_lies_in(&self, masked: &str) -> bool {
        let shown = page::visible_text_of(masked);
        let in_one_line: String = masked.chars().filter(|c| !c.is_whitespace()).collect();
        let mut traces = Traces::default();
        for secret in &self.secrets {
            traces.add(secret.text.as_bytes());
        }
        self.lies_in(&shown, NESTED)
            || self.lies_in(&in_one_line, NESTED)
            || traces.lie_in(masked.as_bytes())
    }

    fn lies_in(&self, text: &str, nested: usize) -> bool {
        let characters: Vec<char> = text.chars().collect();
        views(&characters).iter().any(|view| {
            self.found_in(view).next().is_some()
                || runs(view).any(|run| self.lies_encoded_in(&view[run], nested))
        })
    }

    /// Where secrets stand in a view.
    fn found_in(&self, view: &[Glyph]) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.secrets
            .iter()
            .flat_map(|secret| {
                let folded: Vec<Option<char>> =
                    view.iter().map(|glyph| secret.fold(glyph.c)).collect();
                (0..view.len())
                    .filter_map(|start| Some(start..matches_from(&folded, start, &secret.text)?))
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Whether what a run of letters and digits encodes holds a secret, itself in disguise or not.
    fn lies_encoded_in(&self, run: &[Glyph], nested: usize) -> bool {
        let Some(deeper) = nested.checked_sub(1) else {
            return false;
        };
        let text: Zeroizing<String> = Zeroizing::new(run.iter().map(|glyph| glyph.c).collect());
        decodings(&text).any(|bytes| {
            // Two bytes a character are one with nothing beside it.
            let decoded: Zeroizing<String> = Zeroizing::new(
                bytes
                    .iter()
                    .filter(|byte| **byte != 0)
                    .map(|byte| char::from(*byte))
                    .collect(),
            );
            self.lies_in(&decoded, deeper)
        })
    }
}

impl Secret {
    fn new(text: &str) -> Self {
        Self {
            text: Zeroizing::new(text.to_lowercase()),
            is_long: text.len() >= LONG,
        }
    }

    /// One character as this secret is compared; `None` for what may stand between its characters.
    fn fold(&self, c: char) -> Option<char> {
        let folded = match c.is_ascii() {
            true => c.to_ascii_lowercase(),
            false => c.nfkc().next()?.to_lowercase().next()?,
        };
        let is_between = match self.is_long {
            true => !folded.is_alphanumeric(),
            false => {
                folded.is_whitespace() || "-‐‑–—−ー".contains(folded) || UNSEEN.contains(&folded)
            }
        };
        (!is_between).then_some(folded)
    }
}

fn matches_from(folded: &[Option<char>], start: usize, secret: &str) -> Option<usize> {
    folded[start]?;
    let mut at = start;
    for expected in secret.chars() {
        while folded.get(at).is_some_and(Option::is_none) {
            at += 1;
        }
        if *folded.get(at)? != Some(expected) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// One character as a reader gets it, and where its source stands.
#[derive(Clone, Copy)]
struct Glyph {
    c: char,
    from: usize,
    to: usize,
}

/// The text as it stands, and with one layer of disguise after the other taken off; each also without its tags.
fn views(text: &[char]) -> Vec<Vec<Glyph>> {
    let mut views = Vec::new();
    let mut view: Vec<Glyph> = text
        .iter()
        .enumerate()
        .map(|(at, c)| Glyph {
            c: *c,
            from: at,
            to: at + 1,
        })
        .collect();
    for _ in 0..MOST_LAYERS {
        let bare = without_tags(&view);
        if bare.len() < view.len() {
            views.push(bare);
        }
        let next = unescaped(&view);
        let is_last = next.len() == view.len();
        views.push(std::mem::replace(&mut view, next));
        if is_last {
            break;
        }
    }
    views
}

/// What stands between tags, comments left out.
fn without_tags(view: &[Glyph]) -> Vec<Glyph> {
    let mut kept = Vec::with_capacity(view.len());
    // Found once: a page of comments that never end would be searched to its end for each.
    let last_comment_ends = (0..view.len()).rev().find(|at| stands(view, "-->", *at));
    let mut at = 0;
    while let Some(glyph) = view.get(at) {
        match end_of_tag(view, at, last_comment_ends) {
            Some(end) => at = end,
            None => {
                kept.push(*glyph);
                at += 1;
            }
        }
    }
    kept
}

/// Behind the tag or comment that begins here; `None` where none begins, or where another begins within it: then it
/// is that one which stands between characters of an attribute.
fn end_of_tag(view: &[Glyph], at: usize, last_comment_ends: Option<usize>) -> Option<usize> {
    if !begins_tag(view, at) {
        return None;
    }
    if stands(view, "<!--", at) {
        last_comment_ends.filter(|last| *last > at)?;
        let end = (at..view.len()).find(|end| stands(view, "-->", *end))?;
        return Some(end + "-->".len());
    }
    let next = (at + 1..view.len()).find(|next| view[*next].c == '>' || begins_tag(view, *next))?;
    (view[next].c == '>').then_some(next + 1)
}

fn begins_tag(view: &[Glyph], at: usize) -> bool {
    let next = view.get(at + 1);
    view[at].c == '<'
        && next.is_some_and(|next| next.c.is_ascii_alphabetic() || "/!?".contains(next.c))
}

fn stands(view: &[Glyph], text: &str, at: usize) -> bool {
    text.chars()
        .enumerate()
        .all(|(by, c)| view.get(at + by).is_some_and(|glyph| glyph.c == c))
}

/// One layer of escapes taken off: of pages (`&#116;`), of scripts (`\u0074`, `\x74`), of addresses (`%74`).
fn unescaped(view: &[Glyph]) -> Vec<Glyph> {
    let mut taken_off = Vec::with_capacity(view.len());
    let mut at = 0;
    while let Some(glyph) = view.get(at) {
        match escape(view, at).filter(|(_, end)| *end > at) {
            Some((c, end)) => {
                let to = view[end - 1].to;
                taken_off.push(Glyph {
                    c,
                    from: glyph.from,
                    to,
                });
                at = end;
            }
            None => {
                taken_off.push(*glyph);
                at += 1;
            }
        }
    }
    taken_off
}

/// The character that an escape stands for, and where the escape ends.
fn escape(view: &[Glyph], at: usize) -> Option<(char, usize)> {
    let c = |at: usize| view.get(at).map(|glyph| glyph.c);
    let code = |from: usize, radix: u32, digits: std::ops::RangeInclusive<usize>| {
        let count = (0..*digits.end())
            .take_while(|by| c(from + by).is_some_and(|c| c.is_digit(radix)))
            .count();
        let number: String = (from..from + count).filter_map(c).collect();
        let number = u32::from_str_radix(&number, radix).ok()?;
        digits.contains(&count).then_some((number, from + count))
    };
    let past = |(number, end): (u32, usize), closing: char| {
        let is_closed = c(end) == Some(closing);
        (number, end + usize::from(is_closed))
    };
    let (number, end) = match (c(at)?, c(at + 1)?) {
        ('&', '#') => match c(at + 2)? {
            'x' | 'X' => past(code(at + 3, 16, 1..=8)?, ';'),
            _ => past(code(at + 2, 10, 1..=10)?, ';'),
        },
        ('&', _) => return named(view, at),
        ('\\', 'u') => match c(at + 2)? {
            '{' => past(code(at + 3, 16, 1..=6)?, '}'),
            _ => code(at + 2, 16, 4..=4)?,
        },
        ('\\', 'x') => code(at + 2, 16, 2..=2)?,
        ('\\', '\\') => (u32::from('\\'), at + 2),
        ('\\', '0'..='3') => code(at + 1, 8, 3..=3)?,
        ('%', 'u') => code(at + 2, 16, 4..=4)?,
        ('%', _) => code(at + 1, 16, 2..=2)?,
        _ => return None,
    };
    Some((char::from_u32(number).unwrap_or('\u{fffd}'), end))
}

/// The references by name that hide others, or that nobody sees.
fn named(view: &[Glyph], at: usize) -> Option<(char, usize)> {
    let found = NAMES.iter().find(|(name, _)| stands(view, name, at));
    found.map(|(name, c)| (*c, at + name.len()))
}

/// Runs that could encode something.
fn runs(view: &[Glyph]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < view.len() {
            let length = view[at..].iter().take_while(|g| is_digit(g.c)).count();
            let run = at..at + length;
            at += length.max(1);
            if length >= SHORTEST_RUN {
                return Some(run);
            }
        }
        None
    })
}

/// What a run may encode: base64 in both alphabets and hexadecimal, begun at each place.
fn decodings(run: &str) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let standard: Zeroizing<String> = Zeroizing::new(run.replace('-', "+").replace('_', "/"));
    let in_base64 = (0..4).filter_map(move |skipped| {
        let digits = standard.get(skipped..)?;
        // One digit alone encodes nothing.
        let whole = digits.len() - usize::from(digits.len() % 4 == 1);
        LENIENT.decode(&digits[..whole]).ok()
    });
    let digits: Option<Vec<u8>> = run
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let in_hexadecimal = (0..2).filter_map(move |skipped| {
        let digits = digits.as_ref()?.get(skipped..)?;
        let bytes = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]);
        Some(bytes.collect())
    });
    in_base64.chain(in_hexadecimal).map(Zeroizing::new)
}

/// What was cut out of a run may end anywhere.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// References by name; every letter and digit has none.
const NAMES: [(&str, char); 8] = [
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&nbsp;", ' '),
    ("&shy;", '\u{ad}'),
    ("&zwnj;", '\u{200c}'),
    ("&zwj;", '\u{200d}'),
];

/// Characters that take no room.
const UNSEEN: [char; 6] = [
    '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}',
];

/// A shorter text, the password, is part of many a number.
const LONG: usize = 6;

/// Four digits in base64.
const SHORTEST_RUN: usize = 5;

/// Layers of escapes that are taken off.
const MOST_LAYERS: usize = 4;

/// Encodings within each other that are looked into.
const NESTED: usize = 2;

/// Sentences quoted of a message that is not understood.
const MOST_SENTENCES: usize = 4;

/// Characters quoted at most.
const LONGEST_QUOTE: usize = 300;

/// Characters kept of a page.
const LONGEST_PAGE: usize = 256 * 1_024;

/// Characters looked at behind those.
const BEYOND: usize = 4 * 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    const REFERENCE: &str = "ti97T1gFwQ";
    const PASSWORD: &str = "8051";

    fn mask() -> Mask {
        Mask {
            secrets: [REFERENCE, PASSWORD].map(Secret::new).into(),
        }
    }

    fn each(text: &str, piece: impl Fn(char) -> String) -> String {
        text.chars().map(piece).collect()
    }

    #[test]
    fn a_secret_is_struck_out_in_every_disguise_and_the_page_around_it_stays() {
        for secret in [REFERENCE, PASSWORD] {
            let (first, second) = secret.split_at(2);
            let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let escapes = each(secret, |c| format!("\\u{:04x}", u32::from(c)));
            for disguised in [
                secret.to_owned(),
                format!("{first}<b class=\"x\">{second}</b>"),
                format!("{first}<!-- x > y -->{second}"),
                format!("{first}&nbsp;\u{200b}{second}"),
                each(secret, |c| format!("&#{};", u32::from(c))),
                each(secret, |c| format!("&#x{:X}", u32::from(c))),
                each(secret, |c| format!("&amp;#{};", u32::from(c))),
                each(secret, |c| format!("<i>&#{};</i>", u32::from(c))),
                escapes.clone(),
                escapes.replace('\\', "\\\\"),
                each(secret, |c| format!("\\x{:02x}", u32::from(c))),
                each(secret, |c| format!("\\u{{{:x}}}", u32::from(c))),
                each(secret, |c| format!("\\{:03o}", u32::from(c))),
                each(secret, |c| format!("%{:02x}", u32::from(c))),
                each(secret, |c| format!("%25{:02x}", u32::from(c))),
                each(secret, |c| format!("%u{:04x}", u32::from(c))),
                each(secret, |c| format!("{:02x}", u32::from(c))),
                STANDARD.encode(secret),
                STANDARD.encode(format!("ref={secret}&x=ÿÿÿ")),
                URL_SAFE_NO_PAD.encode(format!("?>>{secret}??")),
                STANDARD.encode(utf16),
                STANDARD.encode(&escapes),
                STANDARD.encode(STANDARD.encode(format!("a{secret}"))),
            ] {
                let page = format!(
                    "<p>受付できません。</p><p title=\"{disguised}\">{disguised}</p>終わり"
                );
                let masked = mask().page(&page).unwrap_or_else(|| panic!("{disguised}"));
                assert!(!masked.contains(&disguised), "{masked}");
                assert!(!mask().lies_in(&masked, NESTED), "{masked}");
                assert!(
                    masked.starts_with("<p>受付できません。</p><p title="),
                    "{masked}"
                );
                assert!(masked.ends_with("</p>終わり"), "{masked}");
            }
        }
    }

    #[test]
    fn a_page_that_would_still_show_a_secret_is_not_kept() {
        let (first, second) = REFERENCE.split_at(4);
        // Pieces that only a browser puts together, and base64 broken between two lines.
        let shown = format!("<p>{first}<span hidden>zz</span>{second}</p>");
        let encoded = STANDARD.encode(format!("reference={REFERENCE}"));
        let (line, next) = encoded.split_at(18);
        for page in [shown, format!("<pre>{line}\n{next}</pre>")] {
            assert_eq!(mask().page(&page), None, "{page}");
        }
    }

    #[test]
    fn a_page_without_secrets_is_kept_to_the_letter() {
        let page = "<!DOCTYPE html><p>2026/11/23 18:05:10 受付番号 T-180 (100%) &amp; ti97</p><img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA\">";
        assert_eq!(mask().page(page).as_deref(), Some(page));
    }

    #[test]
    fn the_end_of_a_long_page_cuts_no_secret_in_two() {
        let page = format!("{}{REFERENCE}", "あ".repeat(LONGEST_PAGE - 5));
        let masked = mask().page(&page).unwrap();
        assert_eq!(masked.chars().count(), LONGEST_PAGE);
        assert!(masked.ends_with("あ＊＊＊＊＊"));
    }
}
