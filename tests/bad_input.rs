//! Bad input gets a clear error, its exit code, and nothing is lost.

mod support;

use std::process::Command;

use support::{PracticeSite, Ran, Workplace, feed, fixture, program};

/// Reads one bad file together with a good letter: the bad one is named, the good one is read.
#[track_caller]
fn assert_named_and_the_rest_read(bad: &str, word: &str) -> Ran {
    let workplace = Workplace::new();
    let bad = fixture(bad).display().to_string();
    let good = fixture("notices/one-clean/letter.png")
        .display()
        .to_string();
    let ran = workplace.run(["read", "--json", "--no-record", &bad, &good]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let answer = ran.json();
    let named = answer["files_not_read"].as_array().unwrap();
    assert_eq!(named.len(), 1, "{answer}");
    assert_eq!(named[0]["source"], bad);
    let reason = named[0]["reason"].as_str().unwrap();
    assert!(reason.contains(word), "{reason}");
    let sheets = answer["sheets"].as_array().unwrap();
    let of_the_good = sheets
        .iter()
        .filter(|sheet| sheet["source"] == good)
        .count();
    assert_eq!(of_the_good, 1, "{answer}");
    ran
}

#[test]
#[ignore = "needs Tesseract"]
fn a_file_that_is_no_image_is_named() {
    assert_named_and_the_rest_read("broken/not-an-image.png", "形式");
}

#[test]
#[ignore = "needs Tesseract"]
fn an_empty_file_is_named() {
    assert_named_and_the_rest_read("broken/empty.png", "空");
}

#[test]
#[ignore = "needs Tesseract"]
fn truncated_files_are_named_and_not_half_read() {
    assert_named_and_the_rest_read("broken/truncated.png", "途中で切れ");
    assert_named_and_the_rest_read("broken/truncated.pdf", "");
    // Its first page is whole and is read; the second is named.
    assert_named_and_the_rest_read("broken/truncated.tiff", "2枚目");
}

#[test]
#[ignore = "needs Tesseract"]
fn an_encrypted_pdf_is_named_with_its_cure() {
    assert_named_and_the_rest_read("broken/encrypted.pdf", "パスワード");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_decompression_bomb_is_refused_by_its_declared_size() {
    assert_named_and_the_rest_read("broken/bomb.png", "大き");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_folder_is_named() {
    assert_named_and_the_rest_read("broken", "フォルダー");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_missing_file_is_named() {
    assert_named_and_the_rest_read("broken/no-such-file.png", "");
}

#[track_caller]
fn assert_no_notice(page: &str, code: &str) {
    let workplace = Workplace::new();
    let page = fixture(page).display().to_string();
    let ran = workplace.run(["read", "--json", &page]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let answer = ran.json();
    assert_eq!(answer["sheets"].as_array().unwrap().len(), 0, "{answer}");
    let pages = answer["pages_without_notice"].as_array().unwrap();
    assert_eq!(pages.len(), 1, "{answer}");
    assert_eq!(pages[0]["code"], code, "{answer}");
    assert!(workplace.terminals().is_empty());
}

#[test]
#[ignore = "needs Tesseract"]
fn blank_and_foreign_pages_are_named_and_make_no_record() {
    assert_no_notice("foreign/blank.png", "blank");
    assert_no_notice("foreign/invoice.png", "foreign");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_letter_of_another_service_is_named_as_such() {
    assert_no_notice("foreign/kaigo.png", "other-authority");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_masked_sample_is_no_notice_and_its_circles_are_no_zeros() {
    assert_no_notice("foreign/masked-sample.png", "masked");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_letter_of_the_older_authority_is_named_as_such() {
    assert_no_notice("foreign/old-authority.png", "other-authority");
}

#[test]
#[ignore = "needs Tesseract"]
fn a_letter_read_twice_is_linked_and_not_doubled() {
    let workplace = Workplace::new();
    let letter = fixture("notices/two-clean/letter.png")
        .display()
        .to_string();
    workplace.run(["read", &letter]);
    assert_eq!(workplace.terminals().len(), 2);
    let again = workplace.run(["read", "--json", &letter]);
    assert_eq!(workplace.terminals().len(), 2);
    assert!(again.stdout.contains("\"duplicate\""), "{}", again.stdout);
}

#[test]
#[ignore = "needs Tesseract"]
fn a_letter_that_the_feeder_swallowed_is_missed() {
    let workplace = Workplace::new();
    let letter = fixture("notices/two-clean/letter.png")
        .display()
        .to_string();
    let read = |expected: &[&str]| {
        let arguments = ["read", "--no-record", &letter].into_iter();
        workplace.run(arguments.chain(expected.iter().copied()))
    };
    let all = read(&["--expect-notices", "1", "--expect-terminals", "2"]);
    assert!(!all.stderr.contains("はずですが"), "{}", all.stderr);
    assert!(all.stdout.contains("通知書 1"), "{}", all.stdout);
    let missed = read(&["--expect-notices", "3"]);
    assert_eq!(missed.code, 10);
    assert!(missed.stderr.contains("2枚足りません"), "{}", missed.stderr);
    let more = read(&["--expect-terminals", "1"]);
    assert_eq!(more.code, 10);
    assert!(more.stderr.contains("1台多く"), "{}", more.stderr);
}

#[test]
#[ignore = "needs Tesseract"]
fn a_page_too_poor_to_read_is_told_what_to_do() {
    let workplace = Workplace::new();
    let letter = image::open(fixture("notices/one-clean/letter.png"))
        .unwrap()
        .into_luma8();
    let blurred = workplace.path("blurred.png");
    image::imageops::blur(&letter, 9.0).save(&blurred).unwrap();
    let ran = workplace.run(["read", "--no-record", "--json", blurred.to_str().unwrap()]);
    assert_eq!(ran.code, 10);
    let reason = &ran.json()["pages_without_notice"][0]["reason"];
    assert!(reason.as_str().unwrap().contains("ピント"), "{reason}");
}

fn one_issuance(valid_from: &str, valid_to: &str) -> String {
    format!(
        r#"{{"schema":"noticert.issuances/1","issuances":[{{"institution_code":"0110113719","terminal_name":"受付",
        "request_id":"123456789012345","reference_id":"INVENTED34","valid_from":"{valid_from}","valid_to":"{valid_to}"}}]}}"#
    )
}

#[test]
fn a_deadline_long_past_is_not_submitted() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    let list = workplace.write("list.json", one_issuance("2021-03-10", "2024-06-10"));
    let added = workplace.confirm(&list);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let ran = workplace.retrieve_all(&site);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("2021-09-06"), "{}", ran.stderr);
    assert_eq!(workplace.terminals()[0]["state"], "expired");
}

#[test]
fn passwords_of_another_form_are_refused_before_anything_is_sent() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    for wrong in ["123", "12345", "12a4", ""] {
        workplace.write("password", wrong);
        let ran = workplace.retrieve_all(&site);
        assert_eq!(ran.code, 2, "{wrong:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("4桁"), "{}", ran.stderr);
        assert_eq!(workplace.terminals()[0]["state"], "confirmed");
    }
}

#[test]
fn four_full_width_digits_with_a_mark_and_a_newline_are_a_password() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    workplace.write("password", "\u{feff}４８２６\r\n");
    let ran = workplace.retrieve_all(&site);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let p12 = workplace.terminals()[0]["p12"].as_str().unwrap().to_owned();
    workplace.write("password", "4826");
    let password = workplace.path("password").display().to_string();
    let verified = workplace.run(["verify", &p12, "--password-file", &password]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[test]
fn a_wrong_password_for_a_file_is_told_from_a_damaged_file() {
    let workplace = Workplace::new();
    let site = PracticeSite::start(&workplace.path("practice"), 1);
    workplace.confirm(&site.issuances);
    workplace.retrieve_all(&site);
    let p12 = workplace.terminals()[0]["p12"].as_str().unwrap().to_owned();

    let wrong = workplace.write("wrong", "0000");
    let ran = workplace.run(["verify", &p12, "--password-file", wrong.to_str().unwrap()]);
    assert_eq!(ran.code, 13);
    assert!(ran.stderr.contains("パスワード"), "{}", ran.stderr);

    let half = std::fs::read(&p12).unwrap();
    let damaged = workplace.write("damaged.p12", &half[..half.len() / 2]);
    let password = workplace.path("password").display().to_string();
    let ran = workplace.run([
        "verify",
        damaged.to_str().unwrap(),
        "--password-file",
        &password,
    ]);
    assert_eq!(ran.code, 13);
    assert!(!ran.stderr.contains("パスワードが違"), "{}", ran.stderr);
}

/// No honest input makes noticert fail in a way of its own; a place that takes nothing of what it prints does.
#[test]
#[cfg(target_os = "linux")]
fn a_fault_of_its_own_ends_with_a_word_and_its_code() {
    let workplace = Workplace::new();
    for (arguments, word) in [
        (vec!["status"], "次にすること"),
        (vec!["status", "--lang", "en"], "What to do"),
    ] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = workplace.command(arguments).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(word), "{said}");
    }
    // Nothing was harmed.
    assert_eq!(workplace.run(["status"]).code, 0);
}

