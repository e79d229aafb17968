//! The runner over a real database, a real store and real clips.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

mod cleaner;
mod ingest;
mod leases;
mod snapshots;
mod world;
