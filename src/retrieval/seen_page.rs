//! A page of the site as it came, for whoever has to find out why it was not understood.

use std::fmt;

use reqwest::header::HeaderMap;

/// A page of the site: its head as far as it is harmless, and its source.
#[derive(Clone, Default)]
pub struct SeenPage {
    /// The HTTP status; `None` when that is not known.
    pub status: Option<u16>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// Other headers that say what answered, and nothing about who asked.
    pub headers: Vec<(String, String)>,
    /// The source as received.
    pub bytes: Vec<u8>,
}

impl SeenPage {
    /// The head as a comment, to stand before the page's source.
    pub(super) fn head(&self) -> String {
        let status = self
            .status
            .map_or_else(|| "-".to_owned(), |s| s.to_string());
        let content_type = self.content_type.iter().map(|kind| ("content-type", kind));
        let others = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value));
        let lines: String = content_type
            .chain(others)
            .map(|(name, value)| format!("{name}: {}\n", harmless_value(value)))
            .collect();
        format!("<!-- noticert\nHTTP {status}\n{lines}-->\n")
    }
}

/// A page may hold a session's token, so only its length is printed.
impl fmt::Debug for SeenPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeenPage({:?}, {} bytes)", self.status, self.bytes.len())
    }
}

/// The headers that tell a helper what answered. Cookies and addresses are not among them.
pub(super) fn harmless_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    HARMLESS
        .iter()
        .filter_map(|name| {
            let value = headers.get(*name)?;
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            Some(((*name).to_owned(), value))
        })
        .collect()
}

/// A header's value that cannot end the comment it stands in.
fn harmless_value(value: &str) -> String {
    let printable = value.chars().filter(|c| !c.is_control());
    let shown: String = printable.take(LONGEST_VALUE).collect();
    shown.replace("--", "- -").replace('>', "")
}

const HARMLESS: [&str; 10] = [
    "date",
    "server",
    "via",
    "x-powered-by",
    "x-cache",
    "content-length",
    "content-encoding",
    "content-language",
    "cache-control",
    "retry-after",
];

/// Characters of a header's value that are kept.
const LONGEST_VALUE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_tells_what_answered_and_no_cookie() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("server", "gate --> 7"),
            ("set-cookie", "JSESSIONID=5EC2E7"),
            ("location", "/p/rcd?t=5EC2E7"),
            ("date", "Mon, 23 Nov 2026 00:00:00 GMT"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let page = SeenPage {
            status: Some(403),
            content_type: Some("text/html".to_owned()),
            headers: harmless_headers(&headers),
            bytes: Vec::new(),
        };
        assert_eq!(
            page.head(),
            "<!-- noticert\nHTTP 403\ncontent-type: text/html\ndate: Mon, 23 Nov 2026 00:00:00 GMT\nserver: gate - - 7\n-->\n"
        );
    }
}
