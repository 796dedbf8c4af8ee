//! Packed streams that would fill the memory.
//!
//! The renderer unpacks a stream whole before anybody can ask how large it is, and a thousandth of its size is enough
//! to say "a gigabyte of zeros". So every stream is unpacked once before, filter by filter, into nothing, and counted.
//! That costs a page scanned at 300 dpi some hundredths of a second, and pages that are JPEG or fax nothing. Streams of
//! an encrypted file that needs no password are not looked at.

mod filter;

use std::io::Read;

use filter::Filter;

use super::super::DocumentError;
use crate::config::Limits;

/// Refuses a file of which one stream unpacks to more than the largest page's picture.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), DocumentError> {
    let megabytes = limits.megapixels_per_page.saturating_mul(BYTES_PER_PIXEL);
    let most = u64::from(megabytes) * 1_000_000;
    match streams(bytes).any(|stream| stream.unpacks_to_more(most)) {
        true => Err(DocumentError::UnpacksTooLarge { limit: megabytes }),
        false => Ok(()),
    }
}

struct Stream<'a> {
    /// From the object's beginning to the keyword.
    dictionary: &'a [u8],
    /// To the end of the file: where a stream ends, it says itself.
    packed: &'a [u8],
}

/// What lies around each keyword `stream` with its line end.
fn streams(bytes: &[u8]) -> impl Iterator<Item = Stream<'_>> {
    let found = bytes.windows(KEYWORD.len()).enumerate();
    let found = found.filter(|(_, window)| *window == KEYWORD);
    found.filter_map(|(at, _)| match &bytes[at + KEYWORD.len()..] {
        [b'\r', b'\n', packed @ ..] | [b'\n', packed @ ..] => {
            let before = &bytes[at.saturating_sub(LONGEST_DICTIONARY)..at];
            let begin = before
                .windows(OBJECT.len())
                .rposition(|window| window == OBJECT);
            let dictionary = &before[begin.unwrap_or(0)..];
            Some(Stream { dictionary, packed })
        }
        _ => None,
    })
}

impl Stream<'_> {
    /// Whether it, or what is packed in it, is longer than `most` bytes.
    fn unpacks_to_more(&self, most: u64) -> bool {
        let filters = Filter::named_in(self.dictionary).unwrap_or_else(|| self.apparent());
        (1..=filters.len()).any(|count| is_longer(self.unpacked(&filters[..count]), most))
    }

    fn unpacked(&self, filters: &[Filter]) -> Box<dyn Read + '_> {
        let packed: Box<dyn Read + '_> = Box::new(self.packed);
        filters
            .iter()
            .fold(packed, |inner, filter| filter.undo(inner))
    }

    /// How often it is deflated, by its looks: filters may be named elsewhere in the file.
    fn apparent(&self) -> Vec<Filter> {
        let mut filters = Vec::new();
        while filters.len() < DEEPEST && is_deflated(self.unpacked(&filters)) {
            filters.push(Filter::Deflate);
        }
        filters
    }
}

/// Whether a stream begins as zlib's do (RFC 1950, section 2.2).
fn is_deflated(stream: Box<dyn Read + '_>) -> bool {
    let mut head = Vec::new();
    let read = stream.take(2).read_to_end(&mut head);
    matches!((read, &head[..]), (Ok(_), [method, flags])
        if method & 15 == 8 && method >> 4 <= 7 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// Whether a stream holds more than `most` bytes. What is damaged ends where the damage is, as for the renderer.
fn is_longer(mut stream: Box<dyn Read + '_>, most: u64) -> bool {
    let mut piece = vec![0; 1 << 16];
    let mut length = 0;
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        length += count as u64;
        if length > most {
            return true;
        }
    }
    false
}

const KEYWORD: &[u8] = b"stream";
const OBJECT: &[u8] = b" obj";
/// A stream's dictionary is a few hundred bytes.
const LONGEST_DICTIONARY: usize = 1 << 16;
/// Cyan, magenta, yellow and black.
const BYTES_PER_PIXEL: u32 = 4;
/// Nobody packs a stream more often than this.
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn file(stream: &[u8]) -> Vec<u8> {
        [b"7 0 obj <<>> stream\r\n", stream, b"\nendstream endobj\n"].concat()
    }

    fn file_of(filters: &str, stream: &[u8]) -> Vec<u8> {
        let head = format!("7 0 obj <</Filter {filters}/Length 1>> stream\n");
        [head.as_bytes(), stream, b"\nendstream endobj\n"].concat()
    }

    fn refuses(file: &[u8]) -> bool {
        let limits = Limits {
            megapixels_per_page: 1,
            ..Limits::default()
        };
        matches!(
            check(file, &limits),
            Err(DocumentError::UnpacksTooLarge { limit: 4 })
        )
    }

    #[test]
    fn a_stream_larger_than_any_page_is_refused_however_often_it_is_packed() {
        let bomb = packed(&vec![0; 4_000_001]);
        assert!(refuses(&file(&bomb)));
        assert!(refuses(&file(&packed(&packed(&bomb)))));
        let second = [file(&packed(b"small")), file(&bomb)].concat();
        assert!(refuses(&second));
    }

    #[test]
    fn every_filter_that_makes_more_of_its_input_is_counted() {
        let runs = [129, 0].repeat(40_000);
        assert!(refuses(&file_of("/RunLengthDecode", &runs)));
        assert!(refuses(&file_of(
            "[/FlateDecode /RunLengthDecode]",
            &packed(&runs)
        )));
        assert!(!refuses(&file_of("/RunLengthDecode", &runs[..4_000])));
        let by_lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
            .encode(&vec![0; 4_000_001])
            .unwrap();
        assert!(refuses(&file_of("/LZWDecode", &by_lzw)));
        let by_text: String = packed(&vec![0; 4_000_001])
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert!(refuses(&file_of("[/AHx /Fl]", by_text.as_bytes())));
        assert!(!refuses(&file_of("/DCTDecode", &runs)));
    }

    #[test]
    fn what_is_as_large_as_a_page_passes() {
        assert!(!refuses(&file(&packed(&vec![0; 4_000_000]))));
        assert!(!refuses(&file(b"\xff\xd8 no deflated stream")));
        assert!(!refuses(&file(b"")));
        assert!(!refuses(b"stream"));
    }

    #[test]
    fn a_damaged_stream_counts_as_far_as_it_can_be_unpacked() {
        let mut bomb = packed(&vec![0; 8_000_000]);
        let cut = bomb.len() - 100;
        bomb.truncate(cut);
        assert!(refuses(&file(&bomb)));
        assert!(!refuses(&file(&bomb[..20])));
    }
}
