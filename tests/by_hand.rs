//! What a person does when the page is not understood: `adopt` and `retrieve --by-hand`.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use noticert::explain::explain;
use noticert::retrieval::page::UnknownReason;
use noticert::retrieval::{RefusalReason, RetrievalError};
use noticert::workflow::Error;
use support::screen::AtTheScreen;
use support::{PASSWORD, PracticeSite, Ran, Workplace, with};

/// A workplace that knows the letter, and one that has fetched its certificates: what a browser would bring.
struct Clinic {
    workplace: Workplace,
    elsewhere: Workplace,
    site: PracticeSite,
}

impl Clinic {
    fn with(terminals: usize) -> Self {
        let (workplace, elsewhere) = (Workplace::new(), Workplace::new());
        let site = PracticeSite::start(&elsewhere.path("practice"), terminals);
        for place in [&workplace, &elsewhere] {
            let added = place.confirm(&site.issuances);
            assert_eq!(added.code, 0, "{}", added.stderr);
        }
        let fetched = elsewhere.retrieve_all(&site);
        assert_eq!(fetched.code, 0, "{}", fetched.stderr);
        fs::create_dir(workplace.path("Downloads")).unwrap();
        Self {
            workplace,
            elsewhere,
            site,
        }
    }

    /// The certificate of the terminal at `at`, as the browser saved it.
    fn downloaded(&self, at: usize) -> PathBuf {
        let fetched = self.elsewhere.terminals()[at]["p12"]
            .as_str()
            .unwrap()
            .to_owned();
        let saved = self.workplace.path("Downloads").join(format!("{at}.p12"));
        fs::copy(fetched, &saved).unwrap();
        saved
    }

    fn adopt(&self, file: &Path, more: &[&str]) -> Ran {
        let password = self.workplace.path("password");
        let mut arguments = vec![
            "adopt",
            file.to_str().unwrap(),
            "--password-file",
            password.to_str().unwrap(),
        ];
        arguments.extend(more);
        self.workplace.run(arguments)
    }

