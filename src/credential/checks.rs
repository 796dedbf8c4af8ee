//! The checks on an opened container, each with its sentence.
//!
//! Dates are compared as days in Japan, which is how the letter prints them. Where a day differs only
//! because the authority counted in UTC, that is noted and not held against the file.

mod parties;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretBox};

use self::parties::{Chain, Party, chain, end_entity, parties};
use super::container::Container;
use super::key::{self, PublicKey};
use super::mac::MacScheme;
use super::{Check, CredentialError, Expected, FOREIGN_CERTIFICATES, Outcome};
use crate::domain::{CertificateFacts, Issuance, KeyMaterial, Text, japan_date};

/// What the checks found.
pub(super) struct Findings {
    pub(super) checks: Vec<Check>,
    pub(super) facts: Option<CertificateFacts>,
    pub(super) material: Option<KeyMaterial>,
    /// Whether the file holds certificates that are no part of `material`.
    pub(super) has_others: bool,
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
        has_others: false,
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
    let chain = chain(leaf, &parties);
    let others = others(&chain);
    findings.checks.push(chain.check);
    findings.checks.extend(others);
    findings.checks.push(issuer_family(&facts, expected));
    findings.checks.push(valid_now(&facts, now));
    if let Some(letter) = expected.letter {
        findings.checks.extend(of_letter(&facts, letter));
    }
    findings.checks.extend(remarks(leaf, &public, container));
    findings.facts = Some(facts);
    findings.has_others = chain.left_out > 0;
    findings.material = Some(KeyMaterial {
        end_entity: leaf.bag.der.clone(),
        chain: chain.above,
        // The key changes hands, from the container to the material that an installer takes.
        private_key: SecretBox::new(Box::new(key_bag.pkcs8.expose_secret().clone())),
    });
    Ok(findings)
}

/// The checks of a certificate against the letter that it was issued on.
pub(super) fn of_letter(facts: &CertificateFacts, letter: &Issuance) -> [Check; 2] {
    [name(facts, letter), validity(facts, letter)]
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
    let opens = passed(
        "opens",
        format!("証明書パスワードで開きました({ciphers})。"),
        format!("The certificate password opens it ({ciphers})."),
    );
    let mac = match container.mac.as_ref().map(MacScheme::name) {
        Some(name) => passed(
            "mac",
            format!("検査値が合い、作られたときのままです({name})。"),
            format!("Its check value holds: it is as it was made ({name})."),
        ),
        // What is in it proves itself as far as it goes: the key by its certificate, that by its issuer's signature.
        None => noted(
            "no-mac",
            "検査値がありません。取得サイトから受け取ったままのファイルではないかもしれません。",
            "It carries no check value: it may not be the file as the site sent it.",
        ),
    };
    vec![opens, mac]
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

/// A word about certificates that no store will get. Where the chain fails, nothing is installed at all.
fn others(chain: &Chain) -> Option<Check> {
    let count = chain.left_out;
    (count > 0 && chain.check.outcome != Outcome::Failed).then(|| {
        noted(
            FOREIGN_CERTIFICATES,
            format!(
                "端末の証明書の発行者と確かめられない証明書が、ほかに{count}枚入っています。それらはどのストアにも入れません。"
            ),
            format!(
                "The file holds {count} more certificates that are not shown to be issuers of the terminal's own. They do not go into any store."
            ),
        )
    })
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
    if let Ok(Some(usage)) = leaf.x509.key_usage()
        && !usage.value.digital_signature()
    {
        remarks.push(noted(
            "not-for-signing",
            "証明書の鍵の用途に「デジタル署名」がありません。つながらないことがあります。",
            "The certificate's key is not marked for digital signatures: it may not connect.",
        ));
    }
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
