//! Finds the retrieval form among the forms of a page, or says why none may be sent to.

mod button;
mod carrying;
mod guards;
mod seen;
mod sending;

use std::collections::HashMap;

use encoding_rs::Encoding as Charset;
use url::Url;

use super::caption::Vocabulary;
use super::controls::{self, Control, Kind, controls};
use super::labels::{Labelled, Labels};
use super::tree::{Document, NodeIndex};
use super::{FieldShape, RetrievalForm, Role, UnknownReason};

pub(super) use carrying::carrying;
pub(crate) use carrying::{CarryingForm, Method};
pub use seen::FieldSeen;
pub(super) use seen::seen;

/// The one form of the page that asks for the four fields.
pub(super) fn find(
    page: &Document,
    url: &Url,
    page_charset: &'static Charset,
    vocabulary: &Vocabulary,
) -> Result<RetrievalForm, UnknownReason> {
    let controls_there = page
        .elements()
        .filter(|(_, element)| controls::kind(element).is_some())
        .count();
    if controls_there > MOST_CONTROLS || page.named("form").count() > MOST_FORMS {
        return Err(UnknownReason::TooLarge);
    }
    let labels = Labels::new(page, vocabulary);
    let owned = controls(page);
    let mut understood = Vec::new();
    let mut refused = Vec::new();
    for (at, _) in page.named("form") {
        let controls: Vec<Control<'_>> = owned
            .iter()
            .filter(|(_, owner)| *owner == Some(at))
            .map(|(control, _)| *control)
            .collect();
        let candidate = Candidate::new(page, at, controls, &labels, vocabulary);
        match candidate.understand(url, page_charset) {
            // The same form twice, for wide and narrow screens, is one form.
            Ok(form) if understood.iter().any(|known| form.sends_the_same(known)) => {}
            Ok(form) => understood.push(form),
            Err(reason) => refused.push((candidate.resemblance(), reason)),
        }
    }
    match understood.len() {
        1 => Ok(understood.remove(0)),
        0 => Err(most_telling(refused).unwrap_or_else(|| without_form(page, &owned))),
        _ => Err(UnknownReason::SeveralForms),
    }
}

/// The reason of the form that looks most like the one sought.
fn most_telling(refused: Vec<(usize, UnknownReason)>) -> Option<UnknownReason> {
    refused
        .into_iter()
        .rev()
        .max_by_key(|(resemblance, _)| *resemblance)
        .map(|(_, reason)| reason)
}

