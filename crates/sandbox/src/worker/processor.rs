//! How much processor time a call may take.
//!
//! The kernel counts over the whole life of a process, so before each call the limit is set to what the
//! child has used so far and the allowance of one call. The parent sets it, and the child may not
//! (`confine/seccomp.rs`); what exceeds it is ended by the kernel with `SIGXCPU`.

use std::io;
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

/// Gives a child this many seconds of processor time from now on.
///
/// # Errors
/// When the child is gone, or the kernel tells nothing of it.
pub(super) fn allow(process: u32, cpu_s_max: u64) -> io::Result<()> {
    let number = i32::try_from(process).map_err(|_| io::ErrorKind::InvalidInput)?;
    let pid = Pid::from_raw(number).ok_or(io::ErrorKind::InvalidInput)?;
    // What the server itself was allowed, its children cannot exceed.
    let maximum = getrlimit(Resource::Cpu).maximum;
    let wanted = (used(number)?.as_secs() + 1).saturating_add(cpu_s_max);
    let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
    prlimit(Some(pid), Resource::Cpu, Rlimit { current, maximum })?;
    Ok(())
}

/// Processor time of all threads so far.
fn used(process: i32) -> io::Result<Duration> {
    Ok(clock_getcpuclockid(nix::unistd::Pid::from_raw(process))?.now()?.into())
}
