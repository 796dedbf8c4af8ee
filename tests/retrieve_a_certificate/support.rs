//! What the tests of retrieval share: an invented issuance, a journal in memory, sites and servers.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use noticert::config::Config;
use noticert::domain::{
    CertificatePassword, ConfirmedBy, Issuance, Pkcs12, ReviewedIssuance, Validity,
};
use noticert::practice::authority::{self, Authority, Encoding};
use noticert::practice::site::{Fault, Grant, Options, PracticeSite, Running};
use noticert::retrieval::{
    AnswerEnd, Effect, FileProblem, FurtherRequest, Intent, Journal, JournalError, KeptAnswer,
    NetworkProblem, ProxyChoice, RefusalReason, RetrievalError, Site, SiteOptions, TimeLimits,
    TlsProblem, UnclearProblem, retrieve,
};

use crate::fake_site::{FakeSite, Reply, Request};

pub const REFERENCE_ID: &str = "Ab3dE6gH9k";
pub const PASSWORD: &str = "4071";

/// An invented form page.
pub const FORM: &str = r#"<html><head><title>証明書の取得画面</title></head><body><h1>証明書の取得</h1>
<form method="post" action="/p/send"><input type="hidden" name="m" value="取得">
<p>リクエストID <input name="r" maxlength="15"></p><p>リファレンスID <input type="password" name="s"></p>
<p>証明書パスワード <input type="password" name="p"></p><p>証明書パスワード（確認用） <input type="password" name="q"></p>
<button>ダウンロード</button></form><p>証明書パスワードを忘れた場合は再申請が必要です。</p></body></html>"#;

pub type Log = Arc<Mutex<Vec<String>>>;

/// A journal in memory that can fail at one place.
#[derive(Default)]
pub struct Recording {
    pub log: Log,
    pub fails_at: Option<&'static str>,
    pub host: Option<String>,
    pub form_text: String,
    pub form_page: Option<url::Url>,
    /// Where the answer of `body` stands, and every request after the submission.
    pub at: Option<url::Url>,
    pub further: Vec<FurtherRequest>,
    pub body: Vec<u8>,
    pub end: Option<AnswerEnd>,
}

impl Recording {
    pub fn logging(log: Log) -> Self {
        Self {
            log,
            ..Self::default()
        }
    }

    pub fn failing_at(place: &'static str) -> Self {
        Self {
            fails_at: Some(place),
            ..Self::default()
        }
    }

    pub fn kept(&self) -> KeptAnswer<'_> {
        KeptAnswer {
            bytes: &self.body,
            form_text: &self.form_text,
            form_page: self.form_page.as_ref(),
            url: self.at.as_ref(),
            end: self.end.as_ref(),
        }
    }

    fn note(&self, place: &'static str) -> Result<(), JournalError> {
        let mut log = self.log.lock().unwrap();
        if log.last().is_none_or(|last| last != place) {
            log.push(place.to_owned());
        }
        match self.fails_at == Some(place) {
            true => Err(JournalError {
                source: "the disk is full".into(),
            }),
            false => Ok(()),
        }
    }
}

impl Journal for Recording {
    fn intent(&mut self, intent: &Intent<'_>) -> Result<(), JournalError> {
        self.note("intent")?;
        self.host = Some(intent.host.to_owned());
        self.form_text = intent.form_text.to_owned();
        self.form_page = Some(intent.form_page.clone());
        self.at = Some(intent.action.clone());
        Ok(())
    }

    fn onward(&mut self, request: &FurtherRequest) -> Result<(), JournalError> {
        self.note("onward")?;
        self.at = Some(request.url.clone());
        self.further.push(request.clone());
        self.body.clear();
        self.end = None;
        Ok(())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.note("chunk")?;
        self.body.extend_from_slice(bytes);
        Ok(())
    }

    fn done(&mut self, end: &AnswerEnd) -> Result<(), JournalError> {
        self.note("done")?;
        self.end = Some(end.clone());
        Ok(())
    }
}

/// What came of an exchange, in one word.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    File,
    Refused(RefusalReason),
    Unclear(UnclearProblem),
    Invalid(FileProblem),
    Other,
}

impl Outcome {
    pub fn of(result: &Result<Pkcs12, RetrievalError>) -> Self {
        match result {
            Ok(_) => Self::File,
            Err(RetrievalError::Refused { reason, .. }) => Self::Refused(*reason),
            Err(RetrievalError::Unclear { problem, .. }) => Self::Unclear(*problem),
            Err(RetrievalError::InvalidFile { problem, .. }) => Self::Invalid(*problem),
            Err(_) => Self::Other,
        }
    }
}

pub async fn run(site: &Site, journal: &mut Recording) -> Result<Pkcs12, RetrievalError> {
    let reviewed = ReviewedIssuance::attest(issuance(), ConfirmedBy::Person);
    retrieve(site, &reviewed, &password(), journal).await
}

pub fn issuance() -> Issuance {
    Issuance {
        issuer: None,
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: Some("練習薬局1号機".parse().unwrap()),
        request_id: "123456789012345".parse().unwrap(),
        reference_id: REFERENCE_ID.parse().unwrap(),
        validity: Validity::new(Date::constant(2026, 11, 1), Date::constant(2030, 2, 1)).unwrap(),
        retrieval_deadline: Date::constant(2027, 4, 30),
    }
}

pub fn password() -> CertificatePassword {
    PASSWORD.parse().unwrap()
}

