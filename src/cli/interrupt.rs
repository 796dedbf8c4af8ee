//! Ctrl-C: stop at once where nothing is under way, after the running submission where one is.
//!
//! Every step is written so that a crash loses nothing, so stopping at once is safe. Only while an answer of
//! the site is awaited does the first Ctrl-C wait for it; a second one stops there too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::{Language, Text};
use crate::platform::TerminalState;

use super::exit::ExitCode;

/// What the handler and the workflow tell each other.
#[derive(Clone, Default)]
pub struct Interrupt {
    /// Set by the first Ctrl-C: take up nothing new.
    pub wanted: Arc<AtomicBool>,
    /// Set by the workflow while an answer of the site is awaited.
    pub submitting: Arc<AtomicBool>,
}

impl Interrupt {
    /// Whether the person asked to stop.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }

    /// Listens from now on, on a thread of its own.
    pub fn listen(&self, language: Language) -> std::io::Result<()> {
        let handler = self.clone();
        let terminal = TerminalState::remember();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    while tokio::signal::ctrl_c().await.is_ok() {
                        let first = !handler.wanted.swap(true, Ordering::SeqCst);
                        let submitting = handler.submitting.load(Ordering::SeqCst);
                        terminal.restore();
                        let message = match first && submitting {
                            true => waiting(),
                            false => stopped(),
                        };
                        eprintln!("\n{}", message.in_language(language));
                        if !(first && submitting) {
                            std::process::exit(i32::from(ExitCode::Interrupted.number()));
                        }
                    }
                });
            })?;
        Ok(())
    }
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
