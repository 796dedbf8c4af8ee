//! What the conversation writes down, and how an answer ended.

use std::fmt;

use reqwest::Response;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use thiserror::Error;
use url::Url;

use crate::retrieval::page;
use crate::retrieval::seen_page::harmless_headers;

/// Where the conversation is written down as it happens. The caller owns the disk.
pub trait Journal: Send {
    /// The next thing to leave is the POST. When this returns `Ok`, a crash can no longer forget it.
    fn intent(&mut self, intent: &Intent<'_>) -> Result<(), JournalError>;

    /// The answer led on, and this request leaves next; what comes of it is kept apart from what came before.
    ///
    /// When this returns `Ok`, a crash can no longer forget where the answer led.
    fn onward(&mut self, request: &FurtherRequest) -> Result<(), JournalError>;

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
    /// Where the form stands.
    pub form_page: &'a Url,
    /// Where it goes.
    pub action: &'a Url,
    /// What the form page says, one sentence a line: needed to tell what an answer adds.
    pub form_text: &'a str,
}

/// A request after the submission: where an answer led.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FurtherRequest {
    /// Where it goes.
    pub url: Url,
    /// Whether it is a GET, which may be repeated after a crash; a form's POST never is.
    pub repeatable: bool,
    /// What the site gave to be shown again.
    pub cookies: Option<Cookies>,
}

/// The site's cookies for a conversation: whoever shows them is taken for the one who submitted. Those that hold the
/// reference ID or the password are not among them, because they are written down in clear.
#[derive(Clone, Eq, PartialEq)]
pub struct Cookies(String);

/// How an answer ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerEnd {
    /// The HTTP status; `None` when no answer began.
    pub status: Option<u16>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The Retry-After header.
    pub retry_after: Option<String>,
    /// Other headers that say what answered, and nothing about who asked.
    pub headers: Vec<(String, String)>,
    /// Bytes of the body.
    pub bytes: u64,
    /// Whether the transport says that the body is all there.
    pub whole: bool,
    /// What the site gave to be shown again.
    pub cookies: Option<Cookies>,
}

/// The caller could not write.
#[derive(Debug, Error)]
#[error("the journal could not be written")]
pub struct JournalError {
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Cookies {
    /// Cookies as they stand in a Cookie header.
    pub fn new(header: impl Into<String>) -> Self {
        Self(header.into())
    }

    /// The Cookie header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(jar: &Jar, url: &Url, secrets: [&str; 2]) -> Option<Self> {
        let header = jar.cookies(url)?;
        let without_secrets: Vec<&str> = header
            .to_str()
            .ok()?
            .split(';')
            .map(str::trim)
            .filter(|cookie| !page::carries_a_secret(cookie, secrets))
            .collect();
        (!without_secrets.is_empty()).then(|| Self(without_secrets.join("; ")))
    }

    /// Puts them back, for every page of the site.
    pub(super) fn give_back(&self, jar: &Jar, url: &Url) {
        for cookie in self.0.split(';') {
            jar.add_cookie_str(&format!("{}; Path=/; Secure", cookie.trim()), url);
        }
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookies([REDACTED])")
    }
}

impl AnswerEnd {
    /// No answer began.
    pub(super) fn nothing() -> Self {
        Self {
            status: None,
            content_type: None,
            retry_after: None,
            headers: Vec::new(),
            bytes: 0,
            whole: false,
            cookies: None,
        }
    }

    /// What the headers say; the body is still to come.
    pub(super) fn of(response: &Response) -> Self {
        Self {
            status: Some(response.status().as_u16()),
            content_type: text_header(response.headers(), CONTENT_TYPE),
            retry_after: text_header(response.headers(), RETRY_AFTER),
            headers: harmless_headers(response.headers()),
            bytes: 0,
            whole: false,
            cookies: None,
        }
    }
}

/// A header's value, whatever its bytes are.
pub(super) fn text_header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
