//! Feeds libav from a `ByteSource`: the callbacks of its custom IO.

use std::ffi::{c_int, c_void};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ffmpeg_sys_next as ffi;
use stillframe_domain::ByteSource;

use super::AvError;
use crate::deadline::Deadline;

/// Bytes of one read from the source, unless libav wants more at once.
const BUFFER_SIZE_BYTES: usize = 64 * 1024;
/// Most bytes of one read from the source.
const READ_SIZE_BYTES_MAX: usize = 128 * 1024;

/// What the callbacks work on; lives at a fixed address as long as the IO context.
pub struct SourceState {
    source: Arc<dyn ByteSource>,
    deadline: Deadline,
    position: u64,
    size: u64,
    /// Read into first: libav goes on using its own buffer after a read that failed or found the end, so
    /// that one must stay as it is then.
    scratch: Vec<u8>,
    error: Option<io::Error>,
    /// Whether a read failed, or came too late.
    has_failed: bool,
}

/// libav's IO context over a source.
pub struct SourceIo {
    context: *mut ffi::AVIOContext,
    state: *mut SourceState,
}

impl SourceIo {
    /// An IO context at the start of the source.
    pub fn new(source: Arc<dyn ByteSource>, deadline: Deadline) -> Result<Self, AvError> {
        let size = source.len();
        let scratch = Vec::new();
        let state =
            SourceState { source, deadline, position: 0, size, scratch, error: None, has_failed: false };
        let state = Box::into_raw(Box::new(state));
        // SAFETY: the buffer is libav's own allocation, as the function demands; the state outlives the
        // context because both are freed in `drop`, the context first.
        let context = unsafe {
            let buffer = ffi::av_malloc(BUFFER_SIZE_BYTES).cast::<u8>();
            let size = BUFFER_SIZE_BYTES as c_int;
            ffi::avio_alloc_context(buffer, size, 0, state.cast(), Some(read), None, Some(seek))
        };
        let this = Self { context, state };
        if context.is_null() { Err(AvError::out_of_memory("avio_alloc_context")) } else { Ok(this) }
    }

    /// The context, to be lent to a demuxer that is dropped before this.
    pub fn as_ptr(&self) -> *mut ffi::AVIOContext {
        self.context
    }

    /// The callback that ends long calls when their time is over.
    pub fn interrupt(&self) -> ffi::AVIOInterruptCB {
        ffi::AVIOInterruptCB { callback: Some(is_interrupted), opaque: self.state.cast() }
    }

    /// Whether a read failed, so that what was made of the bytes may be wrong.
    pub fn has_failed(&self) -> bool {
        // SAFETY: the state lives until `drop`, and no callback runs while `self` is borrowed here.
        unsafe { (*self.state).has_failed }
    }

    /// Goes on with another source of the same bytes, until another deadline.
    pub fn read_from(&mut self, source: Arc<dyn ByteSource>, deadline: Deadline) {
        // SAFETY: the state lives until `drop`, and no callback runs while `self` is borrowed here.
        let state = unsafe { &mut *self.state };
        (state.source, state.deadline, state.error) = (source, deadline, None);
    }

    /// The error of the source that made libav fail, if it was that.
    pub fn take_error(&mut self) -> Option<io::Error> {
        // SAFETY: the state lives until `drop`, and no callback runs while `self` is borrowed here.
        unsafe { (*self.state).error.take() }
    }
}

impl Drop for SourceIo {
    fn drop(&mut self) {
        // SAFETY: both were made in `new` and are freed only here. libav may have replaced the buffer, so
        // it is the context's present one that is freed.
        unsafe {
            if !self.context.is_null() {
                ffi::av_freep((&raw mut (*self.context).buffer).cast());
                ffi::avio_context_free(&raw mut self.context);
            }
            drop(Box::from_raw(self.state));
        }
    }
}

/// Runs a callback's body so that no panic unwinds into C.
fn guarded<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

unsafe extern "C" fn read(opaque: *mut c_void, buffer: *mut u8, size: c_int) -> c_int {
    // SAFETY: libav passes the opaque pointer of `new`; calls do not overlap.
    let state = unsafe { &mut *opaque.cast::<SourceState>() };
    guarded(ffi::AVERROR(ffi::EIO), || {
        let size = usize::try_from(size).unwrap_or(0).min(READ_SIZE_BYTES_MAX);
        if state.scratch.len() < size {
            state.scratch.resize(size, 0);
        }
        if state.deadline.is_over() {
            state.has_failed = true;
            return ffi::AVERROR_EXIT;
        }
        match state.source.read_at(state.position, &mut state.scratch[..size]) {
            Ok(0) => ffi::AVERROR_EOF,
            Ok(count) => {
                let count = count.min(size);
                // SAFETY: libav's buffer has room for `size` bytes, and `count` is no more.
                unsafe { std::ptr::copy_nonoverlapping(state.scratch.as_ptr(), buffer, count) };
                state.position += count as u64;
                count as c_int
            }
            Err(error) => {
                state.error = Some(error);
                state.has_failed = true;
                ffi::AVERROR(ffi::EIO)
            }
        }
    })
}

unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: libav passes the opaque pointer of `new`; calls do not overlap.
    let state = unsafe { &mut *opaque.cast::<SourceState>() };
    guarded(i64::from(ffi::AVERROR(ffi::EIO)), || {
        let size = i64::try_from(state.size).unwrap_or(i64::MAX);
        let target = match whence & !ffi::AVSEEK_FORCE {
            ffi::AVSEEK_SIZE => return size,
            ffi::SEEK_SET => Some(offset),
            ffi::SEEK_CUR => i64::try_from(state.position).ok().and_then(|at| at.checked_add(offset)),
            ffi::SEEK_END => size.checked_add(offset),
            _ => None,
        };
        match target.and_then(|target| u64::try_from(target).ok()) {
            Some(position) => {
                state.position = position;
                position as i64
            }
            None => i64::from(ffi::AVERROR(ffi::EINVAL)),
        }
    })
}

unsafe extern "C" fn is_interrupted(opaque: *mut c_void) -> c_int {
    // SAFETY: libav passes the opaque pointer of `interrupt`; only the deadline is read.
    let deadline = unsafe { &(*opaque.cast::<SourceState>()).deadline };
    guarded(1, || c_int::from(deadline.is_over()))
}
