//! The calls of Security.framework that the store needs, and nothing of what they are for.
//!
//! `security-framework` has a safe call for all but three things: writing an identity as PKCS#12, reading an attribute
//! of a key, and no longer trusting a root.
//!
//! Sources: <https://developer.apple.com/documentation/security/secitemexport>,
//! <https://developer.apple.com/documentation/technotes/tn3137-on-mac-keychains>.

use std::ffi::c_void;
use std::ptr;

use core_foundation::base::{CFType, TCFType};
use core_foundation::boolean::CFBoolean;
use core_foundation::data::{CFData, CFDataRef};
use core_foundation::number::CFNumber;
use core_foundation::string::{CFString, CFStringRef};
use security_framework::base::Error;
use security_framework::certificate::SecCertificate;
use security_framework::identity::SecIdentity;
use security_framework::item::{ItemClass, ItemSearchOptions, Limit, Reference, SearchResult};
use security_framework::key::{Algorithm, SecKey};
use security_framework::os::macos::identity::SecIdentityExt;
use security_framework::os::macos::import_export::ImportOptions;
use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};
use security_framework::policy::SecPolicy;
use security_framework::trust::SecTrust;
use security_framework::trust_settings::{Domain, TrustSettings};
use security_framework_sys::base::{
    SecCertificateRef, errSecDuplicateItem, errSecInternalComponent as INTERNAL_COMPONENT,
    errSecItemNotFound, errSecSuccess,
};
use security_framework_sys::import_export::{
    SEC_KEY_IMPORT_EXPORT_PARAMS_VERSION, SecItemExport, SecItemImportExportKeyParameters,
    kSecFormatPKCS12,
};
use security_framework_sys::item::kSecAttrLabel;
use security_framework_sys::trust_settings::{SecTrustSettingsDomain, kSecTrustSettingsDomainUser};

use crate::domain::{CertificatePassword, Fingerprint, Pkcs12};
use crate::installer::challenge::Scheme;

/// The keychain that new items of this account go into: the login keychain, unless the person chose another one.
pub(super) struct Keychain(SecKeychain);

/// A certificate in a keychain.
#[derive(Clone)]
pub(super) struct Item {
    certificate: SecCertificate,
    /// Its DER.
    pub(super) der: Vec<u8>,
    /// SHA-256 of that.
    pub(super) fingerprint: Fingerprint,
}

/// A certificate of a keychain together with its key.
pub(super) struct Identity {
    identity: SecIdentity,
    key: SecKey,
}

impl Keychain {
    pub(super) fn of_login() -> Result<Self, Error> {
        SecKeychain::default().map(Self)
    }

    /// Every certificate in it.
    pub(super) fn certificates(&self) -> Result<Vec<Item>, Error> {
        let found = ItemSearchOptions::new()
            .keychains(std::slice::from_ref(&self.0))
            .class(ItemClass::certificate())
            .load_refs(true)
            .limit(Limit::All)
            .search();
        let found = match found {
            Err(error) if error.code() == errSecItemNotFound => return Ok(Vec::new()),
            found => found?,
        };
        let items = found.into_iter().filter_map(|result| match result {
            SearchResult::Ref(Reference::Certificate(certificate)) => Some(Item::of(certificate)),
            // Nothing else was asked for.
            SearchResult::Ref(_)
            | SearchResult::Dict(_)
            | SearchResult::Data(_)
            | SearchResult::Other => None,
        });
        Ok(items.collect())
    }

    /// The certificate with its key, where this keychain has that.
    pub(super) fn identity(&self, item: &Item) -> Result<Option<Identity>, Error> {
        let keychains = std::slice::from_ref(&self.0);
        let identity = match SecIdentity::with_certificate(keychains, &item.certificate) {
            Err(error) if error.code() == errSecItemNotFound => return Ok(None),
            identity => identity?,
        };
        let key = identity.private_key()?;
        Ok(Some(Identity { identity, key }))
    }

