//! Workplaces that are copied for every strike, the command that is struck, and the site that counts submissions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use noticert::config::Rules;
use noticert::custody::{WorkFactor, envelope};
use noticert::domain::{Issuance, Validity, japan_date};
use noticert::practice::authority::{self, Authority, Encoding};
use noticert::practice::site::{Fault, Grant, Options, PracticeSite, Running};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{PASSWORD, Ran, Workplace, fixture};
use crate::tracer::{End, Plan, Trace, run as run_traced};

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
    /// `backup --to USB`
    BackUp,
    /// `restore USB --folder DIR`
    Restore,
    /// `remove-old --folder DIR`, an expired one beside the new one.
    RemoveOld,
    /// `undo-remove --folder DIR`
    UndoRemove,
    /// `install --all --nss DIR`, an expired one there already.
    InstallNss,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 12] = [
        Self::Add,
        Self::Retrieve,
        Self::RetrieveByLink,
        Self::Adopt,
        Self::Install,
        Self::Pack,
        Self::Unpack,
        Self::BackUp,
        Self::Restore,
        Self::RemoveOld,
        Self::UndoRemove,
        Self::InstallNss,
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
            Self::BackUp => "backup --to",
            Self::Restore => "restore",
            Self::RemoveOld => "remove-old",
            Self::UndoRemove => "undo-remove",
            Self::InstallNss => "install --nss",
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

    /// Whether it is about stores and back-ups.
    pub fn is_of_custody(self) -> bool {
        matches!(
            self,
            Self::BackUp | Self::Restore | Self::RemoveOld | Self::UndoRemove | Self::InstallNss
        )
    }

    /// What a person types at the terminal, for a command that asks one.
    fn typed(self) -> Option<&'static str> {
        match self {
            Self::RemoveOld => Some("y\n"),
            _ => None,
        }
    }

    /// The workplace before the command, made once.
    fn template(self) -> &'static Workplace {
        static EMPTY: OnceLock<Workplace> = OnceLock::new();
        static CONFIRMED: OnceLock<Workplace> = OnceLock::new();
        static RETRIEVED: OnceLock<Workplace> = OnceLock::new();
        static CASE: OnceLock<Workplace> = OnceLock::new();
        static BACKED_UP: OnceLock<Workplace> = OnceLock::new();
        static BESIDE_AN_OLD_ONE: OnceLock<Workplace> = OnceLock::new();
        static WITH_A_DATABASE: OnceLock<Workplace> = OnceLock::new();
        match self {
            Self::Add => EMPTY.get_or_init(empty),
            Self::Retrieve | Self::RetrieveByLink | Self::Adopt | Self::Pack => {
                CONFIRMED.get_or_init(confirmed)
            }
            Self::Install | Self::BackUp => RETRIEVED.get_or_init(retrieved),
            Self::Restore => BACKED_UP.get_or_init(backed_up),
            Self::RemoveOld | Self::UndoRemove => BESIDE_AN_OLD_ONE.get_or_init(beside_an_old_one),
            Self::InstallNss => WITH_A_DATABASE.get_or_init(with_a_database),
            Self::Unpack => CASE.get_or_init(with_a_case),
        }
    }
}

/// A workplace of its own for one strike.
pub struct Scene {
    pub job: Job,
    pub workplace: Workplace,
    site: Option<Running>,
    /// A stick on a file system of its own.
    usb: Option<TempDir>,
}

impl Scene {
    pub fn of(job: Job) -> Self {
        let workplace = copy_of(job.template());
        let site = job.retrieves().then(|| site(job.faults()));
        let usb = (job == Job::BackUp).then(|| tempfile::tempdir_in("/dev/shm").unwrap());
        if let Some(usb) = &usb {
            fs::create_dir(usb.path().join("usb")).unwrap();
        }
        let scene = Self {
            job,
            workplace,
            site,
            usb,
        };
        if job == Job::UndoRemove {
            // Here and not in the template: the ledger knows a store by its place.
            let removed = run_traced(&scene.remove_old(), Some("y\n"), &[], Plan::Watch);
            assert_eq!(removed.end, End::Exited(0), "{}", removed.stderr);
        }
        scene
    }

    /// Runs the command under a plan.
    pub fn traced(&self, plan: Plan) -> Trace {
        run_traced(&self.command(), self.job.typed(), &self.roots(), plan)
    }

    fn remove_old(&self) -> Command {
        let store = self.store();
        self.workplace
            .command(["remove-old", "--folder", store.to_str().unwrap()])
    }

    /// The folder or database that is installed into.
    pub fn store(&self) -> PathBuf {
        self.workplace.path("store")
    }

