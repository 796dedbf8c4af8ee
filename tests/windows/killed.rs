//! A program that is killed while it changes the account's store leaves it so that the same command ends the job.
//!
//! The killed program is this test itself, started again for [`a_child_at_work`]: the true store takes no practice
//! certificates, and Wine no official import options. What is struck point by point on Linux (`tests/crash`) is
//! struck at moments spread over the job here.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use noticert::installer::{CertificateStore, InstallError, Proof, install};

use super::store::openssl_verifies;
use super::{credential, name, plain, store, turn};

#[test]
fn an_import_that_is_killed_is_finished_by_the_next_one() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let der = &credential.material().end_entity;
    let usual = usual_time_of(INSTALL);
    store().remove(&credential.facts().fingerprint).unwrap();
    let mut interrupted = 0;
    for moment in moments(usual) {
        interrupted += usize::from(!kill_after(INSTALL, moment));
        let left = plain::everything_in("MY");
        assert!(left.len() <= 1, "{moment:?}: {left:?}");

        let installed = install(&mut store(), &credential, &name())
            .unwrap_or_else(|error| panic!("{moment:?} of {usual:?}: {error:?}"));
        assert_eq!(installed.proof, Proof::Signed, "{moment:?}");
        assert_eq!(plain::everything_in("MY").len(), 1, "{moment:?}");
        assert!(openssl_verifies(der, "signed after a kill"), "{moment:?}");
        store().remove(&credential.facts().fingerprint).unwrap();
        assert!(plain::everything_in("MY").is_empty(), "{moment:?}");
    }
    println!("{interrupted} of {MOMENTS} imports of {usual:?} were killed");
    assert!(interrupted > 0, "every import had ended in {usual:?}");
}

#[test]
fn a_removal_that_is_killed_leaves_a_certificate_that_works_or_is_finished_by_the_next_one() {
    let _turn = turn();
    let credential = credential("without-the-mark");
    let fingerprint = credential.facts().fingerprint;
    install(&mut store(), &credential, &name()).unwrap();
    let usual = usual_time_of(REMOVE);
    let mut interrupted = 0;
    for moment in moments(usual) {
        install(&mut store(), &credential, &name()).unwrap();
        interrupted += usize::from(!kill_after(REMOVE, moment));
        match store().remove(&fingerprint) {
            Ok(_) | Err(InstallError::NotFound { .. }) => {}
            Err(error) => panic!("{moment:?} of {usual:?}: {error:?}"),
        }
        assert!(plain::everything_in("MY").is_empty(), "{moment:?}");
    }
    println!("{interrupted} of {MOMENTS} removals of {usual:?} were killed");
    assert!(interrupted > 0, "every removal had ended in {usual:?}");
}

/// What the tests above start and kill.
#[test]
#[ignore = "a part of the tests above"]
fn a_child_at_work() {
    let credential = credential("without-the-mark");
    let mut store = store();
    println!("{BEGUN}");
    match env::var(JOB).as_deref() {
        Ok(INSTALL) => drop(install(&mut store, &credential, &name()).unwrap()),
        Ok(REMOVE) => drop(store.remove(&credential.facts().fingerprint).unwrap()),
        other => panic!("no such job: {other:?}"),
    }
    println!("{ENDED}");
}

/// Kills a child so long after it began its job; whether it had ended by then.
fn kill_after(job: &str, moment: Duration) -> bool {
    let (mut child, mut said) = started(job);
    sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    said.any(|line| line.contains(ENDED))
}

/// How long the job takes when nobody kills it.
fn usual_time_of(job: &str) -> Duration {
    let (mut child, mut said) = started(job);
    let begun = Instant::now();
    assert!(said.any(|line| line.contains(ENDED)), "{job} failed");
    let usual = begun.elapsed();
    assert!(child.wait().unwrap().success());
    usual
}

/// A child that has begun its job, and what it says from there on.
fn started(job: &str) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "killed::a_child_at_work",
            "--ignored",
            "--nocapture",
        ])
        .env(JOB, job)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(said.any(|line| line.contains(BEGUN)), "{job} did not begin");
    (child, said)
}

/// Moments spread over a job and a little beyond.
fn moments(usual: Duration) -> impl Iterator<Item = Duration> {
    (0..MOMENTS).map(move |number| usual * number / (MOMENTS - 3))
}

const JOB: &str = "NOTICERT_TEST_JOB";
const INSTALL: &str = "install";
const REMOVE: &str = "remove";
const BEGUN: &str = "the job begins";
const ENDED: &str = "the job has ended";
const MOMENTS: u32 = 16;
