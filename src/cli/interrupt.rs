//! Ctrl-C: stop at once where nothing is under way, after the running submission where one is.
//!
//! Every step is written so that a crash loses nothing, so stopping at once is safe. Only while an answer of
//! the site is awaited does the first Ctrl-C wait for it; a second one stops there too.

use std::sync::Arc;

use crate::domain::{Language, Text};
use crate::platform::TerminalState;
use crate::workflow::Stop;

use super::exit::ExitCode;
use super::secret_screen;

/// Listens for Ctrl-C from now on, on a thread of its own, and passes it to `stop`.
pub fn listen(stop: Arc<Stop>, language: Language) -> std::io::Result<()> {
    let terminal = TerminalState::remember();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    let is_first = stop.ask();
                    if is_first && stop.leaves_by_itself() {
                        continue;
                    }
                    let waits = is_first && stop.is_submitting();
                    secret_screen::take_off();
                    if let Some(terminal) = &terminal {
                        terminal.restore();
                    }
                    let message = if waits { waiting() } else { stopped() };
                    eprintln!("\n{}", message.in_language(language));
                    if !waits {
                        std::process::exit(i32::from(ExitCode::Interrupted.number()));
                    }
                }
            });
        })?;
    Ok(())
}

fn waiting() -> Text {
    Text::new(
        "中断します。送信済みの端末の応答だけ待っています（もう一度 Ctrl-C で待たずに終了。受け取ったデータは残り、再送はしません）。",
        "Stopping after the answer to the submission under way (Ctrl-C again stops at once; what has arrived is kept, nothing is sent again).",
    )
}

fn stopped() -> Text {
    Text::new(
        "中断しました。記録済みの内容は失われていません。同じ命令をもう一度実行すると続きから行います。",
        "Interrupted. Nothing recorded is lost. Run the same command again to go on.",
    )
}
