//! Connections to every address of the site, at once: the first that works is taken, the others are told.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Mark;
use crate::retrieval::{NetworkProblem, Site};

/// Connections to the site.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Connection {
    /// One for each address that was tried, in the order of the addresses.
    pub attempts: Vec<Attempt>,
}

/// One connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// To where.
    pub to: SocketAddr,
    /// How long it took, or why there was none.
    pub outcome: Result<Duration, NetworkProblem>,
}

impl Connection {
    /// One that works is enough; none tried is no finding.
    pub(super) fn mark(&self) -> Mark {
        match self.attempts.as_slice() {
            [] => Mark::Aside,
            attempts if attempts.iter().any(|attempt| attempt.outcome.is_ok()) => Mark::Good,
            _ => Mark::Wrong,
        }
    }
}

/// Connects and hangs up. The second value is the first address that answered.
pub(super) async fn look(
    site: &Site,
    addresses: &[SocketAddr],
) -> (Connection, Option<SocketAddr>) {
    let mut running = JoinSet::new();
    for (place, to) in addresses.iter().copied().take(MOST_TRIED).enumerate() {
        let site = site.clone();
        running.spawn(async move {
            let start = Instant::now();
            let outcome = site.connect(to).await.map(|_| start.elapsed());
            (place, Attempt { to, outcome })
        });
    }
    let mut attempts = Vec::new();
    while let Some(joined) = running.join_next().await {
        attempts.extend(joined);
    }
    attempts.sort_by_key(|(place, _)| *place);
    let attempts: Vec<Attempt> = attempts.into_iter().map(|(_, attempt)| attempt).collect();
    let reached = attempts.iter().find(|attempt| attempt.outcome.is_ok());
    let reached = reached.map(|attempt| attempt.to);
    (Connection { attempts }, reached)
}

/// Addresses of one name that are worth a look.
const MOST_TRIED: usize = 6;
