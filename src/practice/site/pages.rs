//! The practice site's pages and answers, in wording of its own.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::desk::Session;

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
pub(super) const MAINTENANCE: &str =
    "ただいまメンテナンス中のため、ご利用いただけません。終了予定は明朝8時です。";
pub(super) const SESSION_OVER: &str =
    "画面の有効期限が切れました。最初の画面からやり直してください。";
pub(super) const NOT_FOUND: &str = "お探しのページはありません。";

/// The form, with a message above it when something was wrong.
pub(super) fn form(session: &Session, error: Option<&'static str>) -> Response {
    let error = error.map_or(String::new(), |text| {
        format!("<p class=\"error\">{text}</p>")
    });
    let page = FORM
        .replace("{{token}}", &session.token)
        .replace("{{error}}", &error);
    let cookie = format!(
        "{COOKIE_NAME}={}; Path=/p; Secure; HttpOnly; SameSite=Lax",
        session.cookie
    );
    (
        [(CACHE_CONTROL, "no-store".to_owned()), (SET_COOKIE, cookie)],
        Html(page),
    )
        .into_response()
}

/// A page that only says something.
pub(super) fn message(text: &'static str) -> Response {
    let page = MESSAGE.replace("{{message}}", text);
    ([(CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// The file, named by digits as on the real site (fact 21).
pub(super) fn file(file: Vec<u8>, digits: &str) -> Response {
    (attachment(digits), file).into_response()
}

/// The file under the wrong headers.
pub(super) fn file_as_page(file: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=UTF-8")], file).into_response()
}

/// The first half of the file; then the connection breaks.
pub(super) fn file_cut_in_the_middle(mut file: Vec<u8>, digits: &str) -> Response {
    let whole = file.len() as u64;
    file.truncate(file.len() / 2);
    let body = CutBody {
        first_half: Some(file.into()),
        promised: whole,
        on_its_way: Box::pin(sleep(UNTIL_IT_ARRIVED)),
    };
    (attachment(digits), Body::new(body)).into_response()
}

fn attachment(digits: &str) -> [(HeaderName, HeaderValue); 3] {
    let disposition = format!("attachment; filename=\"{digits}.p12\"");
    [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-pkcs12"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            CONTENT_DISPOSITION,
            // Digits and quotes are always a header's value; an empty name would be one too.
            HeaderValue::try_from(disposition).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ]
}

/// A body that promises more than it sends.
struct CutBody {
    first_half: Option<Bytes>,
    promised: u64,
    /// Breaking off at once would take the first half back.
    on_its_way: Pin<Box<Sleep>>,
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(bytes) = self.first_half.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let broken = || Some(Err(std::io::ErrorKind::ConnectionReset.into()));
        self.on_its_way.as_mut().poll(context).map(|()| broken())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}

/// Time for the first half to leave.
const UNTIL_IT_ARRIVED: Duration = Duration::from_millis(50);

const FORM: &str = include_str!("form.html");
const MESSAGE: &str = include_str!("message.html");
