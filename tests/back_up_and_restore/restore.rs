//! `restore FILE|DIR`: on a PC that has neither letter nor ledger.

use std::fs;

use super::back_up::shown_on_its_own_page;
use super::scene::{
    Stick, back_up, back_up_sealed, certificate_in, empty, name, output, renewed, retrieved,
    states, typed,
};
use super::support::{Ran, Workplace, fixture};

fn restore(workplace: &Workplace, from: &str, more: &[&str]) -> Ran {
    let (pem, password) = (workplace.path("pem"), workplace.path("password"));
    let mut arguments = vec!["restore", from, "--folder", pem.to_str().unwrap()];
    if !more.contains(&"--backup-passphrase-file") {
        arguments.extend(["--password-file", password.to_str().unwrap()]);
    }
    arguments.extend(more);
    workplace.run(arguments)
}

#[test]
#[ignore = "needs openssl"]
fn a_new_pc_has_its_certificate_back_without_a_letter() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let terminal = name(&old, 0);

    let ran = restore(&new, stick.text(), &["--terminal", &terminal]);

    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("ほかにある控え"), "{}", ran.stderr);
    assert!(ran.stdout.contains("鍵で署名できます"), "{}", ran.stdout);
    assert_eq!(states(&new), ["restored"]);
    let back = new.terminals().remove(0);
    let known = old.terminals().remove(0);
    for field in [
        "institution_code",
        "terminal_name",
        "fingerprint",
        "valid_to",
    ] {
        assert_eq!(back[field], known[field], "{field}");
    }
    assert_eq!(back["backups"][0]["medium"], stick.index()["medium"]);
    // The files in the store are a certificate with its key, as openssl sees it.
    let folder = fs::read_dir(new.path("pem"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let file = |name: &str| folder.join(name).display().to_string();
    assert_eq!(
        output("openssl", &["pkey", "-pubout", "-in", &file("key.pem")]),
        output(
            "openssl",
            &["x509", "-pubkey", "-noout", "-in", &file("certificate.pem")]
        ),
    );
    // A second time changes nothing.
    let again = restore(&new, stick.text(), &["--terminal", &terminal]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(states(&new).len(), 1);
}

#[test]
fn of_several_terminals_one_has_to_be_named_and_it_has_to_be_there() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let ran = restore(&new, stick.text(), &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--terminal"), "{}", ran.stderr);
    let ran = restore(&new, stick.text(), &["--terminal", "よその端末"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let nothing = Stick::new();
    let ran = restore(&new, nothing.text(), &[]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(new.terminals().is_empty());
}

/// The clear copies are gone; file and digits come out of the sealed ones.
#[test]
fn the_sealed_copies_alone_bring_it_back() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up_sealed(&old, &stick);
    for clear in stick.files(".p12") {
        fs::remove_file(clear).unwrap();
    }
    let passphrase = new.path("backup-passphrase");
    let more = [
        "--terminal",
        &name(&old, 1),
        "--backup-passphrase-file",
        passphrase.to_str().unwrap(),
    ];
    let ran = restore(&new, stick.text(), &more);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(states(&new), ["restored"]);

    new.write("backup-passphrase", "another\n");
    let ran = restore(&new, stick.text(), &more);
    assert_eq!(ran.code, 16, "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("バックアップはできていません"),
        "nothing was to be backed up: {}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("インストールしていません"),
        "{}",
        ran.stderr
    );
}

/// Only the file that lies here is tried, and only after the word was typed.
#[test]
fn lost_digits_are_found_by_trying_after_a_typed_word() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let copy = stick.files(".p12").remove(0);
    let pem = new.path("pem");
    let arguments = [
        "restore",
        copy.to_str().unwrap(),
        "--folder",
        pem.to_str().unwrap(),
    ];
    let declined = typed(&new, &arguments, &["", "いいえ"]);
    assert_eq!(declined.code, 13, "{}", declined.stdout);
    assert!(new.terminals().is_empty());

    // Found, shown once on a page that goes away, and typed from the paper.
    let lines = ["", "全部試す", "y", "", "４８２６"];
    let found = typed(&new, &arguments, &lines);
    assert_eq!(found.code, 0, "{}", found.stdout);
    assert_eq!(shown_on_its_own_page(&found.stdout), 1, "{}", found.stdout);
    assert!(
        !found.stdout.contains("パスワードの控えなし"),
        "{}",
        found.stdout
    );
    assert_eq!(states(&new), ["restored"]);
    let audit = new.run(["audit", "--folder", pem.to_str().unwrap()]);
    assert_eq!(audit.code, 0, "{}", audit.stdout);
    let ledger = rusqlite::Connection::open(new.data().join("ledger.sqlite")).unwrap();
    let query = "SELECT payload FROM events WHERE kind = 'password-searched'";
    let payload: String = ledger.query_row(query, [], |row| row.get(0)).unwrap();
    assert!(payload.contains("\"found\":true"), "{payload}");
    assert!(!payload.contains("4826"), "{payload}");
}

/// Who does not write found digits down now is told how to, and can later.
#[test]
fn found_digits_that_were_not_written_down_can_be_at_the_next_back_up() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let copy = stick.files(".p12").remove(0);
    let pem = new.path("pem");
    let arguments = [
        "restore",
        copy.to_str().unwrap(),
        "--folder",
        pem.to_str().unwrap(),
    ];
    let found = typed(&new, &arguments, &["", "全部試す", "n"]);
    assert_eq!(found.code, 0, "{}", found.stdout);
    assert_eq!(shown_on_its_own_page(&found.stdout), 0);
    assert!(
        found.stdout.contains("パスワードの控えなし"),
        "{}",
        found.stdout
    );
    let audit = || new.run(["audit", "--folder", pem.to_str().unwrap()]).code;
    assert_eq!(audit(), 10);

    let back_up = ["backup", "--to", stick.text()];
    let later = typed(&new, &back_up, &["n", "", "y", "", "4826"]);
    assert_eq!(later.code, 0, "{}", later.stdout);
    assert_eq!(shown_on_its_own_page(&later.stdout), 1, "{}", later.stdout);
    assert_eq!(audit(), 0);
}

/// The newest copy is broken: the next one comes back, and the words say which was left out and why.
#[test]
fn a_broken_or_missing_copy_is_told_and_the_next_one_is_taken() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let (older, newer) = renewed(&stick);
    fs::write(&newer, b"xx\n").unwrap();
    let terminal = name(&old, 0);
    let more = ["--terminal", terminal.as_str()];

    let ran = restore(&new, stick.text(), &more);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let left_out = said(&ran, "使えない控えを飛ばします");
    assert!(left_out.contains(newer.to_str().unwrap()), "{left_out}");
    assert!(left_out.contains("壊れているか"), "{left_out}");
    assert!(!ran.stderr.contains("ほかにある控え"), "{}", ran.stderr);
    let fingerprint = &old.terminals()[0]["fingerprint"];
    assert_eq!(new.terminals()[0]["fingerprint"], *fingerprint);

    // A broken file that is named itself is not replaced by another, which is named instead.
    let other_pc = empty();
    let ran = restore(&other_pc, newer.to_str().unwrap(), &[]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(
        said(&ran, older.to_str().unwrap()).contains("有効期限"),
        "{}",
        ran.stderr
    );

    fs::remove_file(&older).unwrap();
    let ran = restore(&other_pc, stick.text(), &more);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("使える控えがありません"),
        "{}",
        ran.stderr
    );
    for (file, why) in [(&older, "ファイルがありません"), (&newer, "壊れているか")]
    {
        assert!(
            said(&ran, file.to_str().unwrap()).contains(why),
            "{}",
            ran.stderr
        );
    }
    assert!(other_pc.terminals().is_empty());
}

/// The first line that says so.
fn said<'a>(ran: &'a Ran, words: &str) -> &'a str {
    let line = ran.stderr.lines().find(|line| line.contains(words));
    line.unwrap_or_else(|| panic!("{words}: {}", ran.stderr))
}

