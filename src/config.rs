//! What may be changed without a new program: hosts, labels, rules, limits, policy.
//!
//! Every default is a fact of the field with its number in the facts list, or a limit chosen here. The file
//! is TOML; a key that noticert does not know is an error that names the nearest known one, because a
//! misspelt rule would otherwise be ignored in silence.

mod phrases;

use std::path::PathBuf;

use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;

use crate::domain::edit_distance;

pub use phrases::{Meaning, Phrase};

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The retrieval site.
    pub site: Site,
    /// Labels on the letter.
    pub letter: LetterLabels,
    /// Labels on the site's form.
    pub form: FormLabels,
    /// Sentences of the site beyond those that come with the program.
    pub phrases: Vec<Phrase>,
    /// What the certificate must look like.
    pub certificate: Certificate,
    /// Rules between the dates.
    pub rules: Rules,
    /// Bounds on what is read or received.
    pub limits: Limits,
    /// How much a person confirms.
    pub policy: Policy,
    /// Where certificates go.
    pub install: Install,
    /// What the doctor looks for.
    pub doctor: Doctor,
    /// How long sealed values are kept.
    pub custody: Custody,
}

/// The retrieval site.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// Address of the retrieval page (fact 19).
    pub url: String,
}

/// The words that mark each row of the letter (fact 12), each with the spellings to accept.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct LetterLabels {
    /// 発行者
    pub issuer: Vec<String>,
    /// 発行先
    pub institution_code: Vec<String>,
    /// 端末名称
    pub terminal_name: Vec<String>,
    /// リクエストID
    pub request_id: Vec<String>,
    /// リファレンスID
    pub reference_id: Vec<String>,
    /// 有効期間
    pub validity: Vec<String>,
    /// 有効期限
    pub retrieval_deadline: Vec<String>,
    /// What the letter's reference IDs consist of. No source says (domain fact list, "not known"): a site that has seen
    /// its letters may.
    pub reference_id_alphabet: ReferenceIdAlphabet,
}

/// What reference IDs consist of. What is known to be absent need not be told from what looks like it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceIdAlphabet {
    /// Nobody has said: every look-alike counts.
    #[default]
    Unknown,
    /// Digits and capitals, no small letters.
    CapitalsAndDigits,
}

/// The words beside the inputs of the site's form (fact 20).
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct FormLabels {
    /// リクエストID
    pub request_id: Vec<String>,
    /// リファレンスID
    pub reference_id: Vec<String>,
    /// 証明書パスワード
    pub password: Vec<String>,
    /// 証明書パスワード(確認用)
    pub password_again: Vec<String>,
    /// ダウンロード
    pub submit: Vec<String>,
    /// Words of forms that are never submitted: 失効.
    pub never: Vec<String>,
}

/// What the certificate must look like.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Certificate {
    /// Substrings of the issuer's common name, one of which must be there (fact 2).
    pub issuer_family: Vec<String>,
    /// Substrings of the common name of the authority before it, whose certificates still lie around (fact 3).
    pub former_family: Vec<String>,
}

/// Where certificates go.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Install {
    /// The Windows accounts whose stores are filled unasked, and no other's. Where none is named, a person is
    /// asked unless it is the account of a terminal (fact 36).
    pub accounts: Vec<String>,
}

/// Rules between the dates of a letter (fact 14).
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Days from the start of validity to the site's deadline.
    pub deadline_days: i32,
    /// Years of validity.
    pub validity_years: i32,
    /// Months of validity beside the years.
    pub validity_months: i32,
}

impl Rules {
    /// The site's deadline for a validity that starts on `from`; `None` beyond the calendar.
    pub fn retrieval_deadline(&self, from: Date) -> Option<Date> {
        from.checked_add(Span::new().try_days(self.deadline_days).ok()?)
            .ok()
    }

    /// The last day of a validity that starts on `from`; `None` beyond the calendar.
    pub fn validity_end(&self, from: Date) -> Option<Date> {
        let span = Span::new()
            .try_years(self.validity_years)
            .ok()?
            .try_months(self.validity_months)
            .ok()?;
        from.checked_add(span).ok()
    }
}

