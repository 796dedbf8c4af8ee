//! Which labelled values make a terminal: by the rows of a table, by columns, or by a label that comes again.

use std::ops::RangeInclusive;

use super::item::{Item, is_id, looks_like, same_row};
use super::values::{Labelled, Value, labelled};
use crate::intake::fields::Label;
use crate::intake::fields::blocks::{BlockLayout, RowLayout, blocks_of};
use crate::intake::layout::Area;

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

/// Puts a label for the end of the validity to that for its beginning.
fn join_start_and_end(fields: &mut Vec<Labelled<'_>>) {
    let has_one = |one: &Labelled<'_>| {
        one.label == Label::Validity && one.values.first().is_some_and(|value| value.dates() == 1)
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

/// Rows' heights between the middles of two values that stand on one line of a table, or above each other in its rows.
const ON_ITS_LINE: f32 = 0.35;
const LEAST_OF_A_ROW: f32 = 0.2;
const MOST_OF_A_ROW: f32 = 0.75;
/// So many blocks must lack what one of them says.
const FEWEST_THAT_SHARE: usize = 3;

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::intake::layout::{PrintLine, Segment};

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
