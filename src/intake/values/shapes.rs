//! What a line's ink looks like, and lines made easier to read, without reading a character.

use std::ops::Range;

use image::{GrayImage, Luma, imageops};

use crate::intake::layout::{Area, pieces};
use crate::intake::page::Mask;
use crate::intake::reader::ReadCharacter;

/// What a line's ink looks like without reading it.
pub struct Shapes {
    /// Pieces that do not lie above each other, from left to right.
    spans: Vec<(usize, usize)>,
    /// Circles and blots.
    pub rings: usize,
    width: usize,
}

impl Shapes {
    /// Looks at a line image.
    pub fn of(line: &GrayImage) -> Self {
        let mask = mask_of(line, FAINT_INK);
        let mut pieces = pieces(&mask);
        let tallest = pieces.iter().map(Area::height).max().unwrap_or(0);
        pieces.retain(|piece| piece.height() * 2 >= tallest);
        let rings = pieces.iter().filter(|piece| is_round(piece, &mask)).count();
        pieces.sort_by_key(|piece| piece.left);
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for piece in &pieces {
            match spans.last_mut().filter(|(_, right)| piece.left < *right) {
                Some((_, right)) => *right = piece.right.max(*right),
                None => spans.push((piece.left, piece.right)),
            }
        }
        Self {
            spans,
            rings,
            width: mask.width(),
        }
    }

    /// Where the last piece ends, as a share of the line.
    pub fn end(&self) -> f32 {
        let last = self.spans.last().map_or(0, |(_, right)| *right);
        last as f32 / self.width.max(1) as f32
    }

    /// Characters, as far as ink can say: two halves of a broken character stand closer than two characters do.
    pub fn strokes(&self) -> usize {
        let middle = |(left, right): &(usize, usize)| (left + right) / 2;
        let mut steps: Vec<usize> = self
            .spans
            .windows(2)
            .map(|pair| middle(&pair[1]) - middle(&pair[0]))
            .collect();
        steps.sort_unstable();
        // Half characters make short steps: the usual step is among the longer ones.
        let usual = steps.get(steps.len() * 3 / 5).copied().unwrap_or(0);
        let characters = self
            .spans
            .windows(2)
            .filter(|pair| (middle(&pair[1]) - middle(&pair[0])) * 100 > usual * 58);
        characters.count() + usize::from(!self.spans.is_empty())
    }
}

/// A circle or a blot as wide as it is high. A zero is narrower, and so is every other digit.
fn is_round(piece: &Area, mask: &Mask) -> bool {
    let (width, height) = (piece.width(), piece.height());
    let square = width * 100 >= height * 88 && width * 88 <= height * 100;
    if !square || height < 8 {
        return false;
    }
    let ink = |x: usize, y: usize| mask.at(x.min(piece.right - 1), y.min(piece.bottom - 1));
    let (x, y) = (piece.middle_x(), piece.middle_y());
    let corners = [
        (piece.left, piece.top),
        (piece.right - 1, piece.top),
        (piece.left, piece.bottom - 1),
        (piece.right - 1, piece.bottom - 1),
    ];
    let sides = [
        (piece.left, y),
        (piece.right - 1, y),
        (x, piece.top),
        (x, piece.bottom - 1),
    ];
    let near = |(px, py): (usize, usize)| {
        let reach = 1;
        let columns = px.saturating_sub(reach)..=px + reach;
        columns.clone().any(|x| {
            (py.saturating_sub(reach)..=py + reach)
                .any(|y| x >= piece.left && y >= piece.top && ink(x, y))
        })
    };
    // Round: ink where the sides touch the box, none in its corners; inside all white or all ink.
    let inside = (y - height / 5..=y + height / 5)
        .flat_map(|y| (x - width / 5..=x + width / 5).map(move |x| (x, y)));
    let total = inside.clone().count();
    let filled = inside.filter(|(x, y)| ink(*x, *y)).count();
    sides.into_iter().all(near)
        && corners.iter().all(|(x, y)| !ink(*x, *y))
        && (filled == 0 || filled == total)
}

