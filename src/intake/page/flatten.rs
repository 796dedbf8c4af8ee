//! A sheet photographed on a table: found by its edges and laid flat, as a scanner would have seen it.
//!
//! The sheet is the largest bright piece of the picture, dark all around. Its outline's corners give the four
//! edges, a straight line through each edge's points sharpens them, and the sheet is sampled once through the
//! perspective that maps A4 onto them. Only a piece that is filled, has four sides and the shape of A4 is taken
//! for a sheet; every other picture stays as it is. Looking costs a pass over some 150,000 pixels.

use image::GrayImage;

/// The sheet of `image` laid flat, with its dots per inch; `None` when the picture shows no sheet on a darker ground.
pub fn flattened(image: &GrayImage) -> Option<(GrayImage, f32)> {
    let small = Small::of(image)?;
    let sheet = small.sheet()?;
    let corners = sheet.corners()?;
    let step = small.step as f64;
    let corners = corners.map(|(x, y)| (x * step, y * step));
    let (width, height) = size_of(&corners)?;
    let through = Perspective::onto(&corners, width as f64, height as f64)?;
    let flat = sampled(image, &through, width, height);
    let dpi = width.min(height) as f32 / A4_SHORT_INCHES;
    Some((flat, dpi))
}

type Point = (f64, f64);

/// Every so many pixels of the picture.
struct Small {
    step: usize,
    width: usize,
    height: usize,
    bright: Vec<bool>,
}

impl Small {
    /// `None` for pictures whose border is not mostly dark: scans, and photos without edges.
    fn of(image: &GrayImage) -> Option<Self> {
        let long = image.width().max(image.height()) as usize;
        let step = (long / SMALL_SIDE).max(1);
        let (width, height) = (
            image.width() as usize / step,
            image.height() as usize / step,
        );
        if width < SMALLEST_SIDE || height < SMALLEST_SIDE {
            return None;
        }
        let at = |x: usize, y: usize| image.as_raw()[y * step * image.width() as usize + x * step];
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let grey: Vec<u8> = places.map(|(x, y)| at(x, y)).collect();
        let threshold = parting(&grey);
        let bright: Vec<bool> = grey.iter().map(|grey| *grey > threshold).collect();
        let small = Self {
            step,
            width,
            height,
            bright,
        };
        let border: Vec<bool> = small.border().collect();
        let dark = border.iter().filter(|bright| !**bright).count();
        (dark * 100 >= border.len() * DARK_BORDER_PERCENT).then_some(small)
    }

    fn border(&self) -> impl Iterator<Item = bool> {
        let (right, bottom) = (self.width - 1, self.height - 1);
        let rows = (0..self.width).flat_map(move |x| [(x, 0), (x, bottom)]);
        let columns = (0..self.height).flat_map(move |y| [(0, y), (right, y)]);
        rows.chain(columns)
            .map(|(x, y)| self.bright[y * self.width + x])
    }

    /// The largest bright piece, if it is large enough for a sheet.
    fn sheet(&self) -> Option<Outline> {
        let mut seen = vec![false; self.bright.len()];
        let mut largest = Vec::new();
        let mut waiting = Vec::new();
        for start in 0..self.bright.len() {
            if !self.bright[start] || seen[start] {
                continue;
            }
            let mut piece = Vec::new();
            seen[start] = true;
            waiting.push(start);
            while let Some(at) = waiting.pop() {
                piece.push(at);
                let (x, y) = (at % self.width, at / self.width);
                let neighbours = [
                    (x > 0).then(|| at - 1),
                    (x + 1 < self.width).then_some(at + 1),
                    (y > 0).then(|| at - self.width),
                    (y + 1 < self.height).then_some(at + self.width),
                ];
                for next in neighbours.into_iter().flatten() {
                    if self.bright[next] && !seen[next] {
                        seen[next] = true;
                        waiting.push(next);
                    }
                }
            }
            if piece.len() > largest.len() {
                largest = piece;
            }
        }
        let large = largest.len() * 100 >= self.bright.len() * SMALLEST_SHEET_PERCENT;
        large.then(|| Outline::of(&largest, self.width, self.height))
    }
}

