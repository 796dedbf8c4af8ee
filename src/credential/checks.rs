//! The checks on an opened container, each with its sentence.
//!
//! Dates are compared as days in Japan, which is how the letter prints them. Where a day differs only
//! because the authority counted in UTC, that is noted and not held against the file.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretBox};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer;

use super::container::{CertificateBag, Container};
use super::key::{self, PublicKey};
use super::{Check, CredentialError, Expected, Outcome};
use crate::domain::{CertificateFacts, Issuance, KeyMaterial, Text, japan_date};

/// What the checks found.
pub(super) struct Findings {
    pub(super) checks: Vec<Check>,
    pub(super) facts: Option<CertificateFacts>,
    pub(super) material: Option<KeyMaterial>,
}

/// Makes every check that the container allows.
pub(super) fn check(
    container: &Container,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Findings, CredentialError> {
    let mut findings = Findings {
        checks: opening(container),
        facts: None,
        material: None,
    };
    let parties = parties(container)?;
    let [key_bag] = container.keys.as_slice() else {
        findings.checks.push(not_one_key(container.keys.len()));
        return Ok(findings);
    };
    // The key is looked at to derive its public half.
    let public = key::public_key(key_bag.pkcs8.expose_secret())?;
    findings.checks.push(passed(
        "one-key",
        "秘密鍵が1つ入っています。",
        "There is one private key.",
    ));
    let (leaf, leaf_checks) = end_entity(&parties, &public);
    findings.checks.extend(leaf_checks);
    let Some(leaf) = leaf else {
        return Ok(findings);
    };
    let friendly_name = key_bag
        .friendly_name
        .clone()
        .or_else(|| leaf.bag.friendly_name.clone());
    let facts = facts(leaf, friendly_name)?;
    let (chain, chain_check) = chain(leaf, &parties);
    findings.checks.push(chain_check);
    findings.checks.push(issuer_family(&facts, expected));
    findings.checks.push(valid_now(&facts, now));
    if let Some(letter) = expected.letter {
        findings.checks.push(name(&facts, letter));
        findings.checks.push(validity(&facts, letter));
    }
    findings.checks.extend(remarks(leaf, &public, container));
    findings.facts = Some(facts);
    findings.material = Some(KeyMaterial {
        end_entity: leaf.bag.der.clone(),
        chain,
        // The key changes hands, from the container to the material that an installer takes.
        private_key: SecretBox::new(Box::new(key_bag.pkcs8.expose_secret().clone())),
    });
    Ok(findings)
}

/// One certificate of the container, parsed.
struct Party<'a> {
    bag: &'a CertificateBag,
    x509: X509Certificate<'a>,
}

impl Party<'_> {
    fn is_self_issued(&self) -> bool {
        self.x509.subject().as_raw() == self.x509.issuer().as_raw()
    }

    fn names_as_issuer(&self, other: &Party<'_>) -> bool {
        self.x509.issuer().as_raw() == other.x509.subject().as_raw()
    }

    /// Whether this certificate speaks for an authority: it says so, or says nothing and acts as one.
    fn is_authority(&self, all: &[Party<'_>]) -> bool {
        match self.x509.basic_constraints() {
            Ok(Some(constraints)) => constraints.value.ca,
            _ => {
                self.is_self_issued()
                    || all
                        .iter()
                        .any(|other| other.bag.der != self.bag.der && other.names_as_issuer(self))
            }
        }
    }

    fn has(&self, public: &PublicKey) -> bool {
        self.x509.public_key().subject_public_key.data.as_ref() == public.bytes
    }
}

/// The container's certificates, each once.
fn parties(container: &Container) -> Result<Vec<Party<'_>>, CredentialError> {
    let mut parties: Vec<Party<'_>> = Vec::new();
    for bag in &container.certificates {
        if parties.iter().any(|party| party.bag.der == bag.der) {
            continue;
        }
        match X509Certificate::from_der(&bag.der) {
            Ok(([], x509)) => parties.push(Party { bag, x509 }),
            _ => {
                return Err(CredentialError::Damaged {
                    part: "certificate",
                });
            }
        }
    }
    Ok(parties)
}

