//! Is everything ready: account, data folder, store, stick, clock, network, the site and its form.
//!
//! Each check is a function that returns a typed finding; what it means for people stands in `explain`. Nothing
//! secret is sent: the site is asked for its page, names are resolved, a TLS hello is shown. Nothing stays on
//! disk: a probe file is taken away again at once.

mod account;
mod client_hello;
mod clock;
mod connection;
mod data_folder;
mod face_library;
mod found_files;
mod line_names;
mod mpki_client;
mod old_tls;
mod page;
mod proxy;
mod revocation_host;
mod route;
mod search;
mod site_name;
mod stick;
mod store;
mod suites;
mod tls;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config::Config;
use crate::installer::CertificateStore;
use crate::platform::SystemProxy;
use crate::retrieval::Site;

pub use account::Account;
pub use clock::Clock;
pub use connection::{Attempt, Connection};
pub use data_folder::{DataFolder, FreeSpace};
pub use face_library::FaceLibrary;
pub use found_files::FoundFiles;
pub use line_names::LineName;
pub use mpki_client::MpkiClient;
pub use old_tls::OldTls;
pub use page::PageFinding;
pub use proxy::{FollowedProxy, ProxySettings};
pub use revocation_host::RevocationHost;
pub use route::{Route, RouteTo};
pub use site_name::SiteName;
pub use stick::{Drive, Stick};
pub use store::{Certificates, Known, Store};
pub use suites::{OldPart, Suite};
pub use tls::Tls;

/// What the doctor is told of this computer, and what it may ask.
pub struct Surroundings<'a> {
    /// The site, with the way that was chosen.
    pub site: &'a Site,
    /// Which names, files and issuers are looked for.
    pub config: &'a Config,
    /// The data folder.
    pub data: &'a Path,
    /// The store that certificates go into.
    pub store: &'a mut dyn CertificateStore,
    /// The account that runs this program.
    pub account: String,
    /// Whether it runs with administrator rights.
    pub is_elevated: bool,
    /// Whether this is Windows, where the terminal's own programs and account can be.
    pub is_windows: bool,
    /// Downloads, desktop, documents.
    pub personal_folders: Vec<PathBuf>,
    /// Sticks and cards.
    pub drives: Vec<PathBuf>,
    /// Environment variables that name a proxy.
    pub environment_proxies: Vec<&'static str>,
    /// Proxies that the system's settings name.
    pub system_proxies: Vec<SystemProxy>,
    /// The time, read anew.
    pub clock: &'a dyn Fn() -> Timestamp,
}

/// How a finding is marked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// ✓ It is as it has to be.
    Good,
    /// ✗ It has to be mended.
    Wrong,
    /// – It does not apply here, or is only said.
    Aside,
}

/// What one check found.
#[derive(Debug)]
pub enum Finding {
    /// Who runs this program.
    Account(Account),
    /// Where the ledger and its files lie.
    DataFolder(DataFolder),
    /// Room for them.
    FreeSpace(FreeSpace),
    /// The certificate store.
    Store(Store),
    /// Certificates of the family that are in it.
    Certificates(Certificates),
    /// Certificate files that lie about.
    FoundFiles(FoundFiles),
    /// A stick for the back-up.
    Stick(Stick),
    /// The face-recognition library.
    FaceLibrary(FaceLibrary),
    /// The authority's own client.
    MpkiClient(MpkiClient),
    /// Proxies that are used, or named and not used.
    Proxy(ProxySettings),
    /// The site's name.
    SiteName(SiteName),
    /// The way out of this computer.
    Route(Route),
    /// Connections to the site.
    Connection(Connection),
    /// The site's TLS.
    Tls(Tls),
    /// The page and its form.
    Page(PageFinding),
    /// This computer's clock.
    Clock(Clock),
    /// A name that technicians resolve to prove the line.
    LineName(LineName),
    /// Where revocation lists lie.
    RevocationHost(RevocationHost),
}

