//! HTML to a typed page: the retrieval form, a refusal, or something that nothing is sent to. Pure.
//!
//! The site's true HTML is unknown outside the closed network, so the form is found as a person finds it: by
//! the captions that stand with the fields. Whatever is not understood for sure is [`Page::Unknown`] with a
//! reason, because a secret in the wrong field or a submission of the wrong form cannot be taken back.

mod address;
mod caption;
mod charset;
mod controls;
mod fingerprint;
mod form;
mod grid;
mod labels;
mod onward;
mod plain;
mod shown;
mod submission;
mod tree;
mod words;

use thiserror::Error;
use url::Url;

use crate::config::{FormLabels, Meaning};
use crate::domain::{CertificatePassword, Issuance};
use crate::retrieval::phrases::Phrases;

pub(crate) use address::{carries_a_secret, hold_to_site, leads_with_a_secret};
pub use fingerprint::FormFingerprint;
pub use form::FieldSeen;
pub(crate) use form::{CarryingForm, Method};
pub(crate) use onward::{AfterSubmission, Onward, Towards, after_submission};
pub use shown::{Carried, masked_address};
pub use submission::{Encoding, Submission};
pub(crate) use words::printable;

/// What the site sent in answer to a GET.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The body as received.
    pub bytes: &'a [u8],
    /// The Content-Type header.
    pub content_type: Option<&'a str>,
    /// The address that it came from, after redirects.
    pub url: &'a Url,
}

/// A page that was read, with the words a person sees on it.
#[derive(Debug)]
pub struct Reading {
    /// What the page is.
    pub page: Page,
    /// Its sentences in order.
    pub sentences: Vec<String>,
    /// Where the page sends a browser by itself (meta refresh).
    pub refresh: Option<Url>,
    /// The pages of the site that a browser would show in the frames of this one.
    pub(crate) frames: Vec<Url>,
    /// The form of a page before the retrieval form that asks for consent to what it shows, and nothing else.
    pub(crate) consent: Option<CarryingForm>,
    /// The fields of a page that is not the retrieval form.
    pub(crate) fields: Vec<FieldSeen>,
}

/// What a page is.
#[derive(Debug)]
pub enum Page {
    /// The retrieval form, understood.
    Form(RetrievalForm),
    /// No form, but a message that is understood.
    Refusal(SiteMessage),
    /// Nothing that may be answered.
    Unknown {
        /// Why not.
        reason: UnknownReason,
    },
}

/// A message of the site: its class, and the site's own sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SiteMessage {
    /// The class.
    pub meaning: Meaning,
    /// The sentence as it stands on the page.
    pub sentence: String,
}

/// One of the four fields of the form (fact 20).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// リクエストID
    RequestId,
    /// リファレンスID
    ReferenceId,
    /// 証明書パスワード
    Password,
    /// 証明書パスワード(確認用)
    PasswordAgain,
}

/// Why nothing may be sent to a page. Texts of the page are fields, never part of the message.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UnknownReason {
    /// The page has no form.
    #[error("the page has no form")]
    NoForm,
    /// The page is made of frames, and no page of the site in them is the form.
    #[error("the page is made of frames, and none that the site itself fills holds the form")]
    InFrames,
    /// The page builds its form by script.
    #[error("the page works by script only")]
    ScriptOnly,
    /// A form has none or only some of the four fields.
    #[error("the form has no field for {role:?}")]
    MissingField {
        /// The first field missing.
        role: Role,
    },
    /// Several fields carry the same label.
    #[error("the form has several fields for {role:?}")]
    FieldTwice {
        /// The label.
        role: Role,
    },
    /// The caption of a field names several of the four.
    #[error("a caption names several fields at once")]
    AmbiguousCaption {
        /// The captions that stand with it.
        captions: Vec<String>,
    },
    /// A field asks for something that noticert does not know.
    #[error("the form asks for something more")]
    UnknownField {
        /// The captions that stand with it.
        captions: Vec<String>,
    },
    /// A tick or choice that is a person's to make.
    #[error("the form asks for consent or a choice")]
    NeedsConsent {
        /// The captions that stand with it.
        captions: Vec<String>,
    },
    /// A field is disabled, read-only or without a name.
    #[error("the field for {role:?} cannot be filled in")]
    UnusableField {
        /// The field.
        role: Role,
    },
    /// The value would be cut.
    #[error("the field for {role:?} takes {takes} characters, {needed} are needed")]
    FieldTooShort {
        /// The field.
        role: Role,
        /// Its maxlength.
        takes: usize,
        /// Characters of the value.
        needed: usize,
    },
    /// The value is shorter than the field demands.
    #[error("the field for {role:?} demands {demands} characters")]
    FieldTooLong {
        /// The field.
        role: Role,
        /// Its minlength.
        demands: usize,
    },
    /// The page says beforehand that it would not take the value.
    #[error("the field for {role:?} takes no such value")]
    AgainstPattern {
        /// The field.
        role: Role,
    },
    /// No button is meant for the download.
    #[error("no button is meant for the download")]
    NoButton,
    /// Several buttons could be.
    #[error("several buttons could be meant for the download")]
    SeveralButtons,
    /// The button, or the form, runs a script that changes what is sent.
    #[error("the form is sent by a script")]
    ScriptedSubmit,
    /// The form would put the secrets into the address.
    #[error("the form would be sent by GET")]
    SentByGet,
    /// The form goes to another host.
    #[error("the form goes to another host, {host}")]
    OtherHost {
        /// That host.
        host: String,
    },
    /// The form does not go over TLS.
    #[error("the form is not sent by https")]
    NotHttps,
    /// The form's address cannot be understood.
    #[error("the form's address is not usable")]
    BadAction,
    /// The form is sent in an encoding that no browser of today needs.
    #[error("the form's encoding is not known")]
    UnknownEncoding,
    /// It is a form that revokes certificates (失効), renews them, or withdraws something.
    #[error("the form is for something else than the download")]
    OtherPurpose,
    /// Several forms on the page ask for the four fields.
    #[error("several forms of the page could be meant")]
    SeveralForms,
    /// The page is larger or deeper than any page for people.
    #[error("the page is too large")]
    TooLarge,
}

