//! The words that every other module speaks.
//!
//! Values are parsed once, at the edge, and are right from then on: no other way leads to a
//! [`RequestId`] than its parse. Names are those of the letter and of the retrieval site.

mod certificate;
mod dates;
mod ids;
mod proof;
mod reading;
mod text;

pub use certificate::CertificateFactsError;
pub use dates::{Validity, ValidityError, japan_date, japan_midnight};
pub use ids::{
    CertificatePassword, CertificatePasswordError, InstitutionCode, InstitutionCodeError,
    ReferenceId, ReferenceIdError, RequestId, RequestIdError, TerminalName, TerminalNameError,
    fold_typed, grouped, in_groups,
};
pub use proof::{
    CertificateFacts, ConfirmedBy, Fingerprint, FingerprintError, Issuance, KeyMaterial, Pkcs12,
    Pkcs12Form, ReviewedIssuance, VerifiedCredential,
};
pub use reading::{
    BoundingBox, CharacterReading, Crop, Doubt, Field, FieldReading, IssuanceReading,
    PageWithoutNotice, Part, Problem, Status, UnreadFile,
};
pub use text::{Language, Text, edit_distance, hexadecimal};