/// What the doctor looks for on a terminal and its line.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Doctor {
    /// The account of an オンライン資格確認 terminal (fact 36).
    pub account: String,
    /// Names that prove the line (fact 46); of each row one has to have an address.
    pub names: Vec<Vec<String>>,
    /// The host of revocation lists (fact 46); empty for none.
    pub revocation_host: String,
    /// The distribution report that names the face-recognition library's version, or a folder that holds it (fact 38).
    pub distribution_report: String,
    /// The lowest good version of the face-recognition library (fact 34).
    pub face_library: String,
    /// Folders in which the authority's own client can be found (fact 31).
    pub mpki_client: Vec<String>,
}

/// Bounds that keep a hostile or broken file from taking the machine down.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Megapixels of one page.
    pub megapixels_per_page: u32,
    /// Pages read of one file.
    pub pages_per_file: u32,
    /// Megabytes of one input file.
    pub megabytes_per_file: u32,
    /// Kilobytes of one answer of the site.
    pub answer_kilobytes: u32,
    /// Seconds without a single byte from the site; after the POST 20 and more are honest.
    pub silence_seconds: u32,
    /// Key-derivation rounds of a `.p12` that are still believed.
    pub key_derivation_rounds: u32,
}

/// How much a person confirms.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Which fields a person keys.
    pub review: ReviewPolicy,
}

/// Which fields a person keys.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewPolicy {
    /// Only those that the judge did not accept.
    #[default]
    Exceptions,
    /// Both IDs of every sheet, without seeing the reading first.
    BlindAll,
}

/// How long sealed values are kept.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Custody {
    /// How long pictures of the letter are kept.
    pub crops: CropPolicy,
}

/// How long pictures of the letter are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum CropPolicy {
    /// Until the certificate is backed up and its password is elsewhere too.
    #[default]
    UntilBackedUp,
    /// For good.
    Always,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The text is no such configuration.
    #[error("the configuration is not usable")]
    Invalid {
        /// An unknown key's nearest known neighbour, where there is one.
        suggestion: Option<String>,
        /// Line and key.
        #[source]
        source: Box<toml::de::Error>,
    },
}

impl Config {
    /// Reads TOML; what it does not name keeps its default.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|source| ConfigError::Invalid {
            suggestion: nearest_key(source.message()),
            source: Box::new(source),
        })
    }
}

impl Default for Site {
    fn default() -> Self {
        Self {
            url: "https://cert.obn.managedpki.ne.jp/p/rcd".to_owned(),
        }
    }
}

impl Default for LetterLabels {
    fn default() -> Self {
        Self {
            issuer: owned(&["発行者", "Issuer"]),
            institution_code: owned(&[
                "発行先",
                "医療機関コード",
                "医療機関等コード",
                "医療機関番号",
                "保険医療機関コード",
                "保険医療機関番号",
                "Institution code",
            ]),
            terminal_name: owned(&["端末名称", "端末名称等", "端末名", "Terminal name"]),
            request_id: owned(&[
                "電子証明書ダウンロードサイトリクエストID",
                "リクエストID",
                "Request ID",
            ]),
            reference_id: owned(&[
                "電子証明書ダウンロードサイトリファレンスID",
                "リファレンスID",
                "Reference ID",
            ]),
            validity: owned(&[
                "電子証明書有効期間",
                "証明書有効期間",
                "有効期間",
                "有効期間開始日",
                "有効期間開始",
                "有効期間終了日",
                "有効期間終了",
                "有効期間満了日",
                "Validity",
            ]),
            retrieval_deadline: owned(&[
                "電子証明書ダウンロードサイト有効期限",
                "ダウンロードサイト有効期限",
                "ダウンロード期限",
                "ダウンロード可能期限",
                "証明書ダウンロード期限",
                "電子証明書取得期限",
                "取得期限",
            ]),
            reference_id_alphabet: ReferenceIdAlphabet::default(),
        }
    }
}

