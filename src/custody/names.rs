//! Texts from letters as file names that every system takes and nobody can misuse.
//!
//! A terminal name is free text from a scan: it may hold `../`, a device name of Windows, invisible
//! characters that swap what is shown, or be as long as a sentence.
//!
//! Source: <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.

use unicode_normalization::UnicodeNormalization;

/// A file name made of `text`: one path component, NFC, bounded, the same on every system.
///
/// Different texts may give one name; [`super::files::write_new_owner_only_atomic`] keeps their files apart.
pub fn safe_file_name(text: &str) -> String {
    let cleaned: String = text.nfc().filter_map(kept).collect();
    let name = bounded(cleaned.trim_matches(is_edge)).trim_matches(is_edge);
    match name {
        "" => "_".to_owned(),
        name if is_device(name) => format!("_{name}"),
        name => name.to_owned(),
    }
}

/// The character to keep, with what no system takes replaced and what nobody sees dropped.
fn kept(c: char) -> Option<char> {
    match c {
        '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => Some('_'),
        c if c.is_control() => None,
        // Zero-width and direction marks, line and paragraph separators, tags, the byte order mark.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => None,
        c => Some(c),
    }
}

/// Windows drops blanks and dots at the end; a dot at the start hides a file on Unix.
fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

fn bounded(name: &str) -> &str {
    let end = (0..=name.len().min(LONGEST))
        .rev()
        .find(|at| name.is_char_boundary(*at));
    // Zero is always a boundary, so there always is an end.
    &name[..end.unwrap_or(0)]
}

/// Whether Windows takes `name`, with any extension, for a device.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let stem = stem.to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|rest| {
            let mut digits = rest.chars();
            matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        })
    };
    matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) || numbered("COM")
        || numbered("LPT")
}

/// Bytes of UTF-8; file systems take 255, and an extension and a number must still fit.
const LONGEST: usize = 180;

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn names_are_made_safe() {
        let cases = [
            ("受付1号機", "受付1号機"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..", "_"),
            ("", "_"),
            ("　 ", "_"),
            ("con", "_con"),
            ("NUL.p12", "_NUL.p12"),
            ("com¹", "_com¹"),
            ("COM10", "COM10"),
            ("CONSOLE", "CONSOLE"),
            ("C:\\Windows", "C__Windows"),
            ("診察室. ", "診察室"),
            ("a\u{202e}21p.exe", "a21p.exe"),
            ("ハ\u{3099}", "バ"),
            ("line\nbreak", "linebreak"),
        ];
        for (text, name) in cases {
            assert_eq!(safe_file_name(text), name, "{text:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = safe_file_name(&"端末".repeat(200));
        assert_eq!(name.len(), 180);
        assert!(name.ends_with('末'));
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_visible_component(text: String) {
            let name = safe_file_name(&text);
            let components: Vec<_> = Path::new(&name).components().collect();
            assert!(matches!(components[..], [Component::Normal(_)]), "{name:?}");
            assert!(name.len() <= LONGEST + 1);
            assert!(!name.chars().any(char::is_control));
            assert_eq!(safe_file_name(&name), name);
        }
    }
}
