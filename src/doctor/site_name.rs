//! The site's name: which addresses DNS gives for it, of which family.

use std::net::{IpAddr, SocketAddr};

use super::Mark;
use crate::retrieval::{NetworkProblem, Site};

/// The site's name, or the proxy's where one is used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SiteName {
    /// It has addresses.
    Resolved {
        /// The name.
        host: String,
        /// The addresses in the order in which they are tried.
        addresses: Vec<IpAddr>,
        /// Whether they were given by hand instead of by DNS.
        is_pinned: bool,
    },
    /// It is an address already.
    IsAnAddress {
        /// That.
        address: IpAddr,
    },
    /// It has none.
    Failed {
        /// The name.
        host: String,
        /// Why.
        problem: NetworkProblem,
    },
}

impl SiteName {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Resolved { .. } | Self::IsAnAddress { .. } => Mark::Good,
            Self::Failed { .. } => Mark::Wrong,
        }
    }
}

pub(super) async fn look(site: &Site) -> (SiteName, Vec<SocketAddr>) {
    let (host, _) = site.first_stop();
    let sockets = match site.addresses().await {
        Ok(sockets) if !sockets.is_empty() => sockets,
        Ok(_) => {
            let problem = NetworkProblem::Dns;
            return (SiteName::Failed { host, problem }, Vec::new());
        }
        Err(problem) => return (SiteName::Failed { host, problem }, Vec::new()),
    };
    let addresses: Vec<IpAddr> = sockets.iter().map(SocketAddr::ip).collect();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = match bare.parse() {
        Ok(address) => SiteName::IsAnAddress { address },
        Err(_) => SiteName::Resolved {
            is_pinned: site.is_pinned(),
            addresses,
            host,
        },
    };
    (name, sockets)
}
