//! What differs between operating systems, besides the certificate stores: owner-only files, atomic
//! renames, free space, the account, the console, a person's folders and sticks, network interfaces.
//!
//! This file picks; `platform/unix.rs` and `platform/windows.rs` export the same names, so no caller holds a
//! `cfg`. Files with secrets are readable by their owner alone from the first byte: the mode or the
//! access list is given when the file is created, never afterwards.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use reqwest::ClientBuilder;
use tokio::net::TcpSocket;
use zeroize::Zeroizing;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as system;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

pub use system::TerminalState;

/// Creates `path` for its owner alone, open for reading and writing. An existing file is an error.
pub fn create_owner_only(path: &Path) -> io::Result<File> {
    system::create_owner_only(path)
}

/// Opens `path` for reading and writing without cutting it, or creates it for its owner alone.
///
/// A last path component that is a link is refused on Unix: what it points to may be anybody's.
pub fn open_or_create_owner_only(path: &Path) -> io::Result<File> {
    system::open_or_create_owner_only(path)
}

/// Creates a folder and its missing parents for their owner alone. A folder that exists stays as it is.
pub fn create_owner_only_dir(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = parent_of(path);
    create_owner_only_dir(parent)?;
    match system::create_owner_only_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_dir(parent),
    }
}

/// Opens an existing plain file for reading: never through a link, never waiting for a pipe's other end.
///
/// Windows refuses while another program may still write to it; Unix cannot tell.
pub fn open_plain(path: &Path) -> io::Result<File> {
    let file = system::open_plain(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    }
}

/// Whether the file has other names (hard links), under which its bytes would stay when this one is removed.
pub fn has_other_names(file: &File) -> io::Result<bool> {
    system::has_other_names(file)
}

/// Whether nobody but the owner, who is the present user, may read `path`.
pub fn is_owner_only(path: &Path) -> io::Result<bool> {
    system::is_owner_only(path)
}

/// Renames `from` over `to` in one step: a reader sees the old file or the new one, never a part.
pub fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    system::replace_file(from, to)
}

/// Renames `from` to `to` unless something of that name exists (`AlreadyExists`).
pub fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    system::rename_without_replacing(from, to)
}

/// Makes the names inside a folder durable. An empty path is the current folder.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    system::sync_dir(path)
}

/// Bytes that the present user may still write where `path` (which exists) lies.
pub fn free_space(path: &Path) -> io::Result<u64> {
    system::free_space(path)
}

/// Takes room for `bytes` from the disk without making the file longer, where the system and its disk can.
///
/// What is written into that room later does not fail for want of it.
pub fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    system::reserve(file, bytes)
}

/// Whether two places, which exist, lie on one disk or share.
pub fn is_same_volume(one: &Path, other: &Path) -> io::Result<bool> {
    system::is_same_volume(one, other)
}

/// Whether `path`, which exists, lies on a share of the network.
pub fn is_network_share(path: &Path) -> io::Result<bool> {
    system::is_network_share(path)
}

/// The bytes of a file that was written and synced, read from the medium itself where the system lets that be asked.
pub fn read_back(path: &Path) -> io::Result<Vec<u8>> {
    system::read_back(path)
}

/// Makes everything durable that was written to the disk of `path`, so that it may be taken out.
pub fn sync_volume(path: &Path) -> io::Result<()> {
    system::sync_volume(path)
}

/// Whether this system is Windows, where a terminal's own account and programs can be.
pub const IS_WINDOWS: bool = cfg!(windows);

/// The account that runs this program; its number where it has no name.
pub fn account_name() -> String {
    system::account_name()
}

/// The account that logged on at this desktop, where the system tells. A program that runs as another account
/// changes that other account's certificate store.
pub fn desktop_account() -> Option<String> {
    system::desktop_account()
}

/// The build number of Windows; `None` elsewhere.
pub fn windows_build() -> Option<u32> {
    system::windows_build()
}

/// Lets the system load libraries from its own folder alone, never from beside the program.
pub fn guard_libraries() -> io::Result<()> {
    system::guard_libraries()
}

/// Wraps a key so that only the present account on this computer unwraps it, for the same `purpose`.
///
/// `Unsupported` where the system has no such service.
pub fn wrap_key(key: &[u8], purpose: &[u8]) -> io::Result<Vec<u8>> {
    system::wrap_key(key, purpose)
}

/// Lets this process use the account's key store where that is a program of the desktop: Secret Service on Linux,
/// the login keychain on macOS. Windows' own service needs no leave.
///
/// `bus` is the address of the desktop session's bus, where there is one. Practice never calls this.
pub fn allow_key_store(bus: Option<OsString>) {
    system::allow_key_store(bus);
}

/// Takes away what a key store keeps for a wrapping that is not needed any more, as far as it can be reached.
pub fn forget_key(wrapped: &[u8]) {
    system::forget_key(wrapped);
}

/// Unwraps what [`wrap_key`] wrapped.
///
/// Any error means another account or computer, another `purpose`, changed bytes, or a key store that is locked or
/// not there.
pub fn unwrap_key(wrapped: &[u8], purpose: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    system::unwrap_key(wrapped, purpose)
}

/// What this computer calls itself.
pub fn computer_name() -> String {
    system::computer_name()
}

/// Whether the terminal behind standard error obeys escape sequences, switched on where that is needed.
pub fn obeys_escapes() -> bool {
    system::obeys_escapes()
}

/// Whether the window of this program's console was opened for it alone, so that it closes when the program ends.
pub fn console_is_its_own() -> bool {
    system::console_is_its_own()
}

/// Whether this program runs as root or with administrator rights, which it never needs.
pub fn is_elevated() -> bool {
    system::is_elevated()
}

