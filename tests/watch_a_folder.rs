//! `watch` with real processes: what a scanner drops is read once, put away, and never lost.
//!
//! Whether a letter is accepted is not the matter here, so no test demands it: where it goes follows from what the
//! program says of it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use noticert::ledger::Ledger;
use serde_json::Value;
use support::{Ran, Workplace, fixture};

/// A scan of `fixtures/notices/CASE`.
fn letter(case: &str) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(fixture("notices").join(case))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|ending| ending != "json"))
        .collect();
    files.sort();
    files.remove(0)
}

/// A workplace with a folder that a scanner fills.
fn scanning() -> (Workplace, PathBuf) {
    let workplace = Workplace::new();
    let folder = workplace.path("scans");
    fs::create_dir(&folder).unwrap();
    // As `watch` names it.
    let folder = fs::canonicalize(folder).unwrap();
    (workplace, folder)
}

/// Puts a file there as a careful program does: under another name first.
fn drop_in(folder: &Path, name: &str, contents: &[u8]) {
    let begun = folder.join(format!("{name}.part"));
    fs::write(&begun, contents).unwrap();
    fs::rename(begun, folder.join(name)).unwrap();
}

fn command(workplace: &Workplace, folder: &Path, more: &[&str]) -> Command {
    let folder = folder.to_str().unwrap();
    let words = ["watch", folder, "--json", "--every", "0.05"];
    workplace.command(words.iter().chain(more))
}

fn once(workplace: &Workplace, folder: &Path, more: &[&str]) -> (Ran, Vec<Value>) {
    let more = [&["--once"], more].concat();
    let ran = Ran::of(command(workplace, folder, &more).output().unwrap());
    let lines = ran.stdout.lines();
    let told = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (ran, told)
}

/// A running `watch`; it is killed with this value.
struct Watching {
    child: Child,
    told: Receiver<Value>,
    said: Receiver<String>,
}

impl Watching {
    fn start(workplace: &Workplace, folder: &Path, more: &[&str]) -> Self {
        let mut child = command(workplace, folder, more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let told = lines_of(child.stdout.take().unwrap(), |line| {
            serde_json::from_str(&line).unwrap()
        });
        let said = lines_of(child.stderr.take().unwrap(), |line| line);
        let watching = Self { child, told, said };
        watching.until_said("見張っています");
        watching
    }

    /// The next line about `file`; others are passed over.
    fn told_of(&self, file: &str) -> Value {
        self.told
            .iter()
            .find(|told| told["file"] == file)
            .expect("it ended before it told of the file")
    }

    fn until_said(&self, words: &str) -> String {
        self.said
            .iter()
            .find(|line| line.contains(words))
            .unwrap_or_else(|| panic!("it ended before it said {words}"))
    }

    fn interrupt(&self) {
        signal(&self.child, "INT");
    }

    /// Its exit code and what it still said.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.said.iter().collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn lines_of<T: Send + 'static>(
    stream: impl Read + Send + 'static,
    of: impl Fn(String) -> T + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            if sender.send(of(line.unwrap())).is_err() {
                return;
            }
        }
    });
    receiver
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Names in a folder, without the lock.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".noticert-watch.lock")
        .collect();
    names.sort();
    names
}

/// Every sealed letter of a folder.
fn sealed_in(folder: &Path) -> Vec<PathBuf> {
    ["done", "doubtful"]
        .iter()
        .flat_map(|place| {
            let place = folder.join(place);
            let names = names_in(&place);
            names.into_iter().map(move |name| place.join(name))
        })
        .collect()
}

