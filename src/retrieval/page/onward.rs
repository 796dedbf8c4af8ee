//! A page that came after the submission: what it says beyond the form page, and where it leads.
//!
//! It may lead to the file by a link, a refresh or a second button, or repeat the values for a last look. Only
//! what asks for nothing new is gone along with, on the site's own host; a link costs nothing, so it is taken
//! before a button, and a button is pressed only on a page whose every sentence is known (see [`super::plain`]). The
//! form shown again leads nowhere.

use std::time::Duration;

use encoding_rs::Encoding as Charset;
use url::Url;

use super::caption::{Fit, Vocabulary};
use super::controls::{button_caption, controls};
use super::form::{self, CarryingForm, Method, carrying};
use super::plain::PlainWords;
use super::words::{self, only_new};
use super::{UnknownReason, address, charset, tree};
use crate::config::FormLabels;
use crate::domain::fold_typed;
use crate::retrieval::phrases::Phrases;

/// What must be known to read a page that came after the submission.
#[derive(Clone, Copy)]
pub(crate) struct AfterSubmission<'a> {
    /// Where the page stands; `None` when that is not known, so that it leads nowhere.
    pub(crate) url: Option<&'a Url>,
    /// Where the form stood.
    pub(crate) form_page: Option<&'a Url>,
    /// What the form page said.
    pub(crate) form_sentences: &'a [String],
    /// What was submitted: the request ID, which may be repeated anywhere.
    pub(crate) request_id: &'a str,
    /// The reference ID and the password, which never enter an address.
    pub(crate) secrets: [&'a str; 2],
    /// The labels of the form.
    pub(crate) labels: &'a FormLabels,
    /// The table of phrases.
    pub(crate) phrases: &'a Phrases,
}

/// A page that came after the submission, as read.
#[derive(Debug)]
pub(crate) struct AnswerPage {
    /// What it says beyond the words of the form page.
    pub(crate) said: Vec<String>,
    /// Where it leads.
    pub(crate) onward: Onward,
}

/// Where a page after the submission leads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Onward {
    /// To an address that is asked by GET.
    Get {
        /// The address.
        url: Url,
        /// How long the page asks to wait.
        wait: Duration,
        /// How plainly it leads to the file.
        towards: Towards,
    },
    /// A form that sends back what the page itself put there.
    Send {
        /// The form.
        form: Box<CarryingForm>,
        /// Whether it repeats what was submitted: a confirm page.
        confirms: bool,
        /// Whether its button names the download.
        names_the_download: bool,
    },
    /// To a question.
    Asks(UnknownReason),
    /// Nowhere.
    Nowhere,
}

/// How plainly a link leads to the file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Towards {
    /// It is the only way on.
    Alone,
    /// Its words say so.
    Said,
    /// It names the file.
    Named,
}

/// Reads a page that came after the submission.
pub(crate) fn after_submission(
    bytes: &[u8],
    content_type: Option<&str>,
    known: &AfterSubmission<'_>,
) -> AnswerPage {
    let decoded = charset::decode(bytes, content_type);
    let page = tree::Document::parse(&decoded.text);
    let mut said = only_new(words::sentences(&page), known.form_sentences);
    said.extend(words::alerts(&page));
    let onward = match known.url {
        Some(url) if page.is_whole() => {
            let vocabulary = Vocabulary::new(known.labels, &known.phrases.form);
            let ways = Ways {
                page: &page,
                url,
                charset: decoded.encoding,
                vocabulary: &vocabulary,
                known,
                said: &said,
            };
            ways.best()
        }
        _ => Onward::Nowhere,
    };
    AnswerPage { said, onward }
}

struct Ways<'a> {
    page: &'a tree::Document,
    url: &'a Url,
    charset: &'static Charset,
    vocabulary: &'a Vocabulary,
    known: &'a AfterSubmission<'a>,
    said: &'a [String],
}

