//! Holds the map of the house true: who may import whom, who may open a secret, who may state a proof.
//!
//! Reads the source as text. Code under `#[cfg(test)]` stands at the bottom of a file and may look anywhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by rank, lowest first. Arrows run downward only; modules of one rank do not import each other.
const RANKS: &[&[&str]] = &[
    &["domain"],
    &["platform", "config", "fonts"],
    &["custody"],
    &[
        "intake",
        "retrieval",
        "credential",
        "installer",
        "ledger",
        "lifecycle",
        "report",
        "case",
        "practice",
    ],
    &["doctor"],
    &["workflow"],
    &["explain"],
    &["cli", "web"],
];

struct Source {
    path: String,
    module: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    assert!(found.len() > 10, "the source was not found");
    found
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&root).unwrap();
            let first = relative.components().next().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            Source {
                module: Path::new(first.as_os_str())
                    .with_extension("")
                    .display()
                    .to_string(),
                path: relative.display().to_string(),
                code: without_tests(&text),
            }
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The file without comments and without what follows `#[cfg(test)]`.
fn without_tests(text: &str) -> String {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|rank| rank.contains(&module))
}

/// The top-level modules that `code` names by `crate::…`, also in a nested `use crate::{…}`.
fn imported(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    modules.insert(first_name(&item));
                    item.clear();
                } else {
                    item.push(c);
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            modules.insert(first_name(rest));
        }
    }
    modules.remove("");
    modules
}

