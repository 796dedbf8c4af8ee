//! Where the captions of a control stand: in its label, its row, before it, or in its attributes.
//!
//! Sources are asked in the order in which a person would trust them. What a person sees decides; a
//! placeholder, `aria-label` or `title` counts only where no visible caption says anything. Names, types and
//! order are never asked.

mod tokens;

use std::collections::HashMap;

use super::Role;
use super::caption::{Said, Vocabulary};
use super::controls::{Kind, first_legend, kind};
use super::grid::Grid;
use super::tree::{Content, Document, Node, NodeIndex, fold_blanks};
use super::words;
use tokens::{Token, is_field, is_heading, tokens};

/// What the captions of one control say together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Labelled {
    /// The field it is, when they name exactly one.
    pub(crate) role: Option<Role>,
    /// Whether the role needs the rest of the form to be sure.
    pub(crate) loosely: bool,
    /// Whether one caption names several fields.
    pub(crate) ambiguous: bool,
    /// Everything that stands with the control, to tell it to a person and to look for 必須.
    pub(crate) captions: Vec<String>,
}

/// Finds captions on one page.
pub(crate) struct Labels<'a> {
    page: &'a Document,
    vocabulary: &'a Vocabulary,
    tokens: Vec<Token>,
    /// Where each field stands among the tokens.
    places: HashMap<NodeIndex, usize>,
    /// Where the fields stand, in order.
    fields: Vec<NodeIndex>,
    /// The tables whose cells hold fields.
    grids: HashMap<NodeIndex, Grid>,
    /// The labels that point at an id.
    pointing: HashMap<&'a str, Vec<NodeIndex>>,
}

impl<'a> Labels<'a> {
    /// Runs over the page once.
    pub(crate) fn new(page: &'a Document, vocabulary: &'a Vocabulary) -> Self {
        let fields: Vec<NodeIndex> = (0..page.nodes().len())
            .filter(|at| is_field(page, *at))
            .collect();
        let mut grids = HashMap::new();
        for &field in &fields {
            if let Some((_, table)) = cell_and_table(page, field) {
                grids.entry(table).or_insert_with(|| Grid::new(page, table));
            }
        }
        let mut pointing: HashMap<&'a str, Vec<NodeIndex>> = HashMap::new();
        for (at, label) in page.named("label") {
            if let Some(target) = label.attribute("for") {
                pointing.entry(target).or_default().push(at);
            }
        }
        let tokens = tokens(page);
        let places = tokens
            .iter()
            .enumerate()
            .filter_map(|(place, token)| match token {
                Token::Field(at) => Some((*at, place)),
                _ => None,
            })
            .collect();
        Self {
            page,
            vocabulary,
            tokens,
            places,
            fields,
            grids,
            pointing,
        }
    }

    /// Reads the captions of one field.
    pub(crate) fn of(&self, control: NodeIndex) -> Labelled {
        let seen = self.visible_captions(control);
        let attributes = self.attribute_captions(control);
        let mut labelled = self.weigh(&seen);
        if labelled.role.is_none() && !self.names_something(&seen) {
            labelled = self.weigh(&attributes);
        }
        if self.is_crossed(control) {
            labelled.role = None;
            labelled.ambiguous = true;
        }
        labelled.captions = seen.into_iter().chain(attributes).collect();
        labelled
    }

    /// Whether the label that points at a control names one field and the row in which it stands another.
    fn is_crossed(&self, control: NodeIndex) -> bool {
        let role_of = |captions: Vec<String>| {
            let labelled = self.weigh(&captions);
            labelled.role.filter(|_| !labelled.loosely)
        };
        let kind = |role: Role| match role {
            Role::PasswordAgain => Role::Password,
            role => role,
        };
        let pointing = role_of(self.label_elements(control)).map(kind);
        let row = role_of(self.cell_captions(control)).map(kind);
        matches!((pointing, row), (Some(pointing), Some(row)) if pointing != row)
    }

