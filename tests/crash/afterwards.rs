//! What must hold once a struck command is simply given again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::{Connection, OpenFlags};

use crate::scene::{Job, Scene};
use crate::support::Ran;

/// What was there when the command had ended, before it was given again.
#[derive(Debug)]
pub struct Before {
    submissions: usize,
    /// Whether a whole certificate file lay anywhere.
    has_file: bool,
    /// A certificate file that is not whole and has its final name.
    half_file: Option<PathBuf>,
    /// Certificates with their keys in the store.
    usable: usize,
}

impl Before {
    pub fn of(scene: &Scene) -> Self {
        Self {
            submissions: scene.submissions(),
            has_file: !whole_files(scene).is_empty(),
            half_file: half_file(scene),
            usable: usable(scene),
        }
    }
}

/// Gives the command again and again, and says in which state that ends; or what is wrong.
pub fn settle(scene: &Scene, before: &Before) -> Result<String, String> {
    if let Some(path) = &before.half_file {
        return Err(format!("{} is half a file", path.display()));
    }
    if before.usable < least_usable(scene.job) {
        return Err(format!("{} usable certificates are left", before.usable));
    }
    let again = scene.run();
    let state = judge(scene, before, &again).map_err(|wrong| told(&wrong, &again))?;
    // Whatever the second run left open, a third one must not send either.
    if scene.job.retrieves() {
        let third = scene.run();
        if scene.submissions() > 1 {
            return Err(told("submitted twice by the third run", &third));
        }
        let (later, _) = state_of(scene)?;
        if later != state {
            return Err(told(
                &format!("{state} became {later} by a third run"),
                &third,
            ));
        }
    }
    Ok(state)
}

fn judge(scene: &Scene, before: &Before, again: &Ran) -> Result<String, String> {
    if scene.submissions() > 1 {
        return Err("submitted twice".to_owned());
    }
    if again.stderr.contains("panicked") {
        return Err("it panicked".to_owned());
    }
    if again.code != 0 && !again.stderr.contains("次にすること") {
        return Err("no word of what to do".to_owned());
    }
    check_ledger(scene)?;
    if let Some(path) = leftovers(&scene.workplace.data()).first() {
        return Err(format!("{} was left behind", path.display()));
    }
    let (state, p12) = state_of(scene)?;
    let has_whole_p12 = p12.as_deref().is_some_and(is_whole);
    let expect = |is_so: bool, what: &str| match is_so {
        true => Ok(()),
        false => Err(format!("{what} ({state}, {before:?})")),
    };
    match scene.job {
        Job::Add => {
            expect(again.code == 0, "not added")?;
            expect(state == "confirmed", "not confirmed")?;
        }
        Job::Retrieve | Job::RetrieveByLink => match state.as_str() {
            "retrieved" => {
                // 10: nothing waits any more, because the first run had finished.
                expect(
                    again.code == 0 || (again.code == 10 && before.has_file),
                    "wrong code",
                )?;
                expect(has_whole_p12, "no whole file")?;
                expect(scene.submissions() == 1, "retrieved without one submission")?;
                let answers = fs::read_dir(scene.workplace.data().join("answers"));
                let left = answers.into_iter().flatten().count();
                expect(left == 0, "a second copy of the key was left in answers/")?;
            }
            "unclear" => {
                expect(again.code == 10, "wrong code")?;
                // From the intent on nobody can tell whether the submission left, so none is made: a kill in the few
                // calls between them is unclear though the site never heard of it.
                expect(
                    scene.submissions() == before.submissions,
                    "submitted although an earlier submission was open",
                )?;
                expect(!before.has_file, "a file that was on the disk is lost")?;
            }
            _ => expect(false, "wrong state")?,
        },
        Job::Adopt => {
            expect(state == "retrieved", "not taken")?;
            expect(has_whole_p12, "no whole file")?;
            expect(
                !is_whole(&scene.workplace.path("stick/fetched.p12")),
                "the found copy was not wiped",
            )?;
        }
        Job::Install => {
            expect(again.code == 0, "not installed")?;
            expect(state == "installed", "not installed")?;
            let folders = fs::read_dir(scene.workplace.path("store")).map_err(|e| e.to_string())?;
            let names: Vec<_> = folders.flatten().map(|entry| entry.file_name()).collect();
            expect(names.len() == 1, &format!("the store holds {names:?}"))?;
        }
        Job::Pack => {
            expect(state == "confirmed", "wrong state")?;
            let lent = &scene.workplace.terminals()[0]["lent"];
            expect(!lent.is_null(), "neither packed nor lent")?;
            // Lent already: a person is told which case, and how to take back one that never came to be.
            let is_told = again.code == 10 && again.stderr.contains("--take-back");
            expect(again.code == 0 || is_told, "wrong code")?;
        }
        Job::Unpack => {
            expect(again.code == 0, "not taken")?;
            expect(state == "confirmed", "wrong state")?;
        }
        Job::BackUp => {
            expect(again.code == 0, "not backed up")?;
            let usb = scene.usb().display().to_string();
            let checked = scene.workplace.run(["backup", "--to", &usb, "--check"]);
            expect(checked.code == 0, &told("the back-up fails", &checked))?;
            expect(half_file(scene).is_none(), "half a file was left")?;
        }
        Job::Restore => {
            expect(again.code == 0, "not restored")?;
            expect(state == "restored", "not restored")?;
            expect(has_whole_p12, "no whole file")?;
            expect(usable(scene) == 1, "not one in the store")?;
        }
        Job::RemoveOld => {
            expect(again.code == 0, "not removed")?;
            expect(usable(scene) == 1, "not the new one alone")?;
            let store = scene.store().display().to_string();
            let back = scene.workplace.run(["undo-remove", "--folder", &store]);
            expect(back.code == 0, &told("it does not come back", &back))?;
            expect(usable(scene) == 2, "it did not come back")?;
        }
        Job::UndoRemove => {
            // 10: nothing is to be put back any more, because the first run had finished.
            let had_finished = again.code == 10 && before.usable == 2;
            expect(again.code == 0 || had_finished, "wrong code")?;
            expect(usable(scene) == 2, "not both in the store")?;
        }
        Job::InstallNss => {
            expect(again.code == 0, "not installed")?;
            expect(state == "installed", "not installed")?;
            expect(usable(scene) == 2, "not both in the database")?;
        }
    }
    Ok(state)
}

