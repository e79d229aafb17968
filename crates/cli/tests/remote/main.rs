//! `stillframe snap` of videos on a real web server, by ranges.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

mod clips;
mod containers;
mod desk;
