//! Taking away from this process all that decoding does not need.
//!
//! Four layers, each by itself: resource limits; Landlock (files, TCP); seccomp (an allow list of system
//! calls: no socket, no open, no new process, no executable memory); and that there is nothing to reach:
//! an empty environment, one socket. A kernel without a layer leaves the others.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use serde::{Deserialize, Serialize};

/// Largest address space of a child by default: 4 GiB.
pub(crate) const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// Descriptors that a child may have open: the socket, a video, and what libraries open meanwhile.
const DESCRIPTORS_MAX: u64 = 32;

/// Which layers are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Limits of memory, processor time, files and descriptors.
    pub has_limits: bool,
    /// Landlock keeps it from files and TCP.
    pub has_landlock: bool,
    /// Seccomp keeps it from all system calls but those of decoding.
    pub has_seccomp: bool,
}

impl Confinement {
    /// Whether every layer is in force.
    pub const fn is_whole(self) -> bool {
        self.has_limits && self.has_landlock && self.has_seccomp
    }

    /// The layers that the kernel lacks, for people; empty when there is none.
    pub fn missing(self) -> Vec<&'static str> {
        let layers = [
            (self.has_limits, "resource limits"),
            (self.has_landlock, "Landlock"),
            (self.has_seccomp, "seccomp"),
        ];
        layers.into_iter().filter(|(is_there, _)| !is_there).map(|(_, name)| name).collect()
    }
}

/// Confines this process and all its later threads for good.
pub fn confine(memory_bytes_max: u64) -> Confinement {
    Confinement {
        has_limits: limit(memory_bytes_max),
        has_landlock: landlock(),
        has_seccomp: seccomp().is_some(),
    }
}

fn limit(memory_bytes_max: u64) -> bool {
    let limits = [
        (Resource::As, memory_bytes_max),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, DESCRIPTORS_MAX),
    ];
    limits.into_iter().all(|(resource, most)| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok()
    })
}

fn landlock() -> bool {
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(abi)))
        .and_then(|ruleset| ruleset.create());
    let status = ruleset.and_then(landlock::RulesetCreated::restrict_self).map(|status| status.ruleset);
    matches!(status, Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced))
}

fn seccomp() -> Option<()> {
    let arch = std::env::consts::ARCH.try_into().ok()?;
    // The C library falls back to `clone`, whose flags can be looked at, when there is no `clone3`.
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let no_clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let filters = [
        SeccompFilter::new(no_clone3, SeccompAction::Allow, unknown, arch),
        SeccompFilter::new(allowed()?, denied, SeccompAction::Allow, arch),
    ];
    for filter in filters {
        let program: BpfProgram = filter.ok()?.try_into().ok()?;
        seccompiler::apply_filter(&program).ok()?;
    }
    Some(())
}

/// What decoding needs once everything is loaded and open.
fn allowed() -> Option<BTreeMap<i64, Vec<SeccompRule>>> {
    const PLAIN: [i64; 47] = [
        libc::SYS_brk,
        libc::SYS_clock_getres,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_clone3,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_fstat,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_gettimeofday,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_membarrier,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_nanosleep,
        libc::SYS_poll,
        libc::SYS_ppoll,
        libc::SYS_pread64,
        libc::SYS_preadv,
        libc::SYS_prlimit64,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_sendto,
        libc::SYS_set_robust_list,
        libc::SYS_sigaltstack,
        libc::SYS_sysinfo,
        libc::SYS_tgkill,
        libc::SYS_uname,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_seccomp,
        libc::SYS_getrusage,
        libc::SYS_times,
    ];
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = PLAIN.map(|call| (call, Vec::new())).into();
    let only = |argument: u8, mask: u64, value: u64| {
        let (length, operation) = (SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask));
        let condition = SeccompCondition::new(argument, length, operation, value).ok()?;
        SeccompRule::new(vec![condition]).ok().map(|rule| vec![rule])
    };
    let (thread, executable) = (libc::CLONE_THREAD as u64, libc::PROT_EXEC as u64);
    rules.insert(libc::SYS_clone, only(0, thread, thread)?);
    rules.insert(libc::SYS_mmap, only(2, executable, 0)?);
    rules.insert(libc::SYS_mprotect, only(2, executable, 0)?);
    rules.insert(libc::SYS_prctl, only(0, u64::MAX, libc::PR_SET_NAME as u64)?);
    Some(rules)
}

/// What a confined process was refused, for tests and for `doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Opening a file that everybody may read.
    pub read_file: bool,
    /// Making a file.
    pub make_file: bool,
    /// Making a socket.
    pub make_socket: bool,
    /// Starting a program.
    pub start_program: bool,
    /// Whether there was no environment to look at.
    pub has_no_environment: bool,
    /// Whether a thread could be started and memory be had: decoding needs both.
    pub can_work: bool,
}

/// Tries what a confined process must not do. Call it after [`confine`].
#[expect(
    clippy::disallowed_methods,
    reason = "it looks whether there is anything to read, and reads nothing"
)]
pub fn refused_after() -> Refused {
    let make_file = std::env::temp_dir().join(format!("stillframe-{}", std::process::id()));
    Refused {
        read_file: std::fs::File::open("/etc/passwd").is_err(),
        make_file: std::fs::File::create(make_file).is_err(),
        make_socket: std::net::UdpSocket::bind("127.0.0.1:0").is_err(),
        start_program: std::process::Command::new("/bin/true").spawn().is_err(),
        has_no_environment: std::env::vars_os().next().is_none(),
        can_work: std::thread::Builder::new()
            .spawn(|| vec![1_u8; 8 << 20].len())
            .is_ok_and(|thread| thread.join().is_ok()),
    }
}
