//! What the C library's allocator keeps for itself, and whether the system bounds it.
//!
//! glibc gives threads heaps of their own and gives little back from any of them, and the more large buffers
//! it has seen, the more it keeps. Each call starts new threads; so a process that takes pictures for days
//! would grow by what many heaps keep, though nothing is leaked. One heap for all, and large buffers that go
//! back to the system at once, end that (`./dev bench soak`). Threads seldom ask for memory while they
//! decode, since libav keeps pools of frames.
//!
//! Source: mallopt(3).

use std::sync::Once;

/// Heaps that threads share.
const HEAPS_MAX: i32 = 1;
/// Buffers from this size on are the system's as soon as they are freed: 1 MiB. Smaller ones, as packets and a
/// decoder's tables, are needed again for the next group; each time they came from the system, their pages
/// would have to be touched anew, which takes longer than what is done with them.
const MAPPED_BYTES_MIN: i32 = 1 << 20;
/// So much of the end of a heap may be free before it goes back to the system: 4 MiB.
const KEPT_BYTES_MAX: i32 = 4 << 20;
/// The same where one call follows the other in a process of their own: 32 MiB.
const KEPT_BETWEEN_CALLS_BYTES_MAX: i32 = 32 << 20;

/// Bounds what is kept, unless that is settled already.
pub(crate) fn settle() {
    keep_at_most(KEPT_BYTES_MAX);
}

/// Keeps up to 32 MiB of freed memory for the next call, which need not touch its pages anew. For a process
/// that does nothing but take pictures, again and again; to be called before its first call.
pub fn keep_memory_between_calls() {
    keep_at_most(KEPT_BETWEEN_CALLS_BYTES_MAX);
}

/// Whether the system bounds the memory of this process, whatever it asks for (`RLIMIT_AS`), as it does that of the
/// sandbox's children.
pub(crate) fn is_limited() -> bool {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limits are written into a local.
    let code = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    code == 0 && limit.rlim_cur != libc::RLIM_INFINITY
}

/// Settles it, once in a process. Other C libraries are left as they are.
fn keep_at_most(kept_bytes_max: i32) {
    static ONCE: Once = Once::new();
    #[cfg(target_env = "gnu")]
    ONCE.call_once(|| {
        for (parameter, value) in [
            (libc::M_ARENA_MAX, HEAPS_MAX),
            (libc::M_MMAP_THRESHOLD, MAPPED_BYTES_MIN),
            (libc::M_TRIM_THRESHOLD, kept_bytes_max),
        ] {
            // SAFETY: no precondition; a parameter that is not known is left alone.
            unsafe { libc::mallopt(parameter, value) };
        }
    });
    #[cfg(not(target_env = "gnu"))]
    let _ = (&ONCE, HEAPS_MAX, MAPPED_BYTES_MIN, kept_bytes_max);
}
