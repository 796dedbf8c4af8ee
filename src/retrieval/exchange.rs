//! The conversation with the site: read the form, promise on disk, submit once, keep whatever comes back.
//!
//! The order is the safety (design rule 3). The [`Journal`] is on disk before the POST leaves, every piece of
//! the answer before it is looked at, so that a crash at any point loses nothing and submits nothing twice.
//! Only reading pages is ever repeated; the POST is sent once, and a redirect after it is followed by GET.

mod journal;
mod opening;
mod receiving;

use hyper::body::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN};
use reqwest::{Client, Response, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use super::answer::{KeptAnswer, judge};
use super::error::{RetrievalError, UnclearProblem};
use super::network::{Site, failure};
use super::page::{self, RetrievalForm};
use crate::domain::{CertificatePassword, Issuance, Pkcs12, ReviewedIssuance};
use opening::{Opened, open_form};
use receiving::receive;

pub use journal::{AnswerEnd, Intent, Journal, JournalError};

/// What was found at the site without sending anything.
#[derive(Debug)]
pub struct Reach {
    /// Where the form stands, after redirects.
    pub url: Url,
    /// The form as understood.
    pub form: RetrievalForm,
    /// The site's Date header, to hold this computer's clock against.
    pub date: Option<String>,
}

/// Retrieves one certificate file: at most one submission, whatever happens.
pub async fn retrieve(
    site: &Site,
    issuance: &ReviewedIssuance,
    password: &CertificatePassword,
    journal: &mut dyn Journal,
) -> Result<Pkcs12, RetrievalError> {
    let issuance = issuance.issuance();
    let client = site.client()?;
    let opened = open_form(&client, site).await?;
    let submission =
        opened
            .form
            .fill(issuance, password)
            .map_err(|reason| RetrievalError::NotUnderstood {
                reason,
                status: opened.status,
                sentence: None,
            })?;
    let form_text = opened.sentences.join("\n");
    let intent = Intent {
        host: &site.host(),
        form_text: &form_text,
    };
    journal
        .intent(&intent)
        .map_err(|source| RetrievalError::IntentNotWritten { source })?;
    let sent = submit(&client, &opened, &submission, site).await;
    drop(submission);
    let response = match sent {
        Ok(response) => response,
        Err(error) => {
            // Nothing came, and that is written too: a later look must not wait for more.
            let ended = journal.done(&AnswerEnd::nothing());
            return Err(match ended {
                Ok(()) => error,
                Err(source) => RetrievalError::AnswerNotWritten {
                    source,
                    rescued: None,
                },
            });
        }
    };
    receive(response, site, journal, &form_text, issuance, password).await
}

/// Reads the form page and understands it. Sends nothing.
pub async fn reach(site: &Site) -> Result<Reach, RetrievalError> {
    let client = site.client()?;
    let opened = open_form(&client, site).await?;
    Ok(Reach {
        url: opened.url,
        form: opened.form,
        date: opened.date,
    })
}

/// Judges an answer that is on disk: finishing after a crash, without any network.
pub fn judge_kept(
    answer: &KeptAnswer<'_>,
    issuance: &Issuance,
    password: &CertificatePassword,
    site: &Site,
) -> Result<Pkcs12, RetrievalError> {
    judge(answer, issuance, password, site.answer_limit())
}

/// The one POST. Its error says whether the request left; a redirect in answer to it is followed by GET.
async fn submit(
    client: &Client,
    opened: &Opened,
    submission: &page::Submission,
    site: &Site,
) -> Result<Response, RetrievalError> {
    // The body leaves here: to the form's address, which page::read held to the site's own host and TLS.
    let body = Zeroizing::new(submission.expose_body().to_vec());
    let sent = client
        .post(opened.form.action().clone())
        .header(CONTENT_TYPE, submission.content_type())
        .header(ORIGIN, opened.url.origin().ascii_serialization())
        .body(Bytes::from_owner(body))
        .send()
        .await;
    let response = sent.map_err(|error| match error.is_connect() || error.is_builder() {
        true => failure(error),
        false => no_answer(error),
    })?;
    follow(client, response, opened.form.action(), site).await
}

/// Follows where an answer points, by GET and within the site. 307 and 308 ask for a second POST: never.
async fn follow(
    client: &Client,
    mut response: Response,
    from: &Url,
    site: &Site,
) -> Result<Response, RetrievalError> {
    let mut from = from.clone();
    for _ in 0..MOST_REDIRECTS {
        if !response.status().is_redirection() {
            return Ok(response);
        }
        let Some(target) = redirect_of(&from, response.status(), response.headers()) else {
            return Ok(response);
        };
        let repeats_the_post = matches!(
            response.status(),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        if repeats_the_post || page::hold_to_site(&target, site.url()).is_err() {
            return Err(sent_away());
        }
        response = get_after_post(client, &target).await?;
        from = target;
    }
    Err(sent_away())
}

/// A GET may be repeated even now: it submits nothing.
async fn get_after_post(client: &Client, url: &Url) -> Result<Response, RetrievalError> {
    match client.get(url.clone()).send().await {
        Ok(response) => Ok(response),
        Err(_) => client.get(url.clone()).send().await.map_err(no_answer),
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

fn sent_away() -> RetrievalError {
    RetrievalError::Unclear {
        problem: UnclearProblem::SentAway,
        received: 0,
        source: None,
    }
}

fn redirect_of(from: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
    if !status.is_redirection() {
        return None;
    }
    let location = String::from_utf8_lossy(headers.get(LOCATION)?.as_bytes()).into_owned();
    let mut target = from.join(location.trim()).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// Redirects followed before it is called a loop.
const MOST_REDIRECTS: usize = 8;
