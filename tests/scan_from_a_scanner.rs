//! `read --scanner` against a scanner for practice: every way in which one may let a person down.

mod support;

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use noticert::intake::scanner::{FeederTrouble, Job, Limits, Scanner, ScannerError};
use support::{Ran, Workplace, fixture};

/// One answer of the practice scanner.
#[derive(Clone)]
enum Answer {
    /// A document of this type.
    Page(&'static str, Vec<u8>),
    /// A status and nothing more.
    Status(u16),
    /// 503, to be asked again at once.
    Busy,
    /// A document that is cut off.
    BrokenOff(Vec<u8>),
}

/// How the practice scanner behaves.
#[derive(Clone)]
struct Script {
    capabilities: String,
    /// State and feeder for each question after them; the last stands for all later ones.
    states: Vec<(&'static str, &'static str)>,
    /// Answers to a new job before it is taken.
    before_job: Vec<Answer>,
    documents: Vec<Answer>,
    /// Where it says that a job is.
    job: String,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            capabilities: CAPABILITIES.to_owned(),
            states: vec![("Idle", "ScannerAdfLoaded"), ("Idle", "ScannerAdfEmpty")],
            before_job: Vec::new(),
            documents: vec![page()],
            // A host that nobody knows, as some scanners name.
            job: "http://printer.invalid/eSCL/ScanJobs/7".to_owned(),
        }
    }
}

/// A letter in a form that a scanner sends.
fn page() -> Answer {
    let bytes = fs::read(fixture("notices/one-office/page.jpg")).unwrap();
    Answer::Page("image/jpeg", bytes)
}

/// What the practice scanner was asked: method and path, and the settings of the job.
#[derive(Default)]
struct Heard {
    requests: Vec<String>,
    settings: String,
}

struct PracticeScanner {
    address: String,
    heard: Arc<Mutex<Heard>>,
}

impl PracticeScanner {
    fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/eSCL", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Heard::default()));
        let hears = heard.clone();
        thread::spawn(move || {
            let mut states: VecDeque<_> = script.states.clone().into();
            let mut before_job: VecDeque<_> = script.before_job.clone().into();
            let mut documents: VecDeque<_> = script.documents.clone().into();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((request, body)) = request_of(&stream) else {
                    continue;
                };
                hears.lock().unwrap().requests.push(request.clone());
                match request.as_str() {
                    "GET /eSCL/ScannerCapabilities" => {
                        answer(
                            &mut stream,
                            200,
                            "",
                            "text/xml",
                            script.capabilities.as_bytes(),
                        );
                    }
                    "GET /eSCL/ScannerStatus" => {
                        let state = match states.len() {
                            1 => states[0],
                            _ => states.pop_front().unwrap(),
                        };
                        answer(&mut stream, 200, "", "text/xml", status(state).as_bytes());
                    }
                    "POST /eSCL/ScanJobs" => {
                        hears.lock().unwrap().settings = body;
                        match before_job.pop_front() {
                            Some(other) => give(&mut stream, &other),
                            None => {
                                let location = format!("Location: {}\r\n", script.job);
                                answer(&mut stream, 201, &location, "text/xml", b"");
                            }
                        }
                    }
                    "GET /eSCL/ScanJobs/7/NextDocument" => match documents.pop_front() {
                        Some(document) => give(&mut stream, &document),
                        None => give(&mut stream, &Answer::Status(404)),
                    },
                    "DELETE /eSCL/ScanJobs/7" => give(&mut stream, &Answer::Status(200)),
                    _ => give(&mut stream, &Answer::Status(404)),
                }
            }
        });
        Self { address, heard }
    }

    fn requests(&self) -> Vec<String> {
        self.heard.lock().unwrap().requests.clone()
    }

    fn scan(&self) -> Job {
        self.scan_within(LIMITS)
    }

    fn scan_within(&self, limits: Limits) -> Job {
        scan(&self.address, limits)
    }
}

