//! What each pixel of the mask is: ink, or a hairline along a row or a column.

use image::GrayImage;

use super::light::Light;
use super::map::Map;
use super::{Ink, Mask, SAME_LIGHT, Turn};

/// What each mask pixel is, in one byte, so that a page is turned once.
pub(super) struct Marks {
    pub width: usize,
    pub height: usize,
    marks: Vec<u8>,
}

impl Marks {
    /// A mask pixel is as dark as the darkest of its `step` × `step` pixels, so hairlines survive. It is a
    /// hairline where it is darker than the paper on both sides, however little.
    pub(super) fn of(image: &GrayImage, light: &Light, step: usize) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let columns = width.div_ceil(step);
        let rows = height.div_ceil(step);
        let mut grey = vec![u8::MAX; columns * rows];
        let bands = image.as_raw().chunks(width.max(1) * step);
        let mut darkest = vec![u8::MAX; width];
        for (band, row) in bands.zip(grey.chunks_exact_mut(columns.max(1))) {
            // Down first, then along: the larger part is done many pixels at a time.
            darkest.fill(u8::MAX);
            for line in band.chunks_exact(width.max(1)) {
                for (darkest, pixel) in darkest.iter_mut().zip(line) {
                    *darkest = (*darkest).min(*pixel);
                }
            }
            for (pixels, mark) in darkest.chunks(step).zip(row) {
                *mark = pixels.iter().copied().fold(u8::MAX, u8::min);
            }
        }
        for (y, row) in grey.chunks_exact_mut(columns.max(1)).enumerate() {
            for (part, pixels) in row.chunks_mut(SAME_LIGHT).enumerate() {
                // Light changes slowly: one place will do for a few pixels.
                let x = part * SAME_LIGHT * step;
                let white = (255 << 16) / light.paper_at(x, y * step);
                for pixel in pixels {
                    *pixel = ((u32::from(*pixel) * white) >> 16).min(255) as u8;
                }
            }
        }
        let ink = light.threshold(INK_PERCENT) as u8;
        let faint = ((255 - light.threshold(0)) / FAINTEST_HAIRLINE) as u8;
        let mut marks = vec![0; grey.len()];
        for y in 0..rows {
            for x in 0..columns {
                let at = y * columns + x;
                let here = grey[at];
                // Paper is most of the page and never darker than its surroundings by much.
                if here > u8::MAX - faint {
                    continue;
                }
                let darker = |one: usize, other: usize| {
                    here.saturating_add(faint) <= grey[one].min(grey[other])
                };
                let within = |at: usize, size: usize| at >= HAIR && at + HAIR < size;
                let mut mark = u8::from(here < ink) * INK;
                if within(y, rows) && darker(at - HAIR * columns, at + HAIR * columns) {
                    mark |= ALONG_ROW;
                }
                if within(x, columns) && darker(at - HAIR, at + HAIR) {
                    mark |= ALONG_COLUMN;
                }
                marks[at] = mark;
            }
        }
        Self {
            width: columns,
            height: rows,
            marks,
        }
    }

    pub(super) fn ink(&self) -> Mask {
        let mut mask = Mask::blank(self.width, self.height);
        for (y, marks) in self.marks.chunks_exact(self.width.max(1)).enumerate() {
            for (ink, mark) in mask.row_mut(y).iter_mut().zip(marks) {
                *ink = mark & INK != 0;
            }
        }
        mask
    }

    pub(super) fn turned(&self, turn: Turn, map: &Map, width: usize, height: usize) -> Ink {
        let mut ink = Ink {
            all: Mask::blank(width, height),
            across: Mask::blank(width, height),
            down: Mask::blank(width, height),
        };
        let (across, down) = match turn {
            Turn::None | Turn::Over => (INK | ALONG_ROW, INK | ALONG_COLUMN),
            Turn::Right | Turn::Left => (INK | ALONG_COLUMN, INK | ALONG_ROW),
        };
        let fixed = |value: f64| (value * 65_536.0).round() as i64;
        let (dx, dy) = (fixed(map.right.0), fixed(map.right.1));
        for y in 0..height {
            let (x, row_y) = map.apply(0.0, y as f64);
            let (mut sx, mut sy) = (fixed(x) + 32_768, fixed(row_y) + 32_768);
            let row = ink.all.row_mut(y).iter_mut();
            let row = row.zip(ink.across.row_mut(y)).zip(ink.down.row_mut(y));
            let level = (dx, dy, sx >> 16) == (1 << 16, 0, 0);
            if let Some(marks) = usize::try_from(sy >> 16)
                .ok()
                .filter(|_| level)
                .and_then(|y| self.marks.chunks_exact(self.width).nth(y))
            {
                for (((all, along), upright), mark) in row.zip(marks) {
                    *all = mark & INK != 0;
                    *along = mark & across != 0;
                    *upright = mark & down != 0;
                }
                continue;
            }
            for ((all, along), upright) in row {
                if let (Ok(x), Ok(y)) = (usize::try_from(sx >> 16), usize::try_from(sy >> 16))
                    && x < self.width
                    && y < self.height
                {
                    let mark = self.marks[y * self.width + x];
                    *all = mark & INK != 0;
                    *along = mark & across != 0;
                    *upright = mark & down != 0;
                }
                sx += dx;
                sy += dy;
            }
        }
        ink
    }
}

/// Rather more than half way to white, so that hairlines blurred by the scanner count.
const INK_PERCENT: u32 = 62;
/// A hairline is darker than the paper beside it by a twelfth of what ink is.
const FAINTEST_HAIRLINE: u32 = 12;
/// The paper beside a hairline, in mask pixels: half a millimetre off.
const HAIR: usize = 3;
const INK: u8 = 1;
const ALONG_ROW: u8 = 2;
const ALONG_COLUMN: u8 = 4;
