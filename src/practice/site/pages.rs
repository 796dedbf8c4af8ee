//! The practice site's pages in wording of its own: the form in its variants, messages, and what may stand between
//! the form and the file.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

use super::PATH;
use super::desk::Session;
use super::fault::Fault;

/// The session cookie.
pub(super) const COOKIE_NAME: &str = "PRACTICESESSION";

pub(super) const BAD_IDS: &str =
    "認証に失敗しました。リクエストIDまたはリファレンスIDが正しくありません。";
pub(super) const REQUEST_ID_FORM: &str = "リクエストIDは半角数字15桁で入力してください。";
pub(super) const PASSWORD_FORM: &str = "証明書パスワードは半角数字4桁で入力してください。";
pub(super) const PASSWORDS_DIFFER: &str = "証明書パスワードと確認用の入力が一致しません。";
pub(super) const LOCKED: &str = "入力の誤りが規定回数を超えたため、この受付はロックされています。";
pub(super) const EXPIRED: &str = "この証明書の取得期限を過ぎています。新しい発行の申請が必要です。";
pub(super) const ALREADY_ISSUED: &str = "この証明書は既に取得済みです。";
pub(super) const NOT_ISSUED: &str =
    "この証明書はまだ発行されていません。発行の通知が届いてからお手続きください。";
pub(super) const CANCELLED: &str = "この発行申請は取り下げられています。";
pub(super) const REVOKED: &str = "この証明書は失効しています。";
pub(super) const UNSUPPORTED_BROWSER: &str =
    "お使いのブラウザーには対応していません。推奨環境をご確認のうえ、アクセスし直してください。";
pub(super) const MAINTENANCE: &str =
    "ただいまメンテナンス中のため、ご利用いただけません。終了予定は明朝8時です。";
pub(super) const SESSION_OVER: &str =
    "画面の有効期限が切れました。最初の画面からやり直してください。";
pub(super) const NOT_FOUND: &str = "お探しのページはありません。";
pub(super) const UNKNOWN: &str = "処理できませんでした。(E-5001)";

/// The form, with a message above it when something was wrong.
pub(super) fn form(
    session: &Session,
    error: Option<&'static str>,
    fault: Option<Fault>,
) -> Response {
    let error = error.map_or(String::new(), |text| {
        format!("<p class=\"error\">{text}</p>")
    });
    let page = variant(fault)
        .replace("{{token}}", &session.token)
        .replace("{{error}}", &error);
    let cookie = format!(
        "{COOKIE_NAME}={}; Path=/p; Secure; HttpOnly; SameSite=Lax",
        session.cookie
    );
    let headers = [(CACHE_CONTROL, "no-store".to_owned()), (SET_COOKIE, cookie)];
    match charset(fault) {
        None => (headers, Html(page)).into_response(),
        Some((label, encoding)) => {
            let page = page.replace(
                "<meta charset=\"UTF-8\">",
                &match fault {
                    Some(Fault::FormUndeclared) => String::new(),
                    _ => format!(
                        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset={label}\">"
                    ),
                },
            );
            let (bytes, _, _) = encoding.encode(&page);
            let mut response = (headers, bytes.into_owned()).into_response();
            let plain = HeaderValue::from_static("text/html");
            response.headers_mut().insert(CONTENT_TYPE, plain);
            response
        }
    }
}

fn charset(fault: Option<Fault>) -> Option<(&'static str, &'static Encoding)> {
    match fault? {
        Fault::FormShiftJis | Fault::FormUndeclared => Some(("Shift_JIS", encoding_rs::SHIFT_JIS)),
        Fault::FormEucJp => Some(("EUC-JP", encoding_rs::EUC_JP)),
        Fault::FormIso2022Jp => Some(("ISO-2022-JP", encoding_rs::ISO_2022_JP)),
        _ => None,
    }
}

