//! Through which proxy the site is reached. None is ever taken from the environment.

use reqwest::Proxy;
use url::Url;

use crate::retrieval::error::RetrievalError;

/// Through which proxy the site is reached.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ProxyChoice {
    /// Straight to the site, whatever the environment says.
    #[default]
    Direct,
    /// Through this proxy only; no way around it when it is down.
    Through(String),
}

/// A proxy whose address was checked. May hold a password, so it is never printed whole.
#[derive(Clone)]
pub(super) struct CheckedProxy {
    /// Its address; the name and password in it go to the proxy alone, never into the tunnel.
    pub(super) url: Url,
    /// The same for the HTTP library.
    pub(super) way: Proxy,
}

impl CheckedProxy {
    /// Checks an address; a bare `host:port` is what Windows settings show.
    pub(super) fn parse(address: &str) -> Result<Self, RetrievalError> {
        let address = match address.contains("://") {
            true => address.trim().to_owned(),
            false => format!("http://{}", address.trim()),
        };
        let url = Url::parse(&address).map_err(|_| RetrievalError::BadProxy)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(RetrievalError::BadProxy);
        }
        let way = Proxy::all(url.clone()).map_err(|_| RetrievalError::BadProxy)?;
        Ok(Self { url, way })
    }

    /// Host and port, without what else may stand in the address.
    pub(super) fn host_and_port(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        (host, self.url.port_or_known_default().unwrap_or_default())
    }
}

impl std::fmt::Debug for CheckedProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (host, port) = self.host_and_port();
        write!(f, "CheckedProxy({host}:{port})")
    }
}
