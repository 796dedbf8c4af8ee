//! The way out of this computer: from which of its addresses each address of the site is reached.
//!
//! A datagram socket is connected and none is sent: the system only chooses a route. No route for a family is the
//! plain sign of a half-right dual-stack set-up (fact 48).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::Mark;
use crate::retrieval::{Binding, Site};

/// The way out of this computer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// What the system chose for each address.
    Chosen(Vec<RouteTo>),
    /// Connections are tied to an interface, so nothing is chosen.
    Tied {
        /// Its name.
        interface: String,
    },
    /// There is no address to go to.
    NotAsked,
}

/// The way to one address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RouteTo {
    /// The address.
    pub to: IpAddr,
    /// This computer's own address on that way; `None` without a route.
    pub from: Option<IpAddr>,
}

impl Route {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Chosen(ways) if ways.iter().any(|way| way.from.is_some()) => Mark::Good,
            Self::Chosen(_) => Mark::Wrong,
            Self::Tied { .. } | Self::NotAsked => Mark::Aside,
        }
    }
}

pub(super) fn look(site: &Site, addresses: &[SocketAddr]) -> Route {
    if addresses.is_empty() {
        return Route::NotAsked;
    }
    let from = match site.binding() {
        Some(Binding::Interface(name)) => {
            return Route::Tied {
                interface: name.clone(),
            };
        }
        Some(Binding::Address(address)) => Some(*address),
        None => None,
    };
    let ways = addresses.iter().map(|to| RouteTo {
        to: to.ip(),
        from: source_for(*to, from),
    });
    Route::Chosen(ways.collect())
}

fn source_for(to: SocketAddr, from: Option<IpAddr>) -> Option<IpAddr> {
    let any = match to {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((from.unwrap_or(any), 0)).ok()?;
    socket.connect(to).ok()?;
    let chosen = socket.local_addr().ok()?.ip();
    // Wine lets a socket have an address that is not this computer's, and takes another when it is connected.
    from.is_none_or(|tied| tied == chosen).then_some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_reached_from_itself_and_an_address_of_others_is_no_source() {
        let to: SocketAddr = "127.0.0.1:443".parse().unwrap();
        assert_eq!(source_for(to, None), Some(to.ip()));
        assert_eq!(source_for(to, Some("192.0.2.1".parse().unwrap())), None);
    }
}
