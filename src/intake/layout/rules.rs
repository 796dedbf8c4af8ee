//! Ruling lines, found by the length of their runs.
//!
//! A rule is a long run of ink along a row that stays thin: print never runs on for 12 mm without a gap.
//! Rows are looked at three at a time, so that a rule that leans by a pixel is one run, and a rule broken
//! by a speck or by the scanner's threshold is joined again. One pass over the mask; columns are rows of
//! the transposed mask.

use crate::intake::page::{Mask, runs};

/// A straight line of the form, along rows (or along columns of the transposed mask).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RulingLine {
    /// First pixel along the line.
    pub from: usize,
    /// Past the last pixel along the line.
    pub to: usize,
    /// First row of its ink.
    pub top: usize,
    /// Past the last row of its ink.
    pub bottom: usize,
}

impl RulingLine {
    /// The row of its middle.
    pub fn at(&self) -> usize {
        (self.top + self.bottom) / 2
    }

    /// How far it runs.
    pub fn length(&self) -> usize {
        self.to - self.from
    }

    /// How many pixels of `from..to` it covers.
    pub fn overlap(&self, from: usize, to: usize) -> usize {
        self.to.min(to).saturating_sub(self.from.max(from))
    }
}

/// What counts as a rule, in mask pixels.
#[derive(Clone, Copy, Debug)]
pub struct RuleSize {
    /// Shortest run taken.
    pub shortest: usize,
    /// Thickest line taken; thicker is a bar or a picture.
    pub thickest: usize,
    /// How far above and below it must be white.
    pub free: usize,
    /// Longest gap within a run.
    pub gap: usize,
    /// Longest gap between pieces of one line.
    pub join: usize,
}

/// The rules along the rows of `mask`, from top to bottom.
pub fn ruling_lines(mask: &Mask, size: &RuleSize) -> Vec<RulingLine> {
    let mut growing: Vec<RulingLine> = Vec::new();
    let mut done = Vec::new();
    let mut ink = vec![false; mask.width()];
    for y in 0..mask.height() {
        if !three_rows(mask, y, &mut ink) {
            continue;
        }
        for (from, to) in long_runs(&ink, size) {
            let touching = growing.iter_mut().find(|line| {
                line.bottom + 1 >= y && line.overlap(from, to) * 2 > line.length().min(to - from)
            });
            match touching {
                Some(line) => {
                    line.from = line.from.min(from);
                    line.to = line.to.max(to);
                    line.bottom = y + 1;
                }
                None => growing.push(RulingLine {
                    from,
                    to,
                    top: y,
                    bottom: y + 1,
                }),
            }
        }
        let (open, closed) = growing.into_iter().partition(|line| line.bottom + 1 >= y);
        growing = open;
        done.extend::<Vec<_>>(closed);
    }
    done.extend(growing);
    let thin = done.into_iter().filter_map(|line| sharpened(line, size));
    let rules =
        thin.filter(|line| stands_free(mask, line, size) && !is_foot_of_print(mask, line, size));
    joined(rules.collect(), size)
}

/// A line without the row that looking at three rows added on either side; `None` when it is too thick.
fn sharpened(line: RulingLine, size: &RuleSize) -> Option<RulingLine> {
    let (top, bottom) = match line.bottom - line.top {
        0..=2 => (line.top, line.bottom),
        _ => (line.top + 1, line.bottom - 1),
    };
    (bottom - top <= size.thickest).then_some(RulingLine {
        top,
        bottom,
        ..line
    })
}

/// Whether it is white just above or just below the line. Strokes that run into a line of bold print have ink
/// on both sides.
fn stands_free(mask: &Mask, line: &RulingLine, size: &RuleSize) -> bool {
    let (above, below) = (line.top.checked_sub(size.free), line.bottom + size.free);
    !(is_crowded(mask, line, above) && is_crowded(mask, line, Some(below)))
}

/// Whether a short line is the feet of digits that stand close to each other, or their heads: print goes on from it row
/// by row, where below a rule it stands off.
fn is_foot_of_print(mask: &Mask, line: &RulingLine, size: &RuleSize) -> bool {
    let above = || (1..=size.free).all(|step| is_crowded(mask, line, line.top.checked_sub(step)));
    let below = || (0..size.free).all(|step| is_crowded(mask, line, Some(line.bottom + step)));
    line.length() <= LONGEST_FOOT * size.shortest && (above() || below())
}

fn is_crowded(mask: &Mask, line: &RulingLine, y: Option<usize>) -> bool {
    y.filter(|y| *y < mask.height()).is_some_and(|y| {
        let row = &mask.row(y)[line.from..line.to];
        row.iter().filter(|ink| **ink).count() * 6 > row.len()
    })
}

