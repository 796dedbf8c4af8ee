//! Sticks that are full, write-protected, pulled out; a program killed at every rename.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use super::scene::{Stick, TERMINALS, back_up, retrieved, states};
use super::support::{Ran, Workplace};

/// `backup` with a file system of its own mounted at the stick, in a name space of its own.
fn on_a_mounted_stick(workplace: &Workplace, stick: &Stick, options: &str) -> Ran {
    let noticert = workplace.command(["backup", "--to", stick.text()]);
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "sh", "-c"])
        .arg(format!(
            "mount -t tmpfs -o {options} none {} && exec \"$@\"",
            stick.text()
        ))
        .arg("sh")
        .arg(noticert.get_program())
        .args(noticert.get_args())
        .current_dir(workplace.path(""));
    Ran::of(command.output().unwrap())
}

/// Below strace, which does `inject` to the program.
fn disturbed(workplace: &Workplace, stick: &Stick, inject: &str) -> std::process::Output {
    let noticert = workplace.command(["backup", "--to", stick.text()]);
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("inject={inject}"))
        .arg(noticert.get_program())
        .args(noticert.get_args())
        .current_dir(workplace.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !said.contains("ptrace"),
        "this machine forbids strace: {said}"
    );
    output
}

/// Every `.p12` that has its final name is whole.
fn assert_whole(workplace: &Workplace, stick: &Stick) {
    let mut originals: Vec<Vec<u8>> = Vec::new();
    for terminal in workplace.terminals() {
        let path = terminal["p12"].as_str().unwrap();
        originals.push(fs::read(Path::new(path)).unwrap());
    }
    for copy in stick.files(".p12") {
        let bytes = fs::read(&copy).unwrap();
        assert!(originals.contains(&bytes), "{}", copy.display());
    }
}

#[test]
#[ignore = "needs unshare"]
fn a_full_stick_is_told_and_nothing_is_called_backed_up() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let ran = on_a_mounted_stick(&workplace, &stick, "size=8k");
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("空き容量がありません"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("抜いて構いません"), "{}", ran.stderr);
    let backups = workplace.terminals().remove(1)["backups"].clone();
    assert_eq!(backups, serde_json::json!([]));
}

#[test]
#[ignore = "needs unshare"]
fn a_write_protected_stick_is_told() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let ran = on_a_mounted_stick(&workplace, &stick, "ro");
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("読み取り専用"), "{}", ran.stderr);
    assert_eq!(states(&workplace), ["retrieved", "retrieved"]);
}

/// From its second sync on the stick answers nothing any more.
#[test]
#[ignore = "needs strace"]
fn a_stick_that_is_pulled_while_it_is_written_is_told() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let path = "fsync:error=EIO:when=6+";
    let output = disturbed(&workplace, &stick, path);
    assert_eq!(output.status.code(), Some(14));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("抜いて構いません"), "{said}");
    assert_whole(&workplace, &stick);
    let again = back_up(&workplace, &stick, &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(stick.files(".p12").len(), TERMINALS);
}

#[test]
#[ignore = "needs strace"]
fn a_program_killed_at_any_rename_leaves_whole_copies_and_a_run_that_finishes() {
    let (workplace, stick) = (retrieved(), Stick::new());
    let mut killed = 0;
    for at in 1..=MOST_RENAMES {
        let inject = format!("rename,renameat2:signal=KILL:when={at}");
        let output = disturbed(&workplace, &stick, &inject);
        assert_whole(&workplace, &stick);
        if output.status.signal().is_none() && output.status.code() == Some(0) {
            break;
        }
        killed += 1;
    }
    // Copy, list, index and sheet of each terminal at least.
    assert!(killed >= 4, "{killed}");
    let whole = back_up(&workplace, &stick, &[]);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    assert_eq!(stick.files(".p12").len(), TERMINALS);
    assert!(stick.files(".tmp").is_empty());
    assert_eq!(back_up(&workplace, &stick, &["--check"]).code, 0);
}

const MOST_RENAMES: u32 = 12;
