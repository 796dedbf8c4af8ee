//! Draws invented letters by seed, reads them, and counts what was right, wrong or left to a person.
//!
//! ```text
//! cargo run --release --example measure-reading -- --pages 500 --seed 1 [--fonts DIR] [--unusual] [--grade photo] [--askew DEGREES] [--two] [--wrong] [--jobs N]
//! ```
//!
//! `--two` lays a second letter beside the page, or above or below it, as on an A3 glass.
//!
//! Fonts that are not on this machine are left out and named. `--wrong` lists every field that was not
//! accepted or not right, with what was read: everything is invented, so nothing secret is printed.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::civil::{Date, date};
use noticert::config::Config;
use noticert::domain::{Field, IssuanceReading, Status};
use noticert::intake::Intake;
use noticert::intake::document::Document;
use noticert::intake::sheet::{PageOutcome, SheetReader};
use noticert::practice::letters::{
    Font, Grade, Letter, Random, Scan, Sheet, Style, Truth, Turn, askew, blank_page, cover_page,
    draw, encode_png, invoice, kaigo_letter, masked_sample, old_authority_letter, one_above_other,
    side_by_side, turn,
};

const TODAY: Date = date(2026, 11, 21);

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    let fonts = fonts(&options);
    let config = Config::default();
    let tally = Mutex::new(Tally::default());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let mut threads = Vec::new();
        for _ in 0..options.jobs {
            let mut reader = Intake::new(&config, TODAY).sheet_reader()?;
            let (fonts, options, config, tally, next) = (&fonts, &options, &config, &tally, &next);
            threads.push(scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= options.pages {
                        return Ok(());
                    }
                    let case = Case::draw(options.seed + number as u64, fonts, options, config);
                    let result = case.read(&mut reader, config).map_err(|e| e.to_string())?;
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.add(&case, &result, options.wrong);
                }
            }));
        }
        for thread in threads {
            thread
                .join()
                .map_err(|_| "a measuring thread panicked")?
                .map_err(|error: String| error)?;
        }
        Ok(())
    })?;
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.print();
    Ok(())
}

struct Options {
    pages: usize,
    seed: u64,
    jobs: usize,
    unusual: bool,
    two: bool,
    wrong: bool,
    askew: f32,
    grade: Option<Grade>,
    keep: Option<PathBuf>,
    only_font: Option<String>,
}

impl Options {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            pages: 60,
            seed: 1,
            jobs: 1,
            unusual: false,
            two: false,
            wrong: false,
            askew: 0.0,
            grade: None,
            keep: None,
            only_font: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--pages" => options.pages = value()?.parse()?,
                "--seed" => options.seed = value()?.parse()?,
                "--jobs" => options.jobs = value()?.parse()?,
                "--askew" => options.askew = value()?.parse()?,
                "--grade" => {
                    let name = value()?;
                    let named = |grade: &Grade| format!("{grade:?}").eq_ignore_ascii_case(&name);
                    options.grade =
                        Some(Grade::ALL.into_iter().find(named).ok_or("no such grade")?);
                }
                "--keep" => options.keep = Some(value()?.into()),
                "--font" => options.only_font = Some(value()?),
                "--two" => options.two = true,
                "--unusual" => options.unusual = true,
                "--wrong" => options.wrong = true,
                other => return Err(format!("unknown option {other}").into()),
            }
        }
        Ok(options)
    }
}

/// Debian's Japanese fonts; the embedded one is always there.
const FONTS: [(&str, u32); 14] = [
    (
        "/usr/share/fonts/truetype/bizud-mincho/BIZUDMincho-Regular.ttf",
        0,
    ),
    (
        "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf",
        0,
    ),
    (
        "/usr/share/fonts/truetype/bizud-mincho/BIZUDPMincho-Regular.ttf",
        0,
    ),
    ("/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf", 0),
    ("/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf", 0),
    ("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf", 0),
    ("/usr/share/fonts/opentype/ipafont-mincho/ipam.ttf", 0),
    ("/usr/share/fonts/opentype/ipafont-gothic/ipagp.ttf", 0),
    ("/usr/share/fonts/opentype/ipafont-mincho/ipamp.ttf", 0),
    (
        "/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf",
        0,
    ),
    (
        "/usr/share/fonts/truetype/vlgothic/VL-PGothic-Regular.ttf",
        0,
    ),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 0),
];

/// Families that `models/glyphnet/fonts.py` keeps out of training.
const HELD_OUT: [&str; 5] = [
    "VL-",
    "NotoSerifCJK",
    "BIZUDMincho",
    "BIZUDPMincho",
    "sawarabi-mincho",
];

