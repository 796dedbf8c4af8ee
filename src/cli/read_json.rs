//! `noticert.read/1`: what `read --json` prints. The schema is a contract; other programs parse it.

use serde_json::{Value, json};

use crate::domain::{
    Field, FieldReading, IssuanceReading, Language, PageWithoutNotice, Part, UnreadFile,
};

/// The whole answer of one `read`.
pub fn read_json(
    sheets: &[IssuanceReading],
    pages_without_notice: &[PageWithoutNotice],
    files_not_read: &[UnreadFile],
    mask: bool,
    language: Language,
) -> Value {
    json!({
        "schema": "noticert.read/1",
        "sheets": sheets.iter().map(|sheet| sheet_json(sheet, mask, language)).collect::<Vec<_>>(),
        "pages_without_notice": pages_without_notice.iter().map(|page| with_part(json!({
            "source": page.source,
            "page": page.page,
            "code": page.code,
            "reason": page.reason.in_language(language),
        }), page.part)).collect::<Vec<_>>(),
        "files_not_read": files_not_read.iter().map(|file| json!({
            "source": file.source,
            "reason": file.reason.in_language(language),
        })).collect::<Vec<_>>(),
    })
}

fn sheet_json(sheet: &IssuanceReading, mask: bool, language: Language) -> Value {
    // The caller of `read --json` asked for the IDs in clear; `--mask` hides them.
    let shown = |id: &str| match mask {
        true => "*".repeat(id.chars().count()),
        false => id.to_owned(),
    };
    let fields = json!({
        (Field::Issuer.name()): field_json(&sheet.issuer, String::clone, language),
        (Field::InstitutionCode.name()): field_json(&sheet.institution_code, ToString::to_string, language),
        (Field::TerminalName.name()): field_json(&sheet.terminal_name, ToString::to_string, language),
        (Field::RequestId.name()): field_json(&sheet.request_id, |id| shown(id.as_str()), language),
        (Field::ReferenceId.name()): field_json(&sheet.reference_id, |id| shown(id.expose()), language),
        (Field::ValidFrom.name()): field_json(&sheet.valid_from, ToString::to_string, language),
        (Field::ValidTo.name()): field_json(&sheet.valid_to, ToString::to_string, language),
        (Field::RetrievalDeadline.name()): field_json(&sheet.retrieval_deadline, ToString::to_string, language),
    });
    let sheet_of_page = json!({
        "source": sheet.source,
        "page": sheet.page,
        "index": sheet.index,
        "status": sheet.status.name(),
        "fields": fields,
        "problems": sheet.problems.iter().map(|problem| json!({
            "code": problem.code,
            "text": problem.text.in_language(language),
        })).collect::<Vec<_>>(),
    });
    with_part(sheet_of_page, sheet.part)
}

/// Names the sheet where one page of the file shows several; ordinary pages have no such key.
fn with_part(mut value: Value, part: Option<Part>) -> Value {
    if let (Value::Object(keys), Some(part)) = (&mut value, part) {
        keys.insert("part".to_owned(), part.name().into());
    }
    value
}

fn field_json<T>(
    field: &FieldReading<T>,
    shown: impl Fn(&T) -> String,
    language: Language,
) -> Value {
    json!({
        "value": field.value.as_ref().map(shown),
        "confidence": rounded(field.confidence),
        "status": field.status.name(),
        "characters": field.characters.iter().map(|c| rounded(c.confidence)).collect::<Vec<_>>(),
        "doubts": field.doubts.iter().map(|doubt| json!({
            "code": doubt.code,
            "text": doubt.text.in_language(language),
        })).collect::<Vec<_>>(),
    })
}

fn rounded(confidence: f32) -> f64 {
    (f64::from(confidence.clamp(0.0, 1.0)) * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_several_sheets_names_the_sheet() {
        assert_eq!(with_part(json!({"page": 1}), None), json!({"page": 1}));
        let right = Part {
            number: 2,
            of: 2,
            beside: true,
        };
        let expected = json!({"page": 1, "part": "right"});
        assert_eq!(with_part(json!({"page": 1}), Some(right)), expected);
        let third = Part {
            number: 3,
            of: 3,
            beside: false,
        };
        assert_eq!(with_part(json!({}), Some(third))["part"], "3/3");
    }
}
