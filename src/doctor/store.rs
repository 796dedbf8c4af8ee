//! The certificate store, and what of the family is in it already (facts 2, 8, 29).

use jiff::Timestamp;

use super::Mark;
use crate::domain::{Fingerprint, Text};
use crate::installer::{CertificateStore, InstallError, InstalledCertificate};

/// The certificate store.
#[derive(Debug)]
pub enum Store {
    /// It answers.
    Reachable {
        /// Which.
        name: Text,
        /// Certificates in it, of whatever kind.
        certificates: usize,
    },
    /// This system has no such store.
    Unsupported,
    /// It does not answer.
    Failed(InstallError),
}

/// Certificates of the family that are in the store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Certificates {
    /// With their key, and valid now or later.
    pub valid: Vec<Known>,
    /// Past their end.
    pub expired: Vec<Known>,
    /// Without their key, so that nobody can use them.
    pub without_key: Vec<Known>,
}

/// One of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// Whom it names, or what the store calls it.
    pub name: String,
    /// Its end.
    pub not_after: Timestamp,
    /// Itself.
    pub fingerprint: Fingerprint,
}

impl Store {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Reachable { .. } => Mark::Good,
            Self::Unsupported => Mark::Aside,
            Self::Failed(_) => Mark::Wrong,
        }
    }
}

impl Certificates {
    /// Several valid ones are lawful: two codes on one computer, an old code for 120 days.
    pub(super) fn mark(&self) -> Mark {
        if !self.expired.is_empty() || !self.without_key.is_empty() {
            return Mark::Wrong;
        }
        match self.valid.len() {
            1 => Mark::Good,
            _ => Mark::Aside,
        }
    }

    fn sort(certificates: Vec<InstalledCertificate>, family: &[String], now: Timestamp) -> Self {
        let mut sorted = Self::default();
        for certificate in certificates {
            let facts = certificate.facts;
            let issuer = facts.issuer_common_name.as_deref().unwrap_or_default();
            if !family.iter().any(|part| issuer.contains(part.as_str())) {
                continue;
            }
            let subject = facts.subject_common_name;
            if subject.as_deref() == Some(issuer) {
                // The authority itself, which an import brings along.
                continue;
            }
            let known = Known {
                name: subject.or(facts.friendly_name).unwrap_or_default(),
                not_after: facts.not_after,
                fingerprint: facts.fingerprint,
            };
            if facts.not_after < now {
                sorted.expired.push(known);
            } else if certificate.has_key {
                sorted.valid.push(known);
            } else {
                sorted.without_key.push(known);
            }
        }
        sorted
    }
}

pub(super) fn look(
    store: &mut dyn CertificateStore,
    family: &[String],
    now: Timestamp,
) -> (Store, Option<Certificates>) {
    match store.list() {
        Ok(certificates) => {
            if let Err(error) = store.ready() {
                let sorted = Certificates::sort(certificates, family, now);
                return (Store::Failed(error), Some(sorted));
            }
            let reachable = Store::Reachable {
                name: store.describe(),
                certificates: certificates.len(),
            };
            let sorted = Certificates::sort(certificates, family, now);
            (reachable, Some(sorted))
        }
        Err(InstallError::Unsupported { .. }) => (Store::Unsupported, None),
        Err(error) => (Store::Failed(error), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CertificateFacts;

    fn now() -> Timestamp {
        "2026-11-22T00:00:00Z".parse().unwrap()
    }

    fn certificate(
        subject: &str,
        issuer: &str,
        until: &str,
        has_key: bool,
    ) -> InstalledCertificate {
        InstalledCertificate {
            facts: CertificateFacts {
                fingerprint: Fingerprint::of(subject.as_bytes()),
                subject_common_name: Some(subject.to_owned()),
                issuer_common_name: Some(issuer.to_owned()),
                organizations: Vec::new(),
                serial_number: "1".to_owned(),
                not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
                not_after: until.parse().unwrap(),
                friendly_name: None,
            },
            der: Vec::new(),
            has_key,
        }
    }

    fn sorted(certificates: Vec<InstalledCertificate>) -> Certificates {
        let family = ["Online Billing NW Common Root".to_owned()];
        Certificates::sort(certificates, &family, now())
    }

    const ROOT: &str = "Online Billing NW Common Root CA - G1";
    const LATER: &str = "2030-01-01T00:00:00Z";
    const BEFORE: &str = "2024-01-01T00:00:00Z";

    #[test]
    fn only_the_family_counts_and_the_authority_itself_does_not() {
        let found = sorted(vec![
            certificate("someone", "Another CA", LATER, true),
            certificate(ROOT, ROOT, LATER, false),
            certificate("0110113719", ROOT, LATER, true),
        ]);
        assert_eq!(found.valid.len(), 1);
        assert_eq!(found.mark(), Mark::Good);
        assert_eq!(sorted(Vec::new()).mark(), Mark::Aside);
    }

    #[test]
    fn an_expired_or_keyless_one_is_wrong_and_two_valid_ones_are_only_said() {
        let good = || certificate("0110113719", ROOT, LATER, true);
        let expired = certificate("0110113719", ROOT, BEFORE, true);
        let keyless = certificate("0110113719", ROOT, LATER, false);
        let other = certificate("0130113717", ROOT, LATER, true);
        assert_eq!(sorted(vec![good(), expired.clone()]).mark(), Mark::Wrong);
        assert_eq!(sorted(vec![expired]).mark(), Mark::Wrong);
        assert_eq!(sorted(vec![keyless]).mark(), Mark::Wrong);
        assert_eq!(sorted(vec![good(), other]).mark(), Mark::Aside);
    }
}
