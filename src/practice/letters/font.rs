//! A font for drawing: the embedded one, or a file of the caller's.

use ab_glyph::{Font as _, FontArc, FontRef, FontVec, GlyphId, InvalidFont, PxScale};
use thiserror::Error;

use crate::fonts;

/// A font that draws Japanese. Characters that it lacks come from the embedded one.
#[derive(Clone)]
pub struct Font {
    own: FontArc,
    fallback: FontArc,
}

/// What a letter is set in. Systems that fill a form often set what they fill in otherwise than the form.
#[derive(Clone, Copy)]
pub struct Faces<'a> {
    /// Everything that is not one of the others.
    pub text: &'a Font,
    /// 発行者
    pub issuer: &'a Font,
    /// リクエストID and リファレンスID
    pub ids: &'a Font,
}

impl<'a> From<&'a Font> for Faces<'a> {
    /// One font for all.
    fn from(font: &'a Font) -> Self {
        Self {
            text: font,
            issuer: font,
            ids: font,
        }
    }
}

/// Why bytes are no font.
#[derive(Debug, Error)]
pub enum FontError {
    /// Neither TrueType nor OpenType, or no font of that number in the collection.
    #[error("no usable font number {index} in the file")]
    Unusable {
        /// Number within a collection, from 0.
        index: u32,
        /// What the parser says.
        #[source]
        source: InvalidFont,
    },
}

impl Font {
    /// BIZ UDGothic.
    pub fn embedded() -> Self {
        // The bytes are compiled in and a test parses them.
        let font = FontRef::try_from_slice(fonts::biz_ud_gothic())
            .expect("the embedded font is a TrueType file");
        let own = FontArc::new(font);
        Self {
            fallback: own.clone(),
            own,
        }
    }

    /// A `.ttf`, `.otf` or the font number `index` of a `.ttc`.
    pub fn from_bytes(bytes: Vec<u8>, index: u32) -> Result<Self, FontError> {
        let own = FontVec::try_from_vec_and_index(bytes, index)
            .map_err(|source| FontError::Unusable { index, source })?;
        Ok(Self {
            own: FontArc::new(own),
            fallback: Self::embedded().own,
        })
    }

    /// Width of `text` in pixels at `em` pixels per em, with `spacing` ems added to each character.
    pub(super) fn width(&self, text: &str, em: f32, spacing: f32) -> f32 {
        text.chars()
            .map(|c| {
                let (font, id) = self.glyph(c);
                advance(font, id, em) + spacing * em
            })
            .sum()
    }

    /// Hands the coverage of every pixel of `text` to `ink`, the baseline starting at `(x, y)`.
    pub(super) fn outline(
        &self,
        text: &str,
        (x, y): (f32, f32),
        em: f32,
        spacing: f32,
        mut ink: impl FnMut(i32, i32, f32),
    ) {
        let mut x = x;
        for c in text.chars() {
            let (font, id) = self.glyph(c);
            let scale = PxScale::from(em * height_per_em(font));
            let glyph = id.with_scale_and_position(scale, ab_glyph::point(x, y));
            if let Some(outlined) = font.outline_glyph(glyph) {
                let bounds = outlined.px_bounds();
                let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
                outlined.draw(|dx, dy, coverage| {
                    ink(left + dx as i32, top + dy as i32, coverage);
                });
            }
            x += advance(font, id, em) + spacing * em;
        }
    }

    fn glyph(&self, c: char) -> (&FontArc, GlyphId) {
        let id = self.own.glyph_id(c);
        match id.0 {
            0 => (&self.fallback, self.fallback.glyph_id(c)),
            _ => (&self.own, id),
        }
    }
}

fn advance(font: &FontArc, id: GlyphId, em: f32) -> f32 {
    font.h_advance_unscaled(id) * em / units_per_em(font)
}

/// ab_glyph measures a font by ascent + descent; letters are set by their em.
fn height_per_em(font: &FontArc) -> f32 {
    font.height_unscaled() / units_per_em(font)
}

fn units_per_em(font: &FontArc) -> f32 {
    font.units_per_em().unwrap_or(1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_font_has_every_character_of_the_letter() {
        let font = Font::embedded();
        for c in "電子証明書取得に関する情報発行者先端末名称ダウンロードサイトリクエストIDファレンス有効期間限~～〜–〇1台目".chars() {
            assert_ne!(font.glyph(c).1.0, 0, "{c}");
        }
    }

    #[test]
    fn bytes_that_are_no_font_are_refused() {
        assert!(Font::from_bytes(b"no font".to_vec(), 0).is_err());
        assert!(Font::from_bytes(fonts::biz_ud_gothic().to_vec(), 3).is_err());
    }

    #[test]
    fn a_full_width_character_is_one_em_wide() {
        let width = Font::embedded().width("電", 40.0, 0.0);
        assert!((width - 40.0).abs() < 0.5, "{width}");
    }
}