/// The ends of a piece in every row and column that it reaches, and how much of it lies between them.
struct Outline {
    points: Vec<Point>,
    filled: f64,
}

impl Outline {
    fn of(piece: &[usize], width: usize, height: usize) -> Self {
        let mut rows = vec![(usize::MAX, 0); height];
        let mut columns = vec![(usize::MAX, 0); width];
        for at in piece {
            let (x, y) = (at % width, at / width);
            rows[y] = (rows[y].0.min(x), rows[y].1.max(x));
            columns[x] = (columns[x].0.min(y), columns[x].1.max(y));
        }
        let reached = |(first, last): &(usize, usize)| first <= last;
        let filled = rows.iter().filter(|ends| reached(ends));
        let filled: usize = filled.map(|(first, last)| last - first + 1).sum();
        let along = rows.iter().enumerate().filter(|(_, ends)| reached(ends));
        let along = along.flat_map(|(y, (first, last))| [(*first, y), (*last, y)]);
        let down = columns.iter().enumerate().filter(|(_, ends)| reached(ends));
        let down = down.flat_map(|(x, (first, last))| [(x, *first), (x, *last)]);
        let points = along.chain(down).map(|(x, y)| (x as f64, y as f64));
        Self {
            points: points.collect(),
            filled: filled as f64,
        }
    }

    /// Its four corners, clockwise from the one at the upper left; `None` when it has no four straight sides.
    fn corners(&self) -> Option<[Point; 4]> {
        let rough = four_of(hull(self.points.clone()))?;
        // The edges of a curled sheet are not straight: its corners must do.
        let corners = self.sharpened(&rough).unwrap_or(rough);
        let area = area(&corners);
        let square = (0..4).all(|i| {
            let angle = angle(corners[(i + 3) % 4], corners[i], corners[(i + 1) % 4]);
            (NARROWEST_ANGLE..=180.0 - NARROWEST_ANGLE).contains(&angle)
        });
        let fits = area > 0.0 && (self.filled / area - 1.0).abs() < MOST_UNLIKE;
        (square && fits).then(|| from_upper_left(corners))
    }

    /// The corners where straight lines through the points of the four edges meet.
    fn sharpened(&self, rough: &[Point; 4]) -> Option<[Point; 4]> {
        let edges: Vec<Line> = (0..4)
            .map(|i| Line::through(&self.near_edge(rough[i], rough[(i + 1) % 4])))
            .collect::<Option<_>>()?;
        let mut corners = [(0.0, 0.0); 4];
        for (i, corner) in corners.iter_mut().enumerate() {
            *corner = edges[(i + 3) % 4].meets(&edges[i])?;
        }
        Some(corners)
    }

    /// The points along an edge, its ends left out: corners are bent or covered.
    fn near_edge(&self, from: Point, to: Point) -> Vec<Point> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let near = self.points.iter().filter(|point| {
            let (x, y) = (point.0 - from.0, point.1 - from.1);
            let along = (x * dx + y * dy) / (length * length);
            let away = (x * dy - y * dx).abs() / length;
            (0.08..0.92).contains(&along) && away <= EDGE_REACH
        });
        near.copied().collect()
    }
}

/// A straight line: `a·x + b·y = c`, `(a, b)` of length 1.
struct Line {
    a: f64,
    b: f64,
    c: f64,
}

