//! One ruled table of labels and values.

use super::super::canvas::Type;
use super::super::font::Font;
use super::super::style::Rules;
use super::sheet::{GAP, Sheet};

/// A table with an optional caption above it.
pub(in super::super) struct Table {
    caption: Option<String>,
    rows: Vec<Row>,
}

/// A label beside its value.
pub(in super::super) struct Row {
    /// Parts of the label: what stands on the first line, what joins it to the second, the second.
    label: Vec<String>,
    value: Value,
    face: Face,
}

/// Whose font a value is set in.
#[derive(Clone, Copy)]
pub(in super::super) enum Face {
    /// As the labels.
    Text,
    /// 発行者
    Issuer,
    /// Both IDs.
    Ids,
}

/// What stands in the right cell, by how it may be broken.
pub(in super::super) enum Value {
    /// Never: it is set smaller instead.
    Unbroken(String),
    /// At blanks.
    Words(String),
    /// Anywhere.
    Text(String),
    /// Between its two halves.
    Range(String, String),
}

/// A row whose lines are known.
struct SetRow {
    label: Vec<String>,
    value: Vec<String>,
    kind: Type,
    face: Face,
    height: f32,
}

impl Row {
    /// A row; `label` is one part, or first line, joint and second line.
    pub(in super::super) fn new(label: &[&str], value: Value) -> Self {
        Self {
            label: label.iter().map(|&part| part.to_owned()).collect(),
            value,
            face: Face::Text,
        }
    }

    /// The row with its value set in `face`.
    pub(in super::super) fn set_in(self, face: Face) -> Self {
        Self { face, ..self }
    }
}

impl Table {
    /// A table of `rows`.
    pub(in super::super) fn new(caption: Option<String>, rows: Vec<Row>) -> Self {
        Self { caption, rows }
    }

    /// Its height on `sheet`, in points.
    pub(super) fn height(&self, sheet: &Sheet<'_>) -> f32 {
        let rows: f32 = self.rows.iter().map(|row| sheet.set(row).height).sum();
        rows + self
            .caption
            .as_ref()
            .map_or(0.0, |_| sheet.caption_height())
    }
}

impl<'a> Sheet<'a> {
    /// Draws a table below what is there.
    pub(in super::super) fn table(&mut self, table: &Table) {
        if let Some(caption) = &table.caption {
            let baseline = self.y + self.caption_height() - self.style.text_size * 0.45;
            let start = (self.style.side_margin, baseline);
            let kind = Type::of(self.style.text_size);
            self.canvas.text(self.font, caption, start, kind);
            self.y += self.caption_height();
        }
        let rows: Vec<SetRow> = table.rows.iter().map(|row| self.set(row)).collect();
        let top = self.y;
        for row in &rows {
            self.row(row);
        }
        self.verticals(top);
        self.y += GAP;
    }

    fn caption_height(&self) -> f32 {
        self.style.text_size * 1.7
    }

    fn label_width(&self) -> f32 {
        self.measure() * self.style.label_share
    }

    fn row(&mut self, row: &SetRow) {
        let (left, top) = (self.style.side_margin, self.y);
        let (label_width, measure) = (self.label_width(), self.measure());
        if let Some(tone) = self.style.label_shade {
            self.canvas
                .shade((left, top), (label_width, row.height), tone);
        }
        let middle = top + row.height / 2.0;
        let kind = Type::of(self.style.text_size);
        self.lines(&row.label, (self.font, kind), (left, middle), None);
        let room = measure - label_width;
        let centred = self.style.centred_values.then_some(room);
        let set = (self.face(row.face), row.kind);
        self.lines(&row.value, set, (left + label_width, middle), centred);
        self.y += row.height;
        let weight = self.style.rule_weight;
        if self.style.rules != Rules::Absent {
            for y in [top, self.y] {
                self.canvas.horizontal((left, y), measure, weight);
            }
        }
    }

    fn verticals(&mut self, top: f32) {
        if self.style.rules != Rules::Full {
            return;
        }
        let left = self.style.side_margin;
        let (height, weight) = (self.y - top, self.style.rule_weight);
        for x in [left, left + self.label_width(), left + self.measure()] {
            self.canvas.vertical((x, top), height, weight);
        }
    }

