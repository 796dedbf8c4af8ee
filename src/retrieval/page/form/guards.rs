//! What keeps a form that has the four fields from being sent: revocation, and questions for a person.

use super::Candidate;
use super::button::is_button;
use crate::retrieval::page::caption::Fit;
use crate::retrieval::page::controls::{
    Control, Kind, button_caption, chosen_options, untouched_values,
};
use crate::retrieval::page::tree::NodeIndex;
use crate::retrieval::page::{Role, UnknownReason, words};

impl<'a> Candidate<'a> {
    /// Never the form that revokes, renews or withdraws: by its headings, captions, buttons, choices or address.
    pub(super) fn refuse_revocation(&self) -> Result<(), UnknownReason> {
        let captions = self.labelled.values().flat_map(|l| l.captions.clone());
        let texts = self
            .labels
            .headings(self.at)
            .into_iter()
            .chain(captions)
            .chain(self.lone_buttons())
            .chain(self.chosen())
            .chain([self.attribute("action")]);
        let revokes = texts
            .into_iter()
            .any(|text| self.vocabulary.is_never(&text));
        match revokes || self.is_for_something_else() {
            true => Err(UnknownReason::OtherPurpose),
            false => Ok(()),
        }
    }

    /// By its headings, and by the page's title where no heading is about the download; by what is chosen beforehand.
    fn is_for_something_else(&self) -> bool {
        let headings = self.headings_that_count();
        let is_the_download = headings
            .iter()
            .any(|text| self.vocabulary.speaks_of_the_download(text));
        let title = words::title(self.page).filter(|_| !is_the_download);
        let controls = self.controls.iter();
        headings
            .into_iter()
            .chain(title)
            .chain(controls.flat_map(|control| chosen_options(self.page, control)))
            .any(|text| self.vocabulary.is_for_something_else(&text))
    }

    /// The headings over the form. That of a notice in between does not count where the form's own button is the download's,
    /// and the heading before it too.
    fn headings_that_count(&self) -> Vec<String> {
        let without_notices = self.labels.headings_without_notices(self.at);
        let is_the_download = self.lone_buttons().is_empty()
            && without_notices
                .iter()
                .any(|text| self.vocabulary.speaks_of_the_download(text))
            && !without_notices
                .iter()
                .any(|text| self.vocabulary.is_for_something_else(text));
        match is_the_download {
            true => without_notices,
            false => self.labels.headings(self.at),
        }
    }

    /// What the buttons say, unless one of them is the download and the others are only neighbours.
    fn lone_buttons(&self) -> Vec<String> {
        let captions: Vec<String> = self
            .controls
            .iter()
            .filter(|control| is_button(control))
            .map(|control| button_caption(self.page, control))
            .collect();
        let offers_download = |caption: &String| self.vocabulary.button(caption) >= Fit::Says;
        match captions.iter().any(offers_download) {
            true => vec![],
            false => captions,
        }
    }

    /// What is chosen before a person touches the form: ticks, options, and modes that nobody sees.
    fn chosen(&self) -> Vec<String> {
        self.controls
            .iter()
            .flat_map(|control| match control.kind {
                Kind::Tick if control.element.has("checked") => self.labels.of_tick(control.at),
                Kind::Select => chosen_options(self.page, control),
                Kind::Hidden => untouched_values(self.page, control)
                    .into_iter()
                    .filter(|value| value.chars().count() <= LONGEST_MODE)
                    .collect(),
                _ => vec![],
            })
            .collect()
    }

    /// Another visible field is an error when it must be filled, or when the page does not tell which must.
    ///
    /// Returns the ticks to set: consent to nothing but what the page itself shows.
    pub(super) fn settle_what_is_new(
        &self,
        fields: &[(Role, Control<'a>)],
    ) -> Result<Vec<NodeIndex>, UnknownReason> {
        let tells_required = fields.iter().any(|(_, control)| {
            let captions = self.labelled.get(&control.at).map(|l| &l.captions);
            self.is_required(control, captions.map_or(&[], Vec::as_slice))
        });
        self.controls
            .iter()
            .filter(|control| control.is_visible_field())
            .filter(|control| fields.iter().all(|(_, field)| field.at != control.at))
            .filter_map(|control| match control.kind {
                Kind::Tick => self.settle_tick(control).transpose(),
                _ => self
                    .refuse_open_field(control, tells_required)
                    .err()
                    .map(Err),
            })
            .collect()
    }

    /// A tick that stays empty is the page's choice unless it is consent; a choice of several is a person's.
    fn settle_tick(&self, control: &Control<'a>) -> Result<Option<NodeIndex>, UnknownReason> {
        let is_radio = control.element.keyword("type") == "radio";
        let settled = match is_radio {
            true => self.group_is_chosen(control),
            false => control.element.has("checked"),
        };
        let captions = self.labels.of_tick(control.at);
        if is_radio
            && control.element.has("checked")
            && captions.iter().any(|text| self.vocabulary.declines(text))
        {
            return Err(UnknownReason::NeedsConsent { captions });
        }
        let consent = captions
            .iter()
            .any(|text| self.vocabulary.asks_consent(text));
        let acknowledges = !is_radio && self.vocabulary.only_acknowledges(&captions);
        let asks = is_radio || consent || acknowledges || self.is_required(control, &captions);
        if settled || !asks {
            return Ok(None);
        }
        match acknowledges {
            true => Ok(Some(control.at)),
            false => Err(UnknownReason::NeedsConsent { captions }),
        }
    }

    fn refuse_open_field(
        &self,
        control: &Control<'a>,
        tells_required: bool,
    ) -> Result<(), UnknownReason> {
        let captions = match self.labelled.get(&control.at) {
            Some(labelled) => labelled.captions.clone(),
            None => self.labels.of(control.at).captions,
        };
        let chosen = chosen_options(self.page, control);
        if chosen.iter().any(|text| self.vocabulary.declines(text)) {
            return Err(UnknownReason::NeedsConsent { captions: chosen });
        }
        let filled = untouched_values(self.page, control)
            .iter()
            .any(|value| !value.trim().is_empty());
        let optional = captions
            .iter()
            .any(|text| self.vocabulary.says_optional(text));
        let may_stay_empty = !self.is_required(control, &captions) && (optional || tells_required);
        match filled || may_stay_empty {
            true => Ok(()),
            false => Err(UnknownReason::UnknownField { captions }),
        }
    }

    fn is_required(&self, control: &Control<'_>, captions: &[String]) -> bool {
        control.element.has("required")
            || control.element.keyword("aria-required") == "true"
            || captions
                .iter()
                .any(|text| self.vocabulary.says_required(text))
    }

    /// Whether a button of the same radio group is already chosen.
    fn group_is_chosen(&self, control: &Control<'_>) -> bool {
        self.controls.iter().any(|other| {
            other.element.keyword("type") == "radio"
                && other.element.attribute("name") == control.element.attribute("name")
                && other.element.has("checked")
        })
    }
}

/// A hidden value longer than this is a token, not a mode.
const LONGEST_MODE: usize = 20;
