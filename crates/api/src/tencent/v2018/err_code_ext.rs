//! Codes of failed tasks, in events and task queries: `ErrCodeExt` and its deprecated number `ErrCode`.
//!
//! Source: 266/50368, "Error codes of video processing"; the numbers' families from PullUpload's page.

use stillframe_domain::ErrorCode;

const BAD_INPUT: i64 = 40_000;
const BAD_SOURCE: i64 = 60_000;
const INTERNAL: i64 = 70_000;

/// The vendor's word for why a task failed.
pub(crate) const fn word(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::OffsetOutOfRange => "InvalidInput.InvalidTimeOffset",
        ErrorCode::TemplateNotFound => "InvalidInput.DefinitionNotExist",
        ErrorCode::LimitExceeded => "InvalidInput.ConfigurationUnsupported",
        ErrorCode::DuplicateRequest => "InvalidInput.TaskDuplicated",
        ErrorCode::NoVideoStream => "SourceFileError.NoVideoMedia",
        ErrorCode::UnsupportedCodec => "SourceFileError.ContentUnsupported",
        ErrorCode::NotAVideo
        | ErrorCode::Truncated
        | ErrorCode::SourceEmpty
        | ErrorCode::DecoderCrashed
        | ErrorCode::DecodeFailed => "SourceFileError.ContentMalformed",
        ErrorCode::SourceMissing
        | ErrorCode::SourceUnreadable
        | ErrorCode::SourceForbidden
        | ErrorCode::MediaNotFound
        | ErrorCode::MediaNotReady => "SourceFileError.DownloadNotAccessible",
        ErrorCode::SourceTooLarge => "SourceFileError",
        ErrorCode::MissingParameter | ErrorCode::InvalidParameter | ErrorCode::RequestTooLarge => {
            "InvalidInput"
        }
        ErrorCode::EncodeFailed
        | ErrorCode::TimedOut
        | ErrorCode::AttemptsExhausted
        | ErrorCode::UnknownOperation
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::DuplicateReference
        | ErrorCode::ProcedureNotFound
        | ErrorCode::DuplicateProcedure
        | ErrorCode::AppNotFound
        | ErrorCode::JobNotFound
        | ErrorCode::JobNotCancellable
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::QueueNotEnabled
        | ErrorCode::HandleExpired
        | ErrorCode::QueueNotFound
        | ErrorCode::QueueExists
        | ErrorCode::TooManyQueues
        | ErrorCode::SignatureMissing
        | ErrorCode::SignatureMismatch
        | ErrorCode::KeyNotFound
        | ErrorCode::RequestExpired
        | ErrorCode::RequestReplayed
        | ErrorCode::Unavailable
        | ErrorCode::RequestIncomplete
        | ErrorCode::TooManyRequests
        | ErrorCode::QuotaExceeded
        | ErrorCode::Internal => "InternalError",
    }
}

/// The family of a word; never 0.
pub(super) fn number(word: &str) -> i64 {
    match word.split('.').next() {
        Some("InvalidInput") => BAD_INPUT,
        Some("SourceFileError") => BAD_SOURCE,
        _ => INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_are_of_the_same_family() {
        let of = |code| (word(code), number(word(code)));
        assert_eq!(of(ErrorCode::OffsetOutOfRange), ("InvalidInput.InvalidTimeOffset", 40_000));
        assert_eq!(of(ErrorCode::SourceTooLarge), ("SourceFileError", 60_000));
        assert_eq!(of(ErrorCode::Internal), ("InternalError", 70_000));
    }
}
