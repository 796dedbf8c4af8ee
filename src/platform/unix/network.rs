//! Ties connections to one network interface: SO_BINDTODEVICE on Linux, IP_BOUND_IF on Apple's systems.

use std::io;
use std::net::IpAddr;

use reqwest::ClientBuilder;
use tokio::net::TcpSocket;

use crate::platform::SystemProxy;

/// Unix ties a connection to the interface itself, so no address has to stand for it.
pub(in crate::platform) fn interface_addresses(_name: &str) -> io::Result<Vec<IpAddr>> {
    Ok(Vec::new())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::platform) fn tie_socket(
    socket: &TcpSocket,
    name: &str,
    _to: IpAddr,
) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in crate::platform) fn tie_socket(
    _socket: &TcpSocket,
    _name: &str,
    _to: IpAddr,
) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(in crate::platform) fn tie_client(
    client: ClientBuilder,
    name: &str,
) -> io::Result<ClientBuilder> {
    // A name with a zero byte makes the library panic, and no interface has one.
    match name.is_empty() || name.contains('\0') {
        true => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        false => Ok(client.interface(name)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(in crate::platform) fn tie_client(
    _client: ClientBuilder,
    _name: &str,
) -> io::Result<ClientBuilder> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Unix has no proxy settings beside the environment's that every program would share.
pub(in crate::platform) fn system_proxies() -> Vec<SystemProxy> {
    Vec::new()
}
