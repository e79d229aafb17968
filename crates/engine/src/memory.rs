//! What the C library's allocator keeps for itself.
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
/// Buffers from this size on are the system's as soon as they are freed, and so is the end of a heap when
/// so much of it is free: 128 KiB, where glibc begins before it adapts.
const KEPT_BYTES_MAX: i32 = 128 * 1024;

/// Bounds what is kept, once in a process. Other C libraries are left as they are.
pub fn settle() {
    static ONCE: Once = Once::new();
    #[cfg(target_env = "gnu")]
    ONCE.call_once(|| {
        for (parameter, value) in [
            (libc::M_ARENA_MAX, HEAPS_MAX),
            (libc::M_MMAP_THRESHOLD, KEPT_BYTES_MAX),
            (libc::M_TRIM_THRESHOLD, KEPT_BYTES_MAX),
        ] {
            // SAFETY: no precondition; a parameter that is not known is left alone.
            unsafe { libc::mallopt(parameter, value) };
        }
    });
    #[cfg(not(target_env = "gnu"))]
    let _ = (&ONCE, HEAPS_MAX, KEPT_BYTES_MAX);
}
