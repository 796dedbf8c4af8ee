//! Pens and highlighters on a letter: values marked, circled, underlined, ticked, notes beside them.

use image::GrayImage;

use super::super::Scan;
use super::super::random::Random;
use super::bands::{Line, lines};
use super::{Clouds, lay, millimetres};

/// A sheet with some of its values marked by a highlighter.
pub fn marked(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "marker");
    let found = lines(&scan.image, scan.dpi.0);
    let mut image = scan.image.clone();
    // Grey of yellow, green, orange, pink and blue.
    let (low, high) = random.pick(&[
        (218.0, 238.0),
        (190.0, 215.0),
        (175.0, 205.0),
        (150.0, 195.0),
        (140.0, 180.0),
    ]);
    let tone = random.within(low, high);
    for line in chosen(&found, random.pick(&[2, 3, 4]), &mut random) {
        let overhang = millimetres(scan, random.within(0.0, 4.0));
        let strokes = random.pick(&[1, 1, 2]);
        for _ in 0..strokes {
            let height = line.height() * random.within(1.0, 1.5);
            let from = line.left as f32 - overhang;
            let to = line.right as f32 + overhang * random.within(0.2, 1.2);
            let middle = line.middle() + line.height() * random.within(-0.25, 0.25);
            band(
                &mut image,
                scan,
                (from, to),
                (middle, height),
                tone,
                &mut random,
            );
        }
    }
    Scan { image, ..*scan }
}

/// A sheet on which somebody wrote: ticks, circles, underlines, notes, a line along a rule.
pub fn written(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "handwriting");
    let found = lines(&scan.image, scan.dpi.0);
    let mut pen = Pen {
        image: scan.image.clone(),
        mm: millimetres(scan, 1.0),
        radius: millimetres(scan, random.within(0.15, 0.35)),
        tone: random.within(25.0, 125.0),
    };
    let (width, height) = (scan.image.width() as f32, scan.image.height() as f32);
    for line in chosen(&found, random.pick(&[2, 3, 4]), &mut random) {
        match random.below(6) {
            0 => pen.tick(line, &mut random),
            1 => pen.circle(line, &mut random),
            2 => pen.underline(line, &mut random),
            3 => {
                let start = line.right as f32 + pen.mm * random.within(2.0, 8.0);
                pen.note((start, line.middle()), random.between(2, 6), &mut random);
            }
            4 => pen.along_a_rule(line, &mut random),
            _ => {
                let start = line.label as f32 - pen.mm * random.within(3.0, 9.0);
                pen.note((start, line.middle()), 1, &mut random);
            }
        }
    }
    for _ in 0..random.between(0, 2) {
        let at = (
            width * random.within(0.1, 0.7),
            height * random.within(0.06, 0.94),
        );
        pen.note(at, random.between(3, 9), &mut random);
    }
    Scan {
        image: pen.image,
        ..*scan
    }
}

fn chosen(found: &[Line], count: usize, random: &mut Random) -> Vec<Line> {
    let mut left = found.to_vec();
    let mut chosen = Vec::new();
    while chosen.len() < count && !left.is_empty() {
        chosen.push(left.swap_remove(random.below(left.len() as u32) as usize));
    }
    chosen
}

/// One stroke of a broad pen: wavering edges, streaks along it, darker where it was set down.
fn band(
    image: &mut GrayImage,
    scan: &Scan,
    (from, to): (f32, f32),
    (middle, height): (f32, f32),
    tone: f32,
    random: &mut Random,
) {
    let edges = Clouds::new(random.bits(), millimetres(scan, 6.0));
    let streaks = Clouds::new(random.bits(), millimetres(scan, 0.8));
    let lean = random.within(-0.012, 0.012);
    let half = height / 2.0;
    let reach = (half * 1.6) as i64;
    for x in from as i64..to as i64 {
        let Ok(column) = u32::try_from(x) else {
            continue;
        };
        let along = x as f32 - from;
        let centre = middle + lean * along + half * 0.25 * (edges.at(column, 0) - 0.5);
        let end = along.min(to - x as f32) / millimetres(scan, 1.5);
        for dy in -reach..=reach {
            let y = centre as i64 + dy;
            let away = (y as f32 - centre).abs();
            let inside = (half - away + 0.5).clamp(0.0, 1.0);
            let wet = if end < 1.0 { 1.1 } else { 0.9 };
            let streak = 0.2 * (streaks.at(column / 12, y.max(0) as u32) - 0.5);
            lay(image, (x, y), tone, inside * (wet + streak));
        }
    }
}

/// A ball pen.
struct Pen {
    image: GrayImage,
    mm: f32,
    radius: f32,
    tone: f32,
}

type Point = (f32, f32);

