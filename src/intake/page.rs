//! A grey page made readable: paper and ink told apart, level, and turned so that the letter stands upright.
//!
//! No second copy of the page is made. Ink is found once, at about 150 dpi, and that small mask is what
//! turning, levelling and the search for rules work on; a line of print is then taken from the scan's own
//! pixels in one step that turns, levels, scales and evens out the light, so it is resampled once only.
//! Nothing is cleaned away: what could be ink of a value stays.
//!
//! Cost on an A4 page of 300 dpi (8.7 million pixels): two passes over the pixels (`light`), then work on
//! 2.2 million mask pixels. Everything is linear in the pixels.

use image::{GrayImage, Luma};

use crate::domain::{BoundingBox, Crop};

mod bend;
mod flatten;
mod light;
mod mask;
mod quality;
mod skew;
mod spread;

pub use mask::{Mask, runs};
pub use quality::Trouble;
pub use spread::Spread;

use bend::Bend;
use light::Light;
use skew::Lean;

/// A page as scanned, with what was found out about its light and lean.
pub struct Page {
    image: GrayImage,
    /// What the file says, where the picture is still the file's.
    stated: Option<(f32, f32)>,
    dpi: f32,
    step: usize,
    light: Light,
    marks: Marks,
    rows: Lean,
    columns: Lean,
}

/// A quarter turn that may bring the page upright, clockwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// As scanned.
    None,
    /// By 90°.
    Right,
    /// By 180°.
    Over,
    /// By 270°.
    Left,
}

/// How a line's grey levels are handed to a reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tone {
    /// Evenly lit, otherwise as scanned.
    Grey,
    /// Pulled apart around the threshold: thin strokes fill, grain goes.
    Crisp,
}

/// The ink of an upright page.
pub struct Ink {
    /// Print, rules, everything dark enough.
    pub all: Mask,
    /// The same with hairlines along rows that are too faint to be print.
    pub across: Mask,
    /// The same with hairlines along columns.
    pub down: Mask,
}

/// A page turned and levelled. Boxes are in its pixels: the scan's, on the upright page.
pub struct Upright<'a> {
    page: &'a Page,
    turn: Turn,
    ink: Ink,
    map: Map,
    width: u32,
    height: u32,
}

impl Page {
    /// Looks at a page. `dpi` is what the file says; a page no printer makes is taken for an A4 sheet, and a sheet
    /// photographed on a darker ground is laid flat first.
    pub fn examine(image: GrayImage, dpi: Option<(f32, f32)>) -> Self {
        let (image, stated, dpi) = match flatten::flattened(&image) {
            Some((flat, dpi)) => (flat, None, dpi),
            None => {
                let plausible = plausible_dpi(&image, dpi);
                (image, dpi, plausible)
            }
        };
        // Whoever knows the resolution is a scanner, and its lines run in parallel.
        let is_picture = !stated.is_some_and(|stated| is_plausible(&image, stated));
        let page = Self::measured(image, stated, dpi);
        match is_picture {
            true => page.straightened().unwrap_or(page),
            false => page,
        }
    }

    fn measured(image: GrayImage, stated: Option<(f32, f32)>, dpi: f32) -> Self {
        let step = ((dpi / MASK_DPI).round() as usize).max(1);
        let light = Light::measure(&image, (dpi / TILES_PER_INCH).max(8.0) as usize);
        let marks = Marks::of(&image, &light, step);
        let mask = marks.ink();
        Self {
            rows: skew::along_rows(&mask),
            columns: skew::along_columns(&mask),
            image,
            stated,
            dpi,
            step,
            light,
            marks,
        }
    }

    /// The page with its lines of print made parallel; `None` when they are.
    pub fn straightened(&self) -> Option<Self> {
        let mask = self.marks.ink();
        let (rows, columns) = (self.rows, self.columns);
        let image = match rows.sharpness >= columns.sharpness {
            true => {
                let bend = Bend::of(&mask, (rows.slope, columns.slope))?;
                bend.straightened(&self.image, self.step)
            }
            // Print that runs down is measured on the page turned over its diagonal.
            false => {
                let bend = Bend::of(&mask.transposed(), (columns.slope, rows.slope))?;
                bend.transposed().straightened(&self.image, self.step)
            }
        };
        Some(Self::measured(image, self.stated, self.dpi))
    }

