//! What is seen of a form that is not understood: its fields, each with what stands beside it.

use super::Candidate;
use crate::retrieval::page::caption::Vocabulary;
use crate::retrieval::page::controls::{Control, Kind, controls};
use crate::retrieval::page::labels::Labels;
use crate::retrieval::page::tree::{Document, NodeIndex};
use crate::retrieval::page::words::printable;
use crate::retrieval::page::{FieldShape, Role};

/// A field of a page that is not understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldSeen {
    /// Which of the four it is; `None` for something else.
    pub role: Option<Role>,
    /// Its `name`, empty where it has none.
    pub name: String,
    /// What stands with it, empty where nothing does.
    pub caption: String,
}

impl FieldSeen {
    /// Which of the four are not among these fields.
    pub fn missing(fields: &[Self]) -> impl Iterator<Item = Role> {
        super::ROLES
            .into_iter()
            .filter(|role| !fields.iter().any(|field| field.role == Some(*role)))
    }
}

impl From<&FieldShape> for FieldSeen {
    fn from(field: &FieldShape) -> Self {
        Self {
            role: Some(field.role),
            name: short(&field.name),
            caption: short(&field.caption),
        }
    }
}

/// The fields that a person sees in the form which looks most like the one sought; where no form has any, those beside
/// all forms.
pub(in crate::retrieval::page) fn seen(page: &Document, vocabulary: &Vocabulary) -> Vec<FieldSeen> {
    let owned = controls(page);
    if owned.len() > super::MOST_CONTROLS || page.named("form").count() > super::MOST_FORMS {
        return Vec::new();
    }
    let labels = Labels::new(page, vocabulary);
    let body = page.named("body").map(|(at, _)| (at, None)).next();
    let places = page.named("form").map(|(at, _)| (at, Some(at)));
    let candidates = places.chain(body).map(|(at, owner)| {
        let controls = owned_by(&owned, owner);
        Candidate::new(page, at, controls, &labels, vocabulary)
    });
    candidates
        .map(|candidate| (candidate.resemblance(), fields_of(&candidate)))
        .max_by_key(|(resemblance, fields)| (*resemblance, fields.len()))
        .map_or_else(Vec::new, |(_, fields)| fields)
}

fn fields_of(candidate: &Candidate<'_>) -> Vec<FieldSeen> {
    candidate
        .controls
        .iter()
        .filter(|control| !control.hidden && control.kind == Kind::Text)
        .take(MOST_FIELDS)
        .map(|control| {
            let labelled = candidate.labelled.get(&control.at);
            let caption = labelled.and_then(|labelled| labelled.captions.first());
            FieldSeen {
                role: labelled.and_then(|labelled| labelled.role),
                name: short(super::name_of(control).unwrap_or_default()),
                caption: short(caption.map_or("", String::as_str)),
            }
        })
        .collect()
}

/// A text of the page as it may stand in a line for people.
fn short(text: &str) -> String {
    printable(text).chars().take(LONGEST_TEXT).collect()
}

fn owned_by<'a>(
    owned: &[(Control<'a>, Option<NodeIndex>)],
    owner: Option<NodeIndex>,
) -> Vec<Control<'a>> {
    owned
        .iter()
        .filter(|(_, of)| *of == owner)
        .map(|(control, _)| *control)
        .collect()
}

/// More fields than this tell nobody more.
const MOST_FIELDS: usize = 20;

/// Characters of a name or caption.
const LONGEST_TEXT: usize = 60;
