//! The invented certificate authority behind the practice site.
//!
//! Every name in its certificates is the real one's plus the organisation 練習用, by which system stores
//! refuse them (design rule 10). The key pair is made here, as the real authority does (domain fact 7),
//! so a `.p12` carries key, certificate and root.
//!
//! The site's TLS certificate comes from a second root, as in the field: the root of the client
//! certificates vouches for no host.
//!
//! RSA keys are made by the `rsa` crate because `ring` makes none. That crate's private operations are not
//! constant in time (RUSTSEC-2023-0071); these keys are invented and protect nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, SecretDocument};
use rsa::rand_core::OsRng;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha1::{Digest, Sha1};
use thiserror::Error;

use crate::domain::{
    CertificateFacts, CertificatePassword, InstitutionCode, Issuance, RequestId, TerminalName,
    Validity, japan_midnight,
};

/// An invented authority: one root for client certificates, one for the practice site's TLS.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    tls_root: CertifiedIssuer<'static, KeyPair>,
    tls_validity: (Timestamp, Timestamp),
    /// The key of every certificate, where each is not to have its own.
    only_key: Option<SecretDocument>,
}

/// What one certificate is issued for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// 発行先, which becomes the certificate's common name.
    pub institution_code: InstitutionCode,
    /// 端末名称, which becomes the friendly name.
    pub terminal_name: Option<TerminalName>,
    /// 有効期間, taken over to the second.
    pub validity: Validity,
    /// リクエストID, the friendly name of a terminal without a name.
    pub request_id: RequestId,
}

/// How a `.p12` is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// 3DES with SHA-1 throughout, as older Windows exports.
    Legacy,
    /// PBES2 with AES-256 and HMAC-SHA-256.
    Modern,
}

/// What a `.p12` holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Content {
    /// Key, certificate and issuer.
    #[default]
    Whole,
    /// Key and certificate.
    WithoutIssuer,
    /// A certificate with another's key.
    OtherKey,
}

/// Why the invented authority could not do its work.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// No RSA key could be made.
    #[error("cannot make a practice key")]
    Key {
        /// Why.
        #[source]
        source: rsa::Error,
    },
    /// The key could not be written as PKCS#8.
    #[error("cannot encode a practice key")]
    KeyEncoding {
        /// Why.
        #[source]
        source: rsa::pkcs8::Error,
    },
    /// No certificate could be made.
    #[error("cannot make a practice certificate")]
    Certificate {
        /// Why.
        #[source]
        source: rcgen::Error,
    },
    /// The `.p12` could not be written.
    #[error("cannot write a practice .p12")]
    Container {
        /// Why.
        #[source]
        source: p12_keystore::error::Error,
    },
    /// The machine gave no random numbers.
    #[error("no random numbers from the operating system")]
    Random {
        /// Why.
        #[source]
        source: getrandom::Error,
    },
    /// A date that no certificate can carry.
    #[error("a certificate cannot carry this date")]
    Date,
}

impl From<&Issuance> for Grant {
    fn from(issuance: &Issuance) -> Self {
        Self {
            institution_code: issuance.institution_code.clone(),
            terminal_name: issuance.terminal_name.clone(),
            validity: issuance.validity,
            request_id: issuance.request_id.clone(),
        }
    }
}

impl Authority {
    /// Common name of the client certificates' root; the real one's, because the checks ask for it.
    pub const COMMON_NAME: &'static str = "Online Billing NW Common Root CA";

    /// Makes fresh roots, good from ten years before `now` to thirty after.
    pub fn invent(now: Timestamp) -> Result<Self, AuthorityError> {
        let period = (years_from(now, -10)?, years_from(now, 30)?);
        let tls_key = KeyPair::generate().map_err(certificate)?;
        let root = self_signed_root(Self::COMMON_NAME, key_pair(&rsa_key()?)?, period)?;
        let tls_root = self_signed_root("noticert practice site CA", tls_key, period)?;
        Ok(Self {
            root,
            tls_root,
            tls_validity: (years_from(now, -1)?, years_from(now, 10)?),
            only_key: None,
        })
    }

    /// The same, with one key for all its certificates: making keys takes most of the time of whoever asks for
    /// thousands of certificates and looks at none of their keys.
    pub fn invent_with_one_key(now: Timestamp) -> Result<Self, AuthorityError> {
        Ok(Self {
            only_key: Some(rsa_key()?),
            ..Self::invent(now)?
        })
    }

    /// The practice site's trust anchor, for `--ca-file`.
    pub fn ca_pem(&self) -> String {
        self.tls_root.pem()
    }

    /// The root that signs client certificates.
    pub fn root_der(&self) -> &[u8] {
        self.root.der()
    }

    /// A TLS server's chain and key for `names`: host names or addresses.
    pub fn server_identity(
        &self,
        names: &[&str],
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        self.server_identity_between(names, self.tls_validity)
    }

