//! Where the labels and the values are.
//!
//! The letter is a form of two columns: ruling lines give its bands and columns; where they are missing, the
//! white corridor between labels and values does. The result is [`Table`]s of [`Band`]s of cells; which cell
//! is a label is for [`crate::intake::fields`] to say. Nothing here reads a character.
//!
//! Rules are found by run lengths, print by connected pieces; both are linear in the mask's pixels.

use std::ops::Range;

use crate::domain::BoundingBox;
use crate::intake::page::{Ink, Mask, Upright};

mod columns;
mod frames;
mod print;
mod rules;
mod segments;
mod streaks;

pub use print::{Area, PrintLine, pieces};
pub use segments::Segment;
pub use streaks::Streaks;

use columns::{line_of, unruled_table, words};
use frames::frames;
use rules::{RuleSize, RulingLine, ruling_lines};

/// What parts a page's print.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// Its rules, where there are any, down to hairlines.
    Rules,
    /// Rules as dark as print alone: where the rules of the back show through, or of a sheet below.
    Solid,
    /// The white between columns alone: for pages whose rules were lost in part and mislead.
    None,
}

/// The print of one page, in the order of reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Ruled tables from top to bottom, then what stands in two columns without rules.
    pub tables: Vec<Table>,
    /// The lines that stand in no table: titles, paragraphs.
    pub loose: Vec<PrintLine>,
    /// Pieces of ink the size of print, away from the upper and lower edge.
    pub pieces: usize,
    /// Rules too faint to be solid.
    pub faint_rules: usize,
    across: Vec<RulingLine>,
    down: Vec<RulingLine>,
    print: Vec<Area>,
    em: usize,
    /// Page pixels per pixel of the areas.
    pub step: u32,
}

/// Bands that belong together. Nothing is paired across tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Whether rules frame it.
    pub ruled: bool,
    /// From top to bottom.
    pub bands: Vec<Band>,
}

/// What lies between two rules across a table: one row as a rule; several where a rule is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    /// From left to right; each with its lines from top to bottom.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Lines of print from top to bottom.
    pub lines: Vec<PrintLine>,
}

impl Layout {
    /// Finds tables, bands, cells and lines on an upright page.
    pub fn of(page: &Upright<'_>, framing: Framing) -> Self {
        Self {
            step: page.step(),
            ..Self::of_ink(page.ink(), page.mask_dpi(), framing)
        }
    }

    /// An area in pixels of the page, with `margin` of its own pixels around it.
    pub fn on_page(&self, area: Area, margin: usize) -> BoundingBox {
        let page = |at: usize| at as u32 * self.step;
        let (x, y) = (
            area.left.saturating_sub(margin),
            area.top.saturating_sub(margin),
        );
        BoundingBox {
            x: page(x),
            y: page(y),
            width: page(area.right + margin - x),
            height: page(area.bottom + margin - y),
        }
    }

    /// What crosses `page`, of which this is the layout, from top to bottom and is not of the form; `columns` are those
    /// in which values stand.
    pub fn streaks(&self, page: &Upright<'_>, columns: Range<usize>) -> Streaks {
        Streaks::of(page, &self.across, &self.down, columns)
    }

    /// The page's print in short runs, whatever its form.
    pub fn segments(&self) -> Vec<Segment> {
        segments::segments(&self.print, &self.down, self.em)
    }

    /// Those of them that may be numbers of so many digits, seen by their ink alone.
    pub fn numbers(&self, digits: usize) -> Vec<Segment> {
        segments::numbers(&self.print, &self.down, self.em, digits)
    }

    /// The height of a character, in pixels of the areas.
    pub fn em(&self) -> usize {
        self.em
    }

    /// A page with less print than a page number and a few specks.
    pub fn is_blank(&self) -> bool {
        self.pieces < FEWEST_PIECES
    }