fn scan(address: &str, limits: Limits) -> Job {
    // The program does this when it starts.
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    let scanner = Scanner::at(address, limits).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(scanner.scan(&|_| {}, &|| false))
}

/// Method, path and body of a request; `None` when the other side only looked in.
fn request_of(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let request = format!("{} {}", words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap();
            }
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((request, String::from_utf8(body).unwrap()))
}

fn give(stream: &mut TcpStream, told: &Answer) {
    match told {
        Answer::Page(kind, bytes) => answer(stream, 200, "", kind, bytes),
        Answer::Status(status) => answer(stream, *status, "", "text/plain", b""),
        Answer::Busy => answer(stream, 503, "Retry-After: 0\r\n", "text/plain", b""),
        Answer::BrokenOff(bytes) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                bytes.len()
            );
            let _gone = stream.write_all(head.as_bytes());
            let _gone = stream.write_all(&bytes[..bytes.len() / 2]);
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, headers: &str, kind: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    // The other side may have heard enough.
    let _gone = stream.write_all(head.as_bytes());
    let _gone = stream.write_all(body);
}

fn status((state, feeder): (&str, &str)) -> String {
    format!(
        "<?xml version=\"1.0\"?><scan:ScannerStatus xmlns:scan=\"http://schemas.hp.com/imaging/escl/2011/05/03\" xmlns:pwg=\"http://www.pwg.org/schemas/2010/12/sm\"><pwg:Version>2.0</pwg:Version><pwg:State>{state}</pwg:State><scan:AdfState>{feeder}</scan:AdfState></scan:ScannerStatus>"
    )
}

#[test]
fn every_sheet_of_the_feeder_comes_and_the_scanner_is_let_go() {
    let pdf = fs::read(fixture("notices/one-pdf/scan.pdf")).unwrap();
    let script = Script {
        documents: vec![
            Answer::Busy,
            page(),
            Answer::Busy,
            Answer::Page("application/pdf", pdf.clone()),
        ],
        before_job: vec![Answer::Busy, Answer::Busy],
        ..Script::default()
    };
    let scanner = PracticeScanner::start(script);
    let job = scanner.scan();
    assert!(job.trouble.is_none(), "{:?}", job.trouble);
    let endings: Vec<&str> = job.documents.iter().map(|d| d.ending).collect();
    assert_eq!(endings, ["jpg", "pdf"]);
    assert_eq!(job.documents[1].bytes, pdf);
    let heard = scanner.heard.lock().unwrap();
    assert!(heard.settings.contains("<pwg:InputSource>Feeder<"));
    assert!(heard.settings.contains("<scan:XResolution>300<"));
    let deleted = "DELETE /eSCL/ScanJobs/7".to_owned();
    assert!(heard.requests.contains(&deleted), "{:?}", heard.requests);
}

#[test]
fn an_empty_feeder_gives_way_to_the_glass() {
    let script = Script {
        states: vec![("Idle", "ScannerAdfEmpty")],
        ..Script::default()
    };
    let scanner = PracticeScanner::start(script.clone());
    let job = scanner.scan();
    assert_eq!((job.documents.len(), job.trouble.is_none()), (1, true));
    let settings = scanner.heard.lock().unwrap().settings.clone();
    assert!(settings.contains("<pwg:InputSource>Platen<"), "{settings}");

    // Without a glass there is nothing to scan, and no job is begun.
    let (from, to) = (
        CAPABILITIES.find("<scan:Platen>").unwrap(),
        CAPABILITIES.find("<scan:Adf>").unwrap(),
    );
    let capabilities = format!("{}{}", &CAPABILITIES[..from], &CAPABILITIES[to..]);
    let scanner = PracticeScanner::start(Script {
        capabilities,
        ..script
    });
    let job = scanner.scan();
    assert!(matches!(job.trouble, Some(ScannerError::Empty)), "{job:?}");
    assert!(!scanner.requests().iter().any(|r| r.starts_with("POST")));
}

