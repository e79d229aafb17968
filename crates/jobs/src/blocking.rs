//! Work that blocks: decoding, and reading what was spooled.
//!
//! What a thread of its own does, and when, no seed repeats; so where blocking work is done is handed down,
//! as the clock is.

use tokio::sync::oneshot;

/// Does work that blocks, away from the threads that everything else runs on.
pub trait Blocking: Send + Sync {
    /// Begins the work, which goes on to its end even when nobody waits for it any more. A panic in it
    /// harms nothing else.
    fn begin(&self, work: Box<dyn FnOnce() + Send>);
}

/// On threads of the runtime that are kept for such work.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threads;

impl Blocking for Threads {
    fn begin(&self, work: Box<dyn FnOnce() + Send>) {
        // Its end is told by what the work itself sends; a panic is printed by the hook.
        drop(tokio::task::spawn_blocking(work));
    }
}

/// The work panicked, or the runtime goes down.
#[derive(Debug, thiserror::Error)]
#[error("the work broke down")]
pub(crate) struct Panicked;

/// Does work elsewhere and gives what it returns.
pub(crate) async fn run<T: Send + 'static>(
    blocking: &dyn Blocking,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Panicked> {
    let (reply, answer) = oneshot::channel();
    blocking.begin(Box::new(move || {
        // Whoever waited may have gone away.
        let _ = reply.send(work());
    }));
    answer.await.map_err(|_closed| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        assert_eq!(run(&Threads, || 7).await.ok(), Some(7));
        assert!(run::<()>(&Threads, || panic!("as wanted")).await.is_err());
    }
}
