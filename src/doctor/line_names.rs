//! The names that technicians resolve to prove the closed network's line (fact 46).
//!
//! Of one row any name is enough: NTT East answers for its own, NTT West for its own. Lines of other kinds know
//! fewer names, so a missing one is wrong only while the site itself is not understood.

use std::net::IpAddr;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Mark;
use crate::config::Doctor;
use crate::retrieval::Site;

/// A name that technicians resolve to prove the line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LineName {
    /// It has addresses.
    Answered {
        /// The name, the first of its row that has any.
        host: String,
        /// Them.
        addresses: Vec<IpAddr>,
    },
    /// No name of the row has any.
    Silent {
        /// The row.
        hosts: Vec<String>,
        /// Whether that may be why the site is not reached.
        matters: bool,
    },
    /// The site is this computer's own, for practice: the line does not matter.
    NotAsked,
}

impl LineName {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Answered { .. } => Mark::Good,
            Self::Silent { matters: true, .. } => Mark::Wrong,
            Self::Silent { .. } | Self::NotAsked => Mark::Aside,
        }
    }
}

pub(super) async fn look(site: &Site, config: &Doctor, is_understood: bool) -> Vec<LineName> {
    if site.is_this_machine() {
        return vec![LineName::NotAsked];
    }
    let mut running = JoinSet::new();
    for (place, hosts) in config.names.iter().cloned().enumerate() {
        running.spawn(async move { (place, row(hosts, !is_understood).await) });
    }
    let mut rows = Vec::new();
    while let Some(joined) = running.join_next().await {
        rows.extend(joined);
    }
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

async fn row(hosts: Vec<String>, matters: bool) -> LineName {
    for host in &hosts {
        let addresses = addresses_of(host).await;
        if !addresses.is_empty() {
            return LineName::Answered {
                host: host.clone(),
                addresses,
            };
        }
    }
    LineName::Silent { hosts, matters }
}

/// The addresses of a name; none when DNS does not answer in time.
pub(super) async fn addresses_of(host: &str) -> Vec<IpAddr> {
    let asking = tokio::net::lookup_host((host, 0));
    let mut addresses: Vec<IpAddr> = Vec::new();
    if let Ok(Ok(found)) = tokio::time::timeout(DNS_SILENCE, asking).await {
        for address in found.map(|socket| socket.ip()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// A resolver that was asked for longer has none to ask.
const DNS_SILENCE: Duration = Duration::from_secs(10);
