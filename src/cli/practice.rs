//! `noticert practice`: the practice site until Ctrl-C, with an invented letter that it knows.

use serde_json::json;

use crate::domain::Text;
use crate::workflow::{Error, PracticeWish, open_practice};

use super::args::PracticeArguments;
use super::exit::ExitCode;
use super::{Session, now};

pub fn run(session: &Session, arguments: &PracticeArguments) -> Result<ExitCode, Error> {
    let wish = PracticeWish {
        terminals: arguments.terminals.max(1),
        listen: arguments.listen,
        faults: arguments.faults.clone(),
        seed: arguments.seed,
    };
    let practice = open_practice(&arguments.to, wish, &session.config, now())?;
    let files = &practice.files;
    if session.common.json {
        println!(
            "{}",
            json!({
                "schema": "noticert.practice/1",
                "url": files.url,
                "ca_file": files.ca_file,
                "letter": files.letter,
                "issuances": files.issuances,
            })
        );
    } else {
        println!(
            "{}",
            session.text(&Text::new(
                format!(
                    "練習用サイト: {}\n認証局: {}\n通知書: {}\n\n別の画面で:\n  noticert run {} --site {} --ca-file {} --ca-only --data 練習 --folder 練習/store",
                    files.url,
                    files.ca_file.display(),
                    files.letter.display(),
                    files.letter.display(),
                    files.url,
                    files.ca_file.display()
                ),
                format!(
                    "Practice site: {}\nAuthority: {}\nLetter: {}\n\nIn another window:\n  noticert run {} --site {} --ca-file {} --ca-only --data practice --folder practice/store",
                    files.url,
                    files.ca_file.display(),
                    files.letter.display(),
                    files.letter.display(),
                    files.url,
                    files.ca_file.display()
                ),
            ))
        );
    }
    session.say(&Text::new("終了するには Ctrl-C", "Ctrl-C ends it"));
    for fault in &arguments.faults {
        session.say(&Text::new(
            format!("  {} … {}", fault.name(), fault.about()),
            format!("  misbehaves: {}", fault.name()),
        ));
    }
    practice.serve_until(&session.stop, &session.progress);
    Ok(ExitCode::Done)
}
