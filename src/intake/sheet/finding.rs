//! The notice's blocks on a page, whichever way it lies and whatever is left of its rules.
//!
//! Cheap looks come first: every turn, framed by its rules, ends of labels only. What is found but has gaps is
//! looked at again with whole labels, with the rules and without them, and the look that found most counts. Where that
//! still lacks what a terminal needs, labels and values are looked for wherever they stand. A
//! page on which nothing was found gets the same care in its two likeliest turns, so that a bad fax is not
//! taken for a foreign page.

use crate::intake::fields::blocks::{BlockLayout, RowLayout};
use crate::intake::fields::{Label, Labels};
use crate::intake::labelling::{Care, LabelReader};
use crate::intake::layout::{Band, Framing, Layout, Table};
use crate::intake::page::{Page, Turn, Upright};
use crate::intake::reader::{LineReader, ReaderError};

/// What was found on a page.
pub enum Found<'p> {
    /// A notice's blocks.
    Notice(Box<Upright<'p>>, Layout, Vec<BlockLayout>),
    /// Print, but no notice: the page in the turns that it may stand upright in, likeliest first; and whether what looks
    /// like a terminal's ID stands on it.
    Other(Vec<(Upright<'p>, Layout)>, bool),
    /// No print.
    Blank,
}

/// Looks for the notice's blocks.
pub struct Finder<'a> {
    /// The known labels.
    pub labels: &'a Labels,
    /// Reads the labels.
    pub reader: &'a mut dyn LineReader,
}

/// One look at an upright page.
type Look = (Layout, Vec<BlockLayout>);

impl Finder<'_> {
    /// Finds the blocks of `page`.
    pub fn find<'p>(&mut self, page: &'p Page) -> Result<Found<'p>, ReaderError> {
        let turns = page.turns();
        let mut others = Vec::new();
        for turn in &turns {
            let upright = page.upright(*turn);
            let look = self.look(&upright, Framing::Rules, Care::Ends)?;
            if look.0.is_blank() {
                return Ok(Found::Blank);
            }
            if is_notice(&look) {
                return self.best(upright, look);
            }
            if others.len() < TURNS_OF_OTHERS {
                others.push((values(&look), upright, look.0));
            }
        }
        // Other letters of this kind share some labels, and those are read one way up only.
        others.sort_by_key(|(values, ..)| std::cmp::Reverse(*values));
        let others = others
            .into_iter()
            .map(|(_, upright, layout)| (upright, layout));
        self.find_with_care(page, &turns[..2], others.collect())
    }

    fn find_with_care<'p>(
        &mut self,
        page: &'p Page,
        turns: &[Turn],
        mut others: Vec<(Upright<'p>, Layout)>,
    ) -> Result<Found<'p>, ReaderError> {
        for turn in turns {
            let upright = page.upright(*turn);
            let mut faint_rules = 0;
            for framing in FRAMINGS {
                if framing == Framing::Solid && faint_rules == 0 {
                    continue;
                }
                let look = self.look(&upright, framing, Care::Whole)?;
                if is_notice(&look) {
                    return self.best(upright, look);
                }
                faint_rules = look.0.faint_rules;
            }
        }
        let mut has_ids = false;
        for at in 0..others.len() {
            let (upright, layout) = &others[at];
            let blocks = self.label_reader(upright, layout).blocks_anywhere()?;
            has_ids |= blocks
                .iter()
                .any(|block| block.row(Label::RequestId).is_some());
            if blocks.iter().any(is_whole) {
                let (upright, layout) = others.swap_remove(at);
                return Ok(Found::Notice(Box::new(upright), layout, blocks));
            }
        }
        Ok(Found::Other(others, has_ids))
    }

    /// Looks again where rows are missing, and keeps the look that found most.
    fn best<'p>(&mut self, upright: Upright<'p>, first: Look) -> Result<Found<'p>, ReaderError> {
        let mut best = first;
        let faint_rules = best.0.faint_rules;
        for framing in FRAMINGS {
            if is_complete(&best) {
                break;
            }
            // Where all rules are solid, that look is the first one.
            if framing == Framing::Solid && faint_rules == 0 {
                continue;
            }
            let look = self.look(&upright, framing, Care::Whole)?;
            if values(&look) > values(&best) {
                best = look;
            }
        }
        let (layout, mut blocks) = best;
        // Beside a notice, a block of which little could be read is still a terminal's: a person must see it.
        blocks.retain(|block| block.rows.len() >= FEWEST_ROWS);
        let (unclaimed, has_more) = self.label_reader(&upright, &layout).unclaimed(&blocks)?;
        if has_more || !blocks.iter().all(is_whole) {
            let anywhere = self.label_reader(&upright, &layout).blocks_anywhere()?;
            let whole =
                |blocks: &[BlockLayout]| blocks.iter().filter(|block| is_whole(block)).count();
            if whole(&anywhere) > whole(&blocks) {
                return Ok(Found::Notice(Box::new(upright), layout, anywhere));
            }
        }
        blocks.extend(unclaimed);
        Ok(Found::Notice(Box::new(upright), layout, blocks))
    }

    fn label_reader<'r>(
        &'r mut self,
        page: &'r Upright<'r>,
        layout: &'r Layout,
    ) -> LabelReader<'r> {
        LabelReader {
            page,
            layout,
            labels: self.labels,
            reader: self.reader,
        }
    }

    fn look(
        &mut self,
        page: &Upright<'_>,
        framing: Framing,
        care: Care,
    ) -> Result<Look, ReaderError> {
        let layout = Layout::of(page, framing);
        let blocks = self.label_reader(page, &layout).blocks(care)?;
        Ok((layout, blocks))
    }
}

