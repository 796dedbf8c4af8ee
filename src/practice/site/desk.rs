//! What the practice site knows and decides: sessions, pairs of IDs, attempts, what was handed out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use url::form_urlencoded;

use super::pages;
use super::{Behaviour, Grant};
use crate::domain::{CertificatePassword, RequestId};
use crate::practice::authority::{self, Authority};

/// The clerk behind the page.
pub(super) struct Desk {
    authority: Arc<Authority>,
    today: Date,
    submissions: AtomicUsize,
    state: Mutex<Memory>,
}

/// What changes while the site runs.
struct Memory {
    grants: Vec<Held>,
    /// Token by session.
    sessions: HashMap<String, String>,
    /// Wrong attempts by request ID.
    attempts: HashMap<String, u32>,
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
struct Typed {
    token: String,
    request_id: String,
    reference_id: String,
    password: String,
    password_again: String,
}

/// A file about to be handed out.
struct HandOver {
    grant: Grant,
    password: CertificatePassword,
}

impl Desk {
    pub(super) fn new(authority: Arc<Authority>, grants: Vec<Grant>, today: Date) -> Self {
        let held = |grant| Held {
            grant,
            handed_out: false,
        };
        Self {
            authority,
            today,
            submissions: AtomicUsize::new(0),
            state: Mutex::new(Memory {
                grants: grants.into_iter().map(held).collect(),
                sessions: HashMap::new(),
                attempts: HashMap::new(),
            }),
        }
    }

    pub(super) fn submissions(&self) -> usize {
        self.submissions.load(Ordering::SeqCst)
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

    /// Answers one submission.
    pub(super) fn submit(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        self.submissions.fetch_add(1, Ordering::SeqCst);
        let typed = Typed::from_form(body);
        if !self.close_session(headers, &typed.token) {
            return pages::message(pages::SESSION_OVER);
        }
        match self.decide(&typed) {
            Ok(hand_over) => self.hand_over(&hand_over),
            Err(Said::Message(text)) => pages::message(text),
            Err(Said::Again(text)) => match self.open_session() {
                Ok(session) => pages::form(&session, Some(text)),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            },
        }
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

    fn hand_over(&self, hand_over: &HandOver) -> Response {
        let grant = &hand_over.grant;
        let wanted = authority::Grant::from(&grant.issuance);
        let Ok(file) = self
            .authority
            .issue(&wanted, &hand_over.password, grant.encoding)
        else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let name = grant.issuance.request_id.as_str();
        match grant.behaviour {
            Behaviour::CutMidBody => pages::file_cut_in_the_middle(file, name),
            Behaviour::WrongType => pages::file_as_page(file),
            _ => pages::file(file, name),
        }
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
        match self.grant.behaviour {
            Behaviour::Maintenance => return Err(Said::Message(pages::MAINTENANCE)),
            Behaviour::SessionTimeout => return Err(Said::Message(pages::SESSION_OVER)),
            Behaviour::Locked => return Err(Said::Message(pages::LOCKED)),
            Behaviour::AlreadyIssued => return Err(Said::Message(pages::ALREADY_ISSUED)),
            Behaviour::Expired => return Err(Said::Message(pages::EXPIRED)),
            Behaviour::Issue | Behaviour::CutMidBody | Behaviour::WrongType => {}
        }
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
    fn from_form(body: &[u8]) -> Self {
        let mut fields: HashMap<String, String> =
            form_urlencoded::parse(body).into_owned().collect();
        let mut take = |name: &str| fields.remove(name).unwrap_or_default();
        Self {
            token: take("token"),
            request_id: take("request"),
            reference_id: take("reference"),
            password: take("pass1"),
            password_again: take("pass2"),
        }
    }
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
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Sessions kept before all are forgotten.
const MOST_SESSIONS: usize = 10_000;

/// Wrong attempts at one request ID before it is locked.
const MOST_ATTEMPTS: u32 = 5;
