//! Reads remote bytes by exact ranges, for whatever can answer one: an HTTP server, an object store.
//!
//! ```text
//! engine ──read_at──> RangeReader ── cache ──> bytes that are here
//!        ──prefetch─>      │ waiting ranges, coalesced
//!                          └─ transfers, a few at a time ──> RangeFetch (outbound, storage)
//! ```
//!
//! The engine tells by [`ByteSource::prefetch`](stillframe_domain::ByteSource::prefetch) which bytes it is
//! going to read; they are asked for together, so that the wait is one round trip and not one for each.
//! What is read untold is fetched as it is read, by windows that grow as long as reading goes straight on.
//!
//! **Invariant:** all bytes are of one version. [`RangeFetch`] compares validators with every answer, and
//! [`FetchError::Changed`] ends the reader for good.
//! **Invariant:** nothing is unbounded: requests, bytes, parallel transfers, attempts and the cache each
//! have a limit ([`RangeLimits`]).

mod cache;
mod fetch;
mod limits;
mod meter;
mod reader;
mod retry;
mod transfer;
mod waiting;
mod window;

pub use fetch::{Chunks, FetchError, RangeFetch};
pub use limits::RangeLimits;
pub use meter::Meter;
pub use reader::{Opened, RangeReader};
pub use retry::Backoff;
