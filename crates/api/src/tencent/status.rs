//! Status numbers of pictures and tasks in legacy events.

use stillframe_domain::ErrorCode;

/// The offset is not in the video. Stands in the vendor's example alone, in none of its tables.
const NO_FRAME_AT_OFFSET: i64 = -46204;
/// The task's source file is bad.
const SOURCE_BAD: i64 = 30009;
/// The task failed by the system, or for an unknown reason.
const SYSTEM: i64 = 30010;

/// The number that tells why a picture is missing; never 0.
///
/// Source: 266/7783, status codes of video processing: a family for the stage (-430 probe, -440 snapshot,
/// -441 reading the snapshot, -47 rules for sources) and a suffix for the reason (01 damaged, 29 not
/// decodable, 89 codec unknown, 98 end of file). What has no word there is told by the task flow's
/// 30009 and 30010.
pub(crate) const fn of_failure(code: ErrorCode) -> i64 {
    match code {
        ErrorCode::OffsetOutOfRange => NO_FRAME_AT_OFFSET,
        ErrorCode::NotAVideo => -43001,
        ErrorCode::Truncated => -44098,
        ErrorCode::DecodeFailed | ErrorCode::DecoderCrashed => -44029,
        ErrorCode::UnsupportedCodec => -44089,
        ErrorCode::EncodeFailed => -44129,
        ErrorCode::SourceEmpty => -47200,
        ErrorCode::NoVideoStream => -47402,
        ErrorCode::SourceMissing
        | ErrorCode::SourceUnreadable
        | ErrorCode::SourceForbidden
        | ErrorCode::SourceTooLarge
        | ErrorCode::MediaNotFound
        | ErrorCode::MediaNotReady => SOURCE_BAD,
        ErrorCode::LimitExceeded
        | ErrorCode::TimedOut
        | ErrorCode::AttemptsExhausted
        | ErrorCode::MissingParameter
        | ErrorCode::InvalidParameter
        | ErrorCode::UnknownOperation
        | ErrorCode::TemplateNotFound
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::JobNotCancellable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::ProcedureNotFound
        | ErrorCode::DuplicateProcedure
        | ErrorCode::AppNotFound
        | ErrorCode::JobNotFound
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
        | ErrorCode::RequestTooLarge
        | ErrorCode::RequestIncomplete
        | ErrorCode::TooManyRequests
        | ErrorCode::QuotaExceeded
        | ErrorCode::Unavailable
        | ErrorCode::Internal => SYSTEM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_reads_as_success() {
        assert!(ErrorCode::ALL.iter().all(|&code| of_failure(code) != 0));
        assert_eq!(of_failure(ErrorCode::OffsetOutOfRange), -46204);
    }
}
