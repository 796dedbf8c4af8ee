//! A form that goes on to the next page with nothing but what its page put there: tokens, repeated values, a
//! button.
//!
//! Such a form stands before the retrieval form (consent to what the page shows) or after the submission (a
//! confirm page, a second button). One that asks for anything is a person's.

use encoding_rs::Encoding as Charset;
use url::Url;

use super::button::Button;
use super::{Candidate, Kind};
use crate::retrieval::page::caption::{Fit, Vocabulary};
use crate::retrieval::page::controls::{self, controls as owned_controls};
use crate::retrieval::page::labels::Labels;
use crate::retrieval::page::tree::Document;
use crate::retrieval::page::{RetrievalForm, UnknownReason, words};

/// How a form is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    /// Its entries become part of the address.
    Get,
    /// Its entries are the body.
    Post,
}

/// A form that asks for nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CarryingForm {
    /// What it sends, and where.
    pub(crate) form: RetrievalForm,
    /// How.
    pub(crate) method: Method,
    /// Whether sending it consents to what the page shows.
    pub(crate) consents: bool,
    /// What sending it would agree to beside the page's own sentences: the questions of its scripts, what is chosen in
    /// it. What a tick says stands among the sentences, too.
    pub(crate) agrees_to: Vec<String>,
}

/// The one form of the page that goes on; `Err` when it asks for something first.
pub(in crate::retrieval::page) fn carrying(
    page: &Document,
    url: &Url,
    page_charset: &'static Charset,
    vocabulary: &Vocabulary,
) -> Result<Option<CarryingForm>, UnknownReason> {
    let labels = Labels::new(page, vocabulary);
    let owned = owned_controls(page);
    let mut found: Vec<(Fit, Result<CarryingForm, UnknownReason>)> = Vec::new();
    for (at, _) in page.named("form").take(super::MOST_FORMS) {
        let controls: Vec<controls::Control<'_>> = owned
            .iter()
            .filter(|(_, owner)| *owner == Some(at))
            .map(|(control, _)| *control)
            .take(super::MOST_CONTROLS)
            .collect();
        let candidate = Candidate::new(page, at, controls, &labels, vocabulary);
        if candidate.refuse_revocation().is_err() || candidate.asks_for_the_pair() {
            continue;
        }
        if let Some((fit, button)) = candidate.carrying_button() {
            found.push((fit, candidate.carry(url, page_charset, &button)));
        }
    }
    let best = found.iter().map(|(fit, _)| *fit).max();
    let mut fitting = found.into_iter().filter(|(fit, _)| Some(*fit) == best);
    match (fitting.next(), fitting.next()) {
        (Some((_, Ok(form))), None) => Ok(Some(form)),
        (Some((_, Err(reason))), None) if reason.needs_a_person() => Err(reason),
        _ => Ok(None),
    }
}

impl<'a> Candidate<'a> {
    /// Whether one of the four fields waits to be filled in: the form again, and no page in between.
    fn asks_for_the_pair(&self) -> bool {
        self.controls.iter().any(|control| {
            self.labelled
                .get(&control.at)
                .is_some_and(|labelled| labelled.role.is_some())
                && !control.element.has("readonly")
                && !control.disabled
        })
    }

    /// The button that goes on: the one that names the download, or the only one that does not turn back.
    fn carrying_button(&self) -> Option<(Fit, Button<'a>)> {
        let offered: Vec<(Fit, Button<'a>)> = self
            .buttons()
            .map(|button| {
                let fit = match self.vocabulary.button(&button.caption) {
                    Fit::No if self.vocabulary.carries_on(&button.caption) => Fit::IfAlone,
                    fit => fit,
                };
                (fit, button)
            })
            .filter(|(fit, _)| *fit > Fit::No)
            .collect();
        let best = offered.iter().map(|(fit, _)| *fit).max()?;
        let mut fitting = offered.into_iter().filter(|(fit, _)| *fit == best);
        match (fitting.next(), fitting.next()) {
            (Some(button), None) => Some(button),
            _ => None,
        }
    }

    fn carry(
        &self,
        url: &Url,
        page_charset: &'static Charset,
        button: &Button<'_>,
    ) -> Result<CarryingForm, UnknownReason> {
        let ticks = self.settle_what_is_new(&[])?;
        let consents = self.vocabulary.asks_consent(&button.caption);
        let own = [button.caption.clone()];
        if consents && !(self.vocabulary.only_acknowledges(&own) && self.page_shows_it_all()) {
            let captions = own.to_vec();
            return Err(UnknownReason::NeedsConsent { captions });
        }
        self.refuse_scripts(button)?;
        if self
            .controls
            .iter()
            .any(|control| control.kind == Kind::File)
        {
            return Err(UnknownReason::UnknownField { captions: vec![] });
        }
        let charset = self.charset(page_charset);
        let method = match self.is_posted(button) {
            true => Method::Post,
            false => Method::Get,
        };
        let form = RetrievalForm {
            action: self.target(url, page_charset, button)?,
            encoding: self.encoding(button)?,
            charset,
            entries: self.entries(&[], &ticks, button, charset),
            fields: vec![],
            button: button.caption.clone(),
        };
        Ok(CarryingForm {
            form,
            method,
            consents: consents || !ticks.is_empty(),
            agrees_to: self.agrees_to(button),
        })
    }

    /// A button that consents means the whole page, so nothing on it may name what a person alone consents to, nor stand
    /// in a document of its own.
    fn page_shows_it_all(&self) -> bool {
        !words::has_unread_parts(self.page)
            && !words::sentences(self.page)
                .into_iter()
                .chain(words::boxed(self.page))
                .any(|sentence| self.vocabulary.goes_beyond(&sentence))
    }

    fn agrees_to(&self, button: &Button<'_>) -> Vec<String> {
        let on_click = button.control.and_then(|c| c.element.attribute("onclick"));
        let on_submit = self.attribute("onsubmit");
        let handlers = [on_click.unwrap_or_default(), &on_submit];
        // A handler that calls a function may ask what any script of the page asks.
        let by_scripts = match handlers.iter().all(|code| code.trim().is_empty()) {
            true => vec![],
            false => words::confirms(self.page),
        };
        let chosen = self
            .controls
            .iter()
            .filter(|control| control.is_visible_field())
            .flat_map(|control| match control.kind {
                Kind::Select => controls::chosen_options(self.page, control),
                Kind::Tick => self
                    .labels
                    .of_tick(control.at)
                    .into_iter()
                    .take(1)
                    .collect(),
                _ => vec![],
            });
        handlers
            .into_iter()
            .flat_map(words::asked_by_handler)
            .chain(by_scripts)
            .chain(chosen)
            .collect()
    }
}
