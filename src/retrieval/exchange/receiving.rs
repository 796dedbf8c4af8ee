//! Taking the answer in: every piece on disk first, and no copy of a key left behind in memory.

use reqwest::Response;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::journal::{AnswerEnd, Cookies, Journal, JournalError};
use crate::retrieval::answer::is_whole_file;
use crate::retrieval::error::{RetrievalError, UnclearProblem};
use crate::retrieval::network::Site;

/// An answer that was taken in as far as it came.
pub(super) struct Taken {
    /// The body.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// How it ended, for later.
    pub(super) end: AnswerEnd,
    /// How its transport ended, for now.
    pub(super) ended: Ended,
    /// Why it is not all on disk.
    pub(super) unwritten: Option<JournalError>,
}

/// Takes an answer in, on disk first, until all that will come has come; its headers have given `cookies`.
pub(super) async fn receive(
    mut response: Response,
    site: &Site,
    journal: &mut dyn Journal,
    cookies: Option<Cookies>,
) -> Taken {
    let mut end = AnswerEnd::of(&response);
    let mut body = Zeroizing::new(Vec::with_capacity(FIRST_CAPACITY));
    let mut unwritten: Option<JournalError> = None;
    let reading = read_body(&mut response, site, &mut body, |piece| {
        // After one failure the file would have a hole, so the rest is only kept in memory.
        if unwritten.is_none() {
            unwritten = journal.chunk(piece).err();
        }
    });
    let ended = match timeout(site.time_limits().whole, reading).await {
        Ok(ended) => ended,
        Err(_) => Ended::Silent,
    };
    end.bytes = body.len() as u64;
    end.whole = matches!(ended, Ended::Whole);
    end.cookies = cookies;
    let unwritten = match unwritten {
        Some(error) => Some(error),
        None => journal.done(&end).err(),
    };
    Taken {
        body,
        end,
        ended,
        unwritten,
    }
}

/// How the body's transport ended.
pub(super) enum Ended {
    /// By its own end.
    Whole,
    /// By the limit on what is believed.
    TooLong,
    /// By silence.
    Silent,
    /// By a failure.
    Broken(reqwest::Error),
}

impl Ended {
    /// Says why an answer is not whole, where the transport knows more than the bytes.
    pub(super) fn explain(self, error: RetrievalError) -> RetrievalError {
        let RetrievalError::Unclear {
            problem, received, ..
        } = error
        else {
            return error;
        };
        let (problem, source) = match self {
            Self::Whole => (problem, None),
            Self::TooLong => (UnclearProblem::TooLong, None),
            Self::Silent => (UnclearProblem::Silence, None),
            Self::Broken(source) if source.is_timeout() => (UnclearProblem::Silence, Some(source)),
            Self::Broken(source) if received == 0 => (UnclearProblem::NoAnswer, Some(source)),
            Self::Broken(source) => (UnclearProblem::Cut, Some(source)),
        };
        RetrievalError::Unclear {
            problem,
            received,
            source: source.map(|source| Box::new(source.without_url())),
        }
    }
}

async fn read_body(
    response: &mut Response,
    site: &Site,
    body: &mut Zeroizing<Vec<u8>>,
    mut keep: impl FnMut(&[u8]),
) -> Ended {
    loop {
        let piece = match response.chunk().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ended::Whole,
            Err(error) => return Ended::Broken(error),
        };
        let room = site.answer_limit().saturating_sub(body.len());
        let taken = &piece[..piece.len().min(room)];
        keep(taken);
        extend_wiped(body, taken);
        // A file says itself where it ends; a server that keeps the line open is not waited for.
        if is_whole_file(body) {
            return Ended::Whole;
        }
        if taken.len() < piece.len() {
            return Ended::TooLong;
        }
    }
}

/// Appends without leaving a copy of the key behind when the buffer grows.
fn extend_wiped(body: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    if body.capacity() - body.len() < piece.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (body.len() + piece.len())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(piece);
}

/// Room for any usual `.p12`, so that its buffer need not grow.
const FIRST_CAPACITY: usize = 16 * 1_024;
