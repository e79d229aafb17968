//! Settings of signed object URLs: who holds one may read the object until it expires.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hidden::Hidden;

/// How an app protects its pictures. Without keys they are open to whoever knows their URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UrlSigning {
    /// Keys that open pictures; URLs in answers are signed by the first one. While an app changes from
    /// one key to another it has both.
    pub keys: Vec<UrlKey>,
    /// How long a URL is good that tells when it was signed, and one that an answer gives, in seconds.
    pub valid_s: u32,
}

/// Keys of an app's URLs that may stand beside each other.
pub const URL_KEYS_MAX: usize = 8;
/// Shortest secret of a URL key, in bytes.
pub const URL_KEY_BYTES_MIN: usize = 6;
/// Longest secret of a URL key, in bytes.
pub const URL_KEY_BYTES_MAX: usize = 64;
/// How long signed URLs are good by default, in seconds.
pub const URL_VALID_S_DEFAULT: u32 = 1_800;
/// Longest time that signed URLs can be good, in seconds: 30 days.
pub const URL_VALID_S_MAX: u32 = 30 * 24 * 3_600;

impl Default for UrlSigning {
    fn default() -> Self {
        Self { keys: Vec::new(), valid_s: URL_VALID_S_DEFAULT }
    }
}

impl UrlSigning {
    /// Whether only signed URLs open the app's objects.
    pub const fn is_required(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// A key that signs URLs in one shape. Its `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UrlKey {
    /// The shape.
    pub scheme: UrlScheme,
    /// The key's text: letters and digits.
    pub secret: String,
}

impl fmt::Debug for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, secret } = self;
        f.debug_struct("UrlKey").field("scheme", scheme).field("secret", &Hidden(secret)).finish()
    }
}

/// Shapes of signed URLs, drawn in `signing::url_keys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UrlScheme {
    /// Our own.
    Native,
    /// Tencent's.
    Tencent,
    /// Alibaba's type A.
    AlibabaA,
    /// Alibaba's type B.
    AlibabaB,
    /// Alibaba's type C, first form.
    AlibabaC1,
    /// Alibaba's type C, second form.
    AlibabaC2,
}

impl UrlScheme {
    /// All schemes.
    pub const ALL: [Self; 6] =
        [Self::Native, Self::Tencent, Self::AlibabaA, Self::AlibabaB, Self::AlibabaC1, Self::AlibabaC2];

    /// The name used in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tencent => "tencent",
            Self::AlibabaA => "alibaba-a",
            Self::AlibabaB => "alibaba-b",
            Self::AlibabaC1 => "alibaba-c1",
            Self::AlibabaC2 => "alibaba-c2",
        }
    }

    /// The scheme of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

impl UrlKey {
    /// A key written as `SCHEME:SECRET`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, secret) = text.split_once(':')?;
        Some(Self { scheme: UrlScheme::parse(scheme)?, secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_schemes_are_those_of_stored_settings() {
        for scheme in UrlScheme::ALL {
            let stored = serde_json::to_value(scheme).expect("a scheme has a name");
            assert_eq!(stored, scheme.name());
            let key = UrlKey::parse(&format!("{}:secret1", scheme.name())).expect("a key");
            assert_eq!(key, UrlKey { scheme, secret: "secret1".to_owned() });
        }
        assert_eq!(UrlKey::parse("alibaba-d:secret1"), None);
        assert_eq!(UrlKey::parse("native"), None);
    }
}
