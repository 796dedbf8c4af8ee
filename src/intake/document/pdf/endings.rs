//! Whether a JBIG2 or JPEG 2000 stream ends where it says: their decoders are content with less.

/// Whether every segment that is announced fits in (ITU-T T.88, section 7.2).
pub(super) fn jbig2_is_whole(mut rest: &[u8]) -> bool {
    // Fewer bytes than any header needs are padding.
    while rest.len() >= SHORTEST_SEGMENT_HEADER {
        let Some(next) = jbig2_segment(rest).and_then(|length| rest.get(length..)) else {
            return false;
        };
        rest = next;
    }
    true
}

/// Bytes of the segment at the start of `bytes`, header included; `None` where its header is cut off.
fn jbig2_segment(bytes: &[u8]) -> Option<usize> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    let (&flags, rest) = rest.split_first()?;
    let (count, count_bytes) = match rest.first()? >> 5 {
        7 => {
            let long = u32::from_be_bytes(*rest.first_chunk::<4>()?) & 0x1fff_ffff;
            (long as usize, 4 + (long as usize + 1).div_ceil(8))
        }
        short => (usize::from(short), 1),
    };
    let reference_bytes = match u32::from_be_bytes(*number) {
        0..=256 => 1,
        257..=65_536 => 2,
        _ => 4,
    };
    let page_bytes = if flags & 0x40 == 0 { 1 } else { 4 };
    let before_length = count_bytes + count * reference_bytes + page_bytes;
    let length = rest.get(before_length..)?.first_chunk::<4>()?;
    match u32::from_be_bytes(*length) {
        // Unknown: the region ends where the stream does.
        u32::MAX => Some(bytes.len()),
        length => Some(5 + before_length + 4 + length as usize),
    }
}

/// Whether the codestream, bare or in its box, has its end mark (ITU-T T.800, annexes A and I).
pub(super) fn jpeg_2000_is_whole(bytes: &[u8]) -> bool {
    let codestream = match bytes.starts_with(&CODESTREAM_START) {
        true => Some(bytes),
        false => boxes(bytes).find_map(|(name, body)| (name == *b"jp2c").then_some(body)),
    };
    codestream.is_some_and(|stream| stream.trim_ascii_end().ends_with(&CODESTREAM_END))
}

/// Width and height in the stream's own header, which may differ from the PDF's.
pub(super) fn jpeg_2000_size(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.starts_with(&CODESTREAM_START) {
        let (width, rest) = bytes.get(8..)?.split_first_chunk::<4>()?;
        let height = rest.first_chunk::<4>()?;
        return Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)));
    }
    let head = bytes.get(..bytes.len().min(512))?;
    let at = head.windows(4).position(|window| window == b"ihdr")?;
    let (height, rest) = head.get(at + 4..)?.split_first_chunk::<4>()?;
    let width = rest.first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

/// Name and body of each box that lies wholly in the stream.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (name, tail) = tail.split_first_chunk::<4>()?;
        let (body, next) = match u32::from_be_bytes(*length) {
            // The last box reaches to the end.
            0 => (tail, &tail[tail.len()..]),
            1 => {
                let (wide, tail) = tail.split_first_chunk::<8>()?;
                let length = usize::try_from(u64::from_be_bytes(*wide)).ok()?;
                tail.split_at_checked(length.checked_sub(16)?)?
            }
            length => tail.split_at_checked((length as usize).checked_sub(8)?)?,
        };
        rest = next;
        Some((*name, body))
    })
}

const SHORTEST_SEGMENT_HEADER: usize = 11;
const CODESTREAM_START: [u8; 4] = [0xff, 0x4f, 0xff, 0x51];
const CODESTREAM_END: [u8; 2] = [0xff, 0xd9];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jbig2_segment_must_fit_in() {
        // Page information (19 bytes) on page 1, then a region of 4 bytes.
        let mut bytes = b"\0\0\0\0\x30\0\x01\0\0\0\x13".to_vec();
        bytes.extend([0; 19]);
        assert!(jbig2_is_whole(&bytes));
        bytes.extend(b"\0\0\0\x01\x26\0\x01\0\0\0\x04abc");
        assert!(!jbig2_is_whole(&bytes));
        bytes.push(b'd');
        assert!(jbig2_is_whole(&bytes));
    }

    #[test]
    fn a_codestream_must_end_with_its_mark_bare_or_boxed() {
        let bare = b"\xff\x4f\xff\x51....\xff\xd9";
        assert!(jpeg_2000_is_whole(bare));
        assert!(!jpeg_2000_is_whole(&bare[..9]));
        let boxed = [
            b"\0\0\0\x0cjP  \x0d\x0a\x87\x0a\0\0\0\x12jp2c".as_slice(),
            bare,
        ]
        .concat();
        assert!(jpeg_2000_is_whole(&boxed));
        assert!(!jpeg_2000_is_whole(&boxed[..boxed.len() - 1]));
    }
}
