//! What a failure on the way means: how far it came, and which kind of TLS failure it was.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, PeerIncompatible};

use super::way::LookUpError;
use crate::retrieval::error::{NetworkProblem, RetrievalError, TlsProblem};

/// What a failed request means, for one that may be asked again.
pub(in crate::retrieval) fn failure(error: reqwest::Error) -> RetrievalError {
    let error = error.without_url();
    if let Some(problem) = tls_problem(&error) {
        return RetrievalError::TlsRefused {
            problem,
            source: Some(Box::new(error)),
        };
    }
    RetrievalError::Unreachable {
        problem: network_problem(&error),
        source: Some(Box::new(error)),
    }
}

fn tls_problem(error: &reqwest::Error) -> Option<TlsProblem> {
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Some(tls_class(error));
    }
    let during_handshake = error.is_connect()
        && causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(hung_up);
    during_handshake.then_some(TlsProblem::Handshake)
}

/// What a failed handshake of our own means.
pub(super) fn handshake_class(error: &io::Error) -> TlsProblem {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<rustls::Error>())
        .map_or(TlsProblem::Handshake, tls_class)
}

/// A server that finds no common suite often just hangs up during the handshake.
fn hung_up(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

pub(super) fn tls_class(error: &rustls::Error) -> TlsProblem {
    match error {
        rustls::Error::InvalidCertificate(problem) => certificate_class(problem),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            TlsProblem::NoCommonVersion
        }
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
        ) => TlsProblem::NoCommonSuite,
        rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
        rustls::Error::NoCertificatesPresented => TlsProblem::BadCertificate,
        _ => TlsProblem::Handshake,
    }
}

fn certificate_class(problem: &CertificateError) -> TlsProblem {
    match problem {
        // A trusted name over another key is an authority of the same name, not the trusted one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            TlsProblem::UnknownIssuer
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsProblem::WrongName
        }
        CertificateError::ExpiredContext { time, .. }
        | CertificateError::NotValidYetContext { time, .. }
            if time.as_secs() < RELEASED.as_secs() =>
        {
            TlsProblem::ClockBehind
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsProblem::NotYetValid
        }
        _ => TlsProblem::BadCertificate,
    }
}

fn network_problem(error: &reqwest::Error) -> NetworkProblem {
    let says = |words: &str| causes(error).any(|cause| cause.to_string().starts_with(words));
    let io_kind = causes(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    let other_family = causes(error).any(|cause| {
        matches!(
            cause.downcast_ref::<LookUpError>(),
            Some(LookUpError::OtherFamilyOnly)
        )
    });
    let connecting = error.is_connect();
    if other_family {
        NetworkProblem::OtherFamilyOnly
    } else if says("tcp bind") || says("error converting interface name") {
        NetworkProblem::NotBound
    } else if says("tunnel error: failed to create underlying connection") {
        NetworkProblem::ProxyUnreachable
    } else if error.is_dns() || says("dns error") {
        NetworkProblem::Dns
    } else if error.is_timeout() && connecting {
        NetworkProblem::ConnectTimeout
    } else if error.is_timeout() {
        NetworkProblem::Silence
    } else if says("tunnel error") || says("proxy") || says("unsuccessful tunnel") {
        NetworkProblem::Proxy
    } else if io_kind == Some(io::ErrorKind::ConnectionRefused) {
        NetworkProblem::ConnectRefused
    } else if connecting {
        NetworkProblem::ConnectFailed
    } else {
        NetworkProblem::Broken
    }
}

/// An error and everything below it, looking into `io::Error` too, whose `source` skips what it holds.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// 2026-11-01: no clock of a computer that runs this program can honestly stand before its release.
const RELEASED: Duration = Duration::from_secs(1_793_491_200);

#[cfg(test)]
mod tests {
    use rustls::pki_types::UnixTime;

    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn a_clock_before_the_release_of_this_program_is_wrong_whatever_the_certificate_says() {
        let year_2019 = at(1_550_000_000);
        let year_2027 = at(1_800_000_000);
        let not_yet = |time| CertificateError::NotValidYetContext {
            time,
            not_before: at(1_790_000_000),
        };
        let expired = |time| CertificateError::ExpiredContext {
            time,
            not_after: at(1_500_000_000),
        };
        for (error, expected) in [
            (not_yet(year_2019), TlsProblem::ClockBehind),
            (expired(year_2019), TlsProblem::ClockBehind),
            (not_yet(year_2027), TlsProblem::NotYetValid),
            (expired(year_2027), TlsProblem::Expired),
        ] {
            let found = tls_class(&rustls::Error::InvalidCertificate(error));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_version_is_told_apart_from_a_suite() {
        let alert = |kind| tls_class(&rustls::Error::AlertReceived(kind));
        assert_eq!(
            alert(AlertDescription::ProtocolVersion),
            TlsProblem::NoCommonVersion
        );
        assert_eq!(
            alert(AlertDescription::HandshakeFailure),
            TlsProblem::NoCommonSuite
        );
    }
}
