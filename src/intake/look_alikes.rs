//! Characters that cannot be told apart by one glyph alone.

use crate::domain::CharacterReading;

/// Names what else a character may be; true when there is anything else.
pub fn name_look_alikes(character: &mut CharacterReading) -> bool {
    let seen: Vec<char> = std::iter::once(character.character)
        .chain(character.alternatives.iter().copied())
        .collect();
    let mut open = false;
    for group in GROUPS {
        if !seen.iter().any(|c| group.contains(*c)) {
            continue;
        }
        open = true;
        for other in group.chars() {
            if other != character.character && !character.alternatives.contains(&other) {
                character.alternatives.push(other);
            }
        }
    }
    open
}

/// All characters that `character` may be taken for or be mistaken for, itself among them; it alone when none is.
pub fn group_of(character: char) -> Vec<char> {
    let group = GROUPS.iter().find(|group| group.contains(character));
    group.map_or_else(|| vec![character], |group| group.chars().collect())
}

/// Whether `character` has look-alikes at all.
pub fn has_look_alikes(character: char) -> bool {
    GROUPS.iter().any(|group| group.contains(character))
}

/// One character for all that look alike: texts that are equal in it differ in nothing that a glyph shows.
pub fn folded(character: char) -> char {
    group_of(character)[0]
}

/// Whether two readers may mean the same glyph by these.
pub fn are_look_alikes(one: char, other: char) -> bool {
    group_of(one).contains(&other)
}

/// Groups of the same shape in many faces, small and large letters of one shape included. No character is in two.
const GROUPS: [&str; 16] = [
    "0OoQD", "1Iil", "5Ss", "8B", "2Zz", "6bG", "9gq", "cC", "vV", "wW", "xX", "kK", "pP", "uU",
    "yY", "jJ",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn character(character: char, alternatives: &[char]) -> CharacterReading {
        CharacterReading {
            character,
            confidence: 1.0,
            alternatives: alternatives.to_vec(),
        }
    }

    #[test]
    fn digits_that_letters_look_like_are_open() {
        for c in "0OoQD1Iil5Ss8B2ZzcCvVwWxXkKpPuU".chars() {
            assert!(name_look_alikes(&mut character(c, &[])), "{c}");
        }
        for c in "347AEFHLMNRTadefhmnrt".chars() {
            assert!(!name_look_alikes(&mut character(c, &[])), "{c}");
        }
    }

    #[test]
    fn what_the_other_reading_saw_opens_a_character_too() {
        let mut seven = character('7', &['1']);
        assert!(name_look_alikes(&mut seven));
        assert_eq!(seven.alternatives, ['1', 'I', 'i', 'l']);
    }

    #[test]
    fn no_character_is_in_two_groups() {
        let all: Vec<char> = GROUPS.iter().flat_map(|group| group.chars()).collect();
        for c in &all {
            assert_eq!(all.iter().filter(|other| *other == c).count(), 1, "{c}");
        }
    }
}