fn fonts(options: &Options) -> Vec<(String, Font)> {
    let mut fonts = vec![("embedded".to_owned(), Font::embedded())];
    for (path, index) in FONTS {
        let bytes = std::fs::read(path).ok();
        match bytes.and_then(|bytes| Font::from_bytes(bytes, index).ok()) {
            Some(font) => {
                let name = Path::new(path)
                    .file_stem()
                    .map(|name| name.to_string_lossy());
                fonts.push((name.unwrap_or_default().into_owned(), font));
            }
            None => eprintln!("not here: {path}"),
        }
    }
    if let Some(only) = &options.only_font {
        fonts.retain(|(name, _)| name == only);
    }
    fonts
}

/// One page with its truth.
struct Case {
    seed: u64,
    font: String,
    kind: String,
    scan: Scan,
    truth: Vec<Sheet>,
}

impl Case {
    fn draw(seed: u64, fonts: &[(String, Font)], options: &Options, config: &Config) -> Self {
        let mut random = Random::fork(seed, "measure");
        let (name, font) = &fonts[random.below(fonts.len() as u32) as usize];
        let style = match options.unusual {
            true => Style::unusual(seed),
            false => Style::varied(seed),
        };
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
            let page = &draw(&letter, &style, font, dpi)[0];
            let mut truth = Truth::on(TODAY);
            truth.add_page("measured", 1, &letter, page);
            (format!("{grade:?} letter"), page.scan.clone(), truth.sheets)
        };
        let mut scan = grade.apply(&scan, seed);
        let (mut kind, mut truth) = (kind, truth);
        if options.two {
            // A second letter beside the first, or a page of anything else above or below it.
            let other = Letter::invent(!seed, 1, TODAY, &config.rules);
            let drawn = &draw(&other, &style, font, dpi)[0];
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
            font: name.clone(),
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

    fn read(
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

struct Outcome {
    page: PageOutcome,
    decoded: Duration,
    took: Duration,
}

#[derive(Default)]
struct Count {
    fields: usize,
    exact: usize,
    accepted: usize,
    accepted_wrong: usize,
}

#[derive(Default)]
struct Tally {
    fields: BTreeMap<(String, &'static str), Count>,
    pages: BTreeMap<String, (usize, usize, Duration, Duration)>,
    fonts: BTreeMap<String, (usize, usize)>,
    false_notices: usize,
    misnamed: usize,
    lost_sheets: usize,
    wrong: usize,
}

impl Tally {
    fn add(&mut self, case: &Case, outcome: &Outcome, tell: bool) {
        let place = format!("seed {} {} {}", case.seed, case.kind, case.font);
        let page = self.pages.entry(case.kind.clone()).or_default();
        page.0 += 1;
        page.2 += outcome.took;
        page.3 += outcome.decoded;
        match &outcome.page {
            PageOutcome::Notice(sheets) if case.truth.is_empty() => {
                self.false_notices += 1;
                println!("FALSE NOTICE {place}: {} sheets", sheets.len());
            }
            PageOutcome::Notice(sheets) => {
                if sheets.len() != case.truth.len() {
                    self.lost_sheets += 1;
                    println!("SHEETS {place}: {} of {}", sheets.len(), case.truth.len());
                }
                for (read, truth) in sheets.iter().zip(&case.truth) {
                    self.add_sheet(case, read, truth, &place, tell);
                }
            }
            PageOutcome::WithoutNotice(other) if case.truth.is_empty() => {
                if !case.kind.ends_with(other.code) {
                    self.misnamed += 1;
                    println!("MISNAMED {place}: {}", other.code);
                }
            }
            PageOutcome::WithoutNotice(other) => {
                self.lost_sheets += 1;
                println!("LOST {place}: {}", other.code);
            }
        }
    }

    fn add_sheet(
        &mut self,
        case: &Case,
        read: &IssuanceReading,
        truth: &Sheet,
        place: &str,
        tell: bool,
    ) {
        for (field, status, value, confidence, codes) in values(read) {
            let truth = expected(truth, field);
            let name = match field {
                Field::ReferenceId => alphabet(&truth),
                _ => field.name(),
            };
            let right = value.as_deref() == Some(truth.as_str());
            let accepted = status == Status::Accepted;
            let count = self.fields.entry((case.kind.clone(), name)).or_default();
            count.fields += 1;
            count.exact += usize::from(right);
            count.accepted += usize::from(accepted);
            let font = self.fonts.entry(case.font.clone()).or_default();
            let digits = !matches!(
                field,
                Field::Issuer | Field::TerminalName | Field::ReferenceId
            );
            font.0 += usize::from(digits);
            font.1 += usize::from(digits && accepted && right);
            if accepted && !right {
                count.accepted_wrong += 1;
                self.wrong += 1;
                println!("WRONG {place} {}: {value:?}, printed {truth}", field.name());
            } else if tell && !accepted && field == Field::ReferenceId {
                println!(
                    "review {place} {name}: {value:?}, printed {truth}, {confidence:.2} {codes:?}, open: {}",
                    open(read)
                );
            } else if tell && !right && field == Field::TerminalName {
                println!("name {place}: {value:?}, printed {truth}, {confidence:.2}");
            } else if tell && !accepted && digits {
                println!(
                    "review {place} {}: {value:?}, printed {truth}, {confidence:.2} {codes:?}",
                    field.name()
                );
            }
        }
    }

    fn print(&self) {
        println!(
            "\n{:<24}{:<24}{:>7}{:>7}{:>9}{:>8}{:>7}",
            "grade", "field", "fields", "exact", "accepted", "review", "WRONG"
        );
        for ((kind, field), count) in &self.fields {
            println!(
                "{kind:<24}{field:<24}{:>7}{:>7}{:>9}{:>8}{:>7}",
                count.fields,
                count.exact,
                count.accepted,
                count.fields - count.accepted,
                count.accepted_wrong
            );
        }
        println!(
            "\n{:<28}{:>6}{:>14}{:>14}",
            "pages", "pages", "s per page", "of it decode"
        );
        for (kind, (pages, _, took, decoded)) in &self.pages {
            let each = |time: &Duration| time.as_secs_f64() / *pages as f64;
            println!(
                "{kind:<28}{pages:>6}{:>14.3}{:>14.3}",
                each(took),
                each(decoded)
            );
        }
        println!(
            "\nfont (* no reader of ours was trained on it): digit fields and dates accepted and right"
        );
        for (font, (fields, right)) in &self.fonts {
            let held_out = HELD_OUT.iter().any(|name| font.starts_with(name));
            let mark = if held_out { '*' } else { ' ' };
            println!("{font:<26}{mark} {right:>6} of {fields}");
        }
        println!(
            "\nfalse notices {}, misnamed pages {}, pages with lost or extra sheets {}, accepted and wrong {}",
            self.false_notices, self.misnamed, self.lost_sheets, self.wrong
        );
    }
}

/// What a reference ID's letters are: the harder, the more characters look alike.
fn alphabet(reference_id: &str) -> &'static str {
    match reference_id {
        id if id.bytes().all(|b| b.is_ascii_digit()) => "reference_id 0-9",
        id if id.bytes().any(|b| b.is_ascii_lowercase()) => "reference_id 0-9A-Za-z",
        _ => "reference_id 0-9A-Z",
    }
}

/// The characters of the reference ID that may be others, each with what it may be.
fn open(read: &IssuanceReading) -> String {
    let characters = read.reference_id.characters.iter();
    let open = characters.filter(|c| !c.alternatives.is_empty());
    let named = open.map(|c| format!("{}({})", c.character, String::from_iter(&c.alternatives)));
    named.collect::<Vec<_>>().join(" ")
}

type Value = (Field, Status, Option<String>, f32, Vec<&'static str>);

fn values(read: &IssuanceReading) -> Vec<Value> {
    macro_rules! value {
        ($field:expr, $reading:expr, $text:expr) => {
            (
                $field,
                $reading.status,
                $reading.value.as_ref().map($text),
                $reading.confidence,
                $reading.doubts.iter().map(|doubt| doubt.code).collect(),
            )
        };
    }
    vec![
        value!(Field::Issuer, read.issuer, |v| v.clone()),
        value!(Field::InstitutionCode, read.institution_code, |v| v
            .to_string()),
        value!(Field::TerminalName, read.terminal_name, |v| v.to_string()),
        value!(Field::RequestId, read.request_id, |v| v.to_string()),
        // Invented, and compared with the truth only.
        value!(Field::ReferenceId, read.reference_id, |v| v
            .expose()
            .to_owned()),
        value!(Field::ValidFrom, read.valid_from, |v| v.to_string()),
        value!(Field::ValidTo, read.valid_to, |v| v.to_string()),
        value!(Field::RetrievalDeadline, read.retrieval_deadline, |v| v
            .to_string()),
    ]
}

fn expected(truth: &Sheet, field: Field) -> String {
    match field {
        Field::Issuer => truth.issuer.clone(),
        Field::InstitutionCode => truth.institution_code.clone(),
        Field::TerminalName => truth.terminal_name.clone(),
        Field::RequestId => truth.request_id.clone(),
        Field::ReferenceId => truth.reference_id.clone(),
        Field::ValidFrom => truth.valid_from.to_string(),
        Field::ValidTo => truth.valid_to.to_string(),
        Field::RetrievalDeadline => truth.retrieval_deadline.to_string(),
    }
}
