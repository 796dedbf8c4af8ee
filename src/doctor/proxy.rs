//! Proxies: which one noticert uses, which ones it leaves aside, and whether browsers go round them to the site.
//!
//! The site goes direct. A system setting without the site in its bypass list keeps browsers and the authority's
//! client from it (fact 45), and a person who retrieves by hand.

use super::{Mark, Surroundings};

/// Proxies that are used, or named and not used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProxySettings {
    /// The proxy that was named for this run: host and port.
    pub used: Option<(String, u16)>,
    /// Environment variables that name one; not obeyed.
    pub environment: Vec<&'static str>,
    /// System settings that name one; not obeyed here, but by browsers.
    pub system: Vec<FollowedProxy>,
    /// The site's host.
    pub host: String,
}

/// A system setting that browsers follow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FollowedProxy {
    /// Where it stands, for people.
    pub place: &'static str,
    /// Its servers as written there.
    pub servers: String,
    /// Whether its bypass list lets the site go direct.
    pub bypasses_the_site: bool,
}

impl ProxySettings {
    pub(super) fn mark(&self) -> Mark {
        if self.system.iter().any(|proxy| !proxy.bypasses_the_site) {
            return Mark::Wrong;
        }
        match self.used.is_some() || !self.environment.is_empty() {
            true => Mark::Aside,
            false => Mark::Good,
        }
    }
}

pub(super) fn look(here: &Surroundings<'_>) -> ProxySettings {
    let host = here.site.url().host_str().unwrap_or_default().to_owned();
    ProxySettings {
        used: here.site.has_proxy().then(|| here.site.first_stop()),
        environment: here.environment_proxies.clone(),
        system: here
            .system_proxies
            .iter()
            .map(|proxy| FollowedProxy {
                place: proxy.place,
                servers: proxy.servers.clone(),
                bypasses_the_site: bypasses(&proxy.bypass, &host),
            })
            .collect(),
        host,
    }
}

/// Whether a bypass list as Windows writes it (`*.example.jp; 192.168.*; <local>`) holds `host`.
fn bypasses(list: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    list.split([';', ',', ' ', '\t', '\n', '\r'])
        .map(|entry| entry.trim().to_ascii_lowercase())
        .filter(|entry| !entry.is_empty())
        .any(|entry| match entry.as_str() {
            "<local>" => !host.contains('.') && !host.contains(':'),
            pattern => {
                let pattern = pattern.strip_prefix("https://").unwrap_or(pattern);
                fits(pattern.as_bytes(), host.as_bytes())
            }
        })
}

/// Whether `text` fits a pattern in which `*` stands for anything. The last star is the one gone back to.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p) == text.get(t) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            (p, t) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern
        .get(p..)
        .unwrap_or_default()
        .iter()
        .all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bypass_list_is_read_as_windows_reads_it() {
        let host = "cert.obn.managedpki.ne.jp";
        for (list, expected) in [
            ("*.onshikaku.org; *.obn.managedpki.ne.jp; *.rece", true),
            ("*.onshikaku.org;*.OBN.managedpki.ne.jp", true),
            ("cert.obn.managedpki.ne.jp", true),
            ("cert.*.ne.jp", true),
            ("*", true),
            ("*.onshikaku.org *.lineauth.mnw", false),
            ("obn.managedpki.ne.jp", false),
            ("<local>", false),
            ("", false),
        ] {
            assert_eq!(bypasses(list, host), expected, "{list}");
        }
        assert!(bypasses("<local>", "intranet"));
        assert!(!bypasses("<local>", "::1"));
    }

    #[test]
    fn a_setting_that_keeps_browsers_from_the_site_is_wrong() {
        let settings = |used, environment: &[&'static str], system: &[bool]| ProxySettings {
            used,
            environment: environment.to_vec(),
            system: system
                .iter()
                .map(|&bypasses_the_site| FollowedProxy {
                    place: "WinHTTP",
                    servers: "proxy.invalid:8080".to_owned(),
                    bypasses_the_site,
                })
                .collect(),
            host: "site.invalid".to_owned(),
        };
        assert_eq!(settings(None, &[], &[]).mark(), Mark::Good);
        assert_eq!(settings(None, &[], &[true]).mark(), Mark::Good);
        assert_eq!(settings(None, &[], &[true, false]).mark(), Mark::Wrong);
        assert_eq!(settings(None, &["HTTPS_PROXY"], &[]).mark(), Mark::Aside);
        let used = Some(("proxy.invalid".to_owned(), 8080));
        assert_eq!(settings(used, &[], &[]).mark(), Mark::Aside);
    }
}
