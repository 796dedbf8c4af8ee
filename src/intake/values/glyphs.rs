//! A line's ink, one piece for each character that was read: the pictures that specimens are compared by.

use std::fmt;
use std::ops::Range;

use image::GrayImage;
use zeroize::Zeroizing;

use super::shapes;

/// Height of a digit in the line images given to this file, in pixels.
pub const SPECIMEN_HEIGHT: f32 = 32.0;

/// One character's ink, 0 to 1, the middle of it in the middle of the picture. As secret as its line: wiped when dropped.
pub struct Glyph {
    ink: Zeroizing<Vec<f32>>,
    total: f32,
    rise: f32,
    fall: f32,
    rise_at_right: f32,
    fall_at_left: f32,
    left_side: f32,
    dotted: bool,
}

impl Glyph {
    /// Rows from the baseline up to its highest ink.
    pub fn rise(&self) -> f32 {
        self.rise
    }

    /// Rows from the baseline down to its lowest ink.
    pub fn fall(&self) -> f32 {
        self.fall
    }

    /// Rows from the baseline up to the highest ink of its right third: the arm of a `K` reaches higher than that of a `k`.
    pub fn rise_at_right(&self) -> f32 {
        self.rise_at_right
    }

    /// Rows from the baseline down to the lowest ink of its left third: the tail of a `g` comes back there, that of a `q` does not.
    pub fn fall_at_left(&self) -> f32 {
        self.fall_at_left
    }

    /// How much of its height the ink at its left edge spans, 0 to 1: all in a `D`, about half in an `O`.
    pub fn left_side(&self) -> f32 {
        self.left_side
    }

    /// Whether a short piece stands above the rest.
    pub fn is_dotted(&self) -> bool {
        self.dotted
    }

    /// How much of the ink of two glyphs lies where the other has none: 0 for the same, 2 for nothing in common.
    pub fn distance(&self, other: &Self) -> f32 {
        self.difference(&other.ink) / ((self.total + other.total) / 2.0).max(1.0)
    }

    /// The distance from its own mirror image.
    pub fn asymmetry(&self) -> f32 {
        let rows = self.ink.chunks_exact(WIDTH);
        let mirrored = rows.flat_map(|row| row.iter().rev());
        self.distance_from(mirrored)
    }

    /// The distance from its own reflection in water.
    pub fn imbalance(&self) -> f32 {
        let rows = self.ink.chunks_exact(WIDTH);
        self.distance_from(rows.rev().flatten())
    }

    /// The distance from itself turned by half a turn: an S and a Z are as good as equal, a 5 and a 2 are not.
    pub fn turned(&self) -> f32 {
        self.distance_from(self.ink.iter().rev())
    }

    fn distance_from<'a>(&self, ink: impl Iterator<Item = &'a f32>) -> f32 {
        let ink: Zeroizing<Vec<f32>> = Zeroizing::new(ink.copied().collect());
        self.difference(&ink) / self.total.max(1.0)
    }

    /// The least difference of the two pictures, one moved a pixel any way.
    fn difference(&self, other: &[f32]) -> f32 {
        let mut least = f32::MAX;
        for (down, right) in (0..3).flat_map(|down| (0..3).map(move |right| (down, right))) {
            let mut sum = 0.0;
            for row in 1..HEIGHT - 1 {
                let mine = &self.ink[row * WIDTH + 1..][..WIDTH - 2];
                let theirs = &other[(row + down - 1) * WIDTH + right..][..WIDTH - 2];
                sum += mine
                    .iter()
                    .zip(theirs)
                    .map(|(a, b)| (a - b).abs())
                    .sum::<f32>();
            }
            least = least.min(sum);
        }
        least
    }
}

impl fmt::Debug for Glyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glyph({:.0} high)", self.rise)
    }
}

/// What a reader saw in a line: characters, and where the middle of each lies, as a share of the line's width.
pub struct Sighting {
    /// As secret as the line: wiped when dropped.
    pub text: Zeroizing<Vec<char>>,
    /// In the same order.
    pub middles: Vec<f32>,
}

