//! This computer's clock against the site's: isolated computers drift, and TLS fails for it.

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

use super::Mark;

/// This computer's clock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clock {
    /// It agrees with the site's.
    Right {
        /// How far it is ahead of the site's.
        ahead: SignedDuration,
    },
    /// It differs by more than a network delays.
    Wrong {
        /// How far it is ahead of the site's.
        ahead: SignedDuration,
        /// The site's time.
        site: Timestamp,
        /// This computer's.
        here: Timestamp,
    },
    /// The site did not say what time it is.
    Unknown,
}

impl Clock {
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Right { .. } => Mark::Good,
            Self::Wrong { .. } => Mark::Wrong,
            Self::Unknown => Mark::Aside,
        }
    }
}

/// Holds the clock against a Date header (RFC 9110 §5.6.7).
pub(super) fn look(date: Option<&str>, here: Timestamp) -> Clock {
    let said = date.and_then(|text| DateTimeParser::new().parse_timestamp(text.trim()).ok());
    let Some(site) = said else {
        return Clock::Unknown;
    };
    let ahead = here.duration_since(site);
    match ahead.abs() <= TOLERATED {
        true => Clock::Right { ahead },
        false => Clock::Wrong { ahead, site, here },
    }
}

/// More than any network delays, and less than what harms TLS or a dated record.
const TOLERATED: SignedDuration = SignedDuration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_held_against_the_sites_date() {
        let here: Timestamp = "2026-11-22T03:00:00Z".parse().unwrap();
        let at = |date: &str| look(Some(date), here);
        assert_eq!(
            at("Sun, 22 Nov 2026 02:59:58 GMT"),
            Clock::Right {
                ahead: SignedDuration::from_secs(2)
            }
        );
        assert_eq!(at("Sun, 22 Nov 2026 03:05:00 GMT").mark(), Mark::Good);
        assert_eq!(at("Sun, 22 Nov 2026 03:05:01 GMT").mark(), Mark::Wrong);
        assert_eq!(at("Tue, 22 Nov 2016 03:00:00 GMT").mark(), Mark::Wrong);
        assert_eq!(at("yesterday"), Clock::Unknown);
        assert_eq!(look(None, here), Clock::Unknown);
    }
}
