//! The way to the site: whom to trust, through which proxy, from which address, how long to wait.
//!
//! Trust is the system's roots, the usual public roots and a file given by hand, or that file alone. The
//! platform's own verifier is not used: on Windows it looks up revocations and blocks for seconds in a closed
//! network. No proxy is taken from the environment, because the site lies inside the closed network and goes
//! direct there (fact 45). The library's retries and redirects are off: both would repeat what must happen once.

mod failure;
mod handshake;
mod proxy;
mod trust;
mod way;

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::cookie::Jar;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpSocket, TcpStream};
use url::Url;

use super::error::{AddressProblem, NetworkProblem, RetrievalError, WayProblem};
use super::phrases::Phrases;
use crate::config::{Config, FormLabels};
use crate::platform;

pub(super) use failure::failure;
pub use handshake::{Handshake, Presented, Session, Untrusted};
pub use proxy::ProxyChoice;
pub use way::{AddressFamily, Binding, PinnedHost, PinnedHostError, Way};

use proxy::CheckedProxy;
use trust::trusted;
use way::{LookUpError, SettledWay};

/// How to reach a site.
#[derive(Clone, Debug, Default)]
pub struct SiteOptions {
    /// The page's address; `None` takes the configured one.
    pub url: Option<String>,
    /// Further trusted authorities, PEM (one DER certificate is taken too).
    pub ca_file_pem: Option<Vec<u8>>,
    /// Trust these alone.
    pub ca_only: bool,
    /// The way through a proxy.
    pub proxy: ProxyChoice,
    /// Which addresses, from where.
    pub way: Way,
    /// How long to wait.
    pub time_limits: TimeLimits,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimeLimits {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// Without a single byte; after the POST 20 s and more are honest.
    pub silence: Duration,
    /// For one whole answer.
    pub whole: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(60),
            whole: Duration::from_secs(600),
        }
    }
}

/// A site that may be asked: its address checked, its trust settled.
#[derive(Clone, Debug)]
pub struct Site {
    url: Url,
    trust: Arc<RootCertStore>,
    proxy: Option<CheckedProxy>,
    way: SettledWay,
    time_limits: TimeLimits,
    labels: FormLabels,
    phrases: Arc<Phrases>,
    answer_limit: usize,
}

impl Site {
    /// Checks the options; asks nothing of any host.
    pub fn new(options: SiteOptions, config: &Config) -> Result<Self, RetrievalError> {
        let url = checked_address(options.url.as_deref().unwrap_or(&config.site.url))?;
        let trust = trusted(options.ca_file_pem.as_deref(), options.ca_only)?;
        let proxy = match &options.proxy {
            ProxyChoice::Direct => None,
            ProxyChoice::Through(address) => Some(CheckedProxy::parse(address)?),
        };
        let next = proxy.as_ref().map_or(&url, |proxy| &proxy.url);
        let port = next.port_or_known_default().unwrap_or_default();
        let host = next.host().ok_or(RetrievalError::BadAddress {
            problem: AddressProblem::NotAnAddress,
        })?;
        let way = SettledWay::new(options.way, &host, port)
            .map_err(|problem| RetrievalError::BadWay { problem })?;
        let kilobytes = usize::try_from(config.limits.answer_kilobytes).unwrap_or(usize::MAX);
        Ok(Self {
            url,
            trust: Arc::new(trust),
            proxy,
            way,
            time_limits: options.time_limits,
            labels: config.form.clone(),
            phrases: Arc::new(Phrases::with(&config.phrases)),
            answer_limit: kilobytes.saturating_mul(1_024),
        })
    }

    /// The page's address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host that secrets are bound to, with its port where that is not the usual one.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Bytes of an answer that are still believed.
    pub fn answer_limit(&self) -> usize {
        self.answer_limit
    }

    pub(super) fn time_limits(&self) -> TimeLimits {
        self.time_limits
    }

    pub(super) fn labels(&self) -> &FormLabels {
        &self.labels
    }

    pub(super) fn phrases(&self) -> &Phrases {
        &self.phrases
    }

