//! What the practice site knows and decides: sessions, pairs of IDs, attempts, what was handed out.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use url::form_urlencoded;

use super::fault::{Faults, Stage};
use super::pages::{self, Shown};
use super::{Fault, Grant, PATH, delivery};
use crate::domain::{CertificatePassword, RequestId, Validity, hexadecimal};
use crate::practice::authority::{self, Authority, Content};

/// The clerk behind the page.
pub(super) struct Desk {
    authority: Arc<Authority>,
    today: Date,
    faults: Faults,
    submissions: AtomicUsize,
    /// How often a fault that shows only once was asked for.
    times: AtomicUsize,
    /// Microseconds that the answers took.
    microseconds: AtomicU64,
    state: Mutex<Memory>,
}

/// What changes while the site runs.
struct Memory {
    grants: Vec<Held>,
    /// Token by session.
    sessions: HashMap<String, String>,
    /// Wrong attempts by request ID.
    attempts: HashMap<String, u32>,
    /// Files that a page in between leads to, by ticket.
    tickets: HashMap<String, Ticket>,
    /// Request IDs that were submitted, where the fault counts them.
    used_up: HashSet<String>,
    /// The first file handed out, where the fault hands it to everybody.
    first_file: Option<Vec<u8>>,
}

/// A file that waits behind a page.
struct Ticket {
    cookie: String,
    hand_over: HandOver,
    typed: Typed,
}

/// A grant and whether its file went out.
struct Held {
    grant: Grant,
    handed_out: bool,
}

/// A visitor who has seen the form.
pub(super) struct Session {
    /// The cookie's value.
    pub(super) cookie: String,
    /// The hidden field's value, good for one submission.
    pub(super) token: String,
}

/// What a visitor typed.
#[derive(Clone)]
struct Typed {
    token: String,
    request_id: String,
    reference_id: String,
    password: String,
    password_again: String,
}

/// A file about to be handed out.
#[derive(Clone)]
struct HandOver {
    grant: Grant,
    password: CertificatePassword,
}

impl Desk {
    pub(super) fn new(
        authority: Arc<Authority>,
        grants: Vec<Grant>,
        today: Date,
        faults: Faults,
    ) -> Self {
        let held = |grant| Held {
            grant,
            handed_out: false,
        };
        Self {
            authority,
            today,
            faults,
            submissions: AtomicUsize::new(0),
            times: AtomicUsize::new(0),
            microseconds: AtomicU64::new(0),
            state: Mutex::new(Memory {
                grants: grants.into_iter().map(held).collect(),
                sessions: HashMap::new(),
                attempts: HashMap::new(),
                tickets: HashMap::new(),
                used_up: HashSet::new(),
                first_file: None,
            }),
        }
    }

    pub(super) fn submissions(&self) -> usize {
        self.submissions.load(Ordering::SeqCst)
    }

    pub(super) fn count_submission(&self) {
        self.submissions.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn note_time(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::SeqCst);
    }

