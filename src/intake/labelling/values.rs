//! Which values belong to a label: the one beside it, or those below it, of what looks like its value.

use zeroize::Zeroizing;

use super::item::{Item, is_free_text, is_id, looks_like, same_row, shared_columns};
use crate::intake::fields::blocks::RowLayout;
use crate::intake::fields::{Label, dates};
use crate::intake::layout::{Area, PrintLine, Segment};

/// A label with the values that stand below it, or the one beside it.
pub(super) struct Labelled<'a> {
    pub(super) label: Label,
    pub(super) area: Area,
    /// From top to bottom; each a value of its own.
    pub(super) values: Vec<Value<'a>>,
    below: bool,
}

/// The lines of one value.
pub(super) struct Value<'a> {
    pub(super) lines: Vec<PrintLine>,
    /// What it is made of.
    parts: Vec<&'a Item>,
}

/// Every label with its values.
pub(super) fn labelled(items: &[Item]) -> Vec<Labelled<'_>> {
    let labels: Vec<(&Item, Label)> = items
        .iter()
        .filter_map(|item| Some((item, item.label?)))
        .collect();
    let mut found: Vec<Labelled<'_>> = labels
        .iter()
        .map(|(item, label)| {
            let beside = beside(items, item, *label);
            let below = beside.is_none();
            Labelled {
                label: *label,
                area: item.area(),
                values: match beside {
                    Some(value) => vec![value],
                    None => self::below(items, item, *label),
                },
                below,
            }
        })
        .collect();
    // A name looks like anything: it stands where the values of its row's other labels stand.
    let heads_columns: Vec<bool> = found
        .iter()
        .map(|one| {
            let mut in_its_row = found
                .iter()
                .filter(|other| !is_free_text(other.label) && same_row(&other.area, &one.area));
            is_free_text(one.label)
                && in_its_row.any(|other| other.below && !other.values.is_empty())
        })
        .collect();
    for ((one, (item, label)), heads) in found.iter_mut().zip(&labels).zip(heads_columns) {
        if heads && !one.below {
            one.values = below(items, item, *label);
            one.below = true;
        }
    }
    found
}

/// The value behind a label on its line: as few runs of print as look like it.
fn beside<'a>(items: &'a [Item], label: &Item, wanted: Label) -> Option<Value<'a>> {
    let (at, glyph) = (label.area(), label.segment.line.glyph);
    let mut right: Vec<&Item> = items
        .iter()
        .filter(|item| item.area().left + glyph / 2 >= at.right && same_row(&item.area(), &at))
        .collect();
    right.sort_by_key(|item| item.area().left);
    let end = right.iter().position(|item| item.label.is_some());
    right.truncate(end.unwrap_or(right.len()));
    if wanted != Label::Validity {
        let value = first_that_fits(&right, wanted)?;
        // A group that follows is of the ID: with it, the length says that something is wrong.
        return match is_id(wanted) {
            true => value.with_what_follows(&right, glyph),
            false => Some(value),
        };
    }
    // A label in the middle of two lines shares rows with neither.
    let upper = || {
        let lines = items.iter().filter(|item| {
            item.label.is_none()
                && item.area().left >= at.right
                && item.area().bottom + glyph > at.top
                && item.area().middle_y() < at.middle_y()
        });
        let upper = lines.min_by_key(|item| item.area().left)?;
        let mut value = first_that_fits(&[upper], wanted)?;
        value.take_second_date(items);
        (value.lines.len() == 2).then_some(value)
    };
    let mut value = first_that_fits(&right, wanted).or_else(upper)?;
    value.take_second_date(items);
    Some(value)
}

/// The values below a label, from top to bottom, as far as they look like values of it.
fn below<'a>(items: &'a [Item], label: &Item, wanted: Label) -> Vec<Value<'a>> {
    let at = label.area();
    let glyph = label.segment.line.glyph;
    // A small label in the corner of a wide cell: up to the next label on its line, unless a label stands on the value's.
    let labels = || items.iter().filter(|item| item.label.is_some());
    let next =
        labels().filter(|other| other.area().left > at.right && same_row(&other.area(), &at));
    let end = next.map(|other| other.area().left).min();
    let is_in_its_cell = |area: &Area| {
        area.left >= at.left
            && end.is_none_or(|end| area.right <= end)
            && !labels().any(|other| same_row(&other.area(), area))
    };
    let mut under: Vec<&Item> = items
        .iter()
        .filter(|item| item.area().top >= at.bottom.saturating_sub(glyph / 4))
        .filter(|item| {
            shared_columns(&item.area(), &at) > 0
                || item.area().left.abs_diff(at.left) <= 2 * glyph
                || is_in_its_cell(&item.area())
        })
        .collect();
    under.sort_by_key(|item| (item.area().top, item.area().left));
    let mut values: Vec<Value<'a>> = Vec::new();
    let mut bottom = at.bottom;
    let mut is_next = true;
    for item in under {
        let area = item.area();
        // The head of the value below this one's, in the same cell.
        let is_second_head =
            item.label.is_some() && is_next && area.top.saturating_sub(at.bottom) * 2 <= glyph * 5;
        is_next = false;
        if is_second_head {
            bottom = area.bottom;
            continue;
        }
        if item.label.is_some() || area.top.saturating_sub(bottom) > MOST_LINES_APART * glyph {
            break;
        }
        let is_taken =
            |value: &Value<'_>| value.parts.iter().any(|part| same_row(&part.area(), &area));
        if values.iter().any(is_taken) {
            continue;
        }
        let row = row_from(items, item, glyph);
        if let Some(mut value) = first_that_fits(&row, wanted) {
            if wanted == Label::Validity {
                value.take_second_date(items);
            }
            bottom = value.area().bottom;
            values.push(value);
        } else if values.is_empty() && is_free_text(wanted) {
            break;
        }
    }
    values
}