    /// The sheets, where the picture seems to show several.
    pub fn spread(&self) -> Option<Spread> {
        // Most pages are plainly one sheet: no ink is looked at for those.
        let along_rows = self.rows.sharpness >= self.columns.sharpness;
        let dpi = self.dpi / self.step as f32;
        spread::may_be_spread(self.marks.width, self.marks.height, along_rows)
            .then(|| spread::spread(&self.marks.ink(), along_rows, dpi))
            .flatten()
    }

    /// The pages of the sheets of a `spread`, as they lie on the picture.
    pub fn sheets(&self, spread: &Spread) -> Vec<Self> {
        let (width, height) = self.image.dimensions();
        let parts = spread.parts.iter().map(|(from, to)| {
            let (from, to) = ((from * self.step) as u32, (to * self.step) as u32);
            let cut = match spread.along_rows {
                true => {
                    image::imageops::crop_imm(&self.image, from, 0, to.min(width) - from, height)
                }
                false => {
                    image::imageops::crop_imm(&self.image, 0, from, width, to.min(height) - from)
                }
            };
            Self::examine(cut.to_image(), self.stated)
        });
        parts.collect()
    }

    /// What stands in the way of reading it, for a page on which nothing was found.
    pub fn trouble(&self) -> Option<Trouble> {
        quality::trouble(&self.image, self.dpi, &self.light)
    }

    /// The turns worth trying, likeliest first. Print is told from its direction: which way its lines run
    /// shows clearly, which end is up does not, so that is left to the letter's labels.
    pub fn turns(&self) -> Vec<Turn> {
        let (along, across) = (self.rows.sharpness, self.columns.sharpness);
        let mut turns = match along >= across {
            true => vec![Turn::None, Turn::Over, Turn::Right, Turn::Left],
            false => vec![Turn::Right, Turn::Left, Turn::None, Turn::Over],
        };
        if along.max(across) > CLEARLY * along.min(across) {
            turns.truncate(2);
        }
        turns
    }

    /// The page turned by `turn` and levelled.
    pub fn upright(&self, turn: Turn) -> Upright<'_> {
        let slope = match turn {
            Turn::None | Turn::Over => self.rows.slope,
            Turn::Right | Turn::Left => -self.columns.slope,
        };
        let slope = if slope.abs() < LEVEL { 0.0 } else { slope };
        let size = |width: usize, height: usize| match turn {
            Turn::None | Turn::Over => (width as f64, height as f64),
            Turn::Right | Turn::Left => (height as f64, width as f64),
        };
        let full = size(self.image.width() as usize, self.image.height() as usize);
        let small = size(self.marks.width, self.marks.height);
        let (map, width, height) = Map::new(turn, slope, full);
        let (mask_map, mask_width, mask_height) = Map::new(turn, slope, small);
        Upright {
            page: self,
            turn,
            ink: self.marks.turned(turn, &mask_map, mask_width, mask_height),
            map,
            width: width as u32,
            height: height as u32,
        }
    }
}

