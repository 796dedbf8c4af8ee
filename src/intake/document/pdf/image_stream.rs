//! Whether an image within a PDF is all there.
//!
//! The renderer fills what is missing with white and says nothing, so each coding is checked here by its own
//! end: lines of a fax, the end mark of a JPEG, rows of plain samples.

use hayro::hayro_interpret::Image;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};

use super::super::{DocumentError, jpeg, luma};
use super::endings::{jbig2_is_whole, jpeg_2000_is_whole, jpeg_2000_size};
use crate::config::Limits;

/// Checks what can be seen without decoding the image, and its mask's size.
pub(super) fn check(
    image: &Image<'_, '_>,
    page: u32,
    limits: &Limits,
) -> Result<(), DocumentError> {
    let stream = stream_of(image);
    for mask in ["SMask", "Mask"] {
        if let Some(mask) = stream.dict().get::<Stream<'_>>(mask) {
            luma::check_size(page, declared_size(mask.dict()), limits)?;
        }
    }
    let whole = match coding(stream.dict()) {
        Coding::Jpeg => jpeg::survey(&stream.raw_data()).complete,
        Coding::Fax => fax_is_whole(stream, image.height()),
        Coding::Jpeg2000 => {
            let size = jpeg_2000_size(&stream.raw_data());
            luma::check_size(page, size.unwrap_or((1, 1)), limits)?;
            jpeg_2000_is_whole(&stream.raw_data())
        }
        Coding::Jbig2 => jbig2_is_whole(&stream.raw_data()),
        Coding::Samples | Coding::Other => true,
    };
    match whole {
        true => Ok(()),
        false => Err(DocumentError::Truncated { page: Some(page) }),
    }
}

/// Unpacks an image of plain samples and counts its bytes; the renderer would fill up missing rows.
pub(super) fn check_samples(image: &Image<'_, '_>, page: u32) -> Result<(), DocumentError> {
    let stream = stream_of(image);
    if coding(stream.dict()) != Coding::Samples {
        return Ok(());
    }
    let bits = u64::from(bits(image)) * components(stream.dict());
    let row = (u64::from(image.width()) * bits).div_ceil(8);
    let needed = row * u64::from(image.height());
    match stream.decoded_data() {
        Ok(data) if data.len() as u64 >= needed => Ok(()),
        Ok(_) => Err(DocumentError::Truncated { page: Some(page) }),
        Err(_) => Err(DocumentError::inconsistent(page)),
    }
}

/// Whether several samples share a byte; the decoder then never tells that rows are missing.
pub(super) fn is_packed(image: &Image<'_, '_>) -> bool {
    bits(image) < 8
}

fn bits(image: &Image<'_, '_>) -> u32 {
    let dict = stream_of(image).dict();
    let stated = ["BitsPerComponent", "BPC"]
        .iter()
        .find_map(|key| dict.get::<u32>(key));
    match image {
        Image::Stencil(_) => 1,
        Image::Raster(_) => stated.unwrap_or(8),
    }
}

/// Samples per pixel; one where the colour space does not say, so that too few are never demanded in vain.
fn components(dict: &Dict<'_>) -> u64 {
    let of_name = |name: &[u8]| match name {
        b"DeviceRGB" | b"CalRGB" | b"RGB" | b"Lab" => 3,
        b"DeviceCMYK" | b"CMYK" => 4,
        _ => 1,
    };
    for key in ["ColorSpace", "CS"] {
        if let Some(name) = dict.get::<Name<'_>>(key) {
            return of_name(&name);
        }
        if let Some(space) = dict.get::<Array<'_>>(key) {
            let profile = space.iter::<Object<'_>>().find_map(|object| match object {
                Object::Stream(stream) => stream.dict().get::<u32>("N").map(u64::from),
                _ => None,
            });
            return match space.iter::<Object<'_>>().next() {
                Some(Object::Name(name)) if &*name == b"ICCBased" => profile.unwrap_or(1),
                Some(Object::Name(name)) => of_name(&name),
                _ => 1,
            };
        }
    }
    1
}

fn stream_of<'a>(image: &'a Image<'_, '_>) -> &'a Stream<'a> {
    match image {
        Image::Raster(raster) => raster.stream(),
        Image::Stencil(stencil) => stencil.stream(),
    }
}

/// How an image is stored, as far as its end can be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Coding {
    Jpeg,
    Fax,
    Jpeg2000,
    /// Rows of samples, packed by a general method or not at all.
    Samples,
    Jbig2,
    /// A picture coding inside another filter.
    Other,
}

fn coding(dict: &Dict<'_>) -> Coding {
    let (mut first, mut last, mut count) = (None, None, 0);
    for name in filters(dict) {
        let coding = match &*name {
            b"DCTDecode" | b"DCT" => Coding::Jpeg,
            b"CCITTFaxDecode" | b"CCF" => Coding::Fax,
            b"JPXDecode" => Coding::Jpeg2000,
            b"JBIG2Decode" => Coding::Jbig2,
            _ => Coding::Samples,
        };
        first = first.or(Some(coding));
        last = Some(coding);
        count += 1;
    }
    match (first, last, count) {
        (Some(only), _, 1) => only,
        (_, None | Some(Coding::Samples), _) => Coding::Samples,
        _ => Coding::Other,
    }
}

fn filters<'a>(dict: &Dict<'a>) -> Vec<Name<'a>> {
    for key in ["Filter", "F"] {
        if let Some(name) = dict.get::<Name<'_>>(key) {
            return vec![name];
        }
        if let Some(names) = dict.get::<Array<'_>>(key) {
            return names.iter::<Name<'_>>().collect();
        }
    }
    Vec::new()
}

fn declared_size(dict: &Dict<'_>) -> (u32, u32) {
    let side = |name| dict.get::<u32>(name).unwrap_or(1);
    (side("Width"), side("Height"))
}

/// Counts the lines of a fax.
fn fax_is_whole(stream: &Stream<'_>, height: u32) -> bool {
    let parameters = parameters(stream.dict());
    let number = |name: &str| parameters.get::<i32>(name);
    let flag = |name: &str| parameters.get::<bool>(name);
    let encoding = match number("K").unwrap_or(0) {
        ..0 => EncodingMode::Group4,
        0 => EncodingMode::Group3_1D,
        1.. => EncodingMode::Group3_2D,
    };
    let settings = DecodeSettings {
        columns: number("Columns").unwrap_or(1_728).unsigned_abs(),
        rows: height,
        end_of_block: flag("EndOfBlock").unwrap_or(true),
        end_of_line: flag("EndOfLine").unwrap_or(false),
        rows_are_byte_aligned: flag("EncodedByteAlign").unwrap_or(false),
        encoding,
        strict: false,
    };
    let mut lines = Lines(0);
    // An error after the last line is none.
    let _ = hayro_ccitt::decode(
        &stream.raw_data(),
        &mut lines,
        &mut DecoderContext::new(settings),
    );
    lines.0 >= height
}

fn parameters<'a>(dict: &Dict<'a>) -> Dict<'a> {
    for name in ["DecodeParms", "DP"] {
        if let Some(parameters) = dict.get::<Dict<'_>>(name) {
            return parameters;
        }
        if let Some(list) = dict.get::<Array<'_>>(name)
            && let Some(parameters) = list.iter::<Dict<'_>>().next()
        {
            return parameters;
        }
    }
    Dict::empty()
}

struct Lines(u32);

impl Decoder for Lines {
    fn push_row(&mut self, _: &[u32]) {
        self.0 += 1;
    }
}
