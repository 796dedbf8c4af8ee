//! The seal of a new data folder kept by the key store of a Linux desktop, shown by `secret-tool`, a reader of its own.
//!
//! Each test has a desktop session of its own: a bus that `dbus-run-session` starts and ends, and GNOME Keyring on a
//! home folder of the test. The key store of the person who runs the tests is never reached.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use support::{Ran, Workplace, program};

/// A home folder with a data folder in it, where noticert has never run.
struct Desktop {
    workplace: Workplace,
}

impl Desktop {
    fn new() -> Self {
        let workplace = Workplace::untouched();
        for folder in ["home", "run"] {
            let folder = workplace.path(folder);
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        workplace.write(
            "list.json",
            r#"{"schema":"noticert.issuances/1","issuances":[{"institution_code":"0110113719","terminal_name":"受付",
            "request_id":"123456789012345","reference_id":"Ab3dE6gH9k","valid_from":"2026-03-10","valid_to":"2029-06-30"}]}"#,
        );
        Self { workplace }
    }

    /// Runs the lines of a shell in a session whose keyring is open, or as it is right after booting.
    fn session(&self, is_open: bool, lines: &str) -> Ran {
        let unlock = match is_open {
            true => "printf invented | gnome-keyring-daemon --unlock --components=secrets\n",
            false => "",
        };
        self.run(
            Command::new("dbus-run-session"),
            &format!("{unlock}{lines}"),
        )
    }

    /// The same where there is no session at all.
    fn headless(&self, lines: &str) -> Ran {
        self.run(Command::new("env"), lines)
    }

    fn run(&self, mut around: Command, lines: &str) -> Ran {
        // `$noticert` is a command with this folder and without a passphrase.
        let noticert = format!(
            "noticert() {{ '{}' \"$@\" --data '{}' --config '{}' </dev/null; }}\n",
            program().get_program().display(),
            self.workplace.data().display(),
            self.workplace.path("config.toml").display(),
        );
        let output = around
            .args(["--", "sh", "-c", &format!("{noticert}{lines}")])
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("NOTICERT_PASSPHRASE_FILE")
            .env("HOME", self.workplace.path("home"))
            .env("XDG_RUNTIME_DIR", self.workplace.path("run"))
            .env_remove("XDG_DATA_HOME")
            .current_dir(self.workplace.path(""))
            .output()
            .unwrap();
        Ran::of(output)
    }

    fn has(&self, name: &str) -> bool {
        self.workplace.data().join(name).exists()
    }

    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = self.workplace.data_files().into_iter();
        files
            .map(|path| {
                let bytes = fs::read(&path).unwrap();
                (path, bytes)
            })
            .collect()
    }
}

const ADD: &str = "noticert add --from list.json --confirmed";
/// How many of noticert's items the key store has, and the secret of one, as its own reader sees them.
const COUNT: &str = "secret-tool search --all xdg:schema noticert.WrappingKey 2>/dev/null | grep -c '^label = noticert'";
const SECRET: &str = "secret-tool lookup xdg:schema noticert.WrappingKey";

#[test]
#[ignore = "needs dbus, gnome-keyring, libsecret-tools"]
fn a_new_folder_on_a_desktop_is_sealed_by_its_key_store() {
    let desktop = Desktop::new();
    let ran = desktop.session(true, &format!("{ADD} && {COUNT} && {SECRET} >secret"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("サインインしているアカウント"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout.lines().last(), Some("1"), "{}", ran.stdout);
    assert!(desktop.has("key.account") && !desktop.has("key.age"));
    let status = desktop.headless("noticert seal status --json").json();
    assert_eq!(
        (&status["account"], &status["passphrase"]),
        (&true.into(), &false.into())
    );

    // Neither the reference ID nor the store's secret lies in the folder, and that secret alone is not the data key.
    let secret = fs::read(desktop.workplace.path("secret")).unwrap();
    assert_eq!(secret.len(), 32);
    for (path, bytes) in desktop.files() {
        for hidden in [&secret[..], b"Ab3dE6gH9k"] {
            let found = bytes.windows(hidden.len()).any(|part| part == hidden);
            assert!(!found, "{}", path.display());
        }
    }

    // The next session opens it without a word; a passphrase beside it takes the store's place, and its item goes.
    desktop.workplace.write("next", "invented passphrase\n");
    let ran = desktop.session(true, "noticert seal change --new-passphrase-file next");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let locked = desktop.session(true, &format!("noticert seal lock && {COUNT}"));
    assert_eq!(locked.stdout.lines().last(), Some("0"), "{}", locked.stderr);
    assert!(!desktop.has("key.account") && desktop.has("key.age"));
    let back = "noticert seal change --opener account --passphrase-file next";
    let again = desktop.session(true, &format!("{back} && {back} && {COUNT}"));
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(
        again.stdout.lines().last(),
        Some("1"),
        "one item per folder"
    );
}

/// Without a session, or with a keyring that nobody opened, nothing waits and nobody is asked to unlock it.
#[test]
#[ignore = "needs dbus, gnome-keyring, libsecret-tools"]
fn a_key_store_that_is_shut_or_missing_leaves_the_passphrase() {
    let desktop = Desktop::new();
    // The keyring exists and is shut from here on.
    assert_eq!(desktop.session(true, ":").code, 0);
    for shut in [desktop.session(false, ADD), desktop.headless(ADD)] {
        assert_eq!(shut.code, 2, "{}", shut.stderr);
        assert!(shut.stderr.contains("--passphrase-file"), "{}", shut.stderr);
        assert!(!desktop.has("key.account") && !desktop.has("key.age"));
    }
    let given = format!("{ADD} --passphrase-file passphrase && {COUNT}");
    let given = desktop.session(true, &given);
    assert_eq!(given.stdout.lines().last(), Some("0"), "{}", given.stderr);
    assert!(desktop.has("key.age") && !desktop.has("key.account"));
    // Who asks for it by name is told why not.
    let asked = desktop.session(
        false,
        "noticert seal change --opener account --passphrase-file passphrase",
    );
    assert_eq!(asked.code, 2, "{}", asked.stderr);
    assert!(asked.stderr.contains("キーリング"), "{}", asked.stderr);
}

#[test]
#[ignore = "needs dbus, gnome-keyring, libsecret-tools"]
fn a_seal_of_the_key_store_stays_shut_without_it_and_says_so() {
    let desktop = Desktop::new();
    let ran = desktop.session(true, ADD);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let before = desktop.files();
    let open = "noticert seal change --opener account";
    let emptied = "secret-tool clear xdg:schema noticert.WrappingKey; ";
    for shut in [
        desktop.session(false, open),
        desktop.headless(open),
        desktop.session(true, &format!("{emptied}{open}")),
    ] {
        assert_eq!(shut.code, 16, "{}", shut.stderr);
        assert!(shut.stderr.contains("キーリング"), "{}", shut.stderr);
    }
    let key = |files: &[(PathBuf, Vec<u8>)]| {
        let found = files.iter().find(|(path, _)| path.ends_with("key.account"));
        found.unwrap().1.clone()
    };
    assert_eq!(key(&desktop.files()), key(&before));
}
