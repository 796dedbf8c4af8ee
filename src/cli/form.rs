//! What was understood of the retrieval page's form, printed without the values that it carries.

use serde_json::{Value, json};

use crate::doctor::PageFinding;
use crate::domain::Text;
use crate::explain::page::{captions, field as title, reason as told};
use crate::retrieval::page::{
    Carried, Encoding, FieldSeen, FieldShape, RetrievalForm, Role, masked_address,
};
use crate::retrieval::{Reach, RetrievalError};

use super::Session;
use super::doctor::print;

/// For people.
pub fn show(session: &Session, page: &PageFinding) {
    let say = |ja: String, en: String| print(session.text(&Text::new(ja, en)));
    match page {
        PageFinding::Understood(reach) => {
            let Reach { url, form, .. } = reach.as_ref();
            say(
                "■ フォームの読み取り".into(),
                "■ the form as understood".into(),
            );
            let url = masked_address(url);
            say(format!("  画面   {url}"), format!("  page     {url}"));
            let (action, encoding) = (masked_address(form.action()), encoding(form));
            let charset = form.charset();
            say(
                format!("  送信先 POST {action}（{encoding}、{charset}）"),
                format!("  sent to  POST {action} ({encoding}, {charset})"),
            );
            for field in form.fields() {
                let (name, caption) = (&field.name, &field.caption);
                let length = field
                    .max_length
                    .map_or_else(String::new, |n| format!(", maxlength {n}"));
                let role = title(field.role);
                say(
                    format!(
                        "  入力欄 {} ← 「{caption}」（name=\"{name}\"{length}）",
                        role.ja
                    ),
                    format!(
                        "  field    {} ← “{caption}” (name=\"{name}\"{length})",
                        role.en
                    ),
                );
            }
            for carried in form.carried() {
                let (name, length) = (carried.name, carried.length);
                say(
                    format!("  そのまま送る値 name=\"{name}\"（{length}文字、伏せています）"),
                    format!("  carried  name=\"{name}\" ({length} characters, masked)"),
                );
            }
            say(
                format!("  ボタン 「{}」", form.button()),
                format!("  button   “{}”", form.button()),
            );
        }
        PageFinding::Failed(RetrievalError::NotUnderstood { reason, fields, .. }) => {
            say(
                "■ フォームの読み取り".into(),
                "■ the form as understood".into(),
            );
            let Text { ja, en } = told(reason, false);
            say(
                format!("  フォームとして読み取れません（{ja}）"),
                format!("  not understood: {en}"),
            );
            for field in fields {
                let (name, caption) = (&field.name, &field.caption);
                let role = field
                    .role
                    .map_or_else(|| Text::new("（不明）", "(unknown)"), title);
                say(
                    format!("  入力欄 {} ← 「{caption}」（name=\"{name}\"）", role.ja),
                    format!("  field    {} ← “{caption}” (name=\"{name}\")", role.en),
                );
            }
            for role in FieldSeen::missing(fields).map(title) {
                say(
                    format!("  見つからない入力欄 {}", role.ja),
                    format!("  missing  {}", role.en),
                );
            }
            for caption in captions(reason) {
                say(
                    format!("  見出し 「{caption}」"),
                    format!("  caption  “{caption}”"),
                );
            }
        }
        PageFinding::Failed(_) | PageFinding::NotAsked => say(
            "フォームは開けませんでした（上の ✗ を先に）。".into(),
            "The form was not opened: see the ✗ above.".into(),
        ),
    }
}

/// For programs; nothing when the form is not understood.
pub fn json(page: &PageFinding) -> Option<Value> {
    let PageFinding::Understood(reach) = page else {
        return None;
    };
    let Reach { url, form, .. } = reach.as_ref();
    let field = |field: &FieldShape| {
        json!({
            "role": role_name(field.role),
            "name": field.name,
            "caption": field.caption,
            "max_length": field.max_length,
        })
    };
    let carried = |one: Carried<'_>| json!({"name": one.name, "length": one.length});
    Some(json!({
        "page": masked_address(url),
        "action": masked_address(form.action()),
        "encoding": encoding(form),
        "charset": form.charset(),
        "fields": form.fields().iter().map(field).collect::<Vec<_>>(),
        "carried": form.carried().map(carried).collect::<Vec<_>>(),
        "button": form.button(),
    }))
}

/// What was seen of a page that is not understood, for programs; nothing when it is, or when none came.
pub fn seen_json(page: &PageFinding) -> Option<Value> {
    let PageFinding::Failed(RetrievalError::NotUnderstood { fields, status, .. }) = page else {
        return None;
    };
    let field = |field: &FieldSeen| {
        json!({
            "role": field.role.map(role_name),
            "name": field.name,
            "caption": field.caption,
        })
    };
    Some(json!({
        "status": status,
        "fields": fields.iter().map(field).collect::<Vec<_>>(),
        "missing": FieldSeen::missing(fields).map(role_name).collect::<Vec<_>>(),
    }))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::RequestId => "request-id",
        Role::ReferenceId => "reference-id",
        Role::Password => "password",
        Role::PasswordAgain => "password-again",
    }
}

fn encoding(form: &RetrievalForm) -> &'static str {
    match form.encoding() {
        Encoding::UrlEncoded => "application/x-www-form-urlencoded",
        Encoding::Multipart => "multipart/form-data",
    }
}
