//! Whether received bytes are a PFX, and whether all of it is there: by its own structure.
//!
//! RFC 7292: `PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }`.
//! Wholeness is the DER length, or the end-of-contents that closes a BER indefinite length (BouncyCastle
//! writes those). Content-Length, the last chunk and close_notify prove nothing: a whole file after an abrupt
//! end is whole, and a short one after a clean end is not.

/// What the bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// A whole PFX, from `start` to `end`; what a server put around it is not part of it.
    Whole {
        /// Its first byte.
        start: usize,
        /// One past its last byte.
        end: usize,
    },
    /// The beginning of a PFX.
    Cut,
    /// A PFX whose parts do not fit into each other.
    Broken,
    /// Something else in DER: a bare certificate, a PKCS#7 file.
    OtherDer,
    /// No DER at all.
    Other,
}

/// Looks at the bytes of an answer, whatever its headers said.
pub(crate) fn shape(bytes: &[u8]) -> Shape {
    let start = bytes
        .iter()
        .take(MOST_PADDING)
        .take_while(|byte| byte.is_ascii_whitespace() || BYTE_ORDER_MARK.contains(byte))
        .count();
    let pfx = &bytes[start..];
    let header = match header(pfx) {
        Read::Done(header) if header.tag == SEQUENCE => header,
        Read::Short if pfx.first() == Some(&SEQUENCE) => return Shape::Cut,
        _ => return Shape::Other,
    };
    match begins_like_a_pfx(&pfx[header.size..]) {
        Some(true) => {}
        Some(false) if plausible_der(pfx, &header) => return Shape::OtherDer,
        Some(false) => return Shape::Other,
        None => return Shape::Cut,
    }
    match header.length {
        None => match element_end(pfx) {
            Read::Done(end) => Shape::Whole {
                start,
                end: start + end,
            },
            Read::Short => Shape::Cut,
            Read::Bad => Shape::Broken,
        },
        Some(length) => match header.size.checked_add(length) {
            Some(end) if end <= pfx.len() => match parts_fit(&pfx[header.size..end]) {
                true => Shape::Whole {
                    start,
                    end: start + end,
                },
                false => Shape::Broken,
            },
            _ => Shape::Cut,
        },
    }
}

/// The outcome of reading a piece of structure.
#[derive(Debug, PartialEq)]
enum Read<T> {
    Done(T),
    /// The bytes end too early.
    Short,
    /// No such structure.
    Bad,
}

/// Tag and length of one element.
#[derive(Debug, PartialEq)]
struct Header {
    tag: u8,
    /// Bytes of the header itself.
    size: usize,
    /// Bytes of the content; `None` for the indefinite form.
    length: Option<usize>,
}

fn header(bytes: &[u8]) -> Read<Header> {
    let Some(&tag) = bytes.first() else {
        return Read::Short;
    };
    let mut size = 1;
    if tag & 0x1f == 0x1f {
        loop {
            match bytes.get(size) {
                None => return Read::Short,
                Some(_) if size > 4 => return Read::Bad,
                Some(more) => {
                    size += 1;
                    if more & 0x80 == 0 {
                        break;
                    }
                }
            }
        }
    }
    let Some(&first) = bytes.get(size) else {
        return Read::Short;
    };
    size += 1;
    let length = match first {
        0..=0x7f => Some(usize::from(first)),
        0x80 => None,
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let Some(digits) = bytes.get(size..size + count) else {
                return Read::Short;
            };
            size += count;
            let value = digits
                .iter()
                .fold(0_u64, |sum, d| (sum << 8) | u64::from(*d));
            match usize::try_from(value) {
                Ok(length) => Some(length),
                Err(_) => return Read::Bad,
            }
        }
        _ => return Read::Bad,
    };
    Read::Done(Header { tag, size, length })
}

/// Version 3, then a ContentInfo of data or signedData; `None` when too few bytes are there to tell.
fn begins_like_a_pfx(content: &[u8]) -> Option<bool> {
    let version = [0x02, 0x01, 0x03, SEQUENCE];
    let there = content.len().min(version.len());
    if content[..there] != version[..there] {
        return Some(false);
    }
    let Read::Done(info) = header(content.get(3..)?) else {
        return None;
    };
    let kind = content.get(3 + info.size..)?;
    let there = kind.len().min(PKCS7.len());
    match kind[..there] == PKCS7[..there] {
        false => Some(false),
        true if there < PKCS7.len() => None,
        true => Some(true),
    }
}

/// Another file in DER rather than a text that happens to begin with the digit 0.
fn plausible_der(bytes: &[u8], header: &Header) -> bool {
    let known_first = |tag: u8| matches!(tag, 0x02 | 0x06 | SEQUENCE | 0x31 | 0x04 | 0xa0);
    header
        .length
        .is_none_or(|length| length >= bytes.len().saturating_sub(header.size + MOST_PADDING))
        && bytes.get(header.size).copied().is_some_and(known_first)
        && bytes.iter().any(|byte| !byte.is_ascii())
}