impl Default for FormLabels {
    fn default() -> Self {
        Self {
            request_id: owned(&[
                "リクエストID",
                "リクエスト番号",
                "Request ID",
                "Request number",
            ]),
            reference_id: owned(&[
                "リファレンスID",
                "リファレンス番号",
                "レファレンスID",
                "レファレンス番号",
                "Reference ID",
                "Reference number",
            ]),
            password: owned(&[
                "証明書パスワード",
                "証明書のパスワード",
                "証明書用パスワード",
                "証明書保護パスワード",
                "証明書ファイルのパスワード",
                "証明書に設定するパスワード",
                "Certificate password",
                "Password for the certificate",
            ]),
            password_again: owned(&[
                "証明書パスワード(確認用)",
                "証明書パスワード確認",
                "パスワード(確認)",
                "Confirm password",
            ]),
            submit: owned(&["ダウンロード", "取得", "Download"]),
            never: owned(&["失効", "Revoke", "Revocation"]),
        }
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self {
            issuer_family: owned(&["Online Billing NW Common Root"]),
            former_family: owned(&["オンライン請求システム専用認証局", "Online Billing System"]),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            deadline_days: 180,
            validity_years: 3,
            validity_months: 3,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            megapixels_per_page: 120,
            pages_per_file: 2_000,
            megabytes_per_file: 1_024,
            answer_kilobytes: 4_096,
            silence_seconds: 60,
            key_derivation_rounds: 10_000_000,
        }
    }
}

impl Default for Doctor {
    fn default() -> Self {
        Self {
            account: "OQSComApp".to_owned(),
            names: vec![
                owned(&["www.lineauth.mnw"]),
                owned(&["assv.asc.flets-east.jp", "assv.asc.flets-west.jp"]),
                owned(&["hweb.oqs-st.onshikaku.org"]),
                owned(&["pweb.base.oqs-pdl.org"]),
                owned(&["ntp.base.oqs-pdl.org"]),
            ],
            revocation_host: "crldownload.obn.managedpki.ne.jp".to_owned(),
            distribution_report: r"C:\ProgramData\OQS".to_owned(),
            face_library: "2.1.0".to_owned(),
            mpki_client: owned(&[
                r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs",
                r"C:\Program Files\Cybertrust",
                r"C:\Program Files (x86)\Cybertrust",
            ]),
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The known key nearest to the unknown one that serde's message names.
fn nearest_key(message: &str) -> Option<String> {
    let characters = |text: &str| text.chars().collect::<Vec<char>>();
    let mut names = message.split('`').skip(1).step_by(2);
    message.starts_with("unknown field").then_some(())?;
    let unknown = names.next()?;
    names
        .map(|known| {
            (
                edit_distance(&characters(unknown), &characters(known)),
                known,
            )
        })
        .min()
        .filter(|(distance, known)| *distance <= known.chars().count() / 2)
        .map(|(_, known)| known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_its_nearest_neighbour() {
        let error = Config::parse("[rules]\ndeadline_day = 30\n").unwrap_err();
        let ConfigError::Invalid { suggestion, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(suggestion.as_deref(), Some("deadline_days"));
    }

    #[test]
    fn what_a_file_does_not_name_keeps_its_default() {
        let config = Config::parse("[policy]\nreview = \"blind-all\"\n").unwrap();
        assert_eq!(config.policy.review, ReviewPolicy::BlindAll);
        assert_eq!(config.rules, Rules::default());
        assert_eq!(Config::parse("").unwrap(), Config::default());
        let config = "[letter]\nreference_id_alphabet = \"capitals-and-digits\"\n";
        assert_eq!(
            Config::parse(config).unwrap().letter.reference_id_alphabet,
            ReferenceIdAlphabet::CapitalsAndDigits
        );
    }

    #[test]
    fn the_samples_dates_obey_the_default_rules() {
        let rules = Rules::default();
        let start = Date::constant(2021, 3, 10);
        assert_eq!(rules.validity_end(start), Some(Date::constant(2024, 6, 10)));
        assert_eq!(
            rules.retrieval_deadline(start),
            Some(Date::constant(2021, 9, 6))
        );
    }
}
