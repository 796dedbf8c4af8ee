//! Ink that hangs together, and the lines of print that it forms.

use crate::intake::page::{Mask, runs};

/// A rectangle of mask pixels; `right` and `bottom` lie past the last one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Area {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Past the last column.
    pub right: usize,
    /// Past the last row.
    pub bottom: usize,
}

impl Area {
    /// Columns.
    pub fn width(&self) -> usize {
        self.right - self.left
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// The middle column.
    pub fn middle_x(&self) -> usize {
        (self.left + self.right) / 2
    }

    /// The middle row.
    pub fn middle_y(&self) -> usize {
        (self.top + self.bottom) / 2
    }

    /// Rows that both share.
    pub fn shared_rows(&self, other: &Self) -> usize {
        self.bottom
            .min(other.bottom)
            .saturating_sub(self.top.max(other.top))
    }

    /// The smallest area that holds both.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// A line of print: what a reader is given at once.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintLine {
    /// Its ink.
    pub area: Area,
    /// Height of its tall characters.
    pub glyph: usize,
    /// Height of most of its pieces: of digits, where tall marks stand between them.
    pub typical: usize,
}

/// The pieces of connected ink (8 neighbours), in no particular order. Linear in the mask's runs.
pub fn pieces(mask: &Mask) -> Vec<Area> {
    let mut found = Pieces::default();
    let mut above: Vec<(usize, usize, usize)> = Vec::new();
    for y in 0..mask.height() {
        let mut current = Vec::new();
        let mut first = 0;
        for (from, to) in runs(mask.row(y)) {
            let piece = found.start(Area {
                left: from,
                top: y,
                right: to,
                bottom: y + 1,
            });
            while above.get(first).is_some_and(|(_, end, _)| *end < from) {
                first += 1;
            }
            for (_, _, other) in above[first..]
                .iter()
                .take_while(|(start, _, _)| *start <= to)
            {
                found.join(piece, *other);
            }
            current.push((from, to, piece));
        }
        above = current;
    }
    found.areas()
}

/// A union-find forest over runs.
#[derive(Default)]
struct Pieces {
    parent: Vec<usize>,
    area: Vec<Area>,
}

impl Pieces {
    fn start(&mut self, area: Area) -> usize {
        self.parent.push(self.parent.len());
        self.area.push(area);
        self.parent.len() - 1
    }

    fn root(&mut self, mut piece: usize) -> usize {
        while self.parent[piece] != piece {
            self.parent[piece] = self.parent[self.parent[piece]];
            piece = self.parent[piece];
        }
        piece
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            let (lower, upper) = (one.max(other), one.min(other));
            self.parent[lower] = upper;
            self.area[upper] = self.area[upper].with(&self.area[lower]);
        }
    }

    fn areas(self) -> Vec<Area> {
        let roots = self.parent.iter().zip(&self.area).enumerate();
        roots
            .filter(|(i, (parent, _))| i == *parent)
            .map(|(_, (_, area))| *area)
            .collect()
    }
}

/// Stacks pieces of one cell into lines of print, from top to bottom.
///
/// Pieces whose rows overlap belong to one line; a thin mark above or below (a stroke of a character, a
/// range sign) joins the line that it lies nearest to.
pub fn lines_of(pieces: &[Area], em: usize) -> Vec<PrintLine> {
    let mut sorted: Vec<Area> = pieces.to_vec();
    sorted.sort_by_key(|piece| std::cmp::Reverse(piece.height()));
    let mut lines: Vec<(Area, Vec<usize>)> = Vec::new();
    for piece in sorted {
        let home = lines
            .iter_mut()
            .filter(|(line, _)| belongs(&piece, line, em))
            .max_by_key(|(line, _)| line.shared_rows(&piece));
        match home {
            Some((line, heights)) => {
                *line = line.with(&piece);
                heights.push(piece.height());
            }
            None => lines.push((piece, vec![piece.height()])),
        }
    }
    let mut lines: Vec<PrintLine> = lines
        .into_iter()
        .map(|(area, mut heights)| {
            heights.sort_unstable();
            PrintLine {
                area,
                glyph: share(&heights, 4, 5),
                typical: share(&heights, 1, 2),
            }
        })
        .collect();
    // What is much lower than a character is dirt or a stray dash.
    lines.retain(|line| line.glyph * 3 >= em);
    lines.sort_by_key(|line| line.area.top);
    lines
}

fn belongs(piece: &Area, line: &Area, em: usize) -> bool {
    let shared = line.shared_rows(piece);
    if shared * 2 > piece.height() {
        return true;
    }
    // A stroke outside the line's rows so far: only when the line stays about one character high.
    let grown = line.with(piece).height();
    shared > 0 && grown <= em * 5 / 4 || grown <= em
}

/// The height that a share of the sorted pieces does not exceed.
fn share(heights: &[usize], part: usize, whole: usize) -> usize {
    heights
        .get(heights.len() * part / whole)
        .copied()
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> Mask {
        let mut mask = Mask::blank(rows[0].len(), rows.len());
        for (y, row) in rows.iter().enumerate() {
            for (pixel, c) in mask.row_mut(y).iter_mut().zip(row.chars()) {
                *pixel = c == '#';
            }
        }
        mask
    }

    fn area(left: usize, top: usize, right: usize, bottom: usize) -> Area {
        Area {
            left,
            top,
            right,
            bottom,
        }
    }

    #[test]
    fn ink_that_touches_at_a_corner_is_one_piece() {
        let found = pieces(&mask(&["#..#....", ".#.#..##", "..#...##"]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.contains(&area(0, 0, 4, 3)));
        assert!(found.contains(&area(6, 1, 8, 3)));
    }

    #[test]
    fn a_u_is_one_piece_though_its_arms_start_apart() {
        assert_eq!(pieces(&mask(&["#..#", "#..#", "####"])), [area(0, 0, 4, 3)]);
    }

    #[test]
    fn two_lines_of_a_label_are_two_lines_and_a_dash_joins_its_own() {
        let found = lines_of(
            &[
                area(0, 0, 18, 18),
                area(20, 2, 38, 19),
                area(0, 26, 18, 44),
                area(20, 34, 30, 36),
                area(40, 0, 44, 3),
            ],
            20,
        );
        let areas: Vec<Area> = found.iter().map(|line| line.area).collect();
        assert_eq!(areas, [area(0, 0, 44, 19), area(0, 26, 30, 44)]);
    }
}