impl Line {
    /// The line that the points lie nearest to.
    fn through(points: &[Point]) -> Option<Self> {
        let count = points.len() as f64;
        if points.len() < FEWEST_EDGE_POINTS {
            return None;
        }
        let (x, y) = points
            .iter()
            .fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
        let (x, y) = (x / count, y / count);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for point in points {
            let (dx, dy) = (point.0 - x, point.1 - y);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        let direction = 0.5 * (2.0 * xy).atan2(xx - yy);
        let (a, b) = (-direction.sin(), direction.cos());
        Some(Self {
            a,
            b,
            c: a * x + b * y,
        })
    }

    fn meets(&self, other: &Self) -> Option<Point> {
        let determinant = self.a * other.b - self.b * other.a;
        (determinant.abs() > 1e-6).then(|| {
            (
                (self.c * other.b - self.b * other.c) / determinant,
                (self.a * other.c - self.c * other.a) / determinant,
            )
        })
    }
}

/// The convex hull, clockwise on a picture whose rows grow downward (Andrew's monotone chain).
fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    points.dedup();
    let half = |points: &mut dyn Iterator<Item = &Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for point in points {
            while let [.., before, last] = chain.as_slice()
                && cross(*before, *last, *point) <= 0.0
            {
                chain.pop();
            }
            chain.push(*point);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter());
    hull.extend(half(&mut points.iter().rev()));
    hull
}

/// The four points of a hull that are left when those that matter least to its area go first.
fn four_of(mut hull: Vec<Point>) -> Option<[Point; 4]> {
    while hull.len() > 4 {
        let count = hull.len();
        let cost = |i: usize| {
            cross(
                hull[(i + count - 1) % count],
                hull[i],
                hull[(i + 1) % count],
            )
            .abs()
        };
        let least = (0..count).min_by(|one, other| cost(*one).total_cmp(&cost(*other)))?;
        hull.remove(least);
    }
    hull.try_into().ok()
}

fn cross(a: Point, b: Point, c: Point) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

fn area(corners: &[Point; 4]) -> f64 {
    let pairs = (0..4).map(|i| (corners[i], corners[(i + 1) % 4]));
    pairs.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
}

/// Degrees at `b`.
fn angle(a: Point, b: Point, c: Point) -> f64 {
    let (one, other) = ((a.0 - b.0, a.1 - b.1), (c.0 - b.0, c.1 - b.1));
    let lengths = one.0.hypot(one.1) * other.0.hypot(other.1);
    let cosine = (one.0 * other.0 + one.1 * other.1) / lengths.max(1e-9);
    cosine.clamp(-1.0, 1.0).acos().to_degrees()
}

fn from_upper_left(mut corners: [Point; 4]) -> [Point; 4] {
    let first = (0..4).min_by(|one, other| {
        let sum = |i: usize| corners[i].0 + corners[i].1;
        sum(*one).total_cmp(&sum(*other))
    });
    corners.rotate_left(first.unwrap_or(0));
    corners
}

/// Width and height of the flat sheet: A4, as many pixels as the picture has; `None` for sheets of another shape.
fn size_of(corners: &[Point; 4]) -> Option<(u32, u32)> {
    let side = |i: usize| {
        let (from, to) = (corners[i], corners[(i + 1) % 4]);
        (to.0 - from.0).hypot(to.1 - from.1)
    };
    let across = side(0).max(side(2));
    let down = side(1).max(side(3));
    let (short, long) = (across.min(down), across.max(down));
    // Looked at from a slant a sheet is shorter than it is.
    if short <= 0.0 || !(LEAST_RATIO..=GREATEST_RATIO).contains(&(long / short)) {
        return None;
    }
    let long = long.max(short * A4_RATIO).min(LONGEST_SIDE);
    let short = long / A4_RATIO;
    let (width, height) = if across > down {
        (long, short)
    } else {
        (short, long)
    };
    Some((width.round() as u32, height.round() as u32))
}

/// From places on the flat sheet to places on the picture.
struct Perspective([f64; 8]);

