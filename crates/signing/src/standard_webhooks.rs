//! Standard Webhooks, symmetric signatures.
//!
//! Source: Standard Webhooks specification, "Signature scheme" (read 2026-11-22): the text
//! `id.timestamp.body` under HMAC-SHA256, in base64 behind `v1,`.

use crate::mac::hmac_sha256_base64;

/// The value of `webhook-signature` for a body sent at `timestamp_s` (Unix seconds).
///
/// The secret is taken as its bytes; clients of the specification's libraries pass it as
/// `whsec_` + base64 of those bytes.
pub fn sign(secret: &str, id: &str, timestamp_s: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp_s}.{body}");
    format!("v1,{}", hmac_sha256_base64(secret.as_bytes(), &signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries: secret `MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw` in base64.
    #[test]
    fn the_published_example_is_reproduced() {
        use base64::Engine as _;
        let secret = base64::engine::general_purpose::STANDARD
            .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .expect("base64");
        let body = "{\"test\": 2432232314}";
        let signed = format!("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{body}");
        let signature = hmac_sha256_base64(&secret, &signed);
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign("s", "id", 1, body).starts_with("v1,"));
    }
}