    /// The same with a validity of its own.
    pub fn server_identity_between(
        &self,
        names: &[&str],
        validity: (Timestamp, Timestamp),
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(certificate)?;
        params.distinguished_name = practice_name("noticert practice site");
        set_period(&mut params, validity)?;
        params.serial_number = Some(random_serial()?);
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(certificate)?;
        let leaf = params
            .signed_by(&key, &self.tls_root)
            .map_err(certificate)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok((
            vec![leaf.der().clone(), self.tls_root.der().clone()],
            key.into(),
        ))
    }

    /// Makes a key pair and its certificate, and wraps both with the root into a `.p12`.
    pub fn issue(
        &self,
        grant: &Grant,
        password: &CertificatePassword,
        encoding: Encoding,
    ) -> Result<Vec<u8>, AuthorityError> {
        self.issue_with(grant, password, encoding, Content::Whole)
    }

    /// The same with another content.
    pub fn issue_with(
        &self,
        grant: &Grant,
        password: &CertificatePassword,
        encoding: Encoding,
        content: Content,
    ) -> Result<Vec<u8>, AuthorityError> {
        let own_key = match &self.only_key {
            Some(key) => key.clone(),
            None => rsa_key()?,
        };
        let leaf = leaf_params(grant)?
            .signed_by(&key_pair(&own_key)?, &self.root)
            .map_err(certificate)?;
        let key = match content {
            Content::OtherKey => rsa_key()?,
            Content::Whole | Content::WithoutIssuer => own_key,
        };
        let mut certificates =
            vec![p12_keystore::Certificate::from_der(leaf.der()).map_err(container)?];
        if content != Content::WithoutIssuer {
            let root = p12_keystore::Certificate::from_der(self.root.der());
            certificates.push(root.map_err(container)?);
        }
        let chain = PrivateKeyChain::new(
            Sha1::digest(leaf.der()).to_vec(),
            p12_keystore::PrivateKey::from_der(key.as_bytes()).map_err(container)?,
            certificates,
        );
        let mut store = KeyStore::new();
        store.add_entry(&friendly_name(grant), KeyStoreEntry::PrivateKeyChain(chain));
        let (cipher, mac, rounds) = match encoding {
            Encoding::Legacy => (
                EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
                MacAlgorithm::HmacSha1,
                LEGACY_ROUNDS,
            ),
            Encoding::Modern => (
                EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
                MacAlgorithm::HmacSha256,
                MODERN_ROUNDS,
            ),
        };
        store
            // The authority encrypts with the password that the applicant typed.
            .writer(password.expose())
            .encryption_algorithm(cipher)
            .encryption_iterations(rounds)
            .mac_algorithm(mac)
            .mac_iterations(rounds)
            .write()
            .map_err(container)
    }
}

fn self_signed_root(
    common_name: &str,
    key: KeyPair,
    period: (Timestamp, Timestamp),
) -> Result<CertifiedIssuer<'static, KeyPair>, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = practice_name(common_name);
    set_period(&mut params, period)?;
    params.serial_number = Some(random_serial()?);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, key).map_err(certificate)
}

fn leaf_params(grant: &Grant) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = practice_name(grant.institution_code.as_str());
    set_period(&mut params, instants(grant.validity)?)?;
    params.serial_number = Some(random_serial()?);
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

/// From the first second of the first day to the last second of the last, in Japan.
fn instants(validity: Validity) -> Result<(Timestamp, Timestamp), AuthorityError> {
    let first = japan_midnight(validity.from()).ok_or(AuthorityError::Date)?;
    let after = validity
        .to()
        .tomorrow()
        .ok()
        .and_then(japan_midnight)
        .ok_or(AuthorityError::Date)?;
    let last = after
        .checked_sub(SignedDuration::from_secs(1))
        .map_err(|_| AuthorityError::Date)?;
    Ok((first, last))
}

fn practice_name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "JP");
    name.push(
        DnType::OrganizationName,
        CertificateFacts::PRACTICE_ORGANIZATION,
    );
    name.push(DnType::CommonName, common_name);
    name
}

/// PKCS#12 writes names in UCS-2; a character beyond it (𠮷) becomes the geta mark of Japanese typesetting.
fn friendly_name(grant: &Grant) -> String {
    let name = match &grant.terminal_name {
        Some(name) => name.as_str(),
        None => grant.request_id.as_str(),
    };
    name.chars()
        .map(|c| if u32::from(c) > 0xffff { '〓' } else { c })
        .collect()
}

fn rsa_key() -> Result<SecretDocument, AuthorityError> {
    RsaPrivateKey::new(&mut OsRng, RSA_BITS)
        .map_err(|source| AuthorityError::Key { source })?
        .to_pkcs8_der()
        .map_err(|source| AuthorityError::KeyEncoding { source })
}

