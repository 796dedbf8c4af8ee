//! The crash harness: the true program is struck at every write, sync, rename, send and receive, and nothing is lost.
//!
//! For each command the points of one undisturbed run are counted. Then, each time in a fresh workplace with a fresh
//! site, the program is killed before each of them, and after each write with half of it on the disk; and the disk is
//! made full, read-only or gone from each of them on. Afterwards the same command is simply given again: no
//! certificate file that had reached the disk is lost, nothing is submitted twice, the ledger is whole, and
//! whatever stays open is said together with what to do.
//!
//! What a kill is to the program it is not to the disk: that a power cut keeps what was synced rests on the order of
//! the syncs, which the points show, and on the file system.
//!
//! `make test` strikes each point once by a kill, each write by half as well, and once by a failing disk, and at 50
//! random moments. `make crash` strikes 100 times by kills, ten times with every trouble of the disk, and at 1,000
//! random moments.
//!
//! What fills a store, a stick or another PC is struck by kills alone in `make test`, in the middle of NSS's own
//! database at every fifth point; by the disk and everywhere in `make crash`.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "../support/mod.rs"]
mod support;

mod afterwards;
mod ptrace;
mod scene;
mod tracer;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Instant;

use afterwards::{Before, settle};
use scene::{Job, Scene};
use tracer::{End, Plan, Point, Trace, Trouble};

/// Strikes once and gives the command again; what is wrong with that, if anything.
fn strike(job: Job, plan: Plan) -> Result<(Trace, String), String> {
    let scene = Scene::of(job);
    let trace = scene.traced(plan);
    let here = |wrong: &str| {
        format!(
            "{} {plan:?} {:?}: {wrong}\n  the struck run:\n{}{}",
            job.name(),
            trace.points.last(),
            trace.stdout,
            trace.stderr
        )
    };
    if let End::Hung = trace.end {
        return Err(here("it hung"));
    }
    if let (Plan::FailFrom(..), End::Exited(code)) = (plan, trace.end) {
        if trace.stderr.contains("panicked") {
            return Err(here("it panicked"));
        }
        if ![0, 14].contains(&code) {
            return Err(here(&format!("exit code {code}")));
        }
        if code != 0 && !trace.stderr.contains("次にすること") {
            return Err(here("no word of what to do"));
        }
    }
    match settle(&scene, &Before::of(&scene)) {
        Ok(state) => Ok((trace, state)),
        Err(wrong) => Err(here(&wrong)),
    }
}

/// The points of an undisturbed run.
fn points_of(job: Job) -> Vec<Point> {
    let scene = Scene::of(job);
    let trace = scene.traced(Plan::Watch);
    assert_eq!(trace.end, End::Exited(0), "{}", trace.stderr);
    assert!(trace.points.len() > 20, "{:?}", trace.points);
    trace.points
}

