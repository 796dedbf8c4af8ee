//! Runs a program under ptrace and strikes at one numbered point: kills it, or makes the disk fail from there on.
//!
//! A point is a system call that changes a watched folder or talks to the network. They are counted over the whole
//! process, in the order in which its threads make them, which strace's injection cannot do: it counts for each
//! thread alone, so that the first thread to come to a number hides the others.
//!
//! Sources: ptrace(2), syscall(2) for the registers of x86-64.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use libc::{c_int, pid_t, user_regs_struct};

use crate::ptrace::{self, Stop};

/// What is done to the program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plan {
    /// Nothing: the points are counted.
    Watch,
    /// It is killed before the call of this point.
    KillBefore(usize),
    /// It is killed after the call of this point; a write gets through by half.
    KillAfter(usize),
    /// From this point on the disk fails.
    FailFrom(usize, Trouble),
}

/// In which way the disk fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Nothing may grow.
    Full,
    /// Nothing may change.
    ReadOnly,
    /// Nothing is there any more, not even to be read: the stick is pulled.
    PulledOut,
}

impl Trouble {
    fn errno(self) -> c_int {
        match self {
            Self::Full => libc::ENOSPC,
            Self::ReadOnly => libc::EROFS,
            Self::PulledOut => libc::EIO,
        }
    }

    fn hits(self, effect: Effect) -> bool {
        match self {
            Self::Full => effect == Effect::Grows,
            Self::ReadOnly => matches!(effect, Effect::Grows | Effect::Changes),
            Self::PulledOut => effect != Effect::Talks,
        }
    }
}

/// What a call does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Effect {
    /// Needs room on the disk.
    Grows,
    /// Changes the disk without needing room.
    Changes,
    /// Makes durable.
    Syncs,
    /// Only looks.
    Looks,
    /// Sends or receives.
    Talks,
}

/// One place at which the program can be struck.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Point {
    pub call: &'static str,
    /// The file, without what is invented anew in each run; or `socket`.
    pub target: String,
}