    fn of_ink(ink: &Ink, dpi: f32, framing: Framing) -> Self {
        let size = Size { dpi };
        let mut across = ruling_lines(&ink.across, &size.rule(ACROSS_MM, 15.0));
        let mut down = ruling_lines(&ink.down.transposed(), &size.rule(DOWN_MM, 3.0));
        let rules = across.len() + down.len();
        let of_rows = |line: &RulingLine| is_solid(line, |along, at| ink.all.at(along, at));
        let of_columns = |line: &RulingLine| is_solid(line, |along, at| ink.all.at(at, along));
        let solid_across = across.iter().copied().filter(of_rows).collect::<Vec<_>>();
        let solid_down = down.iter().copied().filter(of_columns).collect::<Vec<_>>();
        let (all_across, all_down) = (across.clone(), down.clone());
        let faint_rules = rules - solid_across.len() - solid_down.len();
        if framing == Framing::Solid {
            (across, down) = (solid_across, solid_down);
        }
        let mut print = ink.all.clone();
        erase(&mut print, &across, &down);
        let mut found = pieces(&print);
        found
            .retain(|piece| size.is_print(piece) && !size.is_left_of_a_rule(piece, &across, &down));
        let em = em_of(&found, &size);
        let frames = match framing {
            Framing::Rules | Framing::Solid => frames(&across, &down, &size),
            Framing::None => Vec::new(),
        };
        let mut free = found.clone();
        let mut tables = Vec::new();
        for frame in &frames {
            let (inside, outside) = free.into_iter().partition(|piece| frame.holds(piece));
            free = outside;
            tables.push(frame.table(inside, em));
        }
        let unruled = unruled_table(&free, em);
        let (columns, loose) = match unruled {
            Some((table, rest)) => (Some(table), rest),
            None => (None, free),
        };
        tables.extend(columns);
        Self {
            tables,
            loose: words(&loose, em)
                .iter()
                .map(|word| line_of(word, em))
                .collect(),
            pieces: found
                .iter()
                .filter(|piece| size.is_inside(piece, ink.all.height()))
                .count(),
            print: found,
            em,
            faint_rules,
            across: all_across,
            down: all_down,
            step: 1,
        }
    }
}

/// Millimetres to mask pixels.
struct Size {
    dpi: f32,
}

impl Size {
    fn mm(&self, millimetres: f32) -> usize {
        ((millimetres * self.dpi / 25.4).round() as usize).max(1)
    }

    /// `join` stays below the space between two tables where rules run from one towards the other.
    fn rule(&self, shortest: f32, join: f32) -> RuleSize {
        RuleSize {
            shortest: self.mm(shortest),
            thickest: self.mm(1.2),
            free: self.mm(0.7),
            gap: self.mm(0.35),
            join: self.mm(join),
        }
    }

    /// A fax machine's own line and page numbers stand at the edges: they make no page.
    fn is_inside(&self, piece: &Area, height: usize) -> bool {
        let edge = self.mm(11.0);
        (edge..height.saturating_sub(edge)).contains(&piece.middle_y())
    }

    /// Specks and pictures are no print, nor are the pieces of a rule that a fax tore: no stroke is so long and thin.
    /// A dot is left out here, not on the line that a reader sees.
    fn is_print(&self, piece: &Area) -> bool {
        let (width, height) = (piece.width(), piece.height());
        let torn = width.min(height) <= self.mm(0.7) && width.max(height) >= self.mm(6.5);
        let size = width.max(height) >= self.mm(0.8);
        size && height <= self.mm(14.0) && width <= self.mm(60.0) && !torn
    }

    /// A thin piece beside a rule is what a leaning or broken rule left behind.
    fn is_left_of_a_rule(&self, piece: &Area, across: &[RulingLine], down: &[RulingLine]) -> bool {
        let (thin, near) = (self.mm(0.6), self.mm(0.8));
        let beside = |lines: &[RulingLine], at: usize, along: usize| {
            lines.iter().any(|line| {
                line.at().abs_diff(at) <= near
                    && (line.from.saturating_sub(near)..line.to + near).contains(&along)
            })
        };
        let (x, y) = (piece.middle_x(), piece.middle_y());
        (piece.height() <= thin && beside(across, y, x))
            || (piece.width() <= thin && beside(down, x, y))
    }
}

