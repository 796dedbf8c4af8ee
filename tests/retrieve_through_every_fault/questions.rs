//! A page after the submission that asks something new: nothing is answered, nothing is sent again, and both are said.

use crate::fake_site::{FakeSite, Reply};
use crate::scene::{Scene, authority, request_id, runtime};
use crate::support::{Ran, fixture};

const FORM: &str = r#"<html><head><title>証明書の取得画面</title></head><body><h1>証明書の取得</h1>
<form method="post" action="/p/send">
<p>リクエストID <input name="r" maxlength="15"></p><p>リファレンスID <input type="password" name="s"></p>
<p>証明書パスワード <input type="password" name="p"></p><p>証明書パスワード（確認用） <input type="password" name="q"></p>
<button>ダウンロード</button></form></body></html>"#;

fn retrieve(scene: &Scene, site: &FakeSite, number: usize) -> Ran {
    let mut command = scene.workplace.command(["retrieve", &request_id(number)]);
    command
        .args(["--site", &site.url, "--ca-only", "--pause", "0"])
        .arg("--ca-file")
        .arg(scene.workplace.path("ca.pem"))
        .arg("--password-file")
        .arg(scene.workplace.path("password"));
    Ran::of(command.output().unwrap())
}

#[test]
fn a_question_is_left_to_a_person_and_said_as_it_is() {
    let pages = [
        "new-certificate-ends-the-former",
        "price",
        "certificate-in-use-ends",
        "mail",
        "payment",
        "registration",
        "terms-behind-a-link",
        "by-force",
        "deletion",
    ];
    let scene = Scene::with(pages.len());
    for (number, page) in pages.into_iter().enumerate() {
        let path = fixture(&format!("site/onward/asks-{page}.html"));
        let html = std::fs::read_to_string(path).unwrap();
        let site = runtime().block_on(FakeSite::start(
            authority(),
            &["127.0.0.1"],
            move |request| match request.method.as_str() {
                "GET" => Reply::page(FORM),
                _ => Reply::page(&html),
            },
        ));
        let first = retrieve(&scene, &site, number);
        assert_eq!(first.code, 10, "{page}: {}", first.stderr);
        for said in [
            "送信のあと、取得サイトの画面がほかのことを尋ねています",
            "IDとパスワードは1回送信しました。尋ねられたことには答えていません。",
        ] {
            assert!(first.stderr.contains(said), "{page}: {}", first.stderr);
        }
        assert!(
            !first.stderr.contains("受け付けられていません"),
            "{page}: {}",
            first.stderr
        );
        scene.assert_stands(number, "confirmed", Some("needs-attention"));
        retrieve(&scene, &site, number);
        assert_eq!(site.submissions(), 1, "{page}");
    }
}