    pub(super) fn time_taken(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::SeqCst))
    }

    /// A new visitor.
    pub(super) fn open_session(&self) -> Result<Session, getrandom::Error> {
        let session = Session {
            cookie: random_text()?,
            token: random_text()?,
        };
        let mut state = self.state();
        if state.sessions.len() >= MOST_SESSIONS {
            state.sessions.clear();
        }
        state
            .sessions
            .insert(session.cookie.clone(), session.token.clone());
        Ok(session)
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Whether a fault that shows only once is asked for the first time.
    pub(super) fn is_first_time(&self) -> bool {
        self.times.fetch_add(1, Ordering::SeqCst) == 0
    }

    /// Answers one submission.
    pub(super) fn submit(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let typed = Typed::from_form(headers, body);
        if !self.close_session(headers, &typed.token) {
            return pages::message(pages::SESSION_OVER);
        }
        if let Some(answer) = self
            .faults
            .at(Stage::Answer)
            .and_then(|f| self.answer_with(f, &typed))
        {
            return answer;
        }
        match self.decide(&typed) {
            Ok(hand_over) => match self.faults.at(Stage::Between) {
                Some(fault) => self.lead_on(fault, headers, hand_over, typed),
                None => self.hand_over(&hand_over, self.faults.at(Stage::Delivery)),
            },
            Err(Said::Message(text)) => pages::message(text),
            Err(Said::Again(text)) => self.form_again(Some(text)),
        }
    }

    /// The answer that the fault puts in place of any other; `None` when the site only stays silent, or has no reason to.
    fn answer_with(&self, fault: Fault, typed: &Typed) -> Option<Response> {
        let redirect = |status: StatusCode, to: &str| {
            Some((status, [(LOCATION, to.to_owned())]).into_response())
        };
        match fault {
            Fault::BadIds => Some(self.form_again(Some(pages::BAD_IDS))),
            Fault::PasswordFormat => Some(self.form_again(Some(pages::PASSWORD_FORM))),
            Fault::FormAgain => Some(self.form_again(None)),
            Fault::AlreadyIssued => Some(pages::message(pages::ALREADY_ISSUED)),
            Fault::OneShot => {
                let is_first = self.state().used_up.insert(typed.request_id.clone());
                (!is_first).then(|| pages::message(pages::ALREADY_ISSUED))
            }
            Fault::NotIssued => Some(pages::message(pages::NOT_ISSUED)),
            Fault::Cancelled => Some(pages::message(pages::CANCELLED)),
            Fault::Revoked => Some(pages::message(pages::REVOKED)),
            Fault::Echo => Some(pages::echo(&typed.shown())),
            Fault::Expired => Some(pages::message(pages::EXPIRED)),
            Fault::Locked => Some(pages::message(pages::LOCKED)),
            Fault::SessionTimeout => Some(pages::message(pages::SESSION_OVER)),
            Fault::Maintenance => Some(pages::message(pages::MAINTENANCE)),
            Fault::UnknownPage => Some(pages::message(pages::UNKNOWN)),
            Fault::Error500After => Some(
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    pages::message("Internal Server Error"),
                )
                    .into_response(),
            ),
            Fault::EmptyAnswer => Some(StatusCode::OK.into_response()),
            Fault::NoAnswer => Some(delivery::no_answer()),
            Fault::PostAgain => redirect(StatusCode::TEMPORARY_REDIRECT, &format!("{PATH}/file")),
            Fault::SentElsewhere => redirect(StatusCode::FOUND, "https://elsewhere.invalid/file"),
            Fault::SentHttp => redirect(StatusCode::FOUND, "http://127.0.0.1/file"),
            Fault::SentInCircles => redirect(StatusCode::FOUND, &format!("{PATH}/circle")),
            _ => None,
        }
    }

    fn form_again(&self, message: Option<&'static str>) -> Response {
        match self.open_session() {
            Ok(session) => pages::form(&session, message, self.faults.at(Stage::Form)),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    /// A page between the form and the file.
    fn lead_on(
        &self,
        fault: Fault,
        headers: &HeaderMap,
        hand_over: HandOver,
        typed: Typed,
    ) -> Response {
        let Ok(ticket) = random_text() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let page = match fault {
            Fault::ResultRedirect => {
                let to = format!("{PATH}/file?ticket={ticket}");
                Some((StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response())
            }
            fault => pages::between(fault, &ticket, &typed.shown()),
        };
        let Some(page) = page else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let held = Ticket {
            cookie: session_cookie(headers).unwrap_or_default(),
            hand_over,
            typed,
        };
        self.state().tickets.insert(ticket, held);
        page
    }

    /// The page in between once more.
    pub(super) fn show_again(&self, ticket: &str) -> Response {
        let typed = self.state().tickets.get(ticket).map(|t| t.typed.clone());
        typed
            .zip(self.faults.at(Stage::Between))
            .and_then(|(typed, fault)| pages::between(fault, ticket, &typed.shown()))
            .unwrap_or_else(|| pages::message(pages::SESSION_OVER))
    }

    /// The file behind a page, for the visitor who submitted.
    pub(super) fn hand_over_for(&self, headers: &HeaderMap, ticket: &str) -> Response {
        let cookie = session_cookie(headers);
        let found = self
            .state()
            .tickets
            .get(ticket)
            .filter(|held| Some(&held.cookie) == cookie.as_ref())
            .map(|held| held.hand_over.clone());
        let Some(hand_over) = found else {
            return pages::message(pages::SESSION_OVER);
        };
        let delivery = match self.faults.at(Stage::Between) {
            Some(Fault::ButtonCut) => Some(Fault::Cut),
            Some(Fault::LinkCutOnce) if self.is_first_time() => Some(Fault::Cut),
            _ => self.faults.at(Stage::Delivery),
        };
        self.hand_over(&hand_over, delivery)
    }

    /// A token is good for one submission of the session that it was given to.
    fn close_session(&self, headers: &HeaderMap, token: &str) -> bool {
        let Some(cookie) = session_cookie(headers) else {
            return false;
        };
        self.state()
            .sessions
            .remove(&cookie)
            .is_some_and(|known| known == token)
    }

    fn decide(&self, typed: &Typed) -> Result<HandOver, Said> {
        if typed.password != typed.password_again {
            return Err(Said::Again(pages::PASSWORDS_DIFFER));
        }
        let Ok(password) = typed.password.parse::<CertificatePassword>() else {
            return Err(Said::Again(pages::PASSWORD_FORM));
        };
        if typed.request_id.parse::<RequestId>().is_err() {
            return Err(Said::Again(pages::REQUEST_ID_FORM));
        }
        let mut state = self.state();
        if state
            .attempts
            .get(&typed.request_id)
            .is_some_and(|n| *n >= MOST_ATTEMPTS)
        {
            return Err(Said::Message(pages::LOCKED));
        }
        let Some(held) = state.grants.iter_mut().find(|held| held.fits(typed)) else {
            *state.attempts.entry(typed.request_id.clone()).or_default() += 1;
            return Err(Said::Again(pages::BAD_IDS));
        };
        held.hand_out(self.today)?;
        Ok(HandOver {
            grant: held.grant.clone(),
            password,
        })
    }

    fn hand_over(&self, hand_over: &HandOver, delivery: Option<Fault>) -> Response {
        let grant = &hand_over.grant;
        let mut wanted = authority::Grant::from(&grant.issuance);
        let mut password = hand_over.password.clone();
        let mut content = Content::Whole;
        let fault = self.faults.at(Stage::File);
        match fault {
            Some(Fault::WithoutIssuer) => content = Content::WithoutIssuer,
            Some(Fault::WrongKey) => content = Content::OtherKey,
            Some(Fault::OtherPassword) => password = other_than(&password),
            Some(Fault::WrongCode) => {
                if let Ok(code) = OTHER_CODE.parse() {
                    wanted.institution_code = code;
                }
            }
            Some(Fault::ExpiredLeaf) => {
                if let Ok(long_ago) = Validity::new(LONG_AGO.0, LONG_AGO.1) {
                    wanted.validity = long_ago;
                }
            }
            _ => {}
        }
        let issued = self
            .authority
            .issue_with(&wanted, &password, grant.encoding, content);
        let Ok(mut file) = issued else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        match fault {
            Some(Fault::BrokenFile) => file = broken(file),
            Some(Fault::BareCertificate) => file = self.authority.root_der().to_vec(),
            Some(Fault::OtherFile) => file = b"PK\x03\x04\x14\0\0\0no certificate\0".to_vec(),
            Some(Fault::SameCertificate) => {
                file = self.state().first_file.get_or_insert(file).clone();
            }
            _ => {}
        }
        delivery::file(file, grant.issuance.request_id.as_str(), delivery)
    }

    /// A panic elsewhere leaves the plain data here as good as it was.
    fn state(&self) -> MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is answered in place of the file.
enum Said {
    /// On a page of its own.
    Message(&'static str),
    /// Above the form, to try again.
    Again(&'static str),
}

impl Held {
    fn fits(&self, typed: &Typed) -> bool {
        // The site compares what was typed with what it granted.
        self.grant.issuance.request_id.as_str() == typed.request_id
            && self.grant.issuance.reference_id.expose() == typed.reference_id
    }

    /// Marks the file as handed out, or says why it is not.
    fn hand_out(&mut self, today: Date) -> Result<(), Said> {
        if self.handed_out {
            return Err(Said::Message(pages::ALREADY_ISSUED));
        }
        if today > self.grant.issuance.retrieval_deadline {
            return Err(Said::Message(pages::EXPIRED));
        }
        self.handed_out = true;
        Ok(())
    }
}

impl Typed {
    fn from_form(headers: &HeaderMap, body: &[u8]) -> Self {
        let boundary = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once("boundary="))
            .map(|(_, boundary)| boundary.to_owned());
        let take = |name: &str| match &boundary {
            Some(boundary) => part(body, boundary, name),
            None => field(body, name),
        };
        Self {
            token: take("token"),
            request_id: take("request"),
            reference_id: take("reference"),
            password: take("pass1"),
            password_again: take("pass2"),
        }
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            request_id: &self.request_id,
            reference_id: &self.reference_id,
            password: &self.password,
        }
    }
}

/// A field of a form's data, empty when it is not there.
pub(super) fn field(data: &[u8], name: &str) -> String {
    form_urlencoded::parse(data)
        .find(|(known, _)| known == name)
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// A part of multipart data, empty when it is not there.
fn part(data: &[u8], boundary: &str, name: &str) -> String {
    let text = String::from_utf8_lossy(data);
    let named = format!("name=\"{name}\"");
    text.split(&format!("--{boundary}"))
        .filter_map(|part| part.split_once("\r\n\r\n"))
        .find(|(head, _)| head.contains(&named))
        .map_or_else(String::new, |(_, value)| {
            value.trim_end_matches("\r\n").to_owned()
        })
}

/// Four other digits.
fn other_than(password: &CertificatePassword) -> CertificatePassword {
    let other = ["1111", "2222"]
        .iter()
        .filter_map(|digits| digits.parse().ok())
        .find(|other: &CertificatePassword| other != password);
    other.unwrap_or_else(|| password.clone())
}

/// The same length, but parts that do not fit into each other.
fn broken(mut file: Vec<u8>) -> Vec<u8> {
    // The length of the ContentInfo follows the outer header and the version.
    if let Some(length) = file.get_mut(9) {
        *length = length.wrapping_add(1);
    }
    file
}

fn session_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == pages::COOKIE_NAME)
        .map(|(_, value)| value.to_owned())
}

/// 128 random bits in hexadecimal.
fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hexadecimal(&bytes))
}

/// Sessions kept before all are forgotten.
const MOST_SESSIONS: usize = 10_000;

/// Wrong attempts at one request ID before it is locked.
const MOST_ATTEMPTS: u32 = 5;

/// The institution of a certificate that is somebody else's.
const OTHER_CODE: &str = "1310000012";

/// The validity of a certificate that expired.
const LONG_AGO: (Date, Date) = (Date::constant(2020, 1, 6), Date::constant(2023, 4, 6));