pub fn today() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

pub fn authority() -> &'static Arc<Authority> {
    static AUTHORITY: OnceLock<Arc<Authority>> = OnceLock::new();
    AUTHORITY.get_or_init(|| Arc::new(Authority::invent_with_one_key(today()).unwrap()))
}

pub fn file_bytes() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let grant = authority::Grant::from(&issuance());
        authority()
            .issue(&grant, &password(), Encoding::Modern)
            .unwrap()
    })
}

pub fn certificate_alone() -> &'static [u8] {
    authority().root_der()
}

pub fn file_reply() -> Reply {
    Reply::with("200 OK\r\nContent-Type: application/x-pkcs12", file_bytes())
}

pub fn gzipped() -> Reply {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(file_bytes()).unwrap();
    Reply::with("200 OK\r\nContent-Encoding: gzip", packer.finish().unwrap())
}

pub fn whole_head(headers: &str) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(file_bytes());
    bytes
}

pub fn cut_head(headers: &str) -> Vec<u8> {
    let mut bytes = whole_head(headers);
    bytes.truncate(bytes.len() - 500);
    bytes
}

pub fn chunked(body: &[u8], last: &str) -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(100) {
        bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(last.as_bytes());
    bytes
}

pub fn form_or(request: &Request, answer: impl Fn() -> Reply) -> Reply {
    form_or_page(request, FORM, answer)
}

pub fn form_or_page(request: &Request, form: &str, answer: impl Fn() -> Reply) -> Reply {
    match request.method.as_str() {
        "GET" => Reply::page(form),
        _ => answer(),
    }
}

pub async fn fake_site(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> FakeSite {
    FakeSite::start(authority(), &["127.0.0.1"], answer).await
}

pub fn options(fault: Option<Fault>, encoding: Encoding) -> Options {
    Options {
        authority: authority().clone(),
        grants: vec![Grant {
            issuance: issuance(),
            encoding,
        }],
        bind: "127.0.0.1:0".parse().unwrap(),
        now: today(),
        faults: fault.into_iter().collect(),
    }
}

pub async fn practice_site(fault: Option<Fault>, encoding: Encoding) -> Running {
    PracticeSite::start(options(fault, encoding)).await.unwrap()
}

pub fn trusting(url: &str) -> Site {
    site_with(url, authority().ca_pem(), TimeLimits::default())
}

/// A site whose silence is believed soon, so that tests of silence end.
pub fn impatient(url: &str) -> Site {
    let limits = TimeLimits {
        connect: Duration::from_secs(15),
        silence: Duration::from_millis(1_500),
        whole: Duration::from_secs(60),
    };
    site_with(url, authority().ca_pem(), limits)
}

pub fn site_with(url: &str, ca: String, limits: TimeLimits) -> Site {
    Site::new(site_options(url, ca, limits), &Config::default()).unwrap()
}

pub fn site_options(url: &str, ca: String, time_limits: TimeLimits) -> SiteOptions {
    SiteOptions {
        url: Some(url.to_owned()),
        ca_file_pem: Some(ca.into_bytes()),
        ca_only: true,
        proxy: ProxyChoice::Direct,
        time_limits,
        ..SiteOptions::default()
    }
}

/// `openssl s_server` on a free port, ended with the test.
pub struct OpensslServer {
    pub url: String,
    child: std::process::Child,
    _folder: tempfile::TempDir,
}

impl OpensslServer {
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = authority().server_identity(&["127.0.0.1"]).unwrap();
        let (certificate, key_file) = (
            folder.path().join("leaf.der"),
            folder.path().join("key.der"),
        );
        std::fs::write(&certificate, &chain[0]).unwrap();
        std::fs::write(&key_file, key.secret_der()).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let child = std::process::Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-accept",
                &address,
                "-certform",
                "DER",
                "-keyform",
                "DER",
            ])
            .arg("-cert")
            .arg(&certificate)
            .arg("-key")
            .arg(&key_file)
            .args(arguments)
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self {
            url: format!("https://{address}/"),
            child,
            _folder: folder,
        }
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that says the same few bytes to everybody, without TLS.
pub async fn plain_server(bytes: &'static [u8]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

/// A proxy that gives one answer to CONNECT and, where there is one, joins the two sides.
pub async fn proxy(answer: &'static str, target: Option<std::net::SocketAddr>) -> (String, Log) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heads = Log::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            seen.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&head[..count]).into_owned());
            stream.write_all(answer.as_bytes()).await.unwrap();
            if let Some(target) = target {
                tokio::spawn(async move {
                    let mut there = tokio::net::TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut there).await;
                });
            }
        }
    });
    (address, heads)
}

#[track_caller]
pub fn assert_unclear(error: &RetrievalError, expected: UnclearProblem) {
    match error {
        RetrievalError::Unclear { problem, .. } => assert_eq!(*problem, expected),
        other => panic!("{other:?}"),
    }
    assert_eq!(error.effect(), Effect::Unclear);
}

#[track_caller]
pub fn assert_unreachable(error: &RetrievalError, expected: NetworkProblem) {
    match error {
        RetrievalError::Unreachable { problem, .. } => assert_eq!(*problem, expected, "{error:?}"),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn assert_tls(error: &RetrievalError, expected: TlsProblem) {
    match error {
        RetrievalError::TlsRefused { problem, .. } => assert_eq!(*problem, expected, "{error:?}"),
        other => panic!("{other:?}"),
    }
}
