//! The practice site's own TLS, right or wrong.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::{Fault, PracticeSiteError};
use crate::practice::authority::{Authority, AuthorityError};

/// What the site shows to whoever connects.
pub(super) fn tls(
    authority: &Authority,
    address: SocketAddr,
    fault: Option<Fault>,
    now: Timestamp,
) -> Result<TlsAcceptor, PracticeSiteError> {
    let own = address.ip().to_string();
    let names = ["127.0.0.1", "localhost", &own];
    let days = |days: i64| {
        now.checked_add((days * 24).hours())
            .map_err(|_| AuthorityError::Date)
    };
    let identity = match fault {
        Some(Fault::TlsWrongName) => authority.server_identity(&["elsewhere.invalid"]),
        Some(Fault::TlsUnknownIssuer) => {
            Authority::invent(now).and_then(|stranger| stranger.server_identity(&names))
        }
        Some(Fault::TlsExpired) => days(-30)
            .and_then(|from| Ok((from, days(-1)?)))
            .and_then(|validity| authority.server_identity_between(&names, validity)),
        Some(Fault::TlsNotYetValid) => days(1)
            .and_then(|from| Ok((from, days(30)?)))
            .and_then(|validity| authority.server_identity_between(&names, validity)),
        _ => authority.server_identity(&names),
    };
    let (chain, key) = identity.map_err(|source| PracticeSiteError::Authority { source })?;
    let versions: &[&rustls::SupportedProtocolVersion] = match fault {
        Some(Fault::Tls12) => &[&rustls::version::TLS12],
        Some(Fault::Tls13) => &[&rustls::version::TLS13],
        _ => rustls::ALL_VERSIONS,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|source| PracticeSiteError::Tls { source })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
