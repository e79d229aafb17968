//! Secrets of endpoints, as they are shown to people.
//!
//! Source: Standard Webhooks specification, "Signature scheme" (read 2026-11-27): `whsec_` and base64 of
//! 24 to 64 random bytes, or `whsk_` and base64 of a secret key of ed25519.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::hidden::Hidden;
use crate::limits;
use crate::rng::Rng;
use crate::time::Timestamp;

/// Before a symmetric secret.
pub const SYMMETRIC_PREFIX: &str = "whsec_";
/// Before a secret key of ed25519.
pub const ED25519_PREFIX: &str = "whsk_";

/// Bytes of a secret that we make; also those of a seed of ed25519.
const MINTED_BYTES: usize = 32;
/// Bytes of a secret key of ed25519 with its public key behind it, as other tools write it.
const ED25519_PAIR_BYTES: usize = 64;

/// A secret that another took the place of. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// The secret.
    pub secret: String,
    /// It signs until then.
    pub until: Timestamp,
}

impl fmt::Debug for FormerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret, until } = self;
        f.debug_struct("FormerSecret").field("secret", &Hidden(secret)).field("until", until).finish()
    }
}

/// How an endpoint's bodies are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// By a secret that both sides know.
    #[default]
    HmacSha256,
    /// By a key of which the receiver knows the public part alone.
    Ed25519,
}

impl SecretKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::HmacSha256 => SYMMETRIC_PREFIX,
            Self::Ed25519 => ED25519_PREFIX,
        }
    }

    /// A new random secret of this kind.
    pub fn mint(self, rng: &dyn Rng) -> String {
        let bytes: Vec<u8> = (0..MINTED_BYTES / 8).flat_map(|_| rng.next_u64().to_be_bytes()).collect();
        format!("{}{}", self.prefix(), STANDARD.encode(bytes))
    }

    /// The kind of a secret that an owner brings along; `None` when it is none of the two forms, too
    /// short or too long.
    pub fn of(secret: &str) -> Option<Self> {
        let bytes = |encoded: &str| STANDARD.decode(encoded).map_or(0, |bytes| bytes.len());
        if let Some(encoded) = secret.strip_prefix(SYMMETRIC_PREFIX) {
            limits::SECRET_BYTES.contains(&bytes(encoded)).then_some(Self::HmacSha256)
        } else {
            let length = bytes(secret.strip_prefix(ED25519_PREFIX)?);
            (length == MINTED_BYTES || length == ED25519_PAIR_BYTES).then_some(Self::Ed25519)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::OsRng;

    #[test]
    fn minted_secrets_are_of_their_kind_and_differ() {
        for kind in [SecretKind::HmacSha256, SecretKind::Ed25519] {
            let secrets = [kind.mint(&OsRng), kind.mint(&OsRng)];
            assert_eq!(secrets.each_ref().map(|secret| SecretKind::of(secret)), [Some(kind); 2]);
            assert_ne!(secrets[0], secrets[1]);
        }
    }

    #[test]
    fn secrets_that_are_too_short_too_long_or_no_base64_are_none() {
        let symmetric = |length| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        for (length, is_one) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(SecretKind::of(&symmetric(length)).is_some(), is_one, "{length}");
        }
        for (length, is_one) in [(31, false), (32, true), (33, false), (64, true)] {
            let secret = format!("whsk_{}", STANDARD.encode(vec![7; length]));
            assert_eq!(SecretKind::of(&secret).is_some(), is_one, "{length}");
        }
        for other in ["", "whsec_", "whsec_???", "secret", "whpk_AAAA"] {
            assert_eq!(SecretKind::of(other), None, "{other}");
        }
    }
}