/// The line without the marks that a first reading saw, its digits moved together: beside white where a mark was,
/// Tesseract doubts the digits. Characters are found by counting ink where that is possible; else by the places
/// that the first reading gave, as shares of the width of the image `seen` by it.
pub fn without_marks(
    image: &GrayImage,
    seen: &GrayImage,
    characters: &[ReadCharacter],
) -> GrayImage {
    let kept = match columns_of(image, characters) {
        Some(columns) => digits_by_ink(&columns, characters, image.width()),
        None => digits_by_place(image, seen, characters),
    };
    side_by_side(image, &kept, &vec![DIGIT_SPACE; kept.len()])
}

/// The line with its print as dark as that of thicker strokes. Strokes thinner than a dot of the scan are pale all over, and
/// the hairlines beside them paler still: under one threshold for every line a 4 then falls apart and its upright passes
/// for a 1. The paper stays what it is.
pub fn levelled(mut line: GrayImage) -> GrayImage {
    let core = core_of(&line);
    if core <= DARK_PRINT || core > PALEST_PRINT {
        return line;
    }
    let (wanted, found) = (u32::from(255 - DARK_PRINT), u32::from(255 - core));
    for pixel in line.pixels_mut() {
        let ink = u32::from(255 - pixel.0[0]) * wanted / found;
        pixel.0[0] = (255 - ink.min(255)) as u8;
    }
    line
}

/// The tone of the darkest hundredth of a line: the middle of its strokes.
fn core_of(line: &GrayImage) -> u8 {
    let mut tones = [0_usize; 256];
    for pixel in line.pixels() {
        tones[usize::from(pixel.0[0])] += 1;
    }
    let mut darker = 0;
    for (tone, count) in (0..=u8::MAX).zip(tones) {
        darker += count;
        if darker * 100 > line.as_raw().len() {
            return tone;
        }
    }
    u8::MAX
}

/// The line with wide white closed up: groups of digits move together, full-width digits stand as others do. White is what
/// has no ink at all: a hairline that was cut away would make another digit.
pub fn closed_up(image: &GrayImage) -> GrayImage {
    let spans = spans_of(&mask_of(image, FAINT_INK));
    let height = ink_height(image);
    let gaps: Vec<u32> = spans
        .windows(2)
        .map(|pair| pair[1].start.saturating_sub(pair[0].end))
        .collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let apart = usual * 100 > height * 45;
    // Two ones stand up to a third of their height further apart than other digits.
    let between_groups = |gap: u32| gap * 100 > usual * 100 + height * 45;
    if !apart && !gaps.iter().any(|gap| between_groups(*gap)) {
        return image.clone();
    }
    let closer = |gap: u32| {
        let gap = if between_groups(gap) { usual } else { gap };
        match apart {
            true => gap * height / (4 * usual.max(1)),
            false => gap,
        }
    };
    let spaces: Vec<u32> = gaps.into_iter().map(closer).collect();
    side_by_side(image, &spans, &spaces)
}

/// One span of ink for each character, when there are as many; 令和 may be more spans than characters.
fn columns_of(image: &GrayImage, characters: &[ReadCharacter]) -> Option<Vec<Range<u32>>> {
    let mut spans = spans_of(&mask_of(image, INK)).into_iter();
    let eras = characters.iter().filter(|c| c.character == '和').count();
    let more = spans.len().checked_sub(characters.len())?;
    let more_an_era = more.checked_div(eras).unwrap_or(0);
    if more != more_an_era * eras || more_an_era > MOST_PARTS {
        return None;
    }
    let mut columns = Vec::new();
    for character in characters {
        let mut span = spans.next()?;
        if character.character == '和' {
            for _ in 0..more_an_era {
                span.end = spans.next()?.end;
            }
        }
        columns.push(span);
    }
    Some(columns)
}

fn digits_by_ink(
    columns: &[Range<u32>],
    characters: &[ReadCharacter],
    width: u32,
) -> Vec<Range<u32>> {
    let mut kept: Vec<Range<u32>> = Vec::new();
    let mut after_mark = true;
    for (span, character) in columns.iter().zip(characters) {
        let digit = character.character.is_ascii_digit();
        match kept.last_mut().filter(|_| digit && !after_mark) {
            Some(run) => run.end = (span.end + 1).min(width),
            None if digit => kept.push(span.start.saturating_sub(1)..(span.end + 1).min(width)),
            None => {}
        }
        after_mark = !digit;
    }
    kept
}

