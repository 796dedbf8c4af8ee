//! The practice site: a stand-in of the retrieval site that a rehearsal, the demo and tests talk to.
//!
//! It shows the page that the guides describe (facts 20 and 21) in wording of its own, over TLS with an invented
//! authority, and issues true `.p12` files that carry O=練習用. Like real sites it answers refusals with
//! status 200. It counts submissions, so that a test can prove 'at most one', and misbehaves on request in each of
//! the ways of [`Fault`].

mod delivery;
mod desk;
mod fault;
mod pages;
mod security;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, AuthorityError, Encoding};
use crate::domain::{Issuance, japan_date};
use delivery::BreakOff;
use desk::Desk;
use fault::{Faults, Stage};

pub use fault::Fault;

/// What the site is started with.
pub struct Options {
    /// Who issues its certificates and vouches for its TLS.
    pub authority: Arc<Authority>,
    /// What it will hand out.
    pub grants: Vec<Grant>,
    /// Where it listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The day on which it believes itself to be.
    pub now: Timestamp,
    /// How it misbehaves: at most one fault of each stage counts.
    pub faults: Vec<Fault>,
}

/// One issuance that the site knows.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The pair of IDs and what the certificate says.
    pub issuance: Issuance,
    /// How its `.p12` is protected.
    pub encoding: Encoding,
}

/// Why the practice site does not run.
#[derive(Debug, Error)]
pub enum PracticeSiteError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The site's own TLS certificate could not be made.
    #[error("cannot make the practice site's certificate")]
    Authority {
        /// Why.
        #[source]
        source: AuthorityError,
    },
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls {
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

/// A practice site, before it runs.
pub struct PracticeSite;

/// A practice site that runs until it is shut down or dropped.
pub struct Running {
    url: String,
    ca_pem: String,
    desk: Arc<Desk>,
    conversations: Conversations,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
}

impl PracticeSite {
    /// Starts the site. Needs a tokio runtime.
    pub async fn start(options: Options) -> Result<Running, PracticeSiteError> {
        let bind = options.bind;
        let failed = |source| PracticeSiteError::Bind {
            address: bind,
            source,
        };
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let faults = Faults::new(options.faults);
        let door = match faults.at(Stage::Tls) {
            Some(Fault::NoTls) => Door::Plain,
            Some(Fault::TlsHangsUp) => Door::Shut,
            fault => Door::Tls(security::tls(
                &options.authority,
                address,
                fault,
                options.now,
            )?),
        };
        let ca_pem = options.authority.ca_pem();
        let today = japan_date(options.now);
        let desk = Arc::new(Desk::new(options.authority, options.grants, today, faults));
        let (stop, stopped) = watch::channel(false);
        let conversations = Conversations::default();
        let server = tokio::spawn(serve(
            listener,
            door,
            router(desk.clone()),
            conversations.clone(),
            stopped,
        ));
        Ok(Running {
            url: format!("https://{}{PATH}", named(address)),
            ca_pem,
            desk,
            conversations,
            stop,
            server,
        })
    }
}

impl Running {
    /// The address of the retrieval page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The authority to trust for it, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// How often the form was submitted, whatever came of it.
    pub fn submissions(&self) -> usize {
        self.desk.submissions()
    }

    /// Waits until nobody talks to it: what a visitor sent before he was killed has been heard then, and counted.
    pub async fn falls_silent(&self) {
        self.conversations.end().await;
    }

    /// How long it took over all its answers, one after the other: what no visitor can be faster than.
    pub fn time_taken(&self) -> Duration {
        self.desk.time_taken()
    }

    /// Ends the site and waits until it is silent.
    pub async fn shutdown(self) {
        // An error says that the server has ended by itself.
        let _ = self.stop.send(true);
        let _ = self.server.await;
    }
}

/// An address as a browser on this computer reaches it.
fn named(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

fn router(desk: Arc<Desk>) -> Router {
    let under = |name: &str| format!("{PATH}/{name}");
    Router::new()
        .route("/", get(async || Redirect::to(PATH)))
        .route(PATH, get(entrance))
        .route(&under("form"), get(form))
        .route(&under("consent"), post(form))
        .route(&under("download"), post(download))
        .route(&under("confirm"), post(confirm))
        .route(&under("ready"), get(ready))
        .route(
            &under("circle"),
            get(async || (StatusCode::FOUND, [(LOCATION, format!("{PATH}/circle"))])),
        )
        .route(&under("file"), get(file).post(file))
        .fallback(async || (StatusCode::NOT_FOUND, pages::message(pages::NOT_FOUND)))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(desk.clone(), pace))
        .with_state(desk)
}

/// Takes as long as the fault says over each answer, and notes how long it took.
async fn pace(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let least = match desk.faults().at(Stage::Pace) {
        Some(Fault::Slow50) => Duration::from_millis(50),
        Some(Fault::Slow500) => Duration::from_millis(500),
        _ => Duration::ZERO,
    };
    let (answered, ()) = tokio::join!(next.run(request), tokio::time::sleep(least));
    desk.note_time(begun.elapsed());
    answered
}

/// The first page: the form, or what the fault puts in its place.
async fn entrance(State(desk): State<Arc<Desk>>) -> Response {
    let redirect = |to: &str| (StatusCode::FOUND, [(LOCATION, to.to_owned())]).into_response();
    let busy = |after: &'static str| {
        let page = pages::message(pages::MAINTENANCE);
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [(RETRY_AFTER, after)],
            page,
        )
            .into_response()
    };
    let failure = || (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response();
    let Some(fault) = desk.faults().at(Stage::Entrance) else {
        return form(State(desk)).await;
    };
    match fault {
        Fault::RedirectFirst => redirect(&format!("{PATH}/form")),
        Fault::RedirectLoop => redirect(PATH),
        Fault::RedirectElsewhere => redirect("https://elsewhere.invalid/p/rcd"),
        Fault::RedirectHttp => redirect("http://127.0.0.1/p/rcd"),
        Fault::Error500 => failure(),
        Fault::Error500Once if desk.is_first_time() => failure(),
        Fault::Closed => busy("1800"),
        Fault::ClosedOnce if desk.is_first_time() => busy("1"),
        Fault::ClosedPage => pages::message(pages::MAINTENANCE),
        Fault::Gateway403 => (StatusCode::FORBIDDEN, "Forbidden").into_response(),
        Fault::SilentPage => std::future::pending().await,
        Fault::BrokenPage => delivery::no_answer(),
        Fault::NoPage => [0, 1, 2, 3].into_response(),
        fault => match pages::entrance(fault) {
            Some(page) => page,
            None => form(State(desk)).await,
        },
    }
}

