//! The walls: what a process gives up before it reads hostile bytes, for itself and for what it becomes.
//!
//! Limits on memory, time, files and processes; Landlock, so that no file is there but those of [`Reach`];
//! and a filter of system calls that lists what may be asked of the kernel, in which there is no socket,
//! no further process or thread, no signal to another, no change of any file. What is not on the list
//! fails. All of it holds over `exec`, and none of it needs a privilege. Where one part cannot be had the
//! whole is refused: there is no weaker sandbox.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Memory, in bytes of address space.
pub const MEMORY_BYTES: u64 = 2 << 30;
/// Processor time, in seconds.
pub const CPU_S: u64 = 20;
/// Files open at once.
const FILES: u64 = 64;

/// How much a process behind the walls may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory, in bytes of address space.
    pub memory_bytes: u64,
    /// Processor time, in seconds.
    pub cpu_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: MEMORY_BYTES, cpu_s: CPU_S }
    }
}

/// What of the file system stays in sight.
#[derive(Clone, Copy, Debug)]
pub enum Reach<'a> {
    /// Nothing.
    Nothing,
    /// A program, to become it, and what it reads: its libraries, fonts, tables.
    Program(&'a Path),
}

/// Why there is no sandbox.
#[derive(Debug)]
pub struct NoSandbox(String);

impl fmt::Display for NoSandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoSandbox {}

fn broken(what: &'static str) -> impl Fn(&dyn fmt::Display) -> NoSandbox {
    move |cause| NoSandbox(format!("{what}: {cause}"))
}

/// Puts up the walls around this process, which must have one thread.
///
/// # Errors
/// Where one of them cannot be put up: nothing hostile may be read then.
pub fn enter(reach: Reach<'_>) -> Result<(), NoSandbox> {
    enter_within(reach, Limits::default())
}

/// The same within other limits.
///
/// # Errors
/// As [`enter`].
pub fn enter_within(reach: Reach<'_>, limits: Limits) -> Result<(), NoSandbox> {
    // Whoever waits for the answer is gone: so is this.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|e| broken("the parent's death")(&e))?;
    limit(limits)?;
    wall(reach)?;
    let program = filter(reach).map_err(|e| broken("the filter of system calls")(&e))?;
    seccompiler::apply_filter(&program).map_err(|e| broken("the filter of system calls")(&e))
}

fn limit(most: Limits) -> Result<(), NoSandbox> {
    let limits = [
        (Resource::As, most.memory_bytes),
        (Resource::Cpu, most.cpu_s),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES),
        (Resource::Nproc, 0),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ];
    for (resource, most) in limits {
        let both = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, both).map_err(|e| broken("the limits")(&e))?;
    }
    Ok(())
}

/// Folders and files that the programs read. What is missing is passed over.
const SHARED: [&str; 9] = [
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/share/poppler",
    "/var/cache/fontconfig",
];
/// The loaders of dynamic programs.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

fn wall(reach: Reach<'_>) -> Result<(), NoSandbox> {
    let failed = |e: &dyn fmt::Display| broken("Landlock (Linux 5.13 or later, with `landlock` among its `lsm`)")(e);
    // What newer kernels know beside files is taken where it is there; the filter holds without it.
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .map_err(|e| failed(&e))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V4)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create)
        .map_err(|e| failed(&e))?;
    if let Reach::Program(program) = reach {
        let file: BitFlags<AccessFs> = AccessFs::ReadFile.into();
        let run = AccessFs::ReadFile | AccessFs::Execute;
        let shared = SHARED.iter().map(|path| (Path::new(path), file | AccessFs::ReadDir));
        let runs = LOADERS.iter().map(Path::new).chain([program]).map(|path| (path, run));
        for (path, access) in shared.chain(runs) {
            let Ok(metadata) = path.metadata() else { continue };
            let access = if metadata.is_dir() { access } else { access & AccessFs::from_file(ABI::V1) };
            let opened = PathFd::new(path).map_err(|e| failed(&e))?;
            rules = rules.add_rule(PathBeneath::new(opened, access)).map_err(|e| failed(&e))?;
        }
    }
    let status = rules.restrict_self().map_err(|e| failed(&e))?;
    match status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
        true => Err(failed(&"not enforced")),
        false => Ok(()),
    }
}

/// What both ask of the kernel: memory, the open pipes, the time, the end.
const ALWAYS: [libc::c_long; 32] = [
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrusage,
    libc::SYS_sched_yield,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What a program asks beside that: itself, its libraries, what files there are.
const PROGRAM: [libc::c_long; 28] = [
    libc::SYS_execve,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_getcwd,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fadvise64,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_times,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
];

/// Older names of the same calls, which one architecture still has.
#[cfg(target_arch = "x86_64")]
const OLDER: [libc::c_long; 12] = [
    libc::SYS_arch_prctl,
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getdents,
    libc::SYS_dup2,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_time,
    libc::SYS_pause,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [libc::c_long; 0] = [];

fn filter(reach: Reach<'_>) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    rules.extend(ALWAYS.map(|call| (call, Vec::new())));
    if let Reach::Program(_) = reach {
        rules.extend(PROGRAM.map(|call| (call, Vec::new())));
        rules.extend(OLDER.map(|call| (call, Vec::new())));
        // Its own limits it may read. Those of another process it may not touch.
        let own = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 0)?;
        rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![own])?]);
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    // The program's own list is the whole list: what was forgotten in it fails, and does no harm.
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, arch)?.try_into()
}
