//! From the submission to the file: the one POST, and the pages that lead on from its answer.
//!
//! A redirect, a link and a refresh are followed by GET; a second button and one confirm page by a POST of what
//! the page itself put there. Each answer is kept before it is looked at, each further request is written down
//! before it leaves. Whatever goes wrong after the site led on to the file is unclear and never a reason to submit again.

use std::sync::Arc;

use hyper::body::Bytes;
use reqwest::cookie::Jar;
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use reqwest::{Client, Response, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use super::journal::{AnswerEnd, Cookies, FurtherRequest, Journal};
use super::receiving::receive;
use super::{MOST_REDIRECTS, redirect_of, unclear};
use crate::domain::Pkcs12;
use crate::retrieval::answer::{KeptAnswer, Submitted, Verdict, judge};
use crate::retrieval::error::{Effect, RefusalReason, RetrievalError, UnclearProblem};
use crate::retrieval::network::failure;
use crate::retrieval::page::{self, CarryingForm, Onward, Submission};

/// Everything after the intent was written.
pub(super) struct Conversation<'a> {
    client: &'a Client,
    cookies: &'a Arc<Jar>,
    submitted: Submitted<'a>,
    form_text: &'a str,
    form_page: Option<&'a Url>,
    journal: &'a mut dyn Journal,
    /// How often an answer led on.
    steps: usize,
    /// Whether a confirm page was answered.
    confirmed: bool,
    /// Whether a second button was pressed.
    pressed: bool,
    /// Whether the site led on to the file.
    handed_over: bool,
    /// Whether what is read last need not be what the submission itself was answered with.
    sent_on: bool,
    /// What the site said while it led on.
    otherwise: Option<RetrievalError>,
}

/// An answer that begins.
pub(super) struct Came {
    response: Response,
    url: Url,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        client: &'a Client,
        cookies: &'a Arc<Jar>,
        submitted: Submitted<'a>,
        form_text: &'a str,
        form_page: Option<&'a Url>,
        journal: &'a mut dyn Journal,
    ) -> Self {
        Self {
            client,
            cookies,
            submitted,
            form_text,
            form_page,
            journal,
            steps: 0,
            confirmed: false,
            pressed: false,
            handed_over: false,
            sent_on: false,
            otherwise: None,
        }
    }

    /// The one submission. Its error says whether the request left.
    pub(super) async fn submit(
        &mut self,
        action: &Url,
        submission: Submission,
        form_page: &Url,
    ) -> Result<Came, RetrievalError> {
        let sent = self.post(action, submission, form_page).await;
        let response = sent.map_err(|error| match error.is_connect() || error.is_builder() {
            true => failure(error),
            false => no_answer(error),
        })?;
        self.follow(response, action, AnswerTo::Post).await
    }

    /// Takes answers in and goes where they lead, until one is the file or the end.
    pub(super) async fn reach_the_file(
        mut self,
        mut came: Result<Came, RetrievalError>,
    ) -> Result<Pkcs12, RetrievalError> {
        loop {
            let Came { response, url } = match came {
                Ok(came) => came,
                Err(error) => return Err(self.without_answer(error)),
            };
            let site = self.submitted.site;
            let cookies = Cookies::of(self.cookies, &url, self.submitted.secrets());
            let taken = receive(response, site, self.journal, cookies).await;
            let kept = KeptAnswer {
                bytes: &taken.body,
                form_text: self.form_text,
                form_page: self.form_page,
                url: Some(&url),
                end: Some(&taken.end),
            };
            let verdict = judge(&kept, &self.submitted);
            if let Some(source) = taken.unwritten {
                let rescued = match verdict {
                    Verdict::File(file) => Some(file),
                    Verdict::Leads { .. } | Verdict::Ends(_) => None,
                };
                return Err(RetrievalError::AnswerNotWritten { source, rescued });
            }
            match verdict {
                Verdict::File(file) => return Ok(file),
                Verdict::Ends(error) => return Err(self.end(taken.ended.explain(error))),
                Verdict::Leads { onward, otherwise } => {
                    self.otherwise = otherwise.or(self.otherwise.take());
                    came = match self.go(onward, &url).await {
                        Some(came) => came,
                        None => return Err(self.end(lost())),
                    };
                }
            }
        }
    }

    /// Goes one step further; `None` when that would be one too many.
    pub(super) async fn go(
        &mut self,
        onward: Onward,
        from: &Url,
    ) -> Option<Result<Came, RetrievalError>> {
        self.steps += 1;
        match onward {
            _ if self.steps > MOST_STEPS => None,
            Onward::Get { url, wait, .. } => {
                tokio::time::sleep(wait).await;
                Some(self.get(&url).await)
            }
            Onward::Send { confirms: true, .. } if self.confirmed => None,
            Onward::Send {
                confirms: false, ..
            } if self.pressed => None,
            Onward::Send { form, confirms, .. } => {
                self.confirmed |= confirms;
                self.pressed |= !confirms;
                self.handed_over |= !confirms;
                Some(self.send_back(&form, from).await)
            }
            Onward::Asks(_) | Onward::Nowhere => None,
        }
    }

    /// A GET submits nothing, so it may be repeated even now.
    pub(super) async fn get(&mut self, url: &Url) -> Result<Came, RetrievalError> {
        self.handed_over = true;
        self.note(url, true)?;
        let response = self.get_twice(url).await?;
        self.follow(response, url, AnswerTo::Get).await
    }

    /// Says that the file was announced before: what a crash must not forget.
    pub(super) fn was_handed_over(&mut self) {
        self.handed_over = true;
    }

    /// Says that the last answer is one to a later request: what it says of a session is not said of the submission.
    pub(super) fn was_sent_on(&mut self) {
        self.sent_on = true;
    }

    async fn send_back(&mut self, form: &CarryingForm, from: &Url) -> Result<Came, RetrievalError> {
        let action = form.form.action().clone();
        self.note(&action, false)?;
        self.was_sent_on();
        let sent = self.post(&action, form.form.carry(), from).await;
        self.follow(sent.map_err(no_answer)?, &action, AnswerTo::Post)
            .await
    }

    async fn post(
        &self,
        action: &Url,
        submission: Submission,
        from: &Url,
    ) -> Result<Response, reqwest::Error> {
        // The body leaves here: to an address that page::read held to the site's own host and TLS.
        let body = Zeroizing::new(submission.expose_body().to_vec());
        self.client
            .post(action.clone())
            .header(CONTENT_TYPE, submission.content_type())
            .header(ORIGIN, from.origin().ascii_serialization())
            .body(Bytes::from_owner(body))
            .send()
            .await
    }

    /// Follows where an answer points, by GET, within the site and without a secret in the address. 307 and 308
    /// after a POST ask for a second one: never.
    async fn follow(
        &mut self,
        mut response: Response,
        from: &Url,
        mut answer_to: AnswerTo,
    ) -> Result<Came, RetrievalError> {
        let mut url = from.clone();
        for _ in 0..MOST_REDIRECTS {
            let Some(target) = redirect_of(&url, response.status(), response.headers()) else {
                return Ok(Came { response, url });
            };
            let repeats = matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
            let site = self.submitted.site.url();
            if (repeats && answer_to == AnswerTo::Post)
                || page::hold_to_site(&target, site).is_err()
                || page::leads_with_a_secret(&target, self.submitted.secrets())
            {
                return Err(unclear(UnclearProblem::SentAway));
            }
            self.note(&target, true)?;
            self.was_sent_on();
            response = self.get_twice(&target).await?;
            answer_to = AnswerTo::Get;
            url = target;
        }
        Err(unclear(UnclearProblem::SentAway))
    }

    async fn get_twice(&self, url: &Url) -> Result<Response, RetrievalError> {
        match self.client.get(url.clone()).send().await {
            Ok(response) if !response.status().is_server_error() => Ok(response),
            _ => {
                let again = self.client.get(url.clone()).send().await;
                again.map_err(no_answer)
            }
        }
    }

    /// Writes down what leaves next.
    fn note(&mut self, url: &Url, repeatable: bool) -> Result<(), RetrievalError> {
        let request = FurtherRequest {
            url: url.clone(),
            repeatable,
            cookies: Cookies::of(self.cookies, url, self.submitted.secrets()),
        };
        self.journal
            .onward(&request)
            .map_err(|source| RetrievalError::AnswerNotWritten {
                source,
                rescued: None,
            })
    }

    /// Nothing came, and that is written too: a later look must not wait for more.
    fn without_answer(self, error: RetrievalError) -> RetrievalError {
        match self.journal.done(&AnswerEnd::nothing()) {
            Ok(()) => self.end(error),
            Err(source) => RetrievalError::AnswerNotWritten {
                source,
                rescued: None,
            },
        }
    }

    fn end(mut self, error: RetrievalError) -> RetrievalError {
        self.outcome(error)
    }

    /// What an error means in the light of the pages before.
    pub(super) fn outcome(&mut self, error: RetrievalError) -> RetrievalError {
        let is_refusal = matches!(
            &error,
            RetrievalError::Refused { reason, .. } if *reason != RefusalReason::Unknown
        );
        if is_refusal || matches!(error, RetrievalError::AnswerNotWritten { .. }) {
            return error;
        }
        match self.otherwise.take() {
            Some(otherwise) if !is_transport(&error) || !is_unknown(&otherwise) => otherwise,
            _ if self.handed_over && error.effect() != Effect::Unclear && !asks(&error) => {
                unclear(UnclearProblem::NotHandedOut)
            }
            _ if self.sent_on => of_another_request(error),
            _ => error,
        }
    }
}

