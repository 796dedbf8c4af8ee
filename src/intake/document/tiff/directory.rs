//! The directories of a TIFF: byte order, tags, the chain from page to page.

use std::io;

use super::super::contents::Contents;

/// Byte order and width of offsets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ByteLayout {
    big_endian: bool,
    /// BigTIFF: offsets and counts of 64 bits.
    wide: bool,
}

/// One page's directory.
#[derive(Debug)]
pub(super) struct Directory {
    place: u64,
    entries: Vec<Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where the value, or the offset to it, stands in the file.
    place: u64,
    field: Vec<u8>,
}

impl ByteLayout {
    /// Reads the header: the layout and the place of the first directory.
    pub(super) fn read(contents: &Contents) -> io::Result<(Self, u64)> {
        let head = contents.slice(0, 8)?;
        let layout = Self {
            big_endian: head.starts_with(b"MM"),
            wide: head[2] == 43 || head[3] == 43,
        };
        let first = match layout.wide {
            true => layout.number(&contents.slice(8, 8)?),
            false => layout.number(&head[4..8]),
        };
        Ok((layout, first))
    }

    /// Where the header keeps the place of the first directory.
    pub(super) fn first_directory_field(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    /// `number` as an offset of this file.
    pub(super) fn offset_bytes(&self, number: u64) -> Vec<u8> {
        self.bytes(number, if self.wide { 8 } else { 4 })
    }

    /// `number` as a 16-bit value of this file.
    pub(super) fn short_bytes(&self, number: u16) -> Vec<u8> {
        self.bytes(number.into(), 2)
    }

    fn bytes(&self, number: u64, width: usize) -> Vec<u8> {
        match self.big_endian {
            true => number.to_be_bytes()[8 - width..].to_vec(),
            false => number.to_le_bytes()[..width].to_vec(),
        }
    }

    /// An unsigned number of up to eight bytes.
    fn number(&self, bytes: &[u8]) -> u64 {
        let shifted = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.big_endian {
            true => bytes.iter().fold(0, shifted),
            false => bytes.iter().rev().fold(0, shifted),
        }
    }
}

impl Directory {
    /// Reads the directory at `place`.
    pub(super) fn read(contents: &Contents, layout: &ByteLayout, place: u64) -> io::Result<Self> {
        let (count_width, entry_width, link_width) = match layout.wide {
            true => (8, 20, 8),
            false => (2, 12, 4),
        };
        let count = layout.number(&contents.slice(place, count_width)?);
        let first = place.saturating_add(count_width);
        let length = count.checked_mul(entry_width).ok_or_else(cut_off)?;
        let table = contents.slice(first, length)?;
        let link = contents.slice(first.saturating_add(length), link_width)?;
        let entries = table
            .chunks_exact(entry_width as usize)
            .zip((first..).step_by(entry_width as usize))
            .map(|(bytes, place)| Entry::of(bytes, place, layout))
            .collect();
        Ok(Self {
            place,
            entries,
            next: layout.number(&link),
        })
    }

    /// Where it stands.
    pub(super) fn place(&self) -> u64 {
        self.place
    }

    /// Where the next one stands; 0 after the last.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Where the value of a short tag stands.
    pub(super) fn field_of(&self, tag: u16) -> Option<u64> {
        self.entry(tag).map(|entry| entry.place)
    }

    /// The first number of a tag.
    pub(super) fn number(
        &self,
        contents: &Contents,
        layout: &ByteLayout,
        tag: u16,
    ) -> io::Result<Option<u64>> {
        let numbers = self.numbers(contents, layout, tag)?;
        Ok(numbers.and_then(|numbers| numbers.first().copied()))
    }

