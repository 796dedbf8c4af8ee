//! Sentences for people in Japanese and English, how far two spellings are apart, and bytes in digits.

/// The language of messages; Japanese unless asked otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Language {
    /// 日本語
    #[default]
    Ja,
    /// English
    En,
}

/// One sentence in both languages. Never holds a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both sentences at once.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }

    /// The sentence in `language`.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}

/// Bytes as lower-case hexadecimal, two digits each.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    halves.map(digit).collect()
}

/// Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`.
pub fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_as_far_apart_as_their_changes() {
        let distance = |a: &str, b: &str| {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            edit_distance(&characters(a), &characters(b))
        };
        assert_eq!(distance("発行先", "発行先"), 0);
        assert_eq!(distance("Onlien", "Online"), 2);
        assert_eq!(distance("", "発行者"), 3);
        assert_eq!(
            distance(
                "ダウンロードサイリファレンスID",
                "ダウンロードサイトリファレンスID"
            ),
            1
        );
    }
}
