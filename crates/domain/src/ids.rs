//! Identifiers. Each is a type of its own, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::rng::Rng;

/// Error of reading an id from text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: expected {expected}")]
pub struct InvalidId {
    /// What kind of id was read.
    pub kind: &'static str,
    /// The accepted form.
    pub expected: &'static str,
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    };
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);
        impl $name {
            /// A new random id: 32 lower-case hex digits (128 bits).
            pub fn mint(rng: &dyn Rng) -> Self { Self(random_hex(rng)) }
            /// Reads an id.
            ///
            /// # Errors
            /// [`InvalidId`] unless the text is exactly 32 lower-case hex digits.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let is_hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if text.len() == 32 && is_hex {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { kind: stringify!($name), expected: "32 lower-case hex digits" })
                }
            }
            /// The 32 hex digits.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    };
}

number_id! {
    /// A tenant. Tencent calls it SubAppId; Alibaba `app-<n>`.
    AppId
}
number_id! {
    /// One video's decimal id, 1 to 2^63-1; text in JSON, since it exceeds 2^53.
    MediaId
}
number_id! {
    /// A pull queue or a message queue of an app.
    QueueId
}
number_id! {
    /// One event to one endpoint.
    DeliveryId
}
hex_id! {
    /// One video's 32-hex id: the first part of its object keys.
    VideoId
}
hex_id! {
    /// One request for pictures.
    JobId
}
hex_id! {
    /// One set of pictures of a job: the stem of their object keys.
    OutputId
}
hex_id! {
    /// One fact that was told or will be told; the same over all retries.
    EventId
}
hex_id! {
    /// An HTTP callback.
    EndpointId
}
hex_id! {
    /// One permission to upload one object.
    UploadId
}
hex_id! {
    /// One upload in parts.
    MultipartId
}
hex_id! {
    /// Fences a job's results: only the holder of the newest lease may write them.
    LeaseToken
}
hex_id! {
    /// Proof of one receive of one queued event or message; new at each receive, dead when it expires.
    ReceiptHandle
}
hex_id! {
    /// One message of a message queue; the same over all receives.
    MessageId
}

impl MediaId {
    /// A new random id, 19 digits at most and 18 at least, so that it sorts and prints evenly.
    pub fn mint(rng: &dyn Rng) -> Self {
        const LOWEST: u64 = 1_000_000_000_000_000_000;
        let span = i64::MAX as u64 - LOWEST;
        Self((LOWEST + rng.next_u64() % span) as i64)
    }

    /// Reads a decimal id; any digits are a valid question.
    ///
    /// # Errors
    /// [`InvalidId`] when the text has another character than digits or is empty. Digits beyond
    /// 2^63-1 give `Ok(None)`: an id that we never mint, hence of no media.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidId> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidId { kind: "MediaId", expected: "decimal digits" });
        }
        Ok(text.parse().ok().map(Self))
    }
}

fn random_hex(rng: &dyn Rng) -> String {
    format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_ids_beyond_our_range_are_valid_questions() {
        assert_eq!(MediaId::parse("14508071098244929440"), Ok(None));
        assert_eq!(MediaId::parse("7"), Ok(Some(MediaId(7))));
        assert!(MediaId::parse("").is_err());
        assert!(MediaId::parse("-7").is_err());
        assert!(MediaId::parse("7a").is_err());
    }

    #[test]
    fn hex_ids_accept_only_32_lower_case_digits() {
        assert!(JobId::parse("0123456789abcdef0123456789abcdef").is_ok());
        assert!(JobId::parse("0123456789ABCDEF0123456789abcdef").is_err());
        assert!(JobId::parse("0123").is_err());
    }
}
