//! Pages straight from a network scanner that speaks eSCL (Apple's AirScan, Mopria), without a driver.
//!
//! The scanner is asked what it can do, told to scan A4 in grey at 300 dots per inch, and gives one document after
//! another until there are none. Pages stay in memory. Nothing of it goes through a proxy or to another host: the
//! scanner stands in the same network, and an address that it names itself is used for its path alone.
//!
//! A feeder that jams or draws two sheets at once also ends a job; so the scanner's state is asked after every one,
//! because a letter that was not scanned would otherwise be missing in silence.
//!
//! Sources: Mopria eSCL Technical Specification 2.97 <https://mopria.org/mopria-escl-specification>;
//! sane-airscan's `airscan-escl.c` for what scanners really do.

mod state;
mod wire;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use thiserror::Error;
use url::Url;

use state::{Feeder, State, Status};
use wire::{Abilities, Format, Supply};

pub use wire::XmlProblem;

/// A scanner in the network.
#[derive(Clone, Debug)]
pub struct Scanner {
    client: Client,
    /// Ends with a slash.
    base: Url,
    limits: Limits,
}

/// Bounds on what a scanner may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Documents of one job.
    pub documents: usize,
    /// Bytes of all documents.
    pub bytes: u64,
}

/// One scanned document: an image of a page, or a PDF.
pub struct Scanned {
    /// Its bytes, which show a letter: never printed.
    pub bytes: Vec<u8>,
    /// The ending that a file of this kind has.
    pub ending: &'static str,
}

impl std::fmt::Debug for Scanned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scanned({} bytes, {})", self.bytes.len(), self.ending)
    }
}

/// Why a scanner gives no pages, or no more of them.
#[derive(Debug, Error)]
pub enum ScannerError {
    /// The address is none.
    #[error("the address of the scanner cannot be used")]
    BadAddress {
        /// What is wrong with it.
        problem: AddressProblem,
    },
    /// Nobody answers there.
    #[error("the scanner cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The certificate of an `https` address is not trusted.
    #[error("the scanner's certificate is not trusted")]
    Untrusted(#[source] reqwest::Error),
    /// Something answers that is no scanner of this kind.
    #[error("there is no eSCL scanner (status {status})")]
    NotAScanner {
        /// The answer's status.
        status: u16,
    },
    /// The scanner's words cannot be read.
    #[error("the scanner's answer cannot be read")]
    BadXml(#[source] XmlProblem),
    /// It scans in no format, resolution or colour that is read here.
    #[error("the scanner offers nothing that can be read here")]
    NothingUsable,
    /// It does something else, and went on doing so.
    #[error("the scanner is busy")]
    Busy,
    /// It is switched off, or shows an error on its panel.
    #[error("the scanner is not ready")]
    NotReady,
    /// Nothing lies in the feeder, and there is no glass.
    #[error("nothing lies in the feeder")]
    Empty,
    /// The feeder stopped in the middle.
    #[error("the feeder stopped: {trouble}")]
    Feeder {
        /// What happened.
        trouble: FeederTrouble,
    },
    /// It does not do what was asked.
    #[error("the scanner refused (status {status})")]
    Refused {
        /// The answer's status.
        status: u16,
    },
    /// The connection broke off, or nothing came for long.
    #[error("the connection to the scanner broke off")]
    BrokenOff(#[source] reqwest::Error),
    /// It sends more than the limits allow.
    #[error("the scanner sends more than {limit} bytes or documents")]
    TooMuch {
        /// The bound that was passed.
        limit: u64,
    },
    /// The person asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// What is wrong with a scanner's address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressProblem {
    /// It is no address at all.
    Unreadable,
    /// It begins neither with `http` nor with `https`.
    Scheme,
    /// A user or password stands in it.
    Credentials,
}

/// In which way a feeder stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FeederTrouble {
    /// A sheet is stuck.
    Jam,
    /// Two sheets were drawn at once.
    TwoSheets,
    /// Its cover is open.
    Open,
    /// The scanner names no more than that.
    Other,
}

impl std::fmt::Display for FeederTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jam => "a sheet is stuck",
            Self::TwoSheets => "two sheets were drawn at once",
            Self::Open => "its cover is open",
            Self::Other => "it does not say why",
        })
    }
}

