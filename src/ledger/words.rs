//! How domain words stand in an event's JSON.
//!
//! The domain knows no serde, so that no secret can be written by accident; what may be written is said here, word
//! by word. A value that does not parse is refused without being repeated.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{self, ConfirmedBy, Field, Status};

/// A remark for people beside its stable code.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Remark {
    /// Stable, for programs.
    pub code: String,
    /// 日本語
    pub ja: String,
    /// English
    pub en: String,
}

impl Remark {
    /// A remark of the ledger itself.
    pub fn new(code: &str, ja: &str, en: &str) -> Self {
        Self {
            code: code.to_owned(),
            ja: ja.to_owned(),
            en: en.to_owned(),
        }
    }

    /// The sentences.
    pub fn text(&self) -> domain::Text {
        domain::Text::new(&self.ja, &self.en)
    }
}

impl From<&domain::Problem> for Remark {
    fn from(problem: &domain::Problem) -> Self {
        Self::new(problem.code, &problem.text.ja, &problem.text.en)
    }
}

impl From<&domain::Doubt> for Remark {
    fn from(doubt: &domain::Doubt) -> Self {
        Self::new(doubt.code, &doubt.text.ja, &doubt.text.en)
    }
}

/// SHA-256 of a file, as 64 hexadecimal digits in JSON.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct FileHash(pub [u8; 32]);

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&domain::hexadecimal(&self.0))
    }
}

impl FromStr for FileHash {
    type Err = domain::FingerprintError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        // The same 64 digits as a fingerprint's.
        s.parse::<domain::Fingerprint>()
            .map(|digits| Self(*digits.as_bytes()))
    }
}

/// One value per field, by the field's stable name.
pub type PerField<T> = BTreeMap<FieldName, T>;

/// A field as a key in JSON.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FieldName(pub Field);

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Field::ALL
            .into_iter()
            .find(|field| field.name() == name)
            .map(Self)
            .ok_or_else(|| D::Error::custom("no field of this name"))
    }
}

/// `accepted | review | rejected`.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Status", rename_all = "kebab-case")]
pub(super) enum StatusWord {
    Accepted,
    Review,
    Rejected,
}

/// `person | judge`.
#[derive(Deserialize, Serialize)]
#[serde(remote = "ConfirmedBy", rename_all = "kebab-case")]
pub(super) enum ConfirmedByWord {
    Person,
    Judge,
}

/// A word that prints and parses itself.
pub(super) mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom(super::UNFIT))
    }
}

/// A word that prints and parses itself, or null.
pub(super) mod as_optional_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| text.parse().map_err(|_| D::Error::custom(super::UNFIT)))
            .transpose()
    }
}

const UNFIT: &str = "not a value of this kind";