/// Where data lies unless told otherwise; `None` when the environment names no home.
///
/// `lookup` answers for the environment, which only the command line reads.
pub fn default_data_dir(lookup: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    system::data_home(&|name| absolute(lookup(name)?)).map(|home| home.join("noticert"))
}

/// Downloads, desktop and documents of the person whose environment `lookup` answers for; some may not exist.
pub fn personal_folders(lookup: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    system::personal_folders(lookup)
}

/// Where sticks and cards are mounted.
pub fn removable_drives() -> Vec<PathBuf> {
    system::removable_drives()
}

/// A proxy that the system's own settings name. noticert follows none of them; browsers do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SystemProxy {
    /// Where the setting stands, for people.
    pub place: &'static str,
    /// Its servers as written there.
    pub servers: String,
    /// What is reached without it, as written there.
    pub bypass: String,
}

/// The proxies that the system's own settings name.
pub fn system_proxies() -> Vec<SystemProxy> {
    system::system_proxies()
}

/// The addresses that stand for the network interface `name`; none where connections are tied to it by its name.
pub fn interface_addresses(name: &str) -> io::Result<Vec<IpAddr>> {
    system::interface_addresses(name)
}

/// Ties a socket that will connect to `to` to the network interface `name`.
pub fn tie_socket(socket: &TcpSocket, name: &str, to: IpAddr) -> io::Result<()> {
    system::tie_socket(socket, name, to)
}

/// Ties every connection of an HTTP client to the network interface `name`.
pub fn tie_client(client: ClientBuilder, name: &str) -> io::Result<ClientBuilder> {
    system::tie_client(client, name)
}

/// The folder in which `path` lies, for a path that is not empty.
fn parent_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// An environment variable that names a place counts only when the place is absolute (XDG says so too).
fn absolute(value: OsString) -> Option<PathBuf> {
    Some(PathBuf::from(value)).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn a_new_file_is_its_owners_alone_and_never_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        create_owner_only(&path).unwrap().write_all(b"1").unwrap();
        assert!(is_owner_only(&path).unwrap());
        let again = create_owner_only(&path).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"1");
    }

    #[test]
    fn a_file_of_any_length_is_read_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("copy");
        // Beside the sizes of a sector and of what is read at once.
        for length in [0, 1, 511, 4_095, 4_096, 65_535, 65_536, 65_537, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            assert!(read_back(&path).unwrap() == bytes, "{length}");
        }
        assert!(read_back(&dir.path().join("none")).is_err());
    }

    #[test]
    fn opening_an_existing_file_keeps_what_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        open_or_create_owner_only(&path)
            .unwrap()
            .write_all(b"kept")
            .unwrap();
        drop(open_or_create_owner_only(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        assert!(is_owner_only(&path).unwrap());
    }

    #[test]
    fn a_plain_file_is_opened_and_its_other_names_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("scan.pdf");
        fs::write(&path, b"1").unwrap();
        assert!(!has_other_names(&open_plain(&path).unwrap()).unwrap());
        fs::hard_link(&path, dir.path().join("same")).unwrap();
        assert!(has_other_names(&open_plain(&path).unwrap()).unwrap());
        assert!(open_plain(dir.path()).is_err());
        assert!(open_plain(&dir.path().join("missing")).is_err());
    }

    #[test]
    fn every_missing_folder_on_the_way_is_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a").join("b").join("c");
        create_owner_only_dir(&deep).unwrap();
        create_owner_only_dir(&deep).unwrap();
        assert!(is_owner_only(&deep).unwrap());
        assert!(is_owner_only(deep.parent().unwrap()).unwrap());
    }

    #[test]
    fn a_folder_in_place_of_a_file_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        assert!(create_owner_only_dir(&file.join("below")).is_err());
        assert!(create_owner_only_dir(&file).is_err());
        assert!(open_or_create_owner_only(dir.path()).is_err());
    }

    #[test]
    fn a_rename_without_replacing_leaves_both_files_when_the_name_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, b"new").unwrap();
        fs::write(&to, b"old").unwrap();
        let taken = rename_without_replacing(&from, &to).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"old");
        assert_eq!(fs::read(&from).unwrap(), b"new");

        rename_without_replacing(&from, &dir.path().join("free")).unwrap();
        assert!(!from.exists());
        replace_file(&dir.path().join("free"), &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
        sync_dir(dir.path()).unwrap();
    }

    #[test]
    fn space_account_and_computer_have_answers() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_space(dir.path()).unwrap() > 0);
        assert!(free_space(&dir.path().join("missing")).is_err());
        assert!(!account_name().is_empty());
        assert!(!computer_name().is_empty());
    }

    #[test]
    fn a_wrapped_key_opens_for_its_purpose_only() {
        let wrapped = match wrap_key(b"a data key of 32 bytes, or thereabouts", b"seal") {
            Ok(wrapped) => wrapped,
            Err(error) if IS_WINDOWS => panic!("{error}"),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::Unsupported);
                assert!(unwrap_key(b"anything", b"seal").is_err());
                return;
            }
        };
        assert!(!wrapped.windows(8).any(|part| part == b"data key"));
        let key = unwrap_key(&wrapped, b"seal").unwrap();
        assert_eq!(&**key, b"a data key of 32 bytes, or thereabouts");
        assert!(unwrap_key(&wrapped, b"another").is_err());
        let mut changed = wrapped.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(unwrap_key(&changed, b"seal").is_err());
        assert!(unwrap_key(&wrapped[..wrapped.len() / 2], b"seal").is_err());
        assert!(unwrap_key(b"", b"seal").is_err());
    }

    #[test]
    fn without_a_home_there_is_no_default_folder() {
        assert_eq!(default_data_dir(&|_| None), None);
        assert_eq!(default_data_dir(&|_| Some("relative".into())), None);
    }
}