impl Point {
    /// Whether it is a file of a store's own database.
    pub fn is_of_a_database(&self) -> bool {
        self.target.starts_with("store/") && self.target.contains(".db")
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    Exited(i32),
    Killed,
    /// It was still running after a minute.
    Hung,
}

/// What a run did.
#[derive(Debug)]
pub struct Trace {
    pub points: Vec<Point>,
    pub end: End,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `command` under `plan`; calls on files below `roots` and on sockets are points.
///
/// With `typed` a person sits at a terminal and has typed that already.
pub fn run(command: &Command, typed: Option<&str>, roots: &[PathBuf], plan: Plan) -> Trace {
    let scratch = tempfile::tempdir().unwrap();
    let output = |name: &str| scratch.path().join(name);
    let mut door = Door::new(typed.is_some());
    let mut traced = Command::new(command.get_program());
    traced
        .args(command.get_args())
        .stdin(door.program)
        // What it starts dies with it, as when the power goes.
        .process_group(0)
        .stdout(File::create(output("out")).unwrap())
        .stderr(File::create(output("err")).unwrap());
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    ptrace::trace(&mut traced, calls_for(plan));
    let held = traced.spawn().and_then(|child| {
        let leader = pid_t::try_from(child.id()).unwrap();
        ptrace::take_hold(leader).map(|()| leader)
    });
    let leader = held.unwrap_or_else(|error| {
        panic!(
            "this machine forbids ptrace or seccomp ({error}), so nothing was proven about crashes: run the tests \
             where tracing is allowed (container: --cap-add=SYS_PTRACE; kernel.yama.ptrace_scope at most 1)"
        )
    });
    // Else the program's end of the door stays open here.
    drop(traced);
    let mut tracer = Tracer {
        leader,
        roots,
        plan,
        points: Vec::new(),
    };
    door.keys
        .write_all(typed.unwrap_or_default().as_bytes())
        .unwrap();
    // A pipe ends here; a terminal stays open until the program has ended.
    let keyboard = typed.map(|_| door.keys);
    let end = tracer.follow();
    drop(keyboard);
    let read = |name: &str| String::from_utf8_lossy(&fs::read(output(name)).unwrap()).into_owned();
    Trace {
        points: tracer.points,
        end,
        stdout: read("out"),
        stderr: read("err"),
    }
}

/// The program's standard input, and the end at which it is written.
struct Door {
    keys: File,
    program: Stdio,
}

impl Door {
    fn new(is_terminal: bool) -> Self {
        let (keys, program) = match is_terminal {
            true => ptrace::terminal().unwrap(),
            false => {
                let (reader, writer) = std::io::pipe().unwrap();
                (OwnedFd::from(writer), OwnedFd::from(reader))
            }
        };
        Self {
            keys: keys.into(),
            program: program.into(),
        }
    }
}

struct Tracer<'a> {
    leader: pid_t,
    roots: &'a [PathBuf],
    plan: Plan,
    points: Vec<Point>,
}

/// A call that matters.
struct Call {
    name: &'static str,
    effect: Effect,
    target: String,
    /// Whether it is one of the numbered points.
    is_point: bool,
}

impl Tracer<'_> {
    /// Follows every thread to the program's end.
    fn follow(&mut self) -> End {
        let leader = self.leader;
        go_on(leader, 0);
        let (over, waits) = channel::<()>();
        let watchdog = std::thread::spawn(move || {
            let is_late = waits.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout);
            if is_late {
                ptrace::kill_group(leader);
            }
            is_late
        });
        let end = loop {
            match ptrace::wait() {
                Ok(Stop::Exited(pid, code)) if pid == leader => break End::Exited(code),
                Ok(Stop::Killed(pid)) if pid == leader => break End::Killed,
                Ok(Stop::Exited(..) | Stop::Killed(_)) => {}
                Ok(Stop::BeforeCall(pid)) => self.before_call(pid),
                // Only a call after which it is struck is waited for.
                Ok(Stop::AfterCall(pid)) => {
                    self.strike();
                    go_on(pid, 0);
                }
                Ok(Stop::Event(pid)) => go_on(pid, 0),
                Ok(Stop::Signal(pid, signal)) => go_on(pid, signal),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("waiting for the traced program: {error}"),
            }
        };
        let _listens = over.send(());
        match watchdog.join().unwrap() {
            true => End::Hung,
            false => end,
        }
    }

    /// Decides what becomes of a call that is about to be made.
    fn before_call(&mut self, pid: pid_t) {
        // A thread that is being killed has no registers any more.
        let Ok(mut registers) = ptrace::registers(pid) else {
            return go_on(pid, 0);
        };
        let Some(call) = self.classify(pid, &registers) else {
            return go_on(pid, 0);
        };
        let number = self.points.len();
        let is_here = |at| call.is_point && number == at;
        let passed = match call.is_point {
            true => number + 1,
            false => number,
        };
        let mut is_waited_for = false;
        match self.plan {
            Plan::Watch => {}
            Plan::KillBefore(at) if is_here(at) => self.strike(),
            Plan::KillAfter(at) if is_here(at) => {
                if matches!(call.name, "write" | "pwrite64") {
                    registers.rdx /= 2;
                    let _dying = ptrace::set_registers(pid, registers);
                }
                is_waited_for = true;
            }
            Plan::FailFrom(from, trouble) if passed > from && trouble.hits(call.effect) => {
                // No such call, so the system does nothing, and this is what it says.
                registers.orig_rax = u64::MAX;
                registers.rax = i64::from(-trouble.errno()).cast_unsigned();
                let _dying = ptrace::set_registers(pid, registers);
            }
            Plan::KillBefore(_) | Plan::KillAfter(_) | Plan::FailFrom(..) => {}
        }
        if call.is_point {
            self.points.push(Point {
                call: call.name,
                target: call.target,
            });
        }
        match is_waited_for {
            true => {
                let _dying = ptrace::make_the_call(pid);
            }
            false => go_on(pid, 0),
        }
    }

    fn strike(&self) {
        ptrace::kill_group(self.leader);
    }

    fn classify(&self, pid: pid_t, registers: &user_regs_struct) -> Option<Call> {
        let number = registers.orig_rax.cast_signed();
        let (name, effect, is_point, at) = CALLS
            .iter()
            .find(|(known, ..)| *known == number)
            .map(|(_, name, effect, is_point, at)| (*name, *effect, *is_point, *at))?;
        let argument = |place: usize| match place {
            0 => registers.rdi,
            1 => registers.rsi,
            2 => registers.rdx,
            _ => registers.r10,
        };
        let (effect, is_point) = match number {
            libc::SYS_openat => {
                let flags = i32::try_from(registers.rdx).unwrap_or(0);
                let (creates, writes) = (
                    flags & libc::O_CREAT != 0,
                    flags & (libc::O_WRONLY | libc::O_RDWR) != 0,
                );
                match (creates, writes) {
                    (true, _) => (Effect::Grows, true),
                    (false, true) => (Effect::Changes, false),
                    (false, false) => (Effect::Looks, false),
                }
            }
            _ => (effect, is_point),
        };
        let path = match at {
            At::Descriptor => {
                let link = format!("/proc/{pid}/fd/{}", argument(0).cast_signed());
                fs::read_link(link).ok()?
            }
            At::Path(place) => self.path(pid, None, argument(place))?,
            At::PathIn(place) => self.path(pid, Some(argument(place)), argument(place + 1))?,
        };
        if path.to_string_lossy().starts_with("socket:") {
            let talks = matches!(
                name,
                "write" | "writev" | "sendto" | "sendmsg" | "read" | "recvfrom" | "recvmsg"
            );
            return talks.then(|| Call {
                name,
                effect: Effect::Talks,
                target: "socket".to_owned(),
                is_point: true,
            });
        }
        let root = self.roots.iter().find(|root| path.starts_with(root))?;
        // An existing file needs no room to be opened.
        let effect = match number {
            libc::SYS_openat if effect == Effect::Grows && path.exists() => Effect::Looks,
            // What lies in room that the file has already goes through on a full disk.
            libc::SYS_write | libc::SYS_pwrite64 if has_room(pid, registers) => Effect::Changes,
            _ => effect,
        };
        Some(Call {
            name,
            effect,
            target: told(root, &path),
            is_point: is_point && effect != Effect::Looks,
        })
    }

    fn path(&self, pid: pid_t, folder: Option<u64>, address: u64) -> Option<PathBuf> {
        let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
        let mut bytes = Vec::new();
        let mut piece = [0; 256];
        while !bytes.contains(&0) && bytes.len() < 4_096 {
            // A piece may reach past the end of what is mapped.
            let at = address + bytes.len() as u64;
            let count = memory
                .read_at(&mut piece, at)
                .or_else(|_| memory.read_at(&mut piece[..1], at))
                .ok()?;
            bytes.extend_from_slice(&piece[..count]);
        }
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let base = match folder.map(|number| number as i32) {
            None | Some(libc::AT_FDCWD) => format!("/proc/{pid}/cwd"),
            Some(number) => format!("/proc/{pid}/fd/{number}"),
        };
        match Path::new(&text).is_absolute() {
            true => Some(PathBuf::from(text)),
            false => Some(fs::read_link(base).ok()?.join(text)),
        }
    }
}

