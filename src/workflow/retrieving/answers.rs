//! What one submission left on disk: each answer as received, and beside them how the conversation went.
//!
//! `answers/<attempt>.bin` is the answer to the submission, `.2.bin` and so on are those to further requests.
//! `<attempt>.page.html` is a page without its secrets, kept for a person. `<attempt>.talk` holds a line for the form, for each further request before it left and for each end of an answer;
//! a line that was torn by a power cut is as good as not written.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use crate::custody::{DiskError, spool::Spool};
use crate::custody::{PathKind, files};
use crate::ledger::RelativePath;
use crate::platform;
use crate::retrieval::{AnswerEnd, Cookies, FurtherRequest, Intent, SeenPage};

use super::super::error::Error;

/// The files of one submission.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    /// The answer to the submission.
    first: PathBuf,
}

/// A conversation as it lies on disk.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) form_text: String,
    pub(super) form_page: Option<Url>,
    pub(super) action: Option<Url>,
    pub(super) further: Option<FurtherRequest>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) end: Option<AnswerEnd>,
    /// Number of the last answer.
    pub(super) number: u32,
}

/// The conversation's file, open for writing.
#[derive(Debug)]
pub(super) struct Talk {
    file: File,
    path: PathBuf,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Line {
    Form {
        text: String,
        page: String,
        action: String,
    },
    Request {
        number: u32,
        url: String,
        repeatable: bool,
        cookies: Option<String>,
    },
    End {
        number: u32,
        status: Option<u16>,
        content_type: Option<String>,
        retry_after: Option<String>,
        #[serde(default)]
        headers: Vec<(String, String)>,
        bytes: u64,
        whole: bool,
        cookies: Option<String>,
    },
}

impl Answers {
    pub(super) fn of(answer_file: &RelativePath, data: &Path) -> Self {
        Self {
            first: answer_file.under(data),
        }
    }

    /// Makes the place of the first answer and writes what the form page said.
    pub(super) fn begin(&self, intent: &Intent<'_>, room: u64) -> Result<(Spool, Talk), DiskError> {
        let spool = self.spool(1, room)?;
        let path = self.talk();
        let failed = |error| DiskError::new(PathKind::Answer, &path, error);
        let file = platform::create_owner_only(&path).map_err(failed)?;
        let mut talk = Talk {
            file,
            path: path.clone(),
        };
        talk.write(&Line::Form {
            text: intent.form_text.to_owned(),
            page: intent.form_page.to_string(),
            action: intent.action.to_string(),
        })?;
        platform::sync_dir(self.folder()).map_err(failed)?;
        Ok((spool, talk))
    }

    /// Opens the conversation of an earlier run, to go on with it.
    pub(super) fn go_on(&self) -> Result<Talk, DiskError> {
        let path = self.talk();
        let file = File::options()
            .append(true)
            .open(&path)
            .map_err(|error| DiskError::new(PathKind::Answer, &path, error))?;
        let mut talk = Talk { file, path };
        // A line that a power cut tore must not swallow the next one.
        talk.end_line()?;
        Ok(talk)
    }

    /// Makes the place of the answer with this number.
    pub(super) fn spool(&self, number: u32, room: u64) -> Result<Spool, DiskError> {
        Spool::create(self.folder(), &name_of(&self.answer(number)), room)
    }

    /// Whether anything of this submission is on disk.
    pub(super) fn was_begun(&self) -> bool {
        self.first.exists()
    }

    /// Reads everything back. A file that was never made is an answer that never began; one that cannot be read
    /// now may hold the certificate, so that is an error which leaves the record as it is.
    pub(super) fn kept(&self) -> Result<Kept, Error> {
        let mut kept = Kept {
            number: 1,
            ..Kept::default()
        };
        let talk = read_if_there(&self.talk())?;
        for line in talk.split(|byte| *byte == b'\n') {
            if let Ok(line) = serde_json::from_slice(line) {
                kept.take(line);
            }
        }
        kept.bytes = Zeroizing::new(read_if_there(&self.answer(kept.number))?);
        Ok(kept)
    }