    /// The captions of a tick, which usually stand behind it.
    pub(crate) fn of_tick(&self, control: NodeIndex) -> Vec<String> {
        let mut captions = self.label_elements(control);
        captions.extend(self.following(control));
        captions.extend(self.visible_captions(control));
        captions.extend(self.attribute_captions(control));
        captions
    }

    /// The headings that stand over a form: its own, and the nearest before it; the page's title where there is none.
    pub(crate) fn headings(&self, form: NodeIndex) -> Vec<String> {
        self.headings_where(form, |_| true)
    }

    /// The same, passing over headings of notices (…について) that have their own text before the form begins.
    pub(crate) fn headings_without_notices(&self, form: NodeIndex) -> Vec<String> {
        self.headings_where(form, |heading| !self.is_over_a_notice(heading, form))
    }

    fn is_over_a_notice(&self, heading: NodeIndex, form: NodeIndex) -> bool {
        let announces = self.page.visible_text(heading);
        let between = self.page.nodes()[heading].end..form;
        let has_text = |node: &Node| matches!(&node.content, Content::Text(text) if !node.hidden && !text.trim().is_empty());
        NOTICES.iter().any(|ending| announces.ends_with(ending))
            && self.page.nodes()[between].iter().any(has_text)
    }

    fn headings_where(&self, form: NodeIndex, counts: impl Fn(NodeIndex) -> bool) -> Vec<String> {
        let end = self.page.nodes()[form].end;
        let all: Vec<NodeIndex> = self
            .page
            .elements()
            .filter(|(at, element)| names_a_group(&element.name) && !self.page.nodes()[*at].hidden)
            .map(|(at, _)| at)
            .collect();
        let inside = all.iter().filter(|at| (form..end).contains(*at));
        let before = all.iter().rfind(|at| **at < form && counts(**at));
        let mut headings: Vec<String> = inside
            .chain(before)
            .map(|&at| self.page.visible_text(at))
            .collect();
        if headings.is_empty() {
            headings.extend(words::title(self.page));
        }
        headings
    }

    /// The first source that names a field wins; a second-entry mark on the way changes what is named.
    fn weigh(&self, captions: &[String]) -> Labelled {
        let mut labelled = Labelled {
            role: None,
            loosely: false,
            ambiguous: false,
            captions: vec![],
        };
        let mut again = false;
        let mut mention = None;
        for caption in captions {
            match self.vocabulary.read(caption) {
                Said::Role { role, loosely } => {
                    labelled.role = Some(role);
                    labelled.loosely = loosely;
                    break;
                }
                Said::Several => {
                    labelled.ambiguous = true;
                    break;
                }
                Said::Mention(role) => mention = mention.or(Some(role)),
                Said::Confirm => again = true,
                Said::Nothing | Said::Other(_) => {}
            }
        }
        if labelled.role.is_none() && !labelled.ambiguous {
            labelled.role = mention;
        }
        if again && matches!(labelled.role, Some(Role::Password)) {
            labelled.role = Some(Role::PasswordAgain);
        }
        // A bare 'confirm' names the second entry only where the first stands beside it.
        if again && labelled.role.is_none() && !labelled.ambiguous {
            labelled.role = Some(Role::PasswordAgain);
            labelled.loosely = true;
        }
        labelled
    }

    fn names_something(&self, captions: &[String]) -> bool {
        captions
            .iter()
            .any(|caption| !matches!(self.vocabulary.read(caption), Said::Nothing | Said::Confirm))
    }

    fn visible_captions(&self, control: NodeIndex) -> Vec<String> {
        let mut captions = self.label_elements(control);
        captions.extend(
            self.following(control)
                .filter(|text| self.vocabulary.read(text) == Said::Confirm),
        );
        captions.extend(self.preceding(control));
        captions.extend(self.cell_captions(control));
        captions.extend(self.term(control));
        captions.extend(self.surroundings(control));
        captions.extend(self.legends(control));
        captions.retain(|caption| !caption.is_empty());
        captions
    }

