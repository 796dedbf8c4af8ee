//! Which cell is which label: a page has many cells, so only the ends of labels are read.
//!
//! The last five characters tell the seven labels apart. A label that its end does not settle is read whole.

mod anywhere;
mod blocks;
mod item;
mod joining;
mod values;

use image::GrayImage;

use crate::intake::fields::blocks::{
    BlockLayout, blocks_of, column, column_pairs, in_reading_order, rows_of,
};
use crate::intake::fields::{Label, Labels};
use crate::intake::layout::{Area, Layout, PrintLine, Table};
use crate::intake::page::{Tone, Upright};
use crate::intake::reader::{Alphabet, LineReader, PRINT_HEIGHT, ReaderError};

/// How much of the labels is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Care {
    /// Ends; whole labels only in tables of which an end was known.
    Ends,
    /// Every label that its end does not settle.
    Whole,
}

/// Reads the labels of a page.
pub struct LabelReader<'a> {
    /// The page.
    pub page: &'a Upright<'a>,
    /// Its print.
    pub layout: &'a Layout,
    /// The known labels.
    pub labels: &'a Labels,
    /// Reads the labels.
    pub reader: &'a mut dyn LineReader,
}

/// The labels of one column of one table, line by line, band by band.
type ColumnLabels = Vec<Vec<Option<Label>>>;

impl LabelReader<'_> {
    /// The labelled blocks of the page, in reading order.
    pub fn blocks(&mut self, care: Care) -> Result<Vec<BlockLayout>, ReaderError> {
        let mut blocks = Vec::new();
        for table in &self.layout.tables {
            if table.ruled || has_rows(table) {
                blocks.extend(self.blocks_of_table(table, care)?);
            }
        }
        Ok(in_reading_order(blocks))
    }

    fn blocks_of_table(
        &mut self,
        table: &Table,
        care: Care,
    ) -> Result<Vec<BlockLayout>, ReaderError> {
        let columns = table.bands.iter().map(|band| band.cells.len()).max();
        let columns = columns.unwrap_or(0);
        let mut labels: Vec<ColumnLabels> = Vec::new();
        // The last column holds values in any form of label and value.
        for index in 0..columns.saturating_sub(1) {
            labels.push(self.labels_of_column(table, index, care)?);
        }
        let mut labelled = label_columns(&labels);
        labelled.resize(columns, false);
        let mut pairs = column_pairs(&labelled);
        // A fold or a streak parts off a column in which nothing stands.
        let is_printed = |(_, value): &(usize, usize)| {
            let mut cells = table.bands.iter().map(|band| column(band, *value));
            cells.any(|lines| !lines.is_empty())
        };
        if pairs.iter().any(is_printed) {
            pairs.retain(is_printed);
        }
        let mut blocks = Vec::new();
        for (label, value) in pairs {
            let mut rows = Vec::new();
            for (band, known) in table.bands.iter().zip(&labels[label]) {
                let lines = column(band, label)
                    .iter()
                    .cloned()
                    .zip(known.iter().copied());
                rows.extend(rows_of(&lines.collect::<Vec<_>>(), column(band, value)));
            }
            blocks.extend(blocks_of(rows));
        }
        Ok(blocks)
    }

    fn labels_of_column(
        &mut self,
        table: &Table,
        index: usize,
        care: Care,
    ) -> Result<ColumnLabels, ReaderError> {
        let bands = table.bands.iter().map(|band| column(band, index));
        let lines: Vec<&PrintLine> = bands.clone().flat_map(lines_that_tell).collect();
        let ends = self.labels_by_their_ends(&lines)?;
        let whole = care == Care::Whole || ends.iter().any(Option::is_some);
        let mut ends = ends.into_iter();
        let mut columns = Vec::new();
        let mut left = MOST_READ_WHOLE;
        for band in bands {
            let told = lines_that_tell(band).len();
            let mut labels: Vec<Option<Label>> = vec![None; band.len() - told];
            labels.extend(ends.by_ref().take(told));
            if whole && !is_settled(band, &labels) {
                self.read_whole(band, &mut labels, &mut left)?;
            }
            columns.push(labels);
        }
        Ok(columns)
    }

    /// Reads the lines of one cell whole that their ends did not settle, each alone and as the second line of
    /// the label that starts above it: the more was read, the more damage a label bears.
    fn read_whole(
        &mut self,
        lines: &[PrintLine],
        labels: &mut [Option<Label>],
        left: &mut usize,
    ) -> Result<(), ReaderError> {
        let mut above: Option<(usize, String)> = None;
        for (i, line) in lines.iter().enumerate() {
            if labels[i].is_some() || *left == 0 {
                above = None;
                continue;
            }
            *left -= 1;
            let image = self.image(line.area, line);
            let text = self.reader.read_line(&image, Alphabet::Any)?.text();
            labels[i] = self.labels.find(&text);
            let started = above.filter(|(at, _)| {
                line.area.top.saturating_sub(lines[*at].area.bottom) < line.glyph
            });
            if let (None, Some((_, start))) = (labels[i], started) {
                labels[i] = self.labels.find(&(start + &text));
            }
            above = labels[i].is_none().then_some((i, text));
        }
        Ok(())
    }

    fn labels_by_their_ends(
        &mut self,
        lines: &[&PrintLine],
    ) -> Result<Vec<Option<Label>>, ReaderError> {
        let mut found = Vec::new();
        for line in lines {
            let text = self
                .reader
                .read_line(&self.end(line), Alphabet::Any)?
                .text();
            found.push(self.find_end(&text));
        }
        Ok(found)
    }

    /// The label of an end, whose first character the cut may have spoilt.
    fn find_end(&self, text: &str) -> Option<Label> {
        let without_first: String = text.chars().skip(1).collect();
        self.labels.find(text).or_else(|| {
            let enough = without_first.chars().count() >= SUREST_END;
            enough.then(|| self.labels.find(&without_first)).flatten()
        })
    }

    fn end(&self, line: &PrintLine) -> GrayImage {
        let area = line.area;
        let left = area.right.saturating_sub(line.glyph * END_CHARACTERS);
        let end = Area {
            left: left.max(area.left),
            ..area
        };
        self.image(end, line)
    }

    fn image(&self, area: Area, line: &PrintLine) -> GrayImage {
        let glyph = (line.glyph as u32 * self.layout.step).max(1);
        let scale = LABEL_HEIGHT / glyph as f32;
        self.page
            .line(self.layout.on_page(area, 1), scale, Tone::Grey)
    }
}

