//! What of ptrace and seccomp the tracer needs, waitpid for its own thread's children, and a terminal.
//!
//! By hand, because the crate that wraps them (nix) turns on a feature of libc, which would build every dependency a
//! second time for the tests.
//!
//! Sources: ptrace(2), seccomp(2), waitpid(2), openpty(3).

#![expect(unsafe_code, reason = "libc has no safe call for any of these")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr::{null, null_mut};

use libc::{c_int, c_long, c_void, pid_t, sock_filter, sock_fprog, user_regs_struct};

/// What a traced thread has come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// It ended by itself.
    Exited(pid_t, c_int),
    /// It was killed.
    Killed(pid_t),
    /// It is about to make one of the system calls that were asked for.
    BeforeCall(pid_t),
    /// It is back from one.
    AfterCall(pid_t),
    /// A signal is about to reach it.
    Signal(pid_t, c_int),
    /// Something else of ptrace's.
    Event(pid_t),
}

/// Lets this thread trace what `command` starts: it stops once it has begun, and then before each of `calls` alone,
/// since a stop at every call would cost more than the program itself.
pub fn trace(command: &mut Command, calls: impl IntoIterator<Item = c_long>) {
    let filter = filter_of(calls);
    let hold = move || {
        let program = sock_fprog {
            len: u16::try_from(filter.len()).map_err(io::Error::other)?,
            filter: filter.as_ptr().cast_mut(),
        };
        let none = null_mut::<c_void>();
        // SAFETY: PTRACE_TRACEME reads nothing; both calls of prctl take numbers, and the filter, which outlives them
        // and is only read. Between fork and exec none of the three allocates or takes a lock.
        unsafe {
            told(libc::ptrace(libc::PTRACE_TRACEME, 0, none, none))?;
            told(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).into())?;
            told(
                libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER,
                    &raw const program,
                )
                .into(),
            )
        }
    };
    // SAFETY: see above; nothing else happens between fork and exec.
    unsafe { command.pre_exec(hold) };
}

/// A seccomp filter that hands `calls` to the tracer and lets everything else pass.
fn filter_of(calls: impl IntoIterator<Item = c_long>) -> Vec<sock_filter> {
    let step = |code: u32, jt: u8, k: u32| sock_filter {
        code: code as u16,
        jt,
        jf: 0,
        k,
    };
    // The number of the call is the first field of seccomp_data.
    let mut filter = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0)];
    let mut calls: Vec<c_long> = calls.into_iter().collect();
    calls.dedup();
    for (number, call) in calls.iter().enumerate() {
        // Over the calls that are left, and over the step that lets pass.
        let to_the_end = (calls.len() - number) as u8;
        filter.push(step(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            to_the_end,
            *call as u32,
        ));
    }
    let returning = libc::BPF_RET | libc::BPF_K;
    filter.push(step(returning, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(step(returning, 0, libc::SECCOMP_RET_TRACE));
    filter
}

/// Waits for the first stop of a process that [`trace`] holds, and takes hold of everything that it will start; all
/// of it dies with this thread.
pub fn take_hold(pid: pid_t) -> io::Result<()> {
    let mut status: c_int = 0;
    // SAFETY: waitpid writes one int, and `status` is one.
    told(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) }.into())?;
    let options = libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_TRACESECCOMP
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACEEXEC
        | libc::PTRACE_O_EXITKILL;
    let data = options as usize as *mut c_void;
    // SAFETY: PTRACE_SETOPTIONS reads no memory of ours; its data is a number.
    told(unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, null_mut::<c_void>(), data) })
}

/// Lets a stopped thread run to the next call that is asked for, with a signal or without (0).
pub fn go_on(pid: pid_t, signal: c_int) -> io::Result<()> {
    resume(libc::PTRACE_CONT, pid, signal)
}

/// Lets a thread make the call before which it stopped, and stops it again after that.
pub fn make_the_call(pid: pid_t) -> io::Result<()> {
    resume(libc::PTRACE_SYSCALL, pid, 0)
}

fn resume(request: libc::c_uint, pid: pid_t, signal: c_int) -> io::Result<()> {
    let data = signal as usize as *mut c_void;
    // SAFETY: both requests read no memory of ours; their data is a number.
    told(unsafe { libc::ptrace(request, pid, null_mut::<c_void>(), data) })
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
    } else {
        match (status >> 16, libc::WSTOPSIG(status)) {
            (libc::PTRACE_EVENT_SECCOMP, _) => Stop::BeforeCall(pid),
            (0, AFTER_A_CALL) => Stop::AfterCall(pid),
            // With SIGSTOP a new thread begins.
            (0, signal) if signal != libc::SIGSTOP => Stop::Signal(pid, signal),
            _ => Stop::Event(pid),
        }
    })
}

fn told(done: c_long) -> io::Result<()> {
    match done {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The signal of such a stop under PTRACE_O_TRACESYSGOOD.
const AFTER_A_CALL: c_int = libc::SIGTRAP | 0x80;
