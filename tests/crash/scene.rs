//! Workplaces that are copied for every strike, the command that is struck, and the site that counts submissions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use noticert::config::Rules;
use noticert::custody::{Vault, WorkFactor, envelope};
use noticert::domain::{Issuance, Validity, japan_date};
use noticert::practice::authority::{self, Authority, Encoding};
use noticert::practice::site::{Fault, Grant, Options, PracticeSite, Running};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{PASSWORD, Ran, Workplace};

/// A command that may be struck.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Job {
    /// `add --from FILE --confirmed`
    Add,
    /// `retrieve --all`, the file in answer to the submission.
    Retrieve,
    /// `retrieve --all`, the file behind a link.
    RetrieveByLink,
    /// `adopt FILE --wipe`
    Adopt,
    /// `install --all --folder DIR`
    Install,
    /// `pack --to DIR`
    Pack,
    /// `unpack FILE`
    Unpack,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 7] = [
        Self::Add,
        Self::Retrieve,
        Self::RetrieveByLink,
        Self::Adopt,
        Self::Install,
        Self::Pack,
        Self::Unpack,
    ];

    /// What a person types.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add --confirmed",
            Self::Retrieve => "retrieve",
            Self::RetrieveByLink => "retrieve (link)",
            Self::Adopt => "adopt --wipe",
            Self::Install => "install --folder",
            Self::Pack => "pack",
            Self::Unpack => "unpack",
        }
    }

    fn faults(self) -> &'static [Fault] {
        match self {
            Self::RetrieveByLink => &[Fault::ResultLink],
            _ => &[],
        }
    }

    /// Whether it submits.
    pub fn retrieves(self) -> bool {
        matches!(self, Self::Retrieve | Self::RetrieveByLink)
    }

    /// The workplace before the command, made once.
    fn template(self) -> &'static Workplace {
        static EMPTY: OnceLock<Workplace> = OnceLock::new();
        static CONFIRMED: OnceLock<Workplace> = OnceLock::new();
        static RETRIEVED: OnceLock<Workplace> = OnceLock::new();
        static CASE: OnceLock<Workplace> = OnceLock::new();
        match self {
            Self::Add => EMPTY.get_or_init(empty),
            Self::Retrieve | Self::RetrieveByLink | Self::Adopt | Self::Pack => {
                CONFIRMED.get_or_init(confirmed)
            }
            Self::Install => RETRIEVED.get_or_init(retrieved),
            Self::Unpack => CASE.get_or_init(with_a_case),
        }
    }
}

/// A workplace of its own for one strike.
pub struct Scene {
    pub job: Job,
    pub workplace: Workplace,
    site: Option<Running>,
}

impl Scene {
    pub fn of(job: Job) -> Self {
        let workplace = copy_of(job.template());
        let site = job.retrieves().then(|| site(job.faults()));
        Self {
            job,
            workplace,
            site,
        }
    }

    /// The command as a person gives it.
    pub fn command(&self) -> Command {
        let path = |name: &str| self.workplace.path(name).display().to_string();
        let words = match self.job {
            Job::Add => vec![
                "add".to_owned(),
                "--from".to_owned(),
                path("list.json"),
                "--confirmed".to_owned(),
            ],
            Job::Retrieve | Job::RetrieveByLink => retrieve_words(&self.workplace, self.site()),
            Job::Adopt => vec![
                "adopt".to_owned(),
                path("stick/fetched.p12"),
                "--password-file".to_owned(),
                path("password"),
                "--wipe".to_owned(),
            ],
            Job::Install => vec![
                "install".to_owned(),
                "--all".to_owned(),
                "--folder".to_owned(),
                path("store"),
            ],
            Job::Pack => vec![
                "pack".to_owned(),
                "--to".to_owned(),
                path("stick"),
                "--case-passphrase-file".to_owned(),
                path("passphrase"),
            ],
            Job::Unpack => vec![
                "unpack".to_owned(),
                self.case().display().to_string(),
                "--case-passphrase-file".to_owned(),
                path("passphrase"),
            ],
        };
        self.workplace.command(words)
    }

    pub fn run(&self) -> Ran {
        Ran::of(self.command().output().unwrap())
    }

    /// The folders that the command may change.
    pub fn roots(&self) -> Vec<PathBuf> {
        ["data", "stick", "store"]
            .map(|name| self.workplace.path(name))
            .to_vec()
    }

    /// How often the site was submitted to, once it has heard all that was sent: a program that was killed may have
    /// sent its form, and the site reads it when its turn on the processor comes.
    pub fn submissions(&self) -> usize {
        let Some(site) = &self.site else { return 0 };
        runtime().block_on(site.falls_silent());
        site.submissions()
    }

    fn site(&self) -> &Running {
        self.site.as_ref().unwrap()
    }

    /// The cases on the stick.
    pub fn cases(&self) -> Vec<PathBuf> {
        files_in(&self.workplace.path("stick"), "age")
    }

