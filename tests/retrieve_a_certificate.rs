//! From a reviewed issuance to a `.p12`, over real TLS: against the practice site, and against a server
//! that commits every fault. Every name, code and ID here is invented.

#[path = "retrieve_a_certificate/fake_site.rs"]
mod fake_site;
#[path = "retrieve_a_certificate/following.rs"]
mod following;
#[path = "retrieve_a_certificate/support.rs"]
mod support;

use std::time::Duration;

use fake_site::{FakeSite, Reply, Request, Then};
use noticert::config::Config;
use noticert::domain::{ConfirmedBy, ReviewedIssuance};
use noticert::practice::authority::{Authority, Encoding};
use noticert::practice::site::{Fault, PracticeSite};
use noticert::retrieval::page::UnknownReason;
use noticert::retrieval::{
    Effect, FileProblem, KeptAnswer, NetworkProblem, ProxyChoice, RefusalReason, RetrievalError,
    Site, TimeLimits, TlsProblem, UnclearProblem, judge_kept, reach, retrieve, visit,
};
use support::{
    FORM, Log, OpensslServer, Outcome, PASSWORD, REFERENCE_ID, Recording, assert_tls,
    assert_unclear, assert_unreachable, authority, certificate_alone, chunked, cut_head, fake_site,
    file_bytes, file_reply, form_or, form_or_page, gzipped, impatient, issuance, options, password,
    plain_server, practice_site, proxy, run, site_options, site_with, today, trusting, whole_head,
};

// --- against the practice site -----------------------------------------------------------------------------

#[tokio::test]
async fn a_certificate_is_retrieved_in_both_encodings() {
    for encoding in [Encoding::Legacy, Encoding::Modern] {
        let practice = practice_site(None, encoding).await;
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
    for (fault, reason, effect) in [
        (Fault::Expired, "expired", Effect::Refused),
        (Fault::AlreadyIssued, "already-issued", Effect::Refused),
        (Fault::Locked, "locked", Effect::Refused),
        (Fault::Maintenance, "maintenance", Effect::StaysConfirmed),
        (
            Fault::SessionTimeout,
            "session-timeout",
            Effect::StaysConfirmed,
        ),
    ] {
        let practice = practice_site(Some(fault), Encoding::Modern).await;
        let error = run(&trusting(practice.url()), &mut Recording::default())
            .await
            .unwrap_err();
        assert_eq!(error.reason(), Some(reason), "{fault:?}");
        assert_eq!(error.effect(), effect);
        assert_eq!(practice.submissions(), 1);
    }
}

#[tokio::test]
async fn a_wrong_pair_is_bad_ids_and_five_of_them_lock() {
    let practice = practice_site(None, Encoding::Modern).await;
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
    let practice = practice_site(None, Encoding::Modern).await;
    let site = trusting(practice.url());
    run(&site, &mut Recording::default()).await.unwrap();
    let second = run(&site, &mut Recording::default()).await.unwrap_err();
    assert_eq!(second.reason(), Some("already-issued"));
}

#[tokio::test]
async fn the_practice_site_keeps_the_letters_deadline() {
    let mut late = options(None, Encoding::Modern);
    late.now = "2027-04-30T15:00:00Z".parse().unwrap();
    let practice = PracticeSite::start(late).await.unwrap();
    let error = run(&trusting(practice.url()), &mut Recording::default())
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some("expired"));
}

#[tokio::test]
async fn a_file_cut_in_the_middle_is_unclear_and_its_half_is_kept() {
    let practice = practice_site(Some(Fault::Cut), Encoding::Modern).await;
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
    let practice = practice_site(Some(Fault::WrongType), Encoding::Modern).await;
    run(&trusting(practice.url()), &mut Recording::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn looking_whether_the_site_is_there_submits_nothing() {
    let practice = practice_site(None, Encoding::Modern).await;
    let visit = visit(&trusting(practice.url())).await;
    let reached = visit.found.unwrap();
    assert_eq!(reached.form.fields().len(), 4);
    assert_eq!(reached.form.button(), "ダウンロード");
    assert!(visit.date.is_some());
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
        form_page: None,
        url: None,
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
        (b"\x15\x03\x03\x00\x02\x02\x46", TlsProblem::NoCommonVersion),
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
    let (version, suite) = (TlsProblem::NoCommonVersion, TlsProblem::NoCommonSuite);
    for (arguments, expected) in [
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], version),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], suite),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"], suite),
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
        assert_tls(&error, expected);
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
