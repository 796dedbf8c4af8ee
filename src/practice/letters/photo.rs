//! A letter photographed with a phone: from a slant, in uneven light, a little soft; on a table, so close that no edge
//! shows, or as it bends after the envelope.

use image::{GrayImage, Luma};

use super::Scan;
use super::damage::bilinear;
use super::random::Random;

/// The sheet on a darker table, its corners anywhere near those of the picture, lit from one side, with a shadow.
///
/// The picture has 4:3 like a phone's, upright, about 230 dots to each inch of the sheet.
pub fn photo(scan: &Scan, seed: u64) -> Scan {
    taken(scan, &mut Random::fork(seed, "photo"), 0.07, Curl::FLAT)
}

/// The sheet fills the picture and more: its edges lie outside, and the phone's own shadow falls on it.
pub fn close_photo(scan: &Scan, seed: u64) -> Scan {
    taken(
        scan,
        &mut Random::fork(seed, "close photo"),
        -0.045,
        Curl::FLAT,
    )
}

/// The sheet on a table, bent along one of its sides as it comes from an envelope or a roll.
pub fn curled_photo(scan: &Scan, seed: u64) -> Scan {
    let mut random = Random::fork(seed, "curled photo");
    let curl = Curl::invent(&mut random);
    taken(scan, &mut random, 0.07, curl)
}

/// `margin` is the share of the picture's sides that the table takes; below 0 the sheet reaches out of the picture.
fn taken(scan: &Scan, random: &mut Random, margin: f32, curl: Curl) -> Scan {
    let width = random.between(2200, 3000);
    let height = width * 4 / 3;
    let corners = corners(width as f32, height as f32, margin, random);
    let (across, down) = (scan.image.width() as f32, scan.image.height() as f32);
    let Some(onto_sheet) = inverse(&corners, across, down) else {
        return scan.clone();
    };
    let strength = if margin < 0.0 { 2.0 } else { 1.0 };
    let light = Light::invent(width as f32, height as f32, strength, random);
    let table = random.within(35.0, 105.0);
    let grain = random.within(2.0, 9.0);
    let (paper, ink) = (random.within(195.0, 235.0), random.within(25.0, 60.0));
    // The scan has more pixels to the inch: the mean of four of its places is soft enough for a lens.
    let spread = across / width as f32 * random.within(0.3, 0.8);
    let noise = random.within(1.0, 4.0);
    let image = GrayImage::from_fn(width, height, |x, y| {
        let (u, v) = onto_sheet.apply(x as f32 + 0.5, y as f32 + 0.5);
        let (bent, shade) = curl.bend(u / across, v / down);
        let (u, v) = (bent.0 * across, bent.1 * down);
        let on_sheet = u >= 0.0 && v >= 0.0 && u < across && v < down;
        let tone = if on_sheet {
            let places = [(-spread, 0.0), (spread, 0.0), (0.0, -spread), (0.0, spread)];
            let sum: f32 = places
                .iter()
                .map(|(dx, dy)| bilinear(&scan.image, (u + dx - 0.5, v + dy - 0.5)))
                .sum();
            (ink + (paper - ink) * sum / 4.0 / 255.0) * shade
        } else {
            table + grain * random.normal()
        };
        let lit = tone * light.at(x as f32, y as f32) + noise * random.normal();
        Luma([lit.round().clamp(0.0, 255.0) as u8])
    });
    Scan {
        image,
        dpi: (72, 72),
    }
}

/// Upper left first, clockwise, each within a thirtieth of the picture.
fn corners(width: f32, height: f32, margin: f32, random: &mut Random) -> [(f32, f32); 4] {
    let mut near = |x: f32, y: f32| {
        let reach = 0.035;
        (
            (x + random.within(-reach, reach)) * width,
            (y + random.within(-reach, reach)) * height,
        )
    };
    // A4 is narrower than 3:4: more table shows at the sides.
    let (side, end) = (margin + 0.01, margin - 0.01);
    [
        near(side, end),
        near(1.0 - side, end),
        near(1.0 - side, 1.0 - end),
        near(side, 1.0 - end),
    ]
}

/// A sheet that is a piece of a wide roll.
#[derive(Clone, Copy)]
struct Curl {
    /// Whether its height changes along the lines of print (otherwise from line to line).
    along_lines: bool,
    /// Height of the arch as a share of the way to the lens; below 0 the edges stand up.
    height: f32,
    /// Where the lens stands over the sheet.
    lens: (f32, f32),
}

impl Curl {
    const FLAT: Self = Self {
        along_lines: true,
        height: 0.0,
        lens: (0.5, 0.5),
    };

    fn invent(random: &mut Random) -> Self {
        let height = random.within(0.008, 0.035);
        Self {
            along_lines: random.one_in(2),
            height: random.pick(&[height, -height]),
            lens: (random.within(0.2, 0.8), random.within(0.1, 1.2)),
        }
    }

    /// The place of the flat sheet that is seen where `(u, v)` would lie, in shares of its sides, and how it is lit.
    fn bend(&self, u: f32, v: f32) -> ((f32, f32), f32) {
        let along = if self.along_lines { u } else { v };
        let arch = self.height * 4.0 * along * (1.0 - along);
        let slope = self.height * 4.0 * (1.0 - 2.0 * along);
        // What stands nearer to the lens is seen further from its foot.
        let seen = |at: f32, lens: f32| at - (at - lens) * arch;
        ((seen(u, self.lens.0), seen(v, self.lens.1)), 1.0 + slope)
    }
}

/// Light from one side, and the shadow of a hand or a phone.
struct Light {
    across: f32,
    down: f32,
    shadow: (f32, f32),
    reach: f32,
    depth: f32,
    size: (f32, f32),
}

