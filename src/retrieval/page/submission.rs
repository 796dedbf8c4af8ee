//! The filled-in form as the bytes of a request body.
//!
//! Our own encoder, because a submission is in the page's charset and the usual helpers know UTF-8 only; and
//! because a body that holds secrets is wiped from memory after use.

use regex_lite::RegexBuilder;
use secrecy::{ExposeSecret, SecretBox};

use super::{Entry, FieldShape, RetrievalForm, Role, UnknownReason, Value, charset};
use crate::domain::{CertificatePassword, Issuance};

/// How a form's data travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`
    UrlEncoded,
    /// `multipart/form-data`
    Multipart,
}

/// A request body with its type. `Debug` never prints it.
#[derive(Debug)]
pub struct Submission {
    content_type: String,
    body: SecretBox<Vec<u8>>,
}

impl Submission {
    /// The Content-Type to send.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The body; only the POST takes it.
    pub fn expose_body(&self) -> &[u8] {
        self.body.expose_secret()
    }
}

/// Puts the four values into the form.
pub(super) fn fill(
    form: &RetrievalForm,
    issuance: &Issuance,
    password: &CertificatePassword,
) -> Result<Submission, UnknownReason> {
    let typed = |role: Role| match role {
        Role::RequestId => issuance.request_id.as_str(),
        // The POST body is the one place where the pair and the password are meant to be.
        Role::ReferenceId => issuance.reference_id.expose(),
        Role::Password | Role::PasswordAgain => password.expose(),
    };
    for field in &form.fields {
        hold_to_field(field, typed(field.role))?;
    }
    Ok(encode(form, &typed))
}

/// What a form sends that holds nothing but what its page put there.
pub(super) fn carry(form: &RetrievalForm) -> Submission {
    encode(form, &|_| "")
}

fn encode<'v>(form: &RetrievalForm, typed: &impl Fn(Role) -> &'v str) -> Submission {
    let parts: Vec<Part<'_>> = form
        .entries
        .iter()
        .map(|entry| Part::new(entry, form, typed))
        .collect();
    match form.encoding {
        Encoding::UrlEncoded => Submission {
            content_type: "application/x-www-form-urlencoded".to_owned(),
            body: url_encoded(&parts),
        },
        Encoding::Multipart => multipart(&parts),
    }
}

/// A value that does not fit would be cut or refused in a browser; ours is ASCII, so bytes are characters.
fn hold_to_field(field: &FieldShape, value: &str) -> Result<(), UnknownReason> {
    let role = field.role;
    if field.digits_only && !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UnknownReason::UnusableField { role });
    }
    if field
        .pattern
        .as_deref()
        .is_some_and(|pattern| is_against(pattern, value))
    {
        return Err(UnknownReason::AgainstPattern { role });
    }
    match (field.max_length, field.min_length) {
        (Some(takes), _) if takes < value.len() => Err(UnknownReason::FieldTooShort {
            role,
            takes,
            needed: value.len(),
        }),
        (_, Some(demands)) if demands > value.len() => {
            Err(UnknownReason::FieldTooLong { role, demands })
        }
        _ => Ok(()),
    }
}

/// Whether the whole value differs from a field's `pattern`; one that only a script's engine understands forbids
/// nothing, as a browser passes over one that it does not understand.
fn is_against(pattern: &str, value: &str) -> bool {
    let whole = format!("^(?:{pattern})$");
    let compiled = RegexBuilder::new(&whole)
        .size_limit(LARGEST_PATTERN)
        .build();
    compiled.is_ok_and(|pattern| !pattern.is_match(value))
}

/// A name and a value in the form's charset.
struct Part<'a> {
    name: Vec<u8>,
    value: SecretBox<Vec<u8>>,
    entry: &'a Entry,
}

impl<'a> Part<'a> {
    fn new<'v>(entry: &'a Entry, form: &RetrievalForm, typed: &impl Fn(Role) -> &'v str) -> Self {
        let encoded = |text: &str| charset::encode(&carriage_returns(text), form.charset);
        let value = match &entry.value {
            Value::Fixed(text) => encoded(text),
            Value::NoFile => Vec::new(),
            Value::Typed(role) => encoded(typed(*role)),
        };
        Self {
            name: encoded(&entry.name),
            value: SecretBox::new(Box::new(value)),
            entry,
        }
    }
}

/// Line ends as forms send them.
fn carriage_returns(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\n', "\r\n")
}

fn url_encoded(parts: &[Part<'_>]) -> SecretBox<Vec<u8>> {
    let lengths = |part: &Part<'_>| part.name.len() + part.value.expose_secret().len() + 2;
    // Reserved for the worst case, so that growing leaves no copy of a secret behind.
    let mut body = Vec::with_capacity(3 * parts.iter().map(lengths).sum::<usize>());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            body.push(b'&');
        }
        percent_encode(&part.name, &mut body);
        body.push(b'=');
        percent_encode(part.value.expose_secret(), &mut body);
    }
    SecretBox::new(Box::new(body))
}

fn percent_encode(bytes: &[u8], body: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => body.push(byte),
            b' ' => body.push(b'+'),
            _ => {
                body.push(b'%');
                body.push(HEX[usize::from(byte >> 4)]);
                body.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
}

fn multipart(parts: &[Part<'_>]) -> Submission {
    let boundary = unused_boundary(parts);
    let lengths = |part: &Part<'_>| 3 * part.name.len() + part.value.expose_secret().len() + 256;
    let mut body = Vec::with_capacity(256 + parts.iter().map(lengths).sum::<usize>());
    for part in parts {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"").bytes());
        body.extend(quoted(&part.name));
        body.push(b'"');
        if part.entry.value == Value::NoFile {
            body.extend(b"; filename=\"\"\r\nContent-Type: application/octet-stream");
        }
        body.extend(b"\r\n\r\n");
        body.extend(part.value.expose_secret());
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    Submission {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        body: SecretBox::new(Box::new(body)),
    }
}

/// A boundary that occurs in no part.
fn unused_boundary(parts: &[Part<'_>]) -> String {
    let occurs = |boundary: &str| {
        parts.iter().any(|part| {
            [part.name.as_slice(), part.value.expose_secret().as_slice()]
                .iter()
                .any(|bytes| {
                    bytes
                        .windows(boundary.len())
                        .any(|w| w == boundary.as_bytes())
                })
        })
    };
    (0_u64..)
        .map(|number| format!("----FormBoundary{number:016}"))
        .find(|boundary| !occurs(boundary))
        .unwrap_or_default()
}

/// Quotes and line ends in a name, as browsers write them.
fn quoted(name: &[u8]) -> Vec<u8> {
    name.iter()
        .flat_map(|byte| match byte {
            b'"' => b"%22".to_vec(),
            b'\r' => b"%0D".to_vec(),
            b'\n' => b"%0A".to_vec(),
            other => vec![*other],
        })
        .collect()
}

/// Bytes of a compiled pattern; those of honest fields take a hundredth of it.
const LARGEST_PATTERN: usize = 256 * 1024;

const HEX: &[u8; 16] = b"0123456789ABCDEF";