fn facts(
    leaf: &Party<'_>,
    friendly_name: Option<String>,
) -> Result<CertificateFacts, CredentialError> {
    CertificateFacts::parse(&leaf.bag.der, friendly_name).map_err(|_| CredentialError::Damaged {
        part: "certificate",
    })
}

fn opening(container: &Container) -> Vec<Check> {
    let ciphers = match container.ciphers.is_empty() {
        true => "-".to_owned(),
        false => container.ciphers.join(", "),
    };
    let mac = container.mac.name();
    vec![
        passed(
            "opens",
            format!("証明書パスワードで開きました({ciphers})。"),
            format!("The certificate password opens it ({ciphers})."),
        ),
        passed(
            "mac",
            format!("検査値が合い、作られたときのままです(HMAC {mac})。"),
            format!("Its check value holds: it is as it was made (HMAC {mac})."),
        ),
    ]
}

fn not_one_key(count: usize) -> Check {
    match count {
        0 => failed(
            "one-key",
            "秘密鍵が入っていません。証明書だけのファイルは使えません。",
            "There is no private key: a certificate alone is of no use.",
        ),
        _ => failed(
            "one-key",
            format!("秘密鍵が{count}個入っています。1つのはずです。"),
            format!("There are {count} private keys; there should be one."),
        ),
    }
}

/// The certificate of the key, and what was found on the way to it.
fn end_entity<'p, 'a>(
    parties: &'p [Party<'a>],
    public: &PublicKey,
) -> (Option<&'p Party<'a>>, Vec<Check>) {
    let matching: Vec<_> = parties.iter().filter(|party| party.has(public)).collect();
    let of_terminals: Vec<_> = parties
        .iter()
        .filter(|party| party.has(public) || !party.is_authority(parties))
        .collect();
    let mut checks = vec![match of_terminals.len() {
        1 => passed(
            "one-certificate",
            "端末の証明書が1つ入っています。",
            "There is one end-entity certificate.",
        ),
        0 => failed(
            "one-certificate",
            "端末の証明書が入っていません。",
            "There is no end-entity certificate.",
        ),
        count => failed(
            "one-certificate",
            format!("端末の証明書が{count}個入っています。1つのはずです。"),
            format!("There are {count} end-entity certificates; there should be one."),
        ),
    }];
    let leaf = match (matching.as_slice(), of_terminals.as_slice()) {
        ([leaf], _) => {
            checks.push(passed(
                "key-matches",
                "秘密鍵は証明書と対になっています。",
                "The private key belongs to the certificate.",
            ));
            Some(*leaf)
        }
        ([], [leaf]) => {
            checks.push(key_of_another());
            Some(*leaf)
        }
        ([], [_, ..]) => {
            checks.push(key_of_another());
            None
        }
        _ => None,
    };
    (leaf, checks)
}

fn key_of_another() -> Check {
    failed(
        "key-matches",
        "秘密鍵が証明書と対になっていません。",
        "The private key does not belong to the certificate.",
    )
}

/// The certificates above `leaf`, nearest first, then whatever else the file brought.
fn chain(leaf: &Party<'_>, parties: &[Party<'_>]) -> (Vec<Vec<u8>>, Check) {
    let mut path: Vec<&Party<'_>> = vec![leaf];
    let check = loop {
        // The path starts with the leaf and only grows.
        let below = path[path.len() - 1];
        if below.is_self_issued() {
            break verdict_at_the_top(below, path.len());
        }
        let mut named = parties
            .iter()
            .filter(|party| below.names_as_issuer(party))
            .filter(|party| path.iter().all(|seen| seen.bag.der != party.bag.der))
            .peekable();
        if named.peek().is_none() {
            break no_issuer(path.len());
        }
        let verdicts: Vec<_> = named
            .map(|party| (party, signed_by(below, party)))
            .collect();
        match verdicts.iter().find(|(_, verdict)| verdict.is_ok()) {
            Some((issuer, _)) => path.push(issuer),
            None => break not_signed(&verdicts),
        }
    };
    let others = parties
        .iter()
        .filter(|party| path.iter().all(|seen| seen.bag.der != party.bag.der));
    let chain = path[1..].iter().copied().chain(others);
    (chain.map(|party| party.bag.der.clone()).collect(), check)
}

