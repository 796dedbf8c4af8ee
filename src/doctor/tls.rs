//! The site's TLS: trusted, or why not; and what an old server speaks instead.

use std::net::SocketAddr;

use super::Mark;
use super::old_tls::{self, OldTls};
use crate::retrieval::{
    Handshake, NetworkProblem, Presented, RetrievalError, Session, Site, TlsProblem, Untrusted,
};

/// The site's TLS.
#[derive(Debug)]
pub enum Tls {
    /// It is trusted.
    Trusted {
        /// What was agreed on.
        session: Session,
        /// What the site presented.
        presented: Option<Presented>,
    },
    /// It is not.
    Refused {
        /// Why.
        why: Untrusted,
        /// What was presented; its issuer tells who stands between.
        presented: Option<Presented>,
        /// What an old server speaks instead.
        old: Option<OldTls>,
    },
    /// The connection broke before anything was said.
    Broken(NetworkProblem),
    /// It could not be tried for a reason of this computer's own.
    Failed(RetrievalError),
    /// It goes through a proxy, so that the page's own request will tell.
    ThroughProxy,
    /// There was no connection.
    NotTried,
}

impl Tls {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Trusted { .. } => Mark::Good,
            Self::Refused { .. } | Self::Broken(_) | Self::Failed(_) => Mark::Wrong,
            Self::ThroughProxy | Self::NotTried => Mark::Aside,
        }
    }

    /// Whether a wrong clock could be the reason.
    pub(super) fn doubts_the_clock(&self) -> bool {
        matches!(
            self,
            Self::Refused { why, .. } if matches!(
                why.problem,
                TlsProblem::Expired | TlsProblem::NotYetValid | TlsProblem::ClockBehind
            )
        )
    }
}

pub(super) async fn look(site: &Site, reached: Option<SocketAddr>) -> Tls {
    let Some(address) = reached else {
        return Tls::NotTried;
    };
    if site.has_proxy() {
        return Tls::ThroughProxy;
    }
    let stream = match site.connect(address).await {
        Ok(stream) => stream,
        Err(problem) => return Tls::Broken(problem),
    };
    let Handshake { presented, outcome } = match site.handshake(stream).await {
        Ok(handshake) => handshake,
        Err(error) => return Tls::Failed(error),
    };
    match outcome {
        Ok(session) => Tls::Trusted { session, presented },
        Err(why) => Tls::Refused {
            old: match may_be_old(why.problem) {
                true => old_tls::find(site, address).await,
                false => None,
            },
            why,
            presented,
        },
    }
}

/// The site's Date header without trust in who says it: enough to doubt a clock, used for nothing else.
pub(super) async fn date_without_trust(site: &Site, address: SocketAddr) -> Option<String> {
    let stream = site.connect(address).await.ok()?;
    site.date_without_trust(stream).await
}

/// Old servers say that nothing fits, or just hang up.
fn may_be_old(problem: TlsProblem) -> bool {
    matches!(
        problem,
        TlsProblem::NoCommonVersion | TlsProblem::NoCommonSuite | TlsProblem::Handshake
    )
}
