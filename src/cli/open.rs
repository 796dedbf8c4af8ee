//! Files and folders that the options name: configuration, passphrase, password, data folder, ledger, site.

use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::config::{Config, ConfigError};
use crate::custody::WorkFactor;
use crate::installer::ImportOptions;
use crate::intake::Source;
use crate::ledger::{Ledger, SiteKind};
use crate::platform;
use crate::retrieval::Site;
use crate::workflow::{Destination, Error, Person, SiteChoice, open_ledger};

use super::args::{Common, SiteArguments, StoreArguments};
use super::{Session, now};

/// The configuration that `--config` names, or the defaults.
pub fn config(common: &Common) -> Result<Config, Error> {
    let Some(path) = &common.config else {
        return Ok(Config::default());
    };
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.clone(),
        source,
    })?;
    Ok(Config::parse(&text)?)
}

/// The data folder.
pub fn data_folder(common: &Common) -> Result<PathBuf, Error> {
    common
        .data
        .clone()
        .or_else(|| platform::default_data_dir(&|name| std::env::var_os(name)))
        .ok_or(Error::NoDataFolder)
}

/// The ledger, for writing; asks for the passphrase unless a file holds it.
pub fn ledger(session: &Session, person: &mut dyn Person) -> Result<Ledger, Error> {
    let data = data_folder(&session.common)?;
    let given = secret_of(session.common.passphrase_file.as_deref())?;
    open_ledger(&data, given, WorkFactor::STANDARD, person, now())
}

/// The first line of a file that holds a secret, without byte-order mark and line end.
pub fn secret_file(path: &Path) -> Result<SecretString, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::NotText {
        path: path.to_owned(),
    })?;
    let line = text
        .trim_start_matches('\u{feff}')
        .lines()
        .next()
        .unwrap_or("");
    Ok(SecretString::from(line.to_owned()))
}

/// As [`secret_file`], where a file was named.
pub fn secret_of(path: Option<&Path>) -> Result<Option<SecretString>, Error> {
    path.map(secret_file).transpose()
}

/// A folder that holds nothing yet.
pub fn require_empty(folder: &Path) -> Result<(), Error> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Error::FolderNotEmpty {
                path: folder.to_owned(),
            }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::Unreadable {
            path: folder.to_owned(),
            source,
        }),
    }
}

/// A named file, or standard input for `-`.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    if path != Path::new("-") {
        return std::fs::read(path).map_err(unreadable);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// The files to read, each called as on the command line.
pub fn sources(files: &[PathBuf]) -> Result<Vec<Source>, Error> {
    files
        .iter()
        .map(|path| match path == Path::new("-") {
            true => Ok(Source::bytes("-", bytes_of(path)?)),
            false => Ok(Source::path(path)),
        })
        .collect()
}

/// How many pages are read at once.
pub fn jobs(asked: Option<usize>) -> NonZeroUsize {
    asked
        .and_then(NonZeroUsize::new)
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// The site that the options name.
pub fn site(session: &Session, arguments: &SiteArguments, pause: f64) -> Result<SiteChoice, Error> {
    arguments.network.say_what_is_not_used(session);
    let options = arguments.network.options(session)?;
    let site = Site::new(options, &session.config)?;
    let kind = match site.is_this_machine() {
        true => SiteKind::Practice,
        false => SiteKind::Real,
    };
    Ok(SiteChoice {
        site,
        kind,
        pause: Duration::try_from_secs_f64(pause).unwrap_or(Duration::ZERO),
        jobs: NonZeroUsize::MIN,
    })
}

/// The password file that the options name, read.
pub fn password(arguments: &SiteArguments) -> Result<Option<SecretString>, Error> {
    secret_of(arguments.password_file.as_deref())
}

/// The person's home.
pub fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// The store that the options name; without one, what browsers use.
pub fn destination(arguments: &StoreArguments) -> Result<Destination, Error> {
    let home = home();
    match (&arguments.nss, &arguments.folder, home) {
        (Some(folder), _, home) => Ok(Destination::Nss {
            folder: folder.clone(),
            home,
        }),
        (None, Some(folder), _) => Ok(Destination::Folder(folder.clone())),
        (None, None, Some(home)) => Ok(Destination::Browsers {
            home,
            options: ImportOptions::Official,
        }),
        (None, None, None) => Err(Error::NoDataFolder),
    }
}
