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
mod map;
mod marks;
mod mask;
mod quality;
mod skew;
mod spread;

pub use mask::{Mask, runs};
pub use quality::Trouble;
pub use spread::Spread;

use bend::Bend;
use light::Light;
use map::{FIXED_BITS, Fixed, Map};
use marks::Marks;
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
        let bend = Bend::of(&self.marks.ink(), (self.rows.slope, self.columns.slope))?;
        let image = bend.straightened(&self.image, self.step);
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
        let rows = self.rows_of(area).flatten();
        Crop::new(area.width, area.height, rows.collect())
    }

    /// The greys of `area` as scanned, row by row; of what lies on the page of it.
    pub fn rows(&self, area: BoundingBox) -> Vec<Vec<u8>> {
        self.rows_of(self.clamped(area)).collect()
    }

    fn rows_of(&self, area: BoundingBox) -> impl Iterator<Item = Vec<u8>> {
        (area.y..area.y + area.height).map(move |y| {
            let grey = |x| self.grey_at(self.map.fixed(f64::from(x), f64::from(y))) as u8;
            (area.x..area.x + area.width).map(grey).collect()
        })
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

fn stretched(grey: u32, (dark, light): (u32, u32)) -> u32 {
    grey.saturating_sub(dark).min(light.saturating_sub(dark)) * 255
        / (light.saturating_sub(dark)).max(1)
}

/// Print is 3 to 5 mm high: at 150 dpi enough pixels to find it, few enough to be quick.
const MASK_DPI: f32 = 150.0;
/// Tiles of 5 mm: larger than a stroke, smaller than a shadow.
const TILES_PER_INCH: f32 = 5.0;
/// Neighbours, of a line or of the mask, that share one measure of the light.
const SAME_LIGHT: usize = 8;
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
