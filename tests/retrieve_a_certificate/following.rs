//! Pages between the form and the file: what is followed, what is not, and what a crash in between leaves.

use noticert::domain::Pkcs12;
use noticert::retrieval::page::UnknownReason;
use noticert::retrieval::{
    AnswerEnd, Cookies, Effect, FurtherRequest, KeptConversation, RefusalReason, RetrievalError,
    UnclearProblem, finish,
};
use url::Url;

use crate::fake_site::{Reply, Request, Then};
use crate::support::{
    FORM, Log, PASSWORD, REFERENCE_ID, Recording, assert_unclear, cut_head, fake_site, file_bytes,
    file_reply, form_or, issuance, password, run, trusting,
};

const LINK: &str = "<html><p>準備ができました。</p><a href='/file?t=1'>ダウンロード</a></html>";
const BUTTON: &str = "<html><p>準備ができました。</p><form method=post action=/file><input type=hidden name=t value=1>\
                      <button>ダウンロード</button></form></html>";

impl From<String> for Reply {
    fn from(page: String) -> Self {
        Self::page(page)
    }
}

/// The form, this page in answer to it, and the file at `/file`.
fn leading(page: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| match request.target.as_str() {
        target if target.starts_with("/file") => file_reply(),
        "/again" => Reply::page(page),
        _ => form_or(request, || Reply::page(page)),
    }
}

async fn retrieved(
    answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Result<Pkcs12, RetrievalError>, Vec<Request>, Recording) {
    let fake = fake_site(answer).await;
    let mut journal = Recording::default();
    let result = run(&trusting(&fake.url), &mut journal).await;
    (result, fake.requests(), journal)
}

#[tokio::test]
async fn what_asks_for_nothing_new_is_followed_with_one_submission_of_the_secrets() {
    for page in [
        LINK,
        BUTTON,
        "<html><a href='/file'>こちら</a> <a href='/p/rcd'>最初の画面へ</a></html>",
        "<html><a href='/a'>一覧</a> <a href='/b'>履歴</a> <a href='/file/123.p12'>保存</a></html>",
        "<html><a href='/a'>一覧</a> <a href='/b'>履歴</a> <a href='/file' download>保存</a></html>",
        "<html><meta http-equiv=refresh content='0;url=/file'>お待ちください</html>",
        "<html><form action=/file><input type=hidden name=t value=1><button>証明書を取得する</button></form></html>",
        "<html>発行しました。<form method=post action=/file><input type=hidden name=t value=1>\
         <label><input type=checkbox name=c required>注意事項を確認しました</label><button>保存</button> <button name=x>戻る</button></form></html>",
        // A download that the site offers once more is worth a look, which costs nothing.
        "<html>この証明書は取得済みです。再度取得する場合は<a href='/file'>ダウンロード</a></html>",
    ] {
        let (result, requests, journal) = retrieved(leading(page)).await;
        assert_eq!(result.unwrap().expose(), file_bytes(), "{page}");
        let with_secrets = requests
            .iter()
            .filter(|request| format!("{}{}", request.head, request.body).contains(REFERENCE_ID));
        assert_eq!(with_secrets.count(), 1, "{page}");
        assert_eq!(journal.further.len(), 1, "{page}");
    }
}

