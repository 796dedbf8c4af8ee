//! One submission on its own thread: the conversation with the site, and its journal.
//!
//! What arrives is written here. The ledger and the person have one hand, the desk's: whatever concerns
//! them is asked for over a channel, so that several terminals may be under way at once.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};

use tokio::runtime::Handle;

use crate::custody::spool::Spool;
use crate::domain::{CertificatePassword, Pkcs12, ReviewedIssuance};
use crate::ledger::{AttemptId, Downloaded, FileHash, RecordId, RelativePath, SealedId};
use crate::retrieval::{
    self, AnswerEnd, FormFingerprint, FurtherRequest, Intent, Journal, JournalError,
    KeptConversation, RetrievalError, Site, UnclearProblem,
};

use super::answers::{Answers, Kept, Talk};

/// A terminal whose turn has come, with everything that its conversation needs.
pub(super) struct Turn {
    pub(super) record: RecordId,
    pub(super) reviewed: ReviewedIssuance,
    pub(super) password: CertificatePassword,
    pub(super) sealed: SealedId,
    pub(super) attempt: AttemptId,
    pub(super) answer_file: RelativePath,
    pub(super) data: PathBuf,
    pub(super) room: u64,
    /// What a person read under ダウンロード有無 before this was sent again.
    pub(super) downloaded: Option<Downloaded>,
    pub(super) task: Task,
}

/// What is to be done.
pub(super) enum Task {
    /// Submit.
    Submit,
    /// Finish what an earlier run began.
    Finish(Box<Kept>),
}

/// What a conversation asks of the desk.
pub(super) enum Ask {
    /// Whether this form may be sent.
    Form(FormFingerprint),
    /// To write that the submission is about to leave.
    Begin { host: String },
    /// To write that an answer is kept.
    Kept { bytes: u64, sha256: FileHash },
    /// The conversation is over.
    Over(Ended),
}

/// The desk's answer.
pub(super) enum Reply {
    /// Go on.
    Done,
    /// Go on, but a person took time: what was read before may be stale.
    DoneLate,
    /// The form is not accepted.
    Declined,
    /// It could not be written.
    Failed(JournalError),
}

/// How a conversation ended.
pub(super) enum Ended {
    /// With the file, through this form.
    File {
        file: Pkcs12,
        form: Option<FormFingerprint>,
    },
    /// Without it.
    Failed(RetrievalError),
    /// Before anything was submitted: the form is another than the one that worked before.
    FormDeclined,
}

/// A question of one conversation, and where its answer goes.
pub(super) struct Asked {
    pub(super) record: RecordId,
    pub(super) ask: Ask,
    pub(super) reply: Option<Sender<Reply>>,
}

/// Holds one conversation from its first request to its end.
pub(super) fn hold(turn: Turn, site: &Site, runtime: &Handle, desk: &Sender<Asked>) {
    let link = Link {
        record: turn.record,
        desk: desk.clone(),
    };
    let mut leaving = Leaving {
        link: &link,
        ended: Ended::Failed(RetrievalError::Unclear {
            problem: UnclearProblem::NoAnswer,
            received: 0,
            source: None,
        }),
    };
    leaving.ended = match &turn.task {
        Task::Submit => runtime.block_on(submit(&turn, site, &link)),
        Task::Finish(kept) => runtime.block_on(finish(&turn, kept, site, &link)),
    };
}

/// Tells the desk of the end when it is dropped: it hears of a conversation that broke down too.
struct Leaving<'a> {
    link: &'a Link,
    ended: Ended,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let ended = std::mem::replace(&mut self.ended, Ended::FormDeclined);
        // If the desk is gone, the run broke off and says so itself.
        let _gone = self.link.desk.send(Asked {
            record: self.link.record,
            ask: Ask::Over(ended),
            reply: None,
        });
    }
}

async fn submit(turn: &Turn, site: &Site, link: &Link) -> Ended {
    let mut page = match retrieval::open(site).await {
        Ok(page) => page,
        Err(error) => return Ended::Failed(error),
    };
    let form = loop {
        let form = page.fingerprint();
        match link.ask(Ask::Form(form.clone())) {
            Reply::Done => break form,
            // Its token may have run out while the person thought.
            Reply::DoneLate => match retrieval::open(site).await {
                Ok(fresh) => page = fresh,
                Err(error) => return Ended::Failed(error),
            },
            Reply::Declined | Reply::Failed(_) => return Ended::FormDeclined,
        }
    };
    let mut journal = AttemptJournal::new(turn, link, 1);
    let answered = page
        .submit(&turn.reviewed, &turn.password, &mut journal)
        .await;
    ended(answered, Some(form))
}

