//! Ink or paper, one byte a pixel.

/// A page of ink (`true`) and paper (`false`).
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    width: usize,
    height: usize,
    ink: Vec<bool>,
}

impl Mask {
    /// Paper everywhere.
    pub fn blank(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            ink: vec![false; width * height],
        }
    }

    /// Pixels per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Whether there is ink. `x` and `y` lie on the page.
    pub fn at(&self, x: usize, y: usize) -> bool {
        self.ink[y * self.width + x]
    }

    /// Row `y`.
    pub fn row(&self, y: usize) -> &[bool] {
        &self.ink[y * self.width..][..self.width]
    }

    /// Row `y`, to be changed.
    pub fn row_mut(&mut self, y: usize) -> &mut [bool] {
        &mut self.ink[y * self.width..][..self.width]
    }

    /// Rows become columns. Tiles keep both sides of the copy within the cache.
    pub fn transposed(&self) -> Self {
        let mut turned = Self::blank(self.height, self.width);
        for top in (0..self.height).step_by(TILE) {
            for left in (0..self.width).step_by(TILE) {
                for y in top..(top + TILE).min(self.height) {
                    for x in left..(left + TILE).min(self.width) {
                        turned.ink[x * self.height + y] = self.ink[y * self.width + x];
                    }
                }
            }
        }
        turned
    }
}

/// The runs of ink of a row: first pixel and past the last. Most of a page is white and is passed over in blocks.
pub fn runs(row: &[bool]) -> impl Iterator<Item = (usize, usize)> {
    let mut x = 0;
    std::iter::from_fn(move || {
        let from = next_ink(row, x)?;
        let length = row[from..].iter().position(|ink| !*ink);
        x = length.map_or(row.len(), |length| from + length);
        Some((from, x))
    })
}

fn next_ink(row: &[bool], mut x: usize) -> Option<usize> {
    while let Some(block) = row.get(x..x + BLOCK) {
        // No early way out: so the compiler takes the block in one step.
        if block.iter().fold(false, |any, ink| any | *ink) {
            break;
        }
        x += BLOCK;
    }
    let within = row[x..].iter().position(|ink| *ink)?;
    Some(x + within)
}

const TILE: usize = 32;
const BLOCK: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_wherever_blocks_end() {
        for (from, to) in [(0, 1), (31, 33), (32, 64), (63, 100), (99, 100), (5, 97)] {
            let mut row = [false; 100];
            row[from..to].fill(true);
            assert_eq!(runs(&row).collect::<Vec<_>>(), [(from, to)]);
        }
        let mut row = [false; 70];
        (row[3], row[40], row[69]) = (true, true, true);
        assert_eq!(runs(&row).collect::<Vec<_>>(), [(3, 4), (40, 41), (69, 70)]);
        assert_eq!(runs(&[]).count(), 0);
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        let mut mask = Mask::blank(70, 41);
        mask.row_mut(40)[69] = true;
        mask.row_mut(3)[33] = true;
        let turned = mask.transposed();
        assert!(turned.at(40, 69) && turned.at(3, 33));
        assert_eq!(turned.transposed(), mask);
    }
}
