//! The face-recognition library's version: below 2.1.0 a renewal forces the app to be set up anew (fact 34).
//!
//! The version stands in the distribution report (配信実績), an INI file that the distribution application shows.
//! Where it lies is nowhere written, so a folder may be named and is searched.

use std::fs;
use std::path::{Path, PathBuf};

use super::Mark;
use super::search::{Reach, search};
use crate::config::Doctor;

/// The face-recognition library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FaceLibrary {
    /// The place is none of this system's.
    NotHere,
    /// No report that names the library is there.
    NoReport {
        /// Where it was looked for.
        place: PathBuf,
    },
    /// The report names a version.
    Version {
        /// As written there.
        found: String,
        /// The lowest that is good.
        least: String,
        /// Whether it is at least that.
        is_new_enough: bool,
        /// The report.
        report: PathBuf,
    },
}

impl FaceLibrary {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::NotHere | Self::NoReport { .. } => Mark::Aside,
            Self::Version { is_new_enough, .. } => match is_new_enough {
                true => Mark::Good,
                false => Mark::Wrong,
            },
        }
    }
}

pub(super) fn look(config: &Doctor) -> FaceLibrary {
    let place = Path::new(&config.distribution_report);
    // A path of another system, like C:\… on Linux, is not absolute here.
    if !place.is_absolute() {
        return FaceLibrary::NotHere;
    }
    let reports = match place.is_file() {
        true => vec![place.to_owned()],
        false => search(place, REACH, &is_small_text),
    };
    let named = reports.into_iter().find_map(|path| {
        let version = version_in(&text_of(&fs::read(&path).ok()?))?;
        Some((path, version))
    });
    match named {
        None => FaceLibrary::NoReport {
            place: place.to_owned(),
        },
        Some((report, found)) => FaceLibrary::Version {
            is_new_enough: is_at_least(&found, &config.face_library),
            least: config.face_library.clone(),
            found,
            report,
        },
    }
}

fn is_small_text(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ["txt", "ini", "log"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
        && fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST_REPORT)
}

/// UTF-16 and UTF-8 by their marks; anything else byte by byte, because only ASCII is looked for.
fn text_of(bytes: &[u8]) -> String {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding.decode(bytes).0.into_owned(),
        None => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// `Version` in the section `[FacialIdentificationLibrary]`.
fn version_in(text: &str) -> Option<String> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.eq_ignore_ascii_case(SECTION));
    lines.next()?;
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("Version"))
        .map(|(_, value)| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// Compares number by number: 2.10.0 is after 2.9.0. What is no number counts as 0.
fn is_at_least(found: &str, least: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split('.')
            .map(|part| part.trim().parse().unwrap_or(0))
            .collect()
    };
    let (mut found, mut least) = (numbers(found), numbers(least));
    let length = found.len().max(least.len());
    found.resize(length, 0);
    least.resize(length, 0);
    found >= least
}

const SECTION: &str = "[FacialIdentificationLibrary]";
const LARGEST_REPORT: u64 = 64 << 10;
const REACH: Reach = Reach {
    depth: 4,
    entries: 5_000,
};

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "[DistributionApp]\r\nName=App\r\nVersion=9.9.9\r\n\r\n[FacialIdentificationLibrary]\r\nName=Lib\r\nVersion=2.0.9\r\nUpdateDate=2026/01/01 00:00\r\n";

    fn config(place: &Path) -> Doctor {
        Doctor {
            distribution_report: place.display().to_string(),
            ..Doctor::default()
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (found, expected) in [
            ("2.1.0", true),
            ("2.1", true),
            ("2.10.0", true),
            ("3", true),
            ("2.0.9", false),
            ("1.9.9", false),
            ("X.X.X", false),
        ] {
            assert_eq!(is_at_least(found, "2.1.0"), expected, "{found}");
        }
    }

    #[test]
    fn the_librarys_own_section_counts() {
        assert_eq!(version_in(REPORT).as_deref(), Some("2.0.9"));
        assert_eq!(version_in("[DistributionApp]\nVersion=3.0.0\n"), None);
        let without = "[FacialIdentificationLibrary]\nName=x\n[Other]\nVersion=3\n";
        assert_eq!(version_in(without), None);
    }

    #[test]
    fn the_report_is_found_below_a_folder_and_read_in_utf_16_too() {
        let scratch = tempfile::tempdir().unwrap();
        let below = scratch.path().join("OQSComApp");
        fs::create_dir(&below).unwrap();
        fs::write(below.join("other.txt"), b"nothing").unwrap();
        assert_eq!(look(&config(scratch.path())).mark(), Mark::Aside);
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(REPORT.encode_utf16().flat_map(u16::to_le_bytes));
        let report = below.join("report.txt");
        fs::write(&report, bytes).unwrap();
        let expected = FaceLibrary::Version {
            found: "2.0.9".to_owned(),
            least: "2.1.0".to_owned(),
            is_new_enough: false,
            report: report.clone(),
        };
        assert_eq!(look(&config(scratch.path())), expected);
        assert_eq!(look(&config(&report)), expected);
    }
}