#[test]
fn a_feeder_that_stops_is_told_even_when_the_job_ends_as_usual() {
    for (word, expected) in [
        ("ScannerAdfJam", FeederTrouble::Jam),
        ("ScannerAdfMultipickDetected", FeederTrouble::TwoSheets),
        ("ScannerAdfHatchOpen", FeederTrouble::Open),
    ] {
        // The job ends with the usual 404, or with an error of its own.
        for documents in [vec![page()], vec![page(), Answer::Status(500)]] {
            let script = Script {
                states: vec![("Idle", "ScannerAdfLoaded"), ("Stopped", word)],
                documents,
                ..Script::default()
            };
            let job = PracticeScanner::start(script).scan();
            assert_eq!(job.documents.len(), 1, "what came counts");
            assert!(
                matches!(job.trouble, Some(ScannerError::Feeder { trouble }) if trouble == expected),
                "{word}: {:?}",
                job.trouble
            );
        }
    }
}

#[test]
fn every_other_trouble_has_its_own_name() {
    let told = |script: Script| PracticeScanner::start(script).scan().trouble.unwrap();
    let usual = Script::default;
    let state = |state| Script {
        states: vec![(state, "ScannerAdfLoaded")],
        ..usual()
    };
    assert!(matches!(told(state("Processing")), ScannerError::Busy));
    assert!(matches!(told(state("Down")), ScannerError::NotReady));
    let busy = Script {
        before_job: vec![Answer::Busy; 10],
        ..usual()
    };
    assert!(matches!(told(busy), ScannerError::Busy));
    let refusing = |status| Script {
        before_job: vec![Answer::Status(status)],
        ..usual()
    };
    let refused = told(refusing(400));
    assert!(matches!(refused, ScannerError::Refused { status: 400 }));
    // 409 with an empty feeder, as the state says now.
    assert!(matches!(told(refusing(409)), ScannerError::Empty));
    for capabilities in ["<html>It works!</html>", "", "<a>"] {
        let script = Script {
            capabilities: capabilities.to_owned(),
            ..usual()
        };
        assert!(matches!(told(script), ScannerError::BadXml(_)));
    }
    let raw = Script {
        capabilities: CAPABILITIES.replace("image/jpeg", "image/raw"),
        ..usual()
    };
    assert!(matches!(told(raw), ScannerError::NothingUsable));
    let nothing = Script {
        documents: Vec::new(),
        ..usual()
    };
    assert!(matches!(told(nothing), ScannerError::Empty));
    let Answer::Page(_, bytes) = page() else {
        unreachable!()
    };
    let cut = Script {
        documents: vec![page(), Answer::BrokenOff(bytes)],
        ..usual()
    };
    let job = PracticeScanner::start(cut).scan();
    assert_eq!(job.documents.len(), 1);
    assert!(matches!(job.trouble, Some(ScannerError::BrokenOff(_))));

    let elsewhere = PracticeScanner::start(usual());
    let other = elsewhere.address.replace("/eSCL", "/other");
    let job = scan(&other, LIMITS);
    assert!(matches!(
        job.trouble,
        Some(ScannerError::NotAScanner { status: 404 })
    ));
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let job = scan(&nobody, LIMITS);
    assert!(matches!(job.trouble, Some(ScannerError::Unreachable(_))));
}

#[test]
fn a_scanner_that_sends_without_end_is_stopped() {
    let endless = || {
        PracticeScanner::start(Script {
            documents: vec![page(); 6],
            ..Script::default()
        })
    };
    let few = Limits {
        documents: 3,
        ..LIMITS
    };
    let job = endless().scan_within(few);
    assert_eq!(job.documents.len(), 3);
    assert!(matches!(
        job.trouble,
        Some(ScannerError::TooMuch { limit: 3 })
    ));
    let Answer::Page(_, bytes) = page() else {
        unreachable!()
    };
    let small = Limits {
        bytes: bytes.len() as u64 * 2 + 1,
        ..LIMITS
    };
    let scanner = endless();
    let job = scanner.scan_within(small);
    assert_eq!(job.documents.len(), 2);
    assert!(matches!(job.trouble, Some(ScannerError::TooMuch { .. })));
    assert!(scanner.requests().iter().any(|r| r.starts_with("DELETE")));
}

