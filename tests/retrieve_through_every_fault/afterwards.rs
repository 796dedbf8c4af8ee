//! What a second run does after a first one that ended early: finish, ask, or leave it to a person; never submit.

use std::process::Command;

use noticert::practice::authority::{self, Encoding};
use noticert::practice::site::{Fault, Running};

use crate::scene::{Scene, authority, issuance, request_id, runtime};
use crate::support::screen::AtTheScreen;
use crate::support::{PASSWORD, Ran};

/// Runs a command in a real terminal and types `lines`.
fn typed(command: &Command, lines: &str) -> Ran {
    let mut screen = AtTheScreen::start(command);
    screen.types(lines);
    screen.ends()
}

#[test]
fn a_file_whose_link_broke_is_fetched_by_the_next_run_without_a_submission() {
    let scene = Scene::with(1);
    let site = scene.site(&[Fault::LinkCutOnce]);
    let first = scene.retrieve(&site, &["--all"]);
    assert_eq!(first.code, 10, "{}", first.stderr);
    scene.assert_stands(0, "unclear", None);

    let second = scene.retrieve(&site, &["--all"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    scene.assert_stands(0, "retrieved", None);
    assert_eq!(site.submissions(), 1);
    assert!(scene.answers().is_empty(), "{:?}", scene.answers());
}

#[test]
fn an_unreadable_kept_answer_is_not_taken_for_one_that_never_came() {
    let scene = Scene::with(1);
    let silent = scene.site(&[Fault::Silence]);
    scene.retrieve_until_submitted(&silent, &["--all"]);
    scene.assert_stands(0, "submitting", None);
    let answer = scene
        .answers()
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .unwrap();

    // A folder in its place cannot be read as a file, whoever asks.
    std::fs::remove_file(&answer).unwrap();
    std::fs::create_dir(&answer).unwrap();
    let unreadable = scene.retrieve(&silent, &["--all"]);
    assert_ne!(unreadable.code, 0);
    assert!(unreadable.stderr.contains("bin"), "{}", unreadable.stderr);
    scene.assert_stands(0, "submitting", None);

    // Once it can be read, it is the file.
    std::fs::remove_dir(&answer).unwrap();
    let grant = authority::Grant::from(&issuance(0));
    let password = PASSWORD.parse().unwrap();
    let file = authority()
        .issue(&grant, &password, Encoding::Modern)
        .unwrap();
    std::fs::write(&answer, file).unwrap();
    let finished = scene.retrieve(&silent, &["--all"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    scene.assert_stands(0, "retrieved", None);
    assert_eq!(silent.submissions(), 1);
}

#[test]
fn a_page_that_asked_for_more_is_sent_again_by_a_persons_word_only() {
    let scene = Scene::with(1);
    let asking = scene.site(&[Fault::ConfirmAsks]);
    let id = request_id(0);
    assert_eq!(scene.retrieve(&asking, &[&id]).code, 10);
    scene.assert_stands(0, "confirmed", Some("needs-attention"));
    let page = scene.answers();
    assert_eq!(page.len(), 1, "the page is kept: {page:?}");
    assert!(
        std::fs::read_to_string(&page[0])
            .unwrap()
            .contains("画像の文字"),
        "{page:?}"
    );

    for again in [&["--yes"][..], &["--again", "--yes"]] {
        let mut what = vec![id.as_str()];
        what.extend(again);
        let ran = scene.retrieve(&asking, &what);
        assert_ne!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(asking.submissions(), 1);
    }

    let good = scene.site(&[]);
    let ran = typed(&scene.command(&good, &[&id, "--again"]), "無\n送る\n");
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    scene.assert_stands(0, "retrieved", None);
}

#[test]
fn a_refused_terminal_is_told_with_its_reason_and_the_way_on() {
    let scene = Scene::with(1);
    let site = scene.site(&[Fault::Locked]);
    let id = request_id(0);
    let first = scene.retrieve(&site, &[&id]);
    assert!(first.stderr.contains("--again"), "{}", first.stderr);
    let again = scene.retrieve(&site, &[&id]);
    assert_eq!(again.code, 11, "{}", again.stderr);
    for word in ["locked", "--again", "今回は何も送信していません"] {
        assert!(again.stderr.contains(word), "{word}: {}", again.stderr);
    }
    assert_eq!(site.submissions(), 1);
}

#[test]
fn what_was_sent_is_told_apart_from_what_was_not() {
    let scene = Scene::with(3);
    for (number, (fault, submissions, words)) in [
        (Fault::Closed, 0, "IDもパスワードも送信していません"),
        (Fault::NoTls, 0, "IDもパスワードも送信していません"),
        (Fault::Maintenance, 1, "1回送信しました"),
    ]
    .into_iter()
    .enumerate()
    {
        let site = scene.site(&[fault]);
        let ran = scene.retrieve(&site, &[&request_id(number)]);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        assert_eq!(site.submissions(), submissions);
    }
}

/// The door that was closed the second time says nothing of the first.
#[test]
fn a_closed_door_after_a_persons_word_leaves_the_first_submission_in_doubt() {
    let scene = Scene::with(1);
    let id = request_id(0);
    let unknown = scene.site(&[Fault::UnknownPage]);
    scene.retrieve(&unknown, &[&id]);
    scene.assert_stands(0, "refused", Some("unknown"));

    let over = scene.site(&[Fault::SessionTimeout]);
    typed(&scene.command(&over, &[&id, "--again"]), "無\n送る\n");
    assert_eq!(over.submissions(), 1);
    scene.assert_stands(0, "refused", Some("unknown"));
    scene.retrieve(&over, &[&id]);
    assert_eq!(over.submissions(), 1);
}

/// Ends a site and starts another at its address.
fn replaced(scene: &Scene, site: Running, faults: &[Fault]) -> Running {
    let url: url::Url = site.url().parse().unwrap();
    runtime().block_on(site.shutdown());
    let address = format!("127.0.0.1:{}", url.port().unwrap());
    scene.site_at(address.parse().unwrap(), faults)
}

#[test]
fn a_form_whose_structure_changed_is_asked_about_before_anything_is_sent() {
    let scene = Scene::with(4);
    let site = scene.site(&[]);
    assert_eq!(scene.retrieve(&site, &[&request_id(0)]).code, 0);

    let changed = replaced(&scene, site, &[Fault::FormOtherOrder]);
    let id = request_id(1);
    for yes in [&[][..], &["--yes"]] {
        let mut what = vec![id.as_str()];
        what.extend(yes);
        let ran = scene.retrieve(&changed, &what);
        assert_eq!(ran.code, 10, "{}", ran.stderr);
        assert!(ran.stderr.contains("構造"), "{}", ran.stderr);
        scene.assert_stands(1, "confirmed", Some("needs-attention"));
    }
    assert_eq!(changed.submissions(), 0);

    let no = typed(&scene.command(&changed, &[&id]), "n\n");
    assert_eq!(no.code, 10, "{}", no.stdout);
    assert_eq!(changed.submissions(), 0);
    let yes = typed(&scene.command(&changed, &[&id]), "y\n");
    assert_eq!(yes.code, 0, "{}", yes.stdout);
    scene.assert_stands(1, "retrieved", None);

    // From here on it is the known one, and wording does not matter.
    assert_eq!(scene.retrieve(&changed, &[&request_id(2)]).code, 0);
    let same = replaced(&scene, changed, &[Fault::FormOtherOrder]);
    assert_eq!(scene.retrieve(&same, &[&request_id(3)]).code, 0);
}

fn report_for_a_helper(scene: &Scene) -> String {
    let ran = scene.workplace.run([
        "support",
        "--to",
        scene.workplace.path("help").to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    std::fs::read_to_string(ran.stdout.trim()).unwrap()
}

/// What the ledger has of the last submission.
fn last_submission(scene: &Scene) -> String {
    let report = report_for_a_helper(scene);
    let mut lines = report.lines().rev();
    let sent = lines.find(|line| line.contains("submitting host="));
    sent.unwrap().to_owned()
}

#[test]
fn a_page_that_is_not_understood_is_kept_for_a_helper_until_the_site_hands_out_a_file() {
    use std::os::unix::fs::PermissionsExt;

    let scene = Scene::with(2);
    let asking = scene.site(&[Fault::FormCaptcha]);
    let id = request_id(0);
    for attempt in 1..=2 {
        let ran = scene.retrieve(&asking, &[&id]);
        assert_eq!(ran.code, 10, "{}", ran.stderr);
        for told in [
            "画面の写し",
            "見つかった欄: リクエストID、リファレンスID",
            "ほかの欄: 1",
        ] {
            assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        }
        assert_eq!(scene.answers().len(), attempt, "one page per attempt");
    }
    assert_eq!(asking.submissions(), 0);
    for page in scene.answers() {
        let mode = std::fs::metadata(&page).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", page.display());
        let text = std::fs::read_to_string(&page).unwrap();
        for told in [
            "HTTP 200",
            "content-type: text/html",
            "date: ",
            "画像の文字",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(!text.to_lowercase().contains("cookie"), "{text}");
    }
    let report = report_for_a_helper(&scene);
    for told in ["HTTP 200", "content-type: text/html", "画像の文字"] {
        assert!(report.contains(told), "{told}: {report}");
    }

    // A refusal that was understood may have been misunderstood: its page is there too.
    let refusing = scene.site(&[Fault::AlreadyIssued]);
    assert_eq!(scene.retrieve(&refusing, &[&request_id(1)]).code, 11);
    assert_eq!(scene.answers().len(), 3);

    let good = scene.site(&[]);
    assert_eq!(scene.retrieve(&good, &[&id]).code, 0);
    // The next run wipes what nothing needs; the refused terminal has no file yet.
    assert_eq!(scene.retrieve(&good, &[&id]).code, 0);
    let left = scene.answers();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        std::fs::read_to_string(&left[0])
            .unwrap()
            .contains("取得済み")
    );
}

#[test]
fn what_the_person_looked_up_is_asked_first_and_written_down() {
    let scene = Scene::with(1);
    let id = request_id(0);
    let lost = scene.site(&[Fault::NoAnswer]);
    assert_eq!(scene.retrieve(&lost, &[&id]).code, 10);
    scene.assert_stands(0, "unclear", None);

    // Neither an answer that is none of the three nor the answer alone sends anything.
    let declined = typed(&scene.command(&lost, &[&id, "--again"]), "送る\n有\n\n");
    assert_eq!(declined.code, 10, "{}", declined.stdout);
    assert!(
        declined.stdout.contains("ダウンロード有無は？"),
        "{}",
        declined.stdout
    );
    assert!(
        declined.stdout.contains("送り直しをやめました"),
        "{}",
        declined.stdout
    );
    assert_eq!(lost.submissions(), 1);
    scene.assert_stands(0, "unclear", None);

    let one_shot = scene.site(&[Fault::OneShot]);
    let sent = typed(
        &scene.command(&one_shot, &[&id, "--again"]),
        "分からない\n送る\n",
    );
    assert_eq!(sent.code, 0, "{}", sent.stdout);
    let last = last_submission(&scene);
    assert!(last.contains("again=true downloaded=not-known"), "{last}");
}

#[test]
fn a_site_that_takes_each_request_once_answers_the_second_submission_as_already_issued() {
    let scene = Scene::with(1);
    let id = request_id(0);
    // The file goes out and is lost on the way.
    let site = scene.site(&[Fault::OneShot, Fault::Cut]);
    assert_eq!(scene.retrieve(&site, &[&id]).code, 10);
    scene.assert_stands(0, "unclear", None);
    let again = typed(&scene.command(&site, &[&id, "--again"]), "2\n送る\n");
    assert_eq!(again.code, 11, "{}", again.stdout);
    scene.assert_stands(0, "refused", Some("already-issued"));
    assert_eq!(site.submissions(), 2);
}

#[test]
fn a_refused_pair_goes_to_review_before_anything_is_asked() {
    let scene = Scene::with(1);
    let id = request_id(0);
    let site = scene.site(&[Fault::BadIds]);
    assert_eq!(scene.retrieve(&site, &[&id]).code, 11);
    for what in [
        &[id.as_str()][..],
        &[&id, "--again"],
        &[&id, "--again", "--yes"],
    ] {
        let ran = scene.retrieve(&site, what);
        assert_eq!(ran.code, 11, "{}", ran.stderr);
        assert!(ran.stderr.contains("noticert review"), "{}", ran.stderr);
    }
    // At a screen nothing is asked either, so that nothing need be typed.
    let at_the_screen = typed(&scene.command(&site, &[&id, "--again"]), "");
    assert_eq!(at_the_screen.code, 11, "{}", at_the_screen.stdout);
    assert!(
        !at_the_screen.stdout.contains("ダウンロード有無は？"),
        "{}",
        at_the_screen.stdout
    );
    scene.assert_stands(0, "refused", Some("bad-ids"));
    assert_eq!(site.submissions(), 1);
}