    /// Unpacks a `.p12` into it: the key, its certificate and the chain.
    pub(super) fn import(
        &self,
        pkcs12: &Pkcs12,
        password: &CertificatePassword,
    ) -> Result<(), Error> {
        // The system unpacks the file itself and needs its password for that. Which items came is not asked for:
        // the caller looks for the certificate by its fingerprint.
        let imported = ImportOptions::new()
            .filename("certificate.p12")
            .pkcs12()
            .passphrase(password.expose())
            .keychain(&self.0)
            .import(pkcs12.expose());
        unless_there(imported)
    }

    /// Puts a certificate in, without a key. Whether it is new.
    pub(super) fn add(&self, der: &[u8]) -> Result<bool, Error> {
        let certificate = SecCertificate::from_der(der)?;
        match certificate.add_to_keychain(Some(self.0.clone())) {
            Err(error) if error.code() == errSecDuplicateItem => Ok(false),
            outcome => outcome.map(|()| true),
        }
    }
}

impl Item {
    fn of(certificate: SecCertificate) -> Self {
        let der = certificate.to_der();
        Self {
            certificate,
            fingerprint: Fingerprint::of(&der),
            der,
        }
    }

    pub(super) fn delete(&self) -> Result<(), Error> {
        self.certificate.delete()
    }
}

impl Identity {
    /// The key's name for people; an import takes it from the friendly name in the file.
    pub(super) fn label(&self) -> Option<String> {
        // SAFETY: a constant of the framework, which is there as long as the program runs.
        let name = unsafe { kSecAttrLabel };
        let label = attribute(&self.key, name)?.downcast_into::<CFString>()?;
        Some(label.to_string()).filter(|label| !label.is_empty())
    }

    /// Whether the key may leave the keychain; `None` where the system does not say.
    pub(super) fn is_extractable(&self) -> Option<bool> {
        // SAFETY: a constant of the framework, which is there as long as the program runs.
        let name = unsafe { kSecAttrIsExtractable };
        let value = attribute(&self.key, name)?;
        match value.downcast::<CFBoolean>() {
            Some(flag) => Some(flag.into()),
            None => value.downcast::<CFNumber>()?.to_i64().map(|flag| flag != 0),
        }
    }

    /// Lets the key sign; the caller verifies. The error is a code of the framework's.
    pub(super) fn sign(&self, scheme: Scheme, challenge: &[u8]) -> Result<Vec<u8>, Error> {
        let algorithm = match scheme {
            Scheme::Rsa { .. } => Algorithm::RSASignatureMessagePKCS1v15SHA256,
            Scheme::P256 => Algorithm::ECDSASignatureMessageX962SHA256,
            Scheme::P384 => Algorithm::ECDSASignatureMessageX962SHA384,
        };
        self.key
            .create_signature(algorithm, challenge)
            .map_err(|error| {
                Error::from_code(i32::try_from(error.code()).unwrap_or(INTERNAL_COMPONENT))
            })
    }

    /// Key and certificate as a `.p12` in memory, shut with `password`.
    pub(super) fn export(&self, password: &CertificatePassword) -> Result<Pkcs12, Error> {
        // The system shuts the file itself and needs its password for that.
        let passphrase = CFString::new(password.expose());
        let parameters = SecItemImportExportKeyParameters {
            version: SEC_KEY_IMPORT_EXPORT_PARAMS_VERSION,
            flags: 0,
            passphrase: passphrase.as_CFTypeRef(),
            alertTitle: ptr::null(),
            alertPrompt: ptr::null(),
            accessRef: ptr::null_mut(),
            keyUsage: ptr::null(),
            keyAttributes: ptr::null(),
        };
        let mut exported: CFDataRef = ptr::null();
        // SAFETY: identity, parameters and the passphrase in them live until the call is over; `exported` takes one
        // reference or stays null.
        let status = unsafe {
            SecItemExport(
                self.identity.as_CFTypeRef(),
                kSecFormatPKCS12,
                0,
                &raw const parameters,
                &raw mut exported,
            )
        };
        if status != errSecSuccess || exported.is_null() {
            return Err(Error::from_code(status));
        }
        // SAFETY: not null, and the call above left the reference to this caller (the create rule).
        let exported = unsafe { CFData::wrap_under_create_rule(exported) };
        Ok(Pkcs12::received(exported.bytes().to_vec()))
    }

