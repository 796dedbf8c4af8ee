//! Where an issuance stands, with the data that belongs to that state.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{Confirmed, RelativePath, Retrieved};
use super::ids::{AttemptId, RecordId, SealedId};
use super::words::{FileHash, Remark};
use crate::domain::Fingerprint;

/// The state of a record (design, section 4). Later issues add states; nothing is ever dropped from the log.
#[derive(Clone, Debug, PartialEq)]
pub enum IssuanceState {
    /// Read or typed, every essential field accepted, not confirmed yet.
    Read,
    /// A person must look at the sheet.
    Review,
    /// May be submitted.
    Confirmed {
        /// The values in force.
        confirmed: Confirmed,
        /// Why the last try stopped before anything was processed.
        stopped: Option<StopReason>,
        /// Whether the site answered a submission with a question: it is sent again by a person's word only.
        asked: bool,
    },
    /// Was about to be sent, and no outcome is recorded.
    Submitting {
        /// The submission.
        attempt: Attempt,
    },
    /// A `.p12` is kept.
    Retrieved {
        /// The file.
        credential: Retrieved,
    },
    /// Its certificate is in a store.
    Installed {
        /// The file.
        credential: Retrieved,
        /// The store.
        installation: Installation,
    },
    /// Its certificate is in a store, its file on another medium, and its password elsewhere than on this PC.
    BackedUp {
        /// The file.
        credential: Retrieved,
        /// The store.
        installation: Installation,
    },
    /// It came back from a back-up into a store.
    Restored {
        /// The file.
        credential: Retrieved,
        /// The store.
        installation: Installation,
    },
    /// A newer certificate of the same terminal took its place.
    Superseded {
        /// The file.
        credential: Retrieved,
        /// The record of the newer one.
        by: RecordId,
    },
    /// A person opened the service with it.
    ServiceConfirmed {
        /// The file.
        credential: Retrieved,
        /// The store.
        installation: Installation,
    },
    /// A person could not open the service with it.
    ServiceFailed {
        /// The file.
        credential: Retrieved,
        /// The store.
        installation: Installation,
        /// What the person saw.
        note: Option<String>,
    },
    /// The site refused.
    Refused {
        /// Why.
        reason: RefusedReason,
        /// The site's own sentence.
        sentence: Option<String>,
    },
    /// Submitted, and what came of it is not known.
    Unclear {
        /// Why.
        reason: UnclearReason,
        /// The submission, where it is recorded.
        attempt: Option<Attempt>,
    },
    /// Not an issuance.
    Rejected {
        /// Why, where somebody said so.
        reason: Option<Remark>,
    },
    /// Its deadline passed before it was submitted.
    Expired,
}

impl IssuanceState {
    /// The name in JSON and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Review => "review",
            Self::Confirmed { .. } => "confirmed",
            Self::Submitting { .. } => "submitting",
            Self::Retrieved { .. } => "retrieved",
            Self::Installed { .. } => "installed",
            Self::BackedUp { .. } => "backed-up",
            Self::Restored { .. } => "restored",
            Self::Superseded { .. } => "superseded",
            Self::ServiceConfirmed { .. } => "service-confirmed",
            Self::ServiceFailed { .. } => "service-failed",
            Self::Refused { .. } => "refused",
            Self::Unclear { .. } => "unclear",
            Self::Rejected { .. } => "rejected",
            Self::Expired => "expired",
        }
    }

    /// The `reason` in JSON.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Confirmed { stopped, .. } => stopped.map(StopReason::name),
            Self::Refused { reason, .. } => Some(reason.name()),
            Self::Unclear { reason, .. } => reason.name(),
            _ => None,
        }
    }

    /// The kept `.p12`, in every state that has one.
    pub fn credential(&self) -> Option<&Retrieved> {
        match self {
            Self::Retrieved { credential }
            | Self::Installed { credential, .. }
            | Self::BackedUp { credential, .. }
            | Self::Restored { credential, .. }
            | Self::Superseded { credential, .. }
            | Self::ServiceConfirmed { credential, .. }
            | Self::ServiceFailed { credential, .. } => Some(credential),
            _ => None,
        }
    }

    /// Where its certificate is installed.
    pub fn installation(&self) -> Option<&Installation> {
        match self {
            Self::Installed { installation, .. }
            | Self::BackedUp { installation, .. }
            | Self::Restored { installation, .. }
            | Self::ServiceConfirmed { installation, .. }
            | Self::ServiceFailed { installation, .. } => Some(installation),
            _ => None,
        }
    }

    /// Whether it has a certificate whose place no newer one took.
    pub fn is_current(&self) -> bool {
        self.credential().is_some() && !matches!(self, Self::Superseded { .. })
    }

    /// Whether something may have reached the site, so that the pair is not simply sent.
    pub fn was_submitted(&self) -> bool {
        self.standing() >= STANDING_OF_REFUSED
    }

    /// How far it came: of two linked records the further one is shown.
    pub(super) fn standing(&self) -> u8 {
        match self {
            Self::Expired => 0,
            Self::Rejected { .. } => 1,
            Self::Read | Self::Review => 2,
            Self::Confirmed { .. } => 3,
            Self::Refused { .. } => STANDING_OF_REFUSED,
            Self::Unclear { .. } => 5,
            Self::Submitting { .. } => 6,
            Self::Superseded { .. } => 7,
            Self::Retrieved { .. } => 8,
            Self::Installed { .. } => 9,
            Self::Restored { .. } => 10,
            Self::BackedUp { .. } => 11,
            Self::ServiceFailed { .. } => 12,
            Self::ServiceConfirmed { .. } => 13,
        }
    }
}

