//! Invented authorities: files with strangers' certificates, and certificates that name a revocation list.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use noticert::domain::{japan_date, japan_midnight};
use p12_keystore::{
    Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    CrlDistributionPoint, CustomExtension, DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevocationReason, RevokedCertParams, SerialNumber,
};

use super::fixture;

/// What opens every file made here.
pub const PASSWORD: &str = "2468";

/// A file of 2 MiB with a hundred certificates: `without-the-mark.p12` and 98 authorities of others, of which every
/// second signed itself.
pub fn hundred_certificates() -> Vec<u8> {
    let own = std::fs::read(fixture("credentials/without-the-mark.p12")).unwrap();
    let own = Pkcs12Archive::from_pkcs12(&own, PASSWORD).unwrap();
    let mut certificates: Vec<Certificate> = own.certs.iter().map(|bag| bag.cert.clone()).collect();
    assert_eq!(certificates.len(), 2);
    for number in 0..49 {
        let root = stranger(number);
        let below = authority_params(&format!("foreign intermediate {number}"))
            .signed_by(&KeyPair::generate().unwrap(), &root)
            .unwrap();
        for der in [root.der(), below.der()] {
            certificates.push(Certificate::from_der(der).unwrap());
        }
    }
    packed(&own.keys[0].key, certificates)
}

fn stranger(number: usize) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = authority_params(&format!("foreign root {number}"));
    // What makes the file as large as it is: an octet string of 40,000 bytes.
    let mut content = vec![0x04, 0x82, 0x9c, 0x40];
    content.resize(4 + 40_000, 0x5a);
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 2, 3, 4], content)];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn packed(key: &PrivateKey, certificates: Vec<Certificate>) -> Vec<u8> {
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new("1", key.clone(), certificates);
    store.add_entry("受付1号機", KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(PASSWORD).write().unwrap()
}

/// An authority of the service's family, without the mark of practice.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let params = authority_params("Online Billing NW Common Root CA");
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// A file for `institution_code` that is valid today, with a certificate that names `list` as its revocation list.
    pub fn file(
        &self,
        institution_code: &str,
        list: Option<&str>,
        usages: &[KeyUsagePurpose],
    ) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, institution_code);
        params.is_ca = IsCa::ExplicitNoCa;
        params.serial_number = Some(SerialNumber::from_slice(&SERIAL));
        params.key_usages = usages.to_vec();
        let (first, last) = validity();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + since_epoch(japan_midnight(first).unwrap());
        params.not_after = epoch + since_epoch(japan_midnight(last).unwrap());
        params.crl_distribution_points = list
            .map(|address| CrlDistributionPoint {
                uris: vec![address.to_owned()],
            })
            .into_iter()
            .collect();
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.0).unwrap();
        packed(
            &PrivateKey::from_der(&key.serialize_der()).unwrap(),
            [leaf.der(), self.0.der()]
                .map(|der| Certificate::from_der(der).unwrap())
                .to_vec(),
        )
    }

    /// A list that was made `hours` ago for a day. It names another certificate, and, where it is to, the file's.
    pub fn list(&self, hours: i64, revoked: bool) -> Vec<u8> {
        let made = Timestamp::now() - hours.hours();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let entry = |serial: &[u8]| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: epoch + since_epoch(made),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let mut revoked_certs = vec![entry(&[0x42, 6])];
        revoked_certs.extend(revoked.then(|| entry(&SERIAL)));
        let list = CertificateRevocationListParams {
            this_update: epoch + since_epoch(made),
            next_update: epoch + since_epoch(made + 24.hours()),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).unwrap().der().to_vec()
    }
}

/// First and last day of what [`Authority::file`] makes.
pub fn validity() -> (Date, Date) {
    let today = japan_date(Timestamp::now());
    (today - 1.day(), today + 1_000.days())
}

/// Since 1970, from where certificates count here.
fn since_epoch(instant: Timestamp) -> Duration {
    Duration::from_secs(instant.as_second().unsigned_abs())
}

const SERIAL: [u8; 2] = [0x42, 7];
