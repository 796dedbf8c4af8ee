//! What was understood of a form, for people and for support: everything but the values that it carries.

use url::Url;

use super::{Encoding, RetrievalForm, Value};

/// Something that the page itself wants sent along.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Carried<'a> {
    /// Its name.
    pub name: &'a str,
    /// How long its value is. The value may be a session's token, so it is never shown.
    pub length: usize,
}

impl RetrievalForm {
    /// How it is encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What the page itself wants sent along, in its order.
    pub fn carried(&self) -> impl Iterator<Item = Carried<'_>> {
        self.entries.iter().filter_map(|entry| match &entry.value {
            Value::Fixed(value) => Some(Carried {
                name: &entry.name,
                length: value.chars().count(),
            }),
            Value::NoFile => Some(Carried {
                name: &entry.name,
                length: 0,
            }),
            Value::Typed(_) => None,
        })
    }
}

/// An address without what may be a session's token: path parameters and the values of its query.
pub fn masked_address(url: &Url) -> String {
    let mut shown = url.clone();
    let segments: Vec<String> = url
        .path()
        .split('/')
        .map(|segment| match segment.split_once(';') {
            Some((name, _)) => format!("{name};…"),
            None => segment.to_owned(),
        })
        .collect();
    shown.set_query(None);
    shown.set_fragment(None);
    shown.set_path("");
    let names: Vec<String> = url
        .query_pairs()
        .map(|(name, _)| format!("{name}=…"))
        .collect();
    let query = match names.is_empty() {
        true => String::new(),
        false => format!("?{}", names.join("&")),
    };
    let origin = shown.as_str().trim_end_matches('/');
    format!("{origin}{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_of_an_address_is_shown() {
        for (address, expected) in [
            ("https://site.invalid/p/rcd", "https://site.invalid/p/rcd"),
            (
                "https://site.invalid:8443/p/rcd;jsessionid=5EC2E7?lang=ja&t=5EC2E7#x",
                "https://site.invalid:8443/p/rcd;…?lang=…&t=…",
            ),
        ] {
            assert_eq!(masked_address(&address.parse().unwrap()), expected);
        }
    }
}
