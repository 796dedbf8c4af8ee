//! A secret on its way into a seal or out of it: the one place where domain secrets become bytes and come back.
//!
//! The ledger handles these without seeing inside, so it cannot write a secret by accident.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

use crate::domain::{CertificatePassword, Pkcs12, ReferenceId};

/// Bytes that only a seal may store.
pub struct Plaintext(SecretBox<Vec<u8>>);

impl Plaintext {
    /// Takes bytes, for instance a picture of a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// Takes characters one by one, as they were read.
    pub fn of_characters(characters: impl ExactSizeIterator<Item = char>) -> Self {
        let mut bytes = Vec::with_capacity(characters.len() * MOST_BYTES);
        for character in characters {
            bytes.extend(character.encode_utf8(&mut [0; MOST_BYTES]).as_bytes());
        }
        Self::new(bytes)
    }

    /// The value of another type, which is a secret again; `None` when this is no such value.
    pub fn parse<T: FromStr>(&self) -> Option<T> {
        self.as_text()?.parse().ok()
    }

    /// The text, still a secret; `None` when this is no text.
    pub fn text(&self) -> Option<SecretString> {
        self.as_text().map(SecretString::from)
    }

    /// The bytes, still a secret.
    pub fn into_secret(self) -> SecretBox<Vec<u8>> {
        self.0
    }

    /// `sentence` with every stand-alone occurrence of this secret, in any case and width, struck out.
    pub fn struck_out_of(&self, sentence: &str) -> String {
        match self.as_text() {
            Some(secret) if !secret.is_empty() => struck_out(sentence, secret),
            _ => sentence.to_owned(),
        }
    }

    /// Bytes in it.
    pub fn length(&self) -> usize {
        self.bytes().len()
    }

    /// Puts the bytes into a buffer that is sealed as a whole.
    pub fn append_to(&self, buffer: &mut Zeroizing<Vec<u8>>) {
        buffer.extend_from_slice(self.bytes());
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // Read by the cipher.
        self.0.expose_secret()
    }

    fn as_text(&self) -> Option<&str> {
        // Read by a parser or compared; never handed on.
        std::str::from_utf8(self.0.expose_secret()).ok()
    }
}

impl From<&ReferenceId> for Plaintext {
    fn from(id: &ReferenceId) -> Self {
        // On its way into the seal.
        Self::new(id.expose().as_bytes().to_vec())
    }
}

impl From<&CertificatePassword> for Plaintext {
    fn from(password: &CertificatePassword) -> Self {
        // On its way into the seal.
        Self::new(password.expose().as_bytes().to_vec())
    }
}

impl From<&Pkcs12> for Plaintext {
    fn from(pkcs12: &Pkcs12) -> Self {
        // On its way into the seal.
        Self::new(pkcs12.expose().to_vec())
    }
}

impl From<Plaintext> for Pkcs12 {
    fn from(plaintext: Plaintext) -> Self {
        Self::received(plaintext.bytes().to_vec())
    }
}

impl PartialEq for Plaintext {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Plaintext {}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext")
    }
}

fn struck_out(sentence: &str, secret: &str) -> String {
    let characters: Vec<char> = sentence.chars().collect();
    let wanted: Vec<char> = secret.chars().map(folded).collect();
    let is_word = |at: Option<usize>| {
        at.and_then(|at| characters.get(at))
            .is_some_and(|c| folded(*c).is_ascii_alphanumeric())
    };
    let mut kept = String::with_capacity(sentence.len());
    let mut at = 0;
    while let Some(c) = characters.get(at) {
        let end = at + wanted.len();
        let matches = characters
            .get(at..end)
            .is_some_and(|part| part.iter().map(|c| folded(*c)).eq(wanted.iter().copied()));
        if matches && !is_word(at.checked_sub(1)) && !is_word(Some(end)) {
            kept.push_str(STRUCK_OUT);
            at = end;
        } else {
            kept.push(*c);
            at += 1;
        }
    }
    kept
}

/// Half width and lower case, one character for one.
fn folded(c: char) -> char {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    half.to_ascii_lowercase()
}

/// Bytes of UTF-8 that one character takes at most; room for them keeps growing copies out of memory.
const MOST_BYTES: usize = 4;
const STRUCK_OUT: &str = "［伏字］";

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn a_secret_comes_back_as_what_it_was_and_as_nothing_else() {
        let id: ReferenceId = "Ab3dE6gH9k".parse().unwrap();
        let plaintext = Plaintext::from(&id);
        assert_eq!(plaintext.parse::<ReferenceId>(), Some(id));
        assert_eq!(plaintext.parse::<CertificatePassword>(), None);
        assert_eq!(
            Plaintext::of_characters("Ab3dE6gH9k".chars().collect::<Vec<_>>().into_iter()),
            plaintext
        );
        assert_eq!(format!("{plaintext:?}"), "Plaintext");
        assert!(Plaintext::new(vec![0xff]).text().is_none());
    }

    #[test]
    fn a_sentence_loses_the_secrets_it_repeats_and_nothing_else() {
        let cases = [
            (
                "リファレンスID Ab3dE6gH9k は不正です",
                "Ab3dE6gH9k",
                "リファレンスID ［伏字］ は不正です",
            ),
            ("ＡＢ３ＤＥ６ＧＨ９Ｋ", "Ab3dE6gH9k", "［伏字］"),
            (
                "8051 と 80511 と 2026-8051",
                "8051",
                "［伏字］ と 80511 と 2026-［伏字］",
            ),
            ("何も含まない", "8051", "何も含まない"),
            ("8051", "", "8051"),
        ];
        for (sentence, secret, expected) in cases {
            let secret = Plaintext::new(secret.as_bytes().to_vec());
            assert_eq!(secret.struck_out_of(sentence), expected);
        }
    }

    proptest! {
        #[test]
        fn any_sentence_can_be_struck_through(sentence: String, secret: Vec<u8>) {
            Plaintext::new(secret).struck_out_of(&sentence);
        }
    }
}
