//! The service's certificates in a store, and what may become of each: what `remove-old` offers and `audit` lists.

use jiff::Timestamp;

use crate::config::Config;
use crate::domain::{CertificateFacts, Fingerprint};
use crate::installer::{CertificateStore, InstallError, InstalledCertificate, Proof};
use crate::ledger::{Ledger, Record};

use super::error::Error;

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    /// The service's authority.
    Present,
    /// The authority before it (fact 3).
    Former,
}

/// One certificate of the service.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// What it says.
    pub facts: CertificateFacts,
    /// Whose it is.
    pub family: Family,
    /// Whether the store has its key.
    pub has_key: bool,
    /// Its record, where the ledger has one.
    pub record: Option<Record>,
    /// What may become of it.
    pub standing: Standing,
}

/// What may become of a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It is valid, or will be, and stays.
    InUse,
    /// It is valid under an institution code that another certificate no longer has: needed for a while yet.
    OldCode,
    /// It expired, and the one that took its place signs and is backed up.
    Removable {
        /// That one.
        successor: Fingerprint,
    },
    /// It expired, and stays for now.
    Waits(WaitsFor),
}

/// Why an expired certificate stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WaitsFor {
    /// The store has no valid one with its key.
    Successor,
    /// The valid one did not sign here.
    Proof,
    /// The valid one is not backed up.
    Backup,
    /// It has no key, so no copy to undo the removal can be made.
    Key,
}

/// The service's certificates in `store`, newest last.
pub(super) fn survey(
    store: &mut dyn CertificateStore,
    ledger: Option<&Ledger>,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Surveyed>, Error> {
    let records = match ledger {
        Some(ledger) => ledger.records()?,
        None => Vec::new(),
    };
    let mut found: Vec<Surveyed> = store
        .list()?
        .into_iter()
        .filter_map(|certificate| {
            let family = family_of(&certificate, config)?;
            let record = records.iter().find(|record| {
                record
                    .state
                    .credential()
                    .is_some_and(|kept| kept.fingerprint == certificate.facts.fingerprint)
            });
            Some(Surveyed {
                record: record.cloned(),
                facts: certificate.facts,
                family,
                has_key: certificate.has_key,
                standing: Standing::InUse,
            })
        })
        .collect();
    found.sort_by_key(|certificate| certificate.facts.not_after);
    let standings: Vec<Standing> = found
        .iter()
        .map(|certificate| standing(certificate, &found, store, now))
        .collect();
    for (certificate, standing) in found.iter_mut().zip(standings) {
        certificate.standing = standing;
    }
    Ok(found)
}

/// Whose certificate it is; `None` for one that is not the service's, an authority's own among them.
pub(super) fn family_of(certificate: &InstalledCertificate, config: &Config) -> Option<Family> {
    let facts = &certificate.facts;
    let issuer = facts.issuer_common_name.as_deref()?;
    // The root stands in some stores beside what it issued.
    if facts.subject_common_name.as_deref() == Some(issuer) {
        return None;
    }
    let is_of = |names: &[String]| names.iter().any(|name| issuer.contains(name.as_str()));
    if is_of(&config.certificate.issuer_family) {
        Some(Family::Present)
    } else if is_of(&config.certificate.former_family) {
        Some(Family::Former)
    } else {
        None
    }
}

fn standing(
    certificate: &Surveyed,
    all: &[Surveyed],
    store: &mut dyn CertificateStore,
    now: Timestamp,
) -> Standing {
    let is_valid = |other: &Surveyed| other.facts.not_after > now && other.facts.not_before <= now;
    if certificate.facts.not_after > now {
        let newest = all
            .iter()
            .rfind(|other| is_valid(other) && other.has_key && other.family == Family::Present);
        let is_old_code = newest.is_some_and(|newest| {
            newest.facts.subject_common_name != certificate.facts.subject_common_name
        });
        return match is_old_code {
            true => Standing::OldCode,
            false => Standing::InUse,
        };
    }
    // The same institution's, else the one that took over after a change of its code.
    let successors: Vec<&Surveyed> = all
        .iter()
        .rev()
        .filter(|other| is_valid(other) && other.has_key && other.family == Family::Present)
        .collect();
    let same = successors
        .iter()
        .find(|other| other.facts.subject_common_name == certificate.facts.subject_common_name);
    let Some(successor) = same.or(successors.first()) else {
        return Standing::Waits(WaitsFor::Successor);
    };
    if !certificate.has_key {
        return Standing::Waits(WaitsFor::Key);
    }
    if !matches!(store.prove(&successor.facts.fingerprint), Ok(Proof::Signed)) {
        return Standing::Waits(WaitsFor::Proof);
    }
    match &successor.record {
        Some(record) if record.is_backed_up() => Standing::Removable {
            successor: successor.facts.fingerprint,
        },
        _ => Standing::Waits(WaitsFor::Backup),
    }
}

/// What a certificate is called in its store.
pub(super) fn label(facts: &CertificateFacts) -> String {
    facts
        .friendly_name
        .clone()
        .or_else(|| facts.subject_common_name.clone())
        .unwrap_or_else(|| facts.fingerprint.to_string())
}

/// Whether the store refused only because it has a password of its own.
pub(super) fn is_locked(error: &Error) -> bool {
    matches!(error, Error::Install(InstallError::Locked { .. }))
}
