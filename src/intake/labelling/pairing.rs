//! Which value belongs to which label, on a page of which only the places and the texts are known.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::domain::{ReferenceId, RequestId};
use crate::intake::fields::blocks::{BlockLayout, RowLayout, blocks_of};
use crate::intake::fields::{Label, dates};
use crate::intake::layout::{Area, PrintLine, Segment};

/// One run of print, and what it is.
pub(super) struct Item {
    /// Where it stands.
    pub(super) segment: Segment,
    /// What was read there; may be a secret.
    pub(super) text: Zeroizing<String>,
    /// Which label it is, if any.
    pub(super) label: Option<Label>,
    /// Whether another took it in.
    pub(super) is_gone: bool,
}

/// A label with the values that stand below it, or the one beside it.
struct Labelled<'a> {
    label: Label,
    area: Area,
    /// From top to bottom; each a value of its own.
    values: Vec<Value<'a>>,
    below: bool,
}

/// The lines of one value.
struct Value<'a> {
    lines: Vec<PrintLine>,
    /// What it is made of.
    parts: Vec<&'a Item>,
}

impl Item {
    pub(super) fn new(segment: Segment, text: Zeroizing<String>, label: Option<Label>) -> Self {
        Self {
            segment,
            text,
            label,
            is_gone: false,
        }
    }

    pub(super) fn area(&self) -> Area {
        self.segment.line.area
    }

    /// Whether the next line of the same text stands below.
    pub(super) fn goes_on_in(&self, lower: &Self) -> bool {
        let (upper, next) = (self.area(), lower.area());
        let glyph = self.segment.line.glyph.max(lower.segment.line.glyph);
        next.middle_y() > upper.bottom
            && next.top.saturating_sub(upper.bottom) * 4 <= glyph * 5
            && shared_columns(&upper, &next) * 2 > next.width().min(upper.width())
    }
}

/// The blocks of a page, in reading order.
pub(super) fn blocks(items: &[Item]) -> Vec<BlockLayout> {
    let labelled = labelled(items);
    let (headings, mut fields): (Vec<Labelled<'_>>, Vec<Labelled<'_>>) =
        labelled.into_iter().partition(|one| one.values.len() > 1);
    join_start_and_end(&mut fields);
    let records = records(&headings);
    let rows = fields.into_iter().filter_map(Labelled::into_row).collect();
    match records.is_empty() {
        true => share_what_stands_once(blocks_by_columns(rows)),
        false => with_what_stands_above(records, rows),
    }
}

/// What looks like a request ID outside of every block: a terminal that a person must see.
pub(super) fn unclaimed(items: &[Item], blocks: &[BlockLayout]) -> Vec<BlockLayout> {
    let claimed: Vec<Area> = blocks
        .iter()
        .filter_map(|block| area_of(block, blocks))
        .collect();
    let lone = request_ids(items).filter(|item| !is_in(&claimed, item));
    let lone = lone.map(|item| BlockLayout {
        rows: vec![RowLayout {
            label: Label::RequestId,
            label_area: item.area(),
            value: vec![item.segment.line.clone()],
        }],
    });
    lone.collect()
}

/// Whether something looks like a request ID that is none of any block, be it between the rows of one.
pub(super) fn has_another(items: &[Item], blocks: &[BlockLayout]) -> bool {
    let ids = blocks
        .iter()
        .filter_map(|block| block.row(Label::RequestId));
    let ids: Vec<Area> = ids.filter_map(RowLayout::value_area).collect();
    request_ids(items).any(|item| !is_in(&ids, item))
}

/// Whether an area is a label of a block, or the one line of its value.
pub(super) fn is_of_a_row(area: &Area, blocks: &[BlockLayout]) -> bool {
    let rows = blocks.iter().flat_map(|block| &block.rows);
    let mut areas = rows.flat_map(|row| {
        let value = row.value_area().filter(|_| row.value.len() == 1);
        [Some(row.label_area), value].into_iter().flatten()
    });
    areas.any(|known| holds(&known, area))
}

