//! The structure of the retrieval form, so that a change of the site is noticed before anything is submitted.
//!
//! Values, tokens and wording change daily and are left out. What stays is where the form goes, how it is sent,
//! which fields and hidden entries it has under which names, and how long the values may be.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Encoding, RetrievalForm, Value};
use crate::domain::hexadecimal;

/// The structure of a form in one word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FormFingerprint(String);

impl FormFingerprint {
    pub(super) fn of(form: &RetrievalForm) -> Self {
        let mut lines = vec![
            "noticert form 1".to_owned(),
            format!("to {}", stable(path(form))),
            match form.encoding {
                Encoding::UrlEncoded => "urlencoded".to_owned(),
                Encoding::Multipart => "multipart".to_owned(),
            },
            form.charset.name().to_owned(),
        ];
        lines.extend(form.fields.iter().map(|field| {
            format!(
                "{:?} {} {:?} {:?} {}",
                field.role, field.name, field.max_length, field.min_length, field.digits_only
            )
        }));
        // Only where there is one: a field without it is the field that older versions recorded.
        lines.extend(form.fields.iter().filter_map(|field| {
            let pattern = field.pattern.as_ref()?;
            Some(format!("{:?} pattern {pattern}", field.role))
        }));
        // What the page adds by itself may change its place, but not its kind.
        let mut own: Vec<String> = form
            .entries
            .iter()
            .filter(|entry| !matches!(entry.value, Value::Typed(_)))
            .map(|entry| format!("own {}", stable(&entry.name)))
            .collect();
        own.sort_unstable();
        lines.extend(own);
        let digest = Sha256::digest(lines.join("\n").as_bytes());
        Self(hexadecimal(&digest[..16]))
    }

    /// The text in the ledger.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FormFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address without query and session parameters.
fn path(form: &RetrievalForm) -> &str {
    let path = form.action().path();
    path.split(';').next().unwrap_or(path)
}

/// A name whose random parts (tokens, numbers of a session) are taken out.
fn stable(name: &str) -> String {
    let is_mark = |c: char| !c.is_ascii_alphanumeric();
    name.split_inclusive(is_mark)
        .map(|part| {
            let word = part.trim_end_matches(is_mark);
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let random = word.len() >= LONGEST_WORD && digits >= FEWEST_DIGITS;
            match random {
                true => format!("#{}", &part[word.len()..]),
                false => part.to_owned(),
            }
        })
        .collect()
}

/// A part of a name as long as this with as many digits is random.
const LONGEST_WORD: usize = 12;
const FEWEST_DIGITS: usize = 3;

#[cfg(test)]
mod tests {
    use crate::config::FormLabels;
    use crate::retrieval::page::{Page, Source, read};

    fn fingerprint(html: &str) -> String {
        let url = "https://site.invalid/p/rcd".parse().unwrap();
        let source = Source {
            bytes: html.as_bytes(),
            content_type: Some("text/html; charset=UTF-8"),
            url: &url,
        };
        match read(&source, &FormLabels::default()).page {
            Page::Form(form) => form.fingerprint().to_string(),
            other => panic!("{other:?}"),
        }
    }

    const FORM: &str = "<h1>証明書の取得</h1><form method=post action='/p/send;jsessionid=8f3a?x=1'>\
        <input type=hidden name=token value=a1><input type=hidden name=k_9f8e7d6c5b4a3210>\
        <p>リクエストID<input name=a maxlength=15><p>リファレンスID<input name=b><p>証明書パスワード<input name=c>\
        <p>証明書パスワード（確認用）<input name=d><button>ダウンロード</button></form>";

    #[test]
    fn tokens_words_and_sessions_do_not_change_it() {
        let daily = FORM
            .replace("value=a1", "value=zz93")
            .replace("8f3a?x=1", "1122?x=2")
            .replace("9f8e7d6c5b4a3210", "00112233aabbccdd")
            .replace("証明書の取得", "証明書の取得（11月22日）")
            .replace("<button>ダウンロード", "<button>証明書をダウンロードする");
        assert_eq!(fingerprint(&daily), fingerprint(FORM));
    }

    #[test]
    fn every_change_of_the_structure_changes_it() {
        for changed in [
            FORM.replace("/p/send", "/p/send2"),
            FORM.replace("name=b", "name=bb"),
            FORM.replace("maxlength=15", "maxlength=20"),
            FORM.replace("name=token", "name=ticket"),
            FORM.replace(
                "<p>リクエ",
                "<input type=hidden name=mode value=1><p>リクエ",
            ),
            FORM.replace("<form ", "<form enctype=multipart/form-data "),
        ] {
            assert_ne!(fingerprint(&changed), fingerprint(FORM), "{changed}");
        }
    }
}