/// One glyph to each character that was read; `None` when the ink falls into other pieces than that.
pub fn glyphs_of(line: &GrayImage, seen: &Sighting) -> Option<Vec<Glyph>> {
    let spans = THRESHOLDS
        .into_iter()
        .find_map(|ink| joined(shapes::spans(line, ink), seen.text.len()))?;
    // One character broken and two others touching are as many pieces, but not where they were read.
    let width = line.width().max(1) as f32;
    let nearest = |middle: f32| {
        let away = |at: &usize| (seen.middles[*at] - middle).abs();
        (0..seen.middles.len()).min_by(|one, other| away(one).total_cmp(&away(other)))
    };
    let in_place = spans.iter().enumerate().all(|(at, span)| {
        let middle = (span.start + span.end) as f32 / 2.0 / width;
        nearest(middle) == Some(at)
    });
    if !in_place {
        return None;
    }
    let pieces: Vec<(char, Range<u32>)> = seen.text.iter().copied().zip(spans).collect();
    let glyphs = on_baseline(line, &pieces)?;
    Some(glyphs.into_iter().map(|(_, glyph)| glyph).collect())
}

/// The glyphs of those of `words` whose characters stand apart, each with its character. For a character that is not
/// known, words have a `?`.
pub fn glyphs_of_words(line: &GrayImage, words: &[&str]) -> Vec<Vec<(char, Glyph)>> {
    let apart = THRESHOLDS.into_iter().filter_map(|ink| {
        let groups = groups_of(&shapes::spans(line, ink), words.len())?;
        let words = words.iter().zip(groups).filter_map(|(word, spans)| {
            // Nothing joined here: a word of which one letter broke and two touch would pass.
            let pieces = word.chars().zip(spans.iter().cloned());
            (spans.len() == word.chars().count()).then(|| pieces.collect::<Vec<_>>())
        });
        Some(words.collect::<Vec<_>>())
    });
    // The threshold at which most letters stand apart.
    let words = apart
        .max_by_key(|words| words.iter().map(Vec::len).sum::<usize>())
        .unwrap_or_default();
    let mut glyphs = on_baseline(line, &words.concat())
        .unwrap_or_default()
        .into_iter();
    let lengths = words.iter().map(Vec::len);
    lengths
        .map(|length| glyphs.by_ref().take(length).collect())
        .collect()
}

fn on_baseline(line: &GrayImage, pieces: &[(char, Range<u32>)]) -> Option<Vec<(char, Glyph)>> {
    let rows: Vec<Range<u32>> = pieces
        .iter()
        .map(|(_, columns)| rows_of(line, columns))
        .collect::<Option<_>>()?;
    let standing = rows.iter().zip(pieces).filter(|(_, (c, _))| stands(*c));
    let mut bottoms: Vec<u32> = standing.map(|(rows, _)| rows.end).collect();
    if bottoms.len() < FEWEST_STANDING {
        return None;
    }
    bottoms.sort_unstable();
    let baseline = bottoms[bottoms.len() / 2];
    let glyphs = pieces.iter().zip(&rows);
    Some(
        glyphs
            .map(|((character, columns), rows)| (*character, glyph(line, columns, rows, baseline)))
            .collect(),
    )
}

/// The spans of each word: the widest gaps are those between words, and wider than any other.
fn groups_of(spans: &[Range<u32>], words: usize) -> Option<Vec<Vec<Range<u32>>>> {
    let mut gaps: Vec<u32> = spans.windows(2).map(gap).collect();
    gaps.sort_unstable_by(|one, other| other.cmp(one));
    let breaks = words.checked_sub(1)?;
    let narrowest = breaks.checked_sub(1).and_then(|at| gaps.get(at).copied());
    let widest_inside = gaps.get(breaks).copied().unwrap_or(0);
    if narrowest.is_some_and(|narrowest| narrowest <= widest_inside) {
        return None;
    }
    let parts = |pair: &[Range<u32>]| narrowest.is_some_and(|narrowest| gap(pair) >= narrowest);
    let mut groups = vec![Vec::new()];
    for (at, span) in spans.iter().enumerate() {
        if at > 0 && parts(&spans[at - 1..=at]) {
            groups.push(Vec::new());
        }
        groups.last_mut()?.push(span.clone());
    }
    Some(groups)
}

