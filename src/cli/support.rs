//! `noticert support --to DIR`

use secrecy::ExposeSecret;

use crate::custody::Vault;
use crate::domain::Text;
use crate::workflow::{Error, Person, SupportRequest, support};

use super::args::SupportArguments;
use super::exit::ExitCode;
use super::person::TerminalPerson;
use super::{Session, now, open};

pub fn run(session: &Session, arguments: &SupportArguments) -> Result<ExitCode, Error> {
    let data = open::data_folder(&session.common)?;
    let configuration = match &session.common.config {
        // Read once already, so it is there; what is not text is no configuration either.
        Some(path) => std::fs::read_to_string(path).ok(),
        None => None,
    };
    let written = support(SupportRequest {
        vault: vault(session, &data)?,
        data: &data,
        configuration: configuration.as_deref(),
        to: &arguments.to,
        now: now(),
    })?;
    println!("{}", written.path.display());
    for title in &written.left_out {
        session.say(&Text::new(
            format!("! 含めていません: {title}"),
            format!("! Left out: {title}"),
        ));
    }
    session.say(&Text::new(
        "このファイルに ID・パスワード・証明書は入っていません。渡す前に一度開いて確かめてください。",
        "The file holds no ID, password or certificate. Look into it once before you hand it on.",
    ));
    Ok(ExitCode::Done)
}

/// The opened seal; without a passphrase the report is written without the pages that could hold secrets.
fn vault(session: &Session, data: &std::path::Path) -> Result<Option<Vault>, Error> {
    if !Vault::exists(data) {
        return Ok(None);
    }
    let mut person = TerminalPerson::new(session.language, session.common.yes);
    let passphrase = match &session.common.passphrase_file {
        Some(path) => open::secret_file(path)?,
        None if person.is_present() => person.key_hidden(&Text::new(
            "封印のパスフレーズ（空のまま Enter で、サイトの画面を含めずに書きます）:",
            "Passphrase of the seal (empty leaves the site's pages out):",
        ))?,
        None => return Ok(None),
    };
    // Exposed to see whether anything was typed.
    match passphrase.expose_secret().is_empty() {
        true => Ok(None),
        false => Ok(Some(Vault::open(data, &passphrase)?)),
    }
}
