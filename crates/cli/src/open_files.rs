//! How many files the process may have open: each connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Files beside connections: the database, objects, decoders, callbacks.
const OTHERS: u64 = 512;

/// Raises the limit as far as the system lets us, and says so when that is less than the connections need.
pub fn raise(connections_max: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    // Both listeners have so many.
    let wanted = 2 * connections_max as u64 + OTHERS;
    if let Some(most) = getrlimit(Resource::Nofile).current
        && most < wanted
    {
        tracing::warn!("at most {most} files may be open, and limits.connections_max may need {wanted}");
    }
}