fn gap(pair: &[Range<u32>]) -> u32 {
    pair[1].start.saturating_sub(pair[0].end)
}

/// As many spans as characters: halves of broken characters stand much closer than characters do.
fn joined(mut spans: Vec<Range<u32>>, characters: usize) -> Option<Vec<Range<u32>>> {
    let mut widest = 0;
    while spans.len() > characters {
        let gaps = spans.windows(2).map(gap).enumerate();
        let (at, closest) = gaps.min_by_key(|(_, gap)| *gap)?;
        spans[at].end = spans[at + 1].end;
        spans.remove(at + 1);
        widest = widest.max(closest);
    }
    let left = spans.windows(2).map(gap).min().unwrap_or(u32::MAX);
    let apart = widest == 0 || left > 2 * widest;
    (spans.len() == characters && apart).then_some(spans)
}

fn glyph(line: &GrayImage, columns: &Range<u32>, rows: &Range<u32>, baseline: u32) -> Glyph {
    // A pixel of the soft edge belongs to the glyph; its neighbours do not.
    let own = i64::from(columns.start) - 1..i64::from(columns.end) + 1;
    let ink_at = |x: i64, y: i64| -> f32 {
        let place = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        let pixel = place.and_then(|(x, y)| line.get_pixel_checked(x, y));
        let grey = pixel.filter(|_| own.contains(&x)).map_or(255, |p| p.0[0]);
        f32::from(255 - grey) / 255.0
    };
    let (x, y) = middle_of_ink(columns, rows, ink_at);
    // Between pixels: a picture that is half a pixel off differs from its equal at every edge.
    let (left, top) = (
        x - (WIDTH as f32 - 1.0) / 2.0,
        y - (HEIGHT as f32 - 1.0) / 2.0,
    );
    let mut ink = Zeroizing::new(Vec::with_capacity(WIDTH * HEIGHT));
    let (dx, dy) = (left - left.floor(), top - top.floor());
    for y in (top.floor() as i64..).take(HEIGHT) {
        for x in (left.floor() as i64..).take(WIDTH) {
            let upper = ink_at(x, y) * (1.0 - dx) + ink_at(x + 1, y) * dx;
            let lower = ink_at(x, y + 1) * (1.0 - dx) + ink_at(x + 1, y + 1) * dx;
            ink.push(upper * (1.0 - dy) + lower * dy);
        }
    }
    let baseline = f64::from(baseline);
    let inked = inked(line, columns);
    // A bar may be two columns wide.
    let width = (inked.len() as u32 / 3).max(1);
    let third = inked.end - width..inked.end;
    let at_right = rows_of(line, &third).map_or(baseline, |rows| f64::from(rows.start));
    let third = inked.start..inked.start + width;
    let at_left = rows_of(line, &third).map_or(baseline, |rows| f64::from(rows.end));
    let edge = inked.start..inked.start + (inked.len() as u32 / 6).max(1);
    let edge = rows_of(line, &edge).map_or(0, |rows| rows.len());
    let dot = rows
        .clone()
        .take_while(|y| has_ink(line, columns, *y))
        .count();
    Glyph {
        total: ink.iter().sum(),
        ink,
        rise: (baseline - f64::from(rows.start)) as f32,
        fall: (f64::from(rows.end) - baseline) as f32,
        rise_at_right: (baseline - at_right) as f32,
        fall_at_left: (at_left - baseline) as f32,
        left_side: edge as f32 / rows.len().max(1) as f32,
        dotted: dot * 3 < rows.len(),
    }
}

/// The middle of the ink, in parts of a pixel.
fn middle_of_ink(
    columns: &Range<u32>,
    rows: &Range<u32>,
    ink_at: impl Fn(i64, i64) -> f32,
) -> (f32, f32) {
    let (mut sum, mut across, mut down) = (0.0, 0.0, 0.0);
    for y in i64::from(rows.start)..i64::from(rows.end) {
        for x in i64::from(columns.start)..i64::from(columns.end) {
            let ink = ink_at(x, y);
            sum += ink;
            across += ink * x as f32;
            down += ink * y as f32;
        }
    }
    (across / sum.max(1.0), down / sum.max(1.0))
}