/// A row with its two neighbours; false when all three are white.
fn three_rows(mask: &Mask, y: usize, ink: &mut [bool]) -> bool {
    ink.copy_from_slice(mask.row(y));
    for neighbour in [y.checked_sub(1), (y + 1 < mask.height()).then_some(y + 1)]
        .into_iter()
        .flatten()
    {
        for (ink, pixel) in ink.iter_mut().zip(mask.row(neighbour)) {
            *ink |= pixel;
        }
    }
    ink.contains(&true)
}

/// Long runs of ink, with short gaps overlooked.
fn long_runs(ink: &[bool], size: &RuleSize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut pieces = runs(ink);
    let mut current = pieces.next();
    let mut gaps = 0;
    while let Some((from, end)) = current {
        let next = pieces.next();
        current = match next {
            Some((start, to)) if start - end <= size.gap => {
                gaps += start - end;
                Some((from, to))
            }
            next => {
                // A dotted line has gaps all along, a line of print too.
                if end - from >= size.shortest && gaps * 8 <= end - from {
                    found.push((from, end));
                }
                gaps = 0;
                next
            }
        };
    }
    found
}

/// Pieces of one line become one.
fn joined(mut lines: Vec<RulingLine>, size: &RuleSize) -> Vec<RulingLine> {
    lines.sort_by_key(|line| (line.from, line.top));
    let mut whole: Vec<RulingLine> = Vec::new();
    for line in lines {
        let before = whole.iter_mut().find(|piece| {
            piece.at().abs_diff(line.at()) <= size.thickest && line.from <= piece.to + size.join
        });
        match before {
            Some(piece) => {
                piece.to = piece.to.max(line.to);
                piece.top = piece.top.min(line.top);
                piece.bottom = piece.bottom.max(line.bottom);
            }
            None => whole.push(line),
        }
    }
    whole.sort_by_key(|line| (line.at(), line.from));
    whole
}

/// Shortest rules: a number is no longer, the rules of a table mostly are.
const LONGEST_FOOT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: RuleSize = RuleSize {
        shortest: 60,
        thickest: 6,
        free: 4,
        gap: 2,
        join: 40,
    };

    fn draw(mask: &mut Mask, from: usize, to: usize, row: impl Fn(usize) -> usize) {
        for x in from..to {
            mask.row_mut(row(x))[x] = true;
        }
    }

    #[test]
    fn the_feet_of_digits_are_no_rule_and_a_rule_close_below_them_is() {
        let digits = |rule: Option<usize>| {
            let mut mask = Mask::blank(300, 60);
            for x in 50..200 {
                for y in 20..40 {
                    // Two stems and a foot, a pixel apart from the next.
                    let at = x % 11;
                    mask.row_mut(y)[x] = at < 2 || (7..9).contains(&at) || (y > 37 && at < 10);
                }
            }
            if let Some(y) = rule {
                draw(&mut mask, 40, 280, |_| y);
            }
            ruling_lines(&mask, &SIZE).len()
        };
        assert_eq!(digits(None), 0);
        assert_eq!(digits(Some(46)), 1);
    }

    #[test]
    fn a_leaning_rule_with_gaps_is_one_rule() {
        let mut mask = Mask::blank(900, 60);
        draw(&mut mask, 50, 850, |x| 20 + x / 300);
        for x in [100, 101, 333, 500, 501] {
            for y in 18..25 {
                mask.row_mut(y)[x] = false;
            }
        }
        for x in 600..630 {
            for y in 18..25 {
                mask.row_mut(y)[x] = false;
            }
        }
        let lines = ruling_lines(&mask, &SIZE);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((lines[0].from, lines[0].to), (50, 850));
    }

    #[test]
    fn a_line_of_print_and_a_bar_are_no_rules() {
        let mut mask = Mask::blank(600, 200);
        for x in (20..500).filter(|x| x % 17 < 12) {
            for y in 20..38 {
                mask.row_mut(y)[x] = true;
            }
        }
        for y in 100..130 {
            draw(&mut mask, 20, 500, |_| y);
        }
        assert_eq!(ruling_lines(&mask, &SIZE), []);
    }

    #[test]
    fn strokes_of_bold_print_that_touch_are_no_rule() {
        let mut mask = Mask::blank(400, 60);
        draw(&mut mask, 20, 200, |_| 30);
        for x in (20..200).filter(|x| x % 10 < 5) {
            for y in 20..40 {
                mask.row_mut(y)[x] = true;
            }
        }
        assert_eq!(ruling_lines(&mask, &SIZE), []);
    }

    #[test]
    fn two_rules_close_to_each_other_stay_two() {
        let mut mask = Mask::blank(400, 60);
        draw(&mut mask, 10, 300, |_| 20);
        draw(&mut mask, 10, 300, |_| 30);
        assert_eq!(ruling_lines(&mask, &SIZE).len(), 2);
    }
}