const STANDING_OF_REFUSED: u8 = 4;

/// A submission whose outcome is not recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// Names it.
    pub id: AttemptId,
    /// The site.
    pub host: String,
    /// The password sent with it, sealed.
    pub password: SealedId,
    /// Where its answer is kept, as far as it came.
    pub answer_file: RelativePath,
    /// The whole answer, once it is synced.
    pub answer: Option<KeptAnswer>,
    /// When it was written down.
    pub begun: Timestamp,
}

/// A whole answer on disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeptAnswer {
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: FileHash,
}

/// A certificate in a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    /// The store, as it names itself.
    pub store: String,
    /// Whether it signed a challenge there.
    pub proved: bool,
    /// When.
    pub at: Timestamp,
}

/// A copy of a certificate's file on another medium.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backup {
    /// Names the medium.
    pub medium: String,
    /// Where the medium was, for people.
    pub place: String,
    /// When the copy was written and read back.
    pub at: Timestamp,
    /// Hash of the file.
    pub sha256: FileHash,
    /// The certificate.
    pub fingerprint: Fingerprint,
    /// Whether a copy sealed by a passphrase lies beside it.
    pub sealed: bool,
    /// Why it is not the clinic's back-up.
    pub aside: Option<Remark>,
}

impl Backup {
    /// Whether it is a back-up for the clinic.
    pub fn counts(&self) -> bool {
        self.aside.is_none()
    }
}

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The reason of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.name() == name)
            }
        }
    };
}

reasons! {
    /// Why the site refused.
    RefusedReason {
        /// It does not know the pair.
        BadIds => "bad-ids",
        /// It handed the file out before.
        AlreadyIssued => "already-issued",
        /// Its deadline passed.
        Expired => "expired",
        /// It locked the pair, or this place, for a while.
        Locked => "locked",
        /// It takes another form of password.
        PasswordFormat => "password-format",
        /// A whole page that nobody recognises.
        Unknown => "unknown",
    }
}

reasons! {
    /// Why nothing was processed.
    StopReason {
        /// The site is closed for now.
        Maintenance => "maintenance",
        /// Its session ran out.
        SessionTimeout => "session-timeout",
        /// Its form is not the one that noticert knows.
        FormNotRecognised => "form-not-recognised",
        /// Its identity could not be verified.
        TlsRefused => "tls-refused",
        /// It could not be reached.
        NetworkError => "network-error",
        /// A page in between asks something new.
        NeedsAttention => "needs-attention",
        /// It was shown for typing into the site's page, and the person says that nothing was sent.
        ByHand => "by-hand",
    }
}

reasons! {
    /// What 電子証明書申請状況照会 says under ダウンロード有無, by the word of a person who looked.
    Downloaded {
        /// 有: the site handed the file out.
        Yes => "yes",
        /// 無: it did not.
        No => "no",
        /// The person could not find out.
        NotKnown => "not-known",
    }
}

/// Why an outcome is not known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnclearReason {
    /// No whole answer was kept.
    NoWholeAnswer,
    /// A whole file came that fails its checks; it is kept.
    InvalidP12,
    /// A person was shown the pair for typing it into the site's page; nobody said what came of it.
    ByHand,
}

impl UnclearReason {
    /// The `reason` in JSON; a missing answer has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::NoWholeAnswer => None,
            Self::InvalidP12 => Some("invalid-p12"),
            Self::ByHand => Some("by-hand"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_one_name_in_log_and_status() {
        for reason in RefusedReason::ALL {
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.name()));
            assert_eq!(RefusedReason::named(reason.name()), Some(*reason));
        }
        for reason in StopReason::ALL {
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.name()));
        }
        assert_eq!(StopReason::named("bad-ids"), None);
    }
}
