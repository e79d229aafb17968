//! Limits that more than one crate keeps. Each has a name, a default and a test where it is kept.

/// Most pictures of one output; longer series are cut there.
pub const PICTURES_PER_OUTPUT_MAX: usize = 10_000;
/// Most frames of one preview; longer ones are cut there.
pub const PREVIEW_FRAMES_MAX: usize = 300;
/// Largest side of a preview, in pixels.
pub const PREVIEW_SIDE_PX_MAX: u32 = 1_280;
/// Most offsets of one request.
pub const OFFSETS_PER_REQUEST_MAX: usize = 1_000;
/// Smallest side of a picture, in pixels.
pub const PICTURE_SIDE_PX_MIN: u32 = 8;
/// Largest side of a picture or sheet, in pixels.
pub const PICTURE_SIDE_PX_MAX: u32 = 8_192;
/// Longest text that a caller may have passed through into events, in characters.
pub const PASS_THROUGH_CHARS_MAX: usize = 1_000;
/// Largest body of a request that is not an upload, in bytes: 1 MiB.
pub const REQUEST_BODY_BYTES_MAX: usize = 1 << 20;
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
/// The same where the API that is spoken promises no more, in milliseconds: 10 minutes.
pub const DEDUPE_WINDOW_SHORT_MS: u64 = 10 * 60_000;
/// Longest name of a request, in characters.
pub const DEDUPE_KEY_CHARS_MAX: usize = 50;
/// Most templates that an app makes in one family.
pub const TEMPLATES_PER_FAMILY_MAX: usize = 16;
/// Attempts of a job before it is discarded.
pub const JOB_ATTEMPTS_MAX: u32 = 5;
/// Bytes of a receiver's answer that are kept.
pub const ANSWER_BYTES_MAX: usize = 20_000;
/// How long an endpoint may do nothing but fail before it is disabled, in milliseconds: 5 days.
pub const ENDPOINT_FAILING_MS_MAX: u64 = 5 * 24 * 3_600_000;
/// Longest wait that a receiver may ask for, in milliseconds: 24 hours.
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 3_600_000;
/// Most attempts at a time that an endpoint's policy may allow.
pub const ENDPOINT_CONCURRENCY_MAX: u32 = 64;
/// Most attempts a minute that an endpoint's policy may name.
pub const ENDPOINT_PER_MINUTE_MAX: u32 = 60_000;
/// How long a secret signs beside the one that took its place, in milliseconds: 24 hours.
pub const SECRET_OVERLAP_MS: u64 = 24 * 3_600_000;
/// Longest time that a secret may sign beside the one that took its place, in milliseconds: 7 days.
pub const SECRET_OVERLAP_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// Most former secrets that sign beside an endpoint's newest one.
pub const FORMER_SECRETS_MAX: usize = 4;
/// Fewest and most bytes of an endpoint's symmetric secret.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Most events that one request sends again; the answer says where the next one goes on.
pub const REPLAY_EVENTS_MAX: usize = 1_000;
/// Most deliveries of one page.
pub const DELIVERIES_PER_PAGE_MAX: usize = 100;
/// Longest name of a message queue, in characters.
pub const QUEUE_NAME_CHARS_MAX: usize = 120;
/// Most message queues of an app.
pub const QUEUES_PER_APP_MAX: usize = 1_000;
/// Most message queues of one page.
pub const QUEUES_PER_PAGE_MAX: usize = 1_000;
/// Most messages (or receipt handles) of one request.
pub const MESSAGE_BATCH_MAX: usize = 16;
/// Smallest longest body that a message queue may set, in bytes.
pub const MESSAGE_BODY_BYTES_MIN: usize = 1_024;
/// Longest body of a message, and of all messages of a request together, in bytes.
pub const MESSAGE_BODY_BYTES_MAX: usize = 65_536;
/// Longest delay of a message before it is first visible, in milliseconds: 7 days.
pub const MESSAGE_DELAY_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// Shortest time that a message may be kept, in milliseconds.
pub const MESSAGE_RETENTION_MS_MIN: u64 = 60_000;
/// Longest time that a message may be kept, in milliseconds: 15 days.
pub const MESSAGE_RETENTION_MS_MAX: u64 = 15 * 24 * 3_600_000;
/// Shortest time that a received message may be hidden, in milliseconds.
pub const MESSAGE_VISIBILITY_MS_MIN: u64 = 1_000;
/// Longest time that a received message may be hidden, in milliseconds: 12 hours.
pub const MESSAGE_VISIBILITY_MS_MAX: u64 = 12 * 3_600_000;
/// Longest wait of a receive for a message, in milliseconds.
pub const MESSAGE_WAIT_MS_MAX: u64 = 30_000;
/// Most receives that wait at a time; beyond that an empty queue is answered at once.
pub const MESSAGE_WAITERS_MAX: usize = 1_000;
/// Largest object that is uploaded in one piece, and largest part, in bytes: 5 GiB.
pub const UPLOAD_PIECE_BYTES_MAX: u64 = 5 << 30;
/// Smallest part but the last, in bytes: 100 KiB.
pub const UPLOAD_PART_BYTES_MIN: u64 = 100 << 10;
/// Highest number of a part, hence most parts of an object.
pub const UPLOAD_PART_NUMBER_MAX: u32 = 10_000;
/// Most uploads in parts that are open for one object.
pub const UPLOAD_MULTIPARTS_MAX: usize = 32;
/// How long a permission to upload can become a video, and parts are kept, in milliseconds: 24 hours.
pub const UPLOAD_SESSION_MS: u64 = 24 * 3_600_000;
