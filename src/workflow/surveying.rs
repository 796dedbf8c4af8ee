//! The service's certificates in a store, and what may become of each: what `remove-old` offers and `audit` lists.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::config::Config;
use crate::domain::{CertificateFacts, Fingerprint, InstitutionCode, Text, japan_date};
use crate::installer::{CertificateStore, InstalledCertificate, Proof};
use crate::ledger::{Actor, CodeChange, Event, Ledger, Record};

use super::Desk;
use super::error::{Error, StoreStep};

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
    /// It is valid, and the one that lasts longest here has another institution code.
    OtherCode,
    /// It is valid under an institution code that was replaced, as a person said.
    OldCode {
        /// The last day on which it may be needed.
        until: Date,
    },
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
    /// The store has no valid one of its institution with its key.
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
    let (records, changes) = match ledger {
        Some(ledger) => (ledger.records()?, ledger.code_changes()?),
        None => (Vec::new(), Vec::new()),
    };
    let mut found: Vec<Surveyed> = store
        .list()
        .map_err(|source| Error::store(StoreStep::Looking, source))?
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
        .map(|certificate| standing(certificate, &found, &changes, store, now))
        .collect();
    for (certificate, standing) in found.iter_mut().zip(standings) {
        certificate.standing = standing;
    }
    Ok(found)
}

impl Desk<'_> {
    /// Writes down a person's word that the code `old` was replaced by `new` on a day.
    pub fn note_code_change(&mut self, change: CodeChange) -> Result<(), Error> {
        let CodeChange { old, new, on } = change;
        let is_of = |record: &Record, code| record.institution_code.as_ref() == Some(code);
        let records = self.ledger.records()?;
        let holder = [&new, &old]
            .into_iter()
            .find_map(|code| records.iter().find(|record| is_of(record, code)));
        let now = self.now();
        let record = match holder {
            Some(record) => record.id,
            // A line of its own: the certificates may be in the store alone.
            None => self.ledger.new_record(now)?,
        };
        let event = Event::CodeChanged { old, new, on };
        self.ledger.append(record, now, Actor::Person, event)?;
        Ok(())
    }
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
    changes: &[CodeChange],
    store: &mut dyn CertificateStore,
    now: Timestamp,
) -> Standing {
    let usable: Vec<&Surveyed> = all
        .iter()
        .rev()
        .filter(|other| {
            let is_valid = other.facts.not_after > now && other.facts.not_before <= now;
            is_valid && other.has_key && other.family == Family::Present
        })
        .collect();
    let facts = &certificate.facts;
    if facts.not_after > now {
        return standing_of_valid(facts, usable.first().copied(), changes);
    }
    let Some(successor) = usable
        .iter()
        .find(|other| takes_the_place_of(other, certificate, &usable, changes))
    else {
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

fn standing_of_valid(
    facts: &CertificateFacts,
    newest: Option<&Surveyed>,
    changes: &[CodeChange],
) -> Standing {
    let change = code_of(facts).and_then(|code| changes.iter().find(|change| change.old == code));
    if let Some(change) = change {
        let last = japan_date(facts.not_after);
        let until = change
            .on
            .checked_add(Span::new().days(DAYS_OF_AN_OLD_CODE))
            .map_or(last, |end| end.min(last));
        return Standing::OldCode { until };
    }
    let is_other =
        newest.is_some_and(|newest| newest.facts.subject_common_name != facts.subject_common_name);
    match is_other {
        true => Standing::OtherCode,
        false => Standing::InUse,
    }
}

/// Whether `other` is of the institution of `expired`, also under a code that a person said to have changed.
fn takes_the_place_of(
    other: &Surveyed,
    expired: &Surveyed,
    usable: &[&Surveyed],
    changes: &[CodeChange],
) -> bool {
    let Some(code) = code_of(&expired.facts) else {
        // The former authority's certificates need not name a code: they are of the only institution that is here.
        let name = &other.facts.subject_common_name;
        return usable
            .iter()
            .all(|one| one.facts.subject_common_name == *name);
    };
    code_of(&other.facts).is_some_and(|of_other| {
        // A code may change more than once; as many steps as there are changes lead to the last one.
        let codes = std::iter::successors(Some(code), |code| {
            let change = changes.iter().find(|change| change.old == *code)?;
            Some(change.new.clone())
        });
        codes.take(changes.len() + 1).any(|code| code == of_other)
    })
}

fn code_of(facts: &CertificateFacts) -> Option<InstitutionCode> {
    facts.subject_common_name.as_ref()?.parse().ok()
}

impl Surveyed {
    /// Where it stands, for people.
    pub fn why(&self) -> Text {
        match &self.standing {
            Standing::InUse => Text::new("有効です。", "it is valid."),
            Standing::OtherCode => Text::new(
                "別の医療機関コードの証明書で、有効です。",
                "it has another institution code and is valid.",
            ),
            Standing::OldCode { until } => Text::new(
                format!(
                    "古い医療機関コードの証明書で、まだ有効です（{until} までは必要です: コードの変更日から120日、または有効期限まで）。"
                ),
                format!(
                    "it has the old institution code and is valid: needed until {until} (120 days from the change, or its expiry)."
                ),
            ),
            Standing::Removable { .. } => Text::new("期限切れです。", "it expired."),
            Standing::Waits(WaitsFor::Successor) => Text::new(
                "期限切れですが、代わりの有効な証明書（同じ医療機関のもの）がこのストアにありません。",
                "it expired, and no valid one of its institution is in this store.",
            ),
            Standing::Waits(WaitsFor::Proof) => Text::new(
                "期限切れですが、新しい証明書の鍵がこのストアで使えることを確かめられません。",
                "it expired, and the new one did not sign in this store.",
            ),
            Standing::Waits(WaitsFor::Backup) => Text::new(
                "期限切れですが、新しい証明書のバックアップがまだです（noticert backup）。",
                "it expired, and the new one is not backed up (noticert backup).",
            ),
            Standing::Waits(WaitsFor::Key) => Text::new(
                "期限切れで、鍵がありません。元に戻す写しを作れないので、そのままにします。",
                "it expired and has no key, so that no copy to put back can be made.",
            ),
        }
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

/// How long the certificate of an old code may be used beside the new one (fact 8).
const DAYS_OF_AN_OLD_CODE: i64 = 120;
