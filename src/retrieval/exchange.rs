//! The conversation with the site: read the form, promise on disk, submit once, keep whatever comes back.
//!
//! The order is the safety (design rule 3). The [`Journal`] is on disk before the POST leaves, every piece of
//! the answer before it is looked at, so that a crash at any point loses nothing and submits nothing twice.
//! Only reading pages is ever repeated; the pair and the password are submitted once, and where the answer leads
//! is followed as far as it asks for nothing new.

mod finishing;
mod following;
mod journal;
mod opening;
mod receiving;

use std::sync::Arc;

use reqwest::cookie::Jar;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, StatusCode};
use url::Url;

use super::answer::{KeptAnswer, Submitted, Verdict, judge};
use super::error::{RetrievalError, UnclearProblem};
use super::network::Site;
use super::page::{FieldSeen, FormFingerprint, RetrievalForm};
use crate::domain::{CertificatePassword, Issuance, Pkcs12, ReviewedIssuance};
use following::Conversation;
use opening::{Opened, open_form};

pub use finishing::{KeptConversation, finish};
pub use journal::{AnswerEnd, Cookies, FurtherRequest, Intent, Journal, JournalError};

/// The form page, read and understood; nothing was submitted yet.
pub struct FormPage {
    site: Site,
    client: Client,
    cookies: Arc<Jar>,
    opened: Opened,
}

/// What was found at the site without sending anything.
#[derive(Debug)]
pub struct Reach {
    /// Where the form stands, after redirects.
    pub url: Url,
    /// The form as understood.
    pub form: RetrievalForm,
}

/// A visit to the form page.
#[derive(Debug)]
pub struct Visit {
    /// What was found there.
    pub found: Result<Reach, RetrievalError>,
    /// The site's Date header, to hold this computer's clock against: also of a page that is not understood.
    pub date: Option<String>,
}

/// Retrieves one certificate file: at most one submission, whatever happens.
pub async fn retrieve(
    site: &Site,
    issuance: &ReviewedIssuance,
    password: &CertificatePassword,
    journal: &mut dyn Journal,
) -> Result<Pkcs12, RetrievalError> {
    let page = open(site).await?;
    page.submit(issuance, password, journal).await
}

/// Reads the form page and understands it. Submits nothing.
pub async fn open(site: &Site) -> Result<FormPage, RetrievalError> {
    let cookies = Arc::new(Jar::default());
    let client = site.client(cookies.clone())?;
    let opened = open_form(&client, site, &mut None).await?;
    Ok(FormPage {
        site: site.clone(),
        client,
        cookies,
        opened,
    })
}

/// Reads the form page and tells what it is. Submits nothing.
pub async fn reach(site: &Site) -> Result<Reach, RetrievalError> {
    visit(site).await.found
}

/// Reads the form page and tells what it is, and what time it is there. Submits nothing.
pub async fn visit(site: &Site) -> Visit {
    let mut date = None;
    let found = match site.client(Arc::default()) {
        Ok(client) => open_form(&client, site, &mut date).await,
        Err(error) => Err(error),
    };
    Visit {
        found: found.map(|opened| Reach {
            url: opened.url,
            form: opened.form,
        }),
        date,
    }
}

impl FormPage {
    /// The form's structure, to be held against the one that worked before.
    pub fn fingerprint(&self) -> FormFingerprint {
        self.opened.form.fingerprint()
    }

    /// Submits the pair and the password, once, and follows the answer to the file.
    pub async fn submit(
        self,
        issuance: &ReviewedIssuance,
        password: &CertificatePassword,
        journal: &mut dyn Journal,
    ) -> Result<Pkcs12, RetrievalError> {
        let issuance = issuance.issuance();
        let form = &self.opened.form;
        let submission =
            form.fill(issuance, password)
                .map_err(|reason| RetrievalError::NotUnderstood {
                    reason,
                    status: self.opened.status,
                    sentence: None,
                    fields: form.fields().iter().map(FieldSeen::from).collect(),
                    page: Some(Box::new(self.opened.page.clone())),
                })?;
        let form_text = self.opened.sentences.join("\n");
        let intent = Intent {
            host: &self.site.host(),
            form_page: &self.opened.url,
            action: form.action(),
            form_text: &form_text,
        };
        journal
            .intent(&intent)
            .map_err(|source| RetrievalError::IntentNotWritten { source })?;
        let submitted = Submitted {
            issuance,
            password,
            site: &self.site,
        };
        let mut conversation = Conversation::new(
            &self.client,
            &self.cookies,
            submitted,
            &form_text,
            Some(&self.opened.url),
            journal,
        );
        let came = conversation
            .submit(form.action(), submission, &self.opened.url)
            .await;
        conversation.reach_the_file(came).await
    }
}

/// Judges an answer that is on disk, without any network: a page that leads on is no end, so its outcome is open.
pub fn judge_kept(
    answer: &KeptAnswer<'_>,
    issuance: &Issuance,
    password: &CertificatePassword,
    site: &Site,
) -> Result<Pkcs12, RetrievalError> {
    let submitted = Submitted {
        issuance,
        password,
        site,
    };
    match judge(answer, &submitted) {
        Verdict::File(file) => Ok(file),
        Verdict::Ends(error) => Err(error),
        Verdict::Leads { .. } => Err(unclear(UnclearProblem::NotHandedOut)),
    }
}

fn unclear(problem: UnclearProblem) -> RetrievalError {
    RetrievalError::Unclear {
        problem,
        received: 0,
        source: None,
    }
}

fn redirect_of(from: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Url> {
    if !status.is_redirection() {
        return None;
    }
    let location = String::from_utf8_lossy(headers.get(LOCATION)?.as_bytes()).into_owned();
    let mut target = from.join(location.trim()).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// Redirects followed before it is called a loop.
const MOST_REDIRECTS: usize = 8;
