//! Windows: access lists given at creation, `MoveFileExW`, the process token, console modes.
//!
//! A new file or folder gets a protected access list with one entry, full access for the present user, so
//! it inherits nothing from its parent: kits share the Downloads folder of terminals on the LAN
//! (domain fact 39). Administrators can still take ownership; nothing keeps them out.
//!
//! Sources: <https://learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format>,
//! <https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw>.

#![expect(unsafe_code, reason = "Win32 has no safe calls for these")]

mod folders;
mod key_wrap;
mod network;
mod session;
mod volume;

use std::ffi::{OsStr, c_void};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::ptr;

use windows_sys::Win32::Foundation::{
    GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE, LocalFree,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
    SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetTokenInformation, SECURITY_ATTRIBUTES, TOKEN_ELEVATION,
    TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TOKEN_USER, TokenElevation, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, GetDiskFreeSpaceExW,
    GetFileInformationByHandle, MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH, MoveFileExW,
    OPEN_ALWAYS,
};
use windows_sys::Win32::System::Console::{
    CONSOLE_MODE, ENABLE_PROCESSED_OUTPUT, ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode,
    SetConsoleMode,
};
use windows_sys::Win32::System::SystemInformation::{
    ComputerNamePhysicalDnsHostname, GetComputerNameExW,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows_sys::Win32::System::WindowsProgramming::GetUserNameW;

pub(super) use folders::{personal_folders, removable_drives};
pub(super) use key_wrap::{allow_key_store, forget_key, unwrap_key, wrap_key};
pub(super) use network::{interface_addresses, system_proxies, tie_client, tie_socket};
pub(super) use session::{console_is_its_own, desktop_account, guard_libraries, windows_build};
pub(super) use volume::{is_network_share, is_same_volume, read_back, sync_volume};

pub(super) fn create_owner_only(path: &Path) -> io::Result<File> {
    open_with_owner_only_list(path, CREATE_NEW)
}

/// The list is given only to a file that this call creates: Windows ignores it for one that exists.
pub(super) fn open_or_create_owner_only(path: &Path) -> io::Result<File> {
    open_with_owner_only_list(path, OPEN_ALWAYS)
}

/// Links need rights here that nobody gives, and pipes are no names in a folder.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    OpenOptions::new()
        .read(true)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE)
        .open(path)
}

pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open as long as `file`; the structure is written by the call alone.
    succeeded(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut information) })?;
    Ok(information.nNumberOfLinks > 1)
}

pub(super) fn create_owner_only_dir(path: &Path) -> io::Result<()> {
    let list = SecurityDescriptor::owner_only(Kind::Folder)?;
    let attributes = list.attributes();
    let name = verbatim(path)?;
    // SAFETY: `name` ends with NUL; `attributes` points into `list`; both outlive the call.
    succeeded(unsafe { CreateDirectoryW(name.as_ptr(), &attributes) })
}

pub(super) fn is_owner_only(path: &Path) -> io::Result<bool> {
    let name = verbatim(path)?;
    let mut descriptor = ptr::null_mut();
    // SAFETY: `name` ends with NUL; unwanted parts may be null; `descriptor` receives memory for LocalFree.
    let status = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut descriptor,
        )
    };
    if status != 0 {
        return Err(io::Error::from_raw_os_error(status.cast_signed()));
    }
    let descriptor = SecurityDescriptor(LocalMemory(descriptor));
    // Windows shortens well-known accounts (LA, SY), so the user is looked up in a list written the same way.
    let own = SecurityDescriptor::owner_only(Kind::File)?.to_sddl()?;
    let listed = descriptor.to_sddl()?;
    Ok(trustees(&own)
        .first()
        .is_some_and(|user| lets_in_only(&listed, user)))
}

pub(super) fn replace_file(from: &Path, to: &Path) -> io::Result<()> {
    move_file(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
}

pub(super) fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    move_file(from, to, MOVEFILE_WRITE_THROUGH)
}

/// Folders cannot be flushed here without more rights; the renames above are written through instead.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}

