//! What a scanner can do, and what it is asked to do: eSCL's XML.
//!
//! Makers use their own prefixes and orders, so elements are known by their local names alone.

use roxmltree::{Document, Node, ParsingOptions};
use thiserror::Error;

/// Why a scanner's XML cannot be used.
#[derive(Clone, Debug, Error)]
pub enum XmlProblem {
    /// It is no XML.
    #[error("it is not XML")]
    Malformed(#[from] roxmltree::Error),
    /// It is about something else.
    #[error("there is no {0}")]
    Lacks(&'static str),
    /// The answer to a new job names no job.
    #[error("no job is named")]
    NoJob,
}

/// Reads XML without a document type, so without entities, and of bounded size.
pub(super) fn parse(text: &str) -> Result<Document<'_>, XmlProblem> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    // A byte order mark is common and no part of the document.
    let text = text.trim_start_matches('\u{feff}').trim_start();
    Ok(Document::parse_with_options(text, options)?)
}

/// The first element of this name below `node`.
pub(super) fn first<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    named(node, name).next()
}

pub(super) fn text_of<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    first(node, name)?.text().map(str::trim)
}

fn named<'a, 'i>(
    node: Node<'a, 'i>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    let name = name.to_owned();
    node.descendants()
        .filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// Where a sheet comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Supply {
    Feeder,
    Glass,
}

/// In what form a document comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Jpeg,
    Pdf,
    Png,
}

impl Format {
    /// Best first: one page per document tells at once which one is missing.
    const ALL: [Self; 3] = [Self::Jpeg, Self::Pdf, Self::Png];

    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.split(';').next()?.trim();
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Pdf => "pdf",
            Self::Png => "png",
        }
    }
}

/// What a scanner can do.
#[derive(Clone, Debug)]
pub(super) struct Abilities {
    version: String,
    pub feeder: Option<Source>,
    pub glass: Option<Source>,
}

/// What it can do with sheets from one place.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The largest sheet in 1/300 inch, where it says so.
    width: Option<u32>,
    height: Option<u32>,
    formats: Vec<Format>,
    colours: Vec<String>,
    resolutions: Vec<u32>,
}

impl Abilities {
    pub(super) fn parse(text: &str) -> Result<Self, XmlProblem> {
        let document = parse(text)?;
        let root = document.root_element();
        if root.tag_name().name() != "ScannerCapabilities" {
            return Err(XmlProblem::Lacks("ScannerCapabilities"));
        }
        let source = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| first(root, name))
                .map(|caps| Source::of(root, caps))
        };
        Ok(Self {
            version: text_of(root, "Version")
                .filter(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
                .unwrap_or(USUAL_VERSION)
                .to_owned(),
            feeder: source(["AdfSimplexInputCaps", "AdfInputCaps"]),
            glass: source(["PlatenInputCaps", "Platen"]),
        })
    }

    /// The words that begin a job; `None` when nothing that it offers can be read here.
    pub(super) fn settings(&self, supply: Supply) -> Option<String> {
        let (source, name) = match supply {
            Supply::Feeder => (self.feeder.as_ref()?, "Feeder"),
            Supply::Glass => (self.glass.as_ref()?, "Platen"),
        };
        let format = source.format()?;
        let colour = source.colour()?;
        let resolution = source.resolution()?;
        let width = source.width.map_or(A4_WIDTH, |most| most.min(A4_WIDTH));
        let height = source.height.map_or(A4_HEIGHT, |most| most.min(A4_HEIGHT));
        // The order that sane-airscan found every scanner to take.
        Some(format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<scan:ScanSettings xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm" xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03">
  <pwg:Version>{version}</pwg:Version>
  <pwg:ScanRegions>
    <pwg:ScanRegion>
      <pwg:ContentRegionUnits>escl:ThreeHundredthsOfInches</pwg:ContentRegionUnits>
      <pwg:XOffset>0</pwg:XOffset>
      <pwg:YOffset>0</pwg:YOffset>
      <pwg:Width>{width}</pwg:Width>
      <pwg:Height>{height}</pwg:Height>
    </pwg:ScanRegion>
  </pwg:ScanRegions>
  <pwg:InputSource>{name}</pwg:InputSource>
  <scan:ColorMode>{colour}</scan:ColorMode>
  <pwg:DocumentFormat>{format}</pwg:DocumentFormat>
  <scan:DocumentFormatExt>{format}</scan:DocumentFormatExt>
  <scan:XResolution>{resolution}</scan:XResolution>
  <scan:YResolution>{resolution}</scan:YResolution>
</scan:ScanSettings>
"#,
            version = self.version,
            format = format.name(),
        ))
    }
}

