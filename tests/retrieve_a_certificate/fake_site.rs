//! A TLS server that answers each request with exactly the bytes a test gives it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use noticert::practice::authority::Authority;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request as received.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub head: String,
    pub body: String,
}

/// What is sent back, and what happens to the connection then.
pub struct Reply {
    pub bytes: Vec<u8>,
    pub then: Then,
}

/// How a reply ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    /// A clean close.
    Close,
    /// The connection breaks without close_notify.
    Break,
    /// Nothing more comes.
    Silence,
    /// The same byte without end.
    Forever,
    /// The rest byte by byte.
    Drip,
    /// The site goes away: later connections are refused.
    Vanish,
}

/// The running server.
pub struct FakeSite {
    pub url: String,
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for FakeSite {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeSite {
    pub async fn start(
        authority: &Authority,
        names: &[&str],
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (chain, key) = authority.server_identity(names).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = requests.clone();
        let answer = Arc::new(answer);
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, seen, answer) = (tls.clone(), seen.clone(), answer.clone());
                let conversation = converse(stream, tls, seen, answer);
                // A site that vanishes must do so before the next connection is tried.
                if conversation.await == Some(Then::Vanish) {
                    return;
                }
            }
        });
        Self {
            url: format!("https://{address}/p/rcd"),
            address,
            requests,
            server,
        }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn submissions(&self) -> usize {
        self.requests()
            .iter()
            .filter(|r| r.method == "POST")
            .count()
    }
}

async fn converse(
    stream: TcpStream,
    tls: TlsAcceptor,
    seen: Arc<Mutex<Vec<Request>>>,
    answer: Arc<impl Fn(&Request) -> Reply>,
) -> Option<Then> {
    let mut stream = tls.accept(stream).await.ok()?;
    let mut received = Vec::new();
    let request = loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.ok()?;
        if count == 0 {
            return None;
        }
        received.extend_from_slice(&piece[..count]);
        if let Some(request) = complete(&received) {
            break request;
        }
    };
    seen.lock().unwrap().push(request.clone());
    let reply = answer(&request);
    match reply.then {
        Then::Drip => {
            for byte in &reply.bytes {
                stream.write_all(&[*byte]).await.ok()?;
                stream.flush().await.ok()?;
            }
        }
        _ => stream.write_all(&reply.bytes).await.ok()?,
    }
    stream.flush().await.ok()?;
    match reply.then {
        Then::Close | Then::Drip | Then::Vanish => stream.shutdown().await.ok()?,
        Then::Break => {}
        Then::Silence => {
            tokio::spawn(async move {
                let _stream = stream;
                std::future::pending::<()>().await;
            });
        }
        Then::Forever => while stream.write_all(&[b'x'; 1024]).await.is_ok() {},
    }
    Some(reply.then)
}

fn complete(received: &[u8]) -> Option<Request> {
    let text = String::from_utf8_lossy(received);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(str::to_owned)
        })
        .map_or(0, |value| value.trim().parse().unwrap());
    if body.len() < length {
        return None;
    }
    let mut words = head.split_whitespace();
    Some(Request {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

impl Reply {
    pub fn new(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self {
            bytes: bytes.into(),
            then,
        }
    }

    /// A whole answer.
    pub fn with(head: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!(
            "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::new(bytes, Then::Close)
    }

    pub fn page(body: impl AsRef<[u8]>) -> Self {
        Self::with("200 OK\r\nContent-Type: text/html; charset=UTF-8", body)
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        Self::with(&format!("{status} Moved\r\nLocation: {to}"), "moved")
    }
}