/// What stands on one line from `first` on, with blanks as between groups of digits at most.
fn row_from<'a>(items: &'a [Item], first: &'a Item, glyph: usize) -> Vec<&'a Item> {
    let mut right: Vec<&Item> = items
        .iter()
        .filter(|item| {
            item.label.is_none()
                && same_row(&item.area(), &first.area())
                && item.area().left > first.area().left
        })
        .collect();
    right.sort_by_key(|item| item.area().left);
    let mut row = vec![first];
    for item in right {
        let end = row[row.len() - 1].area().right;
        if item.area().left.saturating_sub(end) > WIDEST_BLANK * glyph {
            break;
        }
        row.push(item);
    }
    row
}

/// As few of the runs as look like the value, those that look exactly like it before any other. What explains a label may
/// stand before them.
fn first_that_fits<'a>(row: &[&'a Item], wanted: Label) -> Option<Value<'a>> {
    let (starts, most) = match is_free_text(wanted) {
        true => (1, 1),
        false => (MOST_BEFORE + 1, MOST_PARTS),
    };
    for exactly in [true, false] {
        for start in 0..starts.min(row.len()) {
            for count in 1..=most.min(row.len() - start) {
                let parts = &row[start..start + count];
                let text: String = parts.iter().map(|item| item.text.as_str()).collect();
                if looks_like(wanted, &Zeroizing::new(text), exactly) {
                    return Value::of(parts);
                }
            }
        }
    }
    None
}

fn dates_in(parts: &[&Item]) -> usize {
    parts.iter().map(|item| dates::count(&item.text)).sum()
}

impl Labelled<'_> {
    pub(super) fn into_row(self) -> Option<RowLayout> {
        let value = self.values.into_iter().next()?;
        Some(RowLayout {
            label: self.label,
            label_area: self.area,
            value: value.lines,
        })
    }
}

impl<'a> Value<'a> {
    fn of(parts: &[&'a Item]) -> Option<Self> {
        let segments: Vec<&Segment> = parts.iter().map(|item| &item.segment).collect();
        Some(Self {
            lines: vec![Segment::joined(&segments)?.without_dots_before().line],
            parts: parts.to_vec(),
        })
    }

    /// It with the letters and digits behind it that are no further off than groups of one number are.
    fn with_what_follows(self, row: &[&'a Item], glyph: usize) -> Option<Self> {
        let mut parts = self.parts;
        let behind = row.iter().filter(|item| {
            let last = parts.last().map(|last| last.area().right);
            last.is_some_and(|last| item.area().left >= last)
        });
        let behind: Vec<&Item> = behind.copied().collect();
        for item in behind {
            let end = parts.last()?.area().right;
            let is_of_it = item.text.chars().all(|c| c.is_ascii_alphanumeric());
            if !is_of_it || item.area().left.saturating_sub(end) > WIDEST_BLANK * glyph {
                break;
            }
            parts.push(item);
        }
        Self::of(&parts)
    }

    /// Takes the second of two dates from the next line.
    fn take_second_date(&mut self, items: &'a [Item]) {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return;
        };
        if self.dates() != 1 {
            return;
        }
        let glyph = last.segment.line.glyph;
        let lower = items.iter().find(|item| {
            let area = item.area();
            item.label.is_none()
                && area.middle_y() > last.area().bottom
                && area.top < last.area().bottom + glyph
                && shared_columns(&area, &first.area()) > 0
                && dates_in(&[item]) == 1
        });
        if let Some(lower) = lower {
            self.lines.push(lower.segment.line.clone());
            self.parts.push(lower);
        }
    }

    pub(super) fn area(&self) -> Area {
        let areas = self.lines.iter().map(|line| line.area);
        areas.reduce(|sum, area| sum.with(&area)).unwrap_or(Area {
            left: 0,
            top: 0,
            right: 0,
            bottom: 0,
        })
    }

    /// How many dates it says.
    pub(super) fn dates(&self) -> usize {
        dates_in(&self.parts)
    }

    pub(super) fn middle_y(&self) -> usize {
        self.area().middle_y()
    }
}

/// Lines between a label and its value, or between two rows of a table.
const MOST_LINES_APART: usize = 5;
/// Characters between two groups of one number.
const WIDEST_BLANK: usize = 3;
/// Runs of print between a label and its value.
const MOST_BEFORE: usize = 2;
/// A number of which every digit stands in a box of its own.
const MOST_PARTS: usize = 24;
