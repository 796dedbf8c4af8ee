//! Where a data folder may lie: said, or refused, before anything is put there.

mod support;

use std::path::Path;
use std::process::Command;

use support::{PracticeSite, Ran, Workplace, program};

/// `noticert ARGUMENTS --data DATA` with the workplace's passphrase.
fn at(workplace: &Workplace, data: &Path, arguments: &[&str]) -> Command {
    let mut command = program();
    command
        .args(arguments)
        .arg("--data")
        .arg(data)
        .arg("--passphrase-file")
        .arg(workplace.path("passphrase"));
    command
}

fn ran(mut command: Command) -> Ran {
    Ran::of(command.output().unwrap())
}

fn add(workplace: &Workplace, data: &Path, list: &Path) -> Ran {
    let list = list.to_str().unwrap();
    ran(at(workplace, data, &["add", "--confirmed", "--from", list]))
}

#[test]
fn a_new_data_folder_is_not_made_among_downloads_and_one_that_is_there_stays_within_reach() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let downloads = workplace.path("Downloads");
    let data = downloads.join("noticert");

    let refused = add(&workplace, &data, &site.issuances);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("ダウンロード"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("--data"), "{}", refused.stderr);
    assert!(!downloads.exists());

    // One that lies there already, as after somebody moved it.
    assert_eq!(workplace.confirm(&site.issuances).code, 0);
    std::fs::create_dir(&downloads).unwrap();
    std::fs::rename(workplace.data(), &data).unwrap();
    let warned = add(&workplace, &data, &site.issuances);
    assert_eq!(warned.code, 0, "{}", warned.stderr);
    assert_eq!(
        warned
            .stderr
            .matches("ほかの端末やプログラムの目に触れます")
            .count(),
        1,
        "{}",
        warned.stderr
    );
    let status = ran(at(&workplace, &data, &["seal", "status"]));
    assert!(status.stderr.contains("ダウンロード"), "{}", status.stderr);
    let status = ran(at(&workplace, &data, &["seal", "status", "--json"]));
    assert_eq!(status.json()["downloads"], true);
    let listed = ran(at(&workplace, &data, &["status", "--json"]));
    assert_eq!(listed.json()["terminals"].as_array().unwrap().len(), 1);
}

#[test]
fn a_data_folder_that_a_cloud_carries_away_is_warned_of_wherever_it_is_opened() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let plain = workplace.confirm(&site.issuances);
    assert!(!plain.stderr.contains("クラウド"), "{}", plain.stderr);

    let synced = workplace.path("OneDrive");
    std::fs::create_dir(&synced).unwrap();
    let data = synced.join("noticert");
    std::fs::rename(workplace.data(), &data).unwrap();
    let warned = add(&workplace, &data, &site.issuances);
    assert_eq!(warned.code, 0, "{}", warned.stderr);
    assert_eq!(
        warned.stderr.matches("クラウド").count(),
        1,
        "{}",
        warned.stderr
    );
    let status = ran(at(&workplace, &data, &["seal", "status"]));
    assert!(status.stderr.contains("クラウド"), "{}", status.stderr);
}
