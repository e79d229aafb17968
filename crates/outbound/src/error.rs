//! What can go wrong with a request to the world, by what the caller can do.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use stillframe_domain::ErrorCode;

use crate::address::Refusal;

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub struct SetupError(#[source] pub(crate) reqwest::Error);

/// Error of one request.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL cannot be requested, whatever the network says: correct it.
    #[error("the URL cannot be used: {detail}")]
    InvalidUrl {
        /// What is wrong with it.
        detail: String,
    },
    /// A header cannot be sent: correct it.
    #[error("the header {name:?} cannot be sent")]
    InvalidHeader {
        /// Its name.
        name: String,
    },
    /// The address guard refused. Tells users the kind of address and not the address itself, which they may
    /// not know: the operator may allow the address in `outbound.allow`.
    #[error("the address is not allowed: it is {reason}")]
    Forbidden {
        /// The address that was refused.
        address: IpAddr,
        /// What kind of address it is.
        reason: &'static str,
    },
    /// The host was asked too often of late: try later.
    #[error("more than {per_second_max} requests a second were asked of this host")]
    TooOften {
        /// The limit.
        per_second_max: u32,
    },
    /// No answer, or no further bytes, within the time.
    #[error("no {awaited} within {limit_ms} ms")]
    TimedOut {
        /// What was waited for.
        awaited: &'static str,
        /// How long.
        limit_ms: u64,
    },
    /// The name does not resolve, or nobody takes the connection: try later.
    #[error("the host cannot be reached: {detail}")]
    Unreachable {
        /// The innermost cause.
        detail: String,
    },
    /// The server answered, but not with the content.
    #[error("the server answered with status {status}")]
    Status {
        /// HTTP status.
        status: u16,
    },
    /// The server redirects again and again, or to nowhere.
    #[error("the server redirects more than {redirects_max} times or to no URL")]
    Redirects {
        /// The limit.
        redirects_max: usize,
    },
    /// The content is larger than the limit.
    #[error("the content is larger than {size_bytes_max} bytes")]
    TooLarge {
        /// The limit.
        size_bytes_max: u64,
    },
    /// The connection ended in the middle, or what came is no HTTP: try later.
    #[error("the connection broke: {detail}")]
    Broken {
        /// The innermost cause.
        detail: String,
    },
}

impl OutboundError {
    /// The code to tell when the request was for a video's bytes.
    pub const fn source_code(&self) -> ErrorCode {
        match self {
            Self::InvalidUrl { .. } | Self::InvalidHeader { .. } => ErrorCode::InvalidParameter,
            Self::Forbidden { .. } => ErrorCode::SourceForbidden,
            Self::TimedOut { .. } => ErrorCode::TimedOut,
            Self::Status { status: 404 | 410 } => ErrorCode::SourceMissing,
            Self::TooLarge { .. } => ErrorCode::SourceTooLarge,
            Self::Unreachable { .. }
            | Self::TooOften { .. }
            | Self::Status { .. }
            | Self::Redirects { .. }
            | Self::Broken { .. } => ErrorCode::SourceUnreadable,
        }
    }

    pub(crate) fn timed_out(awaited: &'static str, limit: Duration) -> Self {
        Self::TimedOut { awaited, limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Sorts an error of the HTTP library, which keeps the guard's refusal somewhere in its chain.
    pub(crate) fn of_request(error: &reqwest::Error, connect_timeout: Duration) -> Self {
        let mut innermost: &(dyn Error + 'static) = error;
        while let Some(cause) = innermost.source() {
            innermost = cause;
        }
        // The library's own words hold the URL, and that may be signed.
        let detail = if innermost.is::<reqwest::Error>() {
            "the HTTP library tells no cause".to_owned()
        } else {
            innermost.to_string()
        };
        if let Some(refusal) = innermost.downcast_ref::<Refusal>() {
            Self::from(*refusal)
        } else if error.is_timeout() {
            Self::timed_out("connection", connect_timeout)
        } else if error.is_connect() {
            Self::Unreachable { detail }
        } else {
            Self::Broken { detail }
        }
    }

    /// This error inside of a stream of bytes; [`OutboundError::in_io`] finds it again.
    pub(crate) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// The error of a download within an error of its stream.
    pub fn in_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<Refusal> for OutboundError {
    fn from(Refusal { address, reason }: Refusal) -> Self {
        Self::Forbidden { address, reason }
    }
}

#[cfg(test)]
mod tests {
    use axum::http;

    use super::*;

    #[test]
    fn no_detail_holds_the_url() {
        let answer = http::Response::builder().status(404).body("").expect("an answer");
        let error = reqwest::Response::from(answer).error_for_status().expect_err("404");
        assert!(error.to_string().contains("http://"), "{error}");
        let ours = OutboundError::of_request(&error, Duration::ZERO).to_string();
        assert!(!ours.contains("http://"), "{ours}");
    }
}
