//! Cut-outs as the bytes that are sealed: width and height, then grey pixels, deflated as a PNG.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageFormat};
use secrecy::{ExposeSecret, SecretBox};

use crate::domain::Crop;

/// The cut-out as a PNG; empty when it cannot be encoded, which a PNG in memory never fails to be.
pub fn encode(crop: &Crop) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    // Exposed on its way into the seal.
    match encoder.write_image(
        crop.expose(),
        crop.width,
        crop.height,
        ExtendedColorType::L8,
    ) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// The cut-out behind the bytes; `None` when they are no such picture.
pub fn decode(bytes: &SecretBox<Vec<u8>>) -> Option<Crop> {
    // Exposed to be shown to the person who settles the value.
    let picture = image::load(Cursor::new(bytes.expose_secret()), ImageFormat::Png)
        .ok()?
        .into_luma8();
    Crop::new(picture.width(), picture.height(), picture.into_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_out_survives_its_seal() {
        let crop = Crop::new(3, 2, vec![0, 50, 100, 150, 200, 250]).unwrap();
        let sealed = SecretBox::new(Box::new(encode(&crop)));
        let again = decode(&sealed).unwrap();
        assert_eq!((again.width, again.height), (3, 2));
        assert_eq!(again.expose(), crop.expose());
        assert!(decode(&SecretBox::new(Box::new(vec![1, 2, 3]))).is_none());
    }
}
