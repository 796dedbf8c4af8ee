//! What was right, wrong or left to a person.

use std::collections::BTreeMap;
use std::time::Duration;

use noticert::domain::{Field, IssuanceReading, Status};
use noticert::intake::look_alikes;
use noticert::intake::sheet::PageOutcome;
use noticert::practice::letters::Sheet;

use crate::case::{Case, Outcome};
use crate::fonts;

#[derive(Default)]
struct Count {
    fields: usize,
    exact: usize,
    accepted: usize,
    accepted_wrong: usize,
}

/// Counts over all pages.
#[derive(Default)]
pub struct Tally {
    fields: BTreeMap<(String, &'static str), Count>,
    pages: BTreeMap<String, (usize, usize, Duration, Duration)>,
    fonts: BTreeMap<String, (usize, usize)>,
    look_alikes: BTreeMap<(String, char), Settled>,
    false_notices: usize,
    misnamed: usize,
    lost_sheets: usize,
    wrong: usize,
}

impl Tally {
    pub fn add(&mut self, case: &Case, outcome: &Outcome, tell: bool) {
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
        self.add_look_alikes(case, read, &truth.reference_id, place);
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

    /// What became of the ID's look-alikes one by one, where the readers saw as many characters as there are.
    fn add_look_alikes(&mut self, case: &Case, read: &IssuanceReading, truth: &str, place: &str) {
        let read = &read.reference_id.characters;
        if read.len() != truth.chars().count() {
            return;
        }
        for (read, printed) in read.iter().zip(truth.chars()) {
            let group = look_alikes::group_of(read.character);
            if group.len() < 2 {
                continue;
            }
            let grade = case.kind.split(' ').next().unwrap_or_default().to_owned();
            let settled = self.look_alikes.entry((grade, printed)).or_default();
            let open = read.alternatives.iter().any(|other| group.contains(other));
            match (open, read.character == printed) {
                (true, _) => settled.open += 1,
                (false, true) => settled.right += 1,
                (false, false) => {
                    settled.wrong += 1;
                    println!(
                        "SETTLED WRONG {place}: {} for {printed} in {truth}",
                        read.character
                    );
                }
            }
        }
    }

    pub fn print(&self) {
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
            let mark = if fonts::is_held_out(font) { '*' } else { ' ' };
            println!("{font:<26}{mark} {right:>6} of {fields}");
        }
        println!("\nlook-alikes of reference IDs: settled, left open, settled wrong");
        for ((grade, printed), count) in &self.look_alikes {
            let Settled { right, open, wrong } = count;
            println!("{grade:<10} {printed} {right:>6} {open:>6} {wrong:>6}");
        }
        println!(
            "\nfalse notices {}, misnamed pages {}, pages with lost or extra sheets {}, accepted and wrong {}",
            self.false_notices, self.misnamed, self.lost_sheets, self.wrong
        );
    }
}

/// What became of one look-alike.
#[derive(Default)]
struct Settled {
    right: usize,
    open: usize,
    wrong: usize,
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
