//! A page being filled from the top: lines, paragraphs, notes, foot.

use super::super::canvas::{A4, Canvas, Type};
use super::super::font::{Faces, Font};
use super::super::style::Style;
use super::{SMALL_PRINT, Wording};

/// A page being filled from the top.
pub(in super::super) struct Sheet<'a> {
    pub canvas: Canvas,
    pub style: &'a Style,
    /// What everything but some values is set in.
    pub font: &'a Font,
    pub(super) faces: Faces<'a>,
    /// The lower edge of what is drawn so far, in points.
    pub y: f32,
}

impl<'a> Sheet<'a> {
    /// An empty page.
    pub(in super::super) fn new(style: &'a Style, faces: impl Into<Faces<'a>>, dpi: u32) -> Self {
        let faces = faces.into();
        Self {
            canvas: Canvas::a4(dpi),
            style,
            font: faces.text,
            faces,
            y: style.end_margin,
        }
    }

    /// Width between the margins.
    pub(in super::super) fn measure(&self) -> f32 {
        A4.0 - 2.0 * self.style.side_margin
    }

    pub(super) fn room(&self) -> f32 {
        A4.1 - self.style.end_margin - FOOT - self.y
    }

    pub(super) fn head(&mut self, wording: &Wording, first: bool) {
        let size = self.style.text_size;
        self.right(&wording.date, size);
        if let (true, Some(addressee)) = (first, &wording.addressee) {
            self.left(addressee, size * 1.15);
            for line in &wording.sender {
                self.right(line, size);
            }
        }
        self.y += size;
        self.centred(&wording.title, self.style.title_size);
        self.y += size * 0.6;
        if first {
            self.paragraph(&wording.lead, size);
        }
        self.y += size * 0.4;
    }

    pub(super) fn notes_height(&self, notes: &[String]) -> f32 {
        let size = self.style.text_size * NOTE_SIZE;
        let lines: usize = notes
            .iter()
            .map(|note| self.broken(note, size, self.measure()).len())
            .sum();
        GAP + lines as f32 * size * LEADING
    }

    pub(super) fn notes(&mut self, notes: &[String]) {
        self.y += GAP / 2.0;
        for note in notes {
            self.paragraph(note, self.style.text_size * NOTE_SIZE);
        }
    }

    /// Page number and the statement that nothing here is real.
    pub(in super::super) fn foot(&mut self, (number, count): (usize, usize)) {
        let bottom = A4.1 - self.style.end_margin.min(48.0) + 12.0;
        let kind = Type {
            tone: 70,
            ..Type::of(7.5)
        };
        let start = (self.style.side_margin, bottom);
        self.canvas.text(self.font, SMALL_PRINT, start, kind);
        if self.style.page_numbers {
            let text = format!("{number}/{count}");
            let kind = Type::of(9.0);
            let width = self.canvas.measure(self.font, &text, kind);
            let start = (A4.0 - self.style.side_margin - width, bottom);
            self.canvas.text(self.font, &text, start, kind);
        }
    }

    /// A line at the left margin.
    pub(in super::super) fn left(&mut self, text: &str, size: f32) {
        self.line(text, size, |_, _| 0.0);
    }

    /// A line that ends at the right margin.
    pub(in super::super) fn right(&mut self, text: &str, size: f32) {
        self.line(text, size, |room, width| room - width);
    }

    /// A line in the middle.
    pub(in super::super) fn centred(&mut self, text: &str, size: f32) {
        self.line(text, size, |room, width| (room - width) / 2.0);
    }

    /// Text that is broken where the line ends.
    pub(in super::super) fn paragraph(&mut self, text: &str, size: f32) {
        for line in self.broken(text, size, self.measure()) {
            self.left(&line, size);
        }
    }

    fn line(&mut self, text: &str, size: f32, indent: impl Fn(f32, f32) -> f32) {
        let kind = Type::of(size);
        let width = self.canvas.measure(self.font, text, kind);
        let x = self.style.side_margin + indent(self.measure(), width).max(0.0);
        self.y += size * LEADING;
        let baseline = self.y - size * (LEADING - ASCENT);
        self.canvas.text(self.font, text, (x, baseline), kind);
    }

    /// Breaks `text` into lines of at most `width` points, between any two characters as Japanese may.
    pub(in super::super) fn broken(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let kind = Type::of(size);
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        for c in text.chars() {
            let advance = self
                .canvas
                .measure(self.font, c.encode_utf8(&mut [0; 4]), kind);
            if used + advance > width && used > 0.0 {
                lines.push(String::new());
                used = 0.0;
            }
            used += advance;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
        lines
    }
}

/// Ems from one baseline to the next in running text.
const LEADING: f32 = 1.6;
/// Ems from the top of a line to its baseline.
const ASCENT: f32 = 1.1;
/// Points between tables.
pub(super) const GAP: f32 = 14.0;
/// Points kept free for the foot.
const FOOT: f32 = 14.0;
/// Size of the notes against the text.
const NOTE_SIZE: f32 = 0.86;
