//! Addresses on a page: where its form, its refresh and its relative links lead, and whether that is the site.

use std::borrow::Cow;
use std::time::Duration;

use encoding_rs::Encoding as Charset;
use url::Url;

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
