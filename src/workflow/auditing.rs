//! `audit`: what is installed on this PC, until when, and whether it could be lost or stand in the way.
//!
//! Needs neither passphrase nor lock; nothing is changed.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::Config;
use crate::domain::{Text, japan_date};
use crate::installer::KeyRules;
use crate::ledger::Ledger;

use super::error::Error;
use super::installing::Destination;
use super::surveying::{Family, Standing, Surveyed, label, survey};

/// One store.
#[derive(Debug)]
pub struct AuditedStore {
    /// The store, for people.
    pub name: Text,
    /// The store, as the ledger knows it.
    pub id: String,
    /// Its certificates of the service, newest last; or why they cannot be listed.
    pub certificates: Result<Vec<Audited>, Error>,
}

/// One certificate.
#[derive(Clone, Debug)]
pub struct Audited {
    /// Its name in the store.
    pub name: String,
    /// 発行先, as the certificate names it.
    pub institution_code: Option<String>,
    /// SHA-256, hexadecimal.
    pub fingerprint: String,
    /// Whether the authority before the present one issued it.
    pub is_former: bool,
    /// First day of validity.
    pub valid_from: Date,
    /// Last day of validity.
    pub valid_to: Date,
    /// Whether it is valid now.
    pub is_valid: bool,
    /// Whether the store has its key.
    pub has_key: bool,
    /// How the store keeps the key, where it has one.
    pub rules: Option<KeyRules>,
    /// The record, where the ledger has one.
    pub record: Option<String>,
    /// Copies on other media that count.
    pub copies: usize,
    /// Whether it could be restored on another PC (design rule 11).
    pub is_backed_up: bool,
    /// What may become of it, for people.
    pub standing: Text,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// What is wrong with an installed certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// It is valid, and the store does not have its key: nothing connects with it.
    NoKey,
    /// No copy on another medium.
    NoBackup,
    /// There is a copy, and its password is known to be on this PC alone.
    PasswordHereOnly,
    /// Each use asks for a password, which the service's programs cannot type.
    KeyAsks,
    /// The key cannot be taken out, so no back-up can be made from here.
    NotExportable,
}

impl Fault {
    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no-key",
            Self::NoBackup => "no-backup",
            Self::PasswordHereOnly => "password-here-only",
            Self::KeyAsks => "key-asks",
            Self::NotExportable => "not-exportable",
        }
    }

    /// What it means, and what to do.
    pub fn text(self) -> Text {
        match self {
            Self::NoKey => Text::new(
                "鍵がないので、この証明書では接続できません → 取得した .p12 から noticert install、またはバックアップから noticert restore",
                "its key is missing, so that it connects nowhere: noticert install from the retrieved .p12, or noticert restore from a back-up",
            ),
            Self::NoBackup => Text::new(
                "バックアップがありません → noticert backup（台帳にないものは --from-store）",
                "it is not backed up: noticert backup (--from-store where the ledger does not know it)",
            ),
            Self::PasswordHereOnly => Text::new(
                "パスワードの控えなし: バックアップを開く4桁がこのパソコンの外にもあることを確かめていません → noticert backup",
                "its password is not known to be anywhere but on this PC: noticert backup",
            ),
            Self::KeyAsks => Text::new(
                "鍵を使うたびにパスワードを尋ねます（秘密キーの保護）。保護なしで入れ直してください",
                "each use asks for a password: install it again without key protection",
            ),
            Self::NotExportable => Text::new(
                "鍵を取り出せません（エクスポート不可）。取得したときの .p12 を必ず保管してください",
                "its key cannot be exported: keep the retrieved .p12",
            ),
        }
    }
}

/// Looks into every store of `destination`.
pub fn audit(
    ledger: Option<&Ledger>,
    config: &Config,
    destination: &Destination,
    now: Timestamp,
) -> Vec<AuditedStore> {
    destination
        .every()
        .into_iter()
        .map(|(id, mut store)| AuditedStore {
            name: store.describe(),
            id,
            certificates: survey(store.as_mut(), ledger, config, now).map(|found| {
                found
                    .iter()
                    .map(|one| {
                        let rules = match one.has_key {
                            true => store.key_rules(&one.facts.fingerprint).ok(),
                            false => None,
                        };
                        audited(one, rules, now)
                    })
                    .collect()
            }),
        })
        .collect()
}

impl AuditedStore {
    /// Whether something is wrong with a certificate here.
    pub fn has_faults(&self) -> bool {
        self.certificates
            .as_ref()
            .is_ok_and(|certificates| certificates.iter().any(|one| !one.faults.is_empty()))
    }
}

fn audited(one: &Surveyed, rules: Option<KeyRules>, now: Timestamp) -> Audited {
    let is_valid = one.facts.not_after > now && one.facts.not_before <= now;
    let is_backed_up = one
        .record
        .as_ref()
        .is_some_and(|record| record.is_backed_up());
    let copies = one.record.as_ref().map_or(0, |record| {
        record
            .backups
            .iter()
            .filter(|backup| backup.counts())
            .count()
    });
    let mut faults = Vec::new();
    let matters = is_valid && one.family == Family::Present;
    if matters && !one.has_key {
        faults.push(Fault::NoKey);
    } else if matters {
        match (copies, is_backed_up) {
            (0, _) => faults.push(Fault::NoBackup),
            (_, false) => faults.push(Fault::PasswordHereOnly),
            (_, true) => {}
        }
        if rules.is_some_and(|rules| rules.asks == Some(true)) {
            faults.push(Fault::KeyAsks);
        }
        if rules.is_some_and(|rules| rules.exportable == Some(false)) {
            faults.push(Fault::NotExportable);
        }
    }
    Audited {
        name: label(&one.facts),
        institution_code: one.facts.subject_common_name.clone(),
        fingerprint: one.facts.fingerprint.to_string(),
        is_former: one.family == Family::Former,
        valid_from: japan_date(one.facts.not_before),
        valid_to: japan_date(one.facts.not_after),
        is_valid,
        has_key: one.has_key,
        rules,
        record: one.record.as_ref().map(|record| record.id.to_string()),
        copies,
        is_backed_up,
        standing: match one.standing {
            Standing::Removable { .. } => Text::new(
                "期限切れ → noticert remove-old で削除できます",
                "it expired: noticert remove-old",
            ),
            _ => one.why(),
        },
        faults,
    }
}
