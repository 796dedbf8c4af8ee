//! How an exchange with the site can fail, ordered by what it means for the terminal's record.
//!
//! The line that matters is the POST: before it nothing was spent and the record stays `confirmed`; after it
//! only a message that is understood leaves no doubt, and only a page that can be nothing but a closed door puts the
//! record back.

use thiserror::Error;

use super::exchange::JournalError;
use super::page::{FieldSeen, UnknownReason};
use super::seen_page::SeenPage;
use crate::domain::Pkcs12;

/// Why no certificate file was retrieved.
#[derive(Debug, Error)]
pub enum RetrievalError {
    /// The site's address cannot be used. Nothing was asked of any host.
    #[error("the address of the site is not usable")]
    BadAddress {
        /// What is wrong with it.
        problem: AddressProblem,
    },
    /// The file of trusted authorities cannot be used. Nothing was asked of any host.
    #[error("the file of trusted authorities is not usable")]
    BadCaFile {
        /// What is wrong with it.
        problem: CaProblem,
    },
    /// The proxy's address cannot be used. Nothing was asked of any host.
    #[error("the proxy's address is not usable")]
    BadProxy,
    /// The way that was chosen cannot be gone. Nothing was asked of any host.
    #[error("the chosen way is not usable: {problem}")]
    BadWay {
        /// What is wrong with it.
        problem: WayProblem,
    },
    /// The HTTP client could not be set up.
    #[error("cannot set up the network client")]
    Client {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The site was not reached; nothing was submitted.
    #[error("the site was not reached: {problem}")]
    Unreachable {
        /// How far it came.
        problem: NetworkProblem,
        /// The library's own words.
        #[source]
        source: Option<Box<reqwest::Error>>,
    },
    /// The site's TLS was not trusted or not understood; nothing was submitted.
    #[error("no trusted connection to the site: {problem}")]
    TlsRefused {
        /// Of which kind.
        problem: TlsProblem,
        /// The library's own words.
        #[source]
        source: Option<Box<reqwest::Error>>,
    },
    /// The site says that it is closed: maintenance or out of hours. Nothing was processed.
    #[error("the site is closed at the moment")]
    Closed {
        /// Whether it said so to the submission, and not to the question for the form.
        submitted: bool,
        /// The site's own sentence.
        sentence: Option<String>,
        /// The Retry-After header as it stands.
        retry_after: Option<String>,
    },
    /// The site says that the session is over. Nothing was processed.
    #[error("the site says that the session is over")]
    SessionTimeout {
        /// Whether it said so to the submission, and not to the question for the form.
        submitted: bool,
        /// The site's own sentence.
        sentence: Option<String>,
    },
    /// The page is not the form, or not one that is understood; nothing was submitted.
    #[error("the page of the site is not understood")]
    NotUnderstood {
        /// Why.
        #[source]
        reason: UnknownReason,
        /// The HTTP status.
        status: u16,
        /// What the page says, shortened.
        sentence: Option<String>,
        /// The fields that it has.
        fields: Vec<FieldSeen>,
        /// The page itself, until somebody takes it to keep it.
        page: Option<Box<SeenPage>>,
    },
    /// The intent could not be written, so nothing was submitted.
    #[error("the intent to submit could not be written")]
    IntentNotWritten {
        /// Why.
        #[source]
        source: JournalError,
    },
    /// The site refused the submission.
    #[error("the site refused the submission ({})", reason.name())]
    Refused {
        /// The class of its message.
        reason: RefusalReason,
        /// The site's own sentence, with the secrets masked.
        sentence: Option<String>,
        /// The HTTP status.
        status: Option<u16>,
        /// The Retry-After header as it stands.
        retry_after: Option<String>,
    },
    /// Submitted, and a page came that asks for something new before it goes on.
    #[error("the page after the submission asks for something more")]
    AsksMore {
        /// What it asks.
        #[source]
        reason: UnknownReason,
        /// What the page says, shortened, with the secrets masked.
        sentence: Option<String>,
    },
    /// Submitted, and no whole answer came: the certificate may have been handed out.
    #[error("submitted, but no whole answer came: {problem}")]
    Unclear {
        /// What happened instead.
        problem: UnclearProblem,
        /// Bytes of the answer that did arrive.
        received: u64,
        /// The library's own words.
        #[source]
        source: Option<Box<reqwest::Error>>,
    },
    /// Submitted, and a whole answer came that is neither a page nor a PKCS#12 file.
    #[error("the answer is not a PKCS#12 file: {problem}")]
    InvalidFile {
        /// What it is.
        problem: FileProblem,
        /// Bytes of it.
        received: u64,
    },
    /// Submitted and answered, but the answer could not be written to disk.
    #[error("the answer could not be written")]
    AnswerNotWritten {
        /// Why.
        #[source]
        source: JournalError,
        /// The file, when it is whole in memory: perhaps its only copy.
        rescued: Option<Pkcs12>,
    },
}

/// What a failed exchange means for the record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// It stays `confirmed`: nothing was submitted, or the site says that nothing was processed.
    StaysConfirmed,
    /// It becomes `refused`.
    Refused,
    /// It becomes `unclear`.
    Unclear,
}