    fn attribute_captions(&self, control: NodeIndex) -> Vec<String> {
        let Some(element) = self.page.element(control) else {
            return vec![];
        };
        ["aria-label", "placeholder", "title"]
            .iter()
            .filter_map(|name| element.attribute(name))
            .map(fold_blanks)
            .filter(|caption| !caption.is_empty())
            .collect()
    }

    /// `label for`, a label around the control, and `aria-labelledby`.
    fn label_elements(&self, control: NodeIndex) -> Vec<String> {
        let Some(element) = self.page.element(control) else {
            return vec![];
        };
        let id = element
            .attribute("id")
            .filter(|id| self.page.by_id(id) == Some(control));
        let pointing = id.and_then(|id| self.pointing.get(id));
        let around = self.page.ancestors(control).find(|&at| {
            self.page
                .element(at)
                .is_some_and(|e| e.name == "label" && !e.has("for"))
                && self.first_field_in(at) == Some(control)
        });
        let described = element
            .attribute("aria-labelledby")
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|id| self.page.by_id(id));
        pointing
            .into_iter()
            .flatten()
            .copied()
            .chain(around)
            .chain(described)
            .take(MOST_LABELS)
            .map(|at| self.page.visible_text(at))
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// A label without `for` belongs to the first control inside it.
    fn first_field_in(&self, label: NodeIndex) -> Option<NodeIndex> {
        (label..self.page.nodes()[label].end).find(|&at| {
            self.page
                .element(at)
                .and_then(kind)
                .is_some_and(|kind| kind != Kind::Hidden)
        })
    }

    /// The runs of text before a control, nearest first, down to the first that names anything.
    fn preceding(&self, control: NodeIndex) -> Vec<String> {
        let mut runs = Vec::new();
        let mut run: Vec<(&str, bool)> = Vec::new();
        let Some(place) = self.place(control) else {
            return runs;
        };
        for token in self.tokens[..place].iter().rev() {
            match token {
                Token::Text { at, .. } if self.belongs_elsewhere(*at, control) => break,
                Token::Text {
                    text, in_heading, ..
                } => run.push((text, *in_heading)),
                Token::Line if self.take_run(&mut run, &mut runs) => return runs,
                Token::Line => {}
                Token::Cell | Token::Field(_) => break,
            }
        }
        self.take_run(&mut run, &mut runs);
        runs
    }

    /// Ends a run; whether it named something, so that older text is about something else.
    fn take_run(&self, run: &mut Vec<(&str, bool)>, runs: &mut Vec<String>) -> bool {
        let in_heading = run.iter().any(|(_, in_heading)| *in_heading);
        let text = fold_blanks(
            &run.drain(..)
                .rev()
                .map(|(text, _)| text)
                .collect::<String>(),
        );
        if text.is_empty() {
            return false;
        }
        let said = self.vocabulary.read(&text);
        // A heading that names no field is about the page.
        if in_heading && !matches!(said, Said::Role { .. }) {
            return true;
        }
        let decides = matches!(said, Said::Role { .. } | Said::Several | Said::Other(_));
        runs.push(text);
        decides || runs.len() > MOST_RUNS
    }

    /// The text behind a control on its line, when no other control claims it.
    fn following(&self, control: NodeIndex) -> impl Iterator<Item = String> {
        let mut text = String::new();
        let mut claimed = false;
        for token in self
            .place(control)
            .into_iter()
            .flat_map(|place| &self.tokens[place + 1..])
        {
            match token {
                Token::Text { text: more, .. } => text.push_str(more),
                Token::Field(_) => {
                    claimed = true;
                    break;
                }
                Token::Line | Token::Cell => break,
            }
        }
        let text = fold_blanks(&text);
        (!claimed && !text.is_empty()).then_some(text).into_iter()
    }