/// The height of a character: what the taller pieces of the page measure.
fn em_of(pieces: &[Area], size: &Size) -> usize {
    let mut heights: Vec<usize> = pieces.iter().map(Area::height).collect();
    heights.retain(|height| (size.mm(1.5)..=size.mm(7.0)).contains(height));
    heights.sort_unstable();
    let tall = heights.get(heights.len() * 3 / 4).copied();
    tall.unwrap_or(size.mm(3.5))
}

/// Whether most of a rule is as dark as print.
fn is_solid(line: &RulingLine, ink: impl Fn(usize, usize) -> bool) -> bool {
    let dark =
        (line.from..line.to).filter(|along| (line.top..line.bottom).any(|at| ink(*along, at)));
    dark.count() * 2 >= line.length()
}

/// Takes rules out of the copy of the mask in which print is looked for.
fn erase(mask: &mut Mask, across: &[RulingLine], down: &[RulingLine]) {
    let (width, height) = (mask.width(), mask.height());
    for line in across {
        for y in line.top.saturating_sub(1)..(line.bottom + 1).min(height) {
            mask.row_mut(y)[line.from..line.to].fill(false);
        }
    }
    for line in down {
        for y in line.from..line.to {
            let columns = line.top.saturating_sub(1)..(line.bottom + 1).min(width);
            mask.row_mut(y)[columns].fill(false);
        }
    }
}