#[test]
fn what_was_scanned_is_recorded_and_lies_nowhere_in_clear() {
    let workplace = Workplace::new();
    let Answer::Page(_, bytes) = page() else {
        unreachable!()
    };
    let scanner = PracticeScanner::start(Script {
        states: vec![("Idle", "ScannerAdfLoaded"), ("Idle", "ScannerAdfJam")],
        ..Script::default()
    });
    let read = Ran::of(
        workplace
            .command(["read", "--json", "--mask", "--scanner", &scanner.address])
            .output()
            .unwrap(),
    );
    assert_eq!(read.code, 10, "{}", read.stderr);
    assert!(read.stderr.contains("詰まりました"), "{}", read.stderr);
    let sheets = read.json()["sheets"].as_array().unwrap().clone();
    assert_eq!(sheets.len(), 1, "what came before the jam is read");
    assert_eq!(sheets[0]["source"], "scanner-1.jpg");
    assert_eq!(workplace.terminals().len(), 1);
    let middle = &bytes[bytes.len() / 2..][..64];
    for path in workplace.data_files() {
        let kept = fs::read(&path).unwrap();
        let lies_there = kept.windows(middle.len()).any(|part| part == middle);
        assert!(!lies_there, "{}", path.display());
    }

    let nobody = workplace.run([
        "read",
        "--no-record",
        "--scanner",
        "http://127.0.0.1:1/eSCL",
    ]);
    assert_eq!(nobody.code, 12, "{}", nobody.stderr);
    let wrong = workplace.run(["read", "--no-record", "--scanner", "192.0.2.7"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert_eq!(workplace.run(["read"]).code, 2);
}

const LIMITS: Limits = Limits {
    documents: 100,
    bytes: 64 << 20,
};

const CAPABILITIES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scan:ScannerCapabilities xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm">
  <pwg:Version>2.63</pwg:Version><pwg:MakeAndModel>Practice MFP</pwg:MakeAndModel>
  <scan:Platen><scan:PlatenInputCaps><scan:MaxWidth>2550</scan:MaxWidth><scan:MaxHeight>3508</scan:MaxHeight>
    <scan:SettingProfiles><scan:SettingProfile><scan:ColorModes><scan:ColorMode>Grayscale8</scan:ColorMode></scan:ColorModes>
      <scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat></scan:DocumentFormats>
      <scan:SupportedResolutions><scan:DiscreteResolutions><scan:DiscreteResolution><scan:XResolution>300</scan:XResolution><scan:YResolution>300</scan:YResolution></scan:DiscreteResolution></scan:DiscreteResolutions></scan:SupportedResolutions>
    </scan:SettingProfile></scan:SettingProfiles>
  </scan:PlatenInputCaps></scan:Platen>
  <scan:Adf><scan:AdfSimplexInputCaps><scan:MaxWidth>2550</scan:MaxWidth><scan:MaxHeight>4200</scan:MaxHeight>
    <scan:SettingProfiles><scan:SettingProfile><scan:ColorModes><scan:ColorMode>Grayscale8</scan:ColorMode></scan:ColorModes>
      <scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat></scan:DocumentFormats>
      <scan:SupportedResolutions><scan:DiscreteResolutions><scan:DiscreteResolution><scan:XResolution>300</scan:XResolution><scan:YResolution>300</scan:YResolution></scan:DiscreteResolution></scan:DiscreteResolutions></scan:SupportedResolutions>
    </scan:SettingProfile></scan:SettingProfiles>
  </scan:AdfSimplexInputCaps></scan:Adf>
</scan:ScannerCapabilities>"#;
