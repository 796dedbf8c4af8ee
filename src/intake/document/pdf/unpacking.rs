//! Packed streams that would fill the memory.
//!
//! The renderer unpacks a stream whole before anybody can ask how large it is, and a thousandth of its size is enough
//! to say "a gigabyte of zeros". So every deflated stream is unpacked once before, into nothing, and counted. That costs
//! a page scanned at 300 dpi some hundredths of a second, and pages that are JPEG or fax nothing. Streams packed by
//! LZW or run lengths are not looked at.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

use super::super::DocumentError;
use crate::config::Limits;

/// Refuses a file of which one stream unpacks to more than the largest page's picture.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), DocumentError> {
    let megabytes = limits.megapixels_per_page.saturating_mul(BYTES_PER_PIXEL);
    let most = u64::from(megabytes) * 1_000_000;
    match streams(bytes).any(|packed| unpacks_to_more(packed, most)) {
        true => Err(DocumentError::UnpacksTooLarge { limit: megabytes }),
        false => Ok(()),
    }
}

/// What follows each keyword `stream` and its line end, to the end of the file: where a stream ends, it says itself.
fn streams(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let found = bytes.windows(KEYWORD.len()).enumerate();
    let found = found.filter(|(_, window)| *window == KEYWORD);
    found.filter_map(|(at, _)| match &bytes[at + KEYWORD.len()..] {
        [b'\r', b'\n', packed @ ..] | [b'\n', packed @ ..] => Some(packed),
        _ => None,
    })
}

/// Whether `packed`, or what is packed in it, is longer than `most` bytes.
fn unpacks_to_more(packed: &[u8], most: u64) -> bool {
    (0..DEEPEST)
        .take_while(|times| is_deflated(unpacked(packed, *times)))
        .any(|times| is_longer(unpacked(packed, times + 1), most))
}

/// `packed`, unpacked so many times.
fn unpacked(packed: &[u8], times: usize) -> Box<dyn Read + '_> {
    (0..times).fold(Box::new(packed), |inner: Box<dyn Read + '_>, _| {
        Box::new(ZlibDecoder::new(std::io::BufReader::new(inner)))
    })
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
