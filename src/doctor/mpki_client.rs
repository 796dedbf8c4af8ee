//! The authority's own client, which reminds of the expiry and renews (fact 31). It is found by its name in the
//! start menu or among the programs.

use std::path::{Path, PathBuf};

use super::Mark;
use super::search::{Reach, search};
use crate::config::Doctor;

/// The authority's own client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MpkiClient {
    /// The places are none of this system's.
    NotHere,
    /// Something of its name is there.
    Found {
        /// That.
        path: PathBuf,
    },
    /// Nothing of its name was found.
    Missing,
}

impl MpkiClient {
    /// It is a help, not a condition: noticert reminds too.
    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Found { .. } => Mark::Good,
            Self::NotHere | Self::Missing => Mark::Aside,
        }
    }
}

pub(super) fn look(config: &Doctor, is_windows: bool) -> MpkiClient {
    let places = || config.mpki_client.iter().map(Path::new);
    if !is_windows && !places().any(Path::is_absolute) {
        return MpkiClient::NotHere;
    }
    places()
        .flat_map(|place| search(place, REACH, &is_named_for_it))
        .next()
        .map_or(MpkiClient::Missing, |path| MpkiClient::Found { path })
}

fn is_named_for_it(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

const NAMES: [&str; 2] = ["mpki", "managed pki"];
const REACH: Reach = Reach {
    depth: 2,
    entries: 5_000,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_found_by_its_name() {
        let scratch = tempfile::tempdir().unwrap();
        let config = |place: &Path| Doctor {
            mpki_client: vec![place.display().to_string()],
            ..Doctor::default()
        };
        assert_eq!(look(&config(scratch.path()), true), MpkiClient::Missing);
        assert_eq!(
            look(&config(Path::new("relative")), false),
            MpkiClient::NotHere
        );
        let folder = scratch.path().join("Cybertrust");
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("Cybertrust Managed PKI Client.lnk");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(
            look(&config(scratch.path()), false),
            MpkiClient::Found { path }
        );
    }
}
