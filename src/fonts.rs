//! The one embedded font, BIZ UDGothic (SIL Open Font License 1.1, see `models/fonts/`).
//!
//! It draws the practice letters and stands in for fonts that a PDF names but does not bring; without
//! one, Japanese text of such a PDF would vanish from the page in silence.

/// BIZ UDGothic Regular as a TrueType file.
pub static BIZ_UD_GOTHIC: &[u8] = include_bytes!("../models/fonts/BIZUDGothic-Regular.ttf");
