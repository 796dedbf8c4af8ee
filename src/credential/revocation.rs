//! Whether an authority took a certificate back, judged by the list that it signed (RFC 5280 §5).
//!
//! The certificate names where the list lies; fetching it is for whoever may use the network. A list is believed
//! when the certificate's own issuer signed it and it is of these days. One that could not be had or is not believed
//! says nothing, neither good nor bad.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension,
};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};
use x509_parser::time::ASN1Time;
use x509_parser::x509::ReasonCode;

use super::{Check, Outcome};
use crate::domain::{Text, japan_date};

/// What is known about the revocation of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationStatus {
    /// The authority's list does not name it.
    Good {
        /// When the list was made.
        listed: Timestamp,
    },
    /// The authority took it back.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Nobody here knows.
    Unknown(WhyUnknown),
}

/// Why an authority took a certificate back, as its list says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The list says none.
    Unspecified,
    /// Its key may be in other hands.
    KeyCompromise,
    /// What it says of its holder is no longer right.
    AffiliationChanged,
    /// Another took its place.
    Superseded,
    /// Its holder gave the business up.
    CessationOfOperation,
    /// For a while only.
    Hold,
    /// Something else.
    Other,
}

/// Why nothing is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhyUnknown {
    /// The certificate names no list that can be fetched by HTTP.
    NoAddress,
    /// The file brings no issuer, whose signature would make a list believed.
    NoIssuer,
    /// The place of the list was not reached, or not in time.
    NotReached,
    /// What answered there gave no list of a believable size.
    NotServed,
    /// What was fetched is no list.
    NotAList,
    /// Somebody else signed the list.
    OtherSigner,
    /// The list is for other certificates, or for some reasons only.
    OtherScope,
    /// The list should have been replaced by now.
    OutOfDate {
        /// When.
        since: Timestamp,
    },
    /// By this computer's clock the list is not made yet.
    NotYet {
        /// When it is made.
        made: Timestamp,
    },
}

/// Where the certificate's issuer publishes whole lists, by HTTP, as the certificate names the places.
pub fn list_addresses(certificate: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let points = certificate
        .extensions()
        .iter()
        .filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => Some(&points.points),
            _ => None,
        })
        .flatten()
        // A list of some reasons only, or by another signer, could not be judged.
        .filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
    let names = points.filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => None,
    });
    names
        .flatten()
        .filter_map(|name| match name {
            GeneralName::URI(address) if is_http(address) => Some((*address).to_owned()),
            _ => None,
        })
        .collect()
}

/// What `list` says about `certificate`, which `issuer` signed; all in DER.
pub fn judge_list(
    list: &[u8],
    certificate: &[u8],
    issuer: &[u8],
    now: Timestamp,
) -> RevocationStatus {
    judged(list, certificate, issuer, now).unwrap_or_else(RevocationStatus::Unknown)
}

fn judged(
    list: &[u8],
    certificate: &[u8],
    issuer: &[u8],
    now: Timestamp,
) -> Result<RevocationStatus, WhyUnknown> {
    let Ok(([], list)) = CertificateRevocationList::from_der(list) else {
        return Err(WhyUnknown::NotAList);
    };
    let (Ok((_, certificate)), Ok((_, issuer))) = (
        X509Certificate::from_der(certificate),
        X509Certificate::from_der(issuer),
    ) else {
        return Err(WhyUnknown::NoIssuer);
    };
    check_signer(&list, &issuer)?;
    check_scope(&list)?;
    let found = revoked(&list, &certificate)?;
    match found {
        // Nothing takes such an entry back, so an old list is as good as a new one.
        Some(RevocationStatus::Revoked { reason, .. }) if reason != Reason::Hold => {}
        _ => check_dates(&list, now)?,
    }
    let listed = instant(list.last_update())?;
    Ok(found.unwrap_or(RevocationStatus::Good { listed }))
}

