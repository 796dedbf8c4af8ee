//! What a server packed although nobody asked for it: gzip around a page or a file, base64 around a file.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The content of gzip, up to a little over `limit` bytes, and whether all of it came out; `None` for anything else.
pub(crate) fn ungzipped(bytes: &[u8], limit: usize) -> Option<(Zeroizing<Vec<u8>>, bool)> {
    if !bytes.starts_with(&GZIP) {
        return None;
    }
    let mut content = Zeroizing::new(Vec::new());
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes).take(limit as u64 + 1);
    // What came out before an error is kept: the file may be whole all the same.
    let whole = decoder.read_to_end(&mut content).is_ok() && content.len() <= limit;
    Some((content, whole))
}

/// What stands in base64 and nothing beside it, with or without the lines of PEM around it.
pub(super) fn from_base64(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let digits: Zeroizing<String> = Zeroizing::new(
        text.lines()
            .filter(|line| !line.starts_with(PEM_LINE))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .collect(),
    );
    STANDARD.decode(digits.as_bytes()).ok().map(Zeroizing::new)
}

/// gzip's mark; no page and no PFX begins so.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const PEM_LINE: &str = "-----";