#[tokio::test]
async fn what_leads_elsewhere_or_asks_for_more_is_not_followed() {
    for (page, asks) in [
        (
            "<html><a href='https://elsewhere.invalid/1.p12'>ダウンロード</a></html>",
            false,
        ),
        (
            "<html><a href='http://127.0.0.1/1.p12'>ダウンロード</a></html>",
            false,
        ),
        (
            "<html><a href='/file/a'>ダウンロード</a><a href='/file/b'>ダウンロード</a></html>",
            false,
        ),
        (
            "<html><a href='/file'>マニュアルのダウンロード</a></html>",
            false,
        ),
        ("<html>(E-1) <a href='/p/rcd'>こちら</a></html>", false),
        (
            "<html><meta http-equiv=refresh content='0;url=https://elsewhere.invalid/'>x</html>",
            false,
        ),
        (
            "<html><meta http-equiv=refresh content='3;url=/p/rcd'>エラーが起きました</html>",
            false,
        ),
        (
            "<html><form method=post action=https://elsewhere.invalid/><button>ダウンロード</button></form></html>",
            false,
        ),
        (
            "<html><h2>証明書の失効</h2><form method=post action=/file><button>実行</button></form></html>",
            false,
        ),
        (
            "<html><form method=post action=/file onsubmit='this.t.value=1'><input type=hidden name=t><button>取得</button></form></html>",
            false,
        ),
        (
            "<html><form method=post action=/file>暗証番号<input name=x><button>次へ</button></form></html>",
            true,
        ),
        (
            "<html><form method=post action=/file><label><input type=checkbox name=c required>利用規約に同意する</label><button>取得</button></form></html>",
            true,
        ),
        (
            "<html><form method=post action=/file><label><input type=radio name=c value=1>A</label><label><input type=radio name=c value=2>B</label><button>取得</button></form></html>",
            true,
        ),
    ] {
        let (result, requests, _) = retrieved(leading(page)).await;
        let error = result.unwrap_err();
        match asks {
            true => {
                assert_eq!(error.reason(), Some("needs-attention"), "{page}");
                assert_eq!(error.effect(), Effect::StaysConfirmed);
            }
            false => assert_eq!(error.reason(), Some("unknown"), "{page}: {error:?}"),
        }
        assert_eq!(requests.len(), 2, "{page}");
    }
}