/// Version, authSafe and at most one macData fill the content exactly.
fn parts_fit(content: &[u8]) -> bool {
    let mut at = 0;
    let mut parts = 0;
    while at < content.len() {
        match element_end(&content[at..]) {
            Read::Done(size) => at += size,
            Read::Short | Read::Bad => return false,
        }
        parts += 1;
    }
    matches!(parts, 2 | 3)
}

/// Where the first element ends; only indefinite lengths are looked into, since the others say it.
fn element_end(bytes: &[u8]) -> Read<usize> {
    let mut at = 0;
    let mut open = 0_usize;
    loop {
        let element = match bytes.get(at..).map(header) {
            Some(Read::Done(element)) => element,
            Some(Read::Bad) => return Read::Bad,
            Some(Read::Short) | None => return Read::Short,
        };
        at += element.size;
        match element.length {
            None if element.tag & CONSTRUCTED == 0 || open >= DEEPEST => return Read::Bad,
            None => open += 1,
            Some(0) if element.tag == 0 && open == 0 => return Read::Bad,
            Some(0) if element.tag == 0 => open -= 1,
            Some(length) => match at.checked_add(length) {
                Some(end) if end <= bytes.len() => at = end,
                _ => return Read::Short,
            },
        }
        if open == 0 {
            return Read::Done(at);
        }
    }
}

/// Tag of a SEQUENCE.
const SEQUENCE: u8 = 0x30;

/// The bit of a tag whose content is made of elements.
const CONSTRUCTED: u8 = 0x20;

/// The common beginning of id-data and id-signedData (PKCS#7), as an OBJECT IDENTIFIER.
const PKCS7: [u8; 10] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];

/// UTF-8's mark, which a careless server writes before the file.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Blank bytes that a careless server writes before the file.
const MOST_PADDING: usize = 64;

/// Indefinite lengths nested deeper than this are no PFX.
const DEEPEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A PFX with nothing in it, in definite lengths.
    fn definite() -> Vec<u8> {
        let mut info = PKCS7.to_vec();
        info.extend([0x01, 0xa0, 0x02, 0x04, 0x00]);
        let mut content = vec![0x02, 0x01, 0x03, SEQUENCE, info.len() as u8];
        content.extend(info);
        let mut pfx = vec![SEQUENCE, 0x81, content.len() as u8];
        pfx.extend(content);
        pfx
    }

    /// The same in indefinite lengths.
    fn indefinite() -> Vec<u8> {
        let mut pfx = vec![SEQUENCE, 0x80, 0x02, 0x01, 0x03, SEQUENCE, 0x80];
        pfx.extend(PKCS7);
        pfx.extend([0x01, 0xa0, 0x80, 0x24, 0x80, 0x04, 0x02, 0x00, 0x00]);
        pfx.extend([0; 8]);
        pfx
    }

    #[test]
    fn a_whole_pfx_is_told_from_every_shorter_one() {
        for pfx in [definite(), indefinite()] {
            let whole = Shape::Whole {
                start: 0,
                end: pfx.len(),
            };
            assert_eq!(shape(&pfx), whole);
            for length in 1..pfx.len() {
                assert_eq!(
                    shape(&pfx[..length]),
                    Shape::Cut,
                    "{length} of {}",
                    pfx.len()
                );
            }
        }
    }

    #[test]
    fn what_a_server_puts_around_the_file_is_no_part_of_it() {
        for pfx in [definite(), indefinite()] {
            let mut sent = b"\xef\xbb\xbf\r\n".to_vec();
            sent.extend(&pfx);
            sent.extend(b"\r\n</html>");
            let found = Shape::Whole {
                start: 5,
                end: 5 + pfx.len(),
            };
            assert_eq!(shape(&sent), found);
        }
    }

    #[test]
    fn other_bytes_are_no_pfx() {
        assert_eq!(shape(b""), Shape::Other);
        assert_eq!(shape(b"<html>"), Shape::Other);
        assert_eq!(shape(b"0123456789 is no answer"), Shape::Other);
        let certificate = [
            &[0x30, 0x82, 0x00, 0x06, 0x30, 0x04][..],
            &[0xa0, 0x02, 0x02, 0x00],
        ]
        .concat();
        assert_eq!(shape(&certificate), Shape::OtherDer);
    }

    #[test]
    fn parts_that_do_not_fit_are_broken() {
        let mut pfx = definite();
        let info_length = 7;
        pfx[info_length] += 1;
        assert_eq!(shape(&pfx), Shape::Broken);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(start in prop::sample::select(vec![definite(), indefinite()]), noise in any::<Vec<u8>>(), at in 0_usize..40) {
            let mut bytes = start;
            bytes.truncate(at);
            bytes.extend(noise);
            shape(&bytes);
        }
    }
}
