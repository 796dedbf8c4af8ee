//! Issuances as other programs hand them over: `noticert.issuances/1`, `noticert.read/1`, or CSV.
//!
//! Everything is folded as if a person had typed it (NFKC, blanks and hyphens dropped from IDs), then parsed
//! into domain types; a row that does not parse is named with its number and field and the others are taken.

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::config::Rules;
use crate::domain::{Field, Issuance, Validity, fold_typed};
use crate::intake::fields::dates::one_date;

/// Why a list of issuances cannot be taken at all.
#[derive(Debug, Error)]
pub enum DraftsError {
    /// Neither UTF-8 nor UTF-16 nor Shift_JIS text.
    #[error("the list is not text")]
    NotText,
    /// JSON of another shape.
    #[error("the list is not JSON of a known shape")]
    Json(#[source] serde_json::Error),
    /// JSON of a schema that this version does not know.
    #[error("the list has the unknown schema {schema:?}")]
    UnknownSchema {
        /// As stated in the file.
        schema: String,
    },
    /// Not CSV.
    #[error("the list is not CSV")]
    Csv(#[source] csv::Error),
    /// A required column is missing.
    #[error("the list has no column {column}")]
    MissingColumn {
        /// Its name.
        column: &'static str,
    },
    /// No rows.
    #[error("the list holds no issuance")]
    Empty,
}

/// Why one row is no issuance.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum RowError {
    /// A required value is missing.
    #[error("row {row}: {} is missing", field.name())]
    Missing {
        /// Row from 1.
        row: usize,
        /// Which value.
        field: Field,
    },
    /// A value is not of its field's form. Never holds the value.
    #[error("row {row}: {} has the wrong form ({reason})", field.name())]
    WrongForm {
        /// Row from 1.
        row: usize,
        /// Which value.
        field: Field,
        /// What the parse said.
        reason: String,
    },
}

/// One row of a list, as text.
pub struct Draft {
    issuer: Option<String>,
    institution_code: Option<String>,
    terminal_name: Option<String>,
    request_id: Option<String>,
    reference_id: Option<SecretString>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    retrieval_deadline: Option<String>,
}

impl Draft {
    /// The rows of a JSON or CSV file.
    pub fn parse_list(bytes: &[u8]) -> Result<Vec<Self>, DraftsError> {
        let text = decode(bytes).ok_or(DraftsError::NotText)?;
        let drafts = if text.trim_start().starts_with(['{', '[']) {
            from_json(&text)?
        } else {
            from_csv(&text)?
        };
        if drafts.is_empty() {
            return Err(DraftsError::Empty);
        }
        Ok(drafts)
    }

    /// A row from what a person typed, field by field.
    pub fn typed(
        institution_code: String,
        terminal_name: String,
        request_id: String,
        reference_id: SecretString,
        valid_from: String,
        valid_to: String,
    ) -> Self {
        Self {
            issuer: None,
            institution_code: Some(institution_code),
            terminal_name: Some(terminal_name),
            request_id: Some(request_id),
            reference_id: Some(reference_id),
            valid_from: Some(valid_from),
            valid_to: Some(valid_to),
            retrieval_deadline: None,
        }
    }