    /// Wipes all of it, also what an earlier run left without a line in the talk.
    pub(super) fn wipe(&self) -> Result<(), DiskError> {
        let failed = |error| DiskError::new(PathKind::Answer, self.folder(), error);
        let own = format!("{}.", name_of(&self.first.with_extension("")));
        let page = name_of(&self.page());
        if !self.folder().exists() {
            return Ok(());
        }
        for entry in std::fs::read_dir(self.folder()).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = name_of(&path);
            if name.starts_with(&own) && name != page {
                files::wipe(&path)?;
            }
        }
        Ok(())
    }

    /// Puts a page without its secrets where a person and the support find it.
    pub(super) fn keep_page(&self, masked: &str) -> Result<PathBuf, DiskError> {
        // What stopped before its submission made no place for an answer.
        files::create_dir(self.folder(), PathKind::Answer)?;
        let name = name_of(&self.page());
        files::write_new_owner_only_atomic(self.folder(), &name, masked.as_bytes())
    }

    fn page(&self) -> PathBuf {
        self.first.with_extension(PAGE)
    }

    fn answer(&self, number: u32) -> PathBuf {
        match number {
            1 => self.first.clone(),
            _ => self.first.with_extension(format!("{number}.bin")),
        }
    }

    fn talk(&self) -> PathBuf {
        self.first.with_extension("talk")
    }

    fn folder(&self) -> &Path {
        self.first.parent().unwrap_or(Path::new("."))
    }
}

impl Talk {
    pub(super) fn request(
        &mut self,
        number: u32,
        request: &FurtherRequest,
    ) -> Result<(), DiskError> {
        self.write(&Line::Request {
            number,
            url: request.url.to_string(),
            repeatable: request.repeatable,
            cookies: request.cookies.as_ref().map(|c| c.as_str().to_owned()),
        })
    }

    pub(super) fn end(&mut self, number: u32, end: &AnswerEnd) -> Result<(), DiskError> {
        self.write(&Line::End {
            number,
            status: end.status,
            content_type: end.content_type.clone(),
            retry_after: end.retry_after.clone(),
            headers: end.headers.clone(),
            bytes: end.bytes,
            whole: end.whole,
            cookies: end.cookies.as_ref().map(|c| c.as_str().to_owned()),
        })
    }

    fn write(&mut self, line: &Line) -> Result<(), DiskError> {
        let failed = |error| DiskError::new(PathKind::Answer, &self.path, error);
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(failed)?;
        self.file.sync_all().map_err(failed)
    }

    fn end_line(&mut self) -> Result<(), DiskError> {
        self.file
            .write_all(b"\n")
            .map_err(|error| DiskError::new(PathKind::Answer, &self.path, error))
    }
}

impl Kept {
    /// Whether the site led on to an address that may be asked again.
    pub(super) fn leads_on(&self) -> bool {
        self.further
            .as_ref()
            .is_some_and(|request| request.repeatable)
    }

    /// The last answer as a page.
    pub(super) fn page(&self) -> SeenPage {
        let end = self.end.as_ref();
        SeenPage {
            status: end.and_then(|end| end.status),
            content_type: end.and_then(|end| end.content_type.clone()),
            headers: end.map_or_else(Vec::new, |end| end.headers.clone()),
            bytes: self.bytes.to_vec(),
        }
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Form { text, page, action } => {
                self.form_text = text;
                self.form_page = page.parse().ok();
                self.action = action.parse().ok();
            }
            Line::Request {
                number,
                url,
                repeatable,
                cookies,
            } => {
                self.number = number;
                self.end = None;
                self.further = url.parse().ok().map(|url| FurtherRequest {
                    url,
                    repeatable,
                    cookies: cookies.map(Cookies::new),
                });
            }
            Line::End {
                number,
                status,
                content_type,
                retry_after,
                headers,
                bytes,
                whole,
                cookies,
            } if number == self.number => {
                self.end = Some(AnswerEnd {
                    status,
                    content_type,
                    retry_after,
                    headers,
                    bytes,
                    whole,
                    cookies: cookies.map(Cookies::new),
                });
            }
            Line::End { .. } => {}
        }
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The file's bytes, none when it was never made.
fn read_if_there(path: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// What follows the attempt in the name of a page that is kept.
pub(super) const PAGE: &str = "page.html";