impl UnknownReason {
    /// Whether the page was understood, but asks a person something new.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, Self::UnknownField { .. } | Self::NeedsConsent { .. })
    }
}

/// The retrieval form: where it goes, and what is sent with it. Holds no secret.
#[derive(Clone, Debug, PartialEq)]
pub struct RetrievalForm {
    action: Url,
    encoding: Encoding,
    charset: &'static encoding_rs::Encoding,
    entries: Vec<Entry>,
    fields: Vec<FieldShape>,
    button: String,
}

/// One of the four fields as found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldShape {
    /// Which.
    pub role: Role,
    /// Its `name`.
    pub name: String,
    /// The caption by which it was found.
    pub caption: String,
    /// How many characters it takes.
    pub max_length: Option<usize>,
    /// How many it demands.
    pub min_length: Option<usize>,
    /// Whether it takes nothing but digits.
    pub digits_only: bool,
    /// What its `pattern` allows, as the page writes it.
    pub pattern: Option<String>,
}

/// One name with what is sent under it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Entry {
    name: String,
    value: Value,
}

/// What is sent under a name.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Value {
    /// What the page itself put there.
    Fixed(String),
    /// A file field without a file.
    NoFile,
    /// One of the four.
    Typed(Role),
}

impl RetrievalForm {
    /// Where it is sent.
    pub fn action(&self) -> &Url {
        &self.action
    }

    /// The four fields in the page's order.
    pub fn fields(&self) -> &[FieldShape] {
        &self.fields
    }

    /// What its button says.
    pub fn button(&self) -> &str {
        &self.button
    }

    /// The charset in which it is answered.
    pub fn charset(&self) -> &'static str {
        self.charset.name()
    }

    /// Whether another form sends the same to the same place.
    fn sends_the_same(&self, other: &Self) -> bool {
        (&self.action, self.encoding, self.charset, &self.entries)
            == (&other.action, other.encoding, other.charset, &other.entries)
    }

    /// Its structure, to notice when the site has changed.
    pub fn fingerprint(&self) -> FormFingerprint {
        FormFingerprint::of(self)
    }

    /// What it sends when nothing is typed into it.
    pub(crate) fn carry(&self) -> Submission {
        submission::carry(self)
    }

    /// Whether the page itself put one of these texts into what is sent.
    pub(crate) fn repeats(&self, texts: &[&str]) -> bool {
        self.entries.iter().any(|entry| match &entry.value {
            Value::Fixed(value) => texts.iter().any(|text| value.contains(text)),
            Value::NoFile | Value::Typed(_) => false,
        })
    }

    /// Fills it in. A value that the page would cut is an error, because a cut secret is a wrong one.
    pub fn fill(
        &self,
        issuance: &Issuance,
        password: &CertificatePassword,
    ) -> Result<Submission, UnknownReason> {
        submission::fill(self, issuance, password)
    }
}

/// Reads a page with the phrases that come with the program.
pub fn read(source: &Source<'_>, labels: &FormLabels) -> Reading {
    read_with(source, labels, Phrases::standard())
}