/// The columns of `columns` from the first to the last ink: characters cut apart at a paler threshold begin and end with
/// columns of none, and those say nothing about an edge.
fn inked(line: &GrayImage, columns: &Range<u32>) -> Range<u32> {
    let ink = |x: &u32| (0..line.height()).any(|y| line.get_pixel(*x, y).0[0] < INK);
    let first = columns.clone().find(ink);
    let last = columns.clone().rev().find(ink);
    match (first, last) {
        (Some(first), Some(last)) => first..last + 1,
        _ => columns.clone(),
    }
}

/// The rows from the highest to the lowest ink.
fn rows_of(line: &GrayImage, columns: &Range<u32>) -> Option<Range<u32>> {
    let first = (0..line.height()).find(|y| has_ink(line, columns, *y))?;
    let last = (first..line.height())
        .rev()
        .find(|y| has_ink(line, columns, *y))?;
    Some(first..last + 1)
}

fn has_ink(line: &GrayImage, columns: &Range<u32>, y: u32) -> bool {
    columns.clone().any(|x| line.get_pixel(x, y).0[0] < INK)
}

/// Characters that stand on the baseline whichever of their look-alikes they are.
fn stands(character: char) -> bool {
    character.is_ascii_alphanumeric() && !"9gqpPyYjJQ".contains(character)
}

/// Size of a glyph's picture: a W, a p, and white around them.
const WIDTH: usize = 48;
const HEIGHT: usize = 46;
/// Darker is ink.
const INK: u8 = 150;
/// Hairlines break at the first, close neighbours touch at the second.
const THRESHOLDS: [u8; 3] = [INK, 190, 110];
/// Fewer characters on the baseline do not say where it is.
const FEWEST_STANDING: usize = 3;

#[cfg(test)]
pub(super) mod drawn {
    //! Lines as readers get them, drawn with the embedded font.

    use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
    use image::{GrayImage, Luma};

    use crate::fonts::biz_ud_gothic;

    use zeroize::Zeroizing;

    use super::{INK, SPECIMEN_HEIGHT, Sighting, shapes};

    /// What a reader says that took `printed` for `text`.
    pub fn sighting(line: &GrayImage, printed: &str, text: &str) -> Sighting {
        let spans = shapes::spans(line, INK);
        assert_eq!(
            spans.len(),
            printed.chars().count(),
            "the drawing runs together"
        );
        let middle = |span: &std::ops::Range<u32>| (span.start + span.end) as f32 / 2.0;
        Sighting {
            text: Zeroizing::new(text.chars().collect()),
            middles: spans
                .iter()
                .map(|span| middle(span) / line.width() as f32)
                .collect(),
        }
    }

    /// `text` with digits of [`SPECIMEN_HEIGHT`] times `size`, each character `apart` pixels from the next.
    pub fn line_of(text: &str, size: f32, apart: f32) -> GrayImage {
        let font = FontRef::try_from_slice(biz_ud_gothic()).unwrap();
        // A digit of the embedded font is 0.56 of ascent and descent together.
        let scale = PxScale::from(SPECIMEN_HEIGHT * size / 0.72);
        let font = font.into_scaled(scale);
        let width = text.chars().count() as f32 * (scale.x + apart) + 40.0;
        let mut line = GrayImage::from_pixel(width as u32, scale.y as u32 + 40, Luma([255]));
        let mut x = 20.0;
        for character in text.chars() {
            let id = font.font().glyph_id(character);
            let place = point(x, 20.0 + font.ascent());
            let glyph = id.with_scale_and_position(scale, place);
            x += font.h_advance(id) + apart;
            let Some(outline) = font.font().outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                let (x, y) = (corner.x as u32 + dx, corner.y as u32 + dy);
                line.put_pixel(x, y, Luma([(255.0 * (1.0 - coverage)) as u8]));
            });
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::drawn::{line_of, sighting};
    use super::*;

    /// The glyphs of `printed`, read as `text`.
    fn read(printed: &str, text: &str, apart: f32) -> Option<Vec<Glyph>> {
        let line = line_of(printed, 1.0, apart);
        glyphs_of(&line, &sighting(&line, printed, text))
    }

