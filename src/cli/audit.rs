//! `noticert audit`: what is installed on this PC. Needs neither passphrase nor lock.

use serde_json::{Value, json};

use crate::domain::{Language, Text};
use crate::ledger::{Ledger, LedgerError};
use crate::workflow::{Audited, AuditedStore, Error, audit};

use super::args::AuditArguments;
use super::exit::ExitCode;
use super::{Session, now, open, report};

pub fn run(session: &Session, arguments: &AuditArguments) -> Result<ExitCode, Error> {
    let data = open::data_folder(&session.common)?;
    let ledger = match Ledger::open_read_only(&data) {
        Ok(ledger) => Some(ledger),
        Err(LedgerError::NoLedger { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let destination = open::destination(&arguments.store)?;
    let stores = audit(ledger.as_ref(), &session.config, &destination, now());
    let code = stores
        .iter()
        .map(code_of)
        .fold(ExitCode::Done, ExitCode::and);
    if session.common.json {
        let stores: Vec<Value> = stores
            .iter()
            .map(|store| store_json(store, session.language))
            .collect();
        println!(
            "{:#}",
            json!({"schema": "noticert.audit/1", "stores": stores})
        );
        return Ok(code);
    }
    for store in &stores {
        println!("{}", session.text(&store.name));
        match &store.certificates {
            Ok(certificates) if certificates.is_empty() => println!(
                "  {}",
                session.text(&Text::new(
                    "このサービスの電子証明書はありません",
                    "no certificate of the service"
                ))
            ),
            Ok(certificates) => certificates.iter().for_each(|one| show(session, one)),
            Err(error) => {
                session.report(error);
            }
        }
    }
    Ok(code)
}

/// A store that could not be looked into is not in order either.
fn code_of(store: &AuditedStore) -> ExitCode {
    match &store.certificates {
        Err(error) => report::code_of(error),
        Ok(_) if store.has_faults() => ExitCode::PersonMustLook,
        Ok(_) => ExitCode::Done,
    }
}

fn show(session: &Session, one: &Audited) {
    let mark = match (one.faults.is_empty(), one.is_valid) {
        (false, _) => "✗",
        (true, true) => "✓",
        (true, false) => "-",
    };
    let family = match one.is_former {
        true => session
            .text(&Text::new("（旧・専用認証局）", " (former authority)"))
            .to_owned(),
        false => String::new(),
    };
    println!(
        "{mark} {} {}{family} {}〜{} {}",
        &one.fingerprint[..16],
        one.name,
        one.valid_from,
        one.valid_to,
        session.text(&one.standing)
    );
    let yes_no = |known: Option<bool>| match known {
        Some(true) => session.text(&Text::new("はい", "yes")).to_owned(),
        Some(false) => session.text(&Text::new("いいえ", "no")).to_owned(),
        None => "—".to_owned(),
    };
    let rules = one.rules;
    let details = [
        (Text::new("鍵", "key"), Some(one.has_key)),
        (
            Text::new("取り出し可", "exportable"),
            rules.and_then(|rules| rules.exportable),
        ),
        (
            Text::new("使うたびに確認", "asks"),
            rules.and_then(|rules| rules.asks),
        ),
        (
            Text::new("ルート信頼", "trusted"),
            rules.and_then(|rules| rules.trusted),
        ),
        (Text::new("台帳", "ledger"), Some(one.record.is_some())),
        (
            Text::new("バックアップ", "backed up"),
            Some(one.is_backed_up),
        ),
    ];
    let details: Vec<String> = details
        .into_iter()
        .map(|(what, known)| format!("{} {}", session.text(&what), yes_no(known)))
        .collect();
    println!("    {}", details.join("  "));
    for fault in &one.faults {
        println!("    ✗ {}", session.text(&fault.text()));
    }
}

fn store_json(store: &AuditedStore, language: Language) -> Value {
    let certificates = match &store.certificates {
        Ok(certificates) => certificates.iter().map(certificate_json).collect(),
        Err(_) => Vec::new(),
    };
    let problem = store.certificates.as_ref().err().map(|error| {
        crate::explain::explain(error)
            .what
            .in_language(language)
            .to_owned()
    });
    json!({"store": store.id, "problem": problem, "certificates": certificates})
}

fn certificate_json(one: &Audited) -> Value {
    json!({
        "name": one.name,
        "institution_code": one.institution_code,
        "fingerprint": one.fingerprint,
        "former_authority": one.is_former,
        "valid_from": one.valid_from.to_string(),
        "valid_to": one.valid_to.to_string(),
        "valid": one.is_valid,
        "has_key": one.has_key,
        "exportable": one.rules.and_then(|rules| rules.exportable),
        "asks": one.rules.and_then(|rules| rules.asks),
        "trusted": one.rules.and_then(|rules| rules.trusted),
        "record": one.record,
        "copies": one.copies,
        "backed_up": one.is_backed_up,
        "problems": one.faults.iter().map(|fault| fault.code()).collect::<Vec<_>>(),
    })
}
