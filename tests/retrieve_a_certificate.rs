//! From a reviewed issuance to a `.p12`, over real TLS: against the practice site, and against a server
//! that commits every fault. Every name, code and ID here is invented.

#[path = "retrieve_a_certificate/fake_site.rs"]
mod fake_site;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use fake_site::{FakeSite, Reply, Request, Then};
use jiff::Timestamp;
use jiff::civil::Date;
use noticert::config::Config;
use noticert::domain::{
    CertificatePassword, ConfirmedBy, Issuance, Pkcs12, ReviewedIssuance, Validity,
};
use noticert::practice::authority::{self, Authority, Encoding};
use noticert::practice::site::{Behaviour, Grant, Options, PracticeSite, Running};
use noticert::retrieval::page::UnknownReason;
use noticert::retrieval::{
    AnswerEnd, Effect, FileProblem, Intent, Journal, JournalError, KeptAnswer, NetworkProblem,
    ProxyChoice, RefusalReason, RetrievalError, Site, SiteOptions, TimeLimits, TlsProblem,
    UnclearProblem, judge_kept, reach, retrieve,
};

const REFERENCE_ID: &str = "Ab3dE6gH9k";
const PASSWORD: &str = "4071";

// --- against the practice site -----------------------------------------------------------------------------

#[tokio::test]
async fn a_certificate_is_retrieved_in_both_encodings() {
    for encoding in [Encoding::Legacy, Encoding::Modern] {
        let practice = practice_site(Behaviour::Issue, encoding).await;
        let mut journal = Recording::default();

        let file = run(&trusting(practice.url()), &mut journal).await.unwrap();

        let opened = p12_keystore::KeyStore::from_pkcs12(
            file.expose(),
            PASSWORD,
            p12_keystore::Pkcs12ImportPolicy::Strict,
        )
        .unwrap();
        let (_, chain) = opened.private_key_chain().unwrap();
        assert_eq!(chain.certs().len(), 2);
        assert_eq!(journal.body, file.expose());
        assert_eq!(practice.submissions(), 1);
        practice.shutdown().await;
    }
}

#[tokio::test]
async fn every_refusal_is_understood_and_never_answered_by_a_second_submission() {
    for (behaviour, reason, effect) in [
        (Behaviour::Expired, "expired", Effect::Refused),
        (Behaviour::AlreadyIssued, "already-issued", Effect::Refused),
        (Behaviour::Locked, "locked", Effect::Refused),
        (
            Behaviour::Maintenance,
            "maintenance",
            Effect::StaysConfirmed,
        ),
        (
            Behaviour::SessionTimeout,
            "session-timeout",
            Effect::StaysConfirmed,
        ),
    ] {
        let practice = practice_site(behaviour, Encoding::Modern).await;
        let error = run(&trusting(practice.url()), &mut Recording::default())
            .await
            .unwrap_err();
        assert_eq!(error.reason(), Some(reason), "{behaviour:?}");
        assert_eq!(error.effect(), effect);
        assert_eq!(practice.submissions(), 1);
    }
}

#[tokio::test]
async fn a_wrong_pair_is_bad_ids_and_five_of_them_lock() {
    let practice = practice_site(Behaviour::Issue, Encoding::Modern).await;
    let site = trusting(practice.url());
    let mut wrong = issuance();
    wrong.reference_id = "Ab3dE6gH9K".parse().unwrap();
    let wrong = ReviewedIssuance::attest(wrong, ConfirmedBy::Person);
    for attempt in 0..6 {
        let error = retrieve(&site, &wrong, &password(), &mut Recording::default())
            .await
            .unwrap_err();
        let RetrievalError::Refused {
            reason, sentence, ..
        } = error
        else {
            panic!("{error}");
        };
        let expected = match attempt {
            0..5 => (RefusalReason::BadIds, "認証に失敗しました。"),
            _ => (
                RefusalReason::Locked,
                "入力の誤りが規定回数を超えたため、この受付はロックされています。",
            ),
        };
        assert_eq!(
            (reason, sentence.as_deref()),
            (expected.0, Some(expected.1))
        );
    }
}

#[tokio::test]
async fn the_practice_site_hands_a_file_out_once() {
    let practice = practice_site(Behaviour::Issue, Encoding::Modern).await;
    let site = trusting(practice.url());
    run(&site, &mut Recording::default()).await.unwrap();
    let second = run(&site, &mut Recording::default()).await.unwrap_err();
    assert_eq!(second.reason(), Some("already-issued"));
}