    /// All numbers of a tag; `None` where it is absent or holds no unsigned numbers.
    pub(super) fn numbers(
        &self,
        contents: &Contents,
        layout: &ByteLayout,
        tag: u16,
    ) -> io::Result<Option<Vec<u64>>> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        let width = match entry.kind {
            1 | 7 => 1,   // BYTE, UNDEFINED
            3 => 2,       // SHORT
            4 | 13 => 4,  // LONG, IFD
            16 | 18 => 8, // LONG8, IFD8
            _ => return Ok(None),
        };
        let bytes = entry.value(contents, layout, width)?;
        let numbers = bytes.chunks_exact(width as usize);
        Ok(Some(numbers.map(|bytes| layout.number(bytes)).collect()))
    }

    /// The first fraction of a tag.
    pub(super) fn fraction(
        &self,
        contents: &Contents,
        layout: &ByteLayout,
        tag: u16,
    ) -> io::Result<Option<f32>> {
        let Some(entry) = self.entry(tag).filter(|entry| entry.kind == 5) else {
            return Ok(None);
        };
        let bytes = entry.value(contents, layout, 8)?;
        let Some((above, below)) = bytes.get(..8).map(|bytes| bytes.split_at(4)) else {
            return Ok(None);
        };
        let below = layout.number(below);
        Ok((below != 0).then(|| layout.number(above) as f32 / below as f32))
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

impl Entry {
    fn of(bytes: &[u8], place: u64, layout: &ByteLayout) -> Self {
        let value = if layout.wide { 12 } else { 8 };
        Self {
            tag: layout.number(&bytes[..2]) as u16,
            kind: layout.number(&bytes[2..4]) as u16,
            count: layout.number(&bytes[4..value]),
            place: place + value as u64,
            field: bytes[value..].to_vec(),
        }
    }

    /// The bytes of all values, `width` bytes each: in the field itself where they fit.
    fn value(&self, contents: &Contents, layout: &ByteLayout, width: u64) -> io::Result<Vec<u8>> {
        let length = self.count.checked_mul(width).ok_or_else(cut_off)?;
        if length > LONGEST_VALUE {
            return Err(cut_off());
        }
        match self.field.get(..length as usize) {
            Some(inside) => Ok(inside.to_vec()),
            None => contents.slice(layout.number(&self.field), length),
        }
    }
}

fn cut_off() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

/// Bytes of one tag's values: strip tables of the tallest page stay far below.
const LONGEST_VALUE: u64 = 16_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with a width of 5 and a resolution of 300/1, in the given order.
    fn file(big_endian: bool) -> Contents {
        let short = |n: u16| {
            if big_endian {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let long = |n: u32| {
            if big_endian {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let mut bytes = if big_endian {
            b"MM".to_vec()
        } else {
            b"II".to_vec()
        };
        bytes.extend(short(42));
        bytes.extend(long(8));
        bytes.extend(short(2));
        for (tag, kind, field) in [
            (256, 3, [short(5), short(0)].concat()),
            (282, 5, long(38).to_vec()),
        ] {
            bytes.extend(short(tag));
            bytes.extend(short(kind));
            bytes.extend(long(1));
            bytes.extend(field);
        }
        bytes.extend(long(99));
        bytes.extend(long(300));
        bytes.extend(long(1));
        Contents::InMemory(bytes.into())
    }

    #[test]
    fn both_byte_orders_are_read() {
        for big_endian in [true, false] {
            let file = file(big_endian);
            let (layout, first) = ByteLayout::read(&file).unwrap();
            let directory = Directory::read(&file, &layout, first).unwrap();
            assert_eq!(directory.number(&file, &layout, 256).unwrap(), Some(5));
            assert_eq!(
                directory.fraction(&file, &layout, 282).unwrap(),
                Some(300.0)
            );
            assert_eq!(directory.number(&file, &layout, 257).unwrap(), None);
            assert_eq!(directory.next(), 99);
        }
    }

    #[test]
    fn a_count_that_the_file_cannot_hold_is_an_end_and_no_allocation() {
        let file = file(false);
        let (layout, _) = ByteLayout::read(&file).unwrap();
        let error = Directory::read(&file, &layout, 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
