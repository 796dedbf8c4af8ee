//! The way on the ground: which address for a name, which family, from which interface.
//!
//! A half-right dual-stack set-up is the documented reason for 'the network works, the site does not' (fact 48),
//! so a technician can go round each part of it: DNS (`--resolve`), the family (`-4`, `-6`), the way out (`--bind`).

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use crate::platform;
use crate::retrieval::error::WayProblem;

/// Which addresses are taken and from where connections leave.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Way {
    /// Addresses given by hand instead of asking DNS.
    pub resolve: Vec<PinnedHost>,
    /// The one family of addresses to use.
    pub family: Option<AddressFamily>,
    /// From where connections leave.
    pub bind: Option<Binding>,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressFamily {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

/// From where connections leave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Binding {
    /// An address of this computer.
    Address(IpAddr),
    /// A network interface by its name.
    Interface(String),
}

/// `HOST:PORT:ADDR[,ADDR…]`: addresses to take for a host instead of asking DNS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PinnedHost {
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// Why a text is no `HOST:PORT:ADDR`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PinnedHostError {
    /// Its three parts are not there.
    #[error("HOST:PORT:ADDR is expected")]
    Parts,
    /// The port is no number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// An address is none.
    #[error("the address is not an IPv4 or IPv6 address")]
    Address,
}

impl AddressFamily {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl FromStr for PinnedHost {
    type Err = PinnedHostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().splitn(3, ':');
        let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(PinnedHostError::Parts);
        };
        if host.is_empty() {
            return Err(PinnedHostError::Parts);
        }
        let port = port.parse().map_err(|_| PinnedHostError::Port)?;
        if port == 0 {
            return Err(PinnedHostError::Port);
        }
        let addresses = addresses
            .split(',')
            .map(|address| address.trim().trim_start_matches('[').trim_end_matches(']'))
            .map(|address| address.parse().map_err(|_| PinnedHostError::Address))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
            addresses,
        })
    }
}

impl From<&str> for Binding {
    /// What is no address is the name of an interface.
    fn from(text: &str) -> Self {
        match text.trim().parse() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::Interface(text.trim().to_owned()),
        }
    }
}

/// A way that was held against where connections go. What differs for each name is settled.
#[derive(Clone, Debug)]
pub(super) struct SettledWay {
    pub(super) bind: Option<Binding>,
    family: Option<AddressFamily>,
    pinned: Option<PinnedHost>,
}

impl SettledWay {
    /// Holds `way` against the host that connections go to: the proxy where there is one, else the site.
    ///
    /// An option that would have no effect is an error, because the person who gave it believes otherwise.
    pub(super) fn new(way: Way, host: &url::Host<&str>, port: u16) -> Result<Self, WayProblem> {
        let bind = match way.bind {
            Some(Binding::Interface(name)) => Some(interface(name, way.family)?),
            other => other,
        };
        let family = match (&bind, way.family) {
            (Some(Binding::Address(address)), Some(family))
                if AddressFamily::of(*address) != family =>
            {
                return Err(WayProblem::FamilyContradicts);
            }
            // Where the family of the source is given, only that of the target can be reached from it.
            (Some(Binding::Address(address)), _) => Some(AddressFamily::of(*address)),
            (_, family) => family,
        };
        let literal = match host {
            url::Host::Domain(_) => None,
            url::Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            url::Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        };
        let fits = |address: &IpAddr| family.is_none_or(|f| AddressFamily::of(*address) == f);
        if literal.is_some_and(|address| !fits(&address)) {
            return Err(WayProblem::FamilyContradicts);
        }
        if literal.is_some() && !way.resolve.is_empty() {
            return Err(WayProblem::NothingToResolve);
        }
        let named = host.to_string().to_ascii_lowercase();
        let mut pinned: Option<PinnedHost> = None;
        for pin in way.resolve {
            if pin.host != named || pin.port != port {
                return Err(WayProblem::ResolvesAnotherHost);
            }
            match &mut pinned {
                Some(known) => known.addresses.extend(pin.addresses),
                None => pinned = Some(pin),
            }
        }
        if let Some(pin) = &mut pinned {
            pin.addresses.retain(fits);
            if pin.addresses.is_empty() {
                return Err(WayProblem::FamilyContradicts);
            }
        }
        Ok(Self {
            bind,
            family,
            pinned,
        })
    }

