//! Named points at which a test may stop or kill the process.
//!
//! The promises about loss are about what happens when power goes at a given moment. The code that
//! crosses such a moment says so here; production passes [`NoCheckpoints`].

/// A moment that matters to a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checkpoint {
    /// A request was committed; its answer is not yet sent.
    RequestAccepted,
    /// The engine has taken some but not all pictures of a job.
    MidDecode,
    /// All objects of a job are stored; nothing about them is in the database.
    ObjectsPut,
    /// Result, event and deliveries of a job are committed.
    ResultCommitted,
    /// A receiver has answered a callback; the attempt is not recorded.
    CallbackSent,
}

impl Checkpoint {
    /// All of them, in the order in which a job passes them.
    pub const ALL: [Self; 5] =
        [Self::RequestAccepted, Self::MidDecode, Self::ObjectsPut, Self::ResultCommitted, Self::CallbackSent];

    /// The name used in settings and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestAccepted => "request-accepted",
            Self::MidDecode => "mid-decode",
            Self::ObjectsPut => "objects-put",
            Self::ResultCommitted => "result-committed",
            Self::CallbackSent => "callback-sent",
        }
    }
}

/// Is told of each checkpoint as it is passed.
pub trait Checkpoints: Send + Sync {
    /// Called on the thread that passes the point; may never return.
    fn reached(&self, point: Checkpoint);
}

/// Ignores all checkpoints.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCheckpoints;

impl Checkpoints for NoCheckpoints {
    fn reached(&self, _point: Checkpoint) {}
}
