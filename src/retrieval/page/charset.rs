//! Bytes of a page to text, and text back to the bytes of a submission.
//!
//! Japanese sites declare their charset in the header, in a `meta`, twice differently, or wrongly. The
//! declarations are believed in the standard's order (byte order mark, header, meta) as long as the bytes
//! agree; where they do not, the encoding under which the page is least broken is taken.

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, WINDOWS_1252};

/// A page's text and the charset in which its form is answered.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The text.
    pub(crate) text: String,
    /// The encoding found.
    pub(crate) encoding: &'static Encoding,
}

/// Decodes a page; `content_type` is the header's value.
pub(crate) fn decode(bytes: &[u8], content_type: Option<&str>) -> Decoded {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decoded(&bytes[mark..], encoding);
    }
    let declared = [
        content_type.and_then(charset_parameter),
        declared_in_markup(bytes),
    ];
    // windows-1252 is what servers say when nobody told them: it proves nothing and never fails.
    let mut candidates: Vec<&'static Encoding> = declared
        .into_iter()
        .flatten()
        .filter(|encoding| *encoding != WINDOWS_1252)
        .collect();
    candidates.extend(sniffed(bytes));
    candidates.extend(declared.into_iter().flatten());
    let mut best = decoded(bytes, UTF_8);
    let mut least = usize::MAX;
    for encoding in candidates {
        let attempt = decoded(bytes, encoding);
        let damage = damage(&attempt.text);
        if damage < least {
            least = damage;
            best = attempt;
        }
        if least == 0 {
            break;
        }
    }
    best
}

/// The encoding that a label names, with the aliases of Japanese vendors.
pub(crate) fn for_label(label: &str) -> Option<&'static Encoding> {
    let label = label
        .trim()
        .trim_matches(|c| matches!(c, '"' | '\''))
        .to_ascii_lowercase();
    match label.as_str() {
        "cp932" | "windows-932" | "x-ms-cp932" => Some(SHIFT_JIS),
        "eucjp" | "cp51932" | "eucjp-win" | "eucjp-ms" => Some(EUC_JP),
        "jis" | "iso-2022-jp-ms" | "cp50220" | "cp50221" => Some(ISO_2022_JP),
        "utf8" => Some(UTF_8),
        other => Encoding::for_label_no_replacement(other.as_bytes()),
    }
}

/// Encodes a name or value for submission; what the charset lacks becomes `&#n;`, as in browsers.
pub(crate) fn encode(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    encoding.output_encoding().encode(text).0.into_owned()
}

fn decoded(bytes: &[u8], encoding: &'static Encoding) -> Decoded {
    Decoded {
        text: encoding.decode_without_bom_handling(bytes).0.into_owned(),
        encoding,
    }
}

/// How broken a text looks: replacement characters, and the half-width katakana and stray controls that a
/// wrong Japanese decoding brings and that no page is written in.
fn damage(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{fffd}' => 4,
            '\u{ff61}'..='\u{ff9f}' | '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' => 1,
            '\0'..='\u{8}' | '\u{e}'..='\u{1f}' => 2,
            _ => 0,
        })
        .sum()
}

/// Encodings worth trying when nothing believable is declared.
fn sniffed(bytes: &[u8]) -> Vec<&'static Encoding> {
    let switches_to_kanji = bytes
        .windows(3)
        .any(|w| matches!(w, [0x1b, b'$', b'@' | b'B']));
    match switches_to_kanji {
        true => vec![ISO_2022_JP],
        false => vec![UTF_8, EUC_JP, SHIFT_JIS],
    }
}

/// `charset=` in a Content-Type or in a meta's content.
fn charset_parameter(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let after = &lower[lower.find("charset")? + "charset".len()..];
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split([';', ' ', ',', '"', '\'']).next()?,
    };
    for_label(value)
}

/// What the first kilobytes declare: an XML declaration or the first meta that names a charset.
fn declared_in_markup(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(MARKUP_SEARCHED)]);
    let head = without_comments(&head.to_ascii_lowercase());
    let xml = head
        .trim_start()
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split("?>").next())
        .and_then(|declaration| declaration.split_once("encoding"))
        .and_then(|(_, rest)| rest.trim_start().strip_prefix('='))
        .and_then(|value| for_label(value.trim().split([' ', '?']).next()?));
    let meta = head
        .match_indices("<meta")
        .filter_map(|(at, _)| head[at..].split('>').next())
        .find_map(charset_parameter);
    // A declaration that can be read as ASCII cannot be in UTF-16.
    meta.or(xml).map(|encoding| encoding.output_encoding())
}

fn without_comments(html: &str) -> String {
    let mut kept = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// Bytes searched for a declaration; browsers take 1,024, templates put long comments first.
const MARKUP_SEARCHED: usize = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<html><title>証明書の取得画面</title>リクエストID リファレンスID 髙﨑①";

    fn page(encoding: &'static Encoding, meta: &str) -> Vec<u8> {
        encode(&format!("{meta}{TEXT}"), encoding)
    }

    #[test]
    fn every_japanese_charset_is_read_with_and_without_a_declaration() {
        for encoding in [UTF_8, SHIFT_JIS, EUC_JP, ISO_2022_JP] {
            let text = TEXT.replace("髙﨑①", "");
            let bytes = encode(&text, encoding);
            let by_header = format!("text/html; charset=\"{}\"", encoding.name());
            for header in [None, Some("text/html"), Some(by_header.as_str())] {
                let found = decode(&bytes, header);
                assert_eq!(found.text, text, "{} {header:?}", encoding.name());
                assert_eq!(found.encoding, encoding);
            }
        }
    }

    #[test]
    fn a_meta_names_the_charset() {
        for meta in [
            "<meta charset=cp932>",
            "<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset=Windows-31J'>",
            "<!-- <meta charset=utf-8> --><meta charset='Shift_JIS'/>",
            "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>",
        ] {
            let found = decode(&page(SHIFT_JIS, meta), Some("text/html"));
            assert_eq!(found.encoding, SHIFT_JIS, "{meta}");
            assert!(found.text.ends_with("髙﨑①"), "{}", found.text);
        }
    }

    #[test]
    fn a_wrong_declaration_is_not_believed() {
        for (truth, said) in [
            (SHIFT_JIS, "utf-8"),
            (SHIFT_JIS, "iso-8859-1"),
            (EUC_JP, "shift_jis"),
            (UTF_8, "shift_jis"),
            (UTF_8, "euc-jp"),
            (SHIFT_JIS, "euc-jp"),
            (ISO_2022_JP, "us-ascii"),
        ] {
            let text = TEXT.replace("髙﨑①", "");
            let header = format!("text/html;charset={said}");
            let found = decode(&encode(&text, truth), Some(&header));
            assert_eq!(found.text, text, "{} sent as {said}", truth.name());
        }
    }

    #[test]
    fn a_byte_order_mark_wins() {
        let mut bytes = vec![0xef, 0xbb, 0xbf];
        bytes.extend(TEXT.bytes());
        let found = decode(&bytes, Some("text/html; charset=shift_jis"));
        assert_eq!(found.text, TEXT);
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain(TEXT.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(&utf16, None).text, TEXT);
    }

    #[test]
    fn what_a_charset_lacks_is_sent_as_a_reference() {
        assert_eq!(encode("é", SHIFT_JIS), b"&#233;");
    }
}
