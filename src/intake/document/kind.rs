//! What a file is, judged by its first bytes.

use super::DocumentError;

/// A format that is read here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Png,
    Jpeg,
    WebP,
    Bmp,
    Tiff,
    Pdf,
}

/// A format that is known but not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OtherKind {
    /// HEIC or AVIF, as telephones store photographs.
    Heic,
    /// GIF.
    Gif,
    /// JPEG 2000.
    Jpeg2000,
    /// JPEG XL.
    JpegXl,
    /// Word, Excel, PowerPoint or another zipped format.
    OfficeOrZip,
    /// Plain text or HTML.
    Text,
}

/// The kind of a file that starts with `head`.
pub(super) fn of(head: &[u8]) -> Result<Kind, DocumentError> {
    match head {
        [] => Err(DocumentError::Empty),
        _ if head.starts_with(b"\x89PNG\r\n\x1a\n") => Ok(Kind::Png),
        _ if head.starts_with(b"\xff\xd8\xff") => Ok(Kind::Jpeg),
        _ if is_tiff(head) => Ok(Kind::Tiff),
        _ if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Ok(Kind::WebP),
        _ if is_bmp(head) => Ok(Kind::Bmp),
        // Some producers put a few bytes before the header; readers look for it in the first kilobyte.
        _ if contains(head, b"%PDF-") => Ok(Kind::Pdf),
        _ => Err(DocumentError::UnknownKind {
            looks_like: other(head),
        }),
    }
}

fn is_tiff(head: &[u8]) -> bool {
    // 42 is TIFF 6.0, 43 BigTIFF.
    [b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b"]
        .iter()
        .any(|magic| head.starts_with(*magic))
}

/// Two letters are weak evidence, so the length of the second header counts too.
fn is_bmp(head: &[u8]) -> bool {
    head.starts_with(b"BM")
        && head
            .get(14..18)
            .is_some_and(|length| matches!(length, [12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

fn other(head: &[u8]) -> Option<OtherKind> {
    if head.get(4..8) == Some(b"ftyp") {
        return match head.get(8..12)? {
            b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"avif" => {
                Some(OtherKind::Heic)
            }
            _ => None,
        };
    }
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"GIF8") {
        Some(OtherKind::Gif)
    } else if starts(b"\0\0\0\x0cjP  ") || starts(b"\xff\x4f\xff\x51") {
        Some(OtherKind::Jpeg2000)
    } else if starts(b"\xff\x0a") || starts(b"\0\0\0\x0cJXL ") {
        Some(OtherKind::JpegXl)
    } else if starts(b"PK\x03\x04") || starts(b"\xd0\xcf\x11\xe0") {
        Some(OtherKind::OfficeOrZip)
    } else {
        is_text(head).then_some(OtherKind::Text)
    }
}

/// No control characters but white space. Japanese in any charset passes, images hardly ever do.
fn is_text(head: &[u8]) -> bool {
    head.iter()
        .all(|byte| !matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// Bytes that [`of`] wants to see.
pub(super) const HEAD: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_decide() {
        let kinds: [(&[u8], Kind); 7] = [
            (b"\x89PNG\r\n\x1a\n....", Kind::Png),
            (b"\xff\xd8\xff\xe0", Kind::Jpeg),
            (b"MM\0\x2a\0\0\0\x08", Kind::Tiff),
            (b"II\x2b\0\x08\0\0\0", Kind::Tiff),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Kind::WebP),
            (b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", Kind::Bmp),
            (b"\r\n%PDF-1.4", Kind::Pdf),
        ];
        for (head, kind) in kinds {
            assert_eq!(of(head).unwrap(), kind);
        }
    }

    #[test]
    fn what_is_not_read_is_named_where_that_is_plain() {
        let others: [(&[u8], Option<OtherKind>); 6] = [
            (b"\0\0\0\x18ftypheic\0\0\0\0", Some(OtherKind::Heic)),
            (b"GIF89a", Some(OtherKind::Gif)),
            (b"PK\x03\x04\x14\0", Some(OtherKind::OfficeOrZip)),
            ("証明書\r\n".as_bytes(), Some(OtherKind::Text)),
            (b"BMW is a car", Some(OtherKind::Text)),
            (b"\x01\x02\x03", None),
        ];
        for (head, expected) in others {
            let Err(DocumentError::UnknownKind { looks_like }) = of(head) else {
                panic!("{head:?} was taken");
            };
            assert_eq!(looks_like, expected, "{head:?}");
        }
        assert!(matches!(of(b""), Err(DocumentError::Empty)));
    }
}