fn check_signer(
    list: &CertificateRevocationList<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<(), WhyUnknown> {
    let may_sign = match issuer.key_usage() {
        Ok(Some(usage)) => usage.value.crl_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    let is_issuers = may_sign
        && list.issuer().as_raw() == issuer.subject().as_raw()
        && list.verify_signature(issuer.public_key()).is_ok();
    match is_issuers {
        true => Ok(()),
        false => Err(WhyUnknown::OtherSigner),
    }
}

/// Whether the list is about all certificates of terminals and all reasons; one that changes another list is not.
fn check_scope(list: &CertificateRevocationList<'_>) -> Result<(), WhyUnknown> {
    let is_whole = list
        .extensions()
        .iter()
        .all(|extension| match extension.parsed_extension() {
            ParsedExtension::IssuingDistributionPoint(point) => is_for_terminals(point),
            _ => !extension.critical,
        });
    match is_whole {
        true => Ok(()),
        false => Err(WhyUnknown::OtherScope),
    }
}

fn is_for_terminals(point: &IssuingDistributionPoint<'_>) -> bool {
    !point.only_contains_ca_certs
        && !point.only_contains_attribute_certs
        && !point.indirect_crl
        && point.only_some_reasons.is_none()
}

fn check_dates(list: &CertificateRevocationList<'_>, now: Timestamp) -> Result<(), WhyUnknown> {
    let made = instant(list.last_update())?;
    if now < made {
        return Err(WhyUnknown::NotYet { made });
    }
    match list.next_update().map(instant).transpose()? {
        Some(since) if since < now => Err(WhyUnknown::OutOfDate { since }),
        Some(_) | None => Ok(()),
    }
}

fn revoked(
    list: &CertificateRevocationList<'_>,
    certificate: &X509Certificate<'_>,
) -> Result<Option<RevocationStatus>, WhyUnknown> {
    let entry = list
        .iter_revoked_certificates()
        .find(|entry| *entry.serial() == certificate.tbs_certificate.serial);
    let Some(entry) = entry else {
        return Ok(None);
    };
    Ok(Some(RevocationStatus::Revoked {
        since: instant(entry.revocation_date)?,
        reason: reason(entry),
    }))
}

fn reason(entry: &RevokedCertificate<'_>) -> Reason {
    match entry.reason_code().map(|(_, code)| code) {
        None | Some(ReasonCode::Unspecified) => Reason::Unspecified,
        Some(ReasonCode::KeyCompromise) => Reason::KeyCompromise,
        Some(ReasonCode::AffiliationChanged) => Reason::AffiliationChanged,
        Some(ReasonCode::Superseded) => Reason::Superseded,
        Some(ReasonCode::CessationOfOperation) => Reason::CessationOfOperation,
        Some(ReasonCode::CertificateHold) => Reason::Hold,
        Some(_) => Reason::Other,
    }
}

/// A date that no calendar has makes what carries it no list.
fn instant(time: ASN1Time) -> Result<Timestamp, WhyUnknown> {
    Timestamp::from_second(time.timestamp()).map_err(|_| WhyUnknown::NotAList)
}

fn is_http(address: &str) -> bool {
    address
        .get(..HTTP.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(HTTP))
}

impl RevocationStatus {
    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Good { .. } => "good",
            Self::Revoked { .. } => "revoked",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The line for people. What is not known is no failure: terminals are on closed networks.
    pub fn check(self) -> Check {
        let (code, outcome, text) = match self {
            Self::Good { listed } => {
                let day = japan_date(listed);
                let text = Text::new(
                    format!("失効していません（認証局の{day}の失効リストに載っていません）。"),
                    format!("It is not revoked: the authority's list of {day} does not name it."),
                );
                ("not-revoked", Outcome::Passed, text)
            }
            Self::Revoked { since, reason } => {
                let (day, reason) = (japan_date(since), reason.text());
                let text = Text::new(
                    format!("失効しています（{day}から。理由: {}）。", reason.ja),
                    format!("It was revoked on {day} ({}).", reason.en),
                );
                (REVOKED, Outcome::Failed, text)
            }
            Self::Unknown(why) => {
                let why = why.text();
                let text = Text::new(
                    format!(
                        "失効していないかは、ここでは確かめられません（{}）。",
                        why.ja
                    ),
                    format!("Whether it is revoked cannot be told here ({}).", why.en),
                );
                ("revocation-unknown", Outcome::Noted, text)
            }
        };
        Check {
            code,
            outcome,
            text,
        }
    }
}

impl Reason {
    /// Stable, for programs: the name in RFC 5280 §5.3.1.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::Hold => "certificateHold",
            Self::Other => "other",
        }
    }

    fn text(self) -> Text {
        let (ja, en) = match self {
            Self::Unspecified => ("書かれていません", "no reason given"),
            Self::KeyCompromise => (
                "鍵が他人の手に渡ったおそれ",
                "its key may be in other hands",
            ),
            Self::AffiliationChanged => ("記載の変更", "its holder's details changed"),
            Self::Superseded => ("新しい証明書への交換", "another took its place"),
            Self::CessationOfOperation => ("利用の終了", "its use has ended"),
            Self::Hold => ("一時停止", "on hold"),
            Self::Other => ("その他", "another reason"),
        };
        Text::new(ja, en)
    }
}