/// What an answer answers.
#[derive(Clone, Copy, Eq, PartialEq)]
enum AnswerTo {
    Get,
    Post,
}

fn asks(error: &RetrievalError) -> bool {
    matches!(error, RetrievalError::AsksMore { .. })
}

/// What the page behind a redirect or a button says: its session may have ended after the submission was taken.
fn of_another_request(error: RetrievalError) -> RetrievalError {
    match error {
        RetrievalError::Closed {
            sentence,
            retry_after,
            ..
        } => RetrievalError::Refused {
            reason: RefusalReason::Unknown,
            sentence,
            status: None,
            retry_after,
        },
        RetrievalError::SessionTimeout { sentence, .. } => RetrievalError::Refused {
            reason: RefusalReason::Unknown,
            sentence,
            status: None,
            retry_after: None,
        },
        error => error,
    }
}

fn is_unknown(error: &RetrievalError) -> bool {
    matches!(
        error,
        RetrievalError::Refused {
            reason: RefusalReason::Unknown,
            ..
        }
    )
}

fn is_transport(error: &RetrievalError) -> bool {
    matches!(error, RetrievalError::Unclear { .. })
}

/// Page after page without the file.
fn lost() -> RetrievalError {
    RetrievalError::Refused {
        reason: RefusalReason::Unknown,
        sentence: None,
        status: None,
        retry_after: None,
    }
}

fn no_answer(error: reqwest::Error) -> RetrievalError {
    let problem = match error.is_timeout() {
        true => UnclearProblem::Silence,
        false => UnclearProblem::NoAnswer,
    };
    RetrievalError::Unclear {
        problem,
        received: 0,
        source: Some(Box::new(error.without_url())),
    }
}

/// Pages followed before the file is given up.
const MOST_STEPS: usize = 8;
