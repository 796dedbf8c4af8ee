//! A program in a real terminal, and what a person types there.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Ran;

/// A program that runs inside `script`, which gives it a terminal.
pub struct AtTheScreen(Child);

impl AtTheScreen {
    /// Starts `noticert`. Its environment is the test's, not the command's.
    pub fn start(noticert: &Command) -> Self {
        Self::spawn(&mut script(noticert))
    }

    /// The same in a home folder of its own: no store of the person who runs the tests.
    pub fn start_at_home(noticert: &Command, home: &Path) -> Self {
        let mut script = script(noticert);
        Self::spawn(script.env("HOME", home).env_remove("XDG_DATA_HOME"))
    }

    fn spawn(script: &mut Command) -> Self {
        let piped = script
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(piped.spawn().unwrap())
    }

    pub fn types(&mut self, text: &str) {
        self.write(text).unwrap();
    }

    /// Types each line when the program has had time to ask: a hidden prompt throws away what was typed before it
    /// stood there. Stops when nobody is there any more.
    pub fn types_slowly(&mut self, lines: &[&str]) {
        for line in lines {
            thread::sleep(Duration::from_secs(4));
            if self.write(&format!("{line}\n")).is_err() {
                break;
            }
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let keyboard = self.0.stdin.as_mut().unwrap();
        keyboard.write_all(text.as_bytes())?;
        keyboard.flush()
    }

    /// Waits for the program; the keyboard stays plugged in until it has ended by itself.
    pub fn ends(mut self) -> Ran {
        let keyboard = self.0.stdin.take();
        let output = self.0.wait_with_output().unwrap();
        drop(keyboard);
        Ran::of(output)
    }
}

fn script(noticert: &Command) -> Command {
    let words: Vec<String> = std::iter::once(noticert.get_program())
        .chain(noticert.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = Command::new("script");
    script
        .args(["-qefc", &words.join(" "), "/dev/null"])
        // No key store of the person who runs the tests.
        .env_remove("DBUS_SESSION_BUS_ADDRESS");
    script
}