    /// Where back-ups are.
    pub fn usb(&self) -> PathBuf {
        match &self.usb {
            Some(own) => own.path().join("usb"),
            None => self.workplace.path("usb"),
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
            Job::BackUp => vec![
                "backup".to_owned(),
                "--to".to_owned(),
                self.usb().display().to_string(),
            ],
            Job::Restore => vec![
                "restore".to_owned(),
                self.usb().display().to_string(),
                "--folder".to_owned(),
                path("store"),
                "--password-file".to_owned(),
                path("password"),
            ],
            Job::RemoveOld => return self.remove_old(),
            Job::UndoRemove => vec![
                "undo-remove".to_owned(),
                "--folder".to_owned(),
                path("store"),
            ],
            Job::InstallNss => vec![
                "install".to_owned(),
                "--all".to_owned(),
                "--nss".to_owned(),
                path("store"),
            ],
        };
        self.workplace.command(words)
    }

    pub fn run(&self) -> Ran {
        match self.job.typed() {
            None => Ran::of(self.command().output().unwrap()),
            Some(_) => {
                let trace = self.traced(Plan::Watch);
                let End::Exited(code) = trace.end else {
                    panic!("{:?}: {}", trace.end, trace.stderr);
                };
                Ran {
                    code,
                    stdout: trace.stdout,
                    stderr: trace.stderr,
                }
            }
        }
    }

    /// The folders that the command may change.
    pub fn roots(&self) -> Vec<PathBuf> {
        let folders = ["data", "stick", "store"].map(|name| self.workplace.path(name));
        folders.into_iter().chain([self.usb()]).collect()
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

/// A workplace with the letter's list.
fn empty() -> Workplace {
    let workplace = Workplace::new();
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
    let added = workplace.confirm(&list);
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

/// A new PC, and a stick with a back-up of the old one.
fn backed_up() -> Workplace {
    let old = Scene::of(Job::BackUp);
    let ran = old.run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let new = copy_of(Job::Add.template());
    copy_folder(&old.usb(), &new.path("usb"));
    new
}

/// A PC with its new certificate installed and backed up with its password, and an expired one beside it.
fn beside_an_old_one() -> Workplace {
    let scene = Scene::of(Job::BackUp);
    let workplace = &scene.workplace;
    let (usb, store) = (scene.usb(), scene.store());
    let passphrase = workplace.write("backup-passphrase", "invented passphrase of a back-up\n");
    for words in [
        vec!["install", "--all", "--folder", store.to_str().unwrap()],
        vec![
            "backup",
            "--to",
            usb.to_str().unwrap(),
            "--sealed",
            "--backup-passphrase-file",
            passphrase.to_str().unwrap(),
        ],
    ] {
        let ran = workplace.run(&words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
    }
    let old = store.join("古い証明書");
    fs::create_dir(&old).unwrap();
    for (name, options) in [
        ("certificate.pem", ["-clcerts", "-nokeys"]),
        ("chain.pem", ["-cacerts", "-nokeys"]),
        ("key.pem", ["-nocerts", "-nodes"]),
    ] {
        let pem = openssl_pkcs12("expired.p12", options);
        let begin = pem.find("-----BEGIN").unwrap();
        fs::write(old.join(name), &pem[begin..]).unwrap();
    }
    fs::write(old.join("name.txt"), "古い証明書\n").unwrap();
    copy_of(workplace)
}

/// What is retrieved, and a database of browsers in which an expired certificate lies.
fn with_a_database() -> Workplace {
    let workplace = copy_of(Job::Install.template());
    let store = workplace.path("store");
    fs::create_dir(&store).unwrap();
    let database = format!("sql:{}", store.display());
    let file = fixture("credentials/expired.p12");
    for (program, words) in [
        ("certutil", vec!["-N", "-d", &database, "--empty-password"]),
        (
            "pk12util",
            vec![
                "-i",
                file.to_str().unwrap(),
                "-d",
                &database,
                "-W",
                "2468",
                "-K",
                "",
            ],
        ),
    ] {
        let output = Command::new(program).args(&words).output().unwrap();
        assert!(output.status.success(), "{program} {words:?}: {output:?}");
    }
    workplace
}

/// A part of an invented file, as PEM.
fn openssl_pkcs12(file: &str, options: [&str; 2]) -> String {
    let file = fixture(&format!("credentials/{file}"));
    let output = Command::new("openssl")
        .args(["pkcs12", "-passin", "pass:2468", "-in"])
        .arg(file)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    // The friendly name is in no encoding.
    String::from_utf8_lossy(&output.stdout).into_owned()
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
    AUTHORITY.get_or_init(|| {
        let now = jiff::Timestamp::now();
        Arc::new(Authority::invent_with_one_key(now).unwrap())
    })
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
