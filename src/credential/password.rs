//! What shuts a `.p12` from anywhere: any text, and also no password at all.
//!
//! The site's files are shut with four digits, and only those go further than being looked at. PKCS#12 itself
//! takes any text, in two writings: its own derivation reads UCS-2 (RFC 7292 appendix B.1), PBES2 and PBMAC1 read
//! UTF-8 (RFC 8018, RFC 9879).

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::domain::CertificatePassword;

/// A password of any writer of `.p12` files; empty where there is none.
#[derive(Clone, Debug)]
pub struct FilePassword(SecretString);

impl FilePassword {
    /// `text` as it was typed.
    pub fn new(text: SecretString) -> Self {
        Self(text)
    }

    /// As PBES2 and PBMAC1 read it.
    pub(super) fn utf8(&self) -> &[u8] {
        // The derivation takes the text itself.
        self.0.expose_secret().as_bytes()
    }

    /// As the derivation of PKCS#12 itself reads it: UTF-16 with a closing zero. Writers that know no password
    /// leave the zero out as well (OpenSSL, Java), so an empty one has two forms.
    pub(super) fn utf16(&self) -> Vec<Zeroizing<Vec<u8>>> {
        // The derivation takes the text itself.
        let text = self.0.expose_secret();
        let units = text.encode_utf16().chain([0]);
        let mut forms = vec![Zeroizing::new(units.flat_map(u16::to_be_bytes).collect())];
        if text.is_empty() {
            forms.push(Zeroizing::default());
        }
        forms
    }
}

/// What may open a `.p12`.
pub trait OpensFile: Clone {
    /// The text that the file's own derivations take.
    fn file_password(&self) -> FilePassword;
}

impl OpensFile for FilePassword {
    fn file_password(&self) -> FilePassword {
        self.clone()
    }
}

impl OpensFile for CertificatePassword {
    fn file_password(&self) -> FilePassword {
        // The four digits are what the site shut the file with.
        FilePassword(SecretString::from(self.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_form_and_no_text_has_two() {
        let form = |text: &str| FilePassword::new(SecretString::from(text)).utf16();
        assert_eq!(*form("1𠮷")[0], [0, b'1', 0xd8, 0x42, 0xdf, 0xb7, 0, 0]);
        assert_eq!(form("1𠮷").len(), 1);
        let empty: Vec<Vec<u8>> = form("").iter().map(|form| form.to_vec()).collect();
        assert_eq!(empty, [vec![0, 0], vec![]]);
    }
}