/// Strikes a job `times` at every point with every plan that `plans` makes of it, and prints what became of it.
fn strike_everywhere(job: Job, times: usize, plans: impl Fn(usize, &Point) -> Vec<Plan>) {
    let points = points_of(job);
    let mut wrong = Vec::new();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut strikes = 0;
    for (number, point) in points.iter().enumerate() {
        for plan in plans(number, point) {
            for _ in 0..times {
                strikes += 1;
                match strike(job, plan) {
                    Ok((trace, state)) => {
                        if state == "unclear" && matches!(plan, Plan::FailFrom(..)) {
                            println!("{} {plan:?} {point:?}: unclear", job.name());
                        }
                        let end = match trace.end {
                            End::Exited(code) => format!("exit {code}, then {state}"),
                            End::Killed | End::Hung => state,
                        };
                        *ends.entry(end).or_default() += 1;
                    }
                    Err(told) => wrong.push(told),
                }
            }
        }
    }
    println!(
        "| {} | {} points | {strikes} strikes | {ends:?} | {} wrong |",
        job.name(),
        points.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn kill_everywhere(job: Job) {
    strike_everywhere(job, repeats(), |number, point| {
        // NSS writes its own database some three hundred times; `make crash` strikes each of them.
        if repeats() == 1 && point.is_of_a_database() && number % 5 != 0 {
            return Vec::new();
        }
        let mut plans = vec![Plan::KillBefore(number)];
        if matches!(point.call, "write" | "pwrite64") {
            plans.push(Plan::KillAfter(number));
        }
        plans
    });
}

fn break_the_disk_everywhere(job: Job) {
    if job.is_of_custody() && repeats() == 1 {
        // Twice the time for the same calls of custody that the other jobs make; `make crash` has it.
        return;
    }
    // A disk fails in the same way every time; only the threads take turns in another order.
    let times = repeats().div_ceil(10);
    strike_everywhere(job, times, |number, point| {
        let all = [Trouble::Full, Trouble::ReadOnly, Trouble::PulledOut];
        let plan = |trouble| Plan::FailFrom(number, trouble);
        match (point.target.as_str(), repeats()) {
            // A disk that fails while the program talks shows at the next point that touches it.
            ("socket", _) => Vec::new(),
            // Each point once: the troubles take turns.
            (_, 1) => vec![plan(all[number % all.len()])],
            _ => all.map(plan).to_vec(),
        }
    });
}

macro_rules! for_every_job {
    ($($job:ident $kill:ident $disk:ident)*) => {
        $(
            #[test]
            fn $kill() {
                kill_everywhere(Job::$job);
            }

            #[test]
            fn $disk() {
                break_the_disk_everywhere(Job::$job);
            }
        )*
    };
}

for_every_job! {
    Add a_kill_while_adding_loses_nothing a_disk_that_fails_while_adding_is_told
    Retrieve a_kill_while_retrieving_loses_nothing a_disk_that_fails_while_retrieving_is_told
    RetrieveByLink a_kill_while_following_a_link_loses_nothing a_disk_that_fails_while_following_a_link_is_told
    Adopt a_kill_while_adopting_loses_nothing a_disk_that_fails_while_adopting_is_told
    Install a_kill_while_installing_loses_nothing a_disk_that_fails_while_installing_is_told
    Pack a_kill_while_packing_loses_nothing a_disk_that_fails_while_packing_is_told
    Unpack a_kill_while_unpacking_loses_nothing a_disk_that_fails_while_unpacking_is_told
}

for_every_job! {
    BackUp a_kill_while_backing_up_loses_nothing a_stick_that_fails_while_backing_up_is_told
    Restore a_kill_while_restoring_loses_nothing a_disk_that_fails_while_restoring_is_told
    RemoveOld a_kill_while_removing_loses_nothing a_disk_that_fails_while_removing_is_told
    UndoRemove a_kill_while_putting_back_loses_nothing a_disk_that_fails_while_putting_back_is_told
    InstallNss a_kill_while_installing_for_browsers_loses_nothing a_disk_that_fails_while_installing_for_browsers_is_told
}

#[test]
fn a_kill_at_a_random_moment_loses_nothing() {
    let scene = Scene::of(Job::Retrieve);
    let begun = Instant::now();
    assert_eq!(scene.run().code, 0);
    let usual = begun.elapsed();
    let mut wrong = Vec::new();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..moments() {
        // Spread evenly, with a step that has no common measure with anything the program does.
        let part = (number as f64 * GOLDEN).fract();
        let delay = usual.mul_f64(part * 1.2);
        let scene = Scene::of(Job::Retrieve);
        let mut child = scene
            .command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(delay);
        // It may have ended by itself, which is a moment too.
        let _ended = child.kill();
        child.wait().unwrap();
        match settle(&scene, &Before::of(&scene)) {
            Ok(state) => *ends.entry(state).or_default() += 1,
            Err(told) => wrong.push(format!("{delay:?}: {told}")),
        }
    }
    println!("| retrieve | {} random moments | {ends:?} |", moments());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_points_are_told_for_the_record() {
    for job in Job::ALL {
        let mut kinds: BTreeMap<Point, usize> = BTreeMap::new();
        for point in points_of(job) {
            *kinds.entry(point).or_default() += 1;
        }
        println!("{}:", job.name());
        for (point, count) in kinds {
            println!("  {count:3} × {} {}", point.call, point.target);
        }
    }
}

/// How often each point is struck.
fn repeats() -> usize {
    number("NOTICERT_CRASH_REPEATS", 1)
}

/// Random moments.
fn moments() -> usize {
    number("NOTICERT_CRASH_MOMENTS", 50)
}

fn number(variable: &str, usual: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => usual,
    }
}

/// The golden ratio's fraction.
const GOLDEN: f64 = 0.618_033_988_749_895;