fn digits_by_place(
    image: &GrayImage,
    seen: &GrayImage,
    characters: &[ReadCharacter],
) -> Vec<Range<u32>> {
    let scale = f64::from(image.width()) / f64::from(seen.width().max(1));
    let place = |x: u32| ((f64::from(x) * scale) as u32).min(image.width());
    let mut kept = Vec::new();
    let mut start = 0;
    for (i, mark) in characters.iter().enumerate() {
        if mark.character.is_ascii_digit() {
            continue;
        }
        let before = i
            .checked_sub(1)
            .map_or(0, |before| characters[before].right);
        let after = characters.get(i + 1).map_or(seen.width(), |next| next.left);
        // From the middle of the white before the mark to the middle of the white behind it.
        let from = place((before.min(mark.left) + mark.left) / 2);
        let to = place((after.max(mark.right) + mark.right) / 2);
        kept.extend(trimmed(image, start..from));
        start = to.max(start);
    }
    kept.extend(trimmed(image, start..image.width()));
    kept
}

/// Parts of a line on white, each followed by its space.
fn side_by_side(image: &GrayImage, parts: &[Range<u32>], spaces: &[u32]) -> GrayImage {
    let ink: u32 = parts.iter().map(|part| part.len() as u32).sum();
    let width = ink + spaces.iter().sum::<u32>();
    let mut line = GrayImage::from_pixel(width + 2 * SIDE, image.height(), Luma([255]));
    let mut left = SIDE;
    for (i, part) in parts.iter().enumerate() {
        let width = part.len() as u32;
        let pixels = imageops::crop_imm(image, part.start, 0, width, image.height());
        imageops::replace(&mut line, &*pixels, i64::from(left), 0);
        left += width + spaces.get(i).copied().unwrap_or(0);
    }
    line
}

/// The columns from the first to the last ink; `None` without ink.
fn trimmed(image: &GrayImage, columns: Range<u32>) -> Option<Range<u32>> {
    let ink = |x: &u32| (0..image.height()).any(|y| image.get_pixel(*x, y).0[0] < INK);
    let first = columns.clone().find(ink)?;
    let last = columns.rev().find(ink)?;
    Some(first.saturating_sub(1)..(last + 2).min(image.width()))
}

/// Columns of ink darker than `ink`, from left to right.
pub fn spans(line: &GrayImage, ink: u8) -> Vec<Range<u32>> {
    spans_of(&mask_of(line, ink))
}

fn mask_of(line: &GrayImage, ink: u8) -> Mask {
    let mut mask = Mask::blank(line.width() as usize, line.height() as usize);
    for y in 0..mask.height() {
        for x in 0..mask.width() {
            mask.row_mut(y)[x] = line.get_pixel(x as u32, y as u32).0[0] < ink;
        }
    }
    mask
}

/// Columns of ink from left to right; pieces above each other share theirs, specks have none.
fn spans_of(mask: &Mask) -> Vec<Range<u32>> {
    let mut pieces = pieces(mask);
    pieces.retain(|piece| piece.width().max(piece.height()) >= SMALLEST_MARK);
    pieces.sort_by_key(|piece| piece.left);
    let mut spans: Vec<Range<u32>> = Vec::new();
    for piece in pieces {
        let (left, right) = (piece.left as u32, piece.right as u32);
        match spans.last_mut().filter(|span| left < span.end) {
            Some(span) => span.end = span.end.max(right),
            None => spans.push(left..right),
        }
    }
    spans
}

fn ink_height(line: &GrayImage) -> u32 {
    let pieces = pieces(&mask_of(line, INK));
    pieces.iter().map(Area::height).max().unwrap_or(0) as u32
}