    /// The row's heading, then the column's.
    fn cell_captions(&self, control: NodeIndex) -> Vec<String> {
        let Some((cell, table)) = cell_and_table(self.page, control) else {
            return vec![];
        };
        let Some(grid) = self.grids.get(&table) else {
            return vec![];
        };
        let names = |cells: Vec<NodeIndex>| {
            let mut captions = Vec::new();
            for cell in cells {
                if self.holds_field(cell) {
                    continue;
                }
                let text = self.page.visible_text(cell);
                let said = self.vocabulary.read(&text);
                captions.push(text);
                if !matches!(said, Said::Nothing | Said::Confirm) {
                    break;
                }
            }
            captions
        };
        let left = grid.left_of(cell, |at| self.holds_field(at));
        let mut captions = names(left);
        let named = captions
            .iter()
            .any(|caption| !matches!(self.vocabulary.read(caption), Said::Nothing | Said::Confirm));
        if !named {
            captions.extend(names(grid.above(cell)));
        }
        captions
    }

    fn holds_field(&self, at: NodeIndex) -> bool {
        !self.fields_in(at).is_empty()
    }

    fn fields_in(&self, at: NodeIndex) -> &[NodeIndex] {
        let from = self.fields.partition_point(|field| *field < at);
        let to = self
            .fields
            .partition_point(|field| *field < self.page.nodes()[at].end);
        &self.fields[from..to]
    }

    /// Whether a text stands in a box with another field and without this one, as a label behind its field.
    fn belongs_elsewhere(&self, text: NodeIndex, control: NodeIndex) -> bool {
        self.page
            .ancestors(text)
            .map(|around| self.fields_in(around))
            .find(|fields| !fields.is_empty())
            .is_some_and(|fields| fields.binary_search(&control).is_err())
    }

    /// The text of the largest box that holds this field and no other.
    fn surroundings(&self, control: NodeIndex) -> Option<String> {
        self.page
            .ancestors(control)
            .take_while(|around| self.fields_in(around.to_owned()).len() == 1)
            .filter(|around| {
                self.page.element(*around).is_some_and(|e| {
                    !matches!(
                        e.name.as_str(),
                        "form" | "body" | "html" | "table" | "tbody"
                    )
                })
            })
            .last()
            .map(|around| self.page.visible_text(around))
    }

    /// The `dt` of the control's `dd`.
    fn term(&self, control: NodeIndex) -> Option<String> {
        let description = self.page.enclosing(control, "dd")?;
        let list = self.page.nodes()[description].parent?;
        self.page
            .children(list)
            .take_while(|at| *at < description)
            .filter(|&at| self.page.element(at).is_some_and(|e| e.name == "dt"))
            .last()
            .map(|at| self.page.visible_text(at))
    }

    fn legends(&self, control: NodeIndex) -> Vec<String> {
        self.page
            .ancestors(control)
            .filter(|&at| self.page.element(at).is_some_and(|e| e.name == "fieldset"))
            .filter_map(|fieldset| first_legend(self.page, fieldset))
            .filter(|&legend| !self.page.nodes()[legend].hidden)
            .map(|legend| self.page.visible_text(legend))
            .collect()
    }

    fn place(&self, control: NodeIndex) -> Option<usize> {
        self.places.get(&control).copied()
    }
}

/// The cell around a field, and its table.
fn cell_and_table(page: &Document, field: NodeIndex) -> Option<(NodeIndex, NodeIndex)> {
    let cell = page.ancestors(field).find(|&at| {
        page.element(at)
            .is_some_and(|e| matches!(e.name.as_str(), "td" | "th"))
    })?;
    Some((cell, page.enclosing(cell, "table")?))
}

fn names_a_group(name: &str) -> bool {
    is_heading(name) || matches!(name, "legend" | "caption")
}

/// How the heading of a notice ends.
const NOTICES: [&str; 5] = ["について", "に関して", "のお知らせ", "のご案内", "のご注意"];

/// No field has more labels than this.
const MOST_LABELS: usize = 8;

/// A caption further away than this many runs of hints is about something else.
const MOST_RUNS: usize = 4;