/// What is wrong with the site's address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressProblem {
    /// It is no address.
    NotAnAddress,
    /// It is not `https:`.
    NotHttps,
    /// It carries a user name or password.
    HasCredentials,
}

/// What is wrong with the file of trusted authorities.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CaProblem {
    /// It holds no certificate.
    NoCertificate,
    /// A certificate in it cannot be read.
    Unreadable,
    /// Only the file should be trusted, and none was given.
    Missing,
}

/// What is wrong with the way that was chosen: `--resolve`, `-4`, `-6`, `--bind`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum WayProblem {
    /// An address is given for another host or port than the one that is connected to.
    #[error("an address is given for another host or port")]
    ResolvesAnotherHost,
    /// An address is given for what is an address already.
    #[error("an address is given for what is an address already")]
    NothingToResolve,
    /// The family of addresses contradicts another option or the site.
    #[error("the family of addresses contradicts another option")]
    FamilyContradicts,
    /// The interface is not there, or this system cannot tie a connection to one.
    #[error("connections cannot be tied to the interface {name}")]
    NoSuchInterface {
        /// Its name.
        name: String,
    },
}

/// How far the way to the site went.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NetworkProblem {
    /// The host's name was not resolved.
    #[error("its name was not resolved")]
    Dns,
    /// The name has addresses, but none of the family that was chosen.
    #[error("its name has no address of the chosen family")]
    OtherFamilyOnly,
    /// Connections cannot leave from the address or interface that was chosen.
    #[error("connections cannot leave from the chosen address or interface")]
    NotBound,
    /// Nobody answered in time.
    #[error("no connection within the time limit")]
    ConnectTimeout,
    /// The connection was refused.
    #[error("the connection was refused")]
    ConnectRefused,
    /// The connection failed otherwise: no route, wrong proxy.
    #[error("no connection")]
    ConnectFailed,
    /// The proxy itself was not reached. There is no way around it.
    #[error("the proxy was not reached")]
    ProxyUnreachable,
    /// The proxy refused.
    #[error("the proxy refused")]
    Proxy,
    /// Connected, then silence.
    #[error("no answer within the time limit")]
    Silence,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// The site sends the browser in circles.
    #[error("too many redirects")]
    RedirectLoop,
    /// The site or a gateway failed.
    #[error("the server failed with status {0}")]
    ServerError(u16),
}

/// Why a TLS connection was not made.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TlsProblem {
    /// The certificate comes from an authority that is not trusted.
    #[error("the site's certificate comes from an unknown authority")]
    UnknownIssuer,
    /// The certificate is for another name.
    #[error("the site's certificate is for another name")]
    WrongName,
    /// The certificate has expired, or this computer's clock is ahead.
    #[error("the site's certificate has expired by this computer's clock")]
    Expired,
    /// The certificate is not valid yet, or this computer's clock is behind.
    #[error("the site's certificate is not yet valid by this computer's clock")]
    NotYetValid,
    /// The certificate is unfit otherwise: revoked, of a wrong kind, badly signed.
    #[error("the site's certificate is not acceptable")]
    BadCertificate,
    /// This computer's clock stands before the release of this program.
    #[error("this computer's clock is wrong")]
    ClockBehind,
    /// No version of TLS in common.
    #[error("the site offers no TLS version that is still safe")]
    NoCommonVersion,
    /// No cipher suite in common.
    #[error("the site offers no cipher suite that is still safe")]
    NoCommonSuite,
    /// What answers does not speak TLS.
    #[error("what answers does not speak TLS")]
    NotTls,
    /// The handshake ended without a reason.
    #[error("the handshake failed")]
    Handshake,
}

