//! An authority's revocation list, fetched from the place that a certificate names.
//!
//! Such lists lie open on plain HTTP (RFC 5280 §8): their signature makes them believed, not the way that they came.
//! The request carries nothing of ours. Nobody is followed elsewhere, no proxy is taken from the environment (the
//! field's lists lie inside the closed network, fact 46), and neither time nor size is left to whoever answers.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use rustls::RootCertStore;
use thiserror::Error;
use url::Url;

use super::network::tls_trusting;

/// Why there is no list.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ListProblem {
    /// The address is none that is asked.
    #[error("the revocation list has no usable address")]
    BadAddress,
    /// Nobody answered, or not in time.
    #[error("the revocation list was not reached in time")]
    NotReached,
    /// The answer was another than the list.
    #[error("the place of the revocation list did not give it")]
    NotServed,
    /// The list, if it is one, is longer than is believed.
    #[error("what came as a revocation list is too long")]
    TooLong,
}

/// Fetches what lies at `address`, which begins with `http:`, within `patience`.
pub async fn fetch_revocation_list(
    address: &str,
    patience: Duration,
) -> Result<Vec<u8>, ListProblem> {
    let address = checked(address)?;
    tokio::time::timeout(patience, fetched(address))
        .await
        .unwrap_or(Err(ListProblem::NotReached))
}

fn checked(address: &str) -> Result<Url, ListProblem> {
    let url = Url::parse(address).map_err(|_| ListProblem::BadAddress)?;
    let is_plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    match is_plain {
        true => Ok(url),
        false => Err(ListProblem::BadAddress),
    }
}

async fn fetched(address: Url) -> Result<Vec<u8>, ListProblem> {
    let sent = client()?.get(address).send().await;
    let mut answer = sent.map_err(|_| ListProblem::NotReached)?;
    if answer.status() != StatusCode::OK {
        return Err(ListProblem::NotServed);
    }
    let mut list = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|_| ListProblem::NotReached)? {
        if list.len() + part.len() > MOST_BYTES {
            return Err(ListProblem::TooLong);
        }
        list.extend_from_slice(&part);
    }
    Ok(list)
}

fn client() -> Result<Client, ListProblem> {
    // No TLS is spoken, and the library wants it settled all the same.
    let tls =
        tls_trusting(Arc::new(RootCertStore::empty())).map_err(|_| ListProblem::NotReached)?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_gzip()
        .no_proxy()
        .referer(false)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .map_err(|_| ListProblem::NotReached)
}

/// Lists of large authorities have a megabyte.
const MOST_BYTES: usize = 4 * 1_024 * 1_024;
