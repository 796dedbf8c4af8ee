//! What a key of a system's store said to a challenge, and what that means to whoever asked.

use super::{InstallError, Proof};
use crate::domain::{Fingerprint, Text};

/// What became of a challenge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// The certificate verified the signature.
    Signed,
    /// It did not: the key is another's.
    NotIts,
    /// A person would be asked when the key is used.
    Asks,
    /// A kind of key that noticert has no means to challenge.
    UnknownKind,
}

impl Answer {
    /// The proof to the certificate of `fingerprint`; `asks` says why a key that asks a person was not made to sign.
    pub(super) fn proof(self, fingerprint: Fingerprint, asks: Text) -> Result<Proof, InstallError> {
        match self {
            Self::Signed => Ok(Proof::Signed),
            Self::NotIts => Err(InstallError::WrongKey { fingerprint }),
            Self::Asks => Ok(Proof::CannotProve(asks)),
            Self::UnknownKind => Ok(Proof::CannotProve(Text::new(
                "この種類の鍵では、署名による確認ができません。",
                "A key of this kind cannot be made to sign here.",
            ))),
        }
    }

    /// Refuses a key that is another certificate's than that of `fingerprint`.
    pub(super) fn unless_anothers(self, fingerprint: Fingerprint) -> Result<(), InstallError> {
        match self {
            Self::NotIts => Err(InstallError::WrongKey { fingerprint }),
            Self::Signed | Self::Asks | Self::UnknownKind => Ok(()),
        }
    }

    /// Whether the key asks a person; `None` where there is no key or none that can be challenged.
    pub(super) fn asks(answer: Result<Self, InstallError>) -> Result<Option<bool>, InstallError> {
        match answer {
            Ok(Self::Asks) => Ok(Some(true)),
            Ok(Self::Signed | Self::NotIts) => Ok(Some(false)),
            Ok(Self::UnknownKind) | Err(InstallError::NoKey { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
