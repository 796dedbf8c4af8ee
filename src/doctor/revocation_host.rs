//! The host of revocation lists (fact 46): browsers, Windows and `verify` fetch them there, in clear by
//! HTTP.

use std::time::Duration;

use super::Mark;
use super::line_names::addresses_of;
use crate::config::Doctor;
use crate::retrieval::Site;

/// Where revocation lists lie.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RevocationHost {
    /// It takes connections.
    Reached {
        /// Its name.
        host: String,
    },
    /// It does not.
    Silent {
        /// Its name.
        host: String,
        /// Whether its name has an address.
        is_known: bool,
        /// Whether the site is not understood either.
        matters: bool,
    },
    /// The site is this computer's own, for practice, or no host is configured.
    NotAsked,
}

impl RevocationHost {
    /// noticert itself goes on without a list, so their host alone is no reason to stop.
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Reached { .. } => Mark::Good,
            Self::Silent { matters: true, .. } => Mark::Wrong,
            Self::Silent { .. } | Self::NotAsked => Mark::Aside,
        }
    }
}

pub(super) async fn look(site: &Site, config: &Doctor, is_understood: bool) -> RevocationHost {
    let host = config.revocation_host.clone();
    if site.is_this_machine() || host.is_empty() {
        return RevocationHost::NotAsked;
    }
    let addresses = addresses_of(&host).await;
    for address in addresses.iter().take(MOST_TRIED) {
        let connecting = tokio::net::TcpStream::connect((*address, HTTP));
        if let Ok(Ok(_)) = tokio::time::timeout(SILENCE, connecting).await {
            return RevocationHost::Reached { host };
        }
    }
    RevocationHost::Silent {
        host,
        is_known: !addresses.is_empty(),
        matters: !is_understood,
    }
}

const HTTP: u16 = 80;
const MOST_TRIED: usize = 4;
const SILENCE: Duration = Duration::from_secs(10);
