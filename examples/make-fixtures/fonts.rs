//! The fonts of the fixtures and where Debian puts them.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use noticert::practice::letters::Font;

/// A font of the fixtures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// Compiled in.
    BizUdGothic,
    BizUdMincho,
    IpaExGothic,
    IpaMincho,
    NotoSans,
    NotoSerif,
    VlGothic,
}

/// Where to look for them.
#[derive(Default)]
pub struct Fonts {
    folder: Option<PathBuf>,
}

impl Fonts {
    /// Looks in `folder` first.
    #[allow(
        dead_code,
        reason = "the test that shares this file looks in Debian's places only"
    )]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self {
            folder: Some(folder),
        }
    }

    /// Loads a face; an error names the package that brings it.
    pub fn load(&self, face: Face) -> Result<Font, Box<dyn Error>> {
        let Some((package, path)) = face.place() else {
            return Ok(Font::embedded());
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let own = self.folder.as_ref().map(|folder| folder.join(name));
        let path = own.filter(|path| path.exists()).unwrap_or(path.into());
        let bytes = fs::read(&path)
            .map_err(|error| format!("{}: {error}; install {package}", path.display()))?;
        // In a collection the Japanese face is the first.
        Ok(Font::from_bytes(bytes, 0)?)
    }
}

impl Face {
    /// Package and path in Debian 12; `None` for the one that is compiled in.
    fn place(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::BizUdGothic => return None,
            Self::BizUdMincho => (
                "fonts-morisawa-bizud-mincho",
                "/usr/share/fonts/truetype/bizud-mincho/BIZUDMincho-Regular.ttf",
            ),
            Self::IpaExGothic => (
                "fonts-ipaexfont-gothic",
                "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
            ),
            Self::IpaMincho => (
                "fonts-ipafont-mincho",
                "/usr/share/fonts/opentype/ipafont-mincho/ipam.ttf",
            ),
            Self::NotoSans => (
                "fonts-noto-cjk",
                "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
            ),
            Self::NotoSerif => (
                "fonts-noto-cjk",
                "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
            ),
            Self::VlGothic => (
                "fonts-vlgothic",
                "/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf",
            ),
        })
    }
}
