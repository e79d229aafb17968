//! The parts of `stillframe snap` and `stillframe probe`: how times are written, what the arguments ask
//! for, where the bytes come from, where the pictures go, what is told.

pub mod args;
pub mod input;
pub mod media;
pub mod report;
pub mod run;
pub mod time;
pub mod writer;
