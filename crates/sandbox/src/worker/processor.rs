//! How much processor time a call may take.
//!
//! The kernel counts over the whole life of a process, so before each call the limit is set to what the
//! child has used so far and the allowance of one call. The parent sets it, and the child may not
//! (`confine/seccomp.rs`); what exceeds it is ended by the kernel with `SIGXCPU`.

use std::fs;
use std::io;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

/// Gives a child this many seconds of processor time from now on.
///
/// # Errors
/// When the child is gone, or the kernel tells nothing of it.
pub(super) fn allow(process: u32, cpu_s_max: u64) -> io::Result<()> {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    let used_s = used_ticks(process)?.div_ceil(clock_ticks_per_second().max(1));
    // What the server itself was allowed, its children cannot exceed.
    let maximum = getrlimit(Resource::Cpu).maximum;
    let wanted = used_s.saturating_add(cpu_s_max);
    let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
    prlimit(Some(pid), Resource::Cpu, Rlimit { current, maximum })?;
    Ok(())
}

/// Processor time of all threads so far, in the kernel's ticks.
///
/// Source: proc(5), `/proc/pid/stat`, fields 14 (utime) and 15 (stime).
fn used_ticks(process: u32) -> io::Result<u64> {
    const FIELDS_FROM_STATE_TO_UTIME: usize = 11;
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in parentheses, which may hold anything.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let times: Vec<u64> =
        fields.skip(FIELDS_FROM_STATE_TO_UTIME).take(2).filter_map(|field| field.parse().ok()).collect();
    match times.as_slice() {
        [user, system] => Ok(user + system),
        _ => Err(io::Error::other("the kernel tells no processor time")),
    }
}