    /// The issuance that row `row` states.
    pub fn parse(&self, row: usize, rules: &Rules) -> Result<Issuance, RowError> {
        let wrong = |field, reason: &dyn std::fmt::Display| RowError::WrongForm {
            row,
            field,
            reason: reason.to_string(),
        };
        let required = |value: &Option<String>, field| {
            value
                .as_deref()
                .filter(|text| !text.trim().is_empty())
                .map(str::to_owned)
                .ok_or(RowError::Missing { row, field })
        };
        let date = |value: &Option<String>, field| -> Result<Date, RowError> {
            let text = required(value, field)?;
            one_date(&text).ok_or_else(|| wrong(field, &"not a date"))
        };

        let institution_code =
            fold_typed(&required(&self.institution_code, Field::InstitutionCode)?)
                .parse()
                .map_err(|error| wrong(Field::InstitutionCode, &error))?;
        let request_id = fold_typed(&required(&self.request_id, Field::RequestId)?)
            .parse()
            .map_err(|error| wrong(Field::RequestId, &error))?;
        // Exposed to be parsed into the secret's own type.
        let reference_id = self
            .reference_id
            .as_ref()
            .map(|text| fold_typed(text.expose_secret()))
            .filter(|text| !text.is_empty())
            .ok_or(RowError::Missing {
                row,
                field: Field::ReferenceId,
            })?
            .parse()
            .map_err(|error| wrong(Field::ReferenceId, &error))?;
        let terminal_name = match self.terminal_name.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(name) => Some(
                name.parse()
                    .map_err(|error| wrong(Field::TerminalName, &error))?,
            ),
        };
        let valid_from = date(&self.valid_from, Field::ValidFrom)?;
        let valid_to = date(&self.valid_to, Field::ValidTo)?;
        let validity =
            Validity::new(valid_from, valid_to).map_err(|error| wrong(Field::ValidTo, &error))?;
        let retrieval_deadline = match &self.retrieval_deadline {
            Some(text) if !text.trim().is_empty() => {
                date(&self.retrieval_deadline, Field::RetrievalDeadline)?
            }
            _ => rules
                .retrieval_deadline(valid_from)
                .ok_or_else(|| wrong(Field::ValidFrom, &"beyond the calendar"))?,
        };
        Ok(Issuance {
            issuer: self.issuer.clone(),
            institution_code,
            terminal_name,
            request_id,
            reference_id,
            validity,
            retrieval_deadline,
        })
    }
}

#[derive(Deserialize)]
struct Row {
    issuer: Option<String>,
    institution_code: Option<String>,
    terminal_name: Option<String>,
    request_id: Option<String>,
    reference_id: Option<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    retrieval_deadline: Option<String>,
}

impl From<Row> for Draft {
    fn from(row: Row) -> Self {
        Self {
            issuer: row.issuer,
            institution_code: row.institution_code,
            terminal_name: row.terminal_name,
            request_id: row.request_id,
            reference_id: row.reference_id.map(SecretString::from),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            retrieval_deadline: row.retrieval_deadline,
        }
    }
}

#[derive(Deserialize)]
struct Stated {
    schema: String,
}

#[derive(Deserialize)]
struct Issuances {
    issuances: Vec<Row>,
}

#[derive(Deserialize)]
struct Sheets {
    sheets: Vec<Sheet>,
}

#[derive(Deserialize)]
struct Sheet {
    fields: SheetFields,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct SheetFields {
    issuer: Value,
    institution_code: Value,
    terminal_name: Value,
    request_id: Value,
    reference_id: Value,
    valid_from: Value,
    valid_to: Value,
    retrieval_deadline: Value,
}

#[derive(Default, Deserialize)]
struct Value {
    value: Option<String>,
}

fn from_json(text: &str) -> Result<Vec<Draft>, DraftsError> {
    let stated: Stated = serde_json::from_str(text).map_err(DraftsError::Json)?;
    match stated.schema.as_str() {
        "noticert.issuances/1" => {
            let list: Issuances = serde_json::from_str(text).map_err(DraftsError::Json)?;
            Ok(list.issuances.into_iter().map(Draft::from).collect())
        }
        "noticert.read/1" => {
            let list: Sheets = serde_json::from_str(text).map_err(DraftsError::Json)?;
            Ok(list.sheets.into_iter().map(from_sheet).collect())
        }
        _ => Err(DraftsError::UnknownSchema {
            schema: stated.schema,
        }),
    }
}

fn from_sheet(sheet: Sheet) -> Draft {
    let fields = sheet.fields;
    Draft {
        issuer: fields.issuer.value,
        institution_code: fields.institution_code.value,
        terminal_name: fields.terminal_name.value,
        request_id: fields.request_id.value,
        reference_id: fields.reference_id.value.map(SecretString::from),
        valid_from: fields.valid_from.value,
        valid_to: fields.valid_to.value,
        retrieval_deadline: fields.retrieval_deadline.value,
    }
}

fn from_csv(text: &str) -> Result<Vec<Draft>, DraftsError> {
    let delimiter = match text.lines().next() {
        Some(header) if header.contains('\t') => b'\t',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(DraftsError::Csv)?.clone();
    for field in Field::ALL.into_iter().filter(|field| field.is_essential()) {
        if !header.iter().any(|column| column == field.name()) {
            return Err(DraftsError::MissingColumn {
                column: field.name(),
            });
        }
    }
    reader
        .deserialize::<Row>()
        .map(|row| row.map(Draft::from).map_err(DraftsError::Csv))
        .collect()
}

/// UTF-8 and UTF-16 by their marks, else UTF-8, else the Shift_JIS that Excel writes in Japan.
fn decode(bytes: &[u8]) -> Option<String> {
    let (encoding, bytes) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, &bytes[mark..]),
        None if std::str::from_utf8(bytes).is_ok() => (encoding_rs::UTF_8, bytes),
        None => (encoding_rs::SHIFT_JIS, bytes),
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"schema":"noticert.issuances/1","issuances":[{"institution_code":"0110113719",
        "terminal_name":"受付","request_id":"１２３４５ 67890 12345","reference_id":"ABCDE-23456",
        "valid_from":"2026-11-20","valid_to":"2030-02-20"}]}"#;