impl WhyUnknown {
    fn text(self) -> Text {
        match self {
            Self::NoAddress => Text::new(
                "証明書に失効リストの場所が書かれていません",
                "the certificate names no list",
            ),
            Self::NoIssuer => Text::new(
                "発行者の証明書が入っていません",
                "the file brings no issuer certificate",
            ),
            Self::NotReached => Text::new(
                "失効リストの場所につながりません。閉じたネットワークではふつうのことです",
                "the place of the list was not reached, as is usual on a closed network",
            ),
            Self::NotServed => Text::new(
                "失効リストの場所が、リストを返しませんでした",
                "the place of the list gave none",
            ),
            Self::NotAList => Text::new(
                "受け取ったものが失効リストではありません",
                "what was fetched is no list",
            ),
            Self::OtherSigner => Text::new(
                "失効リストの署名が、この証明書の発行者のものではありません",
                "the list is not signed by the certificate's issuer",
            ),
            Self::OtherScope => Text::new(
                "受け取った失効リストは、この証明書を対象としていません",
                "the list is for other certificates",
            ),
            Self::OutOfDate { since } => {
                let day = japan_date(since);
                Text::new(
                    format!("失効リストの期限が{day}に切れています"),
                    format!("the list should have been replaced on {day}"),
                )
            }
            Self::NotYet { made } => {
                let day = japan_date(made);
                Text::new(
                    format!(
                        "失効リストの日付が{day}で、このPCの時計より先です。時計を確かめてください"
                    ),
                    format!(
                        "the list is of {day}, later than this PC's clock: see that it is right"
                    ),
                )
            }
        }
    }
}

