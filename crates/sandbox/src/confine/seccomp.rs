//! The allow list of system calls.

use std::collections::BTreeMap;

use rustix::process::getpid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Applies the list to this process and all its later threads; nothing when the kernel cannot.
pub(super) fn apply() -> Option<()> {
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
    const PLAIN: [i64; 45] = [
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
        libc::SYS_pwrite64,
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
        libc::SYS_uname,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_getrusage,
        libc::SYS_times,
    ];
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = PLAIN.map(|call| (call, Vec::new())).into();
    let rule = |argument: u8, operation: SeccompCmpOp, value: u64| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operation, value).ok()?;
        SeccompRule::new(vec![condition]).ok().map(|rule| vec![rule])
    };
    let masked = |argument, mask, value| rule(argument, SeccompCmpOp::MaskedEq(mask), value);
    let (thread, executable) = (libc::CLONE_THREAD as u64, libc::PROT_EXEC as u64);
    rules.insert(libc::SYS_clone, masked(0, thread, thread)?);
    rules.insert(libc::SYS_mmap, masked(2, executable, 0)?);
    rules.insert(libc::SYS_mprotect, masked(2, executable, 0)?);
    rules.insert(libc::SYS_prctl, rule(0, SeccompCmpOp::Eq, libc::PR_SET_NAME as u64)?);
    // Its own limits may be read and none be set; signals (`abort`) go to itself alone.
    rules.insert(libc::SYS_prlimit64, rule(2, SeccompCmpOp::Eq, 0)?);
    let own = u64::try_from(getpid().as_raw_nonzero().get()).ok()?;
    rules.insert(libc::SYS_tgkill, rule(0, SeccompCmpOp::Eq, own)?);
    Some(rules)
}
