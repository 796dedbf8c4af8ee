//! A letter that came in an envelope: folded in three or in four, and not quite flat again.

use image::{GrayImage, Luma};

use super::super::Scan;
use super::super::damage::{bilinear, to_byte};
use super::super::random::Random;
use super::{Clouds, millimetres};

/// A sheet folded in three, or twice in half.
pub fn folded(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "folds");
    let (width, height) = (scan.image.width() as f32, scan.image.height() as f32);
    let near = |share: f32, random: &mut Random| share + random.within(-0.025, 0.025);
    let (across, down) = match random.one_in(3) {
        true => (vec![near(0.5, &mut random)], vec![near(0.5, &mut random)]),
        false => (
            vec![near(1.0 / 3.0, &mut random), near(2.0 / 3.0, &mut random)],
            Vec::new(),
        ),
    };
    let panels = Panels::invent(&across, height, &mut random);
    let creases: Vec<Crease> = across
        .iter()
        .map(|share| Crease::invent(true, share * height, scan, &mut random))
        .collect();
    let upright = down
        .iter()
        .map(|share| Crease::invent(false, share * width, scan, &mut random));
    let creases: Vec<Crease> = creases.into_iter().chain(upright).collect();
    let image = GrayImage::from_fn(scan.image.width(), scan.image.height(), |x, y| {
        let (dx, dy) = panels.shift(x as f32 - width / 2.0, y as f32);
        let drawn = bilinear(&scan.image, (x as f32 + dx, y as f32 + dy));
        let tone = creases
            .iter()
            .fold(drawn, |tone, crease| crease.on(tone, x, y));
        Luma([to_byte(tone)])
    });
    Scan { image, ..*scan }
}

/// Panels between the folds across: each lies a little askew, but they hang together.
struct Panels {
    /// Rows of the folds; the last lies below the sheet.
    ends: Vec<f32>,
    /// Columns per row that each panel leans.
    leans: Vec<f32>,
    /// Rows per column that its lines lean.
    turns: Vec<f32>,
}

impl Panels {
    fn invent(folds: &[f32], height: f32, random: &mut Random) -> Self {
        let count = folds.len() + 1;
        let mut each = |reach: f32| (0..count).map(|_| random.within(-reach, reach)).collect();
        Self {
            leans: each(0.006),
            turns: each(0.004),
            ends: folds
                .iter()
                .map(|share| share * height)
                .chain([f32::INFINITY])
                .collect(),
        }
    }

    /// Where the drawn sheet lies under a place, `x` from the middle.
    fn shift(&self, x: f32, y: f32) -> (f32, f32) {
        let mut across = 0.0;
        let mut start = 0.0;
        let mut turn = self.turns[0];
        for (panel, end) in self.ends.iter().enumerate() {
            across += self.leans[panel] * (y.min(*end) - start);
            turn = self.turns[panel];
            if y < *end {
                // Paper bends over some rows, it does not jump.
                let next = self.turns.get(panel + 1).copied().unwrap_or(turn);
                let near = (1.0 - (end - y) / BEND).clamp(0.0, 1.0);
                turn += (next - turn) * near;
                break;
            }
            start = *end;
        }
        (across, turn * x)
    }
}

/// A fold's line and the shade beside it.
struct Crease {
    along_rows: bool,
    at: f32,
    half: f32,
    /// What the line does to the tone: below 0 it darkens, above it lifts the ink off.
    depth: f32,
    shade: (f32, f32),
    reach: f32,
    worn: Clouds,
}

impl Crease {
    fn invent(along_rows: bool, at: f32, scan: &Scan, random: &mut Random) -> Self {
        let (dark, light) = (random.within(-0.55, -0.15), random.within(0.3, 0.85));
        Self {
            along_rows,
            at,
            half: millimetres(scan, random.within(0.1, 0.4)),
            depth: random.pick(&[dark, dark, light]),
            shade: (random.within(-0.02, 0.16), random.within(-0.02, 0.1)),
            reach: millimetres(scan, random.within(3.0, 10.0)),
            worn: Clouds::new(random.bits(), millimetres(scan, 3.0)),
        }
    }

    fn on(&self, tone: f32, x: u32, y: u32) -> f32 {
        let away = match self.along_rows {
            true => y as f32 - self.at,
            false => x as f32 - self.at,
        };
        let shade = if away < 0.0 {
            self.shade.0
        } else {
            self.shade.1
        };
        let near = away / self.reach;
        let shaded = tone * (1.0 - shade / (1.0 + near * near * 4.0));
        let line = (1.0 - away.abs() / self.half.max(0.7)).max(0.0) * self.worn.at(x, y) * 1.6;
        match self.depth < 0.0 {
            true => shaded * (1.0 + self.depth * line.min(1.0)),
            false => shaded + (245.0 - shaded).max(0.0) * self.depth * line.min(1.0),
        }
    }
}

/// Rows over which one panel bends into the next.
const BEND: f32 = 30.0;
