//! Brings the system's own question to the front.
//!
//! Putting a root into the user's store makes Windows ask whether to trust it, in a window of this process
//! that no call gives an owner. From a console it can open behind everything else, and a person waits for a
//! question that is waiting for them. So while the question may stand, a second thread looks for a dialogue
//! of this process, makes the console its owner and brings it to the front.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Foundation::{HWND, LPARAM};
use windows_sys::Win32::System::Console::GetConsoleWindow;
use windows_sys::Win32::System::Threading::GetCurrentProcessId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    EnumWindows, GWLP_HWNDPARENT, GetClassNameW, GetWindowThreadProcessId, HWND_TOPMOST,
    IsWindowVisible, SWP_NOMOVE, SWP_NOSIZE, SetForegroundWindow, SetWindowLongPtrW, SetWindowPos,
};
use windows_sys::core::BOOL;

/// Runs `ask`, which may open a dialogue, and keeps that dialogue in front.
pub(super) fn in_front<T>(ask: impl FnOnce() -> T) -> T {
    let is_answered = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| watch(&is_answered));
        let _answered = Answered(&is_answered);
        ask()
    })
}

/// Ends the watch in every case, a panic included, or its thread would be waited for without end.
struct Answered<'a>(&'a AtomicBool);

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn watch(is_answered: &AtomicBool) {
    let mut raised: Vec<HWND> = Vec::new();
    while !is_answered.load(Ordering::Acquire) {
        for dialogue in dialogues() {
            if !raised.contains(&dialogue) {
                raise(dialogue);
                raised.push(dialogue);
            }
        }
        thread::sleep(GLANCE);
    }
}

/// The dialogues that this process shows.
fn dialogues() -> Vec<HWND> {
    let mut found: Vec<HWND> = Vec::new();
    // SAFETY: `look` gets the address of `found`, which outlives the call, and nobody else uses it meanwhile.
    unsafe { EnumWindows(Some(look), (&raw mut found) as LPARAM) };
    found
}

unsafe extern "system" fn look(window: HWND, found: LPARAM) -> BOOL {
    let mut process = 0;
    // SAFETY: a window that is gone by now gives no process.
    unsafe { GetWindowThreadProcessId(window, &mut process) };
    // SAFETY: the call takes nothing.
    let is_ours = process == unsafe { GetCurrentProcessId() };
    // SAFETY: a window that is gone by now is not visible.
    if is_ours && unsafe { IsWindowVisible(window) } != 0 && is_dialogue(window) {
        // SAFETY: `dialogues` passed the address of its list.
        unsafe { (*(found as *mut Vec<HWND>)).push(window) };
    }
    GO_ON
}

fn is_dialogue(window: HWND) -> bool {
    let mut name = [0_u16; 16];
    // SAFETY: `name` has as many units as its length says.
    let length = unsafe { GetClassNameW(window, name.as_mut_ptr(), name.len() as i32) };
    usize::try_from(length).is_ok_and(|length| name[..length] == DIALOGUE_CLASS)
}

fn raise(dialogue: HWND) {
    // SAFETY: the call takes nothing; without a console there is no window.
    let console: *mut c_void = unsafe { GetConsoleWindow() };
    if !console.is_null() {
        // SAFETY: both are windows; one that is gone by now is refused.
        unsafe { SetWindowLongPtrW(dialogue, GWLP_HWNDPARENT, console as isize) };
    }
    // SAFETY: as above.
    unsafe { SetWindowPos(dialogue, HWND_TOPMOST, 0, 0, 0, 0, SWP_NOMOVE | SWP_NOSIZE) };
    // SAFETY: as above; Windows may refuse, and then the taskbar blinks.
    unsafe { SetForegroundWindow(dialogue) };
}

const GLANCE: Duration = Duration::from_millis(50);
const GO_ON: BOOL = 1;
/// `#32770`, the class of every dialogue.
const DIALOGUE_CLASS: [u16; 6] = [0x23, 0x33, 0x32, 0x37, 0x37, 0x30];