impl Perspective {
    /// The map that takes the corners of a sheet of `width` × `height` to `corners`.
    ///
    /// Closed form for a rectangle: P. Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3.
    fn onto(corners: &[Point; 4], width: f64, height: f64) -> Option<Self> {
        let [p0, p1, p2, p3] = *corners;
        let (dx1, dx2, sx) = (p1.0 - p2.0, p3.0 - p2.0, p0.0 - p1.0 + p2.0 - p3.0);
        let (dy1, dy2, sy) = (p1.1 - p2.1, p3.1 - p2.1, p0.1 - p1.1 + p2.1 - p3.1);
        let determinant = dx1 * dy2 - dx2 * dy1;
        if determinant.abs() < 1e-9 {
            return None;
        }
        let g = (sx * dy2 - dx2 * sy) / determinant;
        let h = (dx1 * sy - sx * dy1) / determinant;
        Some(Self([
            (p1.0 - p0.0 + g * p1.0) / width,
            (p3.0 - p0.0 + h * p3.0) / height,
            p0.0,
            (p1.1 - p0.1 + g * p1.1) / width,
            (p3.1 - p0.1 + h * p3.1) / height,
            p0.1,
            g / width,
            h / height,
        ]))
    }

    fn apply(&self, x: f64, y: f64) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let depth = g * x + h * y + 1.0;
        ((a * x + b * y + c) / depth, (d * x + e * y + f) / depth)
    }
}

fn sampled(image: &GrayImage, through: &Perspective, width: u32, height: u32) -> GrayImage {
    // The far end of a sheet has more flat pixels than the picture has: one sample each will do.
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = through.apply(f64::from(x) + 0.5, f64::from(y) + 0.5);
        image::Luma([between(image, x - 0.5, y - 0.5)])
    })
}

/// The grey at a place between four pixels; the nearest pixel outside.
pub(super) fn between(image: &GrayImage, x: f64, y: f64) -> u8 {
    let x = x.clamp(0.0, f64::from(image.width() - 1));
    let y = y.clamp(0.0, f64::from(image.height() - 1));
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = (
        (left + 1).min(image.width() - 1),
        (top + 1).min(image.height() - 1),
    );
    let (dx, dy) = (x - f64::from(left), y - f64::from(top));
    let at = |x: u32, y: u32| f64::from(image.get_pixel(x, y).0[0]);
    let upper = at(left, top) * (1.0 - dx) + at(right, top) * dx;
    let lower = at(left, bottom) * (1.0 - dx) + at(right, bottom) * dx;
    (upper * (1.0 - dy) + lower * dy).round() as u8
}

/// The grey between ground and sheet (Otsu, IEEE Trans. SMC 9, 1979).
fn parting(grey: &[u8]) -> u8 {
    let mut counts = [0_u32; 256];
    for grey in grey {
        counts[usize::from(*grey)] += 1;
    }
    let total = grey.len() as f64;
    let weighted = counts.iter().zip(0_u32..);
    let sum: f64 = weighted
        .map(|(count, level)| f64::from(count * level))
        .sum();
    let (mut below, mut sum_below) = (0.0, 0.0);
    let (mut best, mut widest) = (0, 0.0);
    for (count, level) in counts.iter().zip(0_u8..=255) {
        below += f64::from(*count);
        sum_below += f64::from(*count) * f64::from(level);
        let above = total - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = sum_below / below - (sum - sum_below) / above;
        let between = below * above * apart * apart;
        if between > widest {
            (best, widest) = (level, between);
        }
    }
    best
}

