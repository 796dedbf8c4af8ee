//! Why nothing may be sent to a page of the site, in words.

use crate::domain::Text;
use crate::retrieval::page::{FieldSeen, Role, UnknownReason};

/// What is wrong with the page, as a part of a sentence. With `captions` what the page itself says at that place is named,
/// which is only for pages that came before anything was sent.
pub fn reason(reason: &UnknownReason, captions: bool) -> Text {
    let text = match reason {
        UnknownReason::NoForm => plain("フォームがありません", reason),
        UnknownReason::InFrames => plain(
            "枠（フレーム）に分かれた画面で、このサイトの枠の中に取得のフォームがありません",
            reason,
        ),
        UnknownReason::ScriptOnly => plain("スクリプトだけで動く画面です", reason),
        UnknownReason::MissingField { role } => about(*role, "の欄が見つかりません", reason),
        UnknownReason::FieldTwice { role } => about(*role, "の欄が二つ以上あります", reason),
        UnknownReason::AmbiguousCaption { .. } => {
            plain("どの欄のことか決められない見出しがあります", reason)
        }
        UnknownReason::UnknownField { .. } => plain("ほかの入力を求めています", reason),
        UnknownReason::NeedsConsent { .. } => plain("同意や選択を求めています", reason),
        UnknownReason::UnusableField { role } => about(*role, "の欄に入力できません", reason),
        UnknownReason::FieldTooShort {
            role,
            takes,
            needed,
        } => about(
            *role,
            &format!("の欄は{takes}文字までです。{needed}文字を入れると切れてしまいます"),
            reason,
        ),
        UnknownReason::FieldTooLong { role, demands } => about(
            *role,
            &format!("の欄は{demands}文字以上を求めています"),
            reason,
        ),
        UnknownReason::AgainstPattern { role } => about(
            *role,
            "の欄が求める形に値が合いません。読み違いがないか確かめてください",
            reason,
        ),
        UnknownReason::NoButton => plain("ダウンロードのボタンと分かるものがありません", reason),
        UnknownReason::SeveralButtons => plain(
            "ダウンロードのボタンになりそうなものが二つ以上あります",
            reason,
        ),
        UnknownReason::ScriptedSubmit => plain("送信の内容をスクリプトが変える画面です", reason),
        UnknownReason::SentByGet => plain("入力したものがアドレスに載ってしまう画面です", reason),
        UnknownReason::OtherHost { host } => {
            plain(&format!("送信先が別のサイト（{host}）です"), reason)
        }
        UnknownReason::NotHttps => plain("送信先が https ではありません", reason),
        UnknownReason::BadAction => plain("送信先のアドレスが正しくありません", reason),
        UnknownReason::UnknownEncoding => plain("送り方の指定が分かりません", reason),
        UnknownReason::OtherPurpose => plain(
            "ダウンロードではない手続き（失効・更新・取り消しなど）の画面です",
            reason,
        ),
        UnknownReason::SeveralForms => plain("あてはまるフォームが二つ以上あります", reason),
        UnknownReason::TooLarge => plain("画面が大きすぎます", reason),
    };
    match (captions, first_caption(reason)) {
        (true, Some(caption)) => Text::new(
            format!("{}「{caption}」", text.ja),
            format!("{}: {caption}", text.en),
        ),
        _ => text,
    }
}

/// Which of the four fields a page has that is not understood, and which it has not, as sentences; empty where it has
/// no field at all.
pub fn fields(seen: &[FieldSeen]) -> Text {
    if seen.is_empty() {
        return Text::new("", "");
    }
    let found = seen.iter().filter_map(|field| field.role).map(field);
    let missing = FieldSeen::missing(seen).map(field);
    let (found, missing) = (listed(found), listed(missing));
    let others = seen.iter().filter(|field| field.role.is_none()).count();
    let (others_ja, others_en) = match others {
        0 => (String::new(), String::new()),
        others => (
            format!("ほかの欄: {others}。"),
            format!(" Other fields: {others}."),
        ),
    };
    Text::new(
        format!(
            "見つかった欄: {}。見つからない欄: {}。{others_ja}",
            found.ja, missing.ja
        ),
        format!(
            "Fields found: {}. Fields missing: {}.{others_en}",
            found.en, missing.en
        ),
    )
}

fn listed(names: impl Iterator<Item = Text>) -> Text {
    let (ja, en): (Vec<String>, Vec<String>) = names.map(|name| (name.ja, name.en)).unzip();
    match ja.is_empty() {
        true => Text::new("なし", "none"),
        false => Text::new(ja.join("、"), en.join(", ")),
    }
}

/// The name of one of the four fields.
pub fn field(role: Role) -> Text {
    match role {
        Role::RequestId => Text::new("リクエストID", "request ID"),
        Role::ReferenceId => Text::new("リファレンスID", "reference ID"),
        Role::Password => Text::new("証明書パスワード", "certificate password"),
        Role::PasswordAgain => {
            Text::new("証明書パスワード（確認用）", "certificate password again")
        }
    }
}

/// The captions that a reason names.
pub fn captions(reason: &UnknownReason) -> &[String] {
    match reason {
        UnknownReason::AmbiguousCaption { captions }
        | UnknownReason::UnknownField { captions }
        | UnknownReason::NeedsConsent { captions } => captions,
        _ => &[],
    }
}

fn first_caption(reason: &UnknownReason) -> Option<String> {
    let caption = captions(reason)
        .iter()
        .find(|caption| !caption.trim().is_empty())?;
    let shown = caption.chars().filter(|c| !c.is_control());
    Some(shown.take(LONGEST_CAPTION).collect())
}

fn plain(ja: &str, reason: &UnknownReason) -> Text {
    Text::new(ja, reason.to_string())
}

fn about(role: Role, ja: &str, reason: &UnknownReason) -> Text {
    Text::new(format!("{}{ja}", field(role).ja), reason.to_string())
}

/// Characters of a caption at most.
const LONGEST_CAPTION: usize = 60;
