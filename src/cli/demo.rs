//! `noticert demo`: the whole job against the practice site, in a scratch folder, nothing asked.

use std::path::PathBuf;

use crate::domain::Text;
use crate::workflow::{Error, Rehearsal};

use super::exit::ExitCode;
use super::{Session, now, open, status};

pub fn run(session: &Session) -> Result<ExitCode, Error> {
    let started = now();
    let data = match &session.common.data {
        Some(data) => data.clone(),
        None => scratch(started),
    };
    open::require_empty(&data)?;
    let rehearsal = Rehearsal {
        data: &data,
        config: &session.config,
        progress: &session.progress,
        clock: &now,
        stop: &session.stop,
    };
    let ledger = rehearsal.run()?;
    session.progress.clear();
    status::show(session, &ledger)?;
    let seconds = now().duration_since(started).as_secs_f64();
    session.say(&Text::new(
        format!(
            "実演は {seconds:.0}秒で終わりました。すべて練習用です。ファイル: {0}\n  もう一度見る: noticert status --data {0}\n  片付ける: このフォルダーを消してください",
            data.display()
        ),
        format!(
            "The demo took {seconds:.0} s. Everything is for practice. Files: {0}\n  Look again: noticert status --data {0}\n  Clean up: delete that folder",
            data.display()
        ),
    ));
    Ok(ExitCode::Done)
}

/// A folder of its own for this demo.
fn scratch(started: jiff::Timestamp) -> PathBuf {
    std::env::temp_dir().join(format!("noticert-demo-{}", started.as_millisecond()))
}