/// Whether a block has every value without which a terminal is not accepted.
fn is_whole(block: &BlockLayout) -> bool {
    let has = |label: &Label| block.row(*label).is_some_and(|row| !row.value.is_empty());
    NEEDED.iter().all(has)
}

fn is_notice((_, blocks): &Look) -> bool {
    blocks.iter().any(BlockLayout::is_notice)
}

/// Every block has all its rows, each with a value, no column of print was framed away from its neighbour, and no table
/// like a block's gave none.
fn is_complete(look: &Look) -> bool {
    let (layout, blocks) = look;
    let is_odd = |table: &Table| is_lone_column(table) || is_overlooked(table, blocks);
    values(look) == blocks.len() * ROWS_OF_A_BLOCK && !layout.tables.iter().any(is_odd)
}

/// A framed table of several rows in which no label of any block stands.
fn is_overlooked(table: &Table, blocks: &[BlockLayout]) -> bool {
    let cells = || table.bands.iter().flat_map(|band| &band.cells);
    let holds = |row: &RowLayout| {
        let mut lines = cells().flat_map(|cell| &cell.lines);
        lines.any(|line| {
            line.area.shared_rows(&row.label_area) > 0 && line.area.left == row.label_area.left
        })
    };
    let rows = table.bands.iter().filter(|band| filled_cells(band) >= 2);
    table.ruled
        && rows.count() >= ROWS_LIKE_A_BLOCK
        && !blocks.iter().flat_map(|block| &block.rows).any(holds)
}

/// A framed column of several lines without another beside it: likely half of a table whose rules were lost.
fn is_lone_column(table: &Table) -> bool {
    let cells = || table.bands.iter().flat_map(|band| &band.cells);
    let lines: usize = cells().map(|cell| cell.lines.len()).sum();
    table.ruled && lines >= LONE_LINES && table.bands.iter().all(|band| filled_cells(band) < 2)
}

fn filled_cells(band: &Band) -> usize {
    let filled = band.cells.iter().filter(|cell| !cell.lines.is_empty());
    filled.count()
}

/// Labelled values found.
fn values((_, blocks): &Look) -> usize {
    let rows = blocks.iter().flat_map(|block| &block.rows);
    rows.filter(|row| !row.value.is_empty()).count()
}

const NEEDED: [Label; 4] = [
    Label::RequestId,
    Label::ReferenceId,
    Label::InstitutionCode,
    Label::Validity,
];
const FRAMINGS: [Framing; 3] = [Framing::Rules, Framing::Solid, Framing::None];
/// Which end is up shows by the labels alone.
const TURNS_OF_OTHERS: usize = 2;
/// One known label may be a word in a note.
const FEWEST_ROWS: usize = 2;
const ROWS_OF_A_BLOCK: usize = 7;
const LONE_LINES: usize = 3;
/// Of a block whose other rows were lost.
const ROWS_LIKE_A_BLOCK: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::layout::{Area, Cell, PrintLine};

    fn cell(lines: usize) -> Cell {
        let area = Area {
            left: 0,
            top: 0,
            right: 10,
            bottom: 10,
        };
        let line = PrintLine {
            area,
            glyph: 10,
            typical: 10,
        };
        Cell {
            lines: vec![line; lines],
        }
    }

    fn table(ruled: bool, bands: &[&[usize]]) -> Table {
        let band = |lines: &&[usize]| Band {
            cells: lines.iter().map(|lines| cell(*lines)).collect(),
        };
        Table {
            ruled,
            bands: bands.iter().map(band).collect(),
        }
    }

    #[test]
    fn a_table_like_a_block_that_gave_no_block_was_overlooked() {
        let table = table(true, &[&[1, 1], &[1, 1], &[1, 1], &[1, 1], &[1, 1]]);
        let row = |left| RowLayout {
            label: Label::RequestId,
            label_area: Area {
                left,
                ..cell(1).lines[0].area
            },
            value: Vec::new(),
        };
        let block = |left| BlockLayout {
            rows: vec![row(left)],
        };
        assert!(!is_overlooked(&table, &[block(0)]));
        assert!(is_overlooked(&table, &[block(500)]), "a block elsewhere");
        assert!(
            !is_overlooked(&self::table(true, &[&[1, 1]]), &[]),
            "a caption"
        );
    }

    #[test]
    fn a_framed_column_without_another_beside_it_is_half_of_a_table() {
        assert!(is_lone_column(&table(true, &[&[1], &[1], &[1]])));
        assert!(is_lone_column(&table(true, &[&[3, 0]])));
        assert!(!is_lone_column(&table(true, &[&[1, 1], &[1, 1], &[1, 1]])));
        assert!(!is_lone_column(&table(true, &[&[1], &[1]])), "a caption");
        assert!(
            !is_lone_column(&table(false, &[&[1], &[1], &[1]])),
            "a paragraph"
        );
    }
}
