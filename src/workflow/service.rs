//! Whether the service opens with an installed certificate: how to see it, and a person's word on it.
//!
//! No program can see this: it is the browser that asks a person which certificate to show. The word may be given at once
//! or later, and be another one next time; nothing waits for it.

use secrecy::ExposeSecret;

use super::error::Error;
use super::person::{PersonError, Question};
use super::{Desk, name_of};
use crate::domain::{Text, fold_typed, japan_date};
use crate::ledger::{Actor, Event, IssuanceState, Record, RecordId};

/// What a person said of the service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ServiceWord {
    /// It opens with the certificate.
    Opens,
    /// It does not.
    Fails,
    /// Nothing yet.
    Later,
}

impl Desk<'_> {
    /// Tells how to see whether the service opens with the certificate of an installed record, and asks whether it did.
    ///
    /// Nobody is asked who is not there, who wanted no questions, or who said before that this certificate works.
    pub fn ask_about_service(&mut self, id: RecordId) -> Result<ServiceWord, Error> {
        let record = self.ledger.record(id)?;
        let Some(credential) = record.state.credential() else {
            return Ok(ServiceWord::Later);
        };
        if matches!(record.state, IssuanceState::ServiceConfirmed { .. }) {
            return Ok(ServiceWord::Opens);
        }
        let name = name_of(&record);
        self.person
            .tell(&how_to_see(&name, japan_date(credential.not_after)));
        let word = match self.person.is_present() && !self.person.assumes_yes() {
            true => self.word_on_service(&name)?,
            false => ServiceWord::Later,
        };
        let told = match word {
            ServiceWord::Later => how_to_answer(&record),
            ServiceWord::Opens => self.note_service(id, true)?,
            ServiceWord::Fails => self.note_service(id, false)?,
        };
        self.person.tell(&told);
        Ok(word)
    }

    /// Writes a person's word on the service with an installed certificate; returns what they are told then.
    pub fn note_service(&mut self, id: RecordId, opens: bool) -> Result<Text, Error> {
        let record = self.ledger.record(id)?;
        if record.state.installation().is_none() {
            return Err(Error::WrongState {
                state: record.state.name(),
                wanted: "installed",
            });
        }
        let (event, told) = match opens {
            true => (Event::ServiceConfirmed, it_works()),
            false => (Event::ServiceFailed { note: None }, when_it_fails(&record)),
        };
        self.ledger.append(id, self.now(), Actor::Person, event)?;
        Ok(told)
    }

    fn word_on_service(&mut self, name: &Text) -> Result<ServiceWord, Error> {
        let question = Question::plain(
            format!(
                "{}: 使えましたか？ y = はい、n = いいえ、Enter = あとで:",
                name.ja
            ),
            format!("{}: does it work? y = yes, n = no, Enter = later:", name.en),
        );
        let typed = match self.person.key(&question) {
            Ok(typed) => typed,
            // Whoever closes the input has nothing to say now; the installation stands.
            Err(PersonError::BrokenOff) => return Ok(ServiceWord::Later),
            Err(error) => return Err(error.into()),
        };
        // Exposed to be compared with a letter.
        let word = fold_typed(typed.expose_secret()).to_ascii_lowercase();
        Ok(match word.as_str() {
            "y" | "yes" | "はい" => ServiceWord::Opens,
            "n" | "no" | "いいえ" => ServiceWord::Fails,
            _ => ServiceWord::Later,
        })
    }
}

fn how_to_see(name: &Text, last: jiff::civil::Date) -> Text {
    Text::new(
        format!(
            "{}: ブラウザーの窓をすべて閉じてから、オンライン資格確認（請求）のページを開き、有効期限 {last} の証明書を選んで、使えることを確かめてください。",
            name.ja
        ),
        format!(
            "{}: close every browser window, open the service, choose the certificate valid to {last}, and see that it works.",
            name.en
        ),
    )
}

fn how_to_answer(record: &Record) -> Text {
    let named = named(record);
    Text::new(
        format!(
            "結果の記録はあとで: noticert install {named} --service-works yes（使えなければ no）"
        ),
        format!("To record it later: noticert install {named} --service-works yes (or no)"),
    )
}

fn it_works() -> Text {
    Text::new(
        "✓ 使えたことを台帳に記録しました。",
        "✓ Recorded: it works.",
    )
}

fn when_it_fails(record: &Record) -> Text {
    let named = named(record);
    Text::new(
        format!(
            "使えなかったことを台帳に記録しました。証明書とファイルはそのままです。上から順に確かめてください:\n  1. ブラウザーの窓をすべて閉じて開き直し、有効期限の新しい証明書を選ぶ（古いものを選ぶと、つながりません）\n  2. noticert audit（鍵・ルート・期限切れの古い証明書。期限切れは noticert remove-old で削除）\n  3. noticert doctor（回線・プロキシ・時計）\n  4. それでもだめなら、証明書は総合ポータル 0800-080-4583、回線はネットワークサポートデスク 0120-220-571 へ\n使えるようになったら: noticert install {named} --service-works yes"
        ),
        format!(
            "Recorded: it does not work. Certificate and file stay as they are. Try in this order:\n  1. Close every browser window, open the service again, choose the certificate with the later expiry (an old one does not connect)\n  2. noticert audit (key, root, an expired certificate beside it; noticert remove-old takes that out)\n  3. noticert doctor (line, proxy, clock)\n  4. Else call: for the certificate the portal 0800-080-4583, for the line the network's support desk 0120-220-571\nOnce it works: noticert install {named} --service-works yes"
        ),
    )
}

/// What the person may type for the record.
fn named(record: &Record) -> String {
    match &record.terminal_name {
        Some(name) => name.to_string(),
        None => record.id.to_string(),
    }
}
