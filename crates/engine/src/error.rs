//! Why a whole call failed, by what the caller can do about it.

use stillframe_domain::{ErrorCode, Failure, SourceError};

/// Nothing could be probed or planned. What befalls single pictures is told picture by picture.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The source has no bytes.
    #[error("the source is empty")]
    Empty,
    /// The source failed to deliver its bytes; another attempt may succeed.
    #[error("the source could not be read")]
    Source(#[source] std::io::Error),
    /// The bytes are no container that the decoder knows.
    #[error("the bytes are no video: {reason}")]
    NotAVideo {
        /// What spoke against it.
        reason: String,
    },
    /// The container ends before it has told what it holds.
    #[error("the file ends before its index")]
    Truncated,
    /// There is no video stream, nor a cover picture.
    #[error("there is no video stream")]
    NoVideoStream,
    /// The codec is not supported.
    #[error("{what} is not supported")]
    Unsupported {
        /// Codec or feature.
        what: String,
    },
    /// A limit of [`Limits`](crate::Limits) was exceeded.
    #[error("{limit} exceeded: {actual} > {most}")]
    LimitExceeded {
        /// Name of the limit.
        limit: &'static str,
        /// Its value.
        most: u64,
        /// What was found.
        actual: u64,
    },
    /// The call did not end within `wall_clock_ms_max`.
    #[error("not ended within {wall_clock_ms_max} ms")]
    TimedOut {
        /// The limit in milliseconds.
        wall_clock_ms_max: u64,
    },
    /// A library call failed in a way that says nothing about the source.
    #[error("{call} failed with code {code}")]
    Backend {
        /// Name of the function.
        call: &'static str,
        /// Its code.
        code: i32,
    },
}

impl EngineError {
    /// The failure to tell to callers; holds no internals.
    pub fn failure(&self) -> Failure {
        let (code, message) = match self {
            Self::Empty => (ErrorCode::SourceEmpty, "the video has no bytes".to_owned()),
            Self::Source(cause) => return SourceError::failure_in(cause),
            Self::NotAVideo { .. } => (ErrorCode::NotAVideo, "the bytes are no video".to_owned()),
            Self::Truncated => (ErrorCode::Truncated, "the video ends before its index".to_owned()),
            Self::NoVideoStream => (ErrorCode::NoVideoStream, "there is no video stream".to_owned()),
            Self::Unsupported { what } => (ErrorCode::UnsupportedCodec, format!("{what} is not supported")),
            Self::LimitExceeded { limit: "source_size_bytes_max", most, actual } => {
                (ErrorCode::SourceTooLarge, format!("the video has {actual} bytes; the most is {most}"))
            }
            Self::LimitExceeded { limit, most, actual } => {
                (ErrorCode::LimitExceeded, format!("{limit} is {most}; the video has {actual}"))
            }
            Self::TimedOut { wall_clock_ms_max } => {
                (ErrorCode::TimedOut, format!("the work did not end within {wall_clock_ms_max} ms"))
            }
            Self::Backend { .. } => (ErrorCode::Internal, "the decoder failed to start".to_owned()),
        };
        Failure::new(code, message)
    }
}
