//! What a server speaks that rustls no longer does: found by offering it the old suites.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client_hello::{Answer, SSL_3_0, TLS_1_0, TLS_1_2, answer, hello};
use super::suites::Suite;
use crate::retrieval::Site;

/// What an old server speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OldTls {
    /// The version as it stands on the wire.
    version: u16,
    /// The suite that it chose.
    pub suite: Suite,
}

impl OldTls {
    /// The version's name.
    pub fn version(&self) -> &'static str {
        match self.version {
            SSL_3_0 => "SSL 3.0",
            TLS_1_0 => "TLS 1.0",
            0x0302 => "TLS 1.1",
            _ => "TLS 1.2",
        }
    }

    /// Whether the version itself is too old.
    pub fn has_old_version(&self) -> bool {
        self.version < TLS_1_2
    }
}

/// Offers the old suites, first up to TLS 1.2, then as ever older clients did: some servers stop at what is newer.
pub(super) async fn find(site: &Site, address: SocketAddr) -> Option<OldTls> {
    let host = site.url().host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = Some(host).filter(|_| bare.parse::<IpAddr>().is_err());
    for version in [TLS_1_2, TLS_1_0, SSL_3_0] {
        let answer = ask(site, address, &hello(version, name, random())).await;
        if let Some(Answer::Hello { version, suite }) = answer {
            let suite = Suite::numbered(suite)?;
            return Some(OldTls { version, suite });
        }
    }
    None
}

/// One hello over a connection of its own, and the beginning of the answer. Nothing more is ever said.
async fn ask(site: &Site, address: SocketAddr, hello: &[u8]) -> Option<Answer> {
    let mut stream = site.connect(address).await.ok()?;
    let conversation = async {
        stream.write_all(hello).await.ok()?;
        let mut received = Vec::new();
        let mut piece = [0; 1_024];
        while received.len() < LONGEST_ANSWER {
            let count = stream
                .read(&mut piece)
                .await
                .ok()
                .filter(|count| *count > 0)?;
            received.extend_from_slice(&piece[..count]);
            if let Some(answer) = answer(&received) {
                return Some(answer);
            }
        }
        None
    };
    tokio::time::timeout(SILENCE, conversation).await.ok()?
}

/// Not secret, because no key comes of it; only unlike any other, as servers expect.
fn random() -> [u8; 32] {
    let mut random = [0x5A; 32];
    let _fixed_is_good_enough = getrandom::fill(&mut random);
    random
}

/// A ServerHello is far shorter.
const LONGEST_ANSWER: usize = 16 << 10;
const SILENCE: Duration = Duration::from_secs(10);
