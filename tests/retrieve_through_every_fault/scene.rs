//! A workplace whose ledger holds confirmed issuances, and practice sites inside the test that know them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use noticert::config::Rules;
use noticert::domain::{Issuance, Validity, japan_date};
use noticert::practice::authority::{Authority, Encoding};
use noticert::practice::site::{Fault, Grant, Options, PracticeSite, Running};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Ran, Workplace};

pub const REFERENCE_ID: &str = "Qx7RmT4vKz";

pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

pub fn authority() -> &'static Arc<Authority> {
    static AUTHORITY: OnceLock<Arc<Authority>> = OnceLock::new();
    AUTHORITY
        .get_or_init(|| Arc::new(Authority::invent_with_one_key(jiff::Timestamp::now()).unwrap()))
}

pub fn issuance(number: usize) -> Issuance {
    let today: Date = japan_date(jiff::Timestamp::now());
    let rules = Rules::default();
    Issuance {
        issuer: None,
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: Some(format!("練習{number}号機").parse().unwrap()),
        request_id: request_id(number).parse().unwrap(),
        reference_id: REFERENCE_ID.parse().unwrap(),
        validity: Validity::new(today, rules.validity_end(today).unwrap()).unwrap(),
        retrieval_deadline: rules.retrieval_deadline(today).unwrap(),
    }
}

pub fn request_id(number: usize) -> String {
    format!("{:015}", 271_828_182_800_000 + number as u64)
}

/// A workplace whose ledger holds this many confirmed terminals.
pub struct Scene {
    pub workplace: Workplace,
    terminals: usize,
}

impl Scene {
    pub fn with(terminals: usize) -> Self {
        let workplace = Workplace::new();
        let rows: Vec<Value> = (0..terminals)
            .map(|number| {
                let issuance = issuance(number);
                json!({
                    "institution_code": "0110113719",
                    "terminal_name": format!("練習{number}号機"),
                    "request_id": request_id(number),
                    "reference_id": REFERENCE_ID,
                    "valid_from": issuance.validity.from().to_string(),
                    "valid_to": issuance.validity.to().to_string(),
                })
            })
            .collect();
        let list = json!({"schema": "noticert.issuances/1", "issuances": rows});
        let path = workplace.write("list.json", list.to_string());
        let added = workplace.confirm(&path);
        assert_eq!(added.code, 0, "{}", added.stderr);
        // Only the ledger may know it from here on.
        std::fs::remove_file(path).unwrap();
        workplace.write("ca.pem", authority().ca_pem());
        Self {
            workplace,
            terminals,
        }
    }

    /// A site that knows every terminal.
    pub fn site(&self, faults: &[Fault]) -> Running {
        self.site_at("127.0.0.1:0".parse().unwrap(), faults)
    }

    pub fn site_at(&self, bind: SocketAddr, faults: &[Fault]) -> Running {
        let grants = (0..self.terminals).map(|number| Grant {
            issuance: issuance(number),
            encoding: Encoding::Modern,
        });
        let options = Options {
            authority: authority().clone(),
            grants: grants.collect(),
            bind,
            now: jiff::Timestamp::now(),
            faults: faults.to_vec(),
        };
        runtime().block_on(PracticeSite::start(options)).unwrap()
    }

    /// The command that retrieves `what` from a site.
    pub fn command(&self, site: &Running, what: &[&str]) -> Command {
        self.command_to(site.url(), what)
    }

    fn command_to(&self, url: &str, what: &[&str]) -> Command {
        let mut command = self.workplace.command(["retrieve"]);
        command
            .args(what)
            .args(["--site", url, "--ca-only", "--pause", "0"])
            .arg("--ca-file")
            .arg(self.workplace.path("ca.pem"))
            .arg("--password-file")
            .arg(self.workplace.path("password"));
        command
    }

    pub fn retrieve(&self, site: &Running, what: &[&str]) -> Ran {
        Ran::of(self.command(site, what).output().unwrap())
    }

    pub fn retrieve_from(&self, url: &str, what: &[&str]) -> Ran {
        Ran::of(self.command_to(url, what).output().unwrap())
    }

    /// Starts retrieving and kills it once the site has been sent to.
    pub fn retrieve_until_submitted(&self, site: &Running, what: &[&str]) {
        let mut child: Child = self
            .command(site, what)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while site.submissions() == 0 {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn terminal(&self, number: usize) -> Value {
        let id = request_id(number);
        let all = self.workplace.terminals();
        all.into_iter().find(|t| t["request_id"] == id).unwrap()
    }

    /// State and reason of a terminal.
    pub fn stands(&self, number: usize) -> (String, Option<String>) {
        let terminal = self.terminal(number);
        let text = |name: &str| terminal[name].as_str().map(str::to_owned);
        (text("state").unwrap(), text("reason"))
    }

    #[track_caller]
    pub fn assert_stands(&self, number: usize, state: &str, reason: Option<&str>) {
        let stands = self.stands(number);
        assert_eq!((stands.0.as_str(), stands.1.as_deref()), (state, reason));
    }

    /// The kept answers of submissions.
    pub fn answers(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.workplace.data().join("answers"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }

    /// Files of the data folder that hold the reference ID in clear.
    pub fn files_with_the_reference_id(&self) -> Vec<PathBuf> {
        let holds = |path: &PathBuf| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes
                .windows(REFERENCE_ID.len())
                .any(|window| window == REFERENCE_ID.as_bytes())
        };
        let files = self.workplace.data_files();
        files.into_iter().filter(holds).collect()
    }
}