fn request_ids(items: &[Item]) -> impl Iterator<Item = &Item> {
    let looks =
        |item: &&Item| item.label.is_none() && looks_like(Label::RequestId, &item.text, true);
    items.iter().filter(looks)
}

fn is_in(areas: &[Area], item: &Item) -> bool {
    areas.iter().any(|area| holds(area, &item.area()))
}

/// From the first to the last label and value of a block. What was said once for several is none of its own.
fn area_of(block: &BlockLayout, blocks: &[BlockLayout]) -> Option<Area> {
    let is_own = |row: &&RowLayout| {
        blocks
            .iter()
            .filter(|other| other.rows.contains(row))
            .count()
            == 1
    };
    let rows = block.rows.iter().filter(is_own);
    let areas = rows.flat_map(|row| [Some(row.label_area), row.value_area()]);
    areas.flatten().reduce(|sum, area| sum.with(&area))
}

fn holds(area: &Area, inner: &Area) -> bool {
    (area.left..area.right).contains(&inner.middle_x())
        && (area.top..area.bottom).contains(&inner.middle_y())
}

/// Every label with its values.
fn labelled(items: &[Item]) -> Vec<Labelled<'_>> {
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

/// Whether a text may be the value of a label, as far as its form says; a few characters may be misread.
fn looks_like(label: Label, text: &str, exactly: bool) -> bool {
    let kept: Zeroizing<Vec<char>> = Zeroizing::new(
        text.nfkc()
            .filter(|c| !c.is_whitespace() && !is_mark_between_groups(*c))
            .collect(),
    );
    let count = kept.len();
    let share = |is: fn(&char) -> bool| kept.iter().filter(|c| is(c)).count();
    let digits = share(char::is_ascii_digit);
    let latin = share(char::is_ascii_alphanumeric);
    let is_number = |lengths: RangeInclusive<usize>| {
        lengths.contains(&count) && digits * 10 >= count * 8 && dates::count(text) == 0
    };
    match label {
        Label::RequestId if exactly => is_number(RequestId::LENGTH..=RequestId::LENGTH),
        Label::RequestId => is_number(13..=17),
        Label::InstitutionCode if exactly => is_number(10..=10),
        Label::InstitutionCode => is_number(7..=11),
        Label::ReferenceId => {
            let lengths = match exactly {
                true => ReferenceId::EXPECTED_LENGTH..=ReferenceId::EXPECTED_LENGTH,
                false => ReferenceId::MIN_LENGTH..=ReferenceId::MAX_LENGTH,
            };
            lengths.contains(&count)
                && latin * 10 >= count * 9
                && dates::count(text) == 0
                && !is_number(13..=17)
        }
        Label::Validity => dates::count(text) == if exactly { 2 } else { 1 },
        Label::RetrievalDeadline => dates::count(text) == 1,
        Label::Issuer => latin >= 8 && digits * 2 < latin,
        Label::TerminalName => count > 0,
    }
}

fn is_mark_between_groups(c: char) -> bool {
    matches!(c, '-' | '‐' | '−' | '–' | '—' | 'ー' | '.' | ',' | '|')
}

/// What has no form of its own.
pub(super) fn is_free_text(label: Label) -> bool {
    matches!(label, Label::TerminalName | Label::Issuer)
}

fn dates_in(parts: &[&Item]) -> usize {
    parts.iter().map(|item| dates::count(&item.text)).sum()
}

/// Puts a label for the end of the validity to that for its beginning.
fn join_start_and_end(fields: &mut Vec<Labelled<'_>>) {
    let has_one = |one: &Labelled<'_>| {
        one.label == Label::Validity
            && one
                .values
                .first()
                .is_some_and(|value| dates_in(&value.parts) == 1)
    };
    fields.sort_by_key(|one| (one.area.middle_y(), one.area.left));
    let mut at = 0;
    while at < fields.len() {
        let start = &fields[at];
        let end = fields
            .iter()
            .enumerate()
            .skip(at + 1)
            .find(|(_, end)| has_one(end));
        if let Some((other, end)) = end.filter(|_| has_one(start)) {
            let between = end.area.top.saturating_sub(start.area.bottom);
            if between <= 3 * start.area.height() {
                let mut end = fields.remove(other);
                // Lines that share rows but lean may come in either order.
                if end.area.right <= fields[at].area.left {
                    std::mem::swap(&mut end.values, &mut fields[at].values);
                }
                let lines = end.values.remove(0).lines;
                fields[at].values[0].lines.extend(lines);
            }
        }
        at += 1;
    }
}