/// The look at the free space has to do.
pub(super) fn reserve(_file: &File, _bytes: u64) -> io::Result<()> {
    Ok(())
}

pub(super) fn free_space(path: &Path) -> io::Result<u64> {
    // The call answers for folders only, and every missing thing would look like a full disk.
    let folder = match fs::metadata(path)?.is_dir() {
        true => path,
        false => path.parent().unwrap_or(Path::new(".")),
    };
    let name = verbatim(folder)?;
    let mut free = 0_u64;
    // SAFETY: `name` ends with NUL; `free` is writable; unwanted totals may be null.
    let done =
        unsafe { GetDiskFreeSpaceExW(name.as_ptr(), &mut free, ptr::null_mut(), ptr::null_mut()) };
    succeeded(done)?;
    Ok(free)
}

pub(super) fn account_name() -> String {
    let mut name = [0_u16; NAME_LENGTH];
    let mut length = NAME_LENGTH as u32;
    // SAFETY: `length` tells how many units `name` holds.
    let done = unsafe { GetUserNameW(name.as_mut_ptr(), &mut length) };
    match done {
        0 => "?".to_owned(),
        _ => text_until_nul(&name),
    }
}

pub(super) fn computer_name() -> String {
    let mut name = [0_u16; NAME_LENGTH];
    let mut length = NAME_LENGTH as u32;
    // SAFETY: `length` tells how many units `name` holds.
    let done = unsafe {
        GetComputerNameExW(
            ComputerNamePhysicalDnsHostname,
            name.as_mut_ptr(),
            &mut length,
        )
    };
    match done {
        0 => "?".to_owned(),
        _ => text_until_nul(&name),
    }
}

pub(super) fn is_elevated() -> bool {
    // The answer is a TOKEN_ELEVATION, one u32 that is not zero when elevated.
    const { assert!(size_of::<TOKEN_ELEVATION>() == size_of::<u32>()) };
    token_information(TokenElevation).is_ok_and(|answer| answer.iter().any(|part| *part != 0))
}

/// Consoles since Windows 10 do when they are told to.
pub(super) fn obeys_escapes() -> bool {
    let console = io::stderr();
    let mut mode: CONSOLE_MODE = 0;
    // SAFETY: standard error's handle is open while the program runs; `mode` is writable.
    if unsafe { GetConsoleMode(console.as_raw_handle(), &mut mode) } == 0 {
        return false;
    }
    let wanted = mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
    // SAFETY: as above.
    unsafe { SetConsoleMode(console.as_raw_handle(), wanted) != 0 }
}

pub(super) fn data_home(place: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // Local, not roaming: a roaming profile would copy sealed values and `.p12` files to a server.
    place("LOCALAPPDATA").or_else(|| place("USERPROFILE").map(|home| home.join("AppData\\Local")))
}

/// How the console was set before a hidden prompt, so that an interrupt there can set it back.
pub struct TerminalState {
    console: File,
    mode: CONSOLE_MODE,
}

impl TerminalState {
    /// The present mode; `None` without a console.
    pub fn remember() -> Option<Self> {
        let console = OpenOptions::new()
            .read(true)
            .write(true)
            .open("CONIN$")
            .ok()?;
        let mut mode = 0;
        // SAFETY: the handle is open while `console` lives; `mode` is writable.
        let done = unsafe { GetConsoleMode(console.as_raw_handle(), &mut mode) };
        (done != 0).then_some(Self { console, mode })
    }

    /// Sets the console back. Failure means that it is gone, and then nothing is left to set.
    pub fn restore(&self) {
        // SAFETY: the handle is open while `self.console` lives.
        let _gone = unsafe { SetConsoleMode(self.console.as_raw_handle(), self.mode) };
    }
}

fn open_with_owner_only_list(path: &Path, disposition: u32) -> io::Result<File> {
    let list = SecurityDescriptor::owner_only(Kind::File)?;
    let attributes = list.attributes();
    let name = verbatim(path)?;
    // SAFETY: `name` ends with NUL; `attributes` points into `list`; both outlive the call.
    let handle = unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            &attributes,
            disposition,
            FILE_ATTRIBUTE_NORMAL,
            ptr::null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: CreateFileW gave this handle to nobody else.
    Ok(unsafe { File::from_raw_handle(handle) })
}