impl Light {
    fn invent(width: f32, height: f32, strength: f32, random: &mut Random) -> Self {
        Self {
            across: strength * random.within(-0.12, 0.12),
            down: strength * random.within(-0.12, 0.12),
            shadow: (random.within(0.0, 1.0), random.within(0.0, 1.0)),
            reach: random.within(0.2, 0.5),
            depth: strength * random.within(0.0, 0.3),
            size: (width, height),
        }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x / self.size.0, y / self.size.1);
        let away = ((x - self.shadow.0).powi(2) + (y - self.shadow.1).powi(2)) / self.reach.powi(2);
        // A soft bell: deep in the middle, nothing at twice its reach.
        let shadow = self.depth * (1.0 - away / 4.0).max(0.0).powi(2);
        (1.0 + self.across * (x - 0.5) + self.down * (y - 0.5)) * (1.0 - shadow)
    }
}

/// A map between planes: three rows of three.
struct Plane([f32; 9]);

impl Plane {
    fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        let m = &self.0;
        let depth = m[6] * x + m[7] * y + m[8];
        (
            (m[0] * x + m[1] * y + m[2]) / depth,
            (m[3] * x + m[4] * y + m[5]) / depth,
        )
    }
}

/// From places on the picture to places on the sheet, whose corners lie at `corners`.
fn inverse(corners: &[(f32, f32); 4], width: f32, height: f32) -> Option<Plane> {
    let [p0, p1, p2, p3] = *corners;
    let (dx1, dx2, sx) = (p1.0 - p2.0, p3.0 - p2.0, p0.0 - p1.0 + p2.0 - p3.0);
    let (dy1, dy2, sy) = (p1.1 - p2.1, p3.1 - p2.1, p0.1 - p1.1 + p2.1 - p3.1);
    let determinant = dx1 * dy2 - dx2 * dy1;
    if determinant.abs() < 1.0 {
        return None;
    }
    let g = (sx * dy2 - dx2 * sy) / determinant;
    let h = (dx1 * sy - sx * dy1) / determinant;
    let (a, b, c) = (p1.0 - p0.0 + g * p1.0, p3.0 - p0.0 + h * p3.0, p0.0);
    let (d, e, f) = (p1.1 - p0.1 + g * p1.1, p3.1 - p0.1 + h * p3.1, p0.1);
    // The adjugate turns the map around, up to a factor that the division by the depth removes.
    let unit = [
        e - f * h,
        c * h - b,
        b * f - c * e,
        f * g - d,
        a - c * g,
        c * d - a * f,
        d * h - e * g,
        b * g - a * h,
        a * e - b * d,
    ];
    let mut rows = unit;
    for (at, value) in rows.iter_mut().enumerate() {
        *value *= match at / 3 {
            0 => width,
            1 => height,
            _ => 1.0,
        };
    }
    Some(Plane(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_lies_on_a_darker_table_and_keeps_its_print() {
        let mut sheet = GrayImage::from_pixel(1240, 1754, Luma([255]));
        for x in 300..900 {
            for y in 860..900 {
                sheet.put_pixel(x, y, Luma([0]));
            }
        }
        let scan = Scan {
            image: sheet,
            dpi: (150, 150),
        };
        for seed in 0..4 {
            let picture = photo(&scan, seed).image;
            let grey = |x: f32, y: f32| {
                let (x, y) = (picture.width() as f32 * x, picture.height() as f32 * y);
                picture.get_pixel(x as u32, y as u32).0[0]
            };
            assert!(grey(0.01, 0.5) < 140, "table, seed {seed}");
            assert!(grey(0.5, 0.3) > 110, "paper, seed {seed}");
            let down = (470..530).map(|thousandth| grey(0.5, thousandth as f32 / 1000.0));
            assert!(down.min() < Some(90), "print, seed {seed}");
        }
    }

    #[test]
    fn a_close_picture_shows_no_table() {
        let scan = Scan {
            image: GrayImage::from_pixel(1240, 1754, Luma([255])),
            dpi: (150, 150),
        };
        for seed in 0..4 {
            let picture = close_photo(&scan, seed).image;
            let (right, bottom) = (picture.width() - 1, picture.height() - 1);
            for (x, y) in [(0, 0), (right, 0), (right, bottom), (0, bottom)] {
                let (u, v) = (
                    picture.get_pixel(x, y).0[0],
                    picture.get_pixel(right / 2, y).0[0],
                );
                assert!(u > 60 && v > 60, "seed {seed}: {u} {v}");
            }
        }
    }

    #[test]
    fn a_curl_leaves_the_flat_sheet_flat_and_bends_its_lines() {
        assert_eq!(Curl::FLAT.bend(0.3, 0.7), ((0.3, 0.7), 1.0));
        let curl = Curl {
            along_lines: true,
            height: 0.02,
            lens: (0.5, 1.0),
        };
        let row = |u: f32| curl.bend(u, 0.2).0.1;
        assert_eq!((row(0.0), row(1.0)), (0.2, 0.2));
        assert!(row(0.5) > 0.21, "{}", row(0.5));
    }

    #[test]
    fn the_map_takes_the_corners_to_the_sheets() {
        let corners = [(10.0, 20.0), (400.0, 35.0), (420.0, 600.0), (5.0, 580.0)];
        let map = inverse(&corners, 210.0, 297.0).unwrap();
        let expected = [(0.0, 0.0), (210.0, 0.0), (210.0, 297.0), (0.0, 297.0)];
        for (corner, expected) in corners.iter().zip(expected) {
            let (x, y) = map.apply(corner.0, corner.1);
            assert!(
                (x - expected.0).abs() < 0.1 && (y - expected.1).abs() < 0.1,
                "{x} {y}"
            );
        }
    }
}