    pub(super) fn delete_key(&self) -> Result<(), Error> {
        self.key.delete()
    }
}

/// While this lives, no call opens a window: what would ask a person fails with [`asks`].
pub(super) fn silence() -> Result<KeychainUserInteractionLock, Error> {
    SecKeychain::disable_user_interaction()
}

/// Whether a chain, end first, ends in a root that this account trusts. Nothing is fetched from a network.
pub(super) fn is_trusted(chain: &[&[u8]]) -> Result<bool, Error> {
    let certificates = chain
        .iter()
        .map(|der| SecCertificate::from_der(der))
        .collect::<Result<Vec<_>, _>>()?;
    let mut trust = SecTrust::create_with_certificates(&certificates, &[SecPolicy::create_x509()])?;
    trust.set_network_fetch_allowed(false)?;
    Ok(trust.evaluate_with_error().is_ok())
}

/// Trusts a root for this account, after the system has asked the person.
pub(super) fn trust(root: &[u8]) -> Result<(), Error> {
    let root = SecCertificate::from_der(root)?;
    TrustSettings::new(Domain::User).set_trust_settings_always(&root)
}

/// Takes back what [`trust`] did, after the system has asked the person.
pub(super) fn distrust(root: &[u8]) -> Result<(), Error> {
    let root = SecCertificate::from_der(root)?;
    // SAFETY: the certificate lives until the call is over.
    let status = unsafe {
        SecTrustSettingsRemoveTrustSettings(root.as_concrete_TypeRef(), kSecTrustSettingsDomainUser)
    };
    match status == errSecSuccess {
        true => Ok(()),
        false => Err(Error::from_code(status)),
    }
}

/// Whether an error says that a person would have to be asked, who could not be.
pub(super) fn asks(error: &Error) -> bool {
    matches!(error.code(), INTERACTION_NOT_ALLOWED | INTERACTION_REQUIRED)
}

/// Whether an error says that a person answered No, or that there was no screen to ask on.
pub(super) fn is_declined(error: &Error) -> bool {
    asks(error)
        || matches!(
            error.code(),
            USER_CANCELED
                | AUTHORIZATION_DENIED
                | AUTHORIZATION_CANCELED
                | AUTHORIZATION_INTERACTION_NOT_ALLOWED
                | INTERNAL_COMPONENT
        )
}

/// What is there already needs not be put in.
fn unless_there(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(error) if error.code() == errSecDuplicateItem => Ok(()),
        outcome => outcome,
    }
}

fn attribute(key: &SecKey, name: CFStringRef) -> Option<CFType> {
    let attributes = key.attributes();
    let value = attributes.find(name.cast::<c_void>())?;
    // SAFETY: a value of the dictionary, which lives until the end of this function; wrapping it takes a reference.
    Some(unsafe { CFType::wrap_under_get_rule(*value) })
}

// Of SecItem.h and SecTrustSettings.h; the -sys crate leaves them out.
#[link(name = "Security", kind = "framework")]
unsafe extern "C" {
    static kSecAttrIsExtractable: CFStringRef;
    fn SecTrustSettingsRemoveTrustSettings(
        certificate: SecCertificateRef,
        domain: SecTrustSettingsDomain,
    ) -> i32;
}

// Of SecBase.h, MacErrors.h and Authorization.h; the -sys crate leaves them out.
const INTERACTION_NOT_ALLOWED: i32 = -25_308;
const INTERACTION_REQUIRED: i32 = -25_315;
const USER_CANCELED: i32 = -128;
const AUTHORIZATION_DENIED: i32 = -60_005;
const AUTHORIZATION_CANCELED: i32 = -60_006;
const AUTHORIZATION_INTERACTION_NOT_ALLOWED: i32 = -60_007;