/// What the first comment of each page in `fixtures/site/onward` expects, and what was done.
#[tokio::test]
async fn a_button_is_pressed_only_where_the_page_asks_for_nothing_new() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/site/onward");
    let (mut wrong, mut counts) = (Vec::new(), [0; 2]);
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let html = std::fs::read_to_string(&path).unwrap();
        let (_, rest) = html.split_once("expect: ").unwrap();
        let expected = rest.split_once(" -->").unwrap().0.to_owned();
        let (result, requests, _) = retrieved(leading(html.leak())).await;
        let posts = requests.iter().filter(|r| r.method == "POST").count();
        let found = match &result {
            Ok(_) if posts == 2 => "pressed",
            Err(error) if posts == 1 && requests.len() == 2 => match error.reason() {
                Some("needs-attention") => "asks",
                Some("unknown") => "nowhere",
                Some("already-issued" | "bad-ids" | "expired" | "locked") => "refused",
                _ => "something else",
            },
            _ => "something else",
        };
        counts[usize::from(found == "pressed")] += 1;
        if found != expected {
            let outcome = result.map(|_| "a file");
            wrong.push(format!("{}: {posts} POSTs, {outcome:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.iter().all(|count| *count >= 10), "{counts:?}");
}

/// Each secret, in each place by which a page may send a browser on: nothing is asked there, and nothing written down.
#[tokio::test]
async fn no_address_that_carries_a_secret_is_asked_or_written_down() {
    let page = |body: &str| format!("<html><p>証明書の準備ができました。</p>{body}</html>");
    for secret in [
        REFERENCE_ID,
        PASSWORD,
        "%41b3dE6gH9k",
        "%2541b3d-E6gH9k",
        "AB3DE6GH9K",
        "x;p=%34071",
    ] {
        let to = format!("/file?x={secret}");
        for (reply, reason) in [
            (Reply::redirect(302, &to), None),
            (Reply::redirect(303, &format!("/file/{secret}")), None),
            (
                page(&format!("<a href='{to}'>ダウンロード</a>")).into(),
                Some("unknown"),
            ),
            (
                page(&format!("<a href='/{secret}/1.p12'>1.p12</a>")).into(),
                Some("unknown"),
            ),
            (
                page(&format!("<meta http-equiv=refresh content='0;url={to}'>")).into(),
                Some("unknown"),
            ),
            (
                page(&format!(
                    "<form method=post action='{to}'><button>ダウンロード</button></form>"
                ))
                .into(),
                Some("unknown"),
            ),
            (
                page(&format!(
                    "<form action='/file/{secret}'><button>ダウンロード</button></form>"
                ))
                .into(),
                Some("unknown"),
            ),
        ] {
            let bytes = reply.bytes.clone();
            let (result, requests, journal) =
                retrieved(move |request| match request.target.as_str() {
                    target if target.starts_with("/file") => file_reply(),
                    _ => form_or(request, || Reply::new(bytes.clone(), Then::Close)),
                })
                .await;
            let error = result.unwrap_err();
            let told = String::from_utf8_lossy(&reply.bytes).into_owned();
            match reason {
                Some(_) => assert_eq!(error.reason(), reason, "{told}"),
                None => assert_unclear(&error, UnclearProblem::SentAway),
            }
            assert_eq!(requests.len(), 2, "{told}");
            assert!(journal.further.is_empty(), "{told}");
        }
    }
}

#[tokio::test]
async fn a_cookie_that_holds_a_secret_is_not_written_down() {
    let head = format!(
        "200 OK\r\nContent-Type: text/html; charset=UTF-8\r\nSet-Cookie: ref={REFERENCE_ID}; Path=/\r\n\
         Set-Cookie: p={PASSWORD}; Path=/\r\nSet-Cookie: id=7; Path=/"
    );
    let (result, _, journal) = retrieved(move |request| match request.target.as_str() {
        target if target.starts_with("/file") => file_reply(),
        _ => form_or(request, || Reply::with(&head, LINK)),
    })
    .await;
    assert!(result.is_ok());
    let noted = journal.further[0].cookies.as_ref().unwrap();
    assert_eq!(noted.as_str(), "id=7");
    let last = journal.end.unwrap().cookies.unwrap();
    assert_eq!(last.as_str(), "id=7");
}

#[tokio::test]
async fn a_form_never_carries_a_secret_in_its_address() {
    let page = format!(
        "<html><form action=/file><input type=hidden name=r value={REFERENCE_ID}><button>取得</button></form>\
         <a href='/file?r={REFERENCE_ID}'>ダウンロード</a></html>"
    );
    let page: &'static str = page.leak();
    let (result, requests, _) = retrieved(leading(page)).await;
    assert_eq!(result.unwrap_err().reason(), Some("unknown"));
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn a_confirm_page_is_answered_once_and_the_form_again_is_none() {
    let confirm = format!(
        "<html><p>リクエストID 12345-67890-12345</p><form method=post action=/again><input type=hidden name=r value={REFERENCE_ID}>\
         <input type=hidden name=p value={PASSWORD}><button>修正</button><button name=b value=ok>確定</button></form></html>"
    );
    let confirm: &'static str = confirm.leak();
    // It leads to the file.
    let (result, requests, _) = retrieved(move |request| match request.target.as_str() {
        "/again" => file_reply(),
        _ => form_or(request, || Reply::page(confirm)),
    })
    .await;
    assert!(result.is_ok());
    assert_eq!(
        requests[2].body,
        format!("r={REFERENCE_ID}&p={PASSWORD}&b=ok")
    );
    // It comes again and again.
    let (result, requests, _) = retrieved(leading(confirm)).await;
    assert_eq!(result.unwrap_err().reason(), Some("unknown"));
    assert_eq!(requests.len(), 3);
    // The answer to it is a refusal.
    let (result, _, _) = retrieved(move |request| match request.target.as_str() {
        "/again" => Reply::page("<html>認証に失敗しました。</html>"),
        _ => form_or(request, || Reply::page(confirm)),
    })
    .await;
    assert_eq!(result.unwrap_err().reason(), Some("bad-ids"));
    // The form shown again, with a tick or not, is no confirm page.
    let again = FORM.replace("name=\"r\"", "name=\"r\" value=\"123456789012345\"");
    let again: &'static str = again.leak();
    let (result, requests, _) = retrieved(leading(again)).await;
    assert_eq!(result.unwrap_err().reason(), Some("unknown"));
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn after_the_site_led_on_nothing_is_called_unprocessed() {
    for page in [
        "<html>セッションの有効期限が切れました。</html>",
        "<html>ただいまメンテナンス中です。</html>",
        "<html>お探しのページはありません</html>",
    ] {
        let (result, requests, _) = retrieved(move |request| match request.target.as_str() {
            "/file?t=1" => Reply::page(page),
            _ => form_or(request, || Reply::page(LINK)),
        })
        .await;
        assert_unclear(&result.unwrap_err(), UnclearProblem::NotHandedOut);
        assert_eq!(requests.len(), 3);
    }
}

/// What a page says of a closed door while it leads on is never the end of the matter.
#[tokio::test]
async fn a_notice_beside_what_leads_on_never_puts_the_record_back() {
    let notice = "ただいまメンテナンス中です。";
    let link = format!("<html><p>{notice}</p><a href='/file'>ダウンロード</a></html>");
    let button = format!(
        "<html><p>{notice}</p><form method=post action=/file><input type=hidden name=t value=1>\
         <button>ダウンロード</button></form></html>"
    );
    let confirm = format!(
        "<html><p>{notice}</p><p>リクエストID 123456789012345</p><form method=post action=/file>\
         <input type=hidden name=t value=1><button>ダウンロード</button></form></html>"
    );
    for page in [link, button, confirm] {
        for (name, end) in [
            (
                "missing",
                (|| Reply::with("404 Not Found", "<html>お探しのページはありません</html>"))
                    as fn() -> Reply,
            ),
            ("broken", || Reply::new("", Then::Break)),
        ] {
            let shown = page.clone();
            let (result, _, _) = retrieved(move |request| match request.target.as_str() {
                "/file" => end(),
                _ => form_or(request, || Reply::page(&shown)),
            })
            .await;
            let error = result.unwrap_err();
            assert_ne!(
                error.effect(),
                Effect::StaysConfirmed,
                "{name} {page}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_session_that_is_over_behind_a_redirect_or_a_button_says_nothing_of_the_submission() {
    // A page that repeats the pair may ask to confirm it, or be the result already.
    let repeated = || {
        Reply::page(
            "<html><p>リクエストID 123456789012345</p><form method=post action=/p/next>\
             <input type=hidden name=t value=1><button>ダウンロード</button></form></html>",
        )
    };
    for answer in [|| Reply::redirect(303, "/p/next"), repeated] {
        let (result, requests, _) = retrieved(move |request| match request.target.as_str() {
            "/p/next" => Reply::page("<html>セッションの有効期限が切れました。</html>"),
            _ => form_or(request, answer),
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!(error.reason(), Some("unknown"), "{error:?}");
        assert_eq!(requests.len(), 3);
    }
}

#[tokio::test]
async fn pages_that_never_end_are_given_up() {
    let (result, requests, _) = retrieved(|request| match request.method.as_str() {
        "GET" if request.target == "/p/rcd" => Reply::page(FORM),
        _ => {
            let number = request.target.len();
            Reply::page(format!(
                "<html><meta http-equiv=refresh content='0;url=/w{}'>処理中</html>",
                "x".repeat(number)
            ))
        }
    })
    .await;
    assert_unclear(&result.unwrap_err(), UnclearProblem::NotHandedOut);
    assert!(requests.len() < 15, "{}", requests.len());
}

#[tokio::test]
async fn every_page_is_kept_and_every_request_written_down_before_it_leaves() {
    let log: Log = Log::default();
    let seen = log.clone();
    let fake = fake_site(move |request| {
        seen.lock().unwrap().push(request.method.clone());
        leading(LINK)(request)
    })
    .await;
    let mut journal = Recording::logging(log.clone());
    run(&trusting(&fake.url), &mut journal).await.unwrap();
    assert_eq!(
        *log.lock().unwrap(),
        [
            "GET", "intent", "POST", "chunk", "done", "onward", "GET", "chunk", "done"
        ]
    );
    assert!(journal.further[0].repeatable);
    let (_, _, journal) = retrieved(leading(BUTTON)).await;
    assert!(!journal.further[0].repeatable);
}

#[tokio::test]
async fn consent_to_what_stands_on_the_page_before_the_form_is_given_once() {
    let consent = |says: &str| {
        format!(
            "<html><p>注意事項</p><form method=post action=/form><input type=hidden name=s value=1>\
             <label><input type=checkbox name=c value=1>{says}</label><button>次へ</button></form></html>"
        )
    };
    for (says, reason) in [
        ("上記を確認しました", None),
        ("利用規約に同意する", Some("needs-attention")),
    ] {
        let page = consent(says);
        let fake = fake_site(move |request| match request.target.as_str() {
            "/p/rcd" => Reply::page(&page),
            "/form" => Reply::page(FORM),
            _ => file_reply(),
        })
        .await;
        let result = run(&trusting(&fake.url), &mut Recording::default()).await;
        let requests = fake.requests();
        match reason {
            None => {
                assert!(result.is_ok());
                assert_eq!(requests[1].body, "s=1&c=1");
                assert_eq!(requests.len(), 3);
            }
            Some(reason) => {
                assert_eq!(result.unwrap_err().reason(), Some(reason));
                assert_eq!(requests.len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_form_in_a_frame_of_the_site_is_found() {
    let frames = |sources: &[&str]| {
        let frames: Vec<String> = sources
            .iter()
            .map(|s| format!("<frame src='{s}'>"))
            .collect();
        format!(
            "<html><frameset rows='80,*'>{}</frameset></html>",
            frames.concat()
        )
    };
    for (sources, reason) in [
        (&["/head", "/main"][..], None),
        (&["/main"], None),
        // A notice in another frame is none about the form.
        (&["/closed", "/main"], None),
        (
            &["/head", "/main", "/other"],
            Some(UnknownReason::SeveralForms),
        ),
        (&["/head"], Some(UnknownReason::InFrames)),
        (
            &["https://elsewhere.invalid/main"],
            Some(UnknownReason::InFrames),
        ),
    ] {
        let page = frames(sources);
        let fake = fake_site(move |request| match request.target.as_str() {
            "/p/rcd" => Reply::page(&page),
            "/main" | "/other" => Reply::page(FORM),
            "/head" => Reply::page("<html><p>オンライン請求システム</p></html>"),
            "/closed" => Reply::page("<html><p>ただいまメンテナンス中です。</p></html>"),
            _ => file_reply(),
        })
        .await;
        let result = run(&trusting(&fake.url), &mut Recording::default()).await;
        match (result, reason) {
            (Ok(_), None) => assert_eq!(fake.submissions(), 1),
            (Err(RetrievalError::NotUnderstood { reason, .. }), Some(expected)) => {
                assert_eq!(reason, expected, "{sources:?}");
                assert_eq!(fake.submissions(), 0);
            }
            (result, _) => panic!("{sources:?}: {:?}", result.map(|_| "a file")),
        }
    }
}

// --- after a crash -----------------------------------------------------------------------------------------

/// What is on disk, finished against this site.
async fn finished(
    fake: &crate::fake_site::FakeSite,
    bytes: &[u8],
    end: Option<AnswerEnd>,
    further: Option<FurtherRequest>,
) -> Result<Pkcs12, RetrievalError> {
    let page: Url = fake.url.parse().unwrap();
    let action = page.join("/p/send").unwrap();
    let kept = KeptConversation {
        form_text: "証明書の取得",
        form_page: Some(&page),
        action: Some(&action),
        further: further.as_ref(),
        bytes,
        end: end.as_ref(),
    };
    let site = trusting(&fake.url);
    let mut journal = Recording::default();
    finish(&site, &kept, &issuance(), &password(), &mut journal).await
}

fn whole() -> AnswerEnd {
    AnswerEnd {
        status: Some(200),
        content_type: Some("text/html; charset=UTF-8".to_owned()),
        retry_after: None,
        headers: Vec::new(),
        bytes: 0,
        whole: true,
        cookies: Some(Cookies::new("id=7; b=8")),
    }
}

fn request(fake: &crate::fake_site::FakeSite, path: &str, repeatable: bool) -> FurtherRequest {
    let page: Url = fake.url.parse().unwrap();
    FurtherRequest {
        url: page.join(path).unwrap(),
        repeatable,
        cookies: Some(Cookies::new("id=7")),
    }
}

#[tokio::test]
async fn a_crash_between_page_and_file_is_finished_by_a_get_with_the_sites_cookies() {
    let fake = fake_site(leading(LINK)).await;
    let file = finished(&fake, LINK.as_bytes(), Some(whole()), None).await;
    assert_eq!(file.unwrap().expose(), file_bytes());
    let requests = fake.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "GET");
    let head = requests[0].head.to_ascii_lowercase();
    assert!(head.contains("id=7") && head.contains("b=8"), "{head}");

    // The GET had left, and its answer came in part, not at all, or as a page of failure.
    let half = &file_bytes()[..200];
    for bytes in [
        half,
        b"",
        "<html>お探しのページはありません</html>".as_bytes(),
    ] {
        let fake = fake_site(leading(LINK)).await;
        let further = request(&fake, "/file?t=1", true);
        let file = finished(&fake, bytes, None, Some(further)).await;
        assert_eq!(file.unwrap().expose(), file_bytes());
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn no_form_is_sent_after_a_crash() {
    let half = &file_bytes()[..200];
    let fake = fake_site(leading(BUTTON)).await;
    let unanswered = request(&fake, "/file", false);
    for (bytes, further) in [
        (BUTTON.as_bytes(), None),
        (half, Some(unanswered.clone())),
        (b"", Some(unanswered)),
        (half, None),
        (b"", None),
    ] {
        let error = finished(&fake, bytes, None, further).await.unwrap_err();
        assert_eq!(error.effect(), Effect::Unclear, "{error:?}");
    }
    assert!(fake.requests().is_empty());
}

/// Whether the button that was pressed led to the file is not on disk, so its answer proves nothing of the submission.
#[tokio::test]
async fn a_closed_door_after_a_further_request_is_not_believed_after_a_crash() {
    let fake = fake_site(|_| Reply::page(FORM)).await;
    let page = "<html>セッションの有効期限が切れました。</html>".as_bytes();
    let direct = finished(&fake, page, Some(whole()), None).await;
    assert_eq!(direct.unwrap_err().reason(), Some("session-timeout"));
    let further = Some(request(&fake, "/go", false));
    let later = finished(&fake, page, Some(whole()), further).await;
    assert_eq!(later.unwrap_err().reason(), Some("unknown"));
    // Nor is it believed when its status did not reach the disk.
    let unended = finished(&fake, page, None, None).await;
    assert_eq!(unended.unwrap_err().reason(), Some("unknown"));
    assert_eq!(fake.submissions(), 0);
}

#[tokio::test]
async fn what_is_whole_on_disk_needs_no_network() {
    let fake = fake_site(|_| Reply::new("", Then::Break)).await;
    let file = finished(&fake, file_bytes(), None, None).await.unwrap();
    assert_eq!(file.expose(), file_bytes());
    let refusal = "<html>認証に失敗しました。</html>".as_bytes();
    let error = finished(&fake, refusal, None, None).await.unwrap_err();
    assert!(matches!(
        error,
        RetrievalError::Refused {
            reason: RefusalReason::BadIds,
            ..
        }
    ));
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_link_to_another_site_is_not_asked_after_a_crash_either() {
    let fake = fake_site(leading(LINK)).await;
    let other = fake_site(leading(LINK)).await;
    let stranger = request(&other, "/file?t=1", true);
    let error = finished(&fake, b"", None, Some(stranger)).await;
    assert_eq!(error.unwrap_err().effect(), Effect::Unclear);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_broken_get_of_the_file_is_repeated_once_and_never_the_submission() {
    let (result, requests, journal) = retrieved(|request| match request.target.as_str() {
        "/file?t=1" => Reply::new(cut_head("Content-Length: 9999\r\n"), Then::Break),
        _ => form_or(request, || Reply::page(LINK)),
    })
    .await;
    assert_unclear(&result.unwrap_err(), UnclearProblem::Cut);
    let posts = requests.iter().filter(|r| r.method == "POST").count();
    assert_eq!(posts, 1);
    assert!(!journal.body.is_empty());
}