fn move_file(from: &Path, to: &Path, flags: u32) -> io::Result<()> {
    let (from, to) = (verbatim(from)?, verbatim(to)?);
    // SAFETY: both names end with NUL and outlive the call.
    succeeded(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) })
}

/// What an access list is for: a folder's is inherited by what is made inside.
enum Kind {
    File,
    Folder,
}

/// A security descriptor in memory that Windows allocated.
struct SecurityDescriptor(LocalMemory);

impl SecurityDescriptor {
    fn owner_only(kind: Kind) -> io::Result<Self> {
        let user = user_sid()?;
        let sddl = match kind {
            Kind::File => format!("D:P(A;;FA;;;{user})"),
            Kind::Folder => format!("D:P(A;OICI;FA;;;{user})"),
        };
        let sddl = wide(OsStr::new(&sddl))?;
        let mut descriptor = ptr::null_mut();
        // SAFETY: `sddl` ends with NUL; `descriptor` receives memory for LocalFree; its size is not wanted.
        let done = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                ptr::null_mut(),
            )
        };
        succeeded(done)?;
        Ok(Self(LocalMemory(descriptor)))
    }

    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0.0,
            bInheritHandle: 0,
        }
    }

    fn to_sddl(&self) -> io::Result<String> {
        let mut text = ptr::null_mut();
        // SAFETY: the descriptor lives in `self`; `text` receives memory for LocalFree.
        let done = unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                self.0.0,
                SDDL_REVISION_1,
                DACL_SECURITY_INFORMATION,
                &mut text,
                ptr::null_mut(),
            )
        };
        succeeded(done)?;
        Ok(LocalMemory(text.cast()).wide_text())
    }
}

/// Memory that Windows allocated and LocalFree gives back.
struct LocalMemory(*mut c_void);

impl LocalMemory {
    /// The text that starts here, for memory that a conversion to text returned.
    fn wide_text(&self) -> String {
        let start: *const u16 = self.0.cast();
        let mut units = Vec::new();
        loop {
            // SAFETY: the conversion ended its text with NUL, and nothing is read behind that.
            let unit = unsafe { *start.add(units.len()) };
            if unit == 0 {
                return String::from_utf16_lossy(&units);
            }
            units.push(unit);
        }
    }
}

impl Drop for LocalMemory {
    fn drop(&mut self) {
        // SAFETY: the memory came from a call that asks for LocalFree, and is freed once.
        unsafe { LocalFree(self.0) };
    }
}

/// The present user's identifier as text, `S-1-5-21-…`.
fn user_sid() -> io::Result<String> {
    let information = token_information(TokenUser)?;
    let user: *const TOKEN_USER = information.as_ptr().cast();
    // SAFETY: Windows filled `information`, which is aligned for it, with a TOKEN_USER.
    let sid = unsafe { (*user).User.Sid };
    let mut text = ptr::null_mut();
    // SAFETY: `sid` points into `information`, which still lives; `text` receives memory for LocalFree.
    succeeded(unsafe { ConvertSidToStringSidW(sid, &mut text) })?;
    Ok(LocalMemory(text.cast()).wide_text())
}

/// An answer about this process's token, in memory aligned for any of its structures.
fn token_information(class: TOKEN_INFORMATION_CLASS) -> io::Result<Vec<u64>> {
    let token = process_token()?;
    let handle: HANDLE = token.as_raw_handle();
    let mut needed = 0_u32;
    // SAFETY: with no room given, the call only writes how much it needs.
    unsafe { GetTokenInformation(handle, class, ptr::null_mut(), 0, &mut needed) };
    let mut answer = vec![0_u64; (needed as usize).div_ceil(size_of::<u64>())];
    // SAFETY: `answer` has at least `needed` bytes.
    let done = unsafe {
        GetTokenInformation(
            handle,
            class,
            answer.as_mut_ptr().cast(),
            needed,
            &mut needed,
        )
    };
    succeeded(done)?;
    Ok(answer)
}