    /// Whether the site runs on the computer that asks it: the real one never does, whatever does is for practice.
    pub fn is_this_machine(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Where connections go first: the proxy where one was named, else the site. Host and port.
    pub fn first_stop(&self) -> (String, u16) {
        match &self.proxy {
            Some(proxy) => proxy.host_and_port(),
            None => {
                let host = self.url.host_str().unwrap_or_default().to_owned();
                (host, self.url.port_or_known_default().unwrap_or_default())
            }
        }
    }

    /// Whether connections go through a proxy.
    pub fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// Whether the addresses of the first stop were given by hand.
    pub fn is_pinned(&self) -> bool {
        self.way.is_pinned()
    }

    /// From where connections leave, where that was chosen.
    pub fn binding(&self) -> Option<&Binding> {
        self.way.bind.as_ref()
    }

    /// The addresses that connections to the first stop try, in their order.
    pub async fn addresses(&self) -> Result<Vec<SocketAddr>, NetworkProblem> {
        let (host, port) = self.first_stop();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        let addresses = match literal {
            Ok(address) => vec![address],
            Err(_) => self.way.look_up(&host).await.map_err(|error| match error {
                LookUpError::Unknown { .. } => self.of_first_stop(NetworkProblem::Dns),
                LookUpError::OtherFamilyOnly => NetworkProblem::OtherFamilyOnly,
            })?,
        };
        let sockets = addresses.into_iter().map(|ip| SocketAddr::new(ip, port));
        Ok(sockets.collect())
    }

    /// Connects to one address, from where connections leave. Sends nothing.
    pub async fn connect(&self, address: SocketAddr) -> Result<TcpStream, NetworkProblem> {
        let socket = self.socket(address).map_err(|_| NetworkProblem::NotBound)?;
        let connecting = tokio::time::timeout(self.time_limits.connect, socket.connect(address));
        let problem = match connecting.await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                NetworkProblem::ConnectRefused
            }
            Ok(Err(_)) => NetworkProblem::ConnectFailed,
            Err(_) => NetworkProblem::ConnectTimeout,
        };
        Err(self.of_first_stop(problem))
    }

    /// What fails before a proxy is the proxy's, and says nothing of the site.
    fn of_first_stop(&self, problem: NetworkProblem) -> NetworkProblem {
        match self.has_proxy() {
            true => NetworkProblem::ProxyUnreachable,
            false => problem,
        }
    }

    /// A socket for `address`, tied to where connections leave.
    fn socket(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        match &self.way.bind {
            None => {}
            Some(Binding::Address(from)) => socket.bind(SocketAddr::new(*from, 0))?,
            Some(Binding::Interface(name)) => platform::tie_socket(&socket, name, address.ip())?,
        }
        Ok(socket)
    }

    /// A client with a cookie jar of its own: one for each conversation.
    ///
    /// No connection is kept for the next request, so a failure to connect always means that not one byte of
    /// that request left.
    pub(super) fn client(&self, cookies: Arc<Jar>) -> Result<Client, RetrievalError> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(self.tls()?)
            .https_only(true)
            .http1_only()
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .no_gzip()
            .no_proxy()
            .referer(false)
            .cookie_provider(cookies)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .connect_timeout(self.time_limits.connect)
            .read_timeout(self.time_limits.silence)
            .user_agent(USER_AGENT)
            .default_headers(headers())
            .dns_resolver(Arc::new(self.way.clone()));
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.way.clone());
        }
        self.tied(builder)?.build().map_err(client_failed)
    }

    /// The client, tied to where connections leave.
    fn tied(&self, builder: ClientBuilder) -> Result<ClientBuilder, RetrievalError> {
        match &self.way.bind {
            None => Ok(builder),
            Some(Binding::Address(address)) => Ok(builder.local_address(*address)),
            Some(Binding::Interface(name)) => {
                platform::tie_client(builder, name).map_err(|_| RetrievalError::BadWay {
                    problem: WayProblem::NoSuchInterface { name: name.clone() },
                })
            }
        }
    }

    fn tls(&self) -> Result<ClientConfig, RetrievalError> {
        tls_trusting(self.trust.clone())
    }
}

