//! How an answer's body travels: whole, in drops, cut, or without end.

use std::collections::VecDeque;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::fault::Fault;

/// A mark on a response that is never sent: the connection breaks in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct BreakOff;

/// The connection breaks before an answer.
pub(super) fn no_answer() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(BreakOff);
    response
}

/// The file, named by digits as on the real site (fact 21), or as the fault has it.
pub(super) fn file(file: Vec<u8>, digits: &str, fault: Option<Fault>) -> Response {
    let name = match fault {
        Some(Fault::NastyName) => "../../../CON.p12",
        Some(Fault::SameName) => "1234.p12",
        _ => &format!("{digits}.p12"),
    };
    let half = file.len() / 2;
    let whole = file.len() as u64;
    let first_half = || Step::Bytes(Bytes::copy_from_slice(&file[..half]));
    let all = || Step::Bytes(Bytes::copy_from_slice(&file));
    let body = match fault {
        Some(Fault::WrongType) => {
            return ([(CONTENT_TYPE, "text/html; charset=UTF-8")], file).into_response();
        }
        Some(Fault::NoName) => {
            return ([(CONTENT_TYPE, "application/octet-stream")], file).into_response();
        }
        Some(Fault::Gzip) => return gzipped(&file, name),
        Some(Fault::Chunked) => scripted(None, [all()]),
        Some(Fault::Drip) => scripted(
            Some(whole),
            file.chunks(file.len() / DROPS + 1).flat_map(|drop| {
                [
                    Step::Bytes(Bytes::copy_from_slice(drop)),
                    Step::Rest(BETWEEN_DROPS),
                ]
            }),
        ),
        Some(Fault::LateBreak) => scripted(
            Some(whole + 1_000),
            [all(), Step::Rest(UNTIL_IT_ARRIVED), Step::Break],
        ),
        Some(Fault::Cut) => scripted(
            Some(whole),
            [first_half(), Step::Rest(UNTIL_IT_ARRIVED), Step::Break],
        ),
        Some(Fault::CutChunked) => scripted(
            None,
            [first_half(), Step::Rest(UNTIL_IT_ARRIVED), Step::Break],
        ),
        Some(Fault::CutCleanly) => scripted(None, [first_half()]),
        Some(Fault::CutWithLength) => scripted(Some(half as u64), [first_half()]),
        Some(Fault::SilenceInTheMiddle) => scripted(Some(whole), [first_half(), Step::Silence]),
        Some(Fault::Endless) => {
            scripted(None, [Step::Forever(Bytes::from_static(&[b'x'; 65_536]))])
        }
        _ => Body::from(file),
    };
    match fault {
        Some(Fault::EncodedName) => (headers(ENCODED_NAME), body).into_response(),
        _ => (attachment(name), body).into_response(),
    }
}

fn gzipped(file: &[u8], name: &str) -> Response {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing into memory does not fail.
    let packed = packer.write_all(file).and_then(|()| packer.finish());
    let encoding = [(CONTENT_ENCODING, "gzip")];
    (attachment(name), encoding, packed.unwrap_or_default()).into_response()
}

fn attachment(name: &str) -> [(HeaderName, HeaderValue); 3] {
    headers(&format!("attachment; filename=\"{name}\""))
}

fn headers(disposition: &str) -> [(HeaderName, HeaderValue); 3] {
    [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-pkcs12"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            CONTENT_DISPOSITION,
            // ASCII and quotes are always a header's value; an empty name would be one too.
            HeaderValue::try_from(disposition).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ]
}

/// What a body does next.
enum Step {
    Bytes(Bytes),
    Rest(Duration),
    Break,
    Silence,
    Forever(Bytes),
}

/// A body that follows a script, whatever length it promises.
struct ScriptedBody {
    steps: VecDeque<Step>,
    promised: Option<u64>,
    resting: Option<Pin<Box<Sleep>>>,
}

fn scripted(promised: Option<u64>, steps: impl IntoIterator<Item = Step>) -> Body {
    Body::new(ScriptedBody {
        steps: steps.into_iter().collect(),
        promised,
        resting: None,
    })
}

impl HttpBody for ScriptedBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if let Some(rest) = &mut self.resting {
                if rest.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.resting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Bytes(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Rest(time)) => self.resting = Some(Box::pin(sleep(time))),
                Some(Step::Break) => {
                    let broken = std::io::ErrorKind::ConnectionReset;
                    return Poll::Ready(Some(Err(broken.into())));
                }
                Some(Step::Silence) => {
                    self.steps.push_front(Step::Silence);
                    return Poll::Pending;
                }
                Some(Step::Forever(bytes)) => {
                    self.steps.push_front(Step::Forever(bytes.clone()));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.promised
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// 証明書.p12 as RFC 8187 writes it, and no plain name beside it.
const ENCODED_NAME: &str = "attachment; filename*=UTF-8''%E8%A8%BC%E6%98%8E%E6%9B%B8.p12";

/// Time for what was given to arrive: breaking off at once would take it back.
const UNTIL_IT_ARRIVED: Duration = Duration::from_millis(50);

/// Pieces of a file that drips.
const DROPS: usize = 40;
const BETWEEN_DROPS: Duration = Duration::from_millis(20);
