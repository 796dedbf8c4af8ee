//! Key, certificate and chain, written as PKCS#12.
//!
//! For what has no file as received: a certificate that comes out of a store, and Windows before 10 1709,
//! which cannot read AES. The four digits protect neither form; the legacy one is what every reader knows.
//!
//! The friendly name is UCS-2 in the standard (RFC 2985 §5.5.1), so a character beyond it (𠮷) becomes the geta
//! mark of Japanese typesetting.

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use secrecy::ExposeSecret;
use sha1::{Digest, Sha1};
use thiserror::Error;

use super::container;
use super::mac::{Hash, MacScheme};
use crate::domain::{CertificatePassword, KeyMaterial, Pkcs12, Pkcs12Form};

/// Why a file could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The private key is no PKCS#8.
    #[error("the key is not PKCS#8")]
    Key(#[source] p12_keystore::error::Error),
    /// One of the certificates is none.
    #[error("a certificate cannot be read")]
    Certificate(#[source] p12_keystore::error::Error),
    /// The parts are right, and still no file came of them.
    #[error("the file cannot be put together")]
    File(#[source] p12_keystore::error::Error),
}

/// Writes `material` under `name`, shut with `password`.
pub fn write(
    material: &KeyMaterial,
    name: &str,
    password: &CertificatePassword,
    form: Pkcs12Form,
) -> Result<Pkcs12, WriteError> {
    let certificates = std::iter::once(&material.end_entity)
        .chain(&material.chain)
        .map(|der| Certificate::from_der(der).map_err(WriteError::Certificate))
        .collect::<Result<Vec<_>, _>>()?;
    // The key goes from the material into the file that is being made.
    let key =
        PrivateKey::from_der(material.private_key.expose_secret()).map_err(WriteError::Key)?;
    // What Windows and OpenSSL use to tie a key to its certificate.
    let id = Sha1::digest(&material.end_entity).to_vec();
    let chain = PrivateKeyChain::new(id, key, certificates);
    let mut store = KeyStore::new();
    store.add_entry(&ucs2(name), KeyStoreEntry::PrivateKeyChain(chain));
    let (cipher, mac, rounds) = match form {
        Pkcs12Form::Legacy => (
            EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
            MacAlgorithm::HmacSha1,
            LEGACY_ROUNDS,
        ),
        Pkcs12Form::Modern => (
            EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
            MacAlgorithm::HmacSha256,
            MODERN_ROUNDS,
        ),
    };
    let bytes = store
        // The file is shut with what the person chose.
        .writer(password.expose())
        .encryption_algorithm(cipher)
        .encryption_iterations(rounds)
        .mac_algorithm(mac)
        .mac_iterations(rounds)
        .write()
        .map_err(WriteError::File)?;
    Ok(Pkcs12::received(bytes))
}

/// The form that `pkcs12` has, as far as it shows without the password: [`Pkcs12Form::Legacy`] where every part is in
/// it. `None` for one whose check value is missing or made by PBMAC1, which few stores know yet.
pub fn form_of(pkcs12: &Pkcs12) -> Option<Pkcs12Form> {
    // Only the outside is read.
    let (mac, ciphers) = container::schemes(pkcs12.expose(), u32::MAX).ok()?;
    let MacScheme::Pkcs12 { hash, .. } = mac? else {
        return None;
    };
    let is_legacy = hash == Hash::Sha1 && ciphers.iter().all(|name| !name.starts_with("PBES2"));
    Some(match is_legacy {
        true => Pkcs12Form::Legacy,
        false => Pkcs12Form::Modern,
    })
}

fn ucs2(name: &str) -> String {
    name.chars()
        .map(|c| if u32::from(c) > 0xffff { '〓' } else { c })
        .collect()
}

/// What Windows writes beside 3DES.
const LEGACY_ROUNDS: u32 = 2_000;
const MODERN_ROUNDS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::container::{Container, open as open_with};
    use crate::credential::{CredentialError, OpensFile};

    const AES: &[u8] = include_bytes!("../../fixtures/credentials/aes-256-sha256.p12");
    const PBMAC1: &[u8] = include_bytes!("../../fixtures/credentials/pbmac1.p12");
    const TRIPLE_DES: &[u8] = include_bytes!("../../fixtures/credentials/3des-sha1.p12");

    fn password() -> CertificatePassword {
        "2468".parse().unwrap()
    }

    fn open(
        file: &[u8],
        password: &CertificatePassword,
        rounds: u32,
    ) -> Result<Container, CredentialError> {
        open_with(file, &password.file_password(), rounds)
    }

    fn material(file: &[u8]) -> KeyMaterial {
        let container = open(file, &password(), 1_000_000).unwrap();
        let mut certificates = container.certificates.into_iter().map(|bag| bag.der);
        KeyMaterial {
            end_entity: certificates.next().unwrap(),
            chain: certificates.collect(),
            private_key: container.keys.into_iter().next().unwrap().pkcs8,
        }
    }

    #[test]
    fn what_is_written_holds_the_same_key_certificates_and_name() {
        let before = material(AES);
        let chosen: CertificatePassword = "1357".parse().unwrap();
        for form in [Pkcs12Form::Legacy, Pkcs12Form::Modern] {
            let written = write(&before, "受付𠮷1号機", &chosen, form).unwrap();
            assert_eq!(form_of(&written), Some(form));
            assert!(open(written.expose(), &password(), 1_000_000).is_err());
            let read = open(written.expose(), &chosen, 1_000_000).unwrap();
            assert_eq!(read.keys.len(), 1);
            assert_eq!(read.keys[0].friendly_name.as_deref(), Some("受付〓1号機"));
            assert_eq!(
                read.keys[0].pkcs8.expose_secret(),
                before.private_key.expose_secret()
            );
            let certificates: Vec<_> = read.certificates.iter().map(|bag| &bag.der).collect();
            let expected: Vec<_> = std::iter::once(&before.end_entity)
                .chain(&before.chain)
                .collect();
            assert_eq!(certificates, expected);
        }
    }

    #[test]
    fn the_form_of_a_file_is_told_without_its_password() {
        let form = |bytes: &[u8]| form_of(&Pkcs12::received(bytes.to_vec()));
        assert_eq!(form(TRIPLE_DES), Some(Pkcs12Form::Legacy));
        assert_eq!(form(AES), Some(Pkcs12Form::Modern));
        assert_eq!(form(PBMAC1), None);
        assert_eq!(form(b"no container"), None);
    }
}