impl Source {
    /// Settings may stand in the source itself or once for all.
    fn of(root: Node<'_, '_>, caps: Node<'_, '_>) -> Self {
        let number = |name: &str| text_of(caps, name)?.parse().ok();
        let texts = |name: &str| -> Vec<String> {
            let own: Vec<String> = named(caps, name)
                .filter_map(|node| node.text())
                .map(|text| text.trim().to_owned())
                .collect();
            match own.is_empty() {
                false => own,
                true => named(root, name)
                    .filter_map(|node| node.text())
                    .map(|text| text.trim().to_owned())
                    .collect(),
            }
        };
        let mut formats = texts("DocumentFormat");
        formats.extend(texts("DocumentFormatExt"));
        Self {
            width: number("MaxWidth"),
            height: number("MaxHeight"),
            formats: formats
                .iter()
                .filter_map(|name| Format::named(name))
                .collect(),
            colours: texts("ColorMode"),
            resolutions: resolutions(caps).unwrap_or_else(|| resolutions(root).unwrap_or_default()),
        }
    }

    fn format(&self) -> Option<Format> {
        Format::ALL
            .into_iter()
            .find(|format| self.formats.contains(format))
    }

    fn colour(&self) -> Option<&'static str> {
        COLOURS
            .into_iter()
            .find(|colour| self.colours.iter().any(|offered| offered == colour))
    }

    /// The resolution nearest to the wanted one, rather finer than coarser.
    fn resolution(&self) -> Option<u32> {
        let finer = self.resolutions.iter().filter(|dpi| **dpi >= WANTED_DPI);
        let coarser = self
            .resolutions
            .iter()
            .filter(|dpi| (COARSEST_DPI..WANTED_DPI).contains(*dpi));
        finer.min().or(coarser.max()).copied()
    }
}

/// Resolutions that are the same across and down; of a range, the one that is wanted or its end nearest to that.
fn resolutions(caps: Node<'_, '_>) -> Option<Vec<u32>> {
    let mut found: Vec<u32> = named(caps, "DiscreteResolution")
        .filter_map(|node| {
            let across: u32 = text_of(node, "XResolution")?.parse().ok()?;
            let down: u32 = text_of(node, "YResolution")?.parse().ok()?;
            (across == down).then_some(across)
        })
        .collect();
    let range = first(caps, "ResolutionRange")
        .or_else(|| first(caps, "XResolutionRange"))
        .and_then(|node| {
            let least: u32 = text_of(node, "Min")?.parse().ok()?;
            let most: u32 = text_of(node, "Max")?.parse().ok()?;
            (least <= most).then(|| WANTED_DPI.clamp(least, most))
        });
    found.extend(range);
    (!found.is_empty()).then_some(found)
}

