//! `noticert verify FILE.p12`

use serde_json::{Value, json};

use crate::credential::{self, Check, Outcome, RevocationStatus};
use crate::domain::{Pkcs12, Text, japan_date};
use crate::installer;
use crate::workflow::{Error, Revocations, file_password};

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
    let mut examined = credential::examine(Pkcs12::received(bytes), &password, &expected, now())?;
    let is_trusted = examined.root().map(is_trusted_here);
    examined.checks.extend(is_trusted.map(root_check));
    let revocation = Revocations::of_one_run().of_file(&examined, now());
    examined
        .checks
        .extend(revocation.map(RevocationStatus::check));
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
                "root_trusted": is_trusted.flatten(),
                "revocation": revocation.map(revocation_json),
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

/// `None` where this PC cannot say, which is no reason to judge the file otherwise.
fn is_trusted_here(root: &[u8]) -> Option<bool> {
    installer::trusts_root(root).ok().flatten()
}

fn root_check(is_trusted: Option<bool>) -> Check {
    let (code, outcome, text) = match is_trusted {
        Some(true) => (
            "root-trusted",
            Outcome::Passed,
            Text::new(
                "ルート証明書は、このPCで信頼されています。",
                "This PC trusts its root certificate.",
            ),
        ),
        Some(false) => (
            "root-not-trusted",
            Outcome::Noted,
            Text::new(
                "ルート証明書は、このPCではまだ信頼されていません。インストールのときに、信頼するかをシステムが尋ねます。",
                "This PC does not trust its root certificate yet: the system asks about it at the installation.",
            ),
        ),
        None => (
            "root-trust-unknown",
            Outcome::Noted,
            Text::new(
                "ルート証明書が信頼されているかは、このPCでは確かめられません。",
                "Whether its root certificate is trusted cannot be told on this PC.",
            ),
        ),
    };
    Check {
        code,
        outcome,
        text,
    }
}

fn revocation_json(status: RevocationStatus) -> Value {
    let (since, reason) = match status {
        RevocationStatus::Revoked { since, reason } => {
            (Some(japan_date(since).to_string()), Some(reason.code()))
        }
        RevocationStatus::Good { .. } | RevocationStatus::Unknown(_) => (None, None),
    };
    json!({"status": status.code(), "since": since, "reason": reason})
}
