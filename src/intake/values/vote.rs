//! Several readings of one line to one: the text that most agree on, if both readers are among those.

use super::By;
use crate::intake::reader::LineReading;

/// Puts the readings of the text that most agree on in front; false when there is no such text, or when only
/// one reader saw it. `text` says what of a reading counts.
pub(super) fn take_majority(
    readings: &mut Vec<(By, LineReading)>,
    text: impl Fn(&LineReading) -> String,
) -> bool {
    let texts: Vec<(By, String)> = readings
        .iter()
        .map(|(by, reading)| (*by, text(reading)))
        .collect();
    let votes = |text: &String| texts.iter().filter(|(_, other)| other == text).count();
    let Some((_, winner)) = texts
        .iter()
        .find(|(_, text)| votes(text) * 2 > texts.len() && !text.is_empty())
    else {
        return false;
    };
    let saw = |who: By| texts.iter().any(|(by, text)| *by == who && text == winner);
    let both = saw(By::Glyphnet) && saw(By::Tesseract);
    // Stable: readings of the winning text come first, in their order; the two readers lead them.
    let mut marked: Vec<(bool, (By, LineReading))> = texts
        .iter()
        .map(|(_, text)| text != winner)
        .zip(readings.drain(..))
        .collect();
    marked.sort_by_key(|(loser, _)| *loser);
    readings.extend(marked.into_iter().map(|(_, reading)| reading));
    let first = readings.first().map(|(by, _)| *by);
    let other = readings.iter().position(|(by, _)| Some(*by) != first);
    if let (true, Some(other)) = (both, other) {
        readings.swap(1, other);
    }
    both
}

/// The first two readings; every character of the first carries what any other reading saw in its place.
pub(super) fn merged(readings: &[LineReading]) -> (LineReading, LineReading) {
    let mut first = readings.first().cloned().unwrap_or_default();
    for other in readings.iter().skip(1) {
        first = with_alternatives(first, other);
    }
    (first, readings.get(1).cloned().unwrap_or_default())
}

/// `first`, whose characters also name what `other` saw in their place.
pub(super) fn with_alternatives(mut first: LineReading, other: &LineReading) -> LineReading {
    if first.characters.len() == other.characters.len() {
        for (mine, theirs) in first.characters.iter_mut().zip(&other.characters) {
            let seen = theirs.character;
            if seen != mine.character && !mine.alternatives.contains(&seen) {
                mine.alternatives.insert(0, seen);
            }
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::reader::ReadCharacter;

    fn reading(text: &str) -> LineReading {
        let characters = text.chars().zip(0..).map(|(character, i)| {
            let columns = 10 + i * 20..10 + i * 20 + 14;
            ReadCharacter::seen(character, 0.9, columns)
        });
        LineReading {
            characters: characters.collect(),
            width: 0,
        }
    }

    use By::{Glyphnet as G, Tesseract as T};

    fn by(readers: [By; 4], texts: [&str; 4]) -> Vec<(By, LineReading)> {
        readers.into_iter().zip(texts.map(reading)).collect()
    }

    #[test]
    fn what_only_one_reader_saw_is_no_agreement() {
        let mut readings = by([G, G, G, T], ["17", "17", "17", "71"]);
        assert!(!take_majority(&mut readings, LineReading::text));
    }

    #[test]
    fn three_of_four_readings_make_a_text_and_two_do_not() {
        let mut readings = by([G, T, G, T], ["17", "71", "71", "71"]);
        assert!(take_majority(&mut readings, LineReading::text));
        let readers: Vec<By> = readings.iter().take(2).map(|(by, _)| *by).collect();
        assert_eq!(readers, [T, G]);
        let readings: Vec<LineReading> = readings.into_iter().map(|(_, r)| r).collect();
        let (first, second) = merged(&readings);
        assert_eq!((first.text(), second.text()), ("71".into(), "71".into()));
        assert_eq!(first.characters[0].alternatives, ['1']);
        assert!(!take_majority(
            &mut by([G, T, G, T], ["17", "71", "71", "17"]),
            LineReading::text
        ));
    }
}