impl Ways<'_> {
    fn best(&self) -> Onward {
        let link = self.link();
        if let Some((Towards::Named, url)) = &link {
            return get(url.clone(), Duration::ZERO, Towards::Named);
        }
        let shows_the_form = form::find(self.page, self.url, self.charset, self.vocabulary).is_ok();
        if shows_the_form {
            return Onward::Nowhere;
        }
        if let Some((url, wait)) = self.refresh() {
            return get(url, wait, Towards::Said);
        }
        if let Some((Towards::Said, url)) = &link {
            return get(url.clone(), Duration::ZERO, Towards::Said);
        }
        match carrying(self.page, self.url, self.charset, self.vocabulary) {
            Ok(Some(form)) => match self.is_a_persons_to_press(&form) {
                Some(sentence) => Onward::Asks(UnknownReason::NeedsConsent {
                    captions: vec![sentence],
                }),
                None => self.send(form),
            },
            Err(reason) => Onward::Asks(reason),
            Ok(None) => match link {
                // A link that says nothing leads where the page says.
                Some((towards, url)) if !self.speaks_of_something_else() => {
                    get(url, Duration::ZERO, towards)
                }
                _ => Onward::Nowhere,
            },
        }
    }

    /// The sentence, or the caption, by which pressing the button would agree to something new.
    ///
    /// A button that names the download says itself what it does, so there only a sentence counts that speaks of money or
    /// loss, or of what else the press brings; unless the page asks a question, wants consent or a choice, to which the button is the answer.
    fn is_a_persons_to_press(&self, form: &CarryingForm) -> Option<String> {
        let plain = self.plain_words();
        let caption = form.form.button();
        if !plain.is_plain(caption) {
            return Some(caption.to_owned());
        }
        let boxed = words::boxed(self.page);
        let asks = form.consents
            || !form.agrees_to.is_empty()
            || self.said.iter().any(|sentence| plain.is_question(sentence));
        if self.names_the_download(form) && !asks {
            let takes = |sentence: &&String| {
                self.vocabulary.speaks_of_cost(sentence)
                    || self.vocabulary.speaks_of_loss(sentence)
                    || plain.tells_a_consequence(sentence)
            };
            return self.said.iter().chain(&boxed).find(takes).cloned();
        }
        if let Some(other) = boxed
            .iter()
            .find(|text| !plain.is_plain(text) && !plain.is_value(text))
        {
            return Some(other.clone());
        }
        if words::has_unread_parts(self.page) {
            return Some(caption.to_owned());
        }
        let sentences = words::with_news(words::sentences(self.page), self.known.form_sentences);
        let spoken = words::alerts(self.page);
        let beside = spoken.iter().chain(&form.agrees_to);
        let all = sentences
            .iter()
            .map(|(sentence, is_new)| (sentence.as_str(), *is_new))
            .chain(beside.map(|sentence| (sentence.as_str(), true)));
        match plain.first_other(all) {
            Some(other) => Some(other.to_owned()),
            None if self.is_about_the_download(form) => None,
            None => Some(caption.to_owned()),
        }
    }

    /// Whether the page says what is gone on with: it names the certificate, or repeats what was submitted.
    fn is_about_the_download(&self, form: &CarryingForm) -> bool {
        let names_it = |text: &str| {
            self.vocabulary.speaks_of_the_download(text) || words::names_the_certificate(text)
        };
        self.repeats_the_pair(form)
            || self.said.iter().any(|sentence| names_it(sentence))
            || names_it(form.form.button())
    }

    fn plain_words(&self) -> PlainWords<'_> {
        let buttons = controls(self.page)
            .into_iter()
            .map(|(control, _)| button_caption(self.page, &control));
        let links = self
            .page
            .named("a")
            .map(|(at, _)| self.page.visible_text(at));
        let [reference_id, password] = self.known.secrets;
        PlainWords::new(
            self.vocabulary,
            self.known.labels,
            &self.known.phrases.form,
            [self.known.request_id, reference_id, password],
            buttons.chain(links).collect(),
        )
    }

    fn names_the_download(&self, form: &CarryingForm) -> bool {
        self.vocabulary.button(form.form.button()) >= Fit::Says
    }

    fn speaks_of_something_else(&self) -> bool {
        let strays = |sentence: &String| {
            self.vocabulary.names_something_else(sentence)
                || self.vocabulary.speaks_of_cost(sentence)
                || self.vocabulary.speaks_of_loss(sentence)
        };
        self.said.iter().any(strays)
    }

    /// A form that would put a secret into an address leads nowhere.
    fn send(&self, form: CarryingForm) -> Onward {
        match form.method {
            Method::Post if !self.is_ours(form.form.action()) => Onward::Nowhere,
            Method::Post => Onward::Send {
                names_the_download: self.names_the_download(&form),
                confirms: self.repeats_the_pair(&form),
                form: Box::new(form),
            },
            Method::Get => {
                let mut url = form.form.action().clone();
                let query = form.form.carry();
                // A GET form's entries take the place of its address's own query.
                url.set_query(Some(&String::from_utf8_lossy(query.expose_body())));
                match self.is_ours(&url) {
                    true => get(url, Duration::ZERO, Towards::Said),
                    false => Onward::Nowhere,
                }
            }
        }
    }

    /// Whether the page shows the request ID again, or its form carries one of the pair.
    fn repeats_the_pair(&self, form: &CarryingForm) -> bool {
        let (request_id, [reference_id, _]) = (self.known.request_id, self.known.secrets);
        let shows = words::sentences(self.page)
            .iter()
            .any(|sentence| digits(sentence).contains(request_id));
        shows || form.form.repeats(&[request_id, reference_id])
    }

    fn refresh(&self) -> Option<(Url, Duration)> {
        let wait = address::refresh_after(self.page)?.min(LONGEST_WAIT);
        let url = address::refresh(self.page, self.url)?;
        (self.is_ours(&url) && !self.is_form_page(&url)).then_some((url, wait))
    }

    /// The link that leads to the file more plainly than every other.
    fn link(&self) -> Option<(Towards, Url)> {
        let mut found: Vec<(Towards, Url)> = Vec::new();
        for (at, link) in self.page.named("a") {
            if self.page.nodes()[at].hidden {
                continue;
            }
            let Some(url) = link.attribute("href").and_then(|href| self.target(href)) else {
                continue;
            };
            let mut caption = self.page.visible_text(at);
            caption.push_str(link.attribute("title").unwrap_or_default());
            let towards = match self.vocabulary.leads_away(&caption) {
                true => continue,
                false if names_a_file(url.path()) || names_a_file(&caption) => Towards::Named,
                false if link.has("download") => Towards::Named,
                false if self.vocabulary.button(&caption) >= Fit::Says => Towards::Said,
                false => Towards::Alone,
            };
            found.push((towards, url));
        }
        let best = found.iter().map(|(towards, _)| *towards).max()?;
        found.retain(|(towards, _)| *towards == best);
        found.dedup_by(|a, b| a.1 == b.1);
        match found.as_slice() {
            [(towards, url)] => Some((*towards, url.clone())),
            _ => None,
        }
    }

    /// Where a link leads, when that is another page of the site.
    fn target(&self, href: &str) -> Option<Url> {
        let href = href.trim();
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let base = address::base(self.page, self.url);
        let mut url = address::resolve(href, &base, self.charset)?;
        url.set_fragment(None);
        (self.is_ours(&url) && !self.is_form_page(&url)).then_some(url)
    }

    /// On the site's own host, by TLS, and without a secret in the address.
    fn is_ours(&self, url: &Url) -> bool {
        address::hold_to_site(url, self.url).is_ok()
            && !address::leads_with_a_secret(url, self.known.secrets)
    }

    fn is_form_page(&self, url: &Url) -> bool {
        self.known.form_page.is_some_and(|form| {
            form.path().trim_end_matches('/') == url.path().trim_end_matches('/')
                && form.query() == url.query()
        })
    }
}

fn get(url: Url, wait: Duration, towards: Towards) -> Onward {
    Onward::Get { url, wait, towards }
}

fn digits(text: &str) -> String {
    let folded = fold_typed(text);
    folded.chars().filter(char::is_ascii_digit).collect()
}

fn names_a_file(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    [".p12", ".pfx"].iter().any(|ending| {
        text.ends_with(ending)
            || text.contains(&format!("{ending})"))
            || text.contains(&format!("{ending}）"))
    })
}

/// A page that asks to wait longer is asked earlier.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
