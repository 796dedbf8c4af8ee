//! `retrieve --all` against the practice site: time per terminal beside the site's own, and memory over a long batch.
//!
//! The site takes 0, 50 or 500 ms over each of a terminal's two answers (more while it makes a key pair), and adds up
//! what it took. Memory is the process's peak: once with the seal's scrypt, once from the first submission on.
//!
//! `TERMINALS=1000` (the default) is the long batch; `make bench` runs it on the program for daily use.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use noticert::config::Rules;
use noticert::custody::{Vault, WorkFactor};
use noticert::domain::{Issuance, Validity, japan_date};
use noticert::practice::authority::{Authority, Encoding};
use noticert::practice::site::{Fault, Grant, Options, PracticeSite, Running};
use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() {
    let runtime = Runtime::new().unwrap();
    let authority = Arc::new(Authority::invent(Timestamp::now()).unwrap());
    println!("time per terminal:");
    for (told, faults, terminals) in [
        ("0 ms", vec![], 40),
        ("50 ms", vec![Fault::Slow50], 40),
        ("500 ms", vec![Fault::Slow500], 20),
    ] {
        let batch = Batch::new(terminals, WorkFactor::RANDOM_PASSPHRASE, &authority);
        let site = batch.site(&runtime, faults);
        let begun = Instant::now();
        let ended = batch.retrieve(&site).wait().unwrap();
        assert!(ended.success(), "{ended}");
        let (all, own) = (begun.elapsed(), site.time_taken());
        println!(
            "  site {told:>6}: {:7.1} ms, the site's own part {:7.1} ms, ratio {:.2}",
            per(all, terminals),
            per(own, terminals),
            all.as_secs_f64() / own.as_secs_f64()
        );
        runtime.block_on(site.shutdown());
    }

    let terminals = std::env::var("TERMINALS").map_or(1_000, |text| text.parse().unwrap());
    let batch = Batch::new(terminals, WorkFactor::STANDARD, &authority);
    let site = batch.site(&runtime, vec![]);
    let begun = Instant::now();
    let memory = watch(batch.retrieve(&site), &site);
    println!("memory over {terminals} terminals:");
    println!(
        "  peak while the seal is opened  {:6.1} MiB",
        memory.opening
    );
    println!("  peak from then on              {:6.1} MiB", memory.later);
    println!("  in use near the end            {:6.1} MiB", memory.last);
    println!(
        "  {:.1} ms per terminal, the site's own part {:.1} ms",
        per(begun.elapsed(), terminals),
        per(site.time_taken(), terminals)
    );
}

fn per(time: Duration, terminals: usize) -> f64 {
    time.as_secs_f64() * 1_000.0 / terminals as f64
}

/// Confirmed terminals in a data folder of their own.
struct Batch {
    folder: TempDir,
    issuances: Vec<Issuance>,
    authority: Arc<Authority>,
}

impl Batch {
    fn new(terminals: usize, work: WorkFactor, authority: &Arc<Authority>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("passphrase", "invented").unwrap();
        write("password", "4826").unwrap();
        write("ca.pem", &authority.ca_pem()).unwrap();
        write("config.toml", "").unwrap();
        let passphrase = SecretString::from("invented");
        Vault::create(&folder.path().join("data"), &passphrase, work).unwrap();
        let issuances: Vec<Issuance> = (0..terminals).map(issuance).collect();
        let rows: Vec<_> = (0..terminals)
            .map(|number| {
                let issuance = &issuances[number];
                json!({
                    "institution_code": issuance.institution_code.as_str(),
                    "terminal_name": format!("練習{number}号機"),
                    "request_id": issuance.request_id.as_str(),
                    "reference_id": REFERENCE_ID,
                    "valid_from": issuance.validity.from().to_string(),
                    "valid_to": issuance.validity.to().to_string(),
                })
            })
            .collect();
        let list = json!({"schema": "noticert.issuances/1", "issuances": rows});
        write("list.json", &list.to_string()).unwrap();
        let batch = Self {
            folder,
            issuances,
            authority: authority.clone(),
        };
        let list = batch.folder.path().join("list.json");
        let added = batch
            .command(&["add", "--from", list.to_str().unwrap(), "--confirmed"])
            .status()
            .unwrap();
        assert!(added.success(), "{added}");
        batch
    }

    fn site(&self, runtime: &Runtime, faults: Vec<Fault>) -> Running {
        let grants = self.issuances.iter().map(|issuance| Grant {
            issuance: issuance.clone(),
            encoding: Encoding::Modern,
        });
        let options = Options {
            authority: self.authority.clone(),
            grants: grants.collect(),
            bind: "127.0.0.1:0".parse().unwrap(),
            now: Timestamp::now(),
            faults,
        };
        runtime.block_on(PracticeSite::start(options)).unwrap()
    }

    fn retrieve(&self, site: &Running) -> Child {
        self.command(&["retrieve", "--all", "--ca-only", "--pause", "0"])
            .args(["--site", site.url()])
            .arg("--ca-file")
            .arg(self.file("ca.pem"))
            .arg("--password-file")
            .arg(self.file("password"))
            .spawn()
            .unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_noticert"));
        command
            .args(words)
            .arg("--data")
            .arg(self.file("data"))
            .arg("--config")
            .arg(self.file("config.toml"))
            .arg("--passphrase-file")
            .arg(self.file("passphrase"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// Peaks of a process's memory, MiB.
#[derive(Default)]
struct Memory {
    opening: f64,
    later: f64,
    last: f64,
}

/// Follows a process to its end. Without `/proc` the figures stay zero.
fn watch(mut child: Child, site: &Running) -> Memory {
    let folder = Path::new("/proc").join(child.id().to_string());
    let mut memory = Memory::default();
    let mut is_later = false;
    while child.try_wait().unwrap().is_none() {
        let peak = figure(&folder, "VmHWM:");
        match is_later {
            false => memory.opening = memory.opening.max(peak),
            true => {
                memory.later = memory.later.max(peak);
                memory.last = figure(&folder, "VmRSS:").max(0.0);
            }
        }
        if !is_later && site.submissions() > 0 {
            // Sets the peak back to what is in use (proc_pid_clear_refs(5)).
            is_later = std::fs::write(folder.join("clear_refs"), "5").is_ok();
        }
        sleep(Duration::from_millis(20));
    }
    assert!(child.wait().unwrap().success());
    memory
}

fn figure(folder: &Path, name: &str) -> f64 {
    let status = std::fs::read_to_string(folder.join("status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .map_or(0.0, |kilobytes| kilobytes / 1_024.0)
}

fn issuance(number: usize) -> Issuance {
    let today = japan_date(Timestamp::now());
    let rules = Rules::default();
    Issuance {
        issuer: None,
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: Some(format!("練習{number}号機").parse().unwrap()),
        request_id: format!("{:015}", 161_803_398_800_000 + number as u64)
            .parse()
            .unwrap(),
        reference_id: REFERENCE_ID.parse().unwrap(),
        validity: Validity::new(today, rules.validity_end(today).unwrap()).unwrap(),
        retrieval_deadline: rules.retrieval_deadline(today).unwrap(),
    }
}

/// Invented.
const REFERENCE_ID: &str = "Qx7RmT4vKz";