/// The code of the check that a revoked certificate fails.
pub const REVOKED: &str = "revoked";
const HTTP: &str = "http://";

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
        CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, DnType, IsCa, KeyIdMethod,
        KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber, date_time_ymd,
    };

    const NAME: &str = "Online Billing NW Common Root CA";

    fn authority(name: &str, usages: &[KeyUsagePurpose]) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = usages.to_vec();
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn usual_authority() -> CertifiedIssuer<'static, KeyPair> {
        authority(
            NAME,
            &[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        )
    }

    fn leaf(by: &CertifiedIssuer<'_, KeyPair>, addresses: &[&str]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(&[0x42, 7]));
        params.crl_distribution_points = addresses
            .iter()
            .map(|address| CrlDistributionPoint {
                uris: vec![(*address).to_owned()],
            })
            .collect();
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, by).unwrap().der().to_vec()
    }

    /// A list of 2026-11-20 to 2026-11-27 that names certificate 0x4207 for a reason.
    fn params(revoked: Option<RevocationReason>) -> CertificateRevocationListParams {
        let entry = |serial: &[u8], reason| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: date_time_ymd(2026, 11, 18),
            reason_code: reason,
            invalidity_date: None,
        };
        let mut revoked_certs = vec![entry(&[0x42, 6], Some(RevocationReason::KeyCompromise))];
        revoked_certs.extend(revoked.map(|reason| entry(&[0x42, 7], Some(reason))));
        CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 11, 20),
            next_update: date_time_ymd(2026, 11, 27),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        }
    }

    fn list(
        by: &CertifiedIssuer<'static, KeyPair>,
        params: &CertificateRevocationListParams,
    ) -> Vec<u8> {
        params.signed_by(by).unwrap().der().to_vec()
    }

    fn day(day: &str) -> Timestamp {
        format!("{day}T00:00:00Z").parse().unwrap()
    }

    fn verdict(list: &[u8], by: &CertifiedIssuer<'_, KeyPair>, now: &str) -> RevocationStatus {
        judge_list(list, &leaf(by, &[]), by.der(), day(now))
    }

    #[test]
    fn a_list_of_these_days_says_who_is_on_it_and_who_is_not() {
        let root = usual_authority();
        let good = verdict(&list(&root, &params(None)), &root, "2026-11-21");
        let listed = day("2026-11-20");
        assert_eq!(good, RevocationStatus::Good { listed });
        assert_eq!(good.check().outcome, Outcome::Passed);
        let revoked = params(Some(RevocationReason::Superseded));
        let revoked = verdict(&list(&root, &revoked), &root, "2026-11-21");
        let since = day("2026-11-18");
        let reason = Reason::Superseded;
        assert_eq!(revoked, RevocationStatus::Revoked { since, reason });
        let check = revoked.check();
        assert_eq!((check.code, check.outcome), (REVOKED, Outcome::Failed));
        assert!(check.text.ja.contains("2026-11-18"), "{}", check.text.ja);
        assert!(check.text.ja.contains("交換"), "{}", check.text.ja);
    }

    #[test]
    fn a_list_of_other_days_says_nothing_good() {
        let root = usual_authority();
        let good = list(&root, &params(None));
        let unknown = RevocationStatus::Unknown;
        assert_eq!(
            verdict(&good, &root, "2026-11-28"),
            unknown(WhyUnknown::OutOfDate {
                since: day("2026-11-27")
            })
        );
        assert_eq!(
            verdict(&good, &root, "2026-11-19"),
            unknown(WhyUnknown::NotYet {
                made: day("2026-11-20")
            })
        );
        // What was taken back stays so; what was only held may be free again.
        let revoked = list(&root, &params(Some(RevocationReason::KeyCompromise)));
        assert_eq!(verdict(&revoked, &root, "2026-11-28").code(), "revoked");
        let held = list(&root, &params(Some(RevocationReason::CertificateHold)));
        assert_eq!(verdict(&held, &root, "2026-11-21").code(), "revoked");
        assert_eq!(verdict(&held, &root, "2026-11-28").code(), "unknown");
    }

    #[test]
    fn a_list_that_the_issuer_did_not_sign_is_not_believed() {
        let root = usual_authority();
        let same_name = usual_authority();
        let other_name = authority("Another CA", &[KeyUsagePurpose::CrlSign]);
        let other = RevocationStatus::Unknown(WhyUnknown::OtherSigner);
        for stranger in [&same_name, &other_name] {
            let revoked = list(stranger, &params(Some(RevocationReason::KeyCompromise)));
            assert_eq!(verdict(&revoked, &root, "2026-11-21"), other);
        }
        let mut altered = list(&root, &params(None));
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert_eq!(verdict(&altered, &root, "2026-11-21").code(), "unknown");
    }

    #[test]
    fn a_list_for_other_certificates_is_not_believed() {
        let root = usual_authority();
        let scoped = |scope| CertificateRevocationListParams {
            issuing_distribution_point: Some(CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint {
                    uris: vec!["http://127.0.0.1/list.crl".to_owned()],
                },
                scope,
            }),
            ..params(None)
        };
        let of_authorities = list(&root, &scoped(Some(CrlScope::CaCertsOnly)));
        assert_eq!(
            verdict(&of_authorities, &root, "2026-11-21"),
            RevocationStatus::Unknown(WhyUnknown::OtherScope)
        );
        for scope in [Some(CrlScope::UserCertsOnly), None] {
            let of_terminals = list(&root, &scoped(scope));
            assert_eq!(verdict(&of_terminals, &root, "2026-11-21").code(), "good");
        }
    }

    #[test]
    fn what_is_no_list_says_nothing() {
        let root = usual_authority();
        let mut longer = list(&root, &params(None));
        longer.push(0);
        for bytes in [
            b"".as_slice(),
            b"<html>not found</html>",
            root.der(),
            &longer[..100],
            &longer,
        ] {
            assert_eq!(
                verdict(bytes, &root, "2026-11-21"),
                RevocationStatus::Unknown(WhyUnknown::NotAList)
            );
        }
    }

    #[test]
    fn only_places_that_http_reaches_are_named() {
        let root = usual_authority();
        let addresses = [
            "ldap://directory.invalid/cn=list",
            "http://lists.invalid/one.crl",
            "https://lists.invalid/two.crl",
            "HTTP://lists.invalid/three.crl",
        ];
        assert_eq!(
            list_addresses(&leaf(&root, &addresses)),
            [
                "http://lists.invalid/one.crl",
                "HTTP://lists.invalid/three.crl"
            ]
        );
        assert!(list_addresses(&leaf(&root, &[])).is_empty());
        assert!(list_addresses(b"no certificate").is_empty());
    }
}
