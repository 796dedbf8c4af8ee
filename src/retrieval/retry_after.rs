//! When a closed site says it may be asked again (RFC 9110, section 10.2.3: seconds or a date).

use std::time::Duration;

use jiff::Timestamp;

/// The Retry-After header, understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetryAfter {
    /// After so long.
    In(Duration),
    /// At this time.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads the header; `None` for what is neither seconds nor a date.
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        if let Ok(seconds) = header.parse() {
            return Some(Self::In(Duration::from_secs(seconds)));
        }
        let parser = jiff::fmt::rfc2822::DateTimeParser::new();
        let at = parser.parse_timestamp(header).ok()?;
        Some(Self::At(at))
    }

    /// How long that is from `now`.
    pub fn from(self, now: Timestamp) -> Duration {
        match self {
            Self::In(wait) => wait,
            Self::At(at) => Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_nothing_else() {
        let now: Timestamp = "2026-11-22T03:00:00Z".parse().unwrap();
        for (header, seconds) in [
            ("600", Some(600)),
            (" 0 ", Some(0)),
            ("Sun, 22 Nov 2026 03:10:00 GMT", Some(600)),
            ("Sun, 22 Nov 2026 02:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            let found = RetryAfter::parse(header).map(|after| after.from(now).as_secs());
            assert_eq!(found, seconds, "{header}");
        }
    }
}
