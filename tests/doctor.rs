//! `noticert doctor` from the outside: against the practice site, against sites with faults, and in bad surroundings.

#[path = "retrieve_a_certificate/fake_site.rs"]
#[allow(dead_code, reason = "the other tests' site, of which a part is used")]
mod fake_site;
mod support;

use std::fs;
use std::process::Command;

use jiff::Timestamp;
use noticert::practice::authority::Authority;
use serde_json::Value;

use fake_site::{FakeSite, Reply};
use support::{PracticeSite, Ran, Workplace};

/// An invented form page with a token in it.
const FORM: &str = r#"<html><head><title>証明書の取得画面</title></head><body><h1>証明書の取得</h1>
<form method="post" action="/p/send;jsessionid=4E6B1C"><input type="hidden" name="csrf" value="tok-9f8e7d6c5b">
<p>リクエストID <input name="r" maxlength="15"></p><p>リファレンスID <input type="password" name="s"></p>
<p>証明書パスワード <input type="password" name="p"></p><p>証明書パスワード（確認用） <input type="password" name="q"></p>
<button>ダウンロード</button></form></body></html>"#;

/// A terminal with a home of its own, whose store is a folder.
struct Terminal {
    workplace: Workplace,
}

impl Terminal {
    fn new() -> Self {
        let workplace = Workplace::untouched();
        fs::create_dir_all(workplace.path("home/Downloads")).unwrap();
        // What only the closed network knows is not asked for in tests.
        workplace.write(
            "config.toml",
            "[doctor]\nnames = []\nrevocation_host = \"\"\n",
        );
        Self { workplace }
    }

    fn doctor(&self, arguments: &[&str]) -> Command {
        let mut command = self.workplace.command(["doctor"]);
        command
            .args(arguments)
            .arg("--folder")
            .arg(self.workplace.path("store"))
            .env("HOME", self.workplace.path("home"))
            .env_remove("XDG_CONFIG_HOME");
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(variable);
        }
        command
    }

    fn examined(&self, arguments: &[&str]) -> Examined {
        Examined::of(self.doctor(arguments).arg("--json"))
    }
}

/// `noticert.doctor/1` as printed.
struct Examined {
    code: i32,
    report: Value,
}

impl Examined {
    fn of(command: &mut Command) -> Self {
        let ran = Ran::of(command.output().unwrap());
        let report = ran.json();
        assert_eq!(report["schema"], "noticert.doctor/1");
        Self {
            code: ran.code,
            report,
        }
    }

    fn line(&self, check: &str) -> &Value {
        let lines = self.report["lines"].as_array().unwrap();
        lines
            .iter()
            .find(|line| line["check"] == check)
            .unwrap_or_else(|| panic!("no line {check} in {lines:#?}"))
    }

    fn mark(&self, check: &str) -> &str {
        self.line(check)["mark"].as_str().unwrap()
    }

    fn found(&self, check: &str) -> &str {
        self.line(check)["found"].as_str().unwrap()
    }

    #[track_caller]
    fn assert_good(&self, checks: &[&str]) {
        for check in checks {
            assert_eq!(self.mark(check), "good", "{}", self.line(check));
        }
    }
}

fn authority_of(day: &str) -> Authority {
    let instant: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
    Authority::invent(instant).unwrap()
}

/// A site that answers every request with the form, and what leads the doctor to it.
async fn site(
    terminal: &Terminal,
    authority: &Authority,
    names: &[&str],
    headers: &'static str,
) -> (FakeSite, Vec<String>) {
    let fake = FakeSite::start(authority, names, move |_| {
        let head = format!("200 OK\r\nContent-Type: text/html; charset=UTF-8{headers}");
        Reply::with(&head, FORM)
    })
    .await;
    let ca = terminal.workplace.write("ca.pem", authority.ca_pem());
    let options = ["--site", &fake.url, "--ca-file", &ca.display().to_string()];
    let options = options.iter().map(|&option| option.to_owned()).collect();
    (fake, options)
}

