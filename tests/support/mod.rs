//! A workplace for tests: its own data folder, passphrase and password files, and the built program.

#![allow(dead_code, reason = "every test binary uses its own part")]

pub mod invented;
pub mod list_host;
pub mod screen;

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use noticert::custody::{Vault, WorkFactor};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

/// The password that tests choose; invented.
pub const PASSWORD: &str = "4826";

/// What opens the seal of a workplace; invented.
pub const PASSPHRASE: &str = "invented passphrase for tests";

/// A folder of its own with everything a run needs.
pub struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// A workplace whose seal is made and cheap to open: scrypt's full work would be most of what a command does.
    pub fn new() -> Self {
        let workplace = Self::untouched();
        let passphrase = SecretString::from(PASSPHRASE);
        Vault::create(
            &workplace.data(),
            &passphrase,
            WorkFactor::RANDOM_PASSPHRASE,
        )
        .unwrap();
        workplace
    }

    /// A workplace where noticert has never run: the first command makes the seal, at full strength.
    pub fn untouched() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workplace = Self { folder };
        workplace.write("passphrase", format!("{PASSPHRASE}\n"));
        workplace.write("password", format!("{PASSWORD}\n"));
        workplace.write("config.toml", "");
        workplace
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// `noticert ARGUMENTS` with this workplace's data, configuration and passphrase; nobody at the terminal.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = program();
        command
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .arg("--config")
            .arg(self.path("config.toml"))
            .arg("--passphrase-file")
            .arg(self.path("passphrase"))
            .current_dir(self.folder.path());
        command
    }

    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Enters the issuances of `list`, for which a person vouches.
    pub fn confirm(&self, list: &Path) -> Ran {
        self.run([
            "add".as_ref(),
            "--from".as_ref(),
            list.as_os_str(),
            "--confirmed".as_ref(),
        ])
    }

    /// Fetches whatever may be fetched from `site`.
    pub fn retrieve_all(&self, site: &PracticeSite) -> Ran {
        self.run(with(&["retrieve", "--all"], site.options(self)))
    }

    /// The terminals that `status --json` lists.
    pub fn terminals(&self) -> Vec<Value> {
        let ran = self.run(["status", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.json()["terminals"].as_array().unwrap().clone()
    }

    /// Every file below the data folder.
    pub fn data_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.data(), &mut found);
        found
    }
}

/// The built program with an environment of its own.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_noticert"));
    command
        .stdin(Stdio::null())
        .env_remove("NOTICERT_PASSPHRASE_FILE")
        .env_remove("NOTICERT_PASSWORD_FILE")
        // No key store of the person who runs the tests.
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    command
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, found),
            false => found.push(path),
        }
    }
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }
}

/// A file of `fixtures/`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// The same IDs in the same print whenever a test runs, other ones in its next site: only the dates are today's.
fn next_seed() -> u64 {
    thread_local! {
        // Every test runs in a thread of its own.
        static NEXT: Cell<u64> = const { Cell::new(SEED) };
    }
    NEXT.replace(NEXT.get() + 1)
}

/// Any would do.
const SEED: u64 = 20_261_122;

/// `noticert practice` as a child process; it ends with this value.
pub struct PracticeSite {
    child: Child,
    pub url: String,
    pub ca_file: PathBuf,
    /// The letter whose issuances the site knows, as `noticert.issuances/1`.
    pub issuances: PathBuf,
    /// The same letter as a scan.
    pub letter: PathBuf,
}

impl PracticeSite {
    pub fn start(folder: &Path, terminals: usize) -> Self {
        let mut child = program()
            .args([
                "practice",
                "--json",
                "--terminals",
                &terminals.to_string(),
                "--seed",
                &next_seed().to_string(),
                "--to",
            ])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let path = |name: &str| PathBuf::from(told[name].as_str().unwrap());
        Self {
            url: told["url"].as_str().unwrap().to_owned(),
            ca_file: path("ca_file"),
            issuances: path("issuances"),
            letter: path("letter"),
            child,
        }
    }

    /// The options that lead a command to this site.
    pub fn options(&self, workplace: &Workplace) -> Vec<String> {
        vec![
            "--site".to_owned(),
            self.url.clone(),
            "--ca-file".to_owned(),
            self.ca_file.display().to_string(),
            "--ca-only".to_owned(),
            "--password-file".to_owned(),
            workplace.path("password").display().to_string(),
            "--pause".to_owned(),
            "0".to_owned(),
        ]
    }
}

impl Drop for PracticeSite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `first` and `more` as one list of arguments.
pub fn with(first: &[&str], more: Vec<String>) -> Vec<String> {
    first.iter().map(|&s| s.to_owned()).chain(more).collect()
}

/// Feeds `text` to a command's standard input and waits for its end.
pub fn feed(mut command: Command, text: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}