/// What came of a job.
#[derive(Debug)]
pub struct Job {
    /// What was scanned, in order. May hold something although the job failed.
    pub documents: Vec<Scanned>,
    /// Why there is no more than that, where more was to come.
    pub trouble: Option<ScannerError>,
}

impl Scanner {
    /// The scanner at `address`, for instance `http://192.0.2.7/eSCL`.
    pub fn at(address: &str, limits: Limits) -> Result<Self, ScannerError> {
        let base = base_of(address).map_err(|problem| ScannerError::BadAddress { problem })?;
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .tls_certs_only(certificates())
            .build()
            .map_err(ScannerError::Unreachable)?;
        Ok(Self {
            client,
            base,
            limits,
        })
    }

    /// Scans what lies in the feeder, or on the glass where there is nothing in it.
    ///
    /// `told` hears how many documents came; `is_stopped` is asked all the time. The job is deleted at the end, so that
    /// the scanner is free for others.
    pub async fn scan(
        &self,
        told: &(dyn Fn(usize) + Sync),
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Job {
        let mut documents = Vec::new();
        let trouble = self.scan_into(&mut documents, told, is_stopped).await.err();
        Job { documents, trouble }
    }

    async fn scan_into(
        &self,
        documents: &mut Vec<Scanned>,
        told: &(dyn Fn(usize) + Sync),
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ScannerError> {
        let abilities = stoppable(self.abilities(), is_stopped).await??;
        let status = stoppable(self.status(), is_stopped).await??;
        match (status.state, status.feeder) {
            (State::Ready, _) => {}
            (State::Busy, _) => return Err(ScannerError::Busy),
            (State::NotReady, Feeder::Stopped(trouble)) => {
                return Err(ScannerError::Feeder { trouble });
            }
            (State::NotReady, _) => return Err(ScannerError::NotReady),
        }
        let supply = supply_of(&abilities, &status)?;
        let settings = abilities
            .settings(supply)
            .ok_or(ScannerError::NothingUsable)?;
        let job = stoppable(self.begin(&settings), is_stopped).await??;
        let ended = self.collect(&job, documents, told, is_stopped).await;
        // Whatever came of it, the scanner is let go; a job that ended by itself is gone already.
        let _gone = self.request(Method::DELETE, job).send().await;
        ended?;
        if supply == Supply::Feeder {
            let after = stoppable(self.status(), is_stopped).await??;
            if let Feeder::Stopped(trouble) = after.feeder {
                return Err(ScannerError::Feeder { trouble });
            }
        }
        match documents.is_empty() {
            true => Err(ScannerError::Empty),
            false => Ok(()),
        }
    }

    async fn abilities(&self) -> Result<Abilities, ScannerError> {
        let text = self.text("ScannerCapabilities").await?;
        Abilities::parse(&text).map_err(ScannerError::BadXml)
    }

    async fn status(&self) -> Result<Status, ScannerError> {
        let text = self.text("ScannerStatus").await?;
        Status::parse(&text).map_err(ScannerError::BadXml)
    }

    async fn text(&self, path: &str) -> Result<String, ScannerError> {
        let address = self.address(path);
        let answer = self
            .patiently(|| self.request(Method::GET, address.clone()), ATTEMPTS)
            .await?;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(ScannerError::NotAScanner {
                status: status.as_u16(),
            });
        }
        let bytes = body(answer, MOST_XML).await?;
        // Names of makers in other charsets do not matter; what matters is ASCII.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Begins a job and returns its address.
    async fn begin(&self, settings: &str) -> Result<Url, ScannerError> {
        let address = self.address("ScanJobs");
        let request = || {
            self.request(Method::POST, address.clone())
                .header(CONTENT_TYPE, "text/xml")
                .body(settings.to_owned())
        };
        let answer = self.patiently(request, ATTEMPTS).await?;
        let status = answer.status();
        if status == StatusCode::CONFLICT {
            // Scanners say so of an empty feeder as well as of settings that they do not take.
            return match self.status().await?.feeder {
                Feeder::Empty => Err(ScannerError::Empty),
                Feeder::Stopped(trouble) => Err(ScannerError::Feeder { trouble }),
                Feeder::Loaded | Feeder::Unknown => Err(ScannerError::Refused {
                    status: status.as_u16(),
                }),
            };
        }
        if status != StatusCode::CREATED {
            return Err(ScannerError::Refused {
                status: status.as_u16(),
            });
        }
        let location = answer.headers().get(LOCATION);
        location
            .and_then(|location| location.to_str().ok())
            .and_then(|location| self.base.join(location).ok())
            .map(|named| {
                // Many a scanner names a host here that this network does not know.
                let mut job = self.base.clone();
                job.set_path(named.path().trim_end_matches('/'));
                job
            })
            .ok_or(ScannerError::BadXml(XmlProblem::NoJob))
    }

    async fn collect(
        &self,
        job: &Url,
        documents: &mut Vec<Scanned>,
        told: &(dyn Fn(usize) + Sync),
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), ScannerError> {
        let mut next = job.clone();
        next.set_path(&format!("{}/NextDocument", job.path()));
        let mut left = self.limits.bytes;
        loop {
            let request = || self.request(Method::GET, next.clone());
            let answer = stoppable(self.patiently(request, ATTEMPTS_PAGE), is_stopped).await??;
            match answer.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(()),
                status => {
                    return match self.status().await.map(|status| status.feeder) {
                        Ok(Feeder::Stopped(trouble)) => Err(ScannerError::Feeder { trouble }),
                        _ => Err(ScannerError::Refused {
                            status: status.as_u16(),
                        }),
                    };
                }
            }
            if documents.len() >= self.limits.documents {
                return Err(ScannerError::TooMuch {
                    limit: self.limits.documents as u64,
                });
            }
            let ending = ending_of(&answer);
            let bytes = stoppable(body(answer, left), is_stopped).await?;
            let bytes = bytes.map_err(|error| match error {
                ScannerError::TooMuch { .. } => ScannerError::TooMuch {
                    limit: self.limits.bytes,
                },
                other => other,
            })?;
            left -= bytes.len() as u64;
            documents.push(Scanned { bytes, ending });
            told(documents.len());
        }
    }

    /// Sends a request again while the scanner says that it is busy, for as long as it asks and `attempts` allow.
    async fn patiently(
        &self,
        request: impl Fn() -> RequestBuilder,
        attempts: u32,
    ) -> Result<Response, ScannerError> {
        for _ in 0..attempts {
            let answer = request().send().await.map_err(failed)?;
            if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
                return Ok(answer);
            }
            tokio::time::sleep(asked_pause(&answer)).await;
        }
        Err(ScannerError::Busy)
    }

