//! How bright the paper is at each place, and from where on a pixel counts as ink.
//!
//! A scan has shadows at the fold and darker corners, shaded label cells and faded print. Paper is
//! therefore measured per tile, as the brightness that an eighth of the tile's pixels exceed: in a tile of
//! text that is paper, in a shaded cell the shade. Ink is what is clearly darker than the paper around it.
//! One pass over the pixels for the tiles and one for the ink; integers only.

use image::GrayImage;

/// The paper's brightness, tile by tile.
pub struct Light {
    tile: usize,
    columns: usize,
    rows: usize,
    paper: Vec<u8>,
    ink: u32,
}

impl Light {
    /// Measures `image`; `tile` is the side of a tile in pixels, about 5 mm.
    pub fn measure(image: &GrayImage, tile: usize) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let columns = width.div_ceil(tile).max(1);
        let rows = height.div_ceil(tile).max(1);
        let mut paper = Vec::with_capacity(columns * rows);
        let mut darkness = [0_u32; 256];
        for row in 0..rows {
            let mut counts = vec![[0_u32; 256]; columns];
            let lines = image
                .as_raw()
                .chunks_exact(width.max(1))
                .skip(row * tile)
                .take(tile);
            // Every second pixel of every second line is enough for a percentile.
            for line in lines.step_by(2) {
                for (counts, pixels) in counts.iter_mut().zip(line.chunks(tile)) {
                    for pixel in pixels.iter().step_by(2) {
                        counts[usize::from(*pixel)] += 1;
                    }
                }
            }
            for counts in &counts {
                let bright = brightness_exceeded_by_an_eighth(counts);
                paper.push(bright);
                for (level, count) in counts.iter().enumerate() {
                    let relative = level * 255 / usize::from(bright.max(1));
                    darkness[relative.min(255)] += count;
                }
            }
        }
        let paper = without_dark_tiles(paper, columns, rows);
        Self {
            tile,
            columns,
            rows,
            paper,
            ink: typical_ink(&darkness),
        }
    }

    /// The paper's brightness at a pixel, between the four nearest tiles; never 0.
    pub fn paper_at(&self, x: usize, y: usize) -> u32 {
        let (left, right, dx) = neighbours(x, self.tile, self.columns);
        let (top, bottom, dy) = neighbours(y, self.tile, self.rows);
        let at = |column: usize, row: usize| usize::from(self.paper[row * self.columns + column]);
        let upper = at(left, top) * (self.tile - dx) + at(right, top) * dx;
        let lower = at(left, bottom) * (self.tile - dx) + at(right, bottom) * dx;
        let sum = upper * (self.tile - dy) + lower * dy;
        ((sum / (self.tile * self.tile)) as u32).max(1)
    }

    /// The paper's brightness on most of the page.
    pub fn paper(&self) -> u8 {
        let mut sorted = self.paper.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    }

    /// From the print's darkness towards the paper's white, in percent: below it is ink.
    pub fn threshold(&self, percent: u32) -> u32 {
        self.ink + (255 - self.ink) * percent / 100
    }
}

fn brightness_exceeded_by_an_eighth(counts: &[u32; 256]) -> u8 {
    let total: u32 = counts.iter().sum();
    let mut above = 0;
    for (level, count) in (0..=u8::MAX).zip(counts).rev() {
        above += count;
        if above * 8 > total {
            return level;
        }
    }
    u8::MAX
}

/// A tile that is dark all over is a bar, a picture or the scanner's lid: its paper is that of the page.
fn without_dark_tiles(mut paper: Vec<u8>, columns: usize, rows: usize) -> Vec<u8> {
    debug_assert_eq!(paper.len(), columns * rows);
    let mut sorted = paper.clone();
    sorted.sort_unstable();
    let page = sorted.get(sorted.len() * 3 / 4).copied().unwrap_or(255);
    let dark = page / 5 * 2;
    for tile in &mut paper {
        if *tile < dark {
            *tile = page;
        }
    }
    paper
}

/// The darkness of the darkest hundredth: the core of strokes.
fn typical_ink(darkness: &[u32; 256]) -> u32 {
    let total: u32 = darkness.iter().sum();
    let mut below = 0;
    for (level, count) in (0..).zip(darkness) {
        below += count;
        if below * 200 > total {
            return level.min(DARKEST_BELIEVED_PAPER);
        }
    }
    0
}

/// The two tiles whose middles enclose `at`, and how far it lies past the first.
fn neighbours(at: usize, tile: usize, count: usize) -> (usize, usize, usize) {
    let from_middle = at.saturating_sub(tile / 2);
    let first = (from_middle / tile).min(count - 1);
    let second = (first + 1).min(count - 1);
    (first, second, from_middle % tile)
}

/// Print fainter than this cannot be told from the paper's grain.
const DARKEST_BELIEVED_PAPER: u32 = 170;

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    /// A pixel as it would be on evenly lit white paper.
    fn flattened(light: &Light, pixel: u32, x: u32, y: u32) -> u32 {
        (pixel * 255 / light.paper_at(x as usize, y as usize)).min(255)
    }

    #[test]
    fn print_in_the_shadow_is_ink_and_the_shadow_is_paper() {
        let mut image = GrayImage::from_fn(400, 100, |x, _| Luma([(250 - x / 4) as u8]));
        for x in (0..400).step_by(8) {
            for y in 40..60 {
                let paper = image.get_pixel(x, y).0[0];
                image.put_pixel(x, y, Luma([paper / 4]));
            }
        }
        let light = Light::measure(&image, 32);
        let threshold = light.threshold(50);
        let is_ink = |x: u32, y: u32| {
            let pixel = u32::from(image.get_pixel(x, y).0[0]);
            flattened(&light, pixel, x, y) < threshold
        };
        assert!(is_ink(392, 50) && is_ink(8, 50));
        assert!(!is_ink(395, 50) && !is_ink(396, 5) && !is_ink(5, 5));
    }

    #[test]
    fn a_dark_bar_is_ink_not_paper() {
        let image = GrayImage::from_fn(300, 300, |_, y| Luma([if y < 60 { 20 } else { 240 }]));
        let light = Light::measure(&image, 32);
        assert!(flattened(&light, 20, 150, 30) < light.threshold(50));
    }
}
