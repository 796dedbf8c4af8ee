//! In which forms a secret may lie in bytes: looked for before anything leaves that should hold none.
//!
//! Besides the text itself: both cases, full width, UTF-16 in both orders, hexadecimal, base64 at each of the three
//! places it may begin, percent-encoded, as numeric HTML entities and as escapes of a script.

use super::Plaintext;

/// The forms of some secrets.
#[derive(Default)]
pub struct Traces {
    /// Found anywhere.
    anywhere: Vec<Vec<u8>>,
    /// Too short to mean anything inside a longer run of letters and digits.
    alone: Vec<Vec<u8>>,
}

impl Traces {
    /// The forms of these secrets.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Plaintext>) -> Self {
        let mut traces = Self::default();
        for secret in secrets {
            traces.add(secret.bytes());
        }
        traces
    }

    /// Adds a text that is not to be seen either.
    pub fn add(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let clear = [
            text.to_vec(),
            text.to_ascii_lowercase(),
            text.to_ascii_uppercase(),
        ];
        match text.len() < SHORT {
            true => self.alone.extend(clear),
            false => self.anywhere.extend(clear),
        }
        self.anywhere.extend(encoded(text));
        self.anywhere.retain(|form| !form.is_empty());
    }

    /// Whether any of them lies in `bytes`.
    pub fn lie_in(&self, bytes: &[u8]) -> bool {
        let finds = |form: &Vec<u8>| places(bytes, form).next().is_some();
        let finds_alone = |form: &Vec<u8>| {
            places(bytes, form).any(|at| {
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                let after = bytes.get(at + form.len());
                [before, after]
                    .into_iter()
                    .flatten()
                    .all(|byte| !byte.is_ascii_alphanumeric())
            })
        };
        self.anywhere.iter().any(finds) || self.alone.iter().any(finds_alone)
    }
}

fn places<'a>(bytes: &'a [u8], form: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes
        .windows(form.len().max(1))
        .enumerate()
        .filter(move |(_, window)| *window == form)
        .map(|(at, _)| at)
}

fn encoded(text: &[u8]) -> Vec<Vec<u8>> {
    let joined = |piece: &dyn Fn(u8) -> String| -> Vec<u8> {
        text.iter()
            .map(|byte| piece(*byte))
            .collect::<String>()
            .into_bytes()
    };
    let mut forms = vec![
        joined(&|byte| format!("{byte:02x}")),
        joined(&|byte| format!("{byte:02X}")),
        joined(&|byte| format!("%{byte:02x}")),
        joined(&|byte| format!("%{byte:02X}")),
        joined(&|byte| format!("&#{byte};")),
        joined(&|byte| format!("&#x{byte:02x};")),
        joined(&|byte| format!("\\u{byte:04x}")),
        joined(&|byte| format!("\\u{byte:04X}")),
        joined(&|byte| format!("\\x{byte:02x}")),
        joined(&|byte| format!("\\x{byte:02X}")),
        text.iter().flat_map(|byte| [*byte, 0]).collect(),
        text.iter().flat_map(|byte| [0, *byte]).collect(),
        full_width(text).into_bytes(),
    ];
    forms.extend((0..3).map(|lead| base64_inside(text, lead)));
    forms
}

fn full_width(text: &[u8]) -> String {
    text.iter()
        .map(|byte| match byte {
            0x21..=0x7e => char::from_u32(u32::from(*byte) + 0xfee0).unwrap_or(' '),
            other => char::from(*other),
        })
        .collect()
}

/// The characters of base64 that `text` alone decides, when `lead` other bytes stand before it in its group.
fn base64_inside(text: &[u8], lead: usize) -> Vec<u8> {
    let mut bits = Vec::new();
    for byte in text {
        bits.extend((0..8).rev().map(|at| byte >> at & 1));
    }
    let skipped = (6 - lead * 8 % 6) % 6;
    bits.get(skipped..)
        .unwrap_or_default()
        .chunks_exact(6)
        .map(|six| {
            let at = six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit));
            BASE64[at]
        })
        .collect()
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// A 4-digit password is part of many a number.
const SHORT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_and_nowhere_else() {
        let traces = Traces::of([&Plaintext::new(b"Kx7mPq2Rtz".to_vec())]);
        for form in [
            "id=Kx7mPq2Rtz&x",
            "KX7MPQ2RTZ",
            "4b78376d50713252747a",
            "%4B%78%37%6D%50%71%32%52%74%7A",
            "&#75;&#120;&#55;&#109;&#80;&#113;&#50;&#82;&#116;&#122;",
            "Ｋｘ７ｍＰｑ２Ｒｔｚ",
            r"\u004b\u0078\u0037\u006d\u0050\u0071\u0032\u0052\u0074\u007a",
            r"\x4B\x78\x37\x6D\x50\x71\x32\x52\x74\x7A",
            // echo -n, printf 'a', printf 'ab' before it, as base64(1) writes them
            "S3g3bVBxMlJ0eg==",
            "YUt4N21QcTJSdHo=",
            "YWJLeDdtUHEyUnR6",
            "K\x00x\x007\x00m\x00P\x00q\x002\x00R\x00t\x00z\x00",
        ] {
            assert!(traces.lie_in(form.as_bytes()), "{form}");
        }
        assert!(!traces.lie_in("リファレンスID Kx7mPq2Rt".as_bytes()));
    }

    #[test]
    fn a_short_secret_counts_only_where_it_stands_alone() {
        let traces = Traces::of([&Plaintext::new(b"8051".to_vec())]);
        assert!(traces.lie_in("パスワード8051。".as_bytes()));
        assert!(!traces.lie_in(b"180515"));
        assert!(!Traces::default().lie_in(b"8051"));
    }
}