impl Upright<'_> {
    /// Ink of the upright page, at [`Self::mask_dpi`].
    pub fn ink(&self) -> &Ink {
        &self.ink
    }

    /// By how much the page was turned.
    pub fn turn(&self) -> Turn {
        self.turn
    }

    /// Mask pixels per inch.
    pub fn mask_dpi(&self) -> f32 {
        self.page.dpi / self.page.step as f32
    }

    /// Page pixels per mask pixel.
    pub fn step(&self) -> u32 {
        self.page.step as u32
    }

    /// Cuts `area` out for people, as scanned.
    pub fn crop(&self, area: BoundingBox) -> Option<Crop> {
        let area = self.clamped(area);
        let mut pixels = Vec::with_capacity(area.width as usize * area.height as usize);
        for y in area.y..area.y + area.height {
            for x in area.x..area.x + area.width {
                pixels.push(self.grey_at(self.map.fixed(f64::from(x), f64::from(y))) as u8);
            }
        }
        Crop::new(area.width, area.height, pixels)
    }

    /// A line image of `area` for a reader, scaled by `scale`, with a white margin around it.
    pub fn line(&self, area: BoundingBox, scale: f32, tone: Tone) -> GrayImage {
        let area = self.clamped(area);
        let scale = f64::from(scale).clamp(0.05, 8.0);
        let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let (width, height) = (scaled(area.width), scaled(area.height));
        let mut line = GrayImage::from_pixel(
            width + 2 * LINE_MARGIN,
            height + 2 * LINE_MARGIN,
            Luma([255]),
        );
        // Where the line shrinks, each pixel is the mean of several places, or thin strokes would vanish.
        let taps = self.map.taps(1.0 / scale);
        let inks = (self.page.light.threshold(30), self.page.light.threshold(75));
        for row in 0..height {
            let place = |column: u32| {
                let x = f64::from(area.x) + (f64::from(column) + 0.5) / scale - 0.5;
                let y = f64::from(area.y) + (f64::from(row) + 0.5) / scale - 0.5;
                (x, y)
            };
            let mut paper = 255;
            for column in 0..width {
                let (x, y) = place(column);
                if column % SAME_LIGHT as u32 == 0 {
                    // Light changes slowly: one place will do for a few pixels.
                    let (sx, sy) = self.map.pixel(x, y, &self.page.image);
                    paper = self.page.light.paper_at(sx, sy);
                }
                let middle = self.map.fixed(x, y);
                let sum: u32 = taps.iter().map(|tap| self.grey_at(middle + *tap)).sum();
                let flat = (sum / taps.len() as u32 * 255 / paper).min(255);
                let toned = match tone {
                    Tone::Grey => flat,
                    Tone::Crisp => stretched(flat, inks),
                };
                line.put_pixel(column + LINE_MARGIN, row + LINE_MARGIN, Luma([toned as u8]));
            }
        }
        line
    }

    fn clamped(&self, area: BoundingBox) -> BoundingBox {
        let x = area.x.min(self.width.saturating_sub(1));
        let y = area.y.min(self.height.saturating_sub(1));
        BoundingBox {
            x,
            y,
            width: area.width.min(self.width - x),
            height: area.height.min(self.height - y),
        }
    }

    /// The scan's grey at a place of the scan, between its four pixels; white outside.
    fn grey_at(&self, place: Fixed) -> u32 {
        let image = &self.page.image;
        let (width, height) = (image.width() as usize, image.height() as usize);
        let (left, top) = (place.x >> FIXED_BITS, place.y >> FIXED_BITS);
        let share = |at: i64| ((at >> (FIXED_BITS - 8)) & 255) as u32;
        let (dx, dy) = (share(place.x), share(place.y));
        let between = |upper: [u32; 2], lower: [u32; 2]| {
            let mix = |[one, other]: [u32; 2]| one * (256 - dx) + other * dx;
            (mix(upper) * (256 - dy) + mix(lower) * dy) >> 16
        };
        if let (Ok(x), Ok(y)) = (usize::try_from(left), usize::try_from(top))
            && x + 1 < width
            && y + 1 < height
        {
            let at = y * width + x;
            let pair = |at: usize| [image.as_raw()[at], image.as_raw()[at + 1]].map(u32::from);
            return between(pair(at), pair(at + width));
        }
        let at = |x: i64, y: i64| match (usize::try_from(x), usize::try_from(y)) {
            (Ok(x), Ok(y)) if x < width && y < height => u32::from(image.as_raw()[y * width + x]),
            _ => 255,
        };
        let pair = |y: i64| [at(left, y), at(left + 1, y)];
        between(pair(top), pair(top + 1))
    }
}

/// A place on the scan in parts of a pixel: whole numbers, because a line of print is some ten thousand places.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    x: i64,
    y: i64,
}

impl std::ops::Add for Fixed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            x: self.x + other.x,
            y: self.y + other.y,
        }
    }
}

/// From places on the upright page to places on the page as scanned.
#[derive(Clone, Copy, Debug)]
struct Map {
    origin: (f64, f64),
    right: (f64, f64),
    down: (f64, f64),
}

