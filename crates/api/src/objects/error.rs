//! Refusals, in the words that both protocols share or each has of its own.

use axum::http::StatusCode;
use stillframe_domain::ErrorCode;
use stillframe_service::{ServiceError, UploadError};
use stillframe_signing::SignatureError;

use super::Protocol;

/// A refused request.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It carries no signature.
    Unsigned,
    /// Its signature has another form than documented.
    Malformed(SignatureError),
    /// Its signature is another than ours of this text.
    Mismatch(String),
    /// Its signature is not valid at this time.
    SignatureExpired,
    /// It was signed at a time too far from ours.
    Skewed,
    /// There is no such key, or not any more.
    KeyUnknown,
    /// The key's time is over.
    KeyExpired,
    /// The token is not that of the key.
    Token,
    /// The key may not do this.
    Denied,
    /// Nothing here does this.
    Unsupported,
    /// A parameter or header has a value that is not accepted.
    Argument(&'static str),
    /// The `Content-MD5` is none.
    Digest,
    /// The body is not the XML that is wanted.
    Xml,
    /// The upload itself.
    Upload(UploadError),
}

/// A refusal as its client reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// HTTP status.
    pub status: StatusCode,
    /// The protocol's code.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

impl Refusal {
    /// The protocol's words.
    pub(super) fn words(&self, protocol: Protocol) -> Words {
        const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        let (status, code, message) = match self {
            Self::Unsigned => (FORBIDDEN, "AccessDenied", "The request is not signed."),
            Self::Malformed(error) => return words(BAD, "InvalidArgument", &error.to_string()),
            Self::Mismatch(_) => {
                let message = "The request signature does not match the signature calculated here.";
                (FORBIDDEN, "SignatureDoesNotMatch", message)
            }
            Self::SignatureExpired => (FORBIDDEN, "AccessDenied", "The signature is not valid at this time."),
            Self::Skewed => {
                (FORBIDDEN, "RequestTimeTooSkewed", "The time of the request is too far from the server's.")
            }
            Self::KeyUnknown => (FORBIDDEN, "InvalidAccessKeyId", "There is no such access key."),
            Self::KeyExpired => (
                FORBIDDEN,
                for_each(protocol, "ExpiredToken", "SecurityTokenExpired"),
                "The token has expired.",
            ),
            Self::Token => {
                let code = for_each(protocol, "InvalidToken", "InvalidSecurityToken");
                (FORBIDDEN, code, "The token is not that of the access key.")
            }
            Self::Denied => (FORBIDDEN, "AccessDenied", "The access key may not do this."),
            Self::Unsupported => {
                let status = match protocol {
                    Protocol::Cos => StatusCode::NOT_IMPLEMENTED,
                    Protocol::Oss => BAD,
                };
                (status, "NotImplemented", "This operation is not supported.")
            }
            Self::Argument(name) => {
                return words(BAD, "InvalidArgument", &format!("The value of {name} is not accepted."));
            }
            Self::Digest => (BAD, "InvalidDigest", "The Content-MD5 is not valid."),
            Self::Xml => (BAD, "MalformedXML", "The body is not the list of parts that is wanted."),
            Self::Upload(error) => return upload_words(error, protocol),
        };
        words(status, code, message)
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Mismatch { string_to_sign } => Self::Mismatch(string_to_sign),
            SignatureError::Expired => Self::SignatureExpired,
            SignatureError::Missing { .. }
            | SignatureError::Unsupported { .. }
            | SignatureError::Malformed { .. }
            | SignatureError::NotSigned { .. }
            | SignatureError::Scope { .. } => Self::Malformed(error),
        }
    }
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Upload(error.into())
    }
}

fn upload_words(error: &UploadError, protocol: Protocol) -> Words {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    let (status, code) = match error {
        UploadError::Denied => (StatusCode::FORBIDDEN, "AccessDenied"),
        UploadError::NoObject => (StatusCode::NOT_FOUND, "NoSuchKey"),
        UploadError::NoMultipart => (StatusCode::NOT_FOUND, "NoSuchUpload"),
        UploadError::TooManyMultiparts => (BAD, "InvalidRequest"),
        UploadError::PartNumber => (BAD, "InvalidArgument"),
        UploadError::Part => (BAD, "InvalidPart"),
        UploadError::PartOrder => (BAD, "InvalidPartOrder"),
        UploadError::PartTooSmall => (BAD, "EntityTooSmall"),
        UploadError::TooLarge { .. } => (BAD, "EntityTooLarge"),
        UploadError::DigestMismatch => (BAD, for_each(protocol, "BadDigest", "InvalidDigest")),
        UploadError::Incomplete => (BAD, "IncompleteBody"),
        UploadError::Service(error) => return service_words(error),
    };
    words(status, code, &format!("{error}."))
}

fn service_words(error: &ServiceError) -> Words {
    if error.code == ErrorCode::QuotaExceeded {
        return words(StatusCode::FORBIDDEN, "QuotaExceeded", &format!("{}.", error.message));
    }
    tracing::error!(error = ?error, "an upload failed");
    match error.code {
        ErrorCode::Unavailable => {
            let message = "The service is temporarily unavailable; try again.";
            words(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
        }
        _ => words(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "The service failed."),
    }
}

const fn for_each(protocol: Protocol, cos: &'static str, oss: &'static str) -> &'static str {
    match protocol {
        Protocol::Cos => cos,
        Protocol::Oss => oss,
    }
}

fn words(status: StatusCode, code: &'static str, message: &str) -> Words {
    Words { status, code, message: message.to_owned() }
}
