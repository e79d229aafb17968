//! Signatures of requests, as pure functions.
//!
//! A module for each scheme, with three functions of the same names: `string_to_sign`, what is signed;
//! `sign`, for clients; `verify`, for servers, in constant time. The caller hands over parameters as
//! they were decoded from the wire, and decides by itself what the signed time and nonce are worth.
//!
//! **Invariant:** nothing here reads a clock, a socket or the environment, and no error of this crate
//! holds a secret or the signature that would have been right.

pub mod alibaba_acs3;
pub mod alibaba_callback;
pub mod alibaba_rpc;
mod alibaba_v4;
mod authorization;
mod calendar;
pub mod cos;
mod digest;
mod error;
pub mod headers;
mod mac;
pub mod mns;
pub mod mns_v4;
pub mod oss;
pub mod oss_v4;
pub mod percent;
pub mod standard_webhooks;
pub mod tencent_callback;
pub mod tencent_tc3;
pub mod tencent_v1;
pub mod url_keys;

pub use error::SignatureError;
pub use mac::is_same as is_same_secret;

/// Names and values of a request, decoded, in the order received.
pub type Params = [(String, String)];

/// The first value of that name.
fn find<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
