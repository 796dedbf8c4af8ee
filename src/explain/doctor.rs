//! The doctor's findings in the words of people: what was found, and the next step where there is one.

mod here;
mod line;
mod way;

use crate::doctor::Finding;
use crate::domain::Text;

/// One finding, for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// The part that the finding belongs to, as a heading.
    pub part: Text,
    /// What was looked at.
    pub title: Text,
    /// What was found.
    pub found: Text,
    /// What to do now, where something is to be done.
    pub next: Option<Text>,
}

type Sentences = (Text, Option<Text>);

/// The sentences for `finding`.
pub fn tell(finding: &Finding) -> Told {
    let (title, (found, next)) = match finding {
        Finding::Account(found) => (("アカウント", "account"), here::account(found)),
        Finding::DataFolder(found) => (
            ("データフォルダー", "data folder"),
            here::data_folder(found),
        ),
        Finding::FreeSpace(found) => (("空き容量", "free space"), here::free_space(found)),
        Finding::Store(found) => (("証明書ストア", "certificate store"), here::store(found)),
        Finding::Certificates(found) => (
            ("インストール済みの証明書", "installed certificates"),
            here::certificates(found),
        ),
        Finding::FoundFiles(found) => (
            ("残っている .p12", ".p12 files about"),
            here::found_files(found),
        ),
        Finding::Stick(found) => (("USBメモリー", "stick"), here::stick(found)),
        Finding::FaceLibrary(found) => (
            ("顔認証ライブラリ", "face library"),
            here::face_library(found),
        ),
        Finding::MpkiClient(found) => (
            ("MPKIクライアント", "MPKI client"),
            here::mpki_client(found),
        ),
        Finding::Proxy(found) => (("プロキシ", "proxy"), way::proxy(found)),
        Finding::SiteName(found) => (
            ("名前とアドレス", "name and addresses"),
            way::site_name(found),
        ),
        Finding::Route(found) => (("経路", "route"), way::route(found)),
        Finding::Connection(found) => (("接続（TCP）", "connection (TCP)"), way::connection(found)),
        Finding::Tls(found) => (("暗号化（TLS）", "encryption (TLS)"), way::tls(found)),
        Finding::Page(found) => (("取得画面", "retrieval page"), way::page(found)),
        Finding::Clock(found) => (("時計", "clock"), way::clock(found)),
        Finding::LineName(found) => (("回線内の名前", "name in the line"), line::line_name(found)),
        Finding::RevocationHost(found) => (
            ("失効リストの配布元", "revocation lists"),
            line::revocation_host(found),
        ),
    };
    Told {
        part: part(finding),
        title: Text::new(title.0, title.1),
        found,
        next,
    }
}

fn part(finding: &Finding) -> Text {
    match finding {
        Finding::Account(_)
        | Finding::DataFolder(_)
        | Finding::FreeSpace(_)
        | Finding::Store(_)
        | Finding::Certificates(_)
        | Finding::FoundFiles(_)
        | Finding::Stick(_)
        | Finding::FaceLibrary(_)
        | Finding::MpkiClient(_) => Text::new("このパソコン", "this computer"),
        Finding::Proxy(_)
        | Finding::SiteName(_)
        | Finding::Route(_)
        | Finding::Connection(_)
        | Finding::Tls(_)
        | Finding::Page(_)
        | Finding::Clock(_) => Text::new("取得サイトまで", "the way to the site"),
        Finding::LineName(_) | Finding::RevocationHost(_) => Text::new("回線", "the line"),
    }
}

fn fine(ja: impl Into<String>, en: impl Into<String>) -> Sentences {
    (Text::new(ja, en), None)
}

fn with_next(found: Text, ja: impl Into<String>, en: impl Into<String>) -> Sentences {
    (found, Some(Text::new(ja, en)))
}

fn joined<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}
