//! The object protocols by which videos are uploaded with a temporary key: one S3-like API, signed as COS or
//! as OSS.
//!
//! ```text
//! request -> received (address, query, headers) -> auth (key, signature, token) -> operation -> answers (XML)
//! ```
//!
//! Requests are known by their signature, whatever their path, since clients name the bucket in the host, in
//! the path, or not at all. A key writes one object, so the address decides nothing: it only has to be that
//! of the key's object.
//!
//! **Invariant:** the body of a request is read after its signature and token were found right.
//!
//! Source: cos-python-sdk-v5 1.9.44 and oss2 2.19.1, read on 2026-11-24.

mod answers;
mod auth;
mod error;
mod header_case;
mod operation;
mod part_list;
mod received;
mod take;

pub(crate) use received::bucket;
pub(crate) use take::take;

/// Whose words a request is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// Tencent Cloud Object Storage.
    Cos,
    /// Alibaba Cloud Object Storage Service.
    Oss,
}

impl Protocol {
    /// What the protocol's own headers begin with.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Cos => "x-cos-",
            Self::Oss => "x-oss-",
        }
    }
}