/// The long side of the picture that is looked at, at least.
const SMALL_SIDE: usize = 400;
const SMALLEST_SIDE: usize = 100;
/// A photographed sheet has ground all around it, but a bright thing may lie at one side.
const DARK_BORDER_PERCENT: usize = 60;
const SMALLEST_SHEET_PERCENT: usize = 20;
/// Pixels of the small picture around a rough edge.
const EDGE_REACH: f64 = 4.0;
const FEWEST_EDGE_POINTS: usize = 20;
/// Degrees at a corner of a sheet that is looked at from a slant.
const NARROWEST_ANGLE: f64 = 60.0;
/// How much the piece and its four corners may differ in area: a curled edge, a thumb.
const MOST_UNLIKE: f64 = 0.08;
const A4_RATIO: f64 = std::f64::consts::SQRT_2;
const LEAST_RATIO: f64 = 1.08;
const GREATEST_RATIO: f64 = 1.75;
/// More pixels than 400 dpi say nothing more.
const LONGEST_SIDE: f64 = 4_676.0;
const A4_SHORT_INCHES: f32 = 8.27;

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    /// A sheet with a cross-shaped print on a dark ground, its corners at `corners` of a 1600 × 1200 picture.
    fn photo(corners: [Point; 4]) -> GrayImage {
        let back = Perspective::onto(&corners, 700.0, 990.0).unwrap();
        let mut picture = GrayImage::from_pixel(1600, 1200, Luma([60]));
        // Dense enough that every pixel of the sheet is hit.
        for y in 0..4_000 {
            for x in 0..3_000 {
                let (u, v) = (
                    f64::from(x) * 700.0 / 3_000.0,
                    f64::from(y) * 990.0 / 4_000.0,
                );
                let inside = (30.0..670.0).contains(&u) && (40.0..950.0).contains(&v);
                let ink = inside && ((u - 350.0).abs() < 10.0 || (v - 495.0).abs() < 10.0);
                let (px, py) = back.apply(u, v);
                let tone = if ink { 40 } else { 215 };
                picture.put_pixel(px as u32, py as u32, Luma([tone]));
            }
        }
        picture
    }

    #[test]
    fn a_sheet_seen_from_a_slant_is_laid_flat() {
        let picture = photo([
            (420.0, 90.0),
            (1080.0, 130.0),
            (1190.0, 1110.0),
            (330.0, 1060.0),
        ]);
        let (flat, dpi) = flattened(&picture).unwrap();
        let ratio = f64::from(flat.height()) / f64::from(flat.width());
        assert!((ratio - A4_RATIO).abs() < 0.01, "{ratio}");
        assert!((70.0..140.0).contains(&dpi), "{dpi}");
        // The cross is upright and in the middle from end to end, and paper reaches the edges.
        let (width, height) = (flat.width(), flat.height());
        for share in [0.1, 0.5, 0.9] {
            let along = (f64::from(width) * share) as u32;
            let down = (f64::from(height) * share) as u32;
            assert!(flat.get_pixel(along, height / 2).0[0] < 100, "{share}");
            assert!(flat.get_pixel(width / 2, down).0[0] < 100, "{share}");
        }
        for (x, y) in [
            (6, 6),
            (width - 7, 6),
            (6, height - 7),
            (width - 7, height - 7),
        ] {
            assert!(flat.get_pixel(x, y).0[0] > 180, "{x} {y}");
        }
    }

    #[test]
    fn a_scan_stays_as_it_is() {
        let mut scan = GrayImage::from_pixel(1654, 2339, Luma([250]));
        for x in 200..1400 {
            scan.put_pixel(x, 300, Luma([0]));
        }
        assert!(flattened(&scan).is_none());
        assert!(flattened(&GrayImage::from_pixel(1654, 2339, Luma([10]))).is_none());
        assert!(flattened(&GrayImage::from_pixel(3, 3, Luma([10]))).is_none());
    }

    #[test]
    fn a_bright_piece_of_another_shape_is_no_sheet() {
        let strip = photo([
            (100.0, 500.0),
            (1500.0, 500.0),
            (1500.0, 800.0),
            (100.0, 800.0),
        ]);
        assert!(flattened(&strip).is_none(), "a strip is not A4");
        let mut disc = GrayImage::from_pixel(1600, 1200, Luma([50]));
        for (x, y, pixel) in disc.enumerate_pixels_mut() {
            let (dx, dy) = (f64::from(x) - 800.0, f64::from(y) - 600.0);
            if dx.hypot(dy) < 450.0 {
                pixel.0[0] = 220;
            }
        }
        assert!(flattened(&disc).is_none(), "a plate has no corners");
    }
}
