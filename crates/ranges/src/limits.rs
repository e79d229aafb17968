//! What reading one source may cost.

/// Bounds of one source. Exceeding `requests_max` or `bytes_max` is an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeLimits {
    /// Most requests, those that are repeated included; default 20,000.
    pub requests_max: u64,
    /// Most bytes of content; default 64 GiB. Also the largest source that is streamed when ranges cannot be
    /// had.
    pub bytes_max: u64,
    /// Most ranges on their way at once, beside the one that a reader waits for; default 10.
    pub parallel_max: usize,
    /// Most attempts at one range; default 5.
    pub attempts_max: u32,
    /// Wait before the second attempt in milliseconds, doubled for each further one; default 200.
    pub backoff_ms: u64,
    /// Longest wait between attempts in milliseconds, also where the server asks for a longer one; default
    /// 10,000.
    pub backoff_ms_max: u64,
    /// Most bytes that are kept; default 64 MiB.
    pub cache_bytes_max: u64,
    /// Largest single range in bytes; default 16 MiB.
    pub range_bytes_max: u64,
}

impl Default for RangeLimits {
    fn default() -> Self {
        Self {
            requests_max: 20_000,
            bytes_max: 64 << 30,
            parallel_max: 10,
            attempts_max: 5,
            backoff_ms: 200,
            backoff_ms_max: 10_000,
            cache_bytes_max: 64 << 20,
            range_bytes_max: 16 << 20,
        }
    }
}