/// Grey first: colour only takes longer.
const COLOURS: [&str; 2] = ["Grayscale8", "RGB24"];
const WANTED_DPI: u32 = 300;
/// Below that, IDs cannot be told apart.
const COARSEST_DPI: u32 = 150;
/// A4 in 1/300 inch.
const A4_WIDTH: u32 = 2480;
const A4_HEIGHT: u32 = 3508;
const USUAL_VERSION: &str = "2.0";
const MOST_NODES: u32 = 20_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    const CAPABILITIES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scan:ScannerCapabilities xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm">
  <pwg:Version>2.63</pwg:Version><pwg:MakeAndModel>Invented MFP</pwg:MakeAndModel>
  <scan:Platen><scan:PlatenInputCaps>
    <scan:MaxWidth>2550</scan:MaxWidth><scan:MaxHeight>3508</scan:MaxHeight>
    <scan:SettingProfiles><scan:SettingProfile>
      <scan:ColorModes><scan:ColorMode>RGB24</scan:ColorMode><scan:ColorMode>Grayscale8</scan:ColorMode></scan:ColorModes>
      <scan:DocumentFormats><pwg:DocumentFormat>application/pdf</pwg:DocumentFormat><scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt></scan:DocumentFormats>
      <scan:SupportedResolutions><scan:DiscreteResolutions>
        <scan:DiscreteResolution><scan:XResolution>200</scan:XResolution><scan:YResolution>200</scan:YResolution></scan:DiscreteResolution>
        <scan:DiscreteResolution><scan:XResolution>600</scan:XResolution><scan:YResolution>600</scan:YResolution></scan:DiscreteResolution>
        <scan:DiscreteResolution><scan:XResolution>300</scan:XResolution><scan:YResolution>300</scan:YResolution></scan:DiscreteResolution>
      </scan:DiscreteResolutions></scan:SupportedResolutions>
    </scan:SettingProfile></scan:SettingProfiles>
  </scan:PlatenInputCaps></scan:Platen>
  <scan:Adf><scan:AdfSimplexInputCaps>
    <scan:MaxWidth>2400</scan:MaxWidth>
    <scan:ResolutionRange><scan:Min>75</scan:Min><scan:Max>200</scan:Max></scan:ResolutionRange>
  </scan:AdfSimplexInputCaps></scan:Adf>
</scan:ScannerCapabilities>"#;

    #[test]
    fn the_best_of_what_is_offered_is_asked_for() {
        let abilities = Abilities::parse(CAPABILITIES).unwrap();
        let glass = abilities.settings(Supply::Glass).unwrap();
        for asked in [
            "<pwg:Version>2.63<",
            "<pwg:InputSource>Platen<",
            "<scan:ColorMode>Grayscale8<",
            "<pwg:DocumentFormat>image/jpeg<",
            "<scan:XResolution>300<",
            "<pwg:Width>2480<",
            "<pwg:Height>3508<",
        ] {
            assert!(glass.contains(asked), "{asked} is not in {glass}");
        }
        // The feeder's own words where it has some, the device's elsewhere.
        let feeder = abilities.settings(Supply::Feeder).unwrap();
        for asked in [
            "Feeder",
            "<pwg:Width>2400<",
            "<scan:YResolution>200<",
            "image/jpeg",
        ] {
            assert!(feeder.contains(asked), "{asked} is not in {feeder}");
        }
        assert!(parse(&glass).is_ok() && parse(&feeder).is_ok());
    }

    #[test]
    fn a_scanner_that_offers_nothing_readable_is_not_asked() {
        for (from, to) in [
            ("image/jpeg", "application/octet-stream"),
            ("Grayscale8", "BlackAndWhite1"),
        ] {
            let text = CAPABILITIES
                .replace(from, to)
                .replace("application/pdf", "image/raw")
                .replace("RGB24", "RGB48");
            let abilities = Abilities::parse(&text).unwrap();
            assert_eq!(abilities.settings(Supply::Glass), None, "{from}");
        }
    }

    #[test]
    fn foreign_and_malicious_words_are_refused() {
        for text in [
            "",
            "not XML",
            "<html><body>It works!</body></html>",
            "<scan:ScannerCapabilities>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><ScannerCapabilities>&b;</ScannerCapabilities>",
        ] {
            assert!(Abilities::parse(text).is_err(), "{text}");
        }
        let many = format!(
            "<ScannerCapabilities>{}</ScannerCapabilities>",
            "<a/>".repeat(30_000)
        );
        assert!(Abilities::parse(&many).is_err());
        // What stands in the version goes into the request.
        let sly = CAPABILITIES.replace("2.63", "2.0&lt;x/&gt;");
        let settings = Abilities::parse(&sly).unwrap().settings(Supply::Glass);
        assert!(settings.unwrap().contains("<pwg:Version>2.0<"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text: String) {
            let _refused = Abilities::parse(&text);
        }
    }
}