impl Finding {
    /// The check's stable name.
    pub fn check(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::DataFolder(_) => "data-folder",
            Self::FreeSpace(_) => "free-space",
            Self::Store(_) => "store",
            Self::Certificates(_) => "certificates",
            Self::FoundFiles(_) => "found-files",
            Self::Stick(_) => "stick",
            Self::FaceLibrary(_) => "face-library",
            Self::MpkiClient(_) => "mpki-client",
            Self::Proxy(_) => "proxy",
            Self::SiteName(_) => "site-name",
            Self::Route(_) => "route",
            Self::Connection(_) => "connection",
            Self::Tls(_) => "tls",
            Self::Page(_) => "page",
            Self::Clock(_) => "clock",
            Self::LineName(_) => "line-name",
            Self::RevocationHost(_) => "revocation-host",
        }
    }

    /// How it is marked.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Account(found) => found.mark(),
            Self::DataFolder(found) => found.mark(),
            Self::FreeSpace(found) => found.mark(),
            Self::Store(found) => found.mark(),
            Self::Certificates(found) => found.mark(),
            Self::FoundFiles(found) => found.mark(),
            Self::Stick(found) => found.mark(),
            Self::FaceLibrary(found) => found.mark(),
            Self::MpkiClient(found) => found.mark(),
            Self::Proxy(found) => found.mark(),
            Self::SiteName(found) => found.mark(),
            Self::Route(found) => found.mark(),
            Self::Connection(found) => found.mark(),
            Self::Tls(found) => found.mark(),
            Self::Page(found) => found.mark(),
            Self::Clock(found) => found.mark(),
            Self::LineName(found) => found.mark(),
            Self::RevocationHost(found) => found.mark(),
        }
    }

    /// The machine's own words behind a finding that is an error, for support.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::DataFolder(DataFolder::Refused(error)) => Some(chain(error)),
            Self::Store(Store::Failed(error)) => Some(chain(error)),
            Self::Tls(Tls::Refused { why, .. }) => Some(why.words.clone()),
            Self::Tls(Tls::Failed(error)) => Some(chain(error)),
            Self::Page(PageFinding::Failed(error)) => Some(chain(error)),
            _ => None,
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| {
        format!("{words} ← {cause}")
    })
}

/// Makes every check in turn and tells each finding as soon as it is there.
pub fn examine(mut here: Surroundings<'_>, tell: &mut dyn FnMut(Finding)) -> io::Result<()> {
    this_computer(&mut here, tell);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(the_way(&here, tell));
    // A name that DNS never answers would hold this thread up.
    runtime.shutdown_background();
    Ok(())
}

fn this_computer(here: &mut Surroundings<'_>, tell: &mut dyn FnMut(Finding)) {
    let config = &here.config.doctor;
    tell(Finding::Account(account::look(here)));
    tell(Finding::DataFolder(data_folder::look(here.data)));
    tell(Finding::FreeSpace(data_folder::room(here.data)));
    let family = &here.config.certificate.issuer_family;
    let (store, certificates) = store::look(here.store, family, (here.clock)());
    tell(Finding::Store(store));
    if let Some(certificates) = certificates {
        tell(Finding::Certificates(certificates));
    }
    let folders = here.personal_folders.iter().chain(&here.drives);
    tell(Finding::FoundFiles(found_files::look(folders, here.data)));
    tell(Finding::Stick(stick::look(&here.drives)));
    tell(Finding::FaceLibrary(face_library::look(config)));
    let mpki = mpki_client::look(config, here.is_windows);
    tell(Finding::MpkiClient(mpki));
}

async fn the_way(here: &Surroundings<'_>, tell: &mut dyn FnMut(Finding)) {
    let site = here.site;
    tell(Finding::Proxy(proxy::look(here)));
    let (name, addresses) = site_name::look(site).await;
    tell(Finding::SiteName(name));
    tell(Finding::Route(route::look(site, &addresses)));
    let (connection, reached) = connection::look(site, &addresses).await;
    tell(Finding::Connection(connection));
    let tls = tls::look(site, reached).await;
    let is_trusted = tls.mark() != Mark::Wrong;
    let clock_is_doubted = tls.doubts_the_clock();
    tell(Finding::Tls(tls));
    let (page, date) = match (reached, is_trusted) {
        (Some(_), true) => page::look(site).await,
        _ => (PageFinding::NotAsked, None),
    };
    let is_understood = page.mark() == Mark::Good;
    tell(Finding::Page(page));
    let date = match (date, reached, clock_is_doubted) {
        (None, Some(address), true) => tls::date_without_trust(site, address).await,
        (date, ..) => date,
    };
    tell(Finding::Clock(clock::look(date.as_deref(), (here.clock)())));
    for name in line_names::look(site, &here.config.doctor, is_understood).await {
        tell(Finding::LineName(name));
    }
    let host = revocation_host::look(site, &here.config.doctor, is_understood).await;
    tell(Finding::RevocationHost(host));
}
