//! Pages of `fixtures/site/answers` in answer to the submission: the state that each says, and what a plain re-run does.
//!
//! The line that matters runs between `confirmed`, from where a plain re-run submits, and everything else, from where it
//! never does: a page is on the near side only when the submission cannot have been processed.

use std::path::{Path, PathBuf};

use crate::fake_site::{FakeSite, Reply, Request};
use crate::scene::{Scene, authority, request_id, runtime};

/// A page as its file has it.
#[derive(Clone, Debug)]
pub struct Answer {
    name: String,
    /// State and reason.
    expected: (String, Option<String>),
    /// Status and headers, and the page itself.
    page: (String, String),
    /// What is at every other address.
    then: Option<(String, String)>,
}

impl Answer {
    pub fn of(name: &str) -> Self {
        Self::read(&folder().join(format!("{name}.html")))
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let part = |text: &str, mark: &str| {
            let (_, rest) = text.split_once(mark)?;
            let (value, page) = rest.split_once(" -->\n")?;
            Some((value.to_owned(), page.to_owned()))
        };
        let (expected, _) = part(&text, "expect: ").unwrap();
        let (head, pages) = part(&text, "<!-- answer ").unwrap();
        let page = match pages.split_once("<!-- then ") {
            Some((page, _)) => page.to_owned(),
            None => pages,
        };
        let (state, reason) = match expected.split_once(' ') {
            Some((state, reason)) => (state.to_owned(), Some(reason.to_owned())),
            None => (expected, None),
        };
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            expected: (state, reason),
            page: (head, page),
            then: part(&text, "<!-- then "),
        }
    }

    /// A site whose form is answered by this page.
    pub fn served(&self) -> FakeSite {
        let answer = self.clone();
        let form = std::fs::read(root().join("fixtures/site/forms/plain-table.html")).unwrap();
        let reply = move |request: &Request| match (request.method.as_str(), &answer.then) {
            ("POST", _) => reply(&answer.page),
            (_, Some(then)) if request.target != "/p/rcd" => reply(then),
            _ => Reply::page(&form),
        };
        runtime().block_on(FakeSite::start(authority(), &["127.0.0.1"], reply))
    }
}

/// `STATUS[, HEADER: VALUE]` and the page; a redirect leads to another page of the site.
fn reply((head, page): &(String, String)) -> Reply {
    match head.split_once(", ") {
        Some((status, header)) => html(&format!("{status} Answer\r\n{header}"), page),
        None if head.starts_with('3') => Reply::redirect(head.parse().unwrap(), "/p/next"),
        None => html(&format!("{head} Answer"), page),
    }
}

fn html(head: &str, page: &str) -> Reply {
    Reply::with(
        &format!("{head}\r\nContent-Type: text/html; charset=UTF-8"),
        page,
    )
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("fixtures/site/answers")
}

fn all() -> Vec<Answer> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| Answer::read(path)).collect()
}

#[test]
fn a_page_that_may_have_processed_the_pair_is_not_followed_by_a_second_submission() {
    let answers = all();
    assert!(answers.len() > 20, "{}", answers.len());
    let scene = Scene::with(answers.len());
    let mut wrong = Vec::new();
    for (number, answer) in answers.iter().enumerate() {
        let site = answer.served();
        let first = scene.retrieve_from(&site.url, &[&request_id(number)]);
        let stands = scene.stands(number);
        if stands != answer.expected {
            wrong.push(format!(
                "{}: {stands:?}, expected {:?}\n{}",
                answer.name, answer.expected, first.stderr
            ));
        }
        let again = scene.retrieve_from(&site.url, &[&request_id(number)]);
        let allowed = match answer.expected.0.as_str() {
            "confirmed" => 2,
            _ => 1,
        };
        if site.submissions() != allowed {
            wrong.push(format!(
                "{}: {} submissions\n{}",
                answer.name,
                site.submissions(),
                again.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
