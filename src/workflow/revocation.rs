//! Whether certificates are revoked, asked once for a run.
//!
//! Terminals are on a closed network, where the list may be out of reach: the question costs a run a few seconds at
//! most, however many certificates it is about, and where no answer comes the job goes on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::credential::{Examination, RevocationStatus, WhyUnknown, judge_list, list_addresses};
use crate::retrieval::{ListProblem, fetch_revocation_list};

/// The lists that one run has asked for, and the time that it still has for others.
#[derive(Debug)]
pub struct Revocations {
    left: Duration,
    fetched: HashMap<String, Result<Vec<u8>, ListProblem>>,
}

impl Revocations {
    /// Nothing is asked yet.
    pub fn of_one_run() -> Self {
        Self {
            left: PATIENCE,
            fetched: HashMap::new(),
        }
    }

    /// What the authority of an examined file says about its certificate. `None` for a file that failed: nobody is
    /// asked about what is of no use, nor at an address that anybody may have written.
    pub fn of_file<P>(
        &mut self,
        examined: &Examination<P>,
        now: Timestamp,
    ) -> Option<RevocationStatus> {
        let material = examined.material().filter(|_| examined.passed())?;
        let issuer = material.chain.first().map(Vec::as_slice);
        Some(self.of_certificate(&material.end_entity, issuer, now))
    }

    /// What the authority says about a certificate that `issuer` signed; both in DER.
    pub fn of_certificate(
        &mut self,
        certificate: &[u8],
        issuer: Option<&[u8]>,
        now: Timestamp,
    ) -> RevocationStatus {
        let addresses = list_addresses(certificate);
        let Some(issuer) = issuer else {
            return RevocationStatus::Unknown(WhyUnknown::NoIssuer);
        };
        let mut status = RevocationStatus::Unknown(WhyUnknown::NoAddress);
        for address in addresses.iter().take(MOST_ADDRESSES) {
            status = match self.list(address) {
                Ok(list) => judge_list(list, certificate, issuer, now),
                Err(problem) => RevocationStatus::Unknown(why(problem)),
            };
            if !matches!(status, RevocationStatus::Unknown(_)) {
                break;
            }
        }
        status
    }

    fn list(&mut self, address: &str) -> Result<&[u8], ListProblem> {
        if !self.fetched.contains_key(address) {
            let began = Instant::now();
            let fetched = fetch(address, self.left);
            self.left = self.left.saturating_sub(began.elapsed());
            self.fetched.insert(address.to_owned(), fetched);
        }
        match self.fetched.get(address) {
            Some(Ok(list)) => Ok(list),
            Some(Err(problem)) => Err(*problem),
            None => Err(ListProblem::NotReached),
        }
    }
}

fn fetch(address: &str, patience: Duration) -> Result<Vec<u8>, ListProblem> {
    if patience.is_zero() {
        return Err(ListProblem::NotReached);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| ListProblem::NotReached)?;
    let fetched = runtime.block_on(fetch_revocation_list(address, patience));
    // The system may still be looking for the host's name, for much longer than anybody waits here.
    runtime.shutdown_background();
    fetched
}

fn why(problem: ListProblem) -> WhyUnknown {
    match problem {
        ListProblem::BadAddress => WhyUnknown::NoAddress,
        ListProblem::NotReached => WhyUnknown::NotReached,
        ListProblem::NotServed | ListProblem::TooLong => WhyUnknown::NotServed,
    }
}

/// For all lists of a run together.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of those that one certificate names.
const MOST_ADDRESSES: usize = 2;