impl Map {
    /// The map of a page that is `size` after the quarter turn and leans by `slope`; with the size that holds all of it.
    fn new(turn: Turn, slope: f64, size: (f64, f64)) -> (Self, usize, usize) {
        let angle = slope.atan();
        let (sin, cos) = angle.sin_cos();
        let (width, height) = size;
        let level_width = (width * cos + height * sin.abs()).ceil();
        let level_height = (height * cos + width * sin.abs()).ceil();
        // Level to turned: rotate about the middles. Pixels are meant by their centres.
        let middle = ((width - 1.0) / 2.0, (height - 1.0) / 2.0);
        let level_middle = ((level_width - 1.0) / 2.0, (level_height - 1.0) / 2.0);
        let turned = |x: f64, y: f64| {
            let (x, y) = (x - level_middle.0, y - level_middle.1);
            (middle.0 + x * cos - y * sin, middle.1 + x * sin + y * cos)
        };
        let scanned = |(u, v): (f64, f64)| match turn {
            Turn::None => (u, v),
            Turn::Right => (v, width - 1.0 - u),
            Turn::Over => (width - 1.0 - u, height - 1.0 - v),
            Turn::Left => (height - 1.0 - v, u),
        };
        let origin = scanned(turned(0.0, 0.0));
        let step = |(x, y): (f64, f64)| (x - origin.0, y - origin.1);
        let map = Self {
            origin,
            right: step(scanned(turned(1.0, 0.0))),
            down: step(scanned(turned(0.0, 1.0))),
        };
        (map, level_width as usize, level_height as usize)
    }

    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.origin.0 + x * self.right.0 + y * self.down.0,
            self.origin.1 + x * self.right.1 + y * self.down.1,
        )
    }

    /// A place on the scan, as a whole number of parts of a pixel.
    fn fixed(&self, x: f64, y: f64) -> Fixed {
        let (x, y) = self.apply(x, y);
        Fixed {
            x: (x * FIXED_ONE) as i64,
            y: (y * FIXED_ONE) as i64,
        }
    }

    /// Where to look around a place that stands for `reach` pixels of the scan.
    fn taps(&self, reach: f64) -> Vec<Fixed> {
        let taps = reach.ceil().clamp(1.0, 4.0) as u32;
        let shift = |tap: u32| ((f64::from(tap) + 0.5) / f64::from(taps) - 0.5) * reach;
        let shifts = (0..taps).flat_map(|row| (0..taps).map(move |column| (column, row)));
        let around = shifts.map(|(column, row)| {
            let (x, y) = match taps {
                1 => (0.0, 0.0),
                _ => (shift(column), shift(row)),
            };
            Fixed {
                x: ((x * self.right.0 + y * self.down.0) * FIXED_ONE) as i64,
                y: ((x * self.right.1 + y * self.down.1) * FIXED_ONE) as i64,
            }
        });
        around.collect()
    }

    /// The nearest pixel of the scan, clamped to it.
    fn pixel(&self, x: f64, y: f64, image: &GrayImage) -> (usize, usize) {
        let (x, y) = self.apply(x, y);
        let clamp =
            |at: f64, size: u32| (at.max(0.0) as usize).min(size.saturating_sub(1) as usize);
        (clamp(x, image.width()), clamp(y, image.height()))
    }
}

fn plausible_dpi(image: &GrayImage, stated: Option<(f32, f32)>) -> f32 {
    let long = image.width().max(image.height()) as f32;
    stated
        .filter(|dpi| is_plausible(image, *dpi))
        .map_or(long / A4_LONG_SIDE, |(across, _)| across)
        .max(1.0)
}

/// Whether a page of so many pixels comes out of a printer.
fn is_plausible(image: &GrayImage, (across, _): (f32, f32)) -> bool {
    let long = image.width().max(image.height()) as f32;
    (SHORTEST_PAGE..LONGEST_PAGE).contains(&(long / across))
}

/// What each mask pixel is, in one byte, so that a page is turned once.
struct Marks {
    width: usize,
    height: usize,
    marks: Vec<u8>,
}