    /// Whether the addresses were given by hand.
    pub(super) fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    /// The addresses of a host in the family that was chosen.
    pub(super) async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, LookUpError> {
        if let Some(pin) = self.pinned.as_ref().filter(|pin| pin.host == host) {
            return Ok(pin.addresses.clone());
        }
        let found = tokio::net::lookup_host((host, 0))
            .await
            .map_err(|source| LookUpError::Unknown { source })?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in found.map(|found| found.ip()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let any = !addresses.is_empty();
        if let Some(family) = self.family {
            addresses.retain(|address| AddressFamily::of(*address) == family);
        }
        match addresses.is_empty() && any {
            true => Err(LookUpError::OtherFamilyOnly),
            false => Ok(addresses),
        }
    }
}

/// The interface itself, or one of its addresses where the system ties by address: IPv6 first, as the line is.
fn interface(name: String, family: Option<AddressFamily>) -> Result<Binding, WayProblem> {
    let Ok(mut addresses) = platform::interface_addresses(&name) else {
        return Err(WayProblem::NoSuchInterface { name });
    };
    if addresses.is_empty() {
        return Ok(Binding::Interface(name));
    }
    addresses.sort_by_key(IpAddr::is_ipv4);
    addresses
        .into_iter()
        .find(|address| family.is_none_or(|family| AddressFamily::of(*address) == family))
        .map(Binding::Address)
        .ok_or(WayProblem::FamilyContradicts)
}

/// Why a name has no address to take.
#[derive(Debug, Error)]
pub(super) enum LookUpError {
    /// DNS knows no address.
    #[error("the name was not resolved")]
    Unknown {
        /// Its own words.
        #[source]
        source: std::io::Error,
    },
    /// There are addresses, none of them in the chosen family.
    #[error("the name has addresses of the other family only")]
    OtherFamilyOnly,
}

impl Resolve for SettledWay {
    fn resolve(&self, name: Name) -> Resolving {
        let way = self.clone();
        Box::pin(async move {
            let addresses = way.look_up(&name.as_str().to_ascii_lowercase()).await?;
            // Port 0 stands for the port of the address that is asked.
            let sockets = addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(way: Way, host: &str) -> Result<SettledWay, WayProblem> {
        SettledWay::new(way, &url::Host::parse(host).unwrap().as_ref_str(), 443)
    }

    trait AsRefStr {
        fn as_ref_str(&self) -> url::Host<&str>;
    }

    impl AsRefStr for url::Host<String> {
        fn as_ref_str(&self) -> url::Host<&str> {
            match self {
                Self::Domain(name) => url::Host::Domain(name),
                Self::Ipv4(address) => url::Host::Ipv4(*address),
                Self::Ipv6(address) => url::Host::Ipv6(*address),
            }
        }
    }

    fn pin(text: &str) -> PinnedHost {
        text.parse().unwrap()
    }

    #[test]
    fn host_port_and_addresses_are_told_apart_even_with_colons_in_the_address() {
        let pinned = pin("Site.Invalid:443:2001:db8::1,192.0.2.7");
        assert_eq!(pinned.host, "site.invalid");
        assert_eq!(pinned.port, 443);
        let expected: Vec<IpAddr> =
            vec!["2001:db8::1".parse().unwrap(), "192.0.2.7".parse().unwrap()];
        assert_eq!(pinned.addresses, expected);
        assert_eq!(pin("h:443:[::1]").addresses[0].to_string(), "::1");
        for (text, expected) in [
            ("site.invalid", PinnedHostError::Parts),
            ("site.invalid:443", PinnedHostError::Parts),
            (":443:192.0.2.7", PinnedHostError::Parts),
            ("site.invalid:https:192.0.2.7", PinnedHostError::Port),
            ("site.invalid:0:192.0.2.7", PinnedHostError::Port),
            ("site.invalid:443:elsewhere", PinnedHostError::Address),
            ("site.invalid:443:", PinnedHostError::Address),
        ] {
            assert_eq!(text.parse::<PinnedHost>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn an_option_without_effect_is_an_error() {
        let resolve = |text: &str| Way {
            resolve: vec![pin(text)],
            ..Way::default()
        };
        let cases = [
            (resolve("other.invalid:443:192.0.2.7"), "site.invalid"),
            (resolve("site.invalid:8443:192.0.2.7"), "site.invalid"),
        ];
        for (way, host) in cases {
            assert_eq!(
                settled(way, host).unwrap_err(),
                WayProblem::ResolvesAnotherHost
            );
        }
        let way = resolve("192.0.2.1:443:192.0.2.7");
        assert_eq!(
            settled(way, "192.0.2.1").unwrap_err(),
            WayProblem::NothingToResolve
        );
    }

    #[test]
    fn families_that_contradict_each_other_are_an_error() {
        let only = |family| Way {
            family: Some(family),
            ..Way::default()
        };
        let from = |address: &str, family| Way {
            bind: Some(Binding::from(address)),
            ..only(family)
        };
        let pinned = Way {
            resolve: vec![pin("site.invalid:443:192.0.2.7")],
            ..only(AddressFamily::V6)
        };
        for (way, host) in [
            (only(AddressFamily::V6), "192.0.2.1"),
            (only(AddressFamily::V4), "[2001:db8::1]"),
            (from("192.0.2.9", AddressFamily::V6), "site.invalid"),
            (pinned, "site.invalid"),
        ] {
            assert_eq!(
                settled(way, host).unwrap_err(),
                WayProblem::FamilyContradicts
            );
        }
        let bound = Way {
            bind: Some(Binding::from("192.0.2.9")),
            ..Way::default()
        };
        assert_eq!(
            settled(bound, "site.invalid").unwrap().family,
            Some(AddressFamily::V4)
        );
    }

    #[tokio::test]
    async fn a_pinned_host_is_never_asked_of_dns() {
        let way = Way {
            resolve: vec![
                pin("no-such-host.invalid:443:192.0.2.7"),
                pin("no-such-host.invalid:443:2001:db8::1"),
            ],
            family: Some(AddressFamily::V6),
            ..Way::default()
        };
        let way = settled(way, "no-such-host.invalid").unwrap();
        let found = way.look_up("no-such-host.invalid").await.unwrap();
        assert_eq!(found, ["2001:db8::1".parse::<IpAddr>().unwrap()]);
    }
}
