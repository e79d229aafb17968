//! The reader: a [`ByteSource`] over ranges.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use stillframe_domain::{ByteSource, Failure, SourceError, Traffic};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::cache::{Cache, Found};
use crate::fetch::{FetchError, RangeFetch};
use crate::limits::RangeLimits;
use crate::meter::Meter;
use crate::transfer;
use crate::waiting::{Waiting, coalesce};
use crate::window::Window;

/// Ranges that wait, beyond which hints are not heard: they are fetched when they are read.
const WAITING_RANGES_MAX: usize = 4_096;

/// What the first answer told of a source.
pub struct Opened {
    /// Its size.
    pub size_bytes: u64,
    /// Names its version.
    pub validator: String,
    /// Its first bytes, as many as came.
    pub first: Bytes,
}

/// Reads one version of one source. Calls block; transfers run on the runtime whose handle it was given, and
/// end with the reader.
pub struct RangeReader {
    shared: Arc<Shared>,
    runtime: Handle,
    size_bytes: u64,
    validator: String,
}

/// What reader and transfers work on.
pub(crate) struct Shared {
    pub(crate) fetch: Box<dyn RangeFetch>,
    pub(crate) limits: RangeLimits,
    pub(crate) meter: Arc<Meter>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    cache: Cache,
    waiting: Waiting,
    window: Window,
    transfers: JoinSet<()>,
    /// Transfers of told ranges that are on their way.
    told_count: usize,
    /// Ranges that were not had, until a reader asks for them.
    failed: Vec<(Range<u64>, Failure)>,
    /// Why nothing more can be read at all.
    ended: Option<Failure>,
}

/// Who wants a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A reader waits.
    Read,
    /// It was told of.
    Told,
}

impl RangeReader {
    /// A reader whose transfers run on `runtime`.
    pub fn new(
        fetch: impl RangeFetch,
        opened: Opened,
        limits: RangeLimits,
        meter: Arc<Meter>,
        runtime: Handle,
    ) -> Self {
        let Opened { size_bytes, validator, first } = opened;
        let mut cache = Cache::default();
        let here = size_bytes.min(first.len() as u64);
        if 0 < here {
            cache.begin(0..here);
            cache.fill(0, &first);
            cache.settle(0);
        }
        let state = State {
            cache,
            waiting: Waiting::default(),
            window: Window::after(here),
            transfers: JoinSet::new(),
            told_count: 0,
            failed: Vec::new(),
            ended: None,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { fetch: Box::new(fetch), limits, meter, state, changed });
        Self { shared, runtime, size_bytes, validator }
    }

    /// Begins to fetch a range, which nobody else fetches.
    fn begin(&self, state: &mut State, range: Range<u64>, wish: Wish) {
        while state.transfers.try_join_next().is_some() {}
        state.cache.begin(range.clone());
        state.told_count += usize::from(wish == Wish::Told);
        state.transfers.spawn_on(transfer::run(Arc::clone(&self.shared), range, wish), &self.runtime);
    }

    /// Begins to fetch what is missing at an offset that is read.
    fn begin_at(&self, state: &mut State, offset: u64, wanted: u64) {
        let range = state.waiting.take_at(offset).unwrap_or_else(|| {
            let end = offset.saturating_add(state.window.advance(offset, wanted)).min(self.size_bytes);
            let next = [state.cache.next_start(offset), state.waiting.next_start(offset)];
            offset..next.into_iter().flatten().fold(end, u64::min)
        });
        let limits = &self.shared.limits;
        // A reader that waits gets its bytes even when nothing can be dropped.
        state.cache.make_room(range.end - range.start, limits.cache_bytes_max, true);
        self.begin(state, range, Wish::Read);
    }

    /// Begins to fetch told ranges, as many as may be on their way.
    fn pump(&self, state: &mut State) {
        let limits = &self.shared.limits;
        while state.told_count < limits.parallel_max {
            let State { waiting, cache, .. } = &mut *state;
            let fits =
                |range: &Range<u64>| cache.make_room(range.end - range.start, limits.cache_bytes_max, false);
            let Some(range) = waiting.pop_if(fits) else { break };
            self.begin(state, range, Wish::Told);
        }
    }
}

impl ByteSource for RangeReader {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.size_bytes <= offset || buf.is_empty() {
            return Ok(0);
        }
        let mut state = self.shared.lock();
        loop {
            if let Some(failure) = &state.ended {
                return Err(SourceError(failure.clone()).into());
            }
            match state.cache.read(offset, buf) {
                Found::Read(count) => {
                    self.pump(&mut state);
                    return Ok(count);
                }
                Found::Coming => {}
                Found::Missing => {
                    if let Some(place) = state.failed.iter().position(|(range, _)| range.contains(&offset)) {
                        return Err(SourceError(state.failed.swap_remove(place).1).into());
                    }
                    self.begin_at(&mut state, offset, buf.len() as u64);
                }
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            self.pump(&mut state);
        }
    }

    fn len(&self) -> u64 {
        self.size_bytes
    }

    fn validator(&self) -> String {
        self.validator.clone()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        let mut state = self.shared.lock();
        let parts_max = self.shared.limits.range_bytes_max;
        for range in coalesce(ranges, self.size_bytes) {
            if WAITING_RANGES_MAX <= state.waiting.len() {
                break;
            }
            for missing in state.cache.missing(range) {
                for part in state.waiting.missing(missing) {
                    state.waiting.push(part, parts_max);
                }
            }
        }
        self.pump(&mut state);
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.shared.meter.traffic())
    }
}

impl Drop for RangeReader {
    fn drop(&mut self) {
        self.shared.lock().transfers.abort_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes bytes of the transfer that began at `start`.
    pub(crate) fn fill(&self, start: u64, bytes: &[u8]) {
        self.lock().cache.fill(start, bytes);
        self.changed.notify_all();
    }

    /// Ends a transfer, of which everything came up to `came_to`.
    pub(crate) fn end(&self, range: Range<u64>, came_to: u64, wish: Wish, ended: Result<(), FetchError>) {
        let mut state = self.lock();
        state.cache.settle(range.start);
        state.told_count -= usize::from(wish == Wish::Told);
        match ended {
            Ok(()) => {}
            Err(FetchError::Changed) => state.ended = Some(FetchError::Changed.failure()),
            Err(error) => state.failed.push((came_to..range.end, error.failure())),
        }
        drop(state);
        self.changed.notify_all();
    }
}