/// Reads a page.
pub(crate) fn read_with(source: &Source<'_>, labels: &FormLabels, phrases: &Phrases) -> Reading {
    let decoded = charset::decode(source.bytes, source.content_type);
    let page = tree::Document::parse(&decoded.text);
    let sentences = words::sentences(&page);
    let vocabulary = caption::Vocabulary::new(labels, &phrases.form);
    let found = match page.is_whole() {
        true => form::find(&page, source.url, decoded.encoding, &vocabulary),
        false => Err(UnknownReason::TooLarge),
    };
    let refresh = address::refresh(&page, source.url);
    let frames = address::frames(&page, source.url);
    let consent = match &found {
        Err(reason) if is_no_form(reason) => {
            form::carrying(&page, source.url, decoded.encoding, &vocabulary)
        }
        _ => Ok(None),
    };
    let found = match &consent {
        Err(asked @ UnknownReason::NeedsConsent { .. }) => Err(asked.clone()),
        _ => found,
    };
    let consent = consent.ok().flatten().filter(|form| form.consents);
    let fields = match found.is_err() && page.is_whole() {
        true => form::seen(&page, &vocabulary),
        false => Vec::new(),
    };
    let page = match found {
        Ok(form) => Page::Form(form),
        Err(reason) => match phrases.understand(&sentences) {
            Some(understood) if is_no_form(&reason) => Page::Refusal(SiteMessage {
                meaning: understood.meaning,
                sentence: understood.sentence,
            }),
            _ => Page::Unknown { reason },
        },
    };
    Reading {
        page,
        sentences,
        refresh,
        frames,
        consent,
        fields,
    }
}

/// A page's source as text, whatever its charset.
pub(crate) fn text_of(bytes: &[u8], content_type: Option<&str>) -> String {
    charset::decode(bytes, content_type).text
}

/// What a person sees of a page, without what is hidden.
pub(crate) fn visible_text_of(source: &str) -> String {
    let page = tree::Document::parse(source);
    let body = page.named("body").next();
    body.map_or_else(String::new, |(at, _)| page.visible_text(at))
}