    fn request(&self, method: Method, address: Url) -> RequestBuilder {
        self.client.request(method, address)
    }

    fn address(&self, path: &str) -> Url {
        let mut address = self.base.clone();
        address.set_path(&format!("{}{path}", self.base.path()));
        address
    }
}

/// The supply that is used: the feeder where something lies in it.
fn supply_of(abilities: &Abilities, status: &Status) -> Result<Supply, ScannerError> {
    match (abilities.feeder.is_some(), abilities.glass.is_some()) {
        (true, has_glass) => match status.feeder {
            Feeder::Loaded | Feeder::Unknown => Ok(Supply::Feeder),
            Feeder::Empty if has_glass => Ok(Supply::Glass),
            Feeder::Empty => Err(ScannerError::Empty),
            Feeder::Stopped(trouble) => Err(ScannerError::Feeder { trouble }),
        },
        (false, true) => Ok(Supply::Glass),
        (false, false) => Err(ScannerError::NothingUsable),
    }
}

/// The address with a slash at its end; a bare host gets the usual path.
fn base_of(address: &str) -> Result<Url, AddressProblem> {
    let mut base = Url::parse(address.trim()).map_err(|_| AddressProblem::Unreadable)?;
    if !["http", "https"].contains(&base.scheme()) {
        return Err(AddressProblem::Scheme);
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(AddressProblem::Credentials);
    }
    base.set_query(None);
    base.set_fragment(None);
    let path = match base.path().trim_end_matches('/') {
        "" => USUAL_PATH.to_owned(),
        path => format!("{path}/"),
    };
    base.set_path(&path);
    Ok(base)
}

