//! A table as rows and columns, with spans, so that a cell's neighbours are those that a person sees.

use std::collections::HashMap;

use super::tree::{Document, NodeIndex};

/// Which cell covers each place of a table.
pub(crate) struct Grid {
    places: HashMap<(usize, usize), NodeIndex>,
    corners: HashMap<NodeIndex, (usize, usize)>,
}

impl Grid {
    /// Lays out the table's own rows; tables inside its cells are not looked into.
    pub(crate) fn new(page: &Document, table: NodeIndex) -> Self {
        let mut grid = Self {
            places: HashMap::new(),
            corners: HashMap::new(),
        };
        let own = |at: NodeIndex| page.enclosing(at, "table") == Some(table);
        let end = page.nodes()[table].end;
        let mut row = 0;
        let mut column = 0;
        let mut inside_row = false;
        for at in table + 1..end {
            let Some(element) = page.element(at) else {
                continue;
            };
            match element.name.as_str() {
                "tr" if own(at) => {
                    row += usize::from(inside_row);
                    column = 0;
                    inside_row = true;
                }
                "td" | "th" if inside_row && own(at) => {
                    while grid.places.contains_key(&(row, column)) {
                        column += 1;
                    }
                    let room = grid.places.len() < MOST_PLACES;
                    let span = |name| match room {
                        true => span(element.attribute(name)),
                        false => 1,
                    };
                    let (wide, high) = (span("colspan"), span("rowspan"));
                    grid.corners.insert(at, (row, column));
                    for (r, c) in
                        (row..row + high).flat_map(|r| (column..column + wide).map(move |c| (r, c)))
                    {
                        grid.places.entry((r, c)).or_insert(at);
                    }
                    column += wide;
                }
                _ => {}
            }
        }
        grid
    }

    /// The cells to the left of one, nearest first, up to one that is `taken`.
    pub(crate) fn left_of(
        &self,
        cell: NodeIndex,
        taken: impl Fn(NodeIndex) -> bool,
    ) -> Vec<NodeIndex> {
        let Some(&(row, column)) = self.corners.get(&cell) else {
            return vec![];
        };
        let mut cells: Vec<NodeIndex> = (0..column)
            .rev()
            .filter_map(|c| self.places.get(&(row, c)).copied())
            .take_while(|at| !taken(*at))
            .collect();
        cells.dedup();
        cells
    }

    /// The cells above one, nearest first.
    pub(crate) fn above(&self, cell: NodeIndex) -> Vec<NodeIndex> {
        let Some(&(row, column)) = self.corners.get(&cell) else {
            return vec![];
        };
        let mut cells: Vec<NodeIndex> = (0..row)
            .rev()
            .filter_map(|r| self.places.get(&(r, column)).copied())
            .collect();
        cells.dedup();
        cells
    }
}

fn span(value: Option<&str>) -> usize {
    value
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(1)
        .clamp(1, WIDEST_SPAN)
}

/// In a table larger than this, spans are not believed.
const MOST_PLACES: usize = 50_000;

/// A span wider than this is a mistake or an attack.
const WIDEST_SPAN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_shift_the_cells_that_follow() {
        let page = Document::parse(
            "<table><tr><th rowspan=2 id=head>H<td id=a>a<tr><td id=b>b<tr><td colspan=2 id=wide>w<td id=c>c</table>",
        );
        let (table, _) = page.named("table").next().unwrap();
        let grid = Grid::new(&page, table);
        let id = |id| page.by_id(id).unwrap();
        assert_eq!(grid.left_of(id("b"), |_| false), [id("head")]);
        assert_eq!(grid.above(id("b")), [id("a")]);
        assert_eq!(grid.left_of(id("c"), |_| false), [id("wide")]);
        assert_eq!(grid.above(id("wide")), [id("head")]);
    }
}
