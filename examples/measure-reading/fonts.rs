//! The fonts that letters are drawn in: Debian's, and the embedded one.

use std::path::Path;

use noticert::practice::letters::Font;

use crate::options::Options;

/// The fonts asked for, as far as this machine has them, each with its name.
pub fn here(options: &Options) -> Vec<(String, Font)> {
    let paths: &[&str] = match options.latin {
        true => &LATIN,
        false => &JAPANESE,
    };
    let mut fonts = vec![("embedded".to_owned(), Font::embedded())];
    for path in paths {
        let path = format!("/usr/share/fonts/{path}");
        let bytes = std::fs::read(&path).ok();
        match bytes.and_then(|bytes| Font::from_bytes(bytes, 0).ok()) {
            Some(font) => {
                let name = Path::new(&path).file_stem();
                let name = name.unwrap_or_default().to_string_lossy();
                fonts.push((name.into_owned(), font));
            }
            None => eprintln!("not here: {path}"),
        }
    }
    if options.latin {
        fonts.remove(0);
    }
    if let Some(only) = &options.only_font {
        fonts.retain(|(name, _)| name == only);
    }
    fonts
}

/// Whether `models/glyphnet/fonts.py` keeps the font out of training.
pub fn is_held_out(font: &str) -> bool {
    HELD_OUT.iter().any(|name| font.starts_with(name))
}

const JAPANESE: [&str; 14] = [
    "truetype/bizud-mincho/BIZUDMincho-Regular.ttf",
    "truetype/bizud-gothic/BIZUDPGothic-Regular.ttf",
    "truetype/bizud-mincho/BIZUDPMincho-Regular.ttf",
    "opentype/ipaexfont-gothic/ipaexg.ttf",
    "opentype/ipaexfont-mincho/ipaexm.ttf",
    "opentype/ipafont-gothic/ipag.ttf",
    "opentype/ipafont-mincho/ipam.ttf",
    "opentype/ipafont-gothic/ipagp.ttf",
    "opentype/ipafont-mincho/ipamp.ttf",
    "truetype/vlgothic/VL-Gothic-Regular.ttf",
    "truetype/vlgothic/VL-PGothic-Regular.ttf",
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "opentype/noto/NotoSerifCJK-Regular.ttc",
    "opentype/noto/NotoSansCJK-Bold.ttc",
];

/// What offices set Latin print in, or what is drawn alike.
const LATIN: [&str; 20] = [
    "truetype/liberation/LiberationSans-Regular.ttf",
    "truetype/liberation/LiberationSans-Bold.ttf",
    "truetype/liberation/LiberationSerif-Regular.ttf",
    "truetype/liberation/LiberationMono-Regular.ttf",
    "truetype/liberation/LiberationSansNarrow-Regular.ttf",
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
    "truetype/dejavu/DejaVuSerif.ttf",
    "truetype/crosextra/Carlito-Regular.ttf",
    "truetype/crosextra/Caladea-Regular.ttf",
    "truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
    "truetype/open-sans/OpenSans-Regular.ttf",
    "truetype/lato/Lato-Regular.ttf",
    "truetype/hack/Hack-Regular.ttf",
    "truetype/inconsolata/Inconsolata.otf",
    "truetype/freefont/FreeMono.ttf",
    "truetype/freefont/FreeSerif.ttf",
    "opentype/courier-prime/Courier Prime.otf",
    "opentype/ocr-b/OCRB.otf",
    "opentype/urw-base35/URWGothic-Book.otf",
];

/// Families that `models/glyphnet/fonts.py` keeps out of training.
const HELD_OUT: [&str; 9] = [
    "VL-",
    "NotoSerifCJK",
    "BIZUDMincho",
    "BIZUDPMincho",
    "sawarabi-mincho",
    "Courier Prime",
    "URWGothic",
    "OpenSans",
    "FreeMono",
];