/// The site's refusals, by their names in the contract.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RefusalReason {
    /// The pair of IDs is not accepted.
    BadIds,
    /// The certificate was handed out before.
    AlreadyIssued,
    /// The deadline is over.
    Expired,
    /// Too many wrong attempts.
    Locked,
    /// The password's form is not accepted.
    PasswordFormat,
    /// A whole page that is not understood.
    Unknown,
}

/// What came instead of a whole answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum UnclearProblem {
    /// Nothing came before the connection broke.
    #[error("the connection broke")]
    NoAnswer,
    /// Nothing came within the time limit.
    #[error("no answer within the time limit")]
    Silence,
    /// An answer without content came.
    #[error("the answer is empty")]
    Empty,
    /// The answer ends in the middle.
    #[error("the answer is cut")]
    Cut,
    /// The answer does not end.
    #[error("the answer is longer than any that is believed")]
    TooLong,
    /// The site asks to send the form again or elsewhere, which is never done.
    #[error("the site asks to send the form again or to another place")]
    SentAway,
    /// A page led on to the file, and no file came from there.
    #[error("the site led on to the file, but did not hand it out")]
    NotHandedOut,
}

/// What a whole answer is instead of a PKCS#12 file.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum FileProblem {
    /// It begins like one, but its parts do not fit.
    #[error("its parts do not fit into each other")]
    Broken,
    /// Another file of the family: a bare certificate, PKCS#7.
    #[error("it is another kind of certificate file")]
    OtherDer,
    /// Bytes of no known kind.
    #[error("it is of an unknown kind")]
    UnknownKind,
}

impl RefusalReason {
    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadIds => "bad-ids",
            Self::AlreadyIssued => "already-issued",
            Self::Expired => "expired",
            Self::Locked => "locked",
            Self::PasswordFormat => "password-format",
            Self::Unknown => "unknown",
        }
    }
}

impl RetrievalError {
    /// The `reason` of the contract; `None` where the contract has no word (wrong options, full disk, an
    /// answer that never came whole).
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::BadAddress { .. }
            | Self::BadCaFile { .. }
            | Self::BadProxy
            | Self::BadWay { .. }
            | Self::Client { .. }
            | Self::IntentNotWritten { .. }
            | Self::AnswerNotWritten { .. }
            | Self::Unclear { .. } => None,
            Self::Unreachable { .. } => Some("network-error"),
            Self::TlsRefused { .. } => Some("tls-refused"),
            Self::Closed { .. } => Some("maintenance"),
            Self::SessionTimeout { .. } => Some("session-timeout"),
            Self::NotUnderstood { reason, .. } if reason.needs_a_person() => {
                Some("needs-attention")
            }
            Self::NotUnderstood { .. } => Some("form-not-recognised"),
            Self::AsksMore { .. } => Some("needs-attention"),
            Self::Refused { reason, .. } => Some(reason.name()),
            Self::InvalidFile { .. } => Some("invalid-p12"),
        }
    }

    /// The page that was not understood, for whoever keeps it.
    pub fn take_page(&mut self) -> Option<SeenPage> {
        match self {
            Self::NotUnderstood { page, .. } => page.take().map(|page| *page),
            _ => None,
        }
    }

    /// What the record becomes.
    pub fn effect(&self) -> Effect {
        match self {
            Self::BadAddress { .. }
            | Self::BadCaFile { .. }
            | Self::BadProxy
            | Self::BadWay { .. }
            | Self::Client { .. }
            | Self::Unreachable { .. }
            | Self::TlsRefused { .. }
            | Self::Closed { .. }
            | Self::SessionTimeout { .. }
            | Self::NotUnderstood { .. }
            | Self::AsksMore { .. }
            | Self::IntentNotWritten { .. } => Effect::StaysConfirmed,
            Self::Refused { .. } => Effect::Refused,
            Self::Unclear { .. } | Self::InvalidFile { .. } | Self::AnswerNotWritten { .. } => {
                Effect::Unclear
            }
        }
    }
}
