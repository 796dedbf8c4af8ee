//! Unix: modes, `renameat2`, `statvfs`, termios, all through rustix's safe calls.
//!
//! Sources: open(2), renameat2(2), statvfs(3), termios(3); the XDG Base Directory Specification.

mod folders;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod key_store;
#[cfg(target_os = "macos")]
mod login_keychain;
mod network;
#[cfg(target_os = "linux")]
mod secret_service;
mod volume;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::fs::FallocateFlags;
use rustix::fs::{CWD, OFlags, RenameFlags};
use rustix::io::Errno;
use rustix::process::{geteuid, getuid};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

pub(super) use folders::{personal_folders, removable_drives};
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) use key_store::{allow as allow_key_store, forget_key, unwrap_key, wrap_key};
pub(super) use network::{interface_addresses, system_proxies, tie_client, tie_socket};
pub(super) use volume::{is_network_share, is_same_volume, read_back, sync_volume};

pub(super) fn create_owner_only(path: &Path) -> io::Result<File> {
    owner_only().create_new(true).open(path)
}

pub(super) fn open_or_create_owner_only(path: &Path) -> io::Result<File> {
    let file = owner_only()
        .create(true)
        .truncate(false)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    // A file that an earlier hand left open to others is closed to them, where it is ours to close.
    if !is_private(&file.metadata()?) {
        file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)
}

pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 1)
}

pub(super) fn create_owner_only_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(DIR_MODE).create(path)
}

pub(super) fn is_owner_only(path: &Path) -> io::Result<bool> {
    Ok(is_private(&fs::metadata(path)?))
}

pub(super) fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Tries three ways, because file systems differ: the rename made for it, a hard link, and a name
/// reserved by an empty file that the rename then replaces.
pub(super) fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match rename_exclusively(from, to) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        outcome => return Ok(outcome?),
    }
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            create_owner_only(to)?;
            fs::rename(from, to)
        }
    }
}

pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some network and FUSE file systems cannot sync a folder and say so; nothing more can be asked.
        Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => Ok(()),
        outcome => outcome,
    }
}

pub(super) fn free_space(path: &Path) -> io::Result<u64> {
    let volume = rustix::fs::statvfs(path)?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// Linux alone keeps the file's length while it takes the room.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes) {
        // FAT, network and FUSE file systems cannot; the look at the free space has to do.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        outcome => Ok(outcome?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn reserve(_file: &File, _bytes: u64) -> io::Result<()> {
    Ok(())
}

/// The name that `/etc/passwd` gives the user's number. Directory services are not asked: that needs libc.
pub(super) fn account_name() -> String {
    let number = getuid().as_raw().to_string();
    fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|accounts| name_of(&accounts, &number))
        .unwrap_or(number)
}

pub(super) fn computer_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Whoever ran `sudo` stands in the environment only, which is no proof.
pub(super) fn desktop_account() -> Option<String> {
    None
}

pub(super) fn windows_build() -> Option<u32> {
    None
}

/// The loader looks where the program says and where the system is, never beside the program.
pub(super) fn guard_libraries() -> io::Result<()> {
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod no_key_store {
    use std::ffi::OsString;
    use std::io;

    use zeroize::Zeroizing;

    pub(in crate::platform) fn allow_key_store(_bus: Option<OsString>) {}

    pub(in crate::platform) fn wrap_key(_key: &[u8], _purpose: &[u8]) -> io::Result<Vec<u8>> {
        Err(none())
    }

    pub(in crate::platform) fn unwrap_key(
        _wrapped: &[u8],
        _purpose: &[u8],
    ) -> io::Result<Zeroizing<Vec<u8>>> {
        Err(none())
    }

    pub(in crate::platform) fn forget_key(_wrapped: &[u8]) {}

    fn none() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "this system wraps no keys for an account",
        )
    }
}
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) use no_key_store::{allow_key_store, forget_key, unwrap_key, wrap_key};

/// Every terminal since the VT100 does.
pub(super) fn obeys_escapes() -> bool {
    true
}

/// Terminals outlive what runs in them, or say that it ended.
pub(super) fn console_is_its_own() -> bool {
    false
}

pub(super) fn is_elevated() -> bool {
    geteuid().is_root()
}

pub(super) fn data_home(place: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    match cfg!(target_os = "macos") {
        true => place("HOME").map(|home| home.join("Library/Application Support")),
        false => {
            place("XDG_DATA_HOME").or_else(|| place("HOME").map(|home| home.join(".local/share")))
        }
    }
}

/// How the terminal was set before a hidden prompt, so that an interrupt there can set it back.
pub struct TerminalState {
    terminal: File,
    settings: Termios,
}

impl TerminalState {
    /// The present settings; `None` without a terminal.
    pub fn remember() -> Option<Self> {
        // Not standard input: that may be a pipe while a prompt still hides on the terminal.
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open("/dev/tty")
            .ok()?;
        let settings = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, settings })
    }

    /// Sets the terminal back. Failure means that it is gone, and then nothing is left to set.
    pub fn restore(&self) {
        let _gone = tcsetattr(&self.terminal, OptionalActions::Now, &self.settings);
    }
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(FILE_MODE);
    options
}

fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.mode() & OTHERS == 0 && metadata.uid() == geteuid().as_raw()
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_exclusively(from: &Path, to: &Path) -> Result<(), Errno> {
    rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_exclusively(_from: &Path, _to: &Path) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

fn name_of(accounts: &str, number: &str) -> Option<String> {
    accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2) == Some(&number))
        .and_then(|fields| fields.first().map(|name| (*name).to_owned()))
        .filter(|name| !name.is_empty())
}

/// Bits that open a file to the group or to everybody.
const OTHERS: u32 = 0o077;
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_in_place_of_a_file_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("elsewhere");
        let link = dir.path().join("link");
        symlink(&target, &link).unwrap();
        assert!(open_or_create_owner_only(&link).is_err());
        assert!(create_owner_only(&link).is_err());
        assert!(!target.exists());
    }

    #[test]
    fn neither_a_link_nor_a_pipe_is_a_plain_file() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, b"1").unwrap();
        symlink(&target, &link).unwrap();
        assert!(crate::platform::open_plain(&link).is_err());
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(
            CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        // Without a writer at its other end this must not wait either.
        assert!(crate::platform::open_plain(&pipe).is_err());
    }

    #[test]
    fn a_file_open_to_others_is_closed_when_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("open");
        fs::write(&path, b"").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(!is_owner_only(&path).unwrap());
        open_or_create_owner_only(&path).unwrap();
        assert!(is_owner_only(&path).unwrap());
    }

    #[test]
    fn the_data_folder_follows_xdg_where_it_is_set() {
        let only = |known: &'static str, place: &'static str| {
            move |name: &str| (name == known).then(|| PathBuf::from(place))
        };
        if cfg!(not(target_os = "macos")) {
            let set = data_home(&only("XDG_DATA_HOME", "/data"));
            assert_eq!(set, Some(PathBuf::from("/data")));
            let home = data_home(&only("HOME", "/home/someone"));
            assert_eq!(home, Some(PathBuf::from("/home/someone/.local/share")));
        }
    }

    #[test]
    fn an_account_without_a_name_is_its_number() {
        let accounts = "root:x:0:0::/root:/bin/sh\nclinic:x:1000:1000::/home/clinic:/bin/sh\n";
        assert_eq!(name_of(accounts, "1000").as_deref(), Some("clinic"));
        assert_eq!(name_of(accounts, "7"), None);
        assert_eq!(name_of("broken", "7"), None);
    }
}