    #[test]
    fn json_is_folded_and_its_deadline_defaults_to_180_days() {
        let drafts = Draft::parse_list(JSON.as_bytes()).unwrap();
        let issuance = drafts[0].parse(1, &Rules::default()).unwrap();
        assert_eq!(issuance.request_id.as_str(), "123456789012345");
        assert_eq!(issuance.reference_id.expose(), "ABCDE23456");
        assert_eq!(issuance.retrieval_deadline, Date::constant(2027, 5, 19));
    }

    #[test]
    fn csv_with_the_same_names_is_taken_in_shift_jis_too() {
        let csv = "request_id,reference_id,institution_code,valid_from,valid_to,terminal_name\r\n\
                   123456789012345,ABCDE23456,0110113719,2026/11/20,2030/02/20,受付\r\n";
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(csv);
        let drafts = Draft::parse_list(&bytes).unwrap();
        let issuance = drafts[0].parse(1, &Rules::default()).unwrap();
        assert_eq!(issuance.terminal_name.unwrap().as_str(), "受付");
    }

    #[test]
    fn what_read_prints_is_taken() {
        let json = r#"{"schema":"noticert.read/1","sheets":[{"fields":{"request_id":{"value":"123456789012345"},
            "reference_id":{"value":null}}}],"pages_without_notice":[],"files_not_read":[]}"#;
        let drafts = Draft::parse_list(json.as_bytes()).unwrap();
        assert_eq!(
            drafts[0].parse(1, &Rules::default()).unwrap_err(),
            RowError::Missing {
                row: 1,
                field: Field::InstitutionCode
            }
        );
    }

    #[test]
    fn a_wrong_row_is_named_without_its_value() {
        let json = JSON.replace("ABCDE-23456", "AB");
        let drafts = Draft::parse_list(json.as_bytes()).unwrap();
        let error = drafts[0]
            .parse(3, &Rules::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("row 3") && error.contains("reference_id") && !error.contains("AB"),
            "{error}"
        );
    }

    #[test]
    fn lists_of_another_shape_are_refused() {
        let refused = |text: &str| Draft::parse_list(text.as_bytes()).map(|_| ()).unwrap_err();
        assert!(matches!(
            refused("{\"schema\":\"x/9\"}"),
            DraftsError::UnknownSchema { .. }
        ));
        assert!(matches!(refused("{"), DraftsError::Json(_)));
        assert!(matches!(
            refused("a,b\n1,2\n"),
            DraftsError::MissingColumn { .. }
        ));
        assert!(matches!(
            refused("{\"schema\":\"noticert.issuances/1\",\"issuances\":[]}"),
            DraftsError::Empty
        ));
    }
}
