//! Every fault and page variant, alone, through `noticert retrieve`: state, reason, exit code, submissions.

use noticert::practice::site::Fault;

use crate::scene::{Scene, request_id};

/// How a terminal ends.
struct End {
    code: i32,
    state: &'static str,
    reason: Option<&'static str>,
    submissions: usize,
}

/// What the contract says of a fault; a new one does not compile without its line.
fn expected(fault: Fault) -> End {
    use Fault::*;
    let end = |code, state, reason, submissions| End {
        code,
        state,
        reason,
        submissions,
    };
    match fault {
        Tls12 | Tls13 | RedirectFirst | RefreshFirst | ConsentFirst | Error500Once
        | FormShiftJis | FormEucJp | FormIso2022Jp | FormUndeclared | FormMultipart | FormList
        | FormPlaceholder | FormLinkButton | FormImageButton | FormOtherOrder | FormAcknowledge
        | ResultRedirect | ResultLink | ResultNamedLink | ResultButton | ResultRefresh
        | ResultWait | ResultScriptLink | Confirm | ConfirmShown | ConfirmThenLink
        | LinkFailsOnce | WrongType | NoName | NastyName | EncodedName | SameName | OneShot
        | SameCertificate | Gzip | Chunked | Drip | LateBreak | WithoutIssuer | Slow50
        | Slow500 => end(0, "retrieved", None, 1),

        TlsWrongName | TlsExpired | TlsNotYetValid | TlsUnknownIssuer | TlsHangsUp | NoTls => {
            end(12, "confirmed", Some("tls-refused"), 0)
        }
        RedirectLoop | Error500 | SilentPage | BrokenPage => {
            end(12, "confirmed", Some("network-error"), 0)
        }
        Closed | ClosedOnce | ClosedPage => end(12, "confirmed", Some("maintenance"), 0),
        RedirectElsewhere | RedirectHttp | Gateway403 | NoPage | UnsupportedBrowser
        | FormScript | FormGet | FormElsewhere | FormHttp | FormRevocation | FormCut
        | FormTwice => end(10, "confirmed", Some("form-not-recognised"), 0),
        TermsFirst | FormTerms | FormCaptcha => end(10, "confirmed", Some("needs-attention"), 0),
        ConfirmAsks => end(10, "confirmed", Some("needs-attention"), 1),

        BadIds => end(11, "refused", Some("bad-ids"), 1),
        AlreadyIssued => end(11, "refused", Some("already-issued"), 1),
        Expired => end(11, "refused", Some("expired"), 1),
        Locked => end(11, "refused", Some("locked"), 1),
        PasswordFormat => end(11, "refused", Some("password-format"), 1),
        SessionTimeout => end(12, "confirmed", Some("session-timeout"), 1),
        Maintenance => end(12, "confirmed", Some("maintenance"), 1),
        // None of these says what the contract has a word for, and none hands anything out.
        NotIssued | Cancelled | Revoked => end(10, "refused", Some("unknown"), 1),
        ResultScript => end(10, "refused", Some("unknown"), 1),
        UnknownPage | Echo | FormAgain | Error500After | ConfirmTwice | LinkElsewhere
        | LinkHttp | ButtonElsewhere | ButtonRevokes => end(10, "refused", Some("unknown"), 1),

        EmptyAnswer | NoAnswer | Silence | PostAgain | SentElsewhere | SentHttp | SentInCircles
        | LinkFails | LinkCutOnce | ButtonCut | Cut | CutChunked | CutCleanly | CutWithLength
        | SilenceInTheMiddle | Endless => end(10, "unclear", None, 1),

        OtherPassword | WrongCode | WrongKey | ExpiredLeaf | BrokenFile | BareCertificate
        | OtherFile => end(13, "unclear", Some("invalid-p12"), 1),
    }
}

/// Runs every third fault, so that three tests share the work.
fn run_every_third(from: usize) {
    let faults: Vec<Fault> = Fault::ALL.iter().copied().skip(from).step_by(3).collect();
    let scene = Scene::with(faults.len());
    let mut wrong = Vec::new();
    for (number, fault) in faults.into_iter().enumerate() {
        let is_silent = matches!(
            fault,
            Fault::SilentPage | Fault::Silence | Fault::SilenceInTheMiddle
        );
        let seconds = if is_silent { 4 } else { 60 };
        let config = format!("[limits]\nsilence_seconds = {seconds}\n");
        scene.workplace.write("config.toml", config);
        let site = scene.site(&[fault]);

        let ran = scene.retrieve(&site, &[&request_id(number)]);

        let expected = expected(fault);
        let (state, reason) = scene.stands(number);
        let found = (
            ran.code,
            state.as_str(),
            reason.as_deref(),
            site.submissions(),
        );
        let wanted = (
            expected.code,
            expected.state,
            expected.reason,
            expected.submissions,
        );
        if found != wanted {
            wrong.push(format!(
                "{}: found {found:?}, expected {wanted:?}\n{}",
                fault.name(),
                ran.stderr
            ));
        }
        if ran.code == 0 {
            let file = scene.terminal(number)["p12"].as_str().unwrap().to_owned();
            assert!(
                std::path::Path::new(&file).starts_with(scene.workplace.data()),
                "{file}"
            );
            assert!(std::fs::metadata(&file).unwrap().len() > 1_000, "{file}");
        }
        if fault == Fault::WithoutIssuer {
            assert!(!scene.terminal(number)["problem"].is_null());
        }
        // A plain re-run never submits a second time what may have been processed.
        if matches!(expected.state, "unclear" | "refused") || fault == Fault::ConfirmAsks {
            let again = scene.retrieve(&site, &[&request_id(number)]);
            if site.submissions() != 1 {
                wrong.push(format!("{} was sent twice\n{}", fault.name(), again.stderr));
            }
        }
        assert_eq!(
            scene.files_with_the_reference_id(),
            Vec::<std::path::PathBuf>::new(),
            "{}",
            fault.name()
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_fault_ends_as_the_contract_says_with_at_most_one_submission() {
    run_every_third(0);
}

#[test]
fn each_fault_ends_as_the_contract_says_second_third() {
    run_every_third(1);
}

#[test]
fn each_fault_ends_as_the_contract_says_last_third() {
    run_every_third(2);
}