fn process_token() -> io::Result<OwnedHandle> {
    // SAFETY: the call takes nothing and its answer needs no closing.
    let process = unsafe { GetCurrentProcess() };
    let mut token = ptr::null_mut();
    // SAFETY: `process` is valid; `token` is writable.
    succeeded(unsafe { OpenProcessToken(process, TOKEN_QUERY, &mut token) })?;
    // SAFETY: OpenProcessToken gave this handle to nobody else.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// Whether every entry of a discretionary list names `user`, or the system and its administrators, whom no list
/// keeps out (OpenSSH judges key files so too). A missing list lets everybody in.
fn lets_in_only(sddl: &str, user: &str) -> bool {
    let named = trustees(sddl);
    !named.is_empty()
        && named
            .iter()
            .all(|trustee| *trustee == user || matches!(*trustee, "SY" | "BA"))
}

/// Whom the entries of a list name: the last part of each.
fn trustees(sddl: &str) -> Vec<&str> {
    sddl.split('(')
        .skip(1)
        .filter_map(|entry| entry.split(')').next()?.rsplit(';').next())
        .collect()
}

fn succeeded(done: i32) -> io::Result<()> {
    match done {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// A path for Windows calls: absolute, ended with NUL, and marked so that its length has no short limit.
fn verbatim(path: &Path) -> io::Result<Vec<u16>> {
    let absolute = std::path::absolute(path)?;
    let text = absolute.as_os_str();
    let bytes = text.as_encoded_bytes();
    if text.len() < SHORT_PATH || bytes.starts_with(br"\\?\") || bytes.starts_with(br"\\.\") {
        return wide(text);
    }
    let mut marked = match bytes.starts_with(br"\\") {
        true => wide_units(OsStr::new(r"\\?\UNC")),
        false => wide_units(OsStr::new(r"\\?\")),
    };
    let kept = usize::from(bytes.starts_with(br"\\"));
    marked.extend(wide(text)?.into_iter().skip(kept));
    Ok(marked)
}

fn wide(text: &OsStr) -> io::Result<Vec<u16>> {
    let mut units = wide_units(text);
    if units.contains(&0) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    units.push(0);
    Ok(units)
}

fn wide_units(text: &OsStr) -> Vec<u16> {
    text.encode_wide().collect()
}

fn text_until_nul(units: &[u16]) -> String {
    let text: Vec<u16> = units
        .iter()
        .copied()
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16_lossy(&text)
}

/// Units that any account or computer name fits into.
const NAME_LENGTH: usize = 512;
/// Folders must stay 12 characters below the 260 that old calls take.
const SHORT_PATH: usize = 248;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_a_stranger_or_without_entries_is_not_owner_only() {
        assert!(lets_in_only("D:P(A;;FA;;;S-1-5-21-1)", "S-1-5-21-1"));
        assert!(lets_in_only(
            "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1)",
            "S-1-5-21-1"
        ));
        assert!(!lets_in_only(
            "D:P(A;;FA;;;S-1-5-21-1)(A;;FR;;;WD)",
            "S-1-5-21-1"
        ));
        assert!(!lets_in_only("D:P(A;;FA;;;S-1-5-21-10)", "S-1-5-21-1"));
        assert!(!lets_in_only("D:NO_ACCESS_CONTROL", "S-1-5-21-1"));
    }

    #[test]
    fn a_long_path_is_marked_once() {
        let long = format!(r"C:\{}", "a".repeat(300));
        let marked = text_until_nul(&verbatim(Path::new(&long)).unwrap());
        assert_eq!(marked, format!(r"\\?\{long}"));
        assert_eq!(
            text_until_nul(&verbatim(Path::new(&marked)).unwrap()),
            marked
        );
        let share = format!(r"\\server\share\{}", "a".repeat(300));
        let marked = text_until_nul(&verbatim(Path::new(&share)).unwrap());
        assert!(marked.starts_with(r"\\?\UNC\server\share\"));
    }
}
