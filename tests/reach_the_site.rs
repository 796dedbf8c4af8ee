//! The way to the site: through proxies without going round them, and to the addresses that were chosen.

#[path = "retrieve_a_certificate/fake_site.rs"]
#[allow(dead_code, reason = "the other tests' site, of which a part is used")]
mod fake_site;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use noticert::config::Config;
use noticert::practice::authority::Authority;
use noticert::retrieval::{
    AddressFamily, Binding, NetworkProblem, ProxyChoice, RetrievalError, Site, SiteOptions, Way,
    reach,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use fake_site::{FakeSite, Reply};

const FORM: &str = "<html><body><form method=post action=/p/send><p>リクエストID <input name=r><p>リファレンスID <input name=s><p>証明書パスワード <input name=p><p>証明書パスワード(確認用) <input name=q><button>ダウンロード</button></form></body></html>";

fn authority() -> Authority {
    Authority::invent("2026-11-21T00:00:00Z".parse().unwrap()).unwrap()
}

async fn fake(authority: &Authority) -> FakeSite {
    FakeSite::start(authority, &["127.0.0.1", "site.invalid"], |_| {
        Reply::page(FORM)
    })
    .await
}

fn options(authority: &Authority, url: &str) -> SiteOptions {
    SiteOptions {
        url: Some(url.to_owned()),
        ca_file_pem: Some(authority.ca_pem().into_bytes()),
        ca_only: true,
        ..SiteOptions::default()
    }
}

fn site(options: SiteOptions) -> Site {
    Site::new(options, &Config::default()).unwrap()
}

#[track_caller]
fn assert_problem(
    result: Result<noticert::retrieval::Reach, RetrievalError>,
    expected: NetworkProblem,
) {
    match result {
        Err(RetrievalError::Unreachable { problem, .. }) => assert_eq!(problem, expected),
        other => panic!("{other:?}"),
    }
}

/// A proxy that joins every CONNECT to one place. Returns its address and the heads that it received.
async fn proxy_to(target: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    answering_proxy("200 OK".to_owned(), Some(target)).await
}

/// A proxy that answers every CONNECT so. Returns its address and the heads that it received.
async fn refusing_proxy(status: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    answering_proxy(format!("{status}\r\nContent-Length: 0"), None).await
}

/// A proxy that answers every CONNECT with this status and these headers, then joins it to `target`, if there is one.
async fn answering_proxy(
    answer: String,
    target: Option<SocketAddr>,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = heads.clone();
    let answer = format!("HTTP/1.1 {answer}\r\n\r\n");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..count]).into_owned();
            seen.lock().unwrap().push(head);
            stream.write_all(answer.as_bytes()).await.unwrap();
            let Some(target) = target else { continue };
            tokio::spawn(async move {
                let mut there = TcpStream::connect(target).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut there).await;
            });
        }
    });
    (address, heads)
}

#[tokio::test]
async fn a_proxy_that_is_down_is_never_gone_round() {
    let authority = authority();
    let fake = fake(&authority).await;
    let mut options = options(&authority, &fake.url);
    for proxy in ["127.0.0.1:1", "no-such-proxy.invalid:8080"] {
        options.proxy = ProxyChoice::Through(proxy.to_owned());
        assert_problem(
            reach(&site(options.clone())).await,
            NetworkProblem::ProxyUnreachable,
        );
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_or_has_no_way_is_told_as_the_proxys_refusal() {
    let authority = authority();
    let fake = fake(&authority).await;
    for status in [
        "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"clinic\"",
        "502 Bad Gateway",
    ] {
        let (proxy, heads) = refusing_proxy(status).await;
        let mut options = options(&authority, &fake.url);
        options.proxy = ProxyChoice::Through(proxy);
        assert_problem(reach(&site(options)).await, NetworkProblem::Proxy);
        // Asked for the way to the site, and never for what a browser would say to the site itself.
        let heads = heads.lock().unwrap();
        assert!(!heads.is_empty(), "{status}");
        assert!(
            heads.iter().all(|head| head.starts_with("CONNECT ")),
            "{heads:?}"
        );
    }
    assert!(fake.requests().is_empty(), "no way around the proxy");
}

#[tokio::test]
async fn the_proxys_password_stays_outside_the_tunnel() {
    let authority = authority();
    let fake = fake(&authority).await;
    let (proxy, heads) = proxy_to(fake.address).await;
    let mut options = options(&authority, &fake.url);
    options.proxy = ProxyChoice::Through(format!("http://someone:hidden-word@{proxy}"));
    let site = site(options);
    reach(&site).await.unwrap();
    let outside = heads.lock().unwrap().concat();
    assert!(
        outside
            .to_ascii_lowercase()
            .contains("proxy-authorization: basic"),
        "{outside}"
    );
    for request in fake.requests() {
        assert!(
            !request.head.to_ascii_lowercase().contains("authorization"),
            "{}",
            request.head
        );
    }
    assert!(!format!("{site:?}").contains("hidden-word"));
}

#[tokio::test]
async fn an_address_given_by_hand_is_taken_for_the_proxy_where_there_is_one() {
    let authority = authority();
    let fake = fake(&authority).await;
    let (proxy, heads) = proxy_to(fake.address).await;
    let port = proxy.rsplit(':').next().unwrap();
    let mut options = options(&authority, &fake.url);
    options.proxy = ProxyChoice::Through(format!("proxy.invalid:{port}"));
    options.way.resolve = vec![format!("proxy.invalid:{port}:127.0.0.1").parse().unwrap()];
    reach(&site(options)).await.unwrap();
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_without_an_address_of_the_chosen_family_says_so() {
    let authority = authority();
    let fake = fake(&authority).await;
    let port = fake.address.port();
    let mut options = options(&authority, &format!("https://site.invalid:{port}/p/rcd"));
    options.way.resolve = vec![format!("site.invalid:{port}:127.0.0.1").parse().unwrap()];
    reach(&site(options.clone())).await.unwrap();
    options.way.family = Some(AddressFamily::V4);
    reach(&site(options.clone())).await.unwrap();
    options.way.family = Some(AddressFamily::V6);
    assert!(matches!(
        Site::new(options, &Config::default()),
        Err(RetrievalError::BadWay { .. })
    ));
}

#[tokio::test]
async fn a_source_that_is_not_this_computers_is_named_as_the_reason() {
    let authority = authority();
    let fake = fake(&authority).await;
    for from in ["192.0.2.1", "no-such-port0"] {
        let options = SiteOptions {
            way: Way {
                bind: Some(Binding::from(from)),
                ..Way::default()
            },
            ..options(&authority, &fake.url)
        };
        assert_problem(reach(&site(options)).await, NetworkProblem::NotBound);
    }
    assert!(fake.requests().is_empty());
}