/// Whether a write lies in room that its file holds already.
fn has_room(pid: pid_t, registers: &user_regs_struct) -> bool {
    let entry = |folder: &str| format!("/proc/{pid}/{folder}/{}", registers.rdi);
    let from = match registers.orig_rax.cast_signed() {
        libc::SYS_pwrite64 => Some(registers.r10),
        _ => fs::read_to_string(entry("fdinfo")).ok().and_then(|info| {
            let line = info.lines().find_map(|line| line.strip_prefix("pos:"));
            line?.trim().parse().ok()
        }),
    };
    let held = fs::metadata(entry("fd")).map_or(0, |file| file.blocks() * 512);
    from.is_some_and(|from| from + registers.rdx <= held)
}

/// The calls that a plan has to see: a look at the disk matters only where the disk fails.
fn calls_for(plan: Plan) -> impl Iterator<Item = i64> {
    let fails = matches!(plan, Plan::FailFrom(..));
    CALLS
        .iter()
        .filter(move |(number, _, _, is_point, _)| fails || *is_point || *number == libc::SYS_read)
        .map(|(number, ..)| *number)
}

fn go_on(pid: pid_t, signal: c_int) {
    // A thread that is being killed cannot be sent on.
    let _dying = ptrace::go_on(pid, signal);
}

/// A path below a root, with the invented parts taken out.
fn told(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let place = root.file_name().unwrap_or_default().to_string_lossy();
    let name = relative.file_name().unwrap_or_default().to_string_lossy();
    let folder = relative.parent().unwrap_or(Path::new("")).to_string_lossy();
    let invented = |c: char| c.is_ascii_hexdigit() || c == '-';
    if name.is_empty() {
        return format!("{place}/");
    }
    if name.ends_with(".tmp") {
        return format!("{place}/…/*.tmp");
    }
    if let Some((stem, ending)) = name.split_once('.')
        && stem.len() >= 16
        && stem.chars().all(invented)
    {
        return format!("{place}/{folder}/*.{ending}");
    }
    let top = folder.split('/').next().unwrap_or_default();
    match (name.rsplit_once('.'), top.is_empty()) {
        (_, true) if place == "data" => format!("{place}/{name}"),
        (Some((_, ending)), _) => format!("{place}/{top}…/*.{ending}"),
        (None, true) => format!("{place}/*"),
        (None, false) => format!("{place}/{top}…/"),
    }
}