/// A page without any form: built by script, or simply another page.
fn without_form(page: &Document, owned: &[(Control<'_>, Option<NodeIndex>)]) -> UnknownReason {
    let fields_without_form = owned
        .iter()
        .any(|(control, owner)| owner.is_none() && control.is_visible_field());
    let says_little = page
        .named("body")
        .next()
        .is_none_or(|(at, _)| page.visible_text(at).chars().count() < LITTLE_TEXT);
    let has_script = page.named("script").next().is_some();
    if page.named("frame").next().is_some() {
        return UnknownReason::InFrames;
    }
    match fields_without_form || (says_little && has_script) {
        true => UnknownReason::ScriptOnly,
        false => UnknownReason::NoForm,
    }
}

/// One form with its controls and what their captions say.
struct Candidate<'a> {
    page: &'a Document,
    at: NodeIndex,
    controls: Vec<Control<'a>>,
    labelled: HashMap<NodeIndex, Labelled>,
    labels: &'a Labels<'a>,
    vocabulary: &'a Vocabulary,
}

impl<'a> Candidate<'a> {
    fn new(
        page: &'a Document,
        at: NodeIndex,
        controls: Vec<Control<'a>>,
        labels: &'a Labels<'a>,
        vocabulary: &'a Vocabulary,
    ) -> Self {
        let labelled = controls
            .iter()
            .filter(|control| !control.hidden && control.kind == Kind::Text)
            .map(|control| (control.at, labels.of(control.at)))
            .collect();
        let mut candidate = Self {
            page,
            at,
            controls,
            labelled,
            labels,
            vocabulary,
        };
        candidate.settle_passwords();
        candidate
    }

    /// How many of the four fields it seems to have.
    fn resemblance(&self) -> usize {
        ROLES
            .iter()
            .filter(|role| self.labelled.values().any(|l| l.role == Some(**role)))
            .count()
    }

    fn understand(
        &self,
        url: &Url,
        page_charset: &'static Charset,
    ) -> Result<RetrievalForm, UnknownReason> {
        self.refuse_revocation()?;
        let fields = self.fields()?;
        let ticks = self.settle_what_is_new(&fields)?;
        let button = self.button()?;
        self.refuse_scripts(&button)?;
        let action = self.action(url, page_charset, &button)?;
        let encoding = self.encoding(&button)?;
        let charset = self.charset(page_charset);
        Ok(RetrievalForm {
            action,
            encoding,
            charset,
            entries: self.entries(&fields, &ticks, &button, charset),
            fields: fields
                .iter()
                .map(|(role, control)| self.shape(*role, control))
                .collect(),
            button: button.caption,
        })
    }

    /// Two fields for the password take the same four digits, so which of them is 'again' is settled by
    /// their order; a bare パスワード is believed only as one of exactly two.
    fn settle_passwords(&mut self) {
        let is_password = |role| matches!(role, Some(Role::Password | Role::PasswordAgain));
        let places: Vec<NodeIndex> = self
            .controls
            .iter()
            .map(|control| control.at)
            .filter(|at| self.labelled.get(at).is_some_and(|l| is_password(l.role)))
            .collect();
        let sure: Vec<NodeIndex> = places
            .iter()
            .copied()
            .filter(|at| self.labelled.get(at).is_some_and(|l| !l.loosely))
            .collect();
        let pair = match (sure.as_slice(), places.as_slice()) {
            ([first, second], _) | (_, [first, second]) => Some([*first, *second]),
            _ => None,
        };
        for (at, labelled) in &mut self.labelled {
            match pair {
                Some([first, _]) if first == *at => labelled.role = Some(Role::Password),
                Some([_, second]) if second == *at => labelled.role = Some(Role::PasswordAgain),
                _ if labelled.loosely => labelled.role = None,
                _ => {}
            }
        }
    }

    /// The fields in the page's order: all four, or all but the password's second.
    fn fields(&self) -> Result<Vec<(Role, Control<'a>)>, UnknownReason> {
        let fields: Vec<(Role, Control<'a>)> = self
            .controls
            .iter()
            .filter_map(|control| Some((self.labelled.get(&control.at)?.role?, *control)))
            .collect();
        let labelled = |control: &Control<'_>| self.labelled.get(&control.at);
        if let Some(ambiguous) = self
            .controls
            .iter()
            .filter_map(labelled)
            .find(|l| l.ambiguous)
        {
            return Err(UnknownReason::AmbiguousCaption {
                captions: ambiguous.captions.clone(),
            });
        }
        for role in ROLES {
            match fields.iter().filter(|(found, _)| *found == role).count() {
                // A page that asks a sure password once has nothing to compare it with.
                0 if role == Role::PasswordAgain => {}
                0 => return Err(UnknownReason::MissingField { role }),
                1 => {}
                _ => return Err(UnknownReason::FieldTwice { role }),
            }
        }
        let unusable = fields.iter().find(|(_, control)| {
            control.disabled
                || control.element.has("readonly")
                || name_of(control).is_none()
                || WRONG_TYPES.contains(&control.element.keyword("type").as_str())
        });
        match unusable {
            Some((role, _)) => Err(UnknownReason::UnusableField { role: *role }),
            None => Ok(fields),
        }
    }

    fn shape(&self, role: Role, control: &Control<'_>) -> FieldShape {
        let length = |name: &str| {
            control
                .element
                .attribute(name)
                .and_then(|value| value.trim().parse().ok())
        };
        let captions = self.labelled.get(&control.at).map(|l| &l.captions);
        FieldShape {
            role,
            name: name_of(control).unwrap_or_default().to_owned(),
            caption: captions
                .and_then(|c| c.first())
                .cloned()
                .unwrap_or_default(),
            max_length: length("maxlength"),
            min_length: length("minlength"),
            digits_only: control.element.keyword("type") == "number",
            pattern: control.element.attribute("pattern").map(str::to_owned),
        }
    }

    fn attribute(&self, name: &str) -> String {
        self.page
            .element(self.at)
            .and_then(|form| form.attribute(name))
            .unwrap_or_default()
            .to_owned()
    }
}

fn name_of<'a>(control: &Control<'a>) -> Option<&'a str> {
    control
        .element
        .attribute("name")
        .filter(|name| !name.is_empty())
}

const ROLES: [Role; 4] = [
    Role::RequestId,
    Role::ReferenceId,
    Role::Password,
    Role::PasswordAgain,
];

/// Input types that would not take an ID or a password as it is.
const WRONG_TYPES: [&str; 9] = [
    "email",
    "url",
    "date",
    "time",
    "datetime-local",
    "month",
    "week",
    "color",
    "range",
];

/// More forms than this are no page for people.
const MOST_FORMS: usize = 50;

/// More controls than this are no form for people.
const MOST_CONTROLS: usize = 500;

/// A body with fewer characters than this and a script is an application that has not started.
const LITTLE_TEXT: usize = 80;
