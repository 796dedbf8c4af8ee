//! The practice site: a stand-in of the retrieval site that a rehearsal, the demo and tests talk to.
//!
//! It shows the page that the guides describe (facts 20 and 21) in wording of its own, over TLS with an invented
//! authority, and issues true `.p12` files that carry O=練習用. Like real sites it answers refusals with
//! status 200. It counts submissions, so that a test can prove 'at most one'.

mod desk;
mod pages;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use rustls::ServerConfig;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, AuthorityError, Encoding};
use crate::domain::{Issuance, japan_date};
use desk::Desk;

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
}

/// One issuance that the site knows.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The pair of IDs and what the certificate says.
    pub issuance: Issuance,
    /// How its `.p12` is protected.
    pub encoding: Encoding,
    /// How the site answers.
    pub behaviour: Behaviour,
}

/// How the site answers a right pair of IDs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Behaviour {
    /// Hands the file out, once, until the retrieval deadline.
    #[default]
    Issue,
    /// Says that the deadline is over.
    Expired,
    /// Says that the certificate was handed out before.
    AlreadyIssued,
    /// Says that it is closed.
    Maintenance,
    /// Says that the session is over.
    SessionTimeout,
    /// Says that too many attempts were made.
    Locked,
    /// Hands the file out and breaks off in the middle.
    CutMidBody,
    /// Hands the file out as `text/html`, without a name.
    WrongType,
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
        let tls = tls(&options.authority, address)?;
        let ca_pem = options.authority.ca_pem();
        let today = japan_date(options.now);
        let desk = Arc::new(Desk::new(options.authority, options.grants, today));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, tls, router(desk.clone()), stopped));
        Ok(Running {
            url: format!("https://{}{PATH}", named(address)),
            ca_pem,
            desk,
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

    /// Ends the site and waits until it is silent.
    pub async fn shutdown(self) {
        // An error says that the server has ended by itself.
        let _ = self.stop.send(true);
        let _ = self.server.await;
    }
}

fn tls(authority: &Authority, address: SocketAddr) -> Result<TlsAcceptor, PracticeSiteError> {
    let own = address.ip().to_string();
    let (chain, key) = authority
        .server_identity(&["127.0.0.1", "localhost", &own])
        .map_err(|source| PracticeSiteError::Authority { source })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|source| PracticeSiteError::Tls { source })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// An address as a browser on this computer reaches it.
fn named(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to(PATH)))
        .route(PATH, get(form))
        .route(&format!("{PATH}/download"), post(download))
        .fallback(async || (StatusCode::NOT_FOUND, pages::message(pages::NOT_FOUND)))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .with_state(desk)
}

async fn form(State(desk): State<Arc<Desk>>) -> Response {
    match desk.open_session() {
        Ok(session) => pages::form(&session, None),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn download(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    // Making a key pair takes a good part of a second, so it must not hold up other conversations.
    let answered = tokio::task::spawn_blocking(move || desk.submit(&headers, &body)).await;
    answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Accepts until told to stop, then ends every conversation.
async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let mut conversations = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => accepted,
            Some(_) = conversations.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                conversations.spawn(converse(stream, tls.clone(), router.clone()));
            }
            // Out of descriptors, most likely: they come back as conversations end.
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
    conversations.shutdown().await;
}

async fn converse(stream: TcpStream, tls: TlsAcceptor, router: Router) {
    // Whoever does not trust the practice authority hangs up here, which is his right.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let service = TowerToHyperService::new(router);
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
