//! From a reviewed issuance to PKCS#12 bytes: the exchange with the retrieval site.
//!
//! [`page`] understands what the site shows, [`network`] says whom to trust on the way, [`exchange`] holds the
//! conversation with its one submission, [`answer`] judges what came back. Beside it stands the one other thing that is
//! fetched: an authority's revocation list.

pub mod answer;
mod error;
pub mod exchange;
pub mod network;
pub mod page;
mod phrases;
mod retry_after;
mod revocation_list;
mod seen_page;

pub use answer::{KeptAnswer, masked_page};
pub use error::{
    AddressProblem, CaProblem, Effect, FileProblem, NetworkProblem, RefusalReason, RetrievalError,
    TlsProblem, UnclearProblem, WayProblem,
};
pub use exchange::{
    AnswerEnd, Cookies, FormPage, FurtherRequest, Intent, Journal, JournalError, KeptConversation,
    Reach, Visit, finish, judge_kept, open, reach, retrieve, visit,
};
pub use network::{
    AddressFamily, Binding, Handshake, PinnedHost, PinnedHostError, Presented, ProxyChoice,
    Session, Site, SiteOptions, TimeLimits, Untrusted, Way,
};
pub use page::FormFingerprint;
pub use retry_after::RetryAfter;
pub use revocation_list::{ListProblem, fetch_revocation_list};
pub use seen_page::SeenPage;
