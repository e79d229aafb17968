//! The closed list of error codes.
//!
//! Every failure that a caller can see has one of these. Each dialect maps them, without a catch-all
//! arm, to its own status, code and message.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($(#[doc = $doc:literal] $variant:ident = $name:literal,)*) => {
        /// What went wrong, by what the caller can do about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)*
        }
        impl ErrorCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// The kebab-case name in the native API, logs and the database.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// One sentence for the documentation.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

error_codes! {
    // About one picture or one video.
    #[doc = "The offset lies before the start or at or past the end of the video."]
    OffsetOutOfRange = "offset-out-of-range",
    #[doc = "The video's bytes are gone."]
    SourceMissing = "source-missing",
    #[doc = "The video's bytes could not be read."]
    SourceUnreadable = "source-unreadable",
    #[doc = "The video has no bytes at all."]
    SourceEmpty = "source-empty",
    #[doc = "The address guard or the allowed roots forbid this source."]
    SourceForbidden = "source-forbidden",
    #[doc = "The video is larger than the limit for sources."]
    SourceTooLarge = "source-too-large",
    #[doc = "The bytes are no container that the decoder knows."]
    NotAVideo = "not-a-video",
    #[doc = "The video ends before the wanted frame."]
    Truncated = "truncated",
    #[doc = "There is no video stream, nor a cover picture."]
    NoVideoStream = "no-video-stream",
    #[doc = "The codec or pixel format is not supported."]
    UnsupportedCodec = "unsupported-codec",
    #[doc = "The wanted frame could not be decoded."]
    DecodeFailed = "decode-failed",
    #[doc = "The decoder broke down on this video."]
    DecoderCrashed = "decoder-crashed",
    #[doc = "The picture could not be encoded."]
    EncodeFailed = "encode-failed",
    #[doc = "A named limit was exceeded."]
    LimitExceeded = "limit-exceeded",
    #[doc = "The work did not end within its time."]
    TimedOut = "timed-out",
    #[doc = "Every attempt ended with the process lost; the job was given up."]
    AttemptsExhausted = "attempts-exhausted",
    // About a request.
    #[doc = "A required parameter is missing."]
    MissingParameter = "missing-parameter",
    #[doc = "A parameter has a value that is not accepted."]
    InvalidParameter = "invalid-parameter",
    #[doc = "There is no such operation."]
    UnknownOperation = "unknown-operation",
    #[doc = "There is no such template."]
    TemplateNotFound = "template-not-found",
    #[doc = "The template is one that every app has; it cannot be changed or removed."]
    TemplateImmutable = "template-immutable",
    #[doc = "The app has as many templates of this family as it may."]
    TooManyTemplates = "too-many-templates",
    #[doc = "There is no such app."]
    AppNotFound = "app-not-found",
    #[doc = "There is no such video."]
    MediaNotFound = "media-not-found",
    #[doc = "The video's bytes have not arrived yet, or never will."]
    MediaNotReady = "media-not-ready",
    #[doc = "There is no such job."]
    JobNotFound = "job-not-found",
    #[doc = "The job runs or has ended; only a waiting one can be withdrawn."]
    JobNotCancellable = "job-not-cancellable",
    #[doc = "A request of the same name was accepted before."]
    DuplicateRequest = "duplicate-request",
    #[doc = "Another video of the app has this reference id."]
    DuplicateReference = "duplicate-reference",
    #[doc = "There is no such procedure."]
    ProcedureNotFound = "procedure-not-found",
    #[doc = "The app has a procedure of this name."]
    DuplicateProcedure = "duplicate-procedure",
    #[doc = "There is no such endpoint."]
    EndpointNotFound = "endpoint-not-found",
    #[doc = "There is no such delivery, or its endpoint was removed."]
    DeliveryNotFound = "delivery-not-found",
    #[doc = "There is no such object."]
    ObjectNotFound = "object-not-found",
    #[doc = "The app does not use the pull mode."]
    QueueNotEnabled = "queue-not-enabled",
    #[doc = "A receipt handle has expired or was never given."]
    HandleExpired = "handle-expired",
    #[doc = "There is no such message queue."]
    QueueNotFound = "queue-not-found",
    #[doc = "There is a message queue of that name with other attributes."]
    QueueExists = "queue-exists",
    #[doc = "The app has as many message queues as it may."]
    TooManyQueues = "too-many-queues",
    #[doc = "The request carries no signature or credentials."]
    SignatureMissing = "signature-missing",
    #[doc = "The signature does not match."]
    SignatureMismatch = "signature-mismatch",
    #[doc = "There is no such access key."]
    KeyNotFound = "key-not-found",
    #[doc = "The request's time is too far from the server's."]
    RequestExpired = "request-expired",
    #[doc = "The same nonce was used before."]
    RequestReplayed = "request-replayed",
    #[doc = "The request is larger than the limit."]
    RequestTooLarge = "request-too-large",
    #[doc = "The body of the request broke off, or came too slowly."]
    RequestIncomplete = "request-incomplete",
    #[doc = "The access key asks more often than it may."]
    TooManyRequests = "too-many-requests",
    #[doc = "The app has as many videos, or as many bytes of them, as it may."]
    QuotaExceeded = "quota-exceeded",
    #[doc = "A temporary failure; try again."]
    Unavailable = "unavailable",
    #[doc = "A failure of the service itself; see its log."]
    Internal = "internal",
}

impl ErrorCode {
    /// Whether another attempt at the same work may end otherwise.
    pub const fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::SourceUnreadable
                | Self::TimedOut
                | Self::DecoderCrashed
                | Self::Unavailable
                | Self::Internal
        )
    }

    /// The code of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("What went wrong, by what the caller can do about it."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.name())))
            .into()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for ErrorCode {}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_kebab_case_and_are_what_serde_writes() {
        let mut seen = std::collections::HashSet::new();
        for &code in ErrorCode::ALL {
            let name = code.name();
            assert!(seen.insert(name), "{name} twice");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
            assert_eq!(serde_json::to_string(&code).expect("json"), format!("\"{name}\""));
            assert_eq!(ErrorCode::parse(name), Some(code));
            assert!(code.summary().trim().ends_with('.'), "{name}");
        }
    }
}