/// Print does not run on for so long without a gap.
const ACROSS_MM: f32 = 16.0;
/// The strokes of a title are shorter.
const DOWN_MM: f32 = 7.0;
/// Fewer pieces than this are dirt or a page number.
const FEWEST_PIECES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// At 150 dpi: a form of rows 40 pixels apart, two columns, print of 16 pixels.
    struct Form {
        mask: Mask,
    }

    impl Form {
        fn new() -> Self {
            Self {
                mask: Mask::blank(1240, 1754),
            }
        }

        fn rule_across(mut self, y: usize) -> Self {
            for x in 100..1100 {
                self.mask.row_mut(y)[x] = true;
            }
            self
        }

        fn rule_down(mut self, x: usize, top: usize, bottom: usize) -> Self {
            for y in top..bottom {
                self.mask.row_mut(y)[x] = true;
            }
            self
        }

        /// `count` characters, each of two strokes.
        fn print(mut self, left: usize, top: usize, count: usize) -> Self {
            for i in 0..count {
                for y in top..top + 16 {
                    let row = self.mask.row_mut(y);
                    row[left + i * 18..left + i * 18 + 6].fill(true);
                    row[left + i * 18 + 9..left + i * 18 + 15].fill(true);
                }
            }
            self
        }

        fn layout(&self) -> Layout {
            let ink = Ink {
                all: self.mask.clone(),
                across: self.mask.clone(),
                down: self.mask.clone(),
            };
            Layout::of_ink(&ink, 150.0, Framing::Rules)
        }
    }

    #[test]
    fn pieces_of_a_torn_rule_are_no_print() {
        let mut form = Form::new();
        for row in 0..5 {
            form = form
                .print(120, 200 + row * 40, 4)
                .print(520, 200 + row * 40, 10);
            for left in (110..1000).step_by(90) {
                form.mask.row_mut(228 + row * 40)[left..left + 50].fill(true);
            }
        }
        let layout = form.layout();
        let bands: Vec<&Band> = layout
            .tables
            .iter()
            .flat_map(|table| &table.bands)
            .collect();
        let [band] = bands.as_slice() else {
            panic!("{} bands", bands.len());
        };
        let lines: Vec<usize> = band.cells.iter().map(|cell| cell.lines.len()).collect();
        assert_eq!(lines, [5, 5]);
    }

    fn ruled(mut form: Form, top: usize, rows: usize) -> Form {
        for row in 0..=rows {
            form = form.rule_across(top + row * 40);
        }
        for row in 0..rows {
            form = form
                .print(120, top + row * 40 + 12, 4)
                .print(520, top + row * 40 + 12, 10);
        }
        let bottom = top + rows * 40;
        form.rule_down(100, top, bottom)
            .rule_down(500, top, bottom)
            .rule_down(1099, top, bottom)
    }

    fn shape(layout: &Layout) -> Vec<Vec<Vec<usize>>> {
        let lines = |band: &Band| band.cells.iter().map(|cell| cell.lines.len()).collect();
        let bands = |table: &Table| table.bands.iter().map(lines).collect();
        layout.tables.iter().map(bands).collect()
    }

    #[test]
    fn a_ruled_form_has_one_label_and_one_value_a_band() {
        let layout = ruled(Form::new(), 200, 7).layout();
        assert_eq!(shape(&layout), [vec![vec![1, 1]; 7]]);
    }

    #[test]
    fn rules_that_show_through_from_the_back_part_nothing() {
        let form = ruled(Form::new(), 200, 7);
        let mut faint = form.mask.clone();
        // The back's rules lie between the rows and beside the column.
        for y in [219, 299, 379, 459] {
            faint.row_mut(y)[140..1140].fill(true);
        }
        let ink = Ink {
            all: form.mask.clone(),
            across: faint,
            down: form.mask.clone(),
        };
        let through = Layout::of_ink(&ink, 150.0, Framing::Rules);
        assert_eq!(through.faint_rules, 4);
        assert_ne!(shape(&through), [vec![vec![1, 1]; 7]]);
        let solid = Layout::of_ink(&ink, 150.0, Framing::Solid);
        assert_eq!(shape(&solid), [vec![vec![1, 1]; 7]]);
    }

    #[test]
    fn two_forms_on_a_page_are_two_tables() {
        let layout = ruled(ruled(Form::new(), 200, 7), 560, 7).layout();
        assert_eq!(shape(&layout), [vec![vec![1, 1]; 7], vec![vec![1, 1]; 7]]);
    }

    #[test]
    fn a_missing_rule_makes_a_band_of_two_lines() {
        let mut form = ruled(Form::new(), 200, 4);
        form.mask.row_mut(280).fill(false);
        let layout = form.layout();
        assert_eq!(shape(&layout), [vec![vec![1, 1], vec![2, 2], vec![1, 1]]]);
    }

    #[test]
    fn without_rules_the_white_corridor_parts_labels_from_values() {
        let mut form = Form::new().print(300, 100, 14);
        for row in 0..5 {
            form = form
                .print(120, 200 + row * 40, 3 + row)
                .print(520, 200 + row * 40, 10);
        }
        let layout = form.layout();
        assert_eq!(shape(&layout), [[[5, 5]]]);
        assert_eq!(layout.loose.len(), 1);
    }

    #[test]
    fn rules_between_the_rows_only_keep_the_corridor() {
        let mut form = ruled(Form::new(), 200, 4);
        for x in [100, 500, 1099] {
            for y in 200..360 {
                let rule = (y - 200) % 40 == 0;
                form.mask.row_mut(y)[x] = rule;
            }
        }
        assert_eq!(shape(&form.layout()), [vec![vec![1, 1]; 4]]);
    }

    #[test]
    fn paper_with_a_few_specks_is_blank() {
        let mut form = Form::new().print(600, 1650, 1);
        for i in 0..300 {
            form.mask.row_mut(i * 5 + 7)[i * 4 % 1200] = true;
        }
        assert!(form.layout().is_blank());
        assert!(!ruled(Form::new(), 200, 7).layout().is_blank());
    }
}