fn key_pair(rsa_key: &SecretDocument) -> Result<KeyPair, AuthorityError> {
    let der = PrivatePkcs8KeyDer::from(rsa_key.as_bytes());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256).map_err(certificate)
}

/// Sixteen random bytes, positive as RFC 5280 asks.
fn random_serial() -> Result<SerialNumber, AuthorityError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|source| AuthorityError::Random { source })?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn years_from(now: Timestamp, years: i64) -> Result<Timestamp, AuthorityError> {
    now.checked_add((years * 365 * 24).hours())
        .map_err(|_| AuthorityError::Date)
}

/// Writes the period of validity; no certificate here begins before 1970.
fn set_period(
    params: &mut CertificateParams,
    (first, last): (Timestamp, Timestamp),
) -> Result<(), AuthorityError> {
    let since_epoch = |instant: Timestamp| {
        u64::try_from(instant.as_second())
            .map(Duration::from_secs)
            .map_err(|_| AuthorityError::Date)
    };
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(first)?;
    params.not_after = epoch + since_epoch(last)?;
    Ok(())
}

fn certificate(source: rcgen::Error) -> AuthorityError {
    AuthorityError::Certificate { source }
}

fn container(source: p12_keystore::error::Error) -> AuthorityError {
    AuthorityError::Container { source }
}

const RSA_BITS: usize = 2048;
/// What Windows writes beside 3DES.
const LEGACY_ROUNDS: u32 = 2_000;
const MODERN_ROUNDS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{ServerName, UnixTime, pem::PemObject};

    fn now() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn grant() -> Grant {
        Grant {
            institution_code: "0110113719".parse().unwrap(),
            terminal_name: Some("受付𠮷1号機".parse().unwrap()),
            validity: Validity::new(
                jiff::civil::date(2026, 11, 20),
                jiff::civil::date(2030, 2, 20),
            )
            .unwrap(),
            request_id: "123456789012345".parse().unwrap(),
        }
    }

    #[test]
    fn an_authority_can_be_shared_by_a_server() {
        fn is_shared<T: Send + Sync + 'static>() {}
        is_shared::<Authority>();
    }

    #[test]
    fn an_issued_certificate_is_what_the_letter_says_and_is_marked_as_practice() {
        let authority = Authority::invent(now()).unwrap();
        let password: CertificatePassword = "8051".parse().unwrap();
        for encoding in [Encoding::Legacy, Encoding::Modern] {
            let file = authority.issue(&grant(), &password, encoding).unwrap();
            let archive =
                p12_keystore::Pkcs12Archive::from_pkcs12(&file, password.expose()).unwrap();
            assert_eq!((archive.keys.len(), archive.certs.len()), (1, 2));
            assert_eq!(
                archive.keys[0].friendly_name.as_deref(),
                Some("受付〓1号機")
            );
            let der = archive.certs[0].cert.as_der();
            let (_, leaf) = x509_parser::parse_x509_certificate(der).unwrap();
            assert_eq!(leaf.subject.to_string(), "C=JP, O=練習用, CN=0110113719");
            assert!(leaf.issuer.to_string().contains(Authority::COMMON_NAME));
            assert_eq!(
                leaf.validity.not_before.timestamp(),
                "2026-11-19T15:00:00Z"
                    .parse::<Timestamp>()
                    .unwrap()
                    .as_second()
            );
            assert_eq!(
                leaf.validity.not_after.timestamp(),
                "2030-02-20T14:59:59Z"
                    .parse::<Timestamp>()
                    .unwrap()
                    .as_second()
            );
            let (_, root) = x509_parser::parse_x509_certificate(authority.root_der()).unwrap();
            leaf.verify_signature(Some(root.public_key())).unwrap();
        }
    }

    #[test]
    fn the_server_identity_is_trusted_by_whoever_trusts_the_printed_root() {
        let authority = Authority::invent(now()).unwrap();
        let (chain, _key) = authority
            .server_identity(&["127.0.0.1", "localhost"])
            .unwrap();
        let anchor = CertificateDer::from_pem_slice(authority.ca_pem().as_bytes()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(anchor).unwrap();
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
            roots.into(),
            rustls::crypto::ring::default_provider().into(),
        )
        .build()
        .unwrap();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now().as_second().unsigned_abs()));
        for (name, trusted) in [
            ("127.0.0.1", true),
            ("localhost", true),
            ("example.jp", false),
        ] {
            let name = ServerName::try_from(name).unwrap();
            let verdict = rustls::client::danger::ServerCertVerifier::verify_server_cert(
                verifier.as_ref(),
                &chain[0],
                &chain[1..],
                &name,
                &[],
                at,
            );
            assert_eq!(verdict.is_ok(), trusted, "{name:?}");
        }
    }
}
