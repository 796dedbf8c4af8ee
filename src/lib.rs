//! noticert: from the 電子証明書発行通知書 to an installed, recorded client certificate.
//!
//! The journey, each step taking the last step's proof:
//!
//! 1. [`intake`] reads scans into [`domain::IssuanceReading`]s, one per terminal block;
//! 2. a person or the judge confirms one: [`domain::ReviewedIssuance`];
//! 3. [`retrieval`] submits it once and keeps what came back: [`domain::Pkcs12`];
//! 4. [`credential`] opens it and holds it against the letter: [`domain::VerifiedCredential`];
//! 5. [`installer`] puts it into a certificate store: [`domain::Fingerprint`];
//! 6. [`ledger`] remembers every step, with secrets sealed by [`custody`]; a [`case`] carries it between two places.
//!
//! [`workflow`] alone knows this order; [`cli`] is how a person asks for it.

pub mod case;
pub mod cli;
pub mod config;
pub mod credential;
pub mod custody;
pub mod doctor;
pub mod domain;
pub mod explain;
pub mod fonts;
pub mod installer;
pub mod intake;
pub mod ledger;
pub mod platform;
pub mod practice;
pub mod retrieval;
pub mod workflow;
