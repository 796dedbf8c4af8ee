//! NSS's command-line programs, from the package libnss3-tools.
//!
//! Nothing secret is in an argument or in a file: the certificate password goes through a pipe, and the
//! `.p12` through anonymous memory that `pk12util` opens by its name under `/proc`, which only the same user
//! can do. Where there is no such memory the `.p12` stands, for its owner alone, in the database's own folder
//! while `pk12util` runs, and is wiped after.
//!
//! Manual: `certutil(1)`, `pk12util(1)`. Exit status 0 is success; the texts are for people.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use zeroize::Zeroizing;

use crate::domain::{CertificatePassword, Pkcs12, VerifiedCredential};
use crate::installer::InstallError;

/// Where the programs are; on the search path unless told otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// The programs in `folder`.
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether both programs can be started. Asked for help, they touch no database.
    pub(super) fn are_there(&self) -> Result<(), InstallError> {
        for tool in [CERTUTIL, PK12UTIL] {
            // They answer help with an exit status of failure: only a missing program counts.
            if let Err(missing @ InstallError::ToolMissing { .. }) =
                run(tool, self.command(tool).arg("-H"), None)
            {
                return Err(missing);
            }
        }
        Ok(())
    }

    /// Makes an empty database in an existing folder.
    pub(super) fn create_database(
        &self,
        directory: &Path,
        password_file: Option<&Path>,
    ) -> Result<(), InstallError> {
        let mut command = self.command(CERTUTIL);
        command.arg("-N").arg("-d").arg(database(directory));
        match password_file {
            Some(path) => command.arg("-f").arg(path),
            None => command.arg("--empty-password"),
        };
        run(CERTUTIL, &mut command, None)
    }

    /// Imports the file, in which nothing is another's.
    pub(super) fn import(
        &self,
        directory: &Path,
        credential: &VerifiedCredential,
        password_file: Option<&Path>,
    ) -> Result<(), InstallError> {
        let handed = Handed::over(credential.own_file(), directory)?;
        let mut command = self.command(PK12UTIL);
        command.arg("-i").arg(handed.path());
        command.arg("-d").arg(database(directory));
        command.args(["-w", "/dev/stdin"]);
        match password_file {
            Some(path) => command.arg("-k").arg(path),
            None => command.args(["-K", ""]),
        };
        run(PK12UTIL, &mut command, Some(credential.password()))
    }

    fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(self.folder.join(tool));
        // A fixed language for what is quoted in errors; names pass through as bytes.
        command.env("LC_ALL", "C");
        command
    }
}

/// `sql:` keeps an older database format from being made or taken.
fn database(directory: &Path) -> OsString {
    let mut database = OsString::from("sql:");
    database.push(directory);
    database
}

fn run(
    tool: &'static str,
    command: &mut Command,
    password: Option<&CertificatePassword>,
) -> Result<(), InstallError> {
    let output = output_of(command, password).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => InstallError::ToolMissing {
            tool,
            package: "libnss3-tools",
        },
        _ => InstallError::ToolFailed {
            tool,
            status: None,
            said: error.to_string(),
        },
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(InstallError::ToolFailed {
            tool,
            status: output.status.code(),
            said: ending(&output.stderr),
        }),
    }
}

fn output_of(command: &mut Command, password: Option<&CertificatePassword>) -> io::Result<Output> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Some(password) = password else {
        return command.stdin(Stdio::null()).output();
    };
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // The program reads the password from its standard input: a pipe that nobody else can open.
        let line = Zeroizing::new(format!("{}\n", password.expose()));
        match pipe.write_all(line.as_bytes()) {
            // It ended before it read; its own words say why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            outcome => outcome?,
        }
    }
    child.wait_with_output()
}

/// The last lines that a program said, without characters that move a cursor.
fn ending(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(LINES_QUOTED)..].join("; ");
    last.chars()
        .filter(|c| !c.is_control())
        .take(CHARACTERS_QUOTED)
        .collect()
}

/// A `.p12` at a path that `pk12util` can open, for as long as this value lives.
enum Handed {
    /// Anonymous memory.
    #[cfg(target_os = "linux")]
    InMemory {
        path: PathBuf,
        _memory: std::fs::File,
    },
    /// A file for its owner alone.
    InFile { path: PathBuf },
}

impl Handed {
    fn over(pkcs12: &Pkcs12, directory: &Path) -> Result<Self, InstallError> {
        #[cfg(target_os = "linux")]
        if let Ok(handed) = Self::in_memory(pkcs12) {
            return Ok(handed);
        }
        Self::in_file(pkcs12, directory)
    }

    #[cfg(target_os = "linux")]
    fn in_memory(pkcs12: &Pkcs12) -> io::Result<Self> {
        use rustix::fs::{MemfdFlags, memfd_create};
        use std::os::fd::AsRawFd;

        let memory = memfd_create("p12", MemfdFlags::CLOEXEC)?;
        let mut memory = std::fs::File::from(memory);
        // Memory of this process, gone when it is closed.
        memory.write_all(pkcs12.expose())?;
        let process = std::process::id();
        let path = PathBuf::from(format!("/proc/{process}/fd/{}", memory.as_raw_fd()));
        std::fs::File::open(&path)?;
        Ok(Self::InMemory {
            path,
            _memory: memory,
        })
    }

    fn in_file(pkcs12: &Pkcs12, directory: &Path) -> Result<Self, InstallError> {
        use crate::custody::{DiskError, PathKind};
        use crate::platform::create_owner_only;

        let path = directory.join(format!(".p12-{}", std::process::id()));
        let disk = |error| DiskError::new(PathKind::SavedFile, &path, error);
        let mut file = create_owner_only(&path).map_err(disk)?;
        let handed = Self::InFile { path: path.clone() };
        // The last resort that this file's first lines name.
        file.write_all(pkcs12.expose()).map_err(disk)?;
        Ok(handed)
    }

    fn path(&self) -> &OsStr {
        match self {
            #[cfg(target_os = "linux")]
            Self::InMemory { path, .. } => path.as_os_str(),
            Self::InFile { path } => path.as_os_str(),
        }
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        #[cfg_attr(not(target_os = "linux"), expect(irrefutable_let_patterns))]
        if let Self::InFile { path } = self {
            // A file that cannot be wiped was never made or is already gone.
            let _ = crate::custody::files::wipe(path);
        }
    }
}

const CERTUTIL: &str = "certutil";
const PK12UTIL: &str = "pk12util";
const LINES_QUOTED: usize = 2;
const CHARACTERS_QUOTED: usize = 300;
