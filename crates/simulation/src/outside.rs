//! Where the real database and the real store run.
//!
//! Both use threads of their own, and what threads do, no seed repeats. So they live on a runtime of their
//! own, and the thread of the simulation stands still until a call has come to its end: within the simulated
//! time every call is a single moment, and no two of them overlap.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

/// The runtime of what is real.
#[derive(Debug)]
pub struct Outside {
    runtime: Runtime,
}

impl Outside {
    /// Starts it; one serves any number of runs one after another.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime })
    }

    /// Carries a call through while the caller's thread stands still.
    pub fn call<T>(&self, call: impl Future<Output = T>) -> T {
        let _entered = self.runtime.enter();
        // Within a task of the simulation, whose budget must not run out in the middle of a call.
        futures::executor::block_on(tokio::task::unconstrained(call))
    }
}
