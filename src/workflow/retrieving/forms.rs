//! The site's form against the one that worked before: a changed site is a person's to look at first.

use crate::domain::Text;
use crate::ledger::{Actor, Event, RecordId};
use crate::retrieval::FormFingerprint;

use super::super::Desk;
use super::super::error::Error;
use super::super::person::Question;
use super::SiteChoice;
use super::asking::is_yes;
use super::attempt::Reply;

/// The forms that may be sent in this run.
#[derive(Debug, Default)]
pub(super) struct Forms {
    /// The one of the last success; read from the ledger once.
    known: Option<Option<String>>,
    /// Those that a person accepted since.
    accepted: Vec<FormFingerprint>,
}

impl Desk<'_> {
    /// Whether this form may be sent: the known one, the first one ever, or one that a person accepts now.
    pub(super) fn judge_form(
        &mut self,
        form: &FormFingerprint,
        forms: &mut Forms,
        choice: &SiteChoice,
    ) -> Result<Reply, Error> {
        let known = match &forms.known {
            Some(known) => known.clone(),
            None => self.ledger.known_form(&choice.site.host())?,
        };
        forms.known = Some(known.clone());
        let is_known = known.is_none_or(|known| known == form.as_str());
        if is_known || forms.accepted.contains(form) {
            return Ok(Reply::Done);
        }
        if !self.person.is_present() || self.person.assumes_yes() {
            return Ok(Reply::Declined);
        }
        self.person.tell(&Text::new(
            "取得サイトの画面の構造が、前に取得できたときと変わっています。入力欄は四つとも見つかり、送信先は同じサイトです。",
            "The structure of the site's page has changed since it last worked. All four fields were found; it goes to the same site.",
        ));
        let question = Question::plain(
            "ブラウザーで画面を見て、取得の画面に間違いなければ続けてください。送信しますか？ [y/N]",
            "Look at the page in a browser. Submit if it is the retrieval page? [y/N]",
        );
        // An answer that was broken off is no yes, and no reason to lose what became of other terminals.
        let is_accepted = self.person.key(&question).is_ok_and(|typed| is_yes(&typed));
        if !is_accepted {
            return Ok(Reply::Declined);
        }
        forms.accepted.push(form.clone());
        Ok(Reply::DoneLate)
    }

    /// Remembers the form that a file came through.
    pub(super) fn note_form(
        &mut self,
        record: RecordId,
        form: FormFingerprint,
        forms: &mut Forms,
        choice: &SiteChoice,
    ) -> Result<(), Error> {
        let fingerprint = form.to_string();
        if forms
            .known
            .as_ref()
            .is_some_and(|known| known.as_ref() == Some(&fingerprint))
        {
            return Ok(());
        }
        let event = Event::FormSeen {
            host: choice.site.host(),
            fingerprint: fingerprint.clone(),
        };
        self.ledger
            .append(record, self.now(), Actor::Program, event)?;
        forms.known = Some(Some(fingerprint));
        Ok(())
    }
}
