//! The doctor before servers that speak only what rustls no longer does, played by openssl.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{Ran, Workplace};

/// `openssl s_server` with an RSA certificate of its own, ended with the test.
struct OldServer {
    url: String,
    child: Child,
}

impl OldServer {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", &address, "-cert"])
            .arg(folder.join("server.pem"))
            .arg("-key")
            .arg(folder.join("server.key"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says ACCEPT when it listens.
        let said = BufReader::new(child.stdout.take().unwrap());
        let listens = said
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "ACCEPT");
        assert!(listens, "openssl s_server {arguments:?} did not start");
        Self {
            url: format!("https://{address}/"),
            child,
        }
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_certificate(workplace: &Workplace) {
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        ])
        .args([
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .arg("-keyout")
        .arg(workplace.path("server.key"))
        .arg("-out")
        .arg(workplace.path("server.pem"))
        .output()
        .unwrap();
    assert!(made.status.success());
}

#[test]
#[ignore = "needs openssl"]
fn what_an_old_server_speaks_is_named() {
    let workplace = Workplace::new();
    make_certificate(&workplace);
    let folder = workplace.path("");
    let all = "ALL:@SECLEVEL=0";
    for (arguments, expected) in [
        (
            ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"],
            &["TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "(CBC)"][..],
        ),
        (
            ["-tls1_2", "-cipher", "AES256-SHA"],
            &[
                "TLS 1.2",
                "TLS_RSA_WITH_AES_256_CBC_SHA",
                "(RSA key exchange, CBC)",
            ],
        ),
        (
            ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
            &[
                "TLS 1.2",
                "TLS_RSA_WITH_AES_128_GCM_SHA256",
                "(RSA key exchange)",
            ],
        ),
        (
            ["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"],
            &[
                "TLS 1.2",
                "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
                "(finite-field",
            ],
        ),
        (["-tls1_1", "-cipher", all], &["TLS 1.1", "old version"]),
        (["-tls1", "-cipher", all], &["TLS 1.0", "old version"]),
    ] {
        let server = OldServer::start(&folder, &arguments);
        let mut command = workplace.command(["doctor", "--json", "--lang", "en", "--ca-only"]);
        command
            .args(["--site", &server.url, "--ca-file"])
            .arg(workplace.path("server.pem"))
            .arg("--folder")
            .arg(workplace.path("store"));
        let ran = Ran::of(command.output().unwrap());
        assert_eq!(ran.code, 10, "{}", ran.stderr);
        let report = ran.json();
        let lines = report["lines"].as_array().unwrap();
        let tls = lines.iter().find(|line| line["check"] == "tls").unwrap();
        assert_eq!(tls["mark"], "wrong");
        let found = tls["found"].as_str().unwrap();
        for part in expected {
            assert!(found.contains(part), "{arguments:?}: {part} in {found}");
        }
        assert!(
            tls["next"]
                .as_str()
                .is_some_and(|next| next.contains("browser"))
        );
        assert_eq!(mark_of(lines, "page"), "aside");
    }
}

fn mark_of<'a>(lines: &'a [Value], check: &str) -> &'a str {
    let line = lines.iter().find(|line| line["check"] == check).unwrap();
    line["mark"].as_str().unwrap()
}