/// The form page as the fault has it.
fn variant(fault: Option<Fault>) -> String {
    let replaced = |from: &str, to: &str| FORM.replacen(from, to, 1);
    let before_button = |more: &str| replaced(BUTTON, &format!("{more}{BUTTON}"));
    match fault {
        Some(Fault::FormMultipart) => {
            replaced("<form ", "<form enctype=\"multipart/form-data\" ")
        }
        Some(Fault::FormList) => FORM
            .replace("<table>", "<dl>")
            .replace("</table>", "</dl>")
            .replace("<tr><th>", "<dt>")
            .replace("</th><td>", "</dt><dd>")
            .replace("</td></tr>", "</dd>"),
        Some(Fault::FormPlaceholder) => with_fields(
            "<p><input name=\"request\" placeholder=\"リクエストID\"></p><p><input name=\"reference\" placeholder=\"リファレンスID\"></p>\
             <p><input name=\"pass1\" placeholder=\"証明書パスワード\"></p><p><input name=\"pass2\" placeholder=\"証明書パスワード（確認用）\"></p>",
        ),
        Some(Fault::FormOtherOrder) => with_fields(
            "<p>証明書パスワード <input type=\"password\" name=\"pass1\"></p><p>証明書パスワード（確認用） <input type=\"password\" name=\"pass2\"></p>\
             <p>リファレンスID <input name=\"reference\" id=\"request_id\"></p><p>リクエストID <input name=\"request\" id=\"password\"></p>",
        ),
        Some(Fault::FormLinkButton) => replaced(
            BUTTON,
            "<a href=\"javascript:document.forms[0].submit()\">ダウンロード</a>",
        ),
        Some(Fault::FormImageButton) => replaced(
            BUTTON,
            "<input type=\"image\" src=\"download.png\" alt=\"ダウンロード\">",
        ),
        Some(Fault::FormAcknowledge) => before_button(
            "<label><input type=\"checkbox\" name=\"seen\" value=\"1\" required> 上記の注意事項を確認しました</label> ",
        ),
        Some(Fault::FormTerms) => before_button(
            "<label><input type=\"checkbox\" name=\"terms\" value=\"1\" required> 利用規約に同意する</label> ",
        ),
        Some(Fault::FormCaptcha) => {
            before_button("<p>画像の文字 <input name=\"captcha\"></p>")
        }
        Some(Fault::FormScript) => {
            "<!DOCTYPE html><html><body><div id=\"app\"></div><script src=\"app.js\"></script></body></html>".to_owned()
        }
        Some(Fault::FormGet) => replaced("method=\"post\"", "method=\"get\""),
        Some(Fault::FormElsewhere) => {
            replaced(ACTION, "action=\"https://elsewhere.invalid/p/rcd/download\"")
        }
        Some(Fault::FormHttp) => replaced(ACTION, "action=\"http://127.0.0.1/p/rcd/download\""),
        Some(Fault::FormRevocation) => FORM
            .replace("証明書の取得", "証明書の失効")
            .replace("ダウンロード", "失効"),
        Some(Fault::FormCut) => {
            replaced("name=\"reference\" maxlength=\"16\"", "name=\"reference\" maxlength=\"6\"")
        }
        Some(Fault::FormTwice) => {
            let start = FORM.find("<form").unwrap_or_default();
            let end = FORM.find("</form>").map_or(start, |at| at + "</form>".len());
            let second = FORM[start..end].replace("download", "download2");
            FORM.replacen("</form>", &format!("</form>{second}"), 1)
        }
        _ => FORM.to_owned(),
    }
}

/// The form with these fields in place of its table.
fn with_fields(fields: &str) -> String {
    let start = FORM.find("<table>").unwrap_or_default();
    let end = FORM
        .find("</table>")
        .map_or(start, |at| at + "</table>".len());
    format!("{}{fields}{}", &FORM[..start], &FORM[end..])
}

/// A page that only says something.
pub(super) fn message(text: &str) -> Response {
    page(&format!("<p>{text}</p>"))
}

/// A page before the form.
pub(super) fn entrance(fault: Fault) -> Option<Response> {
    let consent = |to_what: &str, says: &str| {
        page(&format!(
            "<p>{to_what}</p><form method=\"post\" action=\"{PATH}/consent\"><input type=\"hidden\" name=\"step\" value=\"1\">\
             <label><input type=\"checkbox\" name=\"seen\" value=\"1\" required> {says}</label> <button>次へ</button></form>"
        ))
    };
    match fault {
        Fault::RefreshFirst => Some(page(&format!(
            "<meta http-equiv=\"refresh\" content=\"0; url={PATH}/form\"><p>移動します</p>"
        ))),
        Fault::ConsentFirst => Some(consent(
            "証明書パスワードは忘れないように書き留めてください。",
            "上記の注意事項を確認しました",
        )),
        Fault::TermsFirst => Some(consent(
            "利用規約を別の文書に定めます。",
            "利用規約に同意する",
        )),
        Fault::UnsupportedBrowser => Some(message(UNSUPPORTED_BROWSER)),
        _ => None,
    }
}

/// An error page of which a program repeats what was typed, each time otherwise: in pieces between tags, as entities, as
/// escapes of a script, as base64 and in an address.
pub(super) fn echo(shown: &Shown<'_>) -> Response {
    let disguised = |text: &str| {
        let each = |piece: &dyn Fn(char) -> String| text.chars().map(piece).collect::<String>();
        let entities = each(&|c| format!("&#{};", u32::from(c)));
        let hexadecimal = each(&|c| format!("&#x{:x};", u32::from(c)));
        let escapes = each(&|c| format!("\\u{:04x}", u32::from(c)));
        let percent = each(&|c| format!("%{:02X}", u32::from(c)));
        let half = text.len() / 2;
        let (first, second) = (&text[..half], &text[half..]);
        let base64 = STANDARD.encode(format!("v={text}"));
        format!(
            "<p>{entities} / <b>{first}</b><i>{second}</i> / {hexadecimal}</p>\
             <script>var shown = \"{escapes}\"; var state = \"{base64}\";</script><a name=\"{percent}\"></a>"
        )
    };
    page(&format!(
        "<p>{UNKNOWN}</p>{}{}{}",
        disguised(shown.request_id),
        disguised(shown.reference_id),
        disguised(shown.password)
    ))
}

