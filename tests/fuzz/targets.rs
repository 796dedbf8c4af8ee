//! What reads bytes that somebody else wrote: none of it may panic, hang, or take memory without bound.

#![allow(dead_code, reason = "every fuzzing binary uses one of them")]

use std::sync::OnceLock;

use jiff::Timestamp;
use noticert::config::{Config, Limits};
use noticert::credential::{self, Expected};
use noticert::domain::{CertificatePassword, Issuance, Pkcs12, Validity};
use noticert::intake::document::Document;
use noticert::retrieval::page::{self, Source};
use noticert::retrieval::{
    AnswerEnd, KeptAnswer, SeenPage, Site, SiteOptions, judge_kept, masked_page,
};
use url::Url;

/// A page in place of the form: read, and filled in where it is a form.
///
/// The first byte chooses what the Content-Type header says.
pub fn page(bytes: &[u8]) {
    let (content_type, bytes) = chosen_type(bytes);
    let source = Source {
        bytes,
        content_type,
        url: address(),
    };
    let reading = page::read(&source, &defaults().form);
    if let page::Page::Form(form) = reading.page {
        let _print = form.fingerprint();
        let password = PASSWORD.parse().expect("four digits");
        let _refused = form.fill(issuance(), &password);
    }
}

/// An answer to the submission: judged under a status and a Content-Type, judged as a crash leaves it, and masked for the
/// support.
///
/// The first byte chooses the Content-Type as in a page; the sum of all chooses the rest, so that every mutation does.
pub fn answer(bytes: &[u8]) {
    static SITE: OnceLock<Site> = OnceLock::new();
    let site = SITE.get_or_init(|| {
        let options = SiteOptions {
            url: Some(address().to_string()),
            ..SiteOptions::default()
        };
        Site::new(options, defaults()).expect("a plain https address")
    });
    let sum = bytes
        .iter()
        .fold(0, |sum: usize, byte| sum + usize::from(*byte));
    let (content_type, bytes) = chosen_type(bytes);
    let end = AnswerEnd {
        status: STATUSES[sum % STATUSES.len()],
        content_type: content_type.map(str::to_owned),
        retry_after: None,
        bytes: bytes.len() as u64,
        whole: !sum.is_multiple_of(5),
        cookies: None,
        headers: Vec::new(),
    };
    let password = PASSWORD.parse().expect("four digits");
    for end in [None, Some(&end)] {
        let kept = KeptAnswer {
            bytes,
            form_text: "証明書の取得\nリクエストID\nリファレンスID",
            form_page: Some(address()),
            url: Some(action()),
            end,
        };
        let _judged = judge_kept(&kept, issuance(), &password, site);
    }
    let page = SeenPage {
        content_type: content_type.map(str::to_owned),
        bytes: bytes.to_vec(),
        ..SeenPage::default()
    };
    if let Some(masked) = masked_page(&page, issuance(), &password) {
        assert!(!masked.contains(REFERENCE_ID), "the mask slipped");
    }
}

/// A `.p12`: opened and checked. The limit on key derivation is low, so that the fuzzer does not fill its hours with it.
pub fn pfx(bytes: &[u8]) {
    let expected = Expected {
        letter: Some(issuance()),
        issuer_family: &defaults().certificate.issuer_family,
        key_derivation_rounds: 10_000,
    };
    let password: CertificatePassword = PASSWORD.parse().expect("four digits");
    let now = Timestamp::from_second(1_800_000_000).expect("a date of this century");
    let _refused = credential::examine(Pkcs12::received(bytes.to_vec()), &password, &expected, now);
}

/// A configuration file.
pub fn config(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _refused = Config::parse(text);
    }
}

/// A scan: every page of it.
pub fn document(bytes: &[u8]) {
    let limits = Limits {
        megapixels_per_page: 4,
        pages_per_file: 3,
        megabytes_per_file: 4,
        ..defaults().limits.clone()
    };
    if let Ok(document) = Document::from_bytes(bytes.to_vec(), "scan", &limits) {
        for _page in document.pages() {}
    }
}

fn chosen_type(bytes: &[u8]) -> (Option<&'static str>, &[u8]) {
    const TYPES: [Option<&str>; 5] = [
        None,
        Some("text/html; charset=UTF-8"),
        Some("text/html; charset=Shift_JIS"),
        Some("text/html; charset=ISO-2022-JP"),
        Some("application/x-pkcs12"),
    ];
    match bytes.split_first() {
        Some((first, rest)) if usize::from(*first) < TYPES.len() => {
            (TYPES[usize::from(*first)], rest)
        }
        _ => (None, bytes),
    }
}

fn defaults() -> &'static Config {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.get_or_init(Config::default)
}

fn address() -> &'static Url {
    static ADDRESS: OnceLock<Url> = OnceLock::new();
    ADDRESS.get_or_init(|| "https://site.invalid/p/rcd".parse().expect("an address"))
}

fn action() -> &'static Url {
    static ACTION: OnceLock<Url> = OnceLock::new();
    ACTION.get_or_init(|| "https://site.invalid/p/send".parse().expect("an address"))
}

fn issuance() -> &'static Issuance {
    static ISSUANCE: OnceLock<Issuance> = OnceLock::new();
    ISSUANCE.get_or_init(|| {
        let day = |text: &str| text.parse().expect("a day");
        Issuance {
            issuer: None,
            institution_code: "0110113719".parse().expect("a code"),
            terminal_name: None,
            request_id: "271828182845904".parse().expect("15 digits"),
            reference_id: REFERENCE_ID.parse().expect("a reference ID"),
            validity: Validity::new(day("2026-11-01"), day("2030-01-31")).expect("in order"),
            retrieval_deadline: day("2027-04-30"),
        }
    })
}

const STATUSES: [Option<u16>; 7] = [
    Some(200),
    Some(404),
    Some(429),
    Some(500),
    Some(503),
    Some(504),
    None,
];

const REFERENCE_ID: &str = "Qx7RmT4vKz";
const PASSWORD: &str = "4826";
