//! Addresses on a page: where its form, its refresh and its relative links lead, and whether that is the site.

use std::borrow::Cow;
use std::time::Duration;

use encoding_rs::Encoding as Charset;
use unicode_normalization::UnicodeNormalization;
use url::{Position, Url, form_urlencoded};
use zeroize::Zeroizing;

use super::tree::Document;
use super::{UnknownReason, charset};

/// Secrets go to the page's own host only, over TLS.
pub(crate) fn hold_to_site(target: &Url, page: &Url) -> Result<(), UnknownReason> {
    match target.scheme() {
        "https" => {}
        "http" => return Err(UnknownReason::NotHttps),
        _ => return Err(UnknownReason::BadAction),
    }
    if target.host_str() != page.host_str()
        || target.port_or_known_default() != page.port_or_known_default()
    {
        return Err(UnknownReason::OtherHost {
            host: target.host_str().unwrap_or_default().to_owned(),
        });
    }
    match target.username().is_empty() && target.password().is_none() {
        true => Ok(()),
        false => Err(UnknownReason::BadAction),
    }
}

/// Whether asking for an address would write a secret into it, for every log on the way to read.
pub(crate) fn leads_with_a_secret(target: &Url, secrets: [&str; 2]) -> bool {
    carries_a_secret(&target[Position::BeforePath..], secrets)
}

/// Whether the reference ID or the password stands in a part of an address or in a cookie, as it is or percent-encoded.
///
/// The reference ID is found in any case and with marks between its characters. The password's four digits count only where
/// no other digit stands beside them, because every longer number may hold them by chance.
pub(crate) fn carries_a_secret(text: &str, [reference_id, password]: [&str; 2]) -> bool {
    let reference_id = Zeroizing::new(reference_id.to_lowercase());
    let mut text = Zeroizing::new(text.to_owned());
    for _ in 0..MOST_ENCODINGS {
        let folded: Zeroizing<String> =
            Zeroizing::new(text.nfkc().flat_map(char::to_lowercase).collect());
        let bare: Zeroizing<String> =
            Zeroizing::new(folded.chars().filter(|c| c.is_alphanumeric()).collect());
        let mut numbers = folded.split(|c: char| !c.is_ascii_digit());
        if bare.contains(reference_id.as_str()) || numbers.any(|number| number == password) {
            return true;
        }
        text = Zeroizing::new(percent_decoded(&text));
    }
    false
}

fn percent_decoded(text: &str) -> String {
    let pairs = form_urlencoded::parse(text.as_bytes());
    pairs
        .map(|(name, value)| format!("{name}={value}&"))
        .collect()
}

/// The address against which the page's relative addresses are meant.
pub(super) fn base(page: &Document, url: &Url) -> Url {
    page.named("base")
        .find_map(|(_, base)| base.attribute("href"))
        .and_then(|href| url.join(href.trim()).ok())
        .unwrap_or_else(|| url.clone())
}

/// Where a `meta` refresh leads.
pub(super) fn refresh(page: &Document, url: &Url) -> Option<Url> {
    let (_, target) = refresh_content(page)?.split_once([';', ','])?;
    let (name, target) = target.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("url") {
        return None;
    }
    let target = target.trim().trim_matches(|c| matches!(c, '"' | '\''));
    base(page, url).join(target).ok()
}

/// What the page's frames show, as far as it is the site's own; none where it has more than a page for people.
pub(super) fn frames(page: &Document, url: &Url) -> Vec<Url> {
    let base = base(page, url);
    let mut frames: Vec<Url> = Vec::new();
    for (_, frame) in page.named("frame") {
        let source = frame.attribute("src").map(str::trim);
        let target = source.and_then(|source| base.join(source).ok());
        frames.extend(target.filter(|target| hold_to_site(target, url).is_ok() && target != url));
    }
    frames.dedup();
    match frames.len() > MOST_FRAMES {
        true => vec![],
        false => frames,
    }
}

/// After how long a `meta` refresh leads on, or the page asks for itself again.
pub(super) fn refresh_after(page: &Document) -> Option<Duration> {
    let seconds: f64 = refresh_content(page)?
        .split([';', ','])
        .next()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn refresh_content(page: &Document) -> Option<&str> {
    let (_, meta) = page
        .named("meta")
        .find(|(_, meta)| meta.keyword("http-equiv") == "refresh")?;
    meta.attribute("content")
}

pub(super) fn resolve(action: &str, base: &Url, page_charset: &'static Charset) -> Option<Url> {
    let in_charset = query_encoder(page_charset);
    Url::options()
        .base_url(Some(base))
        .encoding_override(Some(&in_charset))
        .parse(action)
        .ok()
}

/// The query of an address is written in the page's charset.
fn query_encoder(page_charset: &'static Charset) -> impl Fn(&str) -> Cow<'_, [u8]> {
    move |text| Cow::Owned(charset::encode(text, page_charset))
}

/// Frames of a page at most.
const MOST_FRAMES: usize = 6;

/// How often an address is percent-decoded: as often as a site's own layers may have encoded it.
const MOST_ENCODINGS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_an_address_whatever_its_encoding() {
        let secrets = ["Ab3dE6gH9k", "4071"];
        for target in [
            "/r?ref=Ab3dE6gH9k",
            "/r/ab3de6gh9k/file",
            "/r?x=%41%623dE6gH9k",
            "/r?x=%2541%25623dE6gH9k",
            "/r?x=Ab3dE-6gH9k",
            "/r?p=4071",
            "/r;p4071",
            "/r?p=%34071",
            "/r#4071",
        ] {
            let url = Url::parse(&format!("https://site.invalid{target}")).unwrap();
            assert!(leads_with_a_secret(&url, secrets), "{target}");
        }
        for target in [
            "/r?id=123456789012345",
            "/file?t=94071",
            "/file/40711.p12",
            "/",
        ] {
            let url = Url::parse(&format!("https://127.0.0.1:4071{target}")).unwrap();
            assert!(!leads_with_a_secret(&url, secrets), "{target}");
        }
    }
}