#[tokio::test]
async fn the_practice_site_keeps_the_letters_deadline() {
    let mut late = options(Behaviour::Issue, Encoding::Modern);
    late.now = "2027-04-30T15:00:00Z".parse().unwrap();
    let practice = PracticeSite::start(late).await.unwrap();
    let error = run(&trusting(practice.url()), &mut Recording::default())
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some("expired"));
}

#[tokio::test]
async fn a_file_cut_in_the_middle_is_unclear_and_its_half_is_kept() {
    let practice = practice_site(Behaviour::CutMidBody, Encoding::Modern).await;
    let site = trusting(practice.url());
    let mut journal = Recording::default();

    let error = run(&site, &mut journal).await.unwrap_err();

    assert_unclear(&error, UnclearProblem::Cut);
    assert!(!journal.body.is_empty());
    assert!(!journal.end.as_ref().unwrap().whole);
    let later = judge_kept(&journal.kept(), &issuance(), &password(), &site).unwrap_err();
    assert_unclear(&later, UnclearProblem::Cut);
    assert_eq!(practice.submissions(), 1);
}

#[tokio::test]
async fn a_file_under_a_wrong_type_is_a_file() {
    let practice = practice_site(Behaviour::WrongType, Encoding::Modern).await;
    run(&trusting(practice.url()), &mut Recording::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn looking_whether_the_site_is_there_submits_nothing() {
    let practice = practice_site(Behaviour::Issue, Encoding::Modern).await;
    let reached = reach(&trusting(practice.url())).await.unwrap();
    assert_eq!(reached.form.fields().len(), 4);
    assert_eq!(reached.form.button(), "ダウンロード");
    assert!(reached.date.is_some());
    assert_eq!(practice.submissions(), 0);
}

// --- the journal -------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_promise_is_written_before_the_submission_and_the_answer_before_it_is_judged() {
    let log: Log = Log::default();
    let seen = log.clone();
    let fake = fake_site(move |request| {
        seen.lock().unwrap().push(request.method.clone());
        form_or(request, || Reply::page("<html>認証に失敗しました。</html>"))
    })
    .await;
    let mut journal = Recording::logging(log.clone());
    run(&trusting(&fake.url), &mut journal).await.unwrap_err();
    assert_eq!(
        *log.lock().unwrap(),
        ["GET", "intent", "POST", "chunk", "done"]
    );
    assert_eq!(
        journal.host.as_deref(),
        Some(fake.address.to_string().as_str())
    );
    assert!(journal.form_text.contains("証明書の取得"));
}

#[tokio::test]
async fn nothing_is_submitted_when_the_promise_cannot_be_written() {
    let fake = fake_site(|request| form_or(request, || Reply::page("x"))).await;
    let mut journal = Recording::failing_at("intent");
    let error = run(&trusting(&fake.url), &mut journal).await.unwrap_err();
    assert!(matches!(error, RetrievalError::IntentNotWritten { .. }));
    assert_eq!(error.effect(), Effect::StaysConfirmed);
    assert_eq!(fake.submissions(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_handed_back_in_memory() {
    for at in ["chunk", "done"] {
        let fake = fake_site(|request| form_or(request, file_reply)).await;
        let mut journal = Recording::failing_at(at);
        let error = run(&trusting(&fake.url), &mut journal).await.unwrap_err();
        let RetrievalError::AnswerNotWritten {
            rescued: Some(file),
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(file.expose(), file_bytes());
    }
}

#[tokio::test]
async fn an_answer_on_disk_is_judged_without_the_network_after_a_crash() {
    let site = trusting("https://127.0.0.1:1/p/rcd");
    let kept = |bytes| KeptAnswer {
        bytes,
        form_text: "証明書の取得",
        end: None,
    };
    let judged = |bytes| judge_kept(&kept(bytes), &issuance(), &password(), &site);
    assert_eq!(judged(file_bytes()).unwrap().expose(), file_bytes());
    assert_unclear(
        &judged(&file_bytes()[..100]).unwrap_err(),
        UnclearProblem::Cut,
    );
    assert_unclear(&judged(b"").unwrap_err(), UnclearProblem::Cut);
    let page = "<html>認証に失敗しました。</html>".as_bytes();
    assert_eq!(judged(page).unwrap_err().reason(), Some("bad-ids"));
    assert_unclear(&judged(&page[..20]).unwrap_err(), UnclearProblem::Cut);
}

// --- faults after the submission ---------------------------------------------------------------------------

#[tokio::test]
async fn no_fault_after_the_submission_leads_to_a_second_one() {
    type Answer = fn() -> Reply;
    let cases: Vec<(&str, Answer, Outcome)> = vec![
        (
            "the connection breaks before an answer",
            || Reply::new("", Then::Break),
            Outcome::Unclear(UnclearProblem::NoAnswer),
        ),
        (
            "silence",
            || Reply::new("", Then::Silence),
            Outcome::Unclear(UnclearProblem::Silence),
        ),
        (
            "silence in the middle",
            || Reply::new(cut_head("Content-Length: 9999\r\n"), Then::Silence),
            Outcome::Unclear(UnclearProblem::Silence),
        ),
        (
            "cut, with a length",
            || Reply::new(cut_head("Content-Length: 9999\r\n"), Then::Break),
            Outcome::Unclear(UnclearProblem::Cut),
        ),
        (
            "cut, without a length",
            || Reply::new(cut_head("Connection: close\r\n"), Then::Close),
            Outcome::Unclear(UnclearProblem::Cut),
        ),
        (
            "cut, in chunks",
            || Reply::new(chunked(&file_bytes()[..200], ""), Then::Break),
            Outcome::Unclear(UnclearProblem::Cut),
        ),
        (
            "an empty answer",
            || Reply::page(""),
            Outcome::Unclear(UnclearProblem::Empty),
        ),
        (
            "an endless answer",
            || {
                Reply::new(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                    Then::Forever,
                )
            },
            Outcome::Unclear(UnclearProblem::TooLong),
        ),
        (
            "a page cut in the middle",
            || {
                Reply::new(
                    "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<html>認証に失敗しました。",
                    Then::Break,
                )
            },
            Outcome::Unclear(UnclearProblem::Cut),
        ),
        (
            "a demand to post again",
            || Reply::redirect(307, "/p/rcd/other"),
            Outcome::Unclear(UnclearProblem::SentAway),
        ),
        (
            "a lasting demand to post again",
            || Reply::redirect(308, "/p/rcd/other"),
            Outcome::Unclear(UnclearProblem::SentAway),
        ),
        (
            "a redirect to another host",
            || Reply::redirect(302, "https://elsewhere.invalid/"),
            Outcome::Unclear(UnclearProblem::SentAway),
        ),
        (
            "a redirect to plain http",
            || Reply::redirect(302, "http://127.0.0.1/"),
            Outcome::Unclear(UnclearProblem::SentAway),
        ),
        (
            "a redirect in circles",
            || Reply::redirect(302, "/loop"),
            Outcome::Unclear(UnclearProblem::SentAway),
        ),
        (
            "a server error",
            || {
                Reply::with(
                    "500 Internal Server Error\r\nContent-Type: text/html",
                    "<html><h1>Internal Server Error</h1></html>",
                )
            },
            Outcome::Refused(RefusalReason::Unknown),
        ),
        (
            "an unknown page",
            || Reply::page("<html>しばらくお待ちください</html>"),
            Outcome::Refused(RefusalReason::Unknown),
        ),
        (
            "the form again without a word",
            || Reply::page(FORM),
            Outcome::Refused(RefusalReason::Unknown),
        ),
        (
            "plain text",
            || {
                Reply::with(
                    "400 Bad Request\r\nContent-Type: text/plain",
                    "Authentication failed.",
                )
            },
            Outcome::Refused(RefusalReason::BadIds),
        ),
        (
            "a bare certificate",
            || Reply::with("200 OK", certificate_alone()),
            Outcome::Invalid(FileProblem::OtherDer),
        ),
        (
            "a zip file",
            || Reply::with("200 OK", b"PK\x03\x04\0\0\0\0"),
            Outcome::Invalid(FileProblem::UnknownKind),
        ),
        (
            "a whole file, then a break",
            || Reply::new(whole_head("Content-Length: 99999\r\n"), Then::Break),
            Outcome::File,
        ),
        (
            "a whole file, then silence",
            || Reply::new(whole_head("Content-Length: 99999\r\n"), Then::Silence),
            Outcome::File,
        ),
        (
            "a whole file, then rubbish without end",
            || Reply::new(whole_head("Connection: close\r\n"), Then::Forever),
            Outcome::File,
        ),
        (
            "a whole file drop by drop",
            || Reply::new(whole_head("Connection: close\r\n"), Then::Drip),
            Outcome::File,
        ),
        (
            "a whole file in chunks",
            || Reply::new(chunked(file_bytes(), "0\r\n\r\n"), Then::Close),
            Outcome::File,
        ),
        ("a whole file gzipped unasked", gzipped, Outcome::File),
        (
            "a whole file that lies about gzip",
            || Reply::with("200 OK\r\nContent-Encoding: gzip", file_bytes()),
            Outcome::File,
        ),
        (
            "a whole file with status 500",
            || Reply::with("500 Oops", file_bytes()),
            Outcome::File,
        ),
        (
            "a whole file behind a redirect",
            || Reply::redirect(303, "/file"),
            Outcome::File,
        ),
        (
            "a name that climbs out of its folder",
            || {
                Reply::with(
                    "200 OK\r\nContent-Disposition: attachment; filename=\"../../x.p12\"",
                    file_bytes(),
                )
            },
            Outcome::File,
        ),
    ];
    for (name, answer, expected) in cases {
        let fake = fake_site(move |request| match request.target.as_str() {
            "/file" => file_reply(),
            "/loop" => Reply::redirect(302, "/loop"),
            _ => form_or(request, answer),
        })
        .await;
        let mut journal = Recording::default();
        let result = run(&impatient(&fake.url), &mut journal).await;
        assert_eq!(Outcome::of(&result), expected, "{name}: {result:?}");
        assert_eq!(fake.submissions(), 1, "{name}");
        assert!(journal.end.is_some(), "{name}");
        if let Ok(file) = &result {
            assert_eq!(file.expose(), file_bytes(), "{name}");
        }
        // What is on disk leads to the same end later, without the network.
        let later = judge_kept(
            &journal.kept(),
            &issuance(),
            &password(),
            &trusting(&fake.url),
        );
        assert_eq!(later.is_ok(), result.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn a_site_that_vanishes_before_the_submission_costs_nothing() {
    let fake = fake_site(|_| {
        let mut reply = Reply::page(FORM);
        reply.then = Then::Vanish;
        reply
    })
    .await;
    let mut journal = Recording::default();
    let error = run(&trusting(&fake.url), &mut journal).await.unwrap_err();
    assert_unreachable(&error, NetworkProblem::ConnectRefused);
    assert_eq!(error.effect(), Effect::StaysConfirmed);
    assert_eq!(fake.submissions(), 0);
    assert!(journal.host.is_some(), "the promise had been written");
}

// --- before the submission ---------------------------------------------------------------------------------

#[tokio::test]
async fn no_secret_leaves_for_another_host_or_without_tls() {
    let elsewhere = fake_site(|_| Reply::page("thank you")).await;
    let stranger = elsewhere.address.to_string();
    for form in [
        FORM.replace(
            "action=\"/p/send\"",
            &format!("action=\"https://{stranger}/\""),
        ),
        FORM.replace(
            "<head>",
            &format!("<head><base href=\"https://{stranger}/\">"),
        )
        .replace("/p/send", "send"),
        FORM.replace("/p/send", &format!("http://{stranger}/")),
        FORM.replace(
            "<button>",
            &format!("<button formaction=\"https://{stranger}/\">"),
        ),
        FORM.replace("method=\"post\"", "method=\"get\""),
    ] {
        let fake = fake_site(move |_| Reply::page(&form)).await;
        let mut journal = Recording::default();
        let error = run(&trusting(&fake.url), &mut journal).await.unwrap_err();
        assert_eq!(error.reason(), Some("form-not-recognised"), "{error:?}");
        assert_eq!(fake.submissions(), 0);
        assert!(journal.host.is_none());
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn the_form_is_looked_for_behind_redirects_of_the_same_host_only() {
    let fake = fake_site(|request| match request.target.as_str() {
        "/p/rcd" => Reply::redirect(302, "/p/rcd/"),
        "/p/rcd/" => Reply::page("<meta http-equiv=refresh content='0; url=start'>"),
        "/p/rcd/start" => Reply::page(FORM),
        _ => file_reply(),
    })
    .await;
    run(&trusting(&fake.url), &mut Recording::default())
        .await
        .unwrap();

    for (target, expected) in [
        ("https://elsewhere.invalid/", "another host"),
        ("http://127.0.0.1/p/rcd", "https"),
        ("/p/rcd", "redirects"),
    ] {
        let fake = fake_site(move |_| Reply::redirect(302, target)).await;
        let error = run(&trusting(&fake.url), &mut Recording::default())
            .await
            .unwrap_err();
        let said = format!("{error:?} {error}");
        let reason = match &error {
            RetrievalError::NotUnderstood { reason, .. } => reason.to_string(),
            _ => said,
        };
        assert!(reason.contains(expected), "{target}: {reason}");
    }
}

#[tokio::test]
async fn another_page_in_place_of_the_form_is_named_and_nothing_is_promised() {
    type Answer = fn() -> Reply;
    let cases: Vec<(Answer, &str)> = vec![
        (
            || {
                Reply::page(
                    "<html>ただいまメンテナンス中です。メンテナンスのため停止しています。</html>",
                )
            },
            "maintenance",
        ),
        (
            || Reply::with("503 Busy\r\nRetry-After: 600", "<html>busy</html>"),
            "maintenance",
        ),
        (
            || Reply::page("<html>セッションの有効期限が切れました。</html>"),
            "session-timeout",
        ),
        (
            || Reply::with("502 Bad Gateway", "<html>bad gateway</html>"),
            "network-error",
        ),
        (
            || Reply::with("403 Forbidden", "<html>forbidden</html>"),
            "form-not-recognised",
        ),
        (|| Reply::with("404 Not Found", FORM), "form-not-recognised"),
        (
            || Reply::page("<div id=app></div><script src=a.js></script>"),
            "form-not-recognised",
        ),
        (
            || {
                Reply::page(FORM.replace(
                    "</form>",
                    "<label><input type=checkbox name=ok required>規約に同意</label></form>",
                ))
            },
            "needs-attention",
        ),
        (
            || Reply::page(FORM.replace("</form>", "<p>画像の文字<input name=captcha></form>")),
            "needs-attention",
        ),
        (
            || Reply::with("200 OK", b"\0\x01\x02"),
            "form-not-recognised",
        ),
        (|| Reply::page("x".repeat(3 << 20)), "form-not-recognised"),
        (
            || {
                Reply::new(
                    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<html>",
                    Then::Break,
                )
            },
            "network-error",
        ),
        (|| Reply::new("", Then::Break), "network-error"),
        (|| Reply::new("", Then::Silence), "network-error"),
        (
            || Reply::new("this is no HTTP\r\n\r\n", Then::Close),
            "network-error",
        ),
    ];
    for (index, (answer, reason)) in cases.into_iter().enumerate() {
        let fake = fake_site(move |_| answer()).await;
        let mut journal = Recording::default();
        let error = run(&impatient(&fake.url), &mut journal).await.unwrap_err();
        assert_eq!(error.reason(), Some(reason), "case {index}: {error:?}");
        assert_eq!(error.effect(), Effect::StaysConfirmed);
        assert_eq!(fake.submissions(), 0);
        assert!(journal.host.is_none());
    }
}

#[tokio::test]
async fn a_value_that_the_page_would_cut_is_not_sent() {
    let fake = fake_site(|request| {
        form_or_page(
            request,
            &FORM.replace("name=\"s\"", "name=\"s\" maxlength=\"9\""),
            file_reply,
        )
    })
    .await;
    let error = run(&trusting(&fake.url), &mut Recording::default())
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        RetrievalError::NotUnderstood {
            reason: UnknownReason::FieldTooShort { takes: 9, .. },
            ..
        }
    ));
    assert_eq!(fake.submissions(), 0);
}

#[tokio::test]
async fn a_shift_jis_page_is_answered_in_its_charset_with_its_cookies() {
    let (page, _, _) = encoding_rs::SHIFT_JIS.encode(FORM);
    let page = page.into_owned();
    let fake = fake_site(move |request| match request.method.as_str() {
        "GET" => Reply::with(
            "200 OK\r\nSet-Cookie: id=7; Path=/; Secure\r\nContent-Type: text/html",
            &page,
        ),
        _ => file_reply(),
    })
    .await;
    run(&trusting(&fake.url), &mut Recording::default())
        .await
        .unwrap();
    let requests = fake.requests();
    let post = &requests[1];
    assert_eq!(post.target, "/p/send");
    assert_eq!(
        post.body,
        format!("m=%8E%E6%93%BE&r=123456789012345&s={REFERENCE_ID}&p={PASSWORD}&q={PASSWORD}")
    );
    let head = post.head.to_ascii_lowercase();
    assert!(head.contains("cookie: id=7"));
    assert!(head.contains(&format!("origin: https://{}", fake.address)));
    assert!(!head.contains("referer:"));
    assert!(!head.contains(&REFERENCE_ID.to_ascii_lowercase()));
}

// --- TLS and the way ---------------------------------------------------------------------------------------

#[tokio::test]
async fn each_tls_failure_has_its_own_name() {
    let other = Authority::invent(today()).unwrap();
    let long_ago = Authority::invent("2000-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let far_ahead = Authority::invent("2100-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let answer = |_: &Request| Reply::page(FORM);
    let cases = [
        (
            FakeSite::start(&other, &["127.0.0.1"], answer).await,
            authority().ca_pem(),
            TlsProblem::UnknownIssuer,
        ),
        (
            FakeSite::start(authority(), &["site.invalid"], answer).await,
            authority().ca_pem(),
            TlsProblem::WrongName,
        ),
        (
            FakeSite::start(&long_ago, &["127.0.0.1"], answer).await,
            long_ago.ca_pem(),
            TlsProblem::Expired,
        ),
        (
            FakeSite::start(&far_ahead, &["127.0.0.1"], answer).await,
            far_ahead.ca_pem(),
            TlsProblem::NotYetValid,
        ),
    ];
    for (fake, ca, expected) in cases {
        let error = reach(&site_with(&fake.url, ca, TimeLimits::default()))
            .await
            .unwrap_err();
        assert_tls(&error, expected);
        assert!(fake.requests().is_empty());
    }
    for (bytes, expected) in [
        (
            &b"\x15\x03\x03\x00\x02\x02\x28"[..],
            TlsProblem::NoCommonSuite,
        ),
        (b"\x15\x03\x03\x00\x02\x02\x46", TlsProblem::NoCommonSuite),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", TlsProblem::NotTls),
        (b"", TlsProblem::Handshake),
    ] {
        let url = plain_server(bytes).await;
        let error = reach(&trusting(&url)).await.unwrap_err();
        assert_tls(&error, expected);
    }
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn servers_that_offer_only_what_is_unsafe_are_named_as_such() {
    for arguments in [
        ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"],
    ] {
        let server = OpensslServer::start(&arguments);
        let error = loop {
            match reach(&trusting(&server.url)).await.unwrap_err() {
                // openssl needs a moment until it listens.
                RetrievalError::Unreachable { .. } => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => break other,
            }
        };
        assert_tls(&error, TlsProblem::NoCommonSuite);
    }
}

#[tokio::test]
async fn a_site_that_is_not_there_is_named_as_such() {
    let error = reach(&trusting("https://127.0.0.1:1/p/rcd"))
        .await
        .unwrap_err();
    assert_unreachable(&error, NetworkProblem::ConnectRefused);
    let error = reach(&trusting("https://no-such-host.invalid/"))
        .await
        .unwrap_err();
    assert_unreachable(&error, NetworkProblem::Dns);
}

#[tokio::test]
async fn a_proxy_is_used_when_it_is_named_and_never_passed_by() {
    let fake = fake_site(|request| form_or(request, file_reply)).await;
    for (answer, works) in [
        ("HTTP/1.1 200 Connection established\r\n\r\n", true),
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", false),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", false),
    ] {
        let (proxy, heads) = proxy(answer, works.then_some(fake.address)).await;
        let mut options = site_options(&fake.url, authority().ca_pem(), TimeLimits::default());
        options.proxy = ProxyChoice::Through(proxy);
        let site = Site::new(options, &Config::default()).unwrap();
        let result = run(&site, &mut Recording::default()).await;
        match works {
            true => assert_eq!(result.unwrap().expose(), file_bytes()),
            false => assert_unreachable(&result.unwrap_err(), NetworkProblem::Proxy),
        }
        let heads = heads.lock().unwrap().concat();
        assert!(heads.starts_with(&format!("CONNECT {}", fake.address)));
        assert!(!heads.contains(REFERENCE_ID));
    }
    assert_eq!(fake.submissions(), 1);
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let echo = || {
        Reply::page(format!(
            "<html>{REFERENCE_ID} / {PASSWORD} は認証できません</html>"
        ))
    };
    let fake = fake_site(move |request| form_or(request, echo)).await;
    let error = run(&trusting(&fake.url), &mut Recording::default())
        .await
        .unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains(REFERENCE_ID) && !shown.contains(PASSWORD),
        "{shown}"
    );
}

// --- helpers -----------------------------------------------------------------------------------------------

/// An invented form page.
const FORM: &str = r#"<html><head><title>証明書の取得画面</title></head><body><h1>証明書の取得</h1>
<form method="post" action="/p/send"><input type="hidden" name="m" value="取得">
<p>リクエストID <input name="r" maxlength="15"></p><p>リファレンスID <input type="password" name="s"></p>
<p>証明書パスワード <input type="password" name="p"></p><p>証明書パスワード（確認用） <input type="password" name="q"></p>
<button>ダウンロード</button></form><p>証明書パスワードを忘れた場合は再申請が必要です。</p></body></html>"#;

type Log = Arc<Mutex<Vec<String>>>;

/// A journal in memory that can fail at one place.
#[derive(Default)]
struct Recording {
    log: Log,
    fails_at: Option<&'static str>,
    host: Option<String>,
    form_text: String,
    body: Vec<u8>,
    end: Option<AnswerEnd>,
}

impl Recording {
    fn logging(log: Log) -> Self {
        Self {
            log,
            ..Self::default()
        }
    }

    fn failing_at(place: &'static str) -> Self {
        Self {
            fails_at: Some(place),
            ..Self::default()
        }
    }

    fn kept(&self) -> KeptAnswer<'_> {
        KeptAnswer {
            bytes: &self.body,
            form_text: &self.form_text,
            end: self.end.as_ref(),
        }
    }

    fn note(&self, place: &'static str) -> Result<(), JournalError> {
        let mut log = self.log.lock().unwrap();
        if log.last().is_none_or(|last| last != place) {
            log.push(place.to_owned());
        }
        match self.fails_at == Some(place) {
            true => Err(JournalError {
                source: "the disk is full".into(),
            }),
            false => Ok(()),
        }
    }
}

impl Journal for Recording {
    fn intent(&mut self, intent: &Intent<'_>) -> Result<(), JournalError> {
        self.note("intent")?;
        self.host = Some(intent.host.to_owned());
        self.form_text = intent.form_text.to_owned();
        Ok(())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.note("chunk")?;
        self.body.extend_from_slice(bytes);
        Ok(())
    }

    fn done(&mut self, end: &AnswerEnd) -> Result<(), JournalError> {
        self.note("done")?;
        self.end = Some(end.clone());
        Ok(())
    }
}

/// What came of an exchange, in one word.
#[derive(Debug, PartialEq)]
enum Outcome {
    File,
    Refused(RefusalReason),
    Unclear(UnclearProblem),
    Invalid(FileProblem),
    Other,
}

impl Outcome {
    fn of(result: &Result<Pkcs12, RetrievalError>) -> Self {
        match result {
            Ok(_) => Self::File,
            Err(RetrievalError::Refused { reason, .. }) => Self::Refused(*reason),
            Err(RetrievalError::Unclear { problem, .. }) => Self::Unclear(*problem),
            Err(RetrievalError::InvalidFile { problem, .. }) => Self::Invalid(*problem),
            Err(_) => Self::Other,
        }
    }
}

async fn run(site: &Site, journal: &mut Recording) -> Result<Pkcs12, RetrievalError> {
    let reviewed = ReviewedIssuance::attest(issuance(), ConfirmedBy::Person);
    retrieve(site, &reviewed, &password(), journal).await
}

fn issuance() -> Issuance {
    Issuance {
        issuer: None,
        institution_code: "0110113719".parse().unwrap(),
        terminal_name: Some("練習薬局1号機".parse().unwrap()),
        request_id: "123456789012345".parse().unwrap(),
        reference_id: REFERENCE_ID.parse().unwrap(),
        validity: Validity::new(Date::constant(2026, 11, 1), Date::constant(2030, 2, 1)).unwrap(),
        retrieval_deadline: Date::constant(2027, 4, 30),
    }
}

fn password() -> CertificatePassword {
    PASSWORD.parse().unwrap()
}

fn today() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

fn authority() -> &'static Arc<Authority> {
    static AUTHORITY: OnceLock<Arc<Authority>> = OnceLock::new();
    AUTHORITY.get_or_init(|| Arc::new(Authority::invent(today()).unwrap()))
}

fn file_bytes() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let grant = authority::Grant::from(&issuance());
        authority()
            .issue(&grant, &password(), Encoding::Modern)
            .unwrap()
    })
}

fn certificate_alone() -> &'static [u8] {
    authority().root_der()
}

fn file_reply() -> Reply {
    Reply::with("200 OK\r\nContent-Type: application/x-pkcs12", file_bytes())
}

fn gzipped() -> Reply {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(file_bytes()).unwrap();
    Reply::with("200 OK\r\nContent-Encoding: gzip", packer.finish().unwrap())
}

fn whole_head(headers: &str) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(file_bytes());
    bytes
}

fn cut_head(headers: &str) -> Vec<u8> {
    let mut bytes = whole_head(headers);
    bytes.truncate(bytes.len() - 500);
    bytes
}

fn chunked(body: &[u8], last: &str) -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(100) {
        bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(last.as_bytes());
    bytes
}

fn form_or(request: &Request, answer: impl Fn() -> Reply) -> Reply {
    form_or_page(request, FORM, answer)
}

fn form_or_page(request: &Request, form: &str, answer: impl Fn() -> Reply) -> Reply {
    match request.method.as_str() {
        "GET" => Reply::page(form),
        _ => answer(),
    }
}

async fn fake_site(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> FakeSite {
    FakeSite::start(authority(), &["127.0.0.1"], answer).await
}

fn options(behaviour: Behaviour, encoding: Encoding) -> Options {
    Options {
        authority: authority().clone(),
        grants: vec![Grant {
            issuance: issuance(),
            encoding,
            behaviour,
        }],
        bind: "127.0.0.1:0".parse().unwrap(),
        now: today(),
    }
}

async fn practice_site(behaviour: Behaviour, encoding: Encoding) -> Running {
    PracticeSite::start(options(behaviour, encoding))
        .await
        .unwrap()
}

fn trusting(url: &str) -> Site {
    site_with(url, authority().ca_pem(), TimeLimits::default())
}

/// A site whose silence is believed soon, so that tests of silence end.
fn impatient(url: &str) -> Site {
    let limits = TimeLimits {
        connect: Duration::from_secs(15),
        silence: Duration::from_millis(1_500),
        whole: Duration::from_secs(60),
    };
    site_with(url, authority().ca_pem(), limits)
}

fn site_with(url: &str, ca: String, limits: TimeLimits) -> Site {
    Site::new(site_options(url, ca, limits), &Config::default()).unwrap()
}

fn site_options(url: &str, ca: String, time_limits: TimeLimits) -> SiteOptions {
    SiteOptions {
        url: Some(url.to_owned()),
        ca_file_pem: Some(ca.into_bytes()),
        ca_only: true,
        proxy: ProxyChoice::Direct,
        time_limits,
    }
}

/// `openssl s_server` on a free port, ended with the test.
struct OpensslServer {
    url: String,
    child: std::process::Child,
    _folder: tempfile::TempDir,
}

impl OpensslServer {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = authority().server_identity(&["127.0.0.1"]).unwrap();
        let (certificate, key_file) = (
            folder.path().join("leaf.der"),
            folder.path().join("key.der"),
        );
        std::fs::write(&certificate, &chain[0]).unwrap();
        std::fs::write(&key_file, key.secret_der()).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let child = std::process::Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-accept",
                &address,
                "-certform",
                "DER",
                "-keyform",
                "DER",
            ])
            .arg("-cert")
            .arg(&certificate)
            .arg("-key")
            .arg(&key_file)
            .args(arguments)
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self {
            url: format!("https://{address}/"),
            child,
            _folder: folder,
        }
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that says the same few bytes to everybody, without TLS.
async fn plain_server(bytes: &'static [u8]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

/// A proxy that gives one answer to CONNECT and, where there is one, joins the two sides.
async fn proxy(answer: &'static str, target: Option<std::net::SocketAddr>) -> (String, Log) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heads = Log::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            seen.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&head[..count]).into_owned());
            stream.write_all(answer.as_bytes()).await.unwrap();
            if let Some(target) = target {
                tokio::spawn(async move {
                    let mut there = tokio::net::TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut there).await;
                });
            }
        }
    });
    (address, heads)
}

#[track_caller]
fn assert_unclear(error: &RetrievalError, expected: UnclearProblem) {
    match error {
        RetrievalError::Unclear { problem, .. } => assert_eq!(*problem, expected),
        other => panic!("{other:?}"),
    }
    assert_eq!(error.effect(), Effect::Unclear);
}

#[track_caller]
fn assert_unreachable(error: &RetrievalError, expected: NetworkProblem) {
    match error {
        RetrievalError::Unreachable { problem, .. } => assert_eq!(*problem, expected, "{error:?}"),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_tls(error: &RetrievalError, expected: TlsProblem) {
    match error {
        RetrievalError::TlsRefused { problem, .. } => assert_eq!(*problem, expected, "{error:?}"),
        other => panic!("{other:?}"),
    }
}
