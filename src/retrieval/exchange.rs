//! The conversation with the site: read the form, promise on disk, submit once, keep whatever comes back.
//!
//! The order is the safety (design rule 3). The [`Journal`] is on disk before the POST leaves, every piece of
//! the answer before it is looked at, so that a crash at any point loses nothing and submits nothing twice.
//! Only reading pages is ever repeated; the POST is sent once, and a redirect after it is followed by GET.

use hyper::body::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, ORIGIN, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::answer::{KeptAnswer, is_whole_file, judge};
use super::error::{NetworkProblem, RetrievalError, UnclearProblem};
use super::network::{Site, failure};
use super::page::{self, Page, Reading, RetrievalForm, Source, UnknownReason};
use super::phrases::Meaning;
use crate::domain::{CertificatePassword, Issuance, Pkcs12, ReviewedIssuance};

/// Where the conversation is written down as it happens. The caller owns the disk.
pub trait Journal: Send {
    /// The next thing to leave is the POST. When this returns `Ok`, a crash can no longer forget it.
    fn intent(&mut self, intent: &Intent<'_>) -> Result<(), JournalError>;

    /// A piece of the answer's body, as it arrived.
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), JournalError>;

    /// The answer has ended. When this returns `Ok`, a crash can no longer lose it.
    fn done(&mut self, end: &AnswerEnd) -> Result<(), JournalError>;
}

/// What is about to be submitted, without any secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Intent<'a> {
    /// The host that the form goes to.
    pub host: &'a str,
    /// What the form page says, one sentence a line: needed to tell what an answer adds.
    pub form_text: &'a str,
}

/// How an answer ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerEnd {
    /// The HTTP status; `None` when no answer began.
    pub status: Option<u16>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The Retry-After header.
    pub retry_after: Option<String>,
    /// Bytes of the body.
    pub bytes: u64,
    /// Whether the transport says that the body is all there.
    pub whole: bool,
}

/// The caller could not write.
#[derive(Debug, Error)]
#[error("the journal could not be written")]
pub struct JournalError {
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

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

impl AnswerEnd {
    fn nothing() -> Self {
        Self {
            status: None,
            content_type: None,
            retry_after: None,
            bytes: 0,
            whole: false,
        }
    }

    fn of(response: &Response) -> Self {
        Self {
            status: Some(response.status().as_u16()),
            content_type: text_header(response.headers(), CONTENT_TYPE),
            retry_after: text_header(response.headers(), RETRY_AFTER),
            bytes: 0,
            whole: false,
        }
    }
}

/// The form page, understood.
struct Opened {
    url: Url,
    form: RetrievalForm,
    sentences: Vec<String>,
    status: u16,
    date: Option<String>,
}

/// A page that was read to its end.
struct Fetched {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn open_form(client: &Client, site: &Site) -> Result<Opened, RetrievalError> {
    let mut url = site.url().clone();
    for _ in 0..MOST_REDIRECTS {
        let fetched = fetch(client, &url, site).await?;
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
        let reading = page::read(&source, site.labels());
        if let (Page::Unknown { .. }, Some(target)) = (&reading.page, &reading.refresh) {
            url = hold(target.clone(), site, fetched.status)?;
            continue;
        }
        return understood(reading, fetched);
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
        let text = reading.sentences.join(" ");
        text.chars().take(LONGEST_QUOTE).collect::<String>()
    });
    match reading.page {
        Page::Form(form) if fetched.status.is_success() => Ok(Opened {
            date: text_header(&fetched.headers, reqwest::header::DATE),
            url: fetched.url,
            form,
            sentences: reading.sentences,
            status,
        }),
        Page::Refusal(message) if message.meaning == Meaning::Maintenance => {
            Err(RetrievalError::Closed {
                sentence: Some(message.sentence),
                retry_after,
            })
        }
        Page::Refusal(message) if message.meaning == Meaning::SessionTimeout => {
            Err(RetrievalError::SessionTimeout {
                sentence: Some(message.sentence),
            })
        }
        _ if fetched.status == StatusCode::SERVICE_UNAVAILABLE => Err(RetrievalError::Closed {
            sentence: said,
            retry_after,
        }),
        _ if fetched.status.is_server_error() => Err(RetrievalError::Unreachable {
            problem: NetworkProblem::ServerError(status),
            source: None,
        }),
        Page::Unknown { reason } => Err(RetrievalError::NotUnderstood {
            reason,
            status,
            sentence: said,
        }),
        Page::Form(_) | Page::Refusal(_) => Err(RetrievalError::NotUnderstood {
            reason: UnknownReason::NoForm,
            status,
            sentence: said,
        }),
    }
}

/// Reads a page. Reading may be repeated, so one broken attempt is not the end.
async fn fetch(client: &Client, url: &Url, site: &Site) -> Result<Fetched, RetrievalError> {
    match fetch_once(client, url, site).await {
        Err(RetrievalError::Unreachable {
            problem: NetworkProblem::Broken | NetworkProblem::ConnectFailed,
            ..
        }) => fetch_once(client, url, site).await,
        other => other,
    }
}

async fn fetch_once(client: &Client, url: &Url, site: &Site) -> Result<Fetched, RetrievalError> {
    let mut response = client.get(url.clone()).send().await.map_err(failure)?;
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
        body,
    })
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