fn signed_by(below: &Party<'_>, issuer: &Party<'_>) -> Result<(), X509Error> {
    match issuer.x509.basic_constraints() {
        Ok(Some(constraints)) if !constraints.value.ca => {
            Err(X509Error::SignatureVerificationError)
        }
        _ => below.x509.verify_signature(Some(issuer.x509.public_key())),
    }
}

fn verdict_at_the_top(root: &Party<'_>, length: usize) -> Check {
    if length == 1 {
        return failed(
            "chain",
            "証明書は自分で署名したものです。認証局の署名がありません。",
            "The certificate signed itself; no authority did.",
        );
    }
    match root.x509.verify_signature(None) {
        Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => passed(
            "chain",
            "同梱の発行者証明書が署名しています。",
            "The issuer's certificate in the file signed it.",
        ),
        Err(_) => failed(
            "chain",
            "同梱の発行者証明書が壊れています。",
            "The issuer's certificate in the file is damaged.",
        ),
    }
}

fn no_issuer(length: usize) -> Check {
    match length {
        1 => noted(
            "no-issuer",
            "発行者の証明書が入っていません。端末が発行者を信頼しているか確かめてください。",
            "The file brings no issuer certificate: see that the terminal trusts the issuer.",
        ),
        _ => noted(
            "no-root",
            "ルート証明書が入っていません。端末が発行者を信頼しているか確かめてください。",
            "The file brings no root certificate: see that the terminal trusts the issuer.",
        ),
    }
}

