//! The screen that shows secrets to the person who types or writes them down, and nothing of it afterwards.
//!
//! It is the terminal's other page (alternate screen), which no scroll-back keeps. Standard error has to be a
//! terminal: what is redirected into a file or a log is never shown anything.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::{CertificatePassword, Language, ReviewedIssuance, Text, grouped};
use crate::platform;
use crate::workflow::{PersonError, SecretScreen};

use super::large::large;

/// The other page of the terminal.
pub struct OtherPage {
    language: Language,
    is_open: bool,
}

impl OtherPage {
    pub fn new(language: Language) -> Self {
        Self {
            language,
            is_open: false,
        }
    }

    fn page(
        &self,
        address: &str,
        reviewed: &ReviewedIssuance,
        password: &CertificatePassword,
        downloads: &Path,
    ) -> Vec<String> {
        let issuance = reviewed.issuance();
        let name = issuance
            .terminal_name
            .as_ref()
            .map_or_else(String::new, |name| format!("「{name}」"));
        let say = |ja: String, en: String| Text::new(ja, en).in_language(self.language).to_owned();
        let mut lines = vec![say(
            format!("{name} このパソコンのブラウザーで開く: {address}"),
            format!("{name} Open in the browser of this computer: {address}"),
        )];
        let request_id = issuance.request_id.as_str();
        // Shown to be typed; the page is taken off the screen when the file has come.
        let reference_id = issuance.reference_id.expose();
        for (title, id) in [
            ("リクエストID", request_id),
            ("リファレンスID", reference_id),
        ] {
            lines.push(format!("{title}   {}", grouped(id)));
            lines.extend(large(id, COLUMNS));
        }
        lines.push(say(
            // Shown to be typed, as above.
            format!("証明書パスワード（2回とも同じ）   {}", password.expose()),
            format!(
                "Certificate password (the same twice)   {}",
                password.expose()
            ),
        ));
        lines.push(say(
            "「ダウンロード」を押すのは1回だけ。やめるときは Ctrl-C".to_owned(),
            "Press the download button once only. Ctrl-C leaves.".to_owned(),
        ));
        lines.push(say(
            format!("{} に .p12 が現れるのを待っています…", downloads.display()),
            format!("Waiting for a .p12 in {} …", downloads.display()),
        ));
        lines
    }

    /// Shows a password that is written on paper now.
    pub fn show_password(
        &mut self,
        whose: &Text,
        password: &CertificatePassword,
    ) -> Result<(), PersonError> {
        // Shown to be written down; the page is taken off the screen when the person goes on.
        let digits = password.expose();
        let say = |ja: String, en: String| Text::new(ja, en).in_language(self.language).to_owned();
        let mut lines = vec![
            say(
                format!("{} の証明書パスワード   {digits}", whose.ja),
                format!("Certificate password of {}   {digits}", whose.en),
            ),
            String::new(),
        ];
        lines.extend(large(digits, COLUMNS));
        lines.push(say(
            "紙に書き、USBとは別の、鍵のかかる所に保管してください。写真やメモのファイルには残さないでください。"
                .to_owned(),
            "Write it on paper and lock that away, apart from the stick. No photograph, no file.".to_owned(),
        ));
        self.open(&lines)
    }

    fn open(&mut self, lines: &[String]) -> Result<(), PersonError> {
        self.is_open = true;
        SHOWN.store(true, Ordering::SeqCst);
        Self::write(&format!("{OPEN}{}\r\n", lines.join("\r\n"))).map_err(PersonError::Terminal)
    }

    fn write(text: &str) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        stderr.write_all(text.as_bytes())?;
        stderr.flush()
    }
}

impl SecretScreen for OtherPage {
    fn can_show(&self) -> bool {
        io::stderr().is_terminal() && platform::obeys_escapes()
    }

    fn show(
        &mut self,
        address: &str,
        reviewed: &ReviewedIssuance,
        password: &CertificatePassword,
        downloads: &Path,
    ) -> Result<(), PersonError> {
        let page = self.page(address, reviewed, password, downloads);
        self.open(&page)
    }

    fn clear(&mut self) {
        if self.is_open {
            self.is_open = false;
            take_off();
        }
    }
}

impl Drop for OtherPage {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Takes an open page off the screen, also from another thread: a program that is ended leaves no secret standing.
pub fn take_off() {
    if SHOWN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone shows nothing any more.
        let _gone = OtherPage::write(CLOSE);
    }
}

/// Whether a page stands on the screen.
static SHOWN: AtomicBool = AtomicBool::new(false);
/// Fits the narrowest common terminal.
const COLUMNS: usize = 78;
/// To the other page, wiped, from its first line on.
const OPEN: &str = "\x1b[?1049h\x1b[2J\x1b[H";
/// Wiped, and back to the first page.
const CLOSE: &str = "\x1b[2J\x1b[H\x1b[?1049l";