/// Runs `work` unless the person asks to stop.
async fn stoppable<T>(
    work: impl Future<Output = T>,
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Result<T, ScannerError> {
    let stopped = async {
        while !is_stopped() {
            tokio::time::sleep(SLICE).await;
        }
    };
    tokio::select! {
        done = work => Ok(done),
        () = stopped => Err(ScannerError::Interrupted),
    }
}

/// The whole body, if it is no longer than `limit`.
async fn body(mut answer: Response, limit: u64) -> Result<Vec<u8>, ScannerError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(ScannerError::BrokenOff)? {
        if bytes.len() as u64 + chunk.len() as u64 > limit {
            return Err(ScannerError::TooMuch { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn failed(error: reqwest::Error) -> ScannerError {
    match error.is_connect() {
        true if speaks_of_certificates(&error) => ScannerError::Untrusted(error),
        true => ScannerError::Unreachable(error),
        false => ScannerError::BrokenOff(error),
    }
}

fn speaks_of_certificates(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        let io = source.downcast_ref::<std::io::Error>();
        let tls = io.and_then(|io| io.get_ref()?.downcast_ref::<rustls::Error>());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = source.source();
    }
    false
}

/// How long the scanner wants to be left alone, within reason.
fn asked_pause(answer: &Response) -> Duration {
    answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|header| header.to_str().ok()?.trim().parse().ok())
        .map_or(PAUSE, |seconds| {
            Duration::from_secs(seconds).min(LONGEST_PAUSE)
        })
}

fn ending_of(answer: &Response) -> &'static str {
    let header = answer.headers().get(CONTENT_TYPE);
    let format = header
        .and_then(|header| header.to_str().ok())
        .and_then(Format::named);
    // The bytes decide what a file is; the ending is for people.
    format.map_or("scan", Format::ending)
}

/// The system's roots: an `https` scanner whose certificate nobody vouches for is no safer than `http`.
fn certificates() -> Vec<reqwest::Certificate> {
    rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .filter_map(|der| reqwest::Certificate::from_der(der).ok())
        .collect()
}

const USUAL_PATH: &str = "/eSCL/";
const CONNECT: Duration = Duration::from_secs(10);
/// A sheet at a high resolution takes half a minute on slow scanners, and warming up as long.
const SILENCE: Duration = Duration::from_secs(120);
/// How often a scanner that is busy is asked; what sane-airscan found to be needed.
const ATTEMPTS: u32 = 10;
const ATTEMPTS_PAGE: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const SLICE: Duration = Duration::from_millis(50);
/// Capabilities of large devices take some ten kilobytes.
const MOST_XML: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_with_and_without_its_path() {
        let base = |address: &str| base_of(address).map(|base| base.to_string());
        for (address, expected) in [
            ("http://192.0.2.7", "http://192.0.2.7/eSCL/"),
            ("http://192.0.2.7/eSCL", "http://192.0.2.7/eSCL/"),
            (
                " https://mfp.local:8443/eSCL/ ",
                "https://mfp.local:8443/eSCL/",
            ),
            ("http://[2001:db8::7]/x/?a=b#c", "http://[2001:db8::7]/x/"),
        ] {
            assert_eq!(base(address).as_deref(), Ok(expected));
        }
        assert_eq!(base("192.0.2.7"), Err(AddressProblem::Unreadable));
        assert_eq!(base("ftp://192.0.2.7"), Err(AddressProblem::Scheme));
        assert_eq!(
            base("http://a:b@192.0.2.7"),
            Err(AddressProblem::Credentials)
        );
    }
}
