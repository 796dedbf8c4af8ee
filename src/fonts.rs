//! The one embedded font, BIZ UDGothic (SIL Open Font License 1.1, see `models/fonts/`).
//!
//! It draws the practice letters and stands in for fonts that a PDF names but does not bring; without
//! one, Japanese text of such a PDF would vanish from the page in silence.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

/// BIZ UDGothic Regular as a TrueType file, unpacked when it is first asked for.
pub fn biz_ud_gothic() -> &'static [u8] {
    static FONT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut font = Vec::new();
        // The bytes are compiled in and a test unpacks them.
        GzDecoder::new(PACKED)
            .read_to_end(&mut font)
            .expect("the embedded font is a gzip file");
        font
    });
    &FONT
}

/// Packed, because the program shares a stick with the clinic's files.
const PACKED: &[u8] = include_bytes!("../models/fonts/BIZUDGothic-Regular.ttf.gz");

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::domain::hexadecimal;

    #[test]
    fn the_font_is_the_one_that_its_readme_names() {
        let named = include_str!("../models/fonts/README.md");
        let digest = hexadecimal(&Sha256::digest(biz_ud_gothic()));
        assert!(named.contains(&digest), "{digest}");
    }
}