/// Takes the answer in, on disk first, and judges it when all that will come has come.
async fn receive(
    mut response: Response,
    site: &Site,
    journal: &mut dyn Journal,
    form_text: &str,
    issuance: &Issuance,
    password: &CertificatePassword,
) -> Result<Pkcs12, RetrievalError> {
    let mut end = AnswerEnd::of(&response);
    let mut body = Zeroizing::new(Vec::with_capacity(FIRST_CAPACITY));
    let mut unwritten: Option<JournalError> = None;
    let reading = read_body(&mut response, site, &mut body, |piece| {
        // After one failure the file would have a hole, so the rest is only kept in memory.
        if unwritten.is_none() {
            unwritten = journal.chunk(piece).err();
        }
    });
    let ended = match timeout(site.time_limits().whole, reading).await {
        Ok(ended) => ended,
        Err(_) => Ended::Silent,
    };
    end.bytes = body.len() as u64;
    end.whole = matches!(ended, Ended::Whole);
    let unwritten = match unwritten {
        Some(error) => Some(error),
        None => journal.done(&end).err(),
    };
    let kept = KeptAnswer {
        bytes: &body,
        form_text,
        end: Some(&end),
    };
    let judged = judge(&kept, issuance, password, site.answer_limit());
    match unwritten {
        Some(source) => Err(RetrievalError::AnswerNotWritten {
            source,
            rescued: judged.ok(),
        }),
        None => judged.map_err(|error| ended.explain(error)),
    }
}

/// How the body's transport ended.
enum Ended {
    Whole,
    TooLong,
    Silent,
    Broken(reqwest::Error),
}

impl Ended {
    /// Says why an answer is not whole, where the transport knows more than the bytes.
    fn explain(self, error: RetrievalError) -> RetrievalError {
        let RetrievalError::Unclear {
            problem, received, ..
        } = error
        else {
            return error;
        };
        let (problem, source) = match self {
            Self::Whole => (problem, None),
            Self::TooLong => (UnclearProblem::TooLong, None),
            Self::Silent => (UnclearProblem::Silence, None),
            Self::Broken(source) if source.is_timeout() => (UnclearProblem::Silence, Some(source)),
            Self::Broken(source) if received == 0 => (UnclearProblem::NoAnswer, Some(source)),
            Self::Broken(source) => (UnclearProblem::Cut, Some(source)),
        };
        RetrievalError::Unclear {
            problem,
            received,
            source: source.map(|source| Box::new(source.without_url())),
        }
    }
}

async fn read_body(
    response: &mut Response,
    site: &Site,
    body: &mut Zeroizing<Vec<u8>>,
    mut keep: impl FnMut(&[u8]),
) -> Ended {
    loop {
        let piece = match response.chunk().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ended::Whole,
            Err(error) => return Ended::Broken(error),
        };
        let room = site.answer_limit().saturating_sub(body.len());
        let taken = &piece[..piece.len().min(room)];
        keep(taken);
        extend_wiped(body, taken);
        // A file says itself where it ends; a server that keeps the line open is not waited for.
        if is_whole_file(body) {
            return Ended::Whole;
        }
        if taken.len() < piece.len() {
            return Ended::TooLong;
        }
    }
}

/// Appends without leaving a copy of the key behind when the buffer grows.
fn extend_wiped(body: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    if body.capacity() - body.len() < piece.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (body.len() + piece.len())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(piece);
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

fn hold(target: Url, site: &Site, status: StatusCode) -> Result<Url, RetrievalError> {
    match page::hold_to_site(&target, site.url()) {
        Ok(()) => Ok(target),
        Err(reason) => Err(RetrievalError::NotUnderstood {
            reason,
            status: status.as_u16(),
            sentence: None,
        }),
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

/// A header's value, whatever its bytes are.
fn text_header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Redirects followed before it is called a loop.
const MOST_REDIRECTS: usize = 8;

/// No form page is larger.
const LARGEST_PAGE: usize = 1 << 20;

/// Room for any usual `.p12`, so that its buffer need not grow.
const FIRST_CAPACITY: usize = 16 * 1_024;

/// Characters quoted of a page that is not understood.
const LONGEST_QUOTE: usize = 300;
