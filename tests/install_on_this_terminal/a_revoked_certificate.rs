//! Revocation: what `verify` says and `install` does, whatever the place of the list answers.

use noticert::credential::{RevocationStatus, WhyUnknown};
use noticert::workflow::Revocations;
use rcgen::KeyUsagePurpose;

use super::support::invented::{Authority, validity};
use super::support::list_host::{Answer, ListHost};
use super::support::{Ran, Workplace};
use super::*;

const CODE: &str = "0110113719";
const SIGNS: &[KeyUsagePurpose] = &[KeyUsagePurpose::DigitalSignature];

/// A file whose certificate names this place.
fn clinic(authority: &Authority, list: &str) -> (Workplace, PathBuf) {
    let workplace = Workplace::new();
    workplace.write("file-password", "2468\n");
    let file = workplace.write("certificate.p12", authority.file(CODE, Some(list), SIGNS));
    (workplace, file)
}

fn verified(workplace: &Workplace, file: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["verify", text(file), "--password-file", "file-password"];
    arguments.extend(more);
    workplace.run(arguments)
}

#[test]
fn what_the_list_says_is_said() {
    let authority = Authority::new();
    let good = ListHost::answering(Answer::List(authority.list(1, false)));
    let (workplace, file) = clinic(&authority, &good.address);
    let ran = verified(&workplace, &file, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("✓ 失効していません"), "{}", ran.stdout);
    let json = verified(&workplace, &file, &["--json"]).json();
    assert_eq!(json["revocation"]["status"], "good");
    assert_eq!(json["valid"], true);

    let revoked = ListHost::answering(Answer::List(authority.list(1, true)));
    let (workplace, file) = clinic(&authority, &revoked.address);
    let ran = verified(&workplace, &file, &[]);
    assert_eq!(ran.code, 13, "{}", ran.stdout);
    assert!(ran.stdout.contains("✗ 失効しています"), "{}", ran.stdout);
    assert!(ran.stdout.contains("鍵が他人"), "{}", ran.stdout);
    assert!(ran.stderr.contains("新しい発行を申請"), "{}", ran.stderr);
    let json = verified(&workplace, &file, &["--json"]).json();
    assert_eq!(json["revocation"]["status"], "revoked");
    assert_eq!(json["revocation"]["reason"], "keyCompromise");
    assert_eq!(json["valid"], false);
}

#[test]
fn a_list_that_cannot_be_had_or_believed_says_nothing_and_stops_nothing() {
    let authority = Authority::new();
    let good = ListHost::answering(Answer::List(authority.list(1, false)));
    let mut too_long = authority.list(1, false);
    too_long.resize(5 * 1_024 * 1_024, 0);
    for (answer, word) in [
        (Answer::List(Authority::new().list(1, true)), "署名"),
        (Answer::List(authority.list(48, false)), "期限"),
        (Answer::List(b"<html>".to_vec()), "失効リストではありません"),
        (Answer::List(Vec::new()), "失効リストではありません"),
        (Answer::List(too_long), "返しませんでした"),
        (
            Answer::NotFound(authority.list(1, false)),
            "返しませんでした",
        ),
        (Answer::Elsewhere(good.address.clone()), "返しませんでした"),
        (Answer::Endless, "返しませんでした"),
        (Answer::Nothing, "つながりません"),
    ] {
        let host = ListHost::answering(answer);
        let (workplace, file) = clinic(&authority, &host.address);
        let ran = verified(&workplace, &file, &[]);
        assert_eq!(ran.code, 0, "{word}: {}", ran.stderr);
        let line = ran.stdout.lines().find(|line| line.contains("失効"));
        let line = line.unwrap_or_else(|| panic!("{word}: {}", ran.stdout));
        assert!(line.starts_with("! ") && line.contains(word), "{line}");
        assert_eq!(host.asked(), 1, "{word}");
    }
    let (workplace, file) = clinic(&authority, &ListHost::nobody());
    let ran = verified(&workplace, &file, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("つながりません"), "{}", ran.stdout);
    assert_eq!(good.asked(), 0, "nobody is followed elsewhere");
}

#[test]
fn nobody_is_asked_about_a_file_that_is_of_no_use() {
    let authority = Authority::new();
    let host = ListHost::answering(Answer::List(authority.list(1, false)));
    let (workplace, file) = clinic(&authority, &host.address);
    workplace.write(
        "config.toml",
        "[certificate]\nissuer_family = [\"Another\"]\n",
    );
    let ran = verified(&workplace, &file, &[]);
    assert_eq!(ran.code, 13, "{}", ran.stdout);
    assert_eq!(host.asked(), 0);
}