/// Only a page without the form speaks for itself; beside a form there are always notices about everything.
fn is_no_form(reason: &UnknownReason) -> bool {
    matches!(
        reason,
        UnknownReason::NoForm
            | UnknownReason::InFrames
            | UnknownReason::ScriptOnly
            | UnknownReason::MissingField { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What a fixture's first comment expects, and what was found, in the same words.
    fn expected_and_found(path: &Path) -> (String, String) {
        let html = std::fs::read_to_string(path).unwrap();
        let (_, rest) = html.split_once("expect: ").unwrap();
        let (expected, _) = rest.split_once(" -->").unwrap();
        let url: Url = "https://site.invalid/p/rcd".parse().unwrap();
        let bytes = match html.contains("charset=shift_jis") {
            true => charset::encode(&html, encoding_rs::SHIFT_JIS),
            false => html.clone().into_bytes(),
        };
        let source = Source {
            bytes: &bytes,
            content_type: Some("text/html"),
            url: &url,
        };
        let found = match read(&source, &FormLabels::default()).page {
            Page::Form(form) => match form.fill(&issuance(), &"1234".parse().unwrap()) {
                Ok(filled) => {
                    let body = String::from_utf8_lossy(filled.expose_body()).into_owned();
                    format!("body {body} to {}", form.action())
                }
                Err(reason) => format!("refused {}", variant(&reason)),
            },
            Page::Refusal(message) => format!("message {:?}", message.meaning),
            Page::Unknown { reason } => format!("refused {}", variant(&reason)),
        };
        (expected.to_owned(), found)
    }

    fn variant(reason: &UnknownReason) -> String {
        format!("{reason:?}")
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .collect()
    }

    fn issuance() -> Issuance {
        Issuance {
            issuer: None,
            institution_code: "0110113719".parse().unwrap(),
            terminal_name: None,
            request_id: "123456789012345".parse().unwrap(),
            reference_id: "Ab3dE6gH9k".parse().unwrap(),
            validity: crate::domain::Validity::new(
                jiff::civil::Date::constant(2026, 11, 1),
                jiff::civil::Date::constant(2030, 2, 1),
            )
            .unwrap(),
            retrieval_deadline: jiff::civil::Date::constant(2027, 4, 30),
        }
    }

    #[test]
    fn every_page_is_understood_as_its_fixture_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site/forms");
        let mut wrong = Vec::new();
        let mut count = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let (expected, found) = expected_and_found(&path);
            count += 1;
            if expected != found {
                wrong.push(format!(
                    "{}\n  expected {expected}\n  found    {found}",
                    path.display()
                ));
            }
        }
        assert!(count > 50, "{count}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_submission_is_in_the_charset_of_the_page() {
        for (charset, sent) in [
            ("Shift_JIS", "%8E%E6%93%BE&%26%23233%3B="),
            ("EUC-JP", "%BC%E8%C6%C0&%26%23233%3B="),
            ("ISO-2022-JP", "%1B%24B%3ChF%40%1B%28B&%26%23233%3B="),
            ("UTF-8", "%E5%8F%96%E5%BE%97&%C3%A9="),
        ] {
            let html = "<form method=post><input type=hidden name=m value=取得><input type=hidden name=é>\
                 <p>リクエストID<input name=a><p>リファレンスID<input name=b><p>証明書パスワード<input name=c>\
                 <p>確認用<input name=d><button>ダウンロード</button></form>";
            let encoding = charset::for_label(charset).unwrap();
            let bytes = charset::encode(html, encoding);
            let url: Url = "https://site.invalid/".parse().unwrap();
            let header = format!("text/html; charset={charset}");
            let source = Source {
                bytes: &bytes,
                content_type: Some(&header),
                url: &url,
            };
            // An unmappable é reaches the page as a reference and is therefore é again.
            let Page::Form(form) = read(&source, &FormLabels::default()).page else {
                panic!("{charset}");
            };
            let filled = form.fill(&issuance(), &"1234".parse().unwrap()).unwrap();
            let body = String::from_utf8_lossy(filled.expose_body()).into_owned();
            assert!(
                body.starts_with(&format!("m={sent}&a=1234")),
                "{charset}: {body}"
            );
        }
    }

    #[test]
    fn a_multipart_form_is_sent_in_parts() {
        let html = "<form method=post enctype=multipart/form-data><p>リクエストID<input name='a\"'>\
             <p>リファレンスID<input name=b><p>証明書パスワード<input name=c><p>確認用<input name=d>\
             <p>添付（任意）<input type=file name=e><button>ダウンロード</button></form>";
        let url: Url = "https://site.invalid/".parse().unwrap();
        let source = Source {
            bytes: html.as_bytes(),
            content_type: None,
            url: &url,
        };
        let Page::Form(form) = read(&source, &FormLabels::default()).page else {
            panic!();
        };
        let filled = form.fill(&issuance(), &"1234".parse().unwrap()).unwrap();
        let body = String::from_utf8_lossy(filled.expose_body()).into_owned();
        let boundary = filled.content_type().split_once("boundary=").unwrap().1;
        assert_eq!(body.matches(&format!("--{boundary}\r\n")).count(), 5);
        assert!(body.contains("name=\"a%22\"\r\n\r\n123456789012345\r\n"));
        assert!(body.contains("name=\"e\"; filename=\"\"\r\n"));
        assert!(body.ends_with(&format!("--{boundary}--\r\n")));
    }

    #[test]
    fn nothing_prints_the_filled_in_form() {
        let html = std::fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site/forms/plain-table.html"),
        )
        .unwrap();
        let url: Url = "https://site.invalid/".parse().unwrap();
        let source = Source {
            bytes: &html,
            content_type: None,
            url: &url,
        };
        let Page::Form(form) = read(&source, &FormLabels::default()).page else {
            panic!();
        };
        let filled = form.fill(&issuance(), &"1234".parse().unwrap()).unwrap();
        assert!(!format!("{form:?}{filled:?}").contains("Ab3dE6gH9k"));
    }

    /// Pieces from which a page that is almost right, or nonsense, can be put together.
    const PIECES: [&str; 40] = [
        "<form method=post>",
        "<form>",
        "</form>",
        "<table>",
        "<tr>",
        "<td>",
        "<th rowspan=3>",
        "</table>",
        "<p>",
        "<div>",
        "</div>",
        "<dl><dt>",
        "<dd>",
        "<label>",
        "<label for=i>",
        "</label>",
        "<input name=a>",
        "<input name=b id=i>",
        "<input type=password name=c>",
        "<input name=d maxlength=4>",
        "<input type=hidden name=t value=x>",
        "<select name=s>",
        "<option selected>",
        "<textarea>",
        "</textarea>",
        "<fieldset disabled><legend>",
        "<button>ダウンロード</button>",
        "<input type=submit value=失効>",
        "<base href=//elsewhere.invalid/>",
        "<template>",
        "<script>",
        "</script>",
        "<!--",
        "リクエストID",
        "リファレンスID",
        "証明書パスワード",
        "証明書パスワード(確認用)",
        "確認用",
        "失効",
        "\u{0}&#x0;&amp",
    ];

    proptest::proptest! {
        #[test]
        fn whatever_the_page_the_reader_answers_and_holds_to_the_site(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..60),
            noise in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
        ) {
            let mut bytes = pieces.concat().into_bytes();
            bytes.extend(noise);
            let url: Url = "https://site.invalid/p/rcd".parse().unwrap();
            let source = Source { bytes: &bytes, content_type: None, url: &url };
            if let Page::Form(form) = read(&source, &FormLabels::default()).page {
                let mut roles: Vec<Role> = form.fields().iter().map(|field| field.role).collect();
                roles.sort();
                assert_eq!(roles, [Role::RequestId, Role::ReferenceId, Role::Password, Role::PasswordAgain]);
                assert_eq!(form.action().origin(), url.origin());
            }
        }
    }
}
