//! Ctrl-C and a kill at any moment: nothing lost, nothing sent twice.
//!
//! The practice site hands each certificate out once. So a terminal that ends `retrieved` was submitted exactly
//! once, and one submitted twice would end `refused (already-issued)`.

mod support;

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use support::{PracticeSite, Ran, Workplace, with};

/// Starts `retrieve --all` and sends it `signal` after `delay`.
fn interrupted_retrieval(
    workplace: &Workplace,
    site: &PracticeSite,
    signal: &str,
    delay: Duration,
) -> Ran {
    let child = workplace
        .command(with(&["retrieve", "--all"], site.options(workplace)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    sleep(delay);
    let sent = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    // A failure means that it had ended by itself, which is a moment too.
    let _ended = sent.success();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn prepared(terminals: usize) -> (Workplace, PracticeSite) {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), terminals);
    let added = workplace.confirm(&site.issuances);
    assert_eq!(added.code, 0, "{}", added.stderr);
    (workplace, site)
}

/// Moments from before the passphrase is opened to after the last answer.
fn moments() -> impl Iterator<Item = Duration> {
    [5, 300, 900, 1300, 1500, 1600, 1700, 1900, 2300]
        .into_iter()
        .map(Duration::from_millis)
}

#[test]
fn ctrl_c_at_any_moment_loses_nothing_and_a_plain_re_run_finishes() {
    for delay in moments() {
        let (workplace, site) = prepared(3);
        let ran = interrupted_retrieval(&workplace, &site, "INT", delay);
        // Before the handler listens the system itself ends the program, which a shell reports as 130 too.
        let by_the_system = ran.code == -1 && delay < Duration::from_millis(100);
        assert!(
            by_the_system || [0, 130].contains(&ran.code),
            "{delay:?}: {} {}",
            ran.code,
            ran.stderr
        );
        if ran.code == 130 && delay > Duration::from_millis(100) {
            assert!(ran.stderr.contains("中断"), "{delay:?}: {}", ran.stderr);
        }
        if workplace
            .terminals()
            .iter()
            .any(|t| t["state"] != "retrieved")
        {
            let again = workplace.retrieve_all(&site);
            assert_eq!(again.code, 0, "{delay:?}: {}", again.stderr);
        }
        for terminal in workplace.terminals() {
            assert_eq!(terminal["state"], "retrieved", "{delay:?}: {terminal}");
        }
    }
}

#[test]
fn a_kill_at_any_moment_never_leads_to_a_second_submission() {
    for delay in moments() {
        let (workplace, site) = prepared(3);
        interrupted_retrieval(&workplace, &site, "KILL", delay);
        workplace.retrieve_all(&site);
        for terminal in workplace.terminals() {
            let state = terminal["state"].as_str().unwrap();
            assert!(
                ["retrieved", "unclear"].contains(&state),
                "{delay:?}: {terminal}"
            );
        }
    }
}

#[test]
fn ctrl_c_at_a_prompt_ends_with_its_own_code() {
    let workplace = Workplace::new();
    let child = workplace
        .command(["add", "--from", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let holder = workplace.data().join("ledger.holder");
    while !std::fs::read_to_string(&holder).is_ok_and(|text| text.contains(&pid)) {
        sleep(Duration::from_millis(20));
    }
    Command::new("kill")
        .args(["-s", "INT", &pid])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("失われていません"));
}
