//! Deliberate breaks: each breaks one promise from outside of the product, as a wrong database, store or
//! receiver would, and some seed has to find it. A suite that finds none of them proves nothing.

use clap::ValueEnum;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Break {
    /// An accepted job is not written.
    LoseAcceptedJob,
    /// A result is written without its event.
    DropOutboxRow,
    /// A result is written with a second event.
    TellTwice,
    /// An event is told of a job that is tried again.
    TellPhantom,
    /// A delivery is recorded as made that was never sent.
    DropDelivery,
    /// A failed delivery is recorded as made.
    ForgetRedelivery,
    /// A result counts although a newer lease exists.
    IgnoreFencingToken,
    /// One lease is given to two workers.
    LeaseTwice,
    /// A job to be tried again never is.
    ForgetRetry,
    /// Every handle that an event ever had confirms it.
    ConfirmByMessageId,
    /// A confirmed event comes again.
    DeliverAfterConfirm,
    /// A put is answered before the object is stored.
    ReportBeforeStored,
    /// A put that fails in its middle leaves half an object and is answered as if it were whole.
    KeepTornObject,
    /// Removed objects stay.
    KeepRemoved,
    /// The cleaner is told that nothing is referenced.
    CleanReferenced,
    /// The cleaner is not told of jobs that have not ended.
    CleanUnfinished,
    /// The cleaner does not look at ages.
    CleanYoung,
    /// The cleaner finds nothing.
    CleanNothing,
}