/// What the visitor typed, for a page that shows it again.
pub(super) struct Shown<'a> {
    pub(super) request_id: &'a str,
    pub(super) reference_id: &'a str,
    pub(super) password: &'a str,
}

/// A page between the form and the file; `ticket` names the file.
pub(super) fn between(fault: Fault, ticket: &str, shown: &Shown<'_>) -> Option<Response> {
    let file = format!("{PATH}/file?ticket={ticket}");
    let button = |action: &str, says: &str, more: &str| {
        format!(
            "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">{more}\
             <button>{says}</button></form>"
        )
    };
    let hidden = format!(
        "<input type=\"hidden\" name=\"request\" value=\"{}\"><input type=\"hidden\" name=\"reference\" value=\"{}\">\
         <input type=\"hidden\" name=\"pass1\" value=\"{}\">",
        shown.request_id, shown.reference_id, shown.password
    );
    let done = "<p>証明書の準備ができました。</p>";
    let content = match fault {
        Fault::ResultLink => format!(
            "{done}<p><a href=\"file?ticket={ticket}\">こちら</a>から受け取ってください。</p><p><a href=\"{PATH}\">最初の画面へ</a></p>"
        ),
        Fault::ResultNamedLink => format!(
            "<p><a href=\"/p/manual\">マニュアルのダウンロード</a> <a href=\"/p/faq\">よくある質問</a> <a href=\"/p/news\">更新情報</a></p>\
             {done}<p><a href=\"{file}\">証明書（12345.p12）</a></p>"
        ),
        Fault::ResultButton | Fault::ButtonCut => {
            format!(
                "{done}{}",
                button(&format!("{PATH}/file"), "ダウンロード", "")
            )
        }
        Fault::ResultRefresh => format!(
            "<meta http-equiv=\"refresh\" content=\"0; url={file}\">{done}<p>まもなく始まります。</p>"
        ),
        Fault::ResultWait => format!(
            "<meta http-equiv=\"refresh\" content=\"0; url={PATH}/ready?ticket={ticket}\"><p>証明書を準備しています。</p>"
        ),
        Fault::ResultScript => format!(
            "<p>ダウンロードを開始しています。</p><script>location.href = \"{file}\";</script>"
        ),
        Fault::ResultScriptLink => format!(
            "<p>ダウンロードを開始しています。始まらないときは<a href=\"{file}\">こちら</a>から受け取ってください。</p>\
             <script>location.href = \"{file}\";</script>"
        ),
        Fault::LinkFails | Fault::LinkFailsOnce | Fault::LinkCutOnce => {
            format!("{done}<p><a href=\"{file}\">証明書をダウンロードする</a></p>")
        }
        Fault::Confirm | Fault::ConfirmThenLink | Fault::ConfirmTwice => format!(
            "<p>次の内容で取得します。よろしいですか。</p>{}",
            button(
                &format!("{PATH}/confirm"),
                "確定",
                &format!(
                    "{hidden}<input type=\"button\" value=\"修正する\" onclick=\"history.back()\">"
                )
            )
        ),
        Fault::ConfirmShown => format!(
            "<p>入力内容をご覧ください。</p>{}",
            button(
                &format!("{PATH}/confirm"),
                "この内容で取得する",
                &format!(
                    "<p>リクエストID <input name=\"request\" readonly value=\"{}\"></p><p>リファレンスID <input name=\"reference\" type=\"password\" readonly value=\"{}\"></p>",
                    shown.request_id, shown.reference_id
                )
            )
        ),
        Fault::ConfirmAsks => format!(
            "<p>次の内容で取得します。</p>{}",
            button(
                &format!("{PATH}/confirm"),
                "確定",
                &format!("{hidden}<p>画像の文字 <input name=\"captcha\"></p>")
            )
        ),
        Fault::LinkElsewhere => {
            format!(
                "{done}<p><a href=\"https://elsewhere.invalid/{ticket}.p12\">ダウンロード</a></p>"
            )
        }
        Fault::LinkHttp => {
            format!("{done}<p><a href=\"http://127.0.0.1/{ticket}.p12\">ダウンロード</a></p>")
        }
        Fault::ButtonElsewhere => {
            format!(
                "{done}{}",
                button("https://elsewhere.invalid/file", "ダウンロード", "")
            )
        }
        Fault::ButtonRevokes => format!(
            "<h2>証明書の失効</h2>{}",
            button(&format!("{PATH}/confirm"), "失効する", &hidden)
        ),
        _ => return None,
    };
    Some(page(&content))
}

/// The page with the link, after a wait or a confirmation.
pub(super) fn ready(ticket: &str) -> Response {
    page(&format!(
        "<p>証明書の準備ができました。</p><p><a href=\"{PATH}/file?ticket={ticket}\">証明書のダウンロード</a></p>"
    ))
}

fn page(content: &str) -> Response {
    let page = MESSAGE.replace("{{content}}", content);
    ([(CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

const FORM: &str = include_str!("form.html");
const MESSAGE: &str = include_str!("message.html");

/// The form's button, as the file has it.
const BUTTON: &str = "<input type=\"submit\" value=\"ダウンロード\">";

/// The form's address, as the file has it.
const ACTION: &str = "action=\"/p/rcd/download\"";
