//! Who is who among a container's certificates: the terminal's own, and those above it.
//!
//! The key decides: the end-entity certificate is the one that carries its public half, whatever the file
//! calls it.

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer;

use super::{failed, noted, passed};
use crate::credential::container::{CertificateBag, Container};
use crate::credential::key::PublicKey;
use crate::credential::{Check, CredentialError};

/// One certificate of the container, parsed.
pub(super) struct Party<'a> {
    pub(super) bag: &'a CertificateBag,
    pub(super) x509: X509Certificate<'a>,
}

impl Party<'_> {
    fn is_self_issued(&self) -> bool {
        self.x509.subject().as_raw() == self.x509.issuer().as_raw()
    }

    fn names_as_issuer(&self, other: &Party<'_>) -> bool {
        self.x509.issuer().as_raw() == other.x509.subject().as_raw()
    }

    /// Whether this certificate speaks for an authority: it says so, or says nothing and acts as one.
    fn is_authority(&self, all: &[Party<'_>]) -> bool {
        match self.x509.basic_constraints() {
            Ok(Some(constraints)) => constraints.value.ca,
            _ => {
                self.is_self_issued()
                    || all
                        .iter()
                        .any(|other| other.bag.der != self.bag.der && other.names_as_issuer(self))
            }
        }
    }

    fn has(&self, public: &PublicKey) -> bool {
        self.x509.public_key().subject_public_key.data.as_ref() == public.bytes
    }
}

/// The container's certificates, each once.
pub(super) fn parties(container: &Container) -> Result<Vec<Party<'_>>, CredentialError> {
    let mut parties: Vec<Party<'_>> = Vec::new();
    for bag in &container.certificates {
        if parties.iter().any(|party| party.bag.der == bag.der) {
            continue;
        }
        match X509Certificate::from_der(&bag.der) {
            Ok(([], x509)) => parties.push(Party { bag, x509 }),
            _ => {
                return Err(CredentialError::Damaged {
                    part: "certificate",
                });
            }
        }
    }
    Ok(parties)
}

/// The certificate of the key, and what was found on the way to it.
pub(super) fn end_entity<'p, 'a>(
    parties: &'p [Party<'a>],
    public: &PublicKey,
) -> (Option<&'p Party<'a>>, Vec<Check>) {
    let matching: Vec<_> = parties.iter().filter(|party| party.has(public)).collect();
    let of_terminals: Vec<_> = parties
        .iter()
        .filter(|party| party.has(public) || !party.is_authority(parties))
        .collect();
    let mut checks = vec![match of_terminals.len() {
        1 => passed(
            "one-certificate",
            "端末の証明書が1つ入っています。",
            "There is one end-entity certificate.",
        ),
        0 => failed(
            "one-certificate",
            "端末の証明書が入っていません。",
            "There is no end-entity certificate.",
        ),
        count => failed(
            "one-certificate",
            format!("端末の証明書が{count}個入っています。1つのはずです。"),
            format!("There are {count} end-entity certificates; there should be one."),
        ),
    }];
    let leaf = match (matching.as_slice(), of_terminals.as_slice()) {
        ([leaf], _) => {
            checks.push(passed(
                "key-matches",
                "秘密鍵は証明書と対になっています。",
                "The private key belongs to the certificate.",
            ));
            Some(*leaf)
        }
        ([], [leaf]) => {
            checks.push(key_of_another());
            Some(*leaf)
        }
        ([], [_, ..]) => {
            checks.push(key_of_another());
            None
        }
        _ => None,
    };
    (leaf, checks)
}

fn key_of_another() -> Check {
    failed(
        "key-matches",
        "秘密鍵が証明書と対になっていません。",
        "The private key does not belong to the certificate.",
    )
}

/// The certificates above a terminal's own, as far as signatures prove them.
pub(super) struct Chain {
    /// DER, nearest first.
    pub(super) above: Vec<Vec<u8>>,
    /// Certificates of the file that are no part of it.
    pub(super) left_out: usize,
    pub(super) check: Check,
}

/// Goes up from `leaf` to the file's own root, signature by signature.
pub(super) fn chain(leaf: &Party<'_>, parties: &[Party<'_>]) -> Chain {
    let mut path: Vec<&Party<'_>> = vec![leaf];
    let check = loop {
        // The path starts with the leaf and only grows.
        let below = path[path.len() - 1];
        if below.is_self_issued() {
            break verdict_at_the_top(below, path.len());
        }
        let mut named = parties
            .iter()
            .filter(|party| below.names_as_issuer(party))
            .filter(|party| path.iter().all(|seen| seen.bag.der != party.bag.der))
            .peekable();
        if named.peek().is_none() {
            break no_issuer(path.len());
        }
        let verdicts: Vec<_> = named
            .map(|party| (party, signed_by(below, party)))
            .collect();
        let mut signers = verdicts
            .iter()
            .filter(|(_, verdict)| verdict.is_ok())
            .map(|(party, _)| *party);
        let first = signers.clone().next();
        // Of two certificates of one authority the root ends the path, and the one that names another goes on from it.
        match signers.find(|party| party.is_self_issued()).or(first) {
            Some(issuer) => path.push(issuer),
            None => break not_signed(&verdicts),
        }
    };
    Chain {
        above: path[1..]
            .iter()
            .map(|party| party.bag.der.clone())
            .collect(),
        left_out: parties.len() - path.len(),
        check,
    }
}

fn signed_by(below: &Party<'_>, issuer: &Party<'_>) -> Result<(), X509Error> {
    match issuer.x509.basic_constraints() {
        Ok(Some(constraints)) if !constraints.value.ca => {
            Err(X509Error::SignatureVerificationError)
        }
        _ => below.x509.verify_signature(Some(issuer.x509.public_key())),
    }
}

fn verdict_at_the_top(root: &Party<'_>, length: usize) -> Check {
    if length == 1 {
        return failed(
            "chain",
            "証明書は自分で署名したものです。認証局の署名がありません。",
            "The certificate signed itself; no authority did.",
        );
    }
    match root.x509.verify_signature(None) {
        Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => passed(
            "chain",
            "同梱の発行者証明書が署名しています。",
            "The issuer's certificate in the file signed it.",
        ),
        Err(_) => failed(
            "chain",
            "同梱の発行者証明書が壊れています。",
            "The issuer's certificate in the file is damaged.",
        ),
    }
}

fn no_issuer(length: usize) -> Check {
    match length {
        1 => noted(
            "no-issuer",
            "発行者の証明書が入っていません。端末が発行者を信頼しているか確かめてください。",
            "The file brings no issuer certificate: see that the terminal trusts the issuer.",
        ),
        _ => noted(
            "no-root",
            "ルート証明書が入っていません。端末が発行者を信頼しているか確かめてください。",
            "The file brings no root certificate: see that the terminal trusts the issuer.",
        ),
    }
}

fn not_signed(verdicts: &[(&Party<'_>, Result<(), X509Error>)]) -> Check {
    let unknown = |verdict: &Result<(), X509Error>| {
        matches!(verdict, Err(X509Error::SignatureUnsupportedAlgorithm))
    };
    match verdicts.iter().any(|(_, verdict)| unknown(verdict)) {
        true => noted(
            "chain-unchecked",
            "発行者の署名方式が分からず、署名を確かめられませんでした。",
            "The issuer's signature uses an unknown scheme and could not be checked.",
        ),
        false => failed(
            "chain",
            "同梱の発行者証明書の署名が合いません。",
            "The issuer's certificate in the file did not sign it.",
        ),
    }
}
