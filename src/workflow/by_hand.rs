//! `retrieve --by-hand`: a person types the pair into the browser, noticert takes the file that comes.
//!
//! What the person does there cannot be seen from here. So the record is `unclear (by-hand)` from the moment at which
//! the pair is shown, written and synced before: a crash, a closed window or Ctrl-C leaves it so, and a plain
//! `retrieve` never submits past it. A file that fits makes it `retrieved`; only the person's own word that nothing
//! was sent makes it what it was before.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::credential::CredentialError;
use crate::domain::{CertificatePassword, ReviewedIssuance, Text};
use crate::ledger::{
    Actor, AttemptId, ByHandRequest, Downloaded, Event, IssuanceState, Record, RecordId,
    RefusedReason, SealedId, StopReason, UnclearReason,
};

use super::adopting::{AdoptError, Adopted};
use super::downloads::Downloads;
use super::error::Error;
use super::person::{PersonError, Question};
use super::retrieving::{Retrieval, SiteChoice};
use super::{Desk, name_of};

/// How a pair is retrieved by hand.
pub struct ByHand<'a> {
    /// The site that the person opens.
    pub choice: &'a SiteChoice,
    /// Where the browser saves.
    pub downloads: &'a Path,
    /// The certificate password from a file.
    pub password: Option<SecretString>,
    /// Whether the found copy is wiped without asking.
    pub wipe: bool,
}

/// A screen that shows secrets to the person before it, and forgets them.
pub trait SecretScreen {
    /// Whether it can show anything that no log keeps.
    fn can_show(&self) -> bool;

    /// Shows what has to be typed, where, and what happens meanwhile.
    fn show(
        &mut self,
        address: &str,
        reviewed: &ReviewedIssuance,
        password: &CertificatePassword,
        downloads: &Path,
    ) -> Result<(), PersonError>;

    /// Takes everything off the screen again.
    fn clear(&mut self);
}

