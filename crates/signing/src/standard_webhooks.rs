//! Standard Webhooks: signatures by a shared secret (`v1`) and by a key of ed25519 (`v1a`).
//!
//! Source: Standard Webhooks specification, "Signature scheme" and "Webhook headers" (read 2026-11-27): the
//! text `id.timestamp.body` under HMAC-SHA256 or ed25519, in base64 behind the scheme's name; several
//! signatures stand side by side while a secret is replaced.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::mac::hmac_sha256_base64;

/// Header of the message's id, the same over all retries.
pub const ID: &str = "webhook-id";
/// Header of the attempt's time, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";

const SYMMETRIC_PREFIX: &str = "whsec_";
const SECRET_KEY_PREFIX: &str = "whsk_";
const PUBLIC_KEY_PREFIX: &str = "whpk_";
/// A secret key is this many bytes; with the public key behind it, as many tools write it, twice as many.
const SEED_BYTES: usize = 32;

/// What signs.
enum Key {
    Shared(Vec<u8>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Key {
    /// Reads a secret. What bears no prefix, or is none of the two forms, is taken as its bytes.
    fn read(secret: &str) -> Self {
        let decoded = |encoded: &str| STANDARD.decode(encoded).ok();
        if let Some(bytes) = secret.strip_prefix(SYMMETRIC_PREFIX).and_then(decoded) {
            return Self::Shared(bytes);
        }
        let pair = secret.strip_prefix(SECRET_KEY_PREFIX).and_then(decoded).and_then(|bytes| pair_of(&bytes));
        pair.map_or_else(|| Self::Shared(secret.as_bytes().to_vec()), |pair| Self::Ed25519(Box::new(pair)))
    }

    fn sign(&self, signed: &str) -> String {
        match self {
            Self::Shared(bytes) => format!("v1,{}", hmac_sha256_base64(bytes, signed)),
            Self::Ed25519(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(signed.as_bytes()))),
        }
    }
}

fn pair_of(bytes: &[u8]) -> Option<Ed25519KeyPair> {
    let seed =
        bytes.get(..SEED_BYTES).filter(|_| bytes.len() == SEED_BYTES || bytes.len() == 2 * SEED_BYTES)?;
    Ed25519KeyPair::from_seed_unchecked(seed).ok()
}

/// The value of [`SIGNATURE`] for a body sent at `timestamp_s` (Unix seconds): one signature for each
/// secret, in their order.
///
/// Secrets are written `whsec_` and base64 of shared bytes, or `whsk_` and base64 of a secret key of ed25519.
pub fn sign<'s>(
    secrets: impl IntoIterator<Item = &'s str>,
    id: &str,
    timestamp_s: i64,
    body: &str,
) -> String {
    let signed = format!("{id}.{timestamp_s}.{body}");
    let signatures = secrets.into_iter().map(|secret| Key::read(secret).sign(&signed));
    signatures.collect::<Vec<_>>().join(" ")
}

/// The public key of a secret key of ed25519, as receivers take it: `whpk_` and base64. `None` for a shared
/// secret.
pub fn public_key(secret: &str) -> Option<String> {
    match Key::read(secret) {
        Key::Shared(_) => None,
        Key::Ed25519(pair) => {
            Some(format!("{PUBLIC_KEY_PREFIX}{}", STANDARD.encode(pair.public_key().as_ref())))
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
    use proptest::prelude::*;

    use super::*;

    /// Of RFC 8032, 7.1, test 2.
    const SEED_HEX: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC_HEX: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex")).collect()
    }

    fn secret_key() -> String {
        format!("whsk_{}", STANDARD.encode(bytes(SEED_HEX)))
    }

    /// The example of the specification's libraries.
    #[test]
    fn the_published_example_is_reproduced() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "{\"test\": 2432232314}");
        let signature = sign([secret], id, 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_public_key_is_that_of_its_secret_key_in_both_forms() {
        let wanted = format!("whpk_{}", STANDARD.encode(bytes(PUBLIC_HEX)));
        let both = STANDARD.encode([bytes(SEED_HEX), bytes(PUBLIC_HEX)].concat());
        assert_eq!(public_key(&secret_key()).as_ref(), Some(&wanted));
        assert_eq!(public_key(&format!("whsk_{both}")).as_ref(), Some(&wanted));
        for shared in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "text", "", "whsk_AAAA"] {
            assert_eq!(public_key(shared), None, "{shared}");
        }
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign_in_their_order() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(), secret_key(), "bytes".to_owned()];
        let alone: Vec<String> =
            secrets.iter().map(|secret| sign([secret.as_str()], "id", 7, "{}")).collect();
        let together = sign(secrets.iter().map(String::as_str), "id", 7, "{}");
        assert_eq!(together, alone.join(" "));
        assert!(alone[0].starts_with("v1,") && alone[1].starts_with("v1a,") && alone[2].starts_with("v1,"));
        assert_eq!(sign([], "id", 7, "{}"), "");
    }

    proptest! {
        #[test]
        fn a_signature_of_ed25519_is_of_that_text_alone(id in "[a-z0-9]{1,32}", at: i64, body: String) {
            let signature = sign([secret_key().as_str()], &id, at, &body);
            let signature = STANDARD.decode(signature.trim_start_matches("v1a,")).expect("base64");
            let key = UnparsedPublicKey::new(&ED25519, bytes(PUBLIC_HEX));
            let text = format!("{id}.{at}.{body}");
            prop_assert!(key.verify(text.as_bytes(), &signature).is_ok());
            let other = text.clone() + " ";
            prop_assert!(key.verify(other.as_bytes(), &signature).is_err());
        }

        #[test]
        fn any_change_of_what_is_signed_changes_the_shared_signature(
            id in "[a-z0-9]{1,32}", at: i64, body in "\\PC{1,40}", other in "\\PC{1,40}",
        ) {
            let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
            let signature = sign([secret], &id, at, &body);
            prop_assert_eq!(body == other, signature == sign([secret], &id, at, &other));
            prop_assert_ne!(&signature, &sign([secret], &id, at.wrapping_add(1), &body));
            prop_assert_ne!(&signature, &sign([secret], &format!("{id}x"), at, &body));
        }
    }
}