    fn case(&self) -> PathBuf {
        self.cases().remove(0)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(site) = self.site.take() {
            runtime().block_on(site.shutdown());
        }
    }
}

/// Files of a folder with this ending, in order.
pub fn files_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|own| own == ending))
        .collect();
    found.sort();
    found
}

/// A data folder with a key that costs little, and the letter's list.
fn empty() -> Workplace {
    let workplace = Workplace::new();
    let passphrase = fs::read_to_string(workplace.path("passphrase")).unwrap();
    let passphrase = SecretString::from(passphrase.trim_end());
    Vault::create(
        &workplace.data(),
        &passphrase,
        WorkFactor::RANDOM_PASSPHRASE,
    )
    .unwrap();
    let issuance = issuance();
    let rows: Value = json!([{
        "institution_code": issuance.institution_code.as_str(),
        "terminal_name": "練習1号機",
        "request_id": REQUEST_ID,
        "reference_id": REFERENCE_ID,
        "valid_from": issuance.validity.from().to_string(),
        "valid_to": issuance.validity.to().to_string(),
    }]);
    let list = json!({"schema": "noticert.issuances/1", "issuances": rows});
    workplace.write("list.json", list.to_string());
    workplace.write("ca.pem", authority().ca_pem());
    fs::create_dir(workplace.path("stick")).unwrap();
    workplace
}

fn confirmed() -> Workplace {
    let workplace = copy_of(Job::Add.template());
    let list = workplace.path("list.json");
    let added = workplace.run(["add", "--from", list.to_str().unwrap(), "--confirmed"]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let grant = authority::Grant::from(&issuance());
    let file = authority().issue(&grant, &PASSWORD.parse().unwrap(), Encoding::Modern);
    workplace.write("stick/fetched.p12", file.unwrap());
    workplace
}

fn retrieved() -> Workplace {
    let workplace = copy_of(Job::Retrieve.template());
    let site = site(&[]);
    let ran = workplace.run(retrieve_words(&workplace, &site));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    runtime().block_on(site.shutdown());
    workplace
}

/// The terminal's side: a case on the stick, nothing in the ledger.
fn with_a_case() -> Workplace {
    let office = Scene::of(Job::Pack);
    let ran = office.run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let terminal = copy_of(Job::Add.template());
    for case in office.cases() {
        // Sealed anew with little work: it is opened some hundred times.
        let passphrase = fs::read_to_string(terminal.path("passphrase")).unwrap();
        let passphrase = SecretString::from(passphrase.trim_end());
        let contents = envelope::open(&passphrase, &fs::read(&case).unwrap(), 1_000_000).unwrap();
        let cheap = envelope::seal(&passphrase, WorkFactor::RANDOM_PASSPHRASE, &contents);
        let name = case.file_name().unwrap();
        fs::write(terminal.path("stick").join(name), cheap.unwrap()).unwrap();
    }
    terminal
}

fn retrieve_words(workplace: &Workplace, site: &Running) -> Vec<String> {
    let path = |name: &str| workplace.path(name).display().to_string();
    vec![
        "retrieve".to_owned(),
        "--all".to_owned(),
        "--site".to_owned(),
        site.url().to_owned(),
        "--ca-only".to_owned(),
        "--ca-file".to_owned(),
        path("ca.pem"),
        "--pause".to_owned(),
        "0".to_owned(),
        "--password-file".to_owned(),
        path("password"),
    ]
}

fn site(faults: &[Fault]) -> Running {
    let options = Options {
        authority: authority().clone(),
        grants: vec![Grant {
            issuance: issuance(),
            encoding: Encoding::Modern,
        }],
        bind: "127.0.0.1:0".parse().unwrap(),
        now: jiff::Timestamp::now(),
        faults: faults.to_vec(),
    };
    runtime().block_on(PracticeSite::start(options)).unwrap()
}

fn copy_of(template: &Workplace) -> Workplace {
    let copy = Workplace::new();
    copy_folder(&template.path(""), &copy.path(""));
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

fn authority() -> &'static Arc<Authority> {
    static AUTHORITY: OnceLock<Arc<Authority>> = OnceLock::new();
    AUTHORITY.get_or_init(|| Arc::new(Authority::invent(jiff::Timestamp::now()).unwrap()))
}

fn issuance() -> Issuance {
    let today: Date = japan_date(jiff::Timestamp::now());
    let rules = Rules::default();
    Issuance {
        issuer: None,
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: Some("練習1号機".parse().unwrap()),
        request_id: REQUEST_ID.parse().unwrap(),
        reference_id: REFERENCE_ID.parse().unwrap(),
        validity: Validity::new(today, rules.validity_end(today).unwrap()).unwrap(),
        retrieval_deadline: rules.retrieval_deadline(today).unwrap(),
    }
}

const REQUEST_ID: &str = "314159265350001";
const REFERENCE_ID: &str = "Qx7RmT4vKz";