/// Where a call names its file.
#[derive(Clone, Copy)]
enum At {
    /// By the descriptor in the first argument.
    Descriptor,
    /// By the path in this argument.
    Path(usize),
    /// By the folder's descriptor in this argument and the path in the next.
    PathIn(usize),
}

/// The calls that count: what they do, whether they are points, and where their file is named.
const CALLS: &[(i64, &str, Effect, bool, At)] = &[
    (
        libc::SYS_write,
        "write",
        Effect::Grows,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_writev,
        "writev",
        Effect::Grows,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_pwrite64,
        "pwrite64",
        Effect::Grows,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_ftruncate,
        "ftruncate",
        Effect::Grows,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_fallocate,
        "fallocate",
        Effect::Grows,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_fsync,
        "fsync",
        Effect::Syncs,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_fdatasync,
        "fdatasync",
        Effect::Syncs,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_openat,
        "create",
        Effect::Grows,
        true,
        At::PathIn(0),
    ),
    (libc::SYS_mkdir, "mkdir", Effect::Grows, true, At::Path(0)),
    (
        libc::SYS_mkdirat,
        "mkdir",
        Effect::Grows,
        true,
        At::PathIn(0),
    ),
    (
        libc::SYS_rename,
        "rename",
        Effect::Changes,
        true,
        At::Path(1),
    ),
    (
        libc::SYS_renameat,
        "rename",
        Effect::Changes,
        true,
        At::PathIn(2),
    ),
    (
        libc::SYS_renameat2,
        "rename",
        Effect::Changes,
        true,
        At::PathIn(2),
    ),
    (libc::SYS_link, "link", Effect::Changes, true, At::Path(1)),
    (
        libc::SYS_linkat,
        "link",
        Effect::Changes,
        true,
        At::PathIn(2),
    ),
    (
        libc::SYS_unlink,
        "unlink",
        Effect::Changes,
        true,
        At::Path(0),
    ),
    (
        libc::SYS_unlinkat,
        "unlink",
        Effect::Changes,
        true,
        At::PathIn(0),
    ),
    (libc::SYS_rmdir, "rmdir", Effect::Changes, true, At::Path(0)),
    (
        libc::SYS_fchmod,
        "fchmod",
        Effect::Changes,
        false,
        At::Descriptor,
    ),
    (
        libc::SYS_sendto,
        "sendto",
        Effect::Talks,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_sendmsg,
        "sendmsg",
        Effect::Talks,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_recvfrom,
        "recvfrom",
        Effect::Talks,
        true,
        At::Descriptor,
    ),
    (
        libc::SYS_recvmsg,
        "recvmsg",
        Effect::Talks,
        true,
        At::Descriptor,
    ),
    (libc::SYS_read, "read", Effect::Looks, false, At::Descriptor),
    (
        libc::SYS_pread64,
        "pread64",
        Effect::Looks,
        false,
        At::Descriptor,
    ),
    (
        libc::SYS_getdents64,
        "getdents64",
        Effect::Looks,
        false,
        At::Descriptor,
    ),
    (
        libc::SYS_fstat,
        "fstat",
        Effect::Looks,
        false,
        At::Descriptor,
    ),
    (
        libc::SYS_newfstatat,
        "newfstatat",
        Effect::Looks,
        false,
        At::PathIn(0),
    ),
    (
        libc::SYS_statx,
        "statx",
        Effect::Looks,
        false,
        At::PathIn(0),
    ),
    (libc::SYS_stat, "stat", Effect::Looks, false, At::Path(0)),
    (libc::SYS_lstat, "lstat", Effect::Looks, false, At::Path(0)),
    (
        libc::SYS_statfs,
        "statfs",
        Effect::Looks,
        false,
        At::Path(0),
    ),
    (
        libc::SYS_access,
        "access",
        Effect::Looks,
        false,
        At::Path(0),
    ),
    (
        libc::SYS_faccessat,
        "faccessat",
        Effect::Looks,
        false,
        At::PathIn(0),
    ),
    (
        libc::SYS_faccessat2,
        "faccessat2",
        Effect::Looks,
        false,
        At::PathIn(0),
    ),
];

/// No run takes so long by itself.
const LONGEST: Duration = Duration::from_secs(60);
