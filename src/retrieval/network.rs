//! The way to the site: whom to trust, through which proxy, how long to wait; and what a failure means.
//!
//! Trust is the system's roots, the usual public roots and a file given by hand, or that file alone. The
//! platform's own verifier is not used: on Windows it looks up revocations and blocks for seconds in a closed
//! network. No proxy is taken from the environment, because the site lies inside the closed network and goes
//! direct there (fact 45). The library's retries and redirects are off: both would repeat what must happen once.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::cookie::Jar;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use url::Url;

use super::error::{AddressProblem, CaProblem, NetworkProblem, RetrievalError, TlsProblem};
use super::phrases::Phrases;
use crate::config::{Config, FormLabels};

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
    /// How long to wait.
    pub time_limits: TimeLimits,
}

/// Through which proxy the site is reached.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ProxyChoice {
    /// Straight to the site, whatever the environment says.
    #[default]
    Direct,
    /// Through this proxy only; no way around it when it is down.
    Through(String),
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
    proxy: Option<Proxy>,
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
            ProxyChoice::Through(address) => Some(proxy(address)?),
        };
        let kilobytes = usize::try_from(config.limits.answer_kilobytes).unwrap_or(usize::MAX);
        Ok(Self {
            url,
            trust: Arc::new(trust),
            proxy,
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

    /// A client with a cookie jar of its own: one for each conversation.
    ///
    /// No connection is kept for the next request, so a failure to connect always means that not one byte of
    /// that request left.
    pub(super) fn client(&self, cookies: Arc<Jar>) -> Result<Client, RetrievalError> {
        let failed = |source: Box<dyn StdError + Send + Sync>| RetrievalError::Client { source };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(Box::new(error)))?
            .with_root_certificates(self.trust.clone())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
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
            .default_headers(headers());
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        builder.build().map_err(|error| failed(Box::new(error)))
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

fn proxy(address: &str) -> Result<Proxy, RetrievalError> {
    // A bare host:port is what Windows settings show.
    let address = match address.contains("://") {
        true => address.trim().to_owned(),
        false => format!("http://{}", address.trim()),
    };
    let url = Url::parse(&address).map_err(|_| RetrievalError::BadProxy)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(RetrievalError::BadProxy);
    }
    Proxy::all(url).map_err(|_| RetrievalError::BadProxy)
}

fn trusted(ca_file: Option<&[u8]>, ca_only: bool) -> Result<RootCertStore, RetrievalError> {
    let bad = |problem| RetrievalError::BadCaFile { problem };
    let mut trust = RootCertStore::empty();
    if let Some(file) = ca_file {
        for certificate in certificates(file)? {
            trust
                .add(certificate)
                .map_err(|_| bad(CaProblem::Unreadable))?;
        }
    }
    match ca_only {
        true if trust.is_empty() => return Err(bad(CaProblem::Missing)),
        true => return Ok(trust),
        false => {}
    }
    trust.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // A root of the system that cannot be read is one root less, not a reason to stop.
    trust.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(trust)
}

fn certificates(file: &[u8]) -> Result<Vec<CertificateDer<'static>>, RetrievalError> {
    let bad = |problem| RetrievalError::BadCaFile { problem };
    if file.first() == Some(&0x30) {
        return Ok(vec![CertificateDer::from(file.to_vec())]);
    }
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(file)
        .collect::<Result<_, _>>()
        .map_err(|_| bad(CaProblem::Unreadable))?;
    match found.is_empty() {
        true => Err(bad(CaProblem::NoCertificate)),
        false => Ok(found),
    }
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

/// What a failed request means, for one that may be asked again.
pub(super) fn failure(error: reqwest::Error) -> RetrievalError {
    let error = error.without_url();
    if let Some(problem) = tls_problem(&error) {
        return RetrievalError::TlsRefused {
            problem,
            source: Some(Box::new(error)),
        };
    }
    RetrievalError::Unreachable {
        problem: network_problem(&error),
        source: Some(Box::new(error)),
    }
}

fn tls_problem(error: &reqwest::Error) -> Option<TlsProblem> {
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Some(tls_class(error));
    }
    // A server that finds no common suite often just hangs up during the handshake.
    let hung_up = |kind| matches!(kind, io::ErrorKind::UnexpectedEof);
    let during_handshake = error.is_connect()
        && causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| hung_up(cause.kind()));
    during_handshake.then_some(TlsProblem::Handshake)
}

fn tls_class(error: &rustls::Error) -> TlsProblem {
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            // A trusted name over another key is an authority of the same name, not the trusted one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsProblem::UnknownIssuer
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsProblem::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsProblem::NotYetValid
            }
            _ => TlsProblem::BadCertificate,
        },
        rustls::Error::PeerIncompatible(_) => TlsProblem::NoCommonSuite,
        rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity,
        ) => TlsProblem::NoCommonSuite,
        rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
        rustls::Error::NoCertificatesPresented => TlsProblem::BadCertificate,
        _ => TlsProblem::Handshake,
    }
}

fn network_problem(error: &reqwest::Error) -> NetworkProblem {
    let says = |words: &str| causes(error).any(|cause| cause.to_string().starts_with(words));
    let io_kind = causes(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    let connecting = error.is_connect();
    if error.is_dns() || says("dns error") {
        NetworkProblem::Dns
    } else if error.is_timeout() && connecting {
        NetworkProblem::ConnectTimeout
    } else if error.is_timeout() {
        NetworkProblem::Silence
    } else if says("tunnel error") || says("proxy") || says("unsuccessful tunnel") {
        NetworkProblem::Proxy
    } else if io_kind == Some(io::ErrorKind::ConnectionRefused) {
        NetworkProblem::ConnectRefused
    } else if connecting {
        NetworkProblem::ConnectFailed
    } else {
        NetworkProblem::Broken
    }
}

/// An error and everything below it, looking into `io::Error` too, whose `source` skips what it holds.
pub(super) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
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