    #[test]
    fn a_line_falls_into_its_characters() {
        let glyphs = read("3Ep7i", "3Ep7i", 4.0).unwrap();
        let dotted: Vec<bool> = glyphs.iter().map(Glyph::is_dotted).collect();
        assert_eq!(dotted, [false, false, false, false, true]);
        let digit = glyphs[0].rise();
        assert!(glyphs[2].rise() < digit * 0.85, "p is a small letter");
        assert!(glyphs[2].fall() > digit * 0.1, "p goes below the line");
        assert!(glyphs[3].fall().abs() < digit * 0.1, "7 stands on it");
        assert!(read("3Ep7i", "3Ep7", 4.0).is_none());
    }

    #[test]
    fn a_broken_character_does_not_make_up_for_two_that_touch() {
        // As many pieces as characters: the n in two halves, k and x in one piece.
        let mut line = line_of("nFkx777", 1.0, 4.0);
        let spans = shapes::spans(&line, INK);
        for y in 0..line.height() {
            for x in spans[0].start + 8..spans[0].end - 7 {
                line.put_pixel(x, y, image::Luma([255]));
            }
        }
        let row = line.height() / 2 + 6;
        for x in spans[2].end - 8..spans[3].start + 8 {
            line.put_pixel(x, row, image::Luma([0]));
        }
        assert_eq!(shapes::spans(&line, INK).len(), 7);
        let drawn = line_of("nFkx777", 1.0, 4.0);
        let seen = sighting(&drawn, "nFkx777", "nFkx777");
        assert!(glyphs_of(&drawn, &seen).is_some());
        assert!(glyphs_of(&line, &seen).is_none());
    }

    #[test]
    fn equal_characters_are_near_and_others_are_not() {
        let glyphs = read("35A35", "35A35", 4.3).unwrap();
        assert!(glyphs[0].distance(&glyphs[3]) < 0.15);
        assert!(glyphs[1].distance(&glyphs[4]) < 0.15);
        assert!(glyphs[0].distance(&glyphs[1]) > 0.3);
        assert!(glyphs[2].asymmetry() < 0.15, "an A is its own mirror image");
        assert!(glyphs[0].asymmetry() > 0.3, "a 3 is not");
    }

    #[test]
    fn words_whose_letters_run_together_are_left_out() {
        let mut line = line_of("AB CD EF", 1.0, 4.0);
        let row = line.height() / 2;
        let from = line.width() / 2 - 120;
        for x in from..from + 60 {
            line.put_pixel(x, row, image::Luma([0]));
        }
        let all: String = glyphs_of_words(&line_of("AB CD EF", 1.0, 4.0), &["AB", "CD", "EF"])
            .iter()
            .flatten()
            .map(|(character, _)| *character)
            .collect();
        assert_eq!(all, "ABCDEF");
        let some = glyphs_of_words(&line, &["AB", "CD", "EF"]);
        assert!(some.iter().map(Vec::len).sum::<usize>() < 6);
    }

    #[test]
    fn columns_without_ink_say_nothing_about_an_edge() {
        // The same letter cut out as it is and with pale columns on both sides.
        let line = line_of("BBB", 1.0, 6.0);
        let spans = shapes::spans(&line, INK);
        let wider: Vec<Range<u32>> = spans.iter().map(|s| s.start - 2..s.end + 2).collect();
        let cut = |spans: &[Range<u32>]| {
            let pieces: Vec<(char, Range<u32>)> = spans.iter().map(|s| ('B', s.clone())).collect();
            on_baseline(&line, &pieces).unwrap().remove(0).1
        };
        let (tight, loose) = (cut(&spans), cut(&wider));
        assert!(tight.left_side() > 0.9);
        assert_eq!(tight.left_side(), loose.left_side());
        assert_eq!(tight.rise_at_right(), loose.rise_at_right());
    }

    #[test]
    fn a_glyph_does_not_print_its_ink() {
        let glyphs = read("347", "347", 4.0).unwrap();
        assert!(format!("{:?}", glyphs[0]).len() < 20);
    }
}