#[test]
fn a_password_that_does_not_open_the_newest_copy_names_the_others() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let (older, _) = renewed(&stick);
    new.write("password", "1111\n");
    let ran = restore(&new, stick.text(), &["--terminal", &name(&old, 0)]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(ran.stderr.contains("ほかにある控え"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(older.to_str().unwrap()),
        "{}",
        ran.stderr
    );
}

/// Files without an index are known for what they are once they are opened, not by their names.
#[test]
fn loose_files_are_told_apart_by_what_is_in_them() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let copies = stick.files(".p12");
    let loose = Stick::new();
    let put = |name: &str, bytes: &[u8]| fs::write(loose.path().join(name), bytes).unwrap();
    for (at, copy) in copies.iter().enumerate() {
        put(&format!("{at}.p12"), &fs::read(copy).unwrap());
    }
    put("copy of 0.p12", &fs::read(&copies[0]).unwrap());
    put("page.p12", b"<html>");

    let ran = restore(&new, loose.text(), &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("noticert restore FILE"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("台分の控え"), "{}", ran.stderr);
    let first = name(&old, 0);
    assert!(said(&ran, "0.p12").contains(&first), "{}", ran.stderr);

    // The name in a file need not be the terminal's: which one is meant is not guessed.
    let ran = restore(&new, loose.text(), &["--terminal", "よその端末"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("noticert restore FILE"),
        "{}",
        ran.stderr
    );

    let ran = restore(&new, loose.text(), &["--terminal", &first]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        said(&ran, "使えない控えを飛ばします").contains("page.p12"),
        "{}",
        ran.stderr
    );
    let fingerprint = &old.terminals()[0]["fingerprint"];
    assert_eq!(new.terminals()[0]["fingerprint"], *fingerprint);

    // At a terminal the digits are typed once and the certificate is chosen from a list.
    let chooser = empty();
    let pem = chooser.path("pem");
    let arguments = ["restore", loose.text(), "--folder", pem.to_str().unwrap()];
    let ran = typed(&chooser, &arguments, &["4826", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(states(&chooser), ["restored"]);
}

#[test]
fn what_opens_and_is_not_usable_says_why_in_words_that_fit() {
    let new = empty();
    new.write("password", "2468\n");
    for (file, words) in [
        (
            "credentials/expired.p12",
            "期限の切れた電子証明書は使えません",
        ),
        ("credentials/no-key.p12", "鍵の入った .p12"),
    ] {
        let file = fixture(file);
        let ran = restore(&new, file.to_str().unwrap(), &[]);
        assert_eq!(ran.code, 13, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!ran.stderr.contains("別の医療機関"), "{}", ran.stderr);
    }
}

/// The PC has the certificate and lost the digits: its store writes a new file, which no stick has yet.
#[test]
#[ignore = "needs libnss3-tools, openssl"]
fn a_copy_whose_digits_are_lost_comes_out_of_the_store_that_has_its_certificate() {
    let (old, stick, new) = (retrieved(), Stick::new(), empty());
    back_up(&old, &stick, &[]);
    let first = name(&old, 0);
    let nss = new.path("nss");
    let nss = nss.to_str().unwrap();
    let ran = old.run(["install", &first, "--nss", nss]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    let arguments = ["restore", stick.text(), "--terminal", &first, "--nss", nss];
    let declined = typed(&new, &arguments, &["", "n", ""]);
    assert_eq!(declined.code, 13, "{}", declined.stdout);
    assert!(new.terminals().is_empty());

    let taken = typed(&new, &arguments, &["", "y", "7391", "7391"]);
    assert_eq!(taken.code, 0, "{}", taken.stdout);
    assert!(!taken.stdout.contains("1万通り"), "{}", taken.stdout);
    // It was here all the time, and no back-up has it.
    assert_eq!(states(&new), ["installed"]);
    let terminal = new.terminals().remove(0);
    let kept = terminal["p12"].as_str().unwrap();
    assert_eq!(
        terminal["fingerprint"],
        certificate_in(kept.as_ref(), "7391")
    );
    assert!(
        terminal["backups"].as_array().unwrap().is_empty(),
        "the stick has another file: {terminal}"
    );
}

/// The seal of the ledger has the digits of this very file, so nobody is asked.
#[test]
fn the_ledger_that_sealed_the_digits_needs_nobody() {
    let (old, stick) = (retrieved(), Stick::new());
    back_up(&old, &stick, &[]);
    let pem = old.path("pem");
    let ran = old.run([
        "restore",
        stick.text(),
        "--terminal",
        &name(&old, 0),
        "--folder",
        pem.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn what_is_no_copy_is_told_and_nothing_is_installed() {
    let new = empty();
    for (name, bytes, code) in [
        ("empty.p12", Vec::new(), 13),
        ("page.p12", b"<html>".to_vec(), 13),
        ("noise.p12", vec![0x30; 2 << 20], 13),
        ("sealed.p12.age", b"no age".to_vec(), 14),
    ] {
        let file = new.write(name, bytes);
        let passphrase = new.path("backup-passphrase");
        let password = new.path("password");
        let ran = new.run([
            "restore",
            file.to_str().unwrap(),
            "--folder",
            new.path("pem").to_str().unwrap(),
            "--password-file",
            password.to_str().unwrap(),
            "--backup-passphrase-file",
            passphrase.to_str().unwrap(),
        ]);
        assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
    }
    assert!(new.terminals().is_empty());
    assert!(!new.path("pem").exists());
}

/// Another program renewed the certificate in the store: it comes out under a new password.
#[test]
#[ignore = "needs libnss3-tools, openssl"]
fn what_only_the_store_has_is_backed_up_under_a_new_password() {
    let (old, stick) = (retrieved(), Stick::new());
    let nss = old.path("nss");
    let nss = nss.to_str().unwrap();
    let first = name(&old, 0);
    let ran = old.run(["install", &first, "--nss", nss]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    let unknowing = empty();
    unknowing.write("password", "7391\n");
    let password = unknowing.path("password");
    let from_store = [
        "--from-store",
        "--nss",
        nss,
        "--password-file",
        password.to_str().unwrap(),
    ];
    let ran = back_up(&unknowing, &stick, &from_store);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let copy = stick.files(".p12").remove(0);
    let certificate = certificate_in(&copy, "7391");
    assert_eq!(old.terminals()[0]["fingerprint"], certificate);
    let terminal = unknowing.terminals().remove(0);
    assert_eq!(terminal["fingerprint"], certificate);
    assert_eq!(terminal["terminal_name"], first);
    // Known now: there is nothing more to take.
    assert_eq!(back_up(&unknowing, &stick, &from_store).code, 10);
}
