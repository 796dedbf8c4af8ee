//! Whose session this is, which Windows runs, and where it looks for libraries.

use std::io;
use std::ptr;

use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Win32::System::Console::GetConsoleProcessList;
use windows_sys::Win32::System::LibraryLoader::{
    LOAD_LIBRARY_SEARCH_SYSTEM32, SetDefaultDllDirectories,
};
use windows_sys::Win32::System::RemoteDesktop::{
    WTS_CURRENT_SERVER_HANDLE, WTS_CURRENT_SESSION, WTSFreeMemory, WTSQuerySessionInformationW,
    WTSUserName,
};
use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOW;

/// The account that logged on to the session, which 'Run as administrator' under another one does not change.
pub(in crate::platform) fn desktop_account() -> Option<String> {
    let mut text: *mut u16 = ptr::null_mut();
    let mut size = 0;
    // SAFETY: this server and this session need no opening; `text` receives memory for WTSFreeMemory.
    let done = unsafe {
        WTSQuerySessionInformationW(
            WTS_CURRENT_SERVER_HANDLE,
            WTS_CURRENT_SESSION,
            WTSUserName,
            &mut text,
            &mut size,
        )
    };
    if done == 0 || text.is_null() {
        return None;
    }
    // SAFETY: Windows says how many bytes it wrote; they are aligned for the text that was asked for.
    let units = unsafe { std::slice::from_raw_parts(text, size as usize / size_of::<u16>()) };
    let name = super::text_until_nul(units);
    // SAFETY: the memory came from the call above, and is freed once.
    unsafe { WTSFreeMemory(text.cast()) };
    // A service's session has no name.
    Some(name).filter(|name| !name.is_empty())
}

/// What Windows tells everybody else depends on the program's manifest; this call does not.
pub(in crate::platform) fn windows_build() -> Option<u32> {
    let mut version = OSVERSIONINFOW {
        dwOSVersionInfoSize: size_of::<OSVERSIONINFOW>() as u32,
        ..OSVERSIONINFOW::default()
    };
    // SAFETY: the structure says how large it is.
    let status = unsafe { RtlGetVersion(&mut version) };
    (status == 0).then_some(version.dwBuildNumber)
}

/// Explorer opens a console for a program that was double-clicked; a command line shares its own with it.
pub(in crate::platform) fn console_is_its_own() -> bool {
    let mut processes = [0; 2];
    // SAFETY: there is room for as many numbers as the call is told.
    let count = unsafe { GetConsoleProcessList(processes.as_mut_ptr(), processes.len() as u32) };
    count == 1
}

/// Libraries that are loaded from now on come from Windows' own folder alone: not from the folder of the
/// program, which can be Downloads or a stick, nor from the current one.
pub(in crate::platform) fn guard_libraries() -> io::Result<()> {
    // SAFETY: the call takes a number.
    super::succeeded(unsafe { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32) })
}