impl Marks {
    /// A mask pixel is as dark as the darkest of its `step` × `step` pixels, so hairlines survive. It is a
    /// hairline where it is darker than the paper on both sides, however little.
    fn of(image: &GrayImage, light: &Light, step: usize) -> Self {
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

    fn ink(&self) -> Mask {
        let mut mask = Mask::blank(self.width, self.height);
        for (y, marks) in self.marks.chunks_exact(self.width.max(1)).enumerate() {
            for (ink, mark) in mask.row_mut(y).iter_mut().zip(marks) {
                *ink = mark & INK != 0;
            }
        }
        mask
    }

    fn turned(&self, turn: Turn, map: &Map, width: usize, height: usize) -> Ink {
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

fn stretched(grey: u32, (dark, light): (u32, u32)) -> u32 {
    grey.saturating_sub(dark).min(light.saturating_sub(dark)) * 255
        / (light.saturating_sub(dark)).max(1)
}

/// Print is 3 to 5 mm high: at 150 dpi enough pixels to find it, few enough to be quick.
const MASK_DPI: f32 = 150.0;
/// Tiles of 5 mm: larger than a stroke, smaller than a shadow.
const TILES_PER_INCH: f32 = 5.0;
/// Rather more than half way to white, so that hairlines blurred by the scanner count.
const INK_PERCENT: u32 = 62;
/// A hairline is darker than the paper beside it by a twelfth of what ink is.
const FAINTEST_HAIRLINE: u32 = 12;
/// The paper beside a hairline, in mask pixels: half a millimetre off.
const HAIR: usize = 3;
/// Mask pixels that share one measure of the light.
const SAME_LIGHT: usize = 8;
const FIXED_BITS: u32 = 16;
const FIXED_ONE: f64 = 65_536.0;
const INK: u8 = 1;
const ALONG_ROW: u8 = 2;
const ALONG_COLUMN: u8 = 4;
/// Leans below 0.05° shift a line by less than its rule is thick.
const LEVEL: f64 = 0.0009;
/// Twice as sharp along one direction than along the other leaves no doubt.
const CLEARLY: f64 = 2.0;
/// Tesseract wants white around the print.
const LINE_MARGIN: u32 = 8;
const A4_LONG_SIDE: f32 = 11.69;
const SHORTEST_PAGE: f32 = 4.0;
const LONGEST_PAGE: f32 = 18.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// A 100 dpi page with lines of print and a mark near its upper left corner.
    fn printed() -> GrayImage {
        let mut image = GrayImage::from_pixel(827, 1169, Luma([250]));
        for line in 0..20 {
            for x in (80..700).filter(|x| x % 4 != 0) {
                for y in 0..9 {
                    image.put_pixel(x, 150 + line * 40 + y, Luma([30]));
                }
            }
        }
        image.put_pixel(100, 60, Luma([0]));
        image
    }

    #[test]
    fn every_quarter_turn_is_undone() {
        let image = printed();
        let cases = [
            (Turn::None, image.clone()),
            (Turn::Left, image::imageops::rotate90(&image)),
            (Turn::Over, image::imageops::rotate180(&image)),
            (Turn::Right, image::imageops::rotate270(&image)),
        ];
        for (turn, scanned) in cases {
            let page = Page::examine(scanned, Some((100.0, 100.0)));
            assert!(page.turns()[..2].contains(&turn), "{turn:?}");
            let upright = page.upright(turn);
            assert!(upright.ink().all.at(100, 60), "{turn:?}");
            let area = BoundingBox {
                x: 99,
                y: 59,
                width: 3,
                height: 3,
            };
            let crop = upright.crop(area).unwrap();
            assert_eq!(crop.expose()[4], 0, "{turn:?}");
            assert_eq!(crop.expose()[0], 250, "{turn:?}");
        }
    }

    #[test]
    fn an_implausible_resolution_is_replaced() {
        let image = GrayImage::new(2480, 3508);
        assert!((plausible_dpi(&image, Some((72.0, 72.0))) - 300.0).abs() < 1.0);
        assert_eq!(plausible_dpi(&image, Some((300.0, 300.0))), 300.0);
        assert!((plausible_dpi(&image, Some((0.0, 0.0))) - 300.0).abs() < 1.0);
    }

    #[test]
    fn an_empty_image_is_a_page_without_ink() {
        let page = Page::examine(GrayImage::new(0, 0), None);
        assert_eq!(page.upright(Turn::None).ink().all.width(), 0);
    }

    #[test]
    fn a_crop_never_leaves_the_page() {
        let page = Page::examine(GrayImage::from_pixel(50, 60, Luma([200])), None);
        let area = BoundingBox {
            x: 40,
            y: 55,
            width: 100,
            height: 100,
        };
        let crop = page.upright(Turn::None).crop(area).unwrap();
        assert_eq!((crop.width, crop.height), (10, 5));
    }
}
