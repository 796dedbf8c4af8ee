//! Receiving stamps and seals: rings and boxes with words, pressed on unevenly, over rules, labels and values.

use image::{GrayImage, Luma};

use super::super::Scan;
use super::super::damage::{bilinear, small_angle};
use super::super::font::Font;
use super::super::random::Random;
use super::bands::{Line, lines};
use super::{Clouds, lay, millimetres};

/// A sheet with one to three stamps.
pub fn stamped(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "stamps");
    let found = lines(&scan.image, scan.dpi.0);
    let mut image = scan.image.clone();
    for _ in 0..random.pick(&[1, 1, 2, 3]) {
        let die = Die::invent(scan, &mut random);
        let at = place(scan, &found, &mut random);
        press(&mut image, scan, &die, at, &mut random);
    }
    Scan { image, ..*scan }
}

/// Where people put stamps: beside or over a line of the form, or in the free part above it.
fn place(scan: &Scan, found: &[Line], random: &mut Random) -> (f32, f32) {
    let (width, height) = (scan.image.width() as f32, scan.image.height() as f32);
    if found.is_empty() || random.one_in(5) {
        return (
            width * random.within(0.2, 0.9),
            height * random.within(0.05, 0.5),
        );
    }
    let line = random.pick(found);
    let (from, to) = random.pick(&[
        // Over the label, over the rule between label and value, over the value's end, beside it.
        (line.label, line.left),
        (line.left, line.left),
        (line.right, line.right),
        (line.right, line.right + (line.right - line.left) / 2),
    ]);
    (
        random.within(from as f32, to as f32 + 1.0),
        line.middle() + line.height() * random.within(-2.0, 2.0),
    )
}

/// The face of a stamp: 0 is ink.
struct Die {
    face: GrayImage,
    tone: f32,
}

impl Die {
    fn invent(scan: &Scan, random: &mut Random) -> Self {
        let red = random.within(85.0, 135.0);
        let grey = random.within(50.0, 120.0);
        let tone = random.pick(&[red, red, red, grey]);
        let mm = millimetres(scan, 1.0);
        let face = match random.below(4) {
            0 => receiving(mm * random.within(22.0, 32.0), mm, random),
            1 => seal(mm * random.within(10.0, 13.5), mm),
            2 => square(mm * random.within(18.0, 24.0), mm),
            _ => boxed(mm * random.within(26.0, 40.0), mm, random),
        };
        Self { face, tone }
    }
}

/// 受付印: a ring, two chords, a date between them.
fn receiving(size: f32, mm: f32, random: &mut Random) -> GrayImage {
    let mut face = blank(size, size);
    ring(&mut face, size, mm * 0.5);
    let (upper, lower) = (size * 0.36, size * 0.64);
    for y in [upper, lower] {
        bar(&mut face, (size * 0.03, y), (size * 0.97, y + mm * 0.35));
    }
    let date = format!(
        "{}.{}.{}",
        random.between(6, 9),
        random.between(1, 12),
        random.between(1, 28)
    );
    words(&mut face, "受　付", (size / 2.0, size * 0.29), size * 0.16);
    words(&mut face, &date, (size / 2.0, size * 0.57), size * 0.2);
    words(
        &mut face,
        "練習医院",
        (size / 2.0, size * 0.83),
        size * 0.13,
    );
    face
}

/// A person's seal: a ring and a name from top to bottom.
fn seal(size: f32, mm: f32) -> GrayImage {
    let mut face = blank(size, size);
    ring(&mut face, size, mm * 0.45);
    words(&mut face, "架", (size / 2.0, size * 0.49), size * 0.4);
    words(&mut face, "空", (size / 2.0, size * 0.87), size * 0.4);
    face
}

/// A company's seal: a square of nine characters.
fn square(size: f32, mm: f32) -> GrayImage {
    let mut face = blank(size, size);
    frame(&mut face, size, size, mm * 0.9);
    for (row, text) in ["練習医", "院架空", "之印章"].into_iter().enumerate() {
        let y = size * (0.34 + 0.29 * row as f32);
        words(&mut face, text, (size / 2.0, y), size * 0.28);
    }
    face
}

/// A box with a word: 受領, 控, 至急.
fn boxed(width: f32, mm: f32, random: &mut Random) -> GrayImage {
    let height = width * 0.36;
    let mut face = blank(width, height);
    frame(&mut face, width, height, mm * 0.7);
    let word = random.pick(&["受領済", "至　急", "控　え", "確認済"]);
    words(&mut face, word, (width / 2.0, height * 0.74), height * 0.62);
    face
}

fn blank(width: f32, height: f32) -> GrayImage {
    GrayImage::from_pixel(width as u32 + 2, height as u32 + 2, Luma([255]))
}

fn ring(face: &mut GrayImage, size: f32, weight: f32) {
    let middle = size / 2.0;
    for (x, y, Luma([pixel])) in face.enumerate_pixels_mut() {
        let (dx, dy) = (x as f32 - middle, y as f32 - middle);
        let away = ((dx * dx + dy * dy).sqrt() - (middle - weight)).abs();
        if away <= weight / 2.0 {
            *pixel = 0;
        }
    }
}

fn frame(face: &mut GrayImage, width: f32, height: f32, weight: f32) {
    bar(face, (0.0, 0.0), (width, weight));
    bar(face, (0.0, height - weight), (width, height));
    bar(face, (0.0, 0.0), (weight, height));
    bar(face, (width - weight, 0.0), (width, height));
}

fn bar(face: &mut GrayImage, from: (f32, f32), to: (f32, f32)) {
    for y in from.1 as u32..=to.1 as u32 {
        for x in from.0 as u32..=to.0 as u32 {
            if let Some(pixel) = face.get_pixel_mut_checked(x, y) {
                *pixel = Luma([0]);
            }
        }
    }
}

/// Words centred on `x` with their baseline at `y`.
fn words(face: &mut GrayImage, text: &str, (x, y): (f32, f32), em: f32) {
    let font = Font::embedded();
    let start = x - font.width(text, em, 0.0) / 2.0;
    font.outline(text, (start, y), em, 0.0, |x, y, coverage| {
        lay(face, (i64::from(x), i64::from(y)), 0.0, coverage);
    });
}

/// Presses the die on the sheet, turned a little, with too little ink in places.
fn press(image: &mut GrayImage, scan: &Scan, die: &Die, at: (f32, f32), random: &mut Random) {
    let (sine, cosine) = small_angle(random.within(-16.0, 16.0));
    let patches = Clouds::new(random.bits(), millimetres(scan, 4.0));
    let grain = Clouds::new(random.bits(), millimetres(scan, 0.35));
    let ink = random.within(0.55, 0.95);
    let (width, height) = (die.face.width() as f32, die.face.height() as f32);
    let reach = (width.max(height) * 0.75) as i64;
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let (x, y) = (dx as f32, dy as f32);
            let u = x * cosine + y * sine + width / 2.0;
            let v = y * cosine - x * sine + height / 2.0;
            let pressed = 1.0 - bilinear(&die.face, (u, v)) / 255.0;
            if pressed <= 0.0 {
                continue;
            }
            let place = (at.0 as i64 + dx, at.1 as i64 + dy);
            let (Ok(px), Ok(py)) = (u32::try_from(place.0), u32::try_from(place.1)) else {
                continue;
            };
            let uneven = 0.55 + 0.7 * patches.at(px, py) - 0.5 * (grain.at(px, py) - 0.5);
            lay(image, place, die.tone, pressed * (ink * uneven).min(1.0));
        }
    }
}