impl Pen {
    fn tick(&mut self, line: Line, random: &mut Random) {
        let size = self.mm * random.within(3.0, 6.0);
        let x = match random.one_in(2) {
            true => line.right as f32 + self.mm * random.within(1.5, 6.0),
            false => line.label as f32 - size - self.mm * random.within(1.0, 5.0),
        };
        let y = line.middle() + size * random.within(-0.2, 0.3);
        let knee = (x + size * 0.35, y + size * 0.45);
        self.stroke([(x, y), (x + size * 0.1, y + size * 0.2), knee, knee]);
        let end = (x + size, y - size * 0.7);
        self.stroke([knee, (x + size * 0.5, y), end, end]);
    }

    /// A loop around the value that does not close well and crosses the rules above and below.
    fn circle(&mut self, line: Line, random: &mut Random) {
        let (left, right) = (
            line.left as f32 - self.mm * random.within(2.0, 5.0),
            line.right as f32 + self.mm * random.within(2.0, 5.0),
        );
        let tall = line.height() * random.within(0.95, 1.5);
        let (middle, y) = ((left + right) / 2.0, line.middle());
        let lift = line.height() * random.within(-0.15, 0.15);
        let top = (middle, y - tall);
        let bottom = (middle + lift, y + tall);
        let half = (right - left) * 0.28;
        let bow = tall * 0.55;
        self.stroke([(left, y), (left, y - bow), (middle - half, top.1), top]);
        self.stroke([
            top,
            (middle + half, top.1),
            (right, y - bow),
            (right, y + lift),
        ]);
        self.stroke([
            (right, y + lift),
            (right, y + bow),
            (middle + half, bottom.1),
            bottom,
        ]);
        self.stroke([
            bottom,
            (middle - half, bottom.1),
            (left, y + bow),
            (left + lift, y - lift),
        ]);
    }

    fn underline(&mut self, line: Line, random: &mut Random) {
        let y = line.bottom as f32 + self.mm * random.within(0.5, 1.4);
        let (from, to) = (line.left as f32, line.right as f32);
        for _ in 0..random.pick(&[1, 1, 2]) {
            let mut waver = || y + self.mm * random.within(-0.25, 0.3);
            let points = [
                (from, waver()),
                (from + (to - from) * 0.3, waver()),
                (from + (to - from) * 0.7, waver()),
                (to, waver()),
            ];
            self.stroke(points);
        }
    }

    fn along_a_rule(&mut self, line: Line, random: &mut Random) {
        let y = line.bottom as f32 + line.height() * random.within(0.4, 0.9);
        let (from, to) = (line.label as f32, line.right as f32);
        let slant = self.mm * random.within(-1.2, 1.2);
        self.stroke([
            (from, y),
            (from + (to - from) / 3.0, y + slant),
            (to - (to - from) / 3.0, y - slant),
            (to, y + slant / 2.0),
        ]);
    }

    /// Characters that nobody can read.
    fn note(&mut self, (x, y): Point, characters: u32, random: &mut Random) {
        let size = self.mm * random.within(3.0, 5.5);
        for character in 0..characters {
            let left = x + character as f32 * size * 1.05;
            for _ in 0..random.between(2, 4) {
                let mut near = || {
                    (
                        left + size * random.within(0.0, 0.9),
                        y + size * random.within(-0.5, 0.5),
                    )
                };
                let points = [near(), near(), near(), near()];
                self.stroke(points);
            }
        }
    }

    /// A curve (cubic Bézier) drawn with a round tip.
    fn stroke(&mut self, [a, b, c, d]: [Point; 4]) {
        let apart = |p: Point, q: Point| ((q.0 - p.0).powi(2) + (q.1 - p.1).powi(2)).sqrt();
        let steps = (apart(a, b) + apart(b, c) + apart(c, d)).max(1.0) as u32;
        let reach = self.radius.ceil() as i64 + 1;
        let mut wet = std::collections::HashMap::new();
        for step in 0..=steps {
            let t = step as f32 / steps as f32;
            let s = 1.0 - t;
            let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            let points = [a, b, c, d];
            let at = weights
                .iter()
                .zip(points)
                .fold((0.0, 0.0), |sum, (w, p)| (sum.0 + w * p.0, sum.1 + w * p.1));
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    let place = (at.0 as i64 + dx, at.1 as i64 + dy);
                    let away = apart(at, (place.0 as f32, place.1 as f32));
                    let covered = (self.radius - away + 0.5).clamp(0.0, 1.0);
                    let before = wet.entry(place).or_insert(0.0_f32);
                    *before = before.max(covered);
                }
            }
        }
        // Each place once: a stroke does not darken itself.
        for (place, coverage) in wet {
            lay(&mut self.image, place, self.tone, coverage);
        }
    }
}
