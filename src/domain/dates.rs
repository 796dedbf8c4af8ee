//! The dates of the letter and the rules between them.
//!
//! The three printed dates check each other (domain fact 14): the site's deadline is the start of
//! validity + 180 days, its end the start + 3 years 3 months, same day.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use thiserror::Error;

/// 電子証明書有効期間: first and last day, in Japan's calendar.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Validity {
    from: Date,
    to: Date,
}

/// Why two dates are no [`Validity`].
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ValidityError {
    /// The end does not lie after the start.
    #[error("validity ends on {to}, not after its start {from}")]
    EndsBeforeStart {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
}

impl Validity {
    /// A period that ends after it starts.
    pub fn new(from: Date, to: Date) -> Result<Self, ValidityError> {
        if to <= from {
            return Err(ValidityError::EndsBeforeStart { from, to });
        }
        Ok(Self { from, to })
    }

    /// First day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// Last day.
    pub fn to(&self) -> Date {
        self.to
    }
}

/// The day on which `instant` falls in Japan. Japan keeps UTC+9 all year, so no zone data is needed.
pub fn japan_date(instant: Timestamp) -> Date {
    japan().to_datetime(instant).date()
}

/// The first instant of `day` in Japan; `None` outside the range of timestamps.
pub fn japan_midnight(day: Date) -> Option<Timestamp> {
    japan()
        .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
        .ok()
}

fn japan() -> TimeZone {
    TimeZone::fixed(Offset::constant(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validity_ends_after_it_starts() {
        let day = Date::constant(2026, 11, 21);
        assert!(Validity::new(day, day).is_err());
    }

    #[test]
    fn japans_day_begins_nine_hours_before_utc() {
        let instant: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        assert_eq!(japan_date(instant), Date::constant(2026, 11, 21));
        assert_eq!(japan_midnight(Date::constant(2026, 11, 21)), Some(instant));
    }
}
