//! The ledger's own identifiers: UUIDv7, rising within one ledger.
//!
//! The log is read in the order of its ids, so an id is never smaller than the one before it, even when
//! the clock was set back: terminals in closed networks drift. Time comes from the caller, never from a clock.
//!
//! Source: RFC 9562, sections 5.7 and 6.2 (method 1, a counter in `rand_a`).

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub(super) fn new(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    };
}

id_type! {
    /// Names one issuance in the ledger, from its first reading on.
    RecordId
}
id_type! {
    /// Names one event.
    EventId
}
id_type! {
    /// Names one sealed value.
    SealedId
}
id_type! {
    /// Names one submission to the site.
    AttemptId
}
id_type! {
    /// Names one case that left with records.
    CaseId
}
id_type! {
    /// Names one ledger, for life.
    LedgerId
}

/// The next id after `last`, at `at` or as soon after it as order allows.
pub(super) fn next_after(last: Uuid, at: Timestamp, random: [u8; 10]) -> Uuid {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let (last_milliseconds, last_counter) = parts(last);
    let (milliseconds, counter) = match milliseconds > last_milliseconds {
        // Half of the counter's room is left for ids of the same millisecond.
        true => (
            milliseconds,
            u16::from_be_bytes([random[0], random[1]]) & (COUNTER_MAX >> 1),
        ),
        false if last_counter < COUNTER_MAX => (last_milliseconds, last_counter + 1),
        false => (last_milliseconds + 1, 0),
    };
    let mut tail = random;
    tail[..2].copy_from_slice(&counter.to_be_bytes());
    Builder::from_unix_timestamp_millis(milliseconds, &tail).into_uuid()
}

fn parts(id: Uuid) -> (u64, u16) {
    let (high, _) = id.as_u64_pair();
    (high >> 16, (high & u64::from(COUNTER_MAX)) as u16)
}

/// `rand_a` has twelve bits.
const COUNTER_MAX: u16 = 0x0fff;

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn an_id_carries_the_time_it_was_given() {
        let now = at(1_795_000_000_123);
        let id = next_after(Uuid::nil(), now, [0xff; 10]);
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds), (1_795_000_000, 123_000_000));
    }

    proptest! {
        #[test]
        fn ids_rise_whatever_the_clock_does(times: Vec<i32>, random: [u8; 10]) {
            let mut last = Uuid::nil();
            for time in times {
                let id = next_after(last, at(i64::from(time)), random);
                assert!(id > last, "{id} after {last}");
                assert_eq!(id.get_version_num(), 7);
                last = id;
            }
        }
    }

    #[test]
    fn ten_thousand_ids_of_one_millisecond_rise() {
        let mut last = Uuid::nil();
        for _ in 0..10_000 {
            let id = next_after(last, at(5), [0xab; 10]);
            assert!(id > last);
            last = id;
        }
    }
}
