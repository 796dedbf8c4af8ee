//! The print of a page in short runs, whatever its form: what stands on one line between two rules, or between two
//! blanks as wide as a character.

use super::columns::{line_of, words};
use super::print::{Area, PrintLine};
use super::rules::RulingLine;

/// One run of print.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// It as a line, for a reader.
    pub line: PrintLine,
    pieces: Vec<Area>,
    em: usize,
}

impl Segment {
    fn of(mut pieces: Vec<Area>, em: usize) -> Self {
        pieces.sort_by_key(|piece| piece.left);
        Self {
            line: line_of(&pieces, em),
            pieces,
            em,
        }
    }

    /// What stands left of a column, and what stands right of it; `None` where nothing would be left on one side.
    pub fn split_at(&self, column: usize) -> Option<(Self, Self)> {
        let left = |piece: &Area| piece.middle_x() < column;
        let (left, right): (Vec<Area>, Vec<Area>) = self.pieces.iter().partition(|p| left(p));
        match left.is_empty() || right.is_empty() {
            true => None,
            false => Some((Self::of(left, self.em), Self::of(right, self.em))),
        }
    }

    /// Whether it has so many characters side by side that are as high as each other and narrower than high, as digits
    /// are and characters of Japanese print are not. Some may touch their neighbours.
    fn may_be_a_number(&self, digits: usize) -> bool {
        let (mut run, mut longest, mut height) = (0, 0, 0);
        // Marks between groups end no run.
        let tall = self
            .pieces
            .iter()
            .filter(|piece| piece.height() * 3 >= self.em);
        for piece in tall {
            let unequal = piece.height().abs_diff(height) > (height / UNEQUAL).max(1);
            if unequal {
                run = 0;
            }
            height = piece.height();
            run += (piece.width() * 5 / (piece.height() * 3).max(1)).max(1);
            longest = longest.max(run);
        }
        longest >= digits
    }

    /// It without the dots of a colon that stand before it.
    pub fn without_dots_before(&self) -> Self {
        let dots = self
            .pieces
            .iter()
            .take_while(|piece| piece.height() * 3 < self.em);
        let rest = &self.pieces[dots.count()..];
        match rest.is_empty() || rest.len() == self.pieces.len() {
            true => self.clone(),
            false => Self::of(rest.to_vec(), self.em),
        }
    }

    /// Several runs of one line as one.
    pub fn joined(segments: &[&Self]) -> Option<Self> {
        let em = segments.first()?.em;
        let pieces = segments.iter().flat_map(|segment| &segment.pieces);
        Some(Self::of(pieces.copied().collect(), em))
    }
}

/// Digits side by side differ in height by no more than this part of it, even where a rule below them cut them.
const UNEQUAL: usize = 5;

/// The runs of print that may be numbers of so many digits, seen by their ink alone.
pub(super) fn numbers(
    pieces: &[Area],
    down: &[RulingLine],
    em: usize,
    digits: usize,
) -> Vec<Segment> {
    // In a coarse mask all of them may touch.
    let mut found = segments(pieces, down, em);
    found.retain(|segment| segment.may_be_a_number(digits));
    found
}

#[cfg(test)]
impl Segment {
    /// A run that fills an area, for tests of what is done with runs.
    pub(crate) fn filling(area: Area) -> Self {
        Self::of(vec![area], area.height())
    }
}

/// The runs of print on a page, in no particular order. A rule down between two pieces parts them, however near they
/// stand to it.
pub(super) fn segments(pieces: &[Area], down: &[RulingLine], em: usize) -> Vec<Segment> {
    let mut found = Vec::new();
    // From left to right, as words are put together.
    for word in words(pieces, em) {
        let mut run: Vec<Area> = Vec::new();
        for piece in word {
            let last = run.last().copied();
            if last.is_some_and(|last| is_parted(&last, &piece, down)) {
                found.push(Segment::of(std::mem::take(&mut run), em));
            }
            run.push(piece);
        }
        found.push(Segment::of(run, em));
    }
    found
}

fn is_parted(left: &Area, right: &Area, down: &[RulingLine]) -> bool {
    let between = left.middle_x()..right.middle_x();
    let (top, bottom) = (left.top.min(right.top), left.bottom.max(right.bottom));
    down.iter().any(|rule| {
        between.contains(&rule.at()) && rule.overlap(top, bottom) * 2 > bottom.saturating_sub(top)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(left: usize, right: usize) -> Area {
        Area {
            left,
            top: 100,
            right,
            bottom: 120,
        }
    }

    #[test]
    fn a_rule_parts_what_a_narrow_blank_does_not() {
        let pieces = [area(0, 18), area(20, 38), area(46, 60), area(90, 110)];
        let spans = |down: &[RulingLine]| {
            let mut spans: Vec<(usize, usize)> = segments(&pieces, down, 20)
                .iter()
                .map(|segment| (segment.line.area.left, segment.line.area.right))
                .collect();
            spans.sort_unstable();
            spans
        };
        assert_eq!(spans(&[]), [(0, 60), (90, 110)]);
        let rule = |from, to| RulingLine {
            from,
            to,
            top: 42,
            bottom: 43,
        };
        assert_eq!(spans(&[rule(80, 140)]), [(0, 38), (46, 60), (90, 110)]);
        assert_eq!(
            spans(&[rule(0, 104)]),
            [(0, 60), (90, 110)],
            "it ends above"
        );
    }

    #[test]
    fn digits_are_told_from_japanese_print_by_their_ink() {
        let line = |pieces: &[(usize, usize)]| {
            let mut left = 0;
            let pieces = pieces.iter().map(|(width, height)| {
                left += width + 3;
                Area {
                    left: left - width,
                    top: 120 - height,
                    right: left,
                    bottom: 120,
                }
            });
            Segment::of(pieces.collect(), 20)
        };
        assert!(line(&[(11, 20); 15]).may_be_a_number(14));
        let mut touching = vec![(11, 20); 9];
        touching.extend([(25, 19), (36, 20)]);
        assert!(line(&touching).may_be_a_number(14));
        assert!(line(&[(180, 20)]).may_be_a_number(14), "all of them");
        let mut grouped = [(11, 20); 15].to_vec();
        grouped.insert(5, (8, 3));
        assert!(line(&grouped).may_be_a_number(14));
        assert!(
            !line(&[(11, 20); 11]).may_be_a_number(14),
            "a telephone number"
        );
        let kana = [(14, 17), (16, 20), (18, 13), (12, 18), (17, 15)];
        assert!(!line(&kana.repeat(5)).may_be_a_number(14));
    }

    #[test]
    fn a_run_is_split_between_its_pieces_and_put_together_again() {
        let whole = Segment::of(vec![area(0, 18), area(20, 38), area(46, 60)], 20);
        let (left, right) = whole.split_at(42).unwrap();
        assert_eq!((left.line.area.right, right.line.area.left), (38, 46));
        assert_eq!(Segment::joined(&[&left, &right]), Some(whole.clone()));
        assert_eq!(whole.split_at(0), None);
        assert_eq!(whole.split_at(100), None);
    }
}
