//! Labelled rows to blocks, one per terminal.
//!
//! A value is never paired across two blocks: a block ends with its table, where a label comes a second
//! time, and, in a table that keeps the letter's order, where the order starts anew.

use crate::intake::fields::Label;
use crate::intake::layout::{Area, Band, PrintLine};

/// One terminal's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockLayout {
    /// From top to bottom, each label once.
    pub rows: Vec<RowLayout>,
}

/// One label with the lines of its value.
#[derive(Clone, Debug, PartialEq)]
pub struct RowLayout {
    /// Which row it is.
    pub label: Label,
    /// Where the label stands.
    pub label_area: Area,
    /// The value's lines from top to bottom; empty for an empty cell.
    pub value: Vec<PrintLine>,
}

impl BlockLayout {
    /// The row of `label`.
    pub fn row(&self, label: Label) -> Option<&RowLayout> {
        self.rows.iter().find(|row| row.label == label)
    }

    fn top(&self) -> usize {
        let tops = self.rows.iter().map(|row| row.label_area.top);
        tops.min().unwrap_or(0)
    }

    fn goes_on_in(&self, lower: &Self) -> bool {
        let (Some(last), Some(first)) = (self.rows.last(), lower.rows.first()) else {
            return false;
        };
        let (upper, next) = (last.label_area, first.label_area);
        let beside = upper.left.abs_diff(next.left) <= 2 * upper.height();
        let close = next.top.saturating_sub(upper.bottom) <= 2 * upper.height();
        let follows = lower.rows.iter().all(|row| row.label > last.label);
        beside && close && follows
    }

    /// Whether enough of the letter's own labels are there: an ID's and two others. Other letters about
    /// certificates share the rest.
    pub fn is_notice(&self) -> bool {
        let ids = [Label::RequestId, Label::ReferenceId];
        self.rows.len() >= 3 && ids.iter().any(|id| self.row(*id).is_some())
    }
}

impl RowLayout {
    /// The area of the whole value.
    pub fn value_area(&self) -> Option<Area> {
        let areas = self.value.iter().map(|line| line.area);
        areas.reduce(|sum, area| sum.with(&area))
    }
}

/// A label line with what was read of it.
pub type LabelLine = (PrintLine, Option<Label>);

/// The rows of one band, given its label lines and its value lines.
///
/// With one known label the whole value cell is its value, wherever the lines stand. With several (a rule is
/// missing, or there are none) each value line goes to the label that it stands beside.
pub fn rows_of(labels: &[LabelLine], values: &[PrintLine]) -> Vec<RowLayout> {
    let mut rows: Vec<RowLayout> = Vec::new();
    let mut above: Option<Area> = None;
    for (line, label) in labels {
        let joined = above.filter(|upper| continues(upper, line));
        // リファレンス, and ID alone on a second line.
        if label.is_none()
            && line.area.width() <= LONGEST_REST * line.glyph
            && let Some(row) = rows.last_mut()
            && continues(&row.label_area, line)
        {
            row.label_area = row.label_area.with(&line.area);
            continue;
        }
        if let Some(label) = label {
            rows.push(RowLayout {
                label: *label,
                label_area: joined.map_or(line.area, |upper| upper.with(&line.area)),
                value: Vec::new(),
            });
        }
        above = label.is_none().then_some(line.area);
    }
    if let [row] = &mut rows[..] {
        let unknown = labels.iter().filter(|(_, label)| label.is_none()).count();
        // One known label beside unknown ones further off: only what stands beside it is its own.
        if unknown <= 1 || values.len() <= 1 {
            row.value = values.to_vec();
            return rows;
        }
    }
    for value in values {
        if let Some(row) = beside(&mut rows, labels, value) {
            row.value.push(value.clone());
        }
    }
    rows
}

/// Characters that a label may leave to a second line without their telling anything.
const LONGEST_REST: usize = 3;

/// Whether `line` is the second line of the label that `upper` starts.
fn continues(upper: &Area, line: &PrintLine) -> bool {
    line.area.top.saturating_sub(upper.bottom) < line.glyph
}

/// The row that `value` stands beside; `None` when an unknown label stands nearer.
fn beside<'a>(
    rows: &'a mut [RowLayout],
    labels: &[LabelLine],
    value: &PrintLine,
) -> Option<&'a mut RowLayout> {
    let away = |area: &Area| area.middle_y().abs_diff(value.area.middle_y());
    let nearest = rows.iter_mut().min_by_key(|row| away(&row.label_area))?;
    let stranger = labels
        .iter()
        .filter(|(line, label)| label.is_none() && line.area.shared_rows(&nearest.label_area) == 0)
        .map(|(line, _)| away(&line.area))
        .min();
    let distance = away(&nearest.label_area);
    let reach = nearest.label_area.height().max(2 * value.glyph);
    (distance <= reach && stranger.is_none_or(|stranger| distance < stranger)).then_some(nearest)
}

/// Deals the rows of one table to blocks.
pub fn blocks_of(rows: Vec<RowLayout>) -> Vec<BlockLayout> {
    let in_order = keeps_the_letters_order(&rows);
    let mut blocks: Vec<BlockLayout> = Vec::new();
    for row in rows {
        let fits = |block: &BlockLayout| {
            let last = block.rows.last().map(|last| last.label);
            block.row(row.label).is_none() && !(in_order && last > Some(row.label))
        };
        match blocks.last_mut().filter(|block| fits(block)) {
            Some(block) => block.rows.push(row),
            None => blocks.push(BlockLayout { rows: vec![row] }),
        }
    }
    blocks
}