#[test]
fn a_list_is_fetched_once_in_a_run() {
    let authority = Authority::new();
    let host = ListHost::answering(Answer::List(authority.list(1, false)));
    let bytes = authority.file(CODE, Some(&host.address), SIGNS);
    let now = jiff::Timestamp::now();
    let examined = examined_at(bytes, now);
    let mut run = Revocations::of_one_run();
    for _ in 0..2 {
        let status = run.of_file(&examined, now).unwrap();
        assert!(
            matches!(status, RevocationStatus::Good { .. }),
            "{status:?}"
        );
    }
    assert_eq!(host.asked(), 1);
    let without = examined_at(authority.file(CODE, None, SIGNS), now);
    assert_eq!(
        run.of_file(&without, now),
        Some(RevocationStatus::Unknown(WhyUnknown::NoAddress))
    );
}

/// All lists of a run together have the time of one: of ten that never answer, few are waited for.
#[test]
fn places_that_do_not_answer_share_their_time() {
    let authority = Authority::new();
    let hosts: Vec<_> = (0..4)
        .map(|_| ListHost::answering(Answer::Nothing))
        .collect();
    let now = jiff::Timestamp::now();
    let mut run = Revocations::of_one_run();
    for host in &hosts {
        let examined = examined_at(authority.file(CODE, Some(&host.address), SIGNS), now);
        assert_eq!(
            run.of_file(&examined, now),
            Some(RevocationStatus::Unknown(WhyUnknown::NotReached))
        );
    }
    assert_eq!(hosts[0].asked(), 1);
    assert!(hosts[1..].iter().all(|host| host.asked() == 0));
}

#[test]
fn a_revoked_certificate_is_not_installed_and_an_unknown_one_is() {
    let authority = Authority::new();
    for (answer, expected) in [
        (Answer::List(authority.list(1, true)), 13),
        (Answer::List(authority.list(1, false)), 0),
        (Answer::NotFound(Vec::new()), 0),
    ] {
        let is_known = matches!(answer, Answer::List(_));
        let host = ListHost::answering(answer);
        let (workplace, file) = clinic(&authority, &host.address);
        let (first, last) = validity();
        let list = workplace.write(
            "list.json",
            format!(
                r#"{{"schema":"noticert.issuances/1","issuances":[{{"institution_code":"{CODE}","terminal_name":"受付",
                "request_id":"123456789012345","reference_id":"INVENTED34","valid_from":"{first}","valid_to":"{last}"}}]}}"#
            ),
        );
        assert_eq!(workplace.confirm(&list).code, 0);
        let adopted = workplace.run([
            "adopt",
            text(&file),
            "--password-file",
            "file-password",
            "--yes",
        ]);
        assert_eq!(adopted.code, 0, "{}", adopted.stderr);

        let ran = workplace.run(["install", "--all", "--folder", "store"]);

        assert_eq!(ran.code, expected, "{}", ran.stderr);
        assert_eq!(workplace.path("store").exists(), expected == 0);
        let lines = ran.stderr.matches("失効していないかは").count();
        assert_eq!(lines, usize::from(!is_known), "{}", ran.stderr);
        if expected == 13 {
            assert!(ran.stderr.contains("失効しています"), "{}", ran.stderr);
            assert!(ran.stderr.contains("新しい発行を申請"), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_key_that_is_not_for_signatures_gets_a_remark_and_the_root_a_word() {
    let authority = Authority::new();
    let workplace = Workplace::new();
    workplace.write("file-password", "2468\n");
    let codes = |usages: &[KeyUsagePurpose]| {
        let file = workplace.write("certificate.p12", authority.file(CODE, None, usages));
        let ran = verified(&workplace, &file, &["--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let json = ran.json();
        let checks = json["checks"].as_array().unwrap();
        let codes: Vec<String> = checks
            .iter()
            .map(|check| check["code"].as_str().unwrap().to_owned())
            .collect();
        codes
    };
    let remark = "not-for-signing".to_owned();
    assert!(codes(&[KeyUsagePurpose::KeyEncipherment]).contains(&remark));
    for usages in [SIGNS, &[]] {
        let codes = codes(usages);
        assert!(!codes.contains(&remark), "{codes:?}");
        // This system has no roots for client certificates to ask; Windows and macOS have.
        assert!(
            codes.contains(&"root-trust-unknown".to_owned()),
            "{codes:?}"
        );
    }
}
