//! Exit codes: a contract with scripts, one number per kind of end.

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ExitCode {
    /// Everything asked for was done.
    #[default]
    Done = 0,
    /// A fault of noticert itself.
    Internal = 1,
    /// Wrong options, or an answer that nobody was there to give.
    Usage = 2,
    /// A person must look: review, unclear, unknown page, unreadable file.
    PersonMustLook = 10,
    /// The site refused.
    SiteRefused = 11,
    /// Network, TLS or maintenance.
    Network = 12,
    /// Not a valid credential.
    InvalidCredential = 13,
    /// Store, back-up or disk failed.
    StoreOrDisk = 14,
    /// Another noticert holds the ledger.
    InUse = 15,
    /// Wrong passphrase.
    WrongPassphrase = 16,
    /// Interrupted by the person.
    Interrupted = 130,
}

impl ExitCode {
    /// With several outcomes in one run, the first that occurred of this order counts.
    const ORDER: [Self; 11] = [
        Self::Interrupted,
        Self::Internal,
        Self::InUse,
        Self::WrongPassphrase,
        Self::StoreOrDisk,
        Self::InvalidCredential,
        Self::SiteRefused,
        Self::Network,
        Self::Usage,
        Self::PersonMustLook,
        Self::Done,
    ];

    /// The one of two outcomes that the run reports.
    pub fn and(self, other: Self) -> Self {
        let rank = |code| Self::ORDER.iter().position(|known| *known == code);
        if rank(self) <= rank(other) {
            self
        } else {
            other
        }
    }

    /// The number.
    pub fn number(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_outcome_is_reported_whatever_the_order() {
        for (a, b, expected) in [
            (ExitCode::Done, ExitCode::PersonMustLook, 10),
            (ExitCode::Network, ExitCode::PersonMustLook, 12),
            (ExitCode::SiteRefused, ExitCode::Network, 11),
            (ExitCode::InvalidCredential, ExitCode::SiteRefused, 13),
            (ExitCode::StoreOrDisk, ExitCode::InvalidCredential, 14),
            (ExitCode::WrongPassphrase, ExitCode::StoreOrDisk, 16),
            (ExitCode::InUse, ExitCode::WrongPassphrase, 15),
            (ExitCode::Internal, ExitCode::InUse, 1),
        ] {
            assert_eq!(a.and(b).number(), expected);
            assert_eq!(b.and(a).number(), expected);
        }
    }
}
