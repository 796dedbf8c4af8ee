//! Going on after a crash or a lost answer: from what is on disk, else by a GET of where the answer led.
//!
//! Nothing is submitted here, and no form's POST is repeated: what came of it cannot be known.

use std::sync::Arc;

use reqwest::cookie::Jar;
use url::Url;

use super::following::Conversation;
use super::journal::{AnswerEnd, Cookies, FurtherRequest, Journal};
use super::unclear;
use crate::domain::{CertificatePassword, Issuance, Pkcs12};
use crate::retrieval::answer::{KeptAnswer, Submitted, Verdict, judge};
use crate::retrieval::error::{Effect, RetrievalError, UnclearProblem};
use crate::retrieval::network::Site;
use crate::retrieval::page::{self, Onward};

/// A conversation as far as it is on disk: the last answer, and what it answers.
#[derive(Clone, Copy, Debug)]
pub struct KeptConversation<'a> {
    /// What the form page said, one sentence a line.
    pub form_text: &'a str,
    /// Where the form stood.
    pub form_page: Option<&'a Url>,
    /// Where it was sent.
    pub action: Option<&'a Url>,
    /// The last request after the submission; `None` when the submission was the last.
    pub further: Option<&'a FurtherRequest>,
    /// The answer to the last request, as far as it came.
    pub bytes: &'a [u8],
    /// How that answer ended; `None` when the program ended first.
    pub end: Option<&'a AnswerEnd>,
}

/// Finishes a conversation that broke off. Never submits.
pub async fn finish(
    site: &Site,
    kept: &KeptConversation<'_>,
    issuance: &Issuance,
    password: &CertificatePassword,
    journal: &mut dyn Journal,
) -> Result<Pkcs12, RetrievalError> {
    let submitted = Submitted {
        issuance,
        password,
        site,
    };
    let stands_at = kept.further.map(|request| &request.url).or(kept.action);
    let answer = KeptAnswer {
        bytes: kept.bytes,
        form_text: kept.form_text,
        form_page: kept.form_page,
        url: stands_at,
        end: kept.end,
    };
    let verdict = match judge(&answer, &submitted) {
        Verdict::File(file) => return Ok(file),
        verdict => verdict,
    };
    let cookies = Arc::new(Jar::default());
    let client = site.client(cookies.clone())?;
    let given = kept.end.and_then(|end| end.cookies.as_ref());
    let noted = kept.further.and_then(|request| request.cookies.as_ref());
    give_back(given.or(noted), &cookies, site);
    let mut conversation = Conversation::new(
        &client,
        &cookies,
        submitted,
        kept.form_text,
        kept.form_page,
        journal,
    );
    match kept.further {
        Some(request) if request.repeatable => conversation.was_handed_over(),
        Some(_) => conversation.was_sent_on(),
        None => {}
    }
    let secrets = submitted.secrets();
    let is_ours = |url: &Url| {
        page::hold_to_site(url, site.url()).is_ok() && !page::leads_with_a_secret(url, secrets)
    };
    match (verdict, stands_at.filter(|url| is_ours(url))) {
        (Verdict::Leads { onward, .. }, Some(from)) if matches!(onward, Onward::Get { .. }) => {
            match conversation.go(onward, from).await {
                Some(came) => conversation.reach_the_file(came).await,
                None => Err(unclear(UnclearProblem::NotHandedOut)),
            }
        }
        (Verdict::Leads { .. }, _) => Err(unclear(UnclearProblem::NotHandedOut)),
        (Verdict::Ends(error), _) => match (conversation.outcome(error), kept.further) {
            (error, Some(request))
                if error.effect() == Effect::Unclear
                    && request.repeatable
                    && is_ours(&request.url) =>
            {
                let came = conversation.get(&request.url).await;
                conversation.reach_the_file(came).await
            }
            (error, _) => Err(error),
        },
        (Verdict::File(file), _) => Ok(file),
    }
}

fn give_back(cookies: Option<&Cookies>, jar: &Jar, site: &Site) {
    if let Some(cookies) = cookies {
        cookies.give_back(jar, site.url());
    }
}
