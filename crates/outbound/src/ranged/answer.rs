//! What a server's answer to a range says.
//!
//! Source: RFC 9110, 14.4 (`Content-Range`) and 15 (status codes).

use std::ops::Range;
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use stillframe_domain::{ErrorCode, Failure};
use stillframe_ranges::FetchError;

use crate::error::OutboundError;

/// The part of a file that an answer holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which bytes.
    pub(super) range: Range<u64>,
    /// Size of the whole file, if it is told.
    pub(super) size_bytes: Option<u64>,
}

/// Reads which part a 206 holds.
///
/// # Errors
/// When the headers do not tell it, or contradict each other.
pub(super) fn read_part(response: &Response) -> Result<Part, FetchError> {
    let broken = || FetchError::fail(ErrorCode::SourceUnreadable, "the server's answer tells no valid range");
    if text(response, CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(broken());
    }
    let part = text(response, CONTENT_RANGE).and_then(content_range).ok_or_else(broken)?;
    let length = text(response, CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length != part.range.end - part.range.start) {
        return Err(broken());
    }
    Ok(part)
}

/// The status that an answer amounts to. Some stores of objects call a part a whole file, and tell by range and
/// length that it is none; by RFC 9110 a `Content-Range` means nothing there, so both have to say so.
pub(super) fn status_of(response: &Response) -> StatusCode {
    let status = response.status();
    let is_less = |part: Part| part.size_bytes.is_some_and(|size| part.range.end - part.range.start < size);
    let is_part = status == StatusCode::OK
        && text(response, CONTENT_LENGTH).is_some()
        && read_part(response).is_ok_and(is_less);
    if is_part { StatusCode::PARTIAL_CONTENT } else { status }
}

/// The size that a 416 tells.
pub(super) fn unsatisfied_size(response: &Response) -> Option<u64> {
    text(response, CONTENT_RANGE)?.trim().strip_prefix("bytes")?.trim_start().strip_prefix("*/")?.parse().ok()
}

/// What to make of a status that brings no content.
pub(super) fn refusal(response: &Response) -> FetchError {
    let status = response.status();
    let error = OutboundError::Status { status: status.as_u16() };
    let failure = Failure::new(error.source_code(), error.to_string());
    if is_temporary(status) {
        let after = text(response, RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
        FetchError::Retry { failure, after: after.map(Duration::from_secs) }
    } else {
        FetchError::Fail(failure)
    }
}

fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

fn content_range(value: &str) -> Option<Part> {
    let (range, size) = value.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (number(first)?, number(last)?);
    let size_bytes = match size {
        "*" => None,
        size => Some(number(size)?),
    };
    let end = last.checked_add(1)?;
    let is_valid = first <= last && size_bytes.is_none_or(|size| end <= size);
    is_valid.then_some(Part { range: first..end, size_bytes })
}

/// Digits alone, without a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn text(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

impl From<&OutboundError> for FetchError {
    fn from(error: &OutboundError) -> Self {
        let failure = Failure::new(error.source_code(), error.to_string());
        match error {
            OutboundError::TimedOut { .. }
            | OutboundError::Unreachable { .. }
            | OutboundError::TooOften { .. }
            | OutboundError::Broken { .. } => Self::Retry { failure, after: None },
            OutboundError::InvalidUrl { .. }
            | OutboundError::InvalidHeader { .. }
            | OutboundError::Forbidden { .. }
            | OutboundError::Status { .. }
            | OutboundError::Redirects { .. }
            | OutboundError::TooLarge { .. } => Self::Fail(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        let part = |range, size_bytes| Some(Part { range, size_bytes });
        assert_eq!(content_range("bytes 0-9/100"), part(0..10, Some(100)));
        assert_eq!(content_range("bytes 5-5/*"), part(5..6, None));
        for wrong in [
            "",
            "bytes",
            "bytes 0-9",
            "bytes 9-0/100",
            "bytes 0-100/100",
            "bytes */100",
            "items 0-9/100",
            "bytes +0-9/100",
            "bytes 0-18446744073709551615/*",
            "bytes -9/100",
            "bytes 0-/100",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }
}
