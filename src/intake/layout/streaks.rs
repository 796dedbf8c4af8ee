//! Streaks along the way of the paper: a dead dot of the print head or dust on the scanner's glass.
//!
//! A white one takes a stroke from a digit, a black one adds one, and what is left is another digit that every reader
//! reads alike. A white streak shows by the rules that it cuts, one below the other; a black one is a rule through
//! print.
//!
//! Torn rules, as a fax makes them, have gaps everywhere: they show a streak only where nearly all of them are cut. A
//! page without rules shows no white streaks.

use std::ops::Range;

use super::print::Area;
use super::rules::RulingLine;
use crate::domain::BoundingBox;
use crate::intake::page::Upright;

/// What crosses a page from top to bottom and is not of the form, in pixels of the mask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streaks {
    white: Vec<White>,
    black: Vec<RulingLine>,
}

/// A line of gaps: at row `y` it is at `at + slope * y`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct White {
    at: f32,
    slope: f32,
}

/// A piece of a rule, and where it has short gaps.
struct Cut {
    from: f32,
    to: f32,
    y: f32,
    /// From left to right.
    gaps: Vec<f32>,
}

impl Streaks {
    /// The streaks of a page with these rules, looked for in `columns` alone, where the values stand.
    pub(super) fn of(
        page: &Upright<'_>,
        across: &[RulingLine],
        down: &[RulingLine],
        columns: Range<usize>,
    ) -> Self {
        let millimetre = page.mask_dpi() / 25.4;
        let cut = across
            .iter()
            .filter_map(|rule| cut_of(page, rule, &columns))
            .collect::<Vec<_>>();
        Self {
            white: white(&cut, millimetre),
            black: down.to_vec(),
        }
    }

    /// Whether one goes through the print of `area`.
    pub fn cross(&self, area: &Area) -> bool {
        let inside = area.left + EDGE..area.right.saturating_sub(EDGE);
        let white = self.white.iter().any(|streak| {
            let x = streak.x_at(area.middle_y() as f32);
            x >= 0.0 && inside.contains(&(x.round() as usize))
        });
        let black = self.black.iter().any(|line| {
            inside.contains(&line.at()) && line.overlap(area.top, area.bottom) >= area.height()
        });
        white || black
    }
}

impl White {
    fn x_at(&self, y: f32) -> f32 {
        self.at + self.slope * y
    }

    /// Whether nearly all the rules that it would cross are cut there, and enough of them: many, where rules are torn.
    fn cuts_most(&self, rules: &[Cut], millimetre: f32) -> bool {
        let (mut crossed, mut cut, mut torn) = (0, 0, 0);
        for rule in rules {
            let x = self.x_at(rule.y);
            let margin = WIDEST_MM * millimetre;
            if x < rule.from + margin || x > rule.to - margin {
                continue;
            }
            crossed += 1;
            torn += usize::from(rule.is_torn(millimetre));
            cut += usize::from(rule.is_cut_at(x, NEAR_MM * millimetre));
        }
        match torn * 2 > crossed {
            false => cut >= FEWEST_CUT && cut * 5 >= crossed * 4,
            true => cut >= FEWEST_TORN && cut * 20 >= crossed * 19,
        }
    }
}

impl Cut {
    /// Asked for every gap of every rule at every slope, of which a torn page has many.
    fn is_cut_at(&self, x: f32, near: f32) -> bool {
        let next = self.gaps.partition_point(|gap| *gap < x - near);
        self.gaps.get(next).is_some_and(|gap| *gap <= x + near)
    }

    fn is_torn(&self, millimetre: f32) -> bool {
        let length = (self.to - self.from) / (TORN_MM * millimetre);
        self.gaps.len() as f32 > length.max(2.0)
    }
}

/// The white streaks that cut these rules.
fn white(rules: &[Cut], millimetre: f32) -> Vec<White> {
    let mut found: Vec<White> = Vec::new();
    for slope in (-SLOPES..=SLOPES).map(|step| step as f32 * SLOPE_STEP) {
        for rule in rules {
            for gap in &rule.gaps {
                let at = gap - slope * rule.y;
                let streak = White { at, slope };
                if streak.cuts_most(rules, millimetre) {
                    found.push(streak);
                }
            }
        }
    }
    found
}

/// The part of a rule that lies in `columns`, seen on the page itself: on the mask a streak narrower than two pixels is
/// closed. `None` where too little of the rule lies there.
fn cut_of(page: &Upright<'_>, rule: &RulingLine, columns: &Range<usize>) -> Option<Cut> {
    let (from, to) = (rule.from.max(columns.start), rule.to.min(columns.end));
    let step = page.step();
    let scaled = |at: usize| at as u32 * step;
    let top = rule.top.saturating_sub(BESIDE);
    let rows = page.rows(BoundingBox {
        x: scaled(from),
        y: scaled(top),
        width: scaled(to.checked_sub(from)?),
        height: scaled(rule.bottom + BESIDE - top),
    });
    let mut darkest = rows.first()?.clone();
    for row in &rows {
        for (darkest, pixel) in darkest.iter_mut().zip(row) {
            *darkest = (*darkest).min(*pixel);
        }
    }
    let paper = nth_part(rows.concat(), 9);
    let ink = nth_part(darkest.clone(), 3);
    let half = ((u16::from(paper) + u16::from(ink)) / 2) as u8;
    let widest = WIDEST_MM * page.mask_dpi() / 25.4 * step as f32;
    let is_dark: Vec<bool> = darkest.iter().map(|grey| *grey <= half).collect();
    let gaps = gaps(&is_dark, widest);
    Some(Cut {
        from: from as f32,
        to: to as f32,
        y: rule.at() as f32,
        gaps: gaps.map(|gap| from as f32 + gap / step as f32).collect(),
    })
}

