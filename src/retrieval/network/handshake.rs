//! One TLS handshake that reports what it saw, also when it fails: for the doctor. Sends no request.
//!
//! A refused certificate is told with its issuer, because that name says who stands between: a security product,
//! another authority, the wrong host.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::handshake_class;
use super::{Site, USER_AGENT, client_failed};
use crate::domain::CertificateFacts;
use crate::retrieval::error::{RetrievalError, TlsProblem};

/// What a handshake showed.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The server's certificate, where it came so far.
    pub presented: Option<Presented>,
    /// What was agreed on, or why nothing was.
    pub outcome: Result<Session, Untrusted>,
}

/// Why nothing was agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Untrusted {
    /// Of which kind it is.
    pub problem: TlsProblem,
    /// The library's own words.
    pub words: String,
}

impl From<TlsProblem> for Untrusted {
    fn from(problem: TlsProblem) -> Self {
        Self {
            problem,
            words: problem.to_string(),
        }
    }
}

/// What a server presented.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Presented {
    /// What its own certificate says.
    pub facts: CertificateFacts,
    /// How many certificates came with it.
    pub intermediates: usize,
}

/// What was agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// The version of TLS.
    pub version: String,
    /// The cipher suite.
    pub suite: String,
}

impl Site {
    /// Shakes hands over a connection to the site itself, with the trust and the time limit of a retrieval.
    pub async fn handshake(&self, stream: TcpStream) -> Result<Handshake, RetrievalError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge =
            WebPkiServerVerifier::builder_with_provider(self.trust.clone(), provider.clone())
                .build()
                .map_err(client_failed)?;
        let witness = Arc::new(Witness {
            judge,
            seen: Mutex::default(),
        });
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(client_failed)?
            .dangerous()
            .with_custom_certificate_verifier(witness.clone())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let outcome = self.agree(tls, stream).await;
        let presented = witness
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Ok(Handshake { presented, outcome })
    }

    /// The Date header that a server answers to HEAD, whoever it is: nothing of it may be believed.
    ///
    /// Only the address of the page is said, as in any request of a browser.
    pub async fn date_without_trust(&self, stream: TcpStream) -> Option<String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(NoJudge(provider)))
            .with_no_client_auth();
        let mut stream = self.shaken(tls, stream).await.ok()?;
        let request = format!(
            "HEAD {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {USER_AGENT}\r\nConnection: close\r\n\r\n",
            self.url.path(),
            self.host(),
        );
        let conversation = async {
            stream.write_all(request.as_bytes()).await.ok()?;
            let mut head = Vec::new();
            // The end may come without a farewell; what came before it is as good.
            let _end = stream.take(LONGEST_HEAD).read_to_end(&mut head).await;
            date_in(&String::from_utf8_lossy(&head))
        };
        tokio::time::timeout(self.time_limits.connect, conversation)
            .await
            .ok()?
    }

    async fn shaken(
        &self,
        tls: ClientConfig,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Untrusted> {
        let host = self.url.host_str().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(host).map_err(|_| TlsProblem::WrongName)?;
        let shaking = TlsConnector::from(Arc::new(tls)).connect(name, stream);
        match tokio::time::timeout(self.time_limits.connect, shaking).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Untrusted {
                problem: handshake_class(&error),
                words: error.to_string(),
            }),
            Err(_) => Err(TlsProblem::Handshake.into()),
        }
    }

    async fn agree(&self, tls: ClientConfig, stream: TcpStream) -> Result<Session, Untrusted> {
        let stream = self.shaken(tls, stream).await?;
        let (_, session) = stream.get_ref();
        let shown = |part: Option<String>| part.unwrap_or_default();
        Ok(Session {
            version: shown(
                session
                    .protocol_version()
                    .and_then(|v| v.as_str())
                    .map(str::to_owned),
            ),
            suite: shown(
                session
                    .negotiated_cipher_suite()
                    .and_then(|suite| suite.suite().as_str())
                    .map(str::to_owned),
            ),
        })
    }
}

/// Judges as a retrieval does, and remembers what it was shown.
#[derive(Debug)]
struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Presented>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = CertificateFacts::parse(end_entity, None).ok();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            presented.map(|facts| Presented {
                facts,
                intermediates: intermediates.len(),
            });
        self.judge
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

/// Refuses nobody: for a conversation whose every word is doubted.
#[derive(Debug)]
struct NoJudge(Arc<CryptoProvider>);

impl ServerCertVerifier for NoJudge {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn date_in(head: &str) -> Option<String> {
    head.lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("date"))
        .map(|(_, value)| value.trim().to_owned())
}

/// No honest head is longer.
const LONGEST_HEAD: u64 = 16 << 10;