/// What is in a sealed letter.
fn opened(workplace: &Workplace, sealed: &Path) -> Vec<u8> {
    let output = workplace
        .command(["seal", "open", sealed.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// How often each kind of event stands in the log.
fn events(workplace: &Workplace) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    let Ok(ledger) = Ledger::open_read_only(&workplace.data()) else {
        return kinds;
    };
    for event in ledger.log().unwrap() {
        *kinds.entry(event.kind).or_default() += 1;
    }
    kinds
}

fn count(events: &BTreeMap<String, usize>, kind: &str) -> usize {
    events.get(kind).copied().unwrap_or(0)
}

#[test]
fn a_letter_is_read_once_sealed_and_comes_back_on_request() {
    let (workplace, folder) = scanning();
    let scan = fs::read(letter("one-clean")).unwrap();
    let watching = Watching::start(&workplace, &folder, &["--keep", "seal"]);
    drop_in(&folder, "受付 1.png", &scan);
    let told = watching.told_of("受付 1.png");
    assert_eq!(told["schema"], "noticert.watch/1");
    assert_eq!(told["scan"], "sealed", "{told}");
    assert_eq!(told["terminals"].as_array().unwrap().len(), 1, "{told}");
    let sealed = PathBuf::from(told["sealed"].as_str().unwrap());
    let place = folder.join(told["outcome"].as_str().unwrap());
    assert_eq!(sealed, place.join("受付 1.png.sealed"));
    assert_eq!(names_in(&folder), ["done", "doubtful"]);
    let closed = fs::read(&sealed).unwrap();
    assert!(!closed.windows(8).any(|part| part == &scan[..8]));

    // The same letter under another name, and after a restart, is not read again.
    drop_in(&folder, "again.png", &scan);
    assert_eq!(watching.told_of("again.png")["known_as"], "受付 1.png");
    watching.until_said("ページ 1 ");
    watching.interrupt();
    let (code, said) = watching.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("ページ 1 = 通知書 1"), "{said}");
    drop_in(&folder, "third.png", &scan);
    let (_, told) = once(&workplace, &folder, &[]);
    assert_eq!(told[0]["known_as"], "受付 1.png", "{told:?}");
    let events = events(&workplace);
    assert_eq!(count(&events, "read"), 1, "{events:?}");
    assert_eq!(count(&events, "seen-again"), 0, "{events:?}");

    assert_eq!(opened(&workplace, &sealed), scan);
    let again = workplace.run(["read", "--json", sealed.to_str().unwrap()]);
    assert_eq!(again.json()["sheets"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_chosen_for_a_folder_is_remembered_and_doubtful_letters_are_never_deleted() {
    let (workplace, folder) = scanning();
    drop_in(&folder, "a.png", &fs::read(letter("one-clean")).unwrap());
    let (ran, _) = once(&workplace, &folder, &[]);
    assert_eq!(ran.code, 2, "nobody is there to choose: {}", ran.stderr);
    assert!(ran.stderr.contains("--keep seal"), "{}", ran.stderr);
    assert!(names_in(&folder).contains(&"a.png".to_owned()));

    let (_, told) = once(&workplace, &folder, &["--keep", "delete"]);
    let kept = match told[0]["outcome"].as_str().unwrap() {
        "done" => "deleted",
        _ => "sealed",
    };
    assert_eq!(told[0]["scan"], kept, "{told:?}");
    // A page that is no letter, and half a letter: nothing is certain, so nothing is deleted.
    let half = fs::read(letter("one-clean")).unwrap();
    drop_in(&folder, "half.png", &half[..half.len() / 2]);
    let (ran, told) = once(&workplace, &folder, &[]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let last = told.last().unwrap();
    assert_eq!(
        (&last["file"], &last["outcome"]),
        (&"half.png".into(), &"doubtful".into())
    );
    assert_eq!(
        last["scan"], "sealed",
        "the choice of before holds: {told:?}"
    );
    let sealed = folder.join("doubtful/half.png.sealed");
    assert_eq!(opened(&workplace, &sealed), &half[..half.len() / 2]);
}

#[test]
fn what_is_no_letter_stays_and_is_named_once() {
    let (workplace, folder) = scanning();
    let elsewhere = workplace.write("elsewhere.png", fs::read(letter("one-clean")).unwrap());
    fs::write(folder.join("notes.txt"), "a note").unwrap();
    fs::write(folder.join("empty.pdf"), "").unwrap();
    fs::write(folder.join("scan.pdf.part"), "begun").unwrap();
    fs::write(folder.join("._scan.pdf"), "of a Mac").unwrap();
    fs::create_dir(folder.join("below")).unwrap();
    fs::hard_link(&elsewhere, folder.join("linked.png")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&elsewhere, folder.join("link.png")).unwrap();
        let made = Command::new("mkfifo").arg(folder.join("pipe")).status();
        assert!(made.unwrap().success());
    }
    let before = names_in(&folder);
    let (ran, told) = once(&workplace, &folder, &["--keep", "seal"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let mut named: Vec<&str> = told
        .iter()
        .map(|told| told["file"].as_str().unwrap())
        .collect();
    named.sort_unstable();
    let mut expected = vec!["below", "empty.pdf", "linked.png", "notes.txt"];
    if cfg!(unix) {
        expected.extend(["link.png", "pipe"]);
        expected.sort_unstable();
    }
    assert_eq!(named, expected);
    assert!(told.iter().all(|told| told["outcome"] == "not-taken"));
    let mut after = names_in(&folder);
    after.retain(|name| !["done", "doubtful"].contains(&name.as_str()));
    assert_eq!(after, before);
    assert!(events(&workplace).is_empty());
}

#[test]
fn a_file_that_still_arrives_is_read_when_it_is_whole() {
    let (workplace, folder) = scanning();
    let scan = fs::read(letter("one-clean")).unwrap();
    let watching = Watching::start(&workplace, &folder, &["--keep", "seal"]);
    // The scanner pauses in the middle, under the final name.
    fs::write(folder.join("slow.png"), &scan[..scan.len() / 2]).unwrap();
    assert_eq!(watching.told_of("slow.png")["outcome"], "not-taken");
    fs::write(folder.join("slow.png"), &scan).unwrap();
    let told = loop {
        // On a machine that stood still for seconds the half was put away as such; then the whole comes beside it.
        let told = watching.told_of("slow.png");
        if told["terminals"]
            .as_array()
            .is_some_and(|found| !found.is_empty())
        {
            break told;
        }
    };
    let sealed = PathBuf::from(told["sealed"].as_str().unwrap());
    assert_eq!(opened(&workplace, &sealed), scan);
}

#[test]
fn a_folder_has_one_watcher_and_the_ledger_is_free_while_it_is_idle() {
    let (workplace, folder) = scanning();
    let watching = Watching::start(&workplace, &folder, &["--keep", "seal"]);
    let other = Workplace::new();
    let (second, _) = once(&other, &folder, &["--keep", "seal"]);
    assert_eq!(second.code, 15, "{}", second.stderr);
    assert!(
        second.stderr.contains("見張っています"),
        "{}",
        second.stderr
    );

    // Idle soon, and then others may write.
    let list = workplace.write(
        "list.csv",
        "request_id,reference_id,institution_code,valid_from,valid_to\n\
         271828182840001,Qx7RmT4vKz,0110113719,2026-10-01,2029-12-31\n",
    );
    let list = list.to_str().unwrap();
    while workplace.run(["add", "--from", list]).code == 15 {}
    assert_eq!(workplace.terminals().len(), 1);
    // And it goes on after that.
    drop_in(&folder, "a.png", &fs::read(letter("one-clean")).unwrap());
    assert_eq!(watching.told_of("a.png")["scan"], "sealed");
    assert_eq!(workplace.terminals().len(), 2);
}

#[test]
fn a_folder_that_vanishes_is_waited_for() {
    let (workplace, folder) = scanning();
    let watching = Watching::start(&workplace, &folder, &["--keep", "seal"]);
    let away = workplace.path("pulled out");
    fs::rename(&folder, &away).unwrap();
    watching.until_said("見えなくなりました");
    drop_in(&away, "a.png", &fs::read(letter("one-clean")).unwrap());
    fs::rename(&away, &folder).unwrap();
    watching.until_said("戻りました");
    assert_eq!(watching.told_of("a.png")["scan"], "sealed");
    watching.interrupt();
    assert_eq!(watching.end().0, Some(130));

    let (gone, _) = once(&workplace, &workplace.path("no such folder"), &[]);
    assert_eq!(gone.code, 2, "{}", gone.stderr);
}

#[test]
fn what_cannot_be_put_away_stays_and_is_put_away_later() {
    let (workplace, folder) = scanning();
    let watching = Watching::start(&workplace, &folder, &["--keep", "seal"]);
    // No folder can be made of these names now, as on a disk that takes nothing more.
    for place in ["done", "doubtful"] {
        fs::remove_dir(folder.join(place)).unwrap();
        fs::write(folder.join(place), "in the way").unwrap();
    }
    let scan = fs::read(letter("one-clean")).unwrap();
    drop_in(&folder, "a.png", &scan);
    let told = watching.told_of("a.png");
    assert_eq!(told["scan"], "in-clear", "{told}");
    assert!(told["trouble"].is_string(), "{told}");
    assert_eq!(fs::read(folder.join("a.png")).unwrap(), scan);
    for place in ["done", "doubtful"] {
        fs::remove_file(folder.join(place)).unwrap();
    }
    let told = watching.told_of("a.png");
    assert_eq!(told["scan"], "sealed", "{told}");
    assert_eq!(opened(&workplace, &sealed_in(&folder)[0]), scan);
    assert_eq!(count(&events(&workplace), "read"), 1);

    let blocked = workplace.path("blocked");
    fs::create_dir(&blocked).unwrap();
    fs::write(blocked.join("done"), "in the way").unwrap();
    drop(watching);
    let (ran, _) = once(&workplace, &blocked, &["--keep", "seal"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("次にすること"), "{}", ran.stderr);
}

#[test]
fn a_hundred_copies_at_once_are_read_once_and_all_put_away() {
    let (workplace, folder) = scanning();
    let scan = fs::read(letter("one-clean")).unwrap();
    for number in 0..100 {
        fs::write(folder.join(format!("copy {number:03}.png")), &scan).unwrap();
    }
    let (_, told) = once(&workplace, &folder, &["--keep", "seal"]);
    assert_eq!(told.len(), 100);
    let read = told.iter().filter(|told| told["known_as"].is_null());
    assert_eq!(read.count(), 1);
    assert_eq!(count(&events(&workplace), "read"), 1);
    assert_eq!(names_in(&folder), ["done", "doubtful"]);
    assert_eq!(sealed_in(&folder).len(), 100);
}

/// What must hold after any end and a run to the finish: each letter sealed once and recorded once.
#[track_caller]
fn assert_settled(workplace: &Workplace, folder: &Path, scans: &[Vec<u8>], sheets: usize) {
    let (ran, _) = once(workplace, folder, &["--keep", "seal"]);
    assert!([0, 10].contains(&ran.code), "{} {}", ran.code, ran.stderr);
    assert_eq!(names_in(folder), ["done", "doubtful"], "{}", ran.stderr);
    let mut found: Vec<Vec<u8>> = sealed_in(folder)
        .iter()
        .map(|sealed| opened(workplace, sealed))
        .collect();
    let mut expected = scans.to_vec();
    found.sort();
    expected.sort();
    assert!(found == expected, "{} letters sealed", found.len());
    let events = events(workplace);
    assert_eq!(count(&events, "read"), sheets, "{events:?}");
    assert_eq!(count(&events, "seen-again"), 0, "{events:?}");
}

#[test]
fn ctrl_c_between_letters_and_a_kill_after_each_line_lose_nothing() {
    let scans: Vec<Vec<u8>> = ["one-clean", "one-office", "two-clean"]
        .iter()
        .map(|case| fs::read(letter(case)).unwrap())
        .collect();
    for (ending, lines) in [
        ("INT", 0),
        ("INT", 1),
        ("KILL", 0),
        ("KILL", 1),
        ("KILL", 2),
    ] {
        let (workplace, folder) = scanning();
        for (number, scan) in scans.iter().enumerate() {
            drop_in(&folder, &format!("{number}.scan"), scan);
        }
        let watching = Watching::start(&workplace, &folder, &["--keep", "seal", "--jobs", "1"]);
        for _ in 0..lines {
            watching.told.recv().unwrap();
        }
        signal(&watching.child, ending);
        let (code, said) = watching.end();
        match ending {
            "INT" => assert_eq!(code, Some(130), "{said}"),
            _ => assert_eq!(code, None, "{said}"),
        }
        assert_settled(&workplace, &folder, &scans, 4);
    }
}

#[test]
fn a_kill_while_a_letter_is_put_away_is_finished_by_the_next_run() {
    let (workplace, folder) = scanning();
    let scan = fs::read(letter("one-clean")).unwrap();
    drop_in(&folder, "a.png", &scan);
    once(&workplace, &folder, &["--keep", "seal"]);
    let sealed = sealed_in(&folder).remove(0);
    let claim = folder.join(".noticert-0123456789abcdef.taken");

    // Killed after the sealed copy was synced, before the clear one was removed.
    fs::write(&claim, &scan).unwrap();
    assert_settled(&workplace, &folder, std::slice::from_ref(&scan), 1);
    // Killed before the sealed copy was whole.
    fs::remove_file(&sealed).unwrap();
    fs::write(&claim, &scan).unwrap();
    let half = sealed.with_file_name(".noticert-0123456789abcdef.tmp");
    fs::write(&half, "half of it").unwrap();
    assert_settled(&workplace, &folder, std::slice::from_ref(&scan), 1);
    // What the scanner put under the name meanwhile was claimed: it was never read.
    let other = fs::read(letter("one-office")).unwrap();
    fs::write(&claim, &other).unwrap();
    assert_settled(&workplace, &folder, &[scan, other], 2);
}

#[test]
fn status_counts_scans_that_lie_readable() {
    let (workplace, folder) = scanning();
    let scans_in_clear = || workplace.run(["status", "--json"]).json()["scans_in_clear"].clone();
    once(&workplace, &folder, &["--keep", "seal"]);
    assert_eq!(scans_in_clear(), serde_json::json!([]));
    let scan = fs::read(letter("one-clean")).unwrap();
    drop_in(&folder, "a.png", &scan);
    fs::write(folder.join("notes.txt"), "a note").unwrap();
    // Somebody moved a readable one where only sealed ones should be.
    fs::write(folder.join("done/b.png"), &scan).unwrap();
    let watched =
        serde_json::json!({"folder": folder.to_str().unwrap(), "files": 2, "watched": true});
    assert_eq!(scans_in_clear(), serde_json::json!([watched]));
    let said = workplace.run(["status"]).stdout;
    assert!(said.contains("スキャン 2件"), "{said}");
    fs::remove_file(folder.join("done/b.png")).unwrap();
    once(&workplace, &folder, &[]);
    assert_eq!(scans_in_clear(), serde_json::json!([]));

    // What `read` leaves where it was counts until it is gone.
    let desk = fs::canonicalize(workplace.path("")).unwrap();
    let left = workplace.write("left.png", fs::read(letter("one-office")).unwrap());
    workplace.run(["read", left.to_str().unwrap()]);
    let lies = serde_json::json!({"folder": desk.to_str().unwrap(), "files": 1, "watched": false});
    assert_eq!(scans_in_clear(), serde_json::json!([lies]));
    fs::remove_file(left).unwrap();
    assert_eq!(scans_in_clear(), serde_json::json!([]));
}