impl Desk<'_> {
    /// Shows the pair of `id`, waits for the file, and takes it.
    pub fn retrieve_by_hand(
        &mut self,
        id: RecordId,
        by_hand: ByHand<'_>,
        screen: &mut dyn SecretScreen,
    ) -> Result<Adopted, Error> {
        let record = self.ledger.record(id)?;
        if !self.person.is_present() || !screen.can_show() {
            return Err(nobody_at_the_screen());
        }
        let Shown { again, downloaded } = self.may_be_shown(&record)?;
        let mut downloads =
            Downloads::watch(by_hand.downloads).map_err(|source| Error::Unreadable {
                path: by_hand.downloads.to_owned(),
                source,
            })?;
        let password = self.choose_password(by_hand.password)?;
        let now = self.now();
        let sealed = self.ledger.seal_password(record.id, &password, now)?;
        let (attempt, _) = self.ledger.new_attempt(now)?;
        let request = ByHandRequest {
            attempt,
            host: by_hand.choice.site.host().to_owned(),
            site: by_hand.choice.kind,
            password: sealed,
            again,
            downloaded,
        };
        self.stop.set_leaves_by_itself(true);
        let shown = self
            .ledger
            .begin_by_hand(record.id, request, now)
            .map_err(Error::from)
            .and_then(|reviewed| {
                let address = by_hand.choice.site.url().as_str();
                match screen.show(address, &reviewed, &password, by_hand.downloads) {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        // Nobody saw the pair, so nobody sent it.
                        self.note_nothing_sent(record.id, attempt, Actor::Program)?;
                        Err(error.into())
                    }
                }
            });
        let sent = Sent {
            record: &record,
            attempt,
            password: &password,
            sealed,
        };
        let came = shown.and_then(|()| self.await_file(&sent, &mut downloads));
        screen.clear();
        self.stop.set_leaves_by_itself(false);
        let Some(Came { file, bytes, kept }) = came? else {
            return Err(self.ask_what_was_sent(&record, attempt)?.into());
        };
        let found = self.put_away(&file, &kept.p12, &bytes, by_hand.wipe)?;
        Ok(Adopted {
            record: record.id,
            name: name_of(&record),
            file,
            kept,
            found,
        })
    }

    /// Whether the record may be shown, and by what word.
    fn may_be_shown(&mut self, record: &Record) -> Result<Shown, Error> {
        self.ledger.require_at_home(record.id)?;
        let mut downloaded = None;
        let again = match &record.state {
            IssuanceState::Confirmed { asked: false, .. } => false,
            IssuanceState::Unclear {
                reason: UnclearReason::ByHand,
                ..
            } => {
                self.person.tell(&Text::new(
                    "前回の手作業の結果が記録されていません。もうダウンロードしてあるときは Ctrl-C で止め、noticert adopt FILE.p12 を実行してください。",
                    "What came of the earlier attempt by hand is not recorded. If the file is there already: Ctrl-C, then noticert adopt FILE.p12.",
                ));
                true
            }
            IssuanceState::Refused {
                reason: RefusedReason::BadIds,
                ..
            } => return Err(Error::PairRefused),
            IssuanceState::Confirmed { .. }
            | IssuanceState::Unclear { .. }
            | IssuanceState::Refused { .. } => {
                downloaded = Some(self.consent_to_again(&record.state)?);
                true
            }
            state => {
                return Err(Error::WrongState {
                    state: state.name(),
                    wanted: "confirmed",
                });
            }
        };
        if let Some(deadline) = record.retrieval_deadline
            && crate::domain::japan_date(self.now()) > deadline
        {
            return match self.insists_after(deadline)? {
                true => Ok(Shown {
                    again: true,
                    downloaded,
                }),
                false => Err(Error::DeadlinePassed { deadline }),
            };
        }
        Ok(Shown { again, downloaded })
    }

    /// Waits until a file fits; `None` when the person stops.
    fn await_file(
        &mut self,
        sent: &Sent<'_>,
        downloads: &mut Downloads,
    ) -> Result<Option<Came>, Error> {
        while !self.stop.is_wanted() {
            // A folder that cannot be read for a moment (a share, a stick) may come back.
            for file in downloads.look().unwrap_or_default() {
                match self.try_file(sent, &file) {
                    Ok((kept, bytes)) => return Ok(Some(Came { file, bytes, kept })),
                    Err(error) => self.tell_why_not(&file, error)?,
                }
            }
            for _ in 0..LOOK_EVERY {
                if !self.stop.is_wanted() {
                    sleep(TICK);
                }
            }
        }
        Ok(None)
    }

    fn try_file(
        &mut self,
        sent: &Sent<'_>,
        file: &Path,
    ) -> Result<(Retrieval, Zeroizing<Vec<u8>>), Error> {
        let bytes = self.read_found(file)?;
        let kept = self.take_in(
            &bytes,
            sent.record,
            sent.password,
            Some(sent.sealed),
            Some(sent.attempt),
        )?;
        Ok((kept, bytes))
    }

    /// Says why a file was left where it is; an error of this machine ends the watch.
    fn tell_why_not(&mut self, file: &Path, error: Error) -> Result<(), Error> {
        let why = match &error {
            Error::Credential(CredentialError::WrongPassword) => Text::new(
                "画面のパスワードでは開きません。別のパスワードを入力したときは、Ctrl-C のあと noticert adopt で受け入れられます",
                "the password shown does not open it; if you typed another one, press Ctrl-C and use noticert adopt",
            ),
            Error::Credential(CredentialError::Truncated { .. }) => {
                Text::new("まだ途中です", "it is not whole yet")
            }
            Error::Adopt(AdoptError::HeldByAnother { name }) => Text::new(
                format!("{}のものとして記録済みの電子証明書です", name.ja),
                format!("this certificate is recorded for {} already", name.en),
            ),
            Error::Credential(_) | Error::Adopt(_) => Text::new(
                "この端末の電子証明書ではありません",
                "it is not the certificate of this terminal",
            ),
            // Gone or locked by the browser for a moment: the next change of the file is looked at again.
            Error::Unreadable { .. } => Text::new("読めません", "it cannot be read"),
            _ => return Err(error),
        };
        self.person.tell(&Text::new(
            format!("! {}: {}。待ち続けます…", file.display(), why.ja),
            format!("! {}: {}. Still waiting …", file.display(), why.en),
        ));
        Ok(())
    }

    /// Asks the one thing that only the person knows. Silence leaves the record unclear.
    fn ask_what_was_sent(
        &mut self,
        record: &Record,
        attempt: AttemptId,
    ) -> Result<AdoptError, Error> {
        let question = Question::plain(
            "手作業を終わります。ブラウザーで「ダウンロード」を一度も押していなければ n と入力してください（押した・分からないときは Enter）:",
            "Leaving. Type n if you never pressed the download button in the browser (Enter if you did, or are not sure):",
        );
        // Exposed to be compared with a letter.
        let never_sent = self.person.key(&question).is_ok_and(|typed| {
            matches!(
                typed.expose_secret().trim(),
                "n" | "N" | "ｎ" | "いいえ" | "no"
            )
        });
        if !never_sent {
            return Ok(AdoptError::LeftOpen);
        }
        self.note_nothing_sent(record.id, attempt, Actor::Person)?;
        Ok(AdoptError::PutOff)
    }

    fn note_nothing_sent(
        &mut self,
        id: RecordId,
        attempt: AttemptId,
        actor: Actor,
    ) -> Result<(), Error> {
        let event = Event::NotSubmitted {
            attempt: Some(attempt),
            reason: StopReason::ByHand,
        };
        self.ledger.append(id, self.now(), actor, event)?;
        Ok(())
    }
}

/// By whose word a pair may be shown.
struct Shown {
    /// Whether an earlier outcome, or the deadline, stands against it that the person knows of.
    again: bool,
    /// What the person read under ダウンロード有無, where that was asked.
    downloaded: Option<Downloaded>,
}

/// What was shown, until its file comes.
struct Sent<'a> {
    record: &'a Record,
    attempt: AttemptId,
    password: &'a CertificatePassword,
    sealed: SealedId,
}

/// A file that fitted and is kept.
struct Came {
    file: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
    kept: Retrieval,
}

fn nobody_at_the_screen() -> Error {
    Error::Person(PersonError::Absent {
        question: Text::new(
            "二つのIDをブラウザーに入力すること",
            "typing both IDs into the browser",
        ),
        cure: Text::new(
            "画面（端末ソフト）から直接実行してください。二つのIDはファイルや記録には表示しません。",
            "Run it in a terminal window: the IDs are never shown into a file or a log.",
        ),
    })
}

const TICK: Duration = Duration::from_millis(100);
/// Ticks between two looks at the folder.
const LOOK_EVERY: u32 = 5;
