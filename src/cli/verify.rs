//! `noticert verify FILE.p12`

use serde_json::json;

use crate::credential::{self, Outcome};
use crate::domain::{Pkcs12, japan_date};
use crate::workflow::{Error, file_password};

use super::args::VerifyArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, now, open};

pub fn run(session: &Session, arguments: &VerifyArguments) -> Result<ExitCode, Error> {
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let bytes = open::bytes_of(&arguments.file)?;
    let given = arguments
        .password_file
        .as_deref()
        .map(open::secret_file)
        .transpose()?;
    let letter = match &arguments.terminal {
        Some(text) => {
            let ledger = open::ledger(session, &mut person)?;
            let id = ledger.find(text)?;
            Some(ledger.rebuild_reviewed(id)?)
        }
        None => None,
    };
    let password = file_password(given, &mut person)?;
    let expected = credential::Expected {
        letter: letter.as_ref().map(|reviewed| reviewed.issuance()),
        issuer_family: &session.config.certificate.issuer_family,
        key_derivation_rounds: session.config.limits.key_derivation_rounds,
    };
    let examined = credential::examine(Pkcs12::received(bytes), &password, &expected, now())?;
    if session.common.json {
        let checks: Vec<_> = examined
            .checks
            .iter()
            .map(|check| {
                json!({
                    "code": check.code,
                    "outcome": match check.outcome {
                        Outcome::Passed => "passed",
                        Outcome::Failed => "failed",
                        Outcome::Noted => "noted",
                    },
                    "text": session.text(&check.text),
                })
            })
            .collect();
        let facts = examined.facts.as_ref();
        println!(
            "{:#}",
            json!({
                "schema": "noticert.verify/1",
                "valid": examined.passed(),
                "fingerprint": facts.map(|facts| facts.fingerprint.to_string()),
                "subject": facts.and_then(|facts| facts.subject_common_name.clone()),
                "issuer": facts.and_then(|facts| facts.issuer_common_name.clone()),
                "valid_from": facts.map(|facts| japan_date(facts.not_before).to_string()),
                "valid_to": facts.map(|facts| japan_date(facts.not_after).to_string()),
                "checks": checks,
            })
        );
    } else {
        for check in &examined.checks {
            println!("{} {}", check.outcome.mark(), session.text(&check.text));
        }
    }
    match examined.verdict() {
        Ok(()) => Ok(ExitCode::Done),
        Err(error) => Ok(session.report(&Error::Credential(error))),
    }
}
