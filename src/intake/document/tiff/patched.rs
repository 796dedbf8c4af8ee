//! A reader that shows a few bytes of a file differently.
//!
//! So the `tiff` crate starts at the directory of our choice and takes a palette for shades of grey,
//! without a copy of the file.

use std::io::{self, Read, Seek, SeekFrom};

/// `inner` with some bytes replaced.
pub(super) struct Patched<R> {
    inner: R,
    position: u64,
    patches: Vec<(u64, Vec<u8>)>,
}

impl<R: Read + Seek> Patched<R> {
    /// Shows each patch at its place.
    pub(super) fn new(mut inner: R, patches: Vec<(u64, Vec<u8>)>) -> io::Result<Self> {
        Ok(Self {
            position: inner.stream_position()?,
            inner,
            patches,
        })
    }
}

impl<R: Read> Read for Patched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for (place, bytes) in &self.patches {
            for (at, byte) in (*place..).zip(bytes) {
                let index = at.checked_sub(self.position);
                let index = index.and_then(|index| usize::try_from(index).ok());
                if let Some(shown) = index.and_then(|index| buffer[..count].get_mut(index)) {
                    *shown = *byte;
                }
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Seek> Seek for Patched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.inner.seek(to)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn patches_show_however_the_file_is_read() {
        let patches = vec![(2, b"XY".to_vec()), (7, b"Z".to_vec())];
        let mut patched = Patched::new(Cursor::new(b"abcdefgh"), patches).unwrap();
        let mut all = String::new();
        patched.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abXYefgZ");
        let mut one = [0];
        for (at, byte) in all.bytes().enumerate() {
            patched.seek(SeekFrom::Start(at as u64)).unwrap();
            patched.read_exact(&mut one).unwrap();
            assert_eq!(one, [byte]);
        }
    }
}