/// Which columns hold labels: the one with the most, and others of which a good part of the cells does. One value that
/// looks like a label (a terminal named 受付端末名) makes no column of labels.
fn label_columns(labels: &[ColumnLabels]) -> Vec<bool> {
    let known = |column: &ColumnLabels| column.iter().flatten().flatten().count();
    let printed = |column: &ColumnLabels| column.iter().filter(|cell| !cell.is_empty()).count();
    let most = labels.iter().map(known).max().unwrap_or(0);
    let is_labels = |column: &ColumnLabels| {
        let known = known(column);
        known > 0 && (known == most || known * 3 >= printed(column))
    };
    labels.iter().map(is_labels).collect()
}

/// Print in columns is worth reading when enough of its lines have another beside them: a letterhead has not.
fn has_rows(table: &Table) -> bool {
    let pairs = table.bands.iter().map(|band| {
        let (left, right) = (column(band, 0), column(band, 1));
        let beside = |line: &&PrintLine| {
            let mut others = right.iter();
            others.any(|other| other.area.shared_rows(&line.area) > 0)
        };
        left.iter().filter(beside).count()
    });
    pairs.sum::<usize>() >= FEWEST_PAIRS
}

/// The lines of a cell whose ends are read: of a label on two lines the second says which it is.
fn lines_that_tell(lines: &[PrintLine]) -> &[PrintLine] {
    match lines {
        [_, second] => std::slice::from_ref(second),
        lines => lines,
    }
}

/// Whether a cell needs no more reading: one label, or a label for each line that does not start one.
fn is_settled(lines: &[PrintLine], labels: &[Option<Label>]) -> bool {
    let known = labels.iter().flatten().count();
    match lines.len() {
        0 => true,
        1..=3 => known > 0,
        _ => false,
    }
}

/// Smaller than values: what is read costs by its width, and labels are told apart with less.
const LABEL_HEIGHT: f32 = PRINT_HEIGHT * 0.85;
/// エストID and レンスID, 効期間 and 効期限.
const END_CHARACTERS: usize = 5;
/// An end shorter by its first character must still be this long.
const SUREST_END: usize = 4;
/// Rows of the letter's form that are believed without rules.
const FEWEST_PAIRS: usize = 3;
/// A page of foreign print must not be read line by line.
const MOST_READ_WHOLE: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn column_of(labels: &[Option<Label>]) -> ColumnLabels {
        labels.iter().map(|label| vec![*label]).collect()
    }

    #[test]
    fn a_value_that_looks_like_a_label_makes_no_column_of_labels() {
        let form = column_of(&[
            Some(Label::InstitutionCode),
            Some(Label::TerminalName),
            Some(Label::RequestId),
            Some(Label::ReferenceId),
        ]);
        let values = column_of(&[None, Some(Label::TerminalName), None, None]);
        let columns = [form.clone(), values.clone(), values];
        assert_eq!(label_columns(&columns), [true, false, false]);
        // Two labels on one row of a form whose other rows have one value that is as wide as both.
        let mut short = column_of(&[Some(Label::TerminalName)]);
        short.extend([vec![], vec![], vec![]]);
        assert_eq!(label_columns(&[form, short]), [true, true]);
        assert_eq!(label_columns(&[column_of(&[None])]), [false]);
    }
}
