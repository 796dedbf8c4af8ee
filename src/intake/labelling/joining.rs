//! Labels that stand in several runs of print: on two lines, spread over their cell, or once more in another language.

use zeroize::Zeroizing;

use super::item::{Item, is_free_text, same_row};
use crate::intake::fields::Label;
use crate::intake::layout::Segment;

/// Puts together what is one label; `find` says which label a text is.
pub(super) fn join_labels(items: &mut Vec<Item>, find: impl Fn(&str) -> Option<Label>) {
    items.retain(|item| !item.is_gone);
    items.sort_by_key(|item| item.area().left);
    for lower in (0..items.len()).rev() {
        join_to_line_above(items, lower, &find);
    }
    for first in 0..items.len() {
        join_the_same_again(items, first);
    }
    items.retain(|item| !item.is_gone);
}

/// Puts the second line of a label to its first.
fn join_to_line_above(items: &mut [Item], lower: usize, find: &impl Fn(&str) -> Option<Label>) {
    let second = &items[lower];
    if second.is_gone || second.text.chars().count() > LONGEST_SECOND_LINE {
        return;
    }
    let is_upper = |first: &Item| !first.is_gone && first.goes_on_in(second);
    let Some(upper) = items.iter().position(is_upper) else {
        return;
    };
    let text = format!("{}{}", *items[upper].text, *second.text);
    let label = match items[upper].label {
        // What explains it: （開始日）. A value of it would have digits.
        Some(label) => {
            let is_free = second.label.is_none();
            (is_free && explains(&second.text, label)).then_some(label)
        }
        // Above a label often stands the value of another.
        None => find(&text).filter(|label| second.label.is_none_or(|known| known == *label)),
    };
    if let Some(label) = label {
        join(items, &[upper, lower], Zeroizing::new(text), label);
    }
}

/// The runs of short print side by side that may be one label whose characters stand far from each other.
pub(super) fn spread_runs(items: &mut [Item]) -> Vec<Vec<usize>> {
    items.sort_by_key(|item| item.area().left);
    let is_short = |item: &Item| {
        let has_digits = item.text.contains(|c: char| c.is_ascii_digit());
        item.label.is_none() && !has_digits && item.text.chars().count() <= MOST_AT_ONCE
    };
    let mut taken = vec![false; items.len()];
    let mut runs = Vec::new();
    for first in 0..items.len() {
        if taken[first] || !is_short(&items[first]) {
            continue;
        }
        let mut run = vec![first];
        for next in first + 1..items.len() {
            let (last, item) = (&items[run[run.len() - 1]], &items[next]);
            if !same_row(&last.area(), &item.area()) {
                continue;
            }
            let gap = item.area().left.saturating_sub(last.area().right);
            if gap > WIDEST_SPREAD * item.segment.line.glyph || !is_short(item) {
                break;
            }
            run.push(next);
        }
        for at in &run {
            taken[*at] = true;
        }
        if run.len() >= FEWEST_SPREAD {
            runs.push(run);
        }
    }
    runs
}

/// Puts a label to the same one beside it: リクエストID and Request ID, 発行先 and （医療機関コード）.
fn join_the_same_again(items: &mut [Item], first: usize) {
    let Some(label) = items[first].label.filter(|_| !items[first].is_gone) else {
        return;
    };
    let mut row = vec![first];
    for next in first + 1..items.len() {
        let (last, item) = (&items[row[row.len() - 1]], &items[next]);
        if item.is_gone || !same_row(&last.area(), &item.area()) {
            continue;
        }
        let gap = item.area().left.saturating_sub(last.area().right);
        if item.label != Some(label) || gap > WIDEST_SPREAD * item.segment.line.glyph {
            break;
        }
        row.push(next);
    }
    if row.len() > 1 {
        let text = items[first].text.clone();
        join(items, &row, text, label);
    }
}

/// Makes the first of several items all of them.
fn join(items: &mut [Item], which: &[usize], text: Zeroizing<String>, label: Label) {
    let segments: Vec<&Segment> = which.iter().map(|at| &items[*at].segment).collect();
    if let Some(whole) = Segment::joined(&segments) {
        become_one(items, which, Item::new(whole, text, Some(label)));
    }
}

/// Puts one item in the place of several.
pub(super) fn become_one(items: &mut [Item], which: &[usize], one: Item) {
    for at in which {
        items[*at].is_gone = true;
    }
    items[which[0]] = one;
}

fn explains(text: &str, label: Label) -> bool {
    let is_in_brackets = text.starts_with('(') && text.ends_with(')');
    let has_digits = text.contains(|c: char| c.is_ascii_digit());
    is_in_brackets
        || !is_free_text(label) && !has_digits && text.chars().count() <= LONGEST_EXPLANATION
}

/// Characters below a label that explain it.
const LONGEST_EXPLANATION: usize = 8;
/// Characters of a label's second line.
const LONGEST_SECOND_LINE: usize = 16;
/// Characters that stand together in a label that is spread.
const MOST_AT_ONCE: usize = 6;
/// A label that is spread consists of so many runs at least.
const FEWEST_SPREAD: usize = 2;
/// Characters between two runs of one label.
const WIDEST_SPREAD: usize = 6;
