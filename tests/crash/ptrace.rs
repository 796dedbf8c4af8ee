//! The six requests of ptrace that the tracer needs, waitpid for its own thread's children, and a terminal.
//!
//! By hand, because the crate that wraps them (nix) turns on a feature of libc, which would build every dependency a
//! second time for the tests.
//!
//! Sources: ptrace(2), waitpid(2), openpty(3).

#![expect(unsafe_code, reason = "libc has no safe call for any of these")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr::{null, null_mut};

use libc::{c_int, c_void, pid_t, user_regs_struct};

/// What a traced thread has come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// It ended by itself.
    Exited(pid_t, c_int),
    /// It was killed.
    Killed(pid_t),
    /// It is about to make a system call, or back from one.
    AtCall(pid_t),
    /// A signal is about to reach it.
    Signal(pid_t, c_int),
    /// Something else of ptrace's.
    Event(pid_t),
}

/// Takes hold of a process with everything that it will start; it dies with this thread.
pub fn seize(pid: pid_t) -> io::Result<()> {
    let options = libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACEEXEC
        | libc::PTRACE_O_EXITKILL;
    let data = options as usize as *mut c_void;
    // SAFETY: PTRACE_SEIZE reads no memory of ours; its data is a number.
    told(unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, null_mut::<c_void>(), data) })
}

/// Stops a seized process.
pub fn interrupt(pid: pid_t) -> io::Result<()> {
    let nothing = null_mut::<c_void>();
    // SAFETY: PTRACE_INTERRUPT reads and writes no memory of ours.
    told(unsafe { libc::ptrace(libc::PTRACE_INTERRUPT, pid, nothing, nothing) })
}

/// Lets a stopped thread run to its next system call, with a signal or without (0).
pub fn go_on(pid: pid_t, signal: c_int) -> io::Result<()> {
    let data = signal as usize as *mut c_void;
    // SAFETY: PTRACE_SYSCALL reads no memory of ours; its data is a number.
    told(unsafe { libc::ptrace(libc::PTRACE_SYSCALL, pid, null_mut::<c_void>(), data) })
}

/// The registers of a stopped thread.
pub fn registers(pid: pid_t) -> io::Result<user_regs_struct> {
    // SAFETY: the struct holds numbers only, for which zero is a value.
    let mut registers: user_regs_struct = unsafe { std::mem::zeroed() };
    let place = (&raw mut registers).cast::<c_void>();
    // SAFETY: PTRACE_GETREGS writes one user_regs_struct, and `place` is one.
    let done = unsafe { libc::ptrace(libc::PTRACE_GETREGS, pid, null_mut::<c_void>(), place) };
    told(done).map(|()| registers)
}

/// Whether a thread at a call is about to make it, not back from it.
pub fn is_entry(pid: pid_t) -> io::Result<bool> {
    let mut told = [0_u8; 128];
    let size = told.len() as *mut c_void;
    let place = told.as_mut_ptr().cast::<c_void>();
    // SAFETY: PTRACE_GET_SYSCALL_INFO writes at most `size` bytes, which `told` has.
    match unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, place) } {
        -1 => Err(io::Error::last_os_error()),
        // The first byte is `op`.
        _ => Ok(told[0] == libc::PTRACE_SYSCALL_INFO_ENTRY),
    }
}

/// Changes the registers of a stopped thread.
pub fn set_registers(pid: pid_t, mut registers: user_regs_struct) -> io::Result<()> {
    let place = (&raw mut registers).cast::<c_void>();
    // SAFETY: PTRACE_SETREGS reads one user_regs_struct, and `place` is one.
    told(unsafe { libc::ptrace(libc::PTRACE_SETREGS, pid, null_mut::<c_void>(), place) })
}

/// Kills a process.
pub fn kill(pid: pid_t) {
    // SAFETY: kill takes two numbers. A process that is gone already is as dead.
    let _gone = unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Kills a process that leads a group, and everything in the group.
pub fn kill_group(leader: pid_t) {
    kill(-leader);
}

/// A new terminal: the end at which a person types, and the program's.
pub fn terminal() -> io::Result<(OwnedFd, OwnedFd)> {
    let (mut person, mut program): (c_int, c_int) = (-1, -1);
    let name = null_mut();
    // SAFETY: openpty writes two ints, which these are, and takes null for the name and for both settings.
    let done = unsafe { libc::openpty(&raw mut person, &raw mut program, name, null(), null()) };
    match done {
        // SAFETY: openpty has just opened both, and nobody else has them.
        0 => Ok(unsafe { (OwnedFd::from_raw_fd(person), OwnedFd::from_raw_fd(program)) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits for the next stop of any child of this thread; those of other threads are not touched.
pub fn wait() -> io::Result<Stop> {
    let mut status: c_int = 0;
    let which = libc::__WALL | libc::__WNOTHREAD;
    // SAFETY: waitpid writes one int, and `status` is one.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, which) };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(if libc::WIFEXITED(status) {
        Stop::Exited(pid, libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        Stop::Killed(pid)
    } else if status >> 16 != 0 {
        Stop::Event(pid)
    } else if libc::WSTOPSIG(status) == libc::SIGTRAP | SYSGOOD {
        Stop::AtCall(pid)
    } else {
        Stop::Signal(pid, libc::WSTOPSIG(status))
    })
}

fn told(done: libc::c_long) -> io::Result<()> {
    match done {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Marks a stop at a system call: PTRACE_O_TRACESYSGOOD.
const SYSGOOD: c_int = 0x80;
