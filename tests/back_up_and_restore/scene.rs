//! A workplace with retrieved certificates, made once and copied for each test; sticks; a person at a real terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::support::screen::AtTheScreen;
use super::support::{PracticeSite, Ran, Workplace};

/// The terminals of the scene.
pub const TERMINALS: usize = 2;
/// The passphrase of sealed copies.
pub const BACKUP_PASSPHRASE: &str = "invented passphrase of a back-up";

/// A data folder in which every terminal is retrieved, copied for this test.
pub fn retrieved() -> Workplace {
    static MADE: OnceLock<(Workplace, Vec<String>)> = OnceLock::new();
    let (made, _) = MADE.get_or_init(|| {
        let workplace = Workplace::new();
        let site = PracticeSite::start(&workplace.path("practice"), TERMINALS);
        workplace.confirm(&site.issuances);
        let ran = workplace.retrieve_all(&site);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (workplace, Vec::new())
    });
    let workplace = empty();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(made.data().join("."))
        .arg(workplace.data())
        .status()
        .unwrap();
    assert!(copied.success());
    workplace
}

/// A PC that has nothing yet.
pub fn empty() -> Workplace {
    let workplace = Workplace::new();
    workplace.write("backup-passphrase", format!("{BACKUP_PASSPHRASE}\n"));
    workplace
}

/// The name of the terminal at this place of the list.
pub fn name(workplace: &Workplace, at: usize) -> String {
    workplace.terminals()[at]["terminal_name"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The states of all terminals.
pub fn states(workplace: &Workplace) -> Vec<String> {
    let terminals = workplace.terminals();
    let state = |terminal: &Value| terminal["state"].as_str().unwrap().to_owned();
    terminals.iter().map(state).collect()
}

/// A stick: a folder on a file system of its own.
pub struct Stick(TempDir);

impl Stick {
    pub fn new() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn text(&self) -> &str {
        self.path().to_str().unwrap()
    }

    /// The folder of back-ups on it.
    pub fn root(&self) -> PathBuf {
        self.path().join("電子証明書バックアップ")
    }

    pub fn index(&self) -> Value {
        let text = fs::read_to_string(self.root().join("noticert-backup.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Writes a changed index, as another run would have left it.
    pub fn rewrite_index(&self, change: impl FnOnce(&mut Value)) {
        let mut index = self.index();
        change(&mut index);
        fs::write(self.root().join("noticert-backup.json"), index.to_string()).unwrap();
    }

    /// Every file below it whose name ends so.
    pub fn files(&self, ending: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(self.path(), ending, &mut found);
        found.sort();
        found
    }
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, ending, found);
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
}

/// `backup --to STICK` with more arguments.
pub fn back_up(workplace: &Workplace, stick: &Stick, more: &[&str]) -> Ran {
    let mut arguments = vec!["backup", "--to", stick.text()];
    arguments.extend(more);
    workplace.run(arguments)
}

/// The same with sealed copies, which need nobody at the terminal.
pub fn back_up_sealed(workplace: &Workplace, stick: &Stick) -> Ran {
    let passphrase = workplace.path("backup-passphrase");
    let file = passphrase.to_str().unwrap();
    let sealed = ["--sealed", "--backup-passphrase-file", file];
    back_up(workplace, stick, &sealed)
}

/// Makes the second copy of the stick look like a newer one of the first one's terminal: the older file, the newer one.
pub fn renewed(stick: &Stick) -> (PathBuf, PathBuf) {
    stick.rewrite_index(|index| {
        let first = index["copies"][0].clone();
        let second = &mut index["copies"][1];
        second["terminal_name"] = first["terminal_name"].clone();
        second["not_after"] = "2031-03-01T14:59:59Z".into();
    });
    let index = stick.index();
    let file = |at: usize| {
        let name = index["copies"][at]["file"].as_str().unwrap();
        stick.root().join(name)
    };
    (file(0), file(1))
}

/// Runs noticert in a real terminal and types `lines`, each when the program has had time to ask; then Enter alone, for
/// the question how the service goes.
pub fn typed(workplace: &Workplace, arguments: &[&str], lines: &[&str]) -> Ran {
    let home = workplace.path("home");
    let mut screen = AtTheScreen::start_at_home(&workplace.command(arguments), &home);
    screen.types_slowly(lines);
    screen.types_slowly(&[""]);
    screen.ends()
}

pub fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// SHA-256 of the certificate in a `.p12`, as openssl reads it.
pub fn certificate_in(p12: &Path, password: &str) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let pem = scratch.path().join("a.pem");
    output(
        "openssl",
        &[
            "pkcs12",
            "-in",
            p12.to_str().unwrap(),
            "-passin",
            &format!("pass:{password}"),
            "-clcerts",
            "-nokeys",
            "-legacy",
            "-out",
            pem.to_str().unwrap(),
        ],
    );
    let printed = output(
        "openssl",
        &[
            "x509",
            "-noout",
            "-fingerprint",
            "-sha256",
            "-in",
            pem.to_str().unwrap(),
        ],
    );
    let (_, hex) = printed.trim().split_once('=').unwrap();
    hex.replace(':', "").to_lowercase()
}
