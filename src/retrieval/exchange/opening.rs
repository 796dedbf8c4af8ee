//! Reading the form page: the only part of the conversation that may be repeated.

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, ORIGIN, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, StatusCode};
use tokio::time::timeout;
use url::Url;

use super::journal::text_header;
use super::{MOST_REDIRECTS, redirect_of};
use crate::config::Meaning;
use crate::retrieval::answer::ungzipped;
use crate::retrieval::error::{NetworkProblem, RetrievalError};
use crate::retrieval::network::{Site, failure};
use crate::retrieval::page::{
    self, CarryingForm, Method, Page, Reading, RetrievalForm, Source, UnknownReason,
};
use crate::retrieval::seen_page::{SeenPage, harmless_headers};

/// The form page, understood.
pub(super) struct Opened {
    /// Where it stands, after redirects.
    pub(super) url: Url,
    /// The form.
    pub(super) form: RetrievalForm,
    /// What the page says.
    pub(super) sentences: Vec<String>,
    /// The HTTP status.
    pub(super) status: u16,
    /// The page itself, should its form turn out unfit for these values.
    pub(super) page: SeenPage,
}

/// A page that was read to its end.
struct Fetched {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Asks for the page until it is the form, and looks into its frames where it is made of them. `date` becomes the Date
/// header of the last page that came, also where none is understood.
pub(super) async fn open_form(
    client: &Client,
    site: &Site,
    date: &mut Option<String>,
) -> Result<Opened, RetrievalError> {
    let (reading, fetched) = land(client, site, site.url().clone(), date).await?;
    let in_frames = matches!(
        reading.page,
        Page::Unknown {
            reason: UnknownReason::InFrames
        }
    );
    let (mut forms, mut messages) = (Vec::new(), Vec::new());
    for frame in reading.frames.iter().filter(|_| in_frames) {
        let shown = land(client, site, frame.clone(), date).await?;
        match shown.0.page {
            Page::Form(_) => forms.push(shown),
            Page::Refusal(_) => messages.push(shown),
            Page::Unknown { .. } => {}
        }
    }
    if forms.len() > 1 {
        return Err(RetrievalError::NotUnderstood {
            reason: UnknownReason::SeveralForms,
            status: fetched.status.as_u16(),
            sentence: None,
            fields: reading.fields,
            page: Some(Box::new(fetched.seen())),
        });
    }
    let (reading, fetched) = forms
        .pop()
        .or_else(|| messages.pop())
        .unwrap_or((reading, fetched));
    understood(reading, fetched)
}

/// Goes to where an address leads: over redirects of the same host and one page that asks for consent to nothing but
/// itself.
async fn land(
    client: &Client,
    site: &Site,
    mut url: Url,
    date: &mut Option<String>,
) -> Result<(Reading, Fetched), RetrievalError> {
    let mut consent: Option<CarryingForm> = None;
    let mut consented = false;
    for _ in 0..MOST_REDIRECTS {
        let (request, at) = match consent.take() {
            Some(form) => (consent_to(client, &form, &url), form.form.action().clone()),
            None => (client.get(url.clone()), url.clone()),
        };
        let fetched = match fetch_once(request, &at, site).await {
            first if !consented && is_worth_another_try(&first) => {
                fetch_once(client.get(url.clone()), &url, site).await?
            }
            first => first?,
        };
        *date = text_header(&fetched.headers, DATE).or(date.take());
        if let Some(target) = redirect_of(&fetched.url, fetched.status, &fetched.headers) {
            url = hold(target, site, fetched.status)?;
            continue;
        }
        let content_type = text_header(&fetched.headers, CONTENT_TYPE);
        let source = Source {
            bytes: &fetched.body,
            content_type: content_type.as_deref(),
            url: &fetched.url,
        };
        let reading = page::read_with(&source, site.labels(), site.phrases());
        if let (Page::Unknown { .. }, Some(target)) = (&reading.page, &reading.refresh) {
            url = hold(target.clone(), site, fetched.status)?;
            continue;
        }
        if let (false, true, Some(form)) =
            (consented, fetched.status.is_success(), &reading.consent)
        {
            consented = true;
            url = fetched.url;
            consent = Some(form.clone());
            continue;
        }
        return Ok((reading, fetched));
    }
    Err(RetrievalError::Unreachable {
        problem: NetworkProblem::RedirectLoop,
        source: None,
    })
}

fn understood(reading: Reading, fetched: Fetched) -> Result<Opened, RetrievalError> {
    let status = fetched.status.as_u16();
    let retry_after = text_header(&fetched.headers, RETRY_AFTER);
    let said = (!reading.sentences.is_empty()).then(|| {
        let text = page::printable(&reading.sentences.join(" "));
        text.chars().take(LONGEST_QUOTE).collect::<String>()
    });
    match reading.page {
        Page::Form(form) if fetched.status.is_success() => Ok(Opened {
            url: fetched.url.clone(),
            form,
            sentences: reading.sentences,
            status,
            page: fetched.seen(),
        }),
        Page::Refusal(message) if message.meaning == Meaning::Maintenance => {
            Err(RetrievalError::Closed {
                submitted: false,
                sentence: Some(message.sentence),
                retry_after,
            })
        }
        Page::Refusal(message) if message.meaning == Meaning::SessionTimeout => {
            Err(RetrievalError::SessionTimeout {
                submitted: false,
                sentence: Some(message.sentence),
            })
        }
        _ if fetched.status == StatusCode::SERVICE_UNAVAILABLE => Err(RetrievalError::Closed {
            submitted: false,
            sentence: said,
            retry_after,
        }),
        _ if fetched.status.is_server_error() => Err(RetrievalError::Unreachable {
            problem: NetworkProblem::ServerError(status),
            source: None,
        }),
        page => {
            let reason = match page {
                Page::Unknown { reason } => reason,
                Page::Form(_) | Page::Refusal(_) => UnknownReason::NoForm,
            };
            Err(RetrievalError::NotUnderstood {
                reason,
                status,
                sentence: said,
                fields: reading.fields,
                page: Some(Box::new(fetched.seen())),
            })
        }
    }
}

impl Fetched {
    fn seen(self) -> SeenPage {
        SeenPage {
            status: Some(self.status.as_u16()),
            content_type: text_header(&self.headers, CONTENT_TYPE),
            headers: harmless_headers(&self.headers),
            bytes: self.body,
        }
    }
}

/// Sends what the page itself put there; no secret is typed yet.
fn consent_to(client: &Client, form: &CarryingForm, from: &Url) -> RequestBuilder {
    let action = form.form.action().clone();
    let submission = form.form.carry();
    match form.method {
        Method::Get => {
            let mut action = action;
            action.set_query(Some(&String::from_utf8_lossy(submission.expose_body())));
            client.get(action)
        }
        Method::Post => client
            .post(action)
            .header(CONTENT_TYPE, submission.content_type())
            .header(ORIGIN, from.origin().ascii_serialization())
            .body(submission.expose_body().to_vec()),
    }
}

/// Reading may be repeated, so one broken attempt and one failure of the server are not the end.
fn is_worth_another_try(first: &Result<Fetched, RetrievalError>) -> bool {
    match first {
        Ok(fetched) => {
            fetched.status.is_server_error() && fetched.status != StatusCode::SERVICE_UNAVAILABLE
        }
        Err(error) => matches!(
            error,
            RetrievalError::Unreachable {
                problem: NetworkProblem::Broken | NetworkProblem::ConnectFailed,
                ..
            }
        ),
    }
}

async fn fetch_once(
    request: RequestBuilder,
    url: &Url,
    site: &Site,
) -> Result<Fetched, RetrievalError> {
    let mut response = request.send().await.map_err(failure)?;
    let mut body = Vec::new();
    let reading = async {
        while let Some(piece) = response.chunk().await? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST_PAGE.min(site.answer_limit()) {
                break;
            }
        }
        Ok::<(), reqwest::Error>(())
    };
    match timeout(site.time_limits().whole, reading).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(failure(error)),
        Err(_) => {
            return Err(RetrievalError::Unreachable {
                problem: NetworkProblem::Silence,
                source: None,
            });
        }
    }
    Ok(Fetched {
        url: url.clone(),
        status: response.status(),
        headers: response.headers().clone(),
        body: match ungzipped(&body, LARGEST_PAGE) {
            Some((page, _)) => page.to_vec(),
            None => body,
        },
    })
}

fn hold(target: Url, site: &Site, status: StatusCode) -> Result<Url, RetrievalError> {
    match page::hold_to_site(&target, site.url()) {
        Ok(()) => Ok(target),
        Err(reason) => Err(RetrievalError::NotUnderstood {
            reason,
            status: status.as_u16(),
            sentence: None,
            fields: Vec::new(),
            page: None,
        }),
    }
}

/// No form page is larger.
const LARGEST_PAGE: usize = 1 << 20;

/// Characters quoted of a page that is not understood.
const LONGEST_QUOTE: usize = 300;