/// A file that another program shut with a text of its own is looked at all the same.
#[test]
fn any_password_opens_a_file_that_is_only_looked_at() {
    let workplace = Workplace::new();
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-legacy", "-passout", "pass:ひみつ 鍵"])
        .args(["-certpbe", "PBE-SHA1-RC2-128", "-out"])
        .arg(workplace.path("other.p12"))
        .arg("-inkey")
        .arg(pem_of(&workplace, "-nocerts"))
        .arg("-in")
        .arg(pem_of(&workplace, "-nokeys"))
        .status()
        .unwrap();
    assert!(made.success());
    let verify = |password: &str| {
        let file = workplace.write("other-password", password);
        workplace.run([
            "verify",
            workplace.path("other.p12").to_str().unwrap(),
            "--password-file",
            file.to_str().unwrap(),
        ])
    };
    let right = verify("ひみつ 鍵\n");
    assert!(right.stdout.contains("RC2-128"), "{}", right.stderr);
    let wrong = verify("2468\n");
    assert_eq!(wrong.code, 13, "{}", wrong.stdout);
    assert!(
        wrong.stderr.contains("パスワードが違う"),
        "{}",
        wrong.stderr
    );
}

/// A part of an invented credential, as OpenSSL takes it out.
fn pem_of(workplace: &Workplace, part: &str) -> std::path::PathBuf {
    let pem = workplace.path(&format!("part{part}.pem"));
    let made = Command::new("openssl")
        .args(["pkcs12", "-nodes", "-passin", "pass:2468", part, "-in"])
        .arg(fixture("credentials/aes-256-sha256.p12"))
        .arg("-out")
        .arg(&pem)
        .status()
        .unwrap();
    assert!(made.success());
    pem
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_changes_nothing() {
    let workplace = Workplace::new();
    let list = workplace.write("list.json", one_issuance("2026-11-20", "2030-02-20"));
    workplace.run(["add", "--from", list.to_str().unwrap()]);
    workplace.write("passphrase", "another phrase");
    let ran = workplace.run(["add", "--from", list.to_str().unwrap()]);
    assert_eq!(ran.code, 16, "{}", ran.stderr);
    assert!(ran.stderr.contains("パスフレーズ"), "{}", ran.stderr);
}

#[test]
fn without_terminal_and_passphrase_file_the_cure_is_named() {
    let workplace = Workplace::new();
    let list = workplace.write("list.json", one_issuance("2026-11-20", "2030-02-20"));
    let output = program()
        .args(["add", "--from"])
        .arg(&list)
        .arg("--data")
        .arg(workplace.data())
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--passphrase-file"), "{}", ran.stderr);
}

#[test]
fn a_second_noticert_is_told_who_holds_the_ledger() {
    let workplace = Workplace::new();
    let list = workplace.write("list.json", one_issuance("2026-11-20", "2030-02-20"));
    workplace.run(["add", "--from", list.to_str().unwrap()]);
    // The first one waits for its list on standard input and holds the ledger meanwhile.
    let mut first = workplace
        .command(["add", "--from", "-"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let holder = workplace.data().join("ledger.holder");
    let pid = first.id().to_string();
    let names_the_first = |text: String| text.contains(&pid);
    while !std::fs::read_to_string(&holder).is_ok_and(&names_the_first) {
        assert!(first.try_wait().unwrap().is_none(), "the first one ended");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let second = workplace.run(["add", "--from", list.to_str().unwrap()]);
    assert_eq!(second.code, 15, "{}", second.stderr);
    assert!(
        second.stderr.contains(&first.id().to_string()),
        "{}",
        second.stderr
    );
    let status = workplace.run(["status"]);
    assert_eq!(status.code, 0, "status only reads: {}", status.stderr);
    first.kill().unwrap();
    first.wait().unwrap();
    let third = workplace.run(["add", "--from", list.to_str().unwrap()]);
    assert_eq!(
        third.code, 0,
        "a killed holder leaves no lock: {}",
        third.stderr
    );
}

#[test]
fn unknown_options_and_configuration_keys_are_usage_errors() {
    let workplace = Workplace::new();
    assert_eq!(workplace.run(["read"]).code, 2);
    assert_eq!(workplace.run(["reed", "x.png"]).code, 2);
    workplace.write("config.toml", "[rules]\ndeadline_day = 30\n");
    let ran = workplace.run(["status"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("deadline_days"), "{}", ran.stderr);
}

#[test]
fn rows_that_are_no_issuance_are_named_and_the_others_taken() {
    let workplace = Workplace::new();
    let csv = "request_id,reference_id,institution_code,valid_from,valid_to,terminal_name\n\
               123456789012345,INVENTED34,0110113719,2026-11-20,2030-02-20,受付\n\
               12345,INVENTED35,0110113719,2026-11-20,2030-02-20,診察室\n";
    let ran = feed(workplace.command(["add", "--from", "-"]), csv.as_bytes());
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("2行目"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("INVENTED35"), "{}", ran.stderr);
    assert_eq!(workplace.terminals().len(), 1);
}

/// Runs noticert in a mount namespace of its own, where `data` lies on a small or read-only medium.
fn on_medium(workplace: &Workplace, options: &str, arguments: &[&str]) -> Ran {
    std::fs::create_dir_all(workplace.data()).unwrap();
    let noticert = workplace.command(arguments);
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg(format!(
            "mount -t tmpfs -o {options} tmpfs \"$0\" && exec \"$@\""
        ))
        .arg(workplace.data())
        .arg(noticert.get_program())
        .args(noticert.get_args())
        .current_dir(noticert.get_current_dir().unwrap())
        .stdin(std::process::Stdio::null());
    Ran::of(command.output().unwrap())
}

#[test]
#[ignore = "needs user namespaces"]
fn a_read_only_data_folder_is_a_disk_error() {
    let workplace = Workplace::new();
    let list = workplace.write("list.json", one_issuance("2026-11-20", "2030-02-20"));
    let ran = on_medium(&workplace, "ro", &["add", "--from", list.to_str().unwrap()]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("書き込"), "{}", ran.stderr);
}

#[test]
#[ignore = "needs user namespaces"]
fn a_full_data_folder_is_a_disk_error() {
    let workplace = Workplace::new();
    let list = workplace.write("list.json", one_issuance("2026-11-20", "2030-02-20"));
    let ran = on_medium(
        &workplace,
        "size=16k",
        &["add", "--from", list.to_str().unwrap()],
    );
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("空き"), "{}", ran.stderr);
}
