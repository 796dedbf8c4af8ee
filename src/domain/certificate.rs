//! What a certificate says of itself, read from its DER.
//!
//! Names are decoded by their own string type (RFC 5280 §4.1.2.4): Japanese authorities also wrote UCS-2 and
//! T.61, so an unknown type is read as Latin-1 rather than dropped.

use jiff::Timestamp;
use thiserror::Error;
use x509_parser::asn1_rs::Tag;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::{AttributeTypeAndValue, FromDer};

use super::{CertificateFacts, Fingerprint, hexadecimal};

/// Why bytes are no certificate.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CertificateFactsError {
    /// No X.509 certificate in DER.
    #[error("not an X.509 certificate")]
    NotACertificate,
    /// Bytes follow the certificate.
    #[error("{count} bytes follow the certificate")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A date beyond the calendar.
    #[error("the certificate carries a date beyond the calendar")]
    Date,
}

impl CertificateFacts {
    /// Reads one certificate in DER; nothing may follow it, or its fingerprint would not be its own.
    pub fn parse(der: &[u8], friendly_name: Option<String>) -> Result<Self, CertificateFactsError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| CertificateFactsError::NotACertificate)?;
        if !rest.is_empty() {
            return Err(CertificateFactsError::TrailingBytes { count: rest.len() });
        }
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        let organizations = subject
            .iter_organization()
            .chain(issuer.iter_organization())
            .map(text)
            .collect();
        Ok(Self {
            fingerprint: Fingerprint::of(der),
            subject_common_name: subject.iter_common_name().next().map(text),
            issuer_common_name: issuer.iter_common_name().next().map(text),
            organizations,
            serial_number: serial_digits(certificate.raw_serial()),
            not_before: instant(certificate.validity().not_before.timestamp())?,
            not_after: instant(certificate.validity().not_after.timestamp())?,
            friendly_name,
        })
    }
}

fn text(attribute: &AttributeTypeAndValue<'_>) -> String {
    if let Ok(text) = attribute.as_str() {
        return text.to_owned();
    }
    let value = attribute.attr_value();
    match value.tag() {
        Tag::BmpString => {
            let units = value.data.chunks_exact(2);
            let units = units.map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => value.data.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Lower-case hexadecimal without the sign's leading zero byte, as openssl prints it.
fn serial_digits(serial: &[u8]) -> String {
    let digits = match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        whole => whole,
    };
    hexadecimal(digits)
}

fn instant(seconds: i64) -> Result<Timestamp, CertificateFactsError> {
    Timestamp::from_second(seconds).map_err(|_| CertificateFactsError::Date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(common_name: rcgen::DnValue) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let name = &mut params.distinguished_name;
        name.push(rcgen::DnType::OrganizationName, "練習用");
        name.push(rcgen::DnType::CommonName, common_name);
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0xab, 0x01]));
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn names_are_read_in_each_string_type() {
        let ucs2 = rcgen::string::BmpString::try_from("内科１号機").unwrap();
        let latin = rcgen::string::TeletexString::try_from("Clinic").unwrap();
        for (value, expected) in [
            (
                rcgen::DnValue::Utf8String("0110113719".into()),
                "0110113719",
            ),
            (rcgen::DnValue::BmpString(ucs2), "内科１号機"),
            (rcgen::DnValue::TeletexString(latin), "Clinic"),
        ] {
            let facts = CertificateFacts::parse(&certificate(value), None).unwrap();
            assert_eq!(facts.subject_common_name.as_deref(), Some(expected));
            assert_eq!(facts.serial_number, "ab01");
            assert!(facts.is_practice());
        }
    }

    #[test]
    fn what_is_no_certificate_alone_is_refused() {
        let mut der = certificate(rcgen::DnValue::Utf8String("0110113719".into()));
        assert_eq!(
            CertificateFacts::parse(&der[..der.len() - 1], None),
            Err(CertificateFactsError::NotACertificate)
        );
        der.push(0);
        assert_eq!(
            CertificateFacts::parse(&der, None),
            Err(CertificateFactsError::TrailingBytes { count: 1 })
        );
    }
}