/// Hairlines of a Mincho digit count when shapes are looked at.
const FAINT_INK: u8 = 190;
/// Print at least as dark needs no levelling: the network was trained on ink of 0 to 60.
const DARK_PRINT: u8 = 60;
/// Paler still is dirt on a line without print.
const PALEST_PRINT: u8 = 200;
/// White between two numbers whose mark was cut out: as between two digits.
const DIGIT_SPACE: u32 = 3;
/// White at the ends of a line.
const SIDE: u32 = 8;
/// Darker is ink, in an evenly lit line.
const INK: u8 = 150;
/// A dash is wider, a speck is smaller.
const SMALLEST_MARK: usize = 4;
/// 和 falls into two parts, 令 into two more in some faces.
const MOST_PARTS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Vec<ReadCharacter> {
        let characters = text.chars().zip(0..).map(|(character, i)| {
            let columns = 10 + i * 20..10 + i * 20 + 14;
            ReadCharacter::seen(character, 0.9, columns)
        });
        characters.collect()
    }

    /// Bars of ink at these columns.
    fn bars(width: u32, columns: &[(Range<u32>, u8)]) -> GrayImage {
        let mut image = GrayImage::from_pixel(width, 30, Luma([255]));
        for (columns, tone) in columns {
            for x in columns.clone() {
                for y in 5..25 {
                    image.put_pixel(x, y, Luma([*tone]));
                }
            }
        }
        image
    }

    fn tones(line: &GrayImage) -> Vec<u8> {
        (0..line.width())
            .map(|x| line.get_pixel(x, 10).0[0])
            .collect()
    }

    #[test]
    fn marks_are_cut_out_and_digits_move_together() {
        let image = bars(80, &[(10..24, 0), (30..44, 90), (50..64, 0)]);
        let line = without_marks(&image, &image, &reading("1/2"));
        let tones = tones(&line);
        assert_eq!(tones.iter().filter(|tone| **tone == 0).count(), 28);
        assert!(!tones.contains(&90));
        assert!(line.width() < image.width());
    }

    #[test]
    fn marks_are_found_by_counting_ink_when_their_places_are_wrong() {
        let image = bars(120, &[(10..24, 0), (30..44, 90), (60..74, 0), (80..94, 90)]);
        let mut characters = reading("1年2日");
        for character in &mut characters {
            (character.left, character.right) = (0, 120);
        }
        let line = without_marks(&image, &image, &characters);
        assert_eq!(tones(&line).iter().filter(|tone| **tone == 0).count(), 28);
        assert!(!tones(&line).contains(&90));
    }

    #[test]
    fn groups_of_digits_move_together_and_digits_stay_whole() {
        let image = bars(140, &[(10..20, 0), (24..34, 0), (70..80, 0), (84..94, 0)]);
        let line = closed_up(&image);
        assert!(line.width() < 90, "{}", line.width());
        assert_eq!(tones(&line).iter().filter(|tone| **tone == 0).count(), 40);
        let usual = bars(80, &[(10..20, 0), (24..34, 0)]);
        assert_eq!(closed_up(&usual), usual);
    }

    #[test]
    fn thin_print_is_levelled_and_falls_into_its_digits() {
        // A 4 of a stem and a hairline that is a third as dark, between two ones, on an office scan.
        let line = |stem: u8, hairline: u8| {
            let parts = [
                (10..20, stem),
                (44..48, hairline),
                (48..52, stem),
                (76..86, stem),
            ];
            bars(110, &parts)
        };
        let pale = line(120, 176);
        assert_eq!(spans(&pale, INK), [10..20, 48..52, 76..86]);
        assert_eq!(spans(&levelled(pale), INK), [10..20, 44..52, 76..86]);
        let dark = line(40, 140);
        assert_eq!(levelled(dark.clone()), dark);
        let dirt = line(220, 240);
        assert_eq!(levelled(dirt.clone()), dirt);
    }

    #[test]
    fn closing_up_never_cuts_a_hairline_away() {
        let parts = [(10..20, 0), (60..64, 170), (64..70, 0), (110..120, 0)];
        let line = closed_up(&bars(140, &parts));
        assert!(line.width() < 100, "{}", line.width());
        let tones = tones(&line);
        assert_eq!(tones.iter().filter(|tone| **tone == 170).count(), 4);
    }

    #[test]
    fn circles_are_rings_and_zeros_are_not() {
        let mut line = GrayImage::from_pixel(300, 40, Luma([255]));
        let mut ellipse = |cx: f32, rx: f32| {
            for step in 0..400 {
                let angle = step as f32 * std::f32::consts::TAU / 400.0;
                for thick in [0.0, 1.0] {
                    let x = cx + (rx - thick) * angle.cos();
                    let y = 20.0 + (12.0 - thick) * angle.sin();
                    line.put_pixel(x as u32, y as u32, Luma([0]));
                }
            }
        };
        for i in 0..4 {
            ellipse(30.0 + i as f32 * 30.0, 12.0);
        }
        for i in 0..5 {
            ellipse(150.0 + i as f32 * 25.0, 7.5);
        }
        let shapes = Shapes::of(&line);
        assert_eq!((shapes.strokes(), shapes.rings), (9, 4));
    }
}