/// The middles of the gaps of at most `widest` pixels.
fn gaps(is_dark: &[bool], widest: f32) -> impl Iterator<Item = f32> {
    let dark = is_dark.iter().enumerate().filter(|(_, dark)| **dark);
    let dark: Vec<usize> = dark.map(|(at, _)| at).collect();
    let pairs: Vec<(usize, usize)> = dark.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs
        .into_iter()
        .filter(move |(left, right)| {
            let gap = right - left - 1;
            gap > 0 && gap as f32 <= widest
        })
        .map(|(left, right)| (left + right) as f32 / 2.0)
}

/// The grey below which `tenths` of the pixels lie.
fn nth_part(mut greys: Vec<u8>, tenths: usize) -> u8 {
    let at = greys.len() * tenths / 10;
    let at = at.min(greys.len().saturating_sub(1));
    match greys.is_empty() {
        true => u8::MAX,
        false => *greys.select_nth_unstable(at).1,
    }
}

/// The widest gap that a streak leaves.
const WIDEST_MM: f32 = 0.9;
/// A rule with more gaps than one in so many millimetres is torn.
const TORN_MM: f32 = 8.0;
/// How far a gap may lie beside its streak.
const NEAR_MM: f32 = 0.25;
/// Rules cut by one streak; two may be torn alike by chance.
const FEWEST_CUT: usize = 3;
/// The same where rules are torn, all but one in twenty of them.
const FEWEST_TORN: usize = 12;
/// A page is level within so many steps of slope, and a streak straight as the scan.
const SLOPES: i32 = 5;
const SLOPE_STEP: f32 = 0.004;
/// What only touches the first or last character's edge.
const EDGE: usize = 1;
/// Rows of the mask above and below a rule that show its paper.
const BESIDE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    /// One millimetre is six pixels.
    const MILLIMETRE: f32 = 6.0;

    /// Whether print from `left` on is crossed between rules 40 pixels apart, of which `cut` says where each is cut.
    fn crosses(cut: impl Fn(usize) -> Vec<usize>, left: usize) -> bool {
        crosses_of(9, cut, left)
    }

    fn crosses_of(rules: usize, cut: impl Fn(usize) -> Vec<usize>, left: usize) -> bool {
        let rules = (1..=rules).map(|number| Cut {
            from: 100.0,
            to: 900.0,
            y: number as f32 * 40.0,
            gaps: cut(number).into_iter().map(|x| x as f32).collect(),
        });
        let streaks = Streaks {
            white: white(&rules.collect::<Vec<_>>(), MILLIMETRE),
            black: Vec::new(),
        };
        streaks.cross(&Area {
            left,
            top: 210,
            right: left + 200,
            bottom: 230,
        })
    }

    #[test]
    fn print_between_rules_that_are_cut_one_below_the_other_is_crossed() {
        assert!(crosses(|_| vec![500], 400));
        assert!(!crosses(|_| vec![500], 600));
        assert!(!crosses(|_| vec![], 400));
        // A scan that leans by half a degree.
        assert!(crosses(|number| vec![500 + number * 40 / 120], 400));
        // One rule of nine is whole.
        assert!(crosses(|n| if n == 4 { vec![] } else { vec![500] }, 400));
    }

    #[test]
    fn rules_that_are_torn_or_cut_at_different_places_show_no_streak() {
        assert!(!crosses(|n| vec![400 + n * 23], 400));
        assert!(!crosses(
            |_| (0..30).map(|gap| 120 + gap * 25).collect(),
            400
        ));
        assert!(!crosses(|n| if n < 3 { vec![500] } else { vec![] }, 400));
    }

    #[test]
    fn many_dead_dots_of_one_print_head_are_streaks_though_they_tear_every_rule() {
        let comb = |_| (0..30).map(|gap| 120 + gap * 25).collect::<Vec<usize>>();
        assert!(crosses_of(14, comb, 400));
        assert!(!crosses_of(9, comb, 400));
    }

    #[test]
    fn gaps_are_what_is_white_between_ink_and_not_wide() {
        let row = |text: &str| text.chars().map(|c| c == '#').collect::<Vec<_>>();
        let found: Vec<f32> = gaps(&row("..##.###...####......##"), 3.0).collect();
        assert_eq!(found, [4.0, 9.0]);
        assert_eq!(gaps(&row("....."), 3.0).count(), 0);
    }

    #[test]
    fn a_black_line_through_print_crosses_it_and_a_rule_beside_it_does_not() {
        let crossed = |at: usize| {
            let black = vec![RulingLine {
                from: 0,
                to: 600,
                top: at,
                bottom: at + 2,
            }];
            let white = Vec::new();
            Streaks { white, black }.cross(&Area {
                left: 400,
                top: 210,
                right: 600,
                bottom: 230,
            })
        };
        assert!(crossed(500));
        assert!(!crossed(390));
        assert!(!crossed(399));
    }
}