async fn finish(turn: &Turn, kept: &Kept, site: &Site, link: &Link) -> Ended {
    let mut journal = AttemptJournal::new(turn, link, kept.number);
    let conversation = KeptConversation {
        form_text: &kept.form_text,
        form_page: kept.form_page.as_ref(),
        action: kept.action.as_ref(),
        further: kept.further.as_ref(),
        bytes: &kept.bytes,
        end: kept.end.as_ref(),
    };
    let issuance = turn.reviewed.issuance();
    let answered =
        retrieval::finish(site, &conversation, issuance, &turn.password, &mut journal).await;
    ended(answered, None)
}

fn ended(answered: Result<Pkcs12, RetrievalError>, form: Option<FormFingerprint>) -> Ended {
    match answered {
        Ok(file) => Ended::File { file, form },
        Err(error) => Ended::Failed(error),
    }
}

/// A conversation's line to the desk.
struct Link {
    record: RecordId,
    desk: Sender<Asked>,
}

impl Link {
    /// Asks and waits. A desk that is gone drops the question, and its answer's sender with it.
    fn ask(&self, ask: Ask) -> Reply {
        let (reply, answer) = channel();
        let _gone = self.desk.send(Asked {
            record: self.record,
            ask,
            reply: Some(reply),
        });
        answer.recv().unwrap_or_else(|_| {
            Reply::Failed(JournalError {
                source: "the run is over".into(),
            })
        })
    }

    fn write(&self, ask: Ask) -> Result<(), JournalError> {
        match self.ask(ask) {
            Reply::Failed(error) => Err(error),
            Reply::Done | Reply::DoneLate | Reply::Declined => Ok(()),
        }
    }
}

/// Writes one submission down: the intent before it leaves, the answers as they arrive.
struct AttemptJournal<'a> {
    answers: Answers,
    room: u64,
    number: u32,
    spool: Option<Spool>,
    talk: Option<Talk>,
    link: &'a Link,
}

impl<'a> AttemptJournal<'a> {
    fn new(turn: &Turn, link: &'a Link, number: u32) -> Self {
        Self {
            answers: Answers::of(&turn.answer_file, &turn.data),
            room: turn.room,
            number,
            spool: None,
            talk: None,
            link,
        }
    }
}

impl Journal for AttemptJournal<'_> {
    fn intent(&mut self, intent: &Intent<'_>) -> Result<(), JournalError> {
        let (spool, talk) = self.answers.begin(intent, self.room).map_err(failed)?;
        self.spool = Some(spool);
        self.talk = Some(talk);
        let host = intent.host.to_owned();
        self.link.write(Ask::Begin { host })
    }

    fn onward(&mut self, request: &FurtherRequest) -> Result<(), JournalError> {
        if self.talk.is_none() {
            self.talk = Some(self.answers.go_on().map_err(failed)?);
        }
        if let Some(spool) = self.spool.take() {
            spool.finish().map_err(failed)?;
        }
        self.number += 1;
        if let Some(talk) = &mut self.talk {
            talk.request(self.number, request).map_err(failed)?;
        }
        let spool = self.answers.spool(self.number, self.room);
        self.spool = Some(spool.map_err(failed)?);
        Ok(())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        match &mut self.spool {
            Some(spool) => spool.append(bytes).map_err(failed),
            None => Ok(()),
        }
    }

    fn done(&mut self, end: &AnswerEnd) -> Result<(), JournalError> {
        let Some(spool) = self.spool.take() else {
            return Ok(());
        };
        let spooled = spool.finish().map_err(failed)?;
        if let Some(talk) = &mut self.talk {
            talk.end(self.number, end).map_err(failed)?;
        }
        self.link.write(Ask::Kept {
            bytes: spooled.bytes,
            sha256: FileHash(spooled.sha256),
        })
    }
}

pub(super) fn failed(source: impl std::error::Error + Send + Sync + 'static) -> JournalError {
    JournalError {
        source: Box::new(source),
    }
}
