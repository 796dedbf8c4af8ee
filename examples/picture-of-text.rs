//! Draws a terminal's text as a PNG: `noticert demo 2>&1 | cargo run --example picture-of-text -- picture.png`.
//!
//! The README's picture of the demo is made this way, from the demo's own output and with the embedded font,
//! so that it can be made again on any machine.

use std::error::Error;
use std::io::Read;

use ab_glyph::{Font, FontRef, ScaleFont};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use noticert::fonts::biz_ud_gothic;
use unicode_width::UnicodeWidthChar;

const BACKGROUND: Rgb<u8> = Rgb([24, 28, 36]);
const TEXT: [f32; 3] = [222.0, 226.0, 232.0];
const GOOD: [f32; 3] = [120.0, 220.0, 140.0];
const HEADING: [f32; 3] = [120.0, 190.0, 255.0];
const SIZE: f32 = 20.0;
const LINE: u32 = 27;
const CELL: u32 = 10;
const MARGIN: u32 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: picture-of-text PICTURE.png")?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let picture = draw(&text)?;
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    // The picture lies in the repository: smaller is worth the second it takes.
    PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive).write_image(
        picture.as_raw(),
        picture.width(),
        picture.height(),
        ExtendedColorType::Rgb8,
    )?;
    Ok(())
}

fn draw(text: &str) -> Result<RgbImage, Box<dyn Error>> {
    let font = FontRef::try_from_slice(biz_ud_gothic())?;
    let lines: Vec<&str> = text.lines().collect();
    let cells = |line: &str| {
        line.chars()
            .filter_map(UnicodeWidthChar::width)
            .sum::<usize>()
    };
    let columns = lines.iter().map(|line| cells(line)).max().unwrap_or(0);
    let width = u32::try_from(columns)? * CELL + 2 * MARGIN;
    let height = u32::try_from(lines.len())? * LINE + 2 * MARGIN;
    let mut picture = RgbImage::from_pixel(width, height, BACKGROUND);
    for (row, line) in lines.iter().enumerate() {
        let top = MARGIN + u32::try_from(row)? * LINE;
        let colour = match line.trim_start().chars().next() {
            Some('■' | '▶' | '=') => HEADING,
            Some('✓') => GOOD,
            _ => TEXT,
        };
        let mut column = 0;
        for character in line.chars() {
            let left = MARGIN + column * CELL;
            put(&mut picture, &font, character, (left, top), colour);
            column += u32::try_from(character.width().unwrap_or(0))?;
        }
    }
    Ok(picture)
}

fn put(picture: &mut RgbImage, font: &FontRef, character: char, at: (u32, u32), colour: [f32; 3]) {
    let scaled = font.as_scaled(SIZE);
    let mut glyph = scaled.scaled_glyph(character);
    glyph.position = ab_glyph::point(at.0 as f32, at.1 as f32 + scaled.ascent());
    let Some(outline) = font.outline_glyph(glyph) else {
        return;
    };
    let bounds = outline.px_bounds();
    outline.draw(|x, y, coverage| {
        let (x, y) = (bounds.min.x + x as f32, bounds.min.y + y as f32);
        if x < 0.0 || y < 0.0 {
            return;
        }
        if let Some(pixel) = picture.get_pixel_mut_checked(x as u32, y as u32) {
            for (channel, target) in pixel.0.iter_mut().zip(colour) {
                let mixed = f32::from(*channel) * (1.0 - coverage) + target * coverage;
                *channel = mixed as u8;
            }
        }
    });
}
