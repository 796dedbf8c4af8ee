//! Unusual IDs and a password through every command and every fault: in clear nowhere but where the design allows it.
//!
//! Looked through is all that a run leaves or says: standard output, standard error, the data folder with ledger,
//! answers and kept pages, the folder for temporary files, the home folder, and what goes onto a stick. Each secret
//! is looked for as text in any case, in hexadecimal, percent-encoded, as entities and escapes, in UTF-16 and in base64; in
//! kept pages also between the tags.

#[path = "../support/forms.rs"]
mod forms;
#[path = "../retrieve_through_every_fault/scene.rs"]
#[expect(dead_code, reason = "shared with the tests of every fault")]
mod scene;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use forms::{forms, holds};
use noticert::practice::site::Fault;
use scene::{REFERENCE_ID, Scene, request_id};
use support::{PASSWORD, PracticeSite, Ran, Workplace, with};

/// What is looked for, and everything that was found of it.
struct Watch {
    secrets: Vec<Secret>,
    found: Vec<String>,
}

struct Secret {
    name: &'static str,
    forms: Vec<Vec<u8>>,
    /// A short one counts only where it stands alone: four digits are part of many a number.
    stands_alone: bool,
}

impl Watch {
    fn for_secrets(reference_id: &str, password: &str) -> Self {
        let mut watch = Self {
            secrets: Vec::new(),
            found: Vec::new(),
        };
        watch.add("reference ID", reference_id);
        watch.secrets.push(Secret {
            name: "password",
            // In base64 and hexadecimal four digits are nothing that could be told from chance.
            forms: vec![
                password.as_bytes().to_vec(),
                password.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                password.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                password
                    .bytes()
                    .flat_map(|b| format!("%{b:02X}").into_bytes())
                    .collect(),
                password
                    .bytes()
                    .flat_map(|b| format!("&#{b};").into_bytes())
                    .collect(),
                password
                    .bytes()
                    .flat_map(|b| format!("\\u{b:04x}").into_bytes())
                    .collect(),
            ],
            stands_alone: true,
        });
        watch
    }

    fn add(&mut self, name: &'static str, text: &str) {
        self.secrets.push(Secret {
            name,
            forms: forms(text),
            stands_alone: false,
        });
    }

    fn look_at(&mut self, place: &str, bytes: &[u8]) {
        for secret in &self.secrets {
            for (form, needle) in secret.forms.iter().enumerate() {
                let is_there = match secret.stands_alone {
                    true => stands_alone(bytes, needle),
                    false => holds(bytes, needle),
                };
                if is_there {
                    self.found
                        .push(format!("{} in form {form} in {place}", secret.name));
                }
            }
        }
    }

    /// A page is looked at as it stands and as a browser shows it: what tags take apart is one word there.
    fn look_at_page(&mut self, place: &str, bytes: &[u8]) {
        self.look_at(place, bytes);
        let mut is_tag = false;
        let shown: Vec<u8> = bytes
            .iter()
            .filter(|byte| {
                let is_shown = !is_tag && **byte != b'<';
                is_tag = **byte == b'<' || is_tag && **byte != b'>';
                is_shown
            })
            .copied()
            .collect();
        self.look_at(&format!("{place} without tags"), &shown);
    }

    fn look_at_output(&mut self, place: &str, ran: &Ran) {
        assert!(!ran.stderr.contains("panicked"), "{place}: {}", ran.stderr);
        self.look_at(&format!("stdout of {place}"), ran.stdout.as_bytes());
        self.look_at(&format!("stderr of {place}"), ran.stderr.as_bytes());
    }

    fn look_below(&mut self, when: &str, folder: &Path) {
        for path in files_below(folder) {
            let place = format!("{} {when}", path.display());
            self.look_at(&place, path.as_os_str().as_encoded_bytes());
            self.look_at(&place, &fs::read(&path).unwrap_or_default());
        }
    }

    #[track_caller]
    fn assert_clean(&self) {
        assert!(self.found.is_empty(), "{:#?}", self.found);
    }
}