/// One block for each value below a heading, of labels that head a table of one row per terminal.
fn records(headings: &[Labelled<'_>]) -> Vec<BlockLayout> {
    let ids = headings.iter().filter(|one| is_id(one.label));
    let Some(anchors) = ids.max_by_key(|one| (one.values.len(), one.label == Label::RequestId))
    else {
        return Vec::new();
    };
    let rows: Vec<usize> = anchors.values.iter().map(Value::middle_y).collect();
    let mut blocks = vec![BlockLayout::default(); rows.len()];
    for head in headings {
        // Two heads of one cell stand above each other, and so do their values.
        let apart = head.area.middle_y() as f32 - anchors.area.middle_y() as f32;
        let close = 3 * anchors.area.height().max(head.area.height());
        if apart.abs() > close as f32 {
            continue;
        }
        let reach = match (head.area.shared_rows(&anchors.area), apart > 0.0) {
            (1.., _) => -ON_ITS_LINE..=ON_ITS_LINE,
            (0, true) => LEAST_OF_A_ROW..=MOST_OF_A_ROW,
            (0, false) => -MOST_OF_A_ROW..=-LEAST_OF_A_ROW,
        };
        for value in &head.values {
            let Some(row) = row_of(value, &rows, &reach) else {
                continue;
            };
            let block = &mut blocks[row];
            if let Some(row) = block.rows.iter_mut().find(|row| row.label == head.label) {
                // A column for each of two dates.
                if head.label == Label::Validity && row.value.len() == 1 {
                    row.value.extend(value.lines.clone());
                }
            } else {
                block.rows.push(RowLayout {
                    label: head.label,
                    label_area: value.area(),
                    value: value.lines.clone(),
                });
            }
        }
    }
    blocks
}

/// The row of a table that a value stands in, of those whose middles are `rows`: as many rows' heights from its middle as
/// `reach` allows. Never the nearest one merely because it is nearest.
fn row_of(value: &Value<'_>, rows: &[usize], reach: &RangeInclusive<f32>) -> Option<usize> {
    // From top to bottom by their tops: of a tall one beside a low one the middles may lie the other way.
    let spaces = rows.windows(2).map(|pair| pair[1].abs_diff(pair[0]));
    let space = spaces.min()?.max(1) as f32;
    let middle = value.middle_y() as f32;
    rows.iter()
        .position(|row| reach.contains(&((middle - *row as f32) / space)))
}

/// What a table's records do not say themselves is said once for all of them, outside of the table.
fn with_what_stands_above(mut records: Vec<BlockLayout>, rows: Vec<RowLayout>) -> Vec<BlockLayout> {
    share_single_rows(&rows, &mut records);
    records
}

/// Gives those of `rows` whose label stands once, and that are no ID, to every block that lacks them.
fn share_single_rows(rows: &[RowLayout], blocks: &mut [BlockLayout]) {
    let stands_once =
        |row: &&RowLayout| rows.iter().filter(|other| other.label == row.label).count() == 1;
    for row in rows
        .iter()
        .filter(stands_once)
        .filter(|row| !is_id(row.label))
    {
        for block in &mut *blocks {
            if block.row(row.label).is_none() {
                block.rows.push(row.clone());
            }
        }
    }
}

/// Blocks of single values. Where a label stands twice on one line, terminals stand side by side.
fn blocks_by_columns(mut rows: Vec<RowLayout>) -> Vec<BlockLayout> {
    let mut edges: Vec<usize> = Vec::new();
    for row in &rows {
        let twins = rows.iter().filter(|other| {
            other.label == row.label
                && other.label_area.left > row.label_area.right
                && same_row(&other.label_area, &row.label_area)
        });
        edges.extend(twins.map(|twin| twin.label_area.left));
    }
    edges.sort_unstable();
    let column = |row: &RowLayout| {
        let slack = row.label_area.height();
        edges
            .iter()
            .filter(|edge| **edge <= row.label_area.left + slack)
            .count()
    };
    // By lines: what shares rows stands on one line, whatever the height of its characters.
    rows.sort_by_key(|row| row.label_area.middle_y());
    let mut line = 0;
    let mut last: Option<Area> = None;
    let mut keyed: Vec<(usize, usize, usize, RowLayout)> = Vec::new();
    for row in rows {
        let on_it = last.is_some_and(|last| same_row(&last, &row.label_area));
        line += usize::from(!on_it);
        last = Some(row.label_area);
        keyed.push((column(&row), line, row.label_area.left, row));
    }
    keyed.sort_by_key(|(column, line, left, _)| (*column, *line, *left));
    let mut blocks = Vec::new();
    for group in keyed.chunk_by(|one, other| one.0 == other.0) {
        let rows: Vec<RowLayout> = group.iter().map(|(.., row)| row.clone()).collect();
        let requests = rows.iter().filter(|row| row.label == Label::RequestId);
        let requests = requests.count();
        // In the letter's order a step back starts a block, as long as that gives one for each terminal.
        let in_order = blocks_of(rows.clone());
        blocks.extend(match in_order.len() == requests {
            true => in_order,
            false => blocks_by_repetition(rows),
        });
    }
    blocks
}

/// A label that comes again starts a block.
fn blocks_by_repetition(rows: Vec<RowLayout>) -> Vec<BlockLayout> {
    let mut blocks: Vec<BlockLayout> = Vec::new();
    for row in rows {
        match blocks
            .last_mut()
            .filter(|block| block.row(row.label).is_none())
        {
            Some(block) => block.rows.push(row),
            None => blocks.push(BlockLayout { rows: vec![row] }),
        }
    }
    blocks
}

/// What only the first of several blocks has was said once for all of them: above three blocks or more, of which no
/// other says it. Of two, the second may only have lost it.
fn share_what_stands_once(mut blocks: Vec<BlockLayout>) -> Vec<BlockLayout> {
    let with_ids = |block: &&BlockLayout| block.rows.iter().any(|row| is_id(row.label));
    if blocks.iter().filter(with_ids).count() < FEWEST_THAT_SHARE {
        return blocks;
    }
    let rows: Vec<RowLayout> = blocks.iter().flat_map(|block| block.rows.clone()).collect();
    share_single_rows(&rows, &mut blocks);
    blocks.retain(|block| block.rows.iter().any(|row| is_id(row.label)));
    blocks
}

fn is_id(label: Label) -> bool {
    matches!(label, Label::RequestId | Label::ReferenceId)
}

impl Labelled<'_> {
    fn into_row(self) -> Option<RowLayout> {
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
        if dates_in(&self.parts) != 1 {
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

    fn area(&self) -> Area {
        let areas = self.lines.iter().map(|line| line.area);
        areas.reduce(|sum, area| sum.with(&area)).unwrap_or(Area {
            left: 0,
            top: 0,
            right: 0,
            bottom: 0,
        })
    }

    fn middle_y(&self) -> usize {
        self.area().middle_y()
    }
}

/// Whether two runs stand on one line.
pub(super) fn same_row(one: &Area, other: &Area) -> bool {
    one.shared_rows(other) * 2 > one.height().min(other.height())
}

fn shared_columns(one: &Area, other: &Area) -> usize {
    one.right
        .min(other.right)
        .saturating_sub(one.left.max(other.left))
}

/// Lines between a label and its value, or between two rows of a table.
const MOST_LINES_APART: usize = 5;
/// Rows' heights between the middles of two values that stand on one line of a table, or above each other in its rows.
const ON_ITS_LINE: f32 = 0.35;
const LEAST_OF_A_ROW: f32 = 0.2;
const MOST_OF_A_ROW: f32 = 0.75;
/// Characters between two groups of one number.
const WIDEST_BLANK: usize = 3;
/// Runs of print between a label and its value.
const MOST_BEFORE: usize = 2;
/// A number of which every digit stands in a box of its own.
const MOST_PARTS: usize = 24;
/// So many blocks must lack what one of them says.
const FEWEST_THAT_SHARE: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: [&str; 3] = ["773815718755689", "607788809720694", "888436167625391"];
    const REFERENCE: [&str; 3] = ["5B76B22LQ0", "1AV5MVQWKX", "F0S0XIZ3R3"];
    const DATES: &str = "2026/09/16~2029/12/16";

    /// A run of 20 pixels' height; its width follows from its text.
    fn item(left: usize, top: usize, text: &str, label: Option<Label>) -> Item {
        let area = Area {
            left,
            top,
            right: left + 12 * text.chars().count(),
            bottom: top + 20,
        };
        let text = Zeroizing::new(text.to_owned());
        Item::new(Segment::filling(area), text, label)
    }

    fn label(left: usize, top: usize, label: Label) -> Item {
        item(left, top, "ラベル名称", Some(label))
    }

    fn value(left: usize, top: usize, text: &str) -> Item {
        item(left, top, text, None)
    }

    /// The texts of the values of a label, block by block.
    fn values(items: &[Item], blocks: &[BlockLayout], wanted: Label) -> Vec<String> {
        let text = |line: &PrintLine| {
            let found = items
                .iter()
                .filter(|item| item.label.is_none() && holds(&line.area, &item.area()));
            found.map(|item| item.text.to_string()).collect::<String>()
        };
        let rows = blocks.iter().map(|block| block.row(wanted));
        rows.map(|row| row.map_or(String::new(), |row| row.value.iter().map(text).collect()))
            .collect()
    }

    #[test]
    fn a_label_takes_the_value_beside_it_or_the_one_below() {
        for (right, down) in [(200, 0), (0, 30)] {
            let items = vec![
                label(100, 100, Label::RequestId),
                value(100 + right, 100 + down, REQUEST[0]),
                label(100, 200, Label::ReferenceId),
                value(100 + right, 200 + down, REFERENCE[0]),
                label(100, 300, Label::Validity),
                value(100 + right, 300 + down, DATES),
            ];
            let blocks = blocks(&items);
            assert_eq!(blocks.len(), 1);
            assert_eq!(values(&items, &blocks, Label::RequestId), [REQUEST[0]]);
            assert_eq!(values(&items, &blocks, Label::ReferenceId), [REFERENCE[0]]);
            assert_eq!(values(&items, &blocks, Label::Validity), [DATES]);
        }
    }

    fn table() -> Vec<Item> {
        let mut items = vec![
            label(100, 50, Label::InstitutionCode),
            value(200, 50, "2349552725"),
            label(100, 100, Label::RequestId),
            label(400, 100, Label::ReferenceId),
        ];
        for (row, (request, reference)) in REQUEST.iter().zip(REFERENCE).enumerate() {
            items.push(value(100, 140 + 40 * row, request));
            items.push(value(400, 140 + 40 * row, reference));
        }
        items
    }

    #[test]
    fn a_row_of_a_table_is_a_terminal_and_what_stands_above_is_said_of_all() {
        let items = table();
        let blocks = blocks(&items);
        assert_eq!(values(&items, &blocks, Label::RequestId), REQUEST);
        assert_eq!(values(&items, &blocks, Label::ReferenceId), REFERENCE);
        assert_eq!(
            values(&items, &blocks, Label::InstitutionCode),
            ["2349552725"; 3]
        );
    }

    #[test]
    fn a_value_that_was_not_read_lends_its_row_none_of_the_next() {
        for lost in REQUEST.iter().chain(&REFERENCE) {
            let mut items = table();
            items.retain(|item| *item.text != *lost);
            let blocks = blocks(&items);
            let pairs = values(&items, &blocks, Label::RequestId)
                .into_iter()
                .zip(values(&items, &blocks, Label::ReferenceId));
            for (request, reference) in pairs {
                let same = REQUEST.iter().position(|one| *one == request)
                    == REFERENCE.iter().position(|one| *one == reference);
                assert!(same || request.is_empty() || reference.is_empty(), "{lost}");
            }
        }
    }

    #[test]
    fn rows_of_uneven_heights_are_no_trouble() {
        let mut items = table();
        for (number, item) in items.iter_mut().enumerate() {
            let area = Area {
                bottom: item.area().bottom + 70 * (number % 3),
                ..item.area()
            };
            *item = Item::new(Segment::filling(area), item.text.clone(), item.label);
        }
        let blocks = blocks(&items);
        let ids = values(&items, &blocks, Label::RequestId);
        assert!(
            ids.iter()
                .all(|id| id.is_empty() || REQUEST.contains(&id.as_str()))
        );
    }

    #[test]
    fn values_that_stand_above_each_other_in_a_cell_are_of_one_row() {
        let stacked = |lost: Option<usize>| {
            let mut items = vec![
                label(100, 60, Label::RequestId),
                label(100, 90, Label::ReferenceId),
            ];
            for row in 0..3 {
                if lost != Some(row) {
                    items.push(value(100, 140 + 100 * row, REQUEST[row]));
                }
                items.push(value(100, 190 + 100 * row, REFERENCE[row]));
            }
            let blocks = blocks(&items);
            let requests = values(&items, &blocks, Label::RequestId);
            (requests, values(&items, &blocks, Label::ReferenceId))
        };
        let (requests, references) = stacked(None);
        assert_eq!(
            (requests, references),
            (
                REQUEST.map(str::to_owned).to_vec(),
                REFERENCE.map(str::to_owned).to_vec()
            )
        );
        // Half a row apart, so that the nearest is no better than the other neighbour.
        let (requests, references) = stacked(Some(0));
        for (request, reference) in requests.iter().zip(&references) {
            let at = |all: &[&str], one: &str| all.iter().position(|known| *known == one);
            let same = at(&REQUEST, request) == at(&REFERENCE, reference);
            assert!(
                same || request.is_empty() || reference.is_empty(),
                "{request} {reference}"
            );
        }
    }

    #[test]
    fn no_group_of_an_id_is_left_out_because_the_others_are_long_enough() {
        let items = vec![
            label(100, 100, Label::ReferenceId),
            value(250, 100, "AB12C"),
            value(350, 100, "D34EF"),
            value(450, 100, "5G"),
            value(700, 100, "X1"),
        ];
        let blocks = blocks(&items);
        assert_eq!(
            values(&items, &blocks, Label::ReferenceId),
            ["AB12CD34EF5G"]
        );
    }

    #[test]
    fn forms_side_by_side_are_terminals_of_their_own() {
        let mut items = Vec::new();
        for (column, left) in [100, 700].into_iter().enumerate() {
            items.push(label(left, 100, Label::RequestId));
            items.push(value(left + 150, 100, REQUEST[column]));
            items.push(label(left, 150, Label::ReferenceId));
            items.push(value(left + 150, 150, REFERENCE[column]));
        }
        let blocks = blocks(&items);
        assert_eq!(values(&items, &blocks, Label::RequestId), REQUEST[..2]);
        assert_eq!(values(&items, &blocks, Label::ReferenceId), REFERENCE[..2]);
    }

    #[test]
    fn two_labels_for_two_dates_are_one_validity() {
        let items = vec![
            label(100, 100, Label::RequestId),
            value(250, 100, REQUEST[0]),
            label(100, 150, Label::Validity),
            value(250, 150, "2026/09/16"),
            label(500, 150, Label::Validity),
            value(650, 150, "2029/12/16"),
        ];
        let blocks = blocks(&items);
        assert_eq!(
            values(&items, &blocks, Label::Validity),
            ["2026/09/162029/12/16"]
        );
    }

    #[test]
    fn a_request_id_outside_of_every_block_is_told() {
        let mut items = table();
        let found = blocks(&items);
        assert!(unclaimed(&items, &found).is_empty() && !has_another(&items, &found));
        items.push(value(100, 600, "912345678901234"));
        items.push(value(100, 700, "0800-080-4583"));
        let lone = unclaimed(&items, &found);
        assert_eq!(values(&items, &lone, Label::RequestId), ["912345678901234"]);
        assert!(has_another(&items, &found));
    }
}
