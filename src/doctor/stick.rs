//! A stick for the back-up that every source asks for (fact 30).

use std::path::PathBuf;

use super::Mark;
use crate::platform;

/// A stick for the back-up.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stick {
    /// What is plugged in.
    pub drives: Vec<Drive>,
}

/// One stick or card.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Drive {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes free on it, where it says so.
    pub free: Option<u64>,
}

impl Stick {
    pub(super) fn mark(&self) -> Mark {
        match self.drives.as_slice() {
            [] => Mark::Aside,
            drives if drives.iter().any(Drive::has_room) => Mark::Good,
            _ => Mark::Wrong,
        }
    }
}

impl Drive {
    /// Whether a back-up fits on it.
    pub fn has_room(&self) -> bool {
        self.free.is_some_and(|free| free >= LEAST_ROOM)
    }
}

pub(super) fn look(drives: &[PathBuf]) -> Stick {
    let drives = drives.iter().map(|path| Drive {
        path: path.clone(),
        free: platform::free_space(path).ok(),
    });
    Stick {
        drives: drives.collect(),
    }
}

/// Bytes of a back-up of many certificates with its label sheets.
const LEAST_ROOM: u64 = 10 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stick_with_room_is_enough() {
        let drive = |free| Drive {
            path: PathBuf::from("stick"),
            free,
        };
        let stick = |drives: &[Drive]| Stick {
            drives: drives.to_vec(),
        };
        assert_eq!(stick(&[]).mark(), Mark::Aside);
        assert_eq!(stick(&[drive(Some(0)), drive(None)]).mark(), Mark::Wrong);
        assert_eq!(
            stick(&[drive(None), drive(Some(1 << 30))]).mark(),
            Mark::Good
        );
    }
}