/// TLS towards servers for which `roots` vouch.
pub(super) fn tls_trusting(roots: Arc<RootCertStore>) -> Result<ClientConfig, RetrievalError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(client_failed)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

fn client_failed(source: impl StdError + Send + Sync + 'static) -> RetrievalError {
    RetrievalError::Client {
        source: Box::new(source),
    }
}

/// Whether and why an address may not be used. The address itself may hold a password: it is never quoted.
fn checked_address(address: &str) -> Result<Url, RetrievalError> {
    let bad = |problem| RetrievalError::BadAddress { problem };
    let mut url = Url::parse(address.trim()).map_err(|_| bad(AddressProblem::NotAnAddress))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(AddressProblem::HasCredentials));
    }
    if url.scheme() != "https" {
        return Err(bad(AddressProblem::NotHttps));
    }
    url.set_fragment(None);
    Ok(url)
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("text/html,application/x-pkcs12,*/*;q=0.8"),
    );
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("ja,en;q=0.5"));
    // Compressed, a cut file could not be told from a whole one as surely.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

/// Says who asks; the leading word is what sites look for that name the browsers they know.
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; noticert/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::error::CaProblem;

    fn problem_of(address: &str) -> Option<AddressProblem> {
        let options = SiteOptions {
            url: Some(address.to_owned()),
            ..SiteOptions::default()
        };
        match Site::new(options, &Config::default()) {
            Err(RetrievalError::BadAddress { problem }) => Some(problem),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn an_address_is_refused_before_anything_is_asked() {
        assert_eq!(
            problem_of("http://site.invalid/"),
            Some(AddressProblem::NotHttps)
        );
        assert_eq!(
            problem_of("file:///etc/passwd"),
            Some(AddressProblem::NotHttps)
        );
        assert_eq!(problem_of("site"), Some(AddressProblem::NotAnAddress));
        assert_eq!(problem_of("https://"), Some(AddressProblem::NotAnAddress));
        assert_eq!(
            problem_of("https://user:word@site.invalid/"),
            Some(AddressProblem::HasCredentials)
        );
        assert_eq!(problem_of(" https://site.invalid/p/rcd "), None);
    }

    #[test]
    fn no_address_with_a_password_is_ever_quoted() {
        let options = SiteOptions {
            url: Some("https://user:hidden-word@site.invalid/".to_owned()),
            ..SiteOptions::default()
        };
        let error = Site::new(options, &Config::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hidden-word"));
    }

    #[test]
    fn a_file_without_a_usable_certificate_is_refused() {
        let with = |file: Option<&[u8]>, ca_only| {
            let options = SiteOptions {
                ca_file_pem: file.map(<[u8]>::to_vec),
                ca_only,
                ..SiteOptions::default()
            };
            match Site::new(options, &Config::default()) {
                Err(RetrievalError::BadCaFile { problem }) => Some(problem),
                Err(other) => panic!("{other}"),
                Ok(_) => None,
            }
        };
        assert_eq!(with(Some(b"no pem"), false), Some(CaProblem::NoCertificate));
        assert_eq!(
            with(
                Some(b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"),
                false
            ),
            Some(CaProblem::Unreadable)
        );
        assert_eq!(
            with(Some(&[0x30, 0x03, 1, 2, 3]), false),
            Some(CaProblem::Unreadable)
        );
        assert_eq!(with(None, true), Some(CaProblem::Missing));
        assert_eq!(with(None, false), None);
    }

    #[test]
    fn a_proxy_is_an_address_too() {
        let with = |address: &str| {
            let options = SiteOptions {
                proxy: ProxyChoice::Through(address.to_owned()),
                ..SiteOptions::default()
            };
            Site::new(options, &Config::default()).is_ok()
        };
        assert!(with("proxy.invalid:8080"));
        assert!(with("http://user:word@proxy.invalid:8080"));
        assert!(!with("ftp://proxy.invalid"));
        assert!(!with(""));
    }
}