fn strs(options: &[String]) -> Vec<&str> {
    options.iter().map(String::as_str).collect()
}

#[test]
fn against_the_practice_site_every_line_that_applies_is_good() {
    let terminal = Terminal::new();
    let practice = PracticeSite::start(&terminal.workplace.path("practice"), 1);
    let ca = practice.ca_file.display().to_string();
    let options = ["--site", &practice.url, "--ca-file", &ca, "--ca-only"];
    let examined = terminal.examined(&options);
    examined.assert_good(&[
        "data-folder",
        "free-space",
        "store",
        "found-files",
        "proxy",
        "site-name",
        "route",
        "connection",
        "tls",
        "page",
        "clock",
    ]);
    for line in examined.report["lines"].as_array().unwrap() {
        assert_ne!(line["mark"], "wrong", "{line}");
    }
    assert_eq!(examined.report["ready"], true);
    assert_eq!(examined.code, 0);
    assert!(
        !terminal.workplace.data().exists(),
        "nothing is left behind"
    );

    let ran = Ran::of(terminal.doctor(&options).output().unwrap());
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("✓ 取得画面"), "{}", ran.stdout);
    assert!(!ran.stdout.contains('✗'), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_is_asked_for_its_page_and_nothing_is_sent() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let (fake, options) = site(&terminal, &authority, &["127.0.0.1"], "").await;
    terminal.examined(&strs(&options));
    let requests = fake.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].target, "/p/rcd");
    assert_eq!(requests[0].body, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_shown_without_the_tokens_that_it_carries() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let (_fake, options) = site(&terminal, &authority, &["127.0.0.1"], "").await;
    let mut arguments = strs(&options);
    arguments.push("--show-form");
    let shown = Ran::of(terminal.doctor(&arguments).output().unwrap()).stdout;
    for part in [
        "/p/send;…",
        "name=\"csrf\"",
        "14文字",
        "name=\"s\"",
        "「ダウンロード」",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let report = terminal.examined(&arguments).report;
    assert_eq!(report["form"]["fields"].as_array().unwrap().len(), 4);
    assert_eq!(report["form"]["carried"][0]["name"], "csrf");
    for text in [shown, report.to_string()] {
        assert!(
            !text.contains("tok-9f8e7d6c5b") && !text.contains("4E6B1C"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_form_that_is_not_understood_the_fields_found_and_missing_are_shown() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let fake = FakeSite::start(&authority, &["127.0.0.1"], |_| {
        Reply::page(FORM.replace("リファレンスID", "照合コード"))
    })
    .await;
    let ca = terminal.workplace.write("ca.pem", authority.ca_pem());
    let ca = ca.display().to_string();
    let options = ["--site", &fake.url, "--ca-file", &ca, "--show-form"];
    let shown = Ran::of(terminal.doctor(&options).output().unwrap());
    assert_eq!(shown.code, 10, "{}", shown.stderr);
    for line in [
        "入力欄 リクエストID ← 「リクエストID」（name=\"r\"）",
        "入力欄 （不明） ← 「照合コード」（name=\"s\"）",
        "見つからない入力欄 リファレンスID",
        "見つからない欄: リファレンスID。",
    ] {
        assert!(shown.stdout.contains(line), "{line}:\n{}", shown.stdout);
    }
    assert!(!shown.stdout.contains("tok-9f8e7d6c5b"), "{}", shown.stdout);

    let report = terminal.examined(&options[..4]).report;
    assert!(report["form"].is_null());
    let seen = &report["form_seen"];
    assert_eq!(seen["missing"], serde_json::json!(["reference-id"]));
    assert_eq!(seen["fields"][1]["caption"], "照合コード");
    assert!(
        fake.requests()
            .iter()
            .all(|request| request.method == "GET")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_trusted_is_told_with_the_name_of_who_vouches_for_it() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let (fake, _) = site(&terminal, &authority, &["127.0.0.1"], "").await;
    let examined = terminal.examined(&["--site", &fake.url, "--lang", "en"]);
    assert_eq!(examined.code, 10);
    assert_eq!(examined.report["ready"], false);
    assert_eq!(examined.mark("connection"), "good");
    assert_eq!(examined.mark("tls"), "wrong");
    assert!(
        examined.found("tls").contains("noticert practice"),
        "{}",
        examined.found("tls")
    );
    assert!(
        examined.line("tls")["next"]
            .as_str()
            .unwrap()
            .contains("--ca-file")
    );
    assert_eq!(examined.mark("page"), "aside");
    assert!(fake.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_found_by_the_sites_own_time() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let date = "\r\nDate: Tue, 22 Nov 2016 03:00:00 GMT";
    let (_fake, options) = site(&terminal, &authority, &["127.0.0.1"], date).await;
    let examined = terminal.examined(&strs(&options));
    assert_eq!(examined.mark("page"), "good");
    assert_eq!(examined.mark("clock"), "wrong");
    assert_eq!(examined.code, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_understood_still_tells_the_time() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let fake = FakeSite::start(&authority, &["127.0.0.1"], |_| {
        let head = "200 OK\r\nContent-Type: text/html; charset=UTF-8\r\nDate: Tue, 22 Nov 2016 03:00:00 GMT";
        Reply::with(head, "<html><h1>お知らせ</h1></html>")
    })
    .await;
    let ca = terminal.workplace.write("ca.pem", authority.ca_pem());
    let examined =
        terminal.examined(&["--site", &fake.url, "--ca-file", &ca.display().to_string()]);
    assert_eq!(examined.mark("page"), "wrong");
    assert_eq!(examined.mark("clock"), "wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_server_is_told_apart_from_a_wrong_clock() {
    let terminal = Terminal::new();
    let authority = authority_of("2000-01-01");
    let date = "\r\nDate: Tue, 22 Nov 2016 03:00:00 GMT";
    let (fake, options) = site(&terminal, &authority, &["127.0.0.1"], date).await;
    let examined = terminal.examined(&strs(&options));
    assert_eq!(examined.mark("tls"), "wrong");
    assert_eq!(examined.mark("page"), "aside");
    // The time of an untrusted server is worth a doubt, and that is what a doctor is for.
    assert_eq!(examined.mark("clock"), "wrong");
    let requests = fake.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].method, "HEAD");
}

#[test]
fn certificate_files_that_lie_about_are_named_with_the_advice_to_try_them() {
    let terminal = Terminal::new();
    fs::write(terminal.workplace.path("home/Downloads/1234.P12"), b"x").unwrap();
    let examined = terminal.examined(&["--site", "https://127.0.0.1:1/p/rcd", "--lang", "en"]);
    assert_eq!(examined.mark("found-files"), "aside");
    assert!(examined.found("found-files").contains("1234.P12"));
    let next = examined.line("found-files")["next"].as_str().unwrap();
    assert!(next.contains("Before applying anew"), "{next}");
    // Nobody listens there.
    assert_eq!(examined.mark("connection"), "wrong");
    assert_eq!(examined.code, 10);
}

#[test]
fn the_face_library_is_judged_where_its_report_is_configured() {
    let terminal = Terminal::new();
    let report = terminal.workplace.write(
        "report.txt",
        "[FacialIdentificationLibrary]\nName=x\nVersion=2.0.4\n",
    );
    let config = format!(
        "[doctor]\nnames = []\nrevocation_host = \"\"\ndistribution_report = {:?}\n",
        report.display().to_string()
    );
    terminal.workplace.write("config.toml", config);
    let examined = terminal.examined(&["--site", "https://127.0.0.1:1/p/rcd"]);
    assert_eq!(examined.mark("face-library"), "wrong");
    assert!(examined.found("face-library").contains("2.0.4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_said_and_not_used() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let (fake, options) = site(&terminal, &authority, &["127.0.0.1"], "").await;
    let mut command = terminal.doctor(&strs(&options));
    command.env("HTTPS_PROXY", "http://someone:hidden-word@127.0.0.1:1");
    let examined = Examined::of(command.arg("--json"));
    assert_eq!(examined.mark("page"), "good");
    assert_eq!(examined.mark("proxy"), "aside");
    assert!(examined.found("proxy").contains("HTTPS_PROXY"));
    assert!(!examined.report.to_string().contains("hidden-word"));
    assert_eq!(fake.requests().len(), 1);

    let mut retrieve = terminal.workplace.command(["retrieve", "--all"]);
    retrieve.args(&options);
    retrieve.env("HTTPS_PROXY", "http://someone:hidden-word@127.0.0.1:1");
    let said = Ran::of(retrieve.output().unwrap()).stderr;
    assert!(
        said.contains("HTTPS_PROXY") && !said.contains("hidden-word"),
        "{said}"
    );
}

#[test]
fn a_proxy_that_is_down_is_told_as_the_proxys_fault() {
    let terminal = Terminal::new();
    let address = "https://127.0.0.1:1/p/rcd";
    let arguments = ["--site", address, "--proxy", "127.0.0.1:1", "--lang", "en"];
    let examined = terminal.examined(&arguments);
    assert_eq!(examined.mark("connection"), "wrong");
    let next = examined.line("connection")["next"].as_str().unwrap();
    assert!(next.contains("--proxy none"), "{next}");
    assert_eq!(examined.mark("page"), "aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_reached_at_the_address_given_by_hand() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let (fake, options) = site(&terminal, &authority, &["site.invalid"], "").await;
    let port = fake.address.port();
    let (url, pin) = (
        format!("https://site.invalid:{port}/p/rcd"),
        format!("site.invalid:{port}:127.0.0.1"),
    );
    let arguments = ["--site", &url, "--ca-file", &options[3], "--resolve", &pin];
    let examined = terminal.examined(&arguments);
    examined.assert_good(&["site-name", "connection", "tls", "page"]);
    assert!(examined.found("site-name").contains("--resolve"));

    let without = terminal.examined(&arguments[..4]);
    assert_eq!(without.mark("site-name"), "wrong");
    assert_eq!(without.mark("page"), "aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_leave_from_the_address_or_interface_that_was_chosen() {
    let terminal = Terminal::new();
    let authority = authority_of("2026-11-21");
    let (_fake, options) = site(&terminal, &authority, &["127.0.0.1"], "").await;
    let bound = |to: &str| {
        let mut arguments = strs(&options);
        arguments.extend(["--bind", to]);
        terminal.examined(&arguments)
    };
    bound("127.0.0.1").assert_good(&["route", "connection", "tls", "page"]);
    if cfg!(target_os = "linux") {
        bound("lo").assert_good(&["connection", "tls", "page"]);
    }
    // An address of nobody's, from the block for documentation.
    let elsewhere = bound("192.0.2.1");
    assert_eq!(elsewhere.mark("connection"), "wrong");
    assert_eq!(elsewhere.code, 10);
    let missing = bound("no-such-port0");
    assert_eq!(missing.mark("connection"), "wrong");
}

#[test]
fn options_that_contradict_each_other_or_have_no_effect_are_usage_errors() {
    let terminal = Terminal::new();
    for arguments in [
        &["-4", "-6"][..],
        &["--resolve", "nonsense"],
        &["--resolve", "other.invalid:443:192.0.2.1"],
        &["--site", "https://127.0.0.1/", "-6"],
        &["--site", "https://127.0.0.1/", "--bind", "::1"],
        &["--ca-only"],
        &["--proxy", "ftp://proxy.invalid"],
        &[
            "--proxy",
            "proxy.invalid:8080",
            "--resolve",
            "cert.obn.managedpki.ne.jp:443:192.0.2.1",
        ],
        &["--site", "http://127.0.0.1/"],
    ] {
        let ran = Ran::of(terminal.doctor(arguments).output().unwrap());
        assert_eq!(ran.code, 2, "{arguments:?}: {} {}", ran.stdout, ran.stderr);
    }
}