fn not_signed(verdicts: &[(&Party<'_>, Result<(), X509Error>)]) -> Check {
    let unknown = |verdict: &Result<(), X509Error>| {
        matches!(verdict, Err(X509Error::SignatureUnsupportedAlgorithm))
    };
    match verdicts.iter().any(|(_, verdict)| unknown(verdict)) {
        true => noted(
            "chain-unchecked",
            "発行者の署名方式が分からず、署名を確かめられませんでした。",
            "The issuer's signature uses an unknown scheme and could not be checked.",
        ),
        false => failed(
            "chain",
            "同梱の発行者証明書の署名が合いません。",
            "The issuer's certificate in the file did not sign it.",
        ),
    }
}

fn issuer_family(facts: &CertificateFacts, expected: &Expected<'_>) -> Check {
    let issuer = facts.issuer_common_name.as_deref().unwrap_or_default();
    let is_of_family = expected
        .issuer_family
        .iter()
        .any(|family| issuer.contains(family.as_str()));
    let issuer = shown(issuer);
    match is_of_family {
        true => passed(
            "issuer",
            format!("発行者は「{issuer}」です。"),
            format!("Its issuer is '{issuer}'."),
        ),
        false => failed(
            "issuer",
            format!("発行者が「{issuer}」です。この業務の認証局ではありません。"),
            format!("Its issuer is '{issuer}', which is not the authority of this service."),
        ),
    }
}

fn valid_now(facts: &CertificateFacts, now: Timestamp) -> Check {
    let (from, to) = (japan_date(facts.not_before), japan_date(facts.not_after));
    let today = japan_date(now);
    if now > facts.not_after {
        return failed(
            "dates",
            format!("有効期限({to})が切れています。今日は{today}です。"),
            format!("It expired on {to}; today is {today}."),
        );
    }
    if today < from {
        return failed(
            "dates",
            format!(
                "有効期間({from}から)がまだ始まっていません。このPCの日付({today})を確かめてください。"
            ),
            format!("Its validity starts on {from}; see that this PC's date ({today}) is right."),
        );
    }
    passed(
        "dates",
        format!("有効期間中です({from}~{to})。"),
        format!("It is valid ({from} to {to})."),
    )
}

fn name(facts: &CertificateFacts, letter: &Issuance) -> Check {
    let found = facts.subject_common_name.as_deref().unwrap_or_default();
    let code = letter.institution_code.as_str();
    let is_the_letters = found == code;
    let found = shown(found);
    match is_the_letters {
        true => passed(
            "name",
            format!("名前は通知書の発行先({code})と同じです。"),
            format!("Its name is the letter's institution code ({code})."),
        ),
        false => failed(
            "name",
            format!("名前が「{found}」で、通知書の発行先({code})と違います。"),
            format!("Its name is '{found}', not the letter's institution code ({code})."),
        ),
    }
}

fn validity(facts: &CertificateFacts, letter: &Issuance) -> Check {
    let printed = (letter.validity.from(), letter.validity.to());
    let in_japan = (japan_date(facts.not_before), japan_date(facts.not_after));
    let in_utc = (utc_date(facts.not_before), utc_date(facts.not_after));
    let agrees = |printed: Date, japan: Date, utc: Date| printed == japan || printed == utc;
    let (from, to) = in_japan;
    if in_japan == printed {
        passed(
            "validity",
            "有効期間は通知書と同じです。",
            "Its validity is the letter's.",
        )
    } else if agrees(printed.0, in_japan.0, in_utc.0) && agrees(printed.1, in_japan.1, in_utc.1) {
        noted(
            "validity-in-utc",
            format!("有効期間は世界時で数えると通知書と同じです(日本の日付では{from}~{to})。"),
            format!("Its validity is the letter's when counted in UTC (in Japan: {from} to {to})."),
        )
    } else {
        failed(
            "validity",
            format!(
                "有効期間が{from}~{to}で、通知書({}~{})と違います。",
                printed.0, printed.1
            ),
            format!(
                "Its validity is {from} to {to}, not the letter's {} to {}.",
                printed.0, printed.1
            ),
        )
    }
}

fn utc_date(instant: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(instant).date()
}

/// A name from a certificate, fit for a terminal: whoever made the file chose its characters.
fn shown(name: &str) -> String {
    let is_plain = |c: &char| !c.is_control() && !is_bidi_control(*c);
    let mut characters = name.chars().filter(is_plain);
    let mut shown: String = characters.by_ref().take(MAX_SHOWN).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What is unusual without making the file useless.
fn remarks(leaf: &Party<'_>, public: &PublicKey, container: &Container) -> Vec<Check> {
    let mut remarks = Vec::new();
    if let Ok(Some(usage)) = leaf.x509.extended_key_usage()
        && !usage.value.client_auth
        && !usage.value.any
    {
        remarks.push(noted(
            "not-for-clients",
            "証明書の用途に「クライアント認証」がありません。",
            "The certificate is not marked for client authentication.",
        ));
    }
    if let Some(bits) = public.rsa_bits
        && bits < WEAK_RSA_BITS
    {
        remarks.push(noted(
            "weak-key",
            format!("鍵が{bits}ビットで、短すぎます。"),
            format!("Its key has {bits} bits, which is too short."),
        ));
    }
    let trailing = container.trailing;
    if trailing > 0 {
        remarks.push(noted(
            "trailing-bytes",
            format!("ファイルの終わりに余分な{trailing}バイトがあります。"),
            format!("{trailing} bytes follow the end of the file's contents."),
        ));
    }
    remarks
}

fn passed(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Check {
    check_with(code, Outcome::Passed, ja, en)
}

fn failed(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Check {
    check_with(code, Outcome::Failed, ja, en)
}

fn noted(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Check {
    check_with(code, Outcome::Noted, ja, en)
}

fn check_with(
    code: &'static str,
    outcome: Outcome,
    ja: impl Into<String>,
    en: impl Into<String>,
) -> Check {
    Check {
        code,
        outcome,
        text: Text::new(ja, en),
    }
}

/// Characters of a name in a message.
const MAX_SHOWN: usize = 80;
const WEAK_RSA_BITS: usize = 2048;