/// Blocks from top to bottom. What a lost rule cut in two is put together again: two pieces that stand as close as
/// two rows do, the second with the labels that follow those of the first.
pub fn in_reading_order(mut blocks: Vec<BlockLayout>) -> Vec<BlockLayout> {
    blocks.retain(|block| !block.rows.is_empty());
    blocks.sort_by_key(|block| (block.top(), block.rows[0].label_area.left));
    let mut whole: Vec<BlockLayout> = Vec::new();
    for block in blocks {
        match whole.last_mut().filter(|upper| upper.goes_on_in(&block)) {
            Some(upper) => upper.rows.extend(block.rows),
            None => whole.push(block),
        }
    }
    whole
}

/// Whether labels mostly follow each other as on the letter, so that a step back starts a new block.
fn keeps_the_letters_order(rows: &[RowLayout]) -> bool {
    let steps = rows.windows(2);
    let back = steps.clone().filter(|pair| pair[1].label <= pair[0].label);
    back.count() * 4 <= steps.len()
}

/// The pairs of columns (label, value) of a table whose bands have up to `columns` cells; `labelled` says which
/// columns hold known labels.
pub fn column_pairs(labelled: &[bool]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut label = None;
    for (column, labelled) in labelled.iter().enumerate() {
        match (labelled, label) {
            (true, _) => label = Some(column),
            (false, Some(label)) => pairs.push((label, column)),
            (false, None) => {}
        }
    }
    pairs
}

/// The lines of a column of a band.
pub fn column(band: &Band, column: usize) -> &[PrintLine] {
    band.cells.get(column).map_or(&[], |cell| &cell.lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(left: usize, top: usize) -> PrintLine {
        PrintLine {
            area: Area {
                left,
                top,
                right: left + 100,
                bottom: top + 16,
            },
            glyph: 16,
            typical: 16,
        }
    }

    fn row(label: Label) -> RowLayout {
        RowLayout {
            label,
            label_area: line(0, 0).area,
            value: Vec::new(),
        }
    }

    const ORDER: [Label; 7] = [
        Label::Issuer,
        Label::InstitutionCode,
        Label::TerminalName,
        Label::RequestId,
        Label::ReferenceId,
        Label::Validity,
        Label::RetrievalDeadline,
    ];

    #[test]
    fn a_label_that_comes_again_starts_a_block() {
        let rows = ORDER.iter().chain(&ORDER).map(|label| row(*label));
        let blocks = blocks_of(rows.collect());
        let sizes: Vec<usize> = blocks.iter().map(|block| block.rows.len()).collect();
        assert_eq!(sizes, [7, 7]);
    }

    #[test]
    fn blocks_with_unread_labels_do_not_run_into_each_other() {
        // The first block lost its last labels, the second its first ones.
        let rows = ORDER[..3].iter().chain(&ORDER[4..]).chain(&ORDER[3..6]);
        let blocks = blocks_of(rows.map(|label| row(*label)).collect());
        let sizes: Vec<usize> = blocks.iter().map(|block| block.rows.len()).collect();
        assert_eq!(sizes, [6, 3]);
    }

    #[test]
    fn a_letter_in_another_order_is_one_block() {
        let rows = [3, 4, 2, 1, 0, 6, 5].map(|i: usize| row(ORDER[i]));
        assert_eq!(blocks_of(rows.to_vec()).len(), 1);
    }

    #[test]
    fn a_block_cut_in_two_is_put_together_and_two_blocks_are_not() {
        let placed = |label: Label, top: usize| RowLayout {
            label_area: line(0, top).area,
            ..row(label)
        };
        let upper = || BlockLayout {
            rows: vec![placed(ORDER[0], 100), placed(ORDER[1], 130)],
        };
        let lower = |top: usize| BlockLayout {
            rows: vec![placed(ORDER[2], top), placed(ORDER[3], top + 30)],
        };
        assert_eq!(in_reading_order(vec![lower(160), upper()]).len(), 1);
        assert_eq!(in_reading_order(vec![lower(300), upper()]).len(), 2);
        assert_eq!(in_reading_order(vec![upper(), upper()]).len(), 2);
    }

    #[test]
    fn each_value_goes_to_the_label_beside_it() {
        let labels = [
            (line(0, 100), Some(Label::Issuer)),
            (line(0, 140), Some(Label::InstitutionCode)),
            (line(0, 180), None),
            (line(0, 200), Some(Label::RequestId)),
            (line(0, 240), None),
        ];
        let values = [
            line(300, 101),
            line(300, 139),
            line(300, 190),
            line(300, 240),
        ];
        let rows = rows_of(&labels, &values);
        let tops: Vec<Vec<usize>> = rows
            .iter()
            .map(|row| row.value.iter().map(|line| line.area.top).collect())
            .collect();
        assert_eq!(tops, [[101], [139], [190]]);
    }

    #[test]
    fn a_wrapped_value_stays_whole() {
        let labels = [(line(0, 110), Some(Label::Validity))];
        let values = [line(300, 100), line(300, 124)];
        assert_eq!(rows_of(&labels, &values)[0].value.len(), 2);
    }

    #[test]
    fn columns_pair_with_the_label_to_their_left() {
        assert_eq!(column_pairs(&[true, false]), [(0, 1)]);
        assert_eq!(column_pairs(&[true, false, true, false]), [(0, 1), (2, 3)]);
        assert_eq!(column_pairs(&[true, false, false]), [(0, 1), (0, 2)]);
        assert_eq!(column_pairs(&[false, true, false]), [(1, 2)]);
    }
}