fn stands_alone(bytes: &[u8], needle: &[u8]) -> bool {
    let is_part =
        |at: Option<&u8>| at.is_some_and(|b| b.is_ascii_alphanumeric() || b"-.".contains(b));
    bytes
        .windows(needle.len())
        .enumerate()
        .filter(|(_, window)| *window == needle)
        .any(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            !is_part(before) && !is_part(bytes.get(at + needle.len()))
        })
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        match entry.unwrap().path() {
            path if path.is_dir() => found.extend(files_below(&path)),
            path => found.push(path),
        }
    }
    found
}

/// Keeps whatever a program may write beside its data folder within the workplace.
fn at_home(workplace: &Workplace, mut command: Command) -> Ran {
    let folder = |name: &str| {
        let path = workplace.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    command
        .env("TMPDIR", folder("tmp"))
        .env("HOME", folder("home"))
        .env("XDG_DATA_HOME", folder("home/data"))
        .env("XDG_CACHE_HOME", folder("home/cache"))
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1");
    Ran::of(command.output().unwrap())
}

#[test]
fn no_fault_of_the_site_brings_a_secret_to_light() {
    let scene = Scene::with(Fault::ALL.len());
    let workplace = &scene.workplace;
    let mut watch = Watch::for_secrets(REFERENCE_ID, PASSWORD);
    for (number, fault) in Fault::ALL.iter().enumerate() {
        workplace.write("config.toml", "[limits]\nsilence_seconds = 2\n");
        let site = scene.site(&[*fault]);
        let id = request_id(number);
        let ran = at_home(workplace, scene.command(&site, &[&id, "-v"]));
        watch.look_at_output(fault.name(), &ran);
        // A page that is kept for the support shows no request ID either.
        let mut pages = Watch::for_secrets(REFERENCE_ID, PASSWORD);
        pages.add("request ID", &id);
        for path in scene.answers() {
            let bytes = fs::read(&path).unwrap();
            let place = format!("{} after {}", path.display(), fault.name());
            match path.extension().is_some_and(|ending| ending == "html") {
                true => pages.look_at_page(&place, &bytes),
                false => watch.look_at(&place, &bytes),
            }
        }
        watch.found.append(&mut pages.found);
        if *fault == Fault::Echo {
            assert!(
                ran.stderr.contains("写し") && !scene.answers().is_empty(),
                "{}",
                ran.stderr
            );
        }
    }
    for (place, words) in [
        ("status", vec!["status"]),
        ("status --json", vec!["status", "--json"]),
        ("support", vec!["support", "--to", "help"]),
    ] {
        let ran = at_home(workplace, workplace.command(words));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        watch.look_at_output(place, &ran);
    }
    for folder in ["data", "tmp", "home", "help"] {
        watch.look_below("after every fault", &workplace.path(folder));
    }
    watch.assert_clean();
}

#[test]
fn no_command_brings_a_secret_to_light() {
    let (office, terminal) = (Workplace::new(), Workplace::new());
    let site = PracticeSite::start(&office.path("practice"), 1);
    let list: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&site.issuances).unwrap()).unwrap();
    let value = |name: &str| list["issuances"][0][name].as_str().unwrap();
    let mut watch = Watch::for_secrets(value("reference_id"), PASSWORD);
    let letter = site.letter.to_str().unwrap();
    let issuances = site.issuances.to_str().unwrap();
    let stick = office.path("stick").display().to_string();
    office.write("case passphrase", "invented case passphrase");
    terminal.write("case passphrase", "invented case passphrase");
    office.write("letters", "48a6\n");
    office.write("wrong", "5937\n");
    let store = terminal.path("store").display().to_string();

    let mut run = |place: &Workplace, words: Vec<String>| {
        let told = words.join(" ");
        let ran = at_home(place, place.command(&words));
        watch.look_at_output(&told, &ran);
        for folder in ["data", "tmp", "home", "stick", "help", "scans"] {
            watch.look_below(&format!("after {told}"), &place.path(folder));
        }
        ran
    };
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|&word| word.to_owned())
            .collect::<Vec<_>>()
    };

    // Reading and adding, also what is not good enough.
    let scans = office.path("scans");
    fs::create_dir(&scans).unwrap();
    fs::copy(letter, scans.join("scan")).unwrap();
    let scans = scans.display().to_string();
    for given in [
        &[
            "watch", &scans, "--once", "--every", "0.05", "--keep", "seal",
        ][..],
        &["watch", &scans, "--once", "--every", "0.05", "--json", "-v"],
        &["read", "--mask", "--no-record", letter],
        &["read", "--mask", "--no-record", "--json", letter],
        &["read", "--mask", letter, "-v"],
        &["review"],
        &["add", "--from", letter],
        &["add", "--from", issuances],
        &["add", "--from", issuances, "--confirmed", "--json"],
        &["status"],
        &["status", "--json"],
        &["status", "--lang", "en"],
    ] {
        run(&office, words(given));
    }
    // To the terminal.
    let packed = run(
        &office,
        words(&[
            "pack",
            "--to",
            &stick,
            "--case-passphrase-file",
            office.path("case passphrase").to_str().unwrap(),
        ]),
    );
    assert_eq!(packed.code, 0, "{}", packed.stderr);
    let case = packed.stdout.lines().next().unwrap().to_owned();
    let passphrase = terminal.path("case passphrase").display().to_string();
    let unpack = ["unpack", &case, "--case-passphrase-file", &passphrase];
    let unpacked = run(&terminal, words(&unpack));
    assert_eq!(unpacked.code, 0, "{}", unpacked.stderr);
    run(
        &terminal,
        words(&["doctor", "--show-form", "-v", "--site", &site.url]),
    );
    let mut options = site.options(&terminal);
    options.truncate(4);
    for given in [&["doctor", "--show-form", "--json"][..], &["doctor", "-v"]] {
        run(&terminal, with(given, options.clone()));
    }
    // A password of another form, then the right one.
    let mut wrong = site.options(&office);
    wrong[5] = office.path("letters").display().to_string();
    run(&terminal, with(&["retrieve", "--all", "-v"], wrong));
    let retrieved = run(
        &terminal,
        with(&["retrieve", "--all", "-v"], site.options(&terminal)),
    );
    assert_eq!(retrieved.code, 0, "{}", retrieved.stderr);
    let again = with(
        &["retrieve", value("request_id"), "--again"],
        site.options(&terminal),
    );
    run(&terminal, again);
    let p12 = terminal.terminals()[0]["p12"].as_str().unwrap().to_owned();
    for file in ["password", "wrong", "letters"] {
        let file = office.path(file).display().to_string();
        for given in ["verify", "adopt"] {
            run(
                &terminal,
                words(&[given, &p12, "--password-file", &file, "-v"]),
            );
        }
    }
    for given in [
        &["bind", value("request_id"), "--yes"][..],
        &["install", "--all", "--folder", &store, "-v"],
        &["install", "--all", "--folder", &store, "--json"],
        &["support", "--to", "help", "-v"],
        &["status", "--json"],
        &["pack", "--to", &stick],
        &["no-such-command", "-v"],
    ] {
        run(&terminal, words(given));
    }
    // The whole job and the rehearsal.
    run(&office, with(&["run", letter, "-v"], site.options(&office)));
    let demo = at_home(&office, office.command(["demo", "-v"]));
    watch.look_at_output("demo", &demo);
    watch.assert_clean();
}

#[test]
fn the_watch_finds_what_it_is_to_find() {
    let mut watch = Watch::for_secrets("Zq_Xv8Wk", "4826");
    watch.look_at("text", b"the reference ID Zq_Xv8Wk was refused");
    watch.look_at("form", b"password=4826&x=1");
    watch.look_at("number", b"0x14826 2026-11-22T01:02:03.482600Z 1-4826-1");
    assert_eq!(watch.found.len(), 2, "{:?}", watch.found);
    watch.look_at_page("page", b"<p>Zq_<b>Xv8</b>Wk, &#52;&#56;&#50;&#54;</p>");
    assert_eq!(watch.found.len(), 5, "{:?}", watch.found);
}