async fn form(State(desk): State<Arc<Desk>>) -> Response {
    match desk.open_session() {
        Ok(session) => pages::form(&session, None, desk.faults().at(Stage::Form)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn download(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let answer = desk.faults().at(Stage::Answer);
    // Counted here: the work below goes on when the visitor has left and the conversation is over.
    desk.count_submission();
    // Making a key pair takes a good part of a second, so it must not hold up other conversations.
    let answered = tokio::task::spawn_blocking(move || desk.submit(&headers, &body)).await;
    match answer {
        Some(Fault::Silence) => std::future::pending().await,
        _ => answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

async fn confirm(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let ticket = desk::field(&body, "ticket");
    match desk.faults().at(Stage::Between) {
        Some(Fault::ConfirmThenLink) => pages::ready(&ticket),
        Some(Fault::ConfirmTwice) => desk.show_again(&ticket),
        _ => hand_over(desk, headers, ticket).await,
    }
}

async fn ready(uri: Uri) -> Response {
    pages::ready(&desk::field(
        uri.query().unwrap_or_default().as_bytes(),
        "ticket",
    ))
}

async fn file(
    State(desk): State<Arc<Desk>>,
    uri: Uri,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let asked = desk::field(uri.query().unwrap_or_default().as_bytes(), "ticket");
    let ticket = match asked.is_empty() {
        true => desk::field(&body, "ticket"),
        false => asked,
    };
    match desk.faults().at(Stage::Between) {
        Some(Fault::LinkFails) => {
            (StatusCode::NOT_FOUND, pages::message(pages::NOT_FOUND)).into_response()
        }
        Some(Fault::LinkFailsOnce) if desk.is_first_time() => {
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        _ => hand_over(desk, headers, ticket).await,
    }
}

async fn hand_over(desk: Arc<Desk>, headers: HeaderMap, ticket: String) -> Response {
    let handed = tokio::task::spawn_blocking(move || desk.hand_over_for(&headers, &ticket)).await;
    handed.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// How the site meets a connection.
#[derive(Clone)]
enum Door {
    Tls(TlsAcceptor),
    /// Answers in clear.
    Plain,
    /// Hangs up.
    Shut,
}

/// Accepts until told to stop, then ends every conversation.
async fn serve(
    listener: TcpListener,
    door: Door,
    router: Router,
    conversations: Conversations,
    mut stopped: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let conversation = conversations.begin();
                let (door, router) = (door.clone(), router.clone());
                tasks.spawn(async move {
                    converse(stream, door, router).await;
                    drop(conversation);
                });
            }
            // Out of descriptors, most likely: they come back as conversations end.
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
    tasks.shutdown().await;
}

/// How many conversations go on.
#[derive(Clone, Default)]
struct Conversations(watch::Sender<usize>);

impl Conversations {
    fn begin(&self) -> Conversation {
        self.0.send_modify(|open| *open += 1);
        Conversation(self.0.clone())
    }

    async fn end(&self) {
        // The sender lives in `self`, so the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|open| *open == 0).await;
    }
}

/// One conversation, until it is dropped.
struct Conversation(watch::Sender<usize>);

impl Drop for Conversation {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

async fn converse(mut stream: TcpStream, door: Door, router: Router) {
    let tls = match door {
        Door::Tls(tls) => tls,
        door => {
            // What was said is heard first, or the closing would look like a refused connection. The visitor may
            // be gone already.
            let _heard = stream.read(&mut [0; 4_096]).await;
            if let Door::Plain = door {
                let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
            let _gone = stream.shutdown().await;
            return;
        }
    };
    // Whoever does not trust the practice authority hangs up here, which is his right.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let answered = router.call(request);
        async move {
            match answered.await {
                Ok(response) if response.extensions().get::<BreakOff>().is_some() => {
                    Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
                }
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    let conversation =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A broken conversation is part of practice.
    let _ = conversation.await;
}

/// Pause after a connection that could not be accepted.
const BREATH: Duration = Duration::from_millis(100);

/// The page's path, as on the real site (fact 19).
pub(crate) const PATH: &str = "/p/rcd";

/// No honest submission is larger.
const LARGEST_FORM: usize = 64 * 1_024;