fn told(wrong: &str, ran: &Ran) -> String {
    format!("{wrong}\n  code {}\n{}{}", ran.code, ran.stdout, ran.stderr)
}

/// State and file of the one terminal.
fn state_of(scene: &Scene) -> Result<(String, Option<PathBuf>), String> {
    let ran = scene.workplace.run(["status", "--json"]);
    if ran.code != 0 {
        return Err(told("status fails", &ran));
    }
    let terminals = ran.json()["terminals"].as_array().unwrap().clone();
    match terminals.as_slice() {
        [one] => Ok((
            one["state"].as_str().unwrap().to_owned(),
            one["p12"].as_str().map(PathBuf::from),
        )),
        other => Err(format!("{} terminals", other.len())),
    }
}

fn check_ledger(scene: &Scene) -> Result<(), String> {
    let path = scene.workplace.data().join("ledger.sqlite");
    let told = |error: rusqlite::Error| format!("the ledger: {error}");
    let ledger =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(told)?;
    let word: String = ledger
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(told)?;
    match word.as_str() {
        "ok" => Ok(()),
        _ => Err(format!("the ledger: {word}")),
    }
}

/// How many certificates must be usable at every moment: the old one or the new one.
fn least_usable(job: Job) -> usize {
    match job {
        Job::RemoveOld | Job::UndoRemove | Job::InstallNss => 1,
        Job::Add
        | Job::Retrieve
        | Job::RetrieveByLink
        | Job::Adopt
        | Job::Install
        | Job::Pack
        | Job::Unpack
        | Job::BackUp
        | Job::Restore => 0,
    }
}

/// Certificates with their keys in the store: whole files in a folder, keys that certutil lists in a database.
fn usable(scene: &Scene) -> usize {
    let store = scene.store();
    if scene.job == Job::InstallNss {
        // In a copy, as the next browser finds it: whoever may write takes an interrupted transaction back first.
        let copy = tempfile::tempdir().unwrap();
        for path in all_files(&store) {
            fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
        for name in ["cert9.db", "key4.db"] {
            let database = Connection::open(copy.path().join(name)).unwrap();
            let word: String = database
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .unwrap();
            assert_eq!(word, "ok");
        }
        let output = Command::new("certutil")
            .args(["-L", "-d", &format!("sql:{}", copy.path().display())])
            .output()
            .unwrap();
        let listing = String::from_utf8_lossy(&output.stdout).into_owned();
        return listing
            .lines()
            .filter(|l| l.trim_end().ends_with("u,u,u"))
            .count();
    }
    let is_whole_pem = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.starts_with("-----BEGIN") && text.trim_end().ends_with("-----")
    };
    fs::read_dir(store)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| {
            !folder
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with('.')
        })
        .filter(|folder| {
            ["certificate.pem", "key.pem"]
                .iter()
                .all(|name| is_whole_pem(folder.join(name)))
        })
        .count()
}

/// A `.p12` under its final name that is not whole; the fetched one is wiped in its place, which is another thing.
fn half_file(scene: &Scene) -> Option<PathBuf> {
    let fetched = scene.workplace.path("stick/fetched.p12");
    scene
        .roots()
        .iter()
        .flat_map(|root| all_files(root))
        .filter(|path| path.extension().is_some_and(|ending| ending == "p12"))
        .find(|path| *path != fetched && !is_whole(path))
}

/// Unfinished files below a folder.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut found = all_files(folder);
    found.retain(|path| path.extension().is_some_and(|ending| ending == "tmp"));
    found
}

/// Every whole certificate file in the folders that the command works in, the fetched one aside.
fn whole_files(scene: &Scene) -> Vec<PathBuf> {
    let mut found = all_files(&scene.workplace.data());
    found.retain(|path| is_whole(path));
    found
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(all_files(&path)),
            path => found.push(path),
        }
    }
    found
}

/// Whether a file is one DER sequence of exactly its own length, as a `.p12` is.
fn is_whole(path: &Path) -> bool {
    match fs::read(path).unwrap_or_default().as_slice() {
        [0x30, 0x82, high, low, rest @ ..] => {
            rest.len() == usize::from(u16::from_be_bytes([*high, *low]))
        }
        _ => false,
    }
}