    /// Lines around the height `middle`, in a cell that starts at `x`.
    fn lines(
        &mut self,
        lines: &[String],
        (font, kind): (&Font, Type),
        (x, middle): (f32, f32),
        centred: Option<f32>,
    ) {
        let size = kind.size;
        let first = middle - (lines.len() as f32 - 1.0) / 2.0 * size * LINE;
        for (i, line) in lines.iter().enumerate() {
            let baseline = first + i as f32 * size * LINE + size * TO_BASELINE;
            let indent = centred.map_or(PADDING, |room| {
                let width = self.canvas.measure(font, line, kind);
                ((room - width) / 2.0).max(PADDING)
            });
            self.canvas.text(font, line, (x + indent, baseline), kind);
        }
    }

    /// Breaks the cells of `row` into lines.
    fn set(&self, row: &Row) -> SetRow {
        let size = self.style.text_size;
        let label_room = self.label_width() - 2.0 * PADDING;
        let label: Vec<String> = self
            .label_lines(&row.label, label_room)
            .iter()
            .flat_map(|line| self.broken(line, size, label_room))
            .collect();
        let value_room = self.measure() - self.label_width() - 2.0 * PADDING;
        let (value, kind) = self.value_lines(row, value_room);
        let lines = label.len().max(value.len()) as f32;
        SetRow {
            label,
            value,
            kind,
            face: row.face,
            height: self.style.row_height.max(lines * size * LINE + size * 0.7),
        }
    }

    fn label_lines(&self, parts: &[String], room: f32) -> Vec<String> {
        let whole = parts.concat();
        let kind = Type::of(self.style.text_size);
        let fits = self.canvas.measure(self.font, &whole, kind) <= room;
        match parts {
            [first, _, second] if self.style.wrap_labels || !fits => {
                vec![first.clone(), second.clone()]
            }
            _ => vec![whole],
        }
    }

    fn value_lines(&self, row: &Row, room: f32) -> (Vec<String>, Type) {
        let kind = self.kind(row.face);
        let width = |text: &str| self.canvas.measure(self.face(row.face), text, kind);
        let lines = match &row.value {
            Value::Unbroken(text) => {
                let shrunk = (room / width(text)).min(1.0) * kind.size;
                let kind = Type {
                    size: shrunk,
                    ..kind
                };
                return (vec![text.clone()], kind);
            }
            Value::Words(text) => words_broken(text, room, width),
            Value::Text(text) => {
                // Added space is left out of account by `broken`, so its room is kept free.
                let tight = room / (1.0 + kind.spacing);
                self.broken(text, kind.size, tight)
            }
            Value::Range(from, to) if width(from) + width(to) <= room => {
                vec![format!("{from}{to}")]
            }
            Value::Range(from, to) => vec![from.clone(), to.trim_start().to_owned()],
        };
        (lines, kind)
    }

    /// How values in `face` are set.
    fn kind(&self, face: Face) -> Type {
        let kind = Type {
            spacing: self.style.value_spacing,
            ..Type::of(self.style.text_size)
        };
        match face {
            Face::Text | Face::Issuer => kind,
            Face::Ids => {
                let ids = self.style.ids;
                Type {
                    size: kind.size * ids.size,
                    spacing: kind.spacing + ids.spacing,
                    bold: ids.bold,
                    ..kind
                }
            }
        }
    }

    fn face(&self, face: Face) -> &'a Font {
        match face {
            Face::Text => self.faces.text,
            Face::Issuer => self.faces.issuer,
            Face::Ids => self.faces.ids,
        }
    }
}

fn words_broken(text: &str, room: f32, width: impl Fn(&str) -> f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}")) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Points between a rule and the text beside it.
const PADDING: f32 = 5.0;
/// Ems from one baseline to the next within a cell.
const LINE: f32 = 1.3;
/// Ems from the middle of a line to its baseline.
const TO_BASELINE: f32 = 0.37;