fn first_name(path: &str) -> String {
    path.trim_start()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

fn files_with(sources: &[Source], needle: &str) -> BTreeSet<String> {
    sources
        .iter()
        .filter(|source| source.code.contains(needle))
        .map(|source| source.path.clone())
        .collect()
}

#[track_caller]
fn assert_only(sources: &[Source], needle: &str, allowed: &[&str]) {
    let found = files_with(sources, needle);
    let strangers: Vec<_> = found
        .iter()
        .filter(|path| !allowed.contains(&path.as_str()))
        .collect();
    assert!(
        strangers.is_empty(),
        "`{needle}` stands in {strangers:?}; a new place needs a reason and a line in this list"
    );
    let gone: Vec<_> = allowed
        .iter()
        .filter(|path| !found.contains(**path))
        .collect();
    assert!(gone.is_empty(), "{gone:?} no longer hold `{needle}`");
}

#[test]
fn arrows_run_downward_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        if source.module == "lib" || source.module == "main" {
            continue;
        }
        let own =
            rank(&source.module).unwrap_or_else(|| panic!("{} is not on the map", source.module));
        for module in imported(&source.code) {
            let Some(other) = rank(&module) else {
                continue;
            };
            if module != source.module && other >= own {
                wrong.push(format!("{} imports {module}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_test_sees_nested_and_plain_imports() {
    let code =
        "use crate::{config::{Config, Rules}, domain::Text};\nlet x = crate::ledger::open();";
    let expected: BTreeSet<String> = ["config", "domain", "ledger"].map(str::to_owned).into();
    assert_eq!(imported(code), expected);
}

#[test]
fn only_the_cli_reads_clock_environment_and_terminal() {
    let sources = sources();
    for needle in [
        "Timestamp::now",
        "SystemTime::now",
        "Zoned::now",
        "env::var",
        "env::args",
        "io::stdin",
        "rpassword::",
    ] {
        for path in files_with(&sources, needle) {
            assert!(
                path == "main.rs" || path.starts_with("cli"),
                "{path} holds `{needle}`"
            );
        }
    }
}

#[test]
fn only_platform_and_installer_branch_on_the_system() {
    for needle in ["cfg(windows)", "cfg(unix)", "cfg(target_os"] {
        for path in files_with(&sources(), needle) {
            assert!(
                path.starts_with("platform")
                    || path.starts_with("installer")
                    // Which systems' Tesseract comes with OpenMP is leptess's business, whose only file this is.
                    || (path == "intake/reader/tesseract.rs" && needle == "cfg(target_os"),
                "{path} holds `{needle}`"
            );
        }
    }
}

#[test]
fn only_one_file_names_leptess() {
    assert_only(&sources(), "leptess::", &["intake/reader/tesseract.rs"]);
}

#[test]
fn secrets_are_opened_only_where_they_are_used() {
    assert_only(
        &sources(),
        ".expose()",
        &[
            "cli/person.rs",
            "cli/read_json.rs",
            "cli/secret_screen.rs",
            "credential.rs",
            "credential/password.rs",
            "credential/search.rs",
            "credential/writing.rs",
            "custody/plaintext.rs",
            "domain/ids.rs",
            "domain/proof.rs",
            "domain/reading.rs",
            // The login keychain unpacks and shuts files itself.
            "installer/macos/keychain.rs",
            "installer/nss/tools.rs",
            "installer/windows/import.rs",
            "practice/authority.rs",
            "practice/letters/draw.rs",
            "practice/letters/forms.rs",
            "practice/letters/truth.rs",
            "practice/site/desk.rs",
            "retrieval/answer.rs",
            "retrieval/answer/masking.rs",
            "retrieval/page/submission.rs",
            "workflow/adopting.rs",
            "workflow/pictures.rs",
            "workflow/rehearsal.rs",
            "workflow/restoring/taking_in.rs",
            "workflow/retrieving/outcome.rs",
            "workflow/settling.rs",
        ],
    );
    assert_only(
        &sources(),
        ".expose_secret()",
        &[
            "cli/support.rs",
            "credential/checks.rs",
            "credential/container.rs",
            "credential/password.rs",
            "credential/writing.rs",
            "custody.rs",
            "custody/account_key.rs",
            "custody/key_file.rs",
            "custody/passphrase.rs",
            "custody/plaintext.rs",
            "custody/sealing.rs",
            "domain/ids.rs",
            "domain/proof.rs",
            "domain/reading.rs",
            "installer/folder.rs",
            "installer/nss/softoken.rs",
            "retrieval/page/submission.rs",
            "workflow/adding.rs",
            "workflow/backing_up/check.rs",
            "workflow/backing_up/paper.rs",
            "workflow/binding.rs",
            "workflow/by_hand.rs",
            "workflow/drafts.rs",
            "workflow/packing.rs",
            "workflow/pictures.rs",
            "workflow/removing.rs",
            "workflow/restoring/choosing.rs",
            "workflow/retrieving/asking.rs",
            "workflow/reviewing.rs",
            "workflow/seal.rs",
            "workflow/service.rs",
            "workflow/settling.rs",
            "workflow/unlocking.rs",
            "workflow/watching.rs",
        ],
    );
}

#[test]
fn proofs_are_stated_only_by_those_who_prove_and_by_the_ledger() {
    assert_only(
        &sources(),
        "ReviewedIssuance::attest(",
        &[
            "domain/reading.rs",
            "ledger/secrets.rs",
            "workflow/adding.rs",
            "workflow/reviewing.rs",
        ],
    );
    assert_only(
        &sources(),
        "VerifiedCredential::attest(",
        &["credential.rs"],
    );
}

#[test]
fn unsafe_code_stands_only_where_the_system_has_no_safe_call() {
    assert_only(
        &sources(),
        "unsafe {",
        &[
            // security-framework has no call for an export, the attributes of a key and the end of trust.
            "installer/macos/keychain.rs",
            "installer/nss/softoken.rs",
            "installer/windows/dialogue.rs",
            "installer/windows/key.rs",
            "installer/windows/system.rs",
            "platform/windows.rs",
            "platform/windows/folders.rs",
            "platform/windows/key_wrap.rs",
            "platform/windows/network.rs",
            "platform/windows/session.rs",
        ],
    );
    assert_only(
        &sources(),
        "unsafe extern",
        &[
            "installer/macos/keychain.rs",
            "installer/windows/dialogue.rs",
            "intake/reader/tesseract.rs",
        ],
    );
}
