//! Several terminals in one run: Retry-After, wrong pairs, several at once, one summary.

use noticert::practice::site::Fault;

use crate::answers::Answer;
use crate::scene::{Scene, request_id};

#[test]
fn a_batch_obeys_retry_after_and_goes_on() {
    let scene = Scene::with(2);
    let site = scene.site(&[Fault::ClosedOnce]);
    let ran = scene.retrieve(&site, &["--all"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("1秒待って"), "{}", ran.stderr);
    assert!(ran.stderr.contains("2台のうち 取得 2"), "{}", ran.stderr);
    assert_eq!(site.submissions(), 2);
}

#[test]
fn a_site_closed_for_long_stops_the_batch_and_says_until_when() {
    let scene = Scene::with(3);
    let site = scene.site(&[Fault::Closed]);
    let ran = scene.retrieve(&site, &["--all"]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    assert!(ran.stderr.contains("30分"), "{}", ran.stderr);
    assert!(ran.stderr.contains("明朝8時"), "{}", ran.stderr);
    assert!(ran.stderr.contains("送信せず 2"), "{}", ran.stderr);
    assert_eq!(site.submissions(), 0);
}

#[test]
fn two_wrong_pairs_in_a_row_or_a_lock_stop_the_batch() {
    for (fault, submissions, why) in [
        (Fault::BadIds, 2, "IDの誤りが2台続いたため"),
        (Fault::Locked, 1, "ロックしたと答えたため"),
    ] {
        let scene = Scene::with(4);
        let site = scene.site(&[fault]);
        let ran = scene.retrieve(&site, &["--all"]);
        assert_eq!(ran.code, 11, "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        assert_eq!(site.submissions(), submissions);
        for number in 0..4 {
            let state = if number < submissions {
                "refused"
            } else {
                "confirmed"
            };
            assert_eq!(scene.stands(number).0, state);
        }
    }
}

#[test]
fn several_at_once_send_no_more_wrong_pairs_than_one_after_the_other() {
    let scene = Scene::with(5);
    let site = scene.site(&[Fault::BadIds]);
    let ran = scene.retrieve(&site, &["--all", "--jobs", "3"]);
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    assert_eq!(site.submissions(), 2);
    assert!(ran.stderr.contains("送信せず 3"), "{}", ran.stderr);
}

#[test]
fn a_site_that_answers_with_too_many_requests_is_given_its_rest_and_then_left_alone() {
    let scene = Scene::with(3);
    let site = Answer::of("too-many-requests").served();
    let ran = scene.retrieve_from(&site.url, &["--all"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("1秒待って"), "{}", ran.stderr);
    assert!(ran.stderr.contains("混み合って"), "{}", ran.stderr);
    assert_eq!(site.submissions(), 2);
    scene.assert_stands(1, "refused", Some("unknown"));
    scene.assert_stands(2, "confirmed", None);
}

#[test]
fn a_site_that_is_not_there_for_a_submission_is_not_sent_the_next_one() {
    let scene = Scene::with(3);
    let site = Answer::of("unavailable-without-a-word").served();
    let ran = scene.retrieve_from(&site.url, &["--all"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("送信せず 2"), "{}", ran.stderr);
    assert_eq!(site.submissions(), 1);
}

#[test]
fn with_json_the_standard_output_is_the_status_and_nothing_else() {
    let scene = Scene::with(2);
    let site = scene.site(&[]);
    let ran = scene.retrieve(&site, &["--all", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let status = ran.json();
    assert_eq!(status["schema"], "noticert.status/1");
    for terminal in status["terminals"].as_array().unwrap() {
        assert_eq!(terminal["state"], "retrieved", "{terminal}");
    }
    assert!(ran.stderr.contains("練習1号機"), "{}", ran.stderr);
}

#[test]
fn a_certificate_that_another_terminal_holds_is_kept_and_not_believed() {
    let scene = Scene::with(3);
    let site = scene.site(&[Fault::SameCertificate]);
    let ran = scene.retrieve(&site, &["--all"]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("練習0号機") && ran.stderr.contains("同じです"),
        "{}",
        ran.stderr
    );
    scene.assert_stands(0, "retrieved", None);
    scene.assert_stands(1, "unclear", Some("invalid-p12"));
    // A site that mixes terminals up is not asked for the next one.
    scene.assert_stands(2, "confirmed", None);
    assert_eq!(site.submissions(), 2);
    let files = scene.workplace.data_files();
    let kept = files
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "p12"));
    assert_eq!(kept.count(), 2, "{files:?}");

    // The same terminal may be handed its own file once more.
    let again = scene.retrieve(&site, &[&request_id(0)]);
    assert_eq!(again.code, 0, "{}", again.stderr);
}

#[test]
fn several_terminals_are_retrieved_at_once_each_with_one_submission() {
    let scene = Scene::with(5);
    let site = scene.site(&[]);
    let ran = scene.retrieve(&site, &["--all", "--jobs", "3"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(site.submissions(), 5);
    for number in 0..5 {
        scene.assert_stands(number, "retrieved", None);
    }
    assert!(scene.answers().is_empty(), "{:?}", scene.answers());
}

#[test]
fn a_sentence_of_the_configuration_names_an_unknown_page() {
    let scene = Scene::with(1);
    let phrase = "[[phrases]]\nreason = \"bad-ids\"\nany = [\"E-5001\"]\n";
    scene.workplace.write("config.toml", phrase);
    let site = scene.site(&[Fault::UnknownPage]);
    let ran = scene.retrieve(&site, &[&request_id(0)]);
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    assert!(ran.stderr.contains("(E-5001)"), "{}", ran.stderr);
    scene.assert_stands(0, "refused", Some("bad-ids"));
}
