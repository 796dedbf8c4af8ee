//! Network interfaces by their names, and the proxy settings that browsers and services follow, on Windows.
//!
//! An interface stands for its address here: Windows sends from the interface that owns the source address.
//!
//! Sources: <https://learn.microsoft.com/windows/win32/api/iphlpapi/nf-iphlpapi-getadaptersaddresses>,
//! <https://learn.microsoft.com/windows/win32/api/winhttp/nf-winhttp-winhttpgetieproxyconfigforcurrentuser>.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::{ptr, slice};

use reqwest::ClientBuilder;
use tokio::net::TcpSocket;
use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER, GAA_FLAG_SKIP_MULTICAST, GetAdaptersAddresses,
    IP_ADAPTER_ADDRESSES_LH,
};
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO, WinHttpGetDefaultProxyConfiguration,
    WinHttpGetIEProxyConfigForCurrentUser,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, AF_UNSPEC, SOCKET_ADDRESS};

use crate::platform::SystemProxy;

/// Every address of the interface that people know by `name`.
pub(in crate::platform) fn interface_addresses(name: &str) -> io::Result<Vec<IpAddr>> {
    let adapters = Adapters::all()?;
    let mut found = Vec::new();
    let mut next: *const IP_ADAPTER_ADDRESSES_LH = adapters.0.as_ptr().cast();
    while !next.is_null() {
        // SAFETY: Windows linked the entries inside the memory that `adapters` owns, which still lives.
        let adapter = unsafe { &*next };
        if text_at(adapter.FriendlyName) == name {
            let mut unicast = adapter.FirstUnicastAddress;
            while !unicast.is_null() {
                // SAFETY: as above.
                let address = unsafe { &*unicast };
                found.extend(address_in(&address.Address));
                unicast = address.Next;
            }
        }
        next = adapter.Next;
    }
    match found.is_empty() {
        true => Err(io::Error::from(io::ErrorKind::NotFound)),
        false => Ok(found),
    }
}

/// Never asked here: an interface was replaced by its address before.
pub(in crate::platform) fn tie_socket(
    _socket: &TcpSocket,
    _name: &str,
    _to: IpAddr,
) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Never asked here: an interface was replaced by its address before.
pub(in crate::platform) fn tie_client(
    _client: ClientBuilder,
    _name: &str,
) -> io::Result<ClientBuilder> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// The settings of this user (Internet options) and of the machine (WinHTTP), as far as they name a proxy.
pub(in crate::platform) fn system_proxies() -> Vec<SystemProxy> {
    [internet_options(), winhttp()]
        .into_iter()
        .flatten()
        .collect()
}

fn internet_options() -> Option<SystemProxy> {
    let mut settings = WINHTTP_CURRENT_USER_IE_PROXY_CONFIG::default();
    // SAFETY: `settings` is writable; the texts that it receives are given back below.
    let done = unsafe { WinHttpGetIEProxyConfigForCurrentUser(&mut settings) };
    if done == 0 {
        return None;
    }
    // What a script would answer is its own affair and is not asked.
    drop(Given(settings.lpszAutoConfigUrl));
    named(
        "インターネット オプション",
        Given(settings.lpszProxy),
        Given(settings.lpszProxyBypass),
    )
}

fn winhttp() -> Option<SystemProxy> {
    let mut settings = WINHTTP_PROXY_INFO::default();
    // SAFETY: `settings` is writable; the texts that it receives are given back below.
    let done = unsafe { WinHttpGetDefaultProxyConfiguration(&mut settings) };
    if done == 0 {
        return None;
    }
    named(
        "WinHTTP",
        Given(settings.lpszProxy),
        Given(settings.lpszProxyBypass),
    )
}

fn named(place: &'static str, servers: Given, bypass: Given) -> Option<SystemProxy> {
    let servers = text_at(servers.0);
    (!servers.is_empty()).then(|| SystemProxy {
        place,
        servers,
        bypass: text_at(bypass.0),
    })
}

/// The list of adapters in memory aligned for it.
struct Adapters(Vec<u64>);

impl Adapters {
    fn all() -> io::Result<Self> {
        let mut room = FIRST_ROOM;
        for _ in 0..MOST_TRIES {
            let mut memory = vec![0_u64; (room as usize).div_ceil(size_of::<u64>())];
            // SAFETY: `memory` has at least `room` bytes.
            let status = unsafe {
                GetAdaptersAddresses(
                    u32::from(AF_UNSPEC),
                    GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER,
                    ptr::null(),
                    memory.as_mut_ptr().cast(),
                    &mut room,
                )
            };
            match status {
                0 => return Ok(Self(memory)),
                ERROR_BUFFER_OVERFLOW => {}
                other => return Err(io::Error::from_raw_os_error(other.cast_signed())),
            }
        }
        Err(io::Error::from(io::ErrorKind::OutOfMemory))
    }
}

/// A text that Windows allocated and GlobalFree gives back.
struct Given(*mut u16);

impl Drop for Given {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the text came from a call that asks for GlobalFree, and is freed once.
            unsafe { GlobalFree(self.0.cast()) };
        }
    }
}

/// The text that starts here and ends with NUL; none for a null pointer.
fn text_at(start: *const u16) -> String {
    let mut units = Vec::new();
    while !start.is_null() {
        // SAFETY: Windows ended its text with NUL, and nothing is read behind that.
        let unit = unsafe { *start.add(units.len()) };
        if unit == 0 {
            break;
        }
        units.push(unit);
    }
    String::from_utf16_lossy(&units)
}

/// The address in a socket address, but none that is good for one link only.
fn address_in(socket: &SOCKET_ADDRESS) -> Option<IpAddr> {
    let length = usize::try_from(socket.iSockaddrLength).ok()?;
    if socket.lpSockaddr.is_null() || length < size_of::<u16>() {
        return None;
    }
    // SAFETY: Windows says how many bytes of the structure are there.
    let bytes = unsafe { slice::from_raw_parts(socket.lpSockaddr.cast::<u8>(), length) };
    match u16::from_ne_bytes([bytes[0], bytes[1]]) {
        AF_INET => {
            let octets: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some(IpAddr::V4(Ipv4Addr::from(octets)))
        }
        AF_INET6 => {
            let octets: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            let address = Ipv6Addr::from(octets);
            (!address.is_unicast_link_local()).then_some(IpAddr::V6(address))
        }
        _ => None,
    }
}

/// winerror.h
const ERROR_BUFFER_OVERFLOW: u32 = 111;
/// What the manual advises to begin with.
const FIRST_ROOM: u32 = 16 << 10;
/// The list may grow between two calls.
const MOST_TRIES: usize = 4;