    fn id(&self, at: usize) -> String {
        self.workplace.terminals()[at]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn state(&self, at: usize) -> (String, Option<String>) {
        let terminal = &self.workplace.terminals()[at];
        (
            terminal["state"].as_str().unwrap().to_owned(),
            terminal["reason"].as_str().map(str::to_owned),
        )
    }

    /// Runs a command at a terminal, in a home folder of its own, where `lines` are typed.
    fn typed(&self, command: &Command, lines: &[&str]) -> Ran {
        let mut screen = AtTheScreen::start_at_home(command, &self.workplace.path("home"));
        screen.types_slowly(lines);
        screen.ends()
    }

    /// Starts `retrieve --by-hand` for the first terminal inside a real terminal, and waits until the pair is shown.
    fn by_hand(&self) -> AtTheScreen {
        let downloads = self.workplace.path("Downloads");
        let id = self.id(0);
        let mut arguments = with(
            &["retrieve", &id, "--by-hand"],
            self.site.options(&self.workplace),
        );
        arguments.extend(["--downloads".to_owned(), downloads.display().to_string()]);
        let screen = AtTheScreen::start(&self.workplace.command(arguments));
        while self.state(0).1.as_deref() != Some("by-hand") {
            sleep(Duration::from_millis(50));
        }
        // The page is drawn right after the event.
        sleep(Duration::from_millis(300));
        screen
    }
}

#[test]
fn a_file_fetched_elsewhere_is_adopted_and_stays_where_it_was_until_somebody_wants_it_wiped() {
    let clinic = Clinic::with(1);
    let file = clinic.downloaded(0);
    let bytes = fs::read(&file).unwrap();
    let adopted = clinic.adopt(&file, &["--yes"]);
    assert_eq!(adopted.code, 0, "{}", adopted.stderr);
    assert!(
        adopted.stderr.contains("残っています"),
        "{}",
        adopted.stderr
    );
    assert_eq!(clinic.state(0).0, "retrieved");
    assert_eq!(fs::read(&file).unwrap(), bytes, "--yes alone wipes nothing");

    let kept = PathBuf::from(clinic.workplace.terminals()[0]["p12"].as_str().unwrap());
    let wiped = clinic.adopt(&file, &["--wipe"]);
    assert_eq!(wiped.code, 0, "{}", wiped.stderr);
    assert!(!file.exists());
    assert_eq!(fs::read(&kept).unwrap(), bytes);

    // The kept file itself, and another name of it, are never lost.
    let again = clinic.adopt(&kept, &["--wipe"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    fs::hard_link(&kept, &file).unwrap();
    let linked = clinic.adopt(&file, &["--wipe"]);
    assert_eq!(linked.code, 0, "{}", linked.stderr);
    assert_eq!(fs::read(&kept).unwrap(), bytes);
    assert!(!file.exists());
    let installed = clinic.workplace.run([
        "install",
        "--all",
        "--folder",
        clinic.workplace.path("store").to_str().unwrap(),
    ]);
    assert_eq!(installed.code, 0, "{}", installed.stderr);
}

#[test]
fn a_file_that_two_terminals_fit_is_taken_only_for_the_one_that_is_named() {
    let clinic = Clinic::with(2);
    let file = clinic.downloaded(1);
    let ambiguous = clinic.adopt(&file, &[]);
    assert_eq!(ambiguous.code, 10, "{}", ambiguous.stderr);
    for at in 0..2 {
        assert!(
            ambiguous.stderr.contains(&clinic.id(at)),
            "{}",
            ambiguous.stderr
        );
        assert_eq!(clinic.state(at).0, "confirmed");
    }
    let second = clinic.id(1);
    assert_eq!(clinic.adopt(&file, &[&second]).code, 0);
    assert_eq!(clinic.state(1).0, "retrieved");
    // One terminal is left, so the other file needs no name; the first one belongs to its terminal for good.
    let other = clinic.adopt(&file, &[&clinic.id(0)]);
    assert_eq!(other.code, 10, "{}", other.stderr);
    assert_eq!(clinic.adopt(&clinic.downloaded(0), &[]).code, 0);
    assert_eq!(clinic.state(0).0, "retrieved");
}

/// One record, whose digits were sealed and sent; the site had handed its certificate out already, to the other computer.
fn with_sealed_digits() -> (Clinic, PathBuf) {
    let clinic = Clinic::with(1);
    let file = clinic.downloaded(0);
    let options = clinic.site.options(&clinic.workplace);
    let refused = clinic.workplace.run(with(&["retrieve", "--all"], options));
    assert_eq!(refused.code, 11, "{}", refused.stderr);
    (clinic, file)
}

/// The digits that were sealed before they were sent open the file, and nobody is asked.
#[test]
fn a_file_whose_digits_are_sealed_needs_nobody() {
    let (clinic, file) = with_sealed_digits();
    let id = clinic.id(0);
    let adopted = clinic.workplace.run(["adopt", file.to_str().unwrap(), &id]);
    assert_eq!(adopted.code, 0, "{}", adopted.stderr);
    assert_eq!(clinic.state(0).0, "retrieved");
}

/// Lost digits: all are tried on the file that lies here, and only after the word was typed.
#[test]
fn a_file_whose_digits_are_lost_is_opened_by_trying_after_a_typed_word() {
    let clinic = Clinic::with(1);
    let file = clinic.downloaded(0);
    let command = clinic.workplace.command(["adopt", file.to_str().unwrap()]);
    let typed = |lines: &[&str]| clinic.typed(&command, lines);
    let declined = typed(&["", "いいえ"]);
    assert_eq!(declined.code, 13, "{}", declined.stdout);
    assert_eq!(clinic.state(0).0, "confirmed");
    // A wrong guess is told; Enter says that they are lost; what was found is shown once and typed from the paper; the
    // found copy stays.
    let found = typed(&["0001", "", "全部試す", "y", "", PASSWORD, "n"]);
    assert_eq!(found.code, 0, "{}", found.stdout);
    let (_, page) = found.stdout.split_once("\u{1b}[?1049h").unwrap();
    let (page, after) = page.split_once("\u{1b}[?1049l").unwrap();
    assert!(page.contains(PASSWORD), "{}", found.stdout);
    assert!(!after.contains(PASSWORD), "{}", found.stdout);
    let ledger = rusqlite::Connection::open(clinic.workplace.data().join("ledger.sqlite")).unwrap();
    let query = "SELECT count(*) FROM events WHERE kind = 'password-elsewhere'";
    let on_paper: u32 = ledger.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(on_paper, 1);
    assert!(found.stdout.contains("開きません"), "{}", found.stdout);
    assert_eq!(clinic.state(0).0, "retrieved");
    assert!(file.exists());
}

/// Digits sealed for a record that waits open the file that answers it, also when no terminal is named.
#[test]
fn sealed_digits_are_found_without_naming_the_terminal() {
    let (clinic, file) = with_sealed_digits();
    let adopted = clinic.workplace.run(["adopt", file.to_str().unwrap()]);
    assert_eq!(adopted.code, 0, "{}", adopted.stderr);
    assert_eq!(clinic.state(0).0, "retrieved");
}

/// The certificate is installed here: the store writes a file under a new password before ten thousand are tried.
#[test]
#[ignore = "needs libnss3-tools, openssl"]
fn a_file_whose_digits_are_lost_comes_out_of_the_store_that_has_its_certificate() {
    let clinic = Clinic::with(1);
    let file = clinic.downloaded(0);
    let bytes = fs::read(&file).unwrap();
    let nss = clinic.workplace.path("nss");
    let installed = clinic
        .elsewhere
        .run(["install", "--all", "--nss", nss.to_str().unwrap()]);
    assert_eq!(installed.code, 0, "{}", installed.stderr);
    let command = clinic.workplace.command([
        "adopt",
        file.to_str().unwrap(),
        "--wipe",
        "--nss",
        nss.to_str().unwrap(),
    ]);
    let typed = |lines: &[&str]| clinic.typed(&command, lines);
    // Declined, the last way is offered; declined too, nothing has changed.
    let declined = typed(&["", "n", ""]);
    assert_eq!(declined.code, 13, "{}", declined.stdout);
    let (store, search) = ("書き出しますか", "1万通り");
    let order = [store, search].map(|question| declined.stdout.find(question));
    assert!(
        order[0].is_some() && order[0] < order[1],
        "{}",
        declined.stdout
    );
    assert_eq!(clinic.state(0).0, "confirmed");

    let taken = typed(&["", "y", "7391", "7391"]);
    assert_eq!(taken.code, 0, "{}", taken.stdout);
    assert!(!taken.stdout.contains(search), "{}", taken.stdout);
    assert!(taken.stdout.contains("開けないまま"), "{}", taken.stdout);
    assert_eq!(clinic.state(0).0, "retrieved");
    // What stayed shut may be another key: not even --wipe touches it.
    assert_eq!(fs::read(&file).unwrap(), bytes);
    let [known, fetched] = [&clinic.workplace, &clinic.elsewhere].map(|place| {
        let terminal = place.terminals().remove(0);
        (terminal["fingerprint"].clone(), terminal["p12"].clone())
    });
    assert_eq!(known.0, fetched.0);
    let kept = known.1.as_str().unwrap();
    assert_ne!(fs::read(kept).unwrap(), bytes);
    for (password, opens) in [("7391", true), ("4826", false)] {
        let openssl = Command::new("openssl")
            .args(["pkcs12", "-in", kept, "-legacy", "-nodes", "-passin"])
            .arg(format!("pass:{password}"))
            .output()
            .unwrap();
        assert_eq!(openssl.status.success(), opens, "{password}");
    }
}

#[test]
fn a_file_that_cannot_be_taken_changes_nothing() {
    let clinic = Clinic::with(1);
    let stranger = Clinic::with(1);
    let file = clinic.downloaded(0);
    let bytes = fs::read(&file).unwrap();
    let refused = |ran: Ran, code: i32| {
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert_eq!(clinic.state(0).0, "confirmed");
    };
    let cut = clinic.workplace.write("cut.p12", &bytes[..bytes.len() / 2]);
    refused(clinic.adopt(&cut, &["--wipe"]), 13);
    let page = clinic.workplace.write("page.p12", "<html>");
    refused(clinic.adopt(&page, &["--wipe"]), 13);
    let huge = clinic
        .workplace
        .write("huge.p12", vec![0x30; 5 * 1024 * 1024]);
    refused(clinic.adopt(&huge, &["--wipe"]), 10);
    refused(clinic.adopt(&clinic.workplace.path("gone.p12"), &[]), 2);
    // Another practice clinic's certificate fits no letter here, whoever is named.
    let foreign = stranger.downloaded(0);
    refused(clinic.adopt(&foreign, &["--wipe"]), 10);
    refused(clinic.adopt(&foreign, &[&clinic.id(0), "--wipe"]), 13);
    assert!(foreign.exists() && cut.exists() && page.exists() && huge.exists());
    clinic.workplace.write("password", "0001");
    refused(clinic.adopt(&file, &["--wipe"]), 13);
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn what_the_browser_saves_while_the_pair_is_shown_is_adopted() {
    let clinic = Clinic::with(1);
    let mut screen = clinic.by_hand();
    let unfit = clinic.workplace.path("Downloads").join("other.p12");
    fs::write(&unfit, b"<html>").unwrap();
    let file = clinic.downloaded(0);
    // The copy is looked at twice before it is taken; then the question about it comes.
    screen.types("y\r");
    let ran = screen.ends();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(clinic.state(0).0, "retrieved");
    assert!(!file.exists(), "wiped as answered: {}", ran.stdout);
    assert!(unfit.exists());
    let (open, close) = ("\u{1b}[?1049h", "\u{1b}[?1049l");
    let (_, shown) = ran.stdout.split_once(open).unwrap();
    let (page, after) = shown.split_once(close).unwrap();
    let request_id = clinic.workplace.terminals()[0]["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let groups = format!(
        "{} {} {}",
        &request_id[..5],
        &request_id[5..10],
        &request_id[10..]
    );
    assert!(page.contains(&groups));
    assert!(page.matches(" 数   ").count() > 10, "large digits: {page}");
    assert!(page.contains(&clinic.site.url));
    assert!(!after.contains(&groups), "{after}");
}

#[test]
fn a_file_that_another_terminal_holds_is_not_taken_for_this_one() {
    let clinic = Clinic::with(2);
    let (own, others) = (clinic.downloaded(0), clinic.downloaded(1));
    let bytes = fs::read(&own).unwrap();
    let adopted = clinic.adopt(&others, &[&clinic.id(1), "--yes"]);
    assert_eq!(adopted.code, 0, "{}", adopted.stderr);
    let named = clinic.adopt(&others, &[&clinic.id(0), "--yes"]);
    assert_eq!(named.code, 10, "{}", named.stderr);
    assert_eq!(clinic.state(0).0, "confirmed");
    fs::remove_file(&own).unwrap();

    let mut screen = clinic.by_hand();
    let once_more = clinic.workplace.path("Downloads").join("9.p12");
    fs::copy(&others, &once_more).unwrap();
    // Looked at by now; the right one ends the watch.
    sleep(Duration::from_secs(2));
    fs::write(&own, bytes).unwrap();
    screen.types("n\r");
    let ran = screen.ends();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("記録済みの電子証明書です"),
        "{}",
        ran.stdout
    );
    assert_eq!(clinic.state(0).0, "retrieved");
    let terminals = clinic.workplace.terminals();
    assert_ne!(terminals[0]["fingerprint"], terminals[1]["fingerprint"]);
}

#[test]
fn a_watch_left_with_ctrl_c_is_unclear_and_never_submitted_by_a_plain_run() {
    let clinic = Clinic::with(1);
    let mut screen = clinic.by_hand();
    screen.types("\u{3}");
    sleep(Duration::from_millis(500));
    screen.types("\r");
    let ran = screen.ends();
    assert_eq!(ran.code, 130, "{}", ran.stdout);
    assert!(ran.stdout.contains("結果不明"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\u{1b}[?1049l"), "cleared");
    let unclear = ("unclear".to_owned(), Some("by-hand".to_owned()));
    assert_eq!(clinic.state(0), unclear);
    assert!(clinic.workplace.run(["status"]).stdout.contains("手作業"));
    let id = clinic.id(0);
    let plain = clinic.workplace.run(with(
        &["retrieve", &id],
        clinic.site.options(&clinic.workplace),
    ));
    assert_eq!(plain.code, 10, "{}", plain.stderr);
    assert_eq!(clinic.state(0), unclear);

    // The password was sealed before anything was shown, so the file that came later opens without being asked.
    let file = clinic.downloaded(0);
    let adopted = clinic
        .workplace
        .run(["adopt", file.to_str().unwrap(), &id, "--wipe"]);
    assert_eq!(adopted.code, 0, "{}", adopted.stderr);
    assert_eq!(clinic.state(0).0, "retrieved");
}

#[test]
fn a_watch_put_off_by_a_persons_word_leaves_the_record_as_it_was() {
    let clinic = Clinic::with(1);
    let mut screen = clinic.by_hand();
    screen.types("\u{3}");
    sleep(Duration::from_millis(500));
    screen.types("n\r");
    assert_eq!(screen.ends().code, 130);
    assert_eq!(
        clinic.state(0),
        ("confirmed".to_owned(), Some("by-hand".to_owned()))
    );
}

#[test]
fn nothing_is_shown_where_nobody_sits_at_a_terminal() {
    let clinic = Clinic::with(1);
    let id = clinic.id(0);
    let downloads = clinic.workplace.path("Downloads");
    let mut arguments = with(
        &["retrieve", &id, "--by-hand"],
        clinic.site.options(&clinic.workplace),
    );
    arguments.extend(["--downloads".to_owned(), downloads.display().to_string()]);
    let ran = clinic.workplace.run(arguments);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(clinic.state(0), ("confirmed".to_owned(), None));
}

#[test]
fn every_refusal_of_the_page_offers_to_go_on_by_hand() {
    let not_understood = |reason| RetrievalError::NotUnderstood {
        reason,
        status: 200,
        sentence: None,
        fields: Vec::new(),
        page: None,
    };
    let refusals = [
        not_understood(UnknownReason::NoForm),
        not_understood(UnknownReason::ScriptOnly),
        RetrievalError::Refused {
            reason: RefusalReason::Unknown,
            sentence: None,
            status: Some(200),
            retry_after: None,
        },
    ];
    for error in refusals {
        let next = explain(&Error::Retrieval(error)).next;
        for text in [next.ja, next.en] {
            assert!(
                text.contains("noticert retrieve --by-hand TERMINAL"),
                "{text}"
            );
        }
    }
}
