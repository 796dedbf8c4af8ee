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

const TILE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

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
