//! What the markers of a JPEG say, without decoding it.
//!
//! The decoder pads what is missing with grey and calls it a success, so whether a file is whole is decided
//! here: it is when its end-of-image marker is reached segment by segment. (ITU-T T.81, annex B.)

use super::luma::Density;

/// What the markers say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Survey {
    /// Whether the end-of-image marker is there.
    pub complete: bool,
    /// The JFIF header's resolution.
    pub density: Option<Density>,
    /// Width and height of the frame.
    pub frame: Option<(u32, u32)>,
}

/// Walks from marker to marker.
pub(super) fn survey(bytes: &[u8]) -> Survey {
    let mut survey = Survey::default();
    let mut at = 2;
    while let Some((marker, start)) = next_marker(bytes, at) {
        match marker {
            END => {
                survey.complete = true;
                return survey;
            }
            // Restart markers and the temporary one have no body.
            0xd0..=0xd8 | 0x01 => at = start,
            _ => {
                let Some(body) = body(bytes, start) else {
                    return survey;
                };
                note(&mut survey, marker, body);
                at = start + 2 + body.len();
            }
        }
    }
    survey
}

fn note(survey: &mut Survey, marker: u8, body: &[u8]) {
    match (marker, body) {
        (0xe0, [b'J', b'F', b'I', b'F', 0, _, _, unit, rest @ ..]) => {
            survey.density = jfif_density(*unit, rest);
        }
        // Frame headers; DHT, JPG and DAC lie between them.
        (0xc0..=0xcf, [_, h1, h0, w1, w0, ..]) if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
            let height = u16::from_be_bytes([*h1, *h0]);
            let width = u16::from_be_bytes([*w1, *w0]);
            survey.frame = Some((width.into(), height.into()));
        }
        _ => {}
    }
}

fn jfif_density(unit: u8, rest: &[u8]) -> Option<Density> {
    let [x1, x0, y1, y0, ..] = rest else {
        return None;
    };
    let across = f32::from(u16::from_be_bytes([*x1, *x0]));
    let down = f32::from(u16::from_be_bytes([*y1, *y0]));
    match unit {
        0 => Some(Density {
            across,
            down,
            per_inch: false,
        }),
        1 => Some(Density::dpi(across, down)),
        2 => Some(Density::dpi(across * 2.54, down * 2.54)),
        _ => None,
    }
}

/// The next marker from `at` on and the place behind it; entropy-coded bytes are passed over.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let tail = bytes.get(at..)?;
    let mut previous_is_ff = false;
    for (i, byte) in tail.iter().enumerate() {
        match byte {
            0xff => previous_is_ff = true,
            // FF 00 is a byte of data.
            0x00 => previous_is_ff = false,
            _ if previous_is_ff => return Some((*byte, at + i + 1)),
            _ => {}
        }
    }
    None
}

/// The segment whose two bytes of length stand at `start`, without them.
fn body(bytes: &[u8], start: usize) -> Option<&[u8]> {
    let length = bytes.get(start..start + 2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    bytes.get(start + 2..start + length)
}

const END: u8 = 0xd9;

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, JFIF header at 300 dpi, frame of 20 by 10, scan with some data, end.
    fn whole() -> Vec<u8> {
        [
            b"\xff\xd8".as_slice(),
            b"\xff\xe0\0\x10JFIF\0\x01\x01\x01\x01\x2c\x01\x2c\0\0",
            b"\xff\xc0\0\x0b\x08\0\x0a\0\x14\x01\x01\x11\0",
            b"\xff\xda\0\x08\x01\x01\0\0\x3f\0",
            b"\x12\xff\0\x34\xff\xd0\x56",
            b"\xff\xd9",
        ]
        .concat()
    }

    #[test]
    fn a_whole_file_is_known_by_its_end() {
        let survey = survey(&whole());
        assert!(survey.complete);
        assert_eq!(survey.frame, Some((20, 10)));
        assert_eq!(survey.density, Some(Density::dpi(300.0, 300.0)));
    }

    #[test]
    fn every_cut_is_noticed() {
        let whole = whole();
        for length in 0..whole.len() {
            assert!(!survey(&whole[..length]).complete, "{length}");
        }
    }

    #[test]
    fn the_end_of_an_embedded_preview_is_not_the_files_own() {
        let mut bytes = b"\xff\xd8\xff\xe1\0\x06\xff\xd8\xff\xd9".to_vec();
        assert!(!survey(&bytes).complete);
        bytes.extend(b"\xff\xd9");
        assert!(survey(&bytes).complete);
    }

    #[test]
    fn a_segment_length_of_nothing_does_not_loop() {
        assert!(!survey(b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\x01").complete);
    }
}
