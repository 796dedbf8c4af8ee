//! One page with its truth.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use image::GrayImage;
use noticert::config::Config;
use noticert::domain::Status;
use noticert::intake::document::Document;
use noticert::intake::sheet::{PageOutcome, SheetReader};
use noticert::practice::letters::{
    Faces, Font, Grade, Letter, Random, Scan, Sheet, Style, Truth, Turn, askew, blank_page,
    cover_page, draw, encode_png, invoice, kaigo_letter, masked_sample, old_authority_letter,
    one_above_other, side_by_side, turn,
};

use crate::TODAY;
use crate::options::Options;

/// One page with its truth.
pub struct Case {
    pub seed: u64,
    pub font: String,
    pub kind: String,
    scan: Scan,
    pub truth: Vec<Sheet>,
}

impl Case {
    pub fn draw(seed: u64, fonts: &[(String, Font)], options: &Options, config: &Config) -> Self {
        let mut random = Random::fork(seed, "measure");
        let (name, font) = &fonts[random.below(fonts.len() as u32) as usize];
        let style = match (options.unusual, options.ids_apart) {
            (true, _) => Style::unusual(seed),
            (_, true) => Style::with_ids_set_apart(seed),
            _ => Style::varied(seed),
        };
        let mut faces = Faces::from(font);
        let mut name = name.clone();
        if options.ids_apart {
            // A generator of its own, so that the pages are otherwise those drawn without the option.
            let mut random = Random::fork(seed, "faces");
            for (place, face) in [("issuer", &mut faces.issuer), ("IDs", &mut faces.ids)] {
                if random.one_in(2) {
                    let (other, font) = &fonts[random.below(fonts.len() as u32) as usize];
                    *face = font;
                    name = format!("{name}, {place} {other}");
                }
            }
        }
        let terminals = random.pick(&[1, 1, 2, 3]);
        let letter = Letter::invent(seed, terminals, TODAY, &config.rules);
        let grade = random.pick(&[
            Grade::Clean,
            Grade::Clean,
            Grade::Office,
            Grade::Office,
            Grade::FaxFine,
            Grade::FaxNormal,
        ]);
        let grade = options.grade.unwrap_or(grade);
        let dpi = random.pick(&[200, 300]);
        // Every eighth page is none of ours.
        let (kind, scan, truth) = if random.one_in(8) {
            let (kind, scan) = match random.below(6) {
                0 => ("cover", cover_page(&letter, &style, font, dpi)),
                1 => ("foreign", invoice(seed, TODAY, &style, font, dpi)),
                2 => ("blank", blank_page(dpi)),
                3 => ("masked", masked_sample(&letter, &style, font, dpi)),
                4 => (
                    "other-authority",
                    old_authority_letter(&letter, &style, font, dpi),
                ),
                _ => ("other-authority", kaigo_letter(&letter, &style, font, dpi)),
            };
            (format!("{grade:?} {kind}"), scan, Vec::new())
        } else {
            let page = &draw(&letter, &style, faces, dpi)[0];
            let mut truth = Truth::on(TODAY);
            truth.add_page("measured", 1, &letter, page);
            (format!("{grade:?} letter"), page.scan.clone(), truth.sheets)
        };
        let mut scan = grade.apply(&scan, seed);
        let (mut kind, mut truth) = (kind, truth);
        if options.two {
            // A second letter beside the first, or a page of anything else above or below it.
            let other = Letter::invent(!seed, 1, TODAY, &config.rules);
            let drawn = &draw(&other, &style, faces, dpi)[0];
            let beside = grade.apply(&drawn.scan, !seed);
            scan = match random.one_in(4) {
                true => one_above_other(&scan, &beside),
                false => side_by_side(&scan, &beside),
            };
            let mut of_other = Truth::on(TODAY);
            of_other.add_page("measured", 1, &other, drawn);
            truth.extend(of_other.sheets);
            kind = format!("{kind} and letter");
        }
        if options.askew != 0.0 {
            let degrees = random.within(-options.askew, options.askew);
            scan = askew(&scan, degrees);
        }
        if random.one_in(6) {
            scan = turn(&scan, random.pick(&[Turn::Left, Turn::Half, Turn::Right]));
        }
        let case = Self {
            seed,
            font: name,
            kind,
            scan,
            truth,
        };
        case.keep(options);
        case
    }

    fn keep(&self, options: &Options) {
        if let Some(folder) = &options.keep
            && let Ok(png) = encode_png(&self.scan)
        {
            let name = format!("{}-{}.png", self.seed, self.kind.replace(' ', "-"));
            if let Err(error) = std::fs::write(folder.join(name), png) {
                eprintln!("{error}");
            }
        }
    }

    pub fn read(
        &self,
        reader: &mut SheetReader<'_>,
        config: &Config,
    ) -> Result<Outcome, Box<dyn Error>> {
        let document = Document::from_bytes(encode_png(&self.scan)?, "measured", &config.limits)?;
        let start = Instant::now();
        let page = document.page(1)?;
        let decoded = start.elapsed();
        let pages = reader.read("measured", page)?;
        Ok(Outcome {
            page: as_one(pages),
            decoded,
            took: start.elapsed(),
        })
    }
}

/// The notices of all sheets that a page shows; without any, what the first sheet is.
fn as_one(pages: Vec<PageOutcome>) -> PageOutcome {
    let mut sheets = Vec::new();
    let mut without = None;
    for page in pages {
        match page {
            PageOutcome::Notice(of_page) => sheets.extend(of_page),
            PageOutcome::WithoutNotice(page) => _ = without.get_or_insert(page),
        }
    }
    match without {
        Some(page) if sheets.is_empty() => PageOutcome::WithoutNotice(page),
        _ => PageOutcome::Notice(sheets),
    }
}

/// What reading a page gave, and how long it took.
pub struct Outcome {
    pub page: PageOutcome,
    pub decoded: Duration,
    pub took: Duration,
}

impl Outcome {
    /// Writes the pictures of the numbers and IDs that were not accepted into `folder`.
    pub fn keep_crops(&self, folder: &Path, case: &Case) -> Result<(), Box<dyn Error>> {
        let PageOutcome::Notice(sheets) = &self.page else {
            return Ok(());
        };
        for sheet in sheets {
            let fields = [
                (
                    "code",
                    sheet.institution_code.status,
                    &sheet.institution_code.crop,
                ),
                ("request", sheet.request_id.status, &sheet.request_id.crop),
                (
                    "reference",
                    sheet.reference_id.status,
                    &sheet.reference_id.crop,
                ),
            ];
            for (name, status, crop) in fields {
                if status == Status::Accepted {
                    continue;
                }
                let Some(crop) = crop else { continue };
                // Invented like everything here.
                let pixels = crop.expose().to_vec();
                let picture = GrayImage::from_raw(crop.width, crop.height, pixels);
                let file = format!("{}-{}-{name}.png", case.seed, sheet.index);
                picture.ok_or("no picture")?.save(folder.join(file))?;
            }
        }
        Ok(())
    }
}
