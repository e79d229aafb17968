//! Limits that more than one crate keeps. Each has a name, a default and a test where it is kept.

/// Most pictures of one output; longer series are cut there.
pub const PICTURES_PER_OUTPUT_MAX: usize = 10_000;
/// Most offsets of one request.
pub const OFFSETS_PER_REQUEST_MAX: usize = 1_000;
/// Smallest side of a picture, in pixels.
pub const PICTURE_SIDE_PX_MIN: u32 = 8;
/// Largest side of a picture or sheet, in pixels.
pub const PICTURE_SIDE_PX_MAX: u32 = 8_192;
/// Longest text that a caller may have passed through into events, in bytes.
pub const PASS_THROUGH_BYTES_MAX: usize = 1_000;
/// Most events of one pull or confirm.
pub const PULL_BATCH_MAX: usize = 16;
/// How long a pulled event stays hidden, in milliseconds.
pub const VISIBILITY_TIMEOUT_MS: u64 = 30_000;
/// How long an event waits to be pulled, in milliseconds: 4 days.
pub const QUEUE_RETENTION_MS: u64 = 4 * 24 * 3_600_000;
/// Longest wait of a pull for an event, in milliseconds.
pub const LONG_POLL_MS: u64 = 5_000;
/// How long a request's own name keeps a second one of that name away, in milliseconds: 3 days.
pub const DEDUPE_WINDOW_MS: u64 = 3 * 24 * 3_600_000;
/// Longest name of a request, in bytes.
pub const DEDUPE_KEY_BYTES_MAX: usize = 50;
/// Most templates that an app makes in one family.
pub const TEMPLATES_PER_FAMILY_MAX: usize = 16;
/// Attempts of a job before it is discarded.
pub const JOB_ATTEMPTS_MAX: u32 = 5;
/// Bytes of a receiver's answer that are kept.
pub const ANSWER_BYTES_MAX: usize = 20_000;
